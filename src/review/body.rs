//! The body of a review, the job summary, and the limits of both.

use super::comment::{self, ShowFix, heading};
use super::delta::{Delta, Item};
use super::draft::Draft;
use super::graph;
use super::input::{Input, ReportMode};
use super::markdown::{cell, cell_code, code, prose};
use super::marker;
use super::page::{MAX_BODY, Page};
use super::plan::{Outcome, Review};
use crate::config::Level;
use std::fmt::Write as _;

/// The most bytes of a job summary (GitHub takes 1 MiB of a step's; others may write to it too).
const MAX_SUMMARY: usize = 500_000;
/// The most rows in the summary's table.
const MAX_ROWS: usize = 500;

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
    if outcome.repeated > 0 {
        let _ = write!(text, " {} said in an earlier review.", outcome.repeated);
    }
    if outcome.suppressed > 0 {
        let _ = write!(text, " {} silenced by comments in the files.", outcome.suppressed);
    }
    text
}

/// Writes the body: verdict, what is not inline, the collapsed list, the marker.
pub(super) fn write(
    input: &Input<'_>,
    outcome: &Outcome,
    inline: usize,
    rest: &[Item<'_>],
    said: &[Item<'_>],
) -> String {
    let seen: Vec<String> =
        said.iter().map(|item| marker::key(item.report.path.as_str(), &item.finding.fingerprint)).collect();
    let marker = marker::body(input.commit, &seen);
    let limit = MAX_BODY - marker.len() - 200;
    let mut page = Page { text: verdict(input, outcome), limit, left_out: 0 };
    let (open, folded): (Vec<&Item<'_>>, Vec<&Item<'_>>) =
        rest.iter().partition(|item| item.finding.level >= input.settings.inline_level.min(Level::Warning));
    let fix = if input.settings.suggestions { ShowFix::Diff } else { ShowFix::Words };
    if !open.is_empty() {
        let over = inline >= input.settings.max_comments;
        page.add(if over { "### Beyond the inline comments" } else { "### Outside the diff" });
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

/// A review in which some comments (by index) stand in the body instead: for those that GitHub refuses.
/// Comments that do not fit the body any more are named with their place only.
#[must_use]
pub fn fold(review: &Review, indices: &[usize]) -> Review {
    let (text, marker) = marker::split(&review.body);
    let tail = if marker.is_some() { review.body.trim_end().rsplit('\n').next().unwrap_or("") } else { "" };
    let mut page =
        Page { text: text.to_owned(), limit: MAX_BODY.saturating_sub(tail.len() + 200), left_out: 0 };
    for index in indices {
        let Some(comment) = review.comments.get(*index) else { continue };
        let (text, _) = marker::split(&comment.body);
        let lines: Vec<String> = text
            .lines()
            .map(|line| match line.strip_suffix("suggestion") {
                // In a body it is a block of code, not something to commit.
                Some(fence) if fence.len() >= 3 && fence.bytes().all(|b| b == b'`') => {
                    format!("{fence}dockerfile")
                }
                _ => line.to_owned(),
            })
            .collect();
        page.add(&format!("{}\n\n{}", code(&format!("{}:{}", comment.path, comment.line)), lines.join("\n")));
    }
    let Page { mut text, left_out, .. } = page;
    if left_out > 0 {
        let _ = write!(text, "\n\n{left_out} more: see the job summary.");
    }
    if !tail.is_empty() {
        text.push_str("\n\n");
        text.push_str(tail);
    }
    let kept = review.comments.iter().enumerate().filter(|(index, _)| !indices.contains(index));
    Review { body: text, comments: kept.map(|(_, comment)| comment.clone()).collect() }
}

/// The job summary: everything that was found, also what is not in the review.
pub(super) fn summary(
    input: &Input<'_>,
    delta: &Delta<'_>,
    outcome: &Outcome,
    drafts: &[Draft<'_>],
    rest: &[Item<'_>],
) -> String {
    if input.head.is_empty() && input.base.is_empty() {
        return "## Tidewaiter\n\nNothing that concerns an image changed.\n".to_owned();
    }
    let mut page = Page {
        text: format!("## Tidewaiter\n\n{}", verdict(input, outcome)),
        limit: MAX_SUMMARY,
        left_out: 0,
    };
    if !delta.reported.is_empty() {
        let mut table = "| | Where | Rule | Finding | Fix |\n|---|---|---|---|---|".to_owned();
        for item in delta.reported.iter().take(MAX_ROWS) {
            table.push_str(&row(item, drafts));
        }
        page.add(&table);
        if delta.reported.len() > MAX_ROWS {
            page.add(&format!("… and {}.", count(delta.reported.len() - MAX_ROWS, "more finding")));
        }
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
