//! `base-end-of-life`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::{BaseUse, FileFacts};
use crate::image::{self, Eol, Part, State};
use crate::rules::newer_base::{Together, change, parts_of, speaks};
use crate::rules::{Check, Report, retired};
use jiff::ToSpan;
use jiff::civil::Date;
use std::cmp::Reverse;

declare_rule! {
    /// The base image's version gets no more security fixes.
    ///
    /// ## What it does
    ///
    /// Compares the version and the distribution that a base image's tag names with the day on which their
    /// support ends. Defaults of `ARG` are resolved first. The worse of the two parts is reported: an error
    /// when nobody has fixed it for more than a year, a warning when it has ended, a hint when it ends within
    /// 90 days, or when only long-term or paid support is left.
    ///
    /// What the configuration says under `images:` goes before the built-in table: an `end-of-life`, or an image
    /// that it is `like`.
    ///
    /// Builder stages give a hint only. Digests without a tag, tags that name no version, images of other
    /// registries and versions newer than the built-in table are not judged.
    ///
    /// ## Why is this bad?
    ///
    /// Known holes stay open in every image that is built on it, however often it is rebuilt. Packages of
    /// such a release also vanish from the mirrors one day, and then the build breaks.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.12-slim-bullseye
    /// COPY app.py /srv/app.py
    /// USER 10001:10001
    /// CMD ["python", "/srv/app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.12-slim-trixie
    /// COPY app.py /srv/app.py
    /// USER 10001:10001
    /// CMD ["python", "/srv/app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe where only the distribution under the same version changes, in a file with one base and no
    /// packages of the distribution. Where packages are installed, where other stages move along, and where
    /// the base is a distribution itself, it has to be confirmed. When the language's or the server's own
    /// version has ended, the supported ones are named and the choice is left to you.
    ///
    /// ## References
    ///
    /// - [endoflife.date](https://endoflife.date)
    /// - [Python Speed: The best Docker base image for your Python application](https://pythonspeed.com/articles/base-image-python-docker-images/)
    pub(super) RULE = "base-end-of-life" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: ["tally/ruby/eol-ruby-version"],
        check: Check::File(check),
    }
}

/// Age of the built-in dates, in days, from which a finding says how old they are.
const OLD_DATA: i32 = 180;

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let bases = file.external_bases();
    let all: Vec<Vec<Eol>> = bases.iter().map(|base| parts_of(file, base)).collect();
    let together = Together::of(&bases, &all);
    for (base, parts) in bases.iter().zip(&all) {
        let Some((worst, level)) = judge(file, base, parts) else { continue };
        let name = base.image.shown();
        let mut finding =
            report.add(base.tag_or_name(), message(worst, &name)).level(level).about(worst.label.as_str());
        for other in parts.iter().filter(|other| other.part != worst.part && speaks(other)) {
            finding = finding.note(format!("The same tag: {}", message(other, &name)));
        }
        if base.in_globals
            && let Some(stage) = base.stages.first().and_then(|stage| file.stages.get(*stage))
        {
            finding = finding.related(stage.from.body, "A stage is built on it here.");
        }
        if let Some(note) = retired::note(base) {
            finding = finding.note(note);
        }
        let changed = change(file, base, &bases, parts, &together)
            .or_else(|| retired::change(file, base).map(|(fix, note)| (fix, Some(note))));
        match changed {
            Some((fix, note)) => {
                if let Some(note) = note {
                    finding = finding.note(note);
                }
                finding = finding.fix(fix);
            }
            None => {
                if let Some(note) = advice(parts, file.today) {
                    finding = finding.note(note);
                }
            }
        }
        if let Some(like) = base.image.said.as_ref().and_then(|said| said.like()) {
            finding = finding.note(format!("The configuration says that it is like `{like}`."));
        }
        finding.note(age_of_data(worst, file.today));
    }
}

/// The part of a base to speak about, and how much that matters; `None` where there is nothing to say.
fn judge<'e>(file: &FileFacts<'_>, base: &BaseUse<'_>, parts: &'e [Eol]) -> Option<(&'e Eol, Level)> {
    // `base-tag-retired` speaks about these.
    if base.image.said.as_ref().is_some_and(|said| said.retired().is_some()) {
        return None;
    }
    let worst = parts.iter().min_by_key(|eol| rank(eol)).filter(|eol| speaks(eol))?;
    // A builder stage may well stand on long-term support.
    if !base.shipped && worst.state != State::Ended {
        return None;
    }
    let level = level(file, base, worst).and_then(|level| base.softened(level))?;
    Some((worst, level))
}

/// Whether this rule speaks about a base.
pub(super) fn speaks_about(file: &FileFacts<'_>, base: &BaseUse<'_>) -> bool {
    judge(file, base, &parts_of(file, base)).is_some()
}

/// Where a date is from, and how old that knowledge is.
fn age_of_data(eol: &Eol, today: Date) -> String {
    if eol.part == Part::Image {
        return "The date is the one that the configuration gives.".to_owned();
    }
    let age = image::SNAPSHOT.until(today).map_or(0, |span| span.get_days());
    if age > OLD_DATA {
        return format!(
            "The dates are those known on {}, {age} days ago: a newer release of this tool may know others.",
            image::SNAPSHOT
        );
    }
    format!("The dates are those known on {}.", image::SNAPSHOT)
}

/// The smallest is the worst: the state first, then the older end.
fn rank(eol: &Eol) -> (u8, Option<Reverse<i64>>) {
    let state = match eol.state {
        State::Ended => 0,
        State::LtsOnly | State::ExtendedOnly => 1,
        State::EndsSoon(_) => 2,
        State::Supported => 3,
    };
    let since = eol.no_fixes_since().or(eol.ended);
    let days = since.and_then(|day| day.until(image::SNAPSHOT).ok()).map(|span| i64::from(span.get_days()));
    (state, days.map(Reverse))
}

fn level(file: &FileFacts<'_>, base: &BaseUse<'_>, worst: &Eol) -> Option<Level> {
    if worst.state != State::Ended || !base.shipped {
        return Some(Level::Info);
    }
    if base.dev {
        // Lowered to a hint where all of its stages are for development.
        return Some(Level::Warning);
    }
    let year_ago = file.today.checked_sub(1.year()).ok()?;
    let long_ago = worst.no_fixes_since().is_some_and(|since| since < year_ago);
    Some(if long_ago { Level::Error } else { Level::Warning })
}

fn message(eol: &Eol, name: &str) -> String {
    let label = &eol.label;
    if eol.part == Part::Image {
        return match (eol.state, eol.ended) {
            (State::Ended, Some(since)) => format!("`{name}` has had no security fixes since {since}."),
            (_, Some(ended)) => format!("`{name}` gets no more security fixes after {ended}."),
            (_, None) => format!("`{name}` is at the end of its support."),
        };
    }
    match (eol.state, eol.ended) {
        (State::Ended, _) => match eol.no_fixes_since() {
            Some(since) => format!("{label} in `{name}` has had no security fixes since {since}."),
            None => format!("{label} in `{name}` gets no more security fixes."),
        },
        (State::LtsOnly, Some(ended)) => {
            let until = eol.extended_until.map(|day| format!(" until {day}")).unwrap_or_default();
            format!(
                "{label} in `{name}` lost its security team on {ended}. Only the long-term support team fixes \
                 some of its packages{until}."
            )
        }
        (State::ExtendedOnly, Some(ended)) => {
            format!("{label} in `{name}` has been fixed for paying customers only since {ended}.")
        }
        (_, Some(ended)) => format!("{label} in `{name}` gets no more security fixes after {ended}."),
        (_, None) => format!("{label} in `{name}` is at the end of its support."),
    }
}

/// What to move to where no change can be offered.
fn advice(parts: &[Eol], today: Date) -> Option<String> {
    let eol = parts
        .iter()
        .filter(|eol| speaks(eol) && eol.part != Part::Image)
        .min_by_key(|eol| (eol.part, rank(eol)))?;
    let supported = eol.supported(today);
    let others = supported.iter().filter(|name| **name != eol.release);
    let names: Vec<String> = others.map(|name| format!("`{name}`")).collect();
    let what = eol.label.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().trim();
    if names.is_empty() {
        return (eol.state == State::Ended)
            .then(|| format!("No release of {what} gets security fixes any more."));
    }
    Some(format!("Supported releases of {what}: {}.", names.join(", ")))
}
