//! Rules about the repository as a whole: findings in workflows, scripts and other files around Dockerfiles.

use super::prove::{applied, count, judge, within};
use super::suppress::LineIgnores;
use super::{FileReport, Settings, Silenced, Step, soften};
use crate::config::{RuleSetting, nests_too_deep};
use crate::dockerfile::parse;
use crate::facts::{DockerfileText, RepositoryFacts};
use crate::repository::project::Project;
use crate::repository::{Overlay, Remembered, Tree};
use crate::rules::{self, Check, Finding, Related, Report, Rule, Safety};
use crate::text::{Composition, Source, apply};
use camino::{Utf8Path, Utf8PathBuf};
use fnv::FnvHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher as _;

/// How often a repository is read again to prove fixes; the fixes beyond are withheld.
const MAX_PROOFS: usize = 12;
/// See [`fix_repository`]; each round removes at least one finding.
const MAX_ROUNDS: usize = 20;

/// A Dockerfile of the repository: its path, relative to the root of the tree, and its text.
pub type Named = (Utf8PathBuf, Source);

/// Runs the rules about the repository around some Dockerfiles: one report for each file with findings, in order of
/// path. Every fix that is offered has been proven.
pub fn lint_repository(files: &[Named], tree: &dyn Tree, settings: &Settings) -> Vec<FileReport> {
    // Every proof asks the tree the same questions again.
    let tree = Remembered::new(tree);
    let project = project_of(files, &tree);
    lint_repository_in(files, &tree, &project, settings)
}

/// [`lint_repository`], with the project around these Dockerfiles, which other rules have read too.
pub fn lint_repository_in(
    files: &[Named],
    tree: &dyn Tree,
    project: &Project,
    settings: &Settings,
) -> Vec<FileReport> {
    if files.is_empty() || !wanted(settings).any(|_| true) {
        return Vec::new();
    }
    let tree = Remembered::new(tree);
    let mut found = examine(files, &tree, project, settings);
    prove(&mut found, files, &tree, settings);
    reports(found, files, &tree)
}

/// The rules that run, each with how.
fn wanted(settings: &Settings) -> impl Iterator<Item = (&'static Rule, RuleSetting)> {
    rules::all()
        .filter(|rule| matches!(rule.check, Check::Repository(_)))
        .map(|rule| (rule, settings.setting(rule)))
        .filter(|(_, setting)| *setting != RuleSetting::Off)
}

/// What the rules say, and what ignore comments silenced, by file.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<Finding>,
    silenced: BTreeMap<Utf8PathBuf, Vec<Silenced>>,
    overruled: BTreeMap<Utf8PathBuf, usize>,
    withheld: Vec<(Utf8PathBuf, &'static str, String)>,
}

fn project_of(files: &[Named], tree: &dyn Tree) -> Project {
    let paths: Vec<Utf8PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    Project::read(tree, &paths)
}

fn examine(files: &[Named], tree: &dyn Tree, project: &Project, settings: &Settings) -> Found {
    let texts: Vec<DockerfileText> =
        files.iter().map(|(path, source)| DockerfileText::new(path, source.clone())).collect();
    let facts = RepositoryFacts::new(&texts, tree, project, settings.today, &settings.config.images);
    let mut ignores: HashMap<Utf8PathBuf, LineIgnores> = HashMap::new();
    let mut found = Found::default();
    for (rule, setting) in wanted(settings) {
        let Check::Repository(check) = rule.check else { continue };
        // Rules name the file themselves; without any Dockerfile nothing runs.
        let mut report = Report::new(rule, Utf8PathBuf::new());
        check(&facts, &mut report);
        for mut finding in report.into_findings() {
            if let RuleSetting::At(level) = setting {
                finding.level = level;
            }
            if let Some(file) = facts.file(&finding.path)
                && !soften(&mut finding, file)
            {
                continue;
            }
            let comments = ignores.entry(finding.path.clone()).or_insert_with(|| {
                let text = text_of(&finding.path, files, tree);
                text.map(|source| LineIgnores::of(&source, settings.today)).unwrap_or_default()
            });
            match comments.cover(&finding) {
                Some(comment) if settings.config.allow_inline_ignore => {
                    let silenced = Silenced { rule: finding.rule, comment };
                    found.silenced.entry(finding.path).or_default().push(silenced);
                }
                comment => {
                    if comment.is_some() {
                        *found.overruled.entry(finding.path.clone()).or_default() += 1;
                    }
                    found.findings.push(finding);
                }
            }
        }
    }
    fold(&mut found.findings);
    found
}

/// Two rules with the same remedy: the findings of the first become notes of a finding of the second.
const FOLDED: [(&str, &str); 1] = [("digest-pin-unattended", "updates-not-automated")];

/// One comment for what is mended in one place.
fn fold(findings: &mut Vec<Finding>) {
    for (rule, into) in FOLDED {
        if findings.iter().all(|finding| finding.rule != into) {
            continue;
        }
        let (folded, mut kept): (Vec<Finding>, Vec<Finding>) =
            std::mem::take(findings).into_iter().partition(|finding| finding.rule == rule);
        if let Some(target) = kept.iter_mut().find(|finding| finding.rule == into) {
            for finding in folded {
                target.related.push(Related {
                    path: Some(finding.path),
                    span: finding.span,
                    message: finding.message,
                });
            }
        }
        *findings = kept;
    }
}

/// The text of a file: of a Dockerfile as it was given, of others as the tree has it.
fn text_of(path: &Utf8Path, files: &[Named], tree: &dyn Tree) -> Option<Source> {
    let given = files.iter().find(|(own, _)| own == path).map(|(_, source)| source.clone());
    given.or_else(|| tree.read(path).found().map(Source::new))
}

/// Takes every fix away that cannot be proven; the advice stays as prose.
fn prove(found: &mut Found, files: &[Named], tree: &dyn Tree, settings: &Settings) {
    let before = count(&found.findings);
    let mut left = MAX_PROOFS;
    for index in 0..found.findings.len() {
        let Some(fix) = found.findings.get_mut(index).and_then(|finding| finding.fix.take()) else {
            continue;
        };
        let Some(finding) = found.findings.get(index) else { continue };
        let path = fix.path.clone().unwrap_or_else(|| finding.path.clone());
        let verdict = if left == 0 {
            Err("the repository has too many fixes to prove them all".to_owned())
        } else {
            left -= 1;
            text_of(&path, files, tree)
                .ok_or_else(|| format!("`{path}` cannot be read"))
                .and_then(|source| applied(source.text(), &fix.edits))
                .and_then(|text| consequences(&path, &text, files, tree, settings))
                .and_then(|after| judge(finding.rule, &before, &after))
        };
        match verdict {
            Ok(()) => {
                if let Some(finding) = found.findings.get_mut(index) {
                    finding.fix = Some(fix);
                }
            }
            Err(reason) => found.withheld.push((path, finding.rule, reason)),
        }
    }
}

/// Findings by rule after one file got another text, or why it must not get it.
fn consequences(
    path: &Utf8Path,
    text: &str,
    files: &[Named],
    tree: &dyn Tree,
    settings: &Settings,
) -> Result<BTreeMap<&'static str, usize>, String> {
    let old = text_of(path, files, tree).ok_or_else(|| format!("`{path}` cannot be read"))?;
    if is_broken(path, text) && !is_broken(path, old.text()) {
        return Err("the changed file does not parse".to_owned());
    }
    let mut overlay = Overlay::new(tree);
    overlay.replace(path, text);
    let files: Vec<Named> = files
        .iter()
        .map(|(own, source)| (own.clone(), if own == path { Source::new(text) } else { source.clone() }))
        .collect();
    if files.iter().any(|(own, _)| own == path) {
        let project = Project::read(tree, &[path.to_owned()]);
        let findings = |source: &Source| count(&super::findings(path, source, tree, &project, settings));
        if !within(&findings(&Source::new(text)), &findings(&old)) {
            return Err("the change would bring a finding in the Dockerfile".to_owned());
        }
    }
    let project = project_of(&files, &overlay);
    Ok(count(&examine(&files, &overlay, &project, settings).findings))
}

/// Whether a file whose kind is known by its name cannot be read as such.
fn is_broken(path: &Utf8Path, text: &str) -> bool {
    match path.extension() {
        Some("yml" | "yaml") if nests_too_deep(text) => true,
        Some("yml" | "yaml") => serde_yaml::from_str::<serde_yaml::Value>(text).is_err(),
        Some("json") => serde_json::from_str::<serde_json::Value>(text).is_err(),
        _ if crate::repository::is_dockerfile(path) => !parse(&Source::new(text)).errors.is_empty(),
        _ => false,
    }
}

fn reports(found: Found, files: &[Named], tree: &dyn Tree) -> Vec<FileReport> {
    let Found { findings, silenced, overruled, withheld } = found;
    let mut by_path: BTreeMap<Utf8PathBuf, FileReport> = BTreeMap::new();
    let empty = |path: &Utf8Path| Some(FileReport::new(path, text_of(path, files, tree)?));
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut findings = findings;
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.span.start, std::cmp::Reverse(f.level), f.span.end);
        (&a.path, key(a), a.rule).cmp(&(&b.path, key(b), b.rule))
    });
    for mut finding in findings {
        if !by_path.contains_key(&finding.path) {
            let Some(report) = empty(&finding.path) else { continue };
            by_path.insert(finding.path.clone(), report);
        }
        let Some(report) = by_path.get_mut(&finding.path) else { continue };
        finding.fingerprint = fingerprint(&finding, &report.source, &mut seen);
        report.findings.push(finding);
    }
    for (path, comments) in silenced {
        if !by_path.contains_key(&path) {
            let Some(report) = empty(&path) else { continue };
            by_path.insert(path.clone(), report);
        }
        if let Some(report) = by_path.get_mut(&path) {
            report.suppressed = comments.len();
            report.silenced = comments;
        }
    }
    for (path, number) in overruled {
        if let Some(report) = by_path.get_mut(&path) {
            report.overruled = number;
        }
    }
    for (path, rule, reason) in withheld {
        if let Some(report) = by_path.get_mut(&path) {
            report.withheld.push((rule, reason));
        }
    }
    by_path.into_values().collect()
}

/// Rule, file, subject (the line where the rule names none), number among equals.
fn fingerprint(finding: &Finding, source: &Source, seen: &mut HashMap<String, usize>) -> String {
    let subject = finding.subject.clone().unwrap_or_else(|| {
        let (first, _) = source.lines_of(finding.span);
        let line = source.text().lines().nth(first.saturating_sub(1) as usize).unwrap_or("");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let key = format!("{}\u{1f}{}\u{1f}{subject}", finding.rule, finding.path);
    let number = seen.entry(key.clone()).or_default();
    let mut hasher = FnvHasher::default();
    hasher.write(key.as_bytes());
    hasher.write(&(*number as u64).to_le_bytes());
    *number += 1;
    format!("{:016x}", hasher.finish())
}

/// Applies every proven fix about the repository until nothing changes any more. Fixes that must be confirmed are
/// applied only when `confirm` is set. Gives the new texts of the files that change, the fixes that were applied, and
/// what is still found.
pub fn fix_repository(
    files: &[Named],
    tree: &dyn Tree,
    settings: &Settings,
    confirm: bool,
) -> (BTreeMap<Utf8PathBuf, String>, Vec<Step>, Vec<FileReport>) {
    let mut changed: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    let mut steps = Vec::new();
    let mut rounds = 0;
    loop {
        let mut overlay = Overlay::new(tree);
        for (path, text) in &changed {
            overlay.replace(path, text.as_str());
        }
        let current: Vec<Named> = files
            .iter()
            .map(|(path, source)| {
                let new = changed.get(path).map(|text| Source::new(text.as_str()));
                (path.clone(), new.unwrap_or_else(|| source.clone()))
            })
            .collect();
        let found = lint_repository(&current, &overlay, settings);
        let next = next(&found, &current, &overlay, settings, confirm).filter(|_| rounds < MAX_ROUNDS);
        let Some((path, text, findings)) = next else { return (changed, steps, found) };
        for finding in findings {
            let report = found.iter().find(|report| report.path == finding.path);
            let Some(source) = report.map(|report| report.source.clone()) else { continue };
            steps.push(Step { finding, target: path.clone(), source });
        }
        changed.insert(path, text);
        rounds += 1;
    }
}

/// The fixes of one file that go together, or the first one alone when they do not.
fn next(
    found: &[FileReport],
    files: &[Named],
    tree: &dyn Tree,
    settings: &Settings,
    confirm: bool,
) -> Option<(Utf8PathBuf, String, Vec<Finding>)> {
    let offers: Vec<_> = found
        .iter()
        .flat_map(|report| &report.findings)
        .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
        .filter(|(_, fix)| confirm || fix.safety == Safety::Safe)
        .map(|(finding, fix)| (finding, fix, fix.path.clone().unwrap_or_else(|| finding.path.clone())))
        .collect();
    let (finding, first, target) = offers.first()?;
    let original = text_of(target, files, tree)?;
    let mut together = Composition::default();
    let mut taken = Vec::new();
    for (finding, fix, _) in offers.iter().filter(|(_, _, path)| path == target) {
        if together.add(&fix.edits) {
            taken.push(*finding);
        }
    }
    if let Ok(text) = apply(original.text(), together.edits())
        && (taken.len() == 1 || reprove_repository(found, target, &text, &taken, files, tree, settings))
    {
        return Some((target.clone(), text, taken.into_iter().cloned().collect()));
    }
    Some((target.clone(), apply(original.text(), &first.edits).ok()?, vec![(*finding).clone()]))
}

/// Whether a text that came out of the fixes of several findings at once is as good as each fix alone.
pub fn reprove_repository(
    found: &[FileReport],
    path: &Utf8Path,
    text: &str,
    fixed: &[&Finding],
    files: &[Named],
    tree: &dyn Tree,
    settings: &Settings,
) -> bool {
    let mut allowed: BTreeMap<&'static str, usize> = BTreeMap::new();
    for finding in found.iter().flat_map(|report| &report.findings) {
        *allowed.entry(finding.rule).or_default() += 1;
    }
    for finding in fixed {
        if let Some(n) = allowed.get_mut(finding.rule) {
            *n = n.saturating_sub(1);
        }
    }
    consequences(path, text, files, tree, settings).is_ok_and(|after| within(&after, &allowed))
}
