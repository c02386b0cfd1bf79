//! A copy of an application, and all suggestions applied to it.

use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tidewaiter::text::diff;

/// An application in a repository of its own.
pub(crate) struct Repository {
    dir: TempDir,
}

/// What was suggested, and what came of it.
pub(crate) struct Suggestions {
    /// The rules whose fixes are in the files now.
    pub(crate) applied: BTreeSet<String>,
    /// From the files as they were to the files as they are.
    pub(crate) diff: String,
}

impl Suggestions {
    /// Whether a fix of one of these rules was applied.
    pub(crate) fn has(&self, rules: &[&str]) -> bool {
        rules.iter().any(|rule| self.applied.contains(*rule))
    }
}

impl Repository {
    pub(crate) fn new(from: &Path) -> Result<Self, Failed> {
        let repository = Self { dir: tempfile::tempdir()? };
        copy(from, repository.path())?;
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "First"]]
        {
            let output = Command::new("git")
                .current_dir(repository.path())
                .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false"])
                .args(arguments)
                .output()?;
            if !output.status.success() {
                return Err(format!("git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
            }
        }
        Ok(repository)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Applies what is safe and what is to be confirmed, until nothing changes.
    pub(crate) fn apply_all(&self) -> Result<Suggestions, Failed> {
        let original = self.files()?;
        let mut applied = BTreeSet::new();
        for _ in 0..4 {
            let before = self.files()?;
            let found = self.check(&[])?;
            let left = self.check(&["--fix", "--confirm-fixes"])?;
            applied.extend(fixable(&found).difference(&fixable(&left)).cloned());
            let after = self.files()?;
            if before == after {
                return Ok(Suggestions { applied, diff: changes(&original, &after) });
            }
        }
        Err(format!("the fixes come to no end:\n{}", changes(&original, &self.files()?)).into())
    }

    fn check(&self, options: &[&str]) -> Result<Value, Failed> {
        let output = Command::new(env!("CARGO_BIN_EXE_tidewaiter"))
            .current_dir(self.path())
            .args(["check", "--no-config", "--format", "json", "--fail-on", "never", "--today", "2026-11-24"])
            .args(options)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Every file that git would take, with its text and whether it can be executed.
    fn files(&self) -> Result<BTreeMap<String, (String, bool)>, Failed> {
        let mut files = BTreeMap::new();
        for entry in ignore::WalkBuilder::new(self.path())
            .hidden(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build()
        {
            let entry = entry?;
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let name = entry.path().strip_prefix(self.path())?.to_string_lossy().into_owned();
                let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
                files.insert(name, (text, is_executable(entry.path())));
            }
        }
        Ok(files)
    }
}

fn fixable(report: &Value) -> BTreeSet<String> {
    let files = report["files"].as_array().into_iter().flatten();
    files
        .flat_map(|file| file["findings"].as_array().into_iter().flatten())
        .filter(|finding| finding["fix"].is_object())
        .filter_map(|finding| Some(finding["rule"].as_str()?.to_owned()))
        .collect()
}

fn changes(before: &BTreeMap<String, (String, bool)>, after: &BTreeMap<String, (String, bool)>) -> String {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut out = String::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        let text = |file: Option<&(String, bool)>| file.map_or("", |(text, _)| text.as_str()).to_owned();
        out += &diff::unified(&text(old), &text(new), &format!("a/{name}"), &format!("b/{name}"));
        let mode = |file: Option<&(String, bool)>| file.is_some_and(|(_, executable)| *executable);
        if mode(old) != mode(new) {
            let _ = writeln!(out, "{name}: executable is {}", mode(new));
        }
    }
    out
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    false
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
