//! Dockerfiles as image experts write them (`tests/experts/<name>/`): nothing that is on by default says more than
//! `info` about them, and what it says is kept in a `findings` file, so that a change is seen.
//!
//! A folder is a small repository; its root holds one Dockerfile. `UPDATE_FIXTURES=1` writes `findings`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

mod cases;

use camino::Utf8Path;
use cases::{compare, load};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tidewaiter::config::Level;
use tidewaiter::dockerfile::parse;
use tidewaiter::lint::{FileReport, Named, Settings, lint, lint_repository};
use tidewaiter::repository::Tree;
use tidewaiter::text::Source;

fn main() {
    let arguments = Arguments::from_args();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/experts");
    let mut folders: Vec<PathBuf> = fs::read_dir(&dir)
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let count = folders.len();
    let mut trials: Vec<Trial> = folders
        .into_iter()
        .map(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Trial::test(name, move || quiet(&folder))
        })
        .collect();
    trials.push(Trial::test("there_are_enough", move || {
        if count < 20 { Err(format!("only {count} files of experts").into()) } else { Ok(()) }
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// The date that the files were written for.
fn settings() -> Settings {
    Settings::new(jiff::civil::date(2026, 11, 24))
}

fn quiet(dir: &Path) -> Result<(), Failed> {
    let tree = load(dir);
    let path = Utf8Path::new("Dockerfile");
    let source = Source::new(tree.read(path).found().ok_or("there is no Dockerfile")?);
    let errors = parse(&source).errors;
    if let Some(error) = errors.first() {
        return Err(format!("the file is not valid: {}", error.message).into());
    }
    let report = lint(path, &source, &tree, &settings());
    let files: Vec<Named> = vec![(path.to_owned(), source)];
    let around = lint_repository(&files, &tree, &settings());
    let reports = std::iter::once(&report).chain(&around);
    let loud: String = reports.map(|report| show(report, |level| level >= Level::Warning)).collect();
    if !loud.is_empty() {
        return Err(format!("experts would object:\n{loud}").into());
    }
    compare(&dir.join("findings"), &show(&report, |_| true))
}

fn show(report: &FileReport, wanted: impl Fn(Level) -> bool) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().filter(|finding| wanted(finding.level)) {
        let place = report.source.position(finding.span.start);
        let _ = writeln!(
            out,
            "{}:{} {} {}: {}",
            place.line, place.column, finding.level, finding.rule, finding.message
        );
    }
    out
}
