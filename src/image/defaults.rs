//! Reads `data/defaults.tsv`: what is inside a base image.

use std::cmp::Ordering;

use super::defaults_model::{
    Account, Defaults, Entrypoint, Language, PackageManager, Shell, ShellKind, User, Workdir,
};
use super::lifecycle::{is_os, os_in_name, own_release, ubi_release};
use super::memo::Memo;
use super::name::Image;
use super::official::{build_of, os_of_build, version_today};
use super::os::{Distribution, Family, os_part};
use super::table::{DEFAULTS, Row};

/// What is known about the inside of `image` with this tag (`latest` when the reference has none).
///
/// The distribution comes from the tag first, then from other tags of the same build at the snapshot, then from
/// the table. Everything else comes from the table, or follows from the distribution.
pub fn defaults(image: &Image, tag: &str) -> Defaults {
    thread_local!(static ANSWERS: Memo<Defaults> = Memo::new());
    ANSWERS.with(|memo| memo.get(image, tag, None, || look_up(image, tag)))
}

fn look_up(image: &Image, tag: &str) -> Defaults {
    let mut facts = Facts::collect(image, tag);
    let distribution = distribution(image, tag, &facts);
    if distribution.as_ref().is_some_and(|distribution| distribution.family == Family::Windows) {
        // The table describes the Linux variants.
        facts.0.retain(|(key, _)| *key == "language");
    }
    let (package_manager, shell, bash) = match &distribution {
        Some(distribution) => brought_by(distribution),
        None => (PackageManager::Unknown, Shell { path: None, kind: ShellKind::Unknown }, None),
    };
    let shell = match facts.get("shell") {
        Some("none") => Shell { path: None, kind: ShellKind::None },
        Some("busybox") => Shell { path: Some("/busybox/sh"), kind: ShellKind::Ash },
        _ => shell,
    };
    let language = facts.get("language").and_then(Language::of);
    Defaults {
        user: match facts.get("user") {
            Some("root") => User::Root,
            None | Some("unknown") => User::Unknown,
            Some(user) => {
                let name = user.split(':').next().filter(|name| *name != "nonroot");
                User::NonRoot(name.or_else(|| user.split(':').nth(1)))
            }
        },
        drops_privileges: facts.get("drops") == Some("yes"),
        workdir: facts.get("workdir").map_or(Workdir::Unknown, |path| Workdir::Known(path.into())),
        package_manager: facts.get("pm").and_then(PackageManager::of).unwrap_or(package_manager),
        shell,
        has_bash: match facts.get("bash") {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            Some("unknown") => None,
            _ if shell.kind == ShellKind::None => Some(false),
            _ => bash,
        },
        existing_user: facts.get("account").and_then(account),
        language,
        entrypoint: match facts.get("entrypoint") {
            Some("none") => Entrypoint::None,
            Some(path) => Entrypoint::Runs(path),
            None => Entrypoint::Unknown,
        },
        lang: facts.get("lang"),
        distribution,
    }
}

/// `linux` or `windows` where the image, or this tag of it, is published for that only. Many tags of official
/// images are shared by both, also where a distribution is known for the Linux part.
pub fn operating_system(image: &Image, tag: &str) -> Option<&'static str> {
    let os = |family| if family == Family::Windows { "windows" } else { "linux" };
    if is_os(image) {
        return Some("linux");
    }
    let named = os_part(tag).filter(|_| image.is_known()).map(|part| part.distribution.family);
    let windows = || Distribution::of(fact(image, tag, "os")?).map(|os| os.family);
    named.or_else(|| windows().filter(|family| *family == Family::Windows)).map(os)
}

/// Whether the table has a row for this image.
pub(super) fn is_listed(image: &Image) -> bool {
    keys(image).iter().any(|key| DEFAULTS.has(key))
}

/// Image of the end-of-life table whose releases the tags of this image carry.
pub(super) fn end_of_life_table(image: &Image) -> Option<&'static str> {
    fact(image, "", "eol")
}

/// The image publishes no version tags.
pub(super) fn publishes_no_versions(image: &Image) -> bool {
    fact(image, "", "tags") == Some("none")
}

fn account(fact: &'static str) -> Option<Account> {
    let mut parts = fact.split(':');
    let name = parts.next()?;
    let uid = parts.next()?.parse().ok()?;
    let gid = parts.next()?.parse().ok()?;
    Some(Account { name, uid, gid, user_word: parts.next().unwrap_or(name) })
}

/// `(key, value)` of all rows that are true for an image and tag; later ones win.
struct Facts(Vec<(&'static str, &'static str)>);

impl Facts {
    fn collect(image: &Image, tag: &str) -> Self {
        let facts = keys(image)
            .iter()
            .flat_map(|key| DEFAULTS.rows(key))
            .filter(|row| fits(row.field(1), image, tag))
            .flat_map(|row: Row| row.field(2).split(' '))
            .filter_map(|fact| fact.split_once('='))
            .collect();
        Self(facts)
    }

    fn get(&self, key: &str) -> Option<&'static str> {
        self.0.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }
}

/// What [`Facts::get`] says of the facts that [`Facts::collect`] finds, for one key alone.
fn fact(image: &Image, tag: &str, key: &str) -> Option<&'static str> {
    let value = |row: Row| {
        let facts = row.field(2).rsplit(' ');
        facts.filter_map(|fact| fact.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    let rows = keys(image);
    rows.iter()
        .flat_map(|name| DEFAULTS.rows(name))
        .filter_map(|row| value(row).filter(|_| fits(row.field(1), image, tag)))
        .last()
}

/// Names under which the table may speak about an image, general ones first.
fn keys(image: &Image) -> Vec<String> {
    let mut name = image.repository.clone();
    if let Some(release) = ubi_release(image) {
        name = format!("ubi{}", name.get("ubi".len() + release.len()..).unwrap_or_default());
    }
    if os_in_name(image).is_some() {
        name.truncate(name.rfind("-debian").unwrap_or(name.len()));
    }
    let mut keys: Vec<String> = name
        .match_indices(['/', '-'])
        .filter_map(|(end, _)| name.get(..=end))
        .map(|prefix| [prefix, "*"].concat())
        .collect();
    keys.push(name);
    keys
}

/// Whether a row's pattern is true for a tag: a bound on its version, or a text with `*`.
fn fits(pattern: &str, image: &Image, tag: &str) -> bool {
    let (bound, wanted): (&str, fn(Ordering) -> bool) = match pattern.as_bytes() {
        [b'>', b'=', ..] => (pattern.get(2..).unwrap_or_default(), Ordering::is_ge),
        [b'<', ..] => (pattern.get(1..).unwrap_or_default(), Ordering::is_lt),
        _ => return glob(pattern, tag),
    };
    version_today(image, tag)
        .as_deref()
        .and_then(numbers)
        .zip(numbers(bound))
        .is_some_and(|(a, b)| wanted(a.cmp(&b)))
}

/// `[3, 12]` of `3.12.4` and `3.12rc1`: the first two numbers; a missing second one counts as 0.
fn numbers(version: &str) -> Option<[u32; 2]> {
    let mut parts = version.split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part.get(..digits).and_then(|digits| digits.parse().ok())
    });
    Some([parts.next()??, parts.next().flatten().unwrap_or(0)])
}

/// Shell-like match with `*` only.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            match rest.find(before) {
                Some(at) => rest = rest.get(at + before.len()..).unwrap_or_default(),
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |end: &str| rest.ends_with(end))
}

fn distribution(image: &Image, tag: &str, facts: &Facts) -> Option<Distribution> {
    if let Some(distribution) = os_in_name(image) {
        return Some(distribution);
    }
    let (fallback, version) = match facts.get("os").map(|os| os.split_once(':').unwrap_or((os, ""))) {
        Some((id, version)) => (Distribution::of(id), version),
        None => (None, ""),
    };
    if let Some(release) = ubi_release(image) {
        return Distribution::release("ubi", release);
    }
    if is_os(image) {
        let id = fallback?.id;
        return own_release(image, tag)
            .or_else(|| build_of(image, tag)?.find_map(|other| own_release(image, other)))
            .and_then(|row| Distribution::release(id, row.field(1).trim_start_matches("stream")))
            .or_else(|| {
                os_part(tag)
                    .or_else(|| os_of_build(image, tag, None))
                    .map(|os| os.distribution)
                    .filter(|os| os.id == id)
            })
            .or(Distribution::of(id));
    }
    let named = os_part(tag).map(|os| os.distribution);
    if named.as_ref().is_some_and(|named| named.version.is_some() || named.codename.is_some()) {
        return named;
    }
    // `.NET` and the like: the table knows which release a tag without distribution stands on.
    let family = named.as_ref().map(|named| named.family);
    if let Some(os) = os_of_build(image, tag, family) {
        return Some(os.distribution);
    }
    if named.is_some() {
        return named;
    }
    let fallback = fallback?;
    if version.is_empty() { Some(fallback) } else { Distribution::release(fallback.id, version) }
}

/// What comes with a distribution.
pub(super) fn brought_by(distribution: &Distribution) -> (PackageManager, Shell, Option<bool>) {
    let sh = |kind| Shell { path: Some("/bin/sh"), kind };
    let no_shell = Shell { path: None, kind: ShellKind::None };
    match distribution.family {
        Family::Debian | Family::Ubuntu => (PackageManager::Apt, sh(ShellKind::Dash), Some(true)),
        // Many images on Alpine install bash, so its absence has to be said in the table.
        Family::Alpine => (PackageManager::Apk, sh(ShellKind::Ash), None),
        Family::Wolfi => (PackageManager::Apk, Shell { path: None, kind: ShellKind::Unknown }, None),
        Family::RedHat => (red_hat_manager(distribution), sh(ShellKind::Bash), Some(true)),
        Family::Suse => (PackageManager::Zypper, sh(ShellKind::Bash), Some(true)),
        Family::Arch => (PackageManager::Pacman, sh(ShellKind::Bash), Some(true)),
        Family::AzureLinux => (PackageManager::Tdnf, sh(ShellKind::Bash), Some(true)),
        Family::Distroless | Family::Scratch => (PackageManager::None, no_shell, Some(false)),
        Family::Busybox => (PackageManager::None, sh(ShellKind::Ash), None),
        Family::Windows => (PackageManager::None, Shell { path: None, kind: ShellKind::Cmd }, None),
    }
}

/// `yum` up to release 7 and Amazon Linux 2, `dnf` after.
fn red_hat_manager(distribution: &Distribution) -> PackageManager {
    let release = distribution.version.as_deref().and_then(numbers).map(|[major, _]| major);
    match (distribution.id, release) {
        ("amazonlinux", Some(..2023)) | ("centos" | "oraclelinux" | "ubi", Some(..8)) => PackageManager::Yum,
        ("centos" | "oraclelinux" | "ubi" | "amazonlinux", None) => PackageManager::Unknown,
        _ => PackageManager::Dnf,
    }
}
