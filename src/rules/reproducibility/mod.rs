//! Rules of the chapter "reproducibility". The list is kept by `tests/registry.rs`.

mod base_os_implicit;
mod base_tag_floating;
mod dependencies_unpinned;
mod language_version_mismatch;
mod lockfile_not_used;
mod package_version_unpinned;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &base_os_implicit::RULE,
    &base_tag_floating::RULE,
    &dependencies_unpinned::RULE,
    &language_version_mismatch::RULE,
    &lockfile_not_used::RULE,
    &package_version_unpinned::RULE,
];
