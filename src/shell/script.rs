//! A whole script and the questions rules ask about it.

use super::ast::{AndOr, CommandId, Connector, HereDoc, List, Node, Place, Problem};
use super::command::Command;
use super::dir::Dir;
use super::flow::Flow;
use super::parser::{Map, Output, Parser};
use super::run::{Interpreter, interpreter_of};
use crate::dockerfile::Joined;
use std::sync::{Arc, OnceLock};

/// A script that was read.
#[derive(Debug, Clone)]
pub struct Script {
    /// The commands of the top level.
    pub root: List,
    /// Here-documents in order of their operators.
    pub heredocs: Vec<HereDoc>,
    /// Comments, `#` to the end of the line.
    pub comments: Vec<Place>,
    /// What is not valid, in order of finding.
    pub problems: Vec<Problem>,
    text: Arc<str>,
    commands: Vec<Command>,
    /// Numbers of the commands in order of place; empty where that is the order of reading.
    order: Vec<u32>,
    end: Place,
    /// The options of the shell that is named for this script alone.
    pub(super) own: Option<Options>,
    flow: OnceLock<Box<Flow>>,
}

/// What stands behind the last command of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trailing {
    /// Nothing.
    None,
    /// `;`
    Semicolon,
    /// `&`: it runs in the background.
    Background,
}

/// Where a script ends, for text to be appended.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The last top-level chain.
    pub chain: &'a AndOr,
    /// The last command of that chain when it is a simple one.
    pub command: Option<&'a Command>,
    /// Offset in the file just behind the chain: the place for ` && more`.
    pub insert_at: u32,
    /// What ends the chain.
    pub trailing: Trailing,
    /// A comment behind the chain.
    pub comment: Option<Place>,
}

/// Shell options as `set` switches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "four independent switches of the shell")]
pub struct Options {
    /// `-e`
    pub errexit: bool,
    /// `-o pipefail`
    pub pipefail: bool,
    /// `-x`
    pub xtrace: bool,
    /// `-u`
    pub nounset: bool,
}

impl Options {
    /// Applies the words behind `set`.
    pub fn apply<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let on = match word.as_bytes() {
                [b'-', b'-', ..] | [] => return,
                [b'-', _, ..] => true,
                [b'+', _, ..] => false,
                _ => return,
            };
            self.letters(word, on, &mut words);
        }
    }

    /// Applies the words behind the name of a shell, up to the script or the string it runs.
    pub fn apply_call<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let on = match word.as_bytes() {
                [b'-', b'-'] | [] => return,
                [b'-', b'-', ..] => {
                    if matches!(word, "--rcfile" | "--init-file") {
                        words.next();
                    }
                    continue;
                }
                [b'-', _, ..] => true,
                [b'+', _, ..] => false,
                _ => return,
            };
            self.letters(word, on, &mut words);
        }
    }

    /// The options that the words behind the name of a shell switch on.
    pub(super) fn of_call(words: &[String]) -> Self {
        let mut options = Self::default();
        options.apply_call(words.iter().map(String::as_str));
        options
    }

    fn letters<'a>(&mut self, word: &str, on: bool, words: &mut impl Iterator<Item = &'a str>) {
        for letter in word.chars().skip(1) {
            match letter {
                'e' => self.errexit = on,
                'x' => self.xtrace = on,
                'u' => self.nounset = on,
                'o' => match words.next() {
                    Some("errexit") => self.errexit = on,
                    Some("pipefail") => self.pipefail = on,
                    Some("xtrace") => self.xtrace = on,
                    Some("nounset") => self.nounset = on,
                    _ => {}
                },
                // `shopt` options of bash.
                'O' => {
                    words.next();
                }
                _ => {}
            }
        }
    }
}

/// Reads a script. Places refer to the joined text and to the file.
pub fn parse(joined: &Joined) -> Script {
    let text: Arc<str> = joined.text().into();
    let mut out = Output {
        text: Arc::clone(&text),
        commands: Vec::new(),
        heredocs: Vec::new(),
        comments: Vec::new(),
        problems: Vec::new(),
        value: String::new(),
    };
    let root = Parser::new(joined.text(), Map::Root(joined), &mut out).list(true);
    let mut order = Vec::new();
    if !out.commands.is_sorted_by_key(|command| command.place.start) {
        order.extend(0..out.commands.len() as u32);
        // Stable: a string's commands come behind the command that runs it.
        order.sort_by_key(|index| out.commands.get(*index as usize).map_or(0, |command| command.place.start));
    }
    let len = text.len();
    Script {
        root,
        heredocs: out.heredocs,
        comments: out.comments,
        problems: out.problems,
        commands: out.commands,
        order,
        end: Place { start: len as u32, end: len as u32, span: joined.span(len..len) },
        own: match interpreter_of(&text) {
            Interpreter::Shell(_, options) => Some(Options::of_call(&options)),
            Interpreter::Default | Interpreter::Other(_) => None,
        },
        flow: OnceLock::new(),
        text,
    }
}

impl Script {
    /// The joined text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a place.
    pub fn raw(&self, place: Place) -> &str {
        self.text.get(place.range()).unwrap_or("")
    }

    /// The end of the text.
    pub const fn end(&self) -> Place {
        self.end
    }

    /// Every simple command anywhere, in order of place.
    pub fn commands(&self) -> impl DoubleEndedIterator<Item = &Command> {
        (0..self.commands.len()).filter_map(|at| {
            let index = if self.order.is_empty() { at } else { *self.order.get(at)? as usize };
            self.commands.get(index)
        })
    }

    /// The commands of that name.
    pub fn commands_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Command> {
        self.commands().filter(move |command| command.name() == Some(name))
    }

    /// The command with that number.
    pub fn command(&self, id: CommandId) -> Option<&Command> {
        self.commands.get(id.index())
    }

    /// Whether the script is one chain joined by `&&` only, in the foreground.
    pub fn is_pure_and(&self) -> bool {
        matches!(self.root.items.as_slice(), [chain] if chain.is_pure_and())
    }

    /// The only command of the script, when it is one simple command.
    pub fn single_command(&self) -> Option<&Command> {
        let [chain] = self.root.items.as_slice() else { return None };
        let [element] = chain.elements.as_slice() else { return None };
        match element.pipeline.commands.as_slice() {
            [Node::Simple(id)] if !element.pipeline.negated && !element.pipeline.timed => self.command(*id),
            _ => None,
        }
    }

    /// Where the script ends; `None` when it holds no command.
    pub fn ending(&self) -> Option<Ending<'_>> {
        let chain = self.root.items.last()?;
        let command = match chain.elements.last()?.pipeline.commands.last()? {
            Node::Simple(id) => self.command(*id),
            Node::Compound(_) => None,
        };
        Some(Ending {
            chain,
            command,
            insert_at: chain.place.span.end,
            trailing: match chain.terminator {
                Connector::Semicolon => Trailing::Semicolon,
                Connector::Background => Trailing::Background,
                _ => Trailing::None,
            },
            comment: self.comments.iter().copied().find(|comment| comment.start >= chain.place.end),
        })
    }

    /// The shell options that are in effect when a command runs, as far as the script sets them itself: by
    /// `set`, by its own `#!` line, or by the options of the shell that runs the string it is in. Behind a
    /// branch an option is on when it may be on.
    pub fn options_at(&self, command: &Command) -> Options {
        self.options_from(Options::default(), command)
    }

    /// [`Script::options_at`] for a script that a shell with these options runs (SHELL). A script that has a
    /// `#!` line of its own, or a shell named on its line, does not inherit them.
    pub fn options_from(&self, initial: Options, command: &Command) -> Options {
        self.flow().options(command, &self.commands, self.own.unwrap_or(initial))
    }

    /// The working directory in which a command runs.
    pub fn dir_at(&self, command: &Command) -> Dir {
        self.flow().dir(command, &self.commands)
    }

    fn flow(&self) -> &Flow {
        self.flow.get_or_init(|| Box::new(Flow::of(&self.root, &self.commands, &self.heredocs)))
    }
}

/// Splits a command line as a shell does when it is nothing but plain words: no expansion, operator,
/// redirect, glob, `~`, comment, reserved word or assignment before the command. `None` otherwise, also for
/// an empty line.
pub fn split_words(text: &str) -> Option<Vec<String>> {
    let script = parse(&Joined::verbatim(text, 0));
    let chain = script.root.items.first()?;
    let command = script.single_command()?;
    let plain = script.problems.is_empty()
        && script.comments.is_empty()
        && chain.terminator == Connector::End
        && command.assignments.is_empty()
        && command.redirects.is_empty()
        && command.words.iter().all(super::Word::is_plain);
    plain.then(|| command.words.iter().map(|word| word.text().to_owned()).collect())
}
