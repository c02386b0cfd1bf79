//! The plan of a review: plain data, made without any network, printed by `--dry-run`, published by
//! `github`.

use crate::config::Level;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// Everything that is to be written, and what the run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The head commit that was analysed (40 hex digits; a name in local reviews).
    pub head: String,
    /// The review to post; `None` when there is nothing new to say.
    pub review: Option<Review>,
    /// What happens to own earlier comments and reviews, in this order.
    pub updates: Vec<Update>,
    /// Findings as workflow annotations, worst first: the fallback without permission to comment.
    pub annotations: Vec<Annotation>,
    /// The job summary, Markdown.
    pub summary: String,
    /// Counts.
    pub outcome: Outcome,
    /// What was left out or does not count yet, and why; text of the repository stands between backticks.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One pull-request review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The body, Markdown, never empty, with the hidden marker at its end.
    pub body: String,
    /// Inline comments, in order of file and line.
    pub comments: Vec<Comment>,
}

/// One inline comment on the RIGHT side of the diff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// File in the head.
    pub path: Utf8PathBuf,
    /// First line (from 1) of a range; `None` for a single line.
    pub start_line: Option<u32>,
    /// Last or only line (from 1), inside a hunk.
    pub line: u32,
    /// Markdown, with suggestion block and hidden marker.
    pub body: String,
    /// Fingerprints of the findings in it.
    pub fingerprints: Vec<String>,
    /// What the marker of the review's body calls them.
    pub keys: Vec<String>,
}

/// A change of something that an earlier run wrote. Ids are GitHub's global node ids. Each may be repeated
/// without harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "update", rename_all = "kebab-case")]
pub enum Update {
    /// A comment gets another text.
    Comment {
        /// The comment.
        id: String,
        /// The new body, Markdown.
        body: String,
    },
    /// A review's own text changes.
    Review {
        /// The review.
        id: String,
        /// The new body, Markdown.
        body: String,
    },
    /// A comment or a review is folded away.
    Minimize {
        /// The comment or the review.
        id: String,
        /// What GitHub shows as the reason.
        reason: Reason,
    },
    /// A comment that was folded away is shown again.
    Restore {
        /// The comment.
        id: String,
    },
    /// A thread is marked as resolved.
    Resolve {
        /// The thread.
        id: String,
    },
    /// A thread that was marked as resolved is open again.
    Reopen {
        /// The thread.
        id: String,
    },
}

/// Why something is folded away, in GitHub's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A newer review says it.
    Outdated,
    /// It is fixed.
    Resolved,
}

/// One workflow annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// How much it matters.
    pub level: Level,
    /// File in the head.
    pub path: Utf8PathBuf,
    /// First line, from 1.
    pub line: u32,
    /// Last line, from 1.
    pub end_line: u32,
    /// Rule id.
    pub title: String,
    /// Plain text.
    pub message: String,
}

/// What a run found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Dockerfiles that were read.
    pub files: usize,
    /// Findings that the pull request introduces, by level.
    pub error: usize,
    /// See `error`.
    pub warning: usize,
    /// See `error`.
    pub info: usize,
    /// See `error`.
    pub style: usize,
    /// Of these, how many have a proven fix.
    pub fixable: usize,
    /// Findings of the base that the pull request removes.
    pub fixed: usize,
    /// Findings that were there before and stay.
    pub existing: usize,
    /// Findings silenced by ignore comments.
    pub suppressed: usize,
    /// Of these, how many by comments on lines that the pull request adds.
    #[serde(default)]
    pub silenced_here: usize,
    /// Findings that are said although ignore comments name them, because the configuration allows none.
    #[serde(default)]
    pub overruled: usize,
    /// Inline comments in the planned review.
    pub comments: usize,
    /// Findings that an earlier run has said already.
    pub repeated: usize,
    /// Findings that a person told Tidewaiter to ignore on this pull request.
    #[serde(default)]
    pub ignored: usize,
    /// Own threads whose findings are gone since the last run.
    #[serde(default)]
    pub settled: usize,
    /// Threads that were to be resolved, and the token may not.
    #[serde(default)]
    pub unresolvable: usize,
}

impl Outcome {
    /// Number of findings that the pull request introduces.
    pub const fn total(&self) -> usize {
        self.error + self.warning + self.info + self.style
    }

    /// The greatest level among the introduced findings.
    pub const fn worst(&self) -> Option<Level> {
        if self.error > 0 {
            Some(Level::Error)
        } else if self.warning > 0 {
            Some(Level::Warning)
        } else if self.info > 0 {
            Some(Level::Info)
        } else if self.style > 0 {
            Some(Level::Style)
        } else {
            None
        }
    }
}
