//! `unknown-user`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Keyword, Word};
use crate::facts::{Base, FileFacts, StageFacts, User};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Script, Word as ShellWord};
use crate::text::Edit;

declare_rule! {
    /// USER is a name in a stage that has no /etc/passwd.
    ///
    /// ## What it does
    ///
    /// Finds `USER` and `--chown=` with a name in stages that begin with `scratch` and get no `/etc/passwd`.
    ///
    /// ## Why is this bad?
    ///
    /// Names are looked up in `/etc/passwd` of the image. Without it the container does not start: "unable to find user". With
    /// `--chown` the build goes on, and the files belong to root.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN CGO_ENABLED=0 go build -o /server .
    /// FROM scratch
    /// COPY --from=build /server /server
    /// USER app
    /// ENTRYPOINT ["/server"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM golang:1.27 AS build
    /// RUN CGO_ENABLED=0 go build -o /server .
    /// FROM scratch
    /// COPY --from=build /server /server
    /// USER 65532:65532
    /// ENTRYPOINT ["/server"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check what the program writes, and who owns it: a number works without any file, and volumes may expect a certain one.
    /// The number is the one that `useradd -u` gives the name in another stage, else 65532, which images without a shell
    /// use.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: USER](https://docs.docker.com/reference/dockerfile/#user)
    pub(super) RULE = "unknown-user" {
        chapter: Build, level: Error, default: On, scope: Stage, fix: Confirm,
        aliases: ["tally/named-identity-in-passwdless-stage"],
        check: Check::Stage(check),
    }
}

/// The user of distroless and other images that have none of their own.
const NONROOT: &str = "65532";

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !file.stages.get(stage.root).is_some_and(|root| matches!(root.base, Base::Scratch)) {
        return;
    }
    let names = names(stage);
    if names.is_empty() || file.chain(stage).iter().any(|stage| stage.of(Keyword::Run).next().is_some()) {
        return;
    }
    for (name, word, user, index) in &names {
        // Whoever is the user last is looked up when the container starts.
        let used = match (&stage.end.user, user) {
            (User::Set { span, .. }, true) => stage.shipped && span.contains_offset(word.span.start),
            (User::Base, true) => false,
            (_, false) => true,
        };
        let until = if *user { usize::MAX } else { *index };
        if !used || file.may_have_brought(stage, until, &["passwd"], &["etc"]) {
            continue;
        }
        let shown = name.replace('`', "");
        let finding = if *user {
            let message = format!(
                "No `/etc/passwd` says who `{shown}` is, so the container does not start. A number needs no such file."
            );
            report.add(word.span, message)
        } else {
            let message = format!(
                "No `/etc/passwd` says who `{shown}` is, so the files belong to root. A number needs no such file."
            );
            report.add(word.span, message).level(Level::Warning)
        };
        let finding = finding
            .note("Check that the program can read and write what it has to as that user, also in volumes.");
        let id = number(file, name).unwrap_or_else(|| NONROOT.to_owned());
        let edits: Vec<Edit> = names
            .iter()
            .filter(|(other, ..)| other == name)
            .map(|(_, word, ..)| Edit::replace(word.span, format!("{id}:{id}")))
            .collect();
        finding.fix(Fix::confirm(format!("Use the number `{id}`"), edits));
    }
}

/// Names of users in a stage: the name, the word that holds it, whether it is USER, the instruction's number.
fn names<'s>(stage: &'s StageFacts<'_>) -> Vec<(String, &'s Word, bool, usize)> {
    let mut out = Vec::new();
    for facts in &stage.instructions {
        let node = facts.instruction;
        let word = match node.keyword {
            Keyword::User => node.args.first(),
            Keyword::Copy | Keyword::Add => node.flag_value("chown"),
            _ => None,
        };
        let Some(word) = word.filter(|word| !word.text.contains('$')) else { continue };
        let name = word.text.split(':').next().unwrap_or("");
        let numeric = name.bytes().all(|b| b.is_ascii_digit());
        // Root is what a missing user becomes.
        if !numeric && name != "root" && !name.contains(['"', '\'', '\\']) {
            out.push((name.to_owned(), word, node.keyword == Keyword::User, facts.index));
        }
    }
    out
}

/// The number that another stage gives a user of that name.
fn number(file: &FileFacts<'_>, name: &str) -> Option<String> {
    let runs = file.stages.iter().flat_map(|stage| stage.of(Keyword::Run));
    for facts in runs {
        for command in facts.scripts().flat_map(Script::commands) {
            if !matches!(command.name(), Some("useradd" | "adduser")) {
                continue;
            }
            let words: Vec<&str> = command.args().iter().map(ShellWord::text).collect();
            if !words.contains(&name) {
                continue;
            }
            for (at, word) in words.iter().enumerate() {
                let value = match *word {
                    "-u" | "--uid" => words.get(at + 1).copied(),
                    _ => word.strip_prefix("--uid=").or_else(|| word.strip_prefix("-u")),
                };
                let digits = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                if let Some(id) = value.filter(digits) {
                    return Some(id.to_owned());
                }
            }
        }
    }
    None
}
