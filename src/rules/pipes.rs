//! Pipes whose left side may fail unnoticed.

use crate::dockerfile::{Heredoc, Keyword};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::image::ShellKind;
use crate::shell::{
    Command, CompoundKind, Connector, Inside, Interpreter, List, Node, Pipeline, Script, Seen, verifies,
};
use crate::text::Span;

/// A pipe that hides a failure.
#[derive(Debug)]
pub(super) struct Pipe<'f> {
    /// The script it stands in.
    pub(super) script: &'f Script,
    /// The here-document of that script; `None` for the line of the RUN.
    pub(super) heredoc: Option<&'f Heredoc>,
    /// The program that may fail.
    pub(super) left: String,
    /// Its word.
    pub(super) span: Span,
    /// The program whose status counts.
    pub(super) right: String,
    /// Whether something is downloaded, or what comes out is run.
    pub(super) grave: bool,
}

/// The scripts of a RUN that run in the shell in effect: the line, and here-documents without a `#!` line.
pub(super) fn own_scripts<'f>(
    facts: &'f InstructionFacts<'_>,
) -> impl Iterator<Item = (&'f Script, Option<&'f Heredoc>)> {
    let body = facts.body.filter(|_| facts.is(Keyword::Run));
    let heredocs = body.into_iter().flat_map(|body| &body.heredocs).zip(&facts.instruction.heredocs);
    body.map(|body| (&body.line, None)).into_iter().chain(heredocs.filter_map(|(read, heredoc)| {
        let own = read.interpreter == Interpreter::Default;
        read.script.as_ref().filter(|_| own).map(|script| (script, Some(heredoc)))
    }))
}

/// The worst pipe of a RUN that may hide a failure, where its shell is known to let it.
pub(super) fn hidden_failure<'f>(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &'f InstructionFacts<'_>,
) -> Option<Pipe<'f>> {
    let mut found: Option<Pipe<'f>> = None;
    for (script, heredoc) in own_scripts(facts) {
        if !script.text().contains('|') || script.text().contains("PIPESTATUS") {
            continue;
        }
        let kind = file.shell_kind(stage, facts);
        if !matches!(kind, ShellKind::Dash | ShellKind::Ash | ShellKind::Bash) {
            return None;
        }
        script.pipelines(&mut |seen| {
            if let Some(pipe) = hides(facts, script, heredoc, seen)
                && found.as_ref().is_none_or(|known| pipe.grave && !known.grave)
            {
                found = Some(pipe);
            }
        });
    }
    found
}

fn hides<'f>(
    facts: &InstructionFacts<'_>,
    script: &'f Script,
    heredoc: Option<&'f Heredoc>,
    seen: Seen<'f>,
) -> Option<Pipe<'f>> {
    let pipeline = &seen.element.pipeline;
    let [before @ .., last] = pipeline.commands.as_slice() else { return None };
    // What follows `||` deals with failures; a condition asks for the answer of the right side.
    let handled = pipeline.negated
        || seen.next.is_some_and(|next| next.before == Connector::Or)
        || seen.inside.any(Inside::CONDITION.with(Inside::FUNCTION))
        || seen.chain.terminator == Connector::Background;
    if before.is_empty() || handled {
        return None;
    }
    let (at, culprit) = before.iter().enumerate().find(|(at, node)| may_fail(script, node, *at))?;
    let first = first_command(script, culprit)?;
    if first.context.inside.any(Inside::STRING) {
        return None;
    }
    let options = facts.options_at(script, first);
    // A failure of the right side must count, or the pipe is not what hides it.
    let counts = seen.next.is_some() || seen.in_last_chain || options.errexit;
    let holder = seen.holder.and_then(|id| script.command(id));
    let ignored = seen.inside.any(Inside::SUBSTITUTION)
        && !holder.is_some_and(|holder| {
            holder.words.is_empty() && holder.context.next != Connector::Or && seen.next.is_none()
        });
    if options.pipefail || !counts || ignored || is_checked(script, pipeline) {
        return None;
    }
    let left = first.name()?;
    let right = match last {
        Node::Simple(id) => script.command(*id)?.name().unwrap_or("the last command"),
        Node::Compound(_) => "the last command",
    };
    let grave = before.get(at..)?.iter().any(|node| downloads(script, node)) || executes(script, last);
    let span = first.name_word()?.span();
    Some(Pipe { script, heredoc, left: plain(left), span, right: plain(right), grave })
}

fn plain(name: &str) -> String {
    name.replace('`', "")
}

fn simple<'s>(script: &'s Script, node: &Node) -> Option<&'s Command> {
    match node {
        Node::Simple(id) => script.command(*id),
        Node::Compound(_) => None,
    }
}

/// The first command of a node that may fail.
fn first_command<'s>(script: &'s Script, node: &Node) -> Option<&'s Command> {
    match node {
        Node::Simple(id) => script.command(*id),
        Node::Compound(compound) => lists(&compound.kind)
            .into_iter()
            .flat_map(nodes)
            .find_map(|inner| may_fail(script, inner, 0).then(|| first_command(script, inner)).flatten()),
    }
}

fn lists(kind: &CompoundKind) -> Vec<&List> {
    match kind {
        CompoundKind::Subshell(list) | CompoundKind::Group(list) => vec![list],
        CompoundKind::For { body, .. } | CompoundKind::While { body, .. } => vec![body],
        CompoundKind::If { arms, otherwise } => arms.iter().map(|(_, body)| body).chain(otherwise).collect(),
        _ => Vec::new(),
    }
}

fn nodes(list: &List) -> impl Iterator<Item = &Node> {
    list.items.iter().flat_map(|chain| &chain.elements).flat_map(|element| &element.pipeline.commands)
}

/// Programs that only print what they are told or know. `find` and those that look for libraries are taken for such:
/// they fail where something is missing, and then there is nothing to print.
const PRINTERS: [&str; 28] = [
    ":",
    "arch",
    "basename",
    "date",
    "declare",
    "dirname",
    "dpkg-query",
    "echo",
    "env",
    "export",
    "false",
    "find",
    "getconf",
    "hostname",
    "id",
    "ldd",
    "locale",
    "lsb_release",
    "nproc",
    "printenv",
    "printf",
    "pwd",
    "scanelf",
    "seq",
    "set",
    "true",
    "uname",
    "yes",
];

/// Programs that only change what runs through them, or pick from it.
const FILTERS: [&str; 27] = [
    "awk", "base64", "cat", "column", "cut", "egrep", "expand", "fgrep", "fold", "gawk", "grep", "head",
    "iconv", "nl", "od", "paste", "rev", "sed", "shuf", "sort", "tac", "tail", "tee", "tr", "uniq", "wc",
    "xxd",
];

/// Whether a part of a pipe may fail. `at` is its place in the pipe.
fn may_fail(script: &Script, node: &Node, at: usize) -> bool {
    let Some(command) = simple(script, node) else {
        let Node::Compound(compound) = node else { return false };
        return lists(&compound.kind).into_iter().flat_map(nodes).any(|inner| may_fail(script, inner, 0));
    };
    // Not known: silent.
    let Some(name) = command.name() else { return false };
    let heredoc = command.redirects.iter().any(|redirect| redirect.heredoc.is_some());
    let asks_itself = command.args().first().is_some_and(|word| {
        matches!(word.text(), "--print-architecture" | "--print-foreign-architectures" | "--eval")
            || (word.text() == "-E" && name == "rpm")
    });
    let tells_version = command.args().len() == 1
        && command.args().iter().any(|word| matches!(word.text(), "--version" | "-V" | "version"));
    !(PRINTERS.contains(&name)
        || (at > 0 && FILTERS.contains(&name))
        || (name == "cat" && heredoc && command.args().is_empty())
        || (matches!(name, "dpkg" | "rpm") && asks_itself)
        || tells_version)
}

fn downloads(script: &Script, node: &Node) -> bool {
    match node {
        Node::Simple(id) => script.command(*id).is_some_and(|command| match command.name() {
            Some("curl" | "wget" | "svn" | "aws" | "gsutil" | "aria2c" | "axel" | "http") => true,
            Some("git") => command
                .args()
                .iter()
                .any(|word| matches!(word.text(), "clone" | "fetch" | "pull" | "archive" | "ls-remote")),
            _ => false,
        }),
        Node::Compound(compound) => {
            lists(&compound.kind).into_iter().flat_map(nodes).any(|inner| downloads(script, inner))
        }
    }
}

/// Whether what arrives is run: `| sh`, `| bash -s -- -y`, `| python3 -`.
fn executes(script: &Script, node: &Node) -> bool {
    let Some(command) = simple(script, node) else { return false };
    let first = command.args().first().map(crate::shell::Word::text);
    match command.name() {
        Some("sh" | "bash" | "ash" | "dash" | "zsh" | "ksh") => {
            command.args().iter().map(crate::shell::Word::text).take_while(|text| *text != "-s").all(|text| {
                text == "-" || (text.starts_with('-') && !text.contains('c')) || text == "/dev/stdin"
            })
        }
        Some("python" | "python3" | "perl" | "ruby" | "node" | "php") => {
            matches!(first, None | Some("-" | "/dev/stdin"))
        }
        _ => false,
    }
}

/// Whether the last command of a pipe, or a later one of the script, looks at what came out.
fn is_checked(script: &Script, pipeline: &Pipeline) -> bool {
    let last = pipeline.commands.last().and_then(|node| simple(script, node));
    let later = script.commands().filter(|command| command.place.start >= pipeline.place.end);
    // `… | grep -q x` asks for the answer.
    let asks = last.is_some_and(|last| {
        last.name() == Some("grep")
            && last.args().iter().any(|word| matches!(word.text(), "-q" | "--quiet" | "-Fq" | "-qF" | "-qx"))
    });
    asks || last
        .into_iter()
        .chain(later)
        .any(|command| matches!(command.name(), Some("test" | "[")) || verifies(command))
}

/// Whether a pipe of a RUN works today and fails under pipefail: one that ends early kills what writes into it.
pub(super) fn breaks_under_pipefail(facts: &InstructionFacts<'_>) -> bool {
    own_scripts(facts).any(|(script, _)| {
        let mut breaks = false;
        script.pipelines(&mut |seen| {
            let commands = seen.element.pipeline.commands.iter().filter_map(|node| simple(script, node));
            for command in commands {
                let context = command.context;
                let Some(name) = command.name() else { continue };
                let short = |letters: [char; 2]| {
                    command.args().iter().any(|word| {
                        let text = word.text();
                        text.starts_with('-') && !text.starts_with("--") && text.contains(letters)
                    })
                };
                breaks |= context.pipe_index > 0
                    && (name == "head"
                        || (name.ends_with("grep") && short(['q', 'm']))
                        || (name == "sed" && command.args().iter().any(|word| word.text().ends_with('q')))
                        || (name.ends_with("awk")
                            && command.args().iter().any(|word| word.text().contains("exit"))));
                // These also say no by failing, on the left of many pipes that work.
                let says_no = matches!(name, "yes" | "dpkg-query" | "ldd" | "diff" | "cmp");
                breaks |= says_no && context.pipe_index + 1 < context.pipe_length;
            }
        });
        breaks
    })
}
