//! What a health check calls.

use super::InstructionFacts;
use crate::shell::{Command, Connector, Inside, Node, Script, Word};
use crate::text::Span;

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

/// What a health check calls.
#[derive(Debug)]
pub struct HealthCall {
    /// The tool: `curl`, `bash`, ….
    pub tool: &'static str,
    /// The word that names it.
    pub span: Span,
    /// Further tools it calls, of which one may do instead.
    pub others: Vec<&'static str>,
    /// The words of the tool.
    pub words: Vec<String>,
    /// The bytes of those words, where they stand in one piece.
    pub command: Span,
    /// Whether they stand in a string: `sh -c '…'`.
    pub nested: bool,
    /// Whether nothing else is checked: alone, or with `|| exit 1`.
    pub alone: bool,
}

fn tool_of(name: &str) -> Option<&'static str> {
    TOOLS.iter().find(|tool| **tool == name.rsplit('/').next().unwrap_or(name)).copied()
}

/// What a HEALTHCHECK calls, when that is one of the tools that images often lack.
pub fn health_call(facts: &InstructionFacts<'_>) -> Option<HealthCall> {
    let instruction = facts.instruction;
    if instruction.json {
        let words = instruction.args.get(1..)?;
        let (first, last) = (words.first()?, words.last()?);
        let shell = matches!(first.text.rsplit('/').next(), Some("sh" | "bash"));
        let tool = tool_of(&first.text)?;
        return Some(HealthCall {
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
    let mut found: Option<HealthCall> = None;
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
        found = Some(HealthCall {
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

impl HealthCall {
    /// The one address that a call of curl or wget asks, without anything that another tool would do differently.
    pub fn url(&self) -> Option<String> {
        let call = self;
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
}
