//! What is known where a step of a workflow runs: variables, the matrix, the workspace.

use super::super::expression::expressions;
use super::super::value::{Entry, Text};
use super::super::workflow::{Job, Step, Workflow};
use super::super::yaml::{Kind, Node};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// Combinations of a matrix that are looked at.
const MAX_COMBINATIONS: usize = 64;

/// What the workspace of a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::repository::project) enum Workspace {
    /// The root of the repository, checked out into this folder of the workspace (usually the empty path).
    Repository(Utf8PathBuf),
    /// Another repository.
    Other,
}

/// Where a job checks its repository out. Without a checkout step a local build has nothing to build; a reusable or
/// composite one leaves that to its caller.
pub(in crate::repository::project) fn workspace(job: &Job) -> Workspace {
    let mut other = false;
    for step in &job.steps {
        if step.action().as_deref() != Some("actions/checkout") {
            continue;
        }
        let path = step.input("path").map_or("", |path| path.value().unwrap_or("?"));
        // A repository that is named by an expression is its own in most cases.
        let own = step.input("repository").is_none_or(|name| name.value().is_none());
        match (own, path) {
            (true, path) => return Workspace::Repository(Utf8PathBuf::from(path.trim_start_matches("./"))),
            (false, "" | ".") => other = true,
            (false, _) => {}
        }
    }
    if other { Workspace::Other } else { Workspace::Repository(Utf8PathBuf::new()) }
}

impl Workspace {
    /// A path in the workspace as a path in the tree.
    pub(super) fn in_tree(&self, path: &str) -> Option<Utf8PathBuf> {
        let Self::Repository(prefix) = self else { return None };
        let path = crate::repository::normalize(Utf8Path::new(path))?;
        path.strip_prefix(prefix).ok().map(Utf8Path::to_owned)
    }
}

/// The variables that a step sees, with plain values: those of the step go first.
pub(super) fn env_of<'w>(workflow: &'w Workflow, job: &'w Job, step: &'w Step) -> Vec<&'w [Entry]> {
    vec![&step.env, &job.env, &workflow.env]
}

/// A combination of a matrix: values by name, `a.b` for those in a map.
pub(super) type Combination = BTreeMap<String, String>;

/// The combinations of the matrix of a job; one without any value when there is none or when it is not known.
pub(super) fn combinations(job: &Job) -> Vec<Combination> {
    let none = || vec![Combination::new()];
    let Some(matrix) = job.matrix.as_ref().filter(|matrix| matrix.is_mapping()) else { return none() };
    let mut out = none();
    let mut names = Vec::new();
    for (key, values) in matrix.entries() {
        let Some(name) = key.text().filter(|name| !matches!(*name, "include" | "exclude")) else { continue };
        names.push(name);
        let values = values.items();
        if values.is_empty() {
            // An expression: the name has no known value.
            continue;
        }
        if out.len().saturating_mul(values.len()) > MAX_COMBINATIONS {
            return none();
        }
        out = out
            .iter()
            .flat_map(|base| {
                values.iter().map(|value| {
                    let mut one = base.clone();
                    insert(&mut one, name, value);
                    one
                })
            })
            .collect();
    }
    let entry = |node: &Node| {
        let mut one = Combination::new();
        for (key, value) in node.entries() {
            if let Some(name) = key.text() {
                insert(&mut one, name, value);
            }
        }
        one
    };
    if let Some(exclude) = matrix.get("exclude") {
        let excluded: Vec<Combination> = exclude.items().iter().map(entry).collect();
        out.retain(|one| {
            !excluded.iter().any(|other| other.iter().all(|(name, value)| one.get(name) == Some(value)))
        });
    }
    // "Expanding or adding matrix configurations", docs.github.com.
    let first = out.len();
    let empty = names.is_empty();
    for include in matrix.get("include").map_or(&[][..], Node::items).iter().take(MAX_COMBINATIONS) {
        let include = entry(include);
        let top = |name: &str| {
            names.iter().any(|own| name == *own || name.strip_prefix(own).is_some_and(|r| r.starts_with('.')))
        };
        let mut added = false;
        for one in out.iter_mut().take(if empty { 0 } else { first }) {
            let fits = include.iter().all(|(name, value)| !top(name) || one.get(name) == Some(value));
            if fits {
                added = true;
                one.extend(include.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        if !added {
            out.push(include);
        }
    }
    if empty && out.len() > 1 {
        out.remove(0);
    }
    if out.is_empty() { none() } else { out }
}

fn insert(into: &mut Combination, name: &str, value: &Node) {
    match &value.kind {
        Kind::Scalar(scalar) if !scalar.text.contains("${{") => {
            into.insert(name.to_owned(), scalar.text.to_string());
        }
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                if let (Some(key), Some(text)) = (key.text(), value.text()) {
                    into.insert(format!("{name}.{key}"), text.to_owned());
                }
            }
        }
        _ => {}
    }
}

/// What a text gives where its expressions are known.
pub(super) fn resolve(text: &str, env: &[&[Entry]], combination: &Combination) -> Option<String> {
    resolve_deep(text, env, combination, 3)
}

fn resolve_deep(text: &str, env: &[&[Entry]], combination: &Combination, left: u32) -> Option<String> {
    let found = expressions(text);
    if found.is_empty() {
        return (!text.contains("${{")).then(|| text.to_owned());
    }
    let mut out = String::new();
    let mut at = 0;
    for range in found {
        out.push_str(text.get(at..range.start)?);
        let inner = text.get(range.start + 3..range.end - 2)?.trim();
        if let Some(name) = inner.strip_prefix("matrix.") {
            out.push_str(combination.get(name)?);
        } else if let Some(name) = inner.strip_prefix("env.") {
            let value =
                env.iter().flat_map(|entries| entries.iter()).find(|entry| &*entry.key.text == name)?;
            out.push_str(&resolve_deep(&value.value.as_ref()?.text, env, combination, left.checked_sub(1)?)?);
        } else if inner == "github.workspace" {
            out.push('.');
        } else {
            return None;
        }
        at = range.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// A text with its expressions resolved where they are known; its place stays.
pub(super) fn resolved(text: &Text, env: &[&[Entry]], combination: &Combination) -> Text {
    if text.known {
        return text.clone();
    }
    match resolve(&text.text, env, combination) {
        Some(value) => Text::known(value, text.span),
        None => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::yaml::parse;
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let yaml = parse(&format!("jobs:\n  a:\n    strategy:\n      matrix: {text}\n"));
        let workflow = Workflow::read(&yaml);
        let pairs =
            |one: Combination| one.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
        combinations(&workflow.jobs[0]).into_iter().map(pairs).collect()
    }

    #[test]
    fn combines() {
        assert_eq!(shown("{a: [1, 2], b: [x]}"), ["a=1 b=x", "a=2 b=x"]);
        assert_eq!(shown("{include: [{f: A, c: d}, {f: B}]}"), ["c=d f=A", "f=B"]);
        assert_eq!(
            shown("{a: [1, 2], include: [{a: 1, f: A}, {a: 3, f: B}, {z: y}]}"),
            ["a=1 f=A z=y", "a=2 z=y", "a=3 f=B"]
        );
        assert_eq!(shown("{a: [1, 2], exclude: [{a: 2}]}"), ["a=1"]);
        assert_eq!(shown("{i: [{f: A, c: d}, {f: B}]}"), ["i.c=d i.f=A", "i.f=B"]);
        assert_eq!(shown("${{ fromJSON(x) }}"), [""]);
        assert_eq!(shown("[a]"), [""]);
        let many = format!("{{a: [{}], b: [1, 2]}}", ["x"; 40].join(", "));
        assert_eq!(shown(&many), [""]);
    }

    #[test]
    fn resolves() {
        let entry = |key: &str, value: &str| Entry {
            key: Text::known(key, crate::text::Span::default()),
            value: Some(Text::known(value, crate::text::Span::default())),
        };
        let env = [entry("D", "docker"), entry("L", "${{ env.L }}"), entry("S", "${{ secrets.X }}")];
        let resolve =
            |text: &str| resolve(text, &[&env], &Combination::from([("f".to_owned(), "x".to_owned())]));
        assert_eq!(resolve("a/${{ env.D }}/${{matrix.f}}").as_deref(), Some("a/docker/x"));
        assert_eq!(resolve("${{ github.workspace }}/a").as_deref(), Some("./a"));
        for text in
            ["${{ env.L }}", "${{ env.S }}", "${{ env.N }}", "${{ matrix.n }}", "${{ x", "${{ inputs.f }}"]
        {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
