//! Which variables base images set.
//!
//! Sources: the Dockerfiles of the official images (github.com/docker-library, github.com/nodejs/docker-node,
//! github.com/rust-lang/docker-rust), all releases taken together; `docker image inspect` of the distributions.
//! A name that is listed too much only keeps a rule silent.

use super::Image;

/// What is known of the variables of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// It sets these, `PATH` and `HOME`, and no others.
    Complete(&'static [&'static str]),
    /// It may set anything.
    Unknown,
}

/// Variables of official images; an empty list: a distribution that sets `PATH` only.
const IMAGES: [(&str, &[&str]); 17] = [
    ("almalinux", &["LANG", "container"]),
    ("alpine", &[]),
    ("amazonlinux", &[]),
    ("archlinux", &["LANG"]),
    ("busybox", &[]),
    ("buildpack-deps", &[]),
    ("centos", &["container"]),
    ("debian", &["LANG", "DEBIAN_FRONTEND"]),
    ("golang", &["GOLANG_VERSION", "GOPATH", "GOTOOLCHAIN", "GO_VERSION"]),
    (
        "nginx",
        &["NGINX_VERSION", "NJS_VERSION", "NJS_RELEASE", "PKG_RELEASE", "DYNPKG_RELEASE", "ACME_VERSION"],
    ),
    ("node", &["NODE_VERSION", "YARN_VERSION", "NPM_CONFIG_LOGLEVEL"]),
    ("oraclelinux", &["LANG", "container"]),
    (
        "python",
        &[
            "LANG",
            "GPG_KEY",
            "GPG_KEYS",
            "PYTHON_VERSION",
            "PYTHON_RELEASE",
            "PYTHON_PIP_VERSION",
            "PYTHON_SETUPTOOLS_VERSION",
            "PYTHON_GET_PIP_URL",
            "PYTHON_GET_PIP_SHA256",
            "PYTHON_SHA256",
            "PYTHON_ASC_URL",
        ],
    ),
    ("rockylinux", &["LANG", "container"]),
    (
        "ruby",
        &[
            "LANG",
            "RUBY_MAJOR",
            "RUBY_VERSION",
            "RUBY_DOWNLOAD_SHA256",
            "RUBY_DOWNLOAD_URL",
            "RUBYGEMS_VERSION",
            "BUNDLER_VERSION",
            "GEM_HOME",
            "BUNDLE_PATH",
            "BUNDLE_BIN",
            "BUNDLE_SILENCE_ROOT_WARNING",
            "BUNDLE_APP_CONFIG",
        ],
    ),
    ("rust", &["RUSTUP_HOME", "CARGO_HOME", "RUST_VERSION"]),
    ("ubuntu", &["LANG", "DEBIAN_FRONTEND"]),
];

/// Variables that many images set, whatever they are called.
const USUAL: [&str; 37] = [
    "APP_DIR",
    "APP_HOME",
    "APP_PATH",
    "APP_ROOT",
    "APP_UID",
    "APP_USER",
    "CARGO_HOME",
    "CLASSPATH",
    "CONDA_DIR",
    "CUDA_HOME",
    "CUDA_VERSION",
    "GEM_HOME",
    "GOBIN",
    "GOPATH",
    "GOROOT",
    "GRADLE_HOME",
    "HOSTNAME",
    "JAVA_HOME",
    "JRE_HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "LOGNAME",
    "MANPATH",
    "MAVEN_HOME",
    "NODE_PATH",
    "OLDPWD",
    "PERL5LIB",
    "PKG_CONFIG_PATH",
    "PWD",
    "PYTHONPATH",
    "SHELL",
    "TERM",
    "USER",
    "VIRTUAL_ENV",
];

/// What an image sets.
pub fn environment(image: &Image) -> Environment {
    let known = IMAGES.iter().find(|(name, _)| image.official && *name == image.repository);
    known.map_or(Environment::Unknown, |(_, names)| Environment::Complete(names))
}

/// Whether an image of which nothing is known is likely to set a variable: one that many images set, or one that
/// has the image's own name in front (`NODE_VERSION` in `example.com/node`).
pub fn is_likely_set(image: Option<&Image>, name: &str) -> bool {
    if USUAL.contains(&name) {
        return true;
    }
    let Some(image) = image else { return false };
    let own = image.repository.rsplit('/').next().unwrap_or("");
    let first = name.split('_').next().unwrap_or("");
    let alike = |part: &str| {
        part.len() >= 2 && first.get(..part.len()).is_some_and(|start| start.eq_ignore_ascii_case(part))
    };
    own.split(['-', '.']).any(alike) || (own == "golang" && first == "GO")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::ImageReference;

    fn image(name: &str) -> Image {
        Image::resolve(&ImageReference::parse(name).unwrap())
    }

    #[test]
    fn knows_what_official_images_set() {
        assert_eq!(environment(&image("alpine:3.24")), Environment::Complete(&[]));
        assert_eq!(environment(&image("example.com/alpine")), Environment::Unknown);
        assert!(
            matches!(environment(&image("python:3")), Environment::Complete(names) if names.contains(&"LANG"))
        );

        assert!(USUAL.is_sorted());
    }

    #[test]
    fn images_set_what_is_named_after_them() {
        assert!(is_likely_set(Some(&image("example.com/node:20")), "NODE_VERSION"));
        assert!(is_likely_set(Some(&image("jupyter/base-notebook")), "BASE_URL"));
        assert!(is_likely_set(None, "LD_LIBRARY_PATH"));
        assert!(!is_likely_set(Some(&image("example.com/node:20")), "APP_VERSION"));
        assert!(!is_likely_set(None, "NODE_VERSION"));
    }
}
