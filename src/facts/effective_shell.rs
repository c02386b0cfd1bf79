//! Which shell the scripts of an instruction are run by, and whether bash is there.

use super::{BaseImage, FileFacts, InstructionFacts, Shell, StageFacts};
use crate::image::ShellKind;
use crate::shell::packages::{Manager, Verb};
use crate::shell::{Command, Script, ShellCall};

impl FileFacts<'_> {
    /// What runs the scripts of an instruction: what SHELL names, with `sh` as the base image has it. Scripts with a
    /// `#!` line of their own are not asked.
    pub fn shell_kind(&self, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> ShellKind {
        let name = match &facts.state.shell {
            Shell::Default => "sh".to_owned(),
            Shell::Set(words) => ShellCall::of(words).name,
        };
        match name.as_str() {
            "bash" => ShellKind::Bash,
            "dash" => ShellKind::Dash,
            "ash" => ShellKind::Ash,
            "sh" => {
                let linked = self.first(stage, "sh-is-another", |i| {
                    i.scripts().any(|script| script.commands().any(|command| links_sh(script, command)))
                });
                let own =
                    facts.state.shell == Shell::Default && self.base_image(stage).is_some_and(may_set_shell);
                match linked {
                    Some(index) if index <= facts.index => ShellKind::Unknown,
                    _ if own => ShellKind::Unknown,
                    _ => self.defaults(stage).map_or(ShellKind::Unknown, |defaults| defaults.shell.kind),
                }
            }
            _ => ShellKind::Unknown,
        }
    }

    /// Whether bash is there when an instruction is run: in the base image, or installed before.
    pub fn has_bash(&self, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
        let installed = || {
            let first = self.first(stage, "bash", |i| {
                let installs = i.calls.iter().filter(|call| {
                    call.verb == Verb::Install
                        && matches!(call.manager, Manager::Apt | Manager::Apk | Manager::Dnf | Manager::Yum)
                });
                installs.flat_map(|call| &call.packages).any(|package| package.name == "bash")
            });
            first.is_some_and(|index| index < facts.index)
        };
        self.defaults(stage).and_then(|defaults| defaults.has_bash) == Some(true) || installed()
    }
}

/// Images that are no official ones and are known to have no SHELL in them.
const WITHOUT_SHELL: [&str; 12] = [
    "almalinux/",
    "bitnami/minideb",
    "continuumio/",
    "devcontainers/",
    "dotnet/",
    "ghcr.io/astral-sh/uv",
    "mcr.microsoft.com/playwright",
    "nvidia/cuda",
    "opensuse/",
    "pytorch/pytorch",
    "rockylinux/",
    "ubi",
];

/// Whether an image may have a SHELL of its own, which holds for what is built on it (jupyter, micromamba, CircleCI).
/// No official image has one.
fn may_set_shell(base: &BaseImage) -> bool {
    let name = base.image.repository.as_str();
    !base.image.official && base.said.is_none() && !WITHOUT_SHELL.iter().any(|known| name.starts_with(known))
}

/// Whether a command makes another shell `/bin/sh`: `ln -sf /bin/bash /bin/sh`, `dpkg-reconfigure dash`.
pub fn links_sh(script: &Script, command: &Command) -> bool {
    match command.name() {
        Some("ln" | "mv" | "cp") => command.args().last().is_some_and(|word| {
            matches!(word.text(), "/bin/sh" | "/usr/bin/sh")
                || (word.text() == "sh" && script.text().contains("cd /bin"))
        }),
        Some("dpkg-reconfigure") => command.args().iter().any(|word| word.text() == "dash"),
        Some("update-alternatives") => command.args().iter().any(|word| word.text() == "/bin/sh"),
        _ => false,
    }
}
