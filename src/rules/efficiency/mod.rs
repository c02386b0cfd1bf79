//! Rules of the chapter "efficiency". The list is kept by `tests/registry.rs`.

mod python_on_alpine;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&python_on_alpine::RULE];
