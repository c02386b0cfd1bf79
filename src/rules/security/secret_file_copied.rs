//! `secret-file-copied`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Keyword, Word};
use crate::facts::{ContextRoot, FileFacts, InContext, InstructionFacts, StageFacts};
use crate::repository::{Kind, normalize};
use crate::rules::credentials::{Named, created_by, holds_credentials, in_context, named, removed_later};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;
use camino::Utf8Path;

declare_rule! {
    /// A file with credentials is copied into the image.
    ///
    /// ## What it does
    ///
    /// Finds `COPY` and `ADD` of files that hold credentials: `.env`, private keys, `.npmrc`, `.netrc`, `.pypirc` and
    /// `pip.conf` with a token, `.aws`, `.ssh`, `.docker/config.json`, …; and `COPY . .` when such a file is in the
    /// repository and the ignore file lets it through.
    ///
    /// The text of the file is read where the repository has it: settings without a token, certificates and
    /// `${VARIABLES}` are not meant, nor `.env.example` and its like. Builder stages give a warning.
    ///
    /// ## Why is this bad?
    ///
    /// Everybody who can pull the image can read the file, also from a layer that a later one covers.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /srv
    /// COPY app.js ./
    /// COPY .env ./
    /// USER node
    /// CMD ["node", "app.js"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /srv
    /// COPY app.js ./
    /// USER node
    /// CMD ["node", "app.js"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: what reads the file has to get it another way, at the build with a secret mount, in the
    /// container with `--env-file` or a secret of Compose or Kubernetes.
    ///
    /// ## References
    ///
    /// - [Docker: Build secrets](https://docs.docker.com/build/building/secrets/)
    /// - [Docker: .dockerignore files](https://docs.docker.com/build/concepts/context/#dockerignore-files)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    pub(super) RULE = "secret-file-copied" {
        chapter: Security, level: Error, default: On, scope: Repository, fix: Confirm,
        aliases: [],
        check: Check::Instruction(check),
    }
}

/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 500;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    if !matches!(node.keyword, Keyword::Copy | Keyword::Add) || node.flag("from").is_some() {
        return;
    }
    let level = if stage.shipped { Level::Error } else { Level::Warning };
    for created in created_by(facts) {
        let Some(source) = &created.source else { continue };
        // `COPY production_env /srv/.env`
        let by_name = if named(source).is_some() { source } else { &created.path };
        // `secret-removed-later` speaks about what is removed again.
        if stage.shipped && removed_later(file, stage, facts, &created).is_some() {
            continue;
        }
        let holds = in_context(file, source, by_name).unwrap_or_else(|| {
            let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or("");
            matches!(name, ".ssh" | ".aws")
                || (!is_folder(file, source) && named(by_name) == Some(Named::Always))
        });
        if !holds || is_ignored(file, source) {
            continue;
        }
        let name = created.name.replace('`', "");
        let finding = report
            .add(
                created.span,
                format!(
                    "`{name}` gets into the image: everybody who can pull it can read the credentials in it."
                ),
            )
            .level(level)
            .about(format!("{name} copied"))
            .note(advice(&name));
        if node.args.len() == 2 {
            finding.fix(Fix::confirm(format!("Do not copy `{name}`"), vec![Edit::delete(node.span)]));
        }
    }
    let Some((_, sources)) = node.args.split_last() else { return };
    for word in sources {
        folder(file, facts, word, level, report);
    }
}

/// A folder of the context with a file of credentials in it.
fn folder(
    file: &FileFacts<'_>,
    facts: &InstructionFacts<'_>,
    word: &Word,
    level: Level,
    report: &mut Report,
) {
    let Some(source) = facts.state.expand(&word.text).value else { return };
    let Some(root) = likely_root(file) else { return };
    let Some(path) = normalize(Utf8Path::new(source.trim_start_matches('/'))) else { return };
    if source.contains(['*', '?', '[']) || source.contains("://") || named(&source).is_some() {
        return;
    }
    let Some(names) = file.tree.list(&root.dir.join(&path)).found() else { return };
    for (name, entry) in names.iter().take(MAX_ENTRIES) {
        if !matches!(entry.kind, Kind::File | Kind::Executable) || named(name).is_none() {
            continue;
        }
        let inside = path.join(name);
        if root.look_up(file, inside.as_str()) != InContext::There {
            continue;
        }
        let Some(text) = file.tree.read(&root.dir.join(&inside)).found() else { continue };
        if !holds_credentials(name, &text) {
            continue;
        }
        let shown = inside.as_str().replace('`', "");
        report
            .add(
                word.span,
                format!("`{shown}` gets into the image with this folder: everybody who can pull it can read the credentials in it."),
            )
            .level(level)
            .about(format!("{shown} in a folder"))
            .note(format!("Keep it out with a line `{shown}` in the `.dockerignore` of the context, and take it out of the repository: its history keeps it."))
            .note(advice(name));
    }
}

fn advice(name: &str) -> String {
    let id = name.trim_start_matches('.').replace('`', "");
    format!(
        "A build gets it with `RUN --mount=type=secret,id={id},target=… …`, a container when it starts (`--env-file`, a \
         secret of Compose or Kubernetes). What was in a pushed image has to be replaced."
    )
}

/// The context by all signs.
fn likely_root<'f>(file: &'f FileFacts<'_>) -> Option<&'f ContextRoot> {
    file.context_roots().first().filter(|root| root.likely)
}

fn is_folder(file: &FileFacts<'_>, source: &str) -> bool {
    let path = normalize(Utf8Path::new(source.trim_start_matches('/')));
    path.and_then(|path| file.tree.entry(&file.context.join(path)).found())
        .is_some_and(|entry| entry.kind == Kind::Directory)
}

fn is_ignored(file: &FileFacts<'_>, source: &str) -> bool {
    let path = normalize(Utf8Path::new(source.trim_start_matches('/')));
    path.is_some_and(|path| file.is_ignored(&file.context.join(path)))
}
