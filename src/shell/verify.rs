//! Whether a command checks what was downloaded.

use super::{Command, Word};

/// The tool, when a command compares files with checksums that are known: `sha256sum -c`, `shasum --check`.
pub fn checksum_tool(command: &Command) -> Option<&str> {
    let name = command.name().filter(|name| {
        matches!(
            *name,
            "md5sum"
                | "sha1sum"
                | "sha224sum"
                | "sha256sum"
                | "sha384sum"
                | "sha512sum"
                | "b2sum"
                | "cksum"
                | "shasum"
        )
    })?;
    let checks = command.args().iter().any(|word| {
        let text = word.text();
        text == "--check" || (text.starts_with('-') && !text.starts_with("--") && text.contains('c'))
    });
    checks.then_some(name)
}

/// Whether a command checks a checksum or a signature, and fails when it is wrong.
pub fn verifies(command: &Command) -> bool {
    match command.name() {
        Some("gpg" | "gpg2") => command.args().iter().any(|word| word.text().starts_with("--verify")),
        Some("gpgv" | "minisign" | "cosign" | "signify" | "slsa-verifier") => true,
        _ => checksum_tool(command).is_some(),
    }
}

/// Whether a command checks what was downloaded, or computes what a later one may compare: `sha256sum -c`, `gpg --verify`, `cosign verify-blob`. Computing a
/// checksum counts as well: `[ "$(sha256sum x | cut …)" = "$SUM" ]`.
pub fn may_verify(command: &Command) -> bool {
    let Some(name) = command.name() else { return false };
    let has = |wanted: &[&str]| command.args().iter().map(Word::text).any(|text| wanted.contains(&text));
    match name {
        "sha1sum" | "sha224sum" | "sha256sum" | "sha384sum" | "sha512sum" | "b2sum" | "b3sum" | "md5sum"
        | "shasum" | "sha256" | "sha512" | "cksum" | "gpgv" | "gpgv2" | "slsa-verifier" | "signify"
        | "minisign" | "sha3sum" => true,
        "gpg" | "gpg2" => has(&["--verify", "--verify-files"]),
        "openssl" => has(&["dgst", "sha256", "sha512", "smime", "cms"]),
        "cosign" => command.args().first().is_some_and(|word| word.text().starts_with("verify")),
        "gh" => has(&["attestation"]),
        "rpm" => has(&["--checksig", "-K"]),
        "jarsigner" => has(&["-verify"]),
        "busybox" => command.args().first().is_some_and(|word| word.text().ends_with("sum")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::Joined;
    use crate::shell::parse;

    #[test]
    fn only_checks_count() {
        for (text, expected) in [
            ("sha256sum -c -", true),
            ("sha512sum --strict --check x", true),
            ("shasum -a 256 -c x", true),
            ("sha256sum x", false),
            ("gpg --batch --verify x.asc x", true),
            ("gpg --dearmor", false),
            ("cosign verify-blob x", true),
            ("test -s x", false),
        ] {
            let script = parse(&Joined::verbatim(text, 0));
            assert_eq!(script.commands().any(verifies), expected, "{text}");
        }
    }
}
