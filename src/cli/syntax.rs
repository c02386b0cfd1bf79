//! `tidewaiter syntax`: what was read, as JSON.

use super::Exit;
use super::streams::Streams;
use crate::dockerfile::{Dockerfile, Heredoc, Instruction, parse};
use crate::text::{Source, log};
use anyhow::Context as _;
use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};
use std::io::Read as _;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A Dockerfile; `-` is standard input
    #[arg(value_name = "PATH", default_value = "Dockerfile")]
    path: Utf8PathBuf,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> anyhow::Result<Exit> {
    let mut bytes = Vec::new();
    if args.path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(&args.path).with_context(|| format!("cannot read {}", args.path))?;
    }
    let source = Source::from_bytes(bytes).with_context(|| format!("cannot read {}", args.path))?;
    streams.print(&log::inert_json(serde_json::to_string(&describe(&parse(&source)))?));
    streams.print("\n");
    Ok(Exit::Clean)
}

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
