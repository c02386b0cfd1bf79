//! Variables of a script that hold the name of a branch.

use crate::shell::{Script, Word};
use crate::text::Span;
use std::collections::BTreeMap;

/// Variables of CI systems that hold the name of a branch as it is. Source: the list of default variables of each.
const GIVEN: [&str; 12] = [
    "GITHUB_REF_NAME",
    "GITHUB_HEAD_REF",
    "GITHUB_BASE_REF",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_BRANCH",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "TRAVIS_BRANCH",
    "CIRCLE_BRANCH",
    "BITBUCKET_BRANCH",
    "BUILDKITE_BRANCH",
    "DRONE_BRANCH",
    "CODEBUILD_WEBHOOK_HEAD_REF",
];

/// A variable with the name of a branch.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'s> {
    /// Whether what no tag may hold has been replaced.
    pub clean: bool,
    /// The value it is given, where the script does that once.
    pub value: Option<&'s Word>,
    /// `NAME=value`, likewise.
    pub assignment: Option<Span>,
}

/// The branches of a script.
#[derive(Debug, Default)]
pub struct Branches<'s> {
    variables: BTreeMap<&'s str, Branch<'s>>,
}

impl<'s> Branches<'s> {
    /// Follows the assignments of a script in order.
    pub fn of(script: &'s Script) -> Self {
        let mut out = Self::default();
        for command in script.commands() {
            for assignment in &command.assignments {
                let Some(clean) = out.word(&assignment.value) else {
                    out.variables.remove(&*assignment.name);
                    continue;
                };
                let again = out.variables.contains_key(&*assignment.name);
                out.variables.insert(
                    &assignment.name,
                    Branch {
                        clean,
                        value: (!again).then_some(&assignment.value),
                        assignment: (!again).then_some(assignment.place.span),
                    },
                );
            }
        }
        out
    }

    /// The variable of that name.
    pub fn variable(&self, name: &str) -> Option<&Branch<'s>> {
        self.variables.get(name)
    }

    /// Whether a word holds the name of a branch, and if it does, whether that is clean.
    pub fn word(&self, word: &Word) -> Option<bool> {
        if !word.has_expansion() {
            return None;
        }
        let raw = word.raw();
        let mut found = None;
        for name in word.variables() {
            let clean = if GIVEN.contains(&name) {
                false
            } else if let Some(branch) = self.variables.get(name) {
                branch.clean
            } else {
                continue;
            };
            found = Some(found.unwrap_or(true) && clean);
        }
        if word.has_substitution() && names_branch(raw) {
            found = Some(false);
        }
        found.map(|clean| clean || is_cleaned(raw))
    }
}

/// Whether a text asks git for the branch.
fn names_branch(text: &str) -> bool {
    text.contains("git ")
        && ["--abbrev-ref", "branch --show-current", "symbolic-ref"].iter().any(|part| text.contains(part))
}

/// Whether a text replaces characters: `${x//\//-}`, `tr`, `sed`, or takes something else than the name (a hash).
fn is_cleaned(raw: &str) -> bool {
    let pipes = ["tr ", "sed ", "sha1sum", "sha256sum", "md5sum", "slug", "awk ", "cut ", "basename "];
    raw.split("${").skip(1).any(|part| part.split('}').next().is_some_and(|inner| inner.contains('/')))
        || (raw.contains('|') || raw.contains("<<<") || raw.contains("$("))
            && pipes.iter().any(|p| raw.contains(p))
        || ["${", "##"].iter().all(|part| raw.contains(part))
}
