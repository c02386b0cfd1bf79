//! What a script or a job does with images, in order: builds, pushes, runs.

use super::branches::Branches;
use super::image_names::ImageName;
use super::repository::RepositoryFacts;
use crate::repository::project::workflow::{Job, Run, Step, Workflow};
use crate::repository::project::{Build, By, DockerCommand, Document, Host, Text, Verb, docker_commands};
use crate::shell::{Script, Word};
use crate::text::Span;

/// A script, or a job of a workflow, with what it does.
#[derive(Debug)]
pub struct Delivery<'p> {
    /// The file.
    pub document: &'p Document,
    /// The job, where it is one.
    pub job: Option<(&'p Workflow, &'p Job)>,
    /// Builds of the Dockerfiles in question, or of unknown ones.
    pub builds: Vec<&'p Build>,
    /// The scripts: one of a shell script, one per `run:` of a job.
    pub scripts: Vec<Part<'p>>,
    /// Names that are pushed.
    pub pushed: Vec<Pushed<'p>>,
    /// Whether more may be pushed than is known.
    pub pushes_more: bool,
}

/// A script of a delivery.
#[derive(Debug)]
pub struct Part<'p> {
    /// The commands.
    pub script: &'p Script,
    /// The step and its text, in a workflow.
    pub step: Option<(&'p Step, &'p Run)>,
    /// What it does with docker and its like.
    pub commands: Vec<DockerCommand<'p>>,
    /// Its variables with names of branches.
    pub branches: Branches<'p>,
}

/// A name that is pushed.
#[derive(Debug, Clone)]
pub struct Pushed<'p> {
    /// The name, variables and expressions as written.
    pub text: String,
    /// Its bytes.
    pub span: Span,
    /// The word, in a script.
    pub word: Option<&'p Word>,
    /// Whether it is known to hold the name of a branch.
    pub branch: bool,
}

impl Part<'_> {
    /// A word as it is written in the file.
    pub fn written(&self, word: &Word) -> String {
        self.step.map_or_else(|| word.text().to_owned(), |(_, run)| run.word(word))
    }
}

impl<'p> Delivery<'p> {
    /// All docker commands in order.
    pub fn commands(&self) -> impl Iterator<Item = (&Part<'p>, &DockerCommand<'p>)> {
        self.scripts.iter().flat_map(|part| part.commands.iter().map(move |command| (part, command)))
    }

    /// Whether something is started with an image.
    pub fn runs_images(&self) -> bool {
        self.commands().any(|(_, command)| {
            matches!(command.verb, Verb::Run | Verb::Exec | Verb::ComposeUp | Verb::ComposeRun)
        })
    }

    fn find_pushed(&mut self) {
        let (mut pushed, mut more) = (Vec::new(), false);
        for build in &self.builds {
            if !build.pushes() {
                more |= build.may_push();
                continue;
            }
            let digest = |text: &Text| text.text.contains("push-by-digest");
            more |= build.outputs.iter().any(digest) || build.tags.is_empty();
            for tag in build.tags.iter().filter(|_| !matches!(build.by, By::Compose { .. })) {
                let text = tag.text.to_string();
                let branch = is_branch_expression(&text);
                pushed.push(Pushed { text, span: tag.span, word: None, branch });
            }
        }
        for part in &self.scripts {
            for command in part.commands.iter().filter(|command| command.verb == Verb::Push) {
                more |= command.is_on("all-tags") && command.flag("all-tags").is_some();
                let Some(word) = command.operands.first() else {
                    more = true;
                    continue;
                };
                let text = part.written(word);
                let branch = part.branches.word(word).is_some() || is_branch_expression(&text);
                pushed.push(Pushed { text, span: word.span(), word: Some(word), branch });
            }
            more |= part.commands.iter().any(|c| matches!(c.verb, Verb::ComposePush | Verb::ImageTools));
        }
        self.pushed = pushed;
        self.pushes_more = more;
    }
}

/// Whether a tag is an expression of GitHub that is the name of a branch.
pub fn is_branch_expression(text: &str) -> bool {
    ["github.ref_name", "github.head_ref", "github.base_ref"].iter().any(|name| text.contains(name))
}

impl Pushed<'_> {
    /// Whether the name moves with every build: a tag such as `latest`, or a branch.
    pub fn moves(&self) -> bool {
        let name = ImageName::of(&self.text);
        name.moves() || (self.branch && !name.digest)
    }
}

impl RepositoryFacts<'_> {
    /// What scripts and jobs do with the images of the Dockerfiles in question. Makefiles are not among them: which
    /// targets run together is not known.
    pub fn deliveries(&self) -> Vec<Delivery<'_>> {
        let ours = |build: &&Build| self.files.iter().any(|file| build.dockerfile.may_be(&file.path));
        let mut out = Vec::new();
        for (index, document) in self.project.documents.iter().enumerate() {
            let builds: Vec<&Build> =
                self.project.builds.iter().filter(|build| build.document == index).filter(ours).collect();
            if builds.is_empty() {
                continue;
            }
            if let Some(file) = document.script().filter(|file| file.host == Host::Shell) {
                let scripts = file.scripts.iter().map(|script| part(script, None)).collect();
                out.push(delivery(document, None, builds, scripts));
            } else if let Some(workflow) = document.workflow() {
                for (number, job) in workflow.jobs.iter().enumerate() {
                    let own: Vec<&Build> = builds
                        .iter()
                        .filter(|build| match build.by {
                            By::Action { job, .. } | By::Run { job, .. } => job == number,
                            _ => false,
                        })
                        .copied()
                        .collect();
                    if own.is_empty() {
                        continue;
                    }
                    let scripts = job
                        .steps
                        .iter()
                        .filter_map(|step| {
                            let run = step.run.as_ref()?;
                            Some(part(run.script.as_deref()?, Some((step, run))))
                        })
                        .collect();
                    out.push(delivery(document, Some((workflow, job)), own, scripts));
                }
            }
        }
        out
    }
}

fn delivery<'p>(
    document: &'p Document,
    job: Option<(&'p Workflow, &'p Job)>,
    builds: Vec<&'p Build>,
    scripts: Vec<Part<'p>>,
) -> Delivery<'p> {
    let mut out = Delivery { document, job, builds, scripts, pushed: Vec::new(), pushes_more: false };
    out.find_pushed();
    out
}

fn part<'p>(script: &'p Script, step: Option<(&'p Step, &'p Run)>) -> Part<'p> {
    Part { script, step, commands: docker_commands(script).collect(), branches: Branches::of(script) }
}
