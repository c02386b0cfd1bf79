//! `unknown-instruction`.

use crate::config::nearest;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::FileFacts;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// Misspelt instruction keyword.
    ///
    /// ## What it does
    ///
    /// Finds lines whose first word is no instruction of Docker's.
    ///
    /// ## Why is this bad?
    ///
    /// The build stops before its first step. Often the line above lacks its `\`.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// RUNN true
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// RUN true
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that the nearest keyword is the one you meant.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference](https://docs.docker.com/reference/dockerfile/)
    pub(super) RULE = "unknown-instruction" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Confirm,
        aliases: ["tally/unknown-instruction"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    // Another frontend may have further instructions; a template's lines are not instructions yet.
    if file.dockerfile.has_foreign_frontend() || file.template().is_some() {
        return;
    }
    for node in &file.dockerfile.instructions {
        if node.keyword != Keyword::Unknown {
            continue;
        }
        let word: String = node.name.text.replace('`', "").chars().take(40).collect();
        let refine =
            report.add(node.name.span, format!("`{word}` is no instruction, so BuildKit refuses the file."));
        let near = nearest(&word, Keyword::ALL.map(Keyword::name)).filter(|near| {
            word.chars().all(|c| c.is_ascii_alphabetic()) && word.len().abs_diff(near.len()) <= 2
        });
        match near {
            Some(near) => refine
                .note(format!("Check that `{near}` is meant."))
                .fix(Fix::confirm(format!("Use `{near}`"), vec![Edit::replace(node.name.span, near)])),
            None => refine.note("If the line belongs to the one above, that one has to end with `\\`."),
        };
    }
}
