//! Minimal edits on the original bytes.

use super::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use thiserror::Error;

/// Replace the bytes of `span` by `text`. An empty span inserts, an empty text deletes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edit {
    /// The bytes that go.
    pub span: Span,
    /// What takes their place.
    pub text: String,
}

impl Edit {
    /// Inserts `text` before the byte at `offset`.
    pub fn insert(offset: u32, text: impl Into<String>) -> Self {
        Self { span: Span::at(offset), text: text.into() }
    }

    /// Replaces the bytes of `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Deletes the bytes of `span`.
    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}

/// Why edits cannot be applied.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum EditError {
    /// A span ends after the text.
    #[error("edit {0:?} lies outside the text of {1} bytes")]
    OutOfBounds(Span, usize),
    /// A span cuts a character in two.
    #[error("edit {0:?} does not start and end on character boundaries")]
    NotOnBoundary(Span),
    /// Two edits want the same bytes.
    #[error("edits {0:?} and {1:?} overlap")]
    Overlap(Span, Span),
}

/// Applies edits to a text. Insertions at the same offset are applied in the order given.
///
/// # Errors
/// When a span is outside the text, cuts a character, or overlaps another one.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    // Stable: insertions at one place keep their order, and come before a replacement that starts there.
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len() + edits.iter().map(|e| e.text.len()).sum::<usize>());
    let mut last = Span::at(0);
    for edit in sorted {
        let range = edit.span.range();
        if range.start > range.end || range.end > text.len() {
            return Err(EditError::OutOfBounds(edit.span, text.len()));
        }
        if !text.is_char_boundary(range.start) || !text.is_char_boundary(range.end) {
            return Err(EditError::NotOnBoundary(edit.span));
        }
        if edit.span.start < last.end {
            return Err(EditError::Overlap(last, edit.span));
        }
        out.push_str(&text[last.end as usize..range.start]);
        out.push_str(&edit.text);
        last = edit.span;
    }
    out.push_str(&text[last.end as usize..]);
    Ok(out)
}

/// Adds `more` to `edits` when none of them collides; equal edits are taken once.
///
/// Returns whether they were added. Insertions at the same offset with different texts do not collide.
pub fn compose(edits: &mut Vec<Edit>, more: &[Edit]) -> bool {
    let collides = more.iter().any(|new| {
        edits.iter().any(|old| {
            if old == new {
                return false;
            }
            let inside = |point: &Edit, range: &Edit| {
                point.span.is_empty()
                    && range.span.start < point.span.start
                    && point.span.start < range.span.end
            };
            old.span.overlaps(new.span)
                || inside(new, old)
                || inside(old, new)
                || (old.span == new.span && !old.span.is_empty())
        })
    });
    if collides {
        return false;
    }
    for edit in more {
        if !edits.contains(edit) {
            edits.push(edit.clone());
        }
    }
    true
}

/// Edits that do not collide, for many at once: what [`compose`] does, without a look at each edit that is there.
#[derive(Debug, Clone, Default)]
pub struct Composition {
    edits: Vec<Edit>,
    /// End of each replacement by its start; they do not overlap.
    ranges: BTreeMap<u32, u32>,
    /// Offsets of insertions.
    points: BTreeSet<u32>,
    known: HashSet<Edit>,
}

impl Composition {
    /// Adds all of `more` when none of them collides with what is there; equal edits are taken once.
    ///
    /// Returns whether they were added.
    pub fn add(&mut self, more: &[Edit]) -> bool {
        if more.iter().any(|edit| self.collides(edit)) {
            return false;
        }
        for edit in more {
            if self.known.insert(edit.clone()) {
                if edit.span.is_empty() {
                    self.points.insert(edit.span.start);
                } else {
                    self.ranges.insert(edit.span.start, edit.span.end);
                }
                self.edits.push(edit.clone());
            }
        }
        true
    }

    fn collides(&self, edit: &Edit) -> bool {
        let Span { start, end } = edit.span;
        if self.known.contains(edit) {
            return false;
        }
        // The replacements are disjoint: the last one that starts before the end reaches furthest.
        let meets = self.ranges.range(..end).next_back().is_some_and(|(_, other)| *other > start);
        meets || (end > start + 1 && self.points.range(start + 1..end).next().is_some())
    }

    /// The edits in the order in which they came.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_in_order_of_place() {
        let edits = [
            Edit::insert(5, "!"),
            Edit::replace(Span::new(0, 1), "J"),
            Edit::insert(5, "?"),
            Edit::delete(Span::new(2, 3)),
        ];
        assert_eq!(apply("hello", &edits).unwrap(), "Jelo!?");
    }

    #[test]
    fn refuses_overlaps_boundaries_and_ends() {
        let overlap = [Edit::delete(Span::new(0, 3)), Edit::delete(Span::new(2, 4))];
        assert!(matches!(apply("hello", &overlap), Err(EditError::Overlap(..))));
        assert!(matches!(apply("é", &[Edit::insert(1, "x")]), Err(EditError::NotOnBoundary(_))));
        assert!(matches!(apply("a", &[Edit::insert(2, "x")]), Err(EditError::OutOfBounds(..))));
    }

    #[test]
    fn composes_only_what_does_not_collide() {
        let mut edits = vec![Edit::replace(Span::new(4, 8), "x")];
        assert!(compose(&mut edits, &[Edit::replace(Span::new(4, 8), "x")]));
        assert_eq!(edits.len(), 1);
        assert!(!compose(&mut edits, &[Edit::insert(6, "y")]));
        assert!(!compose(&mut edits, &[Edit::replace(Span::new(4, 8), "z")]));
        assert!(compose(&mut edits, &[Edit::insert(4, "y"), Edit::insert(8, "z")]));
        assert_eq!(apply("0123456789", &edits).unwrap(), "0123yxz89");
    }

    #[test]
    fn many_compose_as_few_do() {
        // All pairs and triples of short edits, with equal and different texts.
        let mut all = Vec::new();
        for start in 0..4 {
            for end in start..4 {
                for text in ["", "x"] {
                    all.push(Edit::replace(Span::new(start, end), text));
                }
            }
        }
        for a in &all {
            for b in &all {
                for c in &all {
                    let (mut few, mut many) = (Vec::new(), Composition::default());
                    for edit in [a, b, c] {
                        let edit = std::slice::from_ref(edit);
                        assert_eq!(compose(&mut few, edit), many.add(edit), "{a:?} {b:?} {c:?}");
                    }
                    assert_eq!(few, many.edits());
                }
            }
        }
    }
}
