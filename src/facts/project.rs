//! What the builds of the repository say about a Dockerfile.

use super::{FileFacts, is_dev_stage};
use crate::repository::Project;
use crate::repository::project::compose::Service;
use crate::repository::project::{Build, By, Document};
use crate::text::Span;
use camino::Utf8Path;
use std::collections::{BTreeMap, BTreeSet};

/// The values that builds of a file give to its ARGs; `None` where they do not agree, or where a value is not known.
pub(super) fn given_args(project: &Project, path: &Utf8Path) -> BTreeMap<String, Option<String>> {
    let mut out: BTreeMap<String, Option<String>> = BTreeMap::new();
    for build in project.builds_of(path) {
        for arg in build.args.iter().filter(|arg| arg.key.known) {
            let value = arg.value.as_ref().and_then(|value| value.value()).map(str::to_owned);
            out.entry(arg.key.text.to_string())
                .and_modify(|known| {
                    if *known != value {
                        *known = None;
                    }
                })
                .or_insert(value);
        }
    }
    out
}

/// The roots of the contexts that the builds of a file name; `None` when a build, or its context, is not known.
pub(super) fn contexts_of<'p>(project: &'p Project, path: &'p Utf8Path) -> Option<BTreeSet<&'p Utf8Path>> {
    if !project.known.builds() || project.has_unknown_builds() || project.builds_elsewhere(path) {
        return None;
    }
    let contexts: Option<BTreeSet<&Utf8Path>> =
        project.builds_of(path).map(|build| build.context.path()).collect();
    contexts.filter(|contexts| !contexts.is_empty())
}

/// The one context that all builds of a file with a known one name.
pub(super) fn context_of<'p>(project: &'p Project, path: &'p Utf8Path) -> Option<&'p Utf8Path> {
    let mut contexts = project.builds_of(path).filter_map(|build| build.context.path());
    let first = contexts.next()?;
    contexts.all(|other| other == first).then_some(first)
}

impl<'a> FileFacts<'a> {
    /// The builds that are known to be of this file.
    pub fn builds(&self) -> impl Iterator<Item = &'a Build> + use<'a> {
        let path = self.path;
        self.project.into_iter().flat_map(move |project| project.builds_of(path))
    }

    /// The Compose services whose image is built from this file, with their files.
    pub fn compose_services(&self) -> impl Iterator<Item = (&'a Document, &'a Service)> + use<'a> {
        let project = self.project;
        self.builds().filter_map(move |build| {
            let project = project?;
            Some((project.document_of(build)?, project.service_of(build)?))
        })
    }

    /// Whether a build of this file may give a build argument of that name.
    pub fn may_be_given(&self, name: &str) -> bool {
        self.builds().any(|build| build.more_args || build.arg(name).is_some())
    }

    /// The build that gives an argument.
    pub fn gives(&self, name: &str) -> Option<&'a Build> {
        self.builds().find(|build| build.arg(name).is_some())
    }

    /// Whether a build of this file has a further context of that name, or may have one.
    pub fn may_have_context(&self, name: &str) -> bool {
        let named = |build: &Build| build.contexts.iter().any(|c| &*c.key.text == name || !c.key.known);
        self.builds().any(|build| named(build) || matches!(build.by, By::Action { build_push: false, .. }))
    }

    /// Names of stages that builds of this file, or builds whose Dockerfile is not known, name as their target: with the
    /// file and the place.
    pub fn targets(&self) -> impl Iterator<Item = (&'a str, (&'a Utf8Path, Span))> + use<'a> {
        let path = self.path;
        self.project.into_iter().flat_map(move |project| {
            let of_file = project.builds.iter().filter(move |build| build.dockerfile.may_be(path));
            of_file.filter_map(move |build| {
                let target = build.target.as_ref()?;
                Some((target.value()?, (&*project.document_of(build)?.path, target.span)))
            })
        })
    }

    /// Marks the stages that builds make an image of.
    pub(super) fn mark_built(&mut self) {
        let Some(project) = self.project else { return };
        let mut unknown =
            !project.known.builds() || project.has_unknown_builds() || project.builds_elsewhere(self.path);
        let mut named = BTreeSet::new();
        for build in project.builds_of(self.path).filter(|build| build.makes_image()) {
            let target = build.target.as_ref().and_then(|target| target.value());
            match target.and_then(|name| self.target_stage(name)) {
                Some(index) => {
                    named.insert(index);
                }
                // The last stage, or one that is not known.
                None => unknown = true,
            }
        }
        // Compose files for development say nothing about what is shipped.
        let only_dev = named
            .iter()
            .all(|index| self.stages.get(*index).is_none_or(|stage| stage.name.is_some_and(is_dev_stage)));
        let count = self.stages.len();
        for (index, stage) in self.stages.iter_mut().enumerate() {
            let built = named.contains(&index) || (index + 1 == count && (unknown || only_dev));
            stage.built = built;
            stage.shipped = built;
        }
    }

    /// The stage that a target names: the last of that name in any case, or a number.
    fn target_stage(&self, name: &str) -> Option<usize> {
        let by_name = self.names.named(name, self.stages.len());
        by_name.or_else(|| name.parse::<usize>().ok().filter(|index| *index < self.stages.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NO_IMAGES;
    use crate::dockerfile::parse;
    use crate::facts::Bodies;
    use crate::repository::MemoryTree;
    use crate::text::Source;

    fn with_facts(path: &str, text: &str, tree: &MemoryTree, look: impl Fn(&FileFacts<'_>)) {
        let file = parse(&Source::new(text));
        let bodies = Bodies::read(&file);
        let project = Project::read(tree, &[path.into()]);
        let today = jiff::civil::date(2026, 11, 24);
        look(&FileFacts::with_project(path.into(), &file, &bodies, tree, today, &NO_IMAGES, Some(&project)));
    }

    const STAGES: &str =
        "FROM debian:13 AS build\nFROM debian:13 AS prod\nFROM prod AS dev\nFROM debian:13 AS Check\n";

    fn shipped(compose: &str, more: &[(&str, &str)]) -> Vec<String> {
        let mut tree = MemoryTree::complete().with("compose.yaml", compose).with("Dockerfile", STAGES);
        for (path, text) in more {
            tree = tree.with(path, text);
        }
        let out = std::cell::RefCell::new(Vec::new());
        with_facts("Dockerfile", STAGES, &tree, |file| {
            let names = file
                .stages
                .iter()
                .filter(|stage| stage.shipped)
                .map(|stage| format!("{}{}", stage.label(), if stage.built { "" } else { " below" }));
            out.borrow_mut().extend(names);
        });
        out.into_inner()
    }

    #[test]
    fn targets_are_shipped() {
        assert_eq!(shipped("services: {}", &[]), ["check"]);
        assert_eq!(shipped("services: {a: {build: {context: ., target: Prod}}}", &[]), ["prod"]);
        assert_eq!(
            shipped("services: {a: {build: {context: ., target: dev}}}", &[]),
            ["prod below", "dev", "check"]
        );
        assert_eq!(shipped("services: {a: {build: {context: ., target: $T}}}", &[]), ["check"]);
        assert_eq!(shipped("services: {a: {build: {context: ., target: '1'}}}", &[]), ["prod"]);
        assert_eq!(
            shipped("services: {a: {build: {context: ., target: prod}}, b: {build: .}}", &[]),
            ["prod", "check"]
        );
        assert_eq!(shipped("services: {a: {build: {context: ., target: check}}}", &[]), ["check"]);
        let bake = "target \"a\" { target = \"prod\" }\ntarget \"b\" { target = \"check\", output = [\"type=cacheonly\"] }";
        assert_eq!(shipped("services: {}", &[("docker-bake.hcl", bake)]), ["prod"]);
        let prod = "services: {a: {build: {context: ., target: prod}}}";
        assert_eq!(shipped(prod, &[("fly.toml", "app = 'x'")]), ["prod", "check"]);
        assert_eq!(shipped(prod, &[(".gitlab-ci.yml", "script: docker build .")]), ["prod", "check"]);
        assert_eq!(shipped(prod, &[("build.sh", "docker build -f $F .")]), ["prod", "check"]);
    }

    #[test]
    fn builds_tell_the_context() {
        let tree = MemoryTree::complete()
            .with("docker/Dockerfile", "FROM x")
            .with("build.sh", "docker build -f docker/Dockerfile .\n");
        with_facts("docker/Dockerfile", "FROM x\n", &tree, |file| {
            assert_eq!(file.context, "");
            let roots: Vec<_> =
                file.context_roots().iter().map(|root| (root.dir.as_str(), root.likely)).collect();
            assert_eq!(roots, [("", true)]);
        });
        let tree = tree.with("compose.yml", "services: {a: {build: docker}}");
        with_facts("docker/Dockerfile", "FROM x\n", &tree, |file| {
            assert_eq!(file.context, "docker");
            let roots: Vec<_> =
                file.context_roots().iter().map(|root| (root.dir.as_str(), root.likely)).collect();
            assert_eq!(roots, [("", false), ("docker", false)]);
        });
    }

    #[test]
    fn what_builds_give_is_not_the_default() {
        let text = "ARG A=1\nARG B=2\nARG C\nFROM x\nARG A\nARG B\nARG D=4\nARG E=5\nRUN x\n";
        let tree = MemoryTree::complete()
            .with("compose.yml", "services: {a: {build: {context: ., args: [A=9, B=2, 'D', C=c]}}}");
        with_facts("Dockerfile", text, &tree, |file| {
            let values: Vec<_> = ["A", "B", "C", "D", "E"]
                .map(|name| file.stages[0].end.expand(&format!("${name}")).value)
                .into_iter()
                .collect();
            assert_eq!(values, [None, Some("2".to_owned()), None, None, Some("5".to_owned())]);
            assert!(file.gives("A").is_some() && !file.may_be_given("Z"));
        });
    }

    #[test]
    fn compose_services() {
        let tree = MemoryTree::complete()
            .with("compose.yml", "services: {a: {build: ., user: '1000'}, b: {build: x}, c: {image: y}}");
        with_facts("Dockerfile", "FROM x\n", &tree, |file| {
            let services: Vec<_> = file.compose_services().map(|(_, s)| s.name.text.to_string()).collect();
            assert_eq!(services, ["a"]);
        });
    }
}
