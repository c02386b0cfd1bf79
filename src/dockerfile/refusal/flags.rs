//! Flags of instructions (`instructions/bflag.go`) and those of their values that the file alone decides.

use super::super::expand::{Value, expand};
use super::super::{Flag, Instruction, Keyword, SyntaxError};
use super::{error, literal, mount, shown};

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing, or `true` or `false`.
    Switch,
    /// A value, once.
    Value,
    /// A value, any number of times.
    Values,
}

/// The flags of Docker's frontend 1.20.
const fn known(keyword: Keyword) -> &'static [(&'static str, Kind)] {
    use Kind::{Switch, Value, Values};
    match keyword {
        Keyword::Add => &[
            ("checksum", Value),
            ("chmod", Value),
            ("chown", Value),
            ("exclude", Values),
            ("keep-git-dir", Switch),
            ("link", Switch),
            ("unpack", Switch),
        ],
        Keyword::Copy => &[
            ("chmod", Value),
            ("chown", Value),
            ("exclude", Values),
            ("from", Value),
            ("link", Switch),
            ("parents", Switch),
        ],
        Keyword::From => &[("platform", Value)],
        Keyword::Healthcheck => &[
            ("interval", Value),
            ("retries", Value),
            ("start-interval", Value),
            ("start-period", Value),
            ("timeout", Value),
        ],
        Keyword::Run => &[("device", Values), ("mount", Values), ("network", Value), ("security", Value)],
        _ => &[],
    }
}

/// Checks the flags of one instruction; flags with unknown names are left alone.
pub(super) fn check(node: &Instruction, escape: char) -> Option<SyntaxError> {
    let switched_off = node.keyword == Keyword::Healthcheck
        && node.args.first().is_some_and(|kind| kind.text.eq_ignore_ascii_case("none"));
    if switched_off {
        return None;
    }
    let table = known(node.keyword);
    node.flags.iter().enumerate().find_map(|(index, flag)| {
        let (_, kind) = table.iter().find(|(name, _)| *name == flag.name)?;
        form(flag, *kind, &node.flags[..index])
            .or_else(|| value(node.keyword, flag, escape))
            .or_else(|| checksum(node, flag))
    })
}

fn form(flag: &Flag, kind: Kind, before: &[Flag]) -> Option<SyntaxError> {
    let name = &flag.name;
    if kind != Kind::Values && before.iter().any(|other| other.name == *name) {
        return error(flag.span, format!("`--{name}` is given twice"));
    }
    match (&flag.value, kind) {
        (None, Kind::Switch) => None,
        (None, _) => error(flag.span, format!("`--{name}` needs a value: `--{name}=…`")),
        (Some(value), Kind::Switch) => {
            let known = ["true", "false"].iter().any(|word| value.text.eq_ignore_ascii_case(word));
            if known {
                return None;
            }
            error(flag.span, format!("`--{name}` is `true` or `false`, not `{}`", shown(&value.text)))
        }
        (Some(_), _) => None,
    }
}

fn value(keyword: Keyword, flag: &Flag, escape: char) -> Option<SyntaxError> {
    let value = flag.value.as_ref()?;
    let text = value.text.as_str();
    let one_of = |list: &[&str], words: &str| {
        if list.contains(&text) || !literal(text, escape) {
            return None;
        }
        error(value.span, format!("`--{}` is {words}, not `{}`", flag.name, shown(text)))
    };
    match (keyword, flag.name.as_str()) {
        (Keyword::Run, "mount") => mount::check(value, escape),
        (Keyword::Run, "network") => one_of(&["default", "none", "host"], "`default`, `none` or `host`"),
        (Keyword::Run, "security") => one_of(&["insecure", "sandbox"], "`insecure` or `sandbox`"),
        (Keyword::Add | Keyword::Copy, "chmod") if literal(text, escape) && !is_mode(text) => {
            error(value.span, format!("`--chmod` takes an octal number up to 07777, not `{}`", shown(text)))
        }
        (Keyword::Copy, "from") if has_variable(text, escape) => error(
            value.span,
            "`--from` cannot hold a variable; name a stage `FROM … AS …` with it and copy from that stage",
        ),
        (Keyword::Healthcheck, "retries") => {
            // Go's `ParseInt(…, 10, 32)`; negative numbers are refused after it.
            let number = text.strip_prefix('+').unwrap_or(text);
            let fine = text.is_empty()
                || number.parse::<i32>().is_ok_and(|n| n >= 0 && !number.starts_with(['+', '-']))
                || text.strip_prefix('-').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b == b'0'));
            if fine {
                return None;
            }
            error(value.span, format!("`--retries` is a number, not `{}`", shown(text)))
        }
        (Keyword::Healthcheck, _) if !is_interval(text) => error(
            value.span,
            format!(
                "`--{}` is a time of at least 1ms with its unit such as `30s` or `1m30s`, not `{}`",
                flag.name,
                shown(text)
            ),
        ),
        _ => None,
    }
}

fn checksum(node: &Instruction, flag: &Flag) -> Option<SyntaxError> {
    let several = node.keyword == Keyword::Add && flag.name == "checksum" && node.args.len() > 2;
    several.then_some(()).and_then(|()| error(flag.span, "`--checksum` is for one source only"))
}

/// Whether expanding a text without any variable set changes it.
fn has_variable(text: &str, escape: char) -> bool {
    text.contains('$')
        && expand(text, escape, &|_| Value::Unset).is_ok_and(|out| out.value.as_deref() != Some(text))
}

/// An octal mode up to 07777, or something that is not a number (`u=rwX,go=rX` is for newer frontends).
fn is_mode(text: &str) -> bool {
    let numeric = text.starts_with(|c: char| c.is_ascii_digit());
    !numeric || u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o7777)
}

/// Go's `time.ParseDuration`, then BuildKit's: zero, or at least a millisecond. Empty means unset.
fn is_interval(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    let mut nanoseconds = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let Ok(number) = number.parse::<f64>() else { return false };
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        nanoseconds += number
            * match unit {
                "ns" => 1.0,
                // Both signs that stand for "micro".
                "us" | "\u{b5}s" | "\u{3bc}s" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3_600e9,
                _ => return false,
            };
        rest = after;
    }
    // More than an int64 of nanoseconds is refused as well.
    nanoseconds < 1.0 || (!negative && (1e6..9.223_372_036e18).contains(&nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_intervals_as_go_does() {
        for fine in ["", "0", "0s", "-0s", "1ms", "1.5s", "1h2m3s", ".5s", "5.s", "1us1ms", "0.4ns", "+3s"] {
            assert!(is_interval(fine), "{fine}");
        }
        for bad in
            ["30", "s", "1", "5x", "1us", "-5s", "1.2.3s", ".s", "5 s", "$X", "999999999999h", "-", "1m30"]
        {
            assert!(!is_interval(bad), "{bad}");
        }
    }

    #[test]
    fn reads_modes() {
        for fine in ["0755", "755", "07777", "u+x", "+x", "a=rX", ""] {
            assert!(is_mode(fine), "{fine}");
        }
        for bad in ["888", "10000", "64a", "0o755"] {
            assert!(!is_mode(bad), "{bad}");
        }
    }
}
