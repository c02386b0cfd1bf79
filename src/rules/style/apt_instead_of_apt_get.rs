//! `apt-instead-of-apt-get`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::PackageCommand;
use crate::text::{Edit, Span};

declare_rule! {
    /// apt is meant for people, apt-get for scripts.
    ///
    /// ## What it does
    ///
    /// Finds `apt install`, `apt update` and other commands of `apt` that `apt-get` or `apt-cache` has too.
    ///
    /// ## Why is this bad?
    ///
    /// `apt` says it itself: "apt does not have a stable CLI interface. Use with caution in scripts." Its command line
    /// and what it prints may change from one release of Debian to the next; those of `apt-get` are kept.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt update && apt install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: both are the same program underneath. `full-upgrade` is called `dist-upgrade` there.
    ///
    /// ## References
    ///
    /// - [Debian manual pages: apt, Script usage](https://manpages.debian.org/trixie/apt/apt.8.en.html)
    pub(super) RULE = "apt-instead-of-apt-get" {
        chapter: Style, level: Style, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3027", "hadolint/DL3027", "CKV_DOCKER_9", "Run Using apt", "DF059"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    let found: Vec<(&PackageCommand<'_>, &str, &str)> = facts
        .calls
        .iter()
        .filter(|call| call.program == "apt")
        .filter_map(|call| {
            let (program, verb) = twin(&call.verb_text)?;
            Some((call, program, verb))
        })
        .collect();
    let Some((first, program, verb)) = found.first() else { return };
    let mut edits = Vec::new();
    for (call, program, verb) in &found {
        // The path before it stays: `/usr/bin/apt`.
        let word = call.program_span;
        let name = Span::new(word.end.saturating_sub(3), word.end);
        if file.dockerfile.source.slice(name) == "apt" {
            edits.push(Edit::insert(word.end, program.strip_prefix("apt").unwrap_or(program)));
        }
        if *verb != call.verb_text && file.dockerfile.source.slice(call.verb_span) == call.verb_text {
            edits.push(Edit::replace(call.verb_span, *verb));
        }
    }
    report
        .add(
            first.program_span,
            format!(
                "`apt {}` is meant for people: scripts use `{program} {verb}`, whose command line is stable.",
                first.verb_text
            ),
        )
        .fix(Fix::safe("Use `apt-get`", edits));
}

/// The program and the verb that do the same for scripts.
fn twin(verb: &str) -> Option<(&'static str, &'static str)> {
    Some(match verb {
        "install" => ("apt-get", "install"),
        "update" => ("apt-get", "update"),
        "upgrade" => ("apt-get", "upgrade"),
        "full-upgrade" | "dist-upgrade" => ("apt-get", "dist-upgrade"),
        "remove" => ("apt-get", "remove"),
        "purge" => ("apt-get", "purge"),
        "autoremove" => ("apt-get", "autoremove"),
        "clean" => ("apt-get", "clean"),
        "autoclean" => ("apt-get", "autoclean"),
        "build-dep" => ("apt-get", "build-dep"),
        "search" => ("apt-cache", "search"),
        "show" => ("apt-cache", "show"),
        "policy" => ("apt-cache", "policy"),
        _ => return None,
    })
}
