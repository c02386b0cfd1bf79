//! Hostile pull requests: whatever stands in a file, its name or the base's settings, nothing that is written
//! can mention, link, hide, break out of its place, or command a workflow's runner.
//!
//! The fixtures of all rules are the soil: attacks are put into their words, lines and file names, so that each
//! message of each rule gets to quote them. Every output is then read by independent oracles.

#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::duration_suboptimal_units,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test"
)]

mod cases;
#[path = "hostile/markdown.rs"]
mod markdown;
#[path = "hostile/runner.rs"]
mod runner;
#[cfg(unix)]
#[path = "hostile/sizes.rs"]
mod sizes;

use camino::{Utf8Path, Utf8PathBuf};
use markdown::{Kind as Text, assert_inert};
use std::fs;
use std::path::{Path, PathBuf};
use tidewaiter::lint::{FileReport, Named, Settings, lint, lint_repository};
use tidewaiter::report::{Checked, Unread, annotations, json, terminal};
use tidewaiter::repository::{Kind, MemoryTree, Tree, is_dockerfile};
use tidewaiter::review::{FileDiff, Input, LineRange, Paint, Plan, ReportMode, fold, plan, render};
use tidewaiter::rules::{self, Finding};
use tidewaiter::text::{Source, is_hidden};

/// Each goes into words, so none has a blank; line ends and blanks come with [`LINES`].
const WORDS: [&str; 34] = [
    "@octo-org/team",
    "#1",
    "octo-org/shop#1",
    "GH-12",
    "https://evil.example/?a=b",
    "www.evil.example",
    "![p](http://evil.example/p.png)",
    "[x](javascript:alert(1))",
    "<img/src=//evil.example/x.png>",
    "<!--x-->",
    "-->",
    "</sub></details>",
    "`",
    "```",
    "````suggestion",
    "a`@team`b",
    "\\`@team",
    "|a\\|b|",
    "**bold**",
    "~~gone~~",
    "$\\color{red}x$",
    ":octocat:",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    "\u{202e}gnp.\u{2066}x",
    "a\u{200b}\u{2060}\u{feff}b",
    "\u{e0041}\u{fe01}\u{3164}",
    "\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}x\u{9b}31m",
    "::error::x",
    "##[error]x",
    "%0A::error::x",
    "&commat;team&#35;1&lt;img&gt;",
    "[^1]",
    "[!NOTE]",
    "tidewaiter:v1",
];

/// Each is put in as a line of its own.
const LINES: [&str; 12] = [
    "::error file=x::pwned",
    " \u{a0}::stop-commands::x",
    "##[set-env name=PATH;]x",
    "```",
    "# a",
    "- [ ] x",
    "> [!WARNING]",
    "<!-- tidewaiter:v1 fp=0123456789abcdef lines=1 -->",
    "| a | b |",
    "===",
    "a\r::error::x\rb",
    "[x]: http://evil.example",
];

fn settings() -> Settings {
    Settings::new(jiff::civil::date(2026, 11, 24))
}

/// A small generator: the same run after run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(dir)
        .expect("readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    out.sort();
    out
}

/// The files of a tree.
fn files(tree: &MemoryTree) -> Vec<(Utf8PathBuf, Kind, String)> {
    let mut out = Vec::new();
    let mut waiting = vec![Utf8PathBuf::new()];
    while let Some(dir) = waiting.pop() {
        for (name, entry) in tree.list(&dir).found().unwrap_or_default().iter() {
            let path = dir.join(name);
            match entry.kind {
                Kind::Directory => waiting.push(path),
                kind => {
                    let text = tree.read(&path).found().unwrap_or_default();
                    out.push((path, kind, text.to_string()));
                }
            }
        }
    }
    out
}

/// Puts an attack into some words of a text, and now and then a line between others.
fn spoil(text: &str, word: &str, line: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut at_start = true;
    for part in text.split_inclusive([' ', '\n', '=', '"', '\'', ',', '/']) {
        let end = part.len() - part.chars().next_back().map_or(0, char::len_utf8);
        let (body, sign) = part.split_at(end);
        // The first word of a line is what makes it an instruction or a key.
        let spoilt = !at_start && !body.trim().is_empty() && dice.roll(4) == 0;
        match (spoilt, dice.roll(3)) {
            (false, _) => out.push_str(body),
            (true, 0) => out.push_str(word),
            (true, 1) => out.extend([body, word]),
            (true, _) => out.extend([word, body]),
        }
        out.push_str(sign);
        at_start = sign == "\n" || (at_start && body.trim().is_empty());
        if sign == "\n" && dice.roll(8) == 0 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// A case with attacks in it: the tree, and its Dockerfiles.
fn spoilt(case: &MemoryTree, word: &str, line: &str, dice: &mut Dice) -> (MemoryTree, Vec<Named>) {
    let mut tree = MemoryTree::complete();
    let mut named = Vec::new();
    for (path, kind, text) in files(case) {
        let text = spoil(&text, word, line, dice);
        let path = if is_dockerfile(&path) && dice.roll(2) == 0 {
            // A path of several parts where the attack has slashes, and with a line end in its name.
            Utf8PathBuf::from(format!(
                "{}/{line}\n{word}.Dockerfile",
                path.parent().unwrap_or(Utf8Path::new(""))
            ))
        } else {
            path
        };
        let path = Utf8PathBuf::from(path.as_str().trim_start_matches('/'));
        if is_dockerfile(&path) {
            named.push((path.clone(), Source::new(text.as_str())));
        }
        tree.insert(&path, kind, Some(text.as_str().into()));
    }
    (tree, named)
}

/// The findings of all rules, also of those that are off.
fn found(tree: &MemoryTree, named: &[Named]) -> Vec<FileReport> {
    let settings = Settings { only: rules::all().map(|rule| rule.id.to_owned()).collect(), ..settings() };
    let mut reports: Vec<FileReport> =
        named.iter().map(|(path, source)| lint(path, source, tree, &settings)).collect();
    for around in lint_repository(named, tree, &settings) {
        match reports.iter_mut().find(|report| report.path == around.path) {
            Some(report) => report.findings.extend(around.findings),
            None => reports.push(around),
        }
    }
    reports
}

/// The review, as if half of each file were new, and again with everything in the body.
fn plans(tree: &MemoryTree, reports: &[FileReport], notes: &[String]) -> Vec<(Plan, Vec<FileDiff>)> {
    let diff = |report: &FileReport, whole: bool| {
        let text = report.source.text();
        let lines = text.split_inclusive('\n').count();
        let kept: String = text.split_inclusive('\n').skip(if whole { lines } else { lines / 2 }).collect();
        FileDiff::from_texts(&report.path, &kept, text)
    };
    let everything = |report: &FileReport, _: &Finding| vec![LineRange::new(1, report.source.line_count())];
    let texts = |path: &Utf8Path| tree.read(path).found().map(Source::new);
    let mut out = Vec::new();
    for (whole, comments) in [(true, 100), (false, 2)] {
        let diffs: Vec<FileDiff> = reports.iter().map(|report| diff(report, whole)).collect();
        let mut input = Input::new("0123456789012345678901234567890123456789", &[], reports, &diffs);
        input.notes = notes;
        input.causes = Some(&everything);
        input.texts = Some(&texts);
        input.settings.inline_level = tidewaiter::config::Level::Style;
        input.settings.report = ReportMode::All;
        input.settings.max_comments = comments;
        out.push((plan(&input), diffs));
    }
    out
}

/// Nothing in it is for the runner, nothing for the terminal.
fn assert_quiet(text: &str, attack: &str) {
    for line in runner::lines(text) {
        assert_eq!(runner::obey(line), None, "{attack:?}: {line:?}");
    }
    let hidden = text.chars().find(|c| is_hidden(*c) && *c != '\n');
    assert_eq!(hidden, None, "{attack:?} in {text:?}");
}

/// Coloured text holds our colours and no other sequence.
fn assert_only_colours(text: &str, attack: &str) {
    for (index, part) in text.split('\u{1b}').enumerate().skip(1) {
        let colour = part.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        let plain = colour.is_some_and(|(code, _)| code.bytes().all(|b| b.is_ascii_digit() || b == b';'));
        assert!(plain, "{attack:?}: sequence {index} in {text:?}");
    }
    assert!(!text.chars().any(|c| is_hidden(c) && !matches!(c, '\n' | '\u{1b}')), "{attack:?}: {text:?}");
    for line in runner::lines(text) {
        assert_eq!(runner::obey(line), None, "{attack:?}: {line:?}");
    }
}

/// Each line is one of our commands or plain, and says what was meant.
fn assert_commands(text: &str, paths: &[&Utf8Path], attack: &str) {
    for kind in ["error", "warning", "notice"] {
        let of_kind = |line: &&str| line.starts_with(&format!("::{kind} "));
        assert!(text.lines().filter(of_kind).count() <= 10, "{attack:?}");
    }
    for line in runner::lines(text) {
        let Some(command) = runner::obey(line) else { continue };
        assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{attack:?}: {line:?}");
        assert!(line.starts_with("::") && !line.contains("##["), "{attack:?}: {line:?}");
        for (key, value) in &command.properties {
            let known = match key.as_str() {
                "file" => paths
                    .iter()
                    .any(|path| tidewaiter::text::visible(path.as_str()).replace("##[", "# #[") == *value),
                "line" | "endLine" => value.bytes().all(|b| b.is_ascii_digit()),
                "title" => value == "tidewaiter" || rules::find(value).is_some(),
                _ => false,
            };
            assert!(known, "{attack:?}: {key} is {value:?} in {line:?}");
        }
        let hidden = command.data.chars().find(|c| is_hidden(*c) && *c != '\n');
        assert_eq!(hidden, None, "{attack:?} in {line:?}");
    }
}

/// Every output of these findings.
fn assert_all(tree: &MemoryTree, reports: Vec<FileReport>, attack: &str) {
    let notes = [format!("`{attack}` is not read: {attack}.")];
    for (plan, diffs) in plans(tree, &reports, &notes) {
        let paths: Vec<&Utf8Path> = diffs.iter().map(|diff| &*diff.path).collect();
        if let Some(review) = &plan.review {
            assert_inert(Text::Review, &review.body, attack);
            for comment in &review.comments {
                assert_inert(Text::Review, &comment.body, attack);
            }
            assert_inert(Text::Review, &fold(&review.body, &review.comments), attack);
        }
        assert_inert(Text::Summary, &plan.summary, attack);
        assert_quiet(&render(&plan, &diffs, Paint::Plain), attack);
        assert_only_colours(&render(&plan, &diffs, Paint::Colour), attack);
        assert_commands(
            &annotations::render(&plan.annotations, "All are in the job summary"),
            &paths,
            attack,
        );
    }
    let errors = reports
        .iter()
        .map(|report| Unread { path: report.path.clone(), message: format!("cannot read `{}`", report.path) })
        .collect();
    let checked = Checked { files: reports, errors, ..Checked::default() };
    let report = tidewaiter::report::markdown::render(&checked);
    assert_inert(Text::Report, &report, attack);
    assert_quiet(&report, attack);
    assert_quiet(&terminal::render(&checked, false), attack);
    assert_only_colours(&terminal::render(&checked, true), attack);
    let paths: Vec<&Utf8Path> = checked.files.iter().map(|report| &*report.path).collect();
    let all = annotations::annotations(&checked);
    assert_commands(&annotations::render(&all, "The others follow"), &paths, attack);
    let text = json::render(&checked, rules::find).expect("JSON");
    assert_eq!(text.matches('\n').count(), 1, "{attack:?}");
    for line in runner::lines(&text) {
        assert_eq!(runner::obey(line), None, "{attack:?}: {line:?}");
    }
    let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (file, report) in read["files"].as_array().expect("a list").iter().zip(&checked.files) {
        assert_eq!(file["path"], report.path.as_str());
    }
}

/// Every third fixture of the rules, with attacks; `part` of `parts`, so that they run side by side.
fn sow(part: usize, parts: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let (mut number, mut findings, mut said) = (0, 0, std::collections::BTreeSet::new());
    for rule in folders(&root) {
        for case in folders(&rule) {
            number += 1;
            if number % (3 * parts) != part {
                continue;
            }
            let case = cases::load(&case);
            let mut dice = Dice((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            let word = WORDS[number / (3 * parts) % WORDS.len()];
            let line = LINES[number / (3 * parts) % LINES.len()];
            let (tree, named) = spoilt(&case, word, line, &mut dice);
            let reports = found(&tree, &named);
            for finding in reports.iter().flat_map(|report| &report.findings) {
                findings += 1;
                said.insert(finding.rule);
            }
            assert_all(&tree, reports, word);
        }
    }
    // A test whose attacks silence every rule would hold for nothing.
    assert!(findings > 200 && said.len() > 60, "{findings} findings of {} rules", said.len());
}

#[test]
fn no_output_is_moved_by_the_first_half() {
    sow(0, 2);
}

#[test]
fn no_output_is_moved_by_the_second_half() {
    sow(1, 2);
}

/// What no rule says today, but may: each attack as the whole message, note, title, and in code.
#[test]
fn no_message_is_live() {
    let text = "FROM a\nRUN b\n";
    for attack in WORDS.iter().chain(&LINES) {
        let all = [
            (*attack).to_owned(),
            format!("`{attack}`"),
            format!("Says `{attack}` and {attack}"),
            format!("{attack}\n{attack}"),
            format!("1. {attack}\t\r\n    {attack}"),
            format!("`a`{attack}`b` `{attack} |` | {attack}"),
        ];
        for message in all {
            let finding = Finding {
                rule: "run-as-root",
                level: tidewaiter::config::Level::Warning,
                path: "Dockerfile".into(),
                span: tidewaiter::text::Span::new(7, 10),
                message: message.clone(),
                notes: vec![message.clone(), message.clone()],
                related: vec![rules::Related {
                    path: Some(Utf8PathBuf::from(message.clone())),
                    span: tidewaiter::text::Span::new(0, 1),
                    message: message.clone(),
                }],
                fix: Some(rules::Fix::confirm(
                    message.clone(),
                    vec![tidewaiter::text::Edit::insert(7, format!("USER {attack}\n"))],
                )),
                subject: None,
                fingerprint: message.clone(),
                codes: Vec::new(),
            };
            let report = FileReport {
                findings: vec![finding],
                withheld: vec![("run-as-root", message.clone())],
                ..FileReport::new(format!("{message}/Dockerfile"), Source::new(text))
            };
            assert_all(&MemoryTree::complete(), vec![report], attack);
        }
    }
}
