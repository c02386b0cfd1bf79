//! Reads what GitHub says when it refuses.

use super::error::excerpt;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// A header that holds a number.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `pull_requests=write; issues=write` → `pull-requests: write`, as a workflow says it.
pub(super) fn permission_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-accepted-github-permissions")?.to_str().ok()?;
    let sets: Vec<String> = value
        .split(';')
        .map(|set| {
            set.split(',')
                .filter_map(|one| one.trim().split_once('='))
                .filter(|(name, level)| {
                    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                        && matches!(*level, "read" | "write" | "admin")
                })
                .map(|(name, level)| format!("{}: {level}", name.replace('_', "-")))
                .collect::<Vec<_>>()
                .join(", ")
        })
        .filter(|set| !set.is_empty())
        .collect();
    // Several sets are alternatives; the one for pull requests is ours.
    sets.iter().find(|set| set.contains("pull-requests")).or_else(|| sets.first()).cloned()
}

/// Both forms of GitHub's validation errors as text: strings, and objects of resource, field, code, message.
pub(super) fn error_text(error: &Value) -> String {
    let field = |name: &str| error.get(name).and_then(Value::as_str);
    if let Some(text) = error.as_str() {
        return excerpt(text);
    }
    let parts = [field("resource"), field("field"), field("code"), field("message")];
    excerpt(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// Whether a refusal is a limit: nothing was done, and waiting helps. GitHub says so with 429, with 403, and
/// with 422 ("abuse", "submitted too quickly").
pub(super) fn is_limit(status: StatusCode, headers: &HeaderMap, message: &str, errors: &[String]) -> bool {
    let lower = message.to_ascii_lowercase();
    match status.as_u16() {
        429 => true,
        403 => {
            headers.contains_key("retry-after")
                || number(headers, "x-ratelimit-remaining") == Some(0)
                || lower.contains("rate limit")
                || lower.contains("abuse detection")
        }
        422 => std::iter::once(&lower)
            .chain(errors.iter().map(|e| e.to_ascii_lowercase()).collect::<Vec<_>>().iter())
            .any(|text| {
                text.contains("submitted too quickly") || text.split(' ').any(|word| word == "abuse")
            }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    #[test]
    fn permissions_read_as_in_a_workflow() {
        let of = |v| permission_of(&headers(&[("x-accepted-github-permissions", v)]));
        assert_eq!(of("pull_requests=write").unwrap(), "pull-requests: write");
        assert_eq!(of("issues=write; pull_requests=write").unwrap(), "pull-requests: write");
        assert_eq!(of("contents=write,workflows=write").unwrap(), "contents: write, workflows: write");
        assert_eq!(of("<b>"), None);
    }

    #[test]
    fn limits_are_told_from_refusals() {
        let none = headers(&[]);
        let is = |status: u16, headers: &HeaderMap, message: &str, errors: &[&str]| {
            let errors: Vec<String> = errors.iter().map(|e| (*e).to_owned()).collect();
            is_limit(StatusCode::from_u16(status).unwrap(), headers, message, &errors)
        };
        assert!(is(403, &headers(&[("retry-after", "5")]), "", &[]));
        assert!(is(403, &none, "You have exceeded a secondary rate limit.", &[]));
        assert!(!is(403, &none, "Resource not accessible by integration", &[]));
        assert!(is(
            422,
            &none,
            "Validation Failed",
            &["PullRequestReview base custom was submitted too quickly"]
        ));
        assert!(is(422, &none, "Validation Failed", &["Issue abuse"]));
        assert!(!is(422, &none, "Unprocessable Entity", &["line must be part of the diff"]));
    }
}
