//! The JSON report: a stable contract, version 1.
//!
//! - Keys stand in the order of the structs below. `fix` is `null` where there is none.
//! - Lines and columns count from 1, columns in Unicode scalar values; offsets in bytes from 0.
//! - `related` places and fixes that concern another file than the finding's carry an additional `path`.
//!   Where that file's text is not known, a place has its `offset` only.
//! - `errors`, only there when not empty, lists the files that could not be read (or written, with `--fix`).
//! - `repository` holds findings about the repository around the Dockerfiles (workflows, scripts, update bots); each
//!   has the `path` of the file it is in.

use super::{Checked, Lookup, Summary, Unread, codes};
use crate::lint::FileReport;
use crate::rules::{Finding, Fix, Related, Safety};
use crate::text::{Source, Span, log};
use camino::Utf8Path;
use serde::Serialize;

#[derive(Serialize)]
struct Report<'a> {
    version: u8,
    tool: Tool,
    files: Vec<File<'a>>,
    repository: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Unread],
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a Utf8Path,
    findings: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a Utf8Path>,
    aliases: Vec<&'static str>,
    chapter: &'static str,
    level: &'static str,
    message: &'a str,
    notes: &'a [String],
    start: Place,
    end: Place,
    related: Vec<RelatedItem<'a>>,
    fix: Option<FixItem<'a>>,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct RelatedItem<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a Utf8Path>,
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct FixItem<'a> {
    title: &'a str,
    safety: Safety,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a Utf8Path>,
    edits: Vec<EditItem<'a>>,
}

#[derive(Serialize)]
struct EditItem<'a> {
    start: Place,
    end: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    offset: u32,
}

/// The report as one line of JSON with a line end.
///
/// # Errors
/// Never for these types; the serialiser's signature asks for it.
pub fn render(checked: &Checked, rule: Lookup) -> Result<String, serde_json::Error> {
    let report = Report {
        version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        files: checked.files.iter().map(|file| item_of_file(checked, file, rule)).collect(),
        repository: checked
            .repository
            .iter()
            .flat_map(|file| {
                file.findings
                    .iter()
                    .map(move |finding| Item { path: Some(&file.path), ..item(checked, file, finding, rule) })
            })
            .collect(),
        errors: &checked.errors,
        summary: checked.summary(),
    };
    let mut out = log::inert_json(serde_json::to_string(&report)?);
    out.push('\n');
    Ok(out)
}

fn item_of_file<'a>(checked: &'a Checked, file: &'a FileReport, rule: Lookup) -> File<'a> {
    let findings = file.findings.iter().map(|finding| item(checked, file, finding, rule)).collect();
    File { path: &file.path, findings }
}

fn item<'a>(checked: &'a Checked, file: &'a FileReport, finding: &'a Finding, rule: Lookup) -> Item<'a> {
    let known = rule(finding.rule);
    let (start, end) = places(Some(&file.source), finding.span);
    Item {
        rule: finding.rule,
        path: None,
        aliases: codes(finding, known),
        chapter: known.map_or("", |rule| rule.chapter.name()),
        level: finding.level.name(),
        message: &finding.message,
        notes: &finding.notes,
        start,
        end,
        related: finding.related.iter().map(|related| related_item(checked, file, related)).collect(),
        fix: finding.fix.as_ref().map(|fix| fix_item(checked, file, fix)),
        fingerprint: &finding.fingerprint,
    }
}

fn related_item<'a>(checked: &'a Checked, file: &'a FileReport, related: &'a Related) -> RelatedItem<'a> {
    let (start, end) = places(checked.source(file, related.path.as_deref()), related.span);
    RelatedItem { message: &related.message, path: other(file, related.path.as_deref()), start, end }
}

fn fix_item<'a>(checked: &'a Checked, file: &'a FileReport, fix: &'a Fix) -> FixItem<'a> {
    let source = checked.source(file, fix.path.as_deref());
    let edits = fix.edits.iter().map(|edit| {
        let (start, end) = places(source, edit.span);
        EditItem { start, end, text: &edit.text }
    });
    FixItem {
        title: &fix.title,
        safety: fix.safety,
        path: other(file, fix.path.as_deref()),
        edits: edits.collect(),
    }
}

/// The path, when it is not the file's own.
fn other<'a>(file: &FileReport, path: Option<&'a Utf8Path>) -> Option<&'a Utf8Path> {
    path.filter(|path| *path != file.path)
}

fn places(source: Option<&Source>, span: Span) -> (Place, Place) {
    let place = |offset: u32| {
        let position = source.map(|source| source.position(offset));
        Place { line: position.map(|p| p.line), column: position.map(|p| p.column), offset }
    };
    (place(span.start), place(span.end))
}
