//! `tidewaiter audit`

mod local;
mod output;
mod remote;
mod told;

use super::streams::Streams;
use super::{Exit, UsageError, configuration};
use crate::config::{FailOn, Level};
use crate::github::Environment;
use camino::Utf8PathBuf;
use jiff::civil::Date;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // Independent flags of a command line.
pub(super) struct Args {
    /// The repository, or a folder of it [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<Utf8PathBuf>,

    /// Read this repository on GitHub through its API, without a checkout. In a workflow that was started by hand, by
    /// a schedule or a push, this is what happens without PATH when there is a token, with the workflow's own repository
    #[arg(long, value_name = "OWNER/NAME", conflicts_with = "path")]
    repo: Option<String>,

    /// Audit this revision of the git repository around PATH instead of the files on disk; on GitHub this branch, tag
    /// or commit [default there: the branch or tag of the run, else the default branch]
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,

    /// Write the findings into this file as SARIF 2.1.0, with their proven fixes
    #[arg(long, value_name = "FILE")]
    sarif: Option<Utf8PathBuf>,

    /// On GitHub: upload the findings to code scanning; needs `security-events: write`
    #[arg(long, conflicts_with = "path")]
    upload_sarif: bool,

    /// On GitHub: keep one issue with the findings up to date; needs `issues: write`
    #[arg(long, conflicts_with = "path")]
    issue: bool,

    /// On GitHub: keep one pull request with the safe fixes up to date; needs `contents: write` and
    /// `pull-requests: write`
    #[arg(long, conflicts_with = "path")]
    fix_pull_request: bool,

    /// The branch of that pull request [default: tidewaiter/fixes, for another branch than the default one with its name
    /// after it]
    #[arg(long, value_name = "BRANCH", requires = "fix_pull_request")]
    fix_branch: Option<String>,

    /// With --fix-pull-request: also the fixes that you should check
    #[arg(long, requires = "fix_pull_request")]
    confirm_fixes: bool,

    /// Append the summary to this file, as Markdown [default: in a workflow the summary of the job]
    #[arg(long, value_name = "FILE")]
    summary: Option<Utf8PathBuf>,

    /// Print an annotation for each finding too, as far as GitHub shows them
    #[arg(long)]
    annotations: bool,

    /// Leave out findings below this level: error, warning, info, style. They do not count for --fail-on
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,

    /// Exit with 1 when there are findings at or above this level; never: exit with 0 [default: error]
    #[arg(long, value_name = "LEVEL|never")]
    fail_on: Option<FailOn>,

    /// The configuration, instead of .tidewaiter.yml or .github/tidewaiter.yml of the repository; with --ref a path in
    /// that revision
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<Utf8PathBuf>,

    /// Use no configuration
    #[arg(long)]
    no_config: bool,

    /// The date to take for today, for end-of-life dates and ignore comments
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

const EXAMPLES: &str = "\
Examples:
  tidewaiter audit                                   every Dockerfile below the current folder
  tidewaiter audit --sarif tidewaiter.sarif --summary audit.md
  tidewaiter audit --ref v1.4.0 --level warning      as it was released
  tidewaiter audit --repo octo-org/shop              on GitHub; the token is in GITHUB_TOKEN";

/// Events that are about no pull request.
const EVENTS: [&str; 3] = ["workflow_dispatch", "schedule", "push"];

impl Args {
    fn today(&self) -> Date {
        self.today.unwrap_or_else(|| jiff::ZonedDateTime::now().date())
    }
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let env = Environment::from_process()?;
    let event = env.event_name.as_deref();
    // Without a token there is only the checkout.
    let of_event =
        args.path.is_none() && env.token.is_some() && event.is_some_and(|event| EVENTS.contains(&event));
    if args.repo.is_some() || of_event {
        return remote::run(args, &env, streams);
    }
    if args.upload_sarif || args.issue || args.fix_pull_request {
        let message = "--upload-sarif, --issue and --fix-pull-request write to GitHub: name the repository with \
                       --repo OWNER/NAME";
        return Err(UsageError(message.to_owned()).into());
    }
    local::run(args, &env, streams)
}
