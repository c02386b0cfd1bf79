//! `tidewaiter review`

mod change;
mod github;
mod local;
mod plan;
mod publish;
mod talk;
mod unposted;

use super::streams::Streams;
use super::{Exit, UsageError};
use crate::config::{Config, FailOn, ReportScope};
use crate::review::Plan;
use camino::Utf8PathBuf;
use clap::ValueEnum;
use jiff::civil::Date;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Review two git revisions or two folders on this machine, and print the review; no network
    #[arg(long, conflicts_with_all = ["repo", "pr"])]
    local: bool,

    /// With --local: what the head is compared with, a revision or a folder [default: the default branch]
    #[arg(long, value_name = "REV|DIR", requires = "local")]
    base: Option<String>,

    /// With --local: the revision or folder to review [default: HEAD]
    #[arg(long, value_name = "REV|DIR", requires = "local")]
    head: Option<String>,

    /// The repository on GitHub, instead of the one the workflow runs in
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,

    /// The number of the pull request, instead of the one the workflow runs for
    #[arg(long, value_name = "NUMBER")]
    pr: Option<u64>,

    /// The configuration: a path in the base of the change
    #[arg(long, value_name = "PATH")]
    config: Option<Utf8PathBuf>,

    /// Which findings are reported [default: introduced]
    #[arg(long, value_name = "WHICH")]
    report: Option<Which>,

    /// Exit with 1 when findings at or above this level are reported; never: exit with 0 [default: error]
    #[arg(long, value_name = "LEVEL|never")]
    fail_on: Option<FailOn>,

    /// How long to wait for GitHub in all: for rate limits, between tries, for slow answers [default: the
    /// variable TIDEWAITER_MAX_WAIT, else 120]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=86_400),
        conflicts_with = "local")]
    max_wait: Option<u32>,

    /// Print the review, post nothing
    #[arg(long)]
    dry_run: bool,

    /// Post nothing: print annotations, write job summary and outputs, and the plan of the review to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["local", "dry_run"])]
    plan: Option<Utf8PathBuf>,

    /// In a `workflow_run` run, after a run with --plan: review the pull request of that run. This file is what
    /// that run wrote; it is checked, and nothing in it is believed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["local", "repo", "pr", "plan"])]
    publish: Option<Utf8PathBuf>,

    /// With --local: print the plan of the review as JSON
    #[arg(long, requires = "local")]
    json: bool,

    /// The date to take for today, for end-of-life dates and ignore comments
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

const EXAMPLES: &str = "\
Examples:
  tidewaiter review --local                          the current branch against the default branch
  tidewaiter review --local --base before --head after
  tidewaiter review --repo octo-org/shop --pr 7 --dry-run

In a workflow no option is needed: repository, pull request and token come from its environment.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// What the change brings, wherever it is
    Introduced,
    /// Also older findings on changed lines
    ChangedLines,
    /// All findings of the changed Dockerfiles
    All,
}

impl Args {
    fn today(&self) -> Date {
        self.today.unwrap_or_else(|| jiff::ZonedDateTime::now().date())
    }

    /// Options go before the configuration.
    fn apply(&self, config: &mut Config) {
        if let Some(which) = self.report {
            config.report = match which {
                Which::Introduced => ReportScope::Introduced,
                Which::ChangedLines => ReportScope::ChangedLines,
                Which::All => ReportScope::All,
            };
        }
        if let Some(fail_on) = self.fail_on {
            config.fail_on = fail_on;
        }
    }
}

/// The exit code that the findings ask for.
fn verdict(plan: &Plan, config: &Config) -> Exit {
    match plan.outcome.worst() {
        Some(level) if config.fail_on.trips(level) => Exit::Findings,
        _ => Exit::Clean,
    }
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    if args.local { local::run(args, streams) } else { github::run(args, streams) }
}
