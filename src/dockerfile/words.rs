//! Splitting a logical line into flags and words, by the rules of BuildKit's parser
//! (`frontend/dockerfile/parser`: `split_command.go`, `line_parsers.go`).

use super::{Flag, Joined, Word};
use std::ops::Range;

/// Room is made for so many words at once.
const USUAL_WORDS: usize = 4;

/// The blanks between words that BuildKit's `reWhitespace` knows.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x0b | 0x0c | b'\r' | b' ')
}

/// ASCII's white space, with the vertical tab that Go counts and Rust does not.
const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// The range without white space at both ends.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let visible = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if visible(part.as_bytes().first()) && visible(part.as_bytes().last()) {
        return range;
    }
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    start..end
}

/// The text without white space at its front.
pub(super) fn trim_start(text: &str) -> &str {
    let blanks = text.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let rest = &text[blanks..];
    // Other white space is rare.
    if rest.bytes().next().is_some_and(|b| b.is_ascii_graphic()) { rest } else { rest.trim_start() }
}

/// Splits keyword and remainder of a trimmed range at the first blanks.
pub(super) fn split_keyword(text: &str, range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    while at < range.end && !is_blank(bytes[at]) {
        at += 1;
    }
    let mut rest = at;
    while rest < range.end && is_blank(bytes[rest]) {
        rest += 1;
    }
    (range.start..at, rest..range.end)
}

/// Takes the words that start with `--` off the front; returns them and the offset where arguments start.
///
/// BuildKit looks at bytes here, so that other white space than ASCII's belongs to words.
pub(super) fn flags(joined: &Joined, range: Range<usize>) -> (Vec<Flag>, usize) {
    let text = joined.text();
    let mut flags = Vec::new();
    let mut at = range.start;
    loop {
        while at < range.end && is_space(text.as_bytes()[at]) {
            at += 1;
        }
        if !text[at..range.end].starts_with("--") {
            return (flags, at);
        }
        let start = at;
        let (end, value) = flag_word(text, at..range.end);
        if value == "--" {
            return (flags, end);
        }
        flags.push(make_flag(joined, start..end, value));
        at = end;
    }
}

/// Reads one flag word; quotes and escapes are resolved as BuildKit does.
fn flag_word(text: &str, range: Range<usize>) -> (usize, String) {
    // Most flags end where the first byte stands that means something.
    let rest = &text.as_bytes()[range.clone()];
    let plain = rest.iter().position(|b| is_space(*b) || matches!(b, b'\'' | b'"' | b'\\'));
    let mut at = plain.map_or(range.end, |plain| range.start + plain);
    let mut word = text[range.start..at].to_owned();
    let mut quote = None;
    while let Some(c) = text[at..range.end].chars().next() {
        match (quote, c) {
            (None, c) if c.is_ascii() && is_space(c as u8) => break,
            (None, '\'' | '"') => {
                quote = Some(c);
                at += 1;
                continue;
            }
            (Some(q), c) if c == q => {
                quote = None;
                at += 1;
                continue;
            }
            (_, '\\') => {
                at += 1;
                let Some(escaped) = text[at..range.end].chars().next() else { break };
                word.push(escaped);
                at += escaped.len_utf8();
                continue;
            }
            _ => {}
        }
        word.push(c);
        at += c.len_utf8();
    }
    (at, word)
}

fn make_flag(joined: &Joined, range: Range<usize>, text: String) -> Flag {
    let raw = &joined.text()[range.clone()];
    let bare = &text[2..];
    let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
    let name = name.to_owned();
    let value = value.map(|value| {
        let from = raw.find('=').map_or(range.end, |i| range.start + i + 1);
        Word { text: value.to_owned(), span: joined.span(from..range.end) }
    });
    Flag { name, value, text, span: joined.span(range) }
}

/// Words separated by blanks, without any quoting.
pub(super) fn split_blanks(joined: &Joined, range: Range<usize>) -> Vec<Word> {
    let bytes = joined.text().as_bytes();
    let mut out = Vec::with_capacity(if range.is_empty() { 0 } else { USUAL_WORDS });
    let mut at = range.start;
    while at < range.end {
        while at < range.end && is_blank(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < range.end && !is_blank(bytes[at]) {
            at += 1;
        }
        if start < at {
            out.push(word(joined, start..at));
        }
    }
    out
}

/// Ranges of words separated by white space; quotes and escapes hold words together and stay in them.
pub(super) fn split_quoted(text: &str, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let mut out = Vec::with_capacity(if range.is_empty() { 0 } else { USUAL_WORDS });
    let mut at = range.start;
    while at < range.end {
        let c = char_at(text, at);
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let start = at;
        let end = quoted_word_end(text, at..range.end, escape);
        // A lone escape character at the very end is dropped from the word.
        let mut stop = end;
        let before = &text[start..end];
        if end == range.end && before.ends_with(escape) && dangling_escape(before, escape) {
            stop -= escape.len_utf8();
        }
        if start < stop {
            out.push(start..stop);
        }
        at = end;
    }
    out
}

fn quoted_word_end(text: &str, range: Range<usize>, escape: char) -> usize {
    let mut quote = None;
    let mut at = range.start;
    while at < range.end {
        let c = char_at(text, at);
        match quote {
            None if c.is_whitespace() => return at,
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(q) if c == q => quote = None,
            _ => {}
        }
        at += c.len_utf8();
        if c == escape && quote != Some('\'') && at < range.end {
            at += char_at(text, at).len_utf8();
        }
    }
    range.end
}

/// Whether the escape character at the end of `word` escapes nothing.
fn dangling_escape(word: &str, escape: char) -> bool {
    let mut quote = None;
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(q) if c == q => quote = None,
            _ => {}
        }
        if c == escape && quote != Some('\'') && chars.next().is_none() {
            return true;
        }
    }
    false
}

/// A word as it stands.
pub(super) fn word(joined: &Joined, range: Range<usize>) -> Word {
    Word { text: joined.text()[range.clone()].to_owned(), span: joined.span(range) }
}

#[inline]
fn char_at(text: &str, at: usize) -> char {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => char::from(*byte),
        _ => text[at..].chars().next().unwrap_or('\0'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_end_at_the_first_other_word() {
        let joined = Joined::verbatim(r#"--from=a  --chown="1 2":3 src --x dst"#, 10);
        let (flags, at) = flags(&joined, 0..joined.text().len());
        assert_eq!(flags[0].name, "from");
        assert_eq!(flags[1].text, "--chown=1 2:3");
        assert_eq!(flags[1].value.as_ref().unwrap().text, "1 2:3");
        assert_eq!(&joined.text()[at..], "src --x dst");
        assert_eq!((flags[0].span.start, flags[0].span.end), (10, 18));
    }

    #[test]
    fn a_no_break_space_is_no_blank_between_flags() {
        let joined = Joined::verbatim("\u{a0}--from=a x", 0);
        assert!(flags(&joined, 0..joined.text().len()).0.is_empty());
        let joined = Joined::verbatim("--x=a\u{2028}b c", 0);
        assert_eq!(flags(&joined, 0..joined.text().len()).0[0].text, "--x=a\u{2028}b");
    }

    #[test]
    fn quoted_words_stay_whole() {
        let joined = Joined::verbatim(r#"A="b c" D=e\ f G='h\' I=j\"#, 0);
        let words = split_quoted(joined.text(), 0..joined.text().len(), '\\');
        let texts: Vec<&str> = words.into_iter().map(|range| &joined.text()[range]).collect();
        assert_eq!(texts, [r#"A="b c""#, r"D=e\ f", r"G='h\'", "I=j"]);
    }
}
