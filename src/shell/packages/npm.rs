//! npm, yarn, pnpm.

use super::options::Syntax;
use super::{
    Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path, is_url, split_at_sign,
};

pub(super) static NPM: Tool = Tool {
    manager: Manager::Npm,
    syntax: Syntax::new(
        "Cw",
        &[
            "--prefix",
            "--registry",
            "--cache",
            "--omit",
            "--include",
            "--loglevel",
            "--workspace",
            "--tag",
            "--userconfig",
            "--globalconfig",
            "--install-strategy",
            "--location",
            "--scope",
            "--fetch-timeout",
            "--fetch-retries",
            "--fetch-retry-mintimeout",
            "--fetch-retry-maxtimeout",
            "--maxsockets",
            "--network-timeout",
            "--node-options",
            "--script-shell",
            "--only",
            "--cpu",
            "--os",
            "--libc",
            "--before",
            "--https-proxy",
            "--proxy",
            "--cafile",
        ],
    ),
    groups: &["cache"],
    verbs: &[
        ("install", Verb::Install),
        ("i", Verb::Install),
        ("in", Verb::Install),
        ("add", Verb::Install),
        ("isntall", Verb::Install),
        ("ci", Verb::Install),
        ("clean-install", Verb::Install),
        ("ic", Verb::Install),
        ("install-clean", Verb::Install),
        ("install-test", Verb::Install),
        ("it", Verb::Install),
        ("install-ci-test", Verb::Install),
        ("cit", Verb::Install),
        ("update", Verb::Upgrade),
        ("up", Verb::Upgrade),
        ("upgrade", Verb::Upgrade),
        ("uninstall", Verb::Remove),
        ("remove", Verb::Remove),
        ("rm", Verb::Remove),
        ("un", Verb::Remove),
        ("prune", Verb::Remove),
        ("cache clean", Verb::Clean),
        ("cache clear", Verb::Clean),
        ("cache rm", Verb::Clean),
        ("cache verify", Verb::Other),
        ("pack", Verb::Other),
        ("build", Verb::Build),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

pub(super) static YARN: Tool = Tool {
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
        ],
    ),
    groups: &["global", "cache", "workspaces"],
    verbs: &[
        ("install", Verb::Install),
        ("add", Verb::Install),
        ("global add", Verb::Install),
        ("workspaces focus", Verb::Install),
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

pub(super) static PNPM: Tool = Tool {
    manager: Manager::Pnpm,
    syntax: Syntax::new(
        "CF",
        &[
            "--dir",
            "--filter",
            "--filter-prod",
            "--store-dir",
            "--virtual-store-dir",
            "--registry",
            "--loglevel",
            "--reporter",
            "--global-dir",
            "--modules-dir",
            "--network-concurrency",
            "--child-concurrency",
        ],
    ),
    groups: &["store"],
    verbs: &[
        ("install", Verb::Install),
        ("i", Verb::Install),
        ("add", Verb::Install),
        ("ci", Verb::Install),
        ("update", Verb::Upgrade),
        ("up", Verb::Upgrade),
        ("upgrade", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("rm", Verb::Remove),
        ("uninstall", Verb::Remove),
        ("un", Verb::Remove),
        ("prune", Verb::Remove),
        ("fetch", Verb::Download),
        ("store prune", Verb::Clean),
        ("build", Verb::Build),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// `name`, `@scope/name`, `name@1.2`, folders, tarballs, URLs, `user/repo`.
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    let hosted = ["github:", "gitlab:", "bitbucket:", "gist:"].iter().any(|host| text.starts_with(host));
    if is_url(text) || hosted {
        let (url, revision) = text.split_once('#').map_or((text, None), |(url, rev)| (url, Some(rev)));
        return (url, revision, PackageKind::Url);
    }
    if is_path(text) || text.starts_with("file:") || has_extension(text, "tgz") || text.ends_with(".tar.gz") {
        return (text, None, PackageKind::Path);
    }
    if text.contains('/') && !text.starts_with('@') {
        // `user/repo` on GitHub.
        let (url, revision) = text.split_once('#').map_or((text, None), |(url, rev)| (url, Some(rev)));
        return (url, revision, PackageKind::Url);
    }
    let (name, version) = split_at_sign(text);
    (name, version, PackageKind::Name)
}

/// `npm ci` and `yarn install` take no packages; `yarn --version` installs nothing; `npm run build` builds.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    let manifest_only = match call.manager {
        Manager::Npm => {
            matches!(
                call.verb_text.as_str(),
                "ci" | "clean-install" | "ic" | "install-clean" | "cit" | "install-ci-test"
            )
        }
        Manager::Yarn => matches!(call.verb_text.as_str(), "install" | "" | "workspaces focus"),
        _ => matches!(call.verb_text.as_str(), "ci"),
    };
    if call.verb == Verb::Install && manifest_only {
        call.packages.clear();
    }
    if call.has_flag(&["--version", "-v", "--help", "-h"]) && call.verb_text.is_empty() {
        call.verb = Verb::Other;
    }
    if matches!(call.verb_text.as_str(), "run" | "run-script") {
        call.verb = Verb::Build;
    }
}
