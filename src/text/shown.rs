//! Makes characters visible that a terminal would obey or a reader would miss.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character moves the cursor, reorders text, or cannot be seen. A tab is none of these.
///
/// Controls, bidirectional controls, zero-width and other invisible characters as in Unicode's
/// `Default_Ignorable_Code_Point` and "Trojan Source" (CVE-2021-42574), without the two variation selectors
/// U+FE0E and U+FE0F that emoji need.
pub const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{8}'
            | '\u{a}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0d}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Appends a character, as `\u{…}` when it is hidden; tabs stay.
pub fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if is_hidden(c) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
        c => out.push(c),
    }
}

/// The text on one line, with every hidden character, line ends too, in a visible form. Tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    text.chars().for_each(|c| push_visible(&mut out, c));
    Cow::Owned(out)
}

/// Like [`visible`], but lines stay lines, and the `\r` of a `\r\n` goes.
pub fn visible_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').map_or(line, |l| l.strip_suffix('\r').unwrap_or(l));
        out.push_str(&visible(content));
        if line.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_hides() {
        assert_eq!(visible("a\tb é 🦀 ⚠\u{fe0f}"), "a\tb é 🦀 ⚠\u{fe0f}");
        assert_eq!(visible("\u{1b}[31m\u{202e}x\u{200b}\r\n"), "\\u{1b}[31m\\u{202e}x\\u{200b}\\r\\n");
        assert_eq!(visible_lines("a\r\nb\rc\n\u{9b}1m"), "a\nb\\rc\n\\u{9b}1m");
    }
}
