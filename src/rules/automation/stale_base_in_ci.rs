//! `stale-base-in-ci`.

use crate::declare_rule;
use crate::facts::RepositoryFacts;
use crate::repository::project::workflow::{Job, Step, Workflow};
use crate::repository::project::{Build, By, Document, Verb, docker_commands};
use crate::rules::{Check, Fix, Report, step_inputs};
use crate::text::Edit;

declare_rule! {
    /// CI builds from a cached base instead of asking for the current one.
    ///
    /// ## What it does
    ///
    /// Reports two kinds of builds in workflows that take something old without asking for something newer: a build
    /// on a self-hosted runner with its own Docker, without `pull`, for the base image that was downloaded once stays
    /// there; and a build of an image to publish in a scheduled workflow, which takes its layers from a cache.
    /// A build on a new machine, or with a builder that asks the registry each time, is fine without.
    ///
    /// ## Why is this bad?
    ///
    /// A tag such as `debian:13-slim` gets security fixes by being moved to a newer image. Docker does not look for it
    /// when it has an image of that name; and a `RUN apt-get install` whose layer comes from the cache installs what was current
    /// when the layer was made. The image is called new and is not.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// COPY app /usr/local/bin/app
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on: push
    /// jobs:
    ///   image:
    ///     runs-on: [self-hosted, linux]
    ///     steps:
    ///       - uses: actions/checkout@v5
    ///       - run: docker build -t registry.example.com/app .
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// COPY app /usr/local/bin/app
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on: push
    /// jobs:
    ///   image:
    ///     runs-on: [self-hosted, linux]
    ///     steps:
    ///       - uses: actions/checkout@v5
    ///       - run: docker build --pull -t registry.example.com/app .
    /// ```
    ///
    /// ## Fix safety
    ///
    /// The build asks the registry for the current image of the same tag, or leaves the cache out in scheduled runs.
    /// Nothing is reported where the base may be an image that was built on that machine, which no registry has.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Rebuild your images often](https://docs.docker.com/build/building/best-practices/#rebuild-your-images-often)
    /// - [Docker: docker buildx build, --pull](https://docs.docker.com/reference/cli/docker/buildx/build/)
    /// - [Python Speed: Avoiding insecure images from Docker build caching](https://pythonspeed.com/articles/docker-cache-insecure-images/)
    pub(super) RULE = "stale-base-in-ci" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// What a build lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Lacks {
    pull: bool,
    no_cache: bool,
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let project = facts.project;
    for document in &project.documents {
        let mut found: Vec<(&Build, Lacks, Option<Edit>)> = Vec::new();
        for build in &project.builds {
            let own = project.document_of(build).is_some_and(|other| std::ptr::eq(other, document));
            if !own || found.iter().any(|(other, ..)| other.span == build.span) {
                continue;
            }
            let Some((workflow, job, step)) = project.step_of(build) else { continue };
            if let Some(lacks) = lacks(facts, build, workflow, job, step) {
                found.push((build, lacks, edit(facts, document, build, lacks, workflow, step)));
            }
        }
        let Some((first, lacks, _)) = found.first() else { continue };
        let message = if lacks.pull {
            "This machine keeps the base image that it downloaded once: without `--pull` the build does not ask for \
             the current one."
        } else {
            "This workflow rebuilds the image at set times, but takes the layers from the cache: until the base \
             image moves, the packages stay as old as those layers."
        };
        let mut finding = report.add_in(document.path.clone(), first.span, message).about("");
        for (other, ..) in found.iter().skip(1) {
            finding = finding.related(other.span, "The same here.");
        }
        let title = if lacks.pull {
            "Ask for the current base image"
        } else {
            "Build without the cache when scheduled"
        };
        let edits: Option<Vec<Edit>> = found.into_iter().map(|(.., edit)| edit).collect();
        if let Some(edits) = edits {
            finding.fix(Fix::safe(title, edits));
        }
    }
}

fn lacks(
    facts: &RepositoryFacts<'_>,
    build: &Build,
    workflow: &Workflow,
    job: &Job,
    step: &Step,
) -> Option<Lacks> {
    if !matches!(build.by, By::Action { build_push: true, .. } | By::Run { .. }) {
        return None;
    }
    let file = facts.file(build.dockerfile.path()?)?;
    // `pull` makes an error of a base that no registry has.
    let bases = file.external_bases();
    let moves = bases.iter().any(|base| base.image.reference.digest().is_none());
    if file.dev || bases.iter().any(|base| facts.may_be_local(base)) {
        return None;
    }
    // A label of the user's own may stand for new machines of a service.
    let own_machine = job.runs_on.iter().any(|label| label.text.eq_ignore_ascii_case("self-hosted"));
    let kept = own_machine && asks_docker(build, job, step) && !is_refreshed(job);
    let publishes = build.may_push() || pushes(job);
    let from_cache = kept || !build.cache_from.is_empty();
    let lacks = Lacks {
        pull: kept && moves && build.pull.is_none(),
        no_cache: workflow.is_scheduled() && publishes && from_cache && build.no_cache.is_none(),
    };
    (lacks.pull || lacks.no_cache).then_some(lacks)
}

/// Whether the Docker of the machine builds, with its own images: other builders ask the registry each time.
fn asks_docker(build: &Build, job: &Job, step: &Step) -> bool {
    let sets_up = job.steps.iter().any(|step| {
        let action = step.action().unwrap_or_default();
        let creates = || step.run.as_ref().is_some_and(|run| run.text.text.contains("buildx create"));
        action.contains("buildx") || creates()
    });
    let named =
        step.input("builder").is_some() || step.env.iter().any(|entry| &*entry.key.text == "BUILDX_BUILDER");
    let action = step.action().is_none_or(|action| action == "docker/build-push-action");
    !sets_up && !named && action && build.load.is_none_or(|load| load.on.is_some())
}

/// Whether the job asks for images, or throws those away that are there.
fn is_refreshed(job: &Job) -> bool {
    job.steps.iter().filter_map(|step| step.run.as_ref()).any(|run| {
        run.text.text.contains("prune")
            || run
                .script
                .as_deref()
                .is_some_and(|script| docker_commands(script).any(|c| c.verb == Verb::Pull))
    })
}

fn pushes(job: &Job) -> bool {
    let scripts = job.steps.iter().filter_map(|step| step.run.as_ref()?.script.as_deref());
    scripts.into_iter().any(|script| docker_commands(script).any(|command| command.verb == Verb::Push))
}

fn edit(
    facts: &RepositoryFacts<'_>,
    document: &Document,
    build: &Build,
    lacks: Lacks,
    workflow: &Workflow,
    step: &Step,
) -> Option<Edit> {
    let only_scheduled = workflow
        .triggers
        .iter()
        .all(|trigger| matches!(&*trigger.event.text, "schedule" | "workflow_dispatch"));
    if let Some((_, command)) = facts.project.command_of(build) {
        let verb = command.args().iter().find(|word| matches!(word.text(), "build" | "b" | "bud"))?;
        // What other triggers start is built as before.
        if lacks.no_cache && !only_scheduled {
            return None;
        }
        let pull = if lacks.pull { " --pull" } else { "" };
        let no_cache = if lacks.no_cache { " --no-cache" } else { "" };
        return Some(Edit::insert(verb.span().end, format!("{pull}{no_cache}")));
    }
    let mut inputs = Vec::new();
    if lacks.pull {
        inputs.push(("pull", "true".to_owned()));
    }
    if lacks.no_cache {
        let value = if only_scheduled { "true" } else { "${{ github.event_name == 'schedule' }}" };
        inputs.push(("no-cache", value.to_owned()));
    }
    step_inputs::add(&document.source, step, &inputs)
}
