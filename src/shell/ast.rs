//! The tree of a script.

use super::Word;
use crate::text::Span;
use std::fmt;
use std::ops::Range;

/// Where something stands: in the logical line and in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Offset of the first byte in the joined text.
    pub start: u32,
    /// Offset after the last byte in the joined text.
    pub end: u32,
    /// The bytes in the file; may contain continuation characters and comment lines.
    pub span: Span,
}

impl Place {
    /// The range in the joined text.
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Names a simple command of one [`super::Script`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub(super) u32);

impl CommandId {
    /// The number of the command in order of reading.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Commands one after the other.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// The chains, in order.
    pub items: Vec<AndOr>,
    /// From the first to the last command.
    pub place: Place,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone)]
pub struct AndOr {
    /// The pipelines, in order; never empty.
    pub elements: Vec<Element>,
    /// What ends the chain: [`Connector::Semicolon`], [`Connector::Newline`], [`Connector::Background`] or
    /// [`Connector::End`].
    pub terminator: Connector,
    /// Where the terminator stands (empty for [`Connector::End`]).
    pub terminator_place: Place,
    /// First to last pipeline, the terminator not included.
    pub place: Place,
}

impl AndOr {
    /// Whether all pipelines are joined by `&&` and the chain runs in the foreground.
    pub fn is_pure_and(&self) -> bool {
        self.terminator != Connector::Background
            && self.elements.iter().skip(1).all(|element| element.before == Connector::And)
    }
}

/// A pipeline of a chain with the operator before it.
#[derive(Debug, Clone)]
pub struct Element {
    /// [`Connector::And`] or [`Connector::Or`]; [`Connector::End`] for the first one.
    pub before: Connector,
    /// Where that operator stands (empty for the first one).
    pub before_place: Place,
    /// The pipeline.
    pub pipeline: Pipeline,
}

/// Commands joined by `|`.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// `!` before it.
    pub negated: bool,
    /// `time` before it.
    pub timed: bool,
    /// The commands, in order; never empty.
    pub commands: Vec<Node>,
    /// The `|` and `|&` between them.
    pub operators: Vec<Place>,
    /// First to last command with `!` and `time`.
    pub place: Place,
}

/// What stands between a command and the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Connector {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|` or `|&`
    Pipe,
    /// `;`
    Semicolon,
    /// A line end.
    Newline,
    /// `&`
    Background,
    /// Nothing: the end of the list.
    #[default]
    End,
}

/// A command.
#[derive(Debug, Clone)]
pub enum Node {
    /// A simple command, see [`super::Script::command`].
    Simple(CommandId),
    /// Everything else.
    Compound(Box<Compound>),
}

/// A command that holds commands.
#[derive(Debug, Clone)]
pub struct Compound {
    /// Which.
    pub kind: CompoundKind,
    /// Redirects behind it.
    pub redirects: Vec<Redirect>,
    /// Opening to closing word, redirects included.
    pub place: Place,
}

/// The kinds of compound commands.
#[derive(Debug, Clone)]
pub enum CompoundKind {
    /// `( … )`
    Subshell(List),
    /// `{ …; }`
    Group(List),
    /// `if …; then …; elif …; then …; else …; fi`
    If {
        /// Conditions with what they guard.
        arms: Vec<(List, List)>,
        /// After `else`.
        otherwise: Option<List>,
    },
    /// `for x in …; do …; done`, also `select` and `for ((…))`.
    For {
        /// The variable; empty for `for ((…))`.
        name: String,
        /// The words after `in`; `None` when there is no `in`.
        words: Option<Vec<Word>>,
        /// The body.
        body: List,
    },
    /// `while …; do …; done` and `until`.
    While {
        /// Whether it is `until`.
        until: bool,
        /// The condition.
        condition: List,
        /// The body.
        body: List,
    },
    /// `case … in … esac`
    Case {
        /// The word that is looked at.
        subject: Option<Word>,
        /// The branches.
        arms: Vec<CaseArm>,
    },
    /// `name() { …; }`
    Function {
        /// Its name.
        name: String,
        /// Its body.
        body: Option<Node>,
    },
    /// `[[ … ]]` with its words and operators.
    Test(Vec<Word>),
    /// `(( … ))`
    Arithmetic,
}

/// `pattern | pattern) commands ;;`
#[derive(Debug, Clone)]
pub struct CaseArm {
    /// The patterns.
    pub patterns: Vec<Word>,
    /// The commands.
    pub body: List,
    /// Whether it goes on with the next branch (`;&`, `;;&`).
    pub falls_through: bool,
    /// Pattern to terminator.
    pub place: Place,
}

/// A redirect.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// The descriptor before the operator as written: `2`, `{fd}`.
    pub descriptor: Option<Box<str>>,
    /// The operator.
    pub operator: RedirectOperator,
    /// The file, descriptor or delimiter; `None` when it is missing.
    pub target: Option<Word>,
    /// Index into [`super::Script::heredocs`] for `<<` and `<<-`.
    pub heredoc: Option<u32>,
    /// Descriptor to target.
    pub place: Place,
}

impl Redirect {
    /// Whether output goes into a file: `>`, `>>`, `>|`, `&>`, `&>>`, `<>`, `>& file` (not `2>&1`, `>&-`).
    pub fn writes_file(&self) -> bool {
        if self.operator == RedirectOperator::DuplicateOut {
            // bash: both outputs go there when it is no descriptor.
            return self.descriptor.is_none()
                && self.target.as_ref().and_then(Word::literal).is_some_and(|text| {
                    text != "-" && !text.trim_end_matches('-').bytes().all(|b| b.is_ascii_digit())
                });
        }
        matches!(
            self.operator,
            RedirectOperator::Write
                | RedirectOperator::Append
                | RedirectOperator::Clobber
                | RedirectOperator::WriteBoth
                | RedirectOperator::AppendBoth
                | RedirectOperator::ReadWrite
        )
    }
}

/// The redirect operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectOperator {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>>`
    Append,
    /// `>|`
    Clobber,
    /// `<>`
    ReadWrite,
    /// `<&`
    DuplicateIn,
    /// `>&`
    DuplicateOut,
    /// `&>` (bash)
    WriteBoth,
    /// `&>>` (bash)
    AppendBoth,
    /// `<<`
    HereDoc,
    /// `<<-`
    HereDocTabs,
    /// `<<<` (bash)
    HereString,
}

/// A here-document.
#[derive(Debug, Clone)]
pub struct HereDoc {
    /// The delimiter without quotes.
    pub delimiter: Box<str>,
    /// Whether variables in the body are expanded (the delimiter is not quoted).
    pub expand: bool,
    /// `<<-`: leading tabs are dropped.
    pub strip_tabs: bool,
    /// The lines of the body; `None` when the text ends on the line of the operator, as in the first line
    /// of a RUN whose bodies Docker has taken away.
    pub body: Option<Place>,
    /// The simple command that reads it.
    pub command: Option<CommandId>,
    /// The body as commands when the reading command is a shell.
    pub script: Option<List>,
}

/// Something that is not valid shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// Where.
    pub place: Place,
}

/// What is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A quote, substitution, expansion or group without its end; the opening characters.
    Unterminated(&'static str),
    /// A word of the grammar is missing: `then`, `fi`, `done`, …
    Missing(&'static str),
    /// A token where no such token may stand.
    Unexpected,
    /// An operator with no command behind it.
    NoCommandAfter,
    /// A redirect without a target.
    NoRedirectTarget,
    /// A here-document whose delimiter line is missing.
    UnterminatedHereDoc,
    /// Nested more deeply than is read; the rest of the text is not looked at.
    TooDeep,
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unterminated(open) => write!(f, "`{open}` is never closed"),
            Self::Missing(word) => write!(f, "`{word}` is missing"),
            Self::Unexpected => f.write_str("this is not expected here"),
            Self::NoCommandAfter => f.write_str("no command follows this operator"),
            Self::NoRedirectTarget => f.write_str("the redirect names no target"),
            Self::UnterminatedHereDoc => f.write_str("the here-document has no end line"),
            Self::TooDeep => f.write_str("nested too deeply"),
        }
    }
}
