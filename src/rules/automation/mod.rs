//! Rules of the chapter "automation". The list is kept by `tests/registry.rs`.

mod branch_tag_unsafe;
mod build_script_not_strict;
mod ci_cache_missing;
mod digest_pin_unattended;
mod image_not_built_in_ci;
mod mutable_tag_only;
mod push_without_smoke_test;
mod rebuild_not_scheduled;
mod stale_base_in_ci;
mod stale_ignore;
mod updates_not_automated;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &branch_tag_unsafe::RULE,
    &build_script_not_strict::RULE,
    &ci_cache_missing::RULE,
    &digest_pin_unattended::RULE,
    &image_not_built_in_ci::RULE,
    &mutable_tag_only::RULE,
    &push_without_smoke_test::RULE,
    &rebuild_not_scheduled::RULE,
    &stale_base_in_ci::RULE,
    &stale_ignore::RULE,
    &updates_not_automated::RULE,
];
