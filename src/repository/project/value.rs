//! Texts of project files, with their places.

use super::yaml::Node;
use crate::text::Span;
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
}

impl Text {
    /// A text that is what it says.
    pub fn known(text: impl Into<Arc<str>>, span: Span) -> Self {
        Self { text: text.into(), span, known: true }
    }

    /// A text with something in it that is not known.
    pub fn unknown(text: impl Into<Arc<str>>, span: Span) -> Self {
        Self { text: text.into(), span, known: false }
    }

    /// The text when it is known.
    pub fn value(&self) -> Option<&str> {
        self.known.then_some(&*self.text)
    }

    /// The text of a scalar; `uncertain` says whether something in it is not known.
    pub(super) fn of(node: &Node, uncertain: impl Fn(&str) -> bool) -> Option<Self> {
        node.text()?;
        let scalar = node.scalar()?;
        Some(Self { text: Arc::clone(&scalar.text), span: scalar.inner, known: !uncertain(&scalar.text) })
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
    let from_list = node.items().iter().filter_map(|item| Text::of(item, uncertain)).map(split_entry);
    from_map.chain(from_list).collect()
}

/// `KEY=value` as key and value.
pub(super) fn split_entry(text: Text) -> Entry {
    match text.text.split_once('=') {
        Some((key, value)) => {
            // Only where the bytes stand as they are read.
            let plain = text.span.len() as usize == text.text.len();
            let place = |from: usize, len: usize| {
                let from = text.span.start + from as u32;
                if plain { Span::new(from, from + len as u32) } else { text.span }
            };
            Entry {
                key: Text {
                    text: key.into(),
                    span: place(0, key.len()),
                    known: text.known || !key.contains('$'),
                },
                value: Some(Text {
                    text: value.into(),
                    span: place(key.len() + 1, value.len()),
                    known: text.known || !value.contains('$'),
                }),
            }
        }
        None => Entry { key: text, value: None },
    }
}

/// The values of a key that takes one or many scalars.
pub(super) fn texts(node: Option<&Node>, uncertain: impl Fn(&str) -> bool + Copy) -> Vec<Text> {
    node.map_or(&[][..], Node::one_or_many).iter().filter_map(|item| Text::of(item, uncertain)).collect()
}
