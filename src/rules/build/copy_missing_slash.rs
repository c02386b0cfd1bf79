//! `copy-missing-slash`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Workdir, is_absolute, join};
use crate::repository::{Kind, normalize};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;
use camino::Utf8Path;

declare_rule! {
    /// Several sources but the destination has no trailing slash.
    ///
    /// ## What it does
    ///
    /// Finds `COPY` and `ADD` with two or more sources and a destination that does not end in `/`.
    ///
    /// ## Why is this bad?
    ///
    /// Without the slash the destination is the name of a file, unless a folder of that name is there already. BuildKit then
    /// copies every source over the one before and says nothing: the last one is left. Podman, Kaniko and Docker's older
    /// builder refuse the line.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// COPY a.txt b.txt /dst
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.24
    /// COPY a.txt b.txt /dst/
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: several sources can only be meant for a folder.
    ///
    /// ## References
    ///
    /// - [Dockerfile reference: COPY](https://docs.docker.com/reference/dockerfile/#copy)
    /// - [moby/buildkit #1853: copying multiple sources to a destination overwrites destination](https://github.com/moby/buildkit/issues/1853)
    pub(super) RULE = "copy-missing-slash" {
        chapter: Build, level: Error, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL3021", "hadolint/DL3021", "DS-0011", "Copy With More Than Two Arguments Not Ending With Slash", "DF048",
        ],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if !matches!(node.keyword, Keyword::Copy | Keyword::Add) || node.args.len() < 3 {
        return;
    }
    // It makes folders below the destination, so that this is one.
    if node.flag("parents").is_some() {
        return;
    }
    let Some((destination, sources)) = node.args.split_last() else { return };
    let is_heredoc = |word: &&Word| node.heredocs.iter().any(|doc| doc.opener == word.span);
    if sources.iter().filter(|word| !is_heredoc(word)).count() < 2 || !lacks_slash(&destination.text) {
        return;
    }
    let shown = destination.text.trim_matches(['"', '\'']).replace('`', "");
    let there = may_be_there(file, stage, facts, &destination.text) || brings_folder(file, node, sources);
    let message = if there {
        format!(
            "Several sources are copied to `{shown}`, which does not end in `/`. Only BuildKit takes that, and only where it finds a folder there."
        )
    } else {
        format!(
            "Several sources are copied to `{shown}`, which does not end in `/`, so it means a file. BuildKit leaves only the last \
             source there, other builders refuse the line."
        )
    };
    // Behind the last byte of the path, inside of quotes.
    let written = file.dockerfile.source.slice(destination.span);
    let quoted = written.len() > 1 && written.ends_with(['"', '\'']);
    let end = destination.span.end - u32::from(quoted);
    report
        .add(destination.span, message)
        .level(if there { Level::Warning } else { Level::Error })
        .fix(Fix::safe(format!("Copy to `{shown}/`"), vec![Edit::insert(end, "/")]));
}

/// Whether a destination certainly does not name a folder by its writing.
fn lacks_slash(text: &str) -> bool {
    let path = text.trim_matches(['"', '\'']);
    let last = path.rsplit(['/', '\\']).next().unwrap_or("");
    !path.contains('$') && !matches!(last, "" | "." | "..") && !path.contains("{{") && !path.contains('@')
}

/// Whether the destination may be a folder already: one that the base image has, or that an earlier instruction makes.
fn may_be_there(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    destination: &str,
) -> bool {
    let written = destination.trim_matches(['"', '\'']);
    let path = match &facts.state.workdir {
        _ if is_absolute(written) => join("/", written),
        Workdir::Set(dir) => join(dir, written),
        // Relative to a folder of the base image.
        Workdir::Base | Workdir::Unknown => return false,
    };
    let below = |other: &str| {
        other.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let top = path.trim_start_matches('/').split('/').next().unwrap_or("");
    SYSTEM.contains(&top)
        || ROOT.contains(&path.as_str())
        || matches!(&facts.state.workdir, Workdir::Set(dir) if below(dir))
        || file
            .history(stage)
            .into_iter()
            .map(|(_, earlier)| earlier)
            .take_while(|e| e.index < facts.index)
            .any(|earlier| {
                let node = earlier.instruction;
                match node.keyword {
                    Keyword::Run => node.joined.text().contains(path.as_str()),
                    Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::Volume => {
                        node.args.last().is_some_and(|word| below(word.text.trim_matches(['"', '\''])))
                    }
                    _ => false,
                }
            })
}

/// Folders in which base images have folders of their own, and those that are there in all of them.
const SYSTEM: [&str; 8] = ["bin", "etc", "home", "lib", "lib64", "sbin", "usr", "var"];
const ROOT: [&str; 10] = ["/", "/boot", "/dev", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/tmp"];

/// Whether the first source makes a folder of the destination: it is one in the repository, or unpacked there.
fn brings_folder(file: &FileFacts<'_>, node: &Instruction, sources: &[Word]) -> bool {
    let Some(first) = sources.first().filter(|_| node.flag("from").is_none()) else { return false };
    let unpacked = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".git"];
    if node.keyword == Keyword::Add && unpacked.iter().any(|end| first.text.ends_with(end)) {
        return true;
    }
    let Some(path) = normalize(Utf8Path::new(first.text.trim_start_matches('/'))) else { return false };
    file.tree.entry(&file.context.join(path)).found().is_some_and(|entry| entry.kind == Kind::Directory)
}
