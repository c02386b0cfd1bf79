//! `tidewaiter rules`

use super::Exit;
use super::streams::Streams;
use crate::report;
use crate::rules;
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// `human`: a list; `json`: for programs; `markdown`: the page docs/rules.md
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
    Markdown,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let text = match args.format {
        Format::Human => report::rules::table(rules::all()),
        Format::Json => report::rules::json(rules::all())?,
        Format::Markdown => rules::documentation(),
    };
    streams.print(&text);
    Ok(Exit::Clean)
}
