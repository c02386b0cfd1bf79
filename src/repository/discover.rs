//! Which files are Dockerfiles, by their name.

use camino::Utf8Path;

/// Endings of things beside Dockerfiles, not of Dockerfiles: ignore files, notes, editor backups, patches.
const OTHER: [&str; 17] = [
    "dockerignore",
    "containerignore",
    "md",
    "markdown",
    "rst",
    "bak",
    "backup",
    "old",
    "orig",
    "rej",
    "swp",
    "swo",
    "tmp",
    "save",
    "patch",
    "diff",
    "lock",
];

/// Endings of programs and data *about* Dockerfiles, when the name is written in lower case as code is:
/// `dockerfile.py` reads Dockerfiles, `Dockerfile.py` builds the Python image.
const CODE: [&str; 22] = [
    "c", "cc", "cpp", "cs", "css", "go", "h", "html", "java", "js", "json", "kt", "lua", "php", "py", "rb",
    "rs", "sh", "ts", "txt", "yaml", "yml",
];

/// Whether a file is a Dockerfile by its name: `Dockerfile`, `Dockerfile.*`, `*.Dockerfile`,
/// `Containerfile*`, in any case. Folders do not matter.
///
/// ```
/// use tidewaiter::repository::is_dockerfile;
/// assert!(is_dockerfile("app/Dockerfile.prod".into()));
/// assert!(!is_dockerfile("app/Dockerfile.dockerignore".into()));
/// ```
pub fn is_dockerfile(path: &Utf8Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let lower = name.to_ascii_lowercase();
    if lower.ends_with('~') || lower.ends_with('#') {
        return false;
    }
    let extension = lower.rsplit_once('.').map(|(_, extension)| extension);
    if extension.is_some_and(|extension| OTHER.contains(&extension)) {
        return false;
    }
    if matches!(extension, Some("dockerfile" | "containerfile")) {
        return true;
    }
    let Some(rest) = lower.strip_prefix("dockerfile").or_else(|| lower.strip_prefix("containerfile")) else {
        return false;
    };
    // `Containerfile*` is how Podman's documentation names variants; a letter makes it another word.
    let separators: &[char] = if lower.starts_with('d') { &['.'] } else { &['.', '-', '_'] };
    let code = name.starts_with(['d', 'c']) && extension.is_some_and(|extension| CODE.contains(&extension));
    !code && (rest.is_empty() || (rest.starts_with(separators) && rest.len() > 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_dockerfiles_by_name() {
        for name in [
            "Dockerfile",
            "dockerfile",
            "DOCKERFILE",
            "a/b/Dockerfile",
            "Dockerfile.dev",
            "Dockerfile.go",
            "web.Dockerfile",
            "web.dockerfile",
            "Containerfile",
            "Containerfile.fedora",
            "Containerfile-dev",
            "x.containerfile",
            "dockerfile.prod",
            "Dockerfile.alpine3.22",
            ".devcontainer/Dockerfile",
        ] {
            assert!(is_dockerfile(name.into()), "{name}");
        }
    }

    #[test]
    fn knows_what_is_beside_them() {
        for name in [
            "",
            "Dockerfile.dockerignore",
            "dockerfile.md",
            "Dockerfile~",
            "Dockerfile.bak",
            "Dockerfile.orig",
            ".Dockerfile.swp",
            "#Dockerfile#",
            ".#Dockerfile",
            "dockerfile.go",
            "dockerfile.py",
            "Dockerfiles",
            "mydockerfile",
            "Containerfiles",
            "Dockerfile.",
            "docker-compose.yml",
            "Dockerfile/x",
            "MyDockerfile",
        ] {
            assert!(!is_dockerfile(name.into()), "{name}");
        }
    }
}
