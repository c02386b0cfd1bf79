//! Pull requests from forks: a token that may only read, a run without a checkout, and two runs.

use crate::lab::{self, Github, Repo, Run};
use crate::{Case, comments, ensure, list, no_violations};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a_fork_run_writes_a_plan_and_posts_nothing", a_fork_run_writes_a_plan_and_posts_nothing),
    ("annotations_stay_within_the_limits", annotations_stay_within_the_limits),
    ("a_target_run_opens_nothing_of_the_workspace", a_target_run_opens_nothing_of_the_workspace),
    ("two_runs_make_one_review", two_runs_make_one_review),
    ("a_forged_plan_hides_and_adds_nothing", a_forged_plan_hides_and_adds_nothing),
    ("a_tampered_plan_is_refused", a_tampered_plan_is_refused),
    ("a_pull_request_that_is_gone_is_left_alone", a_pull_request_that_is_gone_is_left_alone),
    ("a_renamed_branch_is_found_by_its_commit", a_renamed_branch_is_found_by_its_commit),
    ("one_branch_for_several_pull_requests", one_branch_for_several_pull_requests),
    ("plan_and_publish_at_the_wrong_place", plan_and_publish_at_the_wrong_place),
    ("a_plan_that_cannot_be_written", a_plan_that_cannot_be_written),
    ("publishing_without_permission_loses_nothing", publishing_without_permission_loses_nothing),
    ("enterprise_servers_are_asked_as_little", enterprise_servers_are_asked_as_little),
];

type Change = fn(&mut Value);

/// Requests that may change something. GraphQL queries are POSTs that change nothing.
fn writes(github: &Github) -> Vec<String> {
    let traffic = github.control("GET", "traffic", "");
    list(&traffic, "requests")
        .iter()
        .map(|r| format!("{} {}", r["method"].as_str().unwrap_or("?"), r["path"].as_str().unwrap_or("?")))
        .filter(|r| !r.starts_with("GET ") && !r.ends_with("graphql"))
        .collect()
}

fn reviews(github: &Github) -> usize {
    list(&github.state(), "reviews").len()
}

/// The first run of two, of a fork, with its plan in `plan.json`.
fn planned(repo: Repo, options: &[&str]) -> Result<(Github, PathBuf), Failed> {
    let github = Github::start(repo, options);
    let plan = github.folder().join("plan.json");
    let run = github.review(&["--plan", "plan.json", "--fail-on", "never"]);
    ensure(run.code == 0 && plan.is_file(), || run.all())?;
    Ok((github, plan))
}

/// From here on it is the second run: another event, and a token that may comment.
fn trusted(github: &Github) {
    github.control("POST", "event", r#"{"kind": "workflow_run"}"#);
    github.control("POST", "permissions", r#"{"pull-requests": "write"}"#);
    github.control("POST", "reset-traffic", "{}");
}

fn publish(github: &Github) -> Run {
    github.review(&["--publish", "plan.json", "--fail-on", "never"])
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("readable")).expect("JSON")
}

fn a_fork_run_writes_a_plan_and_posts_nothing() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &["--fork"]);
    let run = github.review(&["--plan", "plan.json"]);
    ensure(run.code == 1, || run.all())?;
    ensure(writes(&github).is_empty() && github.requests() <= 3, || writes(&github).join("\n"))?;
    ensure(run.stdout.lines().any(|l| l.starts_with("::error file=Dockerfile,line=")), || run.all())?;
    ensure(run.summary.contains("run-as-root") && run.output("plan-file") == "plan.json", || run.all())?;
    ensure(run.output("comments-posted") == "0" && run.output("findings") != "0", || run.outputs.clone())?;
    // The proven changes can be read where they cannot be committed with a click.
    let (_, unposted) = run.summary.split_once("### Comments that were not posted").ok_or("no comments")?;
    ensure(unposted.contains("```dockerfile\n") && unposted.contains("--no-install-recommends"), || {
        run.summary.clone()
    })?;
    ensure(!run.summary.contains("```suggestion"), || run.summary.clone())?;
    let plan = read(&github.folder().join("plan.json"));
    let head = github.state()["pulls"][0]["head"]["sha"].clone();
    ensure(plan["version"] == 1 && plan["repository"] == "octo-org/shop" && plan["number"] == 7, || {
        plan.to_string()
    })?;
    ensure(plan["head"] == plan["plan"]["head"] && (head.is_null() || plan["head"] == head), || {
        format!("{} and {head}", plan["head"])
    })?;
    let comments = list(&plan["plan"]["review"], "comments");
    ensure(comments.iter().any(|c| c["body"].as_str().is_some_and(|b| b.contains("```suggestion"))), || {
        plan["plan"]["review"].to_string()
    })?;
    let kinds = ["error", "warning", "info"].map(|kind| plan["plan"]["outcome"][kind].as_u64().unwrap_or(0));
    ensure(list(&plan["plan"], "annotations").len() as u64 == kinds.iter().sum::<u64>(), || {
        plan.to_string()
    })?;
    no_violations(&github)
}

fn annotations_stay_within_the_limits() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    for number in 0..14 {
        // Names that would end a command or start one.
        repo.write(&format!("a,b:{number:02}%0A::error::x/Dockerfile"), "FROM debian:13\nADD app.py /app/\n");
        repo.write(&format!("a,b:{number:02}%0A::error::x/app.py"), "x\n");
    }
    repo.commit("head");
    let (github, plan) = planned(repo, &["--fork"])?;
    let run = github.review(&["--plan", "plan.json", "--fail-on", "never"]);
    let plan = read(&plan);
    let of = |levels: &[&str]| {
        let is = |a: &&Value| a["level"].as_str().is_some_and(|level| levels.contains(&level));
        list(&plan["plan"], "annotations").iter().filter(is).count()
    };
    let mut commands = 0;
    for (kind, all) in
        [("error", of(&["error"])), ("warning", of(&["warning"])), ("notice", of(&["info", "style"]))]
    {
        let lines: Vec<&str> =
            run.stdout.lines().filter(|line| line.starts_with(&format!("::{kind} "))).collect();
        ensure(lines.len() == all.min(10), || format!("{kind}: {} of {all}\n{}", lines.len(), run.all()))?;
        if all > 10 {
            let pointer = format!("::{kind} title=tidewaiter::{} more", all - 9);
            ensure(lines[0].starts_with(&pointer) && lines[0].contains("job summary"), || lines.join("\n"))?;
            let left = run.stdout.lines().filter(|line| !line.starts_with("::")).count();
            ensure(left >= all - 9, || format!("{left} lines are left of {all}\n{}", run.all()))?;
        }
        commands += lines.len();
    }
    ensure(of(&["info", "style"]) + of(&["warning"]) > 20, || format!("too few findings:\n{}", run.all()))?;
    let all = run.stdout.lines().filter(|line| line.trim_start().starts_with("::")).count();
    ensure(all == commands && !run.all().contains("##["), || run.all())?;
    // Worst first, over all of them.
    let ranks: Vec<usize> = run
        .stdout
        .lines()
        .filter_map(|l| ["::error ", "::warning ", "::notice "].iter().position(|kind| l.starts_with(kind)))
        .collect();
    ensure(ranks.is_sorted(), || run.stdout.clone())?;
    no_violations(&github)
}

/// A workspace in which everything that may be looked for is there, and breaks a run that believes it.
fn poison(folder: &Path) -> Result<(), Failed> {
    let broken = "rules: [this is: no configuration\n";
    for name in [".tidewaiter.yml", ".tidewaiter.yaml", ".github/tidewaiter.yml", ".github/tidewaiter.yaml"] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().ok_or("a parent")?)?;
        fs::write(path, broken)?;
    }
    for name in ["Dockerfile", "entrypoint.sh", ".dockerignore", "compose.yml", "package.json"] {
        fs::write(folder.join(name), "FROM scratch\n")?;
    }
    let git = Command::new("git").args(["init", "-q"]).arg(folder).status()?;
    ensure(git.success(), || "git init failed".to_owned())
}

/// The system calls of a trace that name a file below a folder, or one relative to it: the run was started there.
fn looked_at<'a>(trace: &'a str, folder: &str) -> Vec<&'a str> {
    let inside = |line: &&str| {
        let path = line.split('"').nth(1).unwrap_or("/");
        // An empty path (`AT_EMPTY_PATH`) is about a file that is open already.
        !path.is_empty() && (path.starts_with(folder) || !path.starts_with('/'))
    };
    trace.lines().filter(inside).collect()
}

fn a_target_run_opens_nothing_of_the_workspace() -> Result<(), Failed> {
    let options = ["--fork", "--event", "pull_request_target"];
    let github = Github::start(Repo::example(), &options);
    let workspace = tempfile::tempdir()?;
    poison(workspace.path())?;
    let text = workspace.path().to_str().ok_or("UTF-8")?.to_owned();
    let trace = github.folder().join("trace");
    // Where strace is at hand the system itself says which files the run looked at.
    let traced = Command::new("strace").arg("--version").output().is_ok_and(|o| o.status.success());
    let run = if traced {
        let trace = trace.to_str().ok_or("UTF-8")?;
        let strace = ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=%file", "-o", trace];
        github.review_in(workspace.path(), &strace, &[], &[("GITHUB_WORKSPACE", &text)])
    } else {
        github.review_in(workspace.path(), &[], &[], &[("GITHUB_WORKSPACE", &text)])
    };
    ensure(run.code == 1 && reviews(&github) == 1 && comments(&github).len() >= 4, || run.all())?;
    if traced {
        let trace = fs::read_to_string(trace)?;
        ensure(trace.contains("event.json"), || format!("the trace shows nothing:\n{trace}"))?;
        let opened = looked_at(&trace, &text);
        ensure(opened.is_empty(), || opened.join("\n"))?;
        // A command that does read the folder is seen to do so.
        let file = github.folder().join("control");
        Command::new("strace")
            .args(["-f", "-qq", "-s", "4096", "-e", "trace=%file", "-o"])
            .arg(&file)
            .args([env!("CARGO_BIN_EXE_tidewaiter"), "check", "--fail-on", "never"])
            .current_dir(workspace.path())
            .output()?;
        let control = fs::read_to_string(file)?;
        let seen = looked_at(&control, &text).join("\n");
        ensure(seen.contains(".tidewaiter.yml"), || control.clone())?;
    }
    no_violations(&github)?;
    // Not even the folder needs to be there.
    let other = Github::start(Repo::example(), &options);
    let gone = tempfile::tempdir()?.path().join("gone");
    let run = other.review_with(&[], &[("GITHUB_WORKSPACE", gone.to_str().ok_or("UTF-8")?)]);
    ensure(run.code == 1 && comments(&other).len() == comments(&github).len(), || run.all())
}

fn two_runs_make_one_review() -> Result<(), Failed> {
    for options in [&["--fork"][..], &["--fork", "--ghes"], &[]] {
        let (github, plan) = planned(Repo::example(), options)?;
        ensure(reviews(&github) == 0 && writes(&github).is_empty(), || writes(&github).join("\n"))?;
        trusted(&github);
        let run = github.review(&["--publish", "plan.json"]);
        ensure(run.code == 1 && reviews(&github) == 1, || run.all())?;
        let plan = read(&plan);
        let planned: Vec<&Value> =
            list(&plan["plan"]["review"], "comments").iter().map(|c| &c["body"]).collect();
        let posted = comments(&github);
        let posted: Vec<&Value> = posted.iter().map(|c| &c["body"]).collect();
        ensure(planned == posted && planned.len() >= 4, || format!("{planned:#?}\n{posted:#?}"))?;
        ensure(run.stderr.contains("the plan file has the same"), || run.all())?;
        ensure(run.output("comments-posted") == posted.len().to_string(), || run.outputs.clone())?;
        ensure(run.output("plan-file").is_empty() && run.summary.contains("run-as-root"), || run.all())?;
        ensure(!run.summary.contains("not posted"), || run.summary.clone())?;
        ensure(github.requests() <= 5, || format!("{} requests", github.requests()))?;
        let again = publish(&github);
        ensure(again.code == 0 && reviews(&github) == 1, || again.all())?;
        let dry = github.review(&["--publish", "plan.json", "--dry-run"]);
        ensure(dry.code == 1 && reviews(&github) == 1 && dry.stdout.contains("an earlier review"), || {
            dry.all()
        })?;
        no_violations(&github)?;
    }
    Ok(())
}

fn a_forged_plan_hides_and_adds_nothing() -> Result<(), Failed> {
    let (honest, _) = planned(Repo::example(), &["--fork"])?;
    trusted(&honest);
    ensure(publish(&honest).code == 0, || "the honest plan was refused".to_owned())?;
    let bodies = |github: &Github| -> Vec<Value> {
        comments(github).iter().map(|c| json!([c["path"], c["line"], c["start_line"], c["body"]])).collect()
    };
    let wanted = bodies(&honest);

    let (github, path) = planned(Repo::example(), &["--fork"])?;
    let mut plan = read(&path);
    let inner = &mut plan["plan"];
    let hidden = list(inner, "annotations").len() - 1;
    let mut forged = inner["annotations"][0].clone();
    forged["message"] = json!("EVIL ::error::x");
    forged["level"] = json!("error");
    let kept = inner["annotations"][0].clone();
    inner["annotations"] = json!([kept, forged.clone(), forged]);
    inner["outcome"]["error"] = json!(3);
    let mut comment = inner["review"]["comments"][0].clone();
    comment["body"] =
        json!("EVIL @octo-org/everyone <img src=https://evil.example/x.png>\n```suggestion\nEVIL\n```");
    inner["review"]["comments"] = json!([comment]);
    inner["review"]["body"] = json!("EVIL body\n<!-- tidewaiter:v1 head=x seen= -->");
    inner["summary"] = json!("EVIL summary\n");
    inner["updates"] = json!([{"update": "comment", "id": "EVIL", "body": "EVIL update"}]);
    plan["tool"]["version"] = json!("EVIL");
    fs::write(&path, plan.to_string())?;
    trusted(&github);
    let run = publish(&github);
    ensure(run.code == 0 && reviews(&github) == 1, || run.all())?;
    ensure(bodies(&github) == wanted, || format!("{:#?}", bodies(&github)))?;
    let state = github.state();
    for (name, text) in [
        ("state", state.to_string()),
        ("log", run.all()),
        ("summary", run.summary.clone()),
        ("outputs", run.outputs.clone()),
    ] {
        ensure(!text.contains("EVIL"), || format!("{name}: {text}"))?;
    }
    for note in [
        "2 findings of the plan file left out".to_owned(),
        "1 comment of the plan file left out".to_owned(),
        format!("lacks {hidden} findings"),
    ] {
        ensure(run.stderr.contains(&note) && run.summary.contains(&note), || {
            format!("{note}: {}", run.all())
        })?;
    }
    no_violations(&github)
}

fn a_tampered_plan_is_refused() -> Result<(), Failed> {
    let (github, path) = planned(Repo::example(), &["--fork"])?;
    trusted(&github);
    let honest = read(&path);
    let refused = |what: &str, reason: &str| -> Result<(), Failed> {
        let run = publish(&github);
        ensure(run.code == 2 && run.stderr.contains("plan.json") && run.stderr.contains(reason), || {
            format!("{what}: {}", run.all())
        })?;
        ensure(run.stderr.len() < 2_000, || format!("{what}: {} bytes", run.stderr.len()))
    };
    let cases: [(&str, Change, &str); 9] = [
        (
            "another head",
            |v| (v["head"], v["plan"]["head"]) = (json!("3".repeat(40)), json!("3".repeat(40))),
            "for the commit",
        ),
        ("another repository", |v| v["repository"] = json!("octo-org/other"), "for the repository"),
        ("a branch for a head", |v| v["head"] = json!("main"), "`head`"),
        ("another version", |v| v["version"] = json!(9), "version 9"),
        ("an unknown field", |v| v["run"] = json!("rm -rf /"), "run"),
        ("an unknown field inside", |v| v["plan"]["review"]["event"] = json!("APPROVE"), "event"),
        ("impossible counts", |v| v["plan"]["outcome"]["warning"] = json!(u64::MAX), "warning"),
        ("a number that is none", |v| v["number"] = json!("7; x"), "expected u64"),
        (
            "a place outside",
            |v| v["plan"]["annotations"][0]["path"] = json!("../../etc/passwd"),
            "annotations[0]",
        ),
    ];
    for (what, change, reason) in cases {
        let mut plan = honest.clone();
        change(&mut plan);
        fs::write(&path, plan.to_string())?;
        refused(what, reason)?;
    }
    let deep = "[".repeat(500_000) + &"]".repeat(500_000);
    let texts = [
        ("nothing", String::new(), "EOF"),
        ("no JSON", "EVIL\u{1b}[31m\n::error::x".to_owned(), "line 1"),
        ("half of it", honest.to_string()[..500].to_owned(), "EOF"),
        ("5 MB", format!("{}{}", honest, " ".repeat(5 * 1024 * 1024)), "larger"),
        (
            "deep",
            honest.to_string().replacen("\"plan\":{", &format!("\"plan\":{{\"x\":{deep},"), 1),
            "is not what this version writes",
        ),
    ];
    for (what, text, reason) in texts {
        fs::write(&path, text)?;
        refused(what, reason)?;
    }
    fs::remove_file(&path)?;
    refused("no file", "cannot read")?;
    #[cfg(unix)]
    {
        let honest_file = github.folder().join("honest.json");
        fs::write(&honest_file, honest.to_string())?;
        std::os::unix::fs::symlink(&honest_file, &path)?;
        refused("a symbolic link", "a symbolic link")?;
        fs::remove_file(&path)?;
        // A pipe that nobody writes to must not be waited for.
        ensure(Command::new("mkfifo").arg(&path).status()?.success(), || "no pipe".to_owned())?;
        refused("a pipe", "a pipe")?;
        fs::remove_file(&path)?;
    }
    fs::create_dir(&path)?;
    refused("a folder", "a folder")?;
    ensure(github.requests() == 0 && reviews(&github) == 0, || format!("{} requests", github.requests()))
}

fn a_pull_request_that_is_gone_is_left_alone() -> Result<(), Failed> {
    let quiet = |github: &Github, run: &Run, reason: &str| -> Result<(), Failed> {
        ensure(run.code == 0 && run.stderr.contains(reason), || format!("{reason}: {}", run.all()))?;
        ensure(reviews(github) == 0 && writes(github).is_empty(), || writes(github).join("\n"))?;
        no_violations(github)
    };
    // The event of a run is about the head of then, also when the pull request goes on.
    let keep_event = |github: &Github| -> Result<String, Failed> {
        let kept = github.folder().join("kept.json");
        fs::copy(github.folder().join("event.json"), &kept)?;
        Ok(kept.to_str().ok_or("UTF-8")?.to_owned())
    };
    let publish_at = |github: &Github, event: &str| {
        github.review_with(&["--publish", "plan.json"], &[("GITHUB_EVENT_PATH", event)])
    };

    let (github, _) = planned(Repo::example(), &["--fork"])?;
    trusted(&github);
    github.control("POST", "close", "{}");
    quiet(&github, &publish(&github), "#7 is not open any more")?;
    // Opened again, it is reviewed.
    github.control("POST", "close", r#"{"state": "open"}"#);
    let run = publish(&github);
    ensure(run.code == 0 && reviews(&github) == 1, || run.all())?;

    let (github, _) = planned(Repo::example(), &["--fork"])?;
    trusted(&github);
    let event = keep_event(&github)?;
    github.control("POST", "commit", r#"{"files": {"README.md": "more\n"}}"#);
    quiet(&github, &publish_at(&github, &event), "#7 has moved on")?;
    // The plan of the old head is of no use for the run of the new one.
    let run = publish(&github);
    ensure(run.code == 2 && run.stderr.contains("for the commit") && reviews(&github) == 0, || run.all())?;

    let (github, _) = planned(Repo::example(), &["--fork"])?;
    trusted(&github);
    let event = keep_event(&github)?;
    let mut payload = read(Path::new(&event));
    payload["workflow_run"]["head_repository"] = Value::Null;
    fs::write(&event, payload.to_string())?;
    quiet(&github, &publish_at(&github, &event), "has been deleted")?;
    // A commit that lies in another repository of that name's owner is not this pull request's.
    payload["workflow_run"]["head_repository"] = json!({"full_name": "contributor/another"});
    fs::write(&event, payload.to_string())?;
    quiet(&github, &publish_at(&github, &event), "no open pull request")
}

fn a_renamed_branch_is_found_by_its_commit() -> Result<(), Failed> {
    let (github, _) = planned(Repo::example(), &["--fork"])?;
    trusted(&github);
    let event = github.folder().join("kept.json");
    let mut payload = read(&github.folder().join("event.json"));
    for branch in [json!("old&state=all#x?y=ä b"), Value::Null] {
        payload["workflow_run"]["head_branch"] = branch;
        fs::write(&event, payload.to_string())?;
        let event = event.to_str().ok_or("UTF-8")?;
        let run = github.review_with(&["--publish", "plan.json"], &[("GITHUB_EVENT_PATH", event)]);
        ensure(run.code == 1 && reviews(&github) == 1, || run.all())?;
    }
    no_violations(&github)
}

/// A request to the API itself; its status.
fn api(github: &Github, method: &str, path: &str, body: &str) -> Result<String, Failed> {
    let environment = github.environment();
    let root = environment.iter().find(|(name, _)| name == "GITHUB_API_URL").ok_or("no API")?;
    // On an enterprise server the API lies below a path.
    let root = root.1.strip_prefix("http://").ok_or("no http")?;
    let (host, below) = root.find('/').map_or((root, ""), |at| root.split_at(at));
    let mut stream = TcpStream::connect(host)?;
    let length = body.len();
    write!(
        stream,
        "{method} {below}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer x\r\nUser-Agent: test\r\n\
         Accept: application/vnd.github+json\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

fn one_branch_for_several_pull_requests() -> Result<(), Failed> {
    let (github, path) =
        planned(Repo::example(), &["--fork", "--branch", "release=HEAD~1", "--allow-actions-prs"])?;
    trusted(&github);
    let other =
        json!({"title": "Backport", "head": "contributor:update-images", "base": "release"}).to_string();
    let status = api(&github, "POST", "/repos/octo-org/shop/pulls", &other)?;
    ensure(status.contains(" 201"), || status.clone())?;
    let mut plan = read(&path);
    plan["number"] = json!(4711);
    fs::write(&path, plan.to_string())?;
    let run = publish(&github);
    ensure(run.code == 2 && run.stderr.contains("#7, #") && reviews(&github) == 0, || run.all())?;
    // Each of them has a run of its own, whose plan names it.
    let state = github.state();
    let numbers: Vec<u64> = list(&state, "pulls").iter().filter_map(|p| p["number"].as_u64()).collect();
    let second = numbers.iter().copied().find(|n| *n != 7).ok_or_else(|| format!("{}", state["pulls"]))?;
    for (number, wanted) in [(second, 1), (7, 2)] {
        plan["number"] = json!(number);
        fs::write(&path, plan.to_string())?;
        let run = publish(&github);
        ensure(run.code == 0 && run.stderr.contains(&format!("the plan is for #{number}")), || run.all())?;
        ensure(reviews(&github) == wanted, || run.all())?;
    }
    // With one of them closed, a number that is not its own does not matter.
    github.control("POST", "close", &json!({ "pull": second }).to_string());
    plan["number"] = json!(4711);
    fs::write(&path, plan.to_string())?;
    let run = publish(&github);
    ensure(run.code == 0 && run.stderr.contains("#4711, but the one with this head is #7"), || run.all())?;
    no_violations(&github)
}

fn plan_and_publish_at_the_wrong_place() -> Result<(), Failed> {
    let (github, _) = planned(Repo::example(), &["--fork"])?;
    github.control("POST", "reset-traffic", "{}");
    let early = publish(&github);
    ensure(early.code == 2 && early.stderr.contains("`workflow_run`"), || early.all())?;
    trusted(&github);
    let without = github.review(&[]);
    ensure(without.code == 2 && without.stderr.contains("--publish"), || without.all())?;
    let event = github.folder().join("kept.json");
    let mut payload = read(&github.folder().join("event.json"));
    payload["workflow_run"]["event"] = json!("push");
    fs::write(&event, payload.to_string())?;
    let event = event.to_str().ok_or("UTF-8")?;
    let push = github.review_with(&["--publish", "plan.json"], &[("GITHUB_EVENT_PATH", event)]);
    ensure(push.code == 2 && push.stderr.contains("github.event.workflow_run.event"), || push.all())?;
    for arguments in [
        &["--publish", "plan.json", "--plan", "other.json"][..],
        &["--publish", "plan.json", "--repo", "octo-org/shop", "--pr", "7"],
        &["--plan", "other.json", "--dry-run"],
        &["--local", "--plan", "other.json"],
    ] {
        let run = github.review(arguments);
        ensure(run.code == 2 && run.stderr.contains("cannot be used with"), || run.all())?;
    }
    ensure(github.requests() == 0 && !github.folder().join("other.json").exists(), || {
        "something was done".to_owned()
    })
}

fn a_plan_that_cannot_be_written() -> Result<(), Failed> {
    let github = Github::start(Repo::example(), &["--fork"]);
    let run = github.review(&["--plan", "nowhere/plan.json"]);
    ensure(run.code == 3 && run.stderr.contains("nowhere/plan.json"), || run.all())?;
    ensure(run.summary.contains("run-as-root") && run.output("plan-file").is_empty(), || run.all())?;
    ensure(run.stdout.contains("::error file=Dockerfile,line="), || run.all())?;
    // Without a Dockerfile there is a plan, too: the second workflow finds its file.
    let repo = Repo::example();
    repo.write("README.md", "more\n");
    repo.commit("docs");
    let (github, path) = planned(repo, &["--fork"])?;
    ensure(read(&path)["plan"]["review"].is_null(), || "a review of nothing".to_owned())?;
    trusted(&github);
    let run = publish(&github);
    ensure(
        run.code == 0
            && reviews(&github) == 0
            && run.stderr.contains("nothing that concerns an image changed"),
        || run.all(),
    )?;
    no_violations(&github)
}

fn publishing_without_permission_loses_nothing() -> Result<(), Failed> {
    let (github, _) = planned(Repo::example(), &["--fork"])?;
    github.control("POST", "event", r#"{"kind": "workflow_run"}"#);
    let run = github.review(&["--publish", "plan.json"]);
    ensure(run.code == 1 && reviews(&github) == 0, || run.all())?;
    ensure(
        run.stdout.contains("::error file=Dockerfile,line=") && run.summary.contains("run-as-root"),
        || run.all(),
    )?;
    ensure(run.summary.contains("### Comments that were not posted"), || run.summary.clone())?;
    ensure(run.stderr.contains("pull-requests: write"), || run.all())?;
    let other: Vec<String> =
        github.violations().into_iter().filter(|v| !v.starts_with("permission")).collect();
    ensure(other.is_empty(), || other.join("\n"))
}

/// Twenty Dockerfiles with a finding each, in folders of their own.
fn twenty() -> Repo {
    let repo = Repo::new();
    repo.write("README.md", "x\n");
    repo.commit("base");
    let text = fs::read_to_string(lab::example("after").join("Dockerfile")).expect("the example is there");
    let mut readme = "x\n".to_owned();
    for number in 0..20 {
        repo.write(&format!("service-{number:02}/Dockerfile"), &text);
        let _ = writeln!(readme, "{number}");
    }
    repo.write("README.md", &readme);
    repo.commit("head");
    repo
}

fn enterprise_servers_are_asked_as_little() -> Result<(), Failed> {
    for options in [&["--ghes"][..], &[]] {
        let github = Github::start(twenty(), options);
        let first = github.review(&["--fail-on", "never"]);
        ensure(first.code == 0 && reviews(&github) == 1, || first.all())?;
        ensure(github.requests() <= 4 && writes(&github).len() == 1, || {
            format!("{} requests, writes: {}", github.requests(), writes(&github).join("\n"))
        })?;
        ensure(comments(&github).len() == 30, || format!("{} comments", comments(&github).len()))?;
        github.control("POST", "reset-traffic", "{}");
        let second = github.review(&["--fail-on", "never"]);
        ensure(second.code == 0 && reviews(&github) == 1, || second.all())?;
        ensure(github.requests() <= 3 && writes(&github).is_empty(), || {
            format!("{} requests, writes: {}", github.requests(), writes(&github).join("\n"))
        })?;
        no_violations(&github)?;
    }
    Ok(())
}
