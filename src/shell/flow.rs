//! What is in effect when a command runs: shell options and the working directory.
//!
//! The script is walked once. What happens on success and on failure is followed apart (`cd x || exit 1`),
//! subshells, pipelines and background jobs keep their changes to themselves, and where two ways meet that do
//! not agree the directory is not known. Between the chains of a list the script is taken to go on after
//! success: `cd x; make` runs `make` in `x`.

mod switches;

use super::ast::{AndOr, CommandId, Compound, CompoundKind, Connector, HereDoc, List, Node, Pipeline};
use super::command::{Command, is_assignment_text};
use super::dir::Dir;
use super::nested::SHELLS;
use super::script::Options;
use super::word::{Part, PartKind, Word};
use crate::text::add_parts;
use std::collections::HashMap;
use switches::Switches;

/// More changes of the directory in a row than this are not followed.
const MAX_STEPS: u16 = 64;

/// Where a directory comes from.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Where the script starts.
    Start,
    /// Not known.
    Unknown,
    /// `cd` without an operand.
    Home,
    /// The first operand of `cd` or `pushd`.
    Enter { from: u32, command: CommandId, steps: u16 },
    /// The directory in which a turn of a loop begins: the one before the loop when the loop comes back to it.
    Turn { before: u32 },
}

const START: u32 = 0;
const UNKNOWN: u32 = 1;
const HOME: u32 = 2;
/// The empty stack of `pushd`.
const NO_STACK: u32 = 0;

/// What is in effect somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    dir: u32,
    /// `cd -`
    old: u32,
    /// Index of the top of the stack of `pushd`.
    stack: u32,
    switches: Switches,
}

/// What is in effect after something: when it succeeded, when it failed; `None` where nothing follows.
#[derive(Clone, Copy)]
struct Outcome {
    ok: Option<State>,
    fail: Option<State>,
}

impl Outcome {
    const fn both(state: State) -> Self {
        Self { ok: Some(state), fail: Some(state) }
    }

    /// How the script goes on behind it.
    fn next(self) -> Option<State> {
        self.ok.or(self.fail)
    }
}

/// What a function does to its caller.
#[derive(Clone, Copy)]
struct Function {
    moves: bool,
    leaves: bool,
}

/// What is in effect at each command of a script.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// By number of the command.
    at: Vec<Option<State>>,
    steps: Vec<Step>,
}

impl Flow {
    pub(super) fn of(root: &List, commands: &[Command], heredocs: &[HereDoc]) -> Self {
        let mut walk = Walk {
            flow: Self {
                at: vec![None; commands.len()],
                steps: vec![Step::Start, Step::Unknown, Step::Home],
            },
            stacks: vec![(START, NO_STACK)],
            functions: HashMap::new(),
            commands,
            heredocs,
        };
        let start = State { dir: START, old: UNKNOWN, stack: NO_STACK, switches: Switches::default() };
        walk.list(root, start);
        walk.flow
    }

    /// The state at a command; one that is not in the tree (in a here-document) has that of the command it is in.
    fn state(&self, command: &Command, commands: &[Command]) -> Option<State> {
        let mut at = command;
        // A parent comes before its child.
        loop {
            if let Some(state) = self.at.get(at.id.index()).copied().flatten() {
                return Some(state);
            }
            at = commands.get(at.context.parent?.index()).filter(|parent| parent.id < at.id)?;
        }
    }

    pub(super) fn options(&self, command: &Command, commands: &[Command], initial: Options) -> Options {
        self.state(command, commands).map_or(initial, |state| state.switches.over(initial))
    }

    pub(super) fn dir(&self, command: &Command, commands: &[Command]) -> Dir {
        let Some(state) = self.state(command, commands) else { return Dir::Unknown };
        match self.resolve(state.dir, commands) {
            (START, path) => Dir::Start(path),
            (HOME, path) => Dir::Home(path),
            (ROOT, path) => Dir::Absolute(format!("/{path}")),
            _ => Dir::Unknown,
        }
    }

    /// What a directory is relative to, and the path from there.
    fn resolve(&self, dir: u32, commands: &[Command]) -> (u32, String) {
        let mut texts: Vec<&str> = Vec::new();
        let mut at = dir;
        let base = loop {
            match self.steps.get(at as usize) {
                Some(Step::Enter { from, command, .. }) => {
                    let text = commands.get(command.index()).and_then(target).unwrap_or("");
                    if text.starts_with('/') {
                        texts.push(text);
                        break ROOT;
                    }
                    let home = ["~", "$HOME", "${HOME}"].iter().find_map(|home| text.strip_prefix(home));
                    if let Some(rest) = home {
                        texts.push(rest);
                        break HOME;
                    }
                    texts.push(text);
                    at = *from;
                }
                Some(Step::Turn { before }) if *before != at => at = *before,
                Some(Step::Start) => break START,
                Some(Step::Home) => break HOME,
                // A turn whose loop is being read stands for itself.
                Some(Step::Turn { .. }) => break at,
                Some(Step::Unknown) | None => break UNKNOWN,
            }
        };
        let mut parts = Vec::new();
        for text in texts.iter().rev() {
            add_parts(&mut parts, text, base == ROOT);
        }
        (base, parts.join("/"))
    }
}

/// Not a step: an absolute path.
const ROOT: u32 = u32::MAX;

/// The directory `cd` or `pushd` names.
fn target(command: &Command) -> Option<&str> {
    let mut args = command.args().iter();
    let first = args.by_ref().find(|word| !matches!(word.text(), "-L" | "-P" | "-e" | "-@" | "-n" | "--"))?;
    Some(first.text())
}

struct Walk<'s> {
    flow: Flow,
    /// Stacks of `pushd`: the directory on top and the stack below.
    stacks: Vec<(u32, u32)>,
    functions: HashMap<&'s str, Function>,
    commands: &'s [Command],
    heredocs: &'s [HereDoc],
}

impl<'s> Walk<'s> {
    fn step(&mut self, step: Step) -> u32 {
        self.flow.steps.push(step);
        self.flow.steps.len() as u32 - 1
    }

    fn merge_dirs(&self, a: u32, b: u32) -> u32 {
        let same = a == b
            || (a != UNKNOWN
                && b != UNKNOWN
                && self.flow.resolve(a, self.commands) == self.flow.resolve(b, self.commands));
        if same { a } else { UNKNOWN }
    }

    fn merge(&self, a: Option<State>, b: Option<State>) -> Option<State> {
        let (Some(x), Some(y)) = (a, b) else { return a.or(b) };
        Some(State {
            dir: self.merge_dirs(x.dir, y.dir),
            old: self.merge_dirs(x.old, y.old),
            stack: if x.stack == y.stack { x.stack } else { NO_STACK },
            switches: x.switches.or(y.switches),
        })
    }

    fn list(&mut self, list: &'s List, state: State) -> Outcome {
        let mut state = state;
        let mut outcome = Outcome::both(state);
        for item in &list.items {
            let done = self.and_or(item, state);
            outcome = if item.terminator == Connector::Background { Outcome::both(state) } else { done };
            // What stands behind an `exit` is not reached; it is read as if it were.
            state = outcome.next().unwrap_or(state);
        }
        outcome
    }

    fn and_or(&mut self, item: &'s AndOr, state: State) -> Outcome {
        let mut outcome = Outcome::both(state);
        for (index, element) in item.elements.iter().enumerate() {
            let or = element.before == Connector::Or && index > 0;
            let from = if or { outcome.fail } else { outcome.ok };
            let reached = from.is_some();
            let right = self.pipeline(&element.pipeline, from.or(outcome.next()).unwrap_or(state));
            outcome = match (index, or, reached) {
                (0, ..) => right,
                (_, _, false) => outcome,
                (_, true, _) => Outcome { ok: self.merge(outcome.ok, right.ok), fail: right.fail },
                (_, false, _) => Outcome { ok: right.ok, fail: self.merge(right.fail, outcome.fail) },
            };
        }
        outcome
    }

    fn pipeline(&mut self, pipeline: &'s Pipeline, state: State) -> Outcome {
        let mut outcome = Outcome::both(state);
        for node in &pipeline.commands {
            outcome = self.node(node, state);
        }
        if pipeline.commands.len() > 1 {
            return Outcome::both(state);
        }
        if pipeline.negated { Outcome { ok: outcome.fail, fail: outcome.ok } } else { outcome }
    }

    fn node(&mut self, node: &'s Node, state: State) -> Outcome {
        match node {
            Node::Simple(id) => self.simple(*id, state),
            Node::Compound(compound) => self.compound(compound, state),
        }
    }

    fn compound(&mut self, compound: &'s Compound, state: State) -> Outcome {
        for redirect in &compound.redirects {
            self.words(redirect.target.as_slice(), state);
        }
        match &compound.kind {
            CompoundKind::Subshell(list) => {
                self.list(list, state);
                Outcome::both(state)
            }
            CompoundKind::Group(list) => self.list(list, state),
            CompoundKind::If { arms, otherwise } => {
                let mut end = Outcome { ok: None, fail: None };
                let mut from = Some(state);
                for (condition, body) in arms {
                    let asked = self.list(condition, from.unwrap_or(state));
                    let done = self.list(body, asked.ok.or(from).unwrap_or(state));
                    let done = if asked.ok.is_some() { done } else { Outcome { ok: None, fail: None } };
                    end = Outcome { ok: self.merge(end.ok, done.ok), fail: self.merge(end.fail, done.fail) };
                    from = asked.fail;
                }
                match otherwise {
                    Some(list) => {
                        let done = self.list(list, from.unwrap_or(state));
                        Outcome { ok: self.merge(end.ok, done.ok), fail: self.merge(end.fail, done.fail) }
                    }
                    None => Outcome { ok: self.merge(end.ok, from), fail: end.fail },
                }
            }
            CompoundKind::For { words, body, .. } => {
                self.words(words.as_deref().unwrap_or_default(), state);
                self.turns(state, |walk, turn| walk.list(body, turn))
            }
            CompoundKind::While { condition, body, .. } => self.turns(state, |walk, turn| {
                let asked = walk.list(condition, turn);
                walk.list(body, asked.next().unwrap_or(turn))
            }),
            CompoundKind::Case { subject, arms } => {
                self.words(subject.as_slice(), state);
                // With `*)` one of the branches is taken for sure.
                let total = arms.iter().flat_map(|arm| &arm.patterns).any(|pattern| pattern.text() == "*");
                let mut end = Outcome { ok: (!total).then_some(state), fail: None };
                for arm in arms {
                    self.words(&arm.patterns, state);
                    let done = self.list(&arm.body, state);
                    end = Outcome { ok: self.merge(end.ok, done.ok), fail: self.merge(end.fail, done.fail) };
                }
                end
            }
            CompoundKind::Function { name, body } => {
                if let Some(body) = body {
                    self.function(name, body, state);
                }
                Outcome::both(state)
            }
            CompoundKind::Test(words) => {
                self.words(words, state);
                Outcome::both(state)
            }
            CompoundKind::Arithmetic => Outcome::both(state),
        }
    }

    /// A loop: each turn begins where the one before it ended.
    fn turns(&mut self, state: State, mut run: impl FnMut(&mut Self, State) -> Outcome) -> Outcome {
        let turn = self.step(Step::Turn { before: self.flow.steps.len() as u32 });
        let begin = State { dir: turn, ..state };
        let end = run(self, begin).next();
        let back = end.is_none_or(|end| self.merge_dirs(end.dir, turn) != UNKNOWN);
        if let Some(step) = self.flow.steps.get_mut(turn as usize) {
            *step = Step::Turn { before: if back { state.dir } else { UNKNOWN } };
        }
        let mut after = self.merge(Some(state), end.or(Some(state))).unwrap_or(state);
        after.dir = if back { state.dir } else { UNKNOWN };
        Outcome::both(after)
    }

    /// A function is called who knows where.
    fn function(&mut self, name: &'s str, body: &'s Node, state: State) {
        let turn = self.step(Step::Turn { before: self.flow.steps.len() as u32 });
        let begin = State { dir: turn, old: UNKNOWN, stack: NO_STACK, ..state };
        let outcome = self.node(body, begin);
        let end = outcome.next();
        let moves = end.is_some_and(|end| self.merge_dirs(end.dir, turn) == UNKNOWN);
        if let Some(step) = self.flow.steps.get_mut(turn as usize) {
            *step = Step::Turn { before: UNKNOWN };
        }
        self.functions.insert(name, Function { moves, leaves: end.is_none() });
    }

    /// The substitutions in words: each runs in a shell of its own.
    fn words(&mut self, words: &'s [Word], state: State) {
        for word in words {
            if word.has_substitution() || word.is_array() {
                self.parts(&word.parts, state);
            }
        }
    }

    fn parts(&mut self, parts: &'s [Part], state: State) {
        for part in parts {
            match &part.kind {
                PartKind::Substitution { list, .. } | PartKind::Process(list) => {
                    self.list(list, state);
                }
                PartKind::DoubleQuoted(inner) | PartKind::Arithmetic(inner) => self.parts(inner, state),
                PartKind::Variable { operand, .. } => self.parts(operand, state),
                PartKind::Array(words) => self.words(words, state),
                PartKind::Literal | PartKind::SingleQuoted | PartKind::AnsiQuoted => {}
            }
        }
    }

    fn simple(&mut self, id: CommandId, state: State) -> Outcome {
        let Some(command) = self.commands.get(id.index()) else { return Outcome::both(state) };
        if let Some(slot) = self.flow.at.get_mut(id.index()) {
            *slot = Some(state);
        }
        self.words(&command.words, state);
        for assignment in &command.assignments {
            self.words(std::slice::from_ref(&assignment.value), state);
        }
        for redirect in &command.redirects {
            self.words(redirect.target.as_slice(), state);
        }
        let name = command.name().unwrap_or("");
        if let Some(list) = &command.script {
            if name == "eval" {
                return self.list(list, state);
            }
            self.list(list, inner_state(command, state));
        }
        for heredoc in command.redirects.iter().filter_map(|redirect| redirect.heredoc) {
            if let Some(list) = self.heredocs.get(heredoc as usize).and_then(|h| h.script.as_ref()) {
                self.list(list, inner_state(command, state));
            }
        }
        // What another program runs does not reach this shell; `command cd` and `builtin set` do.
        let own = command.prefix().iter().all(|word| matches!(word.text(), "command" | "builtin"));
        if command.prefix_word("exec").is_some() {
            return Outcome { ok: None, fail: None };
        }
        if !own {
            return Outcome::both(state);
        }
        match name {
            "cd" | "chdir" | "pushd" | "popd" => {
                let moved = self.moved(command, name, state);
                Outcome { ok: Some(moved), fail: Some(state) }
            }
            "set" => {
                let mut state = state;
                state.switches.apply(command.args());
                Outcome::both(state)
            }
            "exit" | "return" => Outcome { ok: None, fail: None },
            "true" | ":" => Outcome { ok: Some(state), fail: None },
            "false" => Outcome { ok: None, fail: Some(state) },
            _ => match self.functions.get(name) {
                Some(Function { leaves: true, .. }) => Outcome { ok: None, fail: None },
                Some(Function { moves: true, .. }) => {
                    Outcome::both(State { dir: UNKNOWN, old: UNKNOWN, stack: NO_STACK, ..state })
                }
                _ => Outcome::both(state),
            },
        }
    }

    /// The state after a `cd`, `pushd` or `popd` that succeeds.
    fn moved(&mut self, command: &'s Command, name: &str, state: State) -> State {
        let (top, below) = self.stacks.get(state.stack as usize).copied().unwrap_or((UNKNOWN, NO_STACK));
        if name == "popd" {
            let known = state.stack != NO_STACK && command.args().is_empty();
            let dir = if known { top } else { UNKNOWN };
            return State { dir, old: state.dir, stack: if known { below } else { NO_STACK }, ..state };
        }
        let operand = target(command);
        let word = command.args().iter().find(|word| Some(word.text()) == operand);
        let home = |text: &str| matches!(text, "~" | "$HOME" | "${HOME}");
        let dir = match (operand, word) {
            (None, _) if name == "pushd" => {
                // Swaps the directory and the top of the stack.
                let known = state.stack != NO_STACK;
                let stack = if known { self.push(state.dir, below) } else { NO_STACK };
                return State { dir: if known { top } else { UNKNOWN }, old: state.dir, stack, ..state };
            }
            (None, _) => HOME,
            (Some("-"), _) => state.old,
            (Some(text), Some(word)) => {
                let below_home = ["~/", "$HOME/", "${HOME}/"].iter().any(|home| text.starts_with(home));
                let rest = text.split_once('/').map_or("", |(_, rest)| rest);
                let at_home = home(text) || (below_home && !rest.contains(['$', '`']));
                let tilde = text.starts_with('~');
                let plain = !word.has_glob() && !word.has_brace_expansion() && !word.is_array();
                let known = plain
                    && if tilde { at_home && word.has_tilde() } else { at_home || !word.has_expansion() }
                    && !(name == "pushd" && text.starts_with(['+', '-']))
                    && !text.is_empty();
                let steps = match self.flow.steps.get(state.dir as usize) {
                    Some(Step::Enter { steps, .. }) if !text.starts_with('/') && !at_home => steps + 1,
                    _ => 1,
                };
                if known && steps < MAX_STEPS {
                    self.step(Step::Enter { from: state.dir, command: command.id, steps })
                } else {
                    UNKNOWN
                }
            }
            (Some(_), None) => UNKNOWN,
        };
        let stack = if name == "pushd" { self.push(state.dir, state.stack) } else { state.stack };
        State { dir, old: state.dir, stack, ..state }
    }

    fn push(&mut self, dir: u32, below: u32) -> u32 {
        self.stacks.push((dir, below));
        self.stacks.len() as u32 - 1
    }
}

/// What is in effect at the beginning of a string or here-document that a command has another shell run.
fn inner_state(command: &Command, state: State) -> State {
    let mut options = Options::default();
    let name = command.name().unwrap_or("");
    if SHELLS.contains(&name) {
        options.apply_call(command.args().iter().map(Word::text));
    }
    let text = |words: &[Word], options: &[&str]| words.iter().any(|word| options.contains(&word.text()));
    // A login of another user begins in that user's home directory.
    let elsewhere = match name {
        "su" | "runuser" => text(command.args(), &["-", "-l", "--login"]),
        "find" => text(command.args(), &["-execdir", "-okdir"]),
        _ => false,
    } || (command.prefix_word("sudo").is_some()
        && command.prefix().iter().any(|word| {
            let text = word.text();
            matches!(text, "--login" | "--chdir" | "-D")
                || (text.starts_with('-')
                    && !text.starts_with("--")
                    && text.contains('i')
                    && !is_assignment_text(text))
        }));
    State {
        dir: if elsewhere { UNKNOWN } else { state.dir },
        old: state.dir,
        stack: NO_STACK,
        switches: Switches::fixed(options),
    }
}

#[cfg(test)]
mod tests;
