//! pipenv.

use super::options::Syntax;
use super::pip::python_package;
use super::{Manager, PackageKind, Tool, Verb};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Pipenv,
    syntax: Syntax::new(
        "reic",
        &[
            "--requirements",
            "--editable",
            "--index",
            "--python",
            "--pypi-mirror",
            "--extra-pip-args",
            "--categories",
            "--extras",
            "--config-settings",
            "--resolver",
        ],
    ),
    groups: &[],
    verbs: &[
        ("install", Verb::Install),
        ("sync", Verb::Install),
        ("update", Verb::Upgrade),
        ("upgrade", Verb::Upgrade),
        ("uninstall", Verb::Remove),
        ("clean", Verb::Remove),
    ],
    bare: Verb::Other,
    sources: &[
        ("-r", PackageKind::Requirements),
        ("--requirements", PackageKind::Requirements),
        ("-e", PackageKind::Editable),
        ("--editable", PackageKind::Editable),
    ],
    package: python_package,
};
