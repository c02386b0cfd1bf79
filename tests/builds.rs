//! Small applications, built and run before and after all suggestions: they do the same, as somebody else than
//! root, stop when they are told to, are not larger, and keep their dependencies in the cache.
//!
//! `TIDEWAITER_DOCKER_HOST` names the engine; without it there is nothing to run. CONTRIBUTING.md says how to get
//! one, and the base images. What the fixes made of each application is left in `CARGO_TARGET_TMPDIR`/builds.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

#[path = "builds/engine.rs"]
mod engine;
#[path = "builds/measure.rs"]
mod measure;
#[path = "builds/suggestions.rs"]
mod suggestions;
#[path = "builds/table.rs"]
mod table;

use engine::Engine;
use libtest_mimic::{Arguments, Failed, Trial};
use measure::{Measured, Shows, measure};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use suggestions::{Repository, Suggestions};
use table::Row;

/// An application, as somebody wrote it who does not live in Docker: `tests/builds/<name>/`.
pub(crate) struct App {
    pub(crate) name: &'static str,
    pub(crate) shows: Shows,
    /// The source file that is changed for the second build.
    pub(crate) source: &'static str,
    /// What the instruction has that installs the dependencies.
    pub(crate) install: &'static str,
    /// Whether it works as it is; otherwise the suggestions make it work.
    pub(crate) works: bool,
    /// Whether the program ends on SIGTERM. The kernel lets the first process of a container ignore it, so one
    /// that does not ask for the signal is killed however it is started.
    pub(crate) hears_sigterm: bool,
}

const fn app(name: &'static str, shows: Shows, source: &'static str, install: &'static str) -> App {
    App { name, shows, source, install, works: true, hears_sigterm: true }
}

const fn web(port: u16) -> Shows {
    Shows::Http { port, path: "/" }
}

const APPS: &[App] = &[
    App { hears_sigterm: false, ..app("pip-requirements", web(8000), "app.py", "pip install") },
    app("pip-pyproject", web(8000), "src/greeter/__init__.py", "pip install"),
    app("uv-sync", Shows::Line("waiting for the next tide"), "main.py", "uv sync"),
    app("poetry", web(8000), "ledger/__main__.py", "poetry install"),
    app("flask-gunicorn", web(8000), "app.py", "pip3 install"),
    app("fastapi-script", web(8000), "app/main.py", "pip install"),
    app("python-batch", Shows::Output, "report.py", "pip install"),
    // Its lines stay in Python's buffer.
    App { works: false, ..app("python-multistage", Shows::Line("tick"), "worker.py", "pip install") },
    app("node-npm", web(3000), "server.js", "npm "),
    app("node-build", web(8080), "src/server.ts", "npm "),
    app("node-pnpm", web(8080), "index.js", "pnpm install"),
    app("static-nginx", web(80), "index.html", "-"),
    App { hears_sigterm: false, ..app("static-python", web(8080), "site/index.html", "-") },
    app("shell-entrypoint", web(8080), "entrypoint.sh", "apt-get"),
    app("go-multistage", web(9000), "main.go", "go mod"),
    app("c-apt", Shows::Output, "depth.c", "apt-get"),
    App { hears_sigterm: false, ..app("php-cli", web(8000), "public/index.php", "-") },
    app("ruby-webrick", web(4567), "server.rb", "-"),
    app("perl-late", Shows::Output, "mean.pl", "apt-get"),
    app("python-habits", web(8000), "server.py", "pip install"),
    app("shell-habits", web(8080), "serve.sh", "apt-get"),
    app("site-archive", web(8080), "server.py", "-"),
    // Answers nobody outside of the container.
    App { works: false, ..app("flask-loopback", web(5000), "app.py", "pip install") },
    // The script cannot be executed.
    App { works: false, hears_sigterm: false, ..app("alpine-httpd", web(8080), "run.sh", "-") },
];

/// How long an application may take to stop.
const STOP: Duration = Duration::from_secs(2);

/// The Dockerfile and its neighbours are in the image where the whole context is copied.
const OWN_FILES: u64 = 4 << 10;

/// What an account takes: its lines in `/etc/passwd` and the like, the copies of these files, its home.
const ACCOUNT: u64 = 16 << 10;

/// What the bytecode of these small applications takes, where it is made on purpose.
const BYTECODE: u64 = 1 << 20;

fn main() {
    let mut arguments = Arguments::from_args();
    // One after the other: times are measured, and the machine may be small.
    arguments.test_threads = Some(1);
    let rows: Arc<Mutex<Vec<Row>>> = Arc::default();
    let mut trials = Vec::new();
    if let Some(engine) = Engine::named() {
        for app in APPS {
            let (engine, rows) = (engine.clone(), Arc::clone(&rows));
            trials.push(Trial::test(app.name, move || real_build(&engine, app, &rows)));
        }
    } else if !arguments.list {
        println!(
            "Real builds are skipped: TIDEWAITER_DOCKER_HOST names no Docker engine (CONTRIBUTING.md, \"Real builds\")."
        );
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let rows = rows.lock().expect("no trial panics while it holds the rows");
    if !rows.is_empty() {
        println!("{}", table::markdown(&rows));
    }
    drop(rows);
    conclusion.exit();
}

/// Where what was measured can be read afterwards.
fn notes() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds")
}

fn real_build(engine: &Engine, app: &'static App, rows: &Mutex<Vec<Row>>) -> Result<(), Failed> {
    engine.docker(["version", "--format", "{{.Server.Version}}"])?;
    let tag = |side: &str| format!("tidewaiter-builds/{}:{side}", app.name);
    fs::create_dir_all(notes())?;

    let original =
        Repository::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/builds").join(app.name))?;
    let before = measure(engine, app, original.path(), &tag("before"))?;

    let fixed = Repository::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/builds").join(app.name))?;
    let suggestions = fixed.apply_all()?;
    fs::write(notes().join(format!("{}.diff", app.name)), &suggestions.diff)?;
    let after = measure(engine, app, fixed.path(), &tag("after"))
        .map_err(|error| format!("{}\n{}", error.message().unwrap_or_default(), suggestions.diff))?;
    fs::write(notes().join(format!("{}.before.log", app.name)), &before.log)?;
    fs::write(notes().join(format!("{}.after.log", app.name)), &after.log)?;

    let complaints = complaints(app, &before, &after, &suggestions);
    let (diff, result) = (suggestions.diff.clone(), complaints.join("\n"));
    rows.lock().expect("no trial panics while it holds the rows").push(Row {
        app: app.name,
        before,
        after,
        applied: suggestions.applied,
    });
    fs::write(notes().join(format!("{}.complaints", app.name)), &result)?;
    if result.is_empty() { Ok(()) } else { Err(format!("{result}\n\n{diff}").into()) }
}

/// What the suggestions promised and the image does not keep.
fn complaints(app: &App, before: &Measured, after: &Measured, suggestions: &Suggestions) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut must = |holds: bool, message: String| {
        if !holds {
            complaints.push(message);
        }
    };
    must(before.answer.is_ok() == app.works, format!("before: {:?}", before.answer));
    must(after.answer.is_ok(), format!("after: {:?}", after.answer));
    if app.works {
        must(
            before.answer == after.answer,
            format!("another answer: {:?} was {:?}", after.answer, before.answer),
        );
    }
    if suggestions.has(&["run-as-root"]) {
        must(after.user != "0", "it still runs as root".to_owned());
    }
    if app.hears_sigterm
        && suggestions.has(&[
            "entrypoint-without-exec",
            "shell-form-command",
            "npm-as-pid1",
            "wrong-stopsignal",
        ])
    {
        let stops = after.stop.is_none_or(|(took, killed)| took <= STOP && !killed);
        must(stops, format!("it does not stop in {STOP:?}: {:?}", after.stop));
    }
    let mut added = OWN_FILES;
    if suggestions.has(&["run-as-root"]) {
        added += ACCOUNT;
    }
    if suggestions.has(&["python-bytecode-missing"]) {
        added += BYTECODE;
    }
    must(after.size <= before.size + added, format!("larger: {} bytes, were {}", after.size, before.size));
    if suggestions.has(&["dependencies-after-copy", "system-packages-after-copy"]) {
        // A second one may follow, which installs the project itself.
        let install = after.steps.iter().find(|step| step.text.contains(app.install));
        must(
            install.is_some_and(|step| step.cached),
            format!("the dependencies are installed again: {:#?}", after.steps),
        );
    }
    complaints
}
