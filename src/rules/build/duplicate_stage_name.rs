//! `duplicate-stage-name`.

use crate::declare_rule;
use crate::facts::{FileFacts, stage_name_word};
use crate::rules::{Check, Report};
use crate::text::Span;
use std::collections::HashMap;

declare_rule! {
    /// Two stages have the same name.
    ///
    /// ## What it does
    ///
    /// Finds a stage name that an earlier stage has already. Docker compares stage names without regard to case.
    ///
    /// ## Why is this bad?
    ///
    /// A name means the nearest earlier stage that bears it, and `--target` the last one: a `COPY --from=` that is moved,
    /// or a stage put in between, silently takes files from the other stage.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN go build -o /app .
    /// FROM alpine:3.24 AS build
    /// COPY --from=build /app /app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN go build -o /app .
    /// FROM alpine:3.24 AS final
    /// COPY --from=build /app /app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// None is offered: which of the two each use means, and what the new name says, is the author's to know.
    ///
    /// ## References
    ///
    /// - [BuildKit check: DuplicateStageName](https://docs.docker.com/reference/build-checks/duplicate-stage-name/)
    pub(super) RULE = "duplicate-stage-name" {
        chapter: Build, level: Error, default: On, scope: File, fix: Text,
        aliases: [
            "DL3024", "DuplicateStageName", "buildkit/DuplicateStageName", "DS-0012", "CKV_DOCKER_11",
            "Same Alias In Different Froms", "DF042",
        ],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    if file.stages.len() < 2 {
        return;
    }
    let mut seen: HashMap<String, Span> = HashMap::new();
    for stage in &file.stages {
        let Some(word) = stage_name_word(stage.from) else { continue };
        let Some(first) = seen.get(&word.text.to_ascii_lowercase()).copied() else {
            seen.insert(word.text.to_ascii_lowercase(), word.span);
            continue;
        };
        let name = word.text.replace('`', "");
        report
            .add(
                word.span,
                format!(
                    "A stage named `{name}` is there already, on line {}; what `--from={name}` and `--target {name}` mean \
                     depends on their place.",
                    file.dockerfile.source.line_of(first.start)
                ),
            )
            .related(first, "The stage that has the name already.")
            .note("Give one of the two another name, and check every `FROM` and `--from=` that uses it.");
    }
}
