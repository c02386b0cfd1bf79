//! `update-without-install`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::append::append;
use crate::rules::caches::REMOVE_APT_LISTS;
use crate::rules::{Check, Fix, Report};
use crate::shell::Script;
use crate::shell::packages::{Manager, PackageCommand, Verb, package_command, package_commands};
use crate::text::Edit;

declare_rule! {
    /// The package index is updated in one RUN and used in another.
    ///
    /// ## What it does
    ///
    /// Finds a `RUN` that only updates the package index (`apt-get update`, `apk update`, `zypper refresh`, …)
    /// while a later `RUN` of the stage installs packages without updating it.
    ///
    /// ## Why is this bad?
    ///
    /// Docker keeps the result of the first `RUN` in its cache. When the list of packages changes months later,
    /// only the second one runs again, with the old index: it installs old versions, or fails with "404 Not
    /// Found" because the mirror has moved on.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update
    /// RUN apt-get install -y --no-install-recommends libpq5
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
    /// Where nothing else needs the index it is removed at the end of the same `RUN`. Needs a look when more than
    /// later `RUN` installs: each of them needs its own update. Offered only when the two instructions follow
    /// each other.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, apt-get](https://docs.docker.com/build/building/best-practices/#apt-get)
    pub(super) RULE = "update-without-install" {
        chapter: Build, level: Error, default: On, scope: Stage, fix: Confirm,
        aliases: ["DS-0017", "CKV_DOCKER_5", "Update Instruction Alone", "DF028", "aptGetUpdatePrecedesInstall"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    for (at, facts) in stage.instructions.iter().enumerate() {
        let Some((script, update)) = only_updates(facts) else { continue };
        let rest = stage.instructions.get(at + 1..).unwrap_or(&[]);
        let installs: Vec<(&InstructionFacts<'_>, bool)> =
            rest.iter().filter_map(|later| Some((later, installs(later, update.manager)?))).collect();
        let Some((first, _)) = installs.first() else { continue };
        let outdated = installs.iter().find(|(_, updates)| !updates);
        let command = plain(script.raw(update.command.place));
        let mut refine = match outdated {
            Some((install, _)) => report
                .add(
                    update.program_span.cover(update.verb_span),
                    format!(
                        "`{command}` is cached on its own: a later change installs from this old index, which gives old \
                         versions or \"404 Not Found\"."
                    ),
                )
                .level(if update.manager == Manager::Apt { Level::Error } else { Level::Warning })
                .related(install.instruction.name.span, "installs without updating the index"),
            None => report
                .add(
                    update.program_span.cover(update.verb_span),
                    format!("`{command}` in a `RUN` of its own does nothing: every later install updates the index again."),
                )
                .level(Level::Info)
                .related(first.instruction.name.span, "updates the index itself"),
        };
        if installs.iter().filter(|(_, updates)| !updates).count() > 1 {
            refine = refine.note("More than one later `RUN` installs: each of them needs the update.");
        }
        let neighbour = rest.first().filter(|next| next.index == first.index);
        let Some(mut fix) = neighbour.and_then(|next| fix(file, facts, next, &command, outdated.is_some()))
        else {
            continue;
        };
        // The merged RUN would leave the index in its layer; only the last user of it may remove it.
        if outdated.is_some() && installs.len() == 1 && stage.shipped {
            fix.edits.extend(removal(file, first, update.manager));
        }
        refine.fix(fix);
    }
}

/// The update of a RUN that does nothing else: installs by a script or behind `;` would be something else.
fn only_updates<'f>(facts: &'f InstructionFacts<'_>) -> Option<(&'f Script, PackageCommand<'f>)> {
    if !facts.is(Keyword::Run) || has_index_mount(facts) {
        return None;
    }
    let mut scripts = facts.scripts().filter(|script| script.commands().next().is_some());
    let script = scripts.next()?;
    if scripts.next().is_some() {
        return None;
    }
    let mut update = None;
    for command in script.commands() {
        match package_command(command) {
            Some(call) if call.verb == Verb::Update && call.manager.is_system() => {
                update.get_or_insert(call);
            }
            _ if matches!(command.name(), Some("set" | "echo" | "true")) => {}
            _ => return None,
        }
    }
    Some((script, update?))
}

/// Whether a RUN installs with that manager, and whether it updates the index itself.
fn installs(facts: &InstructionFacts<'_>, manager: Manager) -> Option<bool> {
    if !facts.is(Keyword::Run) || has_index_mount(facts) {
        return None;
    }
    let (mut installs, mut updates) = (false, false);
    for call in facts.scripts().flat_map(package_commands).filter(|call| call.manager == manager) {
        updates |= call.verb == Verb::Update || call.updates_index;
        installs |= call.verb == Verb::Install;
    }
    installs.then_some(updates)
}

/// Whether a cache or memory is mounted, where the index may live on.
fn has_index_mount(facts: &InstructionFacts<'_>) -> bool {
    let mounts = facts.instruction.flags.iter().filter(|flag| flag.name == "mount");
    mounts.filter_map(|flag| flag.value.as_ref()).any(|value| {
        value.text.contains("type=cache") || value.text.contains("type=tmpfs") || value.text.contains('$')
    })
}

/// Removes the index at the end of the RUN, unless that happens already.
fn removal(file: &FileFacts<'_>, install: &InstructionFacts<'_>, manager: Manager) -> Option<Edit> {
    let (path, command) = match manager {
        Manager::Apt => ("/var/lib/apt/lists", REMOVE_APT_LISTS),
        Manager::Apk => ("/var/cache/apk", "rm -rf /var/cache/apk/*"),
        _ => return None,
    };
    let script = &install.body.as_ref()?.line;
    if script.text().contains(path) || script.text().contains("dist-clean") {
        return None;
    }
    append(file, install, script, None, command)
}

/// Deletes the update, and puts it before the install of the next instruction.
fn fix(
    file: &FileFacts<'_>,
    update: &InstructionFacts<'_>,
    install: &InstructionFacts<'_>,
    command: &str,
    needed: bool,
) -> Option<Fix> {
    let source = &file.dockerfile.source;
    let one_line = update.instruction.lines.0 == update.instruction.lines.1;
    if !one_line || !update.instruction.flags.is_empty() || !update.instruction.heredocs.is_empty() {
        return None;
    }
    let delete = Edit::delete(update.instruction.span);
    if !needed {
        return Some(Fix::confirm(format!("Delete `RUN {command}`"), vec![delete]));
    }
    let body = install.body.as_ref()?;
    if !install.instruction.heredocs.is_empty() || body.line.commands().next().is_none() {
        return None;
    }
    let whole = source.slice(update.instruction.rest_span()).trim();
    let at = install.instruction.rest_span().start;
    Some(Fix::confirm(
        "Update the index in the `RUN` that installs",
        vec![delete, Edit::insert(at, format!("{whole} && "))],
    ))
}

/// Text of the file for a message.
fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}
