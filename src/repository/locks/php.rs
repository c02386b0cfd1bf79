//! `composer.lock`.

use super::{Gap, Locked};
use serde_json::Value;

/// The packages, those for development included.
pub(super) fn composer_lock(text: &str) -> Option<Locked> {
    let root: Value = serde_json::from_str(text).ok()?;
    let mut out = Locked::default();
    for section in ["packages", "packages-dev"] {
        for package in root.get(section).and_then(Value::as_array).into_iter().flatten() {
            let name = package.get("name").and_then(Value::as_str)?.to_ascii_lowercase();
            let version = package.get("version").and_then(Value::as_str).unwrap_or("");
            out.add(name, version.trim_start_matches('v'));
            // What it stands in for counts as installed.
            for replaced in ["replace", "provide"] {
                for name in
                    package.get(replaced).and_then(Value::as_object).into_iter().flat_map(|all| all.keys())
                {
                    out.add(name.to_ascii_lowercase(), "");
                }
            }
        }
    }
    Some(out)
}

/// The first requirement of a `composer.json` that is not locked. Names without `/` are PHP itself and extensions.
pub(super) fn gap(manifest: &str, locked: &Locked) -> Option<Gap> {
    let root: Value = serde_json::from_str(manifest).ok()?;
    let names = ["require", "require-dev"].into_iter().filter_map(|section| root.get(section)?.as_object());
    let mut names = names.flat_map(|section| section.keys()).filter(|name| name.contains('/'));
    names.find(|name| !locked.has(&name.to_ascii_lowercase())).map(|name| Gap::missing(name))
}

#[cfg(test)]
mod tests {
    use super::super::{LockKind, gap, locked};

    #[test]
    fn packages() {
        let lock = "{\"packages\": [{\"name\": \"a/b\", \"version\": \"v1.2\", \"replace\": {\"c/d\": \"*\"}}], \
                    \"packages-dev\": [{\"name\": \"e/f\", \"version\": \"2\"}]}";
        assert_eq!(locked(LockKind::Composer, lock).unwrap().version("a/b"), Some("1.2"));
        let missing = |manifest: &str| gap(LockKind::Composer, manifest, lock).map(|gap| gap.name);
        assert_eq!(missing("{\"require\": {\"php\": \"^8\", \"A/b\": \"*\", \"c/d\": \"*\"}}"), None);
        assert_eq!(missing("{\"require-dev\": {\"e/f\": \"*\", \"g/h\": \"*\"}}"), Some("g/h".to_owned()));
    }
}
