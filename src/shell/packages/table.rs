//! Command lines of each manager with what is read from them, one file per manager in `tables/`.
//!
//! A case is a line `> command` with lines below it: manager, verb and verb as written; each package; the
//! options; what is left behind. `TIDEWAITER_BLESS=1` writes the files anew, to be read before they are kept.

use super::tests::shown;
use super::*;
use crate::dockerfile::Joined;
use crate::shell::parse;
use std::fmt::Write as _;

const NAMES: &[&str] = &[
    "apk", "apt", "bun", "bundle", "cargo", "composer", "conda", "corepack", "dnf", "dotnet", "gem", "go",
    "gradle", "maven", "microdnf", "npm", "nuget", "pacman", "pip", "pipenv", "pipx", "pnpm", "poetry", "uv",
    "yarn", "yum", "zypper",
];

/// What is read from a command line; its spans are checked.
fn describe(text: &str) -> String {
    let script = parse(&Joined::verbatim(text, 0));
    assert_eq!(script.problems, [], "{text}");
    let mut out = String::new();
    for call in package_commands(&script) {
        let slice = |span: Span| text.get(span.range()).expect("spans lie in the text");
        let first = call.verb_text.split(' ').next().unwrap_or("");
        assert!(slice(call.verb_span).contains(first), "{text}");
        assert!(slice(call.program_span).contains(call.program), "{text}");
        let _ = write!(out, "{:?} {:?} `{}`", call.manager, call.verb, call.verb_text);
        if call.may_contain_anything() {
            out.push_str(" ?");
        }
        if call.updates_index {
            out.push_str(" index");
        }
        out.push('\n');
        for (package, line) in call.packages.iter().zip(shown(&call)) {
            assert!(slice(package.span).contains(package.base_name()), "{text}");
            let _ = write!(out, "  {line}");
            if let Some(pin) = package.pin() {
                let _ = write!(out, " = {:?} {:?}", pin.operator, pin.version);
            }
            let extras: Vec<&str> = package.extras().collect();
            if !extras.is_empty() && package.kind != PackageKind::Editable {
                let _ = write!(out, " {} extras {extras:?}", package.base_name());
            }
            out.push_str(if package.is_vcs() { " vcs\n" } else { "\n" });
        }
        let flags: Vec<String> = call
            .flags
            .iter()
            .map(|flag| {
                assert!(!slice(flag.span).is_empty(), "{text}");
                flag.value
                    .as_ref()
                    .map_or_else(|| flag.name.to_string(), |value| format!("{}={value}", flag.name))
            })
            .collect();
        if !flags.is_empty() {
            let _ = writeln!(out, "  options {}", flags.join(" | "));
        }
        let left: Vec<&str> = call.leaves().map(|leftover| leftover.dir).collect();
        if !left.is_empty() {
            let _ = writeln!(out, "  leaves {}", left.join(" "));
        }
    }
    if out.is_empty() { "nothing\n".to_owned() } else { out }
}

#[test]
fn every_table_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shell/packages/tables");
    for name in NAMES {
        let file = folder.join(format!("{name}.txt"));
        let text = std::fs::read_to_string(&file).expect("each manager has a table");
        let cases = text.lines().filter_map(|line| line.strip_prefix("> "));
        let actual: Vec<String> = cases.map(|case| format!("> {case}\n{}", describe(case))).collect();
        let actual = actual.join("\n");
        if std::env::var_os("TIDEWAITER_BLESS").is_some() {
            std::fs::write(&file, &actual).expect("the table can be written");
        } else {
            assert_eq!(actual, text, "{name}");
        }
    }
    let tables = std::fs::read_dir(&folder).expect("the tables are there").count();
    assert_eq!(tables, NAMES.len());
}
