//! Standard output and error: colours where they are wanted, quiet when nobody reads any more.

use crate::report::annotations::log_line;
use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;
use std::io::{self, IsTerminal as _, StderrLock, StdoutLock, Write};

/// Where a subcommand writes to.
pub(super) struct Streams {
    out: Out,
    err: AutoStream<StderrLock<'static>>,
    failed: Option<io::Error>,
}

/// Standard output. Where no colours are wanted none are made, so the bytes go out as they are: a patch may
/// hold escape sequences of the file it changes.
enum Out {
    Plain(StdoutLock<'static>),
    Styled(AutoStream<StdoutLock<'static>>),
}

impl Out {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(out) => out,
            Self::Styled(out) => out,
        }
    }
}

impl Streams {
    /// The process's streams, with colours as `--color` and the environment say.
    pub(super) fn new() -> Self {
        let out = match AutoStream::choice(&io::stdout()) {
            ColorChoice::Never => Out::Plain(io::stdout().lock()),
            choice => Out::Styled(AutoStream::new(io::stdout().lock(), choice)),
        };
        Self { out, err: AutoStream::auto(io::stderr().lock()), failed: None }
    }

    /// Whether text for stdout should have ANSI colours.
    pub(super) fn styled(&self) -> bool {
        matches!(self.out, Out::Styled(_))
    }

    /// Whether stdout is a terminal, which would obey control characters.
    pub(super) fn is_terminal(&self) -> bool {
        match &self.out {
            Out::Plain(out) => out.is_terminal(),
            Out::Styled(out) => out.is_terminal(),
        }
    }

    /// Writes to stdout. Text of the repository in it must be escaped already.
    ///
    /// After a failure nothing more is written; [`Streams::finish`] tells.
    pub(super) fn print(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.writer().write_all(text.as_bytes()).err();
        }
    }

    /// Writes a message for people to stderr, escaped line by line: a workflow's runner reads it too.
    pub(super) fn note(&mut self, text: &str) {
        for line in text.lines() {
            // There is no place left to tell a failure of stderr.
            let _ = writeln!(self.err, "{}", log_line(line));
        }
    }

    /// Flushes stdout.
    ///
    /// # Errors
    /// When something could not be written, except into a pipe that its reader has closed (`| head`).
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let failed = self.failed.take().or_else(|| self.out.writer().flush().err());
        match failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(error).context("cannot write to standard output")
            }
            _ => Ok(()),
        }
    }
}
