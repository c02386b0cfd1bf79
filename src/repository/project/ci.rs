//! Whether CI, or something else that cannot be read, builds a Dockerfile.

use super::{By, Content, Document, Host, Project};
use camino::Utf8Path;

/// Commands and actions that build images out of a repository in ways of their own.
const OTHER_BUILDERS: [&str; 24] = [
    "gcloud builds",
    "gcloud run deploy",
    "deploy-cloudrun",
    "gcloud app deploy",
    "acr build",
    "containerapp",
    "container-apps",
    "flyctl",
    "fly deploy",
    "heroku",
    "skaffold",
    "earthly",
    "dagger",
    "kaniko",
    "werf",
    "railway",
    "sam build",
    "copilot ",
    "cdk deploy",
    "goreleaser",
    "devcontainers/ci",
    "depot build",
    "okteto",
    "caprover",
];

impl Project {
    /// Whether something whose builds cannot be read may build a file: another CI system, a hosting service, a tool with a
    /// way of its own, a reusable workflow of another repository.
    pub fn builds_elsewhere(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or("Dockerfile");
        self.documents.iter().any(|document| {
            let text = document.source.text();
            match &document.content {
                Content::OtherCi => {
                    let words = ["docker", "kaniko", "buildah", "podman", "Dockerfile", "DOCKER"];
                    words.iter().any(|word| text.contains(word))
                        || text.contains(name)
                        || has_other_builder(text)
                }
                Content::Hosting => path.starts_with(document.dir()) || text.contains(name),
                Content::Workflow(workflow) => {
                    let foreign = |uses: &str| !uses.starts_with("./");
                    workflow.jobs.iter().any(|job| job.uses.as_ref().is_some_and(|uses| foreign(&uses.text)))
                        || has_other_builder(text)
                }
                Content::Action(_) | Content::Unrelated => has_other_builder(text),
                _ => false,
            }
        })
    }

    /// Whether anything in the repository builds a Dockerfile, or may do so: a build that names it, one whose Dockerfile
    /// is not known, a file that could not be read. False only when none is found and all was seen.
    pub fn may_build(&self, path: &Utf8Path) -> bool {
        !self.known.builds()
            || self.builds.iter().any(|build| build.dockerfile.may_be(path))
            || self.builds_elsewhere(path)
    }

    /// As [`Project::may_build`], of builds that CI runs: in workflows, and in scripts, Compose and bake files that
    /// something in CI seems to call.
    pub fn may_build_in_ci(&self, path: &Utf8Path) -> bool {
        // `COPY docker/app.Dockerfile` of an unknown action: a mention is enough. Every repository mentions `Dockerfile`.
        let telling = path.as_str() != "Dockerfile";
        !self.known.builds()
            || self.builds_elsewhere(path)
            || (telling && self.ci_mentions(path.as_str()))
            || self.builds.iter().filter(|build| build.dockerfile.may_be(path)).any(|build| match build.by {
                By::Action { .. } | By::Run { .. } => true,
                By::Compose { .. } => self.ci_mentions("compose"),
                By::Bake { .. } => self.ci_mentions("bake"),
                By::Script { .. } => self.document_of(build).is_some_and(|document| self.is_called(document)),
            })
    }

    /// Whether CI, or another script, seems to call a script.
    fn is_called(&self, script: &Document) -> bool {
        let words: &[&str] = match script.script().map(|file| file.host) {
            Some(Host::Make) => &["make"],
            Some(Host::Just) => &["just"],
            Some(Host::Task) => &["task"],
            Some(Host::Package) => &["npm ", "yarn", "pnpm", "bun "],
            Some(Host::Shell) | None => &[],
        };
        let name = script.path.file_name().unwrap_or("");
        let other = |document: &&Document| {
            matches!(document.content, Content::Script(_)) && document.path != script.path
        };
        words.iter().any(|word| self.ci_mentions(word))
            || self.ci_mentions(name)
            || self.documents.iter().filter(other).any(|document| document.source.text().contains(name))
    }

    /// Whether the text of a file of CI holds a word.
    pub fn ci_mentions(&self, word: &str) -> bool {
        self.documents.iter().any(|document| {
            matches!(
                document.content,
                Content::Workflow(_) | Content::Action(_) | Content::Unrelated | Content::OtherCi
            ) && document.source.text().contains(word)
        })
    }
}

fn has_other_builder(text: &str) -> bool {
    OTHER_BUILDERS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::MemoryTree;

    fn built(files: &[(&str, &str)]) -> (bool, bool) {
        let mut tree = MemoryTree::complete().with("Dockerfile", "FROM x");
        for (path, text) in files {
            tree = tree.with(path, text);
        }
        let project = Project::read(&tree, &["Dockerfile".into()]);
        let path = Utf8Path::new("Dockerfile");
        (project.may_build(path), project.may_build_in_ci(path))
    }

    #[test]
    fn tells_builds_of_ci() {
        let compose = ("compose.yaml", "services: {a: {build: .}}");
        let script = ("scripts/image.sh", "docker build .");
        let workflow = |run: &str| format!("on: push\njobs: {{a: {{steps: [{{run: '{run}'}}]}}}}");
        let path = ".github/workflows/a.yml";
        assert_eq!(built(&[]), (false, false));
        assert_eq!(built(&[compose]), (true, false));
        assert_eq!(built(&[compose, (path, &workflow("docker compose up"))]), (true, true));
        assert_eq!(built(&[script]), (true, false));
        assert_eq!(built(&[script, (path, &workflow("./scripts/image.sh"))]), (true, true));
        assert_eq!(built(&[(path, &workflow("docker build ."))]), (true, true));
        assert_eq!(built(&[(path, &workflow("docker build web"))]), (false, false));
        assert_eq!(built(&[(path, &workflow("flyctl deploy"))]), (true, true));
        assert_eq!(
            built(&[("Makefile", "a:\n\tdocker build .\n"), (path, &workflow("make a"))]),
            (true, true)
        );
        assert_eq!(built(&[(path, "jobs: {a: {uses: 'o/r/.github/workflows/image.yml@v1'}}")]), (true, true));
        assert_eq!(built(&[(".gitlab-ci.yml", "script: docker build .")]), (true, true));
        assert_eq!(built(&[("fly.toml", "")]), (true, true));
    }
}
