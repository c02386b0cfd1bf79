//! Blocks and attributes of HCL, read with their places.

use super::Text;
use crate::text::Span;

/// How deep lists, maps and blocks are read.
const MAX_DEPTH: u32 = 24;

/// What is in a block, or in the file.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// `name = value`, in order.
    pub attributes: Vec<(Text, Expression)>,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
    /// Whether something in it could not be read.
    pub partial: bool,
}

/// `kind "label" { … }`
#[derive(Debug, Clone)]
pub struct Block {
    /// Its first word.
    pub kind: Text,
    /// The labels behind it.
    pub labels: Vec<Text>,
    /// What is in it.
    pub body: Body,
    /// First word to closing brace.
    pub span: Span,
}

/// A value with its place; a text without its quotes.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What it is.
    pub form: Form,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of values.
#[derive(Debug, Clone)]
pub enum Form {
    /// A text without `${…}`, a number, `true`, `false`, `null`.
    Text(String),
    /// `[…]`
    List(Vec<Expression>),
    /// `{…}`
    Map(Vec<(Text, Expression)>),
    /// Anything that is computed.
    Unknown,
}

impl Body {
    /// The value of an attribute; the last one counts.
    pub fn attribute(&self, name: &str) -> Option<&Expression> {
        self.attributes.iter().rev().find(|(key, _)| &*key.text == name).map(|(_, value)| value)
    }
}

impl Expression {
    /// The value of a key of a map.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match &self.form {
            Form::Map(members) => members.iter().find(|(key, _)| &*key.text == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads a file. Cost is linear in its length.
pub fn read(text: &str) -> Body {
    let mut reader = Reader { tokens: tokens(text), at: 0, partial: false };
    let mut body = reader.body(0, true);
    body.partial |= reader.partial;
    body
}

#[derive(Debug, Clone)]
struct Token {
    kind: TokenKind,
    span: Span,
}

#[derive(Debug, Clone, PartialEq)]
enum TokenKind {
    Word(String),
    /// A quoted text; `None` with `${…}` in it.
    Quoted(Option<String>),
    Newline,
    Punctuation(u8),
}

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || b >= 0x80;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let next = bytes.get(at + 1).copied();
        let kind = match byte {
            b'\n' => {
                at += 1;
                TokenKind::Newline
            }
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = line_end(bytes, at);
                continue;
            }
            b'/' if next == Some(b'/') => {
                at = line_end(bytes, at);
                continue;
            }
            b'/' if next == Some(b'*') => {
                at = text
                    .get(at + 2..)
                    .and_then(|rest| rest.find("*/"))
                    .map_or(bytes.len(), |end| at + end + 4);
                continue;
            }
            b'"' => {
                let (value, end) = quoted(text, at + 1);
                let inner_end = if end > at + 1 && bytes.get(end - 1) == Some(&b'"') { end - 1 } else { end };
                let span = Span::of(&(at + 1..inner_end.max(at + 1)));
                at = end;
                out.push(Token { kind: TokenKind::Quoted(value), span });
                continue;
            }
            b'<' if next == Some(b'<') => {
                let (body, end) = heredoc(text, at);
                let computed = text.get(body.clone()).is_none_or(|body| body.contains("${"));
                let value = if computed { None } else { text.get(body.clone()).map(str::to_owned) };
                at = end;
                out.push(Token { kind: TokenKind::Quoted(value), span: Span::of(&body) });
                continue;
            }
            b if is_word(b) => {
                while bytes.get(at).copied().is_some_and(is_word) {
                    at += 1;
                }
                TokenKind::Word(text.get(start..at).unwrap_or("").to_owned())
            }
            b => {
                at += 1;
                TokenKind::Punctuation(b)
            }
        };
        out.push(Token { kind, span: Span::of(&(start..at)) });
    }
    out
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', bytes.get(at..).unwrap_or(&[])).map_or(bytes.len(), |end| at + end)
}

/// The text behind an opening quote, and where the quoted text ends.
fn quoted(text: &str, from: usize) -> (Option<String>, usize) {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut known = true;
    let mut depth = 0usize;
    let (mut at, mut run) = (from, from);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // A quoted text ends with its line, whatever is missing.
            b'\n' => break,
            b'\\' => {
                out.push_str(text.get(run..at).unwrap_or(""));
                match bytes.get(at + 1) {
                    Some(b'n') => out.push('\n'),
                    Some(b't') => out.push('\t'),
                    Some(b'"') => out.push('"'),
                    Some(b'\\') => out.push('\\'),
                    _ => known = false,
                }
                at += 1;
                at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                run = at;
                continue;
            }
            b'$' | b'%' if bytes.get(at + 1) == Some(&b'{') => {
                // `$${` is a text.
                if bytes.get(at.wrapping_sub(1)) != Some(&byte) || at == from {
                    depth += 1;
                }
                known = false;
                at += 1;
            }
            b'{' if depth > 0 => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'"' if depth == 0 => {
                out.push_str(text.get(run..at).unwrap_or(""));
                return (known.then_some(out), at + 1);
            }
            _ => {}
        }
        at += 1;
    }
    let at = at.min(bytes.len());
    (None, at)
}

/// The body of `<<EOT … EOT`, and where it ends.
fn heredoc(text: &str, at: usize) -> (std::ops::Range<usize>, usize) {
    let len = text.len();
    let first_end = line_end(text.as_bytes(), at);
    let word = text.get(at + 2..first_end).unwrap_or("").trim().trim_start_matches('-').trim_matches('"');
    let start = (first_end + 1).min(len);
    let mut line = start;
    while line < len && !word.is_empty() {
        let end = line_end(text.as_bytes(), line);
        if text.get(line..end).is_some_and(|text| text.trim() == word) {
            return (start..line, end);
        }
        line = end + 1;
    }
    (start..len, len)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    partial: bool,
}

impl Reader {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is(&self, byte: u8) -> bool {
        self.peek() == Some(&TokenKind::Punctuation(byte))
    }

    fn skip_newlines(&mut self) {
        while self.peek() == Some(&TokenKind::Newline) {
            self.at += 1;
        }
    }

    fn body(&mut self, depth: u32, root: bool) -> Body {
        let mut out = Body::default();
        while let Some(token) = self.take() {
            let name = match token.kind {
                TokenKind::Word(name) | TokenKind::Quoted(Some(name)) => Text::known(name, token.span),
                TokenKind::Punctuation(b'}') if !root => {
                    self.at -= 1;
                    break;
                }
                TokenKind::Newline | TokenKind::Punctuation(b',' | b';') => continue,
                _ => {
                    out.partial = true;
                    continue;
                }
            };
            if self.is(b'=') || self.is(b':') {
                self.at += 1;
                self.skip_newlines();
                let value = self.value(depth);
                out.attributes.push((name, value));
                continue;
            }
            let mut labels = Vec::new();
            while let Some(TokenKind::Quoted(_) | TokenKind::Word(_)) = self.peek() {
                let Some(label) = self.take() else { break };
                match label.kind {
                    TokenKind::Quoted(Some(text)) | TokenKind::Word(text) => {
                        labels.push(Text::known(text, label.span));
                    }
                    _ => labels.push(Text::unknown("", label.span)),
                }
            }
            if !self.is(b'{') || depth >= MAX_DEPTH {
                out.partial = true;
                continue;
            }
            self.at += 1;
            let body = self.body(depth + 1, false);
            let end = self.take().map_or(name.span, |token| token.span);
            out.partial |= body.partial;
            let span = name.span.cover(end);
            out.blocks.push(Block { kind: name, labels, body, span });
        }
        out
    }

    /// A value up to a line end, a comma or a closing bracket on its own level.
    fn value(&mut self, depth: u32) -> Expression {
        let first = self.take();
        let Some(first) = first else {
            self.partial = true;
            return Expression { form: Form::Unknown, span: Span::default() };
        };
        let mut span = first.span;
        let mut form = match first.kind {
            TokenKind::Quoted(Some(text)) => Form::Text(text),
            TokenKind::Word(text)
                if matches!(text.as_str(), "true" | "false" | "null") || is_number(&text) =>
            {
                Form::Text(text)
            }
            TokenKind::Punctuation(b'[') if depth < MAX_DEPTH => self.list(depth + 1, &mut span),
            TokenKind::Punctuation(b'{') if depth < MAX_DEPTH => self.map(depth + 1, &mut span),
            TokenKind::Punctuation(b'(' | b'[' | b'{') => {
                self.at -= 1;
                Form::Unknown
            }
            _ => Form::Unknown,
        };
        // Operators, calls, conditions.
        let mut open = 0usize;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::Newline | TokenKind::Punctuation(b',' | b'}' | b']' | b')') if open == 0 => break,
                // `a = "x" b = "y"` on one line, as one-line blocks may have it.
                TokenKind::Word(_) if open == 0 && self.begins_attribute() => break,
                TokenKind::Punctuation(b'(' | b'[' | b'{') => open += 1,
                TokenKind::Punctuation(b')' | b']' | b'}') => open -= 1,
                _ => {}
            }
            span = span.cover(token.span);
            form = Form::Unknown;
            self.at += 1;
        }
        Expression { form, span }
    }

    fn begins_attribute(&self) -> bool {
        let is = |at: usize, byte: u8| {
            self.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Punctuation(byte))
        };
        is(self.at + 1, b'=') && !is(self.at + 2, b'=')
    }

    fn list(&mut self, depth: u32, span: &mut Span) -> Form {
        let mut items = Vec::new();
        loop {
            self.skip_newlines();
            match self.peek() {
                None => {
                    self.partial = true;
                    break;
                }
                Some(TokenKind::Punctuation(b']')) => {
                    if let Some(end) = self.take() {
                        *span = span.cover(end.span);
                    }
                    break;
                }
                Some(TokenKind::Punctuation(b',')) => self.at += 1,
                Some(_) => {
                    let before = self.at;
                    items.push(self.value(depth));
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
        }
        // `[for x in y : …]`
        Form::List(items)
    }

    fn map(&mut self, depth: u32, span: &mut Span) -> Form {
        let body = self.body(depth, false);
        self.partial |= body.partial;
        if let Some(end) = self.take() {
            *span = span.cover(end.span);
        } else {
            self.partial = true;
        }
        Form::Map(body.attributes)
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, body: &Body) {
        let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
        for (key, value) in &body.attributes {
            inside(key.span);
            inside(value.span);
        }
        for block in &body.blocks {
            inside(block.span);
            block.labels.iter().for_each(|label| inside(label.span));
            check(text, &block.body);
        }
    }

    #[test]
    fn computed_values_are_unknown() {
        let text = "a = f(\"x\", [1])\nb = x ? \"y\" : \"z\"\nc = \"q\"\nd = \"a${upper(\"b\")}c\"\ne = [\n \"1\", # one\n \"2\",\n]\n";
        let body = read(text);
        let known = |name: &str| match &body.attribute(name).unwrap().form {
            Form::Text(text) => Some(text.clone()),
            Form::List(items) => Some(items.len().to_string()),
            _ => None,
        };
        let all: Vec<_> = ["a", "b", "c", "d", "e"].map(known).into_iter().collect();
        assert_eq!(all, [None, None, Some("q".to_owned()), None, Some("2".to_owned())]);
        assert!(!body.partial);
    }

    #[test]
    fn deep_and_broken_texts() {
        for text in [
            "a = ".to_owned() + &"[".repeat(100_000),
            "a {".repeat(100_000),
            "a = ".to_owned() + &"{x = ".repeat(100_000),
            "\"".repeat(100_001),
            "<<A\n".repeat(20_000),
            "a = \"${".repeat(50_000),
            "a \"b\" { c = <<".to_owned(),
            "/*".to_owned(),
            "}}}}]]]".to_owned(),
        ] {
            let start = std::time::Instant::now();
            check(&text, &read(&text));
            assert!(start.elapsed().as_secs() < 5, "{:?}", text.get(..10));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"(?s)([a-z]|"|\$\{|\}|\{|\[|\]|=|,|\n| |\\|é|<<E\n|E\n|#|//|/\*|\(|\)|:){0,60}"#) {
            check(&text, &read(&text));
        }
    }
}
