//! Rules of the chapter "build". The list is kept by `tests/registry.rs`.

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[];
