//! `tidewaiter audit` of a whole repository: read over the API, and what it writes when it is asked to.

use super::lab::{Github, Repo, Run};
use super::{Case, ensure, list, no_violations};
use base64::Engine as _;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("audit_reads_the_whole_repository", reads_the_whole_repository),
    ("audit_of_a_branch_a_tag_and_a_commit", of_a_branch_a_tag_and_a_commit),
    ("audit_of_an_unknown_reference", of_an_unknown_reference),
    ("audit_of_a_run_for_a_pull_request", of_a_run_for_a_pull_request),
    ("audit_of_a_repository_too_large_for_one_answer", too_large_for_one_answer),
    ("audit_of_large_and_odd_files", large_and_odd_files),
    ("audit_uploads_sarif", uploads_sarif),
    ("audit_keeps_one_issue", keeps_one_issue),
    ("audit_keeps_one_fix_pull_request", keeps_one_fix_pull_request),
    ("audit_leaves_the_work_of_people_alone", leaves_the_work_of_people_alone),
    ("audit_closes_the_fix_pull_request", closes_the_fix_pull_request),
    ("audit_does_not_propose_what_was_declined", does_not_propose_what_was_declined),
    ("audit_may_not_make_pull_requests", may_not_make_pull_requests),
    ("audit_without_permissions", without_permissions),
    ("audit_on_github_enterprise_server", on_github_enterprise_server),
    ("audit_survives_lost_answers", survives_lost_answers),
];

const ALL: &str = "contents=write,pull-requests=write,issues=write,security-events=write";
const EVERYTHING: [&str; 3] = ["--upload-sarif", "--issue", "--fix-pull-request"];

/// A repository with a Dockerfile that has findings with safe fixes, on its default branch.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.write("Dockerfile", DOCKERFILE);
    repo.write("app.py", "print(1)\n");
    repo.write(
        "worker/Dockerfile",
        "FROM debian:13-slim\nADD run.py /srv/\nUSER 1000:1000\nCMD [\"ls\", \"/srv\"]\n",
    );
    repo.write("worker/run.py", "print(1)\n");
    repo.commit("base");
    // The head of the pull request that the stand-in always has.
    repo.write("README.md", "y\n");
    repo.commit("head");
    repo
}

const DOCKERFILE: &str = "FROM debian:13-slim\nRUN apt-get update && apt-get install -y curl\nADD app.py /app/\nUSER 1000:1000\nCMD [\"curl\", \"--version\"]\n";

fn start(repo: Repo, options: &[&str]) -> Github {
    let mut all = vec!["--event", "workflow_dispatch", "--permissions", ALL, "--allow-actions-prs"];
    all.extend(options);
    Github::start(repo, &all)
}

/// Runs `tidewaiter audit` as a workflow would.
fn audit(github: &Github, arguments: &[&str]) -> Run {
    let (output, summary) = (github.folder().join("output"), github.folder().join("summary"));
    let _ = fs::remove_file(&output);
    let _ = fs::remove_file(&summary);
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
        .args(["audit", "--today", "2026-11-24"])
        .args(if arguments.contains(&"--fail-on") { &[][..] } else { &["--fail-on", "never"] })
        .args(arguments)
        .current_dir(github.folder())
        .env_clear()
        .envs(github.environment())
        .env("GITHUB_TOKEN", "the-token-of-the-run")
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("the binary runs");
    let run = Run {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        outputs: fs::read_to_string(output).unwrap_or_default(),
        summary: fs::read_to_string(summary).unwrap_or_default(),
    };
    let told = [&run.stdout, &run.stderr, &run.outputs, &run.summary];
    assert!(told.iter().all(|text| !text.contains("the-token-of-the-run")), "the token is printed");
    run
}

/// New text on the default branch.
fn push(github: &Github, files: &Value) {
    github.control("POST", "commit", &json!({"files": files, "branch": "main"}).to_string());
}

/// The pull requests from the branch for fixes.
fn fix_pulls(github: &Github) -> Vec<Value> {
    let state = github.state();
    list(&state, "pulls").iter().filter(|pull| branch_of(pull).starts_with("tidewaiter/")).cloned().collect()
}

/// `octo-org/shop:tidewaiter/fixes` → `tidewaiter/fixes`.
fn branch_of(pull: &Value) -> &str {
    pull["head"].as_str().and_then(|head| head.split_once(':')).map_or("", |(_, branch)| branch)
}

/// The commit that a branch points at.
fn head(github: &Github, branch: &str) -> String {
    github.state()["branches"][branch].as_str().unwrap_or_default().to_owned()
}

/// The only parent of a commit.
fn parent(github: &Github, commit: &str) -> String {
    let commit = github.request("GET", &format!("/repos/octo-org/shop/git/commits/{commit}"), "");
    let parents = list(&commit, "parents");
    if parents.len() == 1 { parents[0]["sha"].as_str().unwrap_or_default().to_owned() } else { String::new() }
}

/// A file of a commit.
fn text(github: &Github, commit: &str, path: &str) -> String {
    let file = github.request("GET", &format!("/repos/octo-org/shop/contents/{path}?ref={commit}"), "");
    let content = file["content"].as_str().unwrap_or_default().replace('\n', "");
    let bytes = base64::engine::general_purpose::STANDARD.decode(content).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Violations of other kinds than a test wants.
fn only(github: &Github, kinds: &[&str]) -> Result<(), Failed> {
    let other: Vec<String> = github
        .violations()
        .into_iter()
        .filter(|violation| !kinds.iter().any(|kind| violation.starts_with(kind)))
        .collect();
    ensure(other.is_empty(), || other.join("\n"))
}

fn reads_the_whole_repository() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    let run = audit(&github, &["--fail-on", "warning", "--sarif", "out.sarif"]);
    ensure(run.code == 1, || run.all())?;
    ensure(run.summary.contains("worker/Dockerfile") && run.summary.contains("add-instead-of-copy"), || {
        run.summary.clone()
    })?;
    ensure(run.output("findings") != "0" && run.output("sarif-file") == "out.sarif", || run.outputs.clone())?;
    let sarif: Value = serde_json::from_str(&fs::read_to_string(github.folder().join("out.sarif"))?)?;
    ensure(sarif["version"] == "2.1.0", || sarif.to_string())?;
    // The branch, the files, their texts, and what the rules asked for then.
    ensure(github.requests() <= 4, || format!("{} requests\n{}", github.requests(), run.all()))?;
    ensure(run.stderr.contains("requests to GitHub"), || run.all())?;
    no_violations(&github)
}

fn of_a_branch_a_tag_and_a_commit() -> Result<(), Failed> {
    let repo = repo();
    let commit = repo.git(&["rev-parse", "HEAD~1"]);
    let github = start(repo, &[]);
    let tag = json!({"ref": "refs/tags/v1", "sha": commit}).to_string();
    github.request("POST", "/repos/octo-org/shop/git/refs", &tag);
    for reference in
        ["main", "refs/heads/main", "update-images", "v1", "refs/tags/v1", &commit, &commit[..10]]
    {
        let run = audit(&github, &["--ref", reference]);
        ensure(run.code == 0 && run.summary.contains("add-instead-of-copy"), || {
            format!("{reference}: {}", run.all())
        })?;
    }
    // Of another repository than the run's the default branch is meant, not the branch of the run.
    let run = audit(&github, &["--repo", "octo-org/shop"]);
    ensure(run.code == 0 && run.stderr.contains("2 Dockerfiles of octo-org/shop, `main`"), || run.all())?;
    no_violations(&github)
}

fn of_an_unknown_reference() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    for reference in ["nothing", "main:Dockerfile", "-x", "a b", "1111111111111111111111111111111111111111"] {
        let run = audit(&github, &[&format!("--ref={reference}")]);
        ensure(run.code == 2 && run.stderr.contains("no branch, tag or commit"), || {
            format!("{reference}: {}", run.all())
        })?;
    }
    no_violations(&github)
}

fn of_a_run_for_a_pull_request() -> Result<(), Failed> {
    let github = start(repo(), &["--input", "pull-request=7"]);
    let run = audit(&github, &[]);
    ensure(run.code == 2 && run.stderr.contains("pull request 7"), || run.all())?;
    ensure(github.requests() == 0, || format!("{} requests", github.requests()))?;
    // Asked for by hand, it is made.
    let run = audit(&github, &["--repo", "octo-org/shop"]);
    ensure(run.code == 0, || run.all())?;
    no_violations(&github)
}

fn too_large_for_one_answer() -> Result<(), Failed> {
    let repo = repo();
    for number in 0..120 {
        repo.write(&format!("deep/{number:03}/x/y.txt"), "x\n");
    }
    repo.write("zz/deep/Dockerfile", "FROM debian:13-slim\nADD run.py /srv/\nUSER 1000:1000\n");
    repo.commit("more");
    let github = start(repo, &["--tree-limit", "20"]);
    let run = audit(&github, &["--ref", "update-images"]);
    ensure(run.stderr.contains("3 Dockerfiles") && run.summary.contains("zz/deep/Dockerfile"), || run.all())?;
    ensure(github.requests() <= 10, || format!("{} requests", github.requests()))?;
    no_violations(&github)
}

fn large_and_odd_files() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    // More than the text that GraphQL gives; more than is read; not UTF-8; binary; a link; a submodule.
    let comment = "# a comment that takes room\n";
    repo.write(
        "large/Dockerfile",
        &format!("FROM debian:13-slim\n{}ADD app.py /app/\nUSER 1:1\n", comment.repeat(22_000)),
    );
    repo.write("huge/Dockerfile", &format!("FROM debian:13-slim\n{}", comment.repeat(45_000)));
    repo.write("odd/Dockerfile", "FROM debian:13-slim\n");
    fs::write(repo.path().join("odd/Dockerfile"), b"FROM debian:13-slim\n# \xff\xfe\n")?;
    repo.write("binary/Dockerfile", "x");
    fs::write(repo.path().join("binary/Dockerfile"), b"FROM x\0\n")?;
    repo.write("a\nb`c/Dockerfile", "FROM debian:13-slim\nADD app.py /app/\nUSER 1:1\n");
    repo.git(&["add", "-A"]);
    let commit = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub/Dockerfile")]);
    let target = repo.git(&["rev-parse", "HEAD:README.md"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{target},link/Dockerfile")]);
    repo.git(&["commit", "-q", "-m", "head"]);
    let github = start(repo, &[]);
    let run = audit(&github, &["--ref", "update-images"]);
    for (file, why) in [
        ("huge/Dockerfile", "more than the"),
        ("odd/Dockerfile", "UTF-8"),
        ("binary/Dockerfile", "binary"),
        ("sub/Dockerfile", "submodule"),
        ("link/Dockerfile", "symbolic link"),
    ] {
        let said = run.stderr.lines().any(|line| line.contains(file) && line.contains(why));
        ensure(said, || format!("{file}: {}", run.all()))?;
    }
    ensure(run.summary.contains("large/Dockerfile"), || run.summary.clone())?;
    ensure(run.stderr.contains("2 Dockerfiles of"), || run.all())?;
    no_violations(&github)
}

fn uploads_sarif() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    let run = audit(&github, &["--upload-sarif"]);
    ensure(run.code == 0, || run.all())?;
    let state = github.state();
    let uploads = list(&state, "sarifs");
    ensure(uploads.len() == 1, || state["sarifs"].to_string())?;
    let upload = &uploads[0];
    ensure(upload["ref"] == "refs/heads/main" && upload["errors"] == json!([]), || upload.to_string())?;
    ensure(upload["sarif"]["runs"][0]["results"].as_array().is_some_and(|r| !r.is_empty()), || {
        upload.to_string()
    })?;
    // Results belong to a branch or a tag.
    let commit = upload["commit_sha"].as_str().unwrap_or_default().to_owned();
    let run = audit(&github, &["--upload-sarif", "--ref", &commit]);
    ensure(run.code == 0 && run.stderr.contains("a commit was named"), || run.all())?;
    ensure(list(&github.state(), "sarifs").len() == 1, || "uploaded".to_owned())?;
    no_violations(&github)
}

fn issues(github: &Github) -> Vec<Value> {
    list(&github.state(), "issues").to_vec()
}

fn writes(github: &Github) -> usize {
    let traffic = github.control("GET", "traffic", "");
    let list = traffic.as_array().or_else(|| traffic["requests"].as_array()).cloned().unwrap_or_default();
    list.iter()
        .filter(|request| {
            request["method"] != "GET"
                && !request["path"].as_str().is_some_and(|path| path.contains("graphql"))
        })
        .count()
}

fn keeps_one_issue() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    let run = audit(&github, &["--issue"]);
    ensure(run.code == 0 && issues(&github).len() == 1, || run.all())?;
    let first = issues(&github).remove(0);
    ensure(first["state"] == "open", || first.to_string())?;
    ensure(run.output("issue-url").starts_with("http"), || run.outputs.clone())?;
    // The same again: nothing is written.
    let before = writes(&github);
    let run = audit(&github, &["--issue"]);
    ensure(run.code == 0 && writes(&github) == before, || run.all())?;
    // Other findings: the text is edited.
    push(&github, &json!({"worker/Dockerfile": null}));
    audit(&github, &["--issue"]);
    let edited = issues(&github);
    ensure(edited.len() == 1 && edited[0]["body"] != first["body"], || edited[0].to_string())?;
    // Nothing left: closed.
    push(&github, &json!({"Dockerfile": null}));
    let run = audit(&github, &["--issue"]);
    ensure(issues(&github)[0]["state"] == "closed", || run.all())?;
    let before = writes(&github);
    audit(&github, &["--issue"]);
    ensure(writes(&github) == before, || "written".to_owned())?;
    // Something again: opened again.
    push(&github, &json!({"Dockerfile": DOCKERFILE}));
    audit(&github, &["--issue"]);
    ensure(issues(&github).len() == 1 && issues(&github)[0]["state"] == "open", || {
        issues(&github)[0].to_string()
    })?;
    // A person who closes it has read it: it stays closed.
    let number = issues(&github)[0]["number"].to_string();
    let closed = json!({"state": "closed", "state_reason": "not_planned"}).to_string();
    github.request("PATCH", &format!("/repos/octo-org/shop/issues/{number}"), &closed);
    push(&github, &json!({"Dockerfile": DOCKERFILE.replace("curl", "curl wget")}));
    audit(&github, &["--issue"]);
    ensure(issues(&github).len() == 1 && issues(&github)[0]["state"] == "closed", || {
        issues(&github)[0].to_string()
    })?;
    no_violations(&github)
}

fn keeps_one_fix_pull_request() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    let run = audit(&github, &["--fix-pull-request"]);
    let requests = github.requests();
    ensure(requests <= 9, || format!("{requests} requests"))?;
    let pulls = fix_pulls(&github);
    ensure(run.code == 0 && pulls.len() == 1, || format!("{}\n{}", run.all(), github.state()["pulls"]))?;
    ensure(run.output("fix-pull-request-url").starts_with("http"), || run.outputs.clone())?;
    let first = head(&github, "tidewaiter/fixes");
    ensure(text(&github, &first, "Dockerfile").contains("COPY app.py"), || {
        text(&github, &first, "Dockerfile")
    })?;
    ensure(!text(&github, &first, "Dockerfile").contains("--no-install-recommends"), || {
        "a fix to confirm".to_owned()
    })?;
    // Built from the base branch, one commit.
    ensure(parent(&github, &first) == head(&github, "main"), || first.clone())?;

    // The same again: nothing is written.
    let before = writes(&github);
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(run.code == 0 && writes(&github) == before && run.stderr.contains("already"), || run.all())?;
    ensure(run.output("fix-pull-request-url").starts_with("http"), || run.outputs.clone())?;

    // The base moves on without a change of Dockerfiles: nobody is disturbed.
    push(&github, &json!({"README.md": "other\n"}));
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(writes(&github) == before, || run.all())?;

    // Another Dockerfile: the same pull request, one commit on the new base.
    push(
        &github,
        &json!({"new/Dockerfile": "FROM debian:13-slim\nADD x.py /x/\nUSER 1:1\n", "new/x.py": "1\n"}),
    );
    let run = audit(&github, &["--fix-pull-request"]);
    let second = head(&github, "tidewaiter/fixes");
    ensure(run.code == 0 && fix_pulls(&github).len() == 1 && second != first, || run.all())?;
    ensure(fix_pulls(&github)[0]["state"] == "open", || run.all())?;
    ensure(parent(&github, &second) == head(&github, "main"), || second.clone())?;
    ensure(text(&github, &second, "new/Dockerfile").contains("COPY x.py"), || run.all())?;
    ensure(fix_pulls(&github)[0]["body"] != pulls[0]["body"], || run.all())?;
    // Fixes to confirm come when they are asked for.
    audit(&github, &["--fix-pull-request", "--confirm-fixes"]);
    let third = head(&github, "tidewaiter/fixes");
    ensure(text(&github, &third, "Dockerfile").contains("--no-install-recommends"), || {
        text(&github, &third, "Dockerfile")
    })?;
    no_violations(&github)
}

fn leaves_the_work_of_people_alone() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    audit(&github, &["--fix-pull-request"]);
    github.control(
        "POST",
        "commit",
        &json!({"files": {"note.txt": "mine\n"}, "branch": "tidewaiter/fixes"}).to_string(),
    );
    let theirs = head(&github, "tidewaiter/fixes");
    push(&github, &json!({"new/Dockerfile": "FROM debian:13-slim\nADD x.py /x/\nUSER 1:1\n"}));
    let before = writes(&github);
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(run.code == 0 && run.stderr.contains("left alone"), || run.all())?;
    ensure(head(&github, "tidewaiter/fixes") == theirs && writes(&github) == before, || run.all())?;
    // Also when nothing is left to fix.
    push(&github, &json!({"new/Dockerfile": null, "Dockerfile": null, "worker/Dockerfile": null}));
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(fix_pulls(&github)[0]["state"] == "open" && writes(&github) == before, || run.all())?;
    no_violations(&github)
}

fn closes_the_fix_pull_request() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    audit(&github, &["--fix-pull-request"]);
    push(&github, &json!({"Dockerfile": null, "worker/Dockerfile": null}));
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(fix_pulls(&github)[0]["state"] == "closed", || run.all())?;
    let comments = github.state()["issue_comments"].as_array().map_or(0, Vec::len);
    ensure(comments == 1, || format!("{comments} comments"))?;
    let before = writes(&github);
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(run.code == 0 && writes(&github) == before, || run.all())?;
    // The same fixes again: nobody has declined them.
    push(&github, &json!({"Dockerfile": DOCKERFILE}));
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(fix_pulls(&github).iter().filter(|pull| pull["state"] == "open").count() == 1, || run.all())?;
    no_violations(&github)
}

fn does_not_propose_what_was_declined() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    audit(&github, &["--fix-pull-request"]);
    let number = fix_pulls(&github)[0]["number"].as_u64();
    github.control("POST", "close", &json!({"pull": number}).to_string());
    let before = writes(&github);
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(run.code == 0 && writes(&github) == before && run.stderr.contains("not proposed again"), || {
        run.all()
    })?;
    // Other fixes are another matter.
    push(
        &github,
        &json!({"new/Dockerfile": "FROM debian:13-slim\nADD x.py /x/\nUSER 1:1\n", "new/x.py": "1\n"}),
    );
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(fix_pulls(&github).iter().filter(|pull| pull["state"] == "open").count() == 1, || run.all())?;
    no_violations(&github)
}

fn may_not_make_pull_requests() -> Result<(), Failed> {
    let options = ["--event", "workflow_dispatch", "--permissions", ALL];
    let github = Github::start(repo(), &options);
    let run = audit(&github, &["--fix-pull-request"]);
    ensure(run.code == 0 && fix_pulls(&github).is_empty(), || run.all())?;
    ensure(run.stderr.contains("Allow GitHub Actions to create and approve pull requests"), || run.all())?;
    ensure(run.summary.contains("/compare/main...tidewaiter/fixes"), || run.summary.clone())?;
    // Nothing is lost: the branch has the fixes, and the summary their diff.
    ensure(run.summary.contains("+COPY app.py"), || run.summary.clone())?;
    let first = head(&github, "tidewaiter/fixes");
    audit(&github, &["--fix-pull-request"]);
    ensure(head(&github, "tidewaiter/fixes") == first, || "made again".to_owned())?;
    push(&github, &json!({"new/Dockerfile": "FROM debian:13-slim\nADD x.py /x/\nUSER 1:1\n"}));
    audit(&github, &["--fix-pull-request"]);
    ensure(head(&github, "tidewaiter/fixes") != first, || "not brought up to date".to_owned())?;
    only(&github, &["permission", "refused"])
}

fn without_permissions() -> Result<(), Failed> {
    let options = ["--event", "workflow_dispatch", "--permissions", "contents=read"];
    let github = Github::start(repo(), &options);
    let run = audit(&github, &EVERYTHING);
    // The report stands; what is missing is named.
    ensure(run.code == 0 && run.summary.contains("add-instead-of-copy"), || run.all())?;
    for permission in ["security-events: write", "issues: write", "pull-requests: write"] {
        ensure(run.stderr.contains(permission) && run.summary.contains(permission), || run.all())?;
    }
    ensure(run.summary.contains("+COPY app.py"), || run.summary.clone())?;
    github.control("POST", "permissions", &json!({"pull-requests": "write", "issues": "read"}).to_string());
    let run = audit(&github, &EVERYTHING);
    ensure(run.stderr.contains("contents: write") && run.stderr.contains("issues: write"), || run.all())?;
    ensure(writes_that_worked(&github) == 0, || run.all())?;
    only(&github, &["permission", "graphql-error"])
}

fn writes_that_worked(github: &Github) -> usize {
    let state = github.state();
    list(&state, "issues").len() + list(&state, "sarifs").len() + fix_pulls(github).len()
}

fn on_github_enterprise_server() -> Result<(), Failed> {
    let github = start(repo(), &["--ghes"]);
    let run = audit(&github, &EVERYTHING);
    ensure(run.code == 0 && fix_pulls(&github).len() == 1 && issues(&github).len() == 1, || run.all())?;
    let before = writes(&github);
    let run = audit(&github, &["--issue", "--fix-pull-request"]);
    ensure(run.code == 0 && writes(&github) == before, || run.all())?;
    no_violations(&github)
}

/// Every write is carried out, but its answer is lost: nothing is made twice.
fn survives_lost_answers() -> Result<(), Failed> {
    let github = start(repo(), &[]);
    let fault = |path: &str| json!({"method": "POST", "path": path, "times": 1, "preset": "bad-gateway", "apply": true});
    let faults = json!([fault("/issues$"), fault("/pulls$"), fault("/git/refs$"), fault("/git/commits$")]);
    github.control("POST", "faults", &faults.to_string());
    let run = audit(&github, &["--issue", "--fix-pull-request"]);
    ensure(run.code == 0, || run.all())?;
    ensure(issues(&github).len() == 1 && fix_pulls(&github).len() == 1, || run.all())?;
    no_violations(&github)
}
