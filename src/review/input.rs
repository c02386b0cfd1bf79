//! What a review is planned from.

use super::graph::StageShape;
use super::hunks::{FileDiff, LineRange};
use super::talk::Talk;
use crate::config::Level;
use crate::lint::FileReport;
use crate::repository::is_dockerfile;
use crate::rules::Finding;
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};

/// Which findings are said. Each includes the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportMode {
    /// Those that the pull request introduces.
    #[default]
    Introduced,
    /// Also old ones on lines that the pull request changes.
    ChangedLines,
    /// All of the Dockerfiles that were read.
    All,
}

/// What a project may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which findings are said.
    pub report: ReportMode,
    /// Findings from this level on become inline comments. At the default, [`Level::Warning`], an info with
    /// a suggestion does too. Style findings are in the review only when this is [`Level::Style`].
    pub inline_level: Level,
    /// The most inline comments in one review; what is beyond goes to the body.
    pub max_comments: usize,
    /// Whether changes are offered as suggestion blocks and diffs.
    pub suggestions: bool,
    /// Whether threads whose findings are gone are resolved, too, not only minimised.
    pub resolve_fixed: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            report: ReportMode::Introduced,
            inline_level: Level::Warning,
            max_comments: 30,
            suggestions: true,
            resolve_fixed: false,
        }
    }
}

/// Tells whether a changed file is still sound: file, new text, and the findings that must be gone.
pub type Reprove<'a> = &'a dyn Fn(&Utf8Path, &str, &[&Finding]) -> bool;

/// Gives further line ranges of the head that belong to a finding's cause, best first: its instruction, its
/// stage.
pub type Causes<'a> = &'a dyn Fn(&FileReport, &Finding) -> Vec<LineRange>;

/// Gives the text of a file of the head.
pub type Texts<'a> = &'a dyn Fn(&Utf8Path) -> Option<Source>;

/// Gives the stages of a Dockerfile of the head, for the picture of them.
pub type Shapes<'a> = &'a dyn Fn(&FileReport) -> Vec<StageShape>;

/// Everything a review is planned from. Only values: no network, no disk, no clock.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The head commit (40 hex digits; a name in local reviews).
    pub commit: &'a str,
    /// Dockerfiles of the base, linted.
    pub base: &'a [FileReport],
    /// Dockerfiles of the head, linted; each fix is proven.
    pub head: &'a [FileReport],
    /// The changed files, Dockerfiles or not; renames say so in [`FileDiff::base_path`].
    pub diffs: &'a [FileDiff],
    /// What was said before.
    pub talk: &'a Talk,
    /// Dockerfiles among those of base and head that the change does not touch: only what the change introduces in them
    /// is said, whatever is reported of the others.
    pub around: &'a [Utf8PathBuf],
    /// What the project chose.
    pub settings: Settings,
    /// What was left out or does not count yet; see [`super::Plan::notes`].
    pub notes: &'a [String],
    /// Further places of a finding's cause; without it only the finding's own lines are tried.
    pub causes: Option<Causes<'a>>,
    /// Texts of other files that fixes are for; without it such fixes stay prose.
    pub texts: Option<Texts<'a>>,
    /// The stages of Dockerfiles; without it the summary has no pictures.
    pub stages: Option<Shapes<'a>>,
    /// Proves several fixes together; without it fixes that do not collide are taken as sound together.
    pub reprove: Option<Reprove<'a>>,
}

const NOTHING_SAID: &Talk = &Talk { threads: Vec::new(), reviews: Vec::new(), answers: Vec::new() };

impl<'a> Input<'a> {
    /// An input without own history and without callbacks.
    pub fn new(
        commit: &'a str,
        base: &'a [FileReport],
        head: &'a [FileReport],
        diffs: &'a [FileDiff],
    ) -> Self {
        Self {
            commit,
            base,
            head,
            diffs,
            talk: NOTHING_SAID,
            around: &[],
            settings: Settings::default(),
            notes: &[],
            causes: None,
            texts: None,
            stages: None,
            reprove: None,
        }
    }

    /// Whether what was there before in a file is the business of this review: in the Dockerfiles that the change
    /// touches, and in what builds them or is changed itself.
    pub(super) fn is_own(&self, path: &Utf8Path) -> bool {
        let touched = |path: &Utf8Path| is_dockerfile(path) && !self.around.iter().any(|other| other == path);
        if is_dockerfile(path) {
            return touched(path);
        }
        self.diff(path).is_some() || self.head.iter().any(|report| touched(&report.path))
    }

    pub(super) fn diff(&self, path: &Utf8Path) -> Option<&'a FileDiff> {
        self.diffs.iter().find(|diff| diff.path == path)
    }
}
