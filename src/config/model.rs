//! What can be configured, and the defaults.

use super::{ConfigError, Images, Level, RuleOptions, read};
use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobSet;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Where a configuration is looked for, relative to the root of the repository; the first one counts.
pub const FILE_NAMES: [&str; 2] = [".tidewaiter.yml", ".github/tidewaiter.yml"];

/// The largest configuration that is read, in bytes.
pub const MAX_BYTES: u64 = 256 * 1024;

/// The settings of one repository. [`Config::default`] is what counts without a file.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which findings a review speaks about (`report:`).
    pub report: ReportScope,
    /// The level from which findings fail the run (`fail-on:`).
    pub fail_on: FailOn,
    /// Settings of single rules, by id or alias as written (`rules:`). Read them with [`Config::setting`].
    pub rules: BTreeMap<String, RuleSetting>,
    /// Options of single rules, by the rule's id (`rules:`, as a mapping).
    pub options: RuleOptions,
    /// Files that are left out (`exclude:`).
    pub exclude: Exclude,
    /// Whether comments in the files may silence findings (`allow-inline-ignore:`).
    pub allow_inline_ignore: bool,
    /// How the review is written (`review:`).
    pub review: ReviewSettings,
    /// What is said about base images (`images:`).
    pub images: Images,
    /// Settings of rules for some paths, later ones count before earlier ones (`overrides:`).
    pub overrides: Vec<Override>,
    /// The registries that images may come from (`trusted-registries:`), as written; empty: any.
    pub trusted_registries: Vec<String>,
    /// The labels that images must have (`label-schema:`).
    pub label_schema: LabelSchema,
    /// Whether ShellCheck is asked about RUN scripts (`shellcheck:`).
    pub shellcheck: Shellcheck,
    /// The text the settings were read from, for messages with line and column.
    pub(super) origin: Option<(Utf8PathBuf, Arc<str>)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            report: ReportScope::default(),
            fail_on: FailOn::default(),
            rules: BTreeMap::new(),
            options: RuleOptions::default(),
            exclude: Exclude::default(),
            allow_inline_ignore: true,
            review: ReviewSettings::default(),
            images: Images::default(),
            overrides: Vec::new(),
            trusted_registries: Vec::new(),
            label_schema: LabelSchema::default(),
            shellcheck: Shellcheck::default(),
            origin: None,
        }
    }
}

impl Config {
    /// Reads a configuration. `path` is only for messages.
    ///
    /// # Errors
    /// When the text is too large, not YAML, or has an unknown key, a wrong type or a bad glob.
    pub fn parse(path: &Utf8Path, text: &str) -> Result<Self, ConfigError> {
        read::parse(path, text)
    }

    /// What is set for a rule that has this id and these aliases; the id counts before an alias.
    pub fn setting(&self, id: &str, aliases: &[&str]) -> Option<RuleSetting> {
        self.rules.get(id).copied().or_else(|| {
            let named = |name: &String| aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name));
            self.rules.iter().find(|(name, _)| named(name)).map(|(_, setting)| *setting)
        })
    }

    /// One message for each name under `rules:` that is not among `known` (ids and aliases), at most ten.
    pub fn unknown_rules(&self, known: &[&str]) -> Vec<ConfigError> {
        let Some((path, text)) = &self.origin else { return Vec::new() };
        self.rules
            .keys()
            .filter(|name| !known.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .take(10)
            .map(|name| {
                let message = super::unknown("rule", name, known.iter().copied());
                ConfigError::new(path, read::locate_rule(text, name), message)
            })
            .collect()
    }
}

/// Settings of rules that hold for some files only.
#[derive(Debug, Clone, Default)]
pub struct Override {
    /// The files (`paths:`), with the globs of `exclude:`.
    pub paths: Exclude,
    /// See [`Config::rules`].
    pub rules: BTreeMap<String, RuleSetting>,
    /// See [`Config::options`].
    pub options: RuleOptions,
}

/// The labels that images must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSchema {
    /// The value that each label must have, by its key.
    pub labels: BTreeMap<String, LabelKind>,
    /// Whether other labels are reported, too (`strict-labels` of hadolint).
    pub strict: bool,
}

/// What the value of a label must be. The names are hadolint's, so that its files can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// Anything but nothing (`text`).
    Text,
    /// A URL (`url`).
    Url,
    /// A date and time of RFC 3339 (`rfc3339`).
    Rfc3339,
    /// An SPDX licence expression (`spdx`).
    Spdx,
    /// A full or abbreviated commit id of Git (`hash`).
    Hash,
    /// A version of Semantic Versioning (`semver`).
    Semver,
    /// An e-mail address (`email`).
    Email,
}

/// Whether ShellCheck is asked about RUN scripts. Which program that is only the command line and the environment say: a
/// configuration of a repository must not name a program that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shellcheck {
    /// Where it is on PATH.
    #[default]
    Auto,
    /// Always; its absence is an error.
    Required,
    /// Never.
    Off,
}

/// Which findings a review speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportScope {
    /// Those that the change brings, wherever they are.
    #[default]
    Introduced,
    /// Those on changed lines.
    ChangedLines,
    /// All of them.
    All,
}

/// From which level on findings fail the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// This level and above.
    At(Level),
    /// Findings never fail it.
    Never,
}

impl Default for FailOn {
    fn default() -> Self {
        Self::At(Level::Error)
    }
}

impl FailOn {
    /// Whether a finding of this level fails the run.
    pub fn trips(self, level: Level) -> bool {
        match self {
            Self::At(least) => level >= least,
            Self::Never => false,
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::Never);
        }
        text.parse()
            .map(Self::At)
            .map_err(|_| format!("unknown level `{text}`; use error, warning, info, style or never"))
    }
}

/// What is set for one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSetting {
    /// It does not run.
    Off,
    /// It runs at its usual level.
    On,
    /// It runs, and its usual level is this one.
    At(Level),
}

/// How a review is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewSettings {
    /// The least level of inline comments; `None`: warnings, and infos with a suggestion.
    pub inline_level: Option<Level>,
    /// The most inline comments of one review; the rest goes to the body.
    pub max_comments: usize,
    /// Which fixes become suggestions.
    pub suggestions: Suggestions,
    /// Whether threads whose findings are gone are resolved, too. GitHub wants `contents: write` for it.
    pub resolve_fixed: bool,
}

impl Default for ReviewSettings {
    fn default() -> Self {
        Self {
            inline_level: None,
            max_comments: 30,
            suggestions: Suggestions::default(),
            resolve_fixed: false,
        }
    }
}

/// Which fixes become suggestions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suggestions {
    /// Those after which the image behaves the same.
    Safe,
    /// Also those that the author must check.
    #[default]
    All,
    /// None.
    None,
}

/// Path globs, relative to the root of the repository.
#[derive(Clone, Default)]
pub struct Exclude {
    pub(super) patterns: Vec<String>,
    pub(super) set: GlobSet,
}

impl Exclude {
    /// Whether a file is left out. `path` is relative to the root of the repository.
    pub fn matches(&self, path: &Utf8Path) -> bool {
        !self.patterns.is_empty() && self.set.is_match(path)
    }

    /// The globs as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

impl fmt::Debug for Exclude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns.fmt(f)
    }
}
