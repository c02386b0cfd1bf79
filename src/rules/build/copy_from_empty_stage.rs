//! `copy-from-empty-stage`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Report};

declare_rule! {
    /// COPY --from a scratch stage that holds no files.
    ///
    /// ## What it does
    ///
    /// Finds `COPY --from=` of a stage that begins with `FROM scratch` and puts nothing into it.
    ///
    /// ## Why is this bad?
    ///
    /// `scratch` is empty, so the file that is to be copied is not there and the build stops.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM scratch AS files
    /// LABEL stage=files
    /// FROM alpine:3.24
    /// COPY --from=files /etc/app.conf /etc/app.conf
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM scratch AS files
    /// COPY app.conf /etc/app.conf
    /// FROM alpine:3.24
    /// COPY --from=files /etc/app.conf /etc/app.conf
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: where the files come from is not known.
    ///
    /// ## References
    ///
    /// - [Docker: Create a minimal base image using scratch](https://docs.docker.com/build/building/base-images/#create-a-minimal-base-image-using-scratch)
    pub(super) RULE = "copy-from-empty-stage" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: None,
        aliases: ["tally/copy-from-empty-scratch-stage"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Copy) {
        return;
    }
    for source in facts.file_sources() {
        // Stages further down have a rule of their own.
        let Some(target) = file.stage_of(&source).filter(|target| *target < stage.index) else { continue };
        let Some(target) = file.stages.get(target).filter(|target| is_empty(target)) else { continue };
        let Some((_, paths)) = facts.instruction.args.split_last() else { continue };
        // The whole of nothing can be copied, and so can what a pattern does not find.
        let literal = |path: &str| {
            !path.contains(['*', '?', '[', '$']) && !path.trim_matches(['/', '.', '"', '\'']).is_empty()
        };
        let Some(path) = paths.iter().find(|path| literal(&path.text)) else { continue };
        let shown = path.text.replace('`', "");
        let name = source.text.replace('`', "");
        report
            .add(
                source.span,
                format!("The stage `{name}` begins with `scratch` and holds no files, so `{shown}` is not there and the build stops."),
            )
            .related(target.from.body, "Nothing is put into this stage.")
            .note("Copy the files into that stage, or from the one that has them.");
    }
}

/// Whether a stage begins with nothing and puts nothing into it. RUN and WORKDIR may make files and folders.
fn is_empty(stage: &StageFacts<'_>) -> bool {
    let makes = |keyword: Keyword| {
        matches!(
            keyword,
            Keyword::Add
                | Keyword::Copy
                | Keyword::Run
                | Keyword::Workdir
                | Keyword::Volume
                | Keyword::Unknown
        )
    };
    matches!(stage.base, Base::Scratch)
        && !stage.instructions.iter().any(|facts| makes(facts.instruction.keyword))
}
