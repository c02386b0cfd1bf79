//! `sudo-in-image`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report, remove};
use crate::shell::packages::Verb;
use crate::shell::{Command, Word};
use crate::text::{Edit, Span};

declare_rule! {
    /// sudo is used in a build or installed in the shipped image.
    ///
    /// ## What it does
    ///
    /// Finds `sudo` as a command in `RUN`, `CMD` and `ENTRYPOINT`, and the package `sudo` among what a stage that
    /// is shipped installs.
    ///
    /// Images to develop or to run builds in are not meant, nor stages that set sudo up on purpose: that write a
    /// sudoers entry or put a user into the group for it. Builder stages give a hint only.
    ///
    /// ## Why is this bad?
    ///
    /// Commands of a build run as root already unless `USER` says otherwise, so `sudo` does nothing there but drop
    /// environment variables. In the running container it is a way back to root for whoever breaks in, and it does
    /// not hand signals on as the first process has to.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY . /src
    /// RUN cd /src && sudo make install
    /// USER 10001:10001
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// COPY . /src
    /// RUN cd /src && make install
    /// USER 10001:10001
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe where the command is known to run as root and `sudo` has no options. Taking the package out has to be
    /// confirmed: a script may call it.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, USER](https://docs.docker.com/build/building/best-practices/#user)
    pub(super) RULE = "sudo-in-image" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3004", "hadolint/DL3004", "DS-0010", "CKV2_DOCKER_1", "Run Using Sudo", "DF010"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let wanted = matches!(facts.instruction.keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint);
    if !wanted
        || memchr::memmem::find(facts.instruction.rest_text().as_bytes(), b"sudo").is_none()
            && !has_sudo_in_heredoc(file, facts)
    {
        return;
    }
    if file.dev || stage.dev || is_to_develop_in(file, stage) || is_set_up(file, stage) {
        return;
    }
    check_commands(file, stage, facts, report);
    if stage.shipped && facts.is(Keyword::Run) {
        check_package(file, stage, facts, report);
    }
}

fn has_sudo_in_heredoc(file: &FileFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let mut bodies = facts.instruction.heredocs.iter().map(|doc| file.dockerfile.source.slice(doc.body));
    bodies.any(|body| body.contains("sudo"))
}

/// An image that people or builds work in, and are to become root there.
fn is_to_develop_in(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let words = [
        "devcontainers",
        "gitpod",
        "cimg",
        "circleci",
        "jenkins",
        "runner",
        "codespaces",
        "workspace",
        "vsc-",
    ];
    let base = file.base_image(stage).is_some_and(|base| words.iter().any(|word| base.text.contains(word)));
    base || file.path.components().any(|part| {
        let part = part.as_str().to_ascii_lowercase();
        ["runner", "agent", "ci", "devcontainer", "toolbox", "dev-env"]
            .iter()
            .any(|word| part.split(['.', '-', '_']).any(|piece| piece == *word))
    })
}

/// Whether the stage, or one it is built on or that is built on it, gives somebody the right to use sudo.
fn is_set_up(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let key = "sudo is set up";
    let gives = |facts: &InstructionFacts<'_>| {
        let text = file.dockerfile.source.slice(facts.instruction.span);
        let group = || {
            facts.steps().any(|step| {
                let names = step.command.args().iter().map(Word::text);
                let mut groups = names.flat_map(|text| text.split(','));
                matches!(
                    step.command.name(),
                    Some("usermod" | "useradd" | "adduser" | "gpasswd" | "addgroup")
                ) && groups.any(|group| matches!(group, "sudo" | "wheel"))
            })
        };
        text.contains("sudoers") || text.contains("NOPASSWD") || (facts.is(Keyword::Run) && group())
    };
    file.first(stage, key, gives).is_some() || file.last_above(stage, "sudo is set up above", gives).is_some()
}

/// `sudo` before a command.
struct Use {
    word: Span,
    /// What goes when it is deleted: the word and the blanks behind it.
    deleted: Option<Span>,
    /// Whether it takes another user on: `sudo -u app`.
    other_user: bool,
}

fn check_commands(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    report: &mut Report,
) {
    let mut uses: Vec<Use> = facts.steps().filter_map(|step| use_of(file, step.command)).collect();
    if let [first, rest @ ..] = facts.instruction.args.as_slice()
        && facts.instruction.json
        && matches!(first.text.as_str(), "sudo" | "/usr/bin/sudo")
    {
        let next = rest.first().filter(|next| !next.text.starts_with('-'));
        let mut options = rest.iter().take_while(|word| word.text.starts_with('-'));
        uses.push(Use {
            word: first.span,
            deleted: next.map(|next| Span::new(first.span.start, next.span.start)),
            other_user: options.any(|word| names_user(&word.text)),
        });
    }
    let Some((first, others)) = uses.split_first() else { return };
    let root = runs_as_root(file, stage, facts);
    let drops = uses.iter().all(|found| found.other_user);
    let message = match (facts.is(Keyword::Run), root) {
        _ if drops && root != Some(false) => {
            "`sudo` is there to run as another user: `USER` does that, and leaves no way back to root in the image."
        }
        (true, Some(true)) => "`sudo` has no effect: the command runs as root already.",
        (true, _) => {
            "A build that needs `sudo` has the wrong user, and leaves a way back to root in the image."
        }
        (false, _) => {
            "A container that starts with `sudo` runs as root, and whoever breaks in can use it too."
        }
    };
    let level = if stage.shipped { Level::Warning } else { Level::Info };
    let mut finding = report.add(first.word, message).level(level);
    for other in others {
        finding = finding.related(other.word, "here as well");
    }
    let deleted: Option<Vec<Edit>> = uses.iter().map(|found| found.deleted.map(Edit::delete)).collect();
    let note = if drops && root != Some(false) {
        "Put `USER` with that user before the instruction; an entrypoint that has to begin as root can use `gosu`, \
         `su-exec` or `setpriv`."
    } else if root == Some(true) {
        "Delete `sudo` with its options; as root they have no effect."
    } else {
        "Put `USER root` before the commands that need it, and switch back to the unprivileged user behind them."
    };
    match deleted {
        Some(edits) if root == Some(true) => finding.fix(Fix::safe("Delete `sudo`", edits)),
        _ => finding.note(note),
    };
}

fn use_of(file: &FileFacts<'_>, command: &Command) -> Option<Use> {
    // `sudo -i` alone is the program itself.
    let word = command
        .prefix_word("sudo")
        .or_else(|| command.name_word().filter(|_| command.name() == Some("sudo")))?;
    let at = command.words.iter().position(|other| other.span() == word.span())?;
    let next = command.words.get(at + 1);
    let deleted =
        next.filter(|next| !next.text().starts_with('-') && !is_assignment(next)).and_then(|next| {
            let span = Span::new(word.span().start, next.span().start);
            let between = file.dockerfile.source.slice(Span::new(word.span().end, span.end));
            let plain = word.span().len() as usize == word.text().len();
            (plain && between.bytes().all(|b| b == b' ' || b == b'\t')).then_some(span)
        });
    let mut options = command.words.iter().skip(at + 1).take_while(|word| word.text().starts_with('-'));
    let other_user = options.any(|word| names_user(word.text()));
    Some(Use { word: word.span(), deleted, other_user })
}

/// Whether an option of sudo names a user.
fn names_user(option: &str) -> bool {
    option.starts_with("--user") || (!option.starts_with("--") && option.contains('u'))
}

/// `sudo NAME=value command`: without sudo the words behind it may stand for something else.
fn is_assignment(word: &Word) -> bool {
    word.text().contains('=')
}

/// Whether the instruction runs as root, where that is known.
fn runs_as_root(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> Option<bool> {
    // CMD and ENTRYPOINT run as the user at the end of the stage.
    let user = if facts.is(Keyword::Run) { &facts.state.user } else { &stage.end.user };
    file.is_root(stage, user)
}

fn check_package(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    report: &mut Report,
) {
    let installs = facts.calls.iter().filter(|call| call.manager.is_system() && call.verb == Verb::Install);
    for call in installs {
        let Some(package) = call.packages.iter().find(|package| package.name == "sudo") else { continue };
        let finding = report.add(
            package.span,
            "`sudo` gets into the image: whoever breaks into the container has a way back to root.",
        );
        let used = file.with_descendants(stage).iter().flat_map(|stage| &stage.instructions).any(|facts| {
            facts.steps().any(|step| use_of(file, step.command).is_some())
                || facts.instruction.json
                    && facts.instruction.args.iter().any(|word| word.text.contains("sudo"))
        });
        let edit = if used || call.packages.len() < 2 { None } else { remove::words(file, package.span) };
        match edit {
            Some(edit) => finding
                .note("Check that no script of the image calls it; `setpriv`, `gosu` and `su-exec` only ever drop rights.")
                .fix(Fix::confirm("Do not install `sudo`", vec![edit])),
            None => finding.note(
                "Let `USER root` stand before what needs root in the build, and leave `sudo` out; to drop rights at the \
                 start there are `setpriv`, `gosu` and `su-exec`.",
            ),
        };
    }
}
