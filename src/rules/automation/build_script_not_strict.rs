//! `build-script-not-strict`.

use crate::declare_rule;
use crate::facts::RepositoryFacts;
use crate::repository::project::{DockerCommand, Document, Host, Verb, docker_commands};
use crate::rules::{Check, Fix, Report, Safety};
use crate::shell::{Connector, Interpreter, Script, interpreter_of};
use crate::text::{Edit, Span};
use std::collections::BTreeSet;

declare_rule! {
    /// The script that builds or pushes the image goes on after errors.
    ///
    /// ## What it does
    /// Looks at shell scripts that build, tag or push images: is `set -e` (or `-eu`, `-o errexit`) in effect before the first
    /// of these commands?
    ///
    /// ## Why is this bad?
    /// A shell goes on after a command that failed. When the build fails, the script pushes whatever image had that name
    /// before, and CI reports success.
    ///
    /// ## Example
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// docker build -t "example/app:$1" .
    /// docker push "example/app:$1"
    /// ```
    ///
    /// ## Use instead
    /// ```bash build.sh 755
    /// #!/usr/bin/env bash
    /// set -euo pipefail
    /// docker build -t "example/app:$1" .
    /// docker push "example/app:$1"
    /// ```
    ///
    /// ## Fix safety
    /// Safe when every variable of the script is set in it. Otherwise the change is to be confirmed: `-u` stops at a
    /// variable that is not set. `-x` is never added, as it prints secrets into the log.
    ///
    /// ## References
    /// - [Bash manual: The Set Builtin](https://www.gnu.org/software/bash/manual/html_node/The-Set-Builtin.html)
    /// - [Python Speed: Please stop writing shell scripts](https://pythonspeed.com/articles/shell-scripts/)
    pub(super) RULE = "build-script-not-strict" {
        chapter: Automation, level: Warning, default: On, scope: Repository, fix: Safe,
        aliases: [],
        check: Check::Repository(check),
    }
}

fn check(facts: &RepositoryFacts<'_>, report: &mut Report) {
    for (document, file) in facts.project.scripts().filter(|(_, file)| file.host == Host::Shell) {
        let Some(script) = file.scripts.first() else { continue };
        let publishes = |command: &DockerCommand<'_>| {
            matches!(
                command.verb,
                Verb::Build | Verb::Bake | Verb::Push | Verb::Tag | Verb::ComposeBuild | Verb::ComposePush
            )
        };
        let calls: Vec<_> = docker_commands(script).filter(publishes).collect();
        let Some(first) = calls.first() else { continue };
        if script.options_at(first.command).errexit || is_handled(script, &calls) {
            continue;
        }
        let pushes = calls.iter().any(|call| matches!(call.verb, Verb::Push | Verb::ComposePush));
        let message = if pushes {
            "This script goes on after a command that failed. When the build fails, an older image of that name is pushed."
        } else {
            "This script goes on after a command that failed. When the build fails, it can still end with success."
        };
        let fix = fix(document, script);
        let added = report.add_in(&*document.path, first.span(), message).about("");
        let added = if fix.safety == Safety::Confirm {
            added.note("`-u` stops at a variable that is not set: give those that may be missing a default, `${1:-}`.")
        } else {
            added
        };
        added.fix(fix);
    }
}

/// Whether nothing goes on after a failure: one command, `||` after each call, or one chain of `&&` at the end.
fn is_handled(script: &Script, calls: &[DockerCommand<'_>]) -> bool {
    let Some((last, before)) = script.root.items.split_last() else { return true };
    before.is_empty()
        || calls.iter().all(|call| call.command.context.next == Connector::Or)
        || (calls.len() > 1
            && last.is_pure_and()
            && calls.iter().all(|call| call.command.context.chain as usize == before.len()))
}

fn fix(document: &Document, script: &Script) -> Fix {
    let text = document.source.text();
    let bash = matches!(interpreter_of(text), Interpreter::Shell(name, _) if name == "bash");
    let line = if bash { "set -euo pipefail" } else { "set -eu" };
    let has_shebang = text.starts_with("#!");
    let at = if has_shebang { text.find('\n').map_or(text.len(), |at| at + 1) } else { 0 };
    let newline = document.source.newline_at(at as u32);
    let missing = at == text.len() && !text.ends_with('\n');
    let text = if missing { format!("{newline}{line}") } else { format!("{line}{newline}") };
    let edits = vec![Edit { span: Span::new(at as u32, at as u32), text }];
    let title = format!("Add `{line}`");
    if sets_all(script) { Fix::safe(title, edits) } else { Fix::confirm(title, edits) }
}

/// Whether every variable that the script uses is set in it, so that `-u` changes nothing.
fn sets_all(script: &Script) -> bool {
    let mut set: BTreeSet<&str> = BTreeSet::new();
    for command in script.commands() {
        let words = command.words.iter().chain(command.assignments.iter().map(|a| &a.value));
        for word in words {
            if word.raw().contains(":-") || word.variables().iter().all(|name| set.contains(name)) {
                continue;
            }
            return false;
        }
        set.extend(command.assignments.iter().map(|assignment| &*assignment.name));
    }
    true
}
