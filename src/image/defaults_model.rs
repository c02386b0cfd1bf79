//! What can be said about the inside of a base image.

use super::os::Distribution;
use std::borrow::Cow;

/// What a base image brings before the Dockerfile's first instruction. Every field may be unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// Who a container of it runs as.
    pub user: User,
    /// Its own entrypoint gives root up, or its master process does for the workers.
    pub drops_privileges: bool,
    /// Working directory.
    pub workdir: Workdir,
    /// Distribution, as the tag, its build or the table gives it.
    pub distribution: Option<Distribution>,
    /// Package manager.
    pub package_manager: PackageManager,
    /// The shell that the shell form runs.
    pub shell: Shell,
    /// Whether `bash` is there.
    pub has_bash: Option<bool>,
    /// An unprivileged user that exists in the image although it runs as root.
    pub existing_user: Option<Account>,
    /// What the image is for.
    pub language: Option<Language>,
    /// Its ENTRYPOINT.
    pub entrypoint: Entrypoint,
    /// Value of `LANG` where the image sets it. `None`: not set, or not known.
    pub lang: Option<&'static str>,
}

impl Defaults {
    /// The default working directory, where it is known.
    pub fn workdir_path(&self) -> Option<&str> {
        match &self.workdir {
            Workdir::Known(path) => Some(path),
            Workdir::Unknown => None,
        }
    }

    /// An image of which nothing is known.
    pub(super) const fn unknown() -> Self {
        Self {
            user: User::Unknown,
            drops_privileges: false,
            workdir: Workdir::Unknown,
            distribution: None,
            package_manager: PackageManager::Unknown,
            shell: Shell { path: None, kind: ShellKind::Unknown },
            has_bash: None,
            existing_user: None,
            language: None,
            entrypoint: Entrypoint::Unknown,
            lang: None,
        }
    }

    /// Whether the image is known to be a Windows image, whose shell is not POSIX's.
    pub fn is_windows(&self) -> bool {
        matches!(self.shell.kind, ShellKind::PowerShell | ShellKind::Cmd)
            || self.distribution.as_ref().is_some_and(|d| d.family == super::Family::Windows)
    }
}

/// Default user of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Root.
    Root,
    /// Another one; its name or number where that is known.
    NonRoot(Option<&'static str>),
    /// Not known.
    Unknown,
}

/// Default working directory of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workdir {
    /// An absolute path.
    Known(Cow<'static, str>),
    /// Not known.
    Unknown,
}

/// An unprivileged user of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Name in `/etc/passwd`.
    pub name: &'static str,
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
    /// What a `USER` instruction should say: the name, or a variable of the image such as `$APP_UID`.
    pub user_word: &'static str,
}

/// Package manager of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackageManager {
    /// `apt-get`.
    Apt,
    /// `apk`.
    Apk,
    /// `dnf`.
    Dnf,
    /// `yum`.
    Yum,
    /// `microdnf`.
    Microdnf,
    /// `tdnf` of Azure Linux.
    Tdnf,
    /// `zypper`.
    Zypper,
    /// `pacman`.
    Pacman,
    /// There is none.
    None,
    /// Not known.
    Unknown,
}

/// What `/bin/sh` (on Windows: the default shell) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShellKind {
    /// dash: POSIX, no bash syntax.
    Dash,
    /// bash under the name `sh`.
    Bash,
    /// BusyBox ash.
    Ash,
    /// There is no shell.
    None,
    /// Windows PowerShell.
    PowerShell,
    /// `cmd.exe`.
    Cmd,
    /// Not known.
    Unknown,
}

/// The shell that the shell form runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shell {
    /// Path inside the image, where there is one and it is known.
    pub path: Option<&'static str>,
    /// What it is.
    pub kind: ShellKind,
}

/// ENTRYPOINT of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrypoint {
    /// The image sets none: CMD is the process.
    None,
    /// It starts with this program: a wrapper that execs its arguments, or an interpreter.
    Runs(&'static str),
    /// Not known.
    Unknown,
}

/// What an image is for, where that is a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names of languages")]
pub enum Language {
    Bun,
    Deno,
    Dotnet,
    Elixir,
    Erlang,
    Go,
    Haskell,
    Java,
    Julia,
    Node,
    Perl,
    Php,
    Python,
    R,
    Ruby,
    Rust,
    Swift,
}

impl Language {
    /// By its word in the table.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "bun" => Self::Bun,
            "deno" => Self::Deno,
            "dotnet" => Self::Dotnet,
            "elixir" => Self::Elixir,
            "erlang" => Self::Erlang,
            "go" => Self::Go,
            "haskell" => Self::Haskell,
            "java" => Self::Java,
            "julia" => Self::Julia,
            "node" => Self::Node,
            "perl" => Self::Perl,
            "php" => Self::Php,
            "python" => Self::Python,
            "r" => Self::R,
            "ruby" => Self::Ruby,
            "rust" => Self::Rust,
            "swift" => Self::Swift,
            _ => return None,
        })
    }
}

impl PackageManager {
    /// By its word in the table.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "apt" => Self::Apt,
            "apk" => Self::Apk,
            "dnf" => Self::Dnf,
            "yum" => Self::Yum,
            "microdnf" => Self::Microdnf,
            "tdnf" => Self::Tdnf,
            "zypper" => Self::Zypper,
            "pacman" => Self::Pacman,
            "none" => Self::None,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }
}
