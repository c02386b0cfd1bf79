//! `curl-without-fail`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Download, Downloader, Script, download, verifies};

declare_rule! {
    /// curl saves an HTTP error page as if it were the file.
    ///
    /// ## What it does
    ///
    /// Finds `curl` in `RUN` that saves what it gets, or hands it on through a pipe or a substitution, without `-f`
    /// (`--fail`, `--fail-with-body`).
    ///
    /// ## Why is this bad?
    ///
    /// Without `-f` curl succeeds whatever the server answers. "404 Not Found" or a login page is written to the file,
    /// the build goes on, and what breaks later says nothing about the download.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM buildpack-deps:trixie-curl
    /// RUN curl -sSL -o /usr/local/bin/tool https://example.com/tool-1.2.3
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM buildpack-deps:trixie-curl
    /// RUN curl -fsSL -o /usr/local/bin/tool https://example.com/tool-1.2.3
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: downloads that succeed do so as before.
    ///
    /// ## References
    ///
    /// - [curl manual: --fail](https://curl.se/docs/manpage.html#-f)
    pub(super) RULE = "curl-without-fail" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["DF035", "curlUseFlagF"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    let found: Vec<(&Script, Download<'_>)> = facts
        .scripts()
        .filter(|script| script.text().contains("curl"))
        .flat_map(|script| {
            let commands = script.commands().filter(|command| command.name() == Some("curl"));
            commands.filter_map(move |command| Some((script, download(command)?)))
        })
        .filter(|(_, call)| takes_errors(call))
        .collect();
    let Some((_, first)) = found.first() else { return };
    let configured = file.first(stage, "curlrc", |i| i.instruction.joined.text().contains("curlrc"));
    if configured.is_some_and(|index| index <= facts.index) {
        return;
    }
    let checked = found.iter().all(|(script, call)| is_verified(script, call));
    let message = if checked {
        "`curl` takes an error page of the server for the file: the checksum then fails, and does not say why."
    } else {
        "`curl` without `-f` succeeds when the server answers with an error, and takes the error page for the file."
    };
    let edits = found.iter().map(|(_, call)| call.add_letter('f', true)).collect();
    report
        .add(first.program_span, message)
        .level(if checked { Level::Info } else { Level::Warning })
        .fix(Fix::safe("Let `curl` fail on errors of the server (`-f`)", edits));
}

/// Whether what a server says in an error would be used.
fn takes_errors(call: &Download<'_>) -> bool {
    call.tool == Downloader::Curl
        && !call.fails
        && !call.may_contain_anything()
        && call.is_used()
        && !call.has(&["-w", "--write-out", "-I", "--head", "-T", "--upload-file"])
        && !call.urls.is_empty()
        && !call.urls.iter().all(|url| {
            let text = url.text.to_ascii_lowercase();
            text.starts_with("file:") || text.starts_with("ftp:") || text.starts_with("ftps:")
        })
}

/// Whether a checksum or a signature is checked behind the download.
fn is_verified(script: &Script, call: &Download<'_>) -> bool {
    script.commands().any(|command| command.place.start > call.command.place.start && verifies(command))
}
