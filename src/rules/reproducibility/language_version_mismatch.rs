//! `language-version-mismatch`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Keyword, from_image};
use crate::facts::{
    Base, BaseUse, Ecosystem, FileFacts, InstructionFacts, LanguageVersion, MountKind, StageFacts,
    is_set_for, language_version,
};
use crate::image::{Language, newest_tag_within};
use crate::repository::declared::{Declared, Force, declared};
use crate::repository::version::Range;
use crate::repository::{Kind, normalize};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, Verb};
use crate::text::{Edit, Span};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

declare_rule! {
    /// The base's language version contradicts what the repository declares.
    ///
    /// ## What it does
    ///
    /// Compares the version of Python, Node.js, Go, Ruby, PHP, Java, .NET or Rust that a base image's tag names with
    /// what the project that the stage copies declares: `requires-python`, `.python-version`, `runtime.txt`, `Pipfile`,
    /// `engines.node`, `.nvmrc`, `.node-version`, `go.mod`, `.ruby-version`, `Gemfile`, `composer.json`,
    /// `global.json`, `rust-version`, `rust-toolchain`, `.tool-versions` and `mise.toml`.
    ///
    /// It is an error where the install or build in the stage refuses the version, and a hint where the tool fetches
    /// the declared one instead, or where only a file for developers differs while the declared range is met.
    ///
    /// ## Why is this bad?
    ///
    /// The image runs on another version than the one that is developed and tested with. At best a message at the
    /// install says so; at worst the program fails where the two versions differ.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.11-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// RUN pip install --no-cache-dir .
    /// ```
    ///
    /// ```toml pyproject.toml
    /// [project]
    /// name = "app"
    /// version = "1"
    /// requires-python = ">=3.12,<3.14"
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// RUN pip install --no-cache-dir .
    /// ```
    ///
    /// ```toml pyproject.toml
    /// [project]
    /// name = "app"
    /// version = "1"
    /// requires-python = ">=3.12,<3.14"
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the suggested tag has the newest supported version that is declared, with the same variant. It may
    /// as well be the declaration that is out of date.
    ///
    /// ## References
    ///
    /// - [Python Packaging User Guide: Writing your pyproject.toml](https://packaging.python.org/en/latest/guides/writing-pyproject-toml/)
    /// - [Go Toolchains](https://go.dev/doc/toolchain)
    /// - [npm: package.json, engines](https://docs.npmjs.com/cli/configuring-npm/package-json#engines)
    pub(super) RULE = "language-version-mismatch" {
        chapter: Reproducibility, level: Warning, default: On, scope: Repository, fix: Confirm,
        aliases: [],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    for base in file.external_bases() {
        let Some(version) = language_version(base.image) else { continue };
        let language = version.language;
        // The first stage on it whose project says otherwise.
        for stage in base.stages.iter().filter_map(|index| file.stages.get(*index)) {
            if let Some((worst, level)) = contradiction(file, stage, language, &version) {
                say(file, &base, language, &version, &worst, level, report);
                break;
            }
        }
    }
}

/// The declaration that the version contradicts most, with the level.
fn contradiction(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    language: Language,
    version: &LanguageVersion<'_>,
) -> Option<(Declared, Level)> {
    let mut homes: Vec<Vec<Declared>> = project_homes(file, stage, language)
        .iter()
        .map(|home| declared(file.tree, home, language))
        .filter(|found| !found.is_empty())
        .collect();
    // Several projects: nobody knows which of them the stage is for.
    let (Some(all), None) = (homes.pop(), homes.pop()) else { return None };
    let met = all
        .iter()
        .any(|one| !one.key.is_empty() && one.force != Force::Fetched && one.range.meets(&version.range()));
    let judged = all.into_iter().filter(|one| !one.range.meets(&version.range())).filter_map(|one| {
        let level = match one.force {
            Force::Refused => refused(file, stage, language)?,
            Force::Fetched => fetched(stage, language)?,
            Force::Meant if met => Level::Info,
            Force::Meant => Level::Warning,
        };
        Some((one, level))
    });
    judged.max_by_key(|(_, level)| *level)
}

/// What becomes of a version that the tool refuses.
fn refused(file: &FileFacts<'_>, stage: &StageFacts<'_>, language: Language) -> Option<Level> {
    let runs = |holds: &dyn Fn(&PackageCommand<'_>) -> bool| {
        file.with_descendants(stage)
            .iter()
            .any(|stage| stage.of(Keyword::Run).any(|run| run.calls.iter().any(holds)))
    };
    let error = |stops: bool| Some(if stops { Level::Error } else { Level::Warning });
    match language {
        Language::Python => error(runs(&|call| {
            let project = Ecosystem::of(call).is_some_and(|reads| reads.project)
                && matches!(call.manager, Manager::Pip | Manager::Uv)
                && !call.has_flag(&["--ignore-requires-python"]);
            project || (call.manager == Manager::Poetry && matches!(&*call.verb_text, "install" | "sync"))
        })),
        Language::Go => {
            // The official image sets GOTOOLCHAIN=local since 1.21: nothing is downloaded instead.
            let auto = stage.end.env("GOTOOLCHAIN").is_some()
                || stage
                    .of(Keyword::Run)
                    .any(|run| run.steps().any(|step| is_set_for(run, &step, "GOTOOLCHAIN")));
            Some(if auto { Level::Info } else { Level::Error })
        }
        Language::Ruby => error(runs(&|call| call.manager == Manager::Bundler && call.verb == Verb::Install)),
        Language::Php => error(runs(&|call| {
            call.manager == Manager::Composer
                && matches!(&*call.verb_text, "install" | "i" | "update" | "u")
                && !call.flags.iter().any(|flag| flag.name.starts_with("--ignore-platform"))
        })),
        Language::Rust => error(runs(&|call| {
            call.manager == Manager::Cargo
                && call.verb == Verb::Build
                && !call.has_flag(&["--ignore-rust-version"])
        })),
        Language::Dotnet => error(runs(&|call| call.manager == Manager::Dotnet)),
        _ => Some(Level::Warning),
    }
}

/// What becomes of a version in whose place the tool fetches another one; `None` where it does not.
fn fetched(stage: &StageFacts<'_>, language: Language) -> Option<Level> {
    let fetches = match language {
        Language::Go => stage.end.env("GOTOOLCHAIN").is_some(),
        _ => true,
    };
    fetches.then_some(Level::Info)
}

/// Manifests and files of versions by language.
fn manifests(language: Language) -> &'static [&'static str] {
    match language {
        Language::Python => &["pyproject.toml", "requirements.txt", "setup.py", "Pipfile"],
        Language::Node => &["package.json", "package-lock.json", "yarn.lock"],
        Language::Go => &["go.mod"],
        Language::Ruby => &["Gemfile"],
        Language::Php => &["composer.json"],
        Language::Rust => &["Cargo.toml"],
        Language::Dotnet => &["global.json"],
        _ => &[],
    }
}

/// The ecosystems of a language.
fn is_of(language: Language, ecosystem: Ecosystem) -> bool {
    match language {
        Language::Python => {
            matches!(ecosystem, Ecosystem::Pip | Ecosystem::Uv | Ecosystem::Poetry | Ecosystem::Pipenv)
        }
        Language::Node => matches!(ecosystem, Ecosystem::Npm | Ecosystem::Yarn | Ecosystem::Pnpm),
        Language::Go => ecosystem == Ecosystem::Go,
        Language::Ruby => ecosystem == Ecosystem::Bundler,
        Language::Php => ecosystem == Ecosystem::Composer,
        Language::Rust => ecosystem == Ecosystem::Cargo,
        Language::Dotnet => ecosystem == Ecosystem::Dotnet,
        _ => false,
    }
}

/// The folders of the tree whose project a stage installs; else those that it copies.
fn project_homes(file: &FileFacts<'_>, stage: &StageFacts<'_>, language: Language) -> BTreeSet<Utf8PathBuf> {
    let mut homes = BTreeSet::new();
    let stages = file.with_descendants(stage);
    for stage in &stages {
        for run in stage.of(Keyword::Run).filter(|run| !run.calls.is_empty()) {
            for step in run.steps() {
                let reads =
                    step.call.and_then(Ecosystem::of).filter(|reads| is_of(language, reads.ecosystem));
                let Some(reads) = reads else { continue };
                let found = reads.manifests.iter().find_map(|name| {
                    Some(file.placed_at(stage, run, &step, name).path()?.parent()?.to_owned())
                });
                homes.extend(found);
            }
        }
    }
    if homes.is_empty() {
        for facts in stages.iter().flat_map(|stage| stage.instructions.iter()) {
            homes.extend(copied_folders(file, facts, language));
        }
    }
    homes
}

/// The folders that an instruction brings, or whose manifest it brings.
fn copied_folders(
    file: &FileFacts<'_>,
    facts: &InstructionFacts<'_>,
    language: Language,
) -> Vec<Utf8PathBuf> {
    let instruction = facts.instruction;
    let sources: Vec<String> = match instruction.keyword {
        Keyword::Copy | Keyword::Add
            if instruction.flag("from").is_none() && instruction.heredocs.is_empty() =>
        {
            let sources = instruction.args.split_last().map_or(&[][..], |(_, sources)| sources);
            sources.iter().filter_map(|word| facts.state.expand(&word.text).value).collect()
        }
        Keyword::Run => {
            let mounts = facts.mounts().into_iter();
            mounts
                .filter(|m| m.kind == MountKind::Bind && m.from.is_none())
                .filter_map(|m| m.source)
                .collect()
        }
        _ => return Vec::new(),
    };
    let mut out = Vec::new();
    for source in sources {
        let Some(path) = normalize(Utf8Path::new(source.trim_start_matches('/'))) else { continue };
        let path = file.context.join(path);
        let name = path.file_name().unwrap_or("");
        let begins = name.split('*').next().unwrap_or("");
        let manifest = manifests(language).iter().any(|known| {
            *known == name || (name.contains('*') && !begins.is_empty() && known.starts_with(begins))
        });
        let folder = || {
            path == file.context
                || file.tree.entry(&path).found().is_some_and(|entry| entry.kind == Kind::Directory)
        };
        if manifest {
            out.extend(path.parent().map(Utf8Path::to_owned));
        } else if !name.contains('*') && folder() {
            out.push(path);
        }
    }
    out
}

fn say(
    file: &FileFacts<'_>,
    base: &BaseUse<'_>,
    language: Language,
    version: &LanguageVersion<'_>,
    one: &Declared,
    level: Level,
    report: &mut Report,
) {
    let plain = |text: &str| text.replace('`', "").chars().take(60).collect::<String>();
    // A build argument that CI gives: the default says nothing.
    let argument = argument(file, base);
    let from_arg = base.image.from_arg && base.tag().is_none_or(|tag| file.stage_at(tag.start).is_none());
    if from_arg && argument.as_ref().is_none_or(|(name, _)| file.is_spoken_of_in_ci(&[name.as_str()])) {
        return;
    }
    let Some(level) = base.softened(level) else { return };
    let name = plain(one.path.file_name().unwrap_or(""));
    let key = if one.key.is_empty() { String::new() } else { format!("`{}` in ", one.key) };
    let consequence = match (one.force, level) {
        (Force::Refused, Level::Error) if language == Language::Go && version.numbers < [1, 21, 0] => {
            "it does not know what the newer language has"
        }
        (Force::Refused, Level::Error) => "the build stops with it",
        (Force::Fetched, _) => "that version is downloaded in every build",
        _ => "what runs is not what the project is meant for",
    };
    let message = format!(
        "`{}` has version {}, but {key}`{name}` says `{}`: {consequence}.",
        base.image.shown(),
        plain(version.text),
        plain(&one.written)
    );
    let mut finding = report.add(base.tag_or_name(), message).level(level).about(one.path.as_str());
    if from_arg {
        finding = finding.note("A build argument may set another version; this is about its default.");
    }
    let tag = base.image.tag();
    let limit = if language == Language::Java { 1 } else { 3 };
    let newest = newest_tag_within(&base.image.image, tag, file.today, |numbers, count| {
        one.range.meets(&Range::line(numbers, count.min(limit)))
    });
    let Some(newest) = newest.filter(|newest| newest != tag) else {
        finding.note("Take a base of the declared version, or change the declaration.");
        return;
    };
    let edit = match (base.tag(), argument) {
        // A digest says which image it is, whatever the tag.
        _ if base.image.reference.digest().is_some() => None,
        (Some(span), _) => Some(Edit::replace(span, newest.as_str())),
        // `ruby:$RUBY_VERSION-slim`: the version alone is the argument's.
        (None, Some((_, span))) => {
            let rest = tag.get(version.text.len()..).unwrap_or("");
            let given = file.dockerfile.source.slice(span) == version.text;
            newest.strip_suffix(rest).filter(|_| given).map(|number| Edit::replace(span, number))
        }
        (None, None) => None,
    };
    match edit {
        Some(edit) => {
            finding
                .note(format!("Check that the project runs on `{newest}`, or change `{name}` instead."))
                .fix(Fix::confirm(
                    format!("Use `{}:{newest}`", base.image.reference.name().replace('`', "")),
                    vec![edit],
                ));
        }
        None => {
            finding.note(format!("`{newest}` would do."));
        }
    }
}

/// The global ARG that gives a part of the name, where there is one alone: its name, and the bytes of its default.
fn argument(file: &FileFacts<'_>, base: &BaseUse<'_>) -> Option<(String, Span)> {
    let stage = base.stages.first().and_then(|index| file.stages.get(*index))?;
    let Base::Image(_) = &stage.base else { return None };
    let word = from_image(stage.from)?;
    let named = |name: &str| {
        [format!("${{{name}}}"), format!("${name}"), format!("${{{name}:")]
            .iter()
            .any(|form| word.text.contains(form.as_str()))
    };
    let mut found = file
        .globals
        .iter()
        .filter(|facts| facts.is(Keyword::Arg))
        .flat_map(|facts| facts.instruction.pairs.iter())
        .filter(|pair| named(&pair.key.text));
    let pair = found.next().filter(|_| found.next().is_none())?;
    let value = pair.value.as_ref()?;
    let text = file.dockerfile.source.slice(value.span);
    let quoted = text.len() > 1 && text.starts_with(['"', '\'']) && text.ends_with(['"', '\'']);
    let span = if quoted { Span::new(value.span.start + 1, value.span.end - 1) } else { value.span };
    Some((pair.key.text.clone(), span))
}
