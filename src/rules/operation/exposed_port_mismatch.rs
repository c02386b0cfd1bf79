//! `exposed-port-mismatch`.

use crate::declare_rule;
use crate::facts::{
    Exposed, FileFacts, Server, ServerKind, StageFacts, exposed, file_in_workdir, has_proxy, servers,
    start_mentions,
};
use crate::repository::Lookup;
use crate::rules::{Check, Report};

declare_rule! {
    /// EXPOSE names a port the base no longer listens on.
    ///
    /// ## What it does
    ///
    /// Compares `EXPOSE` with the port that the command of the image names in plain digits (`--port 8000`,
    /// `-b 0.0.0.0:8000`), and finds `EXPOSE 80` on base images of .NET 8 and later, which listen on 8080.
    ///
    /// ## Why is this bad?
    ///
    /// `EXPOSE` is what `docker run -P`, many proxies and the reader go by. With another port than the server's
    /// they connect to nothing.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// EXPOSE 5000
    /// CMD ["gunicorn", "--worker-tmp-dir", "/dev/shm", "-b", "0.0.0.0:8000", "app:app"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// EXPOSE 8000
    /// CMD ["gunicorn", "--worker-tmp-dir", "/dev/shm", "-b", "0.0.0.0:8000", "app:app"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// No change is offered: only the author knows which of the two ports is meant.
    ///
    /// ## References
    ///
    /// - [.NET: Default ASP.NET Core port changed to 8080](https://learn.microsoft.com/en-us/dotnet/core/compatibility/containers/8.0/aspnet-port)
    /// - [Docker: Dockerfile reference, EXPOSE](https://docs.docker.com/reference/dockerfile/#expose)
    pub(super) RULE = "exposed-port-mismatch" {
        chapter: Operation, level: Info, default: On, scope: Stage, fix: None,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    let ports = exposed(file, stage);
    if ports.ports.is_empty() || ports.other {
        return;
    }
    if listens_on_8080(file, stage) {
        dotnet(file, stage, &ports, report);
    } else if let [server] = servers(file, stage) {
        command(file, stage, server, &ports, report);
    }
}

fn covers(ports: &Exposed, port: u16) -> bool {
    ports.ports.iter().any(|range| (range.first..=range.last).contains(&port))
}

/// Whether the base is an image of ASP.NET 8 or later.
fn listens_on_8080(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    file.base_image(stage).is_some_and(|base| {
        let major = base.tag().split(['.', '-']).next().and_then(|text| text.parse::<u32>().ok());
        base.image.repository == "dotnet/aspnet" && major.is_some_and(|major| major >= 8)
    })
}

fn dotnet(file: &FileFacts<'_>, stage: &StageFacts<'_>, ports: &Exposed, report: &mut Report) {
    let settings = ["ASPNETCORE_", "DOTNET_URLS", "Kestrel", "--urls", "HTTP_PORTS"];
    let said = |text: &str| settings.iter().any(|name| text.contains(name));
    let configured = match file_in_workdir(file, stage, "appsettings.json") {
        Lookup::Found(text) => text.contains("Kestrel") || text.contains("Urls"),
        Lookup::Absent => false,
        Lookup::Unknown => true,
    };
    let Some(port) = ports.ports.iter().find(|port| port.first == 80 && port.last == 80) else { return };
    if covers(ports, 8080)
        || configured
        || settings.iter().any(|name| start_mentions(stage, name))
        || file.history(stage).iter().any(|(_, facts)| said(facts.instruction.joined.text()))
    {
        return;
    }
    report
        .add(port.span, "ASP.NET images listen on port 8080 since .NET 8, not on 80: what goes by `EXPOSE` connects to nothing.")
        .note("Write `EXPOSE 8080`, or set `ASPNETCORE_HTTP_PORTS=80` (as root, or where ports below 1024 are open to all).");
}

fn command(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    server: &Server,
    ports: &Exposed,
    report: &mut Report,
) {
    // A shell may compute more, and a script may do more.
    if !server.launch.json || server.may_contain_anything() {
        return;
    }
    let Some((port, word)) = port_of(server) else { return };
    let Some(first) = ports.ports.first() else { return };
    if covers(ports, port) || has_proxy(file, stage) {
        return;
    }
    let exposed = if first.first == first.last {
        first.first.to_string()
    } else {
        format!("{}-{}", first.first, first.last)
    };
    report
        .add(
            first.span,
            format!("`EXPOSE` names {exposed}, but `{}` listens on {port}: what goes by `EXPOSE` connects to nothing.", server.shown()),
        )
        .related(server.launch.span_of(word), "The port is set here");
}

/// The port that a command names in plain digits, and the number of its word. Options are from the servers' own
/// manuals.
fn port_of(server: &Server) -> Option<(u16, usize)> {
    use ServerKind as K;
    let (addresses, ports): (&[&str], &[&str]) = match server.kind {
        K::Gunicorn | K::Hypercorn => (&["-b", "--bind"], &[]),
        K::Uvicorn | K::FastApiDev | K::FastApiRun | K::Artisan | K::Vite | K::VitePreview | K::FrontEnd => {
            (&[], &["--port"])
        }
        K::Daphne | K::FlaskRun | K::NextDev | K::NextStart | K::Rails => (&[], &["-p", "--port"]),
        K::Streamlit => (&[], &["--server.port"]),
        K::PhpBuiltIn => (&["-S"], &[]),
        K::Waitress => (&["--listen"], &["--port"]),
        K::Django => {
            let words = server.words().iter().enumerate().skip(server.verb + 1);
            let (at, address) = words.into_iter().find(|(_, word)| !word.starts_with('-'))?;
            return Some((address.rsplit(':').next()?.parse().ok()?, at));
        }
        _ => return None,
    };
    let mut found = None;
    for option in server.options(addresses) {
        let port = option.value.rsplit_once(':')?.1.parse().ok()?;
        found = if found.is_none() { Some((port, option.word)) } else { return None };
    }
    let port = server.option(ports).and_then(|option| Some((option.value.parse().ok()?, option.word)));
    found.or(port)
}
