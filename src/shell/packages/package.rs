//! What an install names, taken apart.

use crate::text::Span;
use std::borrow::Cow;

/// What kind of thing an install names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackageKind {
    /// A package by name.
    Name,
    /// A file or folder: `.`, `./x.deb`, `x.whl`.
    Path,
    /// A URL or a repository: `https://…`, `git+https://…`.
    Url,
    /// A file that lists packages: `-r requirements.txt`, `--file environment.yml`.
    Requirements,
    /// A constraints file: `-c constraints.txt`.
    Constraints,
    /// `-e path`
    Editable,
    /// A group or pattern of packages: `@core`, `lib*`.
    Group,
    /// Begins with a variable or substitution: it may be anything.
    Variable,
}

/// Something that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package<'a> {
    /// The name without version, extras kept (`uvicorn[standard]`); the path or URL for other kinds.
    pub name: Cow<'a, str>,
    /// What is written behind the name: `1.2` of `a=1.2`, `>=2,<3` of `flask>=2,<3` (the operator is kept
    /// where a tool has several). May hold a variable.
    pub version: Option<Cow<'a, str>>,
    /// What it is.
    pub kind: PackageKind,
    /// The word in the file.
    pub span: Span,
    /// Whether a variable or substitution is in it.
    pub variable: bool,
}

/// A name and its version, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin<'a> {
    /// `==`, `>=`, `~=`, `^`, `~`, `@`, …; empty where the tool writes none (`name-1.2`).
    pub operator: &'a str,
    /// The version, release or revision behind it: `1.2`, `2,<3`, `edge`, `${VERSION}`.
    pub version: &'a str,
}

impl Package<'_> {
    /// The version with its operator taken off.
    pub fn pin(&self) -> Option<Pin<'_>> {
        let text = self.version.as_deref()?;
        let end = text
            .find(|c: char| !matches!(c, '=' | '<' | '>' | '~' | '!' | '^' | '@' | ':'))
            .unwrap_or(text.len());
        let (operator, version) = text.split_at(end);
        Some(Pin { operator, version: version.trim() })
    }

    /// The name without extras: `uvicorn` of `uvicorn[standard]`.
    pub fn base_name(&self) -> &str {
        self.name.split('[').next().unwrap_or(&self.name).trim_end()
    }

    /// The extras of a Python package: `standard` of `uvicorn[standard]`.
    pub fn extras(&self) -> impl Iterator<Item = &str> {
        let inner = self.name.split_once('[').and_then(|(_, rest)| rest.split(']').next()).unwrap_or("");
        inner.split(',').map(str::trim).filter(|extra| !extra.is_empty())
    }

    /// Whether it is fetched from a repository of version control: `git+https://…`, `git@…`, `user/repo`.
    pub fn is_vcs(&self) -> bool {
        let url = match (self.kind, &self.version) {
            // `name @ git+https://…`
            (PackageKind::Url, Some(version)) if version.contains("://") => &**version,
            (PackageKind::Url | PackageKind::Editable, _) => &*self.name,
            _ => return false,
        };
        let scheme = ["git", "hg", "svn", "bzr", "ssh", "github:", "gitlab:", "bitbucket:", "gist:"];
        scheme.iter().any(|name| url.starts_with(name))
            || url.contains(".git")
            || (self.kind == PackageKind::Url && !url.contains("://"))
    }
}
