//! `workdir-in-system-directory`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, State, Workdir};
use crate::rules::{Check, Report};

declare_rule! {
    /// WORKDIR is a system directory.
    ///
    /// ## What it does
    ///
    /// Finds a `WORKDIR` in `/bin`, `/lib`, `/usr/lib` and their like to which files are copied, one in `/proc`, `/sys` or `/dev`,
    /// and one that is `/`, `/root`, `/usr`, `/var` or lies in `/etc`, where the whole context is copied to it.
    ///
    /// ## Why is this bad?
    ///
    /// The files of the application lie between those of the system and of its packages: one of the same name is
    /// overwritten, and nobody can tell later what belongs to whom. What is written to `/proc`, `/sys` and `/dev` is gone when
    /// the container starts. Other users may not look into `/root`.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /usr/lib/shop
    /// COPY . .
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY . .
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: other lines, volumes and scripts may name the folder.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, WORKDIR](https://docs.docker.com/build/building/best-practices/#workdir)
    /// - [Filesystem Hierarchy Standard](https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html)
    pub(super) RULE = "workdir-in-system-directory" {
        chapter: Build, level: Warning, default: On, scope: Instruction, fix: Text,
        aliases: ["DS-0030"],
        check: Check::Stage(check),
    }
}

/// Folders that are the system's, with all below them.
const SYSTEM: [&str; 13] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/sbin",
    "/sys",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/sbin",
];

fn check(_: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    for (at, facts) in stage.instructions.iter().enumerate() {
        if !facts.is(Keyword::Workdir) {
            continue;
        }
        let rest = stage.instructions.get(at + 1..).unwrap_or(&[]);
        let after: &State = rest.first().map_or(&stage.end, |next| &next.state);
        let (Workdir::Set(path), Some(word)) = (&after.workdir, facts.instruction.args.first()) else {
            continue;
        };
        let inside = SYSTEM.iter().any(|system| is_below(path, system));
        let exactly = matches!(path.as_str(), "/" | "/usr" | "/var" | "/root");
        if !inside && !exactly {
            continue;
        }
        // Up to the next WORKDIR.
        let mut here = rest.iter().take_while(|next| !next.is(Keyword::Workdir));
        let kernel = ["/proc", "/sys", "/dev"].iter().any(|dir| is_below(path, dir));
        // Going to `/etc/nginx` for its configuration is fine, and to any folder for what is there already.
        let whole = exactly || is_below(path, "/etc");
        let copy = here.find(|next| copies(next, path, whole));
        if copy.is_none() && !kernel {
            continue;
        }
        let shown = path.replace('`', "");
        let why = match path.as_str() {
            "/root" => "belongs to root alone: no other user may look into it",
            _ if kernel => "is covered by the kernel's own files when the container runs",
            _ => "belongs to the system, whose files get mixed with those of the application",
        };
        let finding = report
            .add(word.span, format!("`{shown}` {why}."))
            .note("A folder of its own, such as `/app` or `/usr/src/app`, keeps them apart. Change later paths along with it.");
        if let Some(copy) = copy {
            finding.related(copy.instruction.name.span, "Files are copied there.");
        }
    }
}

fn is_below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Ends of names of configuration, which may well lie between the system's.
const CONFIGURATION: [&str; 12] = [
    ".conf",
    ".cfg",
    ".cnf",
    ".ini",
    ".json",
    ".yml",
    ".yaml",
    ".toml",
    ".xml",
    ".properties",
    ".service",
    ".rules",
];

/// Whether a COPY puts files right into the working directory; `whole`: only the whole context counts.
fn copies(facts: &InstructionFacts<'_>, workdir: &str, whole: bool) -> bool {
    let node = facts.instruction;
    if !matches!(node.keyword, Keyword::Copy | Keyword::Add) || (whole && node.flag("from").is_some()) {
        return false;
    }
    let Some((destination, sources)) = node.args.split_last() else { return false };
    let to = destination.text.trim_end_matches('/');
    // Of `/` and `/` in other folders nothing is left.
    let here = to == "." || to == workdir || (workdir == "/" && to.is_empty());
    here && sources.iter().any(|source| {
        let context = matches!(source.text.as_str(), "." | "./" | "/" | "*" | "./*");
        let name = source.text.as_str();
        let settings = CONFIGURATION.iter().any(|end| name.ends_with(end)) || name.contains(['[', '<']);
        context || (!whole && !settings)
    })
}
