//! What a change does to the Dockerfiles it touches: both sides linted, and planned as a review.

use crate::cli::configuration;
use crate::config::{Config, Level, ReportScope, Suggestions};
use crate::dockerfile::{parse, stages};
use crate::lint::{self, FileReport, Named};
use crate::repository::project::Project;
use crate::repository::{Tree, is_dockerfile};
use crate::review::{FileDiff, Input, LineRange, Plan, ReportMode, Settings, Talk, plan};
use crate::rules::{self, Finding, Safety};
use crate::text::{Source, Span};
use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::Date;

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
    pub(super) diffs: Vec<FileDiff>,
    /// The head commit, or a name for it.
    pub(super) commit: String,
    pub(super) talk: &'a Talk,
}

/// How to review.
pub(super) struct Options {
    pub(super) config: Config,
    pub(super) today: Date,
}

const PLACE: &str = "the base of the change";

/// Reads the configuration from the base: what a change brings must not switch rules off for itself.
///
/// # Errors
/// When the configuration is broken, or a file that is named is not there.
pub(super) fn config(base: &dyn Tree, named: Option<&Utf8Path>) -> anyhow::Result<Config> {
    configuration::read(base, named, PLACE)
}

/// Whether everything that the configuration names has been read.
///
/// # Errors
/// When a file of it cannot be read.
pub(super) fn complete(config: &Config) -> anyhow::Result<()> {
    configuration::complete(config, PLACE)
}

/// Lints both sides and plans the review.
pub(super) fn review(change: &Change<'_>, options: &Options) -> Plan {
    let settings = lint::Settings { config: options.config.clone(), ..lint::Settings::new(options.today) };
    let excluded = |path: &Utf8Path| options.config.exclude.matches(path);
    let (mut base, mut head) = (Vec::new(), Vec::new());
    let paths = |side: &dyn Fn(&Changed) -> Option<&Utf8PathBuf>| -> Vec<Utf8PathBuf> {
        change.files.iter().filter_map(side).filter(|path| is_dockerfile(path)).cloned().collect()
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
        if let Some(path) = file.head.as_deref().filter(|path| !excluded(path))
            && let Some(report) = lint_at(change.head, path, &of_head, &settings)
        {
            head.push(report);
            // The base counts only beside a head: a deleted Dockerfile is not a fixed one.
            if let Some(path) = file.base.as_deref()
                && let Some(report) = lint_at(change.base, path, &of_base, &settings)
            {
                base.push(report);
            }
        }
    }
    let (base_files, head_files) = (named(&base), named(&head));
    let around = lint::lint_repository_in(&head_files, change.head, &of_head, &settings);
    add_all(&mut base, lint::lint_repository_in(&base_files, change.base, &of_base, &settings));
    add_all(&mut head, around.clone());
    let review = &options.config.review;
    if review.suggestions != Suggestions::All {
        for finding in base.iter_mut().chain(&mut head).flat_map(|report| &mut report.findings) {
            let keep =
                |fix: &rules::Fix| review.suggestions == Suggestions::Safe && fix.safety == Safety::Safe;
            finding.fix = finding.fix.take().filter(keep);
        }
    }
    let texts = |path: &Utf8Path| change.head.read(path).found().map(Source::new);
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
    plan(&Input {
        talk: change.talk,
        settings: Settings {
            report: match options.config.report {
                ReportScope::Introduced => ReportMode::Introduced,
                ReportScope::ChangedLines => ReportMode::ChangedLines,
                ReportScope::All => ReportMode::All,
            },
            inline_level: review.inline_level.unwrap_or(Level::Warning),
            max_comments: review.max_comments,
            suggestions: review.suggestions != Suggestions::None,
            resolve_fixed: review.resolve_fixed,
        },
        causes: Some(&causes),
        texts: Some(&texts),
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
            }
            None => reports.push(around),
        }
    }
}

/// Whether a finding came out of [`lint::lint_repository`].
fn is_about_repository(finding: &Finding) -> bool {
    rules::find(finding.rule).is_some_and(|rule| matches!(rule.check, rules::Check::Repository(_)))
}

fn lint_at(
    tree: &dyn Tree,
    path: &Utf8Path,
    project: &Project,
    settings: &lint::Settings,
) -> Option<FileReport> {
    let text = tree.read(path).found()?;
    Some(lint::lint_in(path, &Source::new(text), tree, project, settings))
}

/// Where the cause of a finding may have changed: its instruction, then its stage.
fn causes(report: &FileReport, finding: &Finding) -> Vec<LineRange> {
    if !is_dockerfile(&report.path) {
        return Vec::new();
    }
    let file = parse(&report.source);
    let lines = |span: Span| {
        let (first, last) = report.source.lines_of(span);
        LineRange::new(first, last)
    };
    let at = finding.span.start;
    let instruction = file.instruction_at(at).map(|i| i.body);
    let stage = stages(&file).into_iter().rev().find_map(|stage| {
        let instructions = file.instructions.get(stage.instructions)?;
        let span = instructions.first()?.span.cover(instructions.last()?.span);
        (span.start <= at).then_some(span)
    });
    instruction.into_iter().chain(stage).map(lines).collect()
}
