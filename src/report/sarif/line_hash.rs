//! `primaryLocationLineHash`: what GitHub tells alerts apart by across commits.
//!
//! Who uploads over the API gives it, or sees every alert twice; the action `codeql-action/upload-sarif` computes it
//! where it is missing, and warns where it differs. So it has to be the same value. How it is made is told by that
//! action's source (`src/fingerprints.ts`, and its tests, whose values are those of the tests below): the hash of a
//! line is that of the 100 UTF-16 units from its start on, blanks and tabs left out, each line end as one `\n`, a
//! last unit 0xFFFF at the end of the file and zeros after it; then `:` and a number among equal hashes.

use std::collections::HashMap;

/// How many units count.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;

/// The hash of every line of a text, in order.
pub(super) fn line_hashes(text: &str) -> Vec<String> {
    let mut units = Vec::with_capacity(text.len() + WINDOW + 1);
    // Where lines begin in `units`.
    let mut starts = vec![0];
    let mut after_return = false;
    for unit in text.encode_utf16() {
        let returned = std::mem::replace(&mut after_return, unit == 0x0d);
        match unit {
            0x20 | 0x09 => {}
            0x0a if returned => {}
            0x0a | 0x0d => {
                units.push(0x0a);
                starts.push(units.len());
            }
            other => units.push(other),
        }
    }
    units.push(0xffff);
    units.resize(units.len() + WINDOW, 0);
    hashes(&units, &starts)
}

fn hashes(units: &[u16], starts: &[usize]) -> Vec<String> {
    // The hash of everything up to each unit: two of them give that of what lies between.
    let mut sums = Vec::with_capacity(units.len() + 1);
    let mut sum: u64 = 0;
    sums.push(sum);
    for unit in units {
        sum = sum.wrapping_mul(FACTOR).wrapping_add(u64::from(*unit));
        sums.push(sum);
    }
    let shift = (0..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
    let mut seen: HashMap<u64, usize> = HashMap::new();
    let hash = |start: &usize| {
        let (before, after) = (sums.get(*start)?, sums.get(start + WINDOW)?);
        let hash = after.wrapping_sub(before.wrapping_mul(shift));
        let number = seen.entry(hash).or_default();
        *number += 1;
        Some(format!("{hash:x}:{number}"))
    };
    starts.iter().filter_map(hash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_github() {
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
        let letters = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(line_hashes(" a\nb\n  \t\tc\n d"), letters);
        assert_eq!(line_hashes(" a\r\nb\r\n  \t\tc\r\n d"), letters);
        assert_eq!(line_hashes("a\rb\r  \t\tc\r d"), letters);
    }

    #[test]
    fn equal_lines_are_numbered() {
        let hashes = line_hashes(&"RUN true\n".repeat(40));
        assert_eq!(hashes.len(), 41);
        assert_eq!(hashes[0].split_once(':').unwrap().0, hashes[1].split_once(':').unwrap().0);
        assert!(hashes[0].ends_with(":1") && hashes[1].ends_with(":2"));
        // Only what is near counts.
        let longer = line_hashes(&format!("{}# end\n", "RUN true\n".repeat(40)));
        assert_eq!(hashes[0], longer[0]);
    }
}
