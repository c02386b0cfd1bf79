//! Rules of the chapter "operation". The list is kept by `tests/registry.rs`.

mod debian_frontend_in_env;
mod development_server;
mod entrypoint_cannot_start;
mod entrypoint_not_executable;
mod entrypoint_without_exec;
mod exposed_port_mismatch;
mod gunicorn_defaults;
mod healthcheck_missing;
mod healthcheck_tool_missing;
mod loopback_bind;
mod migrations_at_start;
mod node_env_missing;
mod npm_as_pid1;
mod python_bytecode_missing;
mod python_faulthandler_off;
mod python_output_buffered;
mod shell_form_command;
mod user_site_not_on_path;
mod wrong_stopsignal;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &debian_frontend_in_env::RULE,
    &development_server::RULE,
    &entrypoint_cannot_start::RULE,
    &entrypoint_not_executable::RULE,
    &entrypoint_without_exec::RULE,
    &exposed_port_mismatch::RULE,
    &gunicorn_defaults::RULE,
    &healthcheck_missing::RULE,
    &healthcheck_tool_missing::RULE,
    &loopback_bind::RULE,
    &migrations_at_start::RULE,
    &node_env_missing::RULE,
    &npm_as_pid1::RULE,
    &python_bytecode_missing::RULE,
    &python_faulthandler_off::RULE,
    &python_output_buffered::RULE,
    &shell_form_command::RULE,
    &user_site_not_on_path::RULE,
    &wrong_stopsignal::RULE,
];
