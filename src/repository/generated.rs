//! Paths that are not in the repository because something makes them before the image is built.

use super::ignore::may_be_in_gitignore;
use super::{Kind, Lookup, Tree};
use camino::{Utf8Path, Utf8PathBuf};

/// Folders that builds write to.
const OUTPUT: [&str; 30] = [
    "_build",
    "_site",
    "artifact",
    "artifacts",
    "bin",
    "build",
    "builds",
    "cache",
    "coverage",
    "deps",
    "dist",
    "generated",
    "gen",
    "jars",
    "lib",
    "libs",
    "node_modules",
    "obj",
    "out",
    "output",
    "packages",
    "pkg",
    "public",
    "publish",
    "release",
    "releases",
    "target",
    "tmp",
    "vendor",
    "wheels",
];

/// Endings of names that people write: sources, manifests, lock files, settings.
const WRITTEN: [&str; 44] = [
    "bash", "c", "cc", "cfg", "cjs", "conf", "cpp", "cs", "csproj", "css", "erb", "ex", "exs", "go",
    "gradle", "h", "hpp", "ini", "java", "js", "json", "jsx", "kt", "kts", "lock", "lua", "md", "mjs", "mod",
    "php", "pl", "py", "r", "rb", "rs", "scala", "sh", "sln", "sum", "toml", "ts", "tsx", "yaml", "yml",
];

/// Whole names of the same kind.
const WRITTEN_NAMES: [&str; 9] = [
    "constraints.txt",
    "gemfile",
    "gradlew",
    "makefile",
    "mvnw",
    "pipfile",
    "pom.xml",
    "procfile",
    "rakefile",
];

/// Parts of names that say "made for this build".
const MADE: [&str; 12] = [
    "version",
    "revision",
    "build",
    "generated",
    "bundle",
    ".min.",
    "_pb2",
    ".pb.",
    "secret",
    "credential",
    "token",
    "commit",
];

/// Files that say how things are made.
const SCRIPTS: [&str; 30] = [
    ".circleci/config.yml",
    ".drone.yml",
    ".gitlab-ci.yml",
    ".goreleaser.yaml",
    ".goreleaser.yml",
    ".travis.yml",
    "GNUmakefile",
    "Jenkinsfile",
    "Justfile",
    "Makefile",
    "Rakefile",
    "Taskfile.yaml",
    "Taskfile.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "build.gradle",
    "build.gradle.kts",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "docker-bake.hcl",
    "docker-compose.yaml",
    "docker-compose.yml",
    "compose.yaml",
    "compose.yml",
    "justfile",
    "makefile",
    "mise.toml",
    "noxfile.py",
    "package.json",
    "tox.ini",
];

/// Folders of scripts.
const SCRIPT_FOLDERS: [&str; 7] = [".github/workflows", "", ".ci", "ci", "hack", "script", "scripts"];
/// The most scripts of a folder that are read.
const MAX_SCRIPTS: usize = 30;

/// Whether a path that is not in the repository is one that people write themselves: no output folder on its
/// way, and the name of a source, a manifest or a setting.
pub fn is_written_by_hand(path: &Utf8Path) -> bool {
    let folders = path.parent().into_iter().flat_map(Utf8Path::components);
    let output = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with('.')
            || OUTPUT.contains(&name.as_str())
            || MADE.iter().any(|part| name.contains(part))
    };
    let Some(name) = path.file_name() else { return false };
    let lower = name.to_ascii_lowercase();
    let extension = Utf8Path::new(&lower).extension().unwrap_or("");
    let written = WRITTEN.contains(&extension)
        || WRITTEN_NAMES.contains(&lower.as_str())
        || (lower.starts_with("requirements") && extension == "txt");
    written
        && !lower.starts_with('.')
        && !MADE.iter().any(|part| lower.contains(part))
        && !folders.into_iter().any(|folder| output(folder.as_str()))
}

/// Whether something in the repository may make this path before the build: git is told to ignore it, or a
/// workflow, a makefile or a script at the root or in the folder of the context speaks of its name. Also true
/// where that is not known.
pub fn may_be_generated(tree: &dyn Tree, context: &Utf8Path, path: &Utf8Path) -> bool {
    let Some(name) = path.file_name() else { return true };
    let speaks = |file: &Utf8Path| match tree.read(file) {
        Lookup::Found(text) => text.contains(name),
        Lookup::Absent => false,
        Lookup::Unknown => true,
    };
    let root = Utf8Path::new("");
    let places: &[&Utf8Path] = if context == root { &[root] } else { &[root, context] };
    may_be_in_gitignore(tree, path)
        || places.iter().any(|place| {
            SCRIPTS.iter().any(|script| speaks(&place.join(script)))
                || SCRIPT_FOLDERS.iter().any(|folder| match scripts_in(tree, &place.join(folder)) {
                    Some(scripts) => scripts.iter().any(|script| speaks(script)),
                    None => true,
                })
        })
}

/// The scripts and workflows of a folder; `None` where it is not known, or has too many.
fn scripts_in(tree: &dyn Tree, folder: &Utf8Path) -> Option<Vec<Utf8PathBuf>> {
    let names = match tree.list(folder) {
        Lookup::Found(names) => names,
        Lookup::Absent => return Some(Vec::new()),
        Lookup::Unknown => return None,
    };
    let workflows = folder.ends_with(".github/workflows");
    let scripts: Vec<Utf8PathBuf> = names
        .iter()
        .filter(|(name, entry)| {
            let extension = Utf8Path::new(name).extension();
            let script = match extension {
                Some("sh" | "bash" | "ps1" | "mk") => true,
                Some("yml" | "yaml") => workflows,
                None => entry.kind == Kind::Executable,
                _ => false,
            };
            script && matches!(entry.kind, Kind::File | Kind::Executable)
        })
        .map(|(name, _)| folder.join(name))
        .collect();
    (scripts.len() <= MAX_SCRIPTS).then_some(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    #[test]
    fn what_people_write() {
        for path in [
            "requirements.txt",
            "src/main.rs",
            "conf/nginx.conf",
            "package-lock.json",
            "go.sum",
            "mvnw",
            "run.sh",
        ] {
            assert!(is_written_by_hand(path.into()), "{path}");
        }
        for path in [
            "",
            "app",
            "app.jar",
            "target/app.js",
            "dist/index.js",
            "web/Build/x.py",
            "version.json",
            "api_pb2.py",
            ".env",
            ".next/server.js",
            "app.tar.gz",
            "client-secret.json",
            "src",
        ] {
            assert!(!is_written_by_hand(path.into()), "{path}");
        }
    }

    #[test]
    fn what_scripts_make() {
        let root = Utf8Path::new("");
        let made = |tree: &MemoryTree, path: &str| may_be_generated(tree, root, path.into());
        let plain = MemoryTree::complete().with("a.py", "conf.yml");
        assert!(!made(&plain, "conf.yml"));
        for script in ["Makefile", ".github/workflows/ci.yml", "build.sh", "scripts/x.sh", ".gitignore"] {
            let tree = MemoryTree::complete().with(script, "conf.yml: x\nconf.yml\n");
            assert!(made(&tree, "conf.yml"), "{script}");
            assert!(!made(&tree, "other.yml"), "{script}");
        }
        assert!(made(&MemoryTree::partial(), "conf.yml"));
        let below = MemoryTree::complete().with("api/Makefile", "conf.yml");
        assert!(!made(&below, "api/conf.yml"));
        assert!(may_be_generated(&below, "api".into(), "api/conf.yml".into()));
    }
}
