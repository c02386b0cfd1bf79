//! Rules as JSON, as a table, and one explained. The page of all rules is [`crate::rules::documentation`].

use crate::rules::{Chapter, Rule};
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Serialize)]
struct Item {
    id: &'static str,
    chapter: &'static str,
    level: &'static str,
    default: &'static str,
    scope: &'static str,
    fix: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
}

/// Rules as a JSON list with a line end.
///
/// # Errors
/// Never for these types; the serialiser's signature asks for it.
pub fn json<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Result<String, serde_json::Error> {
    let items: Vec<Item> = rules
        .into_iter()
        .map(|rule| Item {
            id: rule.id,
            chapter: rule.chapter.name(),
            level: rule.level.name(),
            default: rule.default.name(),
            scope: rule.scope.name(),
            fix: rule.fix.name(),
            aliases: rule.aliases,
            summary: rule.summary(),
        })
        .collect();
    let mut out = serde_json::to_string_pretty(&items)?;
    out.push('\n');
    Ok(out)
}

/// Rules as lines of a terminal, by chapter.
pub fn table<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> String {
    let rules: Vec<&Rule> = rules.into_iter().collect();
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (chapter, rules) in chapters(&rules) {
        if !out.is_empty() {
            out.push('\n');
        }
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "{}", chapter.name());
        for rule in rules {
            let off = if rule.default.name() == "on" {
                String::new()
            } else {
                format!(" ({})", rule.default.name())
            };
            let _ = writeln!(out, "  {:width$}  {:7}  {}{off}", rule.id, rule.level.name(), rule.summary());
        }
    }
    out
}

/// One rule for the terminal: name, facts, documentation. With `styled` headings are bold.
pub fn explain(rule: &Rule, styled: bool) -> String {
    let (bold, reset) = if styled { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    let mut out = format!("{bold}{}{reset}\n{}\n\n", rule.id, facts(rule));
    let mut fenced = false;
    for line in document(rule).lines() {
        fenced ^= line.starts_with("```");
        match line.strip_prefix("## ") {
            Some(heading) if !fenced => {
                let _ = writeln!(out, "{bold}{heading}{reset}");
            }
            _ if line.starts_with("```") => {}
            _ if fenced => {
                let _ = writeln!(out, "    {line}");
            }
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}

/// "security · warning · on by default · fix: confirm · also DL3002"
fn facts(rule: &Rule) -> String {
    let default = match rule.default.name() {
        "on" => "on by default",
        "off" => "off by default",
        _ => "needs configuration",
    };
    let fix = rule.fix.name();
    let mut out = format!("{} · {} · {default} · fix: {fix}", rule.chapter.name(), rule.level);
    if !rule.aliases.is_empty() {
        let _ = write!(out, " · also {}", rule.aliases.join(", "));
    }
    out
}

/// The documentation without the space that `///` leaves before each line.
pub(super) fn document(rule: &Rule) -> String {
    let mut out = String::new();
    for line in rule.docs.trim_end().lines() {
        out.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
        out.push('\n');
    }
    out
}

fn chapters<'a>(rules: &[&'a Rule]) -> Vec<(Chapter, Vec<&'a Rule>)> {
    Chapter::ALL
        .into_iter()
        .map(|chapter| {
            let mut rules: Vec<&Rule> =
                rules.iter().copied().filter(|rule| rule.chapter == chapter).collect();
            rules.sort_by_key(|rule| rule.id);
            (chapter, rules)
        })
        .filter(|(_, rules)| !rules.is_empty())
        .collect()
}
