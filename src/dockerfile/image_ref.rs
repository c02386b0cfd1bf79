//! Image references as `FROM`, `COPY --from` and `--mount=from=` name them.
//!
//! Grammar and normalisation: `github.com/distribution/reference` (`regexp.go`, `normalize.go`), which
//! BuildKit uses for all three.

use std::ops::Range;
use thiserror::Error;

/// Longest repository path distribution/reference takes, in bytes.
const LONGEST_PATH: usize = 255;
/// Longest tag, in bytes.
const LONGEST_TAG: usize = 128;

/// One valid image reference: `[registry[:port]/]path[:tag][@digest]`.
///
/// All ranges are bytes into [`ImageReference::text`], so that a rule can replace just the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    text: String,
    registry: Option<Range<usize>>,
    path: Range<usize>,
    tag: Option<Range<usize>>,
    digest: Option<Range<usize>>,
}

/// Why a text is no image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidReference {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// Capital letters in the path.
    #[error("the name of an image is in lower case")]
    Uppercase,
    /// A character that no path has, or one at the wrong place.
    #[error("a name has only lower-case letters, digits and single `.`, `_` or `-` between them")]
    Path,
    /// More than 255 bytes.
    #[error("the name is longer than 255 characters")]
    TooLong,
    /// Host or port of the registry.
    #[error("the registry is no host name with a port")]
    Registry,
    /// What stands behind the `:`.
    #[error("a tag has at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two")]
    Tag,
    /// What stands behind the `@`.
    #[error("the digest is not `sha256:` and 64 hexadecimal digits")]
    Digest,
    /// 64 hexadecimal digits.
    #[error("64 hexadecimal digits are the identifier of an image, not its name")]
    Identifier,
}

impl ImageReference {
    /// Reads a reference. `None` when it is none, also when it still holds a `$VARIABLE`.
    ///
    /// `scratch` parses (it has the form of a name); that it means "no base" is for the caller to know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// Reads a reference, as [`ImageReference::parse`], with the reason where it is none.
    ///
    /// # Errors
    /// When the text is no reference.
    pub fn read(text: &str) -> Result<Self, InvalidReference> {
        if text.is_empty() {
            return Err(InvalidReference::Empty);
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) if is_digest(digest) => (rest, Some(rest.len() + 1..text.len())),
            Some(_) => return Err(InvalidReference::Digest),
            None => (text, None),
        };
        let last = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest.get(last..).and_then(|name| name.find(':')).map(|colon| last + colon) {
            Some(colon) => {
                let tag = colon + 1..rest.len();
                if !rest.get(tag.clone()).is_some_and(is_tag) {
                    return Err(InvalidReference::Tag);
                }
                (rest.get(..colon).unwrap_or_default(), Some(tag))
            }
            None => (rest, None),
        };
        let registry = name.split_once('/').map(|(first, _)| first).filter(|first| names_registry(first));
        if registry.is_some_and(|registry| !is_registry(registry)) {
            return Err(InvalidReference::Registry);
        }
        let path = registry.map_or(0, |registry| registry.len() + 1)..name.len();
        let path_text = name.get(path.clone()).unwrap_or_default();
        if path_text.len() > LONGEST_PATH {
            return Err(InvalidReference::TooLong);
        }
        if !path_text.split('/').all(is_path_component) {
            let lower = path_text.to_ascii_lowercase();
            let case_only = lower.split('/').all(is_path_component);
            return Err(if case_only { InvalidReference::Uppercase } else { InvalidReference::Path });
        }
        // Refused by the reference implementation: it could be an image identifier.
        if registry.is_none() && path_text.len() == 64 && path_text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidReference::Identifier);
        }
        let registry = registry.map(|registry| 0..registry.len());
        Ok(Self { text: text.to_owned(), registry, path, tag, digest })
    }

    /// The reference as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Registry as written, with its port: `ghcr.io`, `localhost:5000`. `None`: Docker Hub is meant.
    pub fn registry(&self) -> Option<&str> {
        self.slice(self.registry.as_ref())
    }

    /// Host of the registry without its port, as written; an IPv6 address keeps its brackets.
    pub fn host(&self) -> Option<&str> {
        self.registry().map(|registry| split_port(registry).0)
    }

    /// Port of the registry; `None` also when it is written but above 65535.
    pub fn port(&self) -> Option<u16> {
        split_port(self.registry()?).1?.parse().ok()
    }

    /// Path inside the registry as written: `library/python`, `astral-sh/uv`.
    pub fn path(&self) -> &str {
        self.slice(Some(&self.path)).unwrap_or_default()
    }

    /// Registry and path as written, without tag and digest.
    pub fn name(&self) -> &str {
        self.slice(Some(&self.name_range())).unwrap_or_default()
    }

    /// Tag without its colon.
    pub fn tag(&self) -> Option<&str> {
        self.slice(self.tag.as_ref())
    }

    /// Digest with its algorithm, without the `@`: `sha256:…`.
    pub fn digest(&self) -> Option<&str> {
        self.slice(self.digest.as_ref())
    }

    /// Bytes of [`ImageReference::name`]; a missing tag is inserted (with its colon) at the end of it.
    pub fn name_range(&self) -> Range<usize> {
        0..self.path.end
    }

    /// Bytes of the tag without its colon.
    pub fn tag_range(&self) -> Option<Range<usize>> {
        self.tag.clone()
    }

    /// Bytes of the digest without the `@`.
    pub fn digest_range(&self) -> Option<Range<usize>> {
        self.digest.clone()
    }

    /// Path on Docker Hub without `library/`, when the image is one of Docker Hub's, also through a mirror that
    /// is known to be one or whose path says so: `python`, `bitnami/redis`. `None` for every other registry.
    pub fn hub_path(&self) -> Option<&str> {
        let path = self.path();
        let Some(registry) = self.registry() else { return Some(without_library(path)) };
        let host = self.host().unwrap_or(registry).to_ascii_lowercase();
        let path = match host.as_str() {
            // The last one is Google's pull-through cache of Docker Hub.
            "docker.io"
            | "index.docker.io"
            | "registry-1.docker.io"
            | "registry.hub.docker.com"
            | "mirror.gcr.io" => path,
            // Amazon's copy of the Docker Official Images.
            "public.ecr.aws" => path.strip_prefix("docker/").filter(|path| path.starts_with("library/"))?,
            // Microsoft's copy of some Docker Official Images.
            "mcr.microsoft.com" => {
                path.strip_prefix("mirror/docker/").filter(|path| path.starts_with("library/"))?
            }
            "ghcr.io" | "quay.io" | "gcr.io" | "cgr.dev" | "dhi.io" => return None,
            _ => private_mirror(&host, path)?,
        };
        Some(without_library(path))
    }

    /// Name of the Docker Official Image meant, without `library/`: `python`.
    pub fn official(&self) -> Option<&str> {
        self.hub_path().filter(|path| !path.contains('/'))
    }

    fn slice(&self, range: Option<&Range<usize>>) -> Option<&str> {
        self.text.get(range?.clone())
    }
}

fn without_library(path: &str) -> &str {
    path.strip_prefix("library/").unwrap_or(path)
}

/// The path on Docker Hub of an image in a company's mirror of it, where the address leaves no doubt:
///
/// - GitLab's dependency proxy, `<host>/<group>/dependency_proxy/containers/<path on Docker Hub>`
///   (docs.gitlab.com, "Dependency Proxy for container images");
/// - a pull-through cache of Amazon ECR, `<account>.dkr.ecr.<region>.amazonaws.com/<prefix>/library/<name>`
///   for Docker Hub and `…/<prefix>/docker/library/<name>` for ECR Public (docs.aws.amazon.com, "Pulling an
///   image with a pull through cache rule");
/// - `library/<name>` below a folder that is named for Docker Hub: `dockerhub`, `docker.io`, `docker-hub-remote`.
///   `library/` alone does not tell: it is the name of Harbor's first project, too.
fn private_mirror<'a>(host: &str, path: &'a str) -> Option<&'a str> {
    if let Some((_, rest)) = path.split_once("/dependency_proxy/containers/") {
        return Some(rest);
    }
    let (before, name) = match path.rsplit_once("/library/") {
        Some((before, name)) if !name.contains('/') => (before, name),
        _ => return None,
    };
    let ecr = host.contains(".dkr.ecr.")
        && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"));
    let folder = before.rsplit('/').next().unwrap_or(before);
    (ecr || names_docker_hub(folder)).then_some(name)
}

/// `dockerhub`, `docker-hub-proxy`, `docker.io`, `hub.docker.com`, `docker-remote`, `registry-1.docker.io`.
fn names_docker_hub(folder: &str) -> bool {
    let plain: String = folder.chars().filter(char::is_ascii_alphanumeric).collect();
    ["dockerhub", "dockerio", "hubdockercom", "dockerremote", "dockerproxy"]
        .iter()
        .any(|name| plain.contains(name))
}

/// Whether the part before the first `/` is a registry (`splitDockerDomain` in `normalize.go`).
fn names_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn split_port(registry: &str) -> (&str, Option<&str>) {
    let address_end = registry.rfind(']').map_or(0, |end| end + 1);
    match registry.get(address_end..).and_then(|rest| rest.find(':')) {
        Some(colon) => {
            (registry.get(..address_end + colon).unwrap_or(registry), registry.get(address_end + colon + 1..))
        }
        None => (registry, None),
    }
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = split_port(registry);
    if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit())) {
        return false;
    }
    match host.strip_prefix('[') {
        Some(address) => address.strip_suffix(']').is_some_and(|address| {
            !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
        }),
        None => host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        }),
    }
}

/// Lower-case runs joined by `.`, `_`, `__` or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    component.starts_with(alphanumeric)
        && component.ends_with(alphanumeric)
        && component
            .split(alphanumeric)
            .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= LONGEST_TAG
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => hex.len() == 64,
        "sha384" => hex.len() == 96,
        "sha512" => hex.len() == 128,
        _ => hex.len() >= 32,
    };
    let lower =
        !matches!(algorithm, "sha256" | "sha384" | "sha512") || !hex.bytes().any(|b| b.is_ascii_uppercase());
    length
        && lower
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
        && algorithm.split(['-', '_', '+', '.']).all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHA256: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn parse(text: &str) -> ImageReference {
        ImageReference::parse(text).unwrap_or_else(|| panic!("{text} is a reference"))
    }

    #[test]
    fn parts() {
        let text = format!("localhost:5000/team/app:1.0@{SHA256}");
        let image = parse(&text);
        assert_eq!(image.registry(), Some("localhost:5000"));
        assert_eq!((image.host(), image.port()), (Some("localhost"), Some(5000)));
        assert_eq!(image.path(), "team/app");
        assert_eq!(image.name(), "localhost:5000/team/app");
        assert_eq!((image.tag(), image.digest()), (Some("1.0"), Some(SHA256)));
        assert_eq!(&text[image.tag_range().unwrap()], "1.0");
        assert_eq!(&text[image.digest_range().unwrap()], SHA256);
        assert_eq!(&text[image.name_range()], "localhost:5000/team/app");

        let image = parse("[2001:db8::1]:5000/app");
        assert_eq!((image.host(), image.port(), image.tag()), (Some("[2001:db8::1]"), Some(5000), None));
        let image = parse("python");
        assert_eq!((image.registry(), image.path(), image.name_range()), (None, "python", 0..6));
        assert_eq!(parse("python:5000").port(), None);
        assert_eq!(parse("Registry/app").registry(), Some("Registry"));
        assert_eq!(parse("example.com:99999/app").port(), None);
    }

    #[test]
    fn official_under_all_its_names() {
        for name in [
            "python",
            "library/python",
            "docker.io/python",
            "docker.io/library/python",
            "index.docker.io/library/python",
            "registry-1.docker.io/library/python",
            "mirror.gcr.io/library/python",
            "public.ecr.aws/docker/library/python",
            "mcr.microsoft.com/mirror/docker/library/python",
            "docker.io:443/library/python",
            "registry.corp:5000/dockerhub/library/python",
            "artifactory.corp/docker-hub-remote/library/python",
            "harbor.corp/proxy/docker.io/library/python",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/python",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine/library/python",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ecr-public/docker/library/python",
            "gitlab.com/group/dependency_proxy/containers/python",
            "gitlab.example.com:443/group/dependency_proxy/containers/library/python",
        ] {
            assert_eq!(parse(&format!("{name}:3.12")).official(), Some("python"), "{name}");
        }
        for name in [
            "ghcr.io/library/python",
            "localhost/python",
            "user/python",
            "public.ecr.aws/x/python",
            "harbor.corp/library/python",
            "registry.corp/team/library/python",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/python",
            "registry.corp/dockerhub/python",
        ] {
            assert_eq!(parse(name).official(), None, "{name}");
        }
        assert_eq!(parse("mirror.gcr.io/bitnami/redis").hub_path(), Some("bitnami/redis"));
        assert_eq!(parse("quay.io/a/b").hub_path(), None);
        let proxied = parse("gitlab.com/group/dependency_proxy/containers/bitnami/redis:7");
        assert_eq!(proxied.hub_path(), Some("bitnami/redis"));
    }

    #[test]
    fn grammar() {
        let long_tag = format!("a:{}", "x".repeat(128));
        for good in
            ["a_b", "a__b", "a---b", "a.b/c", "0a/1", "x:_t", "x:A.b-c", "a-b.com/x", long_tag.as_str()]
        {
            assert!(ImageReference::parse(good).is_some(), "{good}");
        }
        let too_long = format!("a:{}", "x".repeat(129));
        let path = format!("x/{}", "a".repeat(254));
        let identifier = "a".repeat(64);
        for bad in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "A",
            "a:",
            "a:-x",
            "a:.x",
            "a@",
            "a@sha256:abc",
            "a b",
            "a:b:c",
            "a_-b",
            "a___b",
            "-a",
            "a-",
            ".a",
            "${X}",
            "python:${V}",
            "a..b",
            "http://x/y",
            "é",
            "a:é",
            "-x.com/a",
            "x.com:/a",
            "x.com:p/a",
            "[::1/a",
            "a@b@c",
            too_long.as_str(),
            path.as_str(),
            identifier.as_str(),
        ] {
            assert_eq!(ImageReference::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn says_why_not() {
        use InvalidReference::{Digest, Empty, Identifier, Path, Registry, Tag, TooLong, Uppercase};
        let long = "a".repeat(256);
        let identifier = "a".repeat(64);
        for (text, reason) in [
            ("", Empty),
            ("Python:3.12", Uppercase),
            ("ghcr.io/Owner/app", Uppercase),
            ("Python_-x", Path),
            ("a b", Path),
            ("/python", Path),
            ("python:", Tag),
            ("python:-x", Tag),
            ("python:3:1", Tag),
            ("python@sha256:abc", Digest),
            ("python@latest", Digest),
            ("-x.com/a", Registry),
            ("x.com:p/a", Registry),
            (long.as_str(), TooLong),
            (identifier.as_str(), Identifier),
        ] {
            assert_eq!(ImageReference::read(text), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_ranges_hold(text in "\\PC{0,60}") {
            if let Some(image) = ImageReference::parse(&text) {
                prop_assert!(text.get(image.name_range()).is_some());
            }
        }

        #[test]
        fn parts_give_the_text_back(
            registry in "([a-z]{1,6}\\.[a-z]{2,3}(:[0-9]{1,4})?/)?",
            path in "[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,2}",
            tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9})?",
        ) {
            let text = format!("{registry}{path}{tag}");
            let image = ImageReference::parse(&text).expect("valid by construction");
            prop_assert_eq!(image.path(), &path);
            prop_assert_eq!(image.tag().unwrap_or_default(), tag.trim_start_matches(':'));
            prop_assert_eq!(image.registry().map(|r| format!("{r}/")).unwrap_or_default(), registry);
        }
    }
}
