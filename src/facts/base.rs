//! What a stage is built on.

use super::state::{Budget, State};
use crate::config::Images;
use crate::dockerfile::expand::{Use, Value, expand};
use crate::dockerfile::{ImageReference, Instruction, Pair, Stage, StageNames, Word, from_image};
use crate::image::{self, Defaults, Eol, Image, Said};
use crate::text::Span;
use std::collections::BTreeMap;

/// What a stage is built on.
#[derive(Debug, Clone)]
pub enum Base {
    /// `FROM scratch`.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An external image.
    Image(Box<BaseImage>),
    /// Not told by the file: an ARG without default, an invalid name, FROM without a word.
    Unknown,
}

/// An external base image.
#[derive(Debug, Clone)]
pub struct BaseImage {
    /// The name after expansion of ARG defaults.
    pub text: String,
    /// Its parts.
    pub reference: ImageReference,
    /// Which image it is.
    pub image: Image,
    /// What is known of it without looking at it.
    pub defaults: Defaults,
    /// Where the whole name stands literally, so that it can be edited: the word of FROM, or the default of
    /// the ARG that gives the whole name. `None` when it is put together.
    pub literal: Option<Span>,
    /// Where the tag stands literally, without its colon: in the name, at the end of a name whose other parts
    /// come from ARGs, or in the default of the ARG that gives the whole of it.
    pub literal_tag: Option<Span>,
    /// Whether a part of the name comes from an ARG (which a build may set to something else).
    pub from_arg: bool,
    /// What the configuration says about it, over the built-in tables.
    pub said: Option<Box<Said>>,
}

impl BaseImage {
    /// The image that a reference names, with what is known of it.
    pub fn of(reference: ImageReference, images: &Images) -> Self {
        let said = image::said(images, &reference).map(Box::new);
        let own = Image::resolve(&reference);
        let tag = reference.tag().unwrap_or("latest");
        let image = match &said {
            Some(said) => said.image(own),
            None => own,
        };
        let defaults = match &said {
            Some(said) => said.defaults(&image, tag),
            None => image::defaults(&image, tag),
        };
        let text = reference.text().to_owned();
        Self { text, reference, image, defaults, literal: None, literal_tag: None, from_arg: false, said }
    }

    /// The tag; `latest` where none is written.
    pub fn tag(&self) -> &str {
        self.reference.tag().unwrap_or("latest")
    }

    /// Name and tag as written, without a digest and without anything that Markdown could read.
    pub fn shown(&self) -> String {
        let tag = self.reference.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
        format!("{}{tag}", self.reference.name()).replace('`', "")
    }

    /// The end of life of what the tag names; empty where nothing is known, and for a digest without a tag.
    pub fn end_of_life(&self, today: jiff::civil::Date) -> Vec<Eol> {
        match &self.said {
            Some(said) => said.end_of_life(&self.image, self.tag(), &self.shown(), today),
            None if self.reference.tag().is_none() && self.reference.digest().is_some() => Vec::new(),
            None => image::end_of_life(&self.image, self.tag(), today),
        }
    }

    /// Whether the tag moves to other versions.
    pub fn is_floating(&self) -> bool {
        let said = self.said.as_ref().and_then(|said| said.floating());
        said.unwrap_or_else(|| image::is_floating(&self.image, self.tag()))
    }
}

/// Build arguments with the address of GitLab's proxy of Docker Hub, up to the name of the image.
const GITLAB_PROXIES: [&str; 2] =
    ["CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX", "CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX"];

/// The global ARGs (before the first FROM) with their values.
#[derive(Debug, Clone, Default)]
pub struct GlobalArgs {
    values: BTreeMap<String, (Value, Option<Span>)>,
    /// What the builds of the repository give, by name; `None` where they do not agree or where it is not known.
    given: BTreeMap<String, Option<String>>,
    pub(super) budget: Budget,
}

impl GlobalArgs {
    /// No ARG so far; `given` is what builds give.
    pub(super) fn given(given: BTreeMap<String, Option<String>>) -> Self {
        Self { given, ..Self::default() }
    }

    /// A default, unless a build gives another value.
    fn unless_given(&self, name: &str, value: Value) -> Value {
        match (self.given.get(name), &value) {
            (None, _) => value,
            (Some(Some(given)), Value::Set(default)) if given == default => value,
            (Some(_), _) => Value::Unknown,
        }
    }

    /// Declares an ARG; its default may use earlier ones.
    pub(super) fn declare(&mut self, pair: &Pair, escape: char) {
        let value = match &pair.value {
            // `ARG NAME` after `ARG NAME=value` takes nothing away.
            None if self.declares(&pair.key.text) => return,
            None => (Value::Unknown, None),
            Some(word) => {
                let expanded = expand(&word.text, escape, &|name| self.value(name)).unwrap_or_default();
                let literal = expanded.uses.is_empty().then(|| unquoted_span(&word.text, word.span));
                let value = expanded.value.map_or(Value::Unknown, Value::Set);
                let value = self.budget.keep(self.unless_given(&pair.key.text, value));
                (value, literal.flatten())
            }
        };
        self.values.insert(pair.key.text.clone(), value);
    }

    /// The value of a global ARG: unset where it is not declared, unknown without a default.
    pub fn value(&self, name: &str) -> Value {
        match self.values.get(name) {
            Some((value, _)) => value.clone(),
            None if is_platform_arg(name) => Value::Unknown,
            None => Value::Unset,
        }
    }

    /// Whether a global ARG of that name is declared.
    pub fn declares(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The names of the global ARGs, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// ARGs that BuildKit declares itself in the global scope.
pub fn is_platform_arg(name: &str) -> bool {
    matches!(
        name,
        "BUILDPLATFORM"
            | "BUILDOS"
            | "BUILDOSVERSION"
            | "BUILDARCH"
            | "BUILDVARIANT"
            | "TARGETPLATFORM"
            | "TARGETOS"
            | "TARGETOSVERSION"
            | "TARGETARCH"
            | "TARGETVARIANT"
            | "TARGETSTAGE"
    )
}

/// ARGs that a build may give without any declaration (Dockerfile reference, "Predefined ARGs"). RUN sees them.
pub fn is_proxy_arg(name: &str) -> bool {
    ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]
        .iter()
        .any(|proxy| *proxy == name || name.bytes().eq(proxy.bytes().map(|b| b.to_ascii_lowercase())))
}

/// The span of a value without the quotes around it.
fn unquoted_span(text: &str, span: Span) -> Option<Span> {
    let quoted = text.len() >= 2
        && ((text.starts_with('"') && text.ends_with('"'))
            || (text.starts_with('\'') && text.ends_with('\'')));
    let inner = if quoted { &text[1..text.len() - 1] } else { text };
    // Anything left to resolve means that the bytes are not the value.
    if inner.contains(['"', '\'', '\\', '`']) || span.len() as usize != text.len() {
        return None;
    }
    Some(if quoted { Span::new(span.start + 1, span.end - 1) } else { span })
}

/// Resolves what a stage is built on.
pub(super) fn resolve(
    from: &Instruction,
    stage: &Stage,
    names: &StageNames,
    globals: &GlobalArgs,
    escape: char,
    images: &Images,
) -> Base {
    let Some(word) = from_image(from) else { return Base::Unknown };
    let lookup = |name: &str| match globals.value(name) {
        // GitLab sets it to its proxy of Docker Hub: "Dependency Proxy for container images", docs.gitlab.com.
        Value::Unknown if GITLAB_PROXIES.contains(&name) => Value::Set("docker.io".to_owned()),
        value => value,
    };
    let Ok(expanded) = expand(&word.text, escape, &lookup) else { return Base::Unknown };
    let Some(text) = expanded.value else { return Base::Unknown };
    if text == "scratch" {
        return Base::Scratch;
    }
    if let Some(index) = names.named(&text, stage.index) {
        return Base::Stage(index);
    }
    let Some(reference) = ImageReference::parse(&text) else { return Base::Unknown };
    let literal = match expanded.uses.as_slice() {
        [] => unquoted_span(&word.text, word.span),
        [only] if only.range == (0..word.text.len()) => {
            globals.values.get(&only.name).and_then(|(_, span)| *span)
        }
        _ => None,
    };
    let literal_tag = literal_tag(&reference, literal, word, &expanded.uses, globals);
    let from_arg = !expanded.uses.is_empty();
    Base::Image(Box::new(BaseImage { literal, literal_tag, from_arg, ..BaseImage::of(reference, images) }))
}

/// See [`BaseImage::literal_tag`].
fn literal_tag(
    reference: &ImageReference,
    literal: Option<Span>,
    word: &Word,
    uses: &[Use],
    globals: &GlobalArgs,
) -> Option<Span> {
    let tag = reference.tag()?;
    if let Some(literal) = literal {
        let range = reference.tag_range()?;
        return Some(Span::new(literal.start + range.start as u32, literal.start + range.end as u32));
    }
    // A name that is put together: only its end can be told apart.
    if reference.digest().is_some() || word.text.contains(['"', '\'', '\\', '`']) {
        return None;
    }
    let last = uses.last()?;
    let end = word.text.len();
    if let Some(colon) = end.checked_sub(tag.len() + 1).filter(|colon| last.range.end <= *colon) {
        // `${REGISTRY}/python:3.12`
        let written = word.text.as_bytes().get(colon) == Some(&b':') && word.text.ends_with(tag);
        let span = Span::new(word.span.end - tag.len() as u32, word.span.end);
        return (written && word.span.len() as usize == end).then_some(span);
    }
    // `python:$VERSION`
    let before = word.text.get(..last.range.start)?;
    if last.range.end != end || !before.ends_with(':') {
        return None;
    }
    let (value, span) = globals.values.get(&last.name)?;
    (*value == Value::Set(tag.to_owned())).then_some(*span).flatten()
}

/// Declares the ARGs of an instruction inside a stage.
pub(super) fn declare_arg(state: &mut State, pair: &Pair, globals: &GlobalArgs) {
    let name = &pair.key.text;
    let given = match &pair.value {
        Some(word) => {
            let value = state.expand(&word.text).value.map_or(Value::Unknown, Value::Set);
            Some(globals.unless_given(name, value))
        }
        // `ARG NAME` takes the global value over; without one a build may still give a value.
        None => match globals.value(name) {
            Value::Set(value) => Some(Value::Set(value)),
            Value::Unknown => Some(Value::Unknown),
            Value::Unset if globals.given.contains_key(name) => Some(Value::Unknown),
            Value::Unset => None,
        },
    };
    state.set_arg(name, given);
}
