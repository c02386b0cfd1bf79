//! How many requests a run takes. GitHub gives a job's token a thousand an hour for the whole repository.

use super::lab::{Github, Repo};
use super::{Case, comments, ensure, list, no_violations};
use libtest_mimic::Failed;
use serde_json::Value;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("economy::one_dockerfile", one_dockerfile),
    ("economy::twenty_dockerfiles", twenty_dockerfiles),
    ("economy::thirty_findings_are_one_write", thirty_findings_are_one_write),
    ("economy::by_hand_without_an_event", by_hand_without_an_event),
];

/// Requests that change something.
fn writes(github: &Github) -> usize {
    let traffic = github.control("GET", "traffic", "");
    let writes = |request: &&Value| {
        let graphql = request["path"].as_str().is_some_and(|path| path.ends_with("/graphql"));
        request["method"] != "GET" && (!graphql || request["request"].to_string().contains("mutation"))
    };
    list(&traffic, "requests").iter().filter(writes).count()
}

/// Runs twice: the first review and the run without news.
fn twice(github: &Github, first: usize, again: usize) -> Result<(), Failed> {
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.code == 0 && list(&github.state(), "reviews").len() == 1, || run.all())?;
    let paths = || {
        let traffic = github.control("GET", "traffic", "");
        let line = |r: &Value| format!("{} {}", r["method"], r["path"]);
        list(&traffic, "requests").iter().map(line).collect::<Vec<_>>().join("\n")
    };
    ensure(github.requests() <= first, &paths)?;
    ensure(writes(github) == 1, &paths)?;
    no_violations(github)?;
    github.control("POST", "reset-traffic", "{}");
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.code == 0 && run.stderr.contains("nothing posted"), || run.all())?;
    ensure(github.requests() <= again && writes(github) == 0, &paths)?;
    no_violations(github)
}

fn one_dockerfile() -> Result<(), Failed> {
    twice(&Github::start(Repo::example(), &[]), 4, 3)
}

/// Services of four kinds, each with what the rules look at: ignore files, manifests, lock files, start scripts
/// and what these start.
fn services(repo: &Repo, number: usize) {
    for service in 0..number {
        let folder = format!("services/s{service:02}");
        let write = |name: &str, text: &str| repo.write(&format!("{folder}/{name}"), text);
        let dockerfile = match service % 4 {
            0 => {
                write("requirements.txt", "flask==3.0.0\n");
                write("start.sh", "#!/bin/sh\nexec python -m src.app\n");
                write("src/__init__.py", "");
                write("src/app.py", "print(1)\n");
                "FROM python:3.13-slim\nWORKDIR /app\nCOPY requirements.txt start.sh ./\nRUN pip install -r \
                 requirements.txt\nCOPY . .\nUSER 1000\nENTRYPOINT [\"/app/start.sh\"]\n"
            }
            1 => {
                write("package.json", r#"{"name": "x", "scripts": {"start": "node src/index.js"}}"#);
                write("package-lock.json", r#"{"name": "x", "lockfileVersion": 3, "packages": {}}"#);
                write("src/index.js", "console.log(1)\n");
                write(".dockerignore", "node_modules\n");
                "FROM node:22-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n\
                 USER node\nCMD [\"npm\", \"start\"]\n"
            }
            2 => {
                write("go.mod", "module x\n");
                write("go.sum", "");
                write("cmd/app/main.go", "package main\n");
                write("docker-entrypoint.sh", "#!/bin/sh\n. /lib.sh\nexec \"$@\"\n");
                write("lib.sh", "x=1\n");
                "FROM golang:1.25 AS build\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n\
                 RUN go build -o /app ./cmd/app\nFROM debian:13-slim\nCOPY --from=build /app /app\n\
                 COPY docker-entrypoint.sh lib.sh /\nENTRYPOINT [\"/docker-entrypoint.sh\"]\nCMD [\"/app\"]\n"
            }
            _ => {
                write("pom.xml", "<project/>\n");
                write("run.sh", "#!/bin/sh\nexec java -jar /app.jar\n");
                "FROM maven:3-eclipse-temurin-21 AS build\nWORKDIR /src\nCOPY pom.xml .\nCOPY src src\n\
                 RUN mvn -B package\nFROM eclipse-temurin:21-jre\nCOPY --from=build /src/target/app.jar /app.jar\n\
                 COPY run.sh /run.sh\nUSER 1000\nCMD [\"/run.sh\"]\n"
            }
        };
        write("Dockerfile", dockerfile);
    }
}

fn twenty_dockerfiles() -> Result<(), Failed> {
    let repo = Repo::new();
    services(&repo, 20);
    repo.commit("base");
    for service in 0..20 {
        let path = format!("services/s{service:02}/Dockerfile");
        let text = std::fs::read_to_string(repo.path().join(&path))?;
        repo.write(
            &path,
            &format!("{text}ENV API_TOKEN=hw-live-7c41e09ab26d4f{service:02}\nADD more.txt /more.txt\n"),
        );
        repo.write(&format!("services/s{service:02}/more.txt"), "1\n");
    }
    repo.commit("head");
    twice(&Github::start(repo, &[]), 4, 3)
}

fn thirty_findings_are_one_write() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM debian:13\nUSER 1000\n");
    repo.commit("base");
    let secrets = (10..40)
        .map(|n| format!("ENV SERVICE_{n}_API_TOKEN=hw-live-7c41e09ab26d4f{n}\n"))
        .collect::<Vec<_>>()
        .concat();
    repo.write("Dockerfile", &format!("FROM debian:13\n{secrets}USER 1000\n"));
    repo.commit("head");
    let github = Github::start(repo, &[]);
    twice(&github, 4, 3)?;
    ensure(comments(&github).len() == 30, || format!("{} comments", comments(&github).len()))
}

fn by_hand_without_an_event() -> Result<(), Failed> {
    let options = ["--event", "workflow_dispatch", "--input", "pull-request=7"];
    twice(&Github::start(Repo::example(), &options), 5, 4)
}
