//! `dependencies-after-copy`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{
    FileFacts, InstructionFacts, Manifests, StageFacts, Workdir, is_absolute, join, manifests, needs_source,
};
use crate::repository::{Kind, Lookup, normalize};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, package_commands};
use crate::text::{Edit, Span};
use camino::{Utf8Path, Utf8PathBuf};

declare_rule! {
    /// Dependencies are installed after the whole source is copied, so every change reinstalls them.
    ///
    /// ## What it does
    ///
    /// Finds an install of the dependencies that a manifest or lock file names (`pip install -r`, `uv sync`,
    /// `npm ci`, `bundle install`, …) behind a `COPY` of the whole source, when the manifest was not copied
    /// before.
    ///
    /// ## Why is this bad?
    ///
    /// Docker runs a step again when anything that was copied before it has changed. So one changed character
    /// in the source downloads and installs everything again: minutes in each build, for nothing.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// RUN pip install --no-cache-dir -r requirements.txt
    /// ```
    /// ```text requirements.txt
    /// flask==3.1.0
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY requirements.txt ./
    /// RUN pip install --no-cache-dir -r requirements.txt
    /// COPY . .
    /// ```
    /// ```text requirements.txt
    /// flask==3.1.0
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that the install needs nothing but the copied manifests. Offered only where the two instructions
    /// follow each other and the manifests name no folder of the source.
    ///
    /// ## References
    ///
    /// - [Docker: Optimize cache usage in builds](https://docs.docker.com/build/cache/optimize/#order-your-layers)
    /// - [Python Speed: Faster Docker builds with pipenv, poetry, or pip-tools](https://pythonspeed.com/articles/pipenv-docker/)
    pub(super) RULE = "dependencies-after-copy" {
        chapter: Efficiency, level: Warning, default: On, scope: Stage, fix: Confirm,
        aliases: ["DF070"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut said: Vec<Manager> = Vec::new();
    for (at, facts) in stage.instructions.iter().enumerate() {
        if !facts.is(Keyword::Run) || binds(facts.instruction) {
            continue;
        }
        for call in facts.scripts().flat_map(package_commands) {
            let Some(wanted) = manifests(&call) else { continue };
            if said.contains(&call.manager) {
                continue;
            }
            let Some(found) = broad_copy(file, stage, at, facts, &wanted) else { continue };
            said.push(call.manager);
            say(file, stage, at, facts, &call, &wanted, &found, report);
        }
    }
}

/// A `COPY` of the source that brought the manifests.
struct Broad {
    /// Its place in the stage.
    at: usize,
    /// The manifests in the context, required ones first.
    files: Vec<Utf8PathBuf>,
}

/// Finds the COPY that brought the manifests along with the source, where nothing brought them before.
fn broad_copy(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    install: usize,
    facts: &InstructionFacts<'_>,
    wanted: &Manifests,
) -> Option<Broad> {
    let Workdir::Set(cwd) = &facts.state.workdir else { return workdir_root(file, stage, install, wanted) };
    find(file, stage, install, cwd, wanted)
}

fn workdir_root(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    install: usize,
    wanted: &Manifests,
) -> Option<Broad> {
    let root = file.defaults(stage)?.workdir_path()?;
    find(file, stage, install, root, wanted)
}

fn find(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    install: usize,
    cwd: &str,
    wanted: &Manifests,
) -> Option<Broad> {
    let names: Vec<&str> =
        wanted.required.iter().map(String::as_str).chain(wanted.optional.iter().copied()).collect();
    let first = names.first()?;
    let mut broad = None;
    for (owner, copy) in file.history(stage) {
        let here = owner.index == stage.index;
        if here && copy.index >= stage.instructions.get(install)?.index {
            break;
        }
        if !matches!(copy.instruction.keyword, Keyword::Copy | Keyword::Add)
            || copy.instruction.flag("from").is_some()
        {
            continue;
        }
        if names_one(copy.instruction, &names) {
            // Copied on its own: the order is right, or at least meant.
            return None;
        }
        if broad.is_none()
            && here
            && let Some(path) = manifest_of(file, stage, copy, cwd, first)
        {
            let at = stage.instructions.iter().position(|i| i.index == copy.index)?;
            broad = Some((at, path));
        }
    }
    let (at, path) = broad?;
    let dir = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let mut files = vec![path];
    for name in names.iter().skip(1) {
        let other = normalize(&dir.join(name))?;
        if exists(file, &other) {
            files.push(other);
        }
    }
    Some(Broad { at, files })
}

/// The manifest in the context that a COPY of a folder puts at `cwd/name`.
fn manifest_of(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    copy: &InstructionFacts<'_>,
    cwd: &str,
    name: &str,
) -> Option<Utf8PathBuf> {
    let target = join(cwd, name);
    let (destination, sources) = copy.instruction.args.split_last()?;
    let destination = copy.state.expand(&destination.text).value?;
    let root = match &copy.state.workdir {
        Workdir::Set(path) => path.clone(),
        Workdir::Base => file.defaults(stage)?.workdir_path()?.to_owned(),
        Workdir::Unknown if is_absolute(&destination) => "/".to_owned(),
        Workdir::Unknown => return None,
    };
    let destination = join(&root, &destination);
    let below = if destination == "/" {
        target.trim_start_matches('/')
    } else {
        target.strip_prefix(destination.as_str())?.strip_prefix('/')?
    };
    sources.iter().find_map(|source| {
        let source = copy.state.expand(&source.text).value?;
        let dir = file.context.join(normalize(Utf8Path::new(source.trim_start_matches('/')))?);
        let is_dir = matches!(source.as_str(), "." | "./" | "/")
            || matches!(file.tree.entry(&dir), Lookup::Found(entry) if entry.kind == Kind::Directory);
        let path = dir.join(below);
        (is_dir && exists(file, &path)).then_some(path)
    })
}

fn exists(file: &FileFacts<'_>, path: &Utf8Path) -> bool {
    file.tree.entry(path).found().is_some_and(|e| matches!(e.kind, Kind::File | Kind::Executable))
}

/// Whether a COPY names one of the manifests, also by a pattern.
fn names_one(copy: &Instruction, names: &[&str]) -> bool {
    let Some((_, sources)) = copy.args.split_last() else { return false };
    sources.iter().any(|source| {
        let last = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        names.iter().any(|name| {
            let name = name.rsplit('/').next().unwrap_or(name);
            match last.split_once('*') {
                Some((start, end)) => {
                    !last.starts_with('*')
                        && name.starts_with(start)
                        && name.ends_with(end.trim_start_matches('*'))
                }
                None => last == name,
            }
        })
    })
}

/// Whether files of the context are mounted: the manifests may come that way.
fn binds(run: &Instruction) -> bool {
    run.flags
        .iter()
        .filter(|flag| flag.name == "mount")
        .filter_map(|flag| flag.value.as_ref())
        .any(|value| value.text.contains("type=bind") || !value.text.contains("type="))
}

fn has_cache_mount(run: &Instruction) -> bool {
    run.flags.iter().any(|flag| flag.name == "mount" && flag.text.contains("type=cache"))
}

#[allow(clippy::too_many_arguments, reason = "one finding, said once")]
fn say(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    at: usize,
    facts: &InstructionFacts<'_>,
    call: &PackageCommand<'_>,
    wanted: &Manifests,
    found: &Broad,
    report: &mut Report,
) {
    let Some(copy) = stage.instructions.get(found.at) else { return };
    let source = &file.dockerfile.source;
    let plain = |text: &str| text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = plain(source.slice(copy.instruction.body));
    let shown: String = shown.chars().take(60).collect();
    let command = format!("{} {}", call.program, call.verb_text);
    let mut refine = report
        .add(
            call.program_span.cover(call.verb_span),
            format!("`{shown}` comes before `{command}`, so every change of the source installs all dependencies again."),
        )
        .related(copy.instruction.name.span, "copies the manifests together with the source")
        .whole_stage();
    if has_cache_mount(facts.instruction) {
        refine = refine.level(Level::Info);
    }
    if wanted.project {
        refine.note(
            "Copy the lock file or an exported `requirements.txt` first and install from it, then copy the source and run \
             `pip install --no-deps .`.",
        );
        return;
    }
    let mut files = found.files.clone();
    let reason = needs_source(file, call.manager, &mut files);
    let names: Vec<String> = files.iter().filter_map(|path| path.file_name()).map(plain).collect();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let fix = reason.is_none().then(|| fix(file, stage, found.at, at, call, &files)).flatten();
    match (reason, fix) {
        (None, Some(fix)) => {
            refine.note(format!("Check that the install needs nothing but {list}.")).fix(fix)
        }
        (Some(reason), _) => refine.note(format!(
            "Copy {list} and what the install needs besides first, install, then copy the rest: {reason}."
        )),
        (None, None) => refine.note(format!("Copy {list} first, install, then copy the rest.")),
    };
}

/// `COPY manifests`, install, `COPY` the rest: only where the two follow each other and do nothing else.
fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    copy_at: usize,
    at: usize,
    call: &PackageCommand<'_>,
    files: &[Utf8PathBuf],
) -> Option<Fix> {
    let copy = stage.instructions.get(copy_at)?.instruction;
    let facts = stage.instructions.get(at)?;
    let run = facts.instruction;
    let single = facts.body.as_ref()?.line.single_command().is_some_and(|c| c.id == call.command.id);
    if at != copy_at + 1 || !single || !run.heredocs.is_empty() || copy.json || copy.args.len() != 2 {
        return None;
    }
    let source = &file.dockerfile.source;
    let (from, destination) = (copy.args.first()?, copy.args.get(1)?);
    // The folder that is copied, in the context: manifests are named relative to the context.
    let prefix = from.text.trim_end_matches('/').trim_start_matches("./");
    let prefix = if matches!(prefix, "." | "") { String::new() } else { format!("{prefix}/") };
    let mut names = Vec::new();
    for path in files {
        let name = path
            .file_name()
            .filter(|name| !name.contains(|c: char| c.is_whitespace() || "\"'\\$`*?[".contains(c)))?;
        names.push(format!("{prefix}{name}"));
    }
    // All of them lie in the copied folder itself, and land in the folder that is copied to.
    let dir = normalize(&file.context.join(prefix.trim_end_matches('/')))?;
    if files.iter().any(|path| path.parent() != Some(dir.as_path())) {
        return None;
    }
    let to = match destination.text.as_str() {
        "." | "./" => "./".to_owned(),
        text if text.ends_with('/') => text.to_owned(),
        text => format!("{text}/"),
    };
    let newline = source.newline_at(copy.span.start);
    let copy_text = source.slice(copy.body);
    let run_text = source.slice(run.body);
    let mut edits = vec![Edit::replace(
        Span::new(from.span.start, destination.span.end),
        format!("{} {to}", names.join(" ")),
    )];
    // Some managers install the project too: first without it, then once more when it is there.
    let mut again = None;
    let missing = |flag: &str| !call.has_flag(&[flag]);
    match call.manager {
        Manager::Uv if missing("--no-install-project") && call.verb_text == "sync" => {
            edits.push(Edit::insert(call.verb_span.end, " --no-install-project"));
            again = Some(run_text.to_owned());
        }
        Manager::Poetry if missing("--no-root") => {
            edits.push(Edit::insert(call.verb_span.end, " --no-root"));
            again = Some(run_text.to_owned());
        }
        Manager::Composer => {
            let flags: Vec<&str> =
                ["--no-scripts", "--no-autoloader"].into_iter().filter(|flag| missing(flag)).collect();
            edits.push(Edit::insert(
                call.verb_span.end,
                flags.iter().flat_map(|flag| [" ", *flag]).collect::<String>(),
            ));
            again = Some("RUN composer dump-autoload".to_owned());
        }
        _ => {}
    }
    let mut tail = format!("{newline}{copy_text}");
    if let Some(again) = again {
        tail.push_str(newline);
        tail.push_str(&again);
    }
    edits.push(Edit::insert(run.body.end, tail));
    edits.retain(|edit| !edit.text.is_empty());
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Some(Fix::confirm(format!("Copy {list} first"), edits))
}
