//! What can go wrong in a talk with GitHub. Every message says the cause and what to do.

use std::time::Duration;
use thiserror::Error;

/// Why GitHub could not be read or written.
///
/// `doing` is what was being done, as a verb phrase: "list the changed files".
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum GithubError {
    /// There is no token.
    #[error(
        "no token for GitHub: pass `github-token: ${{{{ github.token }}}}` to the action, or set GITHUB_TOKEN"
    )]
    MissingToken,
    /// The HTTP client cannot be made.
    #[error("cannot set up the connection to GitHub: {0}")]
    Setup(String),
    /// 401.
    #[error(
        "cannot {doing}: GitHub does not accept the token (401 {message}). It may have expired or been \
         revoked, or belong to another server; pass the job's own `github.token`"
    )]
    Unauthorized {
        /// What was being done.
        doing: &'static str,
        /// GitHub's words.
        message: String,
    },
    /// 403 for want of a permission.
    #[error("cannot {doing}: the token lacks a permission ({message}). {}", remedy(permission.as_deref()))]
    Forbidden {
        /// What was being done.
        doing: &'static str,
        /// The permission that GitHub names as accepted, as a workflow writes it: `pull-requests: write`.
        permission: Option<String>,
        /// GitHub's words.
        message: String,
    },
    /// 404. GitHub also says so when the token may not see a private repository.
    #[error(
        "cannot {doing}: GitHub does not know it (404 {message}). Check repository and number; for a \
         private repository the token also needs `contents: read` and `pull-requests: read`"
    )]
    NotFound {
        /// What was being done.
        doing: &'static str,
        /// GitHub's words.
        message: String,
        /// Whether it is the call that the server does not know, going by the documentation it points to.
        unserved: bool,
    },
    /// A rate limit whose end lies beyond the waiting budget.
    #[error(
        "cannot {doing}: GitHub's rate limit asks to wait {} s more, and {} s of the {} s for waiting are \
         used ({message}). Run the job again later",
        wait.as_secs(), spent.as_secs(), budget.as_secs()
    )]
    RateLimited {
        /// What was being done.
        doing: &'static str,
        /// How long GitHub asks to wait.
        wait: Duration,
        /// How long this run has waited so far.
        spent: Duration,
        /// How long a run may wait in all.
        budget: Duration,
        /// GitHub's words.
        message: String,
    },
    /// 422: GitHub refuses the content.
    #[error(
        "cannot {doing}: GitHub refuses the content (422 {message}{}). Please report this to Tidewaiter",
        list(errors)
    )]
    Validation {
        /// What was being done.
        doing: &'static str,
        /// GitHub's words.
        message: String,
        /// The single errors, both of GitHub's forms as text.
        errors: Vec<String>,
    },
    /// The token's own account has a review on the pull request that is not submitted, and not ours: GitHub
    /// takes no second one, and what a person has written is not thrown away.
    #[error(
        "cannot post the review: the account of the token has a review of its own on this pull request that is \
         not submitted yet. Submit or discard it, or pass the job's own `github.token`"
    )]
    Draft,
    /// The pull request has another head than the one that was analysed.
    #[error(
        "the pull request has moved on from {analysed} to {head}: the run for the newer commit reviews it"
    )]
    Superseded {
        /// The commit that was analysed.
        analysed: String,
        /// The head now.
        head: String,
    },
    /// Something that a write was based on has changed since: a branch has another head than expected.
    #[error("cannot {doing}: it has changed in the meantime ({message}). Run the job again")]
    Stale {
        /// What was being done.
        doing: &'static str,
        /// GitHub's words.
        message: String,
    },
    /// A branch, tag or commit that is not there.
    #[error(
        "{repository} has no branch, tag or commit {reference:?}: name one that is there, or none for the default branch"
    )]
    UnknownReference {
        /// The repository.
        repository: String,
        /// What was asked for.
        reference: String,
    },
    /// A repository without any commit.
    #[error("{0} has no commits: there is nothing to look at")]
    EmptyRepository(String),
    /// Another status than the ones above; 5xx after all retries.
    #[error("cannot {doing}: GitHub answered {status} ({message}). {}", if *status >= 500 {
        "This is a fault on GitHub's side, see https://www.githubstatus.com; run the job again later"
    } else if passes(*status) {
        "Something else happened at the same time; run the job again later"
    } else {
        "Please report this answer to Tidewaiter"
    })]
    Status {
        /// What was being done.
        doing: &'static str,
        /// The HTTP status.
        status: u16,
        /// GitHub's words.
        message: String,
    },
    /// The connection failed, also after all retries.
    #[error(
        "cannot {doing}: no whole answer from GitHub ({message}). Check the network of the runner and \
         GITHUB_API_URL; an HTTP proxy is not used"
    )]
    Transport {
        /// What was being done.
        doing: &'static str,
        /// What the transport says.
        message: String,
    },
    /// No answer in time, also after all retries. What was asked for may still be done.
    #[error(
        "cannot {doing}: no answer from GitHub within {seconds} s. Check the network of the runner and \
         https://www.githubstatus.com, and run the job again later"
    )]
    Late {
        /// What was being done.
        doing: &'static str,
        /// The time, in seconds.
        seconds: u64,
    },
    /// The answer is not what the API describes.
    #[error(
        "cannot {doing}: GitHub's answer cannot be read ({message}). Run the job again; if it stays, report it"
    )]
    Decode {
        /// What was being done.
        doing: &'static str,
        /// What does not fit.
        message: String,
    },
    /// GraphQL errors of other kinds.
    #[error("cannot {doing}: GitHub refuses the query ({message}). Please report this to Tidewaiter")]
    Query {
        /// What was being done.
        doing: &'static str,
        /// GitHub's words.
        message: String,
    },
}

impl GithubError {
    /// Whether a write that ended so may have been carried out all the same: list, then decide.
    pub const fn is_ambiguous(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::Late { .. } | Self::Decode { .. } => true,
            // 501: the server does not know how.
            Self::Status { status, .. } => (*status >= 500 && *status != 501) || passes(*status),
            _ => false,
        }
    }
}

/// Refusals that may pass: a time-out of the server, a conflict with something that happens at the same time,
/// a lock.
const fn passes(status: u16) -> bool {
    matches!(status, 408 | 409 | 423 | 425)
}

fn remedy(permission: Option<&str>) -> String {
    permission.map_or_else(
        || {
            "Give the job `pull-requests: write` and `contents: read`; a `pull_request` run from a fork \
             never gets more than read"
                .to_owned()
        },
        |permission| {
            format!(
                "Give the job `{permission}` under `permissions:`; a `pull_request` run from a fork never \
                 gets more than read"
            )
        },
    )
}

fn list(errors: &[String]) -> String {
    if errors.is_empty() { String::new() } else { format!(": {}", errors.join("; ")) }
}

/// Text of a server for a message: one line, no control characters, no more than 300 characters.
pub(super) fn excerpt(text: &str) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        for c in std::iter::once(' ').chain(word.chars()).filter(|c| !c.is_control()) {
            if count == 0 && c == ' ' {
                continue;
            }
            if count == 300 {
                out.push('…');
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_cause_and_remedy() {
        let error = GithubError::Forbidden {
            doing: "post the review",
            permission: Some("pull-requests: write".to_owned()),
            message: "Resource not accessible by integration".to_owned(),
        };
        let text = error.to_string();
        assert!(text.contains("post the review") && text.contains("`pull-requests: write`"), "{text}");
        assert!(GithubError::MissingToken.to_string().contains("${{ github.token }}"));
        let error = GithubError::Status { doing: "x", status: 502, message: String::new() };
        assert!(error.to_string().contains("githubstatus") && error.is_ambiguous());
    }

    #[test]
    fn foreign_text_is_cut_and_flattened() {
        assert_eq!(excerpt("  a\n\u{1b}[31mb\tc  "), "a [31mb c");
        assert_eq!(excerpt(&"x".repeat(1000)).chars().count(), 301);
    }
}
