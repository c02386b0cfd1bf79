//! npm; how yarn, pnpm and bun name packages.

use super::options::Syntax;
use super::{
    Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path, is_url, split_at_sign,
};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Npm,
    syntax: Syntax::new(
        "CwLmc",
        &[
            "--also",
            "--audit-level",
            "--auth-type",
            "--before",
            "--cache",
            "--cache-max",
            "--cache-min",
            "--cafile",
            "--call",
            "--cidr",
            "--cpu",
            "--depth",
            "--diff",
            "--editor",
            "--fetch-retries",
            "--fetch-retry-factor",
            "--fetch-retry-maxtimeout",
            "--fetch-retry-mintimeout",
            "--fetch-timeout",
            "--git",
            "--globalconfig",
            "--heading",
            "--https-proxy",
            "--include",
            "--install-strategy",
            "--libc",
            "--local-address",
            "--location",
            "--lockfile-version",
            "--loglevel",
            "--logs-dir",
            "--logs-max",
            "--maxsockets",
            "--message",
            "--min-release-age",
            "--network-timeout",
            "--node-gyp",
            "--node-options",
            "--noproxy",
            "--omit",
            "--only",
            "--os",
            "--otp",
            "--pack-destination",
            "--prefix",
            "--proxy",
            "--registry",
            "--save-prefix",
            "--scope",
            "--script-shell",
            "--shell",
            "--tag",
            "--tag-version-prefix",
            "--umask",
            "--user-agent",
            "--userconfig",
            "--viewer",
            "--workspace",
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

/// `name`, `@scope/name`, `name@1.2`, folders, tarballs, URLs, `user/repo`.
pub(super) fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
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
                &*call.verb_text,
                "ci" | "clean-install" | "ic" | "install-clean" | "cit" | "install-ci-test"
            )
        }
        Manager::Yarn => matches!(&*call.verb_text, "install" | "" | "workspaces focus"),
        _ => matches!(&*call.verb_text, "ci"),
    };
    if call.verb == Verb::Install && manifest_only {
        call.packages.clear();
    }
    if call.has_flag(&["--version", "-v", "--help", "-h"]) && call.verb_text.is_empty() {
        call.verb = Verb::Other;
    }
    if matches!(&*call.verb_text, "run" | "run-script") {
        call.verb = Verb::Build;
    }
}
