//! Snapshots of every format, with findings made by hand.

use super::*;
use crate::declare_rule;
use crate::rules::{Check, Fix, Related};
use crate::text::{Edit, Span};
use proptest::prelude::*;

declare_rule! {
    /// The image runs as root.
    ///
    /// ## What it does
    /// Finds a shipped stage that runs as root.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:13
    /// ## not a heading
    /// ```
    pub(super) RUN_AS_ROOT = "run-as-root" {
        chapter: Security, level: Warning, default: On, scope: Stage, fix: Confirm,
        aliases: ["DL3002", "CKV_DOCKER_8"], check: Check::File(|_, _| {}),
    }
}

declare_rule! {
    /// `ADD` copies | a local file.
    pub(super) ADD = "add-instead-of-copy" {
        chapter: Build, level: Info, default: Off, scope: Instruction, fix: Safe,
        aliases: [], check: Check::File(|_, _| {}),
    }
}

fn lookup(id: &str) -> Option<&'static Rule> {
    [&RUN_AS_ROOT, &ADD].into_iter().find(|rule| rule.id == id)
}

fn finding(rule: &'static str, level: Level, text: &str, at: &str, message: &str) -> Finding {
    let start = text.find(at).unwrap();
    Finding {
        rule,
        level,
        path: "app/Dockerfile".into(),
        span: Span::of(&(start..start + at.len())),
        message: message.to_owned(),
        notes: Vec::new(),
        related: Vec::new(),
        fix: None,
        subject: None,
        fingerprint: "f00d".to_owned(),
        codes: Vec::new(),
    }
}

fn file(text: &str, findings: Vec<Finding>) -> FileReport {
    let path = "app/Dockerfile";
    FileReport { findings, ..FileReport::new(path, Source::new(text)) }
}

const TEXT: &str = "FROM debian:13\nADD app.py /app/\nRUN apt-get update && \\\n    apt-get install -y curl\nCMD [\"python3\", \"/app/app.py\"]\n";

fn sample() -> Checked {
    let at = |part: &str| TEXT.find(part).unwrap() as u32;
    let mut add = finding(ADD.id, Level::Info, TEXT, "ADD", "`ADD` copies a local file; `COPY` says so.");
    add.fix = Some(Fix::safe("Use `COPY`", vec![Edit::replace(Span::new(at("ADD"), at("ADD") + 3), "COPY")]));
    let mut install = finding(
        "recommended-packages",
        Level::Warning,
        TEXT,
        "apt-get install -y curl",
        "Installs packages nobody asked for.",
    );
    install.codes = vec!["DL3015"];
    install.fix = Some(Fix::safe(
        "Add `--no-install-recommends`",
        vec![Edit::insert(at(" curl"), " --no-install-recommends")],
    ));
    let mut root = finding(
        RUN_AS_ROOT.id,
        Level::Error,
        TEXT,
        "CMD [\"python3\", \"/app/app.py\"]",
        "The image runs as root.",
    );
    root.notes = vec!["Check that `/app` is readable by uid 10001.".to_owned()];
    root.related = vec![
        Related { path: None, span: Span::new(0, 14), message: "`debian` starts as root".to_owned() },
        Related {
            path: Some(".dockerignore".into()),
            span: Span::new(0, 4),
            message: "not ignored".to_owned(),
        },
        Related { path: Some("unknown.txt".into()), span: Span::new(3, 4), message: "not known".to_owned() },
    ];
    root.fix =
        Some(Fix::confirm("Add `USER 10001:10001`", vec![Edit::insert(at("CMD"), "USER 10001:10001\n")]));
    let mut ignore = finding("file-not-ignored", Level::Style, TEXT, "app.py", "Add it to `.dockerignore`.");
    ignore.fix = Some(Fix::safe("Ignore `.env`", vec![Edit::insert(5, ".env\n")]).in_file(".dockerignore"));
    let mut report = file(TEXT, vec![add, install, ignore, root]);
    report.suppressed = 1;
    Checked {
        repository: Vec::new(),
        files: vec![report],
        errors: vec![Unread { path: "b/Dockerfile".into(), message: "it is a directory".to_owned() }],
        texts: BTreeMap::from([(".dockerignore".into(), Source::new(".git\n"))]),
    }
}

/// Text that tries to get out of every format.
fn hostile() -> Checked {
    let text = format!(
        "FROM a\r\nRUN echo \u{1b}[31m\u{202e}evil\u{200b} ::error::x ##[error]y ```` @root\r\nRUN {}here{}\r\n",
        "x".repeat(2000),
        "y".repeat(2000)
    );
    let mut evil = finding(
        "evil",
        Level::Error,
        &text,
        "evil\u{200b}",
        "Says `a``b` <img> [x](http://y) @root #1 \u{1b}[2J\n::error::z ##[error]w 100%",
    );
    evil.notes = vec!["A lone ` backtick, www.example.org".to_owned()];
    evil.fix = Some(Fix::safe(
        "Say \u{202e}less",
        vec![Edit::replace(evil.span, "good\u{7}"), Edit::insert(0, "# syntax=x\r\n")],
    ));
    let mut long = finding("long", Level::Warning, &text, "here", "A long line.");
    long.fix = Some(Fix::safe("Shorten", vec![Edit::delete(long.span)]));
    let mut report = file(&text, vec![evil, long]);
    report.path = "a:b,c\n::error::%/Dockerfile".into();
    Checked { files: vec![report], ..Checked::default() }
}

#[test]
fn terminal() {
    insta::assert_snapshot!("terminal", terminal::render(&sample(), false));
    insta::assert_snapshot!("terminal_hostile", terminal::render(&hostile(), false));
}

#[test]
fn terminal_colours_only_when_asked() {
    assert!(terminal::render(&sample(), true).contains("\u{1b}["));
    let plain = terminal::render(&hostile(), false);
    assert!(!plain.chars().any(|c| crate::text::is_hidden(c) && c != '\n'), "{plain}");
    assert!(terminal::render(&hostile(), true).contains("\\u{1b}[31m\\u{202e}"));
}

#[test]
fn quiet_success() {
    let checked = Checked { files: vec![file(TEXT, Vec::new())], ..Checked::default() };
    assert_eq!(terminal::render(&checked, false), "1 file, no findings\n");
}

#[test]
fn json_report() {
    let text = json::render(&sample(), lookup).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&value).unwrap());
    assert!(text.starts_with(r#"{"version":1,"tool":{"name":"tidewaiter","version":""#));
}

#[test]
fn json_counts_columns_in_characters() {
    let text = "RUN é🦀 x\n";
    let checked = Checked {
        files: vec![file(text, vec![finding("r", Level::Info, text, "x", "m")])],
        ..Checked::default()
    };
    let value: serde_json::Value = serde_json::from_str(&json::render(&checked, lookup).unwrap()).unwrap();
    let start = &value["files"][0]["findings"][0]["start"];
    assert_eq!(*start, serde_json::json!({"line": 1, "column": 8, "offset": 11}));
}

#[test]
fn markdown_report() {
    insta::assert_snapshot!("markdown", markdown::render(&sample()));
    insta::assert_snapshot!("markdown_hostile", markdown::render(&hostile()));
}

#[test]
fn workflow_commands() {
    let shown = annotations::render(&annotations::annotations(&sample()), "See the summary.");
    insta::assert_snapshot!("annotations", shown);
    let hostile = annotations::render(&annotations::annotations(&hostile()), "");
    insta::assert_snapshot!("annotations_hostile", hostile);
    assert!(!hostile.contains("##["));
    assert_eq!(hostile.lines().count(), 2, "no text of the repository starts a line");
}

#[test]
fn at_most_ten_annotations_of_a_kind_and_nothing_lost() {
    let text = "FROM a\n::error::x ##[error]\n".repeat(9);
    let mut findings: Vec<Finding> =
        (0..14).map(|n| finding("r", Level::Info, &text, "FROM", &format!("number {n}"))).collect();
    findings.push(finding("s", Level::Style, &text, "FROM", "::stop-commands::x\n##[group]"));
    findings.push(finding("w", Level::Warning, &text, "FROM", "one"));
    let checked = Checked { files: vec![file(&text, findings)], ..Checked::default() };
    let shown = annotations::render(&annotations::annotations(&checked), "All are in the summary.");
    let commands: Vec<&str> = shown.lines().filter(|line| line.starts_with("::notice")).collect();
    assert_eq!(commands.len(), 10);
    assert_eq!(
        commands[0],
        "::notice title=tidewaiter::6 more notices than GitHub shows of one step. All are in the summary."
    );
    assert!(shown.starts_with("::warning file=app/Dockerfile,line=1,endLine=1,title=w::one\n"));
    assert!(shown.contains("\ninfo[r] app/Dockerfile:1: number 13\n"));
    assert!(shown.ends_with("style[s] app/Dockerfile:1: ::stop-commands::x\\n# #[group]\n"));
    assert_eq!(annotations::log_line("  ::error::x"), "|   ::error::x");
}

#[test]
fn rules_documentation() {
    let all = [&RUN_AS_ROOT, &ADD];
    insta::assert_snapshot!("rules_table", rules::table(all));
    insta::assert_snapshot!("explain", rules::explain(&RUN_AS_ROOT, false));
    let value: serde_json::Value = serde_json::from_str(&rules::json(all).unwrap()).unwrap();
    assert_eq!(
        value[0],
        serde_json::json!({"id": "run-as-root", "chapter": "security", "level": "warning", "default": "on",
            "scope": "stage", "fix": "confirm", "aliases": ["DL3002", "CKV_DOCKER_8"],
            "summary": "The image runs as root."})
    );
}

proptest! {
    /// Any span and any edit of any text: no format fails, none lets a control character out.
    #[test]
    fn never_fails(
        text in "([ -~]|[\\t\\r\\n\\\\é\u{202e}🦀\u{200b}]){0,80}(x{300})?[\n]{0,3}",
        spans in proptest::collection::vec((0usize..200, 0usize..60), 1..4),
        insert in "[a\\n\\r\\t é\u{1b}]{0,6}",
    ) {
        let boundary = |at: usize| excerpt::boundary(&text, at);
        let spans: Vec<Span> =
            spans.iter().map(|(start, len)| Span::of(&(boundary(*start)..boundary(start + len)))).collect();
        let mut found = finding("r", Level::Warning, &text, "", &insert);
        found.span = spans[0];
        found.related =
            spans.iter().map(|span| Related { path: None, span: *span, message: insert.clone() }).collect();
        let edits = spans.iter().map(|span| Edit::replace(*span, insert.clone())).collect();
        found.fix = Some(Fix::safe(insert.clone(), edits));
        let checked = Checked { files: vec![file(&text, vec![found])], ..Checked::default() };
        let shown = terminal::render(&checked, false);
        prop_assert!(!shown.chars().any(|c| crate::text::is_hidden(c) && c != '\n'), "{shown:?}");
        terminal::render(&checked, true);
        json::render(&checked, lookup).unwrap();
        markdown::render(&checked);
        annotations::render(&annotations::annotations(&checked), "");
    }
}
