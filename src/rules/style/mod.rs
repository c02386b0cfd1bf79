//! Rules of the chapter "style". The list is kept by `tests/registry.rs`.

mod add_instead_of_copy;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&add_instead_of_copy::RULE];
