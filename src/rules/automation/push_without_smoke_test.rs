//! `push-without-smoke-test`.

use crate::declare_rule;
use crate::facts::{Delivery, RepositoryFacts};
use crate::repository::project::workflow::Workflow;
use crate::repository::project::{DockerCommand, Verb, docker_commands};
use crate::rules::{Check, Report};
use crate::shell::Command;
use crate::text::Span;

declare_rule! {
    /// The image is pushed without ever being started.
    ///
    /// ## What it does
    /// Looks at the scripts and workflows that build an image of this repository and push it: is the image started anywhere
    /// there, or tested by a tool for that?
    ///
    /// ## Why is this bad?
    /// Tests before packaging do not see a missing file, a start script without its executable bit or a library that is not
    /// in the image. Starting the image once before the push takes seconds and finds them.
    ///
    /// ## Example
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// docker build -t example/app:1.0 .
    /// docker push example/app:1.0
    /// ```
    ///
    /// ## Use instead
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// docker build -t example/app:1.0 .
    /// docker run --rm example/app:1.0 --version
    /// docker push example/app:1.0
    /// ```
    ///
    /// ## Fix safety
    /// There is no change to click: what shows that the image works depends on the program.
    ///
    /// ## References
    /// - [Python Speed: Your Docker build needs a smoke test](https://pythonspeed.com/articles/test-your-docker-build/)
    /// - [Docker: Test before push with GitHub Actions](https://docs.docker.com/build/ci/github-actions/test-before-push/)
    pub(super) RULE = "push-without-smoke-test" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Text,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// Words in names of steps, targets and commands that say that something is tested.
const TESTS: [&str; 9] =
    ["test", "smoke", "verify", "check", "e2e", "goss", "health", "validate", "integration"];

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let mut said: Vec<&str> = Vec::new();
    for delivery in facts.deliveries() {
        let path = delivery.document.path.as_str();
        if said.contains(&path) || delivery.runs_images() || is_tested(&delivery) {
            continue;
        }
        let Some(span) = push(&delivery) else { continue };
        said.push(path);
        let message = "The image is pushed without having been started once. A missing file or a start script that does not run shows only in production.";
        let note = if delivery.job.is_some() {
            "Build with `load: true`, start it (`docker run --rm image --version` or a health request), then push."
        } else {
            "For instance `docker run --rm image --version`, or a health request, between build and push."
        };
        report.add_in(path, span, message).about("").note(note);
    }
}

/// Where the image that was built is pushed.
fn push(delivery: &Delivery<'_>) -> Option<Span> {
    if let Some(build) = delivery.builds.iter().find(|build| build.pushes()) {
        // Parts of an image for several platforms are put together, and perhaps tested, elsewhere.
        let digest = build.outputs.iter().any(|output| output.text.contains("push-by-digest"));
        return (!digest).then(|| build.push.map_or(build.span, |push| push.span));
    }
    delivery.commands().find(|(_, command)| command.verb == Verb::Push).map(|(_, command)| command.span())
}

fn is_tested(delivery: &Delivery<'_>) -> bool {
    let names_test = |text: &str| {
        let text = text.to_ascii_lowercase();
        TESTS.iter().any(|word| text.contains(word))
    };
    if delivery.builds.iter().filter_map(|build| build.target.as_ref()).any(|target| names_test(&target.text))
    {
        return true;
    }
    match delivery.job {
        None => delivery.scripts.iter().any(|part| {
            // Tests of the source before the build do not start the image.
            let built = part.commands.iter().find(|c| matches!(c.verb, Verb::Build | Verb::Bake));
            let built = built.map_or(0, |command: &DockerCommand<'_>| command.command.span().start);
            part.script.commands().any(|command| {
                command.span().start > built && !is_harmless(command) && DockerCommand::of(command).is_none()
            })
        }),
        Some((workflow, job)) => {
            // Only what comes after the build can test the image; another job may, wherever it stands.
            let first = delivery.builds.iter().map(|build| build.span.start).min().unwrap_or(0);
            let later = job.steps.iter().filter(|step| step.span.end > first).any(|step| {
                let words = [&step.name, &step.id, &step.uses];
                words.into_iter().flatten().any(|text| names_test(&text.text))
                    || step.run.as_ref().is_some_and(|run| names_test(&run.text.text))
            });
            later || names_test(&job.id.text) || other_job_runs(workflow, &job.id.text)
        }
    }
}

/// Whether another job starts images: by command, as its container or as a service.
fn other_job_runs(workflow: &Workflow, own: &str) -> bool {
    workflow.jobs.iter().filter(|job| &*job.id.text != own).any(|job| {
        job.container.is_some()
            || !job.services.is_empty()
            || job.uses.is_some()
            || job.steps.iter().filter_map(|step| step.run.as_ref()?.script.as_deref()).any(|script| {
                docker_commands(script)
                    .any(|c| matches!(c.verb, Verb::Run | Verb::Exec | Verb::ComposeUp | Verb::ComposeRun))
            })
    })
}

/// Commands that start nothing.
fn is_harmless(command: &Command) -> bool {
    const HARMLESS: [&str; 22] = [
        "echo", "printf", "set", "cd", "export", "exit", "true", "date", "git", "[", "[[", "test", "shift",
        "local", "readonly", "source", ".", "trap", "cat", "rm", "mkdir", "pushd",
    ];
    command.words.is_empty() || command.name().is_some_and(|name| HARMLESS.contains(&name) || name == "popd")
}
