//! One suggestion block from edits: exactly the lines it replaces, replayed before it is shown.

use super::hunks::{FileDiff, LineRange};
use crate::text::{Edit, LineEnding, Source, Span, apply, diff, is_hidden};

/// Edits far apart are one suggestion only up to this many lines, else the reader sees mostly unchanged text.
const MAX_SPREAD_LINES: u32 = 20;

/// Bytes of a suggestion block; a larger change is shown as a (shortened) diff.
const MAX_BLOCK_BYTES: usize = 10_000;

/// A suggestion: the lines `range` of the head file become `lines`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The lines that are replaced, inside one hunk.
    pub(super) range: LineRange,
    /// What takes their place, without line ends; empty deletes the lines.
    pub(super) lines: Vec<String>,
}

/// Why edits cannot be offered as a suggestion block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The edits do not fit the text or change nothing.
    NotApplicable,
    /// The file mixes `\n` and `\r\n` (GitHub would rewrite line ends) or has a lone `\r`.
    LineEnds,
    /// The block would hold characters that cannot be seen.
    Unprintable,
    /// The lines are not all in one hunk.
    OutsideHunk,
    /// The block would be too long to read.
    TooLong,
    /// Replaying the block does not give the proven text.
    NotExact,
}

/// The lines that edits change: `first` and `last` in the head (`last == first - 1` for pure insertions
/// before line `first`), and what stands there afterwards, with line ends.
struct Region {
    first: u32,
    last: u32,
    new: Vec<String>,
}

/// The edited lines with one line more on either side: first line, old text, new text.
fn window<'a>(source: &'a Source, edits: &[Edit]) -> Option<(u32, &'a str, String)> {
    let start = edits.iter().map(|edit| edit.span.start).min()?;
    let end = edits.iter().map(|edit| edit.span.end).max()?;
    if end as usize > source.text().len() || start > end {
        return None;
    }
    let first = source.line_of(start).saturating_sub(1).max(1);
    let last = (source.line_of(end) + 1).min(source.line_count());
    let span = source.line_span(first).cover(source.line_span(last));
    let old = source.slice(span);
    let shifted: Vec<Edit> = edits
        .iter()
        .map(|edit| Edit {
            span: Span::new(
                edit.span.start.saturating_sub(span.start),
                edit.span.end.saturating_sub(span.start),
            ),
            text: edit.text.clone(),
        })
        .collect();
    Some((first, old, apply(old, &shifted).ok()?))
}

fn region(source: &Source, edits: &[Edit]) -> Option<Region> {
    let (first, old, new) = window(source, edits)?;
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - prefix;
    let suffix = old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let changed = new.get(prefix..new.len() - suffix)?;
    if prefix + suffix == old.len() && changed.is_empty() {
        return None;
    }
    Some(Region {
        first: first + prefix as u32,
        last: first + (old.len() - suffix) as u32 - 1,
        new: changed.iter().map(|line| (*line).to_owned()).collect(),
    })
}

/// Makes the suggestion block for edits of a file whose diff is known.
///
/// # Errors
/// Says why these edits cannot be a suggestion; they are then shown as a diff or in prose.
pub(super) fn block(source: &Source, edits: &[Edit], file: &FileDiff) -> Result<Block, Refusal> {
    let text = source.text();
    let ending = source.line_ending();
    let returns = text.bytes().filter(|byte| *byte == b'\r').count();
    let pairs = if ending == LineEnding::Crlf { text.matches("\r\n").count() } else { 0 };
    if ending == LineEnding::Mixed || returns != pairs {
        return Err(Refusal::LineEnds);
    }
    let region = region(source, edits).ok_or(Refusal::NotApplicable)?;
    let (range, new) = with_neighbour(source, file, region).ok_or(Refusal::OutsideHunk)?;
    if file.hunk_of(range).is_none() {
        return Err(Refusal::OutsideHunk);
    }
    let lines: Vec<String> = new
        .iter()
        .map(|line| {
            let line = line.strip_suffix('\n').unwrap_or(line);
            line.strip_suffix('\r').unwrap_or(line).to_owned()
        })
        .collect();
    if lines.iter().any(|line| line.chars().any(is_hidden)) {
        return Err(Refusal::Unprintable);
    }
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    if bytes > MAX_BLOCK_BYTES || (edits.len() > 1 && range.len() > MAX_SPREAD_LINES) {
        return Err(Refusal::TooLong);
    }
    let proven = apply(text, edits).map_err(|_| Refusal::NotApplicable)?;
    let block = Block { range, lines };
    if replay(source, &block) == proven { Ok(block) } else { Err(Refusal::NotExact) }
}

/// A suggestion replaces at least one line, so an insertion takes the line after or before it along.
fn with_neighbour(source: &Source, file: &FileDiff, region: Region) -> Option<(LineRange, Vec<String>)> {
    let Region { first, last, mut new } = region;
    if first <= last {
        return Some((LineRange::new(first, last), new));
    }
    let whole = |line: u32| source.slice(source.line_span(line)).to_owned();
    let at = |line: u32| LineRange { first: line, last: line };
    if first <= source.line_count() && file.hunk_of(at(first)).is_some() {
        new.push(whole(first));
        return Some((at(first), new));
    }
    let before = first.checked_sub(1).filter(|line| *line > 0)?;
    file.hunk_of(at(before))?;
    new.insert(0, whole(before));
    Some((at(before), new))
}

/// What GitHub's "Commit suggestion" makes of the file: the lines of the range are replaced by those of the
/// block; they take the file's line end, the last one that of the line it replaces.
pub(super) fn replay(source: &Source, block: &Block) -> String {
    let end_of = |line: &str| match line {
        line if line.ends_with("\r\n") => "\r\n",
        line if line.ends_with('\n') => "\n",
        _ => "",
    };
    let full = |line: u32| source.slice(source.line_span(line));
    let inner = [full(block.range.first), full(1)].into_iter().map(end_of).find(|end| !end.is_empty());
    let inner = inner.unwrap_or("\n");
    let last = end_of(full(block.range.last));
    let text = source.text();
    let mut out = String::with_capacity(text.len());
    out.push_str(text.get(..source.line_span(block.range.first).start as usize).unwrap_or(""));
    for (index, line) in block.lines.iter().enumerate() {
        out.push_str(line);
        out.push_str(if index + 1 == block.lines.len() { last } else { inner });
    }
    out.push_str(text.get(source.line_span(block.range.last).end as usize..).unwrap_or(""));
    out
}

/// The lines that edits touch, for a reader: also where no suggestion is possible.
pub(super) fn edited_lines(source: &Source, edits: &[Edit]) -> Option<LineRange> {
    let region = region(source, edits)?;
    let first = region.first.min(source.line_count());
    Some(LineRange::new(first, region.last.max(first)))
}

/// The edits as the body of a small diff, not yet escaped; `None` when they do not fit the text.
pub(super) fn excerpt(source: &Source, edits: &[Edit]) -> Option<String> {
    let (_, old, new) = window(source, edits)?;
    Some(diff::excerpt(old, &new)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(text: &str, needle: &str) -> u32 {
        text.find(needle).unwrap() as u32
    }

    /// All lines of the file are new.
    fn whole(text: &str) -> (Source, FileDiff) {
        (Source::new(text), FileDiff::from_texts("Dockerfile", "", text))
    }

    fn made(text: &str, edits: &[Edit]) -> Result<(u32, u32, Vec<String>), Refusal> {
        let (source, file) = whole(text);
        block(&source, edits, &file).map(|b| (b.range.first, b.range.last, b.lines))
    }

    #[test]
    fn one_line_and_several() {
        let text = "FROM a\nRUN apk add \\\n  curl\nCMD x\n";
        let edit = Edit::insert(offset(text, " \\"), " --no-cache");
        assert_eq!(made(text, &[edit]).unwrap(), (2, 2, vec!["RUN apk add --no-cache \\".to_owned()]));
        let edits = [Edit::insert(offset(text, " \\"), " -q"), Edit::replace(Span::new(23, 27), "wget")];
        assert_eq!(
            made(text, &edits).unwrap(),
            (2, 3, vec!["RUN apk add -q \\".to_owned(), "  wget".to_owned()])
        );
    }

    #[test]
    fn an_insertion_takes_a_neighbour_that_is_in_the_hunk() {
        let text = "FROM a\nRUN b\nCMD x\n";
        let edit = [Edit::insert(offset(text, "CMD"), "USER 1\n")];
        assert_eq!(made(text, &edit).unwrap(), (3, 3, vec!["USER 1".to_owned(), "CMD x".to_owned()]));
        let file = FileDiff::from_patch("Dockerfile", "@@ -1,1 +1,2 @@\n FROM a\n+RUN b\n");
        let got = block(&Source::new(text), &edit, &file).unwrap();
        assert_eq!(
            (got.range, got.lines),
            (LineRange::new(2, 2), vec!["RUN b".to_owned(), "USER 1".to_owned()])
        );
        let file = FileDiff::from_patch("Dockerfile", "@@ -0,0 +1 @@\n+FROM a\n");
        assert_eq!(block(&Source::new(text), &edit, &file), Err(Refusal::OutsideHunk));
    }

    #[test]
    fn deletions() {
        let text = "FROM a\nMAINTAINER me\nCMD x\n";
        assert_eq!(made(text, &[Edit::delete(Span::new(7, 21))]).unwrap(), (2, 2, vec![]));
        // Without the line end: the line is joined with the next one.
        assert_eq!(
            made(text, &[Edit::delete(Span::new(7, 21)), Edit::delete(Span::new(21, 25))]).unwrap(),
            (2, 3, vec!["x".to_owned()])
        );
        assert_eq!(
            made(text, &[Edit::delete(Span::new(20, 21))]).unwrap(),
            (2, 3, vec!["MAINTAINER meCMD x".to_owned()])
        );
    }

    #[test]
    fn the_last_line_without_an_end() {
        let text = "FROM a\nCMD x";
        assert_eq!(
            made(text, &[Edit::replace(Span::new(11, 12), "y")]).unwrap(),
            (2, 2, vec!["CMD y".to_owned()])
        );
        let appended = made(text, &[Edit::insert(12, "\nUSER 1")]).unwrap();
        assert_eq!(appended, (2, 2, vec!["CMD x".to_owned(), "USER 1".to_owned()]));
        assert_eq!(made(text, &[Edit::insert(12, "\n")]), Err(Refusal::NotExact));
    }

    #[test]
    fn line_ends() {
        let text = "FROM a\r\nRUN b\r\nCMD x\r\n";
        let edit = Edit::insert(offset(text, "CMD"), "USER 1\r\n");
        assert_eq!(made(text, &[edit]).unwrap(), (3, 3, vec!["USER 1".to_owned(), "CMD x".to_owned()]));
        // A bare line feed would be turned into the file's own.
        assert_eq!(made(text, &[Edit::insert(offset(text, "CMD"), "USER 1\n")]), Err(Refusal::NotExact));
        assert_eq!(made("a\r\nb\n", &[Edit::insert(0, "x")]), Err(Refusal::LineEnds));
        assert_eq!(made("a\rb\n", &[Edit::insert(0, "x")]), Err(Refusal::LineEnds));
    }

    #[test]
    fn what_cannot_be_seen_or_read_is_not_offered() {
        assert_eq!(made("RUN a\u{202e}b\n", &[Edit::insert(0, "x")]), Err(Refusal::Unprintable));
        let text = "RUN x\n".repeat(29) + "RUN 29\n";
        let far = [Edit::insert(0, "X"), Edit::insert(offset(&text, "RUN 29"), "Y")];
        assert_eq!(made(&text, &far), Err(Refusal::TooLong));
        assert_eq!(made("a\n", &[Edit::insert(0, "x".repeat(MAX_BLOCK_BYTES))]), Err(Refusal::TooLong));
        assert_eq!(made("a\n", &[Edit::replace(Span::new(0, 1), "a")]), Err(Refusal::NotApplicable));
        assert_eq!(made("a\n", &[Edit::insert(9, "x")]), Err(Refusal::NotApplicable));
    }

    #[test]
    fn a_change_over_two_hunks_is_a_diff() {
        let base = (1..=20).map(|n| format!("RUN {n}")).collect::<Vec<_>>().join("\n") + "\n";
        let head = base.replace("RUN 3\n", "RUN three\n").replace("RUN 17\n", "RUN seventeen\n");
        let source = Source::new(head.clone());
        let file = FileDiff::from_texts("Dockerfile", &base, &head);
        let edits = [
            Edit::insert(offset(&head, "RUN three") + 3, " -x"),
            Edit::insert(offset(&head, "RUN seventeen") + 3, " -x"),
        ];
        assert_eq!(block(&source, &edits, &file), Err(Refusal::OutsideHunk));
        let text = excerpt(&source, &edits).unwrap();
        assert!(text.contains("-RUN three\n+RUN -x three\n") && text.contains("…\n"), "{text}");
        assert_eq!(edited_lines(&source, &edits), Some(LineRange::new(3, 17)));
    }
}
