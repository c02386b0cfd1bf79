//! `gunicorn-defaults`.

use crate::declare_rule;
use crate::facts::{FileFacts, Server, ServerKind, StageFacts, file_in_workdir, servers, start_mentions};
use crate::repository::Lookup;
use crate::rules::{Check, Fix, Refine, Report};
use crate::text::Edit;

declare_rule! {
    /// gunicorn's defaults do not fit a container.
    ///
    /// ## What it does
    ///
    /// Finds gunicorn in the command of an image (also through start scripts and runners) without
    /// `--worker-tmp-dir`, with log files instead of the output, and with a number of workers computed from the
    /// CPUs of the host.
    ///
    /// ## Why is this bad?
    ///
    /// Each worker writes a heartbeat into a file below `/tmp`. In a container that is a disk, and while the disk
    /// is busy the worker looks dead and is killed. `/dev/shm` is memory. Log files inside of a container are
    /// seen by nobody, and a container has fewer CPUs than its host more often than not.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "app:app"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// CMD ["gunicorn", "--worker-tmp-dir", "/dev/shm", "--bind", "0.0.0.0:8000", "--workers", "2", "app:app"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: `/dev/shm` is there in every container unless it is switched off, for instance by
    /// `--ipc=none`.
    ///
    /// ## References
    ///
    /// - [Python Speed: Configuring Gunicorn for Docker](https://pythonspeed.com/articles/gunicorn-in-docker/)
    /// - [Gunicorn: FAQ, blocking os.fchmod](https://docs.gunicorn.org/en/stable/faq.html)
    pub(super) RULE = "gunicorn-defaults" {
        chapter: Operation, level: Info, default: On, scope: Instruction, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    for server in servers(file, stage).iter().filter(|server| server.kind == ServerKind::Gunicorn) {
        if !server.may_contain_anything() {
            heartbeat(file, stage, server, report);
        }
        log_files(server, report);
        workers(server, report);
    }
}

fn heartbeat(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server, report: &mut Report) {
    // One worker is what gunicorn starts by default.
    let one_process = server.option(&["--workers", "-w"]).is_none_or(|option| option.value.trim() == "1")
        && server.option(&["--threads"]).is_some();
    // Without an application everything comes with the arguments of `docker run`.
    if server.words().len() == 1
        || one_process
        || server.option(&["--worker-tmp-dir"]).is_some()
        || is_configured(file, stage, server)
    {
        return;
    }
    let finding = report.add(
        server.span(),
        "gunicorn keeps the heartbeats of its workers in a file on disk: while the disk is busy, workers are taken for dead and killed.",
    );
    let edit = server.launch.insert_behind(0, &["--worker-tmp-dir", "/dev/shm"]);
    finish(
        finding
            .note("`--worker-tmp-dir /dev/shm` keeps them in memory. Check that containers have `/dev/shm`."),
        server,
        "Keep heartbeats in memory",
        edit,
    );
}

/// Whether a configuration file or the environment says where heartbeats go, or may say so.
fn is_configured(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> bool {
    let named = server.option(&["-c", "--config"]).map(|option| option.value.trim_start_matches("file:"));
    let says = match named {
        Some(name) if name.starts_with("python:") || name.starts_with(['/', '$']) => return true,
        Some(name) => name,
        None => "gunicorn.conf.py",
    };
    if stage.end.env("GUNICORN_CMD_ARGS").is_some() || start_mentions(stage, "GUNICORN_CMD_ARGS") {
        return true;
    }
    match file_in_workdir(file, stage, says.trim_start_matches("./")) {
        Lookup::Found(text) => text.contains("worker_tmp_dir"),
        // A file that is named is somewhere.
        Lookup::Absent => named.is_some(),
        Lookup::Unknown => true,
    }
}

fn log_files(server: &Server, report: &mut Report) {
    for names in [["--access-logfile"].as_slice(), &["--error-logfile", "--log-file"]] {
        let Some(option) = server.option(names) else { continue };
        let to_output = ["-", "/dev/stdout", "/dev/stderr", "/proc/1/fd/1", "/proc/1/fd/2", "/dev/null"];
        if to_output.contains(&option.value) || option.value.contains('$') {
            continue;
        }
        let finding = report.add(
            server.launch.span_of(option.word),
            format!(
                "gunicorn writes its log to `{}` inside the container, where `docker logs` does not see it and nobody empties it.",
                option.value.replace('`', "")
            ),
        );
        let edit = server.replace_value(&option, "-");
        finish(
            finding.note("Check that nothing collects the file."),
            server,
            "Write the log to the output",
            edit,
        );
    }
}

fn workers(server: &Server, report: &mut Report) {
    let Some(at) = server.words().iter().position(|word| word.contains("nproc") || word.contains("cpuinfo"))
    else {
        return;
    };
    let finding = report.add(
        server.launch.span_of(at),
        "The number of workers follows the CPUs of the host, not those that the container may use.",
    );
    finish(
        finding.note("Set a number, or leave it to `WEB_CONCURRENCY`, which gunicorn reads itself."),
        server,
        "",
        None,
    );
}

fn finish(mut finding: Refine<'_>, server: &Server, title: &str, edit: Option<Edit>) {
    if let Some((path, span)) = &server.launch.in_script {
        finding = finding.related_in(path.clone(), *span, "gunicorn is started here");
    }
    if let Some(edit) = edit {
        let fix = Fix::confirm(title, vec![edit]);
        finding.fix(match &server.launch.in_script {
            Some((path, _)) => fix.in_file(path.clone()),
            None => fix,
        });
    }
}
