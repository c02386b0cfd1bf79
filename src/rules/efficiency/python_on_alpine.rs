//! `python-on-alpine`.

use crate::config::Level;
use crate::declare_rule;
use crate::facts::{Base, BaseImage, FileFacts, StageFacts, required_packages};
use crate::image::{Family, Language, TagStatus, tag_status};
use crate::rules::{Check, Fix, Report};
use crate::shell::Script;
use crate::shell::packages::{Manager, PackageKind, Verb, package_commands};
use crate::text::{Edit, Span};

declare_rule! {
    /// Python on Alpine has to compile packages that have no musl wheel.
    ///
    /// ## What it does
    ///
    /// Finds Python stages on Alpine that install a package without a wheel for musl, Alpine's C library, or
    /// that add a compiler for pip.
    ///
    /// ## Why is this bad?
    ///
    /// Without a wheel pip compiles the package: minutes instead of seconds, and a compiler with its headers
    /// in the build. Many packages have musl wheels by now, but not all that matter: scikit-learn, torch,
    /// tensorflow and some others have none (state for CPython 3.13 on x86-64, November 2026).
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-alpine
    /// RUN pip install --no-cache-dir scikit-learn
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// RUN pip install --no-cache-dir scikit-learn
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Check that nothing in the image relies on Alpine. Offered only where the stage calls neither `apk` nor
    /// BusyBox's own user commands.
    ///
    /// ## References
    ///
    /// - [Python Speed: Using Alpine can make Python Docker builds 50× slower](https://pythonspeed.com/articles/alpine-docker-python/)
    /// - [PEP 656: Platform tag for Linux distributions using musl](https://peps.python.org/pep-0656/)
    pub(super) RULE = "python-on-alpine" {
        chapter: Efficiency, level: Warning, default: On, scope: Stage, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

/// Packages without a musllinux wheel for CPython 3.13 on x86-64 (PyPI, November 2026). The last two have no
/// wheels for Linux at all.
const NO_MUSL_WHEEL: [&str; 10] = [
    "scikit-learn",
    "torch",
    "tensorflow",
    "opencv-python-headless",
    "onnxruntime",
    "confluent-kafka",
    "numba",
    "llvmlite",
    "psycopg2",
    "mysqlclient",
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    // A stage on another one speaks through the stage that names Alpine.
    let Base::Image(base) = &stage.base else { return };
    let alpine = base.defaults.distribution.as_ref().is_some_and(|d| d.family == Family::Alpine);
    if !alpine {
        return;
    }
    let Some(facts) = read(file, stage) else { return };
    let python_image = base.defaults.language == Some(Language::Python);
    if !python_image && !facts.adds_python {
        return;
    }
    let at = base
        .literal
        .unwrap_or_else(|| stage.from.args.first().map_or(stage.from.name.span, |word| word.span));
    let shown = base.text.replace('`', "");
    let refine = match facts.missing.first() {
        Some((name, span)) => {
            // The list was made for this version; for others it is likely, not known.
            let known = base.reference.tag().is_some_and(|tag| tag.starts_with("3.13")) && python_image;
            report
                .add(
                    at,
                    format!("`{name}` has no wheel for Alpine's C library, so pip compiles it in every build on `{shown}`."),
                )
                .level(if known { Level::Warning } else { Level::Info })
                .related(*span, format!("installs `{name}`"))
        }
        None => match facts.compiler {
            Some(span) => report
                .add(at, format!("A compiler is added on `{shown}` for what pip installs: on Debian most packages come as wheels."))
                .level(Level::Info)
                .related(span, "adds the compiler"),
            None => return,
        },
    };
    match fix(file, stage, base, &facts) {
        Some(fix) => {
            refine.note("Check that nothing in the image relies on Alpine (musl, BusyBox).").fix(fix)
        }
        None => refine.note("A Debian-based image, such as `python:3.13-slim-trixie`, takes ready wheels."),
    };
}

#[derive(Default)]
struct Facts {
    missing: Vec<(String, Span)>,
    compiler: Option<Span>,
    adds_python: bool,
    uses_alpine: bool,
}

/// What the stage installs; `None` where pip installs nothing.
fn read(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Facts> {
    let mut facts = Facts::default();
    let mut pip = false;
    for script in stage.instructions.iter().flat_map(crate::facts::InstructionFacts::scripts) {
        facts.uses_alpine |= relies_on_alpine(script);
        for call in package_commands(script) {
            match (call.manager, call.verb) {
                (Manager::Apk, _) => {
                    facts.uses_alpine = true;
                    let names: Vec<&str> = call.packages.iter().map(|p| p.name.as_str()).collect();
                    facts.adds_python |=
                        names.iter().any(|n| n.starts_with("python3") || n.starts_with("py3-"));
                    let compiler = names.contains(&"build-base")
                        || (names.contains(&"gcc") && names.contains(&"musl-dev"));
                    if compiler && call.verb == Verb::Install {
                        facts.compiler.get_or_insert(call.verb_span);
                    }
                }
                (Manager::Pip | Manager::Uv, Verb::Install) => {
                    pip = true;
                    for package in &call.packages {
                        let names = match package.kind {
                            PackageKind::Name => vec![package.name.clone()],
                            PackageKind::Requirements => required_packages(file, &package.name),
                            _ => Vec::new(),
                        };
                        let names =
                            names.into_iter().map(|name| name.to_ascii_lowercase().replace(['_', '.'], "-"));
                        let missing = names.filter(|name| NO_MUSL_WHEEL.contains(&name.as_str()));
                        facts.missing.extend(missing.map(|name| (name, package.span)));
                    }
                }
                _ => {}
            }
        }
    }
    pip.then_some(facts)
}

/// Steps that mean something else, or nothing, on Debian.
fn relies_on_alpine(script: &Script) -> bool {
    script.text().contains("musl")
        || script
            .commands()
            .any(|c| matches!(c.name(), Some("adduser" | "addgroup" | "apk" | "ash" | "rc-service")))
}

fn fix(file: &FileFacts<'_>, stage: &StageFacts<'_>, base: &BaseImage, facts: &Facts) -> Option<Fix> {
    let shared = file.stages.iter().any(|s| matches!(s.base, Base::Stage(parent) if parent == stage.index));
    if facts.uses_alpine || shared || base.defaults.language != Some(Language::Python) {
        return None;
    }
    let literal = base.literal?;
    let range = base.reference.tag_range()?;
    let version = base.reference.tag()?.split("-alpine").next()?;
    let tag = format!("{version}-slim-trixie");
    (tag_status(&base.image, &tag) == TagStatus::Listed && base.reference.digest().is_none()).then(|| {
        let span = Span::new(literal.start + range.start as u32, literal.start + range.end as u32);
        Fix::confirm(format!("Use `{tag}`"), vec![Edit::replace(span, tag.clone())])
    })
}
