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
    /// Whether the name or its tag stands before the first FROM, outside of any stage.
    pub in_globals: bool,
}

impl FileFacts<'_> {
    /// The external base images in order of their stages. A name that several stages take from one ARG is
    /// given once.
    pub fn external_bases(&self) -> Vec<BaseUse<'_>> {
        let mut out: Vec<BaseUse<'_>> = Vec::new();
        let mut places: HashMap<(Span, &str), usize> = HashMap::new();
        for stage in &self.stages {
            let Base::Image(image) = &stage.base else { continue };
            let word = from_image(stage.from).map_or(stage.from.name.span, |word| word.span);
            let span = image.literal.unwrap_or(word);
            let place = image.literal_tag.unwrap_or(span);
            // One name in one place, also where several stages take the tag from one ARG.
            let key = (place, image.text.as_str());
            if let Some(known) = places.get(&key).and_then(|at| out.get_mut(*at)) {
                known.stages.push(stage.index);
                known.shipped |= stage.shipped;
                known.dev &= stage.dev;
                continue;
            }
            places.insert(key, out.len());
            out.push(BaseUse {
                image,
                span,
                stages: vec![stage.index],
                shipped: stage.shipped,
                dev: stage.dev,
                in_globals: self.stage_at(place.start).is_none(),
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
        self.image.literal_tag
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

    #[test]
    fn where_a_tag_stands() {
        for (text, tags) in [
            ("FROM python:3.9\n", &["3.9"][..]),
            (
                "FROM docker.io/library/python:3.9@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
                &["3.9"],
            ),
            ("ARG V=3.9\nFROM python:$V\n", &["3.9"]),
            ("ARG V=\"3.9\"\nFROM python:${V}\nFROM python:$V\n", &["3.9"]),
            ("ARG V=3.9\nFROM python:$V\nFROM node:$V\n", &["3.9", "3.9"]),
            ("ARG V=3.9\nFROM python:$V-slim\n", &["python:$V-slim"]),
            ("ARG V=3.9\nFROM python:${V:-3}\n", &["3.9"]),
            ("FROM python:${V:-3}\n", &["python:${V:-3}"]),
            ("ARG R=docker.io/library\nFROM $R/python:3.9\n", &["3.9"]),
            ("ARG R=docker.io/library/\nARG V=3.9\nFROM ${R}python:$V\n", &["3.9"]),
            ("ARG R=python\nFROM \"$R:3.9\"\n", &["\"$R:3.9\""]),
            ("ARG T=9\nFROM python:3.$T\n", &["python:3.$T"]),
            ("FROM python\n", &["python"]),
            ("ARG R\nFROM $R/python:3.9\n", &[]),
            (
                "ARG CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX\n\
                 FROM ${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/python:3.9\n",
                &["3.9"],
            ),
        ] {
            let file = parse(&Source::new(text));
            let tree = MemoryTree::complete();
            let bodies = crate::facts::Bodies::read(&file);
            let facts =
                FileFacts::new("Dockerfile".into(), &file, &bodies, &tree, jiff::civil::date(2026, 11, 24));
            let found: Vec<&str> =
                facts.external_bases().iter().map(|base| &text[base.tag_or_name().range()]).collect();
            assert_eq!(found, tags, "{text}");
        }
    }
}
