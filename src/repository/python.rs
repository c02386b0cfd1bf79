//! What a Python project says it needs: requirements files, `pyproject.toml`, `Pipfile`.
//!
//! Only names are read, and only from the plain forms people write; what cannot be read is left out.

use super::{Lookup, Tree, normalize};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Files that one requirements file may pull in; more are not read.
const MOST_FILES: usize = 16;

/// A requirement and the file it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The normalised name (PEP 503): lower case, `-` for runs of `-`, `_` and `.`.
    pub name: String,
    /// The file.
    pub path: Utf8PathBuf,
    /// Where the name begins in it, in bytes.
    pub offset: usize,
    /// The name as written.
    pub written: String,
}

/// Requirements that were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// In order of the files.
    pub list: Vec<Requirement>,
    /// Whether everything could be read: no unknown file, no URL, no editable path.
    pub complete: bool,
}

/// Normalises a distribution name as PEP 503 says.
pub fn normalize_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}

/// Reads a requirements file and the files it includes with `-r`.
pub fn requirements(tree: &dyn Tree, path: &Utf8Path) -> Requirements {
    let mut out = Requirements { list: Vec::new(), complete: true };
    let mut seen = BTreeSet::new();
    let mut queue = vec![path.to_owned()];
    while let Some(path) = queue.pop() {
        if seen.contains(&path) {
            continue;
        }
        if seen.len() == MOST_FILES {
            out.complete = false;
            break;
        }
        seen.insert(path.clone());
        let Lookup::Found(text) = tree.read(&path) else {
            out.complete = false;
            continue;
        };
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let mut offset = 0;
        let mut continued = false;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let is_rest = continued;
            continued = line.trim_end().ends_with('\\');
            let bare = line.trim();
            // The rest of a requirement over several lines: its hashes.
            if is_rest || bare.is_empty() || bare.starts_with('#') {
                continue;
            }
            let include = ["-r", "--requirement"].iter().find_map(|flag| {
                let rest = bare.strip_prefix(flag)?;
                rest.starts_with([' ', '\t', '=']).then(|| rest.trim_start_matches(['=', ' ', '\t']))
            });
            if let Some(include) = include {
                let name = include.split(" #").next().unwrap_or("").trim();
                match normalize(&folder.join(name)) {
                    Some(included) => queue.push(included),
                    None => out.complete = false,
                }
                continue;
            }
            if let Some(option) = bare.strip_prefix('-') {
                out.complete &= !(option.starts_with('e') || option.starts_with("-editable"));
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            match name_of(bare) {
                Some(name) => out.list.push(Requirement {
                    name: normalize_name(name),
                    path: path.clone(),
                    offset: start + indent,
                    written: name.to_owned(),
                }),
                None => out.complete = false,
            }
        }
    }
    out
}

/// The name a requirement begins with; `None` for URLs and paths.
pub fn name_of(requirement: &str) -> Option<&str> {
    let requirement = requirement.trim();
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    let rest = rest.trim_start();
    let starts = ["", "=", "<", ">", "!", "~", "[", ";", "#", "@", "(", ",", "\\"];
    let follows = rest.is_empty() || starts.iter().skip(1).any(|start| rest.starts_with(start));
    let named = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    (named && follows && !is_file_name(name)).then_some(name)
}

fn is_file_name(name: &str) -> bool {
    let path = Utf8Path::new(name);
    path.extension().is_some_and(|extension| matches!(extension, "whl" | "zip" | "gz" | "txt" | "toml"))
}

/// The dependencies of a `pyproject.toml`: `[project]` (the required ones) and Poetry's main group.
pub fn pyproject(tree: &dyn Tree, path: &Utf8Path) -> Requirements {
    toml(tree, path, "[project]", &["[tool.poetry.dependencies]"])
}

/// The packages of a `Pipfile`.
pub fn pipfile(tree: &dyn Tree, path: &Utf8Path) -> Requirements {
    toml(tree, path, "", &["[packages]"])
}

/// Reads one array of requirement strings (`dependencies = […]` in `listed`) and tables of names.
fn toml(tree: &dyn Tree, path: &Utf8Path, listed: &str, tables: &[&str]) -> Requirements {
    let Lookup::Found(text) = tree.read(path) else { return Requirements::default() };
    let mut out = Requirements { list: Vec::new(), complete: true };
    let mut section = String::new();
    let mut in_array = false;
    let mut offset = 0;
    let mut add = |written: &str, offset: usize| {
        out.list.push(Requirement {
            name: normalize_name(written),
            path: path.to_owned(),
            offset,
            written: written.to_owned(),
        });
    };
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let bare = line.trim();
        if in_array {
            in_array = !array_items(line, start, &mut add);
            continue;
        }
        if bare.starts_with('[') {
            bare.split('#').next().unwrap_or("").trim().clone_into(&mut section);
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let name = key.trim().trim_matches(['"', '\'']);
        if section == listed && name == "dependencies" {
            let at = start + key.len() + 1;
            if let Some(open) = value.find('[') {
                let inside = value.get(open + 1..).unwrap_or("");
                in_array = !array_items(inside, at + open + 1, &mut add);
            }
        } else if tables.contains(&section.as_str()) && name != "python" && !bare.starts_with('#') {
            let lead = key.len() - key.trim_start_matches([' ', '\t', '"', '\'']).len();
            if name_of(name) == Some(name) {
                add(name, start + lead);
            }
        }
    }
    out
}

/// Reads the strings of a line of an array; whether the array ends on it.
fn array_items(line: &str, start: usize, add: &mut dyn FnMut(&str, usize)) -> bool {
    let mut at = 0;
    while let Some(rest) = line.get(at..) {
        let Some(found) = rest.find(['"', '\'', '#', ']']) else { return false };
        let mark = rest.as_bytes().get(found).copied().unwrap_or(b'#');
        match mark {
            b']' => return true,
            b'#' => return false,
            quote => {
                let inner = rest.get(found + 1..).unwrap_or("");
                let Some(end) = inner.find(char::from(quote)) else { return false };
                let item = inner.get(..end).unwrap_or("");
                if let Some(name) = name_of(item) {
                    let lead = item.len() - item.trim_start().len();
                    add(name, start + at + found + 1 + lead);
                }
                at += found + 1 + end + 1;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;
    use proptest::prelude::*;

    fn names(read: &Requirements) -> Vec<&str> {
        read.list.iter().map(|r| r.name.as_str()).collect()
    }

    #[test]
    fn requirements_with_includes() {
        let text = "# c\nFlask[async]>=3 ; python_version > '3'\n-r base/more.txt\nscikit_learn==1.5 \\\n  \
                    --hash=sha256:aa\n  torch @ https://x/y\n--index-url https://x\n";
        let tree = MemoryTree::complete()
            .with("a/req.txt", text)
            .with("a/base/more.txt", "Zope.Interface\n-r ../req.txt\n");
        let read = requirements(&tree, "a/req.txt".into());
        assert_eq!(names(&read), ["flask", "scikit-learn", "torch", "zope-interface"]);
        assert!(read.complete);
        for found in read.list.iter().filter(|r| r.path == "a/req.txt") {
            assert!(text[found.offset..].starts_with(&found.written), "{found:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_complete() {
        for text in
            ["-e .\n", "git+https://x/y\n", "./local\n", "-r gone.txt\n", "-r ../../out.txt\n", "a.whl\n"]
        {
            let tree = MemoryTree::complete().with("r.txt", text);
            assert!(!requirements(&tree, "r.txt".into()).complete, "{text}");
        }
        assert!(!requirements(&MemoryTree::partial(), "r.txt".into()).complete);
    }

    #[test]
    fn project_files() {
        let text = "[project]\nname = \"x\"\ndependencies = [\"a>=1\", 'B_c',\n  \"d[e]~=2\", # no\n  # \"f\",\n]\n\
                    [project.optional-dependencies]\ndev = [\"g\"]\n[tool.poetry.dependencies]\npython = \"^3\"\n\
                    torch = { version = \"2\" }\n# old = \"1\"\n\"h\" = \"*\"\n[tool.other]\ni = 1\n";
        let tree = MemoryTree::complete().with("pyproject.toml", text);
        let read = pyproject(&tree, "pyproject.toml".into());
        assert_eq!(names(&read), ["a", "b-c", "d", "torch", "h"]);
        for found in &read.list {
            assert!(text[found.offset..].starts_with(&found.written), "{found:?}");
        }
        let tree = MemoryTree::complete()
            .with("Pipfile", "[packages]\nnumpy = \"*\"\n[dev-packages]\npytest = \"*\"\n");
        assert_eq!(names(&pipfile(&tree, "Pipfile".into())), ["numpy"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([a-z\\[\\]\"'#=\\\\ \\n.é-]|-r |dependencies = |\\[project\\]\n){0,60}") {
            let tree = MemoryTree::complete().with("f", &text);
            for read in [requirements(&tree, "f".into()), pyproject(&tree, "f".into()), pipfile(&tree, "f".into())] {
                for found in read.list {
                    prop_assert!(text[found.offset..].starts_with(&found.written));
                }
            }
        }
    }
}
