//! The binary against a strict, stateful stand-in for GitHub.
//!
//! The stand-in is not part of the project: `TIDEWAITER_STANDIN` names its installed folder. Without it
//! there is nothing to run.

#![allow(
    clippy::expect_used,
    clippy::format_collect,
    clippy::panic,
    clippy::single_match_else,
    reason = "this is a test"
)]

#[path = "standin/anchors.rs"]
mod anchors;
#[path = "standin/audit.rs"]
mod audit;
#[path = "standin/economy.rs"]
mod economy;
#[path = "standin/forks.rs"]
mod forks;
#[path = "standin/lab.rs"]
mod lab;
#[path = "standin/neighbours.rs"]
mod neighbours;
#[path = "standin/odd.rs"]
mod odd;
#[path = "standin/proxy.rs"]
mod proxy;
#[path = "standin/talk.rs"]
mod talk;
#[path = "standin/threads.rs"]
mod threads;

use lab::{Github, Repo};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

type Case = fn() -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let cases: [(&str, Case); 19] = [
        ("one_review_and_a_silent_second_run", one_review_and_a_silent_second_run),
        ("applying_all_suggestions_makes_it_better", applying_all_suggestions_makes_it_better),
        ("a_fork_gets_annotations", a_fork_gets_annotations),
        ("a_missing_permission_is_named", a_missing_permission_is_named),
        ("by_hand_with_a_number", by_hand_with_a_number),
        ("pull_request_target_reads_no_workspace", pull_request_target_reads_no_workspace),
        ("no_dockerfile_changed", no_dockerfile_changed),
        ("deleted_and_renamed_dockerfiles", deleted_and_renamed_dockerfiles),
        ("links_and_submodules", links_and_submodules),
        ("more_files_than_one_answer_holds", more_files_than_one_answer_holds),
        ("files_without_patch", files_without_patch),
        ("configuration_comes_from_the_base", configuration_comes_from_the_base),
        ("knowledge_of_images_comes_from_the_base", knowledge_of_images_comes_from_the_base),
        ("a_configuration_named_by_hand", a_configuration_named_by_hand),
        ("nothing_is_lost_when_posting_fails", nothing_is_lost_when_posting_fails),
        ("bad_input_is_named", bad_input_is_named),
        ("an_unknown_pull_request_is_named", an_unknown_pull_request_is_named),
        ("a_dry_run_writes_nothing", a_dry_run_writes_nothing),
        ("the_threshold_decides_the_exit_code", the_threshold_decides_the_exit_code),
    ];
    let trials = match lab::standin() {
        Some(_) => cases
            .into_iter()
            .chain(anchors::CASES.iter().copied())
            .chain(threads::CASES.iter().copied())
            .chain(talk::CASES.iter().copied())
            .chain(economy::CASES.iter().copied())
            .chain(odd::CASES.iter().copied())
            .chain(audit::CASES.iter().copied())
            .chain(forks::CASES.iter().copied())
            .chain(neighbours::CASES.iter().copied())
            // Each on github.com and on an enterprise server, whose paths are others.
            .flat_map(|(name, run)| {
                let there = move || lab::on_enterprise_server(run);
                [Trial::test(name, run), Trial::test(format!("ghes::{name}"), there)]
            })
            .collect(),
        None => Vec::new(),
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn list<'a>(state: &'a Value, name: &str) -> &'a [Value] {
    state[name].as_array().map_or(&[], Vec::as_slice)
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message().into()) }
}

fn no_violations(github: &Github) -> Result<(), Failed> {
    let found = github.violations();
    ensure(found.is_empty(), || found.join("\n"))
}

/// Inline comments that the stand-in holds.
fn comments(github: &Github) -> Vec<Value> {
    list(&github.state(), "review_comments").to_vec()
}

fn one_review_and_a_silent_second_run() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let first = github.review(&[]);
    ensure(first.code == 1, || first.all())?;
    let state = github.state();
    ensure(list(&state, "reviews").len() == 1, || format!("reviews: {}", state["reviews"]))?;
    let posted = comments(&github);
    ensure(posted.len() >= 4, || format!("{} comments", posted.len()))?;
    ensure(first.output("comments-posted") == posted.len().to_string(), || first.outputs.clone())?;
    ensure(first.output("review-url").starts_with("http"), || first.outputs.clone())?;
    ensure(posted.iter().any(|c| c["body"].as_str().is_some_and(|b| b.contains("```suggestion"))), || {
        "no suggestion".to_owned()
    })?;
    ensure(first.summary.contains("run-as-root"), || first.summary.clone())?;
    ensure(github.requests() <= 4, || format!("{} requests", github.requests()))?;
    let before = github.requests();
    let second = github.review(&[]);
    ensure(second.code == 1, || second.all())?;
    ensure(list(&github.state(), "reviews").len() == 1 && comments(&github).len() == posted.len(), || {
        second.all()
    })?;
    ensure(second.output("comments-posted") == "0", || second.outputs.clone())?;
    ensure(second.output("findings") == first.output("findings"), || second.outputs.clone())?;
    ensure(github.requests() - before <= 3, || format!("{} requests", github.requests() - before))?;
    no_violations(&github)
}

fn check(github: &Github, text: &str) -> Value {
    let path = github.folder().join("Dockerfile");
    fs::write(&path, text).expect("writable");
    let output = Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
        .args(["check", "--format", "json", "--fail-on", "never", "--today", "2026-11-24"])
        .arg(&path)
        .output()
        .expect("the binary runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn applying_all_suggestions_makes_it_better() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    github.review(&[]);
    let applied = github.control("POST", "apply-all-suggestions", "{}");
    let text =
        applied["files"]["Dockerfile"].as_str().ok_or_else(|| format!("nothing applied: {applied}"))?;
    let file = tidewaiter::dockerfile::parse(&tidewaiter::text::Source::new(text));
    ensure(file.errors.is_empty(), || format!("{:?}\n{text}", file.errors))?;
    let original = fs::read_to_string(lab::example("after").join("Dockerfile"))?;
    let (before, after) = (check(&github, &original), check(&github, text));
    let total = |report: &Value| {
        ["error", "warning", "info"]
            .iter()
            .filter_map(|level| report["summary"][*level].as_u64())
            .sum::<u64>()
    };
    ensure(total(&after) + 4 <= total(&before), || {
        format!("{} before, {} after:\n{text}\n{after:#}", total(&before), total(&after))
    })?;
    // The next run speaks about what is left only, and repeats nothing.
    let posted = comments(&github).len();
    let second = github.review(&[]);
    ensure(comments(&github).len() == posted, || {
        format!("{}\n{text}\n{:#?}", second.all(), comments(&github).last())
    })?;
    no_violations(&github)
}

fn a_fork_gets_annotations() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &["--fork"]);
    let run = github.review(&[]);
    ensure(run.code == 1, || run.all())?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    ensure(run.stdout.lines().any(|l| l.starts_with("::error file=Dockerfile,line=")), || run.all())?;
    ensure(run.stderr.contains("pull-requests: write"), || run.all())?;
    ensure(run.summary.contains("run-as-root"), || run.summary.clone())?;
    let other: Vec<String> =
        github.violations().into_iter().filter(|v| !v.starts_with("permission")).collect();
    ensure(other.is_empty(), || other.join("\n"))
}

fn a_missing_permission_is_named() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &["--permissions", "contents=read,pull-requests=read"]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.code == 0, || run.all())?;
    ensure(run.stderr.contains("pull-requests: write") && run.stdout.contains("::warning "), || run.all())
}

fn by_hand_with_a_number() -> Result<(), Failed> {
    let github =
        Github::start(Repo::example(), &["--event", "workflow_dispatch", "--input", "pull-request=7"]);
    let run = github.review(&[]);
    ensure(run.code == 1 && list(&github.state(), "reviews").len() == 1, || run.all())?;
    let again = github.review(&["--repo", "octo-org/shop", "--pr", "7"]);
    ensure(again.code == 1 && list(&github.state(), "reviews").len() == 1, || again.all())?;
    no_violations(&github)
}

fn pull_request_target_reads_no_workspace() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &["--fork", "--event", "pull_request_target"]);
    // A workspace with another Dockerfile must not matter.
    fs::write(github.folder().join("Dockerfile"), "FROM scratch\n")?;
    let run = github.review(&[]);
    ensure(run.code == 1 && list(&github.state(), "reviews").len() == 1, || run.all())?;
    ensure(comments(&github).len() >= 4, || run.all())?;
    no_violations(&github)
}

fn no_dockerfile_changed() -> Result<(), Failed> {
    let repo = Repo::example();
    repo.write("README.md", "more\n");
    repo.commit("docs");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.code == 0 && run.stderr.contains("nothing that concerns an image changed"), || run.all())?;
    ensure(run.output("findings") == "0", || run.outputs.clone())?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    ensure(github.requests() == 1, || format!("{} requests", github.requests()))?;
    // A configuration that nobody needs is not looked for.
    let named = github.review(&["--config", "nowhere.yml"]);
    ensure(named.code == 0, || named.all())?;
    no_violations(&github)
}

fn deleted_and_renamed_dockerfiles() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("old/Dockerfile", "FROM debian\nRUN true\n");
    repo.write("a/Dockerfile", "FROM debian\nADD app.py /app/\n# one\n# two\n# three\n# four\n");
    repo.commit("base");
    repo.remove("old/Dockerfile");
    repo.git(&["mv", "a/Dockerfile", "a/web.Dockerfile"]);
    repo.write("a/web.Dockerfile", "FROM debian\nADD app.py /app/\n# one\n# two\n# three\n# five\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    // What a renamed file had before is not the pull request's doing, nor is what a deleted one had.
    ensure(run.code == 0 && run.output("findings") == "0", || run.all())?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    no_violations(&github)
}

fn links_and_submodules() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM debian\n");
    repo.commit("base");
    repo.write("Dockerfile", "FROM debian\nADD app.py /app/\n");
    repo.git(&["add", "-A"]);
    let commit = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub/Dockerfile")]);
    let target = repo.git(&["rev-parse", "HEAD:Dockerfile"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{target},link/Dockerfile")]);
    repo.git(&["commit", "-q", "-m", "head"]);
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.code == 0 && run.output("findings") == "1", || run.all())?;
    ensure(run.stderr.contains("link/Dockerfile") && run.stderr.contains("sub/Dockerfile"), || run.all())?;
    no_violations(&github)
}

fn more_files_than_one_answer_holds() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    for number in 0..300 {
        repo.write(&format!("data/{number:03}.txt"), "x\n");
    }
    repo.write("zz/Dockerfile", "FROM debian\nADD app.py /app/\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.output("findings") != "0" && list(&github.state(), "reviews").len() == 1, || run.all())?;
    no_violations(&github)
}

fn files_without_patch() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &["--max-patch-bytes", "10"]);
    let run = github.review(&[]);
    ensure(run.code == 1 && list(&github.state(), "reviews").len() == 1, || run.all())?;
    ensure(comments(&github).len() >= 4, || run.all())?;
    no_violations(&github)
}

fn configuration_comes_from_the_base() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM debian:13\n");
    repo.write(".tidewaiter.yml", "rules:\n  run-as-root: off\n");
    repo.commit("base");
    repo.write("Dockerfile", "FROM debian:13\nADD app.py /app/\nCMD [\"/app/app.py\"]\n");
    // The pull request switches a rule off for itself: that counts from the next one on.
    repo.write(".tidewaiter.yml", "rules:\n  add-instead-of-copy: off\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.summary.contains("add-instead-of-copy") && !run.summary.contains("run-as-root"), || {
        format!("{}\n{}", run.all(), run.summary)
    })?;
    let note = "The pull request changes `.tidewaiter.yml`: it counts from the next pull request on.";
    let review = list(&github.state(), "reviews").first().map(ToString::to_string).unwrap_or_default();
    ensure(run.summary.contains(note) && run.stderr.contains(note) && review.contains(note), || {
        format!("{}\n{}\n{review}", run.all(), run.summary)
    })?;
    no_violations(&github)
}

fn knowledge_of_images_comes_from_the_base() -> Result<(), Failed> {
    let start = |images: Option<&str>| {
        let repo = Repo::new();
        repo.write("Dockerfile", "FROM registry.corp/base/app:1\nUSER app\n");
        repo.write(".tidewaiter.yml", "images: ci/images.yml\n");
        if let Some(images) = images {
            repo.write("ci/images.yml", images);
        }
        repo.commit("base");
        repo.write("Dockerfile", "FROM registry.corp/base/app:1\nCOPY data /data\n");
        repo.write("data", "1\n");
        // What the pull request says about images counts from the next one on.
        repo.write("ci/images.yml", "registry.corp/base/*:\n  user: app\n");
        repo.commit("head");
        Github::start(repo, &[])
    };
    let github =
        start(Some("registry.corp/base/*:\n  like: debian:trixie-slim\n  end-of-life: 2020-01-01\n"));
    let run = github.review(&[]);
    ensure(run.summary.contains("run-as-root") && run.stderr.contains("posted"), || {
        format!("{}\n{}", run.all(), run.summary)
    })?;
    ensure(github.requests() <= 4, || format!("{} requests", github.requests()))?;
    no_violations(&github)?;
    let missing = start(None);
    let run = missing.review(&[]);
    ensure(run.code == 2 && run.stderr.contains("images: `ci/images.yml` is not in the base"), || run.all())?;
    let wrong = start(Some("registry.corp/base/*:\n  usr: app\n"));
    let run = wrong.review(&[]);
    ensure(run.code == 2 && run.stderr.contains("ci/images.yml:2:3: "), || run.all())
}

fn a_configuration_named_by_hand() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM debian:13\n");
    repo.write("ci/tidewaiter.yml", "rules:\n  run-as-root: off\n");
    repo.commit("base");
    repo.write("Dockerfile", "FROM debian:13\nADD app.py /app/\nCMD [\"/app/app.py\"]\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--config", "ci/tidewaiter.yml"]);
    ensure(run.code == 0 && run.summary.contains("add-instead-of-copy"), || run.all())?;
    ensure(!run.summary.contains("run-as-root"), || run.summary.clone())?;
    let missing = github.review(&["--config", "ci/other.yml"]);
    ensure(missing.code == 2 && missing.stderr.contains("ci/other.yml"), || missing.all())?;
    no_violations(&github)
}

fn nothing_is_lost_when_posting_fails() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let fault = r#"[{"method": "POST", "path": "/pulls/7/reviews", "status": 500, "times": -1}]"#;
    github.control("POST", "faults", fault);
    let run = github.review(&[]);
    ensure(run.code == 3, || run.all())?;
    ensure(run.stdout.contains("::error file=Dockerfile,line="), || run.all())?;
    ensure(run.summary.contains("run-as-root"), || format!("no summary: {}", run.all()))?;
    ensure(run.output("findings") != "0" && run.output("comments-posted") == "0", || run.outputs.clone())
}

fn bad_input_is_named() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let event = github.folder().join("broken.json");
    fs::write(&event, "{\"pull_request\": ")?;
    let event = event.to_str().ok_or("UTF-8")?;
    let broken = github.review_with(&[], &[("GITHUB_EVENT_PATH", event)]);
    ensure(broken.code == 2 && broken.stderr.contains("broken.json"), || broken.all())?;
    let missing = github.review_with(&[], &[("GITHUB_TOKEN", "")]);
    ensure(missing.code == 2 && missing.stderr.contains("github-token"), || missing.all())?;
    let nowhere = github.review_with(&[], &[("GITHUB_EVENT_PATH", "")]);
    ensure(nowhere.code == 2 && nowhere.stderr.contains("--repo"), || nowhere.all())?;
    let half = github.review(&["--repo", "octo-org/shop"]);
    ensure(half.code == 2 && half.stderr.contains("--pr"), || half.all())?;
    ensure(github.requests() == 0, || "bad input was sent to GitHub".to_owned())
}

fn an_unknown_pull_request_is_named() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let number = github.review(&["--repo", "octo-org/shop", "--pr", "4711"]);
    ensure(number.code == 3 && number.stderr.contains("number"), || number.all())?;
    let repository = github.review(&["--repo", "octo-org/nothing", "--pr", "7"]);
    ensure(repository.code == 3 && repository.stderr.contains("repository"), || repository.all())
}

fn a_dry_run_writes_nothing() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let run = github.review(&["--dry-run"]);
    ensure(run.code == 1 && run.stdout.contains("Dockerfile"), || run.all())?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    no_violations(&github)
}

fn the_threshold_decides_the_exit_code() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    for (threshold, code) in [("never", 0), ("error", 1), ("info", 1)] {
        let run = github.review(&["--fail-on", threshold]);
        ensure(run.code == code, || format!("{threshold}: {}", run.all()))?;
    }
    let wrong = github.review(&["--fail-on", "often"]);
    ensure(wrong.code == 2, || wrong.all())?;
    ensure(json!(list(&github.state(), "reviews").len()) == json!(1), || "more than one review".to_owned())
}
