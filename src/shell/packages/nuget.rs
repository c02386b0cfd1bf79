//! The classic NuGet client, also under Mono.

use super::options::Syntax;
use super::{Flag, Manager, PackageCommand, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Nuget,
    syntax: Syntax {
        single_dash: true,
        ignore_case: true,
        ..Syntax::new(
            "",
            &[
                "-Version",
                "-OutputDirectory",
                "-o",
                "-Source",
                "-FallbackSource",
                "-ConfigFile",
                "-Verbosity",
                "-SolutionDirectory",
                "-PackagesDirectory",
                "-MSBuildPath",
                "-MSBuildVersion",
                "-Framework",
                "-DependencyVersion",
                "-PackageSaveMode",
                "-Name",
                "-Username",
                "-Password",
                "-ApiKey",
                "-Project2ProjectTimeOut",
                "-LockFilePath",
            ],
        )
    },
    groups: &["locals"],
    verbs: &[
        ("restore", Verb::Install),
        ("install", Verb::Install),
        ("update", Verb::Upgrade),
        ("delete", Verb::Other),
        ("pack", Verb::Build),
    ],
    bare: Verb::Other,
    sources: &[],
    package: |text| {
        let file = [".sln", ".csproj", ".config", ".json", ".vbproj", ".fsproj", ".proj"];
        if text.contains(['/', '\\']) || file.iter().any(|end| text.ends_with(end)) {
            return (text, None, PackageKind::Path);
        }
        (text, None, PackageKind::Name)
    },
};

/// The last option of that name, which may be written in any case.
fn option<'c, 'a>(call: &'c PackageCommand<'a>, name: &str) -> Option<&'c Flag<'a>> {
    call.flags.iter().rev().find(|flag| flag.name.eq_ignore_ascii_case(name))
}

/// `-Version` pins what is named; `locals all -clear` removes caches.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    if call.verb_text.starts_with("locals") {
        call.verb = if option(call, "-clear").is_some() { Verb::Clean } else { Verb::Other };
    }
    if let Some(version) = option(call, "-Version").and_then(|flag| flag.value.clone()) {
        for package in call.packages.iter_mut().filter(|package| package.kind == PackageKind::Name) {
            package.version = Some(version.clone());
        }
    }
}
