//! How much is known of the base images of real Dockerfiles.
//!
//! Without `TIDEWAITER_CORPUS` (a folder with `dev/*.Dockerfile`) there is nothing to count.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tidewaiter::dockerfile::parse;
use tidewaiter::facts::{Base, Bodies, FileFacts};
use tidewaiter::image::{Entrypoint, PackageManager, ShellKind, User, Workdir};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::Source;

/// What is counted of an external base image.
const COUNTED: [&str; 7] =
    ["user", "distribution", "shell", "package manager", "working directory", "bash", "entrypoint"];

#[test]
fn coverage_on_the_corpus() {
    let Some(corpus) = std::env::var_os("TIDEWAITER_CORPUS") else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut known = [0_usize; COUNTED.len()];
    let mut files: Vec<PathBuf> = fs::read_dir(PathBuf::from(corpus).join("dev"))
        .expect("the corpus has a folder `dev`")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "Dockerfile"))
        .collect();
    files.sort();
    let tree = MemoryTree::partial();
    for path in &files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let file = parse(&Source::new(text));
        let bodies = Bodies::read(&file);
        let today = jiff::civil::date(2026, 11, 24);
        let facts = FileFacts::new("Dockerfile".into(), &file, &bodies, &tree, today);
        for stage in &facts.stages {
            let kind = match &stage.base {
                Base::Scratch => "scratch",
                Base::Stage(_) => "stage",
                Base::Unknown => "unknown name",
                Base::Image(_) => "image",
            };
            *counts.entry(kind).or_default() += 1;
            let Base::Image(base) = &stage.base else { continue };
            let inside = &base.defaults;
            let answers = [
                inside.user != User::Unknown,
                inside.distribution.is_some(),
                inside.shell.kind != ShellKind::Unknown,
                inside.package_manager != PackageManager::Unknown,
                inside.workdir != Workdir::Unknown,
                inside.has_bash.is_some(),
                inside.entrypoint != Entrypoint::Unknown,
            ];
            for (count, answer) in known.iter_mut().zip(answers) {
                *count += usize::from(answer);
            }
        }
    }
    println!("{} files, stages by base: {counts:?}", files.len());
    let images = counts.get("image").copied().unwrap_or_default();
    for (name, count) in COUNTED.iter().zip(known) {
        let tenths = count * 1000 / images.max(1);
        println!("{name} known: {count} of {images} = {}.{} %", tenths / 10, tenths % 10);
    }
    assert!(images > 1000 && known.iter().all(|count| count * 2 > images), "{known:?} of {images}");
}
