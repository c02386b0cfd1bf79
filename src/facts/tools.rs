//! Whether a program that a health check or a start script calls is in an image.

use super::{Base, FileFacts, InstructionFacts, StageFacts};
use crate::dockerfile::Keyword;
use crate::image::{Family, ShellKind};
use crate::repository::{Kind, normalize};
use crate::shell::Command;
use crate::shell::packages::{PackageCommand, PackageKind, Verb};
use camino::Utf8Path;

/// Whether a program is in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is not.
    Missing,
    /// It was, and a later step removes it: number of that instruction in the file.
    Removed(usize),
    /// Nobody knows.
    Unknown,
}

impl Presence {
    /// Whether it is known that the program is not there.
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Missing | Self::Removed(_))
    }
}

/// Official images that add one language to Debian or Alpine and no other program; in the full variant (built on
/// `buildpack-deps`) curl and wget are there. Source: their Dockerfiles (github.com/docker-library).
const LANGUAGES: [&str; 5] = ["golang", "node", "python", "ruby", "rust"];

/// Packages of Debian, Ubuntu and Alpine that bring a program under another name.
const BRING: [(&str, &[&str]); 5] = [
    ("curl", &["curl-dev", "httping"]),
    ("wget", &["google-chrome-stable", "texlive-base", "wget2"]),
    (
        "nc",
        &[
            "busybox",
            "busybox-extras",
            "libressl",
            "netcat",
            "netcat-openbsd",
            "netcat-traditional",
            "ncat",
            "nmap",
            "nmap-ncat",
        ],
    ),
    ("pg_isready", &["postgresql", "postgresql-client", "postgresql-client-common"]),
    ("redis-cli", &["redis", "redis-tools", "redis-server", "valkey"]),
];

/// Packages of Alpine that people install often and that do not depend on bash.
const NO_BASH: [&str; 71] = [
    "acl",
    "attr",
    "bind-tools",
    "build-base",
    "busybox",
    "busybox-extras",
    "busybox-suid",
    "bzip2",
    "ca-certificates",
    "chromium",
    "clang",
    "cmake",
    "coreutils",
    "curl",
    "dcron",
    "diffutils",
    "dumb-init",
    "ffmpeg",
    "file",
    "findutils",
    "fontconfig",
    "freetype",
    "g++",
    "gawk",
    "gcc",
    "gcompat",
    "gettext",
    "git",
    "gnupg",
    "grep",
    "gzip",
    "htop",
    "imagemagick",
    "inotify-tools",
    "iputils",
    "jq",
    "krb5",
    "less",
    "linux-headers",
    "logrotate",
    "make",
    "mariadb-client",
    "musl",
    "musl-locales",
    "musl-utils",
    "mysql-client",
    "nano",
    "netcat-openbsd",
    "nginx",
    "ninja",
    "nodejs",
    "npm",
    "nss",
    "openrc",
    "patch",
    "pkgconfig",
    "procps",
    "psmisc",
    "rsync",
    "ruby",
    "sed",
    "shadow",
    "socat",
    "sqlite",
    "su-exec",
    "sudo",
    "tar",
    "tini",
    "tzdata",
    "unzip",
    "wget",
];

/// Commands that put nothing but what their own options say into an image: no program that is not named.
const HARMLESS: [&str; 66] = [
    "[",
    "addgroup",
    "adduser",
    "apk",
    "apt",
    "apt-get",
    "apt-key",
    "apt-mark",
    "awk",
    "bundle",
    "cargo",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "composer",
    "corepack",
    "cut",
    "date",
    "dnf",
    "dpkg-reconfigure",
    "echo",
    "env",
    "exit",
    "export",
    "false",
    "find",
    "gem",
    "git",
    "go",
    "grep",
    "groupadd",
    "head",
    "id",
    "ldconfig",
    "locale-gen",
    "ls",
    "microdnf",
    "mkdir",
    "mv",
    "node",
    "npm",
    "npx",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "printf",
    "pwd",
    "python",
    "python3",
    "rm",
    "rmdir",
    "sed",
    "set",
    "sort",
    "test",
    "touch",
    "tr",
    "true",
    "update-ca-certificates",
    "useradd",
    "usermod",
    "uv",
    "yarn",
];

/// Whether a program is in the image at the end of a stage.
pub fn presence(file: &FileFacts<'_>, stage: &StageFacts<'_>, program: &str) -> Presence {
    let mut found = in_base(file, stage, program);
    // The group of `apk add --virtual` that brings it.
    let mut group: Option<String> = None;
    for (_, facts) in file.history(stage) {
        match facts.instruction.keyword {
            Keyword::Run => after_run(facts, program, &mut found, &mut group),
            Keyword::Copy | Keyword::Add if may_bring(file, facts, program) && found != Presence::There => {
                found = Presence::Unknown;
            }
            _ => {}
        }
    }
    found
}

fn in_base(file: &FileFacts<'_>, stage: &StageFacts<'_>, program: &str) -> Presence {
    let known = |there: bool| if there { Presence::There } else { Presence::Missing };
    let is_shell = matches!(program, "sh" | "ash" | "dash" | "bash");
    if matches!(file.root_base(&stage.base), Base::Scratch) {
        return Presence::Missing;
    }
    let Some(base) = file.base_image(stage) else { return Presence::Unknown };
    let (defaults, image) = (&base.defaults, &base.image);
    if defaults.shell.kind == ShellKind::None {
        return known(false);
    }
    if is_shell {
        return match (program, defaults.shell.kind) {
            ("bash", _) => defaults.has_bash.map_or(Presence::Unknown, known),
            (_, ShellKind::Unknown) => Presence::Unknown,
            ("sh", _) => known(true),
            _ => Presence::Unknown,
        };
    }
    let Some(distribution) = defaults.distribution.as_ref() else { return Presence::Unknown };
    let name = image.repository.as_str();
    let language = image.official && LANGUAGES.contains(&name);
    let plain = language || (image.official && matches!(name, "debian" | "ubuntu" | "alpine"));
    if !plain {
        return Presence::Unknown;
    }
    let full = language && !base.tag().split('-').any(|part| part == "slim" || part.starts_with("alpine"));
    match (distribution.family, program) {
        (Family::Alpine, "wget" | "nc") => Presence::There,
        (Family::Alpine, "curl" | "pg_isready" | "redis-cli" | "mysqladmin" | "mongosh" | "http") => {
            Presence::Missing
        }
        (Family::Debian | Family::Ubuntu, "curl" | "wget") if full => Presence::There,
        // The full variants hold half of Debian.
        (Family::Debian | Family::Ubuntu, _) if full => Presence::Unknown,
        (
            Family::Debian | Family::Ubuntu,
            "curl" | "wget" | "nc" | "netcat" | "pg_isready" | "redis-cli" | "mysqladmin" | "mongosh"
            | "http" | "telnet",
        ) => Presence::Missing,
        _ => Presence::Unknown,
    }
}

fn after_run(facts: &InstructionFacts<'_>, program: &str, found: &mut Presence, group: &mut Option<String>) {
    let there = |found: &Presence| *found == Presence::There;
    if facts.body.is_none() || facts.instruction.json {
        if !there(found) {
            *found = Presence::Unknown;
        }
        return;
    }
    for step in facts.steps() {
        if let Some(call) = step.call
            && call.manager.is_system()
        {
            after_call(call, facts.index, program, found, group);
            continue;
        }
        if !there(found) && may_install(step.command, program) {
            *found = Presence::Unknown;
        }
    }
}

fn after_call(
    call: &PackageCommand<'_>,
    index: usize,
    program: &str,
    found: &mut Presence,
    group: &mut Option<String>,
) {
    // What a package of Alpine depends on is not known here: only those that are known to do without bash count.
    let names = |name: &str| {
        name == program || brings(program, name) || (program == "bash" && !does_without_bash(name))
    };
    match call.verb {
        Verb::Install => {
            if call
                .packages
                .iter()
                .any(|package| package.kind == PackageKind::Name && package.name == program)
            {
                // One that was there before stays when the group is removed.
                if !matches!(found, Presence::There) {
                    *group = call
                        .flag(&["--virtual", "-t"])
                        .and_then(|flag| flag.value.as_deref())
                        .map(str::to_owned);
                }
                *found = Presence::There;
            } else if *found != Presence::There
                && (call.may_contain_anything()
                    || call.packages.iter().any(|p| p.kind != PackageKind::Name || names(&p.name)))
            {
                *found = Presence::Unknown;
            }
        }
        Verb::Remove => {
            let names_it = |wanted: &str| call.packages.iter().any(|package| package.name == wanted);
            let removed = names_it(program) || group.as_deref().is_some_and(names_it);
            if removed && *found == Presence::There {
                *found = Presence::Removed(index);
            } else if call.may_contain_anything() {
                *found = Presence::Unknown;
            }
        }
        _ => {}
    }
}

/// Whether a package of Alpine is known not to depend on bash.
fn does_without_bash(package: &str) -> bool {
    let begins = [
        "font-",
        "icu",
        "lib",
        "openjdk",
        "openssh",
        "openssl",
        "perl",
        "php",
        "postgresql",
        "py3-",
        "python3",
        "ttf-",
    ];
    let ends = ["-dev", "-libs", "-locales"];
    let other = ["gettext-dev", "libtool", "libvirt"];
    !other.iter().any(|name| package.starts_with(name))
        && (NO_BASH.contains(&package)
            || begins.iter().any(|part| package.starts_with(part))
            || ends.iter().any(|part| package.ends_with(part)))
}

/// Whether a package brings a program, or is likely to.
fn brings(program: &str, package: &str) -> bool {
    let listed = BRING.iter().find(|(name, _)| *name == program).map_or(&[][..], |(_, packages)| packages);
    // `postgresql-client-16`, `postgresql16-client`
    listed.contains(&package)
        || (program == "pg_isready" && package.starts_with("postgresql"))
        || (matches!(program, "mysqladmin" | "mysql")
            && (package.contains("mysql") || package.contains("mariadb")))
        || (program == "mongosh" && package.contains("mongo"))
        || (program == "http" && package == "httpie")
}

/// Whether a command that is no package manager of the system may put a program into the image: it runs something
/// unknown, or the program is named in it (used, it must be there).
fn may_install(command: &Command, program: &str) -> bool {
    let Some(name) = command.name() else { return !command.words.is_empty() };
    name == program
        || !HARMLESS.contains(&name)
        || command.name_word().is_some_and(|word| word.text().contains('/') && !word.text().starts_with('/'))
        || command.args().iter().any(|word| is_path_of(word.text(), program))
        // `conda install curl`, `npm install -g …`
        || command.args().iter().any(|word| word.text() == program)
}

/// Whether a COPY or ADD may bring a program.
fn may_bring(file: &FileFacts<'_>, facts: &InstructionFacts<'_>, program: &str) -> bool {
    let instruction = facts.instruction;
    let Some((destination, sources)) = instruction.args.split_last() else { return true };
    if instruction.args.iter().any(|word| is_path_of(&word.text, program)) {
        return true;
    }
    let to = destination.text.trim_end_matches('/');
    let programs =
        ["", "/", "/bin", "/sbin", "/usr", "/usr/bin", "/usr/sbin", "/usr/local", "/usr/local/bin", "/opt"];
    let one_file =
        |text: &str| text.rsplit('/').next().is_some_and(|name| name.contains('.') && !name.ends_with('.'));
    let from = instruction.flag("from").is_some();
    let foreign = from && !sources.iter().all(|word| one_file(&word.text) || word.text.starts_with("/app"));
    let is_file = |text: &str| {
        let path = normalize(Utf8Path::new(text)).map(|path| file.context.join(path));
        let entry = path.and_then(|path| file.tree.entry(&path).found());
        entry.is_some_and(|entry| matches!(entry.kind, Kind::File | Kind::Executable))
    };
    let broad = !from && !sources.iter().all(|word| one_file(&word.text) || is_file(&word.text));
    let archive = instruction.keyword == Keyword::Add
        && sources.iter().any(|word| word.text.contains(".tar") || word.text.contains(".tgz"));
    programs.contains(&to) && (foreign || broad) || archive || destination.text.contains('$')
}

/// Whether the last part of a path is the program.
fn is_path_of(text: &str, program: &str) -> bool {
    text.contains('/') && text.rsplit('/').next() == Some(program)
}
