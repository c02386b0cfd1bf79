//! Every pipeline of a script, wherever it stands.

use super::ast::{AndOr, CommandId, CompoundKind, Element, List, Node};
use super::command::Inside;
use super::script::Script;
use super::word::{Part, PartKind, Word};

/// A pipeline with its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// It, with what joins it to the one before.
    pub element: &'a Element,
    /// The chain it belongs to.
    pub chain: &'a AndOr,
    /// The pipeline behind it in the chain.
    pub next: Option<&'a Element>,
    /// Whether its chain is the last one of its list.
    pub in_last_chain: bool,
    /// What it is inside of. Strings and here-documents that another shell runs are not looked into.
    pub inside: Inside,
    /// The command in whose words it stands: `X=$(…)`.
    pub holder: Option<CommandId>,
}

impl Script {
    /// Calls `see` for every pipeline: of the top level, of compound commands, of substitutions; an outer one before
    /// those in it.
    pub fn pipelines<'s>(&'s self, see: &mut dyn FnMut(Seen<'s>)) {
        Walk { script: self, see }.list(&self.root, Inside::NONE, None);
    }
}

struct Walk<'s, 'f> {
    script: &'s Script,
    see: &'f mut dyn FnMut(Seen<'s>),
}

impl<'s> Walk<'s, '_> {
    fn list(&mut self, list: &'s List, inside: Inside, holder: Option<CommandId>) {
        for (number, chain) in list.items.iter().enumerate() {
            for (at, element) in chain.elements.iter().enumerate() {
                (self.see)(Seen {
                    element,
                    chain,
                    next: chain.elements.get(at + 1),
                    in_last_chain: number + 1 == list.items.len(),
                    inside,
                    holder,
                });
                for node in &element.pipeline.commands {
                    self.node(node, inside, holder);
                }
            }
        }
    }

    fn node(&mut self, node: &'s Node, inside: Inside, holder: Option<CommandId>) {
        let compound = match node {
            Node::Simple(id) => {
                let Some(command) = self.script.command(*id) else { return };
                let values = command.assignments.iter().map(|assignment| &assignment.value);
                let targets = command.redirects.iter().filter_map(|redirect| redirect.target.as_ref());
                for word in values.chain(&command.words).chain(targets) {
                    self.parts(&word.parts, inside, Some(*id));
                }
                return;
            }
            Node::Compound(compound) => compound,
        };
        let mut list = |list: &'s List, more: Inside| self.list(list, inside.with(more), holder);
        match &compound.kind {
            CompoundKind::Subshell(body) => list(body, Inside::SUBSHELL),
            CompoundKind::Group(body) => list(body, Inside::GROUP),
            CompoundKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    list(condition, Inside::CONDITION);
                    list(body, Inside::BRANCH);
                }
                if let Some(body) = otherwise {
                    list(body, Inside::BRANCH);
                }
            }
            CompoundKind::For { words, body, .. } => {
                list(body, Inside::LOOP);
                for word in words.iter().flatten() {
                    self.parts(&word.parts, inside, None);
                }
            }
            CompoundKind::While { condition, body, .. } => {
                list(condition, Inside::CONDITION);
                list(body, Inside::LOOP);
            }
            CompoundKind::Case { subject, arms } => {
                for arm in arms {
                    list(&arm.body, Inside::BRANCH);
                }
                if let Some(word) = subject {
                    self.parts(&word.parts, inside, None);
                }
            }
            CompoundKind::Function { body, .. } => {
                if let Some(body) = body {
                    self.node(body, inside.with(Inside::FUNCTION), holder);
                }
            }
            CompoundKind::Test(words) => words.iter().for_each(|word| self.parts(&word.parts, inside, None)),
            CompoundKind::Arithmetic => {}
        }
    }

    fn parts(&mut self, parts: &'s [Part], inside: Inside, holder: Option<CommandId>) {
        for part in parts {
            match &part.kind {
                PartKind::Substitution { list, .. } | PartKind::Process(list) => {
                    self.list(list, inside.with(Inside::SUBSTITUTION), holder);
                }
                PartKind::DoubleQuoted(inner) | PartKind::Arithmetic(inner) => {
                    self.parts(inner, inside, holder);
                }
                PartKind::Variable { operand, .. } => self.parts(operand, inside, holder),
                PartKind::Array(words) => self.array(words, inside, holder),
                PartKind::Literal | PartKind::SingleQuoted | PartKind::AnsiQuoted => {}
            }
        }
    }

    fn array(&mut self, words: &'s [Word], inside: Inside, holder: Option<CommandId>) {
        for word in words {
            self.parts(&word.parts, inside, holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    #[test]
    fn every_pipeline_is_seen_once() {
        let text = "a | b && { c; d | e; }; if f | g; then h; else i; fi; x=$(j | k \"$(l)\"); for y in `m`; do n; done\n\
                    w() { o | p; }; while q; do r; done; case $(s) in t) u | v;; esac; [[ $(z) ]] && echo ${x:-$(A)}";
        let script = parse(&Joined::verbatim(text, 0));
        let mut seen = Vec::new();
        script.pipelines(&mut |pipeline| {
            if pipeline.element.pipeline.commands.len() > 1 {
                seen.push(script.raw(pipeline.element.pipeline.place).to_owned());
            }
        });
        assert_eq!(seen, ["a | b", "d | e", "f | g", "j | k \"$(l)\"", "o | p", "u | v"]);
        let mut holders = 0;
        let mut count = 0;
        script.pipelines(&mut |pipeline| {
            count += 1;
            holders += usize::from(pipeline.holder.is_some());
        });
        assert_eq!((count, holders), (26, 3));
    }
}
