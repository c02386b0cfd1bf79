//! `node-env-missing`.

use crate::config::Level;
use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{
    FileFacts, InstructionFacts, ServerKind, StageFacts, compose_has, exposed, package_json, package_script,
    servers, start_mentions,
};
use crate::repository::package_json::PackageJson;
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand};
use crate::shell::{Command, Word};
use crate::text::Edit;

declare_rule! {
    /// A Node server runs without NODE_ENV=production.
    ///
    /// ## What it does
    ///
    /// Finds images that start a server with `node` while nothing sets `NODE_ENV`: not the image, not the command,
    /// not a compose file beside it. It also finds `NODE_ENV=production` above an installation whose build
    /// tools are development dependencies, which are left out then.
    ///
    /// ## Why is this bad?
    ///
    /// Express and many other libraries ask `NODE_ENV`. Without it they compile templates at each request, send
    /// stack traces to visitors and log more. OWASP lists it among the first settings of a Node image.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci --omit=dev && npm cache clean --force
    /// COPY src ./src
    /// EXPOSE 3000
    /// CMD ["node", "src/server.js"]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci --omit=dev && npm cache clean --force
    /// ENV NODE_ENV=production
    /// COPY src ./src
    /// EXPOSE 3000
    /// CMD ["node", "src/server.js"]
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe for the build: the line stands below the last installation, so the same packages are installed.
    ///
    /// ## References
    ///
    /// - [Node.js: the difference between development and production](https://nodejs.org/en/learn/getting-started/nodejs-the-difference-between-development-and-production)
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    pub(super) RULE = "node-env-missing" {
        chapter: Operation, level: Info, default: On, scope: Stage, fix: Safe,
        aliases: [],
        check: Check::Stage(check),
    }
}

const NAME: &str = "NODE_ENV";

/// Packages that make a program a server.
const FRAMEWORKS: [&str; 14] = [
    "@apollo/server",
    "@hapi/hapi",
    "@nestjs/core",
    "apollo-server",
    "express",
    "fastify",
    "hono",
    "koa",
    "next",
    "nuxt",
    "polka",
    "restify",
    "sails",
    "socket.io",
];

/// Programs of builds and the package that brings each.
const BUILDERS: [(&str, &str); 14] = [
    ("tsc", "typescript"),
    ("vite", "vite"),
    ("webpack", "webpack"),
    ("webpack-cli", "webpack-cli"),
    ("ng", "@angular/cli"),
    ("nest", "@nestjs/cli"),
    ("rollup", "rollup"),
    ("esbuild", "esbuild"),
    ("tsup", "tsup"),
    ("parcel", "parcel"),
    ("gulp", "gulp"),
    ("babel", "@babel/cli"),
    ("grunt", "grunt-cli"),
    ("vue-cli-service", "@vue/cli-service"),
];

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    tools_left_out(file, stage, report);
    if stage.shipped && !stage.built_on && stage.end.env(NAME).is_none() {
        missing(file, stage, report);
    }
}

fn missing(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let all = servers(file, stage);
    let Some(server) = all.iter().find(|server| server.kind == ServerKind::Node) else { return };
    let runs_file = server.words().iter().skip(1).any(|word| !word.starts_with('-'));
    let said = |text: &str| text.contains(NAME);
    // Next.js and Nuxt write it into the server that they build.
    let sets_itself = server.words().iter().any(|word| word.contains(".output/"))
        || file
            .history(stage)
            .iter()
            .any(|(_, facts)| facts.instruction.joined.text().contains(".next/standalone"));
    let is_server = has_framework(file, stage) || !exposed(file, stage).ports.is_empty();
    if !runs_file
        || !is_server
        || sets_itself
        || all.iter().any(|server| server.assignments.iter().any(|text| said(text)))
        || start_mentions(stage, NAME)
        || compose_has(file, said)
    {
        return;
    }
    let mut finding = report
        .add(
            server.span(),
            "Nothing sets `NODE_ENV=production` for this server: libraries then skip caches, log more and send stack traces to visitors.",
        )
        .whole_stage();
    if let Some((path, span)) = &server.launch.in_script {
        finding = finding.related_in(path.clone(), *span, "node is started here");
    }
    if let Some(edit) = edit(file, stage) {
        finding.fix(Fix::safe("Set `NODE_ENV=production`", vec![edit]));
    } else {
        finding.note("Set it in the image: `ENV NODE_ENV=production`.");
    }
}

fn has_framework(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    package_json(file, stage)
        .is_some_and(|(_, package)| FRAMEWORKS.iter().any(|name| package.dependency(name).is_some()))
}

/// A line below the last step that installs or builds something, else above the command.
fn edit(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<Edit> {
    let source = &file.dockerfile.source;
    let line = format!("{} {NAME}=production", file.keyword_case().write("env"));
    if let Some(facts) = stage.of(Keyword::Run).rev().find(|facts| uses_node(facts)) {
        let end = facts.instruction.span.end;
        let newline = source.newline_at(facts.instruction.span.start);
        let text = if source.slice(facts.instruction.span).ends_with('\n') {
            format!("{line}{newline}")
        } else {
            format!("{newline}{line}")
        };
        return Some(Edit::insert(end, text));
    }
    let main = stage.start.main().filter(|main| main.stage == stage.index)?;
    let offset = file.above(main.index);
    Some(Edit::insert(offset, format!("{line}{}", source.newline_at(offset))))
}

/// Whether a RUN runs a tool of Node that may read the variable; also when the RUN is not understood.
fn uses_node(facts: &InstructionFacts<'_>) -> bool {
    let tools = [
        "npm", "npx", "yarn", "pnpm", "bun", "node", "corepack", "ng", "tsc", "vite", "webpack", "lerna",
        "turbo", "nx",
    ];
    facts.body.is_none()
        || facts.steps().any(|step| step.command.name().is_none_or(|name| tools.contains(&name)))
        || facts.instruction.joined.text().contains("npm")
}

// --- set above what needs development dependencies -----------------------------------------------------------

fn tools_left_out(file: &FileFacts<'_>, stage: &StageFacts<'_>, report: &mut Report) {
    let by_node =
        |call: &PackageCommand<'_>| matches!(call.manager, Manager::Npm | Manager::Yarn | Manager::Pnpm);
    if !stage.of(Keyword::Run).any(|facts| facts.calls.iter().any(by_node)) {
        return;
    }
    let mut install: Option<&PackageCommand<'_>> = None;
    let mut read: Option<Option<PackageJson>> = None;
    for facts in stage.of(Keyword::Run) {
        let production = matches!(facts.state.lookup(NAME), Value::Set(value) if value == "production")
            && !facts.state.may_be_overridden(NAME);
        for step in facts.steps() {
            if let Some(call) = step.call
                && call.is_from_manifest()
                && by_node(call)
            {
                let with_dev = call.flags.iter().any(|flag| {
                    matches!(
                        &*flag.name,
                        "--include" | "--production" | "--prod" | "--dev" | "--only" | "--omit" | "-D"
                    )
                });
                let assigned = step.command.assignments.iter().any(|a| &*a.name == NAME)
                    || step.command.prefix().iter().any(|word| word.text().starts_with(NAME));
                // A later installation brings what the first one left out.
                install = (production && !with_dev && !assigned).then_some(call);
                continue;
            }
            let Some(call) = install else { continue };
            let package = read.get_or_insert_with(|| package_json(file, stage).map(|(_, package)| package));
            let Some(package) = package.as_ref() else { return };
            let Some(tool) = needed_tool(step.command, package) else { continue };
            if call.manager == Manager::Yarn
                && package.package_manager.as_deref().is_some_and(|m| !m.starts_with("yarn@1"))
            {
                return;
            }
            report_left_out(call, tool, step.command, report);
            return;
        }
    }
}

/// The package among `devDependencies` only that a command of the build needs.
fn needed_tool(command: &Command, package: &PackageJson) -> Option<&'static str> {
    let words: Vec<String> = command.program_words().iter().map(|word| word.text().to_owned()).collect();
    let missing = |program: &str| {
        let (_, name) = BUILDERS.iter().find(|(name, _)| *name == program)?;
        (package.dev_dependency(name).is_some() && package.dependency(name).is_none()).then_some(*name)
    };
    if let Some(line) = package_script(&words).and_then(|name| package.script(name)) {
        let shell = crate::shell::parse(&crate::dockerfile::Joined::verbatim(line, 0));
        return shell.commands().find_map(|command| missing(command.name()?));
    }
    match command.name()? {
        "npx" => missing(command.args().iter().map(Word::text).find(|word| !word.starts_with('-'))?),
        name => missing(name),
    }
}

fn report_left_out(call: &PackageCommand<'_>, tool: &str, command: &Command, report: &mut Report) {
    let shown = |words: &[Word]| {
        words.iter().take(3).map(|word| word.text().replace('`', "")).collect::<Vec<_>>().join(" ")
    };
    let install = format!("{} {}", call.program, call.verb_text).replace('`', "");
    let option = match call.manager {
        Manager::Npm => "--include=dev",
        Manager::Yarn => "--production=false",
        _ => "--prod=false",
    };
    report
        .add(
            call.program_span.cover(call.verb_span),
            format!(
                "With `NODE_ENV=production` set above, `{}` leaves `{tool}` out, which `{}` needs.",
                install.trim(),
                shown(command.program_words())
            ),
        )
        .level(Level::Warning)
        .related(command.span(), "This needs a development dependency")
        .note("Setting `NODE_ENV` below the build works as well.")
        .note("Remove the development dependencies again before the image is shipped, or copy only what the build made.")
        .fix(Fix::confirm(format!("Install with `{option}`"), vec![Edit::insert(call.verb_span.end, format!(" {option}"))]));
}
