//! `tidewaiter review` on a comment: does what a person asks for in it.
//!
//! Only people who may write to the repository are listened to; all others get silence, so that strangers cannot
//! make the bot talk. Nothing is kept but on the pull request itself, and whatever is delivered twice is done once.

use super::github::{fixes_at_head, work};
use super::{Args, Exit, Streams};
use crate::github::{
    CommitOutcome, Conversation, Environment, GithubError, MARKER, NewCommit, Said, Session, Standing, Target,
};
use crate::report::count;
use crate::review::{
    Answer, Command, FixResult, FixedFile, Marker, Signed, Update, Wanted, command, first_word,
    ignore_thread, read_marker, rules_named,
};
use camino::Utf8PathBuf;

/// How often a review is tried whose head is not yet what was just committed.
const MAX_REVIEWS: u32 = 3;
/// The most lines of a commit's message that name fixes.
const MAX_MESSAGE_LINES: usize = 60;

pub(super) async fn run(
    args: &Args,
    env: &Environment,
    mut target: Target,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let Some(said) = target.comment.take() else { return Ok(Exit::Clean) };
    let Some(order) = understood(&said, streams) else { return Ok(Exit::Clean) };
    if args.dry_run {
        streams.note(&format!("a dry run: `{}` is not carried out", order.name()));
        return Ok(Exit::Clean);
    }
    // What the event knows of the head is as old as the comment: the newest commit counts.
    (target.head_sha, target.base_sha, target.commits) = (None, None, None);
    let session = Session::connect(env, target.clone())?;
    if let Standing::Stranger(why) = session.standing(&said).await? {
        streams.note(&format!("the comment's author {why}: nothing is done, nothing is answered"));
        return Ok(Exit::Clean);
    }
    let talk = session.conversation().await?;
    if talk.answered(&said) {
        streams.note("the comment has its answer already");
        return Ok(Exit::Clean);
    }
    if !talk.holds(&said) {
        streams.note("the comment's thread is gone: nothing to do");
        return Ok(Exit::Clean);
    }
    let id = said.id.to_string();
    let desk = Desk { args, env, target: &target, session, said: &said, talk: &talk, id: &id };
    let done = desk.carry_out(&order, streams).await;
    streams.note(&format!(
        "{} to GitHub for `{}`",
        count(desk.session.requests() as usize, "request"),
        order.name()
    ));
    match done {
        Ok(()) => Ok(Exit::Clean),
        Err(error) => match error.downcast_ref() {
            Some(GithubError::Forbidden { .. }) => {
                // In a fork's pull request comments in threads come with a token that may only read.
                streams.note(&format!("the comment was not answered: {error}"));
                Ok(Exit::Clean)
            }
            _ => Err(error),
        },
    }
}

/// The order in a comment; without one there is nothing to do, and nothing to ask GitHub.
fn understood(said: &Said, streams: &mut Streams) -> Option<Command> {
    let why = if !said.created {
        "the comment is not new"
    } else if said.body.contains(MARKER) {
        "the comment is an answer of Tidewaiter"
    } else if let Some(command) = command(&said.body) {
        return Some(command);
    } else {
        "the comment holds no line that starts with /tidewaiter"
    };
    streams.note(&format!("{why}: nothing to do"));
    None
}

/// One comment at work.
struct Desk<'a> {
    args: &'a Args,
    env: &'a Environment,
    target: &'a Target,
    session: Session,
    said: &'a Said,
    talk: &'a Conversation,
    id: &'a str,
}

impl Desk<'_> {
    async fn carry_out(&self, order: &Command, streams: &mut Streams) -> anyhow::Result<()> {
        match (order, self.said.thread) {
            (Command::Ignore(reason), Some(_)) => self.ignore_here(reason, streams).await,
            (Command::Ignore(text), None) => self.ignore_rule(text, streams).await,
            (Command::Fix, _) => self.fix(streams).await,
            (Command::Review, _) => {
                self.review(None, streams).await?;
                self.answer(&Answer::Reviewed { head: &self.talk.head_sha }, streams).await
            }
            (Command::Explain(name), _) => {
                let (name, _) = first_word(name);
                self.answer(&Answer::Explained { name }, streams).await
            }
            (Command::Unknown, _) => self.help(streams).await,
        }
    }

    async fn answer(&self, answer: &Answer<'_>, streams: &mut Streams) -> anyhow::Result<()> {
        let posted = self.session.answer(self.said, self.talk, &Signed(self.id).write(answer)).await?;
        streams.note(if posted {
            "answered"
        } else {
            "GitHub failed while it took the answer, but it is there"
        });
        Ok(())
    }

    /// Once on a pull request.
    async fn help(&self, streams: &mut Streams) -> anyhow::Result<()> {
        if self.talk.helped() {
            streams.note("the help stands on the pull request already");
            return Ok(());
        }
        self.answer(&Answer::Help, streams).await
    }

    /// The own thread that the comment is in, with its marker.
    fn thread(&self) -> Option<(&crate::github::Thread, Marker)> {
        let thread = self.talk.threads.get(&self.said.thread?)?;
        let marker = read_marker(&thread.body)?;
        (!marker.fingerprints.is_empty()).then_some((thread, marker))
    }

    async fn ignore_here(&self, reason: &str, streams: &mut Streams) -> anyhow::Result<()> {
        let Some((thread, marker)) = self.thread() else { return self.help(streams).await };
        if marker.ignored_by.is_some() {
            streams.note("the thread is ignored already");
            return Ok(());
        }
        let body = ignore_thread(&thread.body, &self.said.login, reason, self.id);
        self.edit(&[Update::Comment { id: thread.comment.clone(), body }], streams).await?;
        streams.note("the thread's findings are ignored on this pull request");
        self.review(None, streams).await
    }

    async fn ignore_rule(&self, text: &str, streams: &mut Streams) -> anyhow::Result<()> {
        let (name, reason) = first_word(text);
        if name.is_empty() {
            return self.help(streams).await;
        }
        let rules: Vec<&'static str> = rules_named(name).into_iter().map(|rule| rule.id).collect();
        if rules.is_empty() {
            return self.answer(&Answer::NoRule { name }, streams).await;
        }
        let updates: Vec<Update> = self
            .talk
            .threads
            .values()
            .filter(|thread| {
                read_marker(&thread.body).is_some_and(|marker| {
                    let open = marker.ignored_by.is_none() && marker.fixed.is_none();
                    open && !marker.rules.is_empty()
                        && marker.rules.iter().all(|rule| rules.contains(&rule.as_str()))
                })
            })
            .map(|thread| Update::Comment {
                id: thread.comment.clone(),
                body: ignore_thread(&thread.body, &self.said.login, reason, self.id),
            })
            .collect();
        // The decision is the answer: the threads say it for people.
        self.answer(&Answer::Ignored { by: &self.said.login, rules: &rules, reason }, streams).await?;
        self.edit(&updates, streams).await?;
        self.review(None, streams).await
    }

    async fn edit(&self, updates: &[Update], streams: &mut Streams) -> anyhow::Result<()> {
        for note in self.session.edit(updates).await? {
            streams.note(&note);
        }
        Ok(())
    }

    async fn fix(&self, streams: &mut Streams) -> anyhow::Result<()> {
        let thread = self.thread();
        if self.said.thread.is_some() && thread.is_none() {
            return self.help(streams).await;
        }
        if !self.talk.open || self.talk.fork {
            let result = if self.talk.open { FixResult::Fork } else { FixResult::Closed };
            return self.answer(&Answer::Fixed(result), streams).await;
        }
        let wanted = match &thread {
            Some((thread, marker)) => Wanted::Thread { path: &thread.path, marker },
            None => Wanted::Safe,
        };
        let (head, fixes) = match fixes_at_head(self.args, &self.session, wanted, streams).await {
            Ok(found) => found,
            Err(error) if matches!(error.downcast_ref(), Some(GithubError::Superseded { .. })) => {
                return self.answer(&Answer::Fixed(FixResult::Moved), streams).await;
            }
            Err(error) => return Err(error),
        };
        if fixes.files.is_empty() {
            let result = FixResult::Nothing { fixes: &fixes, in_thread: thread.is_some() };
            return self.answer(&Answer::Fixed(result), streams).await;
        }
        let (headline, body) = message(&fixes.files, &self.said.login);
        let additions: Vec<(Utf8PathBuf, Vec<u8>)> =
            fixes.files.iter().map(|file| (file.path.clone(), file.text.clone().into_bytes())).collect();
        let commit = NewCommit {
            branch: &self.talk.head_branch,
            expected_head: &head,
            headline: &headline,
            body: &body,
            additions: &additions,
        };
        let outcome = self.session.commit(&commit).await?;
        let result = match &outcome {
            CommitOutcome::Done { commit, .. } => FixResult::Committed { commit, fixes: &fixes },
            CommitOutcome::Moved { .. } => FixResult::Moved,
            CommitOutcome::NotPermitted { permission, .. } => FixResult::NotPermitted { permission },
            CommitOutcome::Refused { message } => FixResult::Refused { message },
        };
        self.answer(&Answer::Fixed(result), streams).await?;
        match &outcome {
            // No other workflow starts for this commit, so its review is made here.
            CommitOutcome::Done { commit, .. } => {
                streams.note(&format!("committed {commit}"));
                self.review(Some(commit), streams).await
            }
            _ => Ok(()),
        }
    }

    /// Brings the review up to date: of a certain commit, else of the newest one. Findings are no failure here: it is
    /// the run for a push that is a check of the pull request.
    async fn review(&self, commit: Option<&str>, streams: &mut Streams) -> anyhow::Result<()> {
        let target = Target { head_sha: commit.map(str::to_owned), ..self.target.clone() };
        let mut tries = 0;
        loop {
            tries += 1;
            let session = Session::connect(self.env, target.clone())?;
            match work(self.args, self.env, session, None, streams).await {
                Ok(_) => return Ok(()),
                // What was just committed is not everywhere at once.
                Err(error)
                    if commit.is_some()
                        && tries < MAX_REVIEWS
                        && matches!(error.downcast_ref(), Some(GithubError::Superseded { .. })) =>
                {
                    self.session.settle().await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The message of the commit: what was fixed, by rule. Paths are text of the pull request; only plain ones are named.
fn message(files: &[FixedFile], login: &str) -> (String, String) {
    let made: Vec<(&FixedFile, &'static str)> =
        files.iter().flat_map(|file| file.made.iter().map(move |made| (file, made.rule))).collect();
    let mut rules: Vec<&str> = made.iter().map(|(_, rule)| *rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let headline = match (rules.as_slice(), made.len()) {
        ([rule], 1) => format!("Fix {rule}"),
        ([rule], several) => format!("Fix {rule} in {several} places"),
        (_, several) => format!("Fix {several} findings of Tidewaiter"),
    };
    let plain = |path: &str| {
        path.len() <= 100
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'))
    };
    let mut lines: Vec<String> = made
        .iter()
        .take(MAX_MESSAGE_LINES)
        .map(|(file, rule)| {
            let path = file.path.as_str();
            if plain(path) { format!("- {rule} in {path}") } else { format!("- {rule}") }
        })
        .collect();
    if made.len() > MAX_MESSAGE_LINES {
        lines.push(format!("- and {} more", made.len() - MAX_MESSAGE_LINES));
    }
    (headline, format!("{}\n\nAsked for by {login} with /tidewaiter fix.", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Made;

    fn file(path: &str, rules: &[&'static str]) -> FixedFile {
        let made = rules.iter().map(|rule| Made { rule, title: "x".to_owned() }).collect();
        FixedFile { path: path.into(), text: String::new(), made }
    }

    #[test]
    fn commits_say_what_they_fix() {
        let (headline, body) = message(&[file("a/Dockerfile", &["run-as-root"])], "mona");
        assert_eq!(headline, "Fix run-as-root");
        assert_eq!(body, "- run-as-root in a/Dockerfile\n\nAsked for by mona with /tidewaiter fix.");
        let (headline, _) = message(&[file("a", &["x"]), file("b", &["x"])], "mona");
        assert_eq!(headline, "Fix x in 2 places");
        let (headline, body) = message(&[file("fixes #1 @all", &["x", "y"])], "mona");
        assert_eq!(headline, "Fix 2 findings of Tidewaiter");
        assert!(body.starts_with("- x\n- y\n\n"), "{body}");
        let (_, body) = message(&[file("a", &["x"; 100])], "mona");
        assert!(body.contains("- and 40 more\n"), "{body}");
    }
}
