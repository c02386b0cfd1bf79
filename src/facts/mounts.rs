//! `RUN --mount=…`.

use super::{InstructionFacts, Workdir, is_absolute, join};

/// What a mount brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountKind {
    /// Files of the context, a stage or an image (the default).
    Bind,
    /// A directory that outlives the build.
    Cache,
    /// Memory.
    Tmpfs,
    /// A secret file.
    Secret,
    /// The SSH agent.
    Ssh,
    /// Something else, or a value that is not known.
    Other,
}

/// A mount of a RUN. The paths are as BuildKit sees them, variables expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What it brings.
    pub kind: MountKind,
    /// Where: an absolute path. `None` where it is not known or not given.
    pub target: Option<String>,
    /// `from=`: the stage or image whose files it brings.
    pub from: Option<String>,
    /// `source=`: the path in there; the root where none is given. `None` where it is not known.
    pub source: Option<String>,
}

impl Mount {
    /// Whether what is written there stays out of the layer: a cache or memory, or perhaps one of them.
    pub const fn leaves_the_layer(&self) -> bool {
        matches!(self.kind, MountKind::Cache | MountKind::Tmpfs | MountKind::Other)
    }
}

impl InstructionFacts<'_> {
    /// The mounts of a RUN, in order. Source of the keys: Dockerfile reference, "RUN --mount".
    pub fn mounts(&self) -> Vec<Mount> {
        let flags = self.instruction.flags.iter().filter(|flag| flag.name == "mount");
        flags.map(|flag| self.mount(flag.value.as_ref().map_or("", |value| value.text.as_str()))).collect()
    }

    fn mount(&self, text: &str) -> Mount {
        let source = Some(String::new());
        let mut mount = Mount { kind: MountKind::Bind, target: None, from: None, source };
        for field in text.trim_matches(['"', '\'']).split(',') {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            let value = self.state.expand(value).value;
            match key.trim().to_ascii_lowercase().as_str() {
                "type" => {
                    mount.kind = match value.as_deref() {
                        Some("bind") => MountKind::Bind,
                        Some("cache") => MountKind::Cache,
                        Some("tmpfs") => MountKind::Tmpfs,
                        Some("secret") => MountKind::Secret,
                        Some("ssh") => MountKind::Ssh,
                        _ => MountKind::Other,
                    }
                }
                "target" | "dst" | "destination" => {
                    mount.target = value.and_then(|path| match &self.state.workdir {
                        _ if is_absolute(&path) => Some(join("/", &path)),
                        Workdir::Set(dir) => Some(join(dir, &path)),
                        Workdir::Base | Workdir::Unknown => None,
                    });
                }
                "from" => mount.from = value,
                "source" | "src" => mount.source = value,
                _ => {}
            }
        }
        mount
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::facts::FileFacts;
    use crate::repository::MemoryTree;
    use crate::text::Source;

    #[test]
    fn reads_the_keys_of_a_mount() {
        let file = parse(&Source::new(
            "FROM a\nARG D=/x\nWORKDIR /w\nRUN --mount=type=cache,target=$D/y --mount=source=s,dst=t,from=b true\n",
        ));
        let tree = MemoryTree::complete();
        let bodies = crate::facts::Bodies::read(&file);
        let facts =
            FileFacts::new("Dockerfile".into(), &file, &bodies, &tree, jiff::civil::date(2026, 11, 24));
        let mounts = facts.stages[0].instructions[3].mounts();
        let mount = |kind, target: &str, from: Option<&str>, source: &str| Mount {
            kind,
            target: Some(target.to_owned()),
            from: from.map(str::to_owned),
            source: Some(source.to_owned()),
        };
        assert_eq!(
            mounts,
            [mount(MountKind::Cache, "/x/y", None, ""), mount(MountKind::Bind, "/w/t", Some("b"), "s")]
        );
        assert!(mounts[0].leaves_the_layer() && !mounts[1].leaves_the_layer());
    }
}
