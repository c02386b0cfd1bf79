//! Talking back: commands in comments.

use crate::lab::{Github, Repo, Run};
use crate::proxy::Proxy;
use crate::{Case, comments, ensure, list, no_violations};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("talk_ignore_in_a_thread", ignore_in_a_thread),
    ("talk_ignore_a_rule", ignore_a_rule),
    ("talk_fix_in_a_thread", fix_in_a_thread),
    ("talk_fix_all", fix_all),
    ("talk_fix_again_and_again", fix_again_and_again),
    ("talk_fix_in_a_fork", fix_in_a_fork),
    ("talk_fix_of_a_moved_head", fix_of_a_moved_head),
    ("talk_fix_where_it_cannot_be", fix_where_it_cannot_be),
    ("talk_review", review),
    ("talk_explain", explain),
    ("talk_help_once", help_once),
    ("talk_only_to_writers", only_to_writers),
    ("talk_without_a_command", without_a_command),
    ("talk_on_an_enterprise_server", on_an_enterprise_server),
    ("talk_with_a_server_that_knows_no_permissions", with_a_server_that_knows_no_permissions),
    ("talk_answers_once", answers_once),
    ("talk_with_a_token_that_may_only_read", with_a_token_that_may_only_read),
    ("talk_of_others_is_not_ours", talk_of_others_is_not_ours),
];

const CLEAN: &str = "FROM debian:trixie-slim\nUSER 10001:10001\nCMD [\"/app/serve\"]\n";
const ADD: &str = "ADD app.py /app/";
const APT: &str = "RUN apt-get update && apt-get install -y --no-install-recommends curl";
const WRITER: &[(&str, &str, &str)] = &[("monalisa", "write", "maintain")];
const WRITES: &[&str] = &["--permissions", "contents=write,pull-requests=write"];

fn text(lines: &[&str]) -> String {
    format!("FROM debian:trixie-slim\n{}\nUSER 10001:10001\nCMD [\"/app/serve\"]\n", lines.join("\n"))
}

/// A reviewed pull request, with a GitHub that knows who may write.
struct Lab {
    github: Github,
    proxy: Proxy,
}

fn port_of(github: &Github) -> u16 {
    let url = variable(github, "GITHUB_API_URL");
    let port = url.trim_start_matches("http://127.0.0.1:").split('/').next().and_then(|p| p.parse().ok());
    port.unwrap_or_else(|| panic!("no port in {url}"))
}

fn variable(github: &Github, name: &str) -> String {
    let all = github.environment();
    all.into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
}

fn start(options: &[&str]) -> Lab {
    start_with(&text(&[ADD, APT]), options)
}

fn start_with(dockerfile: &str, options: &[&str]) -> Lab {
    let repo = Repo::new();
    repo.write("Dockerfile", CLEAN);
    repo.commit("base");
    repo.write("Dockerfile", dockerfile);
    repo.commit("head");
    let github = Github::start(repo, options);
    github.review(&[]);
    let proxy = Proxy::start(port_of(&github), WRITER, None);
    Lab { github, proxy }
}

impl Lab {
    /// Runs as the workflow does for an event with this payload.
    fn deliver(&self, event: &str, payload: &Value) -> Run {
        self.deliver_through(Some(&self.proxy), event, payload)
    }

    fn deliver_through(&self, proxy: Option<&Proxy>, event: &str, payload: &Value) -> Run {
        let path = self.github.folder().join("comment.json");
        fs::write(&path, payload.to_string()).expect("writable");
        let path = path.to_string_lossy().into_owned();
        let (own, other) = (port_of(&self.github), proxy.map_or(port_of(&self.github), Proxy::port));
        let url = |name| variable(&self.github, name).replace(&format!(":{own}"), &format!(":{other}"));
        let (api, graphql) = (url("GITHUB_API_URL"), url("GITHUB_GRAPHQL_URL"));
        self.github.review_with(
            &[],
            &[
                ("GITHUB_EVENT_NAME", event),
                ("GITHUB_EVENT_PATH", &path),
                ("GITHUB_API_URL", &api),
                ("GITHUB_GRAPHQL_URL", &graphql),
            ],
        )
    }

    /// A comment in the thread about a rule, and its event.
    fn reply(&self, rule: &str, body: &str) -> Value {
        let thread = self.about(rule)["id"].clone();
        self.github.control("POST", "reply", &json!({ "thread": thread, "body": body }).to_string());
        self.github.control("POST", "event", r#"{"kind": "pull_request_review_comment"}"#)
    }

    /// A comment in the conversation, and its event.
    fn say(&self, body: &str) -> Value {
        let comment = self.github.control("POST", "issue-comment", &json!({ "body": body }).to_string());
        let mut payload = self.github.control("POST", "event", r#"{"kind": "issue_comment"}"#);
        payload["comment"] = comment;
        payload
    }

    fn tell(&self, body: &str) -> Run {
        self.deliver("issue_comment", &self.say(body))
    }

    /// The first comment of the thread about a rule.
    fn about(&self, rule: &str) -> Value {
        let all = comments(&self.github);
        let first = |c: &&Value| {
            c["in_reply_to_id"].is_null()
                && tidewaiter::review::read_marker(body(c)).is_some_and(|m| m.rules.iter().any(|r| r == rule))
        };
        all.iter().find(first).cloned().unwrap_or_else(|| panic!("nothing about {rule} in {all:#?}"))
    }

    /// What our account has said in answers, in threads and in the conversation.
    fn answers(&self) -> Vec<String> {
        let state = self.github.state();
        list(&state, "review_comments")
            .iter()
            .filter(|c| !c["in_reply_to_id"].is_null())
            .map(|c| (c["user"]["login"].as_str(), body(c)))
            .chain(list(&state, "issue_comments").iter().map(|c| (c["user"].as_str(), body(c))))
            .filter(|(login, _)| *login == Some("github-actions[bot]"))
            .map(|(_, body)| body.to_owned())
            .collect()
    }

    fn push(&self, dockerfile: &str) -> Run {
        commit(&self.github, dockerfile);
        self.review()
    }

    /// The run of the workflow for pushes.
    fn review(&self) -> Run {
        self.github.control("POST", "event", r#"{"kind": "pull_request", "action": "synchronize"}"#);
        self.github.review(&[])
    }

    fn head(&self) -> String {
        self.github.state()["head"].as_str().unwrap_or_default().to_owned()
    }

    /// The Dockerfile at the head has this text.
    fn ensure_file(&self, text: &str, run: &Run) -> Result<(), Failed> {
        let repo = Repo::new();
        repo.write("f", text);
        let wanted = repo.git(&["hash-object", "f"]);
        let state = self.github.state();
        let file = list(&state, "files_at_head").iter().find(|f| f["path"] == json!("Dockerfile"));
        let message = || format!("not {text:?} but {:?}\n{}", self.file(), run.all());
        ensure(file.is_some_and(|f| f["sha"] == json!(wanted)), message)
    }

    /// The Dockerfile at the head, for messages.
    fn file(&self) -> String {
        let mut stream =
            TcpStream::connect(("127.0.0.1", port_of(&self.github))).expect("the stand-in listens");
        let head = "Host: localhost\r\nConnection: close\r\nUser-Agent: test\r\nAuthorization: Bearer x\r\n\
                    Accept: application/vnd.github.raw+json";
        let path = format!("/repos/octo-org/shop/contents/Dockerfile?ref={}", self.head());
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned())
    }

    /// Nothing but time has changed.
    fn everything(&self) -> Value {
        let mut state = self.github.state();
        state["permissions"].take();
        state
    }
}

fn commit(github: &Github, dockerfile: &str) {
    let files = json!({ "files": { "Dockerfile": dockerfile } }).to_string();
    github.control("POST", "commit", &files);
}

fn body(comment: &Value) -> &str {
    comment["body"].as_str().unwrap_or_default()
}

/// Runs an event twice: the second run changes nothing.
fn twice(lab: &Lab, event: &str, payload: &Value) -> Result<Run, Failed> {
    let first = lab.deliver(event, payload);
    ensure(first.code == 0, || first.all())?;
    let before = lab.everything();
    let second = lab.deliver(event, payload);
    ensure(second.code == 0, || second.all())?;
    let after = lab.everything();
    ensure(before == after, || format!("{}\nthen\n{}", first.all(), second.all()))?;
    Ok(first)
}

const IN_THREAD: &str = "pull_request_review_comment";
const ON_PULL: &str = "issue_comment";

fn ignore_in_a_thread() -> Result<(), Failed> {
    let lab = start(&[]);
    let payload = lab.reply("package-cache-left", "Hm.\n\n/tidewaiter ignore @octo-org/all <b>keeps</b> it");
    let run = twice(&lab, IN_THREAD, &payload)?;
    let thread = lab.about("package-cache-left");
    let said = "🔕 **Ignored** on this pull request by `monalisa`: @&#8203;octo-org/all &lt;b&gt;keeps&lt;/b&gt; it\n\n<details>";
    ensure(body(&thread).starts_with(said), || format!("{}\n{}", body(&thread), run.all()))?;
    ensure(!body(&thread).contains("```suggestion"), || body(&thread).to_owned())?;
    ensure(lab.answers().is_empty(), || format!("{:?}", lab.answers()))?;
    let state = lab.github.state();
    let review = body(&state["reviews"][0]);
    ensure(review.contains("**1 problem introduced**") && review.contains("1 ignored"), || {
        review.to_owned()
    })?;
    // Its line changes, again and again, and moves: it stays silent.
    let filler = ["ENV A=1"; 70].join("\n");
    for changed in [
        text(&[ADD, &format!("{APT} git")]),
        text(&[ADD, "RUN true", &format!("{APT} git jq")]),
        text(&[ADD, &filler, &format!("{APT} git jq")]),
        text(&["RUN true", ADD, &format!("{APT} git jq less")]),
    ] {
        let run = lab.push(&changed);
        let all = comments(&lab.github);
        ensure(all.len() == 3, || format!("{} comments\n{all:#?}\n{}", all.len(), run.all()))?;
        ensure(run.summary.contains("### Ignored on this pull request\n\n- `package-cache-left`"), || {
            format!("{}\n{}", run.summary, run.all())
        })?;
        ensure(run.summary.contains("told by `monalisa`"), || run.summary.clone())?;
        ensure(body(&lab.about("package-cache-left")).starts_with(said), || "edited".to_owned())?;
    }
    // Said again: nothing changes.
    let again = lab.reply("package-cache-left", "/tidewaiter ignore");
    let run = twice(&lab, IN_THREAD, &again)?;
    ensure(run.stderr.contains("ignored already"), || run.all())?;
    no_violations(&lab.github)
}

fn ignore_a_rule() -> Result<(), Failed> {
    let lab = start(&[]);
    // A code of another tool is understood.
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter ignore DL3020: it is vendored"))?;
    let answers = lab.answers();
    let said = "🔕 **Ignored** on this pull request by `monalisa`: all findings of `add-instead-of-copy`: it is vendored\n";
    ensure(answers.len() == 1 && answers[0].starts_with(said), || format!("{answers:#?}\n{}", run.all()))?;
    ensure(body(&lab.about("add-instead-of-copy")).starts_with("🔕"), || run.all())?;
    let run = lab.push(&text(&[ADD, "ADD more.py /app/", APT]));
    ensure(comments(&lab.github).len() == 2, || run.all())?;
    ensure(run.output("findings") == "1", || run.all())?;
    let unknown = lab.tell("/tidewaiter ignore add-instead-of-copi");
    ensure(
        lab.answers().len() == 2 && lab.answers()[1].contains("Did you mean `add-instead-of-copy`?"),
        || unknown.all(),
    )?;
    let without = lab.tell("/tidewaiter ignore");
    ensure(lab.answers().len() == 3 && tidewaiter::review::is_help(&lab.answers()[2]), || without.all())?;
    no_violations(&lab.github)
}

fn fix_in_a_thread() -> Result<(), Failed> {
    // What the button makes of it.
    let twin = start(&[]);
    let id = twin.about("package-cache-left")["id"].clone();
    let applied = twin.github.control("POST", "apply-suggestion", &json!({ "comment_id": id }).to_string());
    let wanted = applied["files"]["Dockerfile"].as_str().ok_or_else(|| applied.to_string())?.to_owned();
    let lab = start(WRITES);
    let before = lab.head();
    let payload = lab.reply("package-cache-left", "/tidewaiter fix");
    let run = twice(&lab, IN_THREAD, &payload)?;
    lab.ensure_file(&wanted, &run)?;
    let head = lab.head();
    let state = lab.github.state();
    let pushes = list(&state, "pushes");
    ensure(head != before && pushes.len() == 1, || state["pushes"].to_string())?;
    let answers = lab.answers();
    let said = format!("✅ Committed {head}:\n\n- `package-cache-left` in `Dockerfile`: ");
    ensure(answers.len() == 1 && answers[0].starts_with(&said), || format!("{answers:#?}\n{}", run.all()))?;
    // The same run has looked at the new commit.
    let thread = lab.about("package-cache-left");
    ensure(body(&thread).starts_with(&format!("✅ **Fixed** in {head}")), || {
        format!("{}\n{}", body(&thread), run.all())
    })?;
    ensure(!body(&lab.about("add-instead-of-copy")).contains("Fixed"), || run.all())?;
    no_violations(&lab.github)
}

fn fix_all() -> Result<(), Failed> {
    let lab = start(WRITES);
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter fix"))?;
    let state = lab.github.state();
    ensure(list(&state, "pushes").len() == 1, || format!("{}\n{}", state["pushes"], run.all()))?;
    let answers = lab.answers();
    ensure(answers.len() == 1 && answers[0].contains("`add-instead-of-copy` in `Dockerfile`"), || {
        format!("{answers:#?}\n{}", run.all())
    })?;
    ensure(answers[0].contains("`package-cache-left` in `Dockerfile`"), || format!("{answers:#?}"))?;
    lab.ensure_file(&text(&["COPY app.py /app/", &format!("{APT} && rm -rf /var/lib/apt/lists/*")]), &run)?;
    for rule in ["add-instead-of-copy", "package-cache-left"] {
        ensure(body(&lab.about(rule)).starts_with("✅ **Fixed**"), || run.all())?;
    }
    let commit = &state["pulls"][0]["commits"];
    ensure(commit.as_array().is_some_and(|c| c.len() == 2), || commit.to_string())?;
    // What is ignored is not fixed.
    let lab = start(WRITES);
    lab.tell("/tidewaiter ignore add-instead-of-copy");
    let run = lab.tell("/tidewaiter fix");
    lab.ensure_file(&text(&[ADD, &format!("{APT} && rm -rf /var/lib/apt/lists/*")]), &run)?;
    // Nothing is left.
    let run = lab.tell("/tidewaiter fix");
    ensure(lab.answers().last().is_some_and(|a| a.starts_with("Nothing to commit: ")), || run.all())?;
    no_violations(&lab.github)
}

/// Two threads, one after the other: the second comment's event knows the head before the first one's commit.
fn fix_again_and_again() -> Result<(), Failed> {
    let lab = start(WRITES);
    let first = lab.reply("package-cache-left", "/tidewaiter fix");
    let second = lab.reply("add-instead-of-copy", "/tidewaiter fix");
    twice(&lab, IN_THREAD, &first)?;
    let run = twice(&lab, IN_THREAD, &second)?;
    let state = lab.github.state();
    ensure(list(&state, "pushes").len() == 2, || format!("{}\n{}", state["pushes"], run.all()))?;
    lab.ensure_file(&text(&["COPY app.py /app/", &format!("{APT} && rm -rf /var/lib/apt/lists/*")]), &run)?;
    // In a thread whose finding is gone there is nothing to fix.
    let third = lab.reply("add-instead-of-copy", "/tidewaiter fix");
    let run = twice(&lab, IN_THREAD, &third)?;
    ensure(lab.answers().iter().any(|a| a.starts_with("Nothing to commit: what this thread")), || run.all())?;
    no_violations(&lab.github)
}

fn fix_in_a_fork() -> Result<(), Failed> {
    let lab = start(&["--fork", "--event", "pull_request_target", "--permissions", WRITES[1]]);
    let before = lab.head();
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter fix"))?;
    let payload = lab.reply("package-cache-left", "/tidewaiter fix");
    twice(&lab, IN_THREAD, &payload)?;
    let answers = lab.answers();
    ensure(answers.len() == 2 && answers.iter().all(|a| a.contains("lies in a fork")), || {
        format!("{answers:#?}\n{}", run.all())
    })?;
    ensure(lab.head() == before, || "something was committed".to_owned())?;
    no_violations(&lab.github)
}

/// A push through the control plane, from another thread.
fn push_through(port: u16, dockerfile: &str) {
    let body = json!({ "files": { "Dockerfile": dockerfile } }).to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the stand-in listens");
    write!(
        stream,
        "POST /_control/commit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
}

fn fix_of_a_moved_head() -> Result<(), Failed> {
    let lab = start(WRITES);
    let port = port_of(&lab.github);
    let newer = text(&[ADD, APT, "RUN true"]);
    let pushed = newer.clone();
    let hook: Box<dyn FnOnce() + Send> = Box::new(move || push_through(port, &pushed));
    let proxy = Proxy::start(port, WRITER, Some(("createCommitOnBranch", hook)));
    let payload = lab.say("/tidewaiter fix");
    let run = lab.deliver_through(Some(&proxy), ON_PULL, &payload);
    ensure(run.code == 0, || run.all())?;
    ensure(lab.answers().len() == 1 && lab.answers()[0].contains("somebody has pushed"), || {
        format!("{:#?}\n{}", lab.answers(), run.all())
    })?;
    lab.ensure_file(&newer, &run)?;
    let other: Vec<String> =
        lab.github.violations().into_iter().filter(|v| !v.starts_with("graphql-error")).collect();
    ensure(other.is_empty(), || other.join("\n"))
}

fn fix_where_it_cannot_be() -> Result<(), Failed> {
    // The token may not write to branches.
    let lab = start(&[]);
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter fix"))?;
    ensure(lab.answers().len() == 1 && lab.answers()[0].contains("`contents: write`"), || {
        format!("{:#?}\n{}", lab.answers(), run.all())
    })?;
    let other: Vec<String> = lab
        .github
        .violations()
        .into_iter()
        .filter(|v| !v.starts_with("permission") && !v.starts_with("graphql-error"))
        .collect();
    ensure(other.is_empty(), || other.join("\n"))?;
    // The pull request is closed.
    let lab = start(WRITES);
    lab.github.control("POST", "close", "{}");
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter fix"))?;
    ensure(lab.answers().len() == 1 && lab.answers()[0].contains("is closed"), || run.all())?;
    no_violations(&lab.github)
}

fn review() -> Result<(), Failed> {
    let lab = start(&[]);
    commit(&lab.github, &text(&[ADD, "ADD more.py /app/"]));
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter review"))?;
    ensure(list(&lab.github.state(), "reviews").len() == 2, || run.all())?;
    ensure(body(&lab.about("package-cache-left")).starts_with("✅ **Fixed**"), || run.all())?;
    let said = format!("🔎 Reviewed again at {}.", lab.head());
    ensure(lab.answers().len() == 1 && lab.answers()[0].starts_with(&said), || {
        format!("{:#?}", lab.answers())
    })?;
    ensure(run.output("findings") == "2", || run.outputs.clone())?;
    no_violations(&lab.github)
}

fn explain() -> Result<(), Failed> {
    let lab = start(&[]);
    twice(&lab, ON_PULL, &lab.say("/tidewaiter explain DL3020"))?;
    let payload = lab.reply("package-cache-left", "/tidewaiter explain package-cache-lost");
    let run = twice(&lab, IN_THREAD, &payload)?;
    let answers = lab.answers();
    ensure(answers.len() == 2, || format!("{answers:#?}\n{}", run.all()))?;
    ensure(
        answers.iter().any(|a| a.contains("**`add-instead-of-copy`**") && a.contains("**What it does**")),
        || format!("{answers:#?}"),
    )?;
    ensure(answers.iter().any(|a| a.contains("Did you mean `package-cache-left`?")), || {
        format!("{answers:#?}")
    })?;
    // An answer is not a reason to leave the thread alone: no person has answered.
    lab.push(&text(&[ADD]));
    let thread = lab.about("package-cache-left");
    ensure(body(&thread).starts_with("✅"), || body(&thread).to_owned())?;
    no_violations(&lab.github)
}

fn help_once() -> Result<(), Failed> {
    let lab = start(&[]);
    let payload = lab.reply("package-cache-left", "/tidewaiter please");
    twice(&lab, IN_THREAD, &payload)?;
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter"))?;
    ensure(lab.answers().len() == 1 && tidewaiter::review::is_help(&lab.answers()[0]), || {
        format!("{:#?}\n{}", lab.answers(), run.all())
    })?;
    ensure(run.stderr.contains("the help stands on the pull request already"), || run.all())?;
    no_violations(&lab.github)
}

fn only_to_writers() -> Result<(), Failed> {
    let lab = start(WRITES);
    let before = lab.everything()["reviews"].clone();
    let proxy = Proxy::start(
        port_of(&lab.github),
        &[("reader", "read", "triage"), ("nobody", "none", "none"), ("owner", "admin", "admin")],
        None,
    );
    let mut payload = lab.say("/tidewaiter fix");
    let mut deliver = |login: &str, association: &str| {
        payload["comment"]["user"]["login"] = json!(login);
        payload["comment"]["author_association"] = json!(association);
        let requests = lab.github.requests();
        let run = lab.deliver_through(Some(&proxy), ON_PULL, &payload);
        (run, lab.github.requests() - requests)
    };
    // These cost no request at all.
    for association in ["NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "", "X"] {
        let (run, requests) = deliver("owner", association);
        ensure(run.code == 0 && requests == 0 && proxy.asked() == 0, || {
            format!("{association}: {}", run.all())
        })?;
    }
    // These are asked for, and refused: `gone` is no user any more.
    let refused = [("reader", "MEMBER"), ("nobody", "CONTRIBUTOR"), ("gone", "MEMBER")];
    for (place, (login, association)) in refused.into_iter().enumerate() {
        let (run, requests) = deliver(login, association);
        ensure(run.code == 0 && requests == 0 && proxy.asked() == place + 1, || {
            format!("{login}: {}", run.all())
        })?;
        ensure(run.stderr.contains("nothing is answered"), || run.all())?;
    }
    for login in ["../../pulls/7", "a b", "x?y", "github-actions[bot]"] {
        let (run, requests) = deliver(login, "OWNER");
        ensure(run.code == 0 && requests == 0 && proxy.asked() == 3, || format!("{login}: {}", run.all()))?;
    }
    ensure(lab.answers().is_empty() && lab.everything()["reviews"] == before, || "answered".to_owned())?;
    let (run, _) = deliver("owner", "OWNER");
    ensure(run.code == 0 && lab.answers().len() == 1, || run.all())?;
    no_violations(&lab.github)
}

fn without_a_command() -> Result<(), Failed> {
    let lab = start(&[]);
    let before = lab.github.requests();
    let bare = lab.say("Looks fine.\n\n> /tidewaiter fix\n\n```\n/tidewaiter fix\n```");
    let mut edited = lab.say("/tidewaiter fix");
    edited["action"] = json!("edited");
    let mut deleted = edited.clone();
    deleted["action"] = json!("deleted");
    let mut bot = lab.say("/tidewaiter fix");
    bot["sender"] = json!({ "login": "github-actions[bot]", "type": "Bot" });
    let ours = lab.say("/tidewaiter fix\n\n<!-- tidewaiter:v1 answers=5 -->");
    for payload in [&bare, &edited, &deleted, &bot, &ours] {
        let run = lab.deliver(ON_PULL, payload);
        ensure(run.code == 0 && run.stderr.contains("nothing to do"), || run.all())?;
    }
    let mut thread = lab.reply("package-cache-left", "/tidewaiter fix");
    thread["action"] = json!("edited");
    let run = lab.deliver(IN_THREAD, &thread);
    ensure(run.code == 0, || run.all())?;
    ensure(lab.github.requests() == before && lab.proxy.asked() == 0, || "asked".to_owned())?;
    ensure(lab.answers().is_empty(), || "answered".to_owned())
}

fn on_an_enterprise_server() -> Result<(), Failed> {
    let lab = start(&["--ghes", WRITES[0], WRITES[1]]);
    let payload = lab.reply("package-cache-left", "/tidewaiter ignore");
    let run = twice(&lab, IN_THREAD, &payload)?;
    ensure(body(&lab.about("package-cache-left")).starts_with("🔕"), || run.all())?;
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter fix"))?;
    lab.ensure_file(&text(&["COPY app.py /app/", APT]), &run)?;
    ensure(lab.answers().len() == 1 && lab.proxy.asked() == 4, || run.all())?;
    no_violations(&lab.github)
}

fn with_a_server_that_knows_no_permissions() -> Result<(), Failed> {
    let lab = start(&[]);
    let mut payload = lab.say("/tidewaiter explain DL3020");
    payload["comment"]["author_association"] = json!("CONTRIBUTOR");
    let run = lab.deliver_through(None, ON_PULL, &payload);
    ensure(run.code == 0 && lab.answers().is_empty(), || run.all())?;
    payload["comment"]["author_association"] = json!("MEMBER");
    let run = lab.deliver_through(None, ON_PULL, &payload);
    ensure(run.code == 0 && lab.answers().len() == 1, || run.all())?;
    let (call, other): (Vec<String>, Vec<String>) =
        lab.github.violations().into_iter().partition(|v| v.contains("/collaborators/monalisa/permission"));
    ensure(call.len() == 2 && other.is_empty(), || format!("{call:?} {other:?}"))
}

fn answers_once() -> Result<(), Failed> {
    for (place, path) in [("thread", "/pulls/7/comments"), ("conversation", "/issues/7/comments")] {
        for fault in [json!({ "preset": "bad-gateway", "apply": true }), json!({ "preset": "bad-gateway" })] {
            let lab = start(&[]);
            let mut fault = fault;
            fault["method"] = json!("POST");
            fault["path"] = json!(path);
            lab.github.control("POST", "faults", &fault.to_string());
            let (event, payload) = if place == "thread" {
                (IN_THREAD, lab.reply("package-cache-left", "/tidewaiter explain DL3020"))
            } else {
                (ON_PULL, lab.say("/tidewaiter explain DL3020"))
            };
            let run = twice(&lab, event, &payload)?;
            ensure(lab.answers().len() == 1, || {
                format!("{place} {fault}: {:#?}\n{}", lab.answers(), run.all())
            })?;
            no_violations(&lab.github)?;
        }
    }
    // A commit whose answer gets lost is made once.
    let lab = start(WRITES);
    let fault = json!({ "preset": "bad-gateway", "apply": true, "operation": "createCommitOnBranch" });
    lab.github.control("POST", "faults", &fault.to_string());
    let run = twice(&lab, ON_PULL, &lab.say("/tidewaiter fix"))?;
    ensure(list(&lab.github.state(), "pushes").len() == 1 && lab.answers().len() == 1, || run.all())?;
    no_violations(&lab.github)
}

fn with_a_token_that_may_only_read() -> Result<(), Failed> {
    let lab = start(&[]);
    lab.github.control("POST", "permissions", r#"{"pull-requests": "read"}"#);
    for body in ["/tidewaiter explain DL3020", "/tidewaiter ignore"] {
        let payload = lab.reply("package-cache-left", body);
        let run = lab.deliver(IN_THREAD, &payload);
        ensure(run.code == 0 && run.stderr.contains("pull-requests: write"), || {
            format!("{body}: {}", run.all())
        })?;
    }
    let other: Vec<String> = lab
        .github
        .violations()
        .into_iter()
        .filter(|v| !v.starts_with("permission") && !v.starts_with("graphql-error"))
        .collect();
    ensure(other.is_empty(), || other.join("\n"))
}

fn talk_of_others_is_not_ours() -> Result<(), Failed> {
    let lab = start(&[]);
    // Somebody says that our comment is answered, and copies our thread's marker into a thread of their own.
    let payload = lab.reply("package-cache-left", "/tidewaiter ignore");
    let id = payload["comment"]["id"].clone();
    let forged = format!("x\n\n<!-- tidewaiter:v1 answers={id} -->");
    let thread = lab.about("package-cache-left")["id"].clone();
    lab.github.control("POST", "reply", &json!({ "thread": thread, "body": forged }).to_string());
    lab.github.control("POST", "issue-comment", &json!({ "body": forged }).to_string());
    let run = lab.deliver(IN_THREAD, &payload);
    ensure(body(&lab.about("package-cache-left")).starts_with("🔕"), || run.all())?;
    let copied = body(&lab.about("add-instead-of-copy")).to_owned();
    let foreign = lab.github.control(
        "POST",
        "comment",
        &json!({ "path": "Dockerfile", "line": 2, "body": copied }).to_string(),
    );
    lab.github.control(
        "POST",
        "reply",
        &json!({ "thread": foreign["id"], "body": "/tidewaiter ignore" }).to_string(),
    );
    let payload = lab.github.control("POST", "event", r#"{"kind": "pull_request_review_comment"}"#);
    let run = twice(&lab, IN_THREAD, &payload)?;
    ensure(lab.answers().len() == 1 && tidewaiter::review::is_help(&lab.answers()[0]), || {
        format!("{:#?}\n{}", lab.answers(), run.all())
    })?;
    let state = lab.github.state();
    ensure(list(&state, "foreign_edits").is_empty(), || state["foreign_edits"].to_string())?;
    no_violations(&lab.github)
}
