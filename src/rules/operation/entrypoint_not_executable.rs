//! `entrypoint-not-executable`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword, Word as DockerfileWord};
use crate::facts::{Copied, FileFacts, InstructionFacts, StageFacts, StartScript, User, Workdir, join};
use crate::image::{ShellKind, User as BaseUser};
use crate::repository::Kind;
use crate::rules::{Check, Fix, Report};
use crate::shell::Command;
use crate::text::Edit;

declare_rule! {
    /// The start script lacks the executable bit.
    ///
    /// ## What it does
    ///
    /// Finds scripts of the repository that ENTRYPOINT or CMD starts directly while git has them without the
    /// executable bit (mode 100644) and nothing in the Dockerfile sets it.
    ///
    /// ## Why is this bad?
    ///
    /// `COPY` keeps the mode of the file. The image builds, and the container does not start: "permission
    /// denied".
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY run-server.sh ./
    /// ENTRYPOINT ["./run-server.sh"]
    /// ```
    ///
    /// ```sh run-server.sh
    /// #!/bin/sh
    /// exec python -m app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY --chmod=0755 run-server.sh ./
    /// ENTRYPOINT ["./run-server.sh"]
    /// ```
    ///
    /// ```sh run-server.sh
    /// #!/bin/sh
    /// exec python -m app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: only the mode of the script changes. `git update-index --chmod=+x run-server.sh` is the better cure,
    /// because the script is executable everywhere then.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: COPY --chmod](https://docs.docker.com/reference/dockerfile/#copy---chown---chmod)
    /// - [Git: git update-index](https://git-scm.com/docs/git-update-index)
    pub(super) RULE = "entrypoint-not-executable" {
        chapter: Operation, level: Error, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    let Some(script) = stage.start.script.as_ref().or(stage.start.shell_script.as_ref()) else { return };
    if !script.direct || script.entry.kind != Kind::File {
        return;
    }
    let copied = &script.copied;
    let chmod = copied.instruction.flag("chmod");
    if chmod.is_some_and(|flag| flag.value.as_ref().is_none_or(|mode| may_execute(&mode.text))) {
        return;
    }
    let history = file.history(stage);
    let later = || history.iter().filter(|(_, facts)| facts.index > copied.index);
    if later().any(|(_, facts)| may_set_mode(facts, script)) {
        return;
    }
    let name = copied.path.file_name().unwrap_or("").replace('`', "");
    let finding = report
        .add(
            script.word.span,
            format!("`{name}` is not executable, so the container does not start (\"permission denied\")."),
        )
        .related(copied.instruction.body, "It is copied here with the mode it has in git, 100644")
        .note(format!(
            "The better cure, in the repository itself: `git update-index --chmod=+x {}`.",
            copied.path.as_str().replace('`', "")
        ));
    if let Some(fix) = fix(file, stage, script) {
        finding.fix(fix);
    }
}

/// Whether a mode gives anybody the right to execute; a mode with a variable may.
fn may_execute(mode: &str) -> bool {
    let digits = mode.trim_matches(['"', '\'']);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        // The last three digits are user, group and others.
        return digits.bytes().rev().take(3).any(|digit| (digit - b'0') & 1 == 1);
    }
    digits.contains('$')
        || digits.split(',').any(|part| match part.find(['+', '=']) {
            Some(at) => part[at..].contains(['x', 'X', 'u', 'g', 'o']),
            None => false,
        })
}

/// Whether a later RUN sets the bit on the script, or may do so.
fn may_set_mode(facts: &InstructionFacts<'_>, script: &StartScript<'_>) -> bool {
    let node = facts.instruction;
    if node.keyword != Keyword::Run {
        return false;
    }
    let text = node.joined.text();
    if node.json {
        let words: Vec<&str> = node.args.iter().map(|word| word.text.as_str()).collect();
        return match words.as_slice() {
            ["chmod", rest @ ..] => sets(rest.iter().copied(), false, script, facts),
            _ => text.contains("chmod"),
        };
    }
    if facts.body.is_none() {
        return text.contains("chmod") || text.contains("install");
    }
    facts.scripts().any(|body| body.commands().any(|command| command_sets(command, script, facts)))
}

fn command_sets(command: &Command, script: &StartScript<'_>, facts: &InstructionFacts<'_>) -> bool {
    let words = || command.args().iter().map(crate::shell::Word::text);
    let unknown = command.args().iter().any(|word| word.has_expansion() || word.has_brace_expansion())
        || command.prefix_word("xargs").is_some();
    match command.name() {
        Some("chmod") => sets(words(), unknown, script, facts),
        // `find . -name '*.sh' -exec chmod +x {} \;`
        Some("find") => words().any(|word| word == "chmod"),
        // `install` makes what it writes executable unless told otherwise.
        Some("install") => unknown || words().any(|word| names(word, script, facts)),
        // The script is written anew, from something else.
        Some("mv" | "cp") => command.args().last().is_some_and(|word| names(word.text(), script, facts)),
        _ => false,
    }
}

fn sets<'w>(
    words: impl Iterator<Item = &'w str>,
    unknown: bool,
    script: &StartScript<'_>,
    facts: &InstructionFacts<'_>,
) -> bool {
    let mut recursive = false;
    let mut mode = None;
    let mut files = Vec::new();
    for word in words {
        match word.strip_prefix('-') {
            Some(option) if mode.is_none() && !option.is_empty() => {
                recursive |= word == "--recursive" || (!word.starts_with("--") && option.contains('R'));
                // `--reference=other`: any mode.
                if word.starts_with("--reference") {
                    mode = Some("+x");
                }
            }
            _ if mode.is_none() => mode = Some(word),
            _ => files.push(word),
        }
    }
    // `chmod +x -R dir` is written as well.
    recursive |= files.iter().any(|word| matches!(*word, "-R" | "--recursive"));
    mode.is_some_and(may_execute)
        && (unknown
            || files
                .iter()
                .any(|word| names(word, script, facts) || (recursive && is_above(word, script, facts))))
}

/// Whether a path or pattern names the script. Directories changed by `cd` are not followed: the same file name
/// is enough.
fn names(word: &str, script: &StartScript<'_>, facts: &InstructionFacts<'_>) -> bool {
    let name = script.target.rsplit('/').next().unwrap_or("");
    let last = word.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    if last == name {
        return true;
    }
    if last.contains(['*', '?', '[']) {
        return fits(last, name);
    }
    // `install run.sh /usr/local/bin/` and `mv x dir/`.
    word.ends_with('/') && is_above(word, script, facts)
}

/// Whether a name may fit a pattern; a character class may be anything.
fn fits(pattern: &str, name: &str) -> bool {
    let (start, end) = (
        pattern.find(['*', '?', '[']).unwrap_or(pattern.len()),
        pattern.rfind(['*', '?', ']']).map_or(pattern.len(), |at| at + 1),
    );
    name.starts_with(&pattern[..start]) && name.ends_with(&pattern[end..])
}

fn is_above(word: &str, script: &StartScript<'_>, facts: &InstructionFacts<'_>) -> bool {
    let folder = match &facts.state.workdir {
        Workdir::Set(dir) => join(dir, word),
        // Relative to nobody knows where: it may be.
        _ if !word.starts_with('/') => return true,
        _ => join("/", word),
    };
    folder == "/" || script.target.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

fn fix(file: &FileFacts<'_>, stage: &StageFacts<'_>, script: &StartScript<'_>) -> Option<Fix> {
    let copied: &Copied<'_> = &script.copied;
    let node = copied.instruction;
    if let Some(mode) = node.flag_value("chmod") {
        // One file: the mode is its own.
        return is_single(node, copied)
            .then(|| Fix::safe("Make the script executable", vec![Edit::replace(mode.span, "0755")]));
    }
    if is_single(node, copied) {
        let edit = Edit::insert(node.rest_span().start, "--chmod=0755 ");
        return Some(Fix::safe("Copy the script with `--chmod=0755`", vec![edit]));
    }
    let owner = file.stages.get(copied.stage)?;
    let facts = owner.instructions.iter().find(|facts| facts.index == copied.index)?;
    let defaults = file.defaults(stage);
    let has_shell = defaults.is_none_or(|defaults| {
        !matches!(defaults.shell.kind, ShellKind::None | ShellKind::Cmd | ShellKind::PowerShell)
    });
    // Another user may not change the mode of a file that belongs to root.
    let by_root = match &facts.state.user {
        User::Set { value, .. } => {
            value.as_deref().is_some_and(|user| matches!(user.split(':').next(), Some("root" | "0")))
        }
        User::Base => defaults.is_some_and(|defaults| defaults.user == BaseUser::Root),
    };
    let path = run_path(script, facts, stage)?;
    if !has_shell || !by_root || matches!(file.root_base(&stage.base), crate::facts::Base::Scratch) {
        return None;
    }
    let source = &file.dockerfile.source;
    let newline = source.newline_at(node.span.start);
    let keyword = if node.name.text.chars().all(char::is_lowercase) { "run" } else { "RUN" };
    let line = format!("{keyword} chmod +x {path}");
    let at_end = !source.slice(node.span).ends_with('\n');
    let text = if at_end { format!("{newline}{line}") } else { format!("{line}{newline}") };
    Some(Fix::safe("Make the script executable after it is copied", vec![Edit::insert(node.span.end, text)]))
}

/// Whether the COPY brings the script and nothing else.
fn is_single(node: &Instruction, copied: &Copied<'_>) -> bool {
    !copied.broad && node.args.len() == 2 && node.args.first().is_some_and(|source| !has_pattern(source))
}

fn has_pattern(word: &DockerfileWord) -> bool {
    word.text.contains(['*', '?', '['])
}

/// The script as the RUN names it: as ENTRYPOINT does when the directory is the same, else absolute.
fn run_path(
    script: &StartScript<'_>,
    facts: &InstructionFacts<'_>,
    stage: &StageFacts<'_>,
) -> Option<String> {
    let word = script.word.text.strip_prefix("./").unwrap_or(&script.word.text);
    let same = !word.starts_with('/')
        && word.len() < script.target.len()
        && facts.state.workdir == stage.end.workdir
        && script.word.text.contains('/');
    let path = if same { word } else { script.target.as_str() };
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'));
    (plain && !path.starts_with('-')).then(|| path.to_owned())
}
