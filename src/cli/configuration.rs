//! The configuration of a repository that is read through a tree: a revision, or what was fetched of it.

use super::UsageError;
use super::explain::known_names;
use crate::config::{Config, ConfigError, FILE_NAMES};
use crate::dockerfile::ImageReference;
use crate::repository::{Lookup, Tree};
use camino::{Utf8Path, Utf8PathBuf};

/// A configuration, and where it is from.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) config: Config,
    /// Files that it is, or would be, read from.
    pub(super) files: Vec<Utf8PathBuf>,
    /// A file that is there and could not be read so far.
    unread: Option<Utf8PathBuf>,
}

/// Reads the configuration of a tree; `place` is what messages call it: "the base of the change".
///
/// What the tree does not know yet is left open: see [`complete`].
///
/// # Errors
/// When the configuration is broken, or a file that is named is not there.
pub(super) fn read(tree: &dyn Tree, named: Option<&Utf8Path>, place: &str) -> anyhow::Result<Chosen> {
    let mut files: Vec<Utf8PathBuf> = match named {
        Some(path) => vec![path.to_owned()],
        None => FILE_NAMES.map(Utf8PathBuf::from).to_vec(),
    };
    let (path, text) = if let Some(path) = named {
        let Lookup::Found(text) = tree.read(path) else {
            let message = format!("the configuration `{path}` is not in {place}");
            return Err(UsageError(message).into());
        };
        (path.to_owned(), text)
    } else {
        let mut found = None;
        for name in FILE_NAMES.map(Utf8Path::new) {
            match tree.read(name) {
                Lookup::Found(text) => found = Some((name, text)),
                Lookup::Absent => continue,
                // Not fetched yet, or nothing that can be read: it must not count as no configuration.
                Lookup::Unknown => {
                    return Ok(Chosen { config: Config::default(), files, unread: Some(name.to_owned()) });
                }
            }
            break;
        }
        let Some((name, text)) = found else { return Ok(Chosen { files, ..Chosen::default() }) };
        (name.to_owned(), text)
    };
    let mut config = Config::parse(&path, &text)?;
    let unknown: Vec<ConfigError> = config.unknown_rules(&known_names());
    if let Some(error) = unknown.into_iter().next() {
        return Err(error.into());
    }
    let images = &mut config.images;
    if let Some(file) = images.file.clone() {
        files.push(file.clone());
        match tree.read(&file) {
            Lookup::Found(text) => images.read_file(&file, &text)?,
            Lookup::Absent => return Err(images.file_error(&format!("is not in {place}")).into()),
            Lookup::Unknown => return Ok(Chosen { config, files, unread: None }),
        }
    }
    images.check_names(|name| ImageReference::parse(name).is_some())?;
    Ok(Chosen { config, files, unread: None })
}

/// Whether everything that the configuration names has been read.
///
/// # Errors
/// When a file of it cannot be read.
pub(super) fn complete(chosen: &Chosen, place: &str) -> anyhow::Result<()> {
    if let Some(path) = &chosen.unread {
        let message = format!(
            "the configuration `{path}` in {place} cannot be read: it is too large, no text, or no plain file"
        );
        return Err(UsageError(message).into());
    }
    let config = &chosen.config;
    match config.images.file {
        Some(_) => Err(config.images.file_error(&format!("cannot be read in {place}")).into()),
        None => Ok(()),
    }
}
