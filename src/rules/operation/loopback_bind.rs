//! `loopback-bind`.

use crate::declare_rule;
use crate::facts::{
    FileFacts, Server, ServerKind, StageFacts, compose_has, exposed, file_in_workdir, has_proxy, servers,
    start_mentions,
};
use crate::repository::Lookup;
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// The server listens on the container's own loopback only.
    ///
    /// ## What it does
    ///
    /// Reads the command of images with `EXPOSE` (also through start scripts, `uv run` and the scripts of
    /// `package.json`) and finds servers that are told to listen on `127.0.0.1` or `localhost`, or that do so
    /// when they are told nothing: `flask run`, `manage.py runserver`, uvicorn, hypercorn, vite.
    ///
    /// ## Why is this bad?
    ///
    /// A container has a network of its own. What listens on its loopback address is reached by nothing outside
    /// of it, whatever ports are published: "connection refused" or "connection reset".
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// EXPOSE 8000
    /// CMD ["uvicorn", "app:app", "--host", "127.0.0.1", "--port", "8000"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// EXPOSE 8000
    /// CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe: inside the container `0.0.0.0` means all of its own addresses; what is reached from outside is
    /// decided by `docker run -p`.
    ///
    /// ## References
    ///
    /// - [Python Speed: Connection refused? Docker networking and how it impacts your image](https://pythonspeed.com/articles/docker-connection-refused/)
    /// - [Docker: Port publishing and mapping](https://docs.docker.com/engine/network/port-publishing/)
    pub(super) RULE = "loopback-bind" {
        chapter: Operation, level: Warning, default: On, scope: Instruction, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

/// How a server is told where to listen.
struct Bind {
    /// Options that take the address, or address and port.
    options: &'static [&'static str],
    /// Whether it listens on the loopback when none is given.
    loopback: bool,
    /// Options, and environment variables, that may set the address in another way.
    elsewhere: &'static [&'static str],
    variables: &'static [&'static str],
    /// Files in the working directory that may set it.
    files: &'static [&'static str],
}

/// From the servers' own manuals.
fn bind(server: &Server) -> Option<Bind> {
    use ServerKind as K;
    let bind = |options, loopback| Bind { options, loopback, elsewhere: &[], variables: &[], files: &[] };
    let short: &[&str] = &["-b", "--bind"];
    let long: &[&str] = &["--host"];
    Some(match server.kind {
        K::Uvicorn => {
            Bind { elsewhere: &["--uds", "--fd"], variables: &["UVICORN_HOST"], ..bind(long, true) }
        }
        K::Hypercorn => Bind {
            elsewhere: &["-c", "--config", "--insecure-bind", "--quic-bind"],
            files: &["hypercorn.toml"],
            ..bind(short, true)
        },
        K::Daphne => {
            Bind { elsewhere: &["-u", "-e", "--endpoint", "--fd", "--unix-socket"], ..bind(short, true) }
        }
        K::Gunicorn => Bind {
            elsewhere: &["-c", "--config"],
            variables: &["GUNICORN_CMD_ARGS", "PORT"],
            files: &["gunicorn.conf.py"],
            ..bind(short, true)
        },
        K::FlaskRun => Bind {
            variables: &["FLASK_RUN_HOST"],
            files: &[".flaskenv", ".env"],
            ..bind(&["-h", "--host"], true)
        },
        K::FastApiDev => Bind { variables: &["UVICORN_HOST"], ..bind(long, true) },
        K::Artisan => Bind { variables: &["SERVER_HOST"], files: &[".env"], ..bind(long, true) },
        K::Vite | K::VitePreview => Bind {
            elsewhere: &["-c", "--config"],
            files: &[
                "vite.config.ts",
                "vite.config.js",
                "vite.config.mjs",
                "vite.config.mts",
                "vite.config.cjs",
            ],
            ..bind(long, true)
        },
        K::FastApiRun | K::FrontEnd => bind(long, false),
        K::NextDev | K::NextStart => bind(&["-H", "--hostname"], false),
        K::Rails => bind(&["-b", "--binding"], false),
        K::PhpBuiltIn => bind(&["-S"], false),
        K::Streamlit => bind(&["--server.address"], false),
        K::Waitress => bind(&["--host", "--listen"], false),
        K::Other if server.launch.program() == "http.server" => bind(short, false),
        _ => return None,
    })
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on || servers(file, stage).is_empty() {
        return;
    }
    let ports = exposed(file, stage);
    // With the network of the host, or of another container, the loopback is shared on purpose.
    let shared = |line: &str| line.starts_with("network_mode:");
    if (ports.ports.is_empty() && !ports.other) || has_proxy(file, stage) || compose_has(file, shared) {
        return;
    }
    let all = servers(file, stage);
    let found: Vec<Option<Loopback<'_>>> = all
        .iter()
        .map(|server| match server.kind {
            ServerKind::Django => django(server),
            _ => with_options(file, stage, server, &bind(server)?),
        })
        .collect();
    // A start script with several ends: `develop)` is one of them, and not the one that is shipped.
    if found.iter().all(Option::is_some) || all.len() == 1 {
        for (server, loopback) in all.iter().zip(found) {
            if let Some(loopback) = loopback {
                add(server, loopback, report);
            }
        }
    }
}

/// How a server listens on the loopback.
struct Loopback<'s> {
    /// The word to point at.
    word: usize,
    /// The address that is given; `None` when it is the server's default.
    address: Option<&'s str>,
    edit: Option<Edit>,
}

fn django(server: &Server) -> Option<Loopback<'_>> {
    let words = server.words();
    let operand = words.iter().enumerate().skip(server.verb + 1).find(|(_, word)| !word.starts_with('-'));
    let launch = &server.launch;
    match operand {
        None if server.may_contain_anything() => None,
        None => {
            let edit = launch.insert_behind(server.verb, &["0.0.0.0:8000"]);
            Some(Loopback { word: server.verb, address: None, edit })
        }
        Some((word, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            let edit = launch.replace_word(word, &format!("0.0.0.0:{port}"));
            Some(Loopback { word, address: None, edit })
        }
        Some((word, address)) => {
            let edit = launch.replace_word(word, &without_loopback(address)?);
            Some(Loopback { word, address: Some(address), edit })
        }
    }
}

fn with_options<'s>(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    server: &'s Server,
    bind: &Bind,
) -> Option<Loopback<'s>> {
    let Some(last) = server.option(bind.options) else {
        // Without an application everything comes with the arguments of `docker run`.
        let python =
            matches!(server.kind, ServerKind::Gunicorn | ServerKind::Uvicorn | ServerKind::Hypercorn);
        if !bind.loopback
            || (python && server.words().len() == 1)
            || server.has(bind.options)
            || is_set_elsewhere(file, stage, server, bind)
        {
            return None;
        }
        let words: &[&str] = match server.kind {
            ServerKind::Gunicorn | ServerKind::Hypercorn => &["--bind", "0.0.0.0:8000"],
            ServerKind::Daphne => &["-b", "0.0.0.0"],
            _ => &["--host", "0.0.0.0"],
        };
        // uvicorn and fastapi take the application first, and people write it so.
        let verb = server.verb;
        let behind = server.words().get(verb + 1).is_some_and(|word| !word.starts_with('-'));
        let edit = server.launch.insert_behind(verb + usize::from(behind), words);
        return Some(Loopback { word: verb, address: None, edit });
    };
    // With several addresses one that is reached is enough.
    if !server.options(bind.options).all(|option| without_loopback(option.value).is_some()) {
        return None;
    }
    let new = without_loopback(last.value)?;
    let one = server.options(bind.options).count() == 1;
    let edit = if one { server.replace_value(&last, &new) } else { None };
    Some(Loopback { word: last.word, address: Some(last.value), edit })
}

fn is_set_elsewhere(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server, bind: &Bind) -> bool {
    let words = server.words();
    let option = |word: &String| {
        bind.elsewhere
            .iter()
            .any(|name| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    server.may_contain_anything()
        || words.iter().any(option)
        || bind.variables.iter().any(|name| stage.end.env(name).is_some() || start_mentions(stage, name))
        || (!bind.variables.is_empty()
            && compose_has(file, |line| bind.variables.iter().any(|name| line.contains(name))))
        || bind.files.iter().any(|name| match file_in_workdir(file, stage, name) {
            Lookup::Found(text) => !name.starts_with("vite") || text.contains("host"),
            Lookup::Absent => false,
            Lookup::Unknown => true,
        })
}

/// An address with the loopback in it, opened: `127.0.0.1:80` → `0.0.0.0:80`.
fn without_loopback(address: &str) -> Option<String> {
    ["127.0.0.1", "localhost", "[::1]", "::1"].iter().find_map(|loopback| {
        let rest = address.strip_prefix(loopback)?;
        let port = rest.strip_prefix(':').unwrap_or("1");
        let plain = (rest.is_empty() || rest.starts_with(':')) && !port.is_empty() && !port.contains('/');
        plain.then(|| format!("0.0.0.0{rest}"))
    })
}

fn add(server: &Server, loopback: Loopback<'_>, report: &mut Report) {
    let Loopback { word, address, edit } = loopback;
    let shown = server.shown();
    let message = match address {
        Some(address) => format!(
            "`{shown}` listens on `{}`, which is the container's own loopback: nothing outside of it can connect.",
            address.replace('`', "")
        ),
        None => format!(
            "`{shown}` listens on the container's own loopback unless told otherwise: nothing outside of it can connect."
        ),
    };
    let mut finding = report.add(server.launch.span_of(word), message);
    if let (None, [script]) = (&edit, server.scripts.as_slice())
        && address.is_none()
        && let Some(edit) = script.pass(&["--host", "0.0.0.0"])
    {
        finding = finding.related_in(
            script.path.clone(),
            server.launch.in_script.as_ref().map_or_else(Default::default, |(_, span)| *span),
            "It is started here",
        );
        let fix = Fix::safe("Listen on all addresses of the container", vec![edit]);
        finding.fix(match &script.call.in_script {
            Some((path, _)) => fix.in_file(path.clone()),
            None => fix,
        });
        return;
    }
    if let Some((path, span)) = &server.launch.in_script {
        finding = finding.related_in(path.clone(), *span, "It is started here");
    }
    match edit {
        Some(edit) => {
            let fix = Fix::safe("Listen on all addresses of the container", vec![edit]);
            finding.fix(match &server.launch.in_script {
                Some((path, _)) => fix.in_file(path.clone()),
                None => fix,
            });
        }
        None => _ = finding.note("Let it listen on `0.0.0.0`."),
    }
}

#[cfg(test)]
mod tests {
    use super::without_loopback;

    #[test]
    fn opens_addresses() {
        for (address, open) in [
            ("127.0.0.1", Some("0.0.0.0")),
            ("localhost:8000", Some("0.0.0.0:8000")),
            ("[::1]:80", Some("0.0.0.0:80")),
            ("127.0.0.1:$PORT", Some("0.0.0.0:$PORT")),
            ("localhost.example.com", None),
            ("0.0.0.0", None),
            ("unix:/run/x.sock", None),
            ("$HOST", None),
        ] {
            assert_eq!(without_loopback(address).as_deref(), open, "{address}");
        }
    }
}
