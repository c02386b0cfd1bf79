//! `fixed-platform`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// FROM --platform with a literal value.
    ///
    /// ## What it does
    ///
    /// Finds `FROM --platform=` with a value that is written out. Stages that are named after the system or
    /// the architecture, and images that are, are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// The image has this one architecture whatever `--platform` the build asks for: on an ARM machine it
    /// runs emulated, and an image for several platforms holds the same one several times.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM --platform=linux/amd64 debian:13-slim
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: check that the base image and all that is installed exist for the other platforms.
    ///
    /// ## References
    ///
    /// - [Docker: Multi-platform builds](https://docs.docker.com/build/building/multi-platform/)
    /// - [Docker: Build check FromPlatformFlagConstDisallowed](https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/)
    pub(super) RULE = "fixed-platform" {
        chapter: Build, level: Info, default: Off, scope: Instruction, fix: Confirm,
        aliases: [
            "DL3029", "hadolint/DL3029", "FromPlatformFlagConstDisallowed",
            "buildkit/FromPlatformFlagConstDisallowed", "Using Platform Flag with FROM Command", "DF061",
        ],
        check: Check::Instruction(check),
    }
}

/// Words in names that say that an image or a stage is for one architecture.
const ARCHITECTURES: [&str; 18] = [
    "386", "aarch64", "amd64", "arm", "arm32v5", "arm32v6", "arm32v7", "arm64", "arm64v8", "armhf", "armv7",
    "i386", "loong64", "ppc64le", "riscv64", "s390x", "x64", "x86",
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if node.keyword != Keyword::From {
        return;
    }
    let Some(flag) = node.flag("platform") else { return };
    let Some(value) = flag.value.as_ref().filter(|value| !value.text.is_empty() && !value.text.contains('$'))
    else {
        return;
    };
    let Some((system, architecture)) = parts(&value.text) else { return };
    let name = stage.name.unwrap_or("").to_ascii_lowercase();
    let named = [&system, &architecture].iter().any(|part| !part.is_empty() && name.contains(part.as_str()));
    let image = node.args.first().map_or("", |word| word.text.as_str());
    if named || image.split(['/', ':', '-', '_', '.']).any(|word| ARCHITECTURES.contains(&word)) {
        return;
    }
    let shown: String = value.text.replace('`', "").chars().take(40).collect();
    let finding = report
        .add(value.span, format!("This stage is always `{shown}`, whatever platform the build asks for."));
    if builds_for_target(file, stage) {
        finding
            .note("The stage reads the target platform itself, so it can run on the build machine's own.")
            .fix(Fix::confirm("Use `$BUILDPLATFORM`", vec![Edit::replace(value.span, "$BUILDPLATFORM")]));
        return;
    }
    // The flag and the blanks behind it.
    let source = &file.dockerfile.source;
    let after = source.text().get(flag.span.end as usize..).unwrap_or("");
    let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
    let finding =
        finding.note("Check that the base image and all that is installed exist for the other platforms.");
    if blanks > 0 {
        let span = Span::new(flag.span.start, flag.span.end + blanks as u32);
        finding.fix(Fix::confirm("Drop `--platform`", vec![Edit::delete(span)]));
    }
}

/// System and architecture, in Docker's own names (containerd, `platforms.Parse`).
fn parts(platform: &str) -> Option<(String, String)> {
    let lower = platform.to_ascii_lowercase();
    let mut parts = lower.split('/');
    let first = parts.next()?;
    let second = parts.next();
    let (system, architecture) = match second {
        Some(second) => (first, second),
        None if ["linux", "windows", "darwin", "freebsd"].contains(&first) => (first, ""),
        None => ("", first),
    };
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "i386" => "386",
        other => other,
    };
    Some((system.to_owned(), architecture.to_owned()))
}

/// Whether a builder stage compiles for the platform that the build asks for.
fn builds_for_target(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    !stage.shipped
        && ["TARGETARCH", "TARGETPLATFORM", "TARGETOS"]
            .iter()
            .any(|name| file.dockerfile.source.slice(stage.span).contains(name))
}
