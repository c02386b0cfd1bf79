//! `tidewaiter syntax`: what was read, as JSON.

use crate::dockerfile::{Dockerfile, Heredoc, Instruction};
use serde_json::{Map, Value, json};

/// The syntax of a file in the shape of the command's output.
///
/// Lines are from 1, spans in bytes from 0. `args` has the shape BuildKit's parser gives: key, value and
/// separator in turn for ENV and LABEL. The instruction inside ONBUILD is under `trigger`.
pub fn describe(file: &Dockerfile) -> Value {
    let directives: Map<String, Value> =
        file.directives.iter().map(|d| (d.name.clone(), Value::from(d.value.text.as_str()))).collect();
    let errors: Vec<Value> = file
        .errors
        .iter()
        .map(|e| {
            let (line, _) = file.source.lines_of(e.span);
            json!({"line": line, "span": [e.span.start, e.span.end], "message": e.message})
        })
        .collect();
    json!({
        "instructions": file.instructions.iter().map(|i| instruction(file, i)).collect::<Vec<_>>(),
        "directives": directives,
        "errors": errors,
    })
}

fn instruction(file: &Dockerfile, node: &Instruction) -> Value {
    let name = if node.keyword == crate::dockerfile::Keyword::Unknown {
        node.name.text.as_str()
    } else {
        node.keyword.name()
    };
    let mut out = json!({
        "name": name,
        "start_line": node.lines.0,
        "end_line": node.lines.1,
        "span": [node.span.start, node.span.end],
        "flags": node.flags.iter().map(|f| f.text.as_str()).collect::<Vec<_>>(),
        "args": node.parser_args(),
        "json": node.json,
        "heredocs": node.heredocs.iter().map(|h| heredoc(file, h)).collect::<Vec<_>>(),
    });
    if let Some(trigger) = &node.trigger {
        out["trigger"] = instruction(file, trigger);
    }
    out
}

fn heredoc(file: &Dockerfile, node: &Heredoc) -> Value {
    json!({
        "delimiter": node.delimiter,
        "fd": node.fd,
        "expand": node.expand,
        "chomp": node.chomp,
        "content": file.source.slice(node.body),
        "span": [node.body.start, node.body.end],
    })
}
