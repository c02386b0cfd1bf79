//! Entry point of the binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidewaiter::cli::run(std::env::args_os())
}
