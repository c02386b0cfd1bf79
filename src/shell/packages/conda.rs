//! conda, mamba, micromamba.

use super::options::Syntax;
use super::{
    Manager, PackageCommand, PackageKind, Tool, Verb, has_extension, is_path, is_url, split_at_operator,
};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Conda,
    syntax: Syntax::new(
        "ncpfr",
        &[
            "--name",
            "--prefix",
            "--channel",
            "--file",
            "--root-prefix",
            "--solver",
            "--platform",
            "--subdir",
            "--revision",
            "--repodata-fn",
            "--rc-file",
            "--category",
            "--clone",
            "--experimental-solver",
            "--repodata-ttl",
            "--default-channel",
        ],
    ),
    groups: &["env"],
    verbs: &[
        ("install", Verb::Install),
        ("create", Verb::Install),
        ("env create", Verb::Install),
        ("env update", Verb::Install),
        ("update", Verb::Upgrade),
        ("upgrade", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("uninstall", Verb::Remove),
        ("env remove", Verb::Remove),
        ("clean", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[("-f", PackageKind::Requirements), ("--file", PackageKind::Requirements)],
    package,
};

/// `name`, `name=1.2`, `name==1.2`, `"name>=1"`, `channel::name`, files.
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    if is_url(text) {
        return (text, None, PackageKind::Url);
    }
    if is_path(text) || has_extension(text, "conda") || text.ends_with(".tar.bz2") {
        return (text, None, PackageKind::Path);
    }
    let (name, version) = split_at_operator(text, &['=', '<', '>', '!', ' ']);
    (name, version.map(str::trim), PackageKind::Name)
}

/// `-f` of `clean` forces, elsewhere it names a file.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    // `conda clean -afy`: the letters behind `f` are no file.
    if call.verb == Verb::Clean
        && let Some(at) = call.flags.iter().position(|flag| flag.name == "-f")
        && let Some(letters) = call.flags.get_mut(at).and_then(|flag| flag.value.take())
        && let Some(force) = call.flags.get_mut(at)
    {
        force.value_span = None;
        let template = force.clone();
        call.flags.extend(
            letters
                .chars()
                .filter(char::is_ascii_alphabetic)
                .map(|c| super::Flag { name: format!("-{c}").into(), ..template.clone() }),
        );
    }
}
