//! `tidewaiter review --local`: the review of two revisions or two folders, without any network.

use super::change::{Change, Changed, Options, complete, config, review};
use super::{Args, Exit, Streams, UsageError, verdict};
use crate::repository::{self, ChangedFile, DiskTree, GitTree, Tree, changed_folders};
use crate::review::{FileDiff, Paint, Talk, render};
use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};

/// Names that a default branch usually has, the remote's first.
const DEFAULT_BRANCHES: [&str; 4] = ["origin/HEAD", "origin/main", "main", "master"];

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let here = Utf8Path::new(".");
    let folder = |name: &Option<String>| name.as_ref().map(Utf8PathBuf::from).filter(|path| path.is_dir());
    if let (Some(base), Some(head)) = (folder(&args.base), folder(&args.head)) {
        let files =
            changed_folders(&base, &head).with_context(|| format!("cannot compare {base} with {head}"))?;
        return show(args, streams, &DiskTree::new(&base), &DiskTree::new(&head), files, head.as_str());
    }
    let head = args.head.as_deref().unwrap_or("HEAD");
    let base = match &args.base {
        Some(base) => base.clone(),
        None => default_branch(here).ok_or_else(|| {
            UsageError(
                "no base: name one with --base REVISION (or two folders with --base DIR --head DIR)"
                    .to_owned(),
            )
        })?,
    };
    let head = repository::commit_of(here, head)?;
    let base = repository::commit_of(here, &base)?;
    // What the head is compared with is where the two lines of history parted.
    let base = repository::merge_base(here, &base, &head)?.unwrap_or(base);
    let files = repository::changed_files(here, &base, &head)?;
    show(args, streams, &GitTree::open(here, &base)?, &GitTree::open(here, &head)?, files, &head)
}

fn default_branch(dir: &Utf8Path) -> Option<String> {
    let known = DEFAULT_BRANCHES.iter().find(|name| repository::commit_of(dir, name).is_ok());
    known.map(|name| (*name).to_owned())
}

fn show(
    args: &Args,
    streams: &mut Streams,
    base: &dyn Tree,
    head: &dyn Tree,
    files: Vec<ChangedFile>,
    commit: &str,
) -> anyhow::Result<Exit> {
    let mut options = Options { config: config(base, args.config.as_deref())?, today: args.today() };
    complete(&options.config)?;
    args.apply(&mut options.config);
    let diffs = files.iter().filter_map(|file| diff_of(base, head, file)).collect();
    let files = files.into_iter().map(|file| {
        let removed = file.status == repository::Status::Removed;
        let base = match file.status {
            repository::Status::Added => None,
            _ => Some(file.base_path.unwrap_or_else(|| file.path.clone())),
        };
        Changed { head: (!removed).then_some(file.path), base }
    });
    let change = Change {
        base,
        head,
        files: files.collect(),
        diffs,
        commit: commit.to_owned(),
        talk: &Talk::default(),
    };
    let plan = review(&change, &options);
    if args.json {
        streams.print(&serde_json::to_string_pretty(&plan)?);
        streams.print("\n");
    } else {
        let paint = if streams.styled() { Paint::Colour } else { Paint::Plain };
        streams.print(&render(&plan, &change.diffs, paint));
    }
    Ok(verdict(&plan, &options.config))
}

fn diff_of(base: &dyn Tree, head: &dyn Tree, file: &ChangedFile) -> Option<FileDiff> {
    let before = file.base_path.as_ref().unwrap_or(&file.path);
    let old = match file.status {
        repository::Status::Added => String::new().into(),
        _ => base.read(before).found()?,
    };
    let new = match file.status {
        repository::Status::Removed => return None,
        _ => head.read(&file.path).found()?,
    };
    let diff = FileDiff::from_texts(&file.path, &old, &new);
    Some(if *before == file.path { diff } else { diff.renamed_from(before) })
}
