//! `tidewaiter audit` and `check --format sarif` as people and workflows meet them.

#![allow(clippy::unwrap_used)] // The helpers are tests too, which clippy does not see.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const GOOD: &str = "FROM scratch\nUSER 65534:65534\n";
const BAD: &str = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nUSER 65534:65534\n";
/// The build of this one stops.
const BROKEN: &str = "FROM scratch\nUSER 65534:65534\nEXPOSE 99999\n";

/// As in a terminal: nothing of a workflow that runs these tests.
fn tidewaiter(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
    command.current_dir(dir).args(args).args(["--today", "2026-11-24"]).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["GITHUB_", "RUNNER_", "INPUT_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR").envs(env.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(dir)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(["-c", "init.defaultBranch=main"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository whose history has a bad Dockerfile and whose files have none.
fn repository() -> TempDir {
    let dir = folder(&[("Dockerfile", BAD), ("web/Dockerfile", BROKEN), ("other/Dockerfile", BROKEN)]);
    git(dir.path(), &["init", "-q"]);
    fs::write(dir.path().join(".tidewaiter.yml"), "exclude: [other/]\n").unwrap();
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "-qm", "one"]);
    git(dir.path(), &["tag", "v1"]);
    fs::remove_file(dir.path().join("web/Dockerfile")).unwrap();
    fs::write(dir.path().join("Dockerfile"), GOOD).unwrap();
    dir
}

fn results(log: &Path) -> Vec<(String, String)> {
    let log: Value = serde_json::from_str(&fs::read_to_string(log).unwrap()).unwrap();
    list(&log)
}

/// Rule and address of each result.
fn list(log: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let one = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        (text(&result["ruleId"]), text(place))
    };
    results.iter().map(one).collect()
}

#[test]
fn a_folder_is_told_in_short_and_the_exit_code_counts() {
    let dir = folder(&[("a/Dockerfile", BAD), ("b/Dockerfile", GOOD), ("c/Dockerfile", BROKEN)]);
    let (code, out, err) = tidewaiter(dir.path(), &["audit"], &[]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    insta::assert_snapshot!(out);
    assert_eq!(tidewaiter(dir.path(), &["audit", "--fail-on", "never"], &[]).0, 0);
    assert_eq!(tidewaiter(dir.path(), &["audit", "b"], &[]).0, 0);
    let (code, out, _) =
        tidewaiter(dir.path(), &["audit", "a", "--level", "warning", "--fail-on", "warning"], &[]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("1 warning") && !out.contains("1 info"), "{out}");

    let empty = folder(&[]);
    let (code, out, err) = tidewaiter(empty.path(), &["audit"], &[]);
    assert_eq!((code, out.as_str()), (0, "0 files, no findings\n"));
    assert!(err.contains("no Dockerfile found in ."), "{err}");
}

#[test]
fn a_workflow_gets_summary_outputs_and_sarif() {
    let dir = folder(&[("a/Dockerfile", BAD), ("empty/Dockerfile", "")]);
    let at = |name: &str| dir.path().join(name).display().to_string();
    fs::write(dir.path().join("summary"), "before\n").unwrap();
    let env = [("GITHUB_STEP_SUMMARY", at("summary")), ("GITHUB_OUTPUT", at("output"))];
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (code, out, err) = tidewaiter(dir.path(), &["audit", "--sarif", "out.sarif", "--annotations"], &env);
    assert_eq!(code, 3, "a file could not be read: {out}");
    assert!(err.contains("error: empty/Dockerfile: the file is empty"), "{err}");
    assert!(out.contains("::warning file=a/Dockerfile,line=2"), "{out}");
    let summary = fs::read_to_string(dir.path().join("summary")).unwrap();
    assert!(summary.starts_with("before\n## Tidewaiter audit\n"), "{summary}");
    assert!(summary.contains("- `empty/Dockerfile`: the file is empty"), "{summary}");
    let outputs = fs::read_to_string(dir.path().join("output")).unwrap();
    let found = results(&dir.path().join("out.sarif"));
    assert!(outputs.contains(&format!("findings={}\n", found.len())), "{outputs}");
    for line in ["errors=0\n", "sarif-file=out.sarif\n", "outcome=failed\n"] {
        assert!(outputs.contains(line), "{outputs}");
    }
    assert!(found.contains(&("package-cache-left".to_owned(), "a/Dockerfile".to_owned())), "{found:?}");

    // A file of one's own goes before the job's, and one that cannot be written hinders no other.
    let args = ["audit", "--summary", "own.md", "--sarif", "none/out.sarif"];
    let (code, out, err) = tidewaiter(dir.path(), &args, &env);
    assert_eq!(code, 3);
    assert!(out.contains("fixable") && err.contains("cannot write none/out.sarif"), "{out}{err}");
    assert!(fs::read_to_string(dir.path().join("own.md")).unwrap().starts_with("## Tidewaiter audit"));
    assert_eq!(fs::read_to_string(dir.path().join("summary")).unwrap(), summary);
}

#[test]
fn a_revision_is_read_from_git() {
    let dir = repository();
    let (code, out, err) = tidewaiter(dir.path(), &["audit"], &[]);
    assert_eq!(code, 0, "{out}{err}");
    let commit = git(dir.path(), &["rev-parse", "v1"]);
    let workspace = dir.path().display().to_string();
    let env = [("GITHUB_WORKSPACE", workspace.as_str()), ("GITHUB_REPOSITORY", "octo-org/shop")];
    let args = ["audit", "--ref", "v1", "--sarif", "out.sarif", "--summary", "own.md"];
    let (code, out, err) = tidewaiter(dir.path(), &args, &env);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let found = results(&dir.path().join("out.sarif"));
    assert!(found.contains(&("invalid-expose".to_owned(), "web/Dockerfile".to_owned())), "{found:?}");
    assert!(found.iter().all(|(_, path)| !path.starts_with("other")), "{found:?}");
    let log: Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("out.sarif")).unwrap()).unwrap();
    let origin = &log["runs"][0]["versionControlProvenance"][0];
    assert_eq!(origin["revisionId"], commit.as_str());
    assert_eq!(origin["repositoryUri"], "https://github.com/octo-org/shop");
    let summary = fs::read_to_string(dir.path().join("own.md")).unwrap();
    assert!(summary.contains(&format!(" in 2 Dockerfiles of `v1` (`{}`)", &commit[..12])), "{summary}");

    // Only a part of it; paths stay those of the repository.
    let (code, out, _) = tidewaiter(&dir.path().join("web"), &["audit", "../other", "--ref", "v1"], &[]);
    assert_eq!(code, 0, "left out by the configuration of the revision: {out}");
    let args = ["audit", "../other", "--ref", "v1", "--no-config"];
    let (code, out, _) = tidewaiter(&dir.path().join("web"), &args, &[]);
    assert!(code == 1 && out.contains("  other/Dockerfile\n") && !out.contains("web/"), "{out}");
}

#[test]
fn wrong_use_says_what() {
    let dir = repository();
    fs::create_dir(dir.path().join("new")).unwrap();
    for (args, says) in [
        (&["audit", "--ref", "v2"][..], "`v2`"),
        (&["audit", "--ref=--all"], "is not a git revision"),
        (&["audit", "new", "--ref", "v1"], "the folder `new` is not in v1"),
        (&["audit", "nowhere", "--ref", "v1"], "there is no folder nowhere"),
        (&["audit", "Dockerfile", "--ref", "v1"], "is none"),
        (&["audit", "--ref", "v1", "--config", "x.yml"], "`x.yml` is not in the revision"),
        (&["audit", "--config", "x.yml"], "cannot read the configuration"),
        (&["audit", "--config", "x.yml", "--no-config"], "--no-config"),
        (&["audit", "--level", "high"], "error, warning, info or style"),
    ] {
        let (code, out, err) = tidewaiter(dir.path(), args, &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(says), "{args:?}: {err}");
    }
    let (code, _, err) = tidewaiter(dir.path(), &["audit", "nowhere"], &[]);
    assert!(code == 3 && err.contains("nowhere"), "{err}");
}

#[test]
fn several_repositories_stand_side_by_side() {
    let dir = folder(&[("one/Dockerfile", BROKEN), ("two/app/Dockerfile", BROKEN)]);
    git(&dir.path().join("one"), &["init", "-q"]);
    git(&dir.path().join("two"), &["init", "-q"]);
    fs::write(dir.path().join("two/.tidewaiter.yml"), "rules: {invalid-expose: warning}\n").unwrap();
    let (code, out, err) = tidewaiter(dir.path(), &["audit", "--sarif", "out.sarif"], &[]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let found = results(&dir.path().join("out.sarif"));
    for path in ["one/Dockerfile", "two/app/Dockerfile"] {
        assert!(found.contains(&("invalid-expose".to_owned(), path.to_owned())), "{found:?}");
    }
    assert!(out.contains("1 error, 1 warning"), "{out}");
}

#[test]
fn check_writes_sarif_with_paths_of_the_repository() {
    let dir = repository();
    fs::write(dir.path().join("Dockerfile"), BROKEN).unwrap();
    fs::create_dir_all(dir.path().join("web")).unwrap();
    for (from, path) in [(".", "."), ("web", "../Dockerfile"), ("web", "..")] {
        let args = ["check", "--format", "sarif", path];
        let (code, out, err) = tidewaiter(&dir.path().join(from), &args, &[]);
        assert_eq!((code, err.as_str()), (1, ""), "{out}");
        let found = list(&serde_json::from_str(&out).unwrap());
        assert!(found.contains(&("invalid-expose".to_owned(), "Dockerfile".to_owned())), "{path}: {found:?}");
    }
}

#[cfg(unix)]
#[test]
fn hostile_names_stay_data() {
    let name = "a\n::error::x ##[error]y <b> @team `|\u{1b}[31m\u{202e}";
    let dir = folder(&[(&format!("{name}/Dockerfile"), BROKEN), ("ok/Dockerfile", BAD)]);
    let args = ["audit", "--annotations", "--sarif", "out.sarif", "--summary", "own.md"];
    let (code, out, err) = tidewaiter(dir.path(), &args, &[]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let summary = fs::read_to_string(dir.path().join("own.md")).unwrap();
    for text in [&out, &summary] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
    for line in out.lines() {
        let command = line.starts_with("::error file=a\\n%3A%3Aerror");
        assert!(command || !line.trim_start().starts_with("::error"), "{line:?}");
        assert!(!line.contains("##["), "{line:?}");
    }
    assert!(!summary.lines().any(|line| line.starts_with("::")), "{summary}");
    let found = results(&dir.path().join("out.sarif"));
    let path = "a%0A%3A%3Aerror%3A%3Ax%20%23%23%5Berror%5Dy%20%3Cb%3E%20%40team%20%60%7C%1B%5B31m%E2%80%AE/Dockerfile";
    assert!(found.contains(&("invalid-expose".to_owned(), path.to_owned())), "{found:?}");
}
