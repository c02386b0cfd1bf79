//! A fix as changed lines.

use super::excerpt::boundary;
use crate::text::{Edit, Source, Span, apply, visible};
use std::collections::VecDeque;

/// The most lines that are shown of one change.
const MAX_LINES: usize = 30;
/// The most bytes that are shown of a line.
const MAX_LINE: usize = 300;
/// How many unchanged bytes of a long line are shown on each side of a change.
const AROUND: usize = 60;

/// One change of neighbouring lines, ready to be shown (hidden characters visible, long lines cut).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hunk {
    /// Part of a line changes: `before` + `old` + `after` becomes `before` + `new` + `after`.
    Within { line: u32, before: String, old: String, new: String, after: String },
    /// Lines go.
    Removed { line: u32, lines: Vec<String> },
    /// Lines come, before the line with this number.
    Added { line: u32, lines: Vec<String> },
}

/// The changed lines that edits make, in order; empty when only line ends change or the edits do not fit.
pub(super) fn hunks(source: &Source, edits: &[Edit]) -> Vec<Hunk> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut queue: VecDeque<&Edit> = sorted.into();
    let mut out = Vec::new();
    while let Some(edit) = queue.pop_front() {
        let (first, mut last) = source.lines_of(edit.span);
        let mut group = vec![edit.clone()];
        loop {
            while let Some(next) = queue.front().filter(|next| source.line_of(next.span.start) <= last) {
                last = last.max(source.lines_of(next.span).1);
                group.push((*next).clone());
                queue.pop_front();
            }
            let span = Span::new(source.line_span(first).start, source.line_span(last).end);
            let Some(new) = applied(source, span, &group) else { return Vec::new() };
            // The line end is gone: the next line belongs to this change.
            if !new.is_empty() && !new.ends_with('\n') && last < source.line_count() {
                last += 1;
                continue;
            }
            compare(source.slice(span), &new, first, &mut out);
            break;
        }
    }
    out
}

/// The lines that edits touch, with `margin` lines around them, before and after; `None` when the edits do
/// not fit.
pub(super) fn around<'a>(source: &'a Source, edits: &[Edit], margin: u32) -> Option<(&'a str, String)> {
    let first = edits.iter().map(|edit| source.lines_of(edit.span).0).min()?.saturating_sub(margin).max(1);
    let last = edits.iter().map(|edit| source.lines_of(edit.span).1).max()?.saturating_add(margin);
    let span = Span::new(source.line_span(first).start, source.line_span(last.min(source.line_count())).end);
    Some((source.slice(span), applied(source, span, edits)?))
}

fn applied(source: &Source, span: Span, edits: &[Edit]) -> Option<String> {
    let moved: Vec<Edit> = edits
        .iter()
        .map(|edit| {
            let start = edit.span.start.checked_sub(span.start)?;
            let end = edit.span.end.checked_sub(span.start)?;
            Some(Edit::replace(Span::new(start, end), edit.text.clone()))
        })
        .collect::<Option<_>>()?;
    apply(source.slice(span), &moved).ok()
}

fn compare(old: &str, new: &str, first: u32, out: &mut Vec<Hunk>) {
    let lines = |text: &str| -> Vec<String> {
        text.split_inclusive('\n').map(|line| line.trim_end_matches(['\n', '\r']).to_owned()).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let line = first + head as u32;
    if old.len() == new.len() {
        let pairs = (line..).zip(old.iter().zip(new)).filter(|(_, (a, b))| a != b);
        out.extend(pairs.map(|(line, (a, b))| within(line, a, b)));
        return;
    }
    if !old.is_empty() {
        out.push(Hunk::Removed { line, lines: shown(old) });
    }
    if !new.is_empty() {
        out.push(Hunk::Added { line: line + old.len() as u32, lines: shown(new) });
    }
}

fn shown(lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = lines.iter().take(MAX_LINES).map(|line| cut(line)).collect();
    if lines.len() > MAX_LINES {
        out.push(format!("… {} more lines", lines.len() - MAX_LINES));
    }
    out
}

/// A line as it is shown: hidden characters visible, cut when it is long.
pub(super) fn cut(text: &str) -> String {
    let end = boundary(text, MAX_LINE);
    let dots = if end < text.len() { "…" } else { "" };
    format!("{}{dots}", visible(text.get(..end).unwrap_or("")))
}

fn within(line: u32, old: &str, new: &str) -> Hunk {
    let same = |(a, b): &(char, char)| a == b;
    let head: usize = old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (before, old) = old.split_at(head);
    let (_, new) = new.split_at(head);
    let tail: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (old, after) = old.split_at(old.len() - tail);
    let (new, _) = new.split_at(new.len() - tail);
    let from = if before.len() > AROUND * 2 { boundary(before, before.len() - AROUND) } else { 0 };
    let to = if after.len() > AROUND * 2 { boundary(after, AROUND) } else { after.len() };
    let dots = |cut: bool| if cut { "…" } else { "" };
    Hunk::Within {
        line,
        before: format!("{}{}", dots(from > 0), visible(before.get(from..).unwrap_or(""))),
        old: cut(old),
        new: cut(new),
        after: format!("{}{}", visible(after.get(..to).unwrap_or("")), dots(to < after.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(line: u32, lines: &[&str]) -> Hunk {
        Hunk::Added { line, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }

    fn removed(line: u32, lines: &[&str]) -> Hunk {
        Hunk::Removed { line, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }

    #[test]
    fn finds_inserted_and_removed_lines() {
        let source = Source::new("FROM a\r\nRUN b \\\r\n  c\r\nCMD d\r\n");
        let at = |text: &str| source.text().find(text).unwrap() as u32;
        assert_eq!(hunks(&source, &[Edit::insert(at("CMD"), "USER 1\r\n")]), [added(4, &["USER 1"])]);
        let end = source.text().len() as u32;
        assert_eq!(hunks(&source, &[Edit::insert(end, "USER 1\r\n")]), [added(5, &["USER 1"])]);
        let run = Span::new(at("RUN"), at("CMD"));
        assert_eq!(hunks(&source, &[Edit::delete(run)]), [removed(2, &["RUN b \\", "  c"])]);
        assert_eq!(
            hunks(&source, &[Edit::replace(run, "COPY x\r\n")]),
            [removed(2, &["RUN b \\", "  c"]), added(4, &["COPY x"])]
        );
    }

    #[test]
    fn joins_lines_whose_end_goes() {
        let source = Source::new("RUN b \\\n  c\nCMD d\n");
        let edit = Edit::delete(Span::new(5, 10));
        assert_eq!(hunks(&source, &[edit]), [removed(1, &["RUN b \\", "  c"]), added(3, &["RUN bc"])]);
    }

    #[test]
    fn finds_the_change_within_a_line() {
        let source = Source::new("ADD a b");
        let edits = [Edit::replace(Span::new(0, 3), "COPY"), Edit::insert(7, "/")];
        let [Hunk::Within { line: 1, before, old, new, after }] = &hunks(&source, &edits)[..] else {
            panic!("one change within line 1");
        };
        assert_eq!([before, old, new, after].map(String::as_str), ["", "ADD a b", "COPY a b/", ""]);
        assert_eq!(hunks(&source, &[Edit::insert(7, "\nUSER 1\n")]), [added(2, &["USER 1"])]);
        assert_eq!(hunks(&source, &[Edit::insert(7, "\n")]), []);
        assert_eq!(hunks(&source, &[Edit::insert(99, "x")]), []);
    }
}
