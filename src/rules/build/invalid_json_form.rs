//! `invalid-json-form`.

use crate::declare_rule;
use crate::dockerfile::{JsonDefect, Keyword};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};

declare_rule! {
    /// Looks like the exec form but is not valid JSON, so it runs through a shell.
    ///
    /// ## What it does
    ///
    /// Finds `CMD`, `ENTRYPOINT`, `RUN`, `SHELL`, `VOLUME` and `HEALTHCHECK CMD` with an array in square brackets that is not
    /// a JSON array of strings: single or curly quotes, a comma too many or too few, words without quotes. Tests of the
    /// shell, `[ -f x ] && y`, are not meant.
    ///
    /// ## Why is this bad?
    ///
    /// BuildKit says nothing and takes the line for the shell form. The shell then looks for a program called
    /// `[python3,`, and the container does not start. `VOLUME` makes a folder of that name.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// CMD ['python3', 'app.py']
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// CMD ["python3", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: what is there cannot run, and quotes and commas are all that is changed. Nothing is offered for words without
    /// quotes and for variables, which only a shell replaces.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: Shell and exec form](https://docs.docker.com/reference/dockerfile/#shell-and-exec-form)
    /// - [moby/buildkit #1952](https://github.com/moby/buildkit/issues/1952)
    pub(super) RULE = "invalid-json-form" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Safe,
        aliases: ["tally/invalid-json-form", "Not Using Proper Exec Form In CMD And ENTRYPOINT Arguments"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    let Some(found) = node.json_like() else { return };
    if file.template().is_some() || file.dockerfile.has_foreign_frontend() {
        return;
    }
    let why = match found.defect {
        JsonDefect::SingleQuotes => "its strings stand in single quotes, not in double ones",
        JsonDefect::CurlyQuotes => "its quotes are curly, not straight",
        JsonDefect::Backslash => "a backslash is not doubled",
        JsonDefect::MissingComma => "a comma is missing between two strings",
        JsonDefect::ExtraComma => "it has a comma too many",
        JsonDefect::BareWord => "a word has no quotes",
        JsonDefect::OpenQuote => "a quote is not closed",
    };
    let then = match node.keyword {
        Keyword::Volume => "Docker takes the text itself for the path of the volume.",
        Keyword::Shell => "BuildKit refuses the file.",
        _ => "Docker hands the text to a shell, which finds no such program.",
    };
    let finding = report.add(node.rest_span(), format!("This array is not valid JSON: {why}. {then}"));
    if let Some(edits) = found.edits {
        finding.fix(Fix::safe("Write a JSON array", edits));
    } else {
        finding.note(
            "Write every word in double quotes, with commas between them. Where a variable has to be replaced, the shell does it: \
             `[\"sh\", \"-c\", \"exec …\"]`.",
        );
    }
}
