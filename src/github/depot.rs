//! A repository at one commit, read over the API: no checkout.

use super::client::Client;
use super::code_scanning::{self, Upload};
use super::commit::{self, CommitOutcome, NewCommit};
use super::environment::{Environment, Repository};
use super::error::{GithubError, excerpt};
use super::event::is_sha;
use super::fix_pull::{self, FixPull, Proposal};
use super::issue::{self, IssueOutcome, IssueText};
use super::listing::{self, Files, MAX_FOLDERS, objects};
use super::reference;
use crate::repository::{Kind, MemoryTree};
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Dockerfiles that are looked at in one repository.
pub const MAX_AUDITED: usize = 1_000;
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Bytes that are read of one repository.
const MAX_ALL_BYTES: u64 = 64 * 1024 * 1024;
/// Files a query, and bytes of them: GitHub gives a query ten seconds.
const FILES_A_QUERY: usize = 100;
const BYTES_A_QUERY: u64 = 2 * 1024 * 1024;
/// GitHub cuts the text of a larger one, in bytes.
const MAX_TEXT_BYTES: u64 = 512 * 1000;
/// Files that are read one by one.
const MAX_SINGLE: usize = 50;

const READ: &str = "read the files";

/// A connection to one repository.
pub struct Depot {
    pub(super) client: Client,
    pub(super) repository: Repository,
}

/// What is known of a repository at one commit.
#[derive(Debug)]
pub struct Checkout {
    /// The names of all files, and the texts of those that were fetched.
    pub tree: MemoryTree,
    /// The commit.
    pub commit: String,
    /// Object id of the folder at its root.
    pub root: String,
    /// The full name of the branch or tag, `refs/heads/main`; `None` where a commit was named.
    pub reference: Option<String>,
    /// The default branch's own name; empty where there is none.
    pub default_branch: String,
    /// What was left out and why; text of the repository stands between backticks.
    pub notes: Vec<String>,
    files: Files,
    asked: BTreeSet<Utf8PathBuf>,
    texts: BTreeMap<String, Arc<str>>,
    bytes: u64,
    singles: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    #[serde(default)]
    byte_size: u64,
    #[serde(default)]
    is_binary: Option<bool>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    text: Option<String>,
}

/// A content, and the files that have it.
struct Wish {
    oid: String,
    size: u64,
    paths: Vec<Utf8PathBuf>,
}

impl Depot {
    /// Opens a connection; nothing is sent yet.
    ///
    /// # Errors
    /// Without a token, outside of a tokio runtime, or when the system's root certificates cannot be read.
    pub fn connect(env: &Environment, repository: Repository) -> Result<Self, GithubError> {
        Ok(Self::new(Client::new(env)?, repository))
    }

    /// The same over a client with a clock and a patience of the caller.
    pub const fn new(client: Client, repository: Repository) -> Self {
        Self { client, repository }
    }

    /// The repository.
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Number of requests sent so far, failed ones included.
    pub const fn requests(&self) -> u32 {
        self.client.requests()
    }

    /// Finds a branch, a tag (of two with the same name the branch) or a commit, the default branch where none
    /// is named, and lists its files. Two requests; more where GitHub cannot list all files in one answer.
    ///
    /// # Errors
    /// [`GithubError::UnknownReference`], [`GithubError::EmptyRepository`]; other kinds as they say.
    pub async fn open(&self, reference: Option<&str>) -> Result<Checkout, GithubError> {
        let found = reference::resolve(&self.client, &self.repository, reference).await?;
        let files = listing::list(&self.client, &self.repository, &found.root).await?;
        let mut tree = MemoryTree::partial();
        for folder in &files.folders {
            tree.insert_listing(folder, listing::entries_of(&files, folder));
        }
        let mut notes = Vec::new();
        if !files.complete {
            notes.push(format!(
                "The repository has more folders than are read ({MAX_FOLDERS}, those nearest to the root first): \
                 Dockerfiles in the others are not looked at."
            ));
        }
        Ok(Checkout {
            tree,
            commit: found.commit,
            root: found.root,
            reference: found.reference,
            default_branch: found.default_branch,
            notes,
            files,
            asked: BTreeSet::new(),
            texts: BTreeMap::new(),
            bytes: 0,
            singles: 0,
        })
    }

    /// Reads the texts of files. Those that were asked for before, that are no files or that are too large are
    /// left out, the last ones with a note; `false` when none was left.
    ///
    /// # Errors
    /// As they say.
    pub async fn fetch(&self, checkout: &mut Checkout, paths: &[Utf8PathBuf]) -> Result<bool, GithubError> {
        let wishes = checkout.wishes(paths);
        if wishes.is_empty() {
            return Ok(false);
        }
        let mut waiting: Vec<Wish> = Vec::new();
        let mut bytes = 0;
        for wish in wishes {
            if wish.size > MAX_TEXT_BYTES {
                self.single(checkout, wish).await?;
                continue;
            }
            if waiting.len() >= FILES_A_QUERY || bytes + wish.size > BYTES_A_QUERY {
                self.many(checkout, std::mem::take(&mut waiting)).await?;
                bytes = 0;
            }
            bytes += wish.size;
            waiting.push(wish);
        }
        self.many(checkout, waiting).await?;
        Ok(true)
    }

    /// Uploads SARIF about this commit. Code scanning keeps the newest results of a branch, so that an upload
    /// replaces the earlier ones.
    ///
    /// # Errors
    /// As they say; a missing permission or feature is no error, see [`Upload`].
    pub async fn upload_sarif(&self, checkout: &Checkout, sarif: &str) -> Result<Upload, GithubError> {
        let Checkout { commit, reference, .. } = checkout;
        code_scanning::upload(&self.client, &self.repository, commit, reference.as_deref(), sarif).await
    }

    /// Makes, edits, closes or opens again the one issue about a subject. Nothing is written when it says the same.
    ///
    /// # Errors
    /// As they say; a missing permission is no error, see [`IssueOutcome`].
    pub async fn keep_issue(&self, text: &IssueText<'_>) -> Result<IssueOutcome, GithubError> {
        issue::keep(&self.client, &self.repository, text).await
    }

    /// Makes or updates the one pull request from a branch for fixes, or closes it when there is nothing to fix.
    /// A branch with other commits than our own is left alone.
    ///
    /// # Errors
    /// As they say; a missing permission or a setting is no error, see [`FixPull`].
    pub async fn propose_fixes(&self, proposal: &Proposal<'_>) -> Result<FixPull, GithubError> {
        fix_pull::propose(&self.client, &self.repository, proposal).await
    }

    /// Makes one commit on a branch, signed by GitHub, when the branch still has the expected head.
    ///
    /// # Errors
    /// As they say; a moved branch and a missing permission are no errors, see [`CommitOutcome`].
    pub async fn commit_on_branch(&self, commit: &NewCommit<'_>) -> Result<CommitOutcome, GithubError> {
        commit::commit_on_branch(&self.client, &self.repository, commit).await
    }

    async fn many(&self, checkout: &mut Checkout, wishes: Vec<Wish>) -> Result<(), GithubError> {
        if wishes.is_empty() {
            return Ok(());
        }
        let oids: Vec<&str> = wishes.iter().map(|wish| wish.oid.as_str()).collect();
        let fields = "... on Blob { byteSize isBinary isTruncated text }";
        let answers = objects(&self.client, &self.repository, READ, &oids, fields).await?;
        for (wish, answer) in wishes.into_iter().zip(answers) {
            match answer.and_then(|value| Blob::deserialize(value).ok()) {
                // GitHub recodes text that is not UTF-8 and cuts long text: both show in the length.
                Some(Blob { byte_size, is_truncated: false, text: Some(text), .. })
                    if text.len() as u64 == byte_size =>
                {
                    checkout.accept(&wish, text.into_bytes());
                }
                Some(Blob { is_binary: Some(true), text: None, .. }) => {
                    checkout.refuse(&wish, "the file is binary");
                }
                _ => self.single(checkout, wish).await?,
            }
        }
        Ok(())
    }

    /// Reads one file by its blob, which is never cut or recoded.
    async fn single(&self, checkout: &mut Checkout, wish: Wish) -> Result<(), GithubError> {
        if checkout.singles >= MAX_SINGLE {
            checkout.refuse(&wish, "too many large files");
            return Ok(());
        }
        checkout.singles += 1;
        let Repository { owner, name } = &self.repository;
        let route = format!("/repos/{owner}/{name}/git/blobs/{}", wish.oid);
        match self.client.raw("read a file", &route).await {
            Ok(bytes) => checkout.accept(&wish, bytes),
            Err(error @ (GithubError::NotFound { .. } | GithubError::Forbidden { .. })) => {
                checkout.refuse(&wish, &error.to_string());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Checkout {
    /// The Dockerfiles, by `is_dockerfile`, in order of path: regular files, at most [`MAX_AUDITED`]. What is left
    /// out is noted.
    pub fn dockerfiles(&mut self, is_dockerfile: impl Fn(&Utf8Path) -> bool) -> Vec<Utf8PathBuf> {
        let mut out = Vec::new();
        let mut notes = Vec::new();
        let named = self
            .files
            .objects
            .iter()
            .filter(|(path, object)| object.entry.kind != Kind::Directory && is_dockerfile(path));
        for (path, object) in named {
            match object.entry.kind {
                Kind::Symlink => notes.push(format!(
                    "{} is a symbolic link and is not followed; the file it leads to is looked at itself.",
                    quote(path)
                )),
                Kind::Submodule => notes.push(format!(
                    "{} is a submodule: its content lies in another repository and is not read.",
                    quote(path)
                )),
                _ => out.push(path.clone()),
            }
        }
        if out.len() > MAX_AUDITED {
            let all = out.len();
            // Those nearest to the root are the ones that people build.
            out.sort_by_key(|path| path.components().count());
            out.truncate(MAX_AUDITED);
            out.sort();
            notes.push(format!(
                "The repository has {all} Dockerfiles; {MAX_AUDITED} of them, those nearest to the root, are looked at."
            ));
        }
        for note in notes {
            self.note(note);
        }
        out
    }

    /// Whether a file has the executable bit; `None` where it is no file.
    pub fn is_executable(&self, path: &Utf8Path) -> Option<bool> {
        match self.files.objects.get(path)?.entry.kind {
            Kind::File => Some(false),
            Kind::Executable => Some(true),
            _ => None,
        }
    }

    /// What is still to be read of these paths.
    fn wishes(&mut self, paths: &[Utf8PathBuf]) -> Vec<Wish> {
        let mut wishes: BTreeMap<String, Wish> = BTreeMap::new();
        for path in paths {
            let Some(object) = self.files.objects.get(path) else { continue };
            let (kind, oid) = (object.entry.kind, object.oid.clone());
            if !matches!(kind, Kind::File | Kind::Executable)
                || !is_sha(&oid)
                || !self.asked.insert(path.clone())
            {
                continue;
            }
            if let Some(text) = self.texts.get(&oid) {
                self.tree.insert(path, kind, Some(Arc::clone(text)));
                continue;
            }
            let size = object.entry.size.unwrap_or(0);
            if size > MAX_BYTES {
                self.note(format!(
                    "{} was not read: it has {size} bytes, more than the {MAX_BYTES} that are read.",
                    quote(path)
                ));
                continue;
            }
            if let Some(wish) = wishes.get_mut(&oid) {
                wish.paths.push(path.clone());
                continue;
            }
            if self.bytes + size > MAX_ALL_BYTES {
                self.note(format!(
                    "More than {MAX_ALL_BYTES} bytes of files would be read: some were left out, and what depends on \
                     them is not reported."
                ));
                continue;
            }
            self.bytes += size;
            wishes.insert(oid.clone(), Wish { oid, size, paths: vec![path.clone()] });
        }
        wishes.into_values().collect()
    }

    fn accept(&mut self, wish: &Wish, bytes: Vec<u8>) {
        match Source::from_bytes(bytes) {
            Ok(source) => {
                for path in &wish.paths {
                    let kind = self.files.objects.get(path).map_or(Kind::File, |object| object.entry.kind);
                    self.tree.insert(path, kind, Some(source.shared()));
                }
                self.texts.insert(wish.oid.clone(), source.shared());
            }
            Err(error) => self.refuse(wish, &error.to_string()),
        }
    }

    fn refuse(&mut self, wish: &Wish, why: &str) {
        for path in &wish.paths {
            self.note(format!("{} was not read: {why}.", quote(path)));
        }
    }

    /// Notes something, once.
    fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

/// A path between backticks, on one line.
fn quote(path: &Utf8Path) -> String {
    format!("`{}`", excerpt(path.as_str()).replace('`', "'"))
}
