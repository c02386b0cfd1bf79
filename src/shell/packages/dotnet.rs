//! The .NET command line.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Dotnet,
    syntax: Syntax::new(
        "rcofsvap",
        &[
            "--runtime",
            "--configuration",
            "--output",
            "--framework",
            "--source",
            "--verbosity",
            "--arch",
            "--os",
            "--configfile",
            "--packages",
            "--lock-file-path",
            "--version",
            "--tool-path",
            "--add-source",
            "--project",
            "--version-suffix",
            "--package-directory",
            "--tool-manifest",
            "--property",
            "--launch-profile",
            "--filter",
            "--logger",
            "--settings",
            "--results-directory",
            "--collect",
        ],
    ),
    groups: &["tool", "workload", "nuget", "package", "add"],
    verbs: &[
        ("restore", Verb::Install),
        ("tool install", Verb::Install),
        ("tool restore", Verb::Install),
        ("workload install", Verb::Install),
        ("workload restore", Verb::Install),
        ("package add", Verb::Install),
        ("add package", Verb::Install),
        ("tool update", Verb::Upgrade),
        ("workload update", Verb::Upgrade),
        ("tool uninstall", Verb::Remove),
        ("nuget locals", Verb::Clean),
        ("clean", Verb::Other),
        ("build", Verb::Build),
        ("publish", Verb::Build),
        ("pack", Verb::Build),
        ("test", Verb::Build),
        ("run", Verb::Build),
    ],
    bare: Verb::Other,
    sources: &[],
    package: |text| {
        let project = [".sln", ".slnx", ".csproj", ".fsproj", ".vbproj", ".proj", ".slnf"];
        if text.contains('/') || project.iter().any(|end| text.ends_with(end)) {
            return (text, None, PackageKind::Path);
        }
        let (name, version) = super::split_at_sign(text);
        (name, version, PackageKind::Name)
    },
};

/// `/p:Name=value` is an option of MSBuild; `--version` pins what is named; `nuget locals --list` removes nothing;
/// `add app.csproj package x` names the project in between.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    // `-v:q`, `-p:Name=value`
    for flag in &mut call.flags {
        if let Some(value) = flag.value.as_mut().filter(|value| value.starts_with(':')) {
            value.to_mut().remove(0);
        }
    }
    let option = |text: &str| text.starts_with('/') && text.contains(':');
    call.packages.retain(|package| !option(&package.name));
    call.operands.retain(|word| !option(word.text()));
    if call.verb_text == "nuget locals" && call.has_flag(&["--list", "-l"]) {
        call.verb = Verb::Other;
    }
    if call.verb_text.starts_with("add ") && call.verb == Verb::Other {
        let named: Option<Vec<_>> = call
            .operands
            .first()
            .filter(|word| word.text() == "package")
            .map(|_| call.operands.iter().skip(1).map(|word| super::package_of(&TOOL, word)).collect());
        if let Some(packages) = named {
            call.verb = Verb::Install;
            call.packages = packages;
        }
    }
    if call.verb != Verb::Install || call.verb_text == "restore" {
        return;
    }
    // In `add package`, `-v` is the version.
    let names: &[&str] = if call.verb_text.contains("tool") { &["--version"] } else { &["--version", "-v"] };
    if let Some(version) = call.flag(names).and_then(|flag| flag.value.clone()) {
        for package in call.packages.iter_mut().filter(|p| p.kind == PackageKind::Name && p.version.is_none())
        {
            package.version = Some(version.clone());
        }
    }
}
