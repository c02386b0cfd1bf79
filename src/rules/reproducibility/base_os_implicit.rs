//! `base-os-implicit`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::{BaseUse, FileFacts};
use crate::image::{self, Eol, Part, State, newest_os_variant, with_os};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// The tag names a language version but no operating system.
    ///
    /// ## What it does
    ///
    /// Finds official images of programming languages whose tag says the version, but not the release of the
    /// distribution under it: `python:3.13-slim`, `node:24-alpine`, `php:8.4-fpm`.
    ///
    /// Digests are pinned already, and versions whose support has ended have to go anyway. Builder stages are not meant, unless a stage that is shipped is built on the
    /// same image. `base-tag-floating` speaks about tags without a version.
    ///
    /// ## Why is this bad?
    ///
    /// The maintainers of the image move such a tag to the next release of the distribution when it comes out:
    /// `python:3.13-slim` went from Debian 12 to Debian 13 on 2025-08-12. Packages then have other versions or
    /// names, and the next build fails or behaves differently, although nothing was changed in the repository.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim
    /// COPY app.py /srv/app.py
    /// USER 10001:10001
    /// CMD ["python", "/srv/app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// COPY app.py /srv/app.py
    /// USER 10001:10001
    /// CMD ["python", "/srv/app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: both tags name the same image on the day of the built-in data. Where that image stands on a
    /// distribution whose support has ended or ends soon, the newest one is suggested instead, and has to be
    /// confirmed.
    ///
    /// ## References
    ///
    /// - [Python Speed: The best Docker base image for your Python application](https://pythonspeed.com/articles/base-image-python-docker-images/)
    /// - [Docker: Building best practices, pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions)
    pub(super) RULE = "base-os-implicit" {
        chapter: Reproducibility, level: Info, default: On, scope: Instruction, fix: Safe,
        aliases: [],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    let bases = file.external_bases();
    for base in &bases {
        let reference = &base.image.reference;
        let Some(tag) = reference.tag() else { continue };
        if base.image.said.is_some()
            || reference.digest().is_some()
            || base.image.defaults.language.is_none()
            || base.image.is_floating()
            || !matters(base, &bases)
        {
            continue;
        }
        let Some(full) = with_os(&base.image.image, tag) else { continue };
        let end_of_life = image::end_of_life(&base.image.image, &full, file.today);
        let is_over = |part| move |eol: &Eol| eol.part == part && eol.state != State::Supported;
        // The tag has to change anyway.
        if end_of_life.iter().filter(|eol| eol.state == State::Ended).any(is_over(Part::Language)) {
            continue;
        }
        let Some(level) = base.softened(Level::Info) else { continue };
        let name = reference.name().replace('`', "");
        let word = difference(tag, &full);
        let finding = report
            .add(
                base.tag_or_name(),
                format!("`{name}:{tag}` leaves the distribution open: it is `{word}` now, and a rebuild may bring another one."),
            )
            .level(level);
        let Some(place) = base.tag() else {
            finding.note(format!("The tag `{full}` names it."));
            continue;
        };
        // Nobody should be sent to a distribution that is at its end.
        let ends = end_of_life.iter().any(is_over(Part::Os));
        let newer = ends.then(|| newest_os_variant(&base.image.image, &full, file.today)).flatten();
        let tag = newer.as_ref().unwrap_or(&full);
        let (title, edits) = (format!("Use `{name}:{tag}`"), vec![Edit::replace(place, tag.as_str())]);
        if newer.is_some() {
            finding
                .note(format!(
                    "The support of `{word}` is at its end, so this is the newest distribution that the version is \
                     built on. Check that what the stage installs is the same there."
                ))
                .fix(Fix::confirm(title, edits));
        } else {
            finding.fix(Fix::safe(title, edits));
        }
    }
}

/// Whether the distribution goes into what is shipped. What a builder compiles is often static, unless it is made
/// for the same image.
fn matters(base: &BaseUse<'_>, bases: &[BaseUse<'_>]) -> bool {
    base.shipped || bases.iter().any(|other| other.shipped && other.image.image == base.image.image)
}

/// The word of a tag that names the distribution, which another tag of the same image lacks.
fn difference<'t>(tag: &str, full: &'t str) -> &'t str {
    let word = full.split('-').find(|word| !tag.split('-').any(|own| own == *word));
    // `3.24` of `21-jre-alpine-3.24` says nothing on its own.
    word.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())).unwrap_or(full)
}
