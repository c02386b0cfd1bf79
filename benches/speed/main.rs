//! Speed and size on many real files: `TIDEWAITER_CORPUS=… cargo bench --bench speed`.
//!
//! Prints CPU time (wall time is noise on shared machines), in-process and as a whole process, peak memory, how
//! cost grows with the size of a file, and, where hadolint, droast or tally is installed, the ratio to it on
//! the same files in the same run. Without a corpus the fixtures of the project are read.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "this is a program that measures")]

#[cfg(unix)]
mod files;
#[cfg(unix)]
mod growth;
#[cfg(unix)]
mod meter;
#[cfg(unix)]
mod processes;

// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(unix)]
fn main() {
    let files = files::files();
    processes::one_file(&files);
    let texts = files::texts(&files);
    let bytes: usize = texts.iter().map(|source| source.text().len()).sum();
    println!("{} files, {bytes} bytes; CPU time, one thread", texts.len());
    files::in_process(&texts);
    processes::run(&files);
    growth::run(&texts);
}

#[cfg(not(unix))]
fn main() {}
