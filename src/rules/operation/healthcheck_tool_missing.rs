//! `healthcheck-tool-missing`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{FileFacts, InstructionFacts, Presence, StageFacts, presence};
use crate::image::{Family, Language};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Command, Connector, Inside, Node, Script, Word};
use crate::text::{Edit, Span};

declare_rule! {
    /// The health check calls a tool the image does not have.
    ///
    /// ## What it does
    ///
    /// Reads `HEALTHCHECK` and finds `curl`, `wget`, `bash`, `nc`, `pg_isready` and the like on base images that are
    /// known not to have them: slim Debian images (no curl, no wget), Alpine (no curl, no bash), distroless
    /// images (nothing), unless the Dockerfile installs or copies the tool. It also finds tools that a later
    /// step removes again.
    ///
    /// ## Why is this bad?
    ///
    /// The check fails at each attempt, so every container is "unhealthy": Compose does not start what depends on
    /// it, and Swarm stops and replaces it for ever.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// HEALTHCHECK --interval=30s CMD curl -f http://127.0.0.1:8000/health || exit 1
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// HEALTHCHECK --interval=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: the new check asks the same address (`127.0.0.1` for `localhost` where a tool tries the IPv6
    /// address only), but redirects and certificates may be handled in
    /// another way. Look at `docker ps` a minute after the start.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, HEALTHCHECK](https://docs.docker.com/reference/dockerfile/#healthcheck)
    /// - [Python: urllib.request](https://docs.python.org/3/library/urllib.request.html)
    pub(super) RULE = "healthcheck-tool-missing" {
        chapter: Operation, level: Error, default: On, scope: Stage, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

/// Tools that health checks call.
const TOOLS: [&str; 11] = [
    "bash",
    "curl",
    "http",
    "mongosh",
    "mysqladmin",
    "nc",
    "netcat",
    "pg_isready",
    "redis-cli",
    "telnet",
    "wget",
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    let history = file.history(stage);
    let last = history.iter().rev().find(|(_, facts)| facts.is(Keyword::Healthcheck));
    let Some((_, facts)) = last else { return };
    let Some(call) = call(facts) else { return };
    let found = presence(file, stage, call.tool);
    if !found.is_missing() || call.others.iter().any(|other| !presence(file, stage, other).is_missing()) {
        return;
    }
    let base = file.base_image(stage).map_or_else(|| "scratch".to_owned(), crate::facts::BaseImage::shown);
    let tool = call.tool;
    let message = match found {
        Presence::Removed(_) => {
            format!(
                "The health check needs `{tool}`, which a later step removes again: every container stays unhealthy."
            )
        }
        _ => format!(
            "The health check needs `{tool}`, which `{base}` does not have: every container stays unhealthy."
        ),
    };
    let mut finding = report.add(call.span, message);
    if let Presence::Removed(index) = found
        && let Some(instruction) = file.dockerfile.instructions.get(index)
    {
        finding = finding.related(instruction.body, "It is removed here");
    }
    let family = file.distribution(stage).map(|distribution| distribution.family);
    if let Some((edit, program)) = fix(file, stage, facts.instruction, &call, family) {
        let title = format!("Ask the same address with {program}");
        finding
            .note("Check with `docker ps` that a new container becomes healthy.")
            .fix(Fix::confirm(title, vec![edit]));
        return;
    }

    let package = package(tool, family);
    finding.note(match family {
        Some(Family::Debian | Family::Ubuntu) => {
            format!("Install `{package}`, or let a program ask that is in the image already.")
        }
        Some(Family::Alpine) if tool == "curl" => {
            format!("Install `{package}`, or use the `wget` of BusyBox, which is in the image.")
        }
        Some(Family::Alpine) => format!("Install `{package}`, or use `sh` and the tools of BusyBox."),
        _ => "Let the application bring a check of its own (`myapp healthcheck`): the image has no tools."
            .to_owned(),
    });
}

/// The package of Debian or Alpine that brings a tool.
fn package(tool: &str, family: Option<Family>) -> &str {
    let alpine = family == Some(Family::Alpine);
    match tool {
        "http" => "httpie",
        "mysqladmin" if alpine => "mysql-client",
        "mysqladmin" => "default-mysql-client",
        "nc" | "netcat" => "netcat-openbsd",
        "pg_isready" => "postgresql-client",
        "redis-cli" if alpine => "redis",
        "redis-cli" => "redis-tools",
        "telnet" if alpine => "busybox-extras",
        _ => tool,
    }
}

/// What a health check calls.
struct Call {
    tool: &'static str,
    span: Span,
    /// Further tools it calls, of which one may do instead.
    others: Vec<&'static str>,
    /// The words of the tool.
    words: Vec<String>,
    /// The bytes of those words, where they stand in one piece.
    command: Span,
    /// Whether they stand in a string: `sh -c '…'`.
    nested: bool,
    /// Whether nothing else is checked: alone, or with `|| exit 1`.
    alone: bool,
}

fn tool_of(name: &str) -> Option<&'static str> {
    TOOLS.iter().find(|tool| **tool == name.rsplit('/').next().unwrap_or(name)).copied()
}

fn call(facts: &InstructionFacts<'_>) -> Option<Call> {
    let instruction = facts.instruction;
    if instruction.json {
        let words = instruction.args.get(1..)?;
        let (first, last) = (words.first()?, words.last()?);
        let shell = matches!(first.text.rsplit('/').next(), Some("sh" | "bash"));
        let tool = tool_of(&first.text)?;
        return Some(Call {
            tool,
            span: first.span,
            others: Vec::new(),
            words: words.iter().map(|word| word.text.clone()).collect(),
            command: first.span.cover(last.span),
            nested: false,
            alone: !shell,
        });
    }
    let script = &facts.body?.line;
    let mut found: Option<Call> = None;
    for command in script.commands() {
        // `command -v curl`, `which curl`: somebody has thought of it.
        if matches!(command.name(), Some("command" | "which" | "type"))
            || command.prefix_word("command").is_some()
        {
            return None;
        }
        let Some(tool) = command.name().and_then(tool_of) else { continue };
        if let Some(call) = &mut found {
            // `curl … || wget …`: one of them is enough.
            if command.context.previous == Connector::Or {
                call.others.push(tool);
            }
            call.alone = false;
            continue;
        }
        let words = command.program_words();
        found = Some(Call {
            tool,
            span: command.name_word()?.span(),
            others: Vec::new(),
            words: words.iter().map(|word| word.text().to_owned()).collect(),
            command: words.first()?.span().cover(words.last()?.span()),
            nested: command.context.inside.any(Inside::STRING),
            alone: is_alone(script, command),
        });
    }
    found
}

/// Whether a script is one command, with nothing but `|| exit 1` behind it.
fn is_alone(script: &Script, command: &Command) -> bool {
    let [chain] = script.root.items.as_slice() else { return false };
    let simple = |index: usize| match chain.elements.get(index)?.pipeline.commands.as_slice() {
        [Node::Simple(id)] => script.command(*id),
        _ => None,
    };
    let first = simple(0).is_some_and(|first| first.id == command.id && first.assignments.is_empty());
    let plain = command.prefix().is_empty() && command.words.iter().all(Word::is_plain);
    let rest = match chain.elements.len() {
        1 => true,
        2 => {
            chain.elements.get(1).is_some_and(|element| element.before == Connector::Or)
                && simple(1).is_some_and(|last| {
                    last.name() == Some("false")
                        || (last.name() == Some("exit")
                            && last.args().first().is_some_and(|word| word.text() == "1"))
                })
        }
        _ => false,
    };
    first && plain && rest && script.problems.is_empty()
}

/// Another way to ask the same address, with what the image has.
fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    instruction: &Instruction,
    call: &Call,
    family: Option<Family>,
) -> Option<(Edit, &'static str)> {
    let url = url(call)?;
    // curl and Python go on to the next address of a name; BusyBox and older Node ask ::1 and give up.
    let first = ipv4(&url);
    let language = file.defaults(stage)?.language;
    let node_is_new = || {
        let tag = file.base_image(stage).map(crate::facts::BaseImage::tag).unwrap_or_default();
        let major = tag.split(['.', '-']).next().and_then(|text| text.parse::<u32>().ok());
        // `fetch` came with Node 18. A tag without a number is a newer one.
        major.is_none_or(|major| major >= 18)
    };
    if family == Some(Family::Alpine) && call.tool == "curl" && !presence(file, stage, "wget").is_missing() {
        let text = if instruction.json {
            format!("\"wget\", \"-qO-\", \"{first}\"")
        } else if url.contains(['&', ';', '(', ')', '<', '>', '|', '*', '?', '[', '#', '!']) {
            // In a string that another shell runs the quotes may end the string.
            if call.nested {
                return None;
            }
            format!("wget -qO- '{first}'")
        } else {
            format!("wget -qO- {first}")
        };
        return Some((Edit::replace(call.command, text), "wget"));
    }
    if !call.alone
        || !matches!(family, Some(Family::Debian | Family::Ubuntu))
        || !instruction.comments.is_empty()
    {
        return None;
    }
    let (text, program) = match language {
        Some(Language::Python) => (
            format!("[\"python\", \"-c\", \"import urllib.request as u; u.urlopen('{url}', timeout=3)\"]"),
            "Python",
        ),
        Some(Language::Node) if node_is_new() => (
            format!(
                "[\"node\", \"-e\", \"fetch('{first}').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))\"]"
            ),
            "Node",
        ),
        _ => return None,
    };
    Some((Edit::replace(instruction.rest_span(), text), program))
}

/// The address with `127.0.0.1` for `localhost`.
fn ipv4(url: &str) -> String {
    match url.strip_prefix("http://localhost") {
        Some(rest) if rest.is_empty() || rest.starts_with([':', '/', '?']) => {
            format!("http://127.0.0.1{rest}")
        }
        _ => url.to_owned(),
    }
}

/// The one address that a call of curl or wget asks, without anything that another tool would do differently.
fn url(call: &Call) -> Option<String> {
    // Options without a meaning for the answer: quiet, fail, no body.
    let (alone, with_value): (&[&str], &[&str]) = match call.tool {
        "curl" => (
            &[
                "--fail",
                "--silent",
                "--show-error",
                "--output=/dev/null",
                "--fail-with-body",
                "--no-progress-meter",
            ],
            &["-m", "--max-time", "--connect-timeout", "-o", "--output", "--retry", "--retry-delay"],
        ),
        "wget" => (
            &[
                "--quiet",
                "--spider",
                "--no-verbose",
                "-nv",
                "-qO-",
                "-q0-",
                "-qO",
                "-O-",
                "--output-document=-",
            ],
            &["-O", "-T", "-t", "--timeout", "--tries", "--output-document"],
        ),
        _ => return None,
    };
    let mut url = None;
    let mut words = call.words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        let bundle = word
            .strip_prefix('-')
            .is_some_and(|letters| !letters.is_empty() && letters.bytes().all(|b| b"fsSqL".contains(&b)));
        if with_value.contains(&word) || word == "-qO" {
            words.next();
        } else if word.starts_with('-') {
            let named = word.split_once('=').is_some_and(|(name, _)| with_value.contains(&name));
            if !(alone.contains(&word) || bundle || named) {
                return None;
            }
        } else if url.is_none() {
            url = Some(word);
        } else {
            return None;
        }
    }
    let url = url?;
    let url = if url.starts_with("http://") { url.to_owned() } else { format!("http://{url}") };
    let host = url.strip_prefix("http://")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!&()*+,;=%".contains(&b);
    let fits = !host.is_empty() && !host.contains("://") && host.bytes().all(plain);
    fits.then_some(url)
}
