//! `base-platform-unavailable`.

use crate::declare_rule;
use crate::facts::{Base, BaseImage, FileFacts, StageFacts};
use crate::image;
use crate::rules::{Check, Report};

declare_rule! {
    /// The base image does not offer the requested platform.
    ///
    /// ## What it does
    ///
    /// Compares a literal `FROM --platform` with the platforms that the configuration names for the image
    /// (`images:`, `platforms:`), and with what its name tells: images of Windows are for Windows, those of a
    /// Linux distribution for Linux. No registry is asked; where nothing is known, nothing is said.
    ///
    /// Platforms that contain each other count as one: `linux/arm64` is served by `linux/arm64/v8`, and by an
    /// image for `linux/arm/v7`.
    ///
    /// ## Why is this bad?
    ///
    /// The build stops, or an old builder takes an image of another platform, whose programs do not start.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM --platform=windows/amd64 debian:trixie-slim
    /// COPY app /srv/app
    /// USER 10001:10001
    /// CMD ["/srv/app"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY app /srv/app
    /// USER 10001:10001
    /// CMD ["/srv/app"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// There is no fix: whether the platform or the image is the wrong one is for you to say.
    ///
    /// ## References
    ///
    /// - [Docker: InvalidBaseImagePlatform](https://docs.docker.com/reference/build-checks/invalid-base-image-platform/)
    /// - [Docker: Multi-platform builds](https://docs.docker.com/build/building/multi-platform/)
    pub(super) RULE = "base-platform-unavailable" {
        chapter: Build, level: Error, default: OptIn, scope: Instruction, fix: None,
        aliases: ["InvalidBaseImagePlatform", "buildkit/InvalidBaseImagePlatform", "tally/platform-mismatch"],
        check: Check::Stage(check),
    }
}

fn check(_: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Base::Image(base) = &stage.base else { return };
    let Some(word) = stage.from.flag_value("platform") else { return };
    let Some(wanted) = Platform::of(&word.text) else { return };
    let name = base.shown();
    let shown = &word.text;
    if let Some(offered) = base.said.as_ref().and_then(|said| said.platforms()) {
        let all: Option<Vec<Platform>> = offered.iter().map(|platform| Platform::of(platform)).collect();
        if all.is_some_and(|all| all.iter().all(|one| !wanted.is_served_by(one))) {
            let list: Vec<String> = offered.iter().map(|platform| format!("`{platform}`")).collect();
            report.add(
                word.span,
                format!("`{name}` is not built for `{shown}`. The configuration names {}.", list.join(", ")),
            );
        }
        return;
    }
    let Some(os) = system(base) else { return };
    if os != wanted.os {
        let is = if os == "windows" { "a Windows" } else { "a Linux" };
        report.add(
            word.span,
            format!("`{name}` is {is} image: there is none for `{shown}`, and the build stops."),
        );
    }
}

/// `linux` or `windows`, where the image is known to be for that only.
fn system(base: &BaseImage) -> Option<&'static str> {
    // What the configuration says about the distribution is in the defaults only.
    let of_name = image::operating_system(&base.image, base.tag());
    of_name.or_else(|| (base.said.is_some() && base.defaults.is_windows()).then_some("windows"))
}

/// A platform in normal form (`github.com/containerd/platforms`, `normalizeArch`).
#[derive(Debug, PartialEq, Eq)]
struct Platform {
    os: String,
    architecture: String,
    variant: String,
}

impl Platform {
    /// `None` for what a variable gives, and for a word that is no platform.
    fn of(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let os = parts.next()?.to_ascii_lowercase();
        let architecture = parts.next()?.to_ascii_lowercase();
        let variant = parts.next().unwrap_or_default().to_ascii_lowercase();
        let plain =
            |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if parts.next().is_some() || os.is_empty() || architecture.is_empty() {
            return None;
        }
        if !plain(&os) || !plain(&architecture) || !plain(&variant) {
            return None;
        }
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", if variant == "v1" { "" } else { variant }),
            ("i386" | "386", _) => ("386", ""),
            ("aarch64" | "arm64", "" | "8" | "v8") => ("arm64", ""),
            ("aarch64" | "arm64", variant) => ("arm64", variant),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            (other, variant) => (other, variant),
        };
        let os = if os == "macos" { "darwin".to_owned() } else { os };
        Some(Self { os, architecture: architecture.to_owned(), variant: variant.to_owned() })
    }

    /// Whether an image for another platform runs here, too: a builder takes it where there is no better one
    /// (`github.com/containerd/platforms`, `platformVector`).
    fn is_served_by(&self, offered: &Self) -> bool {
        if self.os != offered.os {
            return false;
        }
        match (self.architecture.as_str(), offered.architecture.as_str()) {
            ("amd64", "386") | ("arm64", "arm") => true,
            ("arm", "arm") => offered.variant <= self.variant,
            // A variant of amd64 or arm64 is a matter of the machine.
            (wanted, offered) => wanted == offered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn which_platform_serves_which() {
        for (wanted, offered, served) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/x86_64", "linux/amd64", true),
            ("Linux/AMD64", "linux/amd64/v2", true),
            ("linux/amd64", "linux/386", true),
            ("linux/386", "linux/amd64", false),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/aarch64", "linux/arm64", true),
            ("linux/arm64", "linux/arm/v7", true),
            ("linux/arm/v7", "linux/arm64", false),
            ("linux/arm", "linux/arm/v7", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/arm/v7", "linux/arm/v6", true),
            ("linux/arm64", "linux/amd64", false),
            ("linux/amd64", "windows/amd64", false),
            ("linux/s390x", "linux/ppc64le", false),
        ] {
            let (a, b) = (Platform::of(wanted).unwrap(), Platform::of(offered).unwrap());
            assert_eq!(a.is_served_by(&b), served, "{wanted} {offered}");
        }
        for none in ["linux", "$BUILDPLATFORM", "linux/$A", "linux/amd64/v1/x", "", "/", "local"] {
            assert_eq!(Platform::of(none), None, "{none}");
        }
    }
}
