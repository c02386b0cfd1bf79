//! pacman of Arch.

use super::options::Syntax;
use super::{Manager, PackageCommand, PackageKind, Tool, Verb, is_path, is_url, split_at_operator};

pub(super) static TOOL: Tool = Tool {
    manager: Manager::Pacman,
    syntax: Syntax::new(
        "br",
        &[
            "--dbpath",
            "--root",
            "--arch",
            "--cachedir",
            "--color",
            "--config",
            "--gpgdir",
            "--hookdir",
            "--logfile",
            "--sysroot",
            "--ignore",
            "--ignoregroup",
            "--overwrite",
            "--assume-installed",
            "--print-format",
        ],
    ),
    groups: &[],
    verbs: &[],
    bare: Verb::Other,
    sources: &[],
    package,
};

/// `name`, `repo/name`, `name=1.2`, files, URLs.
fn package(text: &str) -> (&str, Option<&str>, PackageKind) {
    if is_url(text) {
        return (text, None, PackageKind::Url);
    }
    if is_path(text) || text.contains(".pkg.tar") {
        return (text, None, PackageKind::Path);
    }
    let (name, version) = split_at_operator(text, &['=', '<', '>']);
    (name, version, PackageKind::Name)
}

/// The operation is an option: `-S`, `-Sy`, `-Syu`, `-Scc`, `-R`, `-U`.
pub(super) fn refine(call: &mut PackageCommand<'_>) {
    // The first operand was taken for a verb; it is a package.
    let verb_word = call.verb_span;
    let operands: Vec<_> = call
        .command
        .words
        .iter()
        .filter(|w| w.span() == verb_word)
        .chain(call.operands.iter().copied())
        .collect();
    let operation = call.flags.iter().find(|f| {
        matches!(
            &*f.name,
            "-S" | "-R" | "-U" | "--sync" | "--remove" | "--upgrade" | "-Q" | "-T" | "-F" | "-D"
        )
    });
    let Some(operation) = operation else { return };
    let operands: Vec<_> = operands.into_iter().filter(|w| w.span() != call.program_span).collect();
    let (name, span) = (operation.name.clone(), operation.span);
    let refresh = call.has_flag(&["-y", "--refresh"]);
    let sync = matches!(&*name, "-S" | "--sync");
    call.verb = match &*name {
        "-R" | "--remove" => Verb::Remove,
        "-U" | "--upgrade" => Verb::Install,
        _ if !sync => Verb::Other,
        _ if call.has_flag(&["-c", "--clean"]) => Verb::Clean,
        _ if call.has_flag(&["-s", "-i", "-l", "-g", "-p", "--search", "--info", "--list", "--print"]) => {
            Verb::Other
        }
        _ if call.has_flag(&["-w", "--downloadonly"]) => Verb::Download,
        _ if operands.is_empty() && call.has_flag(&["-u", "--sysupgrade"]) => Verb::Upgrade,
        _ if operands.is_empty() && refresh => Verb::Update,
        _ => Verb::Install,
    };
    call.updates_index = sync && refresh;
    call.verb_span = span;
    call.verb_text = if name.starts_with("--") {
        name
    } else {
        call.flags
            .iter()
            .filter(|f| f.span == span)
            .fold("-".to_owned(), |mut text, f| {
                text.push_str(f.name.trim_start_matches('-'));
                text
            })
            .into()
    };
    call.packages = operands
        .iter()
        .filter(|_| matches!(call.verb, Verb::Install | Verb::Remove | Verb::Download))
        .map(|word| {
            let (package_name, version, kind) = if word.starts_with_expansion() {
                (word.text(), None, PackageKind::Variable)
            } else {
                package(word.text())
            };
            super::Package {
                name: package_name.into(),
                version: version.map(Into::into),
                kind,
                span: word.span(),
                variable: word.has_expansion(),
            }
        })
        .collect();
    call.operands = operands;
}
