//! `python-bytecode-missing`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{
    FileFacts, InstructionFacts, StageFacts, User, Workdir, is_absolute, is_python, join, join_env,
    python_start,
};
use crate::image::{ShellKind, User as BaseUser};
use crate::repository::Lookup;
use crate::rules::{Check, Fix, Report};
use crate::shell::Command;
use crate::shell::packages::{Manager, PackageKind, Verb};
use crate::text::{Edit, Span};

declare_rule! {
    /// The image ships Python code without bytecode, so every start compiles it.
    ///
    /// ## What it does
    ///
    /// Finds installations by uv without `UV_COMPILE_BYTECODE` or `--compile-bytecode`, `pip install
    /// --no-compile`, images that forbid bytecode (`PYTHONDONTWRITEBYTECODE`) and never compile the code they
    /// copy, a `compileall` above the last COPY of code, and a `compileall` inside of `python -c` whose failures
    /// nobody sees.
    ///
    /// ## Why is this bad?
    ///
    /// Python compiles each module when it is imported. In a container the result is thrown away with the
    /// container, or cannot be written at all, so every start pays again. pip compiles what it installs; uv does
    /// not unless it is told to.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM ghcr.io/astral-sh/uv:python3.13-trixie-slim
    /// WORKDIR /app
    /// COPY pyproject.toml uv.lock ./
    /// RUN uv sync --locked --no-dev
    /// CMD ["/app/.venv/bin/app"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM ghcr.io/astral-sh/uv:python3.13-trixie-slim
    /// WORKDIR /app
    /// COPY pyproject.toml uv.lock ./
    /// ENV UV_COMPILE_BYTECODE=1
    /// RUN uv sync --locked --no-dev
    /// CMD ["/app/.venv/bin/app"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe for installations: the same packages are installed, with their bytecode. A `compileall` of the
    /// application's own code must be confirmed, because it fails the build when a file does not compile.
    ///
    /// ## References
    ///
    /// - [uv: Using uv in Docker, compiling bytecode](https://docs.astral.sh/uv/guides/integration/docker/#compiling-bytecode)
    /// - [Python: compileall](https://docs.python.org/3/library/compileall.html)
    /// - [Python Speed: Faster pip installs](https://pythonspeed.com/articles/faster-pip-installs/)
    pub(super) RULE = "python-bytecode-missing" {
        chapter: Operation, level: Info, default: On, scope: Stage, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if stage.shipped || is_copied_into_shipped(file, stage) {
        installed_by_uv(file, stage, report);
    }
    if stage.shipped {
        installed_by_pip(file, stage, report);
        hidden_failures(stage, report);
        own_code(file, stage, report);
    }
}

/// Whether a shipped stage takes over what this builder stage installed, and installs nothing of its own.
fn is_copied_into_shipped(file: &FileFacts<'_>, builder: &StageFacts<'_>) -> bool {
    let takers = file.takers(builder).iter().filter_map(|index| file.stages.get(*index));
    takers
        .filter(|stage| stage.shipped)
        .any(|stage| !stage.of(Keyword::Run).any(|facts| python_installs(facts).next().is_some()))
}

/// Spans of the installations of Python packages in a RUN.
fn python_installs<'f>(facts: &'f InstructionFacts<'_>) -> impl Iterator<Item = Span> + 'f {
    facts
        .calls
        .iter()
        .filter(|call| call.verb == Verb::Install)
        .filter(|call| matches!(call.manager, Manager::Pip | Manager::Uv | Manager::Poetry))
        .map(|call| call.program_span)
}

/// Whether a command compiles bytecode: `python -m compileall`, or a script that imports it.
fn compiles(command: &Command) -> bool {
    command.args().iter().any(|word| word.text().contains("compileall"))
}

fn compiled_after(stage: &StageFacts<'_>, index: usize) -> bool {
    stage.of(Keyword::Run).filter(|facts| facts.index >= index).any(|facts| {
        facts.instruction.joined.text().contains("compileall")
            || facts
                .instruction
                .heredocs
                .iter()
                .any(|_| facts.scripts().any(|s| s.text().contains("compileall")))
    })
}

// --- uv -----------------------------------------------------------------------------------------------------

fn installed_by_uv(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut found: Option<(&InstructionFacts<'_>, Span)> = None;
    for facts in stage.of(Keyword::Run) {
        if !facts.calls.iter().any(|call| call.manager == Manager::Uv) {
            continue;
        }
        // Also set to 0: somebody has decided.
        if facts.state.env("UV_COMPILE_BYTECODE").is_some()
            || facts.state.arg("UV_COMPILE_BYTECODE").is_some()
            || facts.instruction.joined.text().contains("UV_COMPILE_BYTECODE")
        {
            continue;
        }
        for call in &facts.calls {
            let installs = matches!(&*call.verb_text, "sync" | "pip install" | "pip sync");
            if call.manager == Manager::Uv
                && installs
                && !call.may_contain_anything()
                && call
                    .flag(&["--compile-bytecode", "--compile", "--no-compile-bytecode", "--no-compile"])
                    .is_none()
                && !call.has_flag(&["--dry-run", "--check"])
            {
                found.get_or_insert((facts, call.program_span.cover(call.verb_span)));
            }
        }
    }
    let Some((facts, span)) = found else { return };
    if compiled_after(stage, facts.index) || configured(file) {
        return;
    }
    let level = if cannot_write(file, stage, facts) { Level::Warning } else { Level::Info };
    let message = if level == Level::Warning {
        "uv installs without bytecode, and the user of the image cannot write it: every start compiles all modules again."
    } else {
        "uv installs without bytecode, so every new container compiles all modules when it starts."
    };
    let finding = report.add(span, message).level(level).whole_stage();
    let edits = compile_env(file, stage, facts);
    if let Some(edits) = edits {
        finding.fix(Fix::safe("Let uv compile what it installs", edits));
    }
}

/// Whether the project's own configuration says `compile-bytecode`.
fn configured(file: &FileFacts<'_>) -> bool {
    ["pyproject.toml", "uv.toml"].iter().any(|name| match file.tree.read(&file.context.join(name)) {
        Lookup::Found(text) => text.lines().any(|line| {
            line.trim_start().strip_prefix("compile-bytecode").is_some_and(|rest| rest.contains('='))
        }),
        Lookup::Absent | Lookup::Unknown => false,
    })
}

/// `ENV UV_COMPILE_BYTECODE=1`, in an ENV with other settings of uv or above the installation.
fn compile_env(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> Option<Vec<Edit>> {
    let pair = ["UV_COMPILE_BYTECODE=1".to_owned()];
    let about_uv = stage.of(Keyword::Env).map(|env| env.instruction).find(|env| {
        env.span.end <= facts.instruction.span.start
            && env.pairs.iter().all(|pair| pair.equals)
            && env.pairs.iter().any(|pair| pair.key.text.starts_with("UV_"))
    });
    if let Some(env) = about_uv {
        return join_env(file, env, &pair);
    }
    let offset = file.above(facts.index);
    let newline = file.dockerfile.source.newline_at(offset);
    let keyword = file.keyword_case().write("env");
    Some(vec![Edit::insert(offset, format!("{keyword} {}{newline}", pair[0]))])
}

/// Whether a container runs as a user other than root while root installed the code.
fn cannot_write(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> bool {
    let other = |user: &User| match user {
        User::Set { value, .. } => {
            value.as_deref().is_some_and(|user| !matches!(user.split(':').next(), Some("root" | "0")))
        }
        User::Base => false,
    };
    let owned = stage
        .instructions
        .iter()
        .filter(|later| later.index > facts.index)
        .any(|later| later.is(Keyword::Run) && later.instruction.joined.text().contains("chown"));
    stage.shipped && is_root(file, stage, &facts.state.user) && other(&stage.end.user) && !owned
}

fn is_root(file: &FileFacts<'_>, stage: &StageFacts<'_>, user: &User) -> bool {
    match user {
        User::Set { value, .. } => {
            value.as_deref().is_some_and(|user| matches!(user.split(':').next(), Some("root" | "0")))
        }
        User::Base => file.defaults(stage).is_some_and(|defaults| defaults.user == BaseUser::Root),
    }
}

// --- pip ----------------------------------------------------------------------------------------------------

fn installed_by_pip(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    for facts in stage.of(Keyword::Run) {
        for call in &facts.calls {
            if call.manager != Manager::Pip || call.verb != Verb::Install {
                continue;
            }
            let Some(flag) = call.flag(&["--no-compile"]) else { continue };
            if compiled_after(stage, facts.index) {
                continue;
            }
            let level = if cannot_write(file, stage, facts) { Level::Warning } else { Level::Info };
            // With the blanks before it, which may hold a continuation.
            let before = file.dockerfile.source.text().get(..flag.span.start as usize).unwrap_or("");
            let start = before.trim_end_matches([' ', '\t']).len() as u32;
            report
                .add(flag.span, "`--no-compile` leaves the bytecode out, so every new container compiles all modules when it starts.")
                .level(level)
                .fix(Fix::safe("Let pip compile what it installs", vec![Edit::delete(Span::new(start, flag.span.end))]));
        }
    }
}

// --- compileall in python -c --------------------------------------------------------------------------------

/// `compile_dir` and its like return false where a file does not compile; nobody looks at it.
fn hidden_failures(stage: &StageFacts<'_>, report: &mut Report) {
    for facts in stage.of(Keyword::Run) {
        for command in facts.scripts().flat_map(crate::shell::Script::commands) {
            if !command.name().is_some_and(is_python) {
                continue;
            }
            let code = command
                .args()
                .iter()
                .zip(command.args().iter().skip(1))
                .find(|(option, _)| option.text().starts_with('-') && option.text().ends_with('c'))
                .map(|(_, code)| code);
            let Some(code) = code.filter(|code| code.text().contains("compileall.compile_")) else {
                continue;
            };
            if ["exit", "assert", "raise", "check"].iter().any(|word| code.text().contains(word)) {
                continue;
            }
            report
                .add(code.span(), "`compileall` inside of `python -c` hides failures: the RUN ends well although files were not compiled.")
                .note("`python -m compileall -q` and the path of the packages do the same and fail when a file does not compile.");
        }
    }
}

// --- the application's own code -----------------------------------------------------------------------------

/// A COPY that brings Python code of the context: where it goes.
struct OwnCode<'f, 'a> {
    facts: &'f InstructionFacts<'a>,
    target: Option<String>,
}

fn own_code(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if stage.built_on || python_start(file, stage).is_none() {
        return;
    }
    // Looking for code in the context is dear: first see whether there is anything to say about it.
    let compiles_something =
        stage.of(Keyword::Run).flat_map(InstructionFacts::scripts).any(|s| s.text().contains("compileall"));
    if !compiles_something && forbidden_at(file, stage).is_none() {
        return;
    }
    let Some(last) = stage.instructions.iter().rev().find_map(|facts| copied_code(file, facts)) else {
        return;
    };
    let later = || stage.of(Keyword::Run).filter(|run| run.index > last.facts.index);
    // pip compiles the project that it installs, whatever PYTHONDONTWRITEBYTECODE says.
    let installed = later().any(|run| {
        run.calls.iter().any(|call| {
            call.verb == Verb::Install
                && matches!(call.manager, Manager::Pip | Manager::Uv | Manager::Poetry)
                && (call.manager != Manager::Pip
                    || call.packages.iter().any(|package| package.kind == PackageKind::Path))
        })
    });
    if installed || compiled_after(stage, last.facts.index) {
        return;
    }
    if let Some(span) = compiled_before(stage, &last) {
        let finding = report
            .add(span, "This compiles before the last COPY of code. What is copied below has no bytecode.")
            .related(last.facts.instruction.body, "This code is not compiled");
        if let Some(edits) = compile_below(file, stage, &last) {
            finding.note(CONFIRM).fix(Fix::confirm("Compile the code after it is copied", edits));
        } else {
            finding.note("Move the line below that COPY.");
        }
        return;
    }
    let Some(span) = forbidden_at(file, stage) else { return };
    let finding = report
        .add(
            span,
            "`PYTHONDONTWRITEBYTECODE` keeps Python from saving bytecode, and the image has none for the copied code: every start compiles it.",
        )
        .related(last.facts.instruction.body, "This code has no bytecode")
        .whole_stage();
    if let Some(edits) = compile_below(file, stage, &last) {
        finding.note(CONFIRM).fix(Fix::confirm("Compile the code after it is copied", edits));
    } else {
        finding.note("Run `python -m compileall -q` on the code after it is copied.");
    }
}

const CONFIRM: &str = "Check that every Python file of the directory compiles: `compileall` fails the build otherwise. `PYTHONDONTWRITEBYTECODE` does not stop it.";

/// The pair that switches bytecode off, when it is in effect in the container.
fn forbidden_at(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Span> {
    if !stage.end.env_is_set("PYTHONDONTWRITEBYTECODE") {
        return None;
    }
    let history = file.history(stage);
    let pairs = history.iter().rev().filter(|(_, facts)| facts.is(Keyword::Env));
    pairs
        .flat_map(|(_, facts)| facts.instruction.pairs.iter().rev())
        .find(|pair| pair.key.text == "PYTHONDONTWRITEBYTECODE")
        .map(|pair| pair.span)
}

/// Whether an instruction copies Python code: files named `*.py`, or a folder of the context that has some.
fn copied_code<'f, 'a>(file: &FileFacts<'_>, facts: &'f InstructionFacts<'a>) -> Option<OwnCode<'f, 'a>> {
    let node = facts.instruction;
    if !matches!(node.keyword, Keyword::Copy | Keyword::Add)
        || node.flag("from").is_some()
        || !node.heredocs.is_empty()
    {
        return None;
    }
    let (target, sources) = node.args.split_last()?;
    let is_code = |source: &str| {
        let path = crate::repository::normalize(&file.context.join(source.trim_start_matches('/')));
        is_python_file(source)
            || path.is_some_and(|path| match file.tree.list(&path) {
                // A folder counts when code lies in it or one level below it, as in `COPY . .`.
                Lookup::Found(names) => names.iter().any(|(name, entry)| {
                    is_python_file(name)
                        || (entry.kind == crate::repository::Kind::Directory
                            && file
                                .tree
                                .list(&path.join(name))
                                .found()
                                .is_some_and(|inner| inner.iter().any(|(name, _)| is_python_file(name))))
                }),
                Lookup::Absent => false,
                Lookup::Unknown => matches!(source, "." | "./"),
            })
    };
    if !sources.iter().any(|source| is_code(&source.text)) {
        return None;
    }
    let target = facts.state.expand(&target.text).value.and_then(|target| match &facts.state.workdir {
        _ if is_absolute(&target) => Some(join("/", &target)),
        Workdir::Set(dir) => Some(join(dir, &target)),
        Workdir::Base | Workdir::Unknown => None,
    });
    Some(OwnCode { facts, target })
}

fn is_python_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end == "py")
}

/// A `python -m compileall` above the last COPY of code whose directories hold what is copied.
fn compiled_before(stage: &StageFacts<'_>, last: &OwnCode<'_, '_>) -> Option<Span> {
    let target = last.target.as_deref()?;
    let runs = stage.of(Keyword::Run).rev().filter(|run| run.index < last.facts.index);
    for run in runs {
        for command in run.scripts().flat_map(crate::shell::Script::commands) {
            if !command.name().is_some_and(is_python) || !compiles(command) {
                continue;
            }
            let words = command.args();
            let Some(at) = words.iter().position(|word| word.text() == "compileall") else { continue };
            let covers = words[at + 1..].iter().filter(|word| !word.text().starts_with('-')).any(|word| {
                let folder = match &run.state.workdir {
                    _ if is_absolute(word.text()) => join("/", word.text()),
                    Workdir::Set(dir) => join(dir, word.text()),
                    Workdir::Base | Workdir::Unknown => return false,
                };
                let above = |dir: &str, path: &str| {
                    dir == path || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
                };
                above(&folder, target) || above(target, &folder)
            });
            if covers {
                return Some(command.span());
            }
        }
    }
    None
}

/// A RUN below the last COPY of code; only where root runs it and the directory is the application's own.
fn compile_below(file: &FileFacts<'_>, stage: &StageFacts<'_>, last: &OwnCode<'_, '_>) -> Option<Vec<Edit>> {
    let node = last.facts.instruction;
    let target = last.target.as_deref()?;
    let has_shell = file.defaults(stage).is_some_and(|defaults| {
        !matches!(
            defaults.shell.kind,
            ShellKind::None | ShellKind::Unknown | ShellKind::Cmd | ShellKind::PowerShell
        )
    });
    if !has_shell
        || !is_root(file, stage, &last.facts.state.user)
        || target.len() < 2
        || is_python_file(target)
    {
        return None;
    }
    let path = match &last.facts.state.workdir {
        Workdir::Set(dir) if dir == target => ".",
        _ => target,
    };
    if !path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-')) {
        return None;
    }
    let source = &file.dockerfile.source;
    if !source.slice(node.span).ends_with('\n') {
        return None;
    }
    let newline = source.newline_at(node.span.start);
    let keyword = file.keyword_case().write("run");
    Some(vec![Edit::insert(node.span.end, format!("{keyword} python -m compileall -q {path}{newline}"))])
}
