//! What the runner tells a step, read once.

use http::Uri;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// The environment of a workflow step, checked.
///
/// Names and meaning: GitHub's docs, "Default environment variables" of workflows.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The file with the event's payload (`GITHUB_EVENT_PATH`).
    pub event_path: Option<PathBuf>,
    /// The event that started the run (`GITHUB_EVENT_NAME`).
    pub event_name: Option<String>,
    /// The repository of the run (`GITHUB_REPOSITORY`).
    pub repository: Option<Repository>,
    /// Root of the REST API without a slash at its end (`GITHUB_API_URL`).
    pub api_url: String,
    /// The GraphQL endpoint (`GITHUB_GRAPHQL_URL`); on GitHub Enterprise Server it is no child of the API.
    pub graphql_url: String,
    /// The web site (`GITHUB_SERVER_URL`).
    pub server_url: String,
    /// The commit of the run (`GITHUB_SHA`): for `pull_request` the merge commit, not the head.
    pub sha: Option<String>,
    /// The branch or tag of the run, as `refs/heads/main` (`GITHUB_REF`).
    pub reference: Option<String>,
    /// Where a checkout would be (`GITHUB_WORKSPACE`). A review does not read it.
    pub workspace: Option<PathBuf>,
    /// Where outputs go (`GITHUB_OUTPUT`).
    pub output: Option<PathBuf>,
    /// Where the job summary goes (`GITHUB_STEP_SUMMARY`).
    pub step_summary: Option<PathBuf>,
    /// The run (`GITHUB_RUN_ID`).
    pub run_id: Option<u64>,
    /// Whether debug logging is on (`RUNNER_DEBUG`).
    pub debug: bool,
    /// How long the run may wait for GitHub in all (`TIDEWAITER_MAX_WAIT`, in seconds).
    pub max_wait: Option<Duration>,
    /// So many times as fast pauses and deadlines pass (`TIDEWAITER_TEST_FASTER`, such as `40:1`); only a build
    /// with debug assertions reads it, for tests of the whole program.
    pub(super) faster: Option<(u32, u32)>,
    /// The token (`INPUT_GITHUB_TOKEN`, else `GITHUB_TOKEN`); never printed.
    pub token: Option<SecretString>,
}

/// Why the environment cannot be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum EnvironmentError {
    /// A URL that no token may be sent to.
    #[error("{variable} is {value:?}: {reason}")]
    Url {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a number of seconds.
    #[error("{variable} is {value:?}: write a whole number of seconds")]
    Seconds {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// Not `owner/name`.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A token with bytes that cannot stand in a header.
    #[error(
        "the token in {variable} holds blanks, line ends or other characters that no token has: check how \
         the secret was stored"
    )]
    Token {
        /// The variable.
        variable: &'static str,
    },
}

/// A repository's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The person or organisation.
    pub owner: String,
    /// The repository's own name.
    pub name: String,
}

/// Not a repository's name.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{0:?} is not the name of a repository: write it as owner/name")]
pub struct RepositoryError(pub String);

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl FromStr for Repository {
    type Err = RepositoryError;

    /// Takes `owner/name`. Both go into URLs, so nothing else than the characters GitHub allows is taken.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.len() <= 100
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        match text.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(RepositoryError(text.chars().take(200).collect())),
        }
    }
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// See [`EnvironmentError`].
    pub fn from_process() -> Result<Self, EnvironmentError> {
        #[expect(clippy::disallowed_methods, reason = "the one place of this room that reads it")]
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads an environment through a look-up. Empty values count as missing.
    ///
    /// # Errors
    /// When a URL is not `https` (plain `http` only to this machine), the repository is not `owner/name` or
    /// the token cannot be one.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let get = |name: &str| lookup(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let api_url = url("GITHUB_API_URL", get("GITHUB_API_URL"), || "https://api.github.com".to_owned())?;
        let graphql_url =
            url("GITHUB_GRAPHQL_URL", get("GITHUB_GRAPHQL_URL"), || match api_url.strip_suffix("/api/v3") {
                Some(host) => format!("{host}/api/graphql"),
                None => format!("{api_url}/graphql"),
            })?;
        let server_url = url("GITHUB_SERVER_URL", get("GITHUB_SERVER_URL"), || {
            api_url.strip_suffix("/api/v3").unwrap_or("https://github.com").to_owned()
        })?;
        let repository = get("GITHUB_REPOSITORY").map(|v| v.parse()).transpose()?;
        Ok(Self {
            event_path: get("GITHUB_EVENT_PATH").map(PathBuf::from),
            event_name: get("GITHUB_EVENT_NAME"),
            repository,
            api_url,
            graphql_url,
            server_url,
            sha: get("GITHUB_SHA"),
            reference: get("GITHUB_REF"),
            workspace: get("GITHUB_WORKSPACE").map(PathBuf::from),
            output: get("GITHUB_OUTPUT").map(PathBuf::from),
            step_summary: get("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            run_id: get("GITHUB_RUN_ID").and_then(|v| v.parse().ok()),
            debug: get("RUNNER_DEBUG").as_deref() == Some("1"),
            max_wait: seconds("TIDEWAITER_MAX_WAIT", get("TIDEWAITER_MAX_WAIT"))?,
            faster: if cfg!(debug_assertions) {
                get("TIDEWAITER_TEST_FASTER").and_then(|value| {
                    let (pauses, deadlines) = value.split_once(':')?;
                    Some((pauses.parse().ok()?, deadlines.parse().ok()?))
                })
            } else {
                None
            },
            token: token(get)?,
        })
    }
}

fn seconds(variable: &'static str, value: Option<String>) -> Result<Option<Duration>, EnvironmentError> {
    let Some(value) = value else { return Ok(None) };
    // A day is longer than any job.
    match value.parse::<u32>() {
        Ok(seconds) if seconds <= 86_400 => Ok(Some(Duration::from_secs(seconds.into()))),
        _ => Err(EnvironmentError::Seconds { variable, value: value.chars().take(200).collect() }),
    }
}

fn token(get: impl Fn(&str) -> Option<String>) -> Result<Option<SecretString>, EnvironmentError> {
    for variable in ["INPUT_GITHUB_TOKEN", "GITHUB_TOKEN"] {
        if let Some(value) = get(variable) {
            // It becomes a header; anything that cannot stand there makes octocrab panic.
            if !value.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(EnvironmentError::Token { variable });
            }
            return Ok(Some(SecretString::from(value)));
        }
    }
    Ok(None)
}

fn url(
    variable: &'static str,
    value: Option<String>,
    default: impl FnOnce() -> String,
) -> Result<String, EnvironmentError> {
    let Some(value) = value else { return Ok(default()) };
    let fail = |reason| EnvironmentError::Url { variable, value: value.chars().take(200).collect(), reason };
    let uri: Uri = value.parse().map_err(|_| fail("not a URL"))?;
    let host = uri.host().ok_or_else(|| fail("a URL without a host"))?;
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback(host) => {}
        Some("http") => return Err(fail("the token would travel unencrypted; use https://")),
        _ => return Err(fail("not an https:// URL")),
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err(fail("a URL with a user name"));
    }
    if uri.query().is_some() || value.contains('#') {
        return Err(fail("a URL with a query or a fragment"));
    }
    Ok(value.trim_end_matches('/').to_owned())
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn read(pairs: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        Environment::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn defaults_are_github_com() {
        let env = read(&[]).unwrap();
        assert_eq!(env.api_url, "https://api.github.com");
        assert_eq!(env.graphql_url, "https://api.github.com/graphql");
        assert_eq!(env.server_url, "https://github.com");
        assert!(env.token.is_none());
    }

    #[test]
    fn enterprise_servers_have_graphql_beside_the_api() {
        let env = read(&[("GITHUB_API_URL", "https://ghe.example/api/v3/")]).unwrap();
        assert_eq!(env.api_url, "https://ghe.example/api/v3");
        assert_eq!(env.graphql_url, "https://ghe.example/api/graphql");
        assert_eq!(env.server_url, "https://ghe.example");
    }

    #[test]
    fn tokens_are_trimmed_checked_and_hidden() {
        let env = read(&[("INPUT_GITHUB_TOKEN", "  "), ("GITHUB_TOKEN", "abc\n")]).unwrap();
        assert_eq!(env.token.as_ref().unwrap().expose_secret(), "abc");
        assert!(!format!("{env:?}").contains("abc"));
        let error = read(&[("INPUT_GITHUB_TOKEN", "a b")]).unwrap_err();
        assert_eq!(error, EnvironmentError::Token { variable: "INPUT_GITHUB_TOKEN" });
        assert!(!error.to_string().contains("a b"));
    }

    #[test]
    fn waiting_is_a_number_of_seconds() {
        assert_eq!(read(&[]).unwrap().max_wait, None);
        let env = read(&[("TIDEWAITER_MAX_WAIT", "30")]).unwrap();
        assert_eq!(env.max_wait, Some(Duration::from_secs(30)));
        for bad in ["-1", "1.5", "2m", "86401", "99999999999"] {
            let error = read(&[("TIDEWAITER_MAX_WAIT", bad)]).unwrap_err();
            assert!(error.to_string().contains("seconds"), "{error}");
        }
    }

    #[test]
    fn plain_http_only_to_this_machine() {
        assert!(read(&[("GITHUB_API_URL", "http://127.0.0.1:80")]).is_ok());
        assert!(read(&[("GITHUB_API_URL", "http://[::1]:80")]).is_ok());
        for bad in [
            "http://api.github.com",
            "http://127.0.0.1.evil.example",
            "ftp://x",
            "x",
            "https://u@h",
            "https://h/?a",
        ] {
            assert!(read(&[("GITHUB_API_URL", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn repositories_are_two_plain_names() {
        assert_eq!("octo-org/shop.x".parse::<Repository>().unwrap().to_string(), "octo-org/shop.x");
        for bad in ["", "a", "a/b/c", "a/..", "a b/c", "a/b?x", "a/%2e"] {
            assert!(bad.parse::<Repository>().is_err(), "{bad}");
        }
    }
}
