//! The hidden last line of what we write: who said what. It is trusted only in text of our own account.

use std::hash::Hasher;

const OPEN: &str = "<!-- tidewaiter:v1 ";
const CLOSE: &str = " -->";
/// The most findings in a marker; more are cut, and the marker says so.
const MAX_PRINTS: usize = 1_200;
/// The longest fingerprint that is written.
const MAX_PRINT_BYTES: usize = 64;

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marker {
    /// The head commit, in the body of a review.
    pub head: Option<String>,
    /// Fingerprints of the findings in a comment.
    pub fingerprints: Vec<String>,
    /// In the body of a review: keys of all findings that the review speaks of, inline or not.
    pub seen: Vec<String>,
    /// Number of lines the comment was made for.
    pub lines: Option<u32>,
    /// There were more findings than the marker holds.
    pub cut: bool,
}

/// A fingerprint as it stands in markers.
pub(super) fn clean(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "_.:-".contains(c) { c } else { '_' };
    let kept: String = text.chars().take(MAX_PRINT_BYTES).map(kept).collect();
    // Two hyphens may end an HTML comment.
    kept.replace("--", "__")
}

/// What a body's marker calls a finding: fingerprints are the same in every file, this is not.
pub(super) fn key(path: &str, fingerprint: &str) -> String {
    let mut hasher = fnv::FnvHasher::default();
    hasher.write(path.as_bytes());
    hasher.write(&[0]);
    hasher.write(fingerprint.as_bytes());
    format!("{:016x}", hasher.finish())
}

fn list(name: &str, prints: &[String]) -> String {
    let all: Vec<String> = prints.iter().take(MAX_PRINTS).map(|print| clean(print)).collect();
    let more = if prints.len() > MAX_PRINTS { ",+" } else { "" };
    format!("{name}={}{more}", all.join(","))
}

/// The marker of a comment that was made for this number of lines.
pub(super) fn comment(fingerprints: &[String], lines: u32) -> String {
    format!("{OPEN}{} lines={lines}{CLOSE}", list("fp", fingerprints))
}

/// The marker of a review's body.
pub(super) fn body(head: &str, seen: &[String]) -> String {
    format!("{OPEN}head={} {}{CLOSE}", clean(head), list("seen", seen))
}

/// Splits a text into what people read and its marker, which must be the last line.
pub(super) fn split(text: &str) -> (&str, Option<Marker>) {
    let text = text.trim_end();
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let Some(fields) = last.trim().strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE)) else {
        return (text, None);
    };
    let mut found = Marker::default();
    for field in fields.split(' ') {
        match field.split_once('=') {
            Some(("head", value)) => found.head = Some(value.to_owned()),
            Some(("lines", value)) => found.lines = value.parse().ok(),
            Some((name @ ("fp" | "seen"), value)) => {
                found.cut |= value.split(',').any(|print| print == "+");
                let prints = value.split(',').filter(|print| !print.is_empty() && *print != "+");
                let kind = if name == "fp" { &mut found.fingerprints } else { &mut found.seen };
                kind.extend(prints.map(str::to_owned));
            }
            _ => {}
        }
    }
    (before.trim_end(), Some(found))
}

/// Reads the marker of a comment or body; `None` when the last line is not one.
pub fn read(text: &str) -> Option<Marker> {
    split(text).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let prints = vec!["0123456789abcdef".to_owned(), "evil --> x".to_owned()];
        let text = format!("Hello\n\n{}\n", comment(&prints, 3));
        let marker = read(&text).unwrap();
        assert_eq!(marker.fingerprints, ["0123456789abcdef", "evil_____x"]);
        assert_eq!(marker.lines, Some(3));
        let text = format!("Hello\r\n{}", body("abc", &[]));
        assert_eq!(read(&text).unwrap().head.as_deref(), Some("abc"));
        assert!(read(&text).unwrap().seen.is_empty());
    }

    #[test]
    fn only_the_last_line_counts() {
        assert_eq!(read("<!-- tidewaiter:v1 fp=a -->\nand more"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..5_000).map(|n| format!("{n:016x}")).collect();
        let text = body("abc", &many);
        assert!(text.len() < 22_000);
        assert!(read(&text).unwrap().cut);
    }
}
