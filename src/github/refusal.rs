//! Reads what GitHub says when it refuses.

use super::error::excerpt;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// A header that holds a number.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How long `Retry-After` asks to wait: seconds, or a date (RFC 9110, 10.2.3), as proxies in front of an
/// enterprise server write it.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(seconds) = number(headers, "retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    let text = headers.get("retry-after")?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    let date = Duration::from_secs(u64::try_from(date.timestamp().as_second()).ok()?);
    Some(date.saturating_sub(now.duration_since(SystemTime::UNIX_EPOCH).ok()?))
}

/// The words of an answer that is no JSON. Of an HTML page its title and first heading: gateways send whole
/// pages.
pub(super) fn words(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return excerpt(text);
    }
    let lower = text.to_ascii_lowercase();
    let inner = |tag: &str| {
        let at = lower.find(&format!("<{tag}"))?;
        let start = at + lower.get(at..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find('<')?;
        let words = excerpt(text.get(start..end)?);
        (!words.is_empty()).then_some(words)
    };
    let found: Vec<String> = ["title", "h1"].into_iter().filter_map(inner).collect();
    if found.is_empty() { "an HTML page".to_owned() } else { format!("a page: {}", found.join(", ")) }
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
    fn waiting_is_told_in_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let of = |v: &str| retry_after(&headers(&[("retry-after", v)]), now).map(|t| t.as_secs());
        assert_eq!(of("7"), Some(7));
        assert_eq!(of("Fri, 15 Jan 2027 08:00:30 GMT"), Some(30));
        assert_eq!(of("Fri, 15 Jan 2027 07:00:30 GMT"), Some(0));
        assert_eq!(of("soon"), None);
        assert_eq!(retry_after(&headers(&[]), now), None);
    }

    #[test]
    fn of_pages_the_heading_is_told() {
        let page = "<!DOCTYPE html>\n<html><head><title>Unicorn! · GitHub</title></head><body><h1 class=x>We had\nissues.</h1>";
        assert_eq!(words(page), "a page: Unicorn! · GitHub, We had issues.");
        assert_eq!(words("<html><body>İ<p>x"), "an HTML page");
        assert_eq!(words("upstream\ntimeout"), "upstream timeout");
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
