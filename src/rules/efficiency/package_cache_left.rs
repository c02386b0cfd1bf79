//! `package-cache-left`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::append::{append, appendable};
use crate::rules::caches::{Cache, REMOVE_APT_LISTS};
use crate::rules::{Check, Fix, Report};
use crate::shell::Inside;
use crate::shell::packages::{PackageCommand, Verb, call_cleans, removed_paths, removes};
use crate::text::Edit;

declare_rule! {
    /// The package manager's cache or lists stay in the layer.
    ///
    /// ## What it does
    ///
    /// Finds package installs in the stages that are shipped whose download cache or package lists are not
    /// removed in the same `RUN`: apt, apk, dnf, yum, zypper, pip, npm, yarn 1, Composer, conda, Bundler and
    /// gem. Cache mounts, options such as `--no-cache`, variables such as `PIP_NO_CACHE_DIR` and cleaning
    /// anywhere later in the same `RUN` are understood.
    ///
    /// ## Why is this bad?
    ///
    /// Nothing reads these files when a container runs, but every pull transfers them. What a later `RUN`
    /// removes stays in the layer below. On average these left-overs are some 5 % of an image.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update \
    ///     && apt-get install -y --no-install-recommends nginx
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM debian:trixie-slim
    /// RUN apt-get update \
    ///     && apt-get install -y --no-install-recommends nginx \
    ///     && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: only files that package managers fetch again are left out. No change is offered for apt when a
    /// later `RUN` installs from the lists that this one fetched.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, apt-get](https://docs.docker.com/build/building/best-practices/#apt-get)
    /// - [pip: Caching](https://pip.pypa.io/en/stable/topics/caching/)
    pub(super) RULE = "package-cache-left" {
        chapter: Efficiency, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: [
            "DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DL3060",
            "tally/ruby/leftover-bundler-cache",
            "DS-0015", "DS-0019", "DS-0020", "DS-0025", "DS-0027",
            "Apt Get Install Lists Were Not Deleted", "Yum Clean All Missing", "Missing Dnf Clean All",
            "Missing Zypper Clean", "Apk Add Using Local Cache Path", "Pip install Keeping Cached Packages",
            "DF004", "DF029", "DF030", "DF045", "DF046", "DF047", "DF055",
            "aptGetInstallThenRemoveAptLists", "yumInstallRmVarCacheYum", "apkAddUseNoCache",
            "pipUseNoCacheDir", "npmCacheCleanAfterInstall", "npmCacheCleanUseForce",
            "yarnCacheCleanAfterInstall", "gemUpdateSystemRmRootGem",
        ],
        check: Check::Instruction(check),
    }
}

/// A package manager call and the number of the script of the RUN it is in.
struct Call<'f> {
    order: usize,
    what: &'f PackageCommand<'f>,
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    if !facts.is(Keyword::Run) || !stage.shipped || file.dev || stage.dev {
        return;
    }
    if facts.calls.is_empty() {
        return;
    }
    let calls: Vec<Call<'_>> =
        facts.steps().filter_map(|step| Some(Call { order: step.order, what: step.call? })).collect();
    let mut seen: Vec<Cache> = Vec::new();
    for call in &calls {
        if let Some(cache) = Cache::of(call.what.manager)
            && !seen.contains(&cache)
        {
            seen.push(cache);
        }
    }
    for cache in seen {
        check_cache(cache, &calls, file, stage, facts, report);
    }
}

fn check_cache(
    cache: Cache,
    calls: &[Call<'_>],
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    report: &mut Report,
) {
    let own: Vec<&Call<'_>> = calls.iter().filter(|c| Cache::of(c.what.manager) == Some(cache)).collect();
    let installs: Vec<&&Call<'_>> =
        own.iter().filter(|c| c.what.verb == Verb::Install && !cache.call_leaves_nothing(c.what)).collect();
    let (Some(first), Some(last)) = (installs.first(), installs.last()) else { return };
    // Without an update in this RUN the lists are the base image's.
    let updates = own.iter().any(|c| c.what.updates_index);
    if cache == Cache::Apt && !updates {
        return;
    }
    let Some(dirs) = cache.directories(facts) else { return };
    let mounts = facts.mounts();
    if mounts.iter().any(|mount| cache.mounted(mount, &dirs))
        || cache.switched_off(file, stage, facts)
        || is_cleaned(cache, &dirs, last, facts)
    {
        return;
    }
    let message = cache.message(first.what.program);
    let level =
        if cache.is_lower_in_builders() && is_builder_file(file) { Level::Info } else { Level::Warning };
    let level = if cache == Cache::Gem { Level::Info } else { level };
    let needed_later = cache == Cache::Apt && lists_are_needed_later(file, stage, facts);
    let fix = if needed_later { None } else { fix(cache, &own, &installs, file, facts) };
    let mut finding = report.add(first.what.verb_span, message).level(level).codes(cache.codes());
    if needed_later {
        finding = finding.note(
            "A later `RUN` of this stage installs from these lists. Give it its own `apt-get update`, then \
             remove the lists in both.",
        );
    } else if fix.is_none() {
        finding = finding.note(cache.advice());
    }
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

/// Whether something behind the last install removes what it left.
fn is_cleaned(cache: Cache, dirs: &[String], last: &Call<'_>, facts: &InstructionFacts<'_>) -> bool {
    let start = last.what.command.place.start;
    facts.steps().any(|step| {
        let command = step.command;
        let later = step.order > last.order || (step.order == last.order && command.place.start > start);
        // A function is written before it is called.
        if !later && !command.context.inside.any(Inside::FUNCTION) {
            return false;
        }
        call_cleans(command)
            || step.call.is_some_and(|call| cache.cleans(call))
            || removed_paths(command)
                .iter()
                .any(|path| cache.named_by(path) || dirs.iter().any(|dir| removes(path, dir)))
    })
}

/// Whether a later RUN of the stage, or of one built on it, installs with apt without updating first.
fn lists_are_needed_later(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> bool {
    let last = file.last_above(stage, "apt install without update", |run| {
        let calls = &run.calls;
        let apt = || calls.iter().filter(|call| Cache::of(call.manager) == Some(Cache::Apt));
        apt().any(|call| call.verb == Verb::Install) && !apt().any(|call| call.updates_index)
    });
    last.is_some_and(|index| index > facts.index)
}

fn fix(
    cache: Cache,
    own: &[&Call<'_>],
    installs: &[&&Call<'_>],
    file: &FileFacts<'_>,
    facts: &InstructionFacts<'_>,
) -> Option<Fix> {
    if let Some(option) = cache.option()
        && !(cache == Cache::Apk && own.iter().any(|c| c.what.verb == Verb::Update))
    {
        let edits = installs.iter().map(|c| Edit::insert(c.what.verb_span.end, format!(" {option}")));
        return Some(Fix::safe(format!("Add `{option}`"), edits.collect()));
    }
    let last = installs.last()?;
    // What is appended runs as the user of the script, in another home directory.
    if last.what.command.context.inside.any(Inside::STRING) || last.what.command.runs_as_other_user() {
        return None;
    }
    let command = cache.clean_command(last.what, file, facts)?;
    let sudo = if last.what.command.prefix_word("sudo").is_some() { "sudo " } else { "" };
    let command = format!("{sudo}{command}");
    let (script, heredoc) = appendable(facts).nth(last.order)?;
    let edit = append(file, facts, script, heredoc, &command)?;
    let title = if command.ends_with(REMOVE_APT_LISTS) {
        "Remove the package lists".to_owned()
    } else {
        format!("Add `{command}`")
    };
    Some(Fix::safe(title, vec![edit]))
}

/// A Dockerfile that says by its name that it makes an image to build in.
fn is_builder_file(file: &FileFacts<'_>) -> bool {
    let parts = file.path.components().map(|part| part.as_str().to_ascii_lowercase());
    parts.into_iter().any(|part| {
        part.split(['.', '-', '_']).any(|word| matches!(word, "build" | "builder" | "builders" | "buildenv"))
    })
}
