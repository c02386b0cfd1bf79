//! What of a manifest is only needed to develop and test.

use super::package_json::PackageJson;
use super::toml_file::{table_at, texts_at, with_text};
use serde_json::Value;

/// The packages of `devDependencies`; `None` when the text is no `package.json`.
pub fn in_package_json(text: &str) -> Option<Vec<String>> {
    let manifest = PackageJson::parse(text)?;
    let named = |name: &String| manifest.dependency(name).is_none();
    Some(manifest.dev_dependencies.iter().map(|(name, _)| name.clone()).filter(named).collect())
}

/// The packages that `uv sync` takes along: the groups that are installed by default.
pub fn in_uv_project(text: &str) -> Option<Vec<String>> {
    with_text(text, |root| {
        let groups: Vec<&str> = match super::toml_file::at(root, &["tool", "uv", "default-groups"]) {
            // All of them, or a list.
            Some(value) if value.as_str() == Some("all") => {
                table_at(root, &["dependency-groups"])?.keys().map(|key| &**key.get_ref()).collect()
            }
            Some(_) => texts_at(root, &["tool", "uv", "default-groups"]).collect(),
            None => vec!["dev"],
        };
        let listed = groups.iter().flat_map(|group| texts_at(root, &["dependency-groups", group]));
        let own = texts_at(root, &["tool", "uv", "dev-dependencies"]);
        Some(listed.chain(own).filter_map(super::python::name_of).map(str::to_owned).collect())
    })
}

/// The packages of Poetry's groups that are not optional, the main one left out.
pub fn in_poetry_project(text: &str) -> Option<Vec<String>> {
    with_text(text, |root| {
        let mut out = Vec::new();
        if let Some(old) = table_at(root, &["tool", "poetry", "dev-dependencies"]) {
            out.extend(old.keys().map(|key| key.get_ref().to_string()));
        }
        let groups = table_at(root, &["tool", "poetry", "group"]).into_iter().flat_map(|all| all.iter());
        for (_, group) in groups.filter(|(name, _)| name.get_ref() != "main") {
            let Some(group) = group.get_ref().as_table() else { continue };
            let optional = group.get("optional").and_then(|value| value.get_ref().as_bool()) == Some(true);
            if let Some(dependencies) = table_at(group, &["dependencies"]).filter(|_| !optional) {
                out.extend(dependencies.keys().map(|key| key.get_ref().to_string()));
            }
        }
        Some(out)
    })
}

/// The packages of `require-dev`.
pub fn in_composer_json(text: &str) -> Option<Vec<String>> {
    let root: Value = serde_json::from_str(text).ok()?;
    let section = root.get("require-dev").and_then(Value::as_object);
    Some(
        section
            .into_iter()
            .flat_map(|section| section.keys())
            .filter(|name| name.contains('/'))
            .cloned()
            .collect(),
    )
}

/// The groups `development` and `test` of a `Gemfile`, as far as they are there.
pub fn groups_of_gemfile(text: &str) -> Vec<&'static str> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    ["development", "test"]
        .into_iter()
        .filter(|group| {
            let (symbol, quoted) = (format!(":{group}"), format!("\"{group}\""));
            lines().any(|line| {
                line.contains("group")
                    && (line.contains(&symbol)
                        || line.contains(&quoted)
                        || line.contains(&format!("'{group}'")))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_manifest() {
        let package = "{\"dependencies\": {\"a\": \"1\"}, \"devDependencies\": {\"a\": \"1\", \"b\": \"1\"}}";
        assert_eq!(in_package_json(package).unwrap(), ["b"]);
        let uv = "[dependency-groups]\ndev = [\"pytest>=8\", {include-group = \"x\"}]\ndocs = [\"mkdocs\"]\n";
        assert_eq!(in_uv_project(uv).unwrap(), ["pytest"]);
        let all = format!("{uv}[tool.uv]\ndefault-groups = \"all\"\n");
        assert_eq!(in_uv_project(&all).unwrap(), ["pytest", "mkdocs"]);
        let none = format!("{uv}[tool.uv]\ndefault-groups = []\n");
        assert!(in_uv_project(&none).unwrap().is_empty());
        let poetry = "[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n[tool.poetry.group.docs]\noptional = true\n\
                      [tool.poetry.group.docs.dependencies]\nmkdocs = \"*\"\n";
        assert_eq!(in_poetry_project(poetry).unwrap(), ["pytest"]);
        assert_eq!(
            in_composer_json("{\"require-dev\": {\"a/b\": \"*\", \"ext-x\": \"*\"}}").unwrap(),
            ["a/b"]
        );
        let gemfile = "gem 'a'\n# group :test\ngroup :development do\n  gem 'b'\nend\n";
        assert_eq!(groups_of_gemfile(gemfile), ["development"]);
        assert_eq!(groups_of_gemfile("gem 'a', group: [:development, :test]\n"), ["development", "test"]);
    }
}
