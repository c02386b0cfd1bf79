//! Steps that build an image with an action.

use super::super::expression::has_expression;
use super::super::value::{Switch, Text, split_entry};
use super::super::workflow::{Step, Workflow};
use super::scope::{self, Combination, Workspace};
use super::{Build, By, Place, default_dockerfile, is_elsewhere};
use crate::repository::Tree;
use camino::Utf8Path;

/// The builds of a step that runs an action; empty for one that builds nothing.
pub(in crate::repository::project) fn of_step(
    tree: &dyn Tree,
    document: usize,
    workflow: &Workflow,
    job: usize,
    index: usize,
) -> Vec<Build> {
    let Some((owner, step)) = workflow.jobs.get(job).and_then(|job| Some((job, job.steps.get(index)?)))
    else {
        return Vec::new();
    };
    let (Some(uses), Some(action)) = (&step.uses, step.action()) else { return Vec::new() };
    let build_push = action.ends_with("/build-push-action");
    let builds_otherwise =
        ["docker", "buildah", "kaniko", "podman", "container"].iter().any(|word| action.contains(word))
            && ["dockerfile", "file", "containerfiles", "containerfile", "dockerfile_path", "context"]
                .iter()
                .any(|name| step.input(name).is_some());
    if !build_push && !builds_otherwise {
        return Vec::new();
    }
    let env = scope::env_of(workflow, owner, step);
    let workspace = scope::workspace(owner);
    let mut out: Vec<Build> = Vec::new();
    for combination in scope::combinations(owner) {
        let mut build = Build::new(By::Action { job, step: index, build_push }, document, uses.span);
        let input = |name: &str| Some(scope::resolved(step.input(name)?, &env, &combination));
        if build_push {
            places(tree, &mut build, input("context"), input("file"), &workspace);
            build.target = input("target").filter(|target| !target.text.is_empty());
            options(&mut build, step, &env, &combination);
        } else {
            let names = ["dockerfile", "file", "containerfiles", "containerfile", "dockerfile_path"];
            let file = names.iter().find_map(|name| input(name));
            build.dockerfile = match file.as_ref().and_then(Text::value) {
                Some(file) => in_workspace(&workspace, file),
                None => Place::Unknown,
            };
            build.more_args = true;
        }
        let same = |other: &Build| {
            other.dockerfile == build.dockerfile
                && other.context == build.context
                && other.target.as_ref().map(|t| &t.text) == build.target.as_ref().map(|t| &t.text)
        };
        if !out.iter().any(same) {
            out.push(build);
        }
    }
    out
}

fn in_workspace(workspace: &Workspace, path: &str) -> Place {
    if path.starts_with(['/', '~']) {
        return Place::Unknown;
    }
    match workspace {
        Workspace::Other => Place::Elsewhere,
        Workspace::Repository(_) => workspace.in_tree(path).map_or(Place::Unknown, Place::Path),
    }
}

/// Context and Dockerfile. Source: README of docker/build-push-action, "Git context" and "Path context".
fn places(
    tree: &dyn Tree,
    build: &mut Build,
    context: Option<Text>,
    file: Option<Text>,
    workspace: &Workspace,
) {
    let context = context.filter(|context| !context.text.is_empty());
    let file = file.filter(|file| !file.text.is_empty());
    // `{{defaultContext}}:sub`
    let below = context.as_ref().and_then(|context| context.text.strip_prefix("{{defaultContext}}"));
    build.git_context = context.is_none() || below.is_some();
    build.context = match (&context, below) {
        (None, _) => Place::Path("".into()),
        (Some(context), Some(below)) if context.known => {
            super::place(Utf8Path::new(""), below.trim_start_matches(':'))
        }
        (Some(context), _) => match context.value() {
            Some(text) if is_elsewhere(text) => Place::Elsewhere,
            Some(text) => in_workspace(workspace, text),
            None => Place::Unknown,
        },
    };
    build.dockerfile = match (&build.context, &file) {
        (Place::Elsewhere, _) => Place::Elsewhere,
        (Place::Path(context), Some(file)) if build.git_context => {
            file.value().map_or(Place::Unknown, |file| super::place(context, file))
        }
        (_, Some(file)) => file.value().map_or(Place::Unknown, |file| in_workspace(workspace, file)),
        (Place::Path(context), None) => Place::Path(default_dockerfile(tree, context, false)),
        (Place::Unknown, None) => Place::Unknown,
    };
}

fn options(build: &mut Build, step: &Step, env: &[&[super::super::value::Entry]], combination: &Combination) {
    let lines = |name: &str| -> Vec<Text> {
        let Some(input) = step.input(name) else { return Vec::new() };
        lines_of(input, name != "tags" && name != "platforms")
            .iter()
            .map(|line| scope::resolved(line, env, combination))
            .collect()
    };
    let switch = |name: &str| {
        let entry = step.with.iter().find(|entry| entry.key.text.eq_ignore_ascii_case(name))?;
        let value = entry.value.as_ref()?;
        let on = match value.value() {
            Some("true" | "True" | "TRUE") => Some(true),
            Some("false" | "False" | "FALSE") => Some(false),
            _ => None,
        };
        Some(Switch { on, span: entry.key.span.cover(value.span) })
    };
    // As written: whether a value is a secret is in its expression.
    build.args = step
        .input("build-args")
        .map(|input| lines_of(input, true))
        .unwrap_or_default()
        .iter()
        .map(split_entry)
        .collect();
    build.more_args = build.args.iter().any(|arg| arg.value.is_none() && arg.key.text.contains("${{"));
    build.contexts = lines("build-contexts").iter().map(split_entry).collect();
    build.tags = step.input("tags").map(|input| lines_of(input, false)).unwrap_or_default();
    build.push = switch("push");
    build.pull = switch("pull");
    build.no_cache = switch("no-cache");
    build.load = switch("load");
    build.cache_from = lines("cache-from");
    build.cache_to = lines("cache-to");
    build.platforms = lines("platforms");
    build.secrets = lines("secrets");
    build.secrets.extend(lines("secret-files"));
    build.secrets.extend(lines("secret-envs"));
    build.outputs = lines("outputs");
    let registry = |output: &Text| output.text.contains("type=registry") || output.text.contains("push=true");
    if !build.pushes()
        && let Some(output) = build.outputs.iter().find(|output| registry(output))
    {
        build.push = Some(Switch { on: Some(true), span: output.span });
    }
}

/// The lines of an input that takes a list; those of names also split at commas.
fn lines_of(input: &Text, whole_lines: bool) -> Vec<Text> {
    let mut out = Vec::new();
    let mut at = 0;
    for line in input.text.split_inclusive('\n') {
        let whole = whole_lines || has_expression(line);
        let parts: Vec<&str> = if whole { vec![line] } else { line.split_inclusive(',').collect() };
        for part in parts {
            let text = part.trim_matches([' ', '\t', '\r', '\n', ',']);
            let start = at + part.find(text).unwrap_or(0);
            at += part.len();
            if !text.is_empty() && !text.starts_with('#') {
                out.push(input.part(start..start + text.len(), has_expression));
            }
        }
    }
    out
}
