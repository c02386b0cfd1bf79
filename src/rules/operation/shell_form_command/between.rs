//! `["sh", "-c", "server"]`: exec form, and a shell all the same.

use super::takes_a_string;
use crate::dockerfile::{Joined, Word};
use crate::facts::{FileFacts, InstructionFacts, Shell, StageFacts, after_wrappers, shell_string};
use crate::image::ShellKind;
use crate::rules::exec_form::{BUILTINS, chain};
use crate::rules::operation::entrypoint_without_exec::{init_signals_all, lacks_exec};
use crate::rules::{Fix, Report};
use crate::shell::parse;
use crate::text::Edit;

/// Reports a shell that stays between the first process and the program. Measured with Debian 13: dash stays, also
/// with a single command; bash and BusyBox make way for the last command of a string by themselves.
pub(super) fn check(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    report: &mut Report,
) {
    let words: Vec<&Word> = facts.instruction.args.iter().collect();
    let words = after_wrappers(&words);
    let (Some(shell), Some(code)) = (words.first(), shell_string(words)) else { return };
    // A string that a start script or an init gets is theirs.
    if !stays(file, stage, facts, &shell.text)
        || takes_a_string(file, stage)
        || init_signals_all(&stage.start)
    {
        return;
    }
    let script = parse(&Joined::verbatim(&code.text, code.span.start + 1));
    let Some(commands) = chain(&script) else { return };
    let Some(last) = commands.last().filter(|last| lacks_exec(last)) else { return };
    let (Some(program), Some(first)) = (last.name(), last.words.first()) else { return };
    // Without escapes between the quotes each byte of the string is one of the file.
    let exact = code.span.len() as usize == code.text.len() + 2;
    let name = program.replace('`', "");
    let shell = shell.text.replace('`', "");
    let message = format!(
        "`{shell} -c` stays in between and does not hand SIGTERM on to `{name}`, which is killed instead of stopped."
    );
    let span = if exact { last.span() } else { code.span };
    let finding = report.add(span, message);
    if !exact || BUILTINS.contains(&program) {
        finding.note("Write `exec` before the last command.");
        return;
    }
    let edit = Edit::insert(first.span().start, "exec ");
    finding.fix(Fix::safe("Put `exec` before the last command", vec![edit]));
}

/// Whether this shell waits for its last command instead of becoming it.
fn stays(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, shell: &str) -> bool {
    match shell.rsplit('/').next() {
        Some("dash") => true,
        Some("sh") if facts.state.shell == Shell::Default => file.shell_kind(stage, facts) == ShellKind::Dash,
        Some("sh") => file.defaults(stage).is_some_and(|defaults| defaults.shell.kind == ShellKind::Dash),
        _ => false,
    }
}
