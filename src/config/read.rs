//! Reads the YAML, with line and column of every mistake.
//!
//! Visitors written by hand instead of derives: the YAML reader adds the place of the key or value whose
//! visitor failed, and the message names the nearest valid name.

use super::model::{
    Config, Exclude, FailOn, MAX_BYTES, ReportScope, ReviewSettings, RuleSetting, Suggestions,
};
use super::options::{LEVEL, RuleOptions, keys_of};
use super::read_images::ImagesSeed;
use super::{ConfigError, Level, unknown};
use camino::Utf8Path;
use globset::{GlobBuilder, GlobSetBuilder};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

const KEYS: &[&str] = &["report", "fail-on", "rules", "allow-inline-ignore", "exclude", "review", "images"];
const REVIEW_KEYS: &[&str] = &["inline-level", "max-comments", "suggestions", "resolve-fixed"];
const SCOPES: &[&str] = &["introduced", "changed-lines", "all"];
const LEVELS: &[&str] = &["error", "warning", "info", "style"];
const FAIL_ON: &[&str] = &["error", "warning", "info", "style", "never"];
const SETTINGS: &[&str] = &["off", "on", "error", "warning", "info", "style"];
const SUGGESTIONS: &[&str] = &["safe", "all", "none"];
/// More globs than this are a mistake; each costs time on every file.
const MAX_GLOBS: usize = 1000;
/// The most inline comments that one review may be set to.
const MAX_COMMENTS: u64 = 100;

/// See [`Config::parse`].
pub(super) fn parse(path: &Utf8Path, text: &str) -> Result<Config, ConfigError> {
    if text.len() as u64 > MAX_BYTES {
        let message =
            format!("the configuration has {} bytes, more than the {MAX_BYTES} that are read", text.len());
        return Err(ConfigError::new(path, None, message));
    }
    if is_blank(text) {
        return Ok(Config::default());
    }
    if nests_too_deep(text) {
        return Err(too_deep(path));
    }
    let mut config =
        Top.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| from_yaml(path, &error))?;
    config.origin = Some((path.to_owned(), text.into()));
    config.images.origin.clone_from(&config.origin);
    Ok(config)
}

/// The most brackets that may be open at once in YAML that is given to the reader of values.
const MAX_OPEN: usize = 200;

/// Whether a text of YAML opens more brackets, one in the other, than anybody writes: the reader takes quadratic
/// time for them. Brackets in quotes count, too; their number is as small.
pub fn nests_too_deep(text: &str) -> bool {
    let mut open = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MAX_OPEN
    })
}

pub(super) fn too_deep(path: &Utf8Path) -> ConfigError {
    ConfigError::new(path, None, format!("more than {MAX_OPEN} brackets are open at once"))
}

/// Only comments and blank lines: the YAML reader takes that for an unexpected end.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    })
}

pub(super) fn from_yaml(path: &Utf8Path, error: &serde_yaml::Error) -> ConfigError {
    let mut message = error.to_string();
    let place = error.location().map(|at| (at.line(), at.column()));
    if let Some((line, column)) = place {
        let suffix = format!(" at line {line} column {column}");
        if let Some(short) = message.strip_suffix(&suffix) {
            message.truncate(short.len());
        }
    }
    ConfigError::new(path, place, message)
}

/// Line and column (from 1) of a name under `rules:`.
pub(super) fn locate_rule(text: &str, name: &str) -> Option<(usize, usize)> {
    locate(text, &["rules", name])
}

/// Line and column (from 1) of the key that a path of keys leads to.
pub(super) fn locate(text: &str, path: &[&str]) -> Option<(usize, usize)> {
    let error = Locate { path }.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
    error.location().map(|at| (at.line(), at.column()))
}

/// Fails at the key that a path of keys leads to, so that the error carries its place.
struct Locate<'a> {
    path: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else { return Ok(()) };
        let stop = rest.is_empty().then_some(*wanted);
        while let Some(key) = map.next_key_seed(Key { stop, ..Key::default() })? {
            if key == *wanted {
                map.next_value_seed(Locate { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A key of a mapping; fails at a key that is not among `names`, was seen before, or is `stop`.
#[derive(Default)]
pub(super) struct Key<'a> {
    pub(super) names: Option<&'static [&'static str]>,
    pub(super) seen: Option<&'a mut BTreeSet<String>>,
    pub(super) stop: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        if self.stop == Some(text) {
            return Err(E::custom("here"));
        }
        if let Some(names) = self.names.filter(|names| !names.contains(&text)) {
            return Err(E::custom(unknown_name("key", text, names)));
        }
        if self.seen.is_some_and(|seen| !seen.insert(text.to_owned())) {
            return Err(E::custom(format!("`{text}` is given twice")));
        }
        Ok(text.to_owned())
    }
}

pub(super) fn unknown_name(what: &str, text: &str, names: &[&str]) -> String {
    format!("{} (one of {})", unknown(what, text, names.iter().copied()), names.join(", "))
}

/// One name out of a list; as an error the nearest of them.
#[derive(Clone, Copy)]
pub(super) struct OneOf {
    pub(super) what: &'static str,
    pub(super) names: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for OneOf {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for OneOf {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of ")?;
        f.write_str(&self.names.join(", "))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<&'static str, E> {
        self.names
            .iter()
            .find(|name| **name == text)
            .copied()
            .ok_or_else(|| E::custom(unknown_name(self.what, text, self.names)))
    }

    // YAML 1.1 tools write `off` and `on` as booleans.
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<&'static str, E> {
        let name = if value { "on" } else { "off" };
        self.names
            .iter()
            .find(|known| **known == name)
            .copied()
            .ok_or_else(|| E::invalid_type(Unexpected::Bool(value), &self))
    }
}

fn level_of(name: &str) -> Level {
    // The callers' lists hold level names only; error is the safe side for anything else.
    name.parse().unwrap_or(Level::Error)
}

/// Declares seed and visitor for a mapping whose absence of a value (`key:`) means the defaults.
macro_rules! mapping {
    ($seed:ident -> $value:ty, $expecting:literal, |$map:ident, $seen:ident| $body:block) => {
        struct $seed;

        impl<'de> DeserializeSeed<'de> for $seed {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_any(self)
            }
        }

        impl<'de> Visitor<'de> for $seed {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expecting)
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<$value, E> {
                Ok(<$value>::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$value, A::Error> {
                let mut $seen = BTreeSet::new();
                $body
            }
        }
    };
}

mapping!(Top -> Config, "a mapping with the keys report, fail-on, rules, allow-inline-ignore, exclude, review, images", |map, seen| {
    let mut out = Config::default();
    while let Some(key) = map.next_key_seed(Key { names: Some(KEYS), seen: Some(&mut seen), stop: None })? {
        match key.as_str() {
            "report" => {
                out.report = match map.next_value_seed(OneOf { what: "report scope", names: SCOPES })? {
                    "all" => ReportScope::All,
                    "changed-lines" => ReportScope::ChangedLines,
                    _ => ReportScope::Introduced,
                };
            }
            "fail-on" => {
                out.fail_on = match map.next_value_seed(OneOf { what: "level", names: FAIL_ON })? {
                    "never" => FailOn::Never,
                    level => FailOn::At(level_of(level)),
                };
            }
            "rules" => (out.rules, out.options) = map.next_value_seed(Rules)?,
            "allow-inline-ignore" => out.allow_inline_ignore = map.next_value::<bool>()?,
            "exclude" => out.exclude = map.next_value_seed(Globs)?,
            "images" => out.images = map.next_value_seed(ImagesSeed)?,
            _ => out.review = map.next_value_seed(Review)?,
        }
    }
    Ok(out)
});

mapping!(Rules -> (BTreeMap<String, RuleSetting>, RuleOptions), "a mapping of rule names to off, on or a level", |map, seen| {
    let (mut settings, mut options) = <(BTreeMap<_, _>, RuleOptions)>::default();
    while let Some(key) = map.next_key_seed(Key { names: None, seen: Some(&mut seen), stop: None })? {
        if let Some(setting) = map.next_value_seed(Setting { rule: &key, options: &mut options })? {
            settings.insert(key, setting);
        }
    }
    Ok((settings, options))
});

/// What is set for one rule: `off`, `on`, a level, or a mapping of `level` and the rule's options.
struct Setting<'a> {
    rule: &'a str,
    options: &'a mut RuleOptions,
}

fn setting_of(name: &str) -> RuleSetting {
    match name {
        "off" => RuleSetting::Off,
        "on" => RuleSetting::On,
        level => RuleSetting::At(level_of(level)),
    }
}

impl<'de> DeserializeSeed<'de> for Setting<'_> {
    type Value = Option<RuleSetting>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Setting<'_> {
    type Value = Option<RuleSetting>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}, or a mapping of {}", SETTINGS.join(", "), keys_of(self.rule).join(", "))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        SETTING.visit_str(text).map(|name| Some(setting_of(name)))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        SETTING.visit_bool(value).map(|name| Some(setting_of(name)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut setting, mut seen) = (None, BTreeSet::new());
        let names = Some(keys_of(self.rule));
        while let Some(key) = map.next_key_seed(Key { names, seen: Some(&mut seen), stop: None })? {
            if key == LEVEL {
                setting = Some(setting_of(map.next_value_seed(SETTING)?));
            } else if map.next_value::<bool>()? {
                self.options.switch_on(self.rule, &key);
            }
        }
        Ok(setting)
    }
}

const SETTING: OneOf = OneOf { what: "setting", names: SETTINGS };

mapping!(Review -> ReviewSettings, "a mapping with the keys inline-level, max-comments, suggestions, resolve-fixed", |map, seen| {
    let mut out = ReviewSettings::default();
    while let Some(key) = map.next_key_seed(Key { names: Some(REVIEW_KEYS), seen: Some(&mut seen), stop: None })? {
        match key.as_str() {
            "inline-level" => {
                let level = map.next_value_seed(OneOf { what: "level", names: LEVELS })?;
                out.inline_level = Some(level_of(level));
            }
            "max-comments" => out.max_comments = map.next_value_seed(Count)?,
            "resolve-fixed" => out.resolve_fixed = map.next_value()?,
            _ => {
                out.suggestions = match map.next_value_seed(OneOf { what: "choice", names: SUGGESTIONS })? {
                    "safe" => Suggestions::Safe,
                    "none" => Suggestions::None,
                    _ => Suggestions::All,
                };
            }
        }
    }
    Ok(out)
});

/// A number of comments.
struct Count;

impl<'de> DeserializeSeed<'de> for Count {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Count {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number from 0 to {MAX_COMMENTS}")
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<usize, E> {
        if value > MAX_COMMENTS {
            return Err(E::invalid_value(Unexpected::Unsigned(value), &self));
        }
        Ok(value as usize)
    }
}

/// A list of globs.
struct Globs;

impl<'de> DeserializeSeed<'de> for Globs {
    type Value = Exclude;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Exclude, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Globs {
    type Value = Exclude;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of globs")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Exclude, E> {
        Ok(Exclude::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Exclude, A::Error> {
        let mut patterns = Vec::new();
        let mut set = GlobSetBuilder::new();
        while let Some((pattern, globs)) = seq.next_element_seed(Glob)? {
            if patterns.len() == MAX_GLOBS {
                return Err(A::Error::custom(format!("more than {MAX_GLOBS} globs")));
            }
            patterns.push(pattern);
            for glob in globs {
                set.add(glob);
            }
        }
        let set = set.build().map_err(A::Error::custom)?;
        Ok(Exclude { patterns, set })
    }
}

/// One glob: as written, and as the globs that match the same file or folder with all below.
struct Glob;

impl<'de> DeserializeSeed<'de> for Glob {
    type Value = (String, Vec<globset::Glob>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Glob {
    type Value = (String, Vec<globset::Glob>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a glob")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let inner = text.trim_start_matches("./").trim_end_matches('/');
        let anchored = inner.contains('/');
        let inner = inner.trim_start_matches('/');
        if inner.is_empty() {
            return Err(E::custom(format!("bad glob `{text}`: it names nothing")));
        }
        let base = if anchored { inner.to_owned() } else { format!("**/{inner}") };
        let build = |pattern: &str| {
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(|error| E::custom(format!("bad glob `{text}`: {}", error.kind())))
        };
        Ok((text.to_owned(), vec![build(&base)?, build(&format!("{base}/**"))?]))
    }
}

#[cfg(test)]
mod tests;
