//! The binary as people and scripts meet it: exit codes, bad input, discovery, streams.

#![allow(clippy::unwrap_used)] // The helpers are tests too, which clippy does not see.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Nothing is wrong with this one.
const GOOD: &str = "FROM scratch\nUSER 65534:65534\n";

fn tidewaiter(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
    command.current_dir(dir).args(args).stdin(Stdio::null());
    command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    command
}

/// Exit code, stdout, stderr.
fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    parts(&tidewaiter(dir, args).output().unwrap())
}

fn parts(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn with_stdin(dir: &Path, args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = tidewaiter(dir, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    parts(&child.wait_with_output().unwrap())
}

/// A folder with files; a name that ends with `/` is a folder.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// The paths of the files in the JSON report.
fn paths(json: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    let files = value["files"].as_array().unwrap();
    files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn help_and_version_are_no_error() {
    let dir = folder(&[]);
    for args in [&["--help"][..], &["-h"], &["check", "--help"], &["--version"]] {
        let (code, out, err) = run(dir.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains("tidewaiter"), "{args:?}: {out}");
    }
}

#[test]
fn wrong_use_is_2_and_says_what() {
    let dir = folder(&[("Dockerfile", GOOD)]);
    for (args, says) in [
        (&["chekc"][..], "check"),
        (&["check", "--format", "xml"], "human"),
        (&["check", "--level", "high"], "error, warning, info or style"),
        (&["check", "--fail-on", "sometimes"], "never"),
        (&["check", "--today", "tomorrow"], "--today"),
        (&["check", "--fix", "--diff"], "--diff"),
        (&["check", "--confirm-fixes"], "--fix"),
        (&["check", "--config", "x.yml", "--no-config"], "--no-config"),
        (&["check", "--stdin-filename", "x"], "`-`"),
        (&["check", "--diff", "--format", "json"], "--format"),
        (&["check", "--fix", "-", "Dockerfile"], "no other path"),
        (&["check", "--rule", "no-such-rule-at-all"], "unknown rule `no-such-rule-at-all`"),
        (&["explain", "no-such-rule-at-all"], "unknown rule"),
        (&["rules", "--format", "sarif"], "markdown"),
    ] {
        let (code, out, err) = run(dir.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(says), "{args:?}: {err}");
    }
    let (code, ..) = run(dir.path(), &[]);
    assert_eq!(code, 2);
}

#[test]
fn finds_dockerfiles_as_git_sees_them() {
    let dir = folder(&[
        ("Dockerfile", GOOD),
        ("b/web.Dockerfile", GOOD),
        ("a/Containerfile.dev", GOOD),
        (".devcontainer/dockerfile", GOOD),
        (".git/Dockerfile", GOOD),
        (".gitignore", "build/\n"),
        ("build/Dockerfile", GOOD),
        ("Dockerfile.dockerignore", "x\n"),
        ("Dockerfile.md", "x\n"),
        ("Dockerfile~", "x\n"),
        ("dockerfile.py", "x\n"),
    ]);
    let expected = [".devcontainer/dockerfile", "Dockerfile", "a/Containerfile.dev", "b/web.Dockerfile"];
    let (_, out, err) = run(dir.path(), &["check", "--format", "json"]);
    assert_eq!((paths(&out), err.as_str()), (expected.map(str::to_owned).to_vec(), ""));
    for args in [["check", "--format=json", "./", "b"], ["check", "--format=json", ".", "Dockerfile"]] {
        assert_eq!(paths(&run(dir.path(), &args).1).len(), 4, "each file once");
    }
    // A file that is named is checked, whatever its name, ignored or not.
    let (_, out, _) = run(dir.path(), &["check", "--format=json", "./dockerfile.py", "build/Dockerfile"]);
    assert_eq!(paths(&out), ["dockerfile.py", "build/Dockerfile"]);
    // From below, as typed.
    let (_, out, _) = run(&dir.path().join("a"), &["check", "--format=json", "..", "../Dockerfile"]);
    assert!(paths(&out).contains(&"../b/web.Dockerfile".to_owned()), "{out}");
    let absolute = dir.path().join("Dockerfile");
    let (_, out, _) = run(dir.path(), &["check", "--format=json", absolute.to_str().unwrap()]);
    assert_eq!(paths(&out), [absolute.to_str().unwrap()]);
}

#[test]
fn nothing_to_check_is_said_and_no_error() {
    let dir = folder(&[("README.md", "x")]);
    let (code, out, err) = run(dir.path(), &["check"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "no Dockerfile found in .\n"));
    let (code, out, _) = run(dir.path(), &["check", "--format", "json"]);
    assert_eq!((code, paths(&out).len()), (0, 0));
}

#[test]
fn bad_files_are_named_and_the_others_checked() {
    let dir = folder(&[("a/Dockerfile", GOOD), ("Dockerfile.empty", ""), ("Dockerfile.dir/", "")]);
    fs::write(dir.path().join("Dockerfile.binary"), b"FROM a\0").unwrap();
    fs::write(dir.path().join("Dockerfile.latin1"), b"FROM a\n# caf\xe9\n").unwrap();
    fs::write(dir.path().join("Dockerfile.huge"), "#\n".repeat(5 * 1024 * 1024)).unwrap();
    let (code, out, err) = run(dir.path(), &["check", "--format", "json", ".", "missing/Dockerfile"]);
    assert_eq!(code, 3);
    assert_eq!(paths(&out), ["a/Dockerfile"]);
    for says in [
        "error: Dockerfile.empty: the file is empty",
        "error: Dockerfile.binary: the file is binary (NUL byte at offset 6)",
        "error: Dockerfile.latin1: the file is not UTF-8 (invalid byte at offset 12)",
        "error: Dockerfile.huge: the file has 10485760 bytes, more than the 4194304 that are read",
        "error: missing/Dockerfile: no such file or folder",
    ] {
        assert!(err.contains(says), "{says}\n{err}");
    }
    assert_eq!(err.lines().count(), 5, "{err}");
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["errors"].as_array().unwrap().len(), 5);
    assert_eq!(value["errors"][0]["path"], "missing/Dockerfile");
}

#[cfg(unix)]
#[test]
fn links_pipes_and_devices_do_not_hang_or_leak() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("secret", "FROM secret\n")]);
    let dir = folder(&[("a/Dockerfile", GOOD)]);
    let root = dir.path();
    symlink("nowhere", root.join("Dockerfile.gone")).unwrap();
    symlink(outside.path().join("secret"), root.join("Dockerfile.out")).unwrap();
    symlink("a/Dockerfile", root.join("Dockerfile.same")).unwrap();
    assert!(Command::new("mkfifo").arg(root.join("Dockerfile.pipe")).status().unwrap().success());
    let (code, out, err) = run(root, &["check", "--format", "json", "a", ".", "/dev/zero"]);
    assert_eq!(code, 3);
    assert_eq!(paths(&out), ["a/Dockerfile"], "a link to a file that is checked is not checked again");
    for says in [
        "Dockerfile.gone: it is a symbolic link to nothing",
        "Dockerfile.out: it is a symbolic link out of the repository",
        "Dockerfile.pipe: it is a pipe, a socket or a device",
        "/dev/zero: it is a pipe, a socket or a device",
    ] {
        assert!(err.contains(says), "{says}\n{err}");
    }
    let (_, out, _) = run(root, &["check", "--format", "json", "Dockerfile.out"]);
    assert_eq!(paths(&out), ["Dockerfile.out"], "a link that is named is followed");
}

#[test]
fn file_names_cannot_speak_to_terminal_or_runner() {
    let dir = folder(&[]);
    let (code, _, err) = run(dir.path(), &["check", "\u{1b}[31m\n::error::x##[error]y"]);
    assert_eq!(code, 3);
    assert!(!err.contains('\u{1b}') && !err.contains("##["), "{err}");
    assert!(err.lines().all(|line| !line.trim_start().starts_with("::")), "{err}");
}

#[test]
fn reads_standard_input() {
    let dir = folder(&[]);
    let (code, out, err) = with_stdin(dir.path(), &["check", "-", "--format=json"], GOOD.as_bytes());
    assert_eq!((code, paths(&out), err.as_str()), (0, vec!["<stdin>".to_owned()], ""));
    let args = ["check", "-", "--format=json", "--stdin-filename", "no/such/web.Dockerfile"];
    assert_eq!(paths(&with_stdin(dir.path(), &args, GOOD.as_bytes()).1), ["no/such/web.Dockerfile"]);
    assert_eq!(with_stdin(dir.path(), &["check", "-"], b"").0, 3);
    assert_eq!(with_stdin(dir.path(), &["check", "-"], b"\xff").0, 3);
    let (code, out, _) = with_stdin(dir.path(), &["check", "--fix", "-"], GOOD.as_bytes());
    assert_eq!((code, out.as_str()), (0, GOOD), "text without a fix comes back as it is");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = folder(&[("Dockerfile", GOOD)]);
    for args in [&["check"][..], &["check", "--format", "json"], &["rules", "--format", "json"], &["--help"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = tidewaiter(dir.path(), args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let (code, _, err) = parts(&output);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let dir = folder(&[("Dockerfile", GOOD)]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = tidewaiter(dir.path(), &["check"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let (code, _, err) = parts(&output);
    assert_eq!(code, 3);
    assert!(err.starts_with("error: cannot write to standard output: "), "{err}");
}

#[test]
fn images_in_a_file_of_their_own() {
    let dir = folder(&[
        ("Dockerfile", "FROM registry.corp/base/app:1\nCOPY app /app\nCMD [\"/app\"]\n"),
        (".git/", ""),
        (".tidewaiter.yml", "images: ./ci/images.yml\n"),
        ("ci/images.yml", "registry.corp/base/*: {end-of-life: 2026-11-24, user: root}\n"),
    ]);
    let (_, out, err) = run(dir.path(), &["check", "--today", "2026-11-24", "--rule", "base-end-of-life"]);
    assert!(out.contains("has had no security fixes since 2026-11-24"), "{out}{err}");
    let (_, out, _) = run(dir.path(), &["check", "--today", "2026-11-23", "--rule", "base-end-of-life"]);
    assert!(out.contains("gets no more security fixes after 2026-11-24"), "{out}");
    let (_, out, _) = run(dir.path(), &["check", "--no-config", "--rule", "run-as-root"]);
    assert!(!out.contains("run-as-root"), "{out}");
}

#[test]
fn configuration_mistakes_are_2_with_line_and_column() {
    let dir = folder(&[("Dockerfile", GOOD), (".git/", ""), ("sub/Dockerfile", GOOD)]);
    for (text, says) in [
        ("fial-on: error\n", ".tidewaiter.yml:1:1: unknown key `fial-on`; did you mean `fail-on`?"),
        ("rules:\n  no-such-rule-at-all: off\n", ".tidewaiter.yml:2:3: unknown rule `no-such-rule-at-all`"),
        ("report: [\n", ".tidewaiter.yml:"),
        ("images:\n  a/b:\n    bash: 3\n", ".tidewaiter.yml:3:11: images.a/b.bash: invalid type"),
        ("images:\n  a/b:\n    like: A\n", ".tidewaiter.yml:3:5: like: `A` is not the name of an image"),
        ("images: no.yml\n", ".tidewaiter.yml:1:1: images: `no.yml` cannot be read: no such file"),
        ("images: Dockerfile\n", "Dockerfile:1:1: "),
    ] {
        fs::write(dir.path().join(".tidewaiter.yml"), text).unwrap();
        let (code, out, err) = run(dir.path(), &["check"]);
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(err.starts_with(&format!("error: {says}")), "{err}");
        // The configuration is that of the repository, not of the current folder.
        let (code, _, err) = run(&dir.path().join("sub"), &["check"]);
        assert_eq!(code, 2);
        assert!(
            err.starts_with("error: ../.tidewaiter.yml:") || err.starts_with("error: ../Dockerfile:"),
            "{err}"
        );
        assert_eq!(run(dir.path(), &["check", "--no-config"]).0, 0);
    }
    let (code, _, err) = run(dir.path(), &["check", "--config", "nope.yml"]);
    assert_eq!(code, 2);
    assert!(err.contains("nope.yml: cannot read the configuration: no such file"), "{err}");
    fs::write(dir.path().join(".tidewaiter.yml"), "#".repeat(300_000)).unwrap();
    assert_eq!(run(dir.path(), &["check"]).0, 2);
}

#[test]
fn exclude_leaves_out_what_is_found_not_what_is_named() {
    let dir = folder(&[
        ("Dockerfile", GOOD),
        ("examples/Dockerfile", GOOD),
        (".git/", ""),
        (".github/tidewaiter.yml", "exclude: [examples/]\n"),
    ]);
    assert_eq!(paths(&run(dir.path(), &["check", "--format=json"]).1), ["Dockerfile"]);
    let (_, out, _) = run(&dir.path().join("examples"), &["check", "--format=json"]);
    assert!(paths(&out).is_empty());
    let (_, out, _) = run(dir.path(), &["check", "--format=json", "examples/Dockerfile"]);
    assert_eq!(paths(&out), ["examples/Dockerfile"]);
}

#[test]
fn many_files_come_in_a_stable_order() {
    let names: Vec<String> = (0..60).map(|n| format!("s{n:02}/Dockerfile")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), GOOD)).collect();
    let dir = folder(&files);
    for _ in 0..3 {
        assert_eq!(paths(&run(dir.path(), &["check", "--format=json"]).1), names);
    }
}

#[test]
fn rules_are_listed_for_programs() {
    let dir = folder(&[]);
    let (code, out, _) = run(dir.path(), &["rules", "--format", "json"]);
    assert_eq!(code, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&out).unwrap().is_array());
    let (code, out, _) = run(dir.path(), &["rules", "--format", "markdown"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("# Rules\n"), "{out}");
}
