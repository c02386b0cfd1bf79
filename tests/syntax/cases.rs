//! `tests/syntax/cases/<name>/Dockerfile`: what is read, written by hand from Docker's reference.
//!
//! `syntax` beside it says what is expected, one line for each instruction, directive and error;
//! `UPDATE_FIXTURES=1` writes it, and whoever does so reads what was written.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tidewaiter::dockerfile::{Dockerfile, Instruction, Keyword, parse};
use tidewaiter::text::Source;

#[test]
fn newer_syntax_is_read_as_the_reference_says() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syntax/cases");
    let mut cases: Vec<_> =
        fs::read_dir(dir).expect("the cases are there").filter_map(|e| Some(e.ok()?.path())).collect();
    cases.sort();
    assert!(cases.len() >= 10, "the cases are there");
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = String::new();
    for case in cases {
        let text = fs::read_to_string(case.join("Dockerfile")).expect("UTF-8");
        super::lossless::holds(&text).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
        let ours = describe(&parse(&Source::new(text)));
        if update {
            fs::write(case.join("syntax"), &ours).expect("writable");
        }
        let expected = fs::read_to_string(case.join("syntax")).unwrap_or_default();
        if ours != expected {
            let _ =
                writeln!(wrong, "{}\n{}", case.display(), tidewaiter::text::diff::excerpt(&expected, &ours));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn describe(file: &Dockerfile) -> String {
    let mut out = String::new();
    for directive in &file.directives {
        let line = file.source.line_of(directive.span.start);
        let _ = writeln!(out, "{line} directive {} = {:?}", directive.name, directive.value.text);
    }
    for node in &file.instructions {
        let (first, last) = node.lines;
        let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let _ = write!(out, "{lines} ");
        show(&mut out, node);
        for heredoc in &node.heredocs {
            let _ = writeln!(
                out,
                "    <<{:?} fd {} {}{}: {:?}",
                heredoc.delimiter,
                heredoc.fd,
                if heredoc.expand { "expanded" } else { "as it stands" },
                if heredoc.chomp { ", tabs dropped" } else { "" },
                file.source.slice(heredoc.body)
            );
        }
    }
    for error in &file.errors {
        let at = file.source.position(error.span.start);
        let _ = writeln!(
            out,
            "{}:{} error: {} [{}]",
            at.line,
            at.column,
            error.message,
            file.source.slice(error.span)
        );
    }
    out
}

fn show(out: &mut String, node: &Instruction) {
    let name = if node.keyword == Keyword::Unknown { &node.name.text } else { node.keyword.name() };
    out.push_str(name);
    for flag in &node.flags {
        let _ = write!(out, " {}", flag.text);
    }
    if let Some(trigger) = &node.trigger {
        out.push(' ');
        show(out, trigger);
        return;
    }
    let _ = writeln!(out, " {}{:?}", if node.json { "json " } else { "" }, node.parser_args());
}
