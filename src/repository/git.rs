//! A tree of a git repository at one commit, read with the `git` command.
//!
//! Only objects are read: no checkout, no index, no filter, no hook, no network (objects that a partial
//! clone lacks are unknown). Revisions are checked so that they cannot be options, and nothing goes through
//! a shell.

use super::changed::{ChangedFile, Status};
use super::{Entry, Kind, Listing, Lookup, Tree};
use crate::text::{MAX_FILE_BYTES, Source};
use camino::{Utf8Path, Utf8PathBuf};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use thiserror::Error;

/// The largest directory that is read, in bytes of its git object.
const MAX_TREE_BYTES: u64 = 64 * 1024 * 1024;

/// Why git gave no answer.
#[derive(Debug, Error)]
pub enum GitError {
    /// The command is not installed or cannot be started.
    #[error("cannot run git: {0}")]
    Start(#[source] io::Error),
    /// A text that is no revision name.
    #[error("`{}` is not a git revision", .0.escape_debug())]
    BadRevision(String),
    /// The revision does not exist, or there is no repository.
    #[error("git does not know the revision `{}`: {message}", .rev.escape_debug())]
    UnknownRevision {
        /// What was asked for.
        rev: String,
        /// What git said.
        message: String,
    },
    /// Another command failed.
    #[error("git {command} failed: {message}")]
    Failed {
        /// The subcommand.
        command: &'static str,
        /// What git said.
        message: String,
    },
    /// An answer that is not understood.
    #[error("git {0} gave an answer that is not understood")]
    Answer(&'static str),
}

/// `git -C dir …`, without anything that asks, fetches or writes.
fn git(dir: &Utf8Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "--no-optional-locks", "--literal-pathspecs", "-C"])
        .arg(dir.as_str())
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    command
}

fn message(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    line.trim().trim_start_matches("fatal: ").chars().filter(|c| !c.is_control()).take(300).collect()
}

fn run(dir: &Utf8Path, name: &'static str, args: &[&str]) -> Result<Vec<u8>, GitError> {
    let output = git(dir).arg(name).args(args).output().map_err(GitError::Start)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(GitError::Failed { command: name, message: message(&output.stderr) })
}

/// Refuses what could be an option, a range or a path instead of one revision.
fn checked(rev: &str) -> Result<&str, GitError> {
    let odd = rev.is_empty()
        || rev.len() > 1_000
        || rev.starts_with('-')
        || rev.starts_with('^')
        || rev.contains("..")
        || rev.chars().any(|c| c.is_control() || c.is_whitespace());
    if odd { Err(GitError::BadRevision(rev.to_owned())) } else { Ok(rev) }
}

fn is_oid(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The object name (40 or 64 hex digits) of a revision's commit.
///
/// # Errors
/// When git cannot run, `rev` is no revision, or it does not exist.
pub fn commit_of(dir: &Utf8Path, rev: &str) -> Result<String, GitError> {
    resolve(dir, rev, "commit")
}

fn resolve(dir: &Utf8Path, rev: &str, kind: &str) -> Result<String, GitError> {
    let name = format!("{}^{{{kind}}}", checked(rev)?);
    let output =
        git(dir).args(["rev-parse", "--verify", "--quiet", &name]).output().map_err(GitError::Start)?;
    let oid = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && is_oid(&oid) {
        return Ok(oid);
    }
    let message = if output.stderr.is_empty() { "no such commit".into() } else { message(&output.stderr) };
    Err(GitError::UnknownRevision { rev: rev.to_owned(), message })
}

/// The best common ancestor of two revisions; `None` when they have no history in common.
///
/// # Errors
/// When git cannot run or one of the revisions does not exist.
pub fn merge_base(dir: &Utf8Path, a: &str, b: &str) -> Result<Option<String>, GitError> {
    let (a, b) = (commit_of(dir, a)?, commit_of(dir, b)?);
    let output = git(dir).args(["merge-base", &a, &b]).output().map_err(GitError::Start)?;
    let oid = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.code() {
        Some(0) if is_oid(&oid) => Ok(Some(oid)),
        Some(1) => Ok(None),
        _ => Err(GitError::Failed { command: "merge-base", message: message(&output.stderr) }),
    }
}

/// The files that differ between two revisions, in order of path, renames found as git does. Files whose
/// names are not UTF-8 are left out.
///
/// # Errors
/// When git cannot run or one of the revisions does not exist.
pub fn changed_files(dir: &Utf8Path, base: &str, head: &str) -> Result<Vec<ChangedFile>, GitError> {
    let (base, head) = (commit_of(dir, base)?, commit_of(dir, head)?);
    let args = ["-r", "-z", "-M", "--raw", "--no-ext-diff", "--no-commit-id", base.as_str(), head.as_str()];
    let out = run(dir, "diff-tree", &args)?;
    parse_raw(&out).ok_or(GitError::Answer("diff-tree"))
}

/// Reads `:mode mode oid oid status\0path\0[path\0]` records.
fn parse_raw(out: &[u8]) -> Option<Vec<ChangedFile>> {
    let mut fields = out.split(|byte| *byte == 0);
    let mut files = Vec::new();
    while let Some(head) = fields.next() {
        if head.is_empty() {
            continue;
        }
        let head = std::str::from_utf8(head).ok()?.strip_prefix(':')?;
        let words: Vec<&str> = head.split(' ').collect();
        let [old_mode, new_mode, _, _, status] = words.as_slice() else { return None };
        let first = fields.next()?;
        let (status, second) = match status.chars().next()? {
            'A' => (Status::Added, None),
            'D' => (Status::Removed, None),
            'R' => (Status::Renamed, Some(fields.next()?)),
            'C' => (Status::Added, Some(fields.next()?)),
            _ => (Status::Modified, None),
        };
        let (Ok(first), Ok(second)) =
            (std::str::from_utf8(first), second.map(std::str::from_utf8).transpose())
        else {
            continue;
        };
        files.push(ChangedFile {
            status,
            path: second.unwrap_or(first).into(),
            base_path: (status == Status::Renamed).then(|| first.into()),
            base_kind: if status == Status::Added { None } else { kind(old_mode) },
            head_kind: kind(new_mode),
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Some(files)
}

/// What a mode says, as git writes it: octal, in tree objects without leading zero.
fn kind(mode: &str) -> Option<Kind> {
    match mode.trim_start_matches('0') {
        "100755" => Some(Kind::Executable),
        "120000" => Some(Kind::Symlink),
        "40000" => Some(Kind::Directory),
        "160000" => Some(Kind::Submodule),
        mode if mode.starts_with("100") => Some(Kind::File),
        _ => None,
    }
}

/// One name in a directory: its kind and object.
type Named = BTreeMap<String, (Kind, String)>;

/// A running `git cat-file --batch`.
#[derive(Debug)]
struct Batch {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Batch {
    fn start(dir: &Utf8Path) -> Result<Self, GitError> {
        let mut child = git(dir)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::Start)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::Answer("cat-file"));
        };
        Ok(Self { child, stdin: Some(stdin), stdout: BufReader::new(stdout) })
    }

    /// An object's type and content; `None` for the content where it has more than `max` bytes, and for all
    /// where the object is missing.
    fn object(&mut self, oid: &str, max: u64) -> io::Result<Option<(String, Option<Vec<u8>>)>> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        stdin.write_all(format!("{oid}\n").as_bytes())?;
        stdin.flush()?;
        let mut header = String::new();
        self.stdout.read_line(&mut header)?;
        let words: Vec<&str> = header.split_whitespace().collect();
        let [_, kind, size] = words.as_slice() else {
            // `<oid> missing`
            return if words.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(None) };
        };
        let size: u64 = size.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        let mut content = (&mut self.stdout).take(size + 1);
        if size > max {
            io::copy(&mut content, &mut io::sink())?;
            return Ok(Some(((*kind).to_owned(), None)));
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        content.read_to_end(&mut bytes)?;
        bytes.truncate(size as usize);
        Ok(Some(((*kind).to_owned(), Some(bytes))))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // End of input ends the process.
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// The tree of one commit, read lazily and remembered.
#[derive(Debug)]
pub struct GitTree {
    commit: String,
    root: String,
    batch: RefCell<Batch>,
    folders: RefCell<HashMap<String, Option<Rc<Named>>>>,
    texts: RefCell<HashMap<String, Lookup<Arc<str>>>>,
}

impl GitTree {
    /// Opens the tree of a revision of the repository around `dir`. Paths are relative to the root of the
    /// repository.
    ///
    /// # Errors
    /// When git cannot run, there is no repository, or it does not have the revision.
    pub fn open(dir: &Utf8Path, rev: &str) -> Result<Self, GitError> {
        let commit = commit_of(dir, rev)?;
        let root = resolve(dir, &commit, "tree")?;
        Ok(Self {
            commit,
            root,
            batch: RefCell::new(Batch::start(dir)?),
            folders: RefCell::default(),
            texts: RefCell::default(),
        })
    }

    /// The commit, 40 or 64 hex digits.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The names in a directory object; `None` where it cannot be read.
    fn folder(&self, oid: &str) -> Option<Rc<Named>> {
        if let Some(known) = self.folders.borrow().get(oid) {
            return known.clone();
        }
        let object = self.batch.borrow_mut().object(oid, MAX_TREE_BYTES).ok().flatten();
        let names = match object {
            Some((kind, Some(bytes))) if kind == "tree" => parse_tree(&bytes, oid.len() / 2).map(Rc::new),
            _ => None,
        };
        self.folders.borrow_mut().insert(oid.to_owned(), names.clone());
        names
    }

    /// Kind and object of a path.
    fn find(&self, path: &Utf8Path) -> Lookup<(Kind, String)> {
        let mut found = (Kind::Directory, self.root.clone());
        for name in path.as_str().split('/').filter(|name| !name.is_empty()) {
            match found.0 {
                Kind::Directory => {}
                // What a link points to, or what another repository holds, is not looked at.
                Kind::Symlink | Kind::Submodule => return Lookup::Unknown,
                Kind::File | Kind::Executable => return Lookup::Absent,
            }
            let Some(folder) = self.folder(&found.1) else { return Lookup::Unknown };
            match folder.get(name) {
                Some(next) => found = next.clone(),
                None => return Lookup::Absent,
            }
        }
        Lookup::Found(found)
    }
}

/// Reads `mode name\0<object>` records; names that are not UTF-8 are left out.
fn parse_tree(bytes: &[u8], oid_len: usize) -> Option<Named> {
    let mut names = Named::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let mode = std::str::from_utf8(rest.get(..space)?).ok()?;
        let nul = rest.iter().position(|byte| *byte == 0)?;
        let name = rest.get(space + 1..nul)?;
        let oid: String = rest.get(nul + 1..nul + 1 + oid_len)?.iter().map(|b| hex(*b)).collect();
        rest = rest.get(nul + 1 + oid_len..)?;
        if let (Ok(name), Some(kind)) = (std::str::from_utf8(name), kind(mode)) {
            names.insert(name.to_owned(), (kind, oid));
        }
    }
    Some(names)
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

impl Tree for GitTree {
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>> {
        let (kind, oid) = match self.find(path) {
            Lookup::Found(found) => found,
            Lookup::Absent => return Lookup::Absent,
            Lookup::Unknown => return Lookup::Unknown,
        };
        match kind {
            Kind::Directory => return Lookup::Absent,
            Kind::Symlink | Kind::Submodule => return Lookup::Unknown,
            Kind::File | Kind::Executable => {}
        }
        if let Some(known) = self.texts.borrow().get(&oid) {
            return known.clone();
        }
        let object = self.batch.borrow_mut().object(&oid, MAX_FILE_BYTES).ok().flatten();
        let text = match object {
            Some((_, Some(bytes))) => {
                Source::from_bytes(bytes).map_or(Lookup::Unknown, |s| Lookup::Found(s.shared()))
            }
            _ => Lookup::Unknown,
        };
        self.texts.borrow_mut().insert(oid, text.clone());
        text
    }

    fn entry(&self, path: &Utf8Path) -> Lookup<Entry> {
        match self.find(path) {
            Lookup::Found((kind, _)) => Lookup::Found(Entry { kind, size: None }),
            Lookup::Absent => Lookup::Absent,
            Lookup::Unknown => Lookup::Unknown,
        }
    }

    fn list(&self, dir: &Utf8Path) -> Lookup<Listing> {
        let (kind, oid) = match self.find(dir) {
            Lookup::Found(found) => found,
            Lookup::Absent => return Lookup::Absent,
            Lookup::Unknown => return Lookup::Unknown,
        };
        match kind {
            Kind::Directory => {}
            Kind::Symlink | Kind::Submodule => return Lookup::Unknown,
            Kind::File | Kind::Executable => return Lookup::Absent,
        }
        match self.folder(&oid) {
            Some(names) => {
                let entry = |kind| Entry { kind, size: None };
                Lookup::Found(names.iter().map(|(name, (kind, _))| (name.clone(), entry(*kind))).collect())
            }
            None => Lookup::Unknown,
        }
    }
}

/// Executable bits of the files below `dir` as git's index has them, by path relative to `dir`; `None`
/// outside a git worktree or without git.
pub(super) fn index_modes(dir: &Utf8Path) -> Option<HashMap<Utf8PathBuf, Kind>> {
    let inside =
        dir.canonicalize_utf8().ok()?.ancestors().any(|up| up.join(".git").symlink_metadata().is_ok());
    if !inside {
        return None;
    }
    let out = git(dir).args([OsStr::new("ls-files"), OsStr::new("-sz")]).output().ok()?;
    if !out.status.success() {
        return None;
    }
    // `mode oid stage\tpath`
    let record = |record: &[u8]| {
        let (head, path) = std::str::from_utf8(record).ok()?.split_once('\t')?;
        Some((Utf8PathBuf::from(path), kind(head.split(' ').next()?)?))
    };
    Some(out.stdout.split(|byte| *byte == 0).filter_map(record).collect())
}
