//! The table, the job summary and the text of an issue.

use super::files::{File, Tally, clean, files};
use crate::config::Level;
use crate::report::annotations::log_line;
use crate::report::markdown::sign;
use crate::report::{Checked, Lookup, Summary, count, terminal};
use crate::review::markdown::{cell, cell_code, code, prose};
use crate::review::{MAX_BODY, Page};
use crate::rules::{Chapter, Finding, Safety};
use std::fmt::Write as _;

/// The most bytes of a job summary. GitHub shows 1 MiB of a step's, others of the job may write to it too.
const MAX_SUMMARY: usize = 900_000;

/// How much is said.
struct Shape {
    title: &'static str,
    /// The most bytes.
    limit: usize,
    /// The most rows of the table of files.
    rows: usize,
    /// The most findings that are listed of one file.
    per_file: usize,
    /// The least level that is listed; all are counted.
    least: Level,
}

/// The findings by file and level for the terminal, and a line of counts. With `styled` it has ANSI colours.
pub fn table(checked: &Checked, styled: bool) -> String {
    let files = files(checked);
    let mut out = String::new();
    if !files.is_empty() {
        out.push_str("errors  warnings  info  style  fixable  file\n");
    }
    for file in &files {
        let cell = |number: usize, width: usize, colour: &str| {
            let text = format!("{number:>width$}");
            match (number, styled) {
                (0, true) => format!("\u{1b}[2m{text}\u{1b}[0m"),
                (_, true) if !colour.is_empty() => format!("{colour}{text}\u{1b}[0m"),
                _ => text,
            }
        };
        let _ = writeln!(
            out,
            "{}  {}  {}  {}  {}  {}",
            cell(file.of(Level::Error), 6, "\u{1b}[1;31m"),
            cell(file.of(Level::Warning), 8, "\u{1b}[33m"),
            cell(file.of(Level::Info), 4, ""),
            cell(file.of(Level::Style), 5, ""),
            cell(file.fixable(), 7, "\u{1b}[32m"),
            log_line(file.path.as_str()),
        );
    }
    let clean = clean(checked, &files).len();
    if clean > 0 && !files.is_empty() {
        let _ = writeln!(out, "{} without findings", count(clean, "Dockerfile"));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&terminal::summary(checked));
    out.push('\n');
    out
}

/// The job summary, Markdown: totals, a table by file and chapter, the findings of each file, how to fix them. `of`
/// says what was looked at (plain text with code between single backticks).
pub fn summary(checked: &Checked, rule: Lookup, of: Option<&str>) -> String {
    let shape = Shape {
        title: "## Tidewaiter audit",
        limit: MAX_SUMMARY,
        rows: 500,
        per_file: 200,
        least: Level::Style,
    };
    let mut text = write(checked, rule, of, &shape);
    text.push('\n');
    text
}

/// The text of an issue, Markdown: as [`summary`], shorter. At most [`MAX_BODY`] characters less `reserve`, which
/// the caller needs for a text of its own.
pub fn issue_body(checked: &Checked, rule: Lookup, of: Option<&str>, reserve: usize) -> String {
    let limit = MAX_BODY.saturating_sub(reserve);
    write(checked, rule, of, &Shape { title: "", limit, rows: 100, per_file: 25, least: Level::Info })
}

fn write(checked: &Checked, rule: Lookup, of: Option<&str>, shape: &Shape) -> String {
    let files = files(checked);
    let fix = how_to_fix(&checked.summary());
    // The note about what did not fit, and how to fix the rest, always have room.
    let limit = shape.limit.saturating_sub(fix.len() + 200);
    let mut page = Page { text: shape.title.to_owned(), limit, left_out: 0 };
    page.add(&totals(checked, of));
    if !files.is_empty() {
        add_table(&mut page, checked, rule, &files, shape.rows);
    }
    let clean = clean(checked, &files);
    if !clean.is_empty() && !files.is_empty() {
        let names: Vec<String> = clean.iter().take(20).map(|path| code(path.as_str())).collect();
        let more = if clean.len() > names.len() { ", …" } else { "" };
        page.add(&format!(
            "✅ {} without findings: {}{more}",
            count(clean.len(), "Dockerfile"),
            names.join(", ")
        ));
    }
    if !checked.errors.is_empty() {
        page.add(&unread(checked));
    }
    let mut missing = Missing::default();
    for file in &files {
        let (piece, left_out) = details(file, shape);
        if piece.is_empty() || !page.add(&piece) {
            missing.add(file.findings.len());
        } else {
            missing.findings += left_out;
        }
    }
    let mut text = page.text;
    if missing.findings > 0 {
        let files = match missing.files {
            0 => String::new(),
            number => format!(", all those of {} among them", count(number, "file")),
        };
        let _ = write!(
            text,
            "\n\n… and {} that are not listed here{files}.",
            count(missing.findings, "more finding")
        );
    }
    if !fix.is_empty() {
        text.push_str("\n\n");
        text.push_str(&fix);
    }
    text.trim_start().to_owned()
}

/// What is not listed.
#[derive(Default)]
struct Missing {
    findings: usize,
    files: usize,
}

impl Missing {
    fn add(&mut self, findings: usize) {
        self.files += 1;
        self.findings += findings;
    }
}

/// "**5 findings** (1 error, 4 warnings) in 3 Dockerfiles and what is around them. 2 have a proven fix."
fn totals(checked: &Checked, of: Option<&str>) -> String {
    let sum = checked.summary();
    let of = of.map_or_else(String::new, |of| format!(" of {}", prose(of)));
    let among = format!("{}{of}", count(sum.files, "Dockerfile"));
    let mut out = match sum.total() {
        0 => format!("✅ **No findings** in {among}."),
        total => format!("**{}** ({}) in {among}.", count(total, "finding"), levels(&sum)),
    };
    let sentence = |number: usize, one: &str, many: &str| match number {
        0 => String::new(),
        1 => format!(" 1 {one}."),
        _ => format!(" {number} {many}."),
    };
    out.push_str(&sentence(sum.fixable, "has a proven fix", "have a proven fix"));
    out.push_str(&sentence(
        sum.suppressed,
        "is silenced by a comment in its file",
        "are silenced by comments in the files",
    ));
    out.push_str(&sentence(checked.errors.len(), "file could not be read", "files could not be read"));
    out
}

fn levels(sum: &Summary) -> String {
    let of = [
        (sum.error, Level::Error),
        (sum.warning, Level::Warning),
        (sum.info, Level::Info),
        (sum.style, Level::Style),
    ];
    let words: Vec<String> = of
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, level)| words(number, level))
        .collect();
    words.join(", ")
}

/// "2 errors", "3 info".
fn words(number: usize, level: Level) -> String {
    match level {
        Level::Error | Level::Warning => count(number, level.name()),
        Level::Info | Level::Style => format!("{number} {level}"),
    }
}

fn shown(tally: Tally) -> String {
    tally.worst.map_or_else(|| "·".to_owned(), |level| format!("{}&nbsp;{}", sign(level), tally.number))
}

/// Adds one row per file with its findings by chapter, as many as fit.
fn add_table(page: &mut Page, checked: &Checked, rule: Lookup, files: &[File<'_>], rows: usize) {
    let mut table = "| File |".to_owned();
    for chapter in Chapter::ALL {
        let name = chapter.name();
        let (first, rest) = name.split_at(1);
        let _ = write!(table, " {}{rest} |", first.to_ascii_uppercase());
    }
    table.push_str(" Total | Fixable |\n|---|");
    table.push_str(&"--:|".repeat(Chapter::ALL.len() + 2));
    // A quarter of the page is for the table at most.
    let room = page.limit / 4;
    let mut taken = 0;
    for file in files.iter().take(rows) {
        let mut row = format!("\n| {} |", cell_code(file.path.as_str()));
        for tally in file.chapters(rule) {
            let _ = write!(row, " {} |", shown(tally));
        }
        let _ = write!(row, " {} | {} |", shown(file.total()), number(file.fixable()));
        if table.len() + row.len() > room {
            break;
        }
        table.push_str(&row);
        taken += 1;
    }
    let mut all = [Tally::default(); Chapter::ALL.len()];
    for file in files {
        for (sum, tally) in all.iter_mut().zip(file.chapters(rule)) {
            sum.number += tally.number;
            sum.worst = sum.worst.max(tally.worst);
        }
    }
    let sum = checked.summary();
    if files.len() > 1 {
        table.push_str("\n| **All** |");
        for tally in all {
            let _ = write!(table, " {} |", shown(tally));
        }
        let total = Tally { number: sum.total(), worst: all.iter().filter_map(|tally| tally.worst).max() };
        let _ = write!(table, " {} | {} |", shown(total), number(sum.fixable));
    }
    page.add(&table);
    if taken < files.len() {
        page.add(&format!("… and {}.", count(files.len() - taken, "more file")));
    }
}

fn number(number: usize) -> String {
    if number == 0 { "·".to_owned() } else { number.to_string() }
}

fn unread(checked: &Checked) -> String {
    let mut out = "### Not read\n".to_owned();
    for error in checked.errors.iter().take(50) {
        let _ = write!(out, "\n- {}: {}", code(error.path.as_str()), prose(&error.message));
    }
    if checked.errors.len() > 50 {
        let _ = write!(out, "\n- … and {}", count(checked.errors.len() - 50, "more file"));
    }
    out
}

/// The findings of a file, folded; how many of them are not among them. Empty where none is listed.
fn details(file: &File<'_>, shape: &Shape) -> (String, usize) {
    let listed: Vec<&&Finding> =
        file.findings.iter().filter(|finding| finding.level >= shape.least).take(shape.per_file).collect();
    let left_out = file.findings.len() - listed.len();
    if listed.is_empty() {
        return (String::new(), left_out);
    }
    let kinds: Vec<String> = Level::ALL
        .into_iter()
        .map(|level| (file.of(level), level))
        .filter(|(number, _)| *number > 0)
        .map(|(number, level)| format!("{} {}", sign(level), words(number, level)))
        .collect();
    // Only our own words stand inside the tags: Markdown is not read there.
    let mut out = format!(
        "### {}\n\n<details><summary>{}</summary>\n\n| | Line | Rule | Finding | Fix |\n|---|--:|---|---|---|",
        code(file.path.as_str()),
        kinds.join(", ")
    );
    for finding in listed {
        let fix = finding.fix.as_ref().map_or_else(
            || "—".to_owned(),
            |fix| {
                let check = if fix.safety == Safety::Confirm { " (to be checked)" } else { "" };
                let place = fix.path.as_deref().filter(|path| *path != file.path);
                let place =
                    place.map_or_else(String::new, |path| format!(" in {}", cell_code(path.as_str())));
                format!("{}{place}{check}", cell(&fix.title))
            },
        );
        let _ = write!(
            out,
            "\n| {} | {} | {} | {} | {fix} |",
            sign(finding.level),
            file.source.line_of(finding.span.start),
            cell_code(finding.rule),
            cell(&finding.message),
        );
    }
    if left_out > 0 {
        let _ = write!(out, "\n\n… and {}.", count(left_out, "more finding"));
    }
    out.push_str("\n\n</details>");
    (out, left_out)
}

fn how_to_fix(sum: &Summary) -> String {
    let mut commands = Vec::new();
    if sum.safe > 0 {
        commands.push("tidewaiter check --fix                     # after these the image behaves the same");
    }
    if sum.fixable > sum.safe {
        commands.push("tidewaiter check --fix --confirm-fixes     # all of them; then look at the diff");
    }
    if commands.is_empty() {
        return String::new();
    }
    let fixes = match (sum.fixable, sum.safe) {
        (1, _) => "1 finding has a proven fix".to_owned(),
        (all, safe) if all == safe => format!("{all} findings have a proven fix"),
        (all, safe) => format!("{all} findings have a proven fix, {safe} of them a safe one"),
    };
    format!(
        "### Fix\n\n{fixes}:\n\n```sh\n{}\n```\n\nWhat is meant to be so is silenced by a comment above it: \
         `# tidewaiter ignore=RULE reason=\"…\"`. What a rule is about: `tidewaiter explain RULE`.",
        commands.join("\n")
    )
}
