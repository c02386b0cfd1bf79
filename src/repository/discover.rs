//! Which files are Dockerfiles, by their name.

use super::{Kind, Tree};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::VecDeque;

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

/// The most folders that are looked into: one object of git may stand in a thousand places, so that a small repository
/// has more paths than can be walked.
const MAX_FOLDERS: usize = 200_000;

/// What [`dockerfiles`] finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The Dockerfiles, in order of path.
    pub files: Vec<Utf8PathBuf>,
    /// Symbolic links with the name of one, in order of path; trees do not follow them.
    pub links: Vec<Utf8PathBuf>,
    /// Whether there are more folders than were looked into.
    pub cut: bool,
}

/// The Dockerfiles of a tree in and below a folder.
pub fn dockerfiles(tree: &dyn Tree, below: &Utf8Path) -> Discovered {
    within(tree, below, MAX_FOLDERS)
}

fn within(tree: &dyn Tree, below: &Utf8Path, most: usize) -> Discovered {
    let mut found = Discovered::default();
    let mut folders = VecDeque::from([below.to_owned()]);
    let mut looked = 0;
    // Shallow ones first: what a cut leaves out is deep.
    while let Some(folder) = folders.pop_front() {
        if looked == most {
            found.cut = true;
            break;
        }
        looked += 1;
        for (name, entry) in tree.list(&folder).found().unwrap_or_default().iter() {
            let path = folder.join(name);
            match entry.kind {
                Kind::Directory if folders.len() <= most => folders.push_back(path),
                Kind::Directory => found.cut = true,
                Kind::File | Kind::Executable if is_dockerfile(&path) => found.files.push(path),
                Kind::Symlink if is_dockerfile(&path) => found.links.push(path),
                Kind::File | Kind::Executable | Kind::Symlink | Kind::Submodule => {}
            }
        }
    }
    found.files.sort();
    found.links.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    #[test]
    fn finds_them_in_a_tree() {
        let mut tree = MemoryTree::complete();
        for path in ["Dockerfile", "b/c/Dockerfile.dev", "b/main.py", "a/x.Dockerfile"] {
            tree.insert(path.into(), Kind::File, Some("FROM scratch\n".into()));
        }
        tree.insert("b/Dockerfile".into(), Kind::Symlink, None);
        let found = dockerfiles(&tree, "".into());
        assert_eq!(found.files, ["Dockerfile", "a/x.Dockerfile", "b/c/Dockerfile.dev"]);
        assert_eq!(found.links, ["b/Dockerfile"]);
        assert!(!found.cut);
        assert_eq!(dockerfiles(&tree, "b/c".into()).files, ["b/c/Dockerfile.dev"]);
        assert_eq!(dockerfiles(&tree, "none".into()), Discovered::default());
        let some = within(&tree, "".into(), 2);
        assert!(some.cut && some.files == ["Dockerfile", "a/x.Dockerfile"], "{some:?}");
    }

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
