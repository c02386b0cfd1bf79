//! A logical line: several file lines joined, with the way back to the file.

use crate::text::Span;
use std::ops::Range;

/// Text joined from pieces of the file (continuation lines without their escape character and line end,
/// comment lines left out), with a map from its offsets back to file offsets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joined {
    text: String,
    /// (offset in `text`, offset in the file) where a piece starts; sorted, the first at 0.
    pieces: Vec<(u32, u32)>,
}

impl Joined {
    /// An empty logical line.
    pub fn new() -> Self {
        Self::default()
    }

    /// One piece of the file taken as it is.
    pub fn verbatim(text: &str, file_offset: u32) -> Self {
        let mut joined = Self::new();
        joined.push(text, file_offset);
        joined
    }

    /// Appends the piece of the file that starts at `file_offset`.
    pub fn push(&mut self, text: &str, file_offset: u32) {
        let at = self.text.len() as u32;
        // An empty piece leaves no trace unless it is the only one: the map must know some place.
        if let Some(last) = self.pieces.last_mut()
            && last.0 == at
        {
            last.1 = file_offset;
        } else {
            self.pieces.push((at, file_offset));
        }
        self.text.push_str(text);
    }

    /// The joined text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file offset of the byte at `offset` of the joined text.
    pub fn to_file(&self, offset: u32) -> u32 {
        let index = self.pieces.partition_point(|(at, _)| *at <= offset);
        self.pieces.get(index.saturating_sub(1)).map_or(0, |(at, file)| file + (offset.saturating_sub(*at)))
    }

    /// The file span of a range of the joined text: from its first byte to just after its last byte.
    ///
    /// The span may contain continuation characters and comment lines between the pieces.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.to_file(range.start as u32);
        if range.is_empty() {
            return Span::at(start);
        }
        Span::new(start, self.to_file(range.end as u32 - 1) + 1)
    }

    /// A part of this line as a line of its own.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut out = Self::new();
        let mut at = range.start;
        out.push("", self.to_file(at as u32));
        let next = self.pieces.partition_point(|(start, _)| *start as usize <= at);
        for (start, _) in &self.pieces[next.min(self.pieces.len())..] {
            let start = *start as usize;
            if start >= range.end {
                break;
            }
            out.push(&self.text[at..start], self.to_file(at as u32));
            at = start;
        }
        out.push(&self.text[at..range.end], self.to_file(at as u32));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_back_to_the_file() {
        // RUN a \\\n  b
        let mut joined = Joined::new();
        joined.push("RUN a ", 0);
        joined.push("  b", 8);
        assert_eq!(joined.text(), "RUN a   b");
        assert_eq!(joined.span(4..5), Span::new(4, 5));
        assert_eq!(joined.span(4..9), Span::new(4, 11));
        assert_eq!(joined.span(8..9), Span::new(10, 11));
        let part = joined.slice(4..9);
        assert_eq!(part.text(), "a   b");
        assert_eq!(part.span(4..5), Span::new(10, 11));
        assert_eq!(part.to_file(0), 4);
    }
}
