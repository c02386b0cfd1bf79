//! `copy-from-unknown-stage`.

use crate::config::{Level, nearest};
use crate::declare_rule;
use crate::dockerfile::ImageReference;
use crate::facts::{FileFacts, FileSource, InstructionFacts, StageFacts};
use crate::image::Image;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// --from names neither a stage, an index nor a plausible image.
    ///
    /// ## What it does
    ///
    /// Finds `COPY --from=` and `RUN --mount=…,from=` with a name that is almost that of an earlier stage, or that of a stage
    /// further down. Images, numbers and everything else that may be a build context of its own are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// What is no stage is taken for an image: BuildKit asks Docker Hub for it, and the build stops, or goes on with a
    /// stranger's files. From a stage further down nothing but its base image is there yet.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN go build -o /app .
    /// FROM alpine:3.24
    /// COPY --from=buidl /app /app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN go build -o /app .
    /// FROM alpine:3.24
    /// COPY --from=build /app /app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that the stage is meant, and not a build context that `docker build --build-context` or a bake file names.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: COPY --from](https://docs.docker.com/reference/dockerfile/#copy---from)
    /// - [Docker: Multi-stage builds](https://docs.docker.com/build/building/multi-stage/)
    pub(super) RULE = "copy-from-unknown-stage" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "DL3022", "hadolint/DL3022", "COPY '--from' Without FROM Alias Defined Previously", "DF049",
        ],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let mut circles = None;
    for stage in &file.stages {
        for source in stage.instructions.iter().flat_map(InstructionFacts::file_sources) {
            match file.stage_of(&source) {
                Some(target) if target > stage.index => {
                    let circles = circles.get_or_insert_with(|| file.stage_circles().unwrap_or_default());
                    let circle = |stage: usize| circles.get(stage).copied().flatten();
                    // A rule of its own speaks about circles.
                    if circle(stage.index).is_none() || circle(stage.index) != circle(target) {
                        later(file, &source, target, report);
                    }
                }
                Some(_) => {}
                None => misspelt(file, stage, &source, report),
            }
        }
    }
}

/// The stage comes later.
fn later(file: &FileFacts<'_>, source: &FileSource<'_>, target: usize, report: &mut Report) {
    let Some(target) = file.stages.get(target) else { return };
    let shown = source.text.replace('`', "");
    report
        .add(
            source.span,
            format!(
                "The stage `{shown}` comes later in the file. Here nothing but its base image is there yet."
            ),
        )
        .level(Level::Error)
        .related(target.from.body, "The stage begins here.")
        .note("Move the stage that has the files above this one.");
}

/// How many stages a name is compared with.
const MAX_STAGES: usize = 100;

/// No stage has that name, but one almost has it.
fn misspelt(file: &FileFacts<'_>, stage: &StageFacts<'_>, source: &FileSource<'_>, report: &mut Report) {
    let name = source.text;
    if name.contains([':', '/', '.', '@']) || name.bytes().all(|b| b.is_ascii_digit()) || is_image(name) {
        return;
    }
    let first = stage.index.saturating_sub(MAX_STAGES);
    let earlier = file.stages.get(first..stage.index).unwrap_or(&[]);
    let Some(near) = nearest(name, earlier.iter().filter_map(|stage| stage.name)) else { return };
    // `build1` and `build2`, `py39` and `py310` are names of their own.
    let letters =
        |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>().to_lowercase();
    let distance = strsim::damerau_levenshtein(&name.to_lowercase(), &near.to_lowercase());
    if distance > 2 || letters(name) == letters(near) {
        return;
    }
    let shown = name.replace('`', "");
    let finding = report
        .add(
            source.span,
            format!("No stage is called `{shown}`, so BuildKit looks for an image of that name. `{near}` is a stage."),
        )
        .note(format!("Check that `{near}` is meant, and no build context that is given to the build by name."));
    if file.dockerfile.source.slice(source.span) == name {
        finding.fix(Fix::confirm(format!("Copy from `{near}`"), vec![Edit::replace(source.span, near)]));
    }
}

/// Whether there is an official image of that name.
fn is_image(name: &str) -> bool {
    ImageReference::parse(name).is_some_and(|reference| Image::resolve(&reference).is_in_library())
}
