//! Edits what earlier runs wrote: all edits of a run in one request.
//!
//! GraphQL carries out the mutations of a document one after the other and tells for each whether it worked,
//! so one that is refused (a thread that may not be resolved, a comment that somebody deleted) keeps no other
//! one from being made. All of them may be repeated without harm.

use super::client::{Client, Refused};
use super::error::GithubError;
use super::publish::{Receipt, cap};
use crate::review::{Reason, Update};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Edits in one request: a mutation costs as much as five queries.
const MAX_UPDATES: usize = 50;
const DOING: &str = "bring earlier comments up to date";

/// Makes the updates. What GitHub refuses is noted; the next run tries again.
///
/// # Errors
/// When the token may do none of them and no review was posted, or GitHub cannot be reached.
pub(super) async fn update(
    client: &Client,
    updates: &[Update],
    receipt: &mut Receipt,
) -> Result<(), GithubError> {
    for chunk in updates.chunks(MAX_UPDATES) {
        let (document, variables) = document(chunk);
        match client.mutate(DOING, &document, &variables).await {
            Ok(refused) => account(chunk, &refused, receipt)?,
            Err(error) if receipt.review_id.is_none() && receipt.updated == 0 => return Err(error),
            // The review stands; the next run makes the edits that are left.
            Err(error) => {
                receipt.notes.push(format!("Earlier comments are out of date: {error}."));
                return Ok(());
            }
        }
    }
    Ok(())
}

fn account(updates: &[Update], refused: &[Refused], receipt: &mut Receipt) -> Result<(), GithubError> {
    receipt.updated += updates.len().saturating_sub(refused.len());
    let mut denied = None;
    for refusal in refused {
        let place: Option<usize> = refusal.alias.strip_prefix('m').and_then(|number| number.parse().ok());
        let update = place.and_then(|place| updates.get(place));
        let note = match (refusal.kind.as_str(), update) {
            // Somebody has deleted it.
            ("NOT_FOUND", _) => continue,
            ("FORBIDDEN", Some(Update::Resolve { .. } | Update::Reopen { .. })) => {
                "Threads of fixed findings were not resolved: GitHub wants `contents: write` beside \
                 `pull-requests: write` for that."
                    .to_owned()
            }
            ("FORBIDDEN", _) => {
                denied.get_or_insert_with(|| refusal.message.clone());
                "Earlier comments are out of date: the token may not edit them.".to_owned()
            }
            _ => format!("An earlier comment is out of date: GitHub says {}.", refusal.message),
        };
        if !receipt.notes.contains(&note) {
            receipt.notes.push(note);
        }
    }
    match denied {
        Some(message) if receipt.review_id.is_none() && receipt.updated == 0 => Err(GithubError::Forbidden {
            doing: DOING,
            permission: Some("pull-requests: write".to_owned()),
            message,
        }),
        _ => Ok(()),
    }
}

/// One document with an alias for each edit: `m0`, `m1`, …
fn document(updates: &[Update]) -> (String, Value) {
    let mut declared = Vec::new();
    let mut variables = Map::new();
    let mut fields = String::new();
    for (i, update) in updates.iter().enumerate() {
        let (field, kind, result, input) = match update {
            Update::Comment { id, body } => (
                "updatePullRequestReviewComment",
                "UpdatePullRequestReviewCommentInput",
                "pullRequestReviewComment { id }",
                json!({ "pullRequestReviewCommentId": id, "body": cap(body) }),
            ),
            Update::Review { id, body } => (
                "updatePullRequestReview",
                "UpdatePullRequestReviewInput",
                "pullRequestReview { id }",
                json!({ "pullRequestReviewId": id, "body": cap(body) }),
            ),
            Update::Minimize { id, reason } => {
                let classifier = match reason {
                    Reason::Outdated => "OUTDATED",
                    Reason::Resolved => "RESOLVED",
                };
                let input = json!({ "subjectId": id, "classifier": classifier });
                ("minimizeComment", "MinimizeCommentInput", "minimizedComment { isMinimized }", input)
            }
            Update::Restore { id } => (
                "unminimizeComment",
                "UnminimizeCommentInput",
                "unminimizedComment { isMinimized }",
                json!({ "subjectId": id }),
            ),
            Update::Resolve { id } => (
                "resolveReviewThread",
                "ResolveReviewThreadInput",
                "thread { isResolved }",
                json!({ "threadId": id }),
            ),
            Update::Reopen { id } => (
                "unresolveReviewThread",
                "UnresolveReviewThreadInput",
                "thread { isResolved }",
                json!({ "threadId": id }),
            ),
        };
        declared.push(format!("$i{i}: {kind}!"));
        variables.insert(format!("i{i}"), input);
        let _ = write!(fields, "\n  m{i}: {field}(input: $i{i}) {{ {result} }}");
    }
    let text = format!("mutation Tidewaiter({}) {{{fields}\n}}\n", declared.join(", "));
    (text, Value::Object(variables))
}
