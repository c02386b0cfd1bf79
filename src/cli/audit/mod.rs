//! `tidewaiter audit`

mod remote;

use super::streams::Streams;
use super::{Exit, UsageError, configuration};
use crate::config::FailOn;
use camino::Utf8PathBuf;
use jiff::civil::Date;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    #[arg(long, value_name = "FILE")]
    sarif: Option<Utf8PathBuf>,
    #[arg(long)]
    upload_sarif: bool,
    #[arg(long)]
    issue: bool,
    #[arg(long)]
    fix_pull_request: bool,
    #[arg(long, value_name = "BRANCH")]
    fix_branch: Option<String>,
    #[arg(long)]
    confirm_fixes: bool,
    #[arg(long, value_name = "PATH")]
    config: Option<Utf8PathBuf>,
    #[arg(long, value_name = "LEVEL|never")]
    fail_on: Option<FailOn>,
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

impl Args {
    fn today(&self) -> Date {
        self.today.unwrap_or_else(|| jiff::ZonedDateTime::now().date())
    }
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    remote::run(args, streams)
}
