//! `system-packages-after-copy`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Item, Keyword};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{PackageKind, Verb, removed_paths};
use crate::shell::{Command, Word};
use crate::text::{Edit, Span};

declare_rule! {
    /// System packages are installed after the source is copied.
    ///
    /// ## What it does
    ///
    /// Finds a `RUN` that does nothing but install packages of the distribution behind a `COPY` of the whole context.
    ///
    /// Silent when the step may need copied files: a list of packages, set-up of a repository, a script.
    ///
    /// ## Why is this bad?
    ///
    /// Docker keeps a layer only while everything above it is unchanged. Every change of the source downloads and
    /// installs the packages again, which often takes most of the build. The package list changes far less often than
    /// the source, so it belongs above it.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// WORKDIR /app
    /// COPY . .
    /// RUN apt-get update && apt-get install -y --no-install-recommends nginx && rm -rf /var/lib/apt/lists/*
    /// USER www-data
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    ///
    /// ```text .dockerignore
    /// .git
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// WORKDIR /app
    /// RUN apt-get update && apt-get install -y --no-install-recommends nginx && rm -rf /var/lib/apt/lists/*
    /// COPY . .
    /// USER www-data
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    ///
    /// ```text .dockerignore
    /// .git
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: check that the installation reads nothing that was copied. Offered only where the two
    /// instructions follow each other.
    ///
    /// ## References
    ///
    /// - [Docker: Optimize cache usage in builds](https://docs.docker.com/build/cache/optimize/)
    pub(super) RULE = "system-packages-after-copy" {
        chapter: Efficiency, level: Warning, default: On, scope: Stage, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut copy: Option<&InstructionFacts<'_>> = None;
    for facts in &stage.instructions {
        match facts.instruction.keyword {
            Keyword::Copy | Keyword::Add if copy.is_none() => {
                copy = facts.whole_context().map(|_| facts);
            }
            Keyword::User => copy = None,
            Keyword::Run => {
                let Some(broad) = copy else { continue };
                // What uses copied files may set up a repository with them.
                if facts.body.is_none()
                    || !facts.steps().all(|step| is_harmless(step.command) || step.call.is_some())
                {
                    return;
                }
                let installs =
                    facts.calls.iter().any(|call| call.manager.is_system() && call.verb == Verb::Install);
                if installs && installs_by_name(facts) && !lands_in_system(file, stage, broad) {
                    say(file, stage, broad, facts, report);
                    return;
                }
            }
            _ => {}
        }
    }
}

/// Whether a RUN does nothing but install packages of the distribution that it names itself.
fn installs_by_name(facts: &InstructionFacts<'_>) -> bool {
    facts.calls.iter().all(|call| {
        let named = call.packages.iter().all(|package| {
            matches!(
                package.kind,
                PackageKind::Name | PackageKind::Group | PackageKind::Variable | PackageKind::Url
            ) && !package.name.contains("$(")
        });
        call.manager.is_system() && named && call.command.prefix_word("xargs").is_none()
    }) && facts.scripts().flat_map(crate::shell::Script::commands).all(|command| {
        let reads = |word: &Word| word.has_substitution();
        command
            .redirects
            .iter()
            .all(|redirect| redirect.target.as_ref().is_none_or(|t| t.text().starts_with("/dev/")))
            && !command.words.iter().any(reads)
    })
}

/// Whether a command neither reads copied files nor prepares an installation.
fn is_harmless(command: &Command) -> bool {
    command.words.is_empty()
        || !removed_paths(command).is_empty()
        || matches!(
            command.name(),
            Some(
                "set"
                    | "true"
                    | ":"
                    | "echo"
                    | "export"
                    | "apt-mark"
                    | "groupadd"
                    | "useradd"
                    | "adduser"
                    | "addgroup"
                    | "mkdir"
            )
        )
}

/// Whether a copy may bring settings of the package manager.
fn lands_in_system(file: &FileFacts<'_>, stage: &StageFacts<'_>, copy: &InstructionFacts<'_>) -> bool {
    copy.destination(file, stage).is_some_and(|(place, _)| place == "/" || place.starts_with("/etc"))
}

fn say(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    copy: &InstructionFacts<'_>,
    run: &InstructionFacts<'_>,
    report: &mut Report,
) {
    let call = run.calls.iter().find(|call| call.manager.is_system() && call.verb == Verb::Install);
    let Some(call) = call else { return };
    let message = format!(
        "`{} {}` comes after the source is copied, so every change of the source installs the packages again.",
        call.program.replace('`', ""),
        call.verb_text.replace('`', "")
    );
    let mut finding = report
        .add(call.program_span.cover(call.verb_span), message)
        .level(if stage.shipped { Level::Warning } else { Level::Info })
        .related(copy.instruction.name.span, "copies the source")
        .whole_stage();
    match fix(file, copy, run) {
        Some(fix) => {
            finding = finding.note("Check that the installation reads nothing that was copied.");
            finding.fix(fix);
        }
        None => {
            finding.note("Move the installation above the `COPY`.");
        }
    }
}

/// Moves a COPY below the RUN that follows it.
fn fix(file: &FileFacts<'_>, copy: &InstructionFacts<'_>, run: &InstructionFacts<'_>) -> Option<Fix> {
    if run.index != copy.index + 1 {
        return None;
    }
    let source = &file.dockerfile.source;
    let mut start = copy.instruction.span.start;
    for item in file.dockerfile.items.iter().rev() {
        match item {
            Item::Comment(comment) if comment.end == start => start = comment.start,
            _ => {}
        }
    }
    let moved = Span::new(start, copy.instruction.span.end);
    let text = source.slice(moved);
    let end = run.instruction.span.end;
    let ended = source.slice(run.instruction.span).ends_with('\n');
    let newline = source.newline_at(moved.start);
    let text =
        if ended { text.to_owned() } else { format!("{newline}{}", text.trim_end_matches(['\n', '\r'])) };
    let edits = vec![Edit::delete(moved), Edit::insert(end, text)];
    Some(Fix::confirm("Copy the source after the installation", edits))
}
