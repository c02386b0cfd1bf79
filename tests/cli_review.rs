//! `review --local`: changes whose consequence lies in a Dockerfile that nobody touched.

#![allow(clippy::unwrap_used)] // The helpers are tests too, which clippy does not see.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const DOCKERFILE: &str = "FROM node:24-trixie-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\n\
    RUN npm ci && npm cache clean --force\nCOPY . .\nENV NODE_ENV=production\nUSER node\n\
    ENTRYPOINT [\"./entrypoint.sh\"]\nCMD [\"node\", \"server.js\"]\n";

const FILES: [(&str, &str); 6] = [
    ("Dockerfile", DOCKERFILE),
    (".dockerignore", ".git\n**/node_modules\n"),
    ("package.json", "{\"name\": \"x\", \"version\": \"1.0.0\"}\n"),
    ("package-lock.json", "{\"name\": \"x\", \"lockfileVersion\": 3, \"packages\": {}}\n"),
    ("server.js", "1\n"),
    ("entrypoint.sh", "#!/bin/sh\nset -e\nexec \"$@\"\n"),
];

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A project, below `at`.
fn project(dir: &Path, at: &str) {
    for (path, text) in FILES {
        write(dir, &format!("{at}{path}"), text);
    }
    set_mode(&dir.join(format!("{at}entrypoint.sh")), 0o755);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// The same project twice, the second one changed.
fn folders(change: impl Fn(&Path)) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for side in ["before", "after"] {
        project(&dir.path().join(side), "");
    }
    change(&dir.path().join("after"));
    dir
}

fn review(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
        .current_dir(dir)
        .args(["review", "--local", "--today", "2026-11-24"])
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn plan(dir: &Path, arguments: &[&str]) -> Value {
    let (code, out, err) = review(dir, &[arguments, &["--json", "--fail-on", "never"]].concat());
    assert_eq!(code, 0, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

/// Rule, file and line of everything that is reported.
fn found(plan: &Value) -> Vec<String> {
    let list = plan["annotations"].as_array().unwrap();
    list.iter().map(|a| format!("{} {}:{}", a["title"], a["path"], a["line"]).replace('"', "")).collect()
}

const SIDES: [&str; 4] = ["--base", "before", "--head", "after"];

#[test]
fn a_removed_ignore_line_concerns_the_dockerfile() {
    let dir = folders(|head| write(head, ".dockerignore", ".git\n"));
    let plan = plan(dir.path(), &SIDES);
    assert_eq!(found(&plan), ["dockerignore-incomplete Dockerfile:5"]);
    assert_eq!(plan["review"]["comments"][0]["path"], ".dockerignore");
    // What was there before in a Dockerfile that nobody touched is not even counted.
    assert_eq!((&plan["outcome"]["existing"], &plan["outcome"]["files"]), (&0.into(), &1.into()));
}

#[cfg(unix)]
#[test]
fn a_mode_is_a_change_too() {
    let dir = folders(|head| set_mode(&head.join("entrypoint.sh"), 0o644));
    let plan = plan(dir.path(), &SIDES);
    assert_eq!(found(&plan), ["entrypoint-not-executable Dockerfile:8"]);
    // No line of the script changed: the body says where the consequence is.
    assert_eq!(plan["review"]["comments"], Value::Array(Vec::new()));
    assert!(plan["review"]["body"].as_str().unwrap().contains("`Dockerfile:8`"), "{plan}");
}

#[test]
fn nothing_that_concerns_an_image() {
    let dir = folders(|head| write(head, "notes.md", "x\n"));
    let (code, out, _) = review(dir.path(), &SIDES);
    assert_eq!((code, out.as_str()), (0, "Nothing that concerns an image changed.\n"));
    // A file that may concern one, and does not.
    let dir = folders(|head| write(head, "package.json", "{\"name\": \"x\", \"version\": \"1.0.1\"}\n"));
    let (code, out, err) = review(dir.path(), &SIDES);
    assert!(code == 0 && out == "Nothing to say.\n", "{out}{err}");
}

#[test]
fn what_is_excluded_stays_out() {
    let dir = folders(|head| write(head, ".dockerignore", ".git\n"));
    for side in ["before", "after"] {
        write(&dir.path().join(side), ".tidewaiter.yml", "exclude: [Dockerfile]\n");
    }
    assert_eq!(found(&plan(dir.path(), &SIDES)), Vec::<String>::new());
}

#[test]
fn stages_are_shown_in_the_summary() {
    let dir = folders(|head| {
        write(
            head,
            "Dockerfile",
            &format!(
                "FROM golang:1.25 AS tool\nRUN go install x@v1\n{DOCKERFILE}COPY --from=tool /go/bin/x /usr/local/bin/\n"
            ),
        );
    });
    let plan = plan(dir.path(), &SIDES);
    let summary = plan["summary"].as_str().unwrap();
    assert!(summary.contains("```mermaid\nflowchart LR\n  s0[\"<b>tool</b><br/>golang:1.25"), "{summary}");
    assert!(summary.contains("s0 -->|\"COPY\"| s1\n"), "{summary}");
}

#[test]
fn revisions_are_compared_from_where_they_parted() {
    let dir = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(dir.path())
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let commit = |message: &str| {
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", message]);
    };
    git(&["init", "-q", "-b", "main"]);
    project(dir.path(), "api/");
    project(dir.path(), "web/");
    write(dir.path(), "web/.dockerignore", ".git\n");
    commit("base");
    git(&["checkout", "-q", "-b", "topic"]);
    write(dir.path(), "api/entrypoint.sh", "#!/bin/sh\nset -e\n\"$@\"\n");
    write(dir.path(), "web/package.json", "{\"name\": \"x\", \"version\": \"1.0.1\"}\n");
    commit("head");
    git(&["checkout", "-q", "main"]);
    write(dir.path(), "web/.dockerignore", ".git\n**/node_modules\n");
    commit("mended meanwhile");
    let plan = plan(dir.path(), &["--base", "main", "--head", "topic"]);
    assert_eq!(found(&plan), ["entrypoint-without-exec api/Dockerfile:8"]);
    let comment = &plan["review"]["comments"][0];
    assert_eq!((&comment["path"], &comment["line"]), (&"api/entrypoint.sh".into(), &3.into()));
}
