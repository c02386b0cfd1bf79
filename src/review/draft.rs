//! Findings become comments: one per line range, one suggestion for all fixes that touch the same lines.

use super::anchor;
use super::delta::Item;
use super::hunks::{FileDiff, LineRange};
use super::input::Input;
use super::suggestion::{self, Block};
use crate::config::Level;
use crate::rules::{Finding, Fix};
use crate::text::{Edit, Source, apply, compose};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// The most findings in one comment; more go to the body.
const MAX_ENTRIES: usize = 20;
/// The most findings for which places and suggestions are sought; the least important ones beyond go to the
/// body as prose, which bounds the work on hostile input.
const MAX_CONSIDERED: usize = 300;
/// The most fixes that are tried together on one range.
const MAX_COMPOSED: usize = 20;

/// A finding in a comment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The finding.
    pub(super) item: Item<'a>,
    /// Whether the comment's suggestion makes its change.
    pub(super) in_block: bool,
}

/// A comment that is not yet text.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    /// File in the head.
    pub(super) path: Utf8PathBuf,
    /// Its lines, inside one hunk.
    pub(super) range: LineRange,
    /// Its findings, worst first.
    pub(super) entries: Vec<Entry<'a>>,
    /// The suggestion.
    pub(super) block: Option<Block>,
}

impl Draft<'_> {
    /// The greatest level in it.
    pub(super) fn level(&self) -> Level {
        self.entries.iter().map(|entry| entry.item.finding.level).max().unwrap_or(Level::Style)
    }
}

/// A finding whose fix alone is a suggestion.
struct Node<'a> {
    item: Item<'a>,
    fix: &'a Fix,
    block: Block,
}

/// The file a fix changes.
pub(super) fn target<'a>(item: &Item<'a>, fix: &'a Fix) -> &'a Utf8Path {
    fix.path.as_deref().unwrap_or(&item.report.path)
}

/// The text of the file a fix changes.
pub(super) fn target_text(input: &Input<'_>, item: &Item<'_>, fix: &Fix) -> Option<Source> {
    let path = target(item, fix);
    if path == item.report.path {
        return Some(item.report.source.clone());
    }
    input.texts.and_then(|texts| texts(path))
}

/// Drafts the comments for findings (worst first); the second list is for the body.
pub(super) fn draft<'a>(input: &Input<'a>, items: &[Item<'a>]) -> (Vec<Draft<'a>>, Vec<Item<'a>>) {
    let settings = input.settings;
    let mut body = Vec::new();
    let mut loose = Vec::new();
    let mut targets: BTreeMap<&Utf8Path, (Source, &FileDiff, Vec<Node<'a>>)> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let level = item.finding.level;
        let inline = level >= settings.inline_level;
        let with_suggestion = level == Level::Info && settings.inline_level == Level::Warning;
        if index >= MAX_CONSIDERED || settings.max_comments == 0 || !(inline || with_suggestion) {
            body.push(*item);
            continue;
        }
        let node = item.finding.fix.as_ref().filter(|_| settings.suggestions).and_then(|fix| {
            let path = target(item, fix);
            let file = input.diff(path)?;
            let source = match targets.get(path) {
                Some((source, ..)) => source.clone(),
                None => target_text(input, item, fix)?,
            };
            let block = suggestion::block(&source, &fix.edits, file).ok()?;
            Some((path, source, file, Node { item: *item, fix, block }))
        });
        match node {
            Some((path, source, file, node)) => {
                targets.entry(path).or_insert_with(|| (source, file, Vec::new())).2.push(node);
            }
            None if inline => loose.push(*item),
            None => body.push(*item),
        }
    }
    let mut drafts = Vec::new();
    for (path, (source, file, nodes)) in targets {
        let mut own = Vec::new();
        Composer { input, path, source: &source, file }.settle(nodes, &mut own);
        part(&mut own);
        drafts.append(&mut own);
    }
    for item in loose {
        match find_place(input, &item) {
            Some((path, range)) => join(&mut drafts, &item, path, range),
            None => body.push(item),
        }
    }
    for draft in &mut drafts {
        // Keeps the order of worst first among those in and outside the suggestion.
        draft.entries.sort_by_key(|entry| (std::cmp::Reverse(entry.item.finding.level), !entry.in_block));
        if draft.entries.len() > MAX_ENTRIES {
            body.extend(draft.entries.split_off(MAX_ENTRIES).iter().map(|entry| entry.item));
        }
    }
    drafts.sort_by(|a, b| {
        (std::cmp::Reverse(a.level()), &a.path, a.range).cmp(&(
            std::cmp::Reverse(b.level()),
            &b.path,
            b.range,
        ))
    });
    if drafts.len() > settings.max_comments {
        let rest = drafts.split_off(settings.max_comments);
        body.extend(rest.iter().flat_map(|draft| &draft.entries).map(|entry| entry.item));
    }
    drafts.sort_by(|a, b| (&a.path, a.range).cmp(&(&b.path, b.range)));
    body.sort_by(|a, b| order(a).cmp(&order(b)));
    (drafts, body)
}

fn order<'a>(item: &Item<'a>) -> impl Ord + use<'a> {
    (std::cmp::Reverse(item.finding.level), &item.report.path, item.finding.span, item.finding.rule)
}

/// The lines that a comment about a finding would stand on, suggestion or not.
pub(super) fn place_of(input: &Input<'_>, item: &Item<'_>) -> Option<LineRange> {
    let fix = item.finding.fix.as_ref().filter(|_| input.settings.suggestions);
    let block = fix.and_then(|fix| {
        let source = target_text(input, item, fix)?;
        suggestion::block(&source, &fix.edits, input.diff(target(item, fix))?).ok()
    });
    block.map(|block| block.range).or_else(|| find_place(input, item).map(|(_, range)| range))
}

/// File and lines of the diff for a finding without suggestion: in its own file, else where another file is said to
/// have a part in it.
fn find_place(input: &Input<'_>, item: &Item<'_>) -> Option<(Utf8PathBuf, LineRange)> {
    let own = find_own_place(input, item).map(|range| (item.report.path.clone(), range));
    own.or_else(|| find_other_place(input, item))
}

fn find_own_place(input: &Input<'_>, item: &Item<'_>) -> Option<LineRange> {
    let file = input.diff(&item.report.path)?;
    let own_fix = item.finding.fix.as_ref().filter(|fix| target(item, fix) == item.report.path);
    let edited = own_fix.and_then(|fix| suggestion::edited_lines(&item.report.source, &fix.edits));
    let mut causes: Vec<LineRange> = edited.into_iter().collect();
    if let Some(more) = input.causes {
        causes.extend(more(item.report, item.finding));
    }
    anchor::place(file, item.lines(), &causes)
}

/// A related place in the diff, or the changed lines of the file that the fix is for: the line of a script, of a workflow.
fn find_other_place(input: &Input<'_>, item: &Item<'_>) -> Option<(Utf8PathBuf, LineRange)> {
    let texts = input.texts?;
    let related = item.finding.related.iter().find_map(|related| {
        let path = related.path.as_deref().filter(|path| *path != item.report.path)?;
        let (file, text) = (input.diff(path)?, texts(path)?);
        let (first, last) = text.lines_of(related.span);
        Some((path.to_owned(), anchor::place(file, LineRange::new(first, last), &[])?))
    });
    related.or_else(|| {
        let fix = item.finding.fix.as_ref()?;
        let path = target(item, fix);
        if path == item.report.path {
            return None;
        }
        let (file, text) = (input.diff(path)?, texts(path)?);
        let lines = suggestion::edited_lines(&text, &fix.edits)?;
        // Wherever the fix is: what changed in its file made it necessary.
        Some((path.to_owned(), anchor::place(file, lines, &[LineRange::new(1, u32::MAX)])?))
    })
}

/// Adds a finding without suggestion to the comment that holds its lines, or starts one.
fn join<'a>(drafts: &mut Vec<Draft<'a>>, item: &Item<'a>, path: Utf8PathBuf, range: LineRange) {
    let entry = Entry { item: *item, in_block: false };
    let host = drafts.iter_mut().find(|draft| {
        draft.path == path && (draft.range == range || (draft.block.is_some() && draft.range.contains(range)))
    });
    match host {
        Some(draft) => draft.entries.push(entry),
        None => {
            drafts.push(Draft { path, range, entries: vec![entry], block: None });
        }
    }
}

/// Two suggestions on one line cannot both be applied: the less important one becomes prose.
fn part(drafts: &mut [Draft<'_>]) {
    drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.level()), draft.range));
    let mut taken: Vec<LineRange> = Vec::new();
    for draft in drafts {
        if taken.iter().any(|range| range.overlaps(draft.range)) {
            draft.block = None;
            for entry in &mut draft.entries {
                entry.in_block = false;
            }
        } else {
            taken.push(draft.range);
        }
    }
}

/// Makes the suggestions of one file.
struct Composer<'i, 'a> {
    input: &'i Input<'a>,
    path: &'i Utf8Path,
    source: &'i Source,
    file: &'i FileDiff,
}

impl<'a> Composer<'_, 'a> {
    /// Fixes whose lines overlap become one suggestion where they can be made together.
    fn settle(&self, nodes: Vec<Node<'a>>, out: &mut Vec<Draft<'a>>) {
        let mut waiting = vec![nodes];
        while let Some(nodes) = waiting.pop() {
            for cluster in clusters(nodes) {
                let (draft, rest) = self.combine(cluster);
                out.extend(draft);
                if !rest.is_empty() {
                    waiting.push(rest);
                }
            }
        }
    }

    /// One suggestion from fixes on neighbouring lines (worst first), and those that stay beside it.
    fn combine(&self, cluster: Vec<Node<'a>>) -> (Option<Draft<'a>>, Vec<Node<'a>>) {
        let Some(first) = cluster.first() else { return (None, Vec::new()) };
        let (mut kept, mut block) = self.accept(&cluster, false);
        if kept.len() > 1 && !self.sound(&cluster, &kept) {
            (kept, block) = self.accept(&cluster, true);
        }
        let block = block.unwrap_or_else(|| first.block.clone());
        let mut entries = Vec::new();
        let mut rest = Vec::new();
        for (index, node) in cluster.into_iter().enumerate() {
            let in_block = kept.contains(&index);
            if in_block || node.block.range.overlaps(block.range) {
                entries.push(Entry { item: node.item, in_block });
            } else {
                rest.push(node);
            }
        }
        let draft = Draft { path: self.path.to_owned(), range: block.range, entries, block: Some(block) };
        (Some(draft), rest)
    }

    /// Takes fixes one after the other as long as they fit together; with `prove`, each step is proven.
    fn accept(&self, cluster: &[Node<'a>], prove: bool) -> (Vec<usize>, Option<Block>) {
        let mut kept = Vec::new();
        let mut edits: Vec<Edit> = Vec::new();
        let mut block = None;
        for (index, node) in cluster.iter().enumerate().take(MAX_COMPOSED) {
            let mut trial = edits.clone();
            if !add(&mut trial, &node.fix.edits) {
                continue;
            }
            let Ok(made) = suggestion::block(self.source, &trial, self.file) else { continue };
            kept.push(index);
            if prove && kept.len() > 1 && !self.sound(cluster, &kept) {
                kept.pop();
                continue;
            }
            (edits, block) = (trial, Some(made));
        }
        (kept, block)
    }

    fn sound(&self, cluster: &[Node<'a>], kept: &[usize]) -> bool {
        let Some(reprove) = self.input.reprove else { return true };
        let nodes: Vec<&Node<'a>> = kept.iter().filter_map(|index| cluster.get(*index)).collect();
        let mut edits = Vec::new();
        let findings: Vec<&Finding> = nodes.iter().map(|node| node.item.finding).collect();
        nodes.iter().all(|node| add(&mut edits, &node.fix.edits))
            && apply(self.source.text(), &edits).is_ok_and(|text| reprove(self.path, &text, &findings))
    }
}

/// Adds a fix to those taken before; the first one is taken as it was proven.
fn add(edits: &mut Vec<Edit>, more: &[Edit]) -> bool {
    if edits.is_empty() {
        more.clone_into(edits);
        return true;
    }
    compose(edits, more)
}

/// Groups nodes whose lines overlap, directly or through others; each group keeps the order.
fn clusters(nodes: Vec<Node<'_>>) -> Vec<Vec<Node<'_>>> {
    let mut ranges: Vec<LineRange> = nodes.iter().map(|node| node.block.range).collect();
    ranges.sort();
    let mut merged: Vec<LineRange> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.overlaps(range) => *last = last.cover(range),
            _ => merged.push(range),
        }
    }
    let mut out: Vec<Vec<Node<'_>>> = merged.iter().map(|_| Vec::new()).collect();
    for node in nodes {
        let index = merged.partition_point(|range| range.last < node.block.range.first);
        if let Some(group) = out.get_mut(index) {
            group.push(node);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::tests::{finding, report};

    #[test]
    fn two_suggestions_never_share_a_line() {
        let text = "FROM a\nRUN b\n";
        let report = report("Dockerfile", text, Vec::new());
        let (small, large) =
            (finding(text, "s", Level::Warning, "RUN", "m"), finding(text, "l", Level::Error, "RUN", "m"));
        let of = |finding, first| {
            let range = LineRange::new(first, 2);
            let entries = vec![Entry {
                item: Item { finding, report: &report, introduced: true, changed: true },
                in_block: true,
            }];
            Draft {
                path: "Dockerfile".into(),
                range,
                entries,
                block: Some(Block { range, lines: Vec::new() }),
            }
        };
        let mut drafts = [of(&small, 1), of(&large, 2)];
        part(&mut drafts);
        let [first, second] = &drafts;
        assert_eq!((first.level(), first.block.is_some()), (Level::Error, true));
        assert!(second.block.is_none() && second.entries.iter().all(|entry| !entry.in_block));
    }
}
