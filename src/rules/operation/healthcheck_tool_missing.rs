//! `healthcheck-tool-missing`.

use crate::declare_rule;
use crate::dockerfile::{Instruction, Keyword};
use crate::facts::{FileFacts, HealthCall, Presence, StageFacts, health_call, presence};
use crate::image::{Family, Language};
use crate::rules::{Check, Fix, Report};
use crate::text::Edit;

declare_rule! {
    /// The health check calls a tool the image does not have.
    ///
    /// ## What it does
    ///
    /// Reads `HEALTHCHECK` and finds `curl`, `wget`, `bash`, `nc`, `pg_isready` and the like on base images that are
    /// known not to have them: slim Debian images (no curl, no wget), Alpine (no curl, no bash), distroless
    /// images (nothing), unless the Dockerfile installs or copies the tool. It also finds tools that a later
    /// step removes again.
    ///
    /// ## Why is this bad?
    ///
    /// The check fails at each attempt, so every container is "unhealthy": Compose does not start what depends on
    /// it, and Swarm stops and replaces it for ever.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// HEALTHCHECK --interval=30s CMD curl -f http://127.0.0.1:8000/health || exit 1
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM python:3.13-slim-trixie
    /// WORKDIR /app
    /// COPY app.py ./
    /// HEALTHCHECK --interval=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: the new check asks the same address (`127.0.0.1` for `localhost` where a tool tries the IPv6
    /// address only), but redirects and certificates may be handled in
    /// another way. Look at `docker ps` a minute after the start.
    ///
    /// ## References
    ///
    /// - [Docker: Dockerfile reference, HEALTHCHECK](https://docs.docker.com/reference/dockerfile/#healthcheck)
    /// - [Python: urllib.request](https://docs.python.org/3/library/urllib.request.html)
    pub(super) RULE = "healthcheck-tool-missing" {
        chapter: Operation, level: Error, default: On, scope: Stage, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on {
        return;
    }
    let history = file.history(stage);
    let last = history.iter().rev().find(|(_, facts)| facts.is(Keyword::Healthcheck));
    let Some((_, facts)) = last else { return };
    let Some(call) = health_call(facts) else { return };
    // Without a shell the shell form calls nothing at all: `no-shell-in-base`.
    if !facts.instruction.json && presence(file, stage, "sh").is_missing() {
        return;
    }
    let found = presence(file, stage, call.tool);
    if !found.is_missing() || call.others.iter().any(|other| !presence(file, stage, other).is_missing()) {
        return;
    }
    let base = file.base_image(stage).map_or_else(|| "scratch".to_owned(), crate::facts::BaseImage::shown);
    let tool = call.tool;
    let message = match found {
        Presence::Removed(_) => {
            format!(
                "The health check needs `{tool}`, which a later step removes again: every container stays unhealthy."
            )
        }
        _ => format!(
            "The health check needs `{tool}`, which `{base}` does not have: every container stays unhealthy."
        ),
    };
    let mut finding = report.add(call.span, message);
    if let Presence::Removed(index) = found
        && let Some(instruction) = file.dockerfile.instructions.get(index)
    {
        finding = finding.related(instruction.body, "It is removed here");
    }
    let family = file.distribution(stage).map(|distribution| distribution.family);
    if let Some((edit, program)) = fix(file, stage, facts.instruction, &call, family) {
        let title = format!("Ask the same address with {program}");
        finding
            .note("Check with `docker ps` that a new container becomes healthy.")
            .fix(Fix::confirm(title, vec![edit]));
        return;
    }

    let package = package(tool, family);
    finding.note(match family {
        Some(Family::Debian | Family::Ubuntu) => {
            format!("Install `{package}`, or let a program ask that is in the image already.")
        }
        Some(Family::Alpine) if tool == "curl" => {
            format!("Install `{package}`, or use the `wget` of BusyBox, which is in the image.")
        }
        Some(Family::Alpine) => format!("Install `{package}`, or use `sh` and the tools of BusyBox."),
        _ => "Let the application bring a check of its own (`myapp healthcheck`): the image has no tools."
            .to_owned(),
    });
}

/// The package of Debian or Alpine that brings a tool.
fn package(tool: &str, family: Option<Family>) -> &str {
    let alpine = family == Some(Family::Alpine);
    match tool {
        "http" => "httpie",
        "mysqladmin" if alpine => "mysql-client",
        "mysqladmin" => "default-mysql-client",
        "nc" | "netcat" => "netcat-openbsd",
        "pg_isready" => "postgresql-client",
        "redis-cli" if alpine => "redis",
        "redis-cli" => "redis-tools",
        "telnet" if alpine => "busybox-extras",
        _ => tool,
    }
}

/// Another way to ask the same address, with what the image has.
fn fix(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    instruction: &Instruction,
    call: &HealthCall,
    family: Option<Family>,
) -> Option<(Edit, &'static str)> {
    let url = call.url()?;
    // curl and Python go on to the next address of a name; BusyBox and older Node ask ::1 and give up.
    let first = ipv4(&url);
    let language = file.defaults(stage)?.language;
    let node_is_new = || {
        let tag = file.base_image(stage).map(crate::facts::BaseImage::tag).unwrap_or_default();
        let major = tag.split(['.', '-']).next().and_then(|text| text.parse::<u32>().ok());
        // `fetch` came with Node 18. A tag without a number is a newer one.
        major.is_none_or(|major| major >= 18)
    };
    if family == Some(Family::Alpine) && call.tool == "curl" && !presence(file, stage, "wget").is_missing() {
        let text = if instruction.json {
            format!("\"wget\", \"-qO-\", \"{first}\"")
        } else if url.contains(['&', ';', '(', ')', '<', '>', '|', '*', '?', '[', '#', '!']) {
            // In a string that another shell runs the quotes may end the string.
            if call.nested {
                return None;
            }
            format!("wget -qO- '{first}'")
        } else {
            format!("wget -qO- {first}")
        };
        return Some((Edit::replace(call.command, text), "wget"));
    }
    if !call.alone
        || !matches!(family, Some(Family::Debian | Family::Ubuntu))
        || !instruction.comments.is_empty()
    {
        return None;
    }
    let (text, program) = match language {
        Some(Language::Python) => (
            format!("[\"python\", \"-c\", \"import urllib.request as u; u.urlopen('{url}', timeout=3)\"]"),
            "Python",
        ),
        Some(Language::Node) if node_is_new() => (
            format!(
                "[\"node\", \"-e\", \"fetch('{first}').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))\"]"
            ),
            "Node",
        ),
        _ => return None,
    };
    Some((Edit::replace(instruction.rest_span(), text), program))
}

/// The address with `127.0.0.1` for `localhost`.
fn ipv4(url: &str) -> String {
    match url.strip_prefix("http://localhost") {
        Some(rest) if rest.is_empty() || rest.starts_with([':', '/', '?']) => {
            format!("http://127.0.0.1{rest}")
        }
        _ => url.to_owned(),
    }
}
