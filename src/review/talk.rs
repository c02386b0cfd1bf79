//! What was said on the pull request before: the state that lives on GitHub, and nowhere else.

/// Everything that earlier runs have written, as `github` found it. The author has been checked: anybody can
/// copy a marker, but only our own account's text counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Talk {
    /// Own threads, resolved and minimised ones included.
    pub threads: Vec<OwnThread>,
    /// Own reviews, the oldest first.
    pub reviews: Vec<OwnReview>,
    /// Own answers in the conversation that keep a decision, the oldest first: see
    /// [`Marker::ignored_rules`](super::Marker).
    pub answers: Vec<String>,
}

impl Talk {
    /// Whether a review of ours is about this very commit.
    pub fn reviewed(&self) -> bool {
        self.reviews.iter().any(|review| review.of_head)
    }
}

/// An own thread: its first comment is ours.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own that GitHub tells")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnThread {
    /// Node id of the thread.
    pub id: String,
    /// Node id of its first comment.
    pub comment: String,
    /// REST id of its first comment.
    pub comment_id: u64,
    /// Body of its first comment.
    pub body: String,
    /// File it is on.
    pub path: String,
    /// Its last line in the head, from 1; `None` when GitHub calls it outdated: the line has changed since.
    pub line: Option<u32>,
    /// Its first line in the head, where it marks several.
    pub start_line: Option<u32>,
    /// Its last line in the commit it was made for.
    pub original_line: Option<u32>,
    /// Whether it is resolved.
    pub resolved: bool,
    /// Whether it was our own account that resolved it.
    pub resolved_by_us: bool,
    /// Whether the comment is minimised.
    pub minimized: bool,
    /// Whether people answered.
    pub replied: bool,
    /// Whether the token may resolve it.
    pub can_resolve: bool,
}

/// An own review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnReview {
    /// Node id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// Whether it is minimised.
    pub minimized: bool,
    /// Whether it is about the head.
    pub of_head: bool,
}
