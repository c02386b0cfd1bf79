//! `npm-as-pid1`.

use crate::declare_rule;
use crate::dockerfile::Joined;
use crate::facts::{
    FileFacts, PackageScript, Server, ServerKind, StageFacts, compose_has, package_json, servers,
};
use crate::image::Entrypoint;
use crate::repository::package_json::PackageJson;
use crate::rules::{Check, Fix, Report};
use crate::shell::parse;

declare_rule! {
    /// npm is PID 1 and swallows signals.
    ///
    /// ## What it does
    ///
    /// Finds images that start `npm start`, `npm run …`, `yarn …` or `pnpm …` while the script in `package.json` is
    /// nothing but `node` and a file.
    ///
    /// ## Why is this bad?
    ///
    /// npm becomes process 1 of the container and starts a shell, which starts node. `docker stop` signals npm,
    /// which does not reliably hand SIGTERM on: requests are cut off when the container is killed ten seconds
    /// later.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json server.js ./
    /// CMD ["npm", "start"]
    /// ```
    ///
    /// ```json package.json
    /// {"scripts": {"start": "node server.js"}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json server.js ./
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ```json package.json
    /// {"scripts": {"start": "node server.js"}}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Must be confirmed: npm sets `npm_…` variables (`npm_package_version`), which few programs read. As process 1
    /// node itself must react to SIGTERM, or an init (`docker run --init`) has to stand before it.
    ///
    /// ## References
    ///
    /// - [Node.js Docker team: Best practices, CMD](https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md#cmd)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    pub(super) RULE = "npm-as-pid1" {
        chapter: Operation, level: Warning, default: On, scope: Instruction, fix: Confirm,
        aliases: [],
        check: Check::Stage(check),
    }
}

/// Programs that stand before npm and hand signals on.
const INITS: [&str; 6] = ["tini", "tini-static", "dumb-init", "catatonit", "docker-init", "init"];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    if !stage.shipped || stage.built_on || stage.dev {
        return;
    }
    for server in servers(file, stage) {
        if server.kind != ServerKind::Node || !server.assignments.is_empty() {
            continue;
        }
        // In a start script npm may be one of several things that are started.
        let [script] = server.scripts.as_slice() else { continue };
        let Some((_, package)) = package_json(file, stage) else { continue };
        if script.call.in_script.is_some() || !is_simple(server, script, &package) || has_init(file, stage) {
            continue;
        }
        let call = script
            .call
            .words
            .iter()
            .filter(|word| *word != "--")
            .take(3)
            .map(|word| word.replace('`', ""))
            .collect::<Vec<_>>()
            .join(" ");
        let command = server.words().join(" ").replace('`', "");
        let finding = report
            .add(
                script.call.span_of(0),
                format!("`{call}` only starts `{command}`, but it stays process 1 and does not reliably hand SIGTERM on. Requests are cut off at each stop."),
            )
            .note("Check that the program reads no `npm_…` variables and ends on SIGTERM.");
        let words: Vec<&str> = server.words().iter().map(String::as_str).collect();
        if let Some(edit) = script.call.replace_all(file, &words) {
            finding.fix(Fix::confirm("Start node itself", vec![edit]));
        }
    }
}

/// Whether the script is one plain command without hooks.
fn is_simple(server: &Server, script: &PackageScript, package: &PackageJson) -> bool {
    let Some(line) = package.script(&script.name) else { return false };
    let shell = parse(&Joined::verbatim(line, 0));
    let plain = shell.single_command().is_some_and(|command| {
        command.redirects.is_empty()
            && command.assignments.is_empty()
            && command.prefix().is_empty()
            && command.words.iter().all(crate::shell::Word::is_plain)
    });
    let hooked =
        ["pre", "post"].iter().any(|hook| package.script(&format!("{hook}{}", script.name)).is_some());
    // `npx`, `dotenv --` and the like stand before it.
    let direct = line.split_whitespace().next() == server.words().first().map(String::as_str);
    script.takes_arguments && plain && direct && !hooked && server.words().len() > 1
}

fn has_init(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let name = |path: &str| INITS.contains(&path.rsplit('/').next().unwrap_or(path));
    let words = stage.start.main().map(|main| &main.instruction.args);
    words.and_then(|words| words.first()).is_some_and(|word| name(word.text.split(' ').next().unwrap_or("")))
        || matches!(file.defaults(stage).map(|d| d.entrypoint), Some(Entrypoint::Runs(program)) if name(program))
        || compose_has(file, |line| line == "init: true")
}
