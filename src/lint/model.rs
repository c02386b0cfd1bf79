//! What linting one file gives.

use crate::rules::Finding;
use crate::text::{Source, Span};
use camino::Utf8PathBuf;

/// A finding that an ignore comment silenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silenced {
    /// The finding's rule.
    pub rule: &'static str,
    /// The comment.
    pub comment: Span,
}

/// The findings of one Dockerfile.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// The Dockerfile, relative to the root of the tree.
    pub path: Utf8PathBuf,
    /// Its text.
    pub source: Source,
    /// Findings in order of place, each fix proven; suppressed ones are not among them.
    pub findings: Vec<Finding>,
    /// Number of findings that ignore comments silenced.
    pub suppressed: usize,
    /// For each of them its rule, and the comment in this file.
    pub silenced: Vec<Silenced>,
    /// Number of findings that are among `findings` although ignore comments name them: the configuration does
    /// not allow such comments.
    pub overruled: usize,
    /// Fixes that were withheld because their proof failed: rule id and reason.
    pub withheld: Vec<(&'static str, String)>,
}

impl FileReport {
    /// A report without any finding.
    pub fn new(path: impl Into<Utf8PathBuf>, source: Source) -> Self {
        Self {
            path: path.into(),
            source,
            findings: Vec::new(),
            suppressed: 0,
            silenced: Vec::new(),
            overruled: 0,
            withheld: Vec::new(),
        }
    }
}
