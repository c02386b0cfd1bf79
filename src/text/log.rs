//! Text for the log of a workflow: the runner reads what a step prints, and obeys some lines.
//!
//! From actions/runner, `ActionCommand.cs`: a line that starts with `::` after leading blanks is a command,
//! and so is the older form `##[command]` anywhere in a line.

use std::borrow::Cow;

/// The older form of a command.
const OLD: &str = "##[";
/// The newer one.
const NEW: &str = "::";
/// Between the two signs of [`OLD`].
const BROKEN: &str = "# #[";

/// Lines of which none is a command: `##[` is broken up, and a bar stands before a leading `::`.
pub fn inert(text: &str) -> Cow<'_, str> {
    let old = text.contains(OLD);
    if !old && !text.split('\n').any(is_command) {
        return Cow::Borrowed(text);
    }
    let text = if old { Cow::Owned(text.replace(OLD, BROKEN)) } else { Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        if is_command(line) {
            out.push_str("| ");
        }
        out.push_str(line);
    }
    Cow::Owned(out)
}

/// A third colon makes it none: the excerpts of a terminal have such lines.
fn is_command(line: &str) -> bool {
    line.trim_start().strip_prefix(NEW).is_some_and(|rest| !rest.starts_with(':'))
}

/// The same JSON without any [`OLD`]: outside of strings it cannot stand, inside the escape means the same.
/// No line of JSON starts with `::`.
pub fn inert_json(json: String) -> String {
    if json.contains(OLD) { json.replace(OLD, "#\\u0023[") } else { json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(inert("a\n\u{a0} ::error::x\nb ##[group]\n"), "a\n| \u{a0} ::error::x\nb # #[group]\n");
        assert_eq!(inert("###[x]"), "## #[x]");
        assert_eq!(inert(" ::: a::b\n"), " ::: a::b\n");
        assert!(matches!(inert("a::b ##\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_says_the_same() {
        let value = serde_json::json!({ "a": "##[error]x \\##[y]" });
        let shown = inert_json(value.to_string());
        assert!(!shown.contains("##["));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
