//! The state of a pull request: its changed files, its two revisions as far as they matter, and what this
//! tool has said before.
//!
//! The base side is the *merge base*: what GitHub's diff compares the head with. Its id comes from the
//! commits of the pull request (see [`query::merge_base`]); because the event names the number of commits,
//! `head~commits` is asked for in the same query, and asked again only when that was another commit (merges
//! of the base into the branch). Where the commits do not show it, one `compare` request does.

use super::client::Client;
use super::error::GithubError;
use super::event::{Target, is_sha};
use super::files::{self, ChangedFile, MAX_FILES, Status};
use super::query::{self, About, Ask, MAX_OBJECTS, Pull, Revisions, Side};
use super::sharing::Sharing;
use crate::repository::{MemoryTree, likely_dockerfiles, matters, related_first};
use crate::review::{OwnReview, OwnThread, Talk};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// Dockerfiles that are reviewed in one pull request.
pub const MAX_DOCKERFILES: usize = 50;
/// Stands in the body of every review and comment of this tool, in a hidden comment. Anybody can write it:
/// only together with the author it means something.
pub const MARKER: &str = "<!-- tidewaiter";
/// Further pages of threads and reviews, 100 each.
const MAX_PAGES: usize = 50;

/// A query for so few objects is not divided.
const SMALL_QUERY: usize = 12;

pub(super) const READ: &str = "read the pull request";

/// What was read of a pull request.
#[derive(Debug)]
pub struct Snapshot {
    /// The merge base.
    pub base: MemoryTree,
    /// The head.
    pub head: MemoryTree,
    /// The changed files, at most [`MAX_FILES`].
    pub files: Vec<ChangedFile>,
    /// What this tool has said before.
    pub talk: Talk,
    /// The head commit.
    pub head_sha: String,
    /// The merge base; the event's base commit where nothing was read because nothing concerns an image.
    pub base_sha: String,
    /// Whether a changed file that is no Dockerfile may concern an image all the same.
    pub(super) around: bool,
    /// Whether the head lies in another repository.
    pub fork: bool,
    /// What was left out and why; text of the repository stands between backticks.
    pub notes: Vec<String>,
    /// Ids of the own reviews.
    pub(super) own_reviews: BTreeSet<u64>,
    /// When the head was seen.
    pub(super) taken: SystemTime,
    /// What was looked at.
    pub(super) asked: BTreeSet<Ask>,
    /// Folders whose entries are known.
    pub(super) listed: BTreeSet<Ask>,
    /// What is the same in base and head.
    pub(super) sharing: Sharing,
    /// Files whose text is known.
    pub(super) readable: BTreeSet<Ask>,
}

impl Snapshot {
    /// The changed Dockerfiles whose text is there.
    pub fn dockerfiles(&self) -> impl Iterator<Item = &ChangedFile> {
        self.files.iter().filter(|file| file.dockerfile)
    }

    /// Whether anything that concerns an image changed: only then the revisions were looked at.
    pub fn concerns_images(&self) -> bool {
        self.around || self.dockerfiles().next().is_some()
    }

    /// The changed files by all their names, in head and base.
    pub fn changed_paths(&self) -> Vec<Utf8PathBuf> {
        let files = self.files.iter().filter(|file| file.status != Status::Unchanged);
        files.flat_map(|file| [file.head_path(), file.base_path()]).flatten().map(ToOwned::to_owned).collect()
    }

    pub(super) fn tree(&mut self, side: Side) -> &mut MemoryTree {
        match side {
            Side::Base => &mut self.base,
            Side::Head => &mut self.head,
        }
    }

    /// Notes something, once: both sides often have the same to say.
    pub(super) fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    fn empty(target: &Target, now: SystemTime) -> Self {
        Self {
            base: MemoryTree::partial(),
            head: MemoryTree::partial(),
            files: Vec::new(),
            talk: Talk::default(),
            head_sha: target.head_sha.clone().unwrap_or_default(),
            base_sha: target.base_sha.clone().unwrap_or_default(),
            around: false,
            fork: target.fork,
            notes: Vec::new(),
            own_reviews: BTreeSet::new(),
            taken: now,
            asked: BTreeSet::new(),
            listed: BTreeSet::new(),
            readable: BTreeSet::new(),
            sharing: Sharing::default(),
        }
    }
}

/// Reads a pull request; see [`super::Session::snapshot`].
pub(super) async fn take(
    client: &Client,
    target: &Target,
    is_dockerfile: &dyn Fn(&Utf8Path) -> bool,
    wanted: &dyn Fn(&[Utf8PathBuf]) -> Vec<Utf8PathBuf>,
) -> Result<Snapshot, GithubError> {
    let mut snapshot = Snapshot::empty(target, client.now());
    let guess = match (&target.head_sha, target.commits) {
        (Some(head), Some(commits)) => Some(format!("{head}~{commits}")),
        _ => None,
    };
    let mut pull = None;
    if guess.is_none() {
        let answer = ask(client, target, About::All, None, &[]).await?;
        accept_head(&mut snapshot, &answer.pull)?;
        pull = Some(answer.pull);
    }
    let expected = pull.as_ref().map(|pull| pull.changed_files).or(target.changed_files);
    list_files(client, target, expected, &mut snapshot).await?;
    if let Some(pull) = &pull {
        note_missing_files(&mut snapshot, pull.changed_files);
    }
    let candidates = candidates(&mut snapshot, is_dockerfile);
    let changed = snapshot.changed_paths();
    snapshot.around = changed.iter().any(|path| matters(path));
    if candidates.is_empty() && !snapshot.around {
        // What was said before a push that took the Dockerfiles out of the change is settled by it.
        let pull = match pull {
            Some(pull) => Some(pull),
            None if target.opened => None,
            None => {
                let answer = ask(client, target, About::All, None, &[]).await?;
                accept_head(&mut snapshot, &answer.pull)?;
                Some(answer.pull)
            }
        };
        if let Some(pull) = pull {
            snapshot.base_sha.clone_from(&pull.base_ref_oid);
            accept_talk(client, target, &mut snapshot, pull).await?;
        }
        return Ok(snapshot);
    }
    let wishes = asks(&snapshot.files, &candidates, &changed, wanted);
    let mut asks = snapshot.sharing.once(wishes.clone());
    asks.truncate(MAX_OBJECTS);
    let head = snapshot.head_sha.clone();
    let base = match (pull, guess) {
        (None, Some(guess)) => {
            snapshot.taken = client.now();
            let revisions = Revisions { base: &guess, head: &head };
            let answer = ask(client, target, About::All, Some(revisions), &asks).await?;
            accept_head(&mut snapshot, &answer.pull)?;
            let base = find_merge_base(client, target, &answer.pull, &mut snapshot).await?;
            let guessed = answer.base.as_deref() == Some(base.as_str());
            snapshot.base_sha.clone_from(&base);
            let kept =
                asks.into_iter().zip(answer.objects).filter(|(ask, _)| guessed || ask.side == Side::Head);
            let found = snapshot.sharing.both(kept);
            super::content::fill(client, target, &mut snapshot, found).await?;
            accept_talk(client, target, &mut snapshot, answer.pull).await?;
            (!guessed).then_some((base, wishes))
        }
        (Some(pull), _) => {
            let base = find_merge_base(client, target, &pull, &mut snapshot).await?;
            snapshot.base_sha.clone_from(&base);
            accept_talk(client, target, &mut snapshot, pull).await?;
            Some((base, wishes))
        }
        (None, None) => None,
    };
    if let Some((base, wishes)) = base {
        read(client, target, &mut snapshot, &base, wishes).await?;
    }
    finish(&mut snapshot, &candidates);
    Ok(snapshot)
}

/// Reads more paths of both revisions; see [`super::Session::fetch`].
pub(super) async fn fetch(
    client: &Client,
    target: &Target,
    snapshot: &mut Snapshot,
    paths: &[Utf8PathBuf],
) -> Result<bool, GithubError> {
    let mut asks = BTreeSet::new();
    for path in paths {
        for side in [Side::Base, Side::Head] {
            asks.insert(Ask::new(side, path));
            if let Some(dir) = path.parent() {
                asks.insert(Ask::new(side, dir));
            }
        }
    }
    if snapshot.base_sha.is_empty() || snapshot.head_sha.is_empty() {
        return Ok(false);
    }
    let base = snapshot.base_sha.clone();
    // Where not all fit, both sides of the same paths do: what one side alone knows looks like a change.
    let mut asks: Vec<Ask> = asks.into_iter().collect();
    asks.sort_by(|a, b| (&a.path, a.side).cmp(&(&b.path, b.side)));
    read(client, target, snapshot, &base, asks).await
}

/// Reads objects of the two revisions that were not looked at before, as many as fit, and checks that the head
/// has not moved. `false` when there were none.
async fn read(
    client: &Client,
    target: &Target,
    snapshot: &mut Snapshot,
    base: &str,
    wishes: Vec<Ask>,
) -> Result<bool, GithubError> {
    let new = wishes.into_iter().filter(|ask| !snapshot.asked.contains(ask)).collect();
    let mut asks = snapshot.sharing.once(new);
    let left_out = asks.split_off(asks.len().min(MAX_OBJECTS));
    asks.pop_if(|last| left_out.first().is_some_and(|next| next.path == last.path));
    if asks.is_empty() {
        return Ok(false);
    }
    let head = snapshot.head_sha.clone();
    let taken = client.now();
    let answer = ask(client, target, About::Head, Some(Revisions { base, head: &head }), &asks).await?;
    accept_head(snapshot, &answer.pull)?;
    snapshot.taken = taken;
    let found = snapshot.sharing.both(asks.into_iter().zip(answer.objects));
    super::content::fill(client, target, snapshot, found).await?;
    Ok(true)
}

/// Asks, and where GitHub does not manage it at once (it gives a query ten seconds), in parts.
pub(super) async fn ask(
    client: &Client,
    target: &Target,
    about: About<'_>,
    revisions: Option<Revisions<'_>>,
    asks: &[Ask],
) -> Result<query::Answer, GithubError> {
    ask_in_parts(client, target, about, revisions, asks, 2).await
}

async fn ask_in_parts(
    client: &Client,
    target: &Target,
    about: About<'_>,
    revisions: Option<Revisions<'_>>,
    asks: &[Ask],
    tries: u32,
) -> Result<query::Answer, GithubError> {
    let divisible = asks.len() > SMALL_QUERY;
    let tries = if divisible { tries } else { u32::MAX };
    match ask_once(client, target, about, revisions, asks, tries).await {
        Err(error) if divisible && error.is_ambiguous() && client.is_patient() => {}
        result => return result,
    }
    let (left, right) = asks.split_at(asks.len() / 2);
    let mut answer = Box::pin(ask_in_parts(client, target, about, revisions, left, 1)).await?;
    let rest = Box::pin(ask_in_parts(client, target, About::Head, revisions, right, 1)).await?;
    answer.objects.extend(rest.objects);
    // The last word about the head counts.
    answer.pull.head_ref_oid = rest.pull.head_ref_oid;
    Ok(answer)
}

async fn ask_once(
    client: &Client,
    target: &Target,
    about: About<'_>,
    revisions: Option<Revisions<'_>>,
    asks: &[Ask],
    tries: u32,
) -> Result<query::Answer, GithubError> {
    let document = query::document(target, about, revisions, asks);
    let data = client.query_times(READ, &document.text, &document.variables, tries).await?;
    query::answer(data, asks.len()).map_err(|message| GithubError::Decode { doing: READ, message })
}

/// Takes the head, or says that it has moved.
fn accept_head(snapshot: &mut Snapshot, pull: &Pull) -> Result<(), GithubError> {
    let head = &pull.head_ref_oid;
    if !is_sha(head) {
        return Err(GithubError::Decode { doing: READ, message: "`headRefOid` is no commit".to_owned() });
    }
    if snapshot.head_sha.is_empty() {
        snapshot.head_sha.clone_from(head);
    } else if snapshot.head_sha != *head {
        return Err(GithubError::Superseded { analysed: snapshot.head_sha.clone(), head: head.clone() });
    }
    if !pull.base_ref_oid.is_empty() {
        snapshot.fork = pull.is_cross_repository;
        if !snapshot.files.is_empty() {
            note_missing_files(snapshot, pull.changed_files);
        }
    }
    Ok(())
}

fn note_missing_files(snapshot: &mut Snapshot, expected: u64) {
    let got = snapshot.files.len() as u64;
    // At the cap there is a note already.
    if got < expected && got < MAX_FILES as u64 {
        snapshot.notes.push(format!(
            "GitHub listed {got} of {expected} changed files; Dockerfiles among the others are not reviewed."
        ));
    }
}

async fn list_files(
    client: &Client,
    target: &Target,
    expected: Option<u64>,
    snapshot: &mut Snapshot,
) -> Result<(), GithubError> {
    let (files, mut complete) = files::list(client, target, expected).await?;
    // The last page that GitHub gives names no next one.
    complete &= files.len() < MAX_FILES;
    if !complete {
        snapshot.notes.push(format!(
            "The pull request changes {MAX_FILES} files or more, and GitHub lists no more than these; Dockerfiles \
             among others are not reviewed."
        ));
    }
    if complete && expected.is_some_and(|all| files.len() as u64 == all) {
        snapshot.sharing = Sharing::new(&files);
    }
    snapshot.files = files;
    Ok(())
}

/// Places in the list of the Dockerfiles to read, capped.
fn candidates(snapshot: &mut Snapshot, is_dockerfile: &dyn Fn(&Utf8Path) -> bool) -> Vec<usize> {
    let mut places: Vec<usize> = snapshot
        .files
        .iter()
        .enumerate()
        .filter(|(_, f)| f.status != Status::Unchanged && is_dockerfile(&f.path))
        .map(|(place, _)| place)
        .collect();
    if places.len() > MAX_DOCKERFILES {
        snapshot.notes.push(format!(
            "The pull request changes {} Dockerfiles; the first {MAX_DOCKERFILES} are reviewed.",
            places.len()
        ));
        places.truncate(MAX_DOCKERFILES);
    }
    places
}

/// What to look at first: the Dockerfiles, their folders and the root with the entries' modes, and wanted
/// files as far as they fit; where other files changed that matter, also what is around these. What does not fit stays unknown and can be fetched.
fn asks(
    files: &[ChangedFile],
    candidates: &[usize],
    changed: &[Utf8PathBuf],
    wanted: &dyn Fn(&[Utf8PathBuf]) -> Vec<Utf8PathBuf>,
) -> Vec<Ask> {
    let mut asks = Vec::new();
    let mut names = Vec::new();
    let dockerfiles = || candidates.iter().filter_map(|place| files.get(*place));
    for file in dockerfiles() {
        asks.extend(file.head_path().map(|path| Ask::new(Side::Head, path)));
        asks.extend(file.base_path().map(|path| Ask::new(Side::Base, path)));
        names.push(file.path.clone());
    }
    let mut both = |path: &Utf8Path| asks.extend([Side::Head, Side::Base].map(|side| Ask::new(side, path)));
    both(Utf8Path::new(""));
    for file in dockerfiles() {
        file.head_path().and_then(Utf8Path::parent).into_iter().for_each(&mut both);
        file.base_path().and_then(Utf8Path::parent).into_iter().for_each(&mut both);
    }
    let around = related_first(changed);
    if names.is_empty() {
        // Without a changed Dockerfile the likely ones stand for it: the nearest, and the one at the root.
        for path in &around {
            both(path);
        }
        let likely = likely_dockerfiles(changed);
        names.extend(likely.first().cloned());
        names.extend(likely.last().cloned());
    }
    for path in wanted(&names).iter().chain(&around) {
        both(path);
    }
    let mut seen = BTreeSet::new();
    asks.retain(|ask| seen.insert(ask.clone()));
    asks
}

/// Marks the Dockerfiles that were read.
fn finish(snapshot: &mut Snapshot, candidates: &[usize]) {
    for place in candidates {
        let Some(file) = snapshot.files.get_mut(*place) else { continue };
        let ask = match file.head_path() {
            Some(path) => Ask::new(Side::Head, path),
            None => Ask::new(Side::Base, &file.path),
        };
        file.dockerfile = snapshot.readable.contains(&ask);
    }
}

#[derive(Deserialize)]
struct Comparison {
    merge_base_commit: Sha,
}

#[derive(Deserialize)]
struct Sha {
    sha: String,
}

async fn find_merge_base(
    client: &Client,
    target: &Target,
    pull: &Pull,
    snapshot: &mut Snapshot,
) -> Result<String, GithubError> {
    if let Some(base) = query::merge_base(pull).filter(|base| is_sha(base)) {
        return Ok(base);
    }
    if !is_sha(&pull.base_ref_oid) {
        return Err(GithubError::Decode { doing: READ, message: "`baseRefOid` is no commit".to_owned() });
    }
    // The files stand on the first page only; the second page is small.
    let route = format!(
        "/repos/{}/{}/compare/{}...{}?per_page=1&page=2",
        target.owner, target.repo, pull.base_ref_oid, pull.head_ref_oid
    );
    match client.get::<Comparison>("find the merge base", &route).await {
        Ok((comparison, _)) if is_sha(&comparison.merge_base_commit.sha) => {
            Ok(comparison.merge_base_commit.sha)
        }
        // Unrelated histories have none.
        Ok(_) | Err(GithubError::NotFound { .. }) => {
            // The list of changed files speaks of something else than what is compared now.
            snapshot.sharing = Sharing::default();
            snapshot.notes.push(
                "GitHub names no merge base; the head is compared with the tip of the base branch."
                    .to_owned(),
            );
            Ok(pull.base_ref_oid.clone())
        }
        Err(error) => Err(error),
    }
}

/// Takes own threads, reviews and answers, from all pages.
async fn accept_talk(
    client: &Client,
    target: &Target,
    snapshot: &mut Snapshot,
    mut pull: Pull,
) -> Result<(), GithubError> {
    // Threads come oldest first; the others newest first, page by page.
    let (mut reviews, mut answers) = (Vec::new(), Vec::new());
    let mut whole = false;
    for _ in 0..=MAX_PAGES {
        let cursor = |more: bool, cursor: &mut Option<String>| match cursor.take() {
            Some(cursor) if more => Ok(Some(cursor)),
            // Taken for the end, what was said on the next page would be said again.
            None if more => {
                let message = "a page of the talk names no next page".to_owned();
                Err(GithubError::Decode { doing: READ, message })
            }
            _ => Ok(None),
        };
        let next = |page: &mut query::PageInfo| cursor(page.has_next_page, &mut page.end_cursor);
        let before = |page: &mut query::PageInfo| cursor(page.has_previous_page, &mut page.start_cursor);
        let threads = next(&mut pull.review_threads.page_info)?;
        let older_reviews = before(&mut pull.reviews.page_info)?;
        let older_answers = before(&mut pull.comments.page_info)?;
        collect_threads(snapshot, pull.review_threads.nodes);
        reviews.push(pull.reviews.nodes);
        answers.push(pull.comments.nodes);
        if threads.is_none() && older_reviews.is_none() && older_answers.is_none() {
            whole = true;
            break;
        }
        let about = About::More {
            threads: threads.as_deref(),
            reviews: older_reviews.as_deref(),
            answers: older_answers.as_deref(),
        };
        pull = ask(client, target, about, None, &[]).await?.pull;
        accept_head(snapshot, &pull)?;
    }
    collect_reviews(snapshot, reviews.into_iter().rev().flatten());
    snapshot.talk.answers = answers
        .into_iter()
        .rev()
        .flatten()
        .filter(|answer| answer.viewer_did_author && answer.body.contains(MARKER))
        .map(|answer| answer.body)
        .collect();
    if !whole {
        snapshot.notes.push(
            "The pull request has more review threads and comments than are read; a comment may be repeated."
                .to_owned(),
        );
    }
    Ok(())
}

fn collect_threads(snapshot: &mut Snapshot, threads: Vec<query::Thread>) {
    for thread in threads {
        let Some(first) = thread.first.nodes.into_iter().next() else { continue };
        let (true, Some(comment_id)) = (first.viewer_did_author, first.full_database_id) else { continue };
        // Left by a run that was cut off in the middle: nobody else sees it, so nothing has been said.
        if first.state == "PENDING" {
            continue;
        }
        // A page may repeat threads when the list changes between two requests.
        if snapshot.talk.threads.iter().any(|known| known.comment_id == comment_id) {
            continue;
        }
        let replied = thread.all.nodes.iter().any(|c| !c.viewer_did_author)
            || thread.all.total_count > thread.all.nodes.len();
        snapshot.talk.threads.push(OwnThread {
            id: thread.id,
            comment: first.id,
            comment_id,
            body: first.body,
            path: thread.path,
            line: thread.line,
            start_line: thread.start_line,
            original_line: thread.original_line,
            resolved: thread.is_resolved,
            resolved_by_us: thread.resolved_by.is_some() && thread.resolved_by == first.author,
            minimized: first.is_minimized,
            replied,
            can_resolve: thread.viewer_can_resolve,
        });
    }
}

fn collect_reviews(snapshot: &mut Snapshot, reviews: impl Iterator<Item = query::Review>) {
    for review in reviews {
        if !review.viewer_did_author || review.state == "PENDING" || !review.body.contains(MARKER) {
            continue;
        }
        // The number, or the node where there is none, is new once.
        let known = |id: &String| snapshot.talk.reviews.iter().any(|other| other.id == *id);
        if !review.id.is_empty() && known(&review.id) {
            continue;
        }
        snapshot.own_reviews.extend(review.full_database_id);
        snapshot.talk.reviews.push(OwnReview {
            of_head: review.commit.is_some_and(|commit| commit.oid == snapshot.head_sha),
            id: review.id,
            body: review.body,
            minimized: review.is_minimized,
        });
    }
}

/// Asks again for the patches of Dockerfiles that should have one.
pub(super) async fn complete_patches(client: &Client, target: &Target, snapshot: &mut Snapshot) {
    let places: Vec<usize> = snapshot
        .files
        .iter()
        .enumerate()
        .filter(|(_, f)| f.dockerfile && f.patch.is_none() && f.changes > 0)
        .map(|(place, _)| place)
        .collect();
    files::complete_patches(client, target, &mut snapshot.files, &places).await;
}
