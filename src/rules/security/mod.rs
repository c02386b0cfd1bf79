//! Rules of the chapter "security". The list is kept by `tests/registry.rs`.

mod base_end_of_life;
mod base_tag_retired;
mod hardcoded_password;
mod plain_http_download;
mod privileged_container;
mod run_as_root;
mod secret_file_copied;
mod secret_in_build_args;
mod secret_in_env_arg;
mod secret_in_trace;
mod secret_literal;
mod secret_removed_later;
mod signature_check_disabled;
mod ssh_exposed;
mod sudo_in_image;
mod tls_verification_disabled;
mod unverified_download;
mod world_writable;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &base_end_of_life::RULE,
    &base_tag_retired::RULE,
    &hardcoded_password::RULE,
    &plain_http_download::RULE,
    &privileged_container::RULE,
    &run_as_root::RULE,
    &secret_file_copied::RULE,
    &secret_in_build_args::RULE,
    &secret_in_env_arg::RULE,
    &secret_in_trace::RULE,
    &secret_literal::RULE,
    &secret_removed_later::RULE,
    &signature_check_disabled::RULE,
    &ssh_exposed::RULE,
    &sudo_in_image::RULE,
    &tls_verification_disabled::RULE,
    &unverified_download::RULE,
    &world_writable::RULE,
];
