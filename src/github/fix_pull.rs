//! A pull request with fixes: one branch, one commit, kept up to date.
//!
//! The commit is built first (tree, commit) and the branch moved to it in one step: GitHub closes a pull request
//! whose branch is put back to its base, be it for a moment. A commit without an author of its own is signed by
//! GitHub for bots (GitHub's docs, "Signature verification for bots").
//!
//! A branch is written over only when nothing but our own commit is on it. The commit proves it: its message
//! names the id of its tree, so that any other content is somebody's work.

use super::branch::{self, HEAD, Head, SETTLE};
use super::client::{Call, Client};
use super::environment::Repository;
use super::error::{GithubError, excerpt};
use super::issue::Place;
use super::publish::MAX_BODY_CHARS;
use super::reference::is_reference;
use camino::Utf8PathBuf;
use fnv::FnvHasher;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::hash::Hasher as _;

const MARKER: &str = "<!-- tidewaiter:fixes";
/// Trailers of the commit's message.
const DIGEST: &str = "Tidewaiter-Fixes: ";
const TREE: &str = "Tidewaiter-Tree: ";
/// How often a pull request is made whose answer got lost.
const MAX_POSTS: u32 = 3;

const READ: &str = "look for the fix pull request";
const MAKE: &str = "make the fix pull request";

/// A file with its new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its path.
    pub path: Utf8PathBuf,
    /// Its whole new text.
    pub text: String,
    /// Whether it has the executable bit.
    pub executable: bool,
}

/// Fixes to propose.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// The branch that the pull request goes to, without `refs/heads/`.
    pub base: &'a str,
    /// The commit of it that was looked at.
    pub commit: &'a str,
    /// Object id of the folder at the root of that commit.
    pub root: &'a str,
    /// The branch to put the fixes on, without `refs/heads/`.
    pub branch: &'a str,
    /// Title of the pull request and first line of the commit's message.
    pub title: &'a str,
    /// Text of the pull request in Markdown, without a hidden marker.
    pub body: &'a str,
    /// The changed files; none where there is nothing to fix.
    pub files: &'a [NewFile],
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixPull {
    /// There is nothing to fix and no pull request about it.
    Nothing,
    /// It was made.
    Created(Place),
    /// Its branch or its text was changed.
    Updated(Place),
    /// It holds these fixes already.
    Unchanged(Place),
    /// There is nothing to fix any more: it was closed.
    Closed(Place),
    /// Somebody has closed it with these very fixes: they are not proposed again.
    Declined(Place),
    /// Somebody has pushed to the branch: it was left alone.
    Foreign {
        /// Where people see the branch.
        branch_url: String,
        /// Its pull request, where there is one.
        pull: Option<Place>,
    },
    /// The branch holds the fixes, but the repository's settings do not let a workflow make pull requests.
    BranchOnly {
        /// Where people make the pull request by hand.
        compare_url: String,
        /// GitHub's words.
        message: String,
    },
    /// The token may not write.
    NotPermitted {
        /// What the job lacks, as a workflow writes it.
        permission: String,
        /// GitHub's words.
        message: String,
    },
    /// GitHub refuses it for a rule of the repository.
    Refused {
        /// GitHub's words.
        message: String,
    },
}

/// What is there already.
struct Standing {
    url: String,
    head: Option<Head>,
    /// Pull requests from the branch, newest first.
    pulls: Vec<Pull>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    number: u64,
    url: String,
    title: String,
    body: String,
    state: String,
    viewer_did_author: bool,
    is_cross_repository: bool,
    base_ref_name: String,
}

impl Pull {
    fn place(&self) -> Place {
        Place { number: self.number, url: self.url.clone() }
    }

    fn is_own(&self) -> bool {
        self.viewer_did_author && self.body.contains(MARKER)
    }
}

#[derive(Deserialize)]
struct Made {
    sha: String,
}

#[derive(Deserialize)]
struct PullJson {
    number: u64,
    #[serde(default)]
    html_url: String,
}

#[derive(Serialize)]
struct TreeEntry<'a> {
    path: &'a str,
    mode: &'static str,
    r#type: &'static str,
    content: &'a str,
}

/// Proposes; see [`super::Depot::propose_fixes`].
pub(super) async fn propose(
    client: &Client,
    repository: &Repository,
    proposal: &Proposal<'_>,
) -> Result<FixPull, GithubError> {
    if !is_reference(proposal.branch) || proposal.branch == proposal.base {
        return Ok(FixPull::Refused {
            message: format!("{:?} cannot be the branch for the fixes", excerpt(proposal.branch)),
        });
    }
    match (Proposer { client, repository, proposal }).propose().await {
        Err(GithubError::Forbidden { doing, permission, message }) => {
            // What GitHub names first is not always what a step needs.
            let permission = match doing {
                MAKE | READ => "pull-requests: write".to_owned(),
                _ => permission
                    .filter(|p| p.contains("contents"))
                    .unwrap_or_else(|| "contents: write".to_owned()),
            };
            Ok(FixPull::NotPermitted { permission, message })
        }
        Err(GithubError::Validation { message, errors, .. }) => {
            Ok(FixPull::Refused { message: excerpt(&format!("{message} {}", errors.join("; "))) })
        }
        other => other,
    }
}

struct Proposer<'a> {
    client: &'a Client,
    repository: &'a Repository,
    proposal: &'a Proposal<'a>,
}

impl Proposer<'_> {
    fn route(&self, rest: &str) -> String {
        let Repository { owner, name } = self.repository;
        format!("/repos/{owner}/{name}{rest}")
    }

    async fn propose(&self) -> Result<FixPull, GithubError> {
        let standing = self.standing().await?;
        let open = standing.pulls.iter().find(|pull| pull.state == "OPEN");
        let foreign = standing.head.as_ref().is_some_and(|head| !is_own(head));
        if self.proposal.files.is_empty() {
            return match open {
                Some(pull) if pull.is_own() && !foreign => self.close(pull).await,
                Some(pull) if foreign => Ok(self.foreign(&standing, Some(pull))),
                _ => Ok(FixPull::Nothing),
            };
        }
        if foreign {
            return Ok(self.foreign(&standing, open));
        }
        let digest = self.digest();
        let marker = format!("{MARKER} digest={digest} -->");
        if open.is_none()
            && let Some(newest) =
                standing.pulls.iter().find(|pull| pull.is_own() && pull.base_ref_name == self.proposal.base)
            && newest.state == "CLOSED"
            && newest.body.contains(&marker)
        {
            return Ok(FixPull::Declined(newest.place()));
        }
        // The same fixes on a branch of the same base: a merge gives the same, so nobody is disturbed.
        let there = standing
            .head
            .as_ref()
            .is_some_and(|head| trailer(&head.message, DIGEST) == Some(digest.as_str()))
            && (open.is_some()
                || standing
                    .head
                    .as_ref()
                    .is_some_and(|h| h.parents.iter().any(|p| p == self.proposal.commit)));
        if !there {
            let commit = self.commit(&digest).await?;
            let Proposal { branch, .. } = self.proposal;
            match standing.head {
                Some(_) => branch::put(self.client, self.repository, branch, &commit).await?,
                None => branch::create(self.client, self.repository, branch, &commit).await?,
            }
        }
        let body = with_marker(self.proposal.body, &marker);
        match open {
            Some(pull) => self.edit(pull, &body, !there).await,
            None => self.create(&standing, &body).await,
        }
    }

    async fn standing(&self) -> Result<Standing, GithubError> {
        let query = format!(
            "query Standing($owner: String!, $name: String!, $branch: String!, $head: String!) {{\n  \
             repository(owner: $owner, name: $name) {{\n    url\n    ref(qualifiedName: $branch) {{ {HEAD} }}\n    \
             pullRequests(headRefName: $head, first: 50, orderBy: {{field: CREATED_AT, direction: DESC}}) {{\n      \
             nodes {{ number url title body state viewerDidAuthor isCrossRepository baseRefName }}\n    }}\n  }}\n}}\n"
        );
        let branch = self.proposal.branch;
        let variables = json!({
            "owner": self.repository.owner, "name": self.repository.name,
            "branch": format!("refs/heads/{branch}"), "head": branch,
        });
        let mut data = self.client.query(READ, &query, &variables).await?.data;
        let mut take = |path: &str| data.pointer_mut(path).map(Value::take).unwrap_or_default();
        let head = Head::read(take("/repository/ref"), READ)?;
        let decode =
            |e: serde_json::Error| GithubError::Decode { doing: READ, message: excerpt(&e.to_string()) };
        let pulls =
            Vec::<Option<Pull>>::deserialize(take("/repository/pullRequests/nodes")).map_err(decode)?;
        let mut pulls: Vec<Pull> =
            pulls.into_iter().flatten().filter(|pull| !pull.is_cross_repository).collect();
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        let url = take("/repository/url").as_str().unwrap_or_default().to_owned();
        Ok(Standing { url, head, pulls })
    }

    /// Names the contents of the fixes.
    fn digest(&self) -> String {
        let mut hasher = FnvHasher::default();
        hasher.write(self.proposal.base.as_bytes());
        for file in self.proposal.files {
            for text in [file.path.as_str(), &file.text] {
                hasher.write_u64(text.len() as u64);
                hasher.write(text.as_bytes());
            }
        }
        format!("{:016x}", hasher.finish())
    }

    /// Builds the commit. No branch points at it yet, so that a repetition does no harm.
    async fn commit(&self, digest: &str) -> Result<String, GithubError> {
        let entries: Vec<TreeEntry<'_>> = self
            .proposal
            .files
            .iter()
            .map(|file| TreeEntry {
                path: file.path.as_str(),
                mode: if file.executable { "100755" } else { "100644" },
                r#type: "blob",
                content: &file.text,
            })
            .collect();
        let tree =
            self.make("/git/trees", &json!({ "base_tree": self.proposal.root, "tree": entries })).await?;
        let message = format!("{}\n\n{DIGEST}{digest}\n{TREE}{tree}\n", self.proposal.title);
        let commit = json!({ "message": message, "tree": tree, "parents": [self.proposal.commit] });
        self.make("/git/commits", &commit).await
    }

    async fn make(&self, route: &str, body: &Value) -> Result<String, GithubError> {
        let route = self.route(route);
        let call = Call {
            doing: "make the commit with the fixes",
            method: Method::POST,
            route: &route,
            body: Some(body),
            repeatable: true,
        };
        Ok(self.client.json::<Made>(&call).await?.0.sha)
    }

    async fn edit(&self, pull: &Pull, body: &str, moved: bool) -> Result<FixPull, GithubError> {
        let place = pull.place();
        let same = pull.title == self.proposal.title
            && pull.body.replace("\r\n", "\n").trim_end() == body.trim_end();
        // Somebody has made it by hand from our branch: its words are theirs.
        if same || !pull.is_own() {
            return Ok(if moved { FixPull::Updated(place) } else { FixPull::Unchanged(place) });
        }
        self.patch(pull.number, &json!({ "title": self.proposal.title, "body": body })).await?;
        Ok(FixPull::Updated(place))
    }

    async fn patch(&self, number: u64, change: &Value) -> Result<(), GithubError> {
        let route = self.route(&format!("/pulls/{number}"));
        let call =
            Call { doing: MAKE, method: Method::PATCH, route: &route, body: Some(change), repeatable: true };
        self.client.done(&call).await
    }

    async fn create(&self, standing: &Standing, body: &str) -> Result<FixPull, GithubError> {
        let Proposal { base, branch, title, .. } = self.proposal;
        let route = self.route("/pulls");
        let pull = json!({ "title": title, "head": branch, "base": base, "body": body });
        let call =
            Call { doing: MAKE, method: Method::POST, route: &route, body: Some(&pull), repeatable: false };
        let mut posts = 0;
        loop {
            posts += 1;
            let error = match self.client.json::<PullJson>(&call).await {
                Ok((made, _)) => {
                    return Ok(FixPull::Created(Place { number: made.number, url: made.html_url }));
                }
                Err(error) => error,
            };
            match &error {
                GithubError::Forbidden { message, .. } if is_switched_off(message) => {
                    return Ok(FixPull::BranchOnly {
                        compare_url: format!(
                            "{}/compare/{}...{}?expand=1",
                            standing.url,
                            super::reference::encoded(base),
                            super::reference::encoded(branch)
                        ),
                        message: message.clone(),
                    });
                }
                GithubError::Validation { errors, .. }
                    if errors.iter().any(|e| e.contains("already exists")) => {}
                error if error.is_ambiguous() => self.client.pause(SETTLE * posts).await,
                _ => return Err(error),
            }
            // Not knowing whether it is there, it must not be made again.
            if let Some(pull) = self.standing().await?.pulls.iter().find(|pull| pull.state == "OPEN") {
                return Ok(FixPull::Created(pull.place()));
            }
            if posts >= MAX_POSTS {
                return Err(error);
            }
        }
    }

    /// Closes it. The text that says so takes the marker with the fixes away: should they be needed again, they are
    /// proposed again.
    async fn close(&self, pull: &Pull) -> Result<FixPull, GithubError> {
        let body = with_marker(self.proposal.body, &format!("{MARKER} digest=none -->"));
        self.patch(pull.number, &json!({ "state": "closed", "body": body })).await?;
        let route = self.route(&format!("/issues/{}/comments", pull.number));
        let comment = json!({ "body": format!(
            "Closed: commit {} of the base branch has nothing left that Tidewaiter would fix.", self.proposal.commit
        )});
        let call = Call {
            doing: "say why the fix pull request is closed",
            method: Method::POST,
            route: &route,
            body: Some(&comment),
            repeatable: false,
        };
        match self.client.done(&call).await {
            // It is closed, and its text says why: the comment is a courtesy.
            Ok(()) | Err(GithubError::Forbidden { .. }) => {}
            Err(error) if error.is_ambiguous() => {}
            Err(error) => return Err(error),
        }
        Ok(FixPull::Closed(pull.place()))
    }

    fn foreign(&self, standing: &Standing, pull: Option<&Pull>) -> FixPull {
        FixPull::Foreign {
            branch_url: format!(
                "{}/commits/{}",
                standing.url,
                super::reference::encoded(self.proposal.branch)
            ),
            pull: pull.map(Pull::place),
        }
    }
}

/// Whether a commit is one of ours, with the content that we gave it.
fn is_own(head: &Head) -> bool {
    head.parents.len() == 1
        && !head.root.is_empty()
        && trailer(&head.message, TREE) == Some(head.root.as_str())
}

/// The value of the last line that begins so.
fn trailer<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().rev().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// GitHub's words for the setting "Allow GitHub Actions to create and approve pull requests".
fn is_switched_off(message: &str) -> bool {
    message.to_ascii_lowercase().contains("not permitted to create")
}

fn with_marker(body: &str, marker: &str) -> String {
    let text = body.trim_end();
    let room = MAX_BODY_CHARS.saturating_sub(marker.chars().count() + 2);
    if text.chars().count() <= room {
        return format!("{text}\n\n{marker}");
    }
    let cut: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{cut}…\n\n{marker}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(message: &str, parents: usize) -> Head {
        Head {
            commit: "c".to_owned(),
            message: message.to_owned(),
            url: String::new(),
            root: "7777".to_owned(),
            parents: vec!["p".to_owned(); parents],
        }
    }

    #[test]
    fn a_commit_with_other_content_is_somebody_elses() {
        assert!(is_own(&head("Fix\n\nTidewaiter-Fixes: 1\nTidewaiter-Tree: 7777\n", 1)));
        // Amended, with the message kept: the tree is another one.
        assert!(!is_own(&head("Fix\n\nTidewaiter-Tree: 8888", 1)));
        assert!(!is_own(&head("Merge\n\nTidewaiter-Tree: 7777", 2)));
        assert!(!is_own(&head("More work", 1)));
    }

    #[test]
    fn texts_fit() {
        let text = with_marker(&"é".repeat(MAX_BODY_CHARS), "<!-- m -->");
        assert!((MAX_BODY_CHARS - 2..=MAX_BODY_CHARS).contains(&text.chars().count()));
        assert!(text.ends_with("…\n\n<!-- m -->"));
    }
}
