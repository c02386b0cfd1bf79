//! Tags that are no longer rebuilt, and what takes the place of images that were given up.

use super::defaults_model::PackageManager;
use super::lifecycle::own_release;
use super::memo::Memo;
use super::name::Image;
use super::official::{TagStatus, tag_status};
use super::os::{os_part, words};
use super::with_os;
use jiff::civil::Date;

/// Images that carry a Java runtime and were given up as a whole.
/// Source: docker-library/official-images, deprecation notices of `java` (2017), `adoptopenjdk` (2021), `openjdk` (2022).
const JAVA: [&str; 3] = ["openjdk", "java", "adoptopenjdk"];

/// The last day on which an official image's tag was rebuilt; `None` where it still is, or where that is not known.
///
/// A patch release whose line is over is over as well: `openjdk:11.0.16-jre` with `openjdk:11-jre`.
pub fn retired_since(image: &Image, tag: &str) -> Option<Date> {
    thread_local! {
        static MEMO: Memo<Option<Date>> = Memo::new();
    }
    MEMO.with(|memo| memo.get(image, tag, None, || find_retired_since(image, tag)))
}

fn find_retired_since(image: &Image, tag: &str) -> Option<Date> {
    let status = |tag: &str| match tag_status(image, tag) {
        TagStatus::Retired { last } => Some(Ok(last)),
        TagStatus::Listed => Some(Err(())),
        TagStatus::Unknown => None,
    };
    if let Some(known) = status(tag) {
        return known.ok();
    }
    let version = tag.split('-').next()?;
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = tag.get(version.len()..)?;
    let line = if is_given_up(image) { major(version) } else { own_release(image, tag)?.field(1) };
    status(&format!("{line}{rest}"))?.ok()
}

/// Whether an image was given up as a whole in favour of another one.
pub fn is_given_up(image: &Image) -> bool {
    image.official && JAVA.contains(&image.repository.as_str())
}

/// The tag of `eclipse-temurin` with the same Java version for a tag of an image that was given up:
/// `8-jre-alpine` → `8-jre-alpine-3.24`. Where no Alpine is named it is an Ubuntu. `None` where that version is
/// not built any more, or where the tag asks for something else than a plain runtime on Linux.
///
/// The package manager is the one that works in both.
pub fn successor(image: &Image, tag: &str) -> Option<(String, PackageManager)> {
    if !is_given_up(image) {
        return None;
    }
    let mut kind = "jdk";
    let mut alpine = false;
    let mut all = words(tag).map(|(_, word)| word);
    let major = major(all.next()?);
    for word in all {
        match word {
            "jre" => kind = "jre",
            "jdk" | "slim" | "hotspot" => {}
            word if word.starts_with("alpine") => alpine = true,
            word if word.starts_with(|c: char| c.is_ascii_digit()) => {}
            word if os_part(word).is_some_and(|os| os.distribution.id == "debian") => {}
            _ => return None,
        }
    }
    let temurin = Image { repository: "eclipse-temurin".to_owned(), official: true };
    let plain = format!("{major}-{kind}{}", if alpine { "-alpine" } else { "" });
    let full = with_os(&temurin, &plain)?;
    Some((full, if alpine { PackageManager::Apk } else { PackageManager::Apt }))
}

/// `8` of `8u342`, `11` of `11.0.16`.
fn major(version: &str) -> &str {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..end).unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::ImageReference;

    fn image(name: &str) -> Image {
        Image::resolve(&ImageReference::parse(name).unwrap())
    }

    #[test]
    fn lines_and_patch_releases() {
        for (name, tag, last) in [
            ("python", "3.9-slim-buster", Some("2023-06-14")),
            ("openjdk", "11-jre-slim", Some("2022-08-19")),
            ("openjdk", "11.0.16-jre-slim", Some("2022-08-19")),
            ("openjdk", "8u212-jdk-alpine", Some("2019-05-24")),
            ("java", "8-jre", Some("2017-06-08")),
            ("python", "3.14-slim-trixie", None),
            ("python", "3.14.99-slim-trixie", None),
            ("python", "3.99-slim-buster", None),
            ("python", "no-such-tag", None),
            ("openjdk", "28-ea", None),
            ("someone/openjdk", "11-jre-slim", None),
        ] {
            assert_eq!(retired_since(&image(name), tag), last.map(|d| d.parse().unwrap()), "{name}:{tag}");
        }
    }

    #[test]
    fn temurin_takes_the_place() {
        let next = |name: &str, tag: &str| successor(&image(name), tag).map(|(tag, _)| tag);
        let starts = |tag: &str, start: &str| {
            let found = next("openjdk", tag).unwrap();
            assert!(found.starts_with(start) && os_part(&found).is_some(), "{tag}: {found}");
        };
        starts("8-jre-alpine", "8-jre-alpine-");
        starts("8u212-jdk-alpine3.9", "8-jdk-alpine-");
        starts("11-jre-slim-buster", "11-jre-");
        starts("17", "17-jdk-");
        starts("21-jdk-slim-bullseye", "21-jdk-");
        for (name, tag) in [
            ("openjdk", "16-jdk"),
            ("openjdk", "17-jdk-oraclelinux8"),
            ("openjdk", "17-nanoserver"),
            ("openjdk", "latest"),
            ("adoptopenjdk", "11-jre-openj9"),
            ("eclipse-temurin", "17"),
        ] {
            assert_eq!(next(name, tag), None, "{name}:{tag}");
        }
    }
}
