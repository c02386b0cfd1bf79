//! Gradle: gradle, gradlew.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Gradle,
    syntax: Syntax::new(
        "bcgIpxDPFM",
        &[
            "--build-file",
            "--settings-file",
            "--gradle-user-home",
            "--init-script",
            "--project-dir",
            "--exclude-task",
            "--system-prop",
            "--project-prop",
            "--dependency-verification",
            "--write-verification-metadata",
            "--console",
            "--max-workers",
            "--priority",
            "--include-build",
            "--warning-mode",
            "--project-cache-dir",
            "--update-locks",
            "--configuration-cache-problems",
            "--tests",
            "--gradle-version",
            "--distribution-type",
            "--gradle-distribution-url",
        ],
    ),
    groups: &[],
    verbs: &[],
    bare: Verb::Other,
    sources: &[],
    package: |text| (text, None, PackageKind::Name),
};

/// The task that says most decides. Nobody knows all tasks: one that no other kind fits builds.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    let kind = |task: &str| {
        let name = task.rsplit(':').next().unwrap_or(task).to_ascii_lowercase();
        match name.as_str() {
            "clean" | "wrapper" | "tasks" | "help" | "projects" | "properties" | "init"
            | "javatoolchains" => Verb::Other,
            // Listing them fetches them.
            "dependencies" | "buildenvironment" | "dependencyinsight" => Verb::Download,
            _ if name.contains("depend")
                && ["download", "resolve", "fetch", "cache"].iter().any(|word| name.contains(word)) =>
            {
                Verb::Download
            }
            _ => Verb::Build,
        }
    };
    if call.has_flag(&["-v", "--version", "-V", "-h", "--help", "--stop"]) {
        return;
    }
    super::deciding_operand(call, kind);
}
