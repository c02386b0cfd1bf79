//! `copy-into-root`.

use crate::declare_rule;
use crate::dockerfile::{Item, Keyword, Word};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, Workdir, copied_from, is_absolute, join};
use crate::repository::{Kind, normalize};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;
use camino::Utf8Path;

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
    // GitHub sets the working directory of Docker actions itself and advises against WORKDIR.
    let said_below = file.chain(stage).iter().skip(1).any(|below| {
        below.instructions.iter().any(|facts| relative_destination(file, below, facts).is_some())
    });
    if file.docker_action || said_below {
        return;
    }
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
    } else if top_is_system(&shown) {
        refine.note(format!("Where the system's folder is meant, say so: `{target}`."));
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
    let source = &file.dockerfile.source;
    // `/public` that came before is found as `../public` or `public`, and `/app` may be a file.
    let beside =
        |i: &InstructionFacts<'_>| !i.is(Keyword::From) && !matches!(absolute_paths(file, i), Paths::None);
    if file.is_taken_from(stage) || before.iter().any(|i| leaves(i) || beside(i)) {
        return None;
    }
    let newline = source.newline_at(facts.instruction.span.start);
    let indent = facts.instruction.body.start - facts.instruction.span.start;
    let blank = source
        .slice(crate::text::Span::new(facts.instruction.span.start, facts.instruction.span.start + indent));
    let keyword = file.keyword_case().write("workdir");
    let place = above_comments(file, facts.instruction.span.start);
    let mut edits = vec![Edit::insert(place, format!("{blank}{keyword} /app{newline}"))];
    // The stages that are built on this one move along.
    for later in file
        .with_descendants(stage)
        .into_iter()
        .flat_map(|s| &s.instructions)
        .filter(|i| i.index >= facts.index)
    {
        if means_the_system(file, later) {
            return None;
        }
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

/// The start of the comment lines directly above a line: they belong to it, also ignore comments.
fn above_comments(file: &FileFacts<'_>, offset: u32) -> u32 {
    let mut at = offset;
    for item in file.dockerfile.items.iter().rev() {
        match item {
            Item::Comment(span) if span.end == at => at = span.start,
            _ if item.span().start >= at => {}
            _ => break,
        }
    }
    at
}

/// Whether a relative path begins with a folder of the system.
fn top_is_system(path: &str) -> bool {
    let path = normalize(Utf8Path::new(path));
    path.and_then(|p| p.components().next().map(|top| SYSTEM.contains(&top.as_str()))).unwrap_or(false)
}

/// Whether an instruction counts on `/` being the current folder: it copies into `etc/…`, lays a folder that
/// has `etc`, `usr` or the like over the root, goes up by `..`, or speaks of `/` itself.
fn means_the_system(file: &FileFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let node = facts.instruction;
    if matches!(node.keyword, Keyword::Copy | Keyword::Add) {
        let Some((destination, sources)) = node.args.split_last() else { return false };
        if facts.state.workdir != Workdir::Base || is_absolute(&destination.text) {
            return false;
        }
        let whole = normalize(Utf8Path::new(&destination.text)).is_none_or(|path| path.as_str().is_empty());
        return top_is_system(&destination.text)
            || (whole && lays_over_root(file, node.flag("from").is_some(), sources));
    }
    if !matches!(node.keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck) {
        return false;
    }
    let bodies = node.heredocs.iter().map(|h| file.dockerfile.source.slice(h.body));
    std::iter::once(node.rest_text()).chain(bodies).any(|text| {
        text.split(|c: char| c.is_whitespace() || "\"'=;&|(),[]<>".contains(c)).any(|word| {
            let relative = word.trim_start_matches("./");
            let folder = ["etc/", "usr/", "var/", "opt/", "tmp/", "root/", "proc/"];
            word == "/"
                || word.split('/').any(|part| part == "..")
                || folder.iter().any(|f| relative.starts_with(f))
        })
    })
}

/// Whether the sources of a COPY to the root bring folders of the system.
fn lays_over_root(file: &FileFacts<'_>, from_elsewhere: bool, sources: &[Word]) -> bool {
    from_elsewhere
        || sources.iter().any(|source| {
            let Some(dir) = normalize(Utf8Path::new(source.text.trim_start_matches('/'))) else {
                return true;
            };
            ["etc", "usr", "sbin", "opt", "root"].iter().any(|name| {
                let entry = file.tree.entry(&file.context.join(&dir).join(name)).found();
                entry.is_some_and(|entry| entry.kind == Kind::Directory)
            })
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
                && count_foreign(&word.text) == 1 =>
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
