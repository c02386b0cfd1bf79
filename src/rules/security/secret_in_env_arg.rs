//! `secret-in-env-arg`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword, Pair};
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::rules::secret_words::{is_secret_value, names_secret};
use crate::rules::{Check, Fix, Report, secrets};
use crate::text::{Edit, Span};

declare_rule! {
    /// A secret is passed through ENV or ARG and stays in the image.
    ///
    /// ## What it does
    ///
    /// Finds `ENV` and `ARG` whose name says that they hold a secret (`password`, `token`, `secret`,
    /// `api_key`, … as a whole part of the name), when a value is written into the file, or when it is a
    /// build argument.
    ///
    /// Placeholders, paths, variables, switches, and names that speak about a secret only (`…_FILE`,
    /// `…_TTL`, `…_URL`, `PUBLIC…`) are not meant. Arguments of builder stages give a hint: they are in the
    /// build's history and provenance, not in the image.
    ///
    /// ## Why is this bad?
    ///
    /// Everybody who can pull the image can read its environment and the arguments of its build with
    /// `docker image inspect` and `docker history`. A secret that was in an image once has to be replaced.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /srv
    /// ARG NPM_TOKEN
    /// COPY package.json package-lock.json .npmrc ./
    /// RUN npm ci --omit=dev
    /// USER node
    /// CMD ["node", "app.js"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /srv
    /// COPY package.json package-lock.json .npmrc ./
    /// RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci --omit=dev
    /// USER node
    /// CMD ["node", "app.js"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: whoever builds the image has to pass the secret with `--secret` (in the build action:
    /// `secrets`), and the build needs BuildKit with Dockerfile syntax 1.10 or later.
    ///
    /// ## References
    ///
    /// - [Docker: Build secrets](https://docs.docker.com/build/building/secrets/)
    /// - [Docker: Build check SecretsUsedInArgOrEnv](https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/)
    /// - [Python Speed: Docker build secrets, the sneaky way](https://pythonspeed.com/articles/docker-build-secrets/)
    pub(super) RULE = "secret-in-env-arg" {
        chapter: Security, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "DL3064", "SecretsUsedInArgOrEnv", "buildkit/SecretsUsedInArgOrEnv",
            "tally/ruby/secrets-in-arg-or-env", "tally/ruby/prefer-secret-mounts-for-build-credentials",
            "DS-0031", "Secrets Stored In Dockerfile", "DF013", "DF014",
        ],
        check: Check::File(check),
    }
}

fn check(file: &FileFacts<'_>, report: &mut Report) {
    // An argument before the first FROM is in no image, but its default is in the repository.
    for facts in &file.globals {
        for pair in secrets(facts.instruction) {
            if value_of(pair).is_some_and(|value| is_secret_value(&value)) {
                let key = shown(pair);
                report
                    .add(pair.key.span, format!("The value of `{key}` is written into the Dockerfile: everybody who can read the repository has it."))
                    .level(Level::Error)
                    .about(format!("ARG {key}"))
                    .note("Replace the secret, and pass the new one as a build secret.");
            }
        }
    }
    for stage in &file.stages {
        for facts in &stage.instructions {
            for pair in secrets(facts.instruction) {
                match facts.instruction.keyword {
                    Keyword::Env => env(pair, report),
                    _ => arg(file, stage, facts, pair, report),
                }
            }
        }
    }
}

/// Pairs of ENV and ARG whose key names a secret.
fn secrets(instruction: &Instruction) -> impl Iterator<Item = &Pair> {
    let wanted = matches!(instruction.keyword, Keyword::Env | Keyword::Arg);
    // `secret-literal` speaks about tokens that can be told by their form.
    let is_literal =
        |pair: &&Pair| pair.value.as_ref().is_some_and(|value| !secrets::find(&value.text).is_empty());
    instruction.pairs.iter().filter(move |pair| wanted && names_secret(&pair.key.text) && !is_literal(pair))
}

fn shown(pair: &Pair) -> String {
    pair.key.text.replace('`', "")
}

fn env(pair: &Pair, report: &mut Report) {
    if !value_of(pair).is_some_and(|value| is_secret_value(&value)) {
        return;
    }
    let key = shown(pair);
    report
        .add(
            pair.key.span,
            format!("The value of `{key}` is written into the image: everybody who can pull it can read it."),
        )
        .level(Level::Error)
        .about(format!("ENV {key}"))
        .note(
            "Replace the secret, take the line out, and give the value when the container starts (`docker run \
             --env-file`, a secret of Compose or Kubernetes).",
        );
}

fn arg(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    pair: &Pair,
    report: &mut Report,
) {
    let value = value_of(pair);
    // A placeholder says that nothing secret is ever passed here.
    if value.as_ref().is_some_and(|value| !is_secret_value(value)) {
        return;
    }
    let key = shown(pair);
    let (level, message) = match (stage.shipped, value.is_some()) {
        (true, true) => (
            Level::Error,
            format!("The value of `{key}` is written into the Dockerfile, and the image's history shows it."),
        ),
        (true, false) => (
            Level::Warning,
            format!(
                "`{key}` is a build argument: its value stays in the image's history, where `docker history` shows it."
            ),
        ),
        (false, _) => (
            Level::Info,
            format!(
                "`{key}` is a build argument: its value stays in the history and the provenance of the build."
            ),
        ),
    };
    let finding = report.add(pair.key.span, message).level(level).about(format!("ARG {key}"));
    let id = pair.key.text.to_ascii_lowercase();
    match (value.is_none()).then(|| mount(file, stage, facts, pair, &id)).flatten() {
        Some(fix) => {
            finding
                .note(format!(
                    "Build with `docker build --secret id={id},env={key}`, in the build action with `secrets`; a \
                     build argument of that name has no effect any more.",
                    id = id.replace('`', "")
                ))
                .fix(fix);
        }
        None => {
            finding.note(format!(
                "Mount it where it is needed: `RUN --mount=type=secret,id={id},env={key} …`, and pass it with \
                 `--secret` (in the build action with `secrets`).",
                id = id.replace('`', "")
            ));
        }
    }
}

/// Takes the argument out and mounts the secret where it is used, when that is one RUN.
fn mount(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    pair: &Pair,
    id: &str,
) -> Option<Fix> {
    let name = pair.key.text.as_str();
    let valid = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !valid(name)
        || !mounts_to_variables(file)
        || file.defaults(stage).is_some_and(crate::image::Defaults::is_windows)
    {
        return None;
    }
    // Arguments are inherited by stages that are built on this one.
    if stage.built_on || stage.of(Keyword::Arg).filter(|other| declares(other, name)).count() > 1 {
        return None;
    }
    let later: Vec<_> = stage.instructions.iter().filter(|other| other.index > facts.index).collect();
    let source = &file.dockerfile.source;
    let users: Vec<_> =
        later.iter().filter(|other| uses(source.slice(other.instruction.span), name)).collect();
    let run = match users.as_slice() {
        [only] if only.is(Keyword::Run) => only,
        // Used without being named: by a configuration file that the only RUN reads.
        [] => {
            let mut runs = later.iter().filter(|other| other.is(Keyword::Run));
            let only = runs.next()?;
            if runs.next().is_some() {
                return None;
            }
            only
        }
        _ => return None,
    };
    if run.instruction.flags.iter().any(|flag| flag.text.contains("type=secret")) {
        return None;
    }
    let insert =
        Edit::insert(run.instruction.name.span.end, format!(" --mount=type=secret,id={id},env={name}"));
    let removal = match facts.instruction.pairs.as_slice() {
        [_] => facts.instruction.span,
        pairs => {
            let at = pairs.iter().position(|other| other.span == pair.span)?;
            let span = match (at.checked_sub(1).and_then(|before| pairs.get(before)), pairs.get(at + 1)) {
                (Some(before), _) => Span::new(before.span.end, pair.span.end),
                (None, Some(after)) => Span::new(pair.span.start, after.span.start),
                (None, None) => return None,
            };
            // A pair on a line of its own has a continuation and perhaps a comment around it.
            if source.slice(span).contains(['\n', '#']) {
                return None;
            }
            span
        }
    };
    Some(Fix::confirm(format!("Mount `{id}` as a build secret"), vec![Edit::delete(removal), insert]))
}

fn declares(facts: &InstructionFacts<'_>, name: &str) -> bool {
    facts.instruction.pairs.iter().any(|pair| pair.key.text == name)
}

/// Whether a text names the variable at all.
fn uses(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(word) && !text[at + name.len()..].starts_with(word))
}

/// Whether the frontend knows `--mount=type=secret,env=` (Dockerfile syntax 1.10).
fn mounts_to_variables(file: &FileFacts<'_>) -> bool {
    let Some(syntax) = file.dockerfile.directives.iter().find(|d| d.name == "syntax") else { return true };
    let Some(reference) = ImageReferenceTag::of(&syntax.value.text) else { return false };
    match (reference.major, reference.minor) {
        (1, Some(minor)) => minor >= 10,
        (1, None) => true,
        _ => false,
    }
}

/// The version in `docker/dockerfile:1.10-labs`.
struct ImageReferenceTag {
    major: u32,
    minor: Option<u32>,
}

impl ImageReferenceTag {
    fn of(text: &str) -> Option<Self> {
        let reference = crate::dockerfile::ImageReference::parse(text)?;
        let tag = reference.tag()?.split('-').next()?;
        let mut numbers = tag.split('.').map(str::parse::<u32>);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next().transpose().ok()?;
        Some(Self { major, minor })
    }
}

/// The value as the image gets it, without the quotes around it; `None` for `ARG NAME`.
fn value_of(pair: &Pair) -> Option<String> {
    let text = pair.value.as_ref()?.text.trim();
    let inner = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    Some(inner.unwrap_or(text).to_owned())
}
