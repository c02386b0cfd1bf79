//! A folder on disk as a tree.

use super::changed::{ChangedFile, Status};
use super::git::index_modes;
use super::{Entry, Kind, Listing, Lookup, Names, Tree, normalize};
use crate::text::{MAX_FILE_BYTES, Source};
use camino::{ReadDirUtf8, Utf8Path, Utf8PathBuf};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::sync::Arc;

/// Two texts that share at least this part of their lines (in percent) are a rename, as in git.
const SIMILAR_PERCENT: usize = 50;
/// The most pairs of a removed and an added file that are compared for similarity.
const MAX_COMPARED: usize = 2_500;

/// A folder, read lazily. Symbolic links are seen but not followed, so nothing outside is ever read; the
/// `.git` folder is not part of it. In a git worktree the executable bit is that of the index, which is what
/// others will check out; elsewhere that of the file.
#[derive(Debug)]
pub struct DiskTree {
    root: Utf8PathBuf,
    modes: OnceCell<Option<HashMap<Utf8PathBuf, Kind>>>,
    /// Paths that are not there: rules of many files ask for the same few.
    absent: RefCell<HashSet<String>>,
    /// Folders that were asked for names they do not have.
    asked: RefCell<HashMap<String, Asked>>,
}

/// A folder that was asked for names it does not have.
#[derive(Debug, Default)]
struct Asked {
    misses: usize,
    /// All its names, from the time when that is cheaper than to ask for one after the other.
    names: Option<HashSet<String>>,
}

/// Names that a folder does not have until all of it is read.
const MANY_MISSES: usize = 16;
/// The largest folder whose names are kept.
const MOST_NAMES: usize = 10_000;

impl DiskTree {
    /// The tree of a folder. Nothing is read yet.
    pub fn new(root: impl Into<Utf8PathBuf>) -> Self {
        Self {
            root: root.into(),
            modes: OnceCell::new(),
            absent: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The path on disk and its metadata; links on the way are not followed.
    fn find(&self, path: &Utf8Path) -> Lookup<(Utf8PathBuf, Metadata)> {
        let Some(path) = normalize(path) else { return Lookup::Unknown };
        if path.components().any(|part| part.as_str() == ".git") {
            return Lookup::Absent;
        }
        let mut full = self.root.clone();
        if path.as_str().is_empty() {
            return match fs::metadata(&full) {
                Ok(meta) => Lookup::Found((full, meta)),
                Err(error) => missing(&error),
            };
        }
        if self.absent.borrow().contains(path.as_str()) {
            return Lookup::Absent;
        }
        let (dir, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        if let Some(names) = self.asked.borrow().get(dir).and_then(|asked| asked.names.as_ref())
            && !names.contains(name)
        {
            return Lookup::Absent;
        }
        let mut meta: Option<Metadata> = None;
        for name in path.as_str().split('/') {
            if meta.is_some_and(|meta| meta.is_symlink()) || name.contains('\\') && cfg!(windows) {
                return Lookup::Unknown;
            }
            full.push(name);
            meta = match fs::symlink_metadata(&full) {
                Ok(meta) => Some(meta),
                Err(error) => {
                    let answer = missing(&error);
                    if matches!(answer, Lookup::Absent) {
                        self.missed(dir);
                        self.absent.borrow_mut().insert(path.into_string());
                    }
                    return answer;
                }
            };
        }
        meta.map_or(Lookup::Unknown, |meta| Lookup::Found((full, meta)))
    }

    /// What stands in a folder, as the disk gives it.
    fn entries(&self, dir: &Utf8Path) -> Lookup<ReadDirUtf8> {
        let (full, meta) = match self.find(dir) {
            Lookup::Found(found) => found,
            Lookup::Absent => return Lookup::Absent,
            Lookup::Unknown => return Lookup::Unknown,
        };
        if !meta.is_dir() {
            return if meta.is_symlink() { Lookup::Unknown } else { Lookup::Absent };
        }
        full.read_dir_utf8().map_or(Lookup::Unknown, Lookup::Found)
    }

    /// Counts a name that a folder does not have. Where upper and lower case count as one, names say less than the
    /// disk itself.
    fn missed(&self, dir: &str) {
        let mut asked = self.asked.borrow_mut();
        let asked = asked.entry(dir.to_owned()).or_default();
        asked.misses += 1;
        if asked.misses == MANY_MISSES && cfg!(target_os = "linux") {
            let names = self.root.join(dir).read_dir_utf8().and_then(|entries| {
                let names = entries.take(MOST_NAMES + 1);
                names.map(|entry| entry.map(|entry| entry.file_name().to_owned())).collect()
            });
            asked.names = names.ok().filter(|names: &HashSet<String>| names.len() <= MOST_NAMES);
        }
    }

    /// `path` is asked for where the index has something to say.
    fn kind(&self, path: impl FnOnce() -> Option<Utf8PathBuf>, meta: &Metadata) -> Option<Kind> {
        let on_disk = kind_of(meta)?;
        if !matches!(on_disk, Kind::File | Kind::Executable) {
            return Some(on_disk);
        }
        let modes = self.modes.get_or_init(|| index_modes(&self.root));
        let in_index = modes.as_ref().and_then(|modes| modes.get(&path()?)).copied();
        Some(in_index.filter(|kind| matches!(kind, Kind::File | Kind::Executable)).unwrap_or(on_disk))
    }
}

fn missing<T>(error: &io::Error) -> Lookup<T> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Lookup::Absent,
        _ => Lookup::Unknown,
    }
}

/// `None` for sockets, pipes and devices.
fn kind_of(meta: &Metadata) -> Option<Kind> {
    if meta.is_symlink() {
        Some(Kind::Symlink)
    } else if meta.is_dir() {
        Some(Kind::Directory)
    } else if meta.is_file() {
        Some(if executable(meta) { Kind::Executable } else { Kind::File })
    } else {
        None
    }
}

#[cfg(unix)]
fn executable(meta: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_: &Metadata) -> bool {
    false
}

/// At most `MAX_FILE_BYTES + 1` bytes, also of a file that grows while it is read.
fn read_capped(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Tree for DiskTree {
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>> {
        let (full, meta) = match self.find(path) {
            Lookup::Found(found) => found,
            Lookup::Absent => return Lookup::Absent,
            Lookup::Unknown => return Lookup::Unknown,
        };
        if meta.is_dir() {
            return Lookup::Absent;
        }
        if !meta.is_file() || meta.len() > MAX_FILE_BYTES {
            return Lookup::Unknown;
        }
        match read_capped(&full).map(Source::from_bytes) {
            Ok(Ok(source)) => Lookup::Found(source.shared()),
            Ok(Err(_)) | Err(_) => Lookup::Unknown,
        }
    }

    fn entry(&self, path: &Utf8Path) -> Lookup<Entry> {
        match self.find(path) {
            Lookup::Found((_, meta)) => match self.kind(|| normalize(path), &meta) {
                Some(kind) => Lookup::Found(Entry { kind, size: meta.is_file().then_some(meta.len()) }),
                None => Lookup::Unknown,
            },
            Lookup::Absent => Lookup::Absent,
            Lookup::Unknown => Lookup::Unknown,
        }
    }

    fn list(&self, dir: &Utf8Path) -> Lookup<Listing> {
        let entries = match self.entries(dir) {
            Lookup::Found(entries) => entries,
            Lookup::Absent => return Lookup::Absent,
            Lookup::Unknown => return Lookup::Unknown,
        };
        let dir = normalize(dir).unwrap_or_default();
        let mut out: Vec<(String, Entry)> = entries
            .flatten()
            .filter(|entry| entry.file_name() != ".git")
            .filter_map(|entry| {
                // Of the entry itself: links are not followed.
                let meta = entry.metadata().ok()?;
                let kind = self.kind(|| Some(dir.join(entry.file_name())), &meta)?;
                let size = meta.is_file().then_some(meta.len());
                Some((entry.file_name().to_owned(), Entry { kind, size }))
            })
            .collect();
        out.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Lookup::Found(out.into())
    }

    fn names(&self, dir: &Utf8Path) -> Lookup<Names> {
        let entries = match self.entries(dir) {
            Lookup::Found(entries) => entries,
            Lookup::Absent => return Lookup::Absent,
            Lookup::Unknown => return Lookup::Unknown,
        };
        let names = entries.flatten().map(|entry| entry.file_name().to_owned());
        let mut names: Vec<String> = names.filter(|name| name != ".git").collect();
        names.sort_unstable();
        Lookup::Found(names.into())
    }
}

/// The files that differ between two folders, in order of path. `.gitignore` files inside them are
/// respected, `.git` is left out. A removed and an added file with the same or a similar text are a rename.
///
/// # Errors
/// When one of the folders cannot be walked.
pub fn changed_folders(base: &Utf8Path, head: &Utf8Path) -> io::Result<Vec<ChangedFile>> {
    let (old, new) = (walk(base)?, walk(head)?);
    let mut files = Vec::new();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for (path, kind) in &old {
        match new.get(path) {
            None => removed.push((path, *kind)),
            Some(now) if now != kind || !same(&base.join(path), &head.join(path), *kind) => {
                files.push(ChangedFile {
                    status: Status::Modified,
                    path: path.clone(),
                    base_path: None,
                    base_kind: Some(*kind),
                    head_kind: Some(*now),
                });
            }
            Some(_) => {}
        }
    }
    added.extend(new.iter().filter(|(path, _)| !old.contains_key(*path)).map(|(path, kind)| (path, *kind)));
    for (from, to) in renames(base, head, &removed, &added) {
        files.push(ChangedFile {
            status: Status::Renamed,
            path: to.clone(),
            base_path: Some(from.clone()),
            base_kind: old.get(&from).copied(),
            head_kind: new.get(&to).copied(),
        });
        removed.retain(|(path, _)| **path != from);
        added.retain(|(path, _)| **path != to);
    }
    let of = |status, path: &Utf8PathBuf, base_kind, head_kind| ChangedFile {
        status,
        path: path.clone(),
        base_path: None,
        base_kind,
        head_kind,
    };
    files.extend(removed.iter().map(|(path, kind)| of(Status::Removed, path, Some(*kind), None)));
    files.extend(added.iter().map(|(path, kind)| of(Status::Added, path, None, Some(*kind))));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Utf8Path) -> io::Result<BTreeMap<Utf8PathBuf, Kind>> {
    fs::read_dir(root)?;
    let mut files = BTreeMap::new();
    let walker = ignore::WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walker.flatten() {
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        let (Ok(meta), Ok(below)) = (fs::symlink_metadata(path), path.strip_prefix(root)) else { continue };
        if let Some(kind) = kind_of(&meta).filter(|kind| *kind != Kind::Directory) {
            let parts: Vec<&str> = below.components().map(|part| part.as_str()).collect();
            files.insert(parts.join("/").into(), kind);
        }
    }
    Ok(files)
}

/// Whether two files of one kind have the same content.
fn same(a: &Utf8Path, b: &Utf8Path, kind: Kind) -> bool {
    if kind == Kind::Symlink {
        return matches!((fs::read_link(a), fs::read_link(b)), (Ok(a), Ok(b)) if a == b);
    }
    equal(a, b).unwrap_or(false)
}

fn equal(a: &Utf8Path, b: &Utf8Path) -> io::Result<bool> {
    if fs::metadata(a)?.len() != fs::metadata(b)?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        (&mut a).take(1 << 16).read_to_end(&mut left)?;
        (&mut b).take(1 << 16).read_to_end(&mut right)?;
        if left != right {
            return Ok(false);
        }
        if left.is_empty() {
            return Ok(true);
        }
    }
}

/// Pairs of a removed and an added file that are one file, the most similar first.
fn renames(
    base: &Utf8Path,
    head: &Utf8Path,
    removed: &[(&Utf8PathBuf, Kind)],
    added: &[(&Utf8PathBuf, Kind)],
) -> Vec<(Utf8PathBuf, Utf8PathBuf)> {
    if removed.len().saturating_mul(added.len()) > MAX_COMPARED {
        return Vec::new();
    }
    let text = |root: &Utf8Path, path: &Utf8Path, kind: Kind| {
        let regular = matches!(kind, Kind::File | Kind::Executable);
        let bytes = regular.then(|| read_capped(&root.join(path)).ok()).flatten()?;
        Source::from_bytes(bytes).ok().map(|source| source.shared()).filter(|text| !text.is_empty())
    };
    let texts: Vec<_> = added.iter().map(|(path, kind)| text(head, path, *kind)).collect();
    let mut pairs: Vec<(usize, &Utf8PathBuf, &Utf8PathBuf)> = Vec::new();
    for (from, kind) in removed {
        let Some(old) = text(base, from, *kind) else { continue };
        for ((to, _), new) in added.iter().zip(&texts) {
            let percent = new.as_ref().map_or(0, |new| similarity(&old, new));
            if percent >= SIMILAR_PERCENT {
                pairs.push((percent, from, to));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut out: Vec<(Utf8PathBuf, Utf8PathBuf)> = Vec::new();
    for (_, from, to) in pairs {
        if !out.iter().any(|(a, b)| a == from || b == to) {
            out.push((from.clone(), to.clone()));
        }
    }
    out
}

/// Bytes in lines that both have, in percent of the larger text.
fn similarity(old: &str, new: &str) -> usize {
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for line in old.split_inclusive('\n') {
        *lines.entry(line).or_default() += 1;
    }
    let mut shared = 0;
    for line in new.split_inclusive('\n') {
        if let Some(left) = lines.get_mut(line).filter(|left| **left > 0) {
            *left -= 1;
            shared += line.len();
        }
    }
    shared * 100 / old.len().max(new.len()).max(1)
}
