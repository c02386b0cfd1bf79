//! Real Dockerfiles against what BuildKit's parser says of them.
//!
//! The corpus is not part of the project: `TIDEWAITER_CORPUS` names its folder. Without it there is
//! nothing to run.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

#[path = "corpus/buildkit.rs"]
mod buildkit;
mod lossless;
#[path = "corpus/mutated.rs"]
mod mutated;
#[path = "corpus/refusals.rs"]
mod refusals;
#[path = "corpus/samples.rs"]
mod samples;
#[path = "corpus/snippets.rs"]
mod snippets;

use camino::Utf8Path;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tidewaiter::cli::syntax::describe;
use tidewaiter::dockerfile::parse;
use tidewaiter::lint::{Settings, fix, lint, reprove};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::{Source, apply};

fn main() {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os("TIDEWAITER_CORPUS").map(PathBuf::from) {
        Some(corpus) => trials(&corpus),
        None => Vec::new(),
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(corpus: &Path) -> Vec<Trial> {
    let trial = |name: &str, run: fn(&Path) -> Result<(), Failed>| {
        let corpus = corpus.to_owned();
        Trial::test(name, move || run(&corpus))
    };
    vec![
        trial("agrees_with_buildkit", agrees_with_buildkit),
        trial("buildkits_positive_cases", buildkit::positive_cases),
        trial("buildkits_negative_cases", buildkit::negative_cases),
        trial("buildkits_line_numbers", buildkit::line_numbers),
        trial("what_buildkit_refuses_is_an_error", refusals::agree),
        trial("truncations_do_not_panic", truncations_do_not_panic),
        trial("the_property_holds_for_changed_files", mutated::the_property_holds),
        trial("rules_and_fixes_hold", rules_and_fixes_hold),
        trial("proofs_hold_when_read_anew", proofs_hold_when_read_anew),
        trial("samples", samples::print),
        trial("snippets", snippets::behave),
    ]
}

/// Every Dockerfile of the corpus: id and text.
fn files(corpus: &Path) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = std::fs::read_dir(corpus.join("dev"))
        .expect("the corpus has a folder `dev`")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.strip_suffix(".Dockerfile")?.to_owned();
            Some((id, String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned()))
        })
        .collect();
    assert!(out.len() > 500, "the corpus is incomplete");
    out.sort();
    out
}

fn truncations_do_not_panic(corpus: &Path) -> Result<(), Failed> {
    for (id, text) in files(corpus).into_iter().step_by(20) {
        for (at, _) in text.char_indices() {
            lossless::reads(&text[..at]).map_err(|e| format!("{id}, cut at {at}: {e}"))?;
        }
    }
    Ok(())
}

/// Our reading of an instruction in the shape of the oracle's line.
fn as_oracle(ours: &Value) -> Value {
    let mut out = serde_json::json!({"n": ours["name"].as_str().unwrap_or("").to_uppercase()});
    let mut inner = ours;
    if ours["trigger"].is_object() {
        inner = &ours["trigger"];
        out["s"] = inner["name"].as_str().unwrap_or("").to_uppercase().into();
    }
    let keep = |value: &Value| value.as_array().is_some_and(|a| !a.is_empty());
    if keep(&inner["flags"]) {
        out["f"] = inner["flags"].clone();
    }
    if keep(&inner["args"]) {
        out["a"] = inner["args"].clone();
    }
    out["l"] = serde_json::json!([ours["start_line"], ours["end_line"]]);
    if inner["json"] == true {
        out["j"] = 1.into();
    }
    if let Some(heredocs) = ours["heredocs"].as_array().filter(|h| !h.is_empty()) {
        out["h"] = heredocs
            .iter()
            .map(|h| serde_json::json!([h["delimiter"], h["fd"], h["expand"], h["chomp"], h["content"]]))
            .collect();
    }
    out
}

fn normalise(oracle: &Value) -> Value {
    let mut out = oracle.clone();
    for empty in ["a", "f", "h"] {
        if out[empty].as_array().is_none_or(Vec::is_empty) {
            out.as_object_mut().expect("an object").remove(empty);
        }
    }
    out["n"] = out["n"].as_str().unwrap_or("").to_uppercase().into();
    out
}

fn sorted(value: &Value) -> Vec<(String, Value)> {
    let mut out: Vec<_> =
        value.as_object().expect("an object").iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

fn agrees_with_buildkit(corpus: &Path) -> Result<(), Failed> {
    let oracle = std::fs::read_to_string(corpus.join("dev-oracle.jsonl"))?;
    let (mut accepted, mut different, mut report) = (0, 0, String::new());
    for line in oracle.lines() {
        let theirs: Value = serde_json::from_str(line)?;
        if theirs["ok"] != 1 {
            continue;
        }
        accepted += 1;
        let id = theirs["id"].as_str().unwrap_or("");
        let bytes = std::fs::read(corpus.join("dev").join(format!("{id}.Dockerfile")))?;
        let ours = describe(&parse(&Source::new(String::from_utf8_lossy(&bytes).into_owned())));
        let ours: Vec<Value> = ours["instructions"].as_array().into_iter().flatten().map(as_oracle).collect();
        let theirs: Vec<Value> = theirs["ins"].as_array().into_iter().flatten().map(normalise).collect();
        let first = (0..ours.len().max(theirs.len()))
            .find(|i| ours.get(*i).map(sorted) != theirs.get(*i).map(sorted));
        if let Some(i) = first {
            different += 1;
            let _ = writeln!(report, "{id}\n  ours   {:?}\n  theirs {:?}", ours.get(i), theirs.get(i));
        }
    }
    println!("BuildKit's parser accepts {accepted} files; {different} are read differently");
    print!("{report}");
    if different > 0 { Err(format!("{different} of {accepted} files differ").into()) } else { Ok(()) }
}

/// What one rule says on the corpus.
#[derive(Default)]
struct Tally {
    findings: usize,
    files: usize,
    proven: usize,
    withheld: BTreeMap<String, usize>,
}

/// Lints every file, applies every fix, and prints what each rule does. A file keeps its syntax, and fixing
/// it twice changes nothing more.
/// Proofs share work: fixes of style are proven together, shell texts before a change are read once. Each must
/// do what it says alone, in a file that is read from the start.
fn proofs_hold_when_read_anew(corpus: &Path) -> Result<(), Failed> {
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let tree = MemoryTree::partial();
    let path = Utf8Path::new("Dockerfile");
    for (id, text) in files(corpus) {
        let source = Source::new(text);
        let report = lint(path, &source, &tree, &settings);
        for finding in &report.findings {
            let Some(fix) = finding.fix.as_ref().filter(|fix| fix.path.is_none()) else { continue };
            let changed = apply(source.text(), &fix.edits).map_err(|e| format!("{id}: {e}"))?;
            if !reprove(&report, path, &changed, &[finding], &tree, &settings) {
                return Err(
                    format!("{id}: {} at byte {} does not hold", finding.rule, finding.span.start).into()
                );
            }
        }
    }
    Ok(())
}

fn rules_and_fixes_hold(corpus: &Path) -> Result<(), Failed> {
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let tree = MemoryTree::partial();
    let path = Utf8Path::new("Dockerfile");
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut silent = 0;
    for (id, text) in files(corpus) {
        let source = Source::new(text);
        let report = lint(path, &source, &tree, &settings);
        silent += usize::from(report.findings.is_empty());
        let mut rules: Vec<&str> = report.findings.iter().map(|f| f.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            tallies.entry(rule).or_default().files += 1;
        }
        for finding in &report.findings {
            let tally = tallies.entry(finding.rule).or_default();
            tally.findings += 1;
            tally.proven += usize::from(finding.fix.is_some());
        }
        for (rule, reason) in &report.withheld {
            *tallies.entry(rule).or_default().withheld.entry(reason.clone()).or_default() += 1;
        }
        let fixed = fix(path, &source, &tree, &settings, true);
        let Some(text) = fixed.files.get(path) else { continue };
        let again = Source::new(text.as_str());
        if parse(&again).errors.len() > parse(&source).errors.len() {
            return Err(format!("{id}: the fixed file does not parse").into());
        }
        if fixed.report.findings.len() >= report.findings.len() {
            return Err(format!("{id}: the fixed file is not better").into());
        }
        if !fix(path, &again, &tree, &settings, true).files.is_empty() {
            return Err(format!("{id}: fixing twice changes the file again").into());
        }
    }
    println!("{silent} files are silent");
    for (rule, tally) in &tallies {
        println!(
            "{rule:26} {:5} findings in {:4} files, {:5} fixes proven",
            tally.findings, tally.files, tally.proven
        );
        for (reason, number) in &tally.withheld {
            println!("{:26} {number:5} withheld: {reason}", "");
        }
    }
    Ok(())
}
