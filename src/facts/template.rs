//! Files that another program fills in before BuildKit sees them.

use super::FileFacts;
use crate::text::Span;

impl FileFacts<'_> {
    /// Where the file shows that it is a template (Jinja, Go, `@NAME@`), to be filled in by another program.
    pub fn template(&self) -> Option<Span> {
        *self.template.get_or_init(|| self.find_template())
    }

    fn find_template(&self) -> Option<Span> {
        let text = self.dockerfile.source.text();
        let bytes = text.as_bytes();
        let named =
            self.path.extension().is_some_and(|e| matches!(e, "j2" | "tmpl" | "template" | "in" | "erb"));
        let first = |mark: &str| {
            memchr::memmem::find(bytes, mark.as_bytes())?;
            // `{{.Names}}` is also what `docker ps --format` takes: only a line that starts so is a template's,
            // and an image has no such name.
            let mut at = 0;
            let line = text.split_inclusive('\n').find_map(|line| {
                let start = at + line.len() - line.trim_start().len();
                at += line.len();
                line.trim_start().starts_with(mark).then_some(start)
            });
            let image = || {
                let from = self.stages.iter().find(|stage| stage.from.rest_text().contains(mark))?;
                let span = from.from.body;
                Some(span.start as usize + self.dockerfile.source.slice(span).find(mark)?)
            };
            line.or_else(image)
        };
        // The syntax of dev container templates, which no build could expand.
        let dev_container = || memchr::memmem::find(bytes, b"${templateOption:");
        // Most files have no such thing at all.
        let opens = |at: usize| {
            matches!(bytes.get(at + 1), Some(b'%' | b'{'))
                || bytes.get(at..).is_some_and(|behind| behind.starts_with(b"{templateOption:"))
        };
        if !named && !memchr::memchr_iter(b'{', bytes).any(opens) {
            return None;
        }
        let mark = first("{%").or_else(|| first("{{")).or_else(dev_container);
        match mark {
            Some(at) => Some(Span::new(at as u32, at as u32 + 2)),
            None if named => Some(Span::new(0, text.lines().next().map_or(0, str::len) as u32)),
            None => None,
        }
    }
}
