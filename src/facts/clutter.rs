//! What lies in a folder beside the source and does not belong into an image: history, installed packages, local
//! settings. None of it is in the repository; the tools of the project make it.

use super::{ContextRoot, FileFacts, InstructionFacts};
use crate::dockerfile::Keyword;
use crate::repository::Lookup;
use crate::repository::ignore::Verdict;
use crate::shell::packages::{Manager, Verb};
use camino::Utf8Path;
use std::sync::Arc;

/// Something that an ignore file should keep out of the build context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clutter {
    /// The name people know it by.
    pub name: &'static str,
    /// The line of an ignore file that keeps it out.
    pub line: &'static str,
    /// Whether it is large or may hold secrets; the others only cost a little.
    pub grave: bool,
}

/// What is looked for: the name, the line, a path that the line has to cover, whether it is grave.
const KNOWN: [(&str, &str, &str, bool); 7] = [
    (".git", ".git", ".git", true),
    ("node_modules", "**/node_modules", "node_modules", true),
    (".env", ".env", ".env", true),
    (".venv", ".venv", ".venv", false),
    ("__pycache__", "**/__pycache__", "__pycache__/x.pyc", false),
    ("target", "target", "target", false),
    (".terraform", "**/.terraform", ".terraform", false),
];

/// Tools that ask git for the version of what they build, in the files that configure a build.
const ASKS_GIT: [(&str, &[&str]); 9] = [
    (
        "pyproject.toml",
        &[
            "setuptools_scm",
            "setuptools-scm",
            "hatch-vcs",
            "hatch_vcs",
            "versioneer",
            "versioningit",
            "dynamic-versioning",
            "dunamai",
            "pbr",
            "vcs_version",
            "source = \"scm\"",
            "source = \"vcs\"",
        ],
    ),
    ("setup.py", &["setuptools_scm", "setuptools-scm", "use_scm_version", "versioneer", "pbr", "git"]),
    ("setup.cfg", &["setuptools_scm", "setuptools-scm", "versioneer", "pbr"]),
    ("package.json", &["sentry", "git ", "git-rev", "git-describe", "semantic-release", "lerna"]),
    ("Cargo.toml", &["vergen", "built", "git-version", "git_version", "shadow-rs", "git2"]),
    ("build.rs", &["git"]),
    ("pom.xml", &["git-commit-id", "buildnumber-maven", "jgitver"]),
    ("build.gradle", &["git"]),
    ("build.gradle.kts", &["git"]),
];

/// Programs that run what a file of the repository says.
const RUNNERS: [(&str, &[&str]); 6] = [
    ("make", &["Makefile", "makefile", "GNUmakefile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml"]),
    ("just", &["justfile", "Justfile"]),
    ("mage", &["magefile.go"]),
    ("goreleaser", &[]),
    ("sentry-cli", &[]),
];

impl FileFacts<'_> {
    /// What comes along when a folder is copied as a whole, in the order of its weight: what the tools that this
    /// Dockerfile uses make, as far as the ignore file does not keep it out and no instruction needs it.
    pub fn clutter(&self, root: &ContextRoot) -> Vec<Clutter> {
        // A context that is fetched by git, the default of docker/build-push-action, has the tracked files and nothing
        // else ("Build context: Git repositories": `.git` is left out).
        let mut builds = self.builds().peekable();
        if builds.peek().is_some() && builds.all(|build| build.git_context) {
            return Vec::new();
        }
        let found = KNOWN.iter().filter(|(name, _, probe, _)| {
            self.is_made(root, name) && !is_kept_out(root, name, probe) && !self.is_named(name)
        });
        found.map(|(name, line, _, grave)| Clutter { name, line, grave: *grave }).collect()
    }

    fn is_made(&self, root: &ContextRoot, name: &str) -> bool {
        let there = |name: &str| self.tree.entry(&root.dir.join(name)).found().is_some();
        match name {
            // The tree never has it; it lies at the root of every checkout.
            ".git" => root.dir.as_str().is_empty() && !self.asks_git(root),
            // Where nothing is installed the folder of the host may be what is wanted.
            "node_modules" => {
                there("package.json")
                    && self
                        .has_call(&[Manager::Npm, Manager::Yarn, Manager::Pnpm, Manager::Bun], Verb::Install)
            }
            ".venv" => {
                let managers = [Manager::Pip, Manager::Uv, Manager::Poetry, Manager::Pipenv];
                is_python(&there) && self.has_call(&managers, Verb::Install)
            }
            "__pycache__" => is_python(&there),
            "target" => {
                (there("Cargo.toml") && self.has_call(&[Manager::Cargo], Verb::Build))
                    || (there("pom.xml") && self.has_call(&[Manager::Maven], Verb::Build))
            }
            ".env" => self.has_local_settings(root, &there),
            ".terraform" => there(".terraform.lock.hcl"),
            _ => false,
        }
    }

    /// Whether people keep a `.env` in this folder that is their own: git ignores it, or there is a template.
    fn has_local_settings(&self, root: &ContextRoot, there: &impl Fn(&str) -> bool) -> bool {
        // What is in the repository is no secret, and the build of a front end reads it.
        if there(".env") {
            return false;
        }
        let templates = [".env.example", ".env.sample", ".env.template", ".env.dist", "env.example"];
        templates.iter().any(|name| there(name))
            || self.read_in(root, ".gitignore").is_some_and(|text| {
                text.lines()
                    .any(|line| matches!(line.trim().trim_start_matches('/'), ".env" | ".env*" | "*.env"))
            })
    }

    fn has_call(&self, managers: &[Manager], verb: Verb) -> bool {
        let calls = self.stages.iter().flat_map(|stage| &stage.instructions).flat_map(|facts| &facts.calls);
        calls.into_iter().any(|call| call.verb == verb && managers.contains(&call.manager))
    }

    /// Whether an instruction names the path: it is copied or mounted by name, or a command speaks of it.
    fn is_named(&self, name: &str) -> bool {
        let mut instructions = self.stages.iter().flat_map(|stage| &stage.instructions);
        instructions.any(|facts| match facts.instruction.keyword {
            Keyword::Copy | Keyword::Add => {
                facts.context_sources().iter().any(|word| is_path_to(&word.text, name))
            }
            Keyword::Run => facts.instruction.flags.iter().any(|flag| {
                let fields = flag.text.split(',').filter_map(|field| field.rsplit_once('='));
                let mut sources = fields.filter(|(key, _)| matches!(*key, "source" | "src"));
                sources.any(|(_, value)| is_path_to(value, name))
            }),
            _ => false,
        })
    }

    /// Whether something in the build asks git what it is building. Also true where that cannot be read.
    fn asks_git(&self, root: &ContextRoot) -> bool {
        let read = |name: &str| match self.tree.read(&root.dir.join(name)) {
            Lookup::Found(text) => Some(text),
            Lookup::Absent => None,
            Lookup::Unknown => Some(Arc::from("git ")),
        };
        let configured = ASKS_GIT.iter().any(|(name, words)| {
            let text = read(name);
            text.is_some_and(|text| &*text == "git " || words.iter().any(|word| text.contains(word)))
        });
        configured
            || self
                .stages
                .iter()
                .flat_map(|stage| &stage.instructions)
                .any(|facts| self.command_asks_git(root, facts))
    }

    fn command_asks_git(&self, root: &ContextRoot, facts: &InstructionFacts<'_>) -> bool {
        facts.is(Keyword::Run)
            && facts.scripts().flat_map(crate::shell::Script::commands).any(|command| {
                let Some(name) = command.name() else { return false };
                if name == "git" {
                    let verb = command.args().iter().find(|word| !word.text().starts_with('-'));
                    // `git clone` and `git config` need no history of the context.
                    return !verb
                        .is_some_and(|verb| matches!(verb.text(), "clone" | "config" | "lfs" | "init"));
                }
                if let Some((_, files)) = RUNNERS.iter().find(|(runner, _)| *runner == name) {
                    return files.is_empty() || files.iter().any(|file| self.text_asks_git(root, file));
                }
                if command.args().iter().any(|word| word.text().starts_with("-buildvcs=true")) {
                    return true;
                }
                let script = match name {
                    "sh" | "bash" | "ash" => command.args().iter().find(|word| !word.text().starts_with('-')),
                    _ => command.name_word(),
                };
                let script = script.map(|word| word.text().trim_start_matches("./"));
                let script = script.filter(|path| path.contains('/') || path.contains('.'));
                script.is_some_and(|path| !path.starts_with('/') && self.text_asks_git(root, path))
            })
    }

    /// Whether a file of the context speaks of git; true where it is there and cannot be read.
    fn text_asks_git(&self, root: &ContextRoot, path: &str) -> bool {
        match self.tree.read(&root.dir.join(path)) {
            Lookup::Found(text) => text.contains("git "),
            Lookup::Absent => false,
            Lookup::Unknown => true,
        }
    }

    fn read_in(&self, root: &ContextRoot, name: &str) -> Option<Arc<str>> {
        self.tree.read(&root.dir.join(Utf8Path::new(name))).found()
    }
}

/// Whether the ignore file keeps a path out, or whether its author has thought of it, or nobody knows.
fn is_kept_out(root: &ContextRoot, name: &str, probe: &str) -> bool {
    match &root.ignore {
        Lookup::Found(found) => {
            let wanted = |text: &str| text.trim_start_matches("**/").trim_end_matches("/**") == name;
            found.file.patterns().iter().any(|pattern| pattern.negated && wanted(pattern.text()))
                || found.file.verdict(probe) != Verdict::Included
        }
        Lookup::Absent => false,
        Lookup::Unknown => true,
    }
}

fn is_python(there: &impl Fn(&str) -> bool) -> bool {
    ["pyproject.toml", "requirements.txt", "setup.py", "Pipfile", "manage.py"].iter().any(|name| there(name))
}

/// Whether a path of the context is this entry of its root, or lies below it.
fn is_path_to(path: &str, name: &str) -> bool {
    let path = path.trim_matches(['"', '\'']).trim_start_matches("./").trim_start_matches('/');
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
