//! Files that say what a project depends on: which ones an install reads, and whether they stand alone.

use super::FileFacts;
use crate::repository::{Lookup, normalize};
use crate::shell::packages::{Manager, PackageCommand, PackageKind, Verb};
use camino::{Utf8Path, Utf8PathBuf};

/// Kinds of projects by the tool that installs their dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the tools'")]
pub enum Ecosystem {
    Pip,
    Uv,
    Poetry,
    Pipenv,
    Npm,
    Yarn,
    Pnpm,
    Go,
    Bundler,
    Composer,
    Dotnet,
    Cargo,
}

/// What an install reads.
#[derive(Debug, Clone)]
pub struct Reads {
    /// Which tool.
    pub ecosystem: Ecosystem,
    /// The manifests, relative to where the command runs; one of a group is enough for projects.
    pub manifests: Vec<String>,
    /// The project itself is installed or built with them: `pip install .`.
    pub project: bool,
}

/// Why dependencies cannot be installed from the manifests alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A sentence for the author.
    Reason(String),
    /// A file that must be read is not known.
    Unknown,
}

impl Ecosystem {
    /// What a call installs from manifests; `None` when it names its packages, or nobody knows.
    pub fn of(call: &PackageCommand<'_>) -> Option<Reads> {
        let found = |ecosystem, manifests: &[&str], project| {
            let dir = call
                .flag_values(&["--prefix", "--cwd", "-C", "--dir", "--working-dir", "-d", "--directory"])
                .next()
                .map_or(String::new(), |dir| format!("{}/", dir.trim_end_matches('/')));
            let manifests = manifests.iter().map(|name| format!("{dir}{name}")).collect();
            Some(Reads { ecosystem, manifests, project })
        };
        match (call.manager, call.verb) {
            (Manager::Pip, Verb::Install) => python(call, Ecosystem::Pip),
            (Manager::Uv, Verb::Install) if call.verb_text == "pip install" => python(call, Ecosystem::Uv),
            (Manager::Uv, Verb::Install) if call.verb_text == "sync" => {
                found(Ecosystem::Uv, &["pyproject.toml"], false)
            }
            (Manager::Poetry, Verb::Install) if matches!(&*call.verb_text, "install" | "sync") => {
                found(Ecosystem::Poetry, &["pyproject.toml"], false)
            }
            (Manager::Pipenv, Verb::Install) if call.is_from_manifest() => {
                found(Ecosystem::Pipenv, &["Pipfile"], false)
            }
            (Manager::Npm | Manager::Yarn | Manager::Pnpm, Verb::Install)
                if call.is_from_manifest()
                    && !call.has_flag(&["-g", "--global", "--location"])
                    && !call.verb_text.starts_with("global") =>
            {
                let ecosystem = match call.manager {
                    Manager::Npm => Ecosystem::Npm,
                    Manager::Yarn => Ecosystem::Yarn,
                    _ => Ecosystem::Pnpm,
                };
                found(ecosystem, &["package.json"], false)
            }
            (Manager::Go, Verb::Download) if call.verb_text == "mod download" => {
                found(Ecosystem::Go, &["go.mod"], false)
            }
            (Manager::Go, Verb::Build) if matches!(&*call.verb_text, "build" | "install") => {
                found(Ecosystem::Go, &["go.mod"], true)
            }
            (Manager::Bundler, Verb::Install) if call.is_from_manifest() => {
                found(Ecosystem::Bundler, &["Gemfile"], false)
            }
            (Manager::Composer, Verb::Install) if matches!(&*call.verb_text, "install" | "i") => {
                found(Ecosystem::Composer, &["composer.json"], false)
            }
            (Manager::Cargo, Verb::Build)
                if matches!(&*call.verb_text, "build" | "b" | "rustc" | "zigbuild") =>
            {
                found(Ecosystem::Cargo, &["Cargo.toml"], true)
            }
            (Manager::Dotnet, Verb::Install) if call.verb_text == "restore" => dotnet(call, false),
            (Manager::Dotnet, Verb::Build) if matches!(&*call.verb_text, "build" | "publish") => {
                if call.has_flag(&["--no-restore"]) { None } else { dotnet(call, true) }
            }
            _ => None,
        }
    }

    /// Lock files and settings that are copied with the manifest, where they are there; with `true` the
    /// first of them that must be there.
    pub const fn companions(self) -> (&'static [&'static str], bool) {
        match self {
            Self::Pip | Self::Dotnet | Self::Cargo => (&[], false),
            Self::Uv => (&["uv.lock"], true),
            Self::Poetry => (&["poetry.lock"], true),
            Self::Pipenv => (&["Pipfile.lock"], true),
            Self::Npm => (&["package-lock.json", "npm-shrinkwrap.json", ".npmrc"], false),
            Self::Yarn => (&["yarn.lock", ".npmrc", ".yarnrc"], true),
            Self::Pnpm => (&["pnpm-lock.yaml", ".npmrc"], true),
            Self::Go => (&["go.sum"], true),
            Self::Bundler => (&["Gemfile.lock"], true),
            Self::Composer => (&["composer.lock"], true),
        }
    }

    /// Why the manifest in this folder of the tree is not enough.
    pub fn obstacle(self, file: &FileFacts<'_>, manifest: &Utf8Path) -> Option<Obstacle> {
        let dir = manifest.parent().unwrap_or(Utf8Path::new(""));
        let reason = |text: &str| Some(Obstacle::Reason(text.to_owned()));
        let (beside, what): (&[&str], &str) = match self {
            Self::Yarn => {
                (&[".yarnrc.yml"], "This yarn also reads `.yarnrc.yml` and `.yarn/`; copy them, too.")
            }
            Self::Pnpm => (
                &["pnpm-workspace.yaml", ".pnpmfile.cjs"],
                "The workspace's own manifests and settings must be copied, too.",
            ),
            Self::Dotnet => (
                &[
                    "Directory.Build.props",
                    "Directory.Packages.props",
                    "global.json",
                    "nuget.config",
                    "NuGet.Config",
                ],
                "The files that apply to all projects must be copied, too.",
            ),
            Self::Go => (&["go.work", "vendor"], "A workspace or a `vendor` folder has its own order."),
            _ => (&[], ""),
        };
        for name in beside {
            match file.tree.entry(&dir.join(name)) {
                Lookup::Found(_) => return reason(what),
                Lookup::Unknown => return Some(Obstacle::Unknown),
                Lookup::Absent => {}
            }
        }
        let Lookup::Found(text) = file.tree.read(manifest) else { return Some(Obstacle::Unknown) };
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match self {
            Self::Npm | Self::Yarn | Self::Pnpm => node_obstacle(&text),
            Self::Uv | Self::Poetry | Self::Pipenv => has(&["path =", "path=", ".workspace]", "workspace ="])
                .then(|| {
                    "It has workspace members or dependencies in folders, which must be copied, too."
                        .to_owned()
                })
                .map(Obstacle::Reason),
            Self::Go if has(&["=> ./", "=> ../"]) => {
                reason("`go.mod` replaces a module by a folder, which must be copied, too.")
            }
            Self::Bundler
                if has(&[
                    "path:",
                    ":path",
                    "gemspec",
                    "eval_gemfile",
                    "File.",
                    "require_relative",
                    ".ruby-version",
                ]) =>
            {
                reason("The `Gemfile` reads other files, which must be copied, too.")
            }
            Self::Composer if has(&["\"path\""]) => {
                reason("`composer.json` takes packages from folders, which must be copied, too.")
            }
            Self::Dotnet if has(&["ProjectReference", "Import Project"]) => {
                reason("The project refers to others, whose project files must be copied, too.")
            }
            _ => None,
        }
    }
}

fn python(call: &PackageCommand<'_>, ecosystem: Ecosystem) -> Option<Reads> {
    // Without dependencies the project alone is installed: the order that is asked for.
    if call.packages.iter().any(|package| package.variable) || call.has_flag(&["--no-deps"]) {
        return None;
    }
    let mut manifests: Vec<String> = Vec::new();
    let mut project = false;
    for package in &call.packages {
        match package.kind {
            PackageKind::Requirements | PackageKind::Constraints => manifests.push(package.name.to_string()),
            PackageKind::Editable | PackageKind::Path if !package.name.contains(".whl") => {
                let dir = package.name.split('[').next().unwrap_or("").trim_end_matches('/');
                project = true;
                for name in ["pyproject.toml", "setup.py", "setup.cfg"] {
                    manifests.push(format!("{dir}/{name}"));
                }
            }
            _ => {}
        }
    }
    let names = call.packages.iter().any(|p| matches!(p.kind, PackageKind::Requirements)) || project;
    names.then_some(Reads { ecosystem, manifests, project })
}

fn dotnet(call: &PackageCommand<'_>, project: bool) -> Option<Reads> {
    let named = call.operands.first().map(|word| word.text());
    let manifests = match named {
        Some(name) if name.ends_with("proj") && !name.contains('$') => vec![name.to_owned()],
        Some(_) => return None,
        None => vec!["*.csproj".to_owned()],
    };
    Some(Reads { ecosystem: Ecosystem::Dotnet, manifests, project })
}

fn node_obstacle(text: &str) -> Option<Obstacle> {
    let reason = |text: &str| Some(Obstacle::Reason(text.to_owned()));
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(text) else {
        return Some(Obstacle::Unknown);
    };
    if manifest.get("workspaces").is_some() {
        return reason("The manifests of all workspaces must be copied, too.");
    }
    let scripts = ["preinstall", "install", "postinstall", "prepare"];
    if let Some(script) =
        scripts.iter().find(|name| manifest.get("scripts").and_then(|s| s.get(**name)).is_some())
    {
        return Some(Obstacle::Reason(format!(
            "The install runs the script `{script}`, which may need files of the project."
        )));
    }
    let sections = ["dependencies", "devDependencies", "optionalDependencies"];
    let dependencies = || {
        sections.iter().filter_map(|s| manifest.get(*s)).filter_map(serde_json::Value::as_object).flatten()
    };
    let local = ["file:", "link:", "portal:", "workspace:", "./", "../"];
    if dependencies().any(|(_, v)| v.as_str().is_some_and(|v| local.iter().any(|l| v.starts_with(l)))) {
        return reason("Some dependencies are folders of the project, which must be copied, too.");
    }
    let needs_source = ["prisma", "@prisma/client", "husky", "patch-package"];
    dependencies().find(|(name, _)| needs_source.contains(&name.as_str())).and_then(|(name, _)| {
        Some(Obstacle::Reason(format!(
            "The install script of `{}` needs files of the project.",
            plain(name)?
        )))
    })
}

/// A name that can stand between backticks.
fn plain(name: &str) -> Option<&str> {
    (!name.contains(['`', '\n', '\r'])).then_some(name)
}

/// A requirements file with the files it includes, as paths in the tree.
///
/// # Errors
/// When a requirement is a folder of the project, or a file cannot be read.
pub fn requirements(file: &FileFacts<'_>, path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Obstacle> {
    let mut done: Vec<Utf8PathBuf> = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        if done.contains(&path) {
            continue;
        }
        let Lookup::Found(text) = file.tree.read(&path) else { return Err(Obstacle::Unknown) };
        let dir = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        for line in text.lines().map(str::trim) {
            let option = ["-r", "--requirement", "-c", "--constraint"]
                .iter()
                .find_map(|o| line.strip_prefix(o))
                .filter(|rest| rest.starts_with([' ', '=', '\t']));
            if let Some(name) = option {
                let name = name.trim_start_matches([' ', '=', '\t']).split([' ', '#']).next().unwrap_or("");
                if !name.contains("://") {
                    open.push(normalize(&dir.join(name)).ok_or(Obstacle::Unknown)?);
                }
            } else if ["-e", "--editable", "./", "../", "file:", "."].iter().any(|p| line.starts_with(p))
                || line.contains("@ file:")
                || line.contains("@ .")
            {
                return Err(Obstacle::Reason(
                    "Some requirements are folders of the project, which must be copied, too.".to_owned(),
                ));
            }
        }
        done.push(path);
        if done.len() > 16 {
            return Err(Obstacle::Unknown);
        }
    }
    Ok(done)
}
