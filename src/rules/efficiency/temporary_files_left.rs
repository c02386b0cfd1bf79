//! `temporary-files-left`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step, is_in, join};
use crate::rules::append::{append, appendable};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{call_cleans, removed_paths, removes};
use crate::shell::{Command, DownloadFile, Inside, Word, downloaded, unpacked};
use crate::text::{Edit, Span};

declare_rule! {
    /// A downloaded archive or scratch directory stays in the layer.
    ///
    /// ## What it does
    ///
    /// Finds archives that a `RUN` of a shipped stage downloads with `curl` or `wget`, unpacks or installs, and does not
    /// remove before it ends; and directories of `mktemp -d` that stay.
    ///
    /// Silent where the file lies in a cache or temporary mount, or is moved, or where the directory around it is
    /// removed.
    ///
    /// ## Why is this bad?
    ///
    /// Nobody reads the archive once it is unpacked, but everybody who pulls the image downloads it. What a later
    /// `RUN` removes stays in the layer below.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.org/key.asc /etc/key.asc
    /// RUN wget -q -O /tmp/tool.tar.gz https://example.org/tool-1.2.tar.gz \
    ///     && echo "24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d  /tmp/tool.tar.gz" | sha256sum -c - \
    ///     && tar -xzf /tmp/tool.tar.gz -C /opt
    /// USER 65534:65534
    /// CMD ["/opt/tool/run"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.org/key.asc /etc/key.asc
    /// RUN wget -q -O /tmp/tool.tar.gz https://example.org/tool-1.2.tar.gz \
    ///     && echo "24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d  /tmp/tool.tar.gz" | sha256sum -c - \
    ///     && tar -xzf /tmp/tool.tar.gz -C /opt \
    ///     && rm /tmp/tool.tar.gz
    /// USER 65534:65534
    /// CMD ["/opt/tool/run"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: check that no later step and no running program reads the archive.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices](https://docs.docker.com/build/building/best-practices/)
    pub(super) RULE = "temporary-files-left" {
        chapter: Efficiency, level: Info, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "tarSomethingRmTheSomething", "rmRecursiveAfterMktempD", "mkdirUsrSrcThenRemove", "gpgVerifyAscRmAsc",
        ],
        check: Check::Instruction(check),
    }
}

/// A file that a download makes.
struct Archive<'f> {
    /// Absolute, variables as they are written.
    path: String,
    /// As the command writes it.
    written: Option<&'f Word>,
    name: String,
    command: &'f Command,
    order: usize,
}

/// Instructions behind a download that are looked at.
const MAX_LATER: usize = 300;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) || !stage.shipped {
        return;
    }
    let leaves = |command: &Command| matches!(command.name(), Some("curl" | "wget" | "mktemp"));
    if !facts.scripts().flat_map(crate::shell::Script::commands).any(leaves) {
        return;
    }
    let start = facts.workdir(file, stage);
    let steps: Vec<Step<'_, '_>> = facts.steps().collect();
    scratch_directories(file, facts, &steps, report);
    for step in &steps {
        let Some(archive) = archive(step, start) else { continue };
        let Some(use_of) = steps.iter().find(|other| is_used(other, &archive, start)) else { continue };
        if is_gone(&steps, &archive, start) || in_mount(facts, &archive.path) {
            continue;
        }
        let name = archive.name.replace('`', "");
        let package = name.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "deb" | "rpm"));
        let (done, does) = if package { ("installed", "installs it") } else { ("unpacked", "unpacks it") };
        let mut finding = report
            .add(span_of(&archive), format!("`{name}` stays in this layer after it has been {done}."))
            .related(use_of.command.span(), does);
        let later = removed_later(file, stage, facts, &archive.path);
        if let Some(later) = &later {
            finding = finding
                .related(later.command, "removes it, but the layer below keeps it")
                .note("Remove it in the `RUN` that downloads it: a later one saves nothing.");
            continue_with(finding, fix(file, stage, facts, &steps, &archive, Some(later)));
            continue;
        }
        finding = finding.note("Check that nothing reads the archive later.");
        continue_with(finding, fix(file, stage, facts, &steps, &archive, None));
    }
}

/// Directories of `mktemp -d` that a variable names and nothing removes.
fn scratch_directories(
    file: &FileFacts<'_>,
    facts: &InstructionFacts<'_>,
    steps: &[Step<'_, '_>],
    report: &mut Report,
) {
    for step in steps.iter().filter(|step| step.command.name() == Some("mktemp")) {
        let command = step.command;
        if !command.args().iter().any(|word| matches!(word.text(), "-d" | "--directory")) {
            continue;
        }
        let span = command.span();
        let assigned = steps.iter().filter(|other| other.order == step.order).find_map(|other| {
            other.command.assignments.iter().find(|assignment| assignment.value.span().contains(span))
        });
        let Some(assigned) = assigned else { continue };
        let name = &*assigned.name;
        let (plain, braced) = (format!("${name}"), format!("${{{name}"));
        let mentions = |word: &Word| word.text().contains(&plain) || word.text().contains(&braced);
        let gone = steps.iter().any(|other| {
            matches!(other.command.name(), Some("rm" | "find" | "mv" | "trap" | "ln"))
                && (other.command.words.iter().any(mentions)
                    || other.command.args().iter().any(Word::starts_with_expansion))
                || call_cleans(other.command)
        });
        let caches = || {
            facts.mounts().iter().any(|mount| {
                mount.leaves_the_layer() && mount.target.as_deref().is_none_or(|target| is_in("/tmp", target))
            })
        };
        if gone || caches() {
            continue;
        }
        let shown = name.replace('`', "");
        let finding = report
            .add(span, format!("The scratch directory in `{shown}` stays in this layer."))
            .note("Check that nothing reads the directory later.");
        let inside = step.command.context.inside;
        let places = Inside::FUNCTION
            .with(Inside::LOOP)
            .with(Inside::BRANCH)
            .with(Inside::SUBSHELL)
            .with(Inside::STRING);
        let last = steps.iter().map(|step| step.order).max();
        let edit = appendable(facts)
            .nth(step.order)
            .filter(|_| !inside.any(places) && last == Some(step.order))
            .and_then(|(script, heredoc)| {
                append(file, facts, script, heredoc, &format!("rm -rf \"${name}\""))
            });
        if let Some(edit) = edit {
            finding.fix(Fix::confirm("Remove the scratch directory in the same `RUN`", vec![edit]));
        }
    }
}

fn continue_with(finding: crate::rules::Refine<'_>, fix: Option<Fix>) {
    match fix {
        Some(fix) => {
            finding.fix(fix);
        }
        None => {
            finding
                .note("Remove it with `rm` at the end of the same `RUN`, or pipe the download into `tar`.");
        }
    }
}

fn span_of(archive: &Archive<'_>) -> Span {
    archive
        .written
        .map_or_else(|| archive.command.name_word().map_or(archive.command.span(), Word::span), Word::span)
}

/// The archive that a command downloads.
fn archive<'f>(step: &Step<'f, '_>, start: Option<&str>) -> Option<Archive<'f>> {
    let here = step.script.dir_at(step.command).under(start, None);
    let (text, written) = match downloaded(step.command)? {
        DownloadFile::Named(word) => (word.text().to_owned(), Some(word)),
        DownloadFile::Remote(name, None) => (name, None),
        DownloadFile::Remote(name, Some(dir)) => (format!("{}/{name}", dir.text()), None),
    };
    let path = absolute(&text, here.as_deref())?;
    let name = path.rsplit('/').next().unwrap_or("").to_owned();
    Some(Archive { path, written, name, command: step.command, order: step.order })
}

/// A path made absolute, variables that are not known as they are written.
fn absolute(text: &str, here: Option<&str>) -> Option<String> {
    if text.starts_with('~') || (text.starts_with('$') && text.contains('/')) {
        return Some(text.to_owned());
    }
    if text.starts_with('/') { Some(join("/", text)) } else { Some(join(here?, text)) }
}

/// Whether a command unpacks or installs the archive.
fn is_used(step: &Step<'_, '_>, archive: &Archive<'_>, start: Option<&str>) -> bool {
    let here = step.script.dir_at(step.command).under(start, None);
    let is_it = |word: &Word| absolute(word.text(), here.as_deref()).is_some_and(|path| path == archive.path);
    unpacked(step.command).is_some_and(is_it)
        || step.call.is_some_and(|call| {
            let package = archive.name.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "deb" | "rpm"));
            package && call.manager.is_system() && call.operands.iter().any(|word| is_it(word))
        })
}

/// Whether the archive is removed, moved or handed to something that may do so.
fn is_gone(steps: &[Step<'_, '_>], archive: &Archive<'_>, start: Option<&str>) -> bool {
    steps.iter().any(|step| {
        let command = step.command;
        let later = step.order > archive.order
            || (step.order == archive.order && command.place.start > archive.command.place.start)
            || command.context.inside.any(Inside::FUNCTION);
        if !later {
            return false;
        }
        let here = step.script.dir_at(command).under(start, None);
        let covers = |path: &str| match absolute(path, here.as_deref()) {
            // A variable may hold any path.
            Some(path) if path.contains('$') && !archive.path.starts_with('$') => true,
            Some(path) => {
                path == archive.path || removes(&path, &archive.path) || has_same_name(&path, archive)
            }
            None => has_same_name(path, archive) || here.is_none(),
        };
        call_cleans(command)
            || removed_paths(command).iter().any(|path| covers(path))
            || matches!(command.name(), Some("find" | "xargs"))
                && command.words.iter().any(|w| matches!(w.text(), "rm" | "-delete"))
            || (matches!(command.name(), Some("mv")) && command.args().iter().any(|word| covers(word.text())))
            || (command.name() == Some("trap")
                && command.args().iter().any(|word| word.text().contains("rm ")))
    })
}

/// Whether a removed path means a file of that name, whatever the folder is called there.
fn has_same_name(path: &str, archive: &Archive<'_>) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    // What a variable holds may fit a pattern.
    name == archive.name
        || (archive.name.contains('$') && name.contains('*'))
        || (name.contains(['*', '?', '$']) && removes(&format!("/{name}"), &format!("/{}", archive.name)))
}

fn in_mount(facts: &InstructionFacts<'_>, path: &str) -> bool {
    facts.mounts().iter().any(|mount| {
        mount.leaves_the_layer() && mount.target.as_deref().is_none_or(|target| is_in(path, target))
    })
}

/// A step of a later RUN that removes a file.
struct Removal {
    /// The command.
    command: Span,
    /// The RUN, when it does nothing else.
    whole: Option<Span>,
    /// Whether it fails when there is nothing to remove.
    fails: bool,
    /// The number of the instruction.
    index: usize,
}

fn removed_later(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    path: &str,
) -> Option<Removal> {
    let start = stage.instructions.partition_point(|run| run.index <= facts.index);
    let later = stage.instructions.iter().skip(start).take(MAX_LATER).filter(|run| run.is(Keyword::Run));
    later.into_iter().find_map(|run| {
        let start = run.workdir(file, stage);
        run.steps().find_map(|step| {
            let here = step.script.dir_at(step.command).under(start, None);
            let removed = removed_paths(step.command);
            let hit = removed.iter().any(|path_there| {
                absolute(path_there, here.as_deref()).is_some_and(|there| removes(&there, path))
            });
            let forced = step.command.args().iter().any(|word| {
                let text = word.text();
                text == "--force" || (text.starts_with('-') && !text.starts_with("--") && text.contains('f'))
            });
            let alone = removed.len() == 1 && step.script.single_command().is_some();
            hit.then(|| Removal {
                command: step.command.span(),
                whole: alone.then_some(run.instruction.span),
                fails: !forced && !removed.iter().any(|path| path.contains('*')),
                index: run.index,
            })
        })
    })
}

fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    steps: &[Step<'_, '_>],
    archive: &Archive<'_>,
    later: Option<&Removal>,
) -> Option<Fix> {
    // Something later may read it.
    let source = &file.dockerfile.source;
    let start = stage.instructions.partition_point(|other| other.index <= facts.index);
    let rest = stage.instructions.get(start..).filter(|rest| rest.len() <= MAX_LATER)?;
    let read = rest.iter().any(|other| {
        later.is_none_or(|later| later.index != other.index)
            && source.slice(other.instruction.span).contains(archive.name.as_str())
    });
    if read || later.is_some_and(|later| later.fails && later.whole.is_none()) {
        return None;
    }
    let places =
        Inside::FUNCTION.with(Inside::LOOP).with(Inside::BRANCH).with(Inside::SUBSHELL).with(Inside::STRING);
    let simple = archive.path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+".contains(&b));
    if archive.command.context.inside.any(places) || archive.command.runs_as_other_user() {
        return None;
    }
    let path = match archive.written {
        // With its variables and quotes, where it does not depend on the directory.
        Some(word) if word.raw().trim_start_matches(['"', '\'']).starts_with('/') => word.raw().to_owned(),
        _ if simple => archive.path.clone(),
        _ => return None,
    };
    let sudo = if archive.command.prefix_word("sudo").is_some() { "sudo " } else { "" };
    let last = steps.iter().map(|step| step.order).max()?;
    let order = if last > archive.order { return None } else { archive.order };
    let (script, heredoc) = appendable(facts).nth(order)?;
    let mut edits = vec![append(file, facts, script, heredoc, &format!("{sudo}rm {path}"))?];
    // What is gone cannot be removed again.
    edits.extend(later.and_then(|later| later.whole).map(Edit::delete));
    Some(Fix::confirm(format!("Remove `{}` in the same `RUN`", archive.name.replace('`', "")), edits))
}
