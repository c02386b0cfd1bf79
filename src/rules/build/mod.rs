//! Rules of the chapter "build". The list is kept by `tests/registry.rs`.

mod copy_into_root;
mod fixed_platform;
mod invalid_base_default;
mod invalid_expose;
mod syntax_error;
mod undefined_variable;
mod unknown_instruction;
mod update_without_install;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[
    &copy_into_root::RULE,
    &fixed_platform::RULE,
    &invalid_base_default::RULE,
    &invalid_expose::RULE,
    &syntax_error::RULE,
    &undefined_variable::RULE,
    &unknown_instruction::RULE,
    &update_without_install::RULE,
];
