//! Rules of the chapter "operation". The list is kept by `tests/registry.rs`.

mod shell_form_command;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&shell_form_command::RULE];
