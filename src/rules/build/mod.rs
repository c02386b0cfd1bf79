//! Rules of the chapter "build". The list is kept by `tests/registry.rs`.

mod copy_into_root;
mod update_without_install;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&copy_into_root::RULE, &update_without_install::RULE];
