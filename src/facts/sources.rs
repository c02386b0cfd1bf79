//! The stages that COPY and mounts take files from.
//!
//! Source: BuildKit, `dockerfile2llb/convert.go` (`toCommand`, `addState`) and `convert_runmount.go`
//! (`detectRunMount`): a name means the last stage of the file that bears it, also one that comes later; only
//! `COPY --from=` takes numbers.

use super::stage_names::named_by;
use super::{Base, FileFacts, InstructionFacts, StageFacts};
use crate::dockerfile::Keyword;
use crate::text::Span;

/// What `COPY --from=` or a mount's `from=` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSource<'a> {
    /// The name or number as BuildKit reads it.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
    /// Whether a number may stand for a stage.
    pub by_number: bool,
}

impl<'a> InstructionFacts<'a> {
    /// The names of stages or images that this instruction takes files from, in order. Names with variables are
    /// left out: BuildKit refuses them.
    pub fn file_sources(&self) -> impl Iterator<Item = FileSource<'a>> + use<'a> {
        let instruction = self.instruction;
        let takes = matches!(instruction.keyword, Keyword::Copy | Keyword::Run);
        let flags = if takes { instruction.flags.as_slice() } else { &[] };
        let by_number = instruction.keyword == Keyword::Copy;
        flags
            .iter()
            .filter_map(move |flag| named_by(instruction, flag))
            .filter(|(text, _)| !text.is_empty() && !text.contains('$'))
            .map(move |(text, span)| FileSource { text, span, by_number })
    }
}

impl FileFacts<'_> {
    /// The stage that a source means, wherever in the file it stands.
    pub fn stage_of(&self, source: &FileSource<'_>) -> Option<usize> {
        let number = || source.text.parse::<usize>().ok().filter(|index| *index < self.stages.len());
        if source.by_number && number().is_some() {
            return number();
        }
        self.names.named(source.text, self.stages.len())
    }

    /// Stages that need one another: for each stage the number of its circle, `None` for those in none. A stage
    /// that takes files from itself is no circle. `None` as a whole where no stage takes anything from a later
    /// one, as in almost all files.
    pub fn stage_circles(&self) -> Option<Vec<Option<usize>>> {
        let targets = |stage: &StageFacts<'_>| -> Vec<usize> {
            let sources = stage.instructions.iter().flat_map(InstructionFacts::file_sources);
            sources.filter_map(|source| self.stage_of(&source)).collect()
        };
        // Without a look ahead there is no circle.
        let ahead = |stage: &StageFacts<'_>| targets(stage).into_iter().any(|target| target > stage.index);
        if !self.stages.iter().any(ahead) {
            return None;
        }
        let needs = self.stages.iter().map(|stage| {
            let mut needs = targets(stage);
            if let Base::Stage(parent) = stage.base {
                needs.push(parent);
            }
            needs
        });
        Some(circles(&needs.collect::<Vec<_>>()))
    }
}

/// Which nodes lie on a circle together (Tarjan's strongly connected components, without recursion).
fn circles(needs: &[Vec<usize>]) -> Vec<Option<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; needs.len()];
    let mut low = vec![UNSEEN; needs.len()];
    let mut open = vec![false; needs.len()];
    let mut circle = vec![None; needs.len()];
    let (mut stack, mut next, mut number) = (Vec::new(), 0, 0);
    for start in 0..needs.len() {
        if order[start] != UNSEEN {
            continue;
        }
        let mut path = vec![(start, 0)];
        while let Some((node, child)) = path.pop() {
            if child == 0 {
                order[node] = next;
                low[node] = next;
                next += 1;
                stack.push(node);
                open[node] = true;
            }
            if let Some(target) = needs[node].get(child).copied() {
                path.push((node, child + 1));
                if order[target] == UNSEEN {
                    path.push((target, 0));
                } else if open[target] {
                    low[node] = low[node].min(order[target]);
                }
                continue;
            }
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == order[node] {
                let at = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                let members = stack.split_off(at);
                for member in &members {
                    open[*member] = false;
                    circle[*member] = (members.len() > 1).then_some(number);
                }
                number += usize::from(members.len() > 1);
            }
        }
    }
    circle
}

#[cfg(test)]
mod tests {
    use super::circles;

    #[test]
    fn finds_what_needs_one_another() {
        assert_eq!(circles(&[vec![1], vec![0], vec![0]]), [Some(0), Some(0), None]);
        assert_eq!(circles(&[vec![0], vec![2], vec![]]), [None, None, None]);
        assert_eq!(
            circles(&[vec![1], vec![2], vec![0], vec![4, 0], vec![3]]),
            [Some(0), Some(0), Some(0), Some(1), Some(1)]
        );
    }
}
