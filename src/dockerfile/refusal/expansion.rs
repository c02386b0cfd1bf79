//! Words that BuildKit expands before it uses them: a quote or brace that is left open ends the build.

use super::super::expand::{ExpandError, Value, expand};
use super::super::{Instruction, Keyword, SyntaxError, Word};
use super::{error, shown};

/// Checks the words of one instruction that are expanded.
pub(super) fn check(node: &Instruction, escape: char) -> Option<SyntaxError> {
    let flag = |name: &str| node.flag_value(name);
    match node.keyword {
        Keyword::Add | Keyword::Copy => {
            let flags = ["chown", "chmod", "checksum"].into_iter().filter_map(flag);
            // The file name of a here-document has been read before.
            let words = node.args.iter().filter(|word| !word.text.contains("<<"));
            flags.chain(words).find_map(|word| refused(word, escape))
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
    if !word.text.contains(['$', '\'', '"']) {
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

fn shown_reason(why: &ExpandError) -> String {
    match why {
        ExpandError::UnclosedQuote(quote) => format!("the quote {quote} is not closed"),
        other => other.to_string(),
    }
}
