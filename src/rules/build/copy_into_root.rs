//! `copy-into-root`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, Workdir, copied_from, is_absolute, join};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// A relative COPY destination lands in / because no WORKDIR is set.
    ///
    /// ## What it does
    ///
    /// Finds `COPY` and `ADD` with a relative destination in a stage whose working directory is still the `/`
    /// of its base image.
    ///
    /// ## Why is this bad?
    ///
    /// The files of the application lie between `/bin`, `/etc` and `/usr`, and a folder of the same name is
    /// merged with the system's. Nobody sees from the instruction where they are.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY . .
    /// ENTRYPOINT ["./run-server.sh"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// ENTRYPOINT ["./run-server.sh"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: relative paths of later instructions move along. Where a later instruction names an absolute path
    /// that may come from this `COPY`, no change is offered.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, WORKDIR](https://docs.docker.com/build/building/best-practices/#workdir)
    pub(super) RULE = "copy-into-root" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3045", "hadolint/DL3045", "DF063"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut copies = stage.instructions.iter().enumerate().filter_map(|(at, facts)| {
        let destination = relative_destination(file, stage, facts)?;
        Some((at, facts, destination))
    });
    let Some((at, facts, destination)) = copies.next() else { return };
    let shown = destination.text.replace('`', "");
    let target = join("/", &shown);
    let message = if target == "/" {
        format!(
            "No `WORKDIR` is set, so `{shown}` means `/`: the files land between the folders of the system."
        )
    } else {
        format!(
            "No `WORKDIR` is set, so `{shown}` means `{target}` only as long as the base image does not set one."
        )
    };
    let mut refine = report.add(destination.span, message);
    for (_, _, other) in copies.take(5) {
        refine = refine.related(other.span, "is relative to `/`, too");
    }
    if let Some(fix) = fix(file, stage, at, facts) {
        refine.fix(fix);
    } else {
        refine.note(
            "Set `WORKDIR /app` before the first `COPY`, and change the paths of later instructions that name \
             files in `/`.",
        );
    }
}

/// The destination of a COPY or ADD when it is relative to the `/` of the base image.
fn relative_destination<'i>(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &'i InstructionFacts<'_>,
) -> Option<&'i Word> {
    let node = facts.instruction;
    if !matches!(node.keyword, Keyword::Copy | Keyword::Add) || facts.state.workdir != Workdir::Base {
        return None;
    }
    let root = match file.root_base(&stage.base) {
        Base::Image(image) => image.defaults.workdir_path() == Some("/") && !image.defaults.is_windows(),
        Base::Scratch | Base::Stage(_) | Base::Unknown => false,
    };
    let destination = node.args.last().filter(|_| node.args.len() > 1)?;
    let text = destination.text.as_str();
    let plain = !text.is_empty() && !text.contains(['$', '"', '\'', '%']) && !text.starts_with('~');
    (root && plain && !is_absolute(text)).then_some(destination)
}

/// Folders of the system: an absolute path into them does not come from the copied files.
const SYSTEM: [&str; 20] = [
    "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt", "proc", "root",
    "run", "sbin", "srv", "sys", "tmp", "usr", "var",
];

/// Programs that leave files in the current folder: what ran before must not have relied on it being `/`.
const LEAVES_FILES: [&str; 22] = [
    "git",
    "curl",
    "wget",
    "tar",
    "unzip",
    "mkdir",
    "touch",
    "cp",
    "mv",
    "ln",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "cargo",
    "make",
    "cmake",
    "virtualenv",
    "bundle",
    "composer",
    "mvn",
    "gradle",
];

fn fix(file: &FileFacts<'_>, stage: &StageFacts<'_>, at: usize, facts: &InstructionFacts<'_>) -> Option<Fix> {
    // Another stage that is built on this one, or copies from it, sees the files move.
    let used = file.stages.iter().any(|other| {
        matches!(other.base, Base::Stage(parent) if parent == stage.index)
            || other.index > stage.index
                && other.of(Keyword::Copy).any(|copy| copies_from(copy.instruction, stage))
    });
    let before = stage.instructions.get(..at)?;
    let leaves = |i: &InstructionFacts<'_>| {
        i.scripts().flat_map(crate::shell::Script::commands).any(|command| {
            command.name().is_none_or(|name| LEAVES_FILES.contains(&name))
                || command
                    .redirects
                    .iter()
                    .any(|r| r.writes_file() && r.target.as_ref().is_none_or(|t| !t.text().starts_with('/')))
        }) || (i.is(Keyword::Run) && i.body.is_none())
    };
    if used || before.iter().any(leaves) {
        return None;
    }
    let source = &file.dockerfile.source;
    let newline = source.newline_at(facts.instruction.span.start);
    let indent = facts.instruction.body.start - facts.instruction.span.start;
    let blank = source
        .slice(crate::text::Span::new(facts.instruction.span.start, facts.instruction.span.start + indent));
    let keyword =
        if facts.instruction.name.text.chars().all(char::is_lowercase) { "workdir" } else { "WORKDIR" };
    let mut edits =
        vec![Edit::insert(facts.instruction.span.start, format!("{blank}{keyword} /app{newline}"))];
    for later in stage.instructions.get(at..)? {
        match absolute_paths(file, later) {
            Paths::None => {}
            Paths::Program(word) => {
                // `/run-server.sh` that came with this COPY is `./run-server.sh` from now on.
                let name = word.text.strip_prefix('/')?;
                copied_from(file, stage, &word.text).filter(|copied| copied.index >= facts.index)?;
                let inner = source.slice(word.span);
                let quote = if inner.starts_with('"') { "\"" } else { "" };
                edits.push(Edit::replace(word.span, format!("{quote}./{name}{quote}")));
            }
            Paths::Some => return None,
        }
    }
    Some(Fix::safe("Set `WORKDIR /app` before the files are copied", edits))
}

fn copies_from(node: &Instruction, stage: &StageFacts<'_>) -> bool {
    node.flag_value("from").is_some_and(|from| {
        stage.name.is_some_and(|name| name.eq_ignore_ascii_case(&from.text))
            || from.text == stage.index.to_string()
            || from.text.contains('$')
    })
}

/// Absolute paths of an instruction that may mean copied files.
enum Paths<'i> {
    None,
    /// The program of ENTRYPOINT or CMD in exec form, and nothing else.
    Program(&'i Word),
    Some,
}

fn absolute_paths<'i>(file: &FileFacts<'_>, facts: &'i InstructionFacts<'_>) -> Paths<'i> {
    let node = facts.instruction;
    let bodies = node.heredocs.iter().map(|h| file.dockerfile.source.slice(h.body));
    // Sources of a copy lie in the context or in another stage.
    let own = match (node.keyword, node.args.last()) {
        (Keyword::Copy | Keyword::Add, Some(destination)) => destination.text.as_str(),
        _ => node.rest_text(),
    };
    let found: usize = std::iter::once(own).chain(bodies).map(count_foreign).sum();
    if found == 0 {
        return Paths::None;
    }
    match node.args.first() {
        Some(word)
            if node.json
                && found == 1
                && matches!(node.keyword, Keyword::Entrypoint | Keyword::Cmd)
                && count_foreign(&word.text) == 1
                && word.text.matches('/').count() == 1 =>
        {
            Paths::Program(word)
        }
        _ => Paths::Some,
    }
}

/// How many absolute paths outside of the system's folders a text names.
fn count_foreign(text: &str) -> usize {
    let bytes = text.as_bytes();
    let starts = bytes.iter().enumerate().filter(|(at, byte)| {
        **byte == b'/'
            && (*at == 0
                || matches!(
                    bytes[at - 1],
                    b' ' | b'\t' | b'"' | b'\'' | b'=' | b':' | b',' | b'\n' | b'(' | b'>' | b'<' | b'['
                ))
    });
    starts
        .filter(|(at, _)| {
            let name: &str = text.get(at + 1..).unwrap_or("");
            let end = name
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-')))
                .unwrap_or(name.len());
            let first = &name[..end];
            !first.is_empty() && !SYSTEM.contains(&first)
        })
        .count()
}
