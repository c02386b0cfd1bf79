//! Writing a plan.

use crate::fake::{FakeClock, HEAD, OLD, Pull, Shared, blob, file, files, graphql, log, session};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tidewaiter::github::{GithubError, Published, Receipt, Session};
use tidewaiter::review::{Comment, Outcome, Plan, Reason, Review, Update};
use wiremock::matchers::{body_json, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const PULL: &str = "/repos/octo-org/shop/pulls/7";
const REVIEWS: &str = "/repos/octo-org/shop/pulls/7/reviews";

fn comment(line: u32) -> Comment {
    let body = format!("Line {line}.\n\n<!-- tidewaiter:v1 fp={line} -->");
    Comment { path: "Dockerfile".into(), line, body, ..Comment::default() }
}

fn plan(lines: u32) -> Plan {
    Plan {
        head: HEAD.to_owned(),
        review: Some(Review {
            body: "Found something.\n\n<!-- tidewaiter:v1 empty -->".to_owned(),
            comments: (1..=lines).map(comment).collect(),
        }),
        updates: Vec::new(),
        annotations: Vec::new(),
        summary: String::new(),
        outcome: Outcome::default(),
        notes: Vec::new(),
    }
}

async fn head(server: &MockServer, sha: &str) {
    Mock::given(method("GET"))
        .and(path(PULL))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"head": {"sha": sha}})))
        .mount(server)
        .await;
}

fn created(id: u64) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"id": id, "html_url": format!("https://x/{id}")}))
}

fn done(published: Published) -> Receipt {
    let Published::Done(receipt) = published else { panic!("{published:?}") };
    receipt
}

async fn start() -> (MockServer, FakeClock, Session) {
    let server = MockServer::start().await;
    head(&server, HEAD).await;
    let clock = FakeClock::default();
    let session = session(&server, &clock);
    (server, clock, session)
}

#[tokio::test]
async fn one_review_is_one_request() {
    let (server, _, session) = start().await;
    let mut plan = plan(2);
    plan.review.as_mut().unwrap().comments[1].start_line = Some(1);
    let sent = json!({
        "commit_id": HEAD, "event": "COMMENT", "body": plan.review.as_ref().unwrap().body,
        "comments": [
            {"path": "Dockerfile", "line": 1, "side": "RIGHT", "body": comment(1).body},
            {"path": "Dockerfile", "line": 2, "side": "RIGHT", "start_line": 1, "start_side": "RIGHT", "body": comment(2).body},
        ],
    });
    Mock::given(method("POST"))
        .and(path(REVIEWS))
        .and(body_json(sent))
        .respond_with(created(5_000_000_000))
        .expect(1)
        .mount(&server)
        .await;
    let receipt = done(session.publish(&plan, None).await.unwrap());
    assert_eq!((receipt.review_id, receipt.comments), (Some(5_000_000_000), 2));
    assert_eq!(receipt.review_url.as_deref(), Some("https://x/5000000000"));
    assert_eq!(log(&server).await.len(), 2);
}

#[tokio::test]
async fn nothing_to_say_sends_nothing() {
    let (server, _, session) = start().await;
    let plan = Plan { review: None, ..plan(0) };
    assert_eq!(session.publish(&plan, None).await.unwrap(), Published::Nothing);
    assert!(log(&server).await.is_empty());
}

#[tokio::test]
async fn a_fresh_snapshot_saves_asking_for_the_head() {
    let (server, clock, session) = start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    graphql(&server, &Pull::default().with("Dockerfile", blob("FROM a\n")).shared()).await;
    Mock::given(method("POST")).and(path(REVIEWS)).respond_with(created(1)).mount(&server).await;
    let snapshot = session.snapshot(|_| true, |_| Vec::new()).await.unwrap();
    done(session.publish(&plan(1), Some(&snapshot)).await.unwrap());
    assert_eq!(session.requests(), 3);
    clock.waits.borrow_mut().push(11);
    done(session.publish(&plan(1), Some(&snapshot)).await.unwrap());
    assert_eq!(session.requests(), 5);
}

#[tokio::test]
async fn a_superseded_plan_is_not_written() {
    let server = MockServer::start().await;
    head(&server, OLD).await;
    let clock = FakeClock::default();
    let published = session(&server, &clock).publish(&plan(1), None).await.unwrap();
    assert_eq!(published, Published::Superseded { head: OLD.to_owned() });
    assert_eq!(log(&server).await.len(), 1);
}

#[tokio::test]
async fn no_permission_is_named() {
    let (server, _, session) = start().await;
    let answer = ResponseTemplate::new(403)
        .insert_header("x-accepted-github-permissions", "pull_requests=write")
        .set_body_json(json!({"message": "Resource not accessible by integration"}));
    Mock::given(method("POST")).and(path(REVIEWS)).respond_with(answer).expect(1).mount(&server).await;
    let published = session.publish(&plan(1), None).await.unwrap();
    let Published::NotPermitted { permission, .. } = published else { panic!("{published:?}") };
    assert_eq!(permission, "pull-requests: write");
}

/// Reviews as GitHub takes them: refused whole for one bad comment, PENDING without an event.
#[derive(Default)]
struct Reviews {
    bad: Vec<u64>,
    posted: Vec<Value>,
    pending: Vec<u64>,
    trials: u64,
    limit: Option<usize>,
}

async fn strict(server: &MockServer, reviews: Reviews) -> Arc<Mutex<Reviews>> {
    let state = Arc::new(Mutex::new(reviews));
    let posts = Arc::clone(&state);
    let answer = move |request: &Request| {
        let mut state = posts.lock().unwrap();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let refuse = |text: &str| {
            ResponseTemplate::new(422)
                .set_body_json(json!({"message": "Unprocessable Entity", "errors": [text]}))
        };
        if !state.pending.is_empty() {
            return refuse("User can only have one pending review per pull request");
        }
        let comments = body["comments"].as_array().unwrap();
        if comments.iter().any(|c| state.bad.contains(&c["line"].as_u64().unwrap()))
            || state.limit.is_some_and(|limit| comments.len() > limit)
        {
            return refuse("Pull request review thread line must be part of the diff");
        }
        if body.get("event").is_none() {
            state.trials += 1;
            let id = 100 + state.trials;
            state.pending.push(id);
            return created(id);
        }
        state.posted.push(body);
        created(1)
    };
    Mock::given(method("POST")).and(path(REVIEWS)).respond_with(answer).mount(server).await;
    let deletes = Arc::clone(&state);
    let delete = move |request: &Request| {
        let id: u64 = request.url.path().rsplit('/').next().unwrap().parse().unwrap();
        deletes.lock().unwrap().pending.retain(|p| *p != id);
        ResponseTemplate::new(200).set_body_json(json!({}))
    };
    Mock::given(method("DELETE")).and(path_regex(r"/reviews/\d+$")).respond_with(delete).mount(server).await;
    state
}

#[tokio::test]
async fn bad_comments_are_found_by_halving_and_kept_in_the_body() {
    for bad in [vec![17], vec![1, 30], vec![8, 9, 10]] {
        let (server, _, session) = start().await;
        let state = strict(&server, Reviews { bad: bad.clone(), ..Reviews::default() }).await;
        let receipt = done(session.publish(&plan(30), None).await.unwrap());
        let state = state.lock().unwrap();
        assert!(state.pending.is_empty());
        assert_eq!(state.posted.len(), 1, "one review, one notification");
        assert_eq!(receipt.comments, 30 - bad.len());
        let rejected: Vec<u64> = receipt.rejected.iter().map(|c| u64::from(c.line)).collect();
        assert_eq!(rejected, bad);
        let body = state.posted[0]["body"].as_str().unwrap();
        assert!(bad.iter().all(|line| body.contains(&format!("Line {line}."))), "{body}");
        assert!(tidewaiter::review::read_marker(body).is_some(), "{body}");
        let sent: Vec<u64> = state.posted[0]["comments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["line"].as_u64().unwrap())
            .collect();
        assert!(sent.is_sorted(), "{sent:?}");
    }
}

#[tokio::test]
async fn when_no_single_comment_is_bad_everything_goes_to_the_body() {
    let (server, _, session) = start().await;
    let state = strict(&server, Reviews { limit: Some(0), ..Reviews::default() }).await;
    let receipt = done(session.publish(&plan(5), None).await.unwrap());
    assert_eq!((receipt.comments, receipt.rejected.len()), (0, 5));
    let body = state.lock().unwrap().posted[0]["body"].as_str().unwrap().to_owned();
    assert!((1..=5).all(|line| body.contains(&format!("Line {line}."))), "{body}");
}

#[tokio::test]
async fn a_stale_pending_review_is_removed() {
    let (server, _, session) = start().await;
    let state = strict(&server, Reviews { pending: vec![77], ..Reviews::default() }).await;
    let review = |id: &str, own: bool| json!({"fullDatabaseId": id, "body": "", "state": "PENDING", "url": "", "viewerDidAuthor": own, "commit": null});
    let pull = Pull { reviews: vec![review("76", false), review("77", true)], ..Pull::default() };
    Mock::given(method("GET"))
        .and(path(format!("{REVIEWS}/77/comments")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([{"body": comment(1).body}])))
        .mount(&server)
        .await;
    graphql(&server, &pull.shared()).await;
    done(session.publish(&plan(1), None).await.unwrap());
    assert_eq!(state.lock().unwrap().posted.len(), 1);
    let deleted: Vec<String> = log(&server).await.into_iter().filter(|r| r.starts_with("DELETE")).collect();
    assert_eq!(deleted, [format!("DELETE {REVIEWS}/77")]);
}

#[tokio::test]
async fn a_draft_of_a_person_is_not_deleted() {
    let (server, _, session) = start().await;
    strict(&server, Reviews { pending: vec![77], ..Reviews::default() }).await;
    let draft = json!({"fullDatabaseId": "77", "body": "", "state": "PENDING", "url": "", "viewerDidAuthor": true, "commit": null});
    graphql(&server, &Pull { reviews: vec![draft], ..Pull::default() }.shared()).await;
    Mock::given(method("GET"))
        .and(path(format!("{REVIEWS}/77/comments")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([{"body": "I wonder why."}])))
        .mount(&server)
        .await;
    let error = session.publish(&plan(1), None).await.unwrap_err();
    assert_eq!(error, GithubError::Draft);
    assert!(error.to_string().contains("Submit or discard it"), "{error}");
    assert!(!log(&server).await.iter().any(|request| request.starts_with("DELETE")));
}

#[tokio::test]
async fn a_422_for_a_moved_head_is_superseded() {
    let server = MockServer::start().await;
    let answers = [HEAD, OLD].map(|sha| json!({"head": {"sha": sha}}));
    let seen = Mutex::new(0);
    let answer = move |_: &Request| {
        let mut seen = seen.lock().unwrap();
        *seen += 1;
        ResponseTemplate::new(200).set_body_json(&answers[(*seen - 1).min(1)])
    };
    Mock::given(method("GET")).and(path(PULL)).respond_with(answer).mount(&server).await;
    let refusal = json!({"message": "Unprocessable Entity", "errors": ["The commitOID is not part of the pull request"]});
    Mock::given(method("POST"))
        .and(path(REVIEWS))
        .respond_with(ResponseTemplate::new(422).set_body_json(refusal))
        .expect(1)
        .mount(&server)
        .await;
    let clock = FakeClock::default();
    let published = session(&server, &clock).publish(&plan(3), None).await.unwrap();
    assert_eq!(published, Published::Superseded { head: OLD.to_owned() });
}

/// A POST that answers with a fault; the review is created all the same, or not, the first time.
async fn lost(server: &MockServer, pull: &Shared, fault: ResponseTemplate, creates: bool) {
    let state = Arc::clone(pull);
    let tries = Mutex::new(0);
    let answer = move |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        if *tries > 1 {
            return created(2);
        }
        if creates {
            state.lock().unwrap().reviews.push(json!({"fullDatabaseId": "1", "body": body["body"],
                "state": "COMMENTED", "url": "https://x/1", "viewerDidAuthor": true, "commit": {"oid": HEAD}}));
        }
        fault.clone()
    };
    Mock::given(method("POST")).and(path(REVIEWS)).respond_with(answer).mount(server).await;
    graphql(server, pull).await;
}

#[tokio::test]
async fn a_review_behind_a_fault_is_found_and_not_repeated() {
    let half = ResponseTemplate::new(200).set_body_raw("{\"id\": 1, \"html", "application/json");
    for fault in [ResponseTemplate::new(502), ResponseTemplate::new(500), half] {
        for creates in [true, false] {
            let (server, _, session) = start().await;
            let pull = Pull::default().shared();
            lost(&server, &pull, fault.clone(), creates).await;
            let receipt = done(session.publish(&plan(1), None).await.unwrap());
            let posts = log(&server).await.iter().filter(|r| **r == format!("POST {REVIEWS}")).count();
            let expected = if creates { (1, Some(1)) } else { (2, Some(2)) };
            assert_eq!((posts, receipt.review_id), expected);
        }
    }
}

#[tokio::test]
async fn a_review_that_never_gets_through_is_an_error() {
    let (server, clock, session) = start().await;
    graphql(&server, &Pull::default().shared()).await;
    Mock::given(method("POST"))
        .and(path(REVIEWS))
        .respond_with(ResponseTemplate::new(502))
        .expect(3)
        .mount(&server)
        .await;
    let error = session.publish(&plan(1), None).await.unwrap_err();
    assert!(matches!(error, GithubError::Status { status: 502, .. }), "{error}");
    assert_eq!(*clock.waits.borrow(), [2, 5, 2, 5, 2, 5]);
}

#[tokio::test]
async fn a_limit_on_writing_is_waited_for() {
    let quick = json!({"message": "Validation Failed", "errors": [{"resource": "PullRequestReview",
        "code": "custom", "field": "base", "message": "was submitted too quickly"}]});
    let blocked = json!({"message": "You have exceeded a secondary rate limit and have been temporarily blocked from content creation."});
    for (answer, wait) in [
        (ResponseTemplate::new(422).set_body_json(quick), 60),
        (ResponseTemplate::new(403).insert_header("retry-after", "9").set_body_json(blocked), 9),
    ] {
        let (server, clock, session) = start().await;
        Mock::given(method("POST"))
            .and(path(REVIEWS))
            .respond_with(answer)
            .up_to_n_times(1)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path(REVIEWS))
            .respond_with(created(1))
            .expect(1)
            .mount(&server)
            .await;
        done(session.publish(&plan(1), None).await.unwrap());
        assert_eq!(*clock.waits.borrow(), [wait]);
    }
}

/// A run that only brings earlier comments up to date: edits, answered so.
async fn updated(updates: Vec<Update>, answer: Value) -> (Result<Published, GithubError>, Vec<Value>) {
    let (server, _, session) = start().await;
    Mock::given(method("POST"))
        .and(path("/graphql"))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let published = session.publish(&Plan { review: None, updates, ..plan(0) }, None).await;
    let requests = server.received_requests().await.unwrap();
    let sent = requests.iter().filter(|r| r.url.path() == "/graphql");
    (published, sent.map(|r| serde_json::from_slice(&r.body).unwrap()).collect())
}

fn updates() -> Vec<Update> {
    vec![
        Update::Comment { id: "C1".to_owned(), body: "Fixed.".to_owned() },
        Update::Minimize { id: "C1".to_owned(), reason: Reason::Resolved },
        Update::Resolve { id: "T1".to_owned() },
    ]
}

#[tokio::test]
async fn earlier_comments_are_brought_up_to_date_in_one_request() {
    let (published, sent) = updated(updates(), json!({"data": {"m0": {}, "m1": {}, "m2": {}}})).await;
    let receipt = done(published.unwrap());
    assert_eq!((receipt.review_id, receipt.updated, receipt.notes), (None, 3, Vec::new()));
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["variables"]["i0"], json!({"pullRequestReviewCommentId": "C1", "body": "Fixed."}));
    assert_eq!(sent[0]["variables"]["i1"], json!({"subjectId": "C1", "classifier": "RESOLVED"}));
    assert!(!sent[0]["query"].as_str().unwrap().contains("C1"), "ids travel as variables");
}

#[tokio::test]
async fn a_refused_edit_keeps_no_other_from_being_made() {
    let errors = json!([
        {"type": "NOT_FOUND", "path": ["m0"], "message": "Could not resolve to a node"},
        {"type": "FORBIDDEN", "path": ["m2"], "message": "Resource not accessible by integration"},
    ]);
    let (published, _) =
        updated(updates(), json!({"data": {"m0": null, "m1": {}, "m2": null}, "errors": errors})).await;
    let receipt = done(published.unwrap());
    assert_eq!(receipt.updated, 1);
    assert!(
        matches!(&receipt.notes[..], [note] if note.contains("`contents: write`")),
        "{:?}",
        receipt.notes
    );
}

#[tokio::test]
async fn no_permission_to_edit_is_named() {
    let refused =
        |name: &str| json!({"type": "FORBIDDEN", "path": [name], "message": "Resource not accessible"});
    let answer = json!({"data": {"m0": null}, "errors": [refused("m0")]});
    let (published, _) = updated(updates()[..1].to_vec(), answer).await;
    let Published::NotPermitted { permission, .. } = published.unwrap() else { panic!() };
    assert_eq!(permission, "pull-requests: write");
}
