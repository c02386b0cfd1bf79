//! `circular-stages`.

use crate::declare_rule;
use crate::facts::{Base, FileFacts, InstructionFacts};
use crate::rules::{Check, Report};
use crate::text::Span;
use std::collections::{BTreeSet, HashMap, VecDeque};

declare_rule! {
    /// Stages depend on each other in a circle.
    ///
    /// ## What it does
    ///
    /// Follows `FROM`, `COPY --from=` and `RUN --mount=…,from=` from stage to stage, and finds the ways that lead back to
    /// where they began.
    ///
    /// ## Why is this bad?
    ///
    /// None of these stages can be built first, so the build stops.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS assets
    /// COPY --from=build /src/static /static
    /// FROM alpine:3.24 AS build
    /// COPY --from=assets /static /src/static
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS assets
    /// COPY static /static
    /// FROM alpine:3.24 AS build
    /// COPY --from=assets /static /src/static
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: which of the steps has to go is the author's to know.
    ///
    /// ## References
    ///
    /// - [Docker: Multi-stage builds](https://docs.docker.com/build/building/multi-stage/)
    pub(super) RULE = "circular-stages" {
        chapter: Build, level: Error, default: On, scope: File, fix: None,
        aliases: ["tally/circular-stage-deps"],
        check: Check::File(check),
    }
}

/// How many steps of a circle are shown.
const MAX_STEPS: usize = 6;

fn check(file: &FileFacts<'_>, report: &mut Report) {
    if file.stages.len() < 2 {
        return;
    }
    let Some(circles) = file.stage_circles() else { return };
    let circle_of = |stage: usize| circles.get(stage).copied().flatten();
    let mut told = BTreeSet::new();
    for stage in &file.stages {
        let Some(circle) = circle_of(stage.index).filter(|circle| !told.contains(circle)) else { continue };
        let sources = stage.instructions.iter().flat_map(InstructionFacts::file_sources);
        let found = sources.into_iter().find_map(|source| {
            let target = file.stage_of(&source)?;
            (target > stage.index && circle_of(target) == Some(circle)).then_some((source.span, target))
        });
        // The line that looks ahead is the one to think about.
        let Some((span, target)) = found else { continue };
        told.insert(circle);
        let way = way(file, target, stage.index, |stage| circle_of(stage) == Some(circle));
        let name = |index: usize| match file.stages.get(index).and_then(|stage| stage.name) {
            Some(name) => format!("`{}`", name.replace('`', "")),
            None => format!("number {index}"),
        };
        let mut finding = if let [_] = way.as_slice() {
            report.add(
                span,
                format!(
                    "Stage {} needs {}, which needs {0} in turn. Neither can be built first.",
                    name(stage.index),
                    name(target)
                ),
            )
        } else {
            let names: Vec<String> = way.iter().take(MAX_STEPS).map(|(from, _)| name(*from)).collect();
            report.add(
                span,
                format!(
                    "Stage {} needs {}, and that needs {0} again. None of them can be built first.",
                    name(stage.index),
                    names.join(", which needs ")
                ),
            )
        };
        for (from, span) in way.into_iter().take(MAX_STEPS) {
            finding = finding.related(span, format!("Stage {} needs the next one.", name(from)));
        }
    }
}

/// The shortest way from a stage to another one: each stage on it but the last, and the place that leads on.
fn way(file: &FileFacts<'_>, from: usize, to: usize, inside: impl Fn(usize) -> bool) -> Vec<(usize, Span)> {
    let mut reached: HashMap<usize, (usize, Span)> = HashMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(stage) = queue.pop_front().and_then(|index| file.stages.get(index)) {
        let sources = stage.instructions.iter().flat_map(InstructionFacts::file_sources);
        let mut steps: Vec<(usize, Span)> =
            sources.filter_map(|source| Some((file.stage_of(&source)?, source.span))).collect();
        if let Base::Stage(parent) = stage.base {
            let span = stage.from.args.first().map_or(stage.from.name.span, |word| word.span);
            steps.push((parent, span));
        }
        for (next, span) in steps.into_iter().filter(|(next, _)| inside(*next)) {
            if next != from && !reached.contains_key(&next) {
                reached.insert(next, (stage.index, span));
                queue.push_back(next);
            }
        }
        if reached.contains_key(&to) {
            break;
        }
    }
    let mut out = Vec::new();
    let mut at = to;
    while let Some((before, span)) = reached.get(&at).copied() {
        out.push((before, span));
        at = before;
    }
    out.reverse();
    out
}
