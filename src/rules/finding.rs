//! What a rule says.

use crate::config::Level;
use crate::text::{Edit, Span};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// Whether a fix may be applied without a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// The image behaves the same.
    Safe,
    /// The author must check something; the finding's notes say what.
    Confirm,
}

/// A change that removes the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as an imperative: "Add `--no-cache`".
    pub title: String,
    /// Whether it needs a look.
    pub safety: Safety,
    /// The file the edits are for; `None` for the finding's own file.
    pub path: Option<Utf8PathBuf>,
    /// Minimal edits of the original text.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix after which the image behaves the same.
    pub fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), safety: Safety::Safe, path: None, edits }
    }

    /// A fix whose effect the author must check; add a note that says what.
    pub fn confirm(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { safety: Safety::Confirm, ..Self::safe(title, edits) }
    }

    /// The same fix for another file than the finding's.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<Utf8PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// A second place that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The file; `None` for the finding's own.
    pub path: Option<Utf8PathBuf>,
    /// Where in it.
    pub span: Span,
    /// What is to be seen there.
    pub message: String,
}

/// One thing a rule found.
///
/// `message` and `notes` are plain text in which code stands between single backticks; whoever prints them
/// escapes them for the place they go to. Text of the repository inside them is always between backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// How much it matters here.
    pub level: Level,
    /// The file, relative to the root of the tree.
    pub path: Utf8PathBuf,
    /// The bytes that are wrong.
    pub span: Span,
    /// What is wrong and why it matters here: at most two sentences.
    pub message: String,
    /// What to check or to know, a sentence or two each.
    pub notes: Vec<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// The change, only after it has been proven (see `lint`).
    pub fix: Option<Fix>,
    /// What it is about, where that is not the text of the instruction it is shown on; empty for the stage as
    /// a whole.
    pub subject: Option<String>,
    /// Identity across pushes and moved lines: rule, stage, subject (usually the instruction), occurrence. Set by
    /// `lint`.
    pub fingerprint: String,
    /// Peer codes that mean exactly this finding where the rule merges several detectors; empty: all of
    /// the rule's aliases.
    pub codes: Vec<&'static str>,
}
