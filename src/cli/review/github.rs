//! `tidewaiter review` in a workflow: reads the pull request over the API, posts one review.

use super::change::{Change, Changed, Options, complete, config, review};
use super::{Args, Exit, Streams, UsageError, verdict};
use crate::config::Config;
use crate::github::{
    Environment, EventError, GithubError, Published, Receipt, Session, Snapshot, Status, Target,
    append_summary, write_outputs,
};
use crate::report::{annotations, count};
use crate::repository::{is_dockerfile, likely_next, wanted_files};
use crate::review::{FileDiff, Paint, Plan, render};
use anyhow::Context as _;
use camino::Utf8PathBuf;
use std::time::Duration;

/// How often files that the rules miss are fetched: a script may name a script.
const MAX_FETCHES: usize = 3;

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let mut env = Environment::from_process()?;
    env.max_wait = args.max_wait.map(|seconds| Duration::from_secs(seconds.into())).or(env.max_wait);
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime for network requests")?;
    let result = runtime.block_on(async {
        let session = Session::connect(&env, target)?;
        let result = work(args, &env, &session, streams).await;
        let requests = count(session.requests() as usize, "request");
        let waited = session.waited().as_secs();
        let waiting = if waited > 0 { format!(", {waited} s of waiting") } else { String::new() };
        streams.note(&format!("{requests} to GitHub{waiting}"));
        result
    });
    match result {
        // The run for the newer commit reviews it; this one has nothing to say.
        Err(error) if matches!(error.downcast_ref(), Some(GithubError::Superseded { .. })) => {
            streams.note(&format!("{error}"));
            Ok(Exit::Clean)
        }
        other => other,
    }
}

async fn work(
    args: &Args,
    env: &Environment,
    session: &Session,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let number = session.target().number;
    // A configuration named by hand is read with the other files of the base.
    let wanted = |dockerfiles: &[Utf8PathBuf]| {
        let mut files = wanted_files(dockerfiles);
        files.extend(args.config.clone());
        files
    };
    let mut snapshot = session.snapshot(is_dockerfile, wanted).await?;
    let (plan, config) = settle(args, session, &mut snapshot).await?;
    for note in &snapshot.notes {
        streams.note(note);
    }
    if args.dry_run {
        let diffs = diffs(&snapshot);
        streams.print(&render(&plan, &diffs, Paint::Plain));
        let exit = verdict(&plan, &config);
        return finish(env, &plan, None, exit, streams);
    }
    let published = session.publish(&plan, Some(&snapshot)).await;
    if let Ok(Published::Superseded { head }) = &published {
        streams.note(&format!("the pull request has moved on to {head}: the run for that commit reviews it"));
        return Ok(Exit::Clean);
    }
    let told = tell(published, &plan, number, streams);
    // Also when nothing could be posted: the summary is where the findings are then.
    let (receipt, failure) = match told {
        Ok(receipt) => (receipt, None),
        Err(error) => (None, Some(error)),
    };
    let exit = finish(env, &plan, receipt, verdict(&plan, &config), streams)?;
    failure.map_or(Ok(exit), Err)
}

/// Plans, and plans again with the files that the rules asked for.
async fn settle(args: &Args, session: &Session, snapshot: &mut Snapshot) -> anyhow::Result<(Plan, Config)> {
    let mut fetches = 0;
    loop {
        // Without a Dockerfile nothing was read of the base, and nothing is needed.
        let config = match snapshot.dockerfiles().next() {
            Some(_) => config(&snapshot.base, args.config.as_deref())?,
            None => Config::default(),
        };
        let mut options = Options { config, today: args.today() };
        args.apply(&mut options.config);
        let change = Change {
            base: &snapshot.base,
            head: &snapshot.head,
            files: changed(snapshot),
            diffs: diffs(snapshot),
            commit: snapshot.head_sha.clone(),
            talk: &snapshot.talk,
        };
        let plan = review(&change, &options);
        let mut missing = snapshot.head.wanted();
        missing.extend(snapshot.base.wanted());
        if fetches == 0 && !missing.is_empty() {
            for file in snapshot.dockerfiles() {
                missing.extend(likely_next(&snapshot.head, &file.path));
            }
        }
        missing.sort();
        missing.dedup();
        if missing.is_empty() || fetches == MAX_FETCHES || !session.fetch(snapshot, &missing).await? {
            complete(&options.config)?;
            return Ok((plan, options.config));
        }
        fetches += 1;
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
    plan: &Plan,
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
                "no Dockerfile changed"
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
            annotate(plan, streams);
            streams.note(&format!(
                "may not comment on the pull request ({message}): the job needs `permissions: {permission}`; for pull \
                 requests from forks GitHub gives a read-only token. The findings are annotations and in the job summary"
            ));
            Ok(None)
        }
        Err(error) => {
            annotate(plan, streams);
            let what = if error.is_ambiguous() {
                "it is not known whether GitHub took the review"
            } else {
                "no review was posted"
            };
            Err(error).context(format!("{what}; the findings are annotations and in the job summary"))
        }
    }
}

fn annotate(plan: &Plan, streams: &mut Streams) {
    streams.print(&annotations::render(&plan.annotations, "All findings are in the job summary"));
}

/// Writes outputs and summary.
fn finish(
    env: &Environment,
    plan: &Plan,
    receipt: Option<Receipt>,
    exit: Exit,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let counts = &plan.outcome;
    let receipt = receipt.unwrap_or_default();
    if let Some(path) = &env.output {
        let outputs = [
            ("findings", counts.total().to_string()),
            ("errors", counts.error.to_string()),
            ("warnings", counts.warning.to_string()),
            ("infos", counts.info.to_string()),
            ("fixable", counts.fixable.to_string()),
            ("comments-posted", receipt.comments.to_string()),
            ("review-url", receipt.review_url.unwrap_or_default()),
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
