//! Where external base images stand in a file.

use super::{Base, BaseImage, FileFacts};
use crate::config::Level;
use crate::dockerfile::from_image;
use crate::text::Span;
use std::collections::HashMap;

/// An external base image at the one place where its name stands, and the stages that are built on it.
#[derive(Debug, Clone)]
pub struct BaseUse<'f> {
    /// The image.
    pub image: &'f BaseImage,
    /// The name: in FROM, or in the default of the ARG that gives the whole of it.
    pub span: Span,
    /// Numbers of the stages whose FROM means this place, in order.
    pub stages: Vec<usize>,
    /// Whether one of them is shipped.
    pub shipped: bool,
    /// Whether all of them are for development or tests.
    pub dev: bool,
    /// Whether the name stands before the first FROM, outside of any stage.
    pub in_globals: bool,
}

impl FileFacts<'_> {
    /// The external base images in order of their stages. A name that several stages take from one ARG is
    /// given once.
    pub fn external_bases(&self) -> Vec<BaseUse<'_>> {
        let mut out: Vec<BaseUse<'_>> = Vec::new();
        let mut places: HashMap<Span, usize> = HashMap::new();
        for stage in &self.stages {
            let Base::Image(image) = &stage.base else { continue };
            let word = from_image(stage.from).map_or(stage.from.name.span, |word| word.span);
            let span = image.literal.unwrap_or(word);
            if let Some(known) = places.get(&span).and_then(|at| out.get_mut(*at)) {
                known.stages.push(stage.index);
                known.shipped |= stage.shipped;
                known.dev &= stage.dev;
                continue;
            }
            places.insert(span, out.len());
            out.push(BaseUse {
                image,
                span,
                stages: vec![stage.index],
                shipped: stage.shipped,
                dev: stage.dev,
                in_globals: self.stage_at(span.start).is_none(),
            });
        }
        out
    }
}

impl BaseUse<'_> {
    /// The tag without its colon, where it stands literally; else the whole name.
    pub fn tag_or_name(&self) -> Span {
        self.tag().unwrap_or(self.span)
    }

    /// The tag without its colon, where it stands literally.
    pub fn tag(&self) -> Option<Span> {
        let start = self.image.literal?.start;
        let range = self.image.reference.tag_range()?;
        Some(Span::new(start + range.start as u32, start + range.end as u32))
    }

    /// The place behind registry and path, where the name stands literally: a missing tag goes there.
    pub fn end_of_name(&self) -> Option<u32> {
        Some(self.image.literal?.start + self.image.reference.name_range().end as u32)
    }

    /// Lowers a level where all stages are for development and the name stands outside of them, so that
    /// nobody else can see that. `None` where nothing is left to say.
    pub fn softened(&self, level: Level) -> Option<Level> {
        if self.in_globals && self.dev { level.lowered() } else { Some(level) }
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::parse;
    use crate::facts::FileFacts;
    use crate::repository::MemoryTree;
    use crate::text::Source;

    #[test]
    fn one_place_for_one_name() {
        let text = "ARG BASE=python:3.9-slim\nFROM $BASE AS build\nFROM node:${V:-20}\nFROM ${BASE}\n";
        let file = parse(&Source::new(text));
        let tree = MemoryTree::complete();
        let bodies = crate::facts::Bodies::read(&file);
        let facts =
            FileFacts::new("Dockerfile".into(), &file, &bodies, &tree, jiff::civil::date(2026, 11, 24));
        let bases = facts.external_bases();
        let seen: Vec<_> = bases
            .iter()
            .map(|b| (&text[b.tag_or_name().range()], b.stages.as_slice(), b.shipped, b.in_globals))
            .collect();
        assert_eq!(seen, [("3.9-slim", &[0, 2][..], true, true), ("node:${V:-20}", &[1][..], false, false)]);
        assert_eq!(bases[0].end_of_name(), Some(15));
        assert_eq!(bases[1].tag(), None);
    }
}
