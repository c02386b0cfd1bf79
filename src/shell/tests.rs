//! Each construct, and nasty input.

use super::*;
use crate::dockerfile::Joined;
use crate::text::Span;

pub(super) fn script(text: &str) -> Script {
    parse(&Joined::verbatim(text, 0))
}

/// Names of all commands of a valid script.
fn names(text: &str) -> Vec<String> {
    let script = script(text);
    assert_eq!(script.problems, [], "{text}");
    script.commands().map(|c| c.name().unwrap_or("?").to_owned()).collect()
}

fn texts(text: &str) -> Vec<String> {
    let script = script(text);
    let command = script.commands().next().unwrap();
    command.words.iter().map(|word| word.text().to_owned()).collect()
}

pub(super) fn problems(text: &str) -> Vec<ProblemKind> {
    script(text).problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn lists_and_operators() {
    use Connector::{And, Background, End, Newline, Or, Pipe, Semicolon};
    let script = script("a && b || c; d & e | f\ng");
    let got: Vec<_> = script
        .commands()
        .map(|c| (c.name().unwrap(), c.context.previous, c.context.next, c.context.chain))
        .collect();
    assert_eq!(
        got,
        [
            ("a", End, And, 0),
            ("b", And, Or, 0),
            ("c", Or, Semicolon, 0),
            ("d", End, Background, 1),
            ("e", End, Pipe, 2),
            ("f", Pipe, Newline, 2),
            ("g", End, End, 3)
        ]
    );
    let f = script.commands().nth(5).unwrap();
    assert_eq!((f.context.pipe_index, f.context.pipe_length), (1, 2));
    assert!(!script.is_pure_and());
}

#[test]
fn spans_go_through_continuation_lines() {
    // RUN a \⏎ # note⏎  && b c
    let mut joined = Joined::new();
    joined.push("a ", 4);
    joined.push("  && b c", 15);
    let script = parse(&joined);
    let b = script.commands().nth(1).unwrap();
    assert_eq!(b.span(), Span::new(20, 23));
    let ending = script.ending().unwrap();
    assert_eq!((ending.insert_at, ending.trailing), (23, Trailing::None));
    assert!(script.is_pure_and());
    assert_eq!(ending.command.unwrap().id, b.id);
}

#[test]
fn quotes_and_escapes() {
    assert_eq!(
        texts(r#"a 'b c' "d \"e\" \n" f\ g h"i"'j' ''"#),
        ["a", "b c", "d \"e\" \\n", "f g", "hij", ""]
    );
    assert_eq!(texts("$'a\\tb' x\\\ny"), ["a\tb", "xy"]);
    let script = script("a \"b $c\" 'd $e' \\$f");
    let words = &script.commands().next().unwrap().words;
    assert_eq!(words[1].literal(), None);
    assert_eq!(words[1].variables(), ["c"]);
    assert!(!words[1].may_split() && !words[1].starts_with_expansion());
    assert_eq!(words[2].literal(), Some("d $e"));
    assert_eq!(words[3].literal(), Some("$f"));
    assert!(words[3].is_quoted() && !words[0].is_quoted());
    assert_eq!(words[1].raw(), "\"b $c\"");
}

#[test]
fn expansions() {
    let script = script(r#"a ${x:-"a b"} "${y:-it's}" $1 $((1<<2)) ${#z} ${v//a/$b} pre$q"#);
    assert_eq!(script.problems, []);
    let words = &script.commands().next().unwrap().words;
    assert_eq!(words.len(), 8);
    assert_eq!(words[1].variables(), ["x"]);
    assert!(words[1].starts_with_expansion() && words[1].may_split());
    assert_eq!(words[2].variables(), ["y"]);
    assert!(matches!(words[4].parts[0].kind, PartKind::Arithmetic(_)));
    assert!(!words[4].has_substitution());
    assert_eq!(words[5].variables(), ["z"]);
    assert_eq!(words[6].variables(), ["v", "b"]);
    let PartKind::Variable { modifier, .. } = &words[6].parts[0].kind else { panic!() };
    assert_eq!(script.raw(*modifier), "//a/$b");
    assert!(!words[7].starts_with_expansion() && words[7].may_split());
    assert_eq!(words[7].parts.len(), 2);
}

#[test]
fn substitutions_are_read_recursively() {
    assert_eq!(
        names("a $(b $(c) | d) `e \\`f\\`` \"$(g)\" <(h) $( (i); j ) $((k + $(l)))"),
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "l"]
    );
    let script = script("x $(y)");
    let y = script.commands().nth(1).unwrap();
    assert!(y.context.inside.any(Inside::SUBSTITUTION));
    assert_eq!(y.context.parent, Some(script.commands().next().unwrap().id));
    assert_eq!(y.span(), Span::new(4, 5));
    // A closing bracket of a case pattern does not end the substitution.
    assert_eq!(names("a=$(case x in x) b;; (y) c;; esac); d"), ["?", "b", "c", "d"]);
    assert_eq!(names("$((a); b)"), ["?", "a", "b"]);
}

#[test]
fn globs_tildes_and_braces() {
    let script = script("rm -rf /a/* ~/b '*' c[0-9] [ {d,e} {f} ~");
    let words = &script.commands().next().unwrap().words;
    let glob: Vec<_> = words.iter().map(Word::has_glob).collect();
    assert_eq!(glob, [false, false, true, false, false, true, false, false, false, false]);
    assert_eq!(words[2].literal(), Some("/a/*"));
    assert!(words[3].has_tilde() && words[9].has_tilde());
    assert!(words[7].has_brace_expansion() && !words[8].has_brace_expansion());
}

#[test]
fn redirects() {
    use RedirectOperator as R;
    let script = script("a 2>&1 >/dev/null 3>>b <c &>d x2>e <<<f {fd}>g");
    assert_eq!(script.problems, []);
    let a = script.commands().next().unwrap();
    assert_eq!(a.words.len(), 2);
    let got: Vec<_> = a
        .redirects
        .iter()
        .map(|r| (r.descriptor.as_deref(), r.operator, r.target.as_ref().unwrap().text()))
        .collect();
    assert_eq!(
        got,
        [
            (Some("2"), R::DuplicateOut, "1"),
            (None, R::Write, "/dev/null"),
            (Some("3"), R::Append, "b"),
            (None, R::Read, "c"),
            (None, R::WriteBoth, "d"),
            (None, R::Write, "e"),
            (None, R::HereString, "f"),
            (Some("{fd}"), R::Write, "g"),
        ]
    );
    assert_eq!(a.output_file().unwrap().target.as_ref().unwrap().text(), "/dev/null");
}

#[test]
fn compound_commands() {
    assert_eq!(
        names(
            "if a; then b; elif c; then d; else e; fi; for x in 1 2; do f; done\nwhile g; do h; done; until i\ndo j\ndone; (k); { l; }; case $x in a|b) m;; *) n; esac; [[ -f x && $y =~ ^(a|b)$ ]] && o; ((i++)); p() { q; }; function r { s; }; for ((i=0;i<3;i++)); do t; done"
        ),
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "q", "s", "t"]
    );
    let script = script("if a; then b; fi; (c); f() { d; }; while e; do g; done");
    let inside = |name: &str| script.commands_named(name).next().unwrap().context.inside;
    assert!(inside("a").any(Inside::CONDITION) && !inside("b").any(Inside::CONDITION));
    assert!(inside("b").any(Inside::BRANCH));
    assert!(inside("c").any(Inside::SUBSHELL));
    assert!(inside("d").any(Inside::FUNCTION) && inside("d").any(Inside::GROUP));
    assert!(inside("g").any(Inside::LOOP));
    let chain = &script.root.items[0];
    assert_eq!(script.raw(chain.place), "if a; then b; fi");
}

#[test]
fn for_and_case_keep_their_words() {
    let script = script("for x in a $b 'c d'; do e; done; case \"$1\" in -h|--help) f;; *) g;& esac");
    let Node::Compound(node) = &script.root.items[0].elements[0].pipeline.commands[0] else { panic!() };
    let CompoundKind::For { name, words, .. } = &node.kind else { panic!() };
    assert_eq!((name.as_str(), words.as_ref().unwrap().len()), ("x", 3));
    let Node::Compound(node) = &script.root.items[1].elements[0].pipeline.commands[0] else { panic!() };
    let CompoundKind::Case { arms, .. } = &node.kind else { panic!() };
    let patterns: Vec<_> = arms[0].patterns.iter().map(Word::text).collect();
    assert_eq!(patterns, ["-h", "--help"]);
    assert!(!arms[0].falls_through && arms[1].falls_through);
}

#[test]
fn reserved_words_are_words_elsewhere() {
    assert_eq!(names("echo if then fi done { } ! case"), ["echo"]);
    assert_eq!(names("! a && ! b"), ["a", "b"]);
    assert_eq!(names("time -p a | b"), ["a", "b"]);
    assert!(script("! a").commands().next().unwrap().context.inside.any(Inside::NEGATED));
}

#[test]
fn assignments() {
    let script = script("A=1 B=\"$x\" c D=2; E+=f; g=(a b); H=");
    let first = script.commands().next().unwrap();
    let values: Vec<_> = first.assignments.iter().map(|a| (&*a.name, a.value.text())).collect();
    assert_eq!(values, [("A", "1"), ("B", "$x")]);
    assert_eq!(first.name(), Some("c"));
    assert_eq!(first.args()[0].text(), "D=2");
    let rest: Vec<_> = script.commands().skip(1).map(|c| &c.assignments[0]).collect();
    assert!(rest[0].append && &*rest[0].name == "E");
    assert!(rest[1].value.is_array());
    assert_eq!(rest[2].value.text(), "");
}

#[test]
fn launchers_are_looked_through() {
    for (text, name, args) in [
        ("sudo -u app -E apt-get install x", "apt-get", 2),
        ("sudo A=1 env -u B C=2 /usr/bin/make all", "make", 1),
        ("exec \"$JAVA\" -jar x", "?", 2),
        ("nice -n 10 time -f %e timeout -k 5 10s curl x", "curl", 1),
        ("xargs -n 1 -r apt-get install", "apt-get", 1),
        ("command -v curl", "command", 2),
        ("sudo -i", "sudo", 1),
        ("$VENV/bin/pip install x", "pip", 2),
        ("gosu app server", "server", 0),
        ("sudo -H -u app -- env -i A=1 nice -n5 make x", "make", 1),
        ("runuser -u app -- pip install x", "pip", 2),
        ("runuser app -c x", "runuser", 3),
        ("setpriv --reuid app --clear-groups server -d", "server", 1),
        ("chpst -u app server", "server", 0),
        ("s6-setuidgid app server", "server", 0),
        ("flock -w 10 /l make x", "make", 1),
        ("flock /l -c 'make x'", "flock", 3),
        ("busybox wget x", "wget", 1),
        ("busybox --install -s /bin", "busybox", 3),
        ("xvfb-run -a -s '-screen 0' npm test", "npm", 1),
        ("tini -g -- server", "server", 0),
        ("chroot /m apt-get update", "chroot", 3),
        ("env -S 'a b'", "env", 2),
        ("env", "env", 0),
    ] {
        let script = script(text);
        let command = script.commands().next().unwrap();
        assert_eq!(command.name().unwrap_or("?"), name, "{text}");
        assert_eq!(command.args().len(), args, "{text}");
    }
    let script = script("sudo -E apt-get update");
    assert!(script.commands().next().unwrap().prefix_word("sudo").is_some());
}

#[test]
fn users_of_commands() {
    for (text, other) in [
        ("gosu app a", true),
        ("sudo -Hu app a", true),
        ("sudo --user=app a", true),
        ("env B=1 setuser app a", true),
        ("sudo -E a", false),
        ("env -u B a", false),
        ("a -u app", false),
    ] {
        assert_eq!(script(text).commands().next().unwrap().runs_as_other_user(), other, "{text}");
    }
}

#[test]
fn strings_of_other_shells_are_read() {
    let text =
        r#"bash -euxo pipefail -c "a && b \"c $(d)\" | e" && su -c 'f' app; eval 'g'; sh script.sh -c x"#;
    assert_eq!(names(text), ["bash", "a", "b", "d", "e", "su", "f", "eval", "g", "sh"]);
    let script = script(text);
    for name in ["a", "b", "e", "f", "g"] {
        let command = script.commands_named(name).next().unwrap();
        assert!(command.context.inside.any(Inside::STRING), "{name}");
        assert!(text[command.span().range()].starts_with(name), "{name}");
    }
    let b = script.commands_named("b").next().unwrap();
    assert_eq!(b.args()[0].text(), "c ${_}");
    // The backslash belongs to the outer quotes, it is not part of the inner word.
    assert_eq!(b.args()[0].raw(), r#""c $(d)\""#);
    assert!(script.options_at(b).pipefail && script.options_at(b).errexit);
    assert!(!script.options_at(script.commands_named("su").next().unwrap()).pipefail);
    let d = script.commands_named("d").next().unwrap();
    assert!(d.context.inside.any(Inside::SUBSTITUTION));
}

#[test]
fn commands_that_others_start() {
    let text =
        "find / -name x -exec rm -rf {} + -o -execdir sh -c 'a \"$1\"; b' _ {} \\; && c | xargs -I{} d {}";
    assert_eq!(names(text), ["find", "rm", "sh", "a", "b", "c", "d"]);
    let script = script(text);
    let find = script.commands().next().unwrap();
    assert_eq!(find.script.as_ref().unwrap().items.len(), 2);
    let rm = script.commands_named("rm").next().unwrap();
    assert_eq!(&text[rm.span().range()], "rm -rf {}");
    assert!(rm.context.inside.any(Inside::STRING) && rm.context.parent == Some(find.id));
    let b = script.commands_named("b").next().unwrap();
    assert_eq!(&text[b.span().range()], "b");
    // Without its end nothing is started.
    assert_eq!(names("find . -exec rm {}"), ["find"]);
    for (text, expected) in [
        ("su app -s /bin/sh -c 'a && b'", vec!["su", "a", "b"]),
        ("su - app -c \"a; b\"", vec!["su", "a", "b"]),
        ("su -lc 'a' app", vec!["su", "a"]),
        ("sudo su - app -c a", vec!["su", "a"]),
        ("sudo -u app bash -lc 'a; b'", vec!["bash", "a", "b"]),
        ("runuser -l app -c 'a'", vec!["runuser", "a"]),
        ("runuser -u app -- sh -c 'a'", vec!["sh", "a"]),
        ("gosu app sh -ec 'a'", vec!["sh", "a"]),
        ("flock /l -c 'a'", vec!["flock", "a"]),
        ("scl enable gcc-12 'a && b'", vec!["scl", "a", "b"]),
        ("time nice -n 5 sh -c 'a'", vec!["sh", "a"]),
        ("exec env A=1 sh -c 'a'", vec!["sh", "a"]),
        ("su app <<E\na\nE\n", vec!["su", "a"]),
        ("su app -c x <<E\na\nE\n", vec!["su", "x"]),
        ("chroot /m sh -c 'a'", vec!["chroot"]),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn subscripts_and_patterns_over_lines() {
    let text =
        "a[${#a[*]}]=1; b[\"x y\"]+=2 c; d[$(( ${#d} - 1 ))]=$e; declare -a f=([0]=x [1]=y); g[ h; i[j k";
    let script = script(text);
    assert_eq!(script.problems, []);
    let got: Vec<(Vec<&str>, Vec<&str>)> = script
        .commands()
        .map(|c| (c.assignments.iter().map(|a| &*a.name).collect(), c.words.iter().map(Word::raw).collect()))
        .collect();
    assert_eq!(
        got,
        [
            (vec!["a"], vec![]),
            (vec!["b"], vec!["c"]),
            (vec!["d"], vec![]),
            (vec![], vec!["declare", "-a", "f=([0]=x [1]=y)"]),
            (vec![], vec!["g[", "h"]),
            (vec![], vec!["i[j", "k"]),
        ]
    );
    assert_eq!(names("if [[ $a == @(b|\n\t|c) ]]; then d; fi"), ["d"]);
}

#[test]
fn output_that_goes_into_files() {
    let script = script("a >& b; a >&2; a >&-; a 2>&1; a &> b; a >& $c; a >&1-");
    let got: Vec<bool> = script.commands().map(|c| c.redirects[0].writes_file()).collect();
    assert_eq!(got, [true, false, false, false, true, false, false]);
}

#[test]
fn here_documents_are_expanded_for_another_shell() {
    use crate::dockerfile::parse as parse_dockerfile;
    use crate::text::Source;
    let text = "RUN bash <<EOF\na \\$(b) \\$c\nEOF\n";
    let source = Source::new(text.to_owned());
    let file = parse_dockerfile(&source);
    let body = RunBody::read(&file.instructions[0], &source);
    let script = body.heredocs[0].script.as_ref().unwrap();
    let got: Vec<_> = script.commands().map(|c| (c.name().unwrap(), &text[c.span().range()])).collect();
    assert_eq!(got, [("a", "a \\$(b) \\$c"), ("b", "b")]);
}

#[test]
fn here_documents_in_scripts() {
    let text = "cat <<-'A' > x && b <<B\n\tone $(no)\n\tA\ntwo $(yes) \\$(no)\nB\nc\nbash <<E\nd -x\nE\n";
    assert_eq!(names(text), ["cat", "b", "yes", "c", "bash", "d"]);
    let script = script(text);
    assert_eq!(script.heredocs.len(), 3);
    assert_eq!(script.raw(script.heredocs[0].body.unwrap()), "\tone $(no)\n");
    assert!(script.heredocs[0].strip_tabs && !script.heredocs[0].expand && script.heredocs[1].expand);
    assert!(script.heredocs[2].script.is_some());
    let d = script.commands_named("d").next().unwrap();
    assert_eq!(&text[d.span().range()], "d -x");
    // The first line of a RUN: Docker has taken the body away.
    let line = self::script("cat <<EOF > /x && y");
    assert_eq!(line.problems, []);
    assert_eq!(line.heredocs[0].body, None);
    assert_eq!(problems("cat <<EOF\nabc\n"), [ProblemKind::UnterminatedHereDoc]);
}

#[test]
fn comments_end_with_the_line() {
    let text = "# first\na # b && c\nd#e \\\n  # not a comment here\nf";
    assert_eq!(names(text), ["a", "d#e", "f"]);
    let script = script("a && b # trailing ; x");
    let ending = script.ending().unwrap();
    assert_eq!(ending.insert_at, 6);
    assert_eq!(script.raw(ending.comment.unwrap()), "# trailing ; x");
    assert_eq!(self::script("a; b &").ending().unwrap().trailing, Trailing::Background);
    assert_eq!(self::script("a; b;").ending().unwrap().trailing, Trailing::Semicolon);
    assert!(self::script(" # nothing").ending().is_none());
}

#[test]
fn crlf_scripts_read_like_others() {
    assert_eq!(
        names("#!/bin/sh\r\nif a; then\r\n  b \\\r\n c\r\nfi\r\ncat <<E\r\nx\r\nE\r\nd\r\n"),
        ["a", "b", "cat", "d"]
    );
    assert_eq!(texts("a b\r\n"), ["a", "b"]);
}

#[test]
fn options_of_the_script() {
    let script = script("a; set -eu -o pipefail; b; (set +e; c); d; set +x -- e; f");
    let at = |name: &str| script.options_at(script.commands_named(name).next().unwrap());
    assert_eq!(at("a"), Options::default());
    assert_eq!(at("b"), Options { errexit: true, pipefail: true, nounset: true, xtrace: false });
    assert!(at("d").errexit && at("f").errexit);
}

#[test]
fn broken_scripts_still_give_their_commands() {
    for (text, commands, kinds) in [
        ("a 'b", vec!["a"], vec![ProblemKind::Unterminated("'")]),
        ("a && b \"c", vec!["a", "b"], vec![ProblemKind::Unterminated("\"")]),
        ("a && && b", vec!["a", "b"], vec![ProblemKind::NoCommandAfter]),
        ("a &&", vec!["a"], vec![ProblemKind::NoCommandAfter]),
        ("a |", vec!["a"], vec![ProblemKind::NoCommandAfter]),
        ("&& a", vec!["a"], vec![ProblemKind::Unexpected]),
        ("if a; then b", vec!["a", "b"], vec![ProblemKind::Missing("fi")]),
        ("for x in a; b; done", vec!["b"], vec![ProblemKind::Missing("do")]),
        ("a; fi; b", vec!["a", "b"], vec![ProblemKind::Unexpected]),
        ("a $(b", vec!["a", "b"], vec![ProblemKind::Unterminated("$(")]),
        ("(a; b", vec!["a", "b"], vec![ProblemKind::Unterminated("(")]),
        ("a ) b", vec!["a", "b"], vec![ProblemKind::Unexpected]),
        ("a ${x", vec!["a"], vec![ProblemKind::Unterminated("${")]),
        ("a >", vec!["a"], vec![ProblemKind::NoRedirectTarget]),
        ("case x in a) b", vec!["b"], vec![ProblemKind::Missing("esac")]),
        ("a `b", vec!["a", "b"], vec![ProblemKind::Unterminated("`")]),
        ("{ a; b", vec!["a", "b"], vec![ProblemKind::Unterminated("{")]),
    ] {
        let script = script(text);
        let got: Vec<_> = script.commands().filter_map(Command::name).collect();
        assert_eq!(got, commands, "{text}");
        assert_eq!(problems(text), kinds, "{text}");
    }
}

#[test]
fn deep_nesting_and_long_text_are_bounded() {
    for open in [
        "(",
        "$(",
        "{ ",
        "if ",
        "\"$(",
        "${x:-",
        "`\\`",
        "$((",
        "[[ ",
        "case x in x) ",
        "a=(",
        "! ",
        "fi ",
        "@(",
        "f() ",
    ] {
        let text = open.repeat(20_000);
        let script = script(&text);
        assert!(script.problems.len() <= 20_000, "{open}");
    }
    assert_eq!(problems(&"( ".repeat(61)).first(), Some(&ProblemKind::TooDeep));
}

#[test]
fn words_of_a_command_line() {
    assert_eq!(split_words("python3 app.py").unwrap(), ["python3", "app.py"]);
    assert_eq!(split_words(r#"a "b c" 'd"' e\ f"#).unwrap(), ["a", "b c", "d\"", "e f"]);
    for text in [
        "",
        "a $b",
        "a && b",
        "a;",
        "a | b",
        "a > b",
        "a *.py",
        "a ~/b",
        "A=1 b",
        "a # c",
        "a 'b",
        "a `b`",
        "a {b,c}",
        "(a)",
        "! a",
        "if a; then b; fi",
        "a &",
        "A=1",
        "<<EOF",
        "time a",
    ] {
        assert_eq!(split_words(text), None, "{text}");
    }
}

#[test]
fn who_runs_a_script() {
    assert_eq!(interpreter_of("set -e\n"), Interpreter::Default);
    assert_eq!(interpreter_of("#!/bin/bash -e\nx"), Interpreter::Shell("bash".into(), vec!["-e".into()]));
    assert_eq!(interpreter_of("#!/usr/bin/env python3\nx"), Interpreter::Other("python3".into()));
}
