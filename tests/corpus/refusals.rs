//! What BuildKit refuses, we report on that line; what it accepts, we do not call an error.
//!
//! `tests/corpus/differences.tsv` lists the files where that is not so, with the line and the reason. It names
//! files by number only.

use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use tidewaiter::config::Level;
use tidewaiter::lint::{Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::Source;

const DIFFERENCES: &str = include_str!("differences.tsv");

/// The rules whose errors say that BuildKit refuses the file.
const RULES: [&str; 6] = [
    "circular-stages",
    "copy-from-self",
    "invalid-onbuild",
    "missing-from",
    "syntax-error",
    "unknown-instruction",
];

/// What BuildKit says: the parser and `instructions.Parse` in the one file, the conversion in the other.
fn refusals(corpus: &Path) -> Result<BTreeMap<String, String>, Failed> {
    let mut out = BTreeMap::new();
    for name in ["buildkit-lint-dev.jsonl", "dev-oracle.jsonl"] {
        for line in std::fs::read_to_string(corpus.join(name))?.lines() {
            let entry: Value = serde_json::from_str(line)?;
            let reason = ["err", "insErr"].iter().find_map(|key| entry[*key].as_str());
            // The stand-in for a registry failed, not the file.
            let Some(reason) = reason.filter(|reason| *reason != "panic") else { continue };
            let id = entry["id"].as_str().unwrap_or("").to_owned();
            out.insert(id, reason.to_owned());
        }
    }
    Ok(out)
}

/// The line of a refusal: as BuildKit says, or the first one that holds the name it complains about.
fn line_of(reason: &str, text: &str) -> u32 {
    if let Some(line) = reason.split("on line ").nth(1).and_then(|rest| rest.split(':').next()?.parse().ok())
    {
        return line;
    }
    if reason.starts_with("failed to process") {
        return text
            .lines()
            .position(|line| line.contains("${templateOption:"))
            .map_or(0, |at| at as u32 + 1);
    }
    let quoted =
        reason.split_once('(').and_then(|(_, rest)| rest.split_once(") should")).map(|(name, _)| name);
    let holds = |line: &str| {
        line.trim_start().to_uppercase().starts_with("FROM")
            && match quoted {
                Some(name) => line.split_whitespace().any(|word| word == name),
                None => line.contains('$') || reason.contains("REPLACE-ME"),
            }
    };
    text.lines().position(holds).map_or(0, |at| at as u32 + 1)
}

pub(super) fn agree(corpus: &Path) -> Result<(), Failed> {
    let theirs = refusals(corpus)?;
    let known: BTreeSet<(String, u32)> = DIFFERENCES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let known = (cells.next()?.to_owned(), cells.next()?.parse().ok()?);
            cells.next().filter(|reason| reason.len() > 10)?;
            Some(known)
        })
        .collect();
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let (mut found, mut report, mut agreed) = (BTreeSet::new(), String::new(), 0);
    for (id, text) in super::files(corpus) {
        let source = Source::new(text.as_str());
        let checked = lint("Dockerfile".into(), &source, &MemoryTree::partial(), &settings);
        let told: BTreeMap<u32, &str> = checked
            .findings
            .iter()
            .filter(|f| RULES.contains(&f.rule) && f.level == Level::Error)
            .map(|f| (source.line_of(f.span.start), f.message.as_str()))
            .collect();
        match (theirs.get(&id), told.first_key_value()) {
            (None, None) => {}
            (None, Some((line, message))) => {
                found.insert((id.clone(), *line));
                let _ = writeln!(report, "{id}\t{line}\tBuildKit accepts; we say {message}");
            }
            (Some(reason), _) => {
                let line = line_of(reason, &text);
                if told.contains_key(&line) {
                    agreed += 1;
                } else {
                    found.insert((id.clone(), line));
                    let _ = writeln!(report, "{id}\t{line}\tBuildKit refuses ({reason}); we say {told:?}");
                }
            }
        }
    }
    println!("{agreed} of {} refusals are told on their line, {} differences", theirs.len(), found.len());
    if found == known {
        return Ok(());
    }
    let gone: Vec<_> = known.difference(&found).collect();
    Err(format!("the list of differences is not up to date; gone: {gone:?}; all there are:\n{report}").into())
}
