//! Expressions of GitHub workflows, `${{ … }}`, in texts and scripts.

use crate::dockerfile::Joined;
use std::ops::Range;

/// Whether an expression is in a text.
pub(super) fn has_expression(text: &str) -> bool {
    text.contains("${{")
}

/// The expressions of a text: their ranges with `${{` and `}}`. A `}}` in a quoted string of the expression ends
/// nothing.
pub fn expressions(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("${{")).map(|at| from + at) {
        let mut quoted = false;
        let bytes = text.as_bytes();
        let mut at = start + 3;
        let end = loop {
            match bytes.get(at) {
                None => break None,
                Some(b'\'') => quoted = !quoted,
                Some(b'}') if !quoted && bytes.get(at + 1) == Some(&b'}') => break Some(at + 2),
                Some(_) => {}
            }
            at += 1;
        };
        let Some(end) = end else { break };
        out.push(start..end);
        from = end;
    }
    out
}

/// A script in which each expression has become a variable of the same length, so that a shell can read it: GitHub
/// puts the value in before the shell runs.
pub(super) fn masked(joined: Joined) -> Joined {
    let found = expressions(joined.text());
    if found.is_empty() {
        return joined;
    }
    let mut text = String::with_capacity(joined.text().len());
    let mut at = 0;
    for range in found {
        text.push_str(joined.text().get(at..range.start).unwrap_or(""));
        text.push_str("${");
        text.push_str(&"_".repeat(range.len() - 3));
        text.push('}');
        at = range.end;
    }
    text.push_str(joined.text().get(at..).unwrap_or(""));
    joined.with_text(text).unwrap_or(joined)
}

/// A text of a masked script with its expressions back: `from` is where the text begins in the original.
pub(super) fn unmasked(masked: &str, original: &str) -> String {
    let mut found = expressions(original).into_iter();
    let mut out = String::with_capacity(masked.len());
    let mut rest = masked;
    while let Some(at) = rest.find("${__") {
        let (before, from) = rest.split_at(at);
        let len = from.find('}').map_or(from.len(), |end| end + 1);
        let inner = from.get(2..len.saturating_sub(1)).unwrap_or("");
        out.push_str(before);
        let (variable, after) = from.split_at(len);
        let is_mask = inner.bytes().all(|b| b == b'_');
        let expression = if is_mask { found.next().and_then(|range| original.get(range)) } else { None };
        out.push_str(expression.unwrap_or(variable));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn finds_expressions() {
        let text = "a ${{ b }} ${{ format('}}', '''{0}''') }} ${{ open";
        let found: Vec<_> = expressions(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["${{ b }}", "${{ format('}}', '''{0}''') }}"]);
        assert_eq!(expressions("${{é}}").first(), Some(&(0..7)));
    }

    #[test]
    fn masks_and_unmasks() {
        let text = "docker build -t x:${{ github.ref == 'é' && 'a' }} . # ${{}}";
        let masked = masked(Joined::verbatim(text, 10));
        assert_eq!(masked.text().len(), text.len());
        assert!(masked.text().starts_with("docker build -t x:${____"));
        assert!(masked.text().ends_with("___} . # ${__}"));
        assert_eq!(masked.span(0..6), Span::new(10, 16));
        let (word, _) = masked.text()[16..].split_once(' ').unwrap();
        assert_eq!(unmasked(word, &text[16..]), "x:${{ github.ref == 'é' && 'a' }}");
        assert_eq!(unmasked("a ${__x} ${___", "a ${__x} ${{}"), "a ${__x} ${___");
    }
}
