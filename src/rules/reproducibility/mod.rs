//! Rules of the chapter "reproducibility". The list is kept by `tests/registry.rs`.

mod base_os_implicit;
mod base_tag_floating;

/// The rules of this chapter, by id.
pub(super) static RULES: &[&crate::rules::Rule] = &[&base_os_implicit::RULE, &base_tag_floating::RULE];
