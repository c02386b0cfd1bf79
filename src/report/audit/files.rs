//! Findings by file and chapter.

use crate::config::Level;
use crate::lint::FileReport;
use crate::report::{Checked, Lookup};
use crate::rules::{Chapter, Finding};
use crate::text::Source;
use camino::Utf8Path;
use std::collections::BTreeMap;

/// Findings of one kind: how many, and how bad the worst is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) number: usize,
    pub(super) worst: Option<Level>,
}

impl Tally {
    fn add(&mut self, level: Level) {
        self.number += 1;
        self.worst = self.worst.max(Some(level));
    }
}

/// The findings of one file.
pub(super) struct File<'a> {
    pub(super) path: &'a Utf8Path,
    pub(super) source: &'a Source,
    /// The worst first, then by place.
    pub(super) findings: Vec<&'a Finding>,
}

impl File<'_> {
    pub(super) fn of(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    pub(super) fn fixable(&self) -> usize {
        self.findings.iter().filter(|finding| finding.fix.is_some()).count()
    }

    /// The findings of each chapter, in the order of [`Chapter::ALL`].
    pub(super) fn chapters(&self, rule: Lookup) -> [Tally; Chapter::ALL.len()] {
        let mut tallies = [Tally::default(); Chapter::ALL.len()];
        for finding in &self.findings {
            let chapter = rule(finding.rule).map(|rule| rule.chapter);
            let at = Chapter::ALL.iter().position(|other| Some(*other) == chapter);
            if let Some(tally) = at.and_then(|at| tallies.get_mut(at)) {
                tally.add(finding.level);
            }
        }
        tallies
    }

    pub(super) fn total(&self) -> Tally {
        let worst = self.findings.iter().map(|finding| finding.level).max();
        Tally { number: self.findings.len(), worst }
    }
}

/// The files with findings, the worst first; what is found in a Dockerfile and what the rules about the repository
/// find in it stand together.
pub(super) fn files(checked: &Checked) -> Vec<File<'_>> {
    let mut by_path: BTreeMap<&Utf8Path, File<'_>> = BTreeMap::new();
    for FileReport { path, source, findings, .. } in checked.reports() {
        if findings.is_empty() {
            continue;
        }
        let file = by_path.entry(path).or_insert_with(|| File { path, source, findings: Vec::new() });
        file.findings.extend(findings);
    }
    let mut files: Vec<File<'_>> = by_path.into_values().collect();
    for file in &mut files {
        file.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.level), finding.span.start));
    }
    // Stable: equally bad ones stay in order of path.
    files.sort_by_key(|file| std::cmp::Reverse(Level::ALL.map(|level| file.of(level))));
    files
}

/// The Dockerfiles in which nothing was found.
pub(super) fn clean<'a>(checked: &'a Checked, files: &[File<'_>]) -> Vec<&'a Utf8Path> {
    let found: std::collections::BTreeSet<&Utf8Path> = files.iter().map(|file| file.path).collect();
    let paths = checked.files.iter().map(|report| report.path.as_path());
    paths.filter(|path| !found.contains(path)).collect()
}
