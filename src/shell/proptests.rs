//! Properties over arbitrary text, and what reading costs.

use super::tests::{problems, script};
use super::*;
use crate::dockerfile::Joined;
use proptest::prelude::*;

fn check_parts(parts: &[Part], valid: &dyn Fn(&Place)) {
    for part in parts {
        valid(&part.place);
        match &part.kind {
            PartKind::DoubleQuoted(inner) | PartKind::Arithmetic(inner) => check_parts(inner, valid),
            PartKind::Variable { modifier, operand, .. } => {
                valid(modifier);
                check_parts(operand, valid);
            }
            PartKind::Substitution { list, .. } | PartKind::Process(list) => check_list(list, valid),
            PartKind::Array(words) => words.iter().for_each(|word| valid(&word.place)),
            PartKind::Literal | PartKind::SingleQuoted | PartKind::AnsiQuoted => {}
        }
    }
}
fn check_list(list: &List, valid: &dyn Fn(&Place)) {
    valid(&list.place);
    for item in &list.items {
        valid(&item.place);
        valid(&item.terminator_place);
        assert!(!item.elements.is_empty());
        for element in &item.elements {
            valid(&element.before_place);
            valid(&element.pipeline.place);
            assert!(!element.pipeline.commands.is_empty());
            element.pipeline.operators.iter().for_each(valid);
            for node in &element.pipeline.commands {
                if let Node::Compound(node) = node {
                    valid(&node.place);
                }
            }
        }
    }
}

/// Every place lies in its text, on character boundaries, and the flat view is in order.
fn check(text: &str, joined: &Joined, file: &str) {
    let script = parse(joined);
    let valid = |place: &Place| {
        assert!(text.get(place.range()).is_some(), "{place:?} in {text:?}");
        assert!(file.get(place.span.range()).is_some(), "{place:?} in {file:?}");
    };
    check_list(&script.root, &valid);
    let mut last = 0;
    for command in script.commands() {
        assert!(last <= command.place.start, "{text:?}");
        last = command.place.start;
        valid(&command.place);
        for word in &command.words {
            valid(&word.place);
            assert!(
                command.place.start <= word.place.start && word.place.end <= command.place.end,
                "{text:?}"
            );
            check_parts(&word.parts, &valid);
        }
        for assignment in &command.assignments {
            valid(&assignment.place);
            valid(&assignment.value.place);
        }
        command.redirects.iter().for_each(|redirect| valid(&redirect.place));
        if let Some(script) = &command.script {
            check_list(script, &valid);
        }
        let _ = (command.name(), command.args().len(), script.options_at(command), script.dir_at(command));
        if let Some(call) = packages::package_command(command) {
            assert!(file.get(call.verb_span.range()).is_some(), "{file:?}");
            for package in &call.packages {
                assert!(file.get(package.span.range()).is_some(), "{file:?}");
            }
        }
    }
    for heredoc in &script.heredocs {
        heredoc.body.iter().for_each(&valid);
        heredoc.script.iter().for_each(|script| check_list(script, &valid));
    }
    script.problems.iter().for_each(|problem| valid(&problem.place));
    script.comments.iter().for_each(&valid);
    if let Some(ending) = script.ending() {
        assert!(file.is_char_boundary(ending.insert_at as usize));
    }
}

/// Joins a text over its backslash-newlines as the Dockerfile reader does.
fn joined_lines(file: &str) -> Joined {
    let mut joined = Joined::new();
    let mut at = 0;
    for line in file.split_inclusive('\n') {
        let kept = line.strip_suffix("\\\n").unwrap_or(line);
        joined.push(kept, at);
        at += line.len() as u32;
    }
    joined
}

const GOOD: &[&str] = &[
    "set -eux; \\\n apt-get update && apt-get install -qqy --no-install-recommends a b=1.2 ${X} \\\n && rm -rf /var/lib/apt/lists/*",
    "bash -c \"a && b \\\"é $(c 'd')\\\" | e\" && su -c 'pip install -r r.txt \"flask>=2,<3\"' é",
    "cat <<-'A' > x && bash <<B\n\tone $(no)\n\tA\ntwo \\$y $(yes é)\nB\nc é",
    "case \"$1\" in -h|--help) f `g \\`h\\``;; @(a|b)) g;& esac; for x in a ${b:-\"c d\"}; do echo $((1<<2)); done",
    "if [[ $x =~ ^(é|b)$ ]]; then x=(a b); f() { g; }; else { h; } 2>&1 | sh -s; fi # ende é",
    "eval \"`a`\" ${v//\\//'}'} <(b) $'a\\'b' \"$'x\" {a,b} ~/c[0-9]* & time -p ! d",
    "cd é && find . -exec sh -c 'cd \"$1\"; é' _ {} \\; -exec rm é {} +; a[\"é b\"]=1; while pushd /é; do popd; done; set -e; cd - || exit",
    "mvn -Pé -T 1C package; ./gradlew -x é build; corepack yarn@4 add é@1; mono nuget.exe install é -version 1; bun add é",
    "poetry run pip install é; npm i -g a@1 @b/c; python3 -m pip install -e . -c c.txt; pacman -Syu --noconfirm a; cargo +nightly install --git u x",
];

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text, &Joined::verbatim(&text, 0), &text);
    }

    #[test]
    fn any_tokens_are_read(tokens in proptest::collection::vec(
        proptest::sample::select(vec![
            "'", "\"", "`", "$", "$(", "${", "$((", "(", ")", "))", "}", "{", " ", "\n", ";", ";;", "&", "|", "<", ">",
            "<<", "<<-", "E", "\\", "\t", "\r", "é", "a", "=", "=(", "[[ ", " ]]", "if ", "then ", "fi ", "case ", " in ",
            "esac", "do ", "done", "for ", "! ", "#", "*", "[", "]", "sh -c ", "eval ", "bash <<", "su -c ", "~", "@(",
            "function ", "2>", "&>", "time ", "cd ", "pushd ", "popd", "set -e", "find ", "-exec ", "{} ", " +", "\\;",
            "f() ", "while ", "exit", "..", "/a", "a[", "]=", "<<<", "scl enable ", "coproc ", "select ", "pip install ", "-", ":", "//", "apk add ",
        ]), 0..40)) {
        let text = tokens.concat();
        check(&text, &Joined::verbatim(&text, 0), &text);
        let joined = joined_lines(&text);
        check(joined.text(), &joined, &text);
    }

    #[test]
    fn mutated_scripts_are_read(which in 0..GOOD.len(), cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..3_u8), 0..6)) {
        let mut text = GOOD[which].to_owned();
        for (index, kind) in cuts {
            if text.is_empty() { break; }
            let mut at = index.index(text.len());
            while !text.is_char_boundary(at) { at -= 1; }
            match kind {
                0 => { text.remove(at); }
                1 => text.truncate(at),
                _ => { let tail = text[at..].to_owned(); text.push_str(&tail); }
            }
        }
        check(&text, &Joined::verbatim(&text, 0), &text);
        let joined = joined_lines(&text);
        check(joined.text(), &joined, &text);
    }
}

#[test]
fn good_scripts_have_no_problems() {
    for text in GOOD {
        assert_eq!(problems(text), [], "{text}");
    }
}

#[test]
fn a_case_that_ends_in_its_terminator() {
    let text = "case x in a) b;& ";
    check(text, &Joined::verbatim(text, 0), text);
}

/// Processor time in microseconds to read a text some times and to ask for the state of all its commands.
#[cfg(target_os = "linux")]
fn cost(text: &str, times: u32) -> i64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let joined = Joined::verbatim(text, 0);
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
    };
    let start = used();
    for _ in 0..times {
        let script = parse(&joined);
        let known =
            script.commands().filter(|c| script.options_at(c).errexit || script.dir_at(c) == Dir::Unknown);
        let count = script.commands().count();
        assert!(known.count() <= count && packages::package_commands(&script).len() <= count);
    }
    used() - start
}

/// One long text costs what eight short ones of the same length together cost; a quadratic reader takes eight
/// times as long. The clock ticks every few milliseconds.
#[cfg(target_os = "linux")]
#[test]
fn cost_is_linear() {
    for unit in [
        "apt-get install -y a b=1 && ",
        "cd a; set -e; ",
        "(cd b; x) || ",
        "f() { cd x; }; f; ",
        "if a; then cd b; fi; ",
        "while a; do cd b; done; ",
        "sh -c 'a; cd b'; ",
        "find . -exec a {} \\; ; ",
        "pushd a; ",
        "x=$(cd a; b) ",
        "a[",
        "a=(",
        "${",
        "$((",
        "`a`",
        "<<A ",
        "cat <<A\nb\nA\n",
        "'a'\"b\"",
        "\\\n",
        "{ ",
        "((",
        "[[ a",
        "case a in b) ",
        "a | ",
        "! ",
        "-exec ",
        "eval 'eval ",
        "@(",
    ] {
        let long = |bytes: usize| unit.repeat(bytes / unit.len());
        let (short, whole) = (cost(&long(6 << 10), 8), cost(&long(48 << 10), 1));
        assert!(whole < short * 4 + 25_000, "{unit:?}: {short} µs for 8 × 6 KiB, {whole} µs for 48 KiB");
    }
}

#[test]
fn a_mebibyte_is_read() {
    for unit in ["apt-get install -y a && ", "cd a; ", "$(", "'", "a\n", "é "] {
        let text = unit.repeat((1 << 20) / unit.len());
        let script = script(&text);
        assert_eq!(script.text().len(), text.len());
        let last = script.commands().next_back().unwrap();
        let _ = (script.dir_at(last), script.options_at(last));
    }
}
