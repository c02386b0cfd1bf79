//! Rules of the chapter "build". The list is kept by `tests/registry.rs`.

mod archived_release;
mod base_platform_unavailable;
mod bashism_in_sh;
mod circular_stages;
mod copy_from_empty_stage;
mod copy_from_self;
mod copy_from_unknown_stage;
mod copy_into_root;
mod copy_missing_slash;
mod copy_owner_mismatch;
mod copy_source_not_in_context;
mod curl_without_fail;
mod curl_without_redirects;
mod deprecated_bundler_flags;
mod duplicate_stage_name;
mod effect_lost_after_run;
mod empty_continuation;
mod env_self_reference;
mod fixed_platform;
mod gpu_query_at_build;
mod heredoc_without_errexit;
mod invalid_base_default;
mod invalid_expose;
mod invalid_json_form;
mod invalid_onbuild;
mod malformed_checksum_line;
mod missing_assume_yes;
mod missing_from;
mod mixed_base_versions;
mod no_shell_in_base;
mod overridden_instruction;
mod pipe_without_pipefail;
mod relative_workdir;
mod reserved_stage_name;
mod shell_replaced_by_link;
mod syntax_directive_typo;
mod syntax_error;
mod uid_collision;
mod undefined_variable;
mod unknown_instruction;
mod unknown_user;
mod update_without_install;
mod workdir_in_system_directory;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &archived_release::RULE,
    &base_platform_unavailable::RULE,
    &bashism_in_sh::RULE,
    &circular_stages::RULE,
    &copy_from_empty_stage::RULE,
    &copy_from_self::RULE,
    &copy_from_unknown_stage::RULE,
    &copy_into_root::RULE,
    &copy_missing_slash::RULE,
    &copy_owner_mismatch::RULE,
    &copy_source_not_in_context::RULE,
    &curl_without_fail::RULE,
    &curl_without_redirects::RULE,
    &deprecated_bundler_flags::RULE,
    &duplicate_stage_name::RULE,
    &effect_lost_after_run::RULE,
    &empty_continuation::RULE,
    &env_self_reference::RULE,
    &fixed_platform::RULE,
    &gpu_query_at_build::RULE,
    &heredoc_without_errexit::RULE,
    &invalid_base_default::RULE,
    &invalid_expose::RULE,
    &invalid_json_form::RULE,
    &invalid_onbuild::RULE,
    &malformed_checksum_line::RULE,
    &missing_assume_yes::RULE,
    &missing_from::RULE,
    &mixed_base_versions::RULE,
    &no_shell_in_base::RULE,
    &overridden_instruction::RULE,
    &pipe_without_pipefail::RULE,
    &relative_workdir::RULE,
    &reserved_stage_name::RULE,
    &shell_replaced_by_link::RULE,
    &syntax_directive_typo::RULE,
    &syntax_error::RULE,
    &uid_collision::RULE,
    &undefined_variable::RULE,
    &unknown_instruction::RULE,
    &unknown_user::RULE,
    &update_without_install::RULE,
    &workdir_in_system_directory::RULE,
];
