//! The one place where text becomes Markdown.
//!
//! Text of a pull request is untrusted: it must not mention people, link, load pictures, close a fence or
//! hide. Outside code everything with a meaning is defused; inside code spans and blocks the fences are
//! sized by their content.

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

/// Whether a character leaves no mark or reorders others: controls (but not tab), bidirectional overrides,
/// zero-width characters, tags and the byte order mark.
pub(super) fn is_invisible(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// One line of visible text, at most `max` characters: line ends become spaces, invisible characters go.
fn flat(text: &str, max: usize) -> String {
    let visible = text.chars().filter_map(|c| match c {
        '\n' | '\t' => Some(' '),
        c if is_invisible(c) => None,
        c => Some(c),
    });
    cut(visible, max)
}

fn cut(chars: impl Iterator<Item = char>, max: usize) -> String {
    let mut chars = chars.peekable();
    let mut out: String = chars.by_ref().take(max).collect();
    if chars.peek().is_some() {
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
    let text = flat(text, MAX_CODE_CHARS);
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
    let text = flat(text.trim(), MAX_PROSE_CHARS);
    let parts: Vec<&str> = text.split('`').collect();
    // An even number of parts means a backtick without partner: the last one is then plain.
    let pairs = (parts.len() - 1) / 2;
    let mut out = String::with_capacity(text.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 1 && index < 2 * pairs {
            let span = code(part);
            // Two spans side by side would merge their backticks.
            if out.ends_with('`') && !span.is_empty() {
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
    while let Some(c) = rest.chars().next() {
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
            ':' if after.starts_with("//") => {
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
            '\\' | '*' | '_' | '~' | '[' | ']' | '!' | '|' => {
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
        rest = after;
    }
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().saturating_sub(end.len());
    text.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// A table cell: a paragraph in which no bar ends the cell, also not in code.
pub fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in prose(text).chars() {
        if c == '|' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// A code span in a table cell.
pub fn cell_code(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A fenced block of lines as they are: for suggestions, whose lines were checked to be visible.
pub(super) fn block(info: &str, lines: &[String]) -> String {
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
    let mut lines: Vec<String> = text
        .lines()
        .take(most)
        .map(|line| {
            let shown = line.chars().map(|c| if is_invisible(c) { '\u{fffd}' } else { c });
            cut(shown, MAX_LINE_CHARS)
        })
        .collect();
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
        assert_eq!(code("a\nb\u{200b}\u{202e}\0"), "`a b`");
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
        assert_eq!(prose("line\none\r\n\ttwo"), "line one  two");
    }

    #[test]
    fn cells_hold_their_bars() {
        assert_eq!(cell("a | `b | c`"), "a \\| `b \\| c`");
        assert_eq!(cell_code("a|b"), "`a\\|b`");
    }

    #[test]
    fn blocks_cannot_be_left() {
        assert_eq!(block("suggestion", &["a ```` b".into()]), "`````suggestion\na ```` b\n`````");
        assert_eq!(block("suggestion", &[]), "```suggestion\n```");
        let long = "+0\u{1b}\n".repeat(100);
        let shown = diff(&long);
        assert!(shown.contains("+0\u{fffd}\n") && shown.ends_with("… 40 more lines\n```"), "{shown}");
    }
}
