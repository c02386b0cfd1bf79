//! What a step hands back to the workflow: outputs and the job summary.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use thiserror::Error;

/// The largest job summary of a step, in bytes (GitHub's docs, "Step isolation and limits"). A larger one is
/// not shown at all.
pub const MAX_SUMMARY_BYTES: usize = 1024 * 1024;

/// The end of a summary that did not fit.
const CUT: &str = "\n\n_The summary was cut: GitHub shows no more than 1 MiB._\n";

/// Why an output cannot be written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// A name or a value that would break the file's form.
    #[error("the output {0:?} cannot be written: names are letters, digits, `-` and `_`, values one line")]
    Form(String),
    /// The file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// Appends outputs to the file of `GITHUB_OUTPUT`, each as `name=value`.
///
/// Outputs are counts, words of our own and paths that we chose: text of a pull request never goes here.
///
/// # Errors
/// When a value has a line end, or the file cannot be written; then nothing was written.
pub fn write_outputs(path: &Path, outputs: &[(&str, String)]) -> Result<(), OutputError> {
    let mut text = String::new();
    for (name, value) in outputs {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) || value.contains(char::is_control) {
            return Err(OutputError::Form((*name).to_owned()));
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
        text.push('\n');
    }
    append(path, &text)
}

/// Appends Markdown to the file of `GITHUB_STEP_SUMMARY`, cut at a line's end where it would be too large
/// together with what is there.
///
/// # Errors
/// When the file cannot be written.
pub fn append_summary(path: &Path, markdown: &str) -> Result<(), OutputError> {
    let there = std::fs::metadata(path).map_or(0, |m| usize::try_from(m.len()).unwrap_or(usize::MAX));
    let room = MAX_SUMMARY_BYTES.saturating_sub(there);
    let mut text = markdown.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if text.len() > room {
        let mut end = room.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let end = text.get(..end).and_then(|t| t.rfind('\n')).unwrap_or(0);
        text.truncate(end);
        if CUT.len() <= room {
            text.push_str(CUT);
        }
    }
    append(path, &text)
}

fn append(path: &Path, text: &str) -> Result<(), OutputError> {
    let write = || OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes());
    write().map_err(|source| OutputError::Write { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_lines_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output");
        write_outputs(&path, &[("findings", "3".to_owned()), ("outcome", "posted".to_owned())]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "findings=3\noutcome=posted\n");
        for (name, value) in [("a", "1\nb=2"), ("a", "1\r2"), ("a=b", "1"), ("a<<E", "1"), ("", "1")] {
            assert!(matches!(write_outputs(&path, &[(name, value.to_owned())]), Err(OutputError::Form(_))));
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn summaries_stay_under_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary");
        append_summary(&path, "# One").unwrap();
        append_summary(&path, &"héllo wörld\n".repeat(200_000)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() <= MAX_SUMMARY_BYTES && text.ends_with(CUT), "{}", text.len());
        append_summary(&path, &"x\n".repeat(1000)).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() <= MAX_SUMMARY_BYTES as u64);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = append_summary(dir.path(), "x").unwrap_err().to_string();
        assert!(error.contains(&dir.path().display().to_string()), "{error}");
    }
}
