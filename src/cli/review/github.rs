//! `tidewaiter review` in a workflow: reads the pull request over the API, posts one review.

use super::change::{Change, Changed, Options, around, complete, config, fix, note_of, review};
use super::{Args, Exit, Streams, UsageError, plan, publish, talk, unposted, verdict};
use crate::cli::configuration::Chosen;
use crate::config::Config;
use crate::github::{
    Environment, EventError, GithubError, PlanFile, Published, Receipt, Session, Snapshot, Status, Target,
    append_summary, write_outputs,
};
use crate::report::count;
use crate::repository::{Related, is_dockerfile, likely_next, wanted_files};
use crate::review::{FileDiff, Fixes, Paint, Plan, Wanted, render};
use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use std::time::Duration;

/// How often files that the rules miss are fetched: a script may name a script.
const MAX_FETCHES: usize = 3;

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let mut env = Environment::from_process()?;
    env.max_wait = args.max_wait.map(|seconds| Duration::from_secs(seconds.into())).or(env.max_wait);
    if let Some(path) = &args.publish {
        return publish::run(args, path, &env, streams);
    }
    let target = match (&args.repo, args.pr) {
        (repo, Some(number)) => {
            let named = repo.as_ref().map(|name| name.parse()).transpose()?;
            let repository = named
                .or_else(|| env.repository.clone())
                .ok_or_else(|| UsageError("--pr needs the repository too: --repo OWNER/NAME".to_owned()))?;
            Target::new(repository, number)
        }
        (Some(_), None) => return Err(UsageError("--repo needs --pr NUMBER too".to_owned()).into()),
        (None, None) => match Target::from_environment(&env) {
            Ok(target) => target,
            Err(error @ EventError::Bot { .. }) => {
                streams.note(&error.to_string());
                return Ok(Exit::Clean);
            }
            Err(error) => return Err(error.into()),
        },
    };
    block_on(streams, async |streams| {
        if target.comment.is_some() {
            return talk::run(args, &env, target, streams).await;
        }
        let session = Session::connect(&env, target)?;
        work(args, &env, session, None, streams).await
    })
}

/// Runs the talk with GitHub. A head that has moved on is nothing for this run to do.
pub(super) fn block_on(
    streams: &mut Streams,
    talk: impl AsyncFnOnce(&mut Streams) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime for network requests")?;
    let result = runtime.block_on(talk(streams));
    match result {
        // The run for the newer commit reviews it; this one has nothing to say.
        Err(error) if matches!(error.downcast_ref(), Some(GithubError::Superseded { .. })) => {
            streams.note(&format!("{error}"));
            Ok(Exit::Clean)
        }
        other => other,
    }
}

/// Reads, plans, and writes: to the pull request or, with `--plan`, to a file. `file` is the plan of a run before
/// this one, to compare with.
pub(super) async fn work(
    args: &Args,
    env: &Environment,
    session: Session,
    file: Option<&PlanFile>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let result = read_and_write(args, env, &session, file, streams).await;
    let requests = count(session.requests() as usize, "request");
    let waited = session.waited().as_secs();
    let waiting = if waited > 0 { format!(", {waited} s of waiting") } else { String::new() };
    streams.note(&format!("{requests} to GitHub{waiting}"));
    result
}

async fn read_and_write(
    args: &Args,
    env: &Environment,
    session: &Session,
    file: Option<&PlanFile>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let number = session.target().number;
    let mut snapshot = session.snapshot(is_dockerfile, |files| wanted(args, files)).await?;
    let (mut plan, config) = settle(args, session, &mut snapshot).await?;
    for note in &plan.notes {
        streams.note(note);
    }
    if let Some(file) = file {
        publish::tell_differences(file, &mut plan, streams);
    }
    let exit = verdict(&plan, &config);
    if args.dry_run {
        let diffs = diffs(&snapshot);
        streams.print(&render(&plan, &diffs, Paint::Plain));
        return finish(env, &plan, Told::default(), exit, streams);
    }
    if let Some(path) = &args.plan {
        let written = plan::write(path, session.target(), &plan);
        unposted::show(&mut plan, streams);
        let plan_file = written.is_ok().then_some(path.as_path());
        // Also when the plan could not be written: the summary is where the findings are then.
        let exit = finish(env, &plan, Told { plan_file, ..Told::default() }, exit, streams)?;
        written?;
        streams.note(&format!("nothing was posted; the plan is in {path}"));
        return Ok(exit);
    }
    let published = session.publish(&plan, Some(&snapshot)).await;
    if let Ok(Published::Superseded { head }) = &published {
        streams.note(&format!("the pull request has moved on to {head}: the run for that commit reviews it"));
        return Ok(Exit::Clean);
    }
    let told = tell(published, &mut plan, number, streams);
    // Also when nothing could be posted: the summary is where the findings are then.
    let (receipt, failure) = match told {
        Ok(receipt) => (receipt, None),
        Err(error) => (None, Some(error)),
    };
    let told = Told { receipt: receipt.unwrap_or_default(), plan_file: None };
    let exit = finish(env, &plan, told, exit, streams)?;
    failure.map_or(Ok(exit), Err)
}

/// What a run has written.
#[derive(Default)]
struct Told<'a> {
    receipt: Receipt,
    plan_file: Option<&'a Utf8Path>,
}

/// The files to read beside these Dockerfiles; a configuration named by hand is read with them.
fn wanted(args: &Args, dockerfiles: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let mut files = wanted_files(dockerfiles);
    files.extend(args.config.clone());
    files
}

/// Reads the newest commit and makes the fixes that are asked for; with that commit.
pub(super) async fn fixes_at_head(
    args: &Args,
    session: &Session,
    asked: Wanted<'_>,
    streams: &mut Streams,
) -> anyhow::Result<(String, Fixes)> {
    let mut snapshot = session.snapshot(is_dockerfile, |files| wanted(args, files)).await?;
    let (plan, _) = settle(args, session, &mut snapshot).await?;
    for note in &plan.notes {
        streams.note(note);
    }
    let (options, around) = prepare(args, &snapshot)?;
    let fixes = fix(&change(&snapshot, &around), &options, asked);
    Ok((snapshot.head_sha, fixes))
}

/// Plans, and plans again with the files that the rules asked for.
async fn settle(args: &Args, session: &Session, snapshot: &mut Snapshot) -> anyhow::Result<(Plan, Config)> {
    let mut fetches = 0;
    loop {
        let (options, around) = prepare(args, snapshot)?;
        let plan = review(&change(snapshot, &around), &options);
        let mut missing = snapshot.head.wanted();
        missing.extend(snapshot.base.wanted());
        if fetches == 0 && !missing.is_empty() {
            let touched = snapshot.dockerfiles().map(|file| &file.path);
            for path in touched.chain(&around.dockerfiles) {
                missing.extend(likely_next(&snapshot.head, path));
            }
            missing.extend(wanted_files(&around.dockerfiles));
        }
        missing.sort();
        missing.dedup();
        if missing.is_empty() || fetches == MAX_FETCHES || !session.fetch(snapshot, &missing).await? {
            complete(&options.chosen)?;
            return Ok((plan, options.chosen.config));
        }
        fetches += 1;
    }
}

/// How this pull request is reviewed, and what the change may concern without touching it.
fn prepare(args: &Args, snapshot: &Snapshot) -> anyhow::Result<(Options, Related)> {
    // Where nothing concerns an image nothing was read of the base, and nothing is needed.
    let (chosen, around) = if snapshot.concerns_images() {
        let around = around(&snapshot.base, &snapshot.head, &snapshot.changed_paths());
        (config(&snapshot.base, args.config.as_deref())?, around)
    } else {
        (Chosen::default(), Related::default())
    };
    let mut options = Options { chosen, today: args.today() };
    args.apply(&mut options.chosen.config);
    Ok((options, around))
}

fn change<'a>(snapshot: &'a Snapshot, around: &Related) -> Change<'a> {
    Change {
        base: &snapshot.base,
        head: &snapshot.head,
        files: changed(snapshot),
        around: around.dockerfiles.clone(),
        diffs: diffs(snapshot),
        commit: snapshot.head_sha.clone(),
        talk: &snapshot.talk,
        touched: snapshot.changed_paths(),
        notes: snapshot.notes.iter().cloned().chain(note_of(around)).collect(),
    }
}

fn changed(snapshot: &Snapshot) -> Vec<Changed> {
    snapshot
        .dockerfiles()
        .map(|file| Changed {
            head: (file.status != Status::Removed).then(|| file.path.clone()),
            base: file.base_path().map(ToOwned::to_owned),
        })
        .collect()
}

/// The diff of every changed file: GitHub's own patch, else computed from the texts.
fn diffs(snapshot: &Snapshot) -> Vec<FileDiff> {
    use crate::repository::Tree as _;
    let diff = |file: &crate::github::ChangedFile| {
        let head = file.head_path()?;
        let diff = if let Some(patch) = &file.patch {
            FileDiff::from_patch(head, patch)
        } else {
            let old = file.base_path().and_then(|path| snapshot.base.read(path).found());
            FileDiff::from_texts(head, old.as_deref().unwrap_or(""), &snapshot.head.read(head).found()?)
        };
        Some(match file.base_path() {
            Some(base) if base != head => diff.renamed_from(base),
            _ => diff,
        })
    };
    snapshot.files.iter().filter_map(diff).collect()
}

/// Says what became of the plan. Without a review on the pull request, the findings become annotations.
fn tell(
    published: Result<Published, GithubError>,
    plan: &mut Plan,
    number: u64,
    streams: &mut Streams,
) -> anyhow::Result<Option<Receipt>> {
    match published {
        Ok(Published::Done(receipt)) => {
            let place = receipt.review_url.clone().unwrap_or_else(|| format!("pull request #{number}"));
            if receipt.review_id.is_some() {
                streams
                    .note(&format!("posted a review with {}: {place}", count(receipt.comments, "comment")));
            }
            if receipt.updated > 0 {
                let what = count(receipt.updated, "change");
                streams.note(&format!("made {what} to what was said before on pull request #{number}"));
            }
            if plan.outcome.unresolvable > 0 {
                streams.note(
                    "threads of fixed findings were not resolved: GitHub wants `permissions: contents: write` beside \
                     `pull-requests: write` for that; they are marked as fixed and folded away",
                );
            }
            for note in &receipt.notes {
                streams.note(note);
            }
            Ok(Some(receipt))
        }
        Ok(Published::Nothing) => {
            let said = if plan.outcome.files == 0 {
                "nothing that concerns an image changed"
            } else if plan.outcome.total() == 0 {
                "no findings: nothing to say"
            } else {
                "everything has been said already: nothing posted"
            };
            streams.note(said);
            Ok(None)
        }
        // The caller has said so and stopped.
        Ok(Published::Superseded { .. }) => Ok(None),
        Ok(Published::NotPermitted { permission, message }) => {
            unposted::show(plan, streams);
            streams.note(&format!(
                "may not comment on the pull request ({message}): the job needs `permissions: {permission}`; for pull \
                 requests from forks GitHub gives a read-only token. The findings are annotations and in the job summary"
            ));
            Ok(None)
        }
        Err(error) => {
            unposted::show(plan, streams);
            let what = if plan.review.is_none() {
                "what was said before was not brought up to date"
            } else if error.is_ambiguous() {
                "it is not known whether GitHub took the review"
            } else {
                "no review was posted"
            };
            Err(error).context(format!("{what}; the findings are annotations and in the job summary"))
        }
    }
}

/// Writes outputs and summary.
fn finish(
    env: &Environment,
    plan: &Plan,
    told: Told<'_>,
    exit: Exit,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let counts = &plan.outcome;
    let Told { receipt, plan_file } = told;
    if let Some(path) = &env.output {
        let outputs = [
            ("findings", counts.total().to_string()),
            ("errors", counts.error.to_string()),
            ("warnings", counts.warning.to_string()),
            ("infos", counts.info.to_string()),
            ("fixable", counts.fixable.to_string()),
            ("comments-posted", receipt.comments.to_string()),
            ("review-url", receipt.review_url.unwrap_or_default()),
            ("plan-file", plan_file.map(ToString::to_string).unwrap_or_default()),
        ];
        write_outputs(path, &outputs)?;
    }
    if let Some(path) = &env.step_summary {
        append_summary(path, &plan.summary)?;
    } else if env.event_path.is_none() {
        streams.note("this is no workflow run: no job summary is written");
    }
    Ok(exit)
}
