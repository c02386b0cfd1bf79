//! The names of all files of a commit.
//!
//! `GET git/trees/{sha}?recursive=1` gives at most 100,000 entries or 7 MB. A larger repository is walked by
//! GraphQL, folder by folder from the root, many folders a query.

use super::client::Client;
use super::environment::Repository;
use super::error::GithubError;
use super::event::is_sha;
use crate::repository::{Entry, Kind};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

/// Folders that are read of a repository that is too large for one answer.
pub(super) const MAX_FOLDERS: usize = 5_000;
/// Folders a query.
const FOLDERS_A_QUERY: usize = 100;

pub(super) const DOING: &str = "list the files";

/// A file or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) entry: Entry,
    pub(super) oid: String,
}

/// The files and folders of a commit, by path, without the root.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) objects: BTreeMap<Utf8PathBuf, Object>,
    /// The folders whose entries are all known, the root among them.
    pub(super) folders: Vec<Utf8PathBuf>,
    /// Whether every folder is.
    pub(super) complete: bool,
}

#[derive(Deserialize)]
struct TreeJson {
    tree: Vec<EntryJson>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct EntryJson {
    path: String,
    mode: String,
    sha: String,
    size: Option<u64>,
}

/// Lists everything below the folder `root` (an object id).
pub(super) async fn list(client: &Client, repository: &Repository, root: &str) -> Result<Files, GithubError> {
    let Repository { owner, name } = repository;
    let route = format!("/repos/{owner}/{name}/git/trees/{root}?recursive=1");
    let (answer, _): (TreeJson, _) = client.get(DOING, &route).await?;
    if answer.truncated {
        return walk(client, repository, root).await;
    }
    let mut files = Files { folders: vec![Utf8PathBuf::new()], complete: true, ..Files::default() };
    for entry in answer.tree {
        let mode = u32::from_str_radix(&entry.mode, 8).unwrap_or(0);
        add(&mut files, Utf8PathBuf::from(entry.path), mode, entry.sha, entry.size);
    }
    let folders = files.objects.iter().filter(|(_, object)| object.entry.kind == Kind::Directory);
    let folders: Vec<Utf8PathBuf> = folders.map(|(path, _)| path.clone()).collect();
    files.folders.extend(folders);
    Ok(files)
}

fn add(files: &mut Files, path: Utf8PathBuf, mode: u32, oid: String, size: Option<u64>) {
    let kind = kind_of(mode);
    let size = size.filter(|_| matches!(kind, Kind::File | Kind::Executable));
    files.objects.insert(path, Object { entry: Entry { kind, size }, oid });
}

/// What a git mode says.
pub(super) const fn kind_of(mode: u32) -> Kind {
    match mode {
        0o100_755 => Kind::Executable,
        0o120_000 => Kind::Symlink,
        0o160_000 => Kind::Submodule,
        0o040_000 => Kind::Directory,
        _ => Kind::File,
    }
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default)]
    entries: Option<Vec<FolderEntry>>,
}

#[derive(Deserialize)]
struct FolderEntry {
    name: String,
    mode: u32,
    oid: String,
    #[serde(default)]
    size: u64,
}

/// Reads the folders nearest to the root first, up to [`MAX_FOLDERS`].
async fn walk(client: &Client, repository: &Repository, root: &str) -> Result<Files, GithubError> {
    let mut files = Files::default();
    let mut waiting = VecDeque::from([(Utf8PathBuf::new(), root.to_owned())]);
    let mut read = 0;
    while !waiting.is_empty() && read < MAX_FOLDERS {
        let some = waiting.len().min(FOLDERS_A_QUERY).min(MAX_FOLDERS - read);
        let batch: Vec<(Utf8PathBuf, String)> = waiting.drain(..some).collect();
        read += batch.len();
        let oids: Vec<&str> = batch.iter().map(|(_, oid)| oid.as_str()).collect();
        let answers =
            objects(client, repository, DOING, &oids, "... on Tree { entries { name mode oid size } }")
                .await?;
        for ((path, _), answer) in batch.into_iter().zip(answers) {
            // A folder that GitHub could not give stays unknown.
            let Some(entries) = answer.and_then(|value| Folder::deserialize(value).ok()?.entries) else {
                continue;
            };
            for entry in entries {
                let child = path.join(&entry.name);
                if kind_of(entry.mode) == Kind::Directory && is_sha(&entry.oid) {
                    waiting.push_back((child.clone(), entry.oid.clone()));
                }
                add(&mut files, child, entry.mode, entry.oid, Some(entry.size));
            }
            files.folders.push(path);
        }
    }
    let folders = files.objects.values().filter(|object| object.entry.kind == Kind::Directory).count();
    files.complete = files.folders.len() == folders + 1;
    Ok(files)
}

/// Asks for objects by their ids; `None` for one that is not there or that GitHub could not give.
pub(super) async fn objects(
    client: &Client,
    repository: &Repository,
    doing: &'static str,
    oids: &[&str],
    fields: &str,
) -> Result<Vec<Option<Value>>, GithubError> {
    let mut variables = Map::new();
    variables.insert("owner".to_owned(), json!(repository.owner));
    variables.insert("name".to_owned(), json!(repository.name));
    let mut declared = "$owner: String!, $name: String!".to_owned();
    let mut asked = String::new();
    for (i, oid) in oids.iter().enumerate() {
        let _ = write!(declared, ", $o{i}: GitObjectID!");
        let _ = write!(asked, "\n    o{i}: object(oid: $o{i}) {{ ...Content }}");
        variables.insert(format!("o{i}"), json!(oid));
    }
    let query = format!(
        "query Objects({declared}) {{\n  repository(owner: $owner, name: $name) {{{asked}\n  }}\n}}\n\
         fragment Content on GitObject {{ __typename oid {fields} }}\n"
    );
    let mut data = client.query(doing, &query, &Value::Object(variables)).await?.data;
    let Some(Value::Object(mut found)) = data.get_mut("repository").map(Value::take) else {
        return Err(GithubError::Decode { doing, message: "no `repository`".to_owned() });
    };
    Ok((0..oids.len()).map(|i| found.remove(&format!("o{i}")).filter(|value| !value.is_null())).collect())
}

/// What is directly in a folder.
pub(super) fn entries_of<'a>(
    files: &'a Files,
    folder: &'a Utf8Path,
) -> impl Iterator<Item = (String, Entry)> + use<'a> {
    files
        .objects
        .range::<Utf8Path, _>((std::ops::Bound::Excluded(folder), std::ops::Bound::Unbounded))
        .take_while(move |(path, _)| path.starts_with(folder))
        .filter(move |(path, _)| path.parent() == Some(folder))
        .filter_map(|(path, object)| Some((path.file_name()?.to_owned(), object.entry)))
}
