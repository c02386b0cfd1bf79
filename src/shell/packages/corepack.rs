//! Corepack, which installs yarn and pnpm.

use super::npm::package;
use super::options::Syntax;
use super::{Manager, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Corepack,
    syntax: Syntax::new("o", &["--install-directory", "--output"]),
    groups: &["cache"],
    verbs: &[
        ("install", Verb::Install),
        ("prepare", Verb::Install),
        ("hydrate", Verb::Install),
        ("use", Verb::Install),
        ("up", Verb::Upgrade),
        ("pack", Verb::Download),
        ("cache clean", Verb::Clean),
        ("cache clear", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// Whether a word behind `corepack` is a manager that it starts: `corepack yarn install`, `corepack pnpm@9 i`.
pub(super) fn starts(text: &str) -> bool {
    matches!(text.split('@').next(), Some("npm" | "yarn" | "yarnpkg" | "pnpm"))
}
