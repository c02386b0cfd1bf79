//! Which files differ between two trees.

use super::Kind;
use camino::Utf8PathBuf;

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Only in the head.
    Added,
    /// In both, with other text, kind or mode.
    Modified,
    /// Only in the base.
    Removed,
    /// In the head under another name, with the same or a similar text.
    Renamed,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// What happened.
    pub status: Status,
    /// Its path in the head; for removed files that in the base.
    pub path: Utf8PathBuf,
    /// Its path in the base where that differs.
    pub base_path: Option<Utf8PathBuf>,
    /// What it is in the base; `None` for added files.
    pub base_kind: Option<Kind>,
    /// What it is in the head; `None` for removed files.
    pub head_kind: Option<Kind>,
}
