//! Texts of project files, with their places.

use super::yaml::{Node, Pieces};
use crate::text::Span;
use std::ops::Range;
use std::sync::Arc;

/// A text of a project file. What an expression (`${{ … }}`) or a variable gives is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The text, expressions and variables as written.
    pub text: Arc<str>,
    /// Its bytes in the file, without quotes.
    pub span: Span,
    /// Whether no expression and no variable is in it.
    pub known: bool,
    pieces: Pieces,
}

impl Text {
    /// A text that is what it says.
    pub fn known(text: impl Into<Arc<str>>, span: Span) -> Self {
        Self { text: text.into(), span, known: true, pieces: Pieces::Written }
    }

    /// A text with something in it that is not known.
    pub fn unknown(text: impl Into<Arc<str>>, span: Span) -> Self {
        Self { text: text.into(), span, known: false, pieces: Pieces::Written }
    }

    /// The text when it is known.
    pub fn value(&self) -> Option<&str> {
        self.known.then_some(&*self.text)
    }

    /// The text of a scalar; `uncertain` says whether something in it is not known.
    pub(super) fn of(node: &Node, uncertain: impl Fn(&str) -> bool) -> Option<Self> {
        node.text()?;
        let scalar = node.scalar()?;
        Some(Self {
            text: Arc::clone(&scalar.text),
            span: scalar.inner,
            known: !uncertain(&scalar.text),
            pieces: scalar.pieces.clone(),
        })
    }

    /// The bytes of a part of the text; of the whole where the part has no place of its own.
    pub fn place(&self, range: Range<usize>) -> Span {
        match &self.pieces {
            Pieces::Mapped(pieces) if range.end <= pieces.text().len() && range.start < range.end => {
                pieces.span(range)
            }
            Pieces::Written
                if self.span.len() as usize == self.text.len() && range.end <= self.text.len() =>
            {
                Span::new(self.span.start + range.start as u32, self.span.start + range.end as u32)
            }
            _ => self.span,
        }
    }

    /// A part of the text.
    pub(super) fn part(&self, range: Range<usize>, uncertain: impl Fn(&str) -> bool) -> Self {
        let text = self.text.get(range.clone()).unwrap_or("");
        Self { known: self.known || !uncertain(text), ..Self::known(text, self.place(range)) }
    }
}

/// `true` or `false` somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// The value; `None` where it comes from a variable.
    pub on: Option<bool>,
    /// Key and value.
    pub span: Span,
}

impl Switch {
    /// Whether it is known to be on.
    pub fn is_on(self) -> bool {
        self.on == Some(true)
    }
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Text,
    /// The value; `None` where there is none (the environment gives it) or where it is no scalar.
    pub value: Option<Text>,
}

/// The entries of a mapping (`KEY: value`) or of a list (`- KEY=value`), as Compose takes both.
pub(super) fn entries(node: &Node, uncertain: impl Fn(&str) -> bool + Copy) -> Vec<Entry> {
    let from_map = node.entries().iter().filter_map(|(key, value)| {
        Some(Entry { key: Text::of(key, uncertain)?, value: Text::of(value, uncertain) })
    });
    let from_list =
        node.items().iter().filter_map(|item| Text::of(item, uncertain)).map(|text| split_entry(&text));
    from_map.chain(from_list).collect()
}

/// `KEY=value` as key and value.
pub(super) fn split_entry(text: &Text) -> Entry {
    match text.text.split_once('=') {
        Some((key, _)) => {
            let uncertain = |text: &str| text.contains('$');
            Entry {
                key: text.part(0..key.len(), uncertain),
                value: Some(text.part(key.len() + 1..text.text.len(), uncertain)),
            }
        }
        None => Entry { key: text.clone(), value: None },
    }
}

/// The values of a key that takes one or many scalars.
pub(super) fn texts(node: Option<&Node>, uncertain: impl Fn(&str) -> bool + Copy) -> Vec<Text> {
    node.map_or(&[][..], Node::one_or_many).iter().filter_map(|item| Text::of(item, uncertain)).collect()
}
