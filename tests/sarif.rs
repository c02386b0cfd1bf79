//! The SARIF report of all rule fixtures against the schema of the standard, and against what it is made from.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

#[path = "cases/mod.rs"]
#[allow(dead_code, reason = "the snapshots of the folders are checked elsewhere")]
mod cases;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tidewaiter::lint::{FileReport, Settings, audit};
use tidewaiter::report::sarif::{self, Origin, Run};
use tidewaiter::report::{Checked, Unread};
use tidewaiter::repository::{MemoryTree, Tree, is_dockerfile};
use tidewaiter::rules::{self, Finding};
use tidewaiter::text::{Source, apply};

const RUN: Run<'static> = Run { rule: rules::find, category: "tidewaiter/", origin: None };

fn settings() -> Settings {
    let mut settings = Settings::new(jiff::civil::date(2026, 11, 24));
    // Also those that are off by default.
    settings.only = rules::all().map(|rule| rule.id.to_owned()).collect();
    settings
}

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif/schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    // Known erratum: their pattern is no valid one (a `]` too much). We write no language.
    for holder in ["run", "toolComponent"] {
        schema["definitions"][holder]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// Parses a log after it has been checked against the schema.
fn valid(schema: &jsonschema::Validator, text: &str, of: &str) -> Value {
    let log: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&log).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{of}: {errors:#?}");
    log
}

fn dockerfiles(tree: &MemoryTree, dir: &Utf8Path, out: &mut Vec<Utf8PathBuf>) {
    for (name, entry) in tree.list(dir).found().unwrap_or_default().iter() {
        let path = dir.join(name);
        if entry.kind == tidewaiter::repository::Kind::Directory {
            dockerfiles(tree, &path, out);
        } else if is_dockerfile(&path) {
            out.push(path);
        }
    }
}

fn checked(tree: &MemoryTree) -> Checked {
    let mut paths = Vec::new();
    dockerfiles(tree, Utf8Path::new(""), &mut paths);
    audit(tree, paths, &settings()).into()
}

/// The byte offset of a line and a column, both from 1.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let chars: usize = text[start..].chars().take(column as usize - 1).map(char::len_utf8).sum();
    start + chars
}

/// The bytes of a region by its lines and columns, which must be those by its offsets.
fn bytes(text: &str, region: &Value) -> std::ops::Range<usize> {
    let number = |name: &str| region[name].as_u64().unwrap();
    let start = offset(text, number("startLine"), number("startColumn"));
    let end = offset(text, number("endLine"), number("endColumn"));
    let from = number("byteOffset") as usize;
    assert_eq!(start..end, from..from + number("byteLength") as usize, "{region}");
    start..end
}

/// What a viewer would make of a fix.
fn replay(text: &str, change: &Value) -> String {
    let mut out = String::new();
    let mut last = 0;
    for replacement in change["replacements"].as_array().unwrap() {
        let range = bytes(text, &replacement["deletedRegion"]);
        out.push_str(&text[last..range.start]);
        out.push_str(replacement["insertedContent"]["text"].as_str().unwrap_or(""));
        last = range.end;
    }
    out + &text[last..]
}

fn compare(tree: &MemoryTree, file: &FileReport, finding: &Finding, result: &Value, rules: &Value) {
    let text = file.source.text();
    assert_eq!(result["ruleId"], finding.rule);
    assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], finding.rule);
    assert_eq!(result["partialFingerprints"]["tidewaiter/v1"], finding.fingerprint.as_str());
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    let range = bytes(text, &place["region"]);
    if let Some(snippet) = place["region"]["snippet"]["text"].as_str() {
        assert_eq!(snippet, &text[range]);
    }
    let Some(fix) = &finding.fix else {
        assert!(result.get("fixes").is_none());
        return;
    };
    let path = fix.path.as_ref().unwrap_or(&file.path);
    let own =
        Source::new(if *path == file.path { file.source.shared() } else { tree.read(path).found().unwrap() });
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], path.as_str(), "fixtures have plain names");
    assert_eq!(replay(own.text(), change), apply(own.text(), &fix.edits).unwrap(), "{}", finding.rule);
}

#[test]
fn findings_of_all_fixtures_fit_the_schema_and_say_the_same() {
    let schema = schema();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut seen = BTreeSet::new();
    let (mut results, mut fixes) = (0, 0);
    for rule in rules::all() {
        for case in fs::read_dir(root.join(rule.id)).unwrap() {
            let dir = case.unwrap().path();
            if !dir.is_dir() {
                continue;
            }
            let tree = cases::load(&dir);
            let checked = checked(&tree);
            let sarif = sarif::render(&checked, &RUN).unwrap();
            assert_eq!(sarif.left_out, 0);
            let log = valid(&schema, &sarif.text, &dir.display().to_string());
            let run = &log["runs"][0];
            let list = run["results"].as_array().unwrap();
            let findings: Vec<(&FileReport, &Finding)> =
                checked.reports().flat_map(|file| file.findings.iter().map(move |f| (file, f))).collect();
            assert_eq!(list.len(), findings.len());
            for ((file, finding), result) in findings.into_iter().zip(list) {
                compare(&tree, file, finding, result, &run["tool"]["driver"]["rules"]);
                seen.insert(finding.rule);
                results += 1;
                fixes += usize::from(finding.fix.is_some());
            }
        }
    }
    let silent: Vec<&str> = rules::all().map(|rule| rule.id).filter(|id| !seen.contains(id)).collect();
    assert!(silent.len() <= 5, "no fixture shows these as SARIF: {silent:?}");
    assert!(results > 1_000 && fixes > 500, "{results} results, {fixes} fixes");
}

#[test]
fn what_is_known_of_rules_and_run_is_said() {
    let tree =
        MemoryTree::complete().with("Dockerfile", "FROM debian:12\nRUN chmod -R 777 /srv\nCMD [\"sh\"]\n");
    let mut checked = checked(&tree);
    checked.errors.push(Unread { path: "a b/Dockerfile".into(), message: "the file is empty".to_owned() });
    let origin = Origin {
        repository: "https://github.com/octo-org/shop".to_owned(),
        revision: Some("0123456789012345678901234567890123456789".to_owned()),
        branch: Some("main".to_owned()),
    };
    let sarif = sarif::render(&checked, &Run { origin: Some(&origin), ..RUN }).unwrap();
    let log = valid(&schema(), &sarif.text, "sample");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["automationDetails"]["id"], "tidewaiter/");
    assert_eq!(run["versionControlProvenance"][0]["repositoryUri"], "https://github.com/octo-org/shop");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let told = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(told["message"]["text"], "a b/Dockerfile: the file is empty");
    assert_eq!(told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20b/Dockerfile");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let root = rules.iter().find(|rule| rule["id"] == "run-as-root").unwrap();
    assert!(root["help"]["markdown"].as_str().unwrap().contains("## Why is this bad?"));
    assert_eq!(root["name"], "RunAsRoot");
    assert_eq!(root["shortDescription"]["text"], "The image runs as root.");
    assert!(root["fullDescription"]["text"].as_str().unwrap().starts_with("Finds a stage"));
    assert!(root["helpUri"].as_str().unwrap().ends_with("/docs/rules.md#run-as-root"));
    assert_eq!(root["defaultConfiguration"], serde_json::json!({ "enabled": true, "level": "warning" }));
    let tags = root["properties"]["tags"].as_array().unwrap();
    assert!(tags.len() <= 20 && tags[0] == "security" && tags.contains(&"DL3002".into()), "{tags:?}");
    assert_eq!(root["properties"]["security-severity"], "5.5");
    for rule in rules {
        let known = rules::find(rule["id"].as_str().unwrap()).unwrap();
        let severity = rule["properties"].get("security-severity");
        assert_eq!(severity.is_some(), known.chapter.name() == "security", "{}", known.id);
    }
}

#[test]
fn names_and_texts_of_the_repository_stay_data() {
    let name = "a b/%41#?\u{202e}[x](y)\n\"é/Dockerfile";
    let text = "FROM debian:12\nRUN apt-get install '[click](https://evil.example)' \"\u{202e}x\"\n";
    let tree = MemoryTree::complete().with(name, text);
    let checked = checked(&tree);
    let log = valid(&schema(), &sarif::render(&checked, &RUN).unwrap().text, "hostile");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() > 2);
    for result in results {
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(*uri, "a%20b/%2541%23%3F%E2%80%AE%5Bx%5D%28y%29%0A%22%C3%A9/Dockerfile");
        let said = result["message"]["text"].as_str().unwrap();
        assert!(!said.contains("](") && !said.contains('\u{202e}'), "{said}");
    }
}
