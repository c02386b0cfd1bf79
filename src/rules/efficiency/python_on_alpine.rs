//! `python-on-alpine`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::{Keyword, from_image};
use crate::facts::{Base, BaseImage, FileFacts, InstructionFacts, StageFacts, Workdir, copied_from, join};
use crate::image::{Family, Image, Language, TagStatus, end_of_life, tag_status};
use crate::repository::python::{self, Requirements};
use crate::repository::{Lookup, normalize};
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, PackageKind, Verb};
use crate::text::{Edit, Span};
use camino::{Utf8Path, Utf8PathBuf};

declare_rule! {
    /// Python on Alpine has to compile packages that have no musl wheel.
    ///
    /// ## What it does
    ///
    /// Finds stages on Alpine that install Python packages known to have no ready-built wheel for its C
    /// library (musl): scikit-learn, torch, tensorflow, psycopg2 and some others, named on the command line,
    /// in requirements files, in `pyproject.toml` or in a `Pipfile`. It is a hint when only the compilers are
    /// there that pip would need for such packages, or for other versions than Python 3.13, for which the
    /// list was checked.
    ///
    /// Packages with musl wheels (numpy, pandas, cryptography, lxml, … today most of them) and pure Python
    /// are fine on Alpine.
    ///
    /// ## Why is this bad?
    ///
    /// The build compiles for minutes what takes seconds on Debian, needs compilers and headers in the image,
    /// or fails: some packages cannot be built on musl at all.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-alpine
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// RUN pip install --no-cache-dir scikit-learn==1.5.2
    /// USER 10001:10001
    /// CMD ["python", "-c", "import sklearn"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// RUN pip install --no-cache-dir scikit-learn==1.5.2
    /// USER 10001:10001
    /// CMD ["python", "-c", "import sklearn"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// To be confirmed: the image gets another distribution, with other tools and a larger base. Only offered
    /// where the file uses nothing of Alpine's own.
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

/// No musl wheel for CPython 3.13 on x86-64 (November 2026, files on pypi.org).
const NO_MUSL_WHEEL: [&str; 10] = [
    "scikit-learn",
    "torch",
    "tensorflow",
    "opencv-python-headless",
    "onnxruntime",
    "confluent-kafka",
    "numba",
    "llvmlite",
    "torchvision",
    "torchaudio",
];

/// No wheel for any Linux.
const NO_WHEEL: [&str; 2] = ["psycopg2", "mysqlclient"];

/// With musl wheels, or pure Python: nothing to compile. Only used to keep quiet about compilers.
const FINE: [&str; 62] = [
    "numpy",
    "pandas",
    "matplotlib",
    "scipy",
    "cryptography",
    "psycopg-binary",
    "psycopg2-binary",
    "grpcio",
    "lxml",
    "pillow",
    "pyarrow",
    "pydantic-core",
    "pydantic",
    "orjson",
    "uvloop",
    "shapely",
    "h5py",
    "aiohttp",
    "faiss-cpu",
    "polars",
    "flask",
    "django",
    "fastapi",
    "starlette",
    "uvicorn",
    "gunicorn",
    "requests",
    "urllib3",
    "certifi",
    "idna",
    "click",
    "jinja2",
    "werkzeug",
    "itsdangerous",
    "six",
    "python-dateutil",
    "pytz",
    "tzdata",
    "setuptools",
    "wheel",
    "pip",
    "httpx",
    "httpcore",
    "anyio",
    "sniffio",
    "h11",
    "attrs",
    "packaging",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "typing-extensions",
    "celery",
    "redis",
    "pyjwt",
    "python-dotenv",
    "rich",
    "tqdm",
    "docutils",
    "poetry",
    "uv",
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(image) = file.base_image(stage) else { return };
    if image.defaults.distribution.as_ref().is_none_or(|distribution| distribution.family != Family::Alpine) {
        return;
    }
    let found = Needs::of(file, stage);
    let Some(install) = found.install else { return };
    let is_python = image.defaults.language == Some(Language::Python);
    let span = place(stage, image);
    if let Some(missing) = found.missing {
        let level = if is_none_anywhere(&missing.name) || (is_python && version_of(image) == Some("3.13")) {
            Level::Warning
        } else {
            Level::Info
        };
        let name = missing.name.replace('`', "");
        let message = if is_none_anywhere(&missing.name) {
            format!(
                "`{name}` has no ready-built wheels, so it is compiled with Alpine's tools in every build."
            )
        } else {
            format!(
                "`{name}` has no wheel for Alpine's C library (musl), so pip compiles it, or the build fails."
            )
        };
        // Without any wheel the other base would have to compile as well.
        let advice = if is_none_anywhere(&missing.name) { None } else { change(file, stage, image) };
        let mut finding = report.add(span, message).level(level).whole_stage();
        finding = match missing.place {
            Place::Here(span) => finding.related(span, "It is installed here."),
            Place::File(path, span) => finding.related_in(path, span, "It is required here."),
        };
        if let Some(instead) = binary_of(&missing.name) {
            finding = finding.note(format!("`{instead}` has wheels, also for musl."));
        }
        match advice {
            Some(fix) => {
                finding
                    .note("Debian's base is larger and has other tools: check what else the image uses.")
                    .fix(fix);
            }
            None if is_none_anywhere(&missing.name) => {
                finding.note(
                    "It has to be compiled on Debian as well; a builder stage keeps compiler and headers out of the \
                     image.",
                );
            }
            None => {
                finding.note(
                    "On a `slim` image pip installs wheels. Packages that `apk` adds, and stages that files are \
                     copied to, have to move along.",
                );
            }
        }
        return;
    }
    if let Some(compiler) = found.compiler.filter(|_| is_python && !found.all_fine) {
        report
            .add(
                span,
                "Compilers are added so that pip can build packages that have no wheel for Alpine's C library \
                 (musl).",
            )
            .level(Level::Info)
            .related(compiler, "The compiler is added here.")
            .related(install, "Python packages are installed here.")
            .note("Most packages have musl wheels today: try it without the compilers, or use a `slim` image.");
    }
}

fn is_none_anywhere(name: &str) -> bool {
    NO_WHEEL.contains(&name)
}

/// The distribution on PyPI that brings the same module as a wheel.
fn binary_of(name: &str) -> Option<&'static str> {
    (name == "psycopg2").then_some("psycopg2-binary")
}

/// A package without a wheel.
struct Missing {
    name: String,
    place: Place,
}

enum Place {
    Here(Span),
    File(Utf8PathBuf, Span),
}

/// What a stage installs.
#[derive(Default)]
struct Needs {
    /// The first call that installs Python packages.
    install: Option<Span>,
    missing: Option<Missing>,
    /// A compiler that comes before it.
    compiler: Option<Span>,
    /// Whether all that is installed is known, and nothing of it has to be compiled.
    all_fine: bool,
}

impl Needs {
    fn of(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Self {
        let mut needs = Self { all_fine: true, ..Self::default() };
        for facts in stage.of(Keyword::Run) {
            for call in &facts.calls {
                if call.verb != Verb::Install {
                    continue;
                }
                match call.manager {
                    Manager::Apk if needs.install.is_none() => {
                        needs.compiler = needs.compiler.or(compiler(call));
                    }
                    Manager::Pip | Manager::Uv | Manager::Poetry | Manager::Pipenv => {
                        needs.install.get_or_insert(call.program_span.cover(call.verb_span));
                        needs.read(file, stage, facts, call);
                    }
                    _ => {}
                }
            }
        }
        needs
    }

    fn read(
        &mut self,
        file: &FileFacts<'_>,
        stage: &StageFacts<'_>,
        facts: &InstructionFacts<'_>,
        call: &PackageCommand<'_>,
    ) {
        self.all_fine &= !call.may_contain_anything();
        let mut projects = Vec::new();
        for package in &call.packages {
            match package.kind {
                PackageKind::Name => {
                    let bare = package.name.split('[').next().unwrap_or_default();
                    self.judge(&python::normalize_name(bare), || Place::Here(package.span));
                }
                PackageKind::Requirements => {
                    let path = in_context(file, stage, facts, &package.name);
                    let read = path.map(|path| match path.file_name() {
                        Some("pyproject.toml") => python::pyproject(file.tree, &path),
                        _ => python::requirements(file.tree, &path),
                    });
                    self.take(read);
                }
                PackageKind::Path | PackageKind::Editable if matches!(&*package.name, "." | "./") => {
                    projects.push("pyproject.toml");
                }
                PackageKind::Constraints => {}
                _ => self.all_fine = false,
            }
        }
        if call.is_from_manifest() {
            projects.push(if call.manager == Manager::Pipenv { "Pipfile" } else { "pyproject.toml" });
        }
        for name in projects {
            let path = file.context.join(name);
            let read = if name == "Pipfile" {
                python::pipfile(file.tree, &path)
            } else {
                python::pyproject(file.tree, &path)
            };
            self.take(Some(read));
        }
    }

    fn take(&mut self, read: Option<Requirements>) {
        let Some(read) = read else {
            self.all_fine = false;
            return;
        };
        self.all_fine &= read.complete;
        for found in read.list {
            let span = Span::of(&(found.offset..found.offset + found.written.len()));
            self.judge(&found.name, || Place::File(found.path.clone(), span));
        }
    }

    fn judge(&mut self, name: &str, place: impl FnOnce() -> Place) {
        self.all_fine &= FINE.contains(&name);
        if self.missing.is_none() && (NO_MUSL_WHEEL.contains(&name) || NO_WHEEL.contains(&name)) {
            self.missing = Some(Missing { name: name.to_owned(), place: place() });
        }
    }
}

/// The package that brings a C compiler.
fn compiler(call: &PackageCommand<'_>) -> Option<Span> {
    let named = |name: &str| call.packages.iter().find(|package| package.name == name).map(|p| p.span);
    named("build-base").or_else(|| named("gcc").filter(|_| named("musl-dev").is_some()))
}

/// The file of the repository that a requirements file of the image is.
fn in_context(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    facts: &InstructionFacts<'_>,
    name: &str,
) -> Option<Utf8PathBuf> {
    if name.contains('$') || name.contains("://") {
        return None;
    }
    let workdir = match &facts.state.workdir {
        Workdir::Set(path) => Some(path.as_str()),
        Workdir::Base => file.defaults(stage).and_then(crate::image::Defaults::workdir_path),
        Workdir::Unknown => None,
    };
    if let Some(workdir) = workdir
        && let Some(copied) = copied_from(file, stage, &join(workdir, name))
    {
        return Some(copied.path);
    }
    // Bound into the RUN, or copied in a way that cannot be followed: the name tells.
    let relative = if name.starts_with('/') { Utf8Path::new(name).file_name()? } else { name };
    let path = file.context.join(normalize(Utf8Path::new(relative))?);
    matches!(file.tree.read(&path), Lookup::Found(_)).then_some(path)
}

/// The tag that names Alpine, else the image of FROM.
fn place(stage: &StageFacts<'_>, image: &BaseImage) -> Span {
    let word = from_image(stage.from).map_or(stage.from.name.span, |word| word.span);
    match (&stage.base, image.literal, image.reference.tag_range()) {
        // Only where the name stands in this FROM.
        (Base::Image(_), Some(literal), Some(range)) if word.contains(literal) => {
            Span::new(literal.start + range.start as u32, literal.start + range.end as u32)
        }
        _ => word,
    }
}

/// `3.13` of `python:3.13.2-alpine`.
fn version_of(image: &BaseImage) -> Option<&str> {
    let version = image.reference.tag()?.split('-').next()?;
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    dots.next()?;
    Some(dots.next().and_then(|at| version.get(..at)).unwrap_or(version))
}

/// The same Python on Debian, where nothing else in the file is Alpine's.
fn change(file: &FileFacts<'_>, stage: &StageFacts<'_>, image: &BaseImage) -> Option<Fix> {
    /// Commands that Debian does not have, or that have other options there.
    const OF_ALPINE: [&str; 6] = ["apk", "adduser", "addgroup", "su-exec", "ash", "deluser"];
    let (literal, range) = (image.literal?, image.reference.tag_range()?);
    if file.stages.len() != 1 || !matches!(stage.base, Base::Image(_)) || image.reference.digest().is_some() {
        return None;
    }
    let musl = stage
        .instructions
        .iter()
        .flat_map(InstructionFacts::scripts)
        .flat_map(crate::shell::Script::commands)
        .any(|command| command.name().is_some_and(|name| OF_ALPINE.contains(&name)));
    let starts_ash = stage.start.command_words().is_some_and(|words| {
        words.iter().any(|word| OF_ALPINE.contains(&word.rsplit('/').next().unwrap_or(word)))
    });
    if musl || starts_ash {
        return None;
    }
    let (version, _) = image.reference.tag()?.split_once("-alpine")?;
    let debian = Image { repository: "debian".to_owned(), official: true };
    let releases = end_of_life(&debian, "buster", file.today).pop()?.supported(file.today);
    let tag = releases
        .iter()
        .rev()
        .map(|release| format!("{version}-slim-{release}"))
        .find(|tag| tag_status(&image.image, tag) == TagStatus::Listed)?;
    let span = Span::new(literal.start + range.start as u32, literal.start + range.end as u32);
    Some(Fix::confirm(format!("Use `{}:{tag}`", image.reference.name()), vec![Edit::replace(span, tag)]))
}
