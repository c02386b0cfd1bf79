//! `world-writable`.

mod owner;

use self::owner::{Owner, owner};
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step, is_root_name};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{at_home, removed_paths, removes};
use crate::shell::{Word, WorldWritable};
use crate::text::Edit;

declare_rule! {
    /// Files are made writable for everybody.
    ///
    /// ## What it does
    ///
    /// Finds `chmod` with a mode that lets everybody write (`777`, `666`, `a+w`, `o+w`, …), and `COPY` and `ADD`
    /// with such a `--chmod`, in the stages that are shipped.
    ///
    /// The sticky bit (`1777`), group permissions (`g=u`), and files that are temporary or removed in the same
    /// `RUN` are not meant.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever takes over any process of the container, however few rights it has, can replace programs,
    /// configuration and data. It is also rarely what is needed: one user has to write there, and that user can own
    /// the files. A `chmod -R` in a layer of its own stores every file a second time.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY start.sh /usr/local/bin/start.sh
    /// RUN chmod 777 /usr/local/bin/start.sh
    /// USER 10001:10001
    /// CMD ["/usr/local/bin/start.sh"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY start.sh /usr/local/bin/start.sh
    /// RUN chmod 755 /usr/local/bin/start.sh
    /// USER 10001:10001
    /// CMD ["/usr/local/bin/start.sh"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: a process that runs as another user than the owner cannot write there any more. Where the
    /// image runs as a known user and the files are data, the suggestion gives them to that user instead.
    ///
    /// ## References
    ///
    /// - [OWASP: Docker Security Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html)
    /// - [Docker: Dockerfile reference, COPY --chown --chmod](https://docs.docker.com/reference/dockerfile/#copy---chown---chmod)
    pub(super) RULE = "world-writable" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["tally/ruby/world-writable-state-path-workaround", "DF034", "tally/world-writable-state-path-workaround"],
        check: Check::Instruction(check),
    }
}

/// Directories that everybody has to write to. The sticky bit keeps users from deleting what is not theirs.
const SHARED: [&str; 7] =
    ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/var/lock", "/tmp/.X11-unix", "/tmp/.ICE-unix"];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    match facts.instruction.keyword {
        Keyword::Run if stage.shipped => {
            for step in facts.steps().filter(|step| step.command.name() == Some("chmod")) {
                check_command(file, stage, facts, &step, report);
            }
        }
        Keyword::Copy | Keyword::Add if stage.shipped => check_flag(file, stage, facts, report),
        _ => {}
    }
}

fn check_command(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    report: &mut Report,
) {
    let mut operands = step.command.args().iter().filter(|word| !word.text().starts_with('-'));
    let Some(word) = operands.next() else { return };
    let Some(mode) = word.literal().and_then(WorldWritable::read) else { return };
    let paths: Vec<&Word> =
        operands.filter(|path| !is_temporary(path.text()) && !is_removed(path.text(), facts, step)).collect();
    let Some(first) = paths.first() else { return };
    // `find … -exec chmod 777 {} +`
    let path = if first.text() == "{}" { "what find names" } else { first.text() };
    let shown: String = path.replace('`', "").chars().take(60).collect();
    let finding = report.add(
        word.span(),
        format!(
            "Mode `{}` lets everybody write to `{shown}`: any process of the container can change it.",
            word.text()
        ),
    );
    let plain = word.span().len() as usize == word.text().len();
    if paths.iter().all(|path| SHARED.contains(&path.text().trim_end_matches('/'))) {
        if let Some(sticky) = mode.sticky().filter(|_| plain) {
            finding
                .note("With the sticky bit users cannot delete each other's files; it is how the system sets this up.")
                .fix(Fix::confirm(format!("Use `{sticky}`"), vec![Edit::replace(word.span(), sticky)]));
        }
        return;
    }
    let closed = mode.closed(gives_group(facts));
    let close = || Fix::confirm(format!("Use `{closed}`"), vec![Edit::replace(word.span(), closed.as_str())]);
    let programs = paths.iter().all(|path| is_program(path.text()));
    match owner(file, stage, facts, step.command) {
        _ if !plain => {}
        Owner::Root | Owner::Unknown if !programs && is_written_by_a_service(file, stage, &paths) => {
            finding.note(
                "Give it to the user whose process writes there, such as `chown -R www-data …`, and leave the mode as it \
                 is.",
            );
        }
        Owner::Root | Owner::Unknown => {
            finding
                .note("Check that no process of another user has to write there; give the files to that user instead.")
                .fix(close());
        }
        Owner::Other(_) | Owner::Later(_) if programs => {
            finding.note("Programs have to be read and run, not written.").fix(close());
        }
        Owner::Later(user) => {
            finding.note(format!(
                "The image runs as `{user}`. Give it what it writes, where that user exists: `chown -R {user} …`, or \
                 `COPY --chown={user} …`, and leave the mode as it is."
            ));
        }
        Owner::Other(user) => {
            let before = step.command.name_word().map(|name| name.span().cover(word.span()));
            let words = before.map(|span| (span, file.dockerfile.source.slice(span)));
            // `chmod -R 777` as it stands, nothing in between.
            let deep = words.and_then(|(span, text)| {
                let mut parts = text.split_ascii_whitespace().skip(1);
                match (parts.next(), parts.next(), parts.next()) {
                    (Some("-R" | "--recursive"), Some(_), None) => Some((span, "chown -R")),
                    (Some(_), None, None) => Some((span, "chown")),
                    _ => None,
                }
            });
            let finding = finding.note(format!(
                "The image runs as `{user}`: check that nobody else has to write there. `COPY --chown={user}` saves \
                 the layer that this `RUN` makes."
            ));
            if let Some((span, command)) = deep {
                let edits = vec![Edit::replace(span, format!("{command} {user}"))];
                finding.fix(Fix::confirm(format!("Give the files to `{user}`"), edits));
            }
        }
    }
}

fn check_flag(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    report: &mut Report,
) {
    let Some(word) = facts.instruction.flag_value("chmod") else { return };
    let Some(mode) = WorldWritable::read(&word.text) else { return };
    let Some(target) = facts.instruction.args.last() else { return };
    if is_temporary(&target.text) {
        return;
    }
    let chown = facts.instruction.flag("chown").is_some();
    let closed = mode.closed(false);
    let shown: String = target.text.replace('`', "").chars().take(60).collect();
    let finding = report.add(
        word.span,
        format!(
            "Mode `{}` lets everybody write to `{shown}`: any process of the container can change it.",
            word.text
        ),
    );
    let finding = match file_owner(file, stage) {
        Some(user) if !chown => finding.note(format!(
            "The image runs as `{user}`. If it has to write there, add `--chown={user}`; else it only needs to read."
        )),
        _ => finding.note("Check that no process of another user than the owner has to write there."),
    };
    if word.span.len() as usize == word.text.len() {
        finding.fix(Fix::confirm(format!("Use `{closed}`"), vec![Edit::replace(word.span, closed)]));
    }
}

/// The user that the image runs as, where that is not root.
fn file_owner(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<String> {
    owner::final_user(file, stage).filter(|user| !is_root_name(user))
}

/// Below a folder for temporary files, or no file of the image at all.
fn is_temporary(path: &str) -> bool {
    ["/tmp/", "/var/tmp/", "/dev/", "/proc/", "/sys/"].iter().any(|dir| path.starts_with(dir))
        && !SHARED.contains(&path.trim_end_matches('/'))
}

/// Whether the same RUN removes a path again.
fn is_removed(path: &str, facts: &InstructionFacts<'_>, step: &Step<'_, '_>) -> bool {
    let path = at_home(path);
    facts.steps().any(|other| {
        (other.order, other.command.place.start) > (step.order, step.command.place.start)
            && removed_paths(other.command).iter().any(|removed| removes(removed, &path))
    })
}

/// Whether the RUN sets a group, which is to have the permissions then.
fn gives_group(facts: &InstructionFacts<'_>) -> bool {
    facts.steps().any(|step| match step.command.name() {
        Some("chgrp") => true,
        Some("chown") => {
            let owner = step.command.args().iter().find(|word| !word.text().starts_with('-'));
            owner.is_some_and(|word| word.text().contains(':'))
        }
        _ => false,
    })
}

/// Whether a process that the image's own root process starts as another user writes there: PHP, a web server.
fn is_written_by_a_service(file: &FileFacts<'_>, stage: &StageFacts<'_>, paths: &[&Word]) -> bool {
    let names = ["/www", "storage", "cache", "session", "upload", "media", "spool"];
    file.defaults(stage).is_some_and(|defaults| defaults.drops_privileges)
        || paths.iter().any(|path| names.iter().any(|name| path.text().contains(name)))
}

/// Whether a path is by its name a program, which nobody has to write to.
fn is_program(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "sh" | "bash" | "py" | "pl" | "rb" | "js" | "jar" | "php" | "so" | "bin" | "run")
        || name.contains("entrypoint")
        || ["/bin/", "/sbin/"].iter().any(|dir| path.contains(dir))
}
