//! bun.

use super::npm::package;
use super::options::Syntax;
use super::{Manager, PackageCommand, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Bun,
    syntax: Syntax::new(
        "F",
        &[
            "--cwd",
            "--filter",
            "--registry",
            "--cache-dir",
            "--backend",
            "--omit",
            "--cafile",
            "--ca",
            "--lockfile",
            "--linker",
            "--cpu",
            "--os",
            "--network-concurrency",
            "--concurrent-scripts",
            "--minimum-release-age",
            "--env-file",
            "--outdir",
            "--outfile",
            "--target",
        ],
    ),
    groups: &["pm"],
    verbs: &[
        ("install", Verb::Install),
        ("i", Verb::Install),
        ("ci", Verb::Install),
        ("add", Verb::Install),
        ("a", Verb::Install),
        ("update", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("rm", Verb::Remove),
        ("build", Verb::Build),
        ("run", Verb::Build),
        ("pm cache", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// `bun ci` takes no packages; `bun pm cache` alone says where the cache is.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text == "ci" {
        call.packages.clear();
    }
    if call.verb == Verb::Clean && call.operands.first().is_none_or(|word| word.text() != "rm") {
        call.verb = Verb::Other;
    }
}
