//! Whole processes: ours, and those of other linters on the same files.

use crate::meter::{cpu, ms, peak_of_children};
use nix::sys::resource::UsageWho;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Repetitions of our own process; the best one counts.
const RUNS: usize = 5;

/// The others, with what makes them print JSON and end well.
const PEERS: [(&str, &[&str]); 3] = [
    ("hadolint", &["--no-fail", "-f", "json"]),
    ("droast", &["--no-fail", "--no-roast", "--format", "json"]),
    ("tally", &["lint", "--format", "json"]),
];

/// CPU time of a command with the files as arguments; `None` where it is not installed.
fn process(program: &str, arguments: &[&str], files: &[PathBuf]) -> Option<Duration> {
    let before = cpu(UsageWho::RUSAGE_CHILDREN);
    Command::new(program)
        .args(arguments)
        .args(files)
        .env("RAYON_NUM_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    Some(cpu(UsageWho::RUSAGE_CHILDREN).saturating_sub(before))
}

fn own(files: &[PathBuf]) -> Duration {
    let arguments = ["check", "--format", "json", "--fail-on", "never"];
    let run = || process(env!("CARGO_BIN_EXE_tidewaiter"), &arguments, files);
    (0..RUNS).filter_map(|_| run()).min().unwrap_or_default()
}

/// Must come before anything large is read here: a child begins with the memory of this process.
pub(crate) fn one_file(files: &[PathBuf]) {
    println!(
        "process, one file              {:>9.2} ms (to reach: 5)",
        ms(own(&files[..1.min(files.len())]))
    );
    let peak = peak_of_children();
    println!("process, one file, peak memory {peak:>9.2} MiB (to reach: 15)");
}

pub(crate) fn run(files: &[PathBuf]) {
    let all = own(files);
    println!("process, all files             {:>9.2} ms", ms(all));
    for (name, arguments) in PEERS {
        match process(name, arguments, files) {
            Some(theirs) => {
                let times = theirs.as_secs_f64() / all.as_secs_f64();
                println!("{name:9} all files            {:>9.2} ms: {times:.0} times ours", ms(theirs));
            }
            None => println!("{name:9} is not installed: no ratio"),
        }
    }
}
