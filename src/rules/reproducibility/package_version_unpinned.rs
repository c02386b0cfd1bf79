//! `package-version-unpinned`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step, is_set_for, launches};
use crate::repository::Lookup;
use crate::repository::locks::{LockKind, Locked, locked};
use crate::repository::python::normalize_name;
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, Package, PackageCommand, PackageKind, Verb};
use crate::text::Edit;
use camino::Utf8Path;
use std::collections::BTreeSet;

declare_rule! {
    /// A package is installed by name without a version.
    ///
    /// ## What it does
    ///
    /// Finds packages of a language that a `RUN` installs by name alone: pip, `uv pip`, `uv tool`, pipx, npm, yarn,
    /// pnpm, bun, gem, `go install …@latest`, `cargo install`, `composer require` and `dotnet tool install`. Files
    /// of requirements, constraints, paths, URLs and the tools that install and build packages are not meant.
    ///
    /// Packages of the distribution (apt, apk, dnf, yum, microdnf, zypper) are only looked at when the configuration
    /// asks for it, because their exact versions vanish from the mirrors and then break the build:
    ///
    /// ```yaml
    /// rules:
    ///   package-version-unpinned:
    ///     level: info
    ///     system-packages: true
    /// ```
    ///
    /// ## Why is this bad?
    ///
    /// Every build without cache takes the version that is the newest on that day. A new major version of a tool
    /// breaks the build or the service without any change in the repository, and an old commit cannot be built
    /// again.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN pip install --no-cache-dir gunicorn
    /// ```
    ///
    /// ```text requirements.txt
    /// gunicorn==23.0.0
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN pip install --no-cache-dir gunicorn==23.0.0
    /// ```
    ///
    /// ```text requirements.txt
    /// gunicorn==23.0.0
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: a change is offered only where a lock or requirements file beside the Dockerfile says the
    /// version of every package that is named. It is never offered for packages of the distribution.
    ///
    /// ## References
    ///
    /// - [pip: Repeatable installs](https://pip.pypa.io/en/stable/topics/repeatable-installs/)
    /// - [Docker: Building best practices](https://docs.docker.com/build/building/best-practices/)
    pub(super) RULE = "package-version-unpinned" {
        chapter: Reproducibility, level: Info, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062",
            "Apt Get Install Pin Version Not Defined", "Yum install Without Version",
            "Missing Version Specification In dnf install", "Zypper Install Without Version",
            "Unpinned Package Version in Apk Add", "Unpinned Package Version in Pip Install",
            "NPM Install Command Without Pinned Version", "Gem Install Without Version",
            "DF005", "DF051", "DF052", "DF053", "DF054",
        ],
        check: Check::Instruction(check),
    }
}

/// The calls of package managers in one RUN that are looked at; nobody writes more.
const MAX_CALLS: usize = 200;
/// The packages that a message names; the others are counted.
const MOST_NAMED: usize = 3;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, run: &InstructionFacts<'_>, report: &mut Report) {
    if run.calls.is_empty() || !run.is(Keyword::Run) {
        return;
    }
    for step in run.steps().filter(|step| step.call.is_some()).take(MAX_CALLS) {
        let Some(call) = step.call else { continue };
        let Some(codes) = codes(call, file) else { continue };
        let mut open: Vec<&Package<'_>> =
            call.packages.iter().filter(|package| is_open(call, package)).collect();
        // Inside of a module Go takes the version from `go.mod`.
        if call.manager == Manager::Go && may_be_in_module(file, stage, run) {
            open.retain(|package| package.version.is_some());
        }
        let mut named: BTreeSet<&str> = BTreeSet::new();
        open.retain(|package| named.insert(package.base_name()));
        if !open.is_empty() && !is_kept_elsewhere(call, run, &step) {
            say(file, stage, call, &open, codes, report);
        }
    }
}

/// The codes of other tools for installs of a manager; `None` where nothing is looked at.
fn codes(call: &PackageCommand<'_>, file: &FileFacts<'_>) -> Option<&'static [&'static str]> {
    if call.verb != Verb::Install || call.has_flag(&["--dry-run", "-s", "--simulate"]) {
        return None;
    }
    if call.manager.is_system() && !file.options.is_on("package-version-unpinned", "system-packages") {
        return None;
    }
    let verb = &*call.verb_text;
    Some(match call.manager {
        Manager::Apt => &["DL3008", "DF005", "Apt Get Install Pin Version Not Defined"],
        Manager::Apk => &["DL3018", "DF052", "Unpinned Package Version in Apk Add"],
        Manager::Yum => &["DL3033", "Yum install Without Version"],
        Manager::Dnf => &["DL3041", "Missing Version Specification In dnf install"],
        Manager::Microdnf => &["DL3041"],
        Manager::Zypper => &["DL3037", "Zypper Install Without Version"],
        Manager::Pip => &["DL3013", "DF051", "Unpinned Package Version in Pip Install"],
        Manager::Uv if matches!(verb, "pip install" | "tool install") => &["DL3013"],
        Manager::Pipx => &["DL3013"],
        Manager::Npm => &["DL3016", "DF053", "NPM Install Command Without Pinned Version"],
        Manager::Yarn | Manager::Pnpm | Manager::Bun => &["DF053"],
        Manager::Gem => &["DL3028", "DF054", "Gem Install Without Version"],
        Manager::Go if verb == "install" => &["DL3062"],
        Manager::Cargo if verb != "add" => &["package-version-unpinned"],
        Manager::Composer if matches!(verb, "require" | "req" | "r" | "global require" | "global req") => {
            &["package-version-unpinned"]
        }
        Manager::Dotnet if verb == "tool install" => &["package-version-unpinned"],
        _ => return None,
    })
}

/// Tools that install and build packages: nobody pins them, and they change little in the image.
const FRONT_ENDS: [&str; 22] = [
    "pip",
    "setuptools",
    "wheel",
    "build",
    "uv",
    "poetry",
    "poetry-core",
    "pipenv",
    "pdm",
    "hatch",
    "hatchling",
    "flit",
    "virtualenv",
    "pip-tools",
    "pipx",
    "npm",
    "yarn",
    "pnpm",
    "corepack",
    "bundler",
    "cargo-binstall",
    "rubygems-update",
];

fn is_open(call: &PackageCommand<'_>, package: &Package<'_>) -> bool {
    if package.kind != PackageKind::Name
        || package.variable
        || package.name.contains(['*', '?', '{', '<', '$'])
    {
        return false;
    }
    let name = package.base_name();
    let plain_name = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@');
    if !plain_name || FRONT_ENDS.contains(&name) {
        return false;
    }
    // `apt-get install ./x.deb x/trixie-backports`, `pkg@edge`
    if call.manager.is_system()
        && (package.version.is_some()
            || name.contains(['/', '@', '('])
            || Utf8Path::new(name).extension() == Some("rpm"))
    {
        return false;
    }
    // `dnf install name-1.2-3`, `python3.12`: what looks like a version is one.
    if matches!(call.manager, Manager::Dnf | Manager::Yum | Manager::Microdnf) {
        let versioned = name.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
        if versioned {
            return false;
        }
    }
    match package.version.as_deref() {
        None | Some("latest" | "next" | "") => true,
        Some(_) => false,
    }
}

/// Whether files of a module may be there: copied, mounted, fetched.
fn may_be_in_module(file: &FileFacts<'_>, stage: &StageFacts<'_>, run: &InstructionFacts<'_>) -> bool {
    let brings = |facts: &InstructionFacts<'_>| match facts.instruction.keyword {
        Keyword::Copy | Keyword::Add => true,
        Keyword::Run => {
            !facts.mounts().is_empty()
                || ["git ", "go mod", "go get", "go.mod", "curl ", "wget "]
                    .iter()
                    .any(|word| facts.instruction.rest_text().contains(word))
        }
        _ => false,
    };
    file.history(stage).iter().any(|(_, facts)| facts.index <= run.index && brings(facts))
}

/// Whether something else on the command line fixes the versions: constraints, a target release, a file of versions.
fn is_kept_elsewhere(call: &PackageCommand<'_>, run: &InstructionFacts<'_>, step: &Step<'_, '_>) -> bool {
    let python = matches!(call.manager, Manager::Pip | Manager::Uv | Manager::Pipx);
    let constrained = || {
        call.packages.iter().any(|package| package.kind == PackageKind::Constraints)
            || ["PIP_CONSTRAINT", "UV_CONSTRAINT"].iter().any(|name| is_set_for(run, step, name))
    };
    let local =
        call.has_flag(&["--no-index", "--offline", "--exclude-newer", "--uploaded-prior-to", "--before"]);
    let release =
        call.manager == Manager::Apt && call.flag(&["-t", "--target-release", "--default-release"]).is_some();
    call.may_contain_anything() || local || release || (python && constrained())
}

fn say(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    call: &PackageCommand<'_>,
    open: &[&Package<'_>],
    codes: &'static [&'static str],
    report: &mut Report,
) {
    let Some(first) = open.first() else { return };
    let mut names: Vec<String> = open
        .iter()
        .take(MOST_NAMED)
        .map(|package| format!("`{}`", package.base_name().replace('`', "")))
        .collect();
    if open.len() > MOST_NAMED {
        names.push(format!("{} more", open.len() - MOST_NAMED));
    }
    let listed = match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => return,
    };
    let verb = if open.len() == 1 { "is" } else { "are" };
    let server = served(file, stage, call, open);
    let message = format!("{listed} {verb} installed without a version: every build may get another one.");
    let level = if server.is_some() && stage.shipped { Level::Warning } else { Level::Info };
    let mut finding = report.add(first.span, message).level(level).codes(codes).about(first.base_name());
    for package in open.iter().skip(1).take(MOST_NAMED) {
        finding = finding.related(package.span, "this one, too");
    }
    if let Some(server) = server {
        finding = finding.note(format!("`{server}` is what the container runs."));
    }
    let known = Stated::read(file, call.manager);
    let edits: Option<Vec<Edit>> =
        open.iter().map(|package| pin(call, package, known.version(package)?)).collect();
    match edits {
        Some(edits) => {
            finding
                .note("The versions are those of the lock or requirements file; check that they are the ones you want here.")
                .fix(Fix::confirm("Add the versions that the project already fixes", edits));
        }
        None if call.manager.is_system() => {
            finding.note(
                "Exact versions vanish from the mirrors of a distribution, and then the build breaks: a fixed base image, \
                 or a snapshot of the mirror, holds longer.",
            );
        }
        None => {
            finding.note(format!("Write the version that you have tested, as `{}`.", example(call, first)));
        }
    }
}

/// The package of the call whose program the container runs.
fn served(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    call: &PackageCommand<'_>,
    open: &[&Package<'_>],
) -> Option<String> {
    if call.manager.is_system() {
        return None;
    }
    let runs = |name: &str| {
        file.with_descendants(stage).iter().filter(|stage| stage.last).any(|stage| {
            launches(stage).iter().any(|launch| {
                // `uv run gunicorn`, `python -m gunicorn`
                launch.words.iter().take(4).any(|word| word.rsplit('/').next() == Some(name))
            })
        })
    };
    open.iter().map(|package| package.base_name()).find(|name| runs(name)).map(|name| name.replace('`', ""))
}

/// How the version of a package is written.
fn example(call: &PackageCommand<'_>, package: &Package<'_>) -> String {
    let name = package.name.replace('`', "");
    match call.manager {
        Manager::Pip | Manager::Uv | Manager::Pipx => format!("{name}==<version>"),
        Manager::Gem => format!("{name}:<version>"),
        Manager::Composer => format!("{name}:^<version>"),
        Manager::Dotnet => format!("{name} --version <version>"),
        Manager::Go => format!("{name}@v<version>"),
        _ => format!("{name}@<version>"),
    }
}

/// The edit that adds a version to a package.
fn pin(call: &PackageCommand<'_>, package: &Package<'_>, version: &str) -> Option<Edit> {
    let plain = version.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'));
    let separator = match call.manager {
        Manager::Pip | Manager::Uv | Manager::Pipx => "==",
        Manager::Npm | Manager::Yarn | Manager::Pnpm => "@",
        Manager::Gem => ":",
        _ => return None,
    };
    // Quotes and markers (`"a; python_version > '3'"`) are left to a person.
    let word = package.span.len() as usize == package.name.len();
    (plain && word && package.version.is_none())
        .then(|| Edit::insert(package.span.end, format!("{separator}{version}")))
}

/// Files beside the Dockerfile that fix the versions of a manager's packages.
const PYTHON: &[(&str, LockKind)] = &[
    ("uv.lock", LockKind::Uv),
    ("poetry.lock", LockKind::Poetry),
    ("pylock.toml", LockKind::Pylock),
    ("Pipfile.lock", LockKind::Pipenv),
    ("requirements.txt", LockKind::Requirements),
];
const NODE: &[(&str, LockKind)] = &[("package-lock.json", LockKind::Npm), ("yarn.lock", LockKind::Yarn)];
const RUBY: &[(&str, LockKind)] = &[("Gemfile.lock", LockKind::Bundler)];

/// The versions that the project states for the packages of a manager.
struct Stated {
    locks: Vec<Locked>,
    python: bool,
}

impl Stated {
    fn read(file: &FileFacts<'_>, manager: Manager) -> Self {
        let (files, python) = match manager {
            Manager::Pip | Manager::Uv | Manager::Pipx => (PYTHON, true),
            Manager::Npm | Manager::Yarn | Manager::Pnpm => (NODE, false),
            Manager::Gem => (RUBY, false),
            _ => (&[][..], false),
        };
        let read = |(name, kind): &(&str, LockKind)| {
            let Lookup::Found(text) = file.tree.read(&file.context.join(name)) else { return None };
            locked(*kind, &text)
        };
        Self { locks: files.iter().filter_map(read).collect(), python }
    }

    fn version(&self, package: &Package<'_>) -> Option<&str> {
        let name = package.base_name();
        let name = if self.python { normalize_name(name) } else { name.to_owned() };
        self.locks.iter().find_map(|locked| locked.version(&name))
    }
}
