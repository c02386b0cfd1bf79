//! Ignore comments: our own and those of other tools, through the aliases of the rules.

use crate::dockerfile::{Dockerfile, Item};
use crate::rules::{Finding, find};
use crate::text::Span;
use jiff::civil::Date;

/// One code that a comment silences.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ignore {
    /// A rule id, or a code of another tool.
    code: String,
    /// The bytes whose findings it silences: an instruction.
    reach: Span,
}

/// The ignore comments of a file.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    /// Codes that are silenced in the whole file.
    whole_file: Vec<String>,
    /// In the order of the file.
    ignores: Vec<Ignore>,
}

impl Suppressions {
    /// Reads the comments of a file. Expired ones count as absent.
    pub(super) fn of(file: &Dockerfile, today: Date) -> Self {
        let mut out = Self::default();
        // Comments above an instruction wait for it; a blank line keeps them waiting.
        let mut waiting: Vec<&str> = Vec::new();
        for item in &file.items {
            match item {
                Item::Comment(span) => {
                    let text = comment_text(file.source.slice(*span));
                    out.whole_file(text, today);
                    waiting.push(text);
                }
                Item::Directive(_, index) => {
                    let directive = &file.directives[*index];
                    if directive.name == "check" {
                        out.check_directive(&directive.value.text);
                    }
                    waiting.clear();
                }
                Item::Instruction(span, index) => {
                    let inside = &file.instructions[*index].comments;
                    let inner = inside.iter().map(|s| comment_text(file.source.slice(*s)));
                    for text in waiting.drain(..).chain(inner) {
                        out.instruction(text, *span, today);
                    }
                }
                Item::Bom(_) | Item::Blank(_) => {}
            }
        }
        out.ignores.sort_by_key(|ignore| ignore.reach.start);
        out
    }

    /// Whether a comment silences the finding.
    pub(super) fn cover(&self, finding: &Finding) -> bool {
        if self.whole_file.iter().any(|code| means(code, finding)) {
            return true;
        }
        let after = self.ignores.partition_point(|ignore| ignore.reach.start <= finding.span.start);
        let near = self.ignores.get(..after).unwrap_or_default().iter().rev();
        near.take_while(|ignore| ignore.reach.contains(finding.span))
            .any(|ignore| means(&ignore.code, finding))
    }

    fn add(&mut self, codes: &str, reach: Option<Span>) {
        let codes = codes.split(',').map(str::trim).filter(|code| !code.is_empty());
        match reach {
            None => self.whole_file.extend(codes.map(normalise)),
            Some(reach) => self.ignores.extend(codes.map(|code| Ignore { code: normalise(code), reach })),
        }
    }

    /// `# check=skip=JSONArgsRecommended,StageNameCasing;error=true`
    fn check_directive(&mut self, value: &str) {
        for part in value.split(';') {
            if let Some(codes) = part.trim().strip_prefix("skip=") {
                self.add(codes, None);
            }
        }
    }

    fn whole_file(&mut self, text: &str, today: Date) {
        if let Some(rest) =
            text.strip_prefix("tidewaiter").and_then(|t| t.trim_start().strip_prefix("global-ignore="))
        {
            let (codes, rest) = split_codes(rest);
            if !expired(rest, today) {
                self.add(codes, None);
            }
        }
        for tool in ["hadolint", "tally", "droast"] {
            let Some(rest) = text.strip_prefix(tool).map(str::trim_start) else { continue };
            if let Some(rest) =
                rest.strip_prefix("global").and_then(|r| r.trim_start().strip_prefix("ignore="))
            {
                self.add(split_codes(rest).0, None);
            }
        }
        if let Some(rest) = text.strip_prefix("checkov:skip=") {
            self.add(rest.split([':', ' ']).next().unwrap_or(""), None);
        }
    }

    fn instruction(&mut self, text: &str, reach: Span, today: Date) {
        for tool in ["tidewaiter", "hadolint", "tally", "droast"] {
            let Some(rest) = text.strip_prefix(tool).and_then(|t| t.trim_start().strip_prefix("ignore="))
            else {
                continue;
            };
            let (codes, rest) = split_codes(rest);
            if !expired(rest, today) {
                self.add(codes, Some(reach));
            }
        }
        if let Some(rest) = text.strip_prefix("trivy:ignore:") {
            self.add(rest.split([':', ' ']).next().unwrap_or(""), Some(reach));
        }
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
    rest.split([' ', ';']).any(|word| {
        ["until=", "expires="].iter().any(|key| {
            word.strip_prefix(key)
                .and_then(|date| date.trim_matches('"').parse::<Date>().ok())
                .is_some_and(|date| date < today)
        })
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
