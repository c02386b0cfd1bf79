//! BuildKit's own cases (`frontend/dockerfile/parser/testfile*`).

use libtest_mimic::Failed;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tidewaiter::dockerfile::{Dockerfile, Instruction, Keyword, parse};
use tidewaiter::text::Source;

fn folders(corpus: &Path, name: &str) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(corpus.join("buildkit-parser").join(name))
        .expect("the corpus has BuildKit's cases")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    out.sort();
    out
}

fn read(path: &Path) -> Result<Dockerfile, Failed> {
    Ok(parse(&Source::new(std::fs::read_to_string(path)?)))
}

/// `result` holds BuildKit's dump of what it has read.
pub(super) fn positive_cases(corpus: &Path) -> Result<(), Failed> {
    let (mut number, mut wrong) = (0, String::new());
    for case in folders(corpus, "testfiles") {
        number += 1;
        let ours = dump(&read(&case.join("Dockerfile"))?);
        let theirs = std::fs::read_to_string(case.join("result"))?;
        if ours.trim_end() != theirs.trim_end() {
            let diff = tidewaiter::text::diff::excerpt(&theirs, &ours);
            let _ = writeln!(wrong, "{}\n{diff}", case.display());
        }
    }
    println!("{number} of BuildKit's positive cases");
    if wrong.is_empty() && number >= 30 { Ok(()) } else { Err(format!("{number} cases\n{wrong}").into()) }
}

/// What BuildKit refuses is an error with a reason, and everything else is still read.
pub(super) fn negative_cases(corpus: &Path) -> Result<(), Failed> {
    let expected = [
        ("empty_dockerfile", 0, "the file is empty"),
        ("env_no_value", 2, "ENV needs a key and a value: `PATH=…`"),
        ("only_comments", 0, "the file has no instructions"),
        ("shykes-nested-json", 1, "the JSON array of CMD may hold strings only"),
    ];
    let cases = folders(corpus, "testfiles-negative");
    let names: Vec<_> = cases.iter().filter_map(|c| c.file_name()?.to_str()).collect();
    assert_eq!(names, expected.map(|(name, ..)| name), "the cases are the known ones");
    for (case, (name, instructions, message)) in cases.iter().zip(expected) {
        let file = read(&case.join("Dockerfile"))?;
        let messages: Vec<&str> = file.errors.iter().map(|e| e.message.as_str()).collect();
        if file.instructions.len() != instructions || messages != [message] {
            return Err(format!("{name}: {} instructions, {messages:?}", file.instructions.len()).into());
        }
    }
    println!("{} of BuildKit's negative cases", cases.len());
    Ok(())
}

/// The lines that BuildKit's `TestParseIncludesLineNumbers` expects.
pub(super) fn line_numbers(corpus: &Path) -> Result<(), Failed> {
    let file = read(&corpus.join("buildkit-parser/testfile-line/Dockerfile"))?;
    let lines: Vec<(u32, u32)> = file.instructions.iter().map(|i| i.lines).collect();
    if lines == [(5, 5), (11, 12), (17, 31)] { Ok(()) } else { Err(format!("{lines:?}").into()) }
}

/// The tree in the form of BuildKit's `Node.Dump`.
fn dump(file: &Dockerfile) -> String {
    let mut out = String::new();
    for node in &file.instructions {
        let _ = writeln!(out, "({})", node_dump(node));
    }
    out
}

fn node_dump(node: &Instruction) -> String {
    let name = if node.keyword == Keyword::Unknown { &node.name.text } else { node.keyword.name() };
    let mut out = name.to_lowercase();
    if !node.flags.is_empty() {
        let flags: Vec<String> = node.flags.iter().map(|flag| quote(&flag.text)).collect();
        let _ = write!(out, " [{}]", flags.join(" "));
    }
    if let Some(trigger) = &node.trigger {
        let _ = write!(out, " ({})", node_dump(trigger));
        return out;
    }
    for argument in node.parser_args() {
        let _ = write!(out, " {}", quote(&argument));
    }
    out
}

/// Go's `strconv.Quote`, for what the cases hold.
fn quote(text: &str) -> String {
    let inner: String = text
        .chars()
        .map(|c| match c {
            '\u{7}' => "\\a".to_owned(),
            '\u{8}' => "\\b".to_owned(),
            '\u{b}' => "\\v".to_owned(),
            '\u{c}' => "\\f".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            '"' | '\\' => format!("\\{c}"),
            c if c < ' ' || c == '\u{7f}' => format!("\\x{:02x}", c as u32),
            c => c.to_string(),
        })
        .collect();
    format!("\"{inner}\"")
}
