//! `bashism-in-sh`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, StageFacts};
use crate::image::ShellKind;
use crate::rules::bashisms::{Bashism, bashisms};
use crate::rules::set_shell::set_shell;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// Bash syntax under a shell that does not know it.
    ///
    /// ## What it does
    ///
    /// Finds `[[ … ]]`, `source`, arrays, `<(…)`, `&>`, `{a,b}`, `<<<`, `${x//a/b}` and the like in a `RUN` whose shell
    /// is known to be dash (Debian, Ubuntu) or BusyBox ash (Alpine). What BusyBox knows is left alone there.
    ///
    /// ## Why is this bad?
    ///
    /// `RUN` uses `/bin/sh`, whatever shell you type in yourself. Some of this fails at once (`source: not found`);
    /// the rest does something else without a word: `mkdir -p /srv/{in,out}` makes one folder called `{in,out}`, and
    /// `command &> log` runs the command in the background.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN mkdir -p /srv/{in,out}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// SHELL ["/bin/bash", "-c"]
    /// RUN mkdir -p /srv/{in,out}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Where a word or two say the same in POSIX shell (`source ./f` → `. ./f`), only these change. Else `SHELL` is
    /// inserted, when bash is in the image: look over the later `RUN`s of the stage, which bash runs too. It is not
    /// offered where the container starts a command in shell form.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: SHELL](https://docs.docker.com/reference/dockerfile/#shell)
    /// - [Ubuntu wiki: Dash as /bin/sh](https://wiki.ubuntu.com/DashAsBinSh)
    /// - [POSIX: Shell Command Language](https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html)
    pub(super) RULE = "bashism-in-sh" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: ["SC2039", "SC3xxx", "DF066"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut shell = None;
    for facts in stage.of(Keyword::Run) {
        let (found, kind) = bashisms(file, stage, facts);
        let Some(first) = found.first() else { continue };
        let name = if kind == ShellKind::Dash { "dash" } else { "BusyBox ash" };
        let what = &first.what;
        let message = if first.taken_literally {
            format!(
                "`/bin/sh` is {name} here, which takes `{what}` as it stands: only bash expands the braces."
            )
        } else if what.starts_with("&>") {
            format!(
                "`/bin/sh` is {name} here, which reads `{what}` as `&` and `>`: the command runs in the background."
            )
        } else {
            format!("`{what}` is bash syntax, but `/bin/sh` is {name} here and does not know it.")
        };
        let mut finding = report.add(first.span, message);
        if let Some(other) = found.get(1) {
            finding = finding.related(other.span, "more of it");
        }
        let posix: Option<Vec<Edit>> = found
            .iter()
            .map(|one: &Bashism| one.posix.clone())
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat());
        if let Some(edits) = posix {
            finding
                .note("Check that the rest of the command means the same to a POSIX shell.")
                .fix(Fix::confirm("Say it in POSIX shell", edits));
        } else if let Some(shell) = shell
            .get_or_insert_with(|| set_shell(file, stage))
            .as_ref()
            .filter(|shell| shell.line.contains("bash"))
        {
            finding
                .note("The `SHELL` holds for the rest of the stage: check the later `RUN`s of it.")
                .fix(Fix::confirm(format!("Insert `{}`", shell.line), vec![shell.edit.clone()]));
        } else if file.has_bash(stage, facts) {
            finding.note("Set `SHELL [\"/bin/bash\", \"-c\"]` before it, or use what POSIX shells know.");
        } else {
            finding.note("Install bash and set `SHELL [\"/bin/bash\", \"-c\"]` before it, or use what POSIX shells know.");
        }
    }
}
