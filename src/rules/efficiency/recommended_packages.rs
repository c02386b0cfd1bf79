//! `recommended-packages`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::caches::{configured_before, option_may_hide};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, Package, PackageCommand, PackageKind, Verb, package_commands};
use crate::text::{Edit, Span};

declare_rule! {
    /// apt installs recommended packages nobody asked for.
    ///
    /// ## What it does
    ///
    /// Finds `apt-get install` and `apt install` without `--no-install-recommends` in the stages that are
    /// shipped.
    ///
    /// ## Why is this bad?
    ///
    /// apt also installs what a package *recommends*: documentation viewers, mail servers, compilers. It makes
    /// the image larger and brings software that must be patched although nothing uses it.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update \
    ///     && apt-get install -y nginx \
    ///     && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update \
    ///     && apt-get install --no-install-recommends -y nginx \
    ///     && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe for most packages. It must be confirmed for packages that are of little use without what they
    /// recommend, such as `python3-pip` or `texlive`; the finding names what goes missing. With `curl`, `wget`
    /// and `git` the package `ca-certificates` is added, without which downloads over https fail.
    ///
    /// ## References
    ///
    /// - [Debian Policy: Binary dependencies](https://www.debian.org/doc/debian-policy/ch-relationships.html#binary-dependencies-depends-recommends-suggests-enhances-pre-depends)
    /// - [Python Speed: Installing system packages in Docker with minimal bloat](https://pythonspeed.com/articles/system-packages-docker/)
    pub(super) RULE = "recommended-packages" {
        chapter: Efficiency, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL3015", "DS-0029", "APT-GET Not Avoiding Additional Packages", "DF016", "aptGetInstallUseNoRec",
        ],
        check: Check::Instruction(check),
    }
}

const OPTION: &str = "--no-install-recommends";

/// Packages that download over https and leave the certificates to a recommendation.
const NEED_CERTIFICATES: [&str; 3] = ["curl", "wget", "git"];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) || !stage.shipped {
        return;
    }
    let calls: Vec<PackageCommand<'_>> = facts.scripts().flat_map(package_commands).collect();
    let installs: Vec<&PackageCommand<'_>> = calls.iter().filter(|call| recommends(call)).collect();
    let Some(first) = installs.first() else { return };
    if configured_before(file, stage, facts, &["install-recommends"], &["apt.conf", "recommends"])
        || file.base_image(stage).is_some_and(|base| base.image.repository == "bitnami/minideb")
    {
        return;
    }
    let mut edits: Vec<Edit> =
        installs.iter().map(|call| Edit::insert(call.verb_span.end, format!(" {OPTION}"))).collect();
    let packages = || installs.iter().flat_map(|call| &call.packages);
    let missing: Vec<(&Package, &str)> =
        packages().filter_map(|package| Some((package, goes_missing(&package.name)?))).collect();
    let certificates = packages()
        .find(|package| package.kind == PackageKind::Name && NEED_CERTIFICATES.contains(&base(&package.name)))
        .filter(|_| !has_certificates(file, stage, facts));
    let mut finding = report.add(
        first.verb_span,
        format!(
            "`{} {}` also installs what the packages only recommend. The image grows by software nobody asked \
             for.",
            first.program, first.verb_text
        ),
    );
    if let Some(package) = certificates {
        edits.push(Edit::insert(package.span.start, add_certificates(file, package.span)));
        finding = finding.note(format!(
            "`ca-certificates` is only recommended by `{}`, but downloads over https need it; the change adds it.",
            base(&package.name)
        ));
    }
    let mut said: Vec<&str> = Vec::new();
    for (package, what) in &missing {
        if !said.contains(what) {
            said.push(what);
            let name = package.name.replace('`', "");
            finding = finding.note(format!("Without its recommendations `{name}` comes without {what}."));
        }
    }
    let unknown = installs.iter().any(|call| {
        call.may_contain_anything() || call.packages.iter().any(|p| p.kind == PackageKind::Variable)
    });
    if unknown {
        finding =
            finding.note("Part of the list comes from a variable; check that nothing in it needs them.");
    }
    let title = format!("Add `{OPTION}`");
    finding.fix(if !unknown && missing.is_empty() && certificates.is_none() {
        Fix::safe(title, edits)
    } else {
        Fix::confirm(title, edits)
    });
}

/// Whether a call installs recommended packages.
fn recommends(call: &PackageCommand<'_>) -> bool {
    let by_option = call.flag_values(&["-o", "--option"]).any(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        // Quotes inside of the word belong to apt's own syntax.
        let value = value.trim_matches(['"', '\'', ' ']);
        name.trim().eq_ignore_ascii_case("apt::install-recommends")
            && (value.contains('$')
                || ["false", "0", "no", "off"].iter().any(|v| value.eq_ignore_ascii_case(v)))
    });
    call.manager == Manager::Apt
        && matches!(call.program, "apt" | "apt-get")
        && call.verb == Verb::Install
        && call.verb_text == "install"
        && !call.flags.iter().any(|flag| matches!(flag.name.as_str(), OPTION | "--install-recommends"))
        && !by_option
        && !option_may_hide(call)
        && call.packages.iter().any(|package| package.kind != PackageKind::Path)
}

/// The name without an architecture: `curl:amd64`.
fn base(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// What a package is of little use without. From the `Recommends` of Debian 12 and 13.
fn goes_missing(name: &str) -> Option<&'static str> {
    let name = base(name);
    Some(match name {
        "python3-pip" | "python-pip" => {
            "`build-essential` and `python3-dev`, which packages with C code are built with"
        }
        "xvfb" => "`xauth`, which `xvfb-run` needs",
        "chromium" | "chromium-browser" => "`chromium-sandbox` and fonts",
        "gnupg" | "gnupg2" => "`dirmngr` on some releases, which fetching keys needs",
        _ if name.starts_with("texlive") => "the TeX packages that most documents use",
        _ if name.starts_with("fonts-") => "the other fonts it recommends",
        _ => return None,
    })
}

/// Whether the certificates are there: installed before or in the same RUN, or known to be in the base.
fn has_certificates(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let installed = file.history(stage).into_iter().filter(|(_, i)| i.index <= facts.index).any(|(_, i)| {
        i.scripts().any(|script| {
            package_commands(script).iter().any(|call| {
                call.verb == Verb::Install && call.packages.iter().any(|p| base(&p.name) == "ca-certificates")
            })
        })
    });
    // Official Python images install them in all variants.
    installed
        || file.base_image(stage).is_some_and(|b| {
            b.image.official && matches!(b.image.repository.as_str(), "python" | "buildpack-deps")
        })
}

/// The text to insert before a package: on its own line where each package has one.
fn add_certificates(file: &FileFacts<'_>, package: Span) -> String {
    let source = &file.dockerfile.source;
    let line = source.line_span(source.line_of(package.start));
    let before = source.slice(Span::new(line.start, package.start));
    let behind = source.slice(Span::new(package.end, line.end)).trim();
    let alone = behind.is_empty() || behind.chars().eq([file.dockerfile.escape]);
    if before.trim().is_empty() && alone {
        let newline = source.newline_at(package.start);
        return format!("ca-certificates {}{newline}{before}", file.dockerfile.escape);
    }
    "ca-certificates ".to_owned()
}
