//! What came before in a stage and in the stages it is built on.

use super::{Base, FileFacts, InstructionFacts, StageFacts};

/// How many stages below a stage are looked through: each rule may ask at each stage, and nobody builds more
/// on one another.
const MAX_CHAIN: usize = 32;

impl<'a> FileFacts<'a> {
    /// A stage and the stages it is built on, itself first; of a longer chain the nearest [`MAX_CHAIN`].
    pub fn chain(&self, stage: &StageFacts<'_>) -> Vec<&StageFacts<'a>> {
        let mut out = Vec::new();
        let mut next = self.stages.get(stage.index);
        while let Some(stage) = next.filter(|_| out.len() < MAX_CHAIN) {
            out.push(stage);
            next = match stage.base {
                Base::Stage(parent) => self.stages.get(parent),
                _ => None,
            };
        }
        out
    }

    /// The instructions of a stage and of the stages it is built on, in the order they are run.
    pub fn history(&self, stage: &StageFacts<'_>) -> Vec<(&StageFacts<'a>, &InstructionFacts<'a>)> {
        let chain = self.chain(stage);
        let mut out = Vec::with_capacity(chain.iter().map(|stage| stage.instructions.len()).sum());
        for stage in chain.into_iter().rev() {
            out.extend(stage.instructions.iter().map(|facts| (stage, facts)));
        }
        out
    }

    /// Number of the first instruction in the history of a stage for which `holds` is true.
    ///
    /// Remembered under `key`, which must always come with the same question: rules that ask at every
    /// instruction what came before would else read the file again each time.
    pub fn first(
        &self,
        stage: &StageFacts<'_>,
        key: &'static str,
        holds: impl Fn(&InstructionFacts<'_>) -> bool,
    ) -> Option<usize> {
        self.remembered(stage, key, || {
            self.history(stage)
                .into_iter()
                .map(|(_, facts)| facts)
                .find(|facts| holds(facts))
                .map(|f| f.index)
        })
    }

    /// Number of the last instruction of a stage, or of the stages that are built on it, for which `holds` is
    /// true; remembered as in [`FileFacts::first`].
    pub fn last_above(
        &self,
        stage: &StageFacts<'_>,
        key: &'static str,
        holds: impl Fn(&InstructionFacts<'_>) -> bool,
    ) -> Option<usize> {
        self.remembered(stage, key, || {
            let all = self.with_descendants(stage).into_iter().rev();
            all.flat_map(|s| s.instructions.iter().rev()).find(|facts| holds(facts)).map(|f| f.index)
        })
    }

    fn remembered(
        &self,
        stage: &StageFacts<'_>,
        key: &'static str,
        find: impl FnOnce() -> Option<usize>,
    ) -> Option<usize> {
        let known = self.answers.borrow().get(&(stage.index, key)).copied();
        known.unwrap_or_else(|| {
            let found = find();
            self.answers.borrow_mut().insert((stage.index, key), found);
            found
        })
    }
}
