//! `image-not-built-in-ci`.

use crate::declare_rule;
use crate::facts::{FileFacts, RepositoryFacts};
use crate::repository::project::Content;
use crate::rules::{Check, Report};

/// Dockerfiles that one finding points to.
const MAX_SHOWN: usize = 10;

declare_rule! {
    /// No CI file builds this Dockerfile.
    ///
    /// ## What it does
    ///
    /// Reports a Dockerfile that nothing in the repository builds: no workflow, no script, Makefile, bake file or
    /// Compose file that a workflow may run, no file of another CI system or hosting service. Where anything in
    /// the repository may build images in a way that cannot be read, nothing is reported; neither for Dockerfiles
    /// for development, tests and examples, templates and Docker actions.
    ///
    /// ## Why is this bad?
    ///
    /// A Dockerfile that is only built by hand breaks without anybody noticing, with a renamed file, a package that
    /// was withdrawn, a new base image. And what is deployed depends on who built it, and on which machine. A CI job
    /// that builds the image for each pull request shows both at once.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY app /srv/app
    /// ```
    /// ```yaml .github/workflows/ci.yml
    /// on: push
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@v5
    ///       - run: pytest
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY app /srv/app
    /// ```
    /// ```yaml .github/workflows/ci.yml
    /// on: push
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@v5
    ///       - run: pytest
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: false
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is no fix: where the image is to be built and published is for its authors to say.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Build and test your images in CI](https://docs.docker.com/build/building/best-practices/#build-and-test-your-images-in-ci)
    /// - [Docker: GitHub Actions](https://docs.docker.com/build/ci/github-actions/)
    pub(super) RULE = "image-not-built-in-ci" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: None,
        aliases: [],
        check: Check::Repository(check),
    }
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let project = facts.project;
    let has_ci = project
        .documents
        .iter()
        .any(|document| matches!(document.content, Content::Workflow(_) | Content::Unrelated));
    if !project.is_repository() || !has_ci || !project.known.builds() {
        return;
    }
    let unbuilt: Vec<&FileFacts<'_>> = facts
        .own_files()
        .filter(|file| !file.docker_action && file.stages.last().is_some_and(|stage| !stage.dev))
        .filter(|file| !project.may_build(file.path) || is_for_compose_only(facts, file))
        .collect();
    let Some((first, more)) = unbuilt.split_first().filter(|_| !facts.may_build_unseen()) else { return };
    let Some(from) = first.stages.last().map(|stage| stage.from.name.span) else { return };
    let shown = first.path.as_str().replace('`', "");
    let compose = project
        .builds_of(first.path)
        .next()
        .and_then(|build| Some((build.span, project.document_of(build)?)));
    let others = match more.len() {
        0 => String::new(),
        1 => " and another Dockerfile".to_owned(),
        n => format!(" and {n} other Dockerfiles"),
    };
    let message = match compose {
        Some((_, compose)) => format!(
            "`{shown}`{others} is built by `{}` only, which no workflow in this repository uses: when it stops \
             building, nobody notices.",
            compose.path.as_str().replace('`', "")
        ),
        None => format!(
            "Nothing that builds `{shown}`{others} was found in this repository, no workflow and no script: when it \
             stops building, nobody notices."
        ),
    };
    let mut finding = report.add_in(first.path, from, message).about("");
    if let Some((span, compose)) = compose {
        finding = finding.related_in(compose.path.clone(), span, "It is built here.");
    }
    for file in more.iter().take(MAX_SHOWN) {
        if let Some(stage) = file.stages.last() {
            finding = finding.related_in(
                file.path.to_owned(),
                stage.from.name.span,
                "Nothing builds this one either.",
            );
        }
    }
    finding.note("A job that runs `docker build` for each pull request is enough to begin with; nothing has to be pushed.");
}

/// Whether only Compose files build it, and nothing runs them.
fn is_for_compose_only(facts: &RepositoryFacts<'_>, file: &FileFacts<'_>) -> bool {
    !facts.project.builds_elsewhere(file.path) && facts.is_built_by_hand_only(file.path)
}
