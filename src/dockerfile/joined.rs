//! A logical line: several file lines joined, with the way back to the file.

use crate::text::Span;
use std::ops::Range;

/// Text joined from pieces of the file (continuation lines without their escape character and line end,
/// comment lines left out), with a map from its offsets back to file offsets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joined {
    text: String,
    /// Offset in the file where the first piece starts. Most lines have no other one.
    start: u32,
    /// (offset in `text`, offset in the file) where a further piece starts; sorted.
    further: Vec<(u32, u32)>,
}

impl Joined {
    /// An empty logical line.
    pub fn new() -> Self {
        Self::default()
    }

    /// One piece of the file taken as it is.
    pub fn verbatim(text: &str, file_offset: u32) -> Self {
        Self { text: text.to_owned(), start: file_offset, further: Vec::new() }
    }

    /// Takes everything away but the memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.further.clear();
    }

    /// Appends the piece of the file that starts at `file_offset`.
    pub fn push(&mut self, text: &str, file_offset: u32) {
        let at = self.text.len() as u32;
        // An empty piece leaves no trace unless it is the only one: the map must know some place.
        if at == 0 {
            self.start = file_offset;
        } else if let Some(last) = self.further.last_mut()
            && last.0 == at
        {
            last.1 = file_offset;
        } else {
            self.further.push((at, file_offset));
        }
        self.text.push_str(text);
    }

    /// The joined text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of the piece that holds the byte at `offset`; 0 is the first one.
    fn piece(&self, offset: u32) -> usize {
        match self.further.first() {
            Some((at, _)) if *at <= offset => self.further.partition_point(|(at, _)| *at <= offset),
            _ => 0,
        }
    }

    /// The file offset of the byte at `offset`, which lies in that piece.
    fn in_piece(&self, piece: usize, offset: u32) -> u32 {
        let start = piece.checked_sub(1).and_then(|index| self.further.get(index));
        start.map_or(self.start + offset, |(at, file)| file + offset.saturating_sub(*at))
    }

    /// The file offset of the byte at `offset` of the joined text.
    pub fn to_file(&self, offset: u32) -> u32 {
        self.in_piece(self.piece(offset), offset)
    }

    /// The file span of a range of the joined text: from its first byte to just after its last byte.
    ///
    /// The span may contain continuation characters and comment lines between the pieces.
    pub fn span(&self, range: Range<usize>) -> Span {
        let first = range.start as u32;
        let piece = self.piece(first);
        let start = self.in_piece(piece, first);
        if range.is_empty() {
            return Span::at(start);
        }
        let last = range.end as u32 - 1;
        let end = match self.further.get(piece) {
            Some((next, _)) if *next <= last => self.to_file(last),
            _ => self.in_piece(piece, last),
        };
        Span::new(start, end + 1)
    }

    /// Another text at the same places; `None` when it has another number of bytes.
    pub fn with_text(&self, text: String) -> Option<Self> {
        let same = text.len() == self.text.len();
        same.then(|| Self { text, start: self.start, further: self.further.clone() })
    }

    /// A part of this line as a line of its own.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let start = range.start as u32;
        let piece = self.piece(start);
        let further = self.further.iter().skip(piece).take_while(|(at, _)| (*at as usize) < range.end);
        Self {
            further: further.map(|(at, file)| (at - start, *file)).collect(),
            start: self.in_piece(piece, start),
            text: self.text[range].to_owned(),
        }
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
