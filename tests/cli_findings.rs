//! The binary on Dockerfiles with findings: exit codes by level, formats, fixes, diffs.

#![allow(clippy::unwrap_used)] // The helpers are tests too, which clippy does not see.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// `add-instead-of-copy` (info, safe fix).
const ADD: &str = "FROM debian:13.1-slim\nADD app.py /app/\n";

fn run(dir: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
        .current_dir(dir)
        .args(args)
        .args(["--today", "2026-01-15"])
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that does not read it has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

const ONLY_ADD: &str = "--rule=add-instead-of-copy";

#[test]
fn fail_on_decides_the_exit_code() {
    let dir = folder(&[("Dockerfile", ADD)]);
    for (args, code) in [
        (&["check", ONLY_ADD][..], 0),
        (&["check", ONLY_ADD, "--fail-on", "info"], 1),
        (&["check", ONLY_ADD, "--fail-on", "style"], 1),
        (&["check", ONLY_ADD, "--fail-on", "warning"], 0),
        (&["check", ONLY_ADD, "--fail-on", "never"], 0),
        (&["check", ONLY_ADD, "--fail-on", "info", "--level", "warning"], 0),
        (&["check", ONLY_ADD, "--fail-on", "info", "--diff"], 1),
        (&["check", ONLY_ADD, "--fail-on", "info", "missing", "Dockerfile"], 3),
    ] {
        assert_eq!(run(dir.path(), args, "").0, code, "{args:?}");
    }
    fs::write(dir.path().join(".tidewaiter.yml"), "fail-on: info\n").unwrap();
    assert_eq!(run(dir.path(), &["check", ONLY_ADD], "").0, 1);
    assert_eq!(run(dir.path(), &["check", ONLY_ADD, "--fail-on", "error"], "").0, 0);
    fs::write(dir.path().join(".tidewaiter.yml"), "rules:\n  add-instead-of-copy: error\n").unwrap();
    assert_eq!(run(dir.path(), &["check"], "").0, 1);
    fs::write(dir.path().join(".tidewaiter.yml"), "rules:\n  DL3020: off\n").unwrap();
    let (_, out, _) = run(dir.path(), &["check"], "");
    assert!(!out.contains("add-instead-of-copy"), "{out}");
}

#[test]
fn shows_the_place_and_the_fix() {
    let dir = folder(&[("app/Dockerfile", ADD)]);
    let (_, out, err) = run(dir.path(), &["check", "--rule", "DL3020"], "");
    assert_eq!(err, "");
    assert!(out.starts_with("info[add-instead-of-copy]: "), "{out}");
    assert!(out.contains(" --> app/Dockerfile:2:1\n"), "{out}");
    assert!(out.contains("\n2 + COPY app.py /app/\n"), "{out}");
    assert!(out.ends_with("1 file, 1 info, 1 fixable with --fix\n"), "{out}");
    assert!(!out.contains('\u{1b}'));
    let (_, out, _) = run(dir.path(), &["check", ONLY_ADD, "--color", "always"], "");
    assert!(out.contains('\u{1b}'));
}

#[test]
fn formats_for_programs() {
    let dir = folder(&[("app/Dockerfile", ADD)]);
    let (_, out, _) = run(dir.path(), &["check", ONLY_ADD, "--format", "json"], "");
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    let finding = &value["files"][0]["findings"][0];
    assert_eq!(finding["rule"], "add-instead-of-copy");
    assert_eq!(finding["chapter"], "style");
    assert!(finding["aliases"].as_array().unwrap().contains(&"DL3020".into()));
    assert_eq!(finding["start"], serde_json::json!({"line": 2, "column": 1, "offset": 22}));
    assert_eq!(finding["fix"]["safety"], "safe");
    assert_eq!(finding["fix"]["edits"][0]["text"], "COPY");
    assert_eq!(value["summary"]["info"], 1);
    let (_, out, _) = run(dir.path(), &["check", ONLY_ADD, "--format", "github"], "");
    assert!(
        out.starts_with("::notice file=app/Dockerfile,line=2,endLine=2,title=add-instead-of-copy::"),
        "{out}"
    );
    let (_, out, _) = run(dir.path(), &["check", ONLY_ADD, "--format", "markdown"], "");
    assert!(out.contains("\n## `app/Dockerfile`\n") && out.contains("\n+COPY app.py /app/\n"), "{out}");
}

#[test]
fn ignored_findings_are_counted() {
    let text = "FROM debian:13.1-slim\n# hadolint ignore=DL3020\nADD app.py /app/\n";
    let dir = folder(&[("Dockerfile", text)]);
    let (_, out, _) = run(dir.path(), &["check", ONLY_ADD], "");
    assert_eq!(out, "1 file, no findings, 1 suppressed\n");
}

#[test]
fn fix_writes_and_diff_does_not() {
    let dir = folder(&[("a/Dockerfile", ADD), ("b/Dockerfile", "FROM debian:13.1-slim\r\nadd app.py /app/")]);
    let (code, out, err) = run(dir.path(), &["check", ONLY_ADD, "--diff"], "");
    assert_eq!(code, 0);
    assert!(out.starts_with("--- a/a/Dockerfile\n+++ b/a/Dockerfile\n@@ -1,2 +1,2 @@\n"), "{out}");
    assert_eq!(err, "--fix would apply 2 fixes in 2 files\n");
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("a/Dockerfile"), ADD);

    let (code, out, err) = run(dir.path(), &["check", ONLY_ADD, "--fix", "--fail-on=info"], "");
    assert_eq!((code, out.as_str()), (0, "2 files, no findings\n"));
    assert_eq!(err, "fixed a/Dockerfile: 1 fix\nfixed b/Dockerfile: 1 fix\n");
    assert_eq!(read("a/Dockerfile"), "FROM debian:13.1-slim\nCOPY app.py /app/\n");
    assert_eq!(read("b/Dockerfile"), "FROM debian:13.1-slim\r\ncopy app.py /app/");
    assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1, "no temporary file is left");

    let (_, out, err) = run(dir.path(), &["check", ONLY_ADD, "--fix"], "");
    assert_eq!((out.as_str(), err.as_str()), ("2 files, no findings\n", ""));
}

#[test]
fn a_diff_is_a_patch() {
    let dir = folder(&[("a/Dockerfile", "FROM debian:13.1-slim\nADD app.py /app/")]);
    let (_, patch, _) = run(dir.path(), &["check", ONLY_ADD, "--diff"], "");
    let mut git = Command::new("git")
        .args(["apply", "-"])
        .current_dir(dir.path())
        .env("GIT_CEILING_DIRECTORIES", dir.path().parent().unwrap())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin.take().unwrap().write_all(patch.as_bytes()).unwrap();
    assert!(git.wait().unwrap().success(), "{patch}");
    let fixed = fs::read_to_string(dir.path().join("a/Dockerfile")).unwrap();
    assert_eq!(fixed, "FROM debian:13.1-slim\nCOPY app.py /app/");
}

#[test]
fn fixes_standard_input() {
    let dir = folder(&[]);
    let (code, out, err) = run(dir.path(), &["check", ONLY_ADD, "--fix", "-"], ADD);
    assert_eq!((code, out.as_str()), (0, "FROM debian:13.1-slim\nCOPY app.py /app/\n"));
    assert_eq!(err, "left: 1 file, no findings\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn fixes_to_confirm_wait_for_the_flag() {
    let text = "FROM debian\nCOPY a /a\nCMD [\"/a\"]\n";
    let dir = folder(&[("Dockerfile", text)]);
    let args = ["check", "--rule=base-tag-floating", "--fix"];
    assert_eq!(run(dir.path(), &args, "").0, 0);
    assert_eq!(fs::read_to_string(dir.path().join("Dockerfile")).unwrap(), text);
    let (_, out, _) = run(dir.path(), &args, "");
    assert!(out.ends_with("1 file, 1 warning, 1 fixable with --fix --confirm-fixes\n"), "{out}");
    let (_, out, _) = run(dir.path(), &[&args[..], &["--confirm-fixes"]].concat(), "");
    assert_eq!(out, "1 file, no findings\n");
    let fixed = fs::read_to_string(dir.path().join("Dockerfile")).unwrap();
    assert!(fixed.starts_with("FROM debian:"), "{fixed}");
}

#[cfg(unix)]
#[test]
fn fix_leaves_links_out_of_the_tree_alone() {
    let outside = folder(&[("Dockerfile", ADD)]);
    let dir = folder(&[(".git/HEAD", "ref: refs/heads/main\n")]);
    std::os::unix::fs::symlink(outside.path().join("Dockerfile"), dir.path().join("Dockerfile")).unwrap();
    let (code, out, err) = run(dir.path(), &["check", ONLY_ADD, "--fix", "Dockerfile"], "");
    assert_eq!((code, out.as_str()), (3, ""), "nothing is said of a file that stayed as it was");
    assert!(err.contains("Dockerfile: not written: it is a symbolic link out of the repository"), "{err}");
    assert_eq!(fs::read_to_string(outside.path().join("Dockerfile")).unwrap(), ADD);
}

#[test]
fn explains_by_name_and_by_code() {
    let dir = folder(&[]);
    for name in ["add-instead-of-copy", "DL3020", "dl3020"] {
        let output = Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
            .current_dir(dir.path())
            .args(["explain", name])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout.starts_with(b"add-instead-of-copy\n"), "{name}");
    }
    let (code, _, err) = run(dir.path(), &["check", "--rule", "add-instead-of-cpoy", "-"], ADD);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `add-instead-of-copy`?"), "{err}");
}
