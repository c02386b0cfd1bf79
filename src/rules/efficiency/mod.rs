//! Rules of the chapter "efficiency". The list is kept by `tests/registry.rs`.

mod base_variant_full;
mod build_tools_in_final;
mod copied_archive;
mod dependencies_after_copy;
mod dev_dependencies_in_final;
mod dockerignore_incomplete;
mod package_cache_left;
mod permission_change_layer;
mod python_on_alpine;
mod recommended_packages;
mod system_packages_after_copy;
mod temporary_files_left;
mod useradd_large_uid;
mod whole_filesystem_copied;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &base_variant_full::RULE,
    &build_tools_in_final::RULE,
    &copied_archive::RULE,
    &dependencies_after_copy::RULE,
    &dev_dependencies_in_final::RULE,
    &dockerignore_incomplete::RULE,
    &package_cache_left::RULE,
    &permission_change_layer::RULE,
    &python_on_alpine::RULE,
    &recommended_packages::RULE,
    &system_packages_after_copy::RULE,
    &temporary_files_left::RULE,
    &useradd_large_uid::RULE,
    &whole_filesystem_copied::RULE,
];
