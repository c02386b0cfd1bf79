//! What an audit hands back, wherever the repository was read: table, SARIF, job summary, outputs of the step.

use super::{Args, Exit, Streams};
use crate::github::{Environment, append_summary, write_outputs};
use crate::report::sarif::{self, Origin};
use crate::report::{Checked, annotations, audit, count};
use crate::rules;
use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::Path;

/// What was found, and what is known of the place.
pub(super) struct Found {
    pub(super) checked: Checked,
    /// Whether a finding is at or above `--fail-on`.
    pub(super) failing: bool,
    pub(super) origin: Option<Origin>,
    /// What was looked at, plain text with code between single backticks.
    pub(super) of: Option<String>,
}

/// What else there is to say of a run.
#[derive(Default)]
pub(super) struct More<'a> {
    /// Paragraphs for the job summary, Markdown.
    pub(super) said: &'a [String],
    /// Further outputs of the step.
    pub(super) outputs: &'a [(&'a str, String)],
}

impl Found {
    /// The exit code that findings and unread files ask for.
    pub(super) fn exit(&self) -> Exit {
        match (self.checked.errors.is_empty(), self.failing) {
            (false, _) => Exit::Failure,
            (true, true) => Exit::Findings,
            (true, false) => Exit::Clean,
        }
    }

    /// The findings as SARIF.
    pub(super) fn sarif(&self, streams: &mut Streams) -> anyhow::Result<String> {
        let run = sarif::Run { rule: rules::find, category: sarif::CATEGORY, origin: self.origin.as_ref() };
        let sarif = sarif::render(&self.checked, &run).context("cannot write the SARIF")?;
        if sarif.left_out > 0 {
            let findings = count(sarif.left_out, "finding");
            streams
                .note(&format!("the SARIF holds the worst findings only: GitHub has no room for {findings}"));
        }
        Ok(sarif.text)
    }
}

/// Prints and writes everything. A file that cannot be written keeps no other one from being written.
///
/// # Errors
/// The first thing that could not be written.
pub(super) fn report(
    args: &Args,
    env: &Environment,
    found: &Found,
    more: &More<'_>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let checked = &found.checked;
    streams.print(&audit::table(checked, streams.styled()));
    if args.annotations {
        let pointer = "All findings are in the job summary.";
        streams.print(&annotations::render(&annotations::annotations(checked), pointer));
    }
    for error in &checked.errors {
        streams.note(&format!("error: {}: {}", error.path, error.message));
    }
    let mut failures = Vec::new();
    if let Some(path) = &args.sarif {
        let written = found
            .sarif(streams)
            .and_then(|text| std::fs::write(path, text).with_context(|| format!("cannot write {path}")));
        failures.extend(written.err());
    }
    let summary = args.summary.as_deref().map(|path| Path::new(path.as_str()));
    if let Some(path) = summary.or(env.step_summary.as_deref()) {
        let mut text = audit::summary(checked, rules::find, found.of.as_deref());
        for paragraph in more.said {
            let _ = write!(text, "\n{paragraph}\n");
        }
        failures.extend(append_summary(path, &text).err().map(anyhow::Error::from));
    }
    let exit = if failures.is_empty() { found.exit() } else { Exit::Failure };
    if let Some(path) = &env.output {
        failures.extend(outputs(path, args, checked, more, exit).err());
    }
    failures.into_iter().next().map_or(Ok(exit), Err)
}

/// Writes the outputs of the step.
fn outputs(path: &Path, args: &Args, checked: &Checked, more: &More<'_>, exit: Exit) -> anyhow::Result<()> {
    let sum = checked.summary();
    let outcome = match exit {
        Exit::Clean => "passed",
        Exit::Findings => "findings",
        Exit::Usage => "misused",
        Exit::Failure => "failed",
    };
    let mut outputs = vec![
        ("findings", sum.total().to_string()),
        ("errors", sum.error.to_string()),
        ("warnings", sum.warning.to_string()),
        ("infos", sum.info.to_string()),
        ("fixable", sum.fixable.to_string()),
        ("sarif-file", args.sarif.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("outcome", outcome.to_owned()),
    ];
    outputs.extend_from_slice(more.outputs);
    Ok(write_outputs(path, &outputs)?)
}
