//! `entrypoint-without-exec`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::{FileFacts, StageFacts, Start, final_commands};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Command, Connector, Inside, Script};
use crate::text::Edit;

declare_rule! {
    /// The start script runs the server as a child, so SIGTERM never reaches it.
    ///
    /// ## What it does
    ///
    /// Reads the script that ENTRYPOINT or CMD names and follows its last command, also into `if`, `case` and
    /// functions. Reports programs that run there in the foreground without `exec`, and `"$@"` without
    /// `exec`.
    ///
    /// ## Why is this bad?
    ///
    /// The shell of the script stays process 1. `docker stop` sends SIGTERM to it, and it does not hand the
    /// signal on: after ten seconds the server is killed in the middle of its requests. With `exec` the
    /// server takes the place of the shell and gets the signal. One that has no handler for it still does not stop:
    /// the kernel spares process 1. `docker run --init`, or `init: true` in a Compose file, puts an init in front.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY run.sh ./
    /// ENTRYPOINT ["./run.sh"]
    /// ```
    ///
    /// ```sh run.sh 755
    /// #!/bin/sh
    /// set -e
    /// ./prepare.sh
    /// gunicorn app:app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY run.sh ./
    /// ENTRYPOINT ["./run.sh"]
    /// ```
    ///
    /// ```sh run.sh 755
    /// #!/bin/sh
    /// set -e
    /// ./prepare.sh
    /// exec gunicorn app:app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the command is the last one, so nothing of the script is lost.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, ENTRYPOINT](https://docs.docker.com/build/building/best-practices/#entrypoint)
    /// - [Docker: docker container stop](https://docs.docker.com/reference/cli/docker/container/stop/)
    pub(super) RULE = "entrypoint-without-exec" {
        chapter: Operation, level: Warning, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

/// Commands that a shell runs itself, and programs that end by design: `exec` is not needed for them.
const SHORT: [&str; 92] = [
    ".",
    ":",
    "[",
    "alembic",
    "apk",
    "apt-get",
    "aws",
    "awk",
    "break",
    "cat",
    "cd",
    "chmod",
    "chown",
    "command",
    "composer",
    "continue",
    "cp",
    "createdb",
    "curl",
    "cut",
    "date",
    "declare",
    "dropdb",
    "echo",
    "envsubst",
    "eval",
    "exit",
    "export",
    "false",
    "find",
    "flyway",
    "git",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "install",
    "kill",
    "liquibase",
    "ln",
    "local",
    "ls",
    "make",
    "mc",
    "mkdir",
    "mount",
    "mv",
    "mysqldump",
    "openssl",
    "pg_dump",
    "pg_restore",
    "pip",
    "pip3",
    "popd",
    "printenv",
    "printf",
    "pushd",
    "pwd",
    "pytest",
    "rclone",
    "read",
    "restic",
    "return",
    "rm",
    "rmdir",
    "rsync",
    "sed",
    "set",
    "shift",
    "sleep",
    "sort",
    "source",
    "stat",
    "sync",
    "tail",
    "tar",
    "tee",
    "terraform",
    "test",
    "touch",
    "tox",
    "tr",
    "trap",
    "true",
    "type",
    "ulimit",
    "umask",
    "unset",
    "unzip",
    "wait",
    "wget",
    "xargs",
];

/// Programs that start and stop others themselves.
const SUPERVISORS: [&str; 9] = [
    "supervisord",
    "runsvdir",
    "runsv",
    "s6-svscan",
    "circusd",
    "monit",
    "honcho",
    "foreman",
    "concurrently",
];

/// Words behind a program that make it a job that ends.
const JOBS: [&str; 16] = [
    "migrate",
    "collectstatic",
    "makemigrations",
    "createsuperuser",
    "loaddata",
    "dumpdata",
    "compilemessages",
    "db:migrate",
    "db:seed",
    "db:setup",
    "db:prepare",
    "assets:precompile",
    "upgrade",
    "backup",
    "test",
    "build",
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    // A Docker action runs for seconds, and nobody stops it.
    if !stage.shipped || stage.built_on || file.docker_action {
        return;
    }
    let Some(start) = stage.start.script.as_ref().or(stage.start.shell_script.as_ref()) else { return };
    let Some(script) = &start.script else { return };
    if manages_processes(script) {
        return;
    }
    let commands: Vec<&Command> =
        final_commands(script).into_iter().filter(|command| lacks_exec(command)).collect();
    let Some(first) = commands.first() else { return };
    let name = start.copied.path.file_name().unwrap_or("").replace('`', "");
    let program = match first.name() {
        Some(program) => format!("`{}`", program.replace('`', "")),
        None => "its arguments".to_owned(),
    };
    let level = if init_signals_all(&stage.start) { Level::Info } else { Level::Warning };
    let message = if level == Level::Info {
        format!("`{name}` keeps a shell between the init process and {program}. `exec` would take its place.")
    } else {
        format!(
            "`{name}` runs {program} as a child of its shell, which does not hand SIGTERM on. What it runs is killed instead of stopped."
        )
    };
    let mut finding = report.add(start.word.span, message).level(level);
    for command in &commands {
        finding = finding.related_in(start.copied.path.clone(), command.span(), "This runs without `exec`");
    }
    let edits: Vec<Edit> = commands
        .iter()
        .filter_map(|command| command.words.first())
        .map(|word| Edit::insert(word.span().start, "exec "))
        .collect();
    finding.fix(Fix::safe("Put `exec` before the last command", edits).in_file(start.copied.path.clone()));
}

/// Whether the script looks after its processes itself: traps, jobs in the background, a supervisor.
fn manages_processes(script: &Script) -> bool {
    script.commands().any(|command| {
        let background = command.context.next == Connector::Background
            && !command.context.inside.any(Inside::SUBSTITUTION);
        background
            || command
                .name()
                .is_some_and(|name| matches!(name, "trap" | "wait") || SUPERVISORS.contains(&name))
    }) || script.root.items.iter().any(|chain| chain.terminator == Connector::Background)
}

/// Whether a last command is a program that stays and that the shell does not make way for.
pub(super) fn lacks_exec(command: &Command) -> bool {
    let Some(word) = command.words.first() else { return false };
    if command.prefix_word("exec").is_some()
        || word.literal() == Some("exec")
        || command.context.inside.any(Inside::CONDITION.with(Inside::SUBSTITUTION))
    {
        return false;
    }
    let Some(name) = command.name() else {
        // `"$@"` is whatever CMD says; another variable may as well hold a builtin.
        return crate::facts::is_all_arguments(command);
    };
    let first = word.literal().map_or(name, |text| text.rsplit('/').next().unwrap_or(text));
    // `env` alone, `time`, `command -v`: the shell's own words come first.
    let by_shell = matches!(first, "builtin" | "command" | "coproc" | "time" | "timeout" | "xargs");
    let job = command.args().iter().any(|arg| JOBS.contains(&arg.text()) || is_question(arg.text()));
    !by_shell && !SHORT.contains(&name) && !name.contains("migrat") && !name.contains("backup") && !job
}

fn is_question(argument: &str) -> bool {
    matches!(argument, "--version" | "--help")
}

/// Whether an init passes signals to the whole process group: dumb-init by default, `tini -g`.
pub(super) fn init_signals_all(start: &Start<'_>) -> bool {
    let Some(main) = start.main() else { return false };
    let words: Vec<&str> = main.instruction.args.iter().map(|word| word.text.as_str()).collect();
    let Some((first, rest)) = words.split_first() else { return false };
    match first.rsplit('/').next() {
        Some("dumb-init") => !rest.iter().any(|word| matches!(*word, "-c" | "--single-child")),
        Some("tini" | "tini-static" | "docker-init") => {
            let bundle = |word: &&str| word.starts_with('-') && !word.starts_with("--");
            rest.iter().take_while(|word| bundle(word)).any(|word| word.contains('g'))
        }
        _ => false,
    }
}
