//! Findings for people, in rustc's well-known look.

use super::excerpt::{Excerpt, trimmed};
use super::hunk::{Hunk, hunks};
use super::{Checked, visible};
use crate::config::Level;
use crate::lint::FileReport;
use crate::rules::{Finding, Fix, Safety};
use crate::text::{Source, Span, log};
use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Patch, Renderer, Snippet};
use camino::Utf8Path;
use std::fmt::Write as _;

/// A finding over more lines than this is underlined on its first line only.
const MAX_SPAN_LINES: u32 = 30;
/// A related place this many lines away shares the excerpt with the finding.
const NEAR_LINES: u32 = 30;

/// All findings and a line of counts. With `styled` the text has ANSI colours.
pub fn render(checked: &Checked, styled: bool) -> String {
    let mut out = String::new();
    for file in checked.reports() {
        for finding in &file.findings {
            out.push_str(&render_finding(checked, file, finding, styled));
            out.push_str("\n\n");
        }
    }
    out.push_str(&summary(checked));
    out.push('\n');
    out
}

/// "2 files, 1 error, 3 warnings, 4 fixable with --fix"
pub fn summary(checked: &Checked) -> String {
    let sum = checked.summary();
    let mut out = sum.counts();
    // Writing to a String cannot fail.
    if sum.safe > 0 {
        let _ = write!(out, ", {} fixable with --fix", sum.safe);
    }
    match (sum.safe, sum.fixable - sum.safe) {
        (_, 0) => {}
        (0, confirm) => {
            let _ = write!(out, ", {confirm} fixable with --fix --confirm-fixes");
        }
        (_, confirm) => {
            let _ = write!(out, ", {confirm} more with --confirm-fixes");
        }
    }
    if !checked.errors.is_empty() {
        let _ = write!(out, ", {} failed", super::count(checked.errors.len(), "file"));
    }
    out
}

/// One finding: title, excerpt with the place underlined, notes, the fix as a patch. No final line end.
pub fn render_finding(checked: &Checked, file: &FileReport, finding: &Finding, styled: bool) -> String {
    let path = visible(file.path.as_str());
    let span = shown_span(&file.source, finding.span);
    let (excerpt, near) = own_excerpt(file, finding, span);
    let mut places = vec![AnnotationKind::Primary.span(excerpt.range(span))];
    places.extend(near.iter().map(|(span, label)| context(&excerpt, *span, label)));
    let mut main = level_title(finding.level)
        .primary_title(visible(&finding.message))
        .id(finding.rule)
        .element(snippet(&excerpt, &path).annotations(places));
    for element in far_places(checked, file, finding, span) {
        main = main.element(element);
    }
    for note in &finding.notes {
        main = main.element(annotate_snippets::Level::NOTE.message(visible(note)));
    }
    let mut groups = vec![main];
    if let Some(fix) = &finding.fix {
        groups.push(patch(checked, file, fix));
    }
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let out = renderer.term_width(DEFAULT_TERM_WIDTH).render(&groups);
    log::inert(&correct_column(out, file, &path, &excerpt, span)).into_owned()
}

/// The renderer counts columns in the excerpt; where that was cut or escaped, the file's column differs.
fn correct_column(mut out: String, file: &FileReport, path: &str, excerpt: &Excerpt, span: Span) -> String {
    let place = file.source.position(span.start);
    let shown = excerpt.column(span.start);
    if shown == place.column as usize {
        return out;
    }
    let wrong = format!("{path}:{}:{shown}", place.line);
    // After the title, which may hold anything.
    let title = out.find('\n').unwrap_or(0);
    if let Some(at) = out.get(title..).and_then(|rest| rest.find(&wrong)) {
        let start = title + at;
        out.replace_range(start..start + wrong.len(), &format!("{path}:{}:{}", place.line, place.column));
    }
    out
}

fn level_title(level: Level) -> annotate_snippets::Level<'static> {
    match level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Warning => annotate_snippets::Level::WARNING,
        Level::Info => annotate_snippets::Level::INFO,
        Level::Style => annotate_snippets::Level::NOTE.with_name("style"),
    }
}

fn snippet(excerpt: &Excerpt, path: &str) -> Snippet<'static, Annotation<'static>> {
    Snippet::source(excerpt.text.clone()).path(path.to_owned()).line_start(excerpt.first_line as usize)
}

fn context(excerpt: &Excerpt, span: Span, label: &str) -> Annotation<'static> {
    AnnotationKind::Context.span(excerpt.range(span)).label(visible(label).into_owned())
}

/// What is underlined: no blanks at the end, and only the first line of what is very long.
fn shown_span(source: &Source, span: Span) -> Span {
    let span = trimmed(source, span);
    let (first, last) = source.lines_of(span);
    if last - first < MAX_SPAN_LINES {
        return span;
    }
    trimmed(source, Span::new(span.start, source.line_span(first).end))
}

/// The excerpt around the finding, and the related places in it.
fn own_excerpt<'a>(file: &FileReport, finding: &'a Finding, span: Span) -> (Excerpt, Vec<(Span, &'a str)>) {
    let source = &file.source;
    let (mut first, mut last) = source.lines_of(span);
    let mut near = Vec::new();
    let mut focus = vec![span];
    for related in &finding.related {
        if !is_near(file, related.path.as_deref(), related.span, span) {
            continue;
        }
        let place = shown_span(source, related.span);
        let (from, to) = source.lines_of(place);
        first = first.min(from);
        last = last.max(to);
        focus.push(place);
        near.push((place, related.message.as_str()));
    }
    (Excerpt::new(source, first, last, &focus), near)
}

fn is_near(file: &FileReport, path: Option<&Utf8Path>, related: Span, span: Span) -> bool {
    let own = path.is_none_or(|path| path == file.path);
    own && file.source.line_of(related.start).abs_diff(file.source.line_of(span.start)) <= NEAR_LINES
}

/// Related places that need an excerpt of their own, or only a line of text when the file is not known.
fn far_places(checked: &Checked, file: &FileReport, finding: &Finding, span: Span) -> Vec<Element<'static>> {
    let far = finding.related.iter().filter(|r| !is_near(file, r.path.as_deref(), r.span, span));
    far.map(|related| {
        let path = related.path.as_deref().unwrap_or(&file.path);
        let Some(source) = checked.source(file, Some(path)) else {
            let text = format!("{}: {}", visible(path.as_str()), visible(&related.message));
            return annotate_snippets::Level::NOTE.message(text).into();
        };
        let place = shown_span(source, related.span);
        let (first, last) = source.lines_of(place);
        let excerpt = Excerpt::new(source, first, last, &[place]);
        snippet(&excerpt, &visible(path.as_str()))
            .annotation(context(&excerpt, place, &related.message))
            .into()
    })
    .collect()
}

/// The fix as changed lines.
fn patch(checked: &Checked, file: &FileReport, fix: &Fix) -> Group<'static> {
    let title = match fix.safety {
        Safety::Safe => format!("safe fix: {}", visible(&fix.title)),
        Safety::Confirm => format!("check first: {}", visible(&fix.title)),
    };
    let mut group = Group::with_title(annotate_snippets::Level::HELP.secondary_title(title));
    let other = fix.path.as_deref().filter(|path| *path != file.path);
    // A fix that makes a new file has no text to start from.
    let empty = Source::new("");
    let source = checked.source(file, fix.path.as_deref()).unwrap_or(&empty);
    for hunk in hunks(source, &fix.edits) {
        let (line, text, patch) = match hunk {
            Hunk::Within { line, before, old, new, after } => {
                let start = before.len();
                let patch = Patch::new(start..start + old.len(), new);
                (line, format!("{before}{old}{after}"), patch)
            }
            Hunk::Removed { line, lines } => {
                let text = lines.join("\n");
                let patch = Patch::new(0..text.len(), "");
                (line, text, patch)
            }
            Hunk::Added { line, lines } => (line, String::new(), Patch::new(0..0, lines.join("\n") + "\n")),
        };
        let shown = other.map(|other| visible(other.as_str()).into_owned());
        group = group.element(Snippet::source(text).path(shown).line_start(line as usize).patch(patch));
    }
    group
}
