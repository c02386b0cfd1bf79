//! `tidewaiter explain RULE`

use super::streams::Streams;
use super::{Exit, UsageError};
use crate::config::unknown;
use crate::report;
use crate::rules::{self, Rule};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tidewaiter explain run-as-root\n  tidewaiter explain DL3002")]
pub(super) struct Args {
    /// A rule's name, or another tool's code for it
    #[arg(value_name = "RULE")]
    rule: String,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let found = named(&args.rule);
    if found.is_empty() {
        return Err(unknown_rule(&args.rule).into());
    }
    for (index, rule) in found.into_iter().enumerate() {
        if index > 0 {
            streams.print("\n");
        }
        let text = report::rules::explain(rule, streams.styled());
        streams.print(&text);
    }
    Ok(Exit::Clean)
}

/// The rule with this id, or all rules that have it as an alias (a peer's code may be split into several).
pub(super) fn named(name: &str) -> Vec<&'static Rule> {
    if let Some(rule) = rules::all().find(|rule| rule.id == name) {
        return vec![rule];
    }
    let aliased: Vec<_> =
        rules::all().filter(|rule| rule.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))).collect();
    // `find` may know more spellings than the list of aliases has.
    if aliased.is_empty() { rules::find(name).into_iter().collect() } else { aliased }
}

/// Every id and alias.
pub(super) fn known_names() -> Vec<&'static str> {
    rules::all().flat_map(|rule| std::iter::once(rule.id).chain(rule.aliases.iter().copied())).collect()
}

pub(super) fn unknown_rule(name: &str) -> UsageError {
    let message = unknown("rule", name, known_names());
    UsageError(format!("{message}\n`tidewaiter rules` lists all of them"))
}
