//! The registry and one file per rule, in a folder per chapter.
//!
//! To add a rule, add its file; the tests write the list of the chapter and `docs/rules.md` anew (see
//! `CONTRIBUTING.md`).

mod append;
mod automation;
mod bashisms;
mod build;
mod caches;
mod credentials;
mod efficiency;
mod exec_form;
mod finding;
mod ignore_comment;
mod newer_base;
mod operation;
mod pipes;
mod production_server;
mod remove;
mod reproducibility;
mod retired;
mod rule;
mod secret_words;
mod secrets;
mod security;
mod set_shell;
mod step_inputs;
mod style;
mod urls;

pub use finding::{Finding, Fix, Related, Safety};
pub use ignore_comment::{IgnoreComment, IgnoredCode, IgnoredState};
pub use rule::{Chapter, Check, Default, FixKind, Refine, Report, Rule, Scope};

/// All rules, by chapter, then by id.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        build::RULES,
        security::RULES,
        automation::RULES,
        operation::RULES,
        reproducibility::RULES,
        efficiency::RULES,
        style::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The rule of an id, or the one that a code of another tool means.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id).or_else(|| meant_by(id).next())
}

/// All rules that a name means: the rule of that id, and those that have it as a code of another tool.
pub fn meant_by(name: &str) -> impl Iterator<Item = &'static Rule> {
    all().filter(move |rule| {
        rule.id == name
            || rule.aliases.iter().any(|alias| {
                alias.eq_ignore_ascii_case(name)
                    || alias.rsplit('/').next().is_some_and(|short| short.eq_ignore_ascii_case(name))
            })
    })
}

/// The documentation of all rules, Markdown: the content of `docs/rules.md`.
pub fn documentation() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "# Rules\n\nWritten by the tests from the rules' own documentation; edit the rule, not this page.\n",
    );
    for chapter in Chapter::ALL {
        let rules: Vec<_> = all().filter(|rule| rule.chapter == chapter).collect();
        if rules.is_empty() {
            continue;
        }
        let name = chapter.name();
        let _ = write!(out, "\n## {}{}\n", name[..1].to_uppercase(), &name[1..]);
        for rule in rules {
            let _ = write!(out, "\n### {}\n\n", rule.id);
            let _ = writeln!(
                out,
                "*{}* · {} · fix: {}{}\n",
                rule.level,
                if rule.default == Default::On { "on" } else { rule.default.name() },
                rule.fix.name(),
                if rule.aliases.is_empty() {
                    String::new()
                } else {
                    format!(" · also known as {}", rule.aliases.join(", "))
                }
            );
            for line in rule.docs.trim().lines() {
                let line = line.strip_prefix(' ').unwrap_or(line);
                let deeper = line.strip_prefix("## ").map(|title| format!("#### {title}"));
                let _ = writeln!(out, "{}", deeper.as_deref().unwrap_or(line).trim_end());
            }
        }
    }
    out
}
