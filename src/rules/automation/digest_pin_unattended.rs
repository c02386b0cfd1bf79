//! `digest-pin-unattended`.

use crate::declare_rule;
use crate::facts::RepositoryFacts;
use crate::repository::project::Content;
use crate::rules::{Check, Report};
use crate::text::Span;
use camino::Utf8Path;

declare_rule! {
    /// A digest pin that nobody moves shuts out security fixes.
    ///
    /// ## What it does
    ///
    /// Reports a base image that is pinned by digest (`@sha256:…`) in a repository where no bot moves digests: neither
    /// Dependabot nor Renovate is set up for that folder, or it was told to leave this image alone. Where
    /// `updates-not-automated` speaks about the repository, that one comment is enough and this is part of it.
    ///
    /// ## Why is this bad?
    ///
    /// A digest names one image for ever. That is what makes a build repeatable, and what keeps every security fix out
    /// that the tag would have brought, until somebody changes the digest. With a bot one gets both: the build is
    /// the same until a pull request with the new digest is merged.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:13-slim@sha256:1d3c811171a08a5adaa4a163fbafd96b61b87aa871bbc7aa15431ac275d3d430
    /// COPY app /usr/local/bin/app
    /// ```
    /// ```yaml .github/workflows/test.yml
    /// on: push
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - run: make test
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:13-slim@sha256:1d3c811171a08a5adaa4a163fbafd96b61b87aa871bbc7aa15431ac275d3d430
    /// COPY app /usr/local/bin/app
    /// ```
    /// ```yaml .github/dependabot.yml
    /// version: 2
    /// updates:
    ///   - package-ecosystem: docker
    ///     directory: /
    ///     schedule:
    ///       interval: weekly
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is no fix of the Dockerfile: the digest is right as long as it is kept up to date. `updates-not-automated`
    /// adds the entry to a `dependabot.yml` that is there.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions)
    /// - [Renovate: Docker, Digest pinning](https://docs.renovatebot.com/docker/#digest-pinning)
    pub(super) RULE = "digest-pin-unattended" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Text,
        aliases: [],
        check: Check::Repository(check),
    }
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let project = facts.project;
    let known =
        project.is_repository() && project.known.updates && project.known.workflows && project.known.scripts;
    if !known || facts.may_be_updated_otherwise() || rewrites_digests(facts) {
        return;
    }
    let mut found = Vec::new();
    for file in facts.own_files() {
        let dir = file.path.parent().unwrap_or(Utf8Path::new(""));
        let covered = project.updates.cover("docker", dir);
        for base in file.external_bases() {
            let Some(digest) = base.image.reference.digest().filter(|_| !base.dev) else { continue };
            let told = project
                .updates
                .dependabot
                .as_ref()
                .is_some_and(|bot| bot.entries_of("docker", dir).next().is_some());
            let ignored = if covered { is_ignored(facts, dir, base.image.reference.path()) } else { told };
            if covered && !ignored {
                continue;
            }
            let name = base.image.shown();
            // The digest is the end of the name.
            let span = match base.image.literal {
                Some(span) if span.len() as usize >= digest.len() => {
                    Span::new(span.end - digest.len() as u32, span.end)
                }
                _ => base.span,
            };
            found.push((file.path, span, name, ignored));
        }
    }
    let Some(((path, span, name, ignored), more)) = found.split_first() else { return };
    let why = match (*ignored, project.updates.renovate.is_some()) {
        (true, _) => "Dependabot is told to leave it alone here",
        (false, true) => "Renovate is told to leave it alone here",
        (false, false) => "no bot that moves it was found in this repository",
    };
    let mut finding = report
        .add_in(
            (*path).to_owned(),
            *span,
            format!("This digest keeps `{name}` as it is, without any security fix: {why}."),
        )
        .about("");
    for (path, span, name, _) in more.iter().take(10) {
        finding = finding.related_in((*path).to_owned(), *span, format!("`{name}` as well."));
    }
    if !ignored && project.updates.renovate.is_none() {
        let dir = path.parent().map_or("", Utf8Path::as_str).replace('`', "");
        finding.note(format!(
            "In `.github/dependabot.yml`: `{{package-ecosystem: docker, directory: /{dir}, schedule: {{interval: weekly}}}}` \
             below `updates:`. Renovate has it on by default."
        ));
    }
}

/// Whether Dependabot is told to ignore an image in a folder.
fn is_ignored(facts: &RepositoryFacts<'_>, dir: &Utf8Path, path: &str) -> bool {
    let updates = &facts.project.updates;
    let Some(bot) =
        updates.dependabot.as_ref().filter(|_| updates.renovate.is_none() && updates.others.is_empty())
    else {
        return false;
    };
    let short = path.strip_prefix("library/").unwrap_or(path);
    let mut entries = bot.entries_of("docker", dir).peekable();
    entries.peek().is_some()
        && entries.all(|entry| {
            // `versions:` and `update-types:` leave something to update.
            let source =
                updates.dependabot.as_ref().and_then(|bot| facts.project.documents.get(bot.document));
            let text = source.map_or("versions", |document| document.source.slice(entry.span));
            !text.contains("versions")
                && !text.contains("update-types")
                && entry.ignore.iter().any(|name| &*name.text == short || &*name.text == "*")
        })
}

/// Whether a script of the repository writes digests.
fn rewrites_digests(facts: &RepositoryFacts<'_>) -> bool {
    facts.project.documents.iter().any(|document| {
        let text = document.source.text();
        matches!(document.content, Content::Script(_) | Content::Workflow(_) | Content::Unrelated)
            && (text.contains("sha256") || text.contains("digest"))
            && ["sed ", "crane digest", "imagetools inspect", "skopeo inspect", "perl "]
                .iter()
                .any(|tool| text.contains(tool))
    })
}
