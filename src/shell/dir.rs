//! Where a command runs.

use crate::text::add_parts;

/// The working directory of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dir {
    /// Below the directory the script starts in (WORKDIR): a relative path without `.`; empty for that directory
    /// itself. May begin with `..`.
    Start(String),
    /// Below the home directory of the user; without `.`, empty for the home directory itself.
    Home(String),
    /// This absolute path, without `.` and `..`.
    Absolute(String),
    /// The script does not tell: a variable, a loop that moves, two ways that do not agree.
    Unknown,
}

impl Dir {
    /// The absolute path, given the directory that the script starts in and the home directory.
    pub fn under(&self, start: Option<&str>, home: Option<&str>) -> Option<String> {
        let (base, path) = match self {
            Self::Start(path) => (start?, path.as_str()),
            Self::Home(path) => (home?, path.as_str()),
            Self::Absolute(path) => ("/", path.as_str()),
            Self::Unknown => return None,
        };
        let mut parts = Vec::new();
        add_parts(&mut parts, base, true);
        add_parts(&mut parts, path, true);
        Some(format!("/{}", parts.join("/")))
    }
}
