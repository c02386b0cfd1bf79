//! What was said in earlier runs: nothing is said twice, and what is settled is marked so.

use super::comment::{self, Past};
use super::delta::Item;
use super::draft::{self, Draft, Entry};
use super::hunks::LineRange;
use super::input::Input;
use super::marker::{self, Marker};
use super::plan::{Reason, Update};
use super::talk::OwnThread;
use crate::repository::is_dockerfile;
use camino::Utf8Path;
use std::collections::{HashMap, HashSet};

/// How far, in lines, a finding may have moved from an outdated thread that is still taken for the same one.
const MAX_DRIFT: u32 = 60;
/// The most fingerprints that a thread remembers of its past.
const MAX_PAST: usize = 40;
/// The most findings for which a thread is sought by likeness; the rest counts as new.
const MAX_LIKENESS: usize = 300;

/// Findings sorted by whether an earlier run has said them.
#[derive(Debug, Default)]
pub(super) struct History<'a> {
    /// Not said before, in the order given.
    pub(super) fresh: Vec<Item<'a>>,
    /// Said before, but only in the body of a review.
    pub(super) listed: Vec<Item<'a>>,
    /// Number of findings said before.
    pub(super) repeated: usize,
    /// Findings that a person told us to ignore, with the login.
    pub(super) ignored: Vec<(Item<'a>, String)>,
    /// What happens to own threads.
    pub(super) updates: Vec<Update>,
    /// Threads whose findings are gone since the last run.
    pub(super) settled: usize,
    /// Threads that were to be resolved, and the token may not.
    pub(super) unresolvable: usize,
}

/// A finding that a thread speaks about, or spoke about.
struct Slot {
    thread: usize,
    place: Place,
    claim: Claim,
}

/// Where in its thread's marker a slot comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The finding at this place of the list.
    Now(usize),
    /// One of the past.
    Past,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// No finding of the head is it.
    Nobody,
    /// This one of the findings to speak about.
    Item(usize),
    /// One that lives on but is not spoken about, such as an older one.
    Quiet,
}

/// An own thread that can be read.
struct Known<'t> {
    thread: &'t OwnThread,
    marker: Marker,
}

impl Known<'_> {
    /// Whether a person has settled it: it stays as it is, for ever.
    fn is_settled_by_person(&self) -> bool {
        let resolved = self.thread.resolved && !self.thread.resolved_by_us;
        // We minimise only what we mark as fixed.
        resolved || (self.thread.minimized && self.marker.fixed.is_none())
    }

    /// Its lines in the head.
    fn lines(&self) -> Option<LineRange> {
        let last = self.thread.line?;
        let first = self.thread.start_line.filter(|first| *first <= last).unwrap_or(last);
        Some(LineRange::new(first, last))
    }
}

/// Sorts findings by what own threads and review bodies say already. A thread counts whether it is open,
/// resolved, minimised or answered.
///
/// `items` are the findings to speak about, `quiet` the other ones of the head.
pub(super) fn reconcile<'a>(input: &Input<'a>, items: &[Item<'a>], quiet: &[Item<'a>]) -> History<'a> {
    let threads: Vec<Known<'_>> = input
        .talk
        .threads
        .iter()
        .filter_map(|thread| Some(Known { thread, marker: marker::read(&thread.body)? }))
        .collect();
    let mut slots = Slots::new(&threads);
    let mut said: Vec<Option<usize>> = vec![None; items.len()];
    slots.claim_exactly(input, items, &mut said);
    for item in quiet {
        if let Some(slot) = slots.find_exactly(&paths(input, item), item) {
            slots.claim(slot, Claim::Quiet);
        }
    }
    let bodies = Bodies::of(input);
    // What a body's marker names stood in a thread that is gone, or only in the body. A thread that is there
    // and speaks of something else by now does not say it.
    let in_body = |slots: &Slots<'_>, item: &Item<'_>| {
        bodies.speak_of(input, item) && (bodies.list(input, item) || !slots.hold(input, item))
    };
    let unsaid: Vec<usize> =
        (0..items.len()).filter(|i| said.get(*i) == Some(&None)).take(MAX_LIKENESS).collect();
    for index in unsaid {
        let Some(item) = items.get(index) else { continue };
        if !in_body(&slots, item)
            && let Some(slot) = slots.find_alike(input, item)
        {
            slots.claim(slot, Claim::Item(index));
            if let Some(said) = said.get_mut(index) {
                *said = slots.thread_of(slot);
            }
        }
    }
    let mut history = History::default();
    for (item, said) in items.iter().zip(&said) {
        let ignored_in = said.and_then(|index| threads.get(index)?.marker.ignored_by.clone());
        if let Some(by) = ignored_in.or_else(|| bodies.ignored_by(item.finding.rule)) {
            history.ignored.push((*item, by));
        } else if said.is_some() {
            history.repeated += 1;
        } else if in_body(&slots, item) {
            history.repeated += 1;
            if bodies.list(input, item) {
                history.listed.push(*item);
            }
        } else {
            history.fresh.push(*item);
        }
    }
    for (known, slots) in threads.iter().zip(slots.by_thread()) {
        follow(input, known, &slots, items, &mut history);
    }
    history
}

struct Slots<'t> {
    threads: &'t [Known<'t>],
    all: Vec<Slot>,
    by_print: HashMap<&'t str, Vec<usize>>,
    by_rule: HashMap<&'t str, Vec<usize>>,
}

impl<'t> Slots<'t> {
    fn new(threads: &'t [Known<'t>]) -> Self {
        let mut slots = Self { threads, all: Vec::new(), by_print: HashMap::new(), by_rule: HashMap::new() };
        for (thread, known) in threads.iter().enumerate() {
            for (place, print) in known.marker.fingerprints.iter().enumerate() {
                let index = slots.all.len();
                slots.all.push(Slot { thread, place: Place::Now(place), claim: Claim::Nobody });
                slots.by_print.entry(print).or_default().push(index);
                if let Some(rule) = known.marker.rules.get(place) {
                    slots.by_rule.entry(rule).or_default().push(index);
                }
            }
        }
        // After all others: what a thread says now goes before what it once said.
        for (thread, known) in threads.iter().enumerate() {
            for print in &known.marker.was {
                let index = slots.all.len();
                slots.all.push(Slot { thread, place: Place::Past, claim: Claim::Nobody });
                slots.by_print.entry(print).or_default().push(index);
            }
        }
        slots
    }

    fn claim(&mut self, slot: usize, claim: Claim) {
        if let Some(slot) = self.all.get_mut(slot) {
            slot.claim = claim;
        }
    }

    fn thread_of(&self, slot: usize) -> Option<usize> {
        self.all.get(slot).map(|slot| slot.thread)
    }

    /// The slots of each thread: the place in its marker, and who claims it.
    fn by_thread(&self) -> Vec<Vec<(Place, Claim)>> {
        let mut out = vec![Vec::new(); self.threads.len()];
        for slot in &self.all {
            if let Some(own) = out.get_mut(slot.thread) {
                own.push((slot.place, slot.claim));
            }
        }
        out
    }

    /// Whether a thread on the finding's file holds its fingerprint, now or once.
    fn hold(&self, input: &Input<'_>, item: &Item<'_>) -> bool {
        let print = marker::clean(&item.finding.fingerprint);
        let paths = paths(input, item);
        let slots = self.by_print.get(print.as_str()).into_iter().flatten();
        slots
            .filter_map(|index| self.threads.get(self.all.get(*index)?.thread))
            .any(|known| paths.iter().any(|path| *path == known.thread.path))
    }

    fn free<'s>(&'s self, among: Option<&'s Vec<usize>>) -> impl Iterator<Item = (usize, &'s Known<'t>)> {
        among.into_iter().flatten().filter_map(|index| {
            let slot = self.all.get(*index).filter(|slot| slot.claim == Claim::Nobody)?;
            Some((*index, self.threads.get(slot.thread)?))
        })
    }

    /// First the threads on the finding's own file, then those on files that are gone: the Dockerfile was
    /// renamed between two pushes.
    fn claim_exactly(&mut self, input: &Input<'_>, items: &[Item<'_>], said: &mut [Option<usize>]) {
        let living: HashSet<&str> = input
            .diffs
            .iter()
            .map(|diff| diff.path.as_str())
            .chain(input.head.iter().map(|report| report.path.as_str()))
            .collect();
        for moved in [false, true] {
            for (index, (item, said)) in items.iter().zip(said.iter_mut()).enumerate() {
                if said.is_some() {
                    continue;
                }
                let found = if moved {
                    let print = marker::clean(&item.finding.fingerprint);
                    self.free(self.by_print.get(print.as_str()))
                        .find(|(_, known)| !living.contains(known.thread.path.as_str()))
                        .map(|(slot, _)| slot)
                } else {
                    self.find_exactly(&paths(input, item), item)
                };
                if let Some(slot) = found {
                    self.claim(slot, Claim::Item(index));
                    *said = self.thread_of(slot);
                }
            }
        }
    }

    fn find_exactly(&self, paths: &[&Utf8Path], item: &Item<'_>) -> Option<usize> {
        let print = marker::clean(&item.finding.fingerprint);
        let own = |known: &Known<'_>| paths.iter().any(|path| *path == known.thread.path);
        self.free(self.by_print.get(print.as_str())).find(|(_, known)| own(known)).map(|(slot, _)| slot)
    }

    /// The instruction's text has changed, so the finding has another fingerprint: the nearest thread of the
    /// same rule that has lost its own finding. A thread whose lines did not change must be on its lines.
    fn find_alike(&self, input: &Input<'_>, item: &Item<'_>) -> Option<usize> {
        let paths = paths(input, item);
        let mut place: Option<Option<LineRange>> = None;
        let first = item.lines().first;
        self.free(self.by_rule.get(item.finding.rule))
            .filter(|(_, known)| known.marker.fixed.is_none())
            .filter(|(_, known)| paths.iter().any(|path| *path == known.thread.path))
            .filter_map(|(slot, known)| {
                let Some(lines) = known.lines() else {
                    let distance = known.thread.original_line?.abs_diff(first);
                    return (distance <= MAX_DRIFT).then_some((1 + distance, slot));
                };
                let at = place.get_or_insert_with(|| draft::place_of(input, item));
                let same = lines.overlaps(item.lines()) || at.is_some_and(|at| at.overlaps(lines));
                same.then_some((0, slot))
            })
            .min()
            .map(|(_, slot)| slot)
    }
}

/// What the bodies of own reviews and own answers say.
struct Bodies {
    seen: HashSet<String>,
    listed: HashSet<String>,
    cut: bool,
    ignored: HashMap<String, String>,
}

impl Bodies {
    fn of(input: &Input<'_>) -> Self {
        let mut out =
            Self { seen: HashSet::new(), listed: HashSet::new(), cut: false, ignored: HashMap::new() };
        for marker in input.talk.reviews.iter().filter_map(|review| marker::read(&review.body)) {
            out.cut |= marker.cut;
            out.seen.extend(marker.seen);
            out.listed.extend(marker.listed);
        }
        for marker in input.talk.answers.iter().filter_map(|body| marker::read(body)) {
            let by = marker.ignored_by.unwrap_or_default();
            out.ignored.extend(marker.ignored_rules.into_iter().map(|rule| (rule, by.clone())));
        }
        out
    }

    fn speak_of(&self, input: &Input<'_>, item: &Item<'_>) -> bool {
        self.cut || known(&self.seen, input, item)
    }

    /// Whether a body is the only place where the finding is said.
    fn list(&self, input: &Input<'_>, item: &Item<'_>) -> bool {
        known(&self.listed, input, item)
    }

    fn ignored_by(&self, rule: &str) -> Option<String> {
        self.ignored.get(rule).cloned()
    }
}

fn known(keys: &HashSet<String>, input: &Input<'_>, item: &Item<'_>) -> bool {
    let print = &item.finding.fingerprint;
    paths(input, item).iter().any(|path| keys.contains(&marker::key(path.as_str(), print)))
}

/// Under which paths a thread or body may speak about a finding.
pub(super) fn paths<'a>(input: &Input<'a>, item: &Item<'a>) -> Vec<&'a Utf8Path> {
    let own = input.diff(&item.report.path);
    let mut out: Vec<&Utf8Path> = vec![&item.report.path];
    out.extend(own.and_then(|diff| diff.base_path.as_deref()));
    out.extend(item.finding.fix.as_ref().and_then(|fix| fix.path.as_deref()));
    out.extend(item.finding.related.iter().filter_map(|related| related.path.as_deref()));
    out
}

/// Whether a comment in the file is why a thread's findings are gone.
fn silenced(input: &Input<'_>, known: &Known<'_>) -> bool {
    let report = input.head.iter().find(|report| report.path == known.thread.path);
    let by_comment = |rule: &String| {
        report.is_some_and(|report| report.silenced.iter().any(|silenced| silenced.rule == rule))
    };
    !known.marker.rules.is_empty() && known.marker.rules.iter().all(by_comment)
}

/// Whether nothing is known of a file now, such as a Dockerfile that cannot be read or is one too many.
fn is_unread(input: &Input<'_>, path: &str) -> bool {
    is_dockerfile(Utf8Path::new(path))
        && input.diffs.iter().any(|diff| diff.path == path)
        && !input.head.iter().any(|report| report.path == path)
}

/// Brings a thread up to date: its text where its findings live on, a last word where they are gone.
fn follow<'a>(
    input: &Input<'a>,
    known: &Known<'_>,
    slots: &[(Place, Claim)],
    items: &[Item<'a>],
    history: &mut History<'a>,
) {
    let Known { thread, marker } = known;
    if marker.fingerprints.is_empty() || known.is_settled_by_person() || is_unread(input, &thread.path) {
        return;
    }
    let mut living: Vec<Item<'a>> = Vec::new();
    let mut gone = marker.gone.clone();
    let mut quiet = false;
    for (place, claim) in slots {
        match claim {
            Claim::Item(index) => living.extend(items.get(*index).copied()),
            Claim::Quiet => quiet = true,
            Claim::Nobody => {
                if let Place::Now(place) = place {
                    let rule = marker.rules.get(*place).map_or("", String::as_str);
                    gone.push(format!("{rule}:{}", input.commit));
                }
            }
        }
    }
    if marker.ignored_by.is_some() {
        history.updates.extend(keep_ignored(known, &living));
        return;
    }
    let comment = || thread.comment.clone();
    match (living.is_empty(), quiet) {
        (true, true) => {}
        (true, false) => {
            if marker.fixed.is_some() {
                return;
            }
            history.settled += 1;
            let body = comment::settled(&thread.body, marker, input.commit, silenced(input, known));
            history.updates.push(Update::Comment { id: comment(), body });
            // A talk is not folded away.
            if !thread.replied && !thread.minimized {
                history.updates.push(Update::Minimize { id: comment(), reason: Reason::Resolved });
            }
            if input.settings.resolve_fixed && !thread.resolved {
                if thread.can_resolve {
                    history.updates.push(Update::Resolve { id: thread.id.clone() });
                } else {
                    history.unresolvable += 1;
                }
            }
        }
        (false, _) => {
            let back = marker.fixed.is_some();
            // People talk about what stands there: it is not changed below their feet.
            if thread.replied && !back {
                return;
            }
            if back {
                gone.clear();
            }
            let back_again = |entry: &String| {
                living.iter().any(|item| entry.starts_with(&format!("{}:", item.finding.rule)))
            };
            gone.retain(|entry| !back_again(entry));
            let mut was = marker.was.clone();
            was.extend(marker.fingerprints.iter().filter(|print| !marker.was.contains(print)).cloned());
            let old = was.len().saturating_sub(MAX_PAST);
            let body = restate(input, known, &living, &Past { gone, was: was.split_off(old), moved: false });
            if normal(&body) != normal(&thread.body) {
                history.updates.push(Update::Comment { id: comment(), body });
            }
            if back && thread.minimized {
                history.updates.push(Update::Restore { id: comment() });
            }
            if back && thread.resolved {
                history.updates.push(Update::Reopen { id: thread.id.clone() });
            }
        }
    }
}

/// An ignored thread reads as the person left it; only its marker learns the fingerprints that its findings have
/// since their instructions changed, so that they are known next time, too.
fn keep_ignored(known: &Known<'_>, living: &[Item<'_>]) -> Option<Update> {
    let marker = &known.marker;
    let news: Vec<&Item<'_>> = living
        .iter()
        .filter(|item| {
            let print = marker::clean(&item.finding.fingerprint);
            !marker.fingerprints.contains(&print) && !marker.was.contains(&print)
        })
        .collect();
    if news.is_empty() {
        return None;
    }
    let mut marker = marker.clone();
    let old: Vec<String> =
        marker.fingerprints.iter().filter(|print| !marker.was.contains(print)).cloned().collect();
    marker.was.extend(old);
    let surplus = marker.was.len().saturating_sub(MAX_PAST);
    marker.was.drain(..surplus);
    marker.fingerprints = living.iter().map(|item| item.finding.fingerprint.clone()).collect();
    marker.rules = living.iter().map(|item| item.finding.rule.to_owned()).collect();
    let (text, _) = marker::split(&known.thread.body);
    Some(Update::Comment { id: known.thread.comment.clone(), body: format!("{text}\n\n{}", marker.line()) })
}

/// The text of a thread as it would be written today. A suggestion replaces the thread's lines, so it is
/// offered only while these are the lines to replace.
fn restate<'a>(input: &Input<'a>, known: &Known<'_>, living: &[Item<'a>], past: &Past) -> String {
    let (drafts, body) = draft::draft(input, living);
    if let ([draft], Some(lines)) = (drafts.as_slice(), known.lines())
        && body.is_empty()
        && draft.path == known.thread.path
        && draft.range == lines
    {
        return comment::write(input, draft, past).body;
    }
    let path = Utf8Path::new(&known.thread.path).to_owned();
    let range = known.lines().or_else(|| living.first().map(Item::lines));
    let entries = living.iter().map(|item| Entry { item: *item, in_block: false }).collect();
    let draft = Draft { path, range: range.unwrap_or(LineRange::new(1, 1)), entries, block: None };
    comment::write(input, &draft, &Past { moved: known.lines().is_none(), ..past.clone() }).body
}

/// A text without what GitHub may change when it stores it.
pub(super) fn normal(text: &str) -> String {
    text.replace('\r', "").trim().to_owned()
}
