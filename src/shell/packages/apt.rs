//! apt, apt-get, apt-cache, aptitude.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Apt,
    syntax: Syntax::new(
        "ctoaP",
        &[
            "--option",
            "--config-file",
            "--target-release",
            "--default-release",
            "--host-architecture",
            "--build-profiles",
            "--solver",
        ],
    ),
    groups: &[],
    verbs: &[
        ("install", Verb::Install),
        ("reinstall", Verb::Install),
        ("build-dep", Verb::Install),
        ("satisfy", Verb::Install),
        ("update", Verb::Update),
        ("upgrade", Verb::Upgrade),
        ("safe-upgrade", Verb::Upgrade),
        ("dist-upgrade", Verb::Upgrade),
        ("full-upgrade", Verb::Upgrade),
        ("dselect-upgrade", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("purge", Verb::Remove),
        ("autoremove", Verb::Remove),
        ("auto-remove", Verb::Remove),
        ("autopurge", Verb::Remove),
        ("clean", Verb::Clean),
        ("autoclean", Verb::Clean),
        ("auto-clean", Verb::Clean),
        ("distclean", Verb::Clean),
        ("dist-clean", Verb::Clean),
        ("download", Verb::Download),
        ("source", Verb::Download),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// `name`, `name:arch`, `name=version`, `name/release`, `./file.deb`, patterns.
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    if is_path(text) || has_extension(text, "deb") {
        return (text, None, PackageKind::Path);
    }
    if let Some((name, version)) = text.split_once('=') {
        return (name, Some(version), PackageKind::Name);
    }
    if let Some((name, release)) = text.split_once('/') {
        return (name, Some(release), PackageKind::Name);
    }
    if text.contains(['*', '?', '^']) {
        return (text, None, PackageKind::Group);
    }
    (text, None, PackageKind::Name)
}

/// `-d` only downloads, `-s` does nothing.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.program == "apt-cache" {
        call.verb = Verb::Other;
        call.packages.clear();
    } else if matches!(call.verb, Verb::Install | Verb::Upgrade) {
        if call.has_flag(&[
            "-s",
            "--simulate",
            "--just-print",
            "--dry-run",
            "--recon",
            "--no-act",
            "--print-uris",
        ]) {
            call.verb = Verb::Other;
        } else if call.has_flag(&["-d", "--download-only"]) {
            call.verb = Verb::Download;
        }
        call.updates_index |= call.has_flag(&["--update", "-U"]);
    }
}
