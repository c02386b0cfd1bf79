//! What a change does to the Dockerfiles it touches: both sides linted, and planned as a review.

use crate::cli::configuration::{self, Chosen};
use crate::config::{Level, ReportScope, Suggestions};
use crate::dockerfile::{parse, stages};
use crate::facts::{Bodies, FileFacts};
use crate::lint::{self, FileReport, Named};
use crate::repository::project::Project;
use crate::repository::{Related, Tree, is_dockerfile, related};
use crate::review::{
    FileDiff, Fixes, Input, LineRange, Plan, ReportMode, Settings, Talk, Wanted, fixes, plan, shapes,
};
use crate::rules::{self, Finding, Safety};
use crate::text::{Source, Span};
use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::HashMap;

/// The largest Dockerfile that is reviewed, in bytes: an image has 127 layers, no hand writes more than this.
const MAX_DOCKERFILE_BYTES: usize = 1024 * 1024;
/// The most bytes of all Dockerfiles of one side together.
const MAX_TOGETHER_BYTES: usize = 16 * 1024 * 1024;

/// A changed file.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    /// Its path in the head; `None` where it is deleted.
    pub(super) head: Option<Utf8PathBuf>,
    /// Its path in the base; `None` where it is new.
    pub(super) base: Option<Utf8PathBuf>,
}

/// A change between two revisions.
pub(super) struct Change<'a> {
    pub(super) base: &'a dyn Tree,
    pub(super) head: &'a dyn Tree,
    pub(super) files: Vec<Changed>,
    /// Dockerfiles that the change does not touch but may concern; see [`around`].
    pub(super) around: Vec<Utf8PathBuf>,
    pub(super) diffs: Vec<FileDiff>,
    /// The head commit, or a name for it.
    pub(super) commit: String,
    pub(super) talk: &'a Talk,
    /// All paths that the change touches, Dockerfiles or not, in the base and in the head.
    pub(super) touched: Vec<Utf8PathBuf>,
    /// What was left out so far, and why.
    pub(super) notes: Vec<String>,
}

/// How to review.
pub(super) struct Options {
    pub(super) chosen: Chosen,
    pub(super) today: Date,
}

const PLACE: &str = "the base of the change";

/// Reads the configuration from the base: what a change brings must not switch rules off for itself.
///
/// # Errors
/// When the configuration is broken, or a file that is named is not there.
pub(super) fn config(base: &dyn Tree, named: Option<&Utf8Path>) -> anyhow::Result<Chosen> {
    configuration::read(base, named, PLACE)
}

/// Whether everything that the configuration names has been read.
///
/// # Errors
/// When a file of it cannot be read.
pub(super) fn complete(chosen: &Chosen) -> anyhow::Result<()> {
    configuration::complete(chosen, PLACE)
}

/// The Dockerfiles that changed files (by all their paths) may concern without being among them, as both sides see it.
pub(super) fn around(base: &dyn Tree, head: &dyn Tree, changed: &[Utf8PathBuf]) -> Related {
    let mut found = related(head, changed);
    // What built an image may be gone in the head.
    let before = related(base, changed);
    found.left_out = found.left_out.max(before.left_out);
    for path in before.dockerfiles {
        if !found.dockerfiles.contains(&path) {
            found.dockerfiles.push(path);
        }
    }
    found
}

/// What to say of [`around`] where it did not take all.
pub(super) fn note_of(around: &Related) -> Option<String> {
    let more = around.left_out;
    let all = around.dockerfiles.len() + more;
    (more > 0).then(|| {
        format!(
            "The change may concern {all} Dockerfiles that it does not touch; the nearest {} are looked at.",
            all - more
        )
    })
}

/// Lints both sides and plans the review.
pub(super) fn review(change: &Change<'_>, options: &Options) -> Plan {
    with_input(change, options, plan)
}

/// Lints both sides and makes fixes.
pub(super) fn fix(change: &Change<'_>, options: &Options, wanted: Wanted<'_>) -> Fixes {
    with_input(change, options, |input| fixes(input, wanted))
}

/// Lints both sides, and does something with all of it.
fn with_input<T>(change: &Change<'_>, options: &Options, what: impl FnOnce(&Input<'_>) -> T) -> T {
    let config = &options.chosen.config;
    let settings = lint::Settings { config: config.clone(), ..lint::Settings::new(options.today) };
    let excluded = |path: &Utf8Path| config.exclude.matches(path);
    let mut notes = change.notes.clone();
    let own = options.chosen.files.iter().filter(|file| change.touched.contains(file));
    notes.extend(
        own.map(|file| {
            format!("The pull request changes `{file}`: it counts from the next pull request on.")
        }),
    );
    let mut left = MAX_TOGETHER_BYTES;
    let (mut base, mut head) = (Vec::new(), Vec::new());
    let paths = |side: &dyn Fn(&Changed) -> Option<&Utf8PathBuf>| -> Vec<Utf8PathBuf> {
        let changed = change.files.iter().filter_map(side).filter(|path| is_dockerfile(path));
        changed.chain(&change.around).cloned().collect()
    };
    // Without a Dockerfile nothing is asked of the trees, which may have to fetch it.
    let project = |tree: &dyn Tree, paths: Vec<Utf8PathBuf>| {
        if paths.is_empty() { Project::default() } else { Project::read(tree, &paths) }
    };
    let of_base = project(change.base, paths(&|file| file.base.as_ref()));
    let of_head = project(change.head, paths(&|file| file.head.as_ref()));
    for file in &change.files {
        let dockerfile = file.head.as_deref().or(file.base.as_deref()).is_some_and(is_dockerfile);
        if !dockerfile {
            continue;
        }
        let Some(path) = file.head.as_deref().filter(|path| !excluded(path)) else { continue };
        let Some(source) = text_at(change.head, path) else { continue };
        let bytes = source.text().len();
        if bytes > left.min(MAX_DOCKERFILE_BYTES) {
            let why = if bytes > MAX_DOCKERFILE_BYTES {
                format!("a Dockerfile may have {MAX_DOCKERFILE_BYTES}")
            } else {
                format!("all Dockerfiles together may have {MAX_TOGETHER_BYTES}")
            };
            notes.push(format!("`{path}` has {bytes} bytes, {why}: it is not reviewed."));
            continue;
        }
        left -= bytes;
        head.push(lint::lint_in(path, &source, change.head, &of_head, &settings));
        // The base counts only beside a head: a deleted Dockerfile is not a fixed one.
        if let Some(path) = file.base.as_deref()
            && let Some(source) = text_at(change.base, path)
        {
            if source.text().len() > MAX_DOCKERFILE_BYTES {
                notes.push(format!("`{path}` is too large in the base: all its findings count as new."));
                continue;
            }
            base.push(lint::lint_in(path, &source, change.base, &of_base, &settings));
        }
    }
    // Only both together tell what is new in a file that is the same on both sides.
    for path in change.around.iter().filter(|path| !excluded(path)) {
        let (Some(old), Some(new)) = (text_at(change.base, path), text_at(change.head, path)) else {
            continue;
        };
        let bytes = old.text().len().max(new.text().len());
        if bytes > left.min(MAX_DOCKERFILE_BYTES) {
            continue;
        }
        left -= bytes;
        base.push(lint::lint_in(path, &old, change.base, &of_base, &settings));
        let new = lint::lint_in(path, &new, change.head, &of_head, &settings);
        // What comments silence in it and which fixes fail there has nothing to do with the change.
        head.push(FileReport {
            suppressed: 0,
            silenced: Vec::new(),
            overruled: 0,
            withheld: Vec::new(),
            ..new
        });
    }
    let (base_files, head_files) = (named(&base), named(&head));
    let around = lint::lint_repository_in(&head_files, change.head, &of_head, &settings);
    add_all(&mut base, lint::lint_repository_in(&base_files, change.base, &of_base, &settings));
    add_all(&mut head, around.clone());
    let review = &config.review;
    if review.suggestions != Suggestions::All {
        for finding in base.iter_mut().chain(&mut head).flat_map(|report| &mut report.findings) {
            let keep =
                |fix: &rules::Fix| review.suggestions == Suggestions::Safe && fix.safety == Safety::Safe;
            finding.fix = finding.fix.take().filter(keep);
        }
    }
    let texts = |path: &Utf8Path| change.head.read(path).found().map(Source::new);
    let stages = |report: &FileReport| {
        let file = parse(&report.source);
        let bodies = Bodies::read(&file);
        let images = &config.images;
        let (path, today) = (&report.path, options.today);
        shapes(&FileFacts::with_project(path, &file, &bodies, change.head, today, images, Some(&of_head)))
    };
    let reprove = |path: &Utf8Path, text: &str, findings: &[&Finding]| {
        let (of_repository, of_file): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| is_about_repository(finding));
        let owner = of_file.first().and_then(|f| head.iter().find(|report| report.path == f.path));
        let sound = of_file.is_empty()
            || owner.is_some_and(|report| {
                let report = FileReport {
                    findings: report.findings.iter().filter(|f| !is_about_repository(f)).cloned().collect(),
                    ..report.clone()
                };
                lint::reprove(&report, path, text, &of_file, change.head, &settings)
            });
        sound
            && (of_repository.is_empty()
                || lint::reprove_repository(
                    &around,
                    path,
                    text,
                    &of_repository,
                    &head_files,
                    change.head,
                    &settings,
                ))
    };
    let causes = Causes::default();
    what(&Input {
        talk: change.talk,
        around: &change.around,
        settings: Settings {
            report: match config.report {
                ReportScope::Introduced => ReportMode::Introduced,
                ReportScope::ChangedLines => ReportMode::ChangedLines,
                ReportScope::All => ReportMode::All,
            },
            inline_level: review.inline_level.unwrap_or(Level::Warning),
            max_comments: review.max_comments,
            suggestions: review.suggestions != Suggestions::None,
            resolve_fixed: review.resolve_fixed,
        },
        notes: &notes,
        causes: Some(&|report: &FileReport, finding: &Finding| causes.of(report, finding)),
        texts: Some(&texts),
        stages: Some(&stages),
        reprove: Some(&reprove),
        ..Input::new(&change.commit, &base, &head, &change.diffs)
    })
}

/// The Dockerfiles of reports.
fn named(reports: &[FileReport]) -> Vec<Named> {
    reports.iter().map(|report| (report.path.clone(), report.source.clone())).collect()
}

/// Adds findings about the repository: those in a Dockerfile to its report.
fn add_all(reports: &mut Vec<FileReport>, more: Vec<FileReport>) {
    for around in more {
        match reports.iter_mut().find(|report| report.path == around.path) {
            Some(report) => {
                report.findings.extend(around.findings);
                report
                    .findings
                    .sort_by_key(|f| (f.span.start, std::cmp::Reverse(f.level), f.span.end, f.rule));
                report.suppressed += around.suppressed;
                report.silenced.extend(around.silenced);
                report.overruled += around.overruled;
            }
            None => reports.push(around),
        }
    }
}

/// Whether a finding came out of [`lint::lint_repository`].
fn is_about_repository(finding: &Finding) -> bool {
    rules::find(finding.rule).is_some_and(|rule| matches!(rule.check, rules::Check::Repository(_)))
}

fn text_at(tree: &dyn Tree, path: &Utf8Path) -> Option<Source> {
    Some(Source::new(tree.read(path).found()?))
}

/// The lines of each instruction of a file, and those of each stage; both in order.
#[derive(Debug, Default)]
struct Outline {
    instructions: Vec<LineRange>,
    stages: Vec<LineRange>,
}

/// Where the causes of findings may have changed. Each file is read once for all its findings.
#[derive(Debug, Default)]
struct Causes(RefCell<HashMap<Utf8PathBuf, Outline>>);

impl Causes {
    /// The finding's instruction, then its stage.
    fn of(&self, report: &FileReport, finding: &Finding) -> Vec<LineRange> {
        if !is_dockerfile(&report.path) {
            return Vec::new();
        }
        let mut known = self.0.borrow_mut();
        if !known.contains_key(&report.path) {
            known.insert(report.path.clone(), Outline::read(&report.source));
        }
        let Some(outline) = known.get(&report.path) else { return Vec::new() };
        let line = report.source.line_of(finding.span.start);
        // The last one that begins at or before the line.
        let before = |list: &[LineRange]| {
            list.partition_point(|range| range.first <= line)
                .checked_sub(1)
                .and_then(|at| list.get(at))
                .copied()
        };
        let instruction = before(&outline.instructions).filter(|range| line <= range.last);
        instruction.into_iter().chain(before(&outline.stages)).collect()
    }
}

impl Outline {
    fn read(source: &Source) -> Self {
        let file = parse(source);
        let lines = |span: Span| {
            let (first, last) = source.lines_of(span);
            LineRange::new(first, last)
        };
        let stages = stages(&file).into_iter().filter_map(|stage| {
            let instructions = file.instructions.get(stage.instructions)?;
            Some(lines(instructions.first()?.span.cover(instructions.last()?.span)))
        });
        Self {
            stages: stages.collect(),
            instructions: file.instructions.iter().map(|i| lines(i.body)).collect(),
        }
    }
}
