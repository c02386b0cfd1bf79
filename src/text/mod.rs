//! Source text: byte spans, lines and columns, edits and applying them, line diffs.
//!
//! This room knows nothing about Dockerfiles. Everything above it speaks in [`Span`]s of the original
//! bytes; lines and columns are computed only where a person or an API reads them.

pub mod diff;
mod edit;
mod path;
mod source;
mod span;

pub use edit::{Composition, Edit, EditError, apply, compose};
pub use path::add_parts;
pub use source::{LineEnding, Position, Source, SourceError};
pub use span::Span;

/// The largest file that is read, in bytes. Larger ones are refused with a message.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
