//! Where in the diff a finding can be said.

use super::hunks::{FileDiff, LineRange};

/// A comment without suggestion never marks more lines than this; a longer finding is marked at its first line.
const MAX_MARKED_LINES: u32 = 20;

/// The lines of the diff on which a comment about a finding hangs, or `None` when it belongs in the body.
///
/// `lines` are the finding's own. `causes` are further line ranges that belong to the cause (the
/// instruction, the stage), best first: when the finding's lines are not part of the diff, the changed line
/// nearest to it inside the first range that has one is taken.
pub(super) fn place(diff: &FileDiff, lines: LineRange, causes: &[LineRange]) -> Option<LineRange> {
    if diff.hunk_of(lines).is_some() {
        return Some(if lines.len() > MAX_MARKED_LINES {
            LineRange::new(lines.first, lines.first)
        } else {
            lines
        });
    }
    std::iter::once(&lines).chain(causes).find_map(|cause| {
        let touched = diff.hunks.iter().flat_map(super::hunks::Hunk::touched);
        touched
            .filter(|line| cause.first <= *line && *line <= cause.last)
            .min_by_key(|line| (distance(lines, *line), *line))
            .map(|line| LineRange::new(line, line))
    })
}

const fn distance(lines: LineRange, line: u32) -> u32 {
    if line < lines.first { lines.first - line } else { line.saturating_sub(lines.last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff() -> FileDiff {
        // `USER app` is gone between lines 9 and 10 of the head; line 30 is new.
        let base: String =
            (1..=40).map(|n| if n == 10 { "USER app\n".into() } else { format!("{n}\n") }).collect();
        let head = base.replace("USER app\n", "").replace("31\n", "thirty-one\n");
        FileDiff::from_texts("Dockerfile", &base, &head)
    }

    #[test]
    fn own_lines_in_one_hunk() {
        assert_eq!(place(&diff(), LineRange::new(8, 9), &[]), Some(LineRange::new(8, 9)));
    }

    #[test]
    fn the_nearest_changed_line_of_the_cause() {
        let stage = LineRange::new(1, 20);
        assert_eq!(place(&diff(), LineRange::new(18, 18), &[]), None);
        assert_eq!(place(&diff(), LineRange::new(18, 18), &[stage]), Some(LineRange::new(10, 10)));
        assert_eq!(place(&diff(), LineRange::new(1, 1), &[stage]), Some(LineRange::new(9, 9)));
        assert_eq!(place(&diff(), LineRange::new(18, 18), &[LineRange::new(14, 20)]), None);
        assert_eq!(
            place(&diff(), LineRange::new(38, 38), &[LineRange::new(37, 39), LineRange::new(1, 40)]),
            Some(LineRange::new(30, 30))
        );
    }

    #[test]
    fn a_long_finding_that_is_partly_in_the_diff() {
        assert_eq!(place(&diff(), LineRange::new(1, 40), &[]), Some(LineRange::new(9, 9)));
        let new = "x\n".repeat(40);
        let new = FileDiff::from_texts("f", "", &new);
        assert_eq!(place(&new, LineRange::new(2, 39), &[]), Some(LineRange::new(2, 2)));
    }
}
