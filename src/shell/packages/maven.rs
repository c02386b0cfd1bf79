//! Maven: mvn, mvnw, mvnd.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Maven,
    syntax: Syntax {
        single_dash: true,
        attached: "DPT",
        ..Syntax::new(
            "",
            &[
                "-b",
                "--builder",
                "--color",
                "-D",
                "--define",
                "-emp",
                "--encrypt-master-password",
                "-ep",
                "--encrypt-password",
                "-f",
                "--file",
                "-gs",
                "--global-settings",
                "-gt",
                "--global-toolchains",
                "-is",
                "--install-settings",
                "-l",
                "--log-file",
                "-P",
                "--activate-profiles",
                "-pl",
                "--projects",
                "-ps",
                "--project-settings",
                "-rf",
                "--resume-from",
                "-s",
                "--settings",
                "-t",
                "--toolchains",
                "-T",
                "--threads",
            ],
        )
    },
    groups: &[],
    verbs: &[],
    bare: Verb::Other,
    sources: &[],
    package: |text| (text, None, PackageKind::Name),
};

/// The goal that says most decides: one that builds, else one that fetches dependencies.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    let kind = |goal: &str| match goal {
        "compile" | "test-compile" | "process-classes" | "prepare-package" | "package" | "test"
        | "integration-test" | "verify" | "install" | "deploy" | "site" => Verb::Build,
        "clean" | "validate" | "initialize" => Verb::Other,
        // `dependency:go-offline`, `org.apache.maven.plugins:maven-dependency-plugin:3.1:resolve`
        _ if goal.contains("dependency") => {
            let named = goal.rsplit(':').find(|part| !part.starts_with(|c: char| c.is_ascii_digit()));
            match named {
                Some(
                    "go-offline"
                    | "resolve"
                    | "resolve-plugins"
                    | "get"
                    | "copy"
                    | "copy-dependencies"
                    | "unpack"
                    | "unpack-dependencies"
                    | "sources"
                    | "resolve-sources",
                ) => Verb::Download,
                Some("purge-local-repository") => Verb::Clean,
                _ => Verb::Other,
            }
        }
        _ if goal.contains(':') => Verb::Build,
        _ => Verb::Other,
    };
    if call.has_flag(&["-v", "--version", "-h", "--help"]) {
        return;
    }
    super::deciding_operand(call, kind);
}
