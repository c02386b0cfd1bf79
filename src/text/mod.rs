//! Source text: byte spans, lines and columns, edits and applying them, line diffs, and how text is shown.
//!
//! This room knows nothing about Dockerfiles. Everything above it speaks in [`Span`]s of the original
//! bytes; lines and columns are computed only where a person or an API reads them.

pub mod diff;
mod edit;
pub mod log;
mod path;
mod shown;
mod source;
mod span;

pub use edit::{Composition, Edit, EditError, apply, compose};
pub use path::add_parts;
pub use shown::{is_hidden, push_visible, visible, visible_lines};
pub use source::{LineEnding, Position, Source, SourceError};
pub use span::Span;

/// The largest file that is read, in bytes. Larger ones are refused with a message.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
