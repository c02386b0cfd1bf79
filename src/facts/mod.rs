//! What is true at each instruction, computed once and read by rules.

mod automation;
mod base;
mod bases;
mod beside;
mod bodies;
mod branches;
mod brought;
mod builders;
mod casing;
mod clutter;
mod context;
mod copies;
mod deliveries;
mod dev;
mod effective_shell;
mod expected;
mod health;
mod history;
mod home;
mod image_names;
mod language;
mod launch;
mod manifests;
mod mentions;
mod mounts;
mod ownership;
mod package_sources;
mod placed;
mod ports;
mod project;
mod python;
mod repository;
mod roots;
mod runners;
mod servers;
mod shells;
mod sources;
mod stage_names;
mod start;
mod start_text;
mod state;
mod takers;
mod template;
mod tools;
mod user_installs;
mod user_name;
mod writers;

pub use automation::Unattended;
pub use base::{Base, BaseImage, GlobalArgs, is_platform_arg, is_proxy_arg};
pub use bases::BaseUse;
pub use beside::{compose_has, file_in_workdir, start_mentions};
pub use bodies::Bodies;
pub use branches::{Branch, Branches};
pub use casing::Case;
pub use clutter::Clutter;
pub use context::{Copied, copied_from};
pub use copies::is_in;
pub use deliveries::{Delivery, Part, Pushed, is_branch_expression};
pub use dev::{is_dev_command, is_dev_path, is_dev_stage};
pub use effective_shell::links_sh;
pub use expected::expected_source;
pub use health::{HealthCall, health_call};
pub use home::{Account, account};
pub use image_names::ImageName;
pub use language::{LanguageVersion, language_version};
pub use launch::{Launch, final_commands, is_all_arguments, launches, shell_string};
pub use manifests::{Ecosystem, Obstacle, Reads, requirements};
pub use mounts::{Mount, MountKind};
pub use ownership::{DirOwner, dir_owner, non_root_user};
pub use placed::{Placed, is_set_for};
pub use ports::{Exposed, ExposedPort, exposed, has_proxy};
pub use python::{
    ConsoleScripts, PythonSettings, PythonStart, console_scripts, declared_console_scripts, is_python,
    join_env, python_settings, python_start, required_packages,
};
pub use repository::{DockerfileText, RepositoryFacts};
pub use roots::{ContextRoot, InContext};
pub use servers::{
    PackageScript, Server, ServerKind, ServerOption, in_workdir, kinds_of_line, package_json, package_script,
    servers,
};
pub use sources::FileSource;
pub use stage_names::{StageUse, StageUses, stage_name_word};
pub use start::{Start, StartPart, StartPath, StartScript, after_wrappers, start_path};
pub use start_text::{StartText, start_text};
pub use state::{Shell, State, User, Workdir, is_absolute, join};
pub use tools::{Presence, presence};
pub use user_installs::{in_home_of_root, user_installs};
pub use user_name::is_root_name;
pub use writers::{Writer, writer};

use crate::config::{Images, NO_IMAGES, NO_OPTIONS, RuleOptions};
use crate::dockerfile::expand::Value;
use crate::dockerfile::{Dockerfile, Instruction, Keyword, Stage, StageNames, stages};
use crate::image::{self, Defaults};
use crate::repository::{Project, Tree};
use crate::shell::packages::{PackageCommand, package_commands};
use crate::shell::{Command, RunBody, Script};
use crate::text::Span;
use camino::{Utf8Path, Utf8PathBuf};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// How many stages, counted from the last one, get to know what they start.
const MAX_STARTS: usize = 64;

/// Facts of a Dockerfile and the repository around it.
pub struct FileFacts<'a> {
    /// The file, relative to the root of the tree.
    pub path: &'a Utf8Path,
    /// Its syntax.
    pub dockerfile: &'a Dockerfile,
    /// The repository.
    pub tree: &'a dyn Tree,
    /// The date that end-of-life dates are compared with.
    pub today: jiff::civil::Date,
    /// What the configuration says about base images.
    pub images: &'a Images,
    /// What builds and runs the images of the repository; `None` when nobody looked.
    pub project: Option<&'a Project>,
    /// Options of rules that the configuration switches on.
    pub options: &'a RuleOptions,
    /// Instructions before the first FROM.
    pub globals: Vec<InstructionFacts<'a>>,
    /// ARGs before the first FROM.
    pub global_args: GlobalArgs,
    /// The stages in order.
    pub stages: Vec<StageFacts<'a>>,
    /// The stages by name.
    pub names: StageNames,
    /// Root of the build context, relative to the root of the tree: the one that all builds of the file name, else the
    /// folder of the file.
    pub context: Utf8PathBuf,
    /// Whether the path says that the file is for development or tests.
    pub dev: bool,
    /// Whether this is the Dockerfile of a Docker action, which must run as root.
    pub docker_action: bool,
    answers: RefCell<HashMap<(usize, &'static str), Option<usize>>>,
    mentions: RefCell<Vec<(&'static str, bool)>>,
    takers: OnceCell<Vec<Vec<usize>>>,
    taken_from: OnceCell<Vec<bool>>,
    case: OnceCell<Case>,
    roots: OnceCell<Vec<ContextRoot>>,
    template: OnceCell<Option<Span>>,
}

/// Facts of a stage.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct StageFacts<'a> {
    /// Number from 0.
    pub index: usize,
    /// The name after `AS`, as written.
    pub name: Option<&'a str>,
    /// The FROM instruction.
    pub from: &'a Instruction,
    /// What FROM names.
    pub base: Base,
    /// Number of the stage that names the image or nothing this one is finally built on; its own, when its FROM does.
    pub root: usize,
    /// Whether another stage is built on this one.
    pub built_on: bool,
    /// The instructions, FROM first.
    pub instructions: Vec<InstructionFacts<'a>>,
    /// What is effective after the last instruction.
    pub end: Rc<State>,
    /// Whether the stage, or one that is built on it, is shipped.
    pub shipped: bool,
    /// Whether this is the last stage.
    pub last: bool,
    /// Whether a build makes an image of this stage: one that a build names as its target, else the last one.
    pub built: bool,
    /// Whether the stage is for development or tests.
    pub dev: bool,
    /// What the container starts.
    pub start: Start<'a>,
    /// From FROM to the end of the stage, in bytes.
    pub span: Span,
    // Asked by several rules, and only once the start is known.
    launches: OnceCell<Vec<Launch>>,
    servers: OnceCell<Vec<Server>>,
    python_start: OnceCell<Option<PythonStart>>,
    python_settings: OnceCell<Option<PythonSettings>>,
}

/// Facts of an instruction.
pub struct InstructionFacts<'a> {
    /// The instruction.
    pub instruction: &'a Instruction,
    /// Its number in the file, from 0.
    pub index: usize,
    /// What is effective before it.
    pub state: Rc<State>,
    /// The shell text of RUN, CMD, ENTRYPOINT and HEALTHCHECK in shell form; `None` where there is none, or
    /// where a shell that is not POSIX's is in effect.
    pub body: Option<&'a RunBody>,
    /// What RUN does with package managers, in order.
    pub calls: Vec<PackageCommand<'a>>,
}

impl std::fmt::Debug for FileFacts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileFacts").field("path", &self.path).finish_non_exhaustive()
    }
}

impl<'a> FileFacts<'a> {
    /// Computes the facts of a file, without a word of the configuration about base images.
    pub fn new(
        path: &'a Utf8Path,
        dockerfile: &'a Dockerfile,
        bodies: &'a Bodies,
        tree: &'a dyn Tree,
        today: jiff::civil::Date,
    ) -> Self {
        Self::with_images(path, dockerfile, bodies, tree, today, &NO_IMAGES)
    }

    /// Computes the facts of a file; `images` is what the configuration says about base images.
    pub fn with_images(
        path: &'a Utf8Path,
        dockerfile: &'a Dockerfile,
        bodies: &'a Bodies,
        tree: &'a dyn Tree,
        today: jiff::civil::Date,
        images: &'a Images,
    ) -> Self {
        Self::with_project(path, dockerfile, bodies, tree, today, images, None)
    }

    /// Computes the facts of a file; `project` is what builds and runs its images.
    pub fn with_project(
        path: &'a Utf8Path,
        dockerfile: &'a Dockerfile,
        bodies: &'a Bodies,
        tree: &'a dyn Tree,
        today: jiff::civil::Date,
        images: &'a Images,
        project: Option<&'a Project>,
    ) -> Self {
        let syntax = stages(dockerfile);
        let own_folder = path.parent().unwrap_or(Utf8Path::new(""));
        let context = project.and_then(|project| project::context_of(project, path));
        let mut facts = Self {
            path,
            dockerfile,
            tree,
            today,
            images,
            project,
            options: &NO_OPTIONS,
            globals: Vec::new(),
            global_args: GlobalArgs::given(project.map(|p| project::given_args(p, path)).unwrap_or_default()),
            stages: Vec::with_capacity(syntax.len()),
            names: StageNames::new(&syntax),
            context: context.unwrap_or(own_folder).to_owned(),
            dev: is_dev_path(path),
            docker_action: false,
            answers: RefCell::default(),
            mentions: RefCell::default(),
            takers: OnceCell::new(),
            taken_from: OnceCell::new(),
            case: OnceCell::new(),
            roots: OnceCell::new(),
            template: OnceCell::new(),
        };
        let end_of_globals = syntax.first().map_or(dockerfile.instructions.len(), |s| s.instructions.start);
        for (index, instruction) in dockerfile.instructions[..end_of_globals].iter().enumerate() {
            if instruction.keyword == Keyword::Arg {
                for pair in &instruction.pairs {
                    facts.global_args.declare(pair, dockerfile.escape);
                }
            }
            let state = Rc::new(State::new(dockerfile.escape, &facts.global_args.budget));
            facts.globals.push(InstructionFacts { instruction, index, state, body: None, calls: Vec::new() });
        }
        for stage in &syntax {
            let built = facts.stage(stage, stage.index + 1 == syntax.len(), bodies);
            if let Base::Stage(parent) = built.base
                && let Some(parent) = facts.stages.get_mut(parent)
            {
                parent.built_on = true;
            }
            facts.stages.push(built);
        }
        facts.mark_shipped();
        facts.find_starts();
        facts.docker_action = facts.is_docker_action();
        facts
    }

    fn stage(&self, syntax: &Stage, last: bool, bodies: &'a Bodies) -> StageFacts<'a> {
        let file = self.dockerfile;
        let from = &file.instructions[syntax.instructions.start];
        let base = base::resolve(from, syntax, &self.names, &self.global_args, file.escape, self.images);
        let mut state = match &base {
            Base::Stage(parent) => Rc::new(self.stages[*parent].end.child()),
            Base::Scratch => Rc::new(State::on_scratch(file.escape, &self.global_args.budget)),
            _ => Rc::new(State::new(file.escape, &self.global_args.budget)),
        };
        if let Base::Image(image) = &base
            && let Some(said) = &image.said
        {
            for (name, value) in said.environment() {
                Rc::make_mut(&mut state).set_env(name, Value::Set(value.clone()), false);
            }
        }
        let defaults = match &base {
            Base::Image(image) => Some(&image.defaults),
            Base::Stage(parent) => self.base_defaults(*parent),
            Base::Scratch | Base::Unknown => None,
        };
        let windows =
            defaults.is_some_and(Defaults::is_windows) || shells::says_windows(from, file, defaults);
        let base_workdir = match self.root_base(&base) {
            Base::Scratch => Some("/"),
            _ => defaults.and_then(Defaults::workdir_path),
        };
        let mut instructions = Vec::with_capacity(syntax.instructions.len());
        for index in syntax.instructions.clone() {
            let instruction = &file.instructions[index];
            let set = matches!(state.shell, Shell::Set(_));
            let body = bodies.of(index).filter(|_| shells::is_posix(&state.shell) && (set || !windows));
            let calls = match body {
                Some(body) if instruction.keyword == Keyword::Run => {
                    body.scripts().flat_map(package_commands).collect()
                }
                _ => Vec::new(),
            };
            instructions.push(InstructionFacts { instruction, index, state: Rc::clone(&state), body, calls });
            advance(&mut state, instruction, syntax.index, base_workdir, &self.global_args);
        }
        let name = syntax.name.as_ref().map(|word| {
            let at = from.args.iter().position(|w| w == word).unwrap_or(0);
            from.args[at].text.as_str()
        });
        let end = instructions.last().map_or(from.span.end, |i| i.instruction.span.end);
        StageFacts {
            index: syntax.index,
            name,
            from,
            root: match base {
                Base::Stage(parent) => self.stages.get(parent).map_or(parent, |stage| stage.root),
                _ => syntax.index,
            },
            base,
            built_on: false,
            instructions,
            end: state,
            shipped: last,
            last,
            built: last,
            dev: self.dev || name.is_some_and(is_dev_stage),
            start: Start::default(),
            span: Span::new(from.span.start, end),
            launches: OnceCell::new(),
            servers: OnceCell::new(),
            python_start: OnceCell::new(),
            python_settings: OnceCell::new(),
        }
    }

    /// Whether a text stands anywhere in the file: a rule that needs it can leave at once where it does not.
    pub fn mentions(&self, text: &'static str) -> bool {
        let known = self.mentions.borrow().iter().find(|(own, _)| *own == text).map(|(_, there)| *there);
        known.unwrap_or_else(|| {
            let all = self.dockerfile.source.text().as_bytes();
            let there = memchr::memmem::find(all, text.as_bytes()).is_some();
            self.mentions.borrow_mut().push((text, there));
            there
        })
    }

    /// What a stage is finally built on, through its parent stages.
    pub fn root_base<'b>(&'b self, base: &'b Base) -> &'b Base {
        match base {
            Base::Stage(parent) => self
                .stages
                .get(*parent)
                .and_then(|parent| self.stages.get(parent.root))
                .map_or(base, |s| &s.base),
            _ => base,
        }
    }

    /// The external image that a stage is finally built on.
    pub fn base_image(&self, stage: &StageFacts<'_>) -> Option<&BaseImage> {
        match self.root_base(&self.stages.get(stage.index)?.base) {
            Base::Image(image) => Some(image),
            _ => None,
        }
    }

    /// Defaults of the external image that a stage is finally built on.
    pub fn base_defaults(&self, stage: usize) -> Option<&Defaults> {
        match self.root_base(&self.stages.get(stage)?.base) {
            Base::Image(image) => Some(&image.defaults),
            _ => None,
        }
    }

    /// Defaults of the image a stage is finally built on.
    pub fn defaults(&self, stage: &StageFacts<'_>) -> Option<&Defaults> {
        self.base_image(stage).map(|image| &image.defaults)
    }

    /// The package manager family of a stage, where it is known.
    pub fn distribution(&self, stage: &StageFacts<'_>) -> Option<&image::Distribution> {
        self.defaults(stage).and_then(|d| d.distribution.as_ref())
    }

    /// The stage that holds a byte of the file.
    pub fn stage_at(&self, offset: u32) -> Option<&StageFacts<'a>> {
        let after = self.stages.partition_point(|s| s.span.start <= offset);
        self.stages.get(after.checked_sub(1)?)
    }

    fn mark_shipped(&mut self) {
        self.mark_built();
        for index in (0..self.stages.len()).rev() {
            if self.stages[index].shipped
                && let Base::Stage(parent) = self.stages[index].base
            {
                self.stages[parent].shipped = true;
            }
        }
    }

    fn find_starts(&mut self) {
        // Looking back from each stage of a long chain is quadratic; nobody ships more than a few.
        let first = self.stages.len().saturating_sub(MAX_STARTS);
        for index in first..self.stages.len() {
            let start = Start::of(self, &self.stages[index]);
            let stage = &mut self.stages[index];
            stage.dev |= stage.built && start.command_words().is_some_and(|words| is_dev_command(&words));
            stage.start = start;
        }
    }

    /// GitHub runs Docker actions as root and forbids USER ("Dockerfile support for GitHub Actions").
    fn is_docker_action(&self) -> bool {
        let dir = self.path.parent().unwrap_or(Utf8Path::new(""));
        let name = self.path.file_name().unwrap_or("");
        ["action.yml", "action.yaml"].iter().any(|action| {
            self.tree.read(&dir.join(action)).found().is_some_and(|text| {
                let docker = text.lines().any(|l| {
                    l.trim_start()
                        .strip_prefix("using:")
                        .is_some_and(|v| v.trim().trim_matches(['"', '\'']) == "docker")
                });
                docker && text.lines().any(|l| l.trim_start().starts_with("image:") && l.contains(name))
            })
        })
    }
}

impl<'a> StageFacts<'a> {
    /// The stage's name for identities: its name, `final` for an unnamed last stage, else its number.
    pub fn label(&self) -> String {
        match self.name {
            Some(name) => name.to_ascii_lowercase(),
            None if self.last => "final".to_owned(),
            None => format!("#{}", self.index),
        }
    }

    /// Instructions of one kind, in order.
    pub fn of(&self, keyword: Keyword) -> impl DoubleEndedIterator<Item = &InstructionFacts<'a>> {
        self.instructions.iter().filter(move |i| i.instruction.keyword == keyword)
    }
}

/// A command of a RUN, with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Step<'f, 'a> {
    /// The script it stands in.
    pub script: &'f Script,
    /// That script's number among [`InstructionFacts::scripts`].
    pub order: usize,
    /// The command.
    pub command: &'f Command,
    /// What it does with a package manager.
    pub call: Option<&'f PackageCommand<'a>>,
}

impl<'a> InstructionFacts<'a> {
    /// Whether this is an instruction of that kind.
    pub fn is(&self, keyword: Keyword) -> bool {
        self.instruction.keyword == keyword
    }

    /// The scripts that run here: the line, then the here-documents that a shell runs.
    pub fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.body.into_iter().flat_map(RunBody::scripts)
    }

    /// The commands that run here, in order. Only those of RUN have their calls of package managers with them.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_, 'a>> {
        // Both are in the order of the scripts.
        let mut calls = self.calls.iter().peekable();
        let commands =
            |(order, script)| Script::commands(script).map(move |command| (order, script, command));
        self.scripts().enumerate().flat_map(commands).map(move |(order, script, command)| {
            let call = calls.next_if(|call| std::ptr::eq(call.command, command));
            Step { script, order, command, call }
        })
    }
}

/// Applies an instruction to the state. Instructions that change nothing share it.
fn advance(
    state: &mut Rc<State>,
    instruction: &Instruction,
    owner: usize,
    base_workdir: Option<&str>,
    globals: &GlobalArgs,
) {
    let argument = instruction.args.first().map(|word| word.text.as_str());
    match (instruction.keyword, argument) {
        (Keyword::User, Some(text)) => {
            let value = state.expand(text).value;
            Rc::make_mut(state).user = User::Set { value, span: instruction.body, stage: owner };
        }
        (Keyword::Workdir, Some(text)) => {
            let path = state.expand(text).value;
            Rc::make_mut(state).enter(path, base_workdir);
        }
        (Keyword::Shell, Some(_)) if instruction.json => {
            let words = instruction.args.iter().map(|w| w.text.clone()).collect();
            Rc::make_mut(state).shell = Shell::Set(words);
        }
        (Keyword::Arg, _) => {
            for pair in &instruction.pairs {
                base::declare_arg(Rc::make_mut(state), pair, globals);
            }
        }
        (Keyword::Env, _) => {
            // All keys and values of one ENV see the state before it.
            let values: Vec<_> = instruction
                .pairs
                .iter()
                .filter_map(|pair| {
                    let key = state.expand(&pair.key.text).value?;
                    let value = pair.value.as_ref().map(|word| state.expand(&word.text)).unwrap_or_default();
                    let overridable = value.uses.iter().any(|used| state.may_be_overridden(&used.name));
                    Some((key, value.value.map_or(Value::Unknown, Value::Set), overridable))
                })
                .collect();
            let state = Rc::make_mut(state);
            for (name, value, overridable) in values {
                state.set_env(&name, value, overridable);
            }
        }
        _ => {}
    }
}
