//! A tag that makes two bases fit.

use crate::dockerfile::ImageReference;
use crate::facts::{Base, BaseImage, FileFacts, StageFacts, language_version};
use crate::image::{Family, State, TagStatus, end_of_life, tag_status};
use crate::text::{Edit, Span};

/// A change of one base.
pub(super) struct Change {
    pub(super) edit: Edit,
    /// The new name.
    pub(super) name: String,
}

/// The receiving base gets version and distribution of the one that builds; the other way round when those get no free
/// fixes any more, or not for long.
pub(super) fn change(
    file: &FileFacts<'_>,
    giver: &StageFacts<'_>,
    from: &BaseImage,
    taker: &StageFacts<'_>,
    to: &BaseImage,
) -> Option<Change> {
    let all = |image: &BaseImage, tag: &str, holds: fn(State) -> bool| {
        end_of_life(&image.image, tag, file.today).iter().all(|eol| holds(eol.state))
    };
    let supported = |state| state == State::Supported;
    let lives = |state| state != State::Ended;
    let (there, back) = (aligned(from, to), aligned(to, from));
    let (stage, image, tag) = if let Some(tag) = there.clone().filter(|tag| all(to, tag, supported)) {
        (taker, to, tag)
    } else if let Some(tag) = back.filter(|tag| all(from, tag, supported)) {
        (giver, from, tag)
    } else {
        (taker, to, there.filter(|tag| all(to, tag, lives))?)
    };
    write(tag_span(file, stage)?, image, tag)
}

fn write(span: Span, image: &BaseImage, tag: String) -> Option<Change> {
    let name = format!("{}:{tag}", image.reference.name().replace('`', ""));
    ImageReference::parse(&name)?;
    Some(Change { edit: Edit::replace(span, tag), name })
}

/// Where the tag of a stage's base stands, when nothing else takes it from there.
fn tag_span(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Span> {
    let root = file.stages.get(stage.root)?;
    let Base::Image(image) = &root.base else { return None };
    // A digest says which image it is, whatever the tag.
    (!image.from_arg && image.reference.digest().is_none()).then_some(image.literal_tag?)
}

/// The tag of `image` with version and distribution of `model`, in its own variant; only one that is built.
fn aligned(model: &BaseImage, image: &BaseImage) -> Option<String> {
    let old = image.reference.tag()?;
    let os = model.defaults.distribution.as_ref()?;
    if image.image.repository == "debian" {
        let rest = old.strip_prefix(image.defaults.distribution.as_ref()?.codename.as_deref()?).unwrap_or("");
        let tag = format!("{}{rest}", os.codename.as_deref()?);
        return listed(image, tag);
    }
    let version = language_version(model)?;
    let distroless = os.family == Family::Distroless;
    let same = image.image == model.image
        || (distroless && language_version(image).is_some_and(|own| own.language == version.language));
    if !same {
        return None;
    }
    let version = version.text;
    let own = image.defaults.distribution.as_ref()?;
    let names_os = |word: &str, os: &crate::image::Distribution| {
        os.codename.as_deref() == Some(word) || word.starts_with("alpine")
    };
    let model_word = model.reference.tag()?.split('-').find(|word| names_os(word, os));
    let own_word = old.split('-').find(|word| names_os(word, own));
    let mut variant: Vec<&str> = old.split('-').skip(1).filter(|word| Some(*word) != own_word).collect();
    // Alpine's counterpart is the slim variant.
    if own.family == Family::Alpine && os.family != Family::Alpine && variant.is_empty() {
        variant.push("slim");
    }
    if os.family == Family::Alpine {
        variant.retain(|word| *word != "slim");
    }
    let word = match (model_word, own_word) {
        _ if distroless => os.codename.clone(),
        (None, Some(_)) if os.family != Family::Alpine => os.codename.clone(),
        (Some(word), _) | (None, Some(word)) => Some(word.to_owned()),
        (None, None) => None,
    };
    let mut candidates = Vec::new();
    let joined =
        |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("-");
    let variant = variant.join("-");
    let word = word.unwrap_or_default();
    candidates.push(joined(&[version, &variant, &word]));
    candidates.push(joined(&[version, &word, &variant]));
    candidates.into_iter().find_map(|tag| listed(image, tag)).filter(|tag| tag != old)
}

fn listed(image: &BaseImage, tag: String) -> Option<String> {
    (tag_status(&image.image, &tag) == TagStatus::Listed).then_some(tag)
}
