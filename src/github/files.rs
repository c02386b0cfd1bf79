//! The changed files of a pull request.
//!
//! `GET pulls/{n}/files`: 3,000 files at the most, 100 a page, `patch` optional. GitHub leaves a patch out
//! when it is large, and sometimes when the page is (openjdk/skara PR 1302 saw it over 70 a page), so a
//! missing one is asked for again alone.

use super::client::Client;
use super::error::GithubError;
use super::event::Target;
use camino::{Utf8Path, Utf8PathBuf};
use http::HeaderMap;
use serde::Deserialize;
use std::collections::BTreeSet;

/// GitHub lists no more files than these.
pub const MAX_FILES: usize = 3_000;
/// Files a page, GitHub's maximum.
const PAGE: usize = 100;
/// Missing patches that are asked for again.
const MAX_PATCHES: usize = 5;

const LIST: &str = "list the changed files";

/// How a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// New.
    Added,
    /// Gone.
    Removed,
    /// Other text.
    Modified,
    /// Another name, perhaps another text.
    Renamed,
    /// A copy of another file.
    Copied,
    /// Another mode or type.
    Changed,
    /// Nothing.
    Unchanged,
    /// A word that GitHub has added since.
    #[serde(other)]
    Other,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path in the head; of a removed file its path in the base.
    pub path: Utf8PathBuf,
    /// Its path in the base, where that was another one.
    pub previous_path: Option<Utf8PathBuf>,
    /// How it changed.
    pub status: Status,
    /// The hunks, as GitHub shows them. Missing for binary files, pure renames and large changes.
    pub patch: Option<String>,
    /// Lines added and deleted.
    pub changes: u64,
    /// Id of its blob in the head (in the base where it was removed).
    pub sha: Option<String>,
    /// Whether it is a Dockerfile whose text was read: in the head, of a removed one in the base.
    pub dockerfile: bool,
}

impl ChangedFile {
    /// The path in the base; `None` for a new file.
    pub fn base_path(&self) -> Option<&Utf8Path> {
        match self.status {
            Status::Added | Status::Copied => None,
            _ => Some(self.previous_path.as_deref().unwrap_or(&self.path)),
        }
    }

    /// The path in the head; `None` for a removed file.
    pub fn head_path(&self) -> Option<&Utf8Path> {
        (self.status != Status::Removed).then_some(self.path.as_path())
    }
}

#[derive(Deserialize)]
struct FileJson {
    filename: String,
    previous_filename: Option<String>,
    status: Status,
    patch: Option<String>,
    #[serde(default)]
    changes: u64,
    sha: Option<String>,
}

impl From<FileJson> for ChangedFile {
    fn from(file: FileJson) -> Self {
        Self {
            path: file.filename.into(),
            previous_path: file.previous_filename.map(Utf8PathBuf::from),
            status: file.status,
            patch: file.patch,
            changes: file.changes,
            sha: file.sha,
            dockerfile: false,
        }
    }
}

/// Lists the changed files. The second value says whether GitHub had no more pages.
///
/// Where there are fewer than expected, a page was cut or came empty: they are listed once more, and
/// what was missing is added.
pub(super) async fn list(
    client: &Client,
    target: &Target,
    expected: Option<u64>,
) -> Result<(Vec<ChangedFile>, bool), GithubError> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    let mut complete = pages(client, target, &mut files, &mut seen).await?;
    if expected.is_some_and(|all| (files.len() as u64) < all.min(MAX_FILES as u64)) {
        complete = pages(client, target, &mut files, &mut seen).await?;
    }
    files.truncate(MAX_FILES);
    Ok((files, complete))
}

async fn pages(
    client: &Client,
    target: &Target,
    files: &mut Vec<ChangedFile>,
    seen: &mut BTreeSet<Utf8PathBuf>,
) -> Result<bool, GithubError> {
    for page in 1..=MAX_FILES.div_ceil(PAGE) {
        let route = route(target, PAGE, page);
        let (list, headers): (Vec<FileJson>, _) = client.get(LIST, &route).await?;
        // A page may repeat files when the list changes between two requests.
        files.extend(list.into_iter().map(ChangedFile::from).filter(|file| seen.insert(file.path.clone())));
        if !has_next(&headers) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Asks again for patches that should be there: of the files at these places in the list. Those that do not
/// come are no loss: both texts are there to be compared.
pub(super) async fn complete_patches(
    client: &Client,
    target: &Target,
    files: &mut [ChangedFile],
    places: &[usize],
) {
    for &place in places.iter().take(MAX_PATCHES) {
        let route = route(target, 1, place + 1);
        let Ok((list, _)) = client.get::<Vec<FileJson>>(LIST, &route).await else { return };
        if let (Some(file), Some(answer)) = (files.get_mut(place), list.into_iter().next())
            && answer.filename == file.path.as_str()
        {
            file.patch = answer.patch;
        }
    }
}

fn route(target: &Target, per_page: usize, page: usize) -> String {
    let Target { owner, repo, number, .. } = target;
    format!("/repos/{owner}/{repo}/pulls/{number}/files?per_page={per_page}&page={page}")
}

/// Whether the `Link` header names a next page. Only whether: pages are counted, no foreign URL is followed.
fn has_next(headers: &HeaderMap) -> bool {
    headers
        .get_all(http::header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|link| link.contains("rel=\"next\"")))
}
