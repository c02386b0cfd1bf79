//! Whether anything behind an install needs what is only for development.

use super::Here;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, launches};
use crate::repository::package_json::PackageJson;
use crate::shell::packages::{PackageCommand, Verb};
use crate::shell::{Command, Word};
use camino::Utf8Path;

/// Whether something needs it, as far as that is known. Where something does, there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// The command of the container is known, and does not.
    No,
    /// What the container starts is not known.
    Unknown,
}

/// Scripts of a `package.json` that an install runs.
pub(super) enum Scripts {
    /// There are none.
    None,
    /// This one, which seems not to need anything.
    Some(&'static str),
    /// One that needs a development dependency.
    Need,
}

/// Programs that run whatever somebody has written down.
const ANYTHING: [&str; 9] = ["make", "just", "task", "sh", "bash", "ash", "tox", "nox", "invoke"];

/// How many commands behind an install are looked at.
const MAX_BEHIND: usize = 500;

/// The commands that run behind the install: in the rest of its RUN, and in later ones.
fn commands_behind<'f>(
    here: &'f Here<'_, '_>,
) -> impl Iterator<Item = (&'f Command, Option<&'f PackageCommand<'f>>)> {
    let install = here.step.command;
    let rest = here.run.steps().skip_while(move |step| !std::ptr::eq(step.command, install)).skip(1);
    let stages = here.file.with_descendants(here.stage);
    let later =
        stages.into_iter().flat_map(|stage| stage.of(Keyword::Run)).filter(|run| run.index > here.run.index);
    let all = rest.chain(later.flat_map(InstructionFacts::steps)).take(MAX_BEHIND);
    all.map(|step| (step.command, step.call))
}

/// The final stage that the install ends up in.
fn last<'f>(file: &'f FileFacts<'_>, stage: &StageFacts<'_>) -> Option<&'f StageFacts<'f>> {
    file.with_descendants(stage).into_iter().find(|stage| stage.last)
}

/// Whether a path has this extension.
fn has_extension(path: &str, extension: &str) -> bool {
    Utf8Path::new(path).extension() == Some(extension)
}

fn runs_anything(command: &Command) -> bool {
    let name = command.name().unwrap_or("");
    let script = command
        .name_word()
        .is_some_and(|word| word.text().starts_with("./") || has_extension(word.text(), "sh"));
    script || command.name().is_none() && !command.words.is_empty() || ANYTHING.contains(&name)
}

/// The words of the commands that the container runs; `None` where that is not known.
fn start_words<'f>(file: &'f FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Vec<&'f [String]>> {
    let launches = launches(last(file, stage)?);
    (!launches.is_empty()).then(|| launches.iter().map(|launch| launch.words.as_slice()).collect())
}

fn names_one(text: &str, names: &[String]) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '/' | '=' | '"' | '\'' | ':' | ';' | '&' | '|'))
        .any(|word| names.iter().any(|name| name == word || name.rsplit('/').next() == Some(word)))
}

/// Programs of Node projects that build or test.
fn builds_node(command: &Command, call: Option<&PackageCommand<'_>>) -> bool {
    if runs_anything(command) {
        return true;
    }
    let name = command.name().unwrap_or("");
    let args = || command.args().iter().map(Word::text);
    match name {
        "npm" | "pnpm" | "yarn" => {
            let quiet =
                ["cache", "config", "store", "set", "fund", "audit", "--version", "-v", "-g", "--global"];
            let install = call.is_some_and(|call| call.verb == Verb::Install || call.verb == Verb::Clean);
            !install && !args().any(|word| quiet.contains(&word))
        }
        "npx" | "pnpx" | "bunx" | "node" | "bun" | "deno" | "tsc" | "webpack" | "vite" | "next" | "nuxt"
        | "ng" | "gulp" | "grunt" | "rollup" | "esbuild" | "babel" | "nest" | "turbo" | "nx" | "lerna"
        | "jest" | "mocha" | "prisma" | "ember" | "gatsby" | "bower" => true,
        "rm" => args().any(|word| word.contains("node_modules")),
        _ => command.words.iter().any(|word| word.text().contains("node_modules/.bin")),
    }
}

/// See [`Use`]; `manifest` is the text of `package.json`.
pub(super) fn node(here: &Here<'_, '_>, manifest: &str, names: &[String]) -> Option<Use> {
    if commands_behind(here).any(|(command, call)| builds_node(command, call)) {
        return None;
    }
    let Some(starts) = start_words(here.file, here.stage) else { return Some(Use::Unknown) };
    let manifest = PackageJson::parse(manifest)?;
    let mut known = Use::No;
    for words in starts {
        let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        if names_one(&words.join(" "), names)
            || matches!(program, "npx" | "nodemon" | "ts-node" | "tsx" | "vite")
        {
            return None;
        }
        match program {
            "npm" | "yarn" | "pnpm" => {
                let mut rest = words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-'));
                let script = match rest.next() {
                    Some("run" | "run-script") => rest.next(),
                    other => other,
                };
                let script = script.and_then(|name| manifest.script(name));
                // A script that runs others may come to anything.
                let text = script?;
                let others = ["npm ", "yarn", "pnpm", "npx ", "run-s", "run-p", "concurrently", ".sh"];
                if names_one(text, names) || others.iter().any(|word| text.contains(word)) {
                    return None;
                }
            }
            "node" => {}
            _ => known = Use::Unknown,
        }
    }
    Some(known)
}

/// The scripts that an install runs.
pub(super) fn scripts(manifest: &str, names: &[String]) -> Scripts {
    let Some(manifest) = PackageJson::parse(manifest) else { return Scripts::None };
    let mut out = Scripts::None;
    for name in ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"]
    {
        if let Some(text) = manifest.script(name) {
            let runs = ["npm ", "yarn", "pnpm", "npx ", "tsc", "husky"];
            if names_one(text, names) || runs.iter().any(|word| text.contains(word)) {
                return Scripts::Need;
            }
            out = Scripts::Some(name);
        }
    }
    out
}

/// See [`Use`].
pub(super) fn python(here: &Here<'_, '_>, names: &[String]) -> Option<Use> {
    let tests = [
        "pytest",
        "py.test",
        "mypy",
        "ruff",
        "flake8",
        "black",
        "pylint",
        "coverage",
        "pre-commit",
        "sphinx-build",
    ];
    let is_tool = |word: &str| names.iter().any(|name| name == word) || tests.contains(&word);
    let needs = commands_behind(here).any(|(command, _)| {
        runs_anything(command)
            || command.words.iter().any(|word| is_tool(word.text()) || word.text().contains("pytest"))
    });
    if needs {
        return None;
    }
    let Some(starts) = start_words(here.file, here.stage) else { return Some(Use::Unknown) };
    let starts_tool = starts
        .iter()
        .flat_map(|words| words.iter())
        .any(|word| is_tool(word.rsplit('/').next().unwrap_or(word)));
    (!starts_tool).then_some(Use::No)
}

/// Whether the container starts through `uv run` in a way that installs first.
pub(super) fn starts_with_uv_run(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    start_words(file, stage).is_some_and(|starts| {
        starts.iter().any(|words| {
            words.first().is_some_and(|word| word == "uv" || word.ends_with("/uv"))
                && words.iter().any(|word| word == "run")
                && !words
                    .iter()
                    .any(|word| matches!(word.as_str(), "--no-sync" | "--no-dev" | "--no-default-groups"))
        })
    }) && !last(file, stage).is_some_and(|last| last.end.env_is_set("UV_NO_SYNC"))
}

/// See [`Use`].
pub(super) fn php(here: &Here<'_, '_>, names: &[String]) -> Option<Use> {
    let needs = commands_behind(here).any(|(command, call)| {
        let without = call.is_some_and(|call| call.flag(&["--no-dev"]).is_some());
        let tests = command.words.iter().any(|word| {
            let text = word.text();
            text.contains("phpunit")
                || text.contains("phpstan")
                || text.contains("vendor/bin")
                || names_one(text, names)
        });
        let scripts = command.name() == Some("composer")
            && command.args().iter().any(|word| matches!(word.text(), "run" | "run-script" | "test"));
        runs_anything(command) || without || tests || scripts
    });
    if needs {
        return None;
    }
    Some(if start_words(here.file, here.stage).is_some() { Use::No } else { Use::Unknown })
}

/// See [`Use`].
pub(super) fn ruby(here: &Here<'_, '_>) -> Option<Use> {
    let needs = commands_behind(here).any(|(command, _)| {
        runs_anything(command)
            || command.words.iter().any(|word| {
                matches!(
                    word.text(),
                    "rspec" | "rubocop" | "test" | "spec" | "RAILS_ENV=test" | "RAILS_ENV=development"
                )
            })
    });
    if needs {
        return None;
    }
    Some(if start_words(here.file, here.stage).is_some() { Use::No } else { Use::Unknown })
}
