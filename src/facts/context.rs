//! From a path in the image back to the file in the build context.

use super::{FileFacts, InstructionFacts, StageFacts, Workdir, is_absolute, join};
use crate::dockerfile::{Instruction, Keyword};
use crate::repository::{Kind, Lookup, normalize};
use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

/// A file of the build context that an instruction copied to a path of the image.
#[derive(Debug, Clone)]
pub struct Copied<'a> {
    /// The COPY or ADD.
    pub instruction: &'a Instruction,
    /// Its stage.
    pub stage: usize,
    /// Its number in the file.
    pub index: usize,
    /// The file in the repository.
    pub path: Utf8PathBuf,
    /// Whether the source is a folder (or a glob), so that the file came along with others.
    pub broad: bool,
}

/// Finds the file of the context that the last COPY or ADD before the end of a stage put at an absolute
/// path of the image. `None` when it came from somewhere else, or when that is not known.
pub fn copied_from<'a>(file: &FileFacts<'a>, stage: &StageFacts<'a>, target: &str) -> Option<Copied<'a>> {
    let chain = file.chain(stage).into_iter();
    for (owner, facts) in chain.flat_map(|owner| owner.instructions.iter().rev().map(move |f| (owner, f))) {
        let instruction = facts.instruction;
        match instruction.keyword {
            Keyword::Copy | Keyword::Add if instruction.heredocs.is_empty() => {
                match copies(file, facts, target) {
                    Match::Yes(path, broad) => {
                        return Some(Copied {
                            instruction,
                            stage: owner.index,
                            index: facts.index,
                            path,
                            broad,
                        });
                    }
                    Match::Maybe => return None,
                    Match::No => {}
                }
            }
            _ => {}
        }
    }
    None
}

pub(super) enum Match {
    Yes(Utf8PathBuf, bool),
    /// It may have put the file there, but which one is not known.
    Maybe,
    No,
}

pub(super) fn copies(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, target: &str) -> Match {
    let instruction = facts.instruction;
    let Some((destination, sources)) = instruction.args.split_last() else { return Match::No };
    let Some(destination) = facts.state.expand(&destination.text).value else { return Match::Maybe };
    let root = match &facts.state.workdir {
        Workdir::Set(path) => path.as_str(),
        Workdir::Base if file.base_workdir_is_root(facts) => "/",
        Workdir::Base | Workdir::Unknown if is_absolute(&destination) => "/",
        Workdir::Base | Workdir::Unknown => return Match::Maybe,
    };
    let folder = destination.ends_with('/') || destination.ends_with('.') || sources.len() > 1;
    let destination = join(root, &destination);
    if !(target == destination || is_below(target, &destination)) {
        return Match::No;
    }
    if instruction.flag("from").is_some() {
        return Match::Maybe;
    }
    let mut unclear = false;
    for source in sources {
        let Some(source) = facts.state.expand(&source.text).value else {
            unclear = true;
            continue;
        };
        let below = target.strip_prefix(destination.as_str()).unwrap_or("").trim_start_matches('/');
        let Some(in_context) = normalize(Utf8Path::new(source.trim_start_matches('/'))) else { continue };
        let in_tree = file.context.join(&in_context);
        if source.contains(['*', '?', '[']) {
            // `COPY *.sh ./`: the name is kept.
            let candidate = in_tree.parent().unwrap_or(Utf8Path::new("")).join(below);
            if glob_matches(in_tree.file_name().unwrap_or(""), below) && is_file(file, &candidate) {
                return Match::Yes(candidate, true);
            }
            continue;
        }
        match file.tree.entry(&in_tree) {
            Lookup::Found(entry) if entry.kind == Kind::Directory => {
                let candidate = in_tree.join(below);
                if !below.is_empty() && is_file(file, &candidate) {
                    return Match::Yes(candidate, true);
                }
            }
            Lookup::Found(_) => {
                let name = in_context.file_name().unwrap_or("");
                if below == name || (below.is_empty() && !folder) {
                    return Match::Yes(in_tree, false);
                }
            }
            Lookup::Absent => {}
            Lookup::Unknown => {
                // A partial tree: ask for the file itself, so that it is fetched.
                let candidate = if below.is_empty() || Some(below) == in_context.file_name() {
                    in_tree.clone()
                } else {
                    in_tree.join(below)
                };
                if is_file(file, &candidate) {
                    return Match::Yes(candidate.clone(), candidate != in_tree);
                }
                unclear = true;
            }
        }
    }
    if unclear { Match::Maybe } else { Match::No }
}

fn is_file(file: &FileFacts<'_>, path: &Utf8Path) -> bool {
    let there =
        file.tree.entry(path).found().is_some_and(|e| matches!(e.kind, Kind::File | Kind::Executable));
    there && !file.is_ignored(path)
}

fn is_below(path: &str, dir: &str) -> bool {
    dir == "/" || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a file name fits a pattern of COPY.
fn glob_matches(pattern: &str, name: &str) -> bool {
    // One star is what most patterns are; it needs no matcher.
    if let Some((start, end)) = pattern.split_once('*')
        && !pattern.contains(['?', '[', '\\', '{'])
        && !end.contains('*')
    {
        return name.len() >= start.len() + end.len()
            && name
                .strip_prefix(start)
                .is_some_and(|rest| rest.strip_suffix(end).is_some_and(|between| !between.contains('/')));
    }
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

impl FileFacts<'_> {
    /// Whether the working directory of the base image is known to be `/`.
    fn base_workdir_is_root(&self, facts: &InstructionFacts<'_>) -> bool {
        let Some(stage) = self.stage_at(facts.instruction.span.start) else { return false };
        match self.root_base(&stage.base) {
            super::Base::Scratch => true,
            super::Base::Image(image) => image.defaults.workdir_path() == Some("/"),
            _ => false,
        }
    }
}
