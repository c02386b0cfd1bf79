//! `updates-not-automated`.

use crate::declare_rule;
use crate::facts::{RepositoryFacts, Unattended};
use crate::repository::project::updates::Dependabot;
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Source, Span};
use camino::Utf8PathBuf;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Folders that a message or a fix names; beyond that nobody reads them.
const MAX_DIRS: usize = 12;

declare_rule! {
    /// No bot updates the base image or the dependencies.
    ///
    /// ## What it does
    ///
    /// Reports a repository in which neither Dependabot nor Renovate, nor any other updater that shows in its files,
    /// updates the base images of its Dockerfiles or the lock files beside them. One finding names what is missing.
    /// A bot that is set up for a whole organisation does not show in the repository; where there is one, ignore this.
    ///
    /// ## Why is this bad?
    ///
    /// Security fixes come as new versions of the base image and of the packages. Where nobody is told about them,
    /// the image keeps the holes of the day it was written. A bot opens a pull request for each update, and CI shows
    /// whether it works.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY app /srv/app
    /// ```
    /// ```yaml .github/dependabot.yml
    /// version: 2
    /// updates:
    ///   - package-ecosystem: github-actions
    ///     directory: /
    ///     schedule:
    ///       interval: weekly
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY app /srv/app
    /// ```
    /// ```yaml .github/dependabot.yml
    /// version: 2
    /// updates:
    ///   - package-ecosystem: github-actions
    ///     directory: /
    ///     schedule:
    ///       interval: weekly
    ///   - package-ecosystem: docker
    ///     directory: /
    ///     schedule:
    ///       interval: weekly
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Where a `dependabot.yml` is there, the missing entries are added to it. They change no image, but they open
    /// pull requests from then on, so they are to be confirmed. Where there is none, the finding says what to put
    /// into it.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions)
    /// - [GitHub: Dependabot options reference](https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference)
    /// - [Renovate: Docker](https://docs.renovatebot.com/docker/)
    /// - [Python Speed: Push and pull: when and why to update your dependencies](https://pythonspeed.com/articles/when-update-dependencies/)
    pub(super) RULE = "updates-not-automated" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Confirm,
        aliases: [],
        check: Check::Repository(check),
    }
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    let missing = facts.unattended();
    if missing.is_empty() {
        return;
    }
    let dependabot = facts.project.updates.dependabot.as_ref();
    let config = dependabot.and_then(|bot| Some((bot, facts.project.documents.get(bot.document)?)));
    let docker = missing.iter().find(|one| one.ecosystem == "docker");
    let place = match &config {
        Some((bot, document)) => Some((document.path.clone(), top_of(bot, &document.source), String::new())),
        None => base_of(facts, docker),
    };
    let Some((path, span, base)) = place else { return };
    let message = match (config.is_some(), docker) {
        (true, Some(docker)) => format!(
            "Dependabot does not update the base images of {}: `docker` is missing here.",
            folders(&docker.dirs)
        ),
        (true, None) => format!("Dependabot does not update {}.", locks(&missing)),
        (false, Some(_)) => format!(
            "No bot that updates `{base}` was found in the repository (Dependabot, Renovate): fixes reach the image \
             only when somebody thinks of them."
        ),
        (false, None) => format!(
            "No bot that updates {} was found in the repository (Dependabot, Renovate): fixes reach the image only \
             when somebody thinks of them.",
            locks(&missing)
        ),
    };
    let mut finding = report.add_in(path, span, message).about("");
    if docker.is_some() && missing.len() > 1 {
        finding = finding.note(format!("Nor does anything update {}.", locks(&missing)));
    }
    if config.is_none() {
        finding = finding
            .note(format!("To begin with, put this into `.github/dependabot.yml`: {}", snippet(&missing)));
    }
    finding = finding.note("A bot that is set up for the whole organisation cannot be seen from here.");
    if let Some(edit) = config.and_then(|(bot, document)| entries(bot, &document.source, &missing)) {
        finding.fix(Fix::confirm("Add what is missing to `dependabot.yml`", vec![edit]));
    }
}

/// `updates:`, or the first entry.
fn top_of(bot: &Dependabot, source: &Source) -> Span {
    let text = source.text();
    let at = if text.starts_with("updates:") { Some(0) } else { text.find("\nupdates:").map(|at| at + 1) };
    match (at, bot.entries.first()) {
        (Some(at), _) => Span::new(at as u32, (at + "updates".len()) as u32),
        (None, Some(first)) => first.ecosystem.span,
        (None, None) => Span::new(0, text.lines().next().map_or(0, str::len) as u32),
    }
}

/// The base image that nobody updates; where there is none of that kind, the first FROM.
fn base_of(facts: &RepositoryFacts<'_>, docker: Option<&Unattended>) -> Option<(Utf8PathBuf, Span, String)> {
    let file = match docker {
        Some(docker) => facts.file(&docker.file)?,
        None => facts.own_files().next()?,
    };
    let bases = facts.updatable(file);
    let base = bases.iter().rev().find(|base| base.shipped).or(bases.last());
    let base = base.map(|base| (base.span, base.image.shown()));
    let (span, name) = base.or_else(|| Some((file.stages.last()?.from.name.span, String::new())))?;
    Some((file.path.to_owned(), span, name))
}

fn shown(dir: &Utf8PathBuf) -> String {
    format!("/{dir}").replace('`', "")
}

fn folders(dirs: &BTreeSet<Utf8PathBuf>) -> String {
    let names: Vec<String> = dirs.iter().take(3).map(|dir| format!("`{}`", shown(dir))).collect();
    let more = dirs.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more folders") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// The lock files that nobody updates: `package-lock.json` (`npm`).
fn locks(missing: &[Unattended]) -> String {
    let names: Vec<String> = missing
        .iter()
        .filter(|one| one.ecosystem != "docker")
        .take(4)
        .map(|one| format!("`{}` (`{}`)", one.file.as_str().replace('`', ""), one.ecosystem))
        .collect();
    names.join(", ")
}

fn directories(one: &Unattended) -> String {
    let dirs: Vec<String> = one.dirs.iter().take(MAX_DIRS).map(shown).collect();
    match dirs.as_slice() {
        [only] => format!("directory: {only}"),
        many => format!("directories: [{}]", many.join(", ")),
    }
}

/// The whole file on one line, in YAML's other form.
fn snippet(missing: &[Unattended]) -> String {
    let entries: Vec<String> = missing
        .iter()
        .map(|one| {
            let dirs = directories(one);
            format!("{{package-ecosystem: {}, {dirs}, schedule: {{interval: weekly}}}}", one.ecosystem)
        })
        .collect();
    format!("`{{version: 2, updates: [{}]}}`", entries.join(", "))
}

/// The missing entries behind the last one, indented as it is.
fn entries(bot: &Dependabot, source: &Source, missing: &[Unattended]) -> Option<Edit> {
    let last = bot.entries.last()?;
    let text = source.text();
    let line = text.get(..last.span.start as usize)?.rsplit('\n').next()?;
    let dash = line.strip_suffix(line.trim_start_matches(' '))?;
    let gap = line.get(dash.len()..)?.strip_prefix('-')?;
    if !gap.bytes().all(|b| b == b' ')
        || missing.iter().any(|one| one.dirs.len() > MAX_DIRS || !is_plain(one))
    {
        return None;
    }
    let kept = text.get(..last.span.end as usize)?.trim_end().len();
    let end = kept + text.get(kept..)?.lines().next().map_or(0, str::len);
    let newline = source.newline_at(last.span.start);
    let inner = format!("{dash} {gap}");
    let mut out = String::new();
    for one in missing {
        let dirs: Vec<String> = one.dirs.iter().map(shown).collect();
        let _ = write!(out, "{newline}{dash}-{gap}package-ecosystem: {}", one.ecosystem);
        if let [only] = dirs.as_slice() {
            let _ = write!(out, "{newline}{inner}directory: {only}");
        } else {
            let _ = write!(out, "{newline}{inner}directories:");
            for dir in dirs {
                let _ = write!(out, "{newline}{inner}  - {dir}");
            }
        }
        let _ = write!(out, "{newline}{inner}schedule:{newline}{inner}  interval: weekly");
    }
    Some(Edit::insert(end as u32, out))
}

/// Whether the folders can stand in YAML without quotes.
fn is_plain(one: &Unattended) -> bool {
    one.dirs.iter().all(|dir| {
        dir.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
    })
}
