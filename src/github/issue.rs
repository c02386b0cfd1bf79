//! One issue that says how the repository stands, kept up to date.
//!
//! It is found by a label, a hidden marker and its author: anybody can write a marker. A person who closes it has
//! read it: it is edited, but stays closed until there was nothing to say in between.

use super::branch::SETTLE;
use super::client::{Call, Client};
use super::environment::Repository;
use super::error::{GithubError, excerpt};
use super::publish::MAX_BODY_CHARS;
use fnv::FnvHasher;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::hash::Hasher as _;

/// The label of the issue.
const LABEL: &str = "tidewaiter";
const MARKER: &str = "<!-- tidewaiter:audit";
/// How often an issue is made whose answer got lost.
const MAX_POSTS: u32 = 3;

const LIST: &str = "look for the issue";

/// An issue to keep.
#[derive(Debug, Clone, Copy)]
pub struct IssueText<'a> {
    /// What it is about: one issue is kept for each; the branch.
    pub subject: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its text in Markdown, without a hidden marker.
    pub body: &'a str,
    /// Whether there is nothing to do: then it is closed, and none is made.
    pub clean: bool,
}

/// What became of the issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueOutcome {
    /// There is none, and nothing to say.
    Nothing,
    /// It was made.
    Created(Place),
    /// Its text was changed.
    Updated(Place),
    /// It says the same already.
    Unchanged(Place),
    /// There is nothing to do any more: it was closed.
    Closed(Place),
    /// There is something to do again: it was opened again.
    Reopened(Place),
    /// The token may not write.
    NotPermitted {
        /// What the job lacks, as a workflow writes it: `issues: write`.
        permission: String,
        /// GitHub's words.
        message: String,
    },
    /// The repository takes no issues.
    Refused {
        /// GitHub's words.
        message: String,
    },
}

/// An issue or a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub number: u64,
    /// Where people see it; may be empty.
    pub url: String,
}

#[derive(Debug, Clone, Deserialize)]
struct IssueJson {
    number: u64,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    title: String,
    body: Option<String>,
    #[serde(default)]
    state: String,
    user: Option<UserJson>,
    /// There for pull requests, which are listed too.
    pull_request: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct UserJson {
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

impl UserJson {
    /// Whether this is the account with that login. GraphQL may leave out the `[bot]` of a bot's login; only a bot
    /// can have it.
    fn is(&self, login: &str) -> bool {
        let bot = self.login.strip_suffix("[bot]").filter(|_| self.kind == "Bot");
        self.login.eq_ignore_ascii_case(login) || bot.is_some_and(|name| name.eq_ignore_ascii_case(login))
    }
}

impl IssueJson {
    fn place(self) -> Place {
        Place { number: self.number, url: self.html_url }
    }
}

/// Keeps an issue; see [`super::Depot::keep_issue`].
pub(super) async fn keep(
    client: &Client,
    repository: &Repository,
    text: &IssueText<'_>,
) -> Result<IssueOutcome, GithubError> {
    match (Keeper { client, repository, text }).keep().await {
        Err(GithubError::Forbidden { message, .. }) => {
            Ok(IssueOutcome::NotPermitted { permission: "issues: write".to_owned(), message })
        }
        Err(GithubError::Validation { message, errors, .. }) => {
            Ok(IssueOutcome::Refused { message: excerpt(&format!("{message} {}", errors.join("; "))) })
        }
        // 410: the repository has issues switched off.
        Err(GithubError::Status { status: 410, message, .. }) => Ok(IssueOutcome::Refused { message }),
        other => other,
    }
}

struct Keeper<'a> {
    client: &'a Client,
    repository: &'a Repository,
    text: &'a IssueText<'a>,
}

impl Keeper<'_> {
    fn route(&self, rest: &str) -> String {
        let Repository { owner, name } = self.repository;
        format!("/repos/{owner}/{name}/issues{rest}")
    }

    /// The marker; the subject is a branch's name, so only its hash stands in it.
    fn key(&self) -> String {
        let mut hasher = FnvHasher::default();
        hasher.write(self.text.subject.as_bytes());
        format!("{MARKER} key={:016x}", hasher.finish())
    }

    fn body(&self) -> String {
        let state = if self.text.clean { "clean" } else { "open" };
        let marker = format!("\n\n{} state={state} -->\n", self.key());
        let text = self.text.body.trim_end();
        let room = MAX_BODY_CHARS.saturating_sub(marker.chars().count());
        if text.chars().count() <= room {
            return format!("{text}{marker}");
        }
        let cut: String = text.chars().take(room.saturating_sub(1)).collect();
        format!("{cut}…{marker}")
    }

    async fn keep(&self) -> Result<IssueOutcome, GithubError> {
        let body = self.body();
        let Some(issue) = self.find().await? else {
            if self.text.clean {
                return Ok(IssueOutcome::Nothing);
            }
            return self.create(&body).await;
        };
        let old = issue.body.clone().unwrap_or_default().replace("\r\n", "\n");
        let closed = issue.state == "closed";
        let closed_by_us = old.contains(&format!("{} state=clean", self.key()));
        let mut change = Map::new();
        if old.trim_end() != body.trim_end() {
            change.insert("body".to_owned(), json!(body));
        }
        if issue.title != self.text.title && !self.text.clean {
            change.insert("title".to_owned(), json!(self.text.title));
        }
        let close = self.text.clean && !closed;
        let reopen = !self.text.clean && closed && closed_by_us;
        if close {
            change.insert("state".to_owned(), json!("closed"));
            change.insert("state_reason".to_owned(), json!("completed"));
        } else if reopen {
            change.insert("state".to_owned(), json!("open"));
        }
        if change.is_empty() {
            return Ok(IssueOutcome::Unchanged(issue.place()));
        }
        let (route, change) = (self.route(&format!("/{}", issue.number)), Value::Object(change));
        let call = Call {
            doing: "edit the issue",
            method: Method::PATCH,
            route: &route,
            body: Some(&change),
            repeatable: true,
        };
        self.client.done(&call).await?;
        let place = issue.place();
        Ok(if close {
            IssueOutcome::Closed(place)
        } else if reopen {
            IssueOutcome::Reopened(place)
        } else {
            IssueOutcome::Updated(place)
        })
    }

    async fn create(&self, body: &str) -> Result<IssueOutcome, GithubError> {
        let route = self.route("");
        let issue = json!({ "title": self.text.title, "body": body, "labels": [LABEL] });
        let call = Call {
            doing: "make the issue",
            method: Method::POST,
            route: &route,
            body: Some(&issue),
            repeatable: false,
        };
        let mut posts = 0;
        loop {
            posts += 1;
            match self.client.json::<IssueJson>(&call).await {
                Ok((issue, _)) => return Ok(IssueOutcome::Created(issue.place())),
                Err(error) if error.is_ambiguous() => {
                    self.client.pause(SETTLE * posts).await;
                    // Not knowing whether it is there, it must not be made again.
                    if let Some(issue) = self.find().await? {
                        return Ok(IssueOutcome::Created(issue.place()));
                    }
                    if posts >= MAX_POSTS {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The own issue about this subject: by its label, else among the newest ones, in case somebody took the label
    /// away. The oldest, should there be several.
    async fn find(&self) -> Result<Option<IssueJson>, GithubError> {
        let key = self.key();
        for filter in [&*format!("labels={LABEL}&"), ""] {
            let route = self.route(&format!("?{filter}state=all&per_page=100"));
            let (list, _): (Vec<IssueJson>, _) = self.client.get(LIST, &route).await?;
            let marked: Vec<IssueJson> = list
                .into_iter()
                .filter(|issue| {
                    issue.pull_request.is_none()
                        && issue.body.as_deref().is_some_and(|body| body.contains(&key))
                })
                .collect();
            if marked.is_empty() {
                continue;
            }
            let me = self.login().await?;
            let own = marked.into_iter().filter(|issue| issue.user.as_ref().is_some_and(|user| user.is(&me)));
            if let Some(found) = own.min_by_key(|issue| issue.number) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Who the token is. `GET /user` is not for a workflow's token.
    async fn login(&self) -> Result<String, GithubError> {
        let data = self.client.query(LIST, "query Me { viewer { login } }", &json!({})).await?.data;
        data.pointer("/viewer/login")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| GithubError::Decode { doing: LIST, message: "no `viewer.login`".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bot_is_the_bot() {
        let user = |login: &str, kind: &str| UserJson { login: login.to_owned(), kind: kind.to_owned() };
        assert!(user("github-actions[bot]", "Bot").is("github-actions[bot]"));
        assert!(user("github-actions[bot]", "Bot").is("github-actions"));
        assert!(!user("github-actions", "User").is("github-actions[bot]"));
        assert!(user("Mona", "User").is("mona"));
    }
}
