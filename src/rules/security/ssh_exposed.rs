//! `ssh-exposed`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// The image exposes SSH.
    ///
    /// ## What it does
    ///
    /// Finds `EXPOSE` with port 22 of TCP in the stages that are shipped.
    ///
    /// Images whose purpose is SSH (an SSH or git server, `sshd` as what the container starts), images to develop
    /// in, other ports and ranges are not meant.
    ///
    /// ## Why is this bad?
    ///
    /// A second service with its own accounts, keys and updates runs beside the application, and is what attackers
    /// try first. `docker exec` and `kubectl exec` open a shell in a container without it.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY app /usr/local/bin/app
    /// EXPOSE 8080 22
    /// USER 10001:10001
    /// CMD ["app"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY app /usr/local/bin/app
    /// EXPOSE 8080
    /// USER 10001:10001
    /// CMD ["app"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: somebody may log in there. The server and its packages should go as well.
    ///
    /// ## References
    ///
    /// - [Docker: docker container exec](https://docs.docker.com/reference/cli/docker/container/exec/)
    /// - [CIS Docker Benchmark](https://www.cisecurity.org/benchmark/docker)
    pub(super) RULE = "ssh-exposed" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["DS-0004", "CKV_DOCKER_1", "Exposing Port 22 (SSH)"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if node.keyword != Keyword::Expose {
        return;
    }
    let is_ssh = |text: &str| text == "22" || text.eq_ignore_ascii_case("22/tcp");
    let Some(at) = node.args.iter().position(|word| is_ssh(&word.text)) else { return };
    if !stage.shipped || file.dev || stage.dev || serves_ssh(file, stage) {
        return;
    }
    let Some(word) = node.args.get(at) else { return };
    let finding = report
        .add(word.span, "Port 22 is for an SSH server, which the image does not need: `docker exec` opens a shell in a container.")
        .note("Check that nobody logs in over SSH, and take the server and its start out as well.");
    let edit = if node.args.len() == 1 {
        Some(Edit::delete(node.span))
    } else {
        // The word with the blanks on its left; with those on its right where it is the first one.
        let before = at.checked_sub(1).and_then(|before| node.args.get(before));
        let span = match (before, node.args.get(at + 1)) {
            (Some(before), _) => Some(Span::new(before.span.end, word.span.end)),
            (None, Some(after)) => Some(Span::new(word.span.start, after.span.start)),
            (None, None) => None,
        };
        span.filter(|span| !file.dockerfile.source.slice(*span).contains('#')).map(Edit::delete)
    };
    if let Some(edit) = edit {
        finding.fix(Fix::confirm("Do not expose port 22", vec![edit]));
    }
}

/// Whether SSH is what the image is for.
fn serves_ssh(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let named = |text: &str| {
        let names = [
            "sshd",
            "openssh",
            "sftp",
            "gitea",
            "gitlab",
            "gogs",
            "forgejo",
            "bitbucket",
            "dropbear",
            "git-server",
        ];
        let text = text.to_ascii_lowercase();
        text.split(['/', ':', '-', '_', '.', ' '])
            .any(|part| part == "ssh" || names.iter().any(|name| part.starts_with(name)))
    };
    if file.base_image(stage).is_some_and(|base| named(&base.text)) || named(file.path.as_str()) {
        return true;
    }
    let programs = file.with_descendants(stage).into_iter().flat_map(|stage| {
        let parts = [&stage.start.entrypoint, &stage.start.cmd].into_iter().flatten();
        parts.flat_map(|part| part.instruction.args.iter().map(|word| word.text.as_str()))
    });
    let starts = |text: &str| {
        // `/usr/sbin/sshd -D`, not `service ssh start && app`.
        let mut words = text.split_ascii_whitespace().filter(|word| !matches!(*word, "exec" | "tini" | "--"));
        words.next().is_some_and(|word| {
            let name = word.rsplit('/').next().unwrap_or("");
            matches!(name, "sshd" | "dropbear" | "gitea" | "gogs" | "gitlab")
        }) && !text.contains("&&")
            && !text.contains(';')
    };
    programs.into_iter().any(starts)
}
