//! `shell-form-command`.

mod between;

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, Shell, StageFacts, after_wrappers};
use crate::image::Entrypoint;
use crate::rules::exec_form::{BUILTINS, chain, json_array, plain_words};
use crate::rules::{Check, Fix, Report, Safety};
use crate::shell::{Command, Script, Word};
use crate::text::Edit;

declare_rule! {
    /// CMD or ENTRYPOINT in shell form: a shell is PID 1 and eats the signals.
    ///
    /// ## What it does
    ///
    /// Finds `CMD` and `ENTRYPOINT` of the image that is shipped when they are not a JSON array. Also finds
    /// `["sh", "-c", "server"]` where `sh` is dash, as on Debian and Ubuntu: it waits for the server, where bash
    /// and BusyBox make way for it.
    ///
    /// ## Why is this bad?
    ///
    /// Docker starts `/bin/sh -c "…"` then. The shell is process 1, the program its child: `docker stop`
    /// sends SIGTERM to the shell, which does not hand it on, and after ten seconds everything is killed in
    /// the middle of its work. A shell-form `ENTRYPOINT` also drops `CMD` and the arguments of `docker run`.
    ///
    /// With the exec form the signal reaches the program. One that has no handler for it still does not stop: the
    /// kernel spares process 1. `docker run --init`, or `init: true` in a Compose file, puts an init in front of it.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// CMD python3 app.py
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// CMD ["python3", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe for a command of plain words. Where variables need a shell, or where other commands run before the
    /// server, the fix keeps the shell and lets the server replace it with `exec`; check that it starts.
    /// Pipes, redirects, globs and the like are left to you.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, CMD](https://docs.docker.com/build/building/best-practices/#cmd)
    /// - [Docker build checks: JSONArgsRecommended](https://docs.docker.com/reference/build-checks/json-args-recommended/)
    /// - [Dockerfile reference: Shell and exec form](https://docs.docker.com/reference/dockerfile/#shell-and-exec-form)
    pub(super) RULE = "shell-form-command" {
        chapter: Operation, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL3025", "JSONArgsRecommended", "buildkit/JSONArgsRecommended",
            "Not Using JSON In CMD And ENTRYPOINT Arguments", "DF018", "DF025",
        ],
        check: Check::Instruction(check),
    }
}

/// Base images whose init program takes the command as one string, or brings its own shell.
const INITS: [&str; 2] = ["my_init", "init"];

/// Whether the container says something and ends: nobody has to stop it.
fn only_prints(script: &Script) -> bool {
    let mut commands = script.commands().peekable();
    commands.peek().is_some()
        && commands
            .all(|command| matches!(command.name(), Some("echo" | "printf" | "true" | "false" | "exit")))
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if !matches!(node.keyword, Keyword::Cmd | Keyword::Entrypoint)
        || !stage.shipped
        // BuildKit refuses flags here.
        || !node.flags.is_empty()
        || node.rest_text().is_empty()
        // A Dockerfile with another escape character is one for Windows.
        || file.dockerfile.escape != '\\'
    {
        return;
    }
    if node.json {
        between::check(file, stage, facts, report);
        return;
    }
    if facts.state.shell != Shell::Default {
        return;
    }
    // None on Windows, where the shell is `cmd`.
    let Some(body) = &facts.body else { return };
    // An array that is no JSON, and a shell that is not there, have rules of their own.
    if node.json_like().is_some() || file.has_no_shell(stage, facts.index) {
        return;
    }
    let entrypoint = stage.start.entrypoint.as_ref().filter(|part| part.index != facts.index);
    if node.keyword == Keyword::Cmd && takes_a_string(file, stage) {
        return;
    }
    let script = &body.line;
    if last_is_exec(script) || only_prints(script) {
        return;
    }
    let keyword = node.keyword.name();
    let plain = plain_words(script);
    let level =
        if plain.as_ref().is_some_and(|words| words.len() == 1) { Level::Info } else { Level::Warning };
    let cmd = stage.start.cmd.as_ref().filter(|part| part.index != facts.index);
    let message = if node.keyword == Keyword::Entrypoint && cmd.is_some() {
        "The shell form makes a shell process 1, which keeps SIGTERM from the program. `CMD` and the arguments of `docker run` are ignored as well.".to_owned()
    } else {
        format!(
            "`{keyword}` in shell form makes a shell process 1, which does not hand SIGTERM on: the program is killed instead of stopped."
        )
    };
    let span = node.rest_span();
    let mut finding = report.add(span, message).level(level);

    let rewritten =
        if node.comments.is_empty() && body.heredocs.is_empty() { rewrite(script, plain) } else { None };
    let Some(rewritten) = rewritten else {
        finding.note(
            "Write the command as a JSON array. If it needs a shell, put it into a script whose last line is `exec` and the server.",
        );
        return;
    };
    let mut safety = rewritten.safety;
    if rewritten.needs_shell {
        finding = finding.note(
            "The shell stays for its variables and for what runs first; `exec` lets the server take its place. Check that the container still starts.",
        );
    }
    if node.keyword == Keyword::Entrypoint
        && let Some(cmd) = cmd
    {
        if !cmd.instruction.json {
            finding.note(
                "Write both `ENTRYPOINT` and `CMD` as JSON arrays: the words of `CMD` become arguments then.",
            );
            return;
        }
        if !rewritten.needs_shell {
            safety = Safety::Confirm;
            finding =
                finding.note("The words of `CMD` become arguments of the program; they are ignored today.");
        }
    }
    if node.keyword == Keyword::Cmd
        && let Some(entrypoint) = entrypoint
        && entrypoint.instruction.json
        && !after_wrappers(&entrypoint.instruction.args.iter().collect::<Vec<_>>()).is_empty()
    {
        safety = Safety::Confirm;
        finding = finding.note(
            "`ENTRYPOINT` gets these words as its arguments, where it gets `/bin/sh`, `-c` and one string today.",
        );
    }
    let edits = vec![Edit::replace(span, rewritten.json)];
    let title = format!("Write `{keyword}` as a JSON array");
    finding.fix(match safety {
        Safety::Safe => Fix::safe(title, edits),
        Safety::Confirm => Fix::confirm(title, edits),
    });
}

/// Whether CMD is handed to something that takes one string: `ENTRYPOINT ["sh", "-c"]`, an init image.
fn takes_a_string(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    match &stage.start.entrypoint {
        Some(entrypoint) => {
            entrypoint.instruction.json
                && entrypoint
                    .instruction
                    .args
                    .last()
                    .is_some_and(|word| word.text.starts_with('-') && word.text.ends_with('c'))
        }
        None => file.base_image(stage).is_some_and(|base| match base.defaults.entrypoint {
            Entrypoint::Runs(program) => program.rsplit('/').next().is_some_and(|name| INITS.contains(&name)),
            Entrypoint::Unknown => base.image.repository.starts_with("phusion/"),
            Entrypoint::None => false,
        }),
    }
}

/// Whether the shell ends by becoming the program: `exec java …`, `prepare && exec server`. A lone `exec`
/// in front of a chain replaces the shell before the rest of the chain can run, which is not meant.
fn last_is_exec(script: &Script) -> bool {
    let Some(commands) = chain(script) else {
        // `exec java … 2>&1` and the like: one command, whatever is behind it.
        return script.single_command().is_some_and(starts_with_exec);
    };
    commands.last().is_some_and(|last| starts_with_exec(last))
        && !commands[..commands.len() - 1].iter().any(|command| starts_with_exec(command))
}

fn starts_with_exec(command: &Command) -> bool {
    command.words.first().is_some_and(|word| word.literal() == Some("exec"))
}

struct Rewritten {
    json: String,
    safety: Safety,
    needs_shell: bool,
}

/// The cases that can be rewritten without changing what the shell does with them.
fn rewrite(script: &Script, plain: Option<Vec<String>>) -> Option<Rewritten> {
    let commands = chain(script)?;
    let last = commands.last()?;
    let program = last.words.first()?;
    if BUILTINS.contains(&program.text()) || commands.iter().any(|command| starts_with_exec(command)) {
        return None;
    }
    let words = || commands.iter().flat_map(|command| &command.words);
    if words().any(|word| has_nested_quotes(word) || needs_shell_syntax(word)) {
        return None;
    }
    if let Some(words) = plain {
        let json = json_array(words.iter().map(String::as_str))?;
        return Some(Rewritten { json, safety: Safety::Safe, needs_shell: false });
    }
    let mut text = String::new();
    for (index, command) in commands.iter().enumerate() {
        if index > 0 {
            text.push_str(" && ");
        }
        if index + 1 == commands.len() {
            text.push_str("exec ");
        }
        let words: Vec<&str> = command.words.iter().map(Word::raw).collect();
        text.push_str(&words.join(" "));
    }
    let json = json_array(["sh", "-c", &text])?;
    Some(Rewritten { json, safety: Safety::Confirm, needs_shell: true })
}

/// Globs, `~`, braces and substitutions.
fn needs_shell_syntax(word: &Word) -> bool {
    word.has_glob()
        || word.has_tilde()
        || word.has_brace_expansion()
        || word.has_substitution()
        || word.is_array()
        || word.raw().contains("$((")
}

fn has_nested_quotes(word: &Word) -> bool {
    word.text().contains('"') || word.text().contains('\'') && word.is_quoted()
}
