//! Tags that name the distribution instead of leaving it to whoever publishes the image.

use super::name::Image;
use super::official::{build_of, is_floating};
use super::os::{Distribution, os_part, words};
use super::table::BUILDS;

/// The tag of the same build that also names the release of its distribution: `3.13-slim` → `3.13-slim-trixie`,
/// `24-alpine` → `24-alpine3.24`. `None` where the tag names one already, where it moves to other versions, where
/// its build is not known, and where the image is built on one distribution only.
pub fn with_os(image: &Image, tag: &str) -> Option<String> {
    let named =
        |distribution: &Distribution| distribution.version.is_some() || distribution.codename.is_some();
    if !tag.starts_with(|c: char| c.is_ascii_digit())
        || os_part(tag).is_some_and(|os| named(&os.distribution))
        || is_floating(image, tag)
    {
        return None;
    }
    let build = build_of(image, tag)?;
    let wanted: Vec<&str> = words(tag).map(|(_, word)| word).collect();
    // The same words, with the distribution put in or made exact.
    let found = build
        .filter_map(|other| {
            let os = os_part(other).filter(|os| named(&os.distribution))?;
            let (before, after) = (other.get(..os.range.start)?, other.get(os.range.end..)?);
            let rest = before.split('-').chain(after.split('-')).filter(|word| !word.is_empty());
            let own = os_part(tag).map(|own| own.range);
            let expected = words(tag).filter(|(range, _)| own.as_ref() != Some(range)).map(|(_, word)| word);
            rest.eq(expected).then_some(other)
        })
        .min_by_key(|other| other.len())?;
    let several = {
        let of = |tags: &str| tags.split(' ').find_map(|tag| Some(os_part(tag)?.distribution).filter(named));
        let mut all = BUILDS.rows(&image.repository).filter_map(|row| of(row.field(1)));
        let first = all.next();
        all.any(|other| first.as_ref() != Some(&other))
    };
    (several && !wanted.is_empty()).then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::ImageReference;

    #[test]
    fn names_the_distribution_of_the_same_build() {
        for (text, expected) in [
            ("python:3.13-slim", Some("3.13-slim-trixie")),
            ("python:3.13", Some("3.13-trixie")),
            ("python:3", Some("3-trixie")),
            ("node:24", Some("24-bookworm")),
            ("node:24-slim", Some("24-bookworm-slim")),
            ("node:24-alpine", Some("24-alpine3.24")),
            ("php:8.4-fpm", Some("8.4-fpm-trixie")),
            ("php:8.4-fpm-alpine", Some("8.4-fpm-alpine3.24")),
            ("golang:1.26", Some("1.26-trixie")),
            ("ruby:3.4", Some("3.4-trixie")),
            ("eclipse-temurin:21-jre", Some("21-jre-resolute")),
            ("eclipse-temurin:21-jre-alpine", Some("21-jre-alpine-3.24")),
            ("python:3.13-slim-trixie", None),
            ("node:24-alpine3.24", None),
            ("python:slim", None),
            ("python:latest", None),
            ("python:3.13.0-slim", None),
            ("node:lts-alpine", None),
            ("someone/python:3.13", None),
            ("debian:13", None),
        ] {
            let reference = ImageReference::parse(text).unwrap();
            let found = with_os(&Image::resolve(&reference), reference.tag().unwrap());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
