//! How each tool is told to keep to its lock file. The facts are from the tools' own documentation.

use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step, is_set_for};
use crate::repository::locks::{LockKind, is_classic_yarn};
use crate::repository::package_json::PackageJson;
use crate::repository::{Lookup, Tree};
use crate::shell::packages::{Flag, Manager, PackageCommand, PackageKind, Verb};
use crate::text::{Edit, Span};
use camino::Utf8Path;

/// What makes the install keep to the lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Another verb.
    Verb(&'static str),
    /// One more option.
    Option(&'static str),
    /// An option instead of the one that says the opposite.
    Instead(Span, &'static str),
    /// A variable of Bundler's.
    Bundler,
    /// yarn: depends on its generation.
    Yarn,
    /// A command that goes, because the next one does what is needed.
    Drop(Span),
    /// Prose.
    Text,
    /// Nothing: it does, when the lock file is there.
    Kept,
}

/// An install that a lock file is meant for.
#[derive(Debug)]
pub(super) struct Way {
    /// Manifests relative to where the command works; the first one that is there counts.
    pub(super) manifests: Vec<String>,
    /// Lock files beside the manifest; the first one that is there counts. `*` stands for any beginning.
    pub(super) locks: &'static [(&'static str, Option<LockKind>)],
    pub(super) change: Change,
    /// The tool never reads the lock file here.
    pub(super) blind: bool,
    /// An option says that the lock file is not to be used.
    pub(super) on_purpose: bool,
    pub(super) manager: Manager,
}

const PYTHON: &[(&str, Option<LockKind>)] = &[
    ("uv.lock", Some(LockKind::Uv)),
    ("poetry.lock", Some(LockKind::Poetry)),
    ("pylock.toml", Some(LockKind::Pylock)),
    ("Pipfile.lock", Some(LockKind::Pipenv)),
    ("requirements.txt", Some(LockKind::Requirements)),
];

/// Reads a call; `None` when it is no install from a manifest, or keeps to the lock file.
pub(super) fn way(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
) -> Option<Way> {
    let call = step.call?;
    if call.may_contain_anything() {
        return None;
    }
    let opposite = ["--no-lockfile", "--skip-lock", "--no-frozen-lockfile", "--no-immutable"];
    let way = way_of(file, stage, run, step)?;
    Some(Way { on_purpose: way.on_purpose || call.flag(&opposite).is_some(), ..way })
}

fn way_of(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
) -> Option<Way> {
    let call = step.call?;
    let set = |names: &[&str]| names.iter().any(|name| is_set_for(run, step, name));
    let has = |flags: &[&str]| call.has_flag(flags);
    let verb = &*call.verb_text;
    let at = |manifests: &[&str], locks, change| {
        let dir = folder(call)?;
        let manifests = manifests.iter().map(|name| format!("{dir}{name}")).collect();
        Some(Way { manifests, locks, change, blind: false, on_purpose: false, manager: call.manager })
    };
    match (call.manager, verb) {
        (Manager::Pip, "install") | (Manager::Uv, "pip install") => pip(file, stage, run, step),
        (Manager::Uv, "sync") => {
            if has(&["--locked", "--frozen", "--script", "--no-lock"]) || set(&["UV_LOCKED", "UV_FROZEN"]) {
                return None;
            }
            let change = if has(&["--upgrade", "-U", "--upgrade-package", "-P"]) {
                Change::Text
            } else {
                Change::Option("--locked")
            };
            at(&["pyproject.toml"], &[("uv.lock", Some(LockKind::Uv))], change)
        }
        (Manager::Poetry, "install" | "sync" | "update" | "lock") => {
            let change = match verb {
                "install" | "sync" => Change::Kept,
                "update" => {
                    let plain =
                        call.operands.is_empty() && only(call, &["--with", "--without", "--only", "--sync"]);
                    if plain { Change::Verb("install") } else { Change::Text }
                }
                _ if has(&["--check", "--no-update"]) => return None,
                _ => dropped(step).map_or(Change::Text, Change::Drop),
            };
            at(&["pyproject.toml"], &[("poetry.lock", Some(LockKind::Poetry))], change)
        }
        (Manager::Pipenv, "install") if call.is_from_manifest() => {
            if has(&["--deploy", "--ignore-pipfile"]) || set(&["PIPENV_IGNORE_PIPFILE"]) {
                return None;
            }
            let change = match flag(call, &["--skip-lock"]) {
                Some(skip) => Change::Instead(skip.span, "--deploy"),
                None => Change::Option("--deploy"),
            };
            at(&["Pipfile"], &[("Pipfile.lock", Some(LockKind::Pipenv))], change)
        }
        (Manager::Npm, "install" | "i" | "in" | "isntall" | "add") if call.is_from_manifest() => {
            if has(&["-g", "--global", "--package-lock-only", "--dry-run"])
                || call.flag(&["--location"]).is_some()
            {
                return None;
            }
            // `npm ci` removes what is there before it installs.
            let again = file.ran_before(stage, run, step, |other| {
                other.manager == Manager::Npm
                    && other.verb == Verb::Install
                    && !other.has_flag(&["-g", "--global"])
            });
            let without = flag(call, &["--no-package-lock", "--package-lock"]).is_some();
            let old = file.base_image(stage).is_some_and(|base| {
                base.image.repository == "node" && major(base.tag()).is_some_and(|major| major < 10)
            });
            // npm has `ci` since 5.7; older ones keep to a lock file that fits.
            if old {
                return None;
            }
            let change = if again || without { Change::Text } else { Change::Verb("ci") };
            let locks =
                &[("npm-shrinkwrap.json", Some(LockKind::Npm)), ("package-lock.json", Some(LockKind::Npm))];
            let way = at(&["package.json"], locks, change)?;
            Some(Way { blind: without, on_purpose: without, ..way })
        }
        (Manager::Yarn, "install" | "") if call.verb == Verb::Install => {
            let kept = ["--frozen-lockfile", "--immutable", "--pure-lockfile"];
            if has(&kept) || has(&["-g", "--global"]) || set(&["YARN_ENABLE_IMMUTABLE_INSTALLS", "CI"]) {
                return None;
            }
            at(&["package.json"], &[("yarn.lock", Some(LockKind::Yarn))], Change::Yarn)
        }
        (Manager::Pnpm, "install" | "i") if call.is_from_manifest() => {
            if has(&["--frozen-lockfile", "--lockfile-only", "-g", "--global"]) || set(&["CI"]) {
                return None;
            }
            let opposite = call.flag(&["--no-frozen-lockfile", "--no-lockfile", "--frozen-lockfile"]);
            let change = match opposite {
                Some(flag) => Change::Instead(flag.span, "--frozen-lockfile"),
                None => Change::Option("--frozen-lockfile"),
            };
            at(&["package.json"], &[("pnpm-lock.yaml", Some(LockKind::Pnpm))], change)
        }
        (Manager::Bundler, "install" | "i" | "") if call.is_from_manifest() => {
            let configured =
                file.first(stage, "bundle config frozen", |facts| facts.scripts().any(configures_bundler));
            if has(&["--deployment", "--frozen", "--gemfile"])
                || set(&["BUNDLE_DEPLOYMENT", "BUNDLE_FROZEN", "BUNDLE_GEMFILE"])
                || configured.is_some_and(|index| index <= run.index)
            {
                return None;
            }
            at(&["Gemfile"], &[("Gemfile.lock", Some(LockKind::Bundler))], Change::Bundler)
        }
        (Manager::Composer, "update" | "u" | "upgrade" | "install" | "i") => {
            let change = match verb {
                "install" | "i" => Change::Kept,
                _ if has(&["--lock"]) => return None,
                _ if call.operands.is_empty() && only(call, COMPOSER_BOTH) => Change::Verb("install"),
                _ => Change::Text,
            };
            at(&["composer.json"], &[("composer.lock", Some(LockKind::Composer))], change)
        }
        (Manager::Cargo, "build" | "b" | "install" | "auditable build" | "auditable install") => {
            if has(&["--locked", "--frozen", "--offline", "--manifest-path"]) {
                return None;
            }
            let dir = if verb.ends_with("install") {
                let path = call
                    .packages
                    .first()
                    .filter(|package| package.kind == PackageKind::Path && !package.variable)?;
                format!("{}/", path.name.trim_end_matches('/'))
            } else {
                String::new()
            };
            let blind = verb.ends_with("install");
            Some(Way {
                manifests: vec![format!("{dir}Cargo.toml")],
                locks: &[("Cargo.lock", Some(LockKind::Cargo))],
                change: Change::Option("--locked"),
                blind,
                on_purpose: false,
                manager: call.manager,
            })
        }
        (Manager::Dotnet, "restore") => {
            let text = call.command.words.iter().any(|word| word.text().contains("RestoreLockedMode"));
            if has(&["--locked-mode", "--force-evaluate"]) || text || set(&["RestoreLockedMode"]) {
                return None;
            }
            let project = match call.operands.first().map(|word| word.text()) {
                Some(name) if name.ends_with("proj") && !name.contains('$') => name.to_owned(),
                Some(_) => return None,
                None => only_project(file, stage, run, step)?,
            };
            at(
                &[project.as_str()],
                &[("packages.lock.json", Some(LockKind::Nuget))],
                Change::Option("--locked-mode"),
            )
        }
        (Manager::Conda, "env create" | "env update" | "create" | "install") => {
            let listed = call
                .packages
                .iter()
                .filter(|package| package.kind == PackageKind::Requirements && !package.variable);
            let manifests: Vec<String> = listed
                .map(|package| package.name.to_string())
                .filter(|name| {
                    matches!(Utf8Path::new(name).extension(), Some("yml" | "yaml")) && !name.contains("lock")
                })
                .collect();
            let locks =
                &[("*conda-lock.yml", None), ("*-linux-64.lock", None), ("*-linux-aarch64.lock", None)];
            (!manifests.is_empty()).then_some(Way {
                manifests,
                locks,
                change: Change::Text,
                blind: true,
                on_purpose: false,
                manager: call.manager,
            })
        }
        _ => None,
    }
}

/// The name of the project file in the folder that a command works in, found through its lock file.
fn only_project(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
) -> Option<String> {
    let lock = file.placed_at(stage, run, step, "packages.lock.json");
    let names = file.tree.names(lock.path()?.parent()?).found()?;
    let mut projects = names.iter().filter(|name| name.ends_with("proj"));
    projects.next().filter(|_| projects.next().is_none()).cloned()
}

/// Options that `composer update` and `composer install` share.
const COMPOSER_BOTH: &[&str] = &[
    "--no-dev",
    "--dev",
    "--no-interaction",
    "-n",
    "--no-progress",
    "--no-scripts",
    "--no-plugins",
    "--no-autoloader",
    "--optimize-autoloader",
    "-o",
    "--classmap-authoritative",
    "-a",
    "--prefer-dist",
    "--prefer-source",
    "--prefer-install",
    "--ignore-platform-reqs",
    "--ignore-platform-req",
    "--quiet",
    "-q",
    "--verbose",
    "-v",
    "--ansi",
    "--no-ansi",
    "--apcu-autoloader",
    "--working-dir",
    "-d",
    "--no-cache",
];

/// Whether only these options are given.
fn only(call: &PackageCommand<'_>, names: &[&str]) -> bool {
    call.flags.iter().all(|flag| names.contains(&&*flag.name))
}

fn flag<'c, 'a>(call: &'c PackageCommand<'a>, names: &[&str]) -> Option<&'c Flag<'a>> {
    call.flag(names)
}

/// The folder that an option sends the tool to, with its `/`; `None` where a variable names it.
fn folder(call: &PackageCommand<'_>) -> Option<String> {
    let names = ["--prefix", "--cwd", "-C", "--dir", "--working-dir", "--directory", "--project", "-P"];
    let own: &[&str] = match call.manager {
        Manager::Composer => &["-d", "--working-dir"],
        Manager::Pipenv | Manager::Dotnet | Manager::Bundler => &[],
        Manager::Pip => return Some(String::new()),
        _ => &names,
    };
    let Some(flag) = call.flag(own) else { return Some(String::new()) };
    let dir = flag.value.as_deref().filter(|_| !flag.variable)?;
    Some(format!("{}/", dir.trim_end_matches('/')))
}

fn major(tag: &str) -> Option<u64> {
    crate::repository::version::release(tag).map(|(numbers, _)| numbers[0])
}

/// `pip install .` without anything that fixes the versions of what it needs.
fn pip(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
) -> Option<Way> {
    let call = step.call?;
    let project = |kind| matches!(kind, PackageKind::Path | PackageKind::Editable);
    let listed = |kind| matches!(kind, PackageKind::Requirements | PackageKind::Constraints);
    if call.has_flag(&["--no-deps", "--dry-run", "--no-index", "--group"])
        || call.packages.iter().any(|package| package.variable || listed(package.kind))
        || ["PIP_CONSTRAINT", "UV_CONSTRAINT", "PIP_NO_DEPS"].iter().any(|name| is_set_for(run, step, name))
    {
        return None;
    }
    let folder =
        call.packages.iter().find(|package| project(package.kind) && !package.name.contains(".whl"))?;
    let dir = folder.name.split('[').next().unwrap_or("").trim_end_matches('/').to_owned();
    // What was installed from the lock file before is what it then finds.
    let from_lock = |other: &PackageCommand<'_>| {
        other.packages.iter().any(|package| listed(package.kind))
            || (other.manager == Manager::Uv && matches!(&*other.verb_text, "sync" | "export" | "pip sync"))
            || (other.manager == Manager::Poetry
                && matches!(&*other.verb_text, "install" | "sync" | "export"))
            || (other.manager == Manager::Pipenv && matches!(other.verb, Verb::Install))
    };
    if file.ran_before(stage, run, step, from_lock) {
        return None;
    }
    let manifests =
        ["pyproject.toml", "setup.py", "setup.cfg"].iter().map(|name| format!("{dir}/{name}")).collect();
    Some(Way {
        manifests,
        locks: PYTHON,
        change: Change::Text,
        blind: true,
        on_purpose: false,
        manager: Manager::Pip,
    })
}

/// `poetry lock && …install`: from the command to the next one, when that is an install.
fn dropped(step: &Step<'_, '_>) -> Option<Span> {
    use crate::shell::Connector;
    let context = &step.command.context;
    let next = step.script.commands().find(|command| command.place.start > step.command.place.start)?;
    let call = crate::shell::packages::package_command(next)?;
    let installs = call.manager == Manager::Poetry && matches!(&*call.verb_text, "install" | "sync");
    (installs && context.next == Connector::And && context.inside.is_none() && context.pipe_length == 1)
        .then(|| Span::new(step.command.span().start, next.span().start))
}

/// `bundle config set deployment true`, `bundle config --global frozen 1`.
fn configures_bundler(script: &crate::shell::Script) -> bool {
    script.text().contains("bundle")
        && script.commands().any(|command| {
            let words = || command.args().iter().map(crate::shell::Word::text);
            matches!(command.name(), Some("bundle" | "bundler"))
                && words().next() == Some("config")
                && words().any(|word| matches!(word, "deployment" | "frozen"))
        })
}

/// Whether a configuration file beside the manifest has the install keep to the lock file.
pub(super) fn is_configured(file: &FileFacts<'_>, way: &Way, manifest: &Utf8Path) -> bool {
    let home = manifest.parent().unwrap_or(Utf8Path::new(""));
    let says = |name: &str, words: &[&str]| {
        let text = file.tree.read(&home.join(name)).found();
        text.is_some_and(|text| words.iter().any(|word| text.contains(word)))
    };
    match way.manager {
        Manager::Pnpm => {
            says(".npmrc", &["frozen-lockfile=true", "frozen-lockfile = true"])
                || says("pnpm-workspace.yaml", &["frozenLockfile: true"])
        }
        Manager::Yarn => {
            says(".yarnrc.yml", &["enableImmutableInstalls: true"])
                || says(".yarnrc", &["frozen-lockfile true"])
        }
        Manager::Bundler => says(".bundle/config", &["BUNDLE_FROZEN", "BUNDLE_DEPLOYMENT"]),
        Manager::Dotnet => {
            let name = manifest.file_name().unwrap_or("");
            let words = &["RestoreLockedMode"];
            says(name, words) || says("Directory.Build.props", words)
        }
        _ => false,
    }
}

/// Whether the manifest is the root of a workspace.
pub(super) fn is_workspace(file: &FileFacts<'_>, way: &Way, manifest: &Utf8Path) -> bool {
    let home = manifest.parent().unwrap_or(Utf8Path::new(""));
    match way.manager {
        Manager::Npm | Manager::Yarn | Manager::Pnpm => {
            file.tree.entry(&home.join("pnpm-workspace.yaml")).found().is_some()
                || matches!(PackageJson::read(file.tree, manifest), Lookup::Found(found) if found.workspaces.is_some())
        }
        Manager::Uv | Manager::Cargo => file
            .tree
            .read(manifest)
            .found()
            .is_some_and(|text| text.contains("workspace]") || text.contains("workspace = true")),
        _ => false,
    }
}

/// The edits and what they do; `None` where the change cannot be made by a click.
pub(super) fn edits(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    way: &Way,
    broad: bool,
) -> Option<(Vec<Edit>, String)> {
    let call = step.call?;
    match way.change {
        Change::Text | Change::Kept => None,
        Change::Verb(verb) => {
            let title = format!("Use `{} {verb}`", call.program.replace('`', ""));
            Some((vec![Edit::replace(call.verb_span, verb)], title))
        }
        Change::Option(option) => {
            // With the lock file and the root's manifest alone uv cannot compare the members with it.
            let manifest = way.manifests.first().map(String::as_str).unwrap_or_default();
            let placed = file.placed_at(stage, run, step, manifest);
            let partial = way.manager == Manager::Uv
                && !broad
                && placed.path().is_some_and(|path| is_workspace(file, way, path));
            let option = if partial { "--frozen" } else { option };
            Some((vec![Edit::insert(call.verb_span.end, format!(" {option}"))], format!("Add `{option}`")))
        }
        Change::Instead(span, option) => Some((vec![Edit::replace(span, option)], format!("Use `{option}`"))),
        Change::Drop(span) => Some((vec![Edit::delete(span)], "Leave `poetry lock` out".to_owned())),
        Change::Yarn => {
            let manifest = way.manifests.first()?;
            let placed = file.placed_at(stage, run, step, manifest);
            let option = yarn_option(file.tree, placed.path()?.parent()?)?;
            if let Some(without) = call.flag(&["--no-lockfile", "--no-immutable"]) {
                return Some((vec![Edit::replace(without.span, option)], format!("Use `{option}`")));
            }
            Some((vec![Edit::insert(call.verb_span.end, format!(" {option}"))], format!("Add `{option}`")))
        }
        Change::Bundler => {
            let offset = file.above(run.index);
            let newline = file.dockerfile.source.newline_at(offset);
            let keyword = file.keyword_case().write("env");
            let variable = if gems_may_move(file, stage) { "BUNDLE_DEPLOYMENT=1" } else { "BUNDLE_FROZEN=1" };
            let title = format!("Set `{}`", variable.trim_end_matches("=1"));
            Some((vec![Edit::insert(offset, format!("{keyword} {variable}{newline}"))], title))
        }
    }
}

/// Whether nothing depends on the folder of the gems, which `BUNDLE_DEPLOYMENT` changes where `BUNDLE_PATH` is not set.
fn gems_may_move(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    if stage.end.env_is_set("BUNDLE_PATH") {
        return true;
    }
    let starts = stage.start.command_words().is_some_and(|words| {
        words.first().is_some_and(|word| {
            matches!(word.as_str(), "bundle" | "bundler")
                || word.starts_with("bin/")
                || word.starts_with("./bin/")
        })
    });
    let only_bundler = stage.of(Keyword::Run).all(|run| {
        run.scripts().flat_map(crate::shell::Script::commands).all(|command| {
            !matches!(
                command.name(),
                Some("rails" | "rake" | "puma" | "rackup" | "jekyll" | "sidekiq" | "rspec")
            )
        })
    });
    starts && only_bundler && !file.is_taken_from(stage) && !stage.built_on
}

/// The option of the yarn that reads the `yarn.lock` of this folder; `None` where that is not clear.
fn yarn_option(tree: &dyn Tree, home: &Utf8Path) -> Option<&'static str> {
    let lock = tree.read(&home.join("yarn.lock")).found()?;
    let classic = is_classic_yarn(&lock)?;
    // A newer yarn takes an old lock file over and changes it.
    if let Lookup::Found(manifest) = PackageJson::read(tree, &home.join("package.json"))
        && let Some(version) = manifest.package_manager.as_deref().and_then(|name| name.strip_prefix("yarn@"))
        && (major(version)? < 2) != classic
    {
        return None;
    }
    Some(if classic { "--frozen-lockfile" } else { "--immutable" })
}

/// What to do where no change is offered.
pub(super) fn advice(way: &Way, lock: &str) -> String {
    match (way.manager, lock) {
        (Manager::Pip, "uv.lock") => {
            "Install with `uv sync --locked`, or export the lock file (`uv export --locked --no-emit-project -o \
             requirements.txt`), install that, then `pip install --no-deps .`."
        }
        (Manager::Pip, "poetry.lock") => {
            "Install with `poetry install`, or export the lock file (`poetry export -o requirements.txt`), install that, \
             then `pip install --no-deps .`."
        }
        (Manager::Pip, "Pipfile.lock") => {
            "Run `pipenv install --deploy --system` first, then `pip install --no-deps .`."
        }
        (Manager::Pip, "requirements.txt") => {
            "Run `pip install -r requirements.txt` first, then `pip install --no-deps .`."
        }
        (Manager::Pip, _) => "Install from the lock file first, then `pip install --no-deps .`.",
        (Manager::Npm, _) => {
            "Use `npm ci`. It removes `node_modules` first, so it must come before what else is installed there."
        }
        (Manager::Yarn, _) => "Use `yarn install --immutable`, with yarn 1 `yarn install --frozen-lockfile`.",
        (Manager::Uv, _) => "Use `uv sync --locked`, and update the lock file outside of the build.",
        (Manager::Poetry, _) => "Use `poetry install`.",
        (Manager::Composer, _) => "Use `composer install`.",
        (Manager::Conda, _) => {
            "Use `conda-lock install`, or `conda create --file` with a lock file of explicit packages."
        }
        _ => "Install what the lock file says.",
    }
    .to_owned()
}
