//! What the address of a download tells.

/// Scheme and host of an address, in lower case, without user and port; `None` for anything else. A host with a
/// variable in it is given as written.
pub(super) fn scheme_and_host(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    if scheme.is_empty() || !scheme.chars().all(valid) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((inner, _)) => inner,
        None if host.contains('$') => host,
        None => host.split(':').next().unwrap_or(host),
    };
    (!host.is_empty()).then(|| (scheme.to_ascii_lowercase(), host.to_ascii_lowercase()))
}

/// Whether a host is the own machine or one of a network that is not public (RFC 1918, 3927, 4193, 6762, 9476).
pub(super) fn is_private(host: &str) -> bool {
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return address.is_loopback()
            || address.is_private()
            || address.is_link_local()
            || address.is_unspecified();
    }
    if let Ok(address) = host.parse::<std::net::Ipv6Addr>() {
        return address.is_loopback()
            || address.is_unspecified()
            || matches!(address.segments(), [0xfc00..=0xfdff | 0xfe80..=0xfebf, ..]);
    }
    let last = host.rsplit('.').next().unwrap_or(host);
    // A single label is a name of the own network.
    !host.contains('.')
        || matches!(
            last,
            "local"
                | "localhost"
                | "internal"
                | "lan"
                | "corp"
                | "home"
                | "test"
                | "example"
                | "invalid"
                | "intranet"
                | "private"
        )
        || host.ends_with(".home.arpa")
}

/// Path segments under which always the newest file is found.
const MOVING: [&str; 15] = [
    "latest",
    "master",
    "main",
    "head",
    "nightly",
    "stable",
    "current",
    "develop",
    "dev",
    "trunk",
    "edge",
    "snapshot",
    "newest",
    "lastsuccessfulbuild",
    "release-latest",
];

/// Whether an address names one version: a number with a dot or a `v`, a commit, a variable for it. Addresses that
/// say `latest` or name a branch do not.
pub(super) fn is_versioned(url: &str) -> bool {
    let path =
        url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let segments = || path.split('/').map(str::to_ascii_lowercase);
    if segments().any(|segment| MOVING.contains(&segment.as_str())) {
        return false;
    }
    let parts = || path.split(['/', '-', '_', '@', '=', '+']);
    path.contains('$') || parts().any(names_version)
}

/// `1.2`, `v3`, `go1.26`, `20240101`, a commit.
fn names_version(part: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let rest = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let number = rest.split('.').next().unwrap_or("");
    let dotted = rest.split('.').nth(1).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
    let v = part.strip_prefix(['v', 'V']).is_some_and(|rest| digits(rest.split('.').next().unwrap_or("")));
    let hex = (7..=64).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_hexdigit())
        && part.bytes().any(|b| b.is_ascii_digit());
    (digits(number) && dotted) || v || hex || (digits(number) && number.len() >= 6)
}

/// An address to be shown: no user, no password, no query, at most 80 characters.
pub(super) fn shown(url: &str) -> String {
    let text = url.split(['?', '#']).next().unwrap_or(url);
    let text = match (text.split_once("://"), text.rfind('@')) {
        (Some((scheme, rest)), Some(_)) => match rest.split_once('/') {
            Some((authority, path)) => {
                format!("{scheme}://{}/{path}", authority.rsplit('@').next().unwrap_or(authority))
            }
            None => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or(rest)),
        },
        _ => text.to_owned(),
    };
    let text = text.replace(['`', '\n', '\r'], "");
    if text.chars().count() <= 80 {
        return text;
    }
    let start: String = text.chars().take(79).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_own_networks() {
        for (url, private) in [
            ("http://localhost:80/x", true),
            ("http://127.0.0.1/", true),
            ("http://169.254.169.254/latest", true),
            ("http://user:x@10.1.2.3/", true),
            ("http://172.31.0.1/", true),
            ("http://172.32.0.1/", false),
            ("http://nexus/x", true),
            ("http://[::1]:80/x", true),
            ("http://[fd00::1]/x", true),
            ("http://mirror.corp.local/x", true),
            ("http://example.com:80/x", false),
            ("HTTP://Example.COM", false),
        ] {
            let (scheme, host) = scheme_and_host(url).unwrap();
            assert_eq!((scheme.as_str(), is_private(&host)), ("http", private), "{url}");
        }
        for text in ["x", "://x", "a b://c", "http://", "$URL"] {
            assert_eq!(scheme_and_host(text), None, "{text}");
        }
    }

    #[test]
    fn versions_in_addresses() {
        for (url, versioned) in [
            ("https://h/x-1.2.3.tar.gz", true),
            ("https://h/v2/x.sh", true),
            ("https://h/go1.26.linux-amd64.tar.gz", true),
            ("https://h/${VERSION}/x", true),
            ("https://raw.githubusercontent.com/a/b/0123456789abcdef0123456789abcdef01234567/x.sh", true),
            ("https://h/2024010112/x", true),
            ("https://h/a/b/releases/latest/download/x-1.2.tgz", false),
            ("https://raw.githubusercontent.com/a/b/master/x.sh", false),
            ("https://h/install.sh", false),
            ("https://h", false),
            ("https://1.2.3.4/install.sh", false),
            ("https://h/x-linux-amd64", false),
            ("https://h/setup_20.x", false),
        ] {
            assert_eq!(is_versioned(url), versioned, "{url}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert_eq!(shown("https://u:p@h/x?token=y#z"), "https://h/x");
        assert_eq!(shown("https://u:p@h"), "https://h");
        assert_eq!(shown(&format!("https://h/{}", "x".repeat(200))).chars().count(), 80);
    }
}
