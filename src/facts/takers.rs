//! Which stages copy from which.

use super::{FileFacts, StageFacts};
use crate::dockerfile::Keyword;

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
}
