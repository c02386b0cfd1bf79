//! The version of a language that a base image's tag names.

use super::BaseImage;
use crate::image::Language;
use crate::repository::version::{Range, Release, release};

/// A version of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageVersion<'b> {
    /// The language.
    pub language: Language,
    /// The version as the tag has it.
    pub text: &'b str,
    /// Its numbers.
    pub numbers: Release,
    /// How many of them are given.
    pub count: usize,
}

impl LanguageVersion<'_> {
    /// The releases that the tag may be.
    pub fn range(&self) -> Range {
        Range::line(self.numbers, self.count)
    }
}

/// The language of an image whose tag begins with its version: the official images of languages, .NET's, the common
/// builds of Java, and distroless images. `None` where a configuration says what the image is.
pub fn language_version(base: &BaseImage) -> Option<LanguageVersion<'_>> {
    if base.said.is_some() {
        return None;
    }
    let repository = base.image.repository.as_str();
    if let Some(name) = repository.strip_prefix("gcr.io/distroless/") {
        return distroless(name);
    }
    let language = match repository {
        "python" => Language::Python,
        "node" => Language::Node,
        "golang" => Language::Go,
        "ruby" => Language::Ruby,
        "php" => Language::Php,
        "rust" => Language::Rust,
        "dotnet/sdk" => Language::Dotnet,
        "eclipse-temurin" | "openjdk" | "amazoncorretto" | "sapmachine" | "ibm-semeru-runtimes" => {
            Language::Java
        }
        _ => return None,
    };
    let text = base.reference.tag()?.split('-').next()?;
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (numbers, count) = release(text)?;
    let count = if language == Language::Java { 1 } else { count };
    Some(LanguageVersion { language, text, numbers, count })
}

/// `python3-debian12` has Debian's Python, `nodejs22-debian12` says its version.
/// Source: README of github.com/GoogleContainerTools/distroless; packages.debian.org, python3.
fn distroless(name: &str) -> Option<LanguageVersion<'_>> {
    let version = |language, text, numbers, count| Some(LanguageVersion { language, text, numbers, count });
    match name {
        "python3-debian11" => return version(Language::Python, "3.9", [3, 9, 0], 2),
        "python3-debian12" => return version(Language::Python, "3.11", [3, 11, 0], 2),
        "python3-debian13" => return version(Language::Python, "3.13", [3, 13, 0], 2),
        _ => {}
    }
    let text = name.strip_prefix("nodejs")?.split('-').next()?;
    let (numbers, count) = release(text)?;
    version(Language::Node, text, numbers, count)
}
