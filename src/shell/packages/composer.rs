//! Composer.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Composer,
    syntax: Syntax::new(
        "d",
        &[
            "--working-dir",
            "--prefer-install",
            "--ignore-platform-req",
            "--apcu-autoloader-prefix",
            "--format",
            "--stability",
            "--repository",
            "--audit-format",
            "--with",
        ],
    ),
    groups: &["global"],
    verbs: &[
        ("install", Verb::Install),
        ("i", Verb::Install),
        ("require", Verb::Install),
        ("req", Verb::Install),
        ("r", Verb::Install),
        ("create-project", Verb::Install),
        ("global require", Verb::Install),
        ("global req", Verb::Install),
        ("global install", Verb::Install),
        ("update", Verb::Upgrade),
        ("u", Verb::Upgrade),
        ("upgrade", Verb::Upgrade),
        ("global update", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("rm", Verb::Remove),
        ("global remove", Verb::Remove),
        ("clear-cache", Verb::Clean),
        ("clearcache", Verb::Clean),
        ("cc", Verb::Clean),
        ("global clear-cache", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[],
    package: |text| {
        // `vendor/package:^1.0`, also with `=` or a blank.
        let (name, version) =
            text.split_once([':', '=', ' ']).map_or((text, None), |(name, version)| (name, Some(version)));
        (name, version, PackageKind::Name)
    },
};

/// `create-project vendor/package folder version` names one package.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text == "create-project" {
        let version = call.operands.get(2).map(|word| word.text().into());
        call.packages.truncate(1);
        if let Some(package) = call.packages.first_mut().filter(|package| package.version.is_none()) {
            package.version = version;
        }
    }
}
