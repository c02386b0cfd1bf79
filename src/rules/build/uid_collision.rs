//! `uid-collision`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::image::Account;
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::Flag;
use crate::shell::{Command, Connector, NewAccount, Script, new_account, only_variable};
use crate::text::Edit;

declare_rule! {
    /// useradd asks for an id the base image already uses.
    ///
    /// ## What it does
    ///
    /// Finds `useradd`, `adduser`, `groupadd` and `addgroup` with the number of the user or group that the base image
    /// is known to have: 1000 on Ubuntu since 23.04 (`ubuntu`) and on the images of Node.js (`node`).
    ///
    /// ## Why is this bad?
    ///
    /// The command fails ("UID 1000 is not unique", "GID '1000' already exists"), and with it the build. Many files
    /// that worked for years broke when Ubuntu 24.04 came with a user of its own.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM ubuntu:24.04
    /// RUN groupadd -g 1000 app && useradd -u 1000 -g 1000 -m app
    /// USER app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM ubuntu:24.04
    /// RUN groupadd -g 10001 app && useradd -u 10001 -g 10001 -m app
    /// USER app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: as it is, the image cannot be built. Not offered where the number is also used elsewhere in the stage; the
    /// user that is there already (`USER ubuntu`, `USER node`) is another way then.
    ///
    /// ## References
    ///
    /// - [Debian manual pages: useradd](https://manpages.debian.org/trixie/passwd/useradd.8.en.html)
    /// - [Node.js images: Best practices, Non-root User](https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md#non-root-user)
    pub(super) RULE = "uid-collision" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

/// The number that a fix gives.
const FREE: &str = "10001";

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(existing) = file.defaults(stage).and_then(|defaults| defaults.existing_user) else { return };
    let runs = || stage.of(Keyword::Run).flat_map(|facts| facts.scripts().map(move |script| (facts, script)));
    let calls: Vec<(&InstructionFacts<'_>, &Script, NewAccount<'_>)> = runs()
        .flat_map(|(facts, script)| {
            let commands = script.commands().filter_map(new_account);
            commands.map(move |call| (facts, script, call))
        })
        .collect();
    if calls.is_empty() {
        return;
    }
    // Whatever touches the user of the base image before makes room.
    let makes_room = |i: &InstructionFacts<'_>| {
        i.scripts().any(|script| script.commands().any(|command| frees(script, command, existing.name)))
    };
    let freed = file.first(stage, "account-of-base", makes_room);
    let edits = edits(stage, &calls, existing, file);
    for (facts, script, call) in &calls {
        if freed.is_some_and(|index| index <= facts.index) || is_guarded(script, call) {
            continue;
        }
        let Some(flag) = collides(facts, call, existing) else { continue };
        let (number, what) = if call.uid().is_some_and(|uid| uid == flag) {
            (existing.uid, "user")
        } else {
            (existing.gid, "group")
        };
        let program = call.command.name().unwrap_or_default();
        let finding = report.add(
            flag.value_span.unwrap_or(flag.span),
            format!(
                "`{program}` fails here: the base image has a {what} `{}` with the number {number}.",
                existing.name
            ),
        );
        match &edits {
            Some(edits) => {
                finding.fix(Fix::safe(format!("Use the number {FREE}"), edits.clone()));
            }
            None => {
                finding.note(format!(
                    "Use another number everywhere, such as {FREE}, or the user that is there: `USER {}`.",
                    existing.user_word
                ));
            }
        }
    }
}

/// The option of a call whose number is taken.
fn collides<'c, 'a>(
    facts: &InstructionFacts<'_>,
    call: &'c NewAccount<'a>,
    existing: Account,
) -> Option<&'c Flag<'a>> {
    if call.may_contain_anything() || call.has(&["-o", "--non-unique", "-f", "--force"]) {
        return None;
    }
    let is = |flag: &&Flag<'_>, number: u32| {
        let Some(text) = flag.value.as_deref() else { return false };
        match only_variable(text).map(|name| facts.state.lookup(name)) {
            Some(Value::Set(value)) => value == number.to_string(),
            Some(_) => false,
            None => text == number.to_string(),
        }
    };
    call.uid()
        .filter(|flag| is(flag, existing.uid))
        .or_else(|| call.new_gid().filter(|flag| is(flag, existing.gid)))
}

/// Whether a failure of a call is dealt with, or whether something looks for the user first.
fn is_guarded(script: &Script, call: &NewAccount<'_>) -> bool {
    let context = call.command.context;
    let asks = |command: &Command| {
        command.place.start < call.command.place.start
            && matches!(command.name(), Some("getent" | "id" | "grep"))
    };
    context.next == Connector::Or
        || context.previous == Connector::Or
        || !context.inside.is_none() && !context.inside.any(crate::shell::Inside::GROUP)
        || script.commands().any(asks)
        || call.command.args().iter().any(crate::shell::Word::has_substitution)
}

/// Whether a command deletes, renames or renumbers a user.
fn frees(script: &Script, command: &Command, name: &str) -> bool {
    match command.name() {
        Some("userdel" | "deluser" | "usermod" | "groupmod" | "groupdel" | "delgroup") => {
            command.args().iter().any(|word| word.text() == name || word.has_expansion())
        }
        Some("sed" | "rm" | "mv" | "cp" | "vipw") => script.text().contains("/etc/passwd"),
        _ => false,
    }
}

/// The edits that give all new users and groups of a stage which collide another number; `None` where the number is
/// used elsewhere, or comes from a variable.
fn edits(
    stage: &StageFacts<'_>,
    calls: &[(&InstructionFacts<'_>, &Script, NewAccount<'_>)],
    existing: Account,
    file: &FileFacts<'_>,
) -> Option<Vec<Edit>> {
    let number = existing.uid.to_string();
    if existing.uid != existing.gid {
        return None;
    }
    let mut edits = Vec::new();
    let makes_group = calls
        .iter()
        .any(|(facts, _, call)| collides(facts, call, existing).is_some() && call.new_gid().is_some());
    let mut kept = 0;
    for (facts, _, call) in calls {
        let group = call.group().filter(|_| makes_group);
        let flags = collides(facts, call, existing).into_iter().chain(group);
        for flag in flags {
            if flag.value.as_deref() == Some(number.as_str()) {
                edits.push(Edit::replace(call.value_span(flag)?, FREE));
            } else if flag.value.as_deref().is_some_and(|value| value.starts_with('$')) {
                return None;
            }
        }
        // `-g 1000` joins the group of the base image.
        kept += usize::from(
            !makes_group && call.group().is_some_and(|flag| flag.value.as_deref() == Some(number.as_str())),
        );
    }
    let text = file.dockerfile.source.slice(stage.span);
    (!edits.is_empty() && mentions(text, &number) == edits.len() + kept).then_some(edits)
}

/// How often a number stands in a text by itself.
fn mentions(text: &str, number: &str) -> usize {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let matches = text.match_indices(number);
    matches
        .filter(|(at, _)| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            !digit(before) && !digit(bytes.get(at + number.len()))
        })
        .count()
}
