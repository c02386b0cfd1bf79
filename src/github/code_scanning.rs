//! Uploads SARIF to GitHub's code scanning.

use super::client::{Call, Client};
use super::environment::Repository;
use super::error::{GithubError, excerpt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use std::io::Write as _;

/// The largest compressed SARIF that GitHub takes, in bytes (GitHub's docs, "SARIF support for code scanning").
pub const MAX_SARIF_BYTES: usize = 10 * 1024 * 1024;

const DOING: &str = "upload the SARIF to code scanning";

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upload {
    /// GitHub has taken it and looks at it now.
    Done {
        /// GitHub's id of the upload.
        id: String,
    },
    /// It was not sent: too large.
    TooLarge {
        /// Its compressed size in bytes.
        bytes: usize,
    },
    /// It was not sent: results belong to a branch or a tag.
    NoReference,
    /// The token may not write.
    NotPermitted {
        /// What the job lacks, as a workflow writes it: `security-events: write`.
        permission: String,
        /// GitHub's words.
        message: String,
    },
    /// The repository takes none: code scanning is not enabled, or the file is refused.
    Refused {
        /// GitHub's words.
        message: String,
    },
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(default)]
    id: String,
}

/// Uploads; see [`super::Depot::upload_sarif`].
pub(super) async fn upload(
    client: &Client,
    repository: &Repository,
    commit: &str,
    reference: Option<&str>,
    sarif: &str,
) -> Result<Upload, GithubError> {
    let Some(reference) = reference else { return Ok(Upload::NoReference) };
    let compressed = compress(sarif).map_err(|error| {
        GithubError::Setup(format!("the SARIF cannot be compressed: {}", excerpt(&error.to_string())))
    })?;
    if compressed.len() > MAX_SARIF_BYTES {
        return Ok(Upload::TooLarge { bytes: compressed.len() });
    }
    let Repository { owner, name } = repository;
    let route = format!("/repos/{owner}/{name}/code-scanning/sarifs");
    let body = json!({
        "commit_sha": commit, "ref": reference, "sarif": STANDARD.encode(compressed), "tool_name": "tidewaiter",
    });
    let call =
        Call { doing: DOING, method: Method::POST, route: &route, body: Some(&body), repeatable: false };
    match client.json::<Accepted>(&call).await {
        Ok((accepted, _)) => Ok(Upload::Done { id: excerpt(&accepted.id) }),
        // The same status says that the repository has no code scanning; the words tell them apart.
        Err(GithubError::Forbidden { message, .. }) if is_switched_off(&message) => {
            Ok(Upload::Refused { message })
        }
        Err(GithubError::Forbidden { message, .. }) => {
            Ok(Upload::NotPermitted { permission: "security-events: write".to_owned(), message })
        }
        Err(GithubError::NotFound { message, .. } | GithubError::Validation { message, .. }) => {
            Ok(Upload::Refused { message })
        }
        Err(GithubError::Status { status: 400 | 413, message, .. }) => Ok(Upload::Refused { message }),
        Err(error) => Err(error),
    }
}

fn is_switched_off(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    ["not enabled", "must be enabled", "advanced security", "code security"]
        .iter()
        .any(|words| lower.contains(words))
}

/// Gzip without name and time: the same text gives the same bytes.
fn compress(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read as _;

    #[test]
    fn compressed_text_comes_back() {
        let text = "{\"version\":\"2.1.0\"}".repeat(1000);
        let bytes = compress(&text).unwrap();
        assert!(bytes.len() < text.len() / 10);
        assert_eq!(bytes, compress(&text).unwrap());
        let mut out = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut out).unwrap();
        assert_eq!(out, text);
    }

    #[test]
    fn a_switched_off_feature_is_no_missing_permission() {
        assert!(is_switched_off(
            "Advanced Security must be enabled for this repository to use code scanning."
        ));
        assert!(is_switched_off("Code scanning is not enabled for this repository."));
        assert!(!is_switched_off("Resource not accessible by integration"));
    }
}
