//! Keeps the lists of rules, the documentation and the layering equal to the sources.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tidewaiter::rules::{self, Chapter};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes the text when the file differs, and says so by failing once.
fn keep(path: &Path, text: &str) {
    let old = fs::read_to_string(path).unwrap_or_default();
    if old != text {
        fs::create_dir_all(path.parent().expect("files have folders")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
        panic!("{} was out of date and has been rewritten; run the tests again", path.display());
    }
}

#[test]
fn the_list_of_each_chapter_names_its_files() {
    for chapter in Chapter::ALL {
        let dir = root().join("src/rules").join(chapter.name());
        let mut names: Vec<String> = fs::read_dir(&dir)
            .expect("each chapter has a folder")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod")
            .collect();
        names.sort();
        let mut text = format!(
            "//! Rules of the chapter \"{}\". The list is kept by `tests/registry.rs`.\n\n",
            chapter.name()
        );
        for name in &names {
            let _ = writeln!(text, "mod {name};");
        }
        if !names.is_empty() {
            text.push('\n');
        }
        text.push_str("/// The rules of this chapter, by id.\n");
        let entries: Vec<String> = names.iter().map(|name| format!("&{name}::RULE")).collect();
        // The three forms that rustfmt chooses from.
        let list = entries.join(", ");
        let head = "pub(super) static RULES: &[&crate::rules::Rule] =";
        if head.len() + list.len() + 5 <= 110 {
            let _ = writeln!(text, "{head} &[{list}];");
        } else if list.len() + 8 <= 110 {
            let _ = writeln!(text, "{head}\n    &[{list}];");
        } else {
            let _ = writeln!(text, "{head} &[");
            for entry in entries {
                let _ = writeln!(text, "    {entry},");
            }
            text.push_str("];\n");
        }
        keep(&dir.join("mod.rs"), &text);
    }
}

#[test]
fn rules_are_well_declared() {
    let mut seen = BTreeMap::new();
    for rule in rules::all() {
        let id = rule.id;
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
        assert!(seen.insert(id, rule).is_none(), "{id} is declared twice");
        let file =
            root().join("src/rules").join(rule.chapter.name()).join(format!("{}.rs", id.replace('-', "_")));
        assert!(file.exists(), "{id} does not stand in {}", file.display());
        assert!(!rule.summary().is_empty() && rule.summary().len() <= 110, "{id}: summary");
        for section in
            ["What it does", "Why is this bad?", "Example", "Use instead", "Fix safety", "References"]
        {
            assert!(!rule.section(section).is_empty(), "{id} has no section `{section}`");
        }
        let fixtures = root().join("tests/rules").join(id);
        assert!(fixtures.is_dir(), "{id} has no fixtures in {}", fixtures.display());
    }
    for entry in fs::read_dir(root().join("tests/rules")).expect("the fixtures are there") {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        assert!(seen.contains_key(name.as_str()), "fixtures for an unknown rule: {name}");
    }
}

#[test]
fn the_page_of_rules_is_current() {
    keep(&root().join("docs/rules.md"), &rules::documentation());
}

/// Rooms, lowest first. A room imports rooms before it only.
const ROOMS: [&str; 13] = [
    "text",
    "config",
    "dockerfile",
    "shell",
    "image",
    "repository",
    "facts",
    "rules",
    "lint",
    "review",
    "github",
    "report",
    "cli",
];

#[test]
fn imports_go_down_only() {
    for (layer, room) in ROOMS.iter().enumerate() {
        let mut files = vec![root().join("src").join(room)];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(fs::read_dir(&path).expect("readable").map(|e| e.expect("readable").path()));
                continue;
            }
            if path.extension().is_none_or(|e| e != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            for (number, line) in text.lines().enumerate() {
                let code = line.trim_start();
                if code.starts_with("//") {
                    continue;
                }
                for above in &ROOMS[layer + 1..] {
                    assert!(
                        !code.contains(&format!("crate::{above}::"))
                            && !code.contains(&format!("crate::{above};")),
                        "{}:{} imports `{above}`, which lies above `{room}`",
                        path.display(),
                        number + 1
                    );
                }
            }
        }
    }
}
