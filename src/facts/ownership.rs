//! Who owns a directory of the image, and who runs a step.

use super::{Base, FileFacts, InstructionFacts, StageFacts, User, account, is_in};
use crate::dockerfile::Keyword;
use crate::image;
use crate::shell::{Command, PermissionKind, Word, permission_change};

/// Who can write in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirOwner {
    /// Nothing before has made it: the next instruction that puts something there does.
    Nobody,
    /// Only root.
    Root,
    /// The user of the image, or everybody.
    User,
    /// Not known.
    Unknown,
}

/// The user that an instruction runs as, when it is known and not root.
pub fn non_root_user(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> Option<String> {
    let name = match &facts.state.user {
        User::Set { value, .. } => value.as_deref()?,
        User::Base => match file.defaults(stage)?.user {
            image::User::NonRoot(name) => name?,
            image::User::Root | image::User::Unknown => return None,
        },
    };
    let user = name.split(':').next()?.trim();
    (!matches!(user, "root" | "0" | "")).then(|| name.trim().to_owned())
}

/// Who owns a directory just before an instruction; the path is absolute and clean.
///
/// WORKDIR makes a directory for the user in effect, COPY and ADD for root unless `--chown` says otherwise
/// (BuildKit, `dispatchWorkdir`, `dispatchCopy`).
pub fn dir_owner(file: &FileFacts<'_>, stage: &StageFacts<'_>, before: usize, dir: &str) -> DirOwner {
    let mut owner = at_start(file, stage, dir);
    let history = file.history(stage);
    for (at, facts) in history.into_iter().take_while(|(_, facts)| facts.index < before) {
        let made_by = || match non_root_user(file, at, facts) {
            Some(_) => DirOwner::User,
            None if runs_as_root(file, at, facts) => DirOwner::Root,
            None => DirOwner::Unknown,
        };
        match facts.instruction.keyword {
            Keyword::Workdir if owner == DirOwner::Nobody => {
                let argument = facts.instruction.args.first();
                let path = argument.and_then(|word| facts.state.expand(&word.text).value);
                match path.and_then(|path| facts.absolute(file, at, &path)) {
                    Some(path) if is_in(&path, dir) => owner = made_by(),
                    Some(_) => {}
                    None => owner = DirOwner::Unknown,
                }
            }
            Keyword::Copy | Keyword::Add if owner == DirOwner::Nobody => match facts.destination(file, at) {
                Some((path, _)) if is_in(&path, dir) => {
                    let chown = facts.instruction.flag("chown").is_some();
                    owner = if chown { DirOwner::Unknown } else { DirOwner::Root };
                }
                Some(_) => {}
                None => owner = DirOwner::Unknown,
            },
            Keyword::Run => {
                let Some(body) = facts.body else { return DirOwner::Unknown };
                for script in body.scripts() {
                    for command in script.commands() {
                        let start = facts.workdir(file, at);
                        let here = script.dir_at(command).under(start, None);
                        owner = after_command(command, here.as_deref(), dir, owner, &made_by);
                    }
                }
            }
            _ => {}
        }
    }
    owner
}

/// What the base image says of a directory.
fn at_start(file: &FileFacts<'_>, stage: &StageFacts<'_>, dir: &str) -> DirOwner {
    if is_in(dir, "/tmp") || is_in(dir, "/var/tmp") {
        return DirOwner::User;
    }
    let end = User::Set { value: None, span: stage.span, stage: stage.index };
    let user = if stage.end.user == User::Base { &end } else { &stage.end.user };
    if account(file, stage, user).is_some_and(|account| account.home == dir) || dir.starts_with("/home/") {
        // Whether it is made depends on the options of `useradd`; what is below it is made by somebody.
        let below = dir.strip_prefix("/home/").is_some_and(|rest| rest.contains('/'));
        return if below { DirOwner::Nobody } else { DirOwner::User };
    }
    match file.root_base(&stage.base) {
        Base::Scratch => DirOwner::Nobody,
        Base::Image(image) => {
            let defaults = &image.defaults;
            let prepared = defaults.workdir_path().is_none_or(|path| path != "/" && is_in(dir, path));
            if prepared || defaults.user != image::User::Root {
                DirOwner::Unknown
            } else if matches!(
                dir,
                "/" | "/usr" | "/etc" | "/opt" | "/srv" | "/var" | "/var/lib" | "/usr/src"
            ) {
                DirOwner::Root
            } else {
                DirOwner::Nobody
            }
        }
        Base::Stage(_) | Base::Unknown => DirOwner::Unknown,
    }
}

fn runs_as_root(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    match &facts.state.user {
        User::Set { value, .. } => {
            value.as_deref().is_some_and(|v| matches!(v.split(':').next(), Some("root" | "0")))
        }
        User::Base => match file.root_base(&stage.base) {
            Base::Scratch => true,
            Base::Image(image) => image.defaults.user == image::User::Root,
            Base::Stage(_) | Base::Unknown => false,
        },
    }
}

/// The owner of a directory behind a command that runs in `here`.
fn after_command(
    command: &Command,
    here: Option<&str>,
    dir: &str,
    owner: DirOwner,
    made_by: &impl Fn() -> DirOwner,
) -> DirOwner {
    let absolute = |word: &Word| -> Option<String> {
        let text = word.literal().filter(|_| !word.has_tilde())?;
        if text.starts_with('/') { Some(super::join("/", text)) } else { Some(super::join(here?, text)) }
    };
    if let Some(change) = permission_change(command) {
        for word in &change.paths {
            let Some(path) = absolute(word) else { return DirOwner::Unknown };
            let hit = path == dir || (change.recursive && is_in(dir, &path)) || word.has_brace_expansion();
            if !hit {
                continue;
            }
            return match change.kind {
                PermissionKind::Owner if change.value.text().starts_with("root") => DirOwner::Root,
                PermissionKind::Owner => DirOwner::User,
                PermissionKind::Group | PermissionKind::Mode => DirOwner::Unknown,
            };
        }
        return owner;
    }
    if matches!(command.name(), Some("chown" | "chmod" | "chgrp" | "setfacl")) {
        // By `xargs`, `find -exec` or a reference.
        return DirOwner::Unknown;
    }
    // `useradd app` speaks of no folder.
    let is_path = |word: &&Word| word.text().contains('/') || command.name() == Some("mkdir");
    let names_it = || {
        command.args().iter().filter(is_path).any(|word| absolute(word).is_some_and(|path| is_in(&path, dir)))
    };
    match command.name() {
        Some("mkdir") if owner == DirOwner::Nobody && names_it() => {
            if command.prefix_word("sudo").is_some() {
                DirOwner::Root
            } else {
                made_by()
            }
        }
        // `install -d -o app`, `git clone … /app`, a script that is given the folder.
        Some(name) if name != "echo" && owner != DirOwner::User && names_it() && name != "mkdir" => {
            DirOwner::Unknown
        }
        None if names_it() => DirOwner::Unknown,
        _ => owner,
    }
}
