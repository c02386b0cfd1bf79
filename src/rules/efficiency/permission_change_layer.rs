//! `permission-change-layer`.

use crate::declare_rule;
use crate::dockerfile::{Item, Keyword};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, is_in};
use crate::repository::{Kind, Lookup, normalize};
use crate::rules::{Check, Fix, Report};
use crate::shell::{PermissionChange, PermissionKind, Script, Word, permission_change};
use crate::text::{Edit, Span};
use camino::Utf8Path;
use std::collections::BTreeMap;

declare_rule! {
    /// chown or chmod in its own layer stores the files twice.
    ///
    /// ## What it does
    ///
    /// Finds a `RUN` of a shipped stage that does nothing but `chown`, or `chmod` with a numeric mode, to files that
    /// the `COPY` or `ADD` before it brought.
    ///
    /// Silent when the files are known to be small (less than 1 MB together, but for a single script), and for
    /// symbolic modes such as `+x`, which `COPY --chmod` takes only in newer versions.
    ///
    /// ## Why is this bad?
    ///
    /// A layer holds whole files. Changing the owner or the mode of a file writes it once more, so that the copied
    /// files are in the image twice. `COPY --chown` and `COPY --chmod` set both while copying.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN useradd --system --uid 10001 app
    /// WORKDIR /app
    /// COPY --from=ghcr.io/example/assets:1.4.2 /assets ./assets
    /// RUN chown -R app:app /app/assets
    /// USER 10001
    /// CMD ["/usr/bin/true"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN useradd --system --uid 10001 app
    /// WORKDIR /app
    /// COPY --chown=app:app --from=ghcr.io/example/assets:1.4.2 /assets ./assets
    /// USER 10001
    /// CMD ["/usr/bin/true"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the files get the same owner and mode. A directory that was there before the copy keeps its
    /// own owner; where that matters, a `chown` of the directory alone stays.
    ///
    /// ## References
    ///
    /// - [Python Speed: The high cost of file ownership changes](https://pythonspeed.com/articles/file-ownership-changes-docker/)
    /// - [Dockerfile reference: COPY --chown --chmod](https://docs.docker.com/reference/dockerfile/#copy---chown---chmod)
    pub(super) RULE = "permission-change-layer" {
        chapter: Efficiency, level: Info, default: On, scope: Instruction, fix: Confirm,
        aliases: ["tally/prefer-copy-chmod"],
        check: Check::Instruction(check),
    }
}

/// Files of this size together, in bytes, are worth a word.
const WORTH: u64 = 1_000_000;

/// Instructions before a copy that are read for what they make. Nobody writes more by hand.
const MAX_BEFORE: usize = 300;

/// A change of the RUN, with the copies it is about.
struct Target<'f, 'a> {
    change: PermissionChange<'f>,
    /// The path of the change in the image.
    path: String,
    copies: Vec<&'f InstructionFacts<'a>>,
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) || !stage.shipped || stage.dev || file.dev {
        return;
    }
    let Some(script) = only_changes(facts) else { return };
    let mut targets = Vec::new();
    for command in script.commands() {
        let Some(change) = permission_change(command) else { return };
        if change.kind == PermissionKind::Group
            || (change.kind == PermissionKind::Mode && change.numeric_mode().is_none())
        {
            return;
        }
        let here = script.dir_at(command).under(facts.workdir(file, stage), None);
        for word in &change.paths {
            let Some(path) = absolute(facts, here.as_deref(), word) else { return };
            let copies = brought(file, stage, facts, &path, change.recursive);
            // It does more than change what was copied.
            if copies.is_empty() {
                return;
            }
            targets.push(Target { change: change.clone(), path, copies });
        }
    }
    let Some(first) = targets.first() else { return };
    if targets.iter().all(|target| is_small(file, target)) {
        return;
    }
    let Some(command) = script.commands().next() else { return };
    let name = command.name().unwrap_or("chown");
    let flag = if first.change.kind == PermissionKind::Owner { "--chown" } else { "--chmod" };
    let copy = first.copies.first().map_or("COPY", |copy| copy.instruction.keyword.name());
    let message = format!(
        "This `{name}` writes the copied files a second time into a layer of its own. `{copy} {flag}` does it while copying."
    );
    let span = command.name_word().map_or(command.span(), Word::span);
    let mut finding = report.add(span, message);
    if let Some(copy) = first.copies.first() {
        finding = finding.related(copy.instruction.name.span, "brings the files");
    }
    match fix(file, stage, facts, script, &targets) {
        Some(fix) => {
            finding.fix(fix).note("Check that nothing but the copied files needs the change.");
        }
        None => {
            finding
                .note(format!("Set it with `{flag}` at the `{copy}`, and drop it here for what is copied."));
        }
    }
}

/// The script of a RUN that is one chain of `chown` and `chmod`.
fn only_changes<'f>(facts: &'f InstructionFacts<'_>) -> Option<&'f Script> {
    let body = facts.body?;
    let changes = || {
        body.line.commands().all(|c| matches!(c.name(), Some("chown" | "chmod")) && c.redirects.is_empty())
    };
    let alone =
        body.heredocs.is_empty() && body.line.problems.is_empty() && facts.instruction.flags.is_empty();
    (alone && changes() && body.line.is_pure_and()).then_some(&body.line)
}

fn absolute(facts: &InstructionFacts<'_>, here: Option<&str>, word: &Word) -> Option<String> {
    if word.has_glob() || word.has_tilde() || word.has_brace_expansion() || word.has_substitution() {
        return None;
    }
    let text = facts.state.expand(word.text()).value?;
    if text.starts_with('/') {
        Some(crate::facts::join("/", &text))
    } else {
        Some(crate::facts::join(here?, &text))
    }
}

/// The COPYs and ADDs just before a RUN that brought what is at or below a path; only metadata stands between.
fn brought<'f, 'a>(
    file: &FileFacts<'_>,
    stage: &'f StageFacts<'a>,
    run: &InstructionFacts<'_>,
    path: &str,
    recursive: bool,
) -> Vec<&'f InstructionFacts<'a>> {
    let end = stage.instructions.partition_point(|facts| facts.index < run.index);
    let before = stage.instructions.iter().take(end).rev();
    let mut out = Vec::new();
    for facts in before {
        match facts.instruction.keyword {
            Keyword::Copy | Keyword::Add => {
                let Some((place, _)) = facts.destination(file, stage) else { break };
                let hit = if recursive {
                    is_in(&place, path) || (place != "/" && is_in(path, &place))
                } else {
                    is_the_file(file, facts, &place, path)
                };
                if hit {
                    out.push(facts);
                }
            }
            Keyword::Run | Keyword::From | Keyword::Onbuild | Keyword::Unknown => break,
            _ => {}
        }
    }
    out
}

/// Whether a path is a single file that an instruction brings.
fn is_the_file(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, place: &str, path: &str) -> bool {
    let sources = facts.instruction.args.split_last().map_or(&[][..], |(_, sources)| sources);
    sources.iter().any(|source| {
        let name = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let named = path == crate::facts::join(place, name) || (path == place && sources.len() == 1);
        let folder =
            kind(file, facts, &source.text) == Some(Kind::Directory) || matches!(name, "" | "." | "..");
        // Without a look at it a name with an extension is a file, and so is what has the name of the path.
        named && !folder && (name.contains('.') || path.rsplit('/').next() == Some(name))
    })
}

fn kind(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, source: &str) -> Option<Kind> {
    if facts.instruction.flag("from").is_some() {
        return None;
    }
    let path = normalize(Utf8Path::new(source.trim_start_matches('/')))?;
    file.tree.entry(&file.context.join(path)).found().map(|entry| entry.kind)
}

/// Whether everything that is copied is known to be small. A single script is worth it nevertheless: the change has
/// no cost.
fn is_small(file: &FileFacts<'_>, target: &Target<'_, '_>) -> bool {
    let script = !target.change.recursive && target.copies.len() == 1;
    let mut total = 0;
    for copy in &target.copies {
        if copy.instruction.flag("from").is_some() || copy.context_sources().is_empty() {
            return false;
        }
        for source in copy.context_sources() {
            let Some(path) = normalize(Utf8Path::new(source.text.trim_start_matches('/'))) else {
                return false;
            };
            let Some(size) = size(file, &file.context.join(path), &mut 200) else { return false };
            total += size;
        }
    }
    !script && total < WORTH
}

/// The size of what is at a path of the tree, in bytes; `None` where that is not known or too much to look at.
fn size(file: &FileFacts<'_>, path: &Utf8Path, left: &mut u32) -> Option<u64> {
    *left = left.checked_sub(1)?;
    let entry = file.tree.entry(path).found()?;
    match entry.kind {
        Kind::File | Kind::Executable => entry.size,
        Kind::Directory => {
            let Lookup::Found(names) = file.tree.list(path) else { return None };
            names.iter().map(|(name, _)| size(file, &path.join(name), left)).sum()
        }
        Kind::Symlink | Kind::Submodule => None,
    }
}

fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    script: &Script,
    targets: &[Target<'_, '_>],
) -> Option<Fix> {
    // Behind the keyword of a copy, by flag.
    let mut flags: BTreeMap<(u32, &'static str), String> = BTreeMap::new();
    // The directories that were there before; they keep their owner unless they are changed themselves.
    let mut kept = 0;
    for target in targets {
        let (flag, value) = flag(run, &target.change)?;
        let existed = target.change.recursive && existed_before(file, stage, target)?;
        for copy in &target.copies {
            let node = copy.instruction;
            let (place, _) = copy.destination(file, stage)?;
            // Of a larger copy only a part is changed.
            let whole = is_in(&place, &target.path) || is_the_file(file, copy, &place, &target.path);
            let alone = node.args.len() == 2 || target.change.recursive;
            let known = flags.insert((node.name.span.end, flag), value.clone());
            if node.flag(flag).is_some() || !whole || !alone || known.is_some_and(|known| known != value) {
                return None;
            }
        }
        kept += usize::from(existed && needs_own_change(&target.change));
    }
    let mut titles: Vec<String> =
        flags.iter().map(|((_, flag), value)| format!("`--{flag}={}`", value.replace('`', ""))).collect();
    titles.sort();
    titles.dedup();
    let mut edits: Vec<Edit> =
        flags.iter().map(|((at, flag), value)| Edit::insert(*at, format!(" --{flag}={value}"))).collect();
    let mut title = format!("Copy with {}", titles.join(" and "));
    if kept == 0 {
        edits.push(Edit::delete(with_comments(file, run.instruction.span)));
    } else {
        // The directories alone: `chown app:app /app`.
        let words: Vec<Span> = script
            .commands()
            .filter_map(permission_change)
            .map(|change| change.recursive_word.map(Word::span))
            .collect::<Option<_>>()?;
        if targets.len() != kept {
            return None;
        }
        title.push_str(", and change the directory alone");
        edits.extend(words.into_iter().map(|span| Edit::delete(Span::new(span.start, span.end + 1))));
    }
    Some(Fix::confirm(title, edits))
}

/// The flag of COPY that does the same as a change.
fn flag(run: &InstructionFacts<'_>, change: &PermissionChange<'_>) -> Option<(&'static str, String)> {
    if change.kind == PermissionKind::Mode {
        return Some(("chmod", change.value.literal()?.to_owned()));
    }
    let text = change.value.text();
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '{' | '}' | ':');
    let known = !change.value.has_substitution()
        && change.value.variables().iter().all(|name| run.state.declares(name));
    let (user, group) = text.split_once(':').unwrap_or((text, "root"));
    // `root.root` is an old form that Docker does not know.
    let old = group == "root" && !text.contains(':') && text.contains('.');
    if !known || old || !text.chars().all(valid) || user.is_empty() || group.is_empty() || group.contains(':')
    {
        return None;
    }
    // Without a group `chown` leaves that of the copied files, root's; `--chown` would take the user's number.
    Some(("chown", format!("{user}:{group}")))
}

/// Whether the directory that is changed was there before the copies, with nothing in it; `None` where something may
/// be in it that the change is also for.
fn existed_before(file: &FileFacts<'_>, stage: &StageFacts<'_>, target: &Target<'_, '_>) -> Option<bool> {
    let first = target.copies.iter().map(|copy| copy.index).min().filter(|index| *index < MAX_BEFORE)?;
    // What the base image has at the path is not known, but for folders of one's own.
    let own = ["/app", "/src", "/code", "/srv/", "/opt/", "/usr/src/", "/home/", "/usr/local/"];
    let likely_new =
        own.iter().any(|dir| target.path.starts_with(dir)) || target.path.matches('/').count() == 1;
    let system = ["/usr", "/etc", "/var", "/opt", "/srv", "/home", "/root", "/bin", "/lib", "/", "/tmp"];
    let from_image = matches!(file.root_base(&stage.base), Base::Image(_) | Base::Scratch);
    if !likely_new || system.contains(&target.path.as_str()) || !from_image {
        return None;
    }
    let mut existed = false;
    for (at, facts) in file.history(stage).into_iter().filter(|(_, facts)| facts.index < first) {
        match facts.instruction.keyword {
            Keyword::Workdir => {
                let path =
                    facts.instruction.args.first().and_then(|word| facts.state.expand(&word.text).value);
                existed |= is_in(&facts.absolute(file, at, &path?)?, &target.path);
            }
            Keyword::Copy | Keyword::Add if is_in(&facts.destination(file, at)?.0, &target.path) => {
                return None;
            }
            Keyword::Run => {
                let body = facts.body?;
                let works_there = facts.workdir(file, at).is_none_or(|dir| is_in(dir, &target.path));
                for command in body.scripts().flat_map(Script::commands) {
                    let named = command.words.iter().any(|word| word.text().contains(target.path.as_str()));
                    match command.name() {
                        Some("mkdir") if named => {
                            // What is made below it is not copied, and has to be changed, too.
                            let below = format!("{}/", target.path);
                            if command.args().iter().any(|word| word.text().contains(below.as_str())) {
                                return None;
                            }
                            existed = true;
                        }
                        Some(
                            "useradd" | "adduser" | "groupadd" | "addgroup" | "apt-get" | "apk" | "set"
                            | "rm" | "echo",
                        ) if !named => {}
                        Some("useradd" | "adduser") => existed = true,
                        _ if named || works_there => return None,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some(existed)
}

/// Whether the directory itself would not be as the change makes it.
fn needs_own_change(change: &PermissionChange<'_>) -> bool {
    change.kind == PermissionKind::Owner || change.numeric_mode() != Some(0o755)
}

/// An instruction with the comments right above it, which speak of it.
fn with_comments(file: &FileFacts<'_>, span: Span) -> Span {
    let mut start = span.start;
    for item in file.dockerfile.items.iter().rev() {
        match item {
            Item::Comment(comment) if comment.end == start => start = comment.start,
            _ => {}
        }
    }
    Span::new(start, span.end)
}
