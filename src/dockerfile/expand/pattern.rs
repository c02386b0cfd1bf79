//! The patterns of `${x#p}`, `${x%p}` and `${x/p/r}`: `*`, `?` and escaped characters, no brackets.
//!
//! BuildKit turns them into regular expressions (`convertShellPatternToRegex`). Here the parts between stars are
//! placed one after the other, which gives the same answer because a star takes anything but a line end.

use super::ExpandError;

/// Characters of the value times characters of the pattern that are compared; more is not computed, so that
/// no file makes the reading slow.
const MAX_WORK: usize = 4 * 1024;

/// One character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Literal(char),
    Any,
}

impl Token {
    fn fits(self, c: char) -> bool {
        match self {
            Self::Literal(own) => own == c,
            Self::Any => true,
        }
    }
}

/// The parts between stars; one part is a pattern without a star.
#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Vec<Token>>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// On an escape of anything but `*`, `?`, `\`, `}` and `/`.
    pub(super) fn parse(text: &str) -> Result<Self, ExpandError> {
        let mut parts = vec![Vec::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let token = match c {
                '*' => {
                    parts.push(Vec::new());
                    continue;
                }
                '?' => Token::Any,
                // `}` and `/` are escaped for the braces around the pattern.
                '\\' => match chars.next() {
                    Some(c @ ('}' | '/' | '*' | '?' | '\\')) => Token::Literal(c),
                    _ => return Err(ExpandError::InvalidPattern(text.to_owned())),
                },
                c => Token::Literal(c),
            };
            if let Some(last) = parts.last_mut() {
                last.push(token);
            }
        }
        Ok(Self { parts })
    }

    fn reversed(mut self) -> Self {
        self.parts.reverse();
        self.parts.iter_mut().for_each(|part| part.reverse());
        self
    }

    /// Whether matching this value is within bounds, and a star may take all of it.
    fn is_computed(&self, value: &str) -> bool {
        let length: usize = self.parts.iter().map(|part| part.len() + 1).sum();
        value.len() * length <= MAX_WORK && !value.contains('\n')
    }

    /// End of the match that starts at `start`: the shortest or the longest one.
    fn match_at(&self, value: &[char], start: usize, longest: bool) -> Option<usize> {
        let (first, rest) = self.parts.split_first()?;
        if !stands(first, value, start) {
            return None;
        }
        let mut at = start + first.len();
        let Some((last, middle)) = rest.split_last() else { return Some(at) };
        for part in middle {
            at = place(part, value, at)? + part.len();
        }
        let found = if longest {
            (at..=value.len()).rev().find(|from| stands(last, value, *from))?
        } else {
            place(last, value, at)?
        };
        Some(found + last.len())
    }
}

fn stands(part: &[Token], value: &[char], at: usize) -> bool {
    value
        .get(at..at + part.len())
        .is_some_and(|piece| part.iter().zip(piece).all(|(token, c)| token.fits(*c)))
}

fn place(part: &[Token], value: &[char], from: usize) -> Option<usize> {
    (from..=value.len()).find(|at| stands(part, value, *at))
}

/// `${x#p}` and `${x##p}`; `None` where the answer is not computed.
pub(super) fn strip_prefix(value: &str, pattern: &Pattern, longest: bool) -> Option<String> {
    if !pattern.is_computed(value) {
        return None;
    }
    let chars: Vec<char> = value.chars().collect();
    let end = pattern.match_at(&chars, 0, longest).unwrap_or(0);
    Some(chars.get(end..)?.iter().collect())
}

/// `${x%p}` and `${x%%p}`; `None` where the answer is not computed.
pub(super) fn strip_suffix(value: &str, pattern: Pattern, longest: bool) -> Option<String> {
    let turned: String = value.chars().rev().collect();
    let rest = strip_prefix(&turned, &pattern.reversed(), longest)?;
    Some(rest.chars().rev().collect())
}

/// `${x/p/r}` and `${x//p/r}`; `None` where the answer is not computed.
pub(super) fn replace(value: &str, pattern: &Pattern, replacement: &str, all: bool) -> Option<String> {
    // Go reads `$1` in a replacement as a group of the pattern.
    if !pattern.is_computed(value) || (all && replacement.contains('$')) {
        return None;
    }
    let chars: Vec<char> = value.chars().collect();
    let mut out = String::with_capacity(value.len());
    let (mut from, mut done) = (0, 0);
    while from <= chars.len() {
        let found = (from..=chars.len())
            .find_map(|start| pattern.match_at(&chars, start, true).map(|end| (start, end)));
        let Some((start, end)) = found else { break };
        out.extend(chars.get(done..start)?);
        // An empty match directly behind another one is none.
        if end > done || start == 0 {
            out.push_str(replacement);
        }
        if out.len() > super::MAX_VALUE {
            return None;
        }
        done = end;
        if !all {
            break;
        }
        from = end.max(from + 1);
    }
    out.extend(chars.get(done..)?);
    Some(out)
}
