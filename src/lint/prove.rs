//! A fix is shown only after it has been applied in memory, parsed and linted again.

use super::{FileReport, Read, Settings, examine};
use crate::dockerfile::parse;
use crate::repository::{Lookup, Overlay, Project, Tree};
use crate::rules::{self, Chapter, Finding, Fix, Safety};
use crate::text::{Edit, Source, apply};
use camino::Utf8Path;
use fnv::FnvHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};

/// How often a file is read again for its proofs, at most. With more fixes than that several are looked at
/// together, so that the cost grows with the size of the file and not with its square.
const MAX_PROOFS: usize = 8;

/// How many bytes all proofs of one file may read again together: a file of 256 KiB gets eight.
const MAX_PROOF_BYTES: usize = 2 * 1024 * 1024;

/// A file with more bytes is not read again at all: twice in memory it would be too much.
const MAX_PROVEN_BYTES: usize = 512 * 1024;

/// A change that one or more findings ask for.
struct Change {
    fix: Fix,
    /// Indices of the findings, each with what its rule calls the change.
    findings: Vec<(usize, String)>,
}

impl Change {
    /// The fix as the rule of one of the findings offers it.
    fn titled(&self, title: &str) -> Fix {
        Fix { title: title.to_owned(), ..self.fix.clone() }
    }
}

/// Takes every fix away that cannot be proven; the advice stays as prose.
pub(super) fn prove_all(report: &mut FileReport, read: &Read<'_>, tree: &dyn Tree, settings: &Settings) {
    let before = count(&report.findings);
    let changes = take_changes(report);
    let bytes = report.source.text().len();
    let mut left =
        if bytes > MAX_PROVEN_BYTES { 0 } else { (MAX_PROOF_BYTES / bytes.max(1)).clamp(2, MAX_PROOFS) };
    let mut groups = groups(report, &changes, left);
    while let Some(group) = groups.pop_front() {
        let (group, meeting) = apart(group, &changes);
        if !meeting.is_empty() {
            groups.push_back(meeting);
        }
        let members = || group.iter().filter_map(|index| changes.get(*index));
        if left == 0 {
            for (finding, _) in members().flat_map(|change| &change.findings) {
                let rule = report.findings[*finding].rule;
                report.withheld.push((rule, "the file has too many fixes to prove them all".to_owned()));
            }
            continue;
        }
        left -= 1;
        if let [only] = group.as_slice() {
            let Some(change) = changes.get(*only) else { continue };
            let after = consequences(report, &change.fix, read, tree, settings);
            for (finding, title) in &change.findings {
                let rule = report.findings[*finding].rule;
                match after.as_ref().map_err(Clone::clone).and_then(|after| judge(rule, &before, after)) {
                    Ok(()) => report.findings[*finding].fix = Some(change.titled(title)),
                    Err(reason) => report.withheld.push((rule, reason)),
                }
            }
            continue;
        }
        let edits = members().flat_map(|change| change.fix.edits.iter().cloned()).collect();
        let mut allowed = before.clone();
        for change in members() {
            let rules: BTreeSet<_> =
                change.findings.iter().map(|(index, _)| report.findings[*index].rule).collect();
            for rule in rules {
                allowed.entry(rule).and_modify(|n| *n = n.saturating_sub(1));
            }
        }
        let after = consequences(report, &Fix::safe("", edits), read, tree, settings);
        if after.is_ok_and(|after| within(&after, &allowed)) {
            for change in members() {
                for (finding, title) in &change.findings {
                    report.findings[*finding].fix = Some(change.titled(title));
                }
            }
        } else {
            // One of them is wrong.
            let (first, second) = group.split_at(group.len() / 2);
            groups.extend([first.to_vec(), second.to_vec()]);
        }
    }
}

/// Takes the fixes out of the findings, the worst first; what several findings ask for is one change.
fn take_changes(report: &mut FileReport) -> Vec<Change> {
    let mut order: Vec<usize> = (0..report.findings.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(report.findings[*index].level));
    let mut changes: Vec<Change> = Vec::new();
    let mut known: HashMap<u64, usize> = HashMap::new();
    for index in order {
        let Some(fix) = report.findings[index].fix.take() else { continue };
        let mut hasher = FnvHasher::default();
        (&fix.path, &fix.edits).hash(&mut hasher);
        let same = known.get(&hasher.finish()).and_then(|at| changes.get_mut(*at));
        let same = same.filter(|change| {
            let other = &change.fix;
            other.safety == fix.safety && other.path == fix.path && other.edits == fix.edits
        });
        if let Some(change) = same {
            change.findings.push((index, fix.title));
        } else {
            known.insert(hasher.finish(), changes.len());
            let title = fix.title.clone();
            changes.push(Change { fix, findings: vec![(index, title)] });
        }
    }
    changes
}

/// Which changes are looked at together. What changes nothing but the writing of this file: all at once, for
/// there may be one per instruction, and none can hide what another one brings. Everything else: each alone, as
/// long as `proofs` suffice.
fn groups(report: &FileReport, changes: &[Change], proofs: usize) -> VecDeque<Vec<usize>> {
    let is_writing = |change: &Change| {
        let style = |(index, _): &(usize, String)| {
            let rule = report.findings.get(*index).and_then(|finding| rules::find(finding.rule));
            rule.is_some_and(|rule| rule.chapter == Chapter::Style)
        };
        change.fix.safety == Safety::Safe && may_join(&change.fix) && change.findings.iter().all(style)
    };
    let (writing, others): (Vec<usize>, Vec<usize>) =
        (0..changes.len()).partition(|index| changes.get(*index).is_some_and(is_writing));
    let mut groups = VecDeque::new();
    let others = alike(report, changes, others);
    if others.len() + usize::from(!writing.is_empty()) <= proofs {
        groups.extend(others);
    } else {
        let others: Vec<usize> = others.into_iter().flatten().collect();
        let (own, elsewhere): (Vec<usize>, Vec<usize>) = others
            .into_iter()
            .partition(|index| changes.get(*index).is_some_and(|change| may_join(&change.fix)));
        groups.extend(elsewhere.into_iter().map(|index| vec![index]));
        // Half of the proofs stay for groups that have to be split. What stands side by side is looked at apart.
        let number = (proofs / 2).max(1);
        let mut own = own;
        own.sort_by_key(|index| changes.get(*index).map(|change| start(&change.fix)));
        groups.extend((0..number).map(|first| own.iter().copied().skip(first).step_by(number).collect()));
    }
    groups.push_front(writing);
    groups.retain(|group: &Vec<usize>| !group.is_empty());
    groups
}

/// Safe changes for the same rule are looked at together: that their findings are gone, all of them, can be counted.
fn alike(report: &FileReport, changes: &[Change], all: Vec<usize>) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Option<&'static str>, Vec<usize>)> = Vec::new();
    for index in all {
        let rule = changes.get(index).and_then(|change| {
            let (finding, _) = change.findings.first().filter(|_| change.findings.len() == 1)?;
            let joins = change.fix.safety == Safety::Safe && may_join(&change.fix);
            joins.then(|| report.findings.get(*finding).map(|finding| finding.rule)).flatten()
        });
        match groups.iter_mut().find(|(own, _)| rule.is_some() && *own == rule) {
            Some((_, group)) => group.push(index),
            None => groups.push((rule, vec![index])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Whether a change can be looked at together with others.
fn may_join(fix: &Fix) -> bool {
    fix.path.is_none() && !fix.edits.is_empty()
}

fn start(fix: &Fix) -> Option<u32> {
    fix.edits.iter().map(|edit| edit.span.start).min()
}

/// A group without those of its changes that meet others of it, and those.
fn apart(mut group: Vec<usize>, changes: &[Change]) -> (Vec<usize>, Vec<usize>) {
    if group.len() < 2 {
        return (group, Vec::new());
    }
    group.sort_by_key(|index| changes.get(*index).map(|change| start(&change.fix)));
    let mut end = None;
    group.into_iter().partition(|index| {
        let Some(change) = changes.get(*index) else { return false };
        let first = start(&change.fix);
        let free = first.is_some() && first > end;
        if free {
            end = change.fix.edits.iter().map(|edit| edit.span.end).max();
        }
        free
    })
}

pub(super) fn within(after: &BTreeMap<&'static str, usize>, allowed: &BTreeMap<&'static str, usize>) -> bool {
    after.iter().all(|(rule, n)| *n <= allowed.get(rule).copied().unwrap_or(0))
}

/// Findings by rule after a change, or why there is none.
type Consequences = Result<BTreeMap<&'static str, usize>, String>;

/// Findings by rule.
pub(super) fn count(findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    let mut out = BTreeMap::new();
    for finding in findings {
        *out.entry(finding.rule).or_default() += 1;
    }
    out
}

/// Applies a fix and lints again.
fn consequences(
    report: &FileReport,
    fix: &Fix,
    read: &Read<'_>,
    tree: &dyn Tree,
    settings: &Settings,
) -> Consequences {
    if fix.edits.is_empty() {
        return Err("the fix has no edits".to_owned());
    }
    let after = match &fix.path {
        Some(path) if *path != report.path => {
            let Lookup::Found(text) = tree.read(path) else {
                return Err(format!("`{path}` cannot be read"));
            };
            let changed = applied(&text, &fix.edits)?;
            let mut overlay = Overlay::new(tree);
            overlay.replace(path, changed);
            examine(&report.path, read, &overlay, settings, false)
        }
        _ => {
            let changed = Source::new(applied(report.source.text(), &fix.edits)?);
            let same = fix.edits.iter().map(|edit| edit.span.start).min().unwrap_or(0);
            let changed = read.again(&changed, same);
            if changed.errors() > read.errors() {
                return Err("the changed file does not parse".to_owned());
            }
            examine(&report.path, &changed, tree, settings, false)
        }
    };
    Ok(count(&after.findings))
}

/// Whether the finding of a rule is gone and nothing new is there.
pub(super) fn judge(
    rule: &str,
    before: &BTreeMap<&'static str, usize>,
    after: &BTreeMap<&'static str, usize>,
) -> Result<(), String> {
    for (other, n) in after {
        if *n > before.get(other).copied().unwrap_or(0) {
            return Err(format!("the change would bring a finding of `{other}`"));
        }
    }
    if after.get(rule).copied().unwrap_or(0) >= before.get(rule).copied().unwrap_or(0) {
        return Err("the finding would still be there".to_owned());
    }
    Ok(())
}

pub(super) fn applied(text: &str, edits: &[Edit]) -> Result<String, String> {
    let changed = apply(text, edits).map_err(|error| error.to_string())?;
    if changed == text { Err("the edits change nothing".to_owned()) } else { Ok(changed) }
}

/// Whether a text that came out of the fixes of several findings at once is as good as each fix alone: it
/// parses, every one of these findings is gone, and no rule reports more than before.
pub fn reprove(
    report: &FileReport,
    path: &Utf8Path,
    text: &str,
    fixed: &[&Finding],
    tree: &dyn Tree,
    settings: &Settings,
) -> bool {
    let project = Project::read(tree, std::slice::from_ref(&report.path));
    let after = if *path == report.path {
        let changed = Read::new(&Source::new(text), &project);
        if changed.errors() > parse(&report.source).errors.len() {
            return false;
        }
        examine(&report.path, &changed, tree, settings, false)
    } else {
        let mut overlay = Overlay::new(tree);
        overlay.replace(path, text);
        examine(&report.path, &Read::new(&report.source, &project), &overlay, settings, false)
    };
    let mut allowed = count(&report.findings);
    for finding in fixed {
        if let Some(n) = allowed.get_mut(finding.rule) {
            *n = n.saturating_sub(1);
        }
    }
    within(&count(&after.findings), &allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::lint;
    use crate::repository::MemoryTree;
    use std::fmt::Write as _;

    /// Lints a text, and proves each fix that is offered once more, alone and from the start.
    fn offered(text: &str) -> FileReport {
        let (path, tree) = (Utf8Path::new("Dockerfile"), MemoryTree::complete());
        let settings = Settings::new(jiff::civil::date(2026, 11, 24));
        let report = lint(path, &Source::new(text), &tree, &settings);
        for finding in report.findings.iter().filter(|finding| finding.fix.is_some()) {
            let changed = apply(text, &finding.fix.as_ref().unwrap().edits).unwrap();
            assert!(reprove(&report, path, &changed, &[finding], &tree, &settings), "{finding:?}");
        }
        report
    }

    #[test]
    fn more_fixes_than_proofs_are_looked_at_together() {
        let mut text = "FROM debian:13-slim\n".to_owned();
        for index in 0..50 {
            let _ = write!(text, "RUN apt-get update && apt-get install -y a{index}\nENV A{index} x\n");
        }
        let report = offered(&(text + "USER 1000\nCMD [\"a\"]\n"));
        for rule in ["package-cache-left", "recommended-packages", "legacy-key-value"] {
            let fixes = report.findings.iter().filter(|f| f.rule == rule && f.fix.is_some()).count();
            assert_eq!(fixes, 50, "{rule}: {:?}", report.withheld);
        }
    }

    #[test]
    fn a_wrong_one_in_a_group_does_not_take_the_others_along() {
        let mut text = "FROM debian:13-slim\n".to_owned();
        for index in 0..10 {
            let _ =
                writeln!(text, "RUN apt-get update && apt-get install -y --no-install-recommends a{index}");
        }
        let (tree, settings) = (MemoryTree::complete(), Settings::new(jiff::civil::date(2026, 11, 24)));
        let project = Project::default();
        let read = Read::new(&Source::new(text), &project);
        let mut report = examine(Utf8Path::new("Dockerfile"), &read, &tree, &settings, true);
        let caches: Vec<usize> = (0..report.findings.len())
            .filter(|index| report.findings[*index].rule == "package-cache-left")
            .collect();
        assert!(caches.len() > MAX_PROOFS);
        let wrong = caches[4];
        report.findings[wrong].fix.as_mut().unwrap().edits[0].text.push_str("\nNONSENSE");
        prove_all(&mut report, &read, &tree, &settings);
        for index in caches {
            assert_eq!(report.findings[index].fix.is_none(), index == wrong, "{:?}", report.withheld);
        }
        assert_eq!(report.withheld.len(), 1);
    }
}
