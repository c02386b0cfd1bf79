//! Edits that add inputs to a step of a workflow, indented as the step is.

use crate::repository::project::workflow::Step;
use crate::text::{Edit, Source, Span};

/// Adds inputs (name and value) to the `with:` of a step that runs an action: behind its last one, or before it where that
/// one goes over several lines. `None` where the step is written in a way that leaves no place for it.
pub(super) fn add(source: &Source, step: &Step, inputs: &[(&str, String)]) -> Option<Edit> {
    let text = source.text();
    let Some(first) = step.with.first() else { return new_block(source, step, inputs) };
    let before = text.get(..first.key.span.start as usize)?.trim_end();
    if before.ends_with('{') {
        let flow: Vec<String> =
            inputs.iter().map(|(name, value)| format!("{name}: {}, ", quoted(value))).collect();
        return Some(Edit::insert(first.key.span.start, flow.concat()));
    }
    let last = step.with.last()?;
    let indent = indent_of(source, last.key.span)?;
    let newline = source.newline_at(last.key.span.start);
    let one_line = last.value.as_ref().is_some_and(|value| {
        source.line_of(value.span.start) == source.line_of(last.key.span.start)
            && source.line_of(value.span.end) == source.line_of(last.key.span.start)
    });
    let lines: Vec<String> = inputs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if one_line {
        let end = end_of_line(source, last.key.span.start);
        let added: String = lines.iter().flat_map(|line| [newline, indent, line]).collect();
        return Some(Edit::insert(end, added));
    }
    let added: String = lines.iter().flat_map(|line| [line, newline, indent]).collect();
    Some(Edit::insert(last.key.span.start, added))
}

/// A `with:` of its own behind `uses:`.
fn new_block(source: &Source, step: &Step, inputs: &[(&str, String)]) -> Option<Edit> {
    let uses = step.uses.as_ref()?;
    let line = source.line_span(source.line_of(uses.span.start));
    let text = source.slice(line);
    let column = text.find("uses:")?;
    let before = text.get(..column)?;
    if !before.bytes().all(|b| matches!(b, b' ' | b'-')) {
        return None;
    }
    let newline = source.newline_at(uses.span.start);
    let indent = " ".repeat(column);
    let lines: String =
        inputs.iter().flat_map(|(name, value)| [newline, &indent, "  ", name, ": ", value]).collect();
    Some(Edit::insert(end_of_line(source, uses.span.start), format!("{newline}{indent}with:{lines}")))
}

/// The blanks before a key that begins its line.
pub(super) fn indent_of(source: &Source, key: Span) -> Option<&str> {
    let line = source.line_span(source.line_of(key.start));
    let before = source.text().get(line.start as usize..key.start as usize)?;
    before.bytes().all(|b| b == b' ').then_some(before)
}

/// Where the line of a byte ends, without its line end.
pub(super) fn end_of_line(source: &Source, offset: u32) -> u32 {
    let line = source.line_span(source.line_of(offset));
    line.start + source.slice(line).trim_end_matches(['\n', '\r']).len() as u32
}

/// A value that can stand in `{…}`.
fn quoted(value: &str) -> String {
    if value.contains([',', '{', '}', '\'']) {
        format!("'{}'", value.replace('\'', "''"))
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::project::{workflow::Workflow, yaml::parse};
    use crate::text::apply;

    fn added(step: &str) -> Option<String> {
        let text = format!("jobs:\n  a:\n    steps:\n{step}");
        let workflow = Workflow::read(&parse(&text));
        let (_, step) = workflow.steps().next().unwrap();
        let inputs = [("pull", "true".to_owned()), ("cache-to", "type=gha,mode=max".to_owned())];
        let out = apply(&text, &[add(&Source::new(text.as_str()), step, &inputs)?]).unwrap();
        assert!(serde_yaml::from_str::<serde_yaml::Value>(&out).is_ok(), "{out}");
        Some(out.split_once("steps:\n").unwrap().1.to_owned())
    }

    #[test]
    fn adds() {
        for (step, expected) in [
            (
                "    - uses: a/b@v1\n      with:\n        push: true # now\n    - run: x\n",
                "    - uses: a/b@v1\n      with:\n        push: true # now\n        pull: true\n        cache-to: type=gha,mode=max\n    - run: x\n",
            ),
            (
                "    - uses: a/b@v1\r\n      with:\r\n        push: true\r\n",
                "    - uses: a/b@v1\r\n      with:\r\n        push: true\r\n        pull: true\r\n        cache-to: type=gha,mode=max\r\n",
            ),
            (
                "      - with:\n          tags: |\n            a\n            b\n        uses: a/b@v1",
                "      - with:\n          pull: true\n          cache-to: type=gha,mode=max\n          tags: |\n            a\n            b\n        uses: a/b@v1",
            ),
            (
                "      - name: x\n        uses: a/b@v1 # v1.0.0\n        id: x\n",
                "      - name: x\n        uses: a/b@v1 # v1.0.0\n        with:\n          pull: true\n          cache-to: type=gha,mode=max\n        id: x\n",
            ),
            (
                "      - uses: a/b@v1\n        with: {push: true}\n",
                "      - uses: a/b@v1\n        with: {pull: true, cache-to: 'type=gha,mode=max', push: true}\n",
            ),
        ] {
            assert_eq!(added(step).as_deref(), Some(expected), "{step}");
        }
        assert_eq!(added("      - {uses: a/b@v1, id: x}\n"), None);
    }
}
