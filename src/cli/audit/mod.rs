//! `tidewaiter audit`

mod local;
mod output;

use super::streams::Streams;
use super::{Exit, UsageError, configuration};
use crate::config::{FailOn, Level};
use camino::Utf8PathBuf;
use jiff::civil::Date;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The repository, or a folder of it [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<Utf8PathBuf>,

    /// Audit this revision of the git repository around PATH instead of the files on disk
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,

    /// Write the findings into this file as SARIF 2.1.0, with their proven fixes
    #[arg(long, value_name = "FILE")]
    sarif: Option<Utf8PathBuf>,

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
  tidewaiter audit --ref v1.4.0 --level warning      as it was released";

impl Args {
    fn today(&self) -> Date {
        self.today.unwrap_or_else(|| jiff::ZonedDateTime::now().date())
    }
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    local::run(args, streams)
}
