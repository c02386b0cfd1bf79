//! Tags and defaults against the embedded data.

use jiff::civil::Date;
use proptest::prelude::*;

use super::defaults_model::*;
use super::table::{BUILDS, DEFAULTS, RETIRED};
use super::*;
use crate::dockerfile::ImageReference;

fn image(text: &str) -> (Image, String) {
    let reference = ImageReference::parse(text).unwrap_or_else(|| panic!("{text}"));
    (Image::resolve(&reference), reference.tag().unwrap_or("latest").to_owned())
}

fn today() -> Date {
    "2026-11-24".parse().unwrap()
}

fn newer(text: &str) -> Option<String> {
    let (image, tag) = image(text);
    newest_os_variant(&image, &tag, today())
}

fn pinned(text: &str) -> Option<String> {
    let (image, tag) = image(text);
    pinned_tag(&image, &tag)
}

fn inside(text: &str) -> Defaults {
    let (image, tag) = image(text);
    defaults(&image, &tag)
}

#[test]
fn retired_and_listed_tags() {
    let status = |text: &str| {
        let (image, tag) = image(text);
        match tag_status(&image, &tag) {
            TagStatus::Retired { last } => last.to_string(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(status("python:3.9-slim-buster"), "2023-06-14");
    assert_eq!(status("python:3.8-slim-buster"), "2023-06-14");
    assert_eq!(status("mirror.gcr.io/library/python:3.9-slim-buster"), "2023-06-14");
    assert_eq!(status("openjdk:8-jdk"), "2022-08-19");
    assert_eq!(status("openjdk:11-jre-slim"), "2022-08-19");
    assert_eq!(status("adoptopenjdk:11"), "2021-10-08");
    assert_eq!(status("centos:7"), "2024-07-01");
    assert_eq!(status("python:3.13-slim"), "Listed");
    assert_eq!(status("python:3.14.7-slim-trixie"), "Listed");
    assert_eq!(status("nginx:alpine"), "Listed");
    for unknown in [
        "python:3.99",
        "python:3.9.1-slim",
        "python:GitRepo",
        "ghcr.io/x/python:3.9-slim-buster",
        "me/python:3.9",
    ] {
        assert_eq!(status(unknown), "Unknown", "{unknown}");
    }
}

#[test]
fn newest_distribution_of_the_same_release() {
    for (text, tag) in [
        ("python:3.12-slim-bullseye", Some("3.12-slim-trixie")),
        ("python:3.12-slim-bookworm", Some("3.12-slim-trixie")),
        ("python:3.12-alpine3.18", Some("3.12-alpine3.24")),
        ("python:3.12-alpine3.24", None),
        ("python:3.12-slim-trixie", None),
        ("python:3.12-slim", None),
        ("python:3.9-slim-buster", None),
        ("python:3.12.4-slim-bullseye", Some("3.12.14-slim-trixie")),
        ("node:22-bullseye-slim", Some("22-trixie-slim")),
        ("node:22.1.0-bullseye", Some("22.23.2-trixie")),
        ("node:22.1-bullseye", Some("22.23-trixie")),
        ("golang:1.26-bookworm", Some("1.26-trixie")),
        ("php:8.4-fpm-bullseye", Some("8.4-fpm-trixie")),
        ("eclipse-temurin:17-jre-focal", Some("17-jre-resolute")),
        ("eclipse-temurin:17-jdk-alpine-3.21", Some("17-jdk-alpine-3.24")),
        ("redis:7.4-bullseye", None),
        ("debian:buster-slim", Some("trixie-slim")),
        ("debian:bookworm-20240101-slim", Some("trixie-slim")),
        ("debian:12.5", Some("13")),
        ("debian:trixie-slim", None),
        ("alpine:3.18.4", Some("3.24")),
        ("alpine:3.24", None),
        ("ubuntu:20.04", Some("26.04")),
        ("ubuntu:focal", Some("resolute")),
        ("ubuntu:focal-20240101.1", Some("resolute")),
        ("amazonlinux:2", Some("2023")),
        ("rockylinux:8", Some("9")),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", None),
        ("someone/python:3.12-slim-bullseye", None),
    ] {
        assert_eq!(newer(text).as_deref(), tag, "{text}");
    }
}

#[test]
fn pins_of_floating_tags() {
    for (text, tag) in [
        ("python:latest", Some("3.14-trixie")),
        ("python:slim", Some("3.14-slim-trixie")),
        ("python:alpine", Some("3.14-alpine3.24")),
        ("python:alpine3.23", Some("3.14-alpine3.23")),
        ("node:latest", Some("26-trixie")),
        ("node:slim", Some("26-trixie-slim")),
        ("node:alpine", Some("26-alpine3.24")),
        ("node:lts", Some("24-bookworm")),
        ("node:lts-alpine", Some("24-alpine3.24")),
        ("node:current-slim", Some("26-trixie-slim")),
        ("nginx:latest", Some("1.31-trixie")),
        ("nginx:alpine", Some("1.31-alpine3.24")),
        ("nginx:stable-alpine", Some("1.30-alpine3.24")),
        ("nginx:mainline", Some("1.31-trixie")),
        ("golang:latest", Some("1.27-trixie")),
        ("golang:alpine", Some("1.27-alpine3.24")),
        ("php:latest", Some("8.5-trixie")),
        ("php:fpm", Some("8.5-fpm-trixie")),
        ("php:fpm-alpine", Some("8.5-fpm-alpine3.24")),
        ("php:apache", Some("8.5-apache-trixie")),
        ("ruby:slim", Some("4.0-slim-trixie")),
        ("rust:slim", Some("1.98-slim-trixie")),
        ("postgres:latest", Some("18-trixie")),
        ("redis:alpine", Some("8.10-alpine3.23")),
        ("eclipse-temurin:latest", Some("25-resolute")),
        ("httpd:latest", Some("2.4-trixie")),
        ("memcached:latest", Some("1.6-trixie")),
        ("docker:dind", Some("29-dind")),
        ("composer:latest", Some("2.10")),
        ("ubuntu:latest", Some("26.04")),
        ("ubuntu:rolling", Some("26.04")),
        ("debian:latest", Some("trixie")),
        ("debian:stable", Some("trixie")),
        ("debian:stable-slim", Some("trixie-slim")),
        ("alpine:latest", Some("3.24")),
        ("alpine:edge", None),
        ("fedora:latest", Some("44")),
        ("almalinux:latest", Some("10")),
        ("amazonlinux:latest", Some("2023")),
        ("buildpack-deps:latest", Some("trixie")),
        ("buildpack-deps:curl", Some("trixie-curl")),
        ("python:3.12", None),
        ("golang:tip", None),
        ("ghcr.io/owner/app:latest", None),
    ] {
        assert_eq!(pinned(text).as_deref(), tag, "{text}");
    }
}

#[test]
fn pins_name_the_same_build_and_do_not_float() {
    let mut pins = 0;
    for row in BUILDS.scan() {
        let image = Image { repository: row.field(0).to_owned(), official: true };
        for tag in row.field(1).split(' ') {
            let Some(pin) = pinned_tag(&image, tag) else { continue };
            pins += 1;
            assert!(!is_floating(&image, &pin), "{}:{tag} -> {pin}", image.repository);
            assert_eq!(tag_status(&image, &pin), TagStatus::Listed, "{}:{tag} -> {pin}", image.repository);
            let same = row.field(1).split(' ').any(|other| other == pin);
            assert!(same || tag.starts_with("stable"), "{}:{tag} -> {pin}", image.repository);
        }
    }
    assert!(pins > 500, "{pins}");
}

#[test]
fn newer_variants_are_listed_and_final() {
    let mut found = 0;
    for row in BUILDS.scan().chain(RETIRED.scan()) {
        let image = Image { repository: row.field(0).to_owned(), official: true };
        for tag in row.field(1).split(' ') {
            let Some(newer) = newest_os_variant(&image, tag, today()) else { continue };
            found += 1;
            assert_eq!(tag_status(&image, &newer), TagStatus::Listed, "{}:{tag}", image.repository);
            assert_eq!(
                newest_os_variant(&image, &newer, today()),
                None,
                "{}:{tag} -> {newer}",
                image.repository
            );
        }
    }
    assert!(found > 1000, "{found}");
}

#[test]
fn floating_tags() {
    for (text, floats) in [
        ("python:latest", true),
        ("python:slim", true),
        ("python:alpine3.24", true),
        ("python:trixie", true),
        ("python:3", false),
        ("python:3-slim", false),
        ("python:3.12", false),
        ("node:lts", true),
        ("node:lts-alpine", true),
        ("node:lts-krypton", false),
        ("node:krypton-slim", false),
        ("golang:tip", false),
        ("debian:trixie", false),
        ("debian:stable-slim", true),
        ("ubuntu:rolling", true),
        ("ubuntu:noble", false),
        ("alpine:edge", true),
        ("nginx:mainline-alpine", true),
        ("buildpack-deps:bookworm", false),
        ("buildpack-deps:scm", true),
        ("ghcr.io/owner/app:latest", true),
        ("ghcr.io/owner/app:nightly-amd64", true),
        ("ghcr.io/owner/app:1.0", false),
        ("ghcr.io/owner/app:slim", false),
        ("cgr.dev/chainguard/static:latest", false),
        ("gcr.io/distroless/static:latest", false),
        ("gcr.io/distroless/static-debian12:nonroot", false),
    ] {
        let (image, tag) = image(text);
        assert_eq!(is_floating(&image, &tag), floats, "{text}");
    }
}

#[test]
fn users() {
    for (text, user) in [
        ("python:3.13", User::Root),
        ("node:22", User::Root),
        ("scratch", User::Root),
        ("gcr.io/distroless/static-debian12", User::Root),
        ("gcr.io/distroless/static-debian12:nonroot", User::NonRoot(Some("65532"))),
        ("gcr.io/distroless/python3:debug-nonroot", User::NonRoot(Some("65532"))),
        ("memcached:1.6", User::NonRoot(Some("memcache"))),
        ("haproxy:3.4", User::NonRoot(Some("haproxy"))),
        ("haproxy:2.2", User::Unknown),
        ("elasticsearch:9.5.3", User::NonRoot(Some("elasticsearch"))),
        ("bitnami/redis:7", User::NonRoot(Some("1001"))),
        ("bitnami/minideb", User::Root),
        ("nginxinc/nginx-unprivileged:1.30", User::NonRoot(Some("nginx"))),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", User::Root),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", User::NonRoot(Some("app"))),
        ("registry.access.redhat.com/ubi9/ubi-minimal", User::Root),
        ("registry.access.redhat.com/ubi9/python-312", User::NonRoot(Some("default"))),
        ("dhi.io/python:3.13", User::NonRoot(None)),
        ("dhi.io/python:3.13-dev", User::Unknown),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", User::Root),
        ("ghcr.io/astral-sh/uv:latest", User::Unknown),
        ("ghcr.io/owner/app:1", User::Unknown),
        ("registry.example.com/python:3.12", User::Unknown),
        ("mcr.microsoft.com/devcontainers/python:3.12", User::Unknown),
        ("golang:1.26-windowsservercore-ltsc2022", User::Unknown),
    ] {
        assert_eq!(inside(text).user, user, "{text}");
    }
    for text in ["postgres:18", "nginx:1.31", "httpd:2.4", "php:8.4-fpm", "redis:8", "mysql:8.4"] {
        assert!(inside(text).drops_privileges, "{text}");
    }
    for text in ["python:3.13", "node:24", "php:8.4", "alpine:3.24", "ghcr.io/owner/app:1"] {
        assert!(!inside(text).drops_privileges, "{text}");
    }
}

#[test]
fn existing_users() {
    let name = |text: &str| inside(text).existing_user.map(|user| (user.user_word, user.uid));
    assert_eq!(name("node:24-alpine"), Some(("node", 1000)));
    assert_eq!(name("ubuntu:24.04"), Some(("ubuntu", 1000)));
    assert_eq!(name("ubuntu:noble-20260810"), Some(("ubuntu", 1000)));
    assert_eq!(name("ubuntu:latest"), Some(("ubuntu", 1000)));
    assert_eq!(name("ubuntu:lunar"), Some(("ubuntu", 1000)));
    assert_eq!(name("ubuntu:22.04"), None);
    assert_eq!(name("mcr.microsoft.com/dotnet/sdk:8.0-alpine"), Some(("$APP_UID", 1654)));
    assert_eq!(name("mcr.microsoft.com/dotnet/sdk:10.0"), Some(("$APP_UID", 1654)));
    assert_eq!(name("mcr.microsoft.com/dotnet/sdk:6.0"), None);
    assert_eq!(name("python:3.13"), None);
}

#[test]
fn distributions() {
    let os = |text: &str| {
        inside(text).distribution.map_or_else(String::new, |os| {
            format!("{} {} {}", os.id, os.version.unwrap_or_default(), os.codename.unwrap_or_default())
                .trim_end()
                .to_owned()
        })
    };
    for (text, expected) in [
        ("python:3.13-slim", "debian 13 trixie"),
        ("python:3.13-slim-bookworm", "debian 12 bookworm"),
        ("python:3.9-slim", "debian"),
        ("python:3.12-alpine", "alpine 3.24"),
        ("python:3.7-alpine", "alpine"),
        ("node:22", "debian 12 bookworm"),
        ("node:26", "debian 13 trixie"),
        ("debian:12.5-slim", "debian 12 bookworm"),
        ("debian:sid", "debian  sid"),
        ("debian:latest", "debian 13 trixie"),
        ("ubuntu", "ubuntu 26.04 resolute"),
        ("ubuntu:devel", "ubuntu  stonking"),
        ("alpine:3", "alpine 3.24"),
        ("alpine:3.99", "alpine"),
        ("rockylinux:9-minimal", "rockylinux 9"),
        ("quay.io/centos/centos:stream9", "centos-stream 9"),
        ("redhat/ubi8", "ubi 8"),
        ("registry.access.redhat.com/ubi9/python-312:latest", "ubi 9"),
        ("gcr.io/distroless/java17-debian12", "distroless 12 bookworm"),
        ("gcr.io/distroless/static", "distroless"),
        ("mcr.microsoft.com/dotnet/sdk:8.0", "debian 12 bookworm"),
        ("mcr.microsoft.com/dotnet/sdk:10.0", "ubuntu 24.04 noble"),
        ("mcr.microsoft.com/dotnet/sdk:8.0-alpine3.22", "alpine 3.22"),
        ("mcr.microsoft.com/windows/servercore:ltsc2022", "windows"),
        ("nvidia/cuda:12.4.1-devel-rockylinux9", "rockylinux 9"),
        ("nvidia/cuda:12.4.1-devel-ubuntu22.04", "ubuntu 22.04 jammy"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "debian 12 bookworm"),
        ("ghcr.io/astral-sh/uv:0.9", "scratch"),
        ("eclipse-temurin:21", "ubuntu 26.04 resolute"),
        ("eclipse-temurin:21-jre-alpine", "alpine 3.24"),
        ("cgr.dev/chainguard/python", "wolfi"),
        ("openjdk:8-jre-slim", "debian"),
        ("openjdk:8-jdk-alpine", "alpine"),
        ("openjdk:17", ""),
        ("cimg/python:3.12", "ubuntu"),
        ("ghcr.io/owner/app:1-bookworm", "debian 12 bookworm"),
        ("ghcr.io/owner/app:1", ""),
        ("registry.example.com/python:3.12-slim", ""),
    ] {
        assert_eq!(os(text), expected, "{text}");
    }
}

#[test]
fn managers_and_shells() {
    use PackageManager as P;
    use ShellKind as S;
    for (text, manager, shell, bash) in [
        ("python:3.13-slim", P::Apt, S::Dash, Some(true)),
        ("ubuntu:24.04", P::Apt, S::Dash, Some(true)),
        ("node:24-alpine", P::Apk, S::Ash, Some(false)),
        ("alpine:3.24", P::Apk, S::Ash, Some(false)),
        ("caddy:2", P::Apk, S::Ash, Some(false)),
        ("traefik:3", P::Apk, S::Ash, None),
        ("fedora:44", P::Dnf, S::Bash, Some(true)),
        ("centos:7", P::Yum, S::Bash, Some(true)),
        ("centos:8", P::Dnf, S::Bash, Some(true)),
        ("amazonlinux:2", P::Yum, S::Bash, Some(true)),
        ("amazonlinux:2023", P::Dnf, S::Bash, Some(true)),
        ("rockylinux:9", P::Dnf, S::Bash, Some(true)),
        ("rockylinux:9-minimal", P::Microdnf, S::Bash, Some(true)),
        ("redhat/ubi7", P::Yum, S::Bash, Some(true)),
        ("redhat/ubi9", P::Dnf, S::Bash, Some(true)),
        ("redhat/ubi9-minimal", P::Microdnf, S::Bash, Some(true)),
        ("redhat/ubi9-micro", P::None, S::Bash, Some(true)),
        ("opensuse/leap:16.0", P::Zypper, S::Bash, Some(true)),
        ("archlinux", P::Pacman, S::Bash, Some(true)),
        ("busybox:1.38", P::None, S::Ash, Some(false)),
        ("scratch", P::None, S::None, Some(false)),
        ("gcr.io/distroless/static", P::None, S::None, Some(false)),
        ("gcr.io/distroless/static:debug", P::None, S::Ash, Some(false)),
        ("mcr.microsoft.com/dotnet/runtime:8.0-noble-chiseled", P::None, S::None, Some(false)),
        ("mcr.microsoft.com/dotnet/runtime:8.0-noble", P::Apt, S::Dash, Some(true)),
        ("dhi.io/python:3.13-debian13", P::None, S::None, Some(false)),
        ("dhi.io/python:3.13-debian13-dev", P::Apt, S::Dash, None),
        ("cgr.dev/chainguard/static", P::None, S::None, Some(false)),
        ("cgr.dev/chainguard/python", P::Apk, S::Unknown, None),
        ("mcr.microsoft.com/windows/nanoserver:ltsc2022", P::None, S::Cmd, None),
        ("ghcr.io/owner/app:1", P::Unknown, S::Unknown, None),
    ] {
        let found = inside(text);
        assert_eq!(
            (found.package_manager, found.shell.kind, found.has_bash),
            (manager, shell, bash),
            "{text}"
        );
    }
    assert_eq!(inside("gcr.io/distroless/static:debug").shell.path, Some("/busybox/sh"));
}

#[test]
fn the_rest() {
    assert_eq!(inside("golang:1.26").workdir, Workdir::Known("/go".into()));
    assert_eq!(inside("python:3.13").workdir, Workdir::Known("/".into()));
    assert_eq!(inside("php:8.4-fpm").workdir, Workdir::Known("/var/www/html".into()));
    assert_eq!(inside("ghcr.io/owner/app").workdir, Workdir::Unknown);
    assert_eq!(inside("python:3.12").lang, Some("C.UTF-8"));
    assert_eq!(inside("python:3.13").lang, None);
    assert_eq!(inside("python").lang, None, "latest is newer than 3.12");
    assert_eq!(inside("python:3.13").entrypoint, Entrypoint::None);
    assert_eq!(inside("gcr.io/distroless/python3-debian12").entrypoint, Entrypoint::Runs("/usr/bin/python3"));
    assert_eq!(inside("ghcr.io/owner/app").entrypoint, Entrypoint::Unknown);
    for (text, language) in [
        ("python:3.13", Some(Language::Python)),
        ("node:24", Some(Language::Node)),
        ("mcr.microsoft.com/dotnet/sdk:8.0", Some(Language::Dotnet)),
        ("ghcr.io/astral-sh/uv:python3.12-alpine", Some(Language::Python)),
        ("ghcr.io/astral-sh/uv:latest", None),
        ("gcr.io/distroless/nodejs22-debian12", Some(Language::Node)),
        ("registry.access.redhat.com/ubi9/nodejs-22", Some(Language::Node)),
        ("cimg/go:1.26", Some(Language::Go)),
        ("debian:trixie", None),
    ] {
        assert_eq!(inside(text).language, language, "{text}");
    }
}

/// A row that nothing leads to would be no knowledge.
#[test]
fn every_row_is_reached() {
    for row in table::EOL.scan() {
        let image = Image { repository: row.field(0).to_owned(), official: false };
        let release = row.field(1);
        let found = end_of_life(&image, if release == "*" { "latest" } else { release }, today());
        let number = row.field(0).trim_start_matches("ubi");
        let wanted = if release == "*" { number } else { release };
        assert!(found.iter().any(|eol| eol.release == wanted), "{row:?}: {found:?}");
        if let Some(codename) = row.value(2) {
            let by_name = end_of_life(&image, codename, today());
            assert!(by_name.iter().any(|eol| eol.release == release), "{row:?}: {by_name:?}");
        }
    }
    for row in RETIRED.scan() {
        let image = Image { repository: row.field(0).to_owned(), official: true };
        assert!(matches!(tag_status(&image, row.field(1)), TagStatus::Retired { .. }), "{row:?}");
    }
    for row in BUILDS.scan() {
        let image = Image { repository: row.field(0).to_owned(), official: true };
        for tag in row.field(1).split(' ') {
            assert_eq!(tag_status(&image, tag), TagStatus::Listed, "{row:?}: {tag}");
        }
    }
}

/// A word that the code does not know would silently be no fact.
#[test]
fn every_fact_in_the_table_is_understood() {
    for row in DEFAULTS.scan() {
        assert!(
            ["known", "known?", "spec", "spec?", "dotnet", "repo-info"].contains(&row.field(3))
                || row.field(3).strip_prefix("github:").is_some_and(|path| path.split('/').count() >= 3),
            "{row:?}"
        );
        assert!(!row.field(1).is_empty() && row.field(4).is_empty(), "{row:?}");
        for fact in row.field(2).split(' ') {
            let (key, value) = fact.split_once('=').unwrap_or_else(|| panic!("{row:?}"));
            let fine = match key {
                "os" => {
                    let (id, version) = value.split_once(':').unwrap_or((value, ""));
                    Distribution::of(id).is_some()
                        && (version.is_empty()
                            || Distribution::release(id, version).unwrap().codename.is_some())
                }
                "user" => value.split(':').count() <= 2,
                "drops" => value == "yes",
                "workdir" => value.starts_with('/'),
                "account" => value == "unknown" || value.split(':').count() >= 3,
                "shell" => matches!(value, "none" | "busybox" | "default"),
                "bash" => matches!(value, "yes" | "no" | "unknown"),
                "pm" => value == "default" || PackageManager::of(value).is_some(),
                "language" => Language::of(value).is_some(),
                "entrypoint" | "lang" => !value.is_empty(),
                "eol" => table::EOL.has(value),
                "tags" => value == "none",
                _ => false,
            };
            assert!(fine, "{fact} in {row:?}");
            // A fact that was not checked may only keep a rule silent.
            let loud = matches!((key, value), ("user", "root") | ("shell", "none") | ("bash", "no"));
            let excused = row.field(2).contains("drops=yes");
            assert!(!row.field(3).ends_with('?') || !loud || excused, "{fact} in {row:?}");
        }
    }
}

#[test]
fn the_snapshot_is_the_one_of_the_files() {
    assert!(include_str!("data/eol.tsv").lines().nth(1).unwrap().contains(&SNAPSHOT.to_string()));
}

proptest! {
    #[test]
    fn odd_names_and_tags_do_not_panic(repository in "\\PC{0,30}", tag in "\\PC{0,40}", official: bool) {
        for repository in [repository.as_str(), "python", "debian", "ubi9", "ghcr.io/astral-sh/uv"] {
            let image = Image { repository: repository.to_owned(), official };
            let _ = end_of_life(&image, &tag, today());
            let _ = tag_status(&image, &tag);
            let _ = newest_os_variant(&image, &tag, today());
            let _ = pinned_tag(&image, &tag);
            let _ = is_floating(&image, &tag);
            let _ = defaults(&image, &tag);
        }
    }

    #[test]
    fn tags_made_of_known_words_do_not_panic(
        tag in "(latest|slim|alpine|[0-9]{1,3}|[.]|-|bookworm|noble|jdk|stable|u8|_|v|ubi|lts|20240101){1,8}",
        year in -9999i16..9999,
    ) {
        for repository in ["python", "node", "debian", "ubuntu", "alpine", "eclipse-temurin", "buildpack-deps"] {
            let image = Image { repository: repository.to_owned(), official: true };
            let day = Date::new(year, 7, 11).unwrap();
            let _ = end_of_life(&image, &tag, day);
            let _ = newest_os_variant(&image, &tag, day);
            let _ = pinned_tag(&image, &tag);
            let _ = defaults(&image, &tag);
        }
    }
}
