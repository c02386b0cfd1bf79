//! Pull requests that are too large: each ends soon, in little memory, and says what was left out.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Two folders, what the binary says of the change from one to the other, and how it ends.
struct Change {
    folder: TempDir,
}

struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Change {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for side in ["base", "head"] {
            fs::create_dir(folder.path().join(side)).unwrap();
        }
        Self { folder }
    }

    fn write(&self, side: &str, path: &str, text: &str) {
        let path = self.folder.path().join(side).join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Also with a debug build it takes a fraction of the minute, and of the memory that [`limited`] allows.
    fn review(&self) -> Said {
        let start = Instant::now();
        let output = limited()
            .current_dir(self.folder.path())
            .args(["review", "--local", "--base", "base", "--head", "head", "--today", "2026-11-24"])
            .output()
            .unwrap();
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
        let said = Said {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!((0..=2).contains(&said.code), "{}: {}", said.code, said.stderr);
        said
    }
}

/// The binary with 300 MiB of memory for its data.
fn limited() -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -d 307200 2>/dev/null; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tidewaiter")])
        .env_remove("GITHUB_ACTIONS");
    command
}

const SMALL: &str = "FROM debian:13\nADD a /b/\n";

#[test]
fn thousands_of_dockerfiles() {
    let change = Change::new();
    for number in 0..2_000 {
        change.write("head", &format!("s{}/{number}/Dockerfile", number / 100), SMALL);
    }
    let said = change.review();
    let note = "2000 Dockerfiles are changed; the first 500 are reviewed.";
    assert!(said.stderr.contains(note) && said.stdout.contains(note), "{}", said.stderr);
}

#[test]
fn a_line_of_100_000_characters() {
    let change = Change::new();
    let packages: String = (0..14_000).map(|n| format!(" p{n}")).collect();
    let text = format!("FROM debian:13\nRUN apt-get install{packages}\nRUN echo {}\n", "`@a ".repeat(25_000));
    change.write("head", "Dockerfile", &text);
    let said = change.review();
    assert!(said.stdout.contains("missing-assume-yes"), "{}", said.stdout);
    assert!(said.stdout.lines().all(|line| line.chars().count() < 100_100));
}

#[test]
fn a_dockerfile_of_more_than_a_mebibyte() {
    let change = Change::new();
    change.write("head", "big/Dockerfile", &format!("FROM debian\n{}", "ADD a /b/\n".repeat(110_000)));
    change.write("head", "small/Dockerfile", SMALL);
    let said = change.review();
    let note = "`big/Dockerfile` has 1100012 bytes, a Dockerfile may have 1048576: it is not reviewed.";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(said.stdout.contains(note) && said.stdout.contains("small/Dockerfile"), "{}", said.stdout);
}

#[test]
fn tens_of_thousands_of_findings() {
    let change = Change::new();
    let many: String = (0..20_000).map(|n| format!("ADD f{n} /x{n}\n")).collect();
    change.write("head", "Dockerfile", &format!("FROM debian:13\n{many}"));
    let said = change.review();
    assert!(said.stdout.contains("more: see the job summary"), "{}", said.stdout);
}

#[test]
fn long_chains_of_stages_and_many_ignores() {
    let change = Change::new();
    let stages: String =
        (0..1_500).map(|n| format!("FROM s{n} AS s{}\nCOPY --from=s{n} /a /b\n", n + 1)).collect();
    change.write("head", "Dockerfile", &format!("FROM debian:13 AS s0\n{stages}"));
    let ignores: String =
        (0..3_000).map(|n| format!("# tidewaiter ignore=add-instead-of-copy,x{n}\nADD f{n} /x\n")).collect();
    change.write("head", "b/Dockerfile", &format!("FROM debian:13\n{ignores}"));
    let said = change.review();
    assert!(said.stdout.contains("3000 silenced by comments in the files, all of which this change adds."));
}

#[test]
fn changed_files_that_are_no_dockerfiles() {
    let change = Change::new();
    change.write("head", "Dockerfile", SMALL);
    for number in 0..40 {
        change.write("head", &format!("data/{number}.txt"), &"y\n".repeat(100_000));
    }
    let said = change.review();
    assert!(said.stderr.contains("The change is too large to be shown as a whole"), "{}", said.stderr);
}

/// What somebody may write into a file of YAML.
fn bombs() -> Vec<(&'static str, String)> {
    let lists = (1..=12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(",")));
    let bomb: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned()).chain(lists).collect();
    vec![
        ("aliases", bomb),
        ("brackets", format!("x: {}{}\n", "[".repeat(100_000), "]".repeat(100_000))),
        ("a huge scalar", format!("x: \"{}\"\n", "y".repeat(5_000_000))),
        ("many keys", (0..200_000).map(|n| format!("k{n}: v\n")).collect()),
    ]
}

#[test]
fn hostile_configurations() {
    for (name, text) in bombs() {
        let change = Change::new();
        change.write("base", ".tidewaiter.yml", &text);
        change.write("head", "Dockerfile", SMALL);
        let said = change.review();
        assert!(said.code == 2 && said.stderr.contains(".tidewaiter.yml"), "{name}: {}", said.stderr);
    }
}

#[test]
fn hostile_workflows_and_compose_files() {
    for (name, text) in bombs() {
        let change = Change::new();
        change.write("head", "Dockerfile", SMALL);
        change.write(
            "head",
            ".github/workflows/ci.yml",
            &format!("on: push\njobs:\n  b:\n    steps: []\n{text}"),
        );
        change.write("head", "compose.yaml", &format!("services:\n  a:\n    build: .\n{text}"));
        let said = change.review();
        assert!(said.stdout.contains("add-instead-of-copy"), "{name}: {}\n{}", said.stdout, said.stderr);
    }
}

#[test]
fn comments_count_unless_the_base_forbids_them() {
    let text = "FROM debian:13\n# tidewaiter ignore=add-instead-of-copy\nADD a /b/\nUSER app\n";
    let change = Change::new();
    change.write("head", "Dockerfile", text);
    // What the head says of it is inert, and is named.
    change.write("head", ".tidewaiter.yml", "allow-inline-ignore: false\n");
    let said = change.review();
    assert!(!said.stdout.contains("`ADD` may"), "{}", said.stdout);
    let note = "The pull request changes `.tidewaiter.yml`: it counts from the next pull request on.";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    change.write("base", ".tidewaiter.yml", "allow-inline-ignore: false\n");
    let said = change.review();
    assert!(said.stdout.contains("`ADD` may"), "{}", said.stdout);
    assert!(said.stdout.contains("1 said although comments in the files ignore them"), "{}", said.stdout);
    assert!(!said.stderr.contains(note), "{}", said.stderr);
}
