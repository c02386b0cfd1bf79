//! A repository, a GitHub that is played by the stand-in, and runs of the binary against it.

use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// The token of every run.
const TOKEN: &str = "the-token-of-the-run";

/// Where the stand-in is installed; `None` where there is none.
pub(crate) fn standin() -> Option<PathBuf> {
    std::env::var_os("TIDEWAITER_STANDIN").map(PathBuf::from)
}

/// The example's folder: `before` or `after`.
pub(crate) fn example(side: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example").join(side)
}

thread_local! {
    static ENTERPRISE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a case with stand-ins that play an enterprise server.
pub(crate) fn on_enterprise_server<T>(case: impl FnOnce() -> T) -> T {
    ENTERPRISE.set(true);
    let result = case();
    ENTERPRISE.set(false);
    result
}

/// A git repository in a temporary folder.
pub(crate) struct Repo {
    pub(crate) dir: TempDir,
}

impl Repo {
    pub(crate) fn new() -> Self {
        let repo = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// The example before and after its pull request, as two commits.
    pub(crate) fn example() -> Self {
        let repo = Self::new();
        repo.take(&example("before"));
        repo.commit("base");
        repo.take(&example("after"));
        repo.commit("head");
        repo
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false"])
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Makes the work tree a copy of a folder.
    pub(crate) fn take(&self, from: &Path) {
        for entry in fs::read_dir(self.path()).expect("readable").filter_map(Result::ok) {
            if entry.file_name() == ".git" {
                continue;
            }
            if entry.path().is_dir() {
                fs::remove_dir_all(entry.path()).expect("removable");
            } else {
                fs::remove_file(entry.path()).expect("removable");
            }
        }
        copy(from, self.path());
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
        fs::write(path, text).expect("writable");
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).expect("removable");
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("readable").filter_map(Result::ok) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied with its mode");
        }
    }
}

/// A running stand-in.
pub(crate) struct Github {
    child: Child,
    port: u16,
    files: TempDir,
    /// Read by the stand-in as long as it runs.
    _repo: Repo,
}

impl Drop for Github {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run of the binary gave.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) outputs: String,
    pub(crate) summary: String,
}

impl Run {
    /// The value of a step output.
    pub(crate) fn output(&self, name: &str) -> &str {
        let line = self.outputs.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no output `{name}` in:\n{}\n{}", self.outputs, self.stderr))
    }

    /// Everything, for messages.
    pub(crate) fn all(&self) -> String {
        format!("exit {}\n{}\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Github {
    /// Starts the stand-in for the last two commits of a repository.
    pub(crate) fn start(repo: Repo, options: &[&str]) -> Self {
        let folder = standin().expect("the suite runs with a stand-in only");
        let files = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new("node")
            .arg(folder.join("server.mjs"))
            .args(["--base", "HEAD~1", "--head", "HEAD", "--repo"])
            .arg(repo.path())
            .arg("--event-out")
            .arg(files.path().join("event.json"))
            .arg("--env-out")
            .arg(files.path().join("env"))
            .args(options)
            .args(ENTERPRISE.get().then_some("--ghes"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let port = line.trim().rsplit(':').next().and_then(|p| p.parse().ok());
        let port = port.unwrap_or_else(|| panic!("the stand-in said {line:?}"));
        Self { child, port, files, _repo: repo }
    }

    /// Whether it plays an enterprise server.
    pub(crate) fn is_enterprise(&self) -> bool {
        self.environment().iter().any(|(name, value)| name == "GITHUB_API_URL" && value.ends_with("/api/v3"))
    }

    /// Asks the control plane.
    pub(crate) fn control(&self, method: &str, path: &str, body: &str) -> Value {
        self.request(method, &format!("/_control/{path}"), body)
    }

    /// Sends a request of its own, with the token of the run.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Value {
        let path = match path.strip_prefix("/graphql") {
            Some(_) if self.is_enterprise() => "/api/graphql".to_owned(),
            None if path.starts_with("/repos/") && self.is_enterprise() => format!("/api/v3{path}"),
            _ => path.to_owned(),
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the stand-in listens");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: lab\r\n\
             Authorization: Bearer {TOKEN}\r\nAccept: application/vnd.github+json\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8(answer).expect("UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            unchunk(body)
        } else {
            body.to_owned()
        };
        assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {head}\n{body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"))
    }

    pub(crate) fn state(&self) -> Value {
        self.control("GET", "state", "")
    }

    /// Requests to the API so far.
    pub(crate) fn requests(&self) -> usize {
        let traffic = self.control("GET", "traffic", "");
        let list = traffic.as_array().or_else(|| traffic["requests"].as_array());
        list.map_or_else(|| panic!("{traffic}"), Vec::len)
    }

    /// Kinds of the violations so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        let found = self.control("GET", "violations", "");
        let list = found.as_array().or_else(|| found["violations"].as_array());
        let list = list.unwrap_or_else(|| panic!("{found}"));
        list.iter().map(|v| format!("{}: {v}", v["kind"].as_str().unwrap_or("?"))).collect()
    }

    /// The environment of a workflow run, as the stand-in gives it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.files.path().join("env")).expect("written");
        text.lines()
            .filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
            .collect()
    }

    /// Runs `tidewaiter review` as a workflow would.
    pub(crate) fn review(&self, arguments: &[&str]) -> Run {
        self.review_with(arguments, &[])
    }

    /// The same with other variables; an empty value removes one.
    pub(crate) fn review_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        self.review_in(self.files.path(), &[], arguments, variables)
    }

    /// The same in another folder, and with a command before the binary's name.
    pub(crate) fn review_in(
        &self,
        folder: &Path,
        before: &[&str],
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Run {
        let (output, summary) = (self.files.path().join("output"), self.files.path().join("summary"));
        let _ = fs::remove_file(&output);
        let _ = fs::remove_file(&summary);
        let mut words = before.iter().copied().chain([env!("CARGO_BIN_EXE_tidewaiter")]);
        let mut command = Command::new(words.next().expect("the binary at least"));
        command
            .args(words)
            .args(["review", "--today", "2026-11-24"])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(self.environment())
            .env("GITHUB_TOKEN", TOKEN)
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", &summary);
        for (name, value) in variables {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let Output { status, stdout, stderr } = command.output().expect("the binary runs");
        let run = Run {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            outputs: fs::read_to_string(output).unwrap_or_default(),
            summary: fs::read_to_string(summary).unwrap_or_default(),
        };
        let told = [&run.stdout, &run.stderr, &run.outputs, &run.summary];
        assert!(told.iter().all(|text| !text.contains(TOKEN)), "the token is printed");
        run
    }

    /// A folder for files of the test.
    pub(crate) fn folder(&self) -> &Path {
        self.files.path()
    }
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { break };
        if size == 0 {
            break;
        }
        out.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    out
}
