//! `update-without-install`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::append::{append, appendable};
use crate::rules::caches::{Cache, REMOVE_APT_LISTS};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{
    Manager, PackageCommand, Verb, at_home, call_cleans, package_command, package_commands, removed_paths,
    removes,
};
use crate::shell::{Command, Script};
use crate::text::{Edit, Span};

declare_rule! {
    /// The package index is updated in one RUN and used in another.
    ///
    /// ## What it does
    ///
    /// Finds a `RUN` that updates the package index and installs nothing, followed in the stage by a `RUN`
    /// that installs without updating.
    ///
    /// ## Why is this bad?
    ///
    /// The layer of the update is cached. When the list of packages is changed months later, the install
    /// still uses the index of the first build: it gets old versions, or fails because the mirror no longer
    /// has them.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update
    /// RUN apt-get install -y --no-install-recommends nginx
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update && apt-get install -y --no-install-recommends nginx && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the next build gets the current versions of the packages, not those of the cached
    /// index. In a shipped stage the lists are removed in the same step. A change is offered only where the
    /// installs directly follow the update.
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

/// What a RUN does with one package manager.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "four independent facts")]
struct Use {
    updates: bool,
    installs: bool,
    /// It may install although nobody sees it: a script, another program's own package step.
    opaque: bool,
    /// The index is kept in a mount, where the next RUN finds it or not.
    mounted: bool,
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let runs: Vec<&InstructionFacts<'_>> = stage.of(Keyword::Run).collect();
    for (at, run) in runs.iter().enumerate() {
        let calls: Vec<PackageCommand<'_>> = run.scripts().flat_map(package_commands).collect();
        let Some(update) = calls.iter().find(|call| call.verb == Verb::Update && call.manager.is_system())
        else {
            continue;
        };
        let family = family(update.manager);
        let here = use_of(run, family);
        if here.installs || here.opaque || here.mounted {
            continue;
        }
        // Up to the next RUN that does the same.
        let later: Vec<(&InstructionFacts<'_>, Use)> =
            runs.iter().skip(at + 1).map(|run| (*run, use_of(run, family))).collect();
        let end = later.iter().position(|(_, u)| u.updates && !u.installs).unwrap_or(later.len());
        let later = later.get(..end).unwrap_or(&later);
        let outdated: Vec<&InstructionFacts<'_>> = later
            .iter()
            .take_while(|(_, u)| !u.updates)
            .filter(|(_, u)| u.installs && !u.mounted)
            .map(|(run, _)| *run)
            .collect();
        let span = update.program_span.cover(update.verb_span);
        let program = update.program;
        let command = format!("{program} {}", update.verb_text);
        if let Some(first) = outdated.first() {
            let level = if family == Manager::Apt { Level::Error } else { Level::Warning };
            let message = format!(
                "`{command}` and the install that uses it are in two layers. A changed install gets the cached, \
                 outdated index: packages are old or gone."
            );
            let fix = fix(file, stage, run, &outdated, family);
            let mut finding = report.add(span, message).level(level);
            if let Some(install) = install_of(first, family) {
                finding = finding.related(install, "This install uses the index of the other layer.");
            }
            match fix {
                Some(fix) => finding
                    .note("The next build installs the current versions, not those of the cached index.")
                    .fix(fix),
                None => {
                    finding.note(format!("Join them: `RUN {command} && …` with the install in one `RUN`."))
                }
            };
        } else if later.iter().any(|(_, u)| u.updates && u.installs) && !later.iter().any(|(_, u)| u.opaque) {
            report
                .add(
                    span,
                    format!("`{command}` is useless here: each install below updates the index itself."),
                )
                .level(Level::Info);
        }
    }
}

/// Managers that share an index.
fn family(manager: Manager) -> Manager {
    match manager {
        Manager::Yum | Manager::Microdnf => Manager::Dnf,
        other => other,
    }
}

fn use_of(run: &InstructionFacts<'_>, manager: Manager) -> Use {
    let mut out = Use::default();
    let mut installed = false;
    for script in run.scripts() {
        for command in script.commands() {
            match package_command(command) {
                Some(call) if family(call.manager) == manager => {
                    out.updates |= call.updates_index && !installed;
                    installed |= call.verb == Verb::Install;
                }
                Some(_) => {}
                None => out.opaque |= is_opaque(command, script),
            }
        }
    }
    out.installs = installed;
    let index: &[&str] = match manager {
        Manager::Apt => &["/var/lib/apt/lists"],
        Manager::Apk => &["/var/cache/apk", "/etc/apk/cache"],
        Manager::Dnf => &["/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"],
        Manager::Zypper => &["/var/cache/zypp"],
        _ => &["/var/lib/pacman/sync"],
    };
    out.mounted = run.mounts().iter().any(|mount| {
        mount.leaves_the_layer()
            && mount.target.as_deref().is_none_or(|t| index.iter().any(|dir| removes(&at_home(t), dir)))
    });
    out
}

/// Whether a command may install packages without saying so.
fn is_opaque(command: &Command, script: &Script) -> bool {
    let Some(name) = command.name() else {
        // A lone assignment or redirect does nothing; `$INSTALLER` may.
        return command.name_word().is_some();
    };
    let in_place = command.name_word().is_some_and(|word| {
        let system = ["/bin/", "/sbin/", "/usr/"].iter().any(|dir| word.text().starts_with(dir));
        word.text().contains('/') && !system
    });
    let runs_text = command.script.is_some() || script.heredocs.iter().any(|h| h.command == Some(command.id));
    match name {
        "sh" | "bash" | "ash" | "dash" | "zsh" | "eval" => !runs_text,
        "source" | "." | "make" | "playwright" | "npx" | "tasksel" | "gdebi" | "install_packages"
        | "ansible-playbook" => true,
        _ => in_place || std::path::Path::new(name).extension().is_some_and(|e| e == "sh"),
    }
}

/// The place of the first install of a RUN.
fn install_of(run: &InstructionFacts<'_>, manager: Manager) -> Option<Span> {
    let calls: Vec<_> = run.scripts().flat_map(package_commands).collect();
    let install = calls.iter().find(|call| family(call.manager) == manager && call.verb == Verb::Install)?;
    Some(install.program_span.cover(install.verb_span))
}

/// Moves the update to the installs that directly follow it.
fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    update: &InstructionFacts<'_>,
    installs: &[&InstructionFacts<'_>],
    manager: Manager,
) -> Option<Fix> {
    let source = &file.dockerfile.source;
    let alone = update.body.as_ref().filter(|body| body.heredocs.is_empty())?.line.single_command()?;
    let text = source.slice(alone.span());
    if !update.instruction.flags.is_empty()
        || !alone.redirects.is_empty()
        || text.contains(['\n', '\r'])
        || !update.instruction.comments.is_empty()
    {
        return None;
    }
    let mut edits = vec![Edit::delete(update.instruction.span)];
    for (offset, install) in installs.iter().enumerate() {
        if install.index != update.index + 1 + offset {
            return None;
        }
        let body = install.body.as_ref().filter(|body| body.heredocs.is_empty())?;
        let calls = package_commands(&body.line);
        let first = calls.iter().find(|c| family(c.manager) == manager && c.verb == Verb::Install)?.command;
        let plain = first.context.inside.is_none() && first.context.pipe_index == 0;
        if !plain || !body.line.chain_of(first)?.is_pure_and() || !body.line.problems.is_empty() {
            return None;
        }
        edits.push(Edit::insert(first.span().start, format!("{text} && ")));
        if manager == Manager::Apt && stage.shipped && !cleans_lists(install) {
            let (script, heredoc) = appendable(install).next()?;
            let sudo = if first.prefix_word("sudo").is_some() { "sudo " } else { "" };
            edits.push(append(file, install, script, heredoc, &format!("{sudo}{REMOVE_APT_LISTS}"))?);
        }
    }
    Some(Fix::confirm("Update and install in one `RUN`", edits))
}

/// Whether a RUN removes the lists somewhere.
fn cleans_lists(run: &InstructionFacts<'_>) -> bool {
    run.scripts().flat_map(Script::commands).any(|command| {
        call_cleans(command)
            || removed_paths(command).iter().any(|path| removes(path, "/var/lib/apt/lists"))
            || package_command(command).is_some_and(|call| Cache::Apt.cleans(&call))
    })
}
