//! `inconsistent-casing`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::facts::{Case, FileFacts, InstructionFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// Keywords are written in mixed case.
    ///
    /// ## What it does
    ///
    /// Finds instructions in another case than most of the file, `as` beside `FROM` (or `AS` beside `from`), and
    /// protocols of `EXPOSE` in upper case. A file in lower case throughout is fine.
    ///
    /// ## Why is this bad?
    ///
    /// A reader looks for instructions by their shape: in a file of `RUN` and `COPY`, a `run` looks like an argument of
    /// the line before.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 as build
    /// run make
    /// EXPOSE 80/TCP
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24 AS build
    /// RUN make
    /// EXPOSE 80/tcp
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: Docker reads keywords and protocols in any case.
    ///
    /// ## References
    ///
    /// - [BuildKit check: ConsistentInstructionCasing](https://docs.docker.com/reference/build-checks/consistent-instruction-casing/)
    /// - [BuildKit check: FromAsCasing](https://docs.docker.com/reference/build-checks/from-as-casing/)
    /// - [BuildKit check: ExposeProtoCasing](https://docs.docker.com/reference/build-checks/expose-proto-casing/)
    pub(super) RULE = "inconsistent-casing" {
        chapter: Style, level: Style, default: On, scope: File, fix: Safe,
        aliases: [
            "ConsistentInstructionCasing", "FromAsCasing", "ExposeProtoCasing",
            "buildkit/ConsistentInstructionCasing", "buildkit/FromAsCasing", "buildkit/ExposeProtoCasing",
            "DF076", "DF078", "DF079",
        ],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let case = file.keyword_case();
    let staged = file.stages.iter().flat_map(|stage| &stage.instructions);
    for facts in file.globals.iter().chain(staged) {
        let node = facts.instruction;
        keyword(node, case, report);
        if let Some(trigger) = &node.trigger {
            keyword(trigger, case, report);
        }
        match node.keyword {
            Keyword::From => as_keyword(node, case, report),
            Keyword::Expose => protocols(file, facts, report),
            _ => {}
        }
    }
}

fn keyword(node: &Instruction, case: Case, report: &mut Report) {
    let word = &node.name;
    let written = Case::of(&word.text);
    if node.keyword == Keyword::Unknown || written == case {
        return;
    }
    let wanted = case.write(&word.text);
    report
        .add(
            word.span,
            format!(
                "`{}` is in {}, where the file writes its instructions in {}.",
                word.text,
                written.name(),
                case.name()
            ),
        )
        .codes(&["ConsistentInstructionCasing", "buildkit/ConsistentInstructionCasing", "DF076"])
        .fix(Fix::safe(format!("Write `{wanted}`"), case_edits(node, case)));
}

/// The keyword, and the `AS` of FROM with it: the one without the other would be the next finding.
fn case_edits(node: &Instruction, case: Case) -> Vec<Edit> {
    let words = std::iter::once(&node.name).chain(as_word(node));
    words
        .filter(|word| Case::of(&word.text) != case)
        .map(|word| Edit::replace(word.span, case.write(&word.text)))
        .collect()
}

fn as_word(node: &Instruction) -> Option<&Word> {
    let word = node.args.get(1).filter(|_| node.keyword == Keyword::From && node.args.len() > 2)?;
    word.text.eq_ignore_ascii_case("as").then_some(word)
}

/// As BuildKit judges it (`instructions/parse.go`: `doesFromCaseMatchAsCase`): nothing is said beside a `From`, whose
/// own finding corrects both.
fn as_keyword(node: &Instruction, case: Case, report: &mut Report) {
    let Some(word) = as_word(node) else { return };
    let from = Case::of(&node.name.text);
    if from == Case::Mixed || Case::of(&word.text) == from {
        return;
    }
    // FROM takes the case of the file; then `AS` has to follow that.
    let edits = case_edits(node, case);
    let title = edits.iter().map(|edit| format!("`{}`", edit.text)).collect::<Vec<_>>().join(" and ");
    report
        .add(
            word.span,
            format!("`{}` does not match `{}`; write both in the same case.", word.text, node.name.text),
        )
        .codes(&["FromAsCasing", "buildkit/FromAsCasing", "DF079"])
        .fix(Fix::safe(format!("Write {title}"), edits));
}

fn protocols(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    for word in &facts.instruction.args {
        // Most ports have none; the value of a variable may bring one.
        if !word.text.contains(['/', '$']) {
            continue;
        }
        let Some(port) = facts.state.expand(&word.text).value else { continue };
        let Some(protocol) = protocol(&port).filter(|p| p.bytes().any(|b| b.is_ascii_uppercase())) else {
            continue;
        };
        let literal = word.text.ends_with(protocol) && file.dockerfile.source.slice(word.span) == word.text;
        let span =
            if literal { Span::new(word.span.end - protocol.len() as u32, word.span.end) } else { word.span };
        let wanted = protocol.to_ascii_lowercase();
        let finding = report
            .add(
                span,
                format!(
                    "The protocol of `{}` is in upper case; it is `{wanted}` everywhere else.",
                    shown(&port)
                ),
            )
            .codes(&["ExposeProtoCasing", "buildkit/ExposeProtoCasing", "DF078"]);
        if literal {
            finding.fix(Fix::safe(format!("Write `{wanted}`"), vec![Edit::replace(span, wanted)]));
        }
    }
}

/// The protocol of a port, where it is one that Docker knows; others are an error.
fn protocol(port: &str) -> Option<&str> {
    let (_, protocol) = port.rsplit(':').next().unwrap_or(port).split_once('/')?;
    ["tcp", "udp", "sctp"].iter().any(|known| protocol.eq_ignore_ascii_case(known)).then_some(protocol)
}

fn shown(port: &str) -> String {
    port.chars().filter(|c| *c != '`' && !c.is_control()).take(60).collect()
}
