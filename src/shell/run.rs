//! A RUN instruction: its line and its here-documents.

use super::command::base_name;
use super::nested::{SHELLS, reads_script};
use super::script::{Options, Script, parse};
use crate::dockerfile::{Instruction, Joined};
use crate::text::Source;

/// What runs a here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interpreter {
    /// The shell in effect (SHELL).
    Default,
    /// A shell named by a shebang or by the command (`RUN bash <<EOF`): its name without the path, and the
    /// options behind it.
    Shell(String, Vec<String>),
    /// Another program: `python3`, `cat`.
    Other(String),
}

/// A here-document of a RUN.
#[derive(Debug, Clone)]
pub struct RunHeredoc {
    /// What runs or reads it.
    pub interpreter: Interpreter,
    /// The body as commands when a shell runs it.
    pub script: Option<Script>,
}

/// A RUN in shell form, read.
#[derive(Debug, Clone)]
pub struct RunBody {
    /// The logical line. For `RUN <<EOF` it holds a redirect and no word.
    pub line: Script,
    /// The here-documents, in order.
    pub heredocs: Vec<RunHeredoc>,
}

impl RunBody {
    /// Reads a RUN (or another instruction in shell form) of a file.
    pub fn read(instruction: &Instruction, source: &Source) -> Self {
        let line = parse(&instruction.rest_joined());
        // Docker runs the body of a lone `<<EOF` as a script; with more on the line the shell gets all of it.
        let single = instruction.heredocs.len() == 1;
        let heredocs = instruction
            .heredocs
            .iter()
            .enumerate()
            .map(|(index, heredoc)| {
                let body = source.slice(heredoc.body);
                let command =
                    line.heredocs.get(index).and_then(|h| h.command).and_then(|id| line.command(id));
                let alone = command.is_some_and(|command| command.words.is_empty());
                let interpreter = match command {
                    Some(_) if alone && single => interpreter_of(body),
                    Some(_) if alone => Interpreter::Other(String::new()),
                    Some(command) => match command.name() {
                        Some(name) if reads_script(command) => Interpreter::Shell(
                            name.to_owned(),
                            command.args().iter().map(|word| word.text().to_owned()).collect(),
                        ),
                        name => Interpreter::Other(name.unwrap_or_default().to_owned()),
                    },
                    None => Interpreter::Other(String::new()),
                };
                let script = (!matches!(interpreter, Interpreter::Other(_))).then(|| {
                    let mut joined = Joined::new();
                    let mut at = heredoc.body.start;
                    for line in body.split_inclusive('\n') {
                        let kept = if heredoc.chomp { line.trim_start_matches('\t') } else { line };
                        let from = at + (line.len() - kept.len()) as u32;
                        // The shell that feeds another one expands the body first.
                        if heredoc.expand
                            && matches!(interpreter, Interpreter::Shell(..))
                            && !(single && alone)
                        {
                            push_unescaped(&mut joined, kept, from);
                        } else {
                            joined.push(kept, from);
                        }
                        at += line.len() as u32;
                    }
                    let mut script = parse(&joined);
                    if let Interpreter::Shell(_, options) = &interpreter {
                        script.own = Some(Options::of_call(options));
                    }
                    script
                });
                RunHeredoc { interpreter, script }
            })
            .collect();
        Self { line, heredocs }
    }

    /// All scripts: the line, then the here-documents that a shell runs.
    pub fn scripts(&self) -> impl Iterator<Item = &Script> {
        std::iter::once(&self.line).chain(self.heredocs.iter().filter_map(|h| h.script.as_ref()))
    }
}

/// Adds a line of a here-document without the backslashes that the expanding shell takes away.
fn push_unescaped(joined: &mut Joined, line: &str, file_offset: u32) {
    let bytes = line.as_bytes();
    let (mut run, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes.get(at) == Some(&b'\\') && matches!(bytes.get(at + 1), Some(b'$' | b'`' | b'\\')) {
            joined.push(line.get(run..at).unwrap_or(""), file_offset + run as u32);
            run = at + 1;
            at += 1;
        }
        at += 1;
    }
    joined.push(line.get(run..).unwrap_or(""), file_offset + run as u32);
}

/// What runs a script, by its first line.
pub fn interpreter_of(body: &str) -> Interpreter {
    let Some(shebang) = body.trim_start_matches('\t').strip_prefix("#!") else {
        return Interpreter::Default;
    };
    let shebang = shebang.lines().next().unwrap_or("");
    let mut words = shebang.split_whitespace().peekable();
    let mut program = words.next().map_or("", base_name);
    if program == "env" {
        words.next_if(|word| *word == "-S");
        program = words.next().map_or("", base_name);
    }
    if SHELLS.contains(&program) {
        Interpreter::Shell(program.to_owned(), words.map(str::to_owned).collect())
    } else {
        Interpreter::Other(program.to_owned())
    }
}
