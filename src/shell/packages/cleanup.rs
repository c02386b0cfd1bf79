//! What a command removes: `rm`, `find … -delete`, scripts that clean up.

use crate::shell::command::base_name;
use crate::shell::{Command, Word};

/// The paths a command removes, as written with braces expanded; `~`, `$HOME`, `/root` and `/home/<user>` at
/// the front become `~`.
pub fn removed_paths(command: &Command) -> Vec<String> {
    let args = command.args();
    let words: Vec<&Word> = match command.name() {
        Some("rm" | "rmdir" | "unlink" | "shred") => {
            args.iter().filter(|word| !word.text().starts_with('-')).collect()
        }
        Some("find") => {
            let removes = args.iter().any(|word| matches!(word.text(), "-delete" | "rm" | "/bin/rm"));
            let paths = args.iter().take_while(|word| !word.text().starts_with(['-', '(', '!']));
            if removes { paths.collect() } else { Vec::new() }
        }
        _ => Vec::new(),
    };
    words.into_iter().flat_map(|word| expand_braces(word.text())).map(|path| at_home(&path)).collect()
}

/// Whether removing `path` (which may be a pattern) removes what is in the directory `dir`: it is the
/// directory, one above it, or all that is in it.
pub fn removes(path: &str, dir: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    if path.starts_with('/') != dir.starts_with('/') || path.starts_with('~') != dir.starts_with('~') {
        return false;
    }
    let (pattern, dir) = (parts(path), parts(dir));
    if pattern.is_empty() || pattern == ["~"] || pattern == ["*"] {
        return false;
    }
    let fits = pattern.iter().zip(&dir).all(|(p, d)| glob(p.as_bytes(), d.as_bytes()));
    match pattern.get(dir.len()..) {
        Some([]) | None => fits,
        Some([inside]) => fits && inside.contains('*'),
        Some(_) => false,
    }
}

/// Whether a command calls a script or function that says it cleans up: `/cleanup.sh`, `bash clean-layer`.
pub fn call_cleans(command: &Command) -> bool {
    let says = |text: &str| {
        let name = base_name(text).as_bytes();
        ["clean", "purge", "trim"]
            .iter()
            .any(|word| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())))
    };
    match command.name() {
        Some("sh" | "bash" | "ash" | "dash" | "source" | ".") => {
            command.args().iter().find(|word| !word.text().starts_with('-')).is_some_and(|w| says(w.text()))
        }
        Some(name) => says(name),
        None => false,
    }
}

/// `/var/{lib/apt,cache}/x` → both paths. More than a few are cut off.
fn expand_braces(text: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        let close = text.find('}');
        let start = close.and_then(|close| text.get(..close)?.rfind('{'));
        let inner = start.zip(close).and_then(|(start, close)| text.get(start + 1..close));
        let variable = start.is_some_and(|start| text.get(..start).is_some_and(|t| t.ends_with('$')));
        match (inner, start, close) {
            (Some(inner), Some(start), Some(close))
                if inner.contains(',') && !variable && open.len() + done.len() < 64 =>
            {
                for part in inner.split(',') {
                    let before = text.get(..start).unwrap_or("");
                    open.push(format!("{before}{part}{}", text.get(close + 1..).unwrap_or("")));
                }
            }
            _ => done.push(text),
        }
    }
    done
}

/// A path with `$HOME`, `/root` or `/home/<user>` at its front written as `~`.
pub fn at_home(path: &str) -> String {
    for home in ["~", "$HOME", "${HOME}", "/root"] {
        if let Some(rest) = path.strip_prefix(home)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("~{rest}");
        }
    }
    if let Some(rest) = path.strip_prefix("/home/") {
        return format!("~{}", rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(""));
    }
    path.to_owned()
}

/// Shell patterns with `*`, `?` and `[…]` (taken for any character).
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    // Backtracking is exponential in the number of stars.
    if pattern.split(|b| *b == b'*').count() > 5 {
        return true;
    }
    match (pattern, name) {
        ([], _) => name.is_empty(),
        ([b'*', rest @ ..], _) => {
            glob(rest, name) || name.split_first().is_some_and(|(_, tail)| glob(pattern, tail))
        }
        ([b'[', rest @ ..], [_, tail @ ..]) => {
            let after = rest.iter().skip(1).position(|b| *b == b']').map_or(rest.len(), |at| at + 2);
            glob(rest.get(after..).unwrap_or(&[]), tail)
        }
        ([b'?', rest @ ..], [_, tail @ ..]) => glob(rest, tail),
        ([a, rest @ ..], [b, tail @ ..]) => a == b && glob(rest, tail),
        (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    fn paths(text: &str) -> Vec<String> {
        let script = parse(&Joined::verbatim(text, 0));
        let mut all: Vec<String> = script.commands().flat_map(removed_paths).collect();
        all.sort();
        all
    }

    #[test]
    fn what_is_removed() {
        assert_eq!(paths("rm -rf /a /root/.cache \"$HOME/x\""), ["/a", "~/.cache", "~/x"]);
        assert_eq!(
            paths("rm -rf /var/{lib/apt,cache}/* ${X}/y"),
            ["${X}/y", "/var/cache/*", "/var/lib/apt/*"]
        );
        assert_eq!(
            paths("find /var/lib/apt/lists -type f -delete; find /tmp -name x"),
            ["/var/lib/apt/lists"]
        );
        assert_eq!(paths("sudo rm -rf /home/app/.npm"), ["~/.npm"]);
    }

    #[test]
    fn what_that_covers() {
        for path in [
            "/var/lib/apt/lists",
            "/var/lib/apt/lists/",
            "/var/lib/apt/lists/*",
            "/var/lib/apt/lists/*_*",
            "/var/lib/apt",
            "/var/lib/apt/*",
            "/var/*/apt/lists",
            "//var/lib/apt//lists",
        ] {
            assert!(removes(path, "/var/lib/apt/lists"), "{path}");
        }
        for path in [
            "/var/lib/apt/list/*",
            "/var/lib/apt/lists/partial",
            "/var/cache/apt/*",
            "/",
            "/*.deb",
            "/tmp/*",
            "~/lists",
            "/var/lib/apt/lists/a/*",
        ] {
            assert!(!removes(path, "/var/lib/apt/lists"), "{path}");
        }
        assert!(removes("~/.c*", "~/.cache/pip"));
        assert!(removes("~/.[a-c]ache", "~/.cache/pip"));
        assert!(!removes("~", "~/.npm"));
    }

    #[test]
    fn scripts_that_clean() {
        for (text, expected) in [
            ("/tmp/cleanup.sh", true),
            ("bash -e clean-layer.sh", true),
            ("make clean", false),
            ("rm x", false),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            assert_eq!(script.commands().any(call_cleans), expected, "{text}");
        }
    }
}
