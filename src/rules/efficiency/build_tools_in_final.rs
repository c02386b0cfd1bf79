//! `build-tools-in-final`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{FileFacts, InstructionFacts, StageFacts};
use crate::image::Language;
use crate::repository::Lookup;
use crate::rules::{Check, Report};
use crate::shell::packages::{BuildTool, Manager, Package, PackageKind, Verb, build_tool};
use crate::shell::{Script, Word};

declare_rule! {
    /// Compilers and headers stay in the shipped image.
    ///
    /// ## What it does
    ///
    /// Finds compilers, build tools and `-dev` packages that a shipped stage installs and does not remove in the same
    /// `RUN`. Headers and their helpers without a compiler, and git alone, are only a hint.
    ///
    /// Silent for images that start nothing or are there to build in, for images that compile while they run (numba,
    /// triton, R, Jupyter, builds in the start script), and where the tools are removed again.
    ///
    /// ## Why is this bad?
    ///
    /// A compiler with its headers is some 200 to 400 MB that nothing uses once the image is built, and a gift to
    /// whoever breaks in. Stages of their own for the build, and smaller bases, are what makes images smaller most: a
    /// study that reworked 600 Dockerfiles saved 32 % on average.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
    /// WORKDIR /app
    /// COPY requirements.txt ./
    /// RUN pip install --no-cache-dir -r requirements.txt
    /// COPY app.py ./
    /// USER 65534:65534
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie AS build
    /// RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
    /// RUN python -m venv /opt/venv
    /// WORKDIR /src
    /// COPY requirements.txt ./
    /// RUN /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
    ///
    /// FROM python:3.13-slim-trixie
    /// ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// COPY --from=build /opt/venv /opt/venv
    /// WORKDIR /app
    /// COPY app.py ./
    /// USER 65534:65534
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: what the program needs at run time is not known.
    ///
    /// ## References
    ///
    /// - [Docker: Building best practices, Use multi-stage builds](https://docs.docker.com/build/building/best-practices/#use-multi-stage-builds)
    /// - [Python Speed: Multi-stage builds #2: Python specifics](https://pythonspeed.com/articles/multi-stage-docker-python/)
    pub(super) RULE = "build-tools-in-final" {
        chapter: Efficiency, level: Warning, default: On, scope: Stage, fix: Text,
        aliases: ["tally/prefer-multi-stage-build", "DF011"],
        check: Check::Stage(check),
    }
}

/// A package that stays.
struct Tool<'f> {
    package: &'f Package<'f>,
    kind: BuildTool,
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.dev || file.dev {
        return;
    }
    let mut tools = Vec::new();
    for facts in stage.of(Keyword::Run) {
        if facts.calls.iter().any(|call| call.manager.is_system() && call.verb == Verb::Install) {
            tools.extend(tools_left(facts));
        }
    }
    let worst = tools.iter().find(|tool| tool.kind == BuildTool::Compiler);
    let worst = worst.or_else(|| tools.iter().find(|tool| tool.kind == BuildTool::Headers)).or(tools.first());
    let Some(worst) = worst else { return };
    let alone = tools.iter().all(|tool| tool.kind == BuildTool::Git);
    if is_for_builds(file, stage) || compiles_at_run_time(file, stage) || (alone && uses_git(file, stage)) {
        return;
    }
    let compilers = worst.kind == BuildTool::Compiler;
    let name = plain(&worst.package.name);
    let others = tools.iter().filter(|tool| tool.kind != BuildTool::Git).count();
    let more = match others {
        0 | 1 => String::new(),
        2 => " with one more build package".to_owned(),
        _ => format!(" with {} more build packages", others - 1),
    };
    let message = match worst.kind {
        BuildTool::Git => "`git` stays in the shipped image, and only the build seems to use it.".to_owned(),
        BuildTool::Headers => {
            format!("`{name}`{more} stays in the shipped image, and only a build needs it.")
        }
        BuildTool::Compiler => {
            format!(
                "`{name}`{more} stays in the shipped image: size to transfer, and a tool for an intruder."
            )
        }
    };
    let finding = report
        .add(worst.package.span, message)
        .level(if compilers { Level::Warning } else { Level::Info })
        .whole_stage();
    finding.note(advice(file, stage, worst.kind));
}

/// Build packages that a RUN installs and leaves.
fn tools_left<'f>(facts: &'f InstructionFacts<'_>) -> Vec<Tool<'f>> {
    let removed: Vec<_> =
        facts.calls.iter().filter(|call| call.manager.is_system() && call.verb == Verb::Remove).collect();
    // `apt-mark auto '.*'` before a purge, or names that come from somewhere.
    let automatic =
        facts.scripts().flat_map(Script::commands).any(|command| command.name() == Some("apt-mark"));
    if !removed.is_empty()
        && (automatic || removed.iter().any(|call| call.may_contain_anything() || call.packages.is_empty()))
    {
        return Vec::new();
    }
    let is_removed = |name: &str| {
        removed.iter().flat_map(|call| &call.packages).any(|package| {
            // `apt-get purge gcc*`, `apt-get remove 'lib*-dev'`
            let pattern = package.name.trim_end_matches('+');
            pattern == name
                || pattern
                    .split_once('*')
                    .is_some_and(|(start, end)| name.starts_with(start) && name.ends_with(end))
        })
    };
    let mut out = Vec::new();
    for call in facts.calls.iter().filter(|call| call.manager.is_system() && call.verb == Verb::Install) {
        // `apk add --virtual .build-deps gcc` with `apk del .build-deps`
        let group = call.flag_values(&["--virtual", "-t"]).next().filter(|_| call.manager == Manager::Apk);
        let elsewhere = call.has_flag(&["--installroot", "--root", "-p"]);
        if elsewhere || group.is_some_and(is_removed) {
            continue;
        }
        for package in
            call.packages.iter().filter(|package| package.kind == PackageKind::Name && !package.variable)
        {
            if let Some(kind) = build_tool(&package.name).filter(|_| !is_removed(&package.name)) {
                out.push(Tool { package, kind });
            }
        }
    }
    out
}

/// Words in names of images and folders that are there to build or test in.
const BUILDERS: [&str; 14] = [
    "build",
    "builder",
    "builders",
    "buildenv",
    "ci",
    "dev",
    "devel",
    "sdk",
    "toolchain",
    "compile",
    "compiler",
    "runner",
    "agent",
    "cross",
];

/// Whether the image is there to build in: it starts nothing, or says so by its name.
fn is_for_builds(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let named = file.path.components().any(|part| {
        let part = part.as_str().to_ascii_lowercase();
        part.split(['.', '-', '_']).any(|word| BUILDERS.contains(&word))
    });
    let own_stage = stage.name.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        !stage.last || name.split(['.', '-', '_']).any(|word| BUILDERS.contains(&word))
    });
    // A shipped stage that others are built on is judged by what the last one starts.
    let last = file.stages.last().unwrap_or(stage);
    let base = file.base_image(stage).map_or("", |base| base.image.repository.as_str());
    let builder_base = base.rsplit('/').next().is_some_and(|name| {
        matches!(name, "buildpack-deps" | "gcc" | "golang" | "rust" | "maven" | "gradle")
            || name.split(['-', '_']).any(|word| BUILDERS.contains(&word))
    });
    let shell = last.start.command_words().is_some_and(|words| {
        words
            .first()
            .is_some_and(|word| matches!(word.rsplit('/').next(), Some("bash" | "sh" | "zsh" | "make")))
            && words.len() == 1
    });
    named || (own_stage && !stage.built_on) || builder_base || shell || last.start.main().is_none()
}

/// Python packages that compile while they run.
const COMPILE_LATER: [&str; 12] = [
    "numba",
    "torch",
    "triton",
    "vllm",
    "deepspeed",
    "jax",
    "cython",
    "cffi",
    "pystan",
    "cmdstanpy",
    "xformers",
    "tvm",
];

/// Whether the program compiles while it runs.
fn compiles_at_run_time(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let language = file.defaults(stage).and_then(|defaults| defaults.language);
    if matches!(language, Some(Language::R | Language::Julia)) {
        return true;
    }
    let known = |name: &str| {
        COMPILE_LATER.contains(&name) || name.starts_with("jupyter") || name.starts_with("notebook")
    };
    let history = file.history(stage);
    let mut calls = history.iter().flat_map(|(_, facts)| &facts.calls);
    if calls.any(|call| {
        call.packages.iter().any(|package| known(package.base_name()) || package.name.starts_with("r-base"))
    }) {
        return true;
    }
    let listed = ["requirements.txt", "pyproject.toml", "environment.yml"].iter().any(|name| {
        match file.tree.read(&file.context.join(name)) {
            Lookup::Found(text) => text.lines().any(|line| {
                let word = line.trim().trim_start_matches(['"', '\'', '-', ' ']);
                let end = word
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
                    .unwrap_or(word.len());
                word.get(..end).is_some_and(|word| known(&word.to_ascii_lowercase()))
            }),
            Lookup::Absent | Lookup::Unknown => false,
        }
    });
    let builds = |name: &str| {
        matches!(
            name,
            "make"
                | "gcc"
                | "g++"
                | "cc"
                | "cmake"
                | "cargo"
                | "go"
                | "mvn"
                | "gradle"
                | "npm"
                | "yarn"
                | "pip"
        ) || name.starts_with("jupyter")
            || matches!(name, "R" | "Rscript")
    };
    let last = file.stages.last().unwrap_or(stage);
    let by_command = last.start.command_words().is_some_and(|words| {
        words.iter().any(|word| {
            let name = word.rsplit('/').next().unwrap_or("");
            builds(name) && !matches!(name, "npm" | "yarn")
        })
    });
    let script =
        last.start.script.as_ref().or(last.start.shell_script.as_ref()).and_then(|s| s.script.as_ref());
    let by_script =
        script.is_some_and(|script| script.commands().filter_map(|command| command.name()).any(builds));
    listed || by_command || by_script
}

/// Whether git may be used at run time: by the start script, or by a program that nobody here can look into.
fn uses_git(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let last = file.stages.last().unwrap_or(stage);
    let script = last.start.script.as_ref().or(last.start.shell_script.as_ref());
    if script.is_some_and(|script| script.text.contains("git")) {
        return true;
    }
    // A script that cannot be read, and what starts other programs, may use it.
    let words = last.start.command_words().unwrap_or_default();
    let first = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(""));
    let opaque = first.rsplit_once('.').is_some_and(|(_, end)| end == "sh")
        || matches!(first, "" | "sh" | "bash" | "supervisord" | "cron" | "crond")
        || first.contains("entrypoint");
    if opaque && script.is_none() {
        return true;
    }
    // It is there for a step of the build when one of them calls it.
    let history = file.history(stage);
    !history.iter().any(|(_, facts)| {
        facts.scripts().flat_map(Script::commands).any(|command| {
            command.name() == Some("git")
                || command.args().iter().any(|word: &Word| word.text().starts_with("git+"))
        })
    })
}

fn advice(file: &FileFacts<'_>, stage: &StageFacts<'_>, kind: BuildTool) -> String {
    let language = file.defaults(stage).and_then(|defaults| defaults.language);
    if kind == BuildTool::Git {
        return "Fetch in a stage of its own (`FROM … AS build`), and copy the result with `COPY --from=build`.".to_owned();
    }
    match language {
        Some(Language::Python) => {
            "Install them in a stage `AS build`, make a virtual environment there (`python -m venv /opt/venv`, \
             `/opt/venv/bin/pip install …`), and take it over: `COPY --from=build /opt/venv /opt/venv`, \
             `ENV PATH=/opt/venv/bin:$PATH`. Libraries without `-dev` stay, such as `libpq5`."
        }
        Some(Language::Node) => {
            "Install them in a stage `AS build`, run `npm ci` there, and take the result over: \
             `COPY --from=build /app/node_modules ./node_modules`."
        }
        Some(Language::Ruby) => {
            "Install them in a stage `AS build`, run `bundle install` there, and take the result over: \
             `COPY --from=build /usr/local/bundle /usr/local/bundle`."
        }
        Some(Language::Php) => {
            "Remove them in the same `RUN` that compiles: `apk del .build-deps`, or `apt-get purge -y --auto-remove …`."
        }
        _ => {
            "Build in a stage of its own (`FROM … AS build`), and copy the result with `COPY --from=build`; or remove them \
             in the same `RUN` that installs them."
        }
    }
    .to_owned()
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).collect()
}
