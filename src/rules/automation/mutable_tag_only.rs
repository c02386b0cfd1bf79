//! `mutable-tag-only`.

use crate::declare_rule;
use crate::facts::{Delivery, ImageName, Part, Pushed, RepositoryFacts};
use crate::repository::project::{Host, Verb};
use crate::rules::{Check, Fix, Report};
use crate::shell::Word;
use crate::text::{Edit, Span};
use std::collections::BTreeMap;

declare_rule! {
    /// Only tags that move are pushed.
    ///
    /// ## What it does
    /// Looks at the scripts and workflow jobs that push an image of this repository: is every tag one that the next push
    /// moves (`latest`, `main`, the name of a branch)?
    ///
    /// ## Why is this bad?
    /// Nobody can tell which commit runs in production, and there is nothing to go back to: the next push takes the name away
    /// from the image that worked.
    ///
    /// ## Example
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// docker build -t example/app:latest .
    /// docker push example/app:latest
    /// ```
    ///
    /// ## Use instead
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// docker build -t example/app:latest -t "example/app:$(git rev-parse --short HEAD)" .
    /// docker push example/app:latest
    /// docker push "example/app:$(git rev-parse --short HEAD)"
    /// ```
    ///
    /// ## Fix safety
    /// Safe: the image gets a second name, and that is pushed too. For workflows the advice is in words.
    ///
    /// ## References
    /// - [Docker: Building best practices](https://docs.docker.com/build/building/best-practices/)
    /// - [docker/metadata-action: tags input](https://github.com/docker/metadata-action#tags-input)
    /// - [Python Speed: What's running in production? Making your Docker images identifiable](https://pythonspeed.com/articles/identifying-images/)
    pub(super) RULE = "mutable-tag-only" {
        chapter: Automation, level: Info, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Repository(check),
    }
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    for delivery in facts.deliveries() {
        if delivery.pushes_more || is_tag_only(&delivery) {
            continue;
        }
        let mut names: BTreeMap<String, Vec<&Pushed<'_>>> = BTreeMap::new();
        for pushed in &delivery.pushed {
            names.entry(ImageName::of(&pushed.text).name.to_owned()).or_default().push(pushed);
        }
        for pushed in names.values().filter(|pushed| pushed.iter().all(|one| one.moves())) {
            let Some(first) = pushed.first() else { continue };
            let shown = first.text.replace('`', "'");
            let message = format!(
                "`{shown}` is the only name that is pushed, and the next push moves it. Push a second tag that stays, such as the commit."
            );
            let added = report.add_in(&*delivery.document.path, first.span, message).about(shown);
            match fix(&delivery, first) {
                Some(fix) => {
                    added.fix(fix);
                }
                None => {
                    added.note(if delivery.job.is_some() {
                        "docker/metadata-action makes such tags: `type=sha` beside `type=ref,event=branch`."
                    } else {
                        "For instance `$(git rev-parse --short HEAD)` as a second tag, built and pushed too."
                    });
                }
            }
        }
    }
}

/// Whether a workflow runs for git tags only: there the name of the ref is a version.
fn is_tag_only(delivery: &Delivery<'_>) -> bool {
    delivery.job.is_some_and(|(workflow, _)| {
        !workflow.triggers.is_empty()
            && workflow.triggers.iter().all(|trigger| match &*trigger.event.text {
                "push" => !trigger.tags.is_empty() && trigger.branches.is_empty(),
                "release" => true,
                _ => false,
            })
    })
}

/// A second tag in the build, and its push below the first one.
fn fix(delivery: &Delivery<'_>, first: &Pushed<'_>) -> Option<Fix> {
    let file = delivery.document.script().filter(|file| file.host == Host::Shell)?;
    let part: &Part<'_> = delivery.scripts.first().filter(|_| file.scripts.len() == 1)?;
    let source = &delivery.document.source;
    let mut builds = part.commands.iter().filter(|command| command.verb == Verb::Build);
    let build = builds.next().filter(|_| builds.next().is_none())?;
    let same = |word: &Word| word.text() == first.text;
    let tag = build.all("tag").filter_map(|flag| flag.value_word).find(|word| same(word))?;
    let name = ImageName::of(&first.text).name;
    // Inside double quotes these would mean something else.
    if name.contains(['"', '\\', '`']) || name.is_empty() {
        return None;
    }
    let second = format!("\"{name}:$(git rev-parse --short HEAD)\"");
    let after = |offset: u32, text: String| Edit { span: Span::new(offset, offset), text };
    let mut edits = vec![after(tag.span().end, format!(" -t {second}"))];
    let push = part.commands.iter().find(|command| {
        command.verb == Verb::Push && command.operands.first().is_some_and(|word| same(word))
    });
    match push {
        None if build.is_on("push") && build.flag("push").is_some() => {}
        None => return None,
        Some(push) => {
            // A line of its own, with nothing behind it.
            let span = push.command.span();
            let (line, last) = source.lines_of(span);
            let text = source.line(line);
            let indent = &text[..text.len() - text.trim_start().len()];
            if line != last || text.trim() != source.slice(span) {
                return None;
            }
            let newline = source.newline_at(span.end);
            let words = source.slice(Span::new(span.start, push.operands.first()?.span().start));
            edits.push(after(span.end, format!("{newline}{indent}{words}{second}")));
        }
    }
    Some(Fix::safe("Tag and push the commit too", edits))
}
