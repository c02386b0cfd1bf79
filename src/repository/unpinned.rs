//! Dependencies that a manifest asks for without an exact version.

use super::package_json::PackageJson;
use super::python::{name_of, requirements};
use super::toml_file::{table_at, text_at, texts_at, with_text};
use super::version::{Dialect, Range};
use super::{Lookup, Tree};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use toml::de::DeValue;

/// What of a manifest has no exact version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpinned {
    /// Names, as the manifest writes them.
    pub names: Vec<String>,
    /// How many dependencies there are, pinned ones included.
    pub total: usize,
    /// Where the first name stands, where that is known: file and byte.
    pub first: Option<(Utf8PathBuf, usize)>,
}

impl Unpinned {
    fn of(all: impl IntoIterator<Item = (String, bool)>) -> Self {
        let mut out = Self::default();
        for (name, pinned) in all {
            out.total += 1;
            if !pinned {
                out.names.push(name);
            }
        }
        out
    }
}

/// A requirements file with those it includes; `None` when something of it is not known, or when constraints apply.
pub fn in_requirements(tree: &dyn Tree, path: &Utf8Path) -> Option<Unpinned> {
    let read = requirements(tree, path);
    let mut out = Unpinned::default();
    let mut text: Option<(Utf8PathBuf, std::sync::Arc<str>)> = None;
    let own = tree.read(path).found()?;
    if constrains(&own) {
        return None;
    }
    for requirement in &read.list {
        if text.as_ref().is_none_or(|(known, _)| *known != requirement.path) {
            let Lookup::Found(found) = tree.read(&requirement.path) else { return None };
            if constrains(&found) {
                return None;
            }
            text = Some((requirement.path.clone(), found));
        }
        let line = text.as_ref().and_then(|(_, text)| text.get(requirement.offset..)).unwrap_or("");
        let (line, rest) = line.split_once('\n').unwrap_or((line, ""));
        let hashed = line.contains("--hash")
            || (line.trim_end().ends_with('\\') && rest.trim_start().starts_with("--hash"));
        out.total += 1;
        if !hashed && !is_exact(line.get(requirement.written.len()..).unwrap_or("")) {
            out.first.get_or_insert_with(|| (requirement.path.clone(), requirement.offset));
            out.names.push(requirement.written.clone());
        }
    }
    Some(out)
}

fn constrains(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| line.starts_with("-c ") || line.starts_with("--constraint"))
}

/// Whether what follows a name is an exact version or a URL.
fn is_exact(rest: &str) -> bool {
    let rest = rest.split(['#', ';']).next().unwrap_or("").trim();
    let rest =
        if rest.starts_with('[') { rest.split_once(']').map_or("", |(_, rest)| rest).trim() } else { rest };
    rest.starts_with('@') || (rest.starts_with("==") && !rest.contains('*'))
}

/// A `pyproject.toml`; `None` when it is not understood, or when its dependencies are found out by the build.
pub fn in_pyproject(text: &str) -> Option<Unpinned> {
    with_text(text, |root| {
        if texts_at(root, &["project", "dynamic"]).any(|name| name == "dependencies") {
            return None;
        }
        let listed = texts_at(root, &["project", "dependencies"]).filter_map(|entry| {
            let name = name_of(entry)?;
            Some((name.to_owned(), is_exact(entry.trim().get(name.len()..).unwrap_or(""))))
        });
        let poetry = table_at(root, &["tool", "poetry", "dependencies"]);
        let poetry = poetry
            .into_iter()
            .flat_map(|table| table.iter())
            .map(|(name, value)| (name.get_ref().to_string(), is_exact_poetry(value.get_ref())));
        Some(Unpinned::of(listed.chain(poetry.filter(|(name, _)| name != "python"))))
    })
}

/// A `Pipfile`
pub fn in_pipfile(text: &str) -> Option<Unpinned> {
    with_text(text, |root| {
        let packages = table_at(root, &["packages"])?;
        Some(Unpinned::of(
            packages
                .iter()
                .map(|(name, value)| (name.get_ref().to_string(), is_exact_poetry(value.get_ref()))),
        ))
    })
}

/// `"==1.2"`, `"1.2.3"` (Poetry: that version), a table with it, or one with a path, URL or revision.
fn is_exact_poetry(value: &DeValue<'_>) -> bool {
    let version = match value {
        DeValue::Table(table) => match text_at(table, &["version"]) {
            Some(version) => version,
            None => return true,
        },
        other => other.as_str().unwrap_or(""),
    };
    let version = version.trim();
    (version.starts_with("==") || version.starts_with(|c: char| c.is_ascii_digit()))
        && !version.contains(['*', ',', ' ', '|'])
}

/// A `package.json`
pub fn in_package_json(text: &str) -> Option<Unpinned> {
    let manifest = PackageJson::parse(text)?;
    Some(Unpinned::of(manifest.dependencies.iter().map(|(name, range)| {
        let exact = range.trim_start_matches(['=', 'v']);
        let exact = exact.split('.').count() >= 3
            && exact.starts_with(|c: char| c.is_ascii_digit())
            && !exact.contains([' ', 'x', '*', '|']);
        // Folders, URLs, revisions: another kind of dependency. `latest` and `*` move.
        let moves = matches!(range.as_str(), "latest" | "next" | "*" | "")
            || Range::parse(range, Dialect::Npm).is_some();
        (name.clone(), exact || !moves)
    })))
}

/// A `composer.json`
pub fn in_composer_json(text: &str) -> Option<Unpinned> {
    let root: Value = serde_json::from_str(text).ok()?;
    let required = root.get("require").and_then(Value::as_object);
    Some(Unpinned::of(required.into_iter().flatten().filter(|(name, _)| name.contains('/')).map(
        |(name, range)| {
            let range = range.as_str().unwrap_or("").trim_start_matches(['=', 'v']);
            let exact =
                range.split('.').count() >= 2 && range.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            (name.clone(), exact)
        },
    )))
}

/// A `Gemfile`
pub fn in_gemfile(text: &str) -> Unpinned {
    let gems = text.lines().map(str::trim).filter_map(|line| Some((super::locks::gem(line)?, line)));
    Unpinned::of(gems.map(|(name, line)| {
        let rest = line.split_once(name).map_or("", |(_, rest)| rest);
        let version = rest.split(['"', '\'']).nth(2).unwrap_or("");
        let fixed = ["ref:", "tag:", "path:", ":ref", ":tag", ":path"].iter().any(|word| rest.contains(word));
        let exact = version.trim_start_matches(['=', ' ']).starts_with(|c: char| c.is_ascii_digit());
        (name.to_owned(), exact || fixed)
    }))
}

/// A `Cargo.toml`
pub fn in_cargo_toml(text: &str) -> Option<Unpinned> {
    with_text(text, |root| {
        let table = table_at(root, &["dependencies"])?;
        Some(Unpinned::of(table.iter().map(|(name, value)| {
            let version = match value.get_ref() {
                DeValue::Table(table) => text_at(table, &["version"]),
                other => other.as_str(),
            };
            (name.get_ref().to_string(), version.is_none_or(|version| version.starts_with('=')))
        })))
    })
}

/// The dependencies of a conda `environment.yml`, those below `pip:` included.
pub fn in_environment(text: &str) -> Unpinned {
    let mut inside = false;
    let mut all = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if !line.starts_with([' ', '-', '\t', '#']) && !bare.is_empty() {
            inside = bare.starts_with("dependencies:");
            continue;
        }
        let Some(entry) = bare.strip_prefix("- ").filter(|_| inside) else { continue };
        let entry = entry.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\'']);
        if entry.ends_with(':') || entry.starts_with('-') || entry.contains("://") {
            continue;
        }
        let name = entry.split(['=', '<', '>', ' ', '[', '!', '~']).next().unwrap_or("");
        if !name.is_empty() {
            let rest = entry.get(name.len()..).unwrap_or("").trim();
            all.push((name.to_owned(), rest.starts_with('=') && !rest.contains(['*', '<', '>'])));
        }
    }
    Unpinned::of(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;
    use proptest::prelude::*;

    #[test]
    fn requirements_files() {
        let text = "flask\nredis>=5\nrich==13.1\nnumpy==1.*\na[b]==2 ; x == '3'\nc ; python_version == '3'\n\
                    d @ https://x/d.whl\ne \\\n    --hash=sha256:aa\n";
        let tree = MemoryTree::complete().with("r.txt", text).with("c.txt", "-c constraints.txt\nflask\n");
        let read = in_requirements(&tree, "r.txt".into()).unwrap();
        assert_eq!(read.names, ["flask", "redis", "numpy", "c"]);
        assert_eq!((read.total, read.first), (8, Some(("r.txt".into(), 0))));
        assert_eq!(in_requirements(&tree, "c.txt".into()), None);
        assert_eq!(in_requirements(&tree, "gone.txt".into()), None);
    }

    #[test]
    fn other_manifests() {
        let pyproject = "[project]\ndependencies = [\"a==1\", \"b>=1\"]\n[tool.poetry.dependencies]\npython = \"^3\"\n\
                         c = \"^1\"\nd = \"1.2.3\"\ne = { path = \"e\" }\n";
        assert_eq!(in_pyproject(pyproject).unwrap().names, ["b", "c"]);
        assert_eq!(in_pyproject("[project]\ndynamic = [\"dependencies\"]\n"), None);
        assert_eq!(in_pipfile("[packages]\na = \"*\"\nb = \"==1.2\"\n").unwrap().names, ["a"]);
        let package = "{\"dependencies\": {\"a\": \"^1.0.0\", \"b\": \"1.2.3\", \"c\": \"file:c\", \"d\": \"latest\", \
                       \"e\": \"1.2.3-beta.1\", \"f\": \"1.x\", \"g\": \"github:a/b#c\"}}";
        assert_eq!(in_package_json(package).unwrap().names, ["a", "d", "f"]);
        let composer = "{\"require\": {\"php\": \"^8\", \"a/b\": \"^1\", \"c/d\": \"1.2.3\"}}";
        assert_eq!(in_composer_json(composer).unwrap().names, ["a/b"]);
        let gemfile = "gem 'a'\ngem \"b\", \"~> 1.2\"\ngem 'c', '1.2.3'\ngem 'd', path: 'd'\n# gem 'e'\n";
        assert_eq!(in_gemfile(gemfile).names, ["a", "b"]);
        let cargo =
            "[dependencies]\na = \"1\"\nb = \"=1.2.3\"\nc = { path = \"c\" }\nd = { version = \"2\" }\n";
        assert_eq!(in_cargo_toml(cargo).unwrap().names, ["a", "d"]);
        let environment = "name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.12\n  - numpy\n  - b>=1\n  \
                           - pip:\n    - flask==3.0\n    - rich\n";
        assert_eq!(in_environment(environment).names, ["numpy", "b", "rich"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(\\[packages\\]|dependencies|gem |:|\n|  |- |[a-z]|\"|'|=|\\{|\\}|\\[|\\]|é){0,50}") {
            let tree = MemoryTree::complete().with("f", &text);
            let _ = in_requirements(&tree, "f".into());
            let _ = (in_pyproject(&text), in_pipfile(&text), in_package_json(&text), in_composer_json(&text));
            let _ = (in_gemfile(&text), in_cargo_toml(&text), in_environment(&text));
        }
    }
}
