//! `plain-http-download`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step};
use crate::rules::urls::{is_private, scheme_and_host, shown};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand};
use crate::shell::{Output, download, may_verify};
use crate::text::{Edit, Span};

declare_rule! {
    /// Something is downloaded without encryption.
    ///
    /// ## What it does
    ///
    /// Finds addresses with `http://` that `curl`, `wget`, `ADD` and `git` fetch from, and such package indexes of pip
    /// and npm.
    ///
    /// Hosts of the own machine and of private networks are not meant, nor downloads whose checksum or signature is
    /// checked in the same `RUN`, nor the mirrors of a distribution, whose lists are signed.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever is between the build and the server (a proxy, a wireless network, a provider) can put other bytes in
    /// the place of the file, and nothing in the build notices.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD http://archive.apache.org/dist/ant/KEYS /opt/ant/
    /// USER 10001:10001
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD https://archive.apache.org/dist/ant/KEYS /opt/ant/
    /// USER 10001:10001
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Offered for well-known hosts that serve the same files encrypted, and to be confirmed. Whether another host
    /// does cannot be known without asking it.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices](https://docs.docker.com/build/building/best-practices/)
    /// - [MDN: HTTPS](https://developer.mozilla.org/en-US/docs/Glossary/HTTPS)
    pub(super) RULE = "plain-http-download" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["curlUseHttpsUrl", "wgetUseHttpsUrl"],
        check: Check::Instruction(check),
    }
}

/// Hosts that serve the same under `https://`.
const ENCRYPTED: [&str; 50] = [
    "golang.org",
    "python.org",
    "apt.llvm.org",
    "archive.apache.org",
    "bitbucket.org",
    "bootstrap.pypa.io",
    "cdn.kernel.org",
    "codeload.github.com",
    "deb.nodesource.com",
    "dl.google.com",
    "dl-ssl.google.com",
    "dlcdn.apache.org",
    "download.docker.com",
    "download.java.net",
    "downloads.apache.org",
    "downloads.sourceforge.net",
    "files.pythonhosted.org",
    "ftp.gnu.org",
    "get.docker.com",
    "getcomposer.org",
    "gist.githubusercontent.com",
    "github.com",
    "gitlab.com",
    "mirrors.aliyun.com",
    "mirrors.tuna.tsinghua.edu.cn",
    "mirrors.ustc.edu.cn",
    "nginx.org",
    "nodejs.org",
    "packages.confluent.io",
    "packages.microsoft.com",
    "pecl.php.net",
    "pypi.org",
    "pypi.python.org",
    "pypi.tuna.tsinghua.edu.cn",
    "raw.github.com",
    "raw.githubusercontent.com",
    "registry.npmjs.org",
    "registry.npmmirror.com",
    "repo.anaconda.com",
    "repo.continuum.io",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "rubygems.org",
    "s3.amazonaws.com",
    "sourceforge.net",
    "storage.googleapis.com",
    "www.apache.org",
    "www.kernel.org",
    "www.postgresql.org",
    "www.python.org",
];

/// An address that something is fetched from.
struct Address {
    text: String,
    span: Span,
    what: &'static str,
}

fn check(file: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    let source = file.dockerfile.source.slice(node.span);
    // Most instructions name no address at all.
    let plain = ["http://", "HTTP://", "git://"];
    if !plain.iter().any(|scheme| memchr::memmem::find(source.as_bytes(), scheme.as_bytes()).is_some()) {
        return;
    }
    match node.keyword {
        Keyword::Add if node.flag("checksum").is_none() => {
            for word in node.args.iter().rev().skip(1) {
                let found = Address { text: word.text.clone(), span: word.span, what: "the file" };
                judge(file, found, report);
            }
        }
        Keyword::Run => {
            if facts.steps().any(|step| may_verify(step.command)) {
                return;
            }
            for found in facts.steps().flat_map(|step| addresses(&step)) {
                judge(file, found, report);
            }
        }
        _ => {}
    }
}

fn addresses(step: &Step<'_, '_>) -> Vec<Address> {
    if let Some(call) = download(step.command) {
        if call.output == Output::Nothing {
            return Vec::new();
        }
        let of = |url: &crate::shell::Written<'_>| Address {
            text: url.text.to_string(),
            span: url.span,
            what: "the file",
        };
        return call.urls.iter().map(of).collect();
    }
    if let Some(call) = step.call {
        return index_of(call);
    }
    let args = step.command.args();
    let fetches =
        args.iter().any(|word| matches!(word.text(), "clone" | "fetch" | "pull" | "add" | "update"));
    if step.command.name() == Some("git") && fetches {
        let of = |word: &crate::shell::Word| Address {
            text: word.text().to_owned(),
            span: word.span(),
            what: "the repository",
        };
        return args.iter().map(of).collect();
    }
    Vec::new()
}

/// Package indexes that a call names.
fn index_of(call: &PackageCommand<'_>) -> Vec<Address> {
    let names: &[&str] = match call.manager {
        Manager::Pip | Manager::Uv | Manager::Pipenv => &[
            "-i",
            "--index-url",
            "--extra-index-url",
            "--default-index",
            "--index",
            "-f",
            "--find-links",
            "--pypi-mirror",
        ],
        Manager::Npm | Manager::Yarn | Manager::Pnpm => &["--registry"],
        Manager::Gem => &["--source", "-s", "--clear-sources"],
        _ => return Vec::new(),
    };
    let flags = call.flags.iter().filter(|flag| names.contains(&&*flag.name));
    let mut out: Vec<Address> = flags
        .filter_map(|flag| {
            let text = flag.value.as_deref()?.to_owned();
            Some(Address { text, span: flag.value_span.unwrap_or(flag.span), what: "every package" })
        })
        .collect();
    // `npm config set registry http://…`
    if call.verb_text.starts_with("config") || call.verb_text == "set" {
        let of = |word: &&crate::shell::Word| {
            let text = word.text();
            let url = text.find("://").map_or(text, |_| text.split_once('=').map_or(text, |(_, url)| url));
            Address { text: url.to_owned(), span: word.span(), what: "every package" }
        };
        out.extend(call.operands.iter().map(of));
    }
    out
}

fn judge(file: &FileFacts<'_>, found: Address, report: &mut Report) {
    let Address { text, span, what } = found;
    let Some((scheme, host)) = scheme_and_host(&text) else { return };
    // `git://` has neither encryption nor a proof of who answers.
    if !matches!(scheme.as_str(), "http" | "git") || is_private(&host) || host.contains('$') {
        return;
    }
    let finding = report.add(
        span,
        format!(
            "`{}` is not encrypted: whoever is on the way can put something else in the place of {what}.",
            shown(&text)
        ),
    );
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let encrypted = format!("https://{rest}");
    let place = file.dockerfile.source.slice(span).find(text.get(..scheme.len() + 3).unwrap_or(&text));
    // Their certificates are for one level of names.
    let under =
        |parent: &str| host.strip_suffix(parent).is_some_and(|name| !name.is_empty() && !name.contains('.'));
    let known = ENCRYPTED.contains(&host.as_str())
        || [".s3.amazonaws.com", ".storage.googleapis.com", ".github.io", ".gitlab.io"]
            .iter()
            .any(|parent| under(parent));
    match place {
        Some(at) if known => {
            let start = span.start + at as u32;
            let edit = Edit::replace(Span::new(start, start + scheme.len() as u32), "https");
            finding
                .note("The image needs `ca-certificates` for it.")
                .fix(Fix::confirm("Use `https`", vec![edit]));
        }
        _ => {
            finding.note(format!(
                "Try `{}`; where the host has no `https`, compare the file with a checksum that you know.",
                shown(&encrypted)
            ));
        }
    }
}
