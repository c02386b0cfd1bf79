//! Ignore files: what is kept out of a build context, as BuildKit reads and applies them.
//!
//! Reading: `github.com/moby/patternmatcher/ignorefile`. Matching: the package above it, in the order in which
//! a folder is walked (`MatchesUsingParentResults`): a pattern that matches a folder holds for what is below,
//! and a later `!` may bring that back.

mod find;
mod pattern;
#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;

pub use find::{FoundIgnoreFile, find_ignore_file, may_be_in_gitignore};

use crate::text::{Span, add_parts};
use pattern::Glob;
use std::borrow::Cow;

/// Lines of this length and more make BuildKit refuse the file, in bytes (Go: `bufio.MaxScanTokenSize`).
const MAX_LINE: usize = 64 * 1024;
/// The most steps of matching for one path.
const MAX_STEPS: u64 = 4_000_000;
/// The longest path that is looked at, in bytes (Linux: `PATH_MAX`).
const MAX_PATH: usize = 4096;

/// A pattern of an ignore file with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The line, from 1.
    pub line: u32,
    /// The pattern in the file, its `!` included, blanks around it left out.
    pub span: Span,
    /// Whether it brings paths back (`!…`).
    pub negated: bool,
    glob: Glob,
}

impl Pattern {
    /// The pattern without `!`, cleaned: `/a//b/` is `a/b`.
    pub fn text(&self) -> &str {
        self.glob.text()
    }

    /// Whether what it matches depends on the system or on accidents of the matcher (`a\b`, `[*]`).
    pub fn is_unclear(&self) -> bool {
        self.glob.is_unclear()
    }
}

/// A line that makes BuildKit refuse the whole file, and with it the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: u32,
    /// The pattern in the file.
    pub span: Span,
    /// Why, as the rest of a sentence that begins with "the pattern is refused:".
    pub reason: &'static str,
}

/// What an ignore file says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is in the context.
    Included,
    /// It is kept out, by this pattern.
    Ignored(&'a Pattern),
    /// The file is refused, or a pattern may mean this or that.
    Unclear,
}

/// An ignore file. Reading is linear, and done once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreFile {
    patterns: Vec<Pattern>,
    problems: Vec<Problem>,
    steps: u64,
}

impl IgnoreFile {
    /// Reads the text of an ignore file.
    ///
    /// ```
    /// use tidewaiter::repository::ignore::{IgnoreFile, Verdict};
    /// let file = IgnoreFile::parse("# comment\n/docs\n!docs/index.md\n");
    /// assert!(matches!(file.verdict("docs/a.md"), Verdict::Ignored(pattern) if pattern.line == 2));
    /// assert_eq!(file.verdict("docs/index.md"), Verdict::Included);
    /// ```
    pub fn parse(text: &str) -> Self {
        let mut out = Self::default();
        let mut start = 0;
        for (index, raw) in text.split('\n').enumerate() {
            let line = index as u32 + 1;
            let from = start;
            start += raw.len() + 1;
            let content = if index == 0 { raw.strip_prefix('\u{feff}').unwrap_or(raw) } else { raw };
            let from = from + (raw.len() - content.len());
            let content = content.strip_suffix('\r').unwrap_or(content);
            // Only in the first column is it a comment.
            if raw.len() >= MAX_LINE {
                let span = Span::of(&(from..from + content.len()));
                out.problems.push(Problem { line, span, reason: "its line is longer than 64 KiB" });
                break;
            }
            let pattern = content.trim();
            if content.starts_with('#') || pattern.is_empty() {
                continue;
            }
            let at = from + (content.len() - content.trim_start().len());
            let span = Span::of(&(at..at + pattern.len()));
            match read(pattern) {
                Ok((negated, glob)) => {
                    out.steps += glob.cost();
                    out.patterns.push(Pattern { line, span, negated, glob });
                }
                Err(reason) => out.problems.push(Problem { line, span, reason }),
            }
        }
        out
    }

    /// The patterns, in order.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// What BuildKit refuses.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many steps [`IgnoreFile::verdict`] takes for this path at the most.
    pub fn cost(&self, path: &str) -> u64 {
        let depth = path.bytes().filter(|b| *b == b'/').count() as u64 + 1;
        self.steps.saturating_mul(depth + path.len() as u64 * depth / 2)
    }

    /// What it says of a path below the root of the context (with `/`; `.`, `..` and double slashes are cleaned
    /// away). The root itself is asked of [`IgnoreFile::keeps_all_out`].
    pub fn verdict(&self, path: &str) -> Verdict<'_> {
        let path = clean(path.trim_start_matches('/'));
        if !self.problems.is_empty() || path.len() > MAX_PATH || self.cost(&path) > MAX_STEPS {
            return Verdict::Unclear;
        }
        if self.patterns.is_empty() || path == "." {
            return Verdict::Included;
        }
        let mut above = vec![false; self.patterns.len()];
        let mut decided = None;
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let part = path.get(..end).unwrap_or(&path);
            decided = None;
            for (index, (pattern, held)) in self.patterns.iter().zip(&mut above).enumerate() {
                // What matched a folder holds below it. What could change nothing was not asked, and counts as
                // not matched.
                if !*held {
                    if pattern.negated != decided.is_some() {
                        continue;
                    }
                    *held = pattern.glob.matches(part);
                }
                if *held {
                    decided = (!pattern.negated).then_some(index);
                }
            }
        }
        let unclear = |negated: bool| self.patterns.iter().any(|p| p.is_unclear() && p.negated == negated);
        match decided.and_then(|index| self.patterns.get(index)) {
            Some(_) if (unclear(true) || unclear(false)) && self.has_negations() => Verdict::Unclear,
            Some(pattern) => Verdict::Ignored(pattern),
            None if unclear(false) => Verdict::Unclear,
            None => Verdict::Included,
        }
    }

    /// The pattern that keeps everything out, where no later one brings something back.
    pub fn keeps_all_out(&self) -> Option<&Pattern> {
        if !self.problems.is_empty() {
            return None;
        }
        let last = self.patterns.iter().rev().take_while(|pattern| !pattern.negated);
        last.filter(|pattern| matches!(pattern.text(), "*" | "**" | "**/*")).last()
    }

    /// Whether some pattern may bring back something below this folder.
    pub fn may_bring_back_below(&self, folder: &str) -> bool {
        let folder = clean(folder.trim_start_matches('/'));
        folder.len() > MAX_PATH
            || self.cost(&folder) > MAX_STEPS
            || self.patterns.iter().any(|pattern| pattern.negated && pattern.glob.may_match_below(&folder))
    }

    /// Whether a pattern begins with `!`.
    pub fn has_negations(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.negated)
    }
}

/// Reads one pattern that has no blanks around it.
fn read(text: &str) -> Result<(bool, Glob), &'static str> {
    let (negated, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    };
    let cleaned = clean(text);
    let cleaned = if cleaned.len() > 1 { cleaned.strip_prefix('/').unwrap_or(&cleaned) } else { &cleaned };
    if negated && (text.is_empty() || cleaned == "/") {
        return Err("there is nothing behind its `!`");
    }
    Ok((negated, Glob::new(cleaned)?))
}

/// The shortest path that means the same, as Go's `path.Clean` makes it; never empty.
pub(super) fn clean(path: &str) -> Cow<'_, str> {
    let odd = path.is_empty()
        || path.starts_with('/')
        || path.ends_with('/')
        || path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if !odd || path == "." || path == "/" {
        return Cow::Borrowed(path);
    }
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    add_parts(&mut parts, path, rooted);
    let joined = parts.join("/");
    Cow::Owned(match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    })
}
