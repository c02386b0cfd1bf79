//! What a path of a stage holds that fits one kind of base only.

use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{Ecosystem, FileFacts, InstructionFacts, StageFacts, Step, is_set_for, join};
use crate::image::Language;
use crate::repository::Lookup;
use crate::repository::package_json::PackageJson;
use crate::shell::Word;
use crate::shell::packages::Manager;
use camino::Utf8Path;

/// Files that fit one kind of base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goods {
    Virtualenv,
    SitePackages,
    NodeModules,
    Gems,
    RustProgram,
    GoProgram,
}

impl Goods {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Virtualenv => "The virtualenv",
            Self::SitePackages => "What pip installed",
            Self::NodeModules => "`node_modules`",
            Self::Gems => "The bundle of gems",
            Self::RustProgram | Self::GoProgram => "The program",
        }
    }

    /// The language whose version it fits.
    pub(super) const fn language(self) -> Option<Language> {
        match self {
            Self::Virtualenv | Self::SitePackages => Some(Language::Python),
            Self::NodeModules => Some(Language::Node),
            Self::Gems => Some(Language::Ruby),
            Self::RustProgram | Self::GoProgram => None,
        }
    }

    pub(super) const fn is_program(self) -> bool {
        matches!(self, Self::RustProgram | Self::GoProgram)
    }
}

/// What of the kind a stage has put at, or below, an absolute path; `None` where nothing is known to be there.
pub(super) fn goods(file: &FileFacts<'_>, giver: &StageFacts<'_>, path: &str) -> Option<Goods> {
    let path = join("/", path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.last().copied().unwrap_or("");
    if last == "node_modules" {
        return Some(Goods::NodeModules);
    }
    if matches!(last, ".venv" | "venv" | "virtualenv") {
        return Some(Goods::Virtualenv);
    }
    if parts.iter().any(|part| matches!(*part, "site-packages" | "dist-packages")) {
        return Some(Goods::SitePackages);
    }
    if path == "/usr/local/bundle" || path.ends_with("/vendor/bundle") {
        return Some(Goods::Gems);
    }
    if let Some(Value::Set(value)) = giver.end.env("VIRTUAL_ENV")
        && join("/", &value) == path
    {
        return Some(Goods::Virtualenv);
    }
    let rust = parts.windows(2).any(|pair| matches!(pair, ["target", "release" | "debug"]));
    if rust && parts.len() > 2 && !matches!(last, "release" | "debug") {
        return builds_for_glibc(file, giver).then_some(Goods::RustProgram);
    }
    for stage in file.chain(giver) {
        for run in stage.of(Keyword::Run) {
            for step in run.steps() {
                if let Some(found) = made(file, stage, run, &step, &path) {
                    return Some(found);
                }
            }
        }
    }
    None
}

/// Whether a path is another one, or a folder above it.
fn holds(path: &str, inner: &str) -> bool {
    path != "/" && inner.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a command of the stage has put at or below the path.
fn made(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    path: &str,
) -> Option<Goods> {
    let command = step.command;
    let name = command.name()?;
    let words = || command.args().iter().filter_map(Word::literal);
    let here = || file.working_dir(stage, run, step);
    let target =
        |text: &str| if text.starts_with('/') { Some(join("/", text)) } else { Some(join(&here()?, text)) };
    // `python -m venv /opt/venv`, `virtualenv x`, `uv venv x`
    let venv = match name {
        "virtualenv" => true,
        "uv" => words().next() == Some("venv"),
        _ => crate::facts::is_python(name) && words().any(|word| matches!(word, "venv" | "virtualenv")),
    };
    if venv {
        let made = words().rfind(|word| !word.starts_with('-')).filter(|word| *word != "venv");
        return holds(path, &target(made.unwrap_or(".venv"))?).then_some(Goods::Virtualenv);
    }
    if name == "go" && words().next() == Some("build") {
        return go_program(file, stage, run, step, &target, path);
    }
    let call = step.call?;
    match Ecosystem::of(call).map(|reads| reads.ecosystem) {
        Some(Ecosystem::Npm | Ecosystem::Yarn | Ecosystem::Pnpm) => {
            return holds(path, &join(&here()?, "node_modules")).then_some(Goods::NodeModules);
        }
        Some(Ecosystem::Uv) if call.verb_text == "sync" => {
            let managed = ["UV_PYTHON", "UV_PYTHON_INSTALL_DIR", "UV_MANAGED_PYTHON"];
            if managed.iter().any(|name| is_set_for(run, step, name))
                || call.flag(&["--python", "-p"]).is_some()
            {
                return None;
            }
            let made = match run.state.env("UV_PROJECT_ENVIRONMENT") {
                Some(Value::Set(value)) => join(&here()?, &value),
                Some(_) => return None,
                None => join(&here()?, ".venv"),
            };
            return holds(path, &made).then_some(Goods::Virtualenv);
        }
        _ => {}
    }
    if call.manager == Manager::Pip && call.verb_text == "install" {
        let placed = call.flag(&["--prefix", "--target", "-t", "--root"]).filter(|flag| !flag.variable);
        if let Some(dir) = placed.and_then(|flag| flag.value.as_deref()) {
            return holds(path, &target(dir)?).then_some(Goods::SitePackages);
        }
        if call.has_flag(&["--user"]) && matches!(path, "/root/.local" | "/root/.local/lib") {
            return Some(Goods::SitePackages);
        }
    }
    None
}

/// `go build -o path` with cgo.
fn go_program(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
    target: &dyn Fn(&str) -> Option<String>,
    path: &str,
) -> Option<Goods> {
    let words: Vec<&str> = step.command.args().iter().map(Word::text).collect();
    let output = words.iter().position(|word| *word == "-o").and_then(|at| words.get(at + 1))?;
    if output.contains('$') {
        return None;
    }
    let made = target(output.trim_end_matches('/'))?;
    let here = path == made || (output.ends_with('/') && holds(&made, path));
    let text = words.join(" ");
    let linked = ["-static", "netgo", "osusergo"].iter().any(|word| text.contains(word));
    // Cross-compiling switches cgo off.
    let other = ["GOARCH", "GOOS", "GOFLAGS"].iter().any(|name| is_set_for(run, step, name));
    let found = here && !linked && !other && !cgo_is_off(run, step);
    (found && needs_libc(file, stage, run, step)).then_some(Goods::GoProgram)
}

/// Imports and modules with which a Go program calls the C library, where cgo is on: name service, users, C itself.
const NEEDS_LIBC: [&str; 12] = [
    "\"net\"",
    "\"net/http\"",
    "\"os/user\"",
    "import \"C\"",
    "google.golang.org/grpc",
    "github.com/gin-gonic/gin",
    "github.com/gofiber/fiber",
    "github.com/labstack/echo",
    "github.com/go-chi/chi",
    "github.com/gorilla/mux",
    "github.com/mattn/go-sqlite3",
    "github.com/lib/pq",
];

/// Whether the program is known to use something that is linked against the C library.
fn needs_libc(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    run: &InstructionFacts<'_>,
    step: &Step<'_, '_>,
) -> bool {
    let words = step.command.args().iter().filter_map(Word::literal).filter(|word| !word.starts_with('-'));
    let sources = words.filter(|word| *word != "build").map(|word| {
        if Utf8Path::new(word).extension() == Some("go") {
            word.to_owned()
        } else {
            format!("{}/main.go", word.trim_end_matches('/'))
        }
    });
    let usual = ["go.mod", "main.go"].map(str::to_owned);
    usual.into_iter().chain(sources).any(|name| {
        let placed = file.placed_at(stage, run, step, &name);
        let text = placed.path().and_then(|path| file.tree.read(path).found());
        text.is_some_and(|text| NEEDS_LIBC.iter().any(|word| text.contains(word)))
    })
}

fn cgo_is_off(run: &InstructionFacts<'_>, step: &Step<'_, '_>) -> bool {
    let off = |value: &str| value.trim_matches(['"', '\'']) == "0";
    let name = "CGO_ENABLED";
    let declared = run.state.declares(name)
        && match run.state.lookup(name) {
            Value::Set(value) => off(&value),
            Value::Unknown | Value::Unset => true,
        };
    declared
        || step.command.assignments.iter().any(|set| &*set.name == name)
        || run.scripts().any(|script| script.text().contains("CGO_ENABLED"))
}

/// Whether Cargo builds a program that needs the C library of its base.
fn builds_for_glibc(file: &FileFacts<'_>, giver: &StageFacts<'_>) -> bool {
    let chain = file.chain(giver);
    let text = |word: &str| {
        chain.iter().any(|stage| {
            stage.instructions.iter().any(|facts| facts.instruction.joined.text().contains(word))
        })
    };
    let runs = chain.iter().any(|stage| {
        stage.of(Keyword::Run).any(|run| run.calls.iter().any(|call| call.manager == Manager::Cargo))
    });
    let told = ["musl", "crt-static", "--target", "CARGO_BUILD_TARGET", "zigbuild", "wasm"]
        .iter()
        .any(|word| text(word));
    let configured = [".cargo/config.toml", ".cargo/config"].iter().any(|name| {
        file.tree.read(&file.context.join(name)).found().is_some_and(|text| text.contains("target"))
    });
    runs && !told && !configured
}

/// Packages of npm that come with, or build, compiled files.
const NATIVE: [&str; 18] = [
    "argon2",
    "bcrypt",
    "better-sqlite3",
    "canvas",
    "cpu-features",
    "fsevents",
    "grpc",
    "isolated-vm",
    "leveldown",
    "libxmljs",
    "node-sass",
    "oracledb",
    "re2",
    "sharp",
    "sqlite3",
    "usb",
    "zeromq",
    "@prisma/client",
];

/// Whether the Node project of the stage is known to have compiled files; `None` where nobody knows.
pub(super) fn has_native(file: &FileFacts<'_>, giver: &StageFacts<'_>) -> Option<bool> {
    for stage in file.chain(giver) {
        for run in stage.of(Keyword::Run).filter(|run| !run.calls.is_empty()) {
            for step in run.steps() {
                let node = step.call.and_then(Ecosystem::of).is_some_and(|reads| {
                    matches!(reads.ecosystem, Ecosystem::Npm | Ecosystem::Yarn | Ecosystem::Pnpm)
                });
                if !node {
                    continue;
                }
                let placed = file.placed_at(stage, run, &step, "package.json");
                let Lookup::Found(manifest) = PackageJson::read(file.tree, placed.path()?) else {
                    return None;
                };
                return Some(NATIVE.iter().any(|name| manifest.dependency(name).is_some()));
            }
        }
    }
    None
}
