//! Reads `images:`, in the configuration or in a file of its own.

use super::ConfigError;
use super::images::{DISTRIBUTIONS, EndOfLife, ImageEntry, Images, PACKAGE_MANAGERS, SHELLS};
use super::model::MAX_BYTES;
use super::read::{Key, OneOf, from_yaml, is_blank, nests_too_deep, too_deep, unknown_name};
use camino::{Utf8Path, Utf8PathBuf};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

const KEYS: &[&str] = &[
    "like",
    "user",
    "workdir",
    "shell",
    "distribution",
    "package-manager",
    "bash",
    "entrypoint-drops-privileges",
    "end-of-life",
    "retired",
    "floating",
    "platforms",
    "environment",
];

/// Each of them is looked at for every FROM.
const MAX_IMAGES: usize = 1000;

/// Reads a file of its own.
pub(super) fn parse_file(path: &Utf8Path, text: &str) -> Result<Vec<ImageEntry>, ConfigError> {
    if text.len() as u64 > MAX_BYTES {
        let message = format!("the file has {} bytes, more than the {MAX_BYTES} that are read", text.len());
        return Err(ConfigError::new(path, None, message));
    }
    if is_blank(text) {
        return Ok(Vec::new());
    }
    if nests_too_deep(text) {
        return Err(too_deep(path));
    }
    Entries.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| from_yaml(path, &error))
}

/// The value of `images:`: the mapping itself, or the path of the file that holds it.
pub(super) struct ImagesSeed;

impl<'de> DeserializeSeed<'de> for ImagesSeed {
    type Value = Images;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Images, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ImagesSeed {
    type Value = Images;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of image names to what is known of them, or the path of a file that holds it")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Images, E> {
        Ok(Images::default())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Images, E> {
        let path = text.strip_prefix("./").unwrap_or(text);
        let inside = !path.is_empty()
            && !path.starts_with('/')
            && !path.contains(['\\', '\0', '\n'])
            && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !inside {
            let shown: String = text.chars().take(80).collect();
            return Err(E::custom(format!("`{shown}` is not a path inside the repository")));
        }
        Ok(Images { file: Some(Utf8PathBuf::from(path)), ..Images::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Images, A::Error> {
        Ok(Images { entries: Entries.visit_map(map)?, ..Images::default() })
    }
}

/// A mapping of patterns to entries.
struct Entries;

impl<'de> DeserializeSeed<'de> for Entries {
    type Value = Vec<ImageEntry>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<ImageEntry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of image names to what is known of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        while let Some(pattern) = map.next_key_seed(Pattern { seen: &mut seen })? {
            if out.len() == MAX_IMAGES {
                return Err(A::Error::custom(format!("more than {MAX_IMAGES} images")));
            }
            out.push(map.next_value_seed(EntrySeed { pattern })?);
        }
        Ok(out)
    }
}

/// A name of images, with `*`.
struct Pattern<'a> {
    seen: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Pattern<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Pattern<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an image, perhaps with `*`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        let valid = !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"./:_-[]*".contains(&b))
            && !text.contains("://");
        if !valid {
            let shown: String = text.chars().take(80).collect();
            return Err(E::custom(format!(
                "`{shown}` is not the name of an image: it is registry, path and perhaps a tag, and `*` stands for \
                 any text"
            )));
        }
        if !self.seen.insert(text.to_owned()) {
            return Err(E::custom(format!("`{text}` is given twice")));
        }
        Ok(text.to_owned())
    }
}

/// What is said about one pattern.
struct EntrySeed {
    pattern: String,
}

impl<'de> DeserializeSeed<'de> for EntrySeed {
    type Value = ImageEntry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ImageEntry, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed {
    type Value = ImageEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a mapping with the keys {}", KEYS.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ImageEntry, A::Error> {
        let mut seen = BTreeSet::new();
        let mut out = ImageEntry { pattern: self.pattern, ..ImageEntry::default() };
        while let Some(key) =
            map.next_key_seed(Key { names: Some(KEYS), seen: Some(&mut seen), stop: None })?
        {
            match key.as_str() {
                "like" => out.like = Some(map.next_value_seed(LIKE)?),
                "user" => out.user = Some(map.next_value_seed(USER)?),
                "workdir" => out.workdir = Some(map.next_value_seed(WORKDIR)?),
                "shell" => out.shell = Some(map.next_value_seed(OneOf { what: "shell", names: SHELLS })?),
                "distribution" => {
                    let word: String =
                        map.next_value_seed(Text { expecting: DISTRIBUTION, fits: |_| true })?;
                    out.distribution = Some(distribution(&word).map_err(A::Error::custom)?);
                }
                "package-manager" => {
                    let names = OneOf { what: "package manager", names: PACKAGE_MANAGERS };
                    out.package_manager = Some(map.next_value_seed(names)?);
                }
                "bash" => out.bash = Some(map.next_value()?),
                "entrypoint-drops-privileges" => out.entrypoint_drops_privileges = Some(map.next_value()?),
                "end-of-life" => {
                    let word: String = map.next_value_seed(END)?;
                    // The seed has looked at it.
                    out.end_of_life = end_of_life(&word);
                }
                "retired" => out.retired = Some(map.next_value_seed(RETIRED)?),
                "floating" => out.floating = Some(map.next_value()?),
                "platforms" => out.platforms = Some(map.next_value_seed(Platforms)?),
                _ => out.environment = map.next_value_seed(Environment)?,
            }
        }
        let stars = out.pattern.matches('*').count();
        if stars != 1 && out.like.as_ref().is_some_and(|like| like.contains('*')) {
            return Err(A::Error::custom(format!(
                "the `*` of `like` takes what the one `*` of the name stands for, and `{}` has {stars}",
                out.pattern
            )));
        }
        Ok(out)
    }
}

/// A text that has a form.
#[derive(Clone, Copy)]
struct Text {
    expecting: &'static str,
    fits: fn(&str) -> bool,
}

const LIKE: Text = Text {
    expecting: "the name of a public image such as `python:3.12-slim`",
    fits: |text| is_name(&text.replacen('*', "x", 1)),
};
const RETIRED: Text = Text { expecting: "the name of the image that takes its place", fits: is_name };
const USER: Text = Text {
    expecting: "a user name or number, perhaps with a group: `app`, `10001:10001`",
    fits: |text| {
        text.split(':').count() <= 2
            && text.split(':').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-$\\".contains(&b))
            })
    },
};
const WORKDIR: Text = Text {
    expecting: "an absolute path",
    fits: |text| {
        text.starts_with('/') || text.as_bytes().get(1..3).is_some_and(|b| b == b":\\" || b == b":/")
    },
};
const DISTRIBUTION: &str = "a distribution and its release such as `debian-12`";
const END: Text =
    Text { expecting: "a date such as `2027-01-31`, or `never`", fits: |text| end_of_life(text).is_some() };
const PLATFORM: Text = Text {
    expecting: "a platform such as `linux/amd64`",
    fits: |text| {
        (2..=3).contains(&text.split('/').count())
            && text.split('/').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
            })
    },
};

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"$`\"'*".contains(&b))
}

fn end_of_life(text: &str) -> Option<EndOfLife> {
    if text == "never" {
        return Some(EndOfLife::Never);
    }
    // Dates only: jiff would also take a time.
    (text.len() == 10).then(|| text.parse().ok().map(EndOfLife::On)).flatten()
}

/// `debian-12` → debian and its release.
fn distribution(word: &str) -> Result<(&'static str, Option<String>), String> {
    if let Some(id) = DISTRIBUTIONS.iter().find(|id| **id == word) {
        return Ok((id, None));
    }
    // The longest first: `centos-stream-9`.
    let found = DISTRIBUTIONS
        .iter()
        .filter_map(|id| Some((*id, word.strip_prefix(id)?.strip_prefix('-')?)))
        .max_by_key(|(id, _)| id.len());
    match found {
        Some((id, release))
            if !release.is_empty() && release.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') =>
        {
            Ok((id, Some(release.to_owned())))
        }
        _ => {
            let name = word.rsplit_once('-').map_or(word, |(name, _)| name);
            Err(unknown_name("distribution", name, DISTRIBUTIONS))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        if (self.fits)(text) {
            return Ok(text.to_owned());
        }
        let shown: String = text.chars().take(80).collect();
        Err(E::custom(format!("`{shown}` is not {}", self.expecting)))
    }

    // `user: 1001`
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<String, E> {
        self.visit_str(&value.to_string())
    }
}

/// The platforms of an image.
struct Platforms;

impl<'de> DeserializeSeed<'de> for Platforms {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Platforms {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of platforms such as `[linux/amd64, linux/arm64]`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(platform) = seq.next_element_seed(PLATFORM)? {
            out.push(platform);
        }
        if out.is_empty() {
            return Err(A::Error::custom("no platform is named"));
        }
        Ok(out)
    }
}

/// The variables of an image.
struct Environment;

impl<'de> DeserializeSeed<'de> for Environment {
    type Value = Vec<(String, String)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Environment {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of variables to their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        while let Some(name) = map.next_key_seed(Key { names: None, seen: Some(&mut seen), stop: None })? {
            let value = map.next_value_seed(Text { expecting: "a text", fits: |_| true })?;
            out.push((name, value));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn parse(text: &str) -> Result<Images, String> {
        Config::parse(".tidewaiter.yml".into(), text)
            .map(|config| config.images)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn reads_everything() {
        let images = parse(
            "images:\n  registry.corp/base/python:*:\n    like: python:3.12-slim\n    user: 1001\n    workdir: /srv\n    \
             shell: dash\n    distribution: debian-12\n    package-manager: apt\n    bash: true\n    \
             entrypoint-drops-privileges: false\n    end-of-life: 2027-01-31\n    \
             retired: registry.corp/base/python:3.13\n    floating: false\n    platforms: [linux/amd64, linux/arm/v7]\n    \
             environment:\n      A: 1\n      B: x y\n  'x': {distribution: centos-stream-9, end-of-life: never}\n",
        )
        .unwrap();
        assert_eq!(images.file, None);
        let [first, second] = images.entries.as_slice() else { panic!("{images:?}") };
        assert_eq!(
            *first,
            ImageEntry {
                pattern: "registry.corp/base/python:*".to_owned(),
                like: Some("python:3.12-slim".to_owned()),
                user: Some("1001".to_owned()),
                workdir: Some("/srv".to_owned()),
                shell: Some("dash"),
                distribution: Some(("debian", Some("12".to_owned()))),
                package_manager: Some("apt"),
                bash: Some(true),
                entrypoint_drops_privileges: Some(false),
                end_of_life: Some(EndOfLife::On(jiff::civil::date(2027, 1, 31))),
                retired: Some("registry.corp/base/python:3.13".to_owned()),
                floating: Some(false),
                platforms: Some(vec!["linux/amd64".to_owned(), "linux/arm/v7".to_owned()]),
                environment: vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x y".to_owned())],
            }
        );
        assert_eq!(second.distribution, Some(("centos-stream", Some("9".to_owned()))));
        assert_eq!(second.end_of_life, Some(EndOfLife::Never));
        assert_eq!(parse("images: .github/images.yml\n").unwrap().file, Some(".github/images.yml".into()));
        assert!(parse("images:\n").unwrap().entries.is_empty());
    }

    #[test]
    fn says_where_and_what_is_meant() {
        let entry = |text: &str| format!("images:\n  a/b:\n    {text}\n");
        for (text, message) in [
            ("images: ../x.yml\n".to_owned(), "1:9: images: `../x.yml` is not a path inside the repository"),
            ("images: /x.yml\n".to_owned(), "1:9: images: `/x.yml` is not a path inside the repository"),
            (
                "images: [a]\n".to_owned(),
                "1:9: images: invalid type: sequence, expected a mapping of image names to what is known of them, or the path of a file that holds it",
            ),
            (
                "images:\n  a b: {user: x}\n".to_owned(),
                "2:3: images: `a b` is not the name of an image: it is registry, path and perhaps a tag, and `*` stands for any text",
            ),
            ("images:\n  a: {user: x}\n  a: {user: y}\n".to_owned(), "3:3: images: `a` is given twice"),
            (
                "images:\n  a: python\n".to_owned(),
                "2:6: images.a: invalid type: string \"python\", expected a mapping with the keys like, user, workdir, shell, distribution, package-manager, bash, entrypoint-drops-privileges, end-of-life, retired, floating, platforms, environment",
            ),
            (
                entry("usr: x"),
                "3:5: images.a/b: unknown key `usr`; did you mean `user`? (one of like, user, workdir, shell, distribution, package-manager, bash, entrypoint-drops-privileges, end-of-life, retired, floating, platforms, environment)",
            ),
            (
                entry("user: a b"),
                "3:11: images.a/b.user: `a b` is not a user name or number, perhaps with a group: `app`, `10001:10001`",
            ),
            (entry("workdir: srv"), "3:14: images.a/b.workdir: `srv` is not an absolute path"),
            (
                entry("shell: zsh"),
                "3:12: images.a/b.shell: unknown shell `zsh`; did you mean `ash`? (one of dash, bash, ash, none, powershell, cmd)",
            ),
            (
                entry("package-manager: atp"),
                "3:22: images.a/b.package-manager: unknown package manager `atp`; did you mean `apt`? (one of apt, apk, dnf, yum, microdnf, tdnf, zypper, pacman, none)",
            ),
            (
                entry("bash: maybe"),
                "3:11: images.a/b.bash: invalid type: string \"maybe\", expected a boolean",
            ),
            (
                entry("end-of-life: soon"),
                "3:18: images.a/b.end-of-life: `soon` is not a date such as `2027-01-31`, or `never`",
            ),
            (
                entry("end-of-life: 2027-02-30"),
                "3:18: images.a/b.end-of-life: `2027-02-30` is not a date such as `2027-01-31`, or `never`",
            ),
            (
                entry("platforms: [linux]"),
                "3:17: images.a/b.platforms[0]: `linux` is not a platform such as `linux/amd64`",
            ),
            (entry("platforms: []"), "3:16: images.a/b.platforms: no platform is named"),
            (
                entry("like: ${X}"),
                "3:11: images.a/b.like: `${X}` is not the name of a public image such as `python:3.12-slim`",
            ),
            (
                entry("environment: [A]"),
                "3:18: images.a/b.environment: invalid type: sequence, expected a mapping of variables to their values",
            ),
        ] {
            assert_eq!(parse(&text).unwrap_err(), format!(".tidewaiter.yml:{message}"), "{text}");
        }
        let error = parse(&entry("distribution: debain-12")).unwrap_err();
        assert!(error.contains("unknown distribution `debain`; did you mean `debian`?"), "{error}");
        assert!(error.starts_with(".tidewaiter.yml:3:"), "{error}");
    }

    #[test]
    fn a_file_of_its_own() {
        let mut images = parse("images: images.yml\n").unwrap();
        assert_eq!(
            images.file_error("is not there").to_string(),
            ".tidewaiter.yml:1:1: images: `images.yml` is not there"
        );
        let error =
            images.clone().read_file("images.yml".into(), "a:\n  user: [x]\n").unwrap_err().to_string();
        assert!(error.starts_with("images.yml:2:9: a.user: invalid type: sequence"), "{error}");
        images.read_file("images.yml".into(), "# nothing\n").unwrap();
        assert!(images.entries.is_empty() && images.file.is_none());
        images.read_file("images.yml".into(), "a:\n  user: x\n  like: 'A:b'\n").unwrap();
        let error = images.check_names(|name| name != "A:b").unwrap_err().to_string();
        assert_eq!(error, "images.yml:3:3: like: `A:b` is not the name of an image");
        let inline = parse("images:\n  a:\n    user: x\n    retired: B\n").unwrap();
        assert_eq!(
            inline.check_names(|_| false).unwrap_err().to_string(),
            ".tidewaiter.yml:4:5: retired: `B` is not the name of an image"
        );
        assert_eq!(inline.check_names(|name| name == "B"), Ok(()));
    }
}
