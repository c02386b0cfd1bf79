//! Fixture folders: a small repository on disk as a tree, and the snapshots beside it.

use camino::Utf8PathBuf;
use libtest_mimic::Failed;
use std::fs;
use std::path::Path;
use tidewaiter::repository::{Kind, MemoryTree};
use tidewaiter::text::diff;

/// The files of a folder; the snapshots are none of them.
pub(crate) fn load(dir: &Path) -> MemoryTree {
    let mut tree = MemoryTree::complete();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("readable").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside =
                Utf8PathBuf::from_path_buf(path.strip_prefix(dir).expect("below").to_owned()).expect("UTF-8");
            if inside == "findings" || inside == "fixed" {
                continue;
            }
            let text = fs::read_to_string(&path).expect("fixtures are UTF-8");
            let kind = if is_executable(&path) { Kind::Executable } else { Kind::File };
            tree.insert(&inside, kind, Some(text.into()));
        }
    }
    tree
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

/// Compares a text with its snapshot, which `UPDATE_FIXTURES=1` writes; no file stands for an empty one.
#[allow(dead_code, reason = "not every suite keeps snapshots")]
pub(crate) fn compare(path: &Path, text: &str) -> Result<(), Failed> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == text {
        return Ok(());
    }
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        if text.is_empty() {
            fs::remove_file(path)?;
        } else {
            fs::write(path, text)?;
        }
        return Ok(());
    }
    let diff = diff::unified(&expected, text, "expected", "found");
    Err(format!("{} differs (UPDATE_FIXTURES=1 writes it):\n{diff}", path.display()).into())
}
