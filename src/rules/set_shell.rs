//! SHELL inserted before a RUN that needs bash, or a shell that stops at a failing pipe.

use super::bashisms::bashisms;
use super::pipes::{breaks_under_pipefail, hidden_failure, own_scripts};
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, Shell, StageFacts};
use crate::image::ShellKind;
use crate::shell::{Options, ShellCall};
use crate::text::Edit;

/// How many stages a file may have for what is built on one another to be looked through.
const MAX_STAGES: usize = 64;

/// A SHELL to insert.
#[derive(Debug)]
pub(super) struct SetShell {
    /// The instruction, without a line end.
    pub(super) line: String,
    /// Whether it switches `pipefail` on.
    pub(super) pipefail: bool,
    /// The edit that inserts it.
    pub(super) edit: Edit,
}

/// The one SHELL that serves all RUNs of a stage which need bash or `pipefail`, inserted before the first of them, or
/// already in the stage it is built on, when that one wants the same. `None` where none is needed, where bash is not there, or where the change could break what works: a command in
/// shell form that the container starts, text that `echo` of bash prints in another way.
pub(super) fn set_shell(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<SetShell> {
    // What is built on a stage is looked through for each; nobody has that many.
    if file.stages.len() > MAX_STAGES && (stage.built_on || stage.root != stage.index) {
        return None;
    }
    let own = own_shell(file, stage)?;
    let below = file.chain(stage).into_iter().skip(1);
    let same = below.filter_map(|stage| own_shell(file, stage)).filter(|other| other.line == own.line).last();
    Some(same.unwrap_or(own))
}

fn own_shell(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<SetShell> {
    let (mut first, mut piped, mut bash) = (None, false, false);
    for facts in stage.of(Keyword::Run) {
        let (bashisms, _) = bashisms(file, stage, facts);
        let pipe = hidden_failure(file, stage, facts).is_some()
            && matches!(file.shell_kind(stage, facts), ShellKind::Dash | ShellKind::Ash);
        if pipe || !bashisms.is_empty() {
            first.get_or_insert(facts);
        }
        piped |= pipe;
        bash |= !bashisms.is_empty();
    }
    let first = first?;
    let kind = file.shell_kind(stage, first);
    let replaceable = match &first.state.shell {
        Shell::Default => true,
        Shell::Set(words) => words.len() == 2 && ShellCall::of(words).options == Options::default(),
    };
    let affected = affected(file, stage, first);
    if !replaceable || starts_in_shell_form(&affected) {
        return None;
    }
    let to_bash = bash || kind == ShellKind::Dash;
    if to_bash && (!file.has_bash(stage, first) || (kind == ShellKind::Dash && echoes_escapes(&affected))) {
        return None;
    }
    let pipefail = piped && !affected.iter().any(|facts| breaks_under_pipefail(facts));
    let line = match (to_bash, pipefail) {
        (true, true) => r#"SHELL ["/bin/bash", "-o", "pipefail", "-c"]"#,
        (true, false) if bash => r#"SHELL ["/bin/bash", "-c"]"#,
        (false, true) => r#"SHELL ["/bin/ash", "-eo", "pipefail", "-c"]"#,
        _ => return None,
    };
    let source = &file.dockerfile.source;
    // Comments above belong to the RUN; a rule may be switched off there.
    let mut number = source.line_of(first.instruction.span.start);
    while number > 1 && source.line(number - 1).trim_start().starts_with('#') {
        number -= 1;
    }
    let at = source.line_span(number).start.max(stage.from.span.end);
    let newline = source.newline_at(first.instruction.span.start);
    Some(SetShell { line: line.to_owned(), pipefail, edit: Edit::insert(at, format!("{line}{newline}")) })
}

/// The instructions that a SHELL before `first` changes: up to the next SHELL, and what is built on the stage.
fn affected<'f>(
    file: &'f FileFacts<'_>,
    stage: &StageFacts<'_>,
    first: &InstructionFacts<'_>,
) -> Vec<&'f InstructionFacts<'f>> {
    let mut out = Vec::new();
    let is_shell = |facts: &&InstructionFacts<'_>| !facts.is(Keyword::Shell);
    let mut whole = true;
    for other in file.with_descendants(stage) {
        if other.index != stage.index && !whole {
            break;
        }
        let rest = other.instructions.iter().filter(|facts| facts.index >= first.index);
        out.extend(rest.take_while(is_shell));
        if other.index == stage.index {
            let mut rest = other.instructions.iter().filter(|facts| facts.index >= first.index);
            whole = rest.all(|facts| !facts.is(Keyword::Shell));
        }
    }
    out
}

/// Whether the container starts something through the shell.
fn starts_in_shell_form(affected: &[&InstructionFacts<'_>]) -> bool {
    affected.iter().any(|facts| match facts.instruction.keyword {
        Keyword::Cmd | Keyword::Entrypoint => !facts.instruction.json,
        Keyword::Healthcheck => facts.body.is_some(),
        Keyword::Onbuild => true,
        _ => false,
    })
}

/// Whether text is printed that dash reads escapes in (`echo "a\nb"` gives two lines), and bash does not.
fn echoes_escapes(affected: &[&InstructionFacts<'_>]) -> bool {
    affected.iter().filter(|facts| facts.is(Keyword::Run)).any(|facts| {
        own_scripts(facts).any(|(script, _)| {
            script.commands().filter(|command| command.name() == Some("echo")).any(|command| {
                let option = command.args().first().map(crate::shell::Word::text);
                !matches!(option, Some("-e" | "-ne" | "-en"))
                    && command.args().iter().any(|word| word.text().contains('\\'))
            })
        })
    })
}
