//! What was said in earlier runs: nothing is said twice.

use super::comment;
use super::delta::Item;
use super::draft;
use super::input::Input;
use super::marker::{self, Marker};
use super::plan::{OwnThread, Update};
use camino::Utf8Path;
use std::collections::{HashMap, HashSet};

/// Findings sorted by whether an earlier run has said them.
#[derive(Debug, Default)]
pub(super) struct History<'a> {
    /// Not said before, in the order given.
    pub(super) fresh: Vec<Item<'a>>,
    /// Number of findings said before.
    pub(super) repeated: usize,
    /// Own comments whose text is to change.
    pub(super) updates: Vec<Update>,
}

/// Sorts findings by what own threads and review bodies say already. A thread counts whether it is open,
/// resolved, minimised or answered.
pub(super) fn reconcile<'a>(input: &Input<'a>, items: &[Item<'a>]) -> History<'a> {
    let threads: Vec<(&OwnThread, Marker)> =
        input.threads.iter().filter_map(|thread| Some((thread, marker::read(&thread.body)?))).collect();
    let mut said: Vec<Option<usize>> = vec![None; items.len()];
    // Fingerprints of threads that no finding has claimed yet.
    let mut free: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (_, marker)) in threads.iter().enumerate().rev() {
        for print in &marker.fingerprints {
            free.entry(print.as_str()).or_default().push(index);
        }
    }
    let living: HashSet<&str> = input
        .diffs
        .iter()
        .map(|diff| diff.path.as_str())
        .chain(input.head.iter().map(|r| r.path.as_str()))
        .collect();
    // First the threads on the finding's own file, then those on files that are gone: the Dockerfile was
    // renamed between two pushes.
    for moved in [false, true] {
        for (item, said) in items.iter().zip(&mut said).filter(|(_, said)| said.is_none()) {
            let paths = paths(input, item);
            let Some(open) = free.get_mut(marker::clean(&item.finding.fingerprint).as_str()) else {
                continue;
            };
            let found = open.iter().rposition(|index| {
                threads.get(*index).is_some_and(|(thread, _)| {
                    let path = thread.path.as_str();
                    if moved { !living.contains(path) } else { paths.iter().any(|own| *own == path) }
                })
            });
            if let Some(found) = found {
                *said = Some(open.remove(found));
            }
        }
    }
    let bodies: Vec<Marker> = input.reviews.iter().filter_map(|body| marker::read(body)).collect();
    let seen: HashSet<&str> = bodies.iter().flat_map(|marker| &marker.seen).map(String::as_str).collect();
    let cut = bodies.iter().any(|marker| marker.cut);

    let mut history = History::default();
    for (item, said) in items.iter().zip(&said) {
        let in_body = || {
            let known = |path: &&Utf8Path| {
                seen.contains(marker::key(path.as_str(), &item.finding.fingerprint).as_str())
            };
            cut || paths(input, item).iter().any(known)
        };
        if said.is_some() || in_body() {
            history.repeated += 1;
        } else {
            history.fresh.push(*item);
        }
    }
    for (index, (thread, marker)) in threads.iter().enumerate() {
        let own: Vec<Item<'a>> = items
            .iter()
            .zip(&said)
            .filter(|(_, said)| **said == Some(index))
            .map(|(item, _)| *item)
            .collect();
        history.updates.extend(update(input, thread, marker, &own));
    }
    history
}

/// Under which paths a thread or body may speak about a finding.
fn paths<'a>(input: &Input<'a>, item: &Item<'a>) -> Vec<&'a Utf8Path> {
    let own = input.diff(&item.report.path);
    let mut out: Vec<&Utf8Path> = vec![&item.report.path];
    out.extend(own.and_then(|diff| diff.base_path.as_deref()));
    out.extend(item.finding.fix.as_ref().and_then(|fix| fix.path.as_deref()));
    out.extend(item.finding.related.iter().filter_map(|related| related.path.as_deref()));
    out
}

/// The new text of a thread nobody has touched, whose findings all live on and which would read
/// differently today. The number of lines must be the same: a suggestion replaces the thread's lines.
fn update(input: &Input<'_>, thread: &OwnThread, marker: &Marker, items: &[Item<'_>]) -> Option<Update> {
    let untouched = !thread.resolved && !thread.minimized && !thread.replied;
    if !untouched || items.is_empty() || items.len() != marker.fingerprints.len() {
        return None;
    }
    let (drafts, body) = draft::draft(input, items);
    let [draft] = drafts.as_slice() else { return None };
    if !body.is_empty() || draft.path != thread.path || marker.lines != Some(draft.range.len()) {
        return None;
    }
    let text = comment::write(input, draft).body;
    let changed = normal(&text) != normal(&thread.body);
    changed.then_some(Update { comment_id: thread.comment_id, body: text })
}

/// A text without what GitHub may change when it stores it.
fn normal(text: &str) -> String {
    text.replace('\r', "").trim().to_owned()
}
