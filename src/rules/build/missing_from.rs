//! `missing-from`.

use crate::declare_rule;
use crate::dockerfile::ErrorKind;
use crate::facts::FileFacts;
use crate::rules::{Check, Report};

declare_rule! {
    /// No FROM, or an instruction other than ARG before the first FROM.
    ///
    /// ## What it does
    ///
    /// Finds files without a `FROM`, and instructions that stand before the first one. Only `ARG` may stand there: its
    /// values are for the `FROM` lines. Templates, and pieces that other files include, are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// Every instruction adds to the stage that a `FROM` begins. Without one the build stops before its first step.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// WORKDIR /app
    /// FROM alpine:3.24
    /// COPY app ./
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// WORKDIR /app
    /// COPY app ./
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: which image the instructions are meant for is not known.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: FROM](https://docs.docker.com/reference/dockerfile/#from)
    pub(super) RULE = "missing-from" {
        chapter: Build, level: Error, default: On, scope: File, fix: None,
        aliases: ["DL3061", "tally/require-stages", "hadolint/DL3061", "DF037"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let Some(error) = file.dockerfile.errors.iter().find(|error| error.kind == ErrorKind::MissingFrom) else {
        return;
    };
    if file.template().is_some() || is_fragment(file) {
        return;
    }
    let Some(node) = file.dockerfile.instruction_at(error.span.start) else { return };
    let name = node.keyword.name();
    match file.stages.first() {
        Some(first) => {
            report
                .add(
                    error.span,
                    format!("`{name}` stands before the first `FROM`, where only `ARG` may. BuildKit refuses the file."),
                )
                .related(first.from.name.span, "The first stage begins here.")
                .note(format!("Move `{name}` below the `FROM` of the stage that it is for."));
        }
        None => {
            report
                .add(
                    error.span,
                    "The file has no `FROM`, so there is no image to build. BuildKit refuses the file.",
                )
                .note("Begin with `FROM` and a base image; `FROM scratch` begins with nothing.");
        }
    }
}

/// Whether the path says that the file is a piece for others: without a FROM of its own it is whole.
fn is_fragment(file: &FileFacts<'_>) -> bool {
    let end = file.path.extension().unwrap_or("");
    let folder = |name: &str| {
        ["fragments", "includes", "include", "partials", "snippets", "templates", "parts"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word))
    };
    matches!(end, "inc" | "include" | "part" | "partial" | "fragment" | "snippet" | "m4" | "txt" | "md")
        || file.path.parent().is_some_and(|dir| dir.components().any(|part| folder(part.as_str())))
}
