//! From the text of a scalar back to its bytes.
//!
//! The parser gives the text without its places. Both are walked side by side; where they do not fit there is no map.

use super::{Scalar, Style};
use crate::dockerfile::Joined;

/// The text of a scalar as pieces of the file.
pub(super) fn joined(scalar: &Scalar, file: &str) -> Option<Joined> {
    let start = scalar.inner.start as usize;
    let mut walk = Walk { file, end: scalar.inner.end as usize, at: start, run: start, out: Joined::new() };
    let text: &str = &scalar.text;
    let block = matches!(scalar.style, Style::Literal | Style::Folded);
    let rest = if block { walk.leading_lines(text)? } else { text };
    walk.text(rest, scalar)?;
    Some(walk.out)
}

struct Walk<'f> {
    file: &'f str,
    end: usize,
    /// Where the walk is in the file.
    at: usize,
    /// Where the run of bytes begins that stand in the text as they are.
    run: usize,
    out: Joined,
}

impl Walk<'_> {
    /// Takes the empty lines before the first line of a block scalar.
    fn leading_lines<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let rest = text.trim_start_matches('\n');
        let count = text.len() - rest.len();
        if rest.is_empty() {
            // A scalar of nothing but line ends holds nothing to point at.
            return Some("");
        }
        let mut ends = Vec::with_capacity(count);
        let mut before = self.file.get(..self.at)?;
        for _ in 0..count {
            let end = before.rfind('\n')?;
            ends.push(end);
            before = before.get(..end)?;
        }
        for end in ends.into_iter().rev() {
            self.out.push("\n", end as u32);
        }
        Some(rest)
    }

    fn text(&mut self, text: &str, scalar: &Scalar) -> Option<()> {
        let block = matches!(scalar.style, Style::Literal | Style::Folded);
        let mut rest = text;
        while let Some(wanted) = rest.chars().next() {
            if let Some(after_blanks) = self.at_break(block, wanted) {
                rest = self.line_ends(after_blanks, rest, scalar)?;
                continue;
            }
            let raw = self.file.get(self.at..self.end)?;
            let Some(found) = raw.chars().next() else {
                // Line ends at the end of a block scalar: of empty lines that are kept, or at the end of the file.
                self.flush(self.at);
                return (block && rest.bytes().all(|b| b == b'\n')).then_some(());
            };
            match scalar.style {
                Style::Single if raw.starts_with("''") && wanted == '\'' => {
                    self.flush(self.at);
                    self.at += 1;
                    self.run = self.at;
                    self.at += 1;
                }
                Style::Double if found == '\\' => {
                    if !self.escape(raw, wanted)? {
                        continue;
                    }
                }
                _ if found == wanted => self.at += found.len_utf8(),
                _ => return None,
            }
            rest = rest.get(wanted.len_utf8()..)?;
        }
        self.flush(self.at);
        Some(())
    }

    /// The offset of a line end that the text has folded: here, or behind blanks that fall away outside of blocks.
    fn at_break(&self, block: bool, wanted: char) -> Option<usize> {
        let raw = self.file.get(self.at..self.end)?;
        let blanks = if block { 0 } else { raw.len() - raw.trim_start_matches([' ', '\t']).len() };
        let behind = raw.get(blanks..)?;
        let is_break = behind.starts_with('\n') || behind.starts_with("\r\n");
        (is_break && matches!(wanted, ' ' | '\n')).then_some(self.at + blanks)
    }

    /// Takes the line ends at `from` with the blanks before the next line, and what stands for them in the text.
    fn line_ends<'t>(&mut self, from: usize, rest: &'t str, scalar: &Scalar) -> Option<&'t str> {
        let block = matches!(scalar.style, Style::Literal | Style::Folded);
        self.flush(self.at);
        let mut ends = Vec::new();
        let mut at = from;
        loop {
            let raw = self.file.get(at..self.end)?;
            let carriage = usize::from(raw.starts_with("\r\n"));
            if !raw.get(carriage..)?.starts_with('\n') {
                break;
            }
            ends.push(at + carriage);
            at += carriage + 1;
            let line = self.file.get(at..self.end)?;
            let blanks = if block {
                line.bytes().take(scalar.indent as usize).take_while(|b| *b == b' ').count()
            } else {
                line.len() - line.trim_start_matches([' ', '\t']).len()
            };
            // In a block an empty line may be shorter than the others.
            at += blanks;
            if scalar.style == Style::Literal {
                break;
            }
        }
        let newlines = rest.len() - rest.trim_start_matches('\n').len();
        let taken = if newlines == 0 {
            let single = ends.len() == 1 && rest.starts_with(' ');
            self.out.push(" ", *ends.first().filter(|_| single)? as u32);
            1
        } else if scalar.style == Style::Literal || newlines >= ends.len() {
            // All of them are there: in a literal, beside indented lines of a folded one, at the end.
            for end in &ends {
                self.out.push("\n", *end as u32);
            }
            ends.len()
        } else {
            // The first one was folded away; at the end further ones are cut off.
            for end in ends.iter().skip(1).take(newlines) {
                self.out.push("\n", *end as u32);
            }
            newlines
        };
        self.at = at;
        self.run = at;
        rest.get(taken..)
    }

    /// Takes an escape of a double-quoted scalar. False when it stands for nothing (a line end that is continued).
    fn escape(&mut self, raw: &str, wanted: char) -> Option<bool> {
        self.flush(self.at);
        let mut chars = raw.chars();
        chars.next();
        let letter = chars.next()?;
        if letter == '\n' || letter == '\r' {
            let behind = chars.as_str();
            let behind = if letter == '\r' { behind.strip_prefix('\n').unwrap_or(behind) } else { behind };
            self.at = self.end - behind.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.run = self.at;
            return Some(false);
        }
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let len = 1 + letter.len_utf8() + digits;
        // A place inside of the escape must exist for each byte.
        if wanted.len_utf8() > len || !raw.is_char_boundary(len) || !raw.get(..len)?.is_ascii() {
            return None;
        }
        let mut buffer = [0; 4];
        self.out.push(wanted.encode_utf8(&mut buffer), self.at as u32);
        self.at += len;
        self.run = self.at;
        Some(true)
    }

    fn flush(&mut self, to: usize) {
        if let Some(piece) = self.file.get(self.run..to)
            && !piece.is_empty()
        {
            self.out.push(piece, self.run as u32);
        }
        self.run = to;
    }
}
