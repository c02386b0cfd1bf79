//! Ignore comments, ours and other tools', with the reach they have in their own tool.

#![allow(clippy::expect_used, reason = "this is a test")]

use camino::Utf8Path;
use tidewaiter::lint::{FileReport, Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::Source;

fn run(text: &str) -> FileReport {
    let settings = Settings {
        only: vec!["add-instead-of-copy".to_owned()],
        ..Settings::new(jiff::civil::date(2026, 11, 24))
    };
    lint(Utf8Path::new("Dockerfile"), &Source::new(text), &MemoryTree::complete(), &settings)
}

/// Lines of the findings of a file with one ADD on line 3 and one on line 4 or later.
fn lines(text: &str) -> Vec<u32> {
    let report = run(text);
    report.findings.iter().map(|f| report.source.position(f.span.start).line).collect()
}

#[test]
fn a_comment_above_silences_its_instruction_only() {
    for comment in [
        "# tidewaiter ignore=add-instead-of-copy",
        "#tidewaiter ignore=run-as-root,add-instead-of-copy until=2027-03-01 reason=\"vendor asks for it\"",
        "# hadolint ignore=DL3020",
        "# hadolint ignore=DL3006, DL3020 # why not",
        "# tally ignore=hadolint/DL3020;reason=x",
        "# tally ignore=DL3020",
        "# droast ignore=DF006 reason=\"x\" expires=2026-12-30",
        "# trivy:ignore:DS-0005",
        "# trivy:ignore:AVD-DS-0005",
        "# trivy:ignore:DS005",
    ] {
        assert_eq!(lines(&format!("FROM a\n{comment}\nADD a /a\nADD b /b\n")), [4], "{comment}");
    }
}

#[test]
fn a_comment_inside_a_continuation_counts() {
    assert_eq!(lines("FROM a\nADD a \\\n  # hadolint ignore=DL3020\n  /a\nADD b /b\n"), [5]);
}

#[test]
fn comments_for_the_whole_file() {
    for comment in [
        "# tidewaiter global-ignore=add-instead-of-copy",
        "# hadolint global ignore=DL3020",
        "# tally global ignore=DL3020",
        "# droast global ignore=DF006",
        "#checkov:skip=CKV_DOCKER_4:reason",
    ] {
        assert!(lines(&format!("{comment}\nFROM a\nADD a /a\nADD b /b\n")).is_empty(), "{comment}");
    }
}

#[test]
fn checks_of_buildkit_are_skipped() {
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let shell_form = |first: &str| {
        let text = format!("{first}\nFROM registry.example.org/own:1\nCMD python3 app.py\n");
        let report =
            lint(Utf8Path::new("Dockerfile"), &Source::new(text), &MemoryTree::complete(), &settings);
        report.findings.iter().any(|f| f.rule == "shell-form-command")
    };
    assert!(shell_form("# check=error=true"));
    assert!(!shell_form("# check=skip=StageNameCasing,JSONArgsRecommended;error=true"));
    assert!(!shell_form("# check=skip=all"));
}

#[test]
fn what_does_not_count() {
    for comment in [
        "# tidewaiter ignore=run-as-root",
        "# tidewaiter ignore=add-instead-of-copy until=2026-11-23",
        "# hadolint ignore=DL3021",
        "# hadolint says ignore=DL3020",
        "# see hadolint ignore=DL3020",
        "# check=skip=DL3020",
    ] {
        assert_eq!(lines(&format!("FROM a\n{comment}\nADD a /a\nADD b /b\n")), [3, 4], "{comment}");
    }
}

#[test]
fn silenced_findings_are_counted() {
    assert_eq!(run("FROM a\n# hadolint ignore=DL3020\nADD a /a\nADD b /b\n").suppressed, 1);
}
