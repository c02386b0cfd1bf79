//! Go.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb, is_path, split_at_sign};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Go,
    syntax: Syntax {
        short_values: "",
        long_values: &[
            "-ldflags",
            "-gcflags",
            "-asmflags",
            "-gccgoflags",
            "-tags",
            "-o",
            "-p",
            "-C",
            "-mod",
            "-modfile",
            "-buildmode",
            "-compiler",
            "-installsuffix",
            "-pkgdir",
            "-toolexec",
            "-overlay",
            "-pgo",
            "-covermode",
            "-coverpkg",
            "-run",
            "-timeout",
            "-exec",
            "-bench",
            "-benchtime",
            "-count",
            "-coverprofile",
            "-cpu",
            "-parallel",
            "-vet",
        ],
        single_dash: true,
        ..Syntax::new("", &[])
    },
    groups: &["mod"],
    verbs: &[
        ("install", Verb::Install),
        ("get", Verb::Install),
        ("mod download", Verb::Download),
        ("mod vendor", Verb::Download),
        ("mod tidy", Verb::Other),
        ("build", Verb::Build),
        ("test", Verb::Build),
        ("run", Verb::Build),
        ("generate", Verb::Build),
        ("clean", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[],
    package: |text| {
        if is_path(text) {
            return (text, None, PackageKind::Path);
        }
        let (name, version) = split_at_sign(text);
        (name, version, PackageKind::Name)
    },
};

/// A module path has a dot in its first part; others are packages of the standard library or the module.
/// `go install` without operands, or of `./…`, builds the project; `go get -d` only downloads.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text == "get" && call.has_flag(&["-d"]) {
        call.verb = Verb::Download;
    }
    for package in &mut call.packages {
        let first = package.name.split('/').next().unwrap_or("");
        if package.kind == PackageKind::Name && !package.variable && !first.contains('.') {
            package.kind = PackageKind::Path;
        }
    }
    let local = call.packages.iter().all(|package| package.kind == PackageKind::Path);
    if call.verb == Verb::Install && call.verb_text == "install" && local && !call.may_contain_anything() {
        call.verb = Verb::Build;
    }
}
