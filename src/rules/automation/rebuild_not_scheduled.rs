//! `rebuild-not-scheduled`.

use crate::declare_rule;
use crate::facts::RepositoryFacts;
use crate::repository::project::workflow::Workflow;
use crate::repository::project::{Build, Content, Verb, docker_commands};
use crate::rules::{Check, Report};

declare_rule! {
    /// The image is only rebuilt when somebody commits.
    ///
    /// ## What it does
    ///
    /// Reports the workflow that pushes an image when nothing rebuilds the image at set times and no bot updates its
    /// base: no workflow of the repository has a schedule that builds it or starts the workflow that does. Silent
    /// where another repository, another workflow or another CI system may start the build, and where images are pushed for
    /// pull requests only.
    ///
    /// ## Why is this bad?
    ///
    /// The packages in a published image get older from the day it was built, and so do the security holes in them. In weeks
    /// without a commit nobody builds the image again, although fixes are there. A scheduled build without cache, with the
    /// current base, brings them.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// COPY app /usr/local/bin/app
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on:
    ///   push:
    ///     branches: [main]
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: true
    ///           tags: acme/app:latest
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// COPY app /usr/local/bin/app
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on:
    ///   push:
    ///     branches: [main]
    ///   schedule:
    ///     - cron: "17 4 * * 1"
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: true
    ///           pull: true
    ///           no-cache: ${{ github.event_name == 'schedule' }}
    ///           tags: acme/app:latest
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is no fix: a schedule publishes images, so when and from which branch or tag is for the authors to say.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Rebuild your images often](https://docs.docker.com/build/building/best-practices/#rebuild-your-images-often)
    /// - [Python Speed: Staying secure by breaking Docker caching](https://pythonspeed.com/articles/docker-cache-insecure-images/)
    /// - [GitHub: Events that trigger workflows, schedule](https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule)
    pub(super) RULE = "rebuild-not-scheduled" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Text,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// What a scheduled workflow does when it starts another one.
const STARTS_OTHERS: [&str; 6] = [
    "gh workflow run",
    "workflow-dispatch",
    "workflow_dispatch",
    "/dispatches",
    "repository-dispatch",
    "git tag",
];

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let project = facts.project;
    if !project.is_repository()
        || !project.known.workflows
        || !project.known.updates
        || facts.may_be_updated_otherwise()
        || is_scheduled(facts)
    {
        return;
    }
    let mut pushing = project.builds.iter().filter_map(|build| {
        let document = project.document_of(build)?;
        let (workflow, job, _) = project.step_of(build)?;
        let in_job = || {
            job.steps.iter().filter_map(|step| step.run.as_ref()?.script.as_deref()).any(|script| {
                docker_commands(script)
                    .any(|c| matches!(c.verb, Verb::Push | Verb::ImageTools) || c.is_on("push"))
            })
        };
        ((build.may_push() || in_job()) && is_for_commits(workflow) && is_stale(facts, build))
            .then_some((build, document, workflow))
    });
    let Some((build, document, workflow)) = pushing.next() else { return };
    let releases = !workflow.triggers.iter().any(|trigger| {
        &*trigger.event.text == "workflow_call"
            || (&*trigger.event.text == "push" && (trigger.tags.is_empty() || !trigger.branches.is_empty()))
    });
    let span = place(build, workflow);
    let mut finding = report
        .add_in(
            document.path.clone(),
            span,
            "The image is built again only when somebody commits: fixes in its base image and its packages wait for \
             that. No schedule and no bot that updates the base was found in this repository.",
        )
        .about("")
        .note(
            "For example `schedule: [{cron: \"17 4 * * 1\"}]` below `on:`, with `pull: true` and \
             `no-cache: ${{ github.event_name == 'schedule' }}` in the build.",
        );
    if releases {
        finding = finding.note(
            "A scheduled run has the default branch: check out the newest tag in it, so that the released version is \
             what is built again.",
        );
    }
    finding.related(build.span, "The image is built here.");
}

/// `on: push`: the first event that starts the workflow.
fn place(build: &Build, workflow: &Workflow) -> crate::text::Span {
    workflow.triggers.first().map_or(build.span, |trigger| trigger.event.span)
}

/// Whether a workflow runs at set times and builds, or may start one that does; or another CI system may do so.
fn is_scheduled(facts: &RepositoryFacts<'_>) -> bool {
    let project = facts.project;
    project.documents.iter().enumerate().any(|(index, document)| {
        let text = document.source.text();
        match &document.content {
            Content::OtherCi | Content::Hosting => true,
            Content::Workflow(workflow) if workflow.is_scheduled() => {
                project.builds.iter().any(|build| build.document == index)
                    || workflow.jobs.iter().any(|job| job.uses.is_some())
                    || workflow.steps().any(|(_, step)| {
                        step.uses.as_ref().is_some_and(|uses| uses.text.starts_with("./"))
                            || step.action().is_some_and(|a| a.contains("docker") || a.contains("release"))
                    })
                    || text.contains("docker")
                    || STARTS_OTHERS.iter().any(|sign| text.contains(sign))
            }
            Content::Unrelated => {
                text.contains("schedule:") && STARTS_OTHERS.iter().any(|sign| text.contains(sign))
            }
            _ => false,
        }
    })
}

/// Whether commits, tags or people start a workflow and nothing from outside.
fn is_for_commits(workflow: &Workflow) -> bool {
    let is = |names: &[&str]| workflow.triggers.iter().any(|trigger| names.contains(&&*trigger.event.text));
    is(&["push", "release", "create", "workflow_dispatch"])
        && !is(&["repository_dispatch", "workflow_run", "workflow_call", "registry_package"])
}

/// Whether the image has a base that no bot updates.
fn is_stale(facts: &RepositoryFacts<'_>, build: &Build) -> bool {
    let Some(file) = build.dockerfile.path().and_then(|path| facts.file(path)) else { return false };
    let dir = file.path.parent().unwrap_or_else(|| "".into());
    let bases = file.external_bases();
    !file.dev
        && file.template().is_none()
        && bases.iter().any(|base| base.shipped && !facts.may_be_local(base))
        && facts.project.updates.renovate.is_none()
        && !facts.project.updates.cover("docker", dir)
}
