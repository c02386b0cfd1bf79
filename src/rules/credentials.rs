//! Files that hold credentials: their names, what is in them, and how they get into an image.

use super::secret_words::{is_secret_value, names_secret};
use super::secrets;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Workdir, is_absolute, join};
use crate::shell::packages::{at_home, removed_paths, removes};
use crate::shell::{Command, Word};
use crate::text::Span;

/// What the name of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It is there for credentials.
    Always,
    /// It holds some or none: its text decides.
    Perhaps,
}

/// What a path says, which may be a folder (`.ssh`).
pub(super) fn named(path: &str) -> Option<Named> {
    let trimmed = path.trim_end_matches('/').as_bytes();
    let start = memchr::memrchr(b'/', trimmed).map_or(0, |at| at + 1);
    let last = trimmed.get(start..).unwrap_or_default();
    // Nearly all names are sorted out by a byte or two.
    let begins = last
        .first()
        .is_some_and(|byte| matches!(byte, b'.' | b'_' | b'i' | b'I' | b'p' | b'P' | b'c' | b'C'));
    let ends = [&b"key"[..], b"pem", b"kdbx"].iter().any(|end| {
        last.len() > end.len()
            && last.get(last.len() - end.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    });
    if !begins && !ends {
        return None;
    }
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or("");
    let parent = parts.next().unwrap_or("");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let always = matches!(
        name,
        "id_rsa"
            | "id_dsa"
            | "id_ecdsa"
            | "id_ed25519"
            | ".git-credentials"
            | ".netrc"
            | "_netrc"
            | ".aws"
            | ".ssh"
            | "privkey.pem"
            | "private.pem"
            | "private.key"
    ) || (name == "credentials" && parent == ".aws")
        || (name == "config.json" && parent == ".docker")
        || extension == "kdbx";
    if always {
        return Some(Named::Always);
    }
    let env = name == ".env" || name.strip_prefix(".env.").is_some_and(|rest| !is_sample_environment(rest));
    if env {
        return Some(Named::Always);
    }
    let perhaps = matches!(name, ".npmrc" | ".yarnrc.yml" | ".pypirc" | "pip.conf" | "credentials.json")
        || matches!(extension, "pem" | "key");
    perhaps.then_some(Named::Perhaps)
}

/// `.env.example` and its like, and those of tests.
fn is_sample_environment(rest: &str) -> bool {
    [
        "example", "sample", "template", "dist", "test", "tests", "testing", "tmpl", "defaults", "ci",
        "schema", "vault", "tpl",
    ]
    .iter()
    .any(|word| rest.split(['.', '-', '_']).any(|part| part == *word))
}

/// Whether the text of a file of such a name holds credentials.
pub(super) fn holds_credentials(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    if !secrets::find(text).is_empty() {
        return true;
    }
    let values = |separator: char| {
        text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])).filter_map(move |line| {
            let (key, value) = line.trim_start_matches("export ").split_once(separator)?;
            Some((key.trim(), value.trim().trim_matches(['"', '\''])))
        })
    };
    let literal = |value: &str| value.len() >= 4 && !secrets::is_sample(value) && is_secret_value(value);
    match name.as_str() {
        ".npmrc" => values('=').any(|(key, value)| {
            let ends = ["_authToken", "_auth", "_password", "authToken"].iter().any(|end| key.ends_with(end));
            ends && literal(value)
        }),
        ".yarnrc.yml" => values(':').any(|(key, value)| key.starts_with("npmAuth") && literal(value)),
        ".pypirc" => values('=').any(|(key, value)| key == "password" && literal(value)),
        ".netrc" | "_netrc" => {
            let mut words = text.split_whitespace().skip_while(|word| *word != "password").skip(1);
            words.next().is_some_and(literal)
        }
        "credentials.json" => ["private_key", "client_secret", "refresh_token"]
            .iter()
            .any(|key| text.contains(&format!("\"{key}\""))),
        ".git-credentials" => text.contains('@'),
        "config.json" => text.contains("\"auth\"") || text.contains("identitytoken"),
        "credentials" => text.contains("aws_secret_access_key"),
        "pip.conf" => false,
        _ if name.starts_with(".env") => values('=').any(|(key, value)| names_secret(key) && literal(value)),
        // A key in a form that is not read as text is none that could be told.
        _ => text.contains("PRIVATE KEY-----"),
    }
}

/// A file of credentials that an instruction puts into the image.
pub(super) struct Created {
    /// The source of COPY, the target of a redirect, the key of a setting.
    pub(super) span: Span,
    /// The path in the image, `~` for a home directory; relative where the working directory is not known.
    pub(super) path: String,
    /// What to call it.
    pub(super) name: String,
    /// The path in the build context, where it was copied from there.
    pub(super) source: Option<String>,
}

/// The files of credentials that an instruction makes, by their names.
pub(super) fn created_by(facts: &InstructionFacts<'_>) -> Vec<Created> {
    match facts.instruction.keyword {
        Keyword::Copy | Keyword::Add => copied(facts),
        Keyword::Run => facts.steps().flat_map(|step| written(facts, step.command)).collect(),
        _ => Vec::new(),
    }
}

fn copied(facts: &InstructionFacts<'_>) -> Vec<Created> {
    let node = facts.instruction;
    let Some((target, sources)) = node.args.split_last() else { return Vec::new() };
    if node.flag("from").is_some() {
        return Vec::new();
    }
    let Some(target) = facts.state.expand(&target.text).value else { return Vec::new() };
    let mut out = Vec::new();
    for word in sources {
        let Some(source) = facts.state.expand(&word.text).value else { continue };
        let base = source.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned();
        let folder = target.ends_with('/') || target.ends_with('.') || sources.len() > 1;
        // `COPY .ssh /root/.ssh` copies what is in it.
        let path = if folder { format!("{}/{base}", target.trim_end_matches('/')) } else { target.clone() };
        // `COPY .env.example .env`
        if is_sample_environment(&base) {
            continue;
        }
        if source.contains("://")
            || source.contains(['*', '?', '['])
            || (named(&source).is_none() && named(&path).is_none())
        {
            continue;
        }
        out.push(Created { span: word.span, path: absolute(facts, &path), name: base, source: Some(source) });
    }
    out
}

/// Where a redirect, `tee` or a setting of a tool writes credentials.
fn written(facts: &InstructionFacts<'_>, command: &Command) -> Vec<Created> {
    let mut out = Vec::new();
    let mut add = |word: &Word, path: &str| {
        // A certificate or plain settings may well be written and removed.
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        let settings = path.rsplit('/').next().is_some_and(|name| name.starts_with(".env"));
        if named(path).is_some() && !matches!(extension, "pem" | "key") && (!settings || names_one(command)) {
            let name = path.rsplit('/').next().unwrap_or("").to_owned();
            out.push(Created { span: word.span(), path: absolute(facts, path), name, source: None });
        }
    };
    let target = command.output_file().and_then(|redirect| redirect.target.as_ref());
    // `touch`, and what is empty or fetched, tells nothing.
    if let Some(word) = target
        && matches!(command.name(), Some("echo" | "printf" | "cat"))
    {
        add(word, word.text());
    }
    if command.name() == Some("tee") {
        for word in command.args().iter().filter(|word| !word.text().starts_with('-')) {
            add(word, word.text());
        }
    }
    let args = command.args();
    let setting = match command.name() {
        Some("npm" | "pnpm") => {
            let key = args.iter().find(|word| {
                let text = word.text();
                text.starts_with("//")
                    && ["_authToken", "_password", "_auth"].iter().any(|part| text.contains(part))
            });
            key.filter(|_| args.iter().any(|word| word.text() == "set"))
                .map(|word| (word, "~/.npmrc", ".npmrc"))
        }
        Some("git") => {
            let key = args.iter().find(|word| {
                let text = word.text();
                text.starts_with("url.") && text.contains('@') && text.to_ascii_lowercase().ends_with(".insteadof")
                    // `url.git@github.com:.insteadOf` names the user of SSH.
                    && text.contains("://") && !text.contains("://git@")
            });
            let global = args.iter().any(|word| matches!(word.text(), "--global" | "--system"));
            key.filter(|_| global && args.iter().any(|word| word.text() == "config"))
                .map(|word| (word, "~/.gitconfig", ".gitconfig"))
        }
        _ => None,
    };
    if let Some((word, path, name)) = setting {
        out.push(Created { span: word.span(), path: path.to_owned(), name: name.to_owned(), source: None });
    }
    out
}

/// Whether a command that writes variables writes one whose name means a secret.
fn names_one(command: &Command) -> bool {
    let keys = |word: &Word| {
        word.text()
            .split(['\n', ' '])
            .any(|pair| pair.split_once('=').is_some_and(|(key, _)| names_secret(key)))
    };
    command.args().iter().any(keys)
}

/// A path of the image as [`removed_paths`] gives those that are removed.
fn absolute(facts: &InstructionFacts<'_>, path: &str) -> String {
    let home = at_home(path);
    if home.starts_with('~') || is_absolute(path) {
        return home;
    }
    match &facts.state.workdir {
        Workdir::Set(dir) => at_home(&join(dir, path)),
        Workdir::Base | Workdir::Unknown => path.trim_start_matches("./").to_owned(),
    }
}

/// Where a path is removed in an instruction.
pub(super) fn removal(facts: &InstructionFacts<'_>, path: &str) -> Option<Span> {
    facts
        .steps()
        .find(|step| takes_away(facts, step.command, path))
        .map(|step| step.command.name_word().map_or(step.command.span(), Word::span))
}

fn takes_away(facts: &InstructionFacts<'_>, command: &Command, path: &str) -> bool {
    let removed = removed_paths(command).into_iter().any(|gone| {
        let own = if gone.starts_with(['~', '/', '$']) { gone } else { absolute(facts, &gone) };
        removes(&own, path)
    });
    let texts = || command.args().iter().map(Word::text);
    let unset = match command.name() {
        Some("npm" | "pnpm") if path == "~/.npmrc" => {
            texts().any(|text| matches!(text, "delete" | "rm")) && texts().any(|text| text.contains("//"))
        }
        Some("git") if path == "~/.gitconfig" => {
            texts().any(|text| matches!(text, "--unset" | "--unset-all" | "--remove-section" | "unset"))
        }
        _ => false,
    };
    removed || unset
}

/// The later instruction that removes what an instruction made, with the place: in the stage or in one built on it.
pub(super) fn removed_later(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    created: &Created,
) -> Option<Span> {
    file.with_descendants(stage)
        .into_iter()
        .flat_map(|stage| &stage.instructions)
        .filter(|later| later.index > facts.index && later.is(Keyword::Run))
        .find_map(|later| removal(later, &created.path))
}

/// Whether the text of the source in the build context, read as a file of that name, holds credentials; `None` where
/// it is not known.
pub(super) fn in_context(file: &FileFacts<'_>, source: &str, name: &str) -> Option<bool> {
    let clean = crate::repository::normalize(camino::Utf8Path::new(source.trim_start_matches('/')))?;
    let text = file.tree.read(&file.context.join(clean)).found()?;
    Some(holds_credentials(name, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (path, expected) in [
            (".env", Some(Named::Always)),
            ("app/.env.production", Some(Named::Always)),
            ("keys/id_rsa", Some(Named::Always)),
            ("/root/.ssh/", Some(Named::Always)),
            ("/root/.aws/credentials", Some(Named::Always)),
            (".docker/config.json", Some(Named::Always)),
            ("x.kdbx", Some(Named::Always)),
            (".npmrc", Some(Named::Perhaps)),
            ("tls/server.key", Some(Named::Perhaps)),
            (".env.example", None),
            (".env.test.local", None),
            ("env", None),
            ("id_rsa.pub", None),
            ("config.json", None),
            ("credentials", None),
            ("environment.yml", None),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn texts_of_files() {
        for (path, text, holds) in [
            (".env", "PORT=80\nDB_PASSWORD=h8Fk2LqWz\n", true),
            (".env", "PORT=80\nDB_PASSWORD=\nAPI_KEY=${API_KEY}\nSECRET_KEY=changeme\n", false),
            (".npmrc", "//registry.npmjs.org/:_authToken=h8Fk2LqWz9\n", true),
            (".npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nsave-exact=true\n", false),
            (".netrc", "machine h login me password h8Fk2LqWz\n", true),
            (".pypirc", "[pypi]\nusername = __token__\npassword = h8Fk2LqWz\n", true),
            ("pip.conf", "[global]\nindex-url = https://me:h8Fk2LqWz@pypi.corp.net/simple\n", true),
            ("pip.conf", "[global]\nindex-url = https://pypi.corp.net/simple\n", false),
            ("ca.pem", "-----BEGIN CERTIFICATE-----\nMII\n", false),
            ("server.key", "-----BEGIN PRIVATE KEY-----\nMII\n", true),
            ("credentials.json", "{\"type\": \"service_account\", \"private_key\": \"x\"}", true),
            (".yarnrc.yml", "nodeLinker: node-modules\n", false),
        ] {
            assert_eq!(holds_credentials(path, text), holds, "{path} {text}");
        }
    }
}
