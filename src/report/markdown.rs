//! Findings as a Markdown document, for a job summary or a file.

use super::hunk::{self, around};
use super::{Checked, visible};
use crate::config::Level;
use crate::lint::FileReport;
use crate::review::markdown::{block, code, prose};
use crate::rules::{Finding, Fix, Safety};
use crate::text::{Source, diff, log};
use std::fmt::Write as _;

/// The most lines that are shown of a finding or of its fix.
const MAX_LINES: usize = 20;

/// The whole report.
pub fn render(checked: &Checked) -> String {
    let mut out = format!("# Tidewaiter\n\n{}\n", checked.summary().counts());
    for file in checked.reports().filter(|file| !file.findings.is_empty()) {
        // Writing to a String cannot fail, here and below.
        let _ = write!(out, "\n## {}\n", code(&visible(file.path.as_str())));
        for finding in &file.findings {
            write_finding(&mut out, checked, file, finding);
        }
    }
    if !checked.errors.is_empty() {
        out.push_str("\n## Failed\n\n");
        for error in &checked.errors {
            let _ = writeln!(out, "- {}: {}", code(&visible(error.path.as_str())), prose(&error.message));
        }
    }
    // It may be printed in a workflow's log.
    log::inert(&out).into_owned()
}

/// The sign of a level.
pub(super) const fn sign(level: Level) -> &'static str {
    match level {
        Level::Error => "🛑",
        Level::Warning => "⚠️",
        Level::Info => "💡",
        Level::Style => "✏️",
    }
}

fn write_finding(out: &mut String, checked: &Checked, file: &FileReport, finding: &Finding) {
    let (first, last) = file.source.lines_of(finding.span);
    let lines = if first == last { format!("line {first}") } else { format!("lines {first}–{last}") };
    let level = finding.level;
    let _ = write!(out, "\n### {} {level}: {} ({lines})\n\n", sign(level), code(finding.rule));
    let _ = writeln!(out, "{}\n", prose(&finding.message));
    let shown: Vec<&str> =
        (first..=last).take(MAX_LINES + 1).map(|number| file.source.line(number)).collect();
    fence(out, "dockerfile", &cut(&shown.join("\n")));
    for note in &finding.notes {
        let _ = write!(out, "\n- {}", prose(note));
    }
    for related in &finding.related {
        let path = related.path.as_deref().unwrap_or(&file.path);
        let line = checked.source(file, Some(path)).map(|source| source.line_of(related.span.start));
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        let _ = write!(
            out,
            "\n- {}: {}",
            code(&format!("{}{line}", visible(path.as_str()))),
            prose(&related.message)
        );
    }
    if !finding.notes.is_empty() || !finding.related.is_empty() {
        out.push('\n');
    }
    if let Some(fix) = &finding.fix {
        write_fix(out, checked, file, fix);
    }
}

fn write_fix(out: &mut String, checked: &Checked, file: &FileReport, fix: &Fix) {
    let label = match fix.safety {
        Safety::Safe => "Safe fix",
        Safety::Confirm => "Fix to check first",
    };
    let place = fix.path.as_deref().filter(|path| *path != file.path);
    let place = place.map_or_else(String::new, |path| format!(" in {}", code(&visible(path.as_str()))));
    let _ = write!(out, "\n**{label}**{place}: {}\n", prose(&fix.title));
    let empty = Source::new("");
    let source = checked.source(file, fix.path.as_deref()).unwrap_or(&empty);
    // Edits that do not fit give no diff; the title still says what to do.
    if let Some((old, new)) = around(source, &fix.edits, 2) {
        out.push('\n');
        fence(out, "diff", &cut(&diff::excerpt(old, &new)));
    }
}

/// A fenced code block of lines that are visible already.
fn fence(out: &mut String, language: &str, lines: &[String]) {
    let _ = writeln!(out, "{}", block(language, lines));
}

/// Lines as they are shown, at most [`MAX_LINES`].
fn cut(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().take(MAX_LINES).map(hunk::cut).collect();
    if text.lines().nth(MAX_LINES).is_some() {
        lines.push("…".to_owned());
    }
    lines
}
