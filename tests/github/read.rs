//! Reading a pull request.

use crate::fake::{
    BASE, FILES, FakeClock, HEAD, OLD, Pull, START, blob, environment, file, files, graphql, log, session,
    session_at, target, tree,
};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use tidewaiter::github::{Client, Environment, GithubError, Session, Snapshot, Status, Target};
use tidewaiter::repository::{Kind, Lookup, Tree as _};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn is_dockerfile(path: &Utf8Path) -> bool {
    path.file_name() == Some("Dockerfile")
}

async fn read(session: &Session) -> Result<Snapshot, GithubError> {
    session.snapshot(is_dockerfile, |_| vec![".dockerignore".into(), "app/run.sh".into()]).await
}

/// A pull request that changes one Dockerfile.
fn simple() -> Pull {
    Pull::default()
        .with("Dockerfile", blob("FROM a\n"))
        .with("", tree(&[("Dockerfile", 0o100_644), ("app", 0o040_000)]))
        .with("app/run.sh", blob("#!/bin/sh\n"))
}

#[tokio::test]
async fn a_typical_pull_request_takes_two_requests() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    let pull = simple().shared();
    graphql(&server, &pull).await;
    let clock = FakeClock::default();
    let session = session(&server, &clock);
    let mut snapshot = read(&session).await.unwrap();
    assert_eq!(session.requests(), 2);
    assert_eq!(snapshot.dockerfiles().count(), 1);
    assert_eq!((snapshot.head_sha.as_str(), snapshot.base_sha.as_str()), (HEAD, BASE));
    assert_eq!(snapshot.head.read("Dockerfile".into()).found().as_deref(), Some("FROM a\n"));
    assert_eq!(snapshot.base.read("app/run.sh".into()).found().as_deref(), Some("#!/bin/sh\n"));
    assert_eq!(snapshot.head.read(".dockerignore".into()), Lookup::Absent);
    assert!(snapshot.notes.is_empty() && !snapshot.talk.reviewed(), "{:?}", snapshot.notes);
    assert_eq!(pull.lock().unwrap().asked[0]["base"], json!(format!("{HEAD}~1")));

    // A rule misses a file: one more request, and no second one for the same.
    assert_eq!(snapshot.head.read("app/start".into()), Lookup::Unknown);
    let wanted = snapshot.head.wanted();
    assert_eq!(wanted, [Utf8PathBuf::from("app/start")]);
    assert!(session.fetch(&mut snapshot, &wanted).await.unwrap());
    assert!(!session.fetch(&mut snapshot, &wanted).await.unwrap());
    assert_eq!(session.requests(), 3);
    assert_eq!(snapshot.head.read("app/start".into()), Lookup::Absent);
}

#[tokio::test]
async fn own_headers_are_sent() {
    let server = MockServer::start().await;
    Mock::given(path(FILES))
        .and(header("accept", "application/vnd.github+json"))
        .and(header("authorization", "Bearer t0ken"))
        .and(header("x-github-api-version", "2022-11-28"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
        .expect(1)
        .mount(&server)
        .await;
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    assert_eq!(snapshot.dockerfiles().count(), 0);
    let request = &server.received_requests().await.unwrap()[0];
    assert_eq!(request.headers["user-agent"], concat!("tidewaiter/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn all_pages_of_301_files_are_read() {
    let server = MockServer::start().await;
    let mut list: Vec<Value> = (0..300).map(|i| file(&format!("src/{i}.rs"), "added")).collect();
    list.push(file("Dockerfile", "modified"));
    files(&server, list).await;
    graphql(&server, &simple().shared()).await;
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    assert_eq!(snapshot.files.len(), 301);
    assert_eq!(snapshot.dockerfiles().count(), 1);
    assert_eq!(log(&server).await.iter().filter(|r| r.contains("files")).count(), 4);
}

#[tokio::test]
async fn sixty_dockerfiles_are_capped_and_nothing_is_silently_lost() {
    let server = MockServer::start().await;
    files(&server, (0..60).map(|i| file(&format!("d{i}/Dockerfile"), "modified")).collect()).await;
    let mut pull = Pull::default();
    for i in 0..60 {
        pull = pull
            .with(&format!("d{i}/Dockerfile"), blob("FROM a\n"))
            .with(&format!("d{i}"), tree(&[("Dockerfile", 0o100_644), ("b", 0o100_644)]))
            .with(&format!("d{i}/b"), blob("x"));
    }
    let pull = pull.shared();
    graphql(&server, &pull).await;
    let clock = FakeClock::default();
    let session = session(&server, &clock);
    let wanted = |dockerfiles: &[Utf8PathBuf]| -> Vec<Utf8PathBuf> {
        dockerfiles.iter().flat_map(|d| ["a", "b"].map(|name| d.with_file_name(name))).collect()
    };
    let mut snapshot = session.snapshot(is_dockerfile, wanted).await.unwrap();
    assert_eq!((snapshot.dockerfiles().count(), session.requests()), (50, 2));
    assert!(
        snapshot.notes.iter().any(|n| n.contains("60 Dockerfiles; the first 50")),
        "{:?}",
        snapshot.notes
    );
    // What did not fit into the first query is unknown, and can be fetched.
    assert_eq!(snapshot.head.read("d0/a".into()), Lookup::Absent);
    assert_eq!(snapshot.head.read("d49/b".into()), Lookup::Unknown);
    let more = snapshot.head.wanted();
    assert!(session.fetch(&mut snapshot, &more).await.unwrap());
    assert_eq!(snapshot.head.read("d49/b".into()).found().as_deref(), Some("x"));
    let largest = pull.lock().unwrap().asked.iter().map(|v| v.as_object().unwrap().len()).max().unwrap();
    assert!(largest <= 304, "{largest} variables");
}

#[tokio::test]
async fn files_that_github_does_not_list_are_noted() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    let pull = simple().shared();
    pull.lock().unwrap().changed_files = 5;
    graphql(&server, &pull).await;
    let clock = FakeClock::default();
    for target in [target(), Target::new("octo-org/shop".parse().unwrap(), 7)] {
        let snapshot = read(&session_at(&server.uri(), &clock, target)).await.unwrap();
        assert_eq!(snapshot.notes.len(), 1, "{:?}", snapshot.notes);
        assert!(snapshot.notes[0].contains("1 of 5 changed files"));
    }
}

#[tokio::test]
async fn without_a_dockerfile_nothing_else_is_read() {
    let server = MockServer::start().await;
    files(&server, vec![file("README.md", "modified")]).await;
    let clock = FakeClock::default();
    let session = session(&server, &clock);
    assert_eq!(read(&session).await.unwrap().dockerfiles().count(), 0);
    assert_eq!(session.requests(), 1);
}

#[tokio::test]
async fn a_missing_patch_is_asked_for_again_alone() {
    let server = MockServer::start().await;
    let page = json!([file("a", "added"),
        {"filename": "Dockerfile", "status": "modified", "changes": 2, "sha": OLD}]);
    Mock::given(path(FILES))
        .and(query_param("per_page", "100"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    Mock::given(path(FILES))
        .and(query_param("per_page", "1"))
        .and(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([file("Dockerfile", "modified")])))
        .expect(1)
        .mount(&server)
        .await;
    graphql(&server, &simple().shared()).await;
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    assert!(snapshot.dockerfiles().next().unwrap().patch.is_some());
}

#[tokio::test]
async fn renamed_new_and_deleted_dockerfiles() {
    let server = MockServer::start().await;
    let mut renamed = file("new/Dockerfile", "renamed");
    renamed["previous_filename"] = json!("old/Dockerfile");
    renamed["patch"] = Value::Null;
    renamed["changes"] = json!(0);
    let list = vec![renamed, file("a/Dockerfile", "added"), file("gone/Dockerfile", "removed")];
    files(&server, list).await;
    let mut pull = Pull::default();
    for (key, text) in [
        (format!("{HEAD}:new/Dockerfile"), "FROM new\n"),
        (format!("{HEAD}~1:old/Dockerfile"), "FROM old\n"),
        (format!("{HEAD}:a/Dockerfile"), "FROM a\n"),
        (format!("{HEAD}~1:gone/Dockerfile"), "FROM gone\n"),
    ] {
        pull.objects.insert(key, blob(text));
    }
    graphql(&server, &pull.shared()).await;
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    assert_eq!(snapshot.dockerfiles().count(), 3);
    assert_eq!(snapshot.base.read("old/Dockerfile".into()).found().as_deref(), Some("FROM old\n"));
    assert_eq!(snapshot.head.read("new/Dockerfile".into()).found().as_deref(), Some("FROM new\n"));
    assert_eq!(snapshot.base.read("gone/Dockerfile".into()).found().as_deref(), Some("FROM gone\n"));
    let gone = &snapshot.files[2];
    assert_eq!(
        (gone.status, gone.head_path(), gone.base_path()),
        (Status::Removed, None, Some(Utf8Path::new("gone/Dockerfile")))
    );
}

#[tokio::test]
async fn links_submodules_and_binaries_are_skipped_with_a_note() {
    let server = MockServer::start().await;
    let list = ["a/Dockerfile", "b/Dockerfile", "c/Dockerfile"].map(|n| file(n, "added")).to_vec();
    files(&server, list).await;
    let binary = json!({"__typename": "Blob", "oid": OLD, "byteSize": 3, "isBinary": true, "isTruncated": false,
        "text": null});
    let pull = Pull::default()
        .with("a/Dockerfile", blob("../x"))
        .with("a", tree(&[("Dockerfile", 0o120_000)]))
        .with("b", tree(&[("Dockerfile", 0o160_000)]))
        .with("c", tree(&[("Dockerfile", 0o100_755)]))
        .with("c/Dockerfile", binary);
    graphql(&server, &pull.shared()).await;
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    assert_eq!(snapshot.dockerfiles().count(), 0);
    assert_eq!(snapshot.head.entry("a/Dockerfile".into()).found().unwrap().kind, Kind::Symlink);
    assert_eq!(snapshot.head.entry("b/Dockerfile".into()).found().unwrap().kind, Kind::Submodule);
    assert_eq!(snapshot.head.entry("c/Dockerfile".into()).found().unwrap().kind, Kind::Executable);
    let notes = snapshot.notes.join("\n");
    for text in
        ["`a/Dockerfile` is a symbolic link", "`b/Dockerfile` is a submodule", "`c/Dockerfile` was not read"]
    {
        assert!(notes.contains(text), "{notes}");
    }
}

#[tokio::test]
async fn large_and_recoded_files_are_read_by_their_blob() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified"), file("x/Dockerfile", "modified")]).await;
    let mut large = blob("FROM a");
    large["isTruncated"] = json!(true);
    large["byteSize"] = json!(600_000);
    // Latin-1: GitHub recodes it, so its text has another length than the file.
    let mut latin = blob("# é\n");
    latin["oid"] = json!("7777777777777777777777777777777777777777");
    latin["byteSize"] = json!(4);
    let mut huge = blob("x");
    huge["byteSize"] = json!(5_000_000);
    let pull = Pull::default().with("Dockerfile", large).with("x/Dockerfile", latin).with("app/run.sh", huge);
    graphql(&server, &pull.shared()).await;
    for (oid, bytes) in [
        ("5555555555555555555555555555555555555555", &b"FROM all\n"[..]),
        ("7777777777777777777777777777777777777777", b"# \xe9\n"),
    ] {
        Mock::given(path(format!("/repos/octo-org/shop/git/blobs/{oid}")))
            .and(header("accept", "application/vnd.github.raw+json"))
            .respond_with(ResponseTemplate::new(200).set_body_bytes(bytes))
            .expect(1)
            .mount(&server)
            .await;
    }
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    assert_eq!(snapshot.head.read("Dockerfile".into()).found().as_deref(), Some("FROM all\n"));
    assert_eq!(snapshot.head.read("app/run.sh".into()), Lookup::Unknown);
    assert_eq!(snapshot.dockerfiles().count(), 1);
    let notes = snapshot.notes.join("\n");
    assert!(notes.contains("`x/Dockerfile` was not read: the file is not UTF-8"), "{notes}");
    assert!(notes.contains("`app/run.sh` was not read: it has 5000000 bytes"), "{notes}");
}

#[tokio::test]
async fn the_base_is_the_merge_base() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    let mut pull = simple();
    pull.parents = vec![OLD.to_owned()];
    pull.objects.insert(format!("{OLD}:Dockerfile"), blob("FROM merge-base\n"));
    let pull = pull.shared();
    graphql(&server, &pull).await;
    let clock = FakeClock::default();
    let session = session(&server, &clock);
    let snapshot = read(&session).await.unwrap();
    assert_eq!(snapshot.base_sha, OLD);
    assert_eq!(snapshot.base.read("Dockerfile".into()).found().as_deref(), Some("FROM merge-base\n"));
    assert_eq!(session.requests(), 3);
}

#[tokio::test]
async fn where_commits_do_not_show_the_merge_base_it_is_compared() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    let mut pull = simple();
    pull.parents = vec![OLD.to_owned(), "8888888888888888888888888888888888888888".to_owned()];
    graphql(&server, &pull.shared()).await;
    Mock::given(path(format!("/repos/octo-org/shop/compare/{BASE}...{HEAD}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"merge_base_commit": {"sha": OLD}})))
        .expect(1)
        .mount(&server)
        .await;
    let clock = FakeClock::default();
    assert_eq!(read(&session(&server, &clock)).await.unwrap().base_sha, OLD);
}

#[tokio::test]
async fn a_run_by_hand_reviews_the_head_of_the_moment() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    graphql(&server, &simple().shared()).await;
    let clock = FakeClock::default();
    let by_hand = Target::new("octo-org/shop".parse().unwrap(), 7);
    let session = session_at(&server.uri(), &clock, by_hand);
    let snapshot = read(&session).await.unwrap();
    assert_eq!((snapshot.head_sha.as_str(), session.requests()), (HEAD, 3));
}

#[tokio::test]
async fn a_head_that_has_moved_ends_the_run() {
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    let mut pull = simple();
    pull.head = OLD.to_owned();
    graphql(&server, &pull.shared()).await;
    let clock = FakeClock::default();
    let error = read(&session(&server, &clock)).await.unwrap_err();
    assert_eq!(error, GithubError::Superseded { analysed: HEAD.to_owned(), head: OLD.to_owned() });
}

#[tokio::test]
async fn only_own_threads_and_reviews_count() {
    let thread = |id: u64, own: bool, replies: &[bool]| {
        let mut all = vec![json!({"viewerDidAuthor": own})];
        all.extend(replies.iter().map(|own| json!({"viewerDidAuthor": own})));
        json!({"isResolved": false, "path": "Dockerfile",
            "first": {"nodes": [{"fullDatabaseId": id.to_string(), "body": "<!-- tidewaiter:v1 -->",
                "viewerDidAuthor": own, "isMinimized": false}]},
            "all": {"totalCount": all.len(), "nodes": all}})
    };
    let review = |own: bool, state: &str| {
        json!({"fullDatabaseId": "9", "body": "<!-- tidewaiter:v1 -->", "state": state, "url": "",
            "viewerDidAuthor": own, "commit": {"oid": HEAD}})
    };
    let server = MockServer::start().await;
    files(&server, vec![file("Dockerfile", "modified")]).await;
    let mut pull = simple();
    pull.threads =
        vec![thread(4_000_000_001, true, &[true]), thread(2, false, &[]), thread(3, true, &[false])];
    pull.reviews = vec![review(false, "COMMENTED"), review(true, "PENDING")];
    let pull = pull.shared();
    graphql(&server, &pull).await;
    let clock = FakeClock::default();
    let snapshot = read(&session(&server, &clock)).await.unwrap();
    let threads: Vec<(u64, bool)> = snapshot.talk.threads.iter().map(|t| (t.comment_id, t.replied)).collect();
    assert_eq!(threads, [(4_000_000_001, false), (3, true)]);
    assert!(!snapshot.talk.reviewed());
    pull.lock().unwrap().reviews.push(review(true, "COMMENTED"));
    assert!(read(&session(&server, &clock)).await.unwrap().talk.reviewed());
}

#[tokio::test]
async fn refusals_name_cause_and_remedy() {
    for (status, header, words) in [
        (401, None, "does not accept the token"),
        (403, Some("pull_requests=read"), "`pull-requests: read`"),
        (404, None, "Check repository and number"),
        (410, None, "answered 410"),
    ] {
        let server = MockServer::start().await;
        let mut answer =
            ResponseTemplate::new(status).set_body_json(json!({"message": "Bad\u{1b}[31m\nwords"}));
        if let Some(value) = header {
            answer = answer.insert_header("x-accepted-github-permissions", value);
        }
        Mock::given(path(FILES)).respond_with(answer).expect(1).mount(&server).await;
        let clock = FakeClock::default();
        let error = read(&session(&server, &clock)).await.unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("list the changed files"), "{error}");
        assert!(!error.contains(char::is_control), "{error:?}");
        assert!(clock.waits.borrow().is_empty());
    }
}

#[tokio::test]
async fn limits_are_waited_for_as_told() {
    let reset = (START + 30).to_string();
    for (status, headers, message, wait) in [
        (429, vec![("retry-after", "7")], "slow down", 7),
        (403, vec![("retry-after", "5")], "You have exceeded a secondary rate limit", 5),
        (
            403,
            vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)],
            "API rate limit exceeded",
            31,
        ),
        (403, vec![], "You have exceeded a secondary rate limit", 60),
    ] {
        let server = MockServer::start().await;
        let mut answer = ResponseTemplate::new(status).set_body_json(json!({"message": message}));
        for (name, value) in headers {
            answer = answer.insert_header(name, value);
        }
        Mock::given(path(FILES)).respond_with(answer).up_to_n_times(1).mount(&server).await;
        files(&server, vec![]).await;
        let clock = FakeClock::default();
        read(&session(&server, &clock)).await.unwrap();
        assert_eq!(*clock.waits.borrow(), [wait], "{status} {message}");
    }
}

#[tokio::test]
async fn no_run_waits_longer_than_its_budget() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(429).insert_header("retry-after", "50").set_body_json(json!({}));
    Mock::given(path(FILES)).respond_with(answer).mount(&server).await;
    let clock = FakeClock::default();
    let error = read(&session(&server, &clock)).await.unwrap_err();
    assert!(matches!(error, GithubError::RateLimited { .. }), "{error}");
    assert_eq!(*clock.waits.borrow(), [50, 50]);
}

#[tokio::test]
async fn faults_of_reads_are_tried_again_and_then_told() {
    let half = ResponseTemplate::new(200).set_body_raw("[{\"filename\": \"Docker", "application/json");
    let html = ResponseTemplate::new(502).set_body_raw("<html>Unicorn!</html>", "text/html");
    for answer in [half, html] {
        let server = MockServer::start().await;
        Mock::given(path(FILES)).respond_with(answer.clone()).up_to_n_times(2).mount(&server).await;
        files(&server, vec![]).await;
        let clock = FakeClock::default();
        read(&session(&server, &clock)).await.unwrap();
        assert_eq!(*clock.waits.borrow(), [1, 2]);

        let server = MockServer::start().await;
        Mock::given(path(FILES)).respond_with(answer).expect(4).mount(&server).await;
        let clock = FakeClock::default();
        let error = read(&session(&server, &clock)).await.unwrap_err();
        assert!(
            matches!(error, GithubError::Decode { .. } | GithubError::Status { status: 502, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_cut_connection_is_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let part = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[";
        let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]";
        for answer in ["", part, whole] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let clock = FakeClock::default();
    read(&session_at(&url, &clock, target())).await.unwrap();
    server.join().unwrap();
    assert_eq!(clock.waits.borrow().len(), 2);
}

#[tokio::test]
async fn nobody_there_is_told_with_the_cause() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let clock = FakeClock::default();
    let error = read(&session_at(&url, &clock, target())).await.unwrap_err().to_string();
    assert!(error.contains("refused") && error.contains("GITHUB_API_URL"), "{error}");
}

#[tokio::test]
async fn graphql_errors_are_sorted_by_their_type() {
    for (error, words) in [
        (
            json!({"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve"}),
            "Check repository",
        ),
        (
            json!({"type": "FORBIDDEN", "path": ["repository", "pullRequest"], "message": "no"}),
            "lacks a permission",
        ),
        (json!({"message": "Field 'x' doesn't exist"}), "refuses the query"),
    ] {
        let server = MockServer::start().await;
        files(&server, vec![file("Dockerfile", "modified")]).await;
        let answer = ResponseTemplate::new(200)
            .set_body_json(json!({"data": {"repository": null}, "errors": [error]}));
        Mock::given(method("POST")).and(path("/graphql")).respond_with(answer).expect(1).mount(&server).await;
        let clock = FakeClock::default();
        let error = read(&session(&server, &clock)).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn enterprise_servers_have_their_own_paths() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(format!("/api/v3{FILES}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([file("Dockerfile", "modified")])))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/api/graphql"))
        .respond_with(ResponseTemplate::new(401).set_body_json(json!({"message": "seen"})))
        .expect(1)
        .mount(&server)
        .await;
    let clock = FakeClock::default();
    let session = session_at(&format!("{}/api/v3", server.uri()), &clock, target());
    let error = read(&session).await.unwrap_err();
    assert!(matches!(error, GithubError::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn without_a_token_there_is_no_session() {
    let env = Environment::read(|_| None).unwrap();
    assert!(matches!(Session::connect(&env, target()), Err(GithubError::MissingToken)));
    assert!(Client::new(&environment("https://ghe.example/api/v3")).is_ok());
}

#[test]
fn without_a_runtime_there_is_no_panic() {
    let error = Client::new(&environment("https://ghe.example/api/v3")).err().unwrap().to_string();
    assert!(error.contains("runtime"), "{error}");
}
