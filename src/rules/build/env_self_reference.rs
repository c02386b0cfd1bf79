//! `env-self-reference`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::expand::Value;
use crate::dockerfile::{Instruction, Keyword, Pair};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, State};
use crate::image::{Environment, environment, is_likely_set};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// An ENV value refers to a name set in the same ENV.
    ///
    /// ## What it does
    ///
    /// Finds `ENV` with several names, where the value of one uses a name that stands before it in the same `ENV`.
    ///
    /// ## Why is this bad?
    ///
    /// Docker replaces the variables of an instruction before it sets any of them. The value is the one from before the
    /// instruction, mostly the empty one: `ENV A=1 B=${A}2` sets `B` to `2`.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ENV APP_HOME=/opt/app PATH=${APP_HOME}/bin:$PATH
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ENV APP_HOME=/opt/app
    /// ENV PATH=${APP_HOME}/bin:$PATH
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that the new value is meant: everything behind the split sees it.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: Environment replacement](https://docs.docker.com/reference/dockerfile/#environment-replacement)
    pub(super) RULE = "env-self-reference" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Confirm,
        aliases: ["DL3044", "DF062"],
        check: Check::Instruction(check),
    }
}

/// A value that uses the name of an earlier pair.
struct Reference<'i> {
    /// Number of the pair with the value.
    pair: usize,
    /// Number of the pair with the name.
    to: usize,
    name: &'i str,
    /// What the name had before: a value of the file's, or none that the file tells.
    before: bool,
    span: Span,
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if node.keyword != Keyword::Env || node.pairs.len() < 2 || !node.rest_text().contains('$') {
        return;
    }
    let found = references(file, node, &facts.state);
    let found: Vec<Reference<'_>> =
        found.into_iter().filter(|found| found.before || !base_sets(file, stage, found.name)).collect();
    if found.is_empty() || file.template().is_some() {
        return;
    }
    let edits = split(file, node, &found);
    let sure = matches!(base_environment(file, stage), Some(Environment::Complete(_)));
    for reference in found {
        let name = reference.name.replace('`', "");
        let before = match (reference.before, sure) {
            (true, _) => "has the value from before here",
            (false, true) => "is empty here",
            (false, false) => "is empty here unless the base image sets it",
        };
        let refine = report
            .add(
                reference.span,
                format!("`${name}` {before}: what this `ENV` sets is there from the next instruction on."),
            )
            .level(if reference.before || !sure { Level::Warning } else { Level::Error })
            .note(format!("Check that the new value of `{name}` is meant."));
        let key = node.pairs.get(reference.to).map_or(node.name.span, |pair| pair.key.span);
        let refine = refine.related(key, "The name is set here.");
        if let Some(edits) = &edits {
            refine.fix(Fix::confirm("Set the later values in an `ENV` of their own", edits.clone()));
        }
    }
}

/// How many pairs are looked at: nobody sets more at once.
const MAX_PAIRS: usize = 200;

fn references<'i>(file: &FileFacts<'_>, node: &'i Instruction, state: &State) -> Vec<Reference<'i>> {
    let source = &file.dockerfile.source;
    let mut out = Vec::new();
    for (index, pair) in node.pairs.iter().enumerate().take(MAX_PAIRS) {
        let Some(value) = pair.value.as_ref().filter(|value| value.text.contains('$')) else { continue };
        for used in state.expand(&value.text).uses {
            let earlier = node.pairs.get(..index).unwrap_or(&[]);
            let Some(to) = earlier.iter().rposition(|other| other.key.text == used.name) else { continue };
            let again = out.iter().any(|known: &Reference<'_>| known.pair == index && known.to == to);
            let Some(set) = earlier.get(to).filter(|_| !used.has_default && !again) else { continue };
            let before = state.declares(&used.name);
            if keeps(set, &used.name, state) {
                continue;
            }
            let written = source.slice(value.span) == value.text;
            let start = value.span.start + used.range.start as u32;
            let span = Span::new(start, start + used.range.len() as u32);
            let span = if written { span } else { value.span };
            out.push(Reference { pair: index, to, name: &set.key.text, before, span });
        }
    }
    out
}

/// Whether a pair leaves a name what it was, or adds to it: then the value from before may well be meant.
fn keeps(pair: &Pair, name: &str, state: &State) -> bool {
    let Some(value) = &pair.value else { return true };
    let expanded = state.expand(&value.text);
    expanded.uses.iter().any(|used| used.name == name)
        || matches!((expanded.value, state.lookup(name)), (Some(new), Value::Set(old)) if new == old)
}

/// What the image below the stages of the file sets.
fn base_environment(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Environment> {
    match &file.stages.get(stage.root)?.base {
        Base::Scratch => Some(Environment::Complete(&[])),
        Base::Image(base) => Some(environment(&base.image)),
        Base::Stage(_) | Base::Unknown => None,
    }
}

/// Whether the base image sets a name, or may well do so.
fn base_sets(file: &FileFacts<'_>, stage: &StageFacts<'_>, name: &str) -> bool {
    if matches!(name, "PATH" | "HOME" | "HOSTNAME") {
        return true;
    }
    match base_environment(file, stage) {
        Some(Environment::Complete(names)) => names.contains(&name),
        _ => is_likely_set(file.base_image(stage).map(|base| &base.image), name),
    }
}

/// The edits that begin a new ENV before each pair that needs one; `None` where a pair does not stand apart.
fn split(file: &FileFacts<'_>, node: &Instruction, found: &[Reference<'_>]) -> Option<Vec<Edit>> {
    let source = &file.dockerfile.source;
    let indent = source.slice(Span::new(node.span.start, node.body.start));
    let head = format!("{indent}{} ", file.keyword_case().write("env"));
    let (mut edits, mut group) = (Vec::new(), 0);
    for index in 1..node.pairs.len() {
        if !found.iter().any(|reference| reference.pair == index && reference.to >= group) {
            continue;
        }
        group = index;
        let gap = Span::new(node.pairs.get(index - 1)?.span.end, node.pairs.get(index)?.span.start);
        let text = source.slice(gap);
        match (text.find('\n'), text.rfind('\n')) {
            (Some(first), Some(last)) => {
                let first = if text.get(..first)?.ends_with('\r') { first - 1 } else { first };
                let dropped = text.get(..first)?;
                if dropped.trim().trim_end_matches(file.dockerfile.escape).trim() != "" {
                    return None;
                }
                edits.push(Edit::delete(Span::new(gap.start, gap.start + first as u32)));
                edits.push(Edit::replace(Span::new(gap.start + last as u32 + 1, gap.end), head.clone()));
            }
            _ if !text.is_empty() && text.trim().is_empty() => {
                edits.push(Edit::replace(gap, format!("{}{head}", source.newline_at(node.span.start))));
            }
            _ => return None,
        }
    }
    Some(edits)
}
