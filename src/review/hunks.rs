//! The hunks of a file's diff: which lines of the head can carry a comment, and which of them changed.

use crate::text::diff;
use camino::{Utf8Path, Utf8PathBuf};

/// Lines of context around a change, as git and GitHub show them.
const CONTEXT: usize = 3;

/// More lines than this on both sides of the changed region are not compared line by line: the region
/// counts as rewritten. Keeps the cost linear on hostile input.
const MAX_COMPARED_LINES: usize = 20_000;

/// Lines of the head, from 1, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineRange {
    /// First line.
    pub first: u32,
    /// Last line.
    pub last: u32,
}

impl LineRange {
    /// From first to last line; the two may come in any order.
    pub fn new(first: u32, last: u32) -> Self {
        Self { first: first.min(last), last: first.max(last) }
    }

    /// Number of lines.
    pub const fn len(self) -> u32 {
        self.last - self.first + 1
    }

    /// Always false: a range has at least one line.
    pub const fn is_empty(self) -> bool {
        false
    }

    /// Whether `other` lies in this range.
    pub const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// Whether the two share a line.
    pub const fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// What a line of a diff is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// In both.
    Context,
    /// Only in the head.
    Added,
    /// Only in the base.
    Removed,
}

impl Mark {
    /// The first character of the line in a unified diff.
    pub const fn sign(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Added => '+',
            Self::Removed => '-',
        }
    }
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub mark: Mark,
    /// Its number in the head, from 1; `None` for removed lines.
    pub new: Option<u32>,
    /// Its text without line end.
    pub text: String,
}

/// One hunk. Its head lines are consecutive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hunk {
    /// All lines, in order.
    pub lines: Vec<DiffLine>,
}

impl Hunk {
    /// The head lines that can carry a comment (GitHub's RIGHT side); `None` when the hunk only removes.
    pub fn range(&self) -> Option<LineRange> {
        let first = self.lines.iter().find_map(|line| line.new)?;
        let last = self.lines.iter().rev().find_map(|line| line.new)?;
        Some(LineRange { first, last })
    }

    /// Whether all lines of a range can carry a comment.
    pub fn holds(&self, range: LineRange) -> bool {
        self.range().is_some_and(|own| own.contains(range))
    }

    /// The head lines at which something changed: added lines and, where lines were only removed, the
    /// lines before and after the gap.
    pub fn touched(&self) -> Vec<u32> {
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(line) = self.lines.get(at) {
            if line.mark == Mark::Context {
                at += 1;
                continue;
            }
            let run: Vec<&DiffLine> =
                self.lines.iter().skip(at).take_while(|line| line.mark != Mark::Context).collect();
            let added: Vec<u32> = run.iter().filter_map(|line| line.new).collect();
            if added.is_empty() {
                let before = at.checked_sub(1).and_then(|i| self.lines.get(i)).and_then(|line| line.new);
                let after = self.lines.get(at + run.len()).and_then(|line| line.new);
                out.extend(before.into_iter().chain(after));
            }
            out.extend(added);
            at += run.len();
        }
        out.dedup();
        out
    }

    /// The text of a head line, when the hunk shows it.
    pub fn line(&self, number: u32) -> Option<&str> {
        self.lines.iter().find(|line| line.new == Some(number)).map(|line| line.text.as_str())
    }
}

/// The diff of one changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The file in the head.
    pub path: Utf8PathBuf,
    /// The file in the base where the name differs (a rename).
    pub base_path: Option<Utf8PathBuf>,
    /// Its hunks, in order; none for a rename without change.
    pub hunks: Vec<Hunk>,
}

impl FileDiff {
    /// Reads the `patch` text that GitHub gives for a file. What is not a hunk is skipped; a patch that
    /// breaks off gives the lines up to there.
    pub fn from_patch(path: impl Into<Utf8PathBuf>, text: &str) -> Self {
        Self { path: path.into(), base_path: None, hunks: parse(text) }
    }

    /// Computes the diff from both texts: for local reviews, and where GitHub leaves the patch out.
    pub fn from_texts(path: impl Into<Utf8PathBuf>, base: &str, head: &str) -> Self {
        Self { path: path.into(), base_path: None, hunks: compute(base, head) }
    }

    /// Says under which name the base has the file.
    #[must_use]
    pub fn renamed_from(mut self, base_path: impl Into<Utf8PathBuf>) -> Self {
        let base_path = base_path.into();
        self.base_path = (base_path != self.path).then_some(base_path);
        self
    }

    /// The name of the file in the base.
    pub fn base_path(&self) -> &Utf8Path {
        self.base_path.as_deref().unwrap_or(&self.path)
    }

    /// The hunk in which a whole range can carry a comment.
    pub fn hunk_of(&self, range: LineRange) -> Option<&Hunk> {
        self.hunks.iter().find(|hunk| hunk.holds(range))
    }

    /// The lines that are new in the head.
    pub fn added(&self) -> Added {
        let lines = self.hunks.iter().flat_map(|hunk| &hunk.lines);
        let mut out: Vec<u32> =
            lines.filter(|line| line.mark == Mark::Added).filter_map(|line| line.new).collect();
        // In order already, unless a patch is broken.
        out.sort_unstable();
        Added(out)
    }
}

/// The lines that a change adds, for many questions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Added(Vec<u32>);

impl Added {
    /// Whether a line of the range is new in the head.
    pub fn meets(&self, range: LineRange) -> bool {
        let at = self.0.partition_point(|line| *line < range.first);
        self.0.get(at).is_some_and(|line| *line <= range.last)
    }
}

/// `-a,b` or `-a` without its sign: start and length.
fn side(text: &str) -> Option<(u32, u32)> {
    match text.split_once(',') {
        Some((start, len)) => Some((start.parse().ok()?, len.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

/// Numbers of a `@@ -a,b +c,d @@` line: length in the base, start and length in the head.
fn header(line: &str) -> Option<(u32, u32, u32)> {
    let mut words = line.strip_prefix("@@ ")?.split(' ');
    let (_, old_len) = side(words.next()?.strip_prefix('-')?)?;
    let (new_start, new_len) = side(words.next()?.strip_prefix('+')?)?;
    Some((old_len, new_start, new_len))
}

fn parse(patch: &str) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    // Lines that the current hunk still announces, and the number of its next head line.
    let (mut old_left, mut new_left, mut next) = (0_u32, 0_u32, 0_u32);
    for line in patch.split('\n') {
        if old_left == 0 && new_left == 0 {
            if let Some((old, start, new)) = header(line) {
                (old_left, new_left, next) = (old, new, start);
                hunks.push(Hunk::default());
            }
            continue;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        let (mark, text) = match line.split_at_checked(1) {
            Some(("+", text)) if new_left > 0 => (Mark::Added, text),
            Some(("-", text)) if old_left > 0 => (Mark::Removed, text),
            Some((" ", text)) if old_left > 0 && new_left > 0 => (Mark::Context, text),
            Some(("\\", _)) => continue,
            // Not what the header announces (the patch was cut): trust nothing more of this hunk.
            _ => {
                (old_left, new_left) = (0, 0);
                continue;
            }
        };
        let new = (mark != Mark::Removed).then_some(next);
        if mark != Mark::Removed {
            new_left -= 1;
            next = next.saturating_add(1);
        }
        if mark != Mark::Added {
            old_left -= 1;
        }
        let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
        hunk.lines.push(DiffLine { mark, new, text });
    }
    hunks
}

fn compute(base: &str, head: &str) -> Vec<Hunk> {
    let old: Vec<&str> = base.split_inclusive('\n').collect();
    let new: Vec<&str> = head.split_inclusive('\n').collect();
    let changes = changes(&old, &new);
    let mut hunks = Vec::new();
    let mut rest = changes.as_slice();
    while let Some((first, _)) = rest.split_first() {
        // Changes whose contexts touch share a hunk, as in git.
        let count = 1 + rest
            .windows(2)
            .take_while(|pair| pair[1].1.start.saturating_sub(pair[0].1.end) <= 2 * CONTEXT)
            .count();
        let (group, after) = rest.split_at(count);
        rest = after;
        hunks.push(hunk(&old, &new, first.1.start, group));
    }
    hunks
}

/// A changed region: lines of the old text, lines of the new text, from 0.
type Region = (std::ops::Range<usize>, std::ops::Range<usize>);

fn changes(old: &[&str], new: &[&str]) -> Vec<Region> {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - prefix;
    let suffix = old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let (old_range, new_range) = (prefix..old.len() - suffix, prefix..new.len() - suffix);
    if old_range.is_empty() && new_range.is_empty() {
        return Vec::new();
    }
    if old_range.len().min(new_range.len()) > MAX_COMPARED_LINES {
        return vec![(old_range, new_range)];
    }
    let shift = |range: std::ops::Range<usize>, by: usize| range.start + by..range.end + by;
    let old_part = old.get(old_range.clone()).unwrap_or_default();
    let new_part = new.get(new_range.clone()).unwrap_or_default();
    diff::changes(old_part, new_part)
        .into_iter()
        .map(|change| (shift(change.old, old_range.start), shift(change.new, new_range.start)))
        .collect()
}

fn hunk(old: &[&str], new: &[&str], start: usize, group: &[Region]) -> Hunk {
    let strip = |text: &str| text.trim_end_matches(['\n', '\r']).to_owned();
    let kept = |index: usize| DiffLine {
        mark: Mark::Context,
        new: Some(index as u32 + 1),
        text: new.get(index).map(|text| strip(text)).unwrap_or_default(),
    };
    let mut lines = Vec::new();
    let mut at = start.saturating_sub(CONTEXT);
    for (gone, come) in group {
        lines.extend((at..come.start).map(kept));
        lines.extend(old.get(gone.clone()).unwrap_or_default().iter().map(|text| DiffLine {
            mark: Mark::Removed,
            new: None,
            text: strip(text),
        }));
        lines.extend(come.clone().map(|index| DiffLine { mark: Mark::Added, ..kept(index) }));
        at = come.end;
    }
    lines.extend((at..(at + CONTEXT).min(new.len())).map(kept));
    Hunk { lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(diff: &FileDiff) -> Vec<(u32, u32)> {
        diff.hunks.iter().filter_map(Hunk::range).map(|r| (r.first, r.last)).collect()
    }

    #[test]
    fn reads_patches() {
        let patch = "@@ -1,4 +1,4 @@ FROM x\n a\n-b\n+B\n c\n-d\n\\ No newline at end of file\n+D\n\\ No newline at end of file\n@@ -20,2 +20 @@\n x\n-y";
        let diff = FileDiff::from_patch("Dockerfile", patch);
        assert_eq!(ranges(&diff), [(1, 4), (20, 20)]);
        assert_eq!(diff.hunks[0].touched(), [2, 4]);
        assert_eq!(diff.hunks[1].touched(), [20]);
        assert_eq!(diff.hunks[0].line(4), Some("D"));
        assert!(diff.added().meets(LineRange::new(4, 9)));
        assert!(!diff.added().meets(LineRange::new(3, 3)));
    }

    #[test]
    fn tolerates_broken_patches() {
        assert!(FileDiff::from_patch("f", "").hunks.is_empty());
        assert!(FileDiff::from_patch("f", "Binary files differ\n@@ -x +y @@\n+a").hunks.is_empty());
        let cut = FileDiff::from_patch("f", "@@ -0,0 +1,900 @@\n+a\n+b");
        assert_eq!(ranges(&cut), [(1, 2)]);
        let odd =
            FileDiff::from_patch("f", "@@ -1 +1 @@\nwhat\n+a\n@@ -4294967295 +4294967295,2 @@\n-a\n+b\n+c");
        assert_eq!(ranges(&odd), [(u32::MAX, u32::MAX)]);
    }

    #[test]
    fn computes_hunks_like_git() {
        let base = (1..=30).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
        let head = base.replace("line 5\n", "").replace("line 20\n", "line twenty\nand more\n");
        let diff = FileDiff::from_texts("f", &base, &head);
        assert_eq!(ranges(&diff), [(2, 7), (16, 23)]);
        assert_eq!(diff.hunks[0].touched(), [4, 5]);
        assert_eq!(diff.hunks[1].touched(), [19, 20]);
        assert!(FileDiff::from_texts("f", &base, &base).hunks.is_empty());
        assert_eq!(FileDiff::from_texts("f", "a\n", "").hunks[0].range(), None);
        assert_eq!(ranges(&FileDiff::from_texts("f", "", "a\nb")), [(1, 2)]);
    }

    #[test]
    fn a_deletion_touches_its_neighbours_only() {
        let diff = FileDiff::from_texts("f", "a\nb\nc\nUSER x\nd\ne\n", "a\nb\nc\nd\ne\n");
        assert_eq!(diff.hunks[0].touched(), [3, 4]);
    }
}
