//! `invalid-onbuild`.

use crate::config::nearest;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::FileFacts;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// ONBUILD with a forbidden or misspelt trigger.
    ///
    /// ## What it does
    ///
    /// Finds `ONBUILD` with `FROM`, `MAINTAINER` or another `ONBUILD` behind it, and with a word that is no instruction.
    ///
    /// ## Why is this bad?
    ///
    /// BuildKit refuses the first three. A misspelt instruction is only noticed when somebody builds an image on this one:
    /// then that build stops, at a line that is not in its file.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ONBUILD CPOY . /app/
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ONBUILD COPY . /app/
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that the nearest instruction is the one you meant. Nothing is offered for a trigger that is forbidden.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: ONBUILD](https://docs.docker.com/reference/dockerfile/#onbuild)
    pub(super) RULE = "invalid-onbuild" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Confirm,
        aliases: ["DL3043", "hadolint/DL3043", "tally/invalid-onbuild-trigger", "DF068"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    for node in file.dockerfile.instructions.iter().filter(|node| node.keyword == Keyword::Onbuild) {
        let Some(trigger) = node.trigger.as_deref() else { continue };
        let forbidden = matches!(trigger.keyword, Keyword::From | Keyword::Maintainer | Keyword::Onbuild);
        if !forbidden && trigger.keyword != Keyword::Unknown {
            continue;
        }
        // Another frontend may have further instructions; a template's lines are not instructions yet.
        if file.dockerfile.has_foreign_frontend() || file.template().is_some() {
            return;
        }
        let at = trigger.name.span;
        if forbidden {
            let name = trigger.keyword.name();
            let finding =
                report.add(at, format!("`ONBUILD` cannot hold `{name}`. BuildKit refuses the file."));
            finding.note(match trigger.keyword {
                Keyword::Onbuild => {
                    "Triggers run in the next image only, and cannot be handed on to the one after it."
                }
                Keyword::Maintainer => "Write `LABEL org.opencontainers.image.authors=…` in its place.",
                _ => "The image that is built on this one names its base itself.",
            });
            continue;
        }
        let word: String = trigger.name.text.replace('`', "").chars().take(40).collect();
        let finding = report
            .add(at, format!("`{word}` is no instruction, so every build of an image on this one stops."));
        let allowed = Keyword::ALL
            .into_iter()
            .filter(|word| !matches!(word, Keyword::From | Keyword::Maintainer | Keyword::Onbuild))
            .map(Keyword::name);
        let near = nearest(&word, allowed).filter(|near| {
            let letters = word.chars().all(|c| c.is_ascii_alphabetic());
            letters && strsim::damerau_levenshtein(&word.to_ascii_uppercase(), near) <= 2
        });
        if let Some(near) = near {
            finding
                .note(format!("Check that `{near}` is meant."))
                .fix(Fix::confirm(format!("Use `{near}`"), vec![Edit::replace(at, near)]));
        }
    }
}
