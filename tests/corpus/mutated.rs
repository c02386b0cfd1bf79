//! Real files, changed as editors, transports and slips do.

use super::lossless::{Numbers, holds, mutate, reads};
use libtest_mimic::Failed;
use std::path::Path;

/// `TIDEWAITER_SEED` makes other changes, `TIDEWAITER_ROUNDS` more of them for each file.
pub(super) fn the_property_holds(corpus: &Path) -> Result<(), Failed> {
    let setting = |name: &str, usual: u64| {
        std::env::var_os(name).and_then(|value| value.to_str()?.parse().ok()).unwrap_or(usual)
    };
    let (seed, rounds) = (setting("TIDEWAITER_SEED", 1), setting("TIDEWAITER_ROUNDS", 2));
    let mut numbers = Numbers::new(seed);
    let (mut linted, mut read) = (0, 0);
    for (id, text) in super::files(corpus) {
        holds(&text).map_err(|e| format!("{id}: {e}"))?;
        for round in 0..rounds * 10 {
            let (how, changed) = mutate(&text, &mut numbers);
            let verdict = if round % 10 == 0 {
                linted += 1;
                holds(&changed)
            } else {
                read += 1;
                reads(&changed).map(drop)
            };
            verdict.map_err(|e| format!("{id}, {how} (seed {seed}): {e}"))?;
        }
    }
    println!("{linted} changed files linted, {read} more read (seed {seed})");
    Ok(())
}
