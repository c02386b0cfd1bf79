//! dnf and tdnf; yum and microdnf read their command lines the same way.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path, is_url};

const SYNTAX: Syntax = Syntax::new(
    "cdeRx",
    &[
        "--config",
        "--installroot",
        "--releasever",
        "--enablerepo",
        "--disablerepo",
        "--repo",
        "--repoid",
        "--setopt",
        "--exclude",
        "--excludepkgs",
        "--disableplugin",
        "--enableplugin",
        "--forcearch",
        "--advisory",
        "--debuglevel",
        "--errorlevel",
        "--rpmverbosity",
        "--repofrompath",
        "--comment",
        "--destdir",
        "--downloaddir",
        "--arch",
        "--color",
        "--bz",
        "--bzs",
        "--bugfix-id",
        "--cve",
        "--cves",
        "--advisories",
        "--sec-severity",
        "--secseverity",
        "--from-repo",
        "--from-vendor",
        "--srpm-arch",
    ],
);

const VERBS: &[(&str, Verb)] = &[
    ("install", Verb::Install),
    ("in", Verb::Install),
    ("localinstall", Verb::Install),
    ("reinstall", Verb::Install),
    ("groupinstall", Verb::Install),
    ("group install", Verb::Install),
    ("module install", Verb::Install),
    ("downgrade", Verb::Install),
    ("swap", Verb::Install),
    ("builddep", Verb::Install),
    ("install-n", Verb::Install),
    ("makecache", Verb::Update),
    ("check-update", Verb::Other),
    ("update", Verb::Upgrade),
    ("upgrade", Verb::Upgrade),
    ("localupdate", Verb::Upgrade),
    ("upgrade-to", Verb::Upgrade),
    ("up", Verb::Upgrade),
    ("update-minimal", Verb::Upgrade),
    ("upgrade-minimal", Verb::Upgrade),
    ("distro-sync", Verb::Upgrade),
    ("dsync", Verb::Upgrade),
    ("remove", Verb::Remove),
    ("rm", Verb::Remove),
    ("erase", Verb::Remove),
    ("autoremove", Verb::Remove),
    ("groupremove", Verb::Remove),
    ("clean", Verb::Clean),
    ("download", Verb::Download),
];

pub(super) const fn tool(manager: Manager) -> Tool {
    Tool {
        manager,
        syntax: SYNTAX,
        groups: &["group", "groups", "module"],
        verbs: VERBS,
        bare: Verb::Other,
        sources: &[],
        package,
    }
}

pub(super) static TOOL: Tool = tool(Manager::Dnf);

/// `name`, `name-1.2-3.el9`, `@group`, `./x.rpm`, URLs, globs. A version begins behind a dash with a digit
/// and is only told apart when a release follows it or no letter comes later (`gcc-c++`, `java-17-openjdk`).
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    if is_url(text) {
        return (text, None, PackageKind::Url);
    }
    if is_path(text) || has_extension(text, "rpm") {
        return (text, None, PackageKind::Path);
    }
    if text.starts_with('@') {
        return (text, None, PackageKind::Group);
    }
    for (at, _) in text.match_indices('-') {
        let version = text.get(at + 1..).unwrap_or("");
        let first_part = version.split('-').next().unwrap_or("");
        let versioned = version.starts_with(|c: char| c.is_ascii_digit())
            && first_part.contains('.')
            && first_part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'*' | b'_'));
        if at > 0 && (versioned || version.starts_with('$')) {
            return (text.get(..at).unwrap_or(text), Some(version), PackageKind::Name);
        }
    }
    if text.contains(['*', '?']) {
        return (text, None, PackageKind::Group);
    }
    (text, None, PackageKind::Name)
}

/// `--downloadonly` installs nothing; `swap` removes its first operand.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text == "swap" && !call.packages.is_empty() {
        call.packages.remove(0);
    }
    if matches!(call.verb, Verb::Install | Verb::Upgrade) {
        if call.has_flag(&["--downloadonly"]) {
            call.verb = Verb::Download;
        }
        call.updates_index |= call.has_flag(&["--refresh"]);
    }
    if call.verb_text.starts_with("group") || call.verb_text.starts_with("module") {
        for package in &mut call.packages {
            if package.kind == PackageKind::Name {
                package.kind = PackageKind::Group;
            }
        }
    }
}
