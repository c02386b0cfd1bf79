//! `dependencies-after-copy`.

mod edits;

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{
    Ecosystem, FileFacts, InstructionFacts, Mount, MountKind, Obstacle, Reads, StageFacts, Workdir, join,
    requirements,
};
use crate::repository::{Kind, Lookup, normalize};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::PackageCommand;
use camino::{Utf8Path, Utf8PathBuf};

declare_rule! {
    /// Dependencies are installed after the whole source is copied, so every change reinstalls them.
    ///
    /// ## What it does
    ///
    /// Finds a `COPY` of the whole source before the first install of the dependencies, where the manifest is
    /// in the build context and was not copied on its own: pip, uv, poetry, pipenv, npm, yarn, pnpm, Go,
    /// Bundler, Composer, .NET and Cargo.
    ///
    /// ## Why is this bad?
    ///
    /// A layer is built again when anything it depends on has changed. With the whole source below it, a
    /// change of one line of code installs every dependency again. When only the manifests are copied first,
    /// the install is taken from the cache until they change.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY . .
    /// RUN pip install --no-cache-dir -r requirements.txt
    /// ```
    ///
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
    ///
    /// ```text requirements.txt
    /// flask==3.1.0
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: check that the install reads no other file of the project. A change is offered only
    /// where nothing but settings stands between `COPY` and install, and the manifests name no folder of the project.
    ///
    /// ## References
    ///
    /// - [Docker: Optimize cache usage in builds](https://docs.docker.com/build/cache/optimize/#order-your-layers)
    /// - [Python Speed: Faster Docker builds](https://pythonspeed.com/articles/pipenv-docker/)
    pub(super) RULE = "dependencies-after-copy" {
        chapter: Efficiency, level: Warning, default: On, scope: Stage, fix: Confirm,
        aliases: ["DF070"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let mut done: Vec<Ecosystem> = Vec::new();
    let history = file.history(stage);
    for (at, (owner, run)) in history.iter().enumerate() {
        let reads_anew = |call| Ecosystem::of(call).is_some_and(|reads| !done.contains(&reads.ecosystem));
        if !run.calls.iter().any(reads_anew) {
            continue;
        }
        let mut dir = Some("");
        let mut order = 0;
        for step in run.steps() {
            if step.order != order {
                (dir, order) = (Some(""), step.order);
            }
            if step.command.name() == Some("cd") {
                dir = step.command.args().first().and_then(|word| word.literal());
                continue;
            }
            let Some(call) = step.call else { continue };
            let Some(reads) = Ecosystem::of(call) else { continue };
            // The first install counts; what comes behind it is built on it.
            if done.contains(&reads.ecosystem) {
                continue;
            }
            done.push(reads.ecosystem);
            if owner.index != stage.index || run.mounts().iter().any(|m| m.kind == MountKind::Bind) {
                continue;
            }
            let Some(dir) = dir else { continue };
            let before = history.get(..at).unwrap_or(&[]);
            let before: Vec<&InstructionFacts<'_>> = before.iter().map(|(_, facts)| *facts).collect();
            examine(file, &before, run, call, &reads, dir, report);
        }
    }
}

/// A COPY of a folder that holds the manifest.
struct Broad<'f> {
    copy: &'f InstructionFacts<'f>,
    /// The manifests in the tree.
    manifests: Vec<Utf8PathBuf>,
}

fn examine<'f>(
    file: &FileFacts<'_>,
    before: &[&'f InstructionFacts<'f>],
    run: &'f InstructionFacts<'f>,
    call: &PackageCommand<'_>,
    reads: &Reads,
    dir: &str,
    report: &mut Report,
) {
    let Some(broad) = before.iter().find_map(|copy| broad_copy(file, copy, run, reads, dir)) else { return };
    let earlier = before.iter().take_while(|i| i.index < broad.copy.index);
    let names: Vec<&str> = broad.manifests.iter().filter_map(|path| path.file_name()).collect();
    if earlier.into_iter().any(|i| brings(i, &names)) {
        return;
    }
    if reads.ecosystem == Ecosystem::Go && broad.manifests.iter().all(|path| needs_no_module(file, path)) {
        return;
    }
    let cached = run.mounts().iter().any(Mount::leaves_the_layer);
    let level = if cached { Level::Info } else { Level::Warning };
    let verb = plain(&call.verb_text);
    let command = if verb.is_empty() { call.program.to_owned() } else { format!("{} {verb}", call.program) };
    let shown: String =
        plain(file.dockerfile.source.slice(broad.copy.instruction.body)).chars().take(60).collect();
    let message = format!(
        "`{shown}` comes before `{command}`, so every change of the source installs all dependencies again."
    );
    let manifest = plain(names.first().copied().unwrap_or(""));
    let offer = offer(file, &broad, run, call, reads, dir);
    let mut finding = report
        .add(call.program_span.cover(call.verb_span), message)
        .level(level)
        .related(broad.copy.instruction.name.span, "copies the manifests together with the source")
        .whole_stage();
    match offer {
        Ok((fix, list)) => {
            finding = finding.note(format!("Check that the install needs nothing but {list}."));
            let home = broad.manifests.first().and_then(|path| path.parent());
            let modules = home.unwrap_or(Utf8Path::new("")).join("node_modules");
            if matches!(reads.ecosystem, Ecosystem::Npm | Ecosystem::Yarn | Ecosystem::Pnpm)
                && !file.may_be_ignored(&modules)
            {
                finding = finding.note(
                    "Put `node_modules` into `.dockerignore`, or the second `COPY` lays a local one over what \
                     was installed.",
                );
            }
            finding.fix(fix);
        }
        Err(obstacle) => {
            finding = finding.note(advice(reads, &manifest));
            if let Obstacle::Reason(reason) = obstacle {
                finding.note(reason);
            }
        }
    }
}

/// Whether a `go.mod` asks for no other module.
fn needs_no_module(file: &FileFacts<'_>, path: &Utf8Path) -> bool {
    matches!(file.tree.read(path), Lookup::Found(text) if !text.contains("require"))
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn advice(reads: &Reads, manifest: &str) -> String {
    match reads.ecosystem {
        Ecosystem::Cargo => "Cargo wants source files even for the dependencies: mount caches at \
                             `/usr/local/cargo/registry` and `target`, or use `cargo-chef`."
            .to_owned(),
        Ecosystem::Pip | Ecosystem::Uv if reads.project => {
            "Copy the lock file or an exported `requirements.txt` first and install from it, then copy the source \
             and run `pip install --no-deps .`."
                .to_owned()
        }
        Ecosystem::Go => "Copy `go.mod` and `go.sum` first, run `go mod download`, then copy the rest.".to_owned(),
        Ecosystem::Pip => format!("Copy `{manifest}` first, install from it, then copy the rest."),
        _ => format!("Copy `{manifest}` and its lock file first, install, then copy the rest."),
    }
}

/// The manifests that a COPY of a whole folder brings to where the install reads them.
fn broad_copy<'f>(
    file: &FileFacts<'_>,
    copy: &'f InstructionFacts<'f>,
    run: &InstructionFacts<'_>,
    reads: &Reads,
    dir: &str,
) -> Option<Broad<'f>> {
    let instruction = copy.instruction;
    if !matches!(instruction.keyword, Keyword::Copy | Keyword::Add)
        || instruction.flag("from").is_some()
        || !instruction.heredocs.is_empty()
    {
        return None;
    }
    let (destination, sources) = instruction.args.split_last()?;
    let destination = copy.state.expand(&destination.text).value?;
    // The working directory need not be known when it is the same for both.
    let unknown = "/?".to_owned();
    let (from, to) = match (&copy.state.workdir, &run.state.workdir) {
        (Workdir::Set(from), Workdir::Set(to)) => (from.clone(), to.clone()),
        (Workdir::Base, Workdir::Base) => (unknown.clone(), unknown),
        (Workdir::Base, Workdir::Set(to)) => (unknown, to.clone()),
        _ => return None,
    };
    let place = join(&from, &destination);
    sources.iter().find_map(|source| {
        let text = copy.state.expand(&source.text).value?;
        let text = if text == "*" { "." } else { text.as_str() };
        let folder = normalize(Utf8Path::new(text.trim_start_matches('/')))?;
        if text.contains(['*', '?', '[']) || text.contains("://") || text.starts_with("git@") {
            return None;
        }
        let manifests: Vec<Utf8PathBuf> = reads
            .manifests
            .iter()
            .filter_map(|name| {
                let target = join(&join(&to, dir), name);
                let below = if place == "/" {
                    target.strip_prefix('/')?
                } else {
                    target.strip_prefix(place.as_str())?.strip_prefix('/')?
                };
                find(file, &file.context.join(&folder).join(below))
            })
            .collect();
        let enough = !manifests.is_empty() && (reads.project || manifests.len() == reads.manifests.len());
        (enough && is_broad(file, &folder)).then_some(Broad { copy, manifests })
    })
}

/// The file of the tree that a manifest's name means.
fn find(file: &FileFacts<'_>, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let Some(end) = path.file_name().and_then(|name| name.strip_prefix('*')) else {
        let entry = file.tree.entry(path).found()?;
        let copied = matches!(entry.kind, Kind::File | Kind::Executable) && !file.is_ignored(path);
        return copied.then(|| path.to_owned());
    };
    let dir = path.parent()?;
    let names = file.tree.names(dir).found()?;
    names.iter().find(|name| name.ends_with(end)).map(|name| dir.join(name))
}

/// How the names of manifests end.
const MANIFESTS: [&str; 6] = ["txt", "in", "lock", "toml", "json", "cfg"];

/// Whether a source is a folder of the context that holds more than manifests.
fn is_broad(file: &FileFacts<'_>, folder: &Utf8Path) -> bool {
    if folder.as_str().is_empty() {
        return true;
    }
    let entry = file.tree.entry(&file.context.join(folder)).found();
    if entry.is_none_or(|entry| entry.kind != Kind::Directory) {
        return false;
    }
    match file.tree.list(&file.context.join(folder)) {
        Lookup::Found(entries) => entries.iter().any(|(name, entry)| {
            let known = Utf8Path::new(name).extension().is_some_and(|e| MANIFESTS.contains(&e));
            !known || entry.kind == Kind::Directory
        }),
        Lookup::Absent | Lookup::Unknown => false,
    }
}

/// Whether an instruction copies one of these files by name.
fn brings(facts: &InstructionFacts<'_>, names: &[&str]) -> bool {
    let instruction = facts.instruction;
    let copies = matches!(instruction.keyword, Keyword::Copy | Keyword::Add);
    let sources = instruction.args.split_last().map_or(&[][..], |(_, sources)| sources);
    copies
        && sources.iter().any(|source| {
            let name = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or("");
            let glob = globset::Glob::new(name).map(|glob| glob.compile_matcher());
            names.iter().any(|wanted| {
                *wanted == name || (name != "*" && glob.as_ref().is_ok_and(|glob| glob.is_match(wanted)))
            })
        })
}

/// The change, or why there is none.
fn offer(
    file: &FileFacts<'_>,
    broad: &Broad<'_>,
    run: &InstructionFacts<'_>,
    call: &PackageCommand<'_>,
    reads: &Reads,
    dir: &str,
) -> Result<(Fix, String), Obstacle> {
    let ecosystem = reads.ecosystem;
    let only_manifests = call.verb_text != "pip install" || ecosystem == Ecosystem::Pip;
    if ecosystem == Ecosystem::Cargo || (reads.project && ecosystem != Ecosystem::Go) || !only_manifests {
        return Err(Obstacle::Unknown);
    }
    let copied = broad.manifests.first().ok_or(Obstacle::Unknown)?;
    let mut files = broad.manifests.clone();
    if ecosystem == Ecosystem::Pip {
        for manifest in &broad.manifests {
            for path in requirements(file, manifest)? {
                if !files.contains(&path) {
                    files.push(path);
                }
            }
        }
        files.sort();
    } else if let Some(obstacle) = ecosystem.obstacle(file, copied) {
        return Err(obstacle);
    }
    let home = copied.parent().unwrap_or(Utf8Path::new(""));
    let (companions, needed) = ecosystem.companions();
    for (index, name) in companions.iter().enumerate() {
        let path = home.join(name);
        match file.tree.entry(&path) {
            Lookup::Found(_) => files.push(path),
            Lookup::Absent if needed && index == 0 => {
                return Err(Obstacle::Reason(format!(
                    "There is no `{name}` yet; make one, so that it can be copied."
                )));
            }
            Lookup::Absent => {}
            Lookup::Unknown => return Err(Obstacle::Unknown),
        }
    }
    let plain = |path: &Utf8PathBuf| {
        path.parent() == Some(home)
            && path.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/@+".contains(&b))
    };
    if !dir.is_empty() || !files.iter().all(plain) {
        return Err(Obstacle::Unknown);
    }
    if let Some(ignored) = files.iter().find(|path| file.may_be_ignored(path)) {
        let name = ignored.file_name().unwrap_or("");
        return Err(Obstacle::Reason(format!(
            "Look at `.dockerignore`: it may keep `{name}` out of the build."
        )));
    }
    let names: Vec<String> =
        files.iter().filter_map(|path| path.file_name()).map(|name| format!("`{name}`")).collect();
    let list = names.join(", ");
    let edits = edits::build(file, broad, run, call, reads, &files).ok_or(Obstacle::Unknown)?;
    Ok((Fix::confirm(format!("Copy {list} first"), edits), list))
}
