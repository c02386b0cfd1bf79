//! Properties of the syntax: whatever the text, it comes back, and spans fit.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

#[path = "syntax/cases.rs"]
mod cases;
mod lossless;
#[path = "syntax/mutated.rs"]
mod mutated;

use parse_dockerfile::Instruction as Theirs;
use proptest::prelude::*;
use tidewaiter::dockerfile::Keyword;

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

/// Instructions with arguments that suit them, so that rules and shell reading have something to do.
fn likely_file() -> impl Strategy<Value = String> {
    let instruction = proptest::sample::select(vec![
        "FROM alpine:3.24 AS base",
        "FROM python:3.13-slim",
        "FROM base",
        "RUN apt-get update && apt-get install -y curl \\\n  git \\\n  # why\n  && rm -rf /var/lib/apt/lists/*",
        "RUN apk add --no-cache curl; cd /x && make | tee log",
        "RUN --mount=type=cache,target=/root/.cache pip install -r requirements.txt",
        "RUN <<EOF\nset -e\npip install flask\nEOF",
        "RUN bash -c 'for f in *; do echo \"$f\"; done'",
        "COPY . .",
        "COPY --from=base --chown=app:app /out/ /app/",
        "COPY <<-'EOF' /etc/x.conf\n\ta=$b\n\tEOF",
        "ADD https://example.com/x.tar.gz /tmp/",
        "WORKDIR /app",
        "WORKDIR app",
        "ENV A=1 B=\"$A 2\" \\\n    C='3'",
        "ENV OLD value with blanks",
        "ARG VERSION=1.2.3",
        "LABEL a=b \"c d\"='e'",
        "EXPOSE 80 443/tcp",
        "VOLUME [\"/data\"]",
        "USER root",
        "USER app",
        "HEALTHCHECK --interval=30s CMD curl -f http://localhost/ || exit 1",
        "CMD python app.py",
        "CMD [\"python\", \"app.py\"]",
        "ENTRYPOINT [\"./run.sh\"]",
        "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
        "ONBUILD COPY . /src",
        "STOPSIGNAL SIGTERM",
        "MAINTAINER someone <a@example.com>",
        "# comment",
        "",
    ]);
    let noise = prop_oneof![9 => Just(String::new()), 1 => piece()];
    let line = (instruction, noise, proptest::sample::select(vec!["\n", "\n", "\n", "\r\n", "\\\n"]))
        .prop_map(|(line, noise, end)| format!("{line}{noise}{end}"));
    proptest::collection::vec(line, 0..25).prop_map(|lines| lines.concat())
}

/// So many cases, or more where `PROPTEST_CASES` asks for them.
fn at_least(cases: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(cases), ..config }
}

proptest! {
    #![proptest_config(at_least(400))]

    #[test]
    fn the_property_holds_for_any_text(text in file()) {
        lossless::holds(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn the_property_holds_for_likely_files(text in likely_file()) {
        lossless::holds(&text).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(at_least(2000))]

    #[test]
    fn any_text_is_read_without_loss(text in file()) {
        lossless::reads(&text).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn where_another_parser_accepts_a_file_it_sees_the_same_instructions(text in file(), from in any::<bool>()) {
        // Hardly any other text begins with FROM, without which that parser refuses it.
        let text = if from { format!("FROM a AS b\n{text}") } else { text };
        let Ok(theirs) = parse_dockerfile::parse(&text) else { return Ok(()) };
        // Its spans are shifted behind a byte order mark.
        prop_assume!(!text.starts_with('\u{feff}'));
        // It takes two escape characters at the end of a line for a continuation; BuildKit does not.
        prop_assume!(!text.contains("\\\\") && !text.contains("``"));
        // Go's white space is Unicode's; it knows blanks and tabs only.
        prop_assume!(!text.lines().any(|line| {
            let rest = line.trim_start();
            (rest.is_empty() || rest.starts_with('#'))
                && !line[..line.len() - rest.len()].bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r'))
        }));
        let ours = lossless::reads(&text).map_err(TestCaseError::fail)?;
        let ours: Vec<(&str, u32)> = ours
            .instructions
            .iter()
            // Lines of nothing but continuation characters are an instruction without a name for BuildKit and
            // for us; the other parser passes over them.
            .filter(|i| !i.joined.text().trim().is_empty())
            .map(|i| (i.keyword.name(), i.name.span.start))
            .collect();
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
