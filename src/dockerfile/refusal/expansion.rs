//! Words that BuildKit expands before it uses them: a quote or brace that is left open ends the build.

use super::super::expand::{ExpandError, Value, expand, is_itself};
use super::super::{Instruction, Keyword, SyntaxError, Word};
use super::{error, shown};
use crate::text::Span;

/// Checks the words and here-documents of one instruction that are expanded. `file` is the whole text.
pub(super) fn check(node: &Instruction, escape: char, file: &str) -> Option<SyntaxError> {
    let flag = |name: &str| node.flag_value(name);
    match node.keyword {
        Keyword::Add | Keyword::Copy => {
            let flags = ["chown", "chmod", "checksum"].into_iter().filter_map(flag);
            // The file name of a here-document has been read before.
            let words = node.args.iter().filter(|word| !word.text.contains("<<"));
            flags.chain(words).find_map(|word| refused(word, escape)).or_else(|| here_document(node, file))
        }
        Keyword::From => {
            flag("platform").into_iter().chain(node.args.first()).find_map(|w| refused(w, escape))
        }
        Keyword::Arg => node.pairs.iter().filter_map(|p| p.value.as_ref()).find_map(|w| refused(w, escape)),
        Keyword::Env | Keyword::Label => node
            .pairs
            .iter()
            .flat_map(|p| std::iter::once(&p.key).chain(&p.value))
            .find_map(|w| refused(w, escape)),
        Keyword::Expose | Keyword::Stopsignal | Keyword::User | Keyword::Volume | Keyword::Workdir => {
            node.args.iter().find_map(|word| refused(word, escape))
        }
        _ => None,
    }
}

fn refused(word: &Word, escape: char) -> Option<SyntaxError> {
    if is_itself(&word.text, escape) || is_plain(&word.text, escape) {
        return None;
    }
    // No value is known here, and none is needed: what is asked for is the form.
    let why = expand(&word.text, escape, &|_| Value::Unknown).err()?;
    // How deep is followed is our own limit.
    if why == ExpandError::TooDeep {
        return None;
    }
    error(word.span, format!("`{}` cannot be expanded: {}", shown(&word.text), shown_reason(&why)))
}

/// Whether a text is certainly in order: closed quotes, no variables but `$NAME` and `${NAME}`. Almost all
/// words are, and this look costs nothing.
fn is_plain(text: &str, escape: char) -> bool {
    let bytes = text.as_bytes();
    let escape = escape as u8;
    let mut quoted = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\'' if !quoted => match bytes.iter().skip(at).position(|b| *b == b'\'') {
                Some(length) => at += length + 1,
                None => return false,
            },
            b'"' => quoted = !quoted,
            b'$' if bytes.get(at) == Some(&b'{') => {
                let name = bytes
                    .iter()
                    .skip(at + 1)
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                at += name + 2;
                if name == 0 || bytes.get(at - 1) != Some(&b'}') {
                    return false;
                }
            }
            // In double quotes it escapes few characters, but none that would matter otherwise.
            byte if *byte == escape => at += 1,
            _ => {}
        }
    }
    !quoted
}

/// The text of a here-document that makes a file. Quotes mean nothing in it, and its escape character is
/// always the backslash.
fn here_document(node: &Instruction, file: &str) -> Option<SyntaxError> {
    for heredoc in node.heredocs.iter().filter(|heredoc| heredoc.expand) {
        let body = file.get(heredoc.body.range())?;
        if !body.contains("${") {
            continue;
        }
        let refused = |text: &str| expand(&text.replace(['\'', '"'], "_"), '\\', &|_| Value::Unknown).err();
        let Some(why) = refused(body).filter(|why| *why != ExpandError::TooDeep) else { continue };
        // The line that is wrong by itself is the better place.
        let mut start = heredoc.body.start;
        for line in body.split_inclusive('\n') {
            if line.contains("${") && refused(line).as_ref() == Some(&why) {
                let shorter = line.trim_end();
                let span = Span::new(start, start + shorter.len() as u32);
                return error(span, in_here_document(&why, &heredoc.delimiter));
            }
            start += line.len() as u32;
        }
        return error(heredoc.opener, in_here_document(&why, &heredoc.delimiter));
    }
    None
}

fn in_here_document(why: &ExpandError, delimiter: &str) -> String {
    let delimiter = shown(delimiter);
    format!(
        "BuildKit expands this here-document and stops: {}; write `<<'{delimiter}'` to have it taken as it stands",
        shown_reason(why)
    )
}

fn shown_reason(why: &ExpandError) -> String {
    match why {
        ExpandError::UnclosedQuote(quote) => format!("the quote {quote} is not closed"),
        ExpandError::UnsupportedModifier(modifier) => match shown(modifier).trim() {
            "" => "`${` is not closed behind the name of a variable".to_owned(),
            modifier => format!("`{modifier}` behind the name of a variable in `${{…}}` is not known"),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, expand, is_plain};

    #[test]
    fn what_is_plain_is_not_refused() {
        let pieces = [
            "a", "$", "${A}", "${A", "{", "}", "'", "\"", "\\", "`", "é", "${1}", "${A:-", " ", "$A",
            "${A-'}",
        ];
        let mut plain = 0;
        for escape in ['\\', '`'] {
            for number in 0..pieces.len().pow(4) {
                let text: String =
                    (0..4).map(|digit| pieces[number / pieces.len().pow(digit) % pieces.len()]).collect();
                if is_plain(&text, escape) {
                    plain += 1;
                    assert!(expand(&text, escape, &|_| Value::Unknown).is_ok(), "{text}");
                }
            }
        }
        assert!(plain > 1000);
    }
}
