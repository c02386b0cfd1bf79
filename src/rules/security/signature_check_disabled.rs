//! `signature-check-disabled`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report, remove};
use crate::shell::Command;
use crate::shell::packages::{Flag, Manager, PackageCommand, PackageKind, Verb};
use crate::text::{Edit, Span};

declare_rule! {
    /// Package signatures are not checked.
    ///
    /// ## What it does
    ///
    /// Finds options and settings that have a package manager of the distribution take packages without a valid
    /// signature: `apk --allow-untrusted`, `apt-get --allow-unauthenticated` and `--force-yes`, `[trusted=yes]`,
    /// `dnf --nogpgcheck`, `gpgcheck=0`, `rpm --nosignature`, `zypper --no-gpg-checks`, `SigLevel = Never`.
    ///
    /// For packages that lie in the image already, built or copied, it is a hint only.
    ///
    /// ## Why is this bad?
    ///
    /// The signature is what ties a package to the distribution. Without the check, whoever controls a mirror, a
    /// proxy or the network between can put any program into the image, and it runs as root while it is installed.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM fedora:44
    /// RUN dnf install -y --nogpgcheck nginx && dnf clean all
    /// USER nginx
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM fedora:44
    /// RUN dnf install -y nginx && dnf clean all
    /// USER nginx
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: a repository of a third party needs its key in the image first.
    ///
    /// ## References
    ///
    /// - [Debian: apt-secure(8)](https://manpages.debian.org/stable/apt/apt-secure.8.en.html)
    /// - [DNF: configuration reference, gpgcheck](https://dnf.readthedocs.io/en/latest/conf_ref.html)
    pub(super) RULE = "signature-check-disabled" {
        chapter: Security, level: Error, default: On, scope: Instruction, fix: Confirm,
        aliases: ["CKV2_DOCKER_7", "CKV2_DOCKER_8", "CKV2_DOCKER_9", "CKV2_DOCKER_10", "CKV2_DOCKER_11"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    match facts.instruction.keyword {
        Keyword::Run => {
            for step in facts.steps() {
                match step.call {
                    Some(call) => check_call(file, call, report),
                    None if step.command.name() == Some("rpm") => check_rpm(file, step.command, report),
                    None => {}
                }
            }
            check_text(file, facts, report);
        }
        Keyword::Copy | Keyword::Add if !facts.instruction.heredocs.is_empty() => {
            check_text(file, facts, report);
        }
        _ => {}
    }
}

fn check_call(file: &FileFacts<'_>, call: &PackageCommand<'_>, report: &mut Report) {
    let codes: &[&'static str] = match call.manager {
        Manager::Apk => &["CKV2_DOCKER_7"],
        Manager::Apt => &["CKV2_DOCKER_8", "CKV2_DOCKER_11"],
        Manager::Dnf | Manager::Yum | Manager::Microdnf => &["CKV2_DOCKER_9"],
        Manager::Zypper => &[],
        _ => return,
    };
    let installs = matches!(call.verb, Verb::Install | Verb::Upgrade);
    let local = installs
        && !call.packages.is_empty()
        && call
            .packages
            .iter()
            .all(|package| package.kind == PackageKind::Path && !package.name.contains("://"));
    for flag in &call.flags {
        if !disables(call.manager, flag) {
            continue;
        }
        let name = shown(flag);
        let (level, message) = if local {
            (
                Level::Info,
                format!("`{name}` takes this package without a signature; nobody can tell where it is from."),
            )
        } else {
            (
                Level::Error,
                format!(
                    "With `{name}` packages are installed without a valid signature: whoever controls the mirror or the network controls the image."
                ),
            )
        };
        let mut finding = report.add(flag.span, message).level(level);
        if !codes.is_empty() {
            finding = finding.codes(codes);
        }
        let words = flag.value_span.map_or(flag.span, |value| flag.span.cover(value));
        if flag.name == "--force-yes" {
            let says_yes = call.has_flag(&["-y", "--yes", "--assume-yes"]);
            let edit =
                if says_yes { remove::words(file, words) } else { Some(Edit::replace(flag.span, "--yes")) };
            finding = finding.note(
                "If the command stops without it, name the one thing that it has to allow: `--allow-downgrades`, \
                 `--allow-remove-essential` or `--allow-change-held-packages`.",
            );
            if let Some(edit) = edit {
                finding.fix(Fix::confirm("Only answer yes", vec![edit]));
            }
            continue;
        }
        finding = finding.note(key_advice(call.manager));
        // `-o` of a bundle (`-yo …`) cannot be told apart from the rest.
        let whole = file.dockerfile.source.slice(flag.span).starts_with(&*flag.name);
        if let Some(edit) = remove::words(file, words).filter(|_| whole) {
            finding.fix(Fix::confirm(format!("Delete `{name}`"), vec![edit]));
        }
    }
}

/// Whether an option switches the check off.
fn disables(manager: Manager, flag: &Flag<'_>) -> bool {
    let setting = |keys: &[&str], off: &[&str]| {
        let value = flag.value.as_deref().unwrap_or_default();
        value.split_once('=').is_some_and(|(key, value)| {
            let value = value.trim_matches(['"', '\'']);
            keys.iter().any(|known| known.eq_ignore_ascii_case(key.rsplit('.').next().unwrap_or(key)))
                && off.iter().any(|known| known.eq_ignore_ascii_case(value))
        })
    };
    match (manager, &*flag.name) {
        (Manager::Apk, "--allow-untrusted")
        | (Manager::Apt, "--allow-unauthenticated" | "--allow-insecure-repositories" | "--force-yes")
        | (Manager::Dnf | Manager::Yum | Manager::Microdnf, "--nogpgcheck" | "--no-gpgchecks")
        | (Manager::Zypper, "--no-gpg-checks") => flag.is_on(),
        (Manager::Apt, "-o" | "--option") => setting(
            &["APT::Get::AllowUnauthenticated", "Acquire::AllowInsecureRepositories"],
            &["true", "1", "yes"],
        ),
        (Manager::Dnf | Manager::Yum | Manager::Microdnf, "--setopt") => {
            setting(&["gpgcheck"], &["0", "false", "no"])
        }
        _ => false,
    }
}

/// An option as it is written, without what a line of text cannot hold.
fn shown(flag: &Flag<'_>) -> String {
    let text = match (&flag.value, &*flag.name) {
        (Some(value), "-o" | "--option") => format!("{} {value}", flag.name),
        (Some(value), "--setopt") => format!("{}={value}", flag.name),
        _ => flag.name.to_string(),
    };
    text.replace('`', "").chars().take(80).collect()
}

fn key_advice(manager: Manager) -> &'static str {
    match manager {
        Manager::Apk => {
            "A repository of your own needs its public key in `/etc/apk/keys/`; check that the build still runs."
        }
        Manager::Apt => {
            "A repository of a third party needs its key: `[signed-by=/etc/apt/keyrings/name.asc]` in its source. Check \
             that the build still runs."
        }
        _ => {
            "A repository of a third party needs its key: `gpgkey=` in its file, or `rpm --import`. Check that the build still runs."
        }
    }
}

/// `rpm -i --nosignature`; queries check nothing.
fn check_rpm(file: &FileFacts<'_>, command: &Command, report: &mut Report) {
    let texts = || command.args().iter().map(crate::shell::Word::text);
    let installs = texts().any(|text| {
        let short = text.starts_with('-') && !text.starts_with("--");
        (short && text.contains(['i', 'U', 'F']) && !text.contains('q'))
            || matches!(text, "--install" | "--upgrade" | "--freshen" | "--reinstall")
    });
    if !installs {
        return;
    }
    let local = !texts().any(|text| text.contains("://"));
    for word in command.args() {
        if !matches!(word.text(), "--nosignature" | "--nodigest" | "--noverify" | "--nogpg") {
            continue;
        }
        let finding = report
            .add(
                word.span(),
                format!(
                    "With `{}` the package is installed whoever made it: its signature is not checked.",
                    word.text()
                ),
            )
            .level(if local { Level::Info } else { Level::Error })
            .codes(&["CKV2_DOCKER_10"])
            .note("Import the key first: `rpm --import https://…`. Check that the build still runs.");
        if let Some(edit) = remove::words(file, word.span()) {
            finding.fix(Fix::confirm(format!("Delete `{}`", word.text()), vec![edit]));
        }
    }
}

/// What [`check_text`] looks for.
const SETTINGS: [&str; 5] =
    ["trusted=yes", "gpgcheck", "AllowUnauthenticated", "AllowInsecureRepositories", "SigLevel"];

/// Settings that a RUN writes into files of the package managers.
fn check_text(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !SETTINGS.iter().any(|setting| file.mentions(setting)) {
        return;
    }
    let source = &file.dockerfile.source;
    let all = facts.instruction.span;
    let text = source.slice(all);
    let find = |needle: &str| -> Vec<usize> {
        memchr::memmem::find_iter(text.as_bytes(), needle.as_bytes())
            .filter(|at| !is_comment(facts, text, *at))
            .collect()
    };
    let span = |at: usize, length: usize| {
        let start = all.start + at as u32;
        Span::new(start, start + length as u32)
    };
    for at in find("trusted=yes") {
        let rest = text.get(at..).unwrap_or("");
        let line = rest.lines().next().unwrap_or("");
        // An option of a source, which may be a folder of the image.
        if !text.get(..at).is_some_and(|before| before.ends_with(['[', ' ', ','])) || !line.contains(']') {
            continue;
        }
        let local = ["file:", "copy:", "cdrom:"].iter().any(|scheme| line.contains(scheme));
        let message = if local {
            "`trusted=yes` takes packages of this folder without a signature; nobody can tell where they are from."
        } else {
            "`trusted=yes` takes packages of this source without a signature: whoever controls it or the network controls the image."
        };
        report
            .add(span(at, "trusted=yes".len()), message)
            .level(if local { Level::Info } else { Level::Error })
            .codes(&["CKV2_DOCKER_8"])
            .note("Fetch the key of the repository into `/etc/apt/keyrings/` and name it: `[signed-by=/etc/apt/keyrings/name.asc]`.");
    }
    for at in find("gpgcheck") {
        let after = text.get(at + "gpgcheck".len()..).unwrap_or("");
        let value =
            after.trim_start_matches([' ', '\\']).strip_prefix('=').unwrap_or("").trim_start_matches(' ');
        let before = text.get(..at).unwrap_or("");
        // Options of a package manager have been looked at; `repo_gpgcheck` is about lists.
        let other = before.ends_with(['_', '.', '-', '%'])
            || before.ends_with("local")
            || before.ends_with("--setopt=");
        let off = value
            .strip_prefix('0')
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        // `s/gpgcheck=0/gpgcheck=1/`
        let searched =
            value.get(1..).is_some_and(|rest| rest.chars().take(14).collect::<String>().contains("gpgcheck"));
        if other || !off || searched {
            continue;
        }
        let length = "gpgcheck".len() + (after.len() - value.len()) + 1;
        let finding = report
            .add(
                span(at, length),
                "`gpgcheck=0` installs packages of this repository without a signature: whoever controls it or the network controls the image.",
            )
            .codes(&["CKV2_DOCKER_9"])
            .note("The key of the repository has to be named with `gpgkey=`; check that the build still runs.");
        if text.contains("gpgkey") {
            let zero = span(at + length - 1, 1);
            finding.fix(Fix::confirm("Check signatures", vec![Edit::replace(zero, "1")]));
        }
    }
    for (needle, off) in
        [("AllowUnauthenticated", "true"), ("AllowInsecureRepositories", "true"), ("SigLevel", "Never")]
    {
        for at in find(needle) {
            let after = text.get(at + needle.len()..).unwrap_or("");
            let value = after.trim_start_matches([' ', '=', '"', '\'', '\\']);
            let before = text.get(..at).unwrap_or("");
            let is_option = before
                .rsplit(char::is_whitespace)
                .nth(1)
                .is_some_and(|word| word.starts_with('-') && word.ends_with('o'))
                || before.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with('-'));
            if !value.starts_with(off) || is_option || after.starts_with(|c: char| c.is_ascii_alphanumeric())
            {
                continue;
            }
            let length = needle.len() + (after.len() - value.len()) + off.len();
            let finding = report.add(
                span(at, length),
                format!("`{needle}` with `{off}` installs packages without a valid signature: whoever controls the mirror or the network controls the image."),
            );
            finding
                .note("Leave the setting out, and give the image the key of the repository that needs it.");
        }
    }
}

/// Whether a byte of an instruction stands in a comment.
fn is_comment(facts: &InstructionFacts<'_>, text: &str, at: usize) -> bool {
    let offset = facts.instruction.span.start + at as u32;
    facts.instruction.comments.iter().any(|span| span.contains_offset(offset))
        || facts.instruction.heredocs.iter().any(|doc| doc.body.contains_offset(offset))
            && text
                .get(..at)
                .and_then(|before| before.rsplit('\n').next())
                .is_some_and(|line| line.trim_start().starts_with('#'))
}
