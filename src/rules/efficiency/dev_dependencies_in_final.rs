//! `dev-dependencies-in-final`.

mod later;

use crate::declare_rule;
use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{FileFacts, InstructionFacts, StageFacts, Step, is_set_for, launches};
use crate::repository::development::{
    groups_of_gemfile, in_composer_json, in_package_json, in_poetry_project, in_uv_project,
};
use crate::repository::locks::is_classic_yarn;
use crate::rules::{Check, Fix, Report};
use crate::shell::packages::{Manager, PackageCommand, PackageKind, Verb};
use crate::shell::{Connector, Inside, Word};
use crate::text::{Edit, Span};
use camino::{Utf8Path, Utf8PathBuf};
use later::Use;

declare_rule! {
    /// Development dependencies are shipped.
    ///
    /// ## What it does
    ///
    /// Finds installs in the stages that are shipped that take along what is only needed to develop and test:
    /// npm, yarn, pnpm, poetry, uv, pipenv, Composer and Bundler without the option that leaves it out,
    /// requirements files for development, and xdebug. The manifest must have such dependencies.
    ///
    /// Stages that build or test with them, that remove them again, or whose command needs them, are not meant, nor is
    /// `NODE_ENV=production`, `UV_NO_DEV`, `COMPOSER_NO_DEV` or `BUNDLE_WITHOUT` in effect.
    ///
    /// ## Why is this bad?
    ///
    /// Compilers, test tools and their own dependencies often are the larger part of what is installed: they make the
    /// image bigger, every pull slower, and every one of them can have a hole that a scanner reports.
    ///
    /// ## Example
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci
    /// COPY . .
    /// USER node
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ```json package.json
    /// {"dependencies": {"express": "^5.1.0"}, "devDependencies": {"vitest": "^3.0.0"}}
    /// ```
    ///
    /// ```json package-lock.json
    /// {"lockfileVersion": 3}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```dockerfile
    /// FROM node:24-trixie-slim
    /// WORKDIR /app
    /// COPY package.json package-lock.json ./
    /// RUN npm ci --omit=dev
    /// COPY . .
    /// USER node
    /// CMD ["node", "server.js"]
    /// ```
    ///
    /// ```json package.json
    /// {"dependencies": {"express": "^5.1.0"}, "devDependencies": {"vitest": "^3.0.0"}}
    /// ```
    ///
    /// ```json package-lock.json
    /// {"lockfileVersion": 3}
    /// ```
    ///
    /// ## Fix safety
    ///
    /// Safe where the command of the container is known and nothing of the project is run at the install; else it has to
    /// be confirmed. No change is offered where a script that runs at the install needs such a dependency.
    ///
    /// ## References
    ///
    /// - [OWASP: NodeJS Docker Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/NodeJS_Docker_Cheat_Sheet.html)
    /// - [npm: npm-ci, omit](https://docs.npmjs.com/cli/commands/npm-ci#omit)
    /// - [Composer: install](https://getcomposer.org/doc/03-cli.md#install-i)
    pub(super) RULE = "dev-dependencies-in-final" {
        chapter: Efficiency, level: Info, default: On, scope: Repository, fix: Safe,
        aliases: [
            "tally/php/composer-no-dev-in-production", "tally/php/no-xdebug-in-final-image",
            "tally/ruby/missing-bundle-without-development",
        ],
        check: Check::Instruction(check),
    }
}

/// The calls of package managers in one RUN that are looked at; nobody writes more.
const MAX_CALLS: usize = 200;

fn check(file: &FileFacts<'_>, stage: &StageFacts<'_>, run: &InstructionFacts<'_>, report: &mut Report) {
    if !run.is(Keyword::Run) || !stage.shipped || stage.dev || file.dev {
        return;
    }
    if run.instruction.rest_text().contains("xdebug") && serves_php(file, stage) {
        let first = file.first(stage, "installs xdebug", |facts| xdebug_word(facts).is_some());
        if first == Some(run.index) {
            xdebug(run, report);
        }
    }
    if run.calls.is_empty() {
        return;
    }
    for step in run.steps().filter(|step| step.call.is_some()).take(MAX_CALLS) {
        let Some(call) = step.call else { continue };
        if call.may_contain_anything() || is_conditional(&step) {
            continue;
        }
        let here = Here { file, stage, run, step: &step, call };
        let Some(found) = here.look() else { continue };
        say(&here, found, report);
    }
}

/// An install, with everything around it.
struct Here<'f, 'a> {
    file: &'f FileFacts<'a>,
    stage: &'f StageFacts<'a>,
    run: &'f InstructionFacts<'a>,
    step: &'f Step<'f, 'a>,
    call: &'f PackageCommand<'a>,
}

/// What an install takes along.
struct Found {
    /// How the tool calls these dependencies, and some of their names.
    what: &'static str,
    names: Vec<String>,
    /// What leaves them out: edits and title.
    change: Option<(Vec<Edit>, String)>,
    /// Whether the author must check something: what.
    check: Option<String>,
    /// What to do where there is no change.
    advice: &'static str,
    codes: &'static [&'static str],
}

const NODE_CODES: &[&str] = &["dev-dependencies-in-final"];

impl Here<'_, '_> {
    fn set(&self, names: &[&str]) -> bool {
        names.iter().any(|name| is_set_for(self.run, self.step, name))
    }

    /// The manifest that the install reads, with its text.
    fn manifest(&self, name: &str) -> Option<(Utf8PathBuf, std::sync::Arc<str>)> {
        let names = ["--prefix", "--cwd", "-C", "--dir", "--working-dir", "--directory", "--project"];
        let dir = match self.call.flag(&names) {
            Some(flag) if flag.variable => return None,
            Some(flag) => format!("{}/", flag.value.as_deref().unwrap_or("").trim_end_matches('/')),
            None => String::new(),
        };
        let placed = self.file.placed_at(self.stage, self.run, self.step, &format!("{dir}{name}"));
        let path = placed.path()?.to_owned();
        let text = self.file.tree.read(&path).found()?;
        Some((path, text))
    }

    fn look(&self) -> Option<Found> {
        let call = self.call;
        let verb = &*call.verb_text;
        match call.manager {
            Manager::Npm | Manager::Yarn | Manager::Pnpm if call.verb == Verb::Install => self.node(),
            Manager::Poetry if matches!(verb, "install" | "sync") => self.poetry(),
            Manager::Uv if verb == "sync" => self.uv(),
            Manager::Pipenv if call.verb == Verb::Install => self.pipenv(),
            Manager::Pip | Manager::Uv if matches!(verb, "install" | "pip install") => self.requirements(),
            Manager::Composer if matches!(verb, "install" | "i") => self.composer(),
            Manager::Bundler if call.is_from_manifest() && matches!(verb, "install" | "i" | "") => {
                self.bundler()
            }
            _ => None,
        }
    }

    /// One more option behind the verb.
    fn option(&self, option: &str) -> (Vec<Edit>, String) {
        let edit = Edit::insert(self.call.verb_span.end, format!(" {option}"));
        (vec![edit], format!("Add `{option}`"))
    }

    fn node(&self) -> Option<Found> {
        let call = self.call;
        let kept = [
            "--production",
            "--prod",
            "-P",
            "--only",
            "--include",
            "--dev",
            "-D",
            "-g",
            "--global",
            "--location",
        ];
        if !call.is_from_manifest()
            || call.flag(&kept).is_some()
            || call.flag_values(&["--omit"]).any(|value| value == "dev")
            || call.verb_text.starts_with("global")
            || call.verb_text == "workspaces focus"
            || self.set(&[
                "NPM_CONFIG_OMIT",
                "npm_config_omit",
                "NPM_CONFIG_PRODUCTION",
                "npm_config_production",
            ])
            || self.set(&["YARN_PRODUCTION", "NPM_CONFIG_ONLY", "npm_config_only"])
            || self.node_env_may_be_production()
        {
            return None;
        }
        let (path, text) = self.manifest("package.json")?;
        let names = in_package_json(&text).filter(|names| !names.is_empty())?;
        let home = path.parent().unwrap_or(Utf8Path::new(""));
        let npmrc = self.file.tree.read(&home.join(".npmrc")).found();
        if npmrc.is_some_and(|text| {
            ["omit=dev", "production=true", "only=prod"].iter().any(|word| text.contains(word))
        }) {
            return None;
        }
        let start = later::node(self, &text, &names)?;
        let change = match call.manager {
            Manager::Npm => {
                // `--omit` came with npm 7, which Node.js has since 15.
                let old = self.file.base_image(self.stage).is_some_and(|base| {
                    base.image.repository == "node"
                        && crate::repository::version::release(base.tag())
                            .is_some_and(|(numbers, _)| numbers[0] < 15)
                });
                Some(self.option(if old { "--only=production" } else { "--omit=dev" }))
            }
            Manager::Pnpm => Some(self.option("--prod")),
            _ => {
                let lock = self.file.tree.read(&home.join("yarn.lock")).found();
                let classic = lock.and_then(|text| is_classic_yarn(&text)) == Some(true);
                classic.then(|| self.option("--production"))
            }
        };
        let advice = if call.manager == Manager::Yarn {
            "With yarn 1 add `--production`, with later ones use `yarn workspaces focus --all --production`."
        } else {
            "Leave the scripts out (`--ignore-scripts`) or let them find out whether the tool is there; then leave out \
             the development dependencies."
        };
        let scripts = if call.has_flag(&["--ignore-scripts"]) {
            later::Scripts::None
        } else {
            later::scripts(&text, &names)
        };
        let (change, check) = match scripts {
            later::Scripts::Need => (None, None),
            later::Scripts::Some(name) => (
                change,
                Some(format!("Check that the script `{name}`, which the install runs, needs none of them.")),
            ),
            later::Scripts::None => (change, start.check()),
        };
        Some(Found { what: "`devDependencies`", names, change, check, advice, codes: NODE_CODES })
    }

    /// Whether npm and its like leave them out by themselves, or may do so.
    fn node_env_may_be_production(&self) -> bool {
        let inline = self.step.command.assignments.iter().any(|set| &*set.name == "NODE_ENV");
        let said = self.run.state.declares("NODE_ENV")
            && match self.run.state.lookup("NODE_ENV") {
                Value::Set(value) => value == "production",
                Value::Unknown => true,
                Value::Unset => false,
            };
        // What another image sets is not known; the official ones do not set it.
        let known = self.file.base_image(self.stage).is_some_and(|base| base.image.official);
        inline || said || !known || self.run.scripts().any(|script| script.text().contains("NODE_ENV"))
    }

    fn poetry(&self) -> Option<Found> {
        let call = self.call;
        let kept = ["--only", "--without", "--with", "--no-dev", "--only-root", "--all-groups", "--dev-only"];
        if call.flag(&kept).is_some() || self.set(&["POETRY_WITHOUT", "POETRY_ONLY", "POETRY_NO_DEV"]) {
            return None;
        }
        let (_, text) = self.manifest("pyproject.toml")?;
        let names = in_poetry_project(&text).filter(|names| !names.is_empty())?;
        let start = later::python(self, &names)?;
        // `--only` came with Poetry 1.2.
        let whole = self.file.dockerfile.source.text();
        let old = ["poetry==1.1", "poetry==1.0", "POETRY_VERSION=1.1", "POETRY_VERSION=1.0"];
        let option =
            if old.iter().any(|version| whole.contains(version)) { "--no-dev" } else { "--only main" };
        Some(Found {
            what: "the groups for development",
            names,
            change: Some(self.option(option)),
            check: start.check(),
            advice: "",
            codes: NODE_CODES,
        })
    }

    fn uv(&self) -> Option<Found> {
        let call = self.call;
        let kept = [
            "--no-dev",
            "--no-default-groups",
            "--only-group",
            "--all-groups",
            "--dev",
            "--only-dev",
            "--script",
            "--package",
            "--all-packages",
        ];
        if call.flag(&kept).is_some()
            || call.flag_values(&["--no-group", "--group"]).any(|group| group == "dev")
            || self.set(&["UV_NO_DEV", "UV_NO_DEFAULT_GROUPS", "UV_NO_GROUP"])
        {
            return None;
        }
        let (_, text) = self.manifest("pyproject.toml")?;
        let names = in_uv_project(&text).filter(|names| !names.is_empty())?;
        let start = later::python(self, &names)?;
        // `uv run` installs them again when the container starts.
        let again = later::starts_with_uv_run(self.file, self.stage);
        Some(Found {
            what: "the group `dev`",
            names,
            change: (!again).then(|| self.option("--no-dev")),
            check: start.check(),
            advice: "`uv run` installs it again when the container starts: set `ENV UV_NO_DEV=1` above the install.",
            codes: NODE_CODES,
        })
    }

    fn pipenv(&self) -> Option<Found> {
        let flag = self.call.flag(&["--dev", "-d"])?;
        let start = later::python(self, &[])?;
        let source = &self.file.dockerfile.source;
        let alone = source.slice(flag.span) == &*flag.name;
        let before = flag.span.start.checked_sub(1).map(|start| Span::new(start, flag.span.start));
        let edit = before.filter(|before| alone && source.slice(*before) == " ");
        let change = edit.map(|before| {
            (vec![Edit::delete(Span::new(before.start, flag.span.end))], format!("Leave `{}` out", flag.name))
        });
        Some(Found {
            what: "`dev-packages`",
            names: Vec::new(),
            change,
            check: start.check(),
            advice: "Leave `--dev` out.",
            codes: NODE_CODES,
        })
    }

    fn requirements(&self) -> Option<Found> {
        let listed = self.call.packages.iter().filter(|p| p.kind == PackageKind::Requirements && !p.variable);
        let package = listed.into_iter().find(|package| is_for_development(&package.name))?;
        later::python(self, &[])?;
        // Where nothing else is installed, the image is made to test with.
        let others = self.file.history(self.stage).iter().any(|(_, facts)| {
            facts.calls.iter().flat_map(|call| call.packages.iter()).any(|other| match other.kind {
                PackageKind::Requirements => !is_for_development(&other.name),
                PackageKind::Path | PackageKind::Editable => true,
                _ => false,
            })
        });
        if !others {
            return None;
        }
        Some(Found {
            what: "requirements for development",
            names: vec![package.name.to_string()],
            change: None,
            check: None,
            advice: "Install the file that the program itself needs, and keep the other one for a stage that tests.",
            codes: NODE_CODES,
        })
    }

    fn composer(&self) -> Option<Found> {
        let call = self.call;
        if call.flag(&["--no-dev", "--dev"]).is_some() || self.set(&["COMPOSER_NO_DEV"]) {
            return None;
        }
        let (_, text) = self.manifest("composer.json")?;
        let names = in_composer_json(&text).filter(|names| !names.is_empty())?;
        let start = later::php(self, &names)?;
        let scripts = text.contains("\"scripts\"") && !call.has_flag(&["--no-scripts"]);
        let check = if scripts {
            Some(
                "Check that the scripts of `composer.json` run without these packages; Symfony also wants `APP_ENV=prod`."
                    .to_owned(),
            )
        } else {
            start.check()
        };
        Some(Found {
            what: "`require-dev`",
            names,
            change: Some(self.option("--no-dev")),
            check,
            advice: "",
            codes: &["tally/php/composer-no-dev-in-production"],
        })
    }

    fn bundler(&self) -> Option<Found> {
        let configured = self.file.first(self.stage, "bundle config without", |facts| {
            facts.scripts().any(|script| {
                let text = script.text();
                text.contains("bundle") && text.contains("config") && text.contains("without")
            })
        });
        let environment = |name: &str| match self.run.state.lookup(name) {
            Value::Set(value) if self.run.state.declares(name) => Some(value),
            _ => None,
        };
        let environment = environment("RAILS_ENV").or_else(|| environment("RACK_ENV"));
        if self.call.flag(&["--without", "--with", "--gemfile"]).is_some()
            || self.set(&["BUNDLE_WITHOUT", "BUNDLE_ONLY", "BUNDLE_GEMFILE"])
            || configured.is_some_and(|index| index <= self.run.index)
            || matches!(environment.as_deref(), Some("development" | "test"))
        {
            return None;
        }
        let (path, text) = self.manifest("Gemfile")?;
        let groups = groups_of_gemfile(&text);
        if groups.is_empty() {
            return None;
        }
        let settings = self.file.tree.read(&path.parent()?.join(".bundle/config")).found();
        if settings.is_some_and(|text| text.contains("BUNDLE_WITHOUT")) {
            return None;
        }
        let start = later::ruby(self)?;
        let offset = self.file.above(self.run.index);
        let newline = self.file.dockerfile.source.newline_at(offset);
        let keyword = self.file.keyword_case().write("env");
        let line = format!("{keyword} BUNDLE_WITHOUT=\"{}\"{newline}", groups.join(":"));
        let check = if environment.as_deref() == Some("production") {
            start.check()
        } else {
            Some("Check that the program runs as `production` (`RAILS_ENV`): as `development` it loads these gems.".to_owned())
        };
        Some(Found {
            what: "the groups for development and test",
            names: groups.iter().map(|group| (*group).to_owned()).collect(),
            change: Some((vec![Edit::insert(offset, line)], "Set `BUNDLE_WITHOUT`".to_owned())),
            check,
            advice: "",
            codes: &["tally/ruby/missing-bundle-without-development"],
        })
    }
}

/// Whether a requirements file is for development by its name: `requirements-dev.txt`, `requirements/test.txt`.
fn is_for_development(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".txt") else { return false };
    let mut parts = stem.rsplit('/');
    let name = parts.next().unwrap_or("");
    let folder = parts.next().unwrap_or("");
    let word = |text: &str| {
        matches!(
            text,
            "dev" | "devel" | "development" | "test" | "tests" | "testing" | "doc" | "docs" | "lint"
        )
    };
    let words: Vec<&str> = name.split(['-', '_', '.']).collect();
    match words.as_slice() {
        ["requirements", rest] | [rest, "requirements"] => word(rest),
        [only] => folder == "requirements" && word(only),
        _ => false,
    }
}

fn say(here: &Here<'_, '_>, found: Found, report: &mut Report) {
    let call = here.call;
    let verb = call.verb_text.replace('`', "");
    let command = if verb.is_empty() { call.program.to_owned() } else { format!("{} {verb}", call.program) };
    let mut names: Vec<String> =
        found.names.iter().take(3).map(|name| format!("`{}`", name.replace('`', ""))).collect();
    if found.names.len() > 3 {
        names.push("…".to_owned());
    }
    let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    let message = format!(
        "`{command}` also installs {}{names}, which the container that is shipped does not need.",
        found.what
    );
    let mut finding = report.add(call.program_span.cover(call.verb_span), message).codes(found.codes);
    match (found.change, found.check) {
        (Some((edits, title)), Some(check)) => {
            finding.note(check).fix(Fix::confirm(title, edits));
        }
        (Some((edits, title)), None) => {
            finding.fix(Fix::safe(title, edits));
        }
        (None, check) => {
            if let Some(check) = check {
                finding = finding.note(check);
            }
            finding.note(found.advice);
        }
    }
}

impl Use {
    /// What the author must check where the command of the container is not known.
    fn check(self) -> Option<String> {
        (self == Self::Unknown).then(|| "Check that what the container starts needs none of them.".to_owned())
    }
}

/// Whether the stage is one that answers requests with PHP: on an image made for that, or with a start command that does.
fn serves_php(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    let base = file.base_image(stage).is_some_and(|base| {
        base.image.repository == "php" && base.tag().split('-').any(|word| matches!(word, "fpm" | "apache"))
    });
    let servers =
        ["php-fpm", "apache2-foreground", "httpd", "frankenphp", "unitd", "apachectl", "apache2ctl"];
    base || file.with_descendants(stage).iter().filter(|stage| stage.last).any(|stage| {
        launches(stage).iter().any(|launch| servers.iter().any(|server| launch.program().starts_with(server)))
    })
}

/// The word that has xdebug installed or switched on without a condition.
fn xdebug_word(run: &InstructionFacts<'_>) -> Option<Span> {
    if !run.is(Keyword::Run) {
        return None;
    }
    run.steps().find_map(|step| {
        let command = step.command;
        let installs = match command.name() {
            Some("pecl" | "pickle" | "pie") => {
                command.args().first().is_some_and(|word| word.text() == "install")
            }
            Some(
                "docker-php-ext-install" | "docker-php-ext-enable" | "install-php-extensions" | "phpenmod",
            ) => true,
            _ => step.call.is_some_and(|call| call.manager.is_system() && call.verb == Verb::Install),
        };
        if !installs || is_conditional(&step) {
            return None;
        }
        command.args().iter().find(|word| word.text().contains("xdebug")).map(Word::span)
    })
}

fn xdebug(run: &InstructionFacts<'_>, report: &mut Report) {
    let Some(span) = xdebug_word(run) else { return };
    report
        .add(
            span,
            "xdebug is shipped: it slows every request down and opens a debugger to whoever can reach it.",
        )
        .codes(&["tally/php/no-xdebug-in-final-image"])
        .note("Install it in a stage for development that is built on this one.");
}

/// Whether the command only runs under a condition.
fn is_conditional(step: &Step<'_, '_>) -> bool {
    let conditional = Inside::CONDITION.with(Inside::BRANCH).with(Inside::FUNCTION);
    step.command.context.inside.any(conditional) || is_behind_test(step)
}

/// Whether a test decides about the command: `[ … ] && pecl install xdebug`.
fn is_behind_test(step: &Step<'_, '_>) -> bool {
    let context = &step.command.context;
    context.previous == Connector::Or
        || step.script.commands().any(|other| {
            other.context.chain == context.chain
                && other.place.start < step.command.place.start
                && matches!(other.name(), Some("[" | "[[" | "test"))
        })
}
