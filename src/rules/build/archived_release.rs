//! `archived-release`.

use crate::declare_rule;
use crate::facts::{Base, BaseUse, FileFacts, StageFacts};
use crate::image::{self, Eol, Part, State};
use crate::rules::newer_base::{Together, change, parts_of};
use crate::rules::{Check, Report};
use crate::shell::packages::{Manager, Verb};
use jiff::civil::{Date, date};

declare_rule! {
    /// Packages are installed on a release whose mirrors are gone.
    ///
    /// ## What it does
    ///
    /// Finds `apt-get` on Debian releases up to buster, and `yum` and `dnf` on CentOS up to 8, where nothing before it points
    /// the package manager at an archive.
    ///
    /// ## Why is this bad?
    ///
    /// These releases have left the mirrors that their images ask. `apt-get update` ends with "404 Not Found" and "does not have a
    /// Release file", `yum` with "Cannot find a valid baseurl": the build stops. It may go on for a while where the layer
    /// is in a cache.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:22-buster-slim
    /// RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:22-trixie-slim
    /// RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that the packages have the same names and versions on the newer release. Where the language or the release
    /// itself has to be chosen anew, the choice is left to you.
    ///
    /// ## References
    ///
    /// - [debuerreotype/docker-debian-artifacts #245](https://github.com/debuerreotype/docker-debian-artifacts/issues/245)
    /// - [Debian: Distribution archives](https://www.debian.org/distrib/archive)
    pub(super) RULE = "archived-release" {
        chapter: Build, level: Error, default: On, scope: Stage, fix: Confirm,
        aliases: [],
        check: Check::File(check),
    }
}

/// Releases by the word for them in the end-of-life table, with the managers that fail and the day since which they do.
/// Sources: archive.debian.org; the CentOS announcements for 6 (2020-11-30), 8 (2022-01-31) and 7 (2024-06-30).
const RELEASES: [(&str, &str, Date); 8] = [
    ("debian", "7", date(2018, 12, 1)),
    ("debian", "8", date(2023, 4, 24)),
    ("debian", "9", date(2023, 4, 24)),
    ("debian", "10", date(2025, 7, 14)),
    ("centos", "5", date(2017, 3, 31)),
    ("centos", "6", date(2020, 12, 2)),
    ("centos", "7", date(2024, 7, 1)),
    ("centos", "8", date(2022, 1, 31)),
];

/// What is in the name of every base of such a release.
const NAMES: [&str; 6] = ["debian", "centos", "buster", "stretch", "jessie", "wheezy"];

fn check(file: &FileFacts<'_>, report: &mut Report) {
    // Nearly all files are done with here.
    let old = |stage: &StageFacts<'_>| match &stage.base {
        Base::Image(base) => NAMES.iter().any(|name| base.text.contains(name)),
        _ => false,
    };
    let calls = |stage: &StageFacts<'_>| {
        stage.instructions.iter().any(|facts| facts.calls.iter().any(|call| call.manager.is_system()))
    };
    if !file.stages.iter().any(old) || !file.stages.iter().any(calls) {
        return;
    }
    let bases = file.external_bases();
    let parts: Vec<Vec<Eol>> = bases.iter().map(|base| parts(file, base)).collect();
    let archived: Vec<Option<&Eol>> =
        parts.iter().map(|parts| parts.iter().find(|eol| is_gone(eol, file.today))).collect();
    if archived.iter().all(Option::is_none) {
        return;
    }
    let together = Together::of(&bases, &parts);
    let mut told = vec![false; file.stages.len()];
    for stage in &file.stages {
        // What a stage below says holds for this one.
        if let Base::Stage(parent) = stage.base
            && told.get(parent) == Some(&true)
        {
            told[stage.index] = true;
            continue;
        }
        let Some(at) = bases.iter().position(|base| base.stages.contains(&stage.root)) else { continue };
        if let (Some(base), Some(parts), Some(Some(release))) =
            (bases.get(at), parts.get(at), archived.get(at))
        {
            let gone = Gone { base, parts, release, bases: &bases, together: &together };
            told[stage.index] = tell(file, stage, &gone, report);
        }
    }
}

/// What is known of the end of the parts of a base. `centos:latest` has stayed with 8, and `centos:centos7` is 7.
fn parts(file: &FileFacts<'_>, base: &BaseUse<'_>) -> Vec<Eol> {
    let image = &base.image.image;
    let known = parts_of(file, base);
    if !known.is_empty() || image.repository != "centos" || base.image.reference.digest().is_some() {
        return known;
    }
    let tag = match base.image.tag() {
        "latest" => "8",
        tag => tag.strip_prefix("centos").unwrap_or(tag),
    };
    image::end_of_life(image, tag, file.today)
}

/// Whether the mirrors of a release are gone on a day.
fn is_gone(eol: &Eol, today: Date) -> bool {
    let name = eol.label.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
    eol.part == Part::Os
        && eol.state == State::Ended
        && RELEASES.iter().any(|(system, release, since)| {
            *system == name
                && eol.release.trim_start_matches("stream").split('.').next() == Some(release)
                && today >= *since
        })
}

/// A base whose mirrors are gone, among the others of the file.
struct Gone<'f> {
    base: &'f BaseUse<'f>,
    parts: &'f [Eol],
    release: &'f Eol,
    bases: &'f [BaseUse<'f>],
    together: &'f Together,
}

/// Reports the first call of a package manager in a stage that asks the mirrors; false where there is none.
fn tell(file: &FileFacts<'_>, stage: &StageFacts<'_>, gone: &Gone<'_>, report: &mut Report) -> bool {
    let mut below = file.history(stage).into_iter().take_while(|(owner, _)| owner.index != stage.index);
    if below.any(|(_, facts)| facts.may_change_package_sources()) {
        return false;
    }
    for facts in &stage.instructions {
        let failing = facts.steps().find_map(|step| {
            let call = step.call.filter(|call| {
                matches!(call.manager, Manager::Apt | Manager::Yum | Manager::Dnf)
                    && matches!(call.verb, Verb::Update | Verb::Install | Verb::Upgrade | Verb::Download)
            });
            Some((step, call?))
        });
        let Some((step, call)) = failing else {
            if facts.may_change_package_sources() {
                return false;
            }
            continue;
        };
        if facts.may_change_package_sources_before(&step) {
            return false;
        }
        let command = format!("{} {}", call.program, call.verb_text).replace('`', "");
        let finding = report
            .add(
                call.program_span.cover(call.verb_span),
                format!("{} has left its mirrors, so `{command}` fails.", gone.release.label),
            )
            // Other packages in the command are no other finding.
            .about(gone.release.label.as_str())
            .related(gone.base.tag_or_name(), "The base is chosen here.");
        let archive = if gone.release.label.starts_with("Debian") {
            "`archive.debian.org`"
        } else {
            "`vault.centos.org`"
        };
        let finding = finding.note(format!(
            "Move the base to a release that is supported. Until then {archive} has the packages, without any security fixes."
        ));
        if let Some((fix, note)) = change(file, gone.base, gone.bases, gone.parts, gone.together) {
            let finding = match note {
                Some(note) => finding.note(note),
                None => finding,
            };
            finding.fix(fix);
        }
        return true;
    }
    false
}
