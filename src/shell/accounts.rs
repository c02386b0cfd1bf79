//! Accounts that a command makes: useradd, groupadd of the shadow tools, adduser, addgroup of Debian and BusyBox.

use super::packages::options::{Flag, Syntax, split};
use super::{Command, Word};
use crate::text::Span;

/// The programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the tools'")]
pub enum AccountTool {
    Useradd,
    Groupadd,
    Adduser,
    Addgroup,
}

/// A call that makes a user or a group.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// The command it is.
    pub command: &'a Command,
    /// The program.
    pub tool: AccountTool,
    /// The word of the program.
    pub program_span: Span,
    /// All options in order.
    pub flags: Vec<Flag<'a>>,
    /// The words that are no options: the name, with `adduser NAME GROUP` also a group.
    pub operands: Vec<&'a Word>,
    anything: bool,
}

// useradd(8) and groupadd(8) of shadow 4.17.
static USERADD: Syntax = Syntax::new(
    "bcdefgGkKpsuRPZ",
    &[
        "--badname-value",
        "--base-dir",
        "--comment",
        "--home-dir",
        "--home",
        "--expiredate",
        "--inactive",
        "--gid",
        "--groups",
        "--skel",
        "--key",
        "--password",
        "--shell",
        "--uid",
        "--root",
        "--prefix",
        "--selinux-user",
        "--selinux-range",
    ],
);
static GROUPADD: Syntax =
    Syntax::new("gKpRPU", &["--gid", "--key", "--password", "--root", "--prefix", "--users"]);
// adduser(8) and addgroup(8) of Debian know long options; the letters are those of BusyBox.
static ADDUSER: Syntax = Syntax::new(
    "hgsGuk",
    &[
        "--home",
        "--shell",
        "--uid",
        "--gid",
        "--ingroup",
        "--gecos",
        "--comment",
        "--conf",
        "--firstuid",
        "--lastuid",
        "--firstgid",
        "--lastgid",
        "--add_extra_groups",
    ],
);
static ADDGROUP: Syntax = Syntax::new("g", &["--gid", "--conf", "--firstgid", "--lastgid"]);

/// What a command makes; `None` when it calls none of the programs, or one only tells of itself.
pub fn new_account(command: &Command) -> Option<NewAccount<'_>> {
    let (tool, syntax) = match command.name()? {
        "useradd" => (AccountTool::Useradd, &USERADD),
        "groupadd" => (AccountTool::Groupadd, &GROUPADD),
        "adduser" => (AccountTool::Adduser, &ADDUSER),
        "addgroup" => (AccountTool::Addgroup, &ADDGROUP),
        _ => return None,
    };
    let program_span = command.name_word()?.span();
    let split = split(command.args(), syntax);
    let anything = command.prefix_word("xargs").is_some()
        || split.operands.is_empty()
        || split.operands.iter().any(|word| word.may_split() && word.starts_with_expansion())
            && split.operands.len() > 1;
    Some(NewAccount { command, tool, program_span, flags: split.flags, operands: split.operands, anything })
}

impl<'a> NewAccount<'a> {
    /// Whether a word may hold any option.
    pub const fn may_contain_anything(&self) -> bool {
        self.anything
    }

    /// Whether one of these options is given. Names with dashes.
    pub fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&&*flag.name))
    }

    /// The name it makes, where that is known. With `useradd` it is the last word.
    pub fn name(&self) -> Option<&'a str> {
        match self.tool {
            AccountTool::Useradd | AccountTool::Groupadd => self.operands.last()?.literal(),
            AccountTool::Adduser | AccountTool::Addgroup => self.operands.first()?.literal(),
        }
    }

    /// The option with the number of the new user.
    pub fn uid(&self) -> Option<&Flag<'a>> {
        let user = matches!(self.tool, AccountTool::Useradd | AccountTool::Adduser);
        self.flags.iter().rev().find(|flag| user && matches!(&*flag.name, "-u" | "--uid"))
    }

    /// The option with the number of the new group.
    pub fn new_gid(&self) -> Option<&Flag<'a>> {
        let group = matches!(self.tool, AccountTool::Groupadd | AccountTool::Addgroup);
        self.flags.iter().rev().find(|flag| group && matches!(&*flag.name, "-g" | "--gid"))
    }

    /// The option that puts a new user into an existing group by its number or name.
    pub fn group(&self) -> Option<&Flag<'a>> {
        let names: &[&str] = match self.tool {
            AccountTool::Useradd => &["-g", "--gid"],
            AccountTool::Adduser => &["-G", "--gid", "--ingroup"],
            AccountTool::Groupadd | AccountTool::Addgroup => &[],
        };
        self.flags.iter().rev().find(|flag| names.contains(&&*flag.name))
    }

    /// The bytes of an option's value, where they are the value and nothing else.
    pub fn value_span(&self, flag: &Flag<'_>) -> Option<Span> {
        let value = flag.value.as_deref()?;
        let word = flag.value_span.unwrap_or(flag.span);
        let source = self.command.args().iter().find(|candidate| candidate.span() == word)?;
        let plain = source.span().len() as usize == source.text().len() && source.text().ends_with(value);
        plain.then(|| Span::new(word.end - value.len() as u32, word.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;
    use std::fmt::Write as _;

    #[test]
    fn reads_names_and_numbers() {
        for (text, expected) in [
            ("useradd -u 1000 app", "app uid=1000"),
            ("useradd -lmu 1000 -g app -s /bin/sh app", "app uid=1000 in=app"),
            ("useradd --uid=1000 --gid 1000 -G sudo,x app", "app uid=1000 in=1000"),
            ("useradd app -u $UID", "app uid=$UID"),
            ("groupadd -r -g 1000 app", "app gid=1000"),
            ("groupadd --gid=1000 \"$G\"", "? gid=1000"),
            ("adduser -D -u 1000 -G app -h /x app", "app uid=1000 in=app"),
            ("adduser --disabled-password --gecos '' --uid 1000 --ingroup app app", "app uid=1000 in=app"),
            ("adduser app sudo", "app"),
            ("addgroup -g 1000 -S app", "app gid=1000"),
            ("addgroup --system --gid 1000 app", "app gid=1000"),
            ("useradd $ARGS app", "app any"),
            ("useradd -D", "? any"),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            let call = script.commands().find_map(new_account).unwrap();
            let mut line = call.name().unwrap_or("?").to_owned();
            for (key, flag) in [("uid", call.uid()), ("gid", call.new_gid()), ("in", call.group())] {
                if let Some(flag) = flag {
                    let span = call.value_span(flag).unwrap();
                    let _ = write!(line, " {key}={}", &text[span.range()]);
                }
            }
            line.push_str(if call.may_contain_anything() { " any" } else { "" });
            assert_eq!(line, expected, "{text}");
        }
        let script = parse(&Joined::verbatim("useradd -u '1000' app; usermod -u 5 app", 0));
        let calls: Vec<_> = script.commands().filter_map(new_account).collect();
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].uid().and_then(|flag| calls[0].value_span(flag)), None);
    }
}
