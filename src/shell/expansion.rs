//! Reading expansions: variables, substitutions, arithmetic.

use super::ast::ProblemKind;
use super::command::Inside;
use super::parser::Parser;
use super::scan::{Expansions, Scan};
use super::word::{Marks, Part, PartKind};

impl Parser<'_> {
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
    pub(super) fn dollar(&mut self, scan: &mut Scan, parts: &mut Vec<Part>, quoted: bool) {
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
    pub(super) fn backquotes(&mut self, scan: &mut Scan, parts: &mut Vec<Part>, quoted: bool) {
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
    pub(super) fn process_substitution(&mut self, scan: &mut Scan, parts: &mut Vec<Part>) {
        let start = self.pos;
        let commands = self.out.commands.len();
        self.pos += 2;
        let list = self.list_in_parens("(", start + 1, Inside::SUBSTITUTION);
        self.expanded(scan, start, true, commands, Marks::SUBSTITUTION);
        parts.push(Part { kind: PartKind::Process(list), place: self.place(start, self.pos) });
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
