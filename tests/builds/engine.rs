//! The Docker engine, through its command line.

use libtest_mimic::Failed;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a container may take until it answers.
const START: Duration = Duration::from_secs(30);

/// How long `docker stop` waits before it kills.
const GRACE: Duration = Duration::from_secs(10);

/// An engine that is reached through a socket.
#[derive(Clone)]
pub(crate) struct Engine {
    host: String,
}

/// One instruction of a build.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// As BuildKit names it: `RUN pip install …`.
    pub(crate) text: String,
    /// Taken from the cache.
    pub(crate) cached: bool,
}

/// A finished build.
pub(crate) struct Built {
    pub(crate) steps: Vec<Step>,
    pub(crate) took: Duration,
    pub(crate) log: String,
}

/// A container, removed at the end.
pub(crate) struct Container<'a> {
    engine: &'a Engine,
    id: String,
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let _ = self.engine.command(["rm", "--force", "--volumes", &self.id]).output();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

impl Engine {
    /// The engine that `TIDEWAITER_DOCKER_HOST` names; `None` where none is named.
    pub(crate) fn named() -> Option<Self> {
        let host = std::env::var_os("TIDEWAITER_DOCKER_HOST").filter(|host| !host.is_empty())?;
        Some(Self { host: host.into_string().expect("UTF-8") })
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", &self.host).env("DOCKER_BUILDKIT", "1").args(arguments);
        command
    }

    /// Runs docker, and gives what it wrote on its standard output.
    pub(crate) fn docker(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<String, Failed> {
        let mut command = self.command(arguments);
        let output = command.output()?;
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(format!("{command:?}: {}\n{}", text(&output.stdout), text(&output.stderr)).into())
    }

    /// Builds the Dockerfile of a folder.
    pub(crate) fn build(&self, folder: &Path, tag: &str) -> Result<Built, Failed> {
        let begin = Instant::now();
        let arguments = ["build", "--network", "host", "--progress", "plain", "--tag", tag, "."];
        let output: Output = self.command(arguments).current_dir(folder).output()?;
        let took = begin.elapsed();
        let log = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
        if !output.status.success() {
            return Err(format!("the build of {tag} fails:\n{log}").into());
        }
        Ok(Built { steps: steps(&log), took, log })
    }

    /// Removes an image.
    pub(crate) fn remove(&self, tag: &str) {
        let _ = self.command(["image", "rm", "--force", tag]).output();
    }

    /// Bytes of an image.
    pub(crate) fn size(&self, tag: &str) -> Result<u64, Failed> {
        Ok(self.docker(["image", "inspect", "--format", "{{.Size}}", tag])?.parse()?)
    }

    /// Whom the image names as its user; root where it names nobody.
    pub(crate) fn image_user(&self, tag: &str) -> Result<String, Failed> {
        let user = self.docker(["image", "inspect", "--format", "{{.Config.User}}", tag])?;
        let name = user.split(':').next().unwrap_or_default();
        Ok(if name.is_empty() || name == "root" { "0".to_owned() } else { name.to_owned() })
    }

    /// Runs a container until it ends; its exit code and its output.
    pub(crate) fn run(&self, tag: &str) -> Result<String, Failed> {
        let output = self.command(["run", "--rm", tag]).output()?;
        let errors = if output.status.success() { String::new() } else { text(&output.stderr) };
        Ok(format!("exit {:?}\n{}\n{errors}", output.status.code(), text(&output.stdout)))
    }

    /// Starts a container that goes on; `port` is published on the loopback.
    pub(crate) fn start(&self, tag: &str, port: Option<u16>) -> Result<Container<'_>, Failed> {
        let mut arguments = vec!["create".to_owned()];
        arguments.extend(port.map(|port| format!("--publish=127.0.0.1::{port}")));
        arguments.push(tag.to_owned());
        // In two steps, so that one that cannot be started is removed as well.
        let container = Container { engine: self, id: self.docker(arguments)? };
        self.docker(["start", &container.id])?;
        Ok(container)
    }
}

impl Container<'_> {
    fn inspect(&self, format: &str) -> Result<String, Failed> {
        self.engine.docker(["inspect", "--format", format, &self.id])
    }

    fn is_running(&self) -> Result<bool, Failed> {
        Ok(self.inspect("{{.State.Running}}")? == "true")
    }

    /// What it wrote until now.
    pub(crate) fn logs(&self) -> String {
        let output = self.engine.command(["logs", &self.id]).output();
        output.map_or_else(|e| e.to_string(), |o| format!("{}\n{}", text(&o.stdout), text(&o.stderr)))
    }

    /// Waits until `ready` gives something, or the container has ended, or too much time has passed.
    fn wait(&self, ready: impl Fn() -> Option<String>) -> Result<String, Failed> {
        let begin = Instant::now();
        loop {
            if let Some(answer) = ready() {
                return Ok(answer);
            }
            if begin.elapsed() > START || !self.is_running()? {
                return Err(format!("the container does not answer:\n{}", self.logs()).into());
            }
            sleep(Duration::from_millis(200));
        }
    }

    /// Status line and body of the answer to a GET request.
    pub(crate) fn get(&self, port: u16, path: &str) -> Result<String, Failed> {
        let address = self.engine.docker(["port", &self.id, &format!("{port}/tcp")])?;
        let address = address.lines().next().unwrap_or_default().to_owned();
        self.wait(|| get(&address, path))
    }

    /// The lines of its log up to one that has `mark`.
    pub(crate) fn log_until(&self, mark: &str) -> Result<String, Failed> {
        self.wait(|| {
            let log = self.logs();
            let end = log.find(mark)?;
            Some(log.get(..end + mark.len())?.trim().to_owned())
        })
    }

    /// The numeric user of the first process.
    pub(crate) fn user(&self) -> Result<String, Failed> {
        let processes = self.engine.docker(["top", &self.id, "-eo", "pid,uid"])?;
        let first = processes.lines().nth(1).and_then(|line| line.split_whitespace().nth(1));
        Ok(first.ok_or_else(|| format!("no user in:\n{processes}"))?.to_owned())
    }

    /// Asks it to stop: how long it takes, and whether it had to be killed.
    pub(crate) fn stop(&self) -> Result<(Duration, bool), Failed> {
        let begin = Instant::now();
        self.engine.docker(["stop", "--time", &GRACE.as_secs().to_string(), &self.id])?;
        let took = begin.elapsed();
        Ok((took, self.inspect("{{.State.ExitCode}}")? == "137"))
    }
}

fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.lines().next()?.split_whitespace().nth(1)?;
    Some(format!("{status}\n{}", body.trim()))
}

/// The instructions in a log of `--progress=plain`, without the FROM lines: `#7 [build 2/4] RUN make` names one,
/// `#7 CACHED` says that it was not run.
fn steps(log: &str) -> Vec<Step> {
    let mut found: Vec<(&str, Step)> = Vec::new();
    for line in log.lines() {
        let Some((number, rest)) = line.split_once(' ').filter(|(number, _)| number.starts_with('#')) else {
            continue;
        };
        if rest == "CACHED" {
            for (_, step) in found.iter_mut().filter(|(known, _)| *known == number) {
                step.cached = true;
            }
            continue;
        }
        let Some((place, text)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
            continue;
        };
        let is_instruction = place.split_whitespace().last().is_some_and(|part| part.contains('/'));
        if is_instruction && !text.starts_with("FROM ") && !found.iter().any(|(known, _)| *known == number) {
            found.push((number, Step { text: text.to_owned(), cached: false }));
        }
    }
    found.into_iter().map(|(_, step)| step).collect()
}
