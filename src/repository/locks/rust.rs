//! `Cargo.lock`.

use super::super::toml_file::{table_at, tables_at, text_at, with_text};
use super::{Gap, Locked};
use toml::de::DeTable;

/// The packages, the project's own included.
pub(super) fn cargo_lock(text: &str) -> Option<Locked> {
    with_text(text, |root| {
        let mut out = Locked::default();
        for package in tables_at(root, "package") {
            out.add(text_at(package, &["name"])?, text_at(package, &["version"]).unwrap_or(""));
        }
        Some(out)
    })
}

/// The first dependency of a `Cargo.toml` that is not locked, or the package itself when its version has moved on.
pub(super) fn gap(manifest: &str, locked: &Locked) -> Option<Gap> {
    with_text(manifest, |root| {
        let name = text_at(root, &["package", "name"])?;
        if let (Some(version), Some(known)) = (text_at(root, &["package", "version"]), locked.version(name))
            && version != known
        {
            return Some(Gap::other(name, version));
        }
        let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
        let tables = sections.iter().filter_map(|section| table_at(root, &[section]));
        tables.flat_map(names).find(|name| !locked.has(name)).map(|name| Gap::missing(&name))
    })
}

/// The names of the packages of a table of dependencies: `package =` renames one.
fn names(table: &DeTable<'_>) -> Vec<String> {
    let own = |key: &str, value: &toml::de::DeValue<'_>| {
        let table = value.as_table();
        // What the workspace says is in another file.
        if table.is_some_and(|table| table.contains_key("workspace")) {
            return None;
        }
        Some(table.and_then(|table| text_at(table, &["package"])).unwrap_or(key).to_owned())
    };
    table.iter().filter_map(|(key, value)| own(key.get_ref(), value.get_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Gap, LockKind, gap, locked};

    #[test]
    fn crates() {
        let lock = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n[[package]]\nname = \"serde\"\n\
                    version = \"1.0.2\"\n";
        assert_eq!(locked(LockKind::Cargo, lock).unwrap().version("serde"), Some("1.0.2"));
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\ns = { package = \"serde\", \
                        version = \"1\" }\nw = { workspace = true }\n";
        assert_eq!(gap(LockKind::Cargo, manifest, lock), None);
        let bumped = manifest.replace("0.1.0", "0.2.0");
        assert_eq!(gap(LockKind::Cargo, &bumped, lock), Some(Gap::other("app", "0.2.0")));
        let more = format!("{manifest}[dev-dependencies]\ninsta = \"1\"\n");
        assert_eq!(gap(LockKind::Cargo, &more, lock), Some(Gap::missing("insta")));
        assert_eq!(gap(LockKind::Cargo, "[workspace]\nmembers = []\n", lock), None);
    }
}
