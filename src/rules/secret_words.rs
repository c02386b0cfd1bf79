//! Which names mean a secret, and which values are one.

/// Parts of names that mean a secret.
const SECRET: [&str; 10] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
];

/// Two parts in a row that mean a secret.
const SECRET_PAIRS: [(&str, &str); 3] = [("api", "key"), ("private", "key"), ("access", "key")];

/// Last parts of names that say something about a secret.
const ABOUT: [&str; 72] = [
    "age",
    "alg",
    "algorithm",
    "arn",
    "attempts",
    "audience",
    "backend",
    "cache",
    "class",
    "column",
    "count",
    "dir",
    "directory",
    "disabled",
    "driver",
    "duration",
    "email",
    "enabled",
    "encoding",
    "endpoint",
    "engine",
    "env",
    "expiration",
    "expire",
    "expires",
    "expiry",
    "field",
    "file",
    "format",
    "hashers",
    "header",
    "helper",
    "host",
    "hours",
    "id",
    "interval",
    "issuer",
    "iterations",
    "key_id",
    "length",
    "lifetime",
    "limit",
    "manager",
    "max",
    "method",
    "min",
    "minutes",
    "mode",
    "name",
    "names",
    "path",
    "placeholder",
    "policy",
    "port",
    "prefix",
    "provider",
    "realm",
    "region",
    "required",
    "rounds",
    "scheme",
    "seconds",
    "service",
    "size",
    "source",
    "store",
    "suffix",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
];

/// More last parts of that kind.
const ABOUT_MORE: [&str; 8] =
    ["user", "username", "validator", "validators", "version", "vault", "days", "scope"];

/// Parts that make a name a switch, an example or something public.
const HARMLESS: [&str; 20] = [
    "public",
    "allow",
    "disable",
    "enable",
    "use",
    "no",
    "skip",
    "require",
    "has",
    "ignore",
    "random",
    "dummy",
    "fake",
    "example",
    "sample",
    "placeholder",
    "default",
    "generate",
    "without",
    "with",
];

/// Whether a name holds the beginning of anything that means a secret, in any case; most hold none.
fn holds_stem(key: &str) -> bool {
    let bytes = key.as_bytes();
    bytes.iter().enumerate().any(|(at, first)| {
        let stems: &[&str] = match first.to_ascii_lowercase() {
            b'a' => &["auth"],
            b'c' => &["credential"],
            b'k' => &["key"],
            b'p' => &["pass", "pwd"],
            b's' => &["secret"],
            b't' => &["token"],
            _ => return false,
        };
        stems.iter().any(|stem| {
            bytes.get(at..at + stem.len()).is_some_and(|text| text.eq_ignore_ascii_case(stem.as_bytes()))
        })
    })
}

/// Whether a variable's name says that its value is secret.
pub(in crate::rules) fn names_secret(key: &str) -> bool {
    if !holds_stem(key) || matches!(key, "PWD" | "OLDPWD") {
        return false;
    }
    let parts = parts(key);
    let Some(last) = parts.last().map(String::as_str) else { return false };
    if ABOUT.contains(&last)
        || ABOUT_MORE.contains(&last)
        || parts.iter().any(|p| HARMLESS.contains(&p.as_str()))
    {
        return false;
    }
    let in_a_row = |a: &str, b: &str| parts.windows(2).any(|pair| pair[0] == a && pair[1] == b);
    parts.iter().any(|part| SECRET.contains(&part.as_str()))
        || SECRET_PAIRS.iter().any(|(a, b)| in_a_row(a, b))
        // `auth` alone names many other things: it has to be the last word, or to be followed by data.
        || last == "auth"
        || ["data", "string", "json", "key", "config"].iter().any(|data| *data == last && in_a_row("auth", data))
}

/// Splits a name at `_`, `-`, `.` and where a capital letter follows a small one; lower case.
fn parts(key: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before_is_lower = false;
    for c in key.chars() {
        let separator = matches!(c, '_' | '-' | '.');
        if (separator || (c.is_ascii_uppercase() && before_is_lower))
            && out.last().is_some_and(|p| !p.is_empty())
        {
            out.push(String::new());
        }
        before_is_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if !separator && let Some(part) = out.last_mut() {
            part.push(c.to_ascii_lowercase());
        }
    }
    out.retain(|part| !part.is_empty());
    out
}

/// Texts that say that a value is no real secret.
const PLACEHOLDERS: [&str; 22] = [
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "changeit",
    "dummy",
    "example",
    "placeholder",
    "replace",
    "xxx",
    "todo",
    "fake",
    "unused",
    "not-used",
    "notused",
    "not-needed",
    "your-",
    "your_",
    "insert",
    "buildtime",
    "build-time",
    "fixme",
];

/// Whole values that are no secret.
const NO_SECRETS: [&str; 19] = [
    "",
    "0",
    "1",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "nil",
    "undefined",
    "test",
    "testing",
    "auto",
    "default",
    "required",
    "optional",
];

/// Whether a value is one that should not be known.
pub(in crate::rules) fn is_secret_value(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let bracketed = [('<', '>'), ('[', ']'), ('%', '%'), ('@', '@')]
        .iter()
        .any(|(open, close)| lower.len() > 1 && lower.starts_with(*open) && lower.ends_with(*close));
    let path = ["/", "./", "../", "~/", "file:"].iter().any(|start| lower.starts_with(start))
        || lower.get(1..3) == Some(":\\");
    let url = lower.contains("://") && !lower.contains('@');
    let variable = lower.contains('$') || lower.contains("{{") || lower.contains("__");
    let filler = lower.chars().all(|c| matches!(c, '*' | '.' | '-' | '_' | '?' | '#'));
    !(NO_SECRETS.contains(&lower.as_str())
        || PLACEHOLDERS.iter().any(|word| lower.contains(word))
        || bracketed
        || path
        || url
        || variable
        || filler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for secret in [
            "NPM_TOKEN",
            "DB_PASSWORD",
            "SECRET_KEY",
            "dbPassword",
            "API_KEY",
            "apikey",
            "AWS_SECRET_ACCESS_KEY",
            "PRIVATE_KEY",
            "BASIC_AUTH",
            "REDIS-PASSWD",
            "AUTH_TOKEN",
            "SECRET_KEY_BASE",
            "DJANGO_SECRET",
        ] {
            assert!(names_secret(secret), "{secret}");
        }
        for other in [
            "DB_PASSWORD_FILE",
            "TOKENIZER_PATH",
            "AUTHOR",
            "SECRET_VERSION",
            "KEYBOARD",
            "GPG_KEY",
            "USERNAME",
            "PUBLIC_TOKEN",
            "SSH_PUBLIC_KEY",
            "AWS_ACCESS_KEY_ID",
            "TOKEN_TTL",
            "AUTH_MODE",
            "SECRET_KEY_BASE_DUMMY",
            "MYSQL_ALLOW_EMPTY_PASSWORD",
            "PWD",
            "MAX_TOKENS",
            "AUTH_URL",
            "NEXT_PUBLIC_API_KEY",
            "",
            "_",
        ] {
            assert!(!names_secret(other), "{other}");
        }
    }

    #[test]
    fn values() {
        for secret in ["hunter2", "postgres", "aGVsbG8/d29ybGQ=", "s3cr3t!", "amqp://me:pw@host"] {
            assert!(is_secret_value(secret), "{secret}");
        }
        for other in [
            "",
            "changeme",
            "<token>",
            "$TOKEN",
            "/run/secrets/x",
            "true",
            "xxxxxx",
            "{{ token }}",
            "***",
            "dummy-key",
            "C:\\x",
            "https://a.b/c",
            "%TOKEN%",
        ] {
            assert!(!is_secret_value(other), "{other}");
        }
    }
}
