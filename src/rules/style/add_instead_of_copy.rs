//! `add-instead-of-copy`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// ADD is used where COPY says what happens.
    ///
    /// ## What it does
    ///
    /// Finds `ADD` whose sources are all plain files or folders of the build context.
    ///
    /// ## Why is this bad?
    ///
    /// `ADD` also downloads URLs, clones git repositories and unpacks archives. With `COPY` a reader knows
    /// that files arrive as they are, and a file that is one day replaced by an archive is not unpacked by
    /// surprise.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// ADD --chown=1:1 conf/ /etc/app/
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// COPY --chown=1:1 conf/ /etc/app/
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: for plain files both instructions do the same.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, ADD or COPY](https://docs.docker.com/build/building/best-practices/#add-or-copy)
    pub(super) RULE = "add-instead-of-copy" {
        chapter: Style, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: ["DL3020", "hadolint/DL3020", "DS-0005", "CKV_DOCKER_4", "Add Instead of Copy", "DF006"],
        check: Check::Instruction(check),
    }
}

/// Flags that COPY does not know, or that say that ADD's own powers are wanted.
const ADD_ONLY: [&str; 3] = ["checksum", "keep-git-dir", "unpack"];

fn check(_: &FileFacts<'_>, _: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if node.keyword != Keyword::Add
        || !node.heredocs.is_empty()
        || node.flags.iter().any(|flag| ADD_ONLY.contains(&flag.name.as_str()))
    {
        return;
    }
    let Some((_, sources)) = node.args.split_last() else { return };
    let plain = |word: &crate::dockerfile::Word| {
        facts.state.expand(&word.text).value.is_some_and(|source| is_plain(&source))
    };
    if sources.is_empty() || !sources.iter().all(plain) {
        return;
    }
    let keyword = if node.name.text.chars().all(char::is_lowercase) { "copy" } else { "COPY" };
    report
        .add(
            node.name.span,
            "`ADD` may also download, clone and unpack; for plain files `COPY` says what happens.",
        )
        .fix(Fix::safe("Use `COPY`", vec![Edit::replace(node.name.span, keyword)]));
}

/// Whether ADD only copies this source: no URL, no git reference, no archive, no pattern that may match one.
fn is_plain(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    let remote = lower.contains("://") || lower.starts_with("git@");
    // A pattern is as dangerous as its last part: `*.py` matches no archive, `dist/*` may.
    let name = lower.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let wild_end = name.ends_with(['*', '?', ']']);
    !remote && !wild_end && !is_archive(name)
}

/// What ADD unpacks: tar archives, plain or compressed (it looks at the content, the name is all we have).
fn is_archive(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let last = parts.last().copied().unwrap_or("");
    name.contains(".tar")
        || matches!(last, "tgz" | "tbz" | "tbz2" | "txz" | "tzst" | "gz" | "bz2" | "xz" | "zst")
}
