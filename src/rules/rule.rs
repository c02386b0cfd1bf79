//! What a rule is, and how one is declared.

use super::{Finding, Fix, IgnoreComment, Related};
use crate::config::Level;
use crate::facts::{FileFacts, InstructionFacts, RepositoryFacts, StageFacts};
use crate::text::Span;
use camino::Utf8PathBuf;

/// The six chapters of packaging as a process, and style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chapter {
    /// Make it run.
    Build,
    /// Make it secure.
    Security,
    /// Automate it.
    Automation,
    /// Make it operable and debuggable.
    Operation,
    /// Make it reproducible.
    Reproducibility,
    /// Make it fast and small.
    Efficiency,
    /// Reading only.
    Style,
}

impl Chapter {
    /// All chapters in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Build,
        Self::Security,
        Self::Automation,
        Self::Operation,
        Self::Reproducibility,
        Self::Efficiency,
        Self::Style,
    ];

    /// The name in reports, documentation and folder names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Security => "security",
            Self::Automation => "automation",
            Self::Operation => "operation",
            Self::Reproducibility => "reproducibility",
            Self::Efficiency => "efficiency",
            Self::Style => "style",
        }
    }
}

/// Whether a rule runs without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It runs.
    On,
    /// It runs when the configuration or `--rule` names it.
    Off,
    /// It needs configuration to say anything.
    OptIn,
}

impl Default {
    /// The name in `rules --format json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::OptIn => "opt-in",
        }
    }
}

/// The least a rule must read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One instruction and what is effective there.
    Instruction,
    /// One stage.
    Stage,
    /// The whole file.
    File,
    /// Files around the Dockerfile.
    Repository,
}

impl Scope {
    /// The name in `rules --format json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::Stage => "stage",
            Self::File => "file",
            Self::Repository => "repository",
        }
    }
}

/// The best kind of fix a rule offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixKind {
    /// One click; the image behaves the same.
    Safe,
    /// One click; the author must check something.
    Confirm,
    /// Advice in prose.
    Text,
    /// The finding only.
    None,
}

impl FixKind {
    /// The name in `rules --format json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Confirm => "confirm",
            Self::Text => "text",
            Self::None => "none",
        }
    }
}

/// The function of a rule, called for each thing of its kind.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// For each instruction of each stage (FROM and global ARGs included).
    Instruction(fn(&FileFacts<'_>, &StageFacts<'_>, &InstructionFacts<'_>, &mut Report)),
    /// For each stage.
    Stage(fn(&FileFacts<'_>, &StageFacts<'_>, &mut Report)),
    /// Once for the file.
    File(fn(&FileFacts<'_>, &mut Report)),
    /// Once for the repository, with findings in any of its files (see [`Report::add_in`]).
    Repository(fn(&RepositoryFacts<'_>, &mut Report)),
    /// Once for the file, after all others, with its ignore comments.
    Ignores(fn(&FileFacts<'_>, &[IgnoreComment], &mut Report)),
}

/// A rule. Made with [`declare_rule!`](crate::declare_rule).
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case name; reads well after "allow".
    pub id: &'static str,
    /// Where it belongs.
    pub chapter: Chapter,
    /// The usual level.
    pub level: Level,
    /// Whether it is on.
    pub default: Default,
    /// What it reads.
    pub scope: Scope,
    /// The best fix it offers.
    pub fix: FixKind,
    /// Codes of other tools for the same concept.
    pub aliases: &'static [&'static str],
    /// The function.
    pub check: Check,
    /// The documentation, Markdown: first line = summary, then the sections.
    pub docs: &'static str,
}

impl Rule {
    /// The first line of the documentation.
    pub fn summary(&self) -> &'static str {
        self.docs.trim_start().lines().next().unwrap_or("").trim()
    }

    /// The text of a `## …` section of the documentation, trimmed; empty when there is none.
    pub fn section(&self, title: &str) -> String {
        let mut lines = self.docs.lines().skip_while(|l| l.trim().strip_prefix("## ") != Some(title));
        lines.next();
        let body: Vec<&str> = lines
            .take_while(|l| !l.trim().starts_with("## "))
            .map(|l| l.strip_prefix(' ').unwrap_or(l))
            .collect();
        body.join("\n").trim().to_owned()
    }
}

/// Declares a rule: the doc comment is its documentation (see `CONTRIBUTING.md`).
#[macro_export]
macro_rules! declare_rule {
    ($(#[doc = $doc:literal])+ $vis:vis $name:ident = $id:literal {
        chapter: $chapter:ident, level: $level:ident, default: $default:ident, scope: $scope:ident,
        fix: $fix:ident, aliases: [$($alias:literal),* $(,)?], check: $check:expr $(,)?
    }) => {
        $(#[doc = $doc])+
        $vis static $name: $crate::rules::Rule = $crate::rules::Rule {
            id: $id,
            chapter: $crate::rules::Chapter::$chapter,
            level: $crate::config::Level::$level,
            default: $crate::rules::Default::$default,
            scope: $crate::rules::Scope::$scope,
            fix: $crate::rules::FixKind::$fix,
            aliases: &[$($alias),*],
            check: $check,
            docs: concat!($($doc, "\n"),+),
        };
    };
}

/// Where rules put what they find.
#[derive(Debug)]
pub struct Report {
    rule: &'static Rule,
    path: Utf8PathBuf,
    findings: Vec<Finding>,
}

impl Report {
    /// A report for one rule on one file.
    pub fn new(rule: &'static Rule, path: Utf8PathBuf) -> Self {
        Self { rule, path, findings: Vec::new() }
    }

    /// Adds a finding at the rule's usual level; refine it through the returned handle.
    pub fn add(&mut self, span: Span, message: impl Into<String>) -> Refine<'_> {
        self.add_in(self.path.clone(), span, message)
    }

    /// As [`Report::add`], in another file of the repository: for rules that look at the whole of it. The file
    /// must be there and readable.
    pub fn add_in(
        &mut self,
        path: impl Into<Utf8PathBuf>,
        span: Span,
        message: impl Into<String>,
    ) -> Refine<'_> {
        self.findings.push(Finding {
            rule: self.rule.id,
            level: self.rule.level,
            path: path.into(),
            span,
            message: message.into(),
            notes: Vec::new(),
            related: Vec::new(),
            fix: None,
            subject: None,
            fingerprint: String::new(),
            codes: Vec::new(),
        });
        let index = self.findings.len() - 1;
        Refine { finding: &mut self.findings[index] }
    }

    /// The findings.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Refines a finding that was just added.
#[derive(Debug)]
pub struct Refine<'a> {
    finding: &'a mut Finding,
}

impl Refine<'_> {
    /// Sets the level.
    pub fn level(self, level: Level) -> Self {
        self.finding.level = level;
        self
    }

    /// Adds a note: what to check or to know.
    pub fn note(self, note: impl Into<String>) -> Self {
        self.finding.notes.push(note.into());
        self
    }

    /// Adds a second place in the same file.
    pub fn related(self, span: Span, message: impl Into<String>) -> Self {
        self.finding.related.push(Related { path: None, span, message: message.into() });
        self
    }

    /// Adds a second place in another file.
    pub fn related_in(self, path: Utf8PathBuf, span: Span, message: impl Into<String>) -> Self {
        self.finding.related.push(Related { path: Some(path), span, message: message.into() });
        self
    }

    /// Offers a fix.
    pub fn fix(self, fix: Fix) -> Self {
        self.finding.fix = Some(fix);
        self
    }

    /// Says that the finding is about the stage as a whole, wherever it is shown.
    pub fn whole_stage(self) -> Self {
        self.about("")
    }

    /// Says what the finding is about, so that it stays the same one when the instruction around it changes: a
    /// newer patch release of a base that has ended is not a new finding.
    pub fn about(self, subject: impl Into<String>) -> Self {
        self.finding.subject = Some(subject.into());
        self
    }

    /// Names the peer codes that mean exactly this finding.
    pub fn codes(self, codes: &[&'static str]) -> Self {
        self.finding.codes = codes.to_vec();
        self
    }
}
