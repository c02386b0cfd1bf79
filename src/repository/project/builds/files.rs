//! Compose services and bake targets that build an image.

use super::super::bake::Bake;
use super::super::compose::Compose;
use super::super::value::{Switch, Text};
use super::{Build, By, Place, default_dockerfile, is_elsewhere};
use crate::repository::Tree;
use camino::Utf8Path;

/// The builds of a Compose file in a folder of the tree.
pub(in crate::repository::project) fn of_compose(
    tree: &dyn Tree,
    document: usize,
    dir: &Utf8Path,
    compose: &Compose,
) -> Vec<Build> {
    let mut out = Vec::new();
    for (index, service) in compose.services.iter().enumerate() {
        let Some(block) = &service.build else { continue };
        let mut build = Build::new(By::Compose { service: index }, document, service.name.span);
        let context = block.context.as_ref().map(|context| (&*context.text, context.known));
        // A service that extends another one may have its context from there.
        let (context, known) = context.unwrap_or((".", !service.extends));
        places(tree, &mut build, dir, context, known, block.dockerfile.as_ref(), block.inline.is_some());
        if service.extends && block.dockerfile.is_none() {
            build.dockerfile = Place::Unknown;
        }
        build.target.clone_from(&block.target);
        build.args.clone_from(&block.args);
        build.more_args = service.extends;
        build.contexts.clone_from(&block.contexts);
        build.tags = service.image.iter().chain(&block.tags).cloned().collect();
        build.pull = block.pull;
        build.no_cache = block.no_cache;
        build.cache_from.clone_from(&block.cache_from);
        build.cache_to.clone_from(&block.cache_to);
        build.platforms.clone_from(&block.platforms);
        build.secrets.clone_from(&block.secrets);
        out.push(build);
    }
    out
}

/// The builds of a bake file: of its targets that others do not only inherit from.
pub(in crate::repository::project) fn of_bake(
    tree: &dyn Tree,
    document: usize,
    dir: &Utf8Path,
    bake: &Bake,
) -> Vec<Build> {
    let inherited =
        |name: &str| bake.targets.iter().any(|t| t.inherits.iter().any(|parent| &*parent.text == name));
    let grouped =
        |name: &str| bake.groups.iter().any(|(_, targets)| targets.iter().any(|t| &*t.text == name));
    let mut out = Vec::new();
    for (index, target) in bake.targets.iter().enumerate() {
        let name = &*target.name.text;
        let own = target.dockerfile.is_some() || target.context.is_some() || target.target.is_some();
        if name != "default" && inherited(name) && !grouped(name) && (name.starts_with('_') || !own) {
            continue;
        }
        let target = bake.resolved(target);
        let mut build = Build::new(By::Bake { target: index }, document, target.name.span);
        let (context, known) = match &target.context {
            // A matrix puts its values in.
            Some(context) => (&*context.text, context.known),
            None => (".", true),
        };
        places(tree, &mut build, dir, context, known, target.dockerfile.as_ref(), target.inline.is_some());
        build.target.clone_from(&target.target);
        build.args.clone_from(&target.args);
        build.contexts.clone_from(&target.contexts);
        build.tags.clone_from(&target.tags);
        build.cache_from.clone_from(&target.cache_from);
        build.cache_to.clone_from(&target.cache_to);
        build.platforms.clone_from(&target.platforms);
        build.secrets.clone_from(&target.secrets);
        build.outputs.clone_from(&target.output);
        build.pull = switch(target.pull.as_ref());
        build.no_cache = switch(target.no_cache.as_ref());
        let registry =
            |output: &Text| output.text.contains("type=registry") || output.text.contains("push=true");
        build.push = build
            .outputs
            .iter()
            .find(|output| registry(output))
            .map(|output| Switch { on: Some(true), span: output.span });
        out.push(build);
    }
    out
}

fn switch(text: Option<&Text>) -> Option<Switch> {
    let text = text?;
    let on = match text.value() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    Some(Switch { on, span: text.span })
}

/// The Dockerfile is relative to the context, the context to the folder of the file. (Bake counts from the folder it is
/// started in, which is that of its file by default.)
fn places(
    tree: &dyn Tree,
    build: &mut Build,
    dir: &Utf8Path,
    context: &str,
    known: bool,
    dockerfile: Option<&Text>,
    inline: bool,
) {
    build.context = if !known {
        Place::Unknown
    } else if is_elsewhere(context) {
        Place::Elsewhere
    } else {
        super::place(dir, context)
    };
    build.dockerfile = match (&build.context, dockerfile) {
        _ if inline => Place::Elsewhere,
        (Place::Elsewhere, _) => Place::Elsewhere,
        (Place::Path(context), Some(file)) => {
            file.value().map_or(Place::Unknown, |file| super::place(context, file))
        }
        (Place::Path(context), None) => Place::Path(default_dockerfile(tree, context, false)),
        (Place::Unknown, _) => Place::Unknown,
    };
}
