//! Rules of the chapter "build". The list is kept by `tests/registry.rs`.

mod base_platform_unavailable;
mod copy_into_root;
mod copy_source_not_in_context;
mod duplicate_stage_name;
mod empty_continuation;
mod fixed_platform;
mod invalid_base_default;
mod invalid_expose;
mod mixed_base_versions;
mod overridden_instruction;
mod relative_workdir;
mod reserved_stage_name;
mod syntax_error;
mod undefined_variable;
mod unknown_instruction;
mod update_without_install;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &base_platform_unavailable::RULE,
    &copy_into_root::RULE,
    &copy_source_not_in_context::RULE,
    &duplicate_stage_name::RULE,
    &empty_continuation::RULE,
    &fixed_platform::RULE,
    &invalid_base_default::RULE,
    &invalid_expose::RULE,
    &mixed_base_versions::RULE,
    &overridden_instruction::RULE,
    &relative_workdir::RULE,
    &reserved_stage_name::RULE,
    &syntax_error::RULE,
    &undefined_variable::RULE,
    &unknown_instruction::RULE,
    &update_without_install::RULE,
];
