//! What an install leaves in the layer besides what it installs.

use super::{Manager, PackageCommand, Verb};

/// What a leftover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeftoverKind {
    /// The index of the packages that can be had.
    Index,
    /// Downloaded archives, or what was built from them.
    Cache,
}

/// A folder that fills up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// The folder where nothing moves it; `~` is the home directory of the user who runs the command.
    pub dir: &'static str,
}

const fn index(dir: &'static str) -> Leftover {
    Leftover { kind: LeftoverKind::Index, dir }
}

const fn cache(dir: &'static str) -> Leftover {
    Leftover { kind: LeftoverKind::Cache, dir }
}

impl Manager {
    /// The folders that it fills by default on Linux, from the managers' manuals. apt's archives are not among
    /// them: the official images of Debian and Ubuntu are set up to remove them (`/etc/apt/apt.conf.d/docker-clean`).
    pub const fn leftovers(self) -> &'static [Leftover] {
        match self {
            Self::Apt => const { &[index("/var/lib/apt/lists")] },
            Self::Apk => const { &[index("/var/cache/apk"), index("/etc/apk/cache")] },
            Self::Dnf | Self::Yum | Self::Microdnf => {
                const {
                    &[
                        cache("/var/cache/dnf"),
                        cache("/var/cache/yum"),
                        cache("/var/cache/libdnf5"),
                        cache("/var/cache/tdnf"),
                    ]
                }
            }
            Self::Zypper => const { &[cache("/var/cache/zypp")] },
            Self::Pacman => const { &[cache("/var/cache/pacman/pkg"), index("/var/lib/pacman/sync")] },
            Self::Pip => const { &[cache("~/.cache/pip")] },
            Self::Pipx => const { &[cache("~/.cache/pip"), cache("~/.cache/pipx")] },
            Self::Uv => const { &[cache("~/.cache/uv")] },
            Self::Poetry => const { &[cache("~/.cache/pypoetry")] },
            Self::Pipenv => const { &[cache("~/.cache/pipenv"), cache("~/.cache/pip")] },
            Self::Conda => const { &[cache("~/.conda/pkgs")] },
            Self::Npm => const { &[cache("~/.npm/_cacache")] },
            Self::Yarn => {
                const { &[cache("~/.cache/yarn"), cache("/usr/local/share/.cache/yarn"), cache("~/.yarn-cache")] }
            }
            Self::Pnpm => const { &[cache("~/.local/share/pnpm/store"), cache("~/.cache/pnpm")] },
            Self::Bun => const { &[cache("~/.bun/install/cache")] },
            Self::Corepack => const { &[cache("~/.cache/node/corepack")] },
            Self::Gem | Self::Bundler => {
                const { &[cache("/usr/local/bundle/cache"), cache("~/.gem"), cache("~/.bundle/cache")] }
            }
            Self::Composer => {
                const { &[cache("~/.composer/cache"), cache("~/.cache/composer"), cache("/tmp/cache")] }
            }
            Self::Go => const { &[cache("/go/pkg/mod"), cache("~/go/pkg/mod"), cache("~/.cache/go-build")] },
            Self::Cargo => {
                const {
                    &[
                        cache("/usr/local/cargo/registry"),
                        cache("/usr/local/cargo/git"),
                        cache("~/.cargo/registry"),
                        cache("~/.cargo/git"),
                    ]
                }
            }
            Self::Dotnet | Self::Nuget => {
                const { &[cache("~/.nuget/packages"), cache("~/.local/share/NuGet")] }
            }
            Self::Maven => const { &[cache("~/.m2/repository")] },
            Self::Gradle => const { &[cache("~/.gradle/caches"), cache("~/.gradle/wrapper/dists")] },
        }
    }
}

impl PackageCommand<'_> {
    /// What this call leaves by default in folders of its manager: all of [`Manager::leftovers`] for a call that
    /// fetches packages, the indexes for one that updates them. Options and variables that move or switch off a
    /// cache are not looked at, but for those that say so of the very call (`--no-cache`, `--no-cache-dir`).
    pub fn leaves(&self) -> impl Iterator<Item = Leftover> {
        let fetches = matches!(self.verb, Verb::Install | Verb::Upgrade | Verb::Download | Verb::Build);
        let off = self.has_flag(&["--no-cache", "--no-cache-dir"]);
        let indexes = fetches || self.verb == Verb::Update;
        // `apt-get install` reads the lists that another call fetched.
        let reads = self.manager == Manager::Apt && !self.updates_index;
        self.manager.leftovers().iter().copied().filter(move |leftover| {
            !off && match leftover.kind {
                LeftoverKind::Index => indexes && !reads,
                LeftoverKind::Cache => fetches || (self.verb == Verb::Update && self.manager.is_system()),
            }
        })
    }
}
