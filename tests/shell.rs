//! Scripts against bash: what it refuses has a problem, what it takes has none.
//!
//! `TIDEWAITER_CORPUS` names a folder of Dockerfiles to read the RUN instructions of, too.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is a test")]

use camino::Utf8Path;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tidewaiter::dockerfile::{Joined, Keyword, parse};
use tidewaiter::facts::{Bodies, FileFacts};
use tidewaiter::repository::MemoryTree;
use tidewaiter::shell;
use tidewaiter::text::Source;

const SCRIPTS: &[&str] = &[
    "a && b || c; d & e | f |& g",
    "if a; then b; elif c; then d; else e; fi > x 2>&1",
    "for x in a b; do c; done; for ((i = 0; i < 3; i++)); do d; done; select y in a; do b; done",
    "while a; do b; done; until c; do d; done",
    "case $x in (a|b) c;; d) e;& *) f;;& esac",
    "f() { a; }; function g { b; }; h() (c); f",
    "[[ $a =~ ^(b|c)$ && ! -f d ]] && (( e > 1 )) || f=(g \"h i\" [3]=j)",
    "a[\"b c\"]=1; d[${#e[@]}]+=2",
    "a <(b) >(c) <<< d 3>&1 4<&- &> e {f}> g",
    "a $(b `c \\`d\\``) \"$(e \"f\")\" ${g:-$(h)} $((1 << 2)) $'i\\'j'",
    "cat <<-A <<'B'\n\t$(c)\n\tA\nd\nB\ne",
    "! a | b; time -p c; { d; } && (e)",
    "a 'b",
    "a \"b",
    "a && && b",
    "a |",
    "if a; then b",
    "for x in a; b; done",
    "while a; do b; fi",
    "a; fi",
    "a $(b",
    "(a; b",
    "a ) b",
    "{ a; b",
    "a >",
    "case x in a) b",
    "[[ a ",
    "f() ",
    "a ;; b",
    "do a",
];

/// Whether bash takes a script; `None` where there is no bash.
fn bash_takes(script: &str) -> Option<bool> {
    let bash = Command::new("bash")
        .args(["-O", "extglob", "-n"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut bash = bash.ok()?;
    bash.stdin.take().expect("the input is a pipe").write_all(script.as_bytes()).ok()?;
    let output = bash.wait_with_output().expect("bash ends");
    // It goes on when a here-document has no end.
    Some(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("here-document"))
}

#[test]
fn bash_agrees_on_what_is_valid() {
    let mut scripts: Vec<(String, shell::Script)> =
        SCRIPTS.iter().map(|text| ((*text).to_owned(), shell::parse(&Joined::verbatim(text, 0)))).collect();
    if let Some(corpus) = std::env::var_os("TIDEWAITER_CORPUS") {
        let tree = MemoryTree::default();
        for entry in std::fs::read_dir(Path::new(&corpus).join("dev")).expect("the corpus has a folder `dev`")
        {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_none_or(|extension| extension != "Dockerfile") {
                continue;
            }
            let text = std::fs::read(&path).expect("files can be read");
            let file = parse(&Source::new(String::from_utf8_lossy(&text).into_owned()));
            let bodies = Bodies::read(&file);
            let today = jiff::civil::date(2026, 9, 1);
            let facts = FileFacts::new(Utf8Path::new("Dockerfile"), &file, &bodies, &tree, today);
            let runs = facts.stages.iter().flat_map(|stage| stage.of(Keyword::Run));
            let read = runs
                .flat_map(tidewaiter::facts::InstructionFacts::scripts)
                .map(|s| (s.text().to_owned(), s.clone()));
            // The first line of a RUN lacks the here-documents that follow it.
            scripts.extend(read.filter(|(_, script)| script.heredocs.is_empty()));
        }
    }
    let mut compared = 0;
    for (text, script) in &scripts {
        let Some(takes) = bash_takes(text) else {
            println!("bash is not installed");
            return;
        };
        assert_eq!(script.problems.is_empty(), takes, "{text:?}: {:?}", script.problems);
        compared += 1;
    }
    println!("{compared} scripts: bash agrees on all of them");
}
