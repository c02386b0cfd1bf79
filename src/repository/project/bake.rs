//! Bake files: `docker-bake.hcl`, `docker-bake.json` and their overrides.
//!
//! Source: "Bake file reference", docs.docker.com. Of HCL only blocks, attributes, texts, lists and maps are read; what is
//! computed (`${…}`, functions, conditions) is not known.

mod hcl;

use super::value::{Entry, Text};
use super::yaml::{Kind, Node};
use crate::text::Span;
use std::collections::HashMap;

pub use hcl::{Block, Body, Expression, Form, read as read_hcl};

/// A bake file.
#[derive(Debug, Clone, Default)]
pub struct Bake {
    /// The targets in order, as they are written: ask [`Bake::resolved`] for what they inherit.
    pub targets: Vec<BakeTarget>,
    /// Names of groups with the targets in them.
    pub groups: Vec<(Text, Vec<Text>)>,
    /// Variables with their defaults; a build may set others.
    pub variables: Vec<Entry>,
    /// Whether something could not be read.
    pub partial: bool,
}

/// A target of a bake file.
#[derive(Debug, Clone)]
pub struct BakeTarget {
    /// Its name.
    pub name: Text,
    /// The block.
    pub span: Span,
    /// `inherits`
    pub inherits: Vec<Text>,
    /// Whether it has a `matrix`: it stands for several targets then.
    pub matrix: bool,
    /// `context`
    pub context: Option<Text>,
    /// `dockerfile`
    pub dockerfile: Option<Text>,
    /// `dockerfile-inline`
    pub inline: Option<Text>,
    /// `target`
    pub target: Option<Text>,
    /// `args`
    pub args: Vec<Entry>,
    /// `contexts`
    pub contexts: Vec<Entry>,
    /// `tags`
    pub tags: Vec<Text>,
    /// `platforms`
    pub platforms: Vec<Text>,
    /// `cache-from`
    pub cache_from: Vec<Text>,
    /// `cache-to`
    pub cache_to: Vec<Text>,
    /// `output`
    pub output: Vec<Text>,
    /// `secret`
    pub secrets: Vec<Text>,
    /// `pull`
    pub pull: Option<Text>,
    /// `no-cache`
    pub no_cache: Option<Text>,
}

/// How far inheritance is followed.
const MAX_INHERITED: usize = 16;
/// Targets that are read.
const MAX_TARGETS: usize = 300;

impl Bake {
    /// Reads the HCL form.
    pub fn from_hcl(text: &str) -> Self {
        let body = read_hcl(text);
        let mut out = Self { partial: body.partial, ..Self::default() };
        for block in &body.blocks {
            let Some(name) = block.labels.first().cloned() else { continue };
            let attribute = |key: &str| block.body.attribute(key);
            match &*block.kind.text {
                "target" if out.targets.len() < MAX_TARGETS => {
                    out.targets.push(BakeTarget::read(name, block.span, &attribute));
                }
                "target" => out.partial = true,
                "group" => out.groups.push((name, list(attribute("targets")))),
                "variable" => out.variables.push(Entry { key: name, value: text_of(attribute("default")) }),
                _ => {}
            }
        }
        out
    }

    /// Reads the JSON form, which is YAML as well.
    pub fn from_json(root: Option<&Node>) -> Self {
        let mut out = Self::default();
        let Some(root) = root else { return out };
        let named = |kind: &str| {
            let entries = root.get(kind).map_or(&[][..], Node::entries);
            entries.iter().filter_map(|(key, node)| Some((Text::of(key, |_| false)?, key.span, node)))
        };
        for (name, key, node) in named("target").take(MAX_TARGETS) {
            let form = from_node(node);
            let attribute = |key: &str| form.member(key);
            out.targets.push(BakeTarget::read(name, key.cover(node.span), &attribute));
        }
        for (name, _, node) in named("group") {
            out.groups.push((name, list(from_node(node).member("targets"))));
        }
        for (name, _, node) in named("variable") {
            out.variables.push(Entry { key: name, value: text_of(from_node(node).member("default")) });
        }
        out
    }

    /// The target of that name.
    pub fn target(&self, name: &str) -> Option<&BakeTarget> {
        self.targets.iter().find(|target| &*target.name.text == name)
    }

    /// A target with what it inherits: its own values go first, then those of the last parent.
    pub fn resolved(&self, target: &BakeTarget) -> BakeTarget {
        let by_name: HashMap<&str, &BakeTarget> =
            self.targets.iter().map(|target| (&*target.name.text, target)).collect();
        let mut out = target.clone();
        let mut open: Vec<&Text> = target.inherits.iter().collect();
        let mut left = MAX_INHERITED;
        while let Some(parent) = open.pop() {
            let Some(parent) = by_name.get(&*parent.text).filter(|_| left > 0) else { continue };
            left -= 1;
            out.inherit(parent);
            open.extend(&parent.inherits);
        }
        out
    }
}

impl BakeTarget {
    fn read<'b>(name: Text, span: Span, attribute: &dyn Fn(&str) -> Option<&'b Expression>) -> Self {
        Self {
            name,
            span,
            inherits: list(attribute("inherits")),
            matrix: attribute("matrix").is_some(),
            context: text_of(attribute("context")),
            dockerfile: text_of(attribute("dockerfile")),
            inline: text_of(attribute("dockerfile-inline")),
            target: text_of(attribute("target")),
            args: map(attribute("args")),
            contexts: map(attribute("contexts")),
            tags: list(attribute("tags")),
            platforms: list(attribute("platforms")),
            cache_from: list(attribute("cache-from")),
            cache_to: list(attribute("cache-to")),
            output: list(attribute("output")),
            secrets: list(attribute("secret")),
            pull: text_of(attribute("pull")),
            no_cache: text_of(attribute("no-cache")),
        }
    }

    fn inherit(&mut self, parent: &Self) {
        fn one(own: &mut Option<Text>, parent: Option<&Text>) {
            if own.is_none() {
                *own = parent.cloned();
            }
        }
        fn many(own: &mut Vec<Text>, parent: &[Text]) {
            if own.is_empty() {
                own.extend_from_slice(parent);
            }
        }
        fn entries(own: &mut Vec<Entry>, parent: &[Entry]) {
            for entry in parent {
                if !own.iter().any(|other| other.key.text == entry.key.text) {
                    own.push(entry.clone());
                }
            }
        }
        one(&mut self.context, parent.context.as_ref());
        one(&mut self.dockerfile, parent.dockerfile.as_ref());
        one(&mut self.inline, parent.inline.as_ref());
        one(&mut self.target, parent.target.as_ref());
        one(&mut self.pull, parent.pull.as_ref());
        one(&mut self.no_cache, parent.no_cache.as_ref());
        entries(&mut self.args, &parent.args);
        entries(&mut self.contexts, &parent.contexts);
        many(&mut self.tags, &parent.tags);
        many(&mut self.platforms, &parent.platforms);
        many(&mut self.cache_from, &parent.cache_from);
        many(&mut self.cache_to, &parent.cache_to);
        many(&mut self.output, &parent.output);
        many(&mut self.secrets, &parent.secrets);
        self.matrix |= parent.matrix;
    }
}

fn text_of(expression: Option<&Expression>) -> Option<Text> {
    let expression = expression?;
    Some(match &expression.form {
        Form::Text(text) => Text::known(text.as_str(), expression.span),
        _ => Text::unknown("", expression.span),
    })
}

fn list(expression: Option<&Expression>) -> Vec<Text> {
    let Some(expression) = expression else { return Vec::new() };
    match &expression.form {
        Form::List(items) => items.iter().filter_map(|item| text_of(Some(item))).collect(),
        _ => text_of(Some(expression)).into_iter().collect(),
    }
}

fn map(expression: Option<&Expression>) -> Vec<Entry> {
    let Some(Expression { form: Form::Map(members), .. }) = expression else { return Vec::new() };
    members.iter().map(|(key, value)| Entry { key: key.clone(), value: text_of(Some(value)) }).collect()
}

/// JSON in the form of HCL. Variables (`${X}`) are in its texts too.
fn from_node(node: &Node) -> Expression {
    let form = match &node.kind {
        Kind::Scalar(scalar) if scalar.text.contains("${") => Form::Unknown,
        Kind::Scalar(scalar) => Form::Text(scalar.text.to_string()),
        Kind::Sequence(items) => Form::List(items.iter().map(from_node).collect()),
        Kind::Mapping(entries) => Form::Map(
            entries
                .iter()
                .filter_map(|(key, value)| Some((Text::of(key, |_| false)?, from_node(value))))
                .collect(),
        ),
        Kind::Unknown => Form::Unknown,
    };
    Expression { form, span: node.scalar().map_or(node.span, |scalar| scalar.inner) }
}

#[cfg(test)]
mod tests {
    use super::super::yaml::parse;
    use super::*;

    const FILE: &str = r#"
# comment with { brace
variable "TAG" { default = "latest" }
group "default" {
  targets = ["app", "worker"]
}
target "_base" {
  context = "."
  args = {
    A = "1"
    "B" = TAG
  }
  platforms = ["linux/amd64", "linux/arm64"]
}
target "app" {
  inherits = ["_base"]
  dockerfile = "docker/app.Dockerfile"
  target = "final"
  tags = ["x/app:${TAG}", "x/app:stable"] // more
  args = { A = "2" }
}
target "worker" { inherits = ["app"], matrix = { v = ["1", "2"] }
  dockerfile-inline = <<EOT
FROM x
EOT
  no-cache = true
}
function "f" { params = [x] result = "${x}" }
"#;

    #[test]
    fn reads_hcl() {
        let bake = Bake::from_hcl(FILE);
        let app = bake.resolved(bake.target("app").unwrap());
        assert_eq!(app.dockerfile.as_ref().unwrap().value(), Some("docker/app.Dockerfile"));
        assert_eq!(&FILE[app.dockerfile.as_ref().unwrap().span.range()], "docker/app.Dockerfile");
        assert_eq!(app.context.as_ref().unwrap().value(), Some("."));
        assert_eq!(app.tags[0].value(), None);
        assert_eq!(app.tags[1].value(), Some("x/app:stable"));
        let args: Vec<_> =
            app.args.iter().map(|a| (&*a.key.text, a.value.as_ref().unwrap().value())).collect();
        assert_eq!(args, [("A", Some("2")), ("B", None)]);
        let worker = bake.resolved(bake.target("worker").unwrap());
        assert!(worker.matrix && worker.inline.is_some());
        assert_eq!(worker.no_cache.as_ref().unwrap().value(), Some("true"));
        assert_eq!(worker.target.unwrap().value(), Some("final"));
        assert_eq!(&*bake.variables[0].value.as_ref().unwrap().text, "latest");
        let group: Vec<_> = bake.groups[0].1.iter().map(|text| &*text.text).collect();
        assert_eq!(group, ["app", "worker"]);
        assert!(
            FILE[app.span.range()].starts_with("target \"app\"") && FILE[app.span.range()].ends_with('}')
        );
    }

    #[test]
    fn reads_json() {
        let text = r#"{"target": {"app": {"context": "a", "tags": ["x:${T}", "y"], "args": {"A": "1"}}}, "group": {"default": {"targets": ["app"]}}}"#;
        let bake = Bake::from_json(parse(text).root());
        let app = bake.target("app").unwrap();
        assert_eq!(app.context.as_ref().unwrap().value(), Some("a"));
        assert_eq!(&text[app.context.as_ref().unwrap().span.range()], "a");
        assert_eq!(app.tags[0].value(), None);
        assert_eq!(bake.groups.len(), 1);
    }

    #[test]
    fn circles_end() {
        let bake =
            Bake::from_hcl("target \"a\" { inherits = [\"b\"] }\ntarget \"b\" { inherits = [\"a\", \"a\"] }");
        assert!(bake.resolved(&bake.targets[0]).context.is_none());
    }
}
