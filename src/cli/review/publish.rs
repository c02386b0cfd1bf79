//! `tidewaiter review --publish`: posts, in a run that may write, the review that a run without permission
//! has planned.
//!
//! The file is evidence, not input: what is posted is planned anew from GitHub's own answers. Why, and what the
//! file is still good for, stands in `github/plan_file.rs`.

use super::super::streams::Streams;
use super::{Args, Exit, UsageError, github};
use crate::github::{Client, Environment, FinishedRun, Found, PlanFile, Session, Target};
use crate::report::count;
use crate::review::Plan;
use camino::Utf8Path;
use std::fmt::Write as _;

pub(super) fn run(
    args: &Args,
    path: &Utf8Path,
    env: &Environment,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let finished = FinishedRun::from_environment(env)?;
    let file = PlanFile::read(path)?;
    file.check(path, &finished.repository, &finished.head_sha)?;
    github::block_on(streams, async |streams| {
        let client = Client::new(env)?;
        let targets = match finished.find(&client).await? {
            Found::Open(targets) => targets,
            Found::Gone(reason) => {
                streams.note(&format!("nothing to review: {reason}"));
                return Ok(Exit::Clean);
            }
        };
        let target = choose(targets, &file, streams)?;
        github::work(args, env, Session::new(client, target), Some(&file), streams).await
    })
}

/// The pull request, where a branch is to be merged into several.
fn choose(targets: Vec<Target>, file: &PlanFile, streams: &mut Streams) -> anyhow::Result<Target> {
    let numbers: Vec<String> = targets.iter().map(|target| format!("#{}", target.number)).collect();
    let numbers = numbers.join(", ");
    let several = targets.len() > 1;
    let mut targets = targets;
    let place = targets.iter().position(|target| target.number == file.number);
    match place {
        Some(place) => {
            if several {
                let number = file.number;
                streams.note(&format!("pull requests {numbers} have this head; the plan is for #{number}"));
            }
            Ok(targets.swap_remove(place))
        }
        None if several => Err(UsageError(format!(
            "pull requests {numbers} have the head of the finished run, and the plan is for none of them (#{}): \
             nothing was posted",
            file.number
        ))
        .into()),
        // As when it was closed and opened anew: the run of that one reviews it, too, and says it once.
        None => {
            streams.note(&format!(
                "the plan is for pull request #{}, but the one with this head is {numbers}: that one is reviewed",
                file.number
            ));
            targets.pop().ok_or_else(|| UsageError("no pull request has this head".to_owned()).into())
        }
    }
}

/// Says how the file differs from what this run found, in its log and in its summary. In words and numbers of
/// our own: nothing of the file's text.
pub(super) fn tell_differences(file: &PlanFile, plan: &mut Plan, streams: &mut Streams) {
    let found = file.compare(plan);
    let mut notes = Vec::new();
    if found.only_in_file > 0 {
        notes.push(format!(
            "{} of the plan file left out: this run does not find the same",
            count(found.only_in_file, "finding")
        ));
    }
    if found.comments_only_in_file > 0 {
        notes.push(format!(
            "{} of the plan file left out: this run would not write the same",
            count(found.comments_only_in_file, "comment")
        ));
    }
    if found.lacking > 0 {
        notes.push(format!(
            "the plan file lacks {} of this run: published all the same",
            count(found.lacking, "finding")
        ));
    }
    if notes.is_empty() {
        streams.note(&format!("the plan file has the same {}", count(found.findings, "finding")));
        return;
    }
    plan.summary.push_str("\n### The plan file of the first run\n\n");
    for note in notes {
        streams.note(&note);
        // Writing to a String cannot fail.
        let _ = writeln!(plan.summary, "- {note}");
    }
}
