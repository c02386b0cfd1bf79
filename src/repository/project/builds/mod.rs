//! Whatever builds an image, in one form.

mod action;
mod command;
mod files;
mod scope;

pub(super) use action::of_step;
pub(super) use command::{Origin, of_script};
pub(super) use files::{of_bake, of_compose};
pub(super) use scope::{Workspace, workspace};

use super::value::{Entry, Switch, Text};
use crate::repository::{Lookup, Tree, normalize};
use crate::shell::CommandId;
use crate::text::Span;
use camino::{Utf8Path, Utf8PathBuf};

/// One build of an image. With a matrix there is one for each combination that differs in Dockerfile, context or target.
#[derive(Debug, Clone)]
pub struct Build {
    /// What builds.
    pub by: By,
    /// Index of the file it stands in, in [`super::Project::documents`].
    pub document: usize,
    /// Where to point: the text of `uses:`, the word of the program, the key of the service, the name of the target.
    pub span: Span,
    /// The Dockerfile.
    pub dockerfile: Place,
    /// The root of the build context.
    pub context: Place,
    /// Whether the context is fetched by git instead of taken from the workspace (the default of
    /// docker/build-push-action): what earlier steps made is not in it.
    pub git_context: bool,
    /// The stage to build; `None` for the last one.
    pub target: Option<Text>,
    /// Build arguments as written; a value that is missing comes from the environment.
    pub args: Vec<Entry>,
    /// Whether arguments may be given that are not in `args`.
    pub more_args: bool,
    /// Further contexts by name (`build-contexts`, `--build-context`, `additional_contexts`), which FROM and `--from=` may
    /// name.
    pub contexts: Vec<Entry>,
    /// Names for the image as written, expressions included.
    pub tags: Vec<Text>,
    /// Whether it pushes by itself (`push: true`, `--push`, `type=registry`).
    pub push: Option<Switch>,
    /// `pull: true`, `--pull`
    pub pull: Option<Switch>,
    /// `no-cache: true`, `--no-cache`
    pub no_cache: Option<Switch>,
    /// `load: true`, `--load`
    pub load: Option<Switch>,
    /// `cache-from`
    pub cache_from: Vec<Text>,
    /// `cache-to`
    pub cache_to: Vec<Text>,
    /// `platforms`
    pub platforms: Vec<Text>,
    /// `secrets`, `--secret`
    pub secrets: Vec<Text>,
    /// `outputs`, `--output`
    pub outputs: Vec<Text>,
}

/// What builds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A step of a workflow or composite action that runs an action.
    Action {
        /// Index of the job.
        job: usize,
        /// Index of the step in the job.
        step: usize,
        /// Whether it is docker/build-push-action or one with the same inputs. Of others only the Dockerfile is looked at.
        build_push: bool,
    },
    /// A command in a step of a workflow.
    Run {
        /// Index of the job.
        job: usize,
        /// Index of the step in the job.
        step: usize,
        /// The command in the script of the step.
        command: CommandId,
    },
    /// A command in a script or Makefile.
    Script {
        /// Index of the script in its file.
        script: usize,
        /// The command.
        command: CommandId,
    },
    /// A service of a Compose file.
    Compose {
        /// Index of the service.
        service: usize,
    },
    /// A target of a bake file.
    Bake {
        /// Index of the target.
        target: usize,
    },
}

/// Where a Dockerfile or a context is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A path of the tree, normalised; empty for its root.
    Path(Utf8PathBuf),
    /// Elsewhere: another repository, a URL, standard input, written in place.
    Elsewhere,
    /// Not known.
    Unknown,
}

impl Place {
    /// The path when it is one of the tree.
    pub fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Elsewhere | Self::Unknown => None,
        }
    }

    /// Whether it is this path.
    pub fn is(&self, path: &Utf8Path) -> bool {
        self.path() == Some(path)
    }

    /// Whether it is, or may be, this path.
    pub fn may_be(&self, path: &Utf8Path) -> bool {
        match self {
            Self::Path(known) => known == path,
            Self::Elsewhere => false,
            Self::Unknown => true,
        }
    }
}

impl Build {
    pub(super) fn new(by: By, document: usize, span: Span) -> Self {
        Self {
            by,
            document,
            span,
            dockerfile: Place::Unknown,
            context: Place::Unknown,
            git_context: false,
            target: None,
            args: Vec::new(),
            more_args: false,
            contexts: Vec::new(),
            tags: Vec::new(),
            push: None,
            pull: None,
            no_cache: None,
            load: None,
            cache_from: Vec::new(),
            cache_to: Vec::new(),
            platforms: Vec::new(),
            secrets: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Whether it is known to push what it builds.
    pub fn pushes(&self) -> bool {
        self.push.is_some_and(Switch::is_on)
    }

    /// Whether it may push: it does, or whether it does is not known.
    pub fn may_push(&self) -> bool {
        self.push.is_some_and(|push| push.on != Some(false))
    }

    /// Whether an image may come out: not when all outputs are files (`type=local`, a path) or nothing (`type=cacheonly`).
    pub fn makes_image(&self) -> bool {
        let files = |output: &Text| {
            let text = &*output.text;
            let kind = text.split(',').find_map(|part| part.trim().strip_prefix("type="));
            output.known
                && match kind {
                    Some(kind) => matches!(kind, "local" | "tar" | "cacheonly"),
                    None => !text.is_empty() && !text.contains('='),
                }
        };
        self.outputs.is_empty() || !self.outputs.iter().all(files)
    }

    /// The argument of that name.
    pub fn arg(&self, name: &str) -> Option<&Entry> {
        self.args.iter().find(|arg| &*arg.key.text == name)
    }
}

/// Whether a context is no path: a repository, an archive, standard input.
pub(super) fn is_elsewhere(context: &str) -> bool {
    context == "-"
        || context.contains("://")
        || ["git@", "github.com/", "target:"].iter().any(|start| context.starts_with(start))
}

/// A path below a folder of the tree.
pub(super) fn place(base: &Utf8Path, path: &str) -> Place {
    // Workspaces have other absolute paths than the tree.
    if path.starts_with(['/', '~']) {
        return Place::Unknown;
    }
    normalize(&base.join(path)).map_or(Place::Unknown, Place::Path)
}

/// The default Dockerfile of a context: `Dockerfile`, which Docker also finds in lower case; for podman and buildah
/// `Containerfile` first.
pub(super) fn default_dockerfile(tree: &dyn Tree, context: &Utf8Path, podman: bool) -> Utf8PathBuf {
    let names: &[&str] =
        if podman { &["Containerfile", "Dockerfile"] } else { &["Dockerfile", "dockerfile"] };
    let there = |name: &&&str| exists(tree, &context.join(**name));
    context.join(names.iter().find(there).unwrap_or(&"Dockerfile"))
}

/// Whether a path is known to be there. Names of a folder are cheaper to get than what they are.
pub(super) fn exists(tree: &dyn Tree, path: &Utf8Path) -> bool {
    let Some(name) = path.file_name() else { return true };
    match tree.names(path.parent().unwrap_or(Utf8Path::new(""))) {
        Lookup::Found(names) => names.binary_search_by(|other| other.as_str().cmp(name)).is_ok(),
        Lookup::Absent => false,
        Lookup::Unknown => matches!(tree.entry(path), Lookup::Found(_)),
    }
}
