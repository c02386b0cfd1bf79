use super::*;
use proptest::prelude::*;

/// `A` is one, `E` is empty, `P` a path, `U` unknown; everything else is not set.
fn lookup(name: &str) -> Value {
    match name {
        "A" => Value::Set("one".to_owned()),
        "AA" => Value::Set("oonnee".to_owned()),
        "E" => Value::Set(String::new()),
        "P" => Value::Set("/srv/app/main.tar.gz".to_owned()),
        "S" => Value::Set("*/?".to_owned()),
        "V" => Value::Set("v1.2.3".to_owned()),
        "ß" => Value::Set("sz".to_owned()),
        "U" => Value::Unknown,
        _ => Value::Unset,
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let value = expand(text, '\\', &lookup).unwrap_or_else(|e| panic!("{text}: {e}")).value;
        assert_eq!(value.as_deref(), Some(*expected), "{text}");
    }
}

#[test]
fn names_end_where_docker_ends_them() {
    check(&[
        ("plain", "plain"),
        ("", ""),
        ("a$A", "aone"),
        ("$A.b", "one.b"),
        ("$Ab", ""),
        ("$A_", ""),
        ("$A-b", "one-b"),
        ("${A}b", "oneb"),
        ("${A}${A}", "oneone"),
        ("$N.", "."),
        ("$ß!", "sz!"),
        ("$", "$"),
        ("a$", "a$"),
        ("$ A", "$ A"),
        ("$.A", "$.A"),
        ("$/", "$/"),
        // Numbers and the shell's own parameters are names of their own, and nobody sets them.
        ("$1A", "A"),
        ("$10x", "x"),
        ("$@A", "A"),
        ("$*$#$?$-$!", ""),
        ("$$A", "A"),
        ("${1}2", "2"),
        ("${@}", ""),
        ("node:${A}", "node:one"),
        ("한국$A", "한국one"),
    ]);
}

#[test]
fn quotes_and_escapes() {
    check(&[
        ("'$A'", "$A"),
        ("'a\\'", "a\\"),
        ("\"$A\"", "one"),
        ("\"'$A'\"", "'one'"),
        ("'\"$A\"'", "\"$A\""),
        ("a'b'\"c\"d", "abcd"),
        ("\"a \\\" b\"", "a \" b"),
        ("\"\\$A \\\\ \\x\"", "$A \\ \\x"),
        ("\\$A", "$A"),
        ("\\\\$A", "\\one"),
        ("\\'$A\\'", "'one'"),
        ("a\\ b", "a b"),
        ("a\\", "a"),
        ("\"a\\\\\"", "a\\"),
        ("C:\\dir", "C:dir"),
        ("he\\'llo there", "he'llo there"),
    ]);
}

#[test]
fn the_escape_character_of_windows_files() {
    for (text, expected) in [
        ("C:\\dir\\$A", "C:\\dir\\one"),
        ("C:\\dir\\`$A", "C:\\dir\\$A"),
        ("\"C:\\a `\" b`x\"", "C:\\a \" b`x"),
        ("a` b``", "a b`"),
        ("${A#\\*}", "one"),
    ] {
        assert_eq!(expand(text, '`', &lookup).unwrap().value.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn texts_for_unset_and_empty_variables() {
    check(&[
        ("${A:-x}", "one"),
        ("${A-x}", "one"),
        ("${N:-x}", "x"),
        ("${N-x}", "x"),
        ("${E:-x}", "x"),
        ("${E-x}", ""),
        ("${N:-}", ""),
        ("${A:+y}", "y"),
        ("${A+y}", "y"),
        ("${N:+y}", ""),
        ("${N+y}", ""),
        ("${E:+y}", ""),
        ("${E+y}", "y"),
        ("${A:?must}", "one"),
        ("${E?must}", ""),
        ("${N:-x${A}}", "xone"),
        ("${N:-${M:-$A}}", "one"),
        ("${N:-${M:-${A}b}c}d", "onebcd"),
        ("${N:-'}'}", "}"),
        ("${N:-\"a}b\"}", "a}b"),
        ("${N:-a\\}b}", "a}b"),
        ("${N:-a b}", "a b"),
        ("${N:-$}", "$"),
        ("${A:+-${A}}", "-one"),
        ("\"${N:-\"x\"}\"", "x"),
    ]);
}

#[test]
fn patterns_take_parts_off() {
    check(&[
        ("${A#o}", "ne"),
        ("${A#x}", "one"),
        ("${A%ne}", "o"),
        ("${A%o}", "one"),
        ("${A#}", "one"),
        ("${A%%}", "one"),
        ("${AA#*n}", "nee"),
        ("${AA##*n}", "ee"),
        ("${AA%n*}", "oon"),
        ("${AA%%n*}", "oo"),
        ("${AA#??}", "nnee"),
        ("${AA%?}", "oonne"),
        ("${P##*/}", "main.tar.gz"),
        ("${P%/*}", "/srv/app"),
        ("${P%%.*}", "/srv/app/main"),
        ("${P#*.}", "tar.gz"),
        ("${P##*.}", "gz"),
        ("${AA#*o*n}", "nee"),
        ("${AA##*o*n}", "ee"),
        ("${AA#*}", "oonnee"),
        ("${AA##*}", ""),
        ("${S#\\*}", "/?"),
        ("${S%\\?}", "*/"),
        ("${S##*\\/}", "?"),
        ("${V#v}", "1.2.3"),
        ("${V#v*.}", "2.3"),
        ("${V%.*}", "v1.2"),
        ("${V%%.*}", "v1"),
        ("${A#$N}", "one"),
        ("${A#${N:-o}}", "ne"),
        ("${A:#o}", "ne"),
        ("${N#x}", ""),
        ("${N%x}", ""),
        // No brackets, no regular expressions.
        ("${V#[v]}", "v1.2.3"),
        ("${V#v1.}", "2.3"),
        ("${V#v1x}", "v1.2.3"),
        ("${N:-a.b+c}", "a.b+c"),
    ]);
}

#[test]
fn patterns_replace_parts() {
    check(&[
        ("${AA/n/N}", "ooNnee"),
        ("${AA//n/N}", "ooNNee"),
        ("${AA/x/N}", "oonnee"),
        ("${AA//?/-}", "------"),
        ("${AA/o*n/-}", "-ee"),
        ("${AA//n*/-}", "oo-"),
        ("${P/\\/srv/}", "/app/main.tar.gz"),
        ("${P//\\//:}", ":srv:app:main.tar.gz"),
        ("${V//./-}", "v1-2-3"),
        ("${V/./$A}", "v1one2.3"),
        ("${V/./\"$A\"}", "v1one2.3"),
        // The replacement keeps its escapes.
        ("${V/./\\/}", "v1\\/2.3"),
        // Nothing is found everywhere.
        ("${A/$E/x}", "xone"),
        ("${A//$E/x}", "xoxnxex"),
        ("${A///}", "one"),
        ("${A//*/x}", "x"),
        ("${N/*/x}", "x"),
        ("${N/a/x}", ""),
    ]);
}

#[test]
fn unknown_is_not_empty() {
    let known = |text: &str| expand(text, '\\', &lookup).unwrap().value;
    for text in [
        "x$U",
        "${U}",
        "${U:-y}",
        "${U-y}",
        "${U:+y}",
        "${U+y}",
        "${U#y}",
        "${U//a/b}",
        "${A#$U}",
        "${A/$U/b}",
        "${A/o/$U}",
        "${N:-$U}",
        "${A:+$U}",
        "\"$U\"",
        "${N?must}",
        "${E:?must}",
        "${A//o/'$1'}",
    ] {
        assert_eq!(known(text), None, "{text}");
    }
    // What is not taken does not matter.
    assert_eq!(known("${A:-$U}").as_deref(), Some("one"));
    assert_eq!(known("${N:+$U}").as_deref(), Some(""));
    assert_eq!(known("'$U'").as_deref(), Some("$U"));
}

#[test]
fn names_every_use() {
    let uses = |text: &str| -> Vec<(String, String, bool)> {
        let expanded = expand(text, '\\', &lookup).unwrap();
        expanded.uses.into_iter().map(|u| (u.name, text[u.range].to_owned(), u.has_default)).collect()
    };
    let found = uses("a$A/${B:-$C}'$D'\"${E}\"\\$F${G#$H}");
    let expected = [
        ("A", "$A", false),
        ("C", "$C", true),
        ("B", "${B:-$C}", true),
        ("E", "${E}", false),
        ("H", "$H", false),
        ("G", "${G#$H}", false),
    ];
    let expected: Vec<_> = expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), *c)).collect();
    assert_eq!(found, expected);
}

#[test]
fn bodies_keep_their_quotes() {
    for (text, expected) in [
        ("it's $A\n", "it's one\n"),
        ("\"$A\" '$A'\n", "\"one\" 'one'\n"),
        ("\\$A \\\\ \\n", "$A \\ n"),
        ("${N:-'x'}", "'x'"),
    ] {
        assert_eq!(expand_body(text, &lookup).unwrap().value.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn is_bounded() {
    let big = |_: &str| Value::Set("x".repeat(MAX_VALUE - 10));
    assert_eq!(expand("$A$A", '\\', &big).unwrap().value, None);

    assert_eq!(expand(&format!("${{A##*{}}}", "y".repeat(100)), '\\', &big).unwrap().value, None);
    assert_eq!(expand("${A//x/xx}", '\\', &big).unwrap().value, None);
    for deep in ["${A:-", "${A#", "${A/x/", "\"${A:-"] {
        assert!(expand(&deep.repeat(100_000), '\\', &|_| Value::Unset).is_err());
    }
}

#[test]
fn refuses_what_buildkit_refuses() {
    for text in [
        "${A",
        "${",
        "${}",
        "${:x}",
        "${{A}}",
        "'a",
        "\"a",
        "a'b\"c",
        "${A^^}",
        "${A=x}",
        "${A:=x}",
        "${A:}",
        "${A:x}",
        "${A:/o/x}",
        "${A@Q}",
        "${A-x",
        "${A:-'x}",
        "${A#\\x}",
        "${A%'\\'}",
        "${A/\\x/y}",
        "${A/x}",
        "${A//x}",
        "${A//}",
        "${A[0]}",
        "${ A}",
    ] {
        assert!(expand(text, '\\', &lookup).is_err(), "{text}");
    }
}

#[test]
fn splits_raw_words() {
    let text = "RUN cat <<'E F' > \"a b\" $(x y)";
    let words: Vec<&str> = raw_words(text).unwrap().into_iter().map(|r| &text[r]).collect();
    assert_eq!(words, ["RUN", "cat", "<<'E F'", ">", "\"a b\"", "$(x", "y)"]);
}

/// Whether a pattern fits all of a text, the slow and obvious way.
fn fits(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| fits(rest, &text[at..])),
        Some((c, rest)) => {
            text.split_first().is_some_and(|(t, tail)| (*c == '?' || c == t) && fits(rest, tail))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn never_panics_and_uses_stay_inside(text in "[$A{}:#%/?*'\"\\\\` \\-+a\u{e9}-]{0,40}", tick in any::<bool>()) {
        let escape = if tick { '`' } else { '\\' };
        for expanded in [expand(&text, escape, &lookup), expand_body(&text, &lookup)].into_iter().flatten() {
            for used in expanded.uses {
                prop_assert!(text[used.range].starts_with('$'));
            }
        }
        let _ = raw_words(&text);
    }

    #[test]
    fn text_without_marks_is_itself(text in "[^$'\"\\\\]{0,40}") {
        let expanded = expand(&text, '\\', &lookup).unwrap();
        prop_assert_eq!(expanded.value, Some(text));
    }

    #[test]
    fn strips_the_shortest_and_the_longest(value in "[ab]{0,8}", pattern in "[ab*?]{1,5}") {
        let of = |operator: &str| {
            let look = |_: &str| Value::Set(value.clone());
            expand(&format!("${{X{operator}{pattern}}}"), '\\', &look).unwrap().value.unwrap()
        };
        let (chars, wanted): (Vec<char>, Vec<char>) = (value.chars().collect(), pattern.chars().collect());
        let prefixes: Vec<usize> = (0..=chars.len()).filter(|n| fits(&wanted, &chars[..*n])).collect();
        let rest = |n: Option<&usize>| value[n.copied().unwrap_or(0)..].to_owned();
        prop_assert_eq!(of("#"), rest(prefixes.first()));
        prop_assert_eq!(of("##"), rest(prefixes.last()));
        let suffixes: Vec<usize> = (0..=chars.len()).filter(|n| fits(&wanted, &chars[*n..])).collect();
        let start = |n: Option<&usize>| value[..n.copied().unwrap_or(value.len())].to_owned();
        prop_assert_eq!(of("%"), start(suffixes.last()));
        prop_assert_eq!(of("%%"), start(suffixes.first()));
    }
}
