//! The command line.
//!
//! One file per subcommand: its arguments (`clap`) and a `run` that returns an [`Exit`] or an error. Errors
//! are told on stderr here, at one place.

mod audit;
mod check;
mod configuration;
mod explain;
mod files;
mod review;
mod rules;
mod streams;
pub mod syntax;
mod write;

use crate::config::ConfigError;
use crate::github::{EnvironmentError, EventError, GithubError, PlanFileError, RepositoryError};
use crate::repository::GitError;
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::process::ExitCode;
use streams::Streams;

/// Reviews what a change does to a container image, and suggests proven fixes.
#[derive(Debug, Parser)]
#[command(name = "tidewaiter", version, max_term_width = 100, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to use colours; `auto`: on a terminal, and as NO_COLOR and CLICOLOR_FORCE say
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = false)]
    color: Color,
}

const EXAMPLES: &str = "\
Examples:
  tidewaiter check                      every Dockerfile below the current folder
  tidewaiter check --diff Dockerfile    what --fix would change
  tidewaiter audit --sarif out.sarif    a whole repository, for code scanning
  tidewaiter explain run-as-root        what a rule is about

Exit codes:
  0  nothing at or above --fail-on      2  wrong use or configuration
  1  findings                           3  a file, a stream or GitHub failed";

#[derive(Debug, Subcommand)]
enum Command {
    /// Check Dockerfiles on disk
    Check(Box<check::Args>),
    /// Say what a rule finds, why it matters, and what to do
    Explain(explain::Args),
    /// List the rules
    Rules(rules::Args),
    /// Review a pull request, or a change on this machine
    Review(Box<review::Args>),
    /// Audit a whole repository: every Dockerfile and what is around them
    Audit(Box<audit::Args>),
    /// Show what was read of a Dockerfile, as JSON
    Syntax(syntax::Args),
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean,
    /// Findings at or above `--fail-on`.
    Findings,
    /// Wrong use or configuration.
    Usage,
    /// A file, a stream or GitHub failed.
    Failure,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Failure => 3,
        }
    }
}

/// Wrong use of the command line, found after clap: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Runs the program with its arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no error; a closed pipe is nobody's problem.
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Clean };
            return ExitCode::from(exit.code());
        }
    };
    match cli.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let mut streams = Streams::new();
    let result = match cli.command {
        Command::Check(args) => check::run(&args, &mut streams),
        Command::Explain(args) => explain::run(&args, &mut streams),
        Command::Rules(args) => rules::run(&args, &mut streams),
        Command::Review(args) => review::run(&args, &mut streams),
        Command::Audit(args) => audit::run(&args, &mut streams),
        Command::Syntax(args) => syntax::run(&args, &mut streams),
    };
    let result = result.and_then(|exit| streams.finish().map(|()| exit));
    let exit = result.unwrap_or_else(|error| {
        streams.note(&format!("error: {error:#}"));
        exit_of(&error)
    });
    ExitCode::from(exit.code())
}

/// Wrong use, configuration and environment are the caller's to repair (2); the rest is a failure (3).
fn exit_of(error: &anyhow::Error) -> Exit {
    let usage = error.is::<UsageError>()
        || error.is::<ConfigError>()
        || error.is::<EnvironmentError>()
        || error.is::<RepositoryError>()
        || error.is::<EventError>()
        || error.is::<PlanFileError>()
        || error.is::<GitError>()
        || matches!(error.downcast_ref(), Some(GithubError::MissingToken));
    if usage { Exit::Usage } else { Exit::Failure }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
