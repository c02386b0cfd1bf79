//! `copy-into-root`.

use crate::declare_rule;
use crate::dockerfile::{Item, Keyword, Word, find_source, stages};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, Workdir, is_absolute};
use crate::repository::{Kind, Lookup, normalize};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;
use camino::Utf8Path;

declare_rule! {
    /// A relative COPY destination lands in / because no WORKDIR is set.
    ///
    /// ## What it does
    ///
    /// Finds the first `COPY` or `ADD` of a stage that has a relative destination while no `WORKDIR` is set
    /// and the base image is known to start in `/`.
    ///
    /// ## Why is this bad?
    ///
    /// The files of the application are mixed with the system's own folders, a file called `etc` or `lib`
    /// hits a real one, and nobody can tell what belongs to the application.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY . .
    /// ENTRYPOINT ["./run-server.sh"]
    /// ```
    ///
    /// ```sh run-server.sh 755
    /// #!/bin/sh
    /// exec python -m app
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
    /// ```sh run-server.sh 755
    /// #!/bin/sh
    /// exec python -m app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: it is offered only where each later path of the stage still means the same file. A start script
    /// that is named with an absolute path is renamed along.
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

/// Folders at the root of an image that are the system's (Filesystem Hierarchy Standard 3.0).
const SYSTEM: [&str; 20] = [
    "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt", "proc", "root",
    "run", "sbin", "srv", "sys", "tmp", "usr", "var",
];

fn is_system(name: &str) -> bool {
    SYSTEM.contains(&name)
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let at_root = match file.root_base(&stage.base) {
        Base::Image(image) => image.defaults.workdir_path() == Some("/") && !image.defaults.is_windows(),
        // `scratch` holds nothing else, and an unknown base may set anything.
        Base::Scratch | Base::Unknown | Base::Stage(_) => false,
    };
    if !at_root || file.docker_action {
        return;
    }
    let history = file.history(stage);
    let mut found = history.iter().filter(|(_, facts)| destination(facts).is_some());
    // A stage below reports it already, and a WORKDIR there helps here, too.
    let Some((owner, first)) = found.next() else { return };
    let Some(word) = destination(first).filter(|_| owner.index == stage.index) else { return };
    let shown = word.text.replace('`', "");
    let message = if matches!(shown.as_str(), "." | "./") {
        format!("No `WORKDIR` is set, so `{shown}` is `/`: the files are mixed with the system's own.")
    } else {
        format!(
            "No `WORKDIR` is set, so `{shown}` is `/{}` at the root of the image.",
            shown.trim_start_matches("./")
        )
    };
    let fix = fix(file, stage, first);
    let mut finding = report.add(word.span, message);
    for (_, other) in found {
        if let Some(word) = destination(other) {
            finding = finding.related(word.span, "This one lands there, too.");
        }
    }
    let top = shown.trim_start_matches("./").split('/').next().unwrap_or("");
    match fix {
        Some(fix) => finding.fix(fix),
        None if is_system(top) => finding.note(format!(
            "Where the system's folder is meant, say so: `/{}`.",
            shown.trim_start_matches("./")
        )),
        None => finding.note(
            "Set `WORKDIR /app` before it, and let the later paths that mean these files begin with `/app`.",
        ),
    };
}

/// The destination of a COPY or ADD that counts from a working directory nobody set.
fn destination<'a>(facts: &InstructionFacts<'a>) -> Option<&'a Word> {
    let instruction = facts.instruction;
    if !matches!(instruction.keyword, Keyword::Copy | Keyword::Add) || facts.state.workdir != Workdir::Base {
        return None;
    }
    let word = instruction.args.last().filter(|_| instruction.args.len() > 1)?;
    let odd = word.text.is_empty() || word.text.contains(['$', '"', '\'', '\\']);
    (!odd && !is_absolute(&word.text)).then_some(word)
}

/// `WORKDIR /app` before the first COPY, where every later path stays right.
fn fix(file: &FileFacts<'_>, stage: &StageFacts<'_>, first: &InstructionFacts<'_>) -> Option<Fix> {
    if is_used_elsewhere(file, stage) {
        return None;
    }
    // Something may stand at `/app` already.
    let source = &file.dockerfile.source;
    let before = file.history(stage).into_iter().filter(|(_, i)| i.index < first.index);
    if before.into_iter().any(|(_, i)| source.slice(i.instruction.body).contains("/app")) {
        return None;
    }
    let mut edits = Vec::new();
    let later = file
        .stages
        .iter()
        .filter(|s| file.chain(s).iter().any(|below| below.index == stage.index))
        .flat_map(|s| &s.instructions)
        .filter(|i| i.index >= first.index);
    for facts in later {
        // From a WORKDIR on, paths do not count from here; absolute ones still may mean these files.
        edits.extend(still_right(file, stage, facts)?);
    }
    let at = above_comments(file, first.instruction.span.start);
    let line = source.slice(first.instruction.span);
    let indent = line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or("");
    let lower = first.instruction.name.text.chars().all(char::is_lowercase);
    let keyword = if lower { "workdir" } else { "WORKDIR" };
    edits.push(Edit::insert(at, format!("{indent}{keyword} /app{}", source.newline_at(at))));
    Some(Fix::safe("Set `WORKDIR /app`", edits))
}

/// The start of the comment lines that stand directly above a line: they belong to it.
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

/// Whether another stage takes files out of this one: there paths count from the root.
fn is_used_elsewhere(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let syntax = stages(file.dockerfile);
    let takers = file.stages.iter().flat_map(|s| s.instructions.iter().map(move |i| (s, i)));
    takers.into_iter().any(|(taker, facts)| {
        let from = facts.instruction.flag_value("from").map(|word| word.text.clone());
        let mounts = facts.mounts().into_iter().filter_map(|mount| mount.from);
        from.into_iter().chain(mounts).any(|name| {
            name.contains('$')
                || find_source(&syntax, &name, taker.index).is_some_and(|source| {
                    file.stages
                        .get(source)
                        .is_some_and(|s| file.chain(s).iter().any(|below| below.index == stage.index))
                })
        })
    })
}

/// The edits that keep an instruction right when the files move to `/app`; `None` where that is not certain.
fn still_right(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> Option<Vec<Edit>> {
    let instruction = facts.instruction;
    match instruction.keyword {
        Keyword::Copy | Keyword::Add => {
            if let Some(word) = destination(facts) {
                let path = normalize(Utf8Path::new(&word.text))?;
                let sources = instruction.args.split_last().map_or(&[][..], |(_, sources)| sources);
                let overlay = match path.components().next() {
                    Some(top) => is_system(top.as_str()),
                    None => instruction.flag("from").is_some() || brings_system_folder(file, sources),
                };
                return (!overlay).then(Vec::new);
            }
            // An absolute destination stays where it is.
            instruction
                .args
                .last()
                .is_some_and(|word| is_absolute(&word.text) && !means_these_files(&word.text))
                .then(Vec::new)
        }
        // The first relative WORKDIR counts from the one that is inserted.
        Keyword::Workdir => instruction
            .args
            .first()
            .is_some_and(|word| is_absolute(&word.text) && !means_these_files(&word.text))
            .then(Vec::new),
        Keyword::Cmd | Keyword::Entrypoint if instruction.json => {
            let mut edits = Vec::new();
            for (index, word) in instruction.args.iter().enumerate() {
                if !means_these_files(&word.text) {
                    continue;
                }
                // `"/run.sh"` → `"./run.sh"`, when the file comes from the context and the place counts.
                let raw = file.dockerfile.source.slice(word.span);
                let moves = index == 0
                    && raw == format!("\"{}\"", word.text)
                    && stage.end.workdir == Workdir::Base
                    && comes_along(file, stage, &word.text);
                if !moves {
                    return None;
                }
                edits.push(Edit::insert(word.span.start + 1, "."));
            }
            Some(edits)
        }
        Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Volume => {
            let source = &file.dockerfile.source;
            let bodies = instruction.heredocs.iter().map(|heredoc| source.slice(heredoc.body));
            let clear = std::iter::once(instruction.rest_text()).chain(bodies).all(|t| !means_these_files(t));
            clear.then(Vec::new)
        }
        Keyword::Env | Keyword::Arg => {
            let values = instruction.pairs.iter().filter_map(|pair| pair.value.as_ref());
            values.into_iter().all(|value| !means_these_files(&value.text)).then(Vec::new)
        }
        Keyword::Onbuild => None,
        _ => Some(Vec::new()),
    }
}

/// Whether a text speaks of a path that the files may have now: `/x` where `x` is no folder of the system,
/// the root itself, `..`, or a system folder counted from the working directory.
fn means_these_files(text: &str) -> bool {
    let mut words = text.split([' ', '\t', '"', '\'', '=', ';', '&', '|', '(', ')', '\n']);
    let relative = |word: &str| {
        let word = word.trim_start_matches("./");
        ["etc/", "usr/", "var/", "opt/", "tmp/", "root/", "proc/"].iter().any(|dir| word.starts_with(dir))
            || word.split('/').any(|part| part == "..")
    };
    if words.any(relative) {
        return true;
    }
    let bytes = text.as_bytes();
    text.match_indices('/').any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|i| bytes.get(i)).copied().unwrap_or(b' ');
        // Inside of a path, a URL or a pattern, or behind a variable.
        if before.is_ascii_alphanumeric()
            || matches!(before, b'.' | b'_' | b'-' | b'/' | b'}' | b')' | b'~' | b'*' | b'@' | b'+' | b'%')
        {
            return false;
        }
        let rest = text.get(at + 1..).unwrap_or("");
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
            .unwrap_or(rest.len());
        let first = rest.get(..end).unwrap_or("");
        // `://` of a URL.
        if before == b':' && rest.starts_with('/') {
            return false;
        }
        !is_system(first)
    })
}

/// Whether a copied folder holds folders of the system: then it is meant to be laid over the root.
fn brings_system_folder(file: &FileFacts<'_>, sources: &[Word]) -> bool {
    sources.iter().any(|source| {
        let Some(dir) = normalize(Utf8Path::new(source.text.trim_start_matches('/'))) else { return true };
        ["etc", "usr", "bin", "sbin", "opt", "var", "root", "home", "lib"].iter().any(|name| {
            let entry = file.tree.entry(&file.context.join(&dir).join(name)).found();
            // A `bin` or `lib` of the project is usual; together with the others it is an overlay.
            entry.is_some_and(|e| e.kind == Kind::Directory)
                && !matches!(*name, "bin" | "lib" | "home" | "var")
        })
    })
}

/// Whether a path at the root is a file of the context that the stage copies.
fn comes_along(file: &FileFacts<'_>, stage: &StageFacts<'_>, path: &str) -> bool {
    crate::facts::copied_from(file, stage, path)
        .is_some_and(|copied| matches!(file.tree.entry(&copied.path), Lookup::Found(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_move() {
        for text in
            ["/run.sh", "cat /data/x", "cd / && x", "X=/app", "ls ../x", "cp a /", "a:/b", "rm -rf var/cache"]
        {
            assert!(means_these_files(text), "{text}");
        }
        for text in [
            "./run.sh",
            "/usr/bin/x",
            "curl https://example.com/a/b",
            "s/a/b/",
            "$X/y",
            "a/b",
            "> /etc/x",
            "/var/log",
        ] {
            assert!(!means_these_files(text), "{text}");
        }
    }
}
