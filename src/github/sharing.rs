//! What is the same on both sides is read once.
//!
//! GitHub's list of changed files is the difference from the merge base to the head. What it does not name is
//! the same in both, and so is a folder with no changed file below it: one object answers for both sides.

use super::files::ChangedFile;
use super::query::{Ask, Found, Side};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Which paths differ between merge base and head.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    /// Without the whole list, or without a merge base, nothing is known to be the same.
    known: bool,
    files: BTreeSet<Utf8PathBuf>,
    folders: BTreeSet<Utf8PathBuf>,
}

impl Sharing {
    /// Takes the whole list of changed files.
    pub(super) fn new(changed: &[ChangedFile]) -> Self {
        let paths = || changed.iter().flat_map(|file| file.previous_path.iter().chain([&file.path]));
        let folders = paths().flat_map(|path| path.ancestors().skip(1)).map(Utf8Path::to_owned);
        Self { known: true, files: paths().cloned().collect(), folders: folders.collect() }
    }

    fn is_same(&self, path: &Utf8Path) -> bool {
        self.known
            && !self.folders.contains(path)
            // Below what was a file on one side there may be anything on the other.
            && !path.ancestors().any(|part| self.files.contains(part))
    }

    /// The asks that have to be sent.
    pub(super) fn once(&self, asks: Vec<Ask>) -> Vec<Ask> {
        let mut sent = BTreeSet::new();
        asks.into_iter()
            .map(|ask| if self.is_same(&ask.path) { Ask { side: Side::Head, ..ask } } else { ask })
            .filter(|ask| sent.insert(ask.clone()))
            .collect()
    }

    /// The answers to them, for the side that was not asked too.
    pub(super) fn both(&self, answers: impl Iterator<Item = (Ask, Found)>) -> Vec<(Ask, Found)> {
        let mut out = Vec::new();
        for (ask, found) in answers {
            if ask.side == Side::Head && self.is_same(&ask.path) {
                out.push((Ask { side: Side::Base, ..ask.clone() }, found.clone()));
            }
            out.push((ask, found));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::Status;

    fn file(path: &str, previous: Option<&str>) -> ChangedFile {
        ChangedFile {
            path: path.into(),
            previous_path: previous.map(Utf8PathBuf::from),
            status: Status::Modified,
            patch: None,
            changes: 1,
            sha: None,
            dockerfile: false,
        }
    }

    #[test]
    fn what_is_not_named_is_the_same() {
        let sharing = Sharing::new(&[file("a/b/Dockerfile", None), file("new/x", Some("old/x"))]);
        for other in ["", "a", "a/b", "a/b/Dockerfile", "new", "new/x", "old", "old/x", "old/x/below"] {
            assert!(!sharing.is_same(other.into()), "{other}");
        }
        for same in ["a/c", "a/b/.dockerignore", "docs", "a/b/Dockerfile.x"] {
            assert!(sharing.is_same(same.into()), "{same}");
        }
        assert!(!Sharing::default().is_same("docs".into()));
    }

    #[test]
    fn both_sides_get_the_one_answer() {
        let sharing = Sharing::new(&[file("Dockerfile", None)]);
        let both = |path: &str| [Side::Base, Side::Head].map(|side| Ask::new(side, path.into()));
        let asks = sharing.once([both("Dockerfile"), both("x")].concat());
        assert_eq!(asks.len(), 3);
        let answers = sharing.both(asks.into_iter().map(|ask| (ask, Found::Nothing)));
        assert_eq!(answers.len(), 4);
    }
}
