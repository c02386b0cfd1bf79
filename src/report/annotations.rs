//! Workflow commands: annotations in a GitHub Actions log.
//!
//! Facts are from actions/runner (`ExecutionContext.cs`) and the documentation of actions/toolkit: 10 errors,
//! 10 warnings and 10 notices of one step are kept, first come, first kept; a message is cut at 4,096
//! characters. What a line must not look like is in [`log`].

use super::{Checked, count, visible};
use crate::config::Level;
use crate::review::Annotation;
use crate::rules::Safety;
use crate::text::log;
use std::fmt::Write as _;

/// How many annotations of one kind GitHub keeps of a step.
const PER_KIND: usize = 10;
/// Shorter than the runner's 4,096 so that the escaped text fits too in the usual case.
const MAX_MESSAGE: usize = 3000;

/// One annotation for each finding, worst first.
pub fn annotations(checked: &Checked) -> Vec<Annotation> {
    let mut out: Vec<Annotation> = Vec::new();
    for file in checked.reports() {
        for finding in &file.findings {
            let (line, end_line) = file.source.lines_of(finding.span);
            let mut message = finding.message.clone();
            for note in &finding.notes {
                message.push('\n');
                message.push_str(note);
            }
            if let Some(fix) = &finding.fix {
                let label = if fix.safety == Safety::Safe { "Fix" } else { "Fix to check" };
                // Writing to a String cannot fail.
                let _ = write!(message, "\n{label}: {}", fix.title);
            }
            let (level, path, title) = (finding.level, file.path.clone(), finding.rule.to_owned());
            out.push(Annotation { level, path, line, end_line, title, message });
        }
    }
    out.sort_by_key(|annotation| std::cmp::Reverse(annotation.level));
    out
}

/// Workflow commands for annotations, worst first, within what GitHub keeps of a step.
///
/// Of each kind at most ten: when there are more, the first one says so and ends with `pointer` (where all
/// of them are to be found), and the rest are plain lines of the log, so that nothing is lost.
pub fn render(annotations: &[Annotation], pointer: &str) -> String {
    let mut out = String::new();
    let mut rest = String::new();
    for (kind, levels) in [
        ("error", &[Level::Error][..]),
        ("warning", &[Level::Warning]),
        ("notice", &[Level::Info, Level::Style]),
    ] {
        let all: Vec<&Annotation> = levels
            .iter()
            .flat_map(|level| annotations.iter().filter(move |annotation| annotation.level == *level))
            .collect();
        let kept = if all.len() > PER_KIND { PER_KIND - 1 } else { all.len() };
        if all.len() > kept {
            let more = count(all.len() - kept, &format!("more {kind}"));
            let text = format!("{more} than GitHub shows of one step. {pointer}");
            let _ = writeln!(out, "::{kind} title=tidewaiter::{}", data(&text));
        }
        for (index, annotation) in all.into_iter().enumerate() {
            if index < kept {
                command(&mut out, kind, annotation);
            } else {
                plain(&mut rest, annotation);
            }
        }
    }
    out + &rest
}

fn command(out: &mut String, kind: &str, annotation: &Annotation) {
    let _ = writeln!(
        out,
        "::{kind} file={},line={},endLine={},title={}::{}",
        property(annotation.path.as_str()),
        annotation.line,
        annotation.end_line.max(annotation.line),
        property(&annotation.title),
        data(&annotation.message),
    );
}

/// A line of the log that is no command: it starts with the level, and `##[` is broken up.
fn plain(out: &mut String, annotation: &Annotation) {
    let Annotation { level, path, line, title, message, .. } = annotation;
    let text = format!("{level}[{title}] {path}:{line}: {message}");
    let _ = writeln!(out, "{}", log_line(&text));
}

/// Text as a line of a workflow log that no runner takes for a command.
pub fn log_line(text: &str) -> String {
    log::inert(&visible(text)).into_owned()
}

/// The message of a command.
fn data(text: &str) -> String {
    let shown = super::visible_lines(text);
    let mut cut: String = shown.chars().take(MAX_MESSAGE).collect();
    if cut.len() < shown.len() {
        cut.push('…');
    }
    escape(&cut)
}

/// A property of a command: also `:` and `,` would end it.
fn property(text: &str) -> String {
    escape(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

/// `%` first, or the other escapes would be escaped again.
fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace("##[", "# #[")
}
