//! Writing to a repository: what is decided when an answer is lost, refused or somebody else's.

use crate::fake::{BASE, FakeClock, HEAD, OLD, environment, log};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidewaiter::github::{
    Client, CommitOutcome, Depot, GithubError, IssueOutcome, IssueText, NewCommit, Patience,
};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const NEW: &str = "9999999999999999999999999999999999999999";

fn depot(server: &MockServer, clock: &FakeClock) -> Depot {
    let patience = Patience { timeout: Duration::from_secs(5), ..Patience::default() };
    let client = Client::with(&environment(&server.uri()), Box::new(clock.clone()), patience).unwrap();
    Depot::new(client, "octo-org/shop".parse().unwrap())
}

/// A branch, and what becomes of each commit that is sent to it.
struct Branch {
    head: String,
    message: String,
    parent: String,
    /// From the last one: whether it is carried out, and its answer.
    script: Vec<(bool, ResponseTemplate)>,
    sent: usize,
}

fn refused(kind: &str, message: &str) -> ResponseTemplate {
    let error = json!({"type": kind, "path": ["createCommitOnBranch"], "message": message});
    ResponseTemplate::new(200)
        .set_body_json(json!({"data": {"createCommitOnBranch": null}, "errors": [error]}))
}

fn made() -> ResponseTemplate {
    let commit = json!({"oid": NEW, "url": "https://x/c"});
    ResponseTemplate::new(200).set_body_json(json!({"data": {"createCommitOnBranch": {"commit": commit}}}))
}

async fn serve(
    server: &MockServer,
    head: &str,
    mut script: Vec<(bool, ResponseTemplate)>,
) -> Arc<Mutex<Branch>> {
    script.reverse();
    let branch = Arc::new(Mutex::new(Branch {
        head: head.to_owned(),
        message: "Before".to_owned(),
        parent: BASE.to_owned(),
        script,
        sent: 0,
    }));
    let shared = Arc::clone(&branch);
    let answer = move |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let mut branch = shared.lock().unwrap();
        if !body["query"].as_str().unwrap().contains("mutation") {
            let target = json!({"oid": branch.head, "message": branch.message, "url": "https://x/c",
                "tree": {"oid": OLD}, "parents": {"totalCount": 1, "nodes": [{"oid": branch.parent}]}});
            return ResponseTemplate::new(200)
                .set_body_json(json!({"data": {"repository": {"ref": {"target": target}}}}));
        }
        branch.sent += 1;
        let input = &body["variables"]["input"];
        assert_eq!(input["branch"]["repositoryNameWithOwner"], "octo-org/shop");
        assert_eq!(input["fileChanges"]["additions"][0]["contents"], "QQo=");
        let (done, answer) = branch.script.pop().unwrap();
        if done {
            input["expectedHeadOid"].as_str().unwrap().clone_into(&mut branch.parent);
            NEW.clone_into(&mut branch.head);
            "Fix it\n\nWhy.".clone_into(&mut branch.message);
        }
        answer
    };
    Mock::given(method("POST")).and(path("/graphql")).respond_with(answer).mount(server).await;
    branch
}

async fn commit(
    head: &str,
    script: Vec<(bool, ResponseTemplate)>,
) -> (Result<CommitOutcome, GithubError>, usize) {
    let server = MockServer::start().await;
    let branch = serve(&server, head, script).await;
    let additions = [("Dockerfile".into(), b"A\n".to_vec())];
    let commit = NewCommit {
        branch: "topic",
        expected_head: HEAD,
        headline: "Fix it",
        body: "Why.",
        additions: &additions,
    };
    let outcome = depot(&server, &FakeClock::default()).commit_on_branch(&commit).await;
    let sent = branch.lock().unwrap().sent;
    (outcome, sent)
}

fn done() -> CommitOutcome {
    CommitOutcome::Done { commit: NEW.to_owned(), url: "https://x/c".to_owned() }
}

#[tokio::test]
async fn a_commit_is_made_once() {
    assert_eq!(commit(HEAD, vec![(true, made())]).await, (Ok(done()), 1));
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_looked_for() {
    let lost = || ResponseTemplate::new(502);
    assert_eq!(commit(HEAD, vec![(true, lost())]).await, (Ok(done()), 1));
    // It was not carried out: the expected head makes another try safe.
    assert_eq!(commit(HEAD, vec![(false, lost()), (true, made())]).await, (Ok(done()), 2));
    // The lost one arrives late, and the second one meets it.
    let stale = || refused("STALE_DATA", "Expected branch to point to \"1\" but it did not.");
    assert_eq!(commit(HEAD, vec![(false, lost()), (true, stale())]).await, (Ok(done()), 2));
    let (outcome, sent) = commit(HEAD, vec![(false, lost()), (false, lost()), (false, lost())]).await;
    assert!(matches!(outcome, Err(GithubError::Status { status: 502, .. })) && sent == 3, "{outcome:?}");
}

#[tokio::test]
async fn a_branch_that_moved_is_not_written_over() {
    let stale = || refused("STALE_DATA", "Expected branch to point to \"1\" but it did not.");
    let moved = Ok(CommitOutcome::Moved { head: Some(OLD.to_owned()) });
    assert_eq!(commit(OLD, vec![(false, stale())]).await, (moved.clone(), 1));
    assert_eq!(commit(OLD, vec![(false, ResponseTemplate::new(502))]).await, (moved, 1));
}

#[tokio::test]
async fn refusals_of_a_commit_are_told_apart() {
    let forbidden = refused("FORBIDDEN", "Resource not accessible by integration");
    let (outcome, _) = commit(HEAD, vec![(false, forbidden)]).await;
    let Ok(CommitOutcome::NotPermitted { permission, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(permission, "contents: write");
    let protected = refused("UNPROCESSABLE", "Changes must be made through a pull request.");
    let (outcome, _) = commit(HEAD, vec![(false, protected)]).await;
    assert!(matches!(outcome, Ok(CommitOutcome::Refused { .. })), "{outcome:?}");
}

const ISSUES: &str = "/repos/octo-org/shop/issues";

async fn viewer(server: &MockServer) {
    let me = json!({"data": {"viewer": {"login": "github-actions[bot]"}}});
    Mock::given(method("POST"))
        .and(path("/graphql"))
        .respond_with(ResponseTemplate::new(200).set_body_json(me))
        .mount(server)
        .await;
}

const TEXT: IssueText<'_> =
    IssueText { subject: "refs/heads/main", title: "Findings", body: "Some.", clean: false };

/// Makes an issue and gives its body.
async fn body() -> String {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(ISSUES))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
        .mount(&server)
        .await;
    let made = json!({"number": 5, "html_url": "https://x/5"});
    Mock::given(method("POST"))
        .and(path(ISSUES))
        .respond_with(ResponseTemplate::new(201).set_body_json(made))
        .mount(&server)
        .await;
    let outcome = depot(&server, &FakeClock::default()).keep_issue(&TEXT).await.unwrap();
    assert!(matches!(outcome, IssueOutcome::Created(place) if place.number == 5));
    let requests = server.received_requests().await.unwrap();
    let post: Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
    assert_eq!(post["labels"], json!(["tidewaiter"]));
    post["body"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_forged_issue_is_not_ours() {
    let body = body().await;
    let server = MockServer::start().await;
    viewer(&server).await;
    let forged = |login: &str, kind: &str| {
        json!({"number": 2, "html_url": "", "title": "Findings", "body": body, "state": "open",
            "user": {"login": login, "type": kind}})
    };
    let pull = json!({"number": 3, "html_url": "", "title": "", "body": body, "state": "open", "pull_request": {},
        "user": {"login": "github-actions[bot]", "type": "Bot"}});
    let list = json!([forged("mallory", "User"), forged("github-actions", "User"), pull]);
    Mock::given(method("GET"))
        .and(path(ISSUES))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .mount(&server)
        .await;
    let made = json!({"number": 5, "html_url": "https://x/5"});
    Mock::given(method("POST"))
        .and(path(ISSUES))
        .respond_with(ResponseTemplate::new(201).set_body_json(made))
        .mount(&server)
        .await;
    let outcome = depot(&server, &FakeClock::default()).keep_issue(&TEXT).await.unwrap();
    assert!(matches!(outcome, IssueOutcome::Created(_)), "{outcome:?}");
    assert!(!log(&server).await.iter().any(|line| line.starts_with("PATCH")));
}

#[tokio::test]
async fn an_issue_without_its_label_is_found() {
    let body = body().await;
    let server = MockServer::start().await;
    viewer(&server).await;
    let ours = json!([{"number": 4, "html_url": "https://x/4", "title": "Findings", "body": body, "state": "open",
        "user": {"login": "github-actions[bot]", "type": "Bot"}}]);
    Mock::given(method("GET"))
        .and(path(ISSUES))
        .and(query_param("labels", "tidewaiter"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(ISSUES))
        .respond_with(ResponseTemplate::new(200).set_body_json(ours))
        .mount(&server)
        .await;
    let outcome = depot(&server, &FakeClock::default()).keep_issue(&TEXT).await.unwrap();
    assert!(matches!(outcome, IssueOutcome::Unchanged(ref place) if place.number == 4), "{outcome:?}");
}

#[tokio::test]
async fn issues_that_are_switched_off_are_told() {
    let server = MockServer::start().await;
    let gone = json!({"message": "Issues are disabled for this repo"});
    Mock::given(method("GET"))
        .and(path(ISSUES))
        .respond_with(ResponseTemplate::new(410).set_body_json(gone))
        .mount(&server)
        .await;
    let outcome = depot(&server, &FakeClock::default()).keep_issue(&TEXT).await.unwrap();
    assert!(
        matches!(outcome, IssueOutcome::Refused { ref message } if message.contains("disabled")),
        "{outcome:?}"
    );
}
