//! Build stages: where they start, how they are named, how they build on one another.

use super::{Dockerfile, Instruction, Keyword, Word};
use std::ops::Range;

/// A build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Number of the stage, from 0.
    pub index: usize,
    /// Its instructions, FROM first, as indices into [`Dockerfile::instructions`].
    pub instructions: Range<usize>,
    /// The name after `AS`, as written.
    pub name: Option<Word>,
}

/// What FROM builds on, as written.
pub fn from_image(from: &Instruction) -> Option<&Word> {
    from.args.first()
}

/// The stages of a file. Instructions before the first FROM belong to none.
pub fn stages(file: &Dockerfile) -> Vec<Stage> {
    let starts: Vec<usize> = file
        .instructions
        .iter()
        .enumerate()
        .filter(|(_, i)| i.keyword == Keyword::From)
        .map(|(at, _)| at)
        .collect();
    starts
        .iter()
        .enumerate()
        .map(|(index, start)| {
            let end = starts.get(index + 1).copied().unwrap_or(file.instructions.len());
            Stage { index, instructions: *start..end, name: stage_name(&file.instructions[*start]) }
        })
        .collect()
}

fn stage_name(from: &Instruction) -> Option<Word> {
    match from.args.as_slice() {
        [_, keyword, name, ..] if keyword.text.eq_ignore_ascii_case("as") => Some(name.clone()),
        _ => None,
    }
}

/// The earlier stage that a name means in FROM of stage `before` (names are compared without case).
pub fn find_named(stages: &[Stage], name: &str, before: usize) -> Option<usize> {
    stages[..before.min(stages.len())]
        .iter()
        .rev()
        .find(|s| s.name.as_ref().is_some_and(|n| n.text.eq_ignore_ascii_case(name)))
        .map(|s| s.index)
}

/// The earlier stage that `--from=` of an instruction in stage `before` means: by name or by number.
pub fn find_source(stages: &[Stage], name: &str, before: usize) -> Option<usize> {
    find_named(stages, name, before).or_else(|| name.parse::<usize>().ok().filter(|index| *index < before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::text::Source;

    #[test]
    fn finds_stages_by_name_and_number() {
        let file = parse(&Source::new("ARG X\nFROM a AS Build\nRUN x\nFROM build\nFROM b as c\n"));
        let stages = stages(&file);
        assert_eq!(stages.len(), 3);
        assert_eq!(stages[0].instructions, 1..3);
        assert_eq!(find_named(&stages, "BUILD", 1), Some(0));
        assert_eq!(find_named(&stages, "c", 2), None);
        assert_eq!(find_source(&stages, "1", 2), Some(1));
        assert_eq!(find_source(&stages, "2", 2), None);
    }
}
