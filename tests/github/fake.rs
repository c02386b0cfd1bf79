//! A clock that does not wait and a pull request made of canned answers.

use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tidewaiter::github::{Client, Clock, Environment, Patience, Session, Target};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) const HEAD: &str = "1111111111111111111111111111111111111111";
pub(crate) const BASE: &str = "2222222222222222222222222222222222222222";
pub(crate) const OLD: &str = "3333333333333333333333333333333333333333";

/// Time stands still but for what was waited.
#[derive(Clone, Default)]
pub(crate) struct FakeClock {
    pub(crate) waits: Rc<RefCell<Vec<u64>>>,
}

pub(crate) const START: u64 = 1_800_000_000;

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        let waited: u64 = self.waits.borrow().iter().sum();
        SystemTime::UNIX_EPOCH + Duration::from_secs(START + waited)
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.waits.borrow_mut().push(time.as_secs());
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn environment(url: &str) -> Environment {
    Environment::read(|name| match name {
        "GITHUB_API_URL" => Some(url.to_owned()),
        "GITHUB_TOKEN" => Some("t0ken".to_owned()),
        _ => None,
    })
    .unwrap()
}

pub(crate) fn target() -> Target {
    let mut target = Target::new("octo-org/shop".parse().unwrap(), 7);
    target.head_sha = Some(HEAD.to_owned());
    target.base_sha = Some(BASE.to_owned());
    target.commits = Some(1);
    target.opened = true;
    target
}

pub(crate) fn session_at(url: &str, clock: &FakeClock, target: Target) -> Session {
    let patience = Patience { timeout: Duration::from_secs(5), ..Patience::default() };
    let client = Client::with(&environment(url), Box::new(clock.clone()), patience).unwrap();
    Session::new(client, target)
}

pub(crate) fn session(server: &MockServer, clock: &FakeClock) -> Session {
    session_at(&server.uri(), clock, target())
}

/// One changed file as the API lists it.
pub(crate) fn file(name: &str, status: &str) -> Value {
    json!({"filename": name, "status": status, "patch": "@@ -1 +1 @@\n-a\n+b", "changes": 2,
        "sha": "4444444444444444444444444444444444444444"})
}

pub(crate) fn blob(text: &str) -> Value {
    json!({"__typename": "Blob", "oid": "5555555555555555555555555555555555555555", "byteSize": text.len(),
        "isBinary": false, "isTruncated": false, "text": text})
}

pub(crate) fn tree(entries: &[(&str, u32)]) -> Value {
    let entries: Vec<Value> =
        entries.iter().map(|(name, mode)| json!({"name": name, "mode": mode, "size": 1})).collect();
    json!({"__typename": "Tree", "oid": "6666666666666666666666666666666666666666", "entries": entries})
}

/// What GraphQL knows.
pub(crate) struct Pull {
    pub(crate) head: String,
    /// Parents of the only commit.
    pub(crate) parents: Vec<String>,
    /// Commit of every base expression.
    pub(crate) base: String,
    /// By `SHA:path`, or `*:path` for every revision.
    pub(crate) objects: BTreeMap<String, Value>,
    pub(crate) changed_files: u64,
    pub(crate) threads: Vec<Value>,
    pub(crate) reviews: Vec<Value>,
    /// Variables of every query.
    pub(crate) asked: Vec<Value>,
}

impl Default for Pull {
    fn default() -> Self {
        Self {
            head: HEAD.to_owned(),
            parents: vec![BASE.to_owned()],
            base: BASE.to_owned(),
            objects: BTreeMap::new(),
            changed_files: 1,
            threads: Vec::new(),
            reviews: Vec::new(),
            asked: Vec::new(),
        }
    }
}

pub(crate) type Shared = Arc<Mutex<Pull>>;

impl Pull {
    pub(crate) fn with(mut self, path: &str, object: Value) -> Self {
        self.objects.insert(format!("*:{path}"), object);
        self
    }

    pub(crate) fn shared(self) -> Shared {
        Arc::new(Mutex::new(self))
    }

    fn answer(&mut self, body: &Value) -> Value {
        let query = body["query"].as_str().unwrap();
        let variables = body["variables"].as_object().unwrap();
        self.asked.push(body["variables"].clone());
        let mut pull = json!({"headRefOid": self.head});
        if query.contains("baseRefOid") {
            let parents: Vec<Value> = self.parents.iter().map(|p| json!({"oid": p})).collect();
            pull["baseRefOid"] = json!(BASE);
            pull["changedFiles"] = json!(self.changed_files);
            pull["isCrossRepository"] = json!(false);
            pull["commits"] = json!({"totalCount": 1,
                "nodes": [{"commit": {"oid": self.head, "parents": {"nodes": parents}}}]});
        }
        // One thread a page: the cursor is the number of the next.
        let after = variables.get("reviewThreads").and_then(Value::as_str).unwrap_or("0");
        let at: usize = after.parse().unwrap();
        pull["reviewThreads"] = json!({"nodes": self.threads.get(at).into_iter().collect::<Vec<_>>(),
            "pageInfo": {"hasNextPage": at + 1 < self.threads.len(), "endCursor": (at + 1).to_string()}});
        pull["reviews"] =
            json!({"nodes": self.reviews, "pageInfo": {"hasPreviousPage": false, "startCursor": null}});
        let mut repository = Map::new();
        repository.insert("pullRequest".to_owned(), pull);
        if variables.contains_key("base") {
            repository.insert("base".to_owned(), json!({"oid": self.base}));
        }
        for (name, value) in variables {
            let Some(number) = name.strip_prefix('e').filter(|n| n.parse::<u32>().is_ok()) else { continue };
            let expression = value.as_str().unwrap();
            let any = expression.split_once(':').map(|(_, path)| format!("*:{path}")).unwrap();
            let object = self.objects.get(expression).or_else(|| self.objects.get(&any)).cloned();
            repository.insert(format!("o{number}"), object.unwrap_or_default());
        }
        json!({"data": {"repository": repository}})
    }
}

pub(crate) async fn graphql(server: &MockServer, pull: &Shared) {
    let pull = Arc::clone(pull);
    let answer = move |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        ResponseTemplate::new(200).set_body_json(pull.lock().unwrap().answer(&body))
    };
    Mock::given(method("POST")).and(path("/graphql")).respond_with(answer).mount(server).await;
}

pub(crate) const FILES: &str = "/repos/octo-org/shop/pulls/7/files";

/// The list of files, paged as GitHub pages it.
pub(crate) async fn files(server: &MockServer, files: Vec<Value>) {
    let uri = server.uri();
    let answer = move |request: &Request| {
        let query: BTreeMap<String, usize> =
            request.url.query_pairs().filter_map(|(k, v)| Some((k.into_owned(), v.parse().ok()?))).collect();
        let (per, page) = (query["per_page"], query["page"]);
        let list: Vec<Value> = files.iter().skip(per * (page - 1)).take(per).cloned().collect();
        let mut answer = ResponseTemplate::new(200).set_body_json(list);
        if per * page < files.len() {
            let next = format!("<{uri}/repositories/1/pulls/7/files?page={}>; rel=\"next\"", page + 1);
            answer = answer.insert_header("link", format!("{next}, <{uri}/x?page=9>; rel=\"last\"").as_str());
        }
        answer
    };
    Mock::given(method("GET")).and(path(FILES)).respond_with(answer).mount(server).await;
}

/// Requests so far, as `METHOD path`.
pub(crate) async fn log(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|r| format!("{} {}", r.method, r.url.path())).collect()
}
