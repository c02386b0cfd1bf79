//! Where in the build context the file that a container starts should have come from.

use super::{FileFacts, StageFacts, StartPath, Workdir, is_absolute, join};
use crate::dockerfile::Keyword;
use crate::repository::{Kind, Lookup, normalize};
use crate::shell::{Command, Redirect, Script};
use camino::{Utf8Path, Utf8PathBuf};

/// Commands of RUN that make no script.
const HARMLESS: [&str; 40] = [
    "[",
    "addgroup",
    "adduser",
    "apk",
    "apt",
    "apt-get",
    "apt-mark",
    "bundle",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "composer",
    "corepack",
    "dnf",
    "export",
    "gem",
    "groupadd",
    "ldconfig",
    "locale-gen",
    "microdnf",
    "mkdir",
    "npm",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "python",
    "python3",
    "rm",
    "set",
    "test",
    "true",
    "update-ca-certificates",
    "useradd",
    "usermod",
    "uv",
    "yarn",
    "yum",
    "zypper",
];

/// The path in the context that a broad COPY should bring the script from, when nothing else of the stage can bring
/// it: no other stage, no archive, no RUN that may write it, no volume.
pub fn expected_source(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    start: &StartPath,
) -> Option<Utf8PathBuf> {
    let mut found = None;
    for (_, facts) in file.history(stage) {
        let node = facts.instruction;
        match node.keyword {
            Keyword::Run => {
                let harmless = |command: &Command| {
                    let program = command.name().is_some_and(|name| HARMLESS.contains(&name));
                    let builds = command.args().iter().any(|word| word.text().contains("build"));
                    let writes = command.redirects.iter().any(Redirect::writes_file);
                    program
                        && !writes
                        && !(builds && command.name() != Some("apk") && command.name() != Some("apt-get"))
                };
                if facts.body.is_none()
                    || !node.heredocs.is_empty()
                    || !facts.scripts().flat_map(Script::commands).all(harmless)
                {
                    return None;
                }
            }
            Keyword::Copy | Keyword::Add => {
                let (destination, sources) = node.args.split_last()?;
                let destination = facts.state.expand(&destination.text).value?;
                let root = match &facts.state.workdir {
                    Workdir::Set(path) => path.as_str(),
                    _ if is_absolute(&destination) => "/",
                    Workdir::Base => file.defaults(stage)?.workdir_path()?,
                    Workdir::Unknown => return None,
                };
                let folder = join(root, &destination);
                let below = if folder == "/" {
                    start.target.strip_prefix('/')
                } else {
                    start.target.strip_prefix(folder.as_str()).and_then(|rest| rest.strip_prefix('/'))
                };
                let Some(below) = below else {
                    if start.target == folder {
                        return None;
                    }
                    continue;
                };
                let [source] = sources else { return None };
                let source = facts.state.expand(&source.text).value?;
                if node.flag("from").is_some()
                    || !node.heredocs.is_empty()
                    || node.keyword == Keyword::Add
                    || source.contains(['*', '?', '[', ':'])
                {
                    return None;
                }
                let source = normalize(Utf8Path::new(source.trim_start_matches('/')))?;
                let at = file.context.join(&source);
                match file.tree.entry(&at) {
                    Lookup::Found(entry) if entry.kind == Kind::Directory => {}
                    // A single file that lies beside it, or is the script itself.
                    Lookup::Found(_) if source.file_name() != Some(below) => continue,
                    _ => return None,
                }
                found = Some(source.join(below));
            }
            Keyword::Volume => return None,
            _ => {}
        }
    }
    found
}
