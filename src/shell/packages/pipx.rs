//! pipx.

use super::options::Syntax;
use super::pip::python_package;
use super::{Manager, PackageCommand, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Pipx,
    syntax: Syntax::new(
        "i",
        &[
            "--spec",
            "--index-url",
            "--pip-args",
            "--python",
            "--python-args",
            "--suffix",
            "--preinstall",
            "--backend",
            "--app",
            "--with",
            "--lock",
            "--output",
            "--cooldown",
            "--upgrade-strategy",
            "--fetch-python",
            "--include-resources-from",
        ],
    ),
    groups: &[],
    verbs: &[
        ("install", Verb::Install),
        ("install-all", Verb::Install),
        ("inject", Verb::Install),
        ("upgrade", Verb::Upgrade),
        ("upgrade-all", Verb::Upgrade),
        ("uninstall", Verb::Remove),
        ("uninstall-all", Verb::Remove),
    ],
    bare: Verb::Other,
    sources: &[],
    package: python_package,
};

/// The first operand of `inject` is the application that gets the packages.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text == "inject" && !call.packages.is_empty() {
        call.packages.remove(0);
    }
}
