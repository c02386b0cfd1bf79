//! Whether a file writes its keywords in upper or in lower case.

use super::FileFacts;
use crate::dockerfile::Keyword;

/// How a keyword is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `RUN`
    Upper,
    /// `run`
    Lower,
    /// `Run`
    Mixed,
}

impl Case {
    /// The case of a word of letters.
    pub fn of(word: &str) -> Self {
        let upper = word.bytes().any(|b| b.is_ascii_uppercase());
        let lower = word.bytes().any(|b| b.is_ascii_lowercase());
        match (upper, lower) {
            (true, true) => Self::Mixed,
            (false, true) => Self::Lower,
            _ => Self::Upper,
        }
    }

    /// The word in this case; in upper case for [`Case::Mixed`].
    pub fn write(self, word: &str) -> String {
        if self == Self::Lower { word.to_ascii_lowercase() } else { word.to_ascii_uppercase() }
    }

    /// The case in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper case",
            Self::Lower => "lower case",
            Self::Mixed => "mixed case",
        }
    }
}

impl FileFacts<'_> {
    /// The case of most keywords: upper unless more of them are in lower case. Counted are the instructions of
    /// stages, as BuildKit does (`dockerfile2llb/validations.go`: `validateCommandCasing`).
    pub fn keyword_case(&self) -> Case {
        *self.case.get_or_init(|| self.count_keyword_cases())
    }

    fn count_keyword_cases(&self) -> Case {
        let (mut upper, mut lower) = (0_usize, 0_usize);
        for instruction in self.stages.iter().flat_map(|stage| &stage.instructions) {
            if instruction.instruction.keyword == Keyword::Unknown {
                continue;
            }
            match Case::of(&instruction.instruction.name.text) {
                Case::Upper => upper += 1,
                Case::Lower => lower += 1,
                Case::Mixed => {}
            }
        }
        if lower > upper { Case::Lower } else { Case::Upper }
    }
}
