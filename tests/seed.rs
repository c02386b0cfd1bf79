//! The Dockerfiles of the talk that Tidewaiter comes from, as they stand in it: every defect is found on
//! its line, and nothing is said that is not true of them.

#![allow(clippy::panic, reason = "this is a test")]

#[path = "seed/statements.rs"]
mod statements;

use camino::Utf8Path;
use tidewaiter::lint::{FileReport, Named, Settings, fix, fix_repository, lint, lint_repository};
use tidewaiter::repository::{Kind, MemoryTree};
use tidewaiter::text::Source;

/// `pyproject.toml`, a lock file, a package under `src/` and a start script, as in the talk.
fn repository(script: &str, kind: Kind) -> MemoryTree {
    let mut tree = MemoryTree::complete()
        .with(
            "pyproject.toml",
            "[project]\nname = \"app\"\nversion = \"1\"\n\n[project.scripts]\napp-server = \"app:main\"\n",
        )
        .with("uv.lock", "version = 1\n")
        .with("src/app/__init__.py", "def main(): ...\n");
    tree.insert("run-server.sh".into(), kind, Some(script.into()));
    tree
}

fn run(text: &str, tree: &MemoryTree) -> FileReport {
    lint(
        Utf8Path::new("Dockerfile"),
        &Source::new(text),
        tree,
        &Settings::new(jiff::civil::date(2026, 11, 24)),
    )
}

fn settings() -> Settings {
    Settings::new(jiff::civil::date(2026, 11, 24))
}

/// Rule, line and level of each finding.
fn said(report: &FileReport) -> Vec<(&'static str, u32, &'static str)> {
    report
        .findings
        .iter()
        .map(|f| (f.rule, report.source.position(f.span.start).line, f.level.name()))
        .collect()
}

fn expect(report: &FileReport, must: &[(&str, u32, &str)], must_not: &[&str]) {
    let said = said(report);
    for wanted in must {
        assert!(said.iter().any(|found| found == wanted), "{wanted:?} is not in {said:#?}");
    }
    for unwanted in must_not {
        assert!(!said.iter().any(|(rule, ..)| rule == unwanted), "{unwanted} is in {said:#?}");
    }
}

/// The safety of the proven fix of a rule's finding.
fn fixed(report: &FileReport, rule: &str) -> Option<String> {
    let finding = report.findings.iter().find(|f| f.rule == rule)?;
    finding.fix.as_ref().map(|fix| format!("{:?}", fix.safety))
}

const FIRST: &str = "\
FROM python:3.9-slim-buster
COPY . .
RUN pip install .
ENTRYPOINT [\"./run-server.sh\"]
";

#[test]
fn the_first_dockerfile() {
    let tree = repository("#!/bin/sh\nset -e\npython -m app\n", Kind::File);
    let report = run(FIRST, &tree);
    expect(
        &report,
        &[
            ("base-end-of-life", 1, "error"),
            ("copy-into-root", 2, "warning"),
            ("dockerignore-incomplete", 2, "warning"),
            ("dependencies-after-copy", 3, "warning"),
            ("lockfile-not-used", 3, "warning"),
            ("package-cache-left", 3, "warning"),
            ("run-as-root", 4, "warning"),
            ("entrypoint-not-executable", 4, "error"),
            ("entrypoint-without-exec", 4, "warning"),
            ("python-output-buffered", 4, "info"),
            ("python-faulthandler-off", 4, "info"),
        ],
        &[
            "shell-form-command",
            "archived-release",
            "python-bytecode-missing",
            "user-site-not-on-path",
            "base-tag-floating",
        ],
    );
    assert_eq!(fixed(&report, "copy-into-root").as_deref(), Some("Safe"));
    assert_eq!(fixed(&report, "package-cache-left").as_deref(), Some("Safe"));
    assert_eq!(fixed(&report, "run-as-root").as_deref(), Some("Confirm"));
    assert_eq!(fixed(&report, "entrypoint-not-executable").as_deref(), Some("Safe"));
    // The language has to move as well, and the install is the package itself: both need a person.
    assert_eq!(fixed(&report, "base-end-of-life"), None);
    assert_eq!(fixed(&report, "dependencies-after-copy"), None);
    // pip reads no lock file.
    assert_eq!(fixed(&report, "lockfile-not-used"), None);
}

#[test]
fn the_first_dockerfile_fixed() {
    let tree = repository("#!/bin/sh\nset -e\npython -m app\n", Kind::File);
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let result = fix(Utf8Path::new("Dockerfile"), &Source::new(FIRST), &tree, &settings, true);
    let text = result.files.get(Utf8Path::new("Dockerfile")).map_or("", String::as_str);
    for line in [
        "WORKDIR /app\nCOPY . .\n",
        "RUN pip install --no-cache-dir .\n",
        "ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1\n",
        "USER 10001:10001\n",
        "ENTRYPOINT [\"./run-server.sh\"]\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let script = result.files.get(Utf8Path::new("run-server.sh")).map_or("", String::as_str);
    assert!(script.ends_with("\nexec python -m app\n"), "{script}");
    let left: Vec<&str> = result.report.findings.iter().map(|f| f.rule).collect();
    assert_eq!(
        left,
        ["base-end-of-life", "dockerignore-incomplete", "dependencies-after-copy", "lockfile-not-used"],
        "{text}"
    );
}

#[test]
fn the_second_dockerfile() {
    let tree = repository("#!/bin/sh\nset -e\nexec app-server\n", Kind::Executable);
    let text = "\
FROM python:3.8-slim-buster
RUN useradd --create-home appuser
USER appuser

WORKDIR /home/appuser
COPY . .
RUN pip install --user .
ENTRYPOINT [\"./run-server.sh\"]
";
    let report = run(text, &tree);
    expect(
        &report,
        &[
            ("base-end-of-life", 1, "error"),
            ("copy-owner-mismatch", 6, "error"),
            ("dockerignore-incomplete", 6, "warning"),
            ("user-site-not-on-path", 7, "warning"),
            ("package-cache-left", 7, "warning"),
            ("dependencies-after-copy", 7, "warning"),
            ("lockfile-not-used", 7, "warning"),
            ("python-output-buffered", 8, "info"),
            ("python-faulthandler-off", 8, "info"),
        ],
        &[
            "run-as-root",
            "copy-into-root",
            "entrypoint-not-executable",
            "entrypoint-without-exec",
            "base-tag-floating",
            "shell-form-command",
            "useradd-large-uid",
            "entrypoint-cannot-start",
        ],
    );
    let fix = report.findings.iter().find(|f| f.rule == "user-site-not-on-path").and_then(|f| f.fix.as_ref());
    let edit = fix.and_then(|fix| fix.edits.first()).map_or("", |edit| edit.text.as_str());
    assert_eq!(edit.trim(), "ENV PATH=/home/appuser/.local/bin:$PATH");
}

#[test]
fn environment_and_entrypoint() {
    let text = "\
FROM python:3.13-slim-trixie
WORKDIR /app
COPY program.py ./
ENV PYTHONFAULTHANDLER=1
ENTRYPOINT [\"python\", \"program.py\"]
";
    let tree = MemoryTree::complete().with("program.py", "print(1)\n");
    let report = run(text, &tree);
    expect(
        &report,
        &[("python-output-buffered", 5, "info"), ("run-as-root", 5, "warning")],
        &[
            "python-faulthandler-off",
            "shell-form-command",
            "base-end-of-life",
            "base-os-implicit",
            "base-tag-floating",
        ],
    );
    let settings = Settings {
        only: vec!["python-output-buffered".to_owned()],
        ..Settings::new(jiff::civil::date(2026, 11, 24))
    };
    let result = fix(Utf8Path::new("Dockerfile"), &Source::new(text), &tree, &settings, true);
    let fixed = result.files.get(Utf8Path::new("Dockerfile")).map_or("", String::as_str);
    assert!(fixed.contains("ENV PYTHONFAULTHANDLER=1 PYTHONUNBUFFERED=1\n"), "{fixed}");
}

#[test]
fn byte_code() {
    let text = "\
FROM python:3.13-slim-trixie
WORKDIR /app
COPY . .
RUN python -c \"import compileall; \\
    compileall.compile_path(maxlevels=10)\"

RUN python -m compileall my_package/
ENTRYPOINT [\"python\", \"-m\", \"my_package\"]
";
    let tree = MemoryTree::complete().with("my_package/__init__.py", "").with("my_package/__main__.py", "");
    let report = run(text, &tree);
    let lines: Vec<u32> = said(&report)
        .iter()
        .filter(|(rule, ..)| *rule == "python-bytecode-missing")
        .map(|(_, line, _)| *line)
        .collect();
    assert_eq!(lines, [4], "{:#?}", said(&report));
}

#[test]
fn what_the_first_one_should_become() {
    let text = "\
FROM python:3.13-slim-trixie
ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN pip install --no-cache-dir --no-deps .
RUN groupadd --system --gid 10001 app && useradd --system --uid 10001 --gid app --no-log-init --create-home app
USER 10001:10001
ENTRYPOINT [\"./run-server.sh\"]
";
    let tree = repository("#!/bin/sh\nset -e\nexec python -m app\n", Kind::Executable)
        .with("requirements.txt", "flask==3.1.0\n")
        .with(".dockerignore", ".git\n.venv\n__pycache__\n.env\n");
    let report = run(text, &tree);
    assert!(report.findings.is_empty(), "{:#?}", said(&report));
    let files: Vec<Named> = vec![("Dockerfile".into(), Source::new(text))];
    let around = lint_repository(&files, &tree, &settings());
    assert!(around.iter().all(|report| report.findings.is_empty()), "{around:#?}");
}

/// The first version of the build script, with lines put before the build.
fn first_script(set: &str, login: &str) -> String {
    format!(
        "#!/usr/bin/env bash\n\n#\n# Ver 1.\n#\n\n{set}test.py\n{login}docker build -t my_image:latest .\ndocker push my_image:latest\n"
    )
}

const STRICT: &str = "set -euxo pipefail\n\n";

const SECOND_SCRIPT: &str = "\
#!/usr/bin/env bash

#
# Ver 2.
#

set -euxo pipefail

GIT_BRANCH=$(git rev-parse --abbrev-ref HEAD)

docker build -t \"my_image:$GIT_BRANCH\" .
docker push \"my_image:$GIT_BRANCH\"
";

/// What is said about a build script: rules in order of place; and the script with all suggestions.
fn script(text: &str) -> (Vec<&'static str>, String) {
    let dockerfile = "FROM debian:trixie-slim\nUSER 1000\nCMD [\"true\"]\n";
    let tree = MemoryTree::complete().with("build.sh", text).with("Dockerfile", dockerfile);
    let files: Vec<Named> = vec![("Dockerfile".into(), Source::new(dockerfile))];
    let reports = lint_repository(&files, &tree, &settings());
    let of_script = reports.iter().filter(|report| report.path == "build.sh");
    let rules = of_script.flat_map(|report| &report.findings).map(|finding| finding.rule).collect();
    let (changed, _, _) = fix_repository(&files, &tree, &settings(), true);
    (rules, changed.get(Utf8Path::new("build.sh")).cloned().unwrap_or_default())
}

#[test]
fn the_first_build_script() {
    let (said, fixed) = script(&first_script(STRICT, ""));
    assert_eq!(said, ["push-without-smoke-test", "mutable-tag-only"]);
    assert!(
        fixed.ends_with(
            "docker build -t my_image:latest -t \"my_image:$(git rev-parse --short HEAD)\" .\n\
             docker push my_image:latest\n\
             docker push \"my_image:$(git rev-parse --short HEAD)\"\n"
        ),
        "{fixed}"
    );

    let (said, fixed) = script(&first_script(STRICT, "docker login -u ci -p \"$TOKEN\"\n"));
    assert_eq!(said, ["secret-in-trace", "push-without-smoke-test", "mutable-tag-only"]);
    assert!(fixed.contains("\ndocker login -u ci --password-stdin <<<\"$TOKEN\"\n"), "{fixed}");

    let (said, fixed) = script(&first_script("", ""));
    assert_eq!(said, ["build-script-not-strict", "push-without-smoke-test", "mutable-tag-only"]);
    assert!(fixed.starts_with("#!/usr/bin/env bash\nset -euo pipefail\n"), "{fixed}");
}

#[test]
fn the_second_build_script() {
    let (said, fixed) = script(SECOND_SCRIPT);
    assert_eq!(said, ["branch-tag-unsafe", "push-without-smoke-test", "mutable-tag-only"]);
    assert!(
        fixed.ends_with(
            "GIT_BRANCH=\"${GITHUB_HEAD_REF:-${GITHUB_REF_NAME:-$(git rev-parse --abbrev-ref HEAD)}}\"\n\
             TAG=\"${GIT_BRANCH//[^A-Za-z0-9_.-]/-}\"\n\n\
             docker build -t \"my_image:$TAG\" -t \"my_image:$(git rev-parse --short HEAD)\" .\n\
             docker push \"my_image:$TAG\"\n\
             docker push \"my_image:$(git rev-parse --short HEAD)\"\n"
        ),
        "{fixed}"
    );
}

/// With requirements and a base whose language lives on, all suggestions together give what an expert would write.
#[test]
fn all_suggestions_together() {
    let text = "\
FROM python:3.13-slim-bookworm
COPY . .
RUN pip install -r requirements.txt
ENTRYPOINT [\"./run-server.sh\"]
";
    let mut tree = MemoryTree::complete()
        .with("requirements.txt", "flask==3.1.0\n")
        .with("app/__init__.py", "")
        .with(".dockerignore", ".git\n.venv\n__pycache__\n.env\n");
    tree.insert("run-server.sh".into(), Kind::File, Some("#!/bin/sh\nset -e\npython -m app\n".into()));
    let result = fix(Utf8Path::new("Dockerfile"), &Source::new(text), &tree, &settings(), true);
    let fixed = result.files.get(Utf8Path::new("Dockerfile")).map_or("", String::as_str);
    let left: Vec<&str> = result.report.findings.iter().map(|finding| finding.rule).collect();
    assert!(left.is_empty(), "{left:?}\n{fixed}");
    let order = [
        "FROM python:3.13-slim-trixie\n",
        "WORKDIR /app\n",
        "COPY requirements.txt ./\n",
        "RUN pip install --no-cache-dir -r requirements.txt\n",
        "COPY . .\n",
        "USER 10001:10001\n",
        "ENTRYPOINT [\"./run-server.sh\"]\n",
    ];
    let mut from = 0;
    for line in order {
        let at = fixed.get(from..).and_then(|rest| rest.find(line));
        assert!(at.is_some(), "{line:?} is not in its place in\n{fixed}");
        from += at.unwrap_or(0) + line.len();
    }
    assert!(fixed.contains("PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1"), "{fixed}");
}
