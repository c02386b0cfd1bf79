//! HTTP with GitHub: one octocrab client, and rules of our own for what is repeated and how long is waited.
//!
//! Facts about limits: GitHub's docs, "Rate limits for the REST API" and "Best practices" (Retry-After where
//! present, else the reset time when nothing remains, else at least a minute, growing). octocrab's retry
//! stays off: it repeats POSTs at once, and GitHub is known to create a review and answer 502 all the same.

use super::clock::{Clock, FastClock, SystemClock};
use super::environment::Environment;
use super::error::{GithubError, excerpt};
use super::refusal::{error_text, is_limit, number, permission_of, retry_after, words};
use http::header::{ACCEPT, HeaderMap, USER_AGENT};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// Media type of JSON answers.
const JSON: &str = "application/vnd.github+json";
/// Media type of a file's bytes.
const RAW: &str = "application/vnd.github.raw+json";
/// Where a server points to when it knows no such call; else it is the page about the call.
const UNSERVED: &str = "https://docs.github.com/rest";
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// An answer that takes longer is slow: the rest of its time counts as waiting. No try gets less.
const SLOW: Duration = Duration::from_secs(10);

/// How patient a run is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a run waits in all: for limits, between tries, in tries that failed, and for what slow answers
    /// take beyond ten seconds. With it used up, nothing is tried again and no answer may be slow.
    pub budget: Duration,
    /// How often a request is sent at the most.
    pub tries: u32,
    /// How long one try may take.
    pub timeout: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { budget: Duration::from_secs(120), tries: 4, timeout: Duration::from_secs(60) }
    }
}

/// A connection to one GitHub server with one token.
pub struct Client {
    rest: Octocrab,
    graphql: Octocrab,
    graphql_route: String,
    clock: Box<dyn Clock>,
    patience: Patience,
    spent: Cell<Duration>,
    requests: Cell<u32>,
}

/// One request.
pub(super) struct Call<'a> {
    /// What it is for, as a verb phrase.
    pub(super) doing: &'static str,
    pub(super) method: Method,
    /// Path and query below the API's root, already percent-encoded.
    pub(super) route: &'a str,
    pub(super) body: Option<&'a Value>,
    /// Whether a repetition does no harm. Else it is repeated only when GitHub has said that it did nothing.
    pub(super) repeatable: bool,
}

/// A data answer of GraphQL.
pub(super) struct Data {
    /// The `data` object.
    pub(super) data: Value,
    /// Names on the paths of errors: their null means "not known", not "not there".
    pub(super) broken: BTreeSet<String>,
}

/// A mutation that GitHub did not carry out.
pub(super) struct Refused {
    /// Its name in the document.
    pub(super) alias: String,
    /// The kind of the error, such as `FORBIDDEN`.
    pub(super) kind: String,
    /// GitHub's words.
    pub(super) message: String,
}

struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// A failed try, and whether another one may help.
struct Failure {
    error: GithubError,
    again: Again,
}

enum Again {
    /// It will fail again.
    Never,
    /// It may pass.
    Soon,
    /// GitHub did nothing and asks to wait: so long, or as long as seems right.
    After(Option<Duration>),
}

impl From<GithubError> for Failure {
    fn from(error: GithubError) -> Self {
        let again = if error.is_ambiguous() { Again::Soon } else { Again::Never };
        Self { error, again }
    }
}

impl Client {
    /// Makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// Without a token, outside of a tokio runtime, or when the system's root certificates cannot be read.
    pub fn new(env: &Environment) -> Result<Self, GithubError> {
        let standard = Patience::default();
        let patience = Patience { budget: env.max_wait.unwrap_or(standard.budget), ..standard };
        let clock: Box<dyn Clock> = match env.faster {
            Some(times) => Box::new(FastClock::new(times)),
            None => Box::new(SystemClock),
        };
        Self::with(env, clock, patience)
    }

    /// The same with a clock and a patience of the caller.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with(env: &Environment, clock: Box<dyn Clock>, patience: Patience) -> Result<Self, GithubError> {
        // GraphQL has no child of the REST root on GitHub Enterprise Server, and octocrab joins every route
        // to its root: a second client has the endpoint's parent as root.
        let (parent, last) = env
            .graphql_url
            .rsplit_once('/')
            .ok_or_else(|| GithubError::Setup("GITHUB_GRAPHQL_URL has no path".to_owned()))?;
        let rest = build(env, &env.api_url)?;
        let graphql = if parent == env.api_url { rest.clone() } else { build(env, parent)? };
        Ok(Self {
            rest,
            graphql,
            graphql_route: format!("/{last}"),
            clock,
            patience,
            spent: Cell::new(Duration::ZERO),
            requests: Cell::new(0),
        })
    }

    /// Number of requests sent so far, failed ones included.
    pub const fn requests(&self) -> u32 {
        self.requests.get()
    }

    /// How long this run has waited so far, as [`Patience::budget`] counts it.
    pub const fn waited(&self) -> Duration {
        self.spent.get()
    }

    /// Whether there is time left for another try.
    pub(super) fn is_patient(&self) -> bool {
        !self.left().is_zero()
    }

    /// What is left of the time for waiting.
    pub(super) const fn left(&self) -> Duration {
        self.patience.budget.saturating_sub(self.spent.get())
    }

    /// The time of day, of the client's clock.
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Sends a request and reads its JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<(T, HeaderMap), GithubError> {
        self.repeat(call.doing, call.repeatable, async || {
            let answer = self.once(call, JSON).await?;
            Ok((decode(call.doing, &answer.body)?, answer.headers))
        })
        .await
    }

    /// Reads JSON.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        route: &str,
    ) -> Result<(T, HeaderMap), GithubError> {
        self.json(&Call { doing, method: Method::GET, route, body: None, repeatable: true }).await
    }

    /// Sends a request whose answer does not matter.
    pub(super) async fn done(&self, call: &Call<'_>) -> Result<(), GithubError> {
        self.repeat(call.doing, call.repeatable, async || self.once(call, JSON).await.map(|_| ())).await
    }

    /// Reads bytes.
    pub(super) async fn raw(&self, doing: &'static str, route: &str) -> Result<Vec<u8>, GithubError> {
        let call = Call { doing, method: Method::GET, route, body: None, repeatable: true };
        self.repeat(doing, true, async || Ok(self.once(&call, RAW).await?.body)).await
    }

    /// Asks a GraphQL query. Only for queries: it is repeated after failures.
    pub(super) async fn query(
        &self,
        doing: &'static str,
        query: &str,
        variables: &Value,
    ) -> Result<Data, GithubError> {
        self.query_times(doing, query, variables, u32::MAX).await
    }

    /// The same with so many tries at the most: a query that can also be asked in parts needs few.
    pub(super) async fn query_times(
        &self,
        doing: &'static str,
        query: &str,
        variables: &Value,
        tries: u32,
    ) -> Result<Data, GithubError> {
        self.ask(doing, Some(tries), query, variables).await
    }

    /// Sends a GraphQL mutation: once, and again only when GitHub has said that it did nothing.
    pub(super) async fn mutation(
        &self,
        doing: &'static str,
        mutation: &str,
        variables: &Value,
    ) -> Result<Data, GithubError> {
        self.ask(doing, None, mutation, variables).await
    }

    /// Sends a document; without a number of tries it must not be repeated.
    async fn ask(
        &self,
        doing: &'static str,
        tries: Option<u32>,
        document: &str,
        variables: &Value,
    ) -> Result<Data, GithubError> {
        let most = tries.unwrap_or(u32::MAX).min(self.patience.tries);
        let body = serde_json::json!({ "query": document, "variables": variables });
        self.repeat_times(doing, tries.is_some(), most, async || {
            let request = request(&self.graphql, Method::POST, &self.graphql_route, Some(&body), JSON)?;
            let answer = self.send(doing, &self.graphql, request).await?;
            self.envelope(doing, &answer)
        })
        .await
    }

    /// Carries out mutations that may be repeated without harm. Those that GitHub refuses are told by their
    /// names; the others were carried out.
    pub(super) async fn mutate(
        &self,
        doing: &'static str,
        document: &str,
        variables: &Value,
    ) -> Result<Vec<Refused>, GithubError> {
        let body = serde_json::json!({ "query": document, "variables": variables });
        self.repeat(doing, true, async || {
            let request = request(&self.graphql, Method::POST, &self.graphql_route, Some(&body), JSON)?;
            let answer = self.send(doing, &self.graphql, request).await?;
            self.mutated(doing, &answer)
        })
        .await
    }

    async fn once(&self, call: &Call<'_>, accept: &'static str) -> Result<Answer, Failure> {
        let request = request(&self.rest, call.method.clone(), call.route, call.body, accept)?;
        self.send(call.doing, &self.rest, request).await
    }

    /// Waits before a request that is repeated by the caller's own decision.
    pub(super) async fn pause(&self, time: Duration) {
        self.charge(time);
        self.clock.sleep(time).await;
    }

    fn charge(&self, time: Duration) {
        self.spent.set(self.spent.get().saturating_add(time));
    }

    async fn repeat<T>(
        &self,
        doing: &'static str,
        repeatable: bool,
        once: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, GithubError> {
        self.repeat_times(doing, repeatable, self.patience.tries, once).await
    }

    /// Tries so often at the most. A limit is always waited for: GitHub has done nothing then.
    async fn repeat_times<T>(
        &self,
        doing: &'static str,
        repeatable: bool,
        most: u32,
        once: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, GithubError> {
        let mut tries = 0_u32;
        loop {
            let begun = self.clock.now();
            let result = once().await;
            let took = self.clock.now().duration_since(begun).unwrap_or_default();
            let Failure { error, again } = match result {
                Ok(value) => {
                    self.charge(took.saturating_sub(SLOW));
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            self.charge(took);
            tries += 1;
            let doubled = |seconds: u64| Duration::from_secs(seconds << tries.min(5).saturating_sub(1));
            let (wait, limited) = match again {
                Again::Soon if repeatable => (doubled(1), false),
                Again::After(time) => (time.unwrap_or(doubled(60)).max(Duration::from_secs(1)), true),
                Again::Soon | Again::Never => return Err(error),
            };
            let most = if limited { self.patience.tries } else { most };
            let spent = self.spent.get();
            if tries < most && spent.saturating_add(wait) <= self.patience.budget {
                self.pause(wait).await;
                continue;
            }
            return Err(match error {
                GithubError::RateLimited { message, .. } => {
                    GithubError::RateLimited { doing, wait, spent, budget: self.patience.budget, message }
                }
                other => other,
            });
        }
    }

    async fn send(
        &self,
        doing: &'static str,
        client: &Octocrab,
        request: Request<octocrab::OctoBody>,
    ) -> Result<Answer, Failure> {
        self.requests.set(self.requests.get() + 1);
        let transport = |message: String| GithubError::Transport { doing, message: excerpt(&message) };
        let exchange = async {
            let response = client.execute(request).await.map_err(|e| transport(chain(&e)))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES)
                .collect()
                .await
                .map_err(|e| transport(chain(e.as_ref())))?
                .to_bytes();
            Ok::<_, GithubError>((parts, body))
        };
        let limit = self.patience.timeout.min(self.left().saturating_add(SLOW));
        let result = tokio::select! {
            biased;
            result = exchange => result,
            () = self.clock.deadline(limit) => Err(GithubError::Late { doing, seconds: limit.as_secs() }),
        };
        let (parts, body) = result?;
        if parts.status.is_success() {
            return Ok(Answer { headers: parts.headers, body: body.to_vec() });
        }
        Err(self.refusal(doing, parts.status, &parts.headers, &body))
    }

    /// Reads an answer that is no success.
    fn refusal(&self, doing: &'static str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
        let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let message = json
            .get("message")
            .and_then(Value::as_str)
            .map_or_else(|| words(&String::from_utf8_lossy(body.get(..4000).unwrap_or(body))), excerpt);
        let message = if message.is_empty() {
            status.canonical_reason().unwrap_or("no explanation").to_owned()
        } else {
            message
        };
        let errors: Vec<String> =
            json.get("errors").and_then(Value::as_array).into_iter().flatten().map(error_text).collect();
        if is_limit(status, headers, &message, &errors) {
            let wait = self.wait_of(headers);
            let error = GithubError::RateLimited {
                doing,
                wait: wait.unwrap_or_default(),
                spent: self.spent.get(),
                budget: self.patience.budget,
                message,
            };
            return Failure { error, again: Again::After(wait) };
        }
        let error = match status.as_u16() {
            401 => GithubError::Unauthorized { doing, message },
            403 => GithubError::Forbidden { doing, permission: permission_of(headers), message },
            404 => {
                let page = json.get("documentation_url").and_then(Value::as_str);
                GithubError::NotFound { doing, message, unserved: page == Some(UNSERVED) }
            }
            422 => GithubError::Validation { doing, message, errors },
            status => GithubError::Status { doing, status, message },
        };
        error.into()
    }

    /// How long GitHub asks to wait, if it says so.
    fn wait_of(&self, headers: &HeaderMap) -> Option<Duration> {
        if let Some(wait) = retry_after(headers, self.clock.now()) {
            return Some(wait);
        }
        if number(headers, "x-ratelimit-remaining") != Some(0) {
            return None;
        }
        let reset = SystemTime::UNIX_EPOCH + Duration::from_secs(number(headers, "x-ratelimit-reset")?);
        let left = reset.duration_since(self.clock.now()).unwrap_or_default();
        // Clocks differ a little.
        Some(left + Duration::from_secs(1))
    }

    /// Opens the answer to mutations. Errors that name one of them are this one's; any other is the whole
    /// request's.
    fn mutated(&self, doing: &'static str, answer: &Answer) -> Result<Vec<Refused>, Failure> {
        let body: Value = decode(doing, &answer.body)?;
        let errors = body.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut refused = Vec::new();
        for error in errors {
            let alias = error.get("path").and_then(|path| path.get(0)).and_then(Value::as_str);
            let kind = error.get("type").and_then(Value::as_str).unwrap_or_default();
            let (Some(alias), false) = (alias, kind == "RATE_LIMITED") else {
                return self.envelope(doing, answer).map(|_| Vec::new());
            };
            refused.push(Refused {
                alias: alias.to_owned(),
                kind: kind.to_owned(),
                message: excerpt(error.get("message").and_then(Value::as_str).unwrap_or("no message")),
            });
        }
        if !body.get("data").is_some_and(Value::is_object) {
            let message = "GraphQL answer without data".to_owned();
            return Err(GithubError::Decode { doing, message }.into());
        }
        Ok(refused)
    }

    /// Opens a GraphQL answer. octocrab's own reader loses the errors' types.
    fn envelope(&self, doing: &'static str, answer: &Answer) -> Result<Data, Failure> {
        let mut body: Value = decode(doing, &answer.body)?;
        let errors = match body.get_mut("errors").map(Value::take) {
            Some(Value::Array(errors)) => errors,
            _ => Vec::new(),
        };
        let data = body.get_mut("data").map(Value::take).unwrap_or_default();
        let mut broken = BTreeSet::new();
        let mut worst: Option<Failure> = None;
        for error in &errors {
            let kind = error.get("type").and_then(Value::as_str).unwrap_or_default();
            let message = excerpt(error.get("message").and_then(Value::as_str).unwrap_or("no message"));
            let path: Vec<&Value> =
                error.get("path").and_then(Value::as_array).into_iter().flatten().collect();
            let lower = message.to_ascii_lowercase();
            let failure: Failure = if kind == "RATE_LIMITED" || lower.contains("rate limit") {
                let wait = self.wait_of(&answer.headers);
                let error = GithubError::RateLimited {
                    doing,
                    wait: wait.unwrap_or_default(),
                    spent: self.spent.get(),
                    budget: self.patience.budget,
                    message,
                };
                Failure { error, again: Again::After(wait) }
            } else if kind == "FORBIDDEN" {
                GithubError::Forbidden { doing, permission: permission_of(&answer.headers), message }.into()
            } else if kind == "STALE_DATA" {
                GithubError::Stale { doing, message }.into()
            } else if kind == "NOT_FOUND" && path.len() < 3 {
                GithubError::NotFound { doing, message, unserved: false }.into()
            } else if lower.starts_with("something went wrong")
                || lower.contains("timed out")
                || lower.contains("timedout")
            {
                // GitHub's words for its own time limit and faults.
                GithubError::Status { doing, status: 502, message }.into()
            } else if path.get(1).is_some_and(|name| name.as_str() == Some("pullRequest")) && !data.is_null()
            {
                // With a part of the talk missing, something would be said twice: it must be whole.
                GithubError::Status { doing, status: 502, message }.into()
            } else {
                if path.len() > 1 && !data.is_null() {
                    // One field failed; the rest of the answer is good.
                    broken.extend(path.iter().filter_map(|p| p.as_str()).map(str::to_owned));
                    continue;
                }
                GithubError::Query { doing, message }.into()
            };
            worst.get_or_insert(failure);
        }
        match worst {
            Some(failure) => Err(failure),
            None if data.is_object() => Ok(Data { data, broken }),
            None => {
                Err(GithubError::Decode { doing, message: "GraphQL answer without data".to_owned() }.into())
            }
        }
    }
}

fn build(env: &Environment, root: &str) -> Result<Octocrab, GithubError> {
    let setup = |e: octocrab::Error| GithubError::Setup(excerpt(&chain(&e)));
    let token = env.token.clone().ok_or(GithubError::MissingToken)?;
    // octocrab puts its work on a task and panics where there is no runtime for it.
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(GithubError::Setup("it is opened outside of a tokio runtime".to_owned()));
    }
    Octocrab::builder()
        .base_uri(root)
        .map_err(setup)?
        .personal_token(token)
        .set_connect_timeout(Some(Duration::from_secs(15)))
        .set_read_timeout(Some(Duration::from_secs(60)))
        .set_write_timeout(Some(Duration::from_secs(60)))
        .build()
        .map_err(setup)
}

fn request(
    client: &Octocrab,
    method: Method,
    route: &str,
    body: Option<&Value>,
    accept: &'static str,
) -> Result<Request<octocrab::OctoBody>, GithubError> {
    // octocrab appends its own name to the headers of a request and cannot be talked out of it: ours is
    // first, and it is the first one that servers read.
    let agent = concat!("tidewaiter/", env!("CARGO_PKG_VERSION"));
    let builder =
        Request::builder().method(method).uri(route).header(ACCEPT, accept).header(USER_AGENT, agent);
    client.build_request(builder, body).map_err(|e| GithubError::Setup(excerpt(&chain(&e))))
}

fn decode<T: DeserializeOwned>(doing: &'static str, body: &[u8]) -> Result<T, GithubError> {
    serde_json::from_slice(body).map_err(|e| GithubError::Decode { doing, message: excerpt(&e.to_string()) })
}

/// An error with its causes; octocrab's own words ("Service Error") hide them.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !out.contains(&text) {
            out.push_str(": ");
            out.push_str(&text);
        }
        source = cause.source();
    }
    out
}
