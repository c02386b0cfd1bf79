//! `packages.lock.json` of NuGet.

use super::{Gap, Locked};
use serde_json::Value;

/// The packages of all target frameworks; names in lower case, because NuGet does not look at case.
pub(super) fn packages_lock(text: &str) -> Option<Locked> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root: Value = serde_json::from_str(text).ok()?;
    let mut out = Locked::default();
    for framework in root.get("dependencies")?.as_object()?.values() {
        for (name, package) in framework.as_object()? {
            let version = package.get("resolved").and_then(Value::as_str).unwrap_or("");
            out.add(name.to_ascii_lowercase(), version);
        }
    }
    Some(out)
}

/// The first package that a project file refers to without any condition and that is not locked.
pub(super) fn gap(manifest: &str, locked: &Locked) -> Option<Gap> {
    if locked.is_empty() || manifest.contains("Condition") {
        return None;
    }
    let names = manifest.split("<PackageReference ").skip(1).filter_map(|rest| {
        let rest = rest.split('>').next()?.split_once("Include=\"")?.1;
        rest.split('"').next().filter(|name| !name.contains('$'))
    });
    names.into_iter().find(|name| !locked.has(&name.to_ascii_lowercase())).map(Gap::missing)
}

#[cfg(test)]
mod tests {
    use super::super::{LockKind, gap};

    #[test]
    fn packages() {
        let lock =
            "{\"version\": 1, \"dependencies\": {\"net8.0\": {\"Serilog\": {\"resolved\": \"4.0.0\"}}}}";
        let missing = |manifest: &str| gap(LockKind::Nuget, manifest, lock).map(|gap| gap.name);
        assert_eq!(missing("<PackageReference Include=\"serilog\" Version=\"4.0.0\" />"), None);
        assert_eq!(
            missing("<PackageReference Include=\"Serilog\" />\n<PackageReference Include=\"Polly\" />"),
            Some("Polly".to_owned())
        );
    }
}
