//! `relative-workdir`.

use crate::declare_rule;
use crate::dockerfile::{Keyword, Word};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, Workdir, is_absolute, join};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// WORKDIR without a leading slash and no absolute one before it.
    ///
    /// ## What it does
    ///
    /// Finds the first `WORKDIR` of a stage where it is relative and no stage below sets one.
    ///
    /// ## Why is this bad?
    ///
    /// The folder depends on the working directory of the base image, which another tag may change: then
    /// absolute paths of the same file name another place.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.22
    /// WORKDIR app
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.22
    /// WORKDIR /app
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the slash is put in front only where the base image is known to work in `/`, so that the
    /// folder stays the same.
    ///
    /// ## References
    ///
    /// - [Docker: WorkdirRelativePath](https://docs.docker.com/reference/build-checks/workdir-relative-path/)
    /// - [Docker: Building best practices, WORKDIR](https://docs.docker.com/build/building/best-practices/#workdir)
    pub(super) RULE = "relative-workdir" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "DL3000", "WorkdirRelativePath", "buildkit/WorkdirRelativePath", "DS-0009", "CKV_DOCKER_10",
            "WORKDIR Path Not Absolute", "DF009",
        ],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    // Later relative ones are right once the first one is.
    if node.keyword != Keyword::Workdir || facts.state.workdir != Workdir::Base {
        return;
    }
    let Some(word) = node.args.first() else { return };
    let expanded = facts.state.expand(&word.text);
    let Some(path) = expanded.value.filter(|path| expanded.uses.is_empty() && !path.is_empty()) else {
        return;
    };
    // A `\` is an escape here and a separator on Windows.
    if is_absolute(&path) || word.text.contains('\\') {
        return;
    }
    let base = match file.root_base(&stage.base) {
        Base::Scratch => "/",
        Base::Image(image) if !image.defaults.is_windows() => match image.defaults.workdir_path() {
            Some(base) => base,
            None => return,
        },
        Base::Image(_) | Base::Stage(_) | Base::Unknown => return,
    };
    let shown: String = path.chars().filter(|c| *c != '`' && !c.is_control()).collect();
    let full = join(base, &shown);
    let message = format!(
        "`{shown}` is `{full}` only as long as the base image works in `{base}`, which another tag may change."
    );
    let finding = report.add(word.span, message);
    match edit(file, word, &path).filter(|_| base == "/") {
        Some(edit) => {
            finding
                .note(format!("Check that `{full}` is the folder that is meant."))
                .fix(Fix::confirm(format!("Write `{full}`"), vec![edit]));
        }
        None => {
            finding.note(format!("Name the folder from the root: `WORKDIR {full}`."));
        }
    }
}

/// The path from the root: a slash in front where that is all it takes.
fn edit(file: &FileFacts<'_>, word: &Word, path: &str) -> Option<Edit> {
    let source = file.dockerfile.source.slice(word.span);
    let quoted = source.starts_with(['"', '\'']);
    let inner = if quoted { source.get(1..source.len().checked_sub(1)?)? } else { source };
    if inner != path || path.starts_with(['[', '{']) {
        return None;
    }
    let start = word.span.start + u32::from(quoted);
    if path.split('/').any(|part| matches!(part, "." | "..")) {
        return Some(Edit::replace(Span::new(start, start + path.len() as u32), join("/", path)));
    }
    Some(Edit::insert(start, "/"))
}
