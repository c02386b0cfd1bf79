//! Pull requests and answers that are out of the ordinary: nothing is lost without a word.

use super::lab::{Github, Repo};
use super::{Case, comments, ensure, list, no_violations};
use libtest_mimic::Failed;
use serde_json::json;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("odd::a_page_comes_empty", a_page_comes_empty),
    ("odd::a_page_comes_twice", a_page_comes_twice),
    ("odd::more_files_than_github_lists", more_files_than_github_lists),
    ("odd::eight_dockerfiles_without_patch", eight_dockerfiles_without_patch),
    ("odd::patches_cannot_be_asked_for_again", patches_cannot_be_asked_for_again),
    ("odd::a_dockerfile_of_more_than_a_mebibyte", a_dockerfile_of_more_than_a_mebibyte),
    ("odd::a_review_left_pending", a_review_left_pending),
    ("odd::waiting_has_an_end_of_ones_choice", waiting_has_an_end_of_ones_choice),
];

const HEAD: &str = "FROM debian:13\nADD app.py /app/\nUSER root\n";

/// A Dockerfile on the second page.
fn two_pages() -> Github {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    for number in 0..130 {
        repo.write(&format!("data/{number:03}.txt"), "x\n");
    }
    repo.write("zz/Dockerfile", HEAD);
    repo.commit("head");
    Github::start(repo, &[])
}

fn reviewed(github: &Github) -> Result<(), Failed> {
    let run = github.review(&[]);
    ensure(run.output("findings") != "0" && list(&github.state(), "reviews").len() == 1, || run.all())?;
    no_violations(github)
}

fn a_page_comes_empty() -> Result<(), Failed> {
    let github = two_pages();
    let fault = json!([{"path": "/pulls/7/files.*[?&]page=2$", "status": 200, "body": "[]"}]);
    github.control("POST", "faults", &fault.to_string());
    reviewed(&github)
}

fn a_page_comes_twice() -> Result<(), Failed> {
    let github = two_pages();
    let first = github.request("GET", "/repos/octo-org/shop/pulls/7/files?per_page=100&page=1", "");
    let fault = json!([{"path": "/pulls/7/files.*[?&]page=2$", "status": 200, "body": first}]);
    github.control("POST", "faults", &fault.to_string());
    reviewed(&github)
}

fn more_files_than_github_lists() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    repo.write("app/Dockerfile", HEAD);
    for number in 0..3_000 {
        repo.write(&format!("data/{number:04}.txt"), "x\n");
    }
    repo.write("zz/Dockerfile", HEAD);
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.stderr.contains("3000 files or more"), || run.all())?;
    ensure(list(&github.state(), "reviews").len() == 1, || run.all())?;
    no_violations(&github)
}

fn without_patches() -> Github {
    let repo = Repo::new();
    for number in 0..8 {
        repo.write(&format!("s{number}/Dockerfile"), "FROM debian:13\nUSER 1000\n");
    }
    repo.commit("base");
    for number in 0..8 {
        let secret = format!("ENV API_TOKEN=hw-live-7c41e09ab26d4f8{number}\n");
        repo.write(&format!("s{number}/Dockerfile"), &format!("FROM debian:13\n{secret}USER 1000\n"));
    }
    repo.commit("head");
    Github::start(repo, &["--max-patch-bytes", "10"])
}

fn eight_dockerfiles_without_patch() -> Result<(), Failed> {
    let github = without_patches();
    let run = github.review(&[]);
    ensure(run.code == 1 && comments(&github).len() == 8, || run.all())?;
    // The list, what is in it, five patches asked for again, the review; no more.
    ensure(github.requests() <= 9, || format!("{} requests", github.requests()))?;
    no_violations(&github)
}

fn patches_cannot_be_asked_for_again() -> Result<(), Failed> {
    let github = without_patches();
    let fault = json!([{"path": "/pulls/7/files.per_page=1&", "status": 404, "body": {"message": "Not Found"},
        "times": -1}]);
    github.control("POST", "faults", &fault.to_string());
    let run = github.review(&[]);
    ensure(run.code == 1 && comments(&github).len() == 8, || run.all())?;
    no_violations(&github)
}

fn a_dockerfile_of_more_than_a_mebibyte() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    repo.write("big/Dockerfile", &format!("FROM debian:13\n{}", "# a comment of no use\n".repeat(60_000)));
    repo.write("small/Dockerfile", HEAD);
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.stderr.contains("`big/Dockerfile` has 1320015 bytes"), || run.all())?;
    ensure(list(&github.state(), "reviews").len() == 1, || run.all())?;
    no_violations(&github)
}

/// A run that was killed between two requests leaves a review that nobody sees and that is in the way. What it
/// says has not been said.
fn a_review_left_pending() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let first = github.review(&[]);
    let expected = comments(&github).len();
    ensure(expected >= 4, || first.all())?;
    let posted = comments(&github);
    let other = Github::start(Repo::example(), &[]);
    let parts: Vec<_> = posted
        .iter()
        .map(|c| json!({"path": c["path"], "line": c["line"], "side": "RIGHT", "body": c["body"]}))
        .collect();
    other.request("POST", "/repos/octo-org/shop/pulls/7/reviews", &json!({"comments": parts}).to_string());
    let run = other.review(&[]);
    let visible = comments(&other).iter().filter(|c| c["pending"] == false).count();
    ensure(run.code == 1 && visible == expected, || format!("{visible} of {expected}: {}", run.all()))?;
    let state = other.state();
    let reviews = list(&state, "reviews");
    ensure(reviews.len() == 1 && reviews[0]["state"] == "COMMENTED", || format!("{reviews:#?}"))
}

fn waiting_has_an_end_of_ones_choice() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &[]);
    let fault = json!([{"path": "/files", "preset": "secondary-limit", "retry_after": 3, "times": -1}]);
    github.control("POST", "faults", &fault.to_string());
    let by_option = github.review_with(&["--max-wait", "2"], &[("TIDEWAITER_MAX_WAIT", "100")]);
    let by_variable = github.review_with(&[], &[("TIDEWAITER_MAX_WAIT", "2")]);
    for run in [&by_option, &by_variable] {
        ensure(run.code == 3 && run.stderr.contains("of the 2 s for waiting"), || run.all())?;
    }
    ensure(github.requests() == 2, || format!("{} requests", github.requests()))?;
    let wrong = github.review_with(&[], &[("TIDEWAITER_MAX_WAIT", "soon")]);
    ensure(wrong.code == 2 && wrong.stderr.contains("whole number of seconds"), || wrong.all())
}
