//! Reading words: quotes, expansions, substitutions.

use super::ast::ProblemKind;
use super::command::{Inside, is_assignment_text};
use super::parser::{Parser, is_meta};
use super::word::{Marks, Part, PartKind, Word};
use std::sync::Arc;

/// A word being read.
#[derive(Default)]
struct Scan {
    /// Quotes resolved, expansions as written.
    value: String,
    marks: Marks,
    /// Expansions: start, end (offsets of the text being read), whether commands are in it.
    expansions: Vec<(usize, usize, bool)>,
}

/// Bytes that stand for themselves everywhere outside of quotes.
static PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let special = b" \t\n\r;&|<>()'\"\\$`*?[]~{}";
    let mut i = 0;
    while i < special.len() {
        table[special[i] as usize] = false;
        i += 1;
    }
    table
};

/// Expansions of a word with their offsets: start, end, whether commands are in it.
type Expansions = Vec<(usize, usize, bool)>;

impl Parser<'_> {
    /// The word at the cursor; `None` at an operator or the end.
    pub(super) fn word(&mut self) -> Option<Word> {
        self.scan_word(false).map(|(word, _)| word)
    }

    /// The right side of `==` or `=~` in `[[ ]]`, where parentheses and `|` belong to the word.
    pub(super) fn pattern_word(&mut self) -> Option<Word> {
        self.scan_word(true).map(|(word, _)| word)
    }

    /// A word of the bytes as they are.
    pub(super) fn plain_word(&self, start: usize, end: usize) -> Word {
        self.make_word(start, end, None, Marks::default(), Vec::new())
    }

    fn make_word(
        &self,
        start: usize,
        end: usize,
        value: Option<String>,
        marks: Marks,
        parts: Vec<Part>,
    ) -> Word {
        let place = self.place(start, end);
        let raw = self.out.text.get(place.range()).unwrap_or("");
        let resolved = match value {
            Some(value) => (value != raw).then(|| value.into_boxed_str()),
            // Inside of strings the outer text has escapes and continuations that this level does not see.
            None => {
                let text = self.slice(start, end);
                (text != raw).then(|| text.into())
            }
        };
        Word { source: Arc::clone(&self.out.text), place, resolved, marks, parts }
    }

    pub(super) fn scan_word(&mut self, pattern: bool) -> Option<(Word, Expansions)> {
        let start = self.pos;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let plain = rest.iter().position(|b| !PLAIN[*b as usize]).unwrap_or(rest.len());
        let after = rest.get(plain).copied();
        let simple = after.is_none_or(|b| matches!(b, b' ' | b'\n' | b'\t' | b';' | b'&'));
        if simple && !pattern {
            if plain == 0 {
                return None;
            }
            self.pos += plain;
            self.last = self.pos;
            return Some((self.plain_word(start, self.pos), Vec::new()));
        }
        let mut scan = Scan::default();
        let parts = self.scan_unquoted(&mut scan, start, pattern);
        if self.pos == start {
            return None;
        }
        self.last = self.pos;
        let word = self.make_word(start, self.pos, Some(scan.value), scan.marks, parts);
        Some((word, scan.expansions))
    }

    fn scan_unquoted(&mut self, scan: &mut Scan, start: usize, pattern: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut run = self.pos;
        // Open parentheses of `@(a|b)` or of a regular expression.
        let mut group = 0_u32;
        let mut bracket = false;
        let mut brace = 0_u8;
        while let Some(byte) = self.peek() {
            let at = self.pos;
            if PLAIN[byte as usize] {
                let rest = self.bytes.get(at..).unwrap_or_default();
                let len = rest.iter().position(|b| !PLAIN[*b as usize]).unwrap_or(rest.len());
                self.pos += len;
                let text = self.slice(at, self.pos);
                scan.value.push_str(text);
                if brace == 1 && (text.contains(',') || text.contains("..")) {
                    brace = 2;
                }
                continue;
            }
            let is_part = matches!(byte, b'\'' | b'"' | b'`')
                || (byte == b'$' && self.peek_at(1).is_some_and(starts_expansion))
                || (matches!(byte, b'<' | b'>') && self.peek_at(1) == Some(b'(') && group == 0);
            if is_part && run < at {
                parts.push(Part { kind: PartKind::Literal, place: self.place(run, at) });
            }
            match byte {
                b'\\' => {
                    let skip = self.continuation();
                    if skip > 0 {
                        self.pos += skip;
                        continue;
                    }
                    scan.marks.set(Marks::QUOTED);
                    self.pos += 1;
                    let from = self.pos;
                    if from < self.bytes.len() {
                        self.skip_char();
                        scan.value.push_str(self.slice(from, self.pos));
                    } else {
                        scan.value.push('\\');
                    }
                    continue;
                }
                b'\'' => self.single_quotes(scan, &mut parts),
                b'"' => self.double_quotes(scan, &mut parts),
                b'`' => self.backquotes(scan, &mut parts, false),
                b'$' if is_part => self.dollar(scan, &mut parts, false),
                b'<' | b'>' if is_part => self.process_substitution(scan, &mut parts),
                b'(' if group > 0 || pattern || self.opens_glob(start) => {
                    group += 1;
                    scan.marks.set(Marks::GLOB);
                }
                b'(' if self.slice(start, at).ends_with('=')
                    && is_assignment_text(self.slice(start, at).replacen("+=", "=", 1).as_str()) =>
                {
                    let array = self.array_value();
                    scan.value.push_str(array.raw());
                    scan.marks.set(Marks::ARRAY);
                    parts.extend(array.parts);
                    break;
                }
                b')' if group > 0 => group -= 1,
                b'|' if pattern && at > start => {}
                b'\r' if self.peek_at(1) != Some(b'\n') => {}
                b'\n' => break,
                _ if group > 0 && is_meta(byte) => {}
                b'*' | b'?' => scan.marks.set(Marks::GLOB),
                b'[' => bracket = true,
                b']' => {
                    if bracket && self.bytes.get(at.wrapping_sub(1)) != Some(&b'[') {
                        scan.marks.set(Marks::GLOB);
                    }
                }
                b'~' => {
                    if at == start {
                        scan.marks.set(Marks::TILDE);
                    }
                }
                b'{' => brace = brace.max(1),
                b'}' => {
                    if brace == 2 {
                        scan.marks.set(Marks::BRACE);
                    }
                    brace = 0;
                }
                b'$' => {}
                _ => break,
            }
            if is_part {
                run = self.pos;
            } else {
                self.pos = at + 1;
                scan.value.push(char::from(byte));
            }
        }
        if group > 0 {
            self.problem(ProblemKind::Unterminated("("), start, self.pos);
        }
        if run < self.pos && !parts.is_empty() && !scan.marks.has(Marks::ARRAY) {
            parts.push(Part { kind: PartKind::Literal, place: self.place(run, self.pos) });
        }
        parts
    }

    /// Whether the `(` at the cursor belongs to `@(…)`, `?(…)`, `*(…)`, `+(…)` or `!(…)`.
    fn opens_glob(&self, start: usize) -> bool {
        self.pos > start && matches!(self.bytes.get(self.pos - 1), Some(b'?' | b'*' | b'+' | b'@' | b'!'))
    }

    /// `'…'` at the cursor.
    fn single_quotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
        let start = self.pos;
        let rest = self.bytes.get(start + 1..).unwrap_or_default();
        let end = if let Some(len) = rest.iter().position(|b| *b == b'\'') {
            self.pos = start + 1 + len + 1;
            self.pos - 1
        } else {
            self.pos = self.bytes.len();
            self.problem(ProblemKind::Unterminated("'"), start, start + 1);
            self.pos
        };
        scan.value.push_str(self.slice(start + 1, end));
        scan.marks.set(Marks::QUOTED);
        parts.push(Part { kind: PartKind::SingleQuoted, place: self.place(start, self.pos) });
    }

    /// `$'…'` at the cursor.
    fn ansi_quotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
        let start = self.pos;
        self.pos += 2;
        scan.marks.set(Marks::QUOTED);
        loop {
            let from = self.pos;
            match self.peek() {
                None => {
                    self.problem(ProblemKind::Unterminated("$'"), start, start + 2);
                    break;
                }
                Some(b'\'') => {
                    self.pos += 1;
                    break;
                }
                Some(b'\\') => {
                    let simple = match self.peek_at(1) {
                        Some(b'n') => Some('\n'),
                        Some(b't') => Some('\t'),
                        Some(b'r') => Some('\r'),
                        Some(b'e' | b'E') => Some('\u{1b}'),
                        Some(b'\\') => Some('\\'),
                        Some(b'\'') => Some('\''),
                        Some(b'"') => Some('"'),
                        _ => None,
                    };
                    if let Some(c) = simple {
                        self.pos += 2;
                        scan.value.push(c);
                    } else {
                        // Numbers and the rest stay as written.
                        self.pos += 1;
                        if self.pos < self.bytes.len() {
                            self.skip_char();
                        }
                        scan.value.push_str(self.slice(from, self.pos));
                    }
                }
                Some(_) => {
                    self.skip_char();
                    scan.value.push_str(self.slice(from, self.pos));
                }
            }
        }
        parts.push(Part { kind: PartKind::AnsiQuoted, place: self.place(start, self.pos) });
    }

    /// `"…"` at the cursor.
    fn double_quotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
        let start = self.pos;
        self.pos += 1;
        scan.marks.set(Marks::QUOTED);
        let mut inner = Vec::new();
        loop {
            let from = self.pos;
            let rest = self.bytes.get(from..).unwrap_or_default();
            let len = rest.iter().position(|b| matches!(b, b'"' | b'\\' | b'$' | b'`')).unwrap_or(rest.len());
            self.pos += len;
            scan.value.push_str(self.slice(from, self.pos));
            match self.peek() {
                None => {
                    self.problem(ProblemKind::Unterminated("\""), start, start + 1);
                    break;
                }
                Some(b'"') => {
                    self.pos += 1;
                    break;
                }
                Some(b'\\') => {
                    let skip = self.continuation();
                    if skip > 0 {
                        self.pos += skip;
                        continue;
                    }
                    let at = self.pos;
                    self.pos += 1;
                    if matches!(self.peek(), Some(b'$' | b'`' | b'"' | b'\\')) {
                        self.pos += 1;
                        scan.value.push_str(self.slice(at + 1, self.pos));
                    } else {
                        scan.value.push('\\');
                    }
                }
                Some(b'`') => self.backquotes(scan, &mut inner, true),
                Some(_) => self.dollar(scan, &mut inner, true),
            }
        }
        parts.push(Part { kind: PartKind::DoubleQuoted(inner), place: self.place(start, self.pos) });
    }

    /// Notes an expansion that was read.
    fn expanded(&self, scan: &mut Scan, start: usize, quoted: bool, commands: usize, marks: Marks) {
        scan.marks.set(Marks::EXPANSION);
        scan.marks.set(marks);
        if scan.value.is_empty() {
            scan.marks.set(Marks::LEADING_EXPANSION);
        }
        if !quoted {
            scan.marks.set(Marks::UNQUOTED_EXPANSION);
        }
        scan.value.push_str(self.slice(start, self.pos));
        scan.expansions.push((start, self.pos, self.out.commands.len() > commands));
    }

    /// What begins with the `$` at the cursor.
    fn dollar(&mut self, scan: &mut Scan, parts: &mut Vec<Part>, quoted: bool) {
        let start = self.pos;
        let commands = self.out.commands.len();
        let mut marks = Marks::default();
        let kind = match self.peek_at(1) {
            Some(b'(') => {
                let arithmetic = self.peek_at(2) == Some(b'(') && self.arithmetic_end(start + 3).is_some();
                if arithmetic {
                    self.pos += 3;
                    PartKind::Arithmetic(self.arithmetic_parts(start, "$(("))
                } else {
                    self.pos += 2;
                    marks = Marks::SUBSTITUTION;
                    let list = self.list_in_parens("$(", start, Inside::SUBSTITUTION);
                    PartKind::Substitution { list, backquotes: false }
                }
            }
            Some(b'{') => self.braced(start, quoted),
            Some(byte) if byte == b'_' || byte.is_ascii_alphabetic() => {
                let rest = self.bytes.get(start + 1..).unwrap_or_default();
                let len = rest
                    .iter()
                    .position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))
                    .unwrap_or(rest.len());
                self.pos += 1 + len;
                self.variable(start + 1)
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                self.pos += 2;
                self.variable(start + 1)
            }
            Some(b'\'') if !quoted => return self.ansi_quotes(scan, parts),
            Some(b'"') if !quoted => {
                self.pos += 1;
                return self.double_quotes(scan, parts);
            }
            _ => {
                self.pos += 1;
                scan.value.push('$');
                return;
            }
        };
        self.expanded(scan, start, quoted, commands, marks);
        parts.push(Part { kind, place: self.place(start, self.pos) });
    }

    fn variable(&self, name_start: usize) -> PartKind {
        PartKind::Variable {
            name: self.slice(name_start, self.pos).into(),
            braced: false,
            modifier: self.place(self.pos, self.pos),
            operand: Vec::new(),
        }
    }

    /// `${…}` at the cursor.
    fn braced(&mut self, start: usize, quoted: bool) -> PartKind {
        self.pos += 2;
        if matches!(self.peek(), Some(b'#' | b'!'))
            && self
                .peek_at(1)
                .is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric() || matches!(b, b'@' | b'*'))
        {
            self.pos += 1;
        }
        let name_start = self.pos;
        let rest = self.bytes.get(name_start..).unwrap_or_default();
        let mut len =
            rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len());
        if len == 0 && matches!(rest.first(), Some(b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-')) {
            len = 1;
        }
        self.pos += len;
        let name: Box<str> = self.slice(name_start, self.pos).into();
        let modifier_start = self.pos;
        // In double quotes a single quote is a character, but in patterns it quotes.
        let single = !quoted || matches!(self.peek(), Some(b'#' | b'%' | b'/'));
        let operand = self.deeper(Inside::NONE, |p| p.operand(single, quoted));
        let modifier = self.place(modifier_start, self.pos);
        if self.peek() == Some(b'}') {
            self.pos += 1;
        } else {
            self.problem(ProblemKind::Unterminated("${"), start, start + 2);
        }
        PartKind::Variable { name, braced: true, modifier, operand }
    }

    /// The operand of `${x…}` up to its `}`.
    fn operand(&mut self, single: bool, quoted: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut scratch = Scan::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => break,
                b'\\' => {
                    self.pos += 1;
                    if self.pos < self.bytes.len() {
                        self.skip_char();
                    }
                }
                b'\'' if single => self.single_quotes(&mut scratch, &mut parts),
                b'"' => self.double_quotes(&mut scratch, &mut parts),
                b'`' => self.backquotes(&mut scratch, &mut parts, quoted),
                b'$' => self.dollar(&mut scratch, &mut parts, quoted),
                _ => self.pos += 1,
            }
        }
        parts
    }

    /// `` `…` `` at the cursor.
    fn backquotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>, quoted: bool) {
        let start = self.pos;
        let commands = self.out.commands.len();
        let mut end = start + 1;
        loop {
            match self.bytes.get(end) {
                None => {
                    end = self.bytes.len();
                    self.problem(ProblemKind::Unterminated("`"), start, start + 1);
                    self.pos = end;
                    break;
                }
                Some(b'`') => {
                    self.pos = end + 1;
                    break;
                }
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        let list = self.backquoted_list(start + 1, end, quoted);
        self.expanded(scan, start, quoted, commands, Marks::SUBSTITUTION);
        let kind = PartKind::Substitution { list, backquotes: true };
        parts.push(Part { kind, place: self.place(start, self.pos) });
    }

    /// `<(…)` or `>(…)` at the cursor.
    fn process_substitution(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
        let start = self.pos;
        let commands = self.out.commands.len();
        self.pos += 2;
        let list = self.list_in_parens("(", start + 1, Inside::SUBSTITUTION);
        self.expanded(scan, start, true, commands, Marks::SUBSTITUTION);
        parts.push(Part { kind: PartKind::Process(list), place: self.place(start, self.pos) });
    }

    /// `( … )` at the cursor: the value of an array.
    pub(super) fn array_value(&mut self) -> Word {
        let start = self.pos;
        self.pos += 1;
        let words = self.deeper(Inside::NONE, |p| {
            let mut words = Vec::new();
            loop {
                p.skip_lines();
                match p.word() {
                    Some(word) => words.push(word),
                    None => return words,
                }
            }
        });
        if self.peek() == Some(b')') {
            self.pos += 1;
        } else {
            self.problem(ProblemKind::Unterminated("("), start, start + 1);
        }
        self.last = self.pos;
        let mut marks = Marks::ARRAY;
        if words.iter().any(Word::has_expansion) {
            marks.set(Marks::EXPANSION);
        }
        let part = Part { kind: PartKind::Array(words), place: self.place(start, self.pos) };
        self.make_word(start, self.pos, None, marks, vec![part])
    }

    /// Where the `))` of an arithmetic expression stands whose body begins at `from`; the end of the text when
    /// it is missing. `None` when a single `)` closes it: then it is a command in parentheses.
    pub(super) fn arithmetic_end(&self, from: usize) -> Option<usize> {
        let mut depth = 0_u32;
        let mut at = from;
        let mut quote = None;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\'' | b'"' if quote.is_none() => quote = Some(*byte),
                _ if quote == Some(*byte) => quote = None,
                _ if quote.is_some() => {}
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' => return (self.bytes.get(at + 1) == Some(&b')')).then_some(at),
                _ => {}
            }
            at += 1;
        }
        Some(self.bytes.len())
    }

    /// Reads an arithmetic expression for the expansions in it, its `))` included. The cursor is at its body.
    pub(super) fn arithmetic_parts(&mut self, start: usize, open: &'static str) -> Vec<Part> {
        let end = self.arithmetic_end(self.pos).unwrap_or(self.bytes.len());
        let parts = self.deeper(Inside::NONE, |p| {
            let mut parts = Vec::new();
            let mut scratch = Scan::default();
            while p.pos < end {
                match p.peek() {
                    Some(b'$') => p.dollar(&mut scratch, &mut parts, true),
                    Some(b'`') => p.backquotes(&mut scratch, &mut parts, true),
                    Some(b'\\') => {
                        p.pos += 1;
                        if p.pos < p.bytes.len() {
                            p.skip_char();
                        }
                    }
                    _ => p.pos += 1,
                }
            }
            parts
        });
        if self.starts_with(b"))") {
            self.pos += 2;
        } else {
            self.problem(ProblemKind::Unterminated(open), start, start + open.len());
        }
        self.last = self.pos;
        parts
    }

    /// The expansions of a text in which quotes mean nothing: the body of a here-document.
    pub(super) fn loose_expansions(&mut self) -> Expansions {
        let mut scan = Scan::default();
        let mut parts = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => {
                    self.pos += 1;
                    if self.pos < self.bytes.len() {
                        self.skip_char();
                    }
                }
                b'$' => self.dollar(&mut scan, &mut parts, true),
                b'`' => self.backquotes(&mut scan, &mut parts, true),
                _ => self.pos += 1,
            }
        }
        scan.expansions
    }
}

/// Whether a byte behind `$` makes it more than a dollar sign.
fn starts_expansion(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'(' | b'{' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-' | b'\'' | b'"')
}
