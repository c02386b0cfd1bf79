//! `lockfile-not-used`.

mod ways;

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, Placed, StageFacts, Step, join};
use crate::repository::locks::{Gap, gap};
use crate::repository::{Lookup, normalize};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;
use camino::{Utf8Path, Utf8PathBuf};
use ways::{Change, Way};

declare_rule! {
    /// A lock file exists but the install ignores it.
    ///
    /// ## What it does
    ///
    /// Finds installs that take no notice of a lock file that lies beside the manifest, or that may change it
    /// without anybody seeing: `pip install .` beside `uv.lock`, `poetry.lock`, `pylock.toml`, `Pipfile.lock` or
    /// compiled requirements, `uv sync`, `poetry update`, `pipenv install`, `npm install`, `yarn install`,
    /// `pnpm install`, `bundle install`, `composer update`, `cargo build`, `cargo install --path`,
    /// `dotnet restore` and `conda env create` without the option that keeps to the lock file.
    ///
    /// It also says when the lock file is in the repository but not copied before the install. Variables and
    /// configuration files that keep to the lock file are understood (`UV_LOCKED`, `BUNDLE_DEPLOYMENT`, …).
    ///
    /// When the lock file has provably fallen behind its manifest, it is a hint without a change. It is a hint, too,
    /// where an option such as `--no-package-lock` says that the lock file is left out on purpose.
    ///
    /// ## Why is this bad?
    ///
    /// The lock file says which versions were tested. An install that ignores it takes the newest ones of the
    /// day: the image differs from what was tested and from the image of yesterday, and an old commit cannot be
    /// built again.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm install --omit=dev
    /// ```
    ///
    /// ```json package.json
    /// {"dependencies": {"express": "^5.1.0"}}
    /// ```
    ///
    /// ```json package-lock.json
    /// {"lockfileVersion": 3, "packages": {"node_modules/express": {"version": "5.1.0"}}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci --omit=dev
    /// ```
    ///
    /// ```json package.json
    /// {"dependencies": {"express": "^5.1.0"}}
    /// ```
    ///
    /// ```json package-lock.json
    /// {"lockfileVersion": 3, "packages": {"node_modules/express": {"version": "5.1.0"}}}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the versions that the lock file names are installed; where it has fallen behind its manifest, the
    /// build stops and says so. In a workspace whose folders are not all copied it has to be confirmed. For Bundler
    /// `BUNDLE_DEPLOYMENT` also moves the gems to `vendor/bundle`; where something may look for them elsewhere,
    /// `BUNDLE_FROZEN` is set, which keeps to the lock file and nothing more.
    ///
    /// ## References
    ///
    /// - [uv: Using uv in Docker](https://docs.astral.sh/uv/guides/integration/docker/)
    /// - [npm: npm-ci](https://docs.npmjs.com/cli/commands/npm-ci)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    /// - [Python Speed: Faster Docker builds with pipenv, poetry, or pip-tools](https://pythonspeed.com/articles/pipenv-docker/)
    pub(super) RULE = "lockfile-not-used" {
        chapter: Reproducibility, level: Warning, default: On, scope: Repository, fix: Safe,
        aliases: ["tally/ruby/missing-bundle-deployment", "DF031"],
        check: Check::Instruction(check),
    }
}

/// The calls of package managers in one RUN that are looked at; nobody writes more.
const MAX_CALLS: usize = 200;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, run: &InstructionFacts<'_>, report: &mut Report) {
    if run.calls.is_empty() || !run.is(Keyword::Run) {
        return;
    }
    for step in run.steps().filter(|step| step.call.is_some()).take(MAX_CALLS) {
        let Some(way) = ways::way(file, stage, run, &step) else { continue };
        let Some(project) = find(file, stage, run, &step, &way) else { continue };
        say(file, stage, run, &step, &way, &project, report);
    }
}

/// A lock file and its manifest.
struct Project<'f> {
    lock: Utf8PathBuf,
    kind: Option<crate::repository::locks::LockKind>,
    manifest: Utf8PathBuf,
    /// How the manifest came into the image.
    placed: Placed<'f>,
    /// Whether the lock file is where the install looks for it.
    there: bool,
}

/// The lock file that an install should keep to.
fn find<'a>(
    file: &FileFacts<'a>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    way: &Way,
) -> Option<Project<'a>> {
    let dir = file.working_dir(stage, run, step)?;
    for manifest_name in &way.manifests {
        let target = join(&dir, manifest_name);
        let placed = file.placed(stage, run, &target);
        let Some(manifest) = placed.path().map(Utf8Path::to_owned) else { continue };
        let home = manifest.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let image_home = target.rsplit_once('/').map_or("", |(home, _)| home);
        for (name, kind) in way.locks {
            let name = match name.strip_prefix('*') {
                Some(end) => {
                    let names = file.tree.names(&home).found()?;
                    let found = names
                        .iter()
                        .find(|name| name.ends_with(end) && *name != manifest.file_name().unwrap_or(""));
                    let Some(found) = found else { continue };
                    found.clone()
                }
                None => (*name).to_owned(),
            };
            let lock = home.join(&name);
            if !matches!(file.tree.entry(&lock), Lookup::Found(_))
                || Some(name.as_str()) == manifest.file_name()
            {
                continue;
            }
            if *kind == Some(crate::repository::locks::LockKind::Requirements) {
                let compiled = file
                    .tree
                    .read(&lock)
                    .found()
                    .is_some_and(|text| crate::repository::locks::is_compiled(&text));
                if !compiled {
                    continue;
                }
            }
            // For an install that reads no lock file at all, it need not be in the image.
            let there = way.blind || {
                match file.placed(stage, run, &format!("{image_home}/{name}")) {
                    Placed::File { path, .. } if path == lock => true,
                    Placed::Nothing => false,
                    Placed::File { .. } | Placed::Unknown => return None,
                }
            };
            if there && (way.change == Change::Kept || ways::is_configured(file, way, &manifest)) {
                return None;
            }
            return Some(Project { lock, kind: *kind, manifest, placed, there });
        }
        return None;
    }
    None
}

fn say(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    way: &Way,
    project: &Project<'_>,
    report: &mut Report,
) {
    let Some(call) = step.call else { return };
    let verb = plain(&call.verb_text);
    let command = if verb.is_empty() { call.program.to_owned() } else { format!("{} {verb}", call.program) };
    let lock = plain(project.lock.file_name().unwrap_or(""));
    let manifest = plain(project.manifest.file_name().unwrap_or(""));
    let span = call.program_span.cover(call.verb_span);
    if !project.there {
        let ignored = file.is_ignored(&project.lock);
        let message = format!(
            "`{lock}` is in the repository but not in the image when `{command}` runs: every build may get other versions."
        );
        let level = if ignored { Level::Info } else { Level::Warning };
        let finding = report.add(span, message).level(level);
        if ignored {
            finding.note(format!("`.dockerignore` keeps `{lock}` out of the build."));
        } else if let Some(behind) = behind(file, project) {
            finding.note(stale(&behind, &lock, &manifest));
        } else if let Some(edit) = copy_edit(file, project, &lock) {
            let mut edits = vec![edit];
            edits.extend(
                ways::edits(file, stage, run, step, way, project.placed.is_with_folder())
                    .map(|(edits, _)| edits)
                    .unwrap_or_default(),
            );
            finding
                .note(format!("Check that `{lock}` is up to date: the install stops where it is not."))
                .fix(Fix::confirm(format!("Copy `{lock}`, too"), edits));
        } else {
            finding.note(format!("Copy `{lock}` together with `{manifest}`."));
        }
        return;
    }
    let replaces = matches!(way.change, Change::Verb("install") | Change::Drop(_))
        || (way.change == Change::Text && matches!(&*call.verb_text, "update" | "lock" | "u" | "upgrade"));
    let message = if way.blind {
        format!(
            "`{command}` takes no notice of `{lock}`: every build may get other versions of the dependencies."
        )
    } else if replaces {
        format!(
            "`{command}` replaces what `{lock}` fixes: every build may get other versions of the dependencies."
        )
    } else {
        format!(
            "`{command}` changes `{lock}` where it does not fit, instead of stopping: a rebuild may bring other versions."
        )
    };
    if let Some(behind) = behind(file, project).filter(|_| way.change != Change::Text) {
        report.add(span, message).level(Level::Info).note(stale(&behind, &lock, &manifest));
        return;
    }
    // Whoever writes such an option means it.
    let level = if way.on_purpose { Level::Info } else { Level::Warning };
    let mut finding = report.add(span, message).level(level);
    if replaces {
        finding = finding
            .note("Update the lock file outside of the build, so that the change can be seen and tested.");
    }
    match ways::edits(file, stage, run, step, way, project.placed.is_with_folder()) {
        Some((edits, title)) => {
            let workspace =
                ways::is_workspace(file, way, &project.manifest) && !project.placed.is_with_folder();
            if workspace {
                finding
                    .note(
                        "This is a workspace: check that the manifests of all its folders are copied before.",
                    )
                    .fix(Fix::confirm(title, edits));
            } else {
                finding.fix(Fix::safe(title, edits));
            }
        }
        None => {
            finding.note(ways::advice(way, &lock));
        }
    }
}

/// What of the manifest the lock file provably does not cover.
fn behind(file: &FileFacts<'_>, project: &Project<'_>) -> Option<Gap> {
    let manifest = file.tree.read(&project.manifest).found()?;
    gap(project.kind?, &manifest, &file.tree.read(&project.lock).found()?)
}

fn stale(gap: &Gap, lock: &str, manifest: &str) -> String {
    let name = plain(&gap.name);
    match &gap.wanted {
        Some(wanted) => format!(
            "`{lock}` has fallen behind: `{manifest}` asks for `{name}` `{}`, which it does not have. Bring it up to date \
             first, or the install stops.",
            plain(wanted)
        ),
        None => format!(
            "`{lock}` has fallen behind: `{manifest}` asks for `{name}`, which it does not have. Bring it up to date first, \
             or the install stops."
        ),
    }
}

/// Names the lock file beside the manifest in the COPY that brings it.
fn copy_edit(file: &FileFacts<'_>, project: &Project<'_>, lock: &str) -> Option<Edit> {
    let Placed::File { copy: Some(copy), broad: false, .. } = &project.placed else { return None };
    let (to, sources) = copy.args.split_last()?;
    let folder = matches!(to.text.as_str(), "." | "./") || to.text.ends_with('/');
    let source = sources.iter().find(|source| {
        let path = normalize(Utf8Path::new(source.text.trim_start_matches('/')));
        path.is_some_and(|path| file.context.join(path) == project.manifest)
    })?;
    let plain_name = lock.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let literal = source.text.len() == source.span.len() as usize && !source.text.contains('$');
    if copy.json || !folder || !plain_name || !literal || file.may_be_ignored(&project.lock) {
        return None;
    }
    let start = source.text.rfind('/').map_or("", |slash| source.text.get(..=slash).unwrap_or(""));
    Some(Edit::insert(source.span.end, format!(" {start}{lock}")))
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}
