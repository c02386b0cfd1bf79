//! The property that holds for every text: it comes back, spans fit, nothing panics.
//!
//! One place for it: the property tests, the mutated corpus and the fuzz target call [`holds`].

#![allow(dead_code, unreachable_pub, reason = "each of the crates that include this file uses a part of it")]

use camino::Utf8Path;
use tidewaiter::dockerfile::expand::{Value, expand};
use tidewaiter::dockerfile::{Dockerfile, Instruction, Keyword, parse, stages};
use tidewaiter::lint::{Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::shell::RunBody;
use tidewaiter::text::{Edit, Source, Span, apply};

/// Reads a text in every way there is and says what does not hold.
pub fn holds(text: &str) -> Result<(), String> {
    let file = reads(text)?;
    expands(&file)?;
    for node in file.instructions.iter().flat_map(|node| std::iter::once(node).chain(node.trigger.as_deref()))
    {
        if node.keyword == Keyword::Run {
            for script in RunBody::read(node, &file.source).scripts() {
                for command in script.commands() {
                    fits(text, command.span(), node.span).map_err(|e| format!("a command of RUN: {e}"))?;
                }
            }
        }
    }
    edits(&file)?;
    lints(text)
}

/// Parses a text: items tile it, and every span lies where it belongs.
pub fn reads(text: &str) -> Result<Dockerfile, String> {
    let file = parse(&Source::new(text));
    let whole = Span::new(0, text.len() as u32);
    let mut back = String::new();
    for item in &file.items {
        let span = item.span();
        if span.start as usize != back.len() {
            return Err(format!("a gap or an overlap at byte {}: {item:?}", back.len()));
        }
        fits(text, span, whole)?;
        back.push_str(&text[span.range()]);
    }
    if back != text {
        return Err(format!("{} of {} bytes come back", back.len(), text.len()));
    }
    for node in &file.instructions {
        instruction(text, node, node.span)
            .map_err(|e| format!("{} on line {}: {e}", node.name.text, node.lines.0))?;
    }
    for pair in file.instructions.windows(2) {
        if pair[0].span.end > pair[1].span.start || pair[0].lines.1 >= pair[1].lines.0 {
            return Err(format!("{:?} and {:?} overlap", pair[0].lines, pair[1].lines));
        }
    }
    for error in &file.errors {
        fits(text, error.span, whole).map_err(|e| format!("{}: {e}", error.message))?;
    }
    for directive in &file.directives {
        fits(text, directive.value.span, directive.span)?;
        if text[directive.value.span.range()] != *directive.value.text {
            return Err(format!("the value of {} is not what its span says", directive.name));
        }
    }
    let stages = stages(&file);
    if stages.iter().any(|stage| file.instructions.get(stage.instructions.clone()).is_none()) {
        return Err("a stage has instructions that are not there".to_owned());
    }
    Ok(file)
}

fn fits(text: &str, span: Span, inside: Span) -> Result<(), String> {
    if span.start > span.end {
        return Err(format!("{span:?} is turned around"));
    }
    if text.get(span.range()).is_none() {
        return Err(format!("{span:?} cuts a character or leaves the text"));
    }
    if inside.contains(span) { Ok(()) } else { Err(format!("{span:?} is not inside {inside:?}")) }
}

fn instruction(text: &str, node: &Instruction, inside: Span) -> Result<(), String> {
    let pairs = node.pairs.iter().flat_map(|p| std::iter::once(&p.key).chain(&p.value));
    let words = node.args.iter().chain(pairs).map(|word| word.span);
    let flags =
        node.flags.iter().flat_map(|f| std::iter::once(f.span).chain(f.value.as_ref().map(|v| v.span)));
    let heredocs = node.heredocs.iter().flat_map(|h| [h.opener, h.body, h.end]);
    let spans = [node.body, node.name.span, node.rest_span()].into_iter();
    let lines = node.comments.iter().chain(&node.blank_lines).copied();
    for span in spans.chain(words).chain(flags).chain(heredocs).chain(lines) {
        fits(text, span, inside)?;
    }
    // The joined line consists of the bytes its map names.
    let joined = node.rest_joined();
    for (at, c) in joined.text().char_indices() {
        let from = joined.to_file(at as u32) as usize;
        if !text.get(from..).is_some_and(|rest| rest.starts_with(c)) {
            return Err(format!("{c:?} of the joined line is not at byte {from}"));
        }
    }
    node.trigger.as_deref().map_or(Ok(()), |trigger| instruction(text, trigger, inside))
}

fn expands(file: &Dockerfile) -> Result<(), String> {
    let nodes =
        file.instructions.iter().flat_map(|node| std::iter::once(node).chain(node.trigger.as_deref()));
    for node in nodes {
        let pairs = node.pairs.iter().flat_map(|p| std::iter::once(&p.key).chain(&p.value));
        for word in node.args.iter().chain(pairs) {
            for value in [Value::Unknown, Value::Unset, Value::Set("é*\\'".to_owned())] {
                let Ok(out) = expand(&word.text, file.escape, &|_| value.clone()) else { continue };
                if out.uses.iter().any(|u| word.text.get(u.range.clone()).is_none_or(|t| !t.starts_with('$')))
                {
                    return Err(format!("a use of a variable in {:?} does not lie on one", word.text));
                }
            }
        }
    }
    Ok(())
}

/// A line put between two items moves no byte inside of others, and does not change how those before it are
/// read.
fn edits(file: &Dockerfile) -> Result<(), String> {
    let text = file.source.text();
    let step = (file.items.len() / 8).max(1);
    for item in file.items.iter().step_by(step) {
        let at = item.span().end;
        let edit = Edit::insert(at, "# put in between\n");
        let grown = edit.text.len() as u32;
        let changed = apply(text, &[edit]).map_err(|e| format!("byte {at} is no boundary: {e}"))?;
        let again = parse(&Source::new(changed.as_str()));
        let mut before = 0;
        for node in &file.instructions {
            let moved = if node.span.end <= at {
                before += 1;
                node.span
            } else if node.span.start >= at {
                Span::new(node.span.start + grown, node.span.end + grown)
            } else {
                return Err(format!("byte {at} lies inside of {:?}", node.span));
            };
            if changed.get(moved.range()) != text.get(node.span.range()) {
                return Err(format!("an edit at byte {at} moved bytes of {:?}", node.span));
            }
        }
        // The last one before may take the line in: it may be open at the end of the file.
        let same = |index: usize| {
            let (old, new) = (file.instructions.get(index), again.instructions.get(index));
            old.zip(new)
                .is_some_and(|(old, new)| old.span == new.span && old.parser_args() == new.parser_args())
        };
        if let Some(index) = (0..before - before.min(1)).find(|index| !same(*index)) {
            return Err(format!("an edit at byte {at} changed instruction {index} before it"));
        }
    }
    Ok(())
}

/// Lints a text: findings and the edits of their fixes lie on character boundaries.
fn lints(text: &str) -> Result<(), String> {
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let source = Source::new(text);
    let report = lint(Utf8Path::new("Dockerfile"), &source, &MemoryTree::partial(), &settings);
    for finding in &report.findings {
        fits(text, finding.span, Span::new(0, text.len() as u32))
            .map_err(|e| format!("{}: {e}", finding.rule))?;
        let fix = finding.fix.iter().filter(|fix| fix.path.is_none());
        for fix in fix {
            apply(text, &fix.edits).map_err(|e| format!("the fix of {}: {e}", finding.rule))?;
        }
    }
    Ok(())
}

/// A small generator of numbers (xorshift); the same seed gives the same ones everywhere.
pub struct Numbers(u64);

impl Numbers {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Changes a text as editors, transports and slips do; how is said in words.
pub fn mutate(text: &str, numbers: &mut Numbers) -> (String, String) {
    let lf = || text.replace("\r\n", "\n");
    match numbers.below(14) {
        0 => ("CRLF".to_owned(), lf().replace('\n', "\r\n")),
        1 => ("LF".to_owned(), lf()),
        2 => ("a byte order mark".to_owned(), format!("\u{feff}{text}")),
        3 => ("no final newline".to_owned(), text.trim_end_matches(['\n', '\r']).to_owned()),
        4 => ("escape=`".to_owned(), format!("# escape=`\n{text}")),
        5 => {
            let mut crlf = false;
            let mixed: String = lf()
                .split_inclusive('\n')
                .map(|line| {
                    crlf = numbers.below(2) == 0;
                    if crlf { line.replace('\n', "\r\n") } else { line.to_owned() }
                })
                .collect();
            ("mixed line ends".to_owned(), mixed)
        }
        _ => bytes(text, numbers),
    }
}

/// Drops, doubles, swaps or replaces bytes, or cuts the text. What is no UTF-8 any more is replaced, as no
/// other text is read.
fn bytes(text: &str, numbers: &mut Numbers) -> (String, String) {
    const TELLING: &[u8] = b"\\\"'`$<>[]{}#= \t\n\r-&|;\0\xc3";
    let mut bytes = text.as_bytes().to_vec();
    let mut how = Vec::new();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len());
        if bytes.is_empty() {
            break;
        }
        let what = match numbers.below(6) {
            0 => {
                bytes.remove(at);
                "dropped"
            }
            1 => {
                bytes.insert(at, bytes[at]);
                "doubled"
            }
            2 => {
                let other = (at + 1) % bytes.len();
                bytes.swap(at, other);
                "swapped"
            }
            3 => {
                bytes.insert(at, TELLING[numbers.below(TELLING.len())]);
                "put in"
            }
            4 => {
                bytes[at] = TELLING[numbers.below(TELLING.len())];
                "replaced"
            }
            _ => {
                let end = (at + numbers.below(80)).min(bytes.len());
                bytes.drain(at..end);
                "a stretch dropped"
            }
        };
        how.push(format!("byte {at} {what}"));
    }
    (how.join(", "), String::from_utf8_lossy(&bytes).into_owned())
}
