//! What is effective at an instruction: user, working directory, shell, variables.

use crate::dockerfile::expand::{Expanded, Value, expand};
use crate::text::Span;
use std::cell::RefCell;
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
    env: Variables,
    args: Variables,
    escape: char,
}

impl State {
    /// The state before the first instruction of a stage on an external image.
    pub(super) fn new(escape: char) -> Self {
        Self {
            user: User::Base,
            workdir: Workdir::Base,
            shell: Shell::Default,
            env: Variables::default(),
            args: Variables::default(),
            escape,
        }
    }

    /// The state before the first instruction of a stage that is built on the one that ends with this state.
    pub(super) fn child(&self) -> Self {
        Self { env: self.env.child(), args: self.args.child(), ..self.clone() }
    }

    /// What ENV of the stage or of its parents set; `None` where the base image decides.
    pub fn env(&self, name: &str) -> Option<Value> {
        self.env.get(name)
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
        self.args.get(name)
    }

    /// The value of a variable in an instruction: ENV wins over ARG; what neither declares is unknown,
    /// because the base image may set it.
    pub fn lookup(&self, name: &str) -> Value {
        self.env(name).or_else(|| self.arg(name)).unwrap_or(Value::Unknown)
    }

    /// Expands variables of a word as Docker does; an invalid word is unknown.
    pub fn expand(&self, text: &str) -> Expanded {
        expand(text, self.escape, &|name| self.lookup(name)).unwrap_or_default()
    }

    pub(super) fn set_env(&mut self, name: &str, value: Option<String>) {
        self.env.set(name, value.map_or(Value::Unknown, Value::Set));
    }

    pub(super) fn set_arg(&mut self, name: &str, value: Value) {
        self.args.set(name, value);
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

/// The values of each variable, with the number of the assignment.
type History = HashMap<String, Vec<(u32, Value)>>;

/// Variables as they are after some number of assignments. Cloning shares the table, so that a file of many
/// instructions costs no more than it has assignments.
#[derive(Debug, Clone, Default)]
struct Variables {
    table: Rc<RefCell<History>>,
    /// Assignments of the table that count here.
    version: u32,
    /// The variables of the stage below.
    below: Option<Rc<Self>>,
}

impl Variables {
    /// An empty table over this one: stages on the same parent do not see each other's assignments.
    fn child(&self) -> Self {
        let below = if self.version == 0 { self.below.clone() } else { Some(Rc::new(self.clone())) };
        Self { table: Rc::default(), version: 0, below }
    }

    fn get(&self, name: &str) -> Option<Value> {
        let mut at = self;
        loop {
            let table = at.table.borrow();
            let found = table.get(name).and_then(|versions| {
                let count = versions.partition_point(|(version, _)| *version <= at.version);
                versions.get(count.checked_sub(1)?).map(|(_, value)| value.clone())
            });
            if found.is_some() {
                return found;
            }
            at = at.below.as_deref()?;
        }
    }

    /// Only the newest state of a stage is ever changed, so versions grow.
    fn set(&mut self, name: &str, value: Value) {
        self.version += 1;
        self.table.borrow_mut().entry(name.to_owned()).or_default().push((self.version, value));
    }
}

/// Whether a container path starts at the root (also of a Windows drive).
pub fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':')
}

/// Joins container paths and resolves `.` and `..`.
pub fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let from = if is_absolute(path) { "" } else { base };
    for part in from.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_keep_their_history() {
        let mut state = State::new('\\');
        state.set_env("A", Some("1".to_owned()));
        let early = state.clone();
        state.set_env("A", Some("2".to_owned()));
        let mut child = state.child();
        child.set_env("B", None);
        let sibling = state.child();
        assert_eq!(early.env("A"), Some(Value::Set("1".to_owned())));
        assert_eq!(child.env("A"), Some(Value::Set("2".to_owned())));
        assert_eq!(child.env("B"), Some(Value::Unknown));
        assert_eq!((sibling.env("B"), state.env("B")), (None, None));
    }

    #[test]
    fn joins_paths() {
        assert_eq!(join("/app", "./run.sh"), "/app/run.sh");
        assert_eq!(join("/app", "../x/"), "/x");
        assert_eq!(join("/app", "/etc"), "/etc");
        assert_eq!(join("/", "."), "/");
    }
}
