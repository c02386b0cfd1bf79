//! `malformed-checksum-line`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::image::Family;
use crate::rules::{Check, Fix, Report};
use crate::shell::{Command, Inside, Node, Script, Word, checksum_tool, only_variable};
use crate::text::{Edit, Span};

declare_rule! {
    /// A checksum line has one space where two characters are expected.
    ///
    /// ## What it does
    ///
    /// Finds `echo "<checksum> file" | sha256sum -c` (also md5sum, sha1sum, sha512sum and others) with one space between
    /// checksum and name.
    ///
    /// ## Why is this bad?
    ///
    /// A line of these tools is the checksum, a space, a space or `*`, and the name. GNU's tools take one space as well,
    /// BusyBox's do not: on Alpine the check fails whatever the file holds.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.22
    /// ARG SUM
    /// RUN wget -O tool https://example.com/tool && echo "$SUM tool" | sha256sum -c -
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.22
    /// ARG SUM
    /// RUN wget -O tool https://example.com/tool && echo "$SUM  tool" | sha256sum -c -
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: every tool reads two spaces.
    ///
    /// ## References
    ///
    /// - [GNU coreutils: md5sum](https://www.gnu.org/software/coreutils/manual/html_node/md5sum-invocation.html)
    pub(super) RULE = "malformed-checksum-line" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["sha256sumEchoOneSpaces"],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) {
        return;
    }
    for script in facts.scripts().filter(|script| script.text().contains("sum")) {
        script.pipelines(&mut |seen| {
            let Some((command, checker)) = checked_echo(script, &seen.element.pipeline.commands) else { return };
            let Some((span, edits)) = one_space(command) else { return };
            let gnu = file.distribution(stage).is_some_and(|distribution| {
                matches!(distribution.family, Family::Debian | Family::Ubuntu | Family::RedHat | Family::Suse)
            });
            report
                .add(
                    span,
                    format!(
                        "`{checker} -c` expects two spaces between checksum and name: that of BusyBox refuses a line with one."
                    ),
                )
                .level(if gnu { Level::Info } else { Level::Warning })
                .fix(Fix::safe("Put two spaces between checksum and name", edits));
        });
    }
}

/// The `echo` whose output a checksum tool checks, and that tool.
fn checked_echo<'s>(script: &'s Script, commands: &[Node]) -> Option<(&'s Command, &'s str)> {
    let [Node::Simple(first), Node::Simple(second)] = commands else { return None };
    let (echo, check) = (script.command(*first)?, script.command(*second)?);
    let name = checksum_tool(check)?;
    let from_input = check.args().iter().all(|word| {
        word.text().starts_with('-') || word.text() == "/dev/stdin" || word.text().parse::<u32>().is_ok()
    });
    (echo.name() == Some("echo") && echo.redirects.is_empty() && from_input).then_some((echo, name))
}

/// Where the one space stands, and the edits that make it two.
fn one_space(echo: &Command) -> Option<(Span, Vec<Edit>)> {
    let args = echo.args();
    let args = match args.first().map(Word::text) {
        Some("-n") => args.get(1..)?,
        _ => args,
    };
    match args {
        [word] => {
            let text = word.text();
            let (sum, name) = text.split_once(' ')?;
            let raw = word.raw();
            let at = raw.find(' ')? as u32;
            // Continuation lines and escapes move the bytes.
            let plain = word.span().len() as usize == raw.len() && raw.matches(' ').count() == 1;
            if !is_sum(sum) || name.is_empty() || name.contains(' ') || name.starts_with('*') || !plain {
                return None;
            }
            let span = word.span();
            Some((span, vec![Edit::insert(span.start + at, " ")]))
        }
        [sum, name] => {
            if !is_sum(sum.text()) || name.text().starts_with('*') || name.has_glob() {
                return None;
            }
            let span = sum.span().cover(name.span());
            let same_line = span.len() == sum.span().len() + name.span().len() + 1;
            // In a string that another shell runs, quotes would end it.
            let in_string = echo.context.inside.any(Inside::STRING);
            if sum.is_quoted()
                || name.is_quoted()
                || !same_line
                || in_string
                || name.has_tilde()
                || name.has_substitution()
            {
                return None;
            }
            let edits = vec![
                Edit::insert(span.start, "\""),
                Edit::insert(sum.span().end, " "),
                Edit::insert(span.end, "\""),
            ];
            Some((span, edits))
        }
        _ => None,
    }
}

/// Whether a text is a checksum: digits of one, or one variable.
fn is_sum(text: &str) -> bool {
    let hex =
        matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) && text.bytes().all(|b| b.is_ascii_hexdigit());
    hex || only_variable(text).is_some()
}
