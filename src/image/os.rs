//! Which distribution a tag names.

use std::ops::Range;
use std::sync::LazyLock;

use super::table::{EOL, Row};

/// A family of distributions: the same package manager and base tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Debian.
    Debian,
    /// Ubuntu.
    Ubuntu,
    /// Alpine.
    Alpine,
    /// Fedora, UBI, Rocky, Alma, CentOS, Oracle and Amazon Linux.
    RedHat,
    /// openSUSE and SUSE.
    Suse,
    /// Arch Linux.
    Arch,
    /// Wolfi (Chainguard).
    Wolfi,
    /// Azure Linux and CBL-Mariner.
    AzureLinux,
    /// Google's distroless images: Debian's files, no shell, no package manager.
    Distroless,
    /// Nothing at all, or one static binary.
    Scratch,
    /// BusyBox.
    Busybox,
    /// Windows.
    Windows,
}

/// The distribution inside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The family, which decides about commands.
    pub family: Family,
    /// Which member of the family: `debian`, `rockylinux`, `ubi`, `amazonlinux`, `centos-stream`, …
    pub id: &'static str,
    /// Release as far as the tag gives it: `12`, `22.04`, `3.22`. `None`: unknown today.
    pub version: Option<String>,
    /// Code name of Debian and Ubuntu: `bookworm`.
    pub codename: Option<String>,
}

/// The part of a tag that names a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OsPart {
    pub(super) distribution: Distribution,
    /// Its bytes within the tag.
    pub(super) range: Range<usize>,
}

/// `(word in tags, id)`; a release number may follow the word, directly or after `-`.
const WORDS: [(&str, &str); 24] = [
    ("alpine", "alpine"),
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("ubi", "ubi"),
    ("rockylinux", "rockylinux"),
    ("rocky", "rockylinux"),
    ("almalinux", "almalinux"),
    ("alma", "almalinux"),
    ("centos", "centos"),
    ("stream", "centos-stream"),
    ("oraclelinux", "oraclelinux"),
    ("oracle", "oraclelinux"),
    ("ol", "oraclelinux"),
    ("fedora", "fedora"),
    ("amazonlinux", "amazonlinux"),
    ("al", "amazonlinux"),
    ("azurelinux", "azurelinux"),
    ("mariner", "azurelinux"),
    ("leap", "opensuse-leap"),
    ("windowsservercore", "windows"),
    ("nanoserver", "windows"),
    ("archlinux", "arch"),
    ("wolfi", "wolfi"),
    ("busybox", "busybox"),
];

/// Code names that tags carry although the end-of-life table has no date for them.
const UNDATED: [(&str, &str); 4] =
    [("forky", "debian"), ("sid", "debian"), ("duke", "debian"), ("stonking", "ubuntu")];

impl Distribution {
    /// By its id, with no release.
    pub(super) fn of(id: &str) -> Option<Self> {
        let (family, id) = match id {
            "debian" => (Family::Debian, "debian"),
            "ubuntu" => (Family::Ubuntu, "ubuntu"),
            "alpine" => (Family::Alpine, "alpine"),
            "ubi" => (Family::RedHat, "ubi"),
            "rockylinux" => (Family::RedHat, "rockylinux"),
            "almalinux" => (Family::RedHat, "almalinux"),
            "centos" => (Family::RedHat, "centos"),
            "centos-stream" => (Family::RedHat, "centos-stream"),
            "oraclelinux" => (Family::RedHat, "oraclelinux"),
            "fedora" => (Family::RedHat, "fedora"),
            "amazonlinux" => (Family::RedHat, "amazonlinux"),
            "azurelinux" => (Family::AzureLinux, "azurelinux"),
            "opensuse-leap" => (Family::Suse, "opensuse-leap"),
            "suse" => (Family::Suse, "suse"),
            "arch" => (Family::Arch, "arch"),
            "wolfi" => (Family::Wolfi, "wolfi"),
            "distroless" => (Family::Distroless, "distroless"),
            "scratch" => (Family::Scratch, "scratch"),
            "busybox" => (Family::Busybox, "busybox"),
            "windows" => (Family::Windows, "windows"),
            _ => return None,
        };
        Some(Self { family, id, version: None, codename: None })
    }

    /// By its id and release, with the code name that belongs to it.
    pub(super) fn release(id: &str, version: &str) -> Option<Self> {
        let mut distribution = Self::of(id)?;
        distribution.codename = matches!(id, "debian" | "ubuntu" | "distroless")
            .then(|| release_of(distribution.table(), version)?.value(2).map(str::to_owned))
            .flatten();
        distribution.version = Some(version.to_owned());
        Some(distribution)
    }

    /// By its id and a release as people write it: a number or a code name.
    pub(super) fn named(id: &str, release: &str) -> Option<Self> {
        let mut distribution = Self::of(id)?;
        match release_of(distribution.table(), release).filter(|row| row.value(2) == Some(release)) {
            Some(row) => {
                distribution.version = Some(row.field(1).to_owned());
                distribution.codename = Some(release.to_owned());
                Some(distribution)
            }
            None => Self::release(id, release),
        }
    }

    /// Image of the end-of-life table that has its releases.
    pub(super) fn table(&self) -> &'static str {
        match self.id {
            "distroless" => "debian",
            "centos-stream" => "centos/centos",
            "opensuse-leap" => "opensuse/leap",
            id => id,
        }
    }

    /// Its row in the end-of-life table.
    pub(super) fn end_of_life_row(&self) -> Option<Row> {
        let version = self.version.as_deref()?;
        match self.id {
            // The release is part of the image's name there.
            "ubi" => EOL.rows(&format!("ubi{}", version.split('.').next()?)).next(),
            "centos-stream" => release_of(self.table(), &format!("stream{version}")),
            _ => release_of(self.table(), version),
        }
    }
}

/// The release of an image in the end-of-life table that a text such as a tag begins with: the longest one
/// that fits. `3.9` fits `3.9`, `3.9.18-slim`, `v3.9`; not `3.90`. A code name fits as the first word.
pub(super) fn release_of(image: &str, text: &str) -> Option<Row> {
    let text = match text.strip_prefix('v') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    };
    let word = text.split('-').next().unwrap_or_default();
    EOL.rows(image)
        .filter_map(|row| {
            let mut fields = row.fields().skip(1);
            let (release, codename) = (fields.next()?, fields.next().unwrap_or_default());
            let named = codename == word && !matches!(codename, "" | "-");
            (named || begins_with_release(text, release)).then_some((row, release.len()))
        })
        .max_by_key(|(_, length)| *length)
        .map(|(row, _)| row)
}

fn begins_with_release(text: &str, release: &str) -> bool {
    let Some(rest) = text.strip_prefix(release) else { return false };
    let mut rest = rest.bytes();
    match rest.next() {
        None | Some(b'.' | b'-' | b'_') => true,
        // Java's `8u502`.
        Some(b'u') => rest.next().is_some_and(|b| b.is_ascii_digit()),
        Some(_) => false,
    }
}

/// The words of a tag with their bytes.
pub(super) fn words(tag: &str) -> impl Iterator<Item = (Range<usize>, &str)> + Clone {
    let mut start = 0;
    tag.split('-').map(move |word| {
        let range = start..start + word.len();
        start = range.end + 1;
        (range, word)
    })
}

/// Finds the distribution that a tag names, wherever it stands: `3.12-slim-bookworm`, `alpine3.22`,
/// `jdk-alpine-3.24`, `12.4-devel-ubuntu22.04`, `11.4-ubi9`. A first word that is a number is never one.
pub(super) fn os_part(tag: &str) -> Option<OsPart> {
    let all = words(tag);
    let mut rest = all.clone();
    while let Some((range, word)) = rest.next() {
        if let Some(distribution) = by_codename(word) {
            return Some(OsPart { distribution, range });
        }
        let Some((name, id)) = WORDS.iter().copied().find(|(name, _)| {
            word.strip_prefix(name).is_some_and(|version| version.is_empty() || is_release(version))
        }) else {
            continue;
        };
        let direct = word.get(name.len()..).unwrap_or_default();
        // Without its number, `al`, `ol` or `stream` is any word.
        let next = rest.clone().next().filter(|(_, next)| is_release(next) && next.len() < 6);
        if !direct.is_empty() {
            return Some(OsPart { distribution: Distribution::release(id, direct)?, range });
        }
        match next {
            Some((next_range, version)) if !matches!(name, "al" | "ol" | "stream" | "oracle") => {
                let distribution = Distribution::release(id, version)?;
                return Some(OsPart { distribution, range: range.start..next_range.end });
            }
            _ if matches!(name, "al" | "ol" | "stream" | "alma" | "rocky" | "leap") => {}
            _ => return Some(OsPart { distribution: Distribution::of(id)?, range }),
        }
    }
    None
}

fn is_release(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn by_codename(word: &str) -> Option<Distribution> {
    static DATED: LazyLock<Vec<(&str, Row)>> = LazyLock::new(|| {
        let rows = ["debian", "ubuntu"].into_iter().flat_map(|id| EOL.rows(id));
        rows.filter_map(|row| Some((row.value(2)?, row))).collect()
    });

    // Every code name is a lower-case word; this keeps most words away from the tables.
    if word.len() < 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    if let Some((codename, id)) = UNDATED.iter().find(|(codename, _)| *codename == word) {
        let mut distribution = Distribution::of(id)?;
        distribution.codename = Some((*codename).to_owned());
        return Some(distribution);
    }
    let (_, row) = DATED.iter().find(|(codename, _)| *codename == word)?;
    let mut distribution = Distribution::of(row.field(0))?;
    distribution.version = Some(row.field(1).to_owned());
    distribution.codename = Some(word.to_owned());
    Some(distribution)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(tag: &str) -> Option<(&'static str, Option<String>, &str)> {
        let part = os_part(tag)?;
        Some((part.distribution.id, part.distribution.version, &tag[part.range]))
    }

    #[test]
    fn distributions_in_tags() {
        for (tag, id, version, text) in [
            ("3.9-slim-buster", "debian", Some("10"), "buster"),
            ("bookworm-20240101", "debian", Some("12"), "bookworm"),
            ("3.12-alpine3.18", "alpine", Some("3.18"), "alpine3.18"),
            ("21-jre-alpine-3.24", "alpine", Some("3.24"), "alpine-3.24"),
            ("1.31-alpine-perl", "alpine", None, "alpine"),
            ("8.0-jammy-chiseled", "ubuntu", Some("22.04"), "jammy"),
            ("12.4.1-devel-ubuntu22.04", "ubuntu", Some("22.04"), "ubuntu22.04"),
            ("12.4.1-devel-rockylinux9", "rockylinux", Some("9"), "rockylinux9"),
            ("11.4-ubi9", "ubi", Some("9"), "ubi9"),
            ("17-jdk-ubi10-minimal", "ubi", Some("10"), "ubi10"),
            ("17-al2023", "amazonlinux", Some("2023"), "al2023"),
            ("9.7-oraclelinux9", "oraclelinux", Some("9"), "oraclelinux9"),
            ("python3.12-bookworm-slim", "debian", Some("12"), "bookworm"),
            ("3.12-debian-12", "debian", Some("12"), "debian-12"),
            ("3.13-debian13-dev", "debian", Some("13"), "debian13"),
            ("8.0-windowsservercore-ltsc2022", "windows", None, "windowsservercore"),
            ("8.0-cbl-mariner2.0", "azurelinux", Some("2.0"), "mariner2.0"),
            ("stonking", "ubuntu", None, "stonking"),
        ] {
            assert_eq!(found(tag), Some((id, version.map(str::to_owned), text)), "{tag}");
        }
        for tag in [
            "3.12",
            "latest",
            "slim",
            "krypton-slim",
            "al",
            "12-ol",
            "stream",
            "3.12-rc-1",
            "",
            "-",
            "alpineX",
        ] {
            assert_eq!(found(tag), None, "{tag}");
        }
        assert_eq!(os_part("noble").unwrap().distribution.codename.as_deref(), Some("noble"));
        assert_eq!(os_part("x-debian12").unwrap().distribution.codename.as_deref(), Some("bookworm"));
    }

    #[test]
    fn longest_release_that_fits() {
        let release = |image, text| release_of(image, text).map(|row| row.field(1));
        assert_eq!(release("python", "3.9.18-slim"), Some("3.9"));
        assert_eq!(release("python", "3.10"), Some("3.10"));
        assert_eq!(release("python", "3"), None);
        assert_eq!(release("python", "3.99"), None);
        assert_eq!(release("eclipse-temurin", "8u502-b07-jdk"), Some("8"));
        assert_eq!(release("eclipse-temurin", "11.0.32_9-jdk"), Some("11"));
        assert_eq!(release("traefik", "v2.10.4"), Some("2.10"));
        assert_eq!(release("amazonlinux", "2023.12.20260817.0"), Some("2023"));
        assert_eq!(release("composer", "1abc"), None);
        assert_eq!(release("jenkins/jenkins", "2.555.1-lts"), Some("2.555"));
        assert_eq!(release("debian", "buster-slim"), Some("10"));
    }

    proptest! {
        #[test]
        fn odd_tags_do_not_panic(tag in "\\PC{0,40}") {
            if let Some(part) = os_part(&tag) {
                prop_assert!(tag.get(part.range).is_some());
            }
            let _ = release_of("python", &tag);
            let _ = release_of("debian", &tag);
        }

        #[test]
        fn tag_like_words_do_not_panic(tag in "(alpine|ol|al|ubi|debian|-|[0-9.]{1,3}|noble){1,8}") {
            if let Some(part) = os_part(&tag) {
                prop_assert!(tag.get(part.range).is_some());
            }
        }
    }
}
