//! `python-faulthandler-off`.

use crate::declare_rule;
use crate::facts::{FileFacts, StageFacts, python_settings};
use crate::rules::{Check, Fix, Report};

declare_rule! {
    /// A crash in C code leaves no traceback.
    ///
    /// ## What it does
    ///
    /// Finds images whose command runs Python (also through a start script, `sh -c` or runners such as
    /// `uv run`) without Python's fault handler: no `PYTHONFAULTHANDLER`, no `-X faulthandler`, no
    /// `faulthandler.enable()` in the module that is started.
    ///
    /// ## Why is this bad?
    ///
    /// When C code of an extension module crashes, the process dies with `Segmentation fault` and nothing
    /// else. With the fault handler Python first prints where every thread was. It costs nothing.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// ENV PYTHONUNBUFFERED=1
    /// COPY program.py ./
    /// ENTRYPOINT ["python", "program.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// ENV PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
    /// COPY program.py ./
    /// ENTRYPOINT ["python", "program.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: it only adds a report to a crash. The same line also makes the output unbuffered when that is missing
    /// (`python-output-buffered`), so that both are one change.
    ///
    /// ## References
    ///
    /// - [Python: faulthandler](https://docs.python.org/3/library/faulthandler.html)
    /// - [Python: PYTHONFAULTHANDLER](https://docs.python.org/3/using/cmdline.html#envvar-PYTHONFAULTHANDLER)
    pub(super) RULE = "python-faulthandler-off" {
        chapter: Operation, level: Info, default: On, scope: Stage, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let Some(settings) = python_settings(file, stage).filter(|settings| settings.no_fault_handler) else {
        return;
    };
    let start = &settings.start;
    let program = start.program().replace('`', "");
    let mut finding = report
        .add(
            start.span(),
            format!("A crash in C code under `{program}` leaves no traceback: the fault handler is off."),
        )
        .whole_stage();
    if let Some((path, span)) = &start.launch.in_script {
        finding = finding.related_in(path.clone(), *span, "Python is started here");
    }
    if settings.edits.is_empty() {
        finding.note("Set `PYTHONFAULTHANDLER=1` in the image.");
    } else {
        finding.fix(Fix::safe(settings.title(), settings.edits.clone()));
    }
}
