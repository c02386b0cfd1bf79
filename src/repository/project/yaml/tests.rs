use super::*;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::time::Instant;

fn slice<'t>(text: &'t str, node: &Node) -> &'t str {
    &text[node.span.range()]
}

/// Each byte of the joined text that stands in the file as it is.
fn assert_maps(text: &str, node: &Node) {
    let joined = node.joined().unwrap_or_else(|| panic!("{node:?} has no map in {text:?}"));
    let value = node.text().unwrap();
    assert!(
        value == joined.text() || value.strip_suffix('\n') == Some(joined.text()),
        "{value:?} {joined:?}"
    );
    for (at, c) in joined.text().char_indices() {
        let span = joined.span(at..at + c.len_utf8());
        let there = text.get(span.range()).unwrap_or_else(|| panic!("{span:?} is on no boundary"));
        if !matches!(c, ' ' | '\n') {
            assert!(there.starts_with(c) || there.starts_with('\\'), "{c:?} {there:?} in {text:?}");
        }
    }
}

#[test]
fn everything_has_its_bytes() {
    let text =
        "\u{feff}# é\na: 1\r\n\"ü b\": [x, 'y z', \"ß\"] # c\nm:\n  k: vé w\n  n:\no:\n- q\n- {r: s}\n";
    let yaml = parse(text);
    assert!(!yaml.partial);
    let root = yaml.root().unwrap();
    assert_eq!(slice(text, root.get("a").unwrap()), "1");
    let list = root.get("ü b").unwrap();
    assert_eq!(slice(text, list), "[x, 'y z', \"ß\"]");
    let items: Vec<_> = list.items().iter().map(|n| (n.text().unwrap(), slice(text, n))).collect();
    assert_eq!(items, [("x", "x"), ("y z", "'y z'"), ("ß", "\"ß\"")]);
    assert_eq!(&text[list.items()[1].scalar().unwrap().inner.range()], "y z");
    assert_eq!(slice(text, root.at(&["m", "k"]).unwrap()), "vé w");
    let n = root.at(&["m", "n"]).unwrap();
    assert!(n.is_null());
    assert_eq!(slice(text, &root.get("o").unwrap().items()[1]), "{r: s}");
    let (key, _) = root.entry("ü b").unwrap();
    assert_eq!(slice(text, key), "\"ü b\"");
}

#[test]
fn block_scalars_lead_back_to_the_file() {
    for text in [
        "run: |\n  set -e\n  docker build .\n\n  echo é\n",
        "run: |\n\n\n    a\n      b\n\n   \n    c\nnext: 1\n",
        "- run: |-\r\n    docker build \\\r\n      .\r\n    x\r\n- y\r\n",
        "run: >\n  docker build\n  -t é\n  .\n\n  b\n    c\n  d\n",
        "run: |2\n    a\n   b\n",
        "run: |\n  end",
        "run: |+\n  a\n\n\n",
    ] {
        let text = if text.starts_with('-') {
            text.to_owned()
        } else {
            format!("x:\n  {}", text.replace('\n', "\n  "))
        };
        let yaml = parse(&text);
        assert!(!yaml.partial, "{text:?}");
        let root = yaml.root().unwrap();
        let run = root.items().first().and_then(|item| item.get("run")).or_else(|| root.at(&["x", "run"]));
        assert_maps(&text, run.unwrap());
    }
}

#[test]
fn other_scalars_lead_back_as_well() {
    for (text, value) in [
        ("a: docker build  .", "docker build  ."),
        ("a: docker\n  build\n\n  .\n", "docker build\n."),
        ("a: 'it''s  \n   é\n   '", "it's é "),
        (r#"a: "x \"y\" \\ \t \x41 \u00e9 z""#, "x \"y\" \\ \t A é z"),
        ("a: \"x \\\n   y\n   z\"", "x y z"),
    ] {
        let yaml = parse(text);
        let node = yaml.root().unwrap().get("a").unwrap();
        assert_eq!(node.text(), Some(value));
        assert_maps(text, node);
    }
    // No two bytes stand for the three of U+2028.
    assert!(parse(r#"a: "\L""#).root().unwrap().get("a").unwrap().joined().is_none());
}

#[test]
fn what_stands_before_an_error_is_kept() {
    for text in [
        "name: x\non: push\njobs:\n  a:\n    steps:\n    - uses: b\n{{ if .x }}\n    - uses: c\n",
        "name: x\non: push\njobs:\n  a:\n    steps:\n    - uses: b\n    - c\n\t- y\n",
        "name: x\non: push\njobs:\n  a:\n    steps:\n    - uses: b\n    - \"open\n",
    ] {
        let yaml = parse(text);
        assert!(yaml.partial, "{text}");
        let root = yaml.root().unwrap();
        assert_eq!(root.get("on").unwrap().text(), Some("push"));
        let steps = root.at(&["jobs", "a", "steps"]).unwrap();
        assert_eq!(steps.items()[0].get("uses").unwrap().text(), Some("b"));
    }
}

#[test]
fn aliases_and_merge_keys() {
    let text = "x: &base {a: 1, b: 2}\ny: &more {c: 3}\nz:\n  <<: [*base, *more]\n  b: 4\nw: *base\n";
    let yaml = parse(text);
    assert!(!yaml.partial);
    let root = yaml.root().unwrap();
    let z: Vec<_> = root
        .get("z")
        .unwrap()
        .entries()
        .iter()
        .map(|(k, v)| (k.text().unwrap(), v.text().unwrap()))
        .collect();
    assert_eq!(z, [("b", "4"), ("a", "1"), ("c", "3")]);
    assert_eq!(root.at(&["w", "a"]).unwrap().span, root.at(&["x", "a"]).unwrap().span);
    assert!(parse("a: *nowhere\n").partial);
    assert!(parse("<<: 1\nb: 2").root().unwrap().get("b").is_some());
}

#[test]
fn laughs_at_a_billion() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..20 {
        let last = format!("*a{}", n - 1);
        let _ = writeln!(text, "a{n}: &a{n} [{}]", [last.as_str(); 10].join(", "));
    }
    let yaml = parse(&text);
    assert!(yaml.partial);
    assert_eq!(yaml.root().unwrap().entries().len(), 20);
}

#[test]
fn deep_and_large_texts_take_no_long() {
    for text in [
        "[".repeat(300_000),
        "- ".repeat(300_000),
        "a: ".repeat(100_000),
        "? ".repeat(100_000),
        "a:\n".repeat(100_000),
        "{a: ".repeat(100_000),
        "- a\n".repeat(250_000),
        format!("a: |\n{}", "  x\n".repeat(200_000)),
        format!("a: \"{}\"", "x\n".repeat(200_000)),
        format!("a: {}", "x\n  ".repeat(200_000)),
        (0..20_000).fold(String::new(), |text, n| text + &" ".repeat(n.min(100)) + "a:\n"),
        "&a ".repeat(100_000),
        "!!x ".repeat(100_000),
        "--- \n".repeat(100_000),
        "x: &a 1\n".repeat(100_000),
        "#\n".repeat(200_000),
        format!("[{}]", "a, ".repeat(200_000)),
        format!("[{}", "\"a\"\n".repeat(100_000)),
        format!("a: {}b", " ".repeat(500_000)),
        format!("a: b{}", "\n\n  c".repeat(100_000)),
        format!("- |\n{}", " \n".repeat(300_000)),
        "a: 'x\n".repeat(50_000),
        "'a': {}\n".repeat(50_000),
        "a: !!binary |\n  x\n".repeat(50_000),
    ] {
        let start = Instant::now();
        let yaml = parse(&text);
        for document in yaml.documents.iter().take(3) {
            for (_, value) in document.entries().iter().take(3) {
                let _ = value.joined();
            }
        }
        assert!(start.elapsed().as_secs() < 5, "{:?} took {:?}", &text[..20], start.elapsed());
    }
}

#[test]
fn roots_of_any_kind() {
    for text in [
        "",
        "\u{feff}",
        "x",
        "- x",
        "42",
        "# c",
        "---\n---\n",
        "\t",
        "\r\n",
        "!",
        "%",
        "...",
        "\0",
        "a\0b: c",
    ] {
        let yaml = parse(text);
        assert!(yaml.root().is_none_or(|root| root.get("x").is_none()));
    }
}

fn check_spans(text: &str, node: &Node) {
    assert!(text.get(node.span.range()).is_some(), "{:?} in {text:?}", node.span);
    if let Some(scalar) = node.scalar() {
        assert!(text.get(scalar.inner.range()).is_some(), "{text:?}");
        if let Some(joined) = node.joined() {
            for (at, c) in joined.text().char_indices() {
                let span = joined.span(at..at + c.len_utf8());
                assert!(text.get(span.range()).is_some(), "{span:?} of {joined:?} in {text:?}");
            }
        }
    }
    for (key, value) in node.entries() {
        check_spans(text, key);
        check_spans(text, value);
    }
    node.items().iter().for_each(|item| check_spans(text, item));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn never_panics(text in r#"(?s)([a-c]: |- |\n| {1,3}|[|>][-+1]?\n|['"]|\\[nxuULN\n"]|[{}\[\],#&*!%@`?]|<<: |\*a|&a |\t|\r\n|é|😀|\u{feff}|---|:|~|x){0,40}"#) {
        let yaml = parse(&text);
        for document in &yaml.documents {
            check_spans(&text, document);
        }
    }

    #[test]
    fn never_panics_on_anything(text in "(?s).{0,60}") {
        let yaml = parse(&text);
        for document in &yaml.documents {
            check_spans(&text, document);
        }
    }

    #[test]
    fn literals_are_mapped(lines in prop::collection::vec("[a-zé \\\\$\"']{0,8}", 1..8), crlf: bool) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("k: |{end}    first{end}");
        for line in &lines {
            text.push_str("    ");
            text.push_str(line);
            text.push_str(end);
        }
        let yaml = parse(&text);
        prop_assert!(!yaml.partial);
        assert_maps(&text, yaml.root().unwrap().get("k").unwrap());
    }
}

#[test]
fn anchors_and_tags_are_no_part_of_the_text() {
    let text = "a: &x !!str  \"q\"\nb: !x é\nc: &y |\n  z\n";
    let yaml = parse(text);
    let root = yaml.root().unwrap();
    let places: Vec<_> = ["a", "b", "c"].map(|key| slice(text, root.get(key).unwrap())).into_iter().collect();
    assert_eq!(places, ["\"q\"", "é", "z\n"]);
    for key in ["a", "b", "c"] {
        assert_maps(text, root.get(key).unwrap());
    }
}
