//! The lossless syntax tree.

use super::Joined;
use crate::text::{Source, Span};
use std::ops::Range;

/// A parsed Dockerfile. [`Item`] spans tile the text: concatenated they give the file back.
#[derive(Debug, Clone)]
pub struct Dockerfile {
    /// The text.
    pub source: Source,
    /// Everything in the file, in order.
    pub items: Vec<Item>,
    /// The instructions, in order.
    pub instructions: Vec<Instruction>,
    /// Parser directives at the top of the file (`# syntax=`, `# escape=`, `# check=`).
    pub directives: Vec<Directive>,
    /// The escape character: `\` or `` ` ``.
    pub escape: char,
    /// What BuildKit's parser refuses, in order of place.
    pub errors: Vec<SyntaxError>,
}

impl Dockerfile {
    /// The instruction whose lines hold a byte.
    pub fn instruction_at(&self, offset: u32) -> Option<&Instruction> {
        let after = self.instructions.partition_point(|i| i.span.start <= offset);
        self.instructions.get(after.checked_sub(1)?).filter(|i| i.span.contains_offset(offset))
    }
}

/// A stretch of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// The byte order mark.
    Bom(Span),
    /// A parser directive line: index into [`Dockerfile::directives`].
    Directive(Span, usize),
    /// A comment line outside of instructions.
    Comment(Span),
    /// Blank lines.
    Blank(Span),
    /// An instruction with its continuation lines and heredoc bodies: index into
    /// [`Dockerfile::instructions`].
    Instruction(Span, usize),
}

impl Item {
    /// The bytes of this item, line ends included.
    pub const fn span(&self) -> Span {
        match self {
            Self::Bom(span)
            | Self::Directive(span, _)
            | Self::Comment(span)
            | Self::Blank(span)
            | Self::Instruction(span, _) => *span,
        }
    }
}

/// `# name=value` before anything else in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Lower-cased name.
    pub name: String,
    /// Value as written.
    pub value: Word,
    /// The line without its end.
    pub span: Span,
}

/// Something BuildKit's parser refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What, as a sentence.
    pub message: String,
    /// What kind of defect it is.
    pub kind: ErrorKind,
}

/// Kinds of [`SyntaxError`] that are told apart, because a rule of their own speaks about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Anything else.
    Other,
    /// There is no FROM, or something else than ARG stands before the first one.
    MissingFrom,
    /// ONBUILD holds an instruction that it must not hold.
    Trigger,
    /// SHELL without a JSON array.
    ShellForm,
}

/// A word with its place. `text` is what the parser makes of it (JSON strings are decoded, flag and
/// key/value words are as BuildKit splits them: quotes kept); `span` is what is written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Its bytes in the file.
    pub span: Span,
}

/// `--name=value` between keyword and arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Name without the dashes.
    pub name: String,
    /// Value after `=`; `None` for a bare `--link`.
    pub value: Option<Word>,
    /// The whole flag as BuildKit reads it, quotes resolved.
    pub text: String,
    /// The whole flag in the file.
    pub span: Span,
}

/// A key and a value of ENV, LABEL or ARG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Word,
    /// The value as written, quotes kept; `None` for `ARG NAME`.
    pub value: Option<Word>,
    /// Whether `=` stands between them (`ENV KEY value` is the old form).
    pub equals: bool,
    /// Key to value.
    pub span: Span,
}

/// A here-document of RUN, COPY or ADD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter without quotes.
    pub delimiter: String,
    /// The word that opens it (`<<"EOF"`).
    pub opener: Span,
    /// The lines of the body, the delimiter line not included.
    pub body: Span,
    /// The delimiter line (empty at the end of the file when it is missing).
    pub end: Span,
    /// `<<-`: leading tabs are dropped.
    pub chomp: bool,
    /// Whether variables in the body are expanded (the delimiter is not quoted).
    pub expand: bool,
    /// The file descriptor before `<<`, 0 when none is given.
    pub fd: u32,
}

/// One instruction.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// Whole lines: from the start of the first line to the end of the last one with its line end,
    /// heredoc bodies included.
    pub span: Span,
    /// From the keyword to the last byte that is not blank, heredoc bodies and line end left out.
    pub body: Span,
    /// First and last line (from 1) as BuildKit counts them.
    pub lines: (u32, u32),
    /// Which instruction.
    pub keyword: Keyword,
    /// The keyword as written.
    pub name: Word,
    /// Flags before the arguments.
    pub flags: Vec<Flag>,
    /// Whether the arguments are a JSON array.
    pub json: bool,
    /// The arguments as BuildKit has them: one per JSON string; words for FROM, COPY, ADD, EXPOSE,
    /// VOLUME; the whole text for RUN, CMD, ENTRYPOINT, SHELL in shell form and for USER, WORKDIR,
    /// STOPSIGNAL, MAINTAINER. For HEALTHCHECK the first one is `NONE` or `CMD`. Empty for ENV, LABEL and
    /// ARG, see `pairs`.
    pub args: Vec<Word>,
    /// Keys and values of ENV, LABEL and ARG.
    pub pairs: Vec<Pair>,
    /// The logical line.
    pub joined: Joined,
    /// The part of `joined` after keyword and flags, blanks around it left out. For HEALTHCHECK: after
    /// `CMD`.
    pub rest: Range<usize>,
    /// Here-documents in order.
    pub heredocs: Vec<Heredoc>,
    /// The instruction inside ONBUILD.
    pub trigger: Option<Box<Self>>,
    /// Comment lines inside the continuation (without line ends).
    pub comments: Vec<Span>,
    /// Blank lines inside the continuation (with line ends).
    pub blank_lines: Vec<Span>,
}

impl Instruction {
    /// The first flag of that name.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// The value of the first flag of that name.
    pub fn flag_value(&self, name: &str) -> Option<&Word> {
        self.flag(name).and_then(|flag| flag.value.as_ref())
    }

    /// The arguments in the shape BuildKit's parser gives them: for ENV and LABEL key, value and separator
    /// (`=` or empty) in turn, for ARG the words, for an unknown instruction one empty string.
    pub fn parser_args(&self) -> Vec<String> {
        let value = |pair: &Pair| pair.value.as_ref().map_or(String::new(), |v| v.text.clone());
        match self.keyword {
            Keyword::Env | Keyword::Label => self
                .pairs
                .iter()
                .flat_map(|p| [p.key.text.clone(), value(p), if p.equals { "=" } else { "" }.to_owned()])
                .collect(),
            Keyword::Arg => self
                .pairs
                .iter()
                .map(|p| if p.equals { format!("{}={}", p.key.text, value(p)) } else { p.key.text.clone() })
                .collect(),
            Keyword::Unknown => vec![String::new()],
            _ => self.args.iter().map(|word| word.text.clone()).collect(),
        }
    }

    /// The text after keyword and flags.
    pub fn rest_text(&self) -> &str {
        &self.joined.text()[self.rest.clone()]
    }

    /// The file span of the text after keyword and flags.
    pub fn rest_span(&self) -> Span {
        self.joined.span(self.rest.clone())
    }

    /// The text after keyword and flags with its map.
    pub fn rest_joined(&self) -> Joined {
        self.joined.slice(self.rest.clone())
    }
}

/// Which instruction a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are Docker's")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// No instruction of Docker's.
    Unknown,
}

impl Keyword {
    /// All known keywords.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Arg,
        Self::Cmd,
        Self::Copy,
        Self::Entrypoint,
        Self::Env,
        Self::Expose,
        Self::From,
        Self::Healthcheck,
        Self::Label,
        Self::Maintainer,
        Self::Onbuild,
        Self::Run,
        Self::Shell,
        Self::Stopsignal,
        Self::User,
        Self::Volume,
        Self::Workdir,
    ];

    /// The keyword in upper case; `UNKNOWN` for [`Keyword::Unknown`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::Onbuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::Stopsignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Reads a keyword in any case.
    pub fn parse(word: &str) -> Self {
        let of_that_length: &[Self] = match word.len() {
            3 => &[Self::Run, Self::Env, Self::Add, Self::Arg, Self::Cmd],
            4 => &[Self::Copy, Self::From, Self::User],
            5 => &[Self::Label, Self::Shell],
            6 => &[Self::Expose, Self::Volume],
            7 => &[Self::Workdir, Self::Onbuild],
            10 => &[Self::Entrypoint, Self::Maintainer, Self::Stopsignal],
            11 => &[Self::Healthcheck],
            _ => &[],
        };
        let found = of_that_length.iter().find(|keyword| keyword.name().eq_ignore_ascii_case(word));
        found.copied().unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_read_in_any_case() {
        for keyword in Keyword::ALL {
            assert_eq!(Keyword::parse(keyword.name()), keyword);
            assert_eq!(Keyword::parse(&keyword.name().to_lowercase()), keyword);
        }
        for word in ["", "UNKNOWN", "RUNS", "FRON", "\u{212a}"] {
            assert_eq!(Keyword::parse(word), Keyword::Unknown, "{word}");
        }
    }
}
