//! Names of images as commands and workflows give them.

/// A name for an image, cut where its tag begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageName<'t> {
    /// Registry and repository, variables as written.
    pub name: &'t str,
    /// The tag, variables as written; `None` where there is none.
    pub tag: Option<&'t str>,
    /// Whether a digest is named.
    pub digest: bool,
}

impl<'t> ImageName<'t> {
    /// Cuts a name. A `:` inside `${…}` or `$(…)` belongs to that.
    pub fn of(text: &'t str) -> Self {
        let (text, digest) = match text.split_once('@') {
            Some((name, _)) if !name.contains("$(") => (name, true),
            _ => (text, false),
        };
        let (mut depth, mut slash, mut colon) = (0usize, None, None);
        let mut previous = ' ';
        for (at, c) in text.char_indices() {
            match c {
                '{' | '(' if previous == '$' || depth > 0 => depth += 1,
                '}' | ')' => depth = depth.saturating_sub(1),
                '/' if depth == 0 => slash = Some(at),
                ':' if depth == 0 => colon = Some(at),
                _ => {}
            }
            previous = c;
        }
        let colon = colon.filter(|colon| slash.is_none_or(|slash| slash < *colon));
        match colon {
            Some(at) => Self {
                name: text.get(..at).unwrap_or(text),
                tag: Some(text.get(at + 1..).unwrap_or("")),
                digest,
            },
            None => Self { name: text, tag: None, digest },
        }
    }

    /// Whether the tag is one that moves with every build. Without a tag it is `latest`, unless the name may hold one.
    pub fn moves(&self) -> bool {
        const MOVING: [&str; 18] = [
            "latest",
            "main",
            "master",
            "stable",
            "edge",
            "nightly",
            "develop",
            "dev",
            "devel",
            "trunk",
            "current",
            "next",
            "staging",
            "production",
            "prod",
            "canary",
            "test",
            "unstable",
        ];
        match self.tag {
            _ if self.digest => false,
            Some(tag) => MOVING.contains(&tag),
            None => !self.name.contains(['$', '`']),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_the_tag() {
        let cut = |text| {
            let name = ImageName::of(text);
            (name.name, name.tag)
        };
        assert_eq!(cut("app"), ("app", None));
        assert_eq!(cut("localhost:5000/app"), ("localhost:5000/app", None));
        assert_eq!(cut("localhost:5000/app:1.2"), ("localhost:5000/app", Some("1.2")));
        assert_eq!(cut("app:$(git describe --x=a:b)"), ("app", Some("$(git describe --x=a:b)")));
        assert_eq!(cut("${REG:-ghcr.io}/app:${TAG:-x}"), ("${REG:-ghcr.io}/app", Some("${TAG:-x}")));
        assert_eq!(cut("${{ env.IMAGE }}:latest"), ("${{ env.IMAGE }}", Some("latest")));
        assert!(ImageName::of("app@sha256:00").digest);
    }

    #[test]
    fn tags_that_move() {
        for name in ["app", "app:latest", "r/app:main"] {
            assert!(ImageName::of(name).moves(), "{name}");
        }
        for name in ["app:1.2", "$IMAGE", "app:$TAG", "app@sha256:00", "app:latest@sha256:00"] {
            assert!(!ImageName::of(name).moves(), "{name}");
        }
    }
}
