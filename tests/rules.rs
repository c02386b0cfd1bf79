//! Runs the fixture folders of the rules (`tests/rules/<id>/<case>/`) and the examples of their
//! documentation.
//!
//! A case is a tiny repository: every `Dockerfile*` in its root is linted. `findings` holds what the rule
//! says, `fixed` the diff of applying its fixes; both are written with `UPDATE_FIXTURES=1`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

mod cases;

use camino::{Utf8Path, Utf8PathBuf};
use cases::{compare, load};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tidewaiter::config::Config;
use tidewaiter::dockerfile::parse;
use tidewaiter::lint::{FileReport, Named, Settings, fix, fix_repository, lint, lint_repository};
use tidewaiter::repository::{Kind, MemoryTree, Overlay, Tree};
use tidewaiter::rules::{self, Check, Finding, FixKind, Rule, Safety};
use tidewaiter::text::{Source, diff};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for rule in rules::all() {
        trials.push(Trial::test(format!("example::{}", rule.id), || example(rule)));
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(rule.id);
        let mut cases: Vec<_> = fs::read_dir(&dir)
            .map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect())
            .unwrap_or_default();
        cases.sort();
        for case in cases {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            trials.push(Trial::test(format!("fixture::{}::{name}", rule.id), move || fixture(rule, &case)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn settings() -> Settings {
    Settings::new(jiff::civil::date(2026, 11, 24))
}

/// All default rules, and this one also when it is off.
fn only(rule: &Rule) -> Settings {
    Settings { only: vec![rule.id.to_owned()], ..settings() }
}

/// As [`only`], with what the `.tidewaiter.yml` of the case says.
fn configured(rule: &Rule, tree: &dyn Tree) -> Settings {
    let mut settings = only(rule);
    if let Some(text) = tree.read(".tidewaiter.yml".into()).found() {
        settings.config = Config::parse(".tidewaiter.yml".into(), &text).expect("a valid configuration");
    }
    settings
}

fn dockerfiles(tree: &MemoryTree) -> Vec<Utf8PathBuf> {
    tree.list("".into())
        .found()
        .unwrap_or_default()
        .iter()
        .map(|(name, _)| Utf8PathBuf::from(name))
        .filter(|name| name.as_str().starts_with("Dockerfile"))
        .collect()
}

fn show(report: &FileReport, rule: &Rule) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().filter(|f| f.rule == rule.id) {
        let start = report.source.position(finding.span.start);
        let end = report.source.position(finding.span.end);
        let _ = writeln!(
            out,
            "{}:{}:{}-{}:{} {} {}",
            report.path, start.line, start.column, end.line, end.column, finding.level, finding.message
        );
        for note in &finding.notes {
            let _ = writeln!(out, "    note: {note}");
        }
        for related in &finding.related {
            let place = related.path.as_ref().map_or_else(
                || format!("line {}", report.source.position(related.span.start).line),
                |path| format!("{path} byte {}", related.span.start),
            );
            let _ = writeln!(out, "    see {place}: {}", related.message);
        }
        if let Some(fix) = &finding.fix {
            let safety = if fix.safety == Safety::Safe { "safe" } else { "confirm" };
            let _ = writeln!(out, "    fix ({safety}): {}", fix.title);
        }
    }
    out
}

fn fixture(rule: &'static Rule, dir: &Path) -> Result<(), Failed> {
    let tree = load(dir);
    let files = dockerfiles(&tree);
    if files.is_empty() {
        return Err("the case has no Dockerfile".into());
    }
    if matches!(rule.check, Check::Repository(_)) {
        return repository_fixture(rule, dir, &tree, &files);
    }
    let (mut findings, mut fixed) = (String::new(), String::new());
    for path in &files {
        let source = Source::new(tree.read(path).found().expect("just loaded"));
        check_invariants(rule, path, &source, &tree)?;
        // With all rules on, so that a fix that brings another rule's finding is withheld as for a user.
        let mut all = settings();
        if rule.default == rules::Default::On {
            all.config = configured(rule, &tree).config;
        } else {
            all = configured(rule, &tree);
        }
        findings.push_str(&show(&lint(path, &source, &tree, &all), rule));
        let result = fix(path, &source, &tree, &configured(rule, &tree), true);
        for (changed, text) in result.files {
            let before = tree.read(&changed).found().expect("a changed file was there");
            fixed.push_str(&diff::unified(&before, &text, changed.as_str(), changed.as_str()));
        }
    }
    compare(&dir.join("findings"), &findings)?;
    compare(&dir.join("fixed"), &fixed)
}

/// A case of a rule about the repository as a whole: all its Dockerfiles together.
fn repository_fixture(
    rule: &'static Rule,
    dir: &Path,
    tree: &MemoryTree,
    files: &[Utf8PathBuf],
) -> Result<(), Failed> {
    let named: Vec<Named> = files
        .iter()
        .map(|path| (path.clone(), Source::new(tree.read(path).found().expect("just loaded"))))
        .collect();
    let settings = configured(rule, tree);
    let mut all = settings.clone();
    if rule.default == rules::Default::On {
        all.only.clear();
    }
    let mut findings = String::new();
    for report in lint_repository(&named, tree, &all) {
        let own: Vec<&Finding> = report.findings.iter().filter(|f| f.rule == rule.id).collect();
        check_findings(&report.source, &own)?;
        findings.push_str(&show(&report, rule));
    }
    let (changed, _, _) = fix_repository(&named, tree, &settings, true);
    let mut fixed = String::new();
    let mut overlay = Overlay::new(tree);
    for (path, text) in &changed {
        let before = tree.read(path).found().expect("a changed file was there");
        fixed.push_str(&diff::unified(&before, text, path.as_str(), path.as_str()));
        overlay.replace(path, text.as_str());
    }
    if !fix_repository(&named, &overlay, &settings, true).0.is_empty() {
        return Err("fixing twice changes a file again".into());
    }
    compare(&dir.join("findings"), &findings)?;
    compare(&dir.join("fixed"), &fixed)
}

/// What holds for every file and every fix.
fn check_invariants(
    rule: &'static Rule,
    path: &Utf8Path,
    source: &Source,
    tree: &dyn Tree,
) -> Result<(), Failed> {
    let settings = configured(rule, tree);
    let report = lint(path, source, tree, &settings);
    check_findings(source, &report.findings.iter().collect::<Vec<_>>())?;
    let again = lint(path, source, tree, &settings);
    if again.findings != report.findings {
        return Err("a second run differs".into());
    }
    let result = fix(path, source, tree, &settings, true);
    let mut overlay = Overlay::new(tree);
    for (changed, text) in &result.files {
        overlay.replace(changed, text.as_str());
    }
    let after = Source::new(result.files.get(path).map_or(source.text(), String::as_str));
    if parse(&after).errors.len() > parse(source).errors.len() {
        return Err("the fixed file does not parse".into());
    }
    let second = fix(path, &after, &overlay, &settings, true);
    if !second.files.is_empty() {
        return Err("fixing twice changes the file again".into());
    }
    Ok(())
}

fn check_findings(source: &Source, findings: &[&Finding]) -> Result<(), Failed> {
    for finding in findings {
        let range = finding.span.range();
        if range.start > range.end || source.text().get(range).is_none() {
            return Err(format!("span {:?} does not fit the text", finding.span).into());
        }
        if finding.fingerprint.is_empty() {
            return Err("a finding has no fingerprint".into());
        }
        if finding.message.contains('\n') || finding.message.matches('`').count() % 2 != 0 {
            return Err(format!("the message is no plain sentence: {}", finding.message).into());
        }
    }
    Ok(())
}

/// A fenced block of the documentation: `dockerfile`, or `sh run.sh 755` for a file beside it.
struct Block {
    path: String,
    executable: bool,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for line in markdown.lines() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            if let Some(block) = open.take() {
                out.push(block);
                continue;
            }
            let words: Vec<&str> = info.split_whitespace().collect();
            let path = words.get(1).copied().unwrap_or("Dockerfile").to_owned();
            open = Some(Block { path, executable: words.get(2) == Some(&"755"), text: String::new() });
        } else if let Some(block) = &mut open {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    out
}

fn tree_of(blocks: &[Block]) -> MemoryTree {
    let mut tree = MemoryTree::complete();
    for block in blocks {
        let kind = if block.executable { Kind::Executable } else { Kind::File };
        tree.insert(block.path.as_str().into(), kind, Some(block.text.as_str().into()));
    }
    tree
}

/// The first example is reported, the second one is not, and the fix makes one of the other.
fn example(rule: &'static Rule) -> Result<(), Failed> {
    let settings = only(rule);
    let (bad, good) = (blocks(&rule.section("Example")), blocks(&rule.section("Use instead")));
    if matches!(rule.check, Check::Repository(_)) {
        return repository_example(rule, bad, good);
    }
    let text = |blocks: &[Block], path: &str| blocks.iter().find(|b| b.path == path).map(|b| b.text.clone());
    let before = text(&bad, "Dockerfile").ok_or("the section `Example` has no `dockerfile` block")?;
    let after = text(&good, "Dockerfile").ok_or("the section `Use instead` has no `dockerfile` block")?;
    let (bad_tree, good_tree) = (tree_of(&bad), tree_of(&good));
    let path = Utf8Path::new("Dockerfile");
    let report = lint(path, &Source::new(before.as_str()), &bad_tree, &settings);
    if report.findings.is_empty() {
        return Err("the example is not reported".into());
    }
    let report = lint(path, &Source::new(after.as_str()), &good_tree, &settings);
    if let Some(finding) = report.findings.first() {
        return Err(format!("the better example is reported: {}", finding.message).into());
    }
    if matches!(rule.fix, FixKind::Safe | FixKind::Confirm) {
        let result = fix(path, &Source::new(before.as_str()), &bad_tree, &settings, true);
        if result.files.is_empty() {
            return Err("the example is not fixed".into());
        }
        for (changed, found) in result.files {
            let expected = text(&good, changed.as_str()).unwrap_or_default();
            if expected != found {
                let diff = diff::unified(&expected, &found, "use instead", "fixed");
                return Err(format!("the fix of the example differs from the better one:\n{diff}").into());
            }
        }
    }
    Ok(())
}

/// As [`example`] for a rule about the repository: the blocks are files of it, and a Dockerfile is among them or
/// does not matter.
fn repository_example(rule: &'static Rule, bad: Vec<Block>, good: Vec<Block>) -> Result<(), Failed> {
    let settings = only(rule);
    let complete = |mut blocks: Vec<Block>| {
        if blocks.iter().all(|block| block.path != "Dockerfile") {
            let text = "FROM debian:trixie-slim\nCMD [\"true\"]\n".to_owned();
            blocks.push(Block { path: "Dockerfile".to_owned(), executable: false, text });
        }
        blocks
    };
    let (bad, good) = (complete(bad), complete(good));
    let (bad_tree, good_tree) = (tree_of(&bad), tree_of(&good));
    let named = |tree: &MemoryTree| -> Vec<Named> {
        let text = tree.read("Dockerfile".into()).found().expect("it is there");
        vec![("Dockerfile".into(), Source::new(text))]
    };
    let found = |tree: &MemoryTree| -> Vec<Finding> {
        let reports = lint_repository(&named(tree), tree, &settings);
        reports.into_iter().flat_map(|report| report.findings).collect()
    };
    if found(&bad_tree).is_empty() {
        return Err("the example is not reported".into());
    }
    if let Some(finding) = found(&good_tree).first() {
        return Err(format!("the better example is reported: {}", finding.message).into());
    }
    if matches!(rule.fix, FixKind::Safe | FixKind::Confirm) {
        let (changed, _, _) = fix_repository(&named(&bad_tree), &bad_tree, &settings, true);
        if changed.is_empty() {
            return Err("the example is not fixed".into());
        }
        for (path, found) in changed {
            let expected = good_tree.read(&path).found().unwrap_or_default();
            if *expected != *found {
                let diff = diff::unified(&expected, &found, "use instead", "fixed");
                return Err(format!("the fix of the example differs from the better one:\n{diff}").into());
            }
        }
    }
    Ok(())
}
