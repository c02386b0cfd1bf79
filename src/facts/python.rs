//! Python in the command of a stage, its settings in the environment, and its console scripts.

use super::launch::{Launch, launches, program_of};
use super::runners::after_runners;
use super::{Base, FileFacts, StageFacts, Workdir, copied_from, is_absolute, join};
use crate::dockerfile::{Instruction, Keyword};
use crate::repository::python;
use crate::text::{Edit, Span};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Programs that are written in Python and installed as console scripts.
const PROGRAMS: [&str; 38] = [
    "airflow",
    "bokeh",
    "celery",
    "chainlit",
    "dagster",
    "dagster-daemon",
    "dagster-webserver",
    "daphne",
    "django-admin",
    "dramatiq",
    "faust",
    "fastapi",
    "flask",
    "gradio",
    "granian",
    "gunicorn",
    "huey_consumer",
    "hypercorn",
    "jupyter",
    "jupyter-lab",
    "jupyter-notebook",
    "litestar",
    "locust",
    "mkdocs",
    "mlflow",
    "nameko",
    "prefect",
    "pytest",
    "py.test",
    "rq",
    "rqworker",
    "sanic",
    "scrapy",
    "streamlit",
    "superset",
    "uvicorn",
    "voila",
    "waitress-serve",
];

/// Whether a program name is a Python interpreter: `python`, `python3.12`, `pypy3`.
pub fn is_python(program: &str) -> bool {
    ["python", "pypy"].iter().any(|name| {
        program.strip_prefix(name).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    })
}

/// A command of a stage that runs Python.
#[derive(Debug, Clone)]
pub struct PythonStart {
    /// The command; runners such as `uv run` are left out of its words.
    pub launch: Launch,
    /// The interpreter is called with `-u`.
    unbuffered: bool,
    /// The interpreter is called with `-X faulthandler` or `-X dev`.
    faulthandler: bool,
    /// Files of the repository that may be the program.
    modules: Vec<Utf8PathBuf>,
}

/// Finds the first command of a stage that runs Python; `None` when none does, or when that is not known.
pub fn python_start<'s>(file: &FileFacts<'_>, stage: &'s StageFacts<'_>) -> Option<&'s PythonStart> {
    let find = || launches(stage).iter().find_map(|launch| read(file, stage, launch));
    stage.python_start.get_or_init(find).as_ref()
}

fn read(file: &FileFacts<'_>, stage: &StageFacts<'_>, launch: &Launch) -> Option<PythonStart> {
    let at = after_runners(&launch.words)?;
    let words = launch.words.get(at..)?;
    let program = program_of(words);
    let start = || PythonStart {
        launch: launch.from_word(at),
        unbuffered: false,
        faulthandler: false,
        modules: Vec::new(),
    };
    if is_python(program) {
        let mut start = start();
        let mut rest = words.get(1..)?.iter();
        while let Some(word) = rest.next() {
            let Some(option) = word.strip_prefix('-') else {
                start.modules.extend(script_file(file, stage, word));
                break;
            };
            match option {
                "X" => start.faulthandler |= rest.next().is_some_and(|v| is_fault_option(v)),
                "W" => _ = rest.next(),
                _ if option.starts_with('-') => {}
                _ if option.starts_with('X') => start.faulthandler |= is_fault_option(&option[1..]),
                _ => {
                    // Bundles: `-Bu`, `-um module`, `-c code`.
                    let letters = option.split(['m', 'c', 'W']).next().unwrap_or("");
                    start.unbuffered |= letters.contains('u');
                    if option.ends_with('m') {
                        start.modules.extend(rest.next().into_iter().flat_map(|m| module_files(file, m)));
                        break;
                    }
                    if option.contains(['c', 'm']) {
                        break;
                    }
                }
            }
        }
        return Some(start);
    }
    let first = words.first()?;
    if first.rsplit_once('.').is_some_and(|(_, end)| end == "py") {
        let mut start = start();
        start.modules.extend(script_file(file, stage, first));
        return Some(start);
    }
    if PROGRAMS.contains(&program) {
        let mut start = start();
        let application = words.iter().skip(1).filter_map(|word| word.split_once(':'));
        let named = application
            .map(|(module, _)| module)
            .filter(|module| {
                !module.is_empty()
                    && module.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
            })
            .filter(|module| module.bytes().any(|b| b.is_ascii_alphabetic()));
        start.modules.extend(named.flat_map(|module| module_files(file, module)));
        return Some(start);
    }
    let own = !first.contains('$')
        && !program.is_empty()
        && builds_on_python(file, stage)
        && declared_console_scripts(file).has(program);
    own.then(start)
}

fn is_fault_option(value: &str) -> bool {
    matches!(value, "faulthandler" | "dev")
}

fn script_file(file: &FileFacts<'_>, stage: &StageFacts<'_>, word: &str) -> Option<Utf8PathBuf> {
    let target = match &stage.end.workdir {
        _ if is_absolute(word) => join("/", word),
        Workdir::Set(dir) => join(dir, word),
        Workdir::Base => join(file.defaults(stage)?.workdir_path()?, word),
        Workdir::Unknown => return None,
    };
    copied_from(file, stage, &target).map(|copied| copied.path)
}

/// Where a module of the application may stand in the repository.
fn module_files(file: &FileFacts<'_>, module: &str) -> Vec<Utf8PathBuf> {
    let path = module.replace('.', "/");
    let mut out = Vec::new();
    for root in ["", "src/"] {
        for end in [".py", "/__main__.py", "/__init__.py"] {
            out.push(file.context.join(format!("{root}{path}{end}")));
        }
    }
    out
}

/// Whether a stage has Python: from its base, or from a package manager of Python that runs in it.
fn builds_on_python(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let base = file.defaults(stage).and_then(|defaults| defaults.language);
    base == Some(crate::image::Language::Python)
        || file.history(stage).iter().any(|(_, facts)| {
            facts.is(Keyword::Run)
                && ["pip", "uv ", "poetry"].iter().any(|tool| facts.instruction.rest_text().contains(tool))
        })
}

/// What of Python's settings a stage lacks, and one change that adds all of it.
#[derive(Debug, Clone)]
pub struct PythonSettings {
    /// The command.
    pub start: PythonStart,
    /// Output is buffered: no `PYTHONUNBUFFERED`, no `-u`.
    pub buffered: bool,
    /// No handler for crashes in C code: no `PYTHONFAULTHANDLER`, no `-X faulthandler`, none in the code.
    pub no_fault_handler: bool,
    /// Adds the variables that are missing; empty where no good place is known.
    pub edits: Vec<Edit>,
}

impl PythonSettings {
    /// What the change does.
    pub fn title(&self) -> &'static str {
        match (self.buffered, self.no_fault_handler) {
            (true, true) => "Set `PYTHONUNBUFFERED` and `PYTHONFAULTHANDLER`",
            (true, false) => "Set `PYTHONUNBUFFERED`",
            (false, _) => "Set `PYTHONFAULTHANDLER`",
        }
    }
}

/// What of `PYTHONUNBUFFERED` and `PYTHONFAULTHANDLER` is missing where a container of this stage runs Python.
///
/// `None` for stages that nobody starts (builder stages, stages that others are built on), for commands that
/// are not known to run Python, and for bases whose environment is not known.
pub fn python_settings<'s>(file: &FileFacts<'_>, stage: &'s StageFacts<'_>) -> Option<&'s PythonSettings> {
    stage.python_settings.get_or_init(|| find_settings(file, stage)).as_ref()
}

fn find_settings(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<PythonSettings> {
    if !stage.shipped || stage.built_on || !is_base_environment_known(file, stage) {
        return None;
    }
    let start = python_start(file, stage)?;
    let test = matches!(start.launch.program(), "pytest" | "py.test")
        || start.launch.words.windows(2).any(|pair| pair[0] == "-m" && pair[1] == "pytest");
    if test {
        return None;
    }
    let set = |name: &str| stage.end.env_is_set(name) || is_set_elsewhere(file, stage, name);
    let buffered = !start.unbuffered && !set("PYTHONUNBUFFERED");
    let in_code = || {
        start
            .modules
            .iter()
            .any(|path| file.tree.read(path).found().is_some_and(|text| text.contains("faulthandler.enable")))
    };
    let no_fault_handler =
        !start.faulthandler && !set("PYTHONFAULTHANDLER") && !set("PYTHONDEVMODE") && !in_code();
    let mut missing = Vec::new();
    if buffered {
        missing.push("PYTHONUNBUFFERED");
    }
    if no_fault_handler {
        missing.push("PYTHONFAULTHANDLER");
    }
    if missing.is_empty() {
        return None;
    }
    let edits = settings_edits(file, stage, &missing).unwrap_or_default();
    Some(PythonSettings { start: start.clone(), buffered, no_fault_handler, edits })
}

/// Whether nothing but the Dockerfile sets Python's variables: the base is empty, or its own environment is
/// known to have none of them (official images, plain distributions, CUDA, uv, conda).
fn is_base_environment_known(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    match file.root_base(&stage.base) {
        Base::Scratch => true,
        Base::Image(base) => {
            let name = base.image.repository.as_str();
            let plain_ubi = name.starts_with("ubi")
                && name.split_once('/').is_none_or(|(_, variant)| variant.starts_with("ubi-"));
            base.image.official
                || plain_ubi
                || matches!(name, "nvidia/cuda" | "ghcr.io/astral-sh/uv" | "mambaorg/micromamba")
                || ["gcr.io/distroless/", "continuumio/", "condaforge/"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        }
        Base::Stage(_) | Base::Unknown => false,
    }
}

/// Whether the command itself, the start script or a compose file names the variable.
fn is_set_elsewhere(file: &FileFacts<'_>, stage: &StageFacts<'_>, name: &str) -> bool {
    let start = &stage.start;
    let in_command = [&start.entrypoint, &start.cmd]
        .into_iter()
        .flatten()
        .any(|part| part.instruction.joined.text().contains(name));
    let script = start.script.as_ref().or(start.shell_script.as_ref());
    in_command
        || script.is_some_and(|script| script.text.contains(name))
        || ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"].iter().any(
            |compose| {
                file.tree.read(&file.context.join(compose)).found().is_some_and(|text| text.contains(name))
            },
        )
}

fn settings_edits(file: &FileFacts<'_>, stage: &StageFacts<'_>, names: &[&str]) -> Option<Vec<Edit>> {
    // A variable that is there without a value was emptied on purpose, or is a slip: both need a person.
    if names.iter().any(|name| stage.end.env(name).is_some()) {
        return None;
    }
    let main = stage.start.main()?;
    let pairs: Vec<String> = names.iter().map(|name| format!("{name}=1")).collect();
    let owner = file.stages.get(main.stage)?;
    if let Some(env) = env_to_join(owner, main.index) {
        return join_env(file, env, &pairs);
    }
    let offset = file.above(main.index);
    let newline = file.dockerfile.source.newline_at(offset);
    let keyword = file.keyword_case().write("env");
    Some(vec![Edit::insert(offset, format!("{keyword} {}{newline}", pairs.join(" ")))])
}

/// The ENV that settings of Python belong to: one that has such settings, or one just above the command.
fn env_to_join<'a>(stage: &StageFacts<'a>, command: usize) -> Option<&'a Instruction> {
    let joinable = |node: &Instruction| node.pairs.iter().all(|pair| pair.equals) && !node.pairs.is_empty();
    let about_python = stage
        .of(Keyword::Env)
        .rev()
        .map(|facts| facts.instruction)
        .find(|node| joinable(node) && node.pairs.iter().any(|pair| pair.key.text.starts_with("PYTHON")));
    about_python.or_else(|| {
        stage
            .instructions
            .iter()
            .rev()
            .filter(|facts| facts.index < command)
            // Nothing is built again when an ENV changes that only such instructions follow.
            .take_while(|facts| {
                !matches!(
                    facts.instruction.keyword,
                    Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::From | Keyword::Unknown
                )
            })
            .map(|facts| facts.instruction)
            .find(|node| node.keyword == Keyword::Env && joinable(node))
    })
}

/// Adds pairs behind the last one of an ENV, one a line where the ENV has one a line.
pub fn join_env(file: &FileFacts<'_>, env: &Instruction, pairs: &[String]) -> Option<Vec<Edit>> {
    let source = &file.dockerfile.source;
    let last = env.pairs.last()?;
    let line = source.line_of(last.span.start);
    let own_line = env.pairs.len() > 1
        && env.pairs.iter().rev().nth(1).is_some_and(|before| source.line_of(before.span.start) < line);
    let separator = if own_line {
        let text = source.line(line);
        let indent = &text[..text.len() - text.trim_start().len()];
        format!(" {}{}{indent}", file.dockerfile.escape, source.newline_at(last.span.start))
    } else {
        " ".to_owned()
    };
    let mut text = String::new();
    for pair in pairs {
        text.push_str(&separator);
        text.push_str(pair);
    }
    Some(vec![Edit::insert(last.span.end, text)])
}

/// Names of console scripts.
#[derive(Debug, Clone, Default)]
pub struct ConsoleScripts(BTreeSet<String>);

impl ConsoleScripts {
    /// Whether one of that name is there.
    pub fn has(&self, program: &str) -> bool {
        self.0.contains(program)
    }
}

/// Console scripts that the project in the build context declares: `pyproject.toml` (standard and Poetry),
/// `setup.cfg`, `setup.py`.
pub fn declared_console_scripts(file: &FileFacts<'_>) -> ConsoleScripts {
    let mut out = BTreeSet::new();
    let read = |name: &str| file.tree.read(&file.context.join(name)).found();
    if let Some(text) = read("pyproject.toml") {
        let wanted = ["[project.scripts]", "[project.gui-scripts]", "[tool.poetry.scripts]"];
        keys_of(&text, &wanted, &mut out);
        if !out.is_empty() {
            return ConsoleScripts(out);
        }
    }
    if let Some(text) = read("setup.cfg") {
        keys_of(&text, &["[options.entry_points]"], &mut out);
    }
    if let Some(text) = read("setup.py") {
        // `"name = package.module:function"`
        for literal in text.split(['"', '\'']) {
            if let Some((name, target)) = literal.split_once('=')
                && target.contains(':')
                && is_script_name(name.trim())
            {
                out.insert(name.trim().to_owned());
            }
        }
    }
    ConsoleScripts(out)
}

/// Keys of the lines `key = value` in sections of a TOML or INI file.
fn keys_of(text: &str, sections: &[&str], out: &mut BTreeSet<String>) {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = sections.contains(&line.split('#').next().unwrap_or("").trim());
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && (value.contains(':') || value.contains('{'))
        {
            let key = key.trim().trim_matches(['"', '\'']);
            if is_script_name(key) {
                out.insert(key.to_owned());
            }
        }
    }
}

fn is_script_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Console scripts that a Python distribution package of this name brings; `None` where they are not known.
/// From the packages' own entry points.
pub fn console_scripts(package: &str) -> Option<&'static [&'static str]> {
    let name = package.split('[').next().unwrap_or("").to_ascii_lowercase().replace(['_', '.'], "-");
    let scripts: &[&str] = match name.as_str() {
        "ansible" | "ansible-core" => &["ansible", "ansible-playbook", "ansible-galaxy", "ansible-vault"],
        "apache-airflow" => &["airflow"],
        "awscli" => &["aws"],
        "black" => &["black"],
        "celery" => &["celery"],
        "daphne" => &["daphne"],
        "django" => &["django-admin"],
        "fastapi" | "fastapi-cli" => &["fastapi"],
        "flask" => &["flask"],
        "gunicorn" => &["gunicorn"],
        "httpie" => &["http", "https", "httpie"],
        "hypercorn" => &["hypercorn"],
        "jupyterlab" => &["jupyter-lab", "jupyter"],
        "jupyter" | "notebook" => &["jupyter", "jupyter-notebook"],
        "locust" => &["locust"],
        "mkdocs" | "mkdocs-material" => &["mkdocs"],
        "mlflow" => &["mlflow"],
        "pipenv" => &["pipenv"],
        "poetry" => &["poetry"],
        "pytest" => &["pytest"],
        "rq" => &["rq"],
        "ruff" => &["ruff"],
        "scrapy" => &["scrapy"],
        "streamlit" => &["streamlit"],
        "supervisor" => &["supervisord", "supervisorctl"],
        "uvicorn" => &["uvicorn"],
        "uwsgi" => &["uwsgi"],
        "waitress" => &["waitress-serve"],
        "yt-dlp" => &["yt-dlp"],
        _ => return None,
    };
    Some(scripts)
}

/// The packages that a requirements file (and those it includes) names, normalised, without versions and extras.
pub fn required_packages(file: &FileFacts<'_>, requirements: &str) -> Vec<String> {
    let Some(path) = crate::repository::normalize(&file.context.join(Utf8Path::new(requirements))) else {
        return Vec::new();
    };
    let read = python::requirements(file.tree, &path);
    read.list.iter().map(|requirement| requirement.name.clone()).collect()
}

/// The span that findings about the command point at.
impl PythonStart {
    /// The word of the Dockerfile.
    pub fn span(&self) -> Span {
        self.launch.span
    }

    /// What runs, without its path.
    pub fn program(&self) -> &str {
        self.launch.program()
    }
}
