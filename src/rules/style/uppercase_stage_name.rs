//! `uppercase-stage-name`.

use crate::declare_rule;
use crate::facts::{FileFacts, stage_name_word};
use crate::rules::{Check, Fix, Report};
use crate::text::Span;
use camino::Utf8Path;
use std::collections::HashMap;

declare_rule! {
    /// A stage name has upper-case letters.
    ///
    /// ## What it does
    ///
    /// Finds `AS Name` with an upper-case letter.
    ///
    /// ## Why is this bad?
    ///
    /// BuildKit keeps stage names in lower case. `COPY --from=Name` finds the stage all the same, but `FROM Name` does not:
    /// it asks a registry for an image of that name, which is no valid one.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS Build
    /// RUN go build -o /app .
    /// FROM alpine:3.24
    /// COPY --from=Build /app /app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN go build -o /app .
    /// FROM alpine:3.24
    /// COPY --from=build /app /app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: the name and all its uses in the file change together; what stands in other files is not
    /// changed, and no fix is offered where a Compose file, a bake file, a script, a Makefile or a workflow names the
    /// stage as its target.
    ///
    /// ## References
    ///
    /// - [BuildKit check: StageNameCasing](https://docs.docker.com/reference/build-checks/stage-name-casing/)
    pub(super) RULE = "uppercase-stage-name" {
        chapter: Style, level: Style, default: On, scope: File, fix: Confirm,
        aliases: ["StageNameCasing", "buildkit/StageNameCasing", "DF085"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let has_upper = |name: &str| name.chars().any(char::is_uppercase);
    if !file.stages.iter().any(|stage| stage.name.is_some_and(has_upper)) {
        return;
    }
    let (uses, counts) = (file.stage_uses(), file.stage_name_counts());
    let targets: HashMap<&str, (&Utf8Path, Span)> = file.targets().collect();
    for stage in &file.stages {
        let Some(word) = stage_name_word(stage.from).filter(|word| has_upper(&word.text)) else { continue };
        let lower = word.text.to_lowercase();
        let name = word.text.replace('`', "");
        let mut finding = report.add(
            word.span,
            format!(
                "The stage name `{name}` has upper-case letters; BuildKit keeps it as `{}`.",
                lower.replace('`', "")
            ),
        );
        for place in uses.after(&word.text, stage.index).filter(|place| place.from && place.text != lower) {
            finding = finding.related(place.span, "`FROM` compares case here, and does not find the stage.");
        }
        if let Some((path, span)) = targets.get(word.text.as_str()) {
            finding
                .related_in(path.to_path_buf(), *span, "The stage is named as a target here.")
                .note(format!("Change the name in `{}` as well.", path.as_str().replace('`', "")));
            continue;
        }
        let reserved = matches!(lower.as_str(), "scratch" | "context");
        let single = counts.get(&word.text.to_ascii_lowercase()) == Some(&1);
        if single && !reserved && file.dockerfile.source.slice(word.span) == word.text {
            finding.note("Check scripts and tools that look for the stage by its name.").fix(Fix::confirm(
                format!("Write `{lower}` everywhere"),
                uses.rename(word, stage.index, &lower),
            ));
        }
    }
}
