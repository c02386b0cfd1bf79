//! `syntax-directive-typo`.

use crate::declare_rule;
use crate::facts::FileFacts;
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// Typo in the `# syntax=` directive.
    ///
    /// ## What it does
    ///
    /// Finds a `# syntax=` line whose image is one or two letters away from `docker/dockerfile`. Other frontends, and copies of
    /// Docker's in another registry, are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// BuildKit fetches the image of that name to read the file. There is none, and the build stops before its first
    /// line; or there is one, and a stranger's program runs the build.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// # syntax=docker/dokcerfile:1
    /// FROM alpine:3.24
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// # syntax=docker/dockerfile:1
    /// FROM alpine:3.24
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that Docker's own frontend is meant.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: syntax](https://docs.docker.com/reference/dockerfile/#syntax)
    /// - [Docker: Custom Dockerfile syntax](https://docs.docker.com/build/buildkit/frontend/)
    pub(super) RULE = "syntax-directive-typo" {
        chapter: Build, level: Error, default: On, scope: File, fix: Confirm,
        aliases: ["tally/syntax-directive-typo"],
        check: Check::File(check),
    }
}

/// Docker's frontends.
const NAMES: [&str; 3] = ["docker/dockerfile", "docker/dockerfile-upstream", "docker.io/docker/dockerfile"];

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let Some(directive) = file.dockerfile.directives.iter().find(|d| d.name == "syntax") else { return };
    if !file.dockerfile.has_foreign_frontend() {
        return;
    }
    let image = directive.value.text.split(' ').next().unwrap_or("");
    let image = image.split('@').next().unwrap_or("");
    let slash = image.rfind('/').map_or(0, |at| at + 1);
    let name = match image.get(slash..).and_then(|last| last.find(':')) {
        Some(colon) => image.get(..slash + colon).unwrap_or(image),
        None => image,
    };
    let distance = |known: &str| {
        let near = name.len().abs_diff(known.len()) <= 2;
        near.then(|| strsim::damerau_levenshtein(name, known)).filter(|distance| (1..=2).contains(distance))
    };
    let nearest = NAMES.iter().filter_map(|known| Some((distance(known)?, *known))).min();
    let Some((_, known)) = nearest else { return };
    let start = directive.value.span.start;
    let span = Span::new(start, start + name.len() as u32);
    let shown = name.replace('`', "");
    report
        .add(span, format!("`{shown}` is not Docker's frontend. BuildKit fetches whatever image has that name to read the file."))
        .note(format!("Check that `{known}` is meant."))
        .fix(Fix::confirm(format!("Use `{known}`"), vec![Edit::replace(span, known)]));
}
