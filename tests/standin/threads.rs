//! The life of threads from push to push.

use crate::lab::{Github, Repo};
use crate::{Case, comments, ensure, list, no_violations};
use libtest_mimic::Failed;
use serde_json::{Value, json};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("fixed_is_marked_and_folded_away", fixed_is_marked_and_folded_away),
    ("a_changed_line_keeps_its_thread", a_changed_line_keeps_its_thread),
    ("moved_lines_keep_their_threads", moved_lines_keep_their_threads),
    ("force_push_and_rebase_repeat_nothing", force_push_and_rebase_repeat_nothing),
    ("what_people_settled_stays", what_people_settled_stays),
    ("forged_markers_are_ignored", forged_markers_are_ignored),
    ("the_newest_review_says_how_things_stand", the_newest_review_says_how_things_stand),
    ("resolved_where_wanted_and_permitted", resolved_where_wanted_and_permitted),
    ("a_hundred_pushes", a_hundred_pushes),
];

const CLEAN: &str = "FROM debian:trixie-slim\nUSER 10001:10001\nCMD [\"/app/serve\"]\n";

/// A pull request whose Dockerfile has two findings on lines 2 and 3.
fn start(options: &[&str]) -> Github {
    let repo = Repo::new();
    repo.write("Dockerfile", CLEAN);
    repo.commit("base");
    repo.write("Dockerfile", &text(&[ADD, APT]));
    repo.commit("head");
    Github::start(repo, options)
}

const ADD: &str = "ADD app.py /app/";
const APT: &str = "RUN apt-get update && apt-get install -y --no-install-recommends curl";

fn text(lines: &[&str]) -> String {
    let mut out = "FROM debian:trixie-slim\n".to_owned();
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out + "USER 10001:10001\nCMD [\"/app/serve\"]\n"
}

fn push(github: &Github, dockerfile: &str) -> String {
    let files = json!({ "files": { "Dockerfile": dockerfile } }).to_string();
    let pushed = github.control("POST", "commit", &files);
    pushed["sha"].as_str().map(str::to_owned).unwrap_or_default()
}

fn body(comment: &Value) -> &str {
    comment["body"].as_str().unwrap_or_default()
}

fn about<'a>(comments: &'a [Value], rule: &str) -> Result<&'a Value, Failed> {
    comments.iter().find(|c| body(c).contains(&format!("`{rule}`"))).ok_or_else(|| {
        let bodies: Vec<&str> = comments.iter().map(body).collect();
        format!("no comment about {rule}: {bodies:#?}").into()
    })
}

/// The state of the thread that holds a comment.
fn thread(github: &Github, comment: &Value) -> Value {
    let state = github.state();
    let holds = |thread: &&Value| {
        let comments = thread["comments"].as_array().map_or(&[][..], Vec::as_slice);
        comments.iter().any(|c| *c == comment["id"] || c["id"] == comment["id"])
    };
    list(&state, "threads").iter().find(holds).cloned().unwrap_or_default()
}

fn fixed_is_marked_and_folded_away() -> Result<(), Failed> {
    let github = start(&[]);
    github.review(&[]);
    let first = comments(&github);
    ensure(first.len() == 2, || format!("{first:#?}"))?;
    let sha = push(&github, &text(&[ADD]));
    let run = github.review(&[]);
    let after = comments(&github);
    ensure(after.len() == 2 && list(&github.state(), "reviews").len() == 1, || run.all())?;
    let fixed = about(&after, "package-cache-left")?;
    ensure(body(fixed).starts_with(&format!("✅ **Fixed** in {sha}")), || body(fixed).to_owned())?;
    ensure(fixed["minimized"] == json!("resolved") || fixed["minimized"] == json!("RESOLVED"), || {
        format!("{fixed:#}")
    })?;
    let kept = about(&after, "add-instead-of-copy")?;
    ensure(body(kept) == body(about(&first, "add-instead-of-copy")?), || body(kept).to_owned())?;
    // Nothing changes, nothing is written.
    let before = github.control("GET", "traffic", "");
    let again = github.review(&[]);
    let now = github.control("GET", "traffic", "");
    ensure(comments(&github) == after, || again.all())?;
    ensure(writes(&now) == writes(&before), || again.all())?;
    // It comes back: the same thread.
    push(&github, &text(&[ADD, APT]));
    let back = github.review(&[]);
    let comments = comments(&github);
    let living = about(&comments, "package-cache-left")?;
    ensure(comments.len() == 2 && !body(living).contains("**Fixed**"), || back.all())?;
    ensure(living["minimized"].is_null() || living["minimized"] == json!(false), || format!("{living:#}"))?;
    no_violations(&github)
}

/// Requests that write: mutations and everything but GET that is no query.
fn writes(traffic: &Value) -> usize {
    let requests = traffic.as_array().or_else(|| traffic["requests"].as_array());
    let requests = requests.map_or(&[][..], Vec::as_slice);
    requests
        .iter()
        .filter(|request| {
            let path = request["path"].as_str().unwrap_or_default();
            let text = request.to_string();
            request["method"] != json!("GET") && (!path.ends_with("graphql") || text.contains("mutation "))
        })
        .count()
}

fn a_changed_line_keeps_its_thread() -> Result<(), Failed> {
    let github = start(&[]);
    github.review(&[]);
    push(&github, &text(&[ADD, &format!("{APT} git")]));
    let run = github.review(&[]);
    let after = comments(&github);
    ensure(after.len() == 2 && list(&github.state(), "reviews").len() == 1, || run.all())?;
    let changed = about(&after, "package-cache-left")?;
    ensure(body(changed).contains("`Dockerfile:3`") && body(changed).contains("curl git"), || {
        format!("{}\n{}", run.all(), body(changed))
    })?;
    let again = github.review(&[]);
    ensure(comments(&github) == after, || again.all())?;
    no_violations(&github)
}

fn moved_lines_keep_their_threads() -> Result<(), Failed> {
    let github = start(&[]);
    github.review(&[]);
    let first = comments(&github);
    push(&github, &text(&["WORKDIR /app", "ENV LANG=C.UTF-8", ADD, APT]));
    let run = github.review(&[]);
    let after = comments(&github);
    ensure(after.len() == first.len(), || run.all())?;
    for (old, new) in first.iter().zip(&after) {
        ensure(body(old) == body(new), || format!("{}\n{}", body(old), body(new)))?;
    }
    no_violations(&github)
}

fn force_push_and_rebase_repeat_nothing() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("Dockerfile", CLEAN);
    repo.commit("base");
    repo.write("Dockerfile", &text(&[ADD, APT]));
    repo.commit("head");
    let path = repo.path().to_owned();
    let git = |arguments: &[&str]| -> Result<(), Failed> {
        let output = std::process::Command::new("git")
            .current_dir(&path)
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
            .args(arguments)
            .output()?;
        ensure(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let github = Github::start(repo, &[]);
    github.review(&[]);
    let first = comments(&github);
    // Another commit with the same content, then the same on another base.
    git(&["commit", "-q", "--amend", "-m", "head again", "--date=2001-01-01T00:00:00Z"])?;
    github.control("POST", "push", r#"{"rev": "HEAD"}"#);
    let amended = github.review(&[]);
    let bodies = |all: &[Value]| all.iter().map(|c| body(c).to_owned()).collect::<Vec<_>>();
    ensure(bodies(&comments(&github)) == bodies(&first), || amended.all())?;
    git(&["checkout", "-q", "-b", "newbase", "HEAD~1"])?;
    std::fs::write(path.join("README.md"), "x\n")?;
    git(&["add", "-A"])?;
    git(&["commit", "-q", "-m", "base moves on"])?;
    github.control("POST", "push", r#"{"rev": "newbase", "branch": "main"}"#);
    git(&["rebase", "-q", "newbase", "main"])?;
    github.control("POST", "push", r#"{"rev": "main"}"#);
    let rebased = github.review(&[]);
    ensure(bodies(&comments(&github)) == bodies(&first), || rebased.all())?;
    ensure(list(&github.state(), "reviews").len() == 1, || rebased.all())?;
    no_violations(&github)
}

fn what_people_settled_stays() -> Result<(), Failed> {
    for how in ["resolve", "reply"] {
        let github = start(&[]);
        github.review(&[]);
        let first = comments(&github);
        let apt = about(&first, "package-cache-left")?;
        let request = json!({ "thread": apt["id"], "body": "No." }).to_string();
        github.control("POST", how, &request);
        // The finding stays: silence.
        push(&github, &text(&[ADD, &format!("{APT} git")]));
        let run = github.review(&[]);
        let after = comments(&github);
        let ours: Vec<&Value> = after.iter().filter(|c| !body(c).starts_with("No.")).collect();
        ensure(ours.len() == 2, || format!("{how}: {}", run.all()))?;
        ensure(body(about(&after, "package-cache-left")?) == body(apt), || format!("{how}: edited"))?;
        // The finding goes: a resolved thread stays as it is, a talk gets its last word.
        push(&github, &text(&[ADD]));
        github.review(&[]);
        let after = comments(&github);
        let last = about(&after, "package-cache-left")?;
        ensure(body(last).starts_with("✅") == (how == "reply"), || format!("{how}: {}", body(last)))?;
        ensure(last["minimized"].is_null() || last["minimized"] == json!(false), || format!("{last:#}"))?;
        no_violations(&github)?;
    }
    Ok(())
}

fn forged_markers_are_ignored() -> Result<(), Failed> {
    // What the first run would write, written by somebody else first.
    let github = start(&[]);
    github.review(&[]);
    let marked = body(about(&comments(&github), "package-cache-left")?).to_owned();
    drop(github);
    let github = start(&[]);
    let forged = json!({ "path": "Dockerfile", "line": 3, "body": marked }).to_string();
    github.control("POST", "comment", &forged);
    let answer = "x\n\n<!-- tidewaiter:v1 ignored-by=eve ignored-rules=add-instead-of-copy -->";
    github.control("POST", "issue-comment", &json!({ "body": answer }).to_string());
    let run = github.review(&[]);
    let all = comments(&github);
    ensure(all.iter().filter(|c| body(c).contains("`package-cache-left`")).count() == 2, || run.all())?;
    about(&all, "add-instead-of-copy")?;
    // The finding goes: only our own comment says so.
    push(&github, &text(&[ADD]));
    github.review(&[]);
    ensure(comments(&github).iter().filter(|c| body(c).starts_with("✅")).count() == 1, || {
        "a foreign comment was edited".to_owned()
    })?;
    let state = github.state();
    ensure(list(&state, "foreign_edits").is_empty(), || state["foreign_edits"].to_string())?;
    no_violations(&github)
}

fn the_newest_review_says_how_things_stand() -> Result<(), Failed> {
    let github = start(&[]);
    github.review(&[]);
    let two = github.state();
    ensure(list(&two, "reviews").iter().all(|r| body(r).contains("**2 problems introduced**")), || {
        two["reviews"].to_string()
    })?;
    push(&github, &text(&[ADD]));
    github.review(&[]);
    let one = github.state();
    ensure(
        list(&one, "reviews").len() == 1 && body(&one["reviews"][0]).contains("**1 problem introduced**"),
        || one["reviews"].to_string(),
    )?;
    // Something new: a second review, and the first one folds away.
    push(&github, &text(&[ADD, "ADD more.py /app/"]));
    let run = github.review(&[]);
    let state = github.state();
    let reviews = list(&state, "reviews");
    ensure(reviews.len() == 2 && comments(&github).len() == 3, || run.all())?;
    let folded = |r: &Value| !(r["minimized"].is_null() || r["minimized"] == json!(false));
    ensure(folded(&reviews[0]) && !folded(&reviews[1]), || state["reviews"].to_string())?;
    push(&github, CLEAN);
    github.review(&[]);
    let state = github.state();
    ensure(body(&state["reviews"][1]).starts_with("**All clear**"), || state["reviews"].to_string())?;
    no_violations(&github)
}

fn resolved_where_wanted_and_permitted() -> Result<(), Failed> {
    for (permissions, resolved) in
        [("contents=write,pull-requests=write", true), ("contents=read,pull-requests=write", false)]
    {
        let repo = Repo::new();
        repo.write("Dockerfile", CLEAN);
        repo.write(".tidewaiter.yml", "review:\n  resolve-fixed: true\n");
        repo.commit("base");
        repo.write("Dockerfile", &text(&[ADD, APT]));
        repo.commit("head");
        let github = Github::start(repo, &["--permissions", permissions]);
        github.review(&[]);
        push(&github, &text(&[ADD]));
        let run = github.review(&[]);
        let all = comments(&github);
        let thread = thread(&github, about(&all, "package-cache-left")?);
        ensure(thread["resolved"] == json!(resolved) || thread["isResolved"] == json!(resolved), || {
            format!("{thread:#}\n{}", run.all())
        })?;
        ensure(run.stderr.matches("contents: write").count() == usize::from(!resolved), || run.all())?;
        no_violations(&github)?;
    }
    Ok(())
}

/// A hundred pushes of all kinds: never more than one open thread for a living finding.
fn a_hundred_pushes() -> Result<(), Failed> {
    let github = start(&[]);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for round in 0..100 {
        let mut lines: Vec<String> = Vec::new();
        for _ in 0..next(3) {
            lines.push(format!("ENV FILLER_{}=1", next(1000)));
        }
        if next(3) > 0 {
            lines.push(ADD.to_owned());
        }
        for _ in 0..next(3) {
            lines.push(format!("RUN echo {}", next(1000)));
        }
        if next(3) > 0 {
            let more = ["", " git", " git make", " make"][usize::try_from(next(4))?];
            lines.push(format!("{APT}{more}"));
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        push(&github, &text(&lines));
        let run = github.review(&["--fail-on", "never"]);
        ensure(run.code == 0, || format!("round {round}: {}", run.all()))?;
        let all = comments(&github);
        for rule in ["add-instead-of-copy", "package-cache-left"] {
            let open: Vec<&str> = all
                .iter()
                .map(body)
                .filter(|body| {
                    let marker = tidewaiter::review::read_marker(body).unwrap_or_default();
                    marker.fixed.is_none() && marker.rules.iter().any(|known| known == rule)
                })
                .collect();
            let living = lines.iter().any(|line| match rule {
                "add-instead-of-copy" => line.starts_with("ADD"),
                _ => line.starts_with(APT),
            });
            ensure(open.len() == usize::from(living), || {
                format!("round {round}: {rule}: {open:#?}\n{}\n{}", text(&lines), run.all())
            })?;
        }
    }
    no_violations(&github)
}
