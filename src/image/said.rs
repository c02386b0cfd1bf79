//! What the configuration says about a base image, over the built-in tables.
//!
//! Nothing of it is remembered between questions: two repositories may say different things about one image.

use super::defaults::{brought_by, defaults, glob};
use super::defaults_model::{Defaults, Entrypoint, PackageManager, Shell, ShellKind, User, Workdir};
use super::lifecycle::{Eol, Part, end_of_life, end_of_os, said_end};
use super::name::Image;
use super::os::{Distribution, Family};
use crate::config::{EndOfLife, ImageEntry, Images};
use crate::dockerfile::ImageReference;
use jiff::civil::Date;
use std::borrow::Cow;

/// What the configuration says about one image: all entries that fit it, later ones over earlier ones.
#[derive(Debug, Clone)]
pub struct Said {
    entry: ImageEntry,
    like: Option<Like>,
}

/// The public image that an image is like.
#[derive(Debug, Clone)]
struct Like {
    image: Image,
    /// `None`: the tags are the same.
    tag: Option<String>,
    /// As the configuration has it.
    text: String,
}

/// What the configuration says about the image that a reference names; `None` where it says nothing.
pub fn said(images: &Images, reference: &ImageReference) -> Option<Said> {
    if images.entries.is_empty() {
        return None;
    }
    let names = Names::of(reference);
    let mut merged: Option<ImageEntry> = None;
    for entry in &images.entries {
        let Some(stars) = names.fit(&entry.pattern) else { continue };
        let into = merged.get_or_insert_with(ImageEntry::default);
        if let Some(like) = &entry.like {
            into.like = Some(like.replacen('*', &stars, 1));
        }
        take(into, entry);
    }
    let entry = merged?;
    let like = entry.like.as_deref().and_then(|text| {
        let reference = ImageReference::parse(text)?;
        let tag = reference.tag().map(str::to_owned);
        Some(Like { image: Image::resolve(&reference), tag, text: text.to_owned() })
    });
    Some(Said { entry, like })
}

/// Lets an entry speak over what was said before; `like` is for the caller.
fn take(into: &mut ImageEntry, entry: &ImageEntry) {
    fn over<T: Clone>(into: &mut Option<T>, said: Option<&T>) {
        if let Some(said) = said {
            *into = Some(said.clone());
        }
    }
    over(&mut into.user, entry.user.as_ref());
    over(&mut into.workdir, entry.workdir.as_ref());
    over(&mut into.shell, entry.shell.as_ref());
    over(&mut into.distribution, entry.distribution.as_ref());
    over(&mut into.package_manager, entry.package_manager.as_ref());
    over(&mut into.bash, entry.bash.as_ref());
    over(&mut into.entrypoint_drops_privileges, entry.entrypoint_drops_privileges.as_ref());
    over(&mut into.end_of_life, entry.end_of_life.as_ref());
    over(&mut into.retired, entry.retired.as_ref());
    over(&mut into.floating, entry.floating.as_ref());
    over(&mut into.platforms, entry.platforms.as_ref());
    for (name, value) in &entry.environment {
        into.environment.retain(|(known, _)| known != name);
        into.environment.push((name.clone(), value.clone()));
    }
}

/// The names under which the configuration may speak about an image.
struct Names {
    /// As written, the registry in lower case.
    written: String,
    /// On Docker Hub, also through a mirror, without `library/`.
    hub: Option<String>,
    tag: String,
}

impl Names {
    fn of(reference: &ImageReference) -> Self {
        let written = match reference.registry() {
            Some(registry) => format!("{}/{}", registry.to_ascii_lowercase(), reference.path()),
            None => reference.path().to_owned(),
        };
        Self {
            written,
            hub: reference.hub_path().map(str::to_owned),
            tag: reference.tag().unwrap_or("latest").to_owned(),
        }
    }

    /// What the `*` of a pattern stands for, where the pattern fits; empty where it has none or several.
    fn fit(&self, pattern: &str) -> Option<String> {
        let pattern = pattern
            .strip_prefix("docker.io/")
            .or_else(|| pattern.strip_prefix("index.docker.io/"))
            .unwrap_or(pattern);
        let pattern = pattern.strip_prefix("library/").unwrap_or(pattern);
        let (host, rest) = pattern.split_once('/').unwrap_or(("", pattern));
        // A registry is the same in any case.
        let pattern: Cow<'_, str> = if host.bytes().any(|b| b.is_ascii_uppercase()) {
            format!("{}/{rest}", host.to_ascii_lowercase()).into()
        } else {
            pattern.into()
        };
        let last = pattern.rsplit('/').next().unwrap_or_default();
        let with_tag = last.contains(':');
        [Some(&self.written), self.hub.as_ref()].into_iter().flatten().find_map(|name| {
            let text: Cow<'_, str> =
                if with_tag { format!("{name}:{}", self.tag).into() } else { name.as_str().into() };
            if !glob(&pattern, &text) {
                return None;
            }
            let star = match pattern.split_once('*') {
                Some((before, after)) if !after.contains('*') => {
                    text.get(before.len()..text.len().saturating_sub(after.len()))
                }
                _ => None,
            };
            Some(star.unwrap_or_default().to_owned())
        })
    }
}

impl Said {
    /// The image whose tags these are: the one that it is like, where the tags are the same.
    pub fn image(&self, own: Image) -> Image {
        match &self.like {
            Some(Like { image, tag: None, .. }) => image.clone(),
            _ => own,
        }
    }

    /// The public image that it is like, as the configuration names it.
    pub fn like(&self) -> Option<&str> {
        self.like.as_ref().map(|like| like.text.as_str())
    }

    /// Whether the tags are those of a public image, so that a newer one may be there.
    pub fn has_tags_of_another(&self) -> bool {
        self.like.as_ref().is_some_and(|like| like.tag.is_none())
    }

    /// The image that takes its place.
    pub fn retired(&self) -> Option<&str> {
        self.entry.retired.as_deref()
    }

    /// Whether its tags move.
    pub fn floating(&self) -> Option<bool> {
        self.entry.floating
    }

    /// The platforms it is built for.
    pub fn platforms(&self) -> Option<&[String]> {
        self.entry.platforms.as_deref()
    }

    /// The variables it sets.
    pub fn environment(&self) -> &[(String, String)] {
        &self.entry.environment
    }

    /// The image and the tag that the tables go by.
    fn known_as<'a>(&'a self, own: &'a Image, tag: &'a str) -> (&'a Image, &'a str) {
        match &self.like {
            Some(like) => (&like.image, like.tag.as_deref().unwrap_or(tag)),
            None => (own, tag),
        }
    }

    /// What is inside an image with this tag: what the tables know, and what is said over them.
    pub fn defaults(&self, own: &Image, tag: &str) -> Defaults {
        let (image, tag) = self.known_as(own, tag);
        let mut out = defaults(image, tag);
        let entry = &self.entry;
        if let Some(distribution) = self.distribution() {
            let (package_manager, shell, bash) = brought_by(&distribution);
            if distribution.family == Family::Windows {
                out = Defaults::unknown();
            }
            (out.package_manager, out.shell, out.has_bash) = (package_manager, shell, bash);
            out.distribution = Some(distribution);
        }
        if let Some(user) = &entry.user {
            let name = user.split(':').next().unwrap_or_default();
            out.user = if matches!(name, "root" | "0") { User::Root } else { User::NonRoot(None) };
        }
        if let Some(workdir) = &entry.workdir {
            out.workdir = Workdir::Known(Cow::Owned(workdir.clone()));
        }
        if let Some(manager) = entry.package_manager.and_then(PackageManager::of) {
            out.package_manager = manager;
        }
        if let Some(shell) = entry.shell.and_then(shell) {
            out.shell = shell;
            out.has_bash = match shell.kind {
                ShellKind::Bash => Some(true),
                ShellKind::None => Some(false),
                _ => out.has_bash,
            };
        }
        if let Some(bash) = entry.bash {
            out.has_bash = Some(bash);
        }
        if let Some(drops) = entry.entrypoint_drops_privileges {
            out.drops_privileges = drops;
            if drops && out.entrypoint == Entrypoint::None {
                out.entrypoint = Entrypoint::Unknown;
            }
        }
        out
    }

    fn distribution(&self) -> Option<Distribution> {
        let (id, release) = self.entry.distribution.as_ref()?;
        match release {
            Some(release) => Distribution::named(id, release),
            None => Distribution::of(id),
        }
    }

    /// The end of life of an image with this tag, called `name` in messages.
    pub fn end_of_life(&self, own: &Image, tag: &str, name: &str, today: Date) -> Vec<Eol> {
        match self.entry.end_of_life {
            Some(EndOfLife::Never) => return Vec::new(),
            Some(EndOfLife::On(end)) => return vec![said_end(name, end, today)],
            None => {}
        }
        let (image, tag) = self.known_as(own, tag);
        let mut out = end_of_life(image, tag, today);
        if let Some(distribution) = self.distribution() {
            out.retain(|eol| eol.part != Part::Os);
            out.extend(end_of_os(&distribution, today));
        }
        out
    }
}

/// By its word in the configuration.
fn shell(word: &str) -> Option<Shell> {
    let kind = match word {
        "dash" => ShellKind::Dash,
        "bash" => ShellKind::Bash,
        "ash" => ShellKind::Ash,
        "none" => ShellKind::None,
        "powershell" => ShellKind::PowerShell,
        "cmd" => ShellKind::Cmd,
        _ => return None,
    };
    let posix = matches!(kind, ShellKind::Dash | ShellKind::Bash | ShellKind::Ash);
    Some(Shell { path: posix.then_some("/bin/sh"), kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, DISTRIBUTIONS, PACKAGE_MANAGERS, SHELLS};
    use crate::image::State;

    fn images(text: &str) -> Images {
        let text = text.replace('\n', "\n  ");
        Config::parse("x".into(), &format!("images:\n  {text}\n")).unwrap().images
    }

    fn inside(images: &Images, text: &str) -> Option<Defaults> {
        let reference = ImageReference::parse(text).unwrap();
        let own = Image::resolve(&reference);
        let said = said(images, &reference)?;
        Some(said.defaults(&said.image(own), reference.tag().unwrap_or("latest")))
    }

    fn ends(images: &Images, text: &str, today: &str) -> Vec<(String, State)> {
        let reference = ImageReference::parse(text).unwrap();
        let said = said(images, &reference).unwrap();
        let own = said.image(Image::resolve(&reference));
        let tag = reference.tag().unwrap_or("latest");
        said.end_of_life(&own, tag, text, today.parse().unwrap())
            .into_iter()
            .map(|eol| (eol.label, eol.state))
            .collect()
    }

    #[test]
    fn the_words_of_the_configuration_are_known() {
        for id in DISTRIBUTIONS {
            assert!(Distribution::of(id).is_some(), "{id}");
        }
        for name in PACKAGE_MANAGERS {
            assert!(PackageManager::of(name).is_some(), "{name}");
        }
        for name in SHELLS {
            assert!(shell(name).is_some(), "{name}");
        }
    }

    #[test]
    fn which_names_fit() {
        for (pattern, text, star) in [
            ("python", "python:3.12", Some("")),
            ("python", "docker.io/library/python", Some("")),
            ("docker.io/library/python", "python", Some("")),
            ("python", "mirror.gcr.io/library/python", Some("")),
            ("mirror.gcr.io/library/*", "mirror.gcr.io/library/python:3", Some("python")),
            ("registry.corp/base/*", "registry.corp/base/python:3.12", Some("python")),
            ("registry.corp/base/*", "registry.corp/base/lang/python", Some("lang/python")),
            ("registry.corp/base/*", "Registry.CORP/base/python", Some("python")),
            ("Registry.corp/base/*", "registry.corp/base/python", Some("python")),
            ("registry.corp/base/*", "registry.corp/other/python", None),
            ("registry.corp:5000/base/*", "registry.corp:5000/base/python", Some("python")),
            ("registry.corp:5000/base/*", "registry.corp/base/python", None),
            ("registry.corp/base/python:3.9*", "registry.corp/base/python:3.9-1", Some("-1")),
            ("registry.corp/base/python:3.9*", "registry.corp/base/python:3.12", None),
            ("*:latest", "any/thing", Some("any/thing")),
            ("*/*:1", "any/thing:1", Some("")),
            ("python", "registry.corp/python", None),
        ] {
            let reference = ImageReference::parse(text).unwrap();
            assert_eq!(Names::of(&reference).fit(pattern).as_deref(), star, "{pattern} {text}");
        }
    }

    #[test]
    fn like_a_public_image() {
        let images = images(
            "registry.corp/base/py:\n  like: python:3.9-slim-bookworm\n\
             registry.corp/hub/*:\n  like: '*'\n\
             registry.corp/base/py:2:\n  user: app:app\n  workdir: /srv\n  distribution: alpine-3.22\n",
        );
        let one = inside(&images, "registry.corp/base/py:1").unwrap();
        assert_eq!(
            one,
            defaults(&Image { repository: "python".to_owned(), official: true }, "3.9-slim-bookworm")
        );
        let two = inside(&images, "registry.corp/base/py:2").unwrap();
        assert_eq!((two.user, two.workdir_path()), (User::NonRoot(None), Some("/srv")));
        assert_eq!((two.package_manager, two.shell.kind), (PackageManager::Apk, ShellKind::Ash));
        assert_eq!(two.language, one.language, "what is not said stays");
        let ended = |label: &str| (label.to_owned(), State::Ended);
        assert_eq!(
            ends(&images, "registry.corp/base/py:1", "2030-01-01"),
            [ended("Python 3.9"), ended("Debian 12 (bookworm)")]
        );
        assert_eq!(
            ends(&images, "registry.corp/base/py:2", "2030-01-01"),
            [ended("Python 3.9"), ended("Alpine 3.22")]
        );
        // A mirror has the same tags.
        assert_eq!(
            inside(&images, "registry.corp/hub/library/node:22-alpine"),
            Some(defaults(&Image { repository: "node".to_owned(), official: true }, "22-alpine"))
        );
        assert_eq!(inside(&images, "registry.corp/other"), None);
    }

    #[test]
    fn over_a_public_image() {
        let images = images(
            "python:\n  entrypoint-drops-privileges: true\n  bash: false\n  environment: {A: 1}\n\
             python:3.9*:\n  end-of-life: 2027-01-31\n  environment: {A: 2, B: 3}\n\
             debian:10*:\n  end-of-life: never\n",
        );
        let old = inside(&images, "python:3.9-slim").unwrap();
        assert!(old.drops_privileges && old.has_bash == Some(false));
        assert_eq!((old.user, old.entrypoint), (User::Root, Entrypoint::Unknown));
        for (today, state) in [
            ("2027-01-31", State::Ended),
            ("2027-01-30", State::EndsSoon(1)),
            ("2026-11-02", State::EndsSoon(90)),
            ("2026-11-01", State::Supported),
        ] {
            assert_eq!(ends(&images, "python:3.9-slim", today), [("python:3.9-slim".to_owned(), state)]);
        }
        assert_eq!(ends(&images, "debian:10", "2030-01-01"), []);
        let said = said(&images, &ImageReference::parse("python:3.9").unwrap()).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(said.environment(), [pair("A", "2"), pair("B", "3")]);
    }

    #[test]
    fn windows_says_nothing_posix() {
        let images = images("registry.corp/win:\n  like: python:3.12\n  distribution: windows\n");
        let inside = inside(&images, "registry.corp/win").unwrap();
        assert!(inside.is_windows());
        assert_eq!((inside.user, inside.workdir), (User::Unknown, Workdir::Unknown));
    }
}
