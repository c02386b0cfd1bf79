//! What a branch, a tag or a commit's id stands for.

use super::client::Client;
use super::environment::Repository;
use super::error::{GithubError, excerpt};
use super::event::is_sha;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

const DOING: &str = "find the branch, tag or commit";

// `~0` peels a tag to its commit.
const QUERY: &str = "
query Reference($owner: String!, $name: String!, $branch: String!, $tag: String!, $other: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name }
    branch: object(expression: $branch) { ...Root }
    tag: object(expression: $tag) { ...Root }
    other: object(expression: $other) { ...Root }
  }
}
fragment Root on GitObject { __typename oid ... on Commit { tree { oid } } }
";

const DEFAULT: &str = "
query Default($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name target { __typename oid ... on Commit { tree { oid } } } }
  }
}
";

/// A commit, and how it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The full name: `refs/heads/main`; `None` where a commit was named.
    pub(super) reference: Option<String>,
    pub(super) commit: String,
    /// The folder at the root of the commit.
    pub(super) root: String,
    /// Empty where the repository has none.
    pub(super) default_branch: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Names {
    default_branch_ref: Option<Branch>,
    branch: Option<Object>,
    tag: Option<Object>,
    other: Option<Object>,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
    target: Option<Object>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
    tree: Option<Oid>,
}

#[derive(Deserialize)]
struct Oid {
    oid: String,
}

impl Object {
    fn commit(self) -> Option<(String, String)> {
        let root = self.tree?.oid;
        (is_sha(&self.oid) && is_sha(&root)).then_some((self.oid, root))
    }
}

/// Finds the commit of a branch, a tag (of two with one name the branch) or an id; of the default branch
/// where none is named.
pub(super) async fn resolve(
    client: &Client,
    repository: &Repository,
    reference: Option<&str>,
) -> Result<Resolved, GithubError> {
    let mut variables = json!({ "owner": repository.owner, "name": repository.name });
    let Some(reference) = reference else {
        let names = names(client, DEFAULT, &variables).await?;
        let branch =
            names.default_branch_ref.ok_or_else(|| GithubError::EmptyRepository(repository.to_string()))?;
        let (commit, root) = branch
            .target
            .and_then(Object::commit)
            .ok_or_else(|| GithubError::EmptyRepository(repository.to_string()))?;
        let name = format!("refs/heads/{}", branch.name);
        return Ok(Resolved { reference: Some(name), commit, root, default_branch: branch.name });
    };
    let unknown = || GithubError::UnknownReference {
        repository: repository.to_string(),
        reference: excerpt(reference),
    };
    if !is_reference(reference) {
        return Err(unknown());
    }
    let qualified = reference.starts_with("refs/");
    let [branch, tag] = if qualified {
        [reference.to_owned(), reference.to_owned()]
    } else {
        ["refs/heads/", "refs/tags/"].map(|kind| format!("{kind}{reference}"))
    };
    if let Some(fields) = variables.as_object_mut() {
        for (name, value) in [("branch", &*branch), ("tag", &*tag), ("other", reference)] {
            fields.insert(name.to_owned(), json!(format!("{value}~0")));
        }
    }
    let names = names(client, QUERY, &variables).await?;
    let (reference, object) = if qualified {
        (Some(reference.to_owned()), names.other)
    } else if is_sha(reference) {
        (None, names.other)
    } else if names.branch.is_some() {
        (Some(branch), names.branch)
    } else if names.tag.is_some() {
        (Some(tag), names.tag)
    } else {
        (None, names.other)
    };
    let (commit, root) = object.and_then(Object::commit).ok_or_else(unknown)?;
    let default_branch = names.default_branch_ref.map(|branch| branch.name).unwrap_or_default();
    Ok(Resolved { reference, commit, root, default_branch })
}

async fn names(client: &Client, query: &str, variables: &serde_json::Value) -> Result<Names, GithubError> {
    let mut data = client.query(DOING, query, variables).await?.data;
    let repository = data.get_mut("repository").map(serde_json::Value::take).unwrap_or_default();
    Names::deserialize(repository)
        .map_err(|error| GithubError::Decode { doing: DOING, message: excerpt(&error.to_string()) })
}

/// Whether a name can be one: it becomes part of a revision expression, where other characters are operators.
/// What git refuses: git-check-ref-format(1).
pub(super) fn is_reference(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("//")
        && !name.contains("@{")
        && name != "@"
        && !name.split('/').any(|part| part.starts_with('.') || part.strip_suffix(".lock").is_some())
        && !name
            .contains(|c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\'))
}

/// What stays as it is in a path of the API.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// A branch's or tag's name in a path of the API: its `/` stay.
pub(super) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_expressions_are_no_names() {
        for name in ["main", "v1.2.3", "refs/heads/a/b", "feature/x#1", "größe", "a@b"] {
            assert!(is_reference(name), "{name}");
        }
        for name in [
            "",
            "-x",
            "/x",
            "x/",
            "a..b",
            "a b",
            "main~1",
            "main^",
            "main:Dockerfile",
            "@{u}",
            "@",
            "a\nb",
            "a//b",
            ".x",
            "a/.b",
            "x.lock",
            "x.",
            "HEAD@{1}",
        ] {
            assert!(!is_reference(name), "{name}");
        }
    }

    #[test]
    fn names_are_encoded_for_paths() {
        assert_eq!(encoded("tidewaiter/fixes"), "tidewaiter/fixes");
        assert_eq!(encoded("a#b?c%é"), "a%23b%3Fc%25%C3%A9");
    }
}
