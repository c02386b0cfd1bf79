//! `entrypoint-cannot-start`.

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::facts::{
    FileFacts, InContext, StageFacts, StartScript, after_wrappers, compose_has, expected_source, presence,
    start_path,
};
use crate::repository::{Lookup, may_be_generated};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Command, Interpreter, Script, interpreter_of};
use crate::text::{Edit, Span};

declare_rule! {
    /// The start script is missing, has no usable shebang, or has CRLF line ends.
    ///
    /// ## What it does
    ///
    /// Follows ENTRYPOINT and CMD to the script of the repository and finds what keeps it from starting: no
    /// `#!` line although nothing but the kernel reads it, Windows line ends, an interpreter that the image does
    /// not have (`bash` on Alpine, any shell on distroless images), a script that the repository does not have
    /// or that the ignore file keeps out of the image.
    ///
    /// ## Why is this bad?
    ///
    /// The image builds, and the container ends at once with "no such file or directory" or "exec format
    /// error". Both messages name the script, not what is wrong with it.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM alpine:3.23
    /// COPY --chmod=0755 run.sh /usr/local/bin/
    /// ENTRYPOINT ["/usr/local/bin/run.sh"]
    /// ```
    ///
    /// ```sh run.sh 755
    /// #!/bin/bash
    /// set -e
    /// exec server "$@"
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM alpine:3.23
    /// COPY --chmod=0755 run.sh /usr/local/bin/
    /// ENTRYPOINT ["/usr/local/bin/run.sh"]
    /// ```
    ///
    /// ```sh run.sh 755
    /// #!/bin/sh
    /// set -e
    /// exec server "$@"
    /// ```
    ///
    /// ## Fix safety
    ///
    /// The `#!` line is changed only in scripts in which nothing looks like bash. Start the container once: a
    /// program that the script calls may expect bash as well.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, ENTRYPOINT](https://docs.docker.com/reference/dockerfile/#entrypoint)
    /// - [Git: gitattributes, eol](https://git-scm.com/docs/gitattributes#_eol)
    pub(super) RULE = "entrypoint-cannot-start" {
        chapter: Operation, level: Error, default: On, scope: Repository, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    match stage.start.script.as_ref().or(stage.start.shell_script.as_ref()) {
        Some(script) => check_text(file, stage, script, report),
        None => check_missing(file, stage, report),
    }
}

fn check_text(file: &FileFacts<'_>, stage: &StageFacts<'_>, script: &StartScript<'_>, report: &mut Report) {
    let text = &*script.text;
    if is_changed_later(file, stage, script) || text.starts_with("version https://git-lfs") {
        return;
    }
    let path = &script.copied.path;
    let name = plain(path.file_name().unwrap_or(""));
    let first = text.split('\n').next().unwrap_or("");
    let line = Span::new(0, first.trim_end_matches('\r').len() as u32);
    let shebang = first.starts_with("#!");
    // An init such as tini falls back to a shell, and so does the shell form.
    let by_kernel = script.direct
        && stage.start.exec_words().is_some_and(|w| w.first().is_some_and(|w| w.span == script.word.span));
    let crlf = first.ends_with('\r') && (shebang || !script.direct);
    if crlf {
        let shell = if shebang { "looks for an interpreter" } else { "reads commands" };
        report
            .add(script.word.span, format!("`{name}` has Windows line ends: Linux {shell} with a carriage return in the name. The container does not start."))
            .note(format!(
                "Write `{}` with LF line ends, and keep them with the line `*.sh text eol=lf` in `.gitattributes`.",
                plain(path.as_str())
            ))
            .related_in(path.clone(), line, "This line ends in CR LF");
        return;
    }
    if by_kernel && !shebang {
        let what =
            if text.starts_with('\u{feff}') { "begins with a byte order mark" } else { "has no `#!` line" };
        let mut finding = report
            .add(
                script.word.span,
                format!("`{name}` {what}, so the container does not start (\"exec format error\")."),
            )
            .related_in(path.clone(), line, "The first two bytes must be `#!`");
        let edit = match text.strip_prefix('\u{feff}') {
            Some(rest) if rest.starts_with("#!") => Some(Edit::delete(Span::new(0, 3))),
            Some(_) => None,
            None => {
                let posix = script.script.as_ref().is_some_and(Script::looks_posix);
                let edit = || Edit::insert(0, "#!/bin/sh\n");
                (posix && !text.contains('\r') && !text.contains("#!")).then(edit)
            }
        };
        if let Some(edit) = edit {
            finding = finding.note("Check that the script is written for the shell it names.");
            finding.fix(Fix::confirm("Begin the script with a `#!` line", vec![edit]).in_file(path.clone()));
        }
        return;
    }
    check_interpreter(file, stage, script, report);
}

fn check_interpreter(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    script: &StartScript<'_>,
    report: &mut Report,
) {
    let path = &script.copied.path;
    let name = plain(path.file_name().unwrap_or(""));
    let (interpreter, span) = if script.direct {
        let Interpreter::Shell(shell, _) = interpreter_of(&script.text) else { return };
        (shell, script.word.span)
    } else {
        let Some(words) = stage.start.exec_words() else { return };
        let Some(word) = after_wrappers(&words).first().copied() else { return };
        (word.text.rsplit('/').next().unwrap_or("").to_owned(), word.span)
    };
    if !matches!(interpreter.as_str(), "bash" | "sh") || !presence(file, stage, &interpreter).is_missing() {
        return;
    }
    let base = file.base_image(stage).map_or_else(|| "scratch".to_owned(), crate::facts::BaseImage::shown);
    let mut finding = report.add(
        span,
        format!(
            "`{name}` needs `{interpreter}`, which `{base}` does not have: the container does not start."
        ),
    );
    if script.direct {
        let end = script.text.lines().next().map_or(0, |line| line.len() as u32);
        finding = finding.related_in(path.clone(), Span::new(0, end), "The interpreter is named here");
    }
    if interpreter == "sh" || presence(file, stage, "sh").is_missing() {
        finding.note("The image has no shell at all: start the program itself, or use a base with a shell.");
        return;
    }
    finding = finding.note("bash can be installed: `RUN apk add --no-cache bash`.");
    if !script.script.as_ref().is_some_and(Script::looks_posix) {
        return;
    }
    let title = "Run the script with `sh`";
    let fix = if script.direct {
        shebang_edit(&script.text).map(|edit| Fix::confirm(title, vec![edit]).in_file(path.clone()))
    } else {
        // A JSON string.
        Some(Fix::confirm(title, vec![Edit::replace(span, "\"sh\"")]))
    };
    if let Some(fix) = fix {
        finding.note("Nothing in the script looks like bash. Start the container once to be sure.").fix(fix);
    }
}

/// The edit that makes a `#!` line of bash one of `sh`, its options kept.
fn shebang_edit(text: &str) -> Option<Edit> {
    let line = text.lines().next()?;
    let at = line.find("bash")?;
    let options = line.get(at + 4..)?.trim();
    // `-o pipefail` and long options are bash's.
    if !options.trim_start_matches('-').bytes().all(|b| matches!(b, b'e' | b'u' | b'x')) {
        return None;
    }
    Some(Edit::replace(Span::new(2, (at + 4) as u32), "/bin/sh"))
}

/// Whether a later step may write the script anew: its name stands in a RUN that does more than set modes, or the
/// RUN changes line ends.
fn is_changed_later(file: &FileFacts<'_>, stage: &StageFacts<'_>, script: &StartScript<'_>) -> bool {
    let name = script.target.rsplit('/').next().unwrap_or("");
    file.history(stage).iter().filter(|(_, facts)| facts.index > script.copied.index).any(|(_, facts)| {
        let text = facts.instruction.joined.text();
        let modes = |command: &Command| {
            matches!(command.name(), Some("chmod" | "chown" | "chgrp" | "ls" | "rm" | "cat" | "mkdir"))
                || !command.words.iter().any(|word| word.text().contains(name))
        };
        facts.is(Keyword::Run)
            && (text.contains("dos2unix")
                || text.contains("sed -i")
                || text.contains("\\r")
                || (text.contains(name)
                    && (facts.body.is_none() || !facts.scripts().flat_map(Script::commands).all(modes))))
    })
}

// --- a script that is not there -----------------------------------------------------------------------------

fn check_missing(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(start) = start_path(file, stage) else { return };
    let name = start.target.rsplit('/').next().unwrap_or("");
    let is_script = name.rsplit_once('.').map_or(name.contains("entrypoint"), |(_, end)| end == "sh");
    if !is_script
        || file.defaults(stage).is_none_or(|defaults| defaults.distribution.is_none())
        || file.context_roots().iter().any(|root| root.ignore == Lookup::Unknown)
    {
        return;
    }
    let Some(expected) = expected_source(file, stage, &start) else { return };
    // A volume may bring it.
    if compose_has(file, |line| line.contains(name)) {
        return;
    }
    let shown = plain(start.target.as_str());
    let mut ignored = None;
    for root in file.context_roots() {
        match root.look_up(file, expected.as_str()) {
            InContext::Ignored(found, pattern) if root.likely => {
                if file.tree.entry(&root.dir.join(&expected)).found().is_some() {
                    ignored = Some((found, pattern));
                }
                break;
            }
            InContext::Absent if !may_be_generated(file.tree, &root.dir, &root.dir.join(&expected)) => {}
            _ => return,
        }
    }
    let source = plain(expected.as_str());
    if let Some((found, pattern)) = ignored {
        let ignore = plain(found.path.as_str());
        report
            .add(start.word.span, format!("`{shown}` is not in the image: `{ignore}` keeps `{source}` out of the build context. The container does not start."))
            .note(format!("Bring it back with `!{source}` below that line."))
            .related_in(found.path.clone(), pattern.span, format!("keeps `{source}` out of the context"));
    } else if file.context_roots().first().is_some_and(|root| root.likely) && has_sources(file) {
        report
            .add(start.word.span, format!("`{shown}` is not in the image: the repository has no `{source}`. The container does not start."))
            .note("Check the name and the folder of the script.");
    }
}

/// Whether the folder of the Dockerfile holds a project at all: some builds copy things together elsewhere first.
fn has_sources(file: &FileFacts<'_>) -> bool {
    let manifests = [
        "package.json",
        "requirements.txt",
        "pyproject.toml",
        "setup.py",
        "Pipfile",
        "Gemfile",
        "composer.json",
        "go.mod",
        "Cargo.toml",
        "pom.xml",
        "Makefile",
    ];
    manifests.iter().any(|name| file.tree.entry(&file.context.join(name)).found().is_some())
}

/// Text of the repository for a message.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).collect()
}
