//! What an audit wrote to GitHub beside its report, as sentences for the log and for the job summary.

use crate::github::{FixPull, GithubError, IssueOutcome, Place, Upload};
use crate::review::markdown::prose;

/// What became of what was asked for.
#[derive(Default)]
pub(super) struct Told {
    said: Vec<Said>,
    /// What failed; a missing permission or a setting is no failure, the report stands.
    pub(super) failures: Vec<anyhow::Error>,
    pub(super) issue_url: String,
    pub(super) pull_url: String,
}

/// A sentence: plain text with code between single backticks, and an address that ends it.
struct Said {
    text: String,
    link: String,
}

impl Told {
    /// The sentences for the log.
    pub(super) fn log(&self) -> impl Iterator<Item = String> {
        self.said.iter().map(|Said { text, link }| match link.as_str() {
            "" => text.clone(),
            link => format!("{text} {link}"),
        })
    }

    /// The sentences as Markdown.
    pub(super) fn markdown(&self) -> impl Iterator<Item = String> {
        self.said.iter().map(|Said { text, link }| {
            let text = prose(text);
            match link.as_str() {
                "" => text,
                link if is_plain_url(link) => format!("{text} {link}"),
                link => format!("{text} {}", prose(link)),
            }
        })
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.at(text, String::new());
    }

    fn at(&mut self, text: impl Into<String>, link: String) {
        self.said.push(Said { text: text.into(), link });
    }

    fn lacks(&mut self, what: &str, permission: &str, message: &str) {
        self.say(format!("{what} ({message}): the job needs `permissions: {permission}`."));
    }

    fn fails(&mut self, error: GithubError, what: &'static str) {
        self.say(format!("{what}: {error}."));
        self.failures.push(anyhow::Error::new(error).context(what));
    }

    pub(super) fn upload(&mut self, result: Result<Upload, GithubError>) {
        match result {
            Ok(Upload::Done { .. }) => self.say("Uploaded the findings to code scanning."),
            Ok(Upload::TooLarge { bytes }) => self.say(format!(
                "The SARIF was not uploaded: compressed it has {bytes} bytes, more than GitHub takes."
            )),
            Ok(Upload::NoReference) => self.say(
                "The SARIF was not uploaded: code scanning keeps results of branches and tags, and a commit was named.",
            ),
            Ok(Upload::NotPermitted { permission, message }) => {
                self.lacks("May not upload the SARIF", &permission, &message);
            }
            Ok(Upload::Refused { message }) => self.say(format!(
                "Code scanning did not take the SARIF ({message}). A private repository must have it enabled in its \
                 settings."
            )),
            Err(error) => self.fails(error, "the SARIF was not uploaded"),
        }
    }

    pub(super) fn issue(&mut self, result: Result<IssueOutcome, GithubError>) {
        let (what, place) = match result {
            Ok(IssueOutcome::Created(place)) => ("Made the issue", place),
            Ok(IssueOutcome::Updated(place)) => ("Updated the issue", place),
            Ok(IssueOutcome::Unchanged(place)) => ("The issue says the same already:", place),
            Ok(IssueOutcome::Closed(place)) => ("Nothing is left: closed the issue", place),
            Ok(IssueOutcome::Reopened(place)) => ("Opened the issue again:", place),
            Ok(IssueOutcome::Nothing) => return self.say("No issue is needed: nothing was found."),
            Ok(IssueOutcome::NotPermitted { permission, message }) => {
                return self.lacks("May not keep the issue", &permission, &message);
            }
            Ok(IssueOutcome::Refused { message }) => {
                return self.say(format!(
                    "GitHub did not take the issue ({message}). Are issues switched on in the repository's settings?"
                ));
            }
            Err(error) => return self.fails(error, "the issue was not written"),
        };
        self.issue_url.clone_from(&place.url);
        self.at(what, address(place));
    }

    pub(super) fn fix_pull(&mut self, result: Result<FixPull, GithubError>) {
        let (what, place) = match result {
            Ok(FixPull::Created(place)) => ("Made the fix pull request", place),
            Ok(FixPull::Updated(place)) => ("Updated the fix pull request", place),
            Ok(FixPull::Unchanged(place)) => ("The fix pull request holds these fixes already:", place),
            Ok(FixPull::Nothing) => {
                return self.say("No fix pull request is needed: nothing has such a fix.");
            }
            Ok(FixPull::Closed(place)) => {
                return self.at("Nothing is left to fix: closed the fix pull request", address(place));
            }
            Ok(FixPull::Declined(place)) => {
                return self.at(
                    "Somebody has closed the fix pull request with these very fixes: they are not proposed again. To \
                     have it kept up to date, open it again:",
                    address(place),
                );
            }
            Ok(FixPull::Foreign { branch_url, pull }) => {
                let pull =
                    pull.map(|place| format!(", and pull request {} too", place.number)).unwrap_or_default();
                return self.at(
                    format!(
                        "Somebody has pushed to the branch of the fixes: it was left alone{pull}. Merge it, or delete \
                         it to have the fixes proposed anew:"
                    ),
                    branch_url,
                );
            }
            Ok(FixPull::BranchOnly { compare_url, message }) => {
                return self.at(
                    format!(
                        "The fixes are on a branch, but no pull request was made ({}). Allow it in the repository's \
                         settings under Actions, General, \"Allow GitHub Actions to create and approve pull requests\", \
                         or make it by hand:",
                        message.trim_end_matches('.')
                    ),
                    compare_url,
                );
            }
            Ok(FixPull::NotPermitted { permission, message }) => {
                return self.lacks("May not propose the fixes", &permission, &message);
            }
            Ok(FixPull::Refused { message }) => {
                return self.say(format!("GitHub did not take the fix pull request ({message})."));
            }
            Err(error) => return self.fails(error, "the fixes were not proposed"),
        };
        self.pull_url.clone_from(&place.url);
        self.at(what, address(place));
    }
}

fn address(place: Place) -> String {
    if place.url.is_empty() { format!("number {}", place.number) } else { place.url }
}

/// Whether a text is an address and nothing else, in Markdown too.
fn is_plain_url(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/:?=&#%".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_github_are_text() {
        let mut told = Told::default();
        told.upload(Ok(Upload::Refused { message: "<img> @team [x](https://evil.example)".to_owned() }));
        told.fix_pull(Ok(FixPull::Created(Place { number: 3, url: "https://x.example/a)b<c>".to_owned() })));
        let text: String = told.markdown().collect();
        assert!(!text.contains("<img>") && !text.contains("@team") && !text.contains("<c>"), "{text}");
        assert_eq!(told.log().last().unwrap(), "Made the fix pull request https://x.example/a)b<c>");
    }

    #[test]
    fn addresses_stay_addresses() {
        let mut told = Told::default();
        let url = "https://github.com/octo-org/shop/compare/main...tidewaiter/fixes?expand=1";
        told.fix_pull(Ok(FixPull::BranchOnly { compare_url: url.to_owned(), message: "no.".to_owned() }));
        assert!(told.markdown().next().unwrap().ends_with(url));
        assert!(told.pull_url.is_empty());
    }
}
