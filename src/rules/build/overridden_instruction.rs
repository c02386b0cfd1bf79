//! `overridden-instruction`.

use crate::declare_rule;
use crate::dockerfile::{Dockerfile, Instruction, Item, Keyword};
use crate::facts::{FileFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// More than one CMD, ENTRYPOINT or HEALTHCHECK in a stage: only the last one counts.
    ///
    /// ## What it does
    ///
    /// Finds a `CMD`, `ENTRYPOINT` or `HEALTHCHECK` that a later one of the same stage replaces. `HEALTHCHECK
    /// NONE` before a real check is left alone, and `ONBUILD` is another matter.
    ///
    /// ## Why is this bad?
    ///
    /// The earlier instruction does nothing, whatever its author hoped for: a container starts one command.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.22
    /// CMD ["migrate"]
    /// CMD ["serve"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.22
    /// CMD ["serve"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the earlier instruction is deleted, with the comment lines directly above it; the image is
    /// configured as before.
    ///
    /// ## References
    ///
    /// - [Docker: MultipleInstructionsDisallowed](https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/)
    /// - [Dockerfile reference: CMD](https://docs.docker.com/reference/dockerfile/#cmd)
    pub(super) RULE = "overridden-instruction" {
        chapter: Build, level: Warning, default: On, scope: Stage, fix: Safe,
        aliases: [
            "DL3012", "DL4003", "DL4004", "MultipleInstructionsDisallowed",
            "buildkit/MultipleInstructionsDisallowed", "DS-0007", "DS-0016", "DS-0023",
            "Multiple CMD Instructions Listed", "Multiple ENTRYPOINT Instructions Listed",
            "DF038", "DF039", "DF041",
        ],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut earlier: [Option<&Instruction>; 3] = [None; 3];
    for facts in &stage.instructions {
        let node = facts.instruction;
        let (slot, codes): (_, &[&str]) = match node.keyword {
            Keyword::Cmd => (0, &["DL4003", "DS-0016", "Multiple CMD Instructions Listed", "DF038"]),
            Keyword::Entrypoint => {
                (1, &["DL4004", "DS-0007", "Multiple ENTRYPOINT Instructions Listed", "DF039"])
            }
            Keyword::Healthcheck => (2, &["DL3012", "DS-0023", "DF041"]),
            _ => continue,
        };
        let replaced = earlier.get_mut(slot).and_then(|place| place.replace(node));
        let Some(replaced) = replaced.filter(|before| !is_none(before)) else { continue };
        let keyword = node.keyword.name();
        let message = format!(
            "Only the last `{keyword}` of a stage counts, so this one does nothing: line {} replaces it.",
            node.lines.0
        );
        let both = ["MultipleInstructionsDisallowed", "buildkit/MultipleInstructionsDisallowed"];
        let codes: Vec<&'static str> = codes.iter().chain(&both).copied().collect();
        let mut finding =
            report.add(replaced.name.span, message).codes(&codes).related(node.name.span, "replaces it");
        finding = match node.keyword {
            Keyword::Cmd => finding.note("Where both commands are meant to run, start them from one script."),
            Keyword::Entrypoint => {
                finding.note("Setting `ENTRYPOINT` also clears a `CMD` of the base image.")
            }
            _ => finding,
        };
        let edit = Edit::delete(with_comments(file.dockerfile, replaced));
        finding.fix(Fix::safe(format!("Delete the `{keyword}` that does nothing"), vec![edit]));
    }
}

/// `HEALTHCHECK NONE`, which switches off that of the base image until the real one comes.
fn is_none(node: &Instruction) -> bool {
    node.keyword == Keyword::Healthcheck
        && node.args.first().is_some_and(|word| word.text.eq_ignore_ascii_case("none"))
}

/// The lines of an instruction and of the comments that touch it.
fn with_comments(file: &Dockerfile, node: &Instruction) -> Span {
    let at = file.items.partition_point(|item| item.span().start < node.span.start);
    let above = file.items.get(..at).unwrap_or(&[]).iter().rev();
    let comments = above.take_while(|item| matches!(item, Item::Comment(_)));
    let start = comments.last().map_or(node.span.start, |item| item.span().start);
    Span::new(start, node.span.end)
}
