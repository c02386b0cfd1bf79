//! `mixed-base-versions`.

mod align;
mod goods;

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Keyword, Word};
use crate::facts::{Base, BaseImage, FileFacts, StageFacts, language_version};
use crate::image::{Distribution, Family, Language};
use crate::rules::{Check, Fix, Report};
use goods::{Goods, goods};

declare_rule! {
    /// The stage that builds native files and the one that receives them differ in language version, libc or OS.
    ///
    /// ## What it does
    ///
    /// Looks at `COPY --from` of a stage where a virtualenv, `site-packages`, `node_modules`, a bundle of gems, or a
    /// program that Cargo or Go has built is copied, and compares the two bases: the version of the language, the C
    /// library (musl on Alpine, glibc elsewhere), and the release of the distribution.
    ///
    /// Static programs (`CGO_ENABLED=0`, a musl target), and other files are not meant.
    ///
    /// ## Why is this bad?
    ///
    /// A virtualenv belongs to one Python version: with another one nothing in it is found. Compiled files look for the
    /// C library that they were built against: on a base with another one they fail with "not found" when the
    /// container starts, or in the moment when the first of them is loaded.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.12-trixie AS build
    /// RUN python -m venv /opt/venv
    /// RUN /opt/venv/bin/pip install --no-cache-dir flask==3.1.0
    ///
    /// FROM python:3.13-slim-trixie
    /// COPY --from=build /opt/venv /opt/venv
    /// USER 10001:10001
    /// CMD ["/opt/venv/bin/flask", "run"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.12-trixie AS build
    /// RUN python -m venv /opt/venv
    /// RUN /opt/venv/bin/pip install --no-cache-dir flask==3.1.0
    ///
    /// FROM python:3.12-slim-trixie
    /// COPY --from=build /opt/venv /opt/venv
    /// USER 10001:10001
    /// CMD ["/opt/venv/bin/flask", "run"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the receiving stage gets version and distribution of the one that builds, or the other way round
    /// when that one gets no security fixes any more. Check that the program runs there.
    ///
    /// ## References
    ///
    /// - [Python Speed: Multi-stage builds #2: Python specifics](https://pythonspeed.com/articles/multi-stage-docker-python/)
    /// - [PEP 656: Platform tag for Linux distributions using musl](https://peps.python.org/pep-0656/)
    pub(super) RULE = "mixed-base-versions" {
        chapter: Build, level: Warning, default: On, scope: File, fix: Confirm,
        aliases: [],
        check: Check::File(check),
    }
}

/// The C library of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Libc {
    Musl,
    Glibc,
    /// There is none.
    None,
}

/// The paths that one stage copies from others which are looked at; nobody writes more.
const MAX_PATHS: usize = 200;

fn check(file: &FileFacts<'_>, report: &mut Report) {
    if file.stages.len() < 2 {
        return;
    }
    for taker in &file.stages {
        let mut done: Vec<usize> = Vec::new();
        let mut left = MAX_PATHS;
        for copy in taker.of(Keyword::Copy) {
            let Some(from) = copy.instruction.flag_value("from") else { continue };
            let Some(giver) =
                file.names.source(&from.text, taker.index).and_then(|index| file.stages.get(index))
            else {
                continue;
            };
            if done.contains(&giver.index) || giver.root == taker.root {
                continue;
            }
            let sources = copy.instruction.args.split_last().map_or(&[][..], |(_, sources)| sources);
            for source in sources.iter().take(left) {
                left -= 1;
                let Some(path) = copy.state.expand(&source.text).value else { continue };
                let Some(goods) = goods(file, giver, &path) else { continue };
                if judge(file, giver, taker, source, goods, report) {
                    done.push(giver.index);
                    break;
                }
            }
        }
    }
}

/// What differs, how bad it is, and what happens.
struct Difference {
    level: Level,
    what: String,
    consequence: &'static str,
}

fn judge(
    file: &FileFacts<'_>,
    giver: &StageFacts<'_>,
    taker: &StageFacts<'_>,
    source: &Word,
    goods: Goods,
    report: &mut Report,
) -> bool {
    let Some(from) = file.base_image(giver) else { return false };
    let to = file.root_base(&taker.base);
    let Some(difference) = difference(file, giver, from, taker, to, goods, &source.text) else {
        return false;
    };
    let message = format!("{} comes from {}: {}.", goods.name(), difference.what, difference.consequence);
    let level = difference.level;
    let finding = report
        .add(source.span, message)
        .level(level)
        .about(format!("{} {}", giver.label(), goods.name()))
        .related(giver.from.body, "the base it is built on")
        .related(taker.from.body, "the base it is copied to");
    if goods == Goods::GoProgram {
        finding.note("Build with `CGO_ENABLED=0`, unless the program needs C libraries.");
        return true;
    }
    if let Base::Image(to) = to
        && let Some(change) = align::change(file, giver, from, taker, to)
    {
        finding
            .note(format!("Check that the program runs on `{}`.", change.name))
            .fix(Fix::confirm(format!("Use `{}`", change.name), vec![change.edit]));
        return true;
    }
    finding.note(if goods == Goods::RustProgram {
        "Build for the target `x86_64-unknown-linux-musl`, which needs no C library, or run it on the distribution that \
         it is built on."
    } else {
        "Build on the same version and distribution as the stage that runs it."
    });
    true
}

fn difference(
    file: &FileFacts<'_>,
    giver: &StageFacts<'_>,
    from: &BaseImage,
    taker: &StageFacts<'_>,
    to: &Base,
    goods: Goods,
    source: &str,
) -> Option<Difference> {
    let to_image = match to {
        Base::Image(image) => Some(&**image),
        Base::Scratch => None,
        Base::Stage(_) | Base::Unknown => return None,
    };
    if let (Some(language), Some(to)) = (goods.language(), to_image)
        && let Some(found) = versions(from, to, language, goods)
    {
        return Some(found);
    }
    let (from_os, to_os) =
        (from.defaults.distribution.as_ref()?, to_image.map(|image| image.defaults.distribution.as_ref()));
    let (built, there) = (
        libc(Some(from), from_os)?,
        match to_os {
            None => Libc::None,
            Some(os) => libc(to_image, os?)?,
        },
    );
    let to_name = to_image.map_or_else(|| "scratch".to_owned(), BaseImage::shown);
    if built != there {
        let shims = ["gcompat", "libc6-compat", "musl"];
        let shimmed = file.chain(taker).iter().any(|stage| {
            stage.of(Keyword::Run).any(|run| {
                run.calls
                    .iter()
                    .any(|call| call.packages.iter().any(|package| shims.contains(&&*package.name)))
            })
        });
        // Cargo and Go link statically on Alpine.
        if shimmed || (goods.is_program() && built == Libc::Musl) {
            return None;
        }
        // Nothing interpreted runs without its interpreter: another rule's subject.
        if there == Libc::None && !goods.is_program() {
            return None;
        }
        // What came along with a folder may well be files for a browser.
        let native = goods::has_native(file, giver);
        let whole = source.trim_end_matches('/').ends_with("node_modules");
        if goods == Goods::NodeModules && native.is_none() && !whole {
            return None;
        }
        let library = |libc| match libc {
            Libc::Musl => "musl",
            Libc::Glibc => "glibc",
            Libc::None => "no C library",
        };
        let (built_on, there) = (library(built), library(there));
        let what = format!("`{}` with {built_on} but goes to `{to_name}` with {there}", from.shown());
        let (level, consequence) = match goods {
            Goods::RustProgram => (Level::Error, "it does not start there"),
            Goods::GoProgram => {
                (Level::Warning, "with cgo it is linked against the C library and does not start there")
            }
            _ if goods == Goods::NodeModules && native == Some(true) => {
                (Level::Error, "its compiled files cannot be loaded")
            }
            _ if goods == Goods::NodeModules && native == Some(false) => {
                (Level::Info, "compiled files in it cannot be loaded")
            }
            _ => (Level::Warning, "compiled files in it cannot be loaded"),
        };
        return Some(Difference { level, what, consequence });
    }
    let to_os = to_os??;
    let newer = is_newer(from_os, to_os)?;
    if goods == Goods::GoProgram || (goods == Goods::RustProgram && !newer) {
        return None;
    }
    let what =
        format!("`{}` on {} but goes to `{to_name}` on {}", from.shown(), release(from_os), release(to_os));
    Some(if newer {
        let consequence = "what is compiled against the newer C library may not start there";
        Difference { level: Level::Warning, what, consequence }
    } else {
        let consequence = "libraries that compiled files look for may be missing there";
        Difference { level: Level::Info, what, consequence }
    })
}

/// Whether the versions of the language differ where that matters.
fn versions(from: &BaseImage, to: &BaseImage, language: Language, goods: Goods) -> Option<Difference> {
    let (built, there) = (language_version(from)?, language_version(to)?);
    if built.language != language || there.language != language {
        return None;
    }
    let depth = if language == Language::Node { 1 } else { 2 };
    if built.count < depth || there.count < depth || built.numbers[..depth] == there.numbers[..depth] {
        return None;
    }
    let what = format!("`{}` but goes to `{}`", from.shown(), to.shown());
    let (level, consequence) = match goods {
        Goods::Virtualenv => (Level::Error, "a virtualenv only works with the Python version that made it"),
        Goods::SitePackages => {
            (Level::Warning, "each Python version has its own folder, and compiled files fit one of them")
        }
        Goods::Gems => (Level::Warning, "each Ruby version has its own folder of gems"),
        _ => (Level::Warning, "compiled addons fit one version of Node.js"),
    };
    Some(Difference { level, what, consequence })
}

fn libc(image: Option<&BaseImage>, os: &Distribution) -> Option<Libc> {
    let static_only =
        image.is_some_and(|image| image.image.repository.starts_with("gcr.io/distroless/static"));
    Some(match os.family {
        _ if static_only => Libc::None,
        Family::Alpine => Libc::Musl,
        Family::Scratch => Libc::None,
        Family::Busybox | Family::Windows => return None,
        _ => Libc::Glibc,
    })
}

/// Whether the first distribution is a newer release than the second; `None` where they are the same, or cannot be
/// compared.
fn is_newer(one: &Distribution, other: &Distribution) -> Option<bool> {
    let family = |os: &Distribution| if os.family == Family::Distroless { Family::Debian } else { os.family };
    if family(one) != family(other) || (family(one) == Family::RedHat && one.id != other.id) {
        return None;
    }
    let numbers = |os: &Distribution| {
        crate::repository::version::release(os.version.as_deref()?).map(|(numbers, _)| numbers)
    };
    let (one, other) = (numbers(one)?, numbers(other)?);
    (one != other).then_some(one > other)
}

/// A distribution's release for a message.
fn release(os: &Distribution) -> String {
    let name = if os.family == Family::Distroless { "debian" } else { os.id };
    match (&os.codename, &os.version) {
        (Some(codename), _) => codename.clone(),
        (None, Some(version)) => format!("{name} {version}"),
        (None, None) => name.to_owned(),
    }
}
