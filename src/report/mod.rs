//! How findings are shown: terminal, JSON, SARIF, workflow annotations, Markdown; and how rules are described.
//!
//! Everything here is values in, text out. Text of the repository is untrusted: each format escapes it at
//! the place where it is written (see [`visible`]).

pub mod annotations;
pub mod audit;
mod excerpt;
mod hunk;
pub mod json;
pub mod markdown;
pub mod rules;
pub mod sarif;
pub mod terminal;

pub use crate::text::{visible, visible_lines};

use crate::config::Level;
use crate::lint::{self, Audit, FileReport};
use crate::rules::{Finding, Rule, Safety};
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use std::collections::BTreeMap;

/// Finds a rule by its id, as [`crate::rules::find`] does.
pub type Lookup = fn(&str) -> Option<&'static Rule>;

/// What a run of `check` found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// The files that were read, in the order of the report, with paths as they are to be shown.
    pub files: Vec<FileReport>,
    /// Findings about the repository around them, by the file that they are in.
    pub repository: Vec<FileReport>,
    /// The files that could not be read, or not be written by `--fix`.
    pub errors: Vec<Unread>,
    /// Texts of other files that findings point into, by the path that they name.
    pub texts: BTreeMap<Utf8PathBuf, Source>,
}

/// A file that could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The path as it is to be shown.
    pub path: Utf8PathBuf,
    /// Why, as a sentence without a final full stop.
    pub message: String,
}

impl From<Audit> for Checked {
    fn from(audit: Audit) -> Self {
        let Audit { files, repository, unread, texts } = audit;
        let errors =
            unread.into_iter().map(|lint::Unread { path, message }| Unread { path, message }).collect();
        Self { files, repository, errors, texts }
    }
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Findings by level.
    pub error: usize,
    /// See `error`.
    pub warning: usize,
    /// See `error`.
    pub info: usize,
    /// See `error`.
    pub style: usize,
    /// Findings with a proven fix, safe or to be confirmed.
    pub fixable: usize,
    /// Findings that ignore comments silenced.
    pub suppressed: usize,
    /// Of `fixable`, those with a safe fix.
    #[serde(skip)]
    pub safe: usize,
}

impl Checked {
    /// The reports of the Dockerfiles, then those of the files around them.
    pub fn reports(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().chain(&self.repository)
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut sum = Summary { files: self.files.len(), ..Summary::default() };
        for file in self.reports() {
            sum.suppressed += file.suppressed;
            for finding in &file.findings {
                match finding.level {
                    Level::Error => sum.error += 1,
                    Level::Warning => sum.warning += 1,
                    Level::Info => sum.info += 1,
                    Level::Style => sum.style += 1,
                }
                if let Some(fix) = &finding.fix {
                    sum.fixable += 1;
                    sum.safe += usize::from(fix.safety == Safety::Safe);
                }
            }
        }
        sum
    }

    /// The text of the file that a place belongs to: the finding's own, or another one where it is known.
    fn source<'a>(&'a self, file: &'a FileReport, path: Option<&Utf8Path>) -> Option<&'a Source> {
        match path {
            None => Some(&file.source),
            Some(path) if path == file.path => Some(&file.source),
            Some(path) => self
                .texts
                .get(path)
                .or_else(|| self.reports().find(|other| other.path == path).map(|other| &other.source)),
        }
    }
}

impl Summary {
    /// Number of findings.
    pub const fn total(&self) -> usize {
        self.error + self.warning + self.info + self.style
    }

    /// "2 files, 1 error, 3 warnings, 1 suppressed"; "no findings" when there are none.
    pub fn counts(&self) -> String {
        let mut parts = vec![count(self.files, "file")];
        let levels =
            [(self.error, "error"), (self.warning, "warning"), (self.info, "info"), (self.style, "style")];
        for (number, name) in levels {
            if number > 0 {
                // "info" and "style" have no plural.
                let fixed = matches!(name, "info" | "style");
                parts.push(if fixed { format!("{number} {name}") } else { count(number, name) });
            }
        }
        if self.total() == 0 {
            parts.push("no findings".to_owned());
        }
        if self.suppressed > 0 {
            parts.push(format!("{} suppressed", self.suppressed));
        }
        parts.join(", ")
    }
}

/// "1 file", "2 files".
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Codes of other tools for a finding: its own ones, or all of its rule's.
fn codes(finding: &Finding, rule: Option<&'static Rule>) -> Vec<&'static str> {
    if finding.codes.is_empty() {
        rule.map(|rule| rule.aliases.to_vec()).unwrap_or_default()
    } else {
        finding.codes.clone()
    }
}

#[cfg(test)]
mod tests;
