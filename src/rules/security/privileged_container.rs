//! `privileged-container`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::{ImageName, RepositoryFacts, is_dev_path};
use crate::repository::project::compose::Service;
use crate::repository::project::{Build, DockerCommand, Document, Verb, docker_commands};
use crate::rules::{Check, Report};
use crate::shell::Script;
use crate::text::Span;
use std::collections::BTreeSet;

declare_rule! {
    /// The container is started with far-reaching rights.
    ///
    /// ## What it does
    /// Looks at Compose files, scripts and workflows that start an image built in this repository: does the container get all
    /// rights (`privileged`, `SYS_ADMIN`), the Docker socket, the network or the processes of the host, or is a protection
    /// switched off (`seccomp:unconfined`, `apparmor:unconfined`)? A comment `# reviewed` on the line silences it.
    ///
    /// ## Why is this bad?
    /// What keeps a break-in inside the container is switched off: whoever takes over the program can take over the machine.
    ///
    /// ## Example
    /// ```yaml compose.yaml
    /// services:
    ///   app:
    ///     build: .
    ///     privileged: true
    /// ```
    ///
    /// ## Use instead
    /// ```yaml compose.yaml
    /// services:
    ///   app:
    ///     build: .
    ///     cap_add:
    ///       - NET_ADMIN
    /// ```
    ///
    /// ## Fix safety
    /// There is no change to click: which right the program needs is not known.
    ///
    /// ## References
    /// - [OWASP Docker Security Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html)
    /// - [Docker: Runtime privilege and Linux capabilities](https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities)
    pub(super) RULE = "privileged-container" {
        chapter: Security, level: Warning, default: On, scope: Repository, fix: Text,
        aliases: [],
        check: Check::Repository(check),
    }
}

/// Names of services that need such rights to do what they are for.
const MEANT: [&str; 12] = [
    "dind",
    "docker",
    "runner",
    "agent",
    "cadvisor",
    "node-exporter",
    "node_exporter",
    "traefik",
    "portainer",
    "watchtower",
    "monitor",
    "buildkit",
];

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let ours = |build: &&Build| facts.files.iter().any(|file| build.dockerfile.may_be(&file.path));
    let images: BTreeSet<String> = facts
        .project
        .builds
        .iter()
        .filter(ours)
        .flat_map(|build| &build.tags)
        .map(|tag| ImageName::of(&tag.text).name.to_owned())
        .collect();
    for document in &facts.project.documents {
        if let Some(compose) = document.compose() {
            for service in compose.services.iter().filter(|service| service.build.is_some()) {
                if !is_meant(&service.name.text) {
                    for (span, right) in rights_of(service) {
                        say(document, span, right, report);
                    }
                }
            }
        } else if let Some(file) = document.script() {
            file.scripts.iter().for_each(|script| in_script(document, script, &images, report));
        } else if let Some(workflow) = document.workflow() {
            for (_, step) in workflow.steps() {
                if let Some(script) = step.run.as_ref().and_then(|run| run.script.as_deref()) {
                    in_script(document, script, &images, report);
                }
            }
        }
    }
}

fn is_meant(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    MEANT.iter().any(|part| name.contains(part))
}

fn in_script(document: &Document, script: &Script, images: &BTreeSet<String>, report: &mut Report) {
    for command in docker_commands(script).filter(|command| command.verb == Verb::Run) {
        let image = command.operands.first().map_or("", |word| word.text());
        let name = ImageName::of(image).name;
        if !images.contains(name) || is_meant(name) {
            continue;
        }
        for (span, right) in options_of(&command) {
            say(document, span, right, report);
        }
    }
}

/// What an option or a key grants.
#[derive(Debug, Clone, Copy)]
enum Right {
    All,
    Socket,
    HostNetwork,
    HostProcesses,
    Administration,
    Unconfined,
}

impl Right {
    fn of(key: &str, value: &str) -> Option<Self> {
        let value = value.trim().trim_matches(['"', '\'']);
        match key {
            "privileged" => (value != "false").then_some(Self::All),
            "volume" | "mount" => value.contains("docker.sock").then_some(Self::Socket),
            "network" | "net" => (value == "host").then_some(Self::HostNetwork),
            "pid" => (value == "host").then_some(Self::HostProcesses),
            "cap-add" => {
                let name = value.to_ascii_uppercase();
                matches!(name.trim_start_matches("CAP_"), "ALL" | "SYS_ADMIN").then_some(Self::Administration)
            }
            "security-opt" => {
                let value = value.replace('=', ":");
                matches!(&*value, "seccomp:unconfined" | "apparmor:unconfined").then_some(Self::Unconfined)
            }
            _ => None,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::All => {
                "`privileged` gives the container every right on the machine. Whoever takes over the program takes over the machine."
            }
            Self::Socket => {
                "With the Docker socket the container can start others with every right. Whoever takes over the program takes over the machine."
            }
            Self::HostNetwork => {
                "The container shares the network of the machine. It reaches services that listen on the machine only."
            }
            Self::HostProcesses => "The container sees and can signal the processes of the machine.",
            Self::Administration => {
                "This capability is close to every right on the machine. Most programs need one small one, or none."
            }
            Self::Unconfined => "This switches off a filter that keeps a break-in inside the container.",
        }
    }

    const fn note(self) -> &'static str {
        match self {
            Self::All | Self::Administration => {
                "Give the one capability that is needed: `NET_ADMIN` for network interfaces, `SYS_PTRACE` for debuggers, or a single device."
            }
            Self::Socket => {
                "A socket proxy that lets only some requests through, or rootless Docker, keeps the risk small."
            }
            Self::HostNetwork => "Publishing the ports that are needed is enough for most programs.",
            Self::HostProcesses => "Most programs need this for debugging only.",
            Self::Unconfined => "A profile with the calls that are needed keeps the others out.",
        }
    }
}

fn options_of(command: &DockerCommand<'_>) -> Vec<(Span, Right)> {
    let flags = command.flags.iter();
    flags.filter_map(|flag| Some((flag.span(), Right::of(&flag.name, flag.value.unwrap_or(""))?))).collect()
}

fn rights_of(service: &Service) -> Vec<(Span, Right)> {
    let mut out = Vec::new();
    if let Some(switch) = service.privileged.filter(|switch| switch.is_on()) {
        out.push((switch.span, Right::All));
    }
    let mut add = |key: &str, text: &crate::repository::project::Text| {
        out.extend(Right::of(key, &text.text).map(|right| (text.span, right)));
    };
    service.network_mode.iter().for_each(|text| add("network", text));
    service.pid.iter().for_each(|text| add("pid", text));
    service.cap_add.iter().for_each(|text| add("cap-add", text));
    service.security_opt.iter().for_each(|text| add("security-opt", text));
    let sockets = service.volumes.iter().filter(|volume| {
        volume.source.as_ref().is_some_and(|source| source.text.contains("docker.sock")) && !volume.read_only
    });
    out.extend(sockets.map(|volume| (volume.span, Right::Socket)));
    out
}

fn say(document: &Document, span: Span, right: Right, report: &mut Report) {
    let line = document.source.line(document.source.line_of(span.start));
    if line.split_once('#').is_some_and(|(_, comment)| comment.to_ascii_lowercase().contains("reviewed")) {
        return;
    }
    let name = document.path.file_name().unwrap_or("").to_ascii_lowercase();
    let for_tests = is_dev_path(&document.path)
        || ["test", "dev", "local", "override", "debug", "e2e"].iter().any(|part| name.contains(part));
    let level = if for_tests { Level::Info } else { Level::Warning };
    report.add_in(&*document.path, span, right.message()).level(level).note(right.note());
}
