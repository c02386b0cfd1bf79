//! What the files that build and test a project speak of.

use super::FileFacts;
use camino::Utf8Path;

/// The most workflows that are looked at.
const MOST: usize = 20;

/// Files at the root of a repository that run commands.
const RUNNERS: [&str; 7] = [
    ".gitlab-ci.yml",
    "Makefile",
    "Justfile",
    "justfile",
    "docker-bake.hcl",
    "docker-compose.yml",
    "compose.yaml",
];

impl FileFacts<'_> {
    /// Whether a workflow, a Makefile or the like contains one of these texts. Files that are not known do not.
    pub fn is_spoken_of_in_ci(&self, words: &[&str]) -> bool {
        let says = |path: &Utf8Path| {
            self.tree.read(path).found().is_some_and(|text| words.iter().any(|word| text.contains(word)))
        };
        let workflows = Utf8Path::new(".github/workflows");
        let listed = self.tree.names(workflows).found();
        let beside = |name: &&&str| !self.context.as_str().is_empty() && says(&self.context.join(name));
        listed.iter().flat_map(|names| names.iter()).take(MOST).any(|name| says(&workflows.join(name)))
            || RUNNERS.iter().any(|name| says(Utf8Path::new(name)))
            || RUNNERS.iter().any(|name| beside(&name))
    }
}
