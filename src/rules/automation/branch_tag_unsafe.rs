//! `branch-tag-unsafe`.

use crate::declare_rule;
use crate::facts::{Branches, ImageName, RepositoryFacts, is_branch_expression};
use crate::repository::project::workflow::Workflow;
use crate::repository::project::{Document, Host, Text, Verb, docker_commands};
use crate::rules::{Check, Fix, Report};
use crate::shell::{Interpreter, Script, Word, interpreter_of};
use crate::text::{Edit, Span};

declare_rule! {
    /// A branch name is used as an image tag unchanged.
    ///
    /// ## What it does
    /// Looks at scripts and workflows that build, tag or push an image with the name of the git branch in its tag, where
    /// nothing replaces the characters that a tag must not hold.
    ///
    /// ## Why is this bad?
    /// Two failures wait. A branch such as `feature/x` holds a `/`, which no tag may hold, so the build stops. And in CI of
    /// pull requests there is usually no branch checked out: `git rev-parse --abbrev-ref HEAD` then prints the word `HEAD`,
    /// and every pull request overwrites the image of the others.
    ///
    /// ## Example
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// GIT_BRANCH=$(git rev-parse --abbrev-ref HEAD)
    /// docker build -t "example/app:$GIT_BRANCH" .
    /// ```
    ///
    /// ## Use instead
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// GIT_BRANCH="${GITHUB_HEAD_REF:-${GITHUB_REF_NAME:-$(git rev-parse --abbrev-ref HEAD)}}"
    /// TAG="${GIT_BRANCH//[^A-Za-z0-9_.-]/-}"
    /// docker build -t "example/app:$TAG" .
    /// ```
    ///
    /// ## Fix safety
    /// Safe: a branch whose name is a valid tag gives the tag it gave before. For workflows the advice is in words.
    ///
    /// ## References
    /// - [docker image tag](https://docs.docker.com/reference/cli/docker/image/tag/)
    /// - [GitHub Actions: variables reference](https://docs.github.com/en/actions/reference/workflows-and-actions/variables)
    /// - [docker/metadata-action](https://github.com/docker/metadata-action)
    pub(super) RULE = "branch-tag-unsafe" {
        chapter: Automation, level: Error, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Repository(check),
    }
}

const MESSAGE: &str = "A branch such as `feature/x` is no valid tag, so the build stops for it. In pull-request CI git prints `HEAD` instead of the branch.";
const IN_WORKFLOW: &str =
    "A ref such as `feature/x` or `7/merge` is no valid tag, so the build stops for it.";

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    for document in &facts.project.documents {
        if let Some(file) = document.script() {
            for script in &file.scripts {
                let branches = Branches::of(script);
                let tags = unsafe_tags(script, &branches);
                let Some(first) = tags.first() else { continue };
                let added = report.add_in(&*document.path, tag_span(first), MESSAGE).about(first.text());
                if file.host == Host::Shell
                    && let Some(fix) = fix(document, script, &branches, &tags)
                {
                    added.fix(fix);
                } else {
                    added.note(
                        "Replace what a tag must not hold, for instance with `tr -c 'A-Za-z0-9_.-' '-'`.",
                    );
                }
            }
        } else if let Some(workflow) = document.workflow() {
            in_workflow(facts, document, workflow, report);
        }
    }
}

fn in_workflow(facts: &RepositoryFacts<'_>, document: &Document, workflow: &Workflow, report: &mut Report) {
    let advice = "docker/metadata-action makes valid tags of branches: `type=ref,event=branch` and `type=ref,event=pr`.";
    let found = facts
        .project
        .builds
        .iter()
        .filter(|build| facts.project.document_of(build).is_some_and(|own| own.path == document.path))
        .flat_map(|build| &build.tags)
        .find(|tag| is_unsafe_expression(tag, workflow));
    if let Some(tag) = found {
        report.add_in(&*document.path, tag.span, IN_WORKFLOW).about(&*tag.text).note(advice);
        return;
    }
    for (_, step) in workflow.steps() {
        let Some(run) = &step.run else { continue };
        let Some(script) = run.script.as_deref() else { continue };
        let branches = Branches::of(script);
        let tag = unsafe_tags(script, &branches)
            .into_iter()
            // The variable of GitHub is what the expression is.
            .find(|word| !word.raw().contains("REF_NAME") || may_hold_slash(workflow));
        if let Some(tag) = tag {
            report.add_in(&*document.path, tag_span(tag), IN_WORKFLOW).about(tag.text()).note(advice);
            return;
        }
    }
}

/// Whether a tag is the ref as it is, and the ref may be no valid tag.
fn is_unsafe_expression(tag: &Text, workflow: &Workflow) -> bool {
    let name = ImageName::of(&tag.text);
    let Some(part) = name.tag.filter(|part| is_branch_expression(part) && !part.contains("||")) else {
        return false;
    };
    part.contains("head_ref") || may_hold_slash(workflow)
}

/// Whether the ref of a run may hold a slash: a pull request's does, a listed branch without `/` and `*` does not.
fn may_hold_slash(workflow: &Workflow) -> bool {
    workflow.triggers.iter().any(|trigger| match &*trigger.event.text {
        "pull_request" => true,
        "push" => {
            let any = trigger.branches.is_empty() && trigger.tags.is_empty();
            any || trigger.branches.iter().any(|branch| branch.text.contains(['/', '*']))
        }
        _ => false,
    })
}

/// Words of commands about images whose tag is a branch as it is.
fn unsafe_tags<'s>(script: &'s Script, branches: &Branches<'s>) -> Vec<&'s Word> {
    let mut out = Vec::new();
    for command in docker_commands(script) {
        let words: Vec<&Word> = match command.verb {
            Verb::Build => command.all("tag").filter_map(|flag| flag.value_word).collect(),
            Verb::Push => command.operands.first().copied().into_iter().collect(),
            // The image that gets another name has been built under the branch too.
            Verb::Tag | Verb::Run => command.operands.iter().take(2).copied().collect(),
            _ => Vec::new(),
        };
        let in_tag = |word: &Word| {
            let tag = ImageName::of(word.text()).tag.unwrap_or("");
            tag.contains('$') || tag.contains('`')
        };
        out.extend(words.into_iter().filter(|word| branches.word(word) == Some(false) && in_tag(word)));
    }
    out
}

/// The tag in a word, quotes left out.
fn tag_span(word: &Word) -> Span {
    let span = word.span();
    let raw = word.raw();
    let text = word.text();
    let Some(tag) = ImageName::of(text).tag else { return span };
    match raw.find(tag) {
        Some(at) if span.len() as usize == raw.len() => {
            Span::new(span.start + at as u32, span.start + (at + tag.len()) as u32)
        }
        _ => span,
    }
}

/// The branch asked of CI first, then made a valid tag, and that used wherever the branch was the tag.
fn fix(document: &Document, script: &Script, branches: &Branches<'_>, tags: &[&Word]) -> Option<Fix> {
    let source = &document.source;
    let name = *tags.first()?.variables().first()?;
    let branch = branches.variable(name)?;
    let (value, assignment) = (branch.value?, branch.assignment?);
    let plain = source.slice(value.span()).trim_matches('"');
    if plain != "$(git rev-parse --abbrev-ref HEAD)" && plain != "`git rev-parse --abbrev-ref HEAD`" {
        return None;
    }
    let line = source.line(source.line_of(assignment.start));
    let taken = |name: &str| script.text().contains(name);
    let tag = ["TAG", "IMAGE_TAG", "BRANCH_TAG"].into_iter().find(|tag| !taken(tag))?;
    if line.trim() != source.slice(assignment) {
        return None;
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let newline = source.newline_at(assignment.end);
    let clean = match interpreter_of(source.text()) {
        Interpreter::Shell(shell, _) if shell == "bash" => {
            format!("{tag}=\"${{{name}//[^A-Za-z0-9_.-]/-}}\"")
        }
        _ => format!("{tag}=$(printf %s \"${name}\" | tr -c 'A-Za-z0-9_.-' '-')"),
    };
    let asked = "\"${GITHUB_HEAD_REF:-${GITHUB_REF_NAME:-$(git rev-parse --abbrev-ref HEAD)}}\"";
    let mut edits = vec![Edit { span: value.span(), text: format!("{asked}{newline}{indent}{clean}") }];
    for word in tags {
        let span = word.span();
        let raw = word.raw();
        if word.variables() != [name] || span.len() as usize != raw.len() {
            return None;
        }
        let (at, length) = [format!("${{{name}}}"), format!("${name}")]
            .into_iter()
            .find_map(|form| Some((raw.find(&form)?, form.len())))?;
        let start = span.start + at as u32;
        edits.push(Edit { span: Span::new(start, start + length as u32), text: format!("${{{tag}}}") });
        let bare = raw.get(at + length..).and_then(|rest| rest.chars().next());
        if bare.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_')
            && let Some(edit) = edits.last_mut()
        {
            edit.text = format!("${tag}");
        }
    }
    Some(Fix::safe(format!("Make a valid tag of the branch: `{tag}`"), edits))
}
