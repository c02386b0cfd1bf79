//! What the change did: findings introduced, kept and fixed.

use super::hunks::{FileDiff, LineRange};
use super::input::{Input, ReportMode};
use crate::lint::FileReport;
use crate::repository::is_dockerfile;
use crate::rules::Finding;
use std::collections::{HashMap, HashSet};

/// A finding of the head, in its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    /// The finding.
    pub(super) finding: &'a Finding,
    /// The Dockerfile it is in.
    pub(super) report: &'a FileReport,
    /// Whether the base did not have it.
    pub(super) introduced: bool,
    /// Whether one of its lines is new in the head.
    pub(super) changed: bool,
}

impl Item<'_> {
    /// The finding's lines.
    pub(super) fn lines(&self) -> LineRange {
        let (first, last) = self.report.source.lines_of(self.finding.span);
        LineRange::new(first, last)
    }
}

/// The comparison of base and head.
#[derive(Debug, Default)]
pub(super) struct Delta<'a> {
    /// Findings to speak about, worst first, then by file and place.
    pub(super) reported: Vec<Item<'a>>,
    /// Findings that both have and that are left alone.
    pub(super) quiet: Vec<Item<'a>>,
    /// Number of findings in changed Dockerfiles that both have and that are left alone.
    pub(super) existing: usize,
    /// Findings that only the base has.
    pub(super) fixed: Vec<&'a Finding>,
}

/// Compares base and head by fingerprints.
pub(super) fn compare<'a>(input: &Input<'a>) -> Delta<'a> {
    // How often the base has a fingerprint, per file of the base.
    let mut left: HashMap<(&str, &str), Vec<&'a Finding>> = HashMap::new();
    for report in input.base {
        for finding in report.findings.iter().rev() {
            left.entry((report.path.as_str(), finding.fingerprint.as_str())).or_default().push(finding);
        }
    }
    let mut items: Vec<Item<'a>> = Vec::new();
    for report in input.head {
        let diff = input.diff(&report.path);
        let added = diff.map(FileDiff::added).unwrap_or_default();
        let base_path = diff.map_or(&*report.path, FileDiff::base_path);
        let start = items.len();
        items.extend(report.findings.iter().map(|finding| {
            let known = left.get_mut(&(base_path.as_str(), finding.fingerprint.as_str())).and_then(Vec::pop);
            let (first, last) = report.source.lines_of(finding.span);
            let changed = added.meets(LineRange::new(first, last));
            Item { finding, report, introduced: known.is_none(), changed }
        }));
        if let (Some(_), Some(own)) = (diff, items.get_mut(start..)) {
            settle_twins(own);
        }
    }
    follow_moves(input, &mut items, &mut left);

    let mut delta = Delta { fixed: left.into_values().flatten().collect(), ..Delta::default() };
    delta.fixed.sort_by(|a, b| (&a.path, a.span, a.rule).cmp(&(&b.path, b.span, b.rule)));
    let mut own: HashMap<&str, bool> = HashMap::new();
    for item in items {
        let path = &item.report.path;
        let own = *own.entry(path.as_str()).or_insert_with(|| input.is_own(path));
        let wanted = item.introduced
            || own
                && match input.settings.report {
                    ReportMode::Introduced => false,
                    ReportMode::ChangedLines => item.changed,
                    ReportMode::All => true,
                };
        if wanted {
            delta.reported.push(item);
        } else {
            delta.existing += usize::from(own && is_dockerfile(path));
            delta.quiet.push(item);
        }
    }
    delta.reported.sort_by(|a, b| order(a).cmp(&order(b)));
    delta
}

/// Worst first, then by file and place.
pub(super) fn order<'a>(item: &Item<'a>) -> impl Ord + use<'a> {
    let finding = item.finding;
    (std::cmp::Reverse(finding.level), &item.report.path, finding.span, finding.rule, &finding.fingerprint)
}

/// A copy of an instruction above the old one takes over its fingerprint (they differ only by their
/// occurrence), so the old one looks new. The diff knows which of the two was added.
fn settle_twins(items: &mut [Item<'_>]) {
    if items.iter().all(|item| !item.introduced) {
        return;
    }
    let key = |item: &Item<'_>| {
        let text = item.report.source.slice(item.finding.span).to_owned();
        (item.finding.rule, item.finding.message.clone(), text)
    };
    let mut added_but_known: HashMap<_, Vec<usize>> = HashMap::new();
    for (index, item) in items.iter().enumerate().rev() {
        if !item.introduced && item.changed {
            added_but_known.entry(key(item)).or_default().push(index);
        }
    }
    for index in 0..items.len() {
        let Some(item) = items.get(index) else { continue };
        if !item.introduced || item.changed {
            continue;
        }
        if let Some(twin) = added_but_known.get_mut(&key(item)).and_then(Vec::pop) {
            if let Some(twin) = items.get_mut(twin) {
                twin.introduced = true;
            }
            if let Some(item) = items.get_mut(index) {
                item.introduced = false;
            }
        }
    }
}

/// A Dockerfile that was deleted under one name and added under another, too different for git to call it
/// a rename, still brings no finding that was there before.
fn follow_moves<'a>(
    input: &Input<'a>,
    items: &mut [Item<'a>],
    left: &mut HashMap<(&'a str, &'a str), Vec<&'a Finding>>,
) {
    let head: HashSet<&str> = input.head.iter().map(|report| report.path.as_str()).collect();
    let continued: HashSet<&str> =
        input.diffs.iter().filter_map(|d| d.base_path.as_deref()).map(camino::Utf8Path::as_str).collect();
    let base: HashSet<&str> = input.base.iter().map(|report| report.path.as_str()).collect();
    let gone: Vec<&'a str> = input
        .base
        .iter()
        .map(|report| report.path.as_str())
        .filter(|path| !head.contains(path) && !continued.contains(path))
        .collect();
    for item in items.iter_mut().filter(|item| item.introduced && !base.contains(item.report.path.as_str())) {
        let print = item.finding.fingerprint.as_str();
        if gone.iter().any(|path| left.get_mut(&(*path, print)).and_then(Vec::pop).is_some()) {
            item.introduced = false;
        }
    }
}
