//! What files beside a Dockerfile say, read as plain text: enough to keep a rule silent.

use super::{FileFacts, StageFacts, copied_from, in_workdir};
use crate::repository::Lookup;
use std::sync::Arc;

/// Whether a Compose file in the build context, or at the root of the repository, has a line for which `holds` is true;
/// also where that is not known. Lines come without the blanks around them.
pub fn compose_has(file: &FileFacts<'_>, holds: impl Fn(&str) -> bool) -> bool {
    let Some(project) = file.project.filter(|project| project.known.compose) else { return true };
    project
        .compose_files()
        .filter(|(_, document, _)| document.dir() == file.context || document.dir().as_str().is_empty())
        .any(|(_, document, _)| document.source.text().lines().any(|line| holds(line.trim())))
}

/// A file of the context that stands in the working directory of a stage, or would stand there when the context is
/// copied there.
pub fn file_in_workdir(file: &FileFacts<'_>, stage: &StageFacts<'_>, name: &str) -> Lookup<Arc<str>> {
    let copied = in_workdir(file, stage, name).and_then(|target| copied_from(file, stage, &target));
    let path = copied.map_or_else(|| file.context.join(name), |copied| copied.path);
    file.tree.read(&path)
}

/// Whether the command of a stage, or its start script, holds a text: to keep a rule silent about what may be set
/// there.
pub fn start_mentions(stage: &StageFacts<'_>, text: &str) -> bool {
    let start = &stage.start;
    let script = start.script.as_ref().or(start.shell_script.as_ref());
    script.is_some_and(|script| script.text.contains(text))
        || [&start.entrypoint, &start.cmd]
            .into_iter()
            .flatten()
            .any(|part| part.instruction.joined.text().contains(text))
}
