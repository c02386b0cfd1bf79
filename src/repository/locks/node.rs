//! Lock files of npm, yarn and pnpm.

use super::super::package_json::PackageJson;
use super::super::version::{Dialect, Range, release};
use super::{Gap, Locked};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The packages that a `package-lock.json` puts right into `node_modules`.
pub(super) fn package_lock(text: &str) -> Option<Locked> {
    let root: Value = serde_json::from_str(text).ok()?;
    let version = |package: &Value| package.get("version").and_then(Value::as_str).unwrap_or("").to_owned();
    let mut out = Locked::default();
    if let Some(packages) = root.get("packages").and_then(Value::as_object) {
        for (path, package) in packages {
            let Some(name) =
                path.strip_prefix("node_modules/").filter(|name| !name.contains("/node_modules/"))
            else {
                continue;
            };
            let link = package.get("link").and_then(Value::as_bool) == Some(true);
            out.add(name, if link { String::new() } else { version(package) }.as_str());
        }
        return Some(out);
    }
    for (name, package) in root.get("dependencies").and_then(Value::as_object)? {
        out.add(name.as_str(), &version(package));
    }
    Some(out)
}

/// The packages of a `yarn.lock`, of either form.
pub(super) fn yarn_lock(text: &str) -> Locked {
    let mut out = Locked::default();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            let line = line.trim();
            if let Some(version) = line.strip_prefix("version") {
                let version = version.trim_start_matches([':', ' ']).trim_matches('"');
                for name in std::mem::take(&mut names) {
                    out.add(name, version);
                }
            }
        } else if !line.starts_with('#') && line.ends_with(':') {
            names = descriptors(line).filter_map(|d| Some(split_descriptor(d)?.0.to_owned())).collect();
        }
    }
    out
}

/// `"@babel/core@^7.0.0", foo@^1:` as single descriptors.
fn descriptors(line: &str) -> impl Iterator<Item = &str> {
    line.trim_end_matches(':')
        .split(',')
        .map(|part| part.trim().trim_matches('"'))
        .filter(|part| !part.is_empty())
}

/// `@scope/name@range` as name and range.
fn split_descriptor(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether a `yarn.lock` is of yarn 1.
pub fn is_classic_yarn(text: &str) -> Option<bool> {
    let head = || text.lines().take(20);
    if head().any(|line| line.contains("yarn lockfile v1")) {
        return Some(true);
    }
    head().any(|line| line.starts_with("__metadata:")).then_some(false)
}

/// Names and ranges of a manifest that an install must satisfy.
fn wanted(manifest: &PackageJson) -> impl Iterator<Item = (&str, &str)> {
    let all = manifest.dependencies.iter().chain(&manifest.dev_dependencies);
    all.map(|(name, range)| (name.as_str(), range.as_str()))
}

pub(super) fn npm_gap(manifest: &str, locked: &Locked) -> Option<Gap> {
    let manifest = PackageJson::parse(manifest)?;
    for (name, range) in wanted(&manifest) {
        if !locked.has(name) {
            return Some(Gap::missing(name));
        }
        let Some(version) = locked.version(name).filter(|version| !version.contains('-')) else { continue };
        let Some(range_read) = Range::parse(range, Dialect::Npm) else { continue };
        let Some((numbers, count)) = release(version) else { continue };
        if !range_read.meets(&Range::line(numbers, count)) {
            return Some(Gap::other(name, range));
        }
    }
    None
}

pub(super) fn yarn_gap(manifest: &str, lock: &str) -> Option<Gap> {
    let classic = is_classic_yarn(lock)?;
    // Resolutions replace what the manifest asks for.
    if manifest.contains("\"resolutions\"") {
        return None;
    }
    let manifest = PackageJson::parse(manifest)?;
    let keys: BTreeSet<&str> = lock
        .lines()
        .filter(|line| !line.starts_with([' ', '\t', '#']) && line.ends_with(':'))
        .flat_map(descriptors)
        .collect();
    for (name, range) in wanted(&manifest) {
        // Only plain ranges are written into the lock file as they are.
        if range.is_empty() || Range::parse(range, Dialect::Npm).is_none() || range.contains(',') {
            continue;
        }
        let prefix = if classic { "" } else { "npm:" };
        if !keys.contains(format!("{name}@{prefix}{range}").as_str()) {
            let other = keys.iter().any(|key| split_descriptor(key).is_some_and(|(known, _)| known == name));
            // Berry may have written the range in another form; a missing name is certain.
            if other && !classic {
                continue;
            }
            return Some(if other { Gap::other(name, range) } else { Gap::missing(name) });
        }
    }
    None
}

pub(super) fn pnpm_gap(manifest: &str, lock: &str) -> Option<Gap> {
    if manifest.contains("\"overrides\"") {
        return None;
    }
    let manifest = PackageJson::parse(manifest)?;
    let specifiers = pnpm_specifiers(lock);
    if specifiers.is_empty() {
        return None;
    }
    for (name, range) in wanted(&manifest) {
        match specifiers.get(name) {
            None => return Some(Gap::missing(name)),
            Some(known) if known != range && !range.contains("catalog:") => {
                return Some(Gap::other(name, range));
            }
            Some(_) => {}
        }
    }
    None
}

/// What a `pnpm-lock.yaml` says that the root manifest asks for.
fn pnpm_specifiers(lock: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    // The keys above the line, by their indentation.
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in lock.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if bare.is_empty() || bare.starts_with(['#', '-']) {
            continue;
        }
        let Some((key, value)) = split_yaml(bare) else { continue };
        path.retain(|(depth, _)| *depth < indent);
        let above: Vec<&str> = path.iter().map(|(_, key)| key.as_str()).collect();
        match above.as_slice() {
            // 9, 6: `importers: .: dependencies: name: specifier:`; without workspaces 6 leaves the first two out.
            ["importers", ".", kind, name] | [kind, name]
                if key == "specifier" && kind.to_ascii_lowercase().ends_with("dependencies") =>
            {
                out.insert((*name).to_owned(), unquoted(value).to_owned());
            }
            // 5
            ["specifiers"] | ["importers", ".", "specifiers"] => {
                out.insert(key.to_owned(), unquoted(value).to_owned());
            }
            _ => {}
        }
        path.push((indent, key.to_owned()));
        // The packages follow; nothing of interest is below.
        if indent == 0 && matches!(key, "packages" | "snapshots") {
            break;
        }
    }
    out
}

/// `key: value` with the quotes of the key taken off.
fn split_yaml(line: &str) -> Option<(&str, &str)> {
    if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let rest = line.get(1..)?;
        let end = rest.find(quote)?;
        return Some((rest.get(..end)?, rest.get(end + 1..)?.strip_prefix(':')?.trim()));
    }
    let (key, value) = line.split_once(':')?;
    Some((key, value.trim()))
}

fn unquoted(value: &str) -> &str {
    value.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::super::{LockKind, gap, locked};
    use super::*;

    const MANIFEST: &str =
        "{\"dependencies\": {\"express\": \"^4.18.0\"}, \"devDependencies\": {\"@types/node\": \"^20.0.0\"}}";

    fn name(gap: Option<Gap>) -> Option<(String, Option<String>)> {
        gap.map(|gap| (gap.name, gap.wanted))
    }

    #[test]
    fn npm() {
        let lock = |version: &str| {
            format!(
                "{{\"packages\": {{\"\": {{}}, \"node_modules/express\": {{\"version\": \"{version}\"}}, \
                 \"node_modules/express/node_modules/@types/node\": {{\"version\": \"1\"}}, \
                 \"node_modules/@types/node\": {{\"version\": \"20.1.0\"}}}}}}"
            )
        };
        assert_eq!(locked(LockKind::Npm, &lock("4.18.2")).unwrap().version("@types/node"), Some("20.1.0"));
        assert_eq!(gap(LockKind::Npm, MANIFEST, &lock("4.18.2")), None);
        assert_eq!(
            name(gap(LockKind::Npm, MANIFEST, &lock("3.0.0"))),
            Some(("express".to_owned(), Some("^4.18.0".to_owned())))
        );
        let old = "{\"lockfileVersion\": 1, \"dependencies\": {\"express\": {\"version\": \"4.18.2\"}}}";
        assert_eq!(name(gap(LockKind::Npm, MANIFEST, old)), Some(("@types/node".to_owned(), None)));
    }

    #[test]
    fn yarn() {
        let classic = "# yarn lockfile v1\n\n\"@types/node@*\", \"@types/node@^20.0.0\":\n  version \"20.1.0\"\n\n\
                       express@^4.18.0:\n  version \"4.18.2\"\n";
        assert_eq!(is_classic_yarn(classic), Some(true));
        assert_eq!(locked(LockKind::Yarn, classic).unwrap().version("@types/node"), Some("20.1.0"));
        assert_eq!(gap(LockKind::Yarn, MANIFEST, classic), None);
        let moved = MANIFEST.replace("^4.18.0", "^4.19.0");
        assert_eq!(
            name(gap(LockKind::Yarn, &moved, classic)),
            Some(("express".to_owned(), Some("^4.19.0".to_owned())))
        );
        let berry = "__metadata:\n  version: 8\n\n\"@types/node@npm:^20.0.0\":\n  version: 20.1.0\n\n\
                     \"express@npm:^4.18.0, express@npm:^4.0.0\":\n  version: 4.18.2\n";
        assert_eq!(is_classic_yarn(berry), Some(false));
        assert_eq!(locked(LockKind::Yarn, berry).unwrap().version("express"), Some("4.18.2"));
        assert_eq!(gap(LockKind::Yarn, MANIFEST, berry), None);
        assert_eq!(
            name(gap(LockKind::Yarn, "{\"dependencies\": {\"vue\": \"3\"}}", berry)),
            Some(("vue".to_owned(), None))
        );
    }

    #[test]
    fn pnpm() {
        let nine = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      express:\n        \
                    specifier: ^4.18.0\n        version: 4.18.2\n    devDependencies:\n      '@types/node':\n        \
                    specifier: ^20.0.0\n        version: 20.1.0\n\n  web:\n    dependencies:\n      vue:\n        \
                    specifier: ^3\n\npackages:\n\n  x:\n    resolution: {}\n";
        assert_eq!(gap(LockKind::Pnpm, MANIFEST, nine), None);
        let moved = MANIFEST.replace("^4.18.0", "^5");
        assert_eq!(
            name(gap(LockKind::Pnpm, &moved, nine)),
            Some(("express".to_owned(), Some("^5".to_owned())))
        );
        let five =
            "lockfileVersion: 5.4\nspecifiers:\n  express: ^4.18.0\ndependencies:\n  express: 4.18.2\n";
        assert_eq!(name(gap(LockKind::Pnpm, MANIFEST, five)), Some(("@types/node".to_owned(), None)));
    }
}
