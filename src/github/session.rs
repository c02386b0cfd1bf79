//! One run's talk with GitHub.

use super::client::Client;
use super::environment::Environment;
use super::error::GithubError;
use super::event::Target;
use super::publish::{self, Published};
use super::snapshot::{self, Snapshot};
use crate::review::Plan;
use camino::{Utf8Path, Utf8PathBuf};

/// A connection and the pull request it is about.
pub struct Session {
    pub(super) client: Client,
    pub(super) target: Target,
}

impl Session {
    /// Opens a session; nothing is sent yet.
    ///
    /// # Errors
    /// Without a token, outside of a tokio runtime, or when the system's root certificates cannot be read.
    pub fn connect(env: &Environment, target: Target) -> Result<Self, GithubError> {
        Ok(Self::new(Client::new(env)?, target))
    }

    /// A session over a client with a clock and a patience of the caller.
    pub const fn new(client: Client, target: Target) -> Self {
        Self { client, target }
    }

    /// The pull request.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Number of requests sent so far, failed ones included.
    pub const fn requests(&self) -> u32 {
        self.client.requests()
    }

    /// How long this run has waited for GitHub so far.
    pub const fn waited(&self) -> std::time::Duration {
        self.client.waited()
    }

    /// Reads the pull request: the changed files, and where Dockerfiles are among them their text in base and
    /// head, the folders around them, the wanted context files, own threads and reviews. Where other files are
    /// among them that may concern an image ([`crate::repository::matters`]), these, the folders around them and
    /// the Dockerfiles that are likely to be there.
    ///
    /// `is_dockerfile` tells Dockerfiles by their path; `wanted` names context files, given the paths of the
    /// changed Dockerfiles. Files that are not there become absent, files that cannot be read stay unknown
    /// with a note. Two requests for a typical pull request.
    ///
    /// # Errors
    /// [`GithubError::Superseded`] when the head has moved on from the event's; other kinds as they say.
    pub async fn snapshot(
        &self,
        is_dockerfile: impl Fn(&Utf8Path) -> bool,
        wanted: impl Fn(&[Utf8PathBuf]) -> Vec<Utf8PathBuf>,
    ) -> Result<Snapshot, GithubError> {
        let mut snapshot = snapshot::take(&self.client, &self.target, &is_dockerfile, &wanted).await?;
        snapshot::complete_patches(&self.client, &self.target, &mut snapshot).await;
        Ok(snapshot)
    }

    /// Reads further paths (what the trees' `wanted()` name) and the folders they are in, on both sides, in
    /// one request. Paths that were looked at before are not asked for again; `false` when none was left.
    ///
    /// # Errors
    /// As [`Session::snapshot`].
    pub async fn fetch(&self, snapshot: &mut Snapshot, paths: &[Utf8PathBuf]) -> Result<bool, GithubError> {
        snapshot::fetch(&self.client, &self.target, snapshot, paths).await
    }

    /// Writes a plan. With the snapshot it was made from, the head is asked for again only when more than
    /// ten seconds have passed.
    ///
    /// # Errors
    /// When the review could not be written, or may not have been: show the findings as annotations and in
    /// the summary. A head that moved and a missing permission are no errors, see [`Published`].
    pub async fn publish(&self, plan: &Plan, snapshot: Option<&Snapshot>) -> Result<Published, GithubError> {
        publish::publish(&self.client, &self.target, plan, snapshot).await
    }
}
