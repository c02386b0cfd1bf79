//! Composer.

use super::options::Syntax;
use super::{Manager, PackageKind, Tool, Verb};

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
