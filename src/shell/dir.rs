//! Where a command runs.

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
        normalise(&mut parts, base, true);
        normalise(&mut parts, path, true);
        Some(format!("/{}", parts.join("/")))
    }
}

/// Adds the parts of a path; `..` takes one away.
pub(super) fn normalise<'p>(parts: &mut Vec<&'p str>, path: &'p str, rooted: bool) {
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
}
