//! Which files are read, and how much of them.

use super::bake::Bake;
use super::builds::{self, By, Origin, Workspace};
use super::compose::Compose;
use super::document::{Content, Document};
use super::scripts::{Host, ScriptFile, host_of, may_call_docker};
use super::updates::{Dependabot, Renovate};
use super::workflow::Workflow;
use super::{Known, Project, yaml};
use crate::repository::{Kind, Lookup, Remembered, Tree, normalize};
use crate::text::Source;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Workflows that are read.
const MAX_WORKFLOWS: usize = 60;
/// Composite actions that are read.
const MAX_ACTIONS: usize = 20;
/// Compose files that are read.
const MAX_COMPOSE: usize = 30;
/// Scripts that are looked at.
const MAX_SCRIPTS: usize = 40;
/// Bytes of one script.
const MAX_SCRIPT_BYTES: usize = 64 * 1024;
/// Bytes of all scripts together.
const MAX_SCRIPTS_BYTES: usize = 1024 * 1024;
/// Bytes of any other file.
const MAX_BYTES: usize = 512 * 1024;
/// Bytes of all files together.
const MAX_TOTAL: usize = 8 * 1024 * 1024;
/// Builds that are listed.
const MAX_BUILDS: usize = 2_000;
/// Folders of Dockerfiles that are looked into.
const MAX_FOLDERS: usize = 40;

/// Folders at the root that hold scripts.
const SCRIPT_FOLDERS: [&str; 10] =
    ["scripts", "script", "bin", "ci", ".ci", "hack", "build", "tools", "deploy", "docker"];

/// Files of other CI systems.
const OTHER_CI: [&str; 13] = [
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    "Jenkinsfile",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".drone.yml",
    ".travis.yml",
    ".woodpecker.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
];

/// Files by which a hosting service or a tool builds an image by itself.
const HOSTING: [&str; 16] = [
    "fly.toml",
    "render.yaml",
    "heroku.yml",
    "app.yaml",
    "railway.json",
    "railway.toml",
    "skaffold.yaml",
    "skaffold.yml",
    "Tiltfile",
    ".devcontainer/devcontainer.json",
    ".devcontainer.json",
    "captain-definition",
    "dokku.json",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    "werf.yaml",
];

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows";
/// Where Buildkite looks for its pipelines.
const BUILDKITE: &str = ".buildkite";
/// What the configuration of Dependabot is called.
const DEPENDABOT: [&str; 2] = [".github/dependabot.yml", ".github/dependabot.yaml"];

/// Where Renovate looks for its configuration.
const RENOVATE: [&str; 10] = [
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    ".config/renovate.json",
];

/// What a bake file may be called ("Bake file reference", lookup order).
const BAKE: [&str; 4] =
    ["docker-bake.hcl", "docker-bake.json", "docker-bake.override.hcl", "docker-bake.override.json"];

impl Project {
    /// Reads what stands around the Dockerfiles of a tree.
    pub fn read(tree: &dyn Tree, dockerfiles: &[Utf8PathBuf]) -> Self {
        let tree = &Remembered::without_texts(tree);
        let mut reader =
            Reader { tree, out: Self::default(), folders: BTreeSet::new(), script_bytes: 0, left: MAX_TOTAL };
        reader.folders.insert(Utf8PathBuf::new());
        let dirs = dockerfiles.iter().filter_map(|path| path.parent()).take(MAX_FOLDERS);
        reader.folders.extend(dirs.map(Utf8Path::to_owned));
        reader.repository();
        reader.workflows();
        reader.compose();
        reader.bake();
        reader.updates();
        reader.scripts();
        reader.others();
        reader.builds();
        reader.out
    }
}

struct Reader<'t> {
    tree: &'t dyn Tree,
    out: Project,
    /// The root and the folders of the Dockerfiles.
    folders: BTreeSet<Utf8PathBuf>,
    script_bytes: usize,
    /// Bytes that may still be read.
    left: usize,
}

/// A file as far as it is read.
enum Read {
    Text(Source),
    Absent,
    Unknown,
}

impl Reader<'_> {
    fn text(&mut self, path: &Utf8Path, max: usize) -> Read {
        match self.tree.read(path) {
            Lookup::Found(text) if text.len() <= max.min(self.left) => {
                self.left -= text.len();
                Read::Text(Source::new(text))
            }
            Lookup::Found(_) | Lookup::Unknown => Read::Unknown,
            Lookup::Absent => Read::Absent,
        }
    }

    fn add(&mut self, path: Utf8PathBuf, source: Source, content: Content) {
        self.out.documents.push(Document { path, source, content });
    }

    /// The names in a folder; `None` when it is not known.
    fn names(&self, dir: &Utf8Path) -> Option<Vec<String>> {
        match self.tree.names(dir) {
            Lookup::Found(names) => Some(names.to_vec()),
            Lookup::Absent => Some(Vec::new()),
            Lookup::Unknown => None,
        }
    }

    fn repository(&mut self) {
        let there = |path: &str| matches!(self.tree.entry(Utf8Path::new(path)), Lookup::Found(_));
        self.out.repository = [".git", ".github"].iter().any(|path| there(path));
    }

    fn workflows(&mut self) {
        let dir = Utf8Path::new(WORKFLOWS);
        let Some(names) = self.names(dir) else {
            self.out.known.workflows = false;
            return;
        };
        let yaml: Vec<_> = names.into_iter().filter(|name| is_yaml(Utf8Path::new(name))).collect();
        self.out.known.workflows &= yaml.len() <= MAX_WORKFLOWS;
        let mut actions = BTreeSet::new();
        for name in yaml.into_iter().take(MAX_WORKFLOWS) {
            let path = dir.join(name);
            match self.text(&path, MAX_BYTES) {
                Read::Text(source) => {
                    if !is_related(source.text()) {
                        self.updater_in(&path, source.text());
                        self.add(path, source, Content::Unrelated);
                        continue;
                    }
                    self.updater_in(&path, source.text());
                    let workflow = Workflow::read(&yaml::parse(source.text()));
                    self.out.known.workflows &= !workflow.partial;
                    let local = workflow.steps().filter_map(|(_, step)| step.uses.as_ref()?.value());
                    actions.extend(local.filter_map(local_action));
                    self.add(path, source, Content::Workflow(Box::new(workflow)));
                }
                Read::Absent => {}
                Read::Unknown => self.out.known.workflows = false,
            }
        }
        self.out.known.workflows &= actions.len() <= MAX_ACTIONS;
        for dir in actions.into_iter().take(MAX_ACTIONS) {
            self.action(&dir);
        }
    }

    /// A composite action of the repository that a workflow uses.
    fn action(&mut self, dir: &Utf8Path) {
        for name in ["action.yml", "action.yaml"] {
            let path = dir.join(name);
            match self.text(&path, MAX_BYTES) {
                Read::Text(source) => {
                    let action = Workflow::read(&yaml::parse(source.text()));
                    self.out.known.workflows &= !action.partial;
                    self.add(path, source, Content::Action(Box::new(action)));
                    return;
                }
                Read::Absent => {}
                Read::Unknown => self.out.known.workflows = false,
            }
        }
    }

    /// A workflow that updates by itself.
    fn updater_in(&mut self, path: &Utf8Path, text: &str) {
        let signs =
            ["renovatebot/", "renovate/renovate", "docker/scout-action", "updatecli", "dependabot/cli"];
        if signs.iter().any(|sign| text.contains(sign)) {
            self.out.updates.others.push(path.to_owned());
        }
    }

    fn compose(&mut self) {
        let mut left = MAX_COMPOSE;
        for dir in self.folders.clone() {
            let Some(names) = self.names(&dir) else {
                self.out.known.compose = false;
                // The usual names all the same, so that a tree that is filled on demand gets them.
                for name in ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] {
                    self.compose_file(dir.join(name));
                }
                continue;
            };
            for name in names.into_iter().filter(|name| is_compose(name)) {
                if left == 0 {
                    self.out.known.compose = false;
                    return;
                }
                left -= 1;
                self.compose_file(dir.join(name));
            }
        }
    }

    fn compose_file(&mut self, path: Utf8PathBuf) {
        match self.text(&path, MAX_BYTES) {
            Read::Text(source) => {
                let compose = Compose::read(&yaml::parse(source.text()));
                self.out.known.compose &= !compose.partial;
                self.add(path, source, Content::Compose(Box::new(compose)));
            }
            Read::Absent => {}
            Read::Unknown => self.out.known.compose = false,
        }
    }

    fn bake(&mut self) {
        for dir in self.folders.clone() {
            for name in BAKE {
                let path = dir.join(name);
                match self.text(&path, MAX_BYTES) {
                    Read::Text(source) => {
                        let bake = if path.extension() == Some("hcl") {
                            Bake::from_hcl(source.text())
                        } else {
                            let yaml = yaml::parse(source.text());
                            Bake { partial: yaml.partial, ..Bake::from_json(yaml.root()) }
                        };
                        self.out.known.bake &= !bake.partial;
                        self.add(path, source, Content::Bake(Box::new(bake)));
                    }
                    Read::Absent => {}
                    Read::Unknown => self.out.known.bake = false,
                }
            }
        }
    }

    fn updates(&mut self) {
        for path in DEPENDABOT {
            match self.text(Utf8Path::new(path), MAX_BYTES) {
                Read::Text(source) => {
                    let bot = Dependabot::read(self.out.documents.len(), &yaml::parse(source.text()));
                    self.out.updates.dependabot = Some(bot);
                    self.add(path.into(), source, Content::Updates);
                    break;
                }
                Read::Absent => {}
                Read::Unknown => self.out.known.updates = false,
            }
        }
        for path in RENOVATE.into_iter().chain(["package.json"]) {
            match self.text(Utf8Path::new(path), MAX_BYTES) {
                Read::Text(source) => {
                    let key = (path == "package.json").then_some("renovate");
                    if key.is_some_and(|key| !source.text().contains(key)) {
                        continue;
                    }
                    let bot = Renovate::read(self.out.documents.len(), source.text(), key);
                    if bot.is_some() {
                        self.out.updates.renovate = bot;
                        self.add(path.into(), source, Content::Updates);
                        break;
                    }
                }
                Read::Absent => {}
                Read::Unknown => self.out.known.updates = false,
            }
        }
    }

    fn scripts(&mut self) {
        let mut folders = self.folders.clone();
        folders.extend(SCRIPT_FOLDERS.iter().map(Utf8PathBuf::from));
        let mut left = MAX_SCRIPTS;
        for dir in folders {
            let at_root = dir.as_str().is_empty();
            let Some(names) = self.names(&dir) else {
                self.out.known.scripts = false;
                continue;
            };
            for name in names {
                let path = dir.join(&name);
                let Some(host) = host_of(&name) else { continue };
                if host == Host::Package && !at_root {
                    continue;
                }
                if left == 0 {
                    self.out.known.scripts = false;
                    return;
                }
                left -= 1;
                self.script(path, host);
            }
        }
    }

    fn script(&mut self, path: Utf8PathBuf, host: Host) {
        let source = match self.text(&path, MAX_SCRIPT_BYTES) {
            Read::Text(source) => source,
            Read::Absent => return,
            Read::Unknown => {
                // A folder of that name is none.
                let folder =
                    matches!(self.tree.entry(&path), Lookup::Found(entry) if entry.kind == Kind::Directory);
                self.out.known.scripts &= folder;
                return;
            }
        };
        if !may_call_docker(source.text()) {
            return;
        }
        if rewrites_digests(source.text()) {
            self.out.updates.others.push(path.clone());
        }
        self.script_bytes += source.text().len();
        if self.script_bytes > MAX_SCRIPTS_BYTES {
            self.out.known.scripts = false;
            return;
        }
        let text = source.text();
        let file = match host {
            Host::Shell => ScriptFile::shell(text),
            Host::Make | Host::Just => Some(ScriptFile::recipes(host, text)),
            Host::Task => Some(ScriptFile::task(&yaml::parse(text))),
            Host::Package => Some(ScriptFile::package(&yaml::parse(text))),
        };
        if let Some(file) = file.filter(|file| !file.scripts.is_empty()) {
            self.add(path, source, Content::Script(Box::new(file)));
        }
    }

    fn others(&mut self) {
        let mut paths: Vec<(Utf8PathBuf, bool)> = OTHER_CI.iter().map(|path| (path.into(), false)).collect();
        for dir in &self.folders {
            paths.extend(HOSTING.iter().map(|path| (dir.join(path), true)));
        }
        match self.names(Utf8Path::new(BUILDKITE)) {
            Some(names) => {
                let dir = Utf8Path::new(BUILDKITE);
                paths.extend(
                    names
                        .iter()
                        .filter(|name| name.contains(".y"))
                        .take(10)
                        .map(|name| (dir.join(name), false)),
                );
            }
            None => self.out.known.others = false,
        }
        for (path, hosting) in paths {
            match self.text(&path, MAX_BYTES) {
                Read::Text(source) => {
                    let content = if hosting { Content::Hosting } else { Content::OtherCi };
                    self.add(path, source, content);
                }
                Read::Absent => {}
                Read::Unknown => self.out.known.others = false,
            }
        }
    }

    fn builds(&mut self) {
        let mut out = Vec::new();
        for (index, document) in self.out.documents.iter().enumerate() {
            if out.len() > MAX_BUILDS {
                break;
            }
            match &document.content {
                Content::Workflow(workflow) | Content::Action(workflow) => {
                    for (job, owner) in workflow.jobs.iter().enumerate() {
                        for (step, node) in owner.steps.iter().enumerate() {
                            out.extend(builds::of_step(self.tree, index, workflow, job, step));
                            let Some(run) = &node.run else { continue };
                            let Some(script) = &run.script else { continue };
                            let workspace = builds::workspace(owner);
                            let dir = node.working_directory.as_ref();
                            let dir = match (dir, &workspace) {
                                (None, Workspace::Repository(_)) => Some(Utf8PathBuf::new()),
                                (Some(dir), _) => dir.value().and_then(|dir| normalize(Utf8Path::new(dir))),
                                (None, Workspace::Other) => None,
                            };
                            let known = dir.is_some();
                            let origin = Origin {
                                document: index,
                                dir: &dir.unwrap_or_default(),
                                step: Some((&workspace, run)),
                                known,
                                by: &|command| By::Run { job, step, command },
                            };
                            out.extend(builds::of_script(self.tree, script, &origin));
                        }
                    }
                }
                Content::Compose(compose) => {
                    out.extend(builds::of_compose(self.tree, index, document.dir(), compose));
                }
                Content::Bake(bake) => out.extend(builds::of_bake(self.tree, index, document.dir(), bake)),
                Content::Script(file) => {
                    for (number, script) in file.scripts.iter().enumerate() {
                        let origin = Origin {
                            document: index,
                            dir: document.dir(),
                            step: None,
                            known: true,
                            by: &|command| By::Script { script: number, command },
                        };
                        out.extend(builds::of_script(self.tree, script, &origin));
                    }
                }
                _ => {}
            }
        }
        if out.len() > MAX_BUILDS {
            // Which of them is left out, nobody can tell.
            self.out.known =
                Known { workflows: false, compose: false, bake: false, scripts: false, ..self.out.known };
            out.truncate(MAX_BUILDS);
        }
        self.out.builds = out;
    }
}

/// Whether a file builds, runs or updates images by its path: workflows and actions, Compose and bake files, files of other
/// CI systems and of hosting services, update bots.
pub(in crate::repository) fn is_setup(path: &Utf8Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let dir = path.parent().map_or("", Utf8Path::as_str);
    let listed = |names: &[&str]| names.iter().any(|known| path == *known);
    (dir == WORKFLOWS && is_yaml(path))
        || (dir == BUILDKITE && name.contains(".y"))
        || matches!(name, "action.yml" | "action.yaml")
        || is_compose(name)
        || BAKE.contains(&name)
        || HOSTING.iter().any(|known| path.ends_with(known))
        || listed(&OTHER_CI)
        || listed(&RENOVATE)
        || listed(&DEPENDABOT)
}

/// Whether a text asks for digests of images and puts them into files.
fn rewrites_digests(text: &str) -> bool {
    let asks = ["RepoDigests", "imagetools inspect", "crane digest", "regctl image digest", "skopeo inspect"];
    asks.iter().any(|word| text.contains(word))
        && ["sed -i", "perl -", "yq "].iter().any(|word| text.contains(word))
}

fn is_yaml(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("yml" | "yaml"))
}

/// Whether a workflow names anything that builds, runs or ships containers.
fn is_related(text: &str) -> bool {
    may_call_docker(text)
        || [
            "build-push-action",
            "bake",
            "kaniko",
            "image",
            "container",
            "uses: ./",
            "/.github/workflows/",
            "ghcr.io",
        ]
        .iter()
        .any(|word| text.contains(word))
}

/// The folder of an action of the same repository.
fn local_action(uses: &str) -> Option<Utf8PathBuf> {
    let path = uses.strip_prefix("./")?;
    normalize(Utf8Path::new(path)).filter(|path| !is_yaml(path))
}

/// `compose.yaml`, `docker-compose.prod.yml`, `compose-dev.yml`
fn is_compose(name: &str) -> bool {
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
    let stem = stem.map(|stem| stem.strip_prefix("docker-").unwrap_or(stem));
    stem.and_then(|stem| stem.strip_prefix("compose"))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

#[cfg(test)]
mod tests;
