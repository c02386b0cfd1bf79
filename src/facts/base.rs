//! What a stage is built on.

use super::state::{Budget, State};
use crate::dockerfile::expand::{Value, expand};
use crate::dockerfile::{ImageReference, Instruction, Pair, Stage, find_named, from_image};
use crate::image::{self, Defaults, Image};
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
    /// Whether a part of the name comes from an ARG (which a build may set to something else).
    pub from_arg: bool,
}

/// The global ARGs (before the first FROM) with their values.
#[derive(Debug, Clone, Default)]
pub struct GlobalArgs {
    values: BTreeMap<String, (Value, Option<Span>)>,
    pub(super) budget: Budget,
}

impl GlobalArgs {
    /// Declares an ARG; its default may use earlier ones.
    pub(super) fn declare(&mut self, pair: &Pair, escape: char) {
        let value = match &pair.value {
            // `ARG NAME` after `ARG NAME=value` takes nothing away.
            None if self.declares(&pair.key.text) => return,
            None => (Value::Unknown, None),
            Some(word) => {
                let expanded = expand(&word.text, escape, &|name| self.value(name)).unwrap_or_default();
                let literal = expanded.uses.is_empty().then(|| unquoted_span(&word.text, word.span));
                let value = self.budget.keep(expanded.value.map_or(Value::Unknown, Value::Set));
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
    stages: &[Stage],
    globals: &GlobalArgs,
    escape: char,
) -> Base {
    let Some(word) = from_image(from) else { return Base::Unknown };
    let Ok(expanded) = expand(&word.text, escape, &|name| globals.value(name)) else { return Base::Unknown };
    let Some(text) = expanded.value else { return Base::Unknown };
    if text == "scratch" {
        return Base::Scratch;
    }
    if let Some(index) = find_named(stages, &text, stage.index) {
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
    let image = Image::resolve(&reference);
    let defaults = image::defaults(&image, reference.tag().unwrap_or("latest"));
    let from_arg = !expanded.uses.is_empty();
    Base::Image(Box::new(BaseImage { text, reference, image, defaults, literal, from_arg }))
}

/// Declares the ARGs of an instruction inside a stage.
pub(super) fn declare_arg(state: &mut State, pair: &Pair, globals: &GlobalArgs) {
    let name = &pair.key.text;
    let given = match &pair.value {
        Some(word) => Some(state.expand(&word.text).value.map_or(Value::Unknown, Value::Set)),
        // `ARG NAME` takes the global value over; without one a build may still give a value.
        None => match globals.value(name) {
            Value::Set(value) => Some(Value::Set(value)),
            Value::Unknown => Some(Value::Unknown),
            Value::Unset => None,
        },
    };
    state.set_arg(name, given);
}
