//! How a comment reads.

use super::delta::Item;
use super::draft::{Draft, Entry, target, target_text};
use super::input::Input;
use super::markdown::{block, code, diff, prose};
use super::marker;
use super::page::{MAX_BODY, Page};
use super::plan::Comment;
use super::suggestion;
use crate::config::Level;
use crate::repository::is_dockerfile;
use crate::rules::Safety;
use crate::text::visible;
use camino::Utf8Path;
use std::fmt::Write as _;

/// Sign and word of a level.
pub(super) const fn heading(level: Level) -> &'static str {
    match level {
        Level::Error => "🛑 **Error**",
        Level::Warning => "⚠️ **Warning**",
        Level::Info => "💡 **Info**",
        Level::Style => "🎨 **Style**",
    }
}

/// What is shown of a finding's fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShowFix {
    /// The suggestion block of the comment does it.
    InBlock,
    /// A diff block.
    Diff,
    /// What to do, in words.
    Words,
}

/// A finding as Markdown: level and rule, message, what to check, the fix. Ends without line end.
pub(super) fn entry(input: &Input<'_>, item: &Item<'_>, place: Option<&str>, fix: ShowFix) -> String {
    let finding = item.finding;
    let mut parts = vec![head(item, place)];
    parts.extend(notes(item));
    for related in finding.related.iter().take(5) {
        let other = related.path.as_deref().filter(|path| *path != item.report.path);
        let place = match other {
            Some(path) => path.to_string(),
            None => format!("line {}", item.report.source.line_of(related.span.start)),
        };
        parts.push(format!("↳ {}: {}", code(&place), prose(&related.message)));
    }
    parts.extend(shown_fix(input, item, fix));
    parts.join("\n\n")
}

/// Level, rule and message.
fn head(item: &Item<'_>, place: Option<&str>) -> String {
    let finding = item.finding;
    let place = place.map_or_else(String::new, |place| format!(" · {}", code(place)));
    format!("{} · {}{place}\n\n{}", heading(finding.level), code(finding.rule), prose(&finding.message))
}

/// Notes as one paragraph; those of a fix that needs a look say so first.
fn notes(item: &Item<'_>) -> Option<String> {
    let finding = item.finding;
    let text: Vec<String> = finding.notes.iter().take(8).map(|note| prose(note)).collect();
    let text = text.join(" ");
    let confirm = finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Confirm);
    match (confirm, text.is_empty()) {
        (false, true) => None,
        (false, false) => Some(text),
        (true, true) => Some("**Check before you commit:** the image may behave differently.".to_owned()),
        (true, false) if text.starts_with("Check ") => Some(format!("**Before you commit:** {text}")),
        (true, false) => Some(format!("**Check before you commit:** {text}")),
    }
}

fn shown_fix(input: &Input<'_>, item: &Item<'_>, show: ShowFix) -> Option<String> {
    let fix = item.finding.fix.as_ref()?;
    let path = target(item, fix);
    let mut title = prose(fix.title.trim_end_matches('.'));
    if path != item.report.path {
        title = format!("{title} (in {})", code(path.as_str()));
    }
    let body = match show {
        ShowFix::InBlock => return None,
        ShowFix::Words => None,
        ShowFix::Diff => {
            target_text(input, item, fix).and_then(|text| suggestion::excerpt(&text, &fix.edits))
        }
    };
    Some(match body {
        Some(body) => format!("{title}:\n\n{}", diff(&body)),
        None => format!("**To do:** {title}."),
    })
}

/// `path:line` of a finding.
pub(super) fn place(item: &Item<'_>) -> String {
    format!("{}:{}", visible(item.report.path.as_str()), item.lines().first)
}

/// The finding's place, where the comment stands on other lines.
fn elsewhere(draft: &Draft<'_>, item: &Item<'_>) -> Option<String> {
    let lines = item.lines();
    if draft.path != item.report.path {
        Some(place(item))
    } else if draft.range.overlaps(lines) {
        None
    } else {
        Some(format!("line {}", lines.first))
    }
}

fn show(input: &Input<'_>, draft: &Draft<'_>, entry: &Entry<'_>) -> ShowFix {
    match entry.in_block {
        true => ShowFix::InBlock,
        false if draft.block.is_some() || !input.settings.suggestions => ShowFix::Words,
        false => ShowFix::Diff,
    }
}

/// Writes a comment. A finding whose text does not fit is said in short; the summary has it in full.
pub(super) fn write(input: &Input<'_>, draft: &Draft<'_>) -> Comment {
    let fingerprints: Vec<String> =
        draft.entries.iter().map(|e| e.item.finding.fingerprint.clone()).collect();
    let mut tail = Vec::new();
    if let Some(suggestion) = &draft.block {
        tail.extend(block_title(draft));
        tail.push(block("suggestion", &suggestion.lines));
    }
    tail.push(footer(draft));
    tail.push(marker::comment(&fingerprints, draft.range.len()));
    let tail = tail.join("\n\n");
    let mut page =
        Page { text: String::new(), limit: MAX_BODY.saturating_sub(tail.len() + 200), left_out: 0 };
    for e in &draft.entries {
        let place = elsewhere(draft, &e.item);
        let full = entry(input, &e.item, place.as_deref(), show(input, draft, e));
        if page.fits(&full) {
            page.add(&full);
        } else {
            page.add(&head(&e.item, place.as_deref()));
        }
    }
    if page.left_out > 0 {
        let _ = write!(page.text, "\n\n{} more on these lines: see the job summary.", page.left_out);
    }
    Comment {
        path: draft.path.clone(),
        start_line: (draft.range.first < draft.range.last).then_some(draft.range.first),
        line: draft.range.last,
        body: format!("{}\n\n{tail}", page.text),
        fingerprints,
    }
}

/// What the suggestion is for, where several findings share the comment.
fn block_title(draft: &Draft<'_>) -> Option<String> {
    if draft.entries.len() == 1 {
        return None;
    }
    let mut titles: Vec<String> = Vec::new();
    for fix in draft.entries.iter().filter(|e| e.in_block).filter_map(|e| e.item.finding.fix.as_ref()) {
        let title = prose(fix.title.trim_end_matches('.'));
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    Some(format!("**One suggestion:** {}.", titles.join("; ")))
}

fn footer(draft: &Draft<'_>) -> String {
    let mut rules: Vec<&str> = Vec::new();
    for entry in &draft.entries {
        if !rules.contains(&entry.item.finding.rule) {
            rules.push(entry.item.finding.rule);
        }
    }
    let comment = code(&format!("# tidewaiter ignore={}", rules.join(",")));
    let foreign = draft.entries.first().filter(|e| draft.path != e.item.report.path);
    let place = foreign.map_or_else(String::new, |e| format!(" in {}", code(file_name(&e.item.report.path))));
    let owner = draft.entries.first().map_or(draft.path.as_path(), |e| &*e.item.report.path);
    let what = if is_dockerfile(owner) { "instruction" } else { "line" };
    format!("<sub>Not here? {comment} above the {what}{place}.</sub>")
}

fn file_name(path: &Utf8Path) -> &str {
    path.file_name().unwrap_or(path.as_str())
}
