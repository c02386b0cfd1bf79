//! Scripts inside of scripts: backquotes, strings and here-documents that another shell runs.

use super::ast::{CommandId, List};
use super::command::{Command, Inside};
use super::parser::{Local, Map, Parser};
use super::word::Word;
use crate::dockerfile::Joined;

/// How many shells deep strings are read.
const MAX_STRING_DEPTH: u32 = 3;

/// Programs that run shell commands.
pub(super) const SHELLS: [&str; 7] = ["sh", "bash", "ash", "dash", "zsh", "ksh", "mksh"];

/// Whether a command runs what it reads from standard input as a script: `bash`, `sh -s arg`, `bash -x`.
pub(super) fn reads_script(command: &Command) -> bool {
    match command.name() {
        // Its operands are a user and the words of that user's shell.
        Some("su") => {
            return command.args().iter().filter(|word| !word.text().starts_with('-')).count() < 2
                && command.args().iter().all(|word| word.literal().is_some_and(|text| !runs_string(text)));
        }
        Some(name) if SHELLS.contains(&name) => {}
        _ => return false,
    }
    for word in command.args() {
        let Some(text) = word.literal() else { return false };
        match text.strip_prefix('-') {
            Some("s") => return true,
            Some(option) if !option.starts_with('-') && option.contains('c') => return false,
            Some(_) => {}
            None => return false,
        }
    }
    true
}

/// Whether an option of `su` and its like says that the next word is run by a shell.
fn runs_string(text: &str) -> bool {
    matches!(text, "--command" | "--session-command")
        || (text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'))
}

/// Where the commands stand that a `find` starts: first word, behind the last word.
/// `name` is the program that works, which the word at `name_at` names.
pub(super) fn find_execs(name: Option<&str>, words: &[Word], name_at: usize) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    if name != Some("find") {
        return out;
    }
    let mut at = name_at + 1;
    while let Some(word) = words.get(at) {
        at += 1;
        if !matches!(word.text(), "-exec" | "-execdir" | "-ok" | "-okdir") {
            continue;
        }
        let start = at;
        while let Some(word) = words.get(at) {
            let plus = word.text() == "+" && words.get(at - 1).is_some_and(|last| last.text() == "{}");
            if word.text() == ";" || plus {
                break;
            }
            at += 1;
        }
        if at > start && at < words.len() {
            out.push((start, at));
        }
        at += 1;
    }
    out
}

/// Which word of a command line another shell runs.
fn string_index(name: &str, words: &[Word], name_at: usize) -> Option<usize> {
    let args = words.get(name_at + 1..)?;
    let mut at = 0;
    if name == "eval" {
        return (args.len() == 1).then_some(name_at + 1);
    }
    if matches!(name, "su" | "runuser" | "flock" | "script") {
        let option = args.iter().position(|word| runs_string(word.text()))?;
        return (option + 1 < args.len()).then_some(name_at + 1 + option + 1);
    }
    // `scl enable devtoolset-9 'make'`
    if name == "scl" && args.first().is_some_and(|word| word.text() == "enable") {
        return (args.len() > 2 && !args.iter().any(|word| word.text() == "--")).then_some(words.len() - 1);
    }
    if !SHELLS.contains(&name) {
        return None;
    }
    let mut command_option = false;
    while let Some(word) = args.get(at) {
        let text = word.text();
        if text == "--" {
            at += 1;
            break;
        }
        if text.len() < 2 || !text.starts_with(['-', '+']) {
            break;
        }
        if !text.starts_with("--") {
            command_option |= text.starts_with('-') && text.contains('c');
            // `-o pipefail`, `-euxo pipefail`, `-O extglob`
            if text.ends_with(['o', 'O']) {
                at += 1;
            }
        }
        at += 1;
    }
    (command_option && at < args.len()).then_some(name_at + 1 + at)
}

/// Collects the text of a string without its quotes.
struct Unquoted<'t> {
    text: &'t str,
    joined: Joined,
    run: usize,
}

impl Unquoted<'_> {
    /// Takes over what was read up to `at` and goes on at `next`.
    fn flush(&mut self, at: usize, next: usize) {
        if let Some(piece) = self.text.get(self.run..at)
            && !piece.is_empty()
        {
            self.joined.push(piece, self.run as u32);
        }
        self.run = next;
    }

    /// Puts a variable in the place of an expansion whose commands are known already.
    fn placeholder(&mut self, start: usize, end: usize) -> Option<()> {
        // A span may begin at the last byte, so that must be a whole character.
        let last = self.text.get(end.checked_sub(1)?..end)?;
        if end < start + 3 || last.is_empty() {
            return None;
        }
        self.flush(start, end);
        self.joined.push("${_", start as u32);
        self.joined.push("}", end as u32 - 1);
        Some(())
    }
}

impl Parser<'_> {
    /// The word of a command line that another shell runs, without its quotes.
    /// `name` is the program that works, which the word at `name_at` names.
    pub(super) fn shell_string(
        &self,
        name: Option<&str>,
        words: &[Word],
        name_at: usize,
        first_local: usize,
    ) -> Option<Joined> {
        if self.string_depth >= MAX_STRING_DEPTH {
            return None;
        }
        let index = string_index(name?, words, name_at)?;
        self.unquote(self.locals.get(first_local + index)?)
    }

    fn unquote(&self, local: &Local) -> Option<Joined> {
        let mut out = Unquoted { text: self.text, joined: Joined::new(), run: local.start };
        let mut expansions = local.expansions.iter().peekable();
        let mut at = local.start;
        let mut double = false;
        while at < local.end {
            if let Some((start, end, commands)) = expansions.next_if(|e| e.0 <= at) {
                if *commands {
                    out.placeholder(*start, *end)?;
                }
                at = *end;
                continue;
            }
            match self.bytes.get(at)? {
                b'\'' if !double => {
                    let rest = self.bytes.get(at + 1..local.end)?;
                    let len = rest.iter().position(|b| *b == b'\'').unwrap_or(rest.len());
                    out.flush(at, at + 1);
                    at += 1 + len;
                    out.flush(at, (at + 1).min(local.end));
                    at += 1;
                }
                b'"' => {
                    out.flush(at, at + 1);
                    double = !double;
                    at += 1;
                }
                b'\\' => {
                    let next = self.text.get(at + 1..local.end)?.chars().next();
                    let Some(next) = next else { break };
                    if next == '\n' {
                        out.flush(at, at + 2);
                    } else if !double || matches!(next, '$' | '`' | '"' | '\\') {
                        out.flush(at, at + 1);
                    }
                    at += 1 + next.len_utf8();
                }
                // `$'…'` has escapes of its own.
                b'$' if !double && self.bytes.get(at + 1) == Some(&b'\'') => return None,
                b'$' if !double && self.bytes.get(at + 1) == Some(&b'"') => {
                    out.flush(at, at + 1);
                    at += 1;
                }
                _ => at += 1,
            }
        }
        out.flush(local.end, local.end);
        (!out.joined.text().is_empty()).then_some(out.joined)
    }

    /// The body of a here-document as the command gets it.
    pub(super) fn heredoc_string(
        &self,
        start: usize,
        end: usize,
        expansions: &[(usize, usize, bool)],
        expand: bool,
        strip_tabs: bool,
    ) -> Option<Joined> {
        if self.string_depth >= MAX_STRING_DEPTH {
            return None;
        }
        let mut out = Unquoted { text: self.text, joined: Joined::new(), run: start };
        let mut expansions = expansions.iter().peekable();
        let mut at = start;
        let mut line_start = true;
        while at < end {
            if let Some((from, to, commands)) = expansions.next_if(|e| e.0 <= at) {
                if *commands {
                    out.placeholder(*from, *to)?;
                }
                at = *to;
                line_start = false;
                continue;
            }
            let byte = *self.bytes.get(at)?;
            if line_start && strip_tabs && byte == b'\t' {
                out.flush(at, at + 1);
                at += 1;
                continue;
            }
            line_start = byte == b'\n';
            if expand && byte == b'\\' {
                match self.bytes.get(at + 1) {
                    Some(b'$' | b'`' | b'\\') if at + 1 < end => {
                        out.flush(at, at + 1);
                        at += 1;
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        out.flush(end, end);
        (!out.joined.text().is_empty()).then_some(out.joined)
    }

    /// Reads the string that a command has another shell run.
    pub(super) fn nested_script(&mut self, string: &Joined, command: CommandId) -> List {
        let inside = self.out.commands.get(command.index()).map_or(self.inside, |c| c.context.inside);
        let problems = self.out.problems.len();
        let list = self.sub_parse(string, inside.with(Inside::STRING), Some(command), 1);
        // What the outer shell puts in is not known here, so neither is what is wrong with the whole.
        if string.text().contains('$') {
            self.out.problems.truncate(problems);
        }
        list
    }

    /// The commands between backquotes, where `\`` and its like lose their backslash.
    pub(super) fn backquoted_list(&mut self, start: usize, end: usize, quoted: bool) -> List {
        let mut out = Unquoted { text: self.text, joined: Joined::new(), run: start };
        let mut at = start;
        while at < end {
            if self.bytes.get(at) == Some(&b'\\') {
                match self.bytes.get(at + 1) {
                    Some(b'`' | b'\\' | b'$') if at + 1 < end => {
                        out.flush(at, at + 1);
                        at += 1;
                    }
                    Some(b'"') if quoted && at + 1 < end => {
                        out.flush(at, at + 1);
                        at += 1;
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        out.flush(end, end);
        if out.joined.text().is_empty() {
            return List { items: Vec::new(), place: self.place(start, start) };
        }
        self.sub_parse(&out.joined, self.inside.with(Inside::SUBSTITUTION), self.parent, 0)
    }

    fn sub_parse(&mut self, text: &Joined, inside: Inside, parent: Option<CommandId>, strings: u32) -> List {
        self.deeper(Inside::NONE, |p| {
            let map = p.map;
            let mut inner = Parser::new(text.text(), Map::Nested(text, &map), &mut *p.out);
            inner.depth = p.depth;
            inner.string_depth = p.string_depth + strings;
            inner.inside = inside;
            inner.parent = parent;
            inner.list(false)
        })
    }
}
