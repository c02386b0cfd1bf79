//! Rules of the chapter "style". The list is kept by `tests/registry.rs`.

mod add_instead_of_copy;
mod apt_instead_of_apt_get;
mod deprecated_maintainer;
mod duplicate_label;
mod inconsistent_casing;
mod legacy_key_value;
mod redundant_platform;
mod uppercase_stage_name;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &add_instead_of_copy::RULE,
    &apt_instead_of_apt_get::RULE,
    &deprecated_maintainer::RULE,
    &duplicate_label::RULE,
    &inconsistent_casing::RULE,
    &legacy_key_value::RULE,
    &redundant_platform::RULE,
    &uppercase_stage_name::RULE,
];
