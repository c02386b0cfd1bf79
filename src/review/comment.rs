//! How a comment reads.

use super::delta::Item;
use super::draft::{Draft, Entry, target, target_text};
use super::input::Input;
use super::markdown::{block, code, diff, prose};
use super::marker::{self, Marker};
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

/// What the markers of bodies call a finding.
pub(super) fn key(item: &Item<'_>) -> String {
    marker::key(item.report.path.as_str(), &item.finding.fingerprint)
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

/// What a comment that is written again has behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    /// Findings that it spoke about and that are gone: `rule:commit`.
    pub(super) gone: Vec<String>,
    /// Fingerprints that it has held, oldest first.
    pub(super) was: Vec<String>,
    /// Whether its lines have changed since, so that GitHub shows it on an old version.
    pub(super) moved: bool,
}

/// A commit for people: GitHub makes a link of a whole id.
pub(super) fn commit(id: &str) -> String {
    let whole = id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if whole { id.to_owned() } else { code(id) }
}

/// What is said of findings that are gone, in one line.
fn farewell(gone: &[String]) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for (rule, id) in gone.iter().filter_map(|entry| entry.rsplit_once(':')) {
        let word = format!("{} in {}", code(rule), commit(id));
        if !words.contains(&word) {
            words.push(word);
        }
    }
    (!words.is_empty()).then(|| format!("✅ Was said here, too, and is settled: {}.", words.join(", ")))
}

/// The last word of a comment whose findings are all gone; what it said stays readable.
///
/// `silenced`: an ignore comment in the file is the reason.
pub(super) fn settled(body: &str, marker: &Marker, head: &str, silenced: bool) -> String {
    let (text, _) = marker::split(body);
    let mut rules: Vec<String> = Vec::new();
    for rule in &marker.rules {
        let rule = code(rule);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let what = if rules.is_empty() { String::new() } else { format!(": {}", rules.join(", ")) };
    let words = if silenced { "🔇 **Silenced** by a comment in the file, in" } else { "✅ **Fixed** in" };
    let title = format!("{words} {}{what}", commit(head));
    let marker = Marker { fixed: Some(head.to_owned()), ..marker.clone() }.line();
    let open = "<details><summary>What was said</summary>";
    let old = as_code(text);
    // What does not fit is left out whole: half a fence would swallow the rest.
    if title.len() + open.len() + old.len() + marker.len() + 100 > MAX_BODY {
        return format!("{title}\n\n{marker}");
    }
    format!("{title}\n\n{open}\n\n{old}\n\n</details>\n\n{marker}")
}

/// A comment's text with its suggestions as plain code: nothing to commit any more.
pub(super) fn as_code(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.strip_suffix("suggestion") {
            Some(fence) if fence.len() >= 3 && fence.bytes().all(|b| b == b'`') => {
                format!("{fence}dockerfile")
            }
            _ => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// Writes a comment. A finding whose text does not fit is said in short; the summary has it in full.
pub(super) fn write(input: &Input<'_>, draft: &Draft<'_>, past: &Past) -> Comment {
    let fingerprints: Vec<String> =
        draft.entries.iter().map(|e| e.item.finding.fingerprint.clone()).collect();
    let mut tail = Vec::new();
    if let Some(suggestion) = &draft.block {
        tail.extend(block_title(draft));
        tail.push(block("suggestion", &suggestion.lines));
    }
    tail.extend(farewell(&past.gone));
    tail.push(footer(draft));
    let rules = draft.entries.iter().map(|e| e.item.finding.rule.to_owned()).collect();
    let was = past.was.iter().filter(|print| !fingerprints.contains(print)).cloned().collect();
    let (held, gone) = (fingerprints.clone(), past.gone.clone());
    let marker = Marker { fingerprints: held, rules, was, gone, ..Marker::default() };
    tail.push(marker.line());
    let tail = tail.join("\n\n");
    let mut page =
        Page { text: String::new(), limit: MAX_BODY.saturating_sub(tail.len() + 200), left_out: 0 };
    for e in &draft.entries {
        let place = if past.moved { Some(place(&e.item)) } else { elsewhere(draft, &e.item) };
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
        keys: draft.entries.iter().map(|entry| key(&entry.item)).collect(),
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
