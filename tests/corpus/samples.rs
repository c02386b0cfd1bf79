//! Random findings of each rule in their surroundings, to be read by eye.

use super::files;
use camino::Utf8Path;
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use tidewaiter::lint::{FileReport, Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::rules::{Finding, Safety};
use tidewaiter::text::Source;

/// How many findings of a rule are printed.
const SAMPLE: usize = 10;

/// A finding with its file, ready to be printed.
struct Sample {
    order: u64,
    text: String,
}

/// Prints what `TIDEWAITER_SAMPLES` names: rules, separated by commas, or `all`.
pub(super) fn print(corpus: &Path) -> Result<(), Failed> {
    let text = |name: &str| std::env::var_os(name).and_then(|value| value.into_string().ok());
    let Some(wanted) = text("TIDEWAITER_SAMPLES") else { return Ok(()) };
    let seed: u64 = text("TIDEWAITER_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let all = wanted == "all";
    let named = |rule: &str| all || wanted.split(',').any(|name| name.trim() == rule);
    for name in wanted.split(',').map(str::trim).filter(|_| !all) {
        if tidewaiter::rules::find(name).is_none() {
            return Err(format!("TIDEWAITER_SAMPLES: there is no rule `{name}`").into());
        }
    }
    let mut settings = Settings::new(jiff::civil::date(2026, 11, 24));
    if !all {
        settings.only = wanted.split(',').map(|name| name.trim().to_owned()).collect();
    }
    let tree = MemoryTree::partial();
    let mut found: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
    for (id, text) in files(corpus) {
        let report = lint(Utf8Path::new("Dockerfile"), &Source::new(text), &tree, &settings);
        for finding in report.findings.iter().filter(|finding| named(finding.rule)) {
            let order = scrambled(seed, &id, u64::from(finding.span.start));
            found.entry(finding.rule).or_default().push(Sample { order, text: show(&id, &report, finding) });
        }
    }
    for (rule, mut samples) in found {
        println!("==== {rule}: {} findings", samples.len());
        samples.sort_by_key(|sample| sample.order);
        for sample in samples.iter().take(SAMPLE) {
            println!("{}", sample.text);
        }
    }
    Ok(())
}

/// A number that is random in all its bits and the same for the same seed (splitmix64).
fn scrambled(seed: u64, id: &str, at: u64) -> u64 {
    let text = id.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut z = text.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn show(id: &str, report: &FileReport, finding: &Finding) -> String {
    let (first, last) = report.source.lines_of(finding.span);
    let mut out = format!("-- {id}:{first} {} {}\n", finding.level, finding.message);
    for note in &finding.notes {
        let _ = writeln!(out, "   note: {note}");
    }
    let shown = first.saturating_sub(2).max(1)..=(last + 2).min(first + 8);
    for number in shown {
        let mark = if (first..=last).contains(&number) { '>' } else { ' ' };
        let _ = writeln!(out, " {mark} {number:4} {}", report.source.line(number));
    }
    let fix = finding.fix.as_ref().map_or("no fix".to_owned(), |fix| {
        let safety = if fix.safety == Safety::Safe { "safe" } else { "confirm" };
        format!("{safety} fix: {}", fix.title)
    });
    let _ = write!(out, "   {fix}");
    out
}
