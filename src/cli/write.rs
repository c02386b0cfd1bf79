//! Writes fixed files: atomically, and never outside of the repository.

use super::files::plain;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::{self, Metadata};
use std::io::Write as _;
use tempfile::NamedTempFile;

/// Replaces the text of a file, or makes it when `old` is `None`.
///
/// The file appears complete or not at all, keeps its permissions, and a symbolic link stays one.
///
/// # Errors
/// A sentence that says why the file was left as it is: a link out of `root`, write protection, a change
/// since it was read, or a failure of the system.
pub(super) fn replace(root: &Utf8Path, path: &Utf8Path, old: Option<&str>, new: &str) -> Result<(), String> {
    let (real, meta) = match old {
        Some(old) => existing(path, old)?,
        None => (missing(path)?, None),
    };
    if !real.starts_with(root) {
        return Err("not written: it is a symbolic link out of the repository".to_owned());
    }
    let failed = |error: std::io::Error| format!("not written: {}", plain_write(&error));
    let folder = real.parent().unwrap_or(root);
    let mut file = create_in(folder).map_err(failed)?;
    file.write_all(new.as_bytes()).map_err(failed)?;
    if let Some(meta) = meta {
        keep_owner(file.path(), &meta);
        file.as_file().set_permissions(meta.permissions()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&real).map_err(|error| failed(error.error))?;
    Ok(())
}

fn plain_write(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "no permission to write there".to_owned(),
        _ => plain(error),
    }
}

fn existing(path: &Utf8Path, old: &str) -> Result<(Utf8PathBuf, Option<Metadata>), String> {
    let failed = |error: std::io::Error| format!("not written: {}", plain(&error));
    let real = path.canonicalize_utf8().map_err(failed)?;
    let meta = fs::metadata(&real).map_err(failed)?;
    if meta.permissions().readonly() {
        return Err("not written: it is write-protected".to_owned());
    }
    if fs::read(&real).map_err(failed)? != old.as_bytes() {
        return Err("not written: it has changed since it was read".to_owned());
    }
    Ok((real, Some(meta)))
}

fn missing(path: &Utf8Path) -> Result<Utf8PathBuf, String> {
    if path.symlink_metadata().is_ok() {
        return Err("not written: it is there, but could not be read".to_owned());
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err("not written: it has no name".to_owned());
    };
    let parent = parent.canonicalize_utf8().map_err(|error| format!("not written: {}", plain(&error)))?;
    Ok(parent.join(name))
}

/// A new file with the permissions that the umask gives; a private one would surprise in a repository.
pub(super) fn create_in(folder: &Utf8Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tidewaiter-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// A run as root (a container) leaves the file to its owner; for others this changes nothing or may fail.
#[cfg(unix)]
fn keep_owner(path: &std::path::Path, meta: &Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    let _ = std::os::unix::fs::chown(path, Some(meta.uid()), Some(meta.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &std::path::Path, _: &Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
        (dir, path)
    }

    #[test]
    fn replaces_and_makes_files() {
        let (_dir, root) = folder();
        let path = root.join("Dockerfile");
        fs::write(&path, "old").unwrap();
        replace(&root, &path, Some("old"), "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(replace(&root, &path, Some("old"), "newer").unwrap_err().contains("changed"));
        assert!(replace(&root, &path, None, "newer").is_err());
        replace(&root, &root.join(".dockerignore"), None, ".git\n").unwrap();
        assert_eq!(fs::read_dir(&root).unwrap().count(), 2, "no temporary file is left");
    }

    #[test]
    fn leaves_protected_files() {
        let (_dir, root) = folder();
        let path = root.join("Dockerfile");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        assert!(replace(&root, &path, Some("old"), "new").unwrap_err().contains("write-protected"));
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_links_and_stays_inside() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let ((_a, root), (_b, outside)) = (folder(), folder());
        let path = root.join("real");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o754)).unwrap();
        symlink("real", root.join("Dockerfile")).unwrap();
        replace(&root, &root.join("Dockerfile"), Some("old"), "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o754);
        assert!(root.join("Dockerfile").symlink_metadata().unwrap().is_symlink());

        fs::write(outside.join("target"), "old").unwrap();
        symlink(outside.join("target"), root.join("link")).unwrap();
        let error = replace(&root, &root.join("link"), Some("old"), "new").unwrap_err();
        assert!(error.contains("out of the repository"), "{error}");
        assert_eq!(fs::read_to_string(outside.join("target")).unwrap(), "old");
        symlink(&outside, root.join("dir")).unwrap();
        assert!(replace(&root, &root.join("dir/new"), None, "x").is_err());
    }
}
