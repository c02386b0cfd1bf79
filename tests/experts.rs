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

use camino::{Utf8Path, Utf8PathBuf};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tidewaiter::config::Level;
use tidewaiter::dockerfile::parse;
use tidewaiter::lint::{FileReport, Settings, lint};
use tidewaiter::repository::{Kind, MemoryTree, Tree};
use tidewaiter::text::{Source, diff};

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
    let loud = show(&report, |level| level >= Level::Warning);
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

fn compare(path: &Path, text: &str) -> Result<(), Failed> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == text {
        return Ok(());
    }
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        if text.is_empty() {
            fs::remove_file(path)?;
        } else {
            fs::write(path, text)?;
        }
        return Ok(());
    }
    let diff = diff::unified(&expected, text, "expected", "found");
    Err(format!("{} differs (UPDATE_FIXTURES=1 writes it):\n{diff}", path.display()).into())
}

fn load(dir: &Path) -> MemoryTree {
    let mut tree = MemoryTree::complete();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("readable").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside =
                Utf8PathBuf::from_path_buf(path.strip_prefix(dir).expect("below").to_owned()).expect("UTF-8");
            if inside != "findings" {
                let text = fs::read_to_string(&path).expect("fixtures are UTF-8");
                let kind = if is_executable(&path) { Kind::Executable } else { Kind::File };
                tree.insert(&inside, kind, Some(text.into()));
            }
        }
    }
    tree
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}
