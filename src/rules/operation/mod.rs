//! Rules of the chapter "operation". The list is kept by `tests/registry.rs`.

mod entrypoint_not_executable;
mod entrypoint_without_exec;
mod healthcheck_missing;
mod python_bytecode_missing;
mod python_faulthandler_off;
mod python_output_buffered;
mod shell_form_command;
mod user_site_not_on_path;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &entrypoint_not_executable::RULE,
    &entrypoint_without_exec::RULE,
    &healthcheck_missing::RULE,
    &python_bytecode_missing::RULE,
    &python_faulthandler_off::RULE,
    &python_output_buffered::RULE,
    &shell_form_command::RULE,
    &user_site_not_on_path::RULE,
];
