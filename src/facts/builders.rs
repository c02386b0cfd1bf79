//! What may build an image in a way that cannot be read: services, tools, workflows of others.

use super::RepositoryFacts;
use crate::repository::project::{By, Content, Document};
use crate::repository::{Lookup, normalize};
use camino::Utf8Path;

/// Files and folders at the root of a repository, by the start of their name, that stand for a CI system, a hosting
/// service or a tool that builds images.
const SERVICES: [&str; 61] = [
    ".appveyor.yml",
    ".azure",
    ".build.yml",
    ".cirrus.yml",
    ".codefresh",
    ".concourse",
    ".dagger",
    ".do",
    ".ebextensions",
    ".forgejo",
    ".gitea",
    ".gitlab",
    ".harness",
    ".ko.yaml",
    ".lagoon.yml",
    ".pipelines",
    ".platform",
    ".semaphore",
    ".space",
    ".teamcity",
    ".tekton",
    ".woodpecker",
    "BUILD.bazel",
    "Cross.toml",
    "Dockerrun.aws",
    "Earthfile",
    "Jenkinsfile",
    "MODULE.bazel",
    "Procfile",
    "Pulumi.yaml",
    "WORKSPACE",
    "appveyor.yml",
    "apprunner.yaml",
    "azure-pipelines",
    "azure.yaml",
    "bamboo-specs",
    "buildspec",
    "cdk.json",
    "cloudbuild",
    "codefresh.yml",
    "cog.yaml",
    "concourse",
    "copilot",
    "dagger.json",
    "devspace.yaml",
    "flake.nix",
    "fly.",
    "garden.yml",
    "hooks",
    "koyeb.yaml",
    "modal",
    "nixpacks.toml",
    "northflank.json",
    "okteto.yml",
    "pants.toml",
    "samconfig.toml",
    "serverless.y",
    "sst.config",
    "template.yaml",
    "wrangler.",
    "zeabur.json",
];

/// Files that run commands of a language's own; what they run is not read.
const TASK_FILES: [&str; 8] = [
    "Rakefile",
    "build.gradle",
    "build.gradle.kts",
    "dodo.py",
    "magefile.go",
    "noxfile.py",
    "pom.xml",
    "tasks.py",
];

/// What a line of a workflow names that may build an image, or have one built.
const BUILDERS: [&str; 42] = [
    "az acr",
    "azd ",
    "azure/",
    "bake",
    "bazel",
    "buildah",
    "buildpack",
    "caprover",
    "cdk deploy",
    "cloudrun",
    "coolify",
    "copilot",
    "dagger",
    "depot",
    "devcontainers/ci",
    "docker",
    "dokku",
    "earthly",
    "flyctl",
    "gcloud",
    "goreleaser",
    "heroku",
    "image-build",
    "build-image",
    "build_image",
    "jib",
    "kaniko",
    "kamal",
    "ko build",
    "ko publish",
    "koyeb",
    "nerdctl",
    "nix build",
    "nixpacks",
    "okteto",
    "pack build",
    "podman",
    "pulumi",
    "railway",
    "semantic-release",
    "serverless",
    "skaffold",
];

/// Programs that build images.
const CONTAINERS: [&str; 5] = ["docker", "podman", "buildah", "nerdctl", "kaniko"];

/// Words with `docker` in them that build nothing.
const HARMLESS: [&str; 14] = [
    "dockerfile",
    "dockerignore",
    "hadolint",
    "docker://",
    "docker.io",
    "docker run",
    "docker pull",
    "docker exec",
    "docker logs",
    "docker ps",
    "docker version",
    "docker info",
    "docker-compose",
    "docker compose",
];

/// What stands in a workflow beside builds that were read: it belongs to them.
const BESIDE: [&str; 9] = [
    "docker/",
    "docker build",
    "docker buildx",
    "docker push",
    "docker tag",
    "docker login",
    "docker_",
    "docker.",
    "dockerhub",
];

impl RepositoryFacts<'_> {
    /// Whether something whose builds cannot be read may build images of the repository: another CI system, a hosting
    /// service, an action or a workflow of somebody else. Call it after [`crate::repository::Project::may_build`].
    pub fn may_build_unseen(&self) -> bool {
        let names = self.tree.names(Utf8Path::new("")).found().unwrap_or_default();
        if names.iter().any(|name| SERVICES.iter().any(|start| name.starts_with(start))) {
            return true;
        }
        let reads = |name: &str| self.tree.read(Utf8Path::new(name)).found();
        let by_task = names.iter().filter(|name| TASK_FILES.contains(&name.as_str())).any(|name| {
            reads(name).is_none_or(|text| ["docker", "jib", "podman"].iter().any(|word| text.contains(word)))
        });
        // A Space of Hugging Face says so in the head of its README.
        let space =
            || reads("README.md").is_some_and(|text| text.starts_with("---") && text.contains("sdk: docker"));
        // Kamal builds before it deploys.
        let kamal = || !matches!(self.tree.entry(Utf8Path::new("config/deploy.yml")), Lookup::Absent);
        by_task
            || space()
            || kamal()
            || self.project.documents.iter().enumerate().any(|(index, document)| {
                let own = self.project.builds.iter().any(|build| build.document == index);
                is_workflow(document)
                    && document
                        .source
                        .text()
                        .lines()
                        .any(|line| may_build(line, own) || self.runs_unread(line))
            })
    }

    /// Whether a line names a script of the repository that was not read as one and speaks of containers.
    fn runs_unread(&self, line: &str) -> bool {
        let scripts = line.split_whitespace().map(|word| word.trim_matches(['"', '\'', '(', ')', ';', '`']));
        let mut scripts = scripts.filter(|word| {
            let ending = word.rsplit_once('.').map_or("", |(_, ending)| ending);
            word.contains('/') && matches!(ending, "sh" | "bash" | "py" | "mk" | "js" | "ts" | "rb" | "ps1")
        });
        scripts.any(|word| {
            let Some(path) = normalize(Utf8Path::new(word)) else { return false };
            if word.contains("://") || word.contains('$') || self.project.document(&path).is_some() {
                return false;
            }
            match self.tree.read(&path) {
                Lookup::Found(text) => CONTAINERS.iter().any(|name| text.contains(name)),
                Lookup::Absent => false,
                Lookup::Unknown => true,
            }
        })
    }

    /// Whether anything that runs in CI, or by hand, names Compose.
    pub fn runs_compose(&self) -> bool {
        self.project.documents.iter().any(|document| {
            let runs = is_workflow(document)
                || matches!(document.content, Content::OtherCi | Content::Hosting | Content::Script(_));
            runs && document.source.text().contains("compose")
        })
    }

    /// Whether the only builds of a Dockerfile are those of Compose files, and nothing runs them.
    pub fn is_built_by_hand_only(&self, path: &Utf8Path) -> bool {
        !self.runs_compose()
            && self
                .project
                .builds
                .iter()
                .filter(|build| build.dockerfile.may_be(path))
                .all(|build| matches!(build.by, By::Compose { .. }) && build.dockerfile.is(path))
    }
}

/// Whether a file is a workflow or an action of the repository.
fn is_workflow(document: &Document) -> bool {
    matches!(document.content, Content::Workflow(_) | Content::Action(_) | Content::Unrelated)
}

fn may_build(line: &str, beside_builds: bool) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    // A reusable workflow of another repository may do anything.
    let remote =
        line.contains("/.github/workflows/") && !line.contains("./.github/") && line.contains("uses:");
    let mut text = line.to_ascii_lowercase();
    let beside = if beside_builds { &BESIDE[..] } else { &[] };
    for word in HARMLESS.iter().chain(beside) {
        if text.contains(word) {
            text = text.replace(word, "");
        }
    }
    remote || BUILDERS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::may_build;

    #[test]
    fn lines() {
        for line in [
            "- uses: superfly/flyctl-actions/setup-flyctl@master",
            "run: npx semantic-release",
            "uses: org/ci/.github/workflows/image.yml@v1",
            "run: ./gradlew jib",
            "- uses: elgohr/Publish-Docker-Github-Action@v5",
            "run: python ci/docker_build.py",
        ] {
            assert!(may_build(line, false), "{line}");
        }
        for line in [
            "# docker build .",
            "- uses: hadolint/hadolint-action@v3",
            "dockerfile: Dockerfile",
            "uses: ./.github/workflows/test.yml",
            "run: docker run --rm postgres",
            "run: make test",
        ] {
            assert!(!may_build(line, false), "{line}");
        }
        assert!(may_build("- uses: docker/login-action@v3", false));
        assert!(!may_build("- uses: docker/login-action@v3", true));
    }
}
