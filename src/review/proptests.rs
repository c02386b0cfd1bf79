//! For random files, diffs and fixes: every comment lies in one hunk, every suggestion gives the proven text.

use super::tests::report;
use super::{FileDiff, Input, LineRange, plan};
use crate::config::Level;
use crate::rules::{Finding, Fix};
use crate::text::diff::unified;
use crate::text::{Edit, Source, Span, apply};
use proptest::prelude::*;
use std::fmt::Write as _;

/// Short lines with everything that may hurt a fence or a diff.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-C]{1,2}( [a-c]{1,3}){0,2}",
        1 => Just(String::new()),
        1 => Just("```suggestion".to_owned()),
        1 => Just("   ````".to_owned()),
        1 => Just("\tRUN é \\".to_owned()),
        1 => Just("@@ -1 +1 @@".to_owned()),
        1 => Just("-- x".to_owned()),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Keep,
    Drop,
    Put(String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![6 => Just(Step::Keep), 1 => Just(Step::Drop), 2 => line().prop_map(Step::Put)];
    proptest::collection::vec(step, 40)
}

/// Base and head with some lines changed, one kind of line end, each with or without one at the end; the base may
/// be empty, as for a new file.
fn texts() -> impl Strategy<Value = (String, String)> {
    let ends = (any::<bool>(), any::<bool>(), any::<bool>());
    (proptest::collection::vec(line(), 1..40), steps(), ends, 0..8_u8).prop_map(
        |(lines, steps, (crlf, base_ended, head_ended), new)| {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut head = Vec::new();
            for (line, step) in lines.iter().zip(&steps) {
                match step {
                    Step::Keep => head.push(line.clone()),
                    Step::Drop => {}
                    Step::Put(new) => head.extend([new.clone(), line.clone()]),
                }
            }
            let join = |lines: &[String], ended: bool| {
                let mut text = lines.join(end);
                if ended && !lines.is_empty() {
                    text.push_str(end);
                }
                text
            };
            let base = if new == 0 { String::new() } else { join(&lines, base_ended) };
            (base, join(&head, head_ended))
        },
    )
}

/// The `patch` that GitHub gives: hunks without the lines of names, `\ No newline at end of file`, no line end at
/// its own end.
fn patch(base: &str, head: &str) -> String {
    let whole = unified(base, head, "a", "b");
    let hunks = whole.splitn(3, '\n').nth(2).unwrap_or("");
    hunks.strip_suffix('\n').unwrap_or(hunks).to_owned()
}

/// Where in the text (per mille), how many bytes go, what comes.
type RawEdit = (usize, usize, String);

fn edits() -> impl Strategy<Value = Vec<Vec<RawEdit>>> {
    let text = prop_oneof![
        Just(String::new()),
        Just(" -x".to_owned()),
        Just("USER 1\n".to_owned()),
        Just("\nUSER 2".to_owned()),
        Just("```\n".to_owned()),
    ];
    let edit = (0..1_001_usize, prop_oneof![3 => Just(0_usize), 2 => 0..12_usize], text);
    proptest::collection::vec(proptest::collection::vec(edit, 1..3), 0..12)
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

fn edit(text: &str, (place, len, new): &RawEdit) -> Edit {
    let start = boundary(text, place * text.len() / 1_000);
    let end = boundary(text, start + len).max(start);
    let new = if text.contains("\r\n") { new.replace('\n', "\r\n") } else { new.clone() };
    Edit::replace(Span::of(&(start..end)), new)
}

fn findings(text: &str, raw: &[Vec<RawEdit>]) -> Vec<Finding> {
    let levels = [Level::Error, Level::Warning, Level::Info];
    let of = |(index, raw): (usize, &Vec<RawEdit>)| {
        let edits: Vec<Edit> = raw.iter().map(|raw| edit(text, raw)).collect();
        let span = edits.first().map_or(Span::at(0), |edit| edit.span);
        Finding {
            rule: "r",
            level: levels[index % 3],
            path: "Dockerfile".into(),
            span,
            message: format!("Message {index}."),
            notes: Vec::new(),
            related: Vec::new(),
            fix: Some(Fix::safe("Do", edits)),
            subject: None,
            fingerprint: format!("{index:04x}"),
            codes: Vec::new(),
        }
    };
    raw.iter().enumerate().map(of).collect()
}

/// The lines of a comment's suggestion, read as CommonMark reads it.
fn suggestion(body: &str) -> Option<Vec<String>> {
    let lines: Vec<&str> = body.split('\n').collect();
    let open = lines.iter().position(|line| line.starts_with("```"))?;
    let info = lines[open].trim_start_matches('`');
    if info != "suggestion" {
        return None;
    }
    let ticks = lines[open].len() - info.len();
    let closes = |line: &str| {
        let inner = line.trim_start_matches(' ');
        let run = inner.len() - inner.trim_start_matches('`').len();
        line.len() - inner.len() <= 3 && run >= ticks && inner.trim_start_matches('`').trim().is_empty()
    };
    let len = lines[open + 1..].iter().position(|line| closes(line)).expect("the fence is closed");
    Some(lines[open + 1..open + 1 + len].iter().map(|line| (*line).to_owned()).collect())
}

/// The stand-in's and GitHub's way: whole lines are replaced, the last one keeps the end it had.
fn commit(text: &str, range: LineRange, new: &[String]) -> String {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let end = |line: &str| {
        if line.ends_with("\r\n") {
            "\r\n"
        } else if line.ends_with('\n') {
            "\n"
        } else {
            ""
        }
    };
    let (first, last) = (range.first as usize - 1, range.last as usize);
    let own = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out: String = old[..first].concat();
    for (index, line) in new.iter().enumerate() {
        out.push_str(line);
        out.push_str(if index + 1 == new.len() { end(old[last - 1]) } else { own });
    }
    out + &old[last..].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn comments_lie_in_hunks_and_suggestions_are_exact(
        (base, head) in texts(),
        raw in edits(),
        computed in any::<bool>(),
        renamed in any::<bool>(),
    ) {
        let found = findings(&head, &raw);
        let reports = [report("Dockerfile", &head, found.clone())];
        let diff = if computed {
            FileDiff::from_texts("Dockerfile", &base, &head)
        } else {
            FileDiff::from_patch("Dockerfile", &patch(&base, &head))
        };
        let diffs = [if renamed { diff.renamed_from("old/Dockerfile") } else { diff }];
        let everything = |r: &crate::lint::FileReport, _: &Finding| vec![LineRange::new(1, r.source.line_count())];
        // Every text that was proven: single fixes here, compositions when they are asked about.
        let proven = std::cell::RefCell::new(Vec::new());
        for finding in &found {
            proven.borrow_mut().extend(apply(&head, &finding.fix.as_ref().unwrap().edits));
        }
        let reprove = |_: &camino::Utf8Path, text: &str, gone: &[&Finding]| {
            let sound = gone.len() != 3;
            if sound {
                proven.borrow_mut().push(text.to_owned());
            }
            sound
        };
        let input = Input { causes: Some(&everything), reprove: Some(&reprove), ..Input::new("head", &[], &reports, &diffs) };
        let plan = plan(&input);
        let Some(review) = plan.review else {
            prop_assert!(found.is_empty());
            return Ok(());
        };
        let mut taken: Vec<LineRange> = Vec::new();
        let mut said = 0;
        for comment in &review.comments {
            let range = LineRange::new(comment.start_line.unwrap_or(comment.line), comment.line);
            prop_assert!(comment.start_line.is_none_or(|start| start < comment.line));
            prop_assert_eq!(diffs[0].hunks.iter().filter(|hunk| hunk.holds(range)).count(), 1);
            said += comment.fingerprints.len();
            if let Some(lines) = suggestion(&comment.body) {
                let text = commit(&head, range, &lines);
                prop_assert!(proven.borrow().contains(&text), "{range:?} {lines:?}\n{text:?}\n{head:?}");
                prop_assert!(text != head);
                prop_assert!(!taken.iter().any(|other| other.overlaps(range)));
                taken.push(range);
            }
        }
        // Nothing is lost, nothing is said twice.
        said += review.body.matches(" · `Dockerfile:").count();
        prop_assert_eq!(said, found.len());
    }

    #[test]
    fn computed_hunks_show_the_head((base, head) in texts()) {
        let diff = FileDiff::from_texts("f", &base, &head);
        let source = Source::new(head.clone());
        for line in diff.hunks.iter().flat_map(|hunk| &hunk.lines) {
            if let Some(number) = line.new {
                prop_assert_eq!(source.line(number), line.text.as_str());
            }
        }
        prop_assert_eq!(diff.hunks.is_empty(), base == head);
        for pair in diff.hunks.windows(2) {
            let (a, b) = (pair[0].range(), pair[1].range());
            prop_assert!(a.zip(b).is_none_or(|(a, b)| a.last < b.first));
        }
        // What is printed as a patch is read again.
        let mut text = String::new();
        for hunk in &diff.hunks {
            let count = |mark| hunk.lines.iter().filter(|line| line.mark != mark).count();
            let start = hunk.range().map_or(0, |range| range.first);
            let (old, new) = (count(super::Mark::Added), count(super::Mark::Removed));
            writeln!(text, "@@ -1,{old} +{start},{new} @@").unwrap();
            for line in &hunk.lines {
                writeln!(text, "{}{}", line.mark.sign(), line.text).unwrap();
            }
        }
        prop_assert_eq!(FileDiff::from_patch("f", &text).hunks, diff.hunks);
    }

    #[test]
    fn patches_show_the_head((base, head) in texts()) {
        let diff = FileDiff::from_patch("f", &patch(&base, &head));
        let source = Source::new(head.clone());
        let numbered = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
        for (number, line) in numbered.filter_map(|line| Some((line.new?, line))) {
            prop_assert!(number <= source.line_count());
            prop_assert_eq!(source.line(number), line.text.as_str());
        }
        prop_assert_eq!(diff.hunks.is_empty(), base == head);
        // The lines of the base are all there, too: context and removed ones.
        let old: Vec<&str> = base.lines().collect();
        let shown = diff.hunks.iter().flat_map(|h| &h.lines).filter(|line| line.mark != super::Mark::Added);
        for line in shown {
            prop_assert!(old.contains(&line.text.as_str()), "{line:?}");
        }
    }

    #[test]
    fn any_patch_is_read(text in "(@@ -[0-9]{1,2}(,[0-9]{1,2})? [+][0-9]{1,2}(,[0-9])? @@\n|[ +\\\\-]?[a-c]?\n){0,20}") {
        for hunk in FileDiff::from_patch("f", &text).hunks {
            let lines: Vec<u32> = hunk.lines.iter().filter_map(|line| line.new).collect();
            prop_assert!(lines.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        }
    }

    #[test]
    fn prose_never_holds_live_markup(text in "[a-c@#<>&`!|: /\\[\\]()_*.\n\\\\-]{0,40}") {
        let shown = super::markdown::prose(&text);
        // Outside of code spans nothing is left that GitHub acts on.
        let mut outside = String::new();
        let mut rest = shown.as_str();
        while let Some(at) = rest.find('`') {
            let (before, from) = rest.split_at(at);
            outside.push_str(before);
            if (before.len() - before.trim_end_matches('\\').len()) % 2 == 1 {
                rest = &from[1..];
                continue;
            }
            let ticks = from.len() - from.trim_start_matches('`').len();
            let fence = "`".repeat(ticks);
            let close = from[ticks..].find(&fence).expect("spans are closed");
            rest = &from[ticks + close + ticks..];
        }
        outside.push_str(rest);
        let outside = outside.replace("&#8203;", "\u{200b}");
        prop_assert!(!outside.contains('<') && !outside.contains("://"), "{shown}");
        for (index, c) in outside.char_indices().filter(|(_, c)| "@#".contains(*c)) {
            prop_assert!(outside[index + c.len_utf8()..].starts_with('\u{200b}'), "{shown}");
        }
    }
}
