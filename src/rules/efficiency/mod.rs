//! Rules of the chapter "efficiency". The list is kept by `tests/registry.rs`.

mod recommended_packages;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&recommended_packages::RULE];
