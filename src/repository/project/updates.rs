//! Bots that update base images and dependencies: Dependabot and Renovate.
//!
//! Sources: "Dependabot options reference", docs.github.com; "Configuration options", docs.renovatebot.com.

use super::value::{Text, texts};
use super::yaml::{Node, Yaml, parse};
use crate::text::Span;
use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

/// What updates a repository.
#[derive(Debug, Clone, Default)]
pub struct Updates {
    /// The configuration of Dependabot.
    pub dependabot: Option<Dependabot>,
    /// That of Renovate.
    pub renovate: Option<Renovate>,
    /// Files that show another updater: a workflow that runs Renovate itself, a script that rewrites digests.
    pub others: Vec<Utf8PathBuf>,
}

/// `.github/dependabot.yml`
#[derive(Debug, Clone)]
pub struct Dependabot {
    /// Index of the file in [`super::Project::documents`].
    pub document: usize,
    /// The entries of `updates:` in order.
    pub entries: Vec<DependabotEntry>,
    /// Whether something could not be read.
    pub partial: bool,
}

/// An entry of `updates:`.
#[derive(Debug, Clone)]
pub struct DependabotEntry {
    /// From its first to its last byte.
    pub span: Span,
    /// `package-ecosystem:`: `docker`, `docker-compose`, `pip`, `npm`, …
    pub ecosystem: Text,
    /// `directory:` or `directories:` as written: `/`, `/api`, `/services/*`, `**/*`.
    pub directories: Vec<Text>,
    /// `schedule.interval`
    pub interval: Option<Text>,
    /// `ignore:`: names of what it leaves alone.
    pub ignore: Vec<Text>,
    /// Whether `open-pull-requests-limit: 0` keeps it from all but security updates.
    pub no_version_updates: bool,
}

/// The configuration of Renovate.
#[derive(Debug, Clone, Default)]
pub struct Renovate {
    /// Index of the file in [`super::Project::documents`].
    pub document: usize,
    /// Whether it is switched off as a whole.
    pub disabled: bool,
    /// `enabledManagers`; `None` for all. When it is there, others are off.
    pub enabled_managers: Option<Vec<String>>,
    /// Managers that are switched off by name: `"dockerfile": {"enabled": false}`, `disabledManagers`.
    pub disabled_managers: Vec<String>,
    /// `ignorePaths`, as written.
    pub ignore_paths: Vec<String>,
    /// Whether something could not be read, or comes from presets that are not known.
    pub partial: bool,
}

impl Updates {
    /// Whether a bot is known to update an ecosystem (as Dependabot names it) in a folder, or may: an updater that
    /// cannot be read counts.
    pub fn cover(&self, ecosystem: &str, dir: &Utf8Path) -> bool {
        let dependabot =
            self.dependabot.as_ref().is_some_and(|bot| bot.partial || bot.covers(ecosystem, dir));
        let renovate = self.renovate.as_ref().is_some_and(|bot| bot.covers(ecosystem, dir));
        dependabot || renovate || !self.others.is_empty()
    }

    /// Whether there is any updater.
    pub const fn any(&self) -> bool {
        self.dependabot.is_some() || self.renovate.is_some() || !self.others.is_empty()
    }
}

impl Dependabot {
    /// Reads the file.
    pub fn read(document: usize, yaml: &Yaml) -> Self {
        let entries = yaml.root().and_then(|root| root.get("updates")).map_or(&[][..], Node::items);
        let uncertain = |_: &str| false;
        let read = |node: &Node| {
            let mut directories = texts(node.get("directory"), uncertain);
            directories.extend(texts(node.get("directories"), uncertain));
            let limit = node.get("open-pull-requests-limit").and_then(Node::text);
            Some(DependabotEntry {
                span: node.span,
                ecosystem: Text::of(node.get("package-ecosystem")?, uncertain)?,
                directories,
                interval: node.at(&["schedule", "interval"]).and_then(|node| Text::of(node, uncertain)),
                ignore: node
                    .get("ignore")
                    .map_or(&[][..], Node::items)
                    .iter()
                    .filter_map(|item| Text::of(item.get("dependency-name")?, uncertain))
                    .collect(),
                no_version_updates: limit == Some("0"),
            })
        };
        Self { document, entries: entries.iter().filter_map(read).collect(), partial: yaml.partial }
    }

    /// Whether an ecosystem is updated in a folder.
    pub fn covers(&self, ecosystem: &str, dir: &Utf8Path) -> bool {
        self.entries_of(ecosystem, dir).any(|entry| !entry.no_version_updates)
    }

    /// The entries that say something about an ecosystem in a folder, even that it is to be left alone.
    pub fn entries_of<'b>(
        &'b self,
        ecosystem: &'b str,
        dir: &'b Utf8Path,
    ) -> impl Iterator<Item = &'b DependabotEntry> {
        self.entries.iter().filter(move |entry| {
            &*entry.ecosystem.text == ecosystem
                && entry.directories.iter().any(|pattern| covers_dir(&pattern.text, dir))
        })
    }
}

/// Whether a directory of Dependabot, which may be a glob, names a folder of the tree.
fn covers_dir(pattern: &str, dir: &Utf8Path) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_matches('/');
    if !pattern.contains(['*', '?', '[', '{']) {
        return pattern == dir.as_str();
    }
    // `**/*` is the root as well.
    if matches!(pattern, "**" | "**/*") {
        return true;
    }
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_or(true, |glob| glob.compile_matcher().is_match(dir.as_std_path()))
}

impl Renovate {
    /// Reads a configuration, which is JSON or JSON5; for a `package.json` the value of its `renovate` key.
    pub fn read(document: usize, text: &str, key: Option<&str>) -> Option<Self> {
        let plain = without_comments(text);
        let yaml = parse(&plain);
        let root = match key {
            Some(key) => Some(yaml.root()?.get(key)?),
            None => yaml.root(),
        };
        let mut out = Self { document, partial: yaml.partial, ..Self::default() };
        let Some(root) = root.filter(|root| root.is_mapping()) else {
            out.partial = true;
            return Some(out);
        };
        let list = |name: &str| -> Vec<String> {
            let items = root.get(name).map_or(&[][..], Node::one_or_many);
            items.iter().filter_map(|item| item.text().map(str::to_owned)).collect()
        };
        out.disabled = root.get("enabled").and_then(Node::bool) == Some(false);
        out.enabled_managers = root.get("enabledManagers").map(|_| list("enabledManagers"));
        out.disabled_managers = list("disabledManagers");
        let off = |node: &Node| node.get("enabled").and_then(Node::bool) == Some(false);
        for (name, node) in root.entries() {
            if let Some(name) = name.text().filter(|_| off(node)) {
                out.disabled_managers.push(name.to_owned());
            }
        }
        for rule in root.get("packageRules").map_or(&[][..], Node::items).iter().filter(|rule| off(rule)) {
            // A rule for one manager and nothing else.
            let only = rule
                .entries()
                .iter()
                .all(|(key, _)| matches!(key.text(), Some("matchManagers" | "enabled" | "description")));
            if let Some(managers) = rule.get("matchManagers").filter(|_| only) {
                let names = managers.one_or_many().iter().filter_map(|item| item.text().map(str::to_owned));
                out.disabled_managers.extend(names);
            }
        }
        out.ignore_paths = list("ignorePaths");
        out.disabled_managers.extend(list("extends").into_iter().filter_map(|preset| {
            // `docker:disable` is the only preset that switches one off by name.
            (preset == "docker:disable").then(|| "dockerfile".to_owned())
        }));
        Some(out)
    }

    /// Whether an ecosystem (as Dependabot names it) is, or may be, updated in a folder.
    pub fn covers(&self, ecosystem: &str, dir: &Utf8Path) -> bool {
        if self.disabled {
            return false;
        }
        let managers: &[&str] = match ecosystem {
            "docker" => &["dockerfile", "docker"],
            "docker-compose" => &["docker-compose", "docker"],
            "github-actions" => &["github-actions"],
            "pip" => &[
                "pip_requirements",
                "pip-compile",
                "pip_setup",
                "poetry",
                "pep621",
                "pipenv",
                "uv",
                "python",
            ],
            "uv" => &["pep621", "uv"],
            "npm" | "bun" => &["npm", "bun", "node"],
            "gomod" => &["gomod"],
            "cargo" => &["cargo"],
            "bundler" => &["bundler"],
            "composer" => &["composer"],
            "maven" => &["maven"],
            "gradle" => &["gradle"],
            "nuget" => &["nuget"],
            _ => return true,
        };
        let off = |name: &str| self.disabled_managers.iter().any(|other| other == name);
        if let Some(enabled) = &self.enabled_managers
            && !managers.iter().any(|name| enabled.iter().any(|other| other == name))
        {
            return false;
        }
        if off(managers.first().copied().unwrap_or("")) || (ecosystem.starts_with("docker") && off("docker"))
        {
            return false;
        }
        // `docs/**`: only what is plain about it.
        let ignored = self.ignore_paths.iter().any(|pattern| {
            let pattern = pattern.trim_start_matches("**/").trim_end_matches("/**").trim_matches('/');
            !pattern.is_empty()
                && !pattern.contains('*')
                && dir.as_str().split('/').any(|part| part == pattern)
        });
        !ignored
    }
}

/// JSON5 without its comments, which YAML has in another form. Bytes keep their places.
fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut run) = (0, 0);
    let mut quote = None;
    while let Some(&byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            // Tabs keep YAML from reading a block, not a map in brackets.
            (None, b'/') if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let rest = text.get(at..).unwrap_or("");
                let len = if bytes.get(at + 1) == Some(&b'/') {
                    rest.find('\n').unwrap_or(rest.len())
                } else {
                    rest.find("*/").map_or(rest.len(), |end| end + 2)
                };
                out.push_str(text.get(run..at).unwrap_or(""));
                out.extend(
                    rest.get(..len).unwrap_or("").bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }),
                );
                at += len;
                run = at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(text.get(run..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependabot() {
        let text = "version: 2\nupdates:\n- package-ecosystem: docker\n  directories: [/, /services/*]\n  schedule: {interval: weekly}\n- package-ecosystem: pip\n  directory: /api/\n  open-pull-requests-limit: 0\n- package-ecosystem: npm\n  directory: /web\n";
        let bot = Dependabot::read(0, &parse(text));
        assert_eq!(bot.entries[0].interval.as_ref().unwrap().value(), Some("weekly"));
        for (ecosystem, dir, covered) in [
            ("docker", "", true),
            ("docker", "services/a", true),
            ("docker", "services/a/b", false),
            ("docker", "web", false),
            ("pip", "api", false),
            ("npm", "web", true),
            ("npm", "", false),
        ] {
            assert_eq!(bot.covers(ecosystem, dir.into()), covered, "{ecosystem} {dir}");
        }
        assert!(covers_dir("**/*", "".into()) && covers_dir("/[", "x".into()));
    }

    #[test]
    fn renovate() {
        let read = |text: &str| Renovate::read(0, text, None).unwrap();
        let bot = read(
            "// é\n{\n\textends: ['config:recommended'], /* x */\n  \"ignorePaths\": [\"**/examples/**\"],\n}",
        );
        assert!(!bot.partial, "{bot:?}");
        assert!(bot.covers("docker", "".into()) && !bot.covers("docker", "examples/x".into()));
        assert!(!read("{\"enabledManagers\": [\"npm\"]}").covers("docker", "".into()));
        assert!(!read("{\"dockerfile\": {\"enabled\": false}}").covers("docker", "".into()));
        assert!(!read("{\"extends\": [\"docker:disable\"]}").covers("docker", "".into()));
        assert!(
            !read("{\"packageRules\": [{\"matchManagers\": [\"dockerfile\"], \"enabled\": false}]}")
                .covers("docker", "".into())
        );
        assert!(read("{\"packageRules\": [{\"matchManagers\": [\"dockerfile\"], \"matchPackageNames\": [\"x\"], \"enabled\": false}]}").covers("docker", "".into()));
        assert!(!read("{\"enabled\": false}").covers("npm", "".into()));
        assert!(read("{\"url\": \"https://x\"}").covers("pip", "".into()));
        assert!(Renovate::read(0, "{\"name\": \"x\"}", Some("renovate")).is_none());
        assert!(
            Renovate::read(0, "{\"renovate\": {\"enabled\": false}}", Some("renovate")).unwrap().disabled
        );
        assert!(read("broken: [").partial && read("").partial);
    }
}
