//! Findings as SARIF 2.1.0, for GitHub's code scanning and other viewers.
//!
//! - Lines and columns count from 1, columns in Unicode scalar values; the end is the first place after the region.
//!   Offsets are in bytes.
//! - Paths are relative to the root of the repository (`%SRCROOT%`), percent-encoded.
//! - `info` and `style` are both a `note`; `properties.level` has our own word.
//! - A result has as fingerprints our own under `tidewaiter/v1` (rule, stage, instruction, number among equals) and
//!   the one that GitHub goes by.
//! - Each fix has been proven; `properties.safety` says whether it needs a look.
//! - GitHub refuses more than [`MAX_RESULTS`] results and [`MAX_BYTES`]. Where there are more, the worst are kept, and
//!   a notification of the run says how many are not there.

mod line_hash;
mod log;

use self::log::{
    About, ArtifactChange, ArtifactLocation, AutomationDetails, BaseId, Change, ChangeProperties,
    Configuration, Content, Descriptor, Driver, Invocation, Location, Log, MappedTo, Notification, Outcome,
    PhysicalLocation, ROOT, Region, Replacement, ResultProperties, RuleProperties, SCHEMA, Text, Tool,
    VersionControlDetails,
};
use super::excerpt::trimmed;
use super::{Checked, Lookup, Unread, visible_lines};
use crate::config::Level;
use crate::lint::FileReport;
use crate::review::markdown::prose;
use crate::rules::{Chapter, Default as RuleDefault, Finding, Fix, Rule, Safety};
use crate::text::{Edit, Source, Span};
use camino::{Utf8Component, Utf8Path};
use flate2::Compression;
use flate2::write::GzEncoder;
use line_hash::line_hashes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;
use std::io::{self, Write as _};

/// The most results that GitHub takes of a run (GitHub's docs, "SARIF support for code scanning": a file over a limit
/// is rejected; of those it takes, 5,000 are shown, by severity).
pub const MAX_RESULTS: usize = 25_000;
/// The largest file that GitHub takes, in bytes after gzip (as above: 10 MB).
pub const MAX_BYTES: usize = 10_000_000;
/// The most characters of a short or full description (as above; longer ones are cut there).
const MAX_DESCRIPTION: usize = 1_024;
/// The most tags of a rule (as above).
const MAX_TAGS: usize = 20;
/// The longest snippet, in bytes: a region is shown with it or without, never with a part of it.
const MAX_SNIPPET: usize = 2_000;

/// What code scanning keeps our alerts apart from those of other tools by. One for all commands: what is mended is
/// closed, whichever of them looks.
pub const CATEGORY: &str = "tidewaiter/";

/// How a log is written.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Finds the rules of findings.
    pub rule: Lookup,
    /// What GitHub keeps the alerts of different runs apart by (`automationDetails.id`): letters, digits, `-`, `/`.
    pub category: &'a str,
    /// What was looked at, where it is known.
    pub origin: Option<&'a Origin>,
}

/// The repository that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its address, `https://github.com/owner/name`.
    pub repository: String,
    /// The commit, 40 or 64 hex digits.
    pub revision: Option<String>,
    /// The branch or tag, as it was asked for.
    pub branch: Option<String>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sarif {
    /// The log, JSON on one line with a line end.
    pub text: String,
    /// Number of findings that GitHub's limits left no room for.
    pub left_out: usize,
}

/// Writes the log of a run.
///
/// # Errors
/// Never for these types; the serialiser's signature asks for it.
pub fn render(checked: &Checked, run: &Run<'_>) -> Result<Sarif, serde_json::Error> {
    within(checked, run, MAX_RESULTS, MAX_BYTES)
}

fn within(
    checked: &Checked,
    run: &Run<'_>,
    results: usize,
    bytes: usize,
) -> Result<Sarif, serde_json::Error> {
    let mut rules: Vec<&'static str> =
        checked.reports().flat_map(|file| &file.findings).map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut all: Vec<Outcome<'_>> = Vec::new();
    let mut levels = Vec::new();
    for file in checked.reports().filter(|file| !file.findings.is_empty()) {
        let hashes = line_hashes(file.source.text());
        for finding in &file.findings {
            let index = rules.binary_search(&finding.rule).unwrap_or_default();
            all.push(outcome(checked, file, finding, index, &hashes));
            levels.push(finding.level);
        }
    }
    let total = all.len();
    let mut kept = total.min(results);
    let mut sorted = false;
    loop {
        if kept < total && !sorted {
            // Stable: those of one level stay in the order of files and lines.
            let mut order: Vec<(Level, Outcome<'_>)> = levels.drain(..).zip(all).collect();
            order.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
            all = order.into_iter().map(|(_, outcome)| outcome).collect();
            sorted = true;
        }
        let left_out = total - kept;
        let text = serialise(checked, run, &rules, all.get(..kept).unwrap_or_default(), left_out)?;
        // What is small enough as it is needs no measuring.
        let size = if text.len() <= bytes { 0 } else { gzipped(&text).unwrap_or(text.len()) };
        if size <= bytes || kept == 0 {
            return Ok(Sarif { text, left_out });
        }
        // A tenth less than what would fit if all results were of one size.
        let fit = kept as u128 * bytes as u128 * 9 / (size as u128 * 10);
        kept = usize::try_from(fit).unwrap_or(0).min(kept - 1);
    }
}

/// The size after gzip, in bytes.
fn gzipped(text: &str) -> io::Result<usize> {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = GzEncoder::new(Counter(0), Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?.0)
}

fn serialise(
    checked: &Checked,
    run: &Run<'_>,
    rules: &[&'static str],
    results: &[Outcome<'_>],
    left_out: usize,
) -> Result<String, serde_json::Error> {
    let mut notifications: Vec<Notification> = checked.errors.iter().map(unread).collect();
    if left_out > 0 {
        let text = format!(
            "{} not in this file: GitHub takes {MAX_RESULTS} results and {} MB of a run. The worst were kept.",
            if left_out == 1 { "1 finding is".to_owned() } else { format!("{left_out} findings are") },
            MAX_BYTES / 1_000_000,
        );
        notifications.push(Notification {
            level: "warning",
            message: Text::plain(text),
            locations: Vec::new(),
        });
    }
    let provenance = run.origin.map(|origin| VersionControlDetails {
        repository_uri: &origin.repository,
        revision_id: origin.revision.as_deref(),
        branch: origin.branch.as_deref(),
        mapped_to: MappedTo { uri_base_id: ROOT },
    });
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: rules.iter().map(|id| Descriptor { id, about: (run.rule)(id).map(about) }).collect(),
    };
    let root = BaseId { description: Text::plain("The root of the repository.".to_owned()) };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [log::Run {
            tool: Tool { driver },
            automation_details: AutomationDetails { id: run.category },
            invocations: [Invocation {
                execution_successful: checked.errors.is_empty(),
                tool_execution_notifications: notifications,
            }],
            version_control_provenance: provenance.into_iter().collect(),
            original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    let mut text = serde_json::to_string(&log)?;
    text.push('\n');
    Ok(text)
}

fn unread(error: &Unread) -> Notification {
    let location = PhysicalLocation { artifact_location: artifact(&error.path), region: None };
    Notification {
        level: "error",
        message: plain(&format!("{}: {}", error.path, error.message)),
        locations: vec![Location { id: None, place: location, message: None }],
    }
}

/// What is said of a rule.
fn about(rule: &'static Rule) -> About {
    let document = super::rules::document(rule);
    let help = document.split_once('\n').map_or("", |(_, rest)| rest).trim();
    let mut tags = vec![rule.chapter.name(), "docker"];
    for alias in rule.aliases {
        if !tags.contains(alias) {
            tags.push(alias);
        }
    }
    tags.truncate(MAX_TAGS);
    let mut paragraphs = rule.section("What it does");
    if paragraphs.is_empty() {
        rule.summary().clone_into(&mut paragraphs);
    }
    About {
        name: pascal(rule.id),
        short_description: Text::plain(cut(rule.summary())),
        full_description: Text::plain(cut(&unwrapped(&paragraphs))),
        help: Text { text: help.to_owned(), markdown: Some(help.to_owned()) },
        help_uri: format!("{}/blob/main/docs/rules.md#{}", env!("CARGO_PKG_REPOSITORY"), rule.id),
        default_configuration: Configuration {
            enabled: rule.default == RuleDefault::On,
            level: level(rule.level),
        },
        properties: RuleProperties { tags, security_severity: severity(rule) },
    }
}

/// GitHub ranks security alerts by a number from 0 to 10 and shows its band: high from 7, medium from 4. Nobody has
/// computed one for our rules: it is the middle of the band that the rule's level means. Rules of other chapters are
/// about quality and have none.
const fn severity(rule: &Rule) -> Option<&'static str> {
    match (rule.chapter, rule.level) {
        (Chapter::Security, Level::Error) => Some("8.0"),
        (Chapter::Security, Level::Warning) => Some("5.5"),
        (Chapter::Security, Level::Info) => Some("2.0"),
        _ => None,
    }
}

/// `run-as-root` as `RunAsRoot`: what the standard wants as a readable name.
fn pascal(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for word in id.split('-') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// The first paragraphs of Markdown without its line breaks.
fn unwrapped(text: &str) -> String {
    let prose: Vec<String> = text
        .split("\n\n")
        .take_while(|part| !part.starts_with("```"))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    prose.join("\n")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_DESCRIPTION {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(MAX_DESCRIPTION - 1).collect();
    out.push('…');
    out
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info | Level::Style => "note",
    }
}

fn outcome<'a>(
    checked: &'a Checked,
    file: &'a FileReport,
    finding: &'a Finding,
    rule_index: usize,
    hashes: &[String],
) -> Outcome<'a> {
    let mut text = finding.message.clone();
    let mut markdown = prose(&finding.message);
    for note in &finding.notes {
        text.push('\n');
        text.push_str(note);
        markdown.push_str("\n\n");
        markdown.push_str(&prose(note));
    }
    let mut fingerprints = BTreeMap::from([("tidewaiter/v1", finding.fingerprint.clone())]);
    let line = file.source.line_of(finding.span.start).saturating_sub(1);
    if let Some(hash) = hashes.get(line as usize) {
        fingerprints.insert("primaryLocationLineHash", hash.clone());
    }
    Outcome {
        rule_id: finding.rule,
        rule_index,
        level: level(finding.level),
        message: Text { text: plain(&text).text, markdown: Some(markdown) },
        locations: [Location {
            id: None,
            place: PhysicalLocation {
                artifact_location: artifact(&file.path),
                region: Some(shown(&file.source, finding.span, may_hold_secret(finding.rule))),
            },
            message: None,
        }],
        related_locations: related(checked, file, finding),
        partial_fingerprints: fingerprints,
        fixes: finding.fix.iter().filter_map(|fix| change(checked, file, fix)).collect(),
        properties: ResultProperties { level: finding.level.name() },
    }
}

/// Whether the bytes of a finding may be a secret: what leaks already is not copied into one more file.
fn may_hold_secret(rule: &str) -> bool {
    ["secret", "password", "credential", "token"].iter().any(|word| rule.contains(word))
}

fn related(checked: &Checked, file: &FileReport, finding: &Finding) -> Vec<Location> {
    let secret = may_hold_secret(finding.rule);
    let location = |(index, related): (usize, &crate::rules::Related)| {
        let path = related.path.as_deref().unwrap_or(&file.path);
        let source = checked.source(file, Some(path));
        Location {
            id: Some(index + 1),
            place: PhysicalLocation {
                artifact_location: artifact(path),
                region: source.map(|source| shown(source, related.span, secret)),
            },
            message: Some(plain(&related.message)),
        }
    };
    finding.related.iter().enumerate().map(location).collect()
}

/// A fix; `None` where the text that it changes is not known.
fn change<'a>(checked: &'a Checked, file: &'a FileReport, fix: &'a Fix) -> Option<Change<'a>> {
    let path = fix.path.as_deref().unwrap_or(&file.path);
    let source = checked.source(file, Some(path))?;
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let replacement = |edit: &'a Edit| Replacement {
        deleted_region: region(source, edit.span),
        inserted_content: (!edit.text.is_empty()).then_some(Content { text: &edit.text }),
    };
    let replacements: Vec<Replacement<'a>> = edits.into_iter().map(replacement).collect();
    let check = if fix.safety == Safety::Confirm { " (check the result)" } else { "" };
    (!replacements.is_empty()).then(|| Change {
        description: plain(&format!("{}{check}", fix.title)),
        artifact_changes: [ArtifactChange { artifact_location: artifact(path), replacements }],
        properties: ChangeProperties { safety: fix.safety },
    })
}

/// The region of a span for people: without blanks at its end, with what stands there.
fn shown(source: &Source, span: Span, secret: bool) -> Region {
    let span = trimmed(source, span);
    let text = source.slice(span);
    let snippet =
        (!secret && !text.is_empty() && text.len() <= MAX_SNIPPET).then(|| Text::plain(text.into()));
    Region { snippet, ..region(source, span) }
}

/// Exactly the region of a span.
fn region(source: &Source, span: Span) -> Region {
    let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_offset: span.start,
        byte_length: span.end.saturating_sub(span.start),
        snippet: None,
    }
}

/// A plain-text message. In one, `[text](target)` would be a link.
fn plain(text: &str) -> Text {
    Text::plain(visible_lines(text).replace("](", "] ("))
}

/// Everything but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a file is. A path that is not below the root stands for itself.
fn artifact(path: &Utf8Path) -> ArtifactLocation {
    let mut below = true;
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Utf8Component::Normal(name) => parts.push(utf8_percent_encode(name, RESERVED).to_string()),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                below = false;
                parts.push("..".to_owned());
            }
            Utf8Component::RootDir | Utf8Component::Prefix(_) => below = false,
        }
    }
    let scheme = if path.is_absolute() { "file:///" } else { "" };
    ArtifactLocation { uri: format!("{scheme}{}", parts.join("/")), uri_base_id: below.then_some(ROOT) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    fn checked(files: usize) -> Checked {
        let text = "FROM debian:12\nWORKDIR app\nRUN chmod -R 777 /srv\nEXPOSE 99999\n";
        let mut tree = crate::repository::MemoryTree::complete();
        let mut paths = Vec::new();
        for number in 0..files {
            let path = format!("{number:03}/Dockerfile");
            tree = tree.with(&path, text);
            paths.push(path.into());
        }
        crate::lint::audit(&tree, paths, &crate::lint::Settings::new(jiff::civil::date(2026, 1, 1))).into()
    }

    const RUN: Run<'static> = Run { rule: rules::find, category: "tidewaiter/", origin: None };

    fn results(sarif: &Sarif) -> Vec<serde_json::Value> {
        let log: serde_json::Value = serde_json::from_str(&sarif.text).unwrap();
        log["runs"][0]["results"].as_array().unwrap().clone()
    }

    #[test]
    fn the_worst_are_kept_within_the_limits() {
        let checked = checked(20);
        let all = within(&checked, &RUN, MAX_RESULTS, MAX_BYTES).unwrap();
        let total = results(&all).len();
        assert!(all.left_out == 0 && total > 60 && !all.text.contains("not in this file"), "{total}");

        let some = within(&checked, &RUN, 30, MAX_BYTES).unwrap();
        assert_eq!((results(&some).len(), some.left_out), (30, total - 30));
        assert!(some.text.contains(&format!("{} findings are not in this file", total - 30)));
        let errors = results(&all).iter().filter(|result| result["level"] == "error").count();
        let kept: Vec<_> = results(&some).iter().map(|result| result["level"].clone()).collect();
        assert!(errors > 0 && kept.iter().take(errors.min(30)).all(|level| level == "error"), "{kept:?}");

        let size = gzipped(&all.text).unwrap();
        assert!(size < all.text.len() / 4);
        let small = within(&checked, &RUN, MAX_RESULTS, size - 1).unwrap();
        assert!(small.left_out > 0 && gzipped(&small.text).unwrap() < size);
        assert_eq!(results(&small).len() + small.left_out, total);

        // Where nothing fits the log still says so.
        let none = within(&checked, &RUN, MAX_RESULTS, 1).unwrap();
        assert_eq!((results(&none).len(), none.left_out), (0, total));
    }

    #[test]
    fn paths_become_addresses() {
        let uri = |path: &str| {
            let location = artifact(Utf8Path::new(path));
            (location.uri, location.uri_base_id.is_some())
        };
        assert_eq!(uri("./a/b c:d"), ("a/b%20c%3Ad".to_owned(), true));
        assert_eq!(uri("../x"), ("../x".to_owned(), false));
        if cfg!(unix) {
            assert_eq!(uri("/srv/a%b"), ("file:///srv/a%25b".to_owned(), false));
        }
    }

    #[test]
    fn messages_hold_no_links_and_descriptions_are_short() {
        assert_eq!(plain("[a](b) \u{1b}x").text, "[a] (b) \\u{1b}x");
        assert_eq!(cut(&"é".repeat(2_000)).chars().count(), MAX_DESCRIPTION);
        assert_eq!(pascal("run-as-root"), "RunAsRoot");
        assert_eq!(unwrapped("a\nb\n\nc\n\n```\nd\n```"), "a b\nc");
    }
}
