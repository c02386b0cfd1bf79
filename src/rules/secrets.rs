//! Keys and tokens that can be told by their form, wherever they are written.
//!
//! Forms: the publishers' own documentation of their tokens. Nothing here gives a value away: see [`Secret::shown`].

use super::secret_words::is_secret_value;
use std::ops::Range;

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// What it is: "a GitHub token".
    pub(super) what: &'static str,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    /// Bytes at its front that the form of all such secrets gives, at most four.
    shown: usize,
}

impl Secret {
    /// What may be shown of it: the first characters, which all secrets of its kind have in common.
    pub(super) fn shown<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.range.start..self.range.start + self.shown).unwrap_or("")
    }
}

/// A form: what it begins with, what may follow, and how much of that at least.
struct Form {
    what: &'static str,
    prefix: &'static str,
    is_part: fn(u8) -> bool,
    least: usize,
    most: usize,
}

const fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}
const fn is_word_or_underscore(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
const fn is_url_safe(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}
const fn is_dotted(b: u8) -> bool {
    is_url_safe(b) || b == b'.'
}
const fn is_upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

const fn form(
    what: &'static str,
    prefix: &'static str,
    is_part: fn(u8) -> bool,
    least: usize,
    most: usize,
) -> Form {
    Form { what, prefix, is_part, least, most }
}

static FORMS: &[Form] = &[
    form("a GitHub token", "ghp_", is_word, 36, 255),
    form("a GitHub token", "gho_", is_word, 36, 255),
    form("a GitHub token", "ghu_", is_word, 36, 255),
    form("a GitHub token", "ghs_", is_word, 36, 255),
    form("a GitHub token", "ghr_", is_word, 36, 255),
    form("a GitHub token", "github_pat_", is_word_or_underscore, 40, 255),
    form("a GitLab token", "glpat-", is_url_safe, 20, 255),
    form("an AWS access key", "AKIA", is_upper, 16, 16),
    form("an AWS access key", "ASIA", is_upper, 16, 16),
    form("a Slack token", "xoxb-", is_url_safe, 20, 255),
    form("a Slack token", "xoxp-", is_url_safe, 20, 255),
    form("a Slack token", "xoxa-", is_url_safe, 20, 255),
    form("an npm token", "npm_", is_word, 36, 36),
    form("a PyPI token", "pypi-AgEI", is_url_safe, 50, 512),
    form("a Stripe key", "sk_live_", is_word, 20, 255),
    form("a Stripe key", "rk_live_", is_word, 20, 255),
    form("a Google API key", "AIza", is_url_safe, 35, 35),
    form("a Docker Hub token", "dckr_pat_", is_url_safe, 20, 64),
    form("a Hugging Face token", "hf_", is_word, 34, 40),
    form("a SendGrid key", "SG.", is_dotted, 60, 80),
    form("an Anthropic key", "sk-ant-", is_url_safe, 40, 255),
    form("an OpenAI key", "sk-proj-", is_url_safe, 40, 255),
];

/// All secrets of a known form in a text, in order: tokens, private keys, passwords in addresses.
pub(super) fn find(text: &str) -> Vec<Secret> {
    let mut out = Vec::new();
    tokens(text.as_bytes(), &mut out);
    private_keys(text, &mut out);
    in_addresses(text, &mut out);
    out.sort_by_key(|secret| secret.range.start);
    out
}

/// The shortest of all tokens.
const LEAST: usize = 20;

/// Tokens of a known form. Only every twentieth byte is looked at where no word is long enough to be one.
fn tokens(bytes: &[u8], out: &mut Vec<Secret>) {
    let mut at = LEAST - 1;
    while let Some(byte) = bytes.get(at) {
        if !is_url_safe(*byte) {
            at += LEAST;
            continue;
        }
        let before = bytes.get(..at).unwrap_or(&[]).iter().rposition(|b| !is_url_safe(*b));
        let start = before.map_or(0, |before| before + 1);
        let behind = bytes.get(at..).unwrap_or(&[]).iter().position(|b| !is_url_safe(*b));
        let end = behind.map_or(bytes.len(), |length| at + length);
        at = end + LEAST;
        if end - start < LEAST {
            continue;
        }
        // A dot belongs to one form only: `SG.…`
        let dotted = start.checked_sub(3).filter(|first| bytes.get(*first..start) == Some(b"SG."));
        let start = dotted.unwrap_or(start);
        let word = bytes.get(start..).unwrap_or(&[]);
        for form in FORMS.iter().filter(|form| word.starts_with(form.prefix.as_bytes())) {
            let body = word.get(form.prefix.len()..).unwrap_or(&[]);
            let length = body.iter().take_while(|b| (form.is_part)(**b)).count();
            if (form.least..=form.most).contains(&length) && is_random(body.get(..length).unwrap_or(&[])) {
                let range = start..start + form.prefix.len() + length;
                out.push(Secret { what: form.what, range, shown: form.prefix.len().min(4) });
            }
        }
    }
}

/// Not a sample: `AKIAIOSFODNN7EXAMPLE`, `ghp_xxxxxxxx…`, `npm_0000…`.
fn is_random(body: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in body {
        seen[usize::from(byte.to_ascii_lowercase())] = true;
    }
    let different = seen.iter().filter(|seen| **seen).count();
    let lower = body.to_ascii_lowercase();
    let says = ["example", "xxxx", "your", "12345678", "abcdefgh", "dummy", "fake", "placeholder", "replace"];
    different >= 7 && !says.iter().any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
}

/// `-----BEGIN RSA PRIVATE KEY-----` with something behind it.
fn private_keys(text: &str, out: &mut Vec<Secret>) {
    for at in memchr::memmem::find_iter(text.as_bytes(), b"-----BEGIN ") {
        let rest = text.get(at..).unwrap_or("");
        let Some(end) = rest.find("PRIVATE KEY-----").filter(|end| *end < 40) else { continue };
        let body = rest.get(end + "PRIVATE KEY-----".len()..).unwrap_or("");
        let body = body.trim_start_matches(['\\', 'n', '\n', '\r', ' ', '"', '\'']);
        let length =
            body.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).count();
        if length >= 16 {
            let range = at..at + end + "PRIVATE KEY-----".len();
            out.push(Secret { what: "a private key", range, shown: 0 });
        }
    }
}

/// `scheme://user:password@host`
fn in_addresses(text: &str, out: &mut Vec<Secret>) {
    for at in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        let start = at + 3;
        let rest = text.get(start..).unwrap_or("");
        let end = rest.find(|c: char| {
            c.is_whitespace()
                || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | '|' | ',' | ';' | '\\')
        });
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        let Some((user, host)) = authority.rsplit_once('@') else { continue };
        let Some((name, password)) = user.split_once(':') else { continue };
        let own = host.split(':').next().unwrap_or(host);
        let local = matches!(
            own,
            "localhost" | "127.0.0.1" | "0.0.0.0" | "host" | "hostname" | "example.com" | "example.org"
        ) || own.ends_with(".example.com");
        if password.len() < 3
            || password.contains(['{', '}', '(', ')', '[', '*', '&'])
            || host.is_empty()
            || local
            || name.eq_ignore_ascii_case(password)
            || is_sample(password)
            || !is_secret_value(password)
        {
            continue;
        }
        let from = start + name.len() + 1;
        out.push(Secret { what: "a password", range: from..from + password.len(), shown: 0 });
    }
}

/// Passwords of examples and of throw-away databases.
pub(super) fn is_sample(password: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let lower = lower.trim_matches(|c: char| c.is_ascii_digit());
    matches!(
        lower,
        "" | "pass"
            | "password"
            | "passwd"
            | "pwd"
            | "secret"
            | "user"
            | "root"
            | "admin"
            | "postgres"
            | "mysql"
            | "guest"
            | "token"
            | "mypassword"
            | "foo"
            | "bar"
            | "x-oauth-basic"
            | "app"
            | "dev"
            | "pw"
            | "qwerty"
            | "abc"
            | "test"
            | "access_token"
            | "api_key"
            | "apikey"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, String)> {
        find(text).into_iter().map(|secret| (secret.what, text[secret.range].to_owned())).collect()
    }

    /// Written in two parts, so that no scanner takes this file for a leak.
    fn token(prefix: &str, body: &str) -> String {
        format!("{prefix}{body}")
    }

    #[test]
    fn forms_of_tokens() {
        let body = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fL9rXk";
        for (text, what) in [
            (token("ghp_", body), "a GitHub token"),
            (token("npm_", body), "an npm token"),
            (token("AKIA", "Q3EGRJZT5WLM7XNB"), "an AWS access key"),
            (token("glpat-", "aB3dE6gH9jK2mN5pQ8sT"), "a GitLab token"),
            (
                token("SG.", "aB3dE6gH9jK2mN5pQ8sT1v.W4yZ7bC0fL9rXkaB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0"),
                "a SendGrid key",
            ),
            (token("AIza", "SyB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fL9r"), "a Google API key"),
        ] {
            let line = format!("ENV X=\"{text}\"\n");
            assert_eq!(found(&line), [(what, text.clone())]);
            let shown = find(&line)[0].shown(&line).to_owned();
            assert!(text.starts_with(&shown) && (3..=4).contains(&shown.len()), "{text}");
        }
        for other in [
            token("AKIA", "IOSFODNN7EXAMPLE"),
            token("ghp_", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
            token("npm_", "install"),
            token("npm_config_registry", "=https://a.b/c"),
            token("XAKIA", "Q3EGRJZT5WLM7XNB"),
            token("sk_live_", "$KEY"),
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            "E1DD270288B4E6030699E45FA1715D88E1DF1F24".to_owned(),
        ] {
            assert_eq!(found(&other), [], "{other}");
        }
    }

    #[test]
    fn wherever_they_stand() {
        let text = token("ghp_", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fL9rXk");
        for before in 0..50 {
            for after in [0, 1, 30] {
                let line = format!("{}{text}{}", " ".repeat(before), " ".repeat(after));
                assert_eq!(found(&line), [("a GitHub token", text.clone())], "{before} {after}");
                let line = format!("{} {text} {text}", "x".repeat(before));
                assert_eq!(found(&line).len(), 2, "{before}");
            }
        }
    }

    #[test]
    fn private_keys_and_addresses() {
        let key = format!("-----BEGIN RSA PRIVATE{}", " KEY-----\nMIIEpAIBAAKCAQEA7n\n");
        assert_eq!(find(&key)[0].what, "a private key");
        assert_eq!(find(&key)[0].shown(&key), "");
        assert_eq!(found("grep -- '-----BEGIN PRIVATE KEY-----' x"), []);
        assert_eq!(found("-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA7n"), []);
        assert_eq!(found("git clone https://bot:h8Fk2Lq@git.corp/x"), [("a password", "h8Fk2Lq".to_owned())]);
        for other in [
            "https://user:pass@host/x",
            "https://bot:$TOKEN@git.corp/x",
            "https://bot:${TOKEN}@git.corp/x",
            "https://bot@git.corp/x",
            "postgres://postgres:postgres@db/x",
            "postgres://me:h8Fk2Lq@localhost/x",
            "http://a.b/c:d@e",
            "redis://:@x",
            "https://oauth2:<token>@gitlab.com/x",
        ] {
            assert_eq!(found(other), [], "{other}");
        }
    }
}
