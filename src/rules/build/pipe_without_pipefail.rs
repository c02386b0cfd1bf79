//! `pipe-without-pipefail`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::image::ShellKind;
use crate::rules::pipes::{Pipe, breaks_under_pipefail, hidden_failure};
use crate::rules::set_shell::set_shell;
use crate::rules::{Check, Fix, Report};
use crate::shell::Node;
use crate::text::Edit;

declare_rule! {
    /// A failing command at the left of a pipe goes unnoticed.
    ///
    /// ## What it does
    ///
    /// Finds pipes in `RUN` whose left side can fail while `pipefail` is off. Sides that only print text, pipes whose
    /// result is checked later in the same `RUN`, and shells that are not known are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// A shell takes the exit status of the last command of a pipe for that of the whole. When a download breaks off,
    /// the command behind it may still succeed with what arrived; the build then goes on and keeps a broken layer in
    /// its cache.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM buildpack-deps:trixie-curl
    /// RUN curl -fsSL https://example.com/setup.sh | sh
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM buildpack-deps:trixie-curl
    /// SHELL ["/bin/bash", "-o", "pipefail", "-c"]
    /// RUN curl -fsSL https://example.com/setup.sh | sh
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Needs a look: a `grep` at the left that finds nothing stops the build from then on. One `SHELL` serves the whole
    /// stage. It is not offered where the container starts a command in shell form, or where a pipe ends early on
    /// purpose (`| head`); a shell that knows `pipefail` gets it in front of the one `RUN` then.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Using pipes](https://docs.docker.com/build/building/best-practices/#using-pipes)
    /// - [Bash manual: Pipelines](https://www.gnu.org/software/bash/manual/html_node/Pipelines.html)
    pub(super) RULE = "pipe-without-pipefail" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["DL4006", "hadolint/DL4006", "Shell Running A Pipe Without Pipefail Flag", "DF057"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let pipes: Vec<(&InstructionFacts<'_>, Pipe<'_>)> = stage
        .of(Keyword::Run)
        .filter_map(|facts| Some((facts, hidden_failure(file, stage, facts)?)))
        .collect();
    if pipes.is_empty() {
        return;
    }
    let shell = set_shell(file, stage).filter(|shell| shell.pipefail);
    for (facts, pipe) in pipes {
        let Pipe { left, right, .. } = &pipe;
        let finding = report
            .add(
                pipe.span,
                format!(
                    "`{left}` may fail here without stopping the build: a pipe has the exit status of its last command, `{right}`."
                ),
            )
            .level(if pipe.grave { Level::Warning } else { Level::Info });
        let kind = file.shell_kind(stage, facts);
        if let Some(shell) = shell.as_ref().filter(|_| kind != ShellKind::Bash) {
            finding
                .note(
                    "The `SHELL` holds for the rest of the stage: check that no pipe there is meant to fail at its left, as `grep` does when it finds nothing.",
                )
                .fix(Fix::confirm(format!("Insert `{}`", shell.line), vec![shell.edit.clone()]));
        } else if let Some(edit) = prefix(file, facts, &pipe).filter(|_| kind != ShellKind::Dash) {
            finding
                .note(
                    "Check that no pipe of this `RUN` is meant to fail at its left, as `grep` does when it finds nothing.",
                )
                .fix(Fix::confirm("Switch `pipefail` on in this `RUN`", vec![edit]));
        } else if kind == ShellKind::Dash {
            finding.note(
                "`sh` is dash here: set `SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]` before it, or write to a file first and read that.",
            );
        }
    }
}

/// `set -o pipefail` at the start of the script.
fn prefix(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, pipe: &Pipe<'_>) -> Option<Edit> {
    let first = pipe.script.root.items.first()?;
    if !pipe.script.problems.is_empty() || breaks_under_pipefail(facts) {
        return None;
    }
    // `set -ex` becomes `set -exo pipefail`.
    if let Some(Node::Simple(id)) = first.elements.first().and_then(|e| e.pipeline.commands.first())
        && let Some(set) = pipe.script.command(*id).filter(|command| command.name() == Some("set"))
        && let [word] = set.args()
        && word.is_plain()
        && word.text().strip_prefix('-').is_some_and(|letters| letters.bytes().all(|b| b"eux".contains(&b)))
    {
        return Some(Edit::insert(word.span().end, "o pipefail"));
    }
    let start = first.place.span.start;
    if pipe.heredoc.is_none() {
        return Some(Edit::insert(start, "set -o pipefail && "));
    }
    let source = &file.dockerfile.source;
    let line = source.line_span(source.line_of(start));
    let indent = source.line(source.line_of(start));
    let indent = indent.get(..indent.len() - indent.trim_start().len()).unwrap_or("");
    Some(Edit::insert(line.start, format!("{indent}set -o pipefail{}", source.newline_at(line.start))))
}
