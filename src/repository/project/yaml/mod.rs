//! YAML as a tree in which everything knows its bytes.
//!
//! Reading never fails: behind the first error nothing is read, but what stands before it is kept. Aliases and merge
//! keys (`<<`) are resolved up to a cap.

mod align;
mod build;

use crate::dockerfile::Joined;
use crate::text::Span;
use std::sync::Arc;

pub use build::parse;

/// A text of YAML, read.
#[derive(Debug, Clone, Default)]
pub struct Yaml {
    /// The documents in order, as far as they could be read.
    pub documents: Vec<Node>,
    /// Whether something was left out: an error (templating, say), too deep, too large.
    pub partial: bool,
}

impl Yaml {
    /// The first document; the only one in workflows and compose files.
    pub fn root(&self) -> Option<&Node> {
        self.documents.first()
    }
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its bytes, quotes and brackets included; for a block scalar from its first to its last character. A node that an
    /// alias stands for has the place of the anchor.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of nodes.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A text, a number, nothing at all.
    Scalar(Scalar),
    /// `key: value`, in order; merged entries come last.
    Mapping(Vec<(Node, Node)>),
    /// `- item`, in order.
    Sequence(Vec<Node>),
    /// Not read: too deep, or an alias that would make the tree too large.
    Unknown,
}

/// A scalar.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// Its text, quotes and folding resolved.
    pub text: Arc<str>,
    /// How it is written.
    pub style: Style,
    /// Its bytes without the quotes; of a block scalar with all that may be blank behind it.
    pub inner: Span,
    /// For a block scalar the number of blanks before each line.
    indent: u32,
    /// How its characters are found in the file.
    pub(super) pieces: Pieces,
}

/// How the characters of a text are found in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pieces {
    /// It stands there as it is read.
    Written,
    /// Line by line, escape by escape.
    Mapped(Arc<Joined>),
    /// Only its place as a whole is known.
    Lost,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Node {
    /// The text of a scalar; `None` for anything else and for a plain `null`, `~` or nothing.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// The scalar.
    pub const fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// `true` or `false` of YAML 1.2; `None` for anything else. Compose takes `"true"` as well, so quotes do not count.
    pub fn bool(&self) -> Option<bool> {
        match self.text()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The entries of a mapping in order; empty for anything else.
    pub fn entries(&self) -> &[(Self, Self)] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence in order; empty for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The items of a sequence, or the node itself when it is a scalar that is not null.
    pub fn one_or_many(&self) -> &[Self] {
        match &self.kind {
            Kind::Sequence(items) => items,
            Kind::Scalar(scalar) if !scalar.is_null() => std::slice::from_ref(self),
            _ => &[],
        }
    }

    /// Key and value of an entry of a mapping.
    pub fn entry(&self, key: &str) -> Option<(&Self, &Self)> {
        let entry = self.entries().iter().find(|(name, _)| name.text() == Some(key))?;
        Some((&entry.0, &entry.1))
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Whether this is a mapping.
    pub const fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// Whether nothing stands here: `key:` without a value, `null`, `~`.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// The text of a scalar with the way back to the bytes of the file. Empty lines at the end of a block scalar are
    /// left out, and the line end that YAML adds at the end of a file. `None` for anything but a scalar, and for the few
    /// escapes that have no place of their own.
    pub fn joined(&self) -> Option<Joined> {
        let scalar = self.scalar()?;
        match &scalar.pieces {
            Pieces::Written => Some(Joined::verbatim(&scalar.text, scalar.inner.start)),
            Pieces::Mapped(pieces) => Some(Joined::clone(pieces)),
            Pieces::Lost => None,
        }
    }
}

impl Scalar {
    fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

#[cfg(test)]
mod tests;
