//! What package managers leave behind, and how each of them is told not to.

use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{FileFacts, InstructionFacts, Mount, StageFacts, State};
use crate::repository::Lookup;
use crate::shell::Word;
use crate::shell::packages::{Manager, PackageCommand, PackageKind, Verb, at_home, removes};

/// Removes what `apt-get update` fetched.
pub(super) const REMOVE_APT_LISTS: &str = "rm -rf /var/lib/apt/lists/*";

/// The caches, by what cleans them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cache {
    Apt,
    Apk,
    /// dnf, yum, microdnf, tdnf
    Dnf,
    Zypper,
    Pip,
    Npm,
    /// yarn 1
    Yarn,
    Composer,
    Conda,
    Bundler,
    Gem,
}

impl Cache {
    /// The cache of a manager. pipx, uv, poetry and pipenv have their own ways; go and cargo build.
    pub(super) const fn of(manager: Manager) -> Option<Self> {
        Some(match manager {
            Manager::Apt => Self::Apt,
            Manager::Apk => Self::Apk,
            Manager::Dnf | Manager::Yum | Manager::Microdnf => Self::Dnf,
            Manager::Zypper => Self::Zypper,
            Manager::Pip => Self::Pip,
            Manager::Npm => Self::Npm,
            Manager::Yarn => Self::Yarn,
            Manager::Composer => Self::Composer,
            Manager::Conda => Self::Conda,
            Manager::Bundler => Self::Bundler,
            Manager::Gem => Self::Gem,
            _ => return None,
        })
    }

    /// A manager that fills it.
    const fn manager(self) -> Manager {
        match self {
            Self::Apt => Manager::Apt,
            Self::Apk => Manager::Apk,
            Self::Dnf => Manager::Dnf,
            Self::Zypper => Manager::Zypper,
            Self::Pip => Manager::Pip,
            Self::Npm => Manager::Npm,
            Self::Yarn => Manager::Yarn,
            Self::Composer => Manager::Composer,
            Self::Conda => Manager::Conda,
            Self::Bundler => Manager::Bundler,
            Self::Gem => Manager::Gem,
        }
    }

    /// Codes of peers for this detector.
    pub(super) const fn codes(self) -> &'static [&'static str] {
        match self {
            Self::Apt => &[
                "DL3009",
                "DF004",
                "Apt Get Install Lists Were Not Deleted",
                "aptGetInstallThenRemoveAptLists",
            ],
            Self::Apk => {
                &["DL3019", "DS-0025", "DF029", "Apk Add Using Local Cache Path", "apkAddUseNoCache"]
            }
            Self::Dnf => &[
                "DL3032",
                "DL3040",
                "DS-0015",
                "DS-0019",
                "DS-0027",
                "DF045",
                "DF046",
                "DF047",
                "Yum Clean All Missing",
                "Missing Dnf Clean All",
                "yumInstallRmVarCacheYum",
            ],
            Self::Zypper => &["DL3036", "DS-0020", "DF045", "DF046", "DF047", "Missing Zypper Clean"],
            Self::Pip => &["DL3042", "DF030", "Pip install Keeping Cached Packages", "pipUseNoCacheDir"],
            Self::Npm => &["npmCacheCleanAfterInstall", "npmCacheCleanUseForce"],
            Self::Yarn => &["DL3060", "DF055", "yarnCacheCleanAfterInstall"],
            // No peer has a code for these; the id of the rule still silences them.
            Self::Composer | Self::Conda => &["package-cache-left"],
            Self::Bundler => &["tally/ruby/leftover-bundler-cache"],
            Self::Gem => &["tally/ruby/leftover-bundler-cache", "gemUpdateSystemRmRootGem"],
        }
    }

    /// Whether one level less is enough in a file that makes an image to build in.
    pub(super) const fn is_lower_in_builders(self) -> bool {
        matches!(self, Self::Dnf | Self::Zypper | Self::Npm | Self::Yarn | Self::Composer | Self::Conda)
    }

    pub(super) fn message(self, program: &str) -> String {
        match self {
            Self::Apt => {
                "The package lists that `apt-get update` fetches stay in this layer. Nothing reads them at run \
                 time."
                    .to_owned()
            }
            Self::Apk => "`apk add` without `--no-cache` leaves its package index in this layer.".to_owned(),
            Self::Dnf | Self::Zypper => {
                format!("The metadata and packages that `{program}` downloads stay in this layer.")
            }
            Self::Pip => {
                format!("`{program} install` keeps what it downloads and builds in a cache in this layer.")
            }
            Self::Npm | Self::Yarn | Self::Composer => {
                format!("The download cache of `{program}` stays in this layer.")
            }
            Self::Conda => {
                format!("The packages that `{program}` downloads stay in this layer beside what it unpacks.")
            }
            Self::Bundler | Self::Gem => {
                format!("`{program}` keeps every downloaded `.gem` file in this layer beside what it unpacks.")
            }
        }
    }

    /// What to do where no change is offered.
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::Apt => "Run `rm -rf /var/lib/apt/lists/*` at the end of the same `RUN`.",
            Self::Apk => "Add `--no-cache`, or run `rm -rf /var/cache/apk/*` at the end of the same `RUN`.",
            Self::Dnf => "Run `clean all` of the package manager at the end of the same `RUN`.",
            Self::Zypper => "Run `zypper clean --all` at the end of the same `RUN`.",
            Self::Pip => "Add `--no-cache-dir`, or set `PIP_NO_CACHE_DIR=1`.",
            Self::Npm => {
                "Run `npm cache clean --force` at the end of the same `RUN`, or mount a cache there."
            }
            Self::Yarn => "Run `yarn cache clean` at the end of the same `RUN`, or mount a cache there.",
            Self::Composer => "Run `composer clear-cache` at the end of the same `RUN`.",
            Self::Conda => "Run `conda clean -afy` at the end of the same `RUN`.",
            Self::Bundler | Self::Gem => {
                "Remove the folder `cache` of the gems' own folder at the end of the same `RUN`: \
                 `\"$GEM_HOME\"/cache`, or `\"$BUNDLE_PATH\"/ruby/*/cache`."
            }
        }
    }

    /// The option of the install that leaves nothing behind.
    pub(super) const fn option(self) -> Option<&'static str> {
        match self {
            Self::Apk => Some("--no-cache"),
            Self::Pip => Some("--no-cache-dir"),
            _ => None,
        }
    }

    /// The command that removes what an install left.
    pub(super) fn clean_command(
        self,
        install: &PackageCommand<'_>,
        file: &FileFacts<'_>,
        facts: &InstructionFacts<'_>,
    ) -> Option<String> {
        // As it is called there: `/opt/conda/bin/conda`, `php composer.phar`.
        let written = file.dockerfile.source.slice(install.program_span);
        let program = if written.contains(['\n', '\r']) { install.program } else { written };
        Some(match self {
            Self::Apt => REMOVE_APT_LISTS.to_owned(),
            Self::Apk => "rm -rf /var/cache/apk/*".to_owned(),
            Self::Dnf => format!("{program} clean all"),
            Self::Zypper => format!("{program} clean --all"),
            Self::Npm => format!("{program} cache clean --force"),
            Self::Yarn => format!("{program} cache clean"),
            Self::Composer => format!("{program} clear-cache"),
            Self::Conda => format!("{program} clean -afy"),
            Self::Bundler if facts.state.env_is_set("BUNDLE_PATH") => {
                "rm -rf \"${BUNDLE_PATH}\"/ruby/*/cache".to_owned()
            }
            Self::Pip | Self::Bundler | Self::Gem => return None,
        })
    }

    /// Whether an install keeps nothing by its own options, or keeps it at a place of its own.
    pub(super) fn call_leaves_nothing(self, call: &PackageCommand<'_>) -> bool {
        let dry = call.has_flag(&["--dry-run", "--simulate", "--help", "-h"]);
        // Words of another one's input may hold the option.
        let off = || option_may_hide(call);
        let by_option = match self {
            Self::Apt => {
                let options: Vec<&str> = call.flag_values(&["-o", "--option"]).collect();
                options.iter().any(|option| {
                    let option = option.to_ascii_lowercase();
                    option.starts_with("dir::cache")
                        || option.starts_with("dir::state")
                        || option.starts_with("dir=")
                }) || (!call.packages.is_empty() && call.packages.iter().all(|p| p.kind == PackageKind::Path))
            }
            Self::Apk => {
                call.has_flag(&["--no-cache", "--no-network", "--cache-dir", "--root", "-p"]) || off()
            }
            Self::Dnf | Self::Zypper => {
                call.has_flag(&["--installroot", "--root", "-R", "--cache-dir"])
                    || call.flag_values(&["--setopt"]).any(|option| option.starts_with("cachedir"))
            }
            Self::Pip => {
                call.flags.iter().any(|flag| flag.name.starts_with("--no-ca"))
                    || call.has_flag(&["--cache-dir", "--no-index"])
                    || off()
            }
            Self::Npm => call.has_flag(&["--cache", "--package-lock-only"]),
            Self::Yarn => {
                call.has_flag(&["--cache-folder", "--global-folder", "--immutable", "--immutable-cache"])
                    || call.verb_text == "workspaces focus"
            }
            Self::Composer => call.has_flag(&["--no-cache"]) || off(),
            Self::Conda => call.has_flag(&["--offline"]),
            Self::Bundler => call.has_flag(&["--local"]),
            Self::Gem => {
                call.has_flag(&["--local", "-l"])
                    || call.packages.iter().all(|p| p.kind != PackageKind::Name || p.name == "bundler")
            }
        };
        dry || by_option
    }

    /// Directories it fills; `None` when a variable moves it to an unknown place.
    pub(super) fn directories(self, facts: &InstructionFacts<'_>) -> Option<Vec<String>> {
        let variables: &[&str] = match self {
            Self::Pip => &["PIP_CACHE_DIR"],
            Self::Npm => &["npm_config_cache", "NPM_CONFIG_CACHE"],
            Self::Yarn => &["YARN_CACHE_FOLDER"],
            Self::Composer => &["COMPOSER_CACHE_DIR"],
            Self::Conda => &["CONDA_PKGS_DIRS"],
            Self::Apt | Self::Apk | Self::Dnf | Self::Zypper | Self::Bundler | Self::Gem => &[],
        };
        for name in variables {
            match facts.state.env(name).or_else(|| facts.state.arg(name)) {
                Some(Value::Set(dir)) if dir == "/dev/null" => return None,
                Some(Value::Set(dir)) if !dir.is_empty() => {
                    return Some(vec![dir.trim_end_matches('/').to_owned()]);
                }
                Some(Value::Unknown) => return None,
                _ => {}
            }
            if facts.scripts().any(|script| script.text().contains(name)) {
                return None;
            }
        }
        Some(self.manager().leftovers().iter().map(|leftover| leftover.dir.to_owned()).collect())
    }

    /// Whether a mount keeps the cache out of the layer.
    pub(super) fn mounted(self, mount: &Mount, dirs: &[String]) -> bool {
        // The home of whoever runs it is not known: the same place below any home counts.
        let here = |target: &str| {
            dirs.iter().any(|dir| removes(&at_home(target), dir))
                || self.named_by(target)
                || (matches!(self, Self::Bundler | Self::Gem) && target.contains("bundle"))
        };
        mount.leaves_the_layer() && mount.target.as_deref().is_none_or(here)
    }

    /// Whether a call removes what installs of this manager left.
    pub(super) fn cleans(self, call: &PackageCommand<'_>) -> bool {
        if Self::of(call.manager) != Some(self) || call.verb != Verb::Clean {
            return false;
        }
        match self {
            Self::Apt => matches!(&*call.verb_text, "dist-clean" | "distclean"),
            Self::Dnf => {
                call.operands.iter().any(|word| word.text() == "all" || word.has_expansion())
                    || call.operands.is_empty()
            }
            _ => true,
        }
    }

    /// Whether a removed path speaks of this cache although nobody knows where it is.
    pub(super) fn named_by(self, path: &str) -> bool {
        let lower = path.to_ascii_lowercase();
        match self {
            Self::Apt => lower.starts_with('$') && (lower.contains("apt") || lower.contains("lists")),
            Self::Pip => lower.contains("pip") && lower.contains("cache"),
            Self::Npm => lower.contains("npm") && (lower.contains("cache") || lower.contains("/.npm")),
            Self::Yarn => lower.contains("yarn") && lower.contains("cache"),
            Self::Composer => lower.contains("composer") || lower.ends_with("/tmp/cache"),
            Self::Conda => lower.split('/').any(|part| part == "pkgs"),
            Self::Bundler | Self::Gem => {
                lower.contains(".gem")
                    || (lower.contains("cache")
                        && ["bundle", "gem", "ruby"].iter().any(|w| lower.contains(w)))
            }
            Self::Apk | Self::Dnf | Self::Zypper => false,
        }
    }

    /// Whether a variable, a configuration or the kind of project switches the cache off.
    pub(super) fn switched_off(
        self,
        file: &FileFacts<'_>,
        stage: &StageFacts<'_>,
        facts: &InstructionFacts<'_>,
    ) -> bool {
        match self {
            Self::Pip => {
                is_set(&facts.state, "PIP_NO_CACHE_DIR")
                    || is_set(&facts.state, "XDG_CACHE_HOME")
                    || facts.scripts().any(|script| script.text().contains("PIP_NO_CACHE_DIR"))
                    || configured_before(
                        file,
                        stage,
                        facts,
                        "pip",
                        &["no-cache-dir", "no_cache_dir"],
                        &["pip.conf"],
                    )
            }
            Self::Npm => configured_before(file, stage, facts, "npm", &["npm config set cache"], &[]),
            Self::Yarn => !is_yarn_classic(file),
            Self::Apk => configured_before(file, stage, facts, "apk", &["setup-apkcache"], &[]),
            Self::Bundler => is_set(&facts.state, "BUNDLE_NO_CACHE"),
            _ => false,
        }
    }
}

/// Whether ENV or ARG gives a variable a value, or may do so.
fn is_set(state: &State, name: &str) -> bool {
    match state.env(name).or_else(|| state.arg(name)) {
        Some(Value::Set(value)) => !value.is_empty(),
        Some(Value::Unknown) => true,
        Some(Value::Unset) | None => false,
    }
}

/// Whether a RUN before this one (or this one) speaks of one of these words together with `config`, or a
/// COPY brings a file of one of these names. `key` stands for the words and names.
pub(super) fn configured_before(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    key: &'static str,
    words: &[&str],
    files: &[&str],
) -> bool {
    let first = file.first(stage, key, |before| {
        let instruction = before.instruction;
        match instruction.keyword {
            Keyword::Run => before.scripts().map(crate::shell::Script::text).any(|text| {
                let text = text.to_ascii_lowercase();
                text.contains("conf") && words.iter().any(|word| text.contains(word))
            }),
            Keyword::Copy | Keyword::Add => {
                instruction.args.iter().any(|word| files.iter().any(|name| word.text.contains(name)))
            }
            _ => false,
        }
    });
    first.is_some_and(|index| index <= facts.index)
}

/// Whether a command line holds words that may be the option: `xargs`, or a variable that is called so.
pub(super) fn option_may_hide(call: &PackageCommand<'_>) -> bool {
    let named_so = |word: &Word| {
        word.starts_with_expansion()
            && word.variables().iter().any(|name| {
                let name = name.to_ascii_uppercase();
                ["OPT", "ARG", "FLAG", "PARAM", "CACHE", "EXTRA"].iter().any(|part| name.contains(part))
            })
    };
    call.may_contain_anything() && call.command.program_words().iter().any(named_so)
}

/// Whether the yarn of a project is the first one. Later ones keep a cache that Plug'n'Play needs.
fn is_yarn_classic(file: &FileFacts<'_>) -> bool {
    const SIGNS: [&str; 5] = [".yarnrc.yml", ".yarn/", ".pnp.", "yarn set version", "corepack"];
    if SIGNS.iter().any(|sign| file.dockerfile.source.text().contains(sign)) {
        return false;
    }
    if matches!(file.tree.entry(&file.context.join(".yarnrc.yml")), Lookup::Found(_)) {
        return false;
    }
    let Lookup::Found(manifest) = file.tree.read(&file.context.join("package.json")) else { return true };
    match manifest.split_once("\"packageManager\"").and_then(|(_, rest)| rest.split_once("yarn@")) {
        Some((before, version)) => before.len() > 8 || version.starts_with('1'),
        None => true,
    }
}
