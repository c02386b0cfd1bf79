//! `whole-filesystem-copied`.

use crate::declare_rule;
use crate::dockerfile::{Keyword, Word};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts};
use crate::image::ShellKind;
use crate::rules::{Check, Report};

declare_rule! {
    /// A whole file system is copied from another stage.
    ///
    /// ## What it does
    ///
    /// Finds `COPY --from=stage / /` into a stage that has files already, when the other stage is built on a whole
    /// distribution.
    ///
    /// Silent when the target is `FROM scratch` (a way to make one layer of all), and for images that are made to be
    /// laid over another one.
    ///
    /// ## Why is this bad?
    ///
    /// The system of the other stage is laid over the one that is there: the image holds both, the tools of the build
    /// come along, and files such as `/etc/passwd` are those of the stage that was copied last.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim AS build
    /// RUN echo hello > /greeting
    /// FROM debian:trixie-slim
    /// COPY --from=build / /
    /// USER 65534:65534
    /// CMD ["cat", "/greeting"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim AS build
    /// RUN echo hello > /greeting
    /// FROM debian:trixie-slim
    /// COPY --from=build /greeting /greeting
    /// USER 65534:65534
    /// CMD ["cat", "/greeting"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: which directories are needed is not known.
    ///
    /// ## References
    ///
    /// - [Docker: Multi-stage builds](https://docs.docker.com/build/building/multi-stage/)
    pub(super) RULE = "whole-filesystem-copied" {
        chapter: Efficiency, level: Warning, default: On, scope: Instruction, fix: Text,
        aliases: ["DL3067", "DF026"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Copy) {
        return;
    }
    let Some(from) = facts.instruction.flag_value("from") else { return };
    let Some((destination, sources)) = facts.instruction.args.split_last() else { return };
    let Some(root) = sources.iter().find(|source| is_root(source)).filter(|_| is_root(destination)) else {
        return;
    };
    // What is there already, and what comes, are whole systems.
    // A base that a build argument gives may be `scratch`, or the very one that is merged.
    let named = |stage: &StageFacts<'_>| match file.root_base(&stage.base) {
        Base::Image(image) => !image.from_arg,
        Base::Scratch | Base::Stage(_) | Base::Unknown => false,
    };
    let into_system = named(stage);
    let source = file.names.source(&from.text, stage.index).and_then(|index| file.stages.get(index));
    let Some(source) = source.filter(|source| into_system && named(source) && is_system(file, source)) else {
        return;
    };
    let name = source.name.map_or_else(|| from.text.clone(), str::to_owned).replace('`', "");
    report
        .add(
            root.span,
            format!("The whole file system of `{name}` is laid over this one, so the image holds both."),
        )
        .related(source.from.name.span, "starts from a distribution of its own")
        .note("Name what is needed, such as `COPY --from=build /usr/local/bin/app /usr/local/bin/`.");
}

fn is_root(word: &Word) -> bool {
    let text = word.text.as_str();
    text.starts_with('/') && text.bytes().all(|b| matches!(b, b'/' | b'.' | b'*')) && !text.contains("..")
}

/// Whether a stage is known to hold a distribution.
fn is_system(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    file.defaults(stage).is_some_and(|defaults| {
        defaults.distribution.is_some()
            && !matches!(defaults.shell.kind, ShellKind::None | ShellKind::Unknown)
    })
}
