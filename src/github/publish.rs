//! Writes a plan: one review, then the edits of what was said before ([`super::update`]).
//!
//! A review is created by ONE request, so people get one notification. One bad comment makes GitHub refuse
//! the whole review (422) without saying which it is; then the bad ones are found by halving, with reviews
//! that are never submitted (PENDING, seen by nobody, deleted at once), and their text goes into the body.
//! A POST that may have worked is never simply repeated: first the own reviews are listed.

use super::client::{Call, Client};
use super::error::{GithubError, excerpt};
use super::event::Target;
use super::query::{About, Review as FoundReview};
use super::snapshot::{self, MARKER, Snapshot};
use super::update;
use crate::review::{Comment, Plan, Review, fold};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// A head that was seen longer ago is asked for again.
const FRESH: Duration = Duration::from_secs(10);
/// GitHub's limit for a body, in characters.
pub const MAX_BODY_CHARS: usize = 65_536;
/// Trial reviews while bad comments are looked for: GitHub allows 80 content-creating requests a minute.
const MAX_TRIALS: u32 = 40;
/// Lost answers to trials after which no more are made.
const MAX_TRIAL_FAULTS: u32 = 2;
/// How often a review is posted whose answer got lost.
const MAX_POSTS: u32 = 3;
/// How long a lost review gets to appear in the list; it is looked for after each of these times. GitHub goes
/// on with a large review after its gateway has given up.
const SETTLE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(5)];

const POST: &str = "post the review";

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The plan has nothing to write.
    Nothing,
    /// It was written.
    Done(Receipt),
    /// The pull request has another head now; nothing was written, and the run for that head will.
    Superseded {
        /// The head now.
        head: String,
    },
    /// The token may not write; show annotations and summary instead.
    NotPermitted {
        /// What the job lacks, as a workflow writes it: `pull-requests: write`.
        permission: String,
        /// GitHub's words.
        message: String,
    },
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// REST id of the review.
    pub review_id: Option<u64>,
    /// Where people see it.
    pub review_url: Option<String>,
    /// Inline comments in it.
    pub comments: usize,
    /// Own earlier comments and reviews that were edited, folded away or resolved.
    pub updated: usize,
    /// Comments that GitHub refused; their text is in the review's body as far as it fits.
    pub rejected: Vec<Comment>,
    /// What did not go as planned.
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
struct Created {
    id: u64,
    #[serde(default)]
    html_url: String,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
struct PullHead {
    head: Sha,
}

#[derive(Deserialize)]
struct Sha {
    sha: String,
}

struct Publisher<'a> {
    client: &'a Client,
    target: &'a Target,
    plan: &'a Plan,
    known: BTreeSet<u64>,
    trials: u32,
    /// Trials whose answer was lost.
    faults: u32,
}

/// Writes a plan; see [`super::Session::publish`].
pub(super) async fn publish(
    client: &Client,
    target: &Target,
    plan: &Plan,
    snapshot: Option<&Snapshot>,
) -> Result<Published, GithubError> {
    if plan.review.is_none() && plan.updates.is_empty() {
        return Ok(Published::Nothing);
    }
    let fresh = snapshot.is_some_and(|s| {
        s.head_sha == plan.head && client.now().duration_since(s.taken).is_ok_and(|age| age <= FRESH)
    });
    let mut publisher = Publisher { client, target, plan, known: BTreeSet::new(), trials: 0, faults: 0 };
    if !fresh {
        let head = publisher.head().await?;
        if head != plan.head {
            return Ok(Published::Superseded { head });
        }
    }
    if let Some(snapshot) = snapshot {
        publisher.known.clone_from(&snapshot.own_reviews);
    }
    let mut receipt = Receipt::default();
    let result = match &plan.review {
        Some(review) => publisher.review(review, &mut receipt).await,
        None => Ok(()),
    };
    let result = match result {
        Ok(()) => update::update(client, &plan.updates, &mut receipt).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => Ok(Published::Done(receipt)),
        Err(GithubError::Superseded { head, .. }) => Ok(Published::Superseded { head }),
        Err(GithubError::Forbidden { permission, message, .. }) => Ok(Published::NotPermitted {
            permission: permission.unwrap_or_else(|| "pull-requests: write".to_owned()),
            message,
        }),
        Err(error) => Err(error),
    }
}

impl Publisher<'_> {
    fn route(&self, rest: &str) -> String {
        let Target { owner, repo, number, .. } = self.target;
        format!("/repos/{owner}/{repo}/pulls/{number}{rest}")
    }

    async fn head(&self) -> Result<String, GithubError> {
        let (pull, _) = self.client.get::<PullHead>("read the head", &self.route("")).await?;
        Ok(pull.head.sha)
    }

    async fn review(&mut self, review: &Review, receipt: &mut Receipt) -> Result<(), GithubError> {
        let mut comments = review.comments.clone();
        let mut body = cap(&review.body);
        let (mut posts, mut cleaned, mut halved) = (0_u32, false, false);
        let mut why = String::new();
        let created = loop {
            let error = match self.post(Some(&body), &comments).await {
                Ok(created) => break created,
                Err(error) => error,
            };
            if error.is_ambiguous() {
                posts += 1;
                match self.find_lost().await {
                    Ok(Some(created)) => {
                        let note = "GitHub failed while it created the review, but the review is there.";
                        receipt.notes.push(note.to_owned());
                        break created;
                    }
                    // What GitHub has not answered in time it may still be at.
                    Ok(None)
                        if posts < MAX_POSTS
                            && self.client.is_patient()
                            && !matches!(error, GithubError::Late { .. }) =>
                    {
                        continue;
                    }
                    // Not knowing whether it is there, it must not be posted again.
                    Ok(None) | Err(_) => return Err(error),
                }
            }
            let GithubError::Validation { errors, message, .. } = &error else { return Err(error) };
            if !cleaned && is_pending(message, errors) {
                cleaned = true;
                self.delete_pending().await?;
                continue;
            }
            // Without an answer it is taken for the same: the review names its commit.
            if receipt.rejected.is_empty()
                && let Ok(head) = self.head().await
                && head != self.plan.head
            {
                return Err(GithubError::Superseded { analysed: self.plan.head.clone(), head });
            }
            if comments.is_empty() {
                return Err(error);
            }
            if halved {
                // It is not this or that comment: say everything in the body.
                receipt.rejected.append(&mut comments);
            } else {
                halved = true;
                let all = comments.clone();
                let mut good = Vec::new();
                match self.find_bad(comments, &mut good, &mut receipt.rejected).await {
                    Ok(()) => comments = good,
                    Err(error @ (GithubError::Unauthorized { .. } | GithubError::Forbidden { .. })) => {
                        return Err(error);
                    }
                    // What cannot be tried out is said in the body.
                    Err(_) => {
                        receipt.rejected = all;
                        comments = Vec::new();
                    }
                }
            }
            why = excerpt(&format!("{message} {}", errors.join("; ")));
            body = cap(&fold(&review.body, &receipt.rejected));
        };
        if !receipt.rejected.is_empty() {
            let count = receipt.rejected.len();
            receipt.notes.push(format!(
                "GitHub refused {count} inline comments ({why}); their text is in the review's body."
            ));
        }
        receipt.review_id = Some(created.id);
        receipt.review_url = Some(created.html_url).filter(|url| !url.is_empty());
        receipt.comments = comments.len();
        Ok(())
    }

    /// Posts a review; without a body a trial that stays PENDING.
    async fn post(&self, body: Option<&str>, comments: &[Comment]) -> Result<Created, GithubError> {
        let comments: Vec<Value> = comments.iter().map(comment_json).collect();
        let mut request = json!({ "commit_id": self.plan.head, "comments": comments });
        if let (Some(body), Some(fields)) = (body, request.as_object_mut()) {
            fields.insert("event".to_owned(), json!("COMMENT"));
            fields.insert("body".to_owned(), json!(body));
        }
        let route = self.route("/reviews");
        let call = Call {
            doing: POST,
            method: Method::POST,
            route: &route,
            body: Some(&request),
            repeatable: false,
        };
        Ok(self.client.json::<Created>(&call).await?.0)
    }

    /// Divides comments, of which at least one is bad, into good and bad ones.
    async fn find_bad(
        &mut self,
        comments: Vec<Comment>,
        good: &mut Vec<Comment>,
        bad: &mut Vec<Comment>,
    ) -> Result<(), GithubError> {
        // Sets that hold a bad one, in order; halves that are not tried yet.
        let mut stack = vec![(comments, true)];
        while let Some((mut set, known_bad)) = stack.pop() {
            if set.is_empty() {
                continue;
            }
            if !known_bad && self.try_out(&set).await? {
                good.append(&mut set);
                continue;
            }
            if set.len() == 1 || self.trials >= MAX_TRIALS {
                bad.append(&mut set);
                continue;
            }
            let right = set.split_off(set.len() / 2);
            if self.try_out(&set).await? {
                good.append(&mut set);
                stack.push((right, true));
            } else {
                stack.push((right, false));
                stack.push((set, true));
            }
        }
        Ok(())
    }

    /// Whether GitHub takes these comments. Nobody sees the review that is made for it.
    async fn try_out(&mut self, comments: &[Comment]) -> Result<bool, GithubError> {
        if self.trials >= MAX_TRIALS {
            return Ok(false);
        }
        loop {
            self.trials += 1;
            let error = match self.post(None, comments).await {
                Ok(created) => {
                    self.delete(created.id).await?;
                    return Ok(true);
                }
                Err(GithubError::Validation { .. }) => return Ok(false),
                Err(error) => error,
            };
            if !error.is_ambiguous() {
                return Err(error);
            }
            self.delete_pending().await?;
            // One fault may pass; with more of them there is no end to trying.
            self.faults += 1;
            if self.faults > MAX_TRIAL_FAULTS || !self.client.is_patient() {
                return Err(error);
            }
        }
    }

    async fn delete(&self, review: u64) -> Result<(), GithubError> {
        let route = self.route(&format!("/reviews/{review}"));
        let call = Call {
            doing: "delete a pending review",
            method: Method::DELETE,
            route: &route,
            body: None,
            repeatable: true,
        };
        match self.client.done(&call).await {
            // Gone already: by a try whose answer was lost.
            Err(GithubError::NotFound { .. }) => Ok(()),
            result => result,
        }
    }

    /// Own reviews, newest last, at most a hundred.
    async fn own_reviews(&self) -> Result<Vec<FoundReview>, GithubError> {
        let answer = snapshot::ask(self.client, self.target, About::All, None, &[]).await?;
        Ok(answer.pull.reviews.nodes.into_iter().filter(|r| r.viewer_did_author).collect())
    }

    /// Deletes reviews of ours that were never submitted. With a person's token one may be theirs.
    async fn delete_pending(&self) -> Result<(), GithubError> {
        for review in self.own_reviews().await? {
            if let ("PENDING", Some(id)) = (review.state.as_str(), review.full_database_id) {
                let route = self.route(&format!("/reviews/{id}/comments?per_page=100"));
                let (comments, _): (Vec<Written>, _) =
                    self.client.get("read a pending review", &route).await?;
                let ours = comments.iter().all(|comment| comment.body.contains(MARKER));
                if !ours || !(review.body.is_empty() || review.body.contains(MARKER)) {
                    return Err(GithubError::Draft);
                }
                self.delete(id).await?;
            }
        }
        Ok(())
    }

    /// Looks for a review whose answer was lost, patiently.
    async fn find_lost(&self) -> Result<Option<Created>, GithubError> {
        for wait in SETTLE {
            self.client.pause(wait.min(self.client.left())).await;
            if let Some(created) = self.find_new().await? {
                return Ok(Some(created));
            }
        }
        Ok(None)
    }

    /// An own review of this head that was not there before.
    async fn find_new(&self) -> Result<Option<Created>, GithubError> {
        let found = self.own_reviews().await?.into_iter().rev().find_map(|review| {
            let id = review.full_database_id?;
            let ours = review.state != "PENDING"
                && review.commit.is_some_and(|commit| commit.oid == self.plan.head)
                && review.body.contains(MARKER)
                && !self.known.contains(&id);
            ours.then_some(Created { id, html_url: review.url })
        });
        Ok(found)
    }
}

fn comment_json(comment: &Comment) -> Value {
    let mut out = json!({
        "path": comment.path, "line": comment.line, "side": "RIGHT", "body": cap(&comment.body),
    });
    // GitHub refuses a range of one line.
    if let (Some(start), Some(fields)) =
        (comment.start_line.filter(|s| *s < comment.line), out.as_object_mut())
    {
        fields.insert("start_line".to_owned(), json!(start));
        fields.insert("start_side".to_owned(), json!("RIGHT"));
    }
    out
}

fn is_pending(message: &str, errors: &[String]) -> bool {
    let pending = |text: &str| text.to_ascii_lowercase().contains("pending review");
    pending(message) || errors.iter().any(|e| pending(e))
}

/// A body and the hidden comment at its end.
fn split_marker(body: &str) -> (&str, &str) {
    match body.rfind(MARKER) {
        Some(at) if body.trim_end().ends_with("-->") => body.split_at(at),
        _ => (body, ""),
    }
}

/// Cuts a body to GitHub's limit and keeps the marker at its end. `review` keeps bodies short; this is the
/// last guard, because GitHub would refuse the whole review.
pub(super) fn cap(body: &str) -> String {
    if body.chars().count() <= MAX_BODY_CHARS {
        return body.to_owned();
    }
    let (visible, marker) = split_marker(body);
    let room = MAX_BODY_CHARS.saturating_sub(marker.chars().count() + 2);
    let mut out: String = visible.chars().take(room).collect();
    out.push('…');
    out.push('\n');
    out.push_str(marker);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(path: &str, line: u32, body: &str) -> Comment {
        Comment { path: path.into(), line, body: body.to_owned(), ..Comment::default() }
    }

    #[test]
    fn bodies_fit() {
        let body = format!("{}\n<!-- tidewaiter -->", "é".repeat(MAX_BODY_CHARS));
        assert_eq!(cap(&body).chars().count(), MAX_BODY_CHARS);
        assert!(cap(&body).ends_with("<!-- tidewaiter -->"));
    }

    #[test]
    fn one_line_is_no_range() {
        let mut one = comment("f", 3, "x");
        one.start_line = Some(3);
        assert!(comment_json(&one).get("start_line").is_none());
        one.start_line = Some(2);
        assert_eq!(comment_json(&one)["start_side"], "RIGHT");
    }
}
