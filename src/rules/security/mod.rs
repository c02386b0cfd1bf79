//! Rules of the chapter "security". The list is kept by `tests/registry.rs`.

mod base_end_of_life;
mod privileged_container;
mod run_as_root;
mod secret_in_build_args;
mod secret_in_env_arg;
mod secret_in_trace;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &base_end_of_life::RULE,
    &privileged_container::RULE,
    &run_as_root::RULE,
    &secret_in_build_args::RULE,
    &secret_in_env_arg::RULE,
    &secret_in_trace::RULE,
];
