//! Commands that build an image, in steps of workflows and in scripts.

use super::super::docker::{DockerCommand, Flag, Tool, Verb};
use super::super::paths::{From, Paths, Told, candidates};
use super::super::value::{Switch, Text, split_entry};
use super::super::workflow::Run;
use super::scope::Workspace;
use super::{Build, By, Place, default_dockerfile, exists, is_elsewhere};
use crate::repository::Tree;
use crate::shell::{CommandId, Script, Word};
use camino::{Utf8Path, Utf8PathBuf};

/// Where a script stands and runs.
pub(in crate::repository::project) struct Origin<'o> {
    /// Index of the file.
    pub(in crate::repository::project) document: usize,
    /// The folder of the file; for a step the folder it runs in.
    pub(in crate::repository::project) dir: &'o Utf8Path,
    /// Whether that folder is known.
    pub(in crate::repository::project) known: bool,
    /// The workspace and the text of a step of a workflow.
    pub(in crate::repository::project) step: Option<(&'o Workspace, &'o Run)>,
    /// What builds, given the number of the command.
    pub(in crate::repository::project) by: &'o dyn Fn(CommandId) -> By,
}

/// The builds that a script runs.
pub(in crate::repository::project) fn of_script(
    tree: &dyn Tree,
    script: &Script,
    origin: &Origin<'_>,
) -> Vec<Build> {
    let mut paths = None;
    let mut out = Vec::new();
    for command in script.commands().filter_map(DockerCommand::of) {
        if command.verb != Verb::Build || command.flag("help").is_some() {
            continue;
        }
        let paths = paths.get_or_insert_with(|| Paths::of(script));
        let by = (origin.by)(command.command.id);
        let mut build = Build::new(by, origin.document, command.span());
        places(tree, &mut build, &command, paths, origin);
        options(&mut build, &command, origin);
        out.push(build);
    }
    out
}

/// A path word as a path of the tree, for each folder the script may run in.
enum Reading {
    /// Below the folder it counts from.
    Told(Told),
    Elsewhere,
    Unknown,
}

fn reading(word: &str, paths: &Paths<'_>) -> Reading {
    if word.starts_with("${__") || word.is_empty() {
        return Reading::Unknown;
    }
    if is_elsewhere(word) || word.starts_with("<(") {
        return Reading::Elsewhere;
    }
    paths.tell(word).map_or(Reading::Unknown, Reading::Told)
}

fn places(
    tree: &dyn Tree,
    build: &mut Build,
    command: &DockerCommand<'_>,
    paths: &Paths<'_>,
    origin: &Origin<'_>,
) {
    let podman = matches!(command.tool, Tool::Podman | Tool::Buildah);
    let file = command.flag("file");
    // `$OPTIONS .`: what may be options is no context beside one that is.
    let may_be_options = |word: &&&Word| word.starts_with_expansion() && word.may_split();
    let mut sure = command.operands.iter().filter(|word| !may_be_options(word));
    let context = match (sure.next(), sure.next()) {
        (Some(only), None) => Some(only),
        (None, _) if command.operands.len() == 1 => command.operands.first(),
        (None, _) if command.operands.is_empty() => None,
        // Two of them: something was not read as it is.
        _ => return,
    };
    let context = match context {
        Some(word) => reading(word.text(), paths),
        // buildah and podman take the folder they run in.
        None if podman => Reading::Told(Told { from: From::Start, path: String::new() }),
        None => Reading::Unknown,
    };
    let file = file.map(|flag| match flag.value {
        Some(value) => reading(value, paths),
        None => Reading::Unknown,
    });
    if matches!(context, Reading::Elsewhere) || matches!(file, Some(Reading::Elsewhere)) {
        build.dockerfile = Place::Elsewhere;
    }
    if matches!(context, Reading::Elsewhere) {
        build.context = Place::Elsewhere;
        return;
    }
    let Some(dir) = paths.dir_of(command.command).filter(|_| origin.known) else { return };
    // Relative paths count from the folder the command runs in.
    let told = |reading: &Reading| match reading {
        Reading::Told(Told { from: From::Start, path }) => {
            let path = if dir.path.is_empty() { path.clone() } else { format!("{}/{path}", dir.path) };
            Some(Told { from: dir.from, path })
        }
        Reading::Told(told) => Some(told.clone()),
        Reading::Elsewhere | Reading::Unknown => None,
    };
    let in_tree = |told: &Told| -> Vec<Utf8PathBuf> {
        match origin.step {
            Some((workspace, _)) => {
                let base = if told.from == From::Root { Utf8Path::new("") } else { origin.dir };
                workspace.in_tree(base.join(&told.path).as_str()).into_iter().collect()
            }
            None => candidates(told, origin.dir),
        }
    };
    let contexts = told(&context).map(|told| in_tree(&told)).unwrap_or_default();
    let files = match &file {
        Some(file) => told(file).map(|told| in_tree(&told)).unwrap_or_default(),
        None => contexts.iter().map(|context| default_dockerfile(tree, context, podman)).collect(),
    };
    // The folder whose Dockerfile exists decides where the script runs.
    let there = |path: &&Utf8PathBuf| exists(tree, path);
    let chosen = if let [only] = files.as_slice() {
        Some(0).filter(|_| origin.step.is_some() || contexts.len() <= 1 || there(&only))
    } else {
        let mut found = files.iter().enumerate().filter(|(_, path)| there(path));
        found.next().map(|(index, _)| index).filter(|_| found.next().is_none())
    };
    if let Some(chosen) = chosen {
        if build.dockerfile == Place::Unknown
            && let Some(file) = files.get(chosen)
        {
            build.dockerfile = Place::Path(file.clone());
        }
        let context = if contexts.len() == files.len() {
            contexts.get(chosen)
        } else {
            contexts.first().filter(|_| contexts.len() == 1)
        };
        if let Some(context) = context {
            build.context = Place::Path(context.clone());
        }
    } else if file.is_none() && contexts.len() == 1 {
        build.context = contexts.first().cloned().map_or(Place::Unknown, Place::Path);
    }
}

fn options(build: &mut Build, command: &DockerCommand<'_>, origin: &Origin<'_>) {
    let text = |flag: &Flag<'_>| -> Option<Text> {
        let (value, word) = (flag.value?, flag.value_word?);
        let known = !word.has_expansion();
        let span = part_of(word, value);
        let mut text = Text::known(value, span);
        text.known = known;
        if let Some((_, run)) = origin.step {
            // Expressions back in; the value is the end of its word.
            let whole = run.word(word);
            let lost = word.text().len() - value.len();
            if let Some(value) = whole.get(lost..) {
                text.text = value.into();
            }
        }
        Some(text)
    };
    let texts = |name: &str| -> Vec<Text> { command.all(name).filter_map(&text).collect() };
    let switch = |name: &str| {
        let flag = command.flag(name)?;
        let on = if flag.has_expansion() { None } else { Some(flag.is_on()) };
        Some(Switch { on, span: flag.span() })
    };
    build.target = command.flag("target").and_then(&text);
    build.args = texts("build-arg").iter().map(split_entry).collect();
    // `"${ARGS[@]}"`, `$BUILD_OPTS`, `--build-arg-file`
    build.more_args = command.flag("build-arg-file").is_some()
        || command.operands.iter().any(|word| word.starts_with_expansion())
        || build.args.iter().any(|arg| !arg.key.known);
    build.contexts = texts("build-context").iter().map(split_entry).collect();
    build.tags = texts("tag");
    build.push = switch("push");
    // podman: `--pull=always`, `--pull never`
    build.pull = switch("pull").map(|pull| match command.flag("pull").and_then(|flag| flag.value) {
        Some("never" | "missing") => Switch { on: Some(false), ..pull },
        _ => pull,
    });
    build.no_cache = switch("no-cache");
    build.load = switch("load");
    build.cache_from = texts("cache-from");
    build.cache_to = texts("cache-to");
    build.platforms = texts("platform");
    build.secrets = texts("secret");
    build.outputs = texts("output");
    let registry = |output: &Text| output.text.contains("type=registry") || output.text.contains("push=true");
    if !build.pushes()
        && let Some(output) = build.outputs.iter().find(|output| registry(output))
    {
        build.push = Some(Switch { on: Some(true), span: output.span });
    }
}

/// The bytes of a value that is the end of a word; of the whole word when quotes or escapes are in it.
fn part_of(word: &Word, value: &str) -> crate::text::Span {
    let span = word.span();
    let raw = word.raw();
    if raw == word.text() && span.len() as usize == raw.len() {
        return crate::text::Span::new(span.end - value.len() as u32, span.end);
    }
    span
}
