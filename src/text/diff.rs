//! Line diffs, made with `similar`.

use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::{DiffOp, group_diff_ops};
use std::fmt::Write as _;
use std::ops::Range;

/// What became of the lines of a text. Myers' algorithm by its name: through `TextDiff` the program would
/// hold five more, in several variants each.
fn ops(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let mut hook = Compact::new(Replace::new(Capture::new()), old, new);
    // Capturing never fails.
    let _ = myers::diff(&mut hook, old, 0..old.len(), new, 0..new.len());
    hook.into_inner().into_inner().into_ops()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The lines of an operation with what became of them.
fn changed<'a>(op: &DiffOp, old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let of = |lines: &[&'a str], range: Range<usize>| lines.get(range).unwrap_or_default().to_vec();
    if let DiffOp::Equal { .. } = op {
        return of(old, op.old_range()).into_iter().map(|line| (' ', line)).collect();
    }
    let removed = of(old, op.old_range()).into_iter().map(|line| ('-', line));
    removed.chain(of(new, op.new_range()).into_iter().map(|line| ('+', line))).collect()
}

/// A unified diff with three lines of context; empty when the texts are equal.
///
/// `before` and `after` are the names in the header lines.
pub fn unified(old: &str, new: &str, before: &str, after: &str) -> String {
    if old == new {
        return String::new();
    }
    let (old, new) = (lines(old), lines(new));
    let mut out = format!("--- {before}\n+++ {after}\n");
    for group in group_diff_ops(ops(&old, &new), 3) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| match end - start {
            1 => format!("{}", start + 1),
            // An empty range stands after the line it names.
            0 => format!("{start},0"),
            count => format!("{},{count}", start + 1),
        };
        let old_range = range(first.old_range().start, last.old_range().end);
        let new_range = range(first.new_range().start, last.new_range().end);
        let _ = writeln!(out, "@@ -{old_range} +{new_range} @@");
        for (sign, line) in group.iter().flat_map(|op| changed(op, &old, &new)) {
            let _ = write!(out, "{sign}{line}");
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// The body of a unified diff without header lines and with little context: what a `diff` block shows.
pub fn excerpt(old: &str, new: &str) -> String {
    let (old, new) = (lines(old), lines(new));
    let mut out = String::new();
    for (index, group) in group_diff_ops(ops(&old, &new), 1).iter().enumerate() {
        if index > 0 {
            out.push_str("…\n");
        }
        for (sign, line) in group.iter().flat_map(|op| changed(op, &old, &new)) {
            out.push(sign);
            out.push_str(line.trim_end_matches(['\n', '\r']));
            out.push('\n');
        }
    }
    out
}

/// A changed region: lines `old` of the old text became lines `new` of the new text.
///
/// Both are half-open ranges of lines from 0; one of them may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Lines of the old text.
    pub old: Range<usize>,
    /// Lines of the new text.
    pub new: Range<usize>,
}

/// The changed regions of two lists of lines, in order.
pub fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    ops(old, new)
        .iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| Change { old: op.old_range(), new: op.new_range() })
        .collect()
}

/// The line of the old text that a line of the new one comes from, or where it was put in. Lines count from 1.
pub fn line_before(old: &str, new: &str, line: u32) -> u32 {
    if old == new {
        return line;
    }
    let (old, new) = (lines(old), lines(new));
    let at = line.saturating_sub(1) as usize;
    let before = ops(&old, &new).iter().find(|op| op.new_range().contains(&at)).map(|op| {
        let within = at - op.new_range().start;
        op.old_range().start + within.min(op.old_range().len().saturating_sub(1))
    });
    before.unwrap_or(at).min(old.len().saturating_sub(1)) as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified("a\n", "a\n", "a", "b"), "");
        assert!(changes(&["a"], &["a"]).is_empty());
    }

    #[test]
    fn follows_lines_back() {
        let (old, new) = ("a\nb\nc\n", "x\na\nB1\nB2\nc\n");
        let back: Vec<u32> = (1..=6).map(|line| line_before(old, new, line)).collect();
        assert_eq!(back, [1, 1, 2, 2, 3, 3]);
        assert_eq!(line_before("", "a\n", 1), 1);
    }

    #[test]
    fn shows_changes() {
        assert_eq!(excerpt("a\nb\nc\nd\n", "a\nB\nc\nd\n"), " a\n-b\n+B\n c\n");
        assert_eq!(changes(&["a", "b"], &["a", "b", "c"]), [Change { old: 2..2, new: 2..3 }]);
        assert!(unified("a\n", "b\n", "x", "y").starts_with("--- x\n+++ y\n@@ -1 +1 @@\n"));
    }
}
