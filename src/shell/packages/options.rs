//! Command lines split into options and operands as the tool itself does.

use super::super::Word;
use crate::text::Span;
use std::borrow::Cow;

/// How a tool reads its options.
#[derive(Debug, Clone, Copy)]
pub(in crate::shell) struct Syntax {
    /// Letters of short options that take a value.
    pub(in crate::shell) short_values: &'static str,
    /// Long options (dashes included) that take a value in the next word when there is no `=`.
    pub(in crate::shell) long_values: &'static [&'static str],
    /// One dash begins a long option (Go, Maven, NuGet).
    pub(in crate::shell) single_dash: bool,
    /// Where one dash begins a long option: letters that have their value behind them (`-Pprod`).
    pub(in crate::shell) attached: &'static str,
    /// Whether options may be written in any case (NuGet).
    pub(in crate::shell) ignore_case: bool,
    /// Long options without a value, where the tool takes any beginning of an option that names one alone
    /// (Python's optparse). Empty: options are written in full.
    pub(in crate::shell) switches: &'static [&'static str],
}

impl Syntax {
    pub(in crate::shell) const fn new(
        short_values: &'static str,
        long_values: &'static [&'static str],
    ) -> Self {
        Self {
            short_values,
            long_values,
            single_dash: false,
            attached: "",
            ignore_case: false,
            switches: &[],
        }
    }

    /// The option in full: itself, or the only one that begins so.
    fn in_full<'a>(&self, name: &'a str) -> &'a str
    where
        'static: 'a,
    {
        let all = || self.switches.iter().chain(self.long_values).copied();
        if self.switches.is_empty() || name.len() < 4 || all().any(|option| option == name) {
            return name;
        }
        let mut matching = all().filter(|option| option.starts_with(name));
        match (matching.next(), matching.next()) {
            (Some(only), None) => only,
            _ => name,
        }
    }

    fn takes_value(&self, name: &str) -> bool {
        self.long_values.contains(&name)
            || (self.ignore_case && self.long_values.iter().any(|option| option.eq_ignore_ascii_case(name)))
    }
}

/// An option of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag<'a> {
    /// The name with its dashes: `-y` (one per letter of a bundle), `--yes`.
    pub name: Cow<'a, str>,
    /// Its value, from the same word or from the next one.
    pub value: Option<Cow<'a, str>>,
    /// The word that holds it.
    pub span: Span,
    /// The word of the value when it is a word of its own.
    pub value_span: Option<Span>,
    /// Whether it stands before the verb.
    pub before_verb: bool,
    /// Whether an expansion is in its value.
    pub variable: bool,
}

impl Flag<'_> {
    /// Whether it is switched on: not `--option=false` and the like.
    pub fn is_on(&self) -> bool {
        !matches!(self.value.as_deref(), Some("false" | "no" | "0" | "off"))
    }
}

/// A command line, split.
#[derive(Debug, Default)]
pub(in crate::shell) struct Split<'a> {
    pub(in crate::shell) flags: Vec<Flag<'a>>,
    pub(in crate::shell) operands: Vec<&'a Word>,
}

/// Splits the words behind the program. The first operand is the verb (a tool without verbs may ignore that).
pub(in crate::shell) fn split<'a>(words: &'a [Word], syntax: &Syntax) -> Split<'a> {
    let mut out = Split::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.text();
        if text == "--" {
            out.operands.extend(words);
            break;
        }
        let is_option = text.len() > 1 && text.starts_with('-') && !word.starts_with_expansion();
        if !is_option {
            out.operands.push(word);
            continue;
        }
        let before_verb = out.operands.is_empty();
        let flag = |name: Cow<'a, str>| Flag {
            name,
            value: None,
            span: word.span(),
            value_span: None,
            before_verb,
            variable: word.has_expansion(),
        };
        let take_value = |flag: &mut Flag<'a>, words: &mut std::slice::Iter<'a, Word>| {
            if let Some(value) = words.next() {
                flag.value = Some(value.text().into());
                flag.value_span = Some(value.span());
                flag.variable |= value.has_expansion();
            }
        };
        if text.starts_with("--") || syntax.single_dash {
            let letter = text.chars().nth(1).filter(|letter| syntax.attached.contains(*letter));
            if let Some(letter) = letter.filter(|_| text.len() > 2 && !syntax.takes_value(text)) {
                let mut option = flag(text.get(..1 + letter.len_utf8()).unwrap_or(text).into());
                option.value = text.get(1 + letter.len_utf8()..).map(Cow::Borrowed);
                out.flags.push(option);
            } else if let Some((name, value)) = text.split_once('=') {
                let mut option = flag(syntax.in_full(name).into());
                option.value = Some(value.into());
                out.flags.push(option);
            } else {
                let name = syntax.in_full(text);
                let mut option = flag(name.into());
                if syntax.takes_value(name) {
                    take_value(&mut option, &mut words);
                }
                out.flags.push(option);
            }
            continue;
        }
        let letters = text.get(1..).unwrap_or("");
        for (at, letter) in letters.char_indices() {
            // The first letter stands behind the dash.
            let name = if at == 0 { text.get(..1 + letter.len_utf8()) } else { None };
            let mut option = flag(name.map_or_else(|| format!("-{letter}").into(), Cow::Borrowed));
            let rest = letters.get(at + letter.len_utf8()..).unwrap_or("");
            // `-q=2`, `-t=stable`
            if let Some(value) = rest.strip_prefix('=') {
                option.value = Some(value.into());
                out.flags.push(option);
                break;
            }
            if syntax.short_values.contains(letter) {
                if rest.is_empty() {
                    take_value(&mut option, &mut words);
                } else {
                    option.value = Some(rest.into());
                }
                out.flags.push(option);
                break;
            }
            out.flags.push(option);
        }
    }
    out
}
