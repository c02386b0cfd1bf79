//! `reserved-stage-name`.

use crate::declare_rule;
use crate::facts::{FileFacts, StageFacts, StageUses, stage_name_word};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// A stage is called scratch or context.
    ///
    /// ## What it does
    ///
    /// Finds stages named `scratch` or `context`, in any case.
    ///
    /// ## Why is this bad?
    ///
    /// `scratch` is the empty image and `context` the files that are sent to the build. A stage of that name takes their
    /// place in some instructions and not in others.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS context
    /// RUN make files
    /// FROM alpine:3.24
    /// COPY --from=context /files /files
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS context-stage
    /// RUN make files
    /// FROM alpine:3.24
    /// COPY --from=context-stage /files /files
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: the stage and every use of it in the file get a new name, but `--target` in scripts and
    /// workflows is not changed. None is offered where a later `FROM scratch` may mean the empty image.
    ///
    /// ## References
    ///
    /// - [BuildKit check: ReservedStageName](https://docs.docker.com/reference/build-checks/reserved-stage-name/)
    pub(super) RULE = "reserved-stage-name" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Confirm,
        aliases: ["DL3063", "ReservedStageName", "buildkit/ReservedStageName", "DF084"],
        check: Check::File(check),
    }
}

/// The names that BuildKit keeps for itself, with what they mean.
const RESERVED: [(&str, &str); 2] = [("scratch", "the empty image"), ("context", "the build context")];

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let named = |name: &str| {
        let known = |(reserved, _): &&(&str, &str)| reserved.eq_ignore_ascii_case(name);
        RESERVED.iter().find(known)
    };
    let mut found = Vec::new();
    for stage in &file.stages {
        if let Some((name, meaning)) = stage.name.and_then(named) {
            found.push((stage, *name, *meaning));
        }
    }
    if found.is_empty() {
        return;
    }
    let uses = file.stage_uses();
    let counts = file.stage_name_counts();
    for (stage, name, meaning) in found {
        let new = format!("{name}-stage");
        let free = !counts.contains_key(&new) && counts.get(name) == Some(&1);
        let fix = if free { rename(file, stage, &uses, &new) } else { None };
        let Some(word) = stage_name_word(stage.from) else { continue };
        let finding = report.add(
            word.span,
            format!(
                "The name `{name}` is taken: it means {meaning}. Uses of the stage may get that instead."
            ),
        );
        if let Some(edits) = fix {
            finding
                .note(format!(
                    "Check that nothing builds the stage by its old name, such as `--target {name}`."
                ))
                .fix(Fix::confirm(format!("Rename the stage to `{new}`"), edits));
        } else {
            finding.note("Give the stage another name, and change the uses that mean the stage.");
        }
    }
}

fn rename(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    uses: &StageUses<'_>,
    new: &str,
) -> Option<Vec<Edit>> {
    let word = stage_name_word(stage.from)?;
    let source = &file.dockerfile.source;
    // `FROM scratch` behind a stage of that name is this stage to BuildKit, and the empty image to a reader.
    let ambiguous = uses.after(&word.text, stage.index).any(|place| place.from);
    (source.slice(word.span) == word.text && !ambiguous).then(|| uses.rename(word, stage.index, new))
}
