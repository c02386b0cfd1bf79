//! What a repository says about base images (`images:`): over what the built-in tables know.

use super::{ConfigError, read, read_images};
use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::Date;
use std::sync::Arc;

/// What can stand before the release in `distribution:`.
pub const DISTRIBUTIONS: &[&str] = &[
    "debian",
    "ubuntu",
    "alpine",
    "fedora",
    "ubi",
    "rockylinux",
    "almalinux",
    "centos",
    "centos-stream",
    "oraclelinux",
    "amazonlinux",
    "azurelinux",
    "opensuse-leap",
    "suse",
    "arch",
    "wolfi",
    "distroless",
    "busybox",
    "scratch",
    "windows",
];

/// What can be said of `package-manager:`.
pub const PACKAGE_MANAGERS: &[&str] =
    &["apt", "apk", "dnf", "yum", "microdnf", "tdnf", "zypper", "pacman", "none"];

/// What can be said of `shell:`.
pub const SHELLS: &[&str] = &["dash", "bash", "ash", "none", "powershell", "cmd"];

/// The images a repository speaks about.
#[derive(Debug, Clone, Default)]
pub struct Images {
    /// In the order of the file; where several fit an image, the later one wins, word by word.
    pub entries: Vec<ImageEntry>,
    /// The file that holds them instead, relative to the root of the repository.
    pub file: Option<Utf8PathBuf>,
    /// Where that file's name, or the entries, were read from, for messages.
    pub(super) origin: Option<(Utf8PathBuf, Arc<str>)>,
}

/// Nothing is said.
pub static NO_IMAGES: Images = Images { entries: Vec::new(), file: None, origin: None };

/// What is said about the images that a pattern fits. What is not said stays as the tables know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageEntry {
    /// Registry and path, or registry, path and tag when a tag is in it; `*` stands for any text.
    pub pattern: String,
    /// A public image that this one is like. Without a tag, the tags are the same, too.
    pub like: Option<String>,
    /// Who a container runs as: a name or a number, perhaps with a group.
    pub user: Option<String>,
    /// The working directory.
    pub workdir: Option<String>,
    /// What `/bin/sh` is, one of [`SHELLS`].
    pub shell: Option<&'static str>,
    /// One of [`DISTRIBUTIONS`] and its release, where one is given.
    pub distribution: Option<(&'static str, Option<String>)>,
    /// One of [`PACKAGE_MANAGERS`].
    pub package_manager: Option<&'static str>,
    /// Whether `bash` is there.
    pub bash: Option<bool>,
    /// Whether its entrypoint gives root up.
    pub entrypoint_drops_privileges: Option<bool>,
    /// Until when it gets security fixes.
    pub end_of_life: Option<EndOfLife>,
    /// It is no longer rebuilt; this one takes its place.
    pub retired: Option<String>,
    /// Whether its tags move to other versions.
    pub floating: Option<bool>,
    /// The platforms that it is built for: `linux/amd64`.
    pub platforms: Option<Vec<String>>,
    /// Variables that it sets.
    pub environment: Vec<(String, String)>,
}

/// Until when an image gets security fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOfLife {
    /// It has ended on this day.
    On(Date),
    /// No end is to be reported.
    Never,
}

impl Images {
    /// Reads the file that `images:` names. `path` is for messages.
    ///
    /// # Errors
    /// When the text is too large, is not YAML, or says something unknown.
    pub fn read_file(&mut self, path: &Utf8Path, text: &str) -> Result<(), ConfigError> {
        self.entries = read_images::parse_file(path, text)?;
        self.origin = Some((path.to_owned(), text.into()));
        self.file = None;
        Ok(())
    }

    /// A message about the file that `images:` names, at that key.
    pub fn file_error(&self, message: &str) -> ConfigError {
        let name = self.file.as_deref().unwrap_or(Utf8Path::new(""));
        let message = format!("images: `{name}` {message}");
        match &self.origin {
            Some((path, text)) => ConfigError::new(path, read::locate(text, &["images"]), message),
            None => ConfigError::new(name, None, message),
        }
    }

    /// Looks at each `like:` and `retired:`: `is_reference` tells whether a text names an image.
    ///
    /// # Errors
    /// About the first one that does not.
    pub fn check_names(&self, is_reference: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
        let Some((path, text)) = &self.origin else { return Ok(()) };
        for entry in &self.entries {
            // A `*` takes what the pattern's `*` stands for.
            let like = entry.like.as_deref().map(|like| ("like", like.replacen('*', "x", 1)));
            let retired = entry.retired.as_deref().map(|name| ("retired", name.to_owned()));
            for (key, name) in like.into_iter().chain(retired) {
                if !is_reference(&name) {
                    let shown: String = name.chars().take(80).collect();
                    let place = read::locate(text, &["images", &entry.pattern, key])
                        .or_else(|| read::locate(text, &[&entry.pattern, key]));
                    let message = format!("{key}: `{shown}` is not the name of an image");
                    return Err(ConfigError::new(path, place, message));
                }
            }
        }
        Ok(())
    }
}
