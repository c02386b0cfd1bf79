//! Rules of the chapter "efficiency". The list is kept by `tests/registry.rs`.

mod dependencies_after_copy;
mod dockerignore_incomplete;
mod package_cache_left;
mod permission_change_layer;
mod python_on_alpine;
mod recommended_packages;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &dependencies_after_copy::RULE,
    &dockerignore_incomplete::RULE,
    &package_cache_left::RULE,
    &permission_change_layer::RULE,
    &python_on_alpine::RULE,
    &recommended_packages::RULE,
];
