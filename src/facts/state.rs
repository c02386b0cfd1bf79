//! What is effective at an instruction: user, working directory, shell, variables.

use crate::dockerfile::expand::{Expanded, Value, expand};
use crate::text::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

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
    env: Rc<BTreeMap<String, Value>>,
    args: Rc<BTreeMap<String, Value>>,
    escape: char,
}

impl State {
    /// The state before the first instruction of a stage on an external image.
    pub(super) fn new(escape: char) -> Self {
        Self {
            user: User::Base,
            workdir: Workdir::Base,
            shell: Shell::Default,
            env: Rc::default(),
            args: Rc::default(),
            escape,
        }
    }

    /// What ENV of the stage or of its parents set; `None` where the base image decides.
    pub fn env(&self, name: &str) -> Option<&Value> {
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
    pub fn arg(&self, name: &str) -> Option<&Value> {
        self.args.get(name)
    }

    /// The value of a variable in an instruction: ENV wins over ARG; what neither declares is unknown,
    /// because the base image may set it.
    pub fn lookup(&self, name: &str) -> Value {
        self.env(name).or_else(|| self.arg(name)).cloned().unwrap_or(Value::Unknown)
    }

    /// Expands variables of a word as Docker does; an invalid word is unknown.
    pub fn expand(&self, text: &str) -> Expanded {
        expand(text, self.escape, &|name| self.lookup(name)).unwrap_or_default()
    }

    pub(super) fn set_env(&mut self, name: &str, value: Option<String>) {
        Rc::make_mut(&mut self.env).insert(name.to_owned(), value.map_or(Value::Unknown, Value::Set));
    }

    pub(super) fn set_arg(&mut self, name: &str, value: Value) {
        Rc::make_mut(&mut self.args).insert(name.to_owned(), value);
    }

    /// Applies a WORKDIR.
    pub(super) fn enter(&mut self, path: Option<String>, base: Option<&str>) {
        self.workdir = match (path, &self.workdir) {
            (Some(path), _) if is_absolute(&path) => Workdir::Set(path),
            (Some(path), Workdir::Set(from)) => Workdir::Set(join(from, &path)),
            (Some(path), Workdir::Base) => base.map_or(Workdir::Unknown, |b| Workdir::Set(join(b, &path))),
            (None, _) | (Some(_), Workdir::Unknown) => Workdir::Unknown,
        };
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
    fn joins_paths() {
        assert_eq!(join("/app", "./run.sh"), "/app/run.sh");
        assert_eq!(join("/app", "../x/"), "/x");
        assert_eq!(join("/app", "/etc"), "/etc");
        assert_eq!(join("/", "."), "/");
    }
}
