//! Programs that start the command behind them: `uv run gunicorn`, `npx next start`.

use super::launch::program_of;

/// A program that starts another one.
struct Runner {
    name: &'static str,
    /// The words between it and the command, one of them; empty when there is none.
    verbs: &'static [&'static str],
    /// Options that take a value in the next word.
    values: &'static [&'static str],
    /// Whether `NAME=value` words may stand before the command.
    assignments: bool,
}

const fn runner(name: &'static str, verbs: &'static [&'static str]) -> Runner {
    Runner { name, verbs, values: &[], assignments: false }
}

/// From the tools' own manuals.
static RUNNERS: &[Runner] = &[
    Runner {
        values: &[
            "--directory",
            "--env-file",
            "--extra",
            "--group",
            "--index-url",
            "--no-group",
            "--only-group",
            "--package",
            "--project",
            "--python",
            "--with",
            "--with-requirements",
            "-p",
        ],
        ..runner("uv", &["run"])
    },
    Runner { values: &["-C", "--directory", "-P", "--project"], ..runner("poetry", &["run"]) },
    runner("pipenv", &["run"]),
    Runner { values: &["-p", "--project"], ..runner("pdm", &["run"]) },
    runner("hatch", &["run"]),
    runner("rye", &["run"]),
    Runner { values: &["-n", "--name", "-p", "--prefix", "--cwd"], ..runner("conda", &["run"]) },
    Runner { values: &["-n", "--name", "-p", "--prefix", "--cwd"], ..runner("micromamba", &["run"]) },
    runner("ddtrace-run", &[]),
    Runner {
        values: &[
            "--traces_exporter",
            "--metrics_exporter",
            "--logs_exporter",
            "--service_name",
            "--exporter_otlp_endpoint",
        ],
        ..runner("opentelemetry-instrument", &[])
    },
    runner("newrelic-admin", &["run-program"]),
    Runner { values: &["-p", "--package", "-c"], ..runner("npx", &[]) },
    runner("bunx", &[]),
    Runner { values: &["--project", "--config", "--token"], ..runner("doppler", &["run"]) },
    Runner { assignments: true, ..runner("cross-env", &[]) },
    Runner { assignments: true, ..runner("cross-env-shell", &[]) },
    Runner { values: &["-e", "-v", "-p"], ..runner("dotenv", &[]) },
    runner("bundle", &["exec"]),
    runner("pnpm", &["exec"]),
    runner("yarn", &["exec"]),
];

/// Index of the word where the command behind all runners begins; 0 without one. `None` when a runner is called
/// in another way (`uv pip install`), or nothing stands behind it.
pub(super) fn after_runners(words: &[String]) -> Option<usize> {
    let mut at = 0;
    // `poetry run opentelemetry-instrument gunicorn`: nobody goes deeper.
    for _ in 0..4 {
        let program = program_of(words.get(at..)?);
        // `npm`, `yarn` and `pnpm` have other verbs as well: those are no runners.
        let found = RUNNERS.iter().find(|runner| runner.name == program);
        let Some(runner) = found else { break };
        let mut next = at + 1;
        if !runner.verbs.is_empty() {
            match words.get(next) {
                Some(verb) if runner.verbs.contains(&verb.as_str()) => next += 1,
                _ if matches!(program, "yarn" | "pnpm") => break,
                _ => return None,
            }
        }
        while let Some(word) = words.get(next) {
            if word == "--" {
                next += 1;
                break;
            }
            if runner.values.contains(&word.as_str()) {
                next += 2;
            } else if word.starts_with('-') || (runner.assignments && word.contains('=')) {
                next += 1;
            } else {
                break;
            }
        }
        words.get(next)?;
        at = next;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::after_runners;

    fn behind(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        after_runners(&words).map(|at| words[at..].join(" "))
    }

    #[test]
    fn finds_the_command_behind() {
        for (line, command) in [
            ("gunicorn app:app", "gunicorn app:app"),
            ("uv run --no-sync --with a gunicorn -b x", "gunicorn -b x"),
            ("/usr/bin/poetry run opentelemetry-instrument python -m a", "python -m a"),
            ("conda run -n web --no-capture-output uvicorn a:b", "uvicorn a:b"),
            ("cross-env A=1 B=2 node x.js", "node x.js"),
            ("bundle exec rails s", "rails s"),
            ("dotenv -- next start", "next start"),
            ("yarn start", "yarn start"),
            ("pnpm exec next start", "next start"),
        ] {
            assert_eq!(behind(line).as_deref(), Some(command), "{line}");
        }
        for line in ["uv pip install a", "uv run", "poetry run --", "conda run -n"] {
            assert_eq!(behind(line), None, "{line}");
        }
    }
}
