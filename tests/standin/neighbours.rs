//! Changes whose consequence lies on lines, or in Dockerfiles, that nobody touched.

use super::lab::{Github, Repo, Run};
use super::{Case, comments, ensure, list, no_violations};
use libtest_mimic::Failed;
use serde_json::Value;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("neighbours::a_removed_ignore_line", a_removed_ignore_line),
    ("neighbours::a_removed_ignore_file", a_removed_ignore_file),
    ("neighbours::a_script_that_loses_exec", a_script_that_loses_exec),
    ("neighbours::a_script_that_loses_its_mode", a_script_that_loses_its_mode),
    ("neighbours::a_deleted_user_and_a_bumped_base", a_deleted_user_and_a_bumped_base),
    ("neighbours::a_workflow_alone", a_workflow_alone),
    ("neighbours::a_renamed_dockerfile_beside_its_script", a_renamed_dockerfile_beside_its_script),
    ("neighbours::the_base_branch_has_moved_on", the_base_branch_has_moved_on),
    ("neighbours::a_monorepo", a_monorepo),
    ("neighbours::another_dockerfile_than_the_changed_one", another_dockerfile_than_the_changed_one),
    ("neighbours::a_manifest_without_any_dockerfile", a_manifest_without_any_dockerfile),
    ("neighbours::what_is_reported_of_a_neighbour", what_is_reported_of_a_neighbour),
    ("neighbours::more_neighbours_than_are_looked_at", more_neighbours_than_are_looked_at),
];

const NODE: &str = "FROM node:24-trixie-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\n\
                    RUN npm ci && npm cache clean --force\nCOPY . .\nENV NODE_ENV=production\nUSER node\n\
                    CMD [\"node\", \"server.js\"]\n";

const SHELL: &str = "FROM debian:trixie-slim\nRUN useradd --uid 10001 app\nCOPY entrypoint.sh /entrypoint.sh\n\
                     # one\n# two\n# three\n# four\nUSER 10001\nENTRYPOINT [\"/entrypoint.sh\"]\nCMD [\"/srv/serve\"]\n";

const START: &str = "#!/bin/sh\nset -e\necho starting\nexec \"$@\"\n";

fn node(repo: &Repo, dir: &str) {
    let at = |name: &str| format!("{dir}{name}");
    repo.write(&at("Dockerfile"), NODE);
    repo.write(&at(".dockerignore"), ".git\n**/node_modules\n");
    repo.write(&at("package.json"), "{\"name\": \"x\", \"version\": \"1.0.0\"}\n");
    repo.write(&at("package-lock.json"), "{\"name\": \"x\", \"lockfileVersion\": 3, \"packages\": {}}\n");
    repo.write(&at("server.js"), "1\n");
}

fn set_mode(repo: &Repo, path: &str, executable: bool) {
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", if executable { "--chmod=+x" } else { "--chmod=-x" }, path]);
}

/// Commits what is staged, modes included.
fn commit(repo: &Repo, message: &str) {
    repo.git(&["commit", "-q", "--allow-empty", "-m", message]);
}

/// Rule and path of each inline comment.
fn said(github: &Github) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut out = Vec::new();
    for comment in comments(github) {
        let body = text(&comment["body"]);
        for line in body.lines().filter(|line| line.contains("** · `")) {
            let rule = line.split('`').nth(1).unwrap_or("");
            out.push((rule.to_owned(), text(&comment["path"])));
        }
    }
    out.sort();
    out
}

/// The one review's body.
fn body(github: &Github) -> String {
    list(&github.state(), "reviews").iter().filter_map(|review| review["body"].as_str()).collect()
}

/// One review within the budget, and nothing more to say the second time.
fn settled(github: &Github, run: &Run) -> Result<(), Failed> {
    ensure(list(&github.state(), "reviews").len() == 1, || format!("{}\n{}", run.all(), run.summary))?;
    ensure(github.requests() <= 4, || format!("{} requests\n{}", github.requests(), run.all()))?;
    let (before, number) = (github.requests(), comments(github).len());
    let second = github.review(&["--fail-on", "never"]);
    ensure(second.output("comments-posted") == "0" && comments(github).len() == number, || {
        format!("said twice: {}", second.all())
    })?;
    ensure(list(&github.state(), "reviews").len() == 1, || second.all())?;
    ensure(github.requests() - before <= 3, || format!("{} more requests", github.requests() - before))?;
    no_violations(github)
}

fn a_removed_ignore_line() -> Result<(), Failed> {
    let repo = Repo::new();
    node(&repo, "");
    repo.commit("base");
    repo.write(".dockerignore", ".git\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.output("findings") == "1", || format!("{}\n{}", run.all(), run.summary))?;
    ensure(said(&github) == [("dockerignore-incomplete".into(), ".dockerignore".into())], || {
        format!("{:?}\n{}", said(&github), body(&github))
    })?;
    let text = comments(&github)[0]["body"].as_str().unwrap_or("").to_owned();
    ensure(text.contains("`Dockerfile:5`") && text.contains("```suggestion"), || text.clone())?;
    ensure(!body(&github).contains("older"), || body(&github))?;
    settled(&github, &run)
}

fn a_removed_ignore_file() -> Result<(), Failed> {
    let repo = Repo::new();
    node(&repo, "");
    repo.commit("base");
    repo.remove(".dockerignore");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    // A file that is gone has no line in the head: the body has it.
    ensure(run.output("findings") == "1" && said(&github).is_empty(), || run.all())?;
    let body = body(&github);
    ensure(body.contains("dockerignore-incomplete") && body.contains("`Dockerfile:5`"), || body.clone())?;
    settled(&github, &run)
}

fn a_script_that_loses_exec() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("Dockerfile", SHELL);
    repo.write("entrypoint.sh", START);
    set_mode(&repo, "entrypoint.sh", true);
    commit(&repo, "base");
    repo.write("entrypoint.sh", &START.replace("exec ", ""));
    set_mode(&repo, "entrypoint.sh", true);
    commit(&repo, "head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(said(&github) == [("entrypoint-without-exec".into(), "entrypoint.sh".into())], || {
        format!("{:?}\n{}\n{}", said(&github), run.all(), run.summary)
    })?;
    let posted = comments(&github);
    ensure(posted[0]["line"] == 4, || posted[0].to_string())?;
    ensure(posted[0]["body"].as_str().is_some_and(|body| body.contains("`Dockerfile:9`")), || {
        posted[0].to_string()
    })?;
    settled(&github, &run)
}

fn a_script_that_loses_its_mode() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("docker/Dockerfile", &SHELL.replace("COPY entrypoint.sh", "COPY docker/entrypoint.sh"));
    repo.write("docker/entrypoint.sh", START);
    repo.write("Makefile", "image:\n\tdocker build -f docker/Dockerfile .\n");
    set_mode(&repo, "docker/entrypoint.sh", true);
    commit(&repo, "base");
    set_mode(&repo, "docker/entrypoint.sh", false);
    commit(&repo, "head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    let body = body(&github);
    ensure(body.contains("entrypoint-not-executable") && body.contains("`docker/Dockerfile:9`"), || {
        format!("{}\n{}\n{body}", run.all(), run.summary)
    })?;
    settled(&github, &run)
}

fn a_deleted_user_and_a_bumped_base() -> Result<(), Failed> {
    let repo = Repo::new();
    let text = SHELL.replace("trixie-slim", "bookworm-slim");
    repo.write("Dockerfile", &text);
    repo.write("entrypoint.sh", START);
    set_mode(&repo, "entrypoint.sh", true);
    commit(&repo, "base");
    repo.write("Dockerfile", &text.replace("USER 10001\n", "").replace("bookworm-slim", "buster-slim"));
    set_mode(&repo, "entrypoint.sh", true);
    commit(&repo, "head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    let rules: Vec<String> = said(&github).into_iter().map(|(rule, _)| rule).collect();
    for rule in ["run-as-root", "base-end-of-life"] {
        ensure(rules.iter().any(|said| said == rule), || format!("{rule} not in {rules:?}\n{}", run.all()))?;
    }
    settled(&github, &run)
}

const WORKFLOW: &str = "on: push\njobs:\n  image:\n    runs-on: ubuntu-24.04\n    steps:\n      \
                        - uses: actions/checkout@v4\n      - uses: docker/build-push-action@v6\n        \
                        with:\n          context: app\n          push: true\n          tags: octo/shop:1\n";

fn a_workflow_alone() -> Result<(), Failed> {
    let repo = Repo::new();
    node(&repo, "app/");
    repo.write("app/Dockerfile", &NODE.replace("RUN npm", "ARG NPM_TOKEN\nRUN npm"));
    repo.write(".github/workflows/image.yml", WORKFLOW);
    repo.commit("base");
    let args = "          build-args: |\n            NPM_TOKEN=${{ secrets.NPM_TOKEN }}\n";
    repo.write(".github/workflows/image.yml", &format!("{WORKFLOW}{args}"));
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(said(&github) == [("secret-in-build-args".into(), ".github/workflows/image.yml".into())], || {
        format!("{:?}\n{}\n{}", said(&github), run.all(), run.summary)
    })?;
    settled(&github, &run)
}

fn a_renamed_dockerfile_beside_its_script() -> Result<(), Failed> {
    let repo = Repo::new();
    // What the script does wrong was there before.
    repo.write("Dockerfile", SHELL);
    repo.write("entrypoint.sh", &START.replace("exec ", ""));
    set_mode(&repo, "entrypoint.sh", true);
    commit(&repo, "base");
    repo.git(&["mv", "Dockerfile", "web.Dockerfile"]);
    commit(&repo, "head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.code == 0 && run.output("findings") == "0", || format!("{}\n{}", run.all(), run.summary))?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    no_violations(&github)
}

fn the_base_branch_has_moved_on() -> Result<(), Failed> {
    let repo = Repo::new();
    node(&repo, "");
    // One problem in the Dockerfile and one beside it, both old.
    repo.write("Dockerfile", &NODE.replace("COPY . .", "ADD . ."));
    repo.write(".dockerignore", ".git\n");
    repo.commit("base");
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("package.json", "{\"name\": \"x\", \"version\": \"1.0.1\"}\n");
    repo.commit("head");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("Dockerfile", NODE);
    repo.write(".dockerignore", ".git\n**/node_modules\n");
    repo.commit("both are mended meanwhile");
    let github = Github::start(repo, &["--base", "main", "--head", "topic"]);
    let run = github.review(&[]);
    ensure(run.code == 0 && run.output("findings") == "0", || format!("{}\n{}", run.all(), run.summary))?;
    ensure(run.summary.contains("No new problems") && !run.summary.contains("fixed"), || {
        run.summary.clone()
    })?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    no_violations(&github)
}

fn a_monorepo() -> Result<(), Failed> {
    let repo = Repo::new();
    for dir in ["services/api/", "services/web/", "tools/"] {
        node(&repo, dir);
    }
    // An old problem of a neighbour stays its own.
    repo.write("Dockerfile", "FROM debian:buster\nADD services /services\n");
    repo.commit("base");
    repo.write("services/web/.dockerignore", ".git\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    ensure(run.output("findings") == "1", || format!("{}\n{}", run.all(), run.summary))?;
    ensure(
        said(&github) == [("dockerignore-incomplete".into(), "services/web/.dockerignore".into())],
        || format!("{:?}", said(&github)),
    )?;
    let text = comments(&github)[0]["body"].as_str().unwrap_or("").to_owned();
    ensure(text.contains("`services/web/Dockerfile:5`"), || text.clone())?;
    settled(&github, &run)
}

fn another_dockerfile_than_the_changed_one() -> Result<(), Failed> {
    let repo = Repo::new();
    node(&repo, "web/");
    repo.write("api/Dockerfile", SHELL);
    repo.write("api/entrypoint.sh", START);
    set_mode(&repo, "api/entrypoint.sh", true);
    commit(&repo, "base");
    repo.write("web/Dockerfile", &NODE.replace("USER node\n", ""));
    repo.write("api/entrypoint.sh", &START.replace("exec ", ""));
    set_mode(&repo, "api/entrypoint.sh", true);
    commit(&repo, "head");
    let github = Github::start(repo, &[]);
    let run = github.review(&["--fail-on", "never"]);
    let said = said(&github);
    for one in [("entrypoint-without-exec", "api/entrypoint.sh"), ("run-as-root", "web/Dockerfile")] {
        ensure(said.iter().any(|(rule, path)| (rule.as_str(), path.as_str()) == one), || {
            format!("{one:?} not in {said:?}\n{}", run.summary)
        })?;
    }
    settled(&github, &run)
}

fn a_manifest_without_any_dockerfile() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("web/package.json", "{\"name\": \"x\"}\n");
    repo.commit("base");
    repo.write("web/package.json", "{\"name\": \"y\"}\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.code == 0 && run.stderr.contains("nothing that concerns an image changed"), || run.all())?;
    ensure(github.requests() <= 3, || format!("{} requests", github.requests()))?;
    ensure(list(&github.state(), "reviews").is_empty(), || "a review was posted".to_owned())?;
    no_violations(&github)
}

fn what_is_reported_of_a_neighbour() -> Result<(), Failed> {
    let start = || {
        let repo = Repo::new();
        node(&repo, "");
        // Old: ADD on a line that nobody changes, and on one that changes.
        repo.write("old.Dockerfile", "FROM debian:trixie-slim\nADD server.js /a\nUSER 10001\n");
        repo.write(
            "own.Dockerfile",
            "FROM debian:trixie-slim\nADD server.js /a\nRUN true\nADD server.js /b\nUSER 10001\n",
        );
        repo.commit("base");
        repo.write(
            "own.Dockerfile",
            "FROM debian:trixie-slim\nADD server.js /a\nRUN true\nADD  server.js /b\nUSER 10001\n",
        );
        repo.write(".dockerignore", ".git\n");
        repo.commit("head");
        Github::start(repo, &[])
    };
    let places = |run: &Run| -> Vec<String> {
        let rows = run.summary.lines().filter(|line| line.contains("add-instead-of-copy"));
        rows.filter_map(|row| row.split('`').nth(1)).map(ToOwned::to_owned).collect()
    };
    for (mode, expected) in [
        ("introduced", &[] as &[&str]),
        ("changed-lines", &["own.Dockerfile:4"]),
        ("all", &["own.Dockerfile:2", "own.Dockerfile:4"]),
    ] {
        let github = start();
        let run = github.review(&["--fail-on", "never", "--report", mode]);
        ensure(places(&run) == expected, || format!("{mode}: {:?}\n{}", places(&run), run.summary))?;
        ensure(run.summary.contains("dockerignore-incomplete"), || format!("{mode}: {}", run.summary))?;
        no_violations(&github)?;
    }
    Ok(())
}

fn more_neighbours_than_are_looked_at() -> Result<(), Failed> {
    let repo = Repo::new();
    repo.write("go.mod", "module x\n\ngo 1.24\n");
    for number in 0..25 {
        repo.write(&format!("{number:02}.Dockerfile"), "FROM debian:trixie-slim\nUSER 10001\n");
    }
    repo.commit("base");
    repo.write("go.mod", "module x\n\ngo 1.25\n");
    repo.commit("head");
    let github = Github::start(repo, &[]);
    let run = github.review(&[]);
    ensure(run.code == 0 && run.output("findings") == "0", || run.all())?;
    ensure(run.stderr.contains("concern 25 Dockerfiles"), || run.all())?;
    ensure(github.requests() <= 5, || format!("{} requests", github.requests()))?;
    no_violations(&github)
}
