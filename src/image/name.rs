//! Which image a reference means, whatever registry or mirror it is written with.

use super::table::{BUILDS, EOL, RETIRED};
use crate::dockerfile::ImageReference;

/// A base image under the one name its knowledge is kept under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Canonical name without tag: `python`, `dotnet/sdk`, `ubi9`, `ubi9/python-312`, `bitnami/redis`,
    /// `gcr.io/distroless/static`. Images of registries we know nothing about keep registry and path.
    pub repository: String,
    /// A Docker Official Image (also through a mirror of Docker Hub, also an architecture's own copy).
    pub official: bool,
}

/// Docker Hub organisations with the official images of one architecture.
/// Source: docker-library/official-images, README, "Architectures other than amd64?".
const ARCHITECTURES: [&str; 11] = [
    "amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64", "s390x",
    "winamd64",
];

/// Images published under several names, by registry and path; the second is the canonical name.
const OTHER_NAMES: [(&str, &str); 25] = [
    ("docker.elastic.co/elasticsearch/elasticsearch", "elasticsearch"),
    ("docker.elastic.co/kibana/kibana", "kibana"),
    ("docker.elastic.co/logstash/logstash", "logstash"),
    ("ghcr.io/denoland/deno", "denoland/deno"),
    ("ghcr.io/graalvm/graalvm-community", "graalvm/graalvm-community"),
    ("ghcr.io/graalvm/jdk-community", "graalvm/graalvm-community"),
    ("ghcr.io/jenkinsci/jenkins", "jenkins/jenkins"),
    ("ghcr.io/nginx/nginx-unprivileged", "nginxinc/nginx-unprivileged"),
    ("ghcr.io/nginxinc/nginx-unprivileged", "nginxinc/nginx-unprivileged"),
    ("ghcr.io/oracle/oraclelinux", "oraclelinux"),
    ("public.ecr.aws/amazoncorretto/amazoncorretto", "amazoncorretto"),
    ("public.ecr.aws/amazonlinux/amazonlinux", "amazonlinux"),
    ("public.ecr.aws/debian/debian", "debian"),
    ("public.ecr.aws/nginx/nginx", "nginx"),
    ("public.ecr.aws/nginx/nginx-unprivileged", "nginxinc/nginx-unprivileged"),
    ("public.ecr.aws/ubuntu/ubuntu", "ubuntu"),
    ("quay.io/almalinuxorg/almalinux", "almalinux"),
    ("quay.io/centos/centos", "centos/centos"),
    ("quay.io/fedora/fedora", "fedora"),
    ("quay.io/keycloak/keycloak", "keycloak/keycloak"),
    ("quay.io/prometheus/prometheus", "prom/prometheus"),
    ("quay.io/rockylinux/rockylinux", "rockylinux/rockylinux"),
    ("registry.fedoraproject.org/fedora", "fedora"),
    ("registry.opensuse.org/opensuse/leap", "opensuse/leap"),
    ("registry.suse.com/bci/bci-base", "bci/bci-base"),
];

impl Image {
    /// The image that a reference names. Its tag and digest do not matter here.
    pub fn resolve(reference: &ImageReference) -> Self {
        if let Some(path) = reference.hub_path() {
            if let Some(name) = path.strip_prefix("redhat/").and_then(ubi) {
                return Self { repository: name, official: false };
            }
            let name = path
                .split_once('/')
                .filter(|(owner, name)| ARCHITECTURES.contains(owner) && known_to_the_library(name))
                .map_or(path, |(_, name)| name);
            return Self { repository: name.to_owned(), official: !name.contains('/') };
        }
        let registry = reference.registry().unwrap_or_default().to_ascii_lowercase();
        let path = reference.path();
        let repository = match registry.as_str() {
            "mcr.microsoft.com" => microsoft(path),
            "registry.access.redhat.com" | "registry.redhat.io" => ubi(path),
            _ => OTHER_NAMES
                .iter()
                .find(|(name, _)| {
                    name.strip_prefix(registry.as_str()).and_then(|n| n.strip_prefix('/')) == Some(path)
                })
                .map(|(_, name)| (*name).to_owned()),
        };
        Self { repository: repository.unwrap_or_else(|| format!("{registry}/{path}")), official: false }
    }

    /// Whether Docker Hub's library has an image of that name, or has had one.
    pub fn is_in_library(&self) -> bool {
        self.official && (self.repository == "scratch" || known_to_the_library(&self.repository))
    }

    /// Whether any table speaks about this image, so that what its tag says may be judged.
    pub(super) fn is_known(&self) -> bool {
        self.official || EOL.has(&self.repository) || super::defaults::is_listed(self)
    }
}

fn known_to_the_library(name: &str) -> bool {
    BUILDS.has(name) || RETIRED.has(name)
}

/// `dotnet/sdk`, `devcontainers/python` for Microsoft's registry; `dotnet/core/sdk` was the name up to 3.1.
fn microsoft(path: &str) -> Option<String> {
    let path = path.strip_prefix("vscode/").unwrap_or(path);
    let dotnet = ["dotnet/core/", "dotnet/nightly/", "dotnet/"].iter().find_map(|p| path.strip_prefix(p));
    match dotnet {
        Some(name @ ("sdk" | "aspnet" | "runtime" | "runtime-deps")) => Some(format!("dotnet/{name}")),
        _ => path.starts_with("devcontainers/").then(|| path.to_owned()),
    }
}

/// `ubi9` for `ubi9`, `ubi9/ubi`; `ubi9/ubi-minimal` for `ubi9-minimal` and `ubi9/ubi-minimal`.
fn ubi(path: &str) -> Option<String> {
    let (head, rest) = match path.find(['/', '-']) {
        Some(end) => (path.get(..end)?, path.get(end..)?),
        None => (path, ""),
    };
    let version = head.strip_prefix("ubi")?;
    if version.is_empty() || !version.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(match rest {
        "" | "/ubi" => head.to_owned(),
        _ => match rest.strip_prefix('-') {
            Some(variant) => format!("{head}/ubi-{variant}"),
            None => format!("{head}{rest}"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> (String, bool) {
        let image = Image::resolve(&ImageReference::parse(text).unwrap());
        (image.repository, image.official)
    }

    #[test]
    fn one_name_for_all_spellings() {
        for (text, name, official) in [
            ("python:3.12", "python", true),
            ("docker.io/library/node", "node", true),
            ("mirror.gcr.io/library/golang:1.26", "golang", true),
            ("public.ecr.aws/docker/library/ruby", "ruby", true),
            ("arm64v8/python", "python", true),
            ("amd64/nothing-we-know", "amd64/nothing-we-know", false),
            ("bitnami/redis", "bitnami/redis", false),
            ("mcr.microsoft.com/dotnet/sdk:8.0", "dotnet/sdk", false),
            ("mcr.microsoft.com/dotnet/core/aspnet:3.1", "dotnet/aspnet", false),
            ("mcr.microsoft.com/vscode/devcontainers/python", "devcontainers/python", false),
            ("mcr.microsoft.com/playwright:v1", "mcr.microsoft.com/playwright", false),
            ("registry.access.redhat.com/ubi9", "ubi9", false),
            ("registry.access.redhat.com/ubi9/ubi", "ubi9", false),
            ("registry.redhat.io/ubi8/ubi-minimal", "ubi8/ubi-minimal", false),
            ("redhat/ubi9-micro", "ubi9/ubi-micro", false),
            ("registry.access.redhat.com/ubi9/python-312", "ubi9/python-312", false),
            ("registry.access.redhat.com/rhel7", "registry.access.redhat.com/rhel7", false),
            ("quay.io/centos/centos:stream9", "centos/centos", false),
            ("gcr.io/distroless/static", "gcr.io/distroless/static", false),
            ("registry.example.com/python:3.9", "registry.example.com/python", false),
            ("localhost:5000/python", "localhost:5000/python", false),
        ] {
            assert_eq!(resolve(text), (name.to_owned(), official), "{text}");
        }
    }

    #[test]
    fn only_images_with_data_are_known() {
        for (text, known) in [
            ("python", true),
            ("redhat/ubi9", true),
            ("ghcr.io/owner/app", false),
            ("registry.example.com/python", false),
            ("dhi.io/node", true),
        ] {
            assert_eq!(Image::resolve(&ImageReference::parse(text).unwrap()).is_known(), known, "{text}");
        }
    }
}
