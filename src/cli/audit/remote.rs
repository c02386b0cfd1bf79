//! `tidewaiter audit` of a repository on GitHub: read over the API at one commit, no checkout.

use super::{Args, Exit, Streams, UsageError, configuration};
use crate::github::{
    Checkout, Depot, Environment, FixPull, GithubError, IssueOutcome, IssueText, NewFile, Place, Proposal,
    Repository, Upload, append_summary, write_outputs,
};
use crate::lint::{Audit, FixedFile, Settings, audit, fixes};
use crate::report::sarif::{self, Origin};
use crate::report::{Checked, count, markdown, visible};
use crate::repository::{Lookup, Tree as _, is_dockerfile, likely_next, wanted_files};
use crate::rules;
use anyhow::Context as _;

/// How often files that the rules miss are fetched: a script may name a script.
const MAX_FETCHES: usize = 3;
/// Branch of the fix pull request for the default branch; for another one its name follows after a `-`.
const FIX_BRANCH: &str = "tidewaiter/fixes";

/// What code scanning keeps these alerts apart by.
const CATEGORY: &str = "tidewaiter/";

const PLACE: &str = "the commit that is audited";

/// What was found.
struct Found {
    settings: Settings,
    audit: Audit,
    fixed: Vec<FixedFile>,
}

/// What became of what was asked for beside the report.
#[derive(Default)]
struct Told {
    /// Sentences for the log and the summary; text of the repository in them is escaped as Markdown takes it.
    said: Vec<String>,
    failures: Vec<anyhow::Error>,
    issue_url: String,
    pull_url: String,
    /// Whether a pull request holds the fixes.
    proposed: bool,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let env = Environment::from_process()?;
    let named: Option<Repository> = args.repo.as_ref().map(|name| name.parse()).transpose()?;
    // The branch of the run says nothing about another repository.
    let of_run = named.is_none() || named == env.repository;
    let repository = named.or_else(|| env.repository.clone()).ok_or_else(|| {
        UsageError(
            "this is no workflow run: name the repository with --repo OWNER/NAME, or a folder".to_owned(),
        )
    })?;
    let reference = args.reference.clone().or_else(|| env.reference.clone().filter(|_| of_run));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime for network requests")?;
    match runtime.block_on(work(args, &env, repository, reference.as_deref(), streams)) {
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
    let found = settle(args, &depot, &mut checkout).await?;
    for note in &checkout.notes {
        streams.note(note);
    }
    let checked = Checked::from(found.audit.clone());
    let counts = checked.summary();
    let short = checkout.commit.get(..12).unwrap_or_default();
    let name = checkout
        .reference
        .as_deref()
        .map_or_else(|| short.to_owned(), |name| visible(short_name(name)).into_owned());
    streams.note(&format!("{} on {name} ({short}): {}", count(counts.files, "Dockerfile"), counts.counts()));

    let origin = Origin {
        repository: format!("{}/{}", env.server_url, depot.repository()),
        revision: Some(checkout.commit.clone()),
        branch: checkout.reference.clone(),
    };
    let sarif = if args.sarif.is_some() || args.upload_sarif {
        let run = sarif::Run { rule: rules::find, category: CATEGORY, origin: Some(&origin) };
        Some(sarif::render(&checked, &run).context("cannot write the SARIF")?.text)
    } else {
        None
    };
    // What is on this machine comes first: it does not depend on what GitHub takes.
    if let (Some(path), Some(text)) = (&args.sarif, &sarif) {
        std::fs::write(path, text).with_context(|| format!("cannot write {path}"))?;
    }
    let mut told = Told::default();
    if let Some(text) = sarif.filter(|_| args.upload_sarif) {
        told.upload(depot.upload_sarif(&checkout, &text).await);
    }
    let view = View { args, checkout: &checkout, found: &found, checked: &checked, origin: &origin };
    if args.fix_pull_request {
        told.fix_pull(&depot, &view).await;
    }
    if args.issue {
        told.issue(&depot, &view).await;
    }
    for sentence in &told.said {
        streams.note(sentence);
    }
    streams.note(&format!("{} to GitHub", count(depot.requests() as usize, "request")));
    finish(env, &view, &told, streams)?;
    if let Some(error) = told.failures.into_iter().next() {
        return Err(error);
    }
    Ok(match found.audit.findings().map(|finding| finding.level).max() {
        Some(level) if found.settings.config.fail_on.trips(level) => Exit::Findings,
        _ => Exit::Clean,
    })
}

/// Audits, and audits again with the files that the rules asked for.
async fn settle(args: &Args, depot: &Depot, checkout: &mut Checkout) -> anyhow::Result<Found> {
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
        let config = configuration::read(&checkout.tree, args.config.as_deref(), PLACE)?;
        let mut settings = Settings { config, ..Settings::new(args.today()) };
        if let Some(fail_on) = args.fail_on {
            settings.config.fail_on = fail_on;
        }
        let found = audit(&checkout.tree, dockerfiles.clone(), &settings);
        let fixed = fixes(&found, &checkout.tree, &settings, args.confirm_fixes);
        let missing = checkout.tree.wanted();
        if missing.is_empty() || fetches == MAX_FETCHES || !depot.fetch(checkout, &missing).await? {
            configuration::complete(&settings.config, PLACE)?;
            return Ok(Found { settings, audit: found, fixed });
        }
        fetches += 1;
    }
}

/// What there is to tell about.
struct View<'a> {
    args: &'a Args,
    checkout: &'a Checkout,
    found: &'a Found,
    checked: &'a Checked,
    origin: &'a Origin,
}

impl View<'_> {
    /// The changed files as they can be committed: a file that was not read must not be written over.
    fn files(&self) -> Vec<NewFile> {
        let writable = |file: &&FixedFile| match file.before {
            Some(_) => self.checkout.is_executable(&file.path).is_some(),
            None => matches!(self.checkout.tree.entry(&file.path), Lookup::Absent),
        };
        self.found
            .fixed
            .iter()
            .filter(writable)
            .map(|file| NewFile {
                path: file.path.clone(),
                text: file.text.clone(),
                executable: self.checkout.is_executable(&file.path).unwrap_or(false),
            })
            .collect()
    }

    /// The branch's own name, where a branch was audited.
    fn branch(&self) -> Option<&str> {
        self.checkout.reference.as_deref()?.strip_prefix("refs/heads/")
    }
}

impl Told {
    fn say(&mut self, sentence: String) {
        self.said.push(sentence);
    }

    /// Says what is missing; it is no failure: the report stands.
    fn lacks(&mut self, what: &str, permission: &str, message: &str) {
        self.say(format!("{what} ({message}): the job needs `permissions: {permission}`."));
    }

    fn fails(&mut self, error: GithubError, what: &'static str) {
        self.say(format!("{what}: {error}."));
        self.failures.push(anyhow::Error::new(error).context(what));
    }

    fn upload(&mut self, result: Result<Upload, GithubError>) {
        match result {
            Ok(Upload::Done { .. }) => {
                self.say("Uploaded the findings to code scanning.".to_owned());
            }
            Ok(Upload::TooLarge { bytes }) => self.say(format!(
                "The SARIF was not uploaded: compressed it has {bytes} bytes, more than GitHub takes."
            )),
            Ok(Upload::NoReference) => self.say(
                "The SARIF was not uploaded: code scanning keeps results of branches and tags, and a commit was named."
                    .to_owned(),
            ),
            Ok(Upload::NotPermitted { permission, message }) => {
                self.lacks("May not upload the SARIF", &permission, &message);
            }
            Ok(Upload::Refused { message }) => self.say(format!(
                "Code scanning did not take the SARIF ({message}): for a private repository it must be enabled in the \
                 settings, under Code security."
            )),
            Err(error) => self.fails(error, "the SARIF was not uploaded"),
        }
    }

    async fn issue(&mut self, depot: &Depot, view: &View<'_>) {
        let Some(subject) = view.checkout.reference.as_deref() else {
            self.say("No issue is kept for a commit: name a branch or a tag.".to_owned());
            return;
        };
        let title = format!("Container images on {}: what Tidewaiter finds", short_name(subject));
        let counts = view.checked.summary();
        let clean = counts.total() == 0;
        let body = issue_body(view);
        let text = IssueText { subject, title: &title, body: &body, clean };
        match depot.keep_issue(&text).await {
            Ok(IssueOutcome::Nothing) => self.say("No issue is needed: nothing was found.".to_owned()),
            Ok(IssueOutcome::Created(place)) => self.issue_at("Made the issue", place),
            Ok(IssueOutcome::Updated(place)) => self.issue_at("Updated the issue", place),
            Ok(IssueOutcome::Unchanged(place)) => self.issue_at("The issue says the same already:", place),
            Ok(IssueOutcome::Closed(place)) => self.issue_at("Nothing is left: closed the issue", place),
            Ok(IssueOutcome::Reopened(place)) => self.issue_at("Opened the issue again:", place),
            Ok(IssueOutcome::NotPermitted { permission, message }) => {
                self.lacks("May not keep the issue", &permission, &message);
            }
            Ok(IssueOutcome::Refused { message }) => self.say(format!(
                "The issue was not written ({message}): are issues switched on in the repository's settings?"
            )),
            Err(error) => self.fails(error, "the issue was not written"),
        }
    }

    fn issue_at(&mut self, what: &str, place: Place) {
        self.say(format!("{what} {}", address(&place)));
        self.issue_url = place.url;
    }

    async fn fix_pull(&mut self, depot: &Depot, view: &View<'_>) {
        let Some(base) = view.branch() else {
            self.say(
                "No fix pull request was made: it needs a branch to go to, name one with `--ref`.".to_owned(),
            );
            return;
        };
        let branch = match &view.args.fix_branch {
            Some(name) => name.clone(),
            None if base == view.checkout.default_branch => FIX_BRANCH.to_owned(),
            None => format!("{FIX_BRANCH}-{base}"),
        };
        let files = view.files();
        let applied: usize = view.found.fixed.iter().map(|file| file.applied.len()).sum();
        let title = format!("Apply {} to {}", count(applied, "proven fix"), count(files.len(), "file"));
        let body = fix_pull_body(view);
        let proposal = Proposal {
            base,
            commit: &view.checkout.commit,
            root: &view.checkout.root,
            branch: &branch,
            title: &title,
            body: &body,
            files: &files,
        };
        match depot.propose_fixes(&proposal).await {
            Ok(FixPull::Nothing) => self.say("No fix pull request is needed: nothing has such a fix.".to_owned()),
            Ok(FixPull::Created(place)) => self.pull_at("Made the fix pull request", place),
            Ok(FixPull::Updated(place)) => self.pull_at("Updated the fix pull request", place),
            Ok(FixPull::Unchanged(place)) => self.pull_at("The fix pull request holds these fixes already:", place),
            Ok(FixPull::Closed(place)) => {
                self.say(format!("Nothing is left to fix: closed the fix pull request {}", address(&place)));
            }
            Ok(FixPull::Declined(place)) => self.say(format!(
                "Somebody has closed the fix pull request {} with these fixes: they are not proposed again. Open it again \
                 to have it kept up to date.",
                address(&place)
            )),
            Ok(FixPull::Foreign { branch_url, pull }) => self.say(format!(
                "Somebody has pushed to the branch of the fixes, {branch_url}: it was left alone{}. Merge it, or delete the \
                 branch to have the fixes proposed anew.",
                pull.map(|place| format!(", and its pull request {} too", address(&place))).unwrap_or_default()
            )),
            Ok(FixPull::BranchOnly { compare_url, message }) => self.say(format!(
                "The fixes are on a branch, but no pull request was made ({message}): allow it in the repository's settings \
                 under Actions, General, \"Allow GitHub Actions to create and approve pull requests\", or make it by hand: \
                 {compare_url}"
            )),
            Ok(FixPull::NotPermitted { permission, message }) => {
                self.lacks("May not propose the fixes", &permission, &message);
            }
            Ok(FixPull::Refused { message }) => {
                self.say(format!("GitHub did not take the fix pull request: {message}."));
            }
            Err(error) => self.fails(error, "the fixes were not proposed"),
        }
    }

    fn pull_at(&mut self, what: &str, place: Place) {
        self.say(format!("{what} {}", address(&place)));
        self.pull_url = place.url;
        self.proposed = true;
    }
}

/// Writes outputs and summary.
fn finish(env: &Environment, view: &View<'_>, told: &Told, streams: &mut Streams) -> anyhow::Result<()> {
    let counts = view.checked.summary();
    if let Some(path) = &env.output {
        let file = view.args.sarif.as_ref().map(ToString::to_string).unwrap_or_default();
        let outputs = [
            ("findings", counts.total().to_string()),
            ("errors", counts.error.to_string()),
            ("warnings", counts.warning.to_string()),
            ("infos", counts.info.to_string()),
            ("fixable", counts.fixable.to_string()),
            ("sarif-file", file),
            ("issue-url", told.issue_url.clone()),
            ("fix-pull-request-url", told.pull_url.clone()),
        ];
        write_outputs(path, &outputs)?;
    }
    let summary = summary(view, told);
    if let Some(path) = &env.step_summary {
        append_summary(path, &summary)?;
    }
    let _ = streams;
    Ok(())
}

fn address(place: &Place) -> String {
    if place.url.is_empty() { format!("#{}", place.number) } else { place.url.clone() }
}

/// `refs/heads/main` → `main`.
fn short_name(reference: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/"]
        .iter()
        .find_map(|kind| reference.strip_prefix(kind))
        .unwrap_or(reference)
}

fn summary(view: &View<'_>, told: &Told) -> String {
    let mut out = markdown::render(view.checked);
    for sentence in &told.said {
        out.push_str(&format!("\n- {sentence}\n"));
    }
    out
}

fn issue_body(view: &View<'_>) -> String {
    markdown::render(view.checked)
}

fn fix_pull_body(view: &View<'_>) -> String {
    format!("Fixes.\n\n{}", view.found.fixed.iter().map(|f| format!("- {}\n", f.path)).collect::<String>())
}
