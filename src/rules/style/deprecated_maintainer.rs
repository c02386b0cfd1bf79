//! `deprecated-maintainer`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{FileFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// MAINTAINER is deprecated.
    ///
    /// ## What it does
    ///
    /// Finds `MAINTAINER` instructions.
    ///
    /// ## Why is this bad?
    ///
    /// Docker has deprecated `MAINTAINER` since 2017. What it sets is a single text that registries and tools do
    /// not look at, while labels are shown by them and can hold more than a name.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// MAINTAINER Ann "A." <a@example.org>
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// LABEL org.opencontainers.image.authors="Ann \"A.\" <a@example.org>"
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: only what is written about the image changes. A value in quotes keeps them; quotes inside, the escape
    /// character and `$` are escaped, because a label would read them. The line is deleted where the stage sets the
    /// label already, or where a later `MAINTAINER` of the stage replaces it.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: MAINTAINER](https://docs.docker.com/reference/dockerfile/#maintainer-deprecated)
    /// - [BuildKit check: MaintainerDeprecated](https://docs.docker.com/reference/build-checks/maintainer-deprecated/)
    /// - [OCI image annotations](https://github.com/opencontainers/image-spec/blob/main/annotations.md)
    pub(super) RULE = "deprecated-maintainer" {
        chapter: Style, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL4000", "MaintainerDeprecated", "buildkit/MaintainerDeprecated", "DS-0022", "CKV_DOCKER_6",
            "MAINTAINER Instruction Being Used", "DF019",
        ],
        check: Check::File(check),
    }
}

/// The label that says the same: the contact details of the people or organisation responsible for the image.
const LABEL: &str = "org.opencontainers.image.authors";

fn check(file: &FileFacts<'_>, report: &mut Report) {
    // BuildKit also names those before the first FROM, where they are an error besides.
    for facts in &file.globals {
        if facts.instruction.keyword == Keyword::Maintainer {
            say(facts.instruction, None, report);
        }
    }
    for stage in &file.stages {
        let maintainers = || {
            let nodes = stage.instructions.iter().map(|facts| facts.instruction);
            nodes.filter(|node| node.keyword == Keyword::Maintainer)
        };
        let Some(last) = maintainers().next_back() else { continue };
        let labelled = sets_label(stage);
        for node in maintainers() {
            let fix = if labelled {
                Some(Fix::safe("Delete it: the stage has the label", vec![Edit::delete(node.span)]))
            } else if node.span == last.span {
                as_label(file, node).map(|edits| Fix::safe("Use the label", edits))
            } else {
                Some(Fix::safe("Delete it: a later one replaces it", vec![Edit::delete(node.span)]))
            };
            say(node, fix, report);
        }
    }
}

fn say(node: &Instruction, fix: Option<Fix>, report: &mut Report) {
    let finding = report.add(
        node.name.span,
        format!("`MAINTAINER` is deprecated; registries and tools read the label `{LABEL}`."),
    );
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

fn sets_label(stage: &StageFacts<'_>) -> bool {
    let nodes = stage.instructions.iter().map(|facts| facts.instruction);
    nodes
        .filter(|node| node.keyword == Keyword::Label)
        .flat_map(|node| &node.pairs)
        .any(|pair| pair.key.text.trim_matches(['"', '\'']) == LABEL)
}

/// The instruction as a label with the same text. BuildKit takes the text of MAINTAINER as it is, and reads quotes,
/// escapes and variables in that of a label.
fn as_label(file: &FileFacts<'_>, node: &Instruction) -> Option<Vec<Edit>> {
    let text = node.rest_text();
    if text.is_empty() || !node.flags.is_empty() {
        return None;
    }
    let escape = file.dockerfile.escape;
    let keyword = file.keyword_case().write("label");
    let at = |offset: usize| node.joined.to_file((node.rest.start + offset) as u32);
    // A value that stands in quotes as a whole was meant without them.
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote) && !inner.ends_with(escape)).then_some((quote, inner))
    });
    let mut edits = vec![Edit::replace(node.name.span, keyword)];
    if let Some(('\'', _)) = inner {
        edits.push(Edit::insert(at(0), format!("{LABEL}=")));
        return Some(edits);
    }
    let (open, close, from, value) = match inner {
        Some((_, inner)) => ("", "", 1, inner),
        None => ("\"", "\"", 0, text),
    };
    edits.push(Edit::insert(at(0), format!("{LABEL}={open}")));
    for (offset, c) in value.char_indices() {
        if c == '"' || c == '$' || c == escape {
            edits.push(Edit::insert(at(from + offset), escape));
        }
    }
    if !close.is_empty() {
        edits.push(Edit::insert(at(text.len() - 1) + 1, close));
    }
    Some(edits)
}
