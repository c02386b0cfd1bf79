//! Docker's expansion of `$NAME` and `${NAME…}` (BuildKit, `frontend/dockerfile/shell/lex.go`).

mod pattern;

use pattern::Pattern;
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
    /// Whether the use says what happens when it is not set (`:-`, `:+`, `:?`…), or stands in the text of one
    /// that does.
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
    /// An escape that patterns do not know.
    #[error("invalid pattern `{0}` in a substitution")]
    InvalidPattern(String),
}

/// Expands variables and resolves quotes and escapes, as Docker does for one word or value.
///
/// # Errors
/// Where BuildKit stops: unclosed quotes and braces, unknown modifiers, invalid patterns.
pub fn expand(text: &str, escape: char, lookup: &dyn Fn(&str) -> Value) -> Result<Expanded, ExpandError> {
    if is_itself(text, escape) {
        return Ok(Expanded { value: Some(text.to_owned()), uses: Vec::new() });
    }
    let mut lexer = Lexer::new(text, escape, lookup);
    let value = lexer.until(None, false)?;
    Ok(Expanded { value, uses: lexer.uses })
}

/// Whether a text has nothing in it that expansion changes.
pub(super) fn is_itself(text: &str, escape: char) -> bool {
    let escape = escape as u8;
    // Without a way out in between, many bytes are looked at in one step.
    let changes = |b: u8| matches!(b, b'$' | b'\'' | b'"') || b == escape;
    text.bytes().fold(0, |found, b| found | u8::from(changes(b))) == 0
}

/// Expands the body of a here-document of COPY or ADD: quotes are text there, and the escape character is
/// always `\`.
///
/// # Errors
/// As [`expand`].
pub fn expand_body(text: &str, lookup: &dyn Fn(&str) -> Value) -> Result<Expanded, ExpandError> {
    let mut lexer = Lexer::new(text, '\\', lookup);
    lexer.quotes = false;
    let value = lexer.until(None, false)?;
    Ok(Expanded { value, uses: lexer.uses })
}

/// Ranges of the words of a line, quotes and escapes respected and kept (how heredoc openers are found).
///
/// # Errors
/// As [`expand`].
pub(super) fn raw_words(text: &str) -> Result<Vec<Range<usize>>, ExpandError> {
    let lookup = |_: &str| Value::Unset;
    let mut lexer = Lexer::new(text, '\\', &lookup);
    lexer.words = Some(WordSplitter::default());
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
    /// Whether quotes mean something.
    quotes: bool,
    /// Whether escape characters stay: in patterns.
    raw: bool,
    /// How many texts for unset variables are around this place.
    guards: u32,
}

/// Longest value that is computed, in bytes: `ENV A=$A$A` doubles with every line.
const MAX_VALUE: usize = 4 * 1024;

/// How deep `${A:-${B:-…}}` is followed.
const MAX_DEPTH: u32 = 50;

/// A value under construction: `None` once something unknown went in, or when it grows too long.
fn append(out: &mut Option<String>, piece: Option<String>) {
    match (out.as_mut(), piece) {
        (Some(out), Some(piece)) if out.len() + piece.len() <= MAX_VALUE => out.push_str(&piece),
        _ => *out = None,
    }
}

/// Adds a stretch of plain text, of any length.
fn push_run(out: &mut Option<String>, run: &str) {
    if let Some(out) = out {
        out.push_str(run);
    }
}

fn push(out: &mut Option<String>, c: char) {
    if let Some(out) = out {
        out.push(c);
    }
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, escape: char, lookup: &'a dyn Fn(&str) -> Value) -> Self {
        Self {
            text,
            at: 0,
            escape,
            lookup,
            uses: Vec::new(),
            words: None,
            depth: 0,
            quotes: true,
            raw: false,
            guards: 0,
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes the plain text at this place: up to a `$`, an escape character, or an (ASCII) byte that ends it. At
    /// least one character is taken.
    fn run(&mut self, ends: impl Fn(u8) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let escape = self.escape as u8;
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let more = rest.bytes().skip(first).position(|b| b == b'$' || b == escape || ends(b));
        let run = &rest[..more.map_or(rest.len(), |more| first + more)];
        self.at += run.len();
        run
    }

    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<Option<String>, ExpandError> {
        if self.depth == MAX_DEPTH {
            return Err(ExpandError::TooDeep);
        }
        self.depth += 1;
        let before = std::mem::replace(&mut self.raw, raw_escapes);
        let result = self.until_inner(stop);
        self.raw = before;
        self.depth -= 1;
        result
    }

    fn until_inner(&mut self, stop: Option<char>) -> Result<Option<String>, ExpandError> {
        let mut out = Some(String::new());
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                return Ok(out);
            }
            let start = self.at;
            let mut splits = false;
            match c {
                '\'' if self.quotes => append(&mut out, Some(self.single_quoted()?)),
                '"' if self.quotes => {
                    let piece = self.double_quoted()?;
                    append(&mut out, piece);
                }
                '$' => {
                    let piece = self.dollar()?;
                    append(&mut out, piece);
                }
                c if c == self.escape => {
                    self.next();
                    if self.raw {
                        push(&mut out, c);
                    }
                    if let Some(escaped) = self.next() {
                        push(&mut out, escaped);
                    }
                }
                c if self.words.is_some() => {
                    self.next();
                    push(&mut out, c);
                    splits = c.is_whitespace();
                }
                _ => {
                    let stop = stop.map(|stop| stop as u8);
                    let quotes = self.quotes;
                    let run = self.run(|b| Some(b) == stop || (quotes && matches!(b, b'\'' | b'"')));
                    push_run(&mut out, run);
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
                Some(c) if c == self.escape => {
                    self.next();
                    if self.raw {
                        push(&mut out, c);
                    }
                    match self.peek() {
                        None => {}
                        Some(next) if next == '"' || next == '$' || next == self.escape => {
                            self.next();
                            push(&mut out, next);
                        }
                        Some(_) => push(&mut out, c),
                    }
                }
                Some(_) => {
                    let run = self.run(|b| b == b'"');
                    push_run(&mut out, run);
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
        match operator {
            '/' if !empty_is_unset => self.replaced(name, start),
            '#' | '%' => self.stripped(name, start, operator),
            '+' | '-' | '?' => self.guarded(name, start, operator, empty_is_unset),
            _ => Err(ExpandError::UnsupportedModifier(modifier)),
        }
    }

    /// `${x:-word}`, `${x:+word}`, `${x:?word}`, with and without the colon.
    fn guarded(
        &mut self,
        name: String,
        start: usize,
        operator: char,
        empty_is_unset: bool,
    ) -> Result<Option<String>, ExpandError> {
        self.guards += 1;
        let word = self.until(Some('}'), false)?;
        self.guards -= 1;
        let mut value = (self.lookup)(&name);
        if empty_is_unset && matches!(&value, Value::Set(value) if value.is_empty()) {
            value = Value::Unset;
        }
        self.record(name, start, true);
        Ok(match (operator, value) {
            ('-' | '?', Value::Set(value)) => Some(value),
            ('-', Value::Unset) | ('+', Value::Set(_)) => word,
            ('+', Value::Unset) => Some(String::new()),
            // `${x:?…}` without a value stops the build, so that a build gives one.
            _ => None,
        })
    }

    /// `${x#pattern}`, `${x##pattern}`, `${x%pattern}`, `${x%%pattern}`; a colon in front changes nothing.
    fn stripped(
        &mut self,
        name: String,
        start: usize,
        operator: char,
    ) -> Result<Option<String>, ExpandError> {
        let word = self.until(Some('}'), true)?;
        let value = (self.lookup)(&name);
        self.record(name, start, false);
        let Some(word) = word else { return Ok(None) };
        let (longest, word) = word.strip_prefix(operator).map_or((false, word.as_str()), |rest| (true, rest));
        let pattern = Pattern::parse(word)?;
        let Some(value) = known(value) else { return Ok(None) };
        Ok(if operator == '#' {
            pattern::strip_prefix(&value, &pattern, longest)
        } else {
            pattern::strip_suffix(&value, pattern, longest)
        })
    }

    /// `${x/pattern/replacement}` and `${x//pattern/replacement}`.
    fn replaced(&mut self, name: String, start: usize) -> Result<Option<String>, ExpandError> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.until(Some('/'), true)?;
        let replacement = self.until(Some('}'), true)?;
        let value = (self.lookup)(&name);
        self.record(name, start, false);
        let Some(pattern) = pattern else { return Ok(None) };
        let pattern = Pattern::parse(&pattern)?;
        let (Some(value), Some(replacement)) = (known(value), replacement) else { return Ok(None) };
        Ok(pattern::replace(&value, &pattern, &replacement, all))
    }

    fn plain(&mut self, name: String, start: usize) -> Option<String> {
        let value = (self.lookup)(&name);
        self.record(name, start, false);
        known(value)
    }

    fn record(&mut self, name: String, start: usize, has_default: bool) {
        let has_default = has_default || self.guards > 0;
        self.uses.push(Use { name, range: start..self.at, has_default });
    }

    fn name(&mut self) -> String {
        let rest = &self.text[self.at..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = match rest.bytes().next() {
            _ if digits > 0 => digits,
            Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => 1,
            _ => rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()),
        };
        self.at += length;
        rest[..length].to_owned()
    }
}

/// The value that a variable has for sure; one that is not set counts as empty.
fn known(value: Value) -> Option<String> {
    match value {
        Value::Set(value) => Some(value),
        Value::Unset => Some(String::new()),
        Value::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
