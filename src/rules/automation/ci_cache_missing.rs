//! `ci-cache-missing`.

use crate::declare_rule;
use crate::facts::{FileFacts, RepositoryFacts};
use crate::repository::project::workflow::{Job, Runner, Step, Workflow};
use crate::repository::project::{Build, By, Document};
use crate::rules::{Check, Fix, Report, step_inputs};
use crate::shell::packages::Verb;
use std::collections::BTreeSet;

declare_rule! {
    /// The CI build starts from nothing each time.
    ///
    /// ## What it does
    ///
    /// Reports a workflow step with docker/build-push-action that neither reads nor writes a build cache, on a
    /// machine of GitHub, for a Dockerfile with more than one install step. Self-hosted runners and remote builders
    /// keep their cache themselves; workflows that run for releases only, or at set times, are to start afresh.
    ///
    /// ## Why is this bad?
    ///
    /// GitHub's machines are new for each job, so all packages are downloaded and installed again for each push, even
    /// when only a line of the application changed. With a cache, the layers that did not change are taken from the
    /// last run.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    /// COPY requirements.txt .
    /// RUN pip install --no-cache-dir -r requirements.txt
    /// COPY app app
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on: push
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/setup-buildx-action@v3
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: true
    ///           tags: acme/app:latest
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    /// COPY requirements.txt .
    /// RUN pip install --no-cache-dir -r requirements.txt
    /// COPY app app
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on: push
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/setup-buildx-action@v3
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: true
    ///           tags: acme/app:latest
    ///           cache-from: type=gha
    ///           cache-to: type=gha,mode=max
    /// ```
    ///
    /// ## Fix safety
    ///
    /// The image is the same, but the cache takes room in the 10 GB that GitHub gives to a repository, and packages
    /// are as old as the cached layer that installed them: see to it that the image is built without the cache now
    /// and then. Where the job does not set up Buildx there is no fix, because the default builder cannot write this
    /// cache.
    ///
    /// ## References
    ///
    /// - [Docker: Cache management with GitHub Actions](https://docs.docker.com/build/ci/github-actions/cache/)
    /// - [Docker: Optimize cache usage in builds](https://docs.docker.com/build/cache/optimize/)
    /// - [Docker: GitHub Actions cache](https://docs.docker.com/build/cache/backends/gha/)
    pub(super) RULE = "ci-cache-missing" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Confirm,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// A step that builds with docker/build-push-action.
struct Place<'f> {
    build: &'f Build,
    document: &'f Document,
    workflow: &'f Workflow,
    job: &'f Job,
    step: &'f Step,
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let places = places(facts);
    if places.is_empty() {
        return;
    }
    // A step that builds several Dockerfiles is reported once.
    let mut reported = BTreeSet::new();
    for file in facts.own_files().filter(|file| installs(file) > 1) {
        let own: Vec<&Place<'_>> =
            places.iter().filter(|place| place.build.dockerfile.is(file.path)).collect();
        // Where one of them has a cache, somebody decided about the others.
        if own.iter().any(|place| has_cache(place)) {
            continue;
        }
        let bare: Vec<&Place<'_>> =
            own.into_iter().filter(|place| starts_from_nothing(facts, place)).collect();
        let Some((first, more)) = bare.split_first() else { continue };
        if reported.insert((&first.document.path, first.build.span)) {
            report_one(&places, first, more, report);
        }
    }
}

fn places<'f>(facts: &'f RepositoryFacts<'_>) -> Vec<Place<'f>> {
    let project = facts.project;
    let all = project.builds.iter().filter(|build| matches!(build.by, By::Action { build_push: true, .. }));
    let read = all.filter_map(|build| {
        let (workflow, job, step) = project.step_of(build)?;
        // The first version had other inputs.
        let version = step.action_version().unwrap_or("");
        let known =
            step.action()? == "docker/build-push-action" && version != "v1" && !version.starts_with("v1.");
        known.then_some(Place { build, document: project.document_of(build)?, workflow, job, step })
    });
    read.collect()
}

/// The RUN instructions that install, download or build with a package manager.
fn installs(file: &FileFacts<'_>) -> usize {
    let runs = file.stages.iter().flat_map(|stage| &stage.instructions);
    runs.filter(|run| {
        run.calls.iter().any(|call| matches!(call.verb, Verb::Install | Verb::Download | Verb::Build))
    })
    .count()
}

fn has_cache(place: &Place<'_>) -> bool {
    ["cache-from", "cache-to"].iter().any(|name| place.step.input(name).is_some())
        || place.build.arg("BUILDKIT_INLINE_CACHE").is_some()
}

fn starts_from_nothing(facts: &RepositoryFacts<'_>, place: &Place<'_>) -> bool {
    let clean = place.build.no_cache.is_some_and(|switch| switch.on != Some(false));
    !clean
        && place.job.runner == Runner::Hosted
        && place.step.input("builder").is_none()
        && !has_remote_builder(place.job)
        && runs_for_changes(facts, place.workflow, place.document)
}

/// Whether the job builds elsewhere, where a cache may be kept.
fn has_remote_builder(job: &Job) -> bool {
    job.steps.iter().any(|step| {
        let action = step.action().unwrap_or_default();
        let set_up = action.ends_with("/setup-buildx-action");
        let own = set_up && action != "docker/setup-buildx-action";
        let driver = step.input("driver").is_some_and(|driver| driver.value() != Some("docker-container"));
        let named = ["endpoint", "append", "name"].iter().any(|name| step.input(name).is_some());
        own || (set_up && (driver || named))
            || action.starts_with("depot/")
            || action.starts_with("namespacelabs/")
    })
}

/// Whether the workflow runs for pull requests or branches: the cache of a tag is not seen by others ("Restrictions for
/// accessing a cache", docs.github.com), and scheduled builds are to start afresh.
fn runs_for_changes(facts: &RepositoryFacts<'_>, workflow: &Workflow, document: &Document) -> bool {
    let direct = |workflow: &Workflow| {
        workflow.triggers.iter().any(|trigger| match &*trigger.event.text {
            "push" => trigger.tags.is_empty() || !trigger.branches.is_empty(),
            "pull_request" | "pull_request_target" | "merge_group" => true,
            _ => false,
        })
    };
    let name = document.path.as_str();
    let calls = |other: &Workflow| {
        other
            .jobs
            .iter()
            .any(|job| job.uses.as_ref().is_some_and(|uses| uses.text.strip_prefix("./") == Some(name)))
    };
    direct(workflow) || facts.project.workflows().any(|(_, other)| calls(other) && direct(other))
}

fn report_one(all: &[Place<'_>], first: &Place<'_>, more: &[&Place<'_>], report: &mut Report) {
    let mut finding = report
        .add_in(
            first.document.path.clone(),
            first.build.span,
            "This build starts from nothing each time: GitHub's machines are new for each job, and no build cache is \
             read or written.",
        )
        .about("");
    for other in more {
        let path = other.document.path.clone();
        finding = finding.related_in(
            path,
            other.build.span,
            "This one builds the same Dockerfile without a cache.",
        );
    }
    let several = {
        let builds: BTreeSet<_> =
            all.iter().map(|place| (place.build.dockerfile.path(), target(place))).collect();
        builds.len() > 1
    };
    let matrix = all.iter().any(|other| {
        !std::ptr::eq(other.build, first.build)
            && other.build.span == first.build.span
            && other.document.path == first.document.path
    });
    let buildx =
        first.job.steps.iter().any(|step| step.action().as_deref() == Some("docker/setup-buildx-action"));
    if !buildx {
        finding.note(
            "Set up Buildx in the job (`uses: docker/setup-buildx-action@v3`), then add `cache-from: type=gha` and \
             `cache-to: type=gha,mode=max`: the default builder cannot write this cache.",
        );
        return;
    }
    if matrix {
        finding.note(
            "Add `cache-from: type=gha,scope=…` and `cache-to: type=gha,mode=max,scope=…` with the value of the \
             matrix in `scope`, so that the images do not overwrite the cache of each other.",
        );
        return;
    }
    let scope = if several { format!(",scope={}", scope(first)) } else { String::new() };
    let inputs =
        [("cache-from", format!("type=gha{scope}")), ("cache-to", format!("type=gha,mode=max{scope}"))];
    let finding = finding.note(
        "The cache counts towards the 10 GB of caches that a repository has, and what `RUN --mount=type=cache` keeps \
         is not part of it.",
    );
    if let Some(edit) = step_inputs::add(&first.document.source, first.step, &inputs) {
        finding.fix(Fix::confirm("Keep the layers in GitHub's cache", vec![edit]));
    }
}

fn target<'f>(place: &Place<'f>) -> Option<&'f str> {
    place.build.target.as_ref().map(|target| &*target.text)
}

/// A name for the cache of an image among others: from its stage, its file, its folder.
fn scope(place: &Place<'_>) -> String {
    let path = place.build.dockerfile.path();
    let name = path.and_then(|path| path.file_name()).unwrap_or("");
    let kind = name.split('.').find(|part| {
        !part.is_empty()
            && !part.eq_ignore_ascii_case("dockerfile")
            && !part.eq_ignore_ascii_case("containerfile")
    });
    let dir = path.and_then(|path| path.parent()?.file_name());
    let parts: Vec<&str> =
        [dir, kind, target(place).filter(|target| !target.contains('$'))].into_iter().flatten().collect();
    let name = if parts.is_empty() { "image".to_owned() } else { parts.join("-") };
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}
