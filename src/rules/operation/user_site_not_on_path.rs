//! `user-site-not-on-path`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{
    Account, FileFacts, InstructionFacts, Launch, StageFacts, User, account, console_scripts,
    declared_console_scripts, launches, required_packages, user_installs,
};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, PackageKind};
use crate::text::{Edit, Span};

declare_rule! {
    /// pip install --user puts commands where PATH does not look.
    ///
    /// ## What it does
    ///
    /// Finds images that start a command which `pip install --user`, `pipx install` or `uv tool install` put
    /// into `~/.local/bin`, while that directory is not on PATH. Also finds a user installation of a builder
    /// stage that is copied to where its user does not look for it.
    ///
    /// ## Why is this bad?
    ///
    /// The image builds; pip only warns. The container does not start: "executable file not found in $PATH".
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN useradd --create-home app
    /// USER app
    /// RUN pip install --user gunicorn
    /// CMD ["gunicorn", "app:app"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN useradd --create-home app
    /// USER app
    /// ENV PATH=/home/app/.local/bin:$PATH
    /// RUN pip install --user gunicorn
    /// CMD ["gunicorn", "app:app"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: a directory that only the user's own installations fill is searched as well. A virtual environment
    /// made as root is the better way: the code is not writable by the application then, and it can be
    /// copied from a builder stage.
    ///
    /// ## References
    ///
    /// - [pip: User installs](https://pip.pypa.io/en/stable/user_guide/#user-installs)
    /// - [Python Speed: Multi-stage builds, Python specifics](https://pythonspeed.com/articles/multi-stage-docker-python/)
    pub(super) RULE = "user-site-not-on-path" {
        chapter: Operation, level: Warning, default: On, scope: Stage, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

const VENV: &str = "A virtual environment made as root works for every user: `RUN python -m venv /opt/venv`, then `ENV PATH=/opt/venv/bin:$PATH` above the `pip install`.";

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on || file.docker_action {
        return;
    }
    // Most files install nothing for one user.
    let all = file.stages.iter().flat_map(|stage| &stage.instructions);
    if !all.into_iter().any(|facts| user_installs(facts).next().is_some()) {
        return;
    }
    let starts = launches(stage);
    for (owner, facts) in file.history(stage) {
        for (call, span) in user_installs(facts) {
            let Some(launch) = starts.iter().find(|launch| installs_command(file, call, launch)) else {
                continue;
            };
            let Some(user) = account(file, stage, &facts.state.user) else { continue };
            if path_has(file, stage, &user.home) {
                continue;
            }
            missing_on_path(file, owner, facts, &user, span, launch, report);
            return;
        }
    }
    copied_elsewhere(file, stage, report);
}

fn missing_on_path(
    file: &FileFacts<'_>,
    owner: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    user: &Account,
    span: Span,
    launch: &Launch,
    report: &mut Report,
) {
    let program = launch.program().replace('`', "");
    let home = user.home.replace('`', "");
    let mut finding = report.add(
        span,
        format!("This puts `{program}` into `{home}/.local/bin`, which is not on PATH. The container does not find it."),
    );
    finding = match &launch.in_script {
        Some((path, place)) => finding.related_in(path.clone(), *place, "It is started here"),
        None => finding.related(launch.span, "It is started here"),
    };
    let finding = finding.note(VENV);
    let plain =
        user.home.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'));
    if !plain {
        return;
    }
    // Below USER, so that the line stands with the user it belongs to; for root above the installation.
    let source = &file.dockerfile.source;
    let user_instruction = match &facts.state.user {
        User::Set { stage, .. } if *stage == owner.index => owner
            .of(Keyword::User)
            .rev()
            .map(|user| user.instruction)
            .find(|user| user.span.end <= facts.instruction.span.start),
        _ => None,
    };
    let keyword = file.keyword_case().write("env");
    let offset = user_instruction.map_or_else(|| file.above(facts.index), |user| user.span.end);
    let newline = source.newline_at(offset.saturating_sub(1));
    let text = format!("{keyword} PATH={}/.local/bin:$PATH{newline}", user.home);
    finding.fix(Fix::safe("Put the user's commands on PATH", vec![Edit::insert(offset, text)]));
}

/// Whether a command that is started comes from what is installed. Commands with a path and `python -m` do not
/// need PATH.
fn installs_command(file: &FileFacts<'_>, call: &PackageCommand<'_>, launch: &Launch) -> bool {
    let Some(word) = launch.words.first() else { return false };
    if word.contains(['/', '$']) || word.is_empty() {
        return false;
    }
    let brings = |package: &str| match console_scripts(package) {
        Some(scripts) => scripts.contains(&word.as_str()),
        // Most tools are named as their package.
        None => package.split('[').next().is_some_and(|name| name.eq_ignore_ascii_case(word)),
    };
    call.packages.iter().any(|package| match package.kind {
        PackageKind::Name => brings(&package.name),
        PackageKind::Path | PackageKind::Editable => {
            matches!(package.name.trim_end_matches('/').split('[').next(), Some("." | "./" | ""))
                && declared_console_scripts(file).has(word)
        }
        PackageKind::Requirements => required_packages(file, &package.name).iter().any(|name| brings(name)),
        _ => false,
    })
}

/// Whether an ENV puts the commands of this home directory on PATH, or may do so.
fn path_has(file: &FileFacts<'_>, stage: &StageFacts<'_>, home: &str) -> bool {
    let folders = ["PIPX_BIN_DIR", "UV_TOOL_BIN_DIR", "XDG_BIN_HOME", "PYTHONUSERBASE"];
    if folders.iter().any(|name| stage.end.env(name).is_some()) {
        return true;
    }
    let script = stage.start.script.as_ref().or(stage.start.shell_script.as_ref());
    // A start script that sets PATH knows where to look.
    if script.is_some_and(|script| script.text.contains("PATH=")) {
        return true;
    }
    let in_command = [&stage.start.entrypoint, &stage.start.cmd]
        .into_iter()
        .flatten()
        .any(|part| part.instruction.joined.text().contains("PATH="));
    in_command
        || file.history(stage).iter().any(|(_, facts)| {
            facts.is(Keyword::Env)
                && facts.instruction.pairs.iter().filter(|pair| pair.key.text == "PATH").any(|pair| {
                    pair.value.as_ref().is_some_and(|value| {
                        let known = expand_but_path(facts, &value.text);
                        known.split(':').any(|entry| {
                            let entry = entry.trim_end_matches('/');
                            entry == format!("{home}/.local/bin")
                                || (entry.contains(['$', '~']) && entry.contains("bin"))
                        })
                    })
                })
        })
}

/// The value of a PATH without quotes, each entry expanded where its variables are known. `$PATH` itself is left
/// out.
fn expand_but_path(facts: &InstructionFacts<'_>, value: &str) -> String {
    let entries = value.trim_matches(['"', '\'']).split(':');
    let expanded: Vec<String> = entries
        .filter(|entry| !matches!(*entry, "$PATH" | "${PATH}"))
        .map(|entry| facts.state.expand(entry).value.unwrap_or_else(|| entry.to_owned()))
        .collect();
    expanded.join(":")
}

/// A user installation of a builder stage that is copied to where the user of the image does not look.
fn copied_elsewhere(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(user) = account(file, stage, &stage.end.user) else { return };
    if ["PYTHONUSERBASE", "PYTHONPATH"].iter().any(|name| stage.end.env(name).is_some()) {
        return;
    }
    for (_, facts) in file.history(stage) {
        let node = facts.instruction;
        let Some(builder) = source_stage(file, facts) else { continue };
        let Some(home) = file.history(builder).iter().find_map(|(_, built)| {
            let installs = user_installs(built).any(|(call, _)| call.manager == Manager::Pip);
            installs.then(|| account(file, builder, &built.state.user)).flatten()
        }) else {
            continue;
        };
        let (Some(target), [source, _]) = (node.args.last(), node.args.as_slice()) else { continue };
        let from = format!("{}/.local", home.home);
        let Some(target_text) = facts.state.expand(&target.text).value else { continue };
        if source.text.trim_end_matches('/') != from || !target_text.starts_with('/') {
            continue;
        }
        let target_text = target_text.trim_end_matches('/');
        if target_text == format!("{}/.local", user.home) {
            // It is where Python looks; the commands need PATH as well.
            if !path_has(file, stage, &user.home) && starts_from(file, builder, stage) {
                add_path(file, facts, &user, report);
            }
            return;
        }
        report
            .add(
                target.span,
                format!(
                    "`{}` looks for its packages in `{}/.local`, not here. Python does not find what is copied.",
                    user.name.replace('`', ""),
                    user.home.replace('`', "")
                ),
            )
            .note(VENV);
        return;
    }
}

fn starts_from(file: &FileFacts<'_>, builder: &StageFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let starts = launches(stage);
    file.history(builder).iter().any(|(_, facts)| {
        user_installs(facts).any(|(call, _)| starts.iter().any(|launch| installs_command(file, call, launch)))
    })
}

fn add_path(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, user: &Account, report: &mut Report) {
    let node = facts.instruction;
    let Some(target) = node.args.last() else { return };
    let home = user.home.replace('`', "");
    let finding = report
        .add(
            target.span,
            format!("The commands in `{home}/.local/bin` are not on PATH. The container does not find what it starts."),
        )
        .note(VENV);
    let source = &file.dockerfile.source;
    let ends = source.slice(node.span).ends_with('\n');
    let plain =
        user.home.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-'));
    if ends && plain {
        let newline = source.newline_at(node.span.start);
        let text = format!("ENV PATH={}/.local/bin:$PATH{newline}", user.home);
        finding.fix(Fix::safe("Put the user's commands on PATH", vec![Edit::insert(node.span.end, text)]));
    }
}

/// The stage that a COPY takes its files from.
fn source_stage<'f, 'a>(file: &'f FileFacts<'a>, facts: &InstructionFacts<'_>) -> Option<&'f StageFacts<'a>> {
    let node: &Instruction = facts.instruction;
    if node.keyword != Keyword::Copy {
        return None;
    }
    let name = &node.flag_value("from")?.text;
    let before = file.stage_at(node.span.start)?.index;
    let earlier = file.stages.get(..before)?;
    earlier
        .iter()
        .rev()
        .find(|stage| stage.name.is_some_and(|own| own.eq_ignore_ascii_case(name)))
        .or_else(|| name.parse::<usize>().ok().and_then(|index| earlier.get(index)))
}
