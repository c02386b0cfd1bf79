//! GitHub workflows and composite actions.
//!
//! Source: "Workflow syntax for GitHub Actions" and "Metadata syntax for GitHub Actions", docs.github.com.

use super::expression::{has_expression, masked, unmasked};
use super::value::{Entry, Text, entries, texts};
use super::yaml::{Kind, Node, Yaml};
use crate::dockerfile::Joined;
use crate::shell::{self, Options, Script, Word};
use crate::text::Span;

/// Steps of a file that are read. The largest workflows people write have a few hundred.
const MAX_STEPS: usize = 2_000;

/// A workflow (`.github/workflows/*.yml`), or a composite action with its steps in one job without a runner.
#[derive(Debug, Clone, Default)]
pub struct Workflow {
    /// What starts it, in order.
    pub triggers: Vec<Trigger>,
    /// Environment variables of all jobs.
    pub env: Vec<Entry>,
    /// The jobs in order.
    pub jobs: Vec<Job>,
    /// Whether something could not be read: what is not here may be in the file all the same.
    pub partial: bool,
}

/// An event that starts a workflow.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Its name: `push`, `schedule`, …
    pub event: Text,
    /// `branches:`
    pub branches: Vec<Text>,
    /// `tags:`
    pub tags: Vec<Text>,
    /// `types:`
    pub types: Vec<Text>,
    /// `cron:` of each schedule.
    pub crons: Vec<Text>,
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its key.
    pub id: Text,
    /// From its key to its end.
    pub span: Span,
    /// Where it runs.
    pub runner: Runner,
    /// The words of `runs-on:`.
    pub runs_on: Vec<Text>,
    /// The jobs it waits for.
    pub needs: Vec<Text>,
    /// `if:`
    pub condition: Option<Text>,
    /// The reusable workflow that it is.
    pub uses: Option<Text>,
    /// What it hands to that workflow.
    pub with: Vec<Entry>,
    /// Its environment variables.
    pub env: Vec<Entry>,
    /// The image that its steps run in.
    pub container: Option<Text>,
    /// Containers beside it.
    pub services: Vec<Service>,
    /// Its steps in order.
    pub steps: Vec<Step>,
    /// `strategy.matrix`, see [`super::matrix`].
    pub(super) matrix: Option<Node>,
}

/// Where a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// A machine of GitHub, new for each job.
    Hosted,
    /// A machine of the user's own (`self-hosted`), or one that is named by a label of the user's own.
    SelfHosted,
    /// An expression, a group, nothing.
    Unknown,
}

/// A container beside a job, or the one its steps run in.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its key.
    pub name: Text,
    /// Its image.
    pub image: Option<Text>,
    /// `options:` of `docker create`.
    pub options: Option<Text>,
    /// From its key to its end.
    pub span: Span,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// From its first to its last byte.
    pub span: Span,
    /// `id:`
    pub id: Option<Text>,
    /// `name:`
    pub name: Option<Text>,
    /// `if:`
    pub condition: Option<Text>,
    /// The action it runs: `docker/build-push-action@v6`.
    pub uses: Option<Text>,
    /// What it hands to the action.
    pub with: Vec<Entry>,
    /// Its environment variables.
    pub env: Vec<Entry>,
    /// The commands it runs.
    pub run: Option<Run>,
    /// The folder the commands run in, from the step, the job or the workflow.
    pub working_directory: Option<Text>,
}

/// The commands of a step.
#[derive(Debug, Clone)]
pub struct Run {
    /// The text as written, expressions included.
    pub text: Text,
    /// The shell: `bash`, `sh`, `pwsh`, `python`, …, as `shell:` of step, job or workflow says; `None` for the default
    /// (`bash -e` on Linux and macOS, PowerShell on Windows).
    pub shell: Option<Text>,
    /// The commands, with places in the workflow file. Each expression stands there as a variable of the same length; ask
    /// [`Run::word`] for what is written. `None` for other languages, and where the text has no map to the file.
    pub script: Option<Box<Script>>,
    joined: Option<Joined>,
}

impl Workflow {
    /// Reads a workflow or a composite action.
    pub fn read(yaml: &Yaml) -> Self {
        let mut out = Self { partial: yaml.partial, ..Self::default() };
        let Some(root) = yaml.root() else { return out };
        out.triggers = root.get("on").map(triggers).unwrap_or_default();
        out.env = root.get("env").map(|env| entries(env, has_expression)).unwrap_or_default();
        let defaults = Defaults::of(root, &Defaults::default());
        let mut steps_left = MAX_STEPS;
        for (key, node) in root.get("jobs").map_or(&[][..], Node::entries) {
            let Some(id) = Text::of(key, has_expression) else { continue };
            let defaults = Defaults::of(node, &defaults);
            let mut job = Job::read(id, node);
            job.span = key.span.cover(node.span);
            let steps = node.get("steps").map_or(&[][..], Node::items);
            out.partial |= steps.len() > steps_left;
            let windows = job.runs_on.iter().any(|label| label.text.to_ascii_lowercase().contains("windows"));
            job.steps =
                steps.iter().take(steps_left).map(|step| Step::read(step, &defaults, windows)).collect();
            steps_left -= job.steps.len();
            out.jobs.push(job);
        }
        // A composite action.
        if let Some(runs) = root.get("runs").filter(|runs| runs.get("steps").is_some()) {
            let mut job = Job::read(Text::known("runs", runs.span), runs);
            job.span = runs.span;
            let steps = runs.get("steps").map_or(&[][..], Node::items);
            job.steps =
                steps.iter().take(steps_left).map(|step| Step::read(step, &defaults, false)).collect();
            out.jobs.push(job);
        }
        out
    }

    /// The trigger of that name.
    pub fn trigger(&self, event: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| &*trigger.event.text == event)
    }

    /// Whether it runs at set times.
    pub fn is_scheduled(&self) -> bool {
        self.trigger("schedule").is_some()
    }

    /// The job of that name.
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| &*job.id.text == id)
    }

    /// All steps with their jobs, in order.
    pub fn steps(&self) -> impl Iterator<Item = (&Job, &Step)> {
        self.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step)))
    }
}

/// `on: push`, `on: [push, pull_request]`, `on: {push: {branches: […]}}`.
fn triggers(node: &Node) -> Vec<Trigger> {
    let plain = |event: Text| Trigger {
        event,
        branches: Vec::new(),
        tags: Vec::new(),
        types: Vec::new(),
        crons: Vec::new(),
    };
    let mut out: Vec<Trigger> = texts(Some(node), has_expression).into_iter().map(plain).collect();
    for (key, value) in node.entries() {
        let Some(event) = Text::of(key, has_expression) else { continue };
        let list = |name: &str| texts(value.get(name), has_expression);
        out.push(Trigger {
            event,
            branches: list("branches"),
            tags: list("tags"),
            types: list("types"),
            crons: value
                .items()
                .iter()
                .filter_map(|item| Text::of(item.get("cron")?, has_expression))
                .collect(),
        });
    }
    out
}

/// `defaults.run` of workflow and job.
#[derive(Clone, Default)]
struct Defaults {
    shell: Option<Text>,
    working_directory: Option<Text>,
}

impl Defaults {
    fn of(node: &Node, above: &Self) -> Self {
        let value = |name: &str| Text::of(node.at(&["defaults", "run", name])?, has_expression);
        Self {
            shell: value("shell").or_else(|| above.shell.clone()),
            working_directory: value("working-directory").or_else(|| above.working_directory.clone()),
        }
    }
}

impl Job {
    fn read(id: Text, node: &Node) -> Self {
        let text = |name: &str| Text::of(node.get(name)?, has_expression);
        let map = |name: &str| node.get(name).map(|node| entries(node, has_expression)).unwrap_or_default();
        let runs_on = node.get("runs-on");
        let labels = match runs_on {
            Some(node) if node.is_mapping() => texts(node.get("labels"), has_expression),
            node => texts(node, has_expression),
        };
        let container = node.get("container");
        Self {
            id,
            span: node.span,
            runner: runner(runs_on, &labels),
            runs_on: labels,
            needs: texts(node.get("needs"), has_expression),
            condition: text("if"),
            uses: text("uses"),
            with: map("with"),
            env: map("env"),
            container: container.and_then(|node| Text::of(node.get("image").unwrap_or(node), has_expression)),
            services: node
                .get("services")
                .map_or(&[][..], Node::entries)
                .iter()
                .filter_map(|(key, service)| {
                    let text = |name: &str| Text::of(service.get(name)?, has_expression);
                    Some(Service {
                        name: Text::of(key, has_expression)?,
                        image: text("image"),
                        options: text("options"),
                        span: key.span.cover(service.span),
                    })
                })
                .collect(),
            steps: Vec::new(),
            matrix: node.at(&["strategy", "matrix"]).cloned(),
        }
    }
}

fn runner(node: Option<&Node>, labels: &[Text]) -> Runner {
    let group = node.is_some_and(|node| node.is_mapping() || matches!(node.kind, Kind::Unknown));
    if labels.iter().any(|label| label.text.eq_ignore_ascii_case("self-hosted")) {
        return Runner::SelfHosted;
    }
    let [label] = labels else { return Runner::Unknown };
    let Some(label) = label.value().filter(|_| !group) else { return Runner::Unknown };
    let label = label.to_ascii_lowercase();
    // "Choosing the runner for a job", docs.github.com.
    if ["ubuntu-", "windows-", "macos-"].iter().any(|system| label.starts_with(system)) {
        Runner::Hosted
    } else {
        Runner::SelfHosted
    }
}

impl Step {
    fn read(node: &Node, defaults: &Defaults, windows: bool) -> Self {
        let text = |name: &str| Text::of(node.get(name)?, has_expression);
        let map = |name: &str| node.get(name).map(|node| entries(node, has_expression)).unwrap_or_default();
        let shell = text("shell").or_else(|| defaults.shell.clone());
        Self {
            span: node.span,
            id: text("id"),
            name: text("name"),
            condition: text("if"),
            uses: text("uses"),
            with: map("with"),
            env: map("env"),
            run: node.get("run").and_then(|run| Run::read(run, shell, windows)),
            working_directory: text("working-directory").or_else(|| defaults.working_directory.clone()),
        }
    }

    /// The action without its version: `docker/build-push-action`, in lower case as GitHub takes it. `None` for a step
    /// that runs none, and for one of the same repository (`./…`).
    pub fn action(&self) -> Option<String> {
        let uses = self.uses.as_ref()?.value()?;
        let name = uses.split_once('@').map_or(uses, |(name, _)| name);
        (!name.starts_with("./")).then(|| name.to_ascii_lowercase())
    }

    /// The version of the action: what stands behind `@`.
    pub fn action_version(&self) -> Option<&str> {
        Some(self.uses.as_ref()?.value()?.split_once('@')?.1)
    }

    /// What is handed to the action under a name (any case, as GitHub reads it).
    pub fn input(&self, name: &str) -> Option<&Text> {
        self.with.iter().find(|entry| entry.key.text.eq_ignore_ascii_case(name))?.value.as_ref()
    }
}

impl Run {
    fn read(node: &Node, shell: Option<Text>, windows: bool) -> Option<Self> {
        let text = Text::of(node, has_expression)?;
        let posix = match &shell {
            // `bash`, `sh`, `bash -l {0}`, `/usr/bin/bash -e {0}`
            Some(shell) => {
                let program = shell.text.split_whitespace().next().unwrap_or("");
                matches!(program.rsplit('/').next(), Some("bash" | "sh" | "dash" | "zsh"))
            }
            None => !windows,
        };
        let joined = node.joined().filter(|_| posix);
        let script = joined.clone().map(|joined| Box::new(shell::parse(&masked(joined))));
        Some(Self { text, shell, script, joined })
    }

    /// A word of the script as it is written in the workflow, quotes resolved and expressions back in.
    pub fn word(&self, word: &Word) -> String {
        let original = self.joined.as_ref().and_then(|joined| joined.text().get(word.place.range()));
        match original.filter(|text| has_expression(text)) {
            Some(original) => unmasked(word.text(), original),
            None => word.text().to_owned(),
        }
    }

    /// The options of the shell before the first command: `bash -e` by default, with `pipefail` when `shell: bash` says so
    /// ("Workflow syntax", `jobs.<job_id>.steps[*].shell`).
    pub fn options(&self) -> Options {
        let text = self.shell.as_ref().map_or("bash -e", |shell| &*shell.text);
        let mut words = text.split_whitespace();
        let program = words.next().and_then(|path| path.rsplit('/').next()).unwrap_or("");
        let mut options = Options::default();
        match (program, words.clone().next()) {
            ("bash", None) => options.apply(["-eo", "pipefail"]),
            ("sh", None) => options.apply(["-e"]),
            _ => options.apply_call(words.filter(|word| *word != "{0}")),
        }
        options
    }

    /// The text of the script with its expressions, offsets as in [`Script::text`].
    pub fn original(&self) -> &str {
        self.joined.as_ref().map_or("", Joined::text)
    }
}
