//! The body of a review, the job summary, and the limits of both.

use super::comment::{self, ShowFix, heading};
use super::delta::{Delta, Item};
use super::draft::Draft;
use super::graph;
use super::input::{Input, ReportMode};
use super::markdown::{cell, cell_code, code, prose};
use super::marker::{self, Marker};
use super::page::{MAX_BODY, Page};
use super::plan::{Comment, Outcome};
use super::reconcile::History;
use crate::config::Level;
use std::fmt::Write as _;

/// The most bytes of a job summary (GitHub takes 1 MiB of a step's; others may write to it too).
const MAX_SUMMARY: usize = 500_000;
/// The most rows in the summary's table.
const MAX_ROWS: usize = 500;

/// Heading of what GitHub did not take as comments.
pub(super) const REFUSED: &str = "### Refused by GitHub as inline comments";

fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// "2 errors", "1 info": the words of the levels; info and style have no plural.
fn level_count(number: usize, level: &str) -> String {
    if matches!(level, "info" | "style") { format!("{number} {level}") } else { count(number, level) }
}

/// One line: what the pull request does.
pub(super) fn verdict(input: &Input<'_>, outcome: &Outcome) -> String {
    // Style is counted where it is said.
    let style = if input.settings.inline_level == Level::Style { outcome.style } else { 0 };
    let total = outcome.total() - outcome.style + style;
    let kinds =
        [(outcome.error, "error"), (outcome.warning, "warning"), (outcome.info, "info"), (style, "style")];
    let kinds: Vec<String> =
        kinds.iter().filter(|(n, _)| *n > 0).map(|(n, name)| level_count(*n, name)).collect();
    let mut text = match (total, input.settings.report) {
        (0, _) if outcome.ignored > 0 => "**Nothing else**".to_owned(),
        (0, _) if !input.talk.threads.is_empty() || !input.talk.reviews.is_empty() => {
            "**All clear**: nothing is left of what was said here".to_owned()
        }
        (0, _) => "**No new problems**".to_owned(),
        (n, ReportMode::Introduced) => {
            format!("**{} introduced** ({})", count(n, "problem"), kinds.join(", "))
        }
        (n, _) => format!("**{} found** ({})", count(n, "problem"), kinds.join(", ")),
    };
    if outcome.fixed > 0 {
        let _ = write!(text, ", {} fixed", outcome.fixed);
    }
    if outcome.existing > 0 {
        let _ = write!(text, ", {} left alone", count(outcome.existing, "older one"));
    }
    text.push('.');
    if outcome.ignored > 0 {
        let _ = write!(text, " {} ignored on this pull request, as told in its comments.", outcome.ignored);
    }
    if outcome.suppressed > 0 {
        let _ = write!(text, " {} silenced by comments in the files", outcome.suppressed);
        let _ = match (outcome.silenced_here, outcome.suppressed) {
            (0, _) => write!(text, "."),
            (1, 1) => write!(text, ", which this change adds."),
            (here, all) if here == all => write!(text, ", all of which this change adds."),
            (here, _) => write!(text, ", {here} of them by comments that this change adds."),
        };
    }
    if outcome.overruled > 0 {
        let _ = write!(
            text,
            " {} said although comments in the files ignore them: `allow-inline-ignore` is false.",
            outcome.overruled
        );
    }
    text
}

/// What a review's body is made of.
pub(super) struct Body<'p, 'a> {
    /// Findings that stand in no comment, worst first.
    pub(super) items: &'p [Item<'a>],
    /// Keys of everything that the review says, for later runs.
    pub(super) seen: Vec<String>,
}

/// Writes the body: verdict, what is not inline, the collapsed list, the marker.
pub(super) fn write(input: &Input<'_>, outcome: &Outcome, body: &Body<'_, '_>) -> String {
    let marker = Marker {
        head: Some(input.commit.to_owned()),
        seen: body.seen.clone(),
        listed: body.items.iter().map(comment::key).collect(),
        ..Marker::default()
    };
    let marker = marker.line();
    let limit = MAX_BODY - marker.len() - 200;
    let mut page = Page { text: verdict(input, outcome), limit, left_out: 0 };
    add_notes(input, &mut page);
    let (open, folded): (Vec<&Item<'_>>, Vec<&Item<'_>>) = body
        .items
        .iter()
        .partition(|item| item.finding.level >= input.settings.inline_level.min(Level::Warning));
    let fix = if input.settings.suggestions { ShowFix::Diff } else { ShowFix::Words };
    if !open.is_empty() {
        page.add("### Without an inline comment");
        for item in open {
            page.add(&comment::entry(input, item, Some(&comment::place(item)), fix));
        }
    }
    if !folded.is_empty() {
        // The closing tag is kept in reserve while the list grows.
        let close = "</details>";
        page.limit -= close.len() + 2;
        if page.add(&format!("<details><summary>{}</summary>", level_count(folded.len(), "info"))) {
            for item in folded {
                page.add(&comment::entry(input, item, Some(&comment::place(item)), fix));
            }
            page.limit += close.len() + 2;
            page.add(close);
        }
    }
    let Page { mut text, left_out, .. } = page;
    if left_out > 0 {
        let _ = write!(text, "\n\n{left_out} more: see the job summary.");
    }
    format!("{text}\n\n{marker}")
}

/// The most notes that are shown.
const MAX_NOTES: usize = 20;

/// What was left out, or does not count yet.
fn add_notes(input: &Input<'_>, page: &mut Page) {
    for note in input.notes.iter().take(MAX_NOTES) {
        page.add(&prose(note));
    }
    if input.notes.len() > MAX_NOTES {
        page.add(&format!("… and {}.", count(input.notes.len() - MAX_NOTES, "more note")));
    }
}

/// An inline comment as part of another text: its place, and suggestions as plain code.
#[must_use]
pub fn told(comment: &Comment) -> String {
    let (text, _) = marker::split(&comment.body);
    let lines = match comment.start_line {
        Some(start) => format!("{}:{start}-{}", comment.path, comment.line),
        None => format!("{}:{}", comment.path, comment.line),
    };
    format!("{}\n\n{}", code(&lines), comment::as_code(text))
}

/// A review's body that also holds comments which GitHub refused. Comments that do not fit any more are
/// counted; they are in the job summary.
#[must_use]
pub fn fold(body: &str, refused: &[Comment]) -> String {
    let (text, marker) = marker::split(body);
    let marker = marker.map(|mut marker| {
        marker.listed.extend(refused.iter().flat_map(|comment| comment.keys.clone()));
        marker.line()
    });
    let tail = marker.unwrap_or_default();
    let mut page =
        Page { text: text.to_owned(), limit: MAX_BODY.saturating_sub(tail.len() + 200), left_out: 0 };
    if !refused.is_empty() {
        page.add(REFUSED);
    }
    for comment in refused {
        page.add(&told(comment));
    }
    let Page { mut text, left_out, .. } = page;
    if left_out > 0 {
        let _ = write!(text, "\n\n{left_out} more: see the job summary.");
    }
    if !tail.is_empty() {
        text.push_str("\n\n");
        text.push_str(&tail);
    }
    text
}

/// The job summary: everything that was found, also what is not in the review.
pub(super) fn summary(
    input: &Input<'_>,
    delta: &Delta<'_>,
    outcome: &Outcome,
    history: &History<'_>,
    drafts: &[Draft<'_>],
    rest: &[Item<'_>],
) -> String {
    if input.head.is_empty() && input.base.is_empty() {
        return "## Tidewaiter\n\nNothing that concerns an image changed.\n".to_owned();
    }
    let mut page = Page {
        text: format!("## Tidewaiter\n\n{}{}", verdict(input, outcome), said_before(outcome)),
        limit: MAX_SUMMARY,
        left_out: 0,
    };
    add_notes(input, &mut page);
    let is_ignored =
        |item: &&Item<'_>| history.ignored.iter().any(|(other, _)| std::ptr::eq(other.finding, item.finding));
    let shown: Vec<&Item<'_>> = delta.reported.iter().filter(|item| !is_ignored(item)).collect();
    if !shown.is_empty() {
        let mut table = "| | Where | Rule | Finding | Fix |\n|---|---|---|---|---|".to_owned();
        for item in shown.iter().take(MAX_ROWS) {
            table.push_str(&row(item, drafts));
        }
        page.add(&table);
        if shown.len() > MAX_ROWS {
            page.add(&format!("… and {}.", count(shown.len() - MAX_ROWS, "more finding")));
        }
    }
    if !history.ignored.is_empty() {
        let ignored: Vec<String> = history
            .ignored
            .iter()
            .take(50)
            .map(|(item, by)| {
                let by = if by.is_empty() { String::new() } else { format!(", told by {}", code(by)) };
                format!("- {} in {}{by}", code(item.finding.rule), code(&comment::place(item)))
            })
            .collect();
        page.add(&format!("### Ignored on this pull request\n\n{}", ignored.join("\n")));
    }
    graph::pictures(input, delta).iter().all(|piece| page.add(piece));
    let changes: Vec<&Item<'_>> = rest.iter().filter(|item| item.finding.fix.is_some()).collect();
    if input.settings.suggestions && !changes.is_empty() {
        page.add("### Fixes that are no suggestion in the review");
        for item in changes {
            page.add(&comment::entry(input, item, Some(&comment::place(item)), ShowFix::Diff));
        }
    }
    if !delta.fixed.is_empty() {
        let fixed: Vec<String> = delta
            .fixed
            .iter()
            .take(50)
            .map(|finding| format!("- {} in {}", code(finding.rule), code(finding.path.as_str())))
            .collect();
        page.add(&format!("### Fixed by this change\n\n{}", fixed.join("\n")));
    }
    let withheld: Vec<String> = input
        .head
        .iter()
        .flat_map(|report| report.withheld.iter().map(move |(rule, why)| (report, rule, why)))
        .take(50)
        .map(|(report, rule, why)| {
            format!("- {} in {}: {}", code(rule), code(report.path.as_str()), prose(why))
        })
        .collect();
    if !withheld.is_empty() {
        page.add(&format!("### Fixes withheld because their proof failed\n\n{}", withheld.join("\n")));
    }
    let Page { mut text, left_out, .. } = page;
    if left_out > 0 {
        let _ = write!(text, "\n\n{left_out} more did not fit.");
    }
    text.push('\n');
    text
}

fn said_before(outcome: &Outcome) -> String {
    let mut text = String::new();
    if outcome.repeated > 0 {
        let _ = write!(text, " {} said in an earlier review.", outcome.repeated);
    }
    if outcome.settled > 0 {
        let _ = write!(text, " {} settled since then.", count(outcome.settled, "thread"));
    }
    text
}

fn row(item: &Item<'_>, drafts: &[Draft<'_>]) -> String {
    let finding = item.finding;
    let suggested = drafts
        .iter()
        .flat_map(|draft| &draft.entries)
        .any(|entry| entry.in_block && std::ptr::eq(entry.item.finding, finding));
    let fix = match (&finding.fix, suggested) {
        (None, _) => "—".to_owned(),
        (Some(fix), true) => format!("{} (suggested)", cell(&fix.title)),
        (Some(fix), false) => cell(&fix.title),
    };
    let icon = heading(finding.level).split(' ').next().unwrap_or("");
    format!(
        "\n| {icon} {} | {} | {} | {} | {fix} |",
        finding.level,
        cell_code(&comment::place(item)),
        cell_code(finding.rule),
        cell(&finding.message)
    )
}
