//! Runs rules, honours ignore comments, proves fixes.

mod audit;
mod fingerprint;
mod fix;
mod model;
mod prove;
mod repository;
mod suppress;

pub use audit::{Applied, Audit, FixedFile, Unread, audit, audit_sources, fixes};
pub use fix::{Fixed, Step, fix};
pub use model::{FileReport, Silenced};
pub use prove::reprove;
pub use repository::{Named, fix_repository, lint_repository, lint_repository_in, reprove_repository};

use crate::config::{Config, RuleSetting};
use crate::dockerfile::{Dockerfile, parse};
use crate::facts::{Bodies, FileFacts};
use crate::repository::{Project, Remembered, Tree};
use crate::rules::{self, Check, Default as RuleDefault, Finding, Report, Rule};
use crate::text::Source;
use camino::Utf8Path;
use jiff::civil::Date;
use suppress::Suppressions;

/// How to lint.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The date that end-of-life dates and expiring ignores are compared with.
    pub today: Date,
    /// Run only these rules (ids), also ones that are off; empty: all that are on.
    pub only: Vec<String>,
    /// Levels of rules and more.
    pub config: Config,
}

impl Settings {
    /// Everything as it is by default.
    pub fn new(today: Date) -> Self {
        Self { today, only: Vec::new(), config: Config::default() }
    }

    /// How a rule runs: `--rule` goes before the configuration, which goes before the rule's default.
    fn setting(&self, rule: &Rule) -> RuleSetting {
        let configured = self.config.setting(rule.id, rule.aliases);
        if !self.only.is_empty() {
            return match configured {
                _ if !self.only.iter().any(|id| id == rule.id) => RuleSetting::Off,
                Some(RuleSetting::At(level)) => RuleSetting::At(level),
                _ => RuleSetting::On,
            };
        }
        configured.unwrap_or(if rule.default == RuleDefault::On { RuleSetting::On } else { RuleSetting::Off })
    }
}

/// Lints one Dockerfile; every fix that is offered has been proven.
///
/// `path` is relative to the root of `tree`; the text is `source`, whatever the tree says.
pub fn lint(path: &Utf8Path, source: &Source, tree: &dyn Tree, settings: &Settings) -> FileReport {
    // Every proof asks the tree the same questions again.
    let tree = Remembered::new(tree);
    let project = Project::read(&tree, &[path.to_owned()]);
    lint_remembered(path, source, &tree, &project, settings)
}

/// [`lint`], with what builds and runs the images of the tree: for many Dockerfiles it is read once
/// ([`Project::read`]).
pub fn lint_in(
    path: &Utf8Path,
    source: &Source,
    tree: &dyn Tree,
    project: &Project,
    settings: &Settings,
) -> FileReport {
    lint_remembered(path, source, &Remembered::new(tree), project, settings)
}

fn lint_remembered(
    path: &Utf8Path,
    source: &Source,
    tree: &dyn Tree,
    project: &Project,
    settings: &Settings,
) -> FileReport {
    let read = Read::new(source, project);
    let mut report = examine(path, &read, tree, settings, true);
    prove::prove_all(&mut report, &read, tree, settings);
    report
}

/// What the rules say of a text, without proofs.
fn findings(
    path: &Utf8Path,
    source: &Source,
    tree: &dyn Tree,
    project: &Project,
    settings: &Settings,
) -> Vec<Finding> {
    examine(path, &Read::new(source, project), tree, settings, false).findings
}

/// A file with its shell texts, and what builds it: what stays the same in all proofs.
struct Read<'p> {
    file: Dockerfile,
    bodies: Bodies,
    project: &'p Project,
}

impl<'p> Read<'p> {
    fn new(source: &Source, project: &'p Project) -> Self {
        let file = parse(source);
        let bodies = Bodies::read(&file);
        Self { file, bodies, project }
    }

    /// Reads a text that is the same up to the byte `same`.
    fn again(&self, source: &Source, same: u32) -> Self {
        let file = parse(source);
        let bodies = Bodies::read_again(&file, &self.file, &self.bodies, same);
        Self { file, bodies, project: self.project }
    }

    fn errors(&self) -> usize {
        self.file.errors.len()
    }
}

/// Runs the rules without proving fixes. A proof only counts: it needs no order and no fingerprints.
fn examine(
    path: &Utf8Path,
    read: &Read<'_>,
    tree: &dyn Tree,
    settings: &Settings,
    named: bool,
) -> FileReport {
    let (images, project) = (&settings.config.images, Some(read.project));
    let mut facts =
        FileFacts::with_project(path, &read.file, &read.bodies, tree, settings.today, images, project);
    facts.options = &settings.config.options;
    let suppressions = Suppressions::of(&read.file, settings.today);
    let mut findings = Vec::new();
    let mut silenced = Vec::new();
    let mut overruled = 0;
    for rule in rules::all() {
        let setting = settings.setting(rule);
        if setting == RuleSetting::Off || matches!(rule.check, Check::Ignores(_)) {
            continue;
        }
        for mut finding in run(rule, &facts) {
            if let RuleSetting::At(level) = setting {
                finding.level = level;
            }
            if !soften(&mut finding, &facts) {
                continue;
            }
            match suppressions.cover(&finding) {
                Some(comment) if settings.config.allow_inline_ignore => {
                    silenced.push(Silenced { rule: finding.rule, comment });
                }
                comment => {
                    overruled += usize::from(comment.is_some());
                    findings.push(finding);
                }
            }
        }
    }
    // Only now is it known what the comments silenced.
    if facts.dockerfile.errors.is_empty() {
        for rule in rules::all() {
            let Check::Ignores(check) = rule.check else { continue };
            let setting = settings.setting(rule);
            let comments = suppressions.comments(|rule| settings.setting(rule) != RuleSetting::Off);
            if setting == RuleSetting::Off || comments.is_empty() {
                continue;
            }
            let mut report = Report::new(rule, path.to_owned());
            check(&facts, &comments, &mut report);
            for mut finding in report.into_findings() {
                if let RuleSetting::At(level) = setting {
                    finding.level = level;
                }
                findings.push(finding);
            }
        }
    }
    if named {
        findings.sort_by_key(|f| (f.span.start, std::cmp::Reverse(f.level), f.span.end, f.rule));
        fingerprint::assign(&mut findings, &facts);
    }
    FileReport {
        findings,
        suppressed: silenced.len(),
        silenced,
        overruled,
        ..FileReport::new(path, read.file.source.clone())
    }
}

fn run(rule: &'static Rule, facts: &FileFacts<'_>) -> Vec<Finding> {
    let mut report = Report::new(rule, facts.path.to_owned());
    match rule.check {
        Check::File(check) => check(facts, &mut report),
        Check::Stage(check) => {
            for stage in &facts.stages {
                check(facts, stage, &mut report);
            }
        }
        Check::Instruction(check) => {
            for stage in &facts.stages {
                for instruction in &stage.instructions {
                    check(facts, stage, instruction, &mut report);
                }
            }
        }
        // They run in `lint_repository` and at the end of `examine`.
        Check::Repository(_) | Check::Ignores(_) => {}
    }
    report.into_findings()
}

/// Lowers the level in files and stages for development and tests; false where nothing is left to say.
fn soften(finding: &mut Finding, facts: &FileFacts<'_>) -> bool {
    let dev = facts.dev || facts.stage_at(finding.span.start).is_some_and(|stage| stage.dev);
    if !dev {
        return true;
    }
    let Some(level) = finding.level.lowered() else { return false };
    finding.level = level;
    finding.fix = None;
    true
}
