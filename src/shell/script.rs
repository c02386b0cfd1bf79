//! A whole script and the questions rules ask about it.

use super::ast::{AndOr, CommandId, Connector, HereDoc, List, Node, Place, Problem};
use super::command::{Command, Inside};
use super::nested::SHELLS;
use super::parser::{Map, Output, Parser};
use crate::dockerfile::Joined;
use std::sync::Arc;

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
    /// Numbers of the commands in order of place.
    order: Vec<u32>,
    end: Place,
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
    /// Applies the words behind `set` or behind the name of a shell.
    pub fn apply<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let on = match word.as_bytes() {
                [b'-', b'-', ..] | [] => return,
                [b'-', _, ..] => true,
                [b'+', _, ..] => false,
                _ => return,
            };
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
                    _ => {}
                }
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
    };
    let root = Parser::new(joined.text(), Map::Root(joined), &mut out).list(true);
    let mut order: Vec<u32> = (0..out.commands.len() as u32).collect();
    // Stable: a string's commands come behind the command that runs it.
    order.sort_by_key(|index| out.commands.get(*index as usize).map_or(0, |command| command.place.start));
    let len = text.len();
    Script {
        root,
        heredocs: out.heredocs,
        comments: out.comments,
        problems: out.problems,
        commands: out.commands,
        order,
        end: Place { start: len as u32, end: len as u32, span: joined.span(len..len) },
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
        self.order.iter().filter_map(|index| self.commands.get(*index as usize))
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

    /// The shell options that are in effect when a command runs, as far as the script sets them itself:
    /// by `set`, or by the options of the shell that runs the string it is in.
    pub fn options_at(&self, command: &Command) -> Options {
        let scope = self.string_of(command);
        let mut options = Options::default();
        if let Some(shell) = scope.and_then(|id| self.command(id))
            && shell.name().is_some_and(|name| SHELLS.contains(&name))
        {
            options.apply(shell.args().iter().map(super::Word::text));
        }
        for set in self.commands().take_while(|other| other.place.start < command.place.start) {
            // What a subshell, a substitution or a function sets does not reach the commands around it.
            let private =
                set.context.inside.common(Inside::SUBSHELL.with(Inside::SUBSTITUTION).with(Inside::FUNCTION));
            let reaches = private.is_none()
                || (command.context.inside.common(private) == private
                    && set.context.depth <= command.context.depth
                    && set.context.chain == command.context.chain);
            if reaches && set.name() == Some("set") && self.string_of(set) == scope {
                options.apply(set.args().iter().map(super::Word::text));
            }
        }
        options
    }

    /// The command whose string or here-document a command is in.
    fn string_of(&self, command: &Command) -> Option<CommandId> {
        let mut at = command;
        // A command in a substitution of a string has the command of the string as grandparent.
        for _ in 0..self.commands.len() {
            if !at.context.inside.any(Inside::STRING) {
                return None;
            }
            let id = at.context.parent?;
            let parent = self.command(id)?;
            if parent.script.is_some()
                || self.heredocs.iter().any(|h| h.command == Some(id) && h.script.is_some())
            {
                return Some(id);
            }
            at = parent;
        }
        None
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
