//! What of the build context stands in the image when a RUN runs, and where its commands work.

use super::context::{Match, copies};
use super::{Base, FileFacts, InstructionFacts, MountKind, StageFacts, Step, Workdir, join};
use crate::dockerfile::{Instruction, Keyword};
use crate::repository::{Lookup, normalize};
use crate::shell::packages::{PackageCommand, removed_paths, removes};
use camino::{Utf8Path, Utf8PathBuf};

/// What stands at a path of the image.
#[derive(Debug, Clone)]
pub enum Placed<'f> {
    /// A file of the build context.
    File {
        /// The file in the tree.
        path: Utf8PathBuf,
        /// Whether it came along with a folder, or with others that a pattern names.
        broad: bool,
        /// The COPY or ADD; `None` for a mount.
        copy: Option<&'f Instruction>,
    },
    /// Nothing of the context.
    Nothing,
    /// That is not known.
    Unknown,
}

impl Placed<'_> {
    /// The file in the tree.
    pub fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Nothing | Self::Unknown => None,
        }
    }

    /// Whether it came along with the folder it lies in.
    pub fn is_with_folder(&self) -> bool {
        match self {
            Self::File { broad: true, copy: Some(copy), .. } => copy
                .args
                .split_last()
                .is_some_and(|(_, from)| from.iter().all(|word| !word.text.contains('*'))),
            Self::File { broad, .. } => *broad,
            Self::Nothing | Self::Unknown => false,
        }
    }
}

/// How many instructions above a RUN are looked at: each rule may ask at each RUN.
const MAX_ABOVE: usize = 500;

impl<'a> FileFacts<'a> {
    /// What of the context stands at an absolute path of the image while `run`, an instruction of `stage`, runs.
    pub fn placed(&self, stage: &StageFacts<'_>, run: &InstructionFacts<'_>, target: &str) -> Placed<'a> {
        if let Some(mounted) = self.mounted(run, target) {
            return mounted;
        }
        let mut left = MAX_ABOVE;
        for facts in self.above_run(stage, run) {
            left -= 1;
            if left == 0 {
                return Placed::Unknown;
            }
            match facts.instruction.keyword {
                Keyword::Copy | Keyword::Add if facts.instruction.heredocs.is_empty() => {
                    match copies(self, facts, target) {
                        Match::Yes(path, broad) => {
                            return Placed::File { path, broad, copy: Some(facts.instruction) };
                        }
                        Match::Maybe => return Placed::Unknown,
                        Match::No => {}
                    }
                }
                Keyword::Run if Self::takes_away(facts, target) => return Placed::Unknown,
                _ => {}
            }
        }
        Placed::Nothing
    }

    /// Whether an earlier command of a RUN, or a RUN before it in the stage, is such a call of a package manager.
    pub fn ran_before(
        &self,
        stage: &StageFacts<'_>,
        run: &InstructionFacts<'_>,
        step: &Step<'_, '_>,
        holds: impl Fn(&PackageCommand<'_>) -> bool,
    ) -> bool {
        let here = run.steps().take_while(|other| !std::ptr::eq(other.command, step.command));
        here.filter_map(|other| other.call).any(&holds)
            || self.above_run(stage, run).take(MAX_ABOVE).any(|facts| facts.calls.iter().any(&holds))
    }

    /// The instructions above a RUN in its stage and in those it is built on, the nearest first.
    fn above_run<'s>(
        &'s self,
        stage: &StageFacts<'_>,
        run: &InstructionFacts<'_>,
    ) -> impl Iterator<Item = &'s InstructionFacts<'a>> {
        let index = run.index;
        self.chain(stage).into_iter().flat_map(move |owner| {
            let before = owner.instructions.partition_point(|facts| facts.index < index);
            owner.instructions.get(..before).unwrap_or(&[]).iter().rev()
        })
    }

    fn takes_away(facts: &InstructionFacts<'_>, target: &str) -> bool {
        let name = target.rsplit('/').next().unwrap_or(target);
        facts.instruction.rest_text().contains("rm ")
            && facts.scripts().flat_map(crate::shell::Script::commands).any(|command| {
                removed_paths(command)
                    .iter()
                    .any(|path| removes(path, target) || path.trim_start_matches("./") == name)
            })
    }

    /// What a bind mount brings to a path.
    fn mounted(&self, run: &InstructionFacts<'_>, target: &str) -> Option<Placed<'a>> {
        for mount in run.mounts() {
            if mount.kind != MountKind::Bind {
                continue;
            }
            let Some(at) = mount.target.as_deref() else { return Some(Placed::Unknown) };
            let Some(below) = target.strip_prefix(at.trim_end_matches('/')) else { continue };
            if !below.is_empty() && !below.starts_with('/') {
                continue;
            }
            let (None, Some(source)) = (&mount.from, &mount.source) else { return Some(Placed::Unknown) };
            let inside = format!("{}/{}", source.trim_start_matches('/'), below.trim_start_matches('/'));
            let Some(path) = normalize(Utf8Path::new(&inside)) else { return Some(Placed::Unknown) };
            let path = self.context.join(path);
            let broad = !below.is_empty();
            return Some(match self.tree.entry(&path) {
                Lookup::Found(_) if !self.is_ignored(&path) => Placed::File { path, broad, copy: None },
                Lookup::Found(_) | Lookup::Absent => Placed::Nothing,
                Lookup::Unknown => Placed::Unknown,
            });
        }
        None
    }

    /// The absolute path of the folder that a command of a RUN works in; `None` where that is not known.
    pub fn working_dir(
        &self,
        stage: &StageFacts<'_>,
        run: &InstructionFacts<'_>,
        step: &Step<'_, '_>,
    ) -> Option<String> {
        let start = match &run.state.workdir {
            Workdir::Set(path) => Some(path.as_str()),
            Workdir::Base => match self.root_base(&stage.base) {
                Base::Scratch => Some("/"),
                _ => self.defaults(stage).and_then(crate::image::Defaults::workdir_path),
            },
            Workdir::Unknown => None,
        };
        step.script.dir_at(step.command).under(start, None)
    }

    /// What of the context stands at a path, relative to where a command of a RUN works.
    pub fn placed_at(
        &self,
        stage: &StageFacts<'_>,
        run: &InstructionFacts<'_>,
        step: &Step<'_, '_>,
        path: &str,
    ) -> Placed<'a> {
        match self.working_dir(stage, run, step) {
            Some(dir) => self.placed(stage, run, &join(&dir, path)),
            None => Placed::Unknown,
        }
    }
}

/// Whether a command of a RUN sees a variable with a value: from ENV or ARG, from an assignment before it, or from one
/// anywhere in the same RUN (also of an `export`). Unknown values count.
pub fn is_set_for(run: &InstructionFacts<'_>, step: &Step<'_, '_>, name: &str) -> bool {
    use crate::dockerfile::expand::Value;
    let off = |value: &str| matches!(value, "" | "0" | "false" | "no" | "off");
    let declared = run.state.declares(name)
        && match run.state.lookup(name) {
            Value::Set(value) => !off(&value),
            Value::Unknown => run.state.env(name).is_some() || run.state.arg(name).is_some(),
            Value::Unset => false,
        };
    declared
        || step.command.assignments.iter().any(|set| &*set.name == name && !off(set.value.text()))
        || step
            .command
            .prefix()
            .iter()
            .any(|word| word.text().strip_prefix(name).is_some_and(|v| v.starts_with('=')))
        || run.scripts().any(|script| {
            script.text().contains(name)
                && script.commands().any(|command| {
                    let exported = command.name() == Some("export")
                        && command
                            .args()
                            .iter()
                            .any(|word| word.text().strip_prefix(name).is_some_and(|v| v.starts_with('=')));
                    let alone =
                        command.words.is_empty() && command.assignments.iter().any(|set| &*set.name == name);
                    exported || alone
                })
        })
}
