//! Builds and runs one application, and writes down what it does.

use crate::App;
use crate::engine::{Engine, Step};
use libtest_mimic::Failed;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How an application shows that it works.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shows {
    /// It answers a GET request.
    Http { port: u16, path: &'static str },
    /// It writes a line that has this, and goes on.
    Line(&'static str),
    /// It writes its result and ends.
    Output,
}

/// What is known of an image after it was built, run, stopped and built again.
#[derive(Debug)]
pub(crate) struct Measured {
    /// In bytes, with its base.
    pub(crate) size: u64,
    /// What it answered or wrote; why it does not start.
    pub(crate) answer: Result<String, String>,
    /// Numeric where it could be asked while it ran.
    pub(crate) user: String,
    /// How long it took to stop, and whether it was killed; `None` for one that ends by itself.
    pub(crate) stop: Option<(Duration, bool)>,
    /// How long the build took after one source file had changed.
    pub(crate) rebuild: Duration,
    /// The instructions of that build.
    pub(crate) steps: Vec<Step>,
    /// The log of that build.
    pub(crate) log: String,
}

impl Measured {
    /// How many instructions came from the cache, and of how many.
    pub(crate) fn reused(&self) -> (usize, usize) {
        (self.steps.iter().filter(|step| step.cached).count(), self.steps.len())
    }
}

/// Builds, runs, stops, changes a source file, builds again.
pub(crate) fn measure(engine: &Engine, app: &App, folder: &Path, tag: &str) -> Result<Measured, Failed> {
    let log = engine.build(folder, tag)?.log;
    let size = engine.size(tag)?;
    let mut measured = Measured {
        size,
        answer: Ok(String::new()),
        user: engine.image_user(tag)?,
        stop: None,
        rebuild: Duration::ZERO,
        steps: Vec::new(),
        log,
    };
    let ran = run(engine, app, tag, &mut measured);
    // Its layers stay in the build cache; without its name it would be left behind by the next build.
    engine.remove(tag);
    ran?;
    touch(&folder.join(app.source))?;
    let again = engine.build(folder, tag)?;
    engine.remove(tag);
    measured.rebuild = again.took;
    measured.steps = again.steps;
    measured.log = again.log;
    Ok(measured)
}

fn run(engine: &Engine, app: &App, tag: &str, measured: &mut Measured) -> Result<(), Failed> {
    let port = match app.shows {
        Shows::Output => {
            measured.answer = Ok(engine.run(tag)?);
            return Ok(());
        }
        Shows::Http { port, .. } => Some(port),
        Shows::Line(_) => None,
    };
    let container = match engine.start(tag, port) {
        Ok(container) => container,
        Err(error) => {
            measured.answer = Err(why(&error));
            return Ok(());
        }
    };
    let answer = match app.shows {
        Shows::Http { port, path } => container.get(port, path),
        Shows::Line(mark) => container.log_until(mark),
        Shows::Output => return Ok(()),
    };
    match answer {
        Ok(answer) => {
            measured.answer = Ok(answer);
            measured.user = container.user()?;
            measured.stop = Some(container.stop()?);
        }
        Err(error) => measured.answer = Err(why(&error)),
    }
    Ok(())
}

fn why(error: &Failed) -> String {
    error.message().unwrap_or_default().to_owned()
}

/// Adds a comment that was never there before, so that no earlier build has seen the file.
fn touch(file: &Path) -> Result<(), Failed> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let comment = match file.extension().and_then(|extension| extension.to_str()) {
        Some("js" | "mjs" | "ts" | "go" | "c" | "php") => format!("// {now}\n"),
        Some("html") => format!("<!-- {now} -->\n"),
        _ => format!("# {now}\n"),
    };
    let mut open = OpenOptions::new().append(true).open(file)?;
    open.write_all(comment.as_bytes())?;
    Ok(())
}
