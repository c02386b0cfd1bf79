//! Lock files: which versions they fix, and whether they have fallen behind their manifest.
//!
//! One file per ecosystem. Only what can be proven counts: a manifest or lock file that is not understood has no gap.

mod dotnet;
mod node;
mod php;
mod python;
mod ruby;
mod rust;

use std::collections::BTreeMap;

/// The kinds of lock files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the tools'")]
pub enum LockKind {
    Uv,
    Poetry,
    /// `pylock.toml` (PEP 751).
    Pylock,
    Pipenv,
    /// A requirements file that fixes every version.
    Requirements,
    /// `package-lock.json`, `npm-shrinkwrap.json`
    Npm,
    /// `yarn.lock` of yarn 1 and of the later ones.
    Yarn,
    Pnpm,
    Bundler,
    Composer,
    Cargo,
    /// `packages.lock.json`
    Nuget,
}

/// Why an install that keeps to the lock file would be refused: a dependency of the manifest that it does not cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The dependency, as the manifest names it.
    pub name: String,
    /// What the manifest asks for, where the lock file has another version.
    pub wanted: Option<String>,
}

impl Gap {
    fn missing(name: &str) -> Self {
        Self { name: name.to_owned(), wanted: None }
    }

    fn other(name: &str, wanted: &str) -> Self {
        Self { name: name.to_owned(), wanted: Some(wanted.to_owned()) }
    }
}

/// The versions that a lock file fixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locked(BTreeMap<String, Vec<String>>);

impl Locked {
    fn add(&mut self, name: impl Into<String>, version: &str) {
        let versions = self.0.entry(name.into()).or_default();
        if !version.is_empty() && !versions.iter().any(|known| known == version) {
            versions.push(version.to_owned());
        }
    }

    /// Whether it names a package (in the ecosystem's normal form).
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The version of a package, where there is exactly one.
    pub fn version(&self, name: &str) -> Option<&str> {
        match self.0.get(name)?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a lock file fixes; `None` when it is not understood. Python names are normalised (PEP 503).
pub fn locked(kind: LockKind, text: &str) -> Option<Locked> {
    match kind {
        LockKind::Uv | LockKind::Poetry => python::packages(text, "package"),
        LockKind::Pylock => python::packages(text, "packages"),
        LockKind::Pipenv => python::pipfile_lock(text),
        LockKind::Requirements => Some(python::pins(text)),
        LockKind::Npm => node::package_lock(text),
        LockKind::Yarn => Some(node::yarn_lock(text)),
        LockKind::Pnpm => None,
        LockKind::Bundler => Some(ruby::gemfile_lock(text)),
        LockKind::Composer => php::composer_lock(text),
        LockKind::Cargo => rust::cargo_lock(text),
        LockKind::Nuget => dotnet::packages_lock(text),
    }
}

/// A dependency of the manifest that the lock file does not cover; `None` when there is none, or when that cannot be
/// proven.
pub fn gap(kind: LockKind, manifest: &str, lock: &str) -> Option<Gap> {
    match kind {
        LockKind::Uv | LockKind::Poetry | LockKind::Pylock => {
            python::gap(manifest, &locked(kind, lock).filter(|locked| !locked.is_empty())?)
        }
        LockKind::Pipenv => python::pipfile_gap(manifest, &python::pipfile_lock(lock)?),
        LockKind::Requirements => None,
        LockKind::Npm => node::npm_gap(manifest, &node::package_lock(lock)?),
        LockKind::Yarn => node::yarn_gap(manifest, lock),
        LockKind::Pnpm => node::pnpm_gap(manifest, lock),
        LockKind::Bundler => ruby::gap(manifest, lock),
        LockKind::Composer => php::gap(manifest, &php::composer_lock(lock)?),
        LockKind::Cargo => rust::gap(manifest, &rust::cargo_lock(lock)?),
        LockKind::Nuget => dotnet::gap(manifest, &dotnet::packages_lock(lock)?),
    }
}

pub use node::is_classic_yarn;
pub use python::is_compiled;
pub(super) use ruby::gem;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [LockKind; 12] = [
        LockKind::Uv,
        LockKind::Poetry,
        LockKind::Pylock,
        LockKind::Pipenv,
        LockKind::Requirements,
        LockKind::Npm,
        LockKind::Yarn,
        LockKind::Pnpm,
        LockKind::Bundler,
        LockKind::Composer,
        LockKind::Cargo,
        LockKind::Nuget,
    ];

    proptest! {
        #[test]
        fn any_text_is_read(
            manifest in "(\\[package\\]\n|name = |version|dependencies|gem |\\{|\\}|\\[|\\]|:|,|\"[a-z]{0,3}\"|=|\n|  |<PackageReference Include=|é){0,40}",
            lock in "(\\[\\[package\\]\\]\n|name = |version |importers:\n|  .:\n|packages|\\{|\\}|\\[|\\]|:|@|\"[a-z]{0,3}\"|=|\n|  |DEPENDENCIES\n|é){0,40}",
        ) {
            for kind in KINDS {
                let _ = locked(kind, &lock);
                let _ = gap(kind, &manifest, &lock);
            }
        }
    }
}
