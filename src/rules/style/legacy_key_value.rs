//! `legacy-key-value`.

use crate::declare_rule;
use crate::dockerfile::expand::{Value, expand};
use crate::dockerfile::{Instruction, Keyword, Pair};
use crate::facts::FileFacts;
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span, apply};

declare_rule! {
    /// ENV or LABEL in the old form without an equals sign.
    ///
    /// ## What it does
    ///
    /// Finds `ENV NAME value` and `LABEL NAME value`, and `ARG NAME value` where the value cannot be another name.
    ///
    /// ## Why is this bad?
    ///
    /// The old form sets one name to the whole rest of the instruction: `ENV A=1` with the sign left out somewhere turns the
    /// next variables into text of the first. BuildKit warns of it. In ARG there is no such form: both words become names of
    /// arguments, and the first stays without a default.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ENV GREETING hello world
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ENV GREETING="hello world"
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe for ENV and LABEL: the value is the same text; quotes are added where it has blanks, and what a quoted value
    /// reads in another way is escaped. Values over several lines and variables with modifiers are left to the author. For
    /// ARG the default that was not read so far begins to count, which must be confirmed.
    ///
    /// ## References
    ///
    /// - [BuildKit check: LegacyKeyValueFormat](https://docs.docker.com/reference/build-checks/legacy-key-value-format/)
    /// - [Dockerfile reference: ENV](https://docs.docker.com/reference/dockerfile/#env)
    pub(super) RULE = "legacy-key-value" {
        chapter: Style, level: Style, default: On, scope: Instruction, fix: Safe,
        aliases: ["LegacyKeyValueFormat", "buildkit/LegacyKeyValueFormat", "DF082"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    for node in &file.dockerfile.instructions {
        for node in std::iter::once(node).chain(node.trigger.as_deref()) {
            match node.keyword {
                Keyword::Env | Keyword::Label => pair(file, node, report),
                Keyword::Arg => argument(file, node, report),
                _ => {}
            }
        }
    }
}

fn pair(file: &FileFacts<'_>, node: &Instruction, report: &mut Report) {
    let [pair] = node.pairs.as_slice() else { return };
    // Without a value it is a syntax error, and has its own finding.
    let Some(value) = pair.value.as_ref().filter(|value| !pair.equals && !value.text.is_empty()) else {
        return;
    };
    let source = &file.dockerfile.source;
    let one_line = source.line_of(pair.span.start) == source.line_of(pair.span.end);
    let (keyword, key) = (node.keyword.name(), pair.key.text.replace('`', ""));
    let finding = report.add(
        if one_line { pair.span } else { pair.key.span },
        format!(
            "`{keyword} {key} …` is the old form, which takes all of the rest as one value; write `{key}=…`."
        ),
    );
    let edits = if one_line { with_equals(file, pair, value.span, &value.text) } else { None };
    if let Some(edits) = edits {
        finding.fix(Fix::safe(format!("Write `{key}=…`"), edits));
    } else if one_line {
        finding.note(format!("Write `{key}=` and put the value in double quotes where it has blanks."));
    } else {
        let last = source.line_of(pair.span.end.saturating_sub(1));
        finding.note(format!(
            "All of the text up to line {last} is the value of `{key}`: put it in double quotes behind `{key}=`, or give \
             each name below its own `=`."
        ));
    }
}

/// `KEY=value` with the same meaning; `None` where that takes a person.
fn with_equals(file: &FileFacts<'_>, pair: &Pair, span: Span, value: &str) -> Option<Vec<Edit>> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/');
    let key = pair.key.text.as_str();
    let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    if bare.is_empty() || !bare.bytes().all(plain) {
        return None;
    }
    let escape = file.dockerfile.escape;
    let quoting = quoting(value, escape)?;
    // The same value comes out of both, whatever the variables are.
    let marked = |name: &str| Value::Set(format!("<{name}>"));
    let before = expand(value, escape, &marked).ok()?.value?;
    if !quoting.is_empty() {
        let quoted = apply(value, &quoting).ok()?;
        if expand(&quoted, escape, &marked).ok()?.value? != before {
            return None;
        }
    }
    let mut edits = vec![Edit::replace(Span::new(pair.key.span.end, span.start), "=")];
    edits.extend(quoting.into_iter().map(|edit| Edit {
        span: Span::new(edit.span.start + span.start, edit.span.end + span.start),
        text: edit.text,
    }));
    Some(edits)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

/// Edits that make one word of a value: none where it has no blank outside of quotes, else double quotes around all of
/// it, for which the quotes inside go and what they protected is escaped. `None` where a variable has a modifier or a
/// quote is not closed.
fn quoting(value: &str, escape: char) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    let (mut quote, mut blanks, mut closed) = (Quote::None, false, false);
    let end = value.len() as u32;
    let mut rest = value.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let here = Span::new(at as u32, (at + c.len_utf8()) as u32);
        match (quote, c) {
            (Quote::Single, '\'') => {
                quote = Quote::None;
                edits.push(Edit::delete(here));
            }
            (Quote::Single, c) if c == '"' || c == '$' || c == escape => {
                edits.push(Edit::insert(here.start, escape));
            }
            (Quote::Single, _) => {}
            (Quote::Double, '"') => {
                quote = Quote::None;
                // The last quote of the value stays where the closing one is wanted.
                closed = here.end == end;
                if !closed {
                    edits.push(Edit::delete(here));
                }
            }
            (Quote::None, '"') => {
                quote = Quote::Double;
                if here.start != 0 {
                    edits.push(Edit::delete(here));
                }
            }
            (Quote::None, '\'') => {
                quote = Quote::Single;
                edits.push(Edit::delete(here));
            }
            (_, c) if c == escape => {
                // Quotes keep an escape that protects nothing.
                let (_, escaped) = rest.next()?;
                if quote == Quote::None && escaped != '"' && escaped != '$' && escaped != escape {
                    edits.push(Edit::delete(here));
                }
            }
            (_, '$') => {
                let after = &value[at + 1..];
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if let Some(inner) = after.strip_prefix('{') {
                    if !inner.trim_start_matches(is_name).starts_with('}') {
                        return None;
                    }
                } else {
                    // Without the quote or escape behind it the name would go on: `$A"b"`.
                    let mut behind = after.trim_start_matches(is_name).chars();
                    if behind.next().is_some_and(|c| c == '"' || c == '\'' || c == escape)
                        && behind.next().is_some_and(|c| !c.is_whitespace())
                    {
                        return None;
                    }
                }
            }
            (Quote::None, c) if c.is_whitespace() => blanks = true,
            _ => {}
        }
    }
    if quote != Quote::None {
        return None;
    }
    if !blanks {
        return Some(Vec::new());
    }
    if !value.starts_with('"') {
        edits.insert(0, Edit::insert(0, "\""));
    }
    if !closed {
        edits.push(Edit::insert(end, "\""));
    }
    Some(edits)
}

/// `ARG VERSION 1.2`: BuildKit declares the arguments `VERSION` and `1.2`. A list of names is fine.
fn argument(file: &FileFacts<'_>, node: &Instruction, report: &mut Report) {
    let [name, value] = node.pairs.as_slice() else { return };
    let is_name = |text: &str| {
        !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if name.value.is_some() || value.value.is_some() || !is_name(&name.key.text) || is_name(&value.key.text) {
        return;
    }
    let source = &file.dockerfile.source;
    let key = &name.key.text;
    let one_line = source.line_of(name.span.start) == source.line_of(value.span.end);
    let finding = report
        .add(
            value.span,
            format!("`ARG` has no form without `=`: `{key}` stays without a default, and this becomes a second argument."),
        )
        .level(crate::config::Level::Warning)
        .codes(&["DF082"])
        .note(format!("Check that the build still does what it should once `{key}` has this default."));
    if one_line {
        let between = Span::new(name.span.end, value.span.start);
        finding.fix(Fix::confirm(format!("Write `{key}=…`"), vec![Edit::replace(between, "=")]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(value: &str) -> Option<String> {
        quoting(value, '\\').map(|edits| apply(value, &edits).unwrap())
    }

    #[test]
    fn quotes_only_what_needs_it() {
        for (value, expected) in [
            ("plain", "plain"),
            ("$PATH:/x", "$PATH:/x"),
            ("\"a b\"", "\"a b\""),
            ("'a b'", "'a b'"),
            ("a\\ b", "a\\ b"),
            ("a b", "\"a b\""),
            ("a ${B} c", "\"a ${B} c\""),
            ("say \\\"hi\\\"", "\"say \\\"hi\\\"\""),
            ("a 'b \"$c' d", "\"a b \\\"\\$c d\""),
            ("\"a b\" c", "\"a b c\""),
            ("a \"b c\"", "\"a b c\""),
            ("a\\ b c\\n", "\"a b cn\""),
            ("C:\\\\x y", "\"C:\\\\x y\""),
        ] {
            assert_eq!(quoted(value).as_deref(), Some(expected), "{value}");
        }
        for value in ["a ${B:-c}", "it's a", "\"a b", "${B", "a b\\"] {
            assert_eq!(quoted(value), None, "{value}");
        }
    }

    #[test]
    fn means_the_same() {
        // Every text of up to six of these characters.
        let alphabet = ['a', ' ', '"', '\'', '\\', '$', '{', '}'];
        let lookup = |name: &str| Value::Set(format!("<{name}>"));
        let mut texts = vec![String::new()];
        let mut checked = 0;
        for _ in 0..5 {
            texts = texts.iter().flat_map(|t| alphabet.map(|c| format!("{t}{c}"))).collect();
            for text in &texts {
                let Ok(before) = expand(text, '\\', &lookup) else { continue };
                let Some(quoted) = quoted(text) else { continue };
                let after = expand(&quoted, '\\', &lookup);
                assert_eq!(after.map(|a| a.value), Ok(before.value), "{text:?} → {quoted:?}");
                checked += 1;
            }
        }
        assert!(checked > 1000);
    }
}
