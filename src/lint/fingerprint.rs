//! The identity of a finding across pushes: no line numbers, no message text.

use crate::facts::{FileFacts, StageFacts};
use crate::rules::Finding;
use fnv::FnvHasher;
use std::collections::HashMap;
use std::hash::Hasher;

/// Gives each finding its fingerprint: rule, stage, subject (the normalised instruction text where the rule
/// names none), number among equals.
pub(super) fn assign(findings: &mut [Finding], facts: &FileFacts<'_>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let stage = facts.stage_at(finding.span.start).map(StageFacts::label).unwrap_or_default();
        let subject = finding.subject.clone().unwrap_or_else(|| instruction_text(finding, facts));
        let key = format!("{}\u{1f}{stage}\u{1f}{subject}", finding.rule);
        let number = seen.entry(key.clone()).or_default();
        let mut hasher = FnvHasher::default();
        hasher.write(key.as_bytes());
        hasher.write(&(*number as u64).to_le_bytes());
        *number += 1;
        finding.fingerprint = format!("{:016x}", hasher.finish());
    }
}

/// The instruction that holds the finding, blanks folded, keyword case and continuations left out.
fn instruction_text(finding: &Finding, facts: &FileFacts<'_>) -> String {
    let instruction = facts.dockerfile.instruction_at(finding.span.start);
    let text = instruction
        .map_or_else(|| facts.dockerfile.source.slice(finding.span), |instruction| instruction.joined.text());
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
