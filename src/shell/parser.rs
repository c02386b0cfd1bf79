//! The cursor over the bytes, lists and pipelines: recursive descent without looking back.

use super::ast::{
    AndOr, CommandId, Connector, Element, HereDoc, List, Node, Pipeline, Place, Problem, ProblemKind,
};
use super::command::{Command, Context, Inside};
use crate::dockerfile::Joined;
use std::sync::Arc;

/// Deeper nesting is not read: it bounds the stack.
const MAX_DEPTH: u32 = 60;

/// Room is made for so many pipelines of a chain at once.
const USUAL_ELEMENTS: usize = 4;

/// Room is made for so many words of the commands that are being read.
const USUAL_LOCALS: usize = 16;

/// What all parsers of one script write to.
pub(super) struct Output {
    /// The joined text that all places refer to.
    pub(super) text: Arc<str>,
    pub(super) commands: Vec<Command>,
    pub(super) heredocs: Vec<HereDoc>,
    pub(super) comments: Vec<Place>,
    pub(super) problems: Vec<Problem>,
    /// Memory for the value of a word that is being read.
    pub(super) value: String,
}

/// The way from offsets of the text being read to the file.
#[derive(Clone, Copy)]
pub(super) enum Map<'t> {
    /// The text is the joined text of the script.
    Root(&'t Joined),
    /// The text is made of the outer one with quotes taken away; "file" offsets are offsets of the outer text.
    Nested(&'t Joined, &'t Self),
}

impl Map<'_> {
    fn place(&self, start: usize, end: usize) -> Place {
        let end = end.max(start);
        match self {
            Self::Root(joined) => {
                Place { start: start as u32, end: end as u32, span: joined.span(start..end) }
            }
            Self::Nested(joined, outer) => {
                let span = joined.span(start..end);
                outer.place(span.start as usize, span.end as usize)
            }
        }
    }
}

/// Reserved words that may end a list, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stops {
    words: u16,
    /// `)` ends the list.
    pub(super) paren: bool,
    /// `;;` ends the list.
    pub(super) case: bool,
}

const CLOSERS: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];
pub(super) const THEN: u16 = 1;
pub(super) const ELIF: u16 = 1 << 1;
pub(super) const ELSE: u16 = 1 << 2;
pub(super) const FI: u16 = 1 << 3;
pub(super) const DO: u16 = 1 << 4;
pub(super) const DONE: u16 = 1 << 5;
pub(super) const ESAC: u16 = 1 << 6;
pub(super) const BRACE: u16 = 1 << 7;

/// A word of a simple command in offsets of the text being read, for the strings other shells run.
pub(super) struct Local {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Expansions in it: start, end, whether commands are in it.
    pub(super) expansions: Vec<(usize, usize, bool)>,
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    /// The bytes of `text` up to where reading ends.
    pub(super) bytes: &'t [u8],
    pub(super) pos: usize,
    /// End of the last token that was read.
    pub(super) last: usize,
    pub(super) map: Map<'t>,
    pub(super) out: &'t mut Output,
    pub(super) depth: u32,
    /// How many strings of other shells this text is in.
    pub(super) string_depth: u32,
    pub(super) inside: Inside,
    pub(super) parent: Option<CommandId>,
    pub(super) stops: Stops,
    /// Here-documents whose bodies begin at the next line end.
    pub(super) pending: Vec<u32>,
    pub(super) locals: Vec<Local>,
}

/// Whether a byte ends a word outside of quotes.
pub(super) const fn is_meta(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, map: Map<'t>, out: &'t mut Output) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            last: 0,
            map,
            out,
            depth: 0,
            string_depth: 0,
            inside: Inside::NONE,
            parent: None,
            stops: Stops::default(),
            pending: Vec::new(),
            locals: Vec::with_capacity(USUAL_LOCALS),
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.pos + ahead).copied()
    }

    pub(super) fn starts_with(&self, prefix: &[u8]) -> bool {
        self.bytes.get(self.pos..).is_some_and(|rest| rest.starts_with(prefix))
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        self.map.place(start, end)
    }

    /// Whether the text that is read is not that of the script.
    pub(super) const fn is_nested(&self) -> bool {
        matches!(self.map, Map::Nested(..))
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, start: usize, end: usize) {
        let place = self.place(start, end);
        self.out.problems.push(Problem { kind, place });
    }

    /// Length of a line continuation (backslash and line end) at the cursor.
    pub(super) fn continuation(&self) -> usize {
        match (self.peek(), self.peek_at(1), self.peek_at(2)) {
            (Some(b'\\'), Some(b'\n'), _) => 2,
            (Some(b'\\'), Some(b'\r'), Some(b'\n')) => 3,
            _ => 0,
        }
    }

    /// Steps over a whole character.
    pub(super) fn skip_char(&mut self) {
        if self.pos >= self.bytes.len() {
            return;
        }
        self.pos += 1;
        while self.pos < self.bytes.len() && !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
    }

    /// Skips blanks, line continuations and a comment: what may stand before a token.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.pos += 1,
                Some(b'\r') if self.peek_at(1) == Some(b'\n') => self.pos += 1,
                Some(b'\\') if self.continuation() > 0 => self.pos += self.continuation(),
                Some(b'#') => {
                    let start = self.pos;
                    let rest = self.bytes.get(start..).unwrap_or_default();
                    self.pos += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                    let text = self.slice(start, self.pos);
                    let place = self.place(start, start + text.trim_end_matches('\r').len());
                    self.out.comments.push(place);
                }
                _ => return,
            }
        }
    }

    /// Skips blanks, comments and line ends.
    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.newline();
        }
    }

    /// Takes the line end at the cursor and the here-documents that begin behind it.
    pub(super) fn newline(&mut self) {
        self.pos += 1;
        if !self.pending.is_empty() {
            self.read_heredocs();
        }
    }

    /// The plain word at the cursor, if it ends where a word ends.
    pub(super) fn bare_word(&self) -> &'t str {
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        // No reserved word is longer.
        let mut len = 0;
        while len <= 8 {
            match rest.get(len) {
                None => break,
                Some(b'\\') if matches!(rest.get(len + 1), Some(b'\n' | b'\r')) => break,
                Some(b'\r') if rest.get(len + 1) == Some(&b'\n') => break,
                Some(byte) if is_meta(*byte) => break,
                Some(byte) if byte.is_ascii_alphabetic() || matches!(byte, b'{' | b'}' | b'!' | b'[') => {
                    len += 1;
                }
                Some(_) => return "",
            }
        }
        self.slice(self.pos, self.pos + len)
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        if self.bare_word() == word {
            self.pos += word.len();
            self.last = self.pos;
            true
        } else {
            false
        }
    }

    pub(super) fn expect_word(&mut self, word: &'static str) {
        self.skip_blanks();
        if !self.eat_word(word) {
            self.problem(ProblemKind::Missing(word), self.last, self.last);
        }
    }

    pub(super) fn at_stop(&self) -> bool {
        match self.peek() {
            None => true,
            Some(b')') => self.stops.paren,
            Some(b';') => self.stops.case && matches!(self.peek_at(1), Some(b';' | b'&')),
            Some(byte) if self.stops.words != 0 && (byte == b'}' || byte.is_ascii_lowercase()) => {
                let word = self.bare_word();
                !word.is_empty()
                    && CLOSERS
                        .iter()
                        .position(|c| *c == word)
                        .is_some_and(|i| self.stops.words & (1 << i) != 0)
            }
            Some(_) => false,
        }
    }

    /// Runs `read` with one more level of nesting; at the bound the rest of the text is given up.
    pub(super) fn deeper<T: Default>(&mut self, inside: Inside, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.problem(ProblemKind::TooDeep, self.pos, self.bytes.len());
            self.pos = self.bytes.len();
            return T::default();
        }
        let saved = self.inside;
        self.inside = saved.with(inside);
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        self.inside = saved;
        value
    }

    /// A list inside a construct that these words end.
    pub(super) fn list_until(&mut self, words: u16, inside: Inside) -> List {
        let saved = self.stops;
        self.stops.words |= words;
        let list = self.deeper(inside, |p| p.list(false));
        self.stops = saved;
        list
    }

    /// A list up to `)`, the `)` included. The cursor is behind the opening characters.
    pub(super) fn list_in_parens(&mut self, open: &'static str, start: usize, inside: Inside) -> List {
        let saved = self.stops;
        self.stops = Stops { words: 0, paren: true, case: false };
        let list = self.deeper(inside, |p| p.list(false));
        self.stops = saved;
        if self.peek() == Some(b')') {
            self.pos += 1;
            self.last = self.pos;
        } else {
            self.problem(ProblemKind::Unterminated(open), start, start + open.len());
        }
        list
    }

    /// Commands up to something that ends the list. `root`: number the chains.
    pub(super) fn list(&mut self, root: bool) -> List {
        let mut list = List::default();
        loop {
            self.skip_lines();
            if self.at_stop() {
                break;
            }
            let start = self.pos;
            let first_command = self.out.commands.len();
            let item = self.and_or();
            if root {
                let chain = list.items.len() as u32;
                for command in self.out.commands.iter_mut().skip(first_command) {
                    command.context.chain = chain;
                }
            }
            if let Some(item) = item {
                if list.items.is_empty() {
                    list.items = Vec::with_capacity(1);
                }
                list.items.push(item);
            } else if self.pos > start {
                // A stray `fi;`: its separator goes with it.
                self.skip_blanks();
                if self.peek() == Some(b';') && !self.at_stop() {
                    self.pos += 1;
                }
            }
            if self.pos == start {
                // `)`, `;`, `fi` and the like where nothing may stand.
                self.skip_char();
                while self.peek().is_some_and(|b| matches!(b, b';' | b'&' | b'|')) {
                    self.pos += 1;
                }
                self.problem(ProblemKind::Unexpected, start, self.pos);
            }
        }
        if let (Some(first), Some(last)) = (list.items.first(), list.items.last()) {
            list.place = Place {
                start: first.place.start,
                end: last.place.end,
                span: first.place.span.cover(last.place.span),
            };
        } else {
            list.place = self.place(self.pos, self.pos);
        }
        list
    }

    fn and_or(&mut self) -> Option<AndOr> {
        let start = self.pos;
        let mut elements: Vec<Element> = Vec::new();
        let mut before = Connector::End;
        let mut before_place = self.place(start, start);
        let terminator;
        let terminator_place;
        let mut end = start;
        loop {
            if let Some(pipeline) = self.pipeline() {
                end = self.last;
                if let Some(last) = elements.last() {
                    self.connect(&last.pipeline, &pipeline, before);
                }
                if elements.is_empty() {
                    elements = Vec::with_capacity(USUAL_ELEMENTS);
                }
                elements.push(Element { before, before_place, pipeline });
            } else if before != Connector::End {
                let problem = Problem { kind: ProblemKind::NoCommandAfter, place: before_place };
                self.out.problems.push(problem);
            }
            self.skip_blanks();
            let at = self.pos;
            let (operator, len) = match (self.peek(), self.peek_at(1)) {
                (Some(b'&'), Some(b'&')) => (Connector::And, 2),
                (Some(b'|'), Some(b'|')) => (Connector::Or, 2),
                (Some(b'&'), _) => (Connector::Background, 1),
                (Some(b';'), Some(b';' | b'&')) => (Connector::End, 0),
                (Some(b';'), _) => (Connector::Semicolon, 1),
                (Some(b'\n'), _) => (Connector::Newline, 0),
                _ => (Connector::End, 0),
            };
            if elements.is_empty() {
                // Nothing was read: the list decides what to skip.
                return None;
            }
            if matches!(operator, Connector::And | Connector::Or) {
                self.pos += len;
                self.last = self.pos;
                before = operator;
                before_place = self.place(at, self.pos);
                self.skip_lines();
                continue;
            }
            terminator_place = self.place(at, at + len);
            self.pos += len;
            if len > 0 {
                self.last = self.pos;
            }
            terminator = operator;
            if operator == Connector::End && !self.at_stop() && !matches!(self.peek(), Some(b';' | b')')) {
                // `fi foo`, `(a) b`: read on as a new command.
                self.problem(ProblemKind::Unexpected, at, at);
            }
            break;
        }
        if let Some(last) = elements.last() {
            for node in last.pipeline.commands.iter().rev().take(1) {
                self.set_next(node, terminator);
            }
        }
        let place = match elements.as_slice() {
            [only] => only.pipeline.place,
            _ => self.place(start, end),
        };
        Some(AndOr { elements, terminator, terminator_place, place })
    }

    fn set_next(&mut self, node: &Node, connector: Connector) {
        if let Node::Simple(id) = node
            && let Some(command) = self.out.commands.get_mut(id.index())
        {
            command.context.next = connector;
        }
    }

    fn connect(&mut self, left: &Pipeline, right: &Pipeline, connector: Connector) {
        if let Some(node) = left.commands.last() {
            self.set_next(node, connector);
        }
        if let Some(Node::Simple(id)) = right.commands.first()
            && let Some(command) = self.out.commands.get_mut(id.index())
        {
            command.context.previous = connector;
        }
    }

    fn pipeline(&mut self) -> Option<Pipeline> {
        let start = self.pos;
        let (mut negated, mut timed) = (false, false);
        // No other byte begins one of the two words.
        while matches!(self.peek(), Some(b'!' | b't')) {
            if self.eat_word("!") {
                negated = !negated;
            } else if self.bare_word() == "time" && !timed && !self.time_is_program() {
                self.eat_word("time");
                timed = true;
                self.skip_blanks();
                if self.starts_with(b"-p") && self.peek_at(2).is_none_or(is_meta) {
                    self.pos += 2;
                }
            } else {
                break;
            }
            self.skip_blanks();
        }
        let saved = self.inside;
        if negated {
            self.inside = saved.with(Inside::NEGATED);
        }
        let mut commands = Vec::new();
        let mut operators = Vec::new();
        let mut end = self.last;
        loop {
            let Some(node) = self.command() else {
                if let Some(place) = operators.pop() {
                    self.out.problems.push(Problem { kind: ProblemKind::NoCommandAfter, place });
                }
                break;
            };
            if commands.is_empty() {
                // Most pipelines are a single command.
                commands = Vec::with_capacity(1);
            }
            commands.push(node);
            end = self.last;
            self.skip_blanks();
            let len = match (self.peek(), self.peek_at(1)) {
                (Some(b'|'), Some(b'|')) => break,
                (Some(b'|'), Some(b'&')) => 2,
                (Some(b'|'), _) => 1,
                _ => break,
            };
            operators.push(self.place(self.pos, self.pos + len));
            self.pos += len;
            self.last = self.pos;
            self.skip_lines();
        }
        self.inside = saved;
        if commands.is_empty() {
            return None;
        }
        let count = commands.len();
        for (index, node) in commands.iter().enumerate() {
            if count > 1
                && let Node::Simple(id) = node
                && let Some(command) = self.out.commands.get_mut(id.index())
            {
                command.context.pipe_index = index as u32;
                command.context.pipe_length = count as u32;
                if index + 1 < count {
                    command.context.next = Connector::Pipe;
                }
                if index > 0 {
                    command.context.previous = Connector::Pipe;
                }
            }
        }
        let place = self.place(start, end);
        self.last = end;
        Some(Pipeline { negated, timed, commands, operators, place })
    }

    /// `time -f %e cmd` is the program, `time cmd` and `time -p cmd` the reserved word.
    fn time_is_program(&self) -> bool {
        let rest = self.slice(self.pos + 4, self.bytes.len()).trim_start_matches([' ', '\t']);
        rest.starts_with('-') && !rest.starts_with("-p ")
    }

    pub(super) fn context(&self) -> Context {
        Context {
            next: Connector::End,
            previous: Connector::End,
            pipe_index: 0,
            pipe_length: 1,
            inside: self.inside,
            depth: self.depth,
            chain: 0,
            parent: self.parent,
        }
    }
}
