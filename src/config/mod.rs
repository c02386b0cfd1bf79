//! Configuration: levels, exclusions, review settings.
//!
//! `.tidewaiter.yml` (or `.github/tidewaiter.yml`), every key optional:
//! ```yaml
//! report: introduced          # introduced | changed-lines | all
//! fail-on: error              # error | warning | info | style | never
//! rules:
//!   run-as-root: error        # off | on | error | warning | info | style
//!   package-version-unpinned: # or a mapping: the level, and the options in the rule's documentation
//!     level: info
//!     system-packages: true
//! allow-inline-ignore: true   # false: ignore comments in the files silence nothing
//! exclude:                    # globs, relative to the root; without `/` at any depth; folders with all below
//!   - examples/
//! review:
//!   inline-level: warning     # error | warning | info | style
//!   max-comments: 30          # 0 to 100
//!   suggestions: all          # safe | all | none
//!   resolve-fixed: false      # true: resolve the threads of fixed findings; needs contents: write
//! images:                     # or the path of a file that holds this mapping; see [`ImageEntry`]
//!   registry.corp/base/*:
//!     like: debian:12-slim
//!     user: app
//! ```

mod images;
mod level;
mod model;
mod options;
mod read;
mod read_images;

pub use images::{DISTRIBUTIONS, EndOfLife, ImageEntry, Images, NO_IMAGES, PACKAGE_MANAGERS, SHELLS};
pub use level::Level;
pub use model::{
    Config, Exclude, FILE_NAMES, FailOn, LabelKind, LabelSchema, MAX_BYTES, Override, ReportScope,
    ReviewSettings, RuleSetting, Shellcheck, Suggestions,
};
pub use options::{NO_OPTIONS, RULE_OPTIONS, RuleOptions};
pub use read::nests_too_deep;

use camino::{Utf8Path, Utf8PathBuf};
use std::fmt;
use thiserror::Error;

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigError {
    /// The file, as it was named to [`Config::parse`].
    pub path: Utf8PathBuf,
    /// Line and column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
    /// What is wrong, with the nearest valid name. Holds text of the file: escape it for where it goes.
    pub message: String,
}

impl ConfigError {
    pub(crate) fn new(path: &Utf8Path, place: Option<(usize, usize)>, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), place, message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// The candidate most like `name`, when one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names longer than any rule's are not typing mistakes, and comparing them is quadratic.
    if name.len() > 80 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "unknown rule `x`; did you mean `y`?"
pub fn unknown<'a>(what: &str, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let shown: String = name.chars().take(80).collect();
    match nearest(name, candidates) {
        Some(near) => format!("unknown {what} `{shown}`; did you mean `{near}`?"),
        None => format!("unknown {what} `{shown}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_name() {
        let names = ["run-as-root", "add-instead-of-copy", "fail-on"];
        assert_eq!(nearest("run-as-rot", names), Some("run-as-root"));
        assert_eq!(nearest("FIAL-ON", names), Some("fail-on"));
        assert_eq!(nearest("zebra", names), None);
        assert_eq!(nearest(&"x".repeat(1000), names), None);
    }

    #[test]
    fn fail_on_reads_levels_and_never() {
        assert!("warning".parse::<FailOn>().unwrap().trips(Level::Error));
        assert!(!"warning".parse::<FailOn>().unwrap().trips(Level::Info));
        assert!(!"never".parse::<FailOn>().unwrap().trips(Level::Error));
        assert!("often".parse::<FailOn>().unwrap_err().contains("never"));
    }
}
