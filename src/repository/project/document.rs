//! Files around a Dockerfile.

use super::bake::Bake;
use super::compose::Compose;
use super::scripts::ScriptFile;
use super::workflow::Workflow;
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its path in the tree.
    pub path: Utf8PathBuf,
    /// Its text.
    pub source: Source,
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Debug, Clone)]
pub enum Content {
    /// A GitHub workflow.
    Workflow(Box<Workflow>),
    /// A composite action of the repository, with its steps in one job.
    Action(Box<Workflow>),
    /// A Compose file.
    Compose(Box<Compose>),
    /// A bake file.
    Bake(Box<Bake>),
    /// A script, Makefile and the like that may call docker.
    Script(Box<ScriptFile>),
    /// The configuration of Dependabot or Renovate, see [`super::Project::updates`].
    Updates,
    /// A file of another CI system: only its text is known.
    OtherCi,
    /// A file by which a hosting service builds, or a tool for clusters: only its text is known.
    Hosting,
    /// A workflow that names nothing that builds or runs containers: not read any further.
    Unrelated,
}

impl Document {
    /// The folder of the file.
    pub fn dir(&self) -> &Utf8Path {
        self.path.parent().unwrap_or(Utf8Path::new(""))
    }

    /// The workflow, or composite action.
    pub fn workflow(&self) -> Option<&Workflow> {
        match &self.content {
            Content::Workflow(workflow) | Content::Action(workflow) => Some(workflow),
            _ => None,
        }
    }

    /// The Compose file.
    pub fn compose(&self) -> Option<&Compose> {
        match &self.content {
            Content::Compose(compose) => Some(compose),
            _ => None,
        }
    }

    /// The bake file.
    pub fn bake(&self) -> Option<&Bake> {
        match &self.content {
            Content::Bake(bake) => Some(bake),
            _ => None,
        }
    }

    /// The script.
    pub fn script(&self) -> Option<&ScriptFile> {
        match &self.content {
            Content::Script(script) => Some(script),
            _ => None,
        }
    }
}
