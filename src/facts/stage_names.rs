//! Where stages are named and referred to.

use super::FileFacts;
use crate::dockerfile::{Flag, Instruction, Keyword, Word};
use crate::text::{Edit, Span};
use std::collections::HashMap;

/// A place that refers to a stage by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageUse<'a> {
    /// Number of the stage that refers, from 0.
    pub stage: usize,
    /// The name in the file, nothing else.
    pub span: Span,
    /// The name as written.
    pub text: &'a str,
    /// Whether it is the image of FROM.
    pub from: bool,
}

/// The words of a file that may name a stage, by the name in lower case.
#[derive(Debug, Default)]
pub struct StageUses<'a> {
    by_name: HashMap<String, Vec<StageUse<'a>>>,
}

impl<'a> StageUses<'a> {
    /// The references to a name in stages after `stage`, in order; the name is compared without case.
    pub fn after(&self, name: &str, stage: usize) -> impl Iterator<Item = &StageUse<'a>> {
        let uses = self.by_name.get(&name.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        uses[uses.partition_point(|u| u.stage <= stage)..].iter()
    }

    /// Edits that give the stage of a name word another name, at the word and wherever it is referred to.
    pub fn rename(&self, word: &Word, stage: usize, to: &str) -> Vec<Edit> {
        let uses = self.after(&word.text, stage).filter(|u| u.text != to).map(|u| u.span);
        std::iter::once(word.span).chain(uses).map(|span| Edit::replace(span, to)).collect()
    }

    fn add(&mut self, stage: usize, text: &'a str, span: Span, from: bool) {
        if !text.is_empty() && !text.contains('$') {
            let found = StageUse { stage, span, text, from };
            self.by_name.entry(text.to_ascii_lowercase()).or_default().push(found);
        }
    }
}

impl FileFacts<'_> {
    /// Every word that may name a stage: the image of FROM, `COPY --from=`, `RUN --mount=from=`. Words that use
    /// variables are left out.
    pub fn stage_uses(&self) -> StageUses<'_> {
        let mut out = StageUses::default();
        for stage in &self.stages {
            if let Some(word) = stage.from.args.first() {
                out.add(stage.index, &word.text, word.span, true);
            }
            for facts in &stage.instructions {
                for flag in &facts.instruction.flags {
                    if let Some((text, span)) = named_by(facts.instruction, flag) {
                        // Only where the word stands in the file as it is read, it can be edited.
                        if self.dockerfile.source.slice(span) == text {
                            out.add(stage.index, text, span, false);
                        }
                    }
                }
            }
        }
        out
    }

    /// How many stages bear each name, by the name in lower case.
    pub fn stage_name_counts(&self) -> HashMap<String, usize> {
        let mut out = HashMap::new();
        for name in self.stages.iter().filter_map(|stage| stage.name) {
            *out.entry(name.to_ascii_lowercase()).or_default() += 1;
        }
        out
    }
}

/// The word after `AS`.
pub fn stage_name_word(from: &Instruction) -> Option<&Word> {
    match from.args.as_slice() {
        [_, keyword, name, ..] if keyword.text.eq_ignore_ascii_case("as") => Some(name),
        _ => None,
    }
}

/// What `--from=` or the `from=` of `--mount=` says, and where.
pub(super) fn named_by<'i>(instruction: &Instruction, flag: &'i Flag) -> Option<(&'i str, Span)> {
    let value = flag.value.as_ref()?;
    match (instruction.keyword, flag.name.as_str()) {
        (Keyword::Copy, "from") => Some((&value.text, value.span)),
        (Keyword::Run, "mount") => {
            let mut at = 0;
            for field in value.text.split(',') {
                if let Some(name) = field.strip_prefix("from=") {
                    let start = value.span.start + (at + field.len() - name.len()) as u32;
                    return Some((name, Span::new(start, start + name.len() as u32)));
                }
                at += field.len() + 1;
            }
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::facts::Bodies;
    use crate::repository::MemoryTree;
    use crate::text::{Source, apply};

    #[test]
    fn renames_a_stage_wherever_it_is_named() {
        let text = "FROM a AS Build\nCOPY --from=build x y\nFROM Build AS next\n\
                    RUN --mount=type=bind,from=Build,target=/x make\nCOPY --from=BUILD /x --from=Build /y\n\
                    COPY --from=builder x y\nCOPY --from=$Build x y\n";
        let file = parse(&Source::new(text));
        let bodies = Bodies::read(&file);
        let tree = MemoryTree::complete();
        let facts =
            FileFacts::new("Dockerfile".into(), &file, &bodies, &tree, jiff::civil::date(2026, 11, 24));
        let word = stage_name_word(facts.stages[0].from).unwrap();
        let edits = facts.stage_uses().rename(word, 0, "build");
        assert_eq!(
            apply(text, &edits).unwrap(),
            "FROM a AS build\nCOPY --from=build x y\nFROM build AS next\n\
             RUN --mount=type=bind,from=build,target=/x make\nCOPY --from=build /x --from=Build /y\n\
             COPY --from=builder x y\nCOPY --from=$Build x y\n"
        );
    }
}
