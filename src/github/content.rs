//! Puts what GitHub answered into the trees.

use super::client::Client;
use super::error::{GithubError, excerpt};
use super::event::{Target, is_sha};
use super::query::{Ask, Found, Object, Side};
use super::snapshot::Snapshot;
use crate::repository::{Entry, Kind, Tree};
use crate::text::{MAX_FILE_BYTES, Source};
use camino::Utf8Path;
use std::collections::BTreeMap;

/// Files that are read one by one because GraphQL does not give their whole text.
const MAX_BLOBS: usize = 20;

/// A file to be read by its blob.
struct Blob {
    ask: Ask,
    kind: Kind,
    oid: String,
}

/// Takes the answers: folders first, because they tell what the names in them are.
pub(super) async fn fill(
    client: &Client,
    target: &Target,
    snapshot: &mut Snapshot,
    answers: Vec<(Ask, Found)>,
) -> Result<(), GithubError> {
    let mut blobs = Vec::new();
    let mut others = Vec::new();
    for (ask, found) in answers {
        snapshot.asked.insert(ask.clone());
        match found {
            Found::Object(Object { entries: Some(entries), .. }) => {
                let entries = entries.into_iter().map(|entry| {
                    let kind = kind_of(entry.mode);
                    let size = matches!(kind, Kind::File | Kind::Executable).then_some(entry.size);
                    (entry.name, Entry { kind, size })
                });
                if !ask.path.as_str().is_empty() {
                    snapshot.tree(ask.side).insert(&ask.path, Kind::Directory, None);
                }
                snapshot.tree(ask.side).insert_listing(&ask.path, entries);
                snapshot.listed.insert(ask);
            }
            found => others.push((ask, found)),
        }
    }
    for (ask, found) in others {
        match found {
            Found::Unknown => {}
            Found::Nothing => nothing(snapshot, ask, &mut blobs),
            Found::Object(object) => object_at(snapshot, ask, object, &mut blobs),
        }
    }
    read_blobs(client, target, snapshot, blobs).await
}

fn nothing(snapshot: &mut Snapshot, ask: Ask, blobs: &mut Vec<Blob>) {
    // A name with a line end cannot stand in a revision expression; the list of files knows its blob.
    if ask.path.as_str().contains(char::is_control) {
        let sha = snapshot.files.iter().find(|f| f.path == ask.path).and_then(|f| f.sha.clone());
        let kind = listed_kind(snapshot, &ask, &ask.path).unwrap_or(Kind::File);
        if let (Side::Head, Some(oid), Kind::File | Kind::Executable) = (ask.side, sha, kind) {
            blobs.push(Blob { ask, kind, oid });
        }
        return;
    }
    // Behind a link or in a submodule everything is possible; a submodule itself is no absence.
    match listed_kind(snapshot, &ask, &ask.path) {
        Some(Kind::Submodule) => submodule(snapshot, &ask),
        Some(_) => {}
        None if through_link(snapshot, &ask) => {}
        None => snapshot.tree(ask.side).insert_absent(&ask.path),
    }
}

fn submodule(snapshot: &mut Snapshot, ask: &Ask) {
    snapshot.tree(ask.side).insert(&ask.path, Kind::Submodule, None);
    let name = quote(&ask.path);
    snapshot.note(format!("{name} is a submodule: its content lies in another repository and is not read."));
}

fn object_at(snapshot: &mut Snapshot, ask: Ask, object: Object, blobs: &mut Vec<Blob>) {
    let listed = listed_kind(snapshot, &ask, &ask.path);
    let name = quote(&ask.path);
    if object.kind != "Blob" || listed == Some(Kind::Submodule) {
        submodule(snapshot, &ask);
        return;
    }
    let kind = listed.unwrap_or(Kind::File);
    if kind == Kind::Symlink {
        snapshot.tree(ask.side).insert(&ask.path, kind, None);
        snapshot.note(format!("{name} is a symbolic link and is not followed; the file it leads to is reviewed where it is changed itself."));
        return;
    }
    if object.byte_size > MAX_FILE_BYTES {
        snapshot.tree(ask.side).insert(&ask.path, kind, None);
        snapshot.note(format!(
            "{name} was not read: it has {} bytes, more than the {MAX_FILE_BYTES} that are read.",
            object.byte_size
        ));
        return;
    }
    match object.text {
        // GitHub recodes text that is not UTF-8 and cuts long text: both show in the length.
        Some(text) if !object.is_truncated && text.len() as u64 == object.byte_size => {
            accept(snapshot, &ask, kind, text.into_bytes());
        }
        None if object.is_binary == Some(true) => {
            snapshot.tree(ask.side).insert(&ask.path, kind, None);
            snapshot.note(format!("{name} was not read: the file is binary."));
        }
        _ => blobs.push(Blob { ask, kind, oid: object.oid }),
    }
}

async fn read_blobs(
    client: &Client,
    target: &Target,
    snapshot: &mut Snapshot,
    blobs: Vec<Blob>,
) -> Result<(), GithubError> {
    // The same content on both sides is read once.
    let mut known: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for Blob { ask, kind, oid } in blobs {
        if !known.contains_key(&oid) {
            if known.len() >= MAX_BLOBS || !is_sha(&oid) {
                snapshot.tree(ask.side).insert(&ask.path, kind, None);
                snapshot.note(format!("{} was not read: too many large files.", quote(&ask.path)));
                continue;
            }
            let route = format!("/repos/{}/{}/git/blobs/{oid}", target.owner, target.repo);
            match client.raw("read a file", &route).await {
                Ok(bytes) => {
                    known.insert(oid.clone(), bytes);
                }
                Err(error @ (GithubError::NotFound { .. } | GithubError::Forbidden { .. })) => {
                    snapshot.tree(ask.side).insert(&ask.path, kind, None);
                    snapshot.note(format!("{} was not read: {error}.", quote(&ask.path)));
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(bytes) = known.get(&oid) {
            accept(snapshot, &ask, kind, bytes.clone());
        }
    }
    Ok(())
}

/// Takes a file's bytes, or notes why they are no text.
fn accept(snapshot: &mut Snapshot, ask: &Ask, kind: Kind, bytes: Vec<u8>) {
    match Source::from_bytes(bytes) {
        Ok(source) => {
            snapshot.tree(ask.side).insert(&ask.path, kind, Some(source.shared()));
            snapshot.readable.insert(ask.clone());
        }
        Err(error) => {
            snapshot.tree(ask.side).insert(&ask.path, kind, None);
            snapshot.note(format!("{} was not read: {error}.", quote(&ask.path)));
        }
    }
}

/// What the listing of the folder says of a path on the side of `ask`.
fn listed_kind(snapshot: &Snapshot, ask: &Ask, path: &Utf8Path) -> Option<Kind> {
    // Only where the folder is known: asking a partial tree for anything else would make it a wish.
    let dir = path.parent()?;
    if !snapshot.listed.contains(&Ask::new(ask.side, dir)) {
        return None;
    }
    let tree = match ask.side {
        Side::Base => &snapshot.base,
        Side::Head => &snapshot.head,
    };
    tree.entry(path).found().map(|entry| entry.kind)
}

fn through_link(snapshot: &Snapshot, ask: &Ask) -> bool {
    ask.path
        .ancestors()
        .skip(1)
        .any(|dir| matches!(listed_kind(snapshot, ask, dir), Some(Kind::Symlink | Kind::Submodule)))
}

fn kind_of(mode: u32) -> Kind {
    match mode {
        0o100_755 => Kind::Executable,
        0o120_000 => Kind::Symlink,
        0o160_000 => Kind::Submodule,
        0o040_000 => Kind::Directory,
        _ => Kind::File,
    }
}

/// A path between backticks, on one line.
fn quote(path: &Utf8Path) -> String {
    format!("`{}`", excerpt(path.as_str()).replace('`', "'"))
}
