//! `copied-archive`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, join};
use crate::rules::{Check, Report};
use crate::shell::{Command, Word, unpacked};

declare_rule! {
    /// An archive is copied and then unpacked, so it is stored twice.
    ///
    /// ## What it does
    ///
    /// Finds `COPY` of a `.tar` archive of the build context that a later `RUN` of the same stage unpacks. Zip files
    /// are left out, because `ADD` does not unpack them.
    ///
    /// ## Why is this bad?
    ///
    /// The layer of the `COPY` keeps the archive for ever, also when a later step removes it. The image holds packed and
    /// unpacked files.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY tool.tar.xz /tmp/
    /// RUN tar -xJf /tmp/tool.tar.xz -C /opt
    /// USER 65534:65534
    /// CMD ["/opt/tool/run"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD tool.tar.xz /opt/
    /// USER 65534:65534
    /// CMD ["/opt/tool/run"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: options of `tar` and what else the step does decide which way is right.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, ADD or COPY](https://docs.docker.com/build/building/best-practices/#add-or-copy)
    /// - [Dockerfile reference: RUN --mount=type=bind](https://docs.docker.com/reference/dockerfile/#run---mounttypebind)
    pub(super) RULE = "copied-archive" {
        chapter: Efficiency, level: Info, default: On, scope: Stage, fix: Text,
        aliases: ["DL3010", "hadolint/DL3010", "DF067"],
        check: Check::Instruction(check),
    }
}

/// Ends of archives that `ADD` unpacks.
const ARCHIVES: [&str; 8] = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];

/// Instructions behind a copy that are looked at. Nobody unpacks later.
const MAX_LATER: usize = 100;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Copy) || !stage.shipped {
        return;
    }
    for source in facts.context_sources() {
        let Some(text) = facts.state.expand(&source.text).value else { continue };
        let lower = text.to_ascii_lowercase();
        if !ARCHIVES.iter().any(|end| lower.ends_with(end)) {
            continue;
        }
        let Some((place, folder)) = facts.destination(file, stage) else { continue };
        let name = text.rsplit('/').next().unwrap_or("");
        let path = if folder || !place.contains('.') { join(&place, name) } else { place };
        let Some(unpacking) = unpacking(file, stage, facts, &path) else { continue };
        let shown = name.replace('`', "");
        let note = format!(
            "`ADD {shown} /directory/` unpacks it by itself; `RUN --mount=type=bind,source={},target=/tmp/{shown}` \
             shows it to a step without storing it.",
            text.replace('`', "")
        );
        report
            .add(
                source.span,
                format!(
                    "`{shown}` stays in this layer although it is unpacked later: the image holds it twice."
                ),
            )
            .related(unpacking.span(), "unpacks it")
            .note(note);
    }
}

/// The command of a later RUN that unpacks a file of the image.
fn unpacking<'f>(
    file: &FileFacts<'_>,
    stage: &'f StageFacts<'_>,
    copy: &InstructionFacts<'_>,
    path: &str,
) -> Option<&'f Command> {
    let start = stage.instructions.partition_point(|run| run.index <= copy.index);
    let later = stage.instructions.iter().skip(start).take(MAX_LATER).filter(|run| run.is(Keyword::Run));
    later.into_iter().find_map(|run| {
        let start = run.workdir(file, stage);
        run.steps().find_map(|step| {
            let archive: &Word = unpacked(step.command)?;
            let text = run.state.expand(archive.text()).value?;
            let here = step.script.dir_at(step.command).under(start, None);
            let full = if text.starts_with('/') { join("/", &text) } else { join(&here?, &text) };
            (full == path).then_some(step.command)
        })
    })
}
