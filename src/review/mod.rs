//! What is said in a review, and where. Pure: no network, no clock, no disk.
//!
//! [`plan`] compares the linted base and head ([`Input`]), hangs each finding on lines of the diff, makes
//! one suggestion per line range, leaves out what earlier runs have said, and gives a [`Plan`] that can be
//! printed ([`render()`]) or posted.

mod anchor;
mod answer;
mod body;
mod command;
mod comment;
mod delta;
mod draft;
mod fixes;
mod graph;
mod hunks;
mod input;
pub mod markdown;
mod marker;
mod page;
mod plan;
mod reconcile;
mod render;
mod suggestion;
mod talk;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;

pub use answer::{Answer, FixResult, HELP, Signed, ignore_thread, is_help, rules_named};
pub use body::{fold, told};
pub use command::{Command, command, first_word};
pub use fixes::{FixedFile, Fixes, Made, Wanted, fixes};
pub use graph::{Origin, StageShape, Take, Way, shapes};
pub use hunks::{Added, DiffLine, FileDiff, Hunk, LineRange, Mark};
pub use input::{Causes, Input, ReportMode, Reprove, Settings, Shapes, Texts};
pub use marker::{Marker, read as read_marker};
pub use page::{MAX_BODY, Page};
pub use plan::{Annotation, Comment, Outcome, Plan, Reason, Review, Update};
pub use render::{Paint, render};
pub use talk::{OwnReview, OwnThread, Talk};

use crate::config::Level;
use crate::lint::FileReport;
use crate::repository::is_dockerfile;
use body::Body;
use comment::Past;
use delta::{Delta, Item};
use reconcile::History;

/// Plans a review.
///
/// The review is `None` when there is nothing new to say, or when this commit has a review of ours already:
/// annotations and summary then still hold everything.
pub fn plan(input: &Input<'_>) -> Plan {
    let delta = delta::compare(input);
    let (visible, quiet) = visible_and_quiet(input, &delta);
    let mut history = reconcile::reconcile(input, &visible, &quiet);
    let (drafts, rest) = draft::draft(input, &history.fresh);
    let mut outcome = outcome(input, &delta, &history);
    let silent = history.fresh.is_empty() || input.talk.reviewed();
    let review = (!silent).then(|| {
        outcome.comments = drafts.len();
        let mut items = rest.clone();
        items.extend_from_slice(&history.listed);
        items.sort_by(|a, b| delta::order(a).cmp(&delta::order(b)));
        let seen = history.fresh.iter().chain(&history.listed).map(comment::key).collect();
        let body = Body { items: &items, seen };
        Review {
            body: body::write(input, &outcome, &body),
            comments: drafts.iter().map(|draft| comment::write(input, draft, &Past::default())).collect(),
        }
    });
    let mut updates = std::mem::take(&mut history.updates);
    match &review {
        Some(_) => updates.extend(older(input)),
        None => updates.extend(renewed(input, &outcome, &history)),
    }
    let is_ignored =
        |item: &Item<'_>| history.ignored.iter().any(|(other, _)| std::ptr::eq(other.finding, item.finding));
    Plan {
        head: input.commit.to_owned(),
        review,
        updates,
        annotations: visible.iter().filter(|item| !is_ignored(item)).map(annotation).collect(),
        summary: body::summary(input, &delta, &outcome, &history, &drafts, &rest),
        outcome,
        notes: input.notes.to_vec(),
    }
}

/// Findings to speak about, and all other ones of the head.
fn visible_and_quiet<'a>(input: &Input<'a>, delta: &Delta<'a>) -> (Vec<Item<'a>>, Vec<Item<'a>>) {
    let (visible, hidden): (Vec<Item<'_>>, Vec<Item<'_>>) =
        delta.reported.iter().copied().partition(|item| {
            item.finding.level > Level::Style || input.settings.inline_level == Level::Style
        });
    let quiet = delta.quiet.iter().chain(&hidden).copied().collect();
    (visible, quiet)
}

/// Whether two items are one finding.
fn same(one: &Item<'_>, other: &Item<'_>) -> bool {
    std::ptr::eq(one.finding, other.finding)
}

/// Earlier reviews fold away when a newer one says how things stand.
fn older(input: &Input<'_>) -> Vec<Update> {
    let open = input.talk.reviews.iter().filter(|review| !review.minimized);
    open.map(|review| Update::Minimize { id: review.id.clone(), reason: Reason::Outdated }).collect()
}

/// The newest review's body as of today, where it reads differently: nobody is notified of an edit.
fn renewed(input: &Input<'_>, outcome: &Outcome, history: &History<'_>) -> Option<Update> {
    let review = input.talk.reviews.last().filter(|review| !review.minimized)?;
    let (text, marker) = marker::split(&review.body);
    // What a marker could not hold cannot be written again.
    let marker = marker.filter(|marker| !marker.cut)?;
    let mut items = history.listed.clone();
    // The commit has its review already, so what is new goes into its text.
    items.extend_from_slice(&history.fresh);
    items.sort_by(|a, b| delta::order(a).cmp(&delta::order(b)));
    let mut seen = marker.seen.clone();
    for key in history.fresh.iter().map(comment::key) {
        if !seen.contains(&key) {
            seen.push(key);
        }
    }
    let body = body::write(input, outcome, &Body { items: &items, seen });
    let (new_text, new_marker) = marker::split(&body);
    let news = new_marker.is_some_and(|new| new.seen != marker.seen || new.listed != marker.listed);
    // Refused comments are written differently when they are written again; on one commit that is no news.
    let same = review.of_head && text.contains(body::REFUSED);
    let changed = news || (!same && reconcile::normal(new_text) != reconcile::normal(text));
    changed.then(|| Update::Review { id: review.id.clone(), body })
}

fn outcome(input: &Input<'_>, delta: &Delta<'_>, history: &History<'_>) -> Outcome {
    let is_ignored =
        |item: &&Item<'_>| history.ignored.iter().any(|(other, _)| std::ptr::eq(other.finding, item.finding));
    let counted: Vec<&Item<'_>> = delta.reported.iter().filter(|item| !is_ignored(item)).collect();
    let of = |level: Level| counted.iter().filter(|item| item.finding.level == level).count();
    Outcome {
        files: input.head.iter().filter(|report| is_dockerfile(&report.path)).count(),
        error: of(Level::Error),
        warning: of(Level::Warning),
        info: of(Level::Info),
        style: of(Level::Style),
        fixable: counted.iter().filter(|item| item.finding.fix.is_some()).count(),
        fixed: delta.fixed.len(),
        existing: delta.existing,
        suppressed: input.head.iter().map(|report| report.suppressed).sum(),
        silenced_here: input.head.iter().map(|report| silenced_here(input, report)).sum(),
        overruled: input.head.iter().map(|report| report.overruled).sum(),
        comments: 0,
        repeated: history.repeated,
        ignored: history.ignored.len(),
        settled: history.settled,
        unresolvable: history.unresolvable,
    }
}

/// Number of findings that comments on lines of the change itself silence.
fn silenced_here(input: &Input<'_>, report: &FileReport) -> usize {
    let Some(diff) = input.diff(&report.path).filter(|_| !report.silenced.is_empty()) else { return 0 };
    let added = diff.added();
    let lines = report.silenced.iter().map(|silenced| report.source.lines_of(silenced.comment));
    lines.filter(|(first, last)| added.meets(LineRange::new(*first, *last))).count()
}

fn annotation(item: &Item<'_>) -> Annotation {
    let lines = item.lines();
    Annotation {
        level: item.finding.level,
        path: item.report.path.clone(),
        line: lines.first,
        end_line: lines.last,
        title: item.finding.rule.to_owned(),
        message: item.finding.message.clone(),
    }
}
