//! `unverified-download`.

mod used;

use self::used::{Fate, fate};
use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Keyword, Word};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::urls::{is_private, is_versioned, scheme_and_host, shown};
use crate::rules::{Check, Report};
use crate::shell::{download, may_verify};
use camino::Utf8Path;

declare_rule! {
    /// A remote file is executed or installed without a checksum.
    ///
    /// ## What it does
    ///
    /// Finds downloads that are run, unpacked, installed or put where programs are without a look at what arrived:
    /// `curl … | sh`, `bash -c "$(curl …)"`, a file of `curl` or `wget` that the same `RUN` unpacks or runs, and `ADD` of
    /// an address without `--checksum`.
    ///
    /// A warning for scripts that go straight into a shell and for addresses that always give the newest file; a hint
    /// for addresses that name a version. Where the same `RUN` checks a checksum or a signature there is nothing to say,
    /// nor about keys of repositories and data that is only kept.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever controls the server, the account that publishes there or the way to it decides what runs in the build,
    /// usually as root. A broken-off transfer runs half a script. And the same Dockerfile gives another image tomorrow:
    /// nobody notices when the file behind the address changes.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD https://example.com/releases/latest/tool.tar.gz /opt/
    /// USER 10001:10001
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// ADD --checksum=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 \
    ///     https://example.com/releases/1.4.2/tool.tar.gz /opt/
    /// USER 10001:10001
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: the checksum has to come from the publisher, or from the file that you have tested.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, ADD --checksum](https://docs.docker.com/reference/dockerfile/#add---checksum)
    /// - [Docker: Building best practices, ADD or COPY](https://docs.docker.com/build/building/best-practices/#add-or-copy)
    /// - [OWASP: Docker Security Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html)
    pub(super) RULE = "unverified-download" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Text,
        aliases: ["Curl or Wget Instead of Add", "DF021"],
        check: Check::Instruction(check),
    }
}

fn check(_: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    match facts.instruction.keyword {
        // A later `RUN` may check what was added.
        Keyword::Add if is_verified_later(stage, facts) => {}
        Keyword::Add => check_add(facts, report),
        Keyword::Run => check_run(facts, report),
        _ => {}
    }
}

/// How many instructions behind an ADD are looked at.
const MAX_LATER: usize = 20;

fn is_verified_later(stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let first = stage.instructions.partition_point(|other| other.index <= facts.index);
    let later = stage.instructions.get(first..).unwrap_or_default().iter().take(MAX_LATER);
    later.flat_map(InstructionFacts::steps).any(|step| may_verify(step.command))
}

fn check_run(facts: &InstructionFacts<'_>, report: &mut Report) {
    let downloads: Vec<_> = facts.steps().filter_map(|step| Some((download(step.command)?, step))).collect();
    if downloads.is_empty() || facts.steps().any(|step| may_verify(step.command)) {
        return;
    }
    for (call, step) in downloads {
        let Some(url) = call.urls.first() else { continue };
        let expanded = facts.state.expand(&url.text).value;
        let text = expanded.as_deref().unwrap_or(&url.text);
        if is_key(&url.text) || is_key(text) || is_own(text) {
            continue;
        }
        let Some(fate) = fate(facts, &step, &call) else { continue };
        let address = shown(&url.text);
        // Nothing is known of an address that is all variable.
        let unknown = text.starts_with('$');
        let versioned = is_versioned(text) || is_versioned(&url.text);
        let (level, message) = match fate {
            Fate::Piped(interpreter) => (
                Level::Warning,
                format!(
                    "`{address}` goes straight into `{}`: whoever controls the server or the way to it runs commands in the build.",
                    interpreter.0
                ),
            ),
            _ if unknown => continue,
            _ => {
                let verb = match fate {
                    Fate::Unpacked => "unpacked",
                    Fate::Installed => "installed",
                    Fate::Placed => "put among the programs",
                    Fate::Run | Fate::Piped(_) => "run",
                };
                if versioned {
                    (
                        Level::Info,
                        format!(
                            "`{address}` is {verb} without a checksum: nobody notices when the file behind the address was exchanged."
                        ),
                    )
                } else {
                    (
                        Level::Warning,
                        format!(
                            "`{address}` is {verb} without a checksum, and names no version: every build may get another file."
                        ),
                    )
                }
            }
        };
        let note = if matches!(fate, Fate::Piped(_)) {
            "Fetch a version that you have read, with `ADD --checksum=sha256:… <address> /tmp/install.sh`, and run that file; \
             or install the tool from a package or copy it from its image."
        } else {
            "`ADD --checksum=sha256:… <address> <target>` fetches and compares in one step; in a `RUN`, \
             `echo \"<sha256>  <file>\" | sha256sum -c -` behind the download does."
        };
        report.add(url.span, message).level(level).note(note);
    }
}

fn check_add(facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if node.flag("checksum").is_some() {
        return;
    }
    let Some((_, sources)) = node.args.split_last() else { return };
    for word in sources {
        let Some(text) = facts.state.expand(&word.text).value else { continue };
        if let Some((message, level)) = judge_source(&text, word) {
            let finding = report.add(word.span, message).level(level);
            finding.note("Take the checksum from the publisher, or of the file that you have tested: `ADD --checksum=sha256:… <address> <target>`.");
        }
    }
}

fn judge_source(text: &str, word: &Word) -> Option<(String, Level)> {
    let (scheme, _) = scheme_and_host(text)?;
    let address = shown(word.text.trim_matches(['"', '\'']));
    let path = text.split(['?', '#']).next().unwrap_or(text);
    if is_key(text) || is_own(text) {
        return None;
    }
    if matches!(scheme.as_str(), "git" | "ssh") || Utf8Path::new(path).extension() == Some("git") {
        // `repo.git#v1.2:folder`, `repo.git?ref=v1.2`
        let behind = text.split_once(['#', '?']).map_or("", |(_, reference)| reference);
        let keys = ["ref=", "tag=", "branch=", "commit=", "checksum="];
        let queried = behind.split('&').find_map(|field| keys.iter().find_map(|key| field.strip_prefix(key)));
        let reference = queried.unwrap_or_else(|| behind.split(':').next().unwrap_or(""));
        let commit = reference.len() == 40 && reference.bytes().all(|b| b.is_ascii_hexdigit());
        let level = if is_versioned(&format!("x://x/{reference}")) { Level::Info } else { Level::Warning };
        return (!commit && !reference.contains('$')).then(|| {
            (
                format!(
                    "`{address}` is fetched by a name that can move: name the commit, all 40 digits of it."
                ),
                level,
            )
        });
    }
    if !matches!(scheme.as_str(), "http" | "https") {
        return None;
    }
    Some(if is_versioned(text) || is_versioned(&word.text) {
        (
            format!(
                "`{address}` is added without a checksum: nobody notices when the file behind the address was exchanged."
            ),
            Level::Info,
        )
    } else {
        (
            format!(
                "`{address}` is added without a checksum, and names no version: every build may get another file."
            ),
            Level::Warning,
        )
    })
}

/// Keys and lists of package repositories: packages from there are checked with the key.
fn is_key(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or("");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "asc" | "gpg" | "pgp" | "key" | "pub" | "list" | "repo" | "sources" | "sig" | "crt" | "cer" | "pem"
    ) || matches!(name, "gpg" | "keys" | "release.key" | "sha256sums" | "checksums.txt")
        || matches!(extension, "sha256" | "sha512" | "sha256sum" | "md5" | "sha1")
}

/// An address of the own network.
fn is_own(url: &str) -> bool {
    scheme_and_host(url).is_some_and(|(_, host)| {
        !host.contains('$') && host.parse::<std::net::IpAddr>().is_ok() && is_private(&host)
            || host == "localhost"
    })
}
