//! What may have come into an image that starts with nothing.

use super::{Base, FileFacts, StageFacts, Workdir, is_absolute, join};
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::image::ShellKind;
use crate::repository::{Kind, normalize};
use camino::Utf8Path;

/// Names of shells, and of the one program that is many.
const SHELLS: [&str; 8] = ["sh", "ash", "bash", "dash", "busybox", "toybox", "zsh", "ksh"];

impl FileFacts<'_> {
    /// Whether the image that a stage is finally built on is known to have no shell.
    pub fn base_has_no_shell(&self, stage: &StageFacts<'_>) -> bool {
        match self.stages.get(stage.root).map(|root| &root.base) {
            Some(Base::Scratch) => true,
            Some(Base::Image(image)) => image.defaults.shell.kind == ShellKind::None,
            _ => false,
        }
    }

    /// Whether a stage is known to have no shell when the instruction `index` of the file runs: its base has
    /// none, and nothing before brings one.
    pub fn has_no_shell(&self, stage: &StageFacts<'_>, index: usize) -> bool {
        self.base_has_no_shell(stage) && !self.may_have_brought(stage, index, &SHELLS, &["usr", "busybox"])
    }

    /// Whether something before the instruction `index` of the file may have brought one of the files `names`
    /// into a stage, or all of a folder in one of the top folders `tops`. Archives, and folders that are copied
    /// to `/`, may hold anything.
    pub fn may_have_brought(
        &self,
        stage: &StageFacts<'_>,
        index: usize,
        names: &[&str],
        tops: &[&str],
    ) -> bool {
        let is_named = |path: &str| {
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
            names.contains(&name)
        };
        let history = self.history(stage);
        // Of a chain that is too long to look through, nothing is known.
        if history.first().is_none_or(|(owner, _)| owner.index != stage.root) {
            return true;
        }
        history.into_iter().map(|(_, facts)| facts).take_while(|facts| facts.index < index).any(|facts| {
            let node = facts.instruction;
            match node.keyword {
                Keyword::Add => true,
                // It may write into the image what a mount brings.
                Keyword::Run => node.flags.iter().any(|flag| flag.name == "mount"),
                Keyword::Copy => {
                    let Some((destination, sources)) = node.args.split_last() else { return false };
                    let Some(to) = facts.state.expand(&destination.text).value else { return true };
                    let to = match &facts.state.workdir {
                        _ if is_absolute(&to) => join("/", &to),
                        Workdir::Set(dir) => join(dir, &to),
                        Workdir::Base | Workdir::Unknown => join("/", &to),
                    };
                    let top = to.trim_start_matches('/').split('/').next().unwrap_or("");
                    let one_of = is_named(&to) || sources.iter().any(|source| is_named(&source.text));
                    let folder = |source: &Word| {
                        if to.ends_with("bin") {
                            // A program, unless it is written as more than one.
                            let path = source.text.trim_end_matches('/');
                            path.len() < source.text.len()
                                || path.contains(['*', '?', '[', '$'])
                                || ["bin", "usr", "fs", "root", "."].iter().any(|end| path.ends_with(end))
                        } else {
                            !self.is_file(node, &source.text)
                        }
                    };
                    let into = to == "/"
                        || to.ends_with("bin")
                        || (tops.contains(&top) && to.matches('/').count() == 1);
                    one_of || (into && sources.iter().any(folder))
                }
                _ => false,
            }
        })
    }

    /// Whether a source of COPY is certainly a single file.
    fn is_file(&self, copy: &Instruction, source: &str) -> bool {
        if copy.flag("from").is_some() {
            let name = source.rsplit('/').next().unwrap_or("");
            return [".crt", ".pem", ".conf", ".json", ".yml", ".yaml", ".toml"]
                .iter()
                .any(|end| name.ends_with(end));
        }
        let Some(path) = normalize(Utf8Path::new(source.trim_start_matches('/'))) else { return false };
        let entry = self.tree.entry(&self.context.join(path));
        entry.found().is_some_and(|entry| matches!(entry.kind, Kind::File | Kind::Executable))
    }
}
