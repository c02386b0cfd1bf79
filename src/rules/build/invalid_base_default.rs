//! `invalid-base-default`.

use crate::declare_rule;
use crate::dockerfile::expand::{Value, expand};
use crate::dockerfile::{ImageReference, Keyword};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, is_platform_arg};
use crate::rules::{Check, Report};

declare_rule! {
    /// A global ARG default gives an empty or invalid image name.
    ///
    /// ## What it does
    ///
    /// Finds `FROM` whose name is empty or malformed when the build gives no arguments.
    ///
    /// `ARG BASE` without a default is left alone: such an argument is mandatory on purpose.
    ///
    /// ## Why is this bad?
    ///
    /// A plain `docker build` stops, and tools that read the Dockerfile (update bots, scanners) do not know
    /// the base.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// ARG TAG=
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// ARG TAG=13-slim
    /// FROM debian:$TAG
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is no fix: only you know the default.
    ///
    /// ## References
    ///
    /// - [Docker: Build check InvalidDefaultArgInFrom](https://docs.docker.com/reference/build-checks/invalid-default-arg-in-from/)
    pub(super) RULE = "invalid-base-default" {
        chapter: Build, level: Info, default: Off, scope: Instruction, fix: Text,
        aliases: ["InvalidDefaultArgInFrom", "buildkit/InvalidDefaultArgInFrom"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if facts.instruction.keyword != Keyword::From || matches!(stage.base, Base::Stage(_)) {
        return;
    }
    let Some(word) = facts.instruction.args.first() else { return };
    let globals = &file.global_args;
    let Ok(expanded) = expand(&word.text, file.dockerfile.escape, &|name| globals.value(name)) else {
        return;
    };
    // Undeclared arguments are for `undefined-variable`; ARGs without a default give no value.
    let declared = |name: &str| globals.value(name) != Value::Unset || is_platform_arg(name);
    if !expanded.uses.iter().all(|used| used.has_default || declared(&used.name)) {
        return;
    }
    let Some(name) = expanded.value else { return };
    // `{{ … }}` is for another program to fill in.
    if ImageReference::parse(&name).is_some() || name.contains("{{") || file.template().is_some() {
        return;
    }
    let shown: String = name.replace('`', "").chars().take(80).collect();
    let message = if name.is_empty() {
        "Without build arguments the name of the base image is empty, so a plain `docker build` stops."
            .to_owned()
    } else if expanded.uses.is_empty() {
        format!("`{shown}` is no valid image name, so the build stops.")
    } else {
        format!(
            "Without build arguments the base image is `{shown}`, which is no valid name: a plain `docker build` stops."
        )
    };
    let finding = report.add(word.span, message);
    if expanded.uses.is_empty() {
        finding.note("Image names are in lower case: `registry/name:tag`.");
    } else {
        finding.note("Give the `ARG` before the first `FROM` a default that makes a whole name.");
    }
}
