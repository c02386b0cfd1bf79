//! One commit on a branch, made and signed by GitHub.
//!
//! `createCommitOnBranch` says which head it expects: a branch that has moved is never written over, and a
//! commit whose answer got lost is never made twice. It cannot set file modes: changed files keep theirs, new
//! ones are plain files.

use super::branch::{self, Head, SETTLE};
use super::client::Client;
use super::environment::Repository;
use super::error::GithubError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8PathBuf;
use serde_json::{Value, json};

const DOING: &str = "commit to the branch";
/// How often a commit is tried whose answer got lost.
const MAX_TRIES: u32 = 3;

const MUTATION: &str = "
mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}
";

/// A commit to make.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    /// The branch's own name, without `refs/heads/`.
    pub branch: &'a str,
    /// The commit that it is made on top of: the branch's head.
    pub expected_head: &'a str,
    /// First line of the message.
    pub headline: &'a str,
    /// The rest of the message; may be empty.
    pub body: &'a str,
    /// Files with their new contents.
    pub additions: &'a [(Utf8PathBuf, Vec<u8>)],
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is on the branch.
    Done {
        /// Its id.
        commit: String,
        /// Where people see it; may be empty.
        url: String,
    },
    /// The branch has another head now; nothing was written.
    Moved {
        /// The head now; `None` where the branch is gone.
        head: Option<String>,
    },
    /// The token may not write.
    NotPermitted {
        /// What the job lacks, as a workflow writes it: `contents: write`.
        permission: String,
        /// GitHub's words.
        message: String,
    },
    /// GitHub refuses it for a rule of the repository, such as a protected branch.
    Refused {
        /// GitHub's words.
        message: String,
    },
}

/// Makes a commit; see [`super::Depot::commit_on_branch`].
pub(super) async fn commit_on_branch(
    client: &Client,
    repository: &Repository,
    commit: &NewCommit<'_>,
) -> Result<CommitOutcome, GithubError> {
    let additions: Vec<Value> = commit
        .additions
        .iter()
        .map(|(path, bytes)| json!({ "path": path, "contents": STANDARD.encode(bytes) }))
        .collect();
    let input = json!({ "input": {
        "branch": { "repositoryNameWithOwner": repository.to_string(), "branchName": commit.branch },
        "expectedHeadOid": commit.expected_head,
        "message": { "headline": commit.headline, "body": commit.body },
        "fileChanges": { "additions": additions },
    }});
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match client.mutation(DOING, MUTATION, &input).await {
            Ok(answer) => {
                let text = |name: &str| {
                    let path = format!("/createCommitOnBranch/commit/{name}");
                    answer.data.pointer(&path).and_then(Value::as_str).map(str::to_owned)
                };
                if let Some(oid) = text("oid") {
                    return Ok(CommitOutcome::Done { commit: oid, url: text("url").unwrap_or_default() });
                }
                GithubError::Decode { doing: DOING, message: "no commit".to_owned() }
            }
            Err(GithubError::Forbidden { message, permission, .. }) => {
                let permission = permission.unwrap_or_else(|| "contents: write".to_owned());
                return Ok(CommitOutcome::NotPermitted { permission, message });
            }
            Err(GithubError::Query { message, .. }) => return Ok(CommitOutcome::Refused { message }),
            Err(error) => error,
        };
        let lost = error.is_ambiguous();
        if !lost && !matches!(error, GithubError::Stale { .. }) {
            return Err(error);
        }
        if lost {
            client.pause(SETTLE * tries).await;
        }
        match branch::head(client, repository, commit.branch).await? {
            Some(head) if (lost || tries > 1) && is_ours(&head, commit) => {
                return Ok(CommitOutcome::Done { commit: head.commit, url: head.url });
            }
            // The expected head makes it safe to try again, even where the lost one arrives late.
            Some(head) if lost && head.commit == commit.expected_head => {
                if tries >= MAX_TRIES {
                    return Err(error);
                }
            }
            head => return Ok(CommitOutcome::Moved { head: head.map(|head| head.commit) }),
        }
    }
}

/// Whether a branch's head is the commit whose answer got lost.
fn is_ours(head: &Head, commit: &NewCommit<'_>) -> bool {
    let message = if commit.body.is_empty() {
        commit.headline.to_owned()
    } else {
        format!("{}\n\n{}", commit.headline, commit.body)
    };
    head.parents.len() == 1
        && head.parents.iter().any(|parent| parent == commit.expected_head)
        && head.message.trim() == message.trim()
}
