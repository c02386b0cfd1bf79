//! Which Dockerfiles a change may concern although it does not touch them: a line less in `.dockerignore`, a start
//! script without `exec`, another lock file, a workflow.

use super::discover::is_dockerfile;
use super::project::{Place, Project, is_script, is_setup};
use super::{Kind, Lookup, Tree};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Dockerfiles that are looked at beside the changed ones.
const MAX_RELATED: usize = 20;
/// Folders that are looked into.
const MAX_FOLDERS: usize = 60;
/// Changed files whose texts are asked for before anything is known.
const MAX_FIRST: usize = 40;

/// Folders in which the Dockerfiles of the folder above usually lie.
const SUBFOLDERS: [&str; 7] =
    ["docker", ".docker", "build", "deploy", "container", "containers", ".devcontainer"];

/// Manifests, lock files and files of versions that are read around a Dockerfile.
const MANIFESTS: [&str; 46] = [
    ".node-version",
    ".npmrc",
    ".nvmrc",
    ".python-version",
    ".ruby-version",
    ".tool-versions",
    ".yarnrc",
    ".yarnrc.yml",
    "Cargo.lock",
    "Cargo.toml",
    "Directory.Build.props",
    "Gemfile",
    "Gemfile.lock",
    "Pipfile",
    "Pipfile.lock",
    "build.gradle",
    "build.gradle.kts",
    "bun.lock",
    "bun.lockb",
    "composer.json",
    "composer.lock",
    "deno.lock",
    "environment.yml",
    "global.json",
    "go.mod",
    "go.sum",
    "gunicorn.conf.py",
    "mise.toml",
    "mix.lock",
    "npm-shrinkwrap.json",
    "nuget.config",
    "package-lock.json",
    "package.json",
    "packages.lock.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "poetry.lock",
    "pom.xml",
    "pubspec.lock",
    "pyproject.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "setup.cfg",
    "setup.py",
    "uv.lock",
    "yarn.lock",
];

/// What scripts without an ending are called that start a container.
const START_WORDS: [&str; 7] = ["entrypoint", "docker-entrypoint", "start", "run", "boot", "init", "launch"];

/// Whether a change of this file may concern an image: ignore files, scripts, manifests and lock files, workflows,
/// Compose and bake files, other CI, hosting services, update bots. Told by the name alone; a Dockerfile itself is none.
pub fn matters(path: &Utf8Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    !is_dockerfile(path)
        && (name.ends_with("dockerignore")
            || name.ends_with("containerignore")
            || is_manifest(name)
            || is_start_script(name)
            || is_script(name)
            || is_setup(path))
}

fn is_manifest(name: &str) -> bool {
    let ends = |end: &str| Utf8Path::new(name).extension() == Some(end);
    MANIFESTS.contains(&name)
        || ends("csproj")
        || (ends("txt") && ["requirements", "constraints"].iter().any(|word| name.contains(word)))
}

fn is_start_script(name: &str) -> bool {
    let (stem, end) = name.split_once('.').unwrap_or((name, ""));
    name.contains("entrypoint") || end == "ash" || (end.is_empty() && START_WORDS.contains(&stem))
}

/// Unchanged Dockerfiles that a change may concern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Related {
    /// Their paths, the nearest to the changed files first.
    pub dockerfiles: Vec<Utf8PathBuf>,
    /// How many more there are; they are not looked at.
    pub left_out: usize,
}

/// The Dockerfiles that changed files (all of them, by their paths in base and head) may concern without being among
/// them: those in the folder of a file that [`matters`] and in all folders above, in the usual subfolders of these, and
/// those that workflows, Compose files, bake files and scripts build from a context with such a file in it. A file that
/// builds, runs or updates images concerns every image that is built.
///
/// Where nothing matters the tree is not asked. A partial tree remembers what it was asked for and could not say: filled
/// and asked again, the answer grows until it is complete.
pub fn related(tree: &dyn Tree, changed: &[Utf8PathBuf]) -> Related {
    let files: Vec<&Utf8Path> = changed.iter().map(|path| &**path).filter(|path| matters(path)).collect();
    if files.is_empty() {
        return Related::default();
    }
    let changed: BTreeSet<&Utf8Path> = changed.iter().map(|path| &**path).collect();
    let mut found = Vec::new();
    for dir in folders(&files) {
        dockerfiles_in(tree, &dir, &mut found);
    }
    let everywhere = files.iter().any(|path| is_setup(path));
    let above: BTreeSet<&Utf8Path> = files.iter().flat_map(|path| path.ancestors().skip(1)).collect();
    // Compose and bake files may stand beside the changed file, too.
    let project = Project::read(tree, &beside(&files, &found));
    for build in &project.builds {
        let Place::Path(path) = &build.dockerfile else { continue };
        let concerned = everywhere || build.context.path().is_some_and(|context| above.contains(context));
        // A name in a build is no file yet.
        let there = || {
            !matches!(tree.read(path), Lookup::Absent)
                && !matches!(tree.entry(path), Lookup::Found(entry) if entry.kind == Kind::Directory)
        };
        if concerned && !found.contains(path) && there() {
            found.push(path.clone());
        }
    }
    found.retain(|path| !changed.contains(&**path));
    let left_out = found.len().saturating_sub(MAX_RELATED);
    found.truncate(MAX_RELATED);
    Related { dockerfiles: found, left_out }
}

/// Paths whose folders are those of the Dockerfiles that were found and of the changed files.
fn beside(files: &[&Utf8Path], found: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let mut out = found.to_vec();
    out.extend(files.iter().map(|path| (*path).to_owned()));
    let mut seen = BTreeSet::new();
    out.retain(|path| seen.insert(path.parent().map(Utf8Path::to_owned)));
    out
}

/// The folders of files and those above, the nearest first.
fn folders(files: &[&Utf8Path]) -> Vec<Utf8PathBuf> {
    let mut ranked: BTreeSet<(usize, &Utf8Path)> = BTreeSet::new();
    for path in files {
        ranked.extend(path.ancestors().skip(1).enumerate());
    }
    let mut seen = BTreeSet::new();
    ranked
        .into_iter()
        .filter(|(_, dir)| seen.insert(*dir))
        .take(MAX_FOLDERS)
        .map(|(_, dir)| dir.to_owned())
        .collect()
}

/// The Dockerfiles in a folder and in its usual subfolders.
fn dockerfiles_in(tree: &dyn Tree, dir: &Utf8Path, out: &mut Vec<Utf8PathBuf>) {
    let mut below = Vec::new();
    for (folder, top) in
        std::iter::once((dir.to_owned(), true)).chain(SUBFOLDERS.iter().map(|name| (dir.join(name), false)))
    {
        if !top && !below.contains(&folder) {
            continue;
        }
        let Some(entries) = tree.list(&folder).found() else { continue };
        for (name, entry) in entries.iter() {
            let path = folder.join(name);
            match entry.kind {
                Kind::Directory if top => below.push(path),
                Kind::File | Kind::Executable if is_dockerfile(&path) && !out.contains(&path) => {
                    out.push(path);
                }
                _ => {}
            }
        }
    }
}

/// What to read first where a change may concern Dockerfiles that are not known yet: the changed files that matter, the
/// folders in which [`related`] looks, the Dockerfiles that are likely to be there. The most telling first.
pub fn related_first(changed: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let files: Vec<&Utf8Path> =
        changed.iter().map(|path| &**path).filter(|path| matters(path)).take(MAX_FIRST).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let folders = folders(&files);
    let mut out: Vec<Utf8PathBuf> = folders.clone();
    out.extend(files.iter().map(|path| (*path).to_owned()));
    out.extend(likely_dockerfiles(changed));
    for dir in folders.iter().filter(|dir| !dir.starts_with(".github")) {
        out.extend(SUBFOLDERS.iter().map(|name| dir.join(name)));
    }
    let mut seen = BTreeSet::new();
    out.retain(|path| seen.insert(path.clone()));
    out
}

/// Where the Dockerfile of a changed file that matters most likely is, the nearest first.
pub fn likely_dockerfiles(changed: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let files: Vec<&Utf8Path> =
        changed.iter().map(|path| &**path).filter(|path| matters(path)).take(MAX_FIRST).collect();
    let mut out = Vec::new();
    let dirs = folders(&files);
    for dir in dirs.iter().filter(|dir| !dir.starts_with(".github")) {
        out.push(dir.join("Dockerfile"));
    }
    out.retain(|path| !changed.contains(path));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    fn paths(names: &[&str]) -> Vec<Utf8PathBuf> {
        names.iter().map(Utf8PathBuf::from).collect()
    }

    #[test]
    fn tells_what_matters_by_name() {
        for name in [
            ".dockerignore",
            "api/web.Dockerfile.dockerignore",
            ".containerignore",
            "docker/entrypoint.sh",
            "docker-entrypoint",
            "bin/start",
            "Makefile",
            "build.sh",
            "package.json",
            "a/package-lock.json",
            "requirements-dev.txt",
            "uv.lock",
            "src/App/App.csproj",
            ".github/workflows/ci.yml",
            ".github/dependabot.yml",
            "renovate.json",
            ".github/actions/build/action.yml",
            "action.yml",
            "deploy/compose.prod.yaml",
            "docker-compose.yml",
            "docker-bake.hcl",
            ".gitlab-ci.yml",
            "deploy/fly.toml",
        ] {
            assert!(matters(name.into()), "{name}");
        }
        for name in [
            "",
            "README.md",
            "src/main.rs",
            "app.py",
            "docs/running.txt",
            "config.yml",
            "Dockerfile",
            "api/web.Dockerfile",
            "starting.txt",
            ".github/CODEOWNERS",
            "workflows/ci.yml",
            "notes/.github/workflows/ci.yml",
        ] {
            assert!(!matters(name.into()), "{name}");
        }
    }

    #[test]
    fn looks_in_own_folder_above_and_beside() {
        let tree = MemoryTree::complete()
            .with("Dockerfile", "FROM a\n")
            .with("docker/web.Dockerfile", "FROM a\n")
            .with("services/api/Dockerfile", "FROM a\n")
            .with("services/api/.docker/Dockerfile", "FROM a\n")
            .with("services/web/Dockerfile", "FROM a\n")
            .with("services/api/start/run.sh", "");
        let found = related(&tree, &paths(&["services/api/start/run.sh", "README.md"]));
        assert_eq!(
            found.dockerfiles,
            [
                "services/api/Dockerfile",
                "services/api/.docker/Dockerfile",
                "Dockerfile",
                "docker/web.Dockerfile"
            ]
        );
        // What is changed itself is not found again.
        let found = related(&tree, &paths(&["services/web/package.json", "services/web/Dockerfile"]));
        assert_eq!(found.dockerfiles, ["Dockerfile", "docker/web.Dockerfile"]);
        assert_eq!(related(&tree, &paths(&["README.md", "services/web/Dockerfile"])), Related::default());
    }

    #[test]
    fn follows_what_builds() {
        let tree = MemoryTree::complete()
            .with("images/api/Dockerfile", "FROM a\n")
            .with("images/web/Dockerfile", "FROM a\n")
            .with("web/package.json", "{}")
            .with("docs/Makefile", "")
            .with("Makefile", "web:\n\tdocker build -f images/web/Dockerfile web\n")
            .with(
                "compose.yaml",
                "services:\n  api:\n    build:\n      context: images/api\n  gone:\n    build: nowhere\n",
            );
        let of = |name: &str| related(&tree, &paths(&[name])).dockerfiles;
        assert_eq!(of("web/package.json"), ["images/web/Dockerfile"]);
        assert_eq!(of("docs/Makefile"), Vec::<Utf8PathBuf>::new());
        // What builds concerns all that is built.
        let mut all = of("compose.yaml");
        all.sort();
        assert_eq!(all, ["images/api/Dockerfile", "images/web/Dockerfile"]);
    }

    #[test]
    fn the_number_is_bounded_and_said() {
        let mut tree = MemoryTree::complete().with("go.mod", "");
        for number in 0..30 {
            tree.insert(
                Utf8Path::new(&format!("{number:02}.Dockerfile")),
                Kind::File,
                Some("FROM a\n".into()),
            );
        }
        let found = related(&tree, &paths(&["go.mod"]));
        assert_eq!((found.dockerfiles.len(), found.left_out), (20, 10));
    }

    #[test]
    fn a_partial_tree_is_asked_until_it_knows() {
        let tree = MemoryTree::partial();
        assert_eq!(related(&tree, &paths(&["api/run.sh"])), Related::default());
        let wanted = tree.wanted();
        assert!(wanted.contains(&"api".into()) && wanted.contains(&"".into()), "{wanted:?}");
        // Nothing is asked where nothing matters.
        let tree = MemoryTree::partial();
        related(&tree, &paths(&["api/run.py"]));
        assert_eq!(tree.wanted(), Vec::<Utf8PathBuf>::new());
    }

    #[test]
    fn the_first_look_goes_from_near_to_far() {
        let first = related_first(&paths(&["README.md", "services/api/run.sh"]));
        let at = |name: &str| first.iter().position(|path| path == name);
        assert!(at("services/api") < at("services") && at("services") < at(""), "{first:?}");
        for name in ["services/api/run.sh", "services/api/Dockerfile", "Dockerfile", "services/api/docker"] {
            assert!(at(name).is_some(), "{name} in {first:?}");
        }
        assert_eq!(related_first(&paths(&["README.md"])), Vec::<Utf8PathBuf>::new());
        assert_eq!(likely_dockerfiles(&paths(&[".github/workflows/ci.yml"])), ["Dockerfile"]);
    }
}
