//! Folders that may be the root of the build context, and what their ignore files keep out.

use super::FileFacts;
use crate::repository::ignore::{FoundIgnoreFile, Pattern, Verdict, find_ignore_file};
use crate::repository::{Kind, Lookup};
use camino::{Utf8Path, Utf8PathBuf};

/// The most folders above a Dockerfile that are looked at.
const MAX_ROOTS: usize = 16;
/// The most entries that are looked at below an ignored folder.
const MAX_BELOW: usize = 500;

/// A folder that may be the root of the build context.
#[derive(Debug)]
pub struct ContextRoot {
    /// The folder in the tree.
    pub dir: Utf8PathBuf,
    /// Whether it is the one by all signs: the Dockerfile lies in it, and a `.dockerignore` does as well, or it is the
    /// root of the repository.
    pub likely: bool,
    /// The ignore file that holds when it is.
    pub ignore: Lookup<FoundIgnoreFile>,
}

/// What becomes of a source of COPY or ADD in a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InContext<'a> {
    /// It can be copied.
    There,
    /// The ignore file keeps it out.
    Ignored(&'a FoundIgnoreFile, &'a Pattern),
    /// The repository has no such path.
    Absent,
    /// Nobody knows.
    Unknown,
}

impl ContextRoot {
    /// What becomes of a path, relative to this root and clean.
    pub fn look_up<'a>(&'a self, file: &FileFacts<'_>, path: &str) -> InContext<'a> {
        let found = match &self.ignore {
            Lookup::Found(found) => found,
            Lookup::Absent => return self.exists(file, path),
            Lookup::Unknown => return InContext::Unknown,
        };
        match found.file.verdict(path) {
            Verdict::Included => self.exists(file, path),
            Verdict::Unclear => InContext::Unknown,
            Verdict::Ignored(_) if self.returns_below(file, found, path) => InContext::Unknown,
            Verdict::Ignored(pattern) => InContext::Ignored(found, pattern),
        }
    }

    /// Whether the ignore file is known to name a path (something below a folder may still be brought back).
    pub fn excludes(&self, path: &str) -> bool {
        matches!(&self.ignore, Lookup::Found(found) if matches!(found.file.verdict(path), Verdict::Ignored(_)))
    }

    fn exists(&self, file: &FileFacts<'_>, path: &str) -> InContext<'_> {
        let full = self.dir.join(path);
        let entry = match file.tree.entry(&full) {
            Lookup::Found(_) => return InContext::There,
            Lookup::Unknown => return InContext::Unknown,
            Lookup::Absent => InContext::Absent,
        };
        // What is behind a link or in a submodule is not in the tree, and `.git` never is.
        let hidden = full.components().any(|part| part.as_str() == ".git")
            || full.ancestors().skip(1).any(|dir| {
                let kind = file.tree.entry(dir).found().map(|entry| entry.kind);
                matches!(kind, Some(Kind::Symlink | Kind::Submodule))
            });
        if hidden { InContext::Unknown } else { entry }
    }

    /// Whether something below an ignored folder is, or may be, brought back.
    fn returns_below(&self, file: &FileFacts<'_>, found: &FoundIgnoreFile, path: &str) -> bool {
        if !found.file.may_bring_back_below(path) {
            return false;
        }
        let mut left = MAX_BELOW;
        let mut open = vec![path.to_owned()];
        while let Some(path) = open.pop() {
            let kind = match file.tree.entry(&self.dir.join(&path)) {
                Lookup::Found(entry) => entry.kind,
                Lookup::Absent | Lookup::Unknown => return true,
            };
            match kind {
                Kind::Directory => {
                    let Lookup::Found(names) = file.tree.list(&self.dir.join(&path)) else { return true };
                    if names.len() > left {
                        return true;
                    }
                    left -= names.len();
                    open.extend(names.iter().map(|(name, _)| format!("{path}/{name}")));
                }
                Kind::Submodule => return true,
                Kind::File | Kind::Executable | Kind::Symlink => {
                    if !matches!(found.file.verdict(&path), Verdict::Ignored(_)) {
                        return true;
                    }
                }
            }
        }
        false
    }
}

impl FileFacts<'_> {
    /// The folders that may be the root of the build context: the Dockerfile's own first, then those above from the
    /// root of the repository down. When all builds of the file are known, the folders they name and no other.
    pub fn context_roots(&self) -> &[ContextRoot] {
        self.roots.get_or_init(|| {
            if let Some(named) = self.named_roots() {
                return named;
            }
            let own = self.path.parent().unwrap_or(Utf8Path::new(""));
            let mut above: Vec<&Utf8Path> = own.ancestors().skip(1).collect();
            above.reverse();
            above.truncate(MAX_ROOTS);
            let beside = || self.tree.entry(&own.join(".dockerignore")).found().is_some();
            let likely = above.is_empty() || beside();
            let mut roots = Vec::with_capacity(above.len() + 1);
            for dir in std::iter::once(own).chain(above) {
                let ignore = find_ignore_file(self.tree, self.path, dir);
                roots.push(ContextRoot { dir: dir.to_owned(), likely: likely && roots.is_empty(), ignore });
            }
            roots
        })
    }

    /// The folders that the builds of the file name; `None` unless all of them are known.
    fn named_roots(&self) -> Option<Vec<ContextRoot>> {
        let contexts = super::project::contexts_of(self.project?, self.path)?;
        let only = contexts.len() == 1;
        let root = |dir: &Utf8Path| ContextRoot {
            dir: dir.to_owned(),
            likely: only,
            ignore: find_ignore_file(self.tree, self.path, dir),
        };
        Some(contexts.into_iter().map(root).collect())
    }

    /// Whether the ignore file of the build is known to keep a path of the tree out of the context.
    pub fn is_ignored(&self, path: &Utf8Path) -> bool {
        let Some(root) = self.context_roots().first() else { return false };
        let inside = path.strip_prefix(&root.dir).unwrap_or(path);
        root.excludes(inside.as_str())
    }

    /// Whether the ignore file of the build may keep a path of the tree out of the context, or whether that is
    /// not known.
    pub fn may_be_ignored(&self, path: &Utf8Path) -> bool {
        let Some(root) = self.context_roots().first() else { return true };
        let inside = path.strip_prefix(&root.dir).unwrap_or(path);
        match &root.ignore {
            Lookup::Found(found) => !matches!(found.file.verdict(inside.as_str()), Verdict::Included),
            Lookup::Absent => false,
            Lookup::Unknown => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::facts::Bodies;
    use crate::repository::MemoryTree;
    use crate::text::Source;

    fn with_facts(path: &str, tree: &MemoryTree, look: impl Fn(&FileFacts<'_>)) {
        let file = parse(&Source::new("FROM alpine\n"));
        let bodies = Bodies::read(&file);
        look(&FileFacts::new(path.into(), &file, &bodies, tree, jiff::civil::date(2026, 11, 24)));
    }

    #[test]
    fn the_own_folder_comes_first() {
        let tree = MemoryTree::complete().with("a/b/c/x", "").with("a/.dockerignore", "x");
        with_facts("a/b/c/Dockerfile", &tree, |file| {
            let roots: Vec<(&str, bool)> =
                file.context_roots().iter().map(|root| (root.dir.as_str(), root.likely)).collect();
            assert_eq!(roots, [("a/b/c", false), ("", false), ("a", false), ("a/b", false)]);
        });
        with_facts("a/Dockerfile", &tree, |file| assert!(file.context_roots()[0].likely));
        with_facts("Dockerfile", &tree, |file| assert!(file.context_roots()[0].likely));
    }

    #[test]
    fn what_no_tree_holds_is_unknown() {
        let mut tree = MemoryTree::complete().with("x", "");
        tree.insert("sub".into(), Kind::Submodule, None);
        with_facts("Dockerfile", &tree, |file| {
            let root = &file.context_roots()[0];
            assert_eq!(root.look_up(file, "x"), InContext::There);
            assert_eq!(root.look_up(file, "y"), InContext::Absent);
            assert_eq!(root.look_up(file, ".git"), InContext::Unknown);
            assert_eq!(root.look_up(file, "sub/y"), InContext::Unknown);
        });
    }

    #[test]
    fn large_folders_are_not_walked() {
        for files in [MAX_BELOW, MAX_BELOW + 1] {
            let mut tree = MemoryTree::complete().with(".dockerignore", "docs\n!docs/*.html\n");
            for number in 0..files {
                tree.insert(Utf8Path::new(&format!("docs/{number}.md")), Kind::File, None);
            }
            with_facts("Dockerfile", &tree, |file| {
                let found = file.context_roots()[0].look_up(file, "docs");
                assert_eq!(matches!(found, InContext::Ignored(..)), files <= MAX_BELOW, "{files}");
            });
        }
    }
}
