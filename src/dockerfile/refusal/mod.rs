//! What BuildKit refuses one step after its parser: wrong numbers of arguments, bad names, bad flag values.
//!
//! Follows `frontend/dockerfile/instructions` and, where the file alone decides, the conversion behind it
//! (`frontend/dockerfile/dockerfile2llb`). Two kinds of things are left alone on purpose: what only a newer
//! frontend may know (flags and mount options with unknown names) and whatever depends on a variable.

mod arguments;
mod expansion;
mod flags;
mod mount;
mod signal;

use super::{ErrorKind, Instruction, Keyword, SyntaxError};
use crate::text::Span;
use std::collections::HashSet;

/// Checks instructions one after the other.
#[derive(Default)]
pub(super) struct Refusals {
    /// Whether a FROM has been seen.
    in_stage: bool,
    /// Whether it has been said (or may not be said) that something stands before the first FROM.
    told_outside: bool,
    /// Names of the stages so far, in lower case.
    stages: HashSet<String>,
}

impl Refusals {
    /// What BuildKit refuses in the next instruction, if it is something. `file` is the whole text.
    pub(super) fn next(&mut self, node: &Instruction, escape: char, file: &str) -> Option<SyntaxError> {
        match node.keyword {
            Keyword::From => self.in_stage = true,
            // A misspelt FROM is told by its own rule; all that follows is no news then.
            Keyword::Unknown => self.told_outside = true,
            _ => {}
        }
        let found = arguments::check(node, &self.stages)
            .or_else(|| flags::check(node, escape))
            .or_else(|| expansion::check(node, escape, file));
        if node.keyword == Keyword::From
            && let [_, keyword, name] = &node.args[..]
            && keyword.text.eq_ignore_ascii_case("as")
        {
            self.stages.insert(name.text.to_lowercase());
        }
        found.or_else(|| self.outside(node))
    }

    /// Whether FROM is missing before this instruction. Said once.
    fn outside(&mut self, node: &Instruction) -> Option<SyntaxError> {
        if self.in_stage || self.told_outside || node.keyword == Keyword::Arg {
            return None;
        }
        self.told_outside = true;
        let message = format!("{} stands before the first FROM", node.keyword.name());
        of_kind(ErrorKind::MissingFrom, error(node.name.span, message))
    }

    /// What is missing at the end of a file that holds instructions.
    pub(super) fn end(&self, last: &Instruction) -> Option<SyntaxError> {
        if self.in_stage || self.told_outside {
            return None;
        }
        let message = "the file has no FROM, so there is no stage to build";
        of_kind(ErrorKind::MissingFrom, error(last.name.span, message))
    }
}

#[allow(clippy::unnecessary_wraps, reason = "every check ends with it")]
fn error(span: Span, message: impl Into<String>) -> Option<SyntaxError> {
    Some(SyntaxError { span, message: message.into(), kind: ErrorKind::Other })
}

/// The same error as one of a kind of its own.
fn of_kind(kind: ErrorKind, error: Option<SyntaxError>) -> Option<SyntaxError> {
    error.map(|error| SyntaxError { kind, ..error })
}

/// What is wrong with the options of `# check=` (`linter.ParseLintOptions`). Unknown ones are left alone.
pub(super) fn check_options(value: &str) -> Option<String> {
    value.splitn(3, ';').find_map(|option| {
        let Some((name, value)) = option.split_once('=') else {
            return Some(format!("the option `{}` of `# check=` has no value", shown(option.trim())));
        };
        (name.trim() == "error" && !mount::is_bool(value.trim()))
            .then(|| format!("`error=` of `# check=` is `true` or `false`, not `{}`", shown(value.trim())))
    })
}

/// Text of the file between the backticks of a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).take(60).collect()
}

/// Whether a word is what it looks like: no variable, quote or escape changes it.
fn literal(word: &str, escape: char) -> bool {
    !word.contains(['$', '\'', '"', escape])
}
