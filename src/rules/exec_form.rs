//! From the shell form to the exec form.

use crate::shell::{Command, Node, Script, Word};

/// Commands that only a shell has, so that neither `exec` nor the exec form can start them.
pub(super) const BUILTINS: [&str; 31] = [
    ".", ":", "alias", "bg", "break", "builtin", "cd", "command", "continue", "declare", "eval", "exec",
    "exit", "export", "fg", "hash", "jobs", "local", "read", "readonly", "return", "set", "shift", "source",
    "times", "trap", "type", "ulimit", "umask", "unset", "wait",
];

/// The words of a command without any shell syntax.
pub(super) fn plain_words(script: &Script) -> Option<Vec<String>> {
    let [command] = chain(script)?[..] else { return None };
    command
        .words
        .iter()
        .all(Word::is_plain)
        .then(|| command.words.iter().map(|word| word.text().to_owned()).collect())
}

/// The commands of a script that is one chain of simple commands joined by `&&`, without assignments and
/// redirects.
pub(super) fn chain(script: &Script) -> Option<Vec<&Command>> {
    if !script.problems.is_empty() || !script.comments.is_empty() || !script.is_pure_and() {
        return None;
    }
    let [only] = script.root.items.as_slice() else { return None };
    let terminated = only.terminator != crate::shell::Connector::End;
    let mut out = Vec::new();
    for element in &only.elements {
        let pipeline = &element.pipeline;
        let [Node::Simple(id)] = pipeline.commands.as_slice() else { return None };
        let command = script.command(*id)?;
        if terminated
            || pipeline.negated
            || pipeline.timed
            || !command.assignments.is_empty()
            || !command.redirects.is_empty()
            || command.words.is_empty()
        {
            return None;
        }
        out.push(command);
    }
    Some(out)
}

/// A JSON array as people write it: `["a", "b"]`.
pub(super) fn json_array<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let words: Option<Vec<String>> = words.into_iter().map(|word| serde_json::to_string(word).ok()).collect();
    Some(format!("[{}]", words?.join(", ")))
}
