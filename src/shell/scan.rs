//! Reading words: quotes, expansions, substitutions.

use super::ast::ProblemKind;
use super::command::{Inside, is_assignment_text};
use super::parser::{Parser, is_meta};
use super::word::{Marks, Part, PartKind, Word};
use std::sync::Arc;

/// A word being read.
#[derive(Default)]
pub(super) struct Scan {
    /// Quotes resolved, expansions as written.
    pub(super) value: String,
    pub(super) marks: Marks,
    /// Expansions: start, end (offsets of the text being read), whether commands are in it.
    pub(super) expansions: Vec<(usize, usize, bool)>,
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
pub(super) type Expansions = Vec<(usize, usize, bool)>;

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
        value: Option<&str>,
        marks: Marks,
        parts: Vec<Part>,
    ) -> Word {
        let place = self.place(start, end);
        // Inside of strings the outer text has escapes and continuations that this level does not see.
        let value = value.or_else(|| self.is_nested().then(|| self.slice(start, end)));
        let resolved = value.filter(|value| {
            let raw = self.out.text.get(place.range()).unwrap_or("");
            *value != raw
        });
        let resolved = resolved.map(Box::from);
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
        // The memory of one value serves for all words; a word inside of this one takes its own.
        let value = std::mem::take(&mut self.out.value);
        let mut scan = Scan { value, ..Scan::default() };
        let parts = self.scan_unquoted(&mut scan, start, pattern);
        let word = (self.pos > start).then(|| {
            self.last = self.pos;
            let word = self.make_word(start, self.pos, Some(&scan.value), scan.marks, parts);
            (word, scan.expansions)
        });
        scan.value.clear();
        self.out.value = scan.value;
        word
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
                b'\n' if group == 0 || !pattern => break,
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
    pub(super) fn single_quotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
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
    pub(super) fn ansi_quotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
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
    pub(super) fn double_quotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
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
}

/// Whether a byte behind `$` makes it more than a dollar sign.
fn starts_expansion(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'(' | b'{' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-' | b'\'' | b'"')
}
