//! What the talk says, statement by statement, and where Tidewaiter says it: each row is a small repository in which
//! a statement is not heeded, with the rule that has to speak and its place.

use super::settings;
use camino::Utf8Path;
use std::fmt::Write as _;
use tidewaiter::lint::{Named, lint, lint_repository};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::Source;

/// Section of the talk, statement, files, and what must be said: rule, file, line.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str, u32)],
);

const OK: &str =
    "FROM python:3.13-slim-trixie\nWORKDIR /app\nCOPY app.py ./\nUSER 1000\nCMD [\"python\", \"app.py\"]\n";

const ROWS: &[Row] = &[
    (
        "1",
        "a base that is still maintained",
        &[("Dockerfile", "FROM python:3.9-slim-buster\nRUN apt-get update && apt-get install -y libpq5\n")],
        &[("base-end-of-life", "Dockerfile", 1), ("archived-release", "Dockerfile", 2)],
    ),
    (
        "1",
        "the copied repository has a folder of its own, and only what belongs into the image",
        &[
            ("Dockerfile", "FROM python:3.13-slim-trixie\nCOPY . .\n"),
            (".git/HEAD", "ref: x\n"),
            (".env", "A=b\n"),
        ],
        &[("copy-into-root", "Dockerfile", 2), ("dockerignore-incomplete", "Dockerfile", 2)],
    ),
    (
        "1",
        "the start script can be started, and hands signals on",
        &[
            (
                "Dockerfile",
                "FROM debian:trixie-slim\nWORKDIR /app\nCOPY run.sh ./\nUSER 1000\nENTRYPOINT [\"./run.sh\"]\n",
            ),
            ("run.sh", "#!/bin/sh\r\nset -e\r\nserver\r\n"),
        ],
        &[("entrypoint-cannot-start", "Dockerfile", 5)],
    ),
    (
        "2",
        "not as root, with the rights that are needed and no more",
        &[
            (
                "Dockerfile",
                "FROM debian:trixie-slim\nCOPY app /srv/app\nRUN chmod -R 777 /srv\nCMD [\"/srv/app\"]\n",
            ),
            ("compose.yaml", "services:\n  app:\n    build: .\n    privileged: true\n"),
        ],
        &[
            ("world-writable", "Dockerfile", 3),
            ("run-as-root", "Dockerfile", 4),
            ("privileged-container", "compose.yaml", 4),
        ],
    ),
    (
        "2",
        "secrets are in no layer, no argument and no copied file",
        &[
            (
                "Dockerfile",
                "FROM debian:trixie-slim\nENV DB_PASSWORD=hunter2hunter2\nCOPY .env /srv/.env\nUSER 1000\nCMD [\"true\"]\n",
            ),
            (".env", "DB_PASSWORD=hunter2hunter2\n"),
            (
                ".github/workflows/image.yml",
                "on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          build-args: |\n            NPM_TOKEN=${{ secrets.NPM_TOKEN }}\n",
            ),
        ],
        &[
            ("secret-in-env-arg", "Dockerfile", 2),
            ("secret-file-copied", "Dockerfile", 3),
            ("secret-in-build-args", ".github/workflows/image.yml", 9),
        ],
    ),
    (
        "2",
        "a security update is a new image: rebuilt on a schedule, and updated by a bot",
        &[
            ("Dockerfile", OK),
            ("app.py", "print(1)\n"),
            (
                ".github/workflows/image.yml",
                "on:\n  push:\n    branches: [main]\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: example/app:${{ github.sha }}\n",
            ),
        ],
        &[
            ("updates-not-automated", "Dockerfile", 1),
            ("rebuild-not-scheduled", ".github/workflows/image.yml", 2),
            ("push-without-smoke-test", ".github/workflows/image.yml", 10),
        ],
    ),
    (
        "3",
        "built in CI, not by hand",
        &[
            ("Dockerfile", OK),
            ("app.py", "print(1)\n"),
            (
                ".github/workflows/test.yml",
                "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n",
            ),
        ],
        &[("image-not-built-in-ci", "Dockerfile", 1)],
    ),
    (
        "3",
        "the build script stops at errors, keeps secrets out of the log, and makes tags that are legal and stay",
        &[
            ("Dockerfile", OK),
            (
                "build.sh",
                "#!/usr/bin/env bash\nset -x\ndocker login -u ci -p \"$TOKEN\"\nBRANCH=$(git rev-parse --abbrev-ref HEAD)\ndocker build -t \"app:$BRANCH\" .\ndocker push \"app:$BRANCH\"\n",
            ),
        ],
        &[
            ("build-script-not-strict", "build.sh", 5),
            ("secret-in-trace", "build.sh", 3),
            ("branch-tag-unsafe", "build.sh", 5),
            ("mutable-tag-only", "build.sh", 6),
            ("push-without-smoke-test", "build.sh", 6),
        ],
    ),
    (
        "3",
        "packaging does not hold CI up",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-slim-trixie\nWORKDIR /app\nRUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\nCOPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\nUSER 1000\nCMD [\"python\", \"-V\"]\n",
            ),
            ("requirements.txt", "flask==3.1.0\n"),
            (
                ".github/workflows/image.yml",
                "on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/setup-buildx-action@v3\n      - uses: docker/build-push-action@v6\n        with:\n          tags: example/app:${{ github.sha }}\n",
            ),
        ],
        &[("ci-cache-missing", ".github/workflows/image.yml", 7)],
    ),
    (
        "4",
        "errors are visible: nothing is held back, crashes in C code leave a traceback",
        &[("Dockerfile", OK), ("app.py", "print(1)\n")],
        &[("python-output-buffered", "Dockerfile", 5), ("python-faulthandler-off", "Dockerfile", 5)],
    ),
    (
        "4",
        "it works in the real environment: no development server, no loopback, the exec form",
        &[(
            "Dockerfile",
            "FROM python:3.13-slim-trixie\nRUN pip install --no-cache-dir flask==3.1.0\nEXPOSE 5000\nUSER 1000\nCMD flask run\n",
        )],
        &[
            ("development-server", "Dockerfile", 5),
            ("loopback-bind", "Dockerfile", 5),
            ("shell-form-command", "Dockerfile", 5),
        ],
    ),
    (
        "4",
        "the defaults of the server fit a container",
        &[(
            "Dockerfile",
            "FROM python:3.13-slim-trixie\nRUN pip install --no-cache-dir gunicorn==23.0.0\nUSER 1000\nCMD [\"gunicorn\", \"-b\", \"0.0.0.0:8000\", \"app:app\"]\n",
        )],
        &[("gunicorn-defaults", "Dockerfile", 4)],
    ),
    (
        "5",
        "the base is fixed: version and distribution are named",
        &[
            ("Dockerfile", "FROM python:latest\nUSER 1000\nCMD [\"python\", \"-V\"]\n"),
            ("Dockerfile.os", "FROM python:3.13-slim\nUSER 1000\nCMD [\"python\", \"-V\"]\n"),
        ],
        &[("base-tag-floating", "Dockerfile", 1), ("base-os-implicit", "Dockerfile.os", 1)],
    ),
    (
        "5",
        "dependencies are fixed, and the lock file is used",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-slim-trixie\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\n",
            ),
            ("requirements.txt", "flask\nsqlalchemy\nrequests\n"),
            (
                "Dockerfile.node",
                "FROM node:24-trixie-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm install\n",
            ),
            ("package.json", "{\"name\": \"a\", \"dependencies\": {\"express\": \"^5.1.0\"}}\n"),
            (
                "package-lock.json",
                "{\"name\": \"a\", \"lockfileVersion\": 3, \"packages\": {\"\": {\"dependencies\": {\"express\": \"^5.1.0\"}}, \"node_modules/express\": {\"version\": \"5.1.0\"}}}\n",
            ),
        ],
        &[("dependencies-unpinned", "Dockerfile", 4), ("lockfile-not-used", "Dockerfile.node", 4)],
    ),
    (
        "5",
        "the same build twice gives the same image",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-slim-trixie\nADD https://example.com/tool-latest.tar.gz /opt/\nCOPY pyproject.toml ./\nRUN pip install --no-cache-dir gunicorn\n",
            ),
            ("pyproject.toml", "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.14\"\n"),
        ],
        &[
            ("language-version-mismatch", "Dockerfile", 1),
            ("unverified-download", "Dockerfile", 2),
            ("package-version-unpinned", "Dockerfile", 4),
        ],
    ),
    (
        "6",
        "builds are fast and images small",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-trixie\nWORKDIR /app\nCOPY . .\nRUN apt-get update && apt-get install -y gcc\nRUN pip install -r requirements.txt\nRUN chown -R 1000:1000 /app\nUSER 1000\nCMD [\"python\", \"app.py\"]\n",
            ),
            ("requirements.txt", "flask==3.1.0\n"),
            ("app.py", "print(1)\n"),
        ],
        &[
            ("system-packages-after-copy", "Dockerfile", 4),
            ("build-tools-in-final", "Dockerfile", 4),
            ("recommended-packages", "Dockerfile", 4),
            ("package-cache-left", "Dockerfile", 4),
            ("dependencies-after-copy", "Dockerfile", 5),
        ],
    ),
    (
        "6",
        "Alpine only where all packages have wheels for it",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-alpine3.23\nCOPY requirements.txt /\nRUN pip install --no-cache-dir -r /requirements.txt\n",
            ),
            ("requirements.txt", "scikit-learn==1.6.0\n"),
        ],
        &[("python-on-alpine", "Dockerfile", 1)],
    ),
    (
        "2",
        "the tag is one that is still rebuilt",
        &[("Dockerfile", "FROM node:24-bullseye\nUSER node\nCMD [\"node\", \"-v\"]\n")],
        &[("base-end-of-life", "Dockerfile", 1)],
    ),
    (
        "2",
        "no key is written into the file",
        &[(
            "Dockerfile",
            "FROM debian:trixie-slim\nRUN git clone https://ci:Xk29fJq71LmZ@git.harbour.test/x.git /srv\nUSER 1000\nCMD [\"true\"]\n",
        )],
        &[("secret-literal", "Dockerfile", 2)],
    ),
    (
        "3",
        "a failure in a pipe stops the build",
        &[(
            "Dockerfile",
            "FROM debian:trixie-slim\nRUN curl -fsSL https://example.com/x-1.0.tar.gz | tar -xz -C /opt\nUSER 1000\nCMD [\"true\"]\n",
        )],
        &[("pipe-without-pipefail", "Dockerfile", 2)],
    ),
    (
        "4",
        "starting does not change the database",
        &[(
            "Dockerfile",
            "FROM python:3.13-slim-trixie\nUSER 1000\nCMD [\"sh\", \"-c\", \"python manage.py migrate && exec gunicorn -b 0.0.0.0:8000 app.wsgi\"]\n",
        )],
        &[("migrations-at-start", "Dockerfile", 3)],
    ),
    (
        "5",
        "a digest is moved by somebody",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-slim-trixie@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nUSER 1000\nCMD [\"python\", \"-V\"]\n",
            ),
            (
                ".github/dependabot.yml",
                "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: weekly\n",
            ),
        ],
        &[("updates-not-automated", ".github/dependabot.yml", 2)],
    ),
    (
        "6",
        "nothing is stored twice, and nothing is left over",
        &[
            (
                "Dockerfile",
                "FROM python:3.13-trixie\nRUN apt-get update\nRUN apt-get install -y --no-install-recommends unzip\nRUN curl -fsSLO https://example.com/x-1.0.zip && unzip x-1.0.zip -d /opt\nWORKDIR /app\nCOPY app ./\nRUN chown -R 1000:1000 /app\nUSER 1000\nCMD [\"python\", \"app.py\"]\n",
            ),
            ("app/app.py", "print(1)\n"),
        ],
        &[("update-without-install", "Dockerfile", 2), ("temporary-files-left", "Dockerfile", 4)],
    ),
    (
        "6",
        "the base holds what the program needs, and no more",
        &[(
            "Dockerfile",
            "FROM python:3.13-trixie\nWORKDIR /app\nCOPY app.py ./\nUSER 1000\nCMD [\"python\", \"app.py\"]\n",
        )],
        &[("base-variant-full", "Dockerfile", 1)],
    ),
    (
        "extra",
        "what is built in one stage fits the one it is copied to",
        &[(
            "Dockerfile",
            "FROM python:3.12-slim-trixie AS build\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir flask==3.1.0\nFROM python:3.13-slim-trixie\nCOPY --from=build /opt/venv /opt/venv\nUSER 1000\nCMD [\"/opt/venv/bin/flask\", \"--version\"]\n",
        )],
        &[("mixed-base-versions", "Dockerfile", 4)],
    ),
];

#[test]
fn every_statement_is_made_at_its_place() {
    let mut missing = String::new();
    for (section, statement, files, must) in ROWS {
        let mut tree = MemoryTree::complete();
        for (path, text) in *files {
            tree = tree.with(path, text);
        }
        let dockerfiles: Vec<Named> = files
            .iter()
            .filter(|(path, _)| path.starts_with("Dockerfile"))
            .map(|(path, text)| ((*path).into(), Source::new(*text)))
            .collect();
        let mut said: Vec<(&str, String, u32)> = Vec::new();
        let own = dockerfiles.iter().map(|(path, source)| lint(path, source, &tree, &settings()));
        for report in own.chain(lint_repository(&dockerfiles, &tree, &settings())) {
            let place = |span: tidewaiter::text::Span| report.source.position(span.start).line;
            said.extend(report.findings.iter().map(|f| (f.rule, f.path.to_string(), place(f.span))));
        }
        for (rule, path, line) in *must {
            let wanted = (*rule, Utf8Path::new(path).to_string(), *line);
            if !said.contains(&wanted) {
                let _ = writeln!(missing, "{section}, {statement}: {wanted:?} is not in {said:?}");
            }
        }
    }
    assert!(missing.is_empty(), "{missing}");
}
