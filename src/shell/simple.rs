//! Simple commands, redirects and here-documents.

use super::ast::{
    AndOr, CommandId, Connector, Element, HereDoc, List, Node, Pipeline, Place, ProblemKind, Redirect,
    RedirectOperator,
};
use super::command::{Assignment, Command, Inside, find_program, program_name};
use super::nested::find_execs;
use super::parser::{Local, Parser};
use super::word::Word;
use crate::dockerfile::Joined;
use crate::text::Span;

/// Room is made for so many words at once.
const USUAL_WORDS: usize = 8;

/// The operators of redirects, longer ones before those they begin with.
static REDIRECT_OPERATORS: [(&str, RedirectOperator); 12] = [
    ("<<<", RedirectOperator::HereString),
    ("<<-", RedirectOperator::HereDocTabs),
    ("<<", RedirectOperator::HereDoc),
    ("<&", RedirectOperator::DuplicateIn),
    ("<>", RedirectOperator::ReadWrite),
    (">>", RedirectOperator::Append),
    (">&", RedirectOperator::DuplicateOut),
    (">|", RedirectOperator::Clobber),
    ("&>>", RedirectOperator::AppendBoth),
    ("&>", RedirectOperator::WriteBoth),
    ("<", RedirectOperator::Read),
    (">", RedirectOperator::Write),
];

impl Parser<'_> {
    pub(super) fn simple_command(&mut self) -> Option<Node> {
        let start = self.pos;
        let id = CommandId(self.out.commands.len() as u32);
        // Takes the number now, so that commands in its substitutions come behind it.
        self.out.commands.push(Command {
            id,
            assignments: Vec::new(),
            words: Vec::new(),
            redirects: Vec::new(),
            place: Place::default(),
            context: self.context(),
            script: None,
            name_at: 0,
        });
        let outer_parent = self.parent.replace(id);
        let first_local = self.locals.len();
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut end = start;
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect() {
                if redirects.is_empty() {
                    redirects = Vec::with_capacity(1);
                }
                redirects.push(redirect);
            } else if words.is_empty()
                && let Some(assignment) = self.assignment()
            {
                assignments.push(assignment);
            } else if let Some(word) = self.command_word() {
                if words.is_empty() {
                    words = Vec::with_capacity(USUAL_WORDS);
                }
                words.push(word);
            } else if self.peek() == Some(b'(') && !words.is_empty() {
                let at = self.pos;
                let after = at + 1 + self.blank_run(at + 1);
                if self.bytes.get(after) == Some(&b')') {
                    self.pos = after + 1;
                    self.last = self.pos;
                    if let ([name], true, true) = (&words[..], assignments.is_empty(), redirects.is_empty())
                        && self.out.commands.len() == id.index() + 1
                    {
                        let name = name.text().to_owned();
                        self.out.commands.pop();
                        self.parent = outer_parent;
                        self.locals.truncate(first_local);
                        return Some(self.function_node(name, start));
                    }
                } else {
                    self.pos += 1;
                }
                self.problem(ProblemKind::Unexpected, at, self.pos);
            } else {
                break;
            }
            end = self.last;
        }
        self.parent = outer_parent;
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            let empty = self.place(start, start);
            if self.out.commands.len() == id.index() + 1 {
                self.out.commands.pop();
            } else if let Some(command) = self.out.commands.get_mut(id.index()) {
                command.place = empty;
            }
            self.locals.truncate(first_local);
            return None;
        }
        self.last = end;
        let place = self.place(start, end);
        for index in redirects.iter().filter_map(|redirect: &Redirect| redirect.heredoc) {
            if let Some(heredoc) = self.out.heredocs.get_mut(index as usize) {
                heredoc.command = Some(id);
            }
        }
        let name_at = find_program(&words);
        let name = words.get(name_at as usize).and_then(program_name);
        let string = self.shell_string(name, &words, name_at as usize, first_local);
        let execs: Vec<(Vec<Word>, Option<Joined>)> = find_execs(name, &words, name_at as usize)
            .into_iter()
            .filter_map(|(from, to)| {
                let started = words.get(from..to)?.to_vec();
                let at = find_program(&started) as usize;
                let name = started.get(at).and_then(program_name);
                let string = self.shell_string(name, &started, at, first_local + from);
                Some((started, string))
            })
            .collect();
        if let Some(command) = self.out.commands.get_mut(id.index()) {
            command.assignments = assignments;
            command.words = words;
            command.redirects = redirects;
            command.place = place;
            command.name_at = name_at;
        }
        self.locals.truncate(first_local);
        if let Some(string) = string {
            let script = self.nested_script(&string, id);
            if let Some(command) = self.out.commands.get_mut(id.index()) {
                command.script = Some(script);
            }
        }
        if !execs.is_empty() {
            let script = self.started(execs, id);
            if let Some(command) = self.out.commands.get_mut(id.index()) {
                command.script = Some(script);
            }
        }
        Some(Node::Simple(id))
    }

    /// The commands that a `find` starts, as a list.
    fn started(&mut self, execs: Vec<(Vec<Word>, Option<Joined>)>, parent: CommandId) -> List {
        let mut list = List::default();
        for (words, string) in execs {
            let (Some(begin), Some(end)) = (words.first(), words.last()) else { continue };
            let place = Place {
                start: begin.place.start,
                end: end.place.end,
                span: begin.place.span.cover(end.place.span),
            };
            let end = Place { start: place.end, end: place.end, span: Span::at(place.span.end) };
            let id = CommandId(self.out.commands.len() as u32);
            let mut context = self.context();
            context.inside = context.inside.with(Inside::STRING);
            context.parent = Some(parent);
            context.depth += 1;
            self.out.commands.push(Command {
                id,
                assignments: Vec::new(),
                name_at: find_program(&words),
                words,
                redirects: Vec::new(),
                place,
                context,
                script: None,
            });
            if let Some(string) = string {
                let script = self.nested_script(&string, id);
                if let Some(command) = self.out.commands.get_mut(id.index()) {
                    command.script = Some(script);
                }
            }
            let pipeline = Pipeline {
                negated: false,
                timed: false,
                commands: vec![Node::Simple(id)],
                operators: Vec::new(),
                place,
            };
            let element = Element { before: Connector::End, before_place: end, pipeline };
            list.place = if list.items.is_empty() {
                place
            } else {
                Place { end: place.end, span: list.place.span.cover(place.span), ..list.place }
            };
            list.items.push(AndOr {
                elements: vec![element],
                terminator: Connector::End,
                terminator_place: end,
                place,
            });
        }
        list
    }

    /// Number of blanks from an offset on.
    fn blank_run(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    /// A word of a simple command, its local offsets remembered.
    fn command_word(&mut self) -> Option<Word> {
        let start = self.pos;
        let (word, expansions) = self.scan_word(false)?;
        self.locals.push(Local { start, end: self.last, expansions });
        Some(word)
    }

    /// `NAME=value`, `NAME+=value`, `NAME[i]=value` at the cursor.
    fn assignment(&mut self) -> Option<Assignment> {
        let start = self.pos;
        let rest = self.bytes.get(start..).unwrap_or_default();
        if !rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') {
            return None;
        }
        let mut at = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))?;
        let name = self.slice(start, start + at);
        if rest.get(at) == Some(&b'[') {
            at += subscript_len(rest.get(at..)?)?;
        }
        let append = rest.get(at) == Some(&b'+');
        if append {
            at += 1;
        }
        if rest.get(at) != Some(&b'=') {
            return None;
        }
        self.pos = start + at + 1;
        self.last = self.pos;
        let value_start = self.pos;
        let value = if self.peek() == Some(b'(') {
            self.array_value()
        } else {
            match self.word() {
                Some(word) => word,
                None => self.plain_word(value_start, value_start),
            }
        };
        let place = self.place(start, self.last);
        Some(Assignment { name: name.into(), append, value, place })
    }

    /// A redirect at the cursor.
    #[inline]
    pub(super) fn redirect(&mut self) -> Option<Redirect> {
        // Cheap way out for almost every word.
        match self.peek()? {
            first @ (b'<' | b'>' | b'&' | b'{' | b'0'..=b'9') => self.likely_redirect(first),
            _ => None,
        }
    }

    /// A redirect at the cursor, where this byte stands.
    fn likely_redirect(&mut self, first: u8) -> Option<Redirect> {
        let start = self.pos;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let descriptor_len = if first.is_ascii_digit() {
            rest.iter().take_while(|b| b.is_ascii_digit()).count()
        } else if first == b'{' {
            let name = rest.iter().skip(1).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            if name == 0 || rest.get(name + 1) != Some(&b'}') {
                return None;
            }
            name + 2
        } else {
            0
        };
        let tail = rest.get(descriptor_len..).unwrap_or_default();
        // `<(…)` and `>(…)` are words.
        if matches!(tail, [b'<' | b'>', b'(', ..]) || (descriptor_len > 0 && tail.first() == Some(&b'&')) {
            return None;
        }
        let (token, operator) =
            REDIRECT_OPERATORS.iter().find(|(token, _)| tail.starts_with(token.as_bytes()))?;
        let descriptor = (descriptor_len > 0)
            .then(|| self.slice(start, start + descriptor_len).to_owned().into_boxed_str());
        self.pos = start + descriptor_len + token.len();
        self.last = self.pos;
        self.skip_blanks();
        let target = self.word();
        if target.is_none() {
            self.problem(ProblemKind::NoRedirectTarget, start, self.last);
        }
        let mut heredoc = None;
        let operator = *operator;
        if matches!(operator, RedirectOperator::HereDoc | RedirectOperator::HereDocTabs)
            && let Some(word) = &target
        {
            let index = self.out.heredocs.len() as u32;
            self.out.heredocs.push(HereDoc {
                delimiter: word.text().into(),
                expand: !word.is_quoted(),
                strip_tabs: operator == RedirectOperator::HereDocTabs,
                body: None,
                command: None,
                script: None,
            });
            self.pending.push(index);
            heredoc = Some(index);
        }
        let place = self.place(start, self.last);
        Some(Redirect { descriptor, operator, target, heredoc, place })
    }

    /// Reads the bodies of the pending here-documents. The cursor is at the start of a line.
    pub(super) fn read_heredocs(&mut self) {
        for index in std::mem::take(&mut self.pending) {
            let Some(heredoc) = self.out.heredocs.get(index as usize) else { continue };
            let (delimiter, strip_tabs, expand) =
                (heredoc.delimiter.clone(), heredoc.strip_tabs, heredoc.expand);
            let start = self.pos;
            let mut body_end = self.bytes.len();
            let mut after = body_end;
            let mut found = false;
            let mut line_start = start;
            while line_start < self.bytes.len() {
                let rest = self.bytes.get(line_start..).unwrap_or_default();
                let len = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                let line = self.slice(line_start, line_start + len);
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if strip_tabs { line.trim_start_matches('\t') } else { line };
                if line == &*delimiter {
                    body_end = line_start;
                    after = (line_start + len + 1).min(self.bytes.len());
                    found = true;
                    break;
                }
                line_start += len + 1;
            }
            if !found {
                self.problem(ProblemKind::UnterminatedHereDoc, start, body_end);
            }
            let expansions = if expand { self.heredoc_expansions(start, body_end) } else { Vec::new() };
            let place = self.place(start, body_end);
            let command = match self.out.heredocs.get_mut(index as usize) {
                Some(heredoc) => {
                    heredoc.body = Some(place);
                    heredoc.command
                }
                None => None,
            };
            if let Some(id) = command
                && self.out.commands.get(id.index()).is_some_and(super::nested::reads_script)
                && let Some(string) = self.heredoc_string(start, body_end, &expansions, expand, strip_tabs)
            {
                let script = self.nested_script(&string, id);
                if let Some(heredoc) = self.out.heredocs.get_mut(index as usize) {
                    heredoc.script = Some(script);
                }
            }
            self.pos = after;
        }
    }

    /// Reads the expansions of a here-document so that their commands are known.
    fn heredoc_expansions(&mut self, start: usize, end: usize) -> Vec<(usize, usize, bool)> {
        let (bytes, last, parent, inside) = (self.bytes, self.last, self.parent, self.inside);
        self.bytes = bytes.get(..end).unwrap_or(bytes);
        self.pos = start;
        let expansions = self.loose_expansions();
        self.bytes = bytes;
        self.last = last;
        self.parent = parent;
        self.inside = inside;
        expansions
    }

    /// A `((…))` whose body is read for its substitutions only.
    pub(super) fn arithmetic(&mut self, start: usize, open: &'static str) {
        self.arithmetic_parts(start, open);
    }
}

/// Longest subscript of an array in bytes: whoever writes `a[` as a word does not make the rest be read twice.
const MAX_SUBSCRIPT: usize = 256;

/// Length of the subscript `[…]` that the bytes begin with. Blanks stand in quotes or brackets only.
fn subscript_len(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut quote) = (0_u32, None);
    let mut at = 0;
    while let Some(byte) = bytes.get(at).filter(|_| at < MAX_SUBSCRIPT) {
        match byte {
            b'\\' => at += 1,
            b'\'' | b'"' if quote.is_none() => quote = Some(*byte),
            _ if quote == Some(*byte) => quote = None,
            _ if quote.is_some() => {}
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return (*byte == b']').then_some(at + 1);
                }
            }
            b'\n' => return None,
            b' ' | b'\t' | b';' | b'&' | b'|' if depth == 1 => return None,
            _ => {}
        }
        at += 1;
    }
    None
}
