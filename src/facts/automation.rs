//! What keeps the images of a repository current: which Dockerfiles are meant, which files of dependencies go into
//! them, and who updates them.

use super::{BaseUse, FileFacts, RepositoryFacts};
use crate::image::{TagStatus, tag_status};
use crate::repository::project::Content;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};

/// Lock files, and what Dependabot calls their ecosystem ("Dependabot supported ecosystems and repositories",
/// docs.github.com).
const LOCK_FILES: [(&str, &str); 15] = [
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("yarn.lock", "npm"),
    ("pnpm-lock.yaml", "npm"),
    ("bun.lock", "bun"),
    ("poetry.lock", "pip"),
    ("Pipfile.lock", "pip"),
    ("uv.lock", "uv"),
    ("go.sum", "gomod"),
    ("Cargo.lock", "cargo"),
    ("Gemfile.lock", "bundler"),
    ("composer.lock", "composer"),
    ("packages.lock.json", "nuget"),
    ("mix.lock", "mix"),
    ("pubspec.lock", "pub"),
];

/// Files of other services and tools that update dependencies, by the start of their name at the root.
const OTHER_UPDATERS: [&str; 9] = [
    ".pyup.yml",
    "depfu.yml",
    ".depfu.yml",
    ".snyk",
    ".whitesource",
    ".mend",
    ".scala-steward.conf",
    "updatecli",
    ".updatecli",
];

/// Folders whose Dockerfiles are copied by somebody else, or stand for somebody else's.
const NOT_OWN: [&str; 11] = [
    "template",
    "templates",
    "skeleton",
    "skeletons",
    "boilerplate",
    "fixtures",
    "testdata",
    "vendor",
    "third_party",
    "node_modules",
    "demo",
];

/// An ecosystem that nobody updates in some folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unattended {
    /// As Dependabot names it.
    pub ecosystem: &'static str,
    /// The folders, relative to the root of the tree.
    pub dirs: BTreeSet<Utf8PathBuf>,
    /// The first file that nobody updates.
    pub file: Utf8PathBuf,
}

impl<'a> RepositoryFacts<'a> {
    /// The Dockerfiles that images of this repository are made from: not those for development or tests, templates and
    /// what another program writes.
    pub fn own_files(&self) -> impl Iterator<Item = &FileFacts<'a>> {
        self.all()
            .filter(|file| !file.dev && is_own(file.path) && file.template().is_none() && !is_written(file))
    }

    /// Whether an updater works here whose reach cannot be read: a service with a file of its own, a workflow that opens
    /// pull requests at set times.
    pub fn may_be_updated_otherwise(&self) -> bool {
        let names = self.tree.names(Utf8Path::new("")).found().unwrap_or_default();
        names.iter().any(|name| OTHER_UPDATERS.iter().any(|other| name.starts_with(other)))
            || self.project.documents.iter().any(|document| {
                matches!(document.content, Content::Workflow(_) | Content::Unrelated)
                    && opens_pull_requests(document.source.text())
            })
    }

    /// The base images of a file that a bot could move: external ones with a version or a digest.
    pub fn updatable<'f>(&self, file: &'f FileFacts<'a>) -> Vec<BaseUse<'f>> {
        let mut out = file.external_bases();
        out.retain(|base| {
            let reference = &base.image.reference;
            let versioned = reference.tag().is_some_and(|tag| tag.bytes().any(|b| b.is_ascii_digit()));
            !base.dev && (versioned || reference.digest().is_some()) && !self.may_be_local(base)
        });
        out
    }

    /// Whether a base image may be one that is built here, or on the machine that builds: a name without a registry that
    /// Docker Hub is not known to have, and the name of an image of the repository.
    pub fn may_be_local(&self, base: &BaseUse<'_>) -> bool {
        let image = base.image;
        let known = image.said.is_some() || image.defaults.distribution.is_some();
        if image.image.official && !known && tag_status(&image.image, "latest") == TagStatus::Unknown {
            return true;
        }
        let name = image.reference.name();
        let tags = || self.project.builds.iter().flat_map(|build| &build.tags);
        tags().any(|tag| {
            tag.text
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@', '$']))
        })
    }

    /// What nobody updates, as far as the files of the repository show: base images, and lock files beside Dockerfiles
    /// and at the root. Empty where that is not known. What a bot was told to leave alone is no oversight.
    pub fn unattended(&self) -> Vec<Unattended> {
        let project = self.project;
        let known = project.is_repository() && project.known.updates && project.known.workflows;
        if !known || self.may_be_updated_otherwise() {
            return Vec::new();
        }
        let mut found: BTreeMap<&'static str, Unattended> = BTreeMap::new();
        let mut add = |ecosystem: &'static str, dir: &Utf8Path, file: Utf8PathBuf| {
            let told = project
                .updates
                .dependabot
                .as_ref()
                .is_some_and(|bot| bot.entries_of(ecosystem, dir).next().is_some());
            if !told && project.updates.renovate.is_none() && !project.updates.cover(ecosystem, dir) {
                let new = || Unattended { ecosystem, dirs: BTreeSet::new(), file };
                found.entry(ecosystem).or_insert_with(new).dirs.insert(dir.to_owned());
            }
        };
        let mut folders = BTreeSet::new();
        for file in self.own_files() {
            let dir = file.path.parent().unwrap_or(Utf8Path::new(""));
            if !self.updatable(file).is_empty() {
                add("docker", dir, file.path.to_owned());
            }
            folders.extend([Utf8Path::new(""), dir]);
        }
        for dir in folders {
            let names = self.tree.names(dir).found().unwrap_or_default();
            for (lock, ecosystem) in LOCK_FILES {
                if names.iter().any(|name| name == lock) {
                    add(ecosystem, dir, dir.join(lock));
                }
            }
        }
        found.into_values().collect()
    }
}

fn is_own(path: &Utf8Path) -> bool {
    let mut folders = path.parent().into_iter().flat_map(Utf8Path::components);
    !folders.any(|part| {
        NOT_OWN.contains(&part.as_str().to_ascii_lowercase().as_str()) || part.as_str().contains("{{")
    })
}

/// Whether the head of a file says that a program writes it.
fn is_written(file: &FileFacts<'_>) -> bool {
    let text = file.dockerfile.source.text();
    text.lines().take(12).filter(|line| line.starts_with('#')).any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains("generated")
            && ["do not edit", "generated by", "generated via", "generated from", "generated file", "auto"]
                .iter()
                .any(|sign| line.contains(sign))
    })
}

/// Whether a workflow opens pull requests by itself at set times.
fn opens_pull_requests(text: &str) -> bool {
    text.contains("schedule:")
        && ["create-pull-request", "gh pr create", "hub pull-request"].iter().any(|sign| text.contains(sign))
}
