//! The plan of a review as a file, handed from a run that may not write to one that may.
//!
//! # Why nothing in it is believed
//!
//! A `pull_request` run of a fork has the pull request's own workflow file, so whoever opened the pull
//! request decides what the file says. The run that reads it may write to the pull request. Were the
//! file's comments posted, anybody could have the bot say anything, and leave out what it should say.
//! Therefore the publishing run
//!
//! 1. finds the pull request from what GitHub says of the finished run ([`super::FinishedRun`]). The file's
//!    number decides only where one branch is to be merged into several: all of these are pull requests
//!    of the same person with this very commit as their head, and each has a run of its own;
//! 2. reads a file of at most [`MAX_PLAN_BYTES`] that is exactly what this version writes, for this repository
//!    and this head, or stops: a broken file is a fault that somebody should look at;
//! 3. reads the sources again over the API at that head, lints and proves again. *That* plan is published,
//!    whatever the file says: a finding that the file lacks is published all the same, or leaving it out
//!    would hide it; a finding or a comment that only the file has is left out, or adding it would forge it;
//! 4. counts both ([`PlanFile::compare`]) and says so. Of the file's own text nothing is shown, but for the few
//!    characters, in one line, by which an error names what it refuses.

use super::environment::Repository;
use super::error::excerpt;
use super::event::is_sha;
use crate::config::Level;
use crate::review::{Annotation, Plan};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// The largest plan file that is written or read, in bytes.
pub const MAX_PLAN_BYTES: u64 = 4 * 1024 * 1024;
/// The form of the file; another number for another form.
pub const PLAN_VERSION: u64 = 1;
/// Our name in [`Tool`].
const TOOL: &str = "tidewaiter";
/// More inline comments than any configuration allows.
const MAX_COMMENTS: usize = 100;
/// More than a run can count: 50 Dockerfiles of 1 MiB.
const MAX_COUNT: usize = 100_000_000;
/// Stands for a job summary that did not fit.
const CUT_SUMMARY: &str =
    "_The summary did not fit into the plan file; it is the job summary of the run that wrote it._\n";

/// The plan of a review with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// [`PLAN_VERSION`].
    pub version: u64,
    /// What wrote it.
    pub tool: Tool,
    /// The repository that the pull request goes to, `owner/name`.
    pub repository: String,
    /// The head commit that was analysed (40 or 64 hex digits).
    pub head: String,
    /// The number of the pull request.
    pub number: u64,
    /// The plan.
    pub plan: Plan,
}

/// What wrote a plan file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Always `tidewaiter`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Why a plan file is refused. What is shown of it is short and on one line.
#[derive(Debug, Error)]
pub enum PlanFileError {
    /// It cannot be read.
    #[error("cannot read the plan {path}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no regular file.
    #[error("the plan {path} is {kind}: only a regular file is read")]
    Kind {
        /// The file.
        path: Utf8PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// It is too large.
    #[error("the plan {path} is larger than the {MAX_PLAN_BYTES} bytes that a plan may have")]
    TooLarge {
        /// The file.
        path: Utf8PathBuf,
    },
    /// It is not JSON, or has not the form of a plan.
    #[error("the plan {path} cannot be read: {message}")]
    Form {
        /// The file.
        path: Utf8PathBuf,
        /// Where and why.
        message: String,
    },
    /// Another form than the one this version knows.
    #[error(
        "the plan {path} has version {version}, and this Tidewaiter reads version {PLAN_VERSION}: use the same \
         version of the action in both workflows"
    )]
    Version {
        /// The file.
        path: Utf8PathBuf,
        /// Its version.
        version: u64,
    },
    /// A value that no run can have written.
    #[error("the plan {path} was not written by Tidewaiter, or was changed since: {field} {reason}")]
    Field {
        /// The file.
        path: Utf8PathBuf,
        /// The field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is about something else than the finished run.
    #[error("the plan {path} is for the {what} {found:?}, and the finished run was for {wanted:?}")]
    Mismatch {
        /// The file.
        path: Utf8PathBuf,
        /// Repository or head.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What GitHub says.
        wanted: String,
    },
}

/// How a plan file and the plan of a trusted run differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// Findings that both have.
    pub findings: usize,
    /// Findings that only the file has: left out.
    pub only_in_file: usize,
    /// Findings that the file lacks: published all the same.
    pub lacking: usize,
    /// Comments that only the file has, where the trusted run posts a review: left out.
    pub comments_only_in_file: usize,
}

/// The field that tells the form, whatever else there is.
#[derive(Deserialize)]
struct Form {
    version: u64,
}

impl PlanFile {
    /// A file for a plan of this tool.
    pub fn new(repository: &Repository, number: u64, plan: Plan) -> Self {
        Self {
            version: PLAN_VERSION,
            tool: Tool { name: TOOL.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            repository: repository.to_string(),
            head: plan.head.clone(),
            number,
            plan,
        }
    }

    /// The file's text, at most [`MAX_PLAN_BYTES`] long.
    ///
    /// What does not fit is left out, first the summary, then the least important annotations, then comments:
    /// the run that publishes makes all of it again.
    ///
    /// # Errors
    /// When the plan is no JSON, which cannot be.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        let mut file = self.clone();
        while text.len() as u64 >= MAX_PLAN_BYTES {
            let plan = &mut file.plan;
            let comments = plan.review.as_mut().map(|review| &mut review.comments).filter(|c| !c.is_empty());
            if plan.summary != CUT_SUMMARY {
                CUT_SUMMARY.clone_into(&mut plan.summary);
            } else if plan.annotations.len() > 1_000 {
                plan.annotations.truncate(plan.annotations.len() / 2);
            } else if let Some(comments) = comments {
                comments.truncate(comments.len() / 2);
            } else if !plan.updates.is_empty() {
                plan.updates.clear();
            } else if !plan.annotations.is_empty() {
                plan.annotations.truncate(plan.annotations.len() / 2);
            } else {
                break;
            }
            text = serde_json::to_string_pretty(&file)?;
        }
        text.push('\n');
        Ok(text)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not a regular file (a symbolic link could lead anywhere), too large, not exactly of the form
    /// that this version writes, or holds values that no run can have written.
    pub fn read(path: &Utf8Path) -> Result<Self, PlanFileError> {
        let failed = |source| PlanFileError::Read { path: path.to_owned(), source };
        let kind = |kind| PlanFileError::Kind { path: path.to_owned(), kind };
        let meta = fs::symlink_metadata(path).map_err(failed)?;
        if meta.is_symlink() {
            return Err(kind("a symbolic link"));
        } else if meta.is_dir() {
            return Err(kind("a folder"));
        } else if !meta.is_file() {
            return Err(kind("a device, a pipe or a socket"));
        }
        let mut bytes = Vec::new();
        File::open(path).map_err(failed)?.take(MAX_PLAN_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        Self::parse(path, &bytes)
    }

    /// Reads the bytes of a file; `path` is named in messages.
    ///
    /// # Errors
    /// As [`PlanFile::read`].
    pub fn parse(path: &Utf8Path, bytes: &[u8]) -> Result<Self, PlanFileError> {
        if bytes.len() as u64 > MAX_PLAN_BYTES {
            return Err(PlanFileError::TooLarge { path: path.to_owned() });
        }
        // serde_json's messages may hold a text of the file.
        let form = |error: serde_json::Error| PlanFileError::Form {
            path: path.to_owned(),
            message: excerpt(&error.to_string()),
        };
        let Form { version } = serde_json::from_slice(bytes).map_err(form)?;
        if version != PLAN_VERSION {
            return Err(PlanFileError::Version { path: path.to_owned(), version });
        }
        let file: Self = serde_json::from_slice(bytes).map_err(form)?;
        let refuse =
            |field: String, reason: String| PlanFileError::Field { path: path.to_owned(), field, reason };
        // Written again it must be the same, or it has something that this version does not write. As bytes: a
        // tree of everything that 4 MiB can hold would take hundreds of them.
        let (given, known) = (without_blanks(bytes), serde_json::to_vec(&file).map_err(form)?);
        if let Some(place) = difference(&given, &known) {
            return Err(refuse(place, "is not what this version writes".to_owned()));
        }
        match file.fault() {
            Some((field, reason)) => Err(refuse(field, reason)),
            None => Ok(file),
        }
    }

    /// A value that no run can have written: its field and what is wrong.
    fn fault(&self) -> Option<(String, String)> {
        let fault = |field: &str, reason: &str| Some((format!("`{field}`"), reason.to_owned()));
        let short = |text: &str| text.len() <= 100 && text.bytes().all(|b| b.is_ascii_graphic());
        if self.tool.name != TOOL || !short(&self.tool.version) {
            return fault("tool", "is not this tool");
        }
        if self.repository.parse::<Repository>().is_err() {
            return fault("repository", "is not the name of a repository");
        }
        if !is_sha(&self.head) {
            return fault("head", "is no commit");
        }
        if self.plan.head != self.head {
            return fault("plan.head", "is another commit than `head`");
        }
        if self.number == 0 {
            return fault("number", "is not the number of a pull request");
        }
        let outcome = &self.plan.outcome;
        let counts = [
            ("files", outcome.files),
            ("error", outcome.error),
            ("warning", outcome.warning),
            ("info", outcome.info),
            ("style", outcome.style),
            ("fixable", outcome.fixable),
            ("fixed", outcome.fixed),
            ("existing", outcome.existing),
            ("suppressed", outcome.suppressed),
            ("comments", outcome.comments),
            ("repeated", outcome.repeated),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count > MAX_COUNT) {
            return fault(&format!("plan.outcome.{name}"), "is more than a run can count");
        }
        if outcome.fixable > outcome.total() {
            return fault("plan.outcome.fixable", "is more than there are findings");
        }
        // Fewer annotations than findings are possible: style is not always shown, and a long list is cut.
        for (level, name, count) in [
            (Level::Error, "error", outcome.error),
            (Level::Warning, "warning", outcome.warning),
            (Level::Info, "info", outcome.info),
            (Level::Style, "style", outcome.style),
        ] {
            if self.plan.annotations.iter().filter(|annotation| annotation.level == level).count() > count {
                return fault(&format!("plan.outcome.{name}"), "is less than there are annotations");
            }
        }
        if let Some(place) = self.plan.annotations.iter().position(|annotation| !is_sane(annotation)) {
            return fault(&format!("plan.annotations[{place}]"), "has no possible path, lines or rule");
        }
        let comments = self.plan.review.as_ref().map_or(0, |review| review.comments.len());
        if comments > MAX_COMMENTS {
            return fault("plan.review.comments", "has more comments than a review may have");
        }
        None
    }

    /// Checks that the file is about the finished run.
    ///
    /// # Errors
    /// [`PlanFileError::Mismatch`] when repository or head are others.
    pub fn check(&self, path: &Utf8Path, repository: &Repository, head: &str) -> Result<(), PlanFileError> {
        let same = |what, found: &str, wanted: &str| {
            if found.eq_ignore_ascii_case(wanted) {
                return Ok(());
            }
            let (found, wanted) = (excerpt(found), wanted.to_owned());
            Err(PlanFileError::Mismatch { path: path.to_owned(), what, found, wanted })
        };
        same("repository", &self.repository, &repository.to_string())?;
        same("commit", &self.head, head)
    }

    /// Counts what the file and the plan of a trusted run have in common.
    ///
    /// Findings are the same when all of their annotation is: level, place, rule and message.
    pub fn compare(&self, own: &Plan) -> Confirmed {
        let file = count_all(self.plan.annotations.iter().map(key));
        let ours = count_all(own.annotations.iter().map(key));
        let findings = ours.iter().map(|(key, n)| (*n).min(file.get(key).copied().unwrap_or(0))).sum();
        let total = |counts: &BTreeMap<_, usize>| counts.values().sum::<usize>();
        // Without a review of its own (this head has one already), the trusted run cannot compare comments.
        let comments_only_in_file = match (&self.plan.review, &own.review) {
            (Some(file), Some(own)) => file.comments.iter().filter(|c| !own.comments.contains(c)).count(),
            _ => 0,
        };
        Confirmed {
            findings,
            only_in_file: total(&file).saturating_sub(findings),
            lacking: total(&ours).saturating_sub(findings),
            comments_only_in_file,
        }
    }
}

fn key(annotation: &Annotation) -> (Level, &str, u32, u32, &str, &str) {
    let Annotation { level, path, line, end_line, title, message } = annotation;
    (*level, path.as_str(), *line, *end_line, title, message)
}

fn count_all<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

fn is_sane(annotation: &Annotation) -> bool {
    let Annotation { path, line, end_line, title, .. } = annotation;
    let inside = path.components().all(|part| matches!(part, Utf8Component::Normal(_)));
    let rule = title.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    !path.as_str().is_empty() && inside && *line > 0 && end_line >= line && !title.is_empty() && rule
}

/// JSON without the blanks between its parts.
fn without_blanks(json: &[u8]) -> Vec<u8> {
    let (mut text, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        if text {
            text = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        text = *byte == b'"';
        !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
    };
    json.iter().copied().filter(keep).collect()
}

/// What stands where two texts begin to differ, from the begin of its field, in short.
fn difference(given: &[u8], known: &[u8]) -> Option<String> {
    if given == known {
        return None;
    }
    let place = given.iter().zip(known).position(|(l, r)| l != r).unwrap_or(given.len().min(known.len()));
    let before = given.get(..place).unwrap_or_default();
    let begin = before.iter().rposition(|byte| matches!(byte, b',' | b'{' | b'[')).map_or(0, |n| n + 1);
    let shown = given.get(begin..given.len().min(begin + 60)).unwrap_or_default();
    Some(format!("what begins with {}", excerpt(&String::from_utf8_lossy(shown))))
}
