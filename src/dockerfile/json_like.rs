//! Text that is meant as the JSON form and is no JSON, so that BuildKit takes it for something else.

use super::json::{self, JsonForm};
use super::{Instruction, Joined, Keyword, Word};
use crate::text::{Edit, Span, apply};
use std::ops::Range;

/// An array that is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonLike {
    /// What is wrong; of several things the first of [`JsonDefect`]'s.
    pub defect: JsonDefect,
    /// What makes JSON of it without a change of its words; `None` where that is not certain.
    pub edits: Option<Vec<Edit>>,
    /// The words that are meant; empty where that is not certain.
    pub words: Vec<Word>,
}

/// What keeps an array from being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsonDefect {
    /// A quote that is not closed.
    OpenQuote,
    /// `'a'`
    SingleQuotes,
    /// `“a”`
    CurlyQuotes,
    /// `"\d"`: a backslash that JSON does not know.
    Backslash,
    /// `"a" "b"`
    MissingComma,
    /// `"a",]`, or a comma with nothing before it.
    ExtraComma,
    /// A word without quotes.
    BareWord,
}

/// An element of the array, or a comma.
enum Token {
    Comma(usize),
    Quoted {
        /// Opening quote to closing quote.
        range: Range<usize>,
        /// What is between them.
        inner: Range<usize>,
        mark: char,
    },
    Bare(Range<usize>),
}

impl Instruction {
    /// The array that this instruction's arguments are meant to be, when they look like one and are no JSON.
    pub fn json_like(&self) -> Option<JsonLike> {
        let takes_json = matches!(
            self.keyword,
            Keyword::Cmd
                | Keyword::Entrypoint
                | Keyword::Healthcheck
                | Keyword::Run
                | Keyword::Shell
                | Keyword::Volume
        );
        let text = self.rest_text();
        if !takes_json || self.json || !text.starts_with('[') || !text.ends_with(']') || text.len() < 3 {
            return None;
        }
        let not_strings = || json::parse(&self.joined, self.rest.start, self.rest.end);
        if text.starts_with("[[") || matches!(not_strings(), JsonForm::NotStrings) {
            return None;
        }
        let (tokens, closed) = tokens(text);
        if is_shell_test(text, &tokens) {
            return None;
        }
        // A variable in the words of a command needs a shell.
        let expands = self.keyword == Keyword::Volume;
        let mut found = Found { defect: None, edits: closed.then(Vec::new) };
        if !closed {
            found.note(JsonDefect::OpenQuote);
        }
        found.read(text, &tokens, expands);
        let defect = found.defect?;
        let (mut edits, mut words) = (None, Vec::new());
        if let Some(found) = found.edits
            && let Ok(changed) = apply(text, &found)
            && let JsonForm::Strings(strings) = json::parse(&Joined::verbatim(&changed, 0), 0, changed.len())
        {
            edits = Some(found.into_iter().map(|edit| self.in_file(edit)).collect());
            let quoted = tokens.iter().filter(|token| !matches!(token, Token::Comma(_)));
            let spans = quoted.map(|token| {
                let range = token.range();
                self.joined.span(self.rest.start + range.start..self.rest.start + range.end)
            });
            words = strings.into_iter().zip(spans).map(|(word, span)| Word { span, ..word }).collect();
        }
        Some(JsonLike { defect, edits, words })
    }

    /// An edit of the text after keyword and flags as one of the file.
    fn in_file(&self, edit: Edit) -> Edit {
        let range = edit.span.range();
        let start = self.rest.start;
        let mut span = self.joined.span(start + range.start..start + range.end);
        if range.is_empty() && range.start > 0 {
            // Behind the byte before it, not before a byte of the next line.
            span = Span::at(self.joined.to_file((start + range.start - 1) as u32) + 1);
        }
        Edit { span, text: edit.text }
    }
}

/// The tokens between the brackets; false where a quote is not closed.
fn tokens(text: &str) -> (Vec<Token>, bool) {
    let end = text.len() - 1;
    let mut out = Vec::new();
    let mut at = 1;
    while let Some(first) = text.get(at..end).and_then(|rest| rest.chars().next()) {
        let next = at + first.len_utf8();
        match first {
            ' ' | '\t' | '\r' | '\n' => {}
            ',' => out.push(Token::Comma(at)),
            '"' | '\'' | '“' | '”' | '‘' | '’' => {
                let Some((inner, close)) = closing(text, next..end, first) else { return (out, false) };
                out.push(Token::Quoted { range: at..close, inner: next..inner, mark: first });
                at = close;
                continue;
            }
            _ => {
                let rest = text.get(at..end).unwrap_or("");
                let length = rest.find([' ', '\t', '\r', '\n', ',']).unwrap_or(rest.len());
                out.push(Token::Bare(at..at + length));
                at += length;
                continue;
            }
        }
        at = next;
    }
    (out, true)
}

/// Where a quoted element ends: before and after its closing quote.
fn closing(text: &str, range: Range<usize>, mark: char) -> Option<(usize, usize)> {
    let mut escaped = false;
    for (offset, c) in text.get(range.clone())?.char_indices() {
        let closes = match mark {
            '"' | '\'' => c == mark,
            _ => matches!(c, '“' | '”' | '‘' | '’'),
        };
        if closes && !escaped {
            return Some((range.start + offset, range.start + offset + c.len_utf8()));
        }
        escaped = mark == '"' && c == '\\' && !escaped;
    }
    None
}

/// Whether this is `[ … ]` of the shell: words with blanks around them, no commas between them.
fn is_shell_test(text: &str, tokens: &[Token]) -> bool {
    let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
    let opens = blank(text.chars().nth(1));
    let closes = blank(text.chars().rev().nth(1));
    let bare = |range: &Range<usize>| text.get(range.clone()).unwrap_or("");
    let commas = tokens.iter().any(|token| matches!(token, Token::Comma(_)));
    let (mut quoted, mut words, mut operator, mut bracket) = (0, 0, false, false);
    for token in tokens {
        match token {
            Token::Comma(_) => {}
            Token::Quoted { .. } => quoted += 1,
            Token::Bare(range) => {
                words += 1;
                let word = bare(range);
                operator |= matches!(word, "=" | "==" | "!=" | "!" | "-a" | "-o")
                    || (word.len() <= 3 && word.starts_with('-'));
                bracket |= word.contains(['[', ']', '`']) || word.contains("$(");
            }
        }
    }
    if bracket || (opens && operator) {
        return true;
    }
    // `[ x ]`, `[ "$a" "$b" ]`: without commas only what clings to the brackets is an array.
    !commas && if words == 0 { quoted > 1 && opens } else { opens || closes }
}

/// What is wrong so far, and the edits as long as all of it can be put right.
struct Found {
    defect: Option<JsonDefect>,
    edits: Option<Vec<Edit>>,
}

impl Found {
    fn note(&mut self, defect: JsonDefect) {
        self.defect = Some(self.defect.map_or(defect, |other| other.min(defect)));
    }

    fn replace(&mut self, range: Range<usize>, by: &str) {
        if let Some(edits) = &mut self.edits {
            let span = Span::new(range.start as u32, range.end as u32);
            edits.push(Edit::replace(span, by));
        }
    }

    fn read(&mut self, text: &str, tokens: &[Token], expands: bool) {
        let mut before: Option<&Token> = None;
        let mut script_follows = false;
        for token in tokens {
            let after_element = before.is_some_and(|token| !matches!(token, Token::Comma(_)));
            match token {
                Token::Comma(_) if !after_element => {
                    self.note(JsonDefect::ExtraComma);
                    self.edits = None;
                }
                Token::Comma(_) => {}
                Token::Quoted { range, inner, mark } => {
                    if after_element {
                        self.note(JsonDefect::MissingComma);
                        let end = before.map_or(range.start, |token| token.range().end);
                        self.replace(end..end, ",");
                    }
                    let words = text.get(inner.clone()).unwrap_or("");
                    self.quoted(range, inner, *mark, words);
                    if words.contains('$') && !expands && !script_follows {
                        self.edits = None;
                    }
                    script_follows |= words.starts_with('-') && words.ends_with('c');
                }
                Token::Bare(_) => {
                    self.note(JsonDefect::BareWord);
                    self.edits = None;
                }
            }
            before = Some(token);
        }
        if let Some(Token::Comma(at)) = before {
            self.note(JsonDefect::ExtraComma);
            self.replace(*at..*at + 1, "");
        }
    }

    fn quoted(&mut self, range: &Range<usize>, inner: &Range<usize>, mark: char, words: &str) {
        if mark == '"' {
            self.escapes(inner.start, words);
            return;
        }
        self.note(if mark == '\'' { JsonDefect::SingleQuotes } else { JsonDefect::CurlyQuotes });
        self.replace(range.start..inner.start, "\"");
        for (offset, _) in words.match_indices('"') {
            self.replace(inner.start + offset..inner.start + offset, "\\");
        }
        self.replace(inner.end..range.end, "\"");
        // Whether `\n` is one character or two cannot be told.
        if words.contains('\\') {
            self.edits = None;
        }
    }

    /// Backslashes in a string of JSON.
    fn escapes(&mut self, start: usize, words: &str) {
        let mut known = false;
        let mut unknown = Vec::new();
        let mut bytes = words.bytes().enumerate();
        while let Some((offset, byte)) = bytes.next() {
            if byte != b'\\' {
                continue;
            }
            match bytes.next() {
                Some((_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u')) => known = true,
                _ => unknown.push(start + offset),
            }
        }
        if unknown.is_empty() {
            return;
        }
        self.note(JsonDefect::Backslash);
        // `"C:\new\data"`: is the first one a line end?
        if known {
            self.edits = None;
        }
        for at in unknown {
            self.replace(at..at, "\\");
        }
    }
}

impl Token {
    fn range(&self) -> Range<usize> {
        match self {
            Self::Comma(at) => *at..*at + 1,
            Self::Quoted { range, .. } | Self::Bare(range) => range.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::text::Source;

    fn read(line: &str) -> Option<(JsonDefect, Option<String>)> {
        let file = parse(&Source::new(line));
        let found = file.instructions[0].json_like()?;
        Some((found.defect, found.edits.map(|edits| apply(line, &edits).unwrap())))
    }

    #[test]
    fn puts_arrays_right() {
        for (line, defect, fixed) in [
            ("CMD ['a', 'b']", JsonDefect::SingleQuotes, Some("CMD [\"a\", \"b\"]")),
            ("CMD [ 'a' ]", JsonDefect::SingleQuotes, Some("CMD [ \"a\" ]")),
            ("CMD [\"a\", 'b \"c\"']", JsonDefect::SingleQuotes, Some("CMD [\"a\", \"b \\\"c\\\"\"]")),
            ("CMD [“a”, ”b“]", JsonDefect::CurlyQuotes, Some("CMD [\"a\", \"b\"]")),
            ("CMD [\"a\", \"b\",]", JsonDefect::ExtraComma, Some("CMD [\"a\", \"b\"]")),
            ("CMD [\"a\" \"b\"]", JsonDefect::MissingComma, Some("CMD [\"a\", \"b\"]")),
            (
                "CMD [\"a\",\\\n  \"b\"\\\n  \"c\"]",
                JsonDefect::MissingComma,
                Some("CMD [\"a\",\\\n  \"b\",\\\n  \"c\"]"),
            ),
            ("CMD [\"C:\\app\\x\"]", JsonDefect::Backslash, Some("CMD [\"C:\\\\app\\\\x\"]")),
            ("CMD [\"C:\\new\\app\"]", JsonDefect::Backslash, None),
            ("VOLUME ['/a', '$B']", JsonDefect::SingleQuotes, Some("VOLUME [\"/a\", \"$B\"]")),
            (
                "CMD ['sh', '-c', 'echo $A']",
                JsonDefect::SingleQuotes,
                Some("CMD [\"sh\", \"-c\", \"echo $A\"]"),
            ),
            ("CMD ['echo', '$A']", JsonDefect::SingleQuotes, None),
            ("CMD ['a', 'b\\n']", JsonDefect::SingleQuotes, None),
            ("CMD ['a',, 'b']", JsonDefect::SingleQuotes, None),
            ("CMD [a, b]", JsonDefect::BareWord, None),
            ("CMD [a b]", JsonDefect::BareWord, None),
            ("CMD [${A}]", JsonDefect::BareWord, None),
            ("CMD [\"a\", $B]", JsonDefect::BareWord, None),
            ("CMD [\"a\", \"b]", JsonDefect::OpenQuote, None),
            ("HEALTHCHECK CMD ['a']", JsonDefect::SingleQuotes, Some("HEALTHCHECK CMD [\"a\"]")),
        ] {
            assert_eq!(read(line), Some((defect, fixed.map(str::to_owned))), "{line}");
        }
    }

    #[test]
    fn leaves_the_shell_and_json_alone() {
        for line in [
            "CMD [\"a\"]",
            "CMD []",
            "CMD [1]",
            "CMD [ -f x ]",
            "RUN [ \"$A\" = 'b,c' ]",
            "RUN [ $A = b,c ]",
            "RUN [ -f a ] && [ -f b ]",
            "RUN [[ $A == b ]]",
            "RUN [ x ]",
            "RUN [ \"$(wc -l x)\" == \"2\" ]",
            "RUN [ '$A' '$B' ]",
            "COPY [a, b]",
            "RUN echo [a, b]",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
