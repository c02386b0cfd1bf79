//! `curl-without-redirects`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Download, Downloader, download};

declare_rule! {
    /// curl does not follow the redirect this host always sends.
    ///
    /// ## What it does
    ///
    /// Finds `curl` without `-L` that saves or hands on what it gets from an address which always redirects: releases
    /// and archives of GitHub, SourceForge, `aka.ms`.
    ///
    /// ## Why is this bad?
    ///
    /// These hosts answer with the address of another server. Without `-L` curl is done then: the file is empty or holds
    /// a line of HTML, and curl has succeeded.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM buildpack-deps:trixie-curl
    /// RUN curl -fsSO https://github.com/example/tool/releases/download/v1.2.3/tool.tar.gz
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM buildpack-deps:trixie-curl
    /// RUN curl -fsSLO https://github.com/example/tool/releases/download/v1.2.3/tool.tar.gz
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: without it the file does not arrive.
    ///
    /// ## References
    ///
    /// - [curl manual: --location](https://curl.se/docs/manpage.html#-L)
    pub(super) RULE = "curl-without-redirects" {
        chapter: Build, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: ["tally/curl-should-follow-redirects", "curlUseFlagL"],
        check: Check::Instruction(check),
    }
}

fn check(_: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    let found: Vec<(Download<'_>, &str)> = facts
        .scripts()
        .filter(|script| script.text().contains("curl"))
        .flat_map(|script| script.commands().filter(|command| command.name() == Some("curl")))
        .filter_map(download)
        .filter_map(|call| Some((redirected(&call)?, call)))
        .map(|(host, call)| (call, host))
        .collect();
    let Some((first, host)) = found.first() else { return };
    let edits = found.iter().map(|(call, _)| call.add_letter('L', false)).collect();
    report
        .add(
            first.program_span,
            format!("`{host}` answers this with a redirect, which `curl` without `-L` does not follow: the file never arrives."),
        )
        .fix(Fix::safe("Let `curl` follow redirects (`-L`)", edits));
}

/// The host that redirects.
fn redirected(call: &Download<'_>) -> Option<&'static str> {
    let asks_otherwise = [
        "-X",
        "--request",
        "-d",
        "--data",
        "--data-raw",
        "--json",
        "-F",
        "--form",
        "-I",
        "--head",
        "-w",
        "--write-out",
    ];
    if call.tool != Downloader::Curl
        || call.follows
        || call.may_contain_anything()
        || !call.is_used()
        || call.has(&asks_otherwise)
    {
        return None;
    }
    call.urls.iter().find_map(|url| redirects(&url.text))
}

/// The host of an address that always answers with a redirect.
fn redirects(url: &str) -> Option<&'static str> {
    let url = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    let (host, path) = url.split_once('/')?;
    let mut parts = path.split('/').skip(2);
    let (first, second) = (parts.next(), parts.next());
    match host {
        "github.com" | "www.github.com" => match (first, second) {
            (Some("releases"), Some("download" | "latest"))
            | (Some("archive" | "raw" | "tarball" | "zipball"), Some(_)) => Some("github.com"),
            _ => None,
        },
        "sourceforge.net"
        | "www.sourceforge.net"
        | "downloads.sourceforge.net"
        | "prdownloads.sourceforge.net" => Some("sourceforge.net"),
        "aka.ms" => Some("aka.ms"),
        _ => host.ends_with(".aka.ms").then_some("aka.ms"),
    }
}
