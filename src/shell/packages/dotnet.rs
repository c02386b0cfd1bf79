//! The .NET command line.

use super::options::Syntax;
use super::{Manager, PackageKind, Tool, Verb};

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
        ],
    ),
    groups: &["tool", "workload", "nuget", "package"],
    verbs: &[
        ("restore", Verb::Install),
        ("tool install", Verb::Install),
        ("tool restore", Verb::Install),
        ("workload install", Verb::Install),
        ("workload restore", Verb::Install),
        ("package add", Verb::Install),
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
