//! Rules of the chapter "automation". The list is kept by `tests/registry.rs`.

mod stale_ignore;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&stale_ignore::RULE];
