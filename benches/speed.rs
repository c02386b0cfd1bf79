//! Speed on many real files: `TIDEWAITER_CORPUS=… cargo bench --bench speed`.
//!
//! Prints CPU time (wall time is noise on shared machines), in-process and as a whole process, and, where
//! hadolint is installed, the ratio to it on the same files in the same run. Without a corpus the fixtures
//! of the project are read.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "this is a program that measures")]

#[cfg(unix)]
fn main() {
    unix::run();
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod unix {
    use camino::Utf8Path;
    use nix::sys::resource::{UsageWho, getrusage};
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::Duration;
    use tidewaiter::dockerfile::parse;
    use tidewaiter::lint::{Settings, lint};
    use tidewaiter::repository::MemoryTree;
    use tidewaiter::text::Source;

    /// How many files one measurement reads.
    const FILES: usize = 500;
    /// Repetitions in-process; the best one counts.
    const PASSES: usize = 10;

    /// User and system time of this process or of its ended children.
    fn cpu(who: UsageWho) -> Duration {
        let usage = getrusage(who).expect("the kernel counts");
        [usage.user_time(), usage.system_time()]
            .into_iter()
            .map(|t| {
                Duration::new(t.tv_sec().try_into().unwrap_or(0), t.tv_usec().try_into().unwrap_or(0) * 1000)
            })
            .sum()
    }

    fn files() -> Vec<PathBuf> {
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

    fn best(mut work: impl FnMut()) -> Duration {
        (0..PASSES)
            .map(|_| {
                let before = cpu(UsageWho::RUSAGE_SELF);
                work();
                cpu(UsageWho::RUSAGE_SELF).saturating_sub(before)
            })
            .min()
            .unwrap_or_default()
    }

    /// CPU time of a command with the files as arguments.
    fn process(program: &str, arguments: &[&str], files: &[PathBuf]) -> Option<Duration> {
        let before = cpu(UsageWho::RUSAGE_CHILDREN);
        Command::new(program)
            .args(arguments)
            .args(files)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        Some(cpu(UsageWho::RUSAGE_CHILDREN).saturating_sub(before))
    }

    pub(crate) fn run() {
        let files = files();
        let texts: Vec<Source> =
            files.iter().filter_map(|path| Source::from_bytes(std::fs::read(path).ok()?).ok()).collect();
        let bytes: usize = texts.iter().map(|s| s.text().len()).sum();
        println!("{} files, {bytes} bytes; CPU time", texts.len());
        let parsing = best(|| {
            for source in &texts {
                std::hint::black_box(parse(source).instructions.len());
            }
        });
        println!("in-process, syntax only        {:>9.2} ms", parsing.as_secs_f64() * 1e3);
        let settings = Settings::new(jiff::civil::date(2026, 11, 24));
        let tree = MemoryTree::complete();
        let linting = best(|| {
            for source in &texts {
                let report = lint(Utf8Path::new("Dockerfile"), source, &tree, &settings);
                std::hint::black_box(report.findings.len());
            }
        });
        println!("in-process, lint and prove     {:>9.2} ms", linting.as_secs_f64() * 1e3);
        let binary = env!("CARGO_BIN_EXE_tidewaiter");
        let arguments = ["check", "--format", "json", "--fail-on", "never"];
        if let Some(one) = process(binary, &arguments, &files[..1]) {
            println!("process, one file              {:>9.2} ms", one.as_secs_f64() * 1e3);
        }
        let Some(all) = process(binary, &arguments, &files) else { return };
        println!("process, all files             {:>9.2} ms", all.as_secs_f64() * 1e3);
        match process("hadolint", &["--no-fail", "-f", "json"], &files) {
            Some(theirs) => println!(
                "hadolint, all files            {:>9.2} ms: {:.0} times ours",
                theirs.as_secs_f64() * 1e3,
                theirs.as_secs_f64() / all.as_secs_f64()
            ),
            None => println!("hadolint is not installed: no ratio"),
        }
    }
}
