//! The hidden last line of what we write: who said what. It is trusted only in text of our own account.

use std::hash::Hasher;

const OPEN: &str = "<!-- tidewaiter:v1 ";
const CLOSE: &str = " -->";
/// The most findings in a marker; more are cut, and the marker says so.
const MAX_PRINTS: usize = 1_200;
/// The longest word that is written.
const MAX_WORD_BYTES: usize = 64;

/// What a marker says. One type for all places: a comment of a review, the body of a review, an answer in the
/// conversation; each uses the fields that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marker {
    /// The head commit, in the body of a review.
    pub head: Option<String>,
    /// Fingerprints of the findings in a comment.
    pub fingerprints: Vec<String>,
    /// Their rules, in the same order.
    pub rules: Vec<String>,
    /// In a comment: fingerprints that its findings had before their instructions changed, or of findings that
    /// went: they come back to the same thread.
    pub was: Vec<String>,
    /// In a comment: findings that it spoke about and that are gone, as `rule:commit`.
    pub gone: Vec<String>,
    /// The head commit in which all of the comment's findings were gone.
    pub fixed: Option<String>,
    /// Login of the person who told Tidewaiter to ignore the comment's findings.
    pub ignored_by: Option<String>,
    /// In an answer in the conversation: rules that are ignored on this pull request.
    pub ignored_rules: Vec<String>,
    /// In an answer: what it answers, the id of a comment.
    pub answers: Option<String>,
    /// In the body of a review: keys of all findings that the review speaks of, inline or not.
    pub seen: Vec<String>,
    /// In the body of a review: keys of those that stand in the body only.
    pub listed: Vec<String>,
    /// There were more findings than the marker holds.
    pub cut: bool,
}

/// A word as it stands in markers.
pub(super) fn clean(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "_.:-".contains(c) { c } else { '_' };
    let kept: String = text.chars().take(MAX_WORD_BYTES).map(kept).collect();
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

impl Marker {
    /// The marker as the last line of a text.
    #[must_use]
    pub fn line(&self) -> String {
        let mut fields: Vec<String> = Vec::new();
        let mut one = |name: &str, value: &Option<String>| {
            fields.extend(value.as_ref().map(|value| format!("{name}={}", clean(value))));
        };
        one("head", &self.head);
        one("fixed", &self.fixed);
        one("ignored-by", &self.ignored_by);
        one("answers", &self.answers);
        let mut many = |name: &str, words: &[String]| {
            if words.is_empty() {
                return;
            }
            let all: Vec<String> = words.iter().take(MAX_PRINTS).map(|word| clean(word)).collect();
            let more = if words.len() > MAX_PRINTS { ",+" } else { "" };
            fields.push(format!("{name}={}{more}", all.join(",")));
        };
        many("fp", &self.fingerprints);
        many("rules", &self.rules);
        many("was", &self.was);
        many("gone", &self.gone);
        many("ignored-rules", &self.ignored_rules);
        many("seen", &self.seen);
        many("listed", &self.listed);
        if fields.is_empty() {
            fields.push("empty".to_owned());
        }
        format!("{OPEN}{}{CLOSE}", fields.join(" "))
    }
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
        let Some((name, value)) = field.split_once('=') else { continue };
        let one = || Some(value.to_owned()).filter(|value| !value.is_empty());
        let words = match name {
            "head" => {
                found.head = one();
                continue;
            }
            "fixed" => {
                found.fixed = one();
                continue;
            }
            "ignored-by" => {
                found.ignored_by = one();
                continue;
            }
            "answers" => {
                found.answers = one();
                continue;
            }
            "fp" => &mut found.fingerprints,
            "rules" => &mut found.rules,
            "was" => &mut found.was,
            "gone" => &mut found.gone,
            "ignored-rules" => &mut found.ignored_rules,
            "seen" => &mut found.seen,
            "listed" => &mut found.listed,
            _ => continue,
        };
        found.cut |= value.split(',').any(|word| word == "+");
        words.extend(value.split(',').filter(|word| !word.is_empty() && *word != "+").map(str::to_owned));
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
        let marker = Marker {
            fingerprints: vec!["0123456789abcdef".to_owned(), "evil --> x".to_owned()],
            rules: vec!["a-b".to_owned(), "c".to_owned()],
            gone: vec!["d:0123".to_owned()],
            fixed: Some("abc".to_owned()),
            ignored_by: Some("octocat".to_owned()),
            ..Marker::default()
        };
        let text = format!("Hello\n\n{}\n", marker.line());
        let read_back = read(&text).unwrap();
        assert_eq!(read_back.fingerprints, ["0123456789abcdef", "evil_____x"]);
        assert_eq!(read_back.line(), marker.line());
        let body = Marker { head: Some("abc".to_owned()), ..Marker::default() };
        let text = format!("Hello\r\n{}", body.line());
        assert_eq!(read(&text), Some(body));
        assert_eq!(read(&Marker::default().line()), Some(Marker::default()));
    }

    #[test]
    fn only_the_last_line_counts() {
        assert_eq!(read("<!-- tidewaiter:v1 fp=a -->\nand more"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..5_000).map(|n| format!("{n:016x}")).collect();
        let text = Marker { seen: many, ..Marker::default() }.line();
        assert!(text.len() < 22_000);
        assert!(read(&text).unwrap().cut);
    }
}
