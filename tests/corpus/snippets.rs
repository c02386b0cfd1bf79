//! Pairs of small Dockerfiles for the rules: one must be reported, the other must not. They lie beside the corpus, in
//! `knowledge/snippets.txt`, whose head says how it is to be read.

use camino::Utf8Path;
use libtest_mimic::Failed;
use std::path::Path;
use tidewaiter::config::Config;
use tidewaiter::lint::{Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::rules;
use tidewaiter::text::Source;

/// Rules of the list that are not written yet: off, or in need of configuration.
const MISSING: [&str; 5] = [
    "cd-instead-of-workdir",
    "named-user",
    "shellcheck-finding",
    "two-download-tools",
    "wget-progress-in-log",
];

#[derive(Default)]
struct Pair {
    rule: String,
    bad: String,
    good: String,
}

fn pairs(text: &str) -> Vec<Pair> {
    let mut out: Vec<Pair> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("@ ") {
            let rule = name.split('/').next().unwrap_or(name).to_owned();
            out.push(Pair { rule, ..Pair::default() });
        } else if let Some(pair) = out.last_mut() {
            for (sign, side) in [('+', &mut pair.bad), ('-', &mut pair.good)] {
                if let Some(rest) = line.strip_prefix(sign).filter(|rest| !rest.starts_with(" fires")) {
                    side.push_str(rest);
                    side.push('\n');
                }
            }
        }
    }
    out
}

pub(super) fn behave(corpus: &Path) -> Result<(), Failed> {
    let path = corpus.join("../knowledge/snippets.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("{} is not there", path.display());
        return Ok(());
    };
    let pairs = pairs(&text);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for pair in &pairs {
        if MISSING.contains(&pair.rule.as_str()) {
            continue;
        }
        if rules::find(&pair.rule).is_none() {
            wrong.push(format!("there is no rule `{}`", pair.rule));
            continue;
        }
        tried += 1;
        let mut settings = Settings::new(jiff::civil::date(2026, 11, 24));
        settings.only = vec![pair.rule.clone()];
        if pair.rule == "package-version-unpinned" && pair.bad.contains("apk add") {
            let options = "rules:\n  package-version-unpinned:\n    system-packages: true\n";
            settings.config = Config::parse(Utf8Path::new("c.yml"), options).map_err(|e| e.to_string())?;
        }
        let found = |text: &str| {
            let tree = MemoryTree::partial();
            !lint(Utf8Path::new("Dockerfile"), &Source::new(text), &tree, &settings).findings.is_empty()
        };
        if !found(&pair.bad) {
            wrong.push(format!("{} is silent on\n{}", pair.rule, pair.bad));
        }
        if found(&pair.good) {
            wrong.push(format!("{} reports\n{}", pair.rule, pair.good));
        }
    }
    println!("{tried} of {} pairs tried, {} deviations", pairs.len(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
