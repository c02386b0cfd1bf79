//! Talking back: may this person give orders, what has been said, and the answers.
//!
//! An answer is posted once: it carries the id of the comment that it answers, and before it is posted, and after a
//! POST whose answer got lost, the own answers are looked through for it.

use super::branch::SETTLE;
use super::client::Call;
use super::commit::{self, CommitOutcome, NewCommit};
use super::environment::Repository;
use super::error::GithubError;
use super::event::{Said, is_sha};
use super::publish::{Receipt, cap};
use super::query::{Comment, Connection, PageInfo};
use super::session::Session;
use super::update;
use crate::review::{Update, is_help, read_marker};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const READ: &str = "read what was said on the pull request";
const POST: &str = "answer the comment";
const ASK: &str = "ask what the comment's author may do";
/// Pages of threads and comments.
const MAX_PAGES: usize = 50;
/// How often an answer is posted whose answer got lost.
const MAX_POSTS: u32 = 3;

/// GitHub's words for people who belong to the repository or to its organisation.
const INSIDERS: [&str; 3] = ["OWNER", "MEMBER", "COLLABORATOR"];
/// What members who hide their membership are called (actions/github-script issues 365 and 643). With the
/// insiders these may be able to write; everybody else gets no answer and costs no request.
const HIDDEN: &str = "CONTRIBUTOR";

const QUERY: &str = "
query Talk($owner: String!, $name: String!, $number: Int!, $threads: String, $comments: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      state headRefOid headRefName isCrossRepository
      reviewThreads(first: 50, after: $threads) {
        pageInfo { hasNextPage endCursor }
        nodes {
          path
          first: comments(first: 1) {
            nodes { id fullDatabaseId body viewerDidAuthor isMinimized }
          }
          last: comments(last: 50) { nodes { body viewerDidAuthor } }
        }
      }
      comments(last: 100, before: $comments) {
        pageInfo { hasPreviousPage startCursor }
        nodes { body viewerDidAuthor }
      }
    }
  }
}
";

/// Whether somebody may give orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// May write to the repository.
    Writer,
    /// May not, with the reason for the log.
    Stranger(String),
}

/// What was said on a pull request, and what it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// Whether it is open.
    pub open: bool,
    /// Its newest commit.
    pub head_sha: String,
    /// The branch it comes from.
    pub head_branch: String,
    /// Whether that branch lies in another repository.
    pub fork: bool,
    /// Own threads, the first comment's REST id before each.
    pub threads: BTreeMap<u64, Thread>,
    /// Own answers in the conversation.
    pub answers: Vec<String>,
    /// The file of every thread, somebody else's too, by the first comment's REST id.
    places: BTreeMap<u64, String>,
    /// Own answers in all threads, with the REST id of the thread's first comment.
    replies: Vec<(u64, String)>,
}

/// An own thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Node id of its first comment.
    pub comment: String,
    /// That comment's text.
    pub body: String,
    /// The file it is on.
    pub path: String,
}

impl Conversation {
    /// Whether a comment has its answer already.
    pub fn answered(&self, said: &Said) -> bool {
        let id = said.id.to_string();
        let answers =
            |body: &str| read_marker(body).is_some_and(|marker| marker.answers.as_ref() == Some(&id));
        match said.thread {
            Some(thread) => {
                self.threads.get(&thread).is_some_and(|thread| answers(&thread.body))
                    || self.replies.iter().any(|(other, body)| *other == thread && answers(body))
            }
            None => self.answers.iter().any(|body| answers(body)),
        }
    }

    /// Whether the thread of a comment is there, if it is in one: a thread goes with its first comment.
    pub fn holds(&self, said: &Said) -> bool {
        said.thread.is_none_or(|thread| self.places.contains_key(&thread))
    }

    /// Whether the help was posted somewhere.
    pub fn helped(&self) -> bool {
        self.answers.iter().chain(self.replies.iter().map(|(_, body)| body)).any(|body| is_help(body))
    }
}

#[derive(Deserialize)]
struct Permission {
    #[serde(default)]
    permission: String,
    #[serde(default)]
    role_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullJson {
    state: String,
    head_ref_oid: String,
    head_ref_name: String,
    is_cross_repository: bool,
    review_threads: Connection<ThreadJson>,
    comments: Connection<Spoken>,
}

#[derive(Deserialize)]
struct ThreadJson {
    #[serde(default)]
    path: String,
    first: Connection<Comment>,
    last: Connection<Spoken>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spoken {
    body: String,
    viewer_did_author: bool,
}

/// A text of our own account with our marker.
fn own(spoken: Spoken) -> Option<String> {
    (spoken.viewer_did_author && read_marker(&spoken.body).is_some()).then_some(spoken.body)
}

impl Session {
    /// Whether the author of a comment may give orders: who may write to the repository.
    ///
    /// # Errors
    /// When GitHub cannot be asked.
    pub async fn standing(&self, said: &Said) -> Result<Standing, GithubError> {
        let stranger = |why: String| Ok(Standing::Stranger(why));
        let insider = INSIDERS.contains(&said.association.as_str());
        if !insider && said.association != HIDDEN {
            return stranger("has no part in the repository".to_owned());
        }
        // It goes into a URL. Names of people have letters, digits and hyphens, in companies also underscores.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if said.login.is_empty() || said.login.len() > 100 || !said.login.bytes().all(plain) {
            return stranger("has a name that is no person's".to_owned());
        }
        let target = &self.target;
        let route =
            format!("/repos/{}/{}/collaborators/{}/permission", target.owner, target.repo, said.login);
        match self.client.get::<Permission>(ASK, &route).await {
            Ok((answer, _)) => {
                // `permission` says `write` for the role `maintain` and for roles of an organisation that may write.
                let may = matches!(answer.permission.as_str(), "admin" | "write")
                    || matches!(answer.role_name.as_str(), "admin" | "maintain" | "write");
                if may {
                    Ok(Standing::Writer)
                } else {
                    stranger("may not write to the repository".to_owned())
                }
            }
            // A server without this call: what the event says of an insider has to do.
            Err(GithubError::NotFound { unserved: true, .. } | GithubError::Status { status: 501, .. }) => {
                if insider {
                    Ok(Standing::Writer)
                } else {
                    stranger("is not known to belong to the repository".to_owned())
                }
            }
            Err(GithubError::NotFound { .. }) => stranger("is not known to the repository".to_owned()),
            Err(error) => Err(error),
        }
    }

    /// Reads what was said on the pull request.
    ///
    /// # Errors
    /// When GitHub cannot be read.
    pub async fn conversation(&self) -> Result<Conversation, GithubError> {
        let decode = |message: String| GithubError::Decode { doing: READ, message };
        let mut out = Conversation::default();
        let (mut threads, mut comments): (Option<String>, Option<String>) = (None, None);
        for _ in 0..MAX_PAGES {
            let variables = json!({
                "owner": self.target.owner, "name": self.target.repo, "number": self.target.number,
                "threads": threads, "comments": comments,
            });
            let mut data = self.client.query(READ, QUERY, &variables).await?.data;
            let pull = data.pointer_mut("/repository/pullRequest").map(Value::take).unwrap_or_default();
            let pull =
                PullJson::deserialize(pull).map_err(|error| decode(format!("`pullRequest`: {error}")))?;
            if !is_sha(&pull.head_ref_oid) {
                return Err(decode("`headRefOid` is no commit".to_owned()));
            }
            out.open = pull.state == "OPEN";
            out.head_sha = pull.head_ref_oid;
            out.head_branch = pull.head_ref_name;
            out.fork = pull.is_cross_repository;
            let PageInfo { has_next_page, end_cursor, .. } = pull.review_threads.page_info;
            let PageInfo { has_previous_page, start_cursor, .. } = pull.comments.page_info;
            for thread in pull.review_threads.nodes {
                out.add(thread);
            }
            out.answers.extend(pull.comments.nodes.into_iter().filter_map(own));
            // A cursor at the end of one list gives nothing more while the other list goes on.
            threads = end_cursor.or(threads);
            comments = start_cursor.or(comments);
            if !has_next_page && !has_previous_page {
                break;
            }
        }
        Ok(out)
    }

    /// Posts an answer to a comment, in its thread or in the conversation: `false` when it was there already.
    ///
    /// # Errors
    /// [`GithubError::Forbidden`] when the token may not; other kinds as they say.
    pub async fn answer(&self, said: &Said, talk: &Conversation, body: &str) -> Result<bool, GithubError> {
        let target = &self.target;
        let repository = format!("/repos/{}/{}", target.owner, target.repo);
        let (route, body) = match said.thread {
            // GitHub's description wants commit and path, too, and says that they do not matter.
            Some(thread) => (
                format!("{repository}/pulls/{}/comments", target.number),
                json!({
                    "body": cap(body), "in_reply_to": thread,
                    "commit_id": talk.head_sha, "path": talk.places.get(&thread),
                }),
            ),
            None => (format!("{repository}/issues/{}/comments", target.number), json!({ "body": cap(body) })),
        };
        let call =
            Call { doing: POST, method: Method::POST, route: &route, body: Some(&body), repeatable: false };
        let mut posts = 0;
        loop {
            match self.client.done(&call).await {
                Ok(()) => return Ok(true),
                Err(error) if error.is_ambiguous() => {
                    posts += 1;
                    self.client.pause(SETTLE * posts).await;
                    if self.conversation().await?.answered(said) {
                        return Ok(false);
                    }
                    if posts >= MAX_POSTS {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Edits own comments; what did not go as planned is returned.
    ///
    /// # Errors
    /// When none of them may be edited, or GitHub cannot be reached.
    pub async fn edit(&self, updates: &[Update]) -> Result<Vec<String>, GithubError> {
        let mut receipt = Receipt::default();
        update::update(&self.client, updates, &mut receipt).await?;
        Ok(receipt.notes)
    }

    /// Makes a commit on a branch of the pull request's own repository.
    ///
    /// # Errors
    /// When GitHub cannot be reached, or it stays unknown whether the commit was made.
    pub async fn commit(&self, commit: &NewCommit<'_>) -> Result<CommitOutcome, GithubError> {
        let repository = Repository { owner: self.target.owner.clone(), name: self.target.repo.clone() };
        commit::commit_on_branch(&self.client, &repository, commit).await
    }

    /// Lets GitHub settle what was just written, before it is read again.
    pub async fn settle(&self) {
        self.client.pause(SETTLE).await;
    }
}

impl Conversation {
    fn add(&mut self, thread: ThreadJson) {
        let Some(first) = thread.first.nodes.into_iter().next() else { return };
        let Some(id) = first.full_database_id else { return };
        self.places.insert(id, thread.path.clone());
        let is_ours = first.viewer_did_author && read_marker(&first.body).is_some();
        let replies = thread.last.nodes.into_iter().filter_map(own);
        // The first comment is among the last ones of a short thread.
        self.replies.extend(replies.filter(|body| *body != first.body).map(|body| (id, body)));
        if is_ours {
            self.threads.insert(id, Thread { comment: first.id, body: first.body, path: thread.path });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Marker;

    fn said(id: u64, thread: Option<u64>) -> Said {
        Said {
            id,
            thread,
            body: String::new(),
            login: "mona".to_owned(),
            association: "OWNER".to_owned(),
            created: true,
        }
    }

    fn answer(id: &str) -> String {
        let marker = Marker { answers: Some(id.to_owned()), ..Marker::default() };
        format!("x\n\n{}", marker.line())
    }

    #[test]
    fn answers_are_looked_for_where_the_comment_is() {
        let mut talk = Conversation { answers: vec![answer("5")], ..Conversation::default() };
        talk.replies.push((1, answer("6")));
        talk.threads.insert(2, Thread { body: answer("7"), ..Thread::default() });
        assert!(talk.answered(&said(5, None)) && talk.answered(&said(6, Some(1))));
        assert!(talk.answered(&said(7, Some(2))));
        for (id, thread) in [(6, None), (5, Some(1)), (6, Some(2)), (55, None)] {
            assert!(!talk.answered(&said(id, thread)), "{id}");
        }
    }

    #[test]
    fn only_own_text_counts() {
        let thread = |ours: bool| {
            ThreadJson::deserialize(json!({
                "path": "Dockerfile",
                "first": {"nodes": [{"id": "n", "fullDatabaseId": "8", "body": answer("1"), "viewerDidAuthor": ours, "isMinimized": false}]},
                "last": {"nodes": [
                    {"body": answer("1"), "viewerDidAuthor": ours},
                    {"body": answer("2"), "viewerDidAuthor": ours}, {"body": "no marker", "viewerDidAuthor": true},
                ]},
            }))
            .unwrap()
        };
        let mut talk = Conversation::default();
        talk.add(thread(false));
        assert!(talk.threads.is_empty() && talk.replies.is_empty());
        assert!(
            talk.holds(&said(1, Some(8))) && !talk.holds(&said(1, Some(9))) && talk.holds(&said(1, None))
        );
        talk.add(thread(true));
        assert_eq!((talk.threads.len(), talk.replies.len()), (1, 1));
        assert!(talk.answered(&said(2, Some(8))));
    }
}
