//! The fixtures of the rules, changed as editors, transports and slips do.

use super::lossless::{Numbers, holds, mutate};
use std::path::{Path, PathBuf};

/// Every Dockerfile below the fixtures of the rules, in order.
fn fixtures() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")];
    let mut out = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("readable").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name().to_string_lossy().starts_with("Dockerfile") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// `TIDEWAITER_SEED` makes other changes; the seed stands in the message of a failure.
#[test]
fn the_property_holds_for_changed_fixtures() {
    let seed = std::env::var_os("TIDEWAITER_SEED").and_then(|seed| seed.to_str()?.parse().ok()).unwrap_or(1);
    let mut numbers = Numbers::new(seed);
    let fixtures = fixtures();
    assert!(fixtures.len() > 40, "the fixtures are there");
    let rounds = 600_usize.div_ceil(fixtures.len());
    for path in &fixtures {
        let text = std::fs::read_to_string(path).expect("fixtures are UTF-8");
        holds(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for _ in 0..rounds {
            let (how, changed) = mutate(&text, &mut numbers);
            holds(&changed)
                .unwrap_or_else(|e| panic!("{}, {how} (seed {seed}): {e}\n{changed:?}", path.display()));
        }
    }
}
