//! Which version of its language a project declares, file by file.

use super::package_json::PackageJson;
use super::toml_file::{at, text_at, with_toml};
use super::version::{Dialect, Range, release};
use super::{Lookup, Tree};
use crate::image::Language;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use toml::de::DeValue;

/// What a declaration means for a build with another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// The tool that installs or builds the project refuses it.
    Refused,
    /// The tool fetches the declared version instead of using the one that is there.
    Fetched,
    /// Nothing stops: the project is meant for another version.
    Meant,
}

/// A declared version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The file.
    pub path: Utf8PathBuf,
    /// What in it says so: `requires-python`, `engines.node`; empty for a file of versions.
    pub key: &'static str,
    /// As it is written.
    pub written: String,
    /// The versions that are meant.
    pub range: Range,
    /// What another version means.
    pub force: Force,
}

/// What the files of a folder declare for a language; what cannot be read is left out.
pub fn declared(tree: &dyn Tree, home: &Utf8Path, language: Language) -> Vec<Declared> {
    let mut found = Found { tree, home, out: Vec::new() };
    match language {
        Language::Python => found.python(),
        Language::Node => found.node(),
        Language::Go => found.go(),
        Language::Ruby => found.ruby(),
        Language::Php => found.php(),
        Language::Rust => found.rust(),
        Language::Dotnet => found.dotnet(),
        Language::Java => {}
        _ => return Vec::new(),
    }
    found.version_managers(language);
    found.out
}

/// How many numbers of a version count when a file names one: the others are what happened to be installed.
const fn depth(language: Language) -> usize {
    match language {
        Language::Node | Language::Java => 1,
        _ => 2,
    }
}

struct Found<'t> {
    tree: &'t dyn Tree,
    home: &'t Utf8Path,
    out: Vec<Declared>,
}

impl Found<'_> {
    fn path(&self, name: &str) -> Utf8PathBuf {
        self.home.join(name)
    }

    fn read(&self, name: &str) -> Option<String> {
        match self.tree.read(&self.path(name)) {
            Lookup::Found(text) => Some(text.trim_start_matches('\u{feff}').to_owned()),
            Lookup::Absent | Lookup::Unknown => None,
        }
    }

    fn add(&mut self, name: &str, key: &'static str, written: &str, range: Option<Range>, force: Force) {
        if let Some(range) = range {
            self.out.push(Declared { path: self.path(name), key, written: written.to_owned(), range, force });
        }
    }

    /// A version as such: all releases of its line are meant.
    fn add_version(&mut self, name: &str, written: &str, language: Language, force: Force) {
        let text = written.trim();
        let range = release(text).map(|(numbers, count)| Range::line(numbers, count.min(depth(language))));
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'));
        self.add(name, "", text, range.filter(|_| plain), force);
    }

    /// The first line of a file that is no comment.
    fn first_line(&self, name: &str) -> Option<String> {
        let text = self.read(name)?;
        text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
    }

    fn python(&mut self) {
        let path = self.path("pyproject.toml");
        let read = with_toml(self.tree, &path, |root| {
            let own = |keys: &[&str]| text_at(root, keys).map(str::to_owned);
            Some((own(&["project", "requires-python"]), own(&["tool", "poetry", "dependencies", "python"])))
        });
        let (requires, poetry) = read.unwrap_or_default();
        if let Some(text) = requires {
            self.add(
                "pyproject.toml",
                "requires-python",
                &text,
                Range::parse(&text, Dialect::Python),
                Force::Refused,
            );
        } else if let Some(text) = poetry {
            self.add("pyproject.toml", "python", &text, Range::parse(&text, Dialect::Python), Force::Refused);
        }
        if let Some(text) = self.read(".python-version") {
            let lines: Vec<&str> =
                text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
            // Several lines: any of them will do.
            if let [only] = lines.as_slice() {
                self.add_version(".python-version", only, Language::Python, Force::Meant);
            }
        }
        if let Some(version) =
            self.first_line("runtime.txt").as_deref().and_then(|line| line.strip_prefix("python-"))
        {
            self.add_version("runtime.txt", version, Language::Python, Force::Meant);
        }
        let path = self.path("Pipfile");
        let requires = |root: &toml::de::DeTable<'_>| {
            let key = |name: &str| text_at(root, &["requires", name]).map(str::to_owned);
            key("python_version").or_else(|| key("python_full_version"))
        };
        if let Some(version) = with_toml(self.tree, &path, requires) {
            self.add_version("Pipfile", &version, Language::Python, Force::Meant);
        }
    }

    fn node(&mut self) {
        if let Lookup::Found(manifest) = PackageJson::read(self.tree, &self.path("package.json"))
            && let Some((_, range)) = manifest.engines.iter().find(|(name, _)| name == "node")
        {
            self.add("package.json", "engines.node", range, Range::parse(range, Dialect::Npm), Force::Meant);
        }
        for name in [".nvmrc", ".node-version"] {
            let Some(line) = self.first_line(name) else { continue };
            let line = line.split('#').next().unwrap_or("").trim().to_owned();
            let named = line.strip_prefix("lts/").and_then(node_line);
            match named {
                Some(major) => {
                    self.add(name, "", &line, Some(Range::line([major, 0, 0], 1)), Force::Meant);
                }
                None => self.add_version(name, &line, Language::Node, Force::Meant),
            }
        }
    }

    fn go(&mut self) {
        let Some(text) = self.read("go.mod") else { return };
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or("").trim();
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("go"), Some(version), None) => {
                    let range = release(version).map(|(numbers, _)| Range::at_least(numbers));
                    self.add("go.mod", "go", version, range, Force::Refused);
                }
                (Some("toolchain"), Some(version), None) => {
                    let range = version.strip_prefix("go").and_then(release);
                    let range = range.map(|(numbers, _)| Range::at_least(numbers));
                    self.add("go.mod", "toolchain", version, range, Force::Fetched);
                }
                _ => {}
            }
        }
    }

    fn ruby(&mut self) {
        if let Some(line) = self.first_line(".ruby-version") {
            let version = line.strip_prefix("ruby-").unwrap_or(&line).to_owned();
            self.add_version(".ruby-version", &version, Language::Ruby, Force::Meant);
        }
        let Some(text) = self.read("Gemfile") else { return };
        let declared = text.lines().map(str::trim).find_map(|line| line.strip_prefix("ruby"));
        let Some(rest) = declared.filter(|rest| rest.starts_with([' ', '('])) else { return };
        // `ruby ">= 3.1", "< 3.4"`; options such as `engine:` and `file:` say something else.
        if rest.contains(':') || rest.contains("ENV") || rest.contains("File") {
            return;
        }
        let versions: Vec<&str> = rest.split(['"', '\'']).skip(1).step_by(2).collect();
        let written = versions.join(", ");
        self.add("Gemfile", "ruby", &written, Range::parse(&written, Dialect::Ruby), Force::Refused);
    }

    fn php(&mut self) {
        let Some(text) = self.read("composer.json") else { return };
        let Ok(root) = serde_json::from_str::<Value>(&text) else { return };
        if let Some(range) = root.get("require").and_then(|all| all.get("php")).and_then(Value::as_str) {
            self.add(
                "composer.json",
                "require.php",
                range,
                Range::parse(range, Dialect::Composer),
                Force::Refused,
            );
        }
    }

    fn rust(&mut self) {
        let path = self.path("Cargo.toml");
        let minimum = with_toml(self.tree, &path, |root| {
            text_at(root, &["package", "rust-version"]).map(str::to_owned)
        });
        if let Some(text) = minimum {
            let range = release(&text).map(|(numbers, _)| Range::at_least(numbers));
            self.add("Cargo.toml", "rust-version", &text, range, Force::Refused);
        }
        let path = self.path("rust-toolchain.toml");
        let channel =
            |root: &toml::de::DeTable<'_>| text_at(root, &["toolchain", "channel"]).map(str::to_owned);
        if let Some(channel) = with_toml(self.tree, &path, channel) {
            self.add_version("rust-toolchain.toml", &channel, Language::Rust, Force::Fetched);
        } else if let Some(line) = self.first_line("rust-toolchain") {
            self.add_version("rust-toolchain", &line, Language::Rust, Force::Fetched);
        }
    }

    fn dotnet(&mut self) {
        let Some(text) = self.read("global.json") else { return };
        let Ok(root) = serde_json::from_str::<Value>(&text) else { return };
        let sdk = |key: &str| root.get("sdk").and_then(|sdk| sdk.get(key)).and_then(Value::as_str);
        let Some(version) = sdk("version") else { return };
        let roll = sdk("rollForward").unwrap_or("latestPatch").to_ascii_lowercase();
        // "global.json overview", learn.microsoft.com: what may be taken instead.
        let range = release(version).map(|(numbers, _)| match roll.as_str() {
            "major" | "latestmajor" => Range::at_least([numbers[0], numbers[1], 0]),
            "minor" | "latestminor" => Range::at_least_within([numbers[0], numbers[1], 0], 1),
            _ => Range::line(numbers, 2),
        });
        self.add("global.json", "sdk.version", version, range, Force::Refused);
    }

    /// `.tool-versions` (asdf) and `mise.toml`.
    fn version_managers(&mut self, language: Language) {
        let names: &[&str] = match language {
            Language::Python => &["python"],
            Language::Node => &["nodejs", "node"],
            Language::Go => &["golang", "go"],
            Language::Ruby => &["ruby"],
            Language::Php => &["php"],
            Language::Rust => &["rust"],
            Language::Java => &["java"],
            Language::Dotnet => &["dotnet", "dotnet-core"],
            _ => &[],
        };
        if let Some(text) = self.read(".tool-versions") {
            for line in text.lines() {
                let mut words = line.split('#').next().unwrap_or("").split_whitespace();
                let (Some(name), Some(version), None) = (words.next(), words.next(), words.next()) else {
                    continue;
                };
                if names.contains(&name) {
                    self.add_version(".tool-versions", plain_version(version), language, Force::Meant);
                }
            }
        }
        for file in ["mise.toml", ".mise.toml"] {
            let path = self.path(file);
            let version = with_toml(self.tree, &path, |root| {
                names.iter().find_map(|name| match at(root, &["tools", name])? {
                    DeValue::Table(table) => text_at(table, &["version"]).map(str::to_owned),
                    other => other.as_str().map(str::to_owned),
                })
            });
            if let Some(version) = version {
                self.add_version(file, plain_version(&version), language, Force::Meant);
            }
        }
    }
}

/// `temurin-21.0.2+13` and the like: the version behind the vendor.
fn plain_version(text: &str) -> &str {
    match text.split_once('-') {
        Some((vendor, version)) if vendor.bytes().all(|b| b.is_ascii_alphabetic()) => version,
        _ => text,
    }
}

/// Release lines of Node.js with long-term support by their names. Source: github.com/nodejs/Release, CODENAMES.md.
fn node_line(name: &str) -> Option<u64> {
    Some(match name {
        "fermium" => 14,
        "gallium" => 16,
        "hydrogen" => 18,
        "iron" => 20,
        "jod" => 22,
        "krypton" => 24,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    /// Whether each file's declaration fits the version.
    fn fits(language: Language, files: &[(&str, &str)], version: &str) -> Vec<(&'static str, bool)> {
        let tree = files.iter().fold(MemoryTree::complete(), |tree, (path, text)| tree.with(path, text));
        let (numbers, count) = release(version).unwrap();
        let line = Range::line(numbers, count);
        declared(&tree, "".into(), language).iter().map(|d| (d.key, d.range.meets(&line))).collect()
    }

    #[test]
    fn each_file() {
        use Language::{Dotnet, Go, Java, Node, Php, Python, Ruby, Rust};
        for (language, file, text, version, expected) in [
            (Python, "pyproject.toml", "[project]\nrequires-python = \">=3.11\"\n", "3.10", Some(false)),
            (Python, "pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3.9\"\n", "3.10", Some(true)),
            (Python, ".python-version", "3.12.1\n", "3.12", Some(true)),
            (Python, ".python-version", "3.12.1\n", "3.12.4", Some(true)),
            (Python, ".python-version", "3.12\n3.11\n", "3.9", None),
            (Python, ".python-version", "pypy3.10\n", "3.9", None),
            (Python, "runtime.txt", "python-3.11.4\n", "3.12", Some(false)),
            (Python, "Pipfile", "[requires]\npython_version = \"3.9\"\n", "3.12", Some(false)),
            (Python, "mise.toml", "[tools]\npython = \"3.11\"\n", "3.12", Some(false)),
            (Node, "package.json", "{\"engines\": {\"node\": \">=20\"}}", "18", Some(false)),
            (Node, ".nvmrc", "v20.11.0\n", "20.5", Some(true)),
            (Node, ".nvmrc", "lts/iron\n", "22", Some(false)),
            (Node, ".nvmrc", "lts/*\n", "22", None),
            (Node, ".node-version", "20 # why\n", "18", Some(false)),
            (Node, ".tool-versions", "ruby 3\nnodejs 20.1.0\n", "18", Some(false)),
            (Go, "go.mod", "module x\n\ngo 1.22\n", "1.21", Some(false)),
            (Go, "go.mod", "module x\n\ngo 1.22.3 // why\n", "1.22", Some(true)),
            (Ruby, ".ruby-version", "ruby-3.2.2\n", "3.3", Some(false)),
            (Ruby, "Gemfile", "ruby '3.2.2'\n", "3.2", Some(true)),
            (Ruby, "Gemfile", "ruby '3.2.2'\n", "3.2.4", Some(false)),
            (Ruby, "Gemfile", "ruby '>= 3.1', '< 3.4'\n", "3.4", Some(false)),
            (Ruby, "Gemfile", "ruby file: '.ruby-version'\n", "3.4", None),
            (Php, "composer.json", "{\"require\": {\"php\": \"^8.2\"}}", "8.1", Some(false)),
            (Rust, "Cargo.toml", "[package]\nname = \"a\"\nrust-version = \"1.80\"\n", "1.75", Some(false)),
            (Rust, "rust-toolchain.toml", "[toolchain]\nchannel = \"1.75.0\"\n", "1.80", Some(false)),
            (Rust, "rust-toolchain", "stable\n", "1.80", None),
            (Dotnet, "global.json", "{\"sdk\": {\"version\": \"9.0.100\"}}", "8.0", Some(false)),
            (
                Dotnet,
                "global.json",
                "{\"sdk\": {\"version\": \"6.0.100\", \"rollForward\": \"latestMajor\"}}",
                "8.0",
                Some(true),
            ),
            (Java, ".tool-versions", "java temurin-21.0.2+13\n", "17", Some(false)),
        ] {
            let found = fits(language, &[(file, text)], version);
            assert_eq!(found.first().map(|(_, fits)| *fits), expected, "{file} {text}");
        }
    }
}
