//! `syntax-error`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{ErrorKind, SyntaxError};
use crate::facts::FileFacts;
use crate::rules::{Check, Report};
use crate::text::Span;

declare_rule! {
    /// The file cannot be parsed the way BuildKit would parse it.
    ///
    /// ## What it does
    ///
    /// Reports what BuildKit refuses before it runs anything: a here-document without its end, an `ENV`
    /// without a value, a `COPY` without a destination, a JSON array that does not hold strings, a flag with a
    /// value it does not take, a quote that is left open. The rest of the file is still read. Flags and mount options with unknown names are left alone: a newer BuildKit may know them.
    ///
    /// ## Why is this bad?
    ///
    /// The build stops before its first step.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// RUN <<EOF
    /// echo hello
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// RUN <<EOF
    /// echo hello
    /// EOF
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: what was meant is not known.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference](https://docs.docker.com/reference/dockerfile/)
    pub(super) RULE = "syntax-error" {
        chapter: Build, level: Error, default: On, scope: File, fix: None,
        aliases: ["DL1000", "DF071"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    if let Some(at) = file.template() {
        report
            .add(at, "This is a template, which is not reviewed before it is filled in.")
            .level(Level::Info);
        return;
    }
    for error in file.dockerfile.errors.iter().filter(|error| !has_own_rule(file, error)) {
        let message = error.message.trim_end_matches('.');
        let mut letters = message.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        let message = format!("{first}{}", letters.as_str());
        report.add(shorten(file, error.span), format!("{message}. BuildKit refuses the file."));
    }
}

/// Whether missing-from, invalid-onbuild or invalid-json-form speaks about it.
fn has_own_rule(file: &FileFacts<'_>, error: &SyntaxError) -> bool {
    match error.kind {
        ErrorKind::Other => false,
        ErrorKind::MissingFrom | ErrorKind::Trigger => true,
        ErrorKind::ShellForm => {
            let node = file.dockerfile.instruction_at(error.span.start);
            node.is_some_and(|node| node.json_like().is_some())
        }
    }
}

/// The first line of a span: an error about many lines is shown where it starts.
fn shorten(file: &FileFacts<'_>, span: Span) -> Span {
    let source = &file.dockerfile.source;
    let line = source.slice(span).lines().next().unwrap_or("").trim_end_matches('\r');
    Span::new(span.start, span.start + line.len() as u32)
}
