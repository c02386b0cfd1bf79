//! `secret-removed-later`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, MountKind, StageFacts};
use crate::rules::credentials::{Named, created_by, in_context, named, removal, removed_later};
use crate::rules::{Check, Report};

declare_rule! {
    /// Credentials are removed in a later layer, so they stay in the image.
    ///
    /// ## What it does
    ///
    /// Finds files of credentials (`.npmrc`, `.netrc`, `id_rsa`, `.ssh`, `.env`, `.aws/credentials`, …) that one
    /// instruction copies or writes and a later one removes, and settings such as `npm config set //…:_authToken` and
    /// `git config url.https://…@….insteadOf` that a later `RUN` takes back.
    ///
    /// What the same `RUN` removes again is not meant, nor builder stages, whose files are not in the image.
    ///
    /// ## Why is this bad?
    ///
    /// Each instruction adds a layer, and `rm` in a later one only hides the file. Whoever pulls the image can unpack
    /// the layer below and read it, and so can whoever gets at the build cache.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /srv
    /// COPY .netrc /root/.netrc
    /// COPY package.json package-lock.json ./
    /// RUN npm ci --omit=dev
    /// RUN rm /root/.netrc
    /// USER node
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /srv
    /// COPY package.json package-lock.json ./
    /// RUN --mount=type=secret,id=netrc,target=/root/.netrc npm ci --omit=dev
    /// USER node
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: whoever builds the image has to pass the secret with `--secret` then.
    ///
    /// ## References
    ///
    /// - [Docker: Build secrets](https://docs.docker.com/build/building/secrets/)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    pub(super) RULE = "secret-removed-later" {
        chapter: Security, level: Error, default: On, scope: Stage, fix: Text,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped {
        return;
    }
    for facts in &stage.instructions {
        for created in created_by(facts) {
            // In a mount, or gone before the layer is made.
            let mounted = facts.mounts().iter().any(|mount| {
                mount.leaves_the_layer()
                    || mount.kind == MountKind::Secret
                        && mount.target.as_deref().is_some_and(|target| target.ends_with(&created.name))
            });
            if mounted && facts.is(Keyword::Run) || removal(facts, &created.path).is_some() {
                continue;
            }
            let Some(gone) = removed_later(file, stage, facts, &created) else { continue };
            // A settings file without a token, which is in the repository to be read.
            if let Some(source) = &created.source {
                let harmless = match in_context(file, source, source) {
                    Some(holds) => !holds,
                    // That it is taken away again says what is in it; not so for a certificate.
                    None => is_certificate(source),
                };
                if harmless {
                    continue;
                }
            }
            let name = created.name.replace('`', "");
            report
                .add(
                    created.span,
                    format!("`{name}` stays in this layer: removing it later only hides it, and whoever pulls the image can read it."),
                )
                .about(format!("{name} removed later"))
                .related(gone, "It is removed here, in another layer.")
                .note(advice(&created.path));
        }
    }
}

/// A file that is as well a certificate or a public key.
fn is_certificate(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    named(path) == Some(Named::Perhaps) && matches!(name.rsplit_once('.'), Some((_, "pem" | "key")))
}

fn advice(path: &str) -> String {
    if path.contains(".ssh") || path.contains("/id_") {
        return "Mount the agent where the key is used: `RUN --mount=type=ssh git clone git@…`, and build with `docker \
                build --ssh default`. A key that was in a pushed image has to be replaced."
            .to_owned();
    }
    let path = path.replace('`', "").replacen('~', "/root", 1);
    let name = path.rsplit('/').next().unwrap_or("").trim_start_matches('.').to_owned();
    format!(
        "Mount it where it is used: `RUN --mount=type=secret,id={name},target={path} …`, and build with `docker build \
         --secret id={name},src=…`. A secret that was in a pushed image has to be replaced."
    )
}
