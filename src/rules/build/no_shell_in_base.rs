//! `no-shell-in-base`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, Shell, StageFacts};
use crate::rules::exec_form::{BUILTINS, json_array, plain_words};
use crate::rules::{Check, Fix, Report};
use crate::shell::Interpreter;
use crate::text::Edit;

declare_rule! {
    /// A shell is needed but the image has none.
    ///
    /// ## What it does
    ///
    /// Finds `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK` in shell form in stages whose image has no shell: `scratch`,
    /// distroless, chiseled and hardened run-time images. Stages that may have been given one are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// The shell form runs `/bin/sh -c "…"`. Where there is no `/bin/sh`, the build stops at `RUN`, the container does not
    /// start, and the health check fails for ever.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN CGO_ENABLED=0 go build -o /server .
    /// FROM gcr.io/distroless/static-debian13:nonroot
    /// COPY --from=build /server /server
    /// CMD /server --port 8080
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN CGO_ENABLED=0 go build -o /server .
    /// FROM gcr.io/distroless/static-debian13:nonroot
    /// COPY --from=build /server /server
    /// CMD ["/server", "--port", "8080"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the command has no way to start today. Offered for `CMD` and `ENTRYPOINT` of plain words. What needs a shell belongs
    /// into a stage that has one.
    ///
    /// ## References
    ///
    /// - [distroless: Entrypoints](https://github.com/GoogleContainerTools/distroless#entrypoints)
    /// - [Dockerfile reference: Shell and exec form](https://docs.docker.com/reference/dockerfile/#shell-and-exec-form)
    pub(super) RULE = "no-shell-in-base" {
        chapter: Build, level: Error, default: On, scope: Stage, fix: Safe,
        aliases: ["tally/shell-run-in-scratch"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !file.base_has_no_shell(stage) {
        return;
    }
    let mut told_run = false;
    for facts in stage.instructions.iter().filter(|facts| needs_shell(stage, facts)) {
        let node = facts.instruction;
        if node.keyword == Keyword::Run && told_run || !file.has_no_shell(stage, facts.index) {
            continue;
        }
        let keyword = node.keyword.name();
        let what = match node.keyword {
            Keyword::Run => "the build stops here",
            Keyword::Healthcheck => "the check always fails",
            _ => "the container cannot start",
        };
        let base = match file.base_image(stage) {
            Some(base) => base.shown(),
            None => "scratch".to_owned(),
        };
        let span = if node.keyword == Keyword::Run { node.name.span } else { node.rest_span() };
        let finding = report.add(
            span,
            format!("`{keyword}` in shell form needs `/bin/sh`, and `{base}` has no shell: {what}."),
        );
        if node.keyword == Keyword::Run {
            told_run = true;
            finding.note(
                "Run the commands in a stage that has a shell, and take the result with `COPY --from=`.",
            );
        } else if let Some(json) = exec_form(facts) {
            finding.fix(Fix::safe(
                format!("Write `{keyword}` as a JSON array"),
                vec![Edit::replace(node.rest_span(), json)],
            ));
        } else {
            finding.note(
                "Write a JSON array of the program and its arguments, without variables and shell syntax.",
            );
        }
    }
}

/// Whether an instruction is run by the shell of the image.
fn needs_shell(stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let node = facts.instruction;
    let runs = match node.keyword {
        // A mount may bring the shell.
        Keyword::Run => !node.flags.iter().any(|flag| flag.name == "mount"),
        Keyword::Entrypoint => stage.shipped && is_effective(stage.start.entrypoint.as_ref(), facts),
        // Behind an entrypoint of its own the words are arguments.
        Keyword::Cmd => {
            stage.shipped && stage.start.entrypoint.is_none() && is_effective(stage.start.cmd.as_ref(), facts)
        }
        Keyword::Healthcheck => {
            stage.shipped && node.args.first().is_some_and(|kind| kind.text.eq_ignore_ascii_case("cmd"))
        }
        _ => false,
    };
    let script = || {
        let mut documents = facts.body.into_iter().flat_map(|body| &body.heredocs);
        documents.all(|document| document.interpreter == Interpreter::Default)
    };
    runs && !node.json
        && !node.rest_text().is_empty()
        && facts.state.shell == Shell::Default
        && node.json_like().is_none()
        && script()
}

fn is_effective(part: Option<&crate::facts::StartPart<'_>>, facts: &InstructionFacts<'_>) -> bool {
    part.is_none_or(|part| part.index == facts.index)
}

/// The same command as a JSON array, where it is one program with plain arguments.
fn exec_form(facts: &InstructionFacts<'_>) -> Option<String> {
    let body = facts.body?;
    let words = plain_words(&body.line)?;
    let program = words.first()?;
    let plain = facts.instruction.comments.is_empty() && body.heredocs.is_empty();
    let own = !matches!(facts.instruction.keyword, Keyword::Healthcheck) || program.starts_with('/');
    let quoted = words.iter().any(|word| word.contains(['"', '\'']));
    (plain && own && !quoted && !BUILTINS.contains(&program.as_str()))
        .then(|| json_array(words.iter().map(String::as_str)))
        .flatten()
}
