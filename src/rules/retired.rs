//! Bases whose tag is no longer rebuilt: since when, and what takes their place.

use crate::facts::{BaseUse, FileFacts};
use crate::image::{self, PackageManager};
use crate::rules::Fix;
use crate::shell::packages::Manager;
use crate::text::Edit;
use jiff::civil::Date;

/// Days after the last rebuild within which a tag may only be late.
const RECENT: i32 = 30;

/// The last day on which the tag of a base was rebuilt.
pub(super) fn since(base: &BaseUse<'_>) -> Option<Date> {
    // Another registry may have rebuilt it, and a digest says itself what it is.
    if base.image.said.is_some() || base.image.reference.digest().is_some() {
        return None;
    }
    image::retired_since(&base.image.image, base.image.tag())
}

/// Whether it was not rebuilt for longer than the list of tags may be behind.
pub(super) fn is_long_ago(last: Date, file: &FileFacts<'_>) -> bool {
    last.until(file.today).is_ok_and(|span| span.get_days() > RECENT)
}

/// A sentence for a finding about something else of the same base.
pub(super) fn note(base: &BaseUse<'_>) -> Option<String> {
    let last = since(base)?;
    Some(format!("The tag is no longer rebuilt either: the last time was {last}."))
}

/// The image that took the place of one that was given up, and what has to be checked then.
pub(super) fn change(file: &FileFacts<'_>, base: &BaseUse<'_>) -> Option<(Fix, String)> {
    since(base)?;
    let reference = &base.image.reference;
    let (tag, manager) = image::successor(&base.image.image, reference.tag()?)?;
    let stages = base.stages.iter().filter_map(|stage| file.stages.get(*stage));
    let mut calls = stages
        .flat_map(|stage| file.with_descendants(stage))
        .flat_map(|stage| &stage.instructions)
        .flat_map(|facts| &facts.calls);
    // `yum` of the old image is not in the new one.
    let same = |given: Manager| match manager {
        PackageManager::Apk => given == Manager::Apk,
        _ => given == Manager::Apt,
    };
    if calls.any(|call| call.manager.is_system() && !same(call.manager)) {
        return None;
    }
    // Registry and folder stay: `docker.io/library/openjdk`, `mirror.gcr.io/library/openjdk`.
    let folder = match reference.name().rsplit_once('/') {
        // An architecture's own copy has the new image as well.
        Some((folder, _)) => format!("{folder}/"),
        None => String::new(),
    };
    let name = format!("{folder}eclipse-temurin:{tag}");
    let edit = Edit::replace(base.image.literal?, name.as_str());
    let system = if manager == PackageManager::Apk { "Alpine" } else { "Ubuntu" };
    let note = format!(
        "The runtime is the same OpenJDK, on {system}: check paths that the stage uses (`JAVA_HOME` is \
         `/opt/java/openjdk` there) and the names of the packages that it installs."
    );
    Some((Fix::confirm(format!("Use `{}`", name.replace('`', "")), vec![edit]), note))
}
