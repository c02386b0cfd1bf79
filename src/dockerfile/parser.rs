//! From text to the tree. Follows BuildKit's parser (`frontend/dockerfile/parser/parser.go`), but never
//! stops: what BuildKit refuses becomes a [`SyntaxError`] and the rest is read.

use super::heredoc::{Opener, openers, takes_heredocs};
use super::node::{MAX_TRIGGER_DEPTH, NodeReader};
use super::refusal::{Refusals, check_options, shown};
use super::words;
use super::{
    Directive, Dockerfile, ErrorKind, Heredoc, Instruction, Item, Joined, Keyword, SyntaxError, Word,
};
use crate::text::{Source, Span};
use std::collections::HashMap;
use std::ops::Range;

/// Length in bytes from which on BuildKit refuses a line (Go's `bufio.MaxScanTokenSize`).
const MAX_LINE: usize = 64 * 1024;

/// Room is made for so many lines at once.
const USUAL_LINES: usize = 64;

/// Parses a Dockerfile.
pub fn parse(source: &Source) -> Dockerfile {
    let mut parser = Parser {
        source,
        text: source.text(),
        line: 1,
        escape: '\\',
        directives_done: false,
        shebang: false,
        refusals: Refusals::default(),
        last_lines: None,
        buffer: Joined::new(),
        out: Dockerfile {
            source: source.clone(),
            items: Vec::with_capacity((source.line_count() as usize).min(USUAL_LINES)),
            instructions: Vec::with_capacity((source.line_count() as usize).min(USUAL_LINES / 2)),
            directives: Vec::new(),
            escape: '\\',
            errors: Vec::new(),
        },
    };
    parser.run();
    parser.out
}

struct Parser<'a> {
    source: &'a Source,
    text: &'a str,
    /// The next line to read, from 1.
    line: u32,
    escape: char,
    directives_done: bool,
    /// Whether the first line is `#!…`.
    shebang: bool,
    refusals: Refusals,
    /// The last line with a content, whole (false) or without leading tabs (true); see `may_be_closed`.
    last_lines: Option<HashMap<(bool, &'a str), u32>>,
    /// The logical line of several lines that is being put together.
    buffer: Joined,
    out: Dockerfile,
}

/// A logical line as it is put together.
struct Logical {
    joined: Joined,
    comments: Vec<Span>,
    blank_lines: Vec<Span>,
    /// After the last byte that is not blank.
    end: u32,
}

impl<'a> Parser<'a> {
    fn run(&mut self) {
        if self.text.is_empty() {
            self.error(Span::at(0), "the file is empty");
            return;
        }
        let mut first_start = 0;
        if self.text.starts_with('\u{feff}') {
            first_start = '\u{feff}'.len_utf8() as u32;
            self.out.items.push(Item::Bom(Span::new(0, first_start)));
        }
        while self.line <= self.source.line_count() {
            let mut span = self.source.line_span(self.line);
            if self.line == 1 {
                span.start = first_start;
            }
            if span.is_empty() {
                self.line += 1;
                continue;
            }
            self.top_level_line(span);
        }
        let end = match self.out.instructions.last() {
            Some(last) => self.refusals.end(last),
            None if self.out.errors.is_empty() => Some(SyntaxError {
                span: Span::at(self.text.len() as u32),
                message: "the file has no instructions".to_owned(),
                kind: ErrorKind::Other,
            }),
            None => None,
        };
        self.out.errors.extend(end);
        self.long_lines();
        if self.out.has_foreign_frontend() {
            // Another frontend has its own rules.
            self.out.errors.clear();
        }
        self.out.errors.sort_by_key(|error| error.span.start);
    }

    /// Lines that are longer than what BuildKit's scanner takes.
    fn long_lines(&mut self) {
        if self.text.len() < MAX_LINE {
            return;
        }
        for line in 1..=self.source.line_count() {
            let span = self.source.line_span(line);
            let text = &self.text[span.range()];
            if text.strip_suffix('\n').unwrap_or(text).len() >= MAX_LINE {
                self.error(
                    span,
                    format!("the line is longer than the {} bytes that BuildKit reads", MAX_LINE - 1),
                );
            }
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.out.errors.push(SyntaxError { span, message: message.into(), kind: ErrorKind::Other });
    }

    fn content(&self, span: Span) -> &'a str {
        let line = &self.text[span.range()];
        let line_end = line.bytes().rev().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        &line[..line.len() - line_end]
    }

    fn top_level_line(&mut self, span: Span) {
        let content = self.content(span);
        let trimmed = words::trim_start(content);
        if !self.directives_done && self.directive(span, content) {
            self.line += 1;
            return;
        }
        if trimmed.is_empty() {
            self.line += 1;
            // Neighbouring blank lines are one item.
            if let Some(Item::Blank(last)) = self.out.items.last_mut()
                && last.end == span.start
            {
                last.end = span.end;
            } else {
                self.out.items.push(Item::Blank(span));
            }
        } else if trimmed.starts_with('#') {
            self.line += 1;
            self.out.items.push(Item::Comment(span));
        } else {
            self.instruction(span, content.len() - trimmed.len());
        }
    }

    /// Reads a parser directive; the first line that is none ends them.
    fn directive(&mut self, span: Span, content: &str) -> bool {
        if self.line == 1 && content.starts_with("#!") {
            // The search for the frontend and for checks goes on behind it, the one for `escape` does not.
            self.shebang = true;
            self.out.items.push(Item::Comment(span));
            return true;
        }
        let Some((name, value)) = directive_parts(content) else {
            self.directives_done = true;
            return false;
        };
        let lower = name.to_ascii_lowercase();
        if !matches!(lower.as_str(), "check" | "escape" | "syntax") {
            self.directives_done = true;
            return false;
        }
        let start = span.start + value.start as u32;
        let value = Word {
            text: content[value.clone()].to_owned(),
            span: Span::new(start, start + value.len() as u32),
        };
        let seen = self.out.directives.iter().any(|d| d.name == lower);
        if self.shebang && (seen || lower == "escape") {
            self.directives_done = seen;
            self.out.items.push(Item::Comment(span));
            return true;
        }
        if seen {
            self.error(value.span, format!("only one `{lower}` parser directive can be used"));
        } else if lower == "check" {
            if let Some(message) = check_options(&value.text) {
                self.error(value.span, message);
            }
        } else if lower == "escape" {
            match value.text.as_str() {
                "\\" | "`" => {
                    self.escape = if value.text == "`" { '`' } else { '\\' };
                    self.out.escape = self.escape;
                }
                other => {
                    let message = format!(
                        "invalid escape character `{}`; it must be a backslash or a backtick",
                        shown(other)
                    );
                    self.error(value.span, message);
                }
            }
        }
        let line = Span::new(span.start, span.start + content.len() as u32);
        self.out.directives.push(Directive { name: lower, value, span: line });
        self.out.items.push(Item::Directive(span, self.out.directives.len() - 1));
        true
    }

    fn instruction(&mut self, first: Span, indent: usize) {
        let first_line = self.line;
        let errors = self.out.errors.len();
        let start = first.start + indent as u32;
        let logical = self.logical_line(first, start);
        let whole = 0..logical.joined.text().len();
        let mut reader = NodeReader { escape: self.escape, errors: &mut self.out.errors };
        let mut instruction = reader.node(logical.joined, whole, MAX_TRIGGER_DEPTH);
        self.read_heredocs(&mut instruction);
        let last_line = self.line - 1;
        instruction.span = Span::new(first.start, self.source.line_span(last_line).end);
        instruction.body = Span::new(start, logical.end.max(start));
        instruction.lines = (first_line, last_line);
        if let Some(trigger) = &mut instruction.trigger {
            trigger.span = instruction.span;
            trigger.lines = instruction.lines;
        }
        instruction.comments = logical.comments;
        instruction.blank_lines = logical.blank_lines;
        let refusal = self.refusals.next(&instruction, self.escape, self.text);
        // One reason is enough.
        if self.out.errors.len() == errors {
            self.out.errors.extend(refusal);
        }
        self.out.items.push(Item::Instruction(instruction.span, self.out.instructions.len()));
        self.out.instructions.push(instruction);
    }

    /// Joins the continuation lines; `self.line` is the line after them in the end.
    fn logical_line(&mut self, first: Span, start: u32) -> Logical {
        let content = &self.text[start as usize..first.start as usize + self.content(first).len()];
        self.line += 1;
        let (kept, mut goes_on) = self.kept(content);
        let mut logical = Logical {
            joined: Joined::new(),
            comments: Vec::new(),
            blank_lines: Vec::new(),
            end: start + kept.trim_end().len() as u32,
        };
        if !goes_on {
            logical.joined = Joined::verbatim(kept, start);
            return logical;
        }
        self.buffer.clear();
        self.buffer.push(kept, start);
        while goes_on && self.line <= self.source.line_count() {
            let span = self.source.line_span(self.line);
            self.line += 1;
            let content = self.content(span);
            let trimmed = words::trim_start(content);
            if trimmed.starts_with('#') {
                let at = span.start + (content.len() - trimmed.len()) as u32;
                logical.comments.push(Span::new(at, span.start + content.len() as u32));
            } else if trimmed.is_empty() {
                logical.blank_lines.push(span);
            } else {
                let kept;
                (kept, goes_on) = self.kept(content);
                self.buffer.push(kept, span.start);
                let visible = kept.trim_end();
                if !visible.is_empty() {
                    logical.end = span.start + visible.len() as u32;
                }
            }
        }
        // The copy has no more memory than it needs.
        logical.joined = self.buffer.clone();
        logical
    }

    /// A line without its continuation character, and whether the instruction goes on.
    fn kept<'t>(&self, content: &'t str) -> (&'t str, bool) {
        match continuation(content, self.escape) {
            Some(at) => (&content[..at], true),
            None => (content, false),
        }
    }

    fn read_heredocs(&mut self, instruction: &mut Instruction) {
        let inner = instruction.trigger.as_deref().unwrap_or(instruction);
        if !takes_heredocs(inner.keyword) || inner.json {
            return;
        }
        for opener in openers(&instruction.joined) {
            let heredoc = self.heredoc_body(opener);
            instruction.heredocs.push(heredoc);
        }
    }

    fn heredoc_body(&mut self, opener: Opener) -> Heredoc {
        let start = self.source.line_span(self.line).start;
        let first = self.line;
        let mut end = None;
        let closes = self.may_be_closed(&opener);
        while closes && self.line <= self.source.line_count() {
            let span = self.source.line_span(self.line);
            self.line += 1;
            let mut content = self.content(span);
            if opener.chomp {
                content = content.trim_start_matches('\t');
            }
            if content == opener.delimiter {
                end = Some(span);
                break;
            }
        }
        let end = end.unwrap_or_else(|| {
            let message =
                format!("the here-document is not closed: no line `{}` follows", shown(&opener.delimiter));
            self.error(opener.span, message);
            self.index_lines(first);
            self.recover_from_open_heredoc(first);
            Span::at(self.source.line_span(self.line).start)
        });
        Heredoc {
            delimiter: opener.delimiter,
            opener: opener.span,
            body: Span::new(start.min(end.start), end.start),
            end,
            chomp: opener.chomp,
            expand: opener.expand,
            fd: opener.fd,
        }
    }

    /// Whether a line that closes the here-document may follow. Known only after one was left open: looking
    /// through the rest of the file for each of many would be quadratic.
    fn may_be_closed(&self, opener: &Opener) -> bool {
        let Some(last) = &self.last_lines else { return true };
        let key = (opener.chomp, opener.delimiter.as_str());
        last.get(&key).is_some_and(|line| *line >= self.line)
    }

    /// Remembers where each line stands last, as it is and without leading tabs.
    fn index_lines(&mut self, first: u32) {
        if self.last_lines.is_some() {
            return;
        }
        let mut last = HashMap::new();
        for line in first..=self.source.line_count() {
            // What is not there any more cannot close anything.
            let content = self.content(self.source.line_span(line));
            last.insert((false, content), line);
            last.insert((true, content.trim_start_matches('\t')), line);
        }
        self.last_lines = Some(last);
    }

    /// Takes reading up again at the next line that looks like an instruction, so that one open
    /// here-document does not swallow the file.
    fn recover_from_open_heredoc(&mut self, first: u32) {
        let last = self.source.line_count();
        self.line = (first..=last)
            .find(|line| {
                let content = self.content(self.source.line_span(*line));
                let word = content.split([' ', '\t']).next().unwrap_or("");
                Keyword::parse(word) != Keyword::Unknown && word == Keyword::parse(word).name()
            })
            .unwrap_or(last + 1);
    }
}

/// Where the line ends if it is continued: BuildKit's `([^\\])\\[ \t]*$|^\\[ \t]*$`.
fn continuation(content: &str, escape: char) -> Option<usize> {
    let (bytes, escape) = (content.as_bytes(), escape as u8);
    let last = bytes.iter().rposition(|b| !matches!(b, b' ' | b'\t'))?;
    let doubled = last > 0 && bytes[last - 1] == escape;
    (bytes[last] == escape && !doubled).then_some(last)
}

/// Name and range of the value in `# name = value`.
fn directive_parts(content: &str) -> Option<(&str, Range<usize>)> {
    let rest = words::trim_start(content).strip_prefix('#')?.trim_start();
    let (name, value) = rest.split_once('=')?;
    let name = name.trim_end();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic())
        || !name.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return None;
    }
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    let start = content.trim_end().len() - value.len();
    Some((name, start..start + value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Dockerfile {
        let file = parse(&Source::new(text));
        let joined: String = file.items.iter().map(|i| &text[i.span().range()]).collect();
        assert_eq!(joined, text, "items tile the file");
        file
    }

    fn args(instruction: &Instruction) -> Vec<&str> {
        instruction.args.iter().map(|w| w.text.as_str()).collect()
    }

    #[test]
    fn reads_instructions_comments_and_blank_lines() {
        let file =
            read("\u{feff}# syntax=docker/dockerfile:1\n# note\n\nFROM a AS b\n\n \nRUN x \\\n # c\n\n  y\n");
        assert_eq!(file.directives[0].value.text, "docker/dockerfile:1");
        let [from, run] = &file.instructions[..] else { panic!() };
        assert_eq!(args(from), ["a", "AS", "b"]);
        assert_eq!(run.lines, (7, 10));
        assert_eq!(args(run), ["x   y"]);
        assert_eq!(file.source.slice(run.comments[0]), "# c");
        assert_eq!(run.blank_lines.len(), 1);
        assert_eq!(file.source.slice(run.body), "RUN x \\\n # c\n\n  y");
    }

    #[test]
    fn the_escape_directive_counts() {
        let file = read("# escape=`\nRUN a `\r\n b\\\r\nCOPY x C:\\\r\n");
        assert_eq!(file.escape, '`');
        assert_eq!(args(&file.instructions[0]), ["a  b\\"]);
        assert_eq!(args(&file.instructions[1]), ["x", "C:\\"]);
    }

    #[test]
    fn here_documents() {
        let text = "RUN <<A cat <<-'B' >x\n1\nA\n\t2\n\tB\nCOPY <<E /e\n$x\nE\nUSER x\n";
        let file = read(text);
        let [run, copy, user] = &file.instructions[..] else { panic!("{file:?}") };
        assert_eq!(run.lines, (1, 5));
        let bodies: Vec<_> = run.heredocs.iter().map(|h| file.source.slice(h.body)).collect();
        assert_eq!(bodies, ["1\n", "\t2\n"]);
        assert!(run.heredocs[0].expand && !run.heredocs[1].expand && run.heredocs[1].chomp);
        assert_eq!(args(copy), ["<<E", "/e"]);
        assert_eq!(user.keyword, Keyword::User);
    }

    #[test]
    fn an_open_here_document_does_not_swallow_the_file() {
        let file = read("RUN <<EOF\nx\nUSER app\n");
        assert_eq!(file.errors.len(), 1);
        assert_eq!(file.instructions[1].keyword, Keyword::User);
    }

    #[test]
    fn behind_an_open_here_document_others_are_still_closed() {
        let file = read("RUN <<A\nx\nRUN <<-B\n1\n\tB\nRUN <<C\nRUN <<A\nCOPY <<B /x\n2\nB\nUSER x\n");
        let closed: Vec<bool> =
            file.instructions.iter().flat_map(|i| &i.heredocs).map(|h| !h.end.is_empty()).collect();
        assert_eq!(closed, [false, true, false, false, true]);
        assert_eq!(file.errors.len(), 3);
        assert_eq!(file.instructions.last().map(|i| i.keyword), Some(Keyword::User));
    }

    #[test]
    fn key_value_forms() {
        let file = read("FROM a\nENV A=1 B=\"x y\" \\\n  C=3\nENV OLD some text\nARG N V=1\nLABEL bad\n");
        let pairs: Vec<(&str, Option<&str>)> = file.instructions[1..4]
            .iter()
            .flat_map(|i| &i.pairs)
            .map(|p| (p.key.text.as_str(), p.value.as_ref().map(|v| v.text.as_str())))
            .collect();
        assert_eq!(
            pairs,
            [
                ("A", Some("1")),
                ("B", Some("\"x y\"")),
                ("C", Some("3")),
                ("OLD", Some("some text")),
                ("N", None),
                ("V", Some("1"))
            ]
        );
        assert_eq!(file.errors.len(), 1);
        let c = file.instructions[1].pairs[2].value.as_ref().unwrap();
        assert_eq!(file.source.slice(c.span), "3");
    }

    #[test]
    fn healthcheck_and_onbuild() {
        let file = read(
            "HEALTHCHECK --interval=5s CMD [\"a\", \"b\"]\nONBUILD COPY --chown=1 . /x\nHEALTHCHECK NONE\n",
        );
        assert_eq!(args(&file.instructions[0]), ["CMD", "a", "b"]);
        assert!(file.instructions[0].json);
        let trigger = file.instructions[1].trigger.as_ref().unwrap();
        assert_eq!((trigger.keyword, args(trigger)), (Keyword::Copy, vec![".", "/x"]));
        assert_eq!(args(&file.instructions[2]), ["NONE"]);
    }

    #[test]
    fn a_line_may_have_64_kib_less_one_byte() {
        for (length, refused) in [(65_535, false), (65_536, true)] {
            let text = format!("FROM a\nRUN {}\nUSER x\n", "x".repeat(length - 4));
            let file = read(&text);
            assert_eq!(file.errors.len(), usize::from(refused), "{length}");
            assert_eq!(file.instructions.len(), 3);
        }
    }

    #[test]
    fn empty_and_odd_files() {
        for text in [
            "",
            "\n",
            "\u{feff}",
            "#",
            "\\",
            "\\\n",
            "RUN",
            "RUN \\",
            "FROM\\\n",
            "\r\n\r",
            "RUN <<\n",
            "ONBUILD ONBUILD ONBUILD RUN x",
        ] {
            let _ = parse(&Source::new(text));
        }
        read("RUN a \\");
        read(" \\\n \\\n");
    }
}
