//! `duplicate-label`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{FileFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};
use std::collections::HashMap;

declare_rule! {
    /// The same LABEL key is set twice in a stage.
    ///
    /// ## What it does
    ///
    /// Finds keys of `LABEL` that are set again further down in the same stage.
    ///
    /// ## Why is this bad?
    ///
    /// The last value wins, and the first one says something that is not so. Often a line was copied and its key not changed,
    /// and a label is missing.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// LABEL org.opencontainers.image.version="1.0"
    /// LABEL org.opencontainers.image.title="shop" \
    ///       org.opencontainers.image.version="1.1"
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// LABEL org.opencontainers.image.title="shop" \
    ///       org.opencontainers.image.version="1.1"
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the labels of the image stay as they are.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: LABEL](https://docs.docker.com/reference/dockerfile/#label)
    /// - [Docker: Object labels](https://docs.docker.com/engine/manage-resources/labels/)
    pub(super) RULE = "duplicate-label" {
        chapter: Style, level: Warning, default: On, scope: Stage, fix: Safe,
        aliases: ["tally/labels/no-duplicate-keys"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if stage.of(Keyword::Label).map(|facts| facts.instruction.pairs.len()).sum::<usize>() < 2
        || file.template().is_some()
    {
        return;
    }
    // Where each key is set last.
    let mut last: HashMap<&str, Span> = HashMap::new();
    for facts in stage.of(Keyword::Label).rev() {
        let node = facts.instruction;
        let mut outdated = vec![None; node.pairs.len()];
        for (pair, outdated) in node.pairs.iter().zip(&mut outdated).rev() {
            let key = pair.key.text.trim_matches(['"', '\'']);
            if key.is_empty() || key.contains(['$', '\\', '`', '"', '\'']) {
                continue;
            }
            match last.get(key) {
                Some(later) => *outdated = Some(*later),
                None => _ = last.insert(key, pair.key.span),
            }
        }
        let all = outdated.iter().all(Option::is_some);
        for (index, (pair, later)) in node.pairs.iter().zip(&outdated).enumerate() {
            let Some(later) = later else { continue };
            let key = pair.key.text.trim_matches(['"', '\'']);
            let source = &file.dockerfile.source;
            let place = match (source.line_of(pair.key.span.start), source.line_of(later.start)) {
                (here, line) if here == line => "in the same line".to_owned(),
                (_, line) => format!("on line {line}"),
            };
            let finding = report
                .add(
                    pair.key.span,
                    format!("The label `{key}` is set again {place}, and the last value wins."),
                )
                .related(*later, "The key is set again here.");
            let edit = if all { Some(Edit::delete(node.span)) } else { delete(file, node, index) };
            if let Some(edit) = edit {
                finding.fix(Fix::safe("Delete the value that is overwritten", vec![edit]));
            }
        }
    }
}

/// Deletes a pair and the gap to its neighbour; `None` where a comment stands in between.
fn delete(file: &FileFacts<'_>, node: &Instruction, index: usize) -> Option<Edit> {
    let pair = node.pairs.get(index)?;
    let span = match (node.pairs.get(index + 1), index.checked_sub(1)) {
        (Some(next), _) => Span::new(pair.span.start, next.span.start),
        (None, Some(before)) => Span::new(node.pairs.get(before)?.span.end, pair.span.end),
        (None, None) => node.span,
    };
    let comment = node.comments.iter().any(|comment| span.contains_offset(comment.start));
    (!comment && file.dockerfile.source.slice(span).len() > 1).then(|| Edit::delete(span))
}
