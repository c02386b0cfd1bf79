//! Ignore comments: our own and those of other tools, through the aliases of the rules.

use crate::dockerfile::{Dockerfile, Item};
use crate::rules::{Check, Finding, IgnoreComment, IgnoredCode, IgnoredState, Rule, find, meant_by};
use crate::text::{Source, Span};
use jiff::civil::Date;
use std::cell::Cell;
use std::collections::HashSet;

/// One code that a comment silences.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ignore {
    /// A rule id, or a code of another tool.
    code: String,
    /// The bytes whose findings it silences: an instruction.
    reach: Span,
    /// The comment.
    comment: Span,
    used: Cell<bool>,
}

/// One of our own comments.
#[derive(Debug)]
struct Own {
    span: Span,
    /// The names with their places, as they are written.
    codes: Vec<(String, Span)>,
    until: Option<Date>,
    /// The reach, where it is one instruction.
    reach: Option<Span>,
}

/// The ignore comments of a file.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    /// Codes that are silenced in the whole file, whether one has silenced anything, and where it stands.
    whole_file: Vec<(String, Cell<bool>, Span)>,
    /// In the order of the file.
    ignores: Vec<Ignore>,
    /// Our own comments.
    own: Vec<Own>,
}

impl Suppressions {
    /// Reads the comments of a file. Expired ones count as absent.
    pub(super) fn of(file: &Dockerfile, today: Date) -> Self {
        let mut out = Self::default();
        // Comments above an instruction wait for it; a blank line keeps them waiting.
        let mut waiting: Vec<(&str, Span)> = Vec::new();
        for item in &file.items {
            match item {
                Item::Comment(span) => {
                    let text = comment_text(file.source.slice(*span));
                    if out.whole_file(text, *span, today) {
                        out.own(&file.source, *span, None);
                    }
                    waiting.push((text, *span));
                }
                Item::Directive(span, index) => {
                    let directive = &file.directives[*index];
                    if directive.name == "check" {
                        out.check_directive(&directive.value.text, *span);
                    }
                    waiting.clear();
                }
                Item::Instruction(span, index) => {
                    let inside = &file.instructions[*index].comments;
                    let inner = inside.iter().map(|s| (comment_text(file.source.slice(*s)), *s));
                    for (text, comment) in waiting.drain(..).chain(inner) {
                        if out.instruction(text, *span, comment, today) {
                            out.own(&file.source, comment, Some(*span));
                        }
                    }
                }
                Item::Bom(_) | Item::Blank(_) => {}
            }
        }
        out.ignores.sort_by_key(|ignore| ignore.reach.start);
        out
    }

    /// The comment that silences the finding.
    pub(super) fn cover(&self, finding: &Finding) -> Option<Span> {
        if let Some((_, used, comment)) = self.whole_file.iter().find(|(code, ..)| means(code, finding)) {
            used.set(true);
            return Some(*comment);
        }
        let after = self.ignores.partition_point(|ignore| ignore.reach.start <= finding.span.start);
        let near = self.ignores.get(..after).unwrap_or_default().iter().rev();
        near.take_while(|ignore| ignore.reach.contains(finding.span))
            .find(|ignore| means(&ignore.code, finding))
            .map(|ignore| {
                ignore.used.set(true);
                ignore.comment
            })
    }

    /// Our own comments with what became of them; `runs` tells whether a rule runs.
    pub(super) fn comments(&self, runs: impl Fn(&Rule) -> bool) -> Vec<IgnoreComment> {
        let used_anywhere: HashSet<&str> = self
            .whole_file
            .iter()
            .filter(|(_, used, _)| used.get())
            .map(|(code, ..)| code.as_str())
            .collect();
        let state = |own: &Own, code: &str| {
            let plain = normalise(code);
            let used = match own.reach {
                None => used_anywhere.contains(plain.as_str()),
                Some(reach) => {
                    let first = self.ignores.partition_point(|ignore| ignore.reach.start < reach.start);
                    let near = self.ignores.get(first..).unwrap_or_default().iter();
                    near.take_while(|ignore| ignore.reach.start == reach.start)
                        .any(|ignore| ignore.reach == reach && ignore.code == plain && ignore.used.get())
                }
            };
            let mut meant = meant_by(&plain).peekable();
            match (used, meant.peek()) {
                (true, _) => IgnoredState::Used,
                (false, _) if plain == "all" => IgnoredState::Open,
                (false, None) => IgnoredState::Unknown,
                (false, Some(_)) => {
                    let open = |rule: &Rule| {
                        !runs(rule) || matches!(rule.check, Check::Repository(_) | Check::Ignores(_))
                    };
                    if meant.any(open) { IgnoredState::Open } else { IgnoredState::Unused }
                }
            }
        };
        let comment = |own: &Own| IgnoreComment {
            span: own.span,
            until: own.until,
            codes: own
                .codes
                .iter()
                .map(|(text, span)| IgnoredCode { text: text.clone(), span: *span, state: state(own, text) })
                .collect(),
        };
        self.own.iter().map(comment).collect()
    }

    /// Remembers one of our own comments; `span` may hold the blanks before `#` and the line end.
    fn own(&mut self, source: &Source, span: Span, reach: Option<Span>) {
        let line = source.slice(span);
        let Some(hash) = line.find('#') else { return };
        let start = span.start + hash as u32;
        let text = line.get(hash..).unwrap_or("").trim_end();
        let Some(equals) = text.find('=') else { return };
        let rest = text.get(equals + 1..).unwrap_or("");
        let (list, after) = split_codes(rest);
        let mut codes = Vec::new();
        let mut at = equals + 1;
        for part in list.split(',') {
            let lead = part.len() - part.trim_start().len();
            let name = part.trim();
            if !name.is_empty() {
                let from = start + (at + lead) as u32;
                codes.push((name.to_owned(), Span::new(from, from + name.len() as u32)));
            }
            at += part.len() + 1;
        }
        let span = Span::new(start, start + text.len() as u32);
        self.own.push(Own { span, codes, until: until(after), reach });
    }

    fn add(&mut self, codes: &str, reach: Option<Span>, comment: Span) {
        let codes = codes.split(',').map(str::trim).filter(|code| !code.is_empty());
        match reach {
            None => self.whole_file.extend(codes.map(|code| (normalise(code), Cell::new(false), comment))),
            Some(reach) => self.ignores.extend(codes.map(|code| Ignore {
                code: normalise(code),
                reach,
                comment,
                used: Cell::new(false),
            })),
        }
    }

    /// `# check=skip=JSONArgsRecommended,StageNameCasing;error=true`
    fn check_directive(&mut self, value: &str, comment: Span) {
        for part in value.split(';') {
            if let Some(codes) = part.trim().strip_prefix("skip=") {
                self.add(codes, None, comment);
            }
        }
    }

    /// Reads a comment for the whole file; true when it is one of ours.
    fn whole_file(&mut self, text: &str, comment: Span, today: Date) -> bool {
        let mut ours = false;
        if let Some(rest) =
            text.strip_prefix("tidewaiter").and_then(|t| t.trim_start().strip_prefix("global-ignore="))
        {
            let (codes, rest) = split_codes(rest);
            ours = true;
            if !expired(rest, today) {
                self.add(codes, None, comment);
            }
        }
        for tool in ["hadolint", "tally", "droast"] {
            let Some(rest) = text.strip_prefix(tool).map(str::trim_start) else { continue };
            if let Some(rest) =
                rest.strip_prefix("global").and_then(|r| r.trim_start().strip_prefix("ignore="))
            {
                self.add(split_codes(rest).0, None, comment);
            }
        }
        if let Some(rest) = text.strip_prefix("checkov:skip=") {
            self.add(rest.split([':', ' ']).next().unwrap_or(""), None, comment);
        }
        ours
    }

    /// Reads a comment for one instruction; true when it is one of ours.
    fn instruction(&mut self, text: &str, reach: Span, comment: Span, today: Date) -> bool {
        let mut ours = false;
        for tool in ["tidewaiter", "hadolint", "tally", "droast"] {
            let Some(rest) = text.strip_prefix(tool).and_then(|t| t.trim_start().strip_prefix("ignore="))
            else {
                continue;
            };
            let (codes, rest) = split_codes(rest);
            ours |= tool == "tidewaiter";
            if !expired(rest, today) {
                self.add(codes, Some(reach), comment);
            }
        }
        if let Some(rest) = text.strip_prefix("trivy:ignore:") {
            self.add(rest.split([':', ' ']).next().unwrap_or(""), Some(reach), comment);
        }
        ours
    }
}

/// The ignore comments of a file that is no Dockerfile but has comments with `#`: workflows, scripts, compose files.
///
/// A comment on a line of its own is for the next line and for what is indented below it, in YAML the whole entry;
/// a comment at the end of a line is for this line.
#[derive(Debug, Default)]
pub(super) struct LineIgnores(Suppressions);

impl LineIgnores {
    /// Reads the comments of a file. Expired ones count as absent.
    pub(super) fn of(source: &Source, today: Date) -> Self {
        let mut out = Suppressions::default();
        if !source.text().contains("tidewaiter") {
            return Self(out);
        }
        let mut lines = Vec::new();
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let end = start + line.len() as u32;
            lines.push((Span::new(start, end), line));
            start = end;
        }
        let mut waiting: Vec<(&str, Span)> = Vec::new();
        for (index, (span, line)) in lines.iter().enumerate() {
            let trimmed = line.trim();
            if trimmed.starts_with('#') {
                let text = comment_text(trimmed);
                out.whole_file(text, *span, today);
                waiting.push((text, *span));
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            if let Some((_, comment)) = line.rsplit_once(" #") {
                out.instruction(comment.trim(), *span, *span, today);
            }
            if waiting.is_empty() {
                continue;
            }
            let indent = |line: &str| line.len() - line.trim_start().len();
            let below = lines.get(index + 1..).unwrap_or_default().iter();
            let last = below
                .take_while(|(_, other)| other.trim().is_empty() || indent(other) > indent(line))
                .last()
                .map_or(*span, |(last, _)| *last);
            for (text, comment) in waiting.drain(..) {
                out.instruction(text, span.cover(last), comment, today);
            }
        }
        Self(out)
    }

    /// The comment that silences the finding.
    pub(super) fn cover(&self, finding: &Finding) -> Option<Span> {
        let whole = self.0.whole_file.iter().find(|(code, ..)| means(code, finding));
        let near = || {
            self.0.ignores.iter().find(|ignore| {
                ignore.reach.start <= finding.span.start
                    && finding.span.start < ignore.reach.end
                    && means(&ignore.code, finding)
            })
        };
        whole.map(|(.., comment)| *comment).or_else(|| near().map(|ignore| ignore.comment))
    }
}

/// The text of a comment line after `#`.
fn comment_text(line: &str) -> &str {
    line.trim().trim_start_matches('#').trim()
}

/// `a, b; reason=…` or `a,b until=… # why`: the codes and the rest.
fn split_codes(text: &str) -> (&str, &str) {
    let mut end = text.len();
    let mut after_comma = true;
    for (at, c) in text.char_indices() {
        if c == ';' || c == '#' {
            end = at;
            break;
        }
        if c.is_whitespace() {
            // A blank ends the list unless a comma stands on one of its sides.
            let next = text[at..].trim_start();
            if !after_comma && !next.starts_with(',') {
                end = at;
                break;
            }
        } else {
            after_comma = c == ',';
        }
    }
    (&text[..end], &text[end..])
}

/// Whether `until=` (or `expires=`) names a day before today. A date nobody can read never expires.
fn expired(rest: &str, today: Date) -> bool {
    until(rest).is_some_and(|date| date < today)
}

/// The day that `until=` or `expires=` names.
fn until(rest: &str) -> Option<Date> {
    rest.split([' ', ';']).find_map(|word| {
        let date = ["until=", "expires="].iter().find_map(|key| word.strip_prefix(key))?;
        date.trim_matches('"').parse().ok()
    })
}

/// One spelling for the codes of a tool: `AVD-DS-0002` and `DS002` are `DS-0002`, `tally/x` is `x`.
fn normalise(code: &str) -> String {
    let code = code.trim_matches('"');
    let short = code.strip_prefix("AVD-").unwrap_or(code);
    if let Some(number) = short.strip_prefix("DS")
        && number.len() == 3
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        return format!("DS-0{number}");
    }
    short.to_owned()
}

/// Whether a code names the rule of a finding, or the detector of it that made the finding.
fn means(code: &str, finding: &Finding) -> bool {
    if code == "all" || code == finding.rule {
        return true;
    }
    let same = |alias: &&str| {
        alias.eq_ignore_ascii_case(code)
            || alias.rsplit('/').next().is_some_and(|a| a.eq_ignore_ascii_case(code))
    };
    if finding.codes.is_empty() {
        find(finding.rule).is_some_and(|rule| rule.aliases.iter().any(same))
    } else {
        finding.codes.iter().any(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_codes() {
        assert_eq!(split_codes("A,B until=2027-01-01").0, "A,B");
        assert_eq!(split_codes("A, B # why").0.trim(), "A, B");
        assert_eq!(split_codes("A ,B;reason=x").0, "A ,B");
        assert_eq!(split_codes("A because").0, "A");
    }

    #[test]
    fn expiry() {
        let today = jiff::civil::date(2026, 11, 24);
        assert!(expired(" until=2026-11-23", today));
        assert!(!expired(" until=2026-11-24 reason=\"x\"", today));
        assert!(!expired(" until=soon", today));
    }

    #[test]
    fn spellings() {
        assert_eq!(normalise("AVD-DS-0002"), "DS-0002");
        assert_eq!(normalise("DS002"), "DS-0002");
        assert_eq!(normalise("DL3002"), "DL3002");
    }
}
