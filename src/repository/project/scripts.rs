//! Shell scripts, Makefiles and their like that call docker.

use super::yaml::{Node, Yaml};
use crate::dockerfile::Joined;
use crate::shell::{self, Script};
use camino::Utf8Path;

/// Recipe lines of a file that are read.
const MAX_SCRIPTS: usize = 400;

/// What scripts without an ending are called that build or ship something.
const BUILD_WORDS: [&str; 7] = ["build", "release", "deploy", "publish", "push", "docker-", "ci"];

/// What kind of file commands stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// A shell script.
    Shell,
    /// A Makefile: each recipe line is a script, and `make` stops at the first that fails.
    Make,
    /// A justfile: each recipe line is a script.
    Just,
    /// `Taskfile.yml`: each command is a script.
    Task,
    /// `scripts` of a `package.json`.
    Package,
}

/// A file with commands.
#[derive(Debug, Clone)]
pub struct ScriptFile {
    /// What kind of file it is.
    pub host: Host,
    /// The commands, with places in the file: one script of a shell script; of the others each line that may call
    /// docker. A variable of `make`, `just` or `task` stands there as a variable of the shell of the same length.
    pub scripts: Vec<Script>,
}

/// Whether a text may call docker or its like at all.
pub(super) fn may_call_docker(text: &str) -> bool {
    ["docker", "podman", "buildah", "nerdctl", "DOCKER", "CONTAINER", "Docker"]
        .iter()
        .any(|name| text.contains(name))
}

/// What kind of file a name says it is; `None` for one that is not looked at. Of names without an ending only those that
/// speak of builds are: asking for the mode of every other one costs more than it finds.
pub(super) fn host_of(name: &str) -> Option<Host> {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "makefile" | "gnumakefile" => return Some(Host::Make),
        "justfile" | ".justfile" => return Some(Host::Just),
        "taskfile.yml" | "taskfile.yaml" | "taskfile.dist.yml" | "taskfile.dist.yaml" => {
            return Some(Host::Task);
        }
        "package.json" => return Some(Host::Package),
        _ => {}
    }
    match Utf8Path::new(&lower).extension() {
        Some("sh" | "bash") => Some(Host::Shell),
        Some("mk") => Some(Host::Make),
        None if BUILD_WORDS.iter().any(|word| lower.starts_with(word)) => Some(Host::Shell),
        Some(_) | None => None,
    }
}

/// Whether a name is one of a file with commands.
pub(in crate::repository) fn is_script(name: &str) -> bool {
    host_of(name).is_some()
}

impl ScriptFile {
    /// Reads a shell script.
    pub fn shell(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('\u{feff}').unwrap_or(text);
        let other = matches!(shell::interpreter_of(inner), shell::Interpreter::Other(_));
        let script = shell::parse(&Joined::verbatim(inner, (text.len() - inner.len()) as u32));
        (!other).then(|| Self { host: Host::Shell, scripts: vec![script] })
    }

    /// Reads the recipes of a Makefile or a justfile.
    pub fn recipes(host: Host, text: &str) -> Self {
        let mut scripts = Vec::new();
        let mut lines = Lines { text, at: 0 };
        // A justfile may have a recipe that is a script of its own.
        while let Some((start, line)) = lines.next() {
            let blank =
                if host == Host::Make { line.starts_with('\t') } else { line.starts_with([' ', '\t']) };
            if !blank {
                continue;
            }
            let (mut start, mut line) = (start, line);
            let mut joined = Joined::new();
            loop {
                let end = line.trim_end_matches(['\n', '\r']);
                let Some(kept) = end.strip_suffix('\\') else {
                    push(&mut joined, end, start, host);
                    break;
                };
                push(&mut joined, kept, start, host);
                // The shell takes the backslash and the line end away; blanks keep words apart.
                let Some(next) = lines.next() else { break };
                (start, line) = next;
            }
            if may_call_docker(joined.text()) && scripts.len() < MAX_SCRIPTS {
                scripts.push(shell::parse(&unprefixed(&joined)));
            }
        }
        Self { host, scripts }
    }

    /// Reads the commands of a Taskfile.
    pub fn task(yaml: &Yaml) -> Self {
        let tasks = yaml.root().and_then(|root| root.get("tasks")).map_or(&[][..], Node::entries);
        let commands = tasks.iter().flat_map(|(_, task)| {
            let list = task.get("cmds").or_else(|| task.get("cmd")).unwrap_or(task);
            list.one_or_many().iter().map(|item| item.get("cmd").unwrap_or(item))
        });
        Self { host: Host::Task, scripts: scripts_of(commands, Host::Task) }
    }

    /// Reads the scripts of a `package.json`.
    pub fn package(yaml: &Yaml) -> Self {
        let scripts = yaml.root().and_then(|root| root.get("scripts")).map_or(&[][..], Node::entries);
        Self {
            host: Host::Package,
            scripts: scripts_of(scripts.iter().map(|(_, script)| script), Host::Package),
        }
    }
}

fn scripts_of<'n>(nodes: impl Iterator<Item = &'n Node>, host: Host) -> Vec<Script> {
    nodes
        .filter(|node| node.text().is_some_and(may_call_docker))
        .filter_map(Node::joined)
        .take(MAX_SCRIPTS)
        .map(|joined| {
            let masked = templates_masked(joined.text(), host);
            let joined = masked.and_then(|masked| joined.with_text(masked)).unwrap_or(joined);
            shell::parse(&joined)
        })
        .collect()
}

struct Lines<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<(usize, &'t str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let line = rest.split_inclusive('\n').next()?;
        let start = self.at;
        self.at += line.len();
        Some((start, line))
    }
}

/// Adds a recipe line; of `make` without the second dollar of `$$`.
fn push(joined: &mut Joined, line: &str, start: usize, host: Host) {
    let masked = if host == Host::Make { make_masked(line) } else { templates_masked(line, host) };
    let line = masked.as_deref().unwrap_or(line);
    let mut run = 0;
    if host == Host::Make {
        let mut at = 0;
        while let Some(found) = line.get(at..).and_then(|rest| rest.find("$$")) {
            let dollar = at + found;
            joined.push(line.get(run..=dollar).unwrap_or(""), (start + run) as u32);
            run = dollar + 2;
            at = run;
        }
    }
    joined.push(line.get(run..).unwrap_or(""), (start + run) as u32);
}

/// A recipe without the blanks and the `@`, `-`, `+` before it.
fn unprefixed(joined: &Joined) -> Joined {
    let text = joined.text();
    let kept = text.trim_start_matches([' ', '\t', '@', '-', '+']);
    joined.slice(text.len() - kept.len()..text.len())
}

/// `$(NAME)` of make as `${NAME}`, `$(shell …)` as `$(      …)`, other functions as a variable; of the same length.
fn make_masked(line: &str) -> Option<String> {
    if !line.contains("$(") {
        return None;
    }
    let bytes = line.as_bytes();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    let mut run = 0;
    while at < bytes.len() {
        if bytes.get(at) == Some(&b'$') && bytes.get(at + 1) == Some(&b'$') {
            at += 2;
            continue;
        }
        if bytes.get(at) != Some(&b'$') || bytes.get(at + 1) != Some(&b'(') {
            at += 1;
            continue;
        }
        out.push_str(line.get(run..at).unwrap_or(""));
        let mut depth = 0usize;
        let mut end = at + 1;
        while let Some(byte) = bytes.get(end) {
            end += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        let inner = line.get(at + 2..end.saturating_sub(1)).unwrap_or("");
        if depth > 0 {
            // It never ends.
            run = at;
            break;
        }
        let is_name = !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some(command) = inner.strip_prefix("shell ") {
            out.push_str("$(      ");
            out.push_str(command);
            out.push(')');
        } else {
            out.push_str("${");
            if is_name {
                out.push_str(inner);
            } else {
                out.push_str(&"_".repeat(inner.len()));
            }
            out.push('}');
        }
        at = end;
        run = end;
    }
    out.push_str(line.get(run..).unwrap_or(""));
    Some(out)
}

/// `{{ … }}` of just and task as a variable of the same length.
fn templates_masked(line: &str, host: Host) -> Option<String> {
    if host == Host::Package || !line.contains("{{") {
        return None;
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = from.find("}}").map(|end| end + 2) else {
            rest = from;
            break;
        };
        let (template, behind) = from.split_at(end);
        out.push_str("${");
        out.push_str(&"_".repeat(template.len() - 3));
        out.push('}');
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::docker::{Verb, docker_commands};
    use super::super::yaml;
    use super::*;

    fn commands(file: &ScriptFile, text: &str) -> Vec<String> {
        file.scripts
            .iter()
            .flat_map(|script| docker_commands(script).map(|c| text[c.command.span().range()].to_owned()))
            .collect()
    }

    #[test]
    fn reads_makefiles() {
        let text = "IMAGE ?= x\n\nbuild: ## Build\n\t@docker build \\\n\t  -t $(IMAGE):$(shell git rev-parse HEAD) \\\n\t  --build-arg A=$$(date) .\n\tgo build\n\npush:\n\t-$(DOCKER) push $(call tag,x)\n";
        let file = ScriptFile::recipes(Host::Make, text);
        assert_eq!(file.scripts.len(), 2);
        let found = commands(&file, text);
        assert!(
            found[0].starts_with("docker build \\\n\t  -t $(IMAGE)") && found[0].ends_with("$$(date) ."),
            "{found:?}"
        );
        assert_eq!(found[1], "$(DOCKER) push $(call tag,x)");
        let script = &file.scripts[0];
        assert!(script.commands_named("git").next().is_some());
        let docker = docker_commands(script).next().unwrap();
        assert_eq!(docker.verb, Verb::Build);
        assert_eq!(docker.flag("build-arg").unwrap().value, Some("A=$(date)"));
    }

    #[test]
    fn reads_other_recipes() {
        let text = "tag := \"x\"\nbuild:\n  docker build -t {{tag}} .\n";
        assert_eq!(commands(&ScriptFile::recipes(Host::Just, text), text), ["docker build -t {{tag}} ."]);
        let text = "tasks:\n  a:\n    cmds:\n      - docker build -t {{.TAG}} .\n      - cmd: 'docker push x'\n      - task: b\n";
        let file = ScriptFile::task(&yaml::parse(text));
        assert_eq!(commands(&file, text), ["docker build -t {{.TAG}} .", "docker push x"]);
        let text = "{\"scripts\": {\"a\": \"docker build -t \\\"x\\\" .\", \"b\": 1}}";
        let file = ScriptFile::package(&yaml::parse(text));
        assert_eq!(commands(&file, text), ["docker build -t \\\"x\\\" ."]);
    }

    #[test]
    fn strange_recipes() {
        for text in [
            "\tdocker $(",
            "\tdocker $(a (b)",
            "\tdocker \\",
            "\tdocker {{",
            "\t@-+",
            "\tdocker $$",
            "\tdocker é$(é)",
        ] {
            for host in [Host::Make, Host::Just] {
                let file = ScriptFile::recipes(host, text);
                commands(&file, text);
            }
        }
        assert!(ScriptFile::shell("#!/usr/bin/env python3\nprint(1)").is_none());
    }
}
