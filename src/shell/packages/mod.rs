//! What a command does with a package manager.
//!
//! One file per manager holds what differs: programs, verbs, options that take a value, how a package is
//! written. The facts are from the tools' own manuals and `--help`.

mod apk;
mod apt;
mod bun;
mod bundle;
mod cargo;
mod cleanup;
mod composer;
mod conda;
mod corepack;
mod dnf;
mod dotnet;
mod gem;
mod go;
mod gradle;
mod leaves;
mod maven;
mod microdnf;
mod npm;
mod nuget;
pub(super) mod options;
mod package;
mod pacman;
mod pip;
mod pipenv;
mod pipx;
mod pnpm;
mod poetry;
mod tools;
mod uv;
mod yarn;
mod yum;
mod zypper;

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

use super::command::program_name;
use super::{Command, Script, Word};
use crate::text::Span;
pub use cleanup::{at_home, call_cleans, removed_paths, removes};
pub use leaves::{Leftover, LeftoverKind};
pub use options::Flag;
use options::Syntax;
pub use package::{Package, PackageKind, Pin};
use std::borrow::Cow;
pub use tools::{BuildTool, build_tool};

/// The package managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the tools'")]
pub enum Manager {
    /// apt, apt-get, apt-cache, aptitude
    Apt,
    Apk,
    Dnf,
    Yum,
    Microdnf,
    Zypper,
    Pacman,
    /// pip, pip3, `python -m pip`
    Pip,
    Pipx,
    Uv,
    Poetry,
    Pipenv,
    /// conda, mamba, micromamba
    Conda,
    Npm,
    Yarn,
    Pnpm,
    Bun,
    Corepack,
    Gem,
    Bundler,
    Composer,
    Go,
    Cargo,
    Dotnet,
    Nuget,
    /// mvn, mvnw, mvnd
    Maven,
    /// gradle, gradlew
    Gradle,
}

impl Manager {
    /// Whether it manages the packages of the distribution.
    pub const fn is_system(self) -> bool {
        matches!(
            self,
            Self::Apt | Self::Apk | Self::Dnf | Self::Yum | Self::Microdnf | Self::Zypper | Self::Pacman
        )
    }
}

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Installs packages, or what a manifest or lock file names.
    Install,
    /// Updates the package index.
    Update,
    /// Upgrades packages (all, or the named ones).
    Upgrade,
    /// Removes cached files.
    Clean,
    /// Removes packages.
    Remove,
    /// Fetches packages without installing them.
    Download,
    /// Builds or publishes the project, fetching what it needs.
    Build,
    /// Something else.
    Other,
}

/// A call of a package manager.
#[derive(Debug, Clone)]
pub struct PackageCommand<'a> {
    /// The command it is.
    pub command: &'a Command,
    /// The manager.
    pub manager: Manager,
    /// The program as written, without its path: `apt`, `pip3`, `mamba`.
    pub program: &'a str,
    /// The word of the program (for `python -m pip`: from `python` to `pip`).
    pub program_span: Span,
    /// What it does.
    pub verb: Verb,
    /// The verb as written: `install`, `pip install`, `global add`; empty when there is none.
    pub verb_text: Cow<'a, str>,
    /// The words of the verb; an option may be inserted at its end. Without a verb: the program.
    pub verb_span: Span,
    /// What is installed, removed, upgraded.
    pub packages: Vec<Package<'a>>,
    /// All options in order.
    pub flags: Vec<Flag<'a>>,
    /// Words behind the verb that are no options.
    pub operands: Vec<&'a Word>,
    /// Whether it also updates the package index: `apk add -U`, `pacman -Sy`.
    pub updates_index: bool,
    anything: bool,
}

impl<'a> PackageCommand<'a> {
    /// Whether one of these options is given and not switched off (`--option=false`). Names with dashes.
    pub fn has_flag(&self, names: &[&str]) -> bool {
        self.flag(names).is_some_and(Flag::is_on)
    }

    /// The last option of one of these names.
    pub fn flag(&self, names: &[&str]) -> Option<&Flag<'a>> {
        self.flags.iter().rev().find(|flag| names.contains(&&*flag.name))
    }

    /// How many times options of these names are given: `-qq` counts twice.
    pub fn flag_count(&self, names: &[&str]) -> usize {
        self.flags.iter().filter(|flag| names.contains(&&*flag.name)).count()
    }

    /// The values of all options of these names.
    pub fn flag_values<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s str> {
        self.flags.iter().filter(|flag| names.contains(&&*flag.name)).filter_map(|flag| flag.value.as_deref())
    }

    /// Whether a word begins with a variable or substitution, or words come from standard input (`xargs`): it
    /// may hold any option and any package. A variable inside of a word (`pkg=${VERSION}`) does not count.
    pub const fn may_contain_anything(&self) -> bool {
        self.anything
    }

    /// Whether it installs what a manifest or lock file names: `npm ci`, `bundle install`, `uv sync`.
    pub fn is_from_manifest(&self) -> bool {
        self.verb == Verb::Install && self.packages.is_empty() && !self.anything
    }
}

/// What differs between the managers.
struct Tool {
    manager: Manager,
    syntax: Syntax,
    /// First operands that a second verb follows: `uv pip install`.
    groups: &'static [&'static str],
    /// Verbs (with their group) and what they do.
    verbs: &'static [(&'static str, Verb)],
    /// What it does without a verb.
    bare: Verb,
    /// Options whose value names something to install.
    sources: &'static [(&'static str, PackageKind)],
    /// Reads a package word: name, version, kind.
    package: fn(&str) -> (&str, Option<&str>, PackageKind),
}

/// Finds the tool of a program.
fn tool_of(program: &str) -> Option<&'static Tool> {
    Some(match program {
        "apt" | "apt-get" | "apt-cache" | "aptitude" => &apt::TOOL,
        "apk" => &apk::TOOL,
        "dnf" | "dnf5" | "dnf-3" | "tdnf" => &dnf::TOOL,
        "yum" => &yum::TOOL,
        "microdnf" => &microdnf::TOOL,
        "zypper" => &zypper::TOOL,
        "pacman" => &pacman::TOOL,
        "pipx" => &pipx::TOOL,
        "pipenv" => &pipenv::TOOL,
        "poetry" => &poetry::TOOL,
        "uv" => &uv::TOOL,
        "conda" | "mamba" | "micromamba" => &conda::TOOL,
        "npm" => &npm::TOOL,
        "yarn" | "yarnpkg" => &yarn::TOOL,
        "pnpm" => &pnpm::TOOL,
        "bun" => &bun::TOOL,
        "corepack" => &corepack::TOOL,
        "gem" => &gem::TOOL,
        "bundle" | "bundler" => &bundle::TOOL,
        "composer" | "composer.phar" => &composer::TOOL,
        "go" => &go::TOOL,
        "cargo" => &cargo::TOOL,
        "dotnet" => &dotnet::TOOL,
        "nuget" | "nuget.exe" => &nuget::TOOL,
        "mvn" | "mvnw" | "mvnd" => &maven::TOOL,
        "gradle" | "gradlew" => &gradle::TOOL,
        _ if pip::is_pip(program) => &pip::TOOL,
        _ => return None,
    })
}

/// What a command does with a package manager; `None` when it calls none.
///
/// `sudo` and its like are looked through, and so are `python -m pip`, `poetry run pip`, `php composer.phar`.
pub fn package_command(command: &Command) -> Option<PackageCommand<'_>> {
    let from_input = command.prefix_word("xargs").is_some();
    let mut words = command.program_words();
    // `poetry run conda run pip`: nobody goes deeper.
    for _ in 0..4 {
        let program = program_name(words.first()?)?;
        if let Some(inner) = run_inner(program, words) {
            words = inner;
            continue;
        }
        if let Some(module) = pip::python_module(program, words) {
            let tool = tool_of(words.get(module)?.literal()?)?;
            return Some(read(command, tool, words, module, from_input));
        }
        if program == "php" && words.get(1).and_then(program_name).is_some_and(|p| p.starts_with("composer"))
        {
            return Some(read(command, &composer::TOOL, words, 1, from_input));
        }
        if program == "mono" && words.get(1).and_then(program_name) == Some("nuget.exe") {
            return Some(read(command, &nuget::TOOL, words, 1, from_input));
        }
        // `sh ./gradlew build`
        if matches!(program, "sh" | "bash")
            && words.get(1).and_then(program_name).is_some_and(|p| matches!(p, "mvnw" | "gradlew"))
        {
            return Some(read(command, tool_of(program_name(words.get(1)?)?)?, words, 1, from_input));
        }
        if program == "corepack" && words.get(1).is_some_and(|word| corepack::starts(word.text())) {
            words = words.get(1..)?;
            let manager = words.first()?.text().split('@').next()?;
            return Some(read(command, tool_of(manager)?, words, 0, from_input));
        }
        return Some(read(command, tool_of(program)?, words, 0, from_input));
    }
    None
}

/// All calls of package managers in a script, in order.
pub fn package_commands(script: &Script) -> Vec<PackageCommand<'_>> {
    script.commands().filter_map(package_command).collect()
}

/// The command line behind `poetry run`, `pipenv run`, `uv run`, `conda run -n env`, `bundle exec`.
fn run_inner<'a>(program: &str, words: &'a [Word]) -> Option<&'a [Word]> {
    let values: &[&str] = match program {
        "poetry" | "pipenv" | "bundle" => &[],
        "uv" => &["--with", "--python", "-p", "--package", "--project", "--directory", "--group", "--extra"],
        "conda" | "mamba" | "micromamba" => &["-n", "--name", "-p", "--prefix", "--cwd"],
        _ => return None,
    };
    let verb = if program == "bundle" { "exec" } else { "run" };
    if words.get(1)?.literal()? != verb {
        return None;
    }
    let mut at = 2;
    while let Some(text) = words.get(at).map(Word::text).filter(|text| text.starts_with('-')) {
        at += if values.contains(&text) { 2 } else { 1 };
    }
    words.get(at..).filter(|rest| !rest.is_empty())
}

/// Reads a command line whose program is `words[program_at]`.
fn read<'a>(
    command: &'a Command,
    tool: &'static Tool,
    words: &'a [Word],
    program_at: usize,
    from_input: bool,
) -> PackageCommand<'a> {
    let program_word = words.get(program_at);
    let program_span = match (words.first(), program_word) {
        (Some(first), Some(last)) => first.span().cover(last.span()),
        _ => command.span(),
    };
    let rest = words.get(program_at + 1..).unwrap_or(&[]);
    let mut split = options::split(rest, &tool.syntax);
    let anything = from_input || rest.iter().any(Word::starts_with_expansion);

    let first = split.operands.first().and_then(|word| word.literal());
    let second = split.operands.get(1).and_then(|word| word.literal());
    let (verb, verb_text, verb_words): (_, Cow<'_, str>, _) = match (first, second) {
        (Some(group), Some(name)) if tool.groups.contains(&group) => {
            let text = format!("{group} {name}");
            (find_verb(tool, &text).unwrap_or(Verb::Other), text.into(), 2)
        }
        (Some(name), _) => match find_verb(tool, name) {
            Some(verb) => (verb, name.into(), 1),
            None => (Verb::Other, name.into(), 1),
        },
        // `apt-get $ACTION`: not known.
        (None, _) if !split.operands.is_empty() => (Verb::Other, Cow::default(), 1),
        (None, _) => (tool.bare, Cow::default(), 0),
    };
    let verb_words_slice = split.operands.get(..verb_words).unwrap_or(&[]);
    let verb_span = match (verb_words_slice.first(), verb_words_slice.last()) {
        (Some(first), Some(last)) => first.span().cover(last.span()),
        _ => program_span,
    };
    let operands = split.operands.split_off(verb_words.min(split.operands.len()));

    let mut packages: Vec<Package<'_>> = Vec::new();
    if matches!(verb, Verb::Install | Verb::Upgrade | Verb::Remove | Verb::Download) {
        for flag in &split.flags {
            if let Some((_, kind)) = tool.sources.iter().find(|(name, _)| *name == flag.name)
                && let Some(value) = &flag.value
            {
                packages.push(Package {
                    name: value.clone(),
                    version: None,
                    kind: *kind,
                    span: flag.value_span.unwrap_or(flag.span),
                    variable: flag.variable,
                });
            }
        }
        packages.extend(operands.iter().map(|word| package_of(tool, word)));
        packages.sort_by_key(|package| package.span);
    }
    let mut call = PackageCommand {
        command,
        manager: tool.manager,
        // `corepack yarn@4 install`
        program: program_word
            .and_then(program_name)
            .and_then(|name| name.split('@').next())
            .unwrap_or_default(),
        program_span,
        verb,
        verb_text,
        verb_span,
        packages,
        flags: split.flags,
        operands,
        updates_index: verb == Verb::Update,
        anything,
    };
    refine(&mut call);
    call
}

/// Reads a word that names a package.
fn package_of<'a>(tool: &Tool, word: &'a Word) -> Package<'a> {
    let text = word.text();
    let (name, version, kind) =
        if word.starts_with_expansion() { (text, None, PackageKind::Variable) } else { (tool.package)(text) };
    Package {
        name: name.into(),
        version: version.filter(|v| !v.is_empty()).map(Cow::Borrowed),
        kind,
        span: word.span(),
        variable: word.has_expansion(),
    }
}

/// For tools that take several goals or tasks: the verb is the first one that builds, else the first that fetches
/// or cleans, else the first.
fn deciding_operand(call: &mut PackageCommand<'_>, kind: impl Fn(&str) -> Verb) {
    // The first operand was taken for the verb.
    let first = call.command.words.iter().find(|word| {
        word.span() == call.verb_span && word.span() != call.program_span && !call.verb_text.is_empty()
    });
    let goals: Vec<&Word> = first.into_iter().chain(call.operands.iter().copied()).collect();
    let verb = |word: &&&Word| word.literal().map_or(Verb::Other, &kind);
    let decides = goals
        .iter()
        .find(|word| verb(word) == Verb::Build)
        .or_else(|| goals.iter().find(|word| verb(word) != Verb::Other));
    let Some(decides) = decides.or_else(|| goals.first()) else { return };
    call.verb = verb(&decides);
    call.verb_text = decides.text().into();
    call.verb_span = decides.span();
    call.packages.clear();
    call.operands = goals;
}

fn find_verb(tool: &Tool, text: &str) -> Option<Verb> {
    tool.verbs.iter().find(|(name, _)| *name == text).map(|(_, verb)| *verb)
}

/// What only a look at the whole command line tells.
fn refine(call: &mut PackageCommand<'_>) {
    match call.manager {
        Manager::Apk => apk::refine(call),
        Manager::Apt => apt::refine(call),
        Manager::Dnf | Manager::Yum | Manager::Microdnf => dnf::refine(call),
        Manager::Pacman => pacman::refine(call),
        Manager::Npm | Manager::Yarn | Manager::Pnpm => npm::refine(call),
        Manager::Bun => bun::refine(call),
        Manager::Gem => gem::refine(call),
        Manager::Bundler => bundle::refine(call),
        Manager::Composer => composer::refine(call),
        Manager::Go => go::refine(call),
        Manager::Cargo => cargo::refine(call),
        Manager::Conda => conda::refine(call),
        Manager::Pipx => pipx::refine(call),
        Manager::Uv => uv::refine(call),
        Manager::Dotnet => dotnet::refine(call),
        Manager::Nuget => nuget::refine(call),
        Manager::Maven => maven::refine(call),
        Manager::Gradle => gradle::refine(call),
        Manager::Zypper | Manager::Pip | Manager::Poetry | Manager::Pipenv | Manager::Corepack => {}
    }
}

/// Splits at the first of these operators; the operator stays with the version.
fn split_at_operator<'a>(text: &'a str, operators: &[char]) -> (&'a str, Option<&'a str>) {
    match text.find(operators) {
        Some(at) if at > 0 => (text.get(..at).unwrap_or(text).trim_end(), text.get(at..)),
        _ => (text, None),
    }
}

/// Splits `name@version`; a leading `@` belongs to the name (npm scopes).
fn split_at_sign(text: &str) -> (&str, Option<&str>) {
    match text.rfind('@') {
        Some(at) if at > 0 => (text.get(..at).unwrap_or(text), text.get(at + 1..)),
        _ => (text, None),
    }
}

/// Whether a package word is a URL or a repository.
fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("git+") || text.starts_with("git@")
}

/// Whether a package word is a file or folder by its form.
fn is_path(text: &str) -> bool {
    matches!(text, "." | "..")
        || text.starts_with("./")
        || text.starts_with("../")
        || text.starts_with(['/', '~'])
}

/// Whether a package word names a file with that extension.
fn has_extension(text: &str, extension: &str) -> bool {
    text.strip_suffix(extension).is_some_and(|rest| rest.ends_with('.'))
}
