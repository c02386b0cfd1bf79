//! Line diffs, made with `similar`.

use similar::{ChangeTag, DiffOp, TextDiff};

/// A unified diff with three lines of context; empty when the texts are equal.
///
/// `before` and `after` are the names in the header lines.
pub fn unified(old: &str, new: &str, before: &str, after: &str) -> String {
    if old == new {
        return String::new();
    }
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(before, after).to_string()
}

/// The body of a unified diff without header lines and with little context: what a `diff` block shows.
pub fn excerpt(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut out = String::new();
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            out.push_str("…\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            out.push(match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            });
            out.push_str(change.value().trim_end_matches(['\n', '\r']));
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
    pub old: std::ops::Range<usize>,
    /// Lines of the new text.
    pub new: std::ops::Range<usize>,
}

/// The changed regions of two lists of lines, in order.
pub fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    TextDiff::from_slices(old, new)
        .ops()
        .iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| Change { old: op.old_range(), new: op.new_range() })
        .collect()
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
    fn shows_changes() {
        assert_eq!(excerpt("a\nb\nc\nd\n", "a\nB\nc\nd\n"), " a\n-b\n+B\n c\n");
        assert_eq!(changes(&["a", "b"], &["a", "b", "c"]), [Change { old: 2..2, new: 2..3 }]);
        assert!(unified("a\n", "b\n", "x", "y").starts_with("--- x\n+++ y\n@@ -1 +1 @@\n"));
    }
}
