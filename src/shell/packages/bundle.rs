//! Bundler.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Bundler,
    syntax: Syntax::new(
        "jr",
        &[
            "--jobs",
            "--retry",
            "--path",
            "--gemfile",
            "--without",
            "--with",
            "--binstubs",
            "--shebang",
            "--trust-policy",
            "--standalone",
            "--cache-path",
        ],
    ),
    groups: &["config"],
    verbs: &[
        ("install", Verb::Install),
        ("i", Verb::Install),
        ("update", Verb::Upgrade),
        ("add", Verb::Install),
        ("remove", Verb::Remove),
        ("clean", Verb::Clean),
        ("cache", Verb::Download),
        ("package", Verb::Download),
    ],
    bare: Verb::Install,
    sources: &[],
    package: |text| (text, None, PackageKind::Name),
};

/// `bundle --version` installs nothing; `install` takes no packages (`--without a b` names two groups).
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if matches!(&*call.verb_text, "install" | "i" | "") {
        call.packages.clear();
    }
    if call.verb_text.is_empty() && call.has_flag(&["--version", "-v", "--help", "-h"]) {
        call.verb = Verb::Other;
    }
}
