//! `secret-in-trace`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::RepositoryFacts;
use crate::repository::project::{DockerCommand, Document, Host, Verb};
use crate::rules::secret_words::names_secret;
use crate::rules::{Check, Fix, Report};
use crate::shell::{Command, Interpreter, Script, Word, interpreter_of};
use crate::text::{Edit, Span};
use camino::Utf8Path;

declare_rule! {
    /// `set -x` prints a secret into the build log.
    ///
    /// ## What it does
    /// Looks at scripts, `run:` steps of workflows and RUN instructions in which the shell prints every command (`set -x`,
    /// `set -eux`, `bash -x`) while a command has a secret among its words: `docker login -p "$TOKEN"`,
    /// `--build-arg API_TOKEN=$TOKEN`, `curl -H "Authorization: …$TOKEN"`, `echo "$TOKEN" | docker login --password-stdin`.
    ///
    /// ## Why is this bad?
    /// The shell prints the command with the value in place of the variable, so the secret stands in the log, which more
    /// people can read than the secret store.
    ///
    /// ## Example
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euxo pipefail
    /// docker login -u ci -p "$TOKEN"
    /// docker build -t example/app:1.0 .
    /// ```
    ///
    /// ## Use instead
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euxo pipefail
    /// docker login -u ci --password-stdin <<<"$TOKEN"
    /// docker build -t example/app:1.0 .
    /// ```
    ///
    /// ## Fix safety
    /// Safe: the same login, with the password on standard input, which the shell does not print. Where that is not possible
    /// the command is put between `set +x` and `set -x`.
    ///
    /// ## References
    /// - [docker login: provide a password using STDIN](https://docs.docker.com/reference/cli/docker/login/#password-stdin)
    /// - [Bash manual: The Set Builtin](https://www.gnu.org/software/bash/manual/html_node/The-Set-Builtin.html)
    pub(super) RULE = "secret-in-trace" {
        chapter: Security, level: Warning, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// Where a script stands.
struct Place<'f> {
    path: &'f Utf8Path,
    /// The file, where whole lines of it can be changed.
    document: Option<&'f Document>,
    level: Level,
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    for document in &facts.project.documents {
        if let Some(file) = document.script() {
            let shell = file.host == Host::Shell;
            let place =
                Place { path: &document.path, document: shell.then_some(document), level: Level::Warning };
            for script in &file.scripts {
                look(&place, script, shell && is_traced_by_shebang(document.source.text()), report);
            }
        } else if let Some(workflow) = document.workflow() {
            // GitHub masks what it knows to be secret.
            let place = Place { path: &document.path, document: None, level: Level::Info };
            for (_, step) in workflow.steps() {
                let Some(run) = &step.run else { continue };
                let traced = run.shell.as_ref().is_some_and(|shell| {
                    shell.text.split_whitespace().skip(1).any(|word| is_short_with(word, 'x'))
                });
                if let Some(script) = run.script.as_deref() {
                    look(&place, script, traced, report);
                }
            }
        }
    }
    // Only few Dockerfiles are worth a look.
    let may_trace = |text: &str| {
        (text.contains("set -") || text.contains(" -x") || text.contains("xtrace"))
            && ["login", "uthorization", "--build-arg"].iter().any(|part| text.contains(part))
    };
    let files = facts.files.iter().filter(|file| may_trace(file.source.text()));
    for file in files.filter_map(|file| facts.file(&file.path)) {
        let place = Place { path: file.path, document: None, level: Level::Warning };
        for instruction in file.stages.iter().flat_map(|stage| &stage.instructions) {
            for script in instruction.scripts() {
                look(&place, script, false, report);
            }
        }
    }
}

fn is_short_with(word: &str, letter: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
}

fn is_traced_by_shebang(text: &str) -> bool {
    matches!(interpreter_of(text), Interpreter::Shell(_, words) if words.iter().any(|word| is_short_with(word, 'x')))
}

fn look(place: &Place<'_>, script: &Script, traced: bool, report: &mut Report) {
    for command in script.commands() {
        let Some(word) = secret_word(script, command) else { continue };
        let options = script.options_at(command);
        let switched = script.text().contains("set +");
        if !(options.xtrace || traced && !switched) {
            continue;
        }
        let message = "The shell prints this command with the secret in it, because of `-x`. Whoever can read the log can read the secret.";
        let added = report.add_in(place.path, word.span(), message).level(place.level);
        match place.document.and_then(|document| fix(document, command, word)) {
            Some(fix) => {
                added.fix(fix);
            }
            None => {
                added.note("Put `set +x` before the command and `set -x` behind it, or hand the secret over on standard input.");
            }
        }
    }
}

/// The word of a command that holds a secret from a variable.
fn secret_word<'s>(script: &'s Script, command: &'s Command) -> Option<&'s Word> {
    if let Some(docker) = DockerCommand::of(command) {
        return match docker.verb {
            Verb::Login if docker.flag("password-stdin").is_none() => {
                docker.flag("password").filter(|flag| flag.has_expansion())?.value_word
            }
            Verb::Build => docker
                .all("build-arg")
                .filter(|flag| flag.has_expansion())
                .filter(|flag| {
                    flag.value.and_then(|v| v.split_once('=')).is_some_and(|(key, _)| names_secret(key))
                })
                .find_map(|flag| flag.value_word),
            _ => None,
        };
    }
    match command.name()? {
        "curl" | "wget" => command.args().iter().find(|word| {
            let text = word.text().to_ascii_lowercase();
            word.has_expansion()
                && text.contains("authorization:")
                && word.variables().iter().any(|name| names_secret(name))
        }),
        "echo" | "printf" => {
            // It is handed to a login.
            let next = script.commands().find(|other| {
                other.context.chain == command.context.chain
                    && other.context.pipe_index == command.context.pipe_index + 1
                    && other.place.start > command.place.start
            });
            let login = command.context.pipe_length > 1
                && next.and_then(DockerCommand::of).is_some_and(|docker| docker.verb == Verb::Login);
            command.args().iter().find(|word| login && word.has_expansion())
        }
        _ => None,
    }
}

fn fix(document: &Document, command: &Command, word: &Word) -> Option<Fix> {
    let source = &document.source;
    let span = command.span();
    let bash = matches!(interpreter_of(source.text()), Interpreter::Shell(name, _) if name == "bash");
    let alone =
        command.context.pipe_length == 1 && command.redirects.is_empty() && command.context.inside.is_none();
    if let Some(docker) = DockerCommand::of(command).filter(|docker| docker.verb == Verb::Login)
        && bash
        && alone
        && let Some(flag) = docker.flag("password")
        && flag
            .value_word
            .is_some_and(|value| value.span() == word.span() && value.raw() == source.slice(value.span()))
        && flag.word.span() != word.span()
    {
        let value = word.raw();
        let edits = vec![
            Edit { span: flag.span(), text: "--password-stdin".to_owned() },
            Edit { span: Span::new(span.end, span.end), text: format!(" <<<{value}") },
        ];
        return Some(Fix::safe("Hand the password over on standard input", edits));
    }
    let (first, last) = source.lines_of(span);
    let line = source.line(first);
    // Lines of its own: nothing else stands before or behind it.
    if source.line_of(span.start) != first || line.trim() != source.slice(span) || first != last || !alone {
        return None;
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let newline = source.newline_at(span.end);
    let edits = vec![
        Edit { span: Span::new(span.start, span.start), text: format!("set +x{newline}{indent}") },
        Edit { span: Span::new(span.end, span.end), text: format!("{newline}{indent}set -x") },
    ];
    Some(Fix::safe("Switch `-x` off around the command", edits))
}
