//! apk of Alpine.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path, split_at_operator};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Apk,
    syntax: Syntax::new(
        "pXt",
        &[
            "--root",
            "--repository",
            "--virtual",
            "--arch",
            "--keys-dir",
            "--repositories-file",
            "--cache-dir",
            "--cache-max-age",
            "--wait",
            "--progress-fd",
            "--timeout",
        ],
    ),
    groups: &["cache"],
    verbs: &[
        ("add", Verb::Install),
        ("update", Verb::Update),
        ("upgrade", Verb::Upgrade),
        ("fix", Verb::Other),
        ("del", Verb::Remove),
        ("fetch", Verb::Download),
        ("cache clean", Verb::Clean),
        ("cache purge", Verb::Clean),
        ("cache download", Verb::Download),
    ],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// `name`, `name=1.2-r0`, `name~=1.2`, `name>1`, `name@edge`, `./file.apk`.
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    if is_path(text) || has_extension(text, "apk") {
        return (text, None, PackageKind::Path);
    }
    let (name, version) = split_at_operator(text, &['=', '<', '>', '~', '@']);
    (name, version, PackageKind::Name)
}

/// `-U` updates the index; `--no-cache` does, too, but leaves nothing behind.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    let update = ["-U", "--update", "--update-cache", "--no-cache"];
    if matches!(call.verb, Verb::Install | Verb::Upgrade) && call.has_flag(&update) {
        call.updates_index = true;
    }
}
