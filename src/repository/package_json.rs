//! `package.json`: what npm, yarn and pnpm read of a Node project.
//!
//! Read as they read it: strict JSON, a byte order mark allowed. A member of another type than expected is left out.

use super::{Lookup, Tree};
use crate::text::Span;
use camino::Utf8Path;
use serde_json::{Map, Value};

/// Names and texts, in the order of the file.
pub type Pairs = Vec<(String, String)>;

/// A `package.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageJson {
    /// `scripts`: name and command line.
    pub scripts: Pairs,
    /// `dependencies`: package and version range.
    pub dependencies: Pairs,
    /// `devDependencies`
    pub dev_dependencies: Pairs,
    /// `engines`: `node`, `npm`, … and version range.
    pub engines: Pairs,
    /// `workspaces`: the patterns of the folders; `None` when the member is missing.
    pub workspaces: Option<Vec<String>>,
    /// `packageManager`, as `pnpm@9.1.0+sha512.…`.
    pub package_manager: Option<String>,
    /// `type` is `module`.
    pub is_module: bool,
}

impl PackageJson {
    /// Reads the text of a `package.json`; `None` when it is not an object.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Value::Object(root) = serde_json::from_str(text).ok()? else { return None };
        let string = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            scripts: pairs(&root, "scripts"),
            dependencies: pairs(&root, "dependencies"),
            dev_dependencies: pairs(&root, "devDependencies"),
            engines: pairs(&root, "engines"),
            workspaces: root.get("workspaces").map(|value| {
                // Yarn's older form: `{"packages": […], "nohoist": […]}`.
                let list = value.get("packages").unwrap_or(value).as_array();
                list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
            }),
            package_manager: string("packageManager"),
            is_module: string("type").as_deref() == Some("module"),
        })
    }

    /// Reads a `package.json` of a tree. [`Lookup::Unknown`] also when it is not valid.
    pub fn read(tree: &dyn Tree, path: &Utf8Path) -> Lookup<Self> {
        match tree.read(path) {
            Lookup::Found(text) => Self::parse(&text).map_or(Lookup::Unknown, Lookup::Found),
            Lookup::Absent => Lookup::Absent,
            Lookup::Unknown => Lookup::Unknown,
        }
    }

    /// The command line of a script.
    pub fn script(&self, name: &str) -> Option<&str> {
        value_of(&self.scripts, name)
    }

    /// The version range of a package among `dependencies`.
    pub fn dependency(&self, name: &str) -> Option<&str> {
        value_of(&self.dependencies, name)
    }

    /// The version range of a package among `devDependencies`.
    pub fn dev_dependency(&self, name: &str) -> Option<&str> {
        value_of(&self.dev_dependencies, name)
    }
}

/// The text with that name.
fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn pairs(root: &Map<String, Value>, member: &str) -> Pairs {
    let object = root.get(member).and_then(Value::as_object);
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    object.into_iter().flatten().filter_map(text).collect()
}

/// Where the name of a script stands in the text of a `package.json`, quotes included: to point at it.
pub fn script_span(text: &str, name: &str) -> Option<Span> {
    let scripts = text.find("\"scripts\"")?;
    let quoted = serde_json::to_string(name).ok()?;
    let mut from = scripts + "\"scripts\"".len();
    while let Some(at) = text.get(from..)?.find(&quoted) {
        let start = from + at;
        let end = start + quoted.len();
        if text.get(end..)?.trim_start().starts_with(':') {
            return Some(Span::new(start as u32, end as u32));
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    const TEXT: &str = r#"{
  "type": "module",
  "packageManager": "pnpm@9.1.0",
  "workspaces": {"packages": ["packages/*"]},
  "scripts": {"build": "start", "start": "node \"a.js\"", "bad": 1},
  "engines": {"node": ">=22"},
  "dependencies": {"express": "^4.0.0"},
  "devDependencies": {"vite": "5"}
}"#;

    #[test]
    fn reads_what_rules_ask_for() {
        let file = PackageJson::parse(TEXT).unwrap();
        assert_eq!(file.script("start"), Some("node \"a.js\""));
        assert_eq!(file.script("bad"), None);
        assert_eq!(file.dependency("express"), Some("^4.0.0"));
        assert_eq!(file.dependency("vite"), None);
        assert_eq!(file.dev_dependency("vite"), Some("5"));
        assert_eq!(file.engines, [("node".to_owned(), ">=22".to_owned())]);
        assert_eq!(file.workspaces, Some(vec!["packages/*".to_owned()]));
        assert_eq!(file.package_manager.as_deref(), Some("pnpm@9.1.0"));
        assert!(file.is_module);
        let bare = PackageJson::parse("\u{feff}{\"scripts\": [], \"workspaces\": [\"a\", 1]}").unwrap();
        assert_eq!((bare.scripts.len(), bare.workspaces), (0, Some(vec!["a".to_owned()])));
    }

    #[test]
    fn what_is_no_package_json_is_unknown() {
        let tree = MemoryTree::complete().with("a.json", "{,}").with("b.json", "[]").with("c.json", "{}");
        let read = |path: &str| PackageJson::read(&tree, Utf8Path::new(path));
        assert_eq!(read("a.json"), Lookup::Unknown);
        assert_eq!(read("b.json"), Lookup::Unknown);
        assert_eq!(read("c.json"), Lookup::Found(PackageJson::default()));
        assert_eq!(read("d.json"), Lookup::Absent);
    }

    #[test]
    fn points_at_a_script() {
        let span = script_span(TEXT, "start").unwrap();
        assert_eq!(&TEXT[span.range()], "\"start\"");
        assert!(TEXT[span.range().end..].starts_with(": \"node"));
        assert_eq!(script_span(TEXT, "test"), None);
        assert_eq!(script_span("{}", "start"), None);
    }
}
