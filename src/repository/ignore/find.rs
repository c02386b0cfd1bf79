//! Which ignore file a build uses, and whether git ignores a path.

use super::pattern::Glob;
use super::{IgnoreFile, clean};
use crate::repository::{Lookup, Tree};
use camino::{Utf8Path, Utf8PathBuf};

/// An ignore file and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundIgnoreFile {
    /// Its path in the tree.
    pub path: Utf8PathBuf,
    /// Whether it is the Dockerfile's own (`Dockerfile.dockerignore`), which holds for any context.
    pub own: bool,
    /// What it says.
    pub file: IgnoreFile,
}

/// The ignore file of a build: `<Dockerfile>.dockerignore` beside the Dockerfile goes before `.dockerignore` at
/// the root of the context (BuildKit, `frontend/dockerui`). Podman, for which a `Containerfile` is made, looks
/// for `.containerignore` first.
pub fn find_ignore_file(
    tree: &dyn Tree,
    dockerfile: &Utf8Path,
    context: &Utf8Path,
) -> Lookup<FoundIgnoreFile> {
    let name = dockerfile.file_name().unwrap_or("Dockerfile");
    let podman = name.get(..13).is_some_and(|start| start.eq_ignore_ascii_case("containerfile"));
    let ends: &[&str] = if podman { &["containerignore", "dockerignore"] } else { &["dockerignore"] };
    let own = ends.iter().map(|end| (dockerfile.with_file_name(format!("{name}.{end}")), true));
    let shared = ends.iter().map(|end| (context.join(format!(".{end}")), false));
    let mut empty = false;
    for (path, own) in own.chain(shared) {
        match tree.read(&path) {
            // Whether an empty file counts as one depends on how BuildKit is reached.
            Lookup::Found(text) if own && text.is_empty() => empty = true,
            Lookup::Found(_) if empty => return Lookup::Unknown,
            Lookup::Found(text) => {
                return Lookup::Found(FoundIgnoreFile { path, own, file: IgnoreFile::parse(&text) });
            }
            Lookup::Absent => {}
            Lookup::Unknown => return Lookup::Unknown,
        }
    }
    Lookup::Absent
}

/// Whether a `.gitignore` on the way to a path may name it, so that it is made by something before the build;
/// also true where that is not known. Lines that begin with `!` are passed over: they can only take back.
pub fn may_be_in_gitignore(tree: &dyn Tree, path: &Utf8Path) -> bool {
    path.ancestors().skip(1).any(|dir| match tree.read(&dir.join(".gitignore")) {
        Lookup::Found(text) => {
            let inside = path.strip_prefix(dir).unwrap_or(path);
            text.lines().any(|line| line_names(line, inside))
        }
        Lookup::Absent => false,
        Lookup::Unknown => true,
    })
}

fn line_names(line: &str, path: &Utf8Path) -> bool {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '!']) {
        return false;
    }
    let pattern = line.trim_end_matches('/');
    let anchored = pattern.contains('/');
    let pattern = clean(pattern.trim_start_matches('/')).replace("[!", "[^");
    let text = if anchored { pattern } else { format!("**/{pattern}") };
    Glob::new(&text).map_or(true, |glob| {
        glob.is_unclear()
            || path.ancestors().any(|part| !part.as_str().is_empty() && glob.matches(part.as_str()))
    })
}
