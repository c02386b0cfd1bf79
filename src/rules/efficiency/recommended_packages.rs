//! `recommended-packages`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, Package, PackageCommand, PackageKind, Verb};
use crate::text::{Edit, Span};

declare_rule! {
    /// apt installs recommended packages nobody asked for.
    ///
    /// ## What it does
    ///
    /// Finds `apt-get install` without `--no-install-recommends` in a shipped stage.
    ///
    /// ## Why is this bad?
    ///
    /// Debian's packages recommend others that most desktop users want. In an image they are size, download
    /// time and things to patch: 219 of 224 Dockerfiles by experts leave them out.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update && apt-get install --no-install-recommends -y libpq5 && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe for most packages. Some do half of their work through what they recommend; for those the comment
    /// names what goes missing, and you check that you do not need it.
    ///
    /// ## References
    ///
    /// - [Python Speed: Installing system packages in Docker with minimal bloat](https://pythonspeed.com/articles/system-packages-docker/)
    /// - [Docker: Building best practices, apt-get](https://docs.docker.com/build/building/best-practices/#apt-get)
    pub(super) RULE = "recommended-packages" {
        chapter: Efficiency, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3015", "hadolint/DL3015", "DS-0029", "APT-GET Not Avoiding Additional Packages", "DF016", "aptGetInstallUseNoRec"],
        check: Check::Instruction(check),
    }
}

/// Packages that live from what they recommend, by name or by the start of the name, and what goes missing
/// (Debian 13, `apt-cache show`, field Recommends).
const LIVES_FROM_RECOMMENDS: [(&str, &str); 9] = [
    ("texlive*", "fonts and packages for documents"),
    ("python3-pip", "the compiler and headers (`build-essential`, `python3-dev`)"),
    ("xvfb", "`xauth`, which `xvfb-run` needs"),
    ("chromium", "the sandbox helper and fonts"),
    ("chromium-browser", "the sandbox helper and fonts"),
    ("fonts-*", "further scripts and weights"),
    ("gnupg", "`gnupg-l10n` and the mail helpers"),
    ("libreoffice*", "fonts and the Java parts"),
    ("imagemagick", "`ghostscript` for PDF files"),
];

/// Downloaders that need certificates, which Debian only recommends.
const NEEDS_CERTIFICATES: [&str; 3] = ["curl", "wget", "git"];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !stage.shipped || facts.instruction.keyword != Keyword::Run {
        return;
    }
    let installs: Vec<&PackageCommand<'_>> =
        facts.calls.iter().filter(|call| installs_recommended(call)).collect();
    if !installs.is_empty() && !is_configured(file, stage, facts) {
        finding(file, stage, facts, &installs, report);
    }
}

fn installs_recommended(command: &PackageCommand<'_>) -> bool {
    let configured = command
        .flag_values(&["-o", "--option"])
        .any(|value| value.to_ascii_lowercase().contains("install-recommends"));
    command.manager == Manager::Apt
        && matches!(command.program, "apt" | "apt-get")
        && command.verb == Verb::Install
        && command.verb_text == "install"
        && !command.packages.is_empty()
        && !command.packages.iter().all(|p| p.kind != PackageKind::Name)
        && !command.may_contain_anything()
        && !command.flags.iter().any(|flag| flag.variable)
        && command.flag(&["--no-install-recommends", "--install-recommends"]).is_none()
        && !configured
}

/// Whether apt's configuration may leave them out already: something before, or here, speaks of it.
fn is_configured(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    // Its own configuration of apt leaves them out; images to develop in are meant to be comfortable.
    if file.base_image(stage).is_some_and(|base| {
        base.image.repository == "bitnami/minideb" || base.text.contains("devcontainers/")
    }) {
        return true;
    }
    let speaks = |text: &str| text.to_ascii_lowercase().contains("install-recommends");
    let first = file.first(stage, "apt.conf", |i| {
        let node = i.instruction;
        let copies =
            matches!(node.keyword, Keyword::Copy | Keyword::Add) && node.rest_text().contains("/etc/apt");
        let writes = node.rest_text().contains("apt.conf") && speaks(node.rest_text());
        copies
            || writes
            || node
                .heredocs
                .iter()
                .any(|h| speaks(file.dockerfile.source.slice(h.body)) && writes_conf(file, h.body))
    });
    first.is_some_and(|index| index <= facts.index)
}

fn writes_conf(file: &FileFacts<'_>, body: Span) -> bool {
    file.dockerfile.source.slice(body).contains("apt.conf")
}

fn finding(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    installs: &[&PackageCommand<'_>],
    report: &mut Report,
) {
    let Some(command) = installs.first() else { return };
    let packages = || installs.iter().flat_map(|call| &call.packages);
    let mut edits: Vec<Edit> =
        installs.iter().map(|call| Edit::insert(call.verb_span.end, " --no-install-recommends")).collect();
    let mut missing: Vec<String> = packages().filter_map(what_goes_missing).collect();
    let downloader = packages().find(|p| NEEDS_CERTIFICATES.contains(&&*p.name));
    if let Some(package) = downloader.filter(|_| !has_certificates(file, stage, facts)) {
        edits.push(Edit::insert(package.span.start, certificates_before(file, package.span)));
        missing.push(format!(
            "`{}` only recommends `ca-certificates`, without which downloads over https fail: the change adds it",
            package.name
        ));
    }
    if packages().any(|p| p.name == "git") && !packages().any(|p| p.name == "openssh-client") {
        missing.push("`git` over ssh needs `openssh-client`, which it only recommends".to_owned());
    }
    let title = "Add `--no-install-recommends`";
    let refine = report.add(
        command.verb_span,
        format!(
            "`{} {}` also installs every recommended package: more to download, to ship and to patch.",
            command.program, command.verb_text
        ),
    );
    if missing.is_empty() {
        refine.fix(Fix::safe(title, edits));
    } else {
        refine
            .note(format!("Check what goes missing: {}.", missing.join("; ")))
            .fix(Fix::confirm(title, edits));
    }
}

fn what_goes_missing(package: &Package<'_>) -> Option<String> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => package.name.starts_with(start),
        None => package.name == pattern,
    };
    let (_, missing) = LIVES_FROM_RECOMMENDS.iter().find(|(pattern, _)| fits(pattern))?;
    Some(format!("`{}` comes without {missing}", package.name.replace('`', "")))
}

/// The text to insert before a package: a line of its own where each package has one.
fn certificates_before(file: &FileFacts<'_>, package: Span) -> String {
    let source = &file.dockerfile.source;
    let line = source.line_span(source.line_of(package.start));
    let before = source.slice(Span::new(line.start, package.start));
    let behind = source.slice(Span::new(package.end, line.end)).trim();
    let escape = file.dockerfile.escape;
    if before.trim().is_empty() && (behind.is_empty() || behind.chars().eq([escape])) {
        return format!("ca-certificates {escape}{}{before}", source.newline_at(package.start));
    }
    "ca-certificates ".to_owned()
}

/// Whether an apt command up to here installs the certificates, or the base is known to have them: all
/// variants of the official Python images and of buildpack-deps install them.
fn has_certificates(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let base = file.base_image(stage).is_some_and(|base| {
        base.image.official && matches!(base.image.repository.as_str(), "python" | "buildpack-deps")
    });
    let first = file.first(stage, "ca-certificates", |i| {
        i.calls.iter().any(|command| {
            command.verb == Verb::Install && command.packages.iter().any(|p| p.name == "ca-certificates")
        })
    });
    base || first.is_some_and(|index| index <= facts.index)
}
