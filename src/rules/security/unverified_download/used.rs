//! What becomes of a file that a RUN downloads.

use crate::facts::{InstructionFacts, Step};
use crate::shell::{Command, Connector, Download, Inside, Output, Word};

/// What is done with a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// A shell or another interpreter reads it as it arrives.
    Piped(Interpreter),
    /// The file is run.
    Run,
    /// It is unpacked.
    Unpacked,
    /// A package manager installs it.
    Installed,
    /// It is put where programs are.
    Placed,
}

/// What a download is piped into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interpreter(pub(super) &'static str);

const INTERPRETERS: [&str; 13] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "python", "python3", "python2", "perl", "ruby", "node", "php",
];

fn interpreter(name: &str) -> Option<Interpreter> {
    INTERPRETERS.iter().find(|known| **known == name).map(|known| Interpreter(known))
}

const BIN: [&str; 6] = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// What a RUN does with what a command downloads; `None` for what is only kept or read.
pub(super) fn fate(facts: &InstructionFacts<'_>, step: &Step<'_, '_>, call: &Download<'_>) -> Option<Fate> {
    let context = step.command.context;
    if call.output == Output::Stdout {
        if context.next == Connector::Pipe
            && let Some(found) = piped(step)
        {
            return Some(found);
        }
        return context.inside.any(Inside::SUBSTITUTION).then(|| substituted(step)).flatten();
    }
    let name = file_name(call)?;
    if let Output::File(file) = &call.output
        && BIN.iter().any(|dir| file.text.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/')))
    {
        return Some(Fate::Placed);
    }
    let here = (step.order, step.command.place.start);
    facts
        .steps()
        .filter(|later| (later.order, later.command.place.start) > here)
        .find_map(|later| used(&later, &name))
}

/// The name of the file that is written.
fn file_name(call: &Download<'_>) -> Option<String> {
    let text = match &call.output {
        Output::File(file) => &*file.text,
        Output::RemoteName => {
            let url = &*call.urls.first()?.text;
            url.split(['?', '#']).next().unwrap_or(url)
        }
        Output::Stdout | Output::Nothing => return None,
    };
    let name = text.trim_end_matches('/').rsplit('/').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// What reads the pipe.
fn piped(step: &Step<'_, '_>) -> Option<Fate> {
    let context = step.command.context;
    let readers = step.script.commands().filter(|other| {
        let theirs = other.context;
        theirs.parent == context.parent
            && theirs.chain == context.chain
            && theirs.pipe_length == context.pipe_length
            && theirs.pipe_index > context.pipe_index
            && other.place.start > step.command.place.start
    });
    for (index, reader) in (context.pipe_index + 1..).zip(readers) {
        // Another pipeline of the same length may follow in the chain.
        if reader.context.pipe_index != index {
            break;
        }
        let Some(name) = reader.name() else { continue };
        if let Some(found) = interpreter(name) {
            return reads_input(reader).then_some(Fate::Piped(found));
        }
        if unpacks(reader, name) {
            return Some(Fate::Unpacked);
        }
    }
    None
}

/// Whether an interpreter takes its program from standard input.
fn reads_input(command: &Command) -> bool {
    let mut words = command.args().iter().map(Word::text);
    match words
        .find(|text| !text.starts_with('-') || matches!(*text, "-" | "-s" | "-c" | "-e" | "-m" | "-es"))
    {
        None | Some("-" | "-s" | "-es") => true,
        Some(_) => {
            // `bash -e -s -- option`
            command.args().iter().any(|word| {
                let text = word.text();
                text.starts_with('-') && !text.starts_with("--") && text.contains('s') && text.len() <= 4
            })
        }
    }
}

/// `bash -c "$(curl …)"`, `sh <(curl …)`, `eval "$(curl …)"`.
fn substituted(step: &Step<'_, '_>) -> Option<Fate> {
    let parent = step.script.command(step.command.context.parent?)?;
    let name = parent.name()?;
    if matches!(name, "eval" | "source" | ".") {
        return Some(Fate::Piped(Interpreter("sh")));
    }
    let found = interpreter(name)?;
    // The text itself is run, not an argument of another script.
    let mut words = parent.args().iter();
    let first = words.find(|word| !word.text().starts_with('-'))?;
    first.has_substitution().then_some(Fate::Piped(found))
}

fn unpacks(command: &Command, name: &str) -> bool {
    let first = command.args().first().map_or("", Word::text);
    match name {
        "tar" | "bsdtar" | "gtar" => {
            let letters = first.trim_start_matches('-');
            let long = command.args().iter().any(|word| matches!(word.text(), "--extract" | "--get" | "-x"));
            (letters.contains('x') && !first.starts_with("--"))
                || long
                || command.args().iter().any(|word| {
                    let text = word.text();
                    text.starts_with('-') && !text.starts_with("--") && text.contains('x')
                })
        }
        "unzip" | "7z" | "7za" | "unrar" | "cpio" => true,
        _ => false,
    }
}

/// What a later command does with a file of that name.
fn used(step: &Step<'_, '_>, name: &str) -> Option<Fate> {
    let command = step.command;
    let is_it = |word: &Word| {
        let text = word.text();
        let own = text.rsplit('/').next().unwrap_or(text);
        let text = own.rsplit('=').next().unwrap_or(own);
        text == name || (word.has_glob() && fits(text, name))
    };
    let program = command.name_word();
    let text = program.map_or("", Word::text);
    // `./install.sh`
    if text.contains('/') && program.is_some_and(is_it) {
        return Some(Fate::Run);
    }
    if !command.args().iter().any(is_it) {
        return None;
    }
    let program = command.name()?;
    match program {
        _ if interpreter(program).is_some() => Some(Fate::Run),
        "source" | "." | "java" => Some(Fate::Run),
        "chmod" => {
            let mode = command.args().iter().find(|word| !word.text().starts_with("--"))?.text();
            let runs = mode.contains('x') || mode.ends_with(['1', '3', '5', '7']);
            runs.then_some(Fate::Run)
        }
        "dpkg" | "gdebi" | "installer" => Some(Fate::Installed),
        "rpm" => {
            let texts = || command.args().iter().map(Word::text);
            let imports = texts().any(|text| text == "--import");
            (!imports).then_some(Fate::Installed)
        }
        "mv" | "cp" | "install" | "ln" => {
            let target = command.args().last()?.text();
            BIN.iter()
                .any(|dir| {
                    target == *dir || target.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
                })
                .then_some(Fate::Placed)
        }
        _ if unpacks(command, program) => Some(Fate::Unpacked),
        _ => {
            let call = step.call?;
            (call.verb == crate::shell::packages::Verb::Install).then_some(Fate::Installed)
        }
    }
}

/// Whether a pattern with one star fits a name.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, end)) = pattern.split_once('*') else { return false };
    !end.contains(['*', '?', '['])
        && name.len() >= start.len() + end.len()
        && name.starts_with(start)
        && name.ends_with(end)
}
