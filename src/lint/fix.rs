//! All fixes together, to a fixed point.

use super::{FileReport, Settings, lint, prove::reprove};
use crate::repository::{Lookup, Overlay, Tree};
use crate::rules::{Finding, Safety};
use crate::text::{Composition, Source, apply};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// Rounds after which fixing stops; each round removes at least one finding, and fixes of fixes are rare.
const MAX_ROUNDS: usize = 20;

/// What fixing a Dockerfile gives.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// New texts by path, only of files that change.
    pub files: BTreeMap<Utf8PathBuf, String>,
    /// Number of fixes applied.
    pub applied: usize,
    /// What was applied, in order; as many as `applied`.
    pub steps: Vec<Step>,
    /// What is still found afterwards.
    pub report: FileReport,
}

/// One fix that was applied.
#[derive(Debug, Clone)]
pub struct Step {
    /// The finding with its fix, as it was when the fix was applied: after the steps before it.
    pub finding: Finding,
    /// The file that was changed.
    pub target: Utf8PathBuf,
    /// The text of the finding's file then.
    pub source: Source,
}

/// Applies every proven fix until nothing changes any more. Fixes that must be confirmed are applied only
/// when `confirm` is set.
pub fn fix(path: &Utf8Path, source: &Source, tree: &dyn Tree, settings: &Settings, confirm: bool) -> Fixed {
    let mut files: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    let mut steps = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let overlay = overlay(tree, &files);
        let current = files.get(path).map_or_else(|| source.clone(), |text| Source::new(text.as_str()));
        let report = lint(path, &current, &overlay, settings);
        let changed = round(&report, &overlay, settings, confirm);
        let Some((target, text, findings)) = changed else {
            return Fixed { files, applied: steps.len(), steps, report };
        };
        let step = |finding| Step { finding, target: target.clone(), source: report.source.clone() };
        steps.extend(findings.into_iter().map(step));
        files.insert(target, text);
    }
    let overlay = overlay(tree, &files);
    let current = files.get(path).map_or_else(|| source.clone(), |text| Source::new(text.as_str()));
    let report = lint(path, &current, &overlay, settings);
    Fixed { files, applied: steps.len(), steps, report }
}

fn overlay<'a>(tree: &'a dyn Tree, files: &BTreeMap<Utf8PathBuf, String>) -> Overlay<'a> {
    let mut overlay = Overlay::new(tree);
    for (path, text) in files {
        overlay.replace(path, text.as_str());
    }
    overlay
}

/// One round: the fixes of one file that go together, or the first one alone when they do not.
fn round(
    report: &FileReport,
    tree: &dyn Tree,
    settings: &Settings,
    confirm: bool,
) -> Option<(Utf8PathBuf, String, Vec<Finding>)> {
    let fixes: Vec<_> = report
        .findings
        .iter()
        .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
        .filter(|(_, fix)| confirm || fix.safety == Safety::Safe)
        .collect();
    let target = fixes.first()?.1.path.clone().unwrap_or_else(|| report.path.clone());
    let original = if target == report.path {
        report.source.shared()
    } else {
        let Lookup::Found(text) = tree.read(&target) else { return None };
        text
    };
    let same_file = |path: &Option<Utf8PathBuf>| path.as_ref().unwrap_or(&report.path) == &target;
    let mut together = Composition::default();
    let mut taken = Vec::new();
    for (finding, fix) in fixes.iter().filter(|(_, fix)| same_file(&fix.path)) {
        if together.add(&fix.edits) {
            taken.push(*finding);
        }
    }
    if let Ok(text) = apply(&original, together.edits())
        && (taken.len() == 1 || reprove(report, &target, &text, &taken, tree, settings))
    {
        return Some((target, text, taken.into_iter().cloned().collect()));
    }
    let (finding, fix) = fixes.first()?;
    Some((target, apply(&original, &fix.edits).ok()?, vec![(*finding).clone()]))
}
