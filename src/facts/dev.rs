//! Files and stages made for development and tests only (levels drop by one there).

use camino::Utf8Path;

/// Whether the path of a Dockerfile says that it is for development, tests, examples or documentation.
pub fn is_dev_path(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or("").to_ascii_lowercase();
    let parts: Vec<&str> = name.split('.').collect();
    let by_name = match parts.as_slice() {
        ["dockerfile" | "containerfile", .., "ci" | "local" | "debug"] | [.., _, "dev" | "test"] => true,
        [before @ .., "dockerfile"] => before.iter().any(|part| matches!(*part, "dev" | "test")),
        _ => false,
    };
    by_name
        || path.parent().is_some_and(|dir| {
            dir.components().any(|part| {
                let part = part.as_str().to_ascii_lowercase();
                matches!(
                    part.as_str(),
                    ".devcontainer"
                        | "test"
                        | "tests"
                        | "e2e"
                        | "example"
                        | "examples"
                        | "sample"
                        | "samples"
                        | "docs"
                ) || part.starts_with("bench")
            })
        })
}

/// Whether a stage's name says that it is for development or tests.
pub fn is_dev_stage(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("dev") || name.starts_with("test") || matches!(name.as_str(), "lint" | "ci" | "debug")
}

/// Whether a final command only keeps a container open for a person.
pub fn is_dev_command(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [shell] => {
            let name = shell.rsplit('/').next().unwrap_or(shell);
            matches!(name, "sh" | "bash" | "ash" | "zsh" | "fish")
        }
        [shell, "-l" | "-i" | "--login"] => matches!(shell.rsplit('/').next(), Some("sh" | "bash" | "zsh")),
        ["sleep", "infinity"] | ["tail", "-f", "/dev/null"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for dev in [
            "Dockerfile.dev",
            "tests/Dockerfile",
            ".devcontainer/Dockerfile",
            "a/benchmarks/Dockerfile",
            "app.test",
            "x/examples/y/Dockerfile",
        ] {
            assert!(is_dev_path(dev.into()), "{dev}");
        }
        for not in
            ["Dockerfile", "Dockerfile.prod", "app/contest/Dockerfile", "Dockerfile.latest", "dev/Dockerfile"]
        {
            assert!(!is_dev_path(not.into()), "{not}");
        }
    }
}
