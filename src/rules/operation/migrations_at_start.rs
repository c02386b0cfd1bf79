//! `migrations-at-start`.

use crate::declare_rule;
use crate::dockerfile::Joined;
use crate::facts::{FileFacts, StageFacts, compose_has, final_commands, package_json, servers, start_text};
use crate::rules::{Check, Report};
use crate::shell::{Command, Connector, Inside, Script, Word, parse};

declare_rule! {
    /// Database migrations run each time a container starts.
    ///
    /// ## What it does
    ///
    /// Reads what the container runs before its server (the start script, a chain of commands, the script of
    /// `package.json`) and finds database migrations: `manage.py migrate`, `flask db upgrade`, `alembic upgrade`,
    /// `rails db:migrate`, `prisma migrate deploy`, `knex migrate:latest`, `flyway migrate`.
    ///
    /// ## Why is this bad?
    ///
    /// With two containers two migrations run at once, and not every tool locks. A long migration keeps the
    /// server from answering, so that the container is taken for dead and started again in the middle of it. And
    /// the server needs the right to change the schema for ever.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// ENTRYPOINT ["./run.sh"]
    /// ```
    ///
    /// ```sh run.sh 755
    /// #!/bin/sh
    /// set -e
    /// python manage.py migrate
    /// exec gunicorn project.wsgi
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// ENTRYPOINT ["./run.sh"]
    /// ```
    ///
    /// ```sh run.sh 755
    /// #!/bin/sh
    /// set -e
    /// exec gunicorn project.wsgi
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: the migration must run somewhere else before the line goes, for instance as a step of
    /// the deployment (`docker run --rm image python manage.py migrate`) or as a Job of Kubernetes.
    ///
    /// ## References
    ///
    /// - [Python Speed: Decoupling database migrations from server startup](https://pythonspeed.com/articles/schema-migrations-server-startup/)
    pub(super) RULE = "migrations-at-start" {
        chapter: Operation, level: Info, default: On, scope: Instruction, fix: None,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on || stage.dev {
        return;
    }
    let script = stage.start.script.as_ref().or(stage.start.shell_script.as_ref());
    let main = stage.start.main().map(|main| main.instruction.joined.text());
    if !script.map(|script| &*script.text).or(main).is_some_and(may_migrate) {
        return in_package_script(file, stage, report);
    }
    let Some(text) = start_text(stage) else { return };
    let Some((command, shown)) = migration(&text.script) else { return };
    if one_container(file) {
        return;
    }
    let span = text.word.unwrap_or_else(|| command.span());
    let finding = report.add(span, message(&shown)).note(NOTE);
    if let Some(path) = &text.path {
        finding.related_in(path.clone(), command.span(), "The migration runs here");
    }
}

/// Whether a text is worth reading: most are not.
fn may_migrate(text: &str) -> bool {
    ["migrat", "upgrade", "update", " push", " up"].iter().any(|word| text.contains(word))
}

const NOTE: &str = "Run it once per deployment, before the new containers start: as a step of the pipeline, or as a job with the same image.";

fn message(shown: &str) -> String {
    format!(
        "`{shown}` runs at each start of each container: two at once can meet, and a long one keeps the server from answering."
    )
}

/// `npm start`, whose script is `prisma migrate deploy && node server.js`.
fn in_package_script(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(script) = servers(file, stage).iter().find_map(|server| server.scripts.first()) else { return };
    let Some((path, package)) = package_json(file, stage) else { return };
    let Some(line) = package.script(&script.name).filter(|line| may_migrate(line)) else { return };
    let script_text = parse(&Joined::verbatim(line, 0));
    let Some((_, shown)) = migration(&script_text) else { return };
    if one_container(file) {
        return;
    }
    let text = file.tree.read(&path).found().unwrap_or_default();
    let span = crate::repository::package_json::script_span(&text, &script.name).unwrap_or_default();
    report.add(script.call.span_of(0), message(&shown)).note(NOTE).related_in(
        path,
        span,
        "The migration runs here",
    );
}

/// Compose starts one container of each service unless told otherwise.
fn one_container(file: &FileFacts<'_>) -> bool {
    compose_has(file, |line| line.starts_with("services:"))
        && !compose_has(file, |line| line.starts_with("replicas:") || line.starts_with("scale:"))
}

/// The first migration that always runs before the last command of a script, and how to call it.
fn migration(script: &Script) -> Option<(&Command, String)> {
    let ends = final_commands(script);
    let last = ends.last()?;
    // An image for migrations, and nothing else.
    if ends.iter().any(|command| shown(command).is_some()) {
        return None;
    }
    let mut before: Option<&Command> = None;
    for command in script.commands() {
        if command.place.start >= last.place.start {
            return None;
        }
        let sometimes = Inside::BRANCH.with(Inside::FUNCTION).with(Inside::SUBSTITUTION);
        // `[ "$MIGRATE" = 1 ] && migrate`
        let tested = command.context.previous != Connector::End
            && command.context.previous != Connector::Semicolon
            && before.is_some_and(|before| matches!(before.name(), Some("[" | "[[" | "test")));
        before = Some(command);
        if command.context.inside.any(sometimes) || tested {
            continue;
        }
        if let Some(text) = shown(command) {
            return Some((command, text));
        }
    }
    None
}

/// The words to call a migration by; `None` when the command is none.
fn shown(command: &Command) -> Option<String> {
    let words: Vec<&str> = command.program_words().iter().map(Word::text).collect();
    let at = words.iter().position(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        TOOLS.iter().any(|(tool, _)| *tool == name)
    })?;
    let name = words.get(at)?.rsplit('/').next()?;
    let rest = words.get(at + 1..)?;
    let (_, wanted) = TOOLS.iter().find(|(tool, wanted)| *tool == name && matches(rest, wanted))?;
    let mut text = name.to_owned();
    for word in *wanted {
        let written = rest.iter().find(|other| fits(other, word)).unwrap_or(word);
        text.push(' ');
        text.push_str(&written.replace('`', ""));
    }
    Some(text)
}

/// Tools and the words behind them; `*` before one: any word that holds it.
const TOOLS: [(&str, &[&str]); 27] = [
    ("manage.py", &["migrate"]),
    ("django-admin", &["migrate"]),
    ("flask", &["db", "upgrade"]),
    ("alembic", &["upgrade"]),
    ("aerich", &["upgrade"]),
    ("rails", &["db:migrate"]),
    ("rake", &["db:migrate"]),
    ("flyway", &["migrate"]),
    ("liquibase", &["update"]),
    ("prisma", &["migrate", "deploy"]),
    ("prisma", &["db", "push"]),
    ("knex", &["migrate:latest"]),
    ("sequelize", &["db:migrate"]),
    ("sequelize-cli", &["db:migrate"]),
    ("typeorm", &["migration:run"]),
    ("drizzle-kit", &["migrate"]),
    ("artisan", &["migrate"]),
    ("console", &["doctrine:migrations:migrate"]),
    ("goose", &["up"]),
    ("dbmate", &["up"]),
    ("diesel", &["migration", "run"]),
    ("sqlx", &["migrate", "run"]),
    ("atlas", &["migrate", "apply"]),
    ("mix", &["ecto.migrate"]),
    ("npm", &["run", "*migrat"]),
    ("yarn", &["*migrat"]),
    ("pnpm", &["*migrat"]),
];

fn matches(words: &[&str], wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| words.iter().any(|word| fits(word, wanted)))
        && !words.iter().any(|word| matches!(*word, "--help" | "--check" | "--plan" | "--fake" | "status"))
}

fn fits(word: &str, wanted: &str) -> bool {
    match wanted.strip_prefix('*') {
        Some(part) => word.contains(part) && !word.starts_with('-') && !word.contains(['/', '$']),
        None => word == wanted,
    }
}
