//! `base-tag-retired`.

use super::base_end_of_life;
use crate::config::Level;
use crate::declare_rule;
use crate::facts::{BaseUse, FileFacts};
use crate::image::{is_given_up, newest_os_variant, supported_releases};
use crate::rules::{Check, Fix, Report, retired};
use crate::text::Edit;

declare_rule! {
    /// The exact tag is no longer rebuilt, so it gets no OS fixes.
    ///
    /// ## What it does
    ///
    /// Finds bases that are Docker Official Images with a tag that was once on the list of tags to build and is
    /// not any more, patch releases of such a tag included. `openjdk`, `java` and `adoptopenjdk` were given up as
    /// a whole. An image that the configuration calls `retired` is meant as well.
    ///
    /// Where `base-end-of-life` has something to say about the same base, it says this with it. Builder stages, and
    /// tags that left the list less than 30 days ago, give a hint only.
    ///
    /// ## Why is this bad?
    ///
    /// Official images are built again whenever the packages of their distribution get security fixes. A tag that
    /// left the list still can be pulled, but stays as it was on its last day, with every hole found since.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM openjdk:11-jre-slim
    /// COPY app.jar /srv/app.jar
    /// USER 10001:10001
    /// CMD ["java", "-jar", "/srv/app.jar"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM eclipse-temurin:11-jre-resolute
    /// COPY app.jar /srv/app.jar
    /// USER 10001:10001
    /// CMD ["java", "-jar", "/srv/app.jar"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: it is the same version of the software in a newer image, whose paths and packages may have
    /// other names.
    ///
    /// ## References
    ///
    /// - [Docker Official Images: openjdk, deprecation notice](https://hub.docker.com/_/openjdk)
    /// - [docker-library/official-images: library maintenance](https://github.com/docker-library/official-images)
    pub(super) RULE = "base-tag-retired" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    for base in file.external_bases() {
        if let Some(replacement) = base.image.said.as_ref().and_then(|said| said.retired()) {
            configured(&base, replacement, report);
            continue;
        }
        let Some(last) = retired::since(&base) else { continue };
        if base_end_of_life::speaks_about(file, &base) {
            continue;
        }
        let long_ago = retired::is_long_ago(last, file);
        let level = if base.shipped && long_ago { Level::Warning } else { Level::Info };
        let Some(level) = base.softened(level) else { continue };
        let name = base.image.shown();
        let finding = report
            .add(
                base.tag_or_name(),
                format!("`{name}` has not been rebuilt since {last}: it gets no security fixes of its distribution."),
            )
            .level(level)
            .about(name);
        match retired::change(file, &base).or_else(|| same_on_newer(file, &base)) {
            Some((fix, note)) => {
                finding.note(note).fix(fix);
            }
            None => {
                finding.note(advice(file, &base));
            }
        }
    }
}

/// The configuration says that an image is no longer rebuilt.
fn configured(base: &BaseUse<'_>, replacement: &str, report: &mut Report) {
    let shown = base.image.shown();
    if shown == replacement {
        return;
    }
    let level = if base.shipped { Level::Warning } else { Level::Info };
    let Some(level) = base.softened(level) else { return };
    let message =
        format!("`{shown}` is no longer rebuilt. The configuration names `{replacement}` in its place.");
    let finding = report.add(base.tag_or_name(), message).level(level).about("retired");
    if let Some(name) = base.image.literal {
        let edits = vec![Edit::replace(name, replacement)];
        finding
            .note("Check that the stage builds and runs on it.")
            .fix(Fix::confirm(format!("Use `{replacement}`"), edits));
    }
}

/// The same version on a distribution on which it is still built.
fn same_on_newer(file: &FileFacts<'_>, base: &BaseUse<'_>) -> Option<(Fix, String)> {
    let reference = &base.image.reference;
    let tag = newest_os_variant(&base.image.image, reference.tag()?, file.today)?;
    let edit = Edit::replace(base.tag()?, tag.as_str());
    let fix = Fix::confirm(format!("Use `{}:{tag}`", reference.name().replace('`', "")), vec![edit]);
    Some((
        fix,
        "Check that what the stage installs is there under the same names on the newer distribution."
            .to_owned(),
    ))
}

fn advice(file: &FileFacts<'_>, base: &BaseUse<'_>) -> String {
    if is_given_up(&base.image.image) {
        return "The image was given up as a whole. `eclipse-temurin` has the Java versions that are still \
                maintained, as `-jre` (to run) and `-jdk` (to compile)."
            .to_owned();
    }
    let supported = supported_releases(&base.image.image, file.today);
    if !supported.is_empty() {
        let names: Vec<String> = supported.iter().map(|name| format!("`{name}`")).collect();
        return format!("Releases that are supported: {}.", names.join(", "));
    }
    "Take a tag that is on the list of the image's page on Docker Hub, with the version that you have tested."
        .to_owned()
}
