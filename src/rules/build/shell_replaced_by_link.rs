//! `shell-replaced-by-link`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, Shell, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Command, Script, Word};
use crate::text::Edit;

declare_rule! {
    /// /bin/sh is replaced by a link instead of SHELL.
    ///
    /// ## What it does
    ///
    /// Finds `ln -sf /bin/bash /bin/sh` and `dpkg-reconfigure dash` in `RUN`.
    ///
    /// ## Why is this bad?
    ///
    /// Every script of the distribution that starts with `#!/bin/sh` runs in another shell from then on, also in the
    /// container, and the next update of the package puts the old link back. `SHELL` says which shell the instructions
    /// of a Dockerfile use, and changes nothing in the image.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN ln -sf /bin/bash /bin/sh
    /// RUN source /etc/profile && make
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// SHELL ["/bin/bash", "-c"]
    /// RUN source /etc/profile && make
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Needs a look: scripts of the image that start with `#!/bin/sh` run in the distribution's shell again. Offered
    /// where the `RUN` does nothing else.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: SHELL](https://docs.docker.com/reference/dockerfile/#shell)
    pub(super) RULE = "shell-replaced-by-link" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["DL4005", "hadolint/DL4005", "Changing Default Shell Using RUN Command"],
        check: Check::Instruction(check),
    }
}

fn check(_: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    let speaks = |script: &&Script| script.text().contains("/sh") || script.text().contains("dash");
    let replacing = facts.scripts().filter(speaks).find_map(|script| {
        script.commands().find(|command| replaces(command)).map(|command| (script, command))
    });
    let Some((script, command)) = replacing else { return };
    let name = command.name().unwrap_or_default();
    let finding = report.add(
        command.name_word().map_or(command.span(), Word::span),
        format!("`{name}` changes `/bin/sh` for every script in the image: `SHELL` changes it for the instructions alone."),
    );
    if facts.state.shell == Shell::Default && does_nothing_else(facts, script) {
        finding.note("Check that no script of the image that starts with `#!/bin/sh` needs bash.").fix(
            Fix::confirm(
                "Use `SHELL` instead of the link",
                vec![Edit::replace(facts.instruction.body, r#"SHELL ["/bin/bash", "-c"]"#)],
            ),
        );
    } else {
        finding.note("Use `SHELL [\"/bin/bash\", \"-c\"]` instead, before the `RUN`s that need bash.");
    }
}

/// Whether a command makes bash `/bin/sh`.
fn replaces(command: &Command) -> bool {
    let args = command.args();
    match command.name() {
        Some("ln") => {
            let mut operands = args.iter().map(Word::text).filter(|text| !text.starts_with('-'));
            let from = operands.next().is_some_and(|text| text == "bash" || text.ends_with("/bash"));
            from && operands.next().is_some_and(is_sh) && operands.next().is_none()
        }
        Some("dpkg-reconfigure") => args.iter().any(|word| word.text() == "dash"),
        _ => false,
    }
}

fn is_sh(path: &str) -> bool {
    matches!(path, "/bin/sh" | "/usr/bin/sh")
}

/// Whether a RUN only replaces the link.
fn does_nothing_else(facts: &InstructionFacts<'_>, script: &Script) -> bool {
    let away = |command: &Command| {
        matches!(command.name(), Some("rm" | "mv" | "unlink"))
            && command.args().iter().filter(|word| !word.text().starts_with('-')).all(|word| {
                is_sh(word.text())
                    || word.text().starts_with("/bin/sh.")
                    || word.text().starts_with("/bin/sh_")
            })
    };
    let prepares = |command: &Command| {
        matches!(command.name(), Some("echo"))
            && command.args().iter().any(|word| word.text().contains("dash/sh"))
            || command.name() == Some("debconf-set-selections")
    };
    facts.instruction.heredocs.is_empty()
        && facts.instruction.flags.is_empty()
        && script.problems.is_empty()
        && script.commands().all(|command| replaces(command) || away(command) || prepares(command))
}
