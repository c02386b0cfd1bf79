//! One file's text with its line index.

use super::{MAX_FILE_BYTES, Span};
use std::sync::Arc;
use thiserror::Error;

/// A place as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

/// How the lines of a text end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnding {
    /// Every line ends with `\n` (also a text of one line without an end).
    Lf,
    /// Every line ends with `\r\n`.
    Crlf,
    /// Both occur.
    Mixed,
}

/// Why bytes are not taken as a text.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {0} bytes, more than the {MAX_FILE_BYTES} that are read")]
    TooLarge(u64),
    /// A NUL byte: an image, an archive, a program.
    #[error("the file is binary (NUL byte at offset {0})")]
    Binary(usize),
    /// Not UTF-8.
    #[error("the file is not UTF-8 (invalid byte at offset {0}); save it as UTF-8")]
    NotUtf8(usize),
}

/// A text with its line starts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Source {
    text: Arc<str>,
    line_starts: Arc<[u32]>,
}

impl Source {
    /// Indexes a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let line_ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let mut starts = Vec::with_capacity(line_ends.clone().count() + 1);
        starts.push(0);
        starts.extend(line_ends.map(|at| at as u32 + 1));
        // A final newline ends the last line, it does not begin another one.
        if starts.len() > 1 && starts.last() == Some(&(text.len() as u32)) {
            starts.pop();
        }
        Self { text, line_starts: starts.into() }
    }

    /// Takes bytes as a text.
    ///
    /// # Errors
    /// When they are too many, binary or not UTF-8.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SourceError> {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(SourceError::TooLarge(bytes.len() as u64));
        }
        if let Some(at) = memchr::memchr(0, &bytes) {
            return Err(SourceError::Binary(at));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text)),
            Err(error) => Err(SourceError::NotUtf8(error.utf8_error().valid_up_to())),
        }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The bytes of a span; empty where the span does not fit this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Number of lines; a text without any byte has one empty line.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// The line (from 1) that holds a byte offset. The end of the text belongs to the last line.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|start| *start <= offset) as u32
    }

    /// The bytes of a line (from 1), its line end included. Empty outside the text.
    pub fn line_span(&self, line: u32) -> Span {
        let end = self.text.len() as u32;
        let Some(start) = line.checked_sub(1).and_then(|i| self.line_starts.get(i as usize)) else {
            return Span::at(end);
        };
        Span::new(*start, self.line_starts.get(line as usize).copied().unwrap_or(end))
    }

    /// The text of a line (from 1) without its line end.
    pub fn line(&self, line: u32) -> &str {
        self.slice(self.line_span(line)).trim_end_matches(['\n', '\r'])
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.line_span(line).start as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(1, |s| s.chars().count() as u32 + 1);
        Position { line, column }
    }

    /// First and last line (from 1) of a span. A span that ends with a line end ends on that line; an
    /// empty span lies on the line of its offset.
    pub fn lines_of(&self, span: Span) -> (u32, u32) {
        let first = self.line_of(span.start);
        let last = if span.is_empty() { first } else { self.line_of(span.end - 1) };
        (first, last)
    }

    /// How the lines end.
    pub fn line_ending(&self) -> LineEnding {
        let lf = self.text.bytes().filter(|b| *b == b'\n').count();
        let crlf = self.text.matches("\r\n").count();
        match crlf {
            0 => LineEnding::Lf,
            n if n == lf => LineEnding::Crlf,
            _ => LineEnding::Mixed,
        }
    }

    /// The line end to use in inserted text: that of the line at `offset`, or of the line before it.
    pub fn newline_at(&self, offset: u32) -> &'static str {
        let line = self.line_of(offset);
        let near = [line, line.saturating_sub(1)];
        let crlf = near.iter().map(|l| self.slice(self.line_span(*l))).find(|s| s.ends_with('\n'));
        if crlf.is_some_and(|s| s.ends_with("\r\n")) { "\r\n" } else { "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        let source = Source::new("ab\r\né x\n");
        assert_eq!(source.line_count(), 2);
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(7), Position { line: 2, column: 3 });
        assert_eq!(source.line(2), "é x");
        assert_eq!(source.lines_of(Span::new(0, 4)), (1, 1));
        assert_eq!(source.lines_of(Span::new(0, 5)), (1, 2));
        assert_eq!(source.line_of(8), 2);
        assert_eq!(source.line_ending(), LineEnding::Mixed);
        assert_eq!(source.newline_at(1), "\r\n");
        assert_eq!(source.newline_at(6), "\n");
    }

    #[test]
    fn the_empty_text_has_one_line() {
        let source = Source::new("");
        assert_eq!((source.line_count(), source.line_of(0), source.line(1)), (1, 1, ""));
    }

    #[test]
    fn says_why_bytes_are_no_text() {
        assert_eq!(Source::from_bytes(b"a\0b".to_vec()).unwrap_err(), SourceError::Binary(1));
        assert_eq!(Source::from_bytes(vec![b'a', 0xff]).unwrap_err(), SourceError::NotUtf8(1));
    }
}
