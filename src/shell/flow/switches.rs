//! Shell options as a script changes them.

use crate::shell::script::Options;
use crate::shell::word::Word;

/// Switches as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Switches {
    /// Switches the script sets itself.
    set: u8,
    /// What it sets them to.
    on: u8,
}

const ERREXIT: u8 = 1;
const PIPEFAIL: u8 = 1 << 1;
const XTRACE: u8 = 1 << 2;
const NOUNSET: u8 = 1 << 3;
const ALL: u8 = ERREXIT | PIPEFAIL | XTRACE | NOUNSET;

impl Switches {
    pub(super) fn fixed(options: Options) -> Self {
        Self { set: ALL, on: bits(options) }
    }

    /// On where either way has it on.
    pub(super) fn or(self, other: Self) -> Self {
        let on = self.on | other.on;
        Self { set: on | (self.set & other.set), on }
    }

    pub(super) fn over(self, initial: Options) -> Options {
        let on = (bits(initial) & !self.set) | self.on;
        Options {
            errexit: on & ERREXIT != 0,
            pipefail: on & PIPEFAIL != 0,
            xtrace: on & XTRACE != 0,
            nounset: on & NOUNSET != 0,
        }
    }

    pub(super) fn apply(&mut self, args: &[Word]) {
        let text = || args.iter().map(Word::text);
        // What is set and what is left alone: the two differ in what they begin with.
        let (mut off, mut on) = (Options::default(), Self { set: 0, on: ALL }.over(Options::default()));
        off.apply(text());
        on.apply(text());
        let (off, on) = (bits(off), bits(on));
        let touched = !(off ^ on) & ALL;
        self.set |= touched;
        self.on = (self.on & !touched) | (off & touched);
    }
}

const fn bits(options: Options) -> u8 {
    (options.errexit as u8 * ERREXIT)
        | (options.pipefail as u8 * PIPEFAIL)
        | (options.xtrace as u8 * XTRACE)
        | (options.nounset as u8 * NOUNSET)
}
