//! The shell texts of a file.

use crate::dockerfile::{Dockerfile, Instruction, Keyword};
use crate::shell::RunBody;
use std::rc::Rc;

/// The shell texts of a file, read once; facts borrow from them.
#[derive(Debug)]
pub struct Bodies(Vec<Option<Rc<RunBody>>>);

impl Bodies {
    /// Reads every RUN, CMD, ENTRYPOINT and HEALTHCHECK in shell form.
    pub fn read(file: &Dockerfile) -> Self {
        Self(file.instructions.iter().map(|instruction| Self::body(file, instruction)).collect())
    }

    /// As [`Bodies::read`] for a file that differs from an earlier one only at and after the byte `same`:
    /// what stands before is taken from there.
    pub fn read_again(file: &Dockerfile, earlier: &Dockerfile, bodies: &Self, same: u32) -> Self {
        let read = |(index, instruction): (usize, &Instruction)| {
            let known = earlier.instructions.get(index).filter(|known| {
                known.span == instruction.span && known.span.end <= same && known.name == instruction.name
            });
            match known.and_then(|_| bodies.0.get(index)) {
                Some(body) => body.clone(),
                None => Self::body(file, instruction),
            }
        };
        Self(file.instructions.iter().enumerate().map(read).collect())
    }

    fn body(file: &Dockerfile, instruction: &Instruction) -> Option<Rc<RunBody>> {
        let takes_shell = match instruction.keyword {
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint => true,
            Keyword::Healthcheck => {
                instruction.args.first().is_some_and(|a| a.text.eq_ignore_ascii_case("cmd"))
            }
            _ => false,
        };
        let reads = takes_shell && !instruction.json && !instruction.rest_text().is_empty();
        reads.then(|| Rc::new(RunBody::read(instruction, &file.source)))
    }

    pub(super) fn of(&self, index: usize) -> Option<&RunBody> {
        self.0.get(index)?.as_deref()
    }
}
