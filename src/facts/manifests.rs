//! Which files of the context tell a package manager what to install.

use super::FileFacts;
use crate::repository::normalize;
use crate::shell::packages::{Manager, PackageCommand, PackageKind, Verb};
use camino::{Utf8Path, Utf8PathBuf};

/// An install that reads its packages from files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifests {
    /// Files that must be there, as the command line or the manager names them, relative to the working
    /// directory; the first one tells whether the context has them at all.
    pub required: Vec<String>,
    /// Lock files and the like: copied where they are there.
    pub optional: Vec<&'static str>,
    /// Whether it also installs the project itself, from its source.
    pub project: bool,
}

/// The manifests that an install reads; `None` where it names packages only.
pub fn manifests(call: &PackageCommand<'_>) -> Option<Manifests> {
    let of = |required: &[&str], optional: &[&'static str]| {
        Some(Manifests {
            required: required.iter().map(|name| (*name).to_owned()).collect(),
            optional: optional.to_vec(),
            project: false,
        })
    };
    if call.manager == Manager::Go {
        let downloads = call.verb_text.starts_with("mod download");
        return downloads.then(|| of(&["go.mod"], &["go.sum"])).flatten();
    }
    if call.verb != Verb::Install || call.may_contain_anything() {
        return None;
    }
    let pip = call.manager == Manager::Pip || call.verb_text.starts_with("pip");
    if pip {
        let files = |kind: PackageKind| call.packages.iter().filter(move |p| p.kind == kind);
        let required: Vec<String> = files(PackageKind::Requirements)
            .chain(files(PackageKind::Constraints))
            .map(|p| p.name.clone())
            .collect();
        let own = |name: &str| matches!(name.split('[').next().unwrap_or("").trim_end_matches('/'), "." | "");
        let project = call
            .packages
            .iter()
            .any(|p| matches!(p.kind, PackageKind::Path | PackageKind::Editable) && own(&p.name));
        // Without dependencies the project alone is installed: the order this rule asks for.
        if call.has_flag(&["--no-deps"]) {
            return None;
        }
        return match (required.is_empty(), project) {
            (true, false) => None,
            (true, true) => Some(Manifests {
                required: vec!["pyproject.toml".to_owned()],
                optional: vec!["setup.py", "setup.cfg"],
                project: true,
            }),
            (false, project) => Some(Manifests { required, optional: Vec::new(), project }),
        };
    }
    if !call.is_from_manifest() {
        return None;
    }
    match call.manager {
        Manager::Uv if call.verb_text == "sync" => of(&["pyproject.toml"], &["uv.lock"]),
        Manager::Poetry => of(&["pyproject.toml"], &["poetry.lock"]),
        Manager::Pipenv => of(&["Pipfile"], &["Pipfile.lock"]),
        Manager::Npm => of(&["package.json"], &["package-lock.json", "npm-shrinkwrap.json", ".npmrc"]),
        Manager::Yarn => of(&["package.json"], &["yarn.lock", ".yarnrc.yml"]),
        Manager::Pnpm => of(&["package.json"], &["pnpm-lock.yaml", ".npmrc"]),
        Manager::Bundler => of(&["Gemfile"], &["Gemfile.lock"]),
        Manager::Composer => of(&["composer.json"], &["composer.lock"]),
        _ => None,
    }
}

/// What keeps manifests from being copied alone: they point at other files of the source. `None` where they
/// stand for themselves; `files` are the paths in the context, those they include are added.
pub fn needs_source(
    file: &FileFacts<'_>,
    manager: Manager,
    files: &mut Vec<Utf8PathBuf>,
) -> Option<&'static str> {
    let mut at = 0;
    while let Some(path) = files.get(at).cloned() {
        at += 1;
        let Some(text) = file.tree.read(&path).found() else { continue };
        let name = path.file_name().unwrap_or("");
        let reason = match manager {
            Manager::Npm | Manager::Yarn | Manager::Pnpm if name == "package.json" => {
                node_needs_source(&text)
            }
            Manager::Uv | Manager::Poetry if name == "pyproject.toml" => python_project_needs_source(&text),
            Manager::Bundler if name == "Gemfile" => {
                (text.contains("path:") || text.contains("gemspec") || text.contains(":path"))
                    .then_some("the Gemfile names gems in folders of the source")
            }
            Manager::Composer if name == "composer.json" => {
                text.contains("\"path\"").then_some("`composer.json` names packages in folders of the source")
            }
            Manager::Go => {
                (name == "go.mod" && text.contains("=> .")).then_some("`go.mod` replaces modules by folders")
            }
            Manager::Pip | Manager::Uv => requirements_need_source(&text, &path, files),
            _ => None,
        };
        if reason.is_some() {
            return reason;
        }
    }
    None
}

fn node_needs_source(text: &str) -> Option<&'static str> {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else {
        return Some("`package.json` cannot be read");
    };
    let scripts = json.get("scripts");
    let runs = ["preinstall", "install", "postinstall", "prepare"];
    if runs.iter().any(|name| scripts.is_some_and(|s| s.get(name).is_some())) {
        return Some("its install scripts may need the source");
    }
    if json.get("workspaces").is_some() {
        return Some("it has workspaces, whose manifests lie in folders of the source");
    }
    let groups = ["dependencies", "devDependencies", "optionalDependencies"];
    let local =
        groups.iter().filter_map(|group| json.get(group)?.as_object()).flatten().any(|(_, version)| {
            let version = version.as_str().unwrap_or("");
            ["file:", "link:", "workspace:", "portal:", "./", "../"]
                .iter()
                .any(|start| version.starts_with(start))
        });
    let prisma =
        groups.iter().any(|group| json.get(group).is_some_and(|g| g.get("@prisma/client").is_some()));
    if local {
        return Some("it depends on folders of the source");
    }
    prisma.then_some("Prisma generates its client from the source while it is installed")
}

fn python_project_needs_source(text: &str) -> Option<&'static str> {
    let folders = text.contains("[tool.uv.workspace]")
        || text.contains("workspace = true")
        || text.contains("path = \"")
        || text.contains("develop = true");
    folders.then_some("`pyproject.toml` names packages in folders of the source")
}

/// Reads `-r` and `-c` includes of a requirements file; local paths need the source.
fn requirements_need_source(
    text: &str,
    path: &Utf8Path,
    files: &mut Vec<Utf8PathBuf>,
) -> Option<&'static str> {
    for line in text.lines().map(str::trim) {
        let include = ["-r", "-c", "--requirement", "--constraint"].iter().find_map(|option| {
            let rest = line.strip_prefix(option)?;
            rest.starts_with([' ', '=', '\t']).then(|| rest.trim_start_matches([' ', '=', '\t']))
        });
        if let Some(name) = include {
            let dir = path.parent().unwrap_or(Utf8Path::new(""));
            let Some(included) = normalize(&dir.join(name.trim())) else {
                return Some("the requirements include files outside of the context");
            };
            // Kept simple: what lies in the same folder can be copied together.
            if included.parent() != path.parent() {
                return Some("the requirements include files of other folders");
            }
            if !files.contains(&included) && files.len() < 20 {
                files.push(included);
            }
            continue;
        }
        let local = line.starts_with(['.', '/'])
            || line.starts_with("-e")
            || line.starts_with("--editable")
            || line.contains("file:")
            || line.contains("@ .");
        if local {
            return Some("the requirements name folders of the source");
        }
    }
    None
}
