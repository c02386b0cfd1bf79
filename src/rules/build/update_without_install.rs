//! `update-without-install`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::append::append;
use crate::rules::caches::REMOVE_APT_LISTS;
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, Verb, package_command};
use crate::shell::{Command, Script};
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
    /// one later `RUN` installs: each of them needs its own update. Offered only when the two instructions follow
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
            // An upgrade beside it, or a script below, lives from the index.
            None if !is_one_update(facts) || rest.iter().any(|later| uses_unseen(later, update.manager)) => {
                continue;
            }
            None => report
                .add(
                    update.program_span.cover(update.verb_span),
                    format!("`{command}` in a `RUN` of its own does nothing: every later install updates the index again."),
                )
                .level(Level::Info)
                .related(first.instruction.name.span, "updates the index itself"),
        };
        let without: Vec<&InstructionFacts<'_>> =
            installs.iter().filter(|(_, updates)| !updates).map(|(run, _)| *run).collect();
        let fix = if without.is_empty() {
            let next_to_it = first.index == facts.index + 1;
            next_to_it
                .then(|| delete(facts))
                .flatten()
                .map(|edit| Fix::confirm(format!("Delete `RUN {command}`"), vec![edit]))
        } else {
            fix(file, stage, facts, &without, update.manager)
        };
        if without.len() > 1 && fix.is_none() {
            refine = refine.note("More than one later `RUN` installs: each of them needs the update.");
        }
        if let Some(fix) = fix {
            refine.fix(fix);
        }
    }
}

/// The update of a RUN that installs nothing: not itself, and not by a script that nobody sees into.
fn only_updates<'f, 'a>(facts: &'f InstructionFacts<'a>) -> Option<(&'f Script, &'f PackageCommand<'a>)> {
    let is_update = |call: &PackageCommand<'_>| call.verb == Verb::Update && call.manager.is_system();
    if !facts.calls.iter().any(is_update) || has_index_mount(facts) {
        return None;
    }
    let mut update = None;
    for step in facts.steps() {
        match step.call {
            Some(call) if is_update(call) => {
                update.get_or_insert((step.script, call));
            }
            Some(call) if call.manager.is_system() && call.verb == Verb::Install => return None,
            None if may_install(step.command, step.script) => return None,
            _ => {}
        }
    }
    update
}

/// Whether a command may install packages without saying so: a script, another program's package step.
fn may_install(command: &Command, script: &Script) -> bool {
    let Some(name) = command.name() else { return command.name_word().is_some() };
    let own = command.name_word().is_some_and(|word| {
        let system = ["/bin/", "/sbin/", "/usr/"].iter().any(|dir| word.text().starts_with(dir));
        word.text().contains('/') && !system
    });
    let text_is_read =
        command.script.is_some() || script.heredocs.iter().any(|doc| doc.command == Some(command.id));
    match name {
        "sh" | "bash" | "ash" | "dash" | "zsh" | "eval" => !text_is_read,
        "source" | "." | "make" | "npx" | "playwright" | "tasksel" | "gdebi" | "install_packages" => true,
        _ => own || std::path::Path::new(name).extension().is_some_and(|end| end == "sh"),
    }
}

/// Whether the RUN is nothing but one update, so that it can be moved.
fn is_one_update(facts: &InstructionFacts<'_>) -> bool {
    facts.body.as_ref().is_some_and(|body| {
        body.heredocs.is_empty()
            && facts.steps().all(|step| {
                step.call.is_some_and(|call| call.verb == Verb::Update)
                    || matches!(step.command.name(), Some("set" | "echo" | "true"))
            })
    })
}

/// Whether a RUN installs with that manager, and whether it updates the index itself.
fn installs(facts: &InstructionFacts<'_>, manager: Manager) -> Option<bool> {
    if !facts.is(Keyword::Run) || has_index_mount(facts) {
        return None;
    }
    let (mut installs, mut updates) = (false, false);
    for call in facts.calls.iter().filter(|call| call.manager == manager) {
        updates |= call.verb == Verb::Update || call.updates_index;
        installs |= call.verb == Verb::Install;
    }
    installs.then_some(updates)
}

/// Whether a RUN may live from the index without an install to be seen: by a script, or by an upgrade.
fn uses_unseen(facts: &InstructionFacts<'_>, manager: Manager) -> bool {
    facts.scripts().any(|script| {
        script.commands().any(|command| match package_command(command) {
            Some(call) => {
                call.manager == manager
                    && matches!(call.verb, Verb::Upgrade | Verb::Download)
                    && !call.updates_index
            }
            None => may_install(command, script),
        })
    })
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
    let sudo = install
        .steps()
        .take_while(|step| step.order == 0)
        .filter_map(|step| step.call)
        .any(|call| call.verb == Verb::Install && call.command.prefix_word("sudo").is_some());
    let command = if sudo { format!("sudo {command}") } else { command.to_owned() };
    append(file, install, script, None, &command)
}

/// Deletes the RUN of an update, where it holds nothing else.
fn delete(update: &InstructionFacts<'_>) -> Option<Edit> {
    let node = update.instruction;
    let alone = is_one_update(update) && node.lines.0 == node.lines.1 && node.flags.is_empty();
    alone.then(|| Edit::delete(node.span))
}

/// Deletes the update, and puts it before each install that follows, where they stand right below it.
fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    update: &InstructionFacts<'_>,
    installs: &[&InstructionFacts<'_>],
    manager: Manager,
) -> Option<Fix> {
    let mut edits = vec![delete(update)?];
    let whole = file.dockerfile.source.slice(update.instruction.rest_span()).trim();
    for (index, install) in (update.index + 1..).zip(installs) {
        let line = &install.body.as_ref()?.line;
        let plain = install.instruction.heredocs.is_empty() && line.problems.is_empty();
        // Before `a || b` a failed update would run `b`.
        if install.index != index || !plain || !line.root.items.first()?.is_pure_and() {
            return None;
        }
        edits.push(Edit::insert(install.instruction.rest_span().start, format!("{whole} && ")));
        // The merged RUN would leave the index in its layer.
        if stage.shipped {
            edits.extend(removal(file, install, manager));
        }
    }
    Some(Fix::confirm("Update the index in the `RUN` that installs", edits))
}

/// Text of the file for a message.
fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}
