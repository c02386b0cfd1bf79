//! The commands that a container finally runs: through init wrappers, shells and start scripts.

use super::{FileFacts, StageFacts, StartPart, after_wrappers};
use crate::dockerfile::{Joined, Word as DockerfileWord};
use crate::shell::{
    Command, CompoundKind, Connector, Interpreter, List, Node, RunBody, Script, interpreter_of, parse,
};
use crate::text::{Edit, Span};
use camino::Utf8PathBuf;

/// A command that a container finally runs.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The word of the Dockerfile that leads to it: the program itself, or the script that runs it.
    pub span: Span,
    /// Where it stands when a script of the context runs it: path and bytes of that file.
    pub in_script: Option<(Utf8PathBuf, Span)>,
    /// Program and arguments; `sudo`, `exec` and their like left out, expansions as written.
    pub words: Vec<String>,
    /// The bytes of each word in the file it stands in (see [`Launch::in_script`]), quotes included; empty where
    /// they are not known.
    pub spans: Vec<Span>,
    /// Whether the words are strings of a JSON array, not words of a shell.
    pub json: bool,
}

impl Launch {
    /// The same command without its first words: what `uv run` or `python -m` starts.
    #[must_use]
    pub fn from_word(&self, at: usize) -> Self {
        Self {
            words: self.words.get(at..).unwrap_or_default().to_vec(),
            spans: self.spans.get(at..).unwrap_or_default().to_vec(),
            ..self.clone()
        }
    }

    /// The word of the Dockerfile to point at when a word of the command is meant: itself, or what leads to it.
    pub fn span_of(&self, word: usize) -> Span {
        match self.spans.get(word) {
            Some(span) if self.in_script.is_none() => *span,
            _ => self.span,
        }
    }

    /// The edit that puts plain words (no blanks, no quotes) behind one of the command.
    pub fn insert_behind(&self, word: usize, words: &[&str]) -> Option<Edit> {
        let mut text = String::new();
        for word in words {
            let parts = if self.json { [", \"", word, "\""] } else { [" ", word, ""] };
            text.extend(parts);
        }
        Some(Edit::insert(self.spans.get(word)?.end, text))
    }

    /// The edit that puts a plain word in the place of one that is written plainly itself.
    pub fn replace_word(&self, word: usize, text: &str) -> Option<Edit> {
        let (span, old) = (*self.spans.get(word)?, self.words.get(word)?);
        let quotes = if self.json { 2 } else { 0 };
        // An escape or a quote makes what is written longer than the word.
        (span.len() as usize == old.len() + quotes)
            .then(|| Edit::replace(span, if self.json { format!("\"{text}\"") } else { text.to_owned() }))
    }

    /// The edit that puts plain words in the place of the whole command, where it stands in one piece.
    pub fn replace_all(&self, file: &FileFacts<'_>, words: &[&str]) -> Option<Edit> {
        let (first, last) = (self.spans.first()?, self.spans.last()?);
        if !self.in_one_piece(file, *first, *last) {
            return None;
        }
        let plain = |word: &&str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&b))
        };
        let sorted = self.spans.is_sorted_by_key(|span| span.start);
        let quoted = |word: &&str| format!("\"{word}\"");
        (sorted && words.iter().all(plain)).then(|| {
            let text = if self.json {
                words.iter().map(quoted).collect::<Vec<_>>().join(", ")
            } else {
                words.join(" ")
            };
            Edit::replace(Span::new(first.start, last.end), text)
        })
    }

    /// Whether two words stand in one instruction: those of CMD go on behind ENTRYPOINT.
    fn in_one_piece(&self, file: &FileFacts<'_>, first: Span, last: Span) -> bool {
        self.in_script.is_some()
            || file
                .dockerfile
                .instruction_at(first.start)
                .is_some_and(|instruction| instruction.span.contains(last))
    }

    /// The edit that takes words away, which stand behind another one in one instruction.
    pub fn delete_words(&self, file: &FileFacts<'_>, words: std::ops::Range<usize>) -> Option<Edit> {
        let before = *self.spans.get(words.start.checked_sub(1)?)?;
        let last = *self.spans.get(words.end.checked_sub(1)?)?;
        (before.end <= last.start && self.in_one_piece(file, before, last))
            .then(|| Edit::delete(Span::new(before.end, last.end)))
    }

    /// The program without its path.
    pub fn program(&self) -> &str {
        program_of(&self.words)
    }
}

/// The program of a command line, without its folder; empty when there is none.
pub(super) fn program_of(words: &[String]) -> &str {
    words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
}

/// The commands that a container of a stage may end up running, in order of place; empty when that is not
/// known.
pub fn launches<'s>(stage: &'s StageFacts<'_>) -> &'s [Launch] {
    stage.launches.get_or_init(|| find_launches(stage))
}

fn find_launches(stage: &StageFacts<'_>) -> Vec<Launch> {
    let start = &stage.start;
    let Some(main) = start.main() else { return Vec::new() };
    let arguments = start.entrypoint.as_ref().and(start.cmd.as_ref());
    if let Some(script) = start.script.as_ref().or(start.shell_script.as_ref()) {
        let place = |span| Some((script.copied.path.clone(), span));
        if let Interpreter::Other(program) = interpreter_of(&script.text) {
            let end = script.text.lines().next().map_or(0, |line| line.len() as u32);
            let words = vec![program, script.target.clone()];
            let span = script.word.span;
            let in_script = place(Span::new(0, end));
            return vec![Launch { span, in_script, words, spans: Vec::new(), json: false }];
        }
        let Some(body) = &script.script else { return Vec::new() };
        let mut out = Vec::new();
        for command in final_commands(body) {
            if is_all_arguments(command) {
                out.extend(arguments.map(of_part).unwrap_or_default());
            } else {
                out.push(Launch {
                    span: script.word.span,
                    in_script: place(command.span()),
                    words: texts(command),
                    spans: spans(command),
                    json: false,
                });
            }
        }
        return out;
    }
    match start.exec_words() {
        Some(words) => of_words(&words),
        // A CMD in shell form behind a wrapper: `ENTRYPOINT ["tini", "--"]`.
        None if main.instruction.json => {
            let words: Vec<&DockerfileWord> = main.instruction.args.iter().collect();
            match (after_wrappers(&words), arguments) {
                ([], Some(arguments)) => of_part(arguments),
                _ => of_words(&words),
            }
        }
        None => of_part(main),
    }
}

fn of_part(part: &StartPart<'_>) -> Vec<Launch> {
    let instruction = part.instruction;
    if instruction.json {
        return of_words(&instruction.args.iter().collect::<Vec<_>>());
    }
    // What is meant, also where single quotes keep it from being JSON.
    if let Some(like) = instruction.json_like()
        && !like.words.is_empty()
    {
        return of_words(&like.words.iter().collect::<Vec<_>>());
    }
    let script = parse(&instruction.rest_joined());
    of_script(&script, None)
}

fn of_words(words: &[&DockerfileWord]) -> Vec<Launch> {
    let rest = after_wrappers(words);
    let Some(first) = rest.first() else { return Vec::new() };
    if let Some(code) = shell_string(rest) {
        // Without escapes between the quotes each byte of the string is one of the file.
        let exact = code.span.len() as usize == code.text.len() + 2;
        let mut found =
            of_script(&parse(&Joined::verbatim(&code.text, code.span.start + 1)), Some(code.span));
        if !exact {
            for launch in &mut found {
                launch.spans.clear();
            }
        }
        return found;
    }
    let words = rest.iter().map(|word| word.text.clone()).collect();
    let spans = rest.iter().map(|word| word.span).collect();
    vec![Launch { span: first.span, in_script: None, words, spans, json: true }]
}

/// The string of `sh -c '…'`.
pub fn shell_string<'w>(words: &[&'w DockerfileWord]) -> Option<&'w DockerfileWord> {
    let (shell, rest) = words.split_first()?;
    if !matches!(shell.text.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash")) {
        return None;
    }
    let at = rest.iter().position(|word| {
        word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with('c')
    })?;
    rest[..at].iter().all(|word| word.text.starts_with('-')).then(|| rest.get(at + 1).copied()).flatten()
}

fn of_script(script: &Script, span: Option<Span>) -> Vec<Launch> {
    final_commands(script)
        .into_iter()
        .map(|command| Launch {
            span: span
                .unwrap_or_else(|| command.name_word().map_or(command.span(), crate::shell::Word::span)),
            in_script: None,
            words: texts(command),
            spans: spans(command),
            json: false,
        })
        .collect()
}

fn spans(command: &Command) -> Vec<Span> {
    command.program_words().iter().map(crate::shell::Word::span).collect()
}

fn texts(command: &Command) -> Vec<String> {
    command.program_words().iter().map(|word| word.text().to_owned()).collect()
}

/// Whether a command is `"$@"` and nothing else, with or without `exec`.
pub fn is_all_arguments(command: &Command) -> bool {
    matches!(command.program_words(), [only] if matches!(only.raw(), "\"$@\"" | "$@" | "${@}" | "\"${@}\"" | "$*" | "\"$*\""))
}

/// The simple commands that can be the last one a script runs in the foreground, followed into `if`,
/// `case`, groups and functions of the script; in order of place. Pipes, loops, subshells and `a || b`
/// are not followed.
pub fn final_commands(script: &Script) -> Vec<&Command> {
    let mut out = Vec::new();
    in_list(script, &script.root, &mut Vec::new(), &mut out);
    out.sort_by_key(|command| command.place.start);
    out.dedup_by_key(|command| command.id);
    out
}

fn in_list<'s>(script: &'s Script, list: &'s List, seen: &mut Vec<&'s str>, out: &mut Vec<&'s Command>) {
    let Some(chain) = list.items.iter().rev().find(|chain| !is_function(&chain.elements)) else { return };
    if chain.terminator == Connector::Background
        || chain.elements.iter().any(|element| element.before == Connector::Or)
    {
        return;
    }
    let Some(element) = chain.elements.last() else { return };
    let pipeline = &element.pipeline;
    let [node] = pipeline.commands.as_slice() else { return };
    if pipeline.negated || pipeline.timed {
        return;
    }
    in_node(script, node, seen, out);
}

fn is_function(elements: &[crate::shell::Element]) -> bool {
    let [element] = elements else { return false };
    matches!(element.pipeline.commands.as_slice(), [Node::Compound(c)] if matches!(c.kind, CompoundKind::Function { .. }))
}

fn in_node<'s>(script: &'s Script, node: &'s Node, seen: &mut Vec<&'s str>, out: &mut Vec<&'s Command>) {
    match node {
        Node::Simple(id) => {
            let Some(command) = script.command(*id) else { return };
            let called = match command.words.first().and_then(|word| word.literal()) {
                Some(name) => function(&script.root, name),
                None => None,
            };
            match called {
                // A function that is called from several places is not only the end of the script.
                Some((name, body)) if !seen.contains(&name) && calls(script, name) == 1 => {
                    seen.push(name);
                    in_node(script, body, seen, out);
                    seen.pop();
                }
                Some(_) => {}
                None => out.push(command),
            }
        }
        Node::Compound(compound) => match &compound.kind {
            CompoundKind::Group(list) => in_list(script, list, seen, out),
            CompoundKind::If { arms, otherwise } => {
                for (_, body) in arms {
                    in_list(script, body, seen, out);
                }
                if let Some(body) = otherwise {
                    in_list(script, body, seen, out);
                }
            }
            CompoundKind::Case { arms, .. } => {
                for arm in arms.iter().filter(|arm| !arm.falls_through) {
                    in_list(script, &arm.body, seen, out);
                }
            }
            _ => {}
        },
    }
}

fn calls(script: &Script, name: &str) -> usize {
    script
        .commands()
        .filter(|command| command.words.first().and_then(|word| word.literal()) == Some(name))
        .count()
}

/// The function of that name on the top level of a script.
fn function<'s>(root: &'s List, name: &str) -> Option<(&'s str, &'s Node)> {
    root.items.iter().flat_map(|chain| &chain.elements).find_map(|element| {
        let [Node::Compound(compound)] = element.pipeline.commands.as_slice() else { return None };
        match &compound.kind {
            CompoundKind::Function { name: own, body: Some(body) } if own == name => {
                Some((own.as_str(), body))
            }
            _ => None,
        }
    })
}

impl FileFacts<'_> {
    /// Where a new line above an instruction goes: above the comment lines that are attached to it, so
    /// that a comment stays with what it speaks about.
    pub fn above(&self, index: usize) -> u32 {
        use crate::dockerfile::Item;
        let items = &self.dockerfile.items;
        let Some(mut at) =
            items.iter().position(|item| matches!(item, Item::Instruction(_, i) if *i == index))
        else {
            return self.dockerfile.source.text().len() as u32;
        };
        while at > 0 && matches!(items.get(at - 1), Some(Item::Comment(_))) {
            at -= 1;
        }
        items.get(at).map_or(0, |item| item.span().start)
    }
}

/// Whether a body of an instruction in shell form is one simple command of plain words.
pub(super) fn plain_words(body: &RunBody) -> Option<Vec<DockerfileWord>> {
    let command = body.line.single_command()?;
    let plain = body.heredocs.is_empty()
        && body.line.problems.is_empty()
        && command.assignments.is_empty()
        && command.redirects.is_empty()
        && command.words.iter().all(crate::shell::Word::is_plain);
    plain.then(|| {
        command
            .program_words()
            .iter()
            .map(|word| DockerfileWord { text: word.text().to_owned(), span: word.span() })
            .collect()
    })
}
