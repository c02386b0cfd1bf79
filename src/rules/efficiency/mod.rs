//! Rules of the chapter "efficiency". The list is kept by `tests/registry.rs`.

mod dependencies_after_copy;
mod dev_dependencies_in_final;
mod package_cache_left;
mod python_on_alpine;
mod recommended_packages;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &dependencies_after_copy::RULE,
    &dev_dependencies_in_final::RULE,
    &package_cache_left::RULE,
    &python_on_alpine::RULE,
    &recommended_packages::RULE,
];
