//! The usual files around a Dockerfile: the one list of names that a snapshot over GitHub asks for at once.

use super::{Kind, Tree};
use camino::{Utf8Path, Utf8PathBuf};

/// Files at the root of the repository.
const AT_ROOT: [&str; 2] = [".tidewaiter.yml", ".github/tidewaiter.yml"];

/// Folders whose listing says which workflows and scripts there are; their texts come with the second query.
const FOLDERS: [&str; 12] = [
    ".github",
    ".github/workflows",
    "scripts",
    "script",
    "bin",
    "ci",
    ".ci",
    "hack",
    "build",
    "tools",
    "deploy",
    "docker",
];

/// Files beside a Dockerfile. What is not in this list is fetched by a second query when a rule asks for it.
const BESIDE: [&str; 20] = [
    ".dockerignore",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "action.yml",
    "action.yaml",
    "requirements.txt",
    "pyproject.toml",
    "setup.py",
    "uv.lock",
    "poetry.lock",
    "Pipfile",
    "package.json",
    "go.mod",
    "Gemfile",
    "composer.json",
    "entrypoint.sh",
    "docker-entrypoint.sh",
    "run.sh",
];

/// The most files that are asked for on suspicion.
const MAX_LIKELY: usize = 40;

/// The context files of Dockerfiles that are worth asking for before the rules run.
pub fn wanted_files(dockerfiles: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let mut out: Vec<Utf8PathBuf> = AT_ROOT.iter().chain(&FOLDERS).map(Utf8PathBuf::from).collect();
    for dockerfile in dockerfiles {
        let dir = dockerfile.parent().unwrap_or(Utf8Path::new(""));
        out.extend(BESIDE.iter().map(|name| dir.join(name)));
        // The context may be any folder above.
        out.extend(dir.ancestors().skip(1).map(|above| above.join(".dockerignore")));
        if let Some(name) = dockerfile.file_name() {
            out.push(dir.join(format!("{name}.dockerignore")));
        }
    }
    out.sort();
    out.dedup();
    out
}

/// Files that the rules are likely to ask for after a first look: start scripts and Python modules in the folder
/// of a Dockerfile, as far as it has been listed. They go into a query that is needed anyway, which saves one.
pub fn likely_next(tree: &dyn Tree, dockerfile: &Utf8Path) -> Vec<Utf8PathBuf> {
    let dir = dockerfile.parent().unwrap_or(Utf8Path::new(""));
    let Some(entries) = tree.list(dir).found() else { return Vec::new() };
    let python = entries
        .iter()
        .any(|(name, _)| matches!(name.as_str(), "pyproject.toml" | "requirements.txt" | "setup.py"));
    let ends = |name: &str, end: &str| Utf8Path::new(name).extension() == Some(end);
    let mut out = Vec::new();
    for (name, entry) in entries.iter() {
        let path = dir.join(name);
        match entry.kind {
            Kind::File | Kind::Executable
                if ends(name, "sh") || name.contains("entrypoint") || (python && ends(name, "py")) =>
            {
                out.push(path);
            }
            Kind::Directory
                if python && !name.starts_with('.') && !matches!(name.as_str(), "tests" | "docs") =>
            {
                out.extend(
                    ["__init__.py", "__main__.py", "app.py", "main.py"].map(|module| path.join(module)),
                );
            }
            _ => {}
        }
        if out.len() >= MAX_LIKELY {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_file_once() {
        let files =
            wanted_files(&["Dockerfile".into(), "api/Dockerfile".into(), "api/web.Dockerfile".into()]);
        assert!(files.contains(&"api/web.Dockerfile.dockerignore".into()));
        assert_eq!(files.iter().filter(|f| *f == "api/.dockerignore").count(), 1);
        assert!(files.contains(&".tidewaiter.yml".into()));
        let deep = wanted_files(&["services/api/Dockerfile".into()]);
        for dir in ["", "services", "services/api"] {
            assert!(deep.contains(&Utf8Path::new(dir).join(".dockerignore")), "{dir}");
        }
    }
}
