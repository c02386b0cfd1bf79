//! Rules of the chapter "build". The list is kept by `tests/registry.rs`.

mod archived_release;
mod base_platform_unavailable;
mod circular_stages;
mod copy_from_empty_stage;
mod copy_from_self;
mod copy_from_unknown_stage;
mod copy_into_root;
mod copy_missing_slash;
mod copy_source_not_in_context;
mod duplicate_stage_name;
mod empty_continuation;
mod env_self_reference;
mod fixed_platform;
mod invalid_base_default;
mod invalid_expose;
mod invalid_json_form;
mod invalid_onbuild;
mod missing_from;
mod no_shell_in_base;
mod overridden_instruction;
mod relative_workdir;
mod reserved_stage_name;
mod syntax_directive_typo;
mod syntax_error;
mod undefined_variable;
mod unknown_instruction;
mod unknown_user;
mod update_without_install;
mod workdir_in_system_directory;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &archived_release::RULE,
    &base_platform_unavailable::RULE,
    &circular_stages::RULE,
    &copy_from_empty_stage::RULE,
    &copy_from_self::RULE,
    &copy_from_unknown_stage::RULE,
    &copy_into_root::RULE,
    &copy_missing_slash::RULE,
    &copy_source_not_in_context::RULE,
    &duplicate_stage_name::RULE,
    &empty_continuation::RULE,
    &env_self_reference::RULE,
    &fixed_platform::RULE,
    &invalid_base_default::RULE,
    &invalid_expose::RULE,
    &invalid_json_form::RULE,
    &invalid_onbuild::RULE,
    &missing_from::RULE,
    &no_shell_in_base::RULE,
    &overridden_instruction::RULE,
    &relative_workdir::RULE,
    &reserved_stage_name::RULE,
    &syntax_directive_typo::RULE,
    &syntax_error::RULE,
    &undefined_variable::RULE,
    &unknown_instruction::RULE,
    &unknown_user::RULE,
    &update_without_install::RULE,
    &workdir_in_system_directory::RULE,
];
