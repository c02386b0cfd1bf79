//! poetry.

use super::options::Syntax;
use super::pip::python_package;
use super::{Manager, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Poetry,
    syntax: Syntax::new(
        "CPEG",
        &[
            "--directory",
            "--project",
            "--extras",
            "--with",
            "--without",
            "--only",
            "--group",
            "--python",
            "--platform",
            "--source",
            "--optional-group",
            "--markers",
        ],
    ),
    groups: &["self", "cache"],
    verbs: &[
        ("install", Verb::Install),
        ("sync", Verb::Install),
        ("add", Verb::Install),
        ("update", Verb::Upgrade),
        ("remove", Verb::Remove),
        ("build", Verb::Build),
        ("self add", Verb::Install),
        ("self update", Verb::Upgrade),
        ("cache clear", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: &[],
    package: |text| {
        let (name, version, kind) = python_package(text);
        // `poetry add flask@^2`
        match name.split_once('@') {
            Some((package, at)) if version.is_none() && kind == PackageKind::Name => {
                (package, Some(at), kind)
            }
            _ => (name, version, kind),
        }
    },
};
