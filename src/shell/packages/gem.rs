//! gem.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Gem,
    syntax: Syntax::new(
        "vinsPBg",
        &[
            "--version",
            "--install-dir",
            "--bindir",
            "--source",
            "--platform",
            "--trust-policy",
            "--http-proxy",
            "--bulk-threshold",
            "--file",
            "--build-root",
            "--without",
            "--config-file",
        ],
    ),
    groups: &[],
    verbs: &[
        ("install", Verb::Install),
        ("i", Verb::Install),
        ("update", Verb::Upgrade),
        ("uninstall", Verb::Remove),
        ("cleanup", Verb::Clean),
        ("clean", Verb::Clean),
        ("fetch", Verb::Download),
        ("build", Verb::Build),
    ],
    bare: Verb::Other,
    sources: &[("-g", PackageKind::Requirements), ("--file", PackageKind::Requirements)],
    package: |text| {
        if is_path(text) || has_extension(text, "gem") {
            return (text, None, PackageKind::Path);
        }
        let (name, version) =
            text.split_once(':').map_or((text, None), |(name, version)| (name, Some(version)));
        (name, version, PackageKind::Name)
    },
};

/// `gem install a -v 1.2` gives the version to the packages that have none; `gem update --system 3.5` names a
/// version of gem itself.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb == Verb::Upgrade && call.has_flag(&["--system"]) {
        call.packages.clear();
    }
    let Some(version) = call.flag(&["-v", "--version"]).and_then(|flag| flag.value.clone()) else { return };
    for package in &mut call.packages {
        if package.kind == PackageKind::Name && package.version.is_none() {
            package.version = Some(version.clone());
        }
    }
}
