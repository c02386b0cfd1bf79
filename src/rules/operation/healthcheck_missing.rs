//! `healthcheck-missing`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{Base, FileFacts, RepositoryFacts, StageFacts};
use crate::repository::project::compose::Dependency;
use crate::repository::project::{Build, By};
use crate::rules::{Check, Report};
use crate::text::Span;
use camino::Utf8PathBuf;

declare_rule! {
    /// A compose file waits for health that the image never reports.
    ///
    /// ## What it does
    ///
    /// Reports an image that a service of a Compose file is built from, when another service waits for it with
    /// `condition: service_healthy`, and neither the Dockerfile nor a Compose file beside has a health check for it.
    /// An image that nobody waits for is not reported: orchestrators such as Kubernetes ignore HEALTHCHECK.
    ///
    /// ## Why is this bad?
    ///
    /// Compose refuses to start the waiting service: "container … has no healthcheck configured". The application does
    /// not come up at all.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM nginx:1.29-alpine
    /// COPY site /usr/share/nginx/html
    /// ```
    /// ```yaml compose.yaml
    /// services:
    ///   web:
    ///     build: .
    ///   tests:
    ///     image: curlimages/curl:8.16.0
    ///     depends_on:
    ///       web:
    ///         condition: service_healthy
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM nginx:1.29-alpine
    /// COPY site /usr/share/nginx/html
    /// HEALTHCHECK CMD ["wget", "-q", "--spider", "http://localhost/"]
    /// ```
    /// ```yaml compose.yaml
    /// services:
    ///   web:
    ///     build: .
    ///   tests:
    ///     image: curlimages/curl:8.16.0
    ///     depends_on:
    ///       web:
    ///         condition: service_healthy
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is no fix: what shows that a service is healthy is for its authors to say.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, HEALTHCHECK](https://docs.docker.com/reference/dockerfile/#healthcheck)
    /// - [Docker: Control startup and shutdown order in Compose](https://docs.docker.com/compose/how-tos/startup-order/)
    pub(super) RULE = "healthcheck-missing" {
        chapter: Operation, level: Info, default: On, scope: Repository, fix: None,
        aliases: [
            "DL3057", "hadolint/DL3057", "DS-0026", "CKV_DOCKER_2", "Healthcheck Instruction Missing", "DF012",
        ],
        check: Check::Repository(check),
    }
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let waited_for = |build: &&Build| matches!(build.by, By::Compose { .. }) && waits(facts, build).is_some();
    // Facts of a Dockerfile are computed only where somebody waits for its image.
    let files = facts.files.iter().filter(|file| facts.project.builds_of(&file.path).any(|b| waited_for(&b)));
    for file in files.filter_map(|file| facts.file(&file.path)) {
        let mut builds =
            facts.project.builds_of(file.path).filter(|build| matches!(build.by, By::Compose { .. }));
        let found = builds.find_map(|build| {
            let stage = stage_of(file, build)?;
            if !is_without_check(file, stage) {
                return None;
            }
            Some((stage, waits(facts, build)?))
        });
        let Some((stage, (path, span, waiting, service))) = found else { continue };
        report
            .add_in(
                file.path.to_owned(),
                stage.from.name.span,
                format!(
                    "`{waiting}` in `{}` waits until `{service}` is healthy, but this image has no HEALTHCHECK: Compose \
                     does not start `{waiting}`.",
                    path.as_str().replace('`', "")
                ),
            )
            .level(Level::Warning)
            .whole_stage()
            .related_in(path, span, "It is waited for here.")
            .note(
                "Add a `HEALTHCHECK` to the image, or a `healthcheck:` to the service; it has to use a program that the \
                 image has. To wait only until the container runs, take `condition: service_started`.",
            );
    }
}

/// The stage that a build makes an image of.
fn stage_of<'f, 'a>(file: &'f FileFacts<'a>, build: &Build) -> Option<&'f StageFacts<'a>> {
    let Some(target) = &build.target else { return file.stages.last() };
    let name = target.value()?;
    let index = file.names.named(name, file.stages.len()).or_else(|| name.parse::<usize>().ok())?;
    file.stages.get(index)
}

/// Whether neither the stage nor what it is built on has a health check, or says that it wants none. Official images have none
/// ("Docker Official Images", review guidelines); of others nobody knows.
fn is_without_check(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let mut stage = stage;
    loop {
        if stage.of(Keyword::Healthcheck).next().is_some() {
            return false;
        }
        match &stage.base {
            Base::Stage(parent) if *parent < stage.index => match file.stages.get(*parent) {
                Some(parent) => stage = parent,
                None => return false,
            },
            Base::Scratch => return true,
            Base::Image(base) => {
                return base.image.official && base.defaults.distribution.is_some() && base.said.is_none();
            }
            Base::Stage(_) | Base::Unknown => return false,
        }
    }
}

/// The service that waits for the health of what is built, with its file and the place; names of both.
fn waits(facts: &RepositoryFacts<'_>, build: &Build) -> Option<(Utf8PathBuf, Span, String, String)> {
    let project = facts.project;
    let (document, service) = (project.document_of(build)?, project.service_of(build)?);
    let name = &*service.name.text;
    // Compose merges files of one folder: `compose.override.yaml`, `-f`.
    let beside = || project.compose_files().filter(|(_, other, _)| other.dir() == document.dir());
    let has_check = beside().any(|(_, _, compose)| {
        compose.partial
            || compose.service(name).is_some_and(|service| service.extends || service.healthcheck.is_some())
    });
    if has_check || !project.known.compose {
        return None;
    }
    let is_for_health = |dependency: &Dependency| {
        dependency.condition.as_ref().and_then(|condition| condition.value()) == Some("service_healthy")
    };
    beside().find_map(|(_, other, compose)| {
        let (waiting, dependency) =
            compose.waits_for(name).find(|(_, dependency)| is_for_health(dependency))?;
        let span = dependency.condition.as_ref().map_or(dependency.service.span, |condition| condition.span);
        let plain = |text: &str| text.replace('`', "");
        Some((other.path.clone(), span, plain(&waiting.name.text), plain(name)))
    })
}
