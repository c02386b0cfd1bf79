//! The pull request that a finished run was for: the event `workflow_run`.
//!
//! GitHub names no pull request there when the run was for a fork (`workflow_run.pull_requests` is empty), and
//! a number that the finished run handed over was written by somebody who may write anything. So the pull
//! request is looked up from what GitHub itself says of the run: its head commit, repository and branch.

use super::client::Client;
use super::environment::{Environment, Repository};
use super::error::GithubError;
use super::event::{self, EventError, Target, is_sha, sha, text};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

const LOOK_UP: &str = "find the pull request of the finished run";

/// What GitHub says of the run that a `workflow_run` event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedRun {
    /// The repository that both runs belong to.
    pub repository: Repository,
    /// The head commit of the finished run.
    pub head_sha: String,
    /// Where that commit lies; `None` when the fork has been deleted.
    pub head_repository: Option<Repository>,
    /// Its branch there.
    pub head_branch: Option<String>,
}

/// The pull requests whose head a finished run was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The open pull requests with this very head, by number; at least one. Several, when a branch is to be
    /// merged into several others.
    Open(Vec<Target>),
    /// There is none any more; the reason, as a sentence.
    Gone(String),
}

#[derive(Deserialize)]
struct Listed {
    number: u64,
    state: String,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    /// `null` when it has been deleted.
    repo: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

impl Side {
    fn is_in(&self, repository: &Repository) -> bool {
        // GitHub keeps the case of names and ignores it.
        self.repo.as_ref().is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(&repository.to_string()))
    }
}

impl FinishedRun {
    /// Reads the event of a workflow run.
    ///
    /// # Errors
    /// When the event is another one, when the finished run was not for a pull request, or the payload cannot
    /// be read.
    pub fn from_environment(env: &Environment) -> Result<Self, EventError> {
        let (event, path, payload) = event::read(env)?;
        Self::from_payload(event, &payload, path, env.repository.as_ref())
    }

    /// The same from a payload. `path` is named in messages; `repository` is the run's, by default the
    /// payload's.
    ///
    /// # Errors
    /// As [`FinishedRun::from_environment`].
    pub fn from_payload(
        event: &str,
        payload: &[u8],
        path: &Path,
        repository: Option<&Repository>,
    ) -> Result<Self, EventError> {
        let nothing = |reason, remedy| EventError::NoPullRequest { event: event.to_owned(), reason, remedy };
        if event != "workflow_run" {
            return Err(nothing(
                event::started_by(event),
                "A plan is published by a run of the event `workflow_run`, after the run that wrote it; without \
                 `publish` the review is posted at once",
            ));
        }
        let payload: Value = serde_json::from_slice(payload)
            .map_err(|source| EventError::Json { path: path.to_owned(), source })?;
        let missing = |field| EventError::Missing { path: path.to_owned(), event: event.to_owned(), field };
        let of =
            text(&payload, "/workflow_run/event").ok_or_else(|| missing("`workflow_run.event` (text)"))?;
        // Of other events the head is no pull request's head: of `pull_request_target` it is the base.
        if of != "pull_request" {
            return Err(nothing(
                format!(
                    "the finished run was started by the event {:?}",
                    of.chars().take(60).collect::<String>()
                ),
                "Give the job `if: github.event.workflow_run.event == 'pull_request'`",
            ));
        }
        let repository = match repository {
            Some(repository) => repository.clone(),
            None => text(&payload, "/repository/full_name")
                .ok_or_else(|| missing("`repository.full_name` (text)"))?
                .parse()?,
        };
        Ok(Self {
            repository,
            head_sha: sha(&payload, "/workflow_run/head_sha")
                .ok_or_else(|| missing("`workflow_run.head_sha` (commit)"))?,
            head_repository: text(&payload, "/workflow_run/head_repository/full_name")
                .map(str::parse)
                .transpose()?,
            head_branch: text(&payload, "/workflow_run/head_branch").map(str::to_owned),
        })
    }

    /// Finds the open pull requests with this head. One request, two when the branch does not lead there.
    ///
    /// # Errors
    /// When GitHub cannot be asked.
    pub async fn find(&self, client: &Client) -> Result<Found, GithubError> {
        let Some(head_repository) = &self.head_repository else {
            return Ok(Found::Gone(
                "the repository of the finished run's commit has been deleted".to_owned(),
            ));
        };
        let Repository { owner, name } = &self.repository;
        let mut seen = Vec::new();
        if let Some(branch) = &self.head_branch {
            let head = format!("{}:{branch}", head_repository.owner);
            let head = utf8_percent_encode(&head, NON_ALPHANUMERIC);
            let route = format!("/repos/{owner}/{name}/pulls?state=open&head={head}&per_page=100");
            seen = client.get::<Vec<Listed>>(LOOK_UP, &route).await?.0;
            if let Some(found) = self.open(&seen, head_repository) {
                return Ok(found);
            }
        }
        // The branch may have been renamed since.
        let route = format!("/repos/{owner}/{name}/commits/{}/pulls?per_page=100", self.head_sha);
        match client.get::<Vec<Listed>>(LOOK_UP, &route).await {
            Ok((more, _)) => seen.extend(more),
            // "No commit found": nothing refers to it any more.
            Err(GithubError::Validation { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(self
            .open(&seen, head_repository)
            .unwrap_or_else(|| Found::Gone(self.gone(&seen, head_repository))))
    }

    /// Those that are open, of this repository, and have this very head. All of it is checked: what a query
    /// matches is not documented well enough to rest on.
    fn open(&self, seen: &[Listed], head_repository: &Repository) -> Option<Found> {
        let mut targets: Vec<Target> = seen
            .iter()
            .filter(|pull| {
                pull.state == "open"
                    && pull.number > 0
                    && pull.base.is_in(&self.repository)
                    && pull.head.is_in(head_repository)
                    && pull.head.sha.eq_ignore_ascii_case(&self.head_sha)
            })
            .map(|pull| Target {
                head_sha: Some(self.head_sha.clone()),
                base_sha: Some(pull.base.sha.clone()).filter(|base| is_sha(base)),
                // A guess that saves a request where it is right, as it mostly is, and costs none where not.
                commits: Some(1),
                fork: !pull.head.is_in(&self.repository),
                event: "workflow_run".to_owned(),
                ..Target::new(self.repository.clone(), pull.number)
            })
            .collect();
        targets.sort_by_key(|target| target.number);
        targets.dedup_by_key(|target| target.number);
        (!targets.is_empty()).then_some(Found::Open(targets))
    }

    fn gone(&self, seen: &[Listed], head_repository: &Repository) -> String {
        let ours = || seen.iter().filter(|p| p.base.is_in(&self.repository) && p.head.is_in(head_repository));
        if let Some(pull) = ours().find(|pull| pull.state == "open") {
            // What GitHub answers is shown only where it has the form of a commit.
            let head = if is_sha(&pull.head.sha) { pull.head.sha.as_str() } else { "another commit" };
            format!(
                "pull request #{} has moved on from {} to {head}: the run for that commit reviews it",
                pull.number, self.head_sha
            )
        } else if let Some(pull) = ours().find(|pull| pull.head.sha.eq_ignore_ascii_case(&self.head_sha)) {
            format!("pull request #{} is not open any more", pull.number)
        } else {
            format!(
                "no open pull request has {} of {head_repository} as its head: it was closed or has moved on",
                self.head_sha
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEAD: &str = "1111111111111111111111111111111111111111";

    fn payload() -> Value {
        json!({
            "repository": {"full_name": "octo-org/shop"},
            "workflow_run": {
                "event": "pull_request", "head_sha": HEAD, "head_branch": "a/b",
                "head_repository": {"full_name": "contributor/shop"}, "pull_requests": [],
            },
        })
    }

    fn read(event: &str, payload: &Value) -> Result<FinishedRun, EventError> {
        FinishedRun::from_payload(event, payload.to_string().as_bytes(), Path::new("event.json"), None)
    }

    #[test]
    fn reads_the_head_of_the_finished_run() {
        let run = read("workflow_run", &payload()).unwrap();
        assert_eq!(run.repository.to_string(), "octo-org/shop");
        assert_eq!(run.head_repository.unwrap().to_string(), "contributor/shop");
        assert_eq!((run.head_sha.as_str(), run.head_branch.as_deref()), (HEAD, Some("a/b")));
        let mut deleted = payload();
        deleted["workflow_run"]["head_repository"] = Value::Null;
        assert_eq!(read("workflow_run", &deleted).unwrap().head_repository, None);
    }

    #[test]
    fn other_runs_are_told_what_to_do() {
        let error = read("push", &payload()).unwrap_err().to_string();
        assert!(error.contains("\"push\"") && error.contains("`workflow_run`"), "{error}");
        let mut of_target = payload();
        of_target["workflow_run"]["event"] = json!("pull_request_target");
        let error = read("workflow_run", &of_target).unwrap_err().to_string();
        assert!(error.contains("\"pull_request_target\"") && error.contains("`if: "), "{error}");
        for field in ["event", "head_sha"] {
            let mut without = payload();
            without["workflow_run"][field] = json!(7);
            assert!(matches!(read("workflow_run", &without), Err(EventError::Missing { .. })), "{field}");
        }
        let mut evil = payload();
        evil["workflow_run"]["head_repository"]["full_name"] = json!("a/../../b");
        assert!(matches!(read("workflow_run", &evil), Err(EventError::Repository(_))));
    }

    fn pull(number: u64, state: &str, sha: &str, head: &str, base: &str) -> Listed {
        let side = |sha: &str, repo: &str| json!({"sha": sha, "repo": {"full_name": repo}});
        let base = side(&"2".repeat(40), base);
        serde_json::from_value(
            json!({"number": number, "state": state, "head": side(sha, head), "base": base}),
        )
        .unwrap()
    }

    #[test]
    fn every_part_must_fit() {
        let run = read("workflow_run", &payload()).unwrap();
        let fork = run.head_repository.clone().unwrap();
        let (ours, theirs) = ("Octo-Org/shop", "contributor/Shop");
        let other = "3".repeat(40);
        let numbers = |pulls: &[Listed]| match run.open(pulls, &fork) {
            Some(Found::Open(targets)) => targets.iter().map(|t| t.number).collect(),
            _ => Vec::new(),
        };
        let mut deleted = pull(6, "open", HEAD, theirs, ours);
        deleted.head.repo = None;
        let pulls = [
            pull(9, "open", HEAD, theirs, ours),
            pull(1, "closed", HEAD, theirs, ours),
            pull(2, "open", &other, theirs, ours),
            pull(3, "open", HEAD, "somebody/shop", ours),
            pull(4, "open", HEAD, theirs, "somebody/shop"),
            pull(5, "open", HEAD, theirs, ours),
            deleted,
        ];
        assert_eq!(numbers(&pulls), [5, 9]);
        assert_eq!(numbers(&pulls[1..5]), [0; 0]);
        assert!(run.gone(&pulls[2..5], &fork).contains("#2 has moved on"));
        assert!(run.gone(&pulls[1..2], &fork).contains("#1 is not open"));
        assert!(run.gone(&pulls[3..5], &fork).contains("no open pull request"));
        let Some(Found::Open(targets)) = run.open(&pulls, &fork) else { panic!("found") };
        assert!(targets[0].fork && targets[0].head_sha.as_deref() == Some(HEAD));
    }
}
