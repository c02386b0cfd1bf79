//! Build stages: where they start, how they are named, how they build on one another.

use super::{Dockerfile, Instruction, Keyword, Word};
use std::collections::HashMap;
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

/// Stages by name, so that files of many stages are read in linear time.
#[derive(Debug, Default)]
pub struct StageNames {
    /// Numbers of the stages of a name in lower case, ascending.
    by_name: HashMap<String, Vec<usize>>,
}

impl StageNames {
    /// The names of stages.
    pub fn new(stages: &[Stage]) -> Self {
        let mut names = Self::default();
        for stage in stages {
            if let Some(name) = &stage.name {
                names.by_name.entry(name.text.to_ascii_lowercase()).or_default().push(stage.index);
            }
        }
        names
    }

    /// The earlier stage that a name means in FROM of stage `before` (names are compared without case).
    pub fn named(&self, name: &str, before: usize) -> Option<usize> {
        if self.by_name.is_empty() {
            return None;
        }
        let stages = self.by_name.get(&name.to_ascii_lowercase())?;
        stages.get(stages.partition_point(|stage| *stage < before).checked_sub(1)?).copied()
    }

    /// The earlier stage that `--from=` of an instruction in stage `before` means: by name or by number.
    pub fn source(&self, name: &str, before: usize) -> Option<usize> {
        self.named(name, before).or_else(|| name.parse::<usize>().ok().filter(|index| *index < before))
    }
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
        let names = StageNames::new(&stages);
        assert_eq!(names.named("BUILD", 1), Some(0));
        assert_eq!(names.named("c", 2), None);
        assert_eq!(names.source("1", 2), Some(1));
        assert_eq!(names.source("2", 2), None);
    }
}
