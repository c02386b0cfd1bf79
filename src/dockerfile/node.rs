//! One instruction from its logical line: keyword, flags, arguments.

use super::json::{self, JsonForm};
use super::refusal::shown;
use super::words;
use super::{ErrorKind, Instruction, Joined, Keyword, Pair, SyntaxError, Word};
use crate::text::Span;
use std::ops::Range;

/// ONBUILD may hold one instruction; deeper nesting is refused by Docker and not followed.
pub(super) const MAX_TRIGGER_DEPTH: u32 = 2;

/// Reads instructions of one file.
pub(super) struct NodeReader<'e> {
    /// The escape character of the file.
    pub(super) escape: char,
    /// Where errors go.
    pub(super) errors: &'e mut Vec<SyntaxError>,
}

impl NodeReader<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(SyntaxError { span, message: message.into(), kind: ErrorKind::Other });
    }

    /// Reads keyword, flags and arguments in a range of the logical line.
    pub(super) fn node(&mut self, joined: Joined, range: Range<usize>, depth: u32) -> Instruction {
        let range = words::trim(joined.text(), range);
        let (name, after) = words::split_keyword(joined.text(), range);
        let (flags, arguments) = words::flags(&joined, after.clone());
        let rest = words::trim(joined.text(), arguments.min(after.end)..after.end);
        let name = words::word(&joined, name);
        let mut node = Instruction {
            span: Span::default(),
            body: joined.span(0..joined.text().len()),
            lines: (0, 0),
            keyword: Keyword::parse(&name.text),
            name,
            flags,
            json: false,
            args: Vec::new(),
            pairs: Vec::new(),
            joined,
            rest,
            heredocs: Vec::new(),
            trigger: None,
            comments: Vec::new(),
            blank_lines: Vec::new(),
        };
        self.arguments(&mut node, depth);
        node
    }

    fn arguments(&mut self, node: &mut Instruction, depth: u32) {
        let joined = &node.joined;
        match node.keyword {
            Keyword::Add | Keyword::Copy | Keyword::Volume => {
                if !self.json(node) {
                    node.args = words::split_blanks(&node.joined, node.rest.clone());
                }
            }
            Keyword::Cmd | Keyword::Entrypoint | Keyword::Run | Keyword::Shell => {
                if !self.json(node) {
                    node.args = whole(node);
                }
            }
            Keyword::Expose | Keyword::From => node.args = words::split_blanks(joined, node.rest.clone()),
            Keyword::Maintainer | Keyword::Stopsignal | Keyword::User | Keyword::Workdir => {
                node.args = whole(node);
            }
            Keyword::Healthcheck => {
                let (kind, command) = words::split_keyword(joined.text(), node.rest.clone());
                let kind = (!kind.is_empty()).then(|| words::word(joined, kind));
                node.rest = command;
                if !self.json(node) {
                    node.args = whole(node);
                }
                node.args.splice(0..0, kind);
            }
            Keyword::Arg => {
                let words = words::split_quoted(joined.text(), node.rest.clone(), self.escape);
                node.pairs = words.into_iter().map(|word| argument(joined, word)).collect();
            }
            Keyword::Env | Keyword::Label => self.key_values(node),
            Keyword::Onbuild => {
                if node.rest.is_empty() || depth == 0 {
                    return;
                }
                let joined = node.joined.clone();
                let mut trigger = self.node(joined, node.rest.clone(), depth - 1);
                trigger.body = node.rest_span();
                node.trigger = Some(Box::new(trigger));
            }
            Keyword::Unknown => {}
        }
    }

    /// Takes the arguments in JSON form; false for the shell form.
    fn json(&mut self, node: &mut Instruction) -> bool {
        match json::parse(&node.joined, node.rest.start, node.rest.end) {
            JsonForm::Strings(words) => {
                node.args = words;
                node.json = true;
                true
            }
            JsonForm::NotStrings => {
                let message = format!("the JSON array of {} may hold strings only", node.keyword.name());
                self.error(node.rest_span(), message);
                false
            }
            JsonForm::No => false,
        }
    }

    fn key_values(&mut self, node: &mut Instruction) {
        let joined = &node.joined;
        let text = joined.text();
        let words = words::split_quoted(text, node.rest.clone(), self.escape);
        let Some(first) = words.first() else { return };
        if !text[first.clone()].contains('=') {
            let (key, value) = words::split_keyword(text, node.rest.clone());
            let key = words::word(joined, key);
            if value.is_empty() {
                let message =
                    format!("{} needs a key and a value: `{}=…`", node.keyword.name(), shown(&key.text));
                self.error(key.span, message);
            }
            let value = words::word(joined, value);
            let span = key.span.cover(value.span);
            node.pairs.push(Pair { key, value: Some(value), equals: false, span });
            return;
        }
        for word in words {
            if !text[word.clone()].contains('=') {
                let message = format!(
                    "`{}` has no `=`; write `NAME=value` and put values with blanks in quotes",
                    shown(&text[word.clone()])
                );
                self.error(joined.span(word), message);
                continue;
            }
            node.pairs.push(argument(joined, word));
        }
    }
}

/// The whole text after the keyword as one argument; none where it is empty.
fn whole(node: &Instruction) -> Vec<Word> {
    if node.rest.is_empty() { Vec::new() } else { vec![words::word(&node.joined, node.rest.clone())] }
}

/// Splits `KEY=value`; the value is absent where there is no `=`.
fn argument(joined: &Joined, range: Range<usize>) -> Pair {
    let span = joined.span(range.clone());
    let Some(at) = joined.text()[range.clone()].find('=') else {
        return Pair { key: words::word(joined, range), value: None, equals: false, span };
    };
    let equals = range.start + at;
    let mut value = words::word(joined, equals + 1..range.end);
    if value.text.is_empty() {
        // Right behind the `=`, also when the next piece starts on another line.
        value.span = Span::at(joined.to_file(equals as u32) + 1);
    }
    Pair { key: words::word(joined, range.start..equals), value: Some(value), equals: true, span }
}
