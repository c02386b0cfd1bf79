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
    // Most lines have no `<` at all, and that is the cheaper question.
    if memchr::memchr(b'<', text.as_bytes()).is_none() || !text.contains("<<") {
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

/// Whether a word opens a here-document.
pub(super) fn names_heredoc(word: &str) -> bool {
    word.contains("<<") && opener(word).is_some()
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
    let (delimiter, quoted) = delimiter(rest)?;
    if delimiter.is_empty() || raw_words(rest).ok()?.len() != 1 {
        return None;
    }
    Some((delimiter, chomp, !quoted, fd.parse().unwrap_or(0)))
}

/// Resolves quotes and escapes; also tells whether there was a quote. Variables stay as they are written:
/// `<<$EOF` waits for `$EOF`, as in a shell. An escape without a quote does not count as one for BuildKit.
fn delimiter(word: &str) -> Option<(String, bool)> {
    let mut uses: Vec<_> = expand(word, '\\', &|_| Value::Unset)
        .ok()?
        .uses
        .into_iter()
        .map(|u| (u.range.start, u.range.end))
        .collect();
    // The outermost one first where several start.
    uses.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    let mut uses = uses.into_iter().peekable();
    let mut out = String::new();
    let mut quoted = false;
    let mut quote = None;
    let mut at = 0;
    while let Some(c) = word.get(at..)?.chars().next() {
        while uses.next_if(|(start, _)| *start < at).is_some() {}
        if let Some((_, end)) = uses.next_if(|(start, _)| *start == at) {
            out.push_str(word.get(at..end)?);
            at = end;
            continue;
        }
        at += c.len_utf8();
        match c {
            '\'' | '"' if quote.is_none() => {
                quoted = true;
                quote = Some(c);
            }
            _ if quote == Some(c) => quote = None,
            '\\' if quote != Some('\'') => {
                let Some(escaped) = word.get(at..)?.chars().next() else { break };
                if quote.is_some() && !matches!(escaped, '"' | '$' | '\\') {
                    out.push(c);
                }
                out.push(escaped);
                at += escaped.len_utf8();
            }
            _ => out.push(c),
        }
    }
    Some((out, quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_openers() {
        assert_eq!(opener("<<EOF"), Some(("EOF".into(), false, true, 0)));
        assert_eq!(opener("3<<-\"E F\""), Some(("E F".into(), true, false, 3)));
        assert_eq!(opener("<<'EOF'"), Some(("EOF".into(), false, false, 0)));
        assert_eq!(opener("<<E\\OF"), Some(("EOF".into(), false, true, 0)));
        assert_eq!(opener("<<\"a'b\""), Some(("a'b".into(), false, false, 0)));
        assert_eq!(opener("<<${X:-y}\"$Z\""), Some(("${X:-y}$Z".into(), false, false, 0)));
        for not in ["<<''", "<<-\"\"", "<<<EOF", "<<", "<<-", "a<<EOF", "1<<2<3", "x"] {
            assert_eq!(opener(not), None, "{not}");
        }
    }
}
