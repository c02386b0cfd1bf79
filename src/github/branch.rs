//! Branches: what they point at, and where they are put.

use super::client::{Call, Client};
use super::environment::Repository;
use super::error::{GithubError, excerpt};
use super::event::is_sha;
use super::reference::encoded;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const READ: &str = "read the branch";
/// How long a write whose answer got lost gets to become visible.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

/// The fields of a commit that [`Head`] is read from, in GraphQL.
pub(super) const HEAD: &str = "target { oid ... on Commit { message url tree { oid } parents(first: 2) { totalCount nodes { oid } } } }";

/// The commit that a branch points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) commit: String,
    pub(super) message: String,
    pub(super) url: String,
    /// Object id of its root folder.
    pub(super) root: String,
    /// Its parents, at most two.
    pub(super) parents: Vec<String>,
}

#[derive(Deserialize)]
struct RefJson {
    target: TargetJson,
}

#[derive(Deserialize)]
struct TargetJson {
    oid: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    url: String,
    tree: Option<Oid>,
    parents: Option<Parents>,
}

#[derive(Deserialize)]
struct Parents {
    nodes: Vec<Oid>,
}

#[derive(Deserialize)]
struct Oid {
    oid: String,
}

impl Head {
    /// Reads a GraphQL `Ref` with the fields of [`HEAD`]; `None` where the branch is not there.
    pub(super) fn read(value: Value, doing: &'static str) -> Result<Option<Self>, GithubError> {
        let decode = |message: &str| GithubError::Decode { doing, message: excerpt(message) };
        let Some(RefJson { target }) =
            Option::<RefJson>::deserialize(value).map_err(|error| decode(&error.to_string()))?
        else {
            return Ok(None);
        };
        if !is_sha(&target.oid) {
            return Err(decode("the branch's head is no commit"));
        }
        Ok(Some(Self {
            commit: target.oid,
            message: target.message,
            url: target.url,
            root: target.tree.map(|tree| tree.oid).unwrap_or_default(),
            parents: target.parents.into_iter().flat_map(|p| p.nodes).map(|p| p.oid).collect(),
        }))
    }
}

/// What a branch points at now; `None` where there is no such branch.
pub(super) async fn head(
    client: &Client,
    repository: &Repository,
    branch: &str,
) -> Result<Option<Head>, GithubError> {
    let query = format!(
        "query Head($owner: String!, $name: String!, $branch: String!) {{\n  repository(owner: $owner, name: $name) {{\n    \
         ref(qualifiedName: $branch) {{ {HEAD} }}\n  }}\n}}\n"
    );
    let variables = json!({
        "owner": repository.owner, "name": repository.name, "branch": format!("refs/heads/{branch}"),
    });
    let mut data = client.query(READ, &query, &variables).await?.data;
    Head::read(data.pointer_mut("/repository/ref").map(Value::take).unwrap_or_default(), READ)
}

/// Makes a branch that is not there, at a commit.
pub(super) async fn create(
    client: &Client,
    repository: &Repository,
    branch: &str,
    commit: &str,
) -> Result<(), GithubError> {
    let Repository { owner, name } = repository;
    let route = format!("/repos/{owner}/{name}/git/refs");
    let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit });
    let call = Call {
        doing: "make the branch",
        method: Method::POST,
        route: &route,
        body: Some(&body),
        repeatable: false,
    };
    match client.done(&call).await {
        // Perhaps it is there: to put it where it is does no harm.
        Err(error) if error.is_ambiguous() => {
            client.pause(SETTLE).await;
            match head(client, repository, branch).await? {
                Some(head) if head.commit == commit => Ok(()),
                Some(head) => Err(GithubError::Stale {
                    doing: "make the branch",
                    message: format!("somebody else has made it at {}", head.commit),
                }),
                None => client.done(&call).await,
            }
        }
        result => result,
    }
}

/// Puts a branch that is there to a commit, whatever it pointed at. To do so twice does no harm.
pub(super) async fn put(
    client: &Client,
    repository: &Repository,
    branch: &str,
    commit: &str,
) -> Result<(), GithubError> {
    let Repository { owner, name } = repository;
    let route = format!("/repos/{owner}/{name}/git/refs/heads/{}", encoded(branch));
    let body = json!({ "sha": commit, "force": true });
    let call = Call {
        doing: "move the branch",
        method: Method::PATCH,
        route: &route,
        body: Some(&body),
        repeatable: true,
    };
    client.done(&call).await
}
