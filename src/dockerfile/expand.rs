//! Docker's expansion of `$NAME` and `${NAME…}` (BuildKit, `frontend/dockerfile/shell/lex.go`).

use std::ops::Range;
use thiserror::Error;

/// The value of a variable at a place. *Unknown* is kept apart from *empty*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It has this value.
    Set(String),
    /// It is not set.
    Unset,
    /// It is set, or may be set, to something that the file does not tell.
    Unknown,
}

/// A variable that a text uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Its name.
    pub name: String,
    /// `$NAME` or `${…}` in the text.
    pub range: Range<usize>,
    /// Whether the use says what happens when it is not set (`:-`, `:+`, `:?`…).
    pub has_default: bool,
}

/// A text after expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The value with quotes resolved; `None` where a part of it is unknown.
    pub value: Option<String>,
    /// The variables used, in order.
    pub uses: Vec<Use>,
}

/// Why BuildKit refuses to expand a text.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ExpandError {
    /// A quote is not closed.
    #[error("no closing {0} quote")]
    UnclosedQuote(char),
    /// `${` without `}`.
    #[error("`${{` has no closing `}}`")]
    MissingBrace,
    /// `${}`, `${:…}`, `${{…}`.
    #[error("bad substitution")]
    BadSubstitution,
    /// Nested more deeply than is read.
    #[error("substitutions are nested too deeply")]
    TooDeep,
    /// A modifier that Docker does not know.
    #[error("unsupported modifier `{0}` in a substitution")]
    UnsupportedModifier(String),
}

/// Expands variables and resolves quotes and escapes, as Docker does for one word or value.
///
/// # Errors
/// Where BuildKit stops: unclosed quotes and braces, unknown modifiers.
pub fn expand(text: &str, escape: char, lookup: &dyn Fn(&str) -> Value) -> Result<Expanded, ExpandError> {
    let mut lexer = Lexer { text, at: 0, escape, lookup, uses: Vec::new(), words: None, depth: 0 };
    let value = lexer.until(None, false)?;
    Ok(Expanded { value, uses: lexer.uses })
}

/// Ranges of the words of a line, quotes and escapes respected and kept (how heredoc openers are found).
///
/// # Errors
/// As [`expand`].
pub(super) fn raw_words(text: &str) -> Result<Vec<Range<usize>>, ExpandError> {
    let lookup = |_: &str| Value::Unset;
    let mut lexer = Lexer {
        text,
        at: 0,
        escape: '\\',
        lookup: &lookup,
        uses: Vec::new(),
        words: Some(WordSplitter::default()),
        depth: 0,
    };
    lexer.until(None, true)?;
    let mut splitter = lexer.words.unwrap_or_default();
    splitter.end(text.len());
    Ok(splitter.words)
}

#[derive(Default)]
struct WordSplitter {
    words: Vec<Range<usize>>,
    start: Option<usize>,
}

impl WordSplitter {
    fn end(&mut self, at: usize) {
        if let Some(start) = self.start.take() {
            self.words.push(start..at);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    escape: char,
    lookup: &'a dyn Fn(&str) -> Value,
    uses: Vec<Use>,
    words: Option<WordSplitter>,
    depth: u32,
}

/// Longest value that is computed, in bytes: `ENV A=$A$A` doubles with every line.
const MAX_VALUE: usize = 32 * 1024;

/// How deep `${A:-${B:-…}}` is followed.
const MAX_DEPTH: u32 = 50;

/// A value under construction: `None` once something unknown went in, or when it grows too long.
fn append(out: &mut Option<String>, piece: Option<String>) {
    match (out.as_mut(), piece) {
        (Some(out), Some(piece)) if out.len() + piece.len() <= MAX_VALUE => out.push_str(&piece),
        _ => *out = None,
    }
}

fn push(out: &mut Option<String>, c: char) {
    if let Some(out) = out {
        out.push(c);
    }
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<Option<String>, ExpandError> {
        if self.depth == MAX_DEPTH {
            return Err(ExpandError::TooDeep);
        }
        self.depth += 1;
        let result = self.until_inner(stop, raw_escapes);
        self.depth -= 1;
        result
    }

    fn until_inner(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<Option<String>, ExpandError> {
        let mut out = Some(String::new());
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                return Ok(out);
            }
            let start = self.at;
            let mut splits = false;
            match c {
                '\'' => append(&mut out, Some(self.single_quoted()?)),
                '"' => {
                    let piece = self.double_quoted()?;
                    append(&mut out, piece);
                }
                '$' => {
                    let piece = self.dollar()?;
                    append(&mut out, piece);
                }
                c if c == self.escape => {
                    self.next();
                    if raw_escapes {
                        push(&mut out, c);
                    }
                    if let Some(escaped) = self.next() {
                        push(&mut out, escaped);
                    }
                }
                c => {
                    self.next();
                    push(&mut out, c);
                    splits = c.is_whitespace();
                }
            }
            if stop.is_none()
                && let Some(words) = &mut self.words
            {
                if splits {
                    words.end(start);
                } else {
                    words.start.get_or_insert(start);
                }
            }
        }
        if stop.is_some() { Err(ExpandError::MissingBrace) } else { Ok(out) }
    }

    fn single_quoted(&mut self) -> Result<String, ExpandError> {
        self.next();
        let rest = &self.text[self.at..];
        let end = rest.find('\'').ok_or(ExpandError::UnclosedQuote('\''))?;
        self.at += end + 1;
        Ok(rest[..end].to_owned())
    }

    fn double_quoted(&mut self) -> Result<Option<String>, ExpandError> {
        self.next();
        let mut out = Some(String::new());
        loop {
            match self.peek() {
                None => return Err(ExpandError::UnclosedQuote('"')),
                Some('"') => {
                    self.next();
                    return Ok(out);
                }
                Some('$') => {
                    let piece = self.dollar()?;
                    append(&mut out, piece);
                }
                Some(c) => {
                    self.next();
                    let mut c = c;
                    if c == self.escape {
                        match self.peek() {
                            None => continue,
                            Some(next) if next == '"' || next == '$' || next == self.escape => {
                                self.next();
                                c = next;
                            }
                            Some(_) => {}
                        }
                    }
                    push(&mut out, c);
                }
            }
        }
    }

    fn dollar(&mut self) -> Result<Option<String>, ExpandError> {
        let start = self.at;
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok(Some("$".to_owned()));
            }
            return Ok(self.plain(name, start));
        }
        self.next();
        match self.peek() {
            None => return Err(ExpandError::MissingBrace),
            Some('{' | '}' | ':') => return Err(ExpandError::BadSubstitution),
            Some(_) => {}
        }
        let name = self.name();
        let Some(mut operator) = self.next() else { return Err(ExpandError::MissingBrace) };
        if operator == '}' {
            return Ok(self.plain(name, start));
        }
        let mut modifier = String::from(operator);
        let empty_is_unset = operator == ':';
        if empty_is_unset {
            operator = self.next().ok_or(ExpandError::MissingBrace)?;
            modifier.push(operator);
        }
        if operator == '/' && !empty_is_unset {
            if self.peek() == Some('/') {
                self.next();
            }
            self.until(Some('/'), true)?;
            self.until(Some('}'), true)?;
            self.record(name, start, false);
            // Pattern replacement is not computed: the result counts as unknown.
            return Ok(None);
        }
        if !matches!(operator, '+' | '-' | '?' | '#' | '%') {
            return Err(ExpandError::UnsupportedModifier(modifier));
        }
        let word = self.until(Some('}'), matches!(operator, '#' | '%'))?;
        let mut value = (self.lookup)(&name);
        if empty_is_unset && value == Value::Set(String::new()) {
            value = Value::Unset;
        }
        self.record(name, start, matches!(operator, '+' | '-' | '?'));
        Ok(match (operator, value) {
            ('-' | '?', Value::Set(value)) => Some(value),
            ('-', Value::Unset) | ('+', Value::Set(_)) => word,
            ('+' | '#' | '%', Value::Unset) => Some(String::new()),
            ('#' | '%', Value::Set(value)) => word.and_then(|pattern| strip(&value, &pattern, operator)),
            _ => None,
        })
    }

    fn plain(&mut self, name: String, start: usize) -> Option<String> {
        let value = (self.lookup)(&name);
        self.record(name, start, false);
        match value {
            Value::Set(value) => Some(value),
            Value::Unset => Some(String::new()),
            Value::Unknown => None,
        }
    }

    fn record(&mut self, name: String, start: usize, has_default: bool) {
        self.uses.push(Use { name, range: start..self.at, has_default });
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if name.is_empty() && c.is_ascii_digit() {
                while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
                    name.push(digit);
                    self.next();
                }
                return name;
            }
            if name.is_empty() && matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
                self.next();
                return c.to_string();
            }
            if !c.is_alphanumeric() && c != '_' {
                break;
            }
            name.push(c);
            self.next();
        }
        name
    }
}

/// `${x#p}` and `${x%p}` where the pattern has no wildcard; else unknown.
fn strip(value: &str, pattern: &str, operator: char) -> Option<String> {
    if pattern.contains(['*', '?', '[', '\\', '#', '%']) {
        return None;
    }
    let stripped = if operator == '#' { value.strip_prefix(pattern) } else { value.strip_suffix(pattern) };
    Some(stripped.unwrap_or(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        let lookup = |name: &str| match name {
            "A" => Value::Set("one".to_owned()),
            "E" => Value::Set(String::new()),
            "U" => Value::Unknown,
            _ => Value::Unset,
        };
        expand(text, '\\', &lookup).unwrap().value
    }

    #[test]
    fn expands_as_docker_does() {
        for (text, expected) in [
            ("a$A", "aone"),
            ("${A}b", "oneb"),
            ("$N.", "."),
            ("${N:-x${A}}", "xone"),
            ("${E:-x}", "x"),
            ("${E-x}", ""),
            ("${A:+y}", "y"),
            ("${N+y}", ""),
            ("'$A'", "$A"),
            ("\"$A \\\" \\x\"", "one \" \\x"),
            ("\\$A", "$A"),
            ("$", "$"),
            ("${A#o}", "ne"),
            ("${A%ne}", "o"),
            ("node:${A}", "node:one"),
        ] {
            assert_eq!(value(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn unknown_is_not_empty() {
        assert_eq!(value("x$U"), None);
        assert_eq!(value("${U:-y}"), None);
        assert_eq!(value("${A//o/0}"), None);
    }

    #[test]
    fn is_bounded() {
        let big = |_: &str| Value::Set("x".repeat(20_000));
        assert_eq!(expand("$A$A", '\\', &big).unwrap().value, None);
        let deep = "${A:-".repeat(100_000);
        assert_eq!(expand(&deep, '\\', &|_| Value::Unset), Err(ExpandError::TooDeep));
    }

    #[test]
    fn refuses_what_buildkit_refuses() {
        let none = |_: &str| Value::Unset;
        for text in ["${A", "${}", "${:x}", "'a", "\"a", "${A^^}"] {
            assert!(expand(text, '\\', &none).is_err(), "{text}");
        }
    }

    #[test]
    fn splits_raw_words() {
        let text = "RUN cat <<'E F' > \"a b\" $(x y)";
        let words: Vec<&str> = raw_words(text).unwrap().into_iter().map(|r| &text[r]).collect();
        assert_eq!(words, ["RUN", "cat", "<<'E F'", ">", "\"a b\"", "$(x", "y)"]);
    }
}
