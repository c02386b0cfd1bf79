//! `chown`, `chgrp` and `chmod`, taken apart.

use super::{Command, Word};

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionKind {
    /// `chown`
    Owner,
    /// `chgrp`
    Group,
    /// `chmod`
    Mode,
}

/// A call that changes who may do what with files.
#[derive(Debug, Clone)]
pub struct PermissionChange<'a> {
    /// What is changed.
    pub kind: PermissionKind,
    /// Whether what is below is changed, too.
    pub recursive: bool,
    /// The option that says so, when it stands alone: `-R`, `--recursive`.
    pub recursive_word: Option<&'a Word>,
    /// `user:group`, or the mode.
    pub value: &'a Word,
    /// The files.
    pub paths: Vec<&'a Word>,
}

/// Reads a call of `chown`, `chgrp` or `chmod`. `None` for other commands, and where the files or the value come from
/// elsewhere (`--reference`, `--from`, `xargs`, `find -exec`).
pub fn permission_change(command: &Command) -> Option<PermissionChange<'_>> {
    let kind = match command.name()? {
        "chown" => PermissionKind::Owner,
        "chgrp" => PermissionKind::Group,
        "chmod" => PermissionKind::Mode,
        _ => return None,
    };
    if command.prefix_word("xargs").is_some() || command.context.inside.any(super::Inside::STRING) {
        return None;
    }
    let mut recursive = false;
    let mut recursive_word = None;
    let mut operands = Vec::new();
    let mut options = true;
    for word in command.args() {
        let text = word.text();
        match text.strip_prefix('-').filter(|_| options) {
            Some("-") => options = false,
            Some("R" | "-recursive") => {
                recursive = true;
                recursive_word = Some(word);
            }
            Some(long) if long.starts_with('-') => {
                if long.starts_with("-reference") || long.starts_with("-from") {
                    return None;
                }
            }
            // `chmod -x file` takes a right away.
            Some(letters) if !letters.is_empty() && letters.bytes().all(|b| b"RcfvhHLP".contains(&b)) => {
                recursive |= letters.contains('R');
            }
            _ => operands.push(word),
        }
    }
    let (value, paths) = operands.split_first()?;
    (!paths.is_empty()).then(|| PermissionChange {
        kind,
        recursive,
        recursive_word,
        value,
        paths: paths.to_vec(),
    })
}

impl PermissionChange<'_> {
    /// The mode as a number, where it is written as one.
    pub fn numeric_mode(&self) -> Option<u32> {
        let text = self.value.literal().filter(|_| self.kind == PermissionKind::Mode)?;
        let digits = (3..=4).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
        digits.then(|| u32::from_str_radix(text, 8).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    fn read(text: &str) -> Option<String> {
        let script = parse(&Joined::verbatim(text, 0));
        let command = script.commands().next()?;
        let change = permission_change(command)?;
        let paths: Vec<&str> = change.paths.iter().map(|word| word.text()).collect();
        let recursive = if change.recursive { " -R" } else { "" };
        Some(format!("{:?}{recursive} {} {}", change.kind, change.value.text(), paths.join(" ")))
    }

    #[test]
    fn reads_calls() {
        for (text, expected) in [
            ("chown -R app:app /app /data", Some("Owner -R app:app /app /data")),
            ("sudo chown -Rv app -- -x", Some("Owner -R app -x")),
            ("chmod --recursive 0755 a", Some("Mode -R 0755 a")),
            ("chmod -x a", Some("Mode -x a")),
            ("chgrp 0 a", Some("Group 0 a")),
            ("chown --reference=b a", None),
            ("chown app", None),
            ("cp a b", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn modes_are_numbers() {
        for (text, expected) in [
            ("chmod 755 a", Some(0o755)),
            ("chmod +x a", None),
            ("chmod 4755 a", Some(0o4755)),
            ("chmod 9 a", None),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            let change = script.commands().next().and_then(permission_change).unwrap();
            assert_eq!(change.numeric_mode(), expected, "{text}");
        }
    }
}
