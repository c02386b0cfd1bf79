//! `secret-in-build-args`.

mod mounted;

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, RepositoryFacts};
use crate::repository::project::expression::expressions;
use crate::repository::project::{Build, By, Entry};
use crate::rules::secret_words::names_secret;
use crate::rules::{Check, Report};
use crate::text::Span;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;

declare_rule! {
    /// CI hands a secret to the build as a build argument.
    ///
    /// ## What it does
    ///
    /// Reports build arguments whose value is a secret of GitHub Actions, in `build-args` of a build action, in
    /// `--build-arg` of a command and through an environment variable of the step; and arguments of a Compose file
    /// whose name says that they are secret and whose value comes from the environment. User names, registry names
    /// and what is published with a web page anyway (`NEXT_PUBLIC_…`, `VITE_…`) are not meant.
    ///
    /// ## Why is this bad?
    ///
    /// Build arguments are no secrets: `docker history` shows them for the stage they are used in, and the provenance that
    /// the build action attaches to published images can list all of them. Everybody who can pull the image can read the
    /// value. A build secret is only there while the command runs that mounts it.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// COPY package.json package-lock.json .npmrc ./
    /// RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on: push
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: true
    ///           build-args: |
    ///             NPM_TOKEN=${{ secrets.NPM_TOKEN }}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// COPY package.json package-lock.json .npmrc ./
    /// RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
    /// ```
    /// ```yaml .github/workflows/image.yml
    /// on: push
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: docker/build-push-action@v6
    ///         with:
    ///           push: true
    ///           secrets: |
    ///             npm_token=${{ secrets.NPM_TOKEN }}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is a fix where the Dockerfile mounts a secret of that name already and declares no argument of it, so that only
    /// the workflow has to change. Otherwise both have to change together, and the finding says how. What was
    /// handed over before has to be replaced: published images keep it.
    ///
    /// ## References
    ///
    /// - [Docker: Build secrets](https://docs.docker.com/build/building/secrets/)
    /// - [Docker: Using secrets with GitHub Actions](https://docs.docker.com/build/ci/github-actions/secrets/)
    /// - [Docker: Build check SecretsUsedInArgOrEnv](https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/)
    pub(super) RULE = "secret-in-build-args" {
        chapter: Security, level: Error, default: On, scope: Repository, fix: Confirm,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// Names whose values a web application publishes.
const PUBLIC: [&str; 8] =
    ["NEXT_PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_", "VUE_APP_", "PUBLIC_"];

/// Ends of names of what is kept with the secrets and is none.
const NO_SECRETS: [&str; 12] = [
    "USERNAME",
    "USER",
    "REGISTRY",
    "REPOSITORY",
    "REPO",
    "OWNER",
    "REGION",
    "HOST",
    "HOSTNAME",
    "NAME",
    "VERSION",
    "EMAIL",
];

/// A secret that is handed over.
struct Handed<'f> {
    build: &'f Build,
    path: Utf8PathBuf,
    arg: &'f Entry,
    level: Level,
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    // One finding for each Dockerfile, and one for the builds whose Dockerfile is not known.
    let mut found: BTreeMap<Option<Utf8PathBuf>, Vec<Handed<'_>>> = BTreeMap::new();
    for build in &facts.project.builds {
        let Some(document) = facts.project.document_of(build) else { continue };
        let dockerfile = build.dockerfile.path();
        let file = dockerfile.and_then(|path| facts.file(path));
        for arg in &build.args {
            if !hands_secret(facts, build, arg) {
                continue;
            }
            let mut level = level(file, &arg.key.text);
            // The token of a job is worth nothing after it.
            if arg.value.as_ref().is_some_and(|value| value.text.contains("secrets.GITHUB_TOKEN")) {
                level = level.min(Level::Warning);
            }
            let list = found.entry(dockerfile.map(ToOwned::to_owned)).or_default();
            let known =
                list.iter().any(|other| other.arg.key.span == arg.key.span && other.path == document.path);
            if !known {
                list.push(Handed { build, path: document.path.clone(), arg, level });
            }
        }
    }
    for (dockerfile, handed) in found {
        let file = dockerfile.as_deref().and_then(|path| facts.file(path));
        say(facts, file, handed, report);
    }
}

fn say(
    facts: &RepositoryFacts<'_>,
    file: Option<&FileFacts<'_>>,
    mut handed: Vec<Handed<'_>>,
    report: &mut Report,
) {
    // The worst first, in order of place.
    handed.sort_by_key(|one| std::cmp::Reverse(one.level));
    let Some((first, more)) = handed.split_first() else { return };
    let mut names: Vec<String> = Vec::new();
    for one in &handed {
        let name = format!("`{}`", one.arg.key.text.replace('`', ""));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let count = names.len();
    let last = if count > 3 { format!("{} more", count - 2) } else { names.pop().unwrap_or_default() };
    names.truncate(2);
    let shown = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    let secret = if count > 1 { "secrets" } else { "secret" };
    let (be, them) = if count > 1 {
        ("are build arguments", "their values")
    } else {
        ("is a build argument", "its value")
    };
    let message = match first.level {
        Level::Error => {
            format!("The {secret} {shown} {be}: everybody who can pull the image can read {them}.")
        }
        Level::Warning => {
            format!("The {secret} {shown} {be}: the history and the provenance of the build keep {them}.")
        }
        _ => format!(
            "The {secret} {shown} {be} that no stage declares: the provenance of the build can show {them} all the same."
        ),
    };
    let id = first.arg.key.text.to_ascii_lowercase().replace('`', "");
    let fix = mounted::fix(facts, file, first.build, first.arg).filter(|_| more.is_empty());
    let mut finding = report.add_in(first.path.clone(), place(first), message).level(first.level).about("");
    for other in more.iter().take(10) {
        finding = finding.related_in(other.path.clone(), place(other), "Handed over here as well.");
    }
    let name = first.arg.key.text.replace('`', "");
    finding = finding.note(match first.build.by {
        By::Compose { .. } => format!(
            "Name it below `secrets:` of the file and of the service's `build:`, and mount it in the Dockerfile: \
             `RUN --mount=type=secret,id={id},env={name} …`."
        ),
        By::Run { .. } | By::Script { .. } => format!(
            "Hand it over with `--secret id={id},env={name}`, and mount it in the Dockerfile: \
             `RUN --mount=type=secret,id={id},env={name} …`."
        ),
        _ => format!(
            "Hand it over in `secrets: {id}=…`, and mount it in the Dockerfile: \
             `RUN --mount=type=secret,id={id},env={name} …`."
        ),
    });
    if first.level == Level::Error {
        finding = finding.note("Replace the secret afterwards: images that were published keep the old one.");
    }
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

fn place(handed: &Handed<'_>) -> Span {
    let key = handed.arg.key.span;
    handed.arg.value.as_ref().map_or(key, |value| key.cover(value.span))
}

fn hands_secret(facts: &RepositoryFacts<'_>, build: &Build, arg: &Entry) -> bool {
    let key = arg.key.text.to_ascii_uppercase();
    if PUBLIC.iter().any(|start| key.starts_with(start))
        || key.split(['_', '-']).next_back().is_some_and(|end| NO_SECRETS.contains(&end))
    {
        return false;
    }
    if matches!(build.by, By::Compose { .. }) {
        let from_outside = arg.value.as_ref().is_none_or(|value| is_variable(&value.text));
        return from_outside && names_secret(&arg.key.text);
    }
    let Some((workflow, job, step)) = facts.project.step_of(build) else { return false };
    let text = arg.value.as_ref().map(|value| &*value.text);
    if text.is_some_and(holds_secret) {
        return true;
    }
    // Through the environment: `${{ env.TOKEN }}`, `$TOKEN`, `--build-arg TOKEN`.
    let variables: Vec<&str> = match text {
        None => vec![&*arg.key.text],
        Some(text) => {
            let mut names: Vec<&str> = expressions(text)
                .into_iter()
                .filter_map(|range| text.get(range.start + 3..range.end - 2)?.trim().strip_prefix("env."))
                .collect();
            if matches!(build.by, By::Run { .. }) && is_variable(text) {
                names.push(text.trim_start_matches(['$', '{']).trim_end_matches('}'));
            }
            names
        }
    };
    variables.iter().any(|name| {
        let entries = [&step.env, &job.env, &workflow.env];
        let entry = entries.into_iter().flatten().find(|entry| &*entry.key.text == *name);
        entry.and_then(|entry| entry.value.as_ref()).is_some_and(|value| holds_secret(&value.text))
    })
}

/// `$NAME` or `${NAME}` and nothing else; of Compose also with a default that is empty or an error.
fn is_variable(text: &str) -> bool {
    let inner =
        text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).or_else(|| text.strip_prefix('$'));
    inner.is_some_and(|inner| {
        let (name, default) = inner.find([':', '?', '-']).map_or((inner, ""), |at| inner.split_at(at));
        let known = matches!(default, "" | "-" | ":-") || default.trim_start_matches(':').starts_with('?');
        known && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Whether an expression gives a secret of GitHub Actions that is one by its name.
fn holds_secret(text: &str) -> bool {
    expressions(text).into_iter().filter_map(|range| text.get(range)).any(|expression| {
        expression.match_indices("secrets.").any(|(at, word)| {
            let rest = expression.get(at + word.len()..).unwrap_or("");
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
            let name = name.to_ascii_uppercase();
            !name.split('_').next_back().is_some_and(|end| NO_SECRETS.contains(&end))
        }) || expression.contains("secrets[")
    })
}

/// An argument of a shipped stage is in the image's history; one of another stage in that of the build.
fn level(file: Option<&FileFacts<'_>>, name: &str) -> Level {
    let Some(file) = file else { return Level::Error };
    let declares =
        |keyword_pairs: &[crate::dockerfile::Pair]| keyword_pairs.iter().any(|pair| pair.key.text == name);
    let in_stages =
        file.stages.iter().filter(|stage| stage.of(Keyword::Arg).any(|arg| declares(&arg.instruction.pairs)));
    let mut level = Level::Info;
    for stage in in_stages {
        level = level.max(if stage.shipped { Level::Error } else { Level::Warning });
    }
    level
}
