//! zypper of SUSE.

use super::options::Syntax;
use super::{Manager, PackageKind, Tool, Verb, has_extension, is_path, is_url, split_at_operator};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Zypper,
    syntax: Syntax::new(
        "cRrtp",
        &[
            "--config",
            "--root",
            "--installroot",
            "--repo",
            "--from",
            "--type",
            "--solver-focus",
            "--plus-repo",
            "--plus-content",
            "--reposd-dir",
            "--cache-dir",
            "--raw-cache-dir",
            "--solv-cache-dir",
            "--pkg-cache-dir",
            "--releasever",
            "--download",
            "--category",
            "--severity",
            "--date",
            "--bugzilla",
            "--cve",
        ],
    ),
    groups: &[],
    verbs: &[
        ("install", Verb::Install),
        ("in", Verb::Install),
        ("source-install", Verb::Install),
        ("si", Verb::Install),
        ("install-new-recommends", Verb::Install),
        ("inr", Verb::Install),
        ("refresh", Verb::Update),
        ("ref", Verb::Update),
        ("update", Verb::Upgrade),
        ("up", Verb::Upgrade),
        ("patch", Verb::Upgrade),
        ("dist-upgrade", Verb::Upgrade),
        ("dup", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("rm", Verb::Remove),
        ("clean", Verb::Clean),
        ("cc", Verb::Clean),
        ("download", Verb::Download),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// `name`, `name=1.2`, `name>=1`, `pattern:x`, `./x.rpm`, URLs.
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    if is_url(text) {
        return (text, None, PackageKind::Url);
    }
    if is_path(text) || has_extension(text, "rpm") {
        return (text, None, PackageKind::Path);
    }
    if text.contains(['*', '?']) || text.starts_with("pattern:") {
        return (text, None, PackageKind::Group);
    }
    let (name, version) = split_at_operator(text, &['=', '<', '>']);
    (name, version, PackageKind::Name)
}
