//! Syntax of bash in scripts that a plainer shell runs.

use super::pipes::own_scripts;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::image::ShellKind;
use crate::shell::{
    Command, Compound, CompoundKind, Inside, Node, Part, PartKind, RedirectOperator, Script, Word,
};
use crate::text::{Edit, Span};

/// One use of bash's syntax.
#[derive(Debug)]
pub(super) struct Bashism {
    /// Where.
    pub(super) span: Span,
    /// What, as written.
    pub(super) what: String,
    /// Whether the shell takes it for ordinary text, instead of failing.
    pub(super) taken_literally: bool,
    /// The same in POSIX's syntax, where a word or two say it.
    pub(super) posix: Option<Vec<Edit>>,
}

/// What a RUN uses of bash that its own shell does not know, in order; empty where the shell is not known.
pub(super) fn bashisms(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> (Vec<Bashism>, ShellKind) {
    let mut out = Vec::new();
    let mut kind = ShellKind::Unknown;
    for (script, _) in own_scripts(facts) {
        if !may_hold(script.text()) {
            continue;
        }
        kind = file.shell_kind(stage, facts);
        if !matches!(kind, ShellKind::Dash | ShellKind::Ash) {
            return (Vec::new(), kind);
        }
        Finder { script, dash: kind == ShellKind::Dash, out: &mut out }.script();
    }
    out.sort_by_key(|found| found.span);
    (out, kind)
}

/// Words that give bash away.
const WORDS: [&str; 11] = [
    "source",
    "pipefail",
    "shopt",
    "declare",
    "typeset",
    "function ",
    "let ",
    "array",
    "pushd",
    "popd",
    "mapfile",
];

/// Whether a text may have anything of bash. Most have not, and need no walk.
fn may_hold(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut comma = None;
    bytes.iter().enumerate().any(|(at, byte)| {
        let next = bytes.get(at + 1);
        match byte {
            b'[' => next == Some(&b'['),
            b'(' | b'>' => next == Some(&b'('),
            b'&' => next == Some(&b'>'),
            b'|' => next == Some(&b'&'),
            b'<' => matches!(next, Some(b'(')) || (next == Some(&b'<') && bytes.get(at + 2) == Some(&b'<')),
            b'=' => matches!(next, Some(b'(' | b'=')),
            b'$' => matches!(next, Some(b'\'' | b'{')),
            b'.' => next == Some(&b'.'),
            b'{' => *comma.get_or_insert_with(|| bytes.contains(&b',')),
            b's' | b'p' | b'd' | b't' | b'f' | b'l' | b'a' | b'm' => {
                let begins = at == 0 || bytes.get(at - 1).is_some_and(|before| !before.is_ascii_alphabetic());
                begins
                    && WORDS
                        .iter()
                        .any(|word| bytes.get(at..).is_some_and(|r| r.starts_with(word.as_bytes())))
            }
            _ => false,
        }
    })
}

struct Finder<'s, 'o> {
    script: &'s Script,
    /// BusyBox ash knows more than dash (shell/ash.c, `ASH_BASH_COMPAT`): `[[`, `source`, `$'…'`, `${x//a/b}`, `&>`,
    /// `pipefail`.
    dash: bool,
    out: &'o mut Vec<Bashism>,
}

impl Finder<'_, '_> {
    fn add(&mut self, span: Span, what: &str, posix: Option<Vec<Edit>>) {
        let what = what.replace('`', "");
        let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        self.out.push(Bashism { span, what, taken_literally: false, posix });
    }

    fn script(mut self) {
        let script = self.script;
        let mut compounds: Vec<&Compound> = Vec::new();
        let mut both: Vec<Span> = Vec::new();
        script.pipelines(&mut |seen| {
            for node in &seen.element.pipeline.commands {
                if let Node::Compound(compound) = node {
                    compounds.push(compound);
                }
            }
            let operators = seen.element.pipeline.operators.iter();
            both.extend(operators.filter(|place| script.raw(**place) == "|&").map(|place| place.span));
        });
        if self.dash {
            for span in both {
                self.add(span, "|&", Some(vec![Edit::replace(span, "2>&1 |")]));
            }
        }
        for compound in compounds {
            self.compound(compound);
        }
        for command in script.commands() {
            if !command.context.inside.any(Inside::STRING) {
                self.command(command);
            }
        }
    }

    fn compound(&mut self, compound: &Compound) {
        let span = compound.place.span;
        let open = Span::new(span.start, span.start + 2);
        match &compound.kind {
            CompoundKind::Test(words) if self.dash => {
                let posix = self.test_as_posix(compound, words);
                self.add(open, "[[", posix);
            }
            CompoundKind::Arithmetic if self.dash => self.add(open, "((", None),
            CompoundKind::For { name, .. } if name.is_empty() && self.dash => {
                self.add(Span::new(span.start, span.start + 3), "for ((", None);
            }
            CompoundKind::For { words, .. } => {
                for word in words.iter().flatten() {
                    self.word(word);
                }
            }
            CompoundKind::Function { .. }
                if self.dash && self.script.raw(compound.place).starts_with("function") =>
            {
                self.add(Span::new(span.start, span.start + 8), "function", None);
            }
            _ => {}
        }
        self.redirects(&compound.redirects);
    }

    /// `[ … ]` for a `[[ … ]]` that says the same in it.
    fn test_as_posix(&self, compound: &Compound, words: &[Word]) -> Option<Vec<Edit>> {
        let raw = self.script.raw(compound.place);
        let inner = raw.strip_prefix("[[")?.strip_suffix("]]")?;
        let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
        if !blank(inner.chars().next())
            || !blank(inner.chars().last())
            || inner.contains(['&', '|', '(', '<', '>'])
        {
            return None;
        }
        let end = compound.place.span.end;
        let start = compound.place.span.start;
        let mut edits = vec![
            Edit::replace(Span::new(start, start + 2), "["),
            Edit::replace(Span::new(end - 2, end), "]"),
        ];
        for word in words {
            if word.raw() == "==" {
                edits.push(Edit::replace(word.span(), "="));
            } else if word.raw() == "=~" || word.may_split() || word.has_glob() || word.has_tilde() {
                return None;
            }
        }
        Some(edits)
    }

    fn command(&mut self, command: &Command) {
        let words = command.args();
        if let (Some(name), Some(word)) = (command.name(), command.name_word()) {
            match name {
                "source" if self.dash => {
                    let path = words.first().is_some_and(|file| file.text().contains('/'));
                    let plain = path && words.len() == 1 && word.raw() == "source";
                    self.add(word.span(), "source", plain.then(|| vec![Edit::replace(word.span(), ".")]));
                }
                "declare" | "typeset" | "shopt" | "pushd" | "popd" | "mapfile" | "readarray" => {
                    self.add(word.span(), name, None);
                }
                "let" if self.dash => self.add(word.span(), name, None),
                "set" if self.dash => {
                    if let Some(option) = words.iter().find(|word| word.text() == "pipefail") {
                        self.add(option.span(), "set -o pipefail", None);
                    }
                }
                "[" | "test" if self.dash => {
                    let equals = words.iter().filter(|word| word.raw() == "==");
                    for word in equals {
                        self.add(word.span(), "==", Some(vec![Edit::replace(word.span(), "=")]));
                    }
                }
                _ => {}
            }
        }
        for assignment in &command.assignments {
            if assignment.value.is_array() {
                self.add(assignment.place.span, self.script.raw(assignment.place), None);
            } else {
                self.parts(&assignment.value.parts);
            }
        }
        // curl expands braces in addresses itself.
        let expands = !matches!(command.name(), Some("curl"));
        for word in &command.words {
            if expands {
                self.word(word);
            } else {
                self.parts(&word.parts);
            }
        }
        self.redirects(&command.redirects);
    }

    fn redirects(&mut self, redirects: &[crate::shell::Redirect]) {
        for redirect in redirects {
            match redirect.operator {
                RedirectOperator::HereString => self.add(redirect.place.span, "<<<", None),
                RedirectOperator::WriteBoth | RedirectOperator::AppendBoth if self.dash => {
                    let start = redirect.place.span.start;
                    let posix =
                        redirect.target.as_ref().filter(|_| redirect.descriptor.is_none()).map(|word| {
                            vec![
                                Edit::delete(Span::new(start, start + 1)),
                                Edit::insert(word.span().end, " 2>&1"),
                            ]
                        });
                    let what = if redirect.operator == RedirectOperator::WriteBoth { "&>" } else { "&>>" };
                    self.add(redirect.place.span, what, posix);
                }
                _ => {}
            }
        }
    }

    fn word(&mut self, word: &Word) {
        if word.has_brace_expansion() {
            let what = word.raw().replace('`', "");
            self.out.push(Bashism { span: word.span(), what, taken_literally: true, posix: None });
        }
        self.parts(&word.parts);
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match &part.kind {
                PartKind::Process(_) if self.dash => {
                    let raw = self.script.raw(part.place).get(..2).unwrap_or("<(");
                    self.add(
                        Span::new(part.place.span.start, part.place.span.start + 2),
                        &format!("{raw}…)"),
                        None,
                    );
                }
                PartKind::AnsiQuoted if self.dash => {
                    self.add(part.place.span, self.script.raw(part.place), None);
                }
                PartKind::Variable { modifier, operand, braced, .. } => {
                    let raw = self.script.raw(part.place);
                    let change = self.script.raw(*modifier);
                    if *braced && is_bash_expansion(raw, change, self.dash) {
                        self.add(part.place.span, raw, None);
                    }
                    self.parts(operand);
                }
                PartKind::DoubleQuoted(inner) | PartKind::Arithmetic(inner) => self.parts(inner),
                _ => {}
            }
        }
    }
}

/// Whether `${…}` is none of POSIX's forms.
fn is_bash_expansion(raw: &str, change: &str, dash: bool) -> bool {
    let substring = change.strip_prefix(':').is_some_and(|rest| !rest.starts_with(['-', '=', '+', '?']));
    raw.starts_with("${!")
        || change.starts_with(['^', ',', '@', '['])
        || (dash && (change.starts_with('/') || substring))
}
