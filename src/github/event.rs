//! Which pull request a run is about.

use super::environment::{Environment, Repository, RepositoryError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The largest payload that is read, in bytes. GitHub's own limit is 25 MB.
const MAX_EVENT_BYTES: u64 = 32 * 1024 * 1024;

/// The inputs of a manual run that may hold the number.
const NUMBER_INPUTS: [&str; 5] =
    ["pull-request", "pr", "pr-number", "pull_request_number", "pull-request-number"];

/// The pull request to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Owner of the repository that the pull request goes to.
    pub owner: String,
    /// Its name.
    pub repo: String,
    /// Number of the pull request.
    pub number: u64,
    /// The head commit the event was about; `None` where the event names none: then the head of the moment
    /// is reviewed.
    pub head_sha: Option<String>,
    /// The base commit that the event names: the tip of the base branch then, not the merge base.
    pub base_sha: Option<String>,
    /// Number of commits that the event names.
    pub commits: Option<u32>,
    /// Number of changed files that the event names.
    pub changed_files: Option<u64>,
    /// Whether the head lies in another repository, as far as the event says. A deleted fork counts.
    pub fork: bool,
    /// The event's name; empty when there was none (`--repo`, `--pr`).
    pub event: String,
    /// Whether the event says that the pull request has just been opened: nothing was said on it before.
    pub opened: bool,
    /// The comment that the event is about.
    pub comment: Option<Said>,
}

/// A comment of a person, in the conversation or in a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its id.
    pub id: u64,
    /// What it says: untrusted.
    pub body: String,
    /// Login of its author.
    pub login: String,
    /// GitHub's word for what the author is to the repository, such as `MEMBER`.
    pub association: String,
    /// In a thread: the id of the thread's first comment, which may be this one.
    pub thread: Option<u64>,
    /// Whether the event says that it is new; else it was edited or deleted.
    pub created: bool,
}

/// Why a run has no pull request.
#[derive(Debug, Error)]
pub enum EventError {
    /// The runner's variables are missing.
    #[error(
        "{0} is not set: this is no workflow run; name the pull request with --repo OWNER/NAME --pr NUMBER"
    )]
    NotInWorkflow(&'static str),
    /// The payload cannot be read.
    #[error("cannot read the event's payload {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The payload is too large.
    #[error("the event's payload {} has {size} bytes, more than the {MAX_EVENT_BYTES} that are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// The payload is not JSON.
    #[error("the event's payload {} is not valid JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A field is missing or has another type.
    #[error("the event's payload {} has no {field} ({event} events have one); is GITHUB_EVENT_NAME right?", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The event.
        event: String,
        /// The field, with its type.
        field: &'static str,
    },
    /// The event is not about a pull request.
    #[error("no pull request here: {reason}. {remedy}")]
    NoPullRequest {
        /// The event.
        event: String,
        /// What was looked at.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// An input that is not a number.
    #[error("the input {input:?} is {value:?}, not the number of a pull request")]
    Number {
        /// The input.
        input: &'static str,
        /// Its value.
        value: String,
    },
    /// A comment by a bot: reviews answer people, or two bots would talk for ever.
    #[error("the comment was written by a bot ({sender}): nothing to do")]
    Bot {
        /// Its login.
        sender: String,
    },
    /// The repository's name is not one.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

const BY_HAND: &str = "Run Tidewaiter on `pull_request`, or by `workflow_dispatch` with the number in the input \
                       `pull-request`";
const BY_PUBLISHING: &str = "After a run on `pull_request` that wrote a plan file, give that file as `publish` \
                             (`--publish FILE`); else run Tidewaiter on `pull_request`, or by `workflow_dispatch` with \
                             the number in the input `pull-request`";

impl Target {
    /// A pull request named by hand.
    pub fn new(repository: Repository, number: u64) -> Self {
        Self {
            owner: repository.owner,
            repo: repository.name,
            number,
            head_sha: None,
            base_sha: None,
            commits: None,
            changed_files: None,
            fork: false,
            event: String::new(),
            opened: false,
            comment: None,
        }
    }

    /// Finds the pull request of a workflow run.
    ///
    /// # Errors
    /// See [`EventError`]; [`EventError::NoPullRequest`] and [`EventError::Bot`] are not faults.
    pub fn from_environment(env: &Environment) -> Result<Self, EventError> {
        let (event, path, payload) = read(env)?;
        Self::from_payload(event, &payload, path, env.repository.as_ref())
    }

    /// Finds the pull request in an event's payload. `path` is named in messages; `repository` is the run's,
    /// by default the payload's.
    ///
    /// # Errors
    /// See [`EventError`].
    pub fn from_payload(
        event: &str,
        payload: &[u8],
        path: &Path,
        repository: Option<&Repository>,
    ) -> Result<Self, EventError> {
        let payload: Value = serde_json::from_slice(payload)
            .map_err(|source| EventError::Json { path: path.to_owned(), source })?;
        let missing = |field| EventError::Missing { path: path.to_owned(), event: event.to_owned(), field };
        let nothing =
            |reason: String, remedy| EventError::NoPullRequest { event: event.to_owned(), reason, remedy };
        let repository = match repository {
            Some(repository) => repository.clone(),
            None => text(&payload, "/repository/full_name")
                .ok_or_else(|| missing("`repository.full_name` (text)"))?
                .parse()?,
        };
        let number = |pointer| payload.pointer(pointer).and_then(Value::as_u64).filter(|n| *n > 0);
        let comment =
            matches!(event, "issue_comment" | "pull_request_review_comment" | "pull_request_review");
        if comment && text(&payload, "/sender/type") == Some("Bot") {
            let sender = text(&payload, "/sender/login").unwrap_or("unknown");
            return Err(EventError::Bot { sender: sender.chars().take(100).collect() });
        }
        let mut target = match event {
            "pull_request"
            | "pull_request_target"
            | "pull_request_review"
            | "pull_request_review_comment" => {
                if payload.get("pull_request").is_none_or(|p| !p.is_object()) {
                    return Err(missing("`pull_request` (object)"));
                }
                let number = number("/pull_request/number")
                    .ok_or_else(|| missing("`pull_request.number` (number)"))?;
                let head = sha(&payload, "/pull_request/head/sha")
                    .ok_or_else(|| missing("`pull_request.head.sha` (commit)"))?;
                let base = sha(&payload, "/pull_request/base/sha")
                    .ok_or_else(|| missing("`pull_request.base.sha` (commit)"))?;
                let id = |side: &str| {
                    payload.pointer(&format!("/pull_request/{side}/repo/id")).and_then(Value::as_u64)
                };
                Self {
                    head_sha: Some(head),
                    base_sha: Some(base),
                    changed_files: payload.pointer("/pull_request/changed_files").and_then(Value::as_u64),
                    commits: payload
                        .pointer("/pull_request/commits")
                        .and_then(Value::as_u64)
                        .and_then(|n| u32::try_from(n).ok()),
                    // `head.repo` is null when the fork was deleted.
                    fork: id("head") != id("base") || id("head").is_none(),
                    opened: text(&payload, "/action") == Some("opened"),
                    ..Self::new(repository, number)
                }
            }
            "issue_comment" => {
                if payload.pointer("/issue/pull_request").is_none_or(Value::is_null) {
                    return Err(nothing("the comment is on an issue".to_owned(), BY_HAND));
                }
                Self::new(
                    repository,
                    number("/issue/number").ok_or_else(|| missing("`issue.number` (number)"))?,
                )
            }
            "workflow_dispatch" | "repository_dispatch" => {
                Self::new(repository, number_of_inputs(event, &payload)?)
            }
            "workflow_run" => return Err(nothing(started_by(event), BY_PUBLISHING)),
            _ => return Err(nothing(started_by(event), BY_HAND)),
        };
        if matches!(event, "issue_comment" | "pull_request_review_comment") {
            target.comment = Some(said(event, &payload).map_err(missing)?);
        }
        event.clone_into(&mut target.event);
        Ok(target)
    }
}

/// The comment of an event, or the field that is missing.
fn said(event: &str, payload: &Value) -> Result<Said, &'static str> {
    let field = |pointer, name| text(payload, pointer).ok_or(name).map(str::to_owned);
    let id = |pointer| payload.pointer(pointer).and_then(Value::as_u64).filter(|n| *n > 0);
    let own = id("/comment/id").ok_or("`comment.id` (number)")?;
    let login = field("/comment/user/login", "`comment.user.login` (text)")?;
    Ok(Said {
        id: own,
        body: field("/comment/body", "`comment.body` (text)")?,
        login,
        association: text(payload, "/comment/author_association").unwrap_or_default().to_owned(),
        thread: (event == "pull_request_review_comment")
            .then(|| id("/comment/in_reply_to_id").unwrap_or(own)),
        created: text(payload, "/action") == Some("created"),
    })
}

/// The event's name, the payload's path and the payload.
pub(super) fn read(env: &Environment) -> Result<(&str, &Path, Vec<u8>), EventError> {
    let path = env.event_path.as_deref().ok_or(EventError::NotInWorkflow("GITHUB_EVENT_PATH"))?;
    let event = env.event_name.as_deref().ok_or(EventError::NotInWorkflow("GITHUB_EVENT_NAME"))?;
    let read = |source| EventError::Read { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(read)?.len();
    if size > MAX_EVENT_BYTES {
        return Err(EventError::TooLarge { path: path.to_owned(), size });
    }
    Ok((event, path, std::fs::read(path).map_err(read)?))
}

/// The reason why an event is of no use.
pub(super) fn started_by(event: &str) -> String {
    format!("the run was started by the event {:?}", event.chars().take(60).collect::<String>())
}

fn number_of_inputs(event: &str, payload: &Value) -> Result<u64, EventError> {
    let inputs = if event == "workflow_dispatch" { "/inputs" } else { "/client_payload" };
    for input in NUMBER_INPUTS {
        let value = match payload.pointer(inputs).and_then(|i| i.get(input)) {
            Some(Value::String(text)) if !text.trim().is_empty() => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        let number = value.trim_start_matches('#').parse().ok().filter(|n| *n > 0);
        let value = value.chars().take(60).collect();
        return number.ok_or(EventError::Number { input, value });
    }
    Err(EventError::NoPullRequest {
        event: event.to_owned(),
        reason: "the run was started by hand without a number".to_owned(),
        remedy: "Give the number in the input `pull-request`; `tidewaiter audit` looks at a whole repository",
    })
}

pub(super) fn text<'a>(payload: &'a Value, pointer: &str) -> Option<&'a str> {
    payload.pointer(pointer).and_then(Value::as_str)
}

/// A commit's id: it goes into URLs and revision expressions.
pub(super) fn sha(payload: &Value, pointer: &str) -> Option<String> {
    text(payload, pointer).filter(|s| is_sha(s)).map(str::to_ascii_lowercase)
}

/// Whether a text is a full commit id (SHA-1 or SHA-256).
pub(super) fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEAD: &str = "1111111111111111111111111111111111111111";
    const BASE: &str = "2222222222222222222222222222222222222222";

    fn parse(event: &str, payload: &Value) -> Result<Target, EventError> {
        Target::from_payload(event, payload.to_string().as_bytes(), Path::new("event.json"), None)
    }

    fn pull() -> Value {
        json!({
            "repository": {"full_name": "octo-org/shop"},
            "pull_request": {"number": 7, "commits": 2,
                "head": {"sha": HEAD, "repo": {"id": 1}}, "base": {"sha": BASE, "repo": {"id": 1}}},
        })
    }

    #[test]
    fn reads_pull_requests() {
        for event in ["pull_request", "pull_request_target"] {
            let target = parse(event, &pull()).unwrap();
            assert_eq!((target.owner.as_str(), target.repo.as_str(), target.number), ("octo-org", "shop", 7));
            assert_eq!(target.head_sha.as_deref(), Some(HEAD));
            assert_eq!((target.commits, target.fork, target.event.as_str()), (Some(2), false, event));
        }
    }

    #[test]
    fn a_deleted_fork_is_a_fork() {
        let mut payload = pull();
        payload["pull_request"]["head"]["repo"] = Value::Null;
        assert!(parse("pull_request", &payload).unwrap().fork);
        payload["pull_request"]["head"]["repo"] = json!({"id": 2});
        assert!(parse("pull_request", &payload).unwrap().fork);
    }

    #[test]
    fn comments_in_threads_name_the_thread() {
        let mut payload = pull();
        payload["action"] = json!("edited");
        payload["comment"] = json!({"id": 9, "body": "x", "user": {"login": "mona"}});
        let said = |payload: &Value| parse("pull_request_review_comment", payload).unwrap().comment.unwrap();
        assert_eq!((said(&payload).thread, said(&payload).created), (Some(9), false));
        payload["comment"]["in_reply_to_id"] = json!(4);
        assert_eq!(said(&payload).thread, Some(4));
        assert!(parse("pull_request", &pull()).unwrap().comment.is_none());
    }

    #[test]
    fn says_what_is_missing() {
        let mut payload = pull();
        payload["pull_request"]["head"]["sha"] = json!("main; rm -rf");
        let error = parse("pull_request", &payload).unwrap_err().to_string();
        assert!(error.contains("event.json") && error.contains("`pull_request.head.sha`"), "{error}");
        let error = parse("pull_request", &json!({"repository": {"full_name": "a/b"}})).unwrap_err();
        assert!(matches!(error, EventError::Missing { field: "`pull_request` (object)", .. }));
        let error = Target::from_payload("pull_request", b"{\"a\":", Path::new("e.json"), None).unwrap_err();
        assert!(error.to_string().contains("e.json is not valid JSON"), "{error}");
    }

    #[test]
    fn manual_runs_name_the_number() {
        let event = |inputs: Value| {
            parse("workflow_dispatch", &json!({"repository": {"full_name": "a/b"}, "inputs": inputs}))
        };
        assert_eq!(event(json!({"pr-number": " #12 "})).unwrap().number, 12);
        assert_eq!(event(json!({"pull-request": "", "pr": "3"})).unwrap().number, 3);
        assert!(matches!(event(json!({"pr": "x"})).unwrap_err(), EventError::Number { input: "pr", .. }));
        assert!(matches!(event(json!({"pr": "0"})).unwrap_err(), EventError::Number { .. }));
        assert!(matches!(event(Value::Null).unwrap_err(), EventError::NoPullRequest { .. }));
    }

    #[test]
    fn other_events_say_what_to_do() {
        for event in ["push", "schedule", "merge_group", "workflow_run"] {
            let error = parse(event, &json!({"repository": {"full_name": "a/b"}})).unwrap_err();
            assert!(matches!(error, EventError::NoPullRequest { .. }));
            assert!(error.to_string().contains("workflow_dispatch"), "{error}");
        }
    }

    #[test]
    fn comments_on_pull_requests_count_unless_a_bot_wrote_them() {
        let mut payload = json!({"repository": {"full_name": "a/b"}, "sender": {"type": "User", "login": "x"},
            "action": "created", "issue": {"number": 5, "pull_request": {"url": ""}},
            "comment": {"id": 9, "body": "x", "user": {"login": "mona"}, "author_association": "OWNER"}});
        assert_eq!(parse("issue_comment", &payload).unwrap().number, 5);
        let said = parse("issue_comment", &payload).unwrap().comment.unwrap();
        assert_eq!((said.id, said.login.as_str(), said.thread, said.created), (9, "mona", None, true));
        payload["comment"]["user"] = Value::Null;
        let error = parse("issue_comment", &payload).unwrap_err();
        assert!(matches!(error, EventError::Missing { field: "`comment.user.login` (text)", .. }));
        payload["sender"] = json!({"type": "Bot", "login": "github-actions[bot]"});
        assert!(matches!(parse("issue_comment", &payload).unwrap_err(), EventError::Bot { .. }));
        payload["sender"] = json!({"type": "User"});
        payload["issue"]["pull_request"] = Value::Null;
        assert!(matches!(parse("issue_comment", &payload).unwrap_err(), EventError::NoPullRequest { .. }));
    }
}
