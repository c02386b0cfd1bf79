//! Our own ignore comments, as the rule about them sees them.

use crate::text::Span;
use jiff::civil::Date;

/// A comment `# tidewaiter ignore=…` or `# tidewaiter global-ignore=…` of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreComment {
    /// From `#` to the end of the line, without the line end.
    pub span: Span,
    /// What it names, in order.
    pub codes: Vec<IgnoredCode>,
    /// The day before which it counts: `until=`; `None` where none is named or nobody can read it.
    pub until: Option<Date>,
}

/// One name in an ignore comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredCode {
    /// As it is written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// What became of it.
    pub state: IgnoredState,
}

/// What became of a name in an ignore comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoredState {
    /// No rule has this name.
    Unknown,
    /// It silenced a finding.
    Used,
    /// Its rule ran and said nothing there.
    Unused,
    /// Its rule did not run, or runs on other files too: nothing can be said.
    Open,
}
