//! `tidewaiter audit` of a folder or a git revision on this machine, without any network.

use super::output::{Found, More, report};
use super::{Args, Exit, Streams, UsageError, configuration};
use crate::cli::files::{ConfigSource, Options, Roots, Target, collect};
use crate::config::{Config, FailOn};
use crate::github::Environment;
use crate::lint::{self, Audit, Named, Settings, audit_sources};
use crate::report::sarif::Origin;
use crate::report::{Checked, Unread};
use crate::repository::{Discovered, DiskTree, GitTree, Lookup, Tree as _, commit_of, dockerfiles};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

const PLACE: &str = "the revision that is audited";

pub(super) fn run(args: &Args, env: &Environment, streams: &mut Streams) -> anyhow::Result<Exit> {
    let path = args.path.as_deref().unwrap_or(Utf8Path::new("."));
    let found = match &args.reference {
        Some(reference) => revision(args, env, path, reference, streams)?,
        None => folder(args, env, path)?,
    };
    if found.checked.files.is_empty() && found.checked.errors.is_empty() {
        streams.note(&format!("no Dockerfile found in {path}"));
    }
    report(args, env, &found, &More::default(), streams)
}

fn fails(audit: &Audit, fail_on: FailOn) -> bool {
    audit.findings().any(|finding| fail_on.trips(finding.level))
}

/// The files on disk, those that git ignores left out.
fn folder(args: &Args, env: &Environment, path: &Utf8Path) -> anyhow::Result<Found> {
    let config = match &args.config {
        Some(path) => ConfigSource::File(path.clone()),
        None if args.no_config => ConfigSource::Defaults,
        None => ConfigSource::Search,
    };
    let options = Options { config, fail_on: args.fail_on, today: args.today(), only: Vec::new() };
    let mut roots = Roots::new(options)?;
    let mut errors = Vec::new();
    let mut targets = collect(&[path.to_owned()], None, &mut roots, &mut errors)?;
    roots.show_from_top(&mut targets, &mut errors);
    let mut by_root: BTreeMap<usize, Vec<Target>> = BTreeMap::new();
    for target in targets {
        by_root.entry(target.root).or_default().push(target);
    }
    let mut all = Audit::default();
    let mut failing = false;
    for (index, targets) in by_root {
        let Some(root) = roots.list.get(index) else { continue };
        let mut files: Vec<Named> = Vec::new();
        for target in targets {
            match target.read() {
                Ok(source) => files.push((target.inside, source)),
                Err(message) => errors.push(Unread { path: target.shown, message }),
            }
        }
        let mut audit = audit_sources(&DiskTree::new(root.dir.clone()), files, &root.settings);
        if let Some(least) = args.level {
            audit.keep_from(least);
        }
        failing |= fails(&audit, root.fail_on);
        move_below(&mut audit, &roots.shown(&root.dir));
        all.files.append(&mut audit.files);
        all.repository.append(&mut audit.repository);
        all.texts.append(&mut audit.texts);
    }
    let origin = match roots.list.as_slice() {
        [root] => origin(env, &root.dir, None),
        _ => None,
    };
    errors.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Found { checked: Checked { errors, ..all.into() }, failing, origin, of: None })
}

/// Makes the paths of one repository those of the folder that holds several.
fn move_below(audit: &mut Audit, folder: &Utf8Path) {
    if folder.as_str().is_empty() {
        return;
    }
    let moved = |path: &mut Utf8PathBuf| *path = folder.join(&*path);
    for report in audit.files.iter_mut().chain(&mut audit.repository) {
        moved(&mut report.path);
        for finding in &mut report.findings {
            moved(&mut finding.path);
            finding.related.iter_mut().filter_map(|related| related.path.as_mut()).for_each(moved);
            finding.fix.iter_mut().filter_map(|fix| fix.path.as_mut()).for_each(moved);
        }
    }
    let texts = std::mem::take(&mut audit.texts);
    audit.texts = texts.into_iter().map(|(path, text)| (folder.join(path), text)).collect();
}

/// A revision of the git repository around a folder; only what is below the folder.
fn revision(
    args: &Args,
    env: &Environment,
    path: &Utf8Path,
    reference: &str,
    streams: &mut Streams,
) -> anyhow::Result<Found> {
    let Ok(dir) = path.canonicalize_utf8() else {
        return Err(UsageError(format!("there is no folder {path}")).into());
    };
    if !dir.is_dir() {
        return Err(UsageError(format!("with --ref PATH is a folder, and {path} is none")).into());
    }
    let tree = GitTree::open(&dir, reference)?;
    let top = dir.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok());
    let below = top.and_then(|top| dir.strip_prefix(top).ok()).unwrap_or(Utf8Path::new(""));
    if !matches!(tree.entry(below), Lookup::Found(_)) {
        return Err(UsageError(format!("the folder `{below}` is not in {reference}")).into());
    }
    let mut config = Config::default();
    if !args.no_config {
        let chosen = configuration::read(&tree, args.config.as_deref(), PLACE)?;
        configuration::complete(&chosen, PLACE)?;
        config = chosen.config;
    }
    let fail_on = args.fail_on.unwrap_or(config.fail_on);
    let settings = Settings { config, ..Settings::new(args.today()) };
    let Discovered { files, links, cut } = dockerfiles(&tree, below);
    if cut {
        streams.note("the revision has more folders than are looked into: name one of them as PATH");
    }
    for link in links.iter().filter(|link| !settings.config.exclude.matches(link)) {
        streams.note(&format!("{link}: a symbolic link, which is not followed in a revision"));
    }
    let mut audit = lint::audit(&tree, files, &settings);
    if let Some(least) = args.level {
        audit.keep_from(least);
    }
    let failing = fails(&audit, fail_on);
    let short = tree.commit().get(..12).unwrap_or_default();
    let of = if tree.commit().starts_with(reference) {
        format!("`{short}`")
    } else {
        format!("`{reference}` (`{short}`)")
    };
    let origin = origin(env, top.unwrap_or(&dir), Some((tree.commit(), reference)));
    Ok(Found { checked: audit.into(), failing, origin, of: Some(of) })
}

/// Where the folder comes from: known where it is the checkout of a workflow's own repository.
fn origin(env: &Environment, top: &Utf8Path, revision: Option<(&str, &str)>) -> Option<Origin> {
    let workspace = Utf8Path::from_path(env.workspace.as_deref()?)?.canonicalize_utf8().ok()?;
    let repository = env.repository.as_ref().filter(|_| workspace == top)?;
    let (revision, branch) = match revision {
        Some((commit, reference)) => (Some(commit.to_owned()), Some(reference.to_owned())),
        None => (commit_of(top, "HEAD").ok(), None),
    };
    Some(Origin { repository: format!("{}/{repository}", env.server_url), revision, branch })
}
