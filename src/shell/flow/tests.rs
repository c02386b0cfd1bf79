//! Options and directories, way by way.

use super::*;
use crate::dockerfile::{Joined, parse as parse_dockerfile};
use crate::shell::{RunBody, Script, parse};
use crate::text::Source;

/// The directory of each command called `at`, by its first argument.
fn dirs(text: &str) -> Vec<(String, String)> {
    let script = parse(&Joined::verbatim(text, 0));
    assert_eq!(script.problems, [], "{text}");
    shown(&script)
}

fn shown(script: &Script) -> Vec<(String, String)> {
    script
        .commands_named("at")
        .map(|command| {
            let dir = match script.dir_at(command) {
                Dir::Start(path) => format!("./{path}"),
                Dir::Home(path) => format!("~/{path}"),
                Dir::Absolute(path) => path,
                Dir::Unknown => "?".to_owned(),
            };
            (command.args()[0].text().to_owned(), dir)
        })
        .collect()
}

fn expect(text: &str, expected: &[&str]) {
    let got: Vec<String> = dirs(text).into_iter().map(|(_, dir)| dir).collect();
    assert_eq!(got, expected, "{text}");
}

#[test]
fn cd_on_the_straight_way() {
    expect("at 1; cd a && at 2 && cd b/../c; at 3; cd /x/./y/..; at 4", &["./", "./a", "./a/c", "/x"]);
    expect("cd .. && at 1; cd ../..; at 2; cd / && cd .. ; at 3", &["./..", "./../../..", "/"]);
    expect("cd; at 1; cd ~/a; at 2; cd $HOME/b; at 3; cd \"${HOME}\" && at 4", &["~/", "~/a", "~/b", "~/"]);
    expect("cd -P -- /a && at 1; command cd b; at 2; builtin cd c && at 3", &["/a", "/a/b", "/a/b/c"]);
    expect("cd $X; at 1; cd a; at 2; cd /b; at 3; cd '$X'; at 4", &["?", "?", "/b", "/b/$X"]);
    expect("cd /opt/app-*/ && at 1; cd ~app; at 2; cd /a/$X; at 3; cd $HOME/$X; at 4", &["?", "?", "?", "?"]);
    expect("cd /a && cd /b && cd - && at 1 && cd - && at 2; cd -; cd -; at 3", &["/a", "/b", "/b"]);
}

#[test]
fn pushd_and_popd() {
    expect(
        "pushd /a; at 1; pushd b; at 2; popd; at 3; popd > /dev/null; at 4; popd; at 5",
        &["/a", "/a/b", "/a", "./", "?"],
    );
    expect("pushd /a; pushd; at 1; pushd; at 2; pushd +1; at 3", &["./", "/a", "?"]);
}

#[test]
fn what_does_not_reach_the_commands_behind() {
    expect("(cd a; at 1); at 2; { cd b; at 3; }; at 4", &["./a", "./", "./b", "./b"]);
    expect("cd a | at 1; at 2; cd b & at 3; x=$(cd c; at 4); at 5", &["./", "./", "./", "./c", "./"]);
    expect("sudo cd a; at 1; env cd a; at 2; ! cd a; at 3", &["./", "./", "./"]);
    expect("sh -c 'cd a; at 1'; at 2; eval 'cd b; at 3'; at 4", &["./a", "./", "./b", "./b"]);
    expect("cd /a; bash <<E\nat 1\ncd b\nat 2\nE\nat 3", &["/a", "/a/b", "/a"]);
    expect("cd /a; su app -c 'at 1'; su - app -c 'at 2'; sudo -iu app sh -c 'at 3'", &["/a", "?", "?"]);
    expect("cd /a; find . -exec at 1 {} \\; ; find . -execdir at 2 {} +; at 3", &["/a", "?", "/a"]);
    expect("f() { cd x; at 1; }; at 2; f; at 3; cd /a; at 4", &["?", "./", "?", "/a"]);
    expect("f() { (cd x); }; f; at 1; function g { cd x && cd ..; }; g; at 2", &["./", "./"]);
}

#[test]
fn ways_that_fail() {
    expect("cd a || exit 1; at 1", &["./a"]);
    expect("cd a || { echo no; exit 1; }; at 1", &["./a"]);
    expect("die() { echo no; exit 1; }; cd a || die; at 1", &["./a"]);
    expect("cd a || cd b; at 1; cd /c; at 2", &["?", "/c"]);
    expect("cd a || true; at 1", &["?"]);
    expect("cd a || mkdir a; at 1; cd /a && at 2 || at 3", &["?", "/a", "?"]);
    expect("cd /x && make || at 1; cd /; ! cd a || at 2", &["?", "/a"]);
    expect("cd /a && exec at 1; at 2", &["/a", "./"]);
}

#[test]
fn branches_and_loops() {
    expect("if cd a; then at 1; else at 2; fi; at 3", &["./a", "./", "?"]);
    expect("if x; then cd /a; elif y; then cd /a; else cd /a/b/..; fi; at 1", &["/a"]);
    expect("if x; then cd a; fi; at 1; if x; then cd a; exit; fi; at 2", &["?", "?"]);
    expect("if x; then cd a; exit; fi; at 1", &["./"]);
    expect("case $x in a) cd /a; at 1;; *) cd /b; at 2;; esac; at 3", &["/a", "/b", "?"]);
    expect("case $x in a) cd /a;; *) cd /a;; esac; at 1; case $x in a) cd /b;; esac; at 2", &["/a", "?"]);
    expect("for d in a b; do at 1; cd $d; at 2; cd ..; done; at 3", &["?", "?", "?"]);
    expect("for d in a b; do at 1; (cd $d; at 2); done; at 3", &["./", "?", "./"]);
    expect("for d in a b; do cd x; at 1; cd ..; done; at 2; cd y; at 3", &["./x", "./", "./y"]);
    expect("while at 1; do cd /a; at 2; done; at 3", &["?", "/a", "?"]);
    expect("cd /s; for i in 1 2; do for j in 1; do at 1; pushd b; at 2; popd; done; done", &["/s", "/s/b"]);
    expect("for ((i=0;i<3;i++)); do at $i; done; [[ -d x ]] && at 2; (( i )) && at 3", &["./", "./", "./"]);
}

#[test]
fn long_ways_are_given_up() {
    let text = format!("{}at 1; cd /a; at 2", "cd a; ".repeat(200));
    expect(&text, &["?", "/a"]);
    // `cd /` starts anew.
    let text = format!("{}at 1", "cd /; cd a; cd b; ".repeat(200));
    expect(&text, &["/a/b"]);
}

#[test]
fn paths_of_directories() {
    let under = |dir: Dir| dir.under(Some("/app/x"), Some("/root"));
    assert_eq!(under(Dir::Start(String::new())).as_deref(), Some("/app/x"));
    assert_eq!(under(Dir::Start("../../../y".to_owned())).as_deref(), Some("/y"));
    assert_eq!(under(Dir::Home("z".to_owned())).as_deref(), Some("/root/z"));
    assert_eq!(under(Dir::Absolute("/".to_owned())).as_deref(), Some("/"));
    assert_eq!(under(Dir::Unknown), None);
    assert_eq!(Dir::Home(String::new()).under(Some("/"), None), None);
}

/// `e`, `p`, `u`, `x` for each command called `at`.
fn options(text: &str, initial: Options) -> Vec<String> {
    let script = parse(&Joined::verbatim(text, 0));
    assert_eq!(script.problems, [], "{text}");
    script.commands_named("at").map(|command| letters(script.options_from(initial, command))).collect()
}

fn letters(options: Options) -> String {
    [(options.errexit, 'e'), (options.pipefail, 'p'), (options.nounset, 'u'), (options.xtrace, 'x')]
        .into_iter()
        .filter_map(|(on, letter)| on.then_some(letter))
        .collect()
}

#[test]
fn options_along_the_way() {
    let none = Options::default();
    let shell = Options { errexit: true, pipefail: true, ..none };
    for (text, initial, expected) in [
        (
            "at; set -eux; at; set +x -o pipefail; at; set +eu +o pipefail; at",
            none,
            &["", "eux", "epu", ""][..],
        ),
        ("at; set -x; at; set +e; at", shell, &["ep", "epx", "px"]),
        ("(set -e; at); at; { set -u; at; }; at", none, &["e", "", "u", "u"]),
        ("set -euo pipefail; sh -c 'at; set -x; at'; at", none, &["", "x", "epu"]),
        ("sh -ec 'at'; bash -eo pipefail -c at; bash -e <<E\nat\nE\n", shell, &["e", "ep", "e"]),
        ("if x; then set -x; fi; at; if x; then set +e; fi; at", shell, &["epx", "epx"]),
        ("set -e; x=$(at; set +e; at); at; f() { set +e; at; }; f; at", none, &["e", "", "e", "", "e"]),
        ("set -e | at; at; set -u & at; set -- -x; at; set a -x; at", none, &["", "", "", "", ""]),
        ("#!/bin/bash -eu\nat", shell, &["eu"]),
        ("#!/bin/sh\nset -e\nat", shell, &["e"]),
        ("cat <<E\n$(at)\nE\nset -e; at", shell, &["ep", "ep"]),
    ] {
        assert_eq!(options(text, initial), expected, "{text}");
    }
}

#[test]
fn options_of_here_documents_of_a_run() {
    let read = |text: &str| -> Vec<String> {
        let source = Source::new(text.to_owned());
        let file = parse_dockerfile(&source);
        let body = RunBody::read(&file.instructions[0], &source);
        let initial = Options { pipefail: true, ..Options::default() };
        body.scripts()
            .flat_map(|script| {
                script.commands_named("at").map(move |at| letters(script.options_from(initial, at)))
            })
            .collect()
    };
    assert_eq!(read("RUN <<EOF\nat\nset -e\nat\nEOF\n"), ["p", "ep"]);
    assert_eq!(read("RUN <<EOF\n#!/bin/bash -e\nat\nEOF\n"), ["e"]);
    assert_eq!(read("RUN bash -ux <<'EOF'\nat\nEOF\n"), ["ux"]);
    assert_eq!(read("RUN <<EOF\n#!/usr/bin/env python3\nat\nEOF\n"), [""; 0]);
    assert_eq!(read("RUN python3 - <<EOF\nat\nEOF\n"), [""; 0]);
    // Without a command nothing runs two documents.
    assert_eq!(read("RUN <<A <<B\nat\nA\nat\nB\n"), [""; 0]);
}
