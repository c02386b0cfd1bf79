//! `effect-lost-after-run`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Report};
use crate::shell::{Command, Connector, Interpreter, List, Node, Script, Word};

declare_rule! {
    /// The effect of this command ends with the RUN.
    ///
    /// ## What it does
    ///
    /// Finds a `RUN` that ends with something only its own shell or its own processes have: `cd`, `export`, `source`,
    /// `ulimit`, `mount`, a service that is started. Also commands that are pointless in a build: `reboot`, `top`.
    ///
    /// ## Why is this bad?
    ///
    /// Each `RUN` is a process of its own, and only files are kept of it. The next instruction starts in `WORKDIR` again,
    /// with the variables of `ENV`, and no service runs.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN mkdir -p /srv/app && cd /srv/app
    /// RUN touch here
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// WORKDIR /srv/app
    /// RUN touch here
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No fix: the right place depends on what is wanted. The comment names it.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: RUN](https://docs.docker.com/reference/dockerfile/#run)
    /// - [Dockerfile reference: WORKDIR](https://docs.docker.com/reference/dockerfile/#workdir)
    pub(super) RULE = "effect-lost-after-run" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Text,
        aliases: ["DL3001", "hadolint/DL3001", "Run Utilities And POSIX Commands", "DF060"],
        check: Check::Instruction(check),
    }
}

fn check(_: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let Some(body) = facts.body.filter(|_| facts.is(Keyword::Run)) else { return };
    let heredoc = body.heredocs.iter().find(|heredoc| !matches!(heredoc.interpreter, Interpreter::Other(_)));
    let script = match heredoc.and_then(|heredoc| heredoc.script.as_ref()) {
        Some(script) => script,
        None if body.heredocs.is_empty() => &body.line,
        None => return,
    };
    if !script.problems.is_empty() {
        return;
    }
    let last = last_effect(script, &script.root);
    if let Some((command, lost)) =
        last.and_then(|(command, background)| Some((command, lost(script, command, background)?)))
    {
        let span = command.name_word().map_or(command.span(), Word::span);
        report.add(span, lost.message).note(lost.instead);
        return;
    }
    for command in script.commands() {
        if let Some(message) = pointless(command) {
            report
                .add(command.name_word().map_or(command.span(), Word::span), message)
                .note("Delete it; what the container needs goes into its start command.");
            return;
        }
    }
}

/// The last command of a list, and whether it runs in the background. Strings that a shell runs are looked into:
/// `bash -c "source x"`.
fn last_effect<'s>(script: &'s Script, list: &'s List) -> Option<(&'s Command, bool)> {
    let chain = list.items.last()?;
    let element = chain.elements.last()?;
    if element.before == Connector::Or || element.pipeline.negated {
        return None;
    }
    let [Node::Simple(id)] = element.pipeline.commands.as_slice() else { return None };
    let command = script.command(*id)?;
    match &command.script {
        Some(inner) if matches!(command.name(), Some("sh" | "bash" | "ash" | "dash" | "zsh")) => {
            last_effect(script, inner)
        }
        _ => Some((command, chain.terminator == Connector::Background)),
    }
}

/// An effect that is lost, and where it belongs.
struct Lost {
    message: String,
    instead: String,
}

fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lost(script: &Script, command: &Command, in_background: bool) -> Option<Lost> {
    let name = command.name()?;
    let args: Vec<&str> = command.args().iter().map(Word::text).collect();
    let first = args.first().copied().unwrap_or("");
    let shown = plain(script.raw(command.place));
    let ends = |what: &str| format!("`{shown}` ends with this `RUN`: {what}.");
    if in_background {
        // One that is waited for is no daemon.
        let shell = matches!(name, "sleep" | "cd" | "echo" | "wait");
        return (!shell).then(|| Lost {
            message: format!(
                "`{}` is started in the background and ends with this `RUN`: no process outlives it.",
                plain(name)
            ),
            instead: "Start it with the container, in `CMD`, `ENTRYPOINT` or a script that they start."
                .to_owned(),
        });
    }
    let lost = |message: String, instead: String| Some(Lost { message, instead });
    match name {
        // The way back, or one of several steps, is no mistake.
        "cd" if args.len() == 1 && script.commands_named("cd").count() == 1 => {
            if matches!(first, "/" | ".." | "-" | "~" | ".")
                || script.commands_named("pushd").next().is_some()
            {
                return None;
            }
            let dir = plain(command.args().first().map_or("", Word::raw));
            lost(
                ends("the next instruction starts in `WORKDIR` again"),
                format!("Use `WORKDIR {dir}` instead."),
            )
        }
        "export" if !first.is_empty() && !first.starts_with('-') => {
            let pair = plain(command.args().first().map_or("", Word::raw));
            let instead = if first.starts_with("DEBIAN_FRONTEND=") {
                format!("Use `ARG {pair}` instead: the container has no use for it.")
            } else if first.contains("$(") || first.contains("${") && first.contains(':') {
                "Use `ENV` for values that are known, and a file that is read at the start for others."
                    .to_owned()
            } else if first.contains('=') {
                format!("Use `ENV {pair}` instead.")
            } else {
                "Use `ENV` instead.".to_owned()
            };
            lost(ends("no later instruction and no container sees the variable"), instead)
        }
        "source" | "." if sets_environment(first) => {
            let instead = match first.strip_suffix("/bin/activate") {
                Some(venv) if venv.starts_with(['/', '$']) => {
                    format!("Use `ENV PATH={}/bin:$PATH` instead.", plain(venv))
                }
                Some(_) => {
                    "Put the `bin` folder of the environment into `PATH` with `ENV` instead.".to_owned()
                }
                None => "Set what it sets with `ENV`, or read it in the commands that need it.".to_owned(),
            };
            lost(ends("what the file sets is gone in the next instruction"), instead)
        }
        "ulimit" | "umask" => lost(
            ends("limits belong to a process, not to the image"),
            "Set it where the container is started (`docker run --ulimit`), or in its start script."
                .to_owned(),
        ),
        "sysctl" if args.iter().any(|arg| *arg == "-w" || arg.contains('=') || arg.starts_with("-p")) => {
            lost(
                ends("kernel settings are no files of the image"),
                "Set it where the container is started (`docker run --sysctl`).".to_owned(),
            )
        }
        "mount" if args.iter().any(|arg| !arg.starts_with('-')) => lost(
            ends("a mount is no file of the image"),
            "Mount it where the container is started, or with `RUN --mount` for one instruction.".to_owned(),
        ),
        "service" if matches!(args.get(1), Some(&("start" | "restart"))) => Some(start(&shown)),
        "systemctl" if matches!(args.first(), Some(&("start" | "restart"))) => Some(start(&shown)),
        "rc-service" if matches!(args.get(1), Some(&("start" | "restart"))) => Some(start(&shown)),
        _ if command.name_word()?.text().starts_with("/etc/init.d/")
            && matches!(first, "start" | "restart") =>
        {
            Some(start(&shown))
        }
        _ => None,
    }
}

fn start(shown: &str) -> Lost {
    Lost {
        message: format!("`{shown}` ends with this `RUN`: no process outlives it."),
        instead: "Start it with the container, in `CMD`, `ENTRYPOINT` or a script that they start."
            .to_owned(),
    }
}

/// Whether a file that is sourced only sets up the shell.
fn sets_environment(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "activate"
            | ".bashrc"
            | ".profile"
            | ".bash_profile"
            | ".zshrc"
            | "bash.bashrc"
            | "bashrc"
            | "profile"
            | "nvm.sh"
            | "environment"
            | ".env"
            | "setup.bash"
            | "setvars.sh"
    ) || (name == "env" && path.contains(".cargo"))
}

/// What is wrong with a command that has no place in a build.
fn pointless(command: &Command) -> Option<String> {
    let context = command.context;
    if !context.inside.is_none() || context.pipe_length > 1 || context.next == Connector::Or {
        return None;
    }
    let args = command.args();
    let alone = command.redirects.is_empty();
    match command.name()? {
        name @ ("reboot" | "shutdown" | "poweroff" | "halt") => {
            Some(format!("`{name}` does nothing in a build: there is no system to stop."))
        }
        name @ ("top" | "htop" | "ps" | "ifconfig") if alone => {
            let batch = args.iter().any(|word| word.text() == "--version");
            (!batch).then(|| {
                format!("`{name}` only tells about the machine of the build: nothing of it is in the image.")
            })
        }
        name @ ("vim" | "vi" | "nano" | "emacs") if alone => {
            let scripted = args.iter().any(|word| word.text().starts_with(['-', '+']));
            (!scripted && !args.is_empty())
                .then(|| format!("`{name}` waits for somebody to type: a build has no terminal."))
        }
        _ => None,
    }
}
