//! The fixes that a person asks for, as whole files: composed, proven together, ready to be committed.

use super::delta::{self, Item};
use super::draft::{target, target_text};
use super::input::Input;
use super::marker::{self, Marker};
use super::reconcile;
use super::{same, visible_and_quiet};
use crate::rules::{Finding, Fix, Safety};
use crate::text::{Composition, Source, apply};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// The most fixes that are tried one by one in a file, each with a proof.
const MAX_TRIES: usize = 60;
/// GitHub lets no token of a workflow change these files.
const WORKFLOWS: &str = ".github/workflows";

/// Which fixes are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// All safe ones of the findings that the review reports; what people ignore stays as it is.
    Safe,
    /// Those of a thread, safe or not: who asks for them there has read what to check.
    Thread {
        /// The file that the thread is on.
        path: &'a str,
        /// What the thread's marker says.
        marker: &'a Marker,
    },
}

/// A fix that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The rule.
    pub rule: &'static str,
    /// What is done.
    pub title: String,
}

/// A file that fixes change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedFile {
    /// Its path in the head.
    pub path: Utf8PathBuf,
    /// Its new text.
    pub text: String,
    /// What was fixed in it, the worst first.
    pub made: Vec<Made>,
}

/// The outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fixes {
    /// Files with their new texts, by path.
    pub files: Vec<FixedFile>,
    /// Number of findings that are there of those that are wanted, with a fix or without.
    pub found: usize,
    /// Rules of findings whose fix does not go together with the ones made.
    pub left: Vec<&'static str>,
    /// Rules of findings whose fix is for a workflow.
    pub in_workflows: Vec<&'static str>,
}

/// Makes the fixes that are asked for. Each is proven by itself already; those of one file are proven together
/// once more, else one after the other, and what does not hold is left out.
pub fn fixes(input: &Input<'_>, wanted: Wanted<'_>) -> Fixes {
    let delta = delta::compare(input);
    let (visible, quiet) = visible_and_quiet(input, &delta);
    let mut out = Fixes::default();
    let mut by_file: BTreeMap<&Utf8Path, Vec<(Item<'_>, &Fix)>> = BTreeMap::new();
    let items: Vec<Item<'_>> = match wanted {
        Wanted::Safe => {
            let history = reconcile::reconcile(input, &visible, &quiet);
            let is_ignored = |item: &Item<'_>| history.ignored.iter().any(|(other, _)| same(item, other));
            visible.into_iter().filter(|item| !is_ignored(item)).collect()
        }
        Wanted::Thread { path, marker } => visible
            .into_iter()
            .filter(|item| {
                let print = marker::clean(&item.finding.fingerprint);
                marker.fingerprints.contains(&print)
                    && reconcile::paths(input, item).iter().any(|own| *own == path)
            })
            .collect(),
    };
    out.found = items.len();
    for item in items {
        let Some(fix) = &item.finding.fix else { continue };
        if matches!(wanted, Wanted::Safe) && fix.safety != Safety::Safe {
            continue;
        }
        let path = target(&item, fix);
        if path.starts_with(WORKFLOWS) {
            out.in_workflows.push(item.finding.rule);
        } else {
            by_file.entry(path).or_default().push((item, fix));
        }
    }
    for (path, fixes) in by_file {
        let Some(source) = fixes.first().and_then(|(item, fix)| target_text(input, item, fix)) else {
            out.left.extend(fixes.iter().map(|(item, _)| item.finding.rule));
            continue;
        };
        let (text, made) = together(input, path, &source, &fixes)
            .unwrap_or_else(|| one_by_one(input, path, &source, &fixes));
        let is_made = |place: usize| made.contains(&place);
        out.left.extend(
            fixes
                .iter()
                .enumerate()
                .filter(|(place, _)| !is_made(*place))
                .map(|(_, (item, _))| item.finding.rule),
        );
        if text == source.text() {
            continue;
        }
        let made = fixes.iter().enumerate().filter(|(place, _)| is_made(*place));
        let made = made.map(|(_, (item, fix))| Made { rule: item.finding.rule, title: fix.title.clone() });
        out.files.push(FixedFile { path: path.to_owned(), text, made: made.collect() });
    }
    out
}

/// All fixes that do not collide, where they hold together; with their places in the list.
fn together(
    input: &Input<'_>,
    path: &Utf8Path,
    source: &Source,
    fixes: &[(Item<'_>, &Fix)],
) -> Option<(String, Vec<usize>)> {
    let mut edits = Composition::default();
    let made: Vec<usize> = fixes
        .iter()
        .enumerate()
        .filter(|(_, (_, fix))| edits.add(&fix.edits))
        .map(|(place, _)| place)
        .collect();
    let text = apply(source.text(), edits.edits()).ok()?;
    sound(input, path, &text, fixes, &made).then_some((text, made))
}

fn one_by_one(
    input: &Input<'_>,
    path: &Utf8Path,
    source: &Source,
    fixes: &[(Item<'_>, &Fix)],
) -> (String, Vec<usize>) {
    let mut edits = Composition::default();
    let mut text = source.text().to_owned();
    let mut made: Vec<usize> = Vec::new();
    for (place, (_, fix)) in fixes.iter().enumerate().take(MAX_TRIES) {
        let mut trial = edits.clone();
        if !trial.add(&fix.edits) {
            continue;
        }
        let Ok(changed) = apply(source.text(), trial.edits()) else { continue };
        made.push(place);
        if sound(input, path, &changed, fixes, &made) {
            (edits, text) = (trial, changed);
        } else {
            made.pop();
        }
    }
    (text, made)
}

fn sound(input: &Input<'_>, path: &Utf8Path, text: &str, fixes: &[(Item<'_>, &Fix)], made: &[usize]) -> bool {
    let findings: Vec<&Finding> =
        made.iter().filter_map(|place| fixes.get(*place)).map(|(item, _)| item.finding).collect();
    // A single fix is proven already.
    findings.len() < 2 || input.reprove.is_none_or(|reprove| reprove(path, text, &findings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Level;
    use crate::lint::FileReport;
    use crate::review::tests::{finding, report};
    use crate::review::{FileDiff, Talk};
    use crate::text::Edit;
    use std::cell::Cell;

    const TEXT: &str = "FROM a\nRUN one\nRUN two\nRUN three\n";

    fn at(needle: &str) -> u32 {
        TEXT.find(needle).unwrap() as u32
    }

    /// Findings whose fixes put a letter before the instruction.
    fn reports() -> Vec<FileReport> {
        let of = |rule, needle, fix| Finding { fix, ..finding(TEXT, rule, Level::Warning, needle, "m") };
        vec![report(
            "Dockerfile",
            TEXT,
            vec![
                of("x-one", "RUN one", Some(Fix::safe("One", vec![Edit::insert(at("RUN one"), "A")]))),
                of("x-two", "RUN two\n", Some(Fix::confirm("Two", vec![Edit::insert(at("RUN two"), "B")]))),
                of(
                    "x-three",
                    "RUN three",
                    Some(Fix::safe("Three", vec![Edit::insert(at("RUN three"), "C")])),
                ),
                of("x-bare", "FROM a", None),
                of(
                    "x-flow",
                    "a\nRUN",
                    Some(Fix::safe("Flow", vec![Edit::insert(0, "D")]).in_file(".github/workflows/ci.yml")),
                ),
            ],
        )]
    }

    fn made(fixes: &Fixes) -> Vec<(&str, &str, Vec<&str>)> {
        fixes
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.text.as_str(), file.made.iter().map(|m| m.rule).collect()))
            .collect()
    }

    #[test]
    fn safe_ones_together() {
        let head = reports();
        let diffs = [FileDiff::from_texts("Dockerfile", "", TEXT)];
        let input = Input::new("head", &[], &head, &diffs);
        let all = fixes(&input, Wanted::Safe);
        assert_eq!(
            made(&all),
            [("Dockerfile", "FROM a\nARUN one\nRUN two\nCRUN three\n", vec!["x-one", "x-three"])]
        );
        assert_eq!((all.found, all.left.len(), all.in_workflows.as_slice()), (5, 0, &["x-flow"][..]));
    }

    #[test]
    fn what_does_not_hold_together_is_left_out() {
        let head = reports();
        let diffs = [FileDiff::from_texts("Dockerfile", "", TEXT)];
        let proofs = Cell::new(0);
        let reprove = |path: &Utf8Path, text: &str, findings: &[&Finding]| {
            proofs.set(proofs.get() + 1);
            assert!(path == "Dockerfile" && findings.len() == 2 && text.contains("ARUN one"));
            false
        };
        let input = Input { reprove: Some(&reprove), ..Input::new("head", &[], &head, &diffs) };
        let part = fixes(&input, Wanted::Safe);
        assert_eq!(made(&part), [("Dockerfile", "FROM a\nARUN one\nRUN two\nRUN three\n", vec!["x-one"])]);
        assert_eq!((part.left.as_slice(), proofs.get()), (&["x-three"][..], 2));
        // Two changes of the same bytes.
        let mut head = reports();
        let clash = vec![Edit::replace(head[0].findings[0].span, "X")];
        head[0].findings[0].fix = Some(Fix::safe("One", clash.clone()));
        head[0].findings[2].fix = Some(Fix::safe("Three", vec![Edit::replace(clash[0].span, "Y")]));
        let part = fixes(&Input::new("head", &[], &head, &diffs), Wanted::Safe);
        assert_eq!((part.left.len(), part.files[0].made.len()), (1, 1));
    }

    #[test]
    fn a_thread_is_its_own_findings_safe_or_not() {
        let head = reports();
        let diffs = [FileDiff::from_texts("Dockerfile", "", TEXT)];
        let input = Input::new("head", &[], &head, &diffs);
        let marker = Marker {
            fingerprints: vec![head[0].findings[1].fingerprint.clone(), "gone".to_owned()],
            ..Marker::default()
        };
        let of = |path| fixes(&input, Wanted::Thread { path, marker: &marker });
        assert_eq!(
            made(&of("Dockerfile")),
            [("Dockerfile", "FROM a\nRUN one\nBRUN two\nRUN three\n", vec!["x-two"])]
        );
        assert_eq!(of("other/Dockerfile"), Fixes::default());
    }

    #[test]
    fn what_people_ignore_is_not_changed() {
        let head = reports();
        let diffs = [FileDiff::from_texts("Dockerfile", "", TEXT)];
        let answer = Marker {
            ignored_by: Some("mona".to_owned()),
            ignored_rules: vec!["x-one".to_owned(), "x-flow".to_owned()],
            ..Marker::default()
        };
        let talk = Talk { answers: vec![answer.line()], ..Talk::default() };
        let all = fixes(&Input { talk: &talk, ..Input::new("head", &[], &head, &diffs) }, Wanted::Safe);
        assert_eq!(made(&all).iter().map(|file| file.2.clone()).collect::<Vec<_>>(), [vec!["x-three"]]);
        assert!(all.in_workflows.is_empty());
    }
}
