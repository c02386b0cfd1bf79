//! Where a script and the paths in it are.

use crate::repository::normalize;
use crate::shell::{Command, Dir, Script};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::HashMap;

/// What a path counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// The folder the script is started in.
    Start,
    /// The folder of the script file.
    Script,
    /// The root of the repository.
    Root,
}

/// A path that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) from: From,
    pub(super) path: String,
}

/// How often a variable in a variable is looked up.
const MAX_LOOKUPS: u32 = 4;

/// Variables of a script that are given a value once.
pub(super) struct Paths<'s> {
    script: &'s Script,
    values: HashMap<&'s str, Option<&'s str>>,
}

impl<'s> Paths<'s> {
    pub(super) fn of(script: &'s Script) -> Self {
        let mut values: HashMap<&str, Option<&str>> = HashMap::new();
        for command in script.commands() {
            let export =
                matches!(command.name(), Some("export" | "readonly" | "local" | "declare" | "typeset"));
            for assignment in &command.assignments {
                let value =
                    (!assignment.append && !assignment.value.is_array()).then(|| assignment.value.text());
                // With a second value, or before a command (`X=1 make`), it is not told which one counts.
                let alone = command.words.is_empty();
                values
                    .entry(&assignment.name)
                    .and_modify(|known| *known = None)
                    .or_insert(value.filter(|_| alone));
            }
            for word in command.args().iter().filter(|_| export || command.name() == Some("read")) {
                let (name, value) = match word.text().split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (word.text(), None),
                };
                if value.is_none() && export {
                    continue;
                }
                values.entry(name).and_modify(|known| *known = None).or_insert(value);
            }
        }
        Self { script, values }
    }

    /// The folder a command runs in.
    pub(super) fn dir_of(&self, command: &Command) -> Option<Told> {
        match self.script.dir_at(command) {
            Dir::Start(path) => Some(Told { from: From::Start, path }),
            Dir::Home(_) | Dir::Absolute(_) => None,
            Dir::Unknown => {
                // `cd "$(dirname "$0")"` near the beginning.
                let mut told = None;
                for other in self.script.commands().take_while(|other| other.id != command.id) {
                    if !matches!(other.name(), Some("cd" | "pushd" | "popd")) {
                        continue;
                    }
                    // The `cd` of `$(cd x && pwd)` moves nobody.
                    if other.context.inside.any(crate::shell::Inside::SUBSTITUTION) {
                        continue;
                    }
                    if !other.context.inside.is_none() || other.name() == Some("popd") {
                        return None;
                    }
                    let target =
                        other.args().iter().find(|word| !matches!(word.text(), "-P" | "-L" | "--"))?;
                    let next = self.tell(target.text())?;
                    told = Some(match (next.from, told) {
                        (From::Start, Some(before)) => join(&before, &next.path),
                        _ => next,
                    });
                }
                told
            }
        }
    }

    /// What a word says about a path.
    pub(super) fn tell(&self, text: &str) -> Option<Told> {
        self.tell_deep(text, MAX_LOOKUPS)
    }

    /// The value of a text whose only variables are given a plain value once.
    fn tell_deep(&self, text: &str, left: u32) -> Option<Told> {
        if !text.starts_with(['$', '`']) {
            let plain = !text.contains(['$', '`', '*', '?', '~']) && !text.starts_with('/');
            return plain.then(|| Told { from: From::Start, path: text.to_owned() });
        }
        let (head, rest) = split_expansion(text)?;
        if rest.contains(['$', '`', '*', '?']) || !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let head = if let Some(inner) = head.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
            substitution(inner)?
        } else {
            let name = head.trim_start_matches(['$', '{']).trim_end_matches('}');
            match name {
                "PWD" => Told { from: From::Start, path: String::new() },
                "GITHUB_WORKSPACE" | "CI_PROJECT_DIR" => Told { from: From::Root, path: String::new() },
                "0%/*" => Told { from: From::Script, path: String::new() },
                _ => {
                    let value = (*self.values.get(name)?)?;
                    self.tell_deep(value, left.checked_sub(1)?)?
                }
            }
        };
        Some(join(&head, rest))
    }
}

fn join(base: &Told, path: &str) -> Told {
    let path = path.trim_start_matches('/');
    let path = if base.path.is_empty() { path.to_owned() } else { format!("{}/{path}", base.path) };
    Told { from: base.from, path }
}

/// The expansion that a text begins with, and what stands behind it.
fn split_expansion(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let (open, close) = match bytes.get(1)? {
        b'(' => (b'(', b')'),
        b'{' => (b'{', b'}'),
        _ => {
            let name = text.bytes().skip(1).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            return (name > 0).then(|| text.split_at_checked(name + 1)).flatten();
        }
    };
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return text.split_at_checked(at + 1);
            }
        }
    }
    None
}

/// The usual ways to name the folder of a script and the root of the repository.
fn substitution(inner: &str) -> Option<Told> {
    let inner = inner.trim();
    if inner == "pwd" {
        return Some(Told { from: From::Start, path: String::new() });
    }
    if inner.contains("git rev-parse --show-toplevel") {
        return Some(Told { from: From::Root, path: String::new() });
    }
    let own = inner.contains("$0") || inner.contains("BASH_SOURCE") || inner.contains("${0}");
    let dirnames = inner.matches("dirname").count();
    let begins = ["dirname", "cd ", "readlink", "realpath"].iter().any(|word| inner.starts_with(word));
    if !own || dirnames == 0 || !begins {
        return None;
    }
    let mut path = vec![".."; dirnames - 1].join("/");
    // `$(cd "$(dirname "$0")/.." && pwd)`
    let behind = inner.rsplit_once(')').map_or("", |(_, behind)| behind);
    let behind = behind.trim_start_matches('"').split(['"', ' ', '&', ';']).next().unwrap_or("");
    if let Some(more) = behind.strip_prefix('/') {
        if more.contains(['$', '*']) {
            return None;
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(more);
    }
    Some(Told { from: From::Script, path })
}

/// The folders in the tree that a told path may mean, for a script in `dir`.
pub(super) fn candidates(told: &Told, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let bases: &[&Utf8Path] = match told.from {
        From::Start => &[Utf8Path::new(""), dir],
        From::Script => &[dir],
        From::Root => &[Utf8Path::new("")],
    };
    let mut out: Vec<Utf8PathBuf> =
        bases.iter().filter_map(|base| normalize(&base.join(&told.path))).collect();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    fn dir(text: &str) -> Option<(From, String)> {
        let script = parse(&Joined::verbatim(text, 0));
        let paths = Paths::of(&script);
        let command = script.commands_named("docker").next().unwrap();
        paths.dir_of(command).map(|told| (told.from, normalize_text(&told.path)))
    }

    fn normalize_text(path: &str) -> String {
        let mut parts = Vec::new();
        crate::text::add_parts(&mut parts, path, false);
        parts.join("/")
    }

    #[test]
    fn tells_folders() {
        for (text, from, path) in [
            ("docker build .", From::Start, ""),
            ("cd app && docker build .", From::Start, "app"),
            ("cd \"$(dirname \"$0\")\"; docker build .", From::Script, ""),
            ("cd \"$(dirname \"$0\")/..\"\ndocker build .", From::Script, ".."),
            ("cd \"$(dirname \"${BASH_SOURCE[0]}\")\"\ncd ../x\ndocker build .", From::Script, "../x"),
            (
                "HERE=\"$(cd \"$(dirname \"$0\")/..\" && pwd)\"\ncd \"$HERE/a\"\ndocker build .",
                From::Script,
                "../a",
            ),
            ("D=$(dirname $(dirname $0))\ncd $D\ndocker build .", From::Script, ".."),
            ("cd \"$(git rev-parse --show-toplevel)\"\ndocker build .", From::Root, ""),
            ("cd ${0%/*}\ndocker build .", From::Script, ""),
        ] {
            assert_eq!(dir(text), Some((from, path.to_owned())), "{text}");
        }
        for text in [
            "cd $1; docker build .",
            "cd /srv; docker build .",
            "X=a; X=b; cd $X; docker build .",
            "if x; then cd $0; fi; docker build .",
        ] {
            assert_eq!(dir(text), None, "{text}");
        }
    }

    #[test]
    fn strange_expansions() {
        for text in ["$", "${", "$(", "$((", "$é", "${é}/x", "$(dirname $0)é", "`x`", "$)"] {
            let script = parse(&Joined::verbatim("A=$A", 0));
            Paths::of(&script).tell(text);
        }
        let script = parse(&Joined::verbatim("A=$B; B=$A", 0));
        assert_eq!(Paths::of(&script).tell("$A"), None);
    }
}
