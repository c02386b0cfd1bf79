//! `development-server`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::expand::Value;
use crate::dockerfile::{Keyword, Pair};
use crate::facts::{FileFacts, InstructionFacts, Server, ServerKind, StageFacts, package_script, servers};
use crate::rules::production_server::{next_start, start_script, unwatched, with_gunicorn};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, Verb};
use crate::text::Edit;

declare_rule! {
    /// The image starts a development server.
    ///
    /// ## What it does
    ///
    /// Reads the command of the image (also through start scripts, runners and the scripts of `package.json`) and
    /// finds development servers and watchers: `flask run`, `manage.py runserver`, `uvicorn --reload`,
    /// `fastapi dev`, `nodemon`, `vite`, `next dev`, `ng serve`, `php -S`, `php artisan serve`, `air`. It also
    /// finds `ENV` lines that switch a framework to development: `FLASK_DEBUG=1`, `NODE_ENV=development`.
    ///
    /// ## Why is this bad?
    ///
    /// Development servers are made for one person at a keyboard. They compile or reload on the way, stand
    /// little load, and show source code and variables on error pages; some even run code that a visitor types
    /// there.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY main.py ./
    /// CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--reload"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY main.py ./
    /// CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: without the development server nothing is reloaded, debug pages are gone, and the
    /// application may want settings that it did not need before.
    ///
    /// ## References
    ///
    /// - [Flask: Deploying to Production](https://flask.palletsprojects.com/en/stable/deploying/)
    /// - [Django: How to deploy Django](https://docs.djangoproject.com/en/stable/howto/deployment/)
    /// - [FastAPI: FastAPI in Containers](https://fastapi.tiangolo.com/deployment/docker/)
    /// - [Vite: Deploying a Static Site](https://vite.dev/guide/static-deploy.html)
    pub(super) RULE = "development-server" {
        chapter: Operation, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on || stage.dev {
        return;
    }
    let all = servers(file, stage);
    let found: Vec<Option<Instead>> = all.iter().map(|server| instead(file, stage, server)).collect();
    // A start script with several ends: `develop)` is one of them, and not the one that is shipped.
    if found.iter().all(Option::is_some) || all.len() == 1 {
        for (server, instead) in all.iter().zip(found) {
            if let Some(instead) = instead {
                add(file, stage, server, instead, report);
            }
        }
    }
    for (_, facts) in file.history(stage) {
        if facts.is(Keyword::Env) {
            for pair in &facts.instruction.pairs {
                check_variable(file, stage, facts, pair, report);
            }
        }
    }
}

// --- the command --------------------------------------------------------------------------------------------

/// What is wrong with a server, and what to start instead.
struct Instead {
    message: String,
    note: &'static str,
    edit: Option<Edit>,
}

fn instead(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Instead> {
    use ServerKind as K;
    let shown = server.shown();
    let words = server.words();
    // `ENTRYPOINT ["nodemon"]`: an image of the tool.
    let entrypoint = stage.start.entrypoint.as_ref().map(|part| part.instruction);
    if entrypoint.is_some_and(|entrypoint| entrypoint.json && entrypoint.args.len() == 1)
        && server.scripts.is_empty()
        && server.kind == K::Watcher
    {
        return None;
    }
    let reload = words.iter().position(|word| word == "--reload");
    let is_python = matches!(server.kind, K::Uvicorn | K::Gunicorn | K::Hypercorn | K::FastApiRun);
    let made_for = |what: &str| format!("`{shown}` is {what}.");
    let (message, note, edit) = match server.kind {
        _ if is_python && let Some(at) = reload => (
            format!(
                "`{shown} --reload` watches all files and starts again when one changes, which is meant for development."
            ),
            "Check that nothing mounts changing code into the container.",
            server.launch.delete_words(file, at..at + 1),
        ),
        K::Django => (
            made_for("Django's development server: it was never checked for security or load"),
            "Start the application with gunicorn or uvicorn (`gunicorn -b 0.0.0.0:8000 project.wsgi`); static files then need WhiteNoise or a web server.",
            None,
        ),
        K::FlaskRun => (
            made_for("Flask's development server, which is made neither for load nor for attackers"),
            "Start the application with gunicorn: `gunicorn -b 0.0.0.0:8000 module:app`.",
            with_gunicorn(file, stage, server),
        ),
        K::FastApiDev => (
            made_for("made for development: it watches all files and starts again when one changes"),
            "`fastapi run` listens on all addresses of the container and does not reload.",
            server.launch.replace_word(server.verb, "run"),
        ),
        K::NextDev => (
            made_for("the development server of Next.js: it compiles pages while visitors wait"),
            "Build the application in the image (`next build`) and start it with `next start`.",
            next_start(file, stage, server),
        ),
        K::Vite | K::FrontEnd => (
            made_for("a development server: it compiles while visitors wait and serves the source code"),
            "Build the site in a builder stage and let a web server such as nginx serve the files, or start the program that the framework builds.",
            None,
        ),
        K::VitePreview => (
            made_for("meant to look at a build before it is published, not to serve it"),
            "Let a web server such as nginx serve the files of `dist`.",
            None,
        ),
        K::Watcher => (
            format!(
                "`{shown}` starts the program again whenever a file changes. In an image none does, and crashes are hidden."
            ),
            "Start the program itself, built before if it must be.",
            unwatched(file, server),
        ),
        K::Artisan | K::PhpBuiltIn => (
            made_for("PHP's own web server, which is made for development: it handles one request at a time"),
            "Use an image with a server for PHP: `php:apache`, `php:fpm` behind nginx, or FrankenPHP.",
            None,
        ),
        K::Rails if server.option(&["-e", "--environment"]).is_some_and(|o| o.value == "development") => (
            "Rails runs in development mode: it reloads code at each request and shows it on error pages."
                .to_owned(),
            "In production Rails wants `SECRET_KEY_BASE` and compiled assets.",
            server
                .option(&["-e", "--environment"])
                .and_then(|option| server.replace_value(&option, "production")),
        ),
        K::Other if calls_dev_script(server) => (
            format!("`{}` starts what is made for development.", shown_script(words)),
            "Add a script that starts the built application, and start that one.",
            None,
        ),
        _ => return None,
    };
    Some(Instead { message, note, edit })
}

fn add(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server, instead: Instead, report: &mut Report) {
    let Instead { message, note, edit } = instead;
    let level = if server.kind == ServerKind::VitePreview { Level::Info } else { Level::Warning };
    let mut finding = report.add(server.span(), message).level(level).note(note);
    if let Some((path, span)) = &server.launch.in_script {
        finding = finding.related_in(path.clone(), *span, "It is started here");
    }
    if let Some(edit) = edit {
        let fix = Fix::confirm("Start the server for production", vec![edit]);
        finding.fix(match &server.launch.in_script {
            Some((path, _)) => fix.in_file(path.clone()),
            None => fix,
        });
    } else if let Some(edit) = start_script(file, stage, server) {
        finding.note("`start` in `package.json` is the script for production.").fix(edit);
    }
}

/// `npm run dev` where `package.json` is not there to be read, or its script is not understood.
fn calls_dev_script(server: &Server) -> bool {
    server.scripts.is_empty()
        && package_script(server.words()).is_some_and(|name| {
            name == "dev" || name == "develop" || name.starts_with("dev:") || name.ends_with(":dev")
        })
}

fn shown_script(words: &[String]) -> String {
    words.iter().take(3).map(|word| word.replace('`', "")).collect::<Vec<_>>().join(" ")
}

// --- variables ----------------------------------------------------------------------------------------------

fn check_variable(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    pair: &Pair,
    report: &mut Report,
) {
    let Some(value) = pair.value.as_ref() else { return };
    let name = pair.key.text.as_str();
    let text = value.text.trim_matches(['"', '\'']);
    let production = match (name, text) {
        ("FLASK_DEBUG" | "DEBUG", "1") => "0",
        ("FLASK_DEBUG" | "DEBUG", "true") => "false",
        ("FLASK_DEBUG" | "DEBUG", "True") => "False",
        ("FLASK_ENV" | "RAILS_ENV" | "NODE_ENV", "development") => "production",
        _ => return,
    };
    // Another line has the last word.
    if stage.end.env(name) != Some(Value::Set(text.to_owned())) || stage.start.main().is_none() {
        return;
    }
    let effect = match name {
        "NODE_ENV" => "libraries log more, cache less and show stack traces to visitors",
        "RAILS_ENV" => "code is loaded again at each request and shown on error pages",
        _ => "error pages show source code and variables to visitors",
    };
    let shown = format!("{name}={text}");
    let finding = report
        .add(pair.span, format!("`{shown}` switches every container to development: {effect}."))
        .note(format!("Set it where the container is started for development: `docker run -e {shown}`."));
    let installs_later =
        file.history(stage).iter().filter(|(_, later)| later.index > facts.index).any(|(_, later)| {
            later.calls.iter().any(|call| {
                call.verb == Verb::Install
                    && matches!(call.manager, Manager::Npm | Manager::Yarn | Manager::Pnpm)
            })
        });
    // `production` would leave the packages out that a build needs.
    if name == "NODE_ENV" && installs_later {
        return;
    }
    let at = value.text.find(text).unwrap_or(0) as u32;
    let span = crate::text::Span::new(value.span.start + at, value.span.start + at + text.len() as u32);
    if file.dockerfile.source.slice(span) == text {
        finding.note("Check that the container starts with it.").fix(Fix::confirm(
            format!("Set `{name}` to `{production}`"),
            vec![Edit::replace(span, production)],
        ));
    }
}
