//! `useradd-large-uid`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::{AccountTool, new_account, only_variable};
use crate::text::Edit;

declare_rule! {
    /// useradd with a large uid writes a huge sparse login log.
    ///
    /// ## What it does
    ///
    /// Finds `useradd` with a uid of more than five digits, or with a variable whose default is one, without
    /// `--no-log-init` (`-l`).
    ///
    /// ## Why is this bad?
    ///
    /// `useradd` sets the entry of the user in `/var/log/faillog` and `/var/log/lastlog` back. These files have one
    /// record per uid, so a large uid makes them as long as gigabytes. They hold nothing but holes, which the archive
    /// of a layer does not know: the build writes zeros until the disk is full, or the layer gets huge.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN useradd -u 1234567 app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN useradd --no-log-init -u 1234567 app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: a new user has no entry in these logs to set back.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, USER](https://docs.docker.com/build/building/best-practices/#user)
    pub(super) RULE = "useradd-large-uid" {
        chapter: Efficiency, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3046", "hadolint/DL3046", "DF064"],
        check: Check::Instruction(check),
    }
}

fn check(_: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    let scripts = facts.scripts().filter(|script| script.text().contains("useradd"));
    let commands = scripts.flat_map(|script| script.commands_named("useradd"));
    for call in commands.filter_map(new_account) {
        let Some(uid) = call.uid().filter(|_| call.tool == AccountTool::Useradd) else { continue };
        if call.may_contain_anything() || call.has(&["-l", "--no-log-init", "-D", "--defaults"]) {
            continue;
        }
        let Some(value) = uid.value.as_deref() else { continue };
        let value = match only_variable(value).map(|name| facts.state.lookup(name)) {
            Some(Value::Set(default)) => default,
            Some(_) => continue,
            None => value.to_owned(),
        };
        if value.len() <= 5 || !value.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        report
            .add(
                uid.value_span.unwrap_or(uid.span),
                format!("`useradd` with the uid {value} makes `/var/log/lastlog` and `/var/log/faillog` huge: they have a record for every uid below."),
            )
            .fix(Fix::safe(
                "Leave the login logs alone (`--no-log-init`)",
                vec![Edit::insert(call.program_span.end, " --no-log-init")],
            ));
    }
}
