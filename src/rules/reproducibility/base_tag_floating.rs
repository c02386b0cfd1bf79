//! `base-tag-floating`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{ImageReference, Keyword};
use crate::facts::{BaseImage, FileFacts};
use crate::image::{self, TagStatus, newest_os_variant, pinned_tag, tag_status};
use crate::rules::{Check, Fix, Report};
use crate::text::{Edit, Span};

declare_rule! {
    /// The base has no tag, or one that moves to another version.
    ///
    /// ## What it does
    ///
    /// Finds images in `FROM` and `COPY --from` that have neither a digest nor a tag, or whose tag moves to
    /// another version: `latest`, `stable`, `lts`, `edge` and the like, and names of variants such as
    /// `node:slim` or `python:alpine`.
    ///
    /// Under `images:` in the configuration `floating: false` says that the tags of an image do not move, and
    /// `floating: true` that they do.
    ///
    /// Stages, images that publish no versions, and names of images that are built locally are not meant. It
    /// is a hint in builder stages, and where a build argument may set another tag.
    ///
    /// ## Why is this bad?
    ///
    /// The next rebuild may stand on another version of the language or of the distribution, without any
    /// change in the repository: what was tested is not what is shipped, and an old commit cannot be built
    /// again.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:slim
    /// COPY app.js /srv/app.js
    /// USER node
    /// CMD ["node", "/srv/app.js"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:26-trixie-slim
    /// COPY app.js /srv/app.js
    /// USER node
    /// CMD ["node", "/srv/app.js"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the suggested tag is the newest version of the same variant that the built-in data
    /// know. Take the version that you run and have tested, if it is another one.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions)
    /// - [OWASP: Docker Security Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html)
    pub(super) RULE = "base-tag-floating" {
        chapter: Reproducibility, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "DL3006", "DL3007", "hadolint/DL3006", "hadolint/DL3007", "DS-0001", "CKV_DOCKER_7",
            "Image Version Not Explicit", "Image Version Using 'latest'", "DF001", "DF024",
        ],
        check: Check::File(check),
    }
}

/// Codes of other tools for an image without a tag.
const NO_TAG: [&str; 7] =
    ["DL3006", "hadolint/DL3006", "DS-0001", "CKV_DOCKER_7", "Image Version Not Explicit", "DF001", "DF024"];

/// Codes of other tools for a tag that moves.
const MOVING_TAG: [&str; 7] = [
    "DL3007",
    "hadolint/DL3007",
    "DS-0001",
    "CKV_DOCKER_7",
    "Image Version Using 'latest'",
    "DF001",
    "DF024",
];

fn check(file: &FileFacts<'_>, report: &mut Report) {
    for base in file.external_bases() {
        let level = if base.shipped && !base.image.from_arg { Level::Warning } else { Level::Info };
        let Some(level) = base.softened(level) else { continue };
        let place = Place {
            reference: &base.image.reference,
            base: base.image,
            name: base.span,
            tag: base.tag(),
            end_of_name: base.end_of_name(),
            from_arg: base.image.from_arg,
        };
        judge(file, &place, level, report);
    }
    for stage in &file.stages {
        for facts in stage.of(Keyword::Copy) {
            let Some(word) = facts.instruction.flag_value("from") else { continue };
            if file.names.source(&word.text, stage.index).is_some()
                || word.text.len() != word.span.len() as usize
            {
                continue;
            }
            let Some(reference) = ImageReference::parse(&word.text) else { continue };
            let base = BaseImage::of(reference, file.images);
            let reference = &base.reference;
            let start = word.span.start;
            let place = Place {
                reference,
                base: &base,
                name: word.span,
                tag: reference
                    .tag_range()
                    .map(|range| Span::new(start + range.start as u32, start + range.end as u32)),
                end_of_name: Some(start + reference.name_range().end as u32),
                from_arg: false,
            };
            let level = if stage.shipped { Level::Warning } else { Level::Info };
            judge(file, &place, level, report);
        }
    }
}

/// A reference to an image where it is written.
struct Place<'a> {
    reference: &'a ImageReference,
    base: &'a BaseImage,
    /// The whole name.
    name: Span,
    /// The tag, where it stands literally.
    tag: Option<Span>,
    /// Where a tag would be inserted, where the name stands literally.
    end_of_name: Option<u32>,
    from_arg: bool,
}

fn judge(file: &FileFacts<'_>, place: &Place<'_>, level: Level, report: &mut Report) {
    let (reference, image) = (place.reference, &place.base.image);
    let tag = place.base.tag();
    if reference.digest().is_some() || !place.base.is_floating() {
        return;
    }
    // A bare name that Docker Hub does not have is an image that is built locally, or a named context.
    let known = place.base.said.is_some() || place.base.defaults.distribution.is_some();
    let published = known || tag_status(image, "latest") != TagStatus::Unknown;
    if image.official && !published {
        return;
    }
    let name = reference.name().replace('`', "");
    let (span, message, codes) = match reference.tag() {
        None => (
            place.name,
            format!("`{name}` has no tag, which means `latest`: a rebuild may bring another version."),
            &NO_TAG,
        ),
        Some(tag) => (
            place.tag.unwrap_or(place.name),
            format!("The tag of `{name}:{tag}` moves: a rebuild may bring another version."),
            &MOVING_TAG,
        ),
    };
    let mut finding = report.add(span, message).level(level).codes(codes);
    if place.from_arg {
        finding = finding.note("A build argument may set another tag; this is about its default.");
    }
    let pinned =
        pinned_tag(image, tag).map(|pinned| newest_os_variant(image, &pinned, file.today).unwrap_or(pinned));
    let Some(pinned) = pinned else {
        finding.note("Name the version that you have tested, or a digest.");
        return;
    };
    let edit = match (place.tag, place.end_of_name) {
        (Some(tag), _) => Edit::replace(tag, pinned.as_str()),
        (None, Some(end)) if reference.tag().is_none() => Edit::insert(end, format!(":{pinned}")),
        _ => {
            finding.note(format!("The newest version known on {} is `{pinned}`.", image::SNAPSHOT));
            return;
        }
    };
    finding
        .note(format!(
            "`{pinned}` is the newest version of this variant known on {}; check that it is the one you want, \
             the moving tag may be further by now.",
            image::SNAPSHOT
        ))
        .fix(Fix::confirm(format!("Use `{name}:{pinned}`"), vec![edit]));
}
