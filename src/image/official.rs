//! Tags of Docker Official Images: which are rebuilt, which name the same build, what to write instead.

use jiff::civil::Date;
use memchr::memmem;

use super::defaults;
use super::lifecycle::{State, is_os, own_release, states};
use super::memo::Memo;
use super::name::Image;
use super::os::{Family, OsPart, os_part, release_of, words};
use super::table::{BUILDS, EOL, RETIRED};

/// Whether an official image's exact tag is still rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagStatus {
    /// Rebuilt at the day of the snapshot.
    Listed,
    /// No longer rebuilt.
    Retired {
        /// Last day on which it was listed.
        last: Date,
    },
    /// Not an official image, never listed, newer than the snapshot, or a retired patch release.
    Unknown,
}

/// First words of tags that always move to another release.
const FLOATING: [&str; 8] = ["latest", "stable", "lts", "edge", "nightly", "current", "rolling", "mainline"];

/// Code names of Node.js release lines, which `node` tags use like versions.
/// Source: github.com/nodejs/Release, CODENAMES.md.
const NODE_LINES: [&str; 12] = [
    "argon", "boron", "carbon", "dubnium", "erbium", "fermium", "gallium", "hydrogen", "iron", "jod",
    "krypton", "lithium",
];

/// Whether `tag` of an official image is still rebuilt.
pub fn tag_status(image: &Image, tag: &str) -> TagStatus {
    if !image.official {
        return TagStatus::Unknown;
    }
    if build_of(image, tag).is_some() {
        return TagStatus::Listed;
    }
    RETIRED
        .rows(&format!("{}\t{tag}", image.repository))
        .find_map(|row| row.field(2).parse().ok())
        .map_or(TagStatus::Unknown, |last| TagStatus::Retired { last })
}

/// All tags that name the same build as `tag`, most specific first as a rule.
pub(super) fn build_of(
    image: &Image,
    tag: &str,
) -> Option<impl Iterator<Item = &'static str> + Clone + use<>> {
    if !image.official || tag.is_empty() || tag.contains(' ') {
        return None;
    }
    let finder = memmem::Finder::new(tag);
    BUILDS
        .rows(&image.repository)
        .map(|row| row.field(1))
        .find(|tags| {
            finder.find_iter(tags.as_bytes()).any(|at| {
                let (before, after) = (tags.get(..at), tags.get(at + tag.len()..));
                before.is_some_and(|text| text.is_empty() || text.ends_with(' '))
                    && after.is_some_and(|text| text.is_empty() || text.starts_with(' '))
            })
        })
        .map(|tags| tags.split(' '))
}

fn is_listed(image: &Image, tag: &str) -> bool {
    build_of(image, tag).is_some()
}

/// The tag's version: what stands before the first `-`, when it begins with a digit.
fn version_of(tag: &str) -> Option<&str> {
    tag.split('-').next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

fn components(version: &str) -> usize {
    version.split('.').count()
}

/// Whether the tag moves to another release of what the image is for: `latest`, `lts-alpine`, `slim`,
/// `alpine3.24` of a language image. A tag that is a release (`3`, `trixie` of `debian`, `krypton` of `node`)
/// is not, nor is the only tag an image publishes. A reference without a tag is for the caller to judge.
pub fn is_floating(image: &Image, tag: &str) -> bool {
    thread_local!(static ANSWERS: Memo<bool> = Memo::new());
    ANSWERS.with(|memo| memo.get(image, tag, None, || find_is_floating(image, tag)))
}

fn find_is_floating(image: &Image, tag: &str) -> bool {
    if defaults::publishes_no_versions(image) {
        return false;
    }
    let is_line = |word: &str| image.repository == "node" && NODE_LINES.contains(&word);
    if words(tag).any(|(_, word)| is_line(word)) {
        return false;
    }
    if words(tag).next().is_some_and(|(_, word)| FLOATING.contains(&word)) {
        return true;
    }
    if is_os(image) || version_of(tag).is_some() {
        return false;
    }
    let Some(mut build) = build_of(image, tag) else { return false };
    if image.repository == "buildpack-deps" {
        return os_part(tag).is_none() && tag != "testing" && tag != "unstable" && !tag.starts_with("old");
    }
    build.any(|other| version_of(other).is_some())
}

/// A tag of the same build that says release and distribution: `latest` → `3.14-trixie` (`python`),
/// `slim` → `26-trixie-slim` (`node`), `latest` → `26.04` (`ubuntu`), `trixie` (`debian`).
///
/// It is the same image as the floating tag at the day of the snapshot, so it may stand on a distribution that
/// [`newest_os_variant`] would replace. `None` when the tag does not float or its build is not known.
pub fn pinned_tag(image: &Image, tag: &str) -> Option<String> {
    thread_local!(static ANSWERS: Memo<Option<String>> = Memo::new());
    ANSWERS.with(|memo| memo.get(image, tag, None, || find_pinned_tag(image, tag)))
}

fn find_pinned_tag(image: &Image, tag: &str) -> Option<String> {
    if !is_floating(image, tag) {
        return None;
    }
    if is_os(image) {
        return pinned_os(image, tag);
    }
    let build = build_of(image, tag)?;
    if image.repository == "buildpack-deps" {
        return build.clone().find(|other| os_part(other).is_some()).map(str::to_owned);
    }
    let wanted: Vec<&str> = words(tag)
        .map(|(_, word)| word)
        .filter(|word| !FLOATING.contains(word) && os_part(word).is_none())
        .collect();
    let names_release = |tag: &str| os_part(tag).is_some_and(|os| has_release(&os));
    build
        .filter_map(|other| {
            let version = version_of(other)?;
            let depth = components(version);
            let line = release_of(&image.repository, other).map_or(2, |row| components(row.field(1)));
            let distance = if depth < line { (line - depth) * 2 + 1 } else { (depth - line) * 2 };
            let missing =
                wanted.iter().filter(|word| !words(other).any(|(_, other)| other == **word)).count();
            let size = words(other).count();
            Some(((missing, distance, !names_release(other), size), other))
        })
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, other)| other.to_owned())
}

fn has_release(os: &OsPart) -> bool {
    os.distribution.version.is_some() || os.distribution.codename.is_some()
}

/// For a distribution: the release that the tag stands for, with the rest of the tag (`-slim`).
fn pinned_os(image: &Image, tag: &str) -> Option<String> {
    let (word, rest) = tag.find('-').map_or((tag, ""), |dash| tag.split_at(dash));
    // Debian's `stable` is a build of its own there, of the release that is also `latest`.
    let stands_for = if image.repository == "debian" && word == "stable" { "latest" } else { tag };
    let rest = if stands_for == tag && word == "latest" { "" } else { rest };
    let release = build_of(image, stands_for)?
        .find_map(|other| release_of(&image.repository, other))
        .map(|row| if image.repository == "debian" { row.field(2) } else { row.field(1) })?;
    let pinned = format!("{release}{rest}");
    is_listed(image, &pinned).then_some(pinned)
}

/// The same release on the newest distribution that gets free security fixes on `today` and for which the tag
/// is listed: `3.12-slim-bullseye` → `3.12-slim-trixie`, `3.12-alpine3.18` → `3.12-alpine3.24`. A patch
/// release that is no longer built gives way to the newest one of its line, in the same precision.
///
/// For a distribution itself: its newest supported (Ubuntu: long-term) release, `buster-slim` → `trixie-slim`;
/// the author has to check that. `None` when there is nothing newer, or nothing is known.
pub fn newest_os_variant(image: &Image, tag: &str, today: Date) -> Option<String> {
    thread_local!(static ANSWERS: Memo<Option<String>> = Memo::new());
    ANSWERS.with(|memo| memo.get(image, tag, Some(today), || find_newest_os_variant(image, tag, today)))
}

fn find_newest_os_variant(image: &Image, tag: &str, today: Date) -> Option<String> {
    if !image.official {
        return None;
    }
    if is_os(image) {
        return newest_os(image, tag, today);
    }
    let os = os_part(tag).filter(has_release)?;
    let table = os.distribution.table();
    let (before, word, after) =
        (tag.get(..os.range.start)?, tag.get(os.range.clone())?, tag.get(os.range.end..)?);
    for (release, codename) in supported_releases(table, today) {
        let replacement = match codename {
            // `bookworm`, but also `debian12` and `ubuntu22.04`.
            Some(codename) if os.distribution.codename.as_deref() == Some(word) => codename.to_owned(),
            _ => format!("{}{release}", word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')),
        };
        if replacement == word {
            return None;
        }
        let exact = format!("{before}{replacement}{after}");
        if is_listed(image, &exact) {
            return Some(exact);
        }
        if let Some(tag) = newest_patch(image, &exact) {
            return Some(tag);
        }
    }
    None
}

/// Releases of a distribution that are supported on a day, newest first; Ubuntu's long-term ones only.
fn supported_releases(table: &str, today: Date) -> Vec<(&'static str, Option<&'static str>)> {
    let Some(table) = EOL.rows(table).next().map(|row| row.field(0)) else { return Vec::new() };
    let mut releases: Vec<_> = states(table, today)
        .iter()
        .filter(|(_, state)| *state == State::Supported)
        .map(|(row, _)| (row.field(1), row.value(2)))
        .filter(|(release, _)| table != "ubuntu" || is_long_term(release))
        .collect();
    releases.reverse();
    releases
}

/// Ubuntu's April releases of even years.
fn is_long_term(release: &str) -> bool {
    release.split_once('.').is_some_and(|(year, month)| {
        month == "04" && year.parse::<u32>().is_ok_and(|year| year.is_multiple_of(2))
    })
}

/// The newest listed patch release of the line that `tag` (not listed itself) belongs to.
fn newest_patch(image: &Image, tag: &str) -> Option<String> {
    let version = version_of(tag)?;
    let rest = tag.get(version.len()..)?;
    let line = own_release(image, tag)?.field(1);
    let general = format!("{line}{rest}");
    if general == tag {
        return None;
    }
    let wanted = components(version);
    build_of(image, &general)?
        .find(|other| {
            version_of(other)
                .is_some_and(|found| components(found) == wanted && other.get(found.len()..) == Some(rest))
        })
        .map(str::to_owned)
        .or(Some(general))
}

fn newest_os(image: &Image, tag: &str, today: Date) -> Option<String> {
    let current = own_release(image, tag)?;
    let mut all = tag.split('-');
    let first = all.next()?;
    let mut rest = String::new();
    // A build date belongs to the old release.
    for word in all.filter(|word| !(word.len() >= 8 && word.starts_with(|c: char| c.is_ascii_digit()))) {
        rest.push('-');
        rest.push_str(word);
    }
    for (release, codename) in supported_releases(&image.repository, today) {
        if release == current.field(1) {
            return None;
        }
        let name = if current.value(2) == Some(first) { codename? } else { release };
        let newer = format!("{name}{rest}");
        if is_listed(image, &newer) {
            return Some(newer);
        }
    }
    None
}

/// The distribution of a tag as its build's other tags give it: `3.13-slim` is `trixie` at the snapshot.
pub(super) fn os_of_build(image: &Image, tag: &str, family: Option<Family>) -> Option<OsPart> {
    build_of(image, tag)?
        .filter_map(os_part)
        .find(|os| has_release(os) && family.is_none_or(|family| os.distribution.family == family))
}

/// The version that a tag or another tag of its build has.
pub(super) fn version_today(image: &Image, tag: &str) -> Option<String> {
    if is_os(image) {
        return own_release(image, tag)
            .or_else(|| build_of(image, tag)?.find_map(|other| own_release(image, other)))
            .map(|row| row.field(1).to_owned());
    }
    version_of(tag).or_else(|| build_of(image, tag)?.find_map(version_of)).map(str::to_owned)
}
