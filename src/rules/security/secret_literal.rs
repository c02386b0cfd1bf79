//! `secret-literal`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::FileFacts;
use crate::rules::secret_words::is_secret_value;
use crate::rules::secrets::{Secret, find, is_sample};
use crate::rules::{Check, Report};
use crate::shell::{Command, Word};
use crate::text::Span;

declare_rule! {
    /// A real key or token is written in the file.
    ///
    /// ## What it does
    ///
    /// Finds secrets that can be told by their form anywhere in the Dockerfile, comments included, and in the script
    /// that the container starts: tokens of GitHub, GitLab, npm, PyPI, AWS, Google, Slack, Stripe and others, private
    /// keys, passwords in addresses (`https://user:…@host`), and passwords given to a command.
    ///
    /// Documented samples, placeholders, variables, fingerprints and checksums are not meant. Of what is found at most
    /// four characters are ever shown, those that all tokens of the kind begin with.
    ///
    /// ## Why is this bad?
    ///
    /// Everybody who can read the repository or pull the image has the secret, from every commit and every layer that
    /// ever held it. Public repositories are searched for such forms within minutes.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN git clone https://bot:h8Fk2LqWz@git.example.net/tools.git /opt/tools
    /// USER 10001:10001
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN --mount=type=secret,id=git,target=/root/.netrc git clone https://git.example.net/tools.git /opt/tools
    /// USER 10001:10001
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: deleting the line does not take the secret back. Revoke it first.
    ///
    /// ## References
    ///
    /// - [Docker: Build secrets](https://docs.docker.com/build/building/secrets/)
    /// - [OWASP: Secrets Management Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html)
    pub(super) RULE = "secret-literal" {
        chapter: Security, level: Error, default: On, scope: File, fix: Text,
        aliases: ["tally/secrets-in-code"],
        check: Check::File(check),
    }
}

const ADVICE: &str = "Revoke it now: deleting the line leaves it in the history and in every image that was pushed. Give the \
                      new one to the build with `RUN --mount=type=secret,id=name …`, or to the container when it starts.";

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let text = file.dockerfile.source.text();
    let found = find(text);
    for secret in &found {
        let span = Span::of(&secret.range);
        report.add(span, message(secret, text, "this file")).about(secret.what).note(ADVICE);
    }
    for stage in &file.stages {
        for facts in stage.of(Keyword::Run) {
            for command in facts.scripts().flat_map(crate::shell::Script::commands) {
                let known = |span: &Span| found.iter().any(|secret| Span::of(&secret.range).overlaps(*span));
                if let Some(span) = given_password(command).filter(|span| !known(span)) {
                    report
                        .add(span, "A password is written into this command: everybody who can read the repository or the image's history has it.")
                        .about("a password of a command")
                        .note(ADVICE);
                }
            }
        }
        in_script(stage, report);
    }
}

fn message(secret: &Secret, text: &str, place: &str) -> String {
    let what = secret.what;
    let mut letters = what.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
    let shown = secret.shown(text).replace('`', "");
    let shown = if shown.is_empty() { String::new() } else { format!(" (`{shown}…`)") };
    format!(
        "{first}{}{shown} is written into {place}: everybody who can read the repository or the image has it.",
        letters.as_str()
    )
}

/// Secrets in the script that a container starts.
fn in_script(stage: &crate::facts::StageFacts<'_>, report: &mut Report) {
    for script in [&stage.start.script, &stage.start.shell_script].into_iter().flatten() {
        if script.copied.stage != stage.index {
            continue;
        }
        for secret in find(&script.text) {
            let name = script.copied.path.file_name().unwrap_or("the script").replace('`', "");
            report
                .add(script.word.span, message(&secret, &script.text, &format!("`{name}`")))
                .about(format!("{} in {name}", secret.what))
                .related_in(script.copied.path.clone(), Span::of(&secret.range), "It stands here.")
                .note(ADVICE);
        }
    }
}

/// The literal password that a command gets as an option.
fn given_password(command: &Command) -> Option<Span> {
    let name = command.name()?;
    // These have a rule of their own.
    if matches!(name, "useradd" | "usermod" | "adduser" | "echo" | "printf" | "sed" | "grep" | "mysqladmin") {
        return None;
    }
    let args = command.args();
    for (at, word) in args.iter().enumerate() {
        let text = word.text();
        let next = args.get(at + 1);
        let (value, holder): (&str, &Word) = if let Some((option, value)) = text.split_once('=') {
            if !is_password_option(name, option) {
                continue;
            }
            (value, word)
        } else if is_password_option(name, text) {
            let Some(next) = next.filter(|next| !next.text().starts_with('-')) else { continue };
            (next.text(), next)
        } else if name == "curl" && matches!(text, "-u" | "--user") {
            let Some(next) = next else { continue };
            let Some((_, password)) = next.text().split_once(':') else { continue };
            (password, next)
        } else {
            continue;
        };
        if holder.has_expansion() || value.len() < 4 || is_sample(value) || !is_secret_value(value) {
            continue;
        }
        let at = holder.raw().rfind(value);
        return Some(at.map_or(holder.span(), |at| holder.span_of(at..at + value.len())));
    }
    None
}

fn is_password_option(program: &str, option: &str) -> bool {
    matches!(
        option,
        "--password" | "--http-password" | "--ftp-password" | "--passwd" | "--passphrase" | "--storepass"
    ) || (option == "-p" && matches!(program, "docker" | "podman" | "sshpass" | "buildah"))
}
