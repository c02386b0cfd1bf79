//! Which frontend reads the file (BuildKit, `frontend/dockerfile/parser/directives.go`).

use super::Dockerfile;

impl Dockerfile {
    /// The image of the frontend that the file asks for: the value of `syntax` up to its first blank.
    ///
    /// Besides `# syntax=`, BuildKit takes `// syntax=` and a JSON object with the key `syntax`, for frontends
    /// that read something else than Dockerfiles.
    pub fn frontend(&self) -> Option<String> {
        let first_word = |value: &str| value.split(' ').next().unwrap_or("").to_owned();
        // Unlike its parser, BuildKit's search for the frontend ends at an indented line.
        let mut in_force = self.directives.iter().take_while(|d| self.source.slice(d.span).starts_with('#'));
        if let Some(directive) = in_force.find(|d| d.name == "syntax") {
            return Some(first_word(&directive.value.text));
        }
        let text = self.source.text().trim_start_matches('\u{feff}');
        if text.starts_with("//") {
            return text
                .lines()
                .map_while(slash_directive)
                .find(|(name, _)| name == "syntax")
                .map(|(_, v)| first_word(v));
        }
        if text.trim_start().starts_with('{') {
            let object: serde_json::Value = serde_json::from_str(text).ok()?;
            return object.get("syntax")?.as_str().map(str::to_owned);
        }
        None
    }

    /// Whether another frontend than Docker's reads the file: nothing certain is known about it then.
    ///
    /// Copies of Docker's frontend in another registry end in `docker/dockerfile` as well.
    pub fn has_foreign_frontend(&self) -> bool {
        self.frontend().is_some_and(|image| {
            let image = image.split('@').next().unwrap_or("");
            let last = image.rfind('/').map_or(0, |slash| slash + 1);
            let name = match image[last..].find(':') {
                Some(colon) => &image[..last + colon],
                None => image,
            };
            let mut parts = name.rsplit('/');
            let name = parts.next().unwrap_or("");
            let owner = parts.next().unwrap_or("");
            owner != "docker" || !matches!(name, "dockerfile" | "dockerfile-upstream")
        })
    }
}

/// Name (in lower case) and value of `// name=value`.
fn slash_directive(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.strip_prefix("//")?.trim_start().split_once('=')?;
    let name = name.trim_end();
    let value = value.trim();
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric());
    (fine && !value.is_empty()).then(|| (name.to_ascii_lowercase(), value))
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::parse;
    use crate::text::Source;

    #[test]
    fn finds_the_frontend() {
        for (text, frontend, foreign) in [
            ("FROM a\n", None, false),
            ("# syntax=docker/dockerfile:1 x\nFROM a\n", Some("docker/dockerfile:1"), false),
            (
                "# syntax=registry:5000/docker/dockerfile@sha256:ab\nFROM a\n",
                Some("registry:5000/docker/dockerfile@sha256:ab"),
                false,
            ),
            (
                "# syntax=docker/dockerfile-upstream:master\nFROM a\n",
                Some("docker/dockerfile-upstream:master"),
                false,
            ),
            ("# syntax=example/other\nFROMAGE a\n", Some("example/other"), true),
            ("// syntax=example/other\nlet x = 1\n", Some("example/other"), true),
            ("{\"syntax\": \"example/other\"}\n", Some("example/other"), true),
            ("#!/usr/bin/env run\n# syntax=example/other\n", Some("example/other"), true),
            (" # syntax=example/other\nFROM a\n", None, false),
            ("# a comment\n# syntax=example/other\nFROM a\n", None, false),
        ] {
            let file = parse(&Source::new(text));
            assert_eq!(file.frontend().as_deref(), frontend, "{text}");
            assert_eq!(file.has_foreign_frontend(), foreign, "{text}");
            assert!(!foreign || file.errors.is_empty(), "{text}");
        }
    }
}
