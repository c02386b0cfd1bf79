//! A command appended to what a RUN does, in the RUN's own style.

use crate::dockerfile::Heredoc;
use crate::facts::{FileFacts, InstructionFacts};
use crate::shell::{Connector, Interpreter, Script, Trailing};
use crate::text::{Edit, Span};

/// The scripts of a RUN that can be appended to: the line, then each here-document that a shell runs.
pub(super) fn appendable<'f>(
    facts: &'f InstructionFacts<'_>,
) -> impl Iterator<Item = (&'f Script, Option<&'f Heredoc>)> {
    let heredocs = facts.body.iter().flat_map(|body| &body.heredocs);
    let bodies = heredocs.zip(&facts.instruction.heredocs);
    facts.body.iter().map(|body| (&body.line, None)).chain(bodies.filter_map(|(read, heredoc)| {
        let runs = !matches!(read.interpreter, Interpreter::Other(_));
        read.script.as_ref().filter(|_| runs).map(|script| (script, Some(heredoc)))
    }))
}

/// The edit that lets a script of a RUN run one more command at its end. `None` where that is not certain to
/// be reached, or where the script is not understood.
pub(super) fn append(
    file: &FileFacts<'_>,
    facts: &InstructionFacts<'_>,
    script: &Script,
    heredoc: Option<&Heredoc>,
    command: &str,
) -> Option<Edit> {
    let ending = script.ending()?;
    let leaves = ending.command.and_then(|last| last.name());
    if !script.problems.is_empty()
        || ending.trailing == Trailing::Background
        || matches!(leaves, Some("exit" | "exec" | "return"))
        || ending.command.is_some_and(|last| last.prefix_word("exec").is_some())
    {
        return None;
    }
    match heredoc {
        Some(heredoc) => new_last_line(file, script, heredoc, command),
        None => Some(behind_chain(file, facts, script, command)),
    }
}

fn new_last_line(file: &FileFacts<'_>, script: &Script, heredoc: &Heredoc, command: &str) -> Option<Edit> {
    let source = &file.dockerfile.source;
    let body = source.slice(heredoc.body);
    let last = body.trim_end_matches(['\n', '\r']);
    if heredoc.end.is_empty() || !body.ends_with('\n') || last.ends_with('\\') {
        return None;
    }
    let line = source.line_of(script.ending()?.chain.place.span.start);
    let newline = source.newline_at(heredoc.body.start);
    Some(Edit::insert(heredoc.body.end, format!("{}{command}{newline}", indentation(source.line(line)))))
}

fn behind_chain(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, script: &Script, command: &str) -> Edit {
    let source = &file.dockerfile.source;
    let items = script.root.items.as_slice();
    let Some(chain) = items.last() else { return Edit::insert(facts.instruction.body.end, String::new()) };
    let at = chain.place.span.end;
    // `a; b; c` goes on with `;`, everything else with `&&`.
    let before = items.get(..items.len().saturating_sub(1)).unwrap_or(&[]);
    let semicolon = chain.elements.len() == 1
        && !before.is_empty()
        && before.iter().all(|item| item.terminator == Connector::Semicolon);
    let links: Vec<Span> = if semicolon {
        before.iter().rev().map(|item| item.terminator_place.span).collect()
    } else {
        let ands = chain.elements.iter().rev().filter(|element| element.before == Connector::And);
        ands.map(|element| element.before_place.span).collect()
    };
    let first_line = source.line_of(facts.instruction.name.span.start);
    let last_line = source.line_of(at);
    if first_line == last_line {
        return Edit::insert(at, if semicolon { format!("; {command}") } else { format!(" && {command}") });
    }
    let escape = file.dockerfile.escape;
    let newline = source.newline_at(at);
    // How the chain itself breaks its lines: at the last link that stands at an end of a line.
    let mut trailing = semicolon;
    let mut indent = indentation(source.line(last_line));
    for link in links {
        let number = source.line_of(link.start);
        let line = source.line_span(number);
        let before = source.slice(Span::new(line.start, link.start)).trim();
        let behind = source.slice(Span::new(link.end, line.end)).trim();
        if behind.chars().eq([escape]) {
            let next = (number + 1..=last_line)
                .map(|n| source.line(n))
                .find(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
            (trailing, indent) = (true, indentation(next.unwrap_or("")));
            break;
        }
        if before.is_empty() {
            (trailing, indent) = (false, indentation(source.line(number)));
            break;
        }
    }
    let link = if semicolon { ";" } else { "&&" };
    Edit::insert(
        at,
        match (trailing, semicolon) {
            (true, true) => format!("; {escape}{newline}{indent}{command}"),
            (true, false) => format!(" && {escape}{newline}{indent}{command}"),
            (false, _) => format!(" {escape}{newline}{indent}{link} {command}"),
        },
    )
}

/// The blanks a line begins with.
fn indentation(line: &str) -> &str {
    let end = line.find(|c: char| c != ' ' && c != '\t').unwrap_or(line.len());
    line.get(..end).unwrap_or("")
}
