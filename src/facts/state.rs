//! What is effective at an instruction: user, working directory, shell, variables.

use crate::dockerfile::expand::{Expanded, Value, expand};
use crate::text::Span;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Longest path in bytes (Linux: `PATH_MAX`).
const MAX_PATH: usize = 4096;

/// Who runs the next command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// No USER so far: what the base image says.
    Base,
    /// Set by a USER instruction.
    Set {
        /// The value; `None` where it comes from a variable that the file does not tell.
        value: Option<String>,
        /// The instruction.
        span: Span,
        /// The stage of the instruction.
        stage: usize,
    },
}

/// The directory of relative paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workdir {
    /// No WORKDIR so far: what the base image says.
    Base,
    /// This absolute path.
    Set(String),
    /// Set, but to something the file does not tell.
    Unknown,
}

/// The shell of shell-form instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh -c` (or `cmd` on Windows images).
    Default,
    /// Set by a SHELL instruction: the words of its array.
    Set(Vec<String>),
}

/// What is effective before an instruction.
#[derive(Debug, Clone)]
pub struct State {
    /// The user.
    pub user: User,
    /// The working directory.
    pub workdir: Workdir,
    /// The shell.
    pub shell: Shell,
    variables: Variables,
    escape: char,
    /// Nothing is set that the file does not set: the stage is built on `scratch`.
    empty_base: bool,
}

impl State {
    /// The state before the first instruction of a stage on an external image.
    pub(super) fn new(escape: char, budget: &Budget) -> Self {
        Self {
            user: User::Base,
            workdir: Workdir::Base,
            shell: Shell::Default,
            variables: Variables { budget: budget.clone(), ..Variables::default() },
            escape,
            empty_base: false,
        }
    }

    /// The state before the first instruction of a stage on `scratch`.
    pub(super) fn on_scratch(escape: char, budget: &Budget) -> Self {
        Self { empty_base: true, ..Self::new(escape, budget) }
    }

    /// The state before the first instruction of a stage that is built on the one that ends with this state.
    /// It takes over ENV and ARG (BuildKit, `dispatchState.init`).
    pub(super) fn child(&self) -> Self {
        Self { variables: self.variables.child(), ..self.clone() }
    }

    /// What ENV of the stage or of its parents set; `None` where the base image decides. The image has it.
    pub fn env(&self, name: &str) -> Option<Value> {
        self.variables.with(name, |entry| entry.env.clone()).flatten()
    }

    /// Whether an ENV gives this variable a value that is not empty, or may do so.
    pub fn env_is_set(&self, name: &str) -> bool {
        self.env(name).is_some_and(|value| match value {
            Value::Set(value) => !value.is_empty(),
            Value::Unknown => true,
            Value::Unset => false,
        })
    }

    /// What ARG declared in this stage (or in the stages it is built on).
    pub fn arg(&self, name: &str) -> Option<Value> {
        self.variables.with(name, |entry| entry.arg.clone()).flatten()
    }

    /// The value of a variable in an instruction when the build gives no arguments. ENV and ARG fill one table,
    /// the later one wins (BuildKit, `dispatchEnv`, `dispatchArg`); what neither declares is unknown, because the
    /// base image may set it.
    pub fn lookup(&self, name: &str) -> Value {
        let outside = if self.empty_base && name != "PATH" { Value::Unset } else { Value::Unknown };
        self.variables.with(name, |entry| entry.value.clone()).unwrap_or(outside)
    }

    /// Whether ENV or ARG of this stage, or of the stages it is built on, declare a variable.
    pub fn declares(&self, name: &str) -> bool {
        self.variables.with(name, |_| ()).is_some()
    }

    /// Whether a build argument may give a variable another value than [`State::lookup`] tells.
    pub fn may_be_overridden(&self, name: &str) -> bool {
        self.variables.with(name, |entry| entry.overridable).unwrap_or(false)
    }

    /// The declared variable whose name is most like `name`, by the measure of `distance` (`None`: not alike).
    /// Of a long file the latest names of each stage are looked at.
    pub fn nearest(&self, name: &str, distance: impl Fn(&str, &str) -> Option<usize>) -> Option<Rc<str>> {
        self.variables
            .names()
            .filter_map(|known| Some((distance(name, &known)?, known)))
            .min()
            .map(|(_, n)| n)
    }

    /// Expands variables of a word as Docker does; an invalid word is unknown.
    pub fn expand(&self, text: &str) -> Expanded {
        expand(text, self.escape, &|name| self.lookup(name)).unwrap_or_default()
    }

    /// Applies one pair of ENV.
    pub(super) fn set_env(&mut self, name: &str, value: Value, overridable: bool) {
        let arg = self.arg(name);
        self.variables.set(name, Entry { env: Some(value.clone()), value, arg, overridable });
    }

    /// Applies ARG. Without a value of its own or of the global ARG it leaves a variable that is set as it is.
    pub(super) fn set_arg(&mut self, name: &str, given: Option<Value>) {
        let env = self.env(name);
        let before = self.variables.with(name, |entry| entry.value.clone());
        let arg = given.clone().unwrap_or(Value::Unknown);
        let value = given.or(before).unwrap_or(Value::Unknown);
        self.variables.set(name, Entry { value, env, arg: Some(arg), overridable: true });
    }

    /// Applies a WORKDIR.
    pub(super) fn enter(&mut self, path: Option<String>, base: Option<&str>) {
        self.workdir = match (path, &self.workdir) {
            (Some(path), _) if is_absolute(&path) => Workdir::Set(path),
            // Relative paths add up; no kernel takes longer ones.
            (Some(path), Workdir::Set(from)) if from.len() + path.len() < MAX_PATH => {
                Workdir::Set(join(from, &path))
            }
            (Some(path), Workdir::Base) => base.map_or(Workdir::Unknown, |b| Workdir::Set(join(b, &path))),
            (None, _) | (Some(_), Workdir::Unknown | Workdir::Set(_)) => Workdir::Unknown,
        };
    }
}

/// How many bytes of values a file may make us keep: `ENV A=$A$A` in many lines would fill the memory. What comes
/// later is unknown.
const MAX_STORED: usize = 2 * 1024 * 1024;

/// How many names are looked at for one that is like another.
const MAX_NAMES: usize = 50;

/// What the values of a file's variables take up; shared by its stages.
#[derive(Debug, Clone, Default)]
pub(super) struct Budget(Rc<Cell<usize>>);

impl Budget {
    /// The value, or unknown when there is no room left.
    pub(super) fn keep(&self, value: Value) -> Value {
        let Value::Set(text) = &value else { return value };
        let stored = self.0.get() + text.len();
        if stored > MAX_STORED {
            return Value::Unknown;
        }
        self.0.set(stored);
        value
    }
}

/// What is known of a variable after an assignment.
#[derive(Debug, Clone)]
struct Entry {
    /// What an instruction sees.
    value: Value,
    /// What the image has.
    env: Option<Value>,
    /// What the last ARG gave.
    arg: Option<Value>,
    /// Whether a build argument goes into the value.
    overridable: bool,
}

/// The values of each variable, with the number of the assignment, and the names in the order of their first one.
#[derive(Debug, Default)]
struct History {
    entries: HashMap<Rc<str>, Vec<(u32, Entry)>>,
    names: Vec<(u32, Rc<str>)>,
}

/// Variables as they are after some number of assignments. Cloning shares the table, so that a file of many
/// instructions costs no more than it has assignments.
#[derive(Debug, Clone, Default)]
struct Variables {
    table: Rc<RefCell<History>>,
    /// Assignments of the table that count here.
    version: u32,
    /// The variables of the stage below.
    below: Option<Rc<Self>>,
    /// How many tables are below.
    depth: usize,
    budget: Budget,
}

/// How many tables are looked through for a name before they are put together.
const MAX_DEPTH: usize = 32;

impl Variables {
    /// An empty table over this one: stages on the same parent do not see each other's assignments.
    fn child(&self) -> Self {
        let below = match &self.below {
            below if self.version == 0 => below.clone(),
            _ if self.depth + 1 >= MAX_DEPTH => Some(Rc::new(self.flat())),
            _ => Some(Rc::new(self.clone())),
        };
        let depth = below.as_ref().map_or(0, |below| below.depth + 1);
        Self { table: Rc::default(), version: 0, below, depth, budget: self.budget.clone() }
    }

    /// The same variables in one table.
    fn flat(&self) -> Self {
        let mut chain = vec![self];
        while let Some(below) = chain.last().and_then(|at| at.below.as_deref()) {
            chain.push(below);
        }
        let mut history = History::default();
        for at in chain.into_iter().rev() {
            let table = at.table.borrow();
            for (_, name) in table.names.iter().take_while(|(version, _)| *version <= at.version) {
                let versions = table.entries.get(name).map_or(&[][..], Vec::as_slice);
                let count = versions.partition_point(|(version, _)| *version <= at.version);
                let Some((_, entry)) = count.checked_sub(1).and_then(|last| versions.get(last)) else {
                    continue;
                };
                if history.entries.insert(Rc::clone(name), vec![(0, entry.clone())]).is_none() {
                    history.names.push((0, Rc::clone(name)));
                }
            }
        }
        // Everything in it has version 0; a version of 1 tells that it is not empty.
        Self {
            table: Rc::new(RefCell::new(history)),
            version: 1,
            below: None,
            depth: 0,
            budget: self.budget.clone(),
        }
    }

    fn with<T>(&self, name: &str, read: impl Fn(&Entry) -> T) -> Option<T> {
        let mut at = self;
        loop {
            let table = at.table.borrow();
            let found = table.entries.get(name).and_then(|versions| {
                let count = versions.partition_point(|(version, _)| *version <= at.version);
                versions.get(count.checked_sub(1)?).map(|(_, entry)| read(entry))
            });
            if found.is_some() {
                return found;
            }
            at = at.below.as_deref()?;
        }
    }

    /// Only the newest state of a stage is ever changed, so versions grow.
    fn set(&mut self, name: &str, mut entry: Entry) {
        self.version += 1;
        entry.value = self.budget.keep(entry.value);
        entry.env = entry.env.map(|value| self.budget.keep(value));
        entry.arg = entry.arg.map(|value| self.budget.keep(value));
        let mut table = self.table.borrow_mut();
        if let Some(versions) = table.entries.get_mut(name) {
            versions.push((self.version, entry));
            return;
        }
        let name: Rc<str> = name.into();
        table.entries.insert(Rc::clone(&name), vec![(self.version, entry)]);
        table.names.push((self.version, name));
    }

    /// Declared names, latest first.
    fn names(&self) -> impl Iterator<Item = Rc<str>> {
        let mut out = Vec::new();
        let mut next = Some(self);
        while let Some(at) = next.filter(|_| out.len() < MAX_NAMES) {
            let table = at.table.borrow();
            let count = table.names.partition_point(|(version, _)| *version <= at.version);
            let here = table.names.iter().take(count).rev().take(MAX_NAMES - out.len());
            out.extend(here.map(|(_, name)| Rc::clone(name)));
            next = at.below.as_deref();
        }
        out.into_iter()
    }
}

/// Whether a container path starts at the root (also of a Windows drive).
pub fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':')
}

/// Joins container paths and resolves `.` and `..`.
pub fn join(base: &str, path: &str) -> String {
    let mut out = String::with_capacity(base.len() + path.len() + 2);
    let from = if is_absolute(path) { "" } else { base };
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            name => {
                out.push('/');
                out.push_str(name);
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Value {
        Value::Set(text.to_owned())
    }

    #[test]
    fn variables_keep_their_history() {
        let mut state = State::new('\\', &Budget::default());
        state.set_env("A", set("1"), false);
        let early = state.clone();
        state.set_env("A", set("2"), false);
        let mut child = state.child();
        child.set_env("B", Value::Unknown, false);
        let sibling = state.child();
        assert_eq!(early.env("A"), Some(set("1")));
        assert_eq!(child.env("A"), Some(set("2")));
        assert_eq!(child.env("B"), Some(Value::Unknown));
        assert_eq!((sibling.env("B"), state.env("B")), (None, None));
        assert!(child.declares("A") && child.declares("B") && !sibling.declares("B"));
        let exact = |a: &str, b: &str| (a == b).then_some(0);
        assert_eq!(child.nearest("A", exact).as_deref(), Some("A"));
        assert_eq!(sibling.nearest("B", exact), None);
    }

    #[test]
    fn the_later_of_env_and_arg_wins() {
        let mut state = State::new('\\', &Budget::default());
        state.set_arg("A", Some(set("default")));
        assert_eq!((state.lookup("A"), state.env("A")), (set("default"), None));
        assert!(state.may_be_overridden("A"));
        state.set_env("A", set("fixed"), false);
        assert_eq!((state.lookup("A"), state.env("A")), (set("fixed"), Some(set("fixed"))));
        assert!(!state.may_be_overridden("A"));
        // ARG without a value leaves it, but a build may change it.
        state.set_arg("A", None);
        assert_eq!((state.lookup("A"), state.arg("A")), (set("fixed"), Some(Value::Unknown)));
        assert!(state.may_be_overridden("A"));
        state.set_arg("A", Some(set("again")));
        assert_eq!((state.lookup("A"), state.env("A")), (set("again"), Some(set("fixed"))));
        state.set_arg("B", None);
        assert_eq!(state.lookup("B"), Value::Unknown);
    }

    #[test]
    fn only_scratch_sets_nothing() {
        let budget = Budget::default();
        assert_eq!(State::new('\\', &budget).lookup("X"), Value::Unknown);
        let scratch = State::on_scratch('\\', &budget).child();
        assert_eq!((scratch.lookup("X"), scratch.lookup("PATH")), (Value::Unset, Value::Unknown));
    }

    #[test]
    fn long_chains_of_stages_keep_their_variables() {
        let mut state = State::new('\\', &Budget::default());
        for stage in 0..200 {
            state = state.child();
            state.set_env(&format!("V{stage}"), set(&stage.to_string()), false);
            state.set_env("LAST", set(&stage.to_string()), false);
            assert!(state.variables.depth < MAX_DEPTH);
        }
        assert_eq!(state.lookup("V0"), set("0"));
        assert_eq!(state.lookup("V150"), set("150"));
        assert_eq!(state.lookup("LAST"), set("199"));
        assert!(!state.declares("V200"));
    }

    #[test]
    fn values_are_bounded() {
        let mut state = State::new('\\', &Budget::default());
        for _ in 0..10_000 {
            state.set_env("A", set(&"x".repeat(1000)), false);
        }
        assert_eq!(state.lookup("A"), Value::Unknown);
    }

    #[test]
    fn joins_paths() {
        assert_eq!(join("/app", "./run.sh"), "/app/run.sh");
        assert_eq!(join("/app", "../x/"), "/x");
        assert_eq!(join("/app", "/etc"), "/etc");
        assert_eq!(join("/", "."), "/");
    }
}
