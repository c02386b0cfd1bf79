//! Words: what a shell splits a command into.

use super::ast::{List, Place};
use crate::text::Span;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What is known of a word, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks(u16);

impl Marks {
    pub(super) const EXPANSION: Self = Self(1);
    pub(super) const QUOTED: Self = Self(1 << 1);
    pub(super) const GLOB: Self = Self(1 << 2);
    pub(super) const TILDE: Self = Self(1 << 3);
    pub(super) const BRACE: Self = Self(1 << 4);
    pub(super) const SUBSTITUTION: Self = Self(1 << 5);
    pub(super) const UNQUOTED_EXPANSION: Self = Self(1 << 6);
    pub(super) const LEADING_EXPANSION: Self = Self(1 << 7);
    pub(super) const ARRAY: Self = Self(1 << 8);

    pub(super) const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A word.
#[derive(Clone)]
pub struct Word {
    pub(super) source: Arc<str>,
    /// Where it stands.
    pub place: Place,
    /// Quotes resolved, expansions as written; `None` when that is the raw text.
    pub(super) resolved: Option<Box<str>>,
    pub(super) marks: Marks,
    /// The parts in order. Empty for a word of plain characters.
    pub parts: Vec<Part>,
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The shared text of the whole script would be printed once per word.
        write!(f, "Word({:?} {:?})", self.raw(), self.place.span)
    }
}

impl Word {
    /// The word as written, quotes included. In a string that another shell runs the escapes of the outer
    /// quotes are in it, but for one before its first character.
    pub fn raw(&self) -> &str {
        self.source.get(self.place.range()).unwrap_or("")
    }

    /// The word with quotes and escapes resolved; expansions stay as written (`pkg=${VERSION}`).
    pub fn text(&self) -> &str {
        self.resolved.as_deref().unwrap_or_else(|| self.raw())
    }

    /// The value when it is fully known: no variable, no substitution. Globs, `~` and `{a,b}` stay as
    /// written, ask [`Word::has_glob`] and its like.
    pub fn literal(&self) -> Option<&str> {
        (!self.has_expansion() && !self.marks.has(Marks::ARRAY)).then(|| self.text())
    }

    /// The bytes in the file.
    pub const fn span(&self) -> Span {
        self.place.span
    }

    /// The bytes in the file of a part of [`Word::raw`]; the whole word where a continuation line lies in it.
    pub fn span_of(&self, part: Range<usize>) -> Span {
        let start = self.span().start;
        if self.raw().len() == self.span().len() as usize && part.end <= self.raw().len() {
            Span::new(start + part.start as u32, start + part.end as u32)
        } else {
            self.span()
        }
    }

    /// Whether a variable, a substitution or arithmetic is in it.
    pub const fn has_expansion(&self) -> bool {
        self.marks.has(Marks::EXPANSION)
    }

    /// Whether a variable or a substitution outside of quotes is in it: it may become several words or none.
    pub const fn may_split(&self) -> bool {
        self.marks.has(Marks::UNQUOTED_EXPANSION)
    }

    /// Whether it begins with a variable or a substitution, quoted or not: it may be an option, a name,
    /// anything.
    pub const fn starts_with_expansion(&self) -> bool {
        self.marks.has(Marks::LEADING_EXPANSION)
    }

    /// Whether `$(…)`, backquotes, `<(…)` is in it.
    pub const fn has_substitution(&self) -> bool {
        self.marks.has(Marks::SUBSTITUTION)
    }

    /// Whether any part is quoted or escaped.
    pub const fn is_quoted(&self) -> bool {
        self.marks.has(Marks::QUOTED)
    }

    /// Whether an unquoted `*`, `?` or `[…]` is in it.
    pub const fn has_glob(&self) -> bool {
        self.marks.has(Marks::GLOB)
    }

    /// Whether it begins with an unquoted `~`.
    pub const fn has_tilde(&self) -> bool {
        self.marks.has(Marks::TILDE)
    }

    /// Whether an unquoted `{a,b}` or `{1..3}` is in it (bash).
    pub const fn has_brace_expansion(&self) -> bool {
        self.marks.has(Marks::BRACE)
    }

    /// Whether it is an array value `( … )` (bash).
    pub const fn is_array(&self) -> bool {
        self.marks.has(Marks::ARRAY)
    }

    /// Whether it stands for exactly itself: no expansion of any kind.
    pub const fn is_plain(&self) -> bool {
        !self.has_expansion()
            && !self.has_glob()
            && !self.has_tilde()
            && !self.has_brace_expansion()
            && !self.is_array()
    }

    /// Names of the variables in it, also in quotes and in the operand of `${x:-…}`.
    pub fn variables(&self) -> Vec<&str> {
        fn collect<'a>(parts: &'a [Part], out: &mut Vec<&'a str>) {
            for part in parts {
                match &part.kind {
                    PartKind::Variable { name, operand, .. } => {
                        out.push(name);
                        collect(operand, out);
                    }
                    PartKind::DoubleQuoted(inner) | PartKind::Arithmetic(inner) => collect(inner, out),
                    PartKind::Array(words) => words.iter().for_each(|word| collect(&word.parts, out)),
                    _ => {}
                }
            }
        }
        let mut out = Vec::new();
        collect(&self.parts, &mut out);
        out
    }
}

/// The name in a text that is one variable and nothing else: `$UID`, `${UID}`.
pub fn only_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let is_name = !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
    is_name.then_some(name)
}

/// A part of a word.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it stands, quotes and `$` included.
    pub place: Place,
}

/// The kinds of parts.
#[derive(Debug, Clone)]
pub enum PartKind {
    /// Characters outside of quotes, escapes included.
    Literal,
    /// `'…'`
    SingleQuoted,
    /// `$'…'` (bash)
    AnsiQuoted,
    /// `"…"` with the expansions in it (its literal stretches are not listed).
    DoubleQuoted(Vec<Part>),
    /// `$name`, `${name}`, `${name:-operand}`
    Variable {
        /// The name; empty when it cannot be read.
        name: Box<str>,
        /// Whether it is written with braces.
        braced: bool,
        /// What follows the name inside the braces: `:-operand`, `//a/b`; empty for a plain one.
        modifier: Place,
        /// Quotes and expansions in the operand.
        operand: Vec<Part>,
    },
    /// `$(…)` or backquotes.
    Substitution {
        /// The commands.
        list: List,
        /// Whether it is written with backquotes.
        backquotes: bool,
    },
    /// `<(…)` or `>(…)` (bash)
    Process(List),
    /// `$((…))` with the expansions in it.
    Arithmetic(Vec<Part>),
    /// `( … )` behind `name=` (bash).
    Array(Vec<Word>),
}
