//! The one place where text becomes Markdown.
//!
//! Text of a pull request is untrusted: it must not mention people, link, load pictures, close a fence or
//! hide. Outside code everything with a meaning is defused; inside code spans and blocks the fences are
//! sized by their content.

use crate::text::{log, push_visible};

/// The longest line shown in a diff block, in characters.
const MAX_LINE_CHARS: usize = 400;
/// The most lines shown in a diff block.
const MAX_DIFF_LINES: usize = 60;
/// The longest paragraph, in characters.
const MAX_PROSE_CHARS: usize = 2_000;
/// The longest code span, in characters.
const MAX_CODE_CHARS: usize = 300;

/// Zero-width space: breaks mentions and links without being seen (a backslash does not: GitHub looks for
/// mentions after Markdown has been rendered).
const BREAK: &str = "&#8203;";

/// One line of visible text, at most about `max` characters: line ends and tabs become spaces, hidden
/// characters are spelt out.
fn flat(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut left = max;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if left == 0 {
            out.push('…');
            break;
        }
        left -= 1;
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\t' => out.push(' '),
            c => push_visible(&mut out, c),
        }
    }
    out
}

fn cut(line: &str, max: usize) -> String {
    let mut chars = line.chars();
    let mut out = String::new();
    chars.by_ref().take(max).for_each(|c| push_visible(&mut out, c));
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A code span around any text; nothing for a text without visible characters.
pub fn code(text: &str) -> String {
    let text = log::inert(&flat(text, MAX_CODE_CHARS)).into_owned();
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A paragraph from plain text in which code stands between single backticks: code stays code, everything
/// else is escaped.
pub fn prose(text: &str) -> String {
    paragraph(text, code)
}

fn paragraph(text: &str, code: fn(&str) -> String) -> String {
    let text = flat(text.trim(), MAX_PROSE_CHARS);
    let parts: Vec<&str> = text.split('`').collect();
    // An even number of parts means a backtick without partner: the last one is then plain.
    let pairs = (parts.len() - 1) / 2;
    let mut out = String::with_capacity(text.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 1 && index < 2 * pairs {
            let span = code(part);
            if span.is_empty() && !out.ends_with(' ') {
                // Nothing to see, but what stands on its two sides is not one word.
                out.push(' ');
            } else if out.ends_with('`') && !span.is_empty() {
                // Two spans side by side would merge their backticks.
                out.push_str(BREAK);
            }
            out.push_str(&span);
        } else {
            if index > 2 * pairs {
                out.push_str("\\`");
            }
            escape(part, &mut out);
        }
    }
    out
}

fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if !is_word(before)
            && let Some(name) = commit(rest)
        {
            // No part is long enough for a name.
            for (index, digit) in name.chars().enumerate() {
                if index > 0 && index % 6 == 0 {
                    out.push_str(BREAK);
                }
                out.push(digit);
            }
            (before, rest) = ('0', rest.get(name.len()..).unwrap_or(""));
            continue;
        }
        let after = rest.get(c.len_utf8()..).unwrap_or("");
        let at_start = out.is_empty();
        let in_word = out.chars().next_back().is_some_and(char::is_alphanumeric)
            && after.chars().next().is_some_and(char::is_alphanumeric);
        match c {
            '@' | '#' => {
                out.push(c);
                out.push_str(BREAK);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '$' => out.push_str("<span>$</span>"),
            ':' if after.starts_with("//") || is_emoji(after) => {
                out.push(':');
                out.push_str(BREAK);
            }
            '.' if ends_with(out, "www") => {
                out.push_str(BREAK);
                out.push('.');
            }
            '-' if ends_with(out, "gh") => {
                out.push_str(BREAK);
                out.push('-');
            }
            '_' if in_word => out.push('_'),
            '\\' | '*' | '_' | '~' | '[' | ']' | '!' | '|' | '`' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '+' | '=' if at_start => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if !out.is_empty() && out.bytes().all(|b| b.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
        rest = after;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word at the start of the text, when GitHub may take it for the name of a commit. Numbers are spared: they
/// are numbers nearly always, and a link to a commit does no harm.
fn commit(text: &str) -> Option<&str> {
    let word = text.split(|c| !is_word(c)).next()?;
    let named = (7..=40).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_alphabetic());
    named.then_some(word)
}

/// Whether the text after a colon makes it a picture, as in `:octocat:`.
fn is_emoji(after: &str) -> bool {
    let name = after.split(':').next().unwrap_or("");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-_".contains(&b);
    !name.is_empty() && name.len() < after.len() && name.len() < 64 && name.bytes().all(plain)
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().saturating_sub(end.len());
    text.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// A table cell: a paragraph in which no bar ends the cell, also not in code.
pub fn cell(text: &str) -> String {
    paragraph(text, cell_code)
}

/// Code in a table cell. A bar in a code span would need a backslash, which a backslash before it undoes: such
/// code is an element with escaped text.
pub fn cell_code(text: &str) -> String {
    let plain = code(text);
    if !plain.contains('|') {
        return plain;
    }
    let mut inner = String::new();
    escape(&log::inert(&flat(text, MAX_CODE_CHARS)), &mut inner);
    format!("<code>{}</code>", inner.replace("\\|", "&#124;"))
}

/// A fenced block of lines as they are: for suggestions, whose lines were checked to be visible.
pub(crate) fn block(info: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let mut out = format!("{fence}{info}\n");
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(&fence);
    out
}

/// A `diff` block from the body of a diff: invisible characters are spelt out, long lines and long diffs cut
/// with a visible mark.
pub(super) fn diff(text: &str) -> String {
    patch(text, MAX_DIFF_LINES)
}

/// The same of at most so many lines.
pub fn patch(text: &str, most: usize) -> String {
    let total = text.lines().count();
    let mut lines: Vec<String> = text.lines().take(most).map(|line| cut(line, MAX_LINE_CHARS)).collect();
    if total > most {
        lines.push(format!("… {} more lines", total - most));
    }
    block("diff", &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_fit_their_content() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code("a\nb\u{200b}\u{202e}\0"), "`a b\\u{200b}\\u{202e}\\u{0}`");
        assert_eq!(code("##[error]"), "`# #[error]`");
        assert_eq!(code(" \n"), "");
    }

    #[test]
    fn prose_keeps_code_and_defuses_the_rest() {
        insta::assert_snapshot!(prose("Use `apk add <x>` for @team, see #12, https://evil.example/![x](y) & <img> *now*"),
            @r"Use `apk add <x>` for @&#8203;team, see #&#8203;12, https:&#8203;//evil.example/\!\[x\](y) &amp; &lt;img&gt; \*now\*");
        insta::assert_snapshot!(prose("a ` b"), @r"a \` b");
        insta::assert_snapshot!(prose("- `a``b` <!-- snake_case _x_ www.x.y GH-1 $a$"),
            @r"\- `a`&#8203;`b` &lt;\!-- snake_case \_x\_ www&#8203;.x.y GH&#8203;-1 <span>$</span>a<span>$</span>");
        assert_eq!(prose("1. one"), "1\\. one");
        assert_eq!(
            prose("at 0a1b2c3 :octocat: a:b 1234567 cafe"),
            "at 0a1b2c&#8203;3 :&#8203;octocat: a:b 1234567 cafe"
        );
        assert_eq!(prose("line\none\r\n\ttwo"), "line one  two");
    }

    #[test]
    fn cells_hold_their_bars() {
        assert_eq!(cell("a | `b | c` \\| `d`"), "a \\| <code>b &#124; c</code> \\\\\\| `d`");
        assert_eq!(cell_code("a\\|<b>`"), "<code>a\\\\&#124;&lt;b&gt;\\`</code>");
    }

    #[test]
    fn blocks_cannot_be_left() {
        assert_eq!(block("suggestion", &["a ```` b".into()]), "`````suggestion\na ```` b\n`````");
        assert_eq!(block("suggestion", &[]), "```suggestion\n```");
        let long = "+0\u{1b}\n".repeat(100);
        let shown = diff(&long);
        assert!(shown.contains("+0\\u{1b}\n") && shown.ends_with("… 40 more lines\n```"), "{shown}");
    }
}
