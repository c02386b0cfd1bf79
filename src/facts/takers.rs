//! Which stages copy from which.

use super::{Base, FileFacts, StageFacts};
use crate::dockerfile::Keyword;
use std::collections::BTreeSet;

impl FileFacts<'_> {
    /// Numbers of the stages that have `COPY --from=` of a stage, ascending.
    pub fn takers(&self, stage: &StageFacts<'_>) -> &[usize] {
        let all = self.takers.get_or_init(|| {
            let mut all = vec![Vec::new(); self.stages.len()];
            for taker in &self.stages {
                for facts in taker.of(Keyword::Copy) {
                    let from = facts.instruction.flag_value("from");
                    let source = from.and_then(|from| self.names.source(&from.text, taker.index));
                    if let Some(takers) = source.and_then(|source| all.get_mut(source))
                        && takers.last() != Some(&taker.index)
                    {
                        takers.push(taker.index);
                    }
                }
            }
            all
        });
        all.get(stage.index).map_or(&[], Vec::as_slice)
    }

    /// A stage and all that are built on it, directly or not, in the order of the file.
    pub fn with_descendants(&self, stage: &StageFacts<'_>) -> Vec<&StageFacts<'_>> {
        let mut found = BTreeSet::from([stage.index]);
        if stage.built_on {
            for other in self.stages.iter().skip(stage.index) {
                if matches!(other.base, Base::Stage(parent) if found.contains(&parent)) {
                    found.insert(other.index);
                }
            }
        }
        found.into_iter().filter_map(|index| self.stages.get(index)).collect()
    }

    /// Whether a stage takes files out of this one, or out of one built on it. Also true where a variable names
    /// what is taken from.
    pub fn is_taken_from(&self, stage: &StageFacts<'_>) -> bool {
        let taken = self.taken_from.get_or_init(|| {
            let mut taken = vec![false; self.stages.len()];
            for taker in &self.stages {
                for facts in &taker.instructions {
                    let flag = facts.instruction.flag_value("from").map(|word| word.text.clone());
                    let mounts = facts.mounts().into_iter().filter_map(|mount| mount.from);
                    for name in flag.into_iter().chain(mounts) {
                        if name.contains('$') {
                            return vec![true; self.stages.len()];
                        }
                        let mut source = self.names.source(&name, taker.index);
                        while let Some(index) = source.filter(|index| taken.get(*index) == Some(&false)) {
                            taken[index] = true;
                            source = match self.stages.get(index).map(|stage| &stage.base) {
                                Some(Base::Stage(parent)) => Some(*parent),
                                _ => None,
                            };
                        }
                    }
                }
            }
            taken
        });
        taken.get(stage.index).copied().unwrap_or(true)
    }
}
