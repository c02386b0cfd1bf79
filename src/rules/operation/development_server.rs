//! `development-server`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::expand::Value;
use crate::dockerfile::{Keyword, Pair};
use crate::facts::{
    FileFacts, InstructionFacts, Server, ServerKind, StageFacts, file_in_workdir, kinds_of_line,
    package_json, package_script, required_packages, servers,
};
use crate::repository::Lookup;
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
    for server in servers(file, stage) {
        check_server(file, stage, server, report);
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

fn check_server(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server, report: &mut Report) {
    use ServerKind as K;
    let shown = server.shown();
    let words = server.words();
    // `ENTRYPOINT ["nodemon"]`: an image of the tool.
    let entrypoint = stage.start.entrypoint.as_ref().map(|part| part.instruction);
    if entrypoint.is_some_and(|entrypoint| entrypoint.json && entrypoint.args.len() == 1)
        && server.scripts.is_empty()
        && server.kind == K::Watcher
    {
        return;
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
        _ => return,
    };
    let level = if server.kind == K::VitePreview { Level::Info } else { Level::Warning };
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

/// `npm run dev` → `npm run start`, when that script starts something else.
fn start_script(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Fix> {
    let [script] = server.scripts.as_slice() else { return None };
    if script.name == "start" {
        return None;
    }
    let (_, package) = package_json(file, stage)?;
    let kinds = kinds_of_line(package.script("start")?);
    let is_production = match kinds.as_slice() {
        [ServerKind::NextStart] => builds(file, stage),
        [ServerKind::Node] => true,
        _ => false,
    };
    let at = script.call.words.iter().position(|word| *word == script.name).filter(|_| is_production)?;
    let fix = Fix::confirm("Start the script for production", vec![script.call.replace_word(at, "start")?]);
    Some(match &script.call.in_script {
        Some((path, _)) => fix.in_file(path.clone()),
        None => fix,
    })
}

/// Whether the application is built in the image, or its build is copied out of another stage.
fn builds(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    file.history(stage).iter().any(|(_, facts)| {
        let node = facts.instruction;
        match node.keyword {
            Keyword::Run => node.joined.text().contains("build"),
            Keyword::Copy => {
                node.flag("from").is_some() && node.args.iter().any(|word| word.text.contains(".next"))
            }
            _ => false,
        }
    })
}

fn next_start(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Edit> {
    if !builds(file, stage) || server.has(&["--turbo", "--turbopack", "--webpack"]) {
        return None;
    }
    match server.verb {
        0 => server.launch.insert_behind(0, &["start"]),
        verb => server.launch.replace_word(verb, "start"),
    }
}

/// `nodemon server.js` → `node server.js`, `node --watch x` → `node x`.
fn unwatched(file: &FileFacts<'_>, server: &Server) -> Option<Edit> {
    let words = server.words();
    match server.launch.program() {
        "nodemon" => {
            let [_, file] = words else { return None };
            let ends = [".js", ".mjs", ".cjs"].iter().any(|end| file.ends_with(end));
            ends.then(|| server.launch.replace_word(0, "node")).flatten()
        }
        "node" | "tsx" => {
            let at = words.iter().position(|word| word == "--watch" || word == "watch")?;
            server.launch.delete_words(file, at..at + 1)
        }
        _ => None,
    }
}

/// `flask run` → gunicorn, where it is installed and the module is known.
fn with_gunicorn(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Edit> {
    if server.may_contain_anything() || !server.launch.words.first()?.ends_with("flask") {
        return None;
    }
    let in_lock = |name: &str| {
        let text = file.tree.read(&file.context.join(name)).found();
        text.is_some_and(|text| text.contains("name = \"gunicorn\"") || text.contains("\"gunicorn\": {"))
    };
    let installed = required_packages(file, "requirements.txt").iter().any(|name| name == "gunicorn")
        || ["uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock"].iter().any(|name| in_lock(name));
    let set = |name: &str| match stage.end.env(name) {
        Some(Value::Set(value)) => Some(value),
        _ => None,
    };
    let named = server.option(&["--app", "-A"]).map(|option| option.value.to_owned());
    let module = named.or_else(|| set("FLASK_APP")).unwrap_or_else(|| "app".to_owned());
    let module = module.trim_end_matches(".py").replace('/', ".");
    let Lookup::Found(text) = file_in_workdir(file, stage, &format!("{}.py", module.replace('.', "/")))
    else {
        return None;
    };
    let defines = text.lines().any(|line| line.starts_with("app = ") || line.starts_with("app: Flask = "));
    let port = server.option(&["-p", "--port"]).map(|option| option.value.to_owned());
    let port = port.or_else(|| set("FLASK_RUN_PORT")).unwrap_or_else(|| "5000".to_owned());
    let known = ["run", "--host", "-h", "-p", "--port", "--app", "-A", "--host=0.0.0.0"];
    let plain =
        server.words().iter().skip(1).all(|word| {
            known.contains(&word.as_str()) || word.starts_with("--port=") || !word.starts_with('-')
        });
    if !installed || !defines || !plain || !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (bind, app) = (format!("0.0.0.0:{port}"), format!("{module}:app"));
    server.launch.replace_all(file, &["gunicorn", "--worker-tmp-dir", "/dev/shm", "-b", &bind, &app])
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
