//! `redundant-platform`.

use crate::declare_rule;
use crate::facts::{FileFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// FROM --platform=$TARGETPLATFORM is the default.
    ///
    /// ## What it does
    ///
    /// Finds `FROM --platform=$TARGETPLATFORM`. Forms with a fallback, `${TARGETPLATFORM:-linux/amd64}`, and files that
    /// give a global `ARG TARGETPLATFORM` a value of their own are left alone: they do something.
    ///
    /// ## Why is this bad?
    ///
    /// `FROM` builds for the target platform anyway. The flag makes a reader look for the stage that is built for
    /// another one.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM --platform=$TARGETPLATFORM alpine:3.24
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the image is built for the same platform.
    ///
    /// ## References
    ///
    /// - [BuildKit check: RedundantTargetPlatform](https://docs.docker.com/reference/build-checks/redundant-target-platform/)
    /// - [Dockerfile reference: FROM](https://docs.docker.com/reference/dockerfile/#from)
    pub(super) RULE = "redundant-platform" {
        chapter: Style, level: Style, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3065", "RedundantTargetPlatform", "buildkit/RedundantTargetPlatform", "DF083"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(flag) = stage.from.flag("platform") else { return };
    let value = flag.value.as_ref().map_or("", |value| value.text.as_str());
    if !matches!(value, "$TARGETPLATFORM" | "${TARGETPLATFORM}") || is_set_by_file(file) {
        return;
    }
    let edit = without(file, flag.span).map(|span| Fix::safe("Drop the flag", vec![Edit::delete(span)]));
    let finding = report.add(
        flag.span,
        format!("`--platform={value}` says what `FROM` does without it; a reader looks for a difference."),
    );
    if let Some(fix) = edit {
        finding.fix(fix);
    }
}

fn is_set_by_file(file: &FileFacts<'_>) -> bool {
    let pairs = file.globals.iter().flat_map(|facts| &facts.instruction.pairs);
    pairs.into_iter().any(|pair| pair.key.text == "TARGETPLATFORM" && pair.value.is_some())
}

/// The flag and one blank beside it.
fn without(file: &FileFacts<'_>, flag: Span) -> Option<Span> {
    let text = file.dockerfile.source.text();
    let is_blank = |at: usize| matches!(text.as_bytes().get(at), Some(b' ' | b'\t'));
    let range = flag.range();
    if is_blank(range.end) {
        return Some(Span::new(flag.start, flag.end + 1));
    }
    (range.start > 0 && is_blank(range.start - 1)).then(|| Span::new(flag.start - 1, flag.end))
}
