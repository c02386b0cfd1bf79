//! `copy-from-self`.

use crate::declare_rule;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Report};

declare_rule! {
    /// COPY --from names its own stage.
    ///
    /// ## What it does
    ///
    /// Finds `COPY --from=` and `RUN --mount=…,from=` that name, or count, the stage they stand in.
    ///
    /// ## Why is this bad?
    ///
    /// A stage would have to be finished before it can begin. BuildKit stops with "circular dependency detected", also when
    /// another stage is built.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS build
    /// RUN make
    /// COPY --from=build /out/app /usr/local/bin/app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS build
    /// RUN make
    /// RUN cp /out/app /usr/local/bin/app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: another stage may be meant, or a copy inside the stage.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: COPY --from](https://docs.docker.com/reference/dockerfile/#copy---from)
    pub(super) RULE = "copy-from-self" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: None,
        aliases: [
            "DL3023", "hadolint/DL3023", "DS-0006", "COPY '--from' References Current FROM Alias", "DF050",
        ],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    for source in facts.file_sources() {
        if file.stage_of(&source) != Some(stage.index) {
            continue;
        }
        let shown = source.text.replace('`', "");
        let what = if stage.name.is_some_and(|name| name.eq_ignore_ascii_case(source.text)) {
            format!("`{shown}` is the stage that this line belongs to")
        } else {
            format!("`{shown}` is the number of the stage that this line belongs to; the first stage is `0`")
        };
        let finding = report
            .add(
                source.span,
                format!("{what}. A stage cannot take files from itself, so BuildKit refuses the file."),
            )
            .related(stage.from.body, "The stage begins here.");
        let earlier = file.names.named(source.text, stage.index);
        if earlier.is_some() {
            finding.note("An earlier stage has the same name. Give one of them another one.");
        } else {
            finding.note("Name the stage that has the files. Inside one stage, `RUN cp` copies them.");
        }
    }
}
