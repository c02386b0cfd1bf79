//! Lines of a file as they can be shown: hidden characters visible, long lines cut, with a map of offsets.

use crate::text::{Source, Span, push_visible};

/// The most bytes of a line that are shown.
const WIDTH: usize = 160;
/// How many of them stand before the place that matters.
const BEFORE: usize = 40;

/// Some lines of a file, ready for the terminal.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The lines, each with `\n`.
    pub(super) text: String,
    /// The number of the first line, from 1.
    pub(super) first_line: u32,
    /// File offset → offset in `text`, ascending.
    map: Vec<(u32, u32)>,
}

impl Excerpt {
    /// Takes the lines `first..=last`; long lines are cut around the places of `focus`.
    pub(super) fn new(source: &Source, first: u32, last: u32, focus: &[Span]) -> Self {
        let mut out = Self { text: String::new(), first_line: first, map: Vec::new() };
        for number in first..=last.min(source.line_count()) {
            let start = source.line_span(number).start;
            let line = source.line(number);
            let (from, to) = window(line, start, focus);
            out.mark(start);
            if from > 0 {
                out.text.push('…');
            }
            for (index, c) in line.get(from..to).unwrap_or("").char_indices() {
                out.mark(start + (from + index) as u32);
                push_visible(&mut out.text, c);
            }
            out.mark(start + to as u32);
            if to < line.len() {
                out.text.push('…');
                out.mark(start + line.len() as u32);
            }
            out.text.push('\n');
        }
        out
    }

    fn mark(&mut self, offset: u32) {
        self.map.push((offset, self.text.len() as u32));
    }

    /// Where a byte of the file is in the text.
    pub(super) fn at(&self, offset: u32) -> usize {
        let after = self.map.partition_point(|(file, _)| *file <= offset);
        after.checked_sub(1).and_then(|index| self.map.get(index)).map_or(0, |(_, here)| *here as usize)
    }

    /// Where a span of the file is in the text.
    pub(super) fn range(&self, span: Span) -> std::ops::Range<usize> {
        let start = self.at(span.start);
        start..self.at(span.end).max(start)
    }

    /// The column (from 1) at which the text shows a byte of the file.
    pub(super) fn column(&self, offset: u32) -> usize {
        let before = self.text.get(..self.at(offset)).unwrap_or("");
        before.chars().rev().take_while(|c| *c != '\n').count() + 1
    }
}

/// Which bytes of a line are shown.
fn window(line: &str, start: u32, focus: &[Span]) -> (usize, usize) {
    if line.len() <= WIDTH {
        return (0, line.len());
    }
    let end = start + line.len() as u32;
    let first = focus
        .iter()
        .filter(|span| span.start <= end && span.end >= start)
        .map(|span| span.start.saturating_sub(start) as usize)
        .min()
        .unwrap_or(0);
    let from = boundary(line, first.saturating_sub(BEFORE));
    // A few bytes are not worth an ellipsis.
    let from = if from < 8 { 0 } else { from };
    (from, boundary(line, from + WIDTH))
}

/// The character boundary at or before an offset.
pub(super) fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The span without line ends and blanks at its end, for underlining; unchanged when nothing would be left.
pub(super) fn trimmed(source: &Source, span: Span) -> Span {
    let text = source.slice(span).trim_end();
    if text.is_empty() {
        Span::new(span.start, span.end.max(span.start))
    } else {
        Span::new(span.start, span.start + text.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_offsets_over_escapes_and_line_ends() {
        let source = Source::new("ab\r\nc\u{202e}d\r\nlast");
        let excerpt = Excerpt::new(&source, 1, 3, &[]);
        assert_eq!(excerpt.text, "ab\nc\\u{202e}d\nlast\n");
        let d = source.text().find('d').unwrap() as u32;
        assert_eq!(&excerpt.text[excerpt.at(d)..=excerpt.at(d)], "d");
        assert_eq!(excerpt.range(Span::new(0, 3)), 0..2);
        assert_eq!(excerpt.column(d), 10);
    }

    #[test]
    fn cuts_long_lines_around_the_place() {
        let source = Source::new(format!("{}HERE{}", "é".repeat(500), "x".repeat(500)));
        let at = source.text().find("HERE").unwrap() as u32;
        let span = Span::new(at, at + 4);
        let excerpt = Excerpt::new(&source, 1, 1, &[span]);
        assert_eq!(&excerpt.text[excerpt.range(span)], "HERE");
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with("…\n"));
        assert!(excerpt.text.len() < 200);
        assert_eq!(excerpt.at(3), 0);
    }
}
