//! The repository around a Dockerfile, read through one trait.
//!
//! On disk and in git it is read lazily, over GitHub from what was fetched; rules do not see the difference.

mod discover;
mod tree;

pub use discover::is_dockerfile;
pub use tree::{Entry, Kind, Lookup, MemoryTree, Overlay, Tree, normalize};
