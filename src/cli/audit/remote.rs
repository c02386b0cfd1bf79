//! `tidewaiter audit` of a repository on GitHub: read over the API at one commit, no checkout.

use super::output::{Found, More, report};
use super::told::Told;
use super::{Args, Exit, Streams, UsageError, configuration};
use crate::cli::configuration::Chosen;
use crate::github::{
    Checkout, Depot, Environment, GithubError, IssueText, NewFile, Proposal, Repository, Target,
};
use crate::lint::{Audit, FixedFile, Settings, audit, fixes};
use crate::report::audit::{fix_pull_body, issue_body};
use crate::report::sarif::Origin;
use crate::report::{Checked, count};
use crate::repository::{Lookup, Tree as _, is_dockerfile, likely_next, wanted_files};
use crate::review::markdown::patch;
use crate::rules;
use crate::text::diff;
use anyhow::Context as _;

/// How often files that the rules miss are fetched: a script may name a script.
const MAX_FETCHES: usize = 3;
/// Branch of the fix pull request for the default branch; for another one its name follows after a `-`.
const FIX_BRANCH: &str = "tidewaiter/fixes";
/// The same in every run, so that only what has changed is told.
const FIX_TITLE: &str = "Apply proven fixes to the container images";
/// Characters of a body that are kept free for hidden markers.
const RESERVE: usize = 200;
/// The longest patch in the job summary, in lines.
const MAX_PATCH_LINES: usize = 2_000;

const PLACE: &str = "the commit that is audited";

/// An audit with its fixes, and how it was made.
struct Audited {
    audit: Audit,
    fixed: Vec<FixedFile>,
    settings: Settings,
}

pub(super) fn run(args: &Args, env: &Environment, streams: &mut Streams) -> anyhow::Result<Exit> {
    let named: Option<Repository> = args.repo.as_ref().map(|name| name.parse()).transpose()?;
    // The branch of the run says nothing about another repository, nor about one that was named by hand.
    let of_run = named.is_none();
    let repository = named.or_else(|| env.repository.clone()).ok_or_else(|| {
        UsageError("GITHUB_REPOSITORY is not set: name the repository with --repo OWNER/NAME".to_owned())
    })?;
    if of_run && let Ok(target) = Target::from_environment(env) {
        let message = format!(
            "this run was started for pull request {}: give the number to the input `pull-request` of the action, or \
             call `tidewaiter review`",
            target.number
        );
        return Err(UsageError(message).into());
    }
    let reference = args.reference.clone().or_else(|| env.reference.clone().filter(|_| of_run));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime for network requests")?;
    match runtime.block_on(work(args, env, repository, reference.as_deref(), streams)) {
        Err(error)
            if matches!(
                error.downcast_ref(),
                Some(GithubError::UnknownReference { .. } | GithubError::EmptyRepository(_))
            ) =>
        {
            Err(UsageError(error.to_string()).into())
        }
        other => other,
    }
}

async fn work(
    args: &Args,
    env: &Environment,
    repository: Repository,
    reference: Option<&str>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let depot = Depot::connect(env, repository)?;
    let mut checkout = depot.open(reference).await?;
    let Audited { mut audit, fixed, settings } = settle(args, &depot, &mut checkout).await?;
    if let Some(least) = args.level {
        audit.keep_from(least);
    }
    for note in &checkout.notes {
        streams.note(note);
    }
    let short = checkout.commit.get(..12).unwrap_or_default();
    let of = match &checkout.reference {
        Some(name) => format!("`{}` (`{short}`)", short_name(name).replace('`', "'")),
        None => format!("`{short}`"),
    };
    let failing = audit.findings().any(|finding| settings.config.fail_on.trips(finding.level));
    let found = Found {
        failing,
        checked: audit.into(),
        origin: Some(Origin {
            repository: format!("{}/{}", env.server_url, depot.repository()),
            revision: Some(checkout.commit.clone()),
            branch: checkout.reference.clone(),
        }),
        of: Some(of),
    };
    streams.note(&format!(
        "audited {} of {}, {}",
        count(found.checked.files.len(), "Dockerfile"),
        depot.repository(),
        found.of.as_deref().unwrap_or_default()
    ));
    let mut told = Told::default();
    if args.upload_sarif {
        let sarif = found.sarif(streams)?;
        told.upload(depot.upload_sarif(&checkout, &sarif).await);
    }
    if args.fix_pull_request {
        propose(args, &depot, &checkout, &fixed, &mut told).await;
    }
    if args.issue {
        keep_issue(&depot, &checkout, &found, &mut told).await;
    }
    for sentence in told.log() {
        streams.note(&sentence);
    }
    streams.note(&format!("{} to GitHub", count(depot.requests() as usize, "request")));
    let mut said: Vec<String> = told.markdown().collect();
    if args.fix_pull_request && told.pull_url.is_empty() && !fixed.is_empty() {
        // Nobody has them elsewhere.
        said.push(patch_of(&fixed));
    }
    let outputs = [("issue-url", told.issue_url), ("fix-pull-request-url", told.pull_url)];
    let exit = report(args, env, &found, &More { said: &said, outputs: &outputs }, streams)?;
    told.failures.into_iter().next().map_or(Ok(exit), Err)
}

/// Audits, and audits again with the files that the rules asked for.
async fn settle(args: &Args, depot: &Depot, checkout: &mut Checkout) -> anyhow::Result<Audited> {
    let dockerfiles = checkout.dockerfiles(is_dockerfile);
    let mut wanted = dockerfiles.clone();
    wanted.extend(wanted_files(&dockerfiles));
    wanted.extend(args.config.clone());
    for dockerfile in &dockerfiles {
        wanted.extend(likely_next(&checkout.tree, dockerfile));
    }
    depot.fetch(checkout, &wanted).await?;
    let mut fetches = 0;
    loop {
        let mut chosen = Chosen::default();
        if !args.no_config {
            chosen = configuration::read(&checkout.tree, args.config.as_deref(), PLACE)?;
        }
        chosen.config.fail_on = args.fail_on.unwrap_or(chosen.config.fail_on);
        let settings = Settings { config: chosen.config.clone(), ..Settings::new(args.today()) };
        let audit = audit(&checkout.tree, dockerfiles.clone(), &settings);
        let fixed = if args.fix_pull_request {
            fixes(&audit, &checkout.tree, &settings, args.confirm_fixes)
        } else {
            Vec::new()
        };
        let missing = checkout.tree.wanted();
        if missing.is_empty() || fetches == MAX_FETCHES || !depot.fetch(checkout, &missing).await? {
            configuration::complete(&chosen, PLACE)?;
            return Ok(Audited { audit, fixed, settings });
        }
        fetches += 1;
    }
}

async fn propose(args: &Args, depot: &Depot, checkout: &Checkout, fixed: &[FixedFile], told: &mut Told) {
    let branch = checkout.reference.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
    let Some(base) = branch else {
        return told.say("No fix pull request was made: it needs a branch to go to, name one with `--ref`.");
    };
    let branch = match &args.fix_branch {
        Some(name) => name.clone(),
        None if base == checkout.default_branch => FIX_BRANCH.to_owned(),
        None => format!("{FIX_BRANCH}-{base}"),
    };
    // A file that is there and was not read must not be written over.
    let writable = |file: &FixedFile| match file.before {
        Some(_) => checkout.is_executable(&file.path).is_some(),
        None => checkout.tree.entry(&file.path) == Lookup::Absent,
    };
    let fixed: Vec<FixedFile> = fixed.iter().filter(|file| writable(file)).cloned().collect();
    let files: Vec<NewFile> = fixed
        .iter()
        .map(|file| NewFile {
            path: file.path.clone(),
            text: file.text.clone(),
            executable: checkout.is_executable(&file.path).unwrap_or(false),
        })
        .collect();
    let body = if files.is_empty() {
        "There is nothing left that Tidewaiter would fix.".to_owned()
    } else {
        fix_pull_body(&fixed, rules::find, RESERVE)
    };
    let Checkout { commit, root, .. } = checkout;
    let proposal =
        Proposal { base, commit, root, branch: &branch, title: FIX_TITLE, body: &body, files: &files };
    told.fix_pull(depot.propose_fixes(&proposal).await);
}

async fn keep_issue(depot: &Depot, checkout: &Checkout, found: &Found, told: &mut Told) {
    let Some(subject) = checkout.reference.as_deref() else {
        return told.say("No issue is kept for a commit: name a branch or a tag.");
    };
    let title = format!("Container images on {}: what Tidewaiter finds", short_name(subject));
    // Without the commit: the same findings are the same text, and nobody is told twice.
    let of = format!("`{}`", short_name(subject).replace('`', "'"));
    let body = issue_body(&found.checked, rules::find, Some(&of), RESERVE);
    let clean = is_clean(&found.checked);
    told.issue(depot.keep_issue(&IssueText { subject, title: &title, body: &body, clean }).await);
}

fn is_clean(checked: &Checked) -> bool {
    checked.reports().all(|report| report.findings.is_empty())
}

/// The fixes as one patch, in a fold.
fn patch_of(fixed: &[FixedFile]) -> String {
    let mut text = String::new();
    for file in fixed {
        let (before, old) = match &file.before {
            Some(before) => (format!("a/{}", file.path), &**before),
            None => ("/dev/null".to_owned(), ""),
        };
        text.push_str(&diff::unified(old, &file.text, &before, &format!("b/{}", file.path)));
    }
    let patch = patch(&text, MAX_PATCH_LINES);
    format!("<details><summary>The fixes as a patch</summary>\n\n{patch}\n\n</details>")
}

/// `refs/heads/main` → `main`.
fn short_name(reference: &str) -> &str {
    let kinds = ["refs/heads/", "refs/tags/", "refs/"];
    kinds.iter().find_map(|kind| reference.strip_prefix(kind)).unwrap_or(reference)
}
