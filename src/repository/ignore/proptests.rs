//! The matcher against the regular expressions that patternmatcher makes, and the verdict against its
//! definition.

use super::*;
use proptest::prelude::*;
use regex::Regex;

/// What `patternmatcher` makes of a cleaned pattern on Linux: the same steps, as a regular expression always.
fn expression(pattern: &str) -> String {
    let mut out = "^".to_owned();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                out.push_str(if rest.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => out.extend(['\\', c]),
            '\\' => out.extend(['\\', rest.next().unwrap_or('\\')]),
            _ => out.push(c),
        }
    }
    out.push('$');
    out
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "a", "b", "ab", "/", "/", "*", "**", "**/", "?", "[ab]", "[^a]", "[a-c]", "\\*", "\\.", ".", "..",
        "./", "+", "(", "|", "é", "x", "{1}", "$", "-",
    ];
    prop::sample::select(fixed.to_vec()).prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 1..8).prop_map(|pieces| pieces.concat())
}

fn path() -> impl Strategy<Value = String> {
    let names = ["a", "b", "ab", "ba", "c", "x", "*", ".", "é", "a.b", "a+", "(a", "b|", "{1}", "$", "-"];
    let name = prop::collection::vec(prop::sample::select(names.to_vec()), 1..3).prop_map(|n| n.concat());
    prop::collection::vec(name, 1..5).prop_map(|parts| clean(&parts.join("/")).into_owned())
}

/// The definition: a file is out when the last pattern that matches it or a folder above it says so.
fn ignored_without_negation(patterns: &[Regex], path: &str) -> bool {
    let parts: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).chain([path]).collect();
    patterns.iter().any(|pattern| parts.iter().any(|part| pattern.is_match(part)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_pattern_matches_what_its_expression_matches(pattern in pattern(), path in path()) {
        let file = IgnoreFile::parse(&pattern);
        prop_assume!(file.problems().is_empty() && !pattern.trim().starts_with('!'));
        let Some(read) = file.patterns().first() else { return Ok(()) };
        // What begins with `**` and has no other special character is compared without an expression, and then
        // `**ab` matches `xab` as well.
        let suffix = read.text().strip_prefix("**").filter(|t| !t.contains(['*', '?', '[', ']', '\\']));
        let expected = match suffix {
            Some(text) => path.ends_with(text) || text.strip_prefix('/').is_some_and(|t| t == path),
            None => Regex::new(&expression(read.text())).unwrap().is_match(&path),
        };
        prop_assert_eq!(read.glob.matches(&path), expected, "{:?} {:?}", read.text(), path);
    }

    #[test]
    fn verdicts_follow_the_definition(patterns in prop::collection::vec(pattern(), 1..5), path in path()) {
        let file = IgnoreFile::parse(&patterns.join("\n"));
        prop_assume!(file.problems().is_empty() && !file.has_negations() && path != ".");
        prop_assume!(!file.patterns().iter().any(|p| p.text().starts_with("**")));
        let all: Vec<Regex> = file.patterns().iter().map(|p| Regex::new(&expression(p.text())).unwrap()).collect();
        let ignored = matches!(file.verdict(&path), Verdict::Ignored(_));
        prop_assert_eq!(ignored, ignored_without_negation(&all, &path), "{:?} {:?}", patterns, path);
    }

    #[test]
    fn what_is_brought_back_was_announced(patterns in prop::collection::vec((pattern(), any::<bool>()), 1..5), path in path()) {
        let lines: Vec<String> = patterns.iter().map(|(p, not)| if *not { format!("!{p}") } else { p.clone() }).collect();
        let text = lines.join("\n");
        let file = IgnoreFile::parse(&text);
        prop_assume!(file.problems().is_empty());
        let Some((folder, _)) = path.split_once('/') else { return Ok(()) };
        if matches!(file.verdict(folder), Verdict::Ignored(_)) && file.verdict(&path) == Verdict::Included {
            prop_assert!(file.may_bring_back_below(folder), "{:?} {:?}", text, path);
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC*|[ -~\\n]*", path in "\\PC*") {
        let file = IgnoreFile::parse(&text);
        for span in file.patterns().iter().map(|p| p.span).chain(file.problems().iter().map(|p| p.span)) {
            prop_assert!(text.get(span.range()).is_some());
        }
        let _ = (file.verdict(&path), file.may_bring_back_below(&path), file.keeps_all_out());
    }
}
