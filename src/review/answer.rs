//! What Tidewaiter answers to people's commands.

use super::comment::{as_code, commit};
use super::fixes::Fixes;
use super::markdown::{code, prose};
use super::marker::{self, Marker};
use super::page::MAX_BODY;
use crate::config::nearest;
use crate::rules::{self, Rule};
use std::fmt::Write as _;

/// How the help starts: it is posted once on a pull request.
const HELP_TITLE: &str = "**What Tidewaiter understands in comments**";
/// The most rules that are explained in one answer; a code of another tool may mean several.
const MAX_EXPLAINED: usize = 3;
/// The most entries of a list.
const MAX_LISTED: usize = 40;

/// Commands and what they do.
pub const HELP: &str = "\
| | in a thread of Tidewaiter | on the pull request |
|---|---|---|
| `/tidewaiter ignore` | `ignore [reason]`: its findings stay silent here | `ignore RULE [reason]`: all findings of that rule do |
| `/tidewaiter fix` | commits its suggestion | commits all fixes that keep the image's behaviour |
| `/tidewaiter review` | reviews the newest commit again | the same |
| `/tidewaiter explain RULE` | says what a rule is about | the same |

For people who may write to this repository.";

/// What is answered.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// The commands, to somebody who used none of them.
    Help,
    /// All findings of these rules are ignored on the pull request.
    Ignored {
        /// Who said so.
        by: &'a str,
        /// Ids.
        rules: &'a [&'static str],
        /// Why; may be empty.
        reason: &'a str,
    },
    /// Nothing was ignored: no rule has this name.
    NoRule {
        /// The name as it was given.
        name: &'a str,
    },
    /// What a name means.
    Explained {
        /// The name as it was given.
        name: &'a str,
    },
    /// The pull request was reviewed again.
    Reviewed {
        /// Its newest commit.
        head: &'a str,
    },
    /// What became of the fixes that were asked for.
    Fixed(FixResult<'a>),
}

/// What became of fixes.
#[derive(Debug, Clone, Copy)]
pub enum FixResult<'a> {
    /// They are on the branch.
    Committed {
        /// The new commit.
        commit: &'a str,
        /// What is in it.
        fixes: &'a Fixes,
    },
    /// There is nothing to commit.
    Nothing {
        /// What was looked at.
        fixes: &'a Fixes,
        /// Whether they were asked for in a thread.
        in_thread: bool,
    },
    /// The branch lies in another repository.
    Fork,
    /// The pull request is closed.
    Closed,
    /// Somebody has pushed in the meantime.
    Moved,
    /// The token may not write.
    NotPermitted {
        /// What the job lacks.
        permission: &'a str,
    },
    /// GitHub refuses the commit.
    Refused {
        /// GitHub's words.
        message: &'a str,
    },
}

/// The comment that is answered: its id is in the answer's marker, so that it is answered once.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a>(pub &'a str);

impl Signed<'_> {
    /// The answer as Markdown with its hidden marker.
    pub fn write(&self, answer: &Answer<'_>) -> String {
        let mut marker = Marker { answers: Some(self.0.to_owned()), ..Marker::default() };
        let text = match answer {
            Answer::Help => format!("{HELP_TITLE}\n\n{HELP}"),
            Answer::Ignored { by, rules, reason } => {
                marker.ignored_by = Some((*by).to_owned());
                marker.ignored_rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
                format!("{}: all findings of {}{}", ignored_by(by), list(rules), because(reason))
            }
            Answer::NoRule { name } => format!(
                "Nothing is ignored. {} On a pull request it is `/tidewaiter ignore RULE [reason]`; in a thread of Tidewaiter \
                 no rule is needed.",
                unknown_rule(name)
            ),
            Answer::Explained { name } => explain(name),
            Answer::Reviewed { head } => format!(
                "🔎 Reviewed again at {}. What is new is in a review of its own; what is gone is marked in its thread.",
                commit(head)
            ),
            Answer::Fixed(result) => fixed(result),
        };
        format!("{text}\n\n{}", marker.line())
    }
}

/// Whether an answer is the help.
pub fn is_help(body: &str) -> bool {
    body.starts_with(HELP_TITLE)
}

/// The text of a thread that a person has silenced; what it said stays readable.
pub fn ignore_thread(body: &str, by: &str, reason: &str, answers: &str) -> String {
    let (text, marker) = marker::split(body);
    let marker = Marker {
        ignored_by: Some(by.to_owned()),
        answers: Some(answers.to_owned()),
        ..marker.unwrap_or_default()
    };
    let marker = marker.line();
    let title = format!("{}{}", ignored_by(by), because(reason));
    let open = "<details><summary>What was said</summary>";
    let old = as_code(text);
    // What does not fit is left out whole: half a fence would swallow the rest.
    if title.len() + open.len() + old.len() + marker.len() + 100 > MAX_BODY {
        return format!("{title}\n\n{marker}");
    }
    format!("{title}\n\n{open}\n\n{old}\n\n</details>\n\n{marker}")
}

fn ignored_by(by: &str) -> String {
    format!("🔕 **Ignored** on this pull request by {}", code(by))
}

fn because(reason: &str) -> String {
    if reason.trim().is_empty() { ".".to_owned() } else { format!(": {}", prose(reason)) }
}

fn list(rules: &[&'static str]) -> String {
    let mut names: Vec<String> = Vec::new();
    for rule in rules {
        let name = code(rule);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// The rule with this name, or all rules that another tool's code means.
pub fn rules_named(name: &str) -> Vec<&'static Rule> {
    match rules::all().find(|rule| rule.id.eq_ignore_ascii_case(name)) {
        Some(rule) => vec![rule],
        None => rules::meant_by(name).collect(),
    }
}

fn explain(name: &str) -> String {
    if name.is_empty() {
        return format!(
            "Which rule? `/tidewaiter explain RULE` takes a name or another tool's code. {}",
            all_rules()
        );
    }
    let found = rules_named(name);
    if found.is_empty() {
        return unknown_rule(name);
    }
    let mut parts: Vec<String> = found.iter().take(MAX_EXPLAINED).map(|rule| of_rule(rule)).collect();
    if found.len() > MAX_EXPLAINED {
        let more: Vec<&'static str> = found.iter().skip(MAX_EXPLAINED).map(|rule| rule.id).collect();
        parts.push(format!("{} also means {}.", code(name), list(&more)));
    }
    parts.join("\n\n")
}

/// That no rule has this name, and which one may be meant.
fn unknown_rule(name: &str) -> String {
    let names = rules::all().flat_map(|rule| std::iter::once(rule.id).chain(rule.aliases.iter().copied()));
    let near = nearest(name, names);
    let near = near.map_or_else(String::new, |near| format!(" Did you mean {}?", code(near)));
    format!("No rule is called {}.{near} {}", code(name), all_rules())
}

fn all_rules() -> String {
    format!("[All rules]({}).", page())
}

fn page() -> String {
    format!("{}/blob/main/docs/rules.md", env!("CARGO_PKG_REPOSITORY"))
}

/// What a rule is about: first line, what it finds, why, where the rest stands.
fn of_rule(rule: &Rule) -> String {
    let mut out = format!(
        "**{}** · {} · {}\n\n{}",
        code(rule.id),
        rule.chapter.name(),
        rule.level,
        rule.summary().trim()
    );
    for heading in ["What it does", "Why is this bad?"] {
        let text = rule.section(heading);
        if !text.is_empty() {
            let _ = write!(out, "\n\n**{heading}** {text}");
        }
    }
    let _ = write!(out, "\n\n[Examples, and what the fix does]({}#{}).", page(), rule.id);
    out
}

fn fixed(result: &FixResult<'_>) -> String {
    match result {
        FixResult::Committed { commit: id, fixes } => {
            let made: Vec<String> = fixes
                .files
                .iter()
                .flat_map(|file| file.made.iter().map(move |made| (file, made)))
                .map(|(file, made)| {
                    let title = prose(made.title.trim_end_matches('.'));
                    format!("- {} in {}: {title}", code(made.rule), code(file.path.as_str()))
                })
                .collect();
            let mut text = format!("✅ Committed {}:\n\n{}", commit(id), made.get(..made.len().min(MAX_LISTED)).unwrap_or(&[]).join("\n"));
            if made.len() > MAX_LISTED {
                let _ = write!(text, "\n- … and {} more", made.len() - MAX_LISTED);
            }
            text.push_str(&remains(fixes));
            text.push_str(
                "\n\nThis review is brought up to date at once. Other workflows do not start for a commit that is made \
                 with a workflow's own token: they run at the next push, or when the pull request is closed and opened again.",
            );
            text
        }
        FixResult::Nothing { fixes, in_thread } => {
            let what = match (in_thread, fixes.found) {
                (true, 0) => {
                    "what this thread is about is not in the newest commit as it was said here: the next review brings the \
                     thread up to date"
                }
                (true, _) => "there is no proven change for this finding",
                (false, 0) => "no findings are open",
                (false, _) => {
                    "no finding has a fix that surely keeps the image's behaviour; the suggestion of a single thread is \
                     committed by the same command there"
                }
            };
            format!("Nothing to commit: {what}.{}", remains(fixes))
        }
        FixResult::Fork => "Nothing was committed: the branch of this pull request lies in a fork, and a workflow's token may \
                            not write to another repository. Whoever may write there can use the button \
                            **Commit suggestion**, or **Add suggestion to batch** for several at once under *Files changed*."
            .to_owned(),
        FixResult::Closed => "Nothing was committed: the pull request is closed.".to_owned(),
        FixResult::Moved => "Nothing was committed: somebody has pushed to the branch in the meantime. Say \
                             `/tidewaiter fix` again for its new state."
            .to_owned(),
        FixResult::NotPermitted { permission } => format!(
            "Nothing was committed: the workflow's token may not write to the branch. The job needs {} under `permissions:`.",
            code(permission)
        ),
        FixResult::Refused { message } => {
            format!("Nothing was committed: GitHub refuses it. {}", prose(message))
        }
    }
}

/// Why some fixes are not in the commit.
fn remains(fixes: &Fixes) -> String {
    let mut text = String::new();
    if !fixes.left.is_empty() {
        let _ = write!(
            text,
            "\n\nLeft out, because it does not go together with the rest: {}. Say `/tidewaiter fix` again afterwards.",
            list(&fixes.left)
        );
    }
    if !fixes.in_workflows.is_empty() {
        let _ = write!(
            text,
            "\n\nLeft out, because a workflow's token may not change workflows: {}. The suggestion's button does it.",
            list(&fixes.in_workflows)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::fixes::{FixedFile, Made};

    fn said(answer: &Answer<'_>) -> (String, Marker) {
        let body = Signed("42").write(answer);
        let (text, marker) = marker::split(&body);
        (text.to_owned(), marker.unwrap())
    }

    #[test]
    fn answers_name_what_they_answer() {
        for answer in [
            Answer::Help,
            Answer::Explained { name: "run-as-root" },
            Answer::Reviewed { head: "abc" },
            Answer::Fixed(FixResult::Fork),
        ] {
            let (text, marker) = said(&answer);
            assert_eq!(marker.answers.as_deref(), Some("42"));
            assert_eq!(is_help(&text), matches!(answer, Answer::Help));
            // No answer is a command.
            assert_eq!(crate::review::command(&text), None, "{text}");
        }
    }

    #[test]
    fn ignored_rules_are_kept_in_the_answer() {
        let (text, marker) =
            said(&Answer::Ignored { by: "mona", rules: &["run-as-root"], reason: "@octo-org/all see <b>#1" });
        assert_eq!(marker.ignored_by.as_deref(), Some("mona"));
        assert_eq!(marker.ignored_rules, ["run-as-root"]);
        assert!(
            text.contains("by `mona`: all findings of `run-as-root`: @&#8203;octo-org/all see &lt;b&gt;#"),
            "{text}"
        );
        let (text, _) = said(&Answer::Ignored { by: "mona", rules: &["run-as-root"], reason: "" });
        assert!(text.ends_with("`run-as-root`."), "{text}");
    }

    #[test]
    fn an_ignored_thread_keeps_what_it_said() {
        let marker =
            Marker { fingerprints: vec!["f".to_owned()], rules: vec!["r".to_owned()], ..Marker::default() };
        let body = format!("⚠️ **Warning**\n\n```suggestion\nUSER 1\n```\n\n{}", marker.line());
        let after = ignore_thread(&body, "mona", "not `here`", "7");
        let (text, marker) = marker::split(&after);
        let marker = marker.unwrap();
        assert_eq!((marker.fingerprints.len(), marker.ignored_by.as_deref()), (1, Some("mona")));
        assert_eq!(marker.answers.as_deref(), Some("7"));
        assert!(text.starts_with("🔕 **Ignored** on this pull request by `mona`: not `here`\n"), "{text}");
        assert!(text.contains("```dockerfile\nUSER 1") && !text.contains("```suggestion"), "{text}");
        let long = format!("{}\n\n{}", "x".repeat(MAX_BODY), marker.line());
        assert!(ignore_thread(&long, "mona", "", "7").len() < 500);
    }

    #[test]
    fn rules_are_explained_by_name_and_by_code() {
        let (text, _) = said(&Answer::Explained { name: "DL3002" });
        for part in [
            "**`run-as-root`** · security",
            "**What it does**",
            "**Why is this bad?**",
            "rules.md#run-as-root",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("```"), "{text}");
        let (text, _) = said(&Answer::Explained { name: "run-as-rot" });
        assert!(text.contains("No rule is called `run-as-rot`. Did you mean `run-as-root`?"), "{text}");
        let (text, _) = said(&Answer::Explained { name: "@everyone `x` zzzzzzz" });
        assert!(text.starts_with("No rule is called ``@everyone `x` zzzzzzz``."), "{text}");
        let (text, _) = said(&Answer::NoRule { name: "run-as-rot" });
        assert!(text.starts_with("Nothing is ignored. No rule is called `run-as-rot`."), "{text}");
        let (text, _) = said(&Answer::Explained { name: "" });
        assert!(text.starts_with("Which rule?"), "{text}");
    }

    #[test]
    fn every_rule_says_what_and_why() {
        for rule in rules::all() {
            let text = of_rule(rule);
            assert!(text.contains("**What it does**") && text.contains("**Why is this bad?**"), "{text}");
        }
    }

    #[test]
    fn commits_are_told_with_what_is_left() {
        let made = Made { rule: "run-as-root", title: "Add <USER>.".to_owned() };
        let file = FixedFile { path: "a`b/Dockerfile".into(), text: String::new(), made: vec![made; 50] };
        let fixes = Fixes { files: vec![file], found: 52, left: vec!["x-y", "x-y"], in_workflows: vec!["w"] };
        let id = "0123456789abcdef0123456789abcdef01234567";
        let (text, _) = said(&Answer::Fixed(FixResult::Committed { commit: id, fixes: &fixes }));
        assert!(text.starts_with(&format!(
            "✅ Committed {id}:\n\n- `run-as-root` in ``a`b/Dockerfile``: Add &lt;USER&gt;\n"
        )));
        assert!(
            text.contains("… and 10 more")
                && text.contains("the rest: `x-y`.")
                && text.contains("workflows: `w`.")
        );
        let none = Fixes::default();
        for in_thread in [true, false] {
            let (text, _) = said(&Answer::Fixed(FixResult::Nothing { fixes: &none, in_thread }));
            assert!(text.starts_with("Nothing to commit: "), "{text}");
        }
        let (text, _) = said(&Answer::Fixed(FixResult::Refused { message: "rule <x> of @y" }));
        assert!(text.contains("&lt;x&gt;") && !text.contains("@y"), "{text}");
    }
}
