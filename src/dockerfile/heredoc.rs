//! Here-document openers of RUN, COPY and ADD.

use super::expand::{Value, expand, raw_words};
use super::{Joined, Keyword};
use crate::text::Span;

/// `<<EOF` before its body is known.
pub(super) struct Opener {
    pub(super) delimiter: String,
    pub(super) span: Span,
    pub(super) chomp: bool,
    pub(super) expand: bool,
    pub(super) fd: u32,
}

/// Whether an instruction may open here-documents (in shell form).
pub(super) const fn takes_heredocs(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Add | Keyword::Copy | Keyword::Run)
}

/// The openers in a logical line. A line that Docker's lexer refuses has none.
pub(super) fn openers(joined: &Joined) -> Vec<Opener> {
    let text = joined.text();
    if !text.contains("<<") {
        return Vec::new();
    }
    let Ok(words) = raw_words(text) else { return Vec::new() };
    words
        .into_iter()
        .filter_map(|range| {
            let (delimiter, chomp, expand, fd) = opener(&text[range.clone()])?;
            Some(Opener { delimiter, span: joined.span(range), chomp, expand, fd })
        })
        .collect()
}

/// Reads `3<<-"EOF"` (BuildKit: `^(\d*)<<(-?)([^<]*)$`).
fn opener(word: &str) -> Option<(String, bool, bool, u32)> {
    let (fd, rest) = word.split_once("<<")?;
    if !fd.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (chomp, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    // Unset variables stay as they are written: `<<$EOF` waits for `$EOF`.
    let unset = |name: &str| Value::Set(format!("${name}"));
    let delimiter = expand(rest, '\\', &unset).ok()?.value?;
    if raw_words(rest).ok()?.len() != 1 {
        return None;
    }
    let quoted = rest.contains(['\'', '"', '\\']);
    Some((delimiter, chomp, !quoted, fd.parse().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_openers() {
        assert_eq!(opener("<<EOF"), Some(("EOF".into(), false, true, 0)));
        assert_eq!(opener("3<<-\"E F\""), Some(("E F".into(), true, false, 3)));
        assert_eq!(opener("<<'EOF'"), Some(("EOF".into(), false, false, 0)));
        for not in ["<<<EOF", "<<", "<<-", "a<<EOF", "1<<2<3", "x"] {
            assert_eq!(opener(not), None, "{not}");
        }
    }
}
