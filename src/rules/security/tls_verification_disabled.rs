//! `tls-verification-disabled`.

mod table;
mod uses;

use self::table::{Off, variable_of};
use self::uses::{Use, in_command, in_text, is_local};
use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report, remove};
use crate::shell::may_verify;

declare_rule! {
    /// Certificate checks are switched off.
    ///
    /// ## What it does
    ///
    /// Finds options, settings and variables that have a tool accept any certificate: `curl -k`,
    /// `wget --no-check-certificate`, `pip --trusted-host`, `npm config set strict-ssl false`,
    /// `git -c http.sslVerify=false`, `NODE_TLS_REJECT_UNAUTHORIZED=0`, and their like for yum, apt, conda, gem, Go and
    /// others. Options are read as the tool reads them: `--key-type` is no `-k`.
    ///
    /// Addresses of the container itself are not meant, nor what the same `RUN` switches on again. Builder stages give
    /// a warning instead of an error, and so do downloads whose checksum or signature is checked.
    ///
    /// ## Why is this bad?
    ///
    /// Without the check anybody between the build and the server can answer in the server's place: what is
    /// downloaded, and often run as root at once, may be anybody's program. Variables set with `ENV` do the same to
    /// every connection that the application makes later, passwords included.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN curl -fsSLk https://example.com/tool-1.2.tar.gz -o /opt/tool.tar.gz
    /// USER 10001:10001
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN curl -fsSL https://example.com/tool-1.2.tar.gz -o /opt/tool.tar.gz
    /// USER 10001:10001
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the image needs the package `ca-certificates`, and for a server with a certificate of your own
    /// its CA in the trust store.
    ///
    /// ## References
    ///
    /// - [curl: SSL certificate verification](https://curl.se/docs/sslcerts.html)
    /// - [Node.js: NODE_TLS_REJECT_UNAUTHORIZED](https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue)
    /// - [pip: --trusted-host](https://pip.pypa.io/en/stable/cli/pip/#cmdoption-trusted-host)
    pub(super) RULE = "tls-verification-disabled" {
        chapter: Security, level: Error, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4", "CKV2_DOCKER_5", "CKV2_DOCKER_6", "CKV2_DOCKER_12",
            "CKV2_DOCKER_13", "CKV2_DOCKER_14", "CKV2_DOCKER_15", "CKV2_DOCKER_16",
        ],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    match node.keyword {
        Keyword::Env | Keyword::Arg => {
            for pair in &node.pairs {
                let Some(variable) = variable_of(&pair.key.text) else { continue };
                let value = pair.value.as_ref().and_then(|word| facts.state.expand(&word.text).value);
                if !value.is_some_and(|value| variable.off.holds(Some(&value)) && !is_local(&value)) {
                    continue;
                }
                // The other flags in the value stay.
                let edit =
                    if matches!(variable.off, Off::Holds(_)) { None } else { remove::pair(file, node, pair) };
                add(
                    stage,
                    &Use::of(pair.span, variable.name, edit, variable.codes),
                    Level::Error,
                    node.keyword,
                    report,
                );
            }
        }
        Keyword::Run => {
            let mut before: Vec<Use> = Vec::new();
            for step in facts.steps() {
                before.retain(|found| !found.is_undone_by(step.command));
                before.extend(in_command(file, step.command));
            }
            // Options that set the same have been read already.
            let written: Vec<Use> = in_text(file, facts)
                .into_iter()
                .filter(|found| !before.iter().any(|known| known.span.overlaps(found.span)))
                .collect();
            // What arrives is compared with something that is known.
            let checked = facts.steps().any(|step| may_verify(step.command));
            for found in before.iter().chain(&written) {
                let level = if checked && found.is_download { Level::Warning } else { Level::Error };
                add(stage, found, level, node.keyword, report);
            }
        }
        Keyword::Copy | Keyword::Add if !node.heredocs.is_empty() => {
            for found in in_text(file, facts) {
                add(stage, &found, Level::Error, node.keyword, report);
            }
        }
        _ => {}
    }
}

fn add(stage: &StageFacts<'_>, found: &Use, level: Level, keyword: Keyword, report: &mut Report) {
    let name = found.name.replace('`', "");
    let message = if name == "GONOSUMDB" {
        format!("`{name}` switches the checksum database off: nobody notices when a Go module was exchanged.")
    } else if keyword == Keyword::Env {
        format!(
            "`{name}` switches the check of certificates off, in the build and in every container of the image."
        )
    } else {
        format!(
            "`{name}` accepts any certificate: whoever is between the build and the server can send something else."
        )
    };
    let mut finding =
        report.add(found.span, message).level(if stage.shipped { level } else { Level::Warning }).note(
            "The image needs `ca-certificates`. For a CA of your own: `COPY company-ca.crt \
             /usr/local/share/ca-certificates/` and `RUN update-ca-certificates`.",
        );
    if !found.codes.is_empty() {
        finding = finding.codes(found.codes);
    }
    if let Some((title, edit)) = &found.fix {
        finding.fix(Fix::confirm(title.clone(), vec![edit.clone()]));
    }
}
