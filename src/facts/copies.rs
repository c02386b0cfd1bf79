//! What COPY and ADD bring from the build context, and where it lands.

use super::{FileFacts, InstructionFacts, StageFacts, Workdir, is_absolute, join};
use crate::dockerfile::{Keyword, Word};
use crate::repository::normalize;
use camino::Utf8Path;

impl InstructionFacts<'_> {
    /// The sources of a COPY or ADD that come from the build context; none for `--from`, here-documents and other
    /// instructions. A source may be a URL (ADD).
    pub fn context_sources(&self) -> &[Word] {
        let node = self.instruction;
        let copies = matches!(node.keyword, Keyword::Copy | Keyword::Add)
            && node.flag("from").is_none()
            && node.heredocs.is_empty();
        if !copies {
            return &[];
        }
        node.args.split_last().map_or(&[], |(_, sources)| sources)
    }

    /// The source that is the whole build context: `.`, `./`, `/`. Not where parts are left out by `--exclude`, or
    /// where a variable decides.
    pub fn whole_context(&self) -> Option<&Word> {
        self.context_sources().iter().find(|word| {
            let text = word.text.as_str();
            let root = !text.is_empty()
                && text.bytes().all(|b| matches!(b, b'.' | b'/'))
                && normalize(Utf8Path::new(text)).is_some_and(|path| path.as_str().is_empty());
            root && self.instruction.flag("exclude").is_none()
        })
    }

    /// Where a COPY or ADD puts its files: an absolute path, and whether it is certain that it is a folder. `None`
    /// where that is not known, and for other instructions.
    pub fn destination(&self, file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<(String, bool)> {
        let node = self.instruction;
        if !matches!(node.keyword, Keyword::Copy | Keyword::Add) {
            return None;
        }
        let (last, sources) = node.args.split_last()?;
        let text = self.state.expand(&last.text).value?;
        let path = self.absolute(file, stage, &text)?;
        let folder =
            sources.len() > 1 || text.ends_with('/') || text.ends_with('.') || self.whole_context().is_some();
        Some((path, folder))
    }

    /// A path of the image as this instruction sees it, made absolute.
    pub fn absolute(&self, file: &FileFacts<'_>, stage: &StageFacts<'_>, path: &str) -> Option<String> {
        if is_absolute(path) {
            return Some(join("/", path));
        }
        Some(join(self.workdir(file, stage)?, path))
    }

    /// The working directory, where it is known.
    pub fn workdir<'s>(&'s self, file: &'s FileFacts<'_>, stage: &StageFacts<'_>) -> Option<&'s str> {
        match &self.state.workdir {
            Workdir::Set(dir) => Some(dir),
            Workdir::Base => match file.root_base(&file.stages.get(stage.index)?.base) {
                super::Base::Scratch => Some("/"),
                super::Base::Image(image) => image.defaults.workdir_path(),
                _ => None,
            },
            Workdir::Unknown => None,
        }
    }
}

/// Whether a path of the image is a directory or lies below it. Both are absolute and clean.
pub fn is_in(path: &str, dir: &str) -> bool {
    dir == "/" || path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}
