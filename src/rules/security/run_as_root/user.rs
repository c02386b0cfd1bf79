//! Which user an image could run as.

use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{Base, FileFacts, StageFacts};
use crate::image::{Family, PackageManager, ShellKind};
use crate::shell::{AccountTool, Command, Inside, Word, new_account};
use crate::text::{Edit, Span};

/// Creates a user on Debian and Ubuntu. `--no-log-init`: a large uid does not blow `/var/log/lastlog` up.
const DEBIAN: &str = "groupadd --system --gid 10001 app && useradd --system --uid 10001 --gid app --no-log-init --create-home app";
/// Creates a user on Alpine (BusyBox).
const ALPINE: &str = "addgroup -S -g 10001 app && adduser -S -u 10001 -G app app";
/// Creates a user on Fedora, UBI and their like.
const RED_HAT: &str =
    "groupadd --system --gid 10001 app && useradd --system --uid 10001 --gid app --create-home app";

/// A user that the file creates.
pub(super) struct Account {
    /// What USER should say.
    pub(super) word: String,
    /// Where it is created.
    pub(super) span: Span,
}

/// What would make the image run as somebody else.
pub(super) enum Wanted {
    /// A USER, and before it the command that creates the account.
    User { create: Option<&'static str>, word: String },
    /// Another tag of the base.
    Tag { edit: Edit, name: String },
}

/// The users that a stage and its parents create.
pub(super) fn created(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Vec<Account> {
    let mut out: Vec<Account> = Vec::new();
    for (_, facts) in file.history(stage) {
        if !facts.is(Keyword::Run) {
            continue;
        }
        for command in facts.scripts().flat_map(crate::shell::Script::commands) {
            let Some(word) = account_of(command) else { continue };
            let text = word.text();
            // `useradd $USERNAME` with an ARG or ENV of that name: USER may say the same.
            let declared =
                |name: &&str| matches!(stage.end.lookup(name), Value::Set(value) if !value.is_empty());
            let known = word.literal().is_some()
                || (!word.has_substitution() && word.variables().iter().all(declared));
            let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '{' | '}');
            if known
                && !text.is_empty()
                && text != "root"
                && text.chars().all(valid)
                && !out.iter().any(|a| a.word == text)
            {
                out.push(Account { word: text.to_owned(), span: word.span() });
            }
        }
    }
    out
}

/// The name of the user that a command creates.
fn account_of(command: &Command) -> Option<&Word> {
    if command.context.inside.any(Inside::FUNCTION.with(Inside::LOOP)) {
        return None;
    }
    let account = new_account(command)?;
    if !matches!(account.tool, AccountTool::Useradd | AccountTool::Adduser) {
        return None;
    }
    let root = account.uid().and_then(|flag| flag.value.as_deref()) == Some("0");
    // `adduser app docker` adds a user to a group.
    match account.operands.as_slice() {
        [only] if !root => Some(only),
        _ => None,
    }
}

/// Chooses a user, or says in words what to do.
pub(super) fn choose(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    created: &[Account],
) -> Result<Wanted, String> {
    match created {
        [] => {}
        [only] => return Ok(Wanted::User { create: None, word: only.word.clone() }),
        _ => return Err("Several users are created; switch to the right one with `USER`.".to_owned()),
    }
    let base = match file.root_base(&stage.base) {
        Base::Scratch => return Ok(Wanted::User { create: None, word: "65532:65532".to_owned() }),
        Base::Image(image) => image,
        _ => return Err("Create a user in a `RUN` and switch to it with `USER`.".to_owned()),
    };
    let defaults = &base.defaults;
    let removed = file.history(stage).iter().any(|(_, facts)| {
        facts
            .scripts()
            .flat_map(crate::shell::Script::commands)
            .any(|command| matches!(command.name(), Some("userdel" | "deluser" | "usermod")))
    });
    if let Some(account) = defaults.existing_user.filter(|_| !removed) {
        return Ok(Wanted::User { create: None, word: account.user_word.to_owned() });
    }
    let family = defaults.distribution.as_ref().map(|distribution| (distribution.family, distribution.id));
    if let Some((Family::Distroless, _)) = family {
        let reference = &base.reference;
        let tag = match reference.tag() {
            None | Some("latest") => "nonroot".to_owned(),
            Some("debug") => "debug-nonroot".to_owned(),
            Some(_) => String::new(),
        };
        let name = format!("{}:{tag}", reference.name());
        let start = base.literal.map(|span| span.start);
        return match (start, reference.tag_range()) {
            _ if tag.is_empty() || reference.digest().is_some() => {
                Err("Use the `nonroot` tag of the image.".to_owned())
            }
            (Some(start), Some(range)) => {
                let span = Span::new(start + range.start as u32, start + range.end as u32);
                Ok(Wanted::Tag { edit: Edit::replace(span, tag), name })
            }
            (Some(start), None) => {
                let end = start + reference.name_range().end as u32;
                Ok(Wanted::Tag { edit: Edit::insert(end, format!(":{tag}")), name })
            }
            _ => Err(format!("Use the tag `{tag}` of the image.")),
        };
    }
    if matches!(defaults.shell.kind, ShellKind::None | ShellKind::Unknown) {
        return Err("Set a number with `USER`, such as `USER 10001:10001`.".to_owned());
    }
    let create = match family {
        Some((Family::Debian | Family::Ubuntu, _)) => DEBIAN,
        Some((Family::Alpine, _)) => ALPINE,
        // The small variants and Amazon's images come without `useradd`.
        Some((Family::RedHat, id))
            if id != "amazonlinux" && defaults.package_manager != PackageManager::Microdnf =>
        {
            RED_HAT
        }
        _ => return Err("Create a user in a `RUN` and switch to it with `USER`.".to_owned()),
    };
    Ok(Wanted::User { create: Some(create), word: "10001:10001".to_owned() })
}

/// A place that the file says is written at run time: a SQLite file, a folder for uploads or logs.
pub(super) fn written_at_run_time(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<String> {
    let is_written = |text: &str| {
        let lower = text.to_ascii_lowercase();
        lower.contains("sqlite:/")
            || matches!(lower.rsplit_once('.'), Some((_, "sqlite" | "sqlite3" | "db")))
            || (lower.contains('/') || !lower.contains('.'))
                && lower
                    .split('/')
                    .any(|part| matches!(part, "uploads" | "upload" | "logs" | "media" | "storage" | "data"))
    };
    for (_, facts) in file.history(stage) {
        match facts.instruction.keyword {
            Keyword::Env => {
                for pair in &facts.instruction.pairs {
                    let value = pair.value.as_ref().map_or("", |value| value.text.trim_matches(['"', '\'']));
                    if (value.contains('/') || value.contains(".db")) && is_written(value) {
                        return Some(pair.key.text.clone());
                    }
                }
            }
            Keyword::Run => {
                for command in facts.scripts().flat_map(crate::shell::Script::commands) {
                    if command.name() != Some("mkdir") {
                        continue;
                    }
                    let folder = command.args().iter().map(Word::text).find(|text| {
                        !text.starts_with('-') && !text.starts_with("/tmp/") && is_written(text)
                    });
                    if let Some(folder) = folder {
                        return Some(folder.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    None
}
