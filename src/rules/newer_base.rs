//! The same base image on a newer distribution.

use super::Fix;
use crate::facts::{BaseUse, FileFacts};
use crate::image::{Eol, Part, State, newest_os_variant, pinned_tag};
use crate::text::Edit;
use std::collections::HashMap;

/// What is known of the end of the parts of a base.
pub(super) fn parts_of(file: &FileFacts<'_>, base: &BaseUse<'_>) -> Vec<Eol> {
    // `debian/eol` is made of ended releases and says so.
    if base.image.image.repository == "debian/eol" { Vec::new() } else { base.image.end_of_life(file.today) }
}

/// Whether there is something to say about a release.
pub(super) fn speaks(eol: &Eol) -> bool {
    eol.state != State::Supported
}

/// Bases on one release that are changed in one go; nobody has more.
const MAX_TOGETHER: usize = 32;

/// Which bases stand on the same release of a distribution.
pub(super) struct Together(HashMap<String, Vec<usize>>);

impl Together {
    /// Sorts bases by the releases in their `parts`.
    pub(super) fn of(bases: &[BaseUse<'_>], parts: &[Vec<Eol>]) -> Self {
        let mut out: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, parts) in parts.iter().enumerate().take(bases.len()) {
            for os in parts.iter().filter(|eol| eol.part == Part::Os) {
                // Name, release and code name are all in the label.
                out.entry(os.label.clone()).or_default().push(index);
            }
        }
        Self(out)
    }

    /// Numbers of the bases on a release; `None` where they are too many.
    fn on(&self, os: &Eol) -> Option<&[usize]> {
        self.0.get(&os.label).map(Vec::as_slice).filter(|bases| bases.len() <= MAX_TOGETHER)
    }
}

/// The same image on a newer distribution, and what has to be checked then.
pub(super) fn change(
    file: &FileFacts<'_>,
    base: &BaseUse<'_>,
    bases: &[BaseUse<'_>],
    parts: &[Eol],
    together: &Together,
) -> Option<(Fix, Option<String>)> {
    let os = parts.iter().find(|eol| eol.part == Part::Os && speaks(eol))?;
    // A swap of the distribution would leave the finding about the version.
    if parts.iter().any(|eol| eol.part == Part::Language && speaks(eol)) {
        return None;
    }
    let mut edits = Vec::new();
    let mut title = None;
    // Stages on the same release hand libraries over to each other; they move together or not at all.
    for other in together.on(os)?.iter().filter_map(|index| bases.get(*index)) {
        let reference = &other.image.reference;
        if reference.digest().is_some() {
            return None;
        }
        let newer = newest_os_variant(&other.image.image, reference.tag()?, file.today)?;
        // A tag without a version (`rust:buster`) would only move on.
        let newer = pinned_tag(&other.image.image, &newer).unwrap_or(newer);
        if other.span == base.span {
            title = Some(format!("Use `{}:{newer}`", reference.name()));
        }
        let edit = Edit::replace(other.tag()?, newer);
        if edits.contains(&edit) {
            continue;
        }
        // One ARG gives the tag of two images.
        if edits.iter().any(|known: &Edit| known.span == edit.span) {
            return None;
        }
        edits.push(edit);
    }
    let title = title?;
    if base.image.said.as_ref().is_some_and(|said| said.has_tags_of_another()) {
        let note = "Check that the registry has the new tag, and what is installed in the stage on the newer release.";
        return Some((Fix::confirm(title, edits), Some(note.to_owned())));
    }
    let is_distribution = parts.iter().all(|eol| eol.part == Part::Os);
    let packages = base.stages.iter().filter_map(|stage| file.stages.get(*stage)).any(|stage| {
        file.with_descendants(stage)
            .into_iter()
            .flat_map(|other| &other.instructions)
            .flat_map(|facts| &facts.calls)
            .any(|call| call.manager.is_system())
    });
    let note = if is_distribution {
        "This is another release of the distribution: check that the packages and paths that the stage uses \
         are the same there."
    } else if packages {
        "Check that the system packages that are installed have the same names and versions on the newer \
         distribution."
    } else if bases.len() > 1 {
        "Check that what is copied between the stages runs on the newer distribution."
    } else {
        return Some((Fix::safe(title, edits), None));
    };
    Some((Fix::confirm(title, edits), Some(note.to_owned())))
}
