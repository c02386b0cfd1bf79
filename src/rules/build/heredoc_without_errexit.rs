//! `heredoc-without-errexit`.

use crate::declare_rule;
use crate::dockerfile::{Heredoc, Keyword};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::{AndOr, Command, Connector, Interpreter, Node, Script};
use crate::text::{Edit, Span};

declare_rule! {
    /// A multi-command heredoc RUN goes on after a failed command.
    ///
    /// ## What it does
    ///
    /// Finds `RUN <<EOF` whose body has several commands for a shell, none of them `set -e`.
    ///
    /// ## Why is this bad?
    ///
    /// The body is one script, and a script goes on when a command fails. Only the status of its last command decides
    /// about the `RUN`: the build succeeds with half of the work done. People expect the opposite, as it is with `&&`.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN <<EOF
    /// make
    /// make install
    /// ldconfig
    /// EOF
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN <<EOF
    /// set -e
    /// make
    /// make install
    /// ldconfig
    /// EOF
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe, unless a command in it is meant to fail: that one wants `|| true`.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: Here-Documents](https://docs.docker.com/reference/dockerfile/#here-documents)
    /// - [Bash manual: The Set Builtin](https://www.gnu.org/software/bash/manual/html_node/The-Set-Builtin.html)
    pub(super) RULE = "heredoc-without-errexit" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: [],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    let Some(body) = facts.body.filter(|_| facts.is(Keyword::Run) && node.heredocs.len() == 1) else {
        return;
    };
    let (Some(read), Some(heredoc)) = (body.heredocs.first(), node.heredocs.first()) else { return };
    let Some(script) = read.script.as_ref() else { return };
    if matches!(read.interpreter, Interpreter::Other(_)) || body.line.root.items.len() > 1 {
        return;
    }
    let Some(command) = goes_on_after(facts, script) else { return };
    let name = command.name().unwrap_or("a command").replace('`', "");
    let finding = report.add(
        command.name_word().map_or(heredoc.opener, crate::shell::Word::span),
        format!(
            "When `{name}` fails, the script goes on: only the status of its last command stops the build."
        ),
    );
    if let Some(edit) = insert(file, heredoc) {
        finding.fix(Fix::safe("Stop at the first failure (`set -e`)", vec![edit]));
    }
}

/// The first command whose failure goes unnoticed.
fn goes_on_after<'s>(facts: &InstructionFacts<'_>, script: &'s Script) -> Option<&'s Command> {
    let [before @ .., _] = script.root.items.as_slice() else { return None };
    // It looks at the status itself.
    let looks = script.text().contains("$?") || script.commands_named("trap").next().is_some();
    if before.is_empty() || looks || !script.problems.is_empty() {
        return None;
    }
    let items = before.iter().filter(|item| item.terminator != Connector::Background);
    items.filter_map(|item| may_fail(script, item)).find(|command| !facts.options_at(script, command).errexit)
}

/// A command of a chain that may fail without being dealt with.
fn may_fail<'s>(script: &'s Script, chain: &AndOr) -> Option<&'s Command> {
    if chain.elements.iter().any(|element| element.before == Connector::Or) {
        return None;
    }
    let commands = chain.elements.iter().flat_map(|element| &element.pipeline.commands);
    commands
        .filter_map(|node| match node {
            Node::Simple(id) => script.command(*id),
            Node::Compound(compound) => {
                let within = |command: &&Command| {
                    compound.place.start <= command.place.start && command.place.end <= compound.place.end
                };
                script.commands().filter(within).find(|command| fails(command))
            }
        })
        .find(|command| fails(command))
}

/// Whether a command may fail in a way that matters.
fn fails(command: &Command) -> bool {
    let writes = command.redirects.iter().any(|redirect| redirect.heredoc.is_some());
    match command.name() {
        Some("cat" | "tee") if writes => false,
        Some(
            "echo" | "printf" | "export" | "set" | "shopt" | "true" | ":" | "umask" | "unset" | "local"
            | "readonly" | "declare" | "alias" | "exit" | "return" | "shift" | "sleep" | "[" | "test"
            | "break" | "continue" | "wait",
        )
        | None => false,
        Some(_) => true,
    }
}

/// `set -e` as the first line of the body, behind a `#!` line.
fn insert(file: &FileFacts<'_>, heredoc: &Heredoc) -> Option<Edit> {
    let source = &file.dockerfile.source;
    let body = source.slice(heredoc.body);
    let mut at = heredoc.body.start;
    if body.trim_start_matches('\t').starts_with("#!") {
        at += body.find('\n')? as u32 + 1;
    }
    let rest = source.slice(Span::new(at, heredoc.body.end));
    let line = rest.lines().find(|line| !line.trim().is_empty())?;
    let indent = line.get(..line.len() - line.trim_start().len()).unwrap_or("");
    Some(Edit::insert(at, format!("{indent}set -e{}", source.newline_at(at))))
}
