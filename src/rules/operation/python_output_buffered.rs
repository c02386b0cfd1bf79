//! `python-output-buffered`.

use crate::declare_rule;
use crate::facts::{FileFacts, StageFacts, python_settings};
use crate::rules::{Check, Fix, Report};

declare_rule! {
    /// Python holds its output back, so the last lines are lost in a crash.
    ///
    /// ## What it does
    ///
    /// Finds images whose command runs Python (also through a start script, `sh -c` or runners such as
    /// `uv run`) while neither `PYTHONUNBUFFERED` nor `-u` is set.
    ///
    /// ## Why is this bad?
    ///
    /// Without a terminal, Python collects what it prints and writes it in blocks. Logs arrive late, and
    /// what was collected last is lost when the container crashes or is killed: exactly the lines that
    /// would say why.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY program.py ./
    /// ENTRYPOINT ["python", "program.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY program.py ./
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// ENTRYPOINT ["python", "program.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: the program prints the same, at once. The same line also switches the fault handler on when that is
    /// missing (`python-faulthandler-off`), so that both are one change.
    ///
    /// ## References
    ///
    /// - [Python: PYTHONUNBUFFERED](https://docs.python.org/3/using/cmdline.html#envvar-PYTHONUNBUFFERED)
    /// - [Docker: Containerize a Python application](https://docs.docker.com/guides/python/containerize/)
    pub(super) RULE = "python-output-buffered" {
        chapter: Operation, level: Info, default: On, scope: Stage, fix: Safe,
        aliases: ["DF032"],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(settings) = python_settings(file, stage).filter(|settings| settings.buffered) else { return };
    let start = &settings.start;
    let program = start.program().replace('`', "");
    let mut finding = report
        .add(
            start.span(),
            format!("`{program}` collects what is printed and writes it in blocks. In a crash the last lines are lost."),
        )
        .whole_stage();
    if let Some((path, span)) = &start.launch.in_script {
        finding = finding.related_in(path.clone(), *span, "Python is started here");
    }
    if settings.edits.is_empty() {
        finding.note("Set `PYTHONUNBUFFERED=1` in the image.");
    } else {
        finding.fix(Fix::safe(settings.title(), settings.edits.clone()));
    }
}
