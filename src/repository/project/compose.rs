//! Compose files.
//!
//! Source: "Compose file reference", docs.docker.com.

use super::value::{Entry, Switch, Text, entries, texts};
use super::yaml::{Kind, Node, Yaml};
use crate::text::Span;

/// Services of a file that are read.
const MAX_SERVICES: usize = 500;

/// A Compose file.
#[derive(Debug, Clone, Default)]
pub struct Compose {
    /// The services in order.
    pub services: Vec<Service>,
    /// Whether something could not be read, or stands in other files (`include`).
    pub partial: bool,
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its key.
    pub name: Text,
    /// From its key to its end.
    pub span: Span,
    /// Whether parts of it come from elsewhere (`extends`): what is not said here is not known then.
    pub extends: bool,
    /// The image it runs, or the name that its build gets.
    pub image: Option<Text>,
    /// How its image is built.
    pub build: Option<ServiceBuild>,
    /// `user:`
    pub user: Option<Text>,
    /// `environment:`, a map or a list. A value that is missing comes from the environment of Compose.
    pub environment: Vec<Entry>,
    /// `env_file:`
    pub env_files: Vec<Text>,
    /// `command:`: `None` where it is not set.
    pub command: Option<Words>,
    /// `entrypoint:`
    pub entrypoint: Option<Words>,
    /// `init: true`
    pub init: Option<Switch>,
    /// `ports:` of the short form; of the long form their `target`.
    pub ports: Vec<Text>,
    /// `expose:`
    pub expose: Vec<Text>,
    /// `healthcheck:`
    pub healthcheck: Option<Healthcheck>,
    /// `depends_on:`
    pub depends_on: Vec<Dependency>,
    /// `privileged:`
    pub privileged: Option<Switch>,
    /// `network_mode:`
    pub network_mode: Option<Text>,
    /// `pid:`
    pub pid: Option<Text>,
    /// `ipc:`
    pub ipc: Option<Text>,
    /// `userns_mode:`
    pub userns_mode: Option<Text>,
    /// `cap_add:`
    pub cap_add: Vec<Text>,
    /// `cap_drop:`
    pub cap_drop: Vec<Text>,
    /// `security_opt:`
    pub security_opt: Vec<Text>,
    /// `devices:`
    pub devices: Vec<Text>,
    /// `volumes:`
    pub volumes: Vec<Volume>,
    /// `read_only:`
    pub read_only: Option<Switch>,
    /// `profiles:`
    pub profiles: Vec<Text>,
    /// `stop_signal:`
    pub stop_signal: Option<Text>,
    /// `stop_grace_period:`
    pub stop_grace_period: Option<Text>,
    /// `working_dir:`
    pub working_dir: Option<Text>,
}

/// `build:` of a service.
#[derive(Debug, Clone)]
pub struct ServiceBuild {
    /// From its key to its end.
    pub span: Span,
    /// `context:`, or the short form; `None` for the folder of the Compose file.
    pub context: Option<Text>,
    /// `dockerfile:`
    pub dockerfile: Option<Text>,
    /// `dockerfile_inline:`
    pub inline: Option<Text>,
    /// `target:`
    pub target: Option<Text>,
    /// `args:`
    pub args: Vec<Entry>,
    /// `additional_contexts:`
    pub contexts: Vec<Entry>,
    /// `tags:`
    pub tags: Vec<Text>,
    /// `cache_from:`
    pub cache_from: Vec<Text>,
    /// `cache_to:`
    pub cache_to: Vec<Text>,
    /// `platforms:`
    pub platforms: Vec<Text>,
    /// `secrets:`
    pub secrets: Vec<Text>,
    /// `no_cache:`
    pub no_cache: Option<Switch>,
    /// `pull:`
    pub pull: Option<Switch>,
    /// `privileged:`
    pub privileged: Option<Switch>,
    /// `network:`
    pub network: Option<Text>,
}

/// `command:` or `entrypoint:`
#[derive(Debug, Clone)]
pub enum Words {
    /// One text, which Compose splits as a shell would.
    Line(Text),
    /// A list.
    List(Vec<Text>),
}

/// `healthcheck:`
#[derive(Debug, Clone)]
pub struct Healthcheck {
    /// From its key to its end.
    pub span: Span,
    /// `test:` as a list (`CMD`, `CMD-SHELL` or `NONE` first), or one text for a shell.
    pub test: Option<Words>,
    /// Whether the check of the image is switched off: `disable: true`, `test: NONE`.
    pub disabled: bool,
}

/// A service that another one waits for.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// Its name.
    pub service: Text,
    /// `condition:`
    pub condition: Option<Text>,
}

/// A volume of a service.
#[derive(Debug, Clone)]
pub struct Volume {
    /// The short form as written, or the whole of the long form.
    pub span: Span,
    /// What is mounted: a path of the host, the name of a volume; `None` for an anonymous one.
    pub source: Option<Text>,
    /// Where in the container.
    pub target: Option<Text>,
    /// Whether it can only be read.
    pub read_only: bool,
}

/// Whether a variable of Compose is in a text: `$X`, `${X}`; `$$` is a dollar.
fn has_variable(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'$' && bytes.next().is_some_and(|next| next != b'$') {
            return true;
        }
    }
    false
}

impl Compose {
    /// Reads a Compose file.
    pub fn read(yaml: &Yaml) -> Self {
        let mut out = Self { partial: yaml.partial, ..Self::default() };
        let Some(root) = yaml.root() else { return out };
        out.partial |= root.get("include").is_some();
        let services = root.get("services");
        // The first version of the format had the services at the top.
        let old = services.is_none() && root.get("version").is_none();
        let services = if old { Some(root) } else { services };
        let services = services.map_or(&[][..], Node::entries);
        out.partial |= services.len() > MAX_SERVICES;
        out.services = services
            .iter()
            .take(MAX_SERVICES)
            .filter(|(_, node)| node.is_mapping() && (!old || is_service(node)))
            .filter_map(|(key, node)| Some(Service::read(Text::of(key, has_variable)?, key.span, node)))
            .collect();
        out
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| &*service.name.text == name)
    }

    /// How other services wait for one.
    pub fn waits_for<'c>(&'c self, name: &'c str) -> impl Iterator<Item = (&'c Service, &'c Dependency)> {
        self.services.iter().flat_map(move |service| {
            let dependencies = service.depends_on.iter().filter(move |d| &*d.service.text == name);
            dependencies.map(move |dependency| (service, dependency))
        })
    }
}

fn is_service(node: &Node) -> bool {
    node.get("image").is_some() || node.get("build").is_some()
}

impl Service {
    fn read(name: Text, key: Span, node: &Node) -> Self {
        let text = |name: &str| Text::of(node.get(name)?, has_variable);
        let list = |name: &str| texts(node.get(name), has_variable);
        Self {
            name,
            span: key.cover(node.span),
            extends: node.get("extends").is_some(),
            image: text("image"),
            build: node.entry("build").map(|(key, build)| ServiceBuild::read(key.span, build)),
            user: text("user"),
            environment: node.get("environment").map(|env| entries(env, has_variable)).unwrap_or_default(),
            env_files: node
                .get("env_file")
                .map_or(&[][..], Node::one_or_many)
                .iter()
                .filter_map(|item| Text::of(item.get("path").unwrap_or(item), has_variable))
                .collect(),
            command: words(node.get("command")),
            entrypoint: words(node.get("entrypoint")),
            init: switch(node, "init"),
            ports: node
                .get("ports")
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(|item| Text::of(item.get("target").unwrap_or(item), has_variable))
                .collect(),
            expose: list("expose"),
            healthcheck: node.entry("healthcheck").map(|(key, check)| Healthcheck::read(key.span, check)),
            depends_on: node.get("depends_on").map(dependencies).unwrap_or_default(),
            privileged: switch(node, "privileged"),
            network_mode: text("network_mode").or_else(|| text("net")),
            pid: text("pid"),
            ipc: text("ipc"),
            userns_mode: text("userns_mode"),
            cap_add: list("cap_add"),
            cap_drop: list("cap_drop"),
            security_opt: list("security_opt"),
            devices: list("devices"),
            volumes: node
                .get("volumes")
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(Volume::read)
                .collect(),
            read_only: switch(node, "read_only"),
            profiles: list("profiles"),
            stop_signal: text("stop_signal"),
            stop_grace_period: text("stop_grace_period"),
            working_dir: text("working_dir"),
        }
    }

    /// A variable of its environment.
    pub fn variable(&self, name: &str) -> Option<&Entry> {
        self.environment.iter().find(|entry| &*entry.key.text == name)
    }
}

impl Healthcheck {
    fn read(key: Span, node: &Node) -> Self {
        let test = words(node.get("test"));
        let first = match &test {
            Some(Words::List(list)) => list.first(),
            Some(Words::Line(line)) => Some(line),
            None => None,
        };
        let disabled = first.is_some_and(|word| &*word.text == "NONE")
            || node.get("disable").and_then(Node::bool) == Some(true);
        Self { span: key.cover(node.span), test, disabled }
    }
}

impl ServiceBuild {
    fn read(key: Span, node: &Node) -> Self {
        let text = |name: &str| Text::of(node.get(name)?, has_variable);
        let list = |name: &str| texts(node.get(name), has_variable);
        let map = |name: &str| node.get(name).map(|node| entries(node, has_variable)).unwrap_or_default();
        Self {
            span: key.cover(node.span),
            context: Text::of(node, has_variable).or_else(|| text("context")),
            dockerfile: text("dockerfile"),
            inline: text("dockerfile_inline"),
            target: text("target"),
            args: map("args"),
            contexts: map("additional_contexts"),
            tags: list("tags"),
            cache_from: list("cache_from"),
            cache_to: list("cache_to"),
            platforms: list("platforms"),
            secrets: node
                .get("secrets")
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(|item| Text::of(item.get("source").unwrap_or(item), has_variable))
                .collect(),
            no_cache: switch(node, "no_cache"),
            pull: switch(node, "pull"),
            privileged: switch(node, "privileged"),
            network: text("network"),
        }
    }
}

impl Volume {
    fn read(node: &Node) -> Option<Self> {
        if node.is_mapping() {
            let text = |name: &str| Text::of(node.get(name)?, has_variable);
            let read_only = node.get("read_only").and_then(Node::bool) == Some(true);
            return Some(Self { span: node.span, source: text("source"), target: text("target"), read_only });
        }
        let whole = Text::of(node, has_variable)?;
        let part = |from: usize, text: &str| whole.part(from..from + text.len(), has_variable);
        let parts = split_volume(&whole.text);
        let modes = parts.get(2).map_or("", |(_, text)| text);
        let (source, target) = match parts.as_slice() {
            [only] => (None, Some(only)),
            [source, target, ..] => (Some(source), Some(target)),
            [] => (None, None),
        };
        Some(Self {
            span: whole.span,
            source: source.map(|(at, text)| part(*at, text)),
            target: target.map(|(at, text)| part(*at, text)),
            read_only: modes.split(',').any(|mode| mode == "ro"),
        })
    }
}

/// Splits the short form at its colons: not at those of `${X:-y}` and of a drive letter.
fn split_volume(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                let drive = at == start + 1
                    && text.as_bytes().get(start).is_some_and(u8::is_ascii_alphabetic)
                    && matches!(text.as_bytes().get(at + 1), Some(b'\\' | b'/'))
                    && out.is_empty()
                    && text.get(at + 1..).is_some_and(|rest| rest.contains(':'));
                if !drive {
                    out.push((start, text.get(start..at).unwrap_or("")));
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    out.push((start, text.get(start..).unwrap_or("")));
    out
}

fn switch(node: &Node, name: &str) -> Option<Switch> {
    let (key, value) = node.entry(name)?;
    Some(Switch { on: value.bool(), span: key.span.cover(value.span) })
}

fn words(node: Option<&Node>) -> Option<Words> {
    let node = node?;
    match &node.kind {
        Kind::Sequence(items) => {
            Some(Words::List(items.iter().filter_map(|item| Text::of(item, has_variable)).collect()))
        }
        _ => Text::of(node, has_variable).map(Words::Line),
    }
}

fn dependencies(node: &Node) -> Vec<Dependency> {
    let from_list =
        texts(Some(node), has_variable).into_iter().map(|service| Dependency { service, condition: None });
    let from_map = node.entries().iter().filter_map(|(key, value)| {
        let condition = value.get("condition").and_then(|node| Text::of(node, has_variable));
        Some(Dependency { service: Text::of(key, has_variable)?, condition })
    });
    from_list.chain(from_map).collect()
}

#[cfg(test)]
mod tests {
    use super::super::yaml::parse;
    use super::*;

    const FILE: &str = r#"
x-env: &env
  LOG: info
services:
  web:
    build:
      context: ./web
      dockerfile: Dockerfile.prod
      target: final
      args: [VERSION=1, "TOKEN"]
    user: "10001:10001"
    environment: {<<: *env, KEY: "${KEY}"}
    ports: ["8080:80", {target: 443}]
    depends_on:
      db: {condition: service_healthy}
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
      - ${DATA:-./data}:/data
      - type: bind
        source: ./x
        target: /x
        read_only: true
    privileged: true
    cap_add: [ALL]
  db:
    image: postgres:17
    healthcheck:
      test: ["CMD", "pg_isready"]
  api:
    extends: web
    build: .
    init: ${INIT}
    command: python -m api
    depends_on: [db, web]
"#;

    #[test]
    fn reads_services() {
        let compose = Compose::read(&parse(FILE));
        assert!(!compose.partial);
        let web = compose.service("web").unwrap();
        let build = web.build.as_ref().unwrap();
        assert_eq!(&*build.context.as_ref().unwrap().text, "./web");
        assert_eq!(&FILE[build.dockerfile.as_ref().unwrap().span.range()], "Dockerfile.prod");
        assert_eq!(&*build.args[0].key.text, "VERSION");
        assert_eq!(&FILE[build.args[0].value.as_ref().unwrap().span.range()], "1");
        assert_eq!(build.args[1].value, None);
        assert_eq!(web.user.as_ref().unwrap().value(), Some("10001:10001"));
        assert_eq!(web.variable("KEY").unwrap().value.as_ref().unwrap().value(), None);
        assert_eq!(web.variable("LOG").unwrap().value.as_ref().unwrap().value(), Some("info"));
        let ports: Vec<_> = web.ports.iter().map(|port| &*port.text).collect();
        assert_eq!(ports, ["8080:80", "443"]);
        let volumes: Vec<_> = web
            .volumes
            .iter()
            .map(|v| (v.source.as_ref().map(|s| &*s.text), v.target.as_ref().map(|t| &*t.text), v.read_only))
            .collect();
        assert_eq!(
            volumes,
            [
                (Some("/var/run/docker.sock"), Some("/var/run/docker.sock"), true),
                (Some("${DATA:-./data}"), Some("/data"), false),
                (Some("./x"), Some("/x"), true)
            ]
        );
        assert!(web.privileged.unwrap().is_on());
        assert_eq!(&FILE[web.privileged.unwrap().span.range()], "privileged: true");
        let db = compose.service("db").unwrap();
        assert!(!db.healthcheck.as_ref().unwrap().disabled);
        let waiting: Vec<_> =
            compose.waits_for("db").map(|(s, d)| (&*s.name.text, d.condition.is_some())).collect();
        assert_eq!(waiting, [("web", true), ("api", false)]);
        let api = compose.service("api").unwrap();
        assert!(api.extends && api.init.unwrap().on.is_none());
        assert!(matches!(&api.command, Some(Words::Line(line)) if &*line.text == "python -m api"));
    }

    #[test]
    fn other_shapes() {
        for text in
            ["", "- a", "services: 1", "services: [a]", "services: {a: }", "services: {a: {build: [x]}}"]
        {
            assert!(Compose::read(&parse(text)).services.iter().all(|s| s.image.is_none()), "{text}");
        }
        assert!(Compose::read(&parse("include: [a.yml]\nservices: {}")).partial);
        assert_eq!(Compose::read(&parse("web: {build: .}\nx: {y: z}")).services.len(), 1);
        assert!(has_variable("a$B") && has_variable("${X}") && !has_variable("a$$B"));
        assert_eq!(split_volume("C:\\x:/y:ro").len(), 3);
    }
}
