//! The files that are read, and what reading them costs in this process.

use crate::meter::{best, ms};
use camino::Utf8Path;
use std::path::{Path, PathBuf};
use tidewaiter::dockerfile::parse;
use tidewaiter::lint::{Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::Source;

/// How many files one measurement reads.
const FILES: usize = 500;
/// Repetitions; the best one counts.
const PASSES: usize = 10;

/// The first files of the corpus by name.
pub(crate) fn files() -> Vec<PathBuf> {
    let dir = std::env::var_os("TIDEWAITER_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        |corpus| PathBuf::from(corpus).join("dev"),
    );
    let (mut out, mut folders) = (Vec::new(), vec![dir]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("readable").filter_map(|e| Some(e.ok()?.path())) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains("Dockerfile") {
                out.push(path);
            }
        }
    }
    out.sort();
    out.truncate(FILES);
    out
}

pub(crate) fn texts(files: &[PathBuf]) -> Vec<Source> {
    files.iter().filter_map(|path| Source::from_bytes(std::fs::read(path).ok()?).ok()).collect()
}

/// Lints one text with every default rule and proves its fixes; gives the number of findings.
pub(crate) fn lint_one(source: &Source) -> usize {
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    lint(Utf8Path::new("Dockerfile"), source, &MemoryTree::complete(), &settings).findings.len()
}

pub(crate) fn in_process(texts: &[Source]) {
    let parsing = best(PASSES, || {
        for source in texts {
            std::hint::black_box(parse(source).instructions.len());
        }
    });
    println!("in-process, syntax only        {:>9.2} ms", ms(parsing));
    let linting = best(PASSES, || {
        for source in texts {
            std::hint::black_box(lint_one(source));
        }
    });
    println!("in-process, lint and prove     {:>9.2} ms (to reach: 60)", ms(linting));
}
