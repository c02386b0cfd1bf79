//! `uppercase-stage-name`.

use crate::declare_rule;
use crate::facts::{FileFacts, stage_name_word};
use crate::rules::{Check, Fix, Report};
use crate::text::Span;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::HashMap;

declare_rule! {
    /// A stage name has upper-case letters.
    ///
    /// ## What it does
    ///
    /// Finds `AS Name` with an upper-case letter.
    ///
    /// ## Why is this bad?
    ///
    /// BuildKit keeps stage names in lower case. `COPY --from=Name` finds the stage all the same, but `FROM Name` does not:
    /// it asks a registry for an image of that name, which is no valid one.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS Build
    /// RUN go build -o /app .
    /// FROM alpine:3.24
    /// COPY --from=Build /app /app
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
    /// Must be confirmed: the name and all its uses in the file change together; what stands in other files is not
    /// changed, and no fix is offered where a compose file, a bake file, a Makefile or a workflow names the stage as its
    /// target.
    ///
    /// ## References
    ///
    /// - [BuildKit check: StageNameCasing](https://docs.docker.com/reference/build-checks/stage-name-casing/)
    pub(super) RULE = "uppercase-stage-name" {
        chapter: Style, level: Style, default: On, scope: File, fix: Confirm,
        aliases: ["StageNameCasing", "buildkit/StageNameCasing", "DF085"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let has_upper = |name: &str| name.chars().any(char::is_uppercase);
    if !file.stages.iter().any(|stage| stage.name.is_some_and(has_upper)) {
        return;
    }
    let (uses, counts, targets) = (file.stage_uses(), file.stage_name_counts(), targets(file));
    for stage in &file.stages {
        let Some(word) = stage_name_word(stage.from).filter(|word| has_upper(&word.text)) else { continue };
        let lower = word.text.to_lowercase();
        let name = word.text.replace('`', "");
        let mut finding = report.add(
            word.span,
            format!(
                "The stage name `{name}` has upper-case letters; BuildKit keeps it as `{}`.",
                lower.replace('`', "")
            ),
        );
        for place in uses.after(&word.text, stage.index).filter(|place| place.from && place.text != lower) {
            finding = finding.related(place.span, "`FROM` compares case here, and does not find the stage.");
        }
        if let Some((path, span)) = targets.get(&word.text) {
            finding
                .related_in(path.clone(), *span, "The stage is named as a target here.")
                .note(format!("Change the name in `{}` as well.", path.as_str().replace('`', "")));
            continue;
        }
        let reserved = matches!(lower.as_str(), "scratch" | "context");
        let single = counts.get(&word.text.to_ascii_lowercase()) == Some(&1);
        if single && !reserved && file.dockerfile.source.slice(word.span) == word.text {
            finding.note("Check scripts and tools that look for the stage by its name.").fix(Fix::confirm(
                format!("Write `{lower}` everywhere"),
                uses.rename(word, stage.index, &lower),
            ));
        }
    }
}

/// Files beside the Dockerfile, and at the root, that may name a stage to build.
const BUILD_FILES: [&str; 7] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "docker-bake.hcl",
    "docker-bake.json",
    "Makefile",
];

/// The most workflows that are read.
const MAX_WORKFLOWS: usize = 30;

/// Names that the files around name as targets, as written: `target: Name`, `--target Name`, `target = "Name"`.
fn targets(file: &FileFacts<'_>) -> HashMap<String, (Utf8PathBuf, Span)> {
    let mut paths: Vec<Utf8PathBuf> = BUILD_FILES.iter().map(|name| file.context.join(name)).collect();
    if !file.context.as_str().is_empty() {
        paths.extend(BUILD_FILES.iter().map(Utf8PathBuf::from));
    }
    let workflows = Utf8Path::new(".github/workflows");
    let entries = file.tree.list(workflows).found().unwrap_or_default();
    let yaml = entries.iter().map(|(name, _)| workflows.join(name));
    paths.extend(yaml.filter(|path| matches!(path.extension(), Some("yml" | "yaml"))).take(MAX_WORKFLOWS));
    let mut out = HashMap::new();
    for path in paths {
        let Some(text) = file.tree.read(&path).found() else { continue };
        for (at, word) in text.match_indices("target") {
            let start = at + word.len();
            let rest = &text[start..];
            let name_at = rest.len() - rest.trim_start_matches([' ', ':', '=', '"', '\'']).len();
            let name = &rest[name_at..];
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
            if name_at > 0 && end > 0 {
                let span = Span::new((start + name_at) as u32, (start + name_at + end) as u32);
                out.entry(name[..end].to_owned()).or_insert_with(|| (path.clone(), span));
            }
        }
    }
    out
}
