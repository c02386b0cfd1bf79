//! `undefined-variable`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::expand::{Use, expand, expand_body};
use crate::dockerfile::{ExpandedText, Keyword, Word};
use crate::facts::{Base, FileFacts, InstructionFacts, StageFacts, is_platform_arg, is_proxy_arg};
use crate::image::{Environment, Image, environment, is_likely_set};
use crate::rules::{Check, Fix, Refine, Report};
use crate::text::{Edit, Source, Span};
use std::ops::Range;

declare_rule! {
    /// A variable is used that the stage never declares.
    ///
    /// ## What it does
    ///
    /// Finds `$NAME` in `FROM` for which no `ARG` stands before the first `FROM`, and `$NAME` in the other
    /// instructions that Docker expands (`COPY`, `ADD`, `ENV`, `ARG`, `LABEL`, `EXPOSE`, `USER`, `WORKDIR`,
    /// `VOLUME`, `STOPSIGNAL`) that no `ARG` or `ENV` of the stage, or of the stages it is built on, declares
    /// before.
    ///
    /// What the base image is known to set is left alone. Where that is not known, only what is most likely a
    /// mistake is reported: a global `ARG` that the stage does not repeat, and a name that differs from a declared
    /// one by a letter or two. `${NAME:-default}` and the like are meant so. The words of `RUN`, `CMD` and
    /// `ENTRYPOINT` belong to the shell.
    ///
    /// ## Why is this bad?
    ///
    /// Docker puts nothing in its place and goes on: files land in the wrong folder, versions are empty, the
    /// user is missing.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// ARG VERSION=1.4.2
    /// FROM debian:13-slim
    /// LABEL org.opencontainers.image.version="$VERSION"
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// ARG VERSION=1.4.2
    /// FROM debian:13-slim
    /// ARG VERSION
    /// LABEL org.opencontainers.image.version="$VERSION"
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: check that the declared variable is the one you meant. Its value goes into the image
    /// where nothing went before.
    ///
    /// ## References
    ///
    /// - [Docker: Build variables, scoping](https://docs.docker.com/build/building/variables/#scoping)
    /// - [Docker: Build check UndefinedVar](https://docs.docker.com/reference/build-checks/undefined-var/)
    /// - [Docker: Build check UndefinedArgInFrom](https://docs.docker.com/reference/build-checks/undefined-arg-in-from/)
    pub(super) RULE = "undefined-variable" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [
            "UndefinedVar", "UndefinedArgInFrom", "buildkit/UndefinedVar", "buildkit/UndefinedArgInFrom", "DF086",
            "DF087",
        ],
        check: Check::Instruction(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    // Most instructions hold no variable at all.
    if !holds_variable(file.dockerfile.source.slice(facts.instruction.span)) {
        return;
    }
    match facts.instruction.keyword {
        Keyword::From => from(file, stage, facts, report),
        _ => inside(file, stage, facts, report),
    }
}

fn holds_variable(text: &str) -> bool {
    memchr::memchr(b'$', text.as_bytes()).is_some()
}

/// FROM sees the global ARGs only.
fn from(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let source = &file.dockerfile.source;
    let mut seen: Vec<String> = Vec::new();
    for text in facts.instruction.expanded_texts() {
        let ExpandedText::Word(word) = text else { continue };
        if !holds_variable(&word.text) {
            continue;
        }
        let globals = &file.global_args;
        let Ok(expanded) = expand(&word.text, file.dockerfile.escape, &|name| globals.value(name)) else {
            continue;
        };
        let empty = expanded.value.as_deref() == Some("");
        for used in expanded.uses {
            let name = used.name.as_str();
            let known = name.is_empty() || globals.declares(name) || is_platform_arg(name);
            if known
                || used.has_default
                || seen.iter().any(|other| other == name)
                || file.template().is_some()
            {
                continue;
            }
            let shown = shown(name);
            let span = span_in(source, word, used.range.clone());
            let mut finding = report
                .add(
                    span.unwrap_or(word.span),
                    if empty {
                        format!("`${shown}` is declared nowhere before the first `FROM`, so the name is empty and the build stops.")
                    } else {
                        format!("`${shown}` is declared nowhere before the first `FROM`, so it is empty here.")
                    },
                )
                .codes(&["UndefinedArgInFrom"]);
            if empty {
                finding = finding.level(Level::Error);
            }
            let candidates = globals.names().take(MAX_GLOBALS).chain(["BUILDPLATFORM", "TARGETPLATFORM"]);
            let near = candidates.filter_map(|known| Some((likeness(name, known)?, known))).min();
            let above = stage.index.checked_sub(1).and_then(|index| file.stages.get(index));
            if let Some((_, near)) = near {
                finding = finding.note(format!("Check that `{}` is meant.", self::shown(near)));
                if let Some(span) = span.and_then(|span| name_span(&used, &word.text, span)) {
                    finding.fix(Fix::confirm(
                        format!("Use `{}`", self::shown(near)),
                        vec![Edit::replace(span, near)],
                    ));
                }
            } else if above.is_some_and(|above| above.end.declares(name)) {
                finding.note(format!(
                    "A stage's `ARG` and `ENV` are not visible in `FROM`. Put `ARG {shown}` above the first `FROM`."
                ));
            } else {
                finding =
                    finding.note(format!("Put `ARG {shown}`, best with a default, above the first `FROM`."));
                given(file, name, finding);
            }
            seen.push(used.name);
        }
    }
}

/// A build that gives the argument shows what is meant: only the declaration is missing.
fn given(file: &FileFacts<'_>, name: &str, finding: Refine<'_>) {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let Some(build) = file.gives(name).filter(|_| plain) else { return };
    let Some((first, document)) = file.stages.first().zip(file.project.and_then(|p| p.document_of(build)))
    else {
        return;
    };
    let place = build.arg(name).map_or(build.span, |arg| arg.key.span);
    let at = first.from.span.start;
    let (keyword, newline) = (file.keyword_case().write("arg"), file.dockerfile.source.newline_at(at));
    finding
        .related_in(document.path.clone(), place, "The build gives it a value here.")
        .note("Check that the value may choose the base image.")
        .fix(Fix::confirm(
            format!("Declare `{name}` before the first `FROM`"),
            vec![Edit::insert(at, format!("{keyword} {name}{newline}"))],
        ));
}

/// All other instructions see the ARGs and ENVs of their stage.
fn inside(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>, report: &mut Report) {
    let node = facts.instruction;
    let source = &file.dockerfile.source;
    let mut seen: Vec<String> = Vec::new();
    for text in node.expanded_texts() {
        let (uses, word, body) = match text {
            ExpandedText::Word(word) if !holds_variable(&word.text) => continue,
            ExpandedText::Word(word) => (facts.state.expand(&word.text).uses, Some(word), None),
            ExpandedText::Body(span) => {
                let text = source.slice(span);
                let uses = expand_body(text, &|name| facts.state.lookup(name)).unwrap_or_default().uses;
                (uses, None, Some((text, span)))
            }
        };
        for used in uses {
            let name = used.name.as_str();
            if used.has_default
                || matches!(name, "" | "PATH" | "HOME")
                || is_proxy_arg(name)
                || name.starts_with("BUILDKIT_")
                || facts.state.declares(name)
                || declared_before(facts, name, word)
                || seen.iter().any(|other| other == name)
                || file.template().is_some()
            {
                continue;
            }
            let Some(cause) = cause(file, stage, facts, name) else { continue };
            let (place, whole) = match (word, body) {
                (Some(word), _) => {
                    let span = span_in(source, word, used.range.clone());
                    let inner = span.and_then(|span| name_span(&used, &word.text, span));
                    (span.unwrap_or(word.span), inner)
                }
                (None, Some((text, span))) => {
                    let start = span.start + used.range.start as u32;
                    let span = Span::new(start, span.start + used.range.end as u32);
                    (span, name_span(&used, text, span))
                }
                (None, None) => continue,
            };
            say(file, stage, name, &cause, place, whole, report);
            seen.push(used.name);
        }
    }
}

/// Why a name is taken for undefined.
enum Cause {
    /// An ARG before the first FROM, or one of the platform, that the stage does not repeat.
    NotRepeated { platform: bool },
    /// Another name that is declared.
    Near(String),
    /// The base image is known not to set it.
    Nowhere,
}

fn cause(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    name: &str,
) -> Option<Cause> {
    // Of a longer chain than anybody builds the base counts as unknown.
    let owner = file.chain(stage).last().map_or(stage.index, |owner| owner.index);
    let root = file.stages.get(owner)?;
    let base = &root.base;
    let (image, environment) = match base {
        Base::Scratch => (None, Environment::Complete(&[])),
        Base::Image(base) => {
            // A name from a build argument may be another image's.
            let literal = !base.from_arg || starts_literally(root, base.reference.name());
            let known = if literal { environment(&base.image) } else { Environment::Unknown };
            (Some(&base.image), known)
        }
        Base::Stage(_) | Base::Unknown => (None, Environment::Unknown),
    };
    let sure = match environment {
        Environment::Complete(names) if names.contains(&name) => return None,
        Environment::Complete(_) => true,
        Environment::Unknown if likely(image, name) => return None,
        Environment::Unknown => false,
    };
    let platform = is_platform_arg(name);
    if platform || file.global_args.declares(name) {
        return Some(Cause::NotRepeated { platform });
    }
    match facts.state.nearest(name, likeness) {
        Some(near) => Some(Cause::Near(near.to_string())),
        None => sure.then_some(Cause::Nowhere),
    }
}

fn likely(image: Option<&Image>, name: &str) -> bool {
    !is_platform_arg(name) && is_likely_set(image, name)
}

/// Whether FROM of a stage holds the image's name without a variable in it.
fn starts_literally(stage: &StageFacts<'_>, name: &str) -> bool {
    let word = stage.from.args.first();
    word.is_some_and(|word| word.text.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '@'])))
}

/// Whether an earlier pair of the same instruction declares the name. Those of ARG are read one by one; about
/// those of ENV env-self-reference speaks.
fn declared_before(facts: &InstructionFacts<'_>, name: &str, word: Option<&Word>) -> bool {
    matches!(facts.instruction.keyword, Keyword::Arg | Keyword::Env)
        && facts
            .instruction
            .pairs
            .iter()
            .take_while(|pair| pair.value.as_ref() != word)
            .any(|pair| pair.key.text == name)
}

fn say(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    name: &str,
    cause: &Cause,
    place: Span,
    inner: Option<Span>,
    report: &mut Report,
) {
    let shown = shown(name);
    let message = match cause {
        Cause::NotRepeated { platform: true } => format!(
            "`${shown}` is empty here: Docker sets it in `FROM`, and in a stage only after `ARG {shown}`."
        ),
        Cause::NotRepeated { platform: false } => format!(
            "`${shown}` is empty here: a stage does not see the `ARG` before the first `FROM` until it repeats it."
        ),
        Cause::Near(near) => {
            format!(
                "`${shown}` is declared nowhere in this stage, so it is empty here; `{}` is declared.",
                self::shown(near)
            )
        }
        Cause::Nowhere => format!(
            "`${shown}` is empty here: neither the stage nor its base image declares it, and Docker does not take it from your environment."
        ),
    };
    let finding = report.add(place, message).codes(&["UndefinedVar"]);
    match cause {
        Cause::NotRepeated { .. } => {
            let from = stage.from;
            let keyword = file.keyword_case().write("arg");
            let newline = file.dockerfile.source.newline_at(from.span.start);
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let finding = finding.note("Check that the value may go into the image.");
            if plain {
                finding.fix(Fix::confirm(
                    format!("Declare `{shown}` in the stage"),
                    vec![Edit::insert(from.span.end, format!("{keyword} {name}{newline}"))],
                ));
            }
        }
        Cause::Near(near) => {
            let near = self::shown(near);
            let finding = finding.note(format!("Check that `{near}` is meant."));
            if let Some(span) = inner {
                finding.fix(Fix::confirm(format!("Use `{near}`"), vec![Edit::replace(span, near)]));
            }
        }
        Cause::Nowhere => {
            finding.note(format!("Give it a value in the stage: `ARG {shown}=…` or `ENV {shown}=…`."));
        }
    }
}

/// How many global ARGs are compared with a name.
const MAX_GLOBALS: usize = 100;

/// The longest name that is taken for a misspelt one: comparing takes the square of it.
const MAX_NAME: usize = 60;

/// How far a name is from another one that may be meant; `None` when it is a name of its own. `NB_UID` and
/// `NB_GID`, `PY2` and `PY3`, `GOPATH` and `PATH` are; `VERSON` and `VERSION`, `appdir` and `APP_DIR` are not.
fn likeness(name: &str, other: &str) -> Option<usize> {
    if name.len() > MAX_NAME || other.len() > MAX_NAME || name == other {
        return None;
    }
    let letters = |c: &u8| *c != b'_';
    if name.len() >= 4
        && name
            .bytes()
            .filter(letters)
            .map(|c| c.to_ascii_uppercase())
            .eq(other.bytes().filter(letters).map(|c| c.to_ascii_uppercase()))
    {
        return Some(1);
    }
    if name.len().abs_diff(other.len()) > 8
        || !name.bytes().filter(u8::is_ascii_digit).eq(other.bytes().filter(u8::is_ascii_digit))
    {
        return None;
    }
    let (mine, theirs): (Vec<&str>, Vec<&str>) = (name.split('_').collect(), other.split('_').collect());
    if mine.len() != theirs.len() {
        return None;
    }
    let mut different = mine.iter().zip(&theirs).filter(|(a, b)| a != b);
    let (a, b) = different.next()?;
    let shorter = a.chars().count().min(b.chars().count());
    let allowed = match shorter {
        0..4 => return None,
        4..6 => 1,
        _ => 2,
    };
    let distance = strsim::damerau_levenshtein(a, b);
    (different.next().is_none() && distance <= allowed).then_some(distance)
}

/// Where a part of a word stands in the file; `None` when the word is not written there as it is read.
fn span_in(source: &Source, word: &Word, range: Range<usize>) -> Option<Span> {
    let written = source.slice(word.span);
    let shift = if written == word.text {
        0
    } else if written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(&word.text) {
        1
    } else {
        return None;
    };
    let start = word.span.start + shift;
    Some(Span::new(start + range.start as u32, start + range.end as u32))
}

/// The name inside `$NAME` or `${NAME…}` that stands at `span`.
fn name_span(used: &Use, text: &str, span: Span) -> Option<Span> {
    let braced = text.get(used.range.clone())?.starts_with("${");
    let start = span.start + if braced { 2 } else { 1 };
    Some(Span::new(start, start + used.name.len() as u32))
}

fn shown(name: &str) -> String {
    name.replace('`', "").chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn tells_mistakes_from_names() {
        for (name, other) in [
            ("VERSON", "VERSION"),
            ("TARGETPLATFROM", "TARGETPLATFORM"),
            ("appdir", "APP_DIR"),
            ("APP_VERISON", "APP_VERSION"),
        ] {
            assert!(likeness(name, other).is_some(), "{name} {other}");
        }
        for (name, other) in [
            ("NB_UID", "NB_GID"),
            ("PY2", "PY3"),
            ("GOPATH", "PATH"),
            ("HOST", "PORT"),
            ("NODE_VERSION", "YARN_VERSION"),
            ("A", "B"),
            ("SAME", "SAME"),
        ] {
            assert_eq!(likeness(name, other), None, "{name} {other}");
        }
    }
}
