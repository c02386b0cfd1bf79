//! The GraphQL documents, and what comes back.
//!
//! File names never stand in a document: every expression is a variable.

use super::client::Data;
use super::event::Target;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Objects asked for in one query.
pub(super) const MAX_OBJECTS: usize = 300;

/// Which revision of the pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Base,
    Head,
}

/// One path to look at in one revision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ask {
    pub(super) side: Side,
    pub(super) path: Utf8PathBuf,
}

impl Ask {
    pub(super) fn new(side: Side, path: &Utf8Path) -> Self {
        Self { side, path: path.to_owned() }
    }
}

/// The two revisions, as git expressions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Revisions<'a> {
    pub(super) base: &'a str,
    pub(super) head: &'a str,
}

/// A document with its variables.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) variables: Value,
}

const META: &str = "
      baseRefOid changedFiles isCrossRepository
      commits(first: 100) { totalCount nodes { commit { oid parents(first: 10) { nodes { oid } } } } }";

const THREADS: &str = "
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved path line startLine originalLine viewerCanResolve resolvedBy { login }
          first: comments(first: 1) {
            nodes { id fullDatabaseId body viewerDidAuthor isMinimized state author { login } }
          }
          all: comments(first: 30) { totalCount nodes { viewerDidAuthor } }
        }";

const REVIEWS: &str = "
        pageInfo { hasPreviousPage startCursor }
        nodes { id fullDatabaseId body state url viewerDidAuthor isMinimized commit { oid } }";

const ANSWERS: &str = "
        pageInfo { hasPreviousPage startCursor }
        nodes { body viewerDidAuthor }";

const OBJECT: &str = "
fragment Content on GitObject {
  __typename oid
  ... on Blob { byteSize isBinary isTruncated text }
  ... on Tree { entries { name mode size } }
}";

/// What is asked about the pull request itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About<'a> {
    /// Only its head: has it moved?
    Head,
    /// Commits, threads, reviews and the conversation.
    All,
    /// More threads, reviews and comments of the conversation, after and before these cursors.
    More { threads: Option<&'a str>, reviews: Option<&'a str>, answers: Option<&'a str> },
}

/// Makes the document that asks about the pull request and reads objects (at most [`MAX_OBJECTS`]).
pub(super) fn document(
    target: &Target,
    about: About<'_>,
    revisions: Option<Revisions<'_>>,
    asks: &[Ask],
) -> Document {
    let mut declared = "$owner: String!, $name: String!, $number: Int!".to_owned();
    let mut variables = Map::new();
    variables.insert("owner".into(), json!(target.owner));
    variables.insert("name".into(), json!(target.repo));
    variables.insert("number".into(), json!(target.number));
    let mut pull = " headRefOid".to_owned();
    let mut connection = |name: &str, first: &str, cursor: Option<&str>, fields: &str| {
        let after = if let Some(cursor) = cursor {
            let _ = write!(declared, ", ${name}: String!");
            variables.insert(name.to_owned(), json!(cursor));
            format!(", {}: ${name}", if first == "last" { "before" } else { "after" })
        } else {
            String::new()
        };
        let _ = write!(pull, "\n      {name}({first}: 100{after}) {{{fields}\n      }}");
    };
    match about {
        About::Head => {}
        About::All => {
            connection("reviewThreads", "first", None, THREADS);
            connection("reviews", "last", None, REVIEWS);
            connection("comments", "last", None, ANSWERS);
            pull.push_str(META);
        }
        About::More { threads, reviews, answers } => {
            if threads.is_some() {
                connection("reviewThreads", "first", threads, THREADS);
            }
            if reviews.is_some() {
                connection("reviews", "last", reviews, REVIEWS);
            }
            if answers.is_some() {
                connection("comments", "last", answers, ANSWERS);
            }
        }
    }
    let mut objects = String::new();
    if let Some(revisions) = revisions {
        declared.push_str(", $base: String!");
        variables.insert("base".into(), json!(revisions.base));
        objects.push_str("\n    base: object(expression: $base) { oid }");
        for (i, ask) in asks.iter().enumerate() {
            let revision = match ask.side {
                Side::Base => revisions.base,
                Side::Head => revisions.head,
            };
            let _ = write!(declared, ", $e{i}: String!");
            let _ = write!(objects, "\n    o{i}: object(expression: $e{i}) {{ ...Content }}");
            variables.insert(format!("e{i}"), json!(format!("{revision}:{}", ask.path)));
        }
    }
    let fragment = if objects.contains("...Content") { OBJECT } else { "" };
    let text = format!(
        "query Tidewaiter({declared}) {{\n  repository(owner: $owner, name: $name) {{\n    pullRequest(number: $number) {{{pull}\n    }}{objects}\n  }}\n}}{fragment}\n"
    );
    Document { text, variables: Value::Object(variables) }
}

/// An answer to [`document`].
pub(super) struct Answer {
    pub(super) pull: Pull,
    /// The commit that the base expression stands for.
    pub(super) base: Option<String>,
    /// In the order of the asks.
    pub(super) objects: Vec<Found>,
}

/// What is at a path.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Object(Object),
    /// Nothing.
    Nothing,
    /// GitHub could not say.
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pull {
    pub(super) head_ref_oid: String,
    #[serde(default)]
    pub(super) base_ref_oid: String,
    #[serde(default)]
    pub(super) changed_files: u64,
    #[serde(default)]
    pub(super) is_cross_repository: bool,
    #[serde(default)]
    pub(super) commits: Commits,
    #[serde(default)]
    pub(super) review_threads: Connection<Thread>,
    #[serde(default)]
    pub(super) reviews: Connection<Review>,
    /// The conversation.
    #[serde(default)]
    pub(super) comments: Connection<Answered>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Commits {
    pub(super) total_count: u64,
    #[serde(deserialize_with = "nodes")]
    pub(super) nodes: Vec<CommitNode>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitNode {
    pub(super) commit: Commit,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) oid: String,
    pub(super) parents: Connection<Oid>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Oid {
    pub(super) oid: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    #[serde(default)]
    pub(super) page_info: PageInfo,
    #[serde(default)]
    pub(super) total_count: usize,
    #[serde(deserialize_with = "nodes", bound(deserialize = "T: Deserialize<'de>"))]
    pub(super) nodes: Vec<T>,
}

impl<T> Default for Connection<T> {
    fn default() -> Self {
        Self { page_info: PageInfo::default(), total_count: 0, nodes: Vec::new() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
    pub(super) has_previous_page: bool,
    pub(super) start_cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Thread {
    pub(super) id: String,
    pub(super) is_resolved: bool,
    pub(super) resolved_by: Option<Account>,
    pub(super) viewer_can_resolve: bool,
    pub(super) path: String,
    /// `None` when the line has changed since.
    pub(super) line: Option<u32>,
    pub(super) start_line: Option<u32>,
    pub(super) original_line: Option<u32>,
    pub(super) first: Connection<Comment>,
    pub(super) all: Connection<Author>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comment {
    #[serde(default)]
    pub(super) id: String,
    #[serde(deserialize_with = "big")]
    pub(super) full_database_id: Option<u64>,
    pub(super) body: String,
    pub(super) viewer_did_author: bool,
    pub(super) is_minimized: bool,
    /// `PENDING` while its review is.
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) author: Option<Account>,
}

/// A person or an app.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) login: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Author {
    pub(super) viewer_did_author: bool,
}

/// A comment of the conversation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answered {
    pub(super) body: String,
    pub(super) viewer_did_author: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review {
    #[serde(default)]
    pub(super) id: String,
    #[serde(deserialize_with = "big")]
    pub(super) full_database_id: Option<u64>,
    pub(super) body: String,
    pub(super) state: String,
    pub(super) url: String,
    pub(super) viewer_did_author: bool,
    #[serde(default)]
    pub(super) is_minimized: bool,
    pub(super) commit: Option<Oid>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object {
    #[serde(rename = "__typename")]
    pub(super) kind: String,
    pub(super) oid: String,
    #[serde(default)]
    pub(super) byte_size: u64,
    pub(super) is_binary: Option<bool>,
    #[serde(default)]
    pub(super) is_truncated: bool,
    pub(super) text: Option<String>,
    pub(super) entries: Option<Vec<TreeEntry>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TreeEntry {
    pub(super) name: String,
    /// The git mode as a number: 33188 is 100644.
    pub(super) mode: u32,
    pub(super) size: u64,
}

/// Connections hold nulls where the token may not see a node.
fn nodes<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<Option<T>>>::deserialize(from)?.into_iter().flatten().flatten().collect())
}

/// GraphQL's BigInt comes as a text or as a number.
fn big<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    })
}

/// Reads an answer to a [`document`] with so many asks.
pub(super) fn answer(data: Data, asks: usize) -> Result<Answer, String> {
    let Data { mut data, broken } = data;
    let Some(Value::Object(mut repository)) = data.get_mut("repository").map(Value::take) else {
        return Err("no `repository`".to_owned());
    };
    let mut take = |name: &str| repository.remove(name).unwrap_or_default();
    let pull = Pull::deserialize(take("pullRequest")).map_err(|e| format!("`pullRequest`: {e}"))?;
    let base = Option::<Oid>::deserialize(take("base")).map_err(|e| format!("`base`: {e}"))?;
    let mut objects = Vec::with_capacity(asks);
    for i in 0..asks {
        let name = format!("o{i}");
        objects.push(match take(&name) {
            Value::Null if broken.contains(&name) => Found::Unknown,
            Value::Null => Found::Nothing,
            value => Found::Object(Object::deserialize(value).map_err(|e| format!("`{name}`: {e}"))?),
        });
    }
    Ok(Answer { pull, base: base.map(|b| b.oid), objects })
}

/// The merge base of a pull request, where its commits show it.
///
/// The commits are those that the head has and the base has not. A parent outside of them is an ancestor of
/// both, and every common ancestor is one of these parents or an ancestor of one: when there is a single
/// one, it is the merge base; when the base itself is among them, the base is. `None` when there are several
/// others, or more commits than were read.
pub(super) fn merge_base(pull: &Pull) -> Option<String> {
    let inside: std::collections::BTreeSet<&str> =
        pull.commits.nodes.iter().map(|n| n.commit.oid.as_str()).collect();
    if pull.commits.total_count != pull.commits.nodes.len() as u64
        || !inside.contains(pull.head_ref_oid.as_str())
    {
        return None;
    }
    let outside: std::collections::BTreeSet<&str> = pull
        .commits
        .nodes
        .iter()
        .flat_map(|n| &n.commit.parents.nodes)
        .map(|p| p.oid.as_str())
        .filter(|oid| !inside.contains(oid))
        .collect();
    if outside.contains(pull.base_ref_oid.as_str()) {
        return Some(pull.base_ref_oid.clone());
    }
    match outside.len() {
        1 => outside.first().map(|oid| (*oid).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pull(base: &str, head: &str, commits: &[(&str, &[&str])]) -> Pull {
        let nodes: Vec<Value> = commits
            .iter()
            .map(|(oid, parents)| {
                let parents: Vec<Value> = parents.iter().map(|p| json!({"oid": p})).collect();
                json!({"commit": {"oid": oid, "parents": {"nodes": parents}}})
            })
            .collect();
        let commits = json!({"totalCount": nodes.len(), "nodes": nodes});
        Pull::deserialize(json!({"headRefOid": head, "baseRefOid": base, "commits": commits})).unwrap()
    }

    #[test]
    fn merge_bases() {
        // A branch off an older commit of the base.
        let linear = pull("b9", "h2", &[("h1", &["b3"]), ("h2", &["h1"])]);
        assert_eq!(merge_base(&linear).as_deref(), Some("b3"));
        // The base was merged into the branch since.
        let merged = pull("b9", "h2", &[("h1", &["b3"]), ("h2", &["h1", "b9"])]);
        assert_eq!(merge_base(&merged).as_deref(), Some("b9"));
        // An older base was merged in: b3 or b5, the commits alone do not say.
        let twice = pull("b9", "h2", &[("h1", &["b3"]), ("h2", &["h1", "b5"])]);
        assert_eq!(merge_base(&twice), None);
        // Not all commits are there.
        let mut cut = pull("b9", "h2", &[("h2", &["h1"])]);
        cut.commits.total_count = 101;
        assert_eq!(merge_base(&cut), None);
    }

    #[test]
    fn names_travel_as_variables() {
        let target = Target::new("a/b".parse().unwrap(), 1);
        let asks = [Ask::new(Side::Head, "d\"}\n/Dockerfile".into())];
        let revisions = Revisions { base: "B", head: "H" };
        let document = document(&target, About::Head, Some(revisions), &asks);
        assert!(!document.text.contains("Dockerfile"));
        assert_eq!(document.variables["e0"], "H:d\"}\n/Dockerfile");
    }

    #[test]
    fn a_broken_object_is_unknown_not_absent() {
        let data =
            json!({"repository": {"pullRequest": {"headRefOid": "h"}, "base": null, "o0": null, "o1": null}});
        let broken = std::iter::once("o1".to_owned()).collect();
        let answer = answer(Data { data, broken }, 2).unwrap();
        assert!(matches!(answer.objects[..], [Found::Nothing, Found::Unknown]));
    }
}
