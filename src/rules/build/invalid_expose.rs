//! `invalid-expose`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// EXPOSE with an impossible port or a host mapping.
    ///
    /// ## What it does
    ///
    /// Finds words of `EXPOSE` that BuildKit refuses (a port above 65535, a range that ends before it starts,
    /// something that is no number, a protocol other than tcp, udp and sctp), and words that name a host's port or
    /// address.
    ///
    /// ## Why is this bad?
    ///
    /// The build stops at an impossible port. The host's side of a mapping is thrown away: it belongs to
    /// `docker run -p` or the Compose file, and Docker says that it will become an error.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// EXPOSE 8080:80
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:13-slim
    /// EXPOSE 80
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: Docker throws the host's side away already.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, EXPOSE](https://docs.docker.com/reference/dockerfile/#expose)
    /// - [Docker: Build check ExposeInvalidFormat](https://docs.docker.com/reference/build-checks/expose-invalid-format/)
    pub(super) RULE = "invalid-expose" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL3011", "hadolint/DL3011", "ExposeInvalidFormat", "buildkit/ExposeInvalidFormat", "DS-0008",
            "UNIX Ports Out Of Range", "DF040",
        ],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if facts.instruction.keyword != Keyword::Expose {
        return;
    }
    for word in &facts.instruction.args {
        // Variables, quotes and escapes are for the build to resolve.
        if word.text.contains(['$', '"', '\'', file.dockerfile.escape]) {
            continue;
        }
        let (host, container) = match word.text.rsplit_once(':') {
            Some((host, container)) => (Some(host), container),
            None => (None, word.text.as_str()),
        };
        let shown: String = word.text.replace('`', "").chars().take(60).collect();
        if let Some(problem) = problem(container) {
            // A template's line is no port yet.
            if file.template().is_none() {
                report
                    .add(word.span, format!("`{shown}` {problem}, so the build stops."))
                    .codes(&["DL3011"])
                    .note("`EXPOSE` takes ports of the container: `80`, `53/udp`, `6000-6010`.");
            }
            // Comments are no words of Docker's, and one finding about them is enough.
            if word.text.starts_with('#') {
                return;
            }
            continue;
        }
        let Some(host) = host else { continue };
        // `:80` maps nothing.
        if host.chars().all(|c| c == ':') {
            continue;
        }
        report
            .add(
                word.span,
                format!("`EXPOSE` names ports of the container only; of `{shown}` Docker keeps `{container}`."),
            )
            .level(Level::Warning)
            .codes(&["ExposeInvalidFormat"])
            .note("Ports and addresses of the host belong to `docker run -p` or to `ports:` in the Compose file.")
            .fix(Fix::safe(format!("Write `{container}`"), vec![Edit::replace(word.span, container)]));
    }
}

/// Why BuildKit refuses a port or range with its protocol.
fn problem(container: &str) -> Option<&'static str> {
    let (ports, protocol) = container.split_once('/').unwrap_or((container, ""));
    if !["", "tcp", "udp", "sctp"].iter().any(|known| known.eq_ignore_ascii_case(protocol)) {
        return Some("has a protocol other than `tcp`, `udp` and `sctp`");
    }
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    match (port(first), port(last)) {
        (Ok(first), Ok(last)) if last < first => Some("is a range that ends before it starts"),
        (Ok(_), Ok(_)) => None,
        (Err(problem), _) | (_, Err(problem)) => Some(problem),
    }
}

fn port(text: &str) -> Result<u16, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is no port number");
    }
    digits.parse().map_err(|_| "is above the last port, 65535")
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn agrees_with_buildkit_on_what_is_refused() {
        for good in
            ["0", "80", "65535", "00080", "80/tcp", "53/UDP", "9/sctp", "80/", "6000-6010", "5-5", "1-2/udp"]
        {
            assert_eq!(problem(good), None, "{good}");
        }
        for bad in [
            "",
            "/tcp",
            "65536",
            "99999999999999999999",
            "80/http",
            "6010-6000",
            "1-2-3",
            "-1",
            "80,81",
            "#",
            "web",
        ] {
            assert!(problem(bad).is_some(), "{bad}");
        }
    }
}
