//! Which shell runs an instruction, and what is in effect in its scripts.

use super::{InstructionFacts, Shell, Workdir};
use crate::dockerfile::{Dockerfile, Instruction};
use crate::image::Defaults;
use crate::shell::{Command, Options, Script, ShellCall};

/// Whether the scripts of a shell are read.
pub(super) fn is_posix(shell: &Shell) -> bool {
    match shell {
        Shell::Default => true,
        Shell::Set(words) => ShellCall::of(words).is_posix(),
    }
}

/// Whether a stage is one of Windows, by what the file itself says: `FROM --platform=windows/…`, or the escape
/// character that only files for Windows change.
pub(super) fn says_windows(from: &Instruction, file: &Dockerfile, defaults: Option<&Defaults>) -> bool {
    let platform = from.flags.iter().find(|flag| flag.name == "platform");
    match platform.and_then(|flag| flag.value.as_ref()).map(|value| value.text.to_ascii_lowercase()) {
        Some(platform) if platform.starts_with("windows") => true,
        Some(platform) if platform.starts_with("linux") => false,
        // A base that is known and no Windows is built with a changed escape character now and then.
        _ => file.escape == '`' && defaults.is_none_or(|defaults| defaults.distribution.is_none()),
    }
}

impl InstructionFacts<'_> {
    /// The shell options in effect when a command of one of [`InstructionFacts::scripts`] runs: those of SHELL,
    /// then those that the script sets.
    pub fn options_at(&self, script: &Script, command: &Command) -> Options {
        let initial = match &self.state.shell {
            Shell::Default => Options::default(),
            Shell::Set(words) => ShellCall::of(words).options,
        };
        script.options_from(initial, command)
    }

    /// The absolute directory in which a command of one of [`InstructionFacts::scripts`] runs, where it is known.
    pub fn dir_at(&self, script: &Script, command: &Command) -> Option<String> {
        let start = match &self.state.workdir {
            Workdir::Set(path) => Some(path.as_str()),
            Workdir::Base | Workdir::Unknown => None,
        };
        script.dir_at(command).under(start, None)
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::{Keyword, parse};
    use crate::facts::{Bodies, FileFacts};
    use crate::repository::MemoryTree;
    use crate::text::Source;
    use camino::Utf8Path;

    /// For each RUN whose commands are read: the first word, options that are on, directory.
    fn runs(text: &str) -> Vec<(String, String, Option<String>)> {
        let source = Source::new(text.to_owned());
        let file = parse(&source);
        let bodies = Bodies::read(&file);
        let tree = MemoryTree::default();
        let today = jiff::civil::date(2026, 9, 1);
        let facts = FileFacts::new(Utf8Path::new("Dockerfile"), &file, &bodies, &tree, today);
        let stages = facts.stages.iter();
        stages
            .flat_map(|stage| stage.of(Keyword::Run))
            .flat_map(|run| {
                run.scripts().filter_map(|script| {
                    let last = script.commands().next_back()?;
                    let options = run.options_at(script, last);
                    let on = [(options.errexit, 'e'), (options.pipefail, 'p'), (options.xtrace, 'x')];
                    let on = on.into_iter().filter_map(|(on, letter)| on.then_some(letter)).collect();
                    Some((last.name()?.to_owned(), on, run.dir_at(script, last)))
                })
            })
            .collect()
    }

    fn names(text: &str) -> Vec<String> {
        runs(text).into_iter().map(|(name, ..)| name).collect()
    }

    #[test]
    fn shells_of_windows_are_left_alone() {
        assert_eq!(names("FROM a\nRUN b\nSHELL [\"PowerShell.exe\", \"-Command\"]\nRUN c\n"), ["b"]);
        assert_eq!(
            names("FROM a\nSHELL [\"cmd\", \"/S\", \"/C\"]\nRUN b\nSHELL [\"sh\", \"-c\"]\nRUN c\n"),
            ["c"]
        );
        // A stage takes over the SHELL of the one below.
        assert_eq!(
            names("FROM a AS x\nSHELL [\"/usr/bin/pwsh\", \"-c\"]\nFROM x AS y\nRUN b\nFROM a\nRUN c\n"),
            ["c"]
        );
        for from in [
            "FROM mcr.microsoft.com/windows/servercore:ltsc2022",
            "FROM --platform=windows/amd64 ${BASE}",
            "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 AS x\nFROM x",
        ] {
            assert_eq!(names(&format!("{from}\nRUN dir C:\\x\n")), [""; 0], "{from}");
            assert_eq!(names(&format!("{from}\nSHELL [\"bash.exe\", \"-c\"]\nRUN a\n")), ["a"], "{from}");
        }
        // Only files for Windows change the escape character, but a base that is known decides.
        assert_eq!(names("# escape=`\nARG B\nFROM ${B}\nRUN dir\n"), [""; 0]);
        assert_eq!(names("# escape=`\nFROM debian:12\nRUN a\n"), ["a"]);
        assert_eq!(names("# escape=`\nFROM --platform=linux/amd64 $B\nRUN a\n"), ["a"]);
    }

    #[test]
    fn options_and_directories() {
        let text = "FROM debian:12\nWORKDIR /app\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\n\
                    RUN cd src && set -x && a\nRUN cd /opt/$X; b\nSHELL [\"/bin/sh\", \"-c\"]\nRUN c\n\
                    RUN <<E\n#!/bin/bash -e\ncd ..\nd\nE\n";
        let run = |name: &str, on: &str, dir: Option<&str>| {
            (name.to_owned(), on.to_owned(), dir.map(str::to_owned))
        };
        assert_eq!(
            runs(text),
            [
                run("a", "epx", Some("/app/src")),
                run("b", "ep", None),
                run("c", "", Some("/app")),
                run("d", "e", Some("/"))
            ]
        );
    }
}
