//! yarn, both the classic one and the newer ones.

use super::npm::package;
use super::options::Syntax;
use super::{Manager, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Yarn,
    syntax: Syntax::new(
        "",
        &[
            "--cwd",
            "--registry",
            "--cache-folder",
            "--modules-folder",
            "--network-timeout",
            "--network-concurrency",
            "--mutex",
            "--preferred-cache-folder",
            "--use-yarnrc",
            "--global-folder",
            "--prefix",
            "--mode",
            "--cache",
            "--otp",
            "--proxy",
            "--https-proxy",
            "--sort-by",
            "--access",
            "--tag",
        ],
    ),
    groups: &["global", "cache", "workspaces"],
    verbs: &[
        ("install", Verb::Install),
        ("add", Verb::Install),
        ("global add", Verb::Install),
        ("workspaces focus", Verb::Install),
        ("import", Verb::Other),
        ("upgrade", Verb::Upgrade),
        ("up", Verb::Upgrade),
        ("global upgrade", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("global remove", Verb::Remove),
        ("cache clean", Verb::Clean),
        ("cache clear", Verb::Clean),
        ("build", Verb::Build),
    ],
    bare: Verb::Install,
    sources: &[],
    package,
};
