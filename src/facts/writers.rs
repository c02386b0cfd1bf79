//! Steps of a build that write beside the source they work on.

use super::{FileFacts, InstructionFacts, StageFacts, Step, non_root_user};
use crate::dockerfile::Keyword;
use crate::repository::Lookup;
use crate::shell::packages::{Manager, PackageKind, Verb};
use crate::shell::{Connector, Word};
use crate::text::Span;
use camino::{Utf8Path, Utf8PathBuf};

/// A step that writes into a directory.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The command as people say it: `npm ci`.
    pub name: String,
    /// Its words in the file.
    pub span: Span,
    /// The directory that it makes files in: absolute.
    pub dir: String,
    /// What it makes there, where that is known: a folder or a file, absolute.
    pub makes: Option<String>,
    /// Whether the step is certain to fail when it cannot.
    pub certain: bool,
}

/// The first command of a RUN that writes beside the source as a user other than root. `None` where it writes into a
/// cache or memory, and where that is not known.
pub fn writer(file: &FileFacts<'_>, stage: &StageFacts<'_>, facts: &InstructionFacts<'_>) -> Option<Writer> {
    if !facts.is(Keyword::Run) || facts.mounts().iter().any(super::Mount::leaves_the_layer) {
        return None;
    }
    non_root_user(file, stage, facts)?;
    facts.steps().find_map(|step| {
        let command = step.command;
        let forgiven = command.context.next == Connector::Or || command.runs_as_other_user();
        if forgiven || ["sudo", "doas"].iter().any(|name| command.prefix_word(name).is_some()) {
            return None;
        }
        let dir = step.script.dir_at(command).under(facts.workdir(file, stage), None)?;
        of_call(file, facts, &step, &dir).or_else(|| of_program(facts, &step, &dir))
    })
}

fn of_call(
    file: &FileFacts<'_>,
    facts: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    dir: &str,
) -> Option<Writer> {
    let call = step.call?;
    if call.may_contain_anything() {
        return None;
    }
    let elsewhere =
        ["--prefix", "--cwd", "-C", "--dir", "--working-dir", "-d", "--target-dir", "--manifest-path"];
    let named = call.flag(&elsewhere).is_some() || facts.state.env_is_set("CARGO_TARGET_DIR");
    let here = |certain: bool| {
        let name = format!("{} {}", call.program, call.verb_text).trim().to_owned();
        Some(Writer {
            name,
            span: call.program_span.cover(call.verb_span),
            dir: dir.to_owned(),
            makes: None,
            certain,
        })
    };
    match (call.manager, call.verb) {
        (Manager::Npm | Manager::Yarn | Manager::Pnpm | Manager::Bun, Verb::Install) => {
            let global =
                call.has_flag(&["-g", "--global", "--location"]) || call.verb_text.starts_with("global");
            if global || named || !call.is_from_manifest() { None } else { here(true) }
        }
        (Manager::Composer, Verb::Install) if call.is_from_manifest() && !named => here(true),
        (Manager::Cargo, Verb::Build) if !named => here(true),
        (Manager::Pip, Verb::Install) => {
            let own = call.packages.iter().find(|package| {
                matches!(package.kind, PackageKind::Path | PackageKind::Editable)
                    && matches!(package.base_name().trim_end_matches('/'), "." | "./.")
            });
            own?;
            let place = writes_when_built(file, facts, dir)?;
            Some(Writer { dir: super::join(dir, &place), ..here(true)? })
        }
        _ => None,
    }
}

/// Where setuptools writes when it builds the project of a directory: `src` for a `src/` layout, else beside the
/// project file. `None` where another tool builds it (most write nothing there), or where nobody knows.
fn writes_when_built(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, dir: &str) -> Option<String> {
    let source = project_folder(file, facts, dir)?;
    let project = source.join("pyproject.toml");
    let setuptools = match file.tree.read(&project) {
        Lookup::Found(text) => !text.contains("build-backend") || text.contains("setuptools"),
        Lookup::Absent => file.tree.entry(&source.join("setup.py")).found().is_some(),
        Lookup::Unknown => false,
    };
    if !setuptools {
        return None;
    }
    let layout = file.tree.entry(&source.join("src")).found().is_some();
    Some(if layout { "src".to_owned() } else { ".".to_owned() })
}

/// The folder of the tree that was copied to a directory of the image as a whole.
fn project_folder(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, dir: &str) -> Option<Utf8PathBuf> {
    let stage = file.stage_at(facts.instruction.span.start)?;
    let before = stage.instructions.iter().rev().filter(|other| other.index < facts.index);
    before.into_iter().find_map(|copy| {
        copy.whole_context()?;
        let (place, _) = copy.destination(file, stage)?;
        let below = dir.strip_prefix(place.as_str())?.trim_start_matches('/');
        Some(file.context.join(Utf8Path::new(below)))
    })
}

/// Programs that usually write into the folder they work in.
const BUILDS: [&str; 6] = ["make", "gradlew", "gradle", "mvnw", "mvn", "rake"];

fn of_program(facts: &InstructionFacts<'_>, step: &Step<'_, '_>, dir: &str) -> Option<Writer> {
    let command = step.command;
    let name = command.name()?;
    let plain = |word: &&Word| word.literal().is_some_and(|text| !text.starts_with('-'));
    let writer = |name: String, certain: bool| {
        let words = command.program_words();
        let last = words.get(1).filter(|_| name.contains(' ')).or(words.first())?;
        let span = words.first()?.span().cover(last.span());
        Some(Writer { name, span, dir: dir.to_owned(), makes: None, certain })
    };
    match name {
        "mkdir" | "touch" => {
            // Of several, the first.
            let word = command.args().iter().find(plain)?;
            let path = super::join(dir, word.literal().filter(|_| word.is_plain())?);
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            let dir = if parent.is_empty() { "/".to_owned() } else { parent.to_owned() };
            Some(Writer { dir, makes: Some(path), ..writer(name.to_owned(), true)? })
        }
        "npm" | "yarn" | "pnpm" | "bun" => {
            let verb = command.args().iter().find(plain)?.text();
            let builds = verb == "run" || (name != "npm" && verb == "build");
            if builds { writer(format!("{name} {verb}"), false) } else { None }
        }
        _ if BUILDS.contains(&name) => writer(name.to_owned(), false),
        _ if name.starts_with("python")
            && !facts.calls.iter().any(|call| std::ptr::eq(call.command, command)) =>
        {
            let manages = command.args().iter().any(|word| word.text().ends_with("manage.py"));
            let verb =
                command.args().iter().find(|word| matches!(word.text(), "collectstatic" | "migrate"))?;
            if manages { writer(verb.text().to_owned(), false) } else { None }
        }
        _ => None,
    }
}
