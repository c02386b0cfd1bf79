//! What is said in a review, and where. Pure: no network, no clock, no disk.
//!
//! [`plan`] compares the linted base and head ([`Input`]), hangs each finding on lines of the diff, makes
//! one suggestion per line range, leaves out what earlier runs have said, and gives a [`Plan`] that can be
//! printed ([`render()`]) or posted.

mod anchor;
mod body;
mod comment;
mod delta;
mod draft;
mod graph;
mod hunks;
mod input;
mod markdown;
mod marker;
mod page;
mod plan;
mod reconcile;
mod render;
mod suggestion;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod tests;

pub use body::fold;
pub use graph::{Origin, StageShape, Take, Way, shapes};
pub use hunks::{DiffLine, FileDiff, Hunk, LineRange, Mark};
pub use input::{Causes, Input, ReportMode, Reprove, Settings, Shapes, Texts};
pub use marker::{Marker, read as read_marker};
pub use page::MAX_BODY;
pub use plan::{Annotation, Comment, Outcome, OwnThread, Plan, Review, Update};
pub use render::{Paint, render};

use crate::config::Level;
use crate::repository::is_dockerfile;
use delta::{Delta, Item};

/// Plans a review.
///
/// The review is `None` when there is nothing new to say, or when this commit has a review of ours already:
/// annotations and summary then still hold everything.
pub fn plan(input: &Input<'_>) -> Plan {
    let delta = delta::compare(input);
    let visible: Vec<Item<'_>> = delta
        .reported
        .iter()
        .filter(|item| item.finding.level > Level::Style || input.settings.inline_level == Level::Style)
        .copied()
        .collect();
    let history = reconcile::reconcile(input, &visible);
    let (drafts, rest) = draft::draft(input, &history.fresh);
    let mut outcome = outcome(input, &delta);
    outcome.repeated = history.repeated;
    let silent = history.fresh.is_empty() || input.reviewed;
    if !silent {
        outcome.comments = drafts.len();
    }
    let review = (!silent).then(|| Review {
        body: body::write(input, &outcome, drafts.len(), &rest, &history.fresh),
        comments: drafts.iter().map(|draft| comment::write(input, draft)).collect(),
    });
    Plan {
        head: input.commit.to_owned(),
        review,
        updates: history.updates,
        annotations: visible.iter().map(annotation).collect(),
        summary: body::summary(input, &delta, &outcome, &drafts, &rest),
        outcome,
    }
}

fn outcome(input: &Input<'_>, delta: &Delta<'_>) -> Outcome {
    let of = |level: Level| delta.reported.iter().filter(|item| item.finding.level == level).count();
    Outcome {
        files: input.head.iter().filter(|report| is_dockerfile(&report.path)).count(),
        error: of(Level::Error),
        warning: of(Level::Warning),
        info: of(Level::Info),
        style: of(Level::Style),
        fixable: delta.reported.iter().filter(|item| item.finding.fix.is_some()).count(),
        fixed: delta.fixed.len(),
        existing: delta.existing,
        suppressed: input.head.iter().map(|report| report.suppressed).sum(),
        comments: 0,
        repeated: 0,
    }
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
