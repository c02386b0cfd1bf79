//! What rules about the repository as a whole read: its Dockerfiles, and the files around them.

use super::{Bodies, FileFacts};
use crate::config::Images;
use crate::dockerfile::{Dockerfile, parse};
use crate::repository::Tree;
use crate::repository::project::Project;
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};
use std::cell::OnceCell;

/// A Dockerfile whose syntax is read when somebody asks for it.
#[derive(Debug)]
pub struct DockerfileText {
    /// The path, relative to the root of the tree.
    pub path: Utf8PathBuf,
    /// The text, whatever the tree says.
    pub source: Source,
    read: OnceCell<(Dockerfile, Bodies)>,
}

impl DockerfileText {
    /// A Dockerfile.
    pub fn new(path: &Utf8Path, source: Source) -> Self {
        Self { path: path.to_owned(), source, read: OnceCell::new() }
    }

    /// The syntax.
    pub fn dockerfile(&self) -> &Dockerfile {
        &self.read().0
    }

    fn read(&self) -> &(Dockerfile, Bodies) {
        self.read.get_or_init(|| {
            let file = parse(&self.source);
            let bodies = Bodies::read(&file);
            (file, bodies)
        })
    }
}

/// The repository around some Dockerfiles.
pub struct RepositoryFacts<'a> {
    /// The repository.
    pub tree: &'a dyn Tree,
    /// The date of the run.
    pub today: jiff::civil::Date,
    /// The Dockerfiles in question, in order of path; not necessarily all of the repository.
    pub files: &'a [DockerfileText],
    /// The files around them: workflows, Compose and bake files, scripts, update bots, and what they build.
    pub project: &'a Project,
    images: &'a Images,
    facts: Vec<OnceCell<FileFacts<'a>>>,
}

impl std::fmt::Debug for RepositoryFacts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RepositoryFacts").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl<'a> RepositoryFacts<'a> {
    /// The facts of a repository; those of a Dockerfile are computed when somebody asks.
    pub fn new(
        files: &'a [DockerfileText],
        tree: &'a dyn Tree,
        project: &'a Project,
        today: jiff::civil::Date,
        images: &'a Images,
    ) -> Self {
        Self { tree, today, files, project, images, facts: files.iter().map(|_| OnceCell::new()).collect() }
    }

    /// The facts of one of the Dockerfiles.
    pub fn file(&self, path: &Utf8Path) -> Option<&FileFacts<'a>> {
        let index = self.files.iter().position(|file| file.path == path)?;
        self.file_at(index)
    }

    /// The facts of all Dockerfiles, in order of path.
    pub fn all(&self) -> impl Iterator<Item = &FileFacts<'a>> {
        (0..self.files.len()).filter_map(|index| self.file_at(index))
    }

    fn file_at(&self, index: usize) -> Option<&FileFacts<'a>> {
        let file = self.files.get(index)?;
        let (dockerfile, bodies) = file.read();
        Some(self.facts.get(index)?.get_or_init(|| {
            FileFacts::with_project(
                &file.path,
                dockerfile,
                bodies,
                self.tree,
                self.today,
                self.images,
                Some(self.project),
            )
        }))
    }
}
