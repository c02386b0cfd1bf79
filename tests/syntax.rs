//! Properties of the syntax: whatever the text, it comes back, and spans fit.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

use parse_dockerfile::Instruction as Theirs;
use proptest::prelude::*;
use tidewaiter::dockerfile::{Dockerfile, Instruction, Keyword, parse};
use tidewaiter::text::{Edit, Source, Span, apply};

/// Pieces that Dockerfiles are made of, so that random files reach deep into the parser.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "FROM a AS b",
        "RUN ",
        "COPY ",
        "ENV ",
        "LABEL ",
        "ARG ",
        "ONBUILD ",
        "HEALTHCHECK ",
        "CMD ",
        "USER ",
        "\n",
        "\r\n",
        "\\\n",
        "\\ \t\n",
        "`\n",
        "# c\n",
        "# escape=`\n",
        "# syntax=x\n",
        " # d\n",
        "<<EOF",
        "<<-'E O'",
        "EOF\n",
        "\tE O\n",
        "[\"a\", \"b\"]",
        "[1]",
        "['a']",
        "--from=b ",
        "--mount=type=cache,target=/x ",
        "A=\"b c\" ",
        "'",
        "\"",
        "$X",
        "${X:-y}",
        "\u{feff}",
        "é",
        "\u{a0}",
        "\t",
        "=",
        "--",
        "\\",
        "`",
        "x",
    ];
    prop_oneof![
        8 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => ".{0,4}",
    ]
}

fn file() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat()),
        1 => ".{0,80}",
    ]
}

fn check_span(text: &str, span: Span, inside: Span) -> Result<(), TestCaseError> {
    prop_assert!(span.start <= span.end, "{span:?} is turned around");
    prop_assert!(text.get(span.range()).is_some(), "{span:?} cuts a character");
    prop_assert!(inside.contains(span), "{span:?} is not inside {inside:?}");
    Ok(())
}

fn check_instruction(file: &Dockerfile, node: &Instruction, inside: Span) -> Result<(), TestCaseError> {
    let text = file.source.text();
    for span in [node.body, node.name.span, node.rest_span()] {
        check_span(text, span, inside)?;
    }
    for word in
        node.args.iter().chain(node.pairs.iter().flat_map(|p| std::iter::once(&p.key).chain(&p.value)))
    {
        check_span(text, word.span, inside)?;
    }
    for span in
        node.flags.iter().map(|f| f.span).chain(node.heredocs.iter().flat_map(|h| [h.opener, h.body, h.end]))
    {
        check_span(text, span, inside)?;
    }
    for span in node.comments.iter().chain(&node.blank_lines) {
        check_span(text, *span, inside)?;
    }
    if let Some(trigger) = &node.trigger {
        check_instruction(file, trigger, inside)?;
    }
    Ok(())
}

fn check(text: &str) -> Result<Dockerfile, TestCaseError> {
    let file = parse(&Source::new(text));
    let mut at = 0;
    for item in &file.items {
        let span = item.span();
        prop_assert_eq!(span.start, at, "items tile the file");
        check_span(text, span, Span::new(0, text.len() as u32))?;
        at = span.end;
    }
    prop_assert_eq!(at as usize, text.len(), "nothing is left over");
    for node in &file.instructions {
        check_instruction(&file, node, node.span)?;
    }
    for error in &file.errors {
        check_span(text, error.span, Span::new(0, text.len() as u32))?;
    }
    Ok(file)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_loss(text in file()) {
        check(&text)?;
    }

    #[test]
    fn an_edit_outside_an_instruction_leaves_its_bytes_alone(text in file(), comment in "[a-z ]{0,8}") {
        let file = check(&text)?;
        for node in &file.instructions {
            let edit = Edit::insert(node.span.end, format!("# {comment}\n"));
            let changed = apply(&text, &[edit]).expect("the end of an instruction is a boundary");
            prop_assert_eq!(&changed[node.span.range()], &text[node.span.range()]);
            prop_assert!(changed.starts_with(&text[..node.span.end as usize]));
            prop_assert!(changed.ends_with(&text[node.span.end as usize..]));
        }
    }

    #[test]
    fn where_another_parser_accepts_a_file_it_sees_the_same_instructions(text in file()) {
        let Ok(theirs) = parse_dockerfile::parse(&text) else { return Ok(()) };
        // Its spans are shifted behind a byte order mark.
        prop_assume!(!text.starts_with('\u{feff}'));
        // It takes two escape characters at the end of a line for a continuation; BuildKit does not.
        prop_assume!(!text.contains("\\\\") && !text.contains("``"));
        let ours = check(&text)?;
        let ours: Vec<(&str, u32)> = ours.instructions.iter().map(|i| (i.keyword.name(), i.name.span.start)).collect();
        let theirs: Vec<(&str, u32)> = theirs.instructions.iter().filter_map(keyword_of).collect();
        prop_assert_eq!(ours, theirs);
    }
}

/// Name and offset of the keyword.
fn keyword_of(instruction: &Theirs<'_>) -> Option<(&'static str, u32)> {
    let (keyword, span) = match instruction {
        Theirs::Add(i) => (Keyword::Add, i.add.span.clone()),
        Theirs::Arg(i) => (Keyword::Arg, i.arg.span.clone()),
        Theirs::Cmd(i) => (Keyword::Cmd, i.cmd.span.clone()),
        Theirs::Copy(i) => (Keyword::Copy, i.copy.span.clone()),
        Theirs::Entrypoint(i) => (Keyword::Entrypoint, i.entrypoint.span.clone()),
        Theirs::Env(i) => (Keyword::Env, i.env.span.clone()),
        Theirs::Expose(i) => (Keyword::Expose, i.expose.span.clone()),
        Theirs::From(i) => (Keyword::From, i.from.span.clone()),
        Theirs::Healthcheck(i) => (Keyword::Healthcheck, i.healthcheck.span.clone()),
        Theirs::Label(i) => (Keyword::Label, i.label.span.clone()),
        Theirs::Maintainer(i) => (Keyword::Maintainer, i.maintainer.span.clone()),
        Theirs::Onbuild(i) => (Keyword::Onbuild, i.onbuild.span.clone()),
        Theirs::Run(i) => (Keyword::Run, i.run.span.clone()),
        Theirs::Shell(i) => (Keyword::Shell, i.shell.span.clone()),
        Theirs::Stopsignal(i) => (Keyword::Stopsignal, i.stopsignal.span.clone()),
        Theirs::User(i) => (Keyword::User, i.user.span.clone()),
        Theirs::Volume(i) => (Keyword::Volume, i.volume.span.clone()),
        Theirs::Workdir(i) => (Keyword::Workdir, i.workdir.span.clone()),
        _ => return None,
    };
    Some((keyword.name(), span.start as u32))
}
