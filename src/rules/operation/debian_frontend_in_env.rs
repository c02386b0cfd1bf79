//! `debian-frontend-in-env`.

use crate::declare_rule;
use crate::dockerfile::{Keyword, Pair};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// DEBIAN_FRONTEND=noninteractive stays set in the running container.
    ///
    /// ## What it does
    ///
    /// Finds `ENV DEBIAN_FRONTEND=noninteractive` (or another value) in the stage that is shipped.
    ///
    /// ## Why is this bad?
    ///
    /// The setting is meant for the build, where nobody can answer the questions of a package. As `ENV` it is
    /// also there in every container: whoever installs a package by hand is never asked, and gets settings that
    /// nobody chose. `ARG` holds for the build only.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ENV DEBIAN_FRONTEND=noninteractive
    /// RUN apt-get update \
    ///     && apt-get install -y --no-install-recommends tzdata \
    ///     && rm -rf /var/lib/apt/lists/*
    /// CMD ["date", "-R"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ARG DEBIAN_FRONTEND=noninteractive
    /// RUN apt-get update \
    ///     && apt-get install -y --no-install-recommends tzdata \
    ///     && rm -rf /var/lib/apt/lists/*
    /// CMD ["date", "-R"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: every `RUN` below sees the same value, also in stages that are built on this one.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, ENV](https://docs.docker.com/reference/dockerfile/#env)
    /// - [Debian: debconf(7), frontends](https://manpages.debian.org/debconf.7)
    pub(super) RULE = "debian-frontend-in-env" {
        chapter: Operation, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: [],
        check: Check::Instruction(check),
    }
}

const NAME: &str = "DEBIAN_FRONTEND";

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if node.keyword != Keyword::Env || !stage.shipped {
        return;
    }
    let pairs = || node.pairs.iter().filter(|pair| pair.key.text == NAME && !is_empty(pair));
    let Some(pair) = pairs().next() else { return };
    // Also where a stage built on this one sets it back.
    let reset = file
        .with_descendants(stage)
        .iter()
        .filter(|other| other.shipped)
        .flat_map(|other| other.of(Keyword::Env))
        .filter(|later| later.index > facts.index)
        .any(|later| later.instruction.pairs.iter().any(|pair| pair.key.text == NAME));
    if reset || pairs().count() > 1 {
        return;
    }
    let finding = report.add(
        pair.span,
        "`DEBIAN_FRONTEND` stays set in every container, where it hides the questions of packages from people. `ARG` holds for the build only.",
    );
    if let Some(edits) = edits(file, facts, pair) {
        finding.fix(Fix::safe("Set `DEBIAN_FRONTEND` for the build only", edits));
    }
}

fn is_empty(pair: &Pair) -> bool {
    pair.value.as_ref().is_none_or(|value| value.text.trim_matches(['"', '\'']).is_empty())
}

fn edits(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, pair: &Pair) -> Option<Vec<Edit>> {
    let node = facts.instruction;
    let arg = file.keyword_case().write("arg");
    let (key, value) = (&pair.key, pair.value.as_ref()?);
    if let [_] = node.pairs.as_slice() {
        let mut edits = vec![Edit::replace(node.name.span, arg)];
        if !pair.equals {
            // `ENV NAME value` takes all words behind it.
            if value.text.contains([' ', '\t']) {
                return None;
            }
            edits.push(Edit::replace(Span::new(key.span.end, value.span.start), "="));
        }
        return Some(edits);
    }
    let at = node.pairs.iter().position(|other| other.span == pair.span)?;
    // Up to the next pair, or from the end of the one before: line breaks between them go as well.
    let cut = match (node.pairs.get(at + 1), at.checked_sub(1).and_then(|before| node.pairs.get(before))) {
        (Some(next), _) => Span::new(pair.span.start, next.span.start),
        (None, Some(before)) => Span::new(before.span.end, pair.span.end),
        (None, None) => return None,
    };
    if !node.comments.is_empty() {
        return None;
    }
    let offset = file.above(facts.index);
    let newline = file.dockerfile.source.newline_at(offset);
    let line = format!("{arg} {NAME}={}{newline}", value.text);
    Some(vec![Edit::insert(offset, line), Edit::delete(cut)])
}
