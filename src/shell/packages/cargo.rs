//! Cargo.

use super::options::Syntax;
use super::{Manager, Package, PackageCommand, PackageKind, Tool, Verb, split_at_sign};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Cargo,
    syntax: Syntax::new(
        "jpFZC",
        &[
            "--version",
            "--vers",
            "--git",
            "--branch",
            "--tag",
            "--rev",
            "--path",
            "--root",
            "--index",
            "--registry",
            "--target",
            "--target-dir",
            "--features",
            "--profile",
            "--manifest-path",
            "--package",
            "--bin",
            "--example",
            "--test",
            "--bench",
            "--jobs",
            "--color",
            "--config",
            "--message-format",
            "--exclude",
            "--lockfile-path",
            "--out-dir",
            "--artifact-dir",
            "--precise",
            "--recipe-path",
            "--rename",
            "--base",
        ],
    ),
    groups: &["chef", "auditable"],
    verbs: &[
        ("install", Verb::Install),
        ("binstall", Verb::Install),
        ("add", Verb::Install),
        ("fetch", Verb::Download),
        ("vendor", Verb::Download),
        ("update", Verb::Upgrade),
        ("uninstall", Verb::Remove),
        ("build", Verb::Build),
        ("b", Verb::Build),
        ("rustc", Verb::Build),
        ("test", Verb::Build),
        ("run", Verb::Build),
        ("check", Verb::Build),
        ("chef cook", Verb::Build),
        ("zigbuild", Verb::Build),
        ("auditable build", Verb::Build),
        ("auditable install", Verb::Install),
        ("r", Verb::Build),
        ("t", Verb::Build),
        ("c", Verb::Build),
        ("bench", Verb::Build),
        ("clean", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[],
    package: |text| {
        let (name, version) = split_at_sign(text);
        (name, version, PackageKind::Name)
    },
};

/// `+toolchain` is no verb; `--version` pins the crate; `--path` and `--git` say where it is from.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text.starts_with('+') && !call.operands.is_empty() {
        let verb_word = call.operands.remove(0);
        if let Some((name, verb)) = TOOL.verbs.iter().find(|(name, _)| verb_word.literal() == Some(*name)) {
            call.verb = *verb;
            call.verb_text = (*name).into();
        } else {
            call.verb_text = verb_word.text().into();
        }
        call.verb_span = verb_word.span();
        if call.verb == Verb::Install {
            call.packages = call
                .operands
                .iter()
                .map(|word| {
                    let (name, version, kind) = (TOOL.package)(word.text());
                    Package {
                        name: name.into(),
                        version: version.map(Into::into),
                        kind: if word.starts_with_expansion() { PackageKind::Variable } else { kind },
                        span: word.span(),
                        variable: word.has_expansion(),
                    }
                })
                .collect();
        }
    }
    if call.verb != Verb::Install {
        return;
    }
    for (names, kind) in [(["--path"], PackageKind::Path), (["--git"], PackageKind::Url)] {
        let Some(flag) = call.flag(&names) else { continue };
        let source = Package {
            name: flag.value.clone().unwrap_or_default(),
            version: call.flag(&["--rev", "--tag", "--branch"]).and_then(|f| f.value.clone()),
            kind,
            span: flag.value_span.unwrap_or(flag.span),
            variable: flag.variable,
        };
        // The crates that are named are taken from there.
        call.packages = vec![source];
    }
    if let Some(version) = call.flag(&["--version", "--vers"]).and_then(|flag| flag.value.clone()) {
        for package in call.packages.iter_mut().filter(|p| p.kind == PackageKind::Name && p.version.is_none())
        {
            package.version = Some(version.clone());
        }
    }
}
