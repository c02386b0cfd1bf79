//! The configuration of a repository that is read through a tree: a revision, or what was fetched of it.

use super::UsageError;
use super::explain::known_names;
use crate::config::{Config, ConfigError, FILE_NAMES};
use crate::dockerfile::ImageReference;
use crate::repository::{Lookup, Tree};
use camino::Utf8Path;

/// Reads the configuration of a tree; `place` is what messages call it: "the base of the change".
///
/// The file that `images:` names is left open where the tree does not know it yet: see [`complete`].
///
/// # Errors
/// When the configuration is broken, or a file that is named is not there.
pub(super) fn read(tree: &dyn Tree, named: Option<&Utf8Path>, place: &str) -> anyhow::Result<Config> {
    let (path, text) = if let Some(path) = named {
        let Lookup::Found(text) = tree.read(path) else {
            let message = format!("the configuration `{path}` is not in {place}");
            return Err(UsageError(message).into());
        };
        (path.to_owned(), text)
    } else {
        let found = FILE_NAMES.iter().find_map(|name| Some((*name, tree.read(Utf8Path::new(name)).found()?)));
        let Some((name, text)) = found else { return Ok(Config::default()) };
        (name.into(), text)
    };
    let mut config = Config::parse(&path, &text)?;
    let unknown: Vec<ConfigError> = config.unknown_rules(&known_names());
    if let Some(error) = unknown.into_iter().next() {
        return Err(error.into());
    }
    let images = &mut config.images;
    if let Some(file) = images.file.clone() {
        match tree.read(&file) {
            Lookup::Found(text) => images.read_file(&file, &text)?,
            Lookup::Absent => return Err(images.file_error(&format!("is not in {place}")).into()),
            Lookup::Unknown => return Ok(config),
        }
    }
    images.check_names(|name| ImageReference::parse(name).is_some())?;
    Ok(config)
}

/// Whether everything that the configuration names has been read.
///
/// # Errors
/// When a file of it cannot be read.
pub(super) fn complete(config: &Config, place: &str) -> anyhow::Result<()> {
    match config.images.file {
        Some(_) => Err(config.images.file_error(&format!("cannot be read in {place}")).into()),
        None => Ok(()),
    }
}
