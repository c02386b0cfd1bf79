//! A planned review on a terminal, as GitHub would show it.

use super::hunks::{FileDiff, LineRange, Mark};
use super::marker;
use super::plan::{Comment, Plan, Reason, Update};
use crate::text::{diff, is_hidden, log, visible};
use std::fmt::Write as _;

/// Lines of the diff that are shown above a comment's own lines.
const LEAD: u32 = 3;

/// Whether the text may hold colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Letters only.
    Plain,
    /// ANSI colours.
    Colour,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    /// A line of a diff by its first character.
    fn diff_line(self, line: &str) -> String {
        match line.chars().next() {
            Some('+') => self.wrap("32", line),
            Some('-') => self.wrap("31", line),
            _ => line.to_owned(),
        }
    }

    fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }
}

/// Prints a plan: the review's body, then each comment below the lines of the diff it hangs on, suggestions
/// as the change they make.
pub fn render(plan: &Plan, diffs: &[FileDiff], paint: Paint) -> String {
    let mut out = String::new();
    match &plan.review {
        Some(review) => {
            out.push_str(&text(&review.body, None, "", paint));
            for comment in &review.comments {
                out.push('\n');
                one(comment, diffs, paint, &mut out);
            }
        }
        None => out.push_str(&silence(plan)),
    }
    for update in &plan.updates {
        let (title, body) = match update {
            Update::Comment { body, .. } => ("Edited comment", Some(body)),
            Update::Review { body, .. } => ("Edited text of the newest review", Some(body)),
            Update::Minimize { reason: Reason::Resolved, .. } => {
                ("Folded away as resolved: the comment", None)
            }
            Update::Minimize { reason: Reason::Outdated, .. } => ("Folded away as outdated: a review", None),
            Update::Restore { .. } => ("Shown again: the comment", None),
            Update::Resolve { .. } => ("Resolved: the thread", None),
            Update::Reopen { .. } => ("Open again: the thread", None),
        };
        let _ = writeln!(out, "\n{}", paint.bold(title));
        if let Some(body) = body {
            out.push_str(&text(body, None, "  ", paint));
        }
    }
    log::inert(&out).into_owned()
}

fn silence(plan: &Plan) -> String {
    let outcome = &plan.outcome;
    if outcome.files == 0 && outcome.fixed == 0 {
        return "Nothing that concerns an image changed.\n".to_owned();
    }
    let mut line = if outcome.repeated > 0 {
        format!("Nothing new to say: {} said in an earlier review", outcome.repeated)
    } else {
        "Nothing to say".to_owned()
    };
    if outcome.fixed > 0 {
        let _ = write!(line, "; {} fixed", outcome.fixed);
    }
    if outcome.existing > 0 {
        let _ = write!(line, "; {} older left alone", outcome.existing);
    }
    line.push_str(".\n");
    line
}

fn one(comment: &Comment, diffs: &[FileDiff], paint: Paint, out: &mut String) {
    let range = LineRange::new(comment.start_line.unwrap_or(comment.line), comment.line);
    let lines = if range.first == range.last {
        range.last.to_string()
    } else {
        format!("{}-{}", range.first, range.last)
    };
    let title = format!("── {}:{lines} ", visible(comment.path.as_str()));
    let rule = "─".repeat(78_usize.saturating_sub(title.chars().count()));
    let _ = writeln!(out, "{}", paint.bold(&format!("{title}{rule}")));
    let file = diffs.iter().find(|diff| diff.path == comment.path);
    let hunk = file.and_then(|file| file.hunk_of(range));
    let mut old = Vec::new();
    if let Some(hunk) = hunk {
        let from = range.first.saturating_sub(LEAD);
        // Removed lines have no number: they are shown when the next head line is.
        let next = |at: usize| hunk.lines.iter().skip(at).find_map(|line| line.new);
        let shown = hunk.lines.iter().enumerate().filter(|(at, line)| {
            let number = line.new.or_else(|| next(*at)).unwrap_or(u32::MAX);
            from <= number && number <= range.last
        });
        for (_, line) in shown {
            let number = line.new.map(|n| n.to_string()).unwrap_or_default();
            let row = format!("{}{}", line.mark.sign(), visible(&line.text));
            let _ = writeln!(out, "{} {}", paint.faint(&format!("{number:>5} │")), paint.diff_line(&row));
        }
        let own = |n: u32| range.first <= n && n <= range.last;
        let own = hunk.lines.iter().filter(|line| line.mark != Mark::Removed && line.new.is_some_and(own));
        old = own.map(|line| line.text.clone()).collect();
    }
    out.push('\n');
    out.push_str(&text(&comment.body, Some(&old), "  ", paint));
}

/// Our own Markdown as plain text. `old` are the lines a suggestion replaces.
fn text(body: &str, old: Option<&[String]>, indent: &str, paint: Paint) -> String {
    let (body, _) = marker::split(body);
    let mut out = String::new();
    let mut lines = body.lines();
    let mut blank = true;
    while let Some(line) = lines.next() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        // A paragraph that starts with a code span has more backticks in its line.
        if ticks >= 3 && !line.trim_start_matches('`').contains('`') {
            let fence = "`".repeat(ticks);
            let inner: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
            let info = line.trim_start_matches('`');
            let shown = match (info, old) {
                ("suggestion", Some(old)) => {
                    let _ = writeln!(out, "{indent}{}", paint.bold("Suggested change:"));
                    change(old, &inner)
                }
                _ => inner.iter().map(|line| (*line).to_owned()).collect(),
            };
            for line in shown {
                let _ = writeln!(out, "{indent}    {}", paint.diff_line(&visible(&line)).trim_end());
            }
            blank = false;
            continue;
        }
        let plain = unmark(line);
        // Lines that held only tags leave no gap.
        if plain.is_empty() && (blank || !line.is_empty()) {
            continue;
        }
        blank = plain.is_empty();
        let heading = line.starts_with('#') || line.contains("**") || line.starts_with("<details>");
        let footer = line.starts_with("<sub>");
        let plain = match (heading, footer) {
            (true, _) => paint.bold(&plain),
            (_, true) => paint.faint(&plain),
            _ => plain,
        };
        let _ = writeln!(out, "{}", format!("{indent}{plain}").trim_end());
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Replaced and new lines as a diff.
fn change(old: &[String], new: &[&str]) -> Vec<String> {
    let mut old = old.join("\n");
    old.push('\n');
    let mut text = new.join("\n");
    if !new.is_empty() {
        text.push('\n');
    }
    diff::excerpt(&old, &text).lines().map(str::to_owned).collect()
}

/// One line of our Markdown without its marks.
fn unmark(line: &str) -> String {
    let mut text = line.trim_start_matches(['#', ' ']).to_owned();
    for (from, to) in [
        ("<details><summary>", "▸ "),
        ("</summary>", ""),
        ("</details>", ""),
        ("<sub>", ""),
        ("</sub>", ""),
        ("<span>", ""),
        ("</span>", ""),
        ("**", ""),
        ("&#8203;", ""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ] {
        text = text.replace(from, to);
    }
    let mut out = String::new();
    let mut in_code = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        in_code ^= c == '`';
        match c {
            '\\' if !in_code && chars.peek().is_some_and(char::is_ascii_punctuation) => {}
            c if is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}
