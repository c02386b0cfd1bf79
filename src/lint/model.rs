//! What linting one file gives.

use crate::rules::Finding;
use crate::text::Source;
use camino::Utf8PathBuf;

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
    /// Fixes that were withheld because their proof failed: rule id and reason.
    pub withheld: Vec<(&'static str, String)>,
}
