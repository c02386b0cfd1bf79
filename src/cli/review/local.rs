//! `tidewaiter review --local`: the review of two revisions or two folders, without any network.

use super::change::{Change, Changed, Options, around, complete, config, note_of, review};
use super::{Args, Exit, Streams, UsageError, verdict};
use crate::report::count;
use crate::repository::{self, ChangedFile, DiskTree, GitTree, Tree, changed_folders, is_dockerfile};
use crate::review::{FileDiff, Paint, Talk, render};
use crate::text::log;
use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use std::sync::Arc;

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
    let mut options = Options { chosen: config(base, args.config.as_deref())?, today: args.today() };
    complete(&options.chosen)?;
    args.apply(&mut options.chosen.config);
    let mut notes = Vec::new();
    let mut files = files;
    let touched = files.iter().flat_map(|file| file.base_path.clone().into_iter().chain([file.path.clone()]));
    let touched = touched.collect();
    let paths: Vec<Utf8PathBuf> =
        files.iter().flat_map(|file| file.base_path.iter().chain([&file.path])).cloned().collect();
    let around = around(base, head, &paths);
    notes.extend(note_of(&around));
    keep_some(&mut files, &mut notes);
    let diffs = diffs(base, head, &files, &mut notes);
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
        around: around.dockerfiles,
        diffs,
        commit: commit.to_owned(),
        talk: &Talk::default(),
        touched,
        notes,
    };
    let plan = review(&change, &options);
    for note in &plan.notes {
        streams.note(note);
    }
    if args.json {
        streams.print(&log::inert_json(serde_json::to_string_pretty(&plan)?));
        streams.print("\n");
    } else {
        let paint = if streams.styled() { Paint::Colour } else { Paint::Plain };
        streams.print(&render(&plan, &change.diffs, paint));
    }
    Ok(verdict(&plan, &options.chosen.config))
}

/// The most Dockerfiles that one local review looks at.
const MAX_DOCKERFILES: usize = 500;
/// What the diffs of all files may cost together, in bytes; each line of them costs [`LINE_COST`] more.
const MAX_DIFFED: usize = 64 * 1024 * 1024;
/// What a line of a diff takes besides its text, in bytes.
const LINE_COST: usize = 64;

/// Leaves the Dockerfiles out that are too many for one review.
fn keep_some(files: &mut Vec<ChangedFile>, notes: &mut Vec<String>) {
    let mut number = 0_usize;
    files.retain(|file| {
        let counts = is_dockerfile(&file.path);
        number += usize::from(counts);
        !counts || number <= MAX_DOCKERFILES
    });
    if number > MAX_DOCKERFILES {
        notes.push(format!("{number} Dockerfiles are changed; the first {MAX_DOCKERFILES} are reviewed."));
    }
}

/// The diffs of the changed files as far as they fit into memory: the Dockerfiles' first.
fn diffs(base: &dyn Tree, head: &dyn Tree, files: &[ChangedFile], notes: &mut Vec<String>) -> Vec<FileDiff> {
    let (own, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| is_dockerfile(&file.path));
    let mut left = MAX_DIFFED;
    let mut out = Vec::new();
    let mut over = 0_usize;
    for file in own.into_iter().chain(others) {
        if left == 0 {
            over += 1;
            continue;
        }
        let Some((old, new)) = texts_of(base, head, file) else { continue };
        let cost = [&old, &new].map(|text| text.len() + LINE_COST * text.lines().count()).iter().sum();
        if let Some(rest) = left.checked_sub(cost) {
            left = rest;
            let diff = FileDiff::from_texts(&file.path, &old, &new);
            let before = file.base_path.as_ref().unwrap_or(&file.path);
            out.push(if *before == file.path { diff } else { diff.renamed_from(before) });
        } else {
            left = 0;
            over += 1;
        }
    }
    if over > 0 {
        notes.push(format!(
            "The change is too large to be shown as a whole: nothing is said on the lines of {}.",
            count(over, "file")
        ));
    }
    out
}

/// Both texts of a file that the head has.
fn texts_of(base: &dyn Tree, head: &dyn Tree, file: &ChangedFile) -> Option<(Arc<str>, Arc<str>)> {
    let new = match file.status {
        repository::Status::Removed => return None,
        _ => head.read(&file.path).found()?,
    };
    let before = file.base_path.as_ref().unwrap_or(&file.path);
    let old = match file.status {
        repository::Status::Added => "".into(),
        _ => base.read(before).found()?,
    };
    Some((old, new))
}
