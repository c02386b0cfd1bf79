//! The usual files around a Dockerfile: the one list of names that a snapshot over GitHub asks for at once.

use camino::{Utf8Path, Utf8PathBuf};

/// Files at the root of the repository.
const AT_ROOT: [&str; 2] = [".tidewaiter.yml", ".github/tidewaiter.yml"];

/// Files beside a Dockerfile. What is not in this list is fetched by a second query when a rule asks for it.
const BESIDE: [&str; 16] = [
    ".dockerignore",
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

/// The context files of Dockerfiles that are worth asking for before the rules run.
pub fn wanted_files(dockerfiles: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let mut out: Vec<Utf8PathBuf> = AT_ROOT.iter().map(Utf8PathBuf::from).collect();
    for dockerfile in dockerfiles {
        let dir = dockerfile.parent().unwrap_or(Utf8Path::new(""));
        out.extend(BESIDE.iter().map(|name| dir.join(name)));
        if let Some(name) = dockerfile.file_name() {
            out.push(dir.join(format!("{name}.dockerignore")));
        }
    }
    out.sort();
    out.dedup();
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
    }
}
