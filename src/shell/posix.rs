//! Whether a script keeps to what every POSIX shell understands.

use super::Script;

/// Commands that bash brings itself.
const BASH_COMMANDS: [&str; 17] = [
    "[[",
    "caller",
    "compgen",
    "complete",
    "declare",
    "dirs",
    "disown",
    "function",
    "let",
    "mapfile",
    "popd",
    "pushd",
    "readarray",
    "select",
    "shopt",
    "source",
    "typeset",
];

/// Texts that only bash (or a shell like it) reads as it is meant.
const BASH_TEXTS: [&str; 14] = [
    "[[",
    "((",
    "<(",
    ">(",
    "&>",
    "|&",
    "<<<",
    "$'",
    "${!",
    "pipefail",
    "BASH",
    "RANDOM",
    "local -",
    "function ",
];

impl Script {
    /// Whether nothing in the script is known to need bash. Cautious: what looks like bash counts as bash.
    pub fn looks_posix(&self) -> bool {
        let text = self.text();
        // Behind the `#!` line, which may name bash.
        let body =
            text.strip_prefix("#!").map_or(text, |rest| rest.split_once('\n').map_or("", |(_, body)| body));
        let words_of_bash = self.commands().any(|command| {
            let tests = command.name() == Some("[") && command.args().iter().any(|word| word.text() == "==");
            let echo = command.name() == Some("echo")
                && command.args().first().is_some_and(|word| word.text().starts_with("-e"));
            command.name().is_some_and(|name| BASH_COMMANDS.contains(&name))
                || tests
                || echo
                || command.words.iter().any(|word| word.has_brace_expansion() || word.is_array())
                || command.assignments.iter().any(|a| a.append || a.value.is_array())
        });
        self.problems.is_empty()
            && !words_of_bash
            && !BASH_TEXTS.iter().any(|part| body.contains(part))
            && body.split("${").skip(1).all(is_posix_expansion)
    }
}

/// Whether what stands behind `${` is an expansion of POSIX.
fn is_posix_expansion(rest: &str) -> bool {
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    let after = rest.trim_start_matches(|c: char| c == '_' || c.is_ascii_alphanumeric());
    let after = if after.len() == rest.len() { after.get(1..).unwrap_or("") } else { after };
    let mut chars = after.chars();
    match chars.next() {
        Some('}' | '-' | '=' | '?' | '+' | '#' | '%') => true,
        Some(':') => matches!(chars.next(), Some('-' | '=' | '?' | '+')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    #[test]
    fn tells_bash_from_posix() {
        let posix = |text: &str| parse(&Joined::verbatim(text, 0)).looks_posix();
        for text in [
            "#!/bin/bash\nset -e\nexec python -m app \"$@\"\n",
            "if [ \"$1\" = x ]; then . ./env; fi",
            "echo ${A:-x} ${#A} ${A%.*} ${A##*/} ${@} ${A:?no}",
        ] {
            assert!(posix(text), "{text}");
        }
        for text in [
            "[[ a == b ]]",
            "source x",
            "a=(1 2)",
            "a+=b",
            "echo {1..3}",
            "diff <(a) b",
            "a &> b",
            "echo ${A//x/y}",
            "echo ${A^^}",
            "echo ${A:0:3}",
            "set -eo pipefail",
            "[ a == b ]",
            "function f { a; }",
            "if true; then",
            "echo ${é}",
        ] {
            assert!(!posix(text), "{text}");
        }
    }
}
