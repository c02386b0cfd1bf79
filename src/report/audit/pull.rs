//! The text of a pull request that applies fixes.

use crate::lint::{Applied, FixedFile};
use crate::report::markdown::sign;
use crate::report::{Lookup, count};
use crate::review::markdown::{code, prose};
use crate::review::{MAX_BODY, Page};
use crate::rules::Safety;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The text of the pull request, Markdown: each change, what was wrong, what it does to the image. At most
/// [`MAX_BODY`] characters less `reserve`, which the caller needs for a text of its own.
pub fn fix_pull_body(files: &[FixedFile], rule: Lookup, reserve: usize) -> String {
    let applied: Vec<&Applied> = files.iter().flat_map(|file| &file.applied).collect();
    let confirm = applied.iter().filter(|fix| fix.safety == Safety::Confirm).count();
    let mut intro = format!(
        "{} in {}. Each was proven before it was written here: applied, parsed and linted again. What it mends is \
         gone, nothing new is reported, and all other bytes are as they were.",
        if applied.len() == 1 { "1 fix".to_owned() } else { format!("{} fixes", applied.len()) },
        count(files.len(), "file"),
    );
    match confirm {
        0 => intro.push_str(" The images behave the same."),
        1 => intro.push_str(" **One has to be checked:** after it an image may behave differently."),
        n => {
            let _ = write!(intro, " **{n} have to be checked:** after them an image may behave differently.");
        }
    }
    let limit = MAX_BODY.saturating_sub(reserve + 200);
    let mut page = Page { text: intro, limit, left_out: 0 };
    let mut left_out = 0;
    for file in files {
        let new = if file.before.is_none() { " (new)" } else { "" };
        let mut heading = format!("### {}{new}\n\n", code(file.path.as_str()));
        // Those to be checked first: they are what a reader has to look at.
        let mut changes: Vec<&Applied> = file.applied.iter().collect();
        changes.sort_by_key(|fix| (fix.safety == Safety::Safe, &fix.path, fix.line, &fix.title));
        // Two rules may ask for the same change.
        let same = |a: &&Applied, b: &&Applied| (&a.title, &a.path, a.line) == (&b.title, &b.path, b.line);
        for change in changes.chunk_by(same) {
            // After the first that does not fit all others are left out, so that what is there is complete up to it.
            if left_out == 0 && page.add(&format!("{heading}{}", entry(file, change))) {
                heading.clear();
            } else {
                left_out += change.len();
            }
        }
    }
    let rules: BTreeSet<&'static str> = applied.iter().map(|fix| fix.rule).collect();
    for id in rules {
        let why = rule(id).map(|rule| rule.section("Why is this bad?")).unwrap_or_default();
        if !why.is_empty() {
            page.add(&format!("<details><summary>Why {id}?</summary>\n\n{why}\n\n</details>"));
        }
    }
    if left_out > 0 {
        let _ =
            write!(page.text, "\n\n… and {} that are not described here.", count(left_out, "more change"));
    }
    page.text
}

/// One change: what it does, what was wrong, what to check. Empty for no fix.
fn entry(file: &FixedFile, fixes: &[&Applied]) -> String {
    let Some(fix) = fixes.first() else { return String::new() };
    let place = if fix.path == file.path {
        format!("line {}", fix.line)
    } else {
        // Another file is the reason for the change of this one.
        format!("for {}", code(&format!("{}:{}", fix.path, fix.line)))
    };
    let rules: Vec<String> =
        fixes.iter().map(|fix| format!("{} {}", sign(fix.level), code(fix.rule))).collect();
    let mut messages: Vec<String> = fixes.iter().map(|fix| prose(&fix.message)).collect();
    messages.dedup();
    let mut out = format!(
        "- **{}** ({}, {place})\n\n  {}",
        prose(fix.title.trim_end_matches('.')),
        rules.join(", "),
        messages.join(" "),
    );
    if fixes.iter().any(|fix| fix.safety == Safety::Confirm) {
        let mut notes: Vec<String> =
            fixes.iter().flat_map(|fix| &fix.notes).take(8).map(|note| prose(note)).collect();
        notes.dedup();
        if notes.is_empty() {
            notes.push("the image may behave differently.".to_owned());
        }
        let _ = write!(out, "\n\n  **Check before you merge:** {}", notes.join(" "));
    }
    out
}
