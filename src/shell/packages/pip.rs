//! pip, also as `python -m pip`; how Python packages are named.

use super::options::Syntax;
use super::{Manager, PackageKind, Tool, Verb, is_path, is_url, split_at_operator};
use crate::shell::Word;

/// Options of `pip install` and of pip itself that take a value.
const PIP_VALUES: &[&str] = &[
    "--requirement",
    "--constraint",
    "--editable",
    "--target",
    "--platform",
    "--python-version",
    "--implementation",
    "--abi",
    "--root",
    "--prefix",
    "--src",
    "--upgrade-strategy",
    "--config-settings",
    "--config-setting",
    "--global-option",
    "--install-option",
    "--no-binary",
    "--only-binary",
    "--progress-bar",
    "--root-user-action",
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--report",
    "--python",
    "--log",
    "--keyring-provider",
    "--proxy",
    "--retries",
    "--timeout",
    "--exists-action",
    "--trusted-host",
    "--cert",
    "--client-cert",
    "--cache-dir",
    "--use-feature",
    "--use-deprecated",
    "--dest",
    "--wheel-dir",
    "--group",
    "--build-constraint",
    "--uploaded-prior-to",
    "--pypi-url",
    "--build",
    "--format",
];

/// Options of `pip install` and of pip itself without a value.
const PIP_SWITCHES: &[&str] = &[
    "--no-deps",
    "--pre",
    "--dry-run",
    "--user",
    "--upgrade",
    "--force-reinstall",
    "--ignore-installed",
    "--ignore-requires-python",
    "--no-build-isolation",
    "--use-pep517",
    "--no-use-pep517",
    "--check-build-dependencies",
    "--break-system-packages",
    "--compile",
    "--no-compile",
    "--no-warn-script-location",
    "--no-warn-conflicts",
    "--prefer-binary",
    "--require-hashes",
    "--quiet",
    "--no-clean",
    "--no-index",
    "--help",
    "--debug",
    "--isolated",
    "--require-virtualenv",
    "--verbose",
    "--version",
    "--no-input",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--no-color",
    "--no-python-version-warning",
    "--process-dependency-links",
    "--egg",
];

pub(super) const REQUIREMENT_SOURCES: &[(&str, PackageKind)] = &[
    ("-r", PackageKind::Requirements),
    ("--requirement", PackageKind::Requirements),
    ("--requirements", PackageKind::Requirements),
    ("-c", PackageKind::Constraints),
    ("--constraint", PackageKind::Constraints),
    ("--constraints", PackageKind::Constraints),
    ("-e", PackageKind::Editable),
    ("--editable", PackageKind::Editable),
];

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Pip,
    // optparse: `--no-cache` is `--no-cache-dir`.
    syntax: Syntax { switches: PIP_SWITCHES, ..Syntax::new("rcetifCdbw", PIP_VALUES) },
    groups: &["cache"],
    verbs: &[
        ("install", Verb::Install),
        ("uninstall", Verb::Remove),
        ("download", Verb::Download),
        ("wheel", Verb::Download),
        ("cache purge", Verb::Clean),
        ("cache remove", Verb::Clean),
    ],
    bare: Verb::Other,
    sources: REQUIREMENT_SOURCES,
    package: python_package,
};

/// `name`, `name[extra]==1.0`, `name>=2,<3 ; marker`, `name @ url`, paths, archives, URLs.
pub(super) fn python_package(text: &str) -> (&str, Option<&str>, PackageKind) {
    let trimmed = text.split(';').next().unwrap_or(text).trim();
    if let Some((name, url)) = trimmed.split_once('@')
        && is_url(url.trim())
        && !is_url(name)
    {
        return (name.trim(), Some(url.trim()), PackageKind::Url);
    }
    if is_url(trimmed) {
        return (trimmed, None, PackageKind::Url);
    }
    let archive = [".whl", ".tar.gz", ".zip", ".tar.bz2"].iter().any(|end| trimmed.ends_with(end));
    if is_path(trimmed) || archive || (trimmed.contains('/') && !trimmed.contains('$')) {
        return (trimmed, None, PackageKind::Path);
    }
    let (name, version) = split_at_operator(trimmed, &['=', '<', '>', '~', '!']);
    (name, version, PackageKind::Name)
}

/// `pip`, `pip3`, `pip3.12`, `pip-3`.
pub(super) fn is_pip(program: &str) -> bool {
    program
        .strip_prefix("pip")
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')))
}

fn is_python(program: &str) -> bool {
    ["python", "pypy"].iter().any(|name| {
        program.strip_prefix(name).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    })
}

/// Index of the module word in `python [options] -m module`.
pub(super) fn python_module(program: &str, words: &[Word]) -> Option<usize> {
    if !is_python(program) {
        return None;
    }
    let mut at = 1;
    while let Some(text) = words.get(at).and_then(Word::literal) {
        let option = text.strip_prefix('-')?;
        at += 1;
        match option.as_bytes() {
            // `-Im pip`
            [.., b'm'] if !option.starts_with('-') => return (at < words.len()).then_some(at),
            [b'W' | b'X'] => at += 1,
            [b'c'] => return None,
            _ => {}
        }
    }
    None
}
