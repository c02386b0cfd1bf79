//! Options of single rules: `rules: {package-version-unpinned: {level: info, system-packages: true}}`.
//!
//! The one list of them is here, because the configuration is read before any rule is known. What an option means
//! is in the rule's documentation.

use std::collections::BTreeSet;

/// The keys of each rule that has options, by the rule's id: its level, and switches that are off by default.
pub const RULE_OPTIONS: &[(&str, &[&str])] = &[("package-version-unpinned", &[LEVEL, "system-packages"])];

/// The key of the level, which every rule has.
pub(super) const LEVEL: &str = "level";

/// The options that are switched on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleOptions(BTreeSet<(String, String)>);

/// No option is switched on.
pub static NO_OPTIONS: RuleOptions = RuleOptions(BTreeSet::new());

impl RuleOptions {
    /// Whether an option of a rule (by its id) is switched on.
    pub fn is_on(&self, rule: &str, option: &str) -> bool {
        // Few options are ever set; two texts need not be made for the question.
        self.0.iter().any(|(named, switched)| named == rule && switched == option)
    }

    pub(super) fn switch_on(&mut self, rule: &str, option: &str) {
        self.0.insert((rule.to_owned(), option.to_owned()));
    }
}

/// The keys of a rule, as its name is written.
pub(super) fn keys_of(rule: &str) -> &'static [&'static str] {
    RULE_OPTIONS.iter().find(|(id, _)| *id == rule).map_or(&[LEVEL], |(_, keys)| keys)
}
