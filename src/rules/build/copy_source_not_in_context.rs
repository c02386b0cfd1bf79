//! `copy-source-not-in-context`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::facts::{ContextRoot, FileFacts, InContext, InstructionFacts};
use crate::repository::ignore::{FoundIgnoreFile, Pattern};
use crate::repository::{Lookup, is_written_by_hand, may_be_generated, normalize};
use crate::rules::{Check, Report};
use camino::{Utf8Path, Utf8PathBuf};

declare_rule! {
    /// A copied path is ignored or absent from the build context.
    ///
    /// ## What it does
    ///
    /// Finds sources of `COPY` and `ADD` that the effective ignore file keeps out of the build context
    /// (`Dockerfile.dockerignore` beside the Dockerfile, else `.dockerignore` at the root of the context; in
    /// order, the last match wins), and sources that are not in the repository although they look like files
    /// that people write.
    ///
    /// ## Why is this bad?
    ///
    /// What is not in the context cannot be copied: the build fails with "not found", although the file is
    /// there to be seen.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY docs/schema.json ./
    /// ```
    ///
    /// ```text .dockerignore
    /// .git
    /// docs
    /// ```
    ///
    /// ```json docs/schema.json
    /// {}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY docs/schema.json ./
    /// ```
    ///
    /// ```text .dockerignore
    /// .git
    /// docs
    /// !docs/schema.json
    /// ```
    ///
    /// ```json docs/schema.json
    /// {}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: whether the path or the ignore file is wrong needs the intent.
    ///
    /// ## References
    ///
    /// - [Docker: CopyIgnoredFile](https://docs.docker.com/reference/build-checks/copy-ignored-file/)
    /// - [Docker: .dockerignore files](https://docs.docker.com/build/concepts/context/#dockerignore-files)
    pub(super) RULE = "copy-source-not-in-context" {
        chapter: Build, level: Error, default: On, scope: Repository, fix: Text,
        aliases: ["CopyIgnoredFile", "buildkit/CopyIgnoredFile", "DF077"],
        check: Check::File(check),
    }
}

/// Steps of matching that a Dockerfile is worth: more than any real one needs.
const MAX_STEPS: u64 = 20_000_000;
/// Sources that are looked up. Nobody lists more by hand.
const MAX_SOURCES: usize = 2_000;
/// Absent paths that are looked into: scripts and folders are read for each.
const MAX_ABSENT: usize = 20;

/// Names of a folder that are compared with an absent one: in a larger one some name is always near.
const MAX_NAMES: usize = 500;

/// A source that names one path of the context.
struct Source<'f> {
    instruction: &'f Instruction,
    word: &'f Word,
    /// Clean, relative to the root of the context; empty for the root itself.
    path: String,
    /// Whether a variable is a part of it, which a build may set to something else.
    variable: bool,
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let roots = file.context_roots();
    if roots.iter().any(|root| root.ignore == Lookup::Unknown) {
        return;
    }
    let instructions = file.stages.iter().flat_map(|stage| &stage.instructions);
    let sources: Vec<Source<'_>> = instructions.flat_map(sources_of).take(MAX_SOURCES).collect();
    let mut steps = 0;
    let mut confirmed = false;
    let mut absent = Vec::new();
    for source in &sources {
        steps += roots.iter().filter_map(|root| cost(root, &source.path)).sum::<u64>();
        if steps > MAX_STEPS {
            return;
        }
        if source.path.is_empty() {
            whole_context(roots, source, report);
            continue;
        }
        match look_up(file, roots, source) {
            Fate::Ignored(ignore, pattern) => report_ignored(source, ignore, pattern, report),
            Fate::Absent if absent.len() < MAX_ABSENT => absent.push(source),
            Fate::There => confirmed = true,
            Fate::Absent | Fate::Silent => {}
        }
    }
    // What was not looked up because its absence would mean nothing may be there all the same.
    let mut others = sources.iter().filter(|source| !source.variable && !source.path.is_empty());
    confirmed = confirmed
        || !absent.is_empty()
            && others.any(|source| {
                !is_written_by_hand(Utf8Path::new(&source.path))
                    && roots.iter().any(|root| root.look_up(file, &source.path) == InContext::There)
            });
    for source in absent {
        report_absent(file, roots, source, confirmed, report);
    }
}

fn cost(root: &ContextRoot, path: &str) -> Option<u64> {
    match &root.ignore {
        Lookup::Found(found) => Some(found.file.cost(path)),
        Lookup::Absent | Lookup::Unknown => None,
    }
}

/// The sources of an instruction that name one path of the context: no other stage or context, no URL, no glob
/// (which may match nothing), no here-document.
fn sources_of<'f>(facts: &'f InstructionFacts<'f>) -> impl Iterator<Item = Source<'f>> {
    let instruction = facts.instruction;
    let copies =
        matches!(instruction.keyword, Keyword::Copy | Keyword::Add) && instruction.flag("from").is_none();
    let sources = instruction.args.split_last().map_or(&[][..], |(_, sources)| sources);
    let sources = if copies { sources } else { &[] };
    sources.iter().filter_map(move |word| {
        let heredoc = instruction.heredocs.iter().any(|h| h.opener == word.span);
        let expanded = facts.state.expand(&word.text);
        let text = expanded.value.filter(|_| !heredoc)?;
        // `:` is in URLs, git remotes and drive letters, `\` in paths of Windows.
        if text.is_empty() || text.contains(['*', '?', '[', ':', '\\']) {
            return None;
        }
        let path = normalize(Utf8Path::new(&text))?;
        Some(Source { instruction, word, path: path.into_string(), variable: !expanded.uses.is_empty() })
    })
}

/// What becomes of a path, whichever folder the context is.
enum Fate<'a> {
    Ignored(&'a FoundIgnoreFile, &'a Pattern),
    Absent,
    /// It can be copied, and no variable is a part of it.
    There,
    Silent,
}

fn look_up<'a>(file: &FileFacts<'_>, roots: &'a [ContextRoot], source: &Source<'_>) -> Fate<'a> {
    let path = source.path.as_str();
    // The tree is asked only where the answer matters: over GitHub a folder that was not listed costs a request.
    let absence_counts = !source.variable && is_written_by_hand(Utf8Path::new(path));
    if !absence_counts && !roots.iter().any(|root| root.excludes(path)) {
        return Fate::Silent;
    }
    let mut ignored = None;
    let (mut seen, mut own) = (false, false);
    for root in roots {
        match root.look_up(file, path) {
            InContext::There if !source.variable => return Fate::There,
            InContext::There | InContext::Unknown => return Fate::Silent,
            InContext::Absent => {}
            InContext::Ignored(ignore, pattern) if root.likely && !has_goreleaser(file) => {
                return Fate::Ignored(ignore, pattern);
            }
            InContext::Ignored(ignore, pattern) => {
                ignored.get_or_insert((ignore, pattern));
                own |= ignore.own;
                seen |= file.tree.entry(&root.dir.join(path)).found().is_some();
            }
        }
    }
    match ignored {
        // Of several folders, the one that has the path is meant.
        Some((ignore, pattern)) if seen || own => Fate::Ignored(ignore, pattern),
        None if absence_counts => Fate::Absent,
        Some(_) | None => Fate::Silent,
    }
}

/// GoReleaser builds images in a folder that it fills itself, without any ignore file.
fn has_goreleaser(file: &FileFacts<'_>) -> bool {
    let names = [".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml"];
    names.iter().any(|name| file.tree.entry(Utf8Path::new(name)) != Lookup::Absent)
}

fn report_ignored(source: &Source<'_>, ignore: &FoundIgnoreFile, pattern: &Pattern, report: &mut Report) {
    let (path, keyword) = (plain(&source.path), source.instruction.keyword.name());
    let name = plain(ignore.path.as_str());
    let text = plain(pattern.text());
    let message = format!(
        "`{path}` is kept out of the build context by `{text}` in line {} of `{name}`, so this `{keyword}` fails.",
        pattern.line
    );
    let keep = format!("Bring it back with `!{path}` below that line, or leave the `{keyword}` out.");
    report
        .add(source.word.span, message)
        // A build may set the variable to something that is there.
        .level(if source.variable { Level::Warning } else { Level::Error })
        .note(keep)
        .related_in(ignore.path.clone(), pattern.span, format!("keeps `{path}` out of the context"))
        .about(source.path.as_str());
}

/// `COPY . .` with an ignore file that leaves nothing.
fn whole_context(roots: &[ContextRoot], source: &Source<'_>, report: &mut Report) {
    let candidates = match roots {
        [first, ..] if first.likely => std::slice::from_ref(first),
        _ => roots,
    };
    let found = candidates.iter().map(|root| match &root.ignore {
        Lookup::Found(found) => found.file.keeps_all_out().map(|pattern| (found, pattern)),
        Lookup::Absent | Lookup::Unknown => None,
    });
    let all: Option<Vec<_>> = found.collect();
    let Some((ignore, pattern)) = all.and_then(|all| all.into_iter().next()) else { return };
    let (keyword, name) = (source.instruction.keyword.name(), plain(ignore.path.as_str()));
    let message = format!(
        "Everything is kept out of the build context by `{}` in line {} of `{name}`, so this `{keyword}` copies nothing.",
        plain(pattern.text()),
        pattern.line
    );
    report
        .add(source.word.span, message)
        .level(Level::Warning)
        .note("Bring back what the image needs with `!` lines below it.")
        .related_in(ignore.path.clone(), pattern.span, "keeps everything out of the context")
        .about(".");
}

/// `confirmed`: some other source of the file is there. Something has to speak for it that the context is a folder
/// of the repository at all: some builds copy things together in a folder of their own first.
fn report_absent(
    file: &FileFacts<'_>,
    roots: &[ContextRoot],
    source: &Source<'_>,
    confirmed: bool,
    report: &mut Report,
) {
    let path = Utf8Path::new(&source.path);
    let near = roots.iter().find_map(|root| near_name(file, root, path));
    if !(confirmed || near.is_some())
        || roots.iter().any(|root| may_be_generated(file.tree, &root.dir, &root.dir.join(path)))
    {
        return;
    }
    let message = format!(
        "`{}` is not in the repository, so this `{}` fails unless something makes it before the build.",
        plain(&source.path),
        source.instruction.keyword.name()
    );
    let refine = report.add(source.word.span, message).level(Level::Warning).about(source.path.as_str());
    match near {
        Some(near) => refine.note(format!("There is a `{}`.", plain(near.as_str()))),
        None => refine,
    };
}

/// A path beside it whose name differs in case or by one letter.
fn near_name(file: &FileFacts<'_>, root: &ContextRoot, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let name = path.file_name()?;
    let dir = path.parent()?;
    let names = file.tree.names(&root.dir.join(dir)).found().filter(|names| names.len() <= MAX_NAMES)?;
    // One letter never changes both ends of a long name: most of a large folder is left out by that.
    let may_be_close = |other: &str| {
        let (a, b) = (other.as_bytes(), name.as_bytes());
        a.len().abs_diff(b.len()) <= 4 && (a.first() == b.first() || a.last() == b.last())
    };
    let close = |other: &str| {
        other.eq_ignore_ascii_case(name)
            || (name.len() > 5 && may_be_close(other) && differ_by_one_letter(other, name))
    };
    names.iter().find(|other| close(other)).map(|other| dir.join(other))
}

/// Whether one letter is missing, added, changed or has its place changed with the next one. A folder may have
/// thousands of names, so that a distance is too slow.
fn differ_by_one_letter(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let before = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[before..], &b[before..]);
    let after = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&a[..a.len() - after], &b[..b.len() - after]) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::differ_by_one_letter;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_letter_is_a_distance_of_one(a in "[abé]{0,6}", b in "[abé]{0,6}") {
            prop_assert_eq!(differ_by_one_letter(&a, &b), strsim::osa_distance(&a, &b) <= 1);
        }
    }
}
