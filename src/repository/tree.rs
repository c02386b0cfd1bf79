//! A tree of files: list, read, mode.

use camino::{Utf8Path, Utf8PathBuf};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// What a tree says about a path. *Unknown* is not *absent*: a rule that needs an unknown fact is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// It is not there.
    Absent,
    /// Nobody looked, or it cannot be read (binary, too large, a link).
    Unknown,
}

impl<T> Lookup<T> {
    /// The value where it is known.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// What a path is, by its git mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 100644.
    File,
    /// 100755.
    Executable,
    /// 120000.
    Symlink,
    /// 040000.
    Directory,
    /// 160000.
    Submodule,
}

/// A directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Size in bytes where it is known.
    pub size: Option<u64>,
}

/// What is in a directory, sorted by name.
pub type Listing = Arc<[(String, Entry)]>;

/// The names in a directory, sorted.
pub type Names = Arc<[String]>;

/// A repository at one revision. Paths are relative to its root, with `/`, without `.` and `..`; the root
/// is the empty path.
pub trait Tree {
    /// The text of a file. Absent for directories.
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>>;

    /// What a path is.
    fn entry(&self, path: &Utf8Path) -> Lookup<Entry>;

    /// What is in a directory, sorted by name.
    fn list(&self, dir: &Utf8Path) -> Lookup<Listing>;

    /// The names in a directory, sorted: for many names cheaper than [`Tree::list`] on disk.
    fn names(&self, dir: &Utf8Path) -> Lookup<Names> {
        match self.list(dir) {
            Lookup::Found(entries) => Lookup::Found(entries.iter().map(|(name, _)| name.clone()).collect()),
            Lookup::Absent => Lookup::Absent,
            Lookup::Unknown => Lookup::Unknown,
        }
    }
}

/// Normalises a path to the form trees take: `./a//b/../c` → `a/c`.
///
/// `None` when it leaves the root.
pub fn normalize(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut out = Utf8PathBuf::new();
    for part in path.as_str().split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if !out.pop() {
                    return None;
                }
            }
            name => out.push(name),
        }
    }
    Some(out)
}

/// A tree in memory: snapshots fetched from GitHub, and tests.
///
/// A partial tree remembers which unknown files somebody asked for, so that they can be fetched.
#[derive(Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<Utf8PathBuf, (Entry, Option<Arc<str>>)>,
    absent: BTreeSet<Utf8PathBuf>,
    listed: BTreeSet<Utf8PathBuf>,
    partial: bool,
    wanted: RefCell<BTreeSet<Utf8PathBuf>>,
}

impl MemoryTree {
    /// A tree that knows everything: what was not added is absent.
    pub fn complete() -> Self {
        Self::default()
    }

    /// A tree that knows only what was added; everything else is unknown.
    pub fn partial() -> Self {
        Self { partial: true, ..Self::default() }
    }

    /// Adds a regular file.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.insert(Utf8Path::new(path), Kind::File, Some(text.into()));
        self
    }

    /// Adds a file with its kind; `None` where the text is not known.
    pub fn insert(&mut self, path: &Utf8Path, kind: Kind, text: Option<Arc<str>>) {
        let size = text.as_ref().map(|t| t.len() as u64);
        self.files.insert(path.to_owned(), (Entry { kind, size }, text));
    }

    /// Says that nothing is at this path.
    pub fn insert_absent(&mut self, path: &Utf8Path) {
        self.absent.insert(path.to_owned());
    }

    /// Says that this directory's entries are all known.
    pub fn insert_listing(&mut self, dir: &Utf8Path, entries: impl IntoIterator<Item = (String, Entry)>) {
        self.listed.insert(dir.to_owned());
        for (name, entry) in entries {
            let path = dir.join(name);
            self.files.entry(path).or_insert((entry, None)).0 = entry;
        }
    }

    /// Files that were asked for and are unknown, in order.
    pub fn wanted(&self) -> Vec<Utf8PathBuf> {
        self.wanted.borrow().iter().cloned().collect()
    }

    fn missing<T>(&self, path: &Utf8Path) -> Lookup<T> {
        let listed = path.parent().is_some_and(|dir| self.listed.contains(dir));
        // Inside a directory that is known not to be there, or is a file.
        let is_file = |dir: &Utf8Path| {
            self.files.get(dir).is_some_and(|(entry, _)| matches!(entry.kind, Kind::File | Kind::Executable))
        };
        let orphan = path.ancestors().skip(1).any(|dir| {
            self.absent.contains(dir)
                || is_file(dir)
                || (dir.parent().is_some_and(|up| self.listed.contains(up)) && !self.files.contains_key(dir))
        });
        if !self.partial || listed || orphan || self.absent.contains(path) {
            return Lookup::Absent;
        }
        self.wanted.borrow_mut().insert(path.to_owned());
        Lookup::Unknown
    }
}

impl MemoryTree {
    /// What stands at and below a path: it sorts together.
    fn below(&self, path: &Utf8Path) -> impl Iterator<Item = (&Utf8PathBuf, &(Entry, Option<Arc<str>>))> {
        let from = (Bound::Included(path), Bound::Unbounded);
        self.files.range::<Utf8Path, _>(from).take_while(move |(other, _)| other.starts_with(path))
    }
}

impl Tree for MemoryTree {
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>> {
        match self.files.get(path) {
            Some((entry, _)) if entry.kind == Kind::Directory => Lookup::Absent,
            Some((_, Some(text))) => Lookup::Found(Arc::clone(text)),
            Some((entry, None)) => {
                if self.partial && matches!(entry.kind, Kind::File | Kind::Executable) {
                    self.wanted.borrow_mut().insert(path.to_owned());
                }
                Lookup::Unknown
            }
            None => self.missing(path),
        }
    }

    fn entry(&self, path: &Utf8Path) -> Lookup<Entry> {
        if let Some((entry, _)) = self.files.get(path) {
            return Lookup::Found(*entry);
        }
        if path.as_str().is_empty() || self.below(path).next().is_some() {
            return Lookup::Found(Entry { kind: Kind::Directory, size: None });
        }
        self.missing(path)
    }

    fn list(&self, dir: &Utf8Path) -> Lookup<Listing> {
        if self.partial && !self.listed.contains(dir) {
            return self.missing(dir);
        }
        let mut out: BTreeMap<String, Entry> = BTreeMap::new();
        for (path, (entry, _)) in self.below(dir) {
            let Ok(below) = path.strip_prefix(dir) else { continue };
            let mut parts = below.components();
            let Some(first) = parts.next() else { continue };
            let direct = parts.next().is_none();
            let entry = if direct { *entry } else { Entry { kind: Kind::Directory, size: None } };
            out.entry(first.as_str().to_owned()).or_insert(entry);
        }
        if out.is_empty() && !dir.as_str().is_empty() && !self.listed.contains(dir) {
            return Lookup::Absent;
        }
        Lookup::Found(out.into_iter().collect())
    }
}

/// A tree that asks the one below each question once.
pub struct Remembered<T> {
    base: T,
    with_texts: bool,
    // By the path's text: hashing a path goes through its components.
    texts: RefCell<HashMap<String, Lookup<Arc<str>>>>,
    entries: RefCell<HashMap<String, Lookup<Entry>>>,
    lists: RefCell<HashMap<String, Lookup<Listing>>>,
    names: RefCell<HashMap<String, Lookup<Names>>>,
}

impl<T> Remembered<T> {
    /// Nothing is known yet.
    pub fn new(base: T) -> Self {
        Self {
            base,
            with_texts: true,
            texts: RefCell::default(),
            entries: RefCell::default(),
            lists: RefCell::default(),
            names: RefCell::default(),
        }
    }

    /// As [`Remembered::new`], without the texts that are found: for many files in one go.
    pub fn without_texts(base: T) -> Self {
        Self { with_texts: false, ..Self::new(base) }
    }
}

impl<T: Tree> Tree for Remembered<T> {
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>> {
        if let Some(known) = self.texts.borrow().get(path.as_str()) {
            return known.clone();
        }
        let answer = self.base.read(path);
        if self.with_texts || !matches!(answer, Lookup::Found(_)) {
            self.texts.borrow_mut().insert(path.as_str().to_owned(), answer.clone());
        }
        answer
    }

    fn entry(&self, path: &Utf8Path) -> Lookup<Entry> {
        if let Some(known) = self.entries.borrow().get(path.as_str()) {
            return known.clone();
        }
        let answer = self.base.entry(path);
        self.entries.borrow_mut().insert(path.as_str().to_owned(), answer.clone());
        answer
    }

    fn list(&self, dir: &Utf8Path) -> Lookup<Listing> {
        if let Some(known) = self.lists.borrow().get(dir.as_str()) {
            return known.clone();
        }
        let answer = self.base.list(dir);
        self.lists.borrow_mut().insert(dir.as_str().to_owned(), answer.clone());
        answer
    }

    fn names(&self, dir: &Utf8Path) -> Lookup<Names> {
        if let Some(known) = self.names.borrow().get(dir.as_str()) {
            return known.clone();
        }
        let answer = self.base.names(dir);
        self.names.borrow_mut().insert(dir.as_str().to_owned(), answer.clone());
        answer
    }
}

impl<T: Tree + ?Sized> Tree for &T {
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>> {
        (**self).read(path)
    }

    fn entry(&self, path: &Utf8Path) -> Lookup<Entry> {
        (**self).entry(path)
    }

    fn list(&self, dir: &Utf8Path) -> Lookup<Listing> {
        (**self).list(dir)
    }

    fn names(&self, dir: &Utf8Path) -> Lookup<Names> {
        (**self).names(dir)
    }
}

/// A tree with some files replaced: how a fix is proven before anybody sees it.
pub struct Overlay<'a> {
    base: &'a dyn Tree,
    files: BTreeMap<Utf8PathBuf, Arc<str>>,
}

impl<'a> Overlay<'a> {
    /// The tree as it is.
    pub fn new(base: &'a dyn Tree) -> Self {
        Self { base, files: BTreeMap::new() }
    }

    /// Replaces the text of one file.
    pub fn replace(&mut self, path: &Utf8Path, text: impl Into<Arc<str>>) {
        self.files.insert(path.to_owned(), text.into());
    }
}

impl Tree for Overlay<'_> {
    fn read(&self, path: &Utf8Path) -> Lookup<Arc<str>> {
        self.files.get(path).map_or_else(|| self.base.read(path), |text| Lookup::Found(Arc::clone(text)))
    }

    fn entry(&self, path: &Utf8Path) -> Lookup<Entry> {
        self.base.entry(path)
    }

    fn list(&self, dir: &Utf8Path) -> Lookup<Listing> {
        self.base.list(dir)
    }

    fn names(&self, dir: &Utf8Path) -> Lookup<Names> {
        self.base.names(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_tree_tells_unknown_from_absent() {
        let mut tree = MemoryTree::partial().with("app/run.sh", "#!/bin/sh\n");
        tree.insert_absent(Utf8Path::new(".dockerignore"));
        assert!(matches!(tree.read("app/run.sh".into()), Lookup::Found(_)));
        assert_eq!(tree.read(".dockerignore".into()), Lookup::Absent);
        assert_eq!(tree.read("other".into()), Lookup::Unknown);
        tree.insert_listing("".into(), [("x".to_owned(), Entry { kind: Kind::File, size: Some(3) })]);
        assert_eq!(tree.read("nope".into()), Lookup::Absent);
        assert_eq!(tree.read("x".into()), Lookup::Unknown);
        assert_eq!(tree.read("nodir/file".into()), Lookup::Absent);
        assert_eq!(tree.read("app/run.sh/file".into()), Lookup::Absent);
        assert_eq!(tree.wanted(), ["other", "x"]);
    }

    #[test]
    fn a_complete_tree_lists_folders() {
        let tree = MemoryTree::complete().with("a/b.txt", "").with("c.txt", "");
        let names = tree.list("".into()).found().unwrap();
        let names: Vec<_> = names.iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["a", "c.txt"]);
        assert_eq!(tree.list("zz".into()), Lookup::Absent);
        assert_eq!(tree.read("zz".into()), Lookup::Absent);
    }

    #[test]
    fn normalizes_paths() {
        assert_eq!(normalize("./a//b/../c".into()).unwrap(), "a/c");
        assert_eq!(normalize("../c".into()), None);
    }
}
