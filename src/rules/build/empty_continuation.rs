//! `empty-continuation`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{FileFacts, InstructionFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// A blank line inside a continued instruction.
    ///
    /// ## What it does
    ///
    /// Finds blank lines between a line that ends in the escape character and the end of its instruction. Comment lines
    /// there are fine. In a here-document that a shell runs it finds blanks behind the `\` at the end of a line.
    ///
    /// ## Why is this bad?
    ///
    /// BuildKit skips the blank line today, warns, and has announced that it will refuse the file. A reader takes the
    /// blank line for the end of the instruction. Behind a `\`, a blank in a shell script ends the command there, and the
    /// next line is run as one of its own.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// RUN echo a && \
    ///
    ///     echo b
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// RUN echo a && \
    ///     echo b
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: BuildKit skips blank lines there already. Blanks behind a `\` in a here-document must be confirmed, because
    /// the command becomes another one: the one that was meant.
    ///
    /// ## References
    ///
    /// - [BuildKit check: NoEmptyContinuation](https://docs.docker.com/reference/build-checks/no-empty-continuation/)
    pub(super) RULE = "empty-continuation" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["NoEmptyContinuation", "buildkit/NoEmptyContinuation"],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    for node in &file.dockerfile.instructions {
        blank_lines(file, node, report);
    }
    for facts in file.stages.iter().flat_map(|stage| &stage.instructions) {
        broken_continuations(file, facts, report);
    }
}

/// One finding for an instruction, as one change puts all of it right.
fn blank_lines(file: &FileFacts<'_>, node: &Instruction, report: &mut Report) {
    let runs = node.blank_lines.chunk_by(|a, b| a.end == b.start);
    let spans: Vec<Span> = runs.filter_map(|run| Some(run.first()?.cover(*run.last()?))).collect();
    let Some(first) = spans.first() else { return };
    let codes = &["NoEmptyContinuation", "buildkit/NoEmptyContinuation"];
    let (name, line) = (node.name.text.replace('`', ""), node.lines.0);
    let swallowed = spans.iter().find_map(|span| Some((span, instruction_at(file, span.end)?)));
    if let Some((span, keyword)) = swallowed {
        // Deleting the blank line would hide what is wrong.
        report
            .add(
                *span,
                format!(
                    "The `{keyword}` on line {} is read as a part of the `{name}` on line {line}, which is continued over \
                     the blank line.",
                    file.dockerfile.source.line_of(span.end)
                ),
            )
            .codes(codes)
            .note("If it is an instruction of its own, end the line above the blank line without a continuation.");
        return;
    }
    let mut finding = report
        .add(
            *first,
            format!(
                "A blank line stands inside of the `{name}` that starts on line {line}; BuildKit is going to refuse that."
            ),
        )
        .codes(codes);
    for more in spans.get(1..).unwrap_or_default() {
        finding = finding.related(*more, "Another one.");
    }
    let title = if node.blank_lines.len() == 1 { "Delete the blank line" } else { "Delete the blank lines" };
    finding.fix(Fix::safe(title, spans.iter().copied().map(Edit::delete).collect()));
}

/// The keyword in upper case that the line at a byte begins with, when other words follow it.
fn instruction_at(file: &FileFacts<'_>, offset: u32) -> Option<&'static str> {
    let source = &file.dockerfile.source;
    let (word, _) = source.line(source.line_of(offset)).split_once([' ', '\t'])?;
    let keyword = Keyword::parse(word);
    (keyword != Keyword::Unknown && keyword.name() == word).then(|| keyword.name())
}

/// `\` and blanks at the end of a line of a script: an escaped blank, not a continuation.
fn broken_continuations(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let Some(body) = facts.body.filter(|body| !body.heredocs.is_empty()) else { return };
    let bytes = file.dockerfile.source.text().as_bytes();
    let is_blank = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\t'));
    for script in body.heredocs.iter().filter_map(|heredoc| heredoc.script.as_ref()) {
        for word in script.commands().flat_map(|command| &command.words) {
            let raw = word.raw();
            let Some(before) = raw.strip_suffix([' ', '\t']) else { continue };
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            let start = word.span().end - 1;
            let mut end = start as usize;
            while is_blank(end) {
                end += 1;
            }
            if backslashes % 2 == 0 || bytes.get(end) != Some(&b'\n') {
                continue;
            }
            let span = Span::new(start, end as u32);
            report
                .add(span, "The `\\` does not continue the line, because a blank stands behind it.")
                .codes(&["SC1101"])
                .note("Check that the next line belongs to this command.")
                .fix(Fix::confirm("Delete the blanks behind the `\\`", vec![Edit::delete(span)]));
        }
    }
}
