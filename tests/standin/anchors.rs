//! Suggestions on real pull requests, applied as people do it: the file becomes byte for byte the text that was
//! proven. The expected texts are written out, small enough to be read.

use super::lab::{Github, Repo};
use super::{Case, comments, ensure, no_violations};
use libtest_mimic::Failed;
use serde_json::Value;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("anchors::a_new_file", a_new_file),
    ("anchors::line_ends_of_two_characters", line_ends_of_two_characters),
    ("anchors::no_line_end_at_the_end", no_line_end_at_the_end),
    ("anchors::tabs_and_backticks", tabs_and_backticks),
    ("anchors::a_renamed_and_changed_file", a_renamed_and_changed_file),
    ("anchors::several_findings_on_one_range", several_findings_on_one_range),
    ("anchors::lines_that_go", lines_that_go),
    ("anchors::outside_of_the_hunks_it_is_a_diff", outside_of_the_hunks_it_is_a_diff),
    ("anchors::each_suggestion_alone", each_suggestion_alone),
    ("anchors::hostile_names_and_texts", hostile_names_and_texts),
];

/// A pull request that makes `head` out of `base` (path and text; nothing for a new file).
fn start(base: Option<(&str, &str)>, head: (&str, &str), around: &[(&str, &str)]) -> Github {
    let repo = Repo::new();
    for (path, text) in around {
        repo.write(path, text);
    }
    if let Some((path, text)) = base {
        repo.write(path, text);
    }
    repo.commit("base");
    if let Some((path, _)) = base.filter(|(path, _)| *path != head.0) {
        repo.remove(path);
    }
    repo.write(head.0, head.1);
    repo.commit("head");
    Github::start(repo, &[])
}

fn bodies(github: &Github) -> String {
    comments(github)
        .iter()
        .filter_map(|comment| comment["body"].as_str())
        .collect::<Vec<_>>()
        .join("\n----\n")
}

/// Reviews, applies all suggestions in one commit, and compares.
fn expect(github: &Github, path: &str, expected: &str) -> Result<(), Failed> {
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.code == 0, || run.all())?;
    let suggested = bodies(github);
    ensure(suggested.contains("```suggestion"), || format!("no suggestion: {suggested}\n{}", run.summary))?;
    let applied = github.control("POST", "apply-all-suggestions", "{}");
    let text = applied["files"][path].as_str().ok_or_else(|| format!("nothing applied: {applied}"))?;
    ensure(text == expected, || format!("{text:?}\ninstead of\n{expected:?}\n{suggested}"))?;
    ensure(applied["notes"].as_array().is_none_or(Vec::is_empty), || applied["notes"].to_string())?;
    no_violations(github)
}

fn a_new_file() -> Result<(), Failed> {
    let github = start(
        None,
        ("Dockerfile", "FROM debian:13\nADD app.py /app/\nRUN apt-get update && apt-get install -y curl\n"),
        &[("app.py", "1\n")],
    );
    let expected = "FROM debian:13\nCOPY app.py /app/\nRUN apt-get update && apt-get install --no-install-recommends -y \
                    ca-certificates curl && rm -rf /var/lib/apt/lists/*\n";
    expect(&github, "Dockerfile", expected)
}

fn line_ends_of_two_characters() -> Result<(), Failed> {
    let github = start(
        Some(("Dockerfile", "FROM debian:13\r\nUSER app\r\n")),
        ("Dockerfile", "FROM debian:13\r\nADD app.py /app/\r\nUSER app\r\n"),
        &[("app.py", "1\n")],
    );
    expect(&github, "Dockerfile", "FROM debian:13\r\nCOPY app.py /app/\r\nUSER app\r\n")
}

fn no_line_end_at_the_end() -> Result<(), Failed> {
    let github = start(
        Some(("Dockerfile", "FROM debian:13\nUSER app")),
        ("Dockerfile", "FROM debian:13\nUSER app\nADD app.py /app/"),
        &[("app.py", "1\n")],
    );
    expect(&github, "Dockerfile", "FROM debian:13\nUSER app\nCOPY app.py /app/")
}

fn tabs_and_backticks() -> Result<(), Failed> {
    let github = start(
        Some(("Dockerfile", "FROM debian:13\nUSER app\n")),
        ("Dockerfile", "FROM debian:13\nADD\tapp.py \"/```suggestion/\"\nUSER app\n"),
        &[("app.py", "1\n")],
    );
    expect(&github, "Dockerfile", "FROM debian:13\nCOPY\tapp.py \"/```suggestion/\"\nUSER app\n")
}

fn a_renamed_and_changed_file() -> Result<(), Failed> {
    let lines = (0..20).map(|n| format!("ENV A{n}={n}\n")).collect::<Vec<_>>().concat();
    let old = format!("FROM debian:13\n{lines}USER app\n");
    let new = format!("FROM debian:13\n{lines}ADD app.py /app/\nUSER app\n");
    let github = start(Some(("Dockerfile", &old)), ("images/web.Dockerfile", &new), &[("app.py", "1\n")]);
    expect(&github, "images/web.Dockerfile", &new.replace("ADD", "COPY"))
}

fn several_findings_on_one_range() -> Result<(), Failed> {
    let github = start(
        Some(("Dockerfile", "FROM debian:13\nUSER app\n")),
        ("Dockerfile", "FROM debian:13\nRUN apt-get update && apt-get install curl\nUSER app\n"),
        &[],
    );
    let expected = "FROM debian:13\nRUN apt-get update && apt-get install -y --no-install-recommends \
                    ca-certificates curl && rm -rf /var/lib/apt/lists/*\nUSER app\n";
    expect(&github, "Dockerfile", expected)?;
    let all = comments(&github);
    ensure(all.len() == 1, || format!("{} comments: {}", all.len(), bodies(&github)))
}

fn lines_that_go() -> Result<(), Failed> {
    let github = start(
        Some(("Dockerfile", "FROM debian:13\nUSER app\n")),
        ("Dockerfile", "FROM debian:13\nCMD [\"a\"]\nUSER app\nCMD [\"b\"]\n"),
        &[],
    );
    expect(&github, "Dockerfile", "FROM debian:13\nUSER app\nCMD [\"b\"]\n")
}

fn outside_of_the_hunks_it_is_a_diff() -> Result<(), Failed> {
    // The instruction begins far above the lines that change.
    let many = (0..30).map(|n| format!("    p{n} \\\n")).collect::<Vec<_>>().concat();
    let old = format!(
        "FROM debian:13\nRUN apt-get update && apt-get install -y \\\n{many}    curl && rm -rf /var/lib/apt/lists/*\nUSER app\n"
    );
    let new = old.replace(" && rm -rf /var/lib/apt/lists/*", "");
    let github = start(Some(("Dockerfile", &old)), ("Dockerfile", &new), &[]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.code == 0, || run.all())?;
    let all = format!("{}\n{}", bodies(&github), github.state()["reviews"]);
    ensure(all.contains("```diff") || all.contains("```suggestion"), || all.clone())?;
    no_violations(&github)
}

/// Each suggestion of a pull request, on a stand-in of its own.
fn each_suggestion_alone() -> Result<(), Failed> {
    let head =
        "FROM debian:13\nADD a /a\nRUN apt-get update && apt-get install -y curl\nADD b /b\nUSER app\n";
    let around = [("a", "1\n"), ("b", "1\n")];
    let begin = || start(Some(("Dockerfile", "FROM debian:13\nUSER app\n")), ("Dockerfile", head), &around);
    let mut number = 0;
    loop {
        let github = begin();
        github.review(&["--fail-on", "never"]);
        let with: Vec<Value> = comments(&github)
            .into_iter()
            .filter(|comment| comment["body"].as_str().is_some_and(|body| body.contains("```suggestion")))
            .collect();
        let Some(comment) = with.get(number) else { break };
        let body = format!("{{\"comment_id\": {}}}", comment["id"]);
        let applied = github.control("POST", "apply-suggestion", &body);
        let text =
            applied["files"]["Dockerfile"].as_str().ok_or_else(|| format!("nothing applied: {applied}"))?;
        // Nothing but the lines of the comment has changed.
        let (first, last) =
            (comment["start_line"].as_u64().or(comment["line"].as_u64()), comment["line"].as_u64());
        let (Some(first), Some(last)) = (first, last) else { return Err(format!("{comment}").into()) };
        let lines: Vec<&str> = head.split_inclusive('\n').collect();
        let (before, after) = (lines[..first as usize - 1].concat(), lines[last as usize..].concat());
        ensure(text != head && text.starts_with(&before) && text.ends_with(&after), || {
            format!("{text}\n{comment}")
        })?;
        no_violations(&github)?;
        number += 1;
    }
    ensure(number >= 3, || format!("{number} suggestions"))
}

fn hostile_names_and_texts() -> Result<(), Failed> {
    let path = "a b/#1 @team/`x`\n::error::y ##[error]z ?%2e/..Dockerfile.Dockerfile";
    let text = "FROM debian:13 AS st`@team`\nADD \"![x](http://evil.example)\" /``````/\n# ::error::x ##[error]y\nUSER app\n";
    let github = start(None, (path, text), &[]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.code == 0 && run.output("findings") != "0", || run.all())?;
    let posted = github.state()["reviews"].to_string();
    ensure(!posted.contains("::error::y ##["), || posted.clone())?;
    ensure(
        !run.all().contains("##[")
            && !run.all().lines().any(|line| line.trim_start().starts_with("::error::")),
        || run.all(),
    )?;
    no_violations(&github)
}
