//! Compound commands.

use super::ast::{CaseArm, Compound, CompoundKind, List, Node, ProblemKind};
use super::command::Inside;
use super::parser::{BRACE, DO, DONE, ELIF, ELSE, ESAC, FI, Parser, THEN, is_meta};
use super::word::Word;

impl Parser<'_> {
    pub(super) fn command(&mut self) -> Option<Node> {
        let start = self.pos;
        if self.at_stop() {
            return None;
        }
        let kind = match self.peek()? {
            b'(' if self.peek_at(1) == Some(b'(') && self.arithmetic_end(self.pos + 2).is_some() => {
                self.pos += 2;
                self.arithmetic(start, "((");
                CompoundKind::Arithmetic
            }
            b'(' => {
                self.pos += 1;
                CompoundKind::Subshell(self.list_in_parens("(", start, Inside::SUBSHELL))
            }
            b'{' | b'[' | b'a'..=b'z' | b'}' => {
                let word = self.bare_word();
                match word {
                    "{" | "[[" | "if" | "for" | "select" | "while" | "until" | "case" | "function" => {
                        self.pos += word.len();
                        self.last = self.pos;
                    }
                    "then" | "elif" | "else" | "fi" | "do" | "done" | "esac" | "}" => {
                        // No enclosing construct waits for it.
                        self.pos += word.len();
                        self.last = self.pos;
                        self.problem(ProblemKind::Unexpected, start, self.pos);
                        return None;
                    }
                    _ => return self.simple_command(),
                }
                match word {
                    "{" => {
                        let list = self.list_until(BRACE, Inside::GROUP);
                        if !self.eat_word("}") {
                            self.problem(ProblemKind::Unterminated("{"), start, start + 1);
                        }
                        CompoundKind::Group(list)
                    }
                    "[[" => CompoundKind::Test(self.test(start)),
                    "if" => self.if_clause(),
                    "for" | "select" => self.for_clause(),
                    "while" | "until" => {
                        let condition = self.list_until(DO, Inside::CONDITION);
                        self.expect_word("do");
                        let body = self.loop_body();
                        CompoundKind::While { until: word == "until", condition, body }
                    }
                    "case" => self.case_clause(),
                    _ => self.function_keyword(),
                }
            }
            _ => return self.simple_command(),
        };
        Some(self.finish_compound(kind, start))
    }

    fn finish_compound(&mut self, kind: CompoundKind, start: usize) -> Node {
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            let Some(redirect) = self.redirect() else { break };
            redirects.push(redirect);
        }
        let place = self.place(start, self.last);
        Node::Compound(Box::new(Compound { kind, redirects, place }))
    }

    fn if_clause(&mut self) -> CompoundKind {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.list_until(THEN | ELIF | ELSE | FI, Inside::CONDITION);
            self.expect_word("then");
            let body = self.list_until(ELIF | ELSE | FI, Inside::BRANCH);
            arms.push((condition, body));
            if self.eat_word("elif") {
                continue;
            }
            if self.eat_word("else") {
                otherwise = Some(self.list_until(FI, Inside::BRANCH));
            }
            break;
        }
        self.expect_word("fi");
        CompoundKind::If { arms, otherwise }
    }

    fn loop_body(&mut self) -> List {
        let body = self.list_until(DONE, Inside::LOOP);
        self.expect_word("done");
        body
    }

    fn for_clause(&mut self) -> CompoundKind {
        self.skip_blanks();
        let mut name = String::new();
        let mut words = None;
        let start = self.pos;
        if self.starts_with(b"((") {
            self.pos += 2;
            self.arithmetic(start, "((");
        } else {
            name = self.word().map(|word| word.text().to_owned()).unwrap_or_default();
            self.skip_lines();
            if self.eat_word("in") {
                let mut list = Vec::new();
                loop {
                    self.skip_blanks();
                    match self.word() {
                        Some(word) => list.push(word),
                        None => break,
                    }
                }
                words = Some(list);
            }
        }
        self.skip_blanks();
        if self.peek() == Some(b';') {
            self.pos += 1;
        }
        self.skip_lines();
        if self.peek() == Some(b'{') && self.bare_word() == "{" {
            let open = self.pos;
            self.pos += 1;
            let body = self.list_until(BRACE, Inside::LOOP);
            if !self.eat_word("}") {
                self.problem(ProblemKind::Unterminated("{"), open, open + 1);
            }
            return CompoundKind::For { name, words, body };
        }
        self.expect_word("do");
        let body = self.loop_body();
        CompoundKind::For { name, words, body }
    }

    fn case_clause(&mut self) -> CompoundKind {
        self.skip_blanks();
        let subject = self.word();
        self.skip_lines();
        self.expect_word("in");
        let mut arms = Vec::new();
        let mut closed = false;
        while self.peek().is_some() {
            self.skip_lines();
            if self.eat_word("esac") {
                closed = true;
                break;
            }
            let start = self.pos;
            if self.peek() == Some(b'(') {
                self.pos += 1;
            }
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                match self.word() {
                    Some(word) => patterns.push(word),
                    None if self.peek() == Some(b'|') => self.pos += 1,
                    None => break,
                }
            }
            if self.peek() == Some(b')') {
                self.pos += 1;
                self.last = self.pos;
            } else {
                self.problem(ProblemKind::Missing(")"), self.pos, self.pos);
                if self.pos == start {
                    self.skip_char();
                }
                if patterns.is_empty() || self.stops.paren {
                    continue;
                }
            }
            let saved = self.stops;
            self.stops.case = true;
            let body = self.list_until(ESAC, Inside::BRANCH);
            self.stops = saved;
            let mut falls_through = false;
            for (token, falls) in [(";;&", true), (";;", false), (";&", true)] {
                if self.starts_with(token.as_bytes()) {
                    self.pos += token.len();
                    self.last = self.pos;
                    falls_through = falls;
                    break;
                }
            }
            let place = self.place(start, self.last.max(start));
            arms.push(CaseArm { patterns, body, falls_through, place });
        }
        if !closed {
            self.problem(ProblemKind::Missing("esac"), self.last, self.last);
        }
        CompoundKind::Case { subject, arms }
    }

    fn function_keyword(&mut self) -> CompoundKind {
        self.skip_blanks();
        let name = self.word().map(|word| word.text().to_owned()).unwrap_or_default();
        self.skip_blanks();
        if self.peek() == Some(b'(') {
            self.pos += 1;
            self.skip_blanks();
            if self.peek() == Some(b')') {
                self.pos += 1;
            }
        }
        self.function_body(name)
    }

    pub(super) fn function_body(&mut self, name: String) -> CompoundKind {
        self.skip_lines();
        let body = self.deeper(Inside::FUNCTION, Self::command);
        if body.is_none() {
            self.problem(ProblemKind::Missing("{"), self.last, self.last);
        }
        CompoundKind::Function { name, body }
    }

    /// A compound command made of a function that was found behind its name.
    pub(super) fn function_node(&mut self, name: String, start: usize) -> Node {
        let kind = self.function_body(name);
        let place = self.place(start, self.last.max(start));
        Node::Compound(Box::new(Compound { kind, redirects: Vec::new(), place }))
    }

    /// The words of `[[ … ]]`. The cursor is behind `[[`.
    fn test(&mut self, start: usize) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut pattern = false;
        loop {
            self.skip_lines();
            let at = self.pos;
            if self.starts_with(b"]]") && self.peek_at(2).is_none_or(|b| is_meta(b) || b == b'\r') {
                self.pos += 2;
                self.last = self.pos;
                break;
            }
            let Some(byte) = self.peek() else {
                self.problem(ProblemKind::Unterminated("[["), start, start + 2);
                break;
            };
            let word = if pattern { self.pattern_word() } else { self.word() };
            pattern = false;
            match word {
                Some(word) => {
                    pattern = matches!(word.raw(), "=~" | "==" | "!=" | "=");
                    words.push(word);
                }
                None if matches!(byte, b'(' | b')' | b'<' | b'>' | b'&' | b'|') => {
                    self.pos += 1;
                    if self.peek() == Some(byte) && matches!(byte, b'&' | b'|') {
                        self.pos += 1;
                    }
                    words.push(self.plain_word(at, self.pos));
                }
                None => {
                    // `;` cannot stand here: `]]` was forgotten.
                    self.problem(ProblemKind::Unterminated("[["), start, start + 2);
                    break;
                }
            }
        }
        words
    }
}
