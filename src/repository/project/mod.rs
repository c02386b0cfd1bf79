//! What stands around a Dockerfile and builds, runs or updates its image.
//!
//! [`Project::read`] reads the files once for all Dockerfiles of a tree. Whatever cannot be read is unknown, never
//! absent: ask [`Project::known`] before saying that something is missing.

pub mod bake;
pub mod builds;
mod ci;
pub mod compose;
pub mod docker;
mod document;
pub mod expression;
mod paths;
mod read;
pub mod scripts;
pub mod updates;
pub mod value;
pub mod workflow;
pub mod yaml;

pub use builds::{Build, By, Place};
pub use docker::{DockerCommand, Tool, Verb, docker_commands};
pub use document::{Content, Document};
pub(in crate::repository) use read::is_setup;
pub(in crate::repository) use scripts::is_script;
pub use scripts::{Host, ScriptFile};
pub use updates::Updates;
pub use value::{Entry, Switch, Text};

use crate::shell::{Command, Script};
use camino::Utf8Path;
use workflow::{Job, Step, Workflow};

/// What builds, runs and updates the images of a repository.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The files that were read.
    pub documents: Vec<Document>,
    /// Every build of an image in them.
    pub builds: Vec<Build>,
    /// The bots that update it.
    pub updates: Updates,
    /// What is known to be complete.
    pub known: Known,
    repository: bool,
}

/// Whether all files of a kind were seen and read: only then something that is not there is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a kind of files of its own")]
pub struct Known {
    /// GitHub workflows and the composite actions they use.
    pub workflows: bool,
    /// Compose files.
    pub compose: bool,
    /// Bake files.
    pub bake: bool,
    /// Scripts, Makefiles and their like.
    pub scripts: bool,
    /// Dependabot and Renovate.
    pub updates: bool,
    /// Files of other CI systems and of hosting services.
    pub others: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self { workflows: true, compose: true, bake: true, scripts: true, updates: true, others: true }
    }
}

impl Known {
    /// Whether all of it is known.
    pub const fn all(self) -> bool {
        self.workflows && self.compose && self.bake && self.scripts && self.updates && self.others
    }

    /// Whether every file that may build an image is known.
    pub const fn builds(self) -> bool {
        self.workflows && self.compose && self.bake && self.scripts && self.others
    }
}

impl Project {
    /// Whether the tree is the root of a repository by all signs: only there the absence of a workflow or a bot means
    /// anything.
    pub const fn is_repository(&self) -> bool {
        self.repository
    }

    /// The same for a tree that is known to be the root of a repository, whatever is in it.
    #[must_use]
    pub fn at_repository_root(self) -> Self {
        Self { repository: true, ..self }
    }

    /// The file with that path.
    pub fn document(&self, path: &Utf8Path) -> Option<&Document> {
        self.documents.iter().find(|document| document.path == path)
    }

    /// The GitHub workflows that were read, with their files.
    pub fn workflows(&self) -> impl Iterator<Item = (&Document, &Workflow)> {
        self.documents.iter().filter_map(|document| match &document.content {
            Content::Workflow(workflow) => Some((document, &**workflow)),
            _ => None,
        })
    }

    /// The Compose files, with the index of each document.
    pub fn compose_files(&self) -> impl Iterator<Item = (usize, &Document, &compose::Compose)> {
        self.documents.iter().enumerate().filter_map(|(index, d)| Some((index, d, d.compose()?)))
    }

    /// The bake files.
    pub fn bake_files(&self) -> impl Iterator<Item = (&Document, &bake::Bake)> {
        self.documents.iter().filter_map(|document| Some((document, document.bake()?)))
    }

    /// Scripts, Makefiles and their like that may call docker.
    pub fn scripts(&self) -> impl Iterator<Item = (&Document, &ScriptFile)> {
        self.documents.iter().filter_map(|document| Some((document, document.script()?)))
    }

    /// The builds that are known to be of a Dockerfile.
    pub fn builds_of<'p>(&'p self, dockerfile: &'p Utf8Path) -> impl Iterator<Item = &'p Build> {
        self.builds.iter().filter(move |build| build.dockerfile.is(dockerfile))
    }

    /// Whether a build may be of a Dockerfile without naming it: its Dockerfile is not known.
    pub fn has_unknown_builds(&self) -> bool {
        self.builds.iter().any(|build| build.dockerfile == Place::Unknown)
    }

    /// The file of a build.
    pub fn document_of(&self, build: &Build) -> Option<&Document> {
        self.documents.get(build.document)
    }

    /// Workflow, job and step of a build in a workflow or composite action.
    pub fn step_of(&self, build: &Build) -> Option<(&Workflow, &Job, &Step)> {
        let (By::Action { job, step, .. } | By::Run { job, step, .. }) = build.by else { return None };
        let workflow = self.document_of(build)?.workflow()?;
        let job = workflow.jobs.get(job)?;
        Some((workflow, job, job.steps.get(step)?))
    }

    /// The script and the command of a build by a command.
    pub fn command_of(&self, build: &Build) -> Option<(&Script, &Command)> {
        let (script, id) = match build.by {
            By::Run { command, .. } => (self.step_of(build)?.2.run.as_ref()?.script.as_deref()?, command),
            By::Script { script, command } => {
                (self.document_of(build)?.script()?.scripts.get(script)?, command)
            }
            _ => return None,
        };
        Some((script, script.command(id)?))
    }

    /// The service of a build by Compose.
    pub fn service_of(&self, build: &Build) -> Option<&compose::Service> {
        let By::Compose { service } = build.by else { return None };
        self.document_of(build)?.compose()?.services.get(service)
    }

    /// The target of a build by bake.
    pub fn target_of(&self, build: &Build) -> Option<&bake::BakeTarget> {
        let By::Bake { target } = build.by else { return None };
        self.document_of(build)?.bake()?.targets.get(target)
    }
}
