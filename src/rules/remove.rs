//! Edits that take something out of a line and leave the rest as it is written.

use crate::dockerfile::{Instruction, Pair};
use crate::facts::FileFacts;
use crate::text::{Edit, Span};

/// Takes words out of a command: the whole line where they stand on one of their own that goes on, else the words
/// with the blanks before them. `None` where they stand on several lines.
pub(super) fn words(file: &FileFacts<'_>, words: Span) -> Option<Edit> {
    let source = &file.dockerfile.source;
    let line = source.line_span(source.line_of(words.start));
    if !line.contains(words) {
        return None;
    }
    let before = source.slice(Span::new(line.start, words.start));
    let after = source.slice(Span::new(words.end, line.end));
    if !before.trim().is_empty() {
        let start = line.start + before.trim_end().len() as u32;
        return Some(Edit::delete(Span::new(start, words.end)));
    }
    let rest = after.trim();
    if rest.chars().eq([file.dockerfile.escape]) {
        return Some(Edit::delete(line));
    }
    let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
    (!rest.is_empty()).then(|| Edit::delete(Span::new(words.start, words.end + blanks as u32)))
}

/// Takes a pair out of ENV, ARG or LABEL, or the whole instruction where it is the only one. `None` where a comment
/// would be left at the wrong place.
pub(super) fn pair(file: &FileFacts<'_>, instruction: &Instruction, pair: &Pair) -> Option<Edit> {
    let pairs = instruction.pairs.as_slice();
    let at = pairs.iter().position(|other| other.span == pair.span)?;
    let span = match (at.checked_sub(1).and_then(|before| pairs.get(before)), pairs.get(at + 1)) {
        (Some(before), _) => Span::new(before.span.end, pair.span.end),
        (None, Some(after)) => Span::new(pair.span.start, after.span.start),
        (None, None) => instruction.span,
    };
    (pairs.len() == 1 || !file.dockerfile.source.slice(span).contains('#')).then(|| Edit::delete(span))
}
