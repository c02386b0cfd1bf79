//! End of life of what a tag names: the software's release and the distribution under it.

use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::defaults;
use super::memo::Memo;
use super::name::Image;
use super::os::{Distribution, os_part, release_of};
use super::table::{EOL, Row};

/// Days ahead of an end at which it is worth saying.
const SOON: i32 = 90;

/// Which part of a tag is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The language, server or tool the image is named for.
    Language,
    /// The distribution.
    Os,
    /// The image as a whole, as the configuration says.
    Image,
}

/// Where a release stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Gets security fixes for free for more than 90 days, or no end is announced.
    Supported,
    /// Ends in this many days, 1 to 90.
    EndsSoon(u8),
    /// The security team has stopped; Debian's LTS team still fixes some packages.
    LtsOnly,
    /// Fixes for paying customers only (Ubuntu Pro, RHEL ELS, …).
    ExtendedOnly,
    /// No fixes at all.
    Ended,
}

/// One release a tag names, on the day of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eol {
    /// Which part of the tag it is.
    pub part: Part,
    /// For messages: `Python 3.9`, `Debian 10 (buster)`.
    pub label: String,
    /// Release as the table has it: `3.9`, `10`, `8` for UBI 8.
    pub release: String,
    /// Code name of a Debian or Ubuntu release.
    pub codename: Option<String>,
    /// End of free security support, past or to come. `None`: not announced, or past without a known day.
    pub ended: Option<Date>,
    /// End of long-term (Debian) or paid support, where there is any.
    pub extended_until: Option<Date>,
    /// What that means on the day of the run.
    pub state: State,
    /// The image in the table whose release this is.
    table: &'static str,
}

impl Eol {
    /// Releases of the same line that still get free security fixes on a day, oldest first, as tags name them:
    /// `3.11`, `trixie`, `24.04`.
    pub fn supported(&self, today: Date) -> Vec<String> {
        let fixed = |state: State| matches!(state, State::Supported | State::EndsSoon(_));
        if self.table.starts_with("ubi") {
            // One table per release there; RHEL has never had two digits beyond 15 in sight.
            return (4..=15)
                .map(|release| format!("ubi{release}"))
                .filter(|name| EOL.rows(name).next().is_some_and(|row| fixed(state(row, today))))
                .collect();
        }
        let named = |row: &Row| match (self.table, row.value(2)) {
            ("debian", Some(codename)) => codename.to_owned(),
            _ => row.field(1).to_owned(),
        };
        states(self.table, today)
            .iter()
            .filter(|(_, state)| fixed(*state))
            .map(|(row, _)| named(row))
            .collect()
    }

    /// The day since which nobody fixes it, when that is over: the later of the two ends.
    pub fn no_fixes_since(&self) -> Option<Date> {
        (self.state == State::Ended).then(|| self.ended.max(self.extended_until)).flatten()
    }
}

/// What is known about the end of life of the releases that `tag` of `image` names: the software's first, then
/// the distribution's. Empty for images no table speaks about, for floating tags and for releases newer than
/// the table. `today` decides about [`Eol::state`]; a release whose end is `today` has ended.
pub fn end_of_life(image: &Image, tag: &str, today: Date) -> Vec<Eol> {
    thread_local!(static ANSWERS: Memo<Vec<Eol>> = Memo::new());
    ANSWERS.with(|memo| memo.get(image, tag, Some(today), || look_up(image, tag, today)))
}

fn look_up(image: &Image, tag: &str, today: Date) -> Vec<Eol> {
    let mut found = Vec::new();
    if !image.is_known() {
        return found;
    }
    let own = own_release(image, tag);
    let names_an_os = is_os(image);
    if let Some(row) = own {
        let part = if names_an_os { Part::Os } else { Part::Language };
        found.push(status(row, part, today));
    }
    if !names_an_os {
        let row = os_in_name(image)
            .or_else(|| os_part(tag).map(|part| part.distribution))
            .and_then(|distribution| distribution.end_of_life_row());
        found.extend(row.map(|row| status(row, Part::Os, today)));
    }
    found
}

/// Releases of an image that get free security fixes on a day, oldest first; empty where no table speaks about it.
pub fn supported_releases(image: &Image, today: Date) -> Vec<String> {
    let Some(row) = EOL.rows(&image.repository).next() else { return Vec::new() };
    status(row, Part::Language, today).supported(today)
}

/// The image is a distribution itself: its tag is the distribution's release.
pub(super) fn is_os(image: &Image) -> bool {
    ubi_release(image).is_some()
        || matches!(
            image.repository.as_str(),
            "debian"
                | "ubuntu"
                | "alpine"
                | "fedora"
                | "centos"
                | "centos/centos"
                | "rockylinux"
                | "rockylinux/rockylinux"
                | "almalinux"
                | "oraclelinux"
                | "amazonlinux"
                | "opensuse/leap"
        )
}

/// `9` for `ubi9` and every image below `ubi9/`.
pub(super) fn ubi_release(image: &Image) -> Option<&str> {
    let release = image.repository.split('/').next()?.strip_prefix("ubi")?;
    (!release.is_empty() && release.bytes().all(|b| b.is_ascii_digit())).then_some(release)
}

/// Distroless images carry Debian's release in their name: `static-debian12`.
pub(super) fn os_in_name(image: &Image) -> Option<Distribution> {
    let name = image.repository.strip_prefix("gcr.io/distroless/")?;
    let (_, version) = name.rsplit_once("-debian")?;
    Distribution::release("distroless", version)
}

/// The row of the release that the tag (or the image's own name) gives.
pub(super) fn own_release(image: &Image, tag: &str) -> Option<Row> {
    if ubi_release(image).is_some() {
        return EOL.rows(image.repository.split('/').next()?).next();
    }
    if EOL.has(&image.repository) {
        return release_of(&image.repository, tag);
    }
    let table = defaults::end_of_life_table(image)?;
    // `1-3.12-bookworm`: development containers put their own release in front.
    let tag = tag
        .split_once('-')
        .filter(|(own, rest)| {
            image.repository.starts_with("devcontainers/")
                && own.bytes().all(|b| b.is_ascii_digit())
                && rest.starts_with(|c: char| c.is_ascii_digit())
        })
        .map_or(tag, |(_, rest)| rest);
    release_of(table, tag)
        // `python3.12-bookworm-slim`, `0.9-python3.12-alpine`.
        .or_else(|| tag.split('-').find_map(|word| release_of(table, word.strip_prefix(table)?)))
}

pub(super) fn state(row: Row, today: Date) -> State {
    let over = if row.field(3) == "ended" { true } else { date(row, 3).is_some_and(|end| end <= today) };
    if over {
        return match date(row, 4) {
            Some(extended) if extended > today && row.field(0) == "debian" => State::LtsOnly,
            Some(extended) if extended > today => State::ExtendedOnly,
            _ => State::Ended,
        };
    }
    ahead(date(row, 3), today)
}

/// Whether an end that is not over is near.
fn ahead(end: Option<Date>, today: Date) -> State {
    let days = end.and_then(|end| today.until(end).ok()).map(|span| span.get_days());
    match days {
        Some(days) if days <= SOON => State::EndsSoon(u8::try_from(days).unwrap_or(u8::MAX)),
        _ => State::Supported,
    }
}

/// The end of a distribution's release.
pub(super) fn end_of_os(distribution: &Distribution, today: Date) -> Option<Eol> {
    Some(status(distribution.end_of_life_row()?, Part::Os, today))
}

/// An end that the configuration gives for an image.
pub(super) fn said_end(name: &str, end: Date, today: Date) -> Eol {
    Eol {
        part: Part::Image,
        label: name.to_owned(),
        release: String::new(),
        codename: None,
        ended: Some(end),
        extended_until: None,
        state: if end <= today { State::Ended } else { ahead(Some(end), today) },
        table: "",
    }
}

fn status(row: Row, part: Part, today: Date) -> Eol {
    let table = row.field(0);
    let release = match row.field(1) {
        "*" => table.trim_start_matches("ubi"),
        release => release,
    };
    let codename = row.value(2);
    let label = match codename {
        Some(codename) => format!("{} {release} ({codename})", row.field(5)),
        None => format!("{} {release}", row.field(5)),
    };
    Eol {
        part,
        label,
        release: release.to_owned(),
        codename: codename.map(str::to_owned),
        ended: date(row, 3),
        extended_until: date(row, 4),
        state: state(row, today),
        table,
    }
}

/// The releases of a table with their states on a day, in the order of the table.
pub(super) fn states(table: &'static str, today: Date) -> Rc<[(Row, State)]> {
    type Answers = HashMap<(&'static str, Date), Rc<[(Row, State)]>>;
    thread_local!(static ANSWERS: RefCell<Answers> = RefCell::default());
    ANSWERS.with_borrow_mut(|known| {
        let all = || EOL.rows(table).map(|row| (row, state(row, today))).collect();
        Rc::clone(known.entry((table, today)).or_insert_with(all))
    })
}

fn date(row: Row, field: usize) -> Option<Date> {
    row.value(field)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::ImageReference;
    use crate::image::table::EOL;

    fn all(text: &str, today: &str) -> Vec<Eol> {
        let reference = ImageReference::parse(text).unwrap();
        let image = Image::resolve(&reference);
        end_of_life(&image, reference.tag().unwrap_or_default(), today.parse().unwrap())
    }

    fn states(text: &str, today: &str) -> Vec<(String, State)> {
        all(text, today).into_iter().map(|eol| (eol.label, eol.state)).collect()
    }

    fn on_the_day(text: &str) -> Vec<(String, State)> {
        states(text, "2026-11-24")
    }

    fn one(label: &str, state: State) -> Vec<(String, State)> {
        vec![(label.to_owned(), state)]
    }

    #[test]
    fn hard_dates() {
        use State::{Ended, EndsSoon, ExtendedOnly, LtsOnly, Supported};
        for (text, label, state) in [
            ("python:3.8", "Python 3.8", Ended),
            ("python:3.9", "Python 3.9", Ended),
            ("python:3.10", "Python 3.10", Ended),
            ("python:3.11", "Python 3.11", Supported),
            ("python:3.14", "Python 3.14", Supported),
            ("debian:buster", "Debian 10 (buster)", Ended),
            ("debian:bullseye", "Debian 11 (bullseye)", Ended),
            ("debian:bookworm-20240101", "Debian 12 (bookworm)", LtsOnly),
            ("debian:trixie", "Debian 13 (trixie)", Supported),
            ("ubuntu:20.04", "Ubuntu 20.04 (focal)", ExtendedOnly),
            ("ubuntu:24.10", "Ubuntu 24.10 (oracular)", Ended),
            ("ubuntu:25.04", "Ubuntu 25.04 (plucky)", Ended),
            ("ubuntu:25.10", "Ubuntu 25.10 (questing)", Ended),
            ("ubuntu:22.04", "Ubuntu 22.04 (jammy)", Supported),
            ("ubuntu:noble", "Ubuntu 24.04 (noble)", Supported),
            ("ubuntu:26.04", "Ubuntu 26.04 (resolute)", Supported),
            ("alpine:3.20", "Alpine 3.20", Ended),
            ("alpine:3.21", "Alpine 3.21", Ended),
            ("alpine:3.22", "Alpine 3.22", Supported),
            ("alpine:3.24", "Alpine 3.24", Supported),
            ("node:20", "Node.js 20", Ended),
            ("node:21", "Node.js 21", Ended),
            ("node:23", "Node.js 23", Ended),
            ("node:25", "Node.js 25", Ended),
            ("node:2", "Node.js 2", Ended),
            ("node:22", "Node.js 22", Supported),
            ("node:24", "Node.js 24", Supported),
            ("node:26", "Node.js 26", Supported),
            ("golang:1.22", "Go 1.22", Ended),
            ("golang:1.25", "Go 1.25", Ended),
            ("golang:1.26", "Go 1.26", Supported),
            ("golang:1.27", "Go 1.27", Supported),
            ("php:8.1", "PHP 8.1", Ended),
            ("php:8.2", "PHP 8.2", EndsSoon(37)),
            ("php:8.3", "PHP 8.3", Supported),
            ("php:8.5", "PHP 8.5", Supported),
            ("ruby:3.2", "Ruby 3.2", Ended),
            ("ruby:3.3", "Ruby 3.3", Supported),
            ("ruby:4.0", "Ruby 4.0", Supported),
            ("mcr.microsoft.com/dotnet/sdk:8.0", ".NET 8", Ended),
            ("mcr.microsoft.com/dotnet/aspnet:9.0", ".NET 9", Ended),
            ("postgres:14", "PostgreSQL 14", Ended),
            ("nginx:1.29", "nginx 1.29", Ended),
            ("nginx:1.25", "nginx 1.25", Ended),
            ("amazonlinux:2", "Amazon Linux 2", Ended),
            ("eclipse-temurin:26-jdk", "Eclipse Temurin 26", Ended),
            ("eclipse-temurin:17-jdk", "Eclipse Temurin 17", Supported),
            ("eclipse-temurin:25", "Eclipse Temurin 25", Supported),
            ("centos:7", "CentOS 7", Ended),
            ("centos:8", "CentOS 8", Ended),
            ("quay.io/centos/centos:stream9", "CentOS stream9", Supported),
            ("registry.access.redhat.com/ubi8:8.10", "UBI 8", Supported),
            ("registry.access.redhat.com/ubi7/ubi-minimal", "UBI 7", ExtendedOnly),
        ] {
            assert_eq!(on_the_day(text), one(label, state), "{text}");
        }
        let supported =
            |text: &str| all(text, "2026-11-24").remove(0).supported(jiff::civil::date(2026, 11, 24));
        assert_eq!(supported("python:3.9"), ["3.11", "3.12", "3.13", "3.14"]);
        assert_eq!(supported("ubuntu:20.04"), ["22.04", "24.04", "26.04"]);
        assert_eq!(supported("alpine:3.18"), ["3.22", "3.23", "3.24"]);
        assert_eq!(supported("node:20"), ["22", "24", "26"]);
        assert_eq!(supported("golang:1.22"), ["1.26", "1.27"]);
        assert_eq!(supported("php:8.1"), ["8.2", "8.3", "8.4", "8.5"]);
        assert_eq!(supported("ruby:3.2"), ["3.3", "3.4", "4.0"]);
        assert_eq!(supported("debian:buster"), ["trixie"]);
        assert_eq!(supported("redhat/ubi7"), ["ubi8", "ubi9", "ubi10"]);
    }

    #[test]
    fn both_parts_of_a_tag() {
        let found = all("python:3.9-slim-buster", "2026-11-24");
        let parts: Vec<_> = found.iter().map(|eol| (eol.part, eol.label.as_str())).collect();
        assert_eq!(parts, [(Part::Language, "Python 3.9"), (Part::Os, "Debian 10 (buster)")]);
        assert_eq!(found[0].no_fixes_since().unwrap().to_string(), "2025-10-31");
        assert_eq!(found[1].no_fixes_since().unwrap().to_string(), "2024-06-30");
        assert_eq!(found[1].codename.as_deref(), Some("buster"));

        for (text, os) in [
            ("python:3.12-alpine3.18", "Alpine 3.18"),
            ("php:8.2-fpm-bullseye", "Debian 11 (bullseye)"),
            ("mcr.microsoft.com/dotnet/sdk:8.0-jammy", "Ubuntu 22.04 (jammy)"),
            ("bitnami/python:3.12-debian-12", "Debian 12 (bookworm)"),
            ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "Debian 12 (bookworm)"),
            ("ghcr.io/astral-sh/uv:0.9-python3.9-alpine3.22", "Alpine 3.22"),
            ("mcr.microsoft.com/devcontainers/python:1-3.12-bullseye", "Debian 11 (bullseye)"),
            ("eclipse-temurin:17-jdk-alpine-3.21", "Alpine 3.21"),
            ("swift:6.3-amazonlinux2", "Amazon Linux 2"),
        ] {
            assert_eq!(
                all(text, "2026-11-24").last().map(|eol| eol.label.clone()).as_deref(),
                Some(os),
                "{text}"
            );
        }
        for (text, language) in [
            ("ghcr.io/astral-sh/uv:python3.9-bookworm-slim", "Python 3.9"),
            ("mcr.microsoft.com/devcontainers/python:1-3.12-bookworm", "Python 3.12"),
            ("mcr.microsoft.com/devcontainers/javascript-node:1-20-bookworm", "Node.js 20"),
            ("mcr.microsoft.com/devcontainers/javascript-node:20-bookworm", "Node.js 20"),
            ("cimg/node:20.11", "Node.js 20"),
        ] {
            assert_eq!(all(text, "2026-11-24")[0].label, language, "{text}");
        }
        assert_eq!(
            on_the_day("gcr.io/distroless/static-debian11"),
            one("Debian 11 (bullseye)", State::Ended)
        );
        assert_eq!(
            on_the_day("nvidia/cuda:12.4.1-devel-ubuntu20.04"),
            one("Ubuntu 20.04 (focal)", State::ExtendedOnly)
        );
        assert_eq!(on_the_day("buildpack-deps:buster"), one("Debian 10 (buster)", State::Ended));
    }

    #[test]
    fn edges_of_time() {
        let state = |text, today| all(text, today)[0].state;
        assert_eq!(state("python:3.10", "2026-10-30"), State::EndsSoon(1));
        assert_eq!(state("python:3.10", "2026-10-31"), State::Ended, "the end is the day itself");
        assert_eq!(state("php:8.2", "2026-10-02"), State::EndsSoon(90));
        assert_eq!(state("php:8.2", "2026-10-01"), State::Supported, "91 days ahead");
        assert_eq!(state("debian:bookworm", "2026-07-10"), State::EndsSoon(1));
        assert_eq!(state("debian:bookworm", "2026-07-11"), State::LtsOnly);
        assert_eq!(state("debian:bookworm", "2028-06-30"), State::Ended);
        assert_eq!(state("ubuntu:focal", "2025-05-31"), State::ExtendedOnly);
        assert_eq!(state("ubuntu:focal", "2030-04-02"), State::Ended);
        assert_eq!(state("python:3.10", "9999-12-31"), State::Ended);
        assert_eq!(state("python:3.10", "0001-01-01"), State::Supported);
        assert_eq!(all("debian:bookworm", "2027-01-01")[0].no_fixes_since(), None);
    }

    #[test]
    fn silent_when_nothing_is_known() {
        for text in [
            "python",
            "python:latest",
            "python:3",
            "python:3.99-slim",
            "node:40",
            "debian:stable-slim",
            "alpine:edge",
            "registry.example.com/python:3.9-buster",
            "someone/python:3.9-slim-buster",
            "someone/app:1.0-bookworm",
            "gcr.io/distroless/static",
        ] {
            assert_eq!(on_the_day(text), [], "{text}");
        }
        assert_eq!(on_the_day("python:3.99-slim-trixie"), one("Debian 13 (trixie)", State::Supported));
    }

    #[test]
    fn every_date_can_be_read() {
        for row in EOL.scan() {
            assert!(matches!(row.field(3), "-" | "ended") || date(row, 3).is_some(), "{row:?}");
            assert!(row.value(4).is_none() || date(row, 4).is_some(), "{row:?}");
            assert!(!row.field(5).is_empty(), "{row:?}");
        }
    }
}
