//! Commands that compare a file with a checksum or check its signature.

use super::{Command, Word};

/// Whether a command checks what was downloaded: `sha256sum -c`, `gpg --verify`, `cosign verify-blob`. Computing a
/// checksum counts as well: `[ "$(sha256sum x | cut …)" = "$SUM" ]`.
pub fn verifies(command: &Command) -> bool {
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
