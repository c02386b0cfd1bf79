//! A fix is shown only after it has been applied in memory, parsed and linted again.

use super::{FileReport, Read, Settings, examine};
use crate::dockerfile::parse;
use crate::repository::{Lookup, Overlay, Tree};
use crate::rules::{self, Chapter, Finding, Fix, Safety};
use crate::text::{Edit, Source, apply};
use camino::Utf8Path;
use std::collections::{BTreeMap, BTreeSet};

/// How many bytes all proofs of one file may read again together. Each proof lints the whole file, so a file
/// of 1 MiB gets two proofs and one of 20 kB as many as it has findings.
const MAX_PROOF_BYTES: usize = 2 * 1024 * 1024;

/// Takes every fix away that cannot be proven; the advice stays as prose.
pub(super) fn prove_all(report: &mut FileReport, read: &Read, tree: &dyn Tree, settings: &Settings) {
    let before = count(&report.findings);
    let together = prove_writing(report, &before, read, tree, settings);
    let budget = MAX_PROOF_BYTES / report.source.text().len().max(1);
    // The worst first: on a huge file they get the proofs.
    let mut order: Vec<usize> =
        (0..report.findings.len()).filter(|index| !together.contains(index)).collect();
    order.sort_by_key(|index| std::cmp::Reverse(report.findings[*index].level));
    let mut proofs = 0;
    // Two rules may ask for the very same change: one look tells about both.
    let mut last: Option<(Fix, Consequences)> = None;
    for index in order {
        let Some(fix) = report.findings[index].fix.take() else { continue };
        let rule = report.findings[index].rule;
        proofs += 1;
        if proofs > budget {
            report.withheld.push((rule, "the file is too large to prove more fixes".to_owned()));
            continue;
        }
        let after = match last.take() {
            Some((other, after)) if other.path == fix.path && other.edits == fix.edits => after,
            _ => consequences(report, &fix, read, tree, settings),
        };
        match after.as_ref().map_err(Clone::clone).and_then(|after| judge(rule, &before, after)) {
            Ok(()) => report.findings[index].fix = Some(fix.clone()),
            Err(reason) => report.withheld.push((rule, reason)),
        }
        last = Some((fix, after));
    }
}

/// Proves fixes that change nothing but the writing with one look at the file in which all of them are applied;
/// gives the findings whose fixes are proven. There may be one per instruction, and none can hide what another
/// one brings. When something is wrong, each is looked at alone.
fn prove_writing(
    report: &FileReport,
    before: &BTreeMap<&'static str, usize>,
    read: &Read,
    tree: &dyn Tree,
    settings: &Settings,
) -> BTreeSet<usize> {
    let mut candidates: Vec<(usize, &Fix)> =
        report.findings.iter().enumerate().filter_map(|(index, f)| Some((index, writing(f)?))).collect();
    candidates.sort_by_key(|(_, fix)| fix.edits.iter().map(|edit| edit.span.start).min());
    let mut chosen = BTreeSet::new();
    let mut allowed = before.clone();
    let mut edits: Vec<Edit> = Vec::new();
    let mut end = None;
    for (index, fix) in candidates {
        let start = fix.edits.iter().map(|edit| edit.span.start).min();
        // Fixes that meet are looked at alone.
        if start.is_none() || start <= end {
            continue;
        }
        end = fix.edits.iter().map(|edit| edit.span.end).max();
        edits.extend(fix.edits.iter().cloned());
        chosen.insert(index);
        if let Some(n) = report.findings.get(index).and_then(|finding| allowed.get_mut(finding.rule)) {
            *n = n.saturating_sub(1);
        }
    }
    if chosen.len() < 2 {
        return BTreeSet::new();
    }
    let fix = Fix::safe("", edits);
    match consequences(report, &fix, read, tree, settings) {
        Ok(after) if after.iter().all(|(rule, n)| *n <= allowed.get(rule).copied().unwrap_or(0)) => chosen,
        _ => BTreeSet::new(),
    }
}

/// The fix of a finding where it changes nothing but the writing of this file.
fn writing(finding: &Finding) -> Option<&Fix> {
    let fix = finding.fix.as_ref().filter(|fix| fix.safety == Safety::Safe && fix.path.is_none())?;
    rules::find(finding.rule).filter(|rule| rule.chapter == Chapter::Style).map(|_| fix)
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
    read: &Read,
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
fn judge(
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

fn applied(text: &str, edits: &[Edit]) -> Result<String, String> {
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
    let after = if *path == report.path {
        let changed = Read::new(&Source::new(text));
        if changed.errors() > parse(&report.source).errors.len() {
            return false;
        }
        examine(&report.path, &changed, tree, settings, false)
    } else {
        let mut overlay = Overlay::new(tree);
        overlay.replace(path, text);
        examine(&report.path, &Read::new(&report.source), &overlay, settings, false)
    };
    let mut allowed = count(&report.findings);
    for finding in fixed {
        if let Some(n) = allowed.get_mut(finding.rule) {
            *n = n.saturating_sub(1);
        }
    }
    count(&after.findings).iter().all(|(rule, n)| *n <= allowed.get(rule).copied().unwrap_or(0))
}
