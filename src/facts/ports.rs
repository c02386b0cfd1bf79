//! Ports that an image says it listens on.

use super::{FileFacts, StageFacts};
use crate::dockerfile::Keyword;
use crate::text::Span;

/// A port, or a range of them, of EXPOSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExposedPort {
    /// The first port.
    pub first: u16,
    /// The last port; the first one when it is no range.
    pub last: u16,
    /// The word.
    pub span: Span,
    /// Number of the instruction in the file.
    pub index: usize,
}

/// What the EXPOSE instructions of a stage, and of those it is built on, say.
#[derive(Debug, Clone, Default)]
pub struct Exposed {
    /// The TCP ports, in order.
    pub ports: Vec<ExposedPort>,
    /// Whether a variable, a port of UDP or something invalid is among them.
    pub other: bool,
}

/// Reads the EXPOSE instructions of a stage and of those it is built on.
pub fn exposed(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Exposed {
    let mut out = Exposed::default();
    for (_, facts) in file.history(stage) {
        if !facts.is(Keyword::Expose) {
            continue;
        }
        for word in &facts.instruction.args {
            match port(&word.text) {
                Some((first, last)) => {
                    out.ports.push(ExposedPort { first, last, span: word.span, index: facts.index });
                }
                None => out.other = true,
            }
        }
    }
    out
}

/// Programs that hand requests on, or start several programs.
const PROXIES: [&str; 10] =
    ["apache", "caddy", "envoy", "haproxy", "httpd", "nginx", "s6-", "socat", "supervisor", "traefik"];

/// Whether something in the image hands requests on to other ports: the base, a step, a copied file or the start
/// script names such a program.
pub fn has_proxy(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let says = |text: &str| PROXIES.iter().any(|name| text.contains(name));
    let script = stage.start.script.as_ref().or(stage.start.shell_script.as_ref());
    file.base_image(stage).is_some_and(|base| says(&base.image.repository))
        || script.is_some_and(|script| says(&script.text))
        || file.history(stage).iter().any(|(_, facts)| says(facts.instruction.joined.text()))
}

fn port(text: &str) -> Option<(u16, u16)> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let range = (first.parse().ok()?, last.parse().ok()?);
    protocol.eq_ignore_ascii_case("tcp").then_some(range)
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn reads_ports() {
        assert_eq!(port("80"), Some((80, 80)));
        assert_eq!(port("8000-8010/TCP"), Some((8000, 8010)));
        for text in ["53/udp", "$PORT", "80:80", "70000", ""] {
            assert_eq!(port(text), None, "{text}");
        }
    }
}
